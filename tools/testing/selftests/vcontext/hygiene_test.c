// SPDX-License-Identifier: GPL-2.0
/*
 * A call that fails has changed nothing: contexts, groups and counters are
 * compared before and after, for calls that are refused and for calls in which
 * each allocation in turn fails.
 */
#include "common.h"
#include "nth.h"

/* All that may be left behind. */
struct snapshot {
	long contexts;
	long groups;
	char list[4096];
	char dirs[4096];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

static void add_dirs(char *text, size_t size)
{
	DIR *dir = opendir(CG_CONTEXTS);
	struct dirent *entry;
	char *names[256];
	int i, nr = 0;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && nr < 256)
			names[nr++] = strdup(entry->d_name);
	closedir(dir);
	qsort(names, nr, sizeof(names[0]), by_name);
	for (i = 0; i < nr; i++) {
		strcatf(text, size, "%s ", names[i]);
		free(names[i]);
	}
}

static void take(struct snapshot *s)
{
	struct {
		struct vc_id_list head;
		__u32 ids[128];
	} list = { .head.count = 128 };
	__u32 i;

	memset(s, 0, sizeof(*s));
	s->contexts = ctx_all();
	s->groups = cg_descendants();
	vc(VC_LIST, VC_ID_SELF, &list);
	for (i = 0; i < list.head.count && i < 128; i++) {
		struct vc_limit limit = {}, total = {}, resident = {};
		struct vc_caps caps = {};
		struct vc_info info;

		if (ctx_info(list.ids[i], &info))
			continue;
		vc(VC_GET_LIMIT, list.ids[i], &limit);
		vc(VC_GET_CAPS, list.ids[i], &caps);
		vc(VC_GET_TOTAL, list.ids[i], &total);
		vc(VC_GET_RESIDENT, list.ids[i], &resident);
		strcatf(s->list, sizeof(s->list),
			"%u %u %u %u %u %s %llu/%llu %llx %ld %llu+%llu %ld; ",
			info.id, info.children, info.tasks, info.processes,
			info.state, info.name,
			(unsigned long long)limit.usage,
			(unsigned long long)limit.limit,
			(unsigned long long)caps.caps,
			vc(VC_GET_STOP, list.ids[i], NULL),
			(unsigned long long)total.limit,
			(unsigned long long)resident.limit,
			vc(VC_GET_OOM, list.ids[i], NULL));
	}
	add_dirs(s->dirs, sizeof(s->dirs));
}

#define EXPECT_SAME(before) do { \
	struct snapshot __after; \
	take(&__after); \
	EXPECT_EQ((before)->contexts, __after.contexts); \
	EXPECT_EQ((before)->groups, __after.groups); \
	EXPECT_STREQ((before)->list, __after.list); \
	EXPECT_STREQ((before)->dirs, __after.dirs); \
} while (0)

FIXTURE(hygiene)
{
	long a, uts;
	struct agent in_a, host;
};

FIXTURE_SETUP(hygiene)
{
	VC_SETUP();
	self->a = ctx_make(VC_ID_SELF, 0, 1, "hygiene");
	ASSERT_LT(0, self->a);
	self->uts = ctx_new(VC_CREATE_UTSNS);
	ASSERT_LT(0, self->uts);
	ASSERT_EQ(0, agent_start(&self->in_a, self->a, 0));
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
}

FIXTURE_TEARDOWN(hygiene)
{
	vc_teardown();
}

TEST_F(hygiene, refused)
{
	struct snapshot before;
	struct vc_hostname hostname;
	struct vc_caps caps = { .caps = ~0ULL };
	__u32 number = 0x100;

	ASSERT_LT(0, ctx_new_below(self->a, 0));
	EXPECT_EQ(0, ctx_limit(self->a, 1));
	take(&before);

	EXPECT_EQ(-EEXIST, vc(VC_CREATE, self->a, NULL));
	EXPECT_EQ(-EINVAL, ctx_make(VC_ID_SELF, ~0U, 0, NULL));
	EXPECT_EQ(-EINVAL, ctx_make(VC_ID_SELF, 0x7f, 0, "a b"));
	EXPECT_EQ(-EEXIST, ctx_make(VC_ID_SELF, 0x7f, 0, "hygiene"));
	EXPECT_EQ(-ENOSPC, ask3(&self->in_a, a_create, 0x3f, 0, 0));
	EXPECT_EQ(-EBUSY, vc(VC_DESTROY, self->a, NULL));
	EXPECT_EQ(-EINVAL, vc(VC_DESTROY, self->a, &number));
	EXPECT_EQ(-EAGAIN, task_move(self->host.pid, self->a));
	EXPECT_EQ(-EINVAL, task_move(self->host.pid, self->uts));
	EXPECT_EQ(-EINVAL, ctx_signal(self->a, 1000));
	EXPECT_EQ(-EFAULT, vc(VC_SET_STOP, self->a, (void *)8));
	EXPECT_EQ(-EFAULT, vc(VC_SET_FREEZE, self->a, (void *)8));
	EXPECT_NE(0, vc(VC_SET_OOM, self->a, &number));
	EXPECT_EQ(-EFAULT, vc(VC_SET_LIMIT, self->a, (void *)8));
	EXPECT_EQ(-EFAULT, vc(VC_SET_CAPS, self->a, NULL));
	memset(&hostname, 'x', sizeof(hostname));
	EXPECT_EQ(-EINVAL, vc(VC_SET_HOSTNAME, self->uts, &hostname));
	memcpy(agent_buf, &caps, sizeof(caps));
	EXPECT_EQ(-EPERM, ask3(&self->in_a, a_vc, VC_SET_CAPS, self->a, 1));
	EXPECT_EQ(-EAGAIN, ask0(&self->in_a, a_fork));
	EXPECT_SAME(&before);
	EXPECT_EQ(0, ask(&self->host, a_where, 0));
}

/* What comes and goes leaves nothing either. */
TEST_F(hygiene, cycles)
{
	struct snapshot before;
	int i;

	take(&before);
	for (i = 0; i < 20; i++) {
		struct agent agent;
		long id = ctx_make(VC_ID_SELF, i & 0x3f, 2, "cycle");
		unsigned int fork = i & VC_CREATE_PIDNS ? AGENT_FORK : 0;

		ASSERT_LT(0, id);
		ASSERT_EQ(0, agent_start(&agent, id, fork));
		EXPECT_EQ(3, ask(&agent, a_fork_many, 3));
		EXPECT_LT(0, ask3(&agent, a_create, 0, 0, 0));
		EXPECT_EQ(0, ctx_kill(id));
		agent_end(&agent);
		ctx_made_nr--;
	}
	EXPECT_SAME(&before);
}

/* ---- failures on purpose ---- */

FIXTURE(failing)
{
	long a, uts;
};

FIXTURE_SETUP(failing)
{
	VC_SETUP();
	if (!nth_setup())
		SKIP(return, "no fault injection in this kernel");
	self->a = ctx_make(VC_ID_SELF, 0, 16, "failing");
	ASSERT_LT(0, self->a);
	self->uts = ctx_new(VC_CREATE_UTSNS);
	ASSERT_LT(0, self->uts);
}

FIXTURE_TEARDOWN(failing)
{
	if (nth_fd >= 0)
		nth_arm(0);
	vc_teardown();
}

#define NTH_MAX		5000

/* Each of the first faults, fewer of those that are far behind them. */
static int nth_next(int nth)
{
	return nth < 64 ? nth + 1 : nth + nth / 16;
}

/*
 * Makes @call with the first, the second, ... fault until none is met; @undo
 * takes back what succeeded.  Returns about how many faults there were.
 */
static int sweep(struct __test_metadata *const _metadata, const char *what,
		 long (*call)(long arg), void (*undo)(long arg, long result),
		 long arg)
{
	struct snapshot before;
	int nth;

	take(&before);
	for (nth = 1; nth < NTH_MAX; nth = nth_next(nth)) {
		bool fired;
		long ret;

		nth_arm(nth);
		ret = call(arg);
		fired = nth_fired();
		if (ret >= 0 && undo)
			undo(arg, ret);
		EXPECT_SAME(&before);
		if (!fired) {
			EXPECT_LE(0, ret);
		}
		if (_metadata->exit_code == KSFT_FAIL)
			TH_LOG("%s, fault %d: %ld", what, nth, ret);
		if (!fired || _metadata->exit_code == KSFT_FAIL)
			break;
	}
	EXPECT_GT(NTH_MAX, nth);
	return nth - 1;
}

static long call_create(long arg)
{
	return vc(VC_CREATE, VC_ID_SELF, (void *)arg);
}

static void undo_create(long arg, long result)
{
	vc(VC_DESTROY, result, NULL);
}

TEST_F(failing, create)
{
	/* It cannot do without memory. */
	EXPECT_LT(2, sweep(_metadata, "create", call_create, undo_create, 0));
}

TEST_F(failing, create_namespaces)
{
	struct vc_create create = {
		.flags = VC_CREATE_UTSNS | VC_CREATE_IPCNS | VC_CREATE_PIDNS |
			 VC_CREATE_MNTNS | VC_CREATE_CGROUPNS |
			 VC_CREATE_NETNS,
		.name = "all",
	};

	EXPECT_LT(10, sweep(_metadata, "create with namespaces", call_create,
			    undo_create, (long)&create));
}

TEST_F(failing, destroy)
{
	int nth;

	for (nth = 1; nth < NTH_MAX; nth = nth_next(nth)) {
		struct snapshot before, middle;
		bool fired;
		long id, ret;

		take(&before);
		id = vc(VC_CREATE, VC_ID_SELF, NULL);
		ASSERT_LT(0, id);
		take(&middle);
		nth_arm(nth);
		ret = ctx_kill(id);
		fired = nth_fired();
		if (ret) {
			EXPECT_SAME(&middle);
			EXPECT_EQ(0, ctx_kill(id));
		}
		EXPECT_SAME(&before);
		if (!fired || _metadata->exit_code == KSFT_FAIL)
			break;
	}
	EXPECT_GT(NTH_MAX, nth);
}

/* A process that enters, with faults in entering alone. */
static long enter_failing(long id)
{
	long opened = nth_open();
	int nth;

	if (opened)
		return opened;
	for (nth = 1; nth < NTH_MAX; nth = nth_next(nth)) {
		bool fired;
		long ret, where;

		nth_arm(nth);
		ret = vc(VC_MIGRATE, id, NULL);
		fired = nth_fired();
		where = vc(VC_WHERE, 0, NULL);
		if (where != (ret ? 0 : id))
			return -EBADE;
		if (!ret)
			return fired ? nth : 0;
		if (!fired)
			return ret;
	}
	return -ELOOP;
}

TEST_F(failing, enter)
{
	struct snapshot before;

	take(&before);
	EXPECT_LE(0, in_child(enter_failing, self->a));
	EXPECT_LE(0, in_child(enter_failing, self->uts));
	EXPECT_SAME(&before);
}

static long move_to;

static long call_move(long pid)
{
	return task_move(pid, move_to);
}

static void undo_move(long pid, long result)
{
	task_move(pid, VC_ID_HOST);
}

TEST_F(failing, move)
{
	struct agent agent;

	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	move_to = self->a;
	sweep(_metadata, "move", call_move, undo_move, agent.pid);
}

static long call_limit(long id)
{
	return ctx_limit(id, 100);
}

static void undo_limit(long id, long result)
{
	ctx_limit(id, VC_UNLIMITED);
}

static long call_stop(long id)
{
	return ctx_stop(id, 1);
}

static void undo_stop(long id, long result)
{
	ctx_stop(id, 0);
}

static long call_freeze(long id)
{
	return ctx_freeze(id, 1);
}

static void undo_freeze(long id, long result)
{
	ctx_freeze(id, 0);
}

static long set_memory(long id, __u64 total, __u64 resident, __u32 whole)
{
	struct vc_limit t = { .limit = total }, r = { .limit = resident };
	long ret = vc(VC_SET_TOTAL, id, &t);

	if (!ret)
		ret = vc(VC_SET_RESIDENT, id, &r);
	return ret ? ret : vc(VC_SET_OOM, id, &whole);
}

static long call_memory(long id)
{
	long ret = set_memory(id, 100 << 20, 50 << 20, 1);

	/* three calls, so the first ones may have to be undone */
	if (ret && ret != -EOPNOTSUPP)
		set_memory(id, VC_UNLIMITED, VC_UNLIMITED, 0);
	return ret == -EOPNOTSUPP ? 0 : ret;
}

static void undo_memory(long id, long result)
{
	set_memory(id, VC_UNLIMITED, VC_UNLIMITED, 0);
}

static long call_mem_stat(long id)
{
	struct vc_mem_stat stat;
	long ret = vc(VC_MEM_STAT, id, &stat);

	return ret == -EOPNOTSUPP ? 0 : ret;
}

static long call_signal(long id)
{
	return ctx_signal(id, SIGURG);
}

static long call_usage(long id)
{
	return ctx_usage(id);
}

static long call_count(long id)
{
	return vc(VC_COUNT, id, NULL);
}

static long call_hostname(long id)
{
	struct vc_hostname hostname = { .name = "failing" };

	return vc(VC_SET_HOSTNAME, id, &hostname);
}

TEST_F(failing, set)
{
	sweep(_metadata, "limit", call_limit, undo_limit, self->a);
	sweep(_metadata, "stop", call_stop, undo_stop, self->a);
	sweep(_metadata, "freeze", call_freeze, undo_freeze, self->a);
	sweep(_metadata, "memory", call_memory, undo_memory, self->a);
	sweep(_metadata, "mem stat", call_mem_stat, NULL, self->a);
	sweep(_metadata, "mem stat of the host", call_mem_stat, NULL, 0);
	sweep(_metadata, "signal", call_signal, NULL, self->a);
	sweep(_metadata, "hostname", call_hostname, NULL, self->uts);
	sweep(_metadata, "usage", call_usage, NULL, self->a);
	sweep(_metadata, "count", call_count, NULL, self->a);
}

/* fork() inside, with every fault that it can meet. */
static long fork_failing(long id)
{
	long ret = vc(VC_MIGRATE, id, NULL);
	int nth;

	if (!ret)
		ret = nth_open();
	if (ret)
		return ret;
	for (nth = 1; nth < NTH_MAX; nth = nth_next(nth)) {
		bool fired;
		pid_t pid;

		nth_arm(nth);
		pid = fork();
		if (!pid)
			_exit(0);
		fired = nth_fired();
		if (pid > 0)
			waitpid(pid, NULL, 0);
		if (ctx_usage(VC_ID_SELF) != 1)
			return -EBADE;
		if (!fired)
			return pid > 0 ? 0 : -ENOMEM;
	}
	return -ELOOP;
}

TEST_F(failing, fork)
{
	struct snapshot before;

	take(&before);
	EXPECT_EQ(0, in_child(fork_failing, self->a));
	EXPECT_SAME(&before);
}

TEST_HARNESS_MAIN
