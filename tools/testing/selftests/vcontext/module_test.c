// SPDX-License-Identifier: GPL-2.0
/*
 * Modules that give contexts variables, hooks and a category of commands, and
 * that come and go while contexts do.
 *
 * vcontext-test.ko warns by itself where its constructors, destructors or hooks
 * are not called in order, and a warning fails the run of these tests.
 */
#include "module.h"

#include <sys/klog.h>

#include "../../../../kernel/vcontext/test/vcontext-test.h"
#include "../../../../samples/vcontext/vcontext-sample.h"

#define VC_STATE	VC_GET(VC_CAT_TEST, VC_TEST_STATE)
#define VC_HOLD		VC_GET(VC_CAT_TEST, VC_TEST_HOLD)
#define VC_REFUSE	VC_SET(VC_CAT_TEST, VC_TEST_REFUSE)
#define VC_TEST_VERSION	VC_CMD(VC_CAT_TEST, VC_SUB_VERSION, 0)

static long state(__u32 id, struct vc_test_state *s)
{
	memset(s, 0xa5, sizeof(*s));
	return vc(VC_STATE, id, s);
}

static long threads_of(__u32 id)
{
	struct vc_test_state s;
	long ret = state(id, &s);

	return ret ? ret : s.threads;
}

static long execs_of(__u32 id)
{
	struct vc_test_state s;
	long ret = state(id, &s);

	return ret ? ret : (long)s.execs;
}

static long constructed(void)
{
	struct vc_test_state s;
	long ret = state(0, &s);

	return ret ? ret : (long)s.constructed;
}

static long refuse(__u32 id, __u32 what)
{
	return vc(VC_REFUSE, id, &what);
}

static char *proc_path(__u32 id, const char *file)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/vcontext/%u/%s", id, file);
	return path;
}

static bool proc_lists(__u32 id, const char *name)
{
	DIR *dir = opendir(proc_path(id, ""));
	struct dirent *entry;
	bool found = false;

	while (dir && (entry = readdir(dir)))
		found |= !strcmp(entry->d_name, name);
	if (dir)
		closedir(dir);
	return found;
}

/* How often the kernel's log has @text. */
static int log_has(const char *text)
{
	static char buf[1 << 20];
	int len = klogctl(3 /* read all */, buf, sizeof(buf) - 1);
	char *at = buf;
	int n = 0;

	if (len < 0)
		return -errno;
	buf[len] = '\0';
	while ((at = strstr(at, text))) {
		at++;
		n++;
	}
	return n;
}

/* The module is not there, in no way. */
static bool is_absent(__u32 id)
{
	struct vc_test_state s;

	return !mod_there(MOD_TEST) && state(id, &s) == -EOPNOTSUPP &&
	       vc(VC_TEST_VERSION, 0, NULL) == -EOPNOTSUPP &&
	       access(proc_path(id, "test"), F_OK) && !proc_lists(id, "test");
}

/* ---- coming and going ---- */

MOD_FIXTURE(module)

/* Nothing of what is tested below is there without a module. */
TEST_F(module, control)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_TRUE(is_absent(id));
	EXPECT_NE(NULL, strstr(ctx_error(), "no category 200"))
		TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_LT(0, ask0(&agent, a_fork));
	EXPECT_EQ(-ENOENT, mod_unload(MOD_TEST));
	EXPECT_TRUE(proc_lists(id, "process"));
}

TEST_F(module, load_unload)
{
	struct vc_test_state s;
	char buf[256];
	long id = ctx_new(0);
	int i;

	ASSERT_LT(0, id);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, mod_load(MOD_TEST, ""));
		EXPECT_EQ(2, vc(VC_TEST_VERSION, 0, NULL));
		EXPECT_EQ(3, vc(VC_CMD(VC_CAT_TEST, VC_SUB_VERSION,
				       VC_TEST_STATE), 0, NULL));
		EXPECT_EQ(-EOPNOTSUPP, vc(VC_CMD(VC_CAT_TEST, VC_SUB_VERSION,
						 0x77), 0, NULL));
		ASSERT_EQ(0, state(id, &s));
		EXPECT_EQ(VC_TEST_MAGIC, s.magic);
		EXPECT_EQ(3, s.stage);
		EXPECT_EQ(1, s.constructed);
		EXPECT_EQ(0, s.threads);
		EXPECT_EQ(0, s.execs);
		EXPECT_TRUE(proc_lists(id, "test"));
		EXPECT_TRUE(proc_lists(id, "process"));
		ASSERT_LT(0, file_read(proc_path(id, "test"), buf,
				       sizeof(buf)));
		EXPECT_STREQ("state stage=3 threads=0 execs=0\n", buf);
		ASSERT_EQ(0, mod_unload(MOD_TEST));
		EXPECT_TRUE(is_absent(id));
	}
}

/* The dispatcher checks what is a module's as it does what is its own. */
TEST_F(module, order_of_checks)
{
	struct vc_test_state s;
	__u32 zero = 0;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	EXPECT_EQ(-EINVAL, vc(VC_STATE | VC_RESERVED_BIT, id, &s));
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_GET(VC_CAT_TEST, 99), ID_UNKNOWN, &s));
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_SET(VC_CAT_TEST, VC_TEST_STATE),
				  ID_UNKNOWN, &s));
	EXPECT_EQ(-ESRCH, vc(VC_STATE | 1 << 8, ID_UNKNOWN, NULL));
	EXPECT_EQ(-EINVAL, vc(VC_STATE | 1 << 8, id, NULL));
	EXPECT_EQ(-EFAULT, vc(VC_STATE, id, NULL));
	EXPECT_EQ(-EPERM, vc(VC_REFUSE, 0, &zero));
	EXPECT_EQ(0, vc(VC_REFUSE, id, &zero));
	ASSERT_EQ(0, caps_lower());
	EXPECT_EQ(-EPERM, vc(VC_REFUSE | 1 << 8, id, NULL));
	EXPECT_EQ(0, caps_raise());
}

/* Constructors are run for what is there, and for what comes. */
TEST_F(module, existing_and_later)
{
	struct vc_test_state s;
	long a = ctx_new(0), b, below, later;

	ASSERT_LT(0, a);
	b = ctx_make(VC_ID_SELF, 0, 4, NULL);
	ASSERT_LT(0, b);
	below = ctx_new_below(b, 0);
	ASSERT_LT(0, below);

	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	EXPECT_EQ(3, constructed());
	EXPECT_EQ(0, state(below, &s));
	EXPECT_EQ(3, s.stage);
	/* the host has initial values alone */
	EXPECT_EQ(0, state(0, &s));
	EXPECT_EQ(VC_TEST_MAGIC, s.magic);
	EXPECT_EQ(0, s.stage);

	later = ctx_new(0);
	ASSERT_LT(0, later);
	EXPECT_EQ(0, state(later, &s));
	EXPECT_EQ(3, s.stage);
	EXPECT_EQ(4, s.constructed);

	EXPECT_EQ(0, vc(VC_DESTROY, a, NULL));
	EXPECT_EQ(3, constructed());
	EXPECT_EQ(0, ctx_kill(b));
	EXPECT_EQ(1, constructed());
	ASSERT_EQ(0, mod_unload(MOD_TEST));
	/* a context outlives the module, and another of them comes */
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	EXPECT_EQ(1, constructed());
}

/* A context that is refused by constructor k was never there. */
TEST_F(module, context_unwinds)
{
	long before, groups, id;
	char k[2] = "1";

	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	ASSERT_LT(0, ctx_new(0));
	before = ctx_all();
	groups = cg_descendants();
	for (; k[0] <= '3'; k[0]++) {
		ASSERT_EQ(0, mod_param(MOD_TEST, "fail_init", k));
		EXPECT_EQ(-EDOM, ctx_new(0));
		EXPECT_EQ(-EDOM, ctx_make(4711, 0, 0, "gone"));
		EXPECT_EQ(before, ctx_all());
		EXPECT_EQ(1, constructed());
		EXPECT_EQ(-ESRCH, vc(VC_INFO, 4711, NULL));
		EXPECT_TRUE(WAIT_FOR(cg_descendants() <= groups));
	}
	ASSERT_EQ(0, mod_param(MOD_TEST, "fail_init", "0"));
	id = ctx_make(4711, 0, 0, "gone");
	EXPECT_EQ(4711, id);
	EXPECT_EQ(2, constructed());
}

/* A module that is refused by constructor k of context n was never there. */
TEST_F(module, module_unwinds)
{
	char params[64];
	long ids[4];
	int i, k, n;

	for (i = 0; i < 4; i++) {
		ids[i] = ctx_new(0);
		ASSERT_LT(0, ids[i]);
	}
	for (k = 1; k <= 3; k++) {
		for (n = 0; n < 4; n++) {
			snprintf(params, sizeof(params),
				 "fail_init=%d fail_after=%d", k, n);
			EXPECT_EQ(-EDOM, mod_load(MOD_TEST, params));
			EXPECT_TRUE(is_absent(ids[0]));
		}
	}
	/* with as many contexts as it does not fail for it does not */
	ASSERT_EQ(0, mod_load(MOD_TEST, "fail_init=2 fail_after=4"));
	EXPECT_EQ(4, constructed());
	EXPECT_EQ(-EDOM, ctx_new(0));
}

/* The init function fails when all else is there already. */
TEST_F(module, init_fails)
{
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ENODEV, mod_load(MOD_TEST, "fail_late=1"));
	EXPECT_TRUE(is_absent(id));
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	EXPECT_EQ(1, constructed());
}

/* ---- room and numbers ---- */

TEST_F(module, no_room)
{
	int said = log_has("no room for");
	long id = ctx_new(0);
	struct vc_test_state s;

	ASSERT_LT(0, id);
	ASSERT_LE(0, said);
	/* more than there is at all */
	EXPECT_EQ(-ENOSPC, mod_load(MOD_BIG, "huge=1"));
	EXPECT_FALSE(mod_there(MOD_BIG));
	EXPECT_EQ(said + 1, log_has("no room for"));

	/* more than there is left, either way round */
	ASSERT_EQ(0, mod_load(MOD_BIG, ""));
	EXPECT_EQ(-ENOSPC, mod_load(MOD_SAMPLE, ""));
	EXPECT_FALSE(mod_there(MOD_SAMPLE));
	EXPECT_EQ(said + 2, log_has("no room for"));
	ASSERT_LT(0, ctx_new(0));
	ASSERT_EQ(0, mod_unload(MOD_BIG));

	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	ASSERT_EQ(0, mod_load(MOD_SAMPLE, ""));
	EXPECT_EQ(-ENOSPC, mod_load(MOD_BIG, ""));
	EXPECT_EQ(said + 3, log_has("no room for"));
	EXPECT_EQ(2, constructed());
	ASSERT_LT(0, ctx_new(0));

	/* what one gives back another gets, without what was in it */
	ASSERT_EQ(0, mod_unload(MOD_TEST));
	ASSERT_EQ(0, mod_unload(MOD_SAMPLE));
	ASSERT_EQ(0, mod_load(MOD_BIG, ""));
	ASSERT_EQ(0, mod_unload(MOD_BIG));
	ASSERT_EQ(0, mod_load(MOD_SAMPLE, ""));
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	EXPECT_EQ(0, state(id, &s));
	EXPECT_EQ(VC_TEST_MAGIC, s.magic);
	EXPECT_EQ(3, s.constructed);
}

/* Several have variables beside each other, and go in any order. */
TEST_F(module, together)
{
	struct vc_limit limit = { .limit = 5 };
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	ASSERT_EQ(0, mod_load(MOD_SAMPLE, ""));
	EXPECT_EQ(0, vc(VC_SET(VC_CAT_SAMPLE, VC_SAMPLE_THREADS), id, &limit));
	ASSERT_EQ(0, mod_unload(MOD_TEST));
	memset(&limit, 0, sizeof(limit));
	EXPECT_EQ(0, vc(VC_GET(VC_CAT_SAMPLE, VC_SAMPLE_THREADS), id, &limit));
	EXPECT_EQ(5, limit.limit);
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	EXPECT_EQ(1, constructed());
	ASSERT_EQ(0, mod_unload(MOD_SAMPLE));
	EXPECT_EQ(1, constructed());
	ASSERT_LT(0, ctx_new(0));
	EXPECT_EQ(2, constructed());
}

TEST_F(module, clash)
{
	static const char * const taken[] = {
		/* the kernel's, whether it has a handler or not */
		"number=0", "number=1", "number=2", "number=8", "number=16",
		"number=17", "number=63", "number=255",
		"name=cpu", "name=process",
		/* another module's */
		"number=200", "name=test",
		/* its own first one's */
		"number=202", "name=beside",
	};
	static const char * const wrong[] = {
		"name=a/b", "name=.", "malformed=1", "malformed=2",
		"malformed=3", "malformed=4", "malformed=5",
	};
	size_t i;

	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		EXPECT_EQ(-EEXIST, mod_load(MOD_CLASH, taken[i]))
			TH_LOG("%s", taken[i]);
		EXPECT_FALSE(mod_there(MOD_CLASH));
		EXPECT_EQ(-EOPNOTSUPP, vc(VC_GET(202, 1), 0, NULL));
	}
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, mod_load(MOD_CLASH, wrong[i]))
			TH_LOG("%s", wrong[i]);
		EXPECT_FALSE(mod_there(MOD_CLASH));
	}
	/* who was there first is found as before */
	EXPECT_EQ(2, vc(VC_TEST_VERSION, 0, NULL));

	ASSERT_EQ(0, mod_load(MOD_CLASH, ""));
	EXPECT_EQ(1, vc(VC_GET(201, 1), 0, NULL));
	EXPECT_EQ(1, vc(VC_GET(202, 1), 0, NULL));
	ASSERT_EQ(0, mod_unload(MOD_TEST));
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_TEST_VERSION, 0, NULL));
	ASSERT_EQ(0, mod_unload(MOD_CLASH));
	/* the number is free again */
	ASSERT_EQ(0, mod_load(MOD_CLASH, "number=200"));
	EXPECT_EQ(1, vc(VC_TEST_VERSION, 0, NULL));
	EXPECT_EQ(-EEXIST, mod_load(MOD_TEST, ""));
}

/* ---- calls and files ---- */

/* A module with a call in it cannot be unloaded. */
TEST_F(module, call_in_flight)
{
	struct vc_test_state s = {};
	long id = ctx_new(0);
	pid_t pid;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	pid = child_fork();
	if (!pid)
		_exit(vc(VC_HOLD, id, NULL) == -EINTR ? 0 : 1);
	ASSERT_LT(0, pid);
	ASSERT_TRUE(WAIT_FOR(!state(id, &s) && s.holding == 1));
	EXPECT_EQ(-EAGAIN, mod_unload(MOD_TEST));
	/* refused, and nothing has changed */
	ASSERT_EQ(0, state(id, &s));
	EXPECT_EQ(3, s.stage);
	EXPECT_EQ(1, s.holding);
	/* the context is destroyed under it */
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(0, constructed());
	EXPECT_EQ(-EAGAIN, mod_unload(MOD_TEST));

	EXPECT_EQ(1000 + SIGKILL, child_kill(pid));
	EXPECT_TRUE(WAIT_FOR(mod_unload(MOD_TEST) == 0));
	EXPECT_FALSE(mod_there(MOD_TEST));
}

/* An open file of /proc is not in the way, and knows when it is over. */
TEST_F(module, open_file)
{
	char buf[256];
	long id = ctx_new(0);
	int fd;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	fd = open(proc_path(id, "test"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_LT(0, pread(fd, buf, sizeof(buf), 0));
	ASSERT_EQ(0, mod_unload(MOD_TEST));
	EXPECT_EQ(-ESRCH, res(pread(fd, buf, sizeof(buf), 0)));
	EXPECT_EQ(-ENOENT, file_read(proc_path(id, "test"), buf, sizeof(buf)));
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	EXPECT_LT(0, pread(fd, buf, sizeof(buf), 0));
	close(fd);
	EXPECT_LT(0, file_read(proc_path(id, "test"), buf, sizeof(buf)));
}

/* ---- hooks ---- */

#define TRUE_ENV	"VCONTEXT_TEST_TRUE"

/* Executed again so, this is a program that does nothing. */
static __attribute__((constructor)) void true_constructor(void)
{
	if (getenv(TRUE_ENV))
		_exit(0);
}

static int exec_true(void)
{
	static char *argv[] = { (char *)"true", NULL };
	static char *envp[] = { (char *)TRUE_ENV "=1", NULL };

	execve("/proc/self/exe", argv, envp);
	return errno;
}

static long a_exec_true(long a, long b, long c)
{
	pid_t pid = fork();

	if (!pid)
		_exit(exec_true());
	return pid < 0 ? -errno : child_wait(pid);
}

static long a_exec_missing(long a, long b, long c)
{
	return execl("/no/such/program", "none", NULL) ? -errno : 0;
}

/* Live threads of a context are known, whenever the module comes. */
TEST_F(module, threads)
{
	struct agent agent, other;
	long id = ctx_make(VC_ID_SELF, 0, 4, NULL), below;
	pid_t pid;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(3, ask(&agent, a_fork_many, 3));
	ASSERT_EQ(0, ask0(&agent, a_thread));
	ASSERT_LT(0, ask0(&agent, a_fork_zombie));

	/* the zombie is of the past */
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	EXPECT_EQ(5, threads_of(id));
	EXPECT_EQ(6, ctx_usage(id));
	EXPECT_EQ(0, threads_of(0));

	ASSERT_EQ(2, ask(&agent, a_fork_many, 2));
	EXPECT_EQ(7, threads_of(id));
	ASSERT_EQ(0, ask0(&agent, a_thread));
	EXPECT_EQ(8, threads_of(id));
	ASSERT_EQ(0, ask0(&agent, a_reap));
	EXPECT_TRUE(WAIT_FOR(threads_of(id) == 3));

	/* moves: from the host, down, and there it ends */
	below = ctx_new_below(id, 0);
	ASSERT_LT(0, below);
	EXPECT_TRUE(WAIT_FOR(threads_of(id) == 3));
	pid = child_fork();
	if (!pid)
		for (;;)
			pause();
	ASSERT_EQ(0, task_move(pid, id));
	EXPECT_EQ(4, threads_of(id));
	ASSERT_EQ(0, task_move(pid, below));
	EXPECT_EQ(3, threads_of(id));
	EXPECT_EQ(1, threads_of(below));
	ASSERT_EQ(0, task_move(pid, 0));
	EXPECT_EQ(0, threads_of(below));
	ASSERT_EQ(0, task_move(pid, below));
	EXPECT_EQ(1000 + SIGKILL, child_kill(pid));
	EXPECT_TRUE(WAIT_FOR(threads_of(below) == 0));

	/* one that enters by itself, and executes a program */
	ASSERT_EQ(0, agent_start(&other, id, 0));
	EXPECT_EQ(4, threads_of(id));
	agent_end(&other);
	EXPECT_TRUE(WAIT_FOR(threads_of(id) == 3));
	agent_end(&agent);
	EXPECT_TRUE(WAIT_FOR(threads_of(id) == 0));
}

TEST_F(module, execs)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(1, execs_of(id));
	EXPECT_EQ(-ENOENT, ask0(&agent, a_exec_missing));
	EXPECT_EQ(1, execs_of(id));
	EXPECT_LE(0, ask0(&agent, a_exec_true));
	EXPECT_EQ(2, execs_of(id));
	/* not those of the host */
	EXPECT_LE(0, a_exec_true(0, 0, 0));
	EXPECT_EQ(2, execs_of(id));
	EXPECT_EQ(0, execs_of(0));
}

/* A hook refuses, and nothing is left of what it has refused. */
TEST_F(module, refusals)
{
	struct agent agent;
	struct vc_test_state s;
	long id = ctx_new(0);
	pid_t pid;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	/* asked before, so it has to take back what it charged */
	ASSERT_EQ(0, mod_load(MOD_SAMPLE, ""));
	ASSERT_EQ(0, agent_start(&agent, id, 0));

	ASSERT_EQ(0, refuse(id, VC_TEST_REFUSE_FORK));
	EXPECT_EQ(-ENOTNAM, ask0(&agent, a_fork));
	EXPECT_EQ(1, ctx_usage(id));
	EXPECT_EQ(1, threads_of(id));
	ASSERT_EQ(0, refuse(id, VC_TEST_REFUSE_EXEC));
	EXPECT_EQ(ENOANO, ask0(&agent, a_exec_true));
	EXPECT_EQ(1, execs_of(id));

	pid = child_fork();
	if (!pid)
		for (;;)
			pause();
	ASSERT_EQ(0, refuse(id, VC_TEST_REFUSE_MOVE));
	EXPECT_EQ(-EXFULL, task_move(pid, id));
	EXPECT_NE(NULL, strstr(ctx_error(), "module vcontext_test"))
		TH_LOG("%s", ctx_error());
	EXPECT_EQ(0, task_where(pid));
	EXPECT_EQ(1, ctx_usage(id));
	ASSERT_EQ(0, refuse(id, 0));
	EXPECT_EQ(0, task_move(pid, id));
	EXPECT_EQ(2, threads_of(id));
	EXPECT_LT(0, ask0(&agent, a_fork));
	ASSERT_EQ(0, state(id, &s));
	EXPECT_EQ(3, s.threads);
	EXPECT_EQ(0, s.pending);
	EXPECT_EQ(3, ctx_usage(id));
}

/* The other way round: the second module refuses what the first permitted. */
TEST_F(module, second_refuses)
{
	struct vc_limit limit = { .limit = 2 };
	struct vc_test_state s;
	struct agent agent;
	long id = ctx_new(0);
	pid_t pid;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, mod_load(MOD_TEST, ""));
	ASSERT_EQ(0, mod_load(MOD_SAMPLE, ""));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, vc(VC_SET(VC_CAT_SAMPLE, VC_SAMPLE_THREADS), id, &limit));
	EXPECT_LT(0, ask0(&agent, a_fork));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	pid = child_fork();
	if (!pid)
		for (;;)
			pause();
	EXPECT_EQ(-EAGAIN, task_move(pid, id));
	limit.limit = 1;
	ASSERT_EQ(0, vc(VC_SET(VC_CAT_SAMPLE, VC_SAMPLE_EXECS), id, &limit));
	ASSERT_EQ(0, ask0(&agent, a_reap));
	EXPECT_TRUE(WAIT_FOR(threads_of(id) == 1));
	EXPECT_EQ(EAGAIN, ask0(&agent, a_exec_true));
	EXPECT_EQ(1, execs_of(id));
	ASSERT_EQ(0, state(id, &s));
	EXPECT_EQ(0, s.pending);
	EXPECT_EQ(1, s.threads);
	EXPECT_EQ(1, ctx_usage(id));
}

/* ---- races ---- */

#define ROUNDS		(is_debug_kernel() ? 8 : 25)

/* A child that does @fn again and again until it is killed. */
static pid_t again(void (*fn)(long arg), long arg)
{
	pid_t pid = child_fork();

	if (!pid)
		for (;;)
			fn(arg);
	return pid;
}

static long make_race(const char *which)
{
	struct vc_create create = {};

	snprintf(create.name, sizeof(create.name), "race-%s-%d", which,
		 getpid());
	return vc(VC_CREATE, VC_ID_SELF, &create);
}

static void make_and_destroy(long arg)
{
	long a = make_race("a");
	long b = make_race("b");
	struct vc_test_state s;

	if (a < 0 || b < 0)
		_exit(1);
	/* complete, where there is a module */
	if (!state(a, &s) && (s.stage != 3 || s.magic != VC_TEST_MAGIC))
		_exit(2);
	if (vc(VC_DESTROY, a, NULL) || ctx_kill(b))
		_exit(3);
}

/* What it was about when it was killed: how many contexts. */
static int clear_races(void)
{
	struct {
		struct vc_id_list head;
		__u32 ids[64];
	} list = { .head = { .count = 64 } };
	struct vc_info info;
	int n = 0;
	__u32 i;

	if (vc(VC_LIST, 0, &list))
		return -1;
	for (i = 0; i < list.head.count && i < 64; i++)
		if (!ctx_info(list.ids[i], &info) &&
		    !strncmp(info.name, "race-", 5) && !ctx_kill(info.id))
			n++;
	return n;
}

TEST_F(module, race_create_destroy)
{
	struct vc_test_state s;
	pid_t pid[2];
	long before = ctx_all(), id = ctx_new(0);
	int i;

	ASSERT_LT(0, id);
	for (i = 0; i < 2; i++)
		pid[i] = again(make_and_destroy, 0);
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, mod_load(MOD_TEST, ""));
		EXPECT_EQ(0, state(id, &s));
		EXPECT_EQ(3, s.stage);
		EXPECT_LE(1, s.constructed);
		ASSERT_TRUE(WAIT_FOR(mod_unload(MOD_TEST) == 0));
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(1000 + SIGKILL, child_kill(pid[i]));
	EXPECT_GE(4, clear_races());
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(before, ctx_all());
}

/* Contexts with tasks go while the module does. */
TEST_F(module, race_unload_destroy)
{
	long ids[6];
	pid_t pid;
	int i, round;

	for (round = 0; round < ROUNDS / 2; round++) {
		struct agent agent;

		for (i = 0; i < 6; i++) {
			ids[i] = ctx_new(0);
			ASSERT_LT(0, ids[i]);
		}
		ASSERT_EQ(0, agent_start(&agent, ids[round % 6], 0));
		ASSERT_EQ(0, mod_load(MOD_TEST, ""));
		EXPECT_EQ(6, constructed());
		pid = child_fork();
		if (!pid) {
			for (i = 0; i < 6; i++)
				if (ctx_kill(ids[i]))
					_exit(1);
			_exit(0);
		}
		EXPECT_TRUE(WAIT_FOR(mod_unload(MOD_TEST) == 0));
		EXPECT_EQ(0, child_wait(pid));
		agent_end(&agent);
		ctx_made_nr = 0;
	}
}

/* Constructors that fail while contexts come and go. */
TEST_F(module, race_unwind)
{
	char params[64];
	pid_t pid;
	long id = ctx_new(0);
	int i;

	ASSERT_LT(0, id);
	pid = again(make_and_destroy, 0);
	for (i = 0; i < ROUNDS; i++) {
		snprintf(params, sizeof(params), "fail_init=%d", 1 + i % 3);
		EXPECT_EQ(-EDOM, mod_load(MOD_TEST, params));
	}
	EXPECT_EQ(-ENODEV, mod_load(MOD_TEST, "fail_late=1"));
	EXPECT_EQ(1000 + SIGKILL, child_kill(pid));
	EXPECT_GE(2, clear_races());
	EXPECT_TRUE(is_absent(id));
}

static void ask_state(long id)
{
	struct vc_test_state s;
	char buf[128];
	long ret = state(id, &s);

	if (ret && ret != -EOPNOTSUPP)
		_exit(1);
	if (!ret && (s.stage != 3 || s.magic != VC_TEST_MAGIC))
		_exit(2);
	ret = file_read(proc_path(id, "test"), buf, sizeof(buf));
	if (ret < 0 && ret != -ENOENT && ret != -ESRCH)
		_exit(3);
	proc_lists(id, "test");
}

/* Calls find the module whole or not at all. */
TEST_F(module, race_calls)
{
	long id = ctx_new(0);
	pid_t pid[2];
	int i;

	ASSERT_LT(0, id);
	for (i = 0; i < 2; i++)
		pid[i] = again(ask_state, id);
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, mod_load(i % 5 ? MOD_TEST : MOD_CLASH,
				      i % 5 ? "" : "number=203"));
		nap();
		ASSERT_TRUE(WAIT_FOR(mod_unload(i % 5 ? MOD_TEST :
						MOD_CLASH) == 0));
		if (!(i % 8)) {
			EXPECT_EQ(-ENODEV, mod_load(MOD_TEST, "fail_late=1"));
		}
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(1000 + SIGKILL, child_kill(pid[i]));
}

/* In an agent: forks, threads and programs until it is killed. */
static long a_storm(long a, long b, long c)
{
	pid_t pid = fork();

	if (pid)
		return res(pid);
	for (;;) {
		pid = fork();
		if (!pid) {
			a_thread(0, 0, 0);
			if (getpid() % 2)
				exec_true();
			_exit(0);
		}
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

/* However a module comes into forks and ends, its count is exact. */
TEST_F(module, race_fork_exit)
{
	struct vc_test_state s;
	struct agent agent;
	long id = ctx_new(0);
	pid_t mover, pid[2];
	int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	for (i = 0; i < 2; i++) {
		pid[i] = ask0(&agent, a_storm);
		ASSERT_LT(0, pid[i]);
	}
	/* and one that moves in and out */
	mover = child_fork();
	if (!mover) {
		pid_t moved = child_fork();

		if (!moved)
			for (;;)
				pause();
		for (;;)
			if (task_move(moved, id) || task_move(moved, 0))
				_exit(1);
	}
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, mod_load(MOD_TEST, ""));
		nap();
		if (i < ROUNDS - 1) {
			ASSERT_EQ(0, mod_unload(MOD_TEST));
		}
	}
	/* the last one stays, and sees them go */
	EXPECT_EQ(1000 + SIGKILL, child_kill(mover));
	for (i = 0; i < 2; i++)
		kill(pid[i], SIGKILL);
	EXPECT_TRUE(WAIT_FOR(vc(VC_COUNT, id, NULL) == 1));
	EXPECT_TRUE(WAIT_FOR(threads_of(id) == 1));
	ASSERT_EQ(0, state(id, &s));
	EXPECT_EQ(0, s.pending);
	EXPECT_EQ(1, s.threads);
	agent_end(&agent);
	EXPECT_TRUE(WAIT_FOR(threads_of(id) == 0));
}

/* ---- the sample ---- */

static long sample_limit(__u32 id, __u32 cmd, __u64 n)
{
	struct vc_limit limit = { .limit = n };

	return vc(VC_SET(VC_CAT_SAMPLE, cmd), id, &limit);
}

static long sample_usage(__u32 id, __u32 cmd)
{
	struct vc_limit limit;
	long ret = vc(VC_GET(VC_CAT_SAMPLE, cmd), id, &limit);

	return ret ? ret : (long)limit.usage;
}

MOD_FIXTURE(sample)

TEST_F(sample, execs)
{
	struct {
		struct vc_sample_recent head;
		char name[4][16];
	} recent = { .head = { .count = 4 } };
	struct vc_limit limit;
	struct agent agent, second;
	char buf[512];
	long id = ctx_make(VC_ID_SELF, 0, 4, NULL), below;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, mod_load(MOD_SAMPLE, ""));
	EXPECT_EQ(1, vc(VC_CMD(VC_CAT_SAMPLE, VC_SUB_VERSION, 0), 0, NULL));
	EXPECT_EQ(0, sample_limit(id, VC_SAMPLE_EXECS, 3));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(1, sample_usage(id, VC_SAMPLE_EXECS));
	EXPECT_LE(0, ask0(&agent, a_exec_true));
	below = ask3(&agent, a_create, 0, 0, 0);
	ASSERT_LT(0, below);
	/* below it counts above too */
	ASSERT_EQ(0, agent_start(&second, below, 0));
	EXPECT_EQ(1, sample_usage(below, VC_SAMPLE_EXECS));
	EXPECT_EQ(3, sample_usage(id, VC_SAMPLE_EXECS));
	EXPECT_EQ(EAGAIN, ask0(&agent, a_exec_true));
	EXPECT_EQ(EAGAIN, ask0(&second, a_exec_true));
	EXPECT_EQ(1, sample_usage(below, VC_SAMPLE_EXECS));
	ASSERT_EQ(0, vc(VC_GET(VC_CAT_SAMPLE, VC_SAMPLE_EXECS), id, &limit));
	EXPECT_EQ(3, limit.limit);
	EXPECT_EQ(3, limit.usage);
	EXPECT_EQ(2, limit.hits);
	EXPECT_EQ(0, sample_limit(id, VC_SAMPLE_EXECS, 4));
	EXPECT_LE(0, ask0(&agent, a_exec_true));

	EXPECT_EQ(0, vc(VC_GET(VC_CAT_SAMPLE, VC_SAMPLE_RECENT), id, &recent));
	EXPECT_EQ(3, recent.head.count);
	EXPECT_STREQ("exe", recent.name[0]);
	ASSERT_LT(0, file_read(proc_path(id, "sample"), buf, sizeof(buf)));
	EXPECT_NE(NULL, strstr(buf, "execs limit=4 usage=4 peak=4 hits=2\n"))
		TH_LOG("%s", buf);
	EXPECT_NE(NULL, strstr(buf, "recent count=3 names=exe,exe,exe\n"))
		TH_LOG("%s", buf);
	/* limits go with the module */
	ASSERT_EQ(0, mod_unload(MOD_SAMPLE));
	EXPECT_LE(0, ask0(&agent, a_exec_true));
}

TEST_F(sample, threads)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(2, ask(&agent, a_fork_many, 2));
	ASSERT_EQ(0, mod_load(MOD_SAMPLE, ""));
	EXPECT_EQ(3, sample_usage(id, VC_SAMPLE_THREADS));
	EXPECT_EQ(0, sample_limit(id, VC_SAMPLE_THREADS, 5));
	EXPECT_EQ(2, ask(&agent, a_fork_many, 4));
	EXPECT_EQ(5, sample_usage(id, VC_SAMPLE_THREADS));
	EXPECT_EQ(5, ctx_usage(id));
	ASSERT_EQ(0, ask0(&agent, a_reap));
	EXPECT_TRUE(WAIT_FOR(sample_usage(id, VC_SAMPLE_THREADS) == 1));
	EXPECT_EQ(4, ask(&agent, a_fork_many, 8));
	agent_end(&agent);
	EXPECT_TRUE(WAIT_FOR(sample_usage(id, VC_SAMPLE_THREADS) == 0));
}

TEST_HARNESS_MAIN
