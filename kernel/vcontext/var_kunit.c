// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the variables that exist once per context.
 */
#include <kunit/test.h>
#include <linux/align.h>
#include <linux/cache.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

extern const struct vc_init __start_vcontext_init[], __stop_vcontext_init[];

struct kunit_line {
	u8 first;
} __aligned(64);

VC_DEFINE(u8, kunit_byte) = 0xa5;
VC_DEFINE(u64, kunit_word) = 0x0123456789abcdefULL;
VC_DEFINE(int, kunit_zero);
VC_DEFINE(struct kunit_line, kunit_line) = { .first = 7 };
/* which constructors and destructors ran; the one that fails */
VC_DEFINE(struct { u32 nr; char calls[16]; }, kunit_log);
VC_DEFINE(char, kunit_fail);

static struct vcontext *fake_context(struct kunit *test)
{
	struct vcontext *ctx;

	ctx = kunit_kzalloc(test, struct_size(ctx, vars, vc_vars_size()),
			    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	vc_vars_copy(ctx);
	return ctx;
}

/* ---- the template ---- */

static void initial_values(struct kunit *test)
{
	struct vcontext *ctx = fake_context(test);

	KUNIT_EXPECT_EQ(test, VC(ctx, kunit_byte), 0xa5);
	KUNIT_EXPECT_EQ(test, VC(ctx, kunit_word), 0x0123456789abcdefULL);
	KUNIT_EXPECT_EQ(test, VC(ctx, kunit_zero), 0);
	KUNIT_EXPECT_EQ(test, VC(ctx, kunit_line).first, 7);
	KUNIT_EXPECT_MEMEQ(test, ctx->vars, __start_vcontext_var,
			   vc_vars_size());
}

static void places(struct kunit *test)
{
	struct vcontext *ctx = fake_context(test);
	const u8 *byte = &VC(ctx, kunit_byte);
	const u8 *word = (const u8 *)&VC(ctx, kunit_word);

	KUNIT_EXPECT_GE(test, vc_vars_size(), sizeof(u64) +
			sizeof(struct kunit_line));
	KUNIT_EXPECT_TRUE(test, byte >= ctx->vars &&
			  byte < ctx->vars + vc_vars_size());
	KUNIT_EXPECT_TRUE(test, word >= ctx->vars && word + sizeof(u64) <=
			  ctx->vars + vc_vars_size());
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)word,
					   __alignof__(u64)));
	/* a cache line of its own stays one in the copy */
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)&VC(ctx, kunit_line),
					   64));
}

static void distinct(struct kunit *test)
{
	struct vcontext *a = fake_context(test);
	struct vcontext *b = fake_context(test);

	KUNIT_EXPECT_PTR_NE(test, &VC(a, kunit_word), &VC(b, kunit_word));
	VC(a, kunit_word) = 1;
	VC(a, kunit_zero)--;
	VC(b, kunit_byte) = 0;
	KUNIT_EXPECT_EQ(test, VC(a, kunit_word), 1);
	KUNIT_EXPECT_EQ(test, VC(a, kunit_zero), -1);
	KUNIT_EXPECT_EQ(test, VC(a, kunit_byte), 0xa5);
	KUNIT_EXPECT_EQ(test, VC(b, kunit_word), 0x0123456789abcdefULL);
	KUNIT_EXPECT_EQ(test, VC(b, kunit_zero), 0);
	KUNIT_EXPECT_EQ(test, VC(b, kunit_byte), 0);

	/* the next one begins as they did */
	a = fake_context(test);
	KUNIT_EXPECT_EQ(test, VC(a, kunit_word), 0x0123456789abcdefULL);
	KUNIT_EXPECT_EQ(test, VC(a, kunit_byte), 0xa5);
	KUNIT_EXPECT_EQ(test, VC(a, kunit_zero), 0);
}

/* The host has a copy too. */
static void host_has_them(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, VC(vcontext_host, kunit_word),
			0x0123456789abcdefULL);
	KUNIT_EXPECT_EQ(test, VC(vcontext_host, kunit_byte), 0xa5);
}

/* ---- constructors ---- */

static void note(struct vcontext *ctx, char call)
{
	u32 nr = VC(ctx, kunit_log).nr;

	/* the last byte stays NUL */
	if (nr < sizeof(VC(ctx, kunit_log).calls) - 1) {
		VC(ctx, kunit_log).calls[nr] = call;
		VC(ctx, kunit_log).nr++;
	}
}

static int note_init(struct vcontext *ctx, char call)
{
	note(ctx, call);
	return call == VC(ctx, kunit_fail) ? -EDOM : 0;
}

static int init_a(struct vcontext *ctx)
{
	return note_init(ctx, 'a');
}

static int init_b(struct vcontext *ctx)
{
	return note_init(ctx, 'b');
}

static int init_c(struct vcontext *ctx)
{
	return note_init(ctx, 'c');
}

static int init_d(struct vcontext *ctx)
{
	return note_init(ctx, 'd');
}

static void exit_a(struct vcontext *ctx)
{
	note(ctx, 'A');
}

static void exit_b(struct vcontext *ctx)
{
	note(ctx, 'B');
}

static void exit_c(struct vcontext *ctx)
{
	note(ctx, 'C');
}

static void exit_d(struct vcontext *ctx)
{
	note(ctx, 'D');
}

static const struct vc_init four[] = {
	{ .name = "a", .init = init_a, .exit = exit_a },
	{ .name = "b", .init = init_b, .exit = exit_b },
	{ .name = "c", .init = init_c, .exit = exit_c },
	{ .name = "d", .init = init_d, .exit = exit_d },
};

static void init_order(struct kunit *test)
{
	struct vcontext *ctx = fake_context(test);

	KUNIT_EXPECT_EQ(test, vc_vars_init_range(ctx, four, four + 4), 0);
	KUNIT_EXPECT_STREQ(test, VC(ctx, kunit_log).calls, "abcd");
}

static void exit_order(struct kunit *test)
{
	struct vcontext *ctx = fake_context(test);

	vc_vars_exit_range(ctx, four, four + 4);
	KUNIT_EXPECT_STREQ(test, VC(ctx, kunit_log).calls, "DCBA");
}

/* The one that fails has undone its own; those behind it never ran. */
static void init_failure(struct kunit *test)
{
	static const struct {
		char fail;
		const char *calls;
	} table[] = {
		{ 'a', "a" },
		{ 'b', "abA" },
		{ 'c', "abcBA" },
		{ 'd', "abcdCBA" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct vcontext *ctx = fake_context(test);

		VC(ctx, kunit_fail) = table[i].fail;
		KUNIT_EXPECT_EQ(test, vc_vars_init_range(ctx, four, four + 4),
				-EDOM);
		KUNIT_EXPECT_STREQ(test, VC(ctx, kunit_log).calls,
				   table[i].calls);
	}
}

/* Others are not touched by the failure of one. */
static void init_failure_apart(struct kunit *test)
{
	struct vcontext *good = fake_context(test);
	struct vcontext *bad = fake_context(test);

	VC(bad, kunit_fail) = 'b';
	KUNIT_EXPECT_EQ(test, vc_vars_init_range(good, four, four + 4), 0);
	KUNIT_EXPECT_EQ(test, vc_vars_init_range(bad, four, four + 4), -EDOM);
	KUNIT_EXPECT_STREQ(test, VC(good, kunit_log).calls, "abcd");
	KUNIT_EXPECT_STREQ(test, VC(bad, kunit_log).calls, "abA");
}

/* Either function may be missing. */
static void init_half(struct kunit *test)
{
	static const struct vc_init half[] = {
		{ .name = "a", .init = init_a },
		{ .name = "b", .exit = exit_b },
		{ .name = "c", .init = init_c, .exit = exit_c },
		{ .name = "none" },
	};
	struct vcontext *ctx = fake_context(test);

	KUNIT_EXPECT_EQ(test, vc_vars_init_range(ctx, half, half + 4), 0);
	vc_vars_exit_range(ctx, half, half + 4);
	KUNIT_EXPECT_STREQ(test, VC(ctx, kunit_log).calls, "acCB");

	ctx = fake_context(test);
	VC(ctx, kunit_fail) = 'c';
	KUNIT_EXPECT_EQ(test, vc_vars_init_range(ctx, half, half + 4), -EDOM);
	KUNIT_EXPECT_STREQ(test, VC(ctx, kunit_log).calls, "acB");
}

static void init_range(struct kunit *test)
{
	struct vcontext *ctx = fake_context(test);

	KUNIT_EXPECT_EQ(test, vc_vars_init_range(ctx, four, four), 0);
	vc_vars_exit_range(ctx, four, four);
	KUNIT_EXPECT_STREQ(test, VC(ctx, kunit_log).calls, "");

	KUNIT_EXPECT_EQ(test, vc_vars_init_range(ctx, four + 1, four + 3), 0);
	vc_vars_exit_range(ctx, four + 1, four + 3);
	KUNIT_EXPECT_STREQ(test, VC(ctx, kunit_log).calls, "bcCB");
}

/* What the categories have declared. */
static void init_table(struct kunit *test)
{
	const struct vc_init *pos;

	for (pos = __start_vcontext_init; pos < __stop_vcontext_init; pos++) {
		KUNIT_ASSERT_NOT_NULL(test, pos->name);
		KUNIT_EXPECT_TRUE_MSG(test, pos->init || pos->exit, "%s",
				      pos->name);
	}
}

/* ---- room for modules ---- */

#define START	128
#define STOP	(START + 512)

static void put_module(struct list_head *list, struct vc_module *mod,
		       size_t offset, size_t size)
{
	/* never looked at: only the difference counts */
	mod->vars = (const u8 *)mod;
	mod->vars_end = mod->vars + size;
	mod->offset = offset;
	list_add_tail(&mod->vars_node, list);
}

static void place_empty(struct kunit *test)
{
	LIST_HEAD(list);

	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 0, START, STOP), START);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 1, START, STOP), START);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 512, START, STOP), START);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 513, START, STOP), -ENOSPC);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, SIZE_MAX, START, STOP),
			-ENOSPC);
	/* a kernel without a reserve */
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 0, START, START), START);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 1, START, START), -ENOSPC);
}

/* Behind each other, aligned, in whatever order they came. */
static void place_first_fit(struct kunit *test)
{
	struct vc_module a = {}, b = {}, c = {};
	LIST_HEAD(list);

	put_module(&list, &c, START + 320, 64);
	put_module(&list, &a, START, 65);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 192, START, STOP),
			START + 128);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 193, START, STOP), -ENOSPC);
	put_module(&list, &b, START + 128, 192);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 128, START, STOP),
			START + 384);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 129, START, STOP), -ENOSPC);
	/* one goes, and its place is free */
	list_del(&a.vars_node);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 128, START, STOP), START);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 129, START, STOP), -ENOSPC);
}

/* The last byte counts, and one without variables is in nobody's way. */
static void place_full(struct kunit *test)
{
	struct vc_module a = {}, none = {};
	LIST_HEAD(list);

	put_module(&list, &none, START, 0);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 512, START, STOP), START);
	put_module(&list, &a, START, 449);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 1, START, STOP), -ENOSPC);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 0, START, STOP), START);
	a.vars_end--;
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 64, START, STOP),
			START + 448);
	KUNIT_EXPECT_EQ(test, vc_vars_place(&list, 65, START, STOP), -ENOSPC);
}

/* What is allocated has room for both, and modules begin aligned. */
static void room(struct kunit *test)
{
	size_t start = ALIGN(vc_vars_size(), 64);

#ifdef CONFIG_VCONTEXT_MODULE_SPACE
	KUNIT_EXPECT_EQ(test, vc_vars_room(),
			start + CONFIG_VCONTEXT_MODULE_SPACE);
#else
	KUNIT_EXPECT_EQ(test, vc_vars_room(), start);
#endif
}

static struct kunit_case var_cases[] = {
	KUNIT_CASE(initial_values),
	KUNIT_CASE(places),
	KUNIT_CASE(distinct),
	KUNIT_CASE(host_has_them),
	KUNIT_CASE(init_order),
	KUNIT_CASE(exit_order),
	KUNIT_CASE(init_failure),
	KUNIT_CASE(init_failure_apart),
	KUNIT_CASE(init_half),
	KUNIT_CASE(init_range),
	KUNIT_CASE(init_table),
	KUNIT_CASE(place_empty),
	KUNIT_CASE(place_first_fit),
	KUNIT_CASE(place_full),
	KUNIT_CASE(room),
	{}
};

static struct kunit_suite var_suite = {
	.name = "vcontext_var",
	.test_cases = var_cases,
};

kunit_test_suite(var_suite);
