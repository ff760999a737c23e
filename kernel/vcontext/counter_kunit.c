// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the hierarchical counters.
 *
 * Levels: host, top, middle, and below that two siblings, leaf and other.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "internal.h"

VC_DEFINE(struct vc_counter, kunit_counter) = VC_COUNTER_INIT;
VC_DEFINE(struct vc_counter, kunit_second) = VC_COUNTER_INIT;

#define COUNTER		VC_COUNTER(kunit_counter)
#define SECOND		VC_COUNTER(kunit_second)

enum { HOST, TOP, MIDDLE, LEAF, OTHER, NR };

static const int parents[NR] = {
	[TOP] = HOST, [MIDDLE] = TOP, [LEAF] = MIDDLE, [OTHER] = MIDDLE,
};

struct fixture {
	struct vcontext *ctx[NR];
};

static int counter_test_init(struct kunit *test)
{
	struct fixture *fixture;

	fixture = kunit_kzalloc(test, sizeof(*fixture), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fixture);
	for (int i = 0; i < NR; i++) {
		struct vcontext *ctx;

		ctx = kunit_kzalloc(test,
				    struct_size(ctx, vars, vc_vars_size()),
				    GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ctx);
		fixture->ctx[i] = ctx;
		vc_vars_copy(ctx);
		ctx->id = i;
		if (i == HOST)
			continue;
		ctx->parent = fixture->ctx[parents[i]];
		ctx->level = ctx->parent->level + 1;
	}
	test->priv = fixture;
	return 0;
}

static void set_limit(struct vcontext *ctx, u64 limit)
{
	VC(ctx, kunit_counter).limit = limit;
}

static u64 usage_of(struct vcontext *ctx)
{
	return atomic64_read(&VC(ctx, kunit_counter).usage);
}

static u64 peak_of(struct vcontext *ctx)
{
	return atomic64_read(&VC(ctx, kunit_counter).peak);
}

static u64 hits_of(struct vcontext *ctx)
{
	return atomic64_read(&VC(ctx, kunit_counter).hits);
}

static void expect_counter(struct kunit *test, int line, struct vcontext *ctx,
			   u64 usage, u64 peak, u64 hits)
{
	KUNIT_EXPECT_EQ_MSG(test, usage_of(ctx), usage, "line %d", line);
	KUNIT_EXPECT_EQ_MSG(test, peak_of(ctx), peak, "line %d", line);
	KUNIT_EXPECT_EQ_MSG(test, hits_of(ctx), hits, "line %d", line);
}

#define EXPECT_COUNTER(test, ctx, usage, peak, hits)			\
	expect_counter(test, __LINE__, ctx, usage, peak, hits)

static void charge_all_levels(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext **ctx = fixture->ctx;

	vc_counter_charge(ctx[LEAF], NULL, COUNTER, 3);
	vc_counter_charge(ctx[OTHER], NULL, COUNTER, 4);
	EXPECT_COUNTER(test, ctx[LEAF], 3, 3, 0);
	EXPECT_COUNTER(test, ctx[OTHER], 4, 4, 0);
	EXPECT_COUNTER(test, ctx[MIDDLE], 7, 7, 0);
	EXPECT_COUNTER(test, ctx[TOP], 7, 7, 0);

	vc_counter_uncharge(ctx[LEAF], NULL, COUNTER, 3);
	EXPECT_COUNTER(test, ctx[LEAF], 0, 3, 0);
	EXPECT_COUNTER(test, ctx[OTHER], 4, 4, 0);
	EXPECT_COUNTER(test, ctx[MIDDLE], 4, 7, 0);
	EXPECT_COUNTER(test, ctx[TOP], 4, 7, 0);

	vc_counter_uncharge(ctx[OTHER], NULL, COUNTER, 4);
	for (int i = TOP; i < NR; i++)
		KUNIT_EXPECT_EQ(test, usage_of(ctx[i]), 0);
}

/* charge works beyond any limit and is no refusal */
static void charge_ignores_limit(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext **ctx = fixture->ctx;

	set_limit(ctx[LEAF], 0);
	set_limit(ctx[TOP], 2);
	vc_counter_charge(ctx[LEAF], NULL, COUNTER, 5);
	EXPECT_COUNTER(test, ctx[LEAF], 5, 5, 0);
	EXPECT_COUNTER(test, ctx[MIDDLE], 5, 5, 0);
	EXPECT_COUNTER(test, ctx[TOP], 5, 5, 0);
}

static void try_charge_exact(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext *leaf = fixture->ctx[LEAF];

	set_limit(leaf, 5);
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(leaf, NULL, COUNTER, 4));
	KUNIT_EXPECT_PTR_EQ(test,
			    vc_counter_try_charge(leaf, NULL, COUNTER, 2),
			    leaf);
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(leaf, NULL, COUNTER, 1));
	EXPECT_COUNTER(test, leaf, 5, 5, 1);
	KUNIT_EXPECT_PTR_EQ(test,
			    vc_counter_try_charge(leaf, NULL, COUNTER, 1),
			    leaf);
	EXPECT_COUNTER(test, leaf, 5, 5, 2);

	/* what is given back can be taken again */
	vc_counter_uncharge(leaf, NULL, COUNTER, 1);
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(leaf, NULL, COUNTER, 1));
	EXPECT_COUNTER(test, leaf, 5, 5, 2);
	KUNIT_EXPECT_EQ(test, usage_of(fixture->ctx[TOP]), 5);
}

/* Each level in turn refuses, is named, and is the only one with a hit. */
static void try_charge_who(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext **ctx = fixture->ctx;

	for (int i = TOP; i <= LEAF; i++) {
		set_limit(ctx[i], 1);
		KUNIT_EXPECT_PTR_EQ(test,
				    vc_counter_try_charge(ctx[LEAF], NULL,
							  COUNTER, 2),
				    ctx[i]);
		set_limit(ctx[i], VC_UNLIMITED);
		for (int j = TOP; j <= LEAF; j++)
			KUNIT_EXPECT_EQ(test, hits_of(ctx[j]), j <= i);
	}
	/* of two that would refuse, the one that is asked first */
	set_limit(ctx[TOP], 1);
	set_limit(ctx[MIDDLE], 1);
	KUNIT_EXPECT_PTR_EQ(test,
			    vc_counter_try_charge(ctx[LEAF], NULL, COUNTER, 2),
			    ctx[MIDDLE]);
	KUNIT_EXPECT_EQ(test, hits_of(ctx[TOP]), 1);
}

/* A refusal above leaves the levels below, and the sibling, as they were. */
static void try_charge_unwind(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext **ctx = fixture->ctx;

	set_limit(ctx[TOP], 10);
	vc_counter_charge(ctx[LEAF], NULL, COUNTER, 4);
	vc_counter_charge(ctx[OTHER], NULL, COUNTER, 5);
	KUNIT_EXPECT_PTR_EQ(test,
			    vc_counter_try_charge(ctx[LEAF], NULL, COUNTER, 2),
			    ctx[TOP]);
	KUNIT_EXPECT_EQ(test, usage_of(ctx[LEAF]), 4);
	KUNIT_EXPECT_EQ(test, hits_of(ctx[LEAF]), 0);
	KUNIT_EXPECT_EQ(test, usage_of(ctx[MIDDLE]), 9);
	KUNIT_EXPECT_EQ(test, hits_of(ctx[MIDDLE]), 0);
	EXPECT_COUNTER(test, ctx[OTHER], 5, 5, 0);
	EXPECT_COUNTER(test, ctx[TOP], 9, 9, 1);

	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(ctx[LEAF], NULL, COUNTER,
						      1));
	EXPECT_COUNTER(test, ctx[TOP], 10, 10, 1);
}

static void try_charge_unlimited(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext *leaf = fixture->ctx[LEAF];

	KUNIT_EXPECT_EQ(test, VC(leaf, kunit_counter).limit, VC_UNLIMITED);
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(leaf, NULL, COUNTER,
						      S64_MAX));
	EXPECT_COUNTER(test, leaf, S64_MAX, S64_MAX, 0);
	vc_counter_uncharge(leaf, NULL, COUNTER, S64_MAX);
	EXPECT_COUNTER(test, leaf, 0, S64_MAX, 0);
}

static void try_charge_limit_0(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext *leaf = fixture->ctx[LEAF];

	set_limit(leaf, 0);
	KUNIT_EXPECT_PTR_EQ(test,
			    vc_counter_try_charge(leaf, NULL, COUNTER, 1),
			    leaf);
	EXPECT_COUNTER(test, leaf, 0, 0, 1);
	/* nothing always fits */
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(leaf, NULL, COUNTER, 0));
	EXPECT_COUNTER(test, leaf, 0, 0, 1);
}

/* No difference of limit and charge wraps around. */
static void try_charge_too_much(struct kunit *test)
{
	static const u64 much[] = { 4, S64_MAX, 1ULL << 63, U64_MAX };
	struct fixture *fixture = test->priv;
	struct vcontext *leaf = fixture->ctx[LEAF], *who;

	set_limit(leaf, 3);
	for (size_t i = 0; i < ARRAY_SIZE(much); i++) {
		who = vc_counter_try_charge(leaf, NULL, COUNTER, much[i]);
		KUNIT_EXPECT_PTR_EQ_MSG(test, who, leaf, "%llu", much[i]);
	}
	EXPECT_COUNTER(test, leaf, 0, 0, ARRAY_SIZE(much));

	vc_counter_charge(leaf, NULL, COUNTER, 1);
	for (size_t i = 0; i < ARRAY_SIZE(much); i++) {
		who = vc_counter_try_charge(leaf, NULL, COUNTER, much[i]);
		KUNIT_EXPECT_PTR_EQ_MSG(test, who, leaf, "%llu", much[i]);
	}
	EXPECT_COUNTER(test, leaf, 1, 1, 2 * ARRAY_SIZE(much));

	/* the highest limit that is one */
	set_limit(leaf, VC_UNLIMITED - 1);
	KUNIT_EXPECT_PTR_EQ(test,
			    vc_counter_try_charge(leaf, NULL, COUNTER,
						  U64_MAX - 1), leaf);
}

/* A limit set below the usage takes nothing away and refuses what is new. */
static void limit_below_usage(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext *leaf = fixture->ctx[LEAF];

	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(leaf, NULL, COUNTER, 5));
	set_limit(leaf, 3);
	KUNIT_EXPECT_PTR_EQ(test,
			    vc_counter_try_charge(leaf, NULL, COUNTER, 1),
			    leaf);
	EXPECT_COUNTER(test, leaf, 5, 5, 1);
	vc_counter_uncharge(leaf, NULL, COUNTER, 2);
	KUNIT_EXPECT_PTR_EQ(test,
			    vc_counter_try_charge(leaf, NULL, COUNTER, 1),
			    leaf);
	vc_counter_uncharge(leaf, NULL, COUNTER, 1);
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(leaf, NULL, COUNTER, 1));
	EXPECT_COUNTER(test, leaf, 3, 5, 2);
}

/* Told from the nearest level on, and nothing is changed by asking. */
static void full(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext **ctx = fixture->ctx;

	KUNIT_EXPECT_NULL(test, vc_counter_full(NULL, COUNTER, 1));
	set_limit(ctx[HOST], 0);
	KUNIT_EXPECT_NULL(test, vc_counter_full(ctx[HOST], COUNTER, 1));
	KUNIT_EXPECT_NULL(test, vc_counter_full(ctx[LEAF], COUNTER, 1));

	set_limit(ctx[TOP], 2);
	vc_counter_charge(ctx[OTHER], NULL, COUNTER, 1);
	KUNIT_EXPECT_NULL(test, vc_counter_full(ctx[LEAF], COUNTER, 1));
	KUNIT_EXPECT_PTR_EQ(test, vc_counter_full(ctx[LEAF], COUNTER, 2),
			    ctx[TOP]);
	set_limit(ctx[LEAF], 0);
	KUNIT_EXPECT_PTR_EQ(test, vc_counter_full(ctx[LEAF], COUNTER, 2),
			    ctx[LEAF]);
	KUNIT_EXPECT_PTR_EQ(test, vc_counter_full(ctx[LEAF], COUNTER, U64_MAX),
			    ctx[LEAF]);
	/* below its limit, at it, and beyond it */
	vc_counter_charge(ctx[OTHER], NULL, COUNTER, 1);
	KUNIT_EXPECT_PTR_EQ(test, vc_counter_full(ctx[OTHER], COUNTER, 1),
			    ctx[TOP]);
	vc_counter_charge(ctx[OTHER], NULL, COUNTER, 1);
	KUNIT_EXPECT_PTR_EQ(test, vc_counter_full(ctx[OTHER], COUNTER, 1),
			    ctx[TOP]);
	EXPECT_COUNTER(test, ctx[LEAF], 0, 0, 0);
	EXPECT_COUNTER(test, ctx[TOP], 3, 3, 0);

	vc_counter_hit(ctx[TOP], COUNTER);
	EXPECT_COUNTER(test, ctx[TOP], 3, 3, 1);
}

/* From @stop on nothing is charged and no limit is asked. */
static void stop_ancestor(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext **ctx = fixture->ctx;

	set_limit(ctx[MIDDLE], 0);
	set_limit(ctx[TOP], 0);
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(ctx[LEAF], ctx[MIDDLE],
						      COUNTER, 2));
	vc_counter_charge(ctx[LEAF], ctx[MIDDLE], COUNTER, 1);
	EXPECT_COUNTER(test, ctx[LEAF], 3, 3, 0);
	EXPECT_COUNTER(test, ctx[MIDDLE], 0, 0, 0);
	EXPECT_COUNTER(test, ctx[TOP], 0, 0, 0);
	vc_counter_uncharge(ctx[LEAF], ctx[MIDDLE], COUNTER, 3);
	EXPECT_COUNTER(test, ctx[LEAF], 0, 3, 0);

	/* nowhere to go */
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(ctx[LEAF], ctx[LEAF],
						      COUNTER, 2));
	vc_counter_charge(ctx[LEAF], ctx[LEAF], COUNTER, 2);
	vc_counter_uncharge(ctx[LEAF], ctx[LEAF], COUNTER, 2);
	EXPECT_COUNTER(test, ctx[LEAF], 0, 3, 0);

	/* one level of two has room */
	KUNIT_EXPECT_PTR_EQ(test,
			    vc_counter_try_charge(ctx[LEAF], ctx[TOP], COUNTER,
						  1), ctx[MIDDLE]);
	KUNIT_EXPECT_EQ(test, usage_of(ctx[LEAF]), 0);
	EXPECT_COUNTER(test, ctx[TOP], 0, 0, 0);
}

/* The host is never counted, as NULL, as itself, as the last level. */
static void host_not_charged(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext **ctx = fixture->ctx;

	set_limit(ctx[HOST], 0);
	vc_counter_charge(NULL, NULL, COUNTER, 1);
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(NULL, NULL, COUNTER, 1));
	vc_counter_uncharge(NULL, NULL, COUNTER, 1);

	vc_counter_charge(ctx[HOST], NULL, COUNTER, 1);
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(ctx[HOST], NULL, COUNTER,
						      1));
	vc_counter_uncharge(ctx[HOST], NULL, COUNTER, 1);

	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(ctx[TOP], NULL, COUNTER,
						      1));
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(ctx[TOP], ctx[HOST],
						      COUNTER, 1));
	EXPECT_COUNTER(test, ctx[TOP], 2, 2, 0);
	EXPECT_COUNTER(test, ctx[HOST], 0, 0, 0);
}

/* Two counters of a context know nothing of each other. */
static void counters_are_apart(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext *leaf = fixture->ctx[LEAF];

	set_limit(leaf, 0);
	KUNIT_EXPECT_NULL(test, vc_counter_try_charge(leaf, NULL, SECOND, 1));
	EXPECT_COUNTER(test, leaf, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&VC(leaf, kunit_second).usage), 1);
}

static void read_shape(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext *leaf = fixture->ctx[LEAF];
	struct vc_limit limit;

	vc_counter_read(&VC(leaf, kunit_counter), &limit);
	KUNIT_EXPECT_EQ(test, limit.limit, VC_UNLIMITED);
	KUNIT_EXPECT_EQ(test, limit.usage, 0);
	KUNIT_EXPECT_EQ(test, limit.peak, 0);
	KUNIT_EXPECT_EQ(test, limit.hits, 0);

	set_limit(leaf, 7);
	vc_counter_charge(leaf, NULL, COUNTER, 6);
	vc_counter_uncharge(leaf, NULL, COUNTER, 4);
	KUNIT_EXPECT_NOT_NULL(test, vc_counter_try_charge(leaf, NULL, COUNTER,
							  6));
	vc_counter_read(&VC(leaf, kunit_counter), &limit);
	KUNIT_EXPECT_EQ(test, limit.limit, 7);
	KUNIT_EXPECT_EQ(test, limit.usage, 2);
	KUNIT_EXPECT_EQ(test, limit.peak, 6);
	KUNIT_EXPECT_EQ(test, limit.hits, 1);
}

/* ---- threads ---- */

#define RACE_THREADS	4
#define RACE_ROUNDS	5000
#define RACE_LIMIT	5

struct race {
	struct vcontext **ctx;
	struct completion go;
	struct completion done;
	atomic_t threads;
	atomic64_t taken;
	atomic64_t refused;
	atomic64_t over;
};

static int race_fn(void *data)
{
	struct race *race = data;
	u32 self = atomic_inc_return(&race->threads);
	struct vcontext *ctx = race->ctx[self & 1 ? LEAF : OTHER];
	struct vcontext *middle = race->ctx[MIDDLE];

	wait_for_completion(&race->go);
	for (u32 i = 0; i < RACE_ROUNDS; i++) {
		u64 n = 1 + (i + self) % 3;

		if (vc_counter_try_charge(ctx, NULL, COUNTER, n)) {
			atomic64_inc(&race->refused);
		} else {
			atomic64_inc(&race->taken);
			if (usage_of(middle) > RACE_LIMIT)
				atomic64_inc(&race->over);
			/* let others run while it is taken */
			if (!(i & 7))
				usleep_range(1, 10);
			vc_counter_uncharge(ctx, NULL, COUNTER, n);
		}
		if (usage_of(middle) > RACE_LIMIT)
			atomic64_inc(&race->over);
		cond_resched();
	}
	complete(&race->done);
	return 0;
}

/* The common level never exceeds its limit, and each refusal is counted. */
static void race_limit(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext **ctx = fixture->ctx;
	struct race *race;
	int nr;

	race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, race);
	race->ctx = ctx;
	init_completion(&race->go);
	init_completion(&race->done);
	set_limit(ctx[MIDDLE], RACE_LIMIT);

	for (nr = 0; nr < RACE_THREADS; nr++)
		if (IS_ERR(kthread_run(race_fn, race, "vcontext_kunit/%d", nr)))
			break;
	KUNIT_EXPECT_EQ(test, nr, RACE_THREADS);
	complete_all(&race->go);
	for (int i = 0; i < nr; i++)
		wait_for_completion(&race->done);

	KUNIT_EXPECT_EQ(test, atomic64_read(&race->over), 0);
	KUNIT_EXPECT_LE(test, peak_of(ctx[MIDDLE]), RACE_LIMIT);
	/* uncharged after what is below, where others charge meanwhile */
	KUNIT_EXPECT_LT(test, peak_of(ctx[TOP]), RACE_LIMIT + RACE_THREADS);
	KUNIT_EXPECT_GT(test, atomic64_read(&race->taken), 0);
	KUNIT_EXPECT_GT(test, atomic64_read(&race->refused), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&race->taken) +
			atomic64_read(&race->refused), nr * RACE_ROUNDS);
	KUNIT_EXPECT_EQ(test, hits_of(ctx[MIDDLE]),
			atomic64_read(&race->refused));
	KUNIT_EXPECT_EQ(test, hits_of(ctx[LEAF]) + hits_of(ctx[OTHER]) +
			hits_of(ctx[TOP]), 0);
	for (int i = TOP; i < NR; i++)
		KUNIT_EXPECT_EQ(test, usage_of(ctx[i]), 0);
}

static struct kunit_case counter_cases[] = {
	KUNIT_CASE(charge_all_levels),
	KUNIT_CASE(charge_ignores_limit),
	KUNIT_CASE(try_charge_exact),
	KUNIT_CASE(try_charge_who),
	KUNIT_CASE(try_charge_unwind),
	KUNIT_CASE(try_charge_unlimited),
	KUNIT_CASE(try_charge_limit_0),
	KUNIT_CASE(try_charge_too_much),
	KUNIT_CASE(limit_below_usage),
	KUNIT_CASE(full),
	KUNIT_CASE(stop_ancestor),
	KUNIT_CASE(host_not_charged),
	KUNIT_CASE(counters_are_apart),
	KUNIT_CASE(read_shape),
	KUNIT_CASE(race_limit),
	{}
};

static struct kunit_suite counter_suite = {
	.name = "vcontext_counter",
	.init = counter_test_init,
	.test_cases = counter_cases,
};

kunit_test_suite(counter_suite);
