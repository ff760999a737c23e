// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of the arithmetic of bandwidth.
 */
#include <kunit/test.h>

#include "vnet.h"

static void rate(struct kunit *test)
{
	/* a full packet of 1500 bytes is a frame of 1514 */
	KUNIT_EXPECT_EQ(test, vc_qos_rate(12000, 1500), 1514000ULL);
	KUNIT_EXPECT_EQ(test, vc_qos_rate(1, 1500), 126ULL);
	/* nothing overflows, and nothing is divided by zero */
	KUNIT_EXPECT_EQ(test, vc_qos_rate(U32_MAX, 65535),
			mul_u64_u32_div((u64)U32_MAX * 125, 65549, 65535));
	KUNIT_EXPECT_EQ(test, vc_qos_rate(12000, 0), vc_qos_rate(12000, 68));
	KUNIT_EXPECT_EQ(test, vc_qos_rate(0, 1500), 1ULL);
}

static void burst(struct kunit *test)
{
	/* 10 ms, but the largest frame: 64 KB and a header */
	KUNIT_EXPECT_EQ(test, vc_qos_burst(12500000), 125000U);
	KUNIT_EXPECT_EQ(test, vc_qos_burst(125000), 65550U);
	KUNIT_EXPECT_EQ(test, vc_qos_burst(1), 65550U);
	KUNIT_EXPECT_EQ(test, vc_qos_burst(U64_MAX / 1000),
			(u32)VC_QOS_BYTES_MAX);
}

static void queue(struct kunit *test)
{
	/* 200 ms, but the largest frame */
	KUNIT_EXPECT_EQ(test, vc_qos_queue(12500000), 2500000U);
	KUNIT_EXPECT_EQ(test, vc_qos_queue(125000), 65550U);
	KUNIT_EXPECT_EQ(test, vc_qos_queue(U64_MAX / 1000),
			(u32)VC_QOS_BYTES_MAX);
}

static void fits(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, vc_qos_fits(100, 0, 0, 100));
	KUNIT_EXPECT_FALSE(test, vc_qos_fits(100, 0, 0, 101));
	/* what it has itself is not in its way */
	KUNIT_EXPECT_TRUE(test, vc_qos_fits(100, 90, 40, 50));
	KUNIT_EXPECT_FALSE(test, vc_qos_fits(100, 90, 40, 51));
	/* less, even if the uplink has become smaller */
	KUNIT_EXPECT_TRUE(test, vc_qos_fits(10, 90, 40, 39));
	KUNIT_EXPECT_TRUE(test, vc_qos_fits(0, 90, 40, 0));
	KUNIT_EXPECT_FALSE(test, vc_qos_fits(100, U32_MAX, 0, U32_MAX));
}

static struct kunit_case uplink_cases[] = {
	KUNIT_CASE(rate),
	KUNIT_CASE(burst),
	KUNIT_CASE(queue),
	KUNIT_CASE(fits),
	{}
};

static struct kunit_suite uplink_suite = {
	.name = "vcontext_uplink",
	.test_cases = uplink_cases,
};

kunit_test_suite(uplink_suite);
