/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of CPU time share: load, and how shares are measured.
 *
 * Shares are CPU time of a context by the time that has passed, so that a slow
 * machine makes no difference.  The test itself runs above everything that it
 * measures.
 */
#ifndef _SELFTESTS_VCONTEXT_USAGE_H
#define _SELFTESTS_VCONTEXT_USAGE_H

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
 * How much a bound may be missed, once in a window: on each CPU the scheduler
 * looks at it once a tick, and where a hypervisor stops a CPU the one who runs
 * there pays, and has to do without for as long.  That is seen by our coming
 * late, since nobody else comes before us.  In millionths of a CPU.
 */
static long slack;

static __u64 sleep_watching(long ms)
{
	__u64 start = now_ns(), end = start + ms * 1000000ULL, now, late = 0;
	struct timespec res;

	clock_getres(CLOCK_MONOTONIC_COARSE, &res);
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

#endif /* _SELFTESTS_VCONTEXT_USAGE_H */
