// SPDX-License-Identifier: GPL-2.0
/*
 * What contexts get of the CPUs: ceilings, guarantees, who may have how much,
 * and the accounting that all of this is measured by.
 */
#include "usage.h"

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

/* With one it gets that; guarantee_test has all the ways. */
TEST_F(usage, min_holds)
{
	struct others others;
	struct agent agent;
	long id, share;

	id = busy(&agent, VC_ID_HOST, 1, 0, 300);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, others_start(&others, -10));
	sleep_ms(SETTLE_MS);
	measure(&id, 1, SHORT_MS, &share);
	EXPECT_MIN(300, share);
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
