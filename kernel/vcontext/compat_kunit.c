// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what old tools give.
 */
#include <kunit/test.h>

#include "internal.h"

static int check_mask(u32 mask)
{
	const struct vc_ipv4_pair pair = {
		.ip = htonl(0x0a000001),
		.mask = htonl(mask),
	};

	return vc_compat_check_pairs(&pair, 1);
}

static void masks(struct kunit *test)
{
	int i;

	for (i = 0; i <= 32; i++)
		KUNIT_EXPECT_EQ(test, check_mask(i ? ~0U << (32 - i) : 0), 0);
	for (i = 0; i < 31; i++) {
		/* a one below a zero */
		KUNIT_EXPECT_EQ(test, check_mask(1U << i), -EINVAL);
		/* a zero above a one */
		KUNIT_EXPECT_EQ(test, check_mask(~(2U << i)), -EINVAL);
	}
	KUNIT_EXPECT_EQ(test, check_mask(0xff00ff00), -EINVAL);
}

static void pairs(struct kunit *test)
{
	struct vc_ipv4_pair pairs[VC_COMPAT_PAIRS_MAX];
	u32 i, last = ARRAY_SIZE(pairs) - 1;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		pairs[i].ip = htonl(0x0a000001 + i);
		pairs[i].mask = htonl(0xffffff00);
	}
	KUNIT_EXPECT_EQ(test, vc_compat_check_pairs(NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, vc_compat_check_pairs(pairs, last + 1), 0);
	pairs[last].ip = pairs[0].ip;
	KUNIT_EXPECT_EQ(test, vc_compat_check_pairs(pairs, last + 1), -EEXIST);
	/* no more than are counted */
	KUNIT_EXPECT_EQ(test, vc_compat_check_pairs(pairs, last), 0);
	pairs[last].ip = htonl(0xe0000001);
	KUNIT_EXPECT_EQ(test, vc_compat_check_pairs(pairs, last + 1), -EINVAL);
	pairs[last].ip = htonl(0xffffffff);
	KUNIT_EXPECT_EQ(test, vc_compat_check_pairs(pairs, last + 1), -EINVAL);
}

static struct kunit_case compat_cases[] = {
	KUNIT_CASE(masks),
	KUNIT_CASE(pairs),
	{}
};

static struct kunit_suite compat_suite = {
	.name = "vcontext_compat",
	.test_cases = compat_cases,
};

kunit_test_suite(compat_suite);
