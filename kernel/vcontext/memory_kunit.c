// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of how a total and a resident limit become those of a group.
 */
#include <kunit/test.h>
#include <linux/page_counter.h>

#include "split.h"

#define NO_MAX	PAGE_COUNTER_MAX

struct split_case {
	const char *name;
	unsigned long resident, total, swapped;
	unsigned long max, swap_max;
};

static const struct split_case split_cases[] = {
	{ "none", NO_MAX, NO_MAX, 0, NO_MAX, NO_MAX },
	{ "none, swapped", NO_MAX, NO_MAX, 70, NO_MAX, NO_MAX },
	{ "resident", 50, NO_MAX, 0, 50, NO_MAX },
	{ "resident, swapped", 50, NO_MAX, 70, 50, NO_MAX },
	{ "total", NO_MAX, 100, 0, 100, 0 },
	{ "total, swapped", NO_MAX, 100, 30, 70, 30 },
	{ "both", 60, 100, 0, 60, 40 },
	{ "both, swapped", 60, 100, 40, 60, 40 },
	{ "both, swapped more", 60, 100, 41, 59, 41 },
	{ "equal", 100, 100, 0, 100, 0 },
	{ "resident above", 200, 100, 0, 100, 0 },
	{ "all swapped", 60, 100, 100, 0, 100 },
	{ "more swapped than total", 60, 100, 101, 0, 100 },
	{ "no resident", 0, 100, 0, 0, 100 },
	{ "nothing", 0, 0, 0, 0, 0 },
	{ "nothing, swapped", 0, 0, 1, 0, 0 },
	{ "nothing in all", NO_MAX, 0, 0, 0, 0 },
	{ "largest", NO_MAX - 1, NO_MAX - 1, 0, NO_MAX - 1, 0 },
	{ "largest total", 1, NO_MAX - 1, 0, 1, NO_MAX - 2 },
};

static void split_describe(const struct split_case *one, char *text)
{
	strscpy(text, one->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(split, split_cases, split_describe);

static void split_test(struct kunit *test)
{
	const struct split_case *one = test->param_value;
	struct vc_memory_split split;

	split = vc_memory_split(one->resident, one->total, one->swapped);
	KUNIT_EXPECT_EQ(test, split.max, one->max);
	KUNIT_EXPECT_EQ(test, split.swap_max, one->swap_max);
}

/* Whatever is asked for, neither limit is passed and the total is used up. */
static void split_sum(struct kunit *test)
{
	static const unsigned long values[] = { 0, 1, 2, 50, 99, 100, 101, 1000 };
	unsigned int r, t, s;

	for (r = 0; r < ARRAY_SIZE(values); r++)
		for (t = 0; t < ARRAY_SIZE(values); t++)
			for (s = 0; s < ARRAY_SIZE(values); s++) {
				struct vc_memory_split split;

				split = vc_memory_split(values[r], values[t],
							values[s]);
				KUNIT_EXPECT_LE(test, split.max, values[r]);
				KUNIT_EXPECT_EQ(test,
						split.max + split.swap_max,
						values[t]);
			}
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE_PARAM(split_test, split_gen_params),
	KUNIT_CASE(split_sum),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "vcontext_memory",
	.test_cases = memory_cases,
};

kunit_test_suite(memory_suite);
