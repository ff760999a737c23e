// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what old tools give.
 */
#include <kunit/test.h>

#include "internal.h"

static void masks(struct kunit *test)
{
	int i;

	for (i = 0; i <= 32; i++) {
		u32 mask = i ? ~0U << (32 - i) : 0;

		KUNIT_EXPECT_TRUE(test, vc_compat_mask_valid(htonl(mask)));
	}
	for (i = 0; i < 31; i++) {
		/* a one below a zero */
		KUNIT_EXPECT_FALSE(test, vc_compat_mask_valid(htonl(1U << i)));
		/* a zero above a one */
		KUNIT_EXPECT_FALSE(test,
				   vc_compat_mask_valid(htonl(~(2U << i))));
	}
	KUNIT_EXPECT_FALSE(test, vc_compat_mask_valid(htonl(0xff00ff00)));
}

static struct kunit_case compat_cases[] = {
	KUNIT_CASE(masks),
	{}
};

static struct kunit_suite compat_suite = {
	.name = "vcontext_compat",
	.test_cases = compat_cases,
};

kunit_test_suite(compat_suite);
