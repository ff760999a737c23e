// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of policies as bounds.
 */
#include <kunit/test.h>

#include "sched.h"

/* Worst first, as vc_class. */
static const u32 policies[] = {
	SCHED_IDLE, SCHED_BATCH, SCHED_NORMAL, SCHED_RR, SCHED_FIFO,
};

/* As a context has it. */
static struct vc_policy policy(u32 number, u8 rt_priority, s8 nice)
{
	return (struct vc_policy) {
		.class = vc_policy_class(number),
		.rt_priority = rt_priority,
		.nice = nice,
	};
}

static void class_order(struct kunit *test)
{
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		u8 class = vc_policy_class(policies[i]);

		KUNIT_EXPECT_EQ(test, class, i);
		KUNIT_EXPECT_EQ(test, vc_policy_number(class), policies[i]);
		KUNIT_EXPECT_EQ(test, vc_class_realtime(class),
				policies[i] == SCHED_FIFO ||
				policies[i] == SCHED_RR);
	}
}

/* What no context can have is better than all that it can. */
static void class_unknown(struct kunit *test)
{
	static const u32 never[] = { 4, SCHED_DEADLINE, 7, 8, U32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		struct vc_policy p = policy(never[i], 0, 19), bound;

		KUNIT_EXPECT_EQ(test, p.class, VC_CLASS_ANY);
		KUNIT_EXPECT_FALSE(test, vc_class_realtime(p.class));
		for (size_t k = 0; k < ARRAY_SIZE(policies); k++) {
			bound = policy(policies[k], 99, -20);
			KUNIT_EXPECT_FALSE(test, vc_policy_within(p, bound));
		}
		KUNIT_EXPECT_FALSE(test, vc_policy_within(p, VC_POLICY_FAIR));
		KUNIT_EXPECT_TRUE(test, vc_policy_within(p, VC_POLICY_ANY));
	}
}

/* Of all pairs: the worse one is within both, and nothing worse is needed. */
static void worse_is_meet(struct kunit *test)
{
	static const u8 prios[] = { 0, 1, 50, 99 };
	static const s8 nices[] = { -20, -1, 0, 1, 19 };
	struct vc_policy all[100], w, x;
	size_t i, k, n, nr = 0;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		for (k = 0; k < ARRAY_SIZE(prios); k++)
			for (n = 0; n < ARRAY_SIZE(nices); n++)
				all[nr++] = policy(policies[i], prios[k],
						   nices[n]);
	KUNIT_ASSERT_EQ(test, nr, ARRAY_SIZE(all));

	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_TRUE(test, vc_policy_within(all[i], all[i]));
		w = vc_policy_worse(all[i], VC_POLICY_ANY);
		KUNIT_EXPECT_TRUE(test, vc_policy_equal(w, all[i]));
		for (k = 0; k < nr; k++) {
			w = vc_policy_worse(all[i], all[k]);
			x = vc_policy_worse(all[k], all[i]);
			KUNIT_EXPECT_TRUE(test, vc_policy_equal(w, x));
			KUNIT_EXPECT_TRUE(test, vc_policy_within(w, all[i]));
			KUNIT_EXPECT_TRUE(test, vc_policy_within(w, all[k]));
			/* what is within both is within the worse one */
			x = all[(i + k) % nr];
			if (vc_policy_within(x, all[i]) &&
			    vc_policy_within(x, all[k]))
				KUNIT_EXPECT_TRUE(test,
						  vc_policy_within(x, w));
		}
	}
}

static void within_table(struct kunit *test)
{
	static const struct {
		u32 policy;
		u8 rt_priority;
		s8 nice;
		u32 bound;
		u8 bound_priority;
		s8 bound_nice;
		bool within;
	} table[] = {
		/* a class that is better, however low in it */
		{ SCHED_FIFO, 1, 0, SCHED_RR, 99, -20, false },
		{ SCHED_RR, 1, 0, SCHED_NORMAL, 0, -20, false },
		{ SCHED_NORMAL, 0, 19, SCHED_BATCH, 0, -20, false },
		{ SCHED_BATCH, 0, 19, SCHED_IDLE, 0, -20, false },
		/* a real-time priority */
		{ SCHED_FIFO, 10, 0, SCHED_FIFO, 10, -20, true },
		{ SCHED_FIFO, 11, 0, SCHED_FIFO, 10, -20, false },
		{ SCHED_RR, 11, 0, SCHED_FIFO, 10, -20, false },
		{ SCHED_RR, 9, 0, SCHED_FIFO, 10, -20, true },
		/* a bound that is real-time leaves nice values alone */
		{ SCHED_NORMAL, 0, -20, SCHED_RR, 1, -20, true },
		/* a nice value, whatever the class */
		{ SCHED_NORMAL, 0, 4, SCHED_NORMAL, 0, 5, false },
		{ SCHED_NORMAL, 0, 5, SCHED_NORMAL, 0, 5, true },
		{ SCHED_BATCH, 0, 4, SCHED_NORMAL, 0, 5, false },
		{ SCHED_BATCH, 0, 6, SCHED_NORMAL, 0, 5, true },
		{ SCHED_IDLE, 0, 19, SCHED_NORMAL, 0, 5, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct vc_policy p = policy(table[i].policy,
					    table[i].rt_priority,
					    table[i].nice);
		struct vc_policy bound = policy(table[i].bound,
						table[i].bound_priority,
						table[i].bound_nice);

		KUNIT_EXPECT_EQ_MSG(test, vc_policy_within(p, bound),
				    table[i].within, "line %zu", i);
	}
}

static struct kunit_case sched_cases[] = {
	KUNIT_CASE(class_order),
	KUNIT_CASE(class_unknown),
	KUNIT_CASE(worse_is_meet),
	KUNIT_CASE(within_table),
	{}
};

static struct kunit_suite sched_suite = {
	.name = "vcontext_sched",
	.test_cases = sched_cases,
};

kunit_test_suite(sched_suite);
