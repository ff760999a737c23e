// SPDX-License-Identifier: GPL-2.0
/*
 * Prefixes of addresses, and sets of them.
 *
 * A set is asked one thing: is an address in it?  Which prefix it is in does not
 * matter, so there is no need of a tree of them: a set is an array of ranges
 * that neither meet nor overlap, and an address is found by halving it.
 */
#include "permit.h"

/* Bits that are set in the host part of a prefix. */
static struct vc_addr host_bits(u32 len)
{
	return (struct vc_addr){
		.hi = len < 64 ? ~0ULL >> len : 0,
		.lo = len <= 64 ? ~0ULL : len < 128 ? ~0ULL >> (len - 64) : 0,
	};
}

/**
 * vc_prefix_last - the last address of a prefix
 * @prefix: a valid one
 *
 * Context: any.
 * Return: the address.
 */
struct vc_addr vc_prefix_last(const struct vc_prefix *prefix)
{
	const struct vc_addr host = host_bits(prefix->len);

	return (struct vc_addr){
		.hi = prefix->first.hi | host.hi,
		.lo = prefix->first.lo | host.lo,
	};
}

/**
 * vc_prefix_valid - is it a prefix?
 * @prefix: or so
 *
 * Context: any.
 * Return: true if it is no longer than an address and has no bits behind its
 * end.
 */
bool vc_prefix_valid(const struct vc_prefix *prefix)
{
	const struct vc_addr host = host_bits(prefix->len);

	return prefix->len <= 128 && !(prefix->first.hi & host.hi) &&
	       !(prefix->first.lo & host.lo);
}

/**
 * vc_prefix_cmp - the order of prefixes: each before those inside of it
 * @a: a prefix
 * @b: another one
 *
 * Context: any.
 * Return: less than 0, 0 or more.
 */
int vc_prefix_cmp(const struct vc_prefix *a, const struct vc_prefix *b)
{
	int ret = vc_addr_cmp(&a->first, &b->first);

	if (ret || a->len == b->len)
		return ret;
	return a->len < b->len ? -1 : 1;
}

/* The address behind @addr, which is not the last one there is. */
static struct vc_addr next_addr(struct vc_addr addr)
{
	if (!++addr.lo)
		addr.hi++;
	return addr;
}

static bool is_last(const struct vc_addr *addr)
{
	return !~addr->hi && !~addr->lo;
}

/**
 * vc_ranges_add - add a prefix at the end of an array of ranges
 * @to: the array, with room for one more
 * @nr: how many there are
 * @prefix: not before the last one that was added, see vc_prefix_cmp()
 *
 * Context: any.
 * Return: how many there are now.
 */
u32 vc_ranges_add(struct vc_range *to, u32 nr, const struct vc_prefix *prefix)
{
	const struct vc_addr last = vc_prefix_last(prefix);
	struct vc_addr next;

	if (nr) {
		struct vc_range *end = &to[nr - 1];

		/* within it */
		if (vc_addr_cmp(&last, &end->last) <= 0)
			return nr;
		/* just behind it, for two prefixes never overlap in part */
		next = next_addr(end->last);
		if (!is_last(&end->last) &&
		    !vc_addr_cmp(&next, &prefix->first)) {
			end->last = last;
			return nr;
		}
	}
	to[nr].first = prefix->first;
	to[nr].last = last;
	return nr + 1;
}

/* The first range that ends at or behind @addr, or %NULL. */
static const struct vc_range *find_range(const struct vc_ranges *ranges,
					 const struct vc_addr *addr)
{
	u32 from = 0, to = ranges->nr;

	while (from < to) {
		u32 half = from + (to - from) / 2;

		if (vc_addr_cmp(&ranges->range[half].last, addr) < 0)
			from = half + 1;
		else
			to = half;
	}
	return from < ranges->nr ? &ranges->range[from] : NULL;
}

/**
 * vc_ranges_cover - are addresses in a set?
 * @ranges: the set
 * @first: the first one
 * @last: the last one
 *
 * Context: any; in the logarithm of the number of ranges.
 * Return: as asked.
 */
bool vc_ranges_cover(const struct vc_ranges *ranges,
		     const struct vc_addr *first, const struct vc_addr *last)
{
	const struct vc_range *range = find_range(ranges, first);

	return range && vc_addr_cmp(&range->first, first) <= 0 &&
	       vc_addr_cmp(last, &range->last) <= 0;
}

/**
 * vc_ranges_next - the next address that is in a set
 * @ranges: the set
 * @addr: where to begin; stays as it is if it is in the set, else becomes the
 *	  next one that is
 *
 * Context: any; in the logarithm of the number of ranges.
 * Return: false if there is none.
 */
bool vc_ranges_next(const struct vc_ranges *ranges, struct vc_addr *addr)
{
	const struct vc_range *range = find_range(ranges, addr);

	if (range && vc_addr_cmp(addr, &range->first) < 0)
		*addr = range->first;
	return range;
}
