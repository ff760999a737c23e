// SPDX-License-Identifier: GPL-2.0
/*
 * Guarantees of CPU time under load, and what takes long to measure besides.
 */
#include "usage.h"

FIXTURE(guarantee) { int unused; };
FIXTURE_SETUP(guarantee) { USAGE_SETUP(); }
FIXTURE_TEARDOWN(guarantee) { usage_end(); }

/* Also where a tick is longer than all of it: each CPU can be two in advance. */
TEST_F(guarantee, max_small)
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

/* ---- guarantees ---- */

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
TEST_F(guarantee, min_nested)
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

TEST_F(guarantee, min_changed)
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
TEST_F(guarantee, min_all)
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
TEST_F(guarantee, min_neighbour)
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
TEST_F(guarantee, min_bursts)
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

TEST_F(guarantee, hotplug)
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

TEST_HARNESS_MAIN
