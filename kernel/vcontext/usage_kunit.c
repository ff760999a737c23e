// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the arithmetic of CPU usage: until when who
 * has a guarantee is paid, and who may have how much.
 */
#include <kunit/test.h>
#include <linux/mmu_context.h>
#include <linux/slab.h>

#include "../sched/sched.h"
#include "internal.h"

#define NOW		(100 * NSEC_PER_SEC)

/* Who runs for his part of the time stays where he is. */
static void test_pay(struct kunit *test)
{
	static const unsigned int mins[] = { 1, 10, 300, 1000, 1800, 64000 };

	for (int i = 0; i < ARRAY_SIZE(mins); i++) {
		u64 until = NOW;

		for (int k = 1; k <= 1000; k++)
			until = guarantee_pay(until, NOW + k * 1000000ULL,
					      mins[i] * 1000, mins[i]);
		KUNIT_EXPECT_EQ(test, until, NOW + NSEC_PER_SEC);
	}
	KUNIT_EXPECT_EQ(test, guarantee_pay(NOW, NOW, 3000000, 300),
			NOW + 10000000);
	KUNIT_EXPECT_EQ(test, guarantee_pay(NOW, NOW, 3000000, 1500),
			NOW + 2000000);
	KUNIT_EXPECT_EQ(test, guarantee_pay(NOW, NOW, 0, 1), NOW);
}

/* A past that nobody asked for gives nothing. */
static void test_pay_credit(struct kunit *test)
{
	const u64 least = NOW - GUARANTEE_CREDIT;

	KUNIT_EXPECT_EQ(test, guarantee_pay(0, NOW, 0, 300), least);
	KUNIT_EXPECT_EQ(test, guarantee_pay(least - 1, NOW, 0, 300), least);
	KUNIT_EXPECT_EQ(test, guarantee_pay(least + 1, NOW, 0, 300),
			least + 1);
	KUNIT_EXPECT_EQ(test, guarantee_pay(0, NOW, 3000000, 300),
			least + 10000000);
}

/* What idle CPUs gave is forgiven, but for two ticks of the smallest. */
static void test_pay_debt(struct kunit *test)
{
	const u64 most = NOW + GUARANTEE_CREDIT;

	KUNIT_EXPECT_EQ(test, guarantee_pay(NOW + (3600 * NSEC_PER_SEC), NOW, 0, 1000),
			most);
	KUNIT_EXPECT_EQ(test, guarantee_pay(most - 1, NOW, 0, 1000), most - 1);
	KUNIT_EXPECT_EQ(test, guarantee_pay(NOW + (3600 * NSEC_PER_SEC), NOW, 0, 1),
			NOW + 2000ULL * TICK_NSEC);
}

/* Whatever comes in, it is near the present afterwards. */
static void test_pay_bounds(struct kunit *test)
{
	static const u64 times[] = { 0, 1, NOW, U64_MAX / 2, U64_MAX };

	for (int i = 0; i < ARRAY_SIZE(times); i++)
		for (int k = 0; k < ARRAY_SIZE(times); k++) {
			s64 ahead = guarantee_pay(times[i], times[k], 0,
						  U32_MAX) - times[k];

			KUNIT_EXPECT_LE(test, abs(ahead),
					(s64)GUARANTEE_CREDIT);
		}
}

/* Levels: host, top, and below that two siblings, leaf and other. */
enum { HOST, TOP, LEAF, OTHER, NR };

static struct vcontext **make_contexts(struct kunit *test)
{
	static const int parents[NR] = {
		[TOP] = HOST, [LEAF] = TOP, [OTHER] = TOP,
	};
	struct vcontext **ctx;

	ctx = kunit_kcalloc(test, NR, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	for (int i = 0; i < NR; i++) {
		ctx[i] = kunit_kzalloc(test, struct_size(ctx[i], vars,
							 vc_vars_size()),
				       GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ctx[i]);
		vc_vars_copy(ctx[i]);
		ctx[i]->id = i;
		if (i == HOST)
			continue;
		ctx[i]->parent = ctx[parents[i]];
		ctx[i]->level = ctx[i]->parent->level + 1;
	}
	return ctx;
}

static int set_min(struct vcontext *ctx, u32 min)
{
	int ret;

	mutex_lock(&vc_cpu_mutex);
	ret = vc_usage_check_min(ctx, min);
	if (!ret)
		vc_usage_account_min(ctx, min);
	mutex_unlock(&vc_cpu_mutex);
	return ret;
}

static void test_admission(struct kunit *test)
{
	struct vcontext **ctx = make_contexts(test);
	u32 all = 1000 * num_online_cpus();

	KUNIT_EXPECT_EQ(test, set_min(ctx[TOP], U32_MAX), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[TOP], all + 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[LEAF], 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[TOP], all), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[TOP], all), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[TOP], 500), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[LEAF], 501), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[LEAF], 200), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[OTHER], 301), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[OTHER], U32_MAX), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[OTHER], 300), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[TOP], 499), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[LEAF], 0), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[TOP], 300), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[TOP], 299), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[OTHER], 0), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[TOP], 0), 0);
}

/* As with CPUs that have gone: less is fine, no more is. */
static void test_admission_over(struct kunit *test)
{
	struct vcontext **ctx = make_contexts(test);

	KUNIT_ASSERT_EQ(test, set_min(ctx[TOP], 500), 0);
	KUNIT_ASSERT_EQ(test, set_min(ctx[LEAF], 300), 0);
	mutex_lock(&vc_cpu_mutex);
	vc_usage_account_min(ctx[OTHER], 400);
	mutex_unlock(&vc_cpu_mutex);
	KUNIT_EXPECT_EQ(test, set_min(ctx[LEAF], 301), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[LEAF], 300), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[LEAF], 250), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[LEAF], 251), -ENOSPC);
	KUNIT_EXPECT_EQ(test, set_min(ctx[OTHER], 0), 0);
	KUNIT_EXPECT_EQ(test, set_min(ctx[LEAF], 500), 0);
}

static void test_missing(struct kunit *test)
{
	u64 left = 1000;

	KUNIT_EXPECT_EQ(test, vc_usage_missing(&left, 0), 0);
	KUNIT_EXPECT_EQ(test, vc_usage_missing(&left, 600), 0);
	KUNIT_EXPECT_EQ(test, vc_usage_missing(&left, 500), 100);
	KUNIT_EXPECT_EQ(test, left, 0);
	KUNIT_EXPECT_EQ(test, vc_usage_missing(&left, 300), 300);
	KUNIT_EXPECT_EQ(test, vc_usage_missing(&left, 0), 0);
}

static void test_fit(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vc_usage_fit(0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, vc_usage_fit(300, 300, 1000), 300);
	KUNIT_EXPECT_EQ(test, vc_usage_fit(300, 1000, 1000), 300);
	KUNIT_EXPECT_EQ(test, vc_usage_fit(1500, 2000, 1000), 750);
	KUNIT_EXPECT_EQ(test, vc_usage_fit(500, 2000, 1000), 250);
	KUNIT_EXPECT_EQ(test, vc_usage_fit(U32_MAX, U32_MAX, 1000), 1000);
	KUNIT_EXPECT_EQ(test, vc_usage_fit(1, 2000, 1000), 0);
}

static struct kunit_case usage_cases[] = {
	KUNIT_CASE(test_pay),
	KUNIT_CASE(test_pay_credit),
	KUNIT_CASE(test_pay_debt),
	KUNIT_CASE(test_pay_bounds),
	KUNIT_CASE(test_admission),
	KUNIT_CASE(test_admission_over),
	KUNIT_CASE(test_missing),
	KUNIT_CASE(test_fit),
	{ }
};

static struct kunit_suite usage_suite = {
	.name = "vcontext_usage",
	.test_cases = usage_cases,
};

kunit_test_suite(usage_suite);
