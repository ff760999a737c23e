// SPDX-License-Identifier: GPL-2.0
/*
 * The process group of a context: entering, the process limit, the ceiling of
 * capabilities, stop, and signals to all.
 */
#include <linux/io_uring.h>

#include "common.h"

VC_FIXTURE(migrate)

static long enter_and_ask(long id)
{
	long ret = vc(VC_WHERE, 0, NULL);

	if (ret)
		return ret < 0 ? ret : -EBADE;
	ret = vc(VC_MIGRATE, id, NULL);
	return ret ? ret : vc(VC_WHERE, 0, NULL);
}

TEST_F(migrate, self)
{
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(id, in_child(enter_and_ask, id));
	EXPECT_EQ(0, vc(VC_WHERE, 0, NULL));
}

TEST_F(migrate, pid)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	EXPECT_EQ(0, task_where(agent.pid));
	EXPECT_EQ(0, task_move(agent.pid, id));
	EXPECT_EQ(id, task_where(agent.pid));
	EXPECT_EQ(id, ask(&agent, a_where, 0));
	/* Its children are born there. */
	EXPECT_EQ(id, task_where(ask0(&agent, a_fork)));
	EXPECT_EQ(2, ctx_usage(id));
}

TEST_F(migrate, pidfd)
{
	struct vc_task task = {};
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	task.pidfd = syscall(__NR_pidfd_open, agent.pid, 0);
	ASSERT_LE(0, task.pidfd);
	EXPECT_EQ(0, vc(VC_WHERE, 0, &task));
	EXPECT_EQ(0, vc(VC_MIGRATE, id, &task));
	EXPECT_EQ(id, vc(VC_WHERE, 0, &task));
	EXPECT_EQ(id, ask(&agent, a_where, 0));
	close(task.pidfd);
}

/* Into the one it is in: nothing to do. */
TEST_F(migrate, again)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, task_move(agent.pid, id));
	EXPECT_EQ(0, task_move(agent.pid, id));
	EXPECT_EQ(id, task_where(agent.pid));
	EXPECT_EQ(1, ctx_usage(id));
	/* And the one that is in it needs no right for that. */
	EXPECT_EQ(0, ask3(&agent, a_migrate, 0, (int)VC_ID_SELF, 0));
	EXPECT_EQ(id, ask(&agent, a_where, 0));
}

static long a_gettids(long a, long b, long c)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int nr = 0;

	if (!dir)
		return -errno;
	memset(agent_buf, 0, sizeof(agent_buf));
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && nr < 8)
			((__s32 *)agent_buf)[nr++] = atoi(entry->d_name);
	closedir(dir);
	return nr;
}

/* All threads of a process move together, whichever is named. */
TEST_F(migrate, thread_group)
{
	struct agent agent;
	__s32 tids[8];
	long id = ctx_new(0);
	int i, nr;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, ask0(&agent, a_thread));
	}
	nr = ask0(&agent, a_gettids);
	EXPECT_EQ(4, nr);
	memcpy(tids, agent_buf, sizeof(tids));
	EXPECT_EQ(0, task_move(agent.pid, id));
	EXPECT_EQ(4, ctx_usage(id));
	for (i = 0; i < nr; i++) {
		char path[64], text[32];

		snprintf(path, sizeof(path), "/proc/%d/task/%d/cgroup",
			 agent.pid, tids[i]);
		EXPECT_LT(0, file_read(path, text, sizeof(text)));
		EXPECT_EQ(0, strncmp(text, "0::/vcontext/", 13))
			TH_LOG("thread %d is in %s", i, text);
	}
}

/* Down, never up or sideways: what is there is not seen. */
TEST_F(migrate, directions)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	long d = ctx_new(0);
	struct agent in_a, in_b, host;
	long b, c;

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	b = ctx_new_below(a, 0);
	c = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_LT(0, c);
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_b, b, 0));

	/* From inside. */
	EXPECT_EQ(-ESRCH, ask3(&in_b, a_migrate, 0, a, 0));
	EXPECT_EQ(-ESRCH, ask3(&in_b, a_migrate, 0, c, 0));
	EXPECT_EQ(-ESRCH, ask3(&in_b, a_migrate, 0, d, 0));
	EXPECT_EQ(-ESRCH, ask3(&in_b, a_migrate, 0, VC_ID_HOST, 0));
	EXPECT_EQ(-ESRCH, ask3(&in_a, a_migrate, 0, d, 0));
	EXPECT_EQ(b, ask(&in_b, a_where, 0));

	/* Those whom the caller does not see. */
	EXPECT_EQ(-ESRCH, ask3(&in_a, a_migrate, host.pid, b, 0));
	EXPECT_EQ(-ESRCH, ask3(&in_b, a_migrate, in_a.pid,
			       (int)VC_ID_SELF, 0));
	EXPECT_EQ(0, ask(&host, a_where, 0));
	EXPECT_EQ(a, ask(&in_a, a_where, 0));

	/* Down, and from one below to another by who is above both. */
	EXPECT_EQ(0, task_move(host.pid, d));
	EXPECT_EQ(d, ask(&host, a_where, 0));
	EXPECT_EQ(0, ask3(&in_a, a_migrate, in_b.pid, c, 0));
	EXPECT_EQ(c, ask(&in_b, a_where, 0));
	EXPECT_EQ(0, ask3(&in_a, a_migrate, 0, b, 0));
	EXPECT_EQ(b, ask(&in_a, a_where, 0));
	EXPECT_EQ(-ESRCH, ask3(&in_a, a_migrate, 0, a, 0));
}

/* From above a task may be taken out again. */
TEST_F(migrate, back_from_above)
{
	struct agent agent;
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	long b;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&agent, b, 0));
	EXPECT_EQ(0, task_move(agent.pid, a));
	EXPECT_EQ(a, ask(&agent, a_where, 0));
	EXPECT_EQ(0, ctx_usage(b));
	EXPECT_EQ(1, ctx_usage(a));
	EXPECT_EQ(0, task_move(agent.pid, VC_ID_HOST));
	EXPECT_EQ(0, ask(&agent, a_where, 0));
	EXPECT_EQ(0, ctx_usage(a));
}

static long move_without_caps(long id)
{
	long ret = caps_lower();
	pid_t pid;

	if (ret)
		return ret;
	ret = vc(VC_MIGRATE, id, NULL);
	if (ret != -EPERM)
		return -EBADE;
	pid = child_fork();
	if (!pid)
		for (;;)
			pause();
	ret = task_move(pid, id);
	child_kill(pid);
	if (ret != -EPERM)
		return -EBADE;
	return vc(VC_WHERE, 0, NULL);
}

TEST_F(migrate, unprivileged)
{
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, in_child(move_without_caps, id));
	EXPECT_EQ(0, ctx_usage(id));
}

TEST_F(migrate, bad_task)
{
	struct vc_task task = {};
	long id = ctx_new(0);
	pid_t pid;
	int fds[2];

	ASSERT_LT(0, id);
	task.pid = -1;
	EXPECT_EQ(-EINVAL, vc(VC_MIGRATE, id, &task));
	EXPECT_EQ(-EINVAL, vc(VC_WHERE, 0, &task));
	task.pid = INT32_MIN;
	EXPECT_EQ(-EINVAL, vc(VC_MIGRATE, id, &task));
	EXPECT_EQ(-EINVAL, vc(VC_WHERE, 0, &task));
	task.pid = 0;
	task.pidfd = -1;
	EXPECT_EQ(-EINVAL, vc(VC_MIGRATE, id, &task));
	EXPECT_EQ(-EINVAL, vc(VC_WHERE, 0, &task));

	/* Not a descriptor, or not of a process. */
	task.pidfd = 9999;
	EXPECT_EQ(-EBADF, vc(VC_MIGRATE, id, &task));
	EXPECT_EQ(-EBADF, vc(VC_WHERE, 0, &task));
	task.pidfd = INT32_MAX;
	EXPECT_EQ(-EBADF, vc(VC_MIGRATE, id, &task));
	ASSERT_EQ(0, pipe(fds));
	task.pidfd = fds[0];
	EXPECT_EQ(-EBADF, vc(VC_MIGRATE, id, &task));
	EXPECT_EQ(-EBADF, vc(VC_WHERE, 0, &task));

	/* Both. */
	pid = child_fork();
	if (!pid)
		for (;;)
			pause();
	task.pidfd = syscall(__NR_pidfd_open, pid, 0);
	ASSERT_LT(0, task.pidfd);
	task.pid = pid;
	EXPECT_EQ(-EINVAL, vc(VC_MIGRATE, id, &task));
	EXPECT_EQ(-EINVAL, vc(VC_WHERE, 0, &task));

	/* Dead: first a zombie, then nobody. */
	kill(pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, pid, NULL, WEXITED | WNOWAIT));
	task.pid = 0;
	EXPECT_EQ(-ESRCH, vc(VC_MIGRATE, id, &task));
	EXPECT_EQ(-ESRCH, task_move(pid, id));
	child_wait(pid);
	EXPECT_EQ(-ESRCH, vc(VC_MIGRATE, id, &task));
	EXPECT_EQ(-ESRCH, vc(VC_WHERE, 0, &task));
	EXPECT_EQ(-ESRCH, task_move(pid, id));
	EXPECT_EQ(-ESRCH, task_where(pid));
	EXPECT_EQ(-ESRCH, task_move(INT32_MAX, id));
	EXPECT_EQ(-ESRCH, task_where(INT32_MAX));
	EXPECT_EQ(0, ctx_usage(id));
}

/* Kernel threads are nobody's to move. */
TEST_F(migrate, kernel_thread)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	if (kill(2, 0))
		SKIP(return, "kthreadd is not to be seen from here");
	EXPECT_GT(0, task_move(2, id));
	EXPECT_EQ(0, ctx_usage(id));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(-ESRCH, ask(&agent, a_where, 2));
}

TEST_F(migrate, where_of_others)
{
	struct agent a, d, host;
	long id_a = ctx_new(0);
	long id_d = ctx_new(0);

	ASSERT_LT(0, id_a);
	ASSERT_LT(0, id_d);
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&a, id_a, 0));
	ASSERT_EQ(0, agent_start(&d, id_d, 0));
	EXPECT_EQ(id_a, task_where(a.pid));
	EXPECT_EQ(id_d, ask(&host, a_where, d.pid));
	EXPECT_EQ(id_a, ask(&a, a_where, a.pid));
	EXPECT_EQ(-ESRCH, ask(&a, a_where, d.pid));
	EXPECT_EQ(-ESRCH, ask(&a, a_where, host.pid));
	EXPECT_EQ(-ESRCH, ask(&a, a_where, 1));
}

VC_FIXTURE(limit)

TEST_F(limit, initial)
{
	struct vc_limit limit;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	memset(&limit, 0xa5, sizeof(limit));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &limit));
	EXPECT_EQ(VC_UNLIMITED, limit.limit);
	EXPECT_EQ(0ULL, limit.usage);
	EXPECT_EQ(0ULL, limit.peak);
	EXPECT_EQ(0ULL, limit.hits);
}

TEST_F(limit, values)
{
	static const __u64 values[] = {
		0, 1, 0x7fffffff, 0x80000000ULL, 0xffffffffULL,
		0x100000000ULL, 0x7fffffffffffffffULL, 0x8000000000000000ULL,
		VC_UNLIMITED - 1, VC_UNLIMITED,
	};
	struct vc_limit limit;
	long id = ctx_new(0);
	unsigned int i;

	ASSERT_LT(0, id);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		/* The rest is ignored. */
		memset(&limit, 0xa5, sizeof(limit));
		limit.limit = values[i];
		EXPECT_EQ(0, vc(VC_SET_LIMIT, id, &limit));
		EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &limit));
		EXPECT_EQ(values[i], limit.limit);
		EXPECT_EQ(0ULL, limit.usage);
		EXPECT_EQ(0ULL, limit.peak);
		EXPECT_EQ(0ULL, limit.hits);
	}
}

/* Exactly as many as it says: processes, threads, and both. */
TEST_F(limit, exact)
{
	struct vc_limit limit;
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ctx_limit(id, 6));
	EXPECT_EQ(5, ask(&agent, a_fork_many, 20));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &limit));
	EXPECT_EQ(6ULL, limit.limit);
	EXPECT_EQ(6ULL, limit.usage);
	EXPECT_EQ(6ULL, limit.peak);
	EXPECT_EQ(1ULL, limit.hits);
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_thread));
	EXPECT_EQ(3, ctx_hits(id));

	EXPECT_EQ(0, ask0(&agent, a_reap));
	EXPECT_EQ(1, ctx_usage(id));
	EXPECT_EQ(0, ask0(&agent, a_thread));
	EXPECT_EQ(0, ask0(&agent, a_thread));
	EXPECT_EQ(3, ask(&agent, a_fork_many, 20));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_thread));
	EXPECT_EQ(6, ctx_usage(id));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &limit));
	EXPECT_EQ(6ULL, limit.peak);

	/* get-change-set */
	limit.limit = 7;
	EXPECT_EQ(0, vc(VC_SET_LIMIT, id, &limit));
	EXPECT_EQ(0, ask0(&agent, a_thread));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_thread));
	EXPECT_EQ(0, ctx_limit(id, VC_UNLIMITED));
	EXPECT_EQ(10, ask(&agent, a_fork_many, 10));
}

/* Whoever calls whichever of the calls. */
TEST_F(limit, control)
{
	struct agent agent;

	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	EXPECT_EQ(20, ask(&agent, a_fork_many, 20));
	EXPECT_EQ(0, ask0(&agent, a_thread));
	EXPECT_EQ(0, ask0(&agent, a_reap));
}

static long a_vfork(long a, long b, long c)
{
	long pid = vfork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

static long a_clone3(long a, long b, long c)
{
	struct {
		__aligned_u64 flags, pidfd, child_tid, parent_tid;
		__aligned_u64 exit_signal, stack, stack_size, tls;
	} args = { .exit_signal = SIGCHLD };
	long pid = syscall(__NR_clone3, &args, sizeof(args));

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

static int clone_fn(void *arg)
{
	return 0;
}

static long a_clone(long flags, long b, long c)
{
	static char stack[16384] __aligned(16);
	long pid = clone(clone_fn, stack + sizeof(stack), flags | SIGCHLD,
			 NULL);

	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

TEST_F(limit, every_way)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ctx_limit(id, 2));
	EXPECT_EQ(0, ask0(&agent, a_vfork));
	EXPECT_EQ(0, ask0(&agent, a_clone3));
	EXPECT_EQ(0, ask(&agent, a_clone, 0));
	EXPECT_EQ(0, ask(&agent, a_clone, CLONE_VM));
	EXPECT_EQ(0, ask(&agent, a_clone, CLONE_NEWUSER));
	EXPECT_EQ(0, ctx_limit(id, 1));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_vfork));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_clone3));
	EXPECT_EQ(-EAGAIN, ask(&agent, a_clone, 0));
	EXPECT_EQ(-EAGAIN, ask(&agent, a_clone, CLONE_VM));
	EXPECT_EQ(-EAGAIN, ask(&agent, a_clone, CLONE_NEWUSER));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_thread));
	EXPECT_EQ(6, ctx_hits(id));
	EXPECT_EQ(1, ctx_usage(id));
}

/* Below the usage: nobody dies for it. */
TEST_F(limit, lowered)
{
	struct vc_limit limit;
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(5, ask(&agent, a_fork_many, 5));
	EXPECT_EQ(0, ctx_limit(id, 2));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &limit));
	EXPECT_EQ(2ULL, limit.limit);
	EXPECT_EQ(6ULL, limit.usage);
	EXPECT_EQ(6ULL, limit.peak);
	EXPECT_EQ(6, vc(VC_COUNT, id, NULL));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_EQ(0, ctx_limit(id, 0));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_EQ(0, ask0(&agent, a_reap));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_EQ(0, ctx_limit(id, 2));
	EXPECT_LT(0, ask0(&agent, a_fork));
}

TEST_F(limit, migration)
{
	struct vc_limit limit;
	struct agent agent, threaded;
	long id = ctx_new(0);
	int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&threaded, VC_ID_HOST, 0));
	EXPECT_EQ(0, ctx_limit(id, 0));
	EXPECT_EQ(-EAGAIN, task_move(agent.pid, id));
	EXPECT_EQ(-EAGAIN, ask3(&agent, a_migrate, 0, id, 0));
	EXPECT_EQ(0, ask(&agent, a_where, 0));
	EXPECT_EQ(2, ctx_hits(id));

	/* All threads of it, or none. */
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, ask0(&threaded, a_thread));
	}
	EXPECT_EQ(0, ctx_limit(id, 3));
	EXPECT_EQ(-EAGAIN, task_move(threaded.pid, id));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &limit));
	EXPECT_EQ(0ULL, limit.usage);
	EXPECT_EQ(0, task_where(threaded.pid));
	EXPECT_EQ(0, ctx_limit(id, 4));
	EXPECT_EQ(0, task_move(threaded.pid, id));
	EXPECT_EQ(4, ctx_usage(id));
	EXPECT_EQ(-EAGAIN, task_move(agent.pid, id));
	agent_end(&threaded);
	EXPECT_EQ(0, task_move(agent.pid, id));
	EXPECT_EQ(1, ctx_usage(id));
}

/* Charged to all above, refused and counted where there was no room. */
TEST_F(limit, hierarchy)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	struct agent in_a, in_b;
	struct vc_limit limit;
	long b;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_b, b, 0));
	EXPECT_EQ(2, ctx_usage(a));
	EXPECT_EQ(1, ctx_usage(b));
	EXPECT_EQ(0, ctx_limit(a, 5));
	EXPECT_EQ(3, ask(&in_b, a_fork_many, 20));
	EXPECT_EQ(5, ctx_usage(a));
	EXPECT_EQ(4, ctx_usage(b));
	EXPECT_EQ(1, ctx_hits(a));
	EXPECT_EQ(0, ctx_hits(b));
	EXPECT_EQ(-EAGAIN, ask0(&in_a, a_fork));
	EXPECT_EQ(2, ctx_hits(a));
	EXPECT_EQ(-EAGAIN, ask0(&in_b, a_thread));
	EXPECT_EQ(3, ctx_hits(a));
	EXPECT_EQ(0, ctx_hits(b));

	/* One that the child refuses leaves nothing with the parent. */
	EXPECT_EQ(0, ctx_limit(a, 100));
	EXPECT_EQ(0, ctx_limit(b, 4));
	EXPECT_EQ(-EAGAIN, ask0(&in_b, a_fork));
	EXPECT_EQ(5, ctx_usage(a));
	EXPECT_EQ(3, ctx_hits(a));
	EXPECT_EQ(1, ctx_hits(b));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, a, &limit));
	EXPECT_EQ(5ULL, limit.peak);

	/* From parent to child nothing is charged twice. */
	EXPECT_EQ(0, ctx_limit(a, 5));
	EXPECT_EQ(0, ctx_limit(b, 5));
	EXPECT_EQ(0, task_move(in_a.pid, b));
	EXPECT_EQ(5, ctx_usage(a));
	EXPECT_EQ(5, ctx_usage(b));
	EXPECT_EQ(0, ask0(&in_b, a_reap));
	EXPECT_EQ(2, ctx_usage(a));
	EXPECT_EQ(2, ctx_usage(b));
}

/* Dead, but in its place until somebody has waited for it. */
TEST_F(limit, zombie)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ctx_limit(id, 2));
	EXPECT_LT(0, ask0(&agent, a_fork_zombie));
	EXPECT_EQ(2, ctx_usage(id));
	EXPECT_EQ(1, vc(VC_COUNT, id, NULL));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_EQ(0, ask0(&agent, a_reap));
	EXPECT_EQ(1, ctx_usage(id));
	EXPECT_LT(0, ask0(&agent, a_fork));
}

/* Of its leader too, whose threads live. */
static void *leader_gone(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static long leaderless(long id)
{
	pthread_t thread;

	if (vc(VC_MIGRATE, id, NULL))
		return -EIO;
	if (pthread_create(&thread, NULL, leader_gone, NULL))
		return -EIO;
	syscall(SYS_exit, 0);
	return 0;
}

TEST_F(limit, dead_leader)
{
	struct vc_info info;
	long id = ctx_new(0);
	pid_t pid;

	ASSERT_LT(0, id);
	pid = child_fork();
	if (!pid) {
		leaderless(id);
		_exit(1);
	}
	EXPECT_TRUE(WAIT_FOR(!ctx_info(id, &info) && ctx_usage(id) == 2));
	EXPECT_EQ(-EBUSY, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(1, ctx_signal(id, SIGKILL));
	EXPECT_EQ(1000 + SIGKILL, child_wait(pid));
	EXPECT_EQ(0, ctx_usage(id));
}

VC_FIXTURE(stop)

TEST_F(stop, refuses_fork)
{
	struct vc_info info;
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, vc(VC_GET_STOP, id, NULL));
	EXPECT_EQ(0, ctx_stop(id, 1));
	EXPECT_LT(0, vc(VC_GET_STOP, id, NULL));
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ(VC_STATE_STOPPED, info.state);
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_thread));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_vfork));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_clone3));
	EXPECT_EQ(-EAGAIN, ask(&agent, a_clone, CLONE_VM));
	EXPECT_EQ(1, ctx_usage(id));
	/* It is no limit that refuses here. */
	EXPECT_EQ(0, ctx_hits(id));
	/* What is there runs on. */
	EXPECT_EQ(id, ask(&agent, a_where, 0));

	EXPECT_EQ(0, ctx_stop(id, 0));
	EXPECT_EQ(0, vc(VC_GET_STOP, id, NULL));
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ(0U, info.state);
	EXPECT_LT(0, ask0(&agent, a_fork));
	EXPECT_EQ(0, ask0(&agent, a_thread));
	EXPECT_EQ(3, ctx_usage(id));
}

TEST_F(stop, twice)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	/* A state, not a count; and any number but 0. */
	EXPECT_EQ(0, ctx_stop(id, 1));
	EXPECT_EQ(0, ctx_stop(id, 0x80000000U));
	EXPECT_LT(0, vc(VC_GET_STOP, id, NULL));
	EXPECT_EQ(0, ctx_stop(id, 0));
	EXPECT_LT(0, ask0(&agent, a_fork));
	EXPECT_EQ(0, ctx_stop(id, 0));
	EXPECT_LT(0, ask0(&agent, a_fork));
}

TEST_F(stop, nested)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	long d = ctx_new(0);
	struct agent in_a, in_b, in_d;
	long b;

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_b, b, 0));
	ASSERT_EQ(0, agent_start(&in_d, d, 0));

	/* Above binds below. */
	EXPECT_EQ(0, ctx_stop(a, 1));
	EXPECT_EQ(-EAGAIN, ask0(&in_a, a_fork));
	EXPECT_EQ(-EAGAIN, ask0(&in_b, a_fork));
	EXPECT_LT(0, ask0(&in_d, a_fork));

	/* Clearing it below does not help there. */
	EXPECT_EQ(0, ctx_stop(b, 0));
	EXPECT_EQ(-EAGAIN, ask0(&in_b, a_fork));

	/* And below is not above. */
	EXPECT_EQ(0, ctx_stop(b, 1));
	EXPECT_EQ(0, ctx_stop(a, 0));
	EXPECT_LT(0, ask0(&in_a, a_fork));
	EXPECT_EQ(-EAGAIN, ask0(&in_b, a_fork));
	EXPECT_EQ(0, ctx_stop(b, 0));
	EXPECT_LT(0, ask0(&in_b, a_fork));
}

VC_FIXTURE(signal)

#define COUNTED		(SIGRTMIN + 3)

static int *signals_got;

static void count_signal(int sig)
{
	__atomic_fetch_add(signals_got, 1, __ATOMIC_SEQ_CST);
}

/* Children inherit handler and counter. */
static long a_count_signals(long a, long b, long c)
{
	struct sigaction action = { .sa_handler = count_signal };

	signals_got = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (signals_got == MAP_FAILED)
		return -errno;
	return res(sigaction(COUNTED, &action, NULL));
}

static long a_signals_got(long a, long b, long c)
{
	return __atomic_load_n(signals_got, __ATOMIC_SEQ_CST);
}

TEST_F(signal, each_once)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	long d = ctx_new(0);
	struct agent in_a, in_b, in_d;
	long b;
	int i;

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_b, b, 0));
	ASSERT_EQ(0, agent_start(&in_d, d, 0));
	EXPECT_EQ(0, ask0(&in_a, a_count_signals));
	EXPECT_EQ(0, ask0(&in_b, a_count_signals));
	EXPECT_EQ(0, ask0(&in_d, a_count_signals));
	EXPECT_EQ(4, ask(&in_a, a_fork_many, 4));
	EXPECT_EQ(2, ask(&in_b, a_fork_many, 2));
	/* A process, however many threads it has. */
	EXPECT_EQ(0, ask0(&in_b, a_thread));
	EXPECT_EQ(0, ask0(&in_b, a_thread));

	EXPECT_EQ(8, vc(VC_COUNT, a, NULL));
	EXPECT_EQ(3, vc(VC_COUNT, b, NULL));
	for (i = 1; i <= 3; i++) {
		EXPECT_EQ(8, ctx_signal(a, COUNTED));
		EXPECT_TRUE(WAIT_FOR(ask0(&in_a, a_signals_got) == 5 * i));
		EXPECT_TRUE(WAIT_FOR(ask0(&in_b, a_signals_got) == 3 * i));
	}
	EXPECT_EQ(3, ctx_signal(b, COUNTED));
	EXPECT_TRUE(WAIT_FOR(ask0(&in_b, a_signals_got) == 12));
	EXPECT_EQ(15, ask0(&in_a, a_signals_got));
	EXPECT_EQ(0, ask0(&in_d, a_signals_got));
	EXPECT_EQ(1, ctx_signal(d, COUNTED));
}

TEST_F(signal, empty)
{
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, ctx_signal(id, SIGTERM));
	EXPECT_EQ(0, vc(VC_COUNT, id, NULL));
}

TEST_F(signal, bounds)
{
	static const __u32 bad[] = {
		65, 66, 127, 255, 256, 0x10009, 0x7fffffff, 0x80000000U, ~0U,
	};
	struct agent agent;
	long id = ctx_new(0);
	unsigned int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, ctx_signal(id, bad[i]))
			TH_LOG("signal %u", bad[i]);
	}
	EXPECT_EQ(id, ask(&agent, a_where, 0));
	EXPECT_EQ(1, ctx_signal(id, SIGURG));
	/* The last that there is. */
	EXPECT_EQ(1, ctx_signal(id, 64));
	EXPECT_EQ(1000 + 64, child_wait(agent.pid));
	agent_forget(&agent);
}

/* A zombie is no process, and gets none. */
TEST_F(signal, zombie)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_LT(0, ask0(&agent, a_fork_zombie));
	EXPECT_EQ(1, vc(VC_COUNT, id, NULL));
	EXPECT_EQ(1, ctx_signal(id, SIGURG));
}

/* To a stopped context too, and to stopped processes. */
TEST_F(signal, stopped)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(2, ask(&agent, a_fork_many, 2));
	EXPECT_EQ(0, ctx_stop(id, 1));
	EXPECT_EQ(3, ctx_signal(id, SIGSTOP));
	EXPECT_EQ(3, ctx_signal(id, SIGCONT));
	EXPECT_EQ(id, ask(&agent, a_where, 0));
	EXPECT_EQ(3, ctx_signal(id, SIGSTOP));
	EXPECT_EQ(3, ctx_signal(id, SIGKILL));
	EXPECT_EQ(1000 + SIGKILL, child_wait(agent.pid));
	agent_forget(&agent);
	EXPECT_TRUE(WAIT_FOR(vc(VC_COUNT, id, NULL) == 0));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
}

/* The init of a PID namespace is not spared. */
TEST_F(signal, pidns)
{
	struct agent agent;
	long id = ctx_new(VC_CREATE_PIDNS);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, AGENT_FORK));
	EXPECT_EQ(2, ask(&agent, a_fork_many, 2));
	EXPECT_LE(3, ctx_signal(id, SIGKILL));
	EXPECT_TRUE(WAIT_FOR(vc(VC_COUNT, id, NULL) == 0));
}

VC_FIXTURE(caps)

#define CAP(n)		(1ULL << (n))
#define CAPS_DEFAULT	(CAP(CAP_CHOWN) | CAP(CAP_DAC_OVERRIDE) | \
			 CAP(CAP_FOWNER) | CAP(CAP_FSETID) | CAP(CAP_KILL) | \
			 CAP(CAP_SETGID) | CAP(CAP_SETUID) | \
			 CAP(CAP_SETPCAP) | CAP(CAP_NET_BIND_SERVICE) | \
			 CAP(CAP_NET_RAW) | CAP(CAP_SYS_CHROOT) | \
			 CAP(CAP_MKNOD) | CAP(CAP_AUDIT_WRITE) | \
			 CAP(CAP_SETFCAP))

static __u64 caps_all(void)
{
	return (2ULL << file_number("/proc/sys/kernel/cap_last_cap", NULL)) -
	       1;
}

static __u64 get_caps(__u32 id)
{
	struct vc_caps caps = { .caps = ~0ULL };

	if (vc(VC_GET_CAPS, id, &caps))
		return 0xbadULL << 48;
	return caps.caps;
}

/* What each needs: SYS_ADMIN, SYS_NICE, CHOWN, SYS_CHROOT. */
static long a_sethostname(long a, long b, long c)
{
	struct utsname uts;

	if (uname(&uts))
		return -errno;
	return res(sethostname(uts.nodename, strlen(uts.nodename)));
}

static long a_nice(long a, long b, long c)
{
	int old = getpriority(PRIO_PROCESS, 0);
	long ret = res(setpriority(PRIO_PROCESS, 0, -5));

	setpriority(PRIO_PROCESS, 0, old);
	return ret;
}

static long a_chown(long a, long b, long c)
{
	int fd = memfd_create("chown", MFD_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(fchown(fd, 1234, -1));
	close(fd);
	return ret;
}

static long a_chroot(long a, long b, long c)
{
	return res(chroot("/"));
}

TEST_F(caps, control)
{
	struct agent agent;

	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	EXPECT_EQ(0, ask0(&agent, a_sethostname));
	EXPECT_EQ(0, ask0(&agent, a_nice));
	EXPECT_EQ(0, ask0(&agent, a_chown));
	EXPECT_EQ(0, ask0(&agent, a_chroot));
}

TEST_F(caps, initial)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(CAPS_DEFAULT, get_caps(id));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(-EPERM, ask0(&agent, a_sethostname));
	EXPECT_NE(0, ask0(&agent, a_nice));
	EXPECT_EQ(0, ask0(&agent, a_chown));
	EXPECT_EQ(0, ask0(&agent, a_chroot));
}

/* It binds at once, and those that are already in. */
TEST_F(caps, narrowed_and_widened)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask0(&agent, a_chown));
	EXPECT_EQ(0, ctx_set_caps(id, CAPS_DEFAULT & ~CAP(CAP_CHOWN)));
	EXPECT_EQ(CAPS_DEFAULT & ~CAP(CAP_CHOWN), get_caps(id));
	EXPECT_EQ(-EPERM, ask0(&agent, a_chown));
	EXPECT_EQ(0, ask0(&agent, a_chroot));
	EXPECT_EQ(0, ctx_set_caps(id, 0));
	EXPECT_EQ(0ULL, get_caps(id));
	EXPECT_EQ(-EPERM, ask0(&agent, a_chroot));
	EXPECT_EQ(0, ctx_set_caps(id, CAP(CAP_SYS_NICE) | CAP(CAP_CHOWN)));
	EXPECT_EQ(0, ask0(&agent, a_nice));
	EXPECT_EQ(0, ask0(&agent, a_chown));
	EXPECT_EQ(-EPERM, ask0(&agent, a_chroot));
	EXPECT_EQ(0, ctx_set_caps(id, CAP(CAP_SYS_ADMIN)));
	EXPECT_EQ(0, ask0(&agent, a_sethostname));
}

/* Each alone, as it was set. */
TEST_F(caps, each)
{
	long id = ctx_new(0);
	unsigned int bit;

	ASSERT_LT(0, id);
	for (bit = 0; caps_all() >> bit; bit++) {
		EXPECT_EQ(0, ctx_set_caps(id, CAP(bit)));
		EXPECT_EQ(CAP(bit), get_caps(id));
	}
}

TEST_F(caps, beyond_the_last)
{
	__u64 all = caps_all();
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, ctx_set_caps(id, ~0ULL));
	EXPECT_EQ(all, get_caps(id));
	EXPECT_EQ(0, ctx_set_caps(id, ~all | CAP(CAP_CHOWN)));
	EXPECT_EQ(CAP(CAP_CHOWN), get_caps(id));
	EXPECT_EQ(0, ctx_set_caps(id, ~all));
	EXPECT_EQ(0ULL, get_caps(id));
}

TEST_F(caps, hierarchy)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	struct agent in_a, in_b;
	struct vc_caps caps;
	long b;

	ASSERT_LT(0, a);
	EXPECT_EQ(0, ctx_set_caps(a, CAP(CAP_CHOWN) | CAP(CAP_SYS_NICE)));
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	/* The default, within what the parent has. */
	EXPECT_EQ(CAP(CAP_CHOWN), get_caps(b));
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_b, b, 0));

	/* Not wider, whoever asks. */
	EXPECT_EQ(-EPERM, ctx_set_caps(b, CAP(CAP_SYS_ADMIN)));
	EXPECT_EQ(-EPERM, ctx_set_caps(b, CAP(CAP_CHOWN) | CAP(CAP_KILL)));
	EXPECT_EQ(CAP(CAP_CHOWN), get_caps(b));
	caps.caps = CAP(CAP_KILL);
	memcpy(agent_buf, &caps, sizeof(caps));
	EXPECT_EQ(-EPERM, ask3(&in_a, a_vc, VC_SET_CAPS, b, 1));
	caps.caps = CAP(CAP_CHOWN) | CAP(CAP_SYS_NICE);
	memcpy(agent_buf, &caps, sizeof(caps));
	EXPECT_EQ(0, ask3(&in_a, a_vc, VC_SET_CAPS, b, 1));
	EXPECT_EQ(0, ask0(&in_b, a_nice));
	EXPECT_EQ(0, ask0(&in_b, a_chown));

	/* Narrowed above, it is narrower below. */
	EXPECT_EQ(0, ctx_set_caps(a, CAP(CAP_CHOWN)));
	EXPECT_NE(0, ask0(&in_b, a_nice));
	EXPECT_EQ(0, ask0(&in_b, a_chown));
}

static long caps_in_userns(void)
{
	long ret;

	if (unshare(CLONE_NEWUSER))
		return -errno;
	ret = res(unshare(CLONE_NEWUTS));
	return ret ? ret : res(sethostname("x", 1));
}

static long userns_child(long arg)
{
	return caps_in_userns();
}

static long a_userns(long a, long b, long c)
{
	return in_child(userns_child, 0);
}

/* In a user namespace of its own a task has all, and the ceiling holds. */
TEST_F(caps, userns)
{
	struct agent host, agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask0(&host, a_userns));
	EXPECT_EQ(-EPERM, ask0(&agent, a_userns));
	EXPECT_EQ(0, ctx_set_caps(id, ~0ULL));
	EXPECT_EQ(0, ask0(&agent, a_userns));
}

/* The clock, the kernel's log: what a container must not touch. */
static long a_settime(long a, long b, long c)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return res(clock_settime(CLOCK_REALTIME, &ts));
}

static long a_mount(long a, long b, long c)
{
	return res(mount("none", "/proc", "proc", MS_RDONLY, NULL)) ?:
	       res(umount2("/proc", MNT_DETACH));
}

static long a_reboot(long a, long b, long c)
{
	/* An unknown command, where the capability is there. */
	return res(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x12345, NULL));
}

static long a_setns(long a, long b, long c)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(setns(fd, CLONE_NEWUTS));
	close(fd);
	return ret;
}

TEST_F(caps, denied_by_default)
{
	struct agent host, agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask0(&host, a_settime));
	EXPECT_EQ(-EINVAL, ask0(&host, a_reboot));
	EXPECT_EQ(0, ask0(&host, a_setns));
	EXPECT_EQ(-EPERM, ask0(&agent, a_settime));
	EXPECT_EQ(-EPERM, ask0(&agent, a_reboot));
	EXPECT_EQ(-EPERM, ask0(&agent, a_setns));
	EXPECT_EQ(-EPERM, ask0(&agent, a_mount));
}

/* The right to change a context is not the ceiling's, but the caller's. */
TEST_F(caps, not_consulted)
{
	long a = ctx_make(VC_ID_SELF, 0, 4, NULL);
	struct agent agent;
	long b;

	ASSERT_LT(0, a);
	EXPECT_EQ(0, ctx_set_caps(a, 0));
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	b = ask3(&agent, a_create, 0, 0, 0);
	EXPECT_LT(0, b);
	EXPECT_EQ(0, ask3(&agent, a_destroy, b, 0, 0));
}

static long a_create_in_userns_child(long arg)
{
	if (unshare(CLONE_NEWUSER))
		return -errno;
	return vc(VC_CREATE, VC_ID_SELF, NULL);
}

static long a_create_in_userns(long a, long b, long c)
{
	return in_child(a_create_in_userns_child, 0);
}

/* A user namespace made inside gives nothing. */
TEST_F(caps, userns_right)
{
	long a = ctx_make(VC_ID_SELF, 0, 4, NULL);
	struct agent agent;

	ASSERT_LT(0, a);
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	EXPECT_EQ(-EPERM, ask0(&agent, a_create_in_userns));
}

/* ---- whose credentials the ceiling binds ---- */

/* A file that takes CAP_DAC_OVERRIDE to be read. */
#define SECRET		"/tmp/vcontext-secret"

static long secret_make(void)
{
	int fd = open(SECRET, O_CREAT | O_WRONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return res(chmod(SECRET, 0));
}

/* Without effective ones, access() acts by a copy that has the permitted. */
static long a_access_secret(long a, long b, long c)
{
	long ret = caps_lower();

	if (ret)
		return ret;
	ret = res(access(SECRET, R_OK));
	return caps_raise() ?: ret;
}

TEST_F(caps, access)
{
	struct agent host, agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, secret_make());
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask0(&host, a_access_secret));
	EXPECT_EQ(0, ask0(&agent, a_access_secret));
	EXPECT_EQ(0, ctx_set_caps(id, CAPS_DEFAULT & ~CAP(CAP_DAC_OVERRIDE)));
	EXPECT_EQ(-EACCES, ask0(&agent, a_access_secret));
	EXPECT_EQ(0, ask0(&host, a_access_secret));
	unlink(SECRET);
}

static struct {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_cqe *cqes;
	struct io_uring_sqe *sqes;
} ring;

static long a_ring(long a, long b, long c)
{
	struct io_uring_params p = {};
	char *map;

	ring.fd = syscall(__NR_io_uring_setup, 4, &p);
	if (ring.fd < 0)
		return -errno;
	/* Both rings; no smaller than what is needed of them. */
	map = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*ring.cqes) +
			 p.sq_off.array + p.sq_entries * sizeof(__u32),
		   PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		   IORING_OFF_SQ_RING);
	ring.sqes = mmap(NULL, p.sq_entries * sizeof(*ring.sqes),
			 PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
			 IORING_OFF_SQES);
	if (map == MAP_FAILED || ring.sqes == MAP_FAILED)
		return -errno;
	ring.sq_tail = (void *)(map + p.sq_off.tail);
	ring.sq_mask = (void *)(map + p.sq_off.ring_mask);
	ring.sq_array = (void *)(map + p.sq_off.array);
	ring.cq_head = (void *)(map + p.cq_off.head);
	ring.cq_tail = (void *)(map + p.cq_off.tail);
	ring.cq_mask = (void *)(map + p.cq_off.ring_mask);
	ring.cqes = (void *)(map + p.cq_off.cqes);
	return 0;
}

/* The number of a personality: the credentials that the caller has now. */
static long a_personality(long a, long b, long c)
{
	return res(syscall(__NR_io_uring_register, ring.fd,
			   IORING_REGISTER_PERSONALITY, NULL, 0));
}

/* The same credentials, in a new object. */
static long a_renew(long a, long b, long c)
{
	__u64 effective, permitted;
	long ret = caps_get(&effective, &permitted);

	return ret ? ret : caps_set(effective, permitted);
}

/* Opens the file by a personality: 0 or -errno. */
static long a_ring_open(long personality, long b, long c)
{
	unsigned int tail = *ring.sq_tail, head = *ring.cq_head;
	unsigned int at = tail & *ring.sq_mask;
	struct io_uring_sqe *sqe = &ring.sqes[at];
	long ret;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_OPENAT;
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)SECRET;
	sqe->open_flags = O_RDONLY | O_CLOEXEC;
	sqe->personality = personality;
	ring.sq_array[at] = at;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
	ret = res(syscall(__NR_io_uring_enter, ring.fd, 1, 1,
			  IORING_ENTER_GETEVENTS, NULL, 0));
	if (ret < 0)
		return ret;
	if (__atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE) == head)
		return -ENODATA;
	ret = ring.cqes[head & *ring.cq_mask].res;
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	if (ret < 0)
		return ret;
	close(ret);
	return 0;
}

/* What was registered outside is not used, what may be used is bound. */
TEST_F(caps, personality)
{
	long outside, entered, inside;
	struct agent agent;
	long id = ctx_new(0);
	long ret;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, secret_make());
	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	ret = ask0(&agent, a_ring);
	if (ret == -ENOSYS || ret == -EPERM)
		SKIP(return, "no io_uring");
	ASSERT_EQ(0, ret);
	outside = ask0(&agent, a_personality);
	ASSERT_LT(0, outside);
	EXPECT_EQ(0, ask(&agent, a_ring_open, outside));
	EXPECT_EQ(0, ask0(&agent, a_renew));
	entered = ask0(&agent, a_personality);
	ASSERT_LT(0, entered);

	EXPECT_EQ(0, ctx_set_caps(id, 0));
	EXPECT_EQ(0, ask3(&agent, a_migrate, 0, id, 0));
	EXPECT_EQ(0, ask0(&agent, a_renew));
	inside = ask0(&agent, a_personality);
	ASSERT_LT(0, inside);
	EXPECT_EQ(0, ask0(&agent, a_renew));

	EXPECT_EQ(-EPERM, ask(&agent, a_ring_open, outside));
	EXPECT_EQ(-EACCES, ask(&agent, a_ring_open, entered));
	EXPECT_EQ(-EACCES, ask(&agent, a_ring_open, inside));
	EXPECT_EQ(-EACCES, ask(&agent, a_ring_open, 0));
	/* Control: as far as the ceiling goes. */
	EXPECT_EQ(0, ctx_set_caps(id, CAPS_DEFAULT));
	EXPECT_EQ(-EPERM, ask(&agent, a_ring_open, outside));
	EXPECT_EQ(0, ask(&agent, a_ring_open, entered));
	EXPECT_EQ(0, ask(&agent, a_ring_open, inside));
	EXPECT_EQ(0, ask(&agent, a_ring_open, 0));
	unlink(SECRET);
}

#define LAYERS		"/tmp/vcontext-layers"
#define LAYERS_OPTIONS	"lowerdir=" LAYERS "/lower,upperdir=" LAYERS "/upper," \
			"workdir=" LAYERS "/work"

static long a_write_layered(long a, long b, long c)
{
	return file_write(LAYERS "/merged/file", "written");
}

/* What the kernel does for itself, as a file goes up a layer, is not bound. */
TEST_F(caps, overlay)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	mkdir(LAYERS, 0755);
	ASSERT_EQ(0, res(mount("tmpfs", LAYERS, "tmpfs", 0, NULL)));
	mkdir(LAYERS "/lower", 0755);
	mkdir(LAYERS "/upper", 0755);
	mkdir(LAYERS "/work", 0755);
	mkdir(LAYERS "/merged", 0755);
	close(open(LAYERS "/lower/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	if (mount("overlay", LAYERS "/merged", "overlay", 0, LAYERS_OPTIONS)) {
		umount2(LAYERS, MNT_DETACH);
		SKIP(return, "no overlayfs");
	}
	EXPECT_EQ(0, ctx_set_caps(id, 0));
	EXPECT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask0(&agent, a_write_layered));
	EXPECT_EQ(0, access(LAYERS "/upper/file", F_OK));
	agent_end(&agent);
	umount2(LAYERS "/merged", MNT_DETACH);
	umount2(LAYERS, MNT_DETACH);
	rmdir(LAYERS);
}

TEST_HARNESS_MAIN
