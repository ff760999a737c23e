// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of ids, of who sees whom, and of the walk over the tree.
 *
 * The tree here is not in the id table and has no groups:
 *
 *	host -+- a -+- aa --- aaa
 *	      |     `- ab
 *	      `- b --- ba
 */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

enum { HOST, A, AA, AAA, AB, B, BA, NR };

static const int parents[NR] = {
	[A] = HOST, [AA] = A, [AAA] = AA, [AB] = A, [B] = HOST, [BA] = B,
};

struct fixture {
	struct vcontext *ctx[NR];
};

static int context_test_init(struct kunit *test)
{
	struct fixture *fixture;

	fixture = kunit_kzalloc(test, sizeof(*fixture), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fixture);
	for (int i = 0; i < NR; i++) {
		struct vcontext *ctx, *parent;

		ctx = kunit_kzalloc(test,
				    struct_size(ctx, vars, vc_vars_size()),
				    GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ctx);
		fixture->ctx[i] = ctx;
		vc_vars_copy(ctx);
		refcount_set(&ctx->refs, 1);
		INIT_LIST_HEAD(&ctx->children);
		INIT_LIST_HEAD(&ctx->sibling);
		ctx->id = i;
		if (i == HOST)
			continue;
		parent = fixture->ctx[parents[i]];
		ctx->parent = parent;
		ctx->level = parent->level + 1;
		list_add_tail(&ctx->sibling, &parent->children);
	}
	test->priv = fixture;
	return 0;
}

/* Row: who is looked at; column: from where. */
static const bool below[NR][NR] = {
	/*         HOST A  AA AAA AB B  BA */
	[HOST] = { 1,   0, 0, 0,  0, 0, 0 },
	[A]    = { 1,   1, 0, 0,  0, 0, 0 },
	[AA]   = { 1,   1, 1, 0,  0, 0, 0 },
	[AAA]  = { 1,   1, 1, 1,  0, 0, 0 },
	[AB]   = { 1,   1, 0, 0,  1, 0, 0 },
	[B]    = { 1,   0, 0, 0,  0, 1, 0 },
	[BA]   = { 1,   0, 0, 0,  0, 1, 1 },
};

static void is_below(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	for (int i = 0; i < NR; i++) {
		for (int j = 0; j < NR; j++) {
			bool got = vcontext_is_below(fixture->ctx[i],
						     fixture->ctx[j]);

			KUNIT_EXPECT_EQ_MSG(test, got, below[i][j],
					    "%d below %d", i, j);
		}
	}
}

/* Where tasks are looked up the host is NULL. */
static void is_below_null(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	KUNIT_EXPECT_TRUE(test, vcontext_is_below(NULL, NULL));
	for (int i = 0; i < NR; i++) {
		KUNIT_EXPECT_TRUE(test,
				  vcontext_is_below(fixture->ctx[i], NULL));
		KUNIT_EXPECT_EQ(test, vcontext_is_below(NULL, fixture->ctx[i]),
				i == HOST);
	}
}

static void find_host(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct vcontext *ctx;

	ctx = vcontext_find(VC_ID_HOST, vcontext_host);
	KUNIT_EXPECT_PTR_EQ(test, ctx, vcontext_host);
	vcontext_put(ctx);
	KUNIT_EXPECT_NULL(test, vcontext_find(VC_ID_HOST, fixture->ctx[A]));
	KUNIT_EXPECT_NULL(test, vcontext_find(VC_ID_HOST, fixture->ctx[AAA]));
}

static void find_unknown(struct kunit *test)
{
	static const u32 ids[] = {
		VC_ID_MAX, VC_ID_MAX + 1, 0x80000000, 0xfffffffe, VC_ID_SELF,
	};
	struct fixture *fixture = test->priv;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		KUNIT_EXPECT_NULL_MSG(test,
				      vcontext_find(ids[i], vcontext_host),
				      "%#x", ids[i]);
		KUNIT_EXPECT_NULL_MSG(test,
				      vcontext_find(ids[i], fixture->ctx[A]),
				      "%#x", ids[i]);
	}
}

/* Nothing in the id table is below a context that is not in it. */
static void find_next_nothing(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	u32 id = 0;

	KUNIT_EXPECT_NULL(test, vcontext_find_next(&id, fixture->ctx[A]));
	id = VC_ID_MAX;
	KUNIT_EXPECT_NULL(test, vcontext_find_next(&id, vcontext_host));
	id = U32_MAX;
	KUNIT_EXPECT_NULL(test, vcontext_find_next(&id, vcontext_host));
}

static void current_is_host(struct kunit *test)
{
	struct vcontext *ctx = vcontext_get_current();

	KUNIT_EXPECT_PTR_EQ(test, ctx, vcontext_host);
	vcontext_put(ctx);
	KUNIT_EXPECT_EQ(test, vcontext_host->id, VC_ID_HOST);
	KUNIT_EXPECT_EQ(test, vcontext_host->level, 0);
	KUNIT_EXPECT_NULL(test, vcontext_host->parent);
	KUNIT_EXPECT_EQ(test, vcontext_host->children_max, U32_MAX);
}

static bool sees(u32 id, const struct vcontext *caller)
{
	struct vcontext *ctx = vcontext_find(id, caller);

	vcontext_put(ctx);
	return ctx;
}

/* Is @id what the walk finds when it starts there? */
static bool next_is(u32 id, const struct vcontext *caller)
{
	u32 pos = id;
	struct vcontext *ctx = vcontext_find_next(&pos, caller);

	vcontext_put(ctx);
	return ctx && pos == id;
}

/* Real ones, one below the other: seen from above alone, while they are. */
static void find_real(struct kunit *test)
{
	static const struct vc_create args = { .children_max = 1 };
	static const struct vc_create leaf = { };
	struct fixture *fixture = test->priv;
	struct vcontext *ctx, *child;
	int id, child_id;

	id = vcontext_create(VC_ID_SELF, &args, vcontext_host);
	KUNIT_ASSERT_GT(test, id, 0);
	KUNIT_EXPECT_LE(test, id, VC_ID_MAX);
	ctx = vcontext_find(id, vcontext_host);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	KUNIT_EXPECT_EQ(test, ctx->id, id);
	KUNIT_EXPECT_EQ(test, ctx->level, 1);

	child_id = vcontext_create(VC_ID_MAX, &leaf, ctx);
	KUNIT_EXPECT_EQ(test, child_id, VC_ID_MAX);
	child = vcontext_find(VC_ID_MAX, ctx);
	KUNIT_EXPECT_NOT_NULL(test, child);
	if (child) {
		KUNIT_EXPECT_TRUE(test, sees(VC_ID_MAX, vcontext_host));
		KUNIT_EXPECT_TRUE(test, sees(VC_ID_MAX, child));
		KUNIT_EXPECT_TRUE(test, sees(id, ctx));
		KUNIT_EXPECT_FALSE(test, sees(id, child));
		KUNIT_EXPECT_FALSE(test, sees(id, fixture->ctx[A]));
		KUNIT_EXPECT_FALSE(test, sees(VC_ID_MAX, fixture->ctx[A]));
		KUNIT_EXPECT_TRUE(test, next_is(id, vcontext_host));
		KUNIT_EXPECT_TRUE(test, next_is(VC_ID_MAX, ctx));
		KUNIT_EXPECT_FALSE(test, next_is(id, child));
		KUNIT_EXPECT_EQ(test, vcontext_destroy(child, false), 0);
		KUNIT_EXPECT_FALSE(test, sees(VC_ID_MAX, vcontext_host));
		vcontext_put(child);
	}
	KUNIT_EXPECT_EQ(test, vcontext_destroy(ctx, false), 0);
	KUNIT_EXPECT_FALSE(test, sees(id, vcontext_host));
	vcontext_put(ctx);
}

/* ---- the walk ---- */

/* Ids below @top as a string of digits. */
static void walk(struct vcontext *top, char path[NR + 1])
{
	struct vcontext *pos;
	int nr = 0;

	memset(path, 0, NR + 1);
	mutex_lock(&vcontext_mutex);
	vcontext_for_each_below(pos, top) {
		if (nr == NR)
			break;
		path[nr++] = '0' + pos->id;
	}
	mutex_unlock(&vcontext_mutex);
}

/* Parents first, siblings in the order of their birth. */
static void next_order(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	char path[NR + 1];

	walk(fixture->ctx[HOST], path);
	KUNIT_EXPECT_STREQ(test, path, "123456");
}

/* The walk does not leave the part it was asked for. */
static void next_subtree(struct kunit *test)
{
	static const char * const want[NR] = {
		[A] = "234", [AA] = "3", [AAA] = "", [AB] = "", [B] = "6",
		[BA] = "",
	};
	struct fixture *fixture = test->priv;
	char path[NR + 1];

	for (int i = A; i < NR; i++) {
		walk(fixture->ctx[i], path);
		KUNIT_EXPECT_STREQ(test, path, want[i]);
	}
}

/* A leaf taken out is not met; the others still are. */
static void next_after_removal(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	char path[NR + 1];

	list_del_init(&fixture->ctx[AB]->sibling);
	walk(fixture->ctx[HOST], path);
	KUNIT_EXPECT_STREQ(test, path, "12356");
	list_del_init(&fixture->ctx[AAA]->sibling);
	walk(fixture->ctx[HOST], path);
	KUNIT_EXPECT_STREQ(test, path, "1256");
	walk(fixture->ctx[AA], path);
	KUNIT_EXPECT_STREQ(test, path, "");
}

static void destroy_ids(void *ids)
{
	xa_destroy(ids);
}

static struct xarray *new_ids(struct kunit *test)
{
	struct xarray *ids = kunit_kzalloc(test, sizeof(*ids), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ids);
	xa_init_flags(ids, XA_FLAGS_ALLOC1);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, destroy_ids, ids));
	return ids;
}

/* What any id was, or a negative errno. */
static s64 reserve_any(struct xarray *ids, u32 *next, u32 max)
{
	u32 id = VC_ID_SELF;
	int ret = vc_id_reserve(ids, next, max, &id);

	return ret ?: (s64)id;
}

/* Not one that has just become free, but the next. */
static void id_any(struct kunit *test)
{
	struct xarray *ids = new_ids(test);
	u32 next = 1;

	KUNIT_EXPECT_EQ(test, 1LL, reserve_any(ids, &next, VC_ID_MAX));
	KUNIT_EXPECT_EQ(test, 2LL, reserve_any(ids, &next, VC_ID_MAX));
	xa_erase(ids, 2);
	KUNIT_EXPECT_EQ(test, 3LL, reserve_any(ids, &next, VC_ID_MAX));
}

/* Behind the last comes the first that is free, and never the host's. */
static void id_round(struct kunit *test)
{
	struct xarray *ids = new_ids(test);
	u32 next = VC_ID_MAX - 1, id = 1;

	KUNIT_EXPECT_EQ(test, 0, vc_id_reserve(ids, &next, VC_ID_MAX, &id));
	KUNIT_EXPECT_EQ(test, (s64)VC_ID_MAX - 1,
			reserve_any(ids, &next, VC_ID_MAX));
	KUNIT_EXPECT_EQ(test, (s64)VC_ID_MAX,
			reserve_any(ids, &next, VC_ID_MAX));
	KUNIT_EXPECT_EQ(test, 2LL, reserve_any(ids, &next, VC_ID_MAX));
}

static void id_wanted(struct kunit *test)
{
	struct xarray *ids = new_ids(test);
	u32 next = 1, id = 2;

	KUNIT_EXPECT_EQ(test, 0, vc_id_reserve(ids, &next, VC_ID_MAX, &id));
	KUNIT_EXPECT_EQ(test, 2U, id);
	KUNIT_EXPECT_EQ(test, -EEXIST,
			vc_id_reserve(ids, &next, VC_ID_MAX, &id));
	/* Who wants any passes over it. */
	KUNIT_EXPECT_EQ(test, 1LL, reserve_any(ids, &next, VC_ID_MAX));
	KUNIT_EXPECT_EQ(test, 3LL, reserve_any(ids, &next, VC_ID_MAX));
	xa_erase(ids, 2);
	KUNIT_EXPECT_EQ(test, 0, vc_id_reserve(ids, &next, VC_ID_MAX, &id));
}

static void id_none_free(struct kunit *test)
{
	struct xarray *ids = new_ids(test);
	u32 next = 1;

	for (s64 id = 1; id <= 3; id++)
		KUNIT_EXPECT_EQ(test, id, reserve_any(ids, &next, 3));
	KUNIT_EXPECT_EQ(test, (s64)-ENOSPC, reserve_any(ids, &next, 3));
	xa_erase(ids, 2);
	KUNIT_EXPECT_EQ(test, 2LL, reserve_any(ids, &next, 3));
}

static struct kunit_case context_cases[] = {
	KUNIT_CASE(is_below),
	KUNIT_CASE(is_below_null),
	KUNIT_CASE(find_host),
	KUNIT_CASE(find_unknown),
	KUNIT_CASE(find_next_nothing),
	KUNIT_CASE(current_is_host),
	KUNIT_CASE(find_real),
	KUNIT_CASE(next_order),
	KUNIT_CASE(next_subtree),
	KUNIT_CASE(next_after_removal),
	KUNIT_CASE(id_any),
	KUNIT_CASE(id_round),
	KUNIT_CASE(id_wanted),
	KUNIT_CASE(id_none_free),
	{}
};

static struct kunit_suite context_suite = {
	.name = "vcontext_context",
	.init = context_test_init,
	.test_cases = context_cases,
};

kunit_test_suite(context_suite);
