// SPDX-License-Identifier: GPL-2.0
/*
 * Scheduling policy and CPU set: what SET gives to threads, on which ways they
 * come by it, and that there is no way to more.
 *
 * Contexts here have a ceiling with all capabilities, so that it is the policy
 * that refuses.  The same is tried on the host first.
 */
#include "common.h"

#ifndef SCHED_NORMAL
#define SCHED_NORMAL		0
#endif
#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE		6
#endif

#define KEEP_POLICY		0x08
#define KEEP_PARAMS		0x10

/* struct sched_attr, which some C libraries have and some do not. */
struct attr {
	__u32 size;
	__u32 policy;
	__u64 flags;
	__s32 nice;
	__u32 rt_priority;
	__u64 runtime;
	__u64 deadline;
	__u64 period;
};

/* A policy as one number, which agents can answer with and tests compare. */
#define P(policy, rt_priority, nice) \
	((long)(policy) << 16 | (long)(rt_priority) << 8 | ((nice) + 20))
#define P_POLICY(p)		((int)((p) >> 16))
#define P_PRIO(p)		((int)((p) >> 8 & 0xff))
#define P_NICE(p)		((int)((p) & 0xff) - 20)

static bool is_rt(long p)
{
	return P_POLICY(p) == SCHED_FIFO || P_POLICY(p) == SCHED_RR;
}

/* What a thread has; 0 is the caller. */
static long has(pid_t tid)
{
	struct attr attr = {};

	if (syscall(SYS_sched_getattr, tid, &attr, sizeof(attr), 0))
		return -errno;
	return P(attr.policy & ~SCHED_RESET_ON_FORK, attr.rt_priority,
		 attr.nice);
}

static long choose_flags(pid_t tid, long p, __u64 flags)
{
	struct attr attr = {
		.size = sizeof(attr),
		.policy = P_POLICY(p),
		.flags = flags,
		.nice = is_rt(p) ? 0 : P_NICE(p),
		.rt_priority = P_PRIO(p),
	};

	if (attr.policy == SCHED_DEADLINE) {
		attr.runtime = 1000000;
		attr.deadline = 100000000;
		attr.period = 100000000;
	}
	return res(syscall(SYS_sched_setattr, tid, &attr, 0));
}

static long choose(pid_t tid, long p)
{
	return choose_flags(tid, p, 0);
}

/* The same without a nice value: the thread's own stays. */
static long choose_old(pid_t tid, int policy, int prio)
{
	struct sched_param param = { .sched_priority = prio };

	return res(syscall(SYS_sched_setscheduler, tid, policy, &param));
}

static long a_has(long tid, long b, long c)
{
	return has(tid);
}

static long a_choose(long p, long flags, long tid)
{
	return choose_flags(tid, p, flags);
}

static long a_choose_old(long policy, long prio, long c)
{
	return choose_old(0, policy, prio);
}

static long a_setparam(long prio, long b, long c)
{
	struct sched_param param = { .sched_priority = prio };

	return res(syscall(SYS_sched_setparam, 0, &param));
}

static long a_setpriority_of(long which, long who, long nice)
{
	return res(setpriority(which, who, nice));
}

static long a_nice(long inc, long b, long c)
{
	errno = 0;
	return nice(inc) == -1 && errno ? -errno : 0;
}

static long ctx_sched(__u32 id, long p)
{
	struct vc_sched sched = {
		.policy = P_POLICY(p),
		.rt_priority = P_PRIO(p),
		.nice = is_rt(p) ? 0 : P_NICE(p),
	};

	return vc(VC_SET_SCHED, id, &sched);
}

static long ctx_policy(__u32 id)
{
	struct vc_sched sched = { .reserved = 1 };
	long ret = vc(VC_GET_SCHED, id, &sched);

	if (ret)
		return ret;
	if (sched.reserved)
		return -EIO;
	return P(sched.policy, sched.rt_priority, sched.nice);
}

/* A context where nothing is missing but what the policy forbids. */
static long ctx_open(__u32 children_max)
{
	long id = ctx_make(VC_ID_SELF, 0, children_max, NULL);
	long ret;

	if (id < 0)
		return id;
	ret = ctx_set_caps(id, ~0ULL);
	return ret ? ret : id;
}

/* The same below @parent. */
static long ctx_open_below(__u32 parent)
{
	long id = ctx_new_below(parent, 0);
	long ret;

	if (id < 0)
		return id;
	ret = ctx_set_caps(id, ~0ULL);
	return ret ? ret : id;
}

/* How many threads of process @pid do not have @p, and how many there are. */
static long differ(pid_t pid, long p, int *nr)
{
	char path[64];
	struct dirent *entry;
	long wrong = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		++*nr;
		wrong += has(atoi(entry->d_name)) != p;
	}
	closedir(dir);
	return wrong;
}

typedef long (*tid_fn)(pid_t tid, long arg);

/*
 * Calls @fn for each thread of @id's own group for entries, until one is wrong:
 * how many.
 */
static long walk_tids(__u32 id, tid_fn fn, long arg, long *wrong)
{
	FILE *file = fopen(cg_path(id, "tasks/enter/cgroup.threads"), "r");
	long nr = 0;
	int tid;

	if (!file)
		return -errno;
	while (!*wrong && fscanf(file, "%d", &tid) == 1) {
		nr++;
		*wrong += fn(tid, arg);
	}
	fclose(file);
	return nr;
}

/* ---- a child of the host that is told what to be and then enters ---- */

static void *child_thread(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* An idle child of @threads threads, each of which has @p. */
static pid_t child_with(long p, int threads)
{
	int out[2];
	long ret = 0;
	pid_t pid;

	if (pipe(out))
		return -1;
	pid = child_fork();
	if (!pid) {
		pthread_t thread;

		ret = choose(0, p);
		while (!ret && threads-- > 1)
			ret = pthread_create(&thread, NULL, child_thread,
					     NULL);
		if (write(out[1], &ret, sizeof(ret)) != sizeof(ret))
			_exit(1);
		for (;;)
			pause();
	}
	close(out[1]);
	if (read(out[0], &ret, sizeof(ret)) != sizeof(ret) || ret) {
		child_kill(pid);
		pid = -1;
	}
	close(out[0]);
	return pid;
}

/* What an idle child with @p has after it was moved into @id. */
static long entered(__u32 id, long p)
{
	pid_t pid = child_with(p, 1);
	long ret;

	if (pid < 0)
		return -ECHILD;
	ret = task_move(pid, id);
	if (!ret)
		ret = has(pid);
	child_kill(pid);
	return ret;
}

/* ---- policy: values ---- */

VC_FIXTURE(policy)

TEST_F(policy, values)
{
	static const struct {
		struct vc_sched sched;
		const char *names;
	} table[] = {
		{ { .policy = 4 }, "policy 4" },
		{ { .policy = SCHED_DEADLINE }, "policy 6" },
		{ { .policy = 7 }, "policy 7" },
		{ { .policy = 0xffffffff }, "policy 4294967295" },
		{ { .policy = SCHED_FIFO | SCHED_RESET_ON_FORK }, "policy" },
		{ { .policy = SCHED_FIFO }, "rt_priority 0" },
		{ { .policy = SCHED_FIFO, .rt_priority = 100 },
		  "rt_priority 100" },
		{ { .policy = SCHED_RR, .rt_priority = 0xffffffff },
		  "rt_priority" },
		{ { .policy = SCHED_RR, .rt_priority = 257 }, "rt_priority" },
		{ { .policy = SCHED_NORMAL, .rt_priority = 1 },
		  "rt_priority 1" },
		{ { .policy = SCHED_IDLE, .rt_priority = 1 },
		  "rt_priority 1" },
		{ { .policy = SCHED_FIFO, .rt_priority = 1, .nice = 1 },
		  "nice 1" },
		{ { .policy = SCHED_NORMAL, .nice = -21 }, "nice -21" },
		{ { .policy = SCHED_BATCH, .nice = 20 }, "nice 20" },
		{ { .policy = SCHED_BATCH, .nice = 256 }, "nice 256" },
		{ { .policy = SCHED_NORMAL, .reserved = 1 }, "reserved" },
	};
	long id = ctx_open(0);
	unsigned int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_BATCH, 0, 3)));
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		EXPECT_EQ(-EINVAL, vc(VC_SET_SCHED, id, &table[i].sched))
			TH_LOG("line %u", i);
		EXPECT_TRUE(!!strstr(ctx_error(), table[i].names))
			TH_LOG("line %u: %s", i, ctx_error());
	}
	EXPECT_EQ(P(SCHED_BATCH, 0, 3), ctx_policy(id));
}

TEST_F(policy, readback)
{
	static const long all[] = {
		P(SCHED_NORMAL, 0, 0), P(SCHED_NORMAL, 0, -20),
		P(SCHED_NORMAL, 0, 19), P(SCHED_BATCH, 0, -3),
		P(SCHED_IDLE, 0, 7), P(SCHED_FIFO, 1, 0),
		P(SCHED_FIFO, 99, 0), P(SCHED_RR, 50, 0),
	};
	struct agent agent;
	unsigned int i;
	long id, below;

	/* Without one: that of a new process. */
	EXPECT_EQ(P(SCHED_NORMAL, 0, 0), ctx_policy(VC_ID_HOST));
	id = ctx_open(4);
	ASSERT_LT(0, id);
	EXPECT_EQ(P(SCHED_NORMAL, 0, 0), ctx_policy(id));
	below = ctx_open_below(id);
	ASSERT_LT(0, below);
	ASSERT_EQ(0, agent_start(&agent, below, 0));

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		EXPECT_EQ(0, ctx_sched(id, all[i]))
			TH_LOG("line %u: %s", i, ctx_error());
		EXPECT_EQ(all[i], ctx_policy(id));
		/* What holds, also where it comes from above. */
		EXPECT_EQ(all[i], ctx_policy(below));
		EXPECT_EQ(all[i], ask0(&agent, a_has))
			TH_LOG("line %u", i);
	}
}

/* ---- policy: who may choose what ---- */

static const long bounds[] = {
	P(SCHED_FIFO, 10, 0), P(SCHED_RR, 10, 0), P(SCHED_NORMAL, 0, -5),
	P(SCHED_NORMAL, 0, 5), P(SCHED_BATCH, 0, 0), P(SCHED_BATCH, 0, 5),
	P(SCHED_IDLE, 0, 5),
};

static const long choices[] = {
	P(SCHED_FIFO, 1, 0), P(SCHED_FIFO, 10, 0), P(SCHED_FIFO, 11, 0),
	P(SCHED_RR, 1, 0), P(SCHED_RR, 10, 0), P(SCHED_RR, 99, 0),
	P(SCHED_NORMAL, 0, -20), P(SCHED_NORMAL, 0, -5),
	P(SCHED_NORMAL, 0, 0), P(SCHED_NORMAL, 0, 5), P(SCHED_NORMAL, 0, 19),
	P(SCHED_BATCH, 0, -20), P(SCHED_BATCH, 0, 0), P(SCHED_BATCH, 0, 5),
	P(SCHED_BATCH, 0, 19), P(SCHED_IDLE, 0, 0), P(SCHED_IDLE, 0, 19),
	P(SCHED_DEADLINE, 0, 0),
};

/* Worst first; nothing is worse than what is not in it. */
static int rank_of(int policy)
{
	static const int order[] = {
		SCHED_IDLE, SCHED_BATCH, SCHED_NORMAL, SCHED_RR, SCHED_FIFO,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] == policy)
			break;
	return i;
}

/* The contract: no better class, priority or nice value. */
static bool allowed(long choice, long bound)
{
	if (rank_of(P_POLICY(choice)) > rank_of(P_POLICY(bound)))
		return false;
	if (is_rt(choice))
		return P_PRIO(choice) <= P_PRIO(bound);
	/* Its nice value is not looked at, and stays. */
	if (P_POLICY(choice) == SCHED_IDLE)
		return true;
	return is_rt(bound) || P_NICE(choice) >= P_NICE(bound);
}

/* How @got after choosing @choice is to look. */
static bool looks_like(long got, long choice)
{
	if (P_POLICY(choice) == SCHED_IDLE)
		return P_POLICY(got) == SCHED_IDLE;
	return got == choice;
}

TEST_F(policy, control)
{
	struct agent agent;
	unsigned int i;

	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	for (i = 0; i < ARRAY_SIZE(choices); i++) {
		EXPECT_EQ(0, ask(&agent, a_choose, choices[i]))
			TH_LOG("choice %#lx", choices[i]);
	}
	EXPECT_EQ(0, ask(&agent, a_choose, P(SCHED_NORMAL, 0, 0)));
	EXPECT_EQ(0, ask(&agent, a_setpriority, -7));
	EXPECT_EQ(P(SCHED_NORMAL, 0, -7), ask0(&agent, a_has));
}

/* Who tries: the thread itself, another one inside, or the host's root. */
FIXTURE(choice) { int unused; };
FIXTURE_VARIANT(choice) { int who; };
FIXTURE_VARIANT_ADD(choice, itself) { .who = 0 };
FIXTURE_VARIANT_ADD(choice, neighbour) { .who = 1 };
FIXTURE_VARIANT_ADD(choice, host) { .who = 2 };
FIXTURE_SETUP(choice) { VC_SETUP(); }
FIXTURE_TEARDOWN(choice) { vc_teardown(); }

TEST_F(choice, truth_table)
{
	struct agent agent, neighbour;
	unsigned int b, c, refused = 0;
	long id = ctx_open(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, agent_start(&neighbour, id, 0));
	for (b = 0; b < ARRAY_SIZE(bounds); b++) {
		for (c = 0; c < ARRAY_SIZE(choices); c++) {
			bool may = allowed(choices[c], bounds[b]);
			long ret, got;

			ASSERT_EQ(0, ctx_sched(id, bounds[b]));
			ASSERT_EQ(bounds[b], has(agent.pid));
			if (variant->who == 0)
				ret = ask(&agent, a_choose, choices[c]);
			else if (variant->who == 1)
				ret = ask3(&neighbour, a_choose, choices[c], 0,
					   agent.pid);
			else
				ret = choose(agent.pid, choices[c]);
			got = has(agent.pid);
			EXPECT_EQ(may ? 0 : -EPERM, ret)
				TH_LOG("bound %#lx, choice %#lx", bounds[b],
				       choices[c]);
			EXPECT_TRUE(looks_like(got, may ? choices[c] :
							  bounds[b]))
				TH_LOG("bound %#lx, choice %#lx: has %#lx",
				       bounds[b], choices[c], got);
			refused += !may;

			/* The way back is open. */
			EXPECT_EQ(0, ask(&agent, a_choose, bounds[b]));
			EXPECT_TRUE(looks_like(has(agent.pid), bounds[b]));
		}
	}
	EXPECT_LT(0U, refused);
}

/* Where no context has a policy: nothing better than the fair class. */
TEST_F(choice, fair_class)
{
	struct agent agent, neighbour;
	long id = ctx_open(0);
	unsigned int c;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, agent_start(&neighbour, id, 0));
	for (c = 0; c < ARRAY_SIZE(choices); c++) {
		bool may = allowed(choices[c], P(SCHED_NORMAL, 0, -20));
		long ret;

		if (variant->who == 0)
			ret = ask(&agent, a_choose, choices[c]);
		else if (variant->who == 1)
			ret = ask3(&neighbour, a_choose, choices[c], 0,
				   agent.pid);
		else
			ret = choose(agent.pid, choices[c]);
		EXPECT_EQ(may ? 0 : -EPERM, ret)
			TH_LOG("choice %#lx", choices[c]);
		if (may)
			EXPECT_TRUE(looks_like(has(agent.pid), choices[c]));
	}
}

TEST_F(choice, nice_values)
{
	struct agent agent, neighbour;
	long id = ctx_open(0);
	int nice;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, agent_start(&neighbour, id, 0));
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_NORMAL, 0, 5)));
	for (nice = -20; nice < 20; nice++) {
		long ret, before = has(agent.pid);

		if (variant->who == 0)
			ret = ask(&agent, a_setpriority, nice);
		else if (variant->who == 1)
			ret = ask3(&neighbour, a_setpriority_of, PRIO_PROCESS,
				   agent.pid, nice);
		else
			ret = res(setpriority(PRIO_PROCESS, agent.pid, nice));
		EXPECT_EQ(nice < 5 ? -EPERM : 0, ret)
			TH_LOG("nice %d", nice);
		EXPECT_EQ(nice < 5 ? before : P(SCHED_NORMAL, 0, nice),
			  has(agent.pid));
	}
}

/* ---- policy: the other system calls ---- */

TEST_F(policy, by_group_and_user)
{
	struct agent agent;
	long id = ctx_open(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_BATCH, 0, 5)));
	EXPECT_EQ(-EPERM, ask3(&agent, a_setpriority_of, PRIO_PGRP, 0, 0));
	EXPECT_EQ(-EPERM, ask3(&agent, a_setpriority_of, PRIO_USER, 0, 0));
	EXPECT_EQ(-EPERM, res(setpriority(PRIO_PGRP, getpgid(agent.pid), 4)));
	EXPECT_EQ(P(SCHED_BATCH, 0, 5), has(agent.pid));
	EXPECT_EQ(0, ask3(&agent, a_setpriority_of, PRIO_PGRP, 0, 6));
	EXPECT_EQ(P(SCHED_BATCH, 0, 6), has(agent.pid));
	EXPECT_EQ(0, ask(&agent, a_nice, 3));
	EXPECT_EQ(P(SCHED_BATCH, 0, 9), has(agent.pid));
	EXPECT_EQ(-EPERM, ask(&agent, a_nice, -5));
	EXPECT_EQ(P(SCHED_BATCH, 0, 9), has(agent.pid));
	EXPECT_EQ(0, ask(&agent, a_nice, -4));
	EXPECT_EQ(P(SCHED_BATCH, 0, 5), has(agent.pid));
}

TEST_F(policy, old_calls)
{
	struct agent agent;
	long id = ctx_open(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));

	ASSERT_EQ(0, ctx_sched(id, P(SCHED_RR, 10, 0)));
	EXPECT_EQ(-EPERM, ask3(&agent, a_choose_old, SCHED_FIFO, 1, 0));
	EXPECT_EQ(-EPERM, ask3(&agent, a_choose_old, SCHED_RR, 11, 0));
	EXPECT_EQ(-EPERM, ask(&agent, a_setparam, 11));
	EXPECT_EQ(-EPERM, ask3(&agent, a_choose, P(SCHED_FIFO, 11, 0),
			       KEEP_POLICY, 0));
	EXPECT_EQ(P(SCHED_RR, 10, 0), has(agent.pid));
	EXPECT_EQ(0, ask(&agent, a_setparam, 9));
	EXPECT_EQ(P(SCHED_RR, 9, 0), has(agent.pid));
	EXPECT_EQ(0, ask3(&agent, a_choose, P(SCHED_FIFO, 10, 0), KEEP_POLICY,
			  0));
	EXPECT_EQ(P(SCHED_RR, 10, 0), has(agent.pid));
	EXPECT_EQ(0, ask3(&agent, a_choose_old, SCHED_RR, 8, 0));
	EXPECT_EQ(P(SCHED_RR, 8, 0), has(agent.pid));

	ASSERT_EQ(0, ctx_sched(id, P(SCHED_BATCH, 0, 5)));
	EXPECT_EQ(-EPERM, ask3(&agent, a_choose_old, SCHED_NORMAL, 0, 0));
	EXPECT_EQ(-EPERM, ask3(&agent, a_choose, P(SCHED_NORMAL, 0, 4),
			       KEEP_POLICY, 0));
	EXPECT_EQ(-EPERM, ask3(&agent, a_choose, P(SCHED_FIFO, 5, 0), 0, 0));
	/* Refused, or without effect: nothing is changed in any case. */
	ask3(&agent, a_choose, P(SCHED_NORMAL, 0, 0), KEEP_PARAMS, 0);
	EXPECT_EQ(P(SCHED_BATCH, 0, 5), has(agent.pid));
	EXPECT_EQ(0, ask3(&agent, a_choose_old, SCHED_IDLE, 0, 0));
	EXPECT_EQ(0, ask3(&agent, a_choose_old, SCHED_BATCH, 0, 0));
	EXPECT_EQ(P(SCHED_BATCH, 0, 5), has(agent.pid));
}

/* The usual rights are asked besides. */
TEST_F(policy, capability)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_FIFO, 10, 0)));
	EXPECT_EQ(0, ask(&agent, a_choose, P(SCHED_NORMAL, 0, 0)));
	EXPECT_EQ(-EPERM, ask(&agent, a_choose, P(SCHED_FIFO, 1, 0)));
	EXPECT_EQ(-EPERM, ask(&agent, a_choose, P(SCHED_NORMAL, 0, -1)));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 0), has(agent.pid));
}

/* ---- policy: on which ways it is come by ---- */

TEST_F(policy, threads_now)
{
	struct agent agent;
	long id = ctx_open(0);
	long kid;
	int nr = 0;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	kid = ask0(&agent, a_fork);
	ASSERT_LT(0, kid);
	ASSERT_EQ(0, ask0(&agent, a_thread));
	ASSERT_EQ(0, ask0(&agent, a_thread));

	ASSERT_EQ(0, ctx_sched(id, P(SCHED_FIFO, 7, 0)));
	EXPECT_EQ(0, differ(agent.pid, P(SCHED_FIFO, 7, 0), &nr));
	EXPECT_EQ(3, nr);
	EXPECT_EQ(P(SCHED_FIFO, 7, 0), has(kid));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 0), has(0));

	/* Those to come. */
	ASSERT_EQ(0, ask0(&agent, a_thread));
	nr = 0;
	EXPECT_EQ(0, differ(agent.pid, P(SCHED_FIFO, 7, 0), &nr));
	EXPECT_EQ(4, nr);
	kid = ask0(&agent, a_fork);
	ASSERT_LT(0, kid);
	EXPECT_EQ(P(SCHED_FIFO, 7, 0), has(kid));

	/* Also those who chose something else. */
	ASSERT_EQ(0, ask(&agent, a_choose, P(SCHED_IDLE, 0, 0)));
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_NORMAL, 0, -2)));
	nr = 0;
	EXPECT_EQ(0, differ(agent.pid, P(SCHED_NORMAL, 0, -2), &nr));
	EXPECT_EQ(4, nr);
	EXPECT_EQ(P(SCHED_NORMAL, 0, -2), has(kid));
}

/* In groups that the inside has made too. */
TEST_F(policy, groups)
{
	struct agent agent;
	char text[16];
	long id = ctx_open(0);
	long kid;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	kid = ask0(&agent, a_fork);
	ASSERT_LT(0, kid);
	ASSERT_EQ(0, ask_path(&agent, a_mkdir, cg_path(id, "tasks/own")));
	snprintf(text, sizeof(text), "%ld", kid);
	ASSERT_EQ(0, ask_write(&agent, cg_path(id, "tasks/own/cgroup.procs"),
			       text));
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_BATCH, 0, 4)));
	EXPECT_EQ(P(SCHED_BATCH, 0, 4), has(kid));
	EXPECT_EQ(P(SCHED_BATCH, 0, 4), has(agent.pid));
	/* No way round through a group of one's own. */
	EXPECT_EQ(-EPERM, ask3(&agent, a_choose, P(SCHED_NORMAL, 0, 4), 0,
			       kid));
}

static long a_reset_on_fork(long p, long b, long c)
{
	long ret = choose_flags(0, p, 1);
	long kid = ret ? ret : a_fork(0, 0, 0);

	return kid < 0 ? kid : has(kid);
}

TEST_F(policy, reset_on_fork)
{
	struct agent agent;
	long id = ctx_open(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_FIFO, 7, 0)));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 0),
		  ask(&agent, a_reset_on_fork, P(SCHED_FIFO, 6, 0)));
	/* What resets is still in force after a SET. */
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_NORMAL, 0, 10)));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 10),
		  ask(&agent, a_reset_on_fork, P(SCHED_NORMAL, 0, 10)));
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_IDLE, 0, 10)));
	EXPECT_EQ(P(SCHED_IDLE, 0, 10),
		  ask(&agent, a_reset_on_fork, P(SCHED_IDLE, 0, 10)));
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_RR, 3, 0)));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 10),
		  ask(&agent, a_reset_on_fork, P(SCHED_NORMAL, 0, 10)));
}

TEST_F(policy, enter)
{
	static const long from[] = {
		P(SCHED_NORMAL, 0, 0), P(SCHED_NORMAL, 0, 12),
		P(SCHED_NORMAL, 0, -12), P(SCHED_BATCH, 0, 0),
		P(SCHED_IDLE, 0, 0), P(SCHED_FIFO, 20, 0), P(SCHED_RR, 1, 0),
		P(SCHED_DEADLINE, 0, 0),
	};
	long id = ctx_open(0);
	unsigned int b, f;

	ASSERT_LT(0, id);
	/* No policy: only what is better than the fair class changes. */
	for (f = 0; f < ARRAY_SIZE(from); f++) {
		long want = from[f];

		if (is_rt(want) || P_POLICY(want) == SCHED_DEADLINE)
			want = P(SCHED_NORMAL, 0, 0);
		EXPECT_EQ(want, entered(id, from[f]))
			TH_LOG("from %#lx", from[f]);
	}
	for (b = 0; b < ARRAY_SIZE(bounds); b++) {
		ASSERT_EQ(0, ctx_sched(id, bounds[b]));
		for (f = 0; f < ARRAY_SIZE(from); f++) {
			EXPECT_EQ(bounds[b], entered(id, from[f]))
				TH_LOG("bound %#lx, from %#lx", bounds[b],
				       from[f]);
		}
	}
}

static long fifo_with_nice(long id)
{
	long ret = choose(0, P(SCHED_NORMAL, 0, 3));

	if (!ret)
		ret = choose(0, P(SCHED_FIFO, 3, 0));
	if (!ret)
		ret = vc(VC_MIGRATE, id, NULL);
	return ret ? ret : has(0);
}

TEST_F(policy, enter_static_nice)
{
	long id = ctx_open(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(P(SCHED_NORMAL, 0, 3), in_child(fifo_with_nice, id));
}

TEST_F(policy, enter_threads)
{
	long id = ctx_open(0);
	int nr = 0;
	pid_t pid;

	ASSERT_LT(0, id);
	pid = child_with(P(SCHED_FIFO, 5, 0), 4);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, task_move(pid, id));
	EXPECT_EQ(0, differ(pid, P(SCHED_NORMAL, 0, 0), &nr));
	EXPECT_EQ(4, nr);
	child_kill(pid);

	ASSERT_EQ(0, ctx_sched(id, P(SCHED_RR, 4, 0)));
	pid = child_with(P(SCHED_NORMAL, 0, 0), 4);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, task_move(pid, id));
	nr = 0;
	EXPECT_EQ(0, differ(pid, P(SCHED_RR, 4, 0), &nr));
	EXPECT_EQ(4, nr);
	child_kill(pid);
}

/* An agent forks, enters and executes. */
TEST_F(policy, exec)
{
	struct agent agent;
	long id = ctx_open(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_RR, 2, 0)));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(P(SCHED_RR, 2, 0), ask0(&agent, a_has));
	EXPECT_EQ(-EPERM, ask(&agent, a_choose, P(SCHED_RR, 3, 0)));
}

/* ---- policy: nested ---- */

TEST_F(policy, never_better_than_above)
{
	unsigned int b, c;
	long id = ctx_open(4);
	long below;

	ASSERT_LT(0, id);
	below = ctx_open_below(id);
	ASSERT_LT(0, below);

	/* Above there is none: the fair class. */
	EXPECT_EQ(-EPERM, ctx_sched(below, P(SCHED_FIFO, 1, 0)));
	EXPECT_EQ(-EPERM, ctx_sched(below, P(SCHED_RR, 1, 0)));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 0), ctx_policy(below));
	/* A nice value below 0 takes what it takes a thread there. */
	EXPECT_EQ(0, ctx_sched(below, P(SCHED_NORMAL, 0, -1)));
	ASSERT_EQ(0, ctx_set_caps(id, ~0ULL & ~(1ULL << CAP_SYS_NICE)));
	EXPECT_EQ(-EPERM, ctx_sched(below, P(SCHED_NORMAL, 0, -1)));
	EXPECT_EQ(0, ctx_sched(below, P(SCHED_NORMAL, 0, 0)));

	for (b = 0; b < ARRAY_SIZE(bounds); b++) {
		ASSERT_EQ(0, ctx_sched(id, bounds[b]));
		for (c = 0; c < ARRAY_SIZE(choices); c++) {
			bool may = allowed(choices[c], bounds[b]);

			if (P_POLICY(choices[c]) == SCHED_DEADLINE)
				continue;
			/* It is one of a context: its nice value counts. */
			if (P_POLICY(choices[c]) == SCHED_IDLE)
				may = is_rt(bounds[b]) ||
				      P_NICE(choices[c]) >= P_NICE(bounds[b]);
			EXPECT_EQ(may ? 0 : -EPERM, ctx_sched(below,
							      choices[c]))
				TH_LOG("above %#lx, below %#lx: %s", bounds[b],
				       choices[c], ctx_error());
		}
	}
}

TEST_F(policy, narrowed_above)
{
	struct agent agent, plain;
	long id = ctx_open(4);
	long below, other;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_FIFO, 20, 0)));
	below = ctx_open_below(id);
	other = ctx_open_below(id);
	ASSERT_LT(0, below);
	ASSERT_LT(0, other);
	ASSERT_EQ(0, ctx_sched(below, P(SCHED_RR, 10, 0)));
	ASSERT_EQ(0, agent_start(&agent, below, 0));
	ASSERT_EQ(0, agent_start(&plain, other, 0));
	EXPECT_EQ(P(SCHED_RR, 10, 0), has(agent.pid));
	EXPECT_EQ(P(SCHED_FIFO, 20, 0), has(plain.pid));

	/* Its own is worse still: it keeps what it has. */
	ASSERT_EQ(0, ask(&agent, a_choose, P(SCHED_RR, 9, 0)));
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_FIFO, 15, 0)));
	EXPECT_EQ(P(SCHED_RR, 10, 0), ctx_policy(below));
	EXPECT_EQ(P(SCHED_RR, 9, 0), has(agent.pid));
	EXPECT_EQ(P(SCHED_FIFO, 15, 0), has(plain.pid));

	/* Worse in one thing alone. */
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_FIFO, 5, 0)));
	EXPECT_EQ(P(SCHED_RR, 5, 0), ctx_policy(below));
	EXPECT_EQ(P(SCHED_RR, 5, 0), has(agent.pid));
	EXPECT_EQ(-EPERM, ask(&agent, a_choose, P(SCHED_RR, 6, 0)));

	/* Worse in all. */
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_NORMAL, 0, 6)));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 6), ctx_policy(below));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 6), has(agent.pid));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 6), has(plain.pid));
	EXPECT_EQ(-EPERM, ask(&agent, a_choose, P(SCHED_RR, 1, 0)));

	/* And better again: its own holds. */
	ASSERT_EQ(0, ctx_sched(id, P(SCHED_FIFO, 20, 0)));
	EXPECT_EQ(P(SCHED_RR, 10, 0), ctx_policy(below));
	EXPECT_EQ(P(SCHED_RR, 10, 0), has(agent.pid));
}

/* ---- policy: the nice value of a session ---- */

#define AUTOGROUP	"/proc/self/autogroup"

/*
 * Who is in a context is in its group, not in that of his session; but the
 * session can have tasks outside.
 */
TEST_F(policy, autogroup)
{
	long id = ctx_new(0);
	struct agent agent;

	if (access(AUTOGROUP, F_OK))
		SKIP(return, "no autogroups in this kernel");
	ASSERT_LT(0, id);
	EXPECT_EQ(0, ctx_sched(id, P(SCHED_NORMAL, 0, 5)));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(-EPERM, ask_write(&agent, AUTOGROUP, "4"));
	EXPECT_EQ(-EPERM, ask_write(&agent, AUTOGROUP, "-1"));
	/* Whether the session has a group of its own is another question. */
	EXPECT_NE(-EPERM, ask_write(&agent, AUTOGROUP, "5"));
	EXPECT_NE(-EPERM, file_write(AUTOGROUP, "-1"));
	file_write(AUTOGROUP, "0");
}

/* ---- policy: against max_usage ---- */

TEST_F(policy, max_usage)
{
	struct vc_cpu_usage max = { .max_usage = 500 }, none = {};
	long id = ctx_open(4);
	long below;

	ASSERT_LT(0, id);
	below = ctx_open_below(id);
	ASSERT_LT(0, below);
	if (vc(VC_SET_USAGE, id, &none) == -EOPNOTSUPP)
		SKIP(return, "this kernel limits no bandwidth");

	/* First the one, then the other; here, above and below. */
	ASSERT_EQ(0, vc(VC_SET_USAGE, id, &max));
	EXPECT_EQ(-EBUSY, ctx_sched(id, P(SCHED_FIFO, 1, 0)));
	EXPECT_EQ(0, ctx_sched(id, P(SCHED_NORMAL, 0, 0)));
	ASSERT_EQ(0, vc(VC_SET_USAGE, id, &none));
	ASSERT_EQ(0, vc(VC_SET_USAGE, below, &max));
	EXPECT_EQ(-EBUSY, ctx_sched(id, P(SCHED_RR, 1, 0)));
	EXPECT_EQ(P(SCHED_NORMAL, 0, 0), ctx_policy(id));
	/* One below that has bandwidth is not real-time: nothing to refuse. */
	EXPECT_EQ(0, ctx_sched(below, P(SCHED_NORMAL, 0, 0)));
	EXPECT_EQ(0, ctx_sched(id, P(SCHED_RR, 1, 0)));
	EXPECT_EQ(-EBUSY, ctx_sched(below, P(SCHED_RR, 1, 0)));
	ASSERT_EQ(0, vc(VC_SET_USAGE, below, &none));
	EXPECT_EQ(-EBUSY, vc(VC_SET_USAGE, id, &max));
	EXPECT_EQ(0, vc(VC_SET_USAGE, below, &max));
	ASSERT_EQ(0, vc(VC_SET_USAGE, below, &none));
	EXPECT_EQ(0, ctx_sched(below, P(SCHED_RR, 1, 0)));
	EXPECT_EQ(-EBUSY, vc(VC_SET_USAGE, below, &max));
	/* What goes takes its claim with it. */
	EXPECT_EQ(0, ctx_kill(below));
	EXPECT_EQ(0, ctx_sched(id, P(SCHED_NORMAL, 0, 0)));
	EXPECT_EQ(0, vc(VC_SET_USAGE, id, &max));
}

/* ---- storms ---- */

/*
 * Children come and go; while @hold they come and stay, so that what one of
 * them has wrong is still there to be seen.  A few at a time, or a slow
 * machine would be busy with them alone.
 */
#define STORM_MAX		12

static bool *hold;

static void hold_init(void)
{
	hold = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void storm_child(__u32 id)
{
	if (id) {
		/* no nicer, or SET waits for it: it holds a mutex on its way */
		choose(0, P(SCHED_BATCH, 0, 4));
		vc(VC_MIGRATE, id, NULL);
	}
	do {
		nap();
	} while (__atomic_load_n(hold, __ATOMIC_SEQ_CST));
	_exit(0);
}

/* Forks for ever, children that enter @id, or are born where it is. */
static void storm(__u32 id)
{
	pid_t pids[STORM_MAX] = {};
	unsigned int i;

	for (i = 0; ; i++) {
		pid_t *pid = &pids[i % STORM_MAX];

		if (*pid > 0)
			waitpid(*pid, NULL, 0);
		*pid = fork();
		if (!*pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			storm_child(id);
		}
	}
}

/* A storm inside of @id. */
static pid_t fork_storm(__u32 id)
{
	pid_t pid = child_fork();

	if (!pid) {
		if (vc(VC_MIGRATE, id, NULL))
			_exit(1);
		storm(0);
	}
	return pid;
}

/* A storm into @id. */
static pid_t enter_storm(__u32 id)
{
	pid_t pid = child_fork();

	if (!pid)
		storm(id);
	return pid;
}

/* Tries for ever to be better than it may. */
static long a_climb_storm(long b, long c, long d)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		struct timespec ts = { .tv_nsec = 100000 };
		int nice;

		for (nice = 0; nice < 12; nice += 4) {
			setpriority(PRIO_PROCESS, 0, nice);
			choose(0, P(SCHED_NORMAL, 0, nice));
			choose(0, P(SCHED_BATCH, 0, nice));
		}
		nanosleep(&ts, NULL);
	}
}

/* A thread that is just entering has the policy when the call returns. */
static long has_other(pid_t tid, long p)
{
	long got;

	return !WAIT_FOR((got = has(tid)) == p || got == -ESRCH);
}

static long has_better(pid_t tid, long p)
{
	long got = has(tid);

	return got != -ESRCH && !allowed(got, p);
}

/* When SET returns every thread has the policy, and so has each new one. */
TEST_F(policy, storm)
{
	static const long turns[] = {
		P(SCHED_NORMAL, 0, 0), P(SCHED_NORMAL, 0, 10),
		P(SCHED_BATCH, 0, 3), P(SCHED_RR, 1, 0), P(SCHED_IDLE, 0, 0),
	};
	long wrong = 0, seen = 0;
	long id = ctx_open(0);
	pid_t pids[3];
	int i;

	ASSERT_LT(0, id);
	hold_init();
	pids[0] = fork_storm(id);
	pids[1] = fork_storm(id);
	pids[2] = enter_storm(id);
	ASSERT_TRUE(WAIT_FOR(ctx_usage(id) > 2));
	for (i = 0; i < 40 && !wrong; i++) {
		long p = turns[i % ARRAY_SIZE(turns)];

		__atomic_store_n(hold, true, __ATOMIC_SEQ_CST);
		ASSERT_EQ(0, ctx_sched(id, p));
		seen += walk_tids(id, has_other, p, &wrong);
		__atomic_store_n(hold, false, __ATOMIC_SEQ_CST);
		nap();
	}
	for (i = 0; i < 3; i++)
		child_kill(pids[i]);
	EXPECT_EQ(0, wrong);
	/* Not the two that are always there alone. */
	EXPECT_LT(3L * 40, seen);
}

TEST_F(policy, climb)
{
	static const long turns[] = {
		P(SCHED_NORMAL, 0, 0), P(SCHED_NORMAL, 0, 9),
		P(SCHED_BATCH, 0, 5),
	};
	struct agent a, b;
	long wrong = 0, seen = 0;
	long id = ctx_open(0);
	int i, k;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&a, id, 0));
	ASSERT_EQ(0, agent_start(&b, id, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_LT(0, ask0(&a, a_climb_storm));
		ASSERT_LT(0, ask0(&b, a_climb_storm));
	}
	for (i = 0; i < 60 && !wrong; i++) {
		long p = turns[i % ARRAY_SIZE(turns)];

		ASSERT_EQ(0, ctx_sched(id, p));
		for (k = 0; k < 5; k++)
			seen += walk_tids(id, has_better, p, &wrong);
	}
	EXPECT_EQ(0, wrong);
	EXPECT_LE(6L * 5 * 60, seen);
}

/* ---- CPU set ---- */

/* A set of CPUs 0 to 63 as one number. */
static long ctx_cpus(__u32 id, __u64 cpus)
{
	struct vc_cpuset set = {
		.len = cpus ? sizeof(cpus) : 0,
		.bits = (uintptr_t)&cpus,
	};

	return vc(VC_SET_CPUSET, id, &set);
}

static long ctx_get_cpus(__u32 id)
{
	__u64 cpus = ~0ULL;
	struct vc_cpuset set = {
		.len = sizeof(cpus),
		.bits = (uintptr_t)&cpus,
	};
	long ret = vc(VC_GET_CPUSET, id, &set);

	return ret ? ret : (long)cpus;
}

/* The affinity of a thread; 0 is the caller. */
static long affinity(pid_t tid)
{
	unsigned long cpus[16] = {};

	return syscall(SYS_sched_getaffinity, tid, sizeof(cpus), cpus) < 0 ?
		-errno : (long)cpus[0];
}

static long set_affinity(pid_t tid, unsigned long cpus)
{
	return res(syscall(SYS_sched_setaffinity, tid, sizeof(cpus), &cpus));
}

static long a_affinity(long tid, long b, long c)
{
	return affinity(tid);
}

static long a_set_affinity(long tid, long cpus, long c)
{
	return set_affinity(tid, cpus);
}

FIXTURE(cpus) { long all; };

FIXTURE_SETUP(cpus)
{
	VC_SETUP();
	self->all = ctx_get_cpus(VC_ID_HOST);
	if (self->all == -EOPNOTSUPP)
		SKIP(return, "this kernel has no cpusets");
	if ((self->all & 3) != 3)
		SKIP(return, "CPUs 0 and 1 are needed");
}

FIXTURE_TEARDOWN(cpus) { vc_teardown(); }

TEST_F(cpus, values)
{
	struct vc_cpuset set = {};
	__u64 bits[64] = {};
	unsigned int possible = sysconf(_SC_NPROCESSORS_CONF);
	char name[32];
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_cpus(id, 1));

	set.bits = (uintptr_t)bits;
	set.len = sizeof(bits);
	EXPECT_EQ(-EINVAL, vc(VC_SET_CPUSET, id, &set));
	EXPECT_TRUE(!!strstr(ctx_error(), "no CPU"))
		TH_LOG("%s", ctx_error());
	bits[0] = 1;
	set.reserved = 1;
	EXPECT_EQ(-EINVAL, vc(VC_SET_CPUSET, id, &set));
	EXPECT_EQ(-EINVAL, vc(VC_GET_CPUSET, id, &set));
	set.reserved = 0;
	bits[63] = 1ULL << 63;
	EXPECT_EQ(-EINVAL, vc(VC_SET_CPUSET, id, &set));
	EXPECT_TRUE(!!strstr(ctx_error(), "CPU 4095"))
		TH_LOG("%s", ctx_error());
	bits[63] = 0;
	bits[possible / 64] |= 1ULL << possible % 64;
	EXPECT_EQ(-EINVAL, vc(VC_SET_CPUSET, id, &set));
	snprintf(name, sizeof(name), "CPU %u", possible);
	EXPECT_TRUE(!!strstr(ctx_error(), name))
		TH_LOG("%s", ctx_error());
	EXPECT_EQ(1, ctx_get_cpus(id));

	/* Zeros behind are no CPUs. */
	bits[possible / 64] &= ~(1ULL << possible % 64);
	bits[0] = 2;
	EXPECT_EQ(0, vc(VC_SET_CPUSET, id, &set));
	EXPECT_EQ(2, ctx_get_cpus(id));
}

TEST_F(cpus, readback)
{
	struct vc_cpuset set = {};
	char list[16];
	long id = ctx_make(VC_ID_SELF, 0, 4, NULL);
	long below;

	ASSERT_LT(0, id);
	below = ctx_new_below(id, 0);
	ASSERT_LT(0, below);
	EXPECT_EQ(self->all, ctx_get_cpus(id));
	ASSERT_EQ(0, ctx_cpus(id, 2));
	EXPECT_EQ(2, ctx_get_cpus(id));
	/* One source of truth. */
	ASSERT_LT(0, file_read(cg_path(id, "cpuset.cpus"), list,
			       sizeof(list)));
	EXPECT_EQ(0, strcmp(list, "1\n"));
	/* What holds, where it has none of its own. */
	EXPECT_EQ(2, ctx_get_cpus(below));
	EXPECT_EQ(self->all, ctx_get_cpus(VC_ID_HOST));
	ASSERT_EQ(0, ctx_cpus(id, 0));
	EXPECT_EQ(self->all, ctx_get_cpus(id));
	EXPECT_EQ(self->all, ctx_get_cpus(below));

	/* The length alone can be asked for. */
	EXPECT_EQ(-ERANGE, vc(VC_GET_CPUSET, id, &set));
	EXPECT_LT(0U, set.len);
	EXPECT_GE(8U, set.len);
}

TEST_F(cpus, nested)
{
	long id = ctx_make(VC_ID_SELF, 0, 4, NULL);
	struct agent agent;
	long mid, below;

	ASSERT_LT(0, id);
	mid = ctx_new_below(id, 0);
	ASSERT_LT(0, mid);
	below = ctx_new_below(mid, 0);
	ASSERT_LT(0, below);
	ASSERT_EQ(0, ctx_cpus(id, 2));
	EXPECT_EQ(-EPERM, ctx_cpus(mid, 1));
	EXPECT_EQ(-EPERM, ctx_cpus(mid, 3));
	EXPECT_EQ(-EPERM, ctx_cpus(below, 3));
	EXPECT_TRUE(!!strstr(ctx_error(), "has 1"))
		TH_LOG("%s", ctx_error());
	EXPECT_EQ(0, ctx_cpus(below, 2));
	EXPECT_EQ(0, ctx_cpus(below, 0));

	/* Narrowed above later. */
	ASSERT_EQ(0, ctx_cpus(id, 3));
	ASSERT_EQ(0, ctx_cpus(mid, 3));
	ASSERT_EQ(0, ctx_cpus(below, 3));
	ASSERT_EQ(0, agent_start(&agent, below, 0));
	ASSERT_EQ(0, ctx_cpus(id, 1));
	EXPECT_EQ(1, ctx_get_cpus(below));
	EXPECT_EQ(1, affinity(agent.pid));
	EXPECT_EQ(-EPERM, ctx_cpus(below, 2));
	ASSERT_EQ(0, ctx_cpus(id, 3));
	EXPECT_EQ(3, ctx_get_cpus(below));
}

TEST_F(cpus, threads)
{
	struct agent agent;
	long id = ctx_new(0);
	long kid;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(self->all, ask0(&agent, a_affinity));
	kid = ask0(&agent, a_fork);
	ASSERT_LT(0, kid);
	ASSERT_EQ(0, ctx_cpus(id, 2));
	EXPECT_EQ(2, ask0(&agent, a_affinity));
	EXPECT_EQ(2, affinity(kid));

	/* Wider is clipped, elsewhere is refused, whoever asks. */
	EXPECT_EQ(0, ask3(&agent, a_set_affinity, 0, 3, 0));
	EXPECT_EQ(2, ask0(&agent, a_affinity));
	EXPECT_EQ(-EINVAL, ask3(&agent, a_set_affinity, 0, 1, 0));
	EXPECT_EQ(-EINVAL, ask3(&agent, a_set_affinity, kid, 1, 0));
	EXPECT_EQ(-EINVAL, set_affinity(agent.pid, 1));
	EXPECT_EQ(0, set_affinity(agent.pid, self->all));
	EXPECT_EQ(2, affinity(agent.pid));

	/* Those to come, by fork, exec and migration. */
	kid = ask0(&agent, a_fork);
	ASSERT_LT(0, kid);
	EXPECT_EQ(2, affinity(kid));
	agent_end(&agent);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(2, ask0(&agent, a_affinity));

	/* With tasks in it too. */
	ASSERT_EQ(0, ctx_cpus(id, 1));
	EXPECT_EQ(1, ask0(&agent, a_affinity));
	ASSERT_EQ(0, ctx_cpus(id, 0));
	EXPECT_EQ(self->all, ask0(&agent, a_affinity));
}

TEST_F(cpus, migrate_threads)
{
	long id = ctx_new(0);
	char path[64];
	struct dirent *entry;
	int nr = 0;
	pid_t pid;
	DIR *dir;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_cpus(id, 2));
	pid = child_with(P(SCHED_NORMAL, 0, 0), 3);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, set_affinity(pid, 1));
	ASSERT_EQ(0, task_move(pid, id));
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	ASSERT_TRUE(!!dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		nr++;
		EXPECT_EQ(2, affinity(atoi(entry->d_name)));
	}
	closedir(dir);
	EXPECT_EQ(3, nr);
	child_kill(pid);
}

/* Through the files of cgroups the inside cannot widen its set. */
TEST_F(cpus, files)
{
	struct agent agent;
	const char *path;
	char text[64];
	long id = ctx_new(0);
	long kid;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, ctx_cpus(id, 2));
	kid = ask0(&agent, a_fork);
	ASSERT_LT(0, kid);
	EXPECT_EQ(-EPERM, ask_write(&agent, cg_path(id, "cpuset.cpus"),
				    "0-1"));
	EXPECT_EQ(-EPERM, ask_write(&agent,
				    cg_path(id, "cpuset.cpus.partition"),
				    "root"));
	EXPECT_EQ(-EPERM, ask_write(&agent, CG_CONTEXTS
				    "/cgroup.subtree_control", "-cpuset"));
	EXPECT_EQ(-EPERM, ask_write(&agent,
				    cg_path(id, "cgroup.subtree_control"),
				    "-cpuset"));

	/* Groups of its own. */
	ASSERT_EQ(0, ask_path(&agent, a_mkdir, cg_path(id, "tasks/own")));
	snprintf(text, sizeof(text), "%ld", kid);
	ASSERT_EQ(0, ask_write(&agent, cg_path(id, "tasks/own/cgroup.procs"),
			       text));
	EXPECT_EQ(2, affinity(kid));
	if (!ask_write(&agent, cg_path(id, "tasks/cgroup.subtree_control"),
		       "+cpuset")) {
		ask_write(&agent, cg_path(id, "tasks/own/cpuset.cpus"), "0-1");
		ask_write(&agent,
			  cg_path(id, "tasks/own/cpuset.cpus.exclusive"),
			  "0-1");
		ask_write(&agent,
			  cg_path(id, "tasks/own/cpuset.cpus.partition"),
			  "root");
		ask_write(&agent,
			  cg_path(id, "tasks/own/cpuset.cpus.partition"),
			  "isolated");
		path = cg_path(id, "tasks/own/cpuset.cpus.effective");
		ASSERT_LT(0, file_read(path, text, sizeof(text)));
		EXPECT_EQ(0, strcmp(text, "1\n"));
	}
	EXPECT_EQ(2, affinity(kid));
	EXPECT_EQ(-EINVAL, ask3(&agent, a_set_affinity, kid, 1, 0));
}

/* CPUs that are offline: as a cpuset does, what is above holds meanwhile. */
TEST_F(cpus, offline)
{
	static const char online[] = "/sys/devices/system/cpu/cpu1/online";
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, ctx_cpus(id, 2));
	if (file_write(online, "0"))
		SKIP(return, "CPU 1 cannot go offline");
	EXPECT_TRUE(WAIT_FOR(ctx_get_cpus(id) == (self->all & ~2L)));
	EXPECT_EQ(self->all & ~2L, affinity(agent.pid));
	/* It can be chosen all the same. */
	EXPECT_EQ(0, ctx_cpus(id, 2));
	EXPECT_EQ(0, file_write(online, "1"));
	EXPECT_TRUE(WAIT_FOR(ctx_get_cpus(id) == 2));
	EXPECT_TRUE(WAIT_FOR(affinity(agent.pid) == 2));
}

/*
 * A sched_setaffinity() that has looked before SET, and acts after it, looks
 * again before it returns.
 */
static long has_other_cpu(pid_t tid, long cpus)
{
	long got = 0;

	return !WAIT_FOR((got = affinity(tid)) == cpus || got == -ESRCH);
}

static long a_affinity_storm(long b, long c, long d)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		struct timespec ts = { .tv_nsec = 100000 };

		set_affinity(0, 3);
		set_affinity(0, 1);
		set_affinity(0, 2);
		nanosleep(&ts, NULL);
	}
}

TEST_F(cpus, storm)
{
	struct agent agent;
	long wrong = 0, seen = 0;
	long id = ctx_new(0);
	pid_t pids[2];
	int i;

	ASSERT_LT(0, id);
	hold_init();
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_LT(0, ask0(&agent, a_affinity_storm));
	pids[0] = fork_storm(id);
	pids[1] = enter_storm(id);
	ASSERT_TRUE(WAIT_FOR(ctx_usage(id) > 3));
	for (i = 0; i < 40 && !wrong; i++) {
		long cpus = 1 << i % 2;

		__atomic_store_n(hold, true, __ATOMIC_SEQ_CST);
		ASSERT_EQ(0, ctx_cpus(id, cpus));
		seen += walk_tids(id, has_other_cpu, cpus, &wrong);
		__atomic_store_n(hold, false, __ATOMIC_SEQ_CST);
		nap();
	}
	for (i = 0; i < 2; i++)
		child_kill(pids[i]);
	EXPECT_EQ(0, wrong);
	EXPECT_LT(4L * 40, seen);
}

TEST_HARNESS_MAIN
