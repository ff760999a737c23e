// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that contexts can do, at random, for as long as one likes:
 *
 *	torture [--seconds N] [--seed S] [--workers N]
 *
 * Workers on the host, and processes that have entered contexts, draw what they
 * do next from one table.  Nobody knows what comes out, but for a few things:
 * an errno is one of the contract, what a worker does to contexts that nobody
 * else touches is what it finds there, and nobody inside reaches the outside.
 * In the end nothing may be left of all that, and each operation must have
 * succeeded now and then, since one that never does has tested nothing.
 *
 * The numbers drawn are those of the seed; who comes first is not.
 */
#include "torture.h"
#include "torture_context.h"
#include "torture_task.h"
#include "torture_net.h"
#include "torture_files.h"
#include "torture_host.h"
#include "torture_fuzz.h"

static const struct op ops[] = {
	/* of contexts */
	{ "create", 40, ANYWHERE | PLAIN, op_create, 0,
	  { EEXIST, ENOSPC, EBUSY, EAGAIN } },
	{ "destroy", 10, ANYWHERE | PLAIN, op_destroy, false, { EBUSY } },
	{ "destroy --kill", 12, ANYWHERE | PLAIN, op_destroy, true, { EBUSY } },
	{ "batch", 20, ANYWHERE | PLAIN, op_batch, 0,
	  { EEXIST, ENOSPC, EBUSY, EAGAIN, ENOENT, ENODEV } },
	{ "own context", 40, ON_HOST, op_own, 0,
	  { EBUSY, ENOSPC, ENOENT, ENODEV, EAGAIN } },
	{ "set tasks", 5, ANYWHERE | PLAIN, op_set, SET_TASKS, {} },
	{ "set files", 5, ANYWHERE | PLAIN, op_set, SET_FILES, {} },
	{ "set tcp", 5, ANYWHERE | PLAIN, op_set, SET_TCP, {} },
	{ "set total", 5, ANYWHERE | PLAIN, op_set, SET_TOTAL, { EBUSY } },
	{ "set resident", 5, ANYWHERE | PLAIN, op_set, SET_RESIDENT,
	  { EBUSY } },
	{ "set caps", 5, ANYWHERE | PLAIN, op_set, SET_CAPS, {} },
	{ "set stop", 5, ANYWHERE | PLAIN, op_set, SET_STOP, {} },
	{ "set freeze", 8, ANYWHERE | PLAIN, op_set, SET_FREEZE, {} },
	{ "set oom", 3, ANYWHERE | PLAIN, op_set, SET_OOM, {} },
	{ "set sched", 5, ANYWHERE | PLAIN, op_set, SET_SCHED,
	  { EBUSY } },
	{ "set usage", 5, ANYWHERE | PLAIN, op_set, SET_USAGE,
	  { EBUSY, ENOSPC } },
	{ "set cpuset", 5, ANYWHERE | PLAIN, op_set, SET_CPUSET, {} },
	{ "set hostname", 5, ANYWHERE | PLAIN, op_set, SET_HOSTNAME,
	  { ENOENT } },
	{ "set mounts", 3, ANYWHERE | PLAIN, op_set, SET_MOUNTS, {} },
	{ "set devices", 3, ANYWHERE | PLAIN, op_set, SET_DEVICES, {} },
	{ "set policy", 3, ANYWHERE | PLAIN, op_set, SET_POLICY, {} },
	{ "set io", 3, ANYWHERE | PLAIN, op_set, SET_IO, { ENODEV } },
	{ "signal", 8, ANYWHERE | PLAIN, op_set, SET_SIGNAL, {} },
	{ "list", 5, ANYWHERE | PLAIN, op_list, 0, {} },
	{ "get info", 3, ANYWHERE | PLAIN, op_look, VC_INFO, {} },
	{ "get stat", 3, ANYWHERE | PLAIN, op_look, VC_STAT, {} },
	{ "get tasks", 2, ANYWHERE | PLAIN, op_look, VC_GET_LIMIT, {} },
	{ "get files", 2, ANYWHERE | PLAIN, op_look, VC_GET_FILES, {} },
	{ "get tcp", 2, ANYWHERE | PLAIN, op_look, VC_GET_TCP, {} },
	{ "get total", 2, ANYWHERE | PLAIN, op_look, VC_GET_TOTAL, {} },
	{ "get memory", 2, ANYWHERE | PLAIN, op_look, VC_MEM_STAT, {} },
	{ "get cpuset", 2, ANYWHERE | PLAIN, op_look, VC_GET_CPUSET, {} },
	{ "get io", 2, ANYWHERE | PLAIN, op_look, VC_GET_IO, { ENODEV } },
	{ "get root", 2, ANYWHERE | PLAIN, op_look, VC_GET_ROOT, { ENOENT } },
	{ "get binds", 2, ANYWHERE | PLAIN, op_look,
	  VC_GET(VC_CAT_VFS, VC_VFS_BIND), { ENOENT } },
	{ "get devices", 2, ANYWHERE | PLAIN, op_look, VC_GET_DEVICES, {} },
	{ "count", 2, ANYWHERE | PLAIN, op_look, VC_COUNT, {} },
	{ "where", 4, ANYWHERE | PLAIN, op_look, VC_WHERE, { EINVAL } },
	/* of tasks */
	{ "enter", 60, ANYWHERE, op_enter, false,
	  { EAGAIN, EBUSY, EINVAL, ENOSPC, ENOENT } },
	{ "enter, known", 30, ON_HOST, op_enter, true,
	  { EAGAIN, EBUSY, EINVAL, ENOSPC, ENOENT } },
	{ "birth", 30, ANYWHERE, op_birth, 0,
	  { EAGAIN, EBUSY, EINVAL, ENODEV, ENOENT } },
	{ "move", 15, ANYWHERE, op_move, false,
	  { EAGAIN, EBUSY, EINVAL } },
	{ "move by pidfd", 15, ANYWHERE, op_move, true,
	  { EAGAIN, EBUSY, EINVAL } },
	{ "move another", 20, ON_HOST, op_move_other, 0,
	  { EAGAIN, EBUSY, EINVAL } },
	{ "kill another", 4, ANYWHERE, op_kill_other, 0, {} },
	{ "trace", 6, ANYWHERE, op_trace_forked, 0, { EIO } },
	{ "forks", 30, ANYWHERE, op_fork, 0, { EAGAIN } },
	{ "fork on", 10, IN_CONTEXT, op_fork_on, 0, { EAGAIN } },
	{ "threads", 20, IN_CONTEXT, op_threads, 0, { EAGAIN, EINVAL } },
	{ "exec", 30, IN_CONTEXT, op_exec, 0,
	  { ENOENT, EACCES, EBADF, EAGAIN, ETXTBSY } },
	{ "kill all", 3, IN_CONTEXT, op_kill_all, 0, {} },
	{ "eat memory", 12, IN_CONTEXT, op_memory, 0, {} },
	{ "open files", 12, IN_CONTEXT, op_open, 0,
	  { ENOENT, EACCES, ENXIO, EIO, ENOSPC, EBUSY } },
	{ "be nice", 8, IN_CONTEXT, op_behave, 0, { EACCES } },
	{ "unshare", 8, IN_CONTEXT, op_unshare, 0,
	  { ENOSPC, EINVAL, EUSERS } },
	{ "be another user", 4, IN_CONTEXT, op_become, 0, { EAGAIN, EINVAL } },
	/* of networks */
	{ "vnet create", 14, ANYWHERE, op_vnet_create, 0,
	  { EEXIST, ENODEV, ENONET, EBUSY, EINVAL } },
	{ "vnet attach", 8, ANYWHERE | PLAIN, op_vnet_name, VC_VNET_ATTACH,
	  { ENONET, ENODEV, EBUSY, EEXIST } },
	{ "vnet destroy", 6, ANYWHERE | PLAIN, op_vnet_name, VC_VNET_DESTROY,
	  { ENODEV } },
	{ "vnet qos", 8, ANYWHERE | PLAIN, op_qos, false,
	  { ENODEV, ENOSPC, EBUSY, EINVAL } },
	{ "uplink qos", 3, ON_HOST | PLAIN, op_qos, true,
	  { ENODEV, ENOSPC, EBUSY } },
	{ "permit", 8, ANYWHERE | PLAIN, op_permit4, VC_NETADDR_IPV4,
	  { EEXIST } },
	{ "no permit", 8, ANYWHERE | PLAIN, op_permit4, VC_NETADDR_NO_IPV4,
	  { ENOENT, EEXIST } },
	{ "permit ipv6", 4, ANYWHERE | PLAIN, op_permit6, VC_NETADDR_IPV6,
	  { EEXIST } },
	{ "no permit ipv6", 4, ANYWHERE | PLAIN, op_permit6,
	  VC_NETADDR_NO_IPV6, { ENOENT, EEXIST } },
	{ "tcp", 14, ANYWHERE, op_tcp, 0,
	  { EAGAIN, EADDRNOTAVAIL, EADDRINUSE, ENETUNREACH, ECONNREFUSED,
	    EINVAL } },
	{ "udp", 8, ANYWHERE, op_udp, 0,
	  { EAGAIN, EADDRNOTAVAIL, EADDRINUSE, ENETUNREACH, ECONNREFUSED,
	    EINVAL } },
	{ "raw socket", 3, IN_CONTEXT, op_raw, 0,
	  { EPROTONOSUPPORT, ESOCKTNOSUPPORT } },
	/* of files */
	{ "root", 16, ANYWHERE, op_root, 0,
	  { EBUSY, ENOENT, ENOSPC, EINVAL } },
	{ "unroot", 3, ANYWHERE | PLAIN, op_unroot, 0, { EBUSY, ENOENT } },
	{ "bind", 10, ANYWHERE, op_bind, 0,
	  { EBUSY, ENOENT, ENOTDIR, ENOSPC } },
	{ "disk", 10, ON_HOST, op_disk, 0,
	  { EBUSY, ENOENT, ENOSPC, EROFS } },
	{ "write a file", 10, IN_CONTEXT, op_write_file, 0,
	  { EACCES, ENOENT, EROFS, EDQUOT, ENOSPC, ENOTDIR } },
	{ "group write", 12, ANYWHERE, op_cg_write, 0,
	  { ENOENT, EACCES, EBUSY, EOPNOTSUPP, EINVAL, ENODEV,
	    EAGAIN } },
	{ "group mkdir", 8, ANYWHERE, op_cg_make, 0,
	  { ENOENT, EACCES, EEXIST, EAGAIN, ENODEV, EBUSY, EROFS } },
	{ "group rmdir", 4, ANYWHERE, op_cg_remove, 0,
	  { ENOENT, EACCES, EBUSY, ENODEV, EROFS } },
	{ "foreign group", 4, ON_HOST, op_cg_foreign, 0, { EBUSY } },
	{ "proc, context", 6, ANYWHERE, op_proc_context, 0,
	  { ENOENT, EACCES } },
	{ "proc, process", 8, ANYWHERE, op_proc_process, 0,
	  { ENOENT, EACCES, EINVAL, EISDIR, ENXIO, EIO } },
	/* of the host, and of those who test */
	{ "rule add", 5, ON_HOST | PLAIN, op_rule_add, 0, { EINVAL } },
	{ "rule remove", 4, ON_HOST | PLAIN, op_rule_remove, 0, { ENOENT } },
	{ "rules apply", 2, ON_HOST | PLAIN, op_rule_apply, 0, {} },
	{ "be classified", 8, ON_HOST, op_classified, 0, { EAGAIN } },
	{ "events", 12, ANYWHERE, op_events, 0, {} },
	{ "new_s_context", 5, ANYWHERE, op_compat, 0,
	  { EAGAIN, EBUSY, ENOSPC, EEXIST, EINVAL } },
	{ "set_ipv4root", 5, ANYWHERE, op_ipv4root, 0,
	  { EEXIST, EAGAIN, EBUSY, ENOSPC, EINVAL } },
	{ "debug refs", 2, ANYWHERE | PLAIN, op_debug, VC_DEBUG_REFS, {} },
	{ "debug members", 2, ANYWHERE | PLAIN, op_debug, VC_DEBUG_MEMBERS,
	  {} },
	{ "debug fail", 1, ON_HOST, op_debug_fail, 0, {} },
	{ "nonsense", 30, ANYWHERE, op_fuzz, 0, {} },
	{ "faults", 30, ON_HOST, op_nth, 0, {} },
};

/* ---- results ---- */

/* What any operation may end with. */
static bool is_common(long ret)
{
	switch (ret) {
	case -ESRCH:
	case -ENOMEM:
	case -EINTR:
	case -EOPNOTSUPP:
	/* what a context above does not have */
	case -EPERM:
		return true;
	/* the limits that it lives under */
	case -EAGAIN:
	case -ENFILE:
		return inside;
	}
	return ret >= 0;
}

static bool is_error_of(const struct op *op, long ret)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(op->errors) && op->errors[i]; i++)
		if (ret == -op->errors[i])
			return true;
	return is_common(ret) || op->fn == op_fuzz;
}

static void count(long ret)
{
	const struct op *op = &ops[op_now];

	if (ret == NOT_COUNTED)
		return;
	if (ret >= 0) {
		ADD(shared->totals[op_now].good);
		return;
	}
	ADD(shared->totals[op_now].bad[-ret < ERRORS_MAX ? -ret : 0]);
	MUST(is_error_of(op, ret), "%s: %s (%ld); %s", op->name,
	     strerrorname_np(-ret) ?: "?", ret, ctx_error());
}

static const struct op *op_at(unsigned int nr)
{
	return &ops[nr];
}

static unsigned int ops_nr(void)
{
	return ARRAY_SIZE(ops);
}

/* ---- to draw and to do ---- */

/* What has not succeeded yet comes more often. */
static unsigned int weight_of(unsigned int nr, unsigned int where)
{
	if (!(ops[nr].flags & where))
		return 0;
	return ops[nr].weight * (GET(shared->totals[nr].good) ? 1 : 4);
}

static unsigned int op_draw(unsigned int where)
{
	unsigned int weight[ARRAY_SIZE(ops)];
	unsigned int i, n, all = 0;

	/* they change while we look */
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		weight[i] = weight_of(i, where);
		all += weight[i];
	}
	n = rnd_below(all);
	for (i = 0; n >= weight[i]; i++)
		n -= weight[i];
	return i;
}

static void op_do(unsigned int nr)
{
	op_now = nr;
	count(ops[nr].fn(ops[nr].arg));
}

static void live_inside(void)
{
	unsigned int times = rnd_below(16);

	while (times-- && !GET(shared->end)) {
		op_do(op_draw(IN_CONTEXT));
		brood_look();
	}
	/* Some are still there when somebody looks. */
	if (one_in(4))
		poll(NULL, 0, rnd_below(200));
	else if (one_in(16))
		pause();
}

/* The program that somebody inside has executed. */
static int be_inside(char **argv)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      SHARED_FD, 0);
	if (shared == MAP_FAILED)
		return 1;
	rnd_seed(strtoull(argv[2], NULL, 10));
	me = atoi(argv[3]);
	op_now = atoi(argv[4]);
	inside = true;
	movable = atoi(argv[5]);
	count(0);
	live_inside();
	return 0;
}

static void work(unsigned int nr, __u64 seed)
{
	me = nr;
	rnd_seed(seed + nr);
	host_pid = getpid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	listen_on_host();
	nth_is_there = nth_setup();
	if (nth_is_there) {
		/* A report of each would be all that the log is. */
		file_write(FAILSLAB "/verbose", "0");
		file_write(FAIL_PAGE "/verbose", "0");
	}
	while (!GET(shared->end)) {
		unsigned int op = op_draw(ON_HOST);

		PUT(shared->worker[nr].op, op);
		PUT(shared->worker[nr].since, now_ms());
		op_do(op);
		accept_on_host();
		brood_look();
	}
	PUT(shared->worker[nr].since, now_ms());
	brood_end();
	PUT(shared->worker[nr].since, 0);
	_exit(0);
}

/* ---- those who look after it ---- */

struct ids {
	struct vc_id_list head;
	__u32 id[1024];
};

static long top_contexts(struct ids *ids)
{
	long ret;

	memset(ids, 0, sizeof(*ids));
	ids->head.count = ARRAY_SIZE(ids->id);
	ret = vc(VC_LIST, VC_ID_HOST, ids);
	if (ret)
		return ret;
	return ids->head.count < ARRAY_SIZE(ids->id) ? ids->head.count :
						      ARRAY_SIZE(ids->id);
}

/* Too many are as bad as none: of those that are not a worker's own. */
static void thin_out(void)
{
	static struct ids ids;
	struct vc_info info;
	long nr = top_contexts(&ids), i;

	for (i = 0; i < nr && ctx_all() > CONTEXTS_MAX / 2; i++) {
		if (ctx_info(ids.id[i], &info) ||
		    !strncmp(info.name, OWN_NAME, strlen(OWN_NAME)))
			continue;
		ctx_kill(ids.id[i]);
		ctx_forget(ids.id[i]);
	}
}

static void reap_contexts(unsigned int nr)
{
	me = nr;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!GET(shared->end)) {
		PUT(shared->worker[nr].since, now_ms());
		if (ctx_all() > CONTEXTS_MAX)
			thin_out();
		poll(NULL, 0, 50);
	}
	PUT(shared->worker[nr].since, 0);
	_exit(0);
}

static void workers_start(unsigned int nr, __u64 seed)
{
	unsigned int i;

	for (i = 0; i <= nr; i++) {
		pid_t pid = fork();

		if (!pid) {
			if (i < nr)
				work(i, seed);
			reap_contexts(i);
		}
		if (pid < 0) {
			violation("no worker %u: %d", i, errno);
			return;
		}
		PUT(shared->worker[i].pid, pid);
	}
}

/* More do not tell more. */
#define VIOLATIONS_MAX	8

/* False if one has hung, or too much has gone wrong. */
static bool workers_look(unsigned int nr)
{
	long long limit = shared->slow ? 300000 : 100000;
	int status;
	pid_t pid;
	unsigned int i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i <= nr; i++) {
			if (shared->worker[i].pid != pid)
				continue;
			shared->worker[i].pid = 0;
			if (status)
				violation("worker %u died: %#x, in %s", i,
					  status,
					  ops[shared->worker[i].op].name);
		}
	}
	for (i = 0; i <= nr; i++) {
		long long since = GET(shared->worker[i].since);

		if (!shared->worker[i].pid || !since ||
		    now_ms() - since < limit)
			continue;
		violation("worker %u hangs in %s", i,
			  i < nr ? ops[shared->worker[i].op].name : "reaping");
		tell_where_it_hangs(shared->worker[i].pid);
		file_write("/proc/sysrq-trigger", "w");
		return false;
	}
	return GET(shared->violations) < VIOLATIONS_MAX;
}

static bool workers_are_gone(unsigned int nr)
{
	unsigned int i;
	bool gone = true;

	for (i = 0; i <= nr; i++)
		gone &= !shared->worker[i].pid;
	return gone;
}

static void workers_end(unsigned int nr)
{
	long long end = now_ms() + 2 * DIE_MS;
	unsigned int i;

	PUT(shared->end, 1);
	while (!workers_are_gone(nr) && now_ms() < end) {
		workers_look(nr);
		nap();
	}
	for (i = 0; i <= nr; i++) {
		if (!shared->worker[i].pid)
			continue;
		violation("worker %u does not end", i);
		tell_where_it_hangs(shared->worker[i].pid);
		kill(shared->worker[i].pid, SIGKILL);
	}
}

/* ---- what was there before, and has to be again ---- */

struct before {
	long contexts;
	long groups;
	long rules;
	long devices;
	long processes;
	long in_memory;
	long networks;
};

static long entries(const char *path, bool (*wanted)(const char *name))
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	long n = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		n += wanted(entry->d_name);
	closedir(dir);
	return n;
}

static bool is_device(const char *name)
{
	return name[0] != '.';
}

/* One of our session, and no zombie. */
static bool is_ours(const char *name)
{
	char path[64], buf[1024], *at;
	char state;
	int session;

	if (name[0] < '0' || name[0] > '9')
		return false;
	snprintf(path, sizeof(path), "/proc/%.20s/stat", name);
	if (file_read(path, buf, sizeof(buf)) <= 0)
		return false;
	at = strrchr(buf, ')');
	return at && sscanf(at + 1, " %c %*d %*d %d", &state, &session) == 2 &&
	       state != 'Z' && session == getsid(0);
}

/* Contexts that have not been freed, by category 255; or -errno. */
static long in_memory(void)
{
	struct vc_debug_refs refs = {};
	long ret = vc(VC_GET(VC_CAT_DEBUG, VC_DEBUG_REFS), 0, &refs);

	return ret ? ret : (long)refs.contexts;
}

static void before_take(struct before *before)
{
	before->contexts = ctx_all();
	before->groups = cg_descendants();
	before->rules = rules_get();
	before->devices = entries("/sys/class/net", is_device);
	before->processes = entries("/proc", is_ours);
	before->in_memory = in_memory();
	before->networks = file_number("/proc/slabinfo", "\nnet_namespace ");
}

static bool fewer_processes(const struct before *before)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return entries("/proc", is_ours) <= before->processes;
}

/* What the page cache holds lets go of its group, and that of its context. */
static bool fewer_in_memory(const struct before *before)
{
	if (in_memory() <= before->in_memory)
		return true;
	file_write("/proc/sys/vm/drop_caches", "3");
	return false;
}

static void destroy_all(void)
{
	static struct ids ids;
	long nr = top_contexts(&ids), i, ret;

	for (i = 0; i < nr; i++) {
		ret = ctx_kill(ids.id[i]);
		MUST(!ret || ret == -ESRCH, "%u: %ld", ids.id[i], ret);
	}
}

/* Once nobody has a file system of it any more, the disk is ours alone. */
static bool disk_is_free(void)
{
	int fd;

	umount2(DIR_DISK, 0);
	fd = open("/dev/vda", O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

#define SOON(cond)	(WAIT_FOR(cond) || WAIT_FOR(cond) || \
			 (shared->slow && WAIT_FOR(cond)))

static void verify_host(const struct before *before)
{
	unsigned int i;
	long nr;

	for (i = 0; i < WORKERS_MAX; i++) {
		char path[64];

		snprintf(path, sizeof(path), CG_ROOT "/torture-%u", i);
		rmdir(path);
	}
	while ((nr = rules_get()) > 0)
		if (vc(VC_REMOVE_RULE, 0, &rules.rule[0].id))
			break;
	ksft_test_result(nr == before->rules, "rules are gone: %ld\n", nr);
	ksft_test_result(SOON(entries("/sys/class/net", is_device) <=
			      before->devices),
			 "devices are gone: %ld, %ld before\n",
			 entries("/sys/class/net", is_device), before->devices);
	if (before->networks < 0)
		ksft_test_result_skip("network namespaces: no slabinfo\n");
	else
		/* what a CPU keeps at hand counts as used */
		ksft_test_result(SOON(file_number("/proc/slabinfo",
						  "\nnet_namespace ") <=
				      before->networks + 24),
				 "network namespaces: %ld, %ld before\n",
				 file_number("/proc/slabinfo",
					     "\nnet_namespace "),
				 before->networks);
	if (!has_disk)
		ksft_test_result_skip("disk is free: there is none\n");
	else
		ksft_test_result(SOON(disk_is_free()), "disk is free\n");
}

static bool tell_ours(const char *name)
{
	if (is_ours(name))
		tell_where_it_hangs(atoi(name));
	return true;
}

static void verify_memory(const struct before *before)
{
	bool fewer = SOON(fewer_in_memory(before));

	if (!fewer) {
		tell_file(CG_ROOT "/cgroup.stat");
		tell_file("/proc/net/sockstat");
		tell_file("/proc/net/tcp");
	}
	ksft_test_result(fewer, "contexts in memory: %ld, %ld before\n",
			 in_memory(), before->in_memory);
}

static void verify(const struct before *before)
{
	bool gone;

	destroy_all();
	remove_files();
	ksft_test_result(!GET(shared->violations), "nothing went wrong: %u\n",
			 GET(shared->violations));
	gone = SOON(fewer_processes(before));
	if (!gone)
		entries("/proc", tell_ours);
	ksft_test_result(gone,
			 "processes are gone: %ld, %ld before\n",
			 entries("/proc", is_ours), before->processes);
	ksft_test_result(SOON(ctx_all() == before->contexts),
			 "contexts are gone: %ld, %ld before\n", ctx_all(),
			 before->contexts);
	ksft_test_result(SOON(cg_descendants() == before->groups),
			 "groups are gone: %ld, %ld before\n", cg_descendants(),
			 before->groups);
	verify_host(before);
	if (before->in_memory < 0)
		ksft_test_result_skip("memory of contexts: not told\n");
	else
		verify_memory(before);
}

#define VERIFIED	9

/* ---- what came out ---- */

/* It fails for nothing but that the kernel does not have it. */
static bool is_not_there(unsigned int nr)
{
	const struct totals *totals = &shared->totals[nr];
	unsigned int i;

	for (i = 0; i < ERRORS_MAX; i++)
		if (i != EOPNOTSUPP && GET(totals->bad[i]))
			return false;
	return !GET(totals->good) && GET(totals->bad[EOPNOTSUPP]);
}

/* Has each operation succeeded that can? */
static bool all_seen(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		if (!GET(shared->totals[i].good) && !is_not_there(i))
			return false;
	return true;
}

static void summary_line(unsigned int nr)
{
	const struct totals *totals = &shared->totals[nr];
	char text[512] = "";
	unsigned int i, bad = 0;

	for (i = 0; i < ERRORS_MAX; i++) {
		if (!totals->bad[i])
			continue;
		strcatf(text, sizeof(text), " %s %u",
			i ? strerrorname_np(i) : "?", totals->bad[i]);
		bad += totals->bad[i];
	}
	if (is_not_there(nr))
		ksft_test_result_skip("%s: not in this kernel\n",
				      ops[nr].name);
	else
		ksft_test_result(totals->good, "%s: %u of %u;%s\n",
				 ops[nr].name, totals->good,
				 totals->good + bad, text);
}

/* ---- a place to do it ---- */

static void prepare(void)
{
	char path[128];
	unsigned int i;

	mkdir(DIR_TOP, 0755);
	mkdir(DIR_SOURCE, 0755);
	mkdir(DIR_DISK, 0755);
	has_disk = !mount("/dev/vda", DIR_DISK, "ext4", 0, "prjquota");
	for (i = 0; i < ROOTS; i++) {
		root_path(path, sizeof(path), i, false);
		MUST(!root_prepare(path), "%s: %d", path, errno);
		root_path(path, sizeof(path), i, true);
		if (has_disk)
			MUST(!root_prepare(path), "%s: %d", path, errno);
	}
	MUST(!system("ip link add " UPLINK " type dummy"), "%d", errno);
	MUST(!system("ip link set " UPLINK " up"), "%d", errno);
	/* The directory of contexts, and what is made for the first of them. */
	ctx_kill(ctx_new(VC_CREATE_NETNS | VC_CREATE_UTSNS));
}

static void tidy(void)
{
	if (system("ip link del " UPLINK "; rm -rf " DIR_TOP))
		printf("# not all is tidy\n");
}

/*
 * One of each, so that the kernel does not patch itself whenever the first one
 * comes or the last one goes: emulators before QEMU 8.1 may stumble over that.
 */
static void keep_some(void)
{
	struct {
		char vdev_name[VC_DEV_NAME_SIZE];
		__u32 count;
		struct vc_ipv4_addr ipv4[1];
	} req = { .count = 1, .ipv4 = { { htonl(0x7f000001), ~0U } } };
	struct vc_rule rule = { .match = VC_RULE_UID, .uid = TEST_UID + 1 };
	struct vc_vnet vnet = { "tkeep", .type = VC_VNET_DUMMY };
	struct vc_cpu_usage usage = { .max_usage = 1000 };
	long id = ctx_make(VC_ID_SELF, 0, 0, OWN_NAME "keeper"), ret;

	MUST(id > 0, "%ld", id);
	ret = vc(VC_NETADDR(VC_NETADDR_IPV4), id, &req);
	MUST(!ret || ret == -EOPNOTSUPP, "%ld", ret);
	ret = vc(VC_VNET(VC_VNET_CREATE), id, &vnet);
	MUST(!ret || ret == -EOPNOTSUPP, "%ld", ret);
	ret = vc(VC_SET_USAGE, id, &usage);
	MUST(!ret || ret == -EOPNOTSUPP, "%ld", ret);
	ret = vc(VC_ADD_RULE, 0, &rule);
	MUST(ret > 0, "%ld", ret);
}

/* So that programs find it that are executed inside. */
static bool share(void)
{
	int fd = syscall(SYS_memfd_create, "torture", 0);
	int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || exe < 0 || ftruncate(fd, sizeof(*shared)) ||
	    dup2(fd, SHARED_FD) < 0 || dup3(exe, EXE_FD, O_CLOEXEC) < 0)
		return false;
	close(fd);
	close(exe);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      SHARED_FD, 0);
	if (shared == MAP_FAILED)
		return false;
	/* All of it is paid for by the host. */
	memset(shared, 0, sizeof(*shared));
	shared->slow = is_debug_kernel();
	return true;
}

static unsigned long long option(int argc, char **argv, const char *name,
				 unsigned long long value)
{
	int i;

	for (i = 1; i < argc - 1; i++)
		if (!strcmp(argv[i], name))
			value = strtoull(argv[i + 1], NULL, 0);
	return value;
}

/* How much longer it may take until each operation has succeeded once. */
#define SLACK_MS	180000

int main(int argc, char **argv)
{
	unsigned long long seconds, seed, workers;
	struct before before;
	long long end;
	unsigned int i;

	/* Of the harness nothing but its output is needed. */
	(void)test_harness_run;
	if (argc == 6 && !strcmp(argv[1], "--inside"))
		return be_inside(argv);
	seconds = option(argc, argv, "--seconds", 60);
	seed = option(argc, argv, "--seed", time(NULL));
	workers = option(argc, argv, "--workers", 4);
	if (workers < 1 || workers >= WORKERS_MAX) {
		fprintf(stderr, "--workers: 1 to %d\n", WORKERS_MAX - 1);
		return KSFT_FAIL;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	ksft_print_header();
	if (vc(VC_CMD(VC_CAT_VERSION, VC_SUB_VERSION, 0), 0, NULL) == -ENOSYS)
		ksft_exit_skip("this kernel has no virtual_context\n");
	if (geteuid() || !share())
		ksft_exit_skip("not root, or no memory to share\n");
	ksft_set_plan(VERIFIED + ARRAY_SIZE(ops));
	ksft_print_msg("seed %llu, %llu s, %llu workers\n", seed, seconds,
		       workers);
	/* A session of its own, by which what is left of it is found. */
	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prepare();
	before_take(&before);
	keep_some();

	workers_start(workers, seed);
	end = now_ms() + seconds * 1000;
	/* A slow machine may take longer to come to all of it. */
	while ((now_ms() < end || (now_ms() < end + SLACK_MS && !all_seen())) &&
	       workers_look(workers))
		poll(NULL, 0, 20);
	workers_end(workers);
	ksft_print_msg("ended with %ld contexts\n", ctx_all());
	verify(&before);
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		summary_line(i);
	tidy();
	ksft_print_msg("seed %llu\n", seed);
	ksft_finished();
}
