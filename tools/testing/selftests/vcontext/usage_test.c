// SPDX-License-Identifier: GPL-2.0
/*
 * What contexts get of the CPUs: ceilings, guarantees, who may have how much,
 * and the accounting that all of this is measured by.
 *
 * Shares are CPU time of a context by the time that has passed, so that a slow
 * machine makes no difference.  The test itself runs above everything that it
 * measures.
 */
#include "common.h"

#define CPU1_ONLINE	"/sys/devices/system/cpu/cpu1/online"

/* Over how long shares are measured, and how long they may take to settle. */
#define WINDOW_MS	10000
#define SHORT_MS	3000
#define SETTLE_MS	1000

static long set_usage(__u32 id, __u32 max, __u32 min)
{
	struct vc_cpu_usage usage = { .max_usage = max, .min_usage = min };

	return vc(VC_SET_USAGE, id, &usage);
}

/* Does GET say that? */
static bool has_usage(__u32 id, __u32 max, __u32 min)
{
	struct vc_cpu_usage usage = { .max_usage = 1, .min_usage = 2 };

	return !vc(VC_GET_USAGE, id, &usage) && usage.max_usage == max &&
	       usage.min_usage == min;
}

static long cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

/* ---- load ---- */

static long hogs_start(long n, long nice)
{
	long i;

	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (setpriority(PRIO_PROCESS, 0, nice))
				_exit(1);
			for (;;)
				__asm__ volatile("");
		}
		if (pid < 0)
			return -errno;
		kids[kids_nr++] = pid;
	}
	return 0;
}

static long a_hogs(long n, long nice, long c)
{
	return hogs_start(n, nice);
}

/* Runs for @on microseconds and sleeps for @off, over and over. */
static long a_bursts(long on, long off, long c)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			struct timespec ts = { .tv_nsec = off * 1000 };
			struct timespec now, end;

			clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
			end.tv_nsec += on * 1000;
			do {
				clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
			} while ((now.tv_sec - end.tv_sec) * 1000000000LL +
				 now.tv_nsec - end.tv_nsec < 0);
			nanosleep(&ts, NULL);
		}
	}
	if (pid < 0)
		return -errno;
	kids[kids_nr++] = pid;
	return 0;
}

/* A context below @parent, or the host, with @n hogs; remembers its agent. */
static long busy(struct agent *agent, __u32 parent, long n, __u32 max,
		 __u32 min)
{
	long id, ret;

	if (parent)
		id = ctx_new_below(parent, 0);
	else
		id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	if (id < 0)
		return id;
	ret = set_usage(id, max, min);
	if (ret)
		return ret;
	ret = agent_start(agent, id, 0);
	if (!ret)
		ret = ask3(agent, a_hogs, n, 0, 0);
	return ret ? ret : id;
}

/* ---- shares ---- */

static __u64 used_ns(__u32 id)
{
	struct vc_cpu_stat stat = {};

	vc(VC_STAT, id, &stat);
	return stat.user_ns + stat.system_ns;
}

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/*
 * How much a bound may be missed, once in a window: on each CPU the clock of
 * the scheduler is as coarse as ours, and where a hypervisor stops a CPU the
 * one who runs there pays, and has to do without for as long.  That is seen by
 * our coming late, since nobody else comes before us.  In millionths of a CPU.
 */
static long slack;

static __u64 sleep_watching(long ms)
{
	__u64 start = now_ns(), end = start + ms * 1000000ULL, now, late = 0;
	struct timespec res;

	clock_getres(CLOCK_MONOTONIC, &res);
	for (now = start; now < end; ) {
		__u64 before = now;

		sleep_ms(20);
		now = now_ns();
		if (now - before > 20000000 + late)
			late = now - before - 20000000;
	}
	slack = cpus() * (res.tv_nsec + late) / ((now - start) / 1000000);
	return now - start;
}

/* What @nr contexts use in @ms, in millionths of a CPU. */
static void measure(const long *ids, int nr, long ms, long *shares)
{
	__u64 before[8], passed;
	int i;

	for (i = 0; i < nr; i++)
		before[i] = used_ns(ids[i]);
	passed = sleep_watching(ms);
	for (i = 0; i < nr; i++) {
		shares[i] = (used_ns(ids[i]) - before[i]) / (passed / 1000000);
		printf("# context %ld: %ld.%03ld thousandths, slack %ld.%03ld\n",
		       ids[i], shares[i] / 1000, shares[i] % 1000,
		       slack / 1000, slack % 1000);
	}
}

/* At most 1.05 of a ceiling, at least 0.95 of a guarantee. */
#define EXPECT_MAX(max, share)	EXPECT_GE((max) * 1050L + slack, share)
#define EXPECT_MIN(min, share)	EXPECT_LE((min) * 950L - slack, share)

static long above_all(void)
{
	struct sched_param param = { .sched_priority = 10 };

	return res(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK,
				      &param));
}

#define USAGE_SETUP() do { \
	VC_SETUP(); \
	if (vc(VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_USAGE), 0, NULL) == \
	    -EOPNOTSUPP) \
		SKIP(return, "this kernel limits no CPU usage of contexts"); \
	ASSERT_EQ(0, above_all()); \
} while (0)

static void usage_end(void)
{
	/* first what keeps the rest from dying */
	a_reap(0, 0, 0);
	file_write(CPU1_ONLINE, "1");
	vc_teardown();
}

FIXTURE(usage) { int unused; };
FIXTURE_SETUP(usage) { USAGE_SETUP(); }
FIXTURE_TEARDOWN(usage) { usage_end(); }

/* ---- what is set and said ---- */

TEST_F(usage, initial)
{
	struct vc_cpu_stat stat;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_TRUE(has_usage(id, 0, 0));
	EXPECT_TRUE(has_usage(VC_ID_HOST, 0, 0));
	memset(&stat, 0xa5, sizeof(stat));
	EXPECT_EQ(0, vc(VC_STAT, id, &stat));
	EXPECT_EQ(0ULL, stat.user_ns);
	EXPECT_EQ(0ULL, stat.system_ns);
	EXPECT_EQ(0ULL, stat.periods);
	EXPECT_EQ(0ULL, stat.throttled);
	EXPECT_EQ(0ULL, stat.throttled_ns);
	EXPECT_EQ(0, vc(VC_STAT, VC_ID_HOST, &stat));
	EXPECT_LT(0ULL, stat.user_ns + stat.system_ns);
	EXPECT_EQ(0ULL, stat.periods);
}

TEST_F(usage, values)
{
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-EINVAL, set_usage(id, 100, 101));
	EXPECT_TRUE(!!strstr(ctx_error(), "101"))
		TH_LOG("%s", ctx_error());
	EXPECT_TRUE(has_usage(id, 0, 0));
	EXPECT_EQ(0, set_usage(id, 100, 100));
	EXPECT_TRUE(has_usage(id, 100, 100));
	EXPECT_EQ(-EINVAL, set_usage(id, 99, 100));
	EXPECT_TRUE(has_usage(id, 100, 100));
	/* Either alone, and more than there is. */
	EXPECT_EQ(0, set_usage(id, 0, 200));
	EXPECT_TRUE(has_usage(id, 0, 200));
	EXPECT_EQ(0, set_usage(id, ~0U, 0));
	EXPECT_TRUE(has_usage(id, ~0U, 0));
	EXPECT_EQ(0, set_usage(id, 0, 0));
	EXPECT_TRUE(has_usage(id, 0, 0));
}

/* Cgroup tools see it too. */
TEST_F(usage, cgroup_file)
{
	long id = ctx_new(0);
	char text[64];

	ASSERT_LT(0, id);
	ASSERT_LT(0, file_read(cg_path(id, "cpu.max"), text, sizeof(text)));
	EXPECT_STREQ("max 100000\n", text);
	EXPECT_EQ(0, set_usage(id, 250, 0));
	file_read(cg_path(id, "cpu.max"), text, sizeof(text));
	EXPECT_STREQ("25000 100000\n", text);
	EXPECT_EQ(0, set_usage(id, 0, 0));
	file_read(cg_path(id, "cpu.max"), text, sizeof(text));
	EXPECT_STREQ("max 100000\n", text);
}

TEST_F(usage, wider)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	long b, c;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	c = ctx_new_below(b, 0);
	ASSERT_LT(0, c);
	EXPECT_EQ(0, set_usage(a, 300, 0));
	EXPECT_EQ(-EPERM, set_usage(b, 301, 0));
	EXPECT_EQ(-EPERM, set_usage(c, 301, 0));
	EXPECT_TRUE(!!strstr(ctx_error(), "300"))
		TH_LOG("%s", ctx_error());
	EXPECT_EQ(0, set_usage(b, 300, 0));
	EXPECT_EQ(0, set_usage(c, 300, 0));
	/* Narrowed above, it is as it was below; no limit is always fine. */
	EXPECT_EQ(0, set_usage(b, 200, 0));
	EXPECT_TRUE(has_usage(c, 300, 0));
	EXPECT_EQ(-EPERM, set_usage(c, 300, 0));
	EXPECT_EQ(0, set_usage(c, 200, 0));
	EXPECT_EQ(0, set_usage(b, 0, 0));
	EXPECT_EQ(-EPERM, set_usage(c, 301, 0));
	EXPECT_EQ(0, set_usage(c, 0, 0));
}

TEST_F(usage, admission)
{
	__u32 all = 1000 * cpus();
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	long b = ctx_new(0);
	char text[64];

	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	EXPECT_EQ(-ENOSPC, set_usage(a, 0, all + 1));
	EXPECT_EQ(-ENOSPC, set_usage(a, 0, ~0U));
	EXPECT_EQ(0, set_usage(a, 0, all - 300));
	EXPECT_EQ(-ENOSPC, set_usage(b, 0, 301));
	snprintf(text, sizeof(text),
		 "min_usage 301: siblings already hold %u of %u", all - 300,
		 all);
	EXPECT_STREQ(text, ctx_error());
	EXPECT_TRUE(has_usage(b, 0, 0));
	EXPECT_EQ(0, set_usage(b, 0, 300));
	EXPECT_EQ(-ENOSPC, set_usage(b, 0, 301));
	EXPECT_EQ(-ENOSPC, set_usage(a, 0, all - 299));
	EXPECT_EQ(0, set_usage(a, 0, all - 301));
	EXPECT_EQ(0, set_usage(b, 0, 301));

	/* What is destroyed holds nothing, nor does what never was. */
	EXPECT_EQ(0, vc(VC_DESTROY, b, NULL));
	EXPECT_EQ(0, set_usage(a, 0, all));
	EXPECT_EQ(0, set_usage(a, 0, 0));
	b = ctx_new(0);
	ASSERT_LT(0, b);
	EXPECT_EQ(0, set_usage(b, 0, all));
}

TEST_F(usage, admission_nested)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	long b, c;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	c = ctx_new_below(a, 0);
	ASSERT_LT(0, c);
	EXPECT_EQ(-ENOSPC, set_usage(b, 0, 1));
	EXPECT_EQ(0, set_usage(a, 0, 500));
	EXPECT_EQ(0, set_usage(b, 0, 200));
	EXPECT_EQ(-ENOSPC, set_usage(c, 0, 301));
	EXPECT_STREQ("min_usage 301: siblings already hold 200 of 500",
		     ctx_error());
	EXPECT_EQ(0, set_usage(c, 0, 300));
	/* Not below what is given away. */
	EXPECT_EQ(-ENOSPC, set_usage(a, 0, 499));
	EXPECT_STREQ("min_usage 499: contexts below hold 500 of it",
		     ctx_error());
	EXPECT_EQ(-ENOSPC, set_usage(a, 0, 0));
	EXPECT_TRUE(has_usage(a, 0, 500));
	EXPECT_EQ(0, ctx_kill(c));
	EXPECT_EQ(0, set_usage(a, 0, 200));
	EXPECT_EQ(-ENOSPC, set_usage(b, 0, 201));
	EXPECT_EQ(0, ctx_kill(a));
	a = ctx_new(0);
	ASSERT_LT(0, a);
	EXPECT_EQ(0, set_usage(a, 0, 1000 * cpus()));
}

/* ---- ceilings ---- */

TEST_F(usage, max)
{
	struct vc_cpu_stat stat;
	struct agent agent;
	long id, share;

	id = busy(&agent, VC_ID_HOST, 2 * cpus(), 200, 0);
	ASSERT_LT(0, id);
	measure(&id, 1, WINDOW_MS, &share);
	EXPECT_MAX(200, share);
	EXPECT_LE(180 * 1000, share);
	EXPECT_EQ(0, vc(VC_STAT, id, &stat));
	EXPECT_LE(90ULL, stat.periods);
	EXPECT_LE(90ULL, stat.throttled);
	EXPECT_GE(stat.periods, stat.throttled);
	EXPECT_LT(1000000000ULL, stat.throttled_ns);
}

/* Also where a tick is longer than all of it: each CPU can be two in advance. */
TEST_F(usage, max_small)
{
	static const __u32 max[] = { 1, 3, 10 };
	struct agent agent[ARRAY_SIZE(max)];
	long ids[ARRAY_SIZE(max)], shares[ARRAY_SIZE(max)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(max); i++) {
		ids[i] = ctx_new(0);
		ASSERT_LT(0, ids[i]);
		ASSERT_EQ(0, agent_start(&agent[i], ids[i], 0));
		ASSERT_EQ(0, ask3(&agent[i], a_hogs, cpus(), 0, 0));
	}
	for (i = 0; i < ARRAY_SIZE(max); i++)
		ASSERT_EQ(0, set_usage(ids[i], max[i], 0));
	measure(ids, ARRAY_SIZE(max), WINDOW_MS, shares);
	for (i = 0; i < ARRAY_SIZE(max); i++) {
		EXPECT_GE(max[i] * 1050L + 2 * slack, shares[i]);
		EXPECT_LE(max[i] * 500 - slack, shares[i]);
	}
	/* However little it is, it does not keep anybody from being killed. */
	for (i = 0; i < ARRAY_SIZE(max); i++) {
		__u64 start = now_ns();

		EXPECT_EQ(0, ctx_kill(ids[i]));
		EXPECT_GT(5000000000ULL, now_ns() - start);
	}
}

TEST_F(usage, max_nested)
{
	struct agent agent[2];
	long ids[3], shares[3];

	ids[0] = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, ids[0]);
	ASSERT_EQ(0, set_usage(ids[0], 400, 0));
	ids[1] = busy(&agent[0], ids[0], 2, 300, 0);
	ASSERT_LT(0, ids[1]);
	ids[2] = busy(&agent[1], ids[0], 2, 300, 0);
	ASSERT_LT(0, ids[2]);
	measure(ids, 3, SHORT_MS, shares);
	EXPECT_MAX(400, shares[0]);
	EXPECT_LE(360 * 1000, shares[0]);
	EXPECT_MAX(300, shares[1]);
	EXPECT_MAX(300, shares[2]);
}

TEST_F(usage, max_changed)
{
	struct agent agent;
	long id, share;

	id = busy(&agent, VC_ID_HOST, 2, 0, 0);
	ASSERT_LT(0, id);
	measure(&id, 1, SHORT_MS / 5, &share);
	EXPECT_LE(700 * 1000, share);
	EXPECT_EQ(0, set_usage(id, 100, 0));
	measure(&id, 1, SHORT_MS, &share);
	EXPECT_MAX(100, share);
	EXPECT_EQ(0, set_usage(id, 400, 0));
	measure(&id, 1, SHORT_MS, &share);
	EXPECT_MAX(400, share);
	EXPECT_LE(360 * 1000, share);
	EXPECT_EQ(0, set_usage(id, 0, 0));
	measure(&id, 1, SHORT_MS / 5, &share);
	EXPECT_LE(700 * 1000, share);
}

/* ---- guarantees ---- */

/* Hogs of the host and of two other contexts on all CPUs. */
struct others {
	struct agent agent[2];
	long ids[2];
};

static long others_start(struct others *others, long nice)
{
	int i;

	for (i = 0; i < 2; i++) {
		others->ids[i] = busy(&others->agent[i], VC_ID_HOST, 10, 0, 0);
		if (others->ids[i] < 0)
			return others->ids[i];
	}
	return hogs_start(30, nice);
}

/* Without one it gets next to nothing: what the others prove. */
TEST_F(usage, min_control)
{
	struct others others;
	struct agent agent;
	long id, share;

	id = busy(&agent, VC_ID_HOST, 1, 0, 0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, others_start(&others, -10));
	sleep_ms(SETTLE_MS);
	measure(&id, 1, SHORT_MS, &share);
	EXPECT_GE(50 * 1000, share);
}

FIXTURE(min) { int unused; };
FIXTURE_SETUP(min) { USAGE_SETUP(); }
FIXTURE_TEARDOWN(min) { usage_end(); }

FIXTURE_VARIANT(min)
{
	int nice;	/* of the host's hogs */
	int hogs;	/* for each CPU; 0: one in all */
	int each;	/* thousandths for each CPU; 0: 300 in all */
};

FIXTURE_VARIANT_ADD(min, one) { .nice = 0 };
FIXTURE_VARIANT_ADD(min, one_nice) { .nice = -20 };
FIXTURE_VARIANT_ADD(min, many) { .nice = 0, .hogs = 5, .each = 300 };
FIXTURE_VARIANT_ADD(min, most) { .nice = -10, .hogs = 1, .each = 900 };

TEST_F(min, holds)
{
	long hogs = variant->hogs ? variant->hogs * cpus() : 1;
	long min = variant->each ? variant->each * cpus() : 300;
	struct others others;
	struct agent agent;
	long ids[3], shares[3];

	ids[0] = busy(&agent, VC_ID_HOST, hogs, 0, min);
	ASSERT_LT(0, ids[0]);
	ASSERT_EQ(0, others_start(&others, variant->nice));
	ids[1] = others.ids[0];
	ids[2] = others.ids[1];
	sleep_ms(SETTLE_MS);
	measure(ids, 3, variant->nice || variant->hogs ? SHORT_MS : WINDOW_MS, shares);
	EXPECT_MIN(min, shares[0]);
}

/* Each has its own, and the parent all of it, whoever runs in it. */
TEST_F(usage, min_nested)
{
	struct others others;
	struct agent agent[3];
	long ids[4], shares[4];

	ids[0] = busy(&agent[0], VC_ID_HOST, 2, 0, 500);
	ASSERT_LT(0, ids[0]);
	ids[1] = busy(&agent[1], ids[0], 1, 0, 300);
	ASSERT_LT(0, ids[1]);
	ids[2] = busy(&agent[2], ids[0], 3, 0, 0);
	ASSERT_LT(0, ids[2]);
	ASSERT_EQ(0, others_start(&others, -10));
	sleep_ms(SETTLE_MS);
	measure(ids, 3, SHORT_MS, shares);
	EXPECT_MIN(500, shares[0]);
	EXPECT_MIN(300, shares[1]);

	/* What one below does not use is the parent's. */
	EXPECT_LT(0, ctx_signal(ids[1], SIGSTOP));
	sleep_ms(SETTLE_MS);
	measure(ids, 3, SHORT_MS, shares);
	EXPECT_MIN(500, shares[0]);
}

TEST_F(usage, min_changed)
{
	struct others others;
	struct agent agent;
	long id, share;

	id = busy(&agent, VC_ID_HOST, 2, 0, 100);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, others_start(&others, -10));
	sleep_ms(SETTLE_MS);
	measure(&id, 1, SHORT_MS, &share);
	EXPECT_MIN(100, share);
	EXPECT_GE(300 * 1000, share);
	EXPECT_EQ(0, set_usage(id, 0, 600));
	measure(&id, 1, SHORT_MS, &share);
	EXPECT_MIN(600, share);
	EXPECT_EQ(0, set_usage(id, 500, 400));
	measure(&id, 1, SHORT_MS, &share);
	EXPECT_MIN(400, share);
	EXPECT_MAX(500, share);
	EXPECT_EQ(0, set_usage(id, 0, 0));
	measure(&id, 1, SHORT_MS, &share);
	EXPECT_GE(50 * 1000, share);
}

/* Nearly all of the machine is promised, and everybody wants his part. */
TEST_F(usage, min_all)
{
	struct others others;
	struct agent agent[2];
	long ids[2], shares[2];
	long all = 1000 * cpus();

	ids[0] = busy(&agent[0], VC_ID_HOST, 2 * cpus(), 0, all / 10 * 7);
	ASSERT_LT(0, ids[0]);
	ids[1] = busy(&agent[1], VC_ID_HOST, cpus(), 0, all / 5);
	ASSERT_LT(0, ids[1]);
	ASSERT_EQ(0, others_start(&others, 0));
	sleep_ms(SETTLE_MS);
	measure(ids, 2, SHORT_MS, shares);
	EXPECT_MIN(all / 10 * 7, shares[0]);
	EXPECT_MIN(all / 5, shares[1]);
}

/* It is for who has it: the others share the rest as before. */
TEST_F(usage, min_neighbour)
{
	struct agent agent[2];
	long ids[2], shares[2];

	ids[0] = busy(&agent[0], VC_ID_HOST, 5 * cpus(), 0, 400 * cpus());
	ASSERT_LT(0, ids[0]);
	ids[1] = busy(&agent[1], VC_ID_HOST, 5 * cpus(), 0, 0);
	ASSERT_LT(0, ids[1]);
	sleep_ms(SETTLE_MS);
	measure(ids, 2, SHORT_MS, shares);
	EXPECT_MIN(400 * cpus(), shares[0]);
	EXPECT_LE(200 * 1000 * cpus(), shares[1]);
}

/* Not only for those that never sleep. */
TEST_F(usage, min_bursts)
{
	struct others others;
	struct agent agent;
	long id = ctx_new(0), share;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, set_usage(id, 0, 900));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, ask3(&agent, a_bursts, 10000, 10000, 0));
	ASSERT_EQ(0, others_start(&others, 0));
	sleep_ms(SETTLE_MS);
	measure(&id, 1, SHORT_MS, &share);
	/* half of the time there is nothing to run */
	EXPECT_LE(300 * 1000, share);
}

/* ---- hotplug ---- */

/* What the next event of that type says is missing to @id, or -1. */
static long missing(int fd, __u32 id)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct vc_event event;

	while (poll(&poll_fd, 1, 10000) == 1) {
		if (read(fd, &event, sizeof(event)) != sizeof(event))
			break;
		if (event.type == VC_EVENT_GUARANTEE)
			return event.id == id ? (long)event.value : -1;
	}
	return -1;
}

TEST_F(usage, hotplug)
{
	struct agent agent[2];
	long ids[2], shares[2];
	__u32 all = 1000 * cpus();
	int fd;

	if (access(CPU1_ONLINE, W_OK))
		SKIP(return, "no CPU can go");
	ids[0] = busy(&agent[0], VC_ID_HOST, cpus(), 0, all / 4 * 3);
	ASSERT_LT(0, ids[0]);
	ids[1] = busy(&agent[1], VC_ID_HOST, cpus(), 0, all / 4);
	ASSERT_LT(0, ids[1]);
	ASSERT_EQ(0, hogs_start(4, 0));
	fd = vc(VC_OPEN_EVENTS, VC_ID_HOST, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_write(CPU1_ONLINE, "0"));
	/* Served by ascending ids: who comes last misses most. */
	if (all / 4 * 3 > all - 1000) {
		EXPECT_EQ(all / 4 * 3 - (all - 1000), missing(fd, ids[0]));
		EXPECT_EQ(all / 4, missing(fd, ids[1]));
	} else {
		EXPECT_EQ(all - (all - 1000), missing(fd, ids[1]));
	}
	close(fd);
	/* Nothing is forgotten, and no more is promised, but less. */
	EXPECT_TRUE(has_usage(ids[0], 0, all / 4 * 3));
	EXPECT_EQ(-ENOSPC, set_usage(ids[0], 0, all / 4 * 3 + 1));
	EXPECT_EQ(0, set_usage(ids[1], 0, all / 4 - 1));
	EXPECT_EQ(-ENOSPC, set_usage(ids[1], 0, all / 4));
	sleep_ms(SETTLE_MS);
	measure(ids, 2, SHORT_MS, shares);
	/* all are scaled down alike */
	EXPECT_MIN(750 * cpus(), shares[0]);
	EXPECT_MIN(250 * cpus(), shares[1]);
	ASSERT_EQ(0, file_write(CPU1_ONLINE, "1"));
	EXPECT_EQ(0, set_usage(ids[1], 0, all / 4));
	sleep_ms(2 * SETTLE_MS);
	measure(ids, 2, SHORT_MS, shares);
	EXPECT_MIN(all / 4 * 3, shares[0]);
	EXPECT_MIN(all / 4, shares[1]);
}

/* ---- accounting ---- */

TEST_F(usage, stat)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	struct vc_cpu_stat parent, child;
	struct agent agent;
	long b, usec;

	ASSERT_LT(0, a);
	b = busy(&agent, a, 1, 0, 0);
	ASSERT_LT(0, b);
	EXPECT_TRUE(WAIT_FOR(used_ns(b) > 300000000));
	EXPECT_EQ(0, vc(VC_STAT, b, &child));
	EXPECT_EQ(0, vc(VC_STAT, a, &parent));
	EXPECT_LT(0ULL, child.user_ns);
	/* Those below count, and the same is in the file. */
	EXPECT_LE(child.user_ns + child.system_ns,
		  parent.user_ns + parent.system_ns);
	usec = file_number(cg_path(b, "cpu.stat"), "usage_usec ");
	EXPECT_LE((child.user_ns + child.system_ns) / 1000, (__u64)usec + 2);
	EXPECT_EQ(0ULL, child.throttled);

	/* Used is used, also when who did it is gone. */
	EXPECT_LT(0, ctx_signal(b, SIGKILL));
	EXPECT_TRUE(WAIT_FOR(vc(VC_COUNT, b, NULL) == 0));
	EXPECT_EQ(0, vc(VC_STAT, b, &parent));
	EXPECT_LE(child.user_ns + child.system_ns,
		  parent.user_ns + parent.system_ns);
}

/* A context cannot lift its own limit, whichever way it knows. */
TEST_F(usage, inside)
{
	long id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	struct agent agent;
	char text[64];

	ASSERT_LT(0, id);
	ASSERT_EQ(0, set_usage(id, 200, 100));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(-EPERM, ask_write(&agent, cg_path(id, "cpu.max"),
				    "max 100000"));
	EXPECT_EQ(-EPERM, ask_write(&agent, cg_path(id, "cpu.weight"),
				    "10000"));
	file_read(cg_path(id, "cpu.max"), text, sizeof(text));
	EXPECT_STREQ("20000 100000\n", text);
	memset(agent_buf, 0, sizeof(agent_buf));
	EXPECT_EQ(-EPERM, ask3(&agent, a_vc, VC_SET_USAGE, id, 1));
	EXPECT_TRUE(has_usage(id, 200, 100));
}

TEST_HARNESS_MAIN
