// SPDX-License-Identifier: GPL-2.0
/*
 * Prefixes, sets of them, and tables of permits.
 */
#include <kunit/test.h>

#include <linux/random.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "permit.h"

static struct vc_prefix prefix4(u32 addr, u32 len)
{
	return (struct vc_prefix){ vc_addr4(htonl(addr)), 96 + len };
}

static struct vc_prefix prefix6(u64 hi, u64 lo, u32 len)
{
	return (struct vc_prefix){ { hi, lo }, len };
}

static struct vc_permit permit4(const char *dev, u32 addr, u32 len)
{
	struct vc_permit permit = {
		.family = VC_FAMILY_IPV4,
		.prefix = prefix4(addr, len),
	};

	strscpy(permit.dev, dev);
	return permit;
}

static void last_address(struct kunit *test)
{
	static const struct {
		u32 len;
		u64 hi, lo;
	} table[] = {
		{ 0, ~0ULL, ~0ULL },
		{ 1, ~0ULL >> 1, ~0ULL },
		{ 63, 1, ~0ULL },
		{ 64, 0, ~0ULL },
		{ 65, 0, ~0ULL >> 1 },
		{ 127, 0, 1 },
		{ 128, 0, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct vc_prefix prefix = prefix6(0, 0, table[i].len);
		struct vc_addr last = vc_prefix_last(&prefix);

		KUNIT_EXPECT_EQ(test, last.hi, table[i].hi);
		KUNIT_EXPECT_EQ(test, last.lo, table[i].lo);
		KUNIT_EXPECT_TRUE(test, vc_prefix_valid(&prefix));
	}
}

static void host_bits_refused(struct kunit *test)
{
	struct vc_prefix prefix;
	u32 len;

	/* the last bit of the prefix may be set, the one behind it may not */
	for (len = 1; len < 128; len++) {
		prefix = prefix6(len <= 64 ? 1ULL << (64 - len) : 0,
				 len <= 64 ? 0 : 1ULL << (128 - len), len);
		KUNIT_EXPECT_TRUE(test, vc_prefix_valid(&prefix));
		prefix.len--;
		KUNIT_EXPECT_FALSE(test, vc_prefix_valid(&prefix));
	}
	prefix = prefix6(0, 0, 129);
	KUNIT_EXPECT_FALSE(test, vc_prefix_valid(&prefix));
}

static void ranges_merge(struct kunit *test)
{
	struct vc_range range[8];
	struct vc_prefix prefix;
	u32 nr = 0;

	prefix = prefix4(0x0a000000, 24);
	nr = vc_ranges_add(range, nr, &prefix);
	KUNIT_EXPECT_EQ(test, nr, 1);
	/* inside of it */
	prefix = prefix4(0x0a000080, 25);
	nr = vc_ranges_add(range, nr, &prefix);
	KUNIT_EXPECT_EQ(test, nr, 1);
	/* behind it */
	prefix = prefix4(0x0a000100, 24);
	nr = vc_ranges_add(range, nr, &prefix);
	KUNIT_EXPECT_EQ(test, nr, 1);
	KUNIT_EXPECT_EQ(test, (u32)range[0].last.lo, 0x0a0001ffU);
	/* a gap */
	prefix = prefix4(0x0a000201, 32);
	nr = vc_ranges_add(range, nr, &prefix);
	KUNIT_EXPECT_EQ(test, nr, 2);

	/* nothing is behind the last address there is */
	prefix = prefix6(0, 0, 0);
	nr = vc_ranges_add(range, 0, &prefix);
	prefix = prefix6(~0ULL, ~0ULL, 128);
	nr = vc_ranges_add(range, nr, &prefix);
	KUNIT_EXPECT_EQ(test, nr, 1);
}

static int compare_prefixes(const void *a, const void *b)
{
	return vc_prefix_cmp(a, b);
}

/* A set says the same as a walk through the prefixes it was made of. */
/* Any number of ranges, up to the last address there is. */
static void search_of_ipv4(struct kunit *test)
{
	enum { NR = 35 };
	struct vc_permit *permit = kunit_kcalloc(test, NR, sizeof(*permit),
						 GFP_KERNEL);
	struct vc_permits *permits;
	u32 nr, i, addr;

	KUNIT_ASSERT_NOT_NULL(test, permit);
	for (nr = 0; nr <= NR; nr++) {
		for (i = 0; i < nr; i++) {
			addr = i == nr - 1 ? U32_MAX : 8 + 4 * i;
			permit[i].family = VC_FAMILY_IPV4;
			permit[i].prefix = prefix4(addr, 32);
		}
		permits = vc_permits_make(permit, nr);
		KUNIT_ASSERT_NOT_NULL(test, permits);
		for (addr = 0; addr < 8 + 4 * NR; addr++)
			KUNIT_EXPECT_EQ(test, vc_permits_has4(permits, addr),
					addr >= 8 && addr % 4 == 0 &&
					addr / 4 - 2 + 1 < nr);
		KUNIT_EXPECT_EQ(test, vc_permits_has4(permits, U32_MAX), nr > 0);
		KUNIT_EXPECT_FALSE(test, vc_permits_has4(permits, U32_MAX - 1));
		vc_permits_free(permits);
	}
}

static void sets_agree(struct kunit *test)
{
	enum { NR = 64 };
	struct vc_prefix *prefix = kunit_kcalloc(test, NR, sizeof(*prefix),
						 GFP_KERNEL);
	struct vc_range *range = kunit_kcalloc(test, NR, sizeof(*range),
					       GFP_KERNEL);
	struct vc_ranges set = { .range = range };
	u32 i, addr, round;

	KUNIT_ASSERT_NOT_NULL(test, prefix);
	KUNIT_ASSERT_NOT_NULL(test, range);
	for (i = 0; i < NR; i++) {
		u32 len = 24 + get_random_u32_below(9);

		/* all of them in 10.0.0.0/20 */
		addr = 0x0a000000 | get_random_u32_below(4096);
		prefix[i] = prefix4(addr & ~0U << (32 - len), len);
	}
	sort(prefix, NR, sizeof(*prefix), compare_prefixes, NULL);
	for (i = 0; i < NR; i++)
		set.nr = vc_ranges_add(range, set.nr, &prefix[i]);
	for (i = 1; i < set.nr; i++)
		KUNIT_EXPECT_LT(test, range[i - 1].last.lo + 1,
				range[i].first.lo);

	for (round = 0; round < 4098; round++) {
		struct vc_addr a = vc_addr4(htonl(0x09ffffff + round));
		struct vc_addr next = a, walked = { ~0ULL, ~0ULL };
		bool in = false, found;

		for (i = 0; i < NR; i++) {
			struct vc_addr last = vc_prefix_last(&prefix[i]);

			if (vc_addr_cmp(&last, &a) < 0)
				continue;
			if (vc_addr_cmp(&prefix[i].first, &a) <= 0) {
				in = true;
				walked = a;
			} else if (vc_addr_cmp(&prefix[i].first, &walked) < 0) {
				walked = prefix[i].first;
			}
		}
		KUNIT_ASSERT_EQ(test, in, vc_ranges_cover(&set, &a, &a));
		found = vc_ranges_next(&set, &next);
		KUNIT_ASSERT_EQ(test, found, walked.hi == 0);
		if (found)
			KUNIT_ASSERT_EQ(test, next.lo, walked.lo);
	}
}

static void empty_set(struct kunit *test)
{
	struct vc_permits *permits = vc_permits_make(NULL, 0);
	struct vc_permit permit = permit4("", 0x0a000001, 32);

	KUNIT_ASSERT_NOT_NULL(test, permits);
	KUNIT_EXPECT_FALSE(test, vc_permits_cover(permits, &permit));
	vc_permits_free(permits);
}

static void tables_of_devices(struct kunit *test)
{
	struct vc_permit list[] = {
		permit4("", 0x0a000000, 24),
		permit4("", 0x0a000100, 24),
		permit4("eth0", 0x0b000000, 8),
		permit4("eth1", 0x0c000001, 32),
	};
	struct vc_permits *permits = vc_permits_make(list, ARRAY_SIZE(list));
	struct vc_permit permit;
	struct vc_addr addr;

	KUNIT_ASSERT_NOT_NULL(test, permits);
	KUNIT_EXPECT_EQ(test, permits->nr_devs, 2);

	/* of two that lie side by side all is covered */
	permit = permit4("", 0x0a000000, 23);
	KUNIT_EXPECT_TRUE(test, vc_permits_cover(permits, &permit));
	permit = permit4("eth7", 0x0a000001, 32);
	KUNIT_EXPECT_TRUE(test, vc_permits_cover(permits, &permit));
	permit = permit4("", 0x0a000000, 22);
	KUNIT_EXPECT_FALSE(test, vc_permits_cover(permits, &permit));

	/* what is for a device is for that one alone */
	permit = permit4("eth0", 0x0b010000, 16);
	KUNIT_EXPECT_TRUE(test, vc_permits_cover(permits, &permit));
	permit = permit4("eth1", 0x0b010000, 16);
	KUNIT_EXPECT_FALSE(test, vc_permits_cover(permits, &permit));
	permit = permit4("", 0x0b010000, 16);
	KUNIT_EXPECT_FALSE(test, vc_permits_cover(permits, &permit));

	addr = vc_addr4(htonl(0x0c000001));
	KUNIT_EXPECT_TRUE(test, vc_ranges_cover(&permits->somewhere[VC_FAMILY_IPV4],
						&addr, &addr));
	KUNIT_EXPECT_FALSE(test, vc_ranges_cover(&permits->any[VC_FAMILY_IPV4],
						 &addr, &addr));
	KUNIT_EXPECT_EQ(test, permits->any[VC_FAMILY_IPV6].nr, 0);
	KUNIT_EXPECT_EQ(test, permits->somewhere[VC_FAMILY_IPV6].nr, 0);
	vc_permits_free(permits);
}

static void order_of_permits(struct kunit *test)
{
	struct vc_permit a = permit4("", 0x0a000000, 24);
	struct vc_permit b = permit4("", 0x0a000000, 25);
	struct vc_permit c = permit4("eth0", 0x01000000, 8);

	KUNIT_EXPECT_LT(test, vc_permit_cmp(&a, &b), 0);
	KUNIT_EXPECT_GT(test, vc_permit_cmp(&b, &a), 0);
	KUNIT_EXPECT_LT(test, vc_permit_cmp(&b, &c), 0);
	KUNIT_EXPECT_EQ(test, vc_permit_cmp(&c, &c), 0);
	c.family = VC_FAMILY_IPV6;
	KUNIT_EXPECT_NE(test, vc_permit_cmp(&b, &c), 0);
}

static void mapped_addresses(struct kunit *test)
{
	struct in6_addr mapped = {
		.s6_addr32 = { 0, 0, htonl(0xffff), htonl(0x0a000001) },
	};
	struct in6_addr other = {
		.s6_addr32 = { 0, 0, htonl(0xfffe), htonl(0x0a000001) },
	};
	struct vc_addr a = vc_addr4(htonl(0x0a000001));
	struct vc_addr b = vc_addr6(&mapped);
	struct vc_addr c = vc_addr6(&other);

	KUNIT_EXPECT_EQ(test, vc_addr_cmp(&a, &b), 0);
	KUNIT_EXPECT_TRUE(test, vc_addr_is4(&b));
	KUNIT_EXPECT_FALSE(test, vc_addr_is4(&c));
}

static struct kunit_case permit_cases[] = {
	KUNIT_CASE(last_address),
	KUNIT_CASE(host_bits_refused),
	KUNIT_CASE(ranges_merge),
	KUNIT_CASE(search_of_ipv4),
	KUNIT_CASE(sets_agree),
	KUNIT_CASE(empty_set),
	KUNIT_CASE(tables_of_devices),
	KUNIT_CASE(order_of_permits),
	KUNIT_CASE(mapped_addresses),
	{}
};

static struct kunit_suite permit_suite = {
	.name = "vcontext_permit",
	.test_cases = permit_cases,
};

kunit_test_suite(permit_suite);
