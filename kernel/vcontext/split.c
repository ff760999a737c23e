// SPDX-License-Identifier: GPL-2.0
/*
 * The split of a total limit into those of a memory group.
 *
 * The group counts memory and swap apart.  With a resident limit R and a total T
 *
 *	memory.max = min(R, T)		memory.swap.max = T - memory.max
 *
 * so that both hold whatever is swapped out.  What is swapped out already and
 * does not fit into the second stays where it is, and its place comes off
 * memory.max: the sum is T at all times.
 *
 * A limit below the usage is set when reclaim has made it fit, and not
 * before: until then the old limits hold, so nothing is killed for it.  The
 * one thing that changes meanwhile is the split of T, when memory has to be
 * swapped out to get below R: step by step room goes from memory to swap.
 *
 * All values are in pages, %PAGE_COUNTER_MAX is no limit.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/page_counter.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/swap.h>
#include <linux/writeback.h>

#include "../../mm/memcontrol-v1.h"
#include "split.h"

/* Attempts of reclaim that leave the usage as it is before SET gives up. */
#define RECLAIM_RETRIES		16
/*
 * What an attempt is to free, and the room that goes from memory to swap at
 * once: by as much T may be passed meanwhile.
 */
#define STEP			((unsigned long)SZ_1M >> PAGE_SHIFT)

/**
 * vc_memory_split - the limits of a group for those of a context
 * @resident: R
 * @total: T
 * @swapped: what is swapped out now
 *
 * Context: any.
 * Return: memory.max and memory.swap.max.
 */
struct vc_memory_split vc_memory_split(unsigned long resident,
				       unsigned long total,
				       unsigned long swapped)
{
	struct vc_memory_split split = {
		.max = min(resident, total),
		.swap_max = PAGE_COUNTER_MAX,
	};

	if (total == PAGE_COUNTER_MAX)
		return split;
	split.swap_max = max(total - split.max, min(swapped, total));
	split.max = min(split.max, total - split.swap_max);
	return split;
}

/**
 * vc_memory_split_of - the limits that a group has
 * @memcg: the group
 *
 * Context: any.
 * Return: memory.max and memory.swap.max.
 */
struct vc_memory_split vc_memory_split_of(struct mem_cgroup *memcg)
{
	struct vc_memory_split split = {
		.max = READ_ONCE(memcg->memory.max),
		.swap_max = READ_ONCE(memcg->swap.max),
	};

	return split;
}

/* Both limits or none; %-EBUSY if one would be below the usage. */
static int try_split(struct mem_cgroup *memcg, struct vc_memory_split to)
{
	unsigned long swap_max = READ_ONCE(memcg->swap.max);
	int ret;

	if (page_counter_read(&memcg->memory) > to.max)
		return -EBUSY;
	/* what gets lower first, so that the sum is never higher than both */
	if (to.swap_max < swap_max) {
		ret = page_counter_set_max(&memcg->swap, to.swap_max);
		if (ret)
			return ret;
	}
	ret = page_counter_set_max(&memcg->memory, to.max);
	xchg(&memcg->swap.max, ret ? swap_max : to.swap_max);
	return ret;
}

/* Put back what was there before a SET that has failed; cannot fail. */
static void restore_split(struct mem_cgroup *memcg,
			  struct vc_memory_limits *held,
			  struct vc_memory_split old)
{
	struct vc_memory_split to;

	if (held->total != PAGE_COUNTER_MAX &&
	    old.max == held->split.max &&
	    old.swap_max == held->split.swap_max) {
		/* what has been swapped out meanwhile counts against T */
		to = vc_memory_split(held->resident, held->total,
				     page_counter_read(&memcg->swap));
		if (!try_split(memcg, to)) {
			held->split = to;
			return;
		}
	}
	xchg(&memcg->memory.max, old.max);
	xchg(&memcg->swap.max, old.swap_max);
}

/*
 * One attempt to get @memcg closer to @to.  Swapping helps as long as there is
 * room for it.  Room that the group does not have yet it gets step by step, and
 * only while all that it may use is not more than @total.
 */
static void shrink(struct mem_cgroup *memcg, struct vc_memory_split to,
		   unsigned long total)
{
	unsigned long usage = page_counter_read(&memcg->memory);
	unsigned long swapped = page_counter_read(&memcg->swap);
	unsigned long nr = min(usage - min(usage, to.max), STEP);
	unsigned long room = to.swap_max - min(to.swap_max, swapped);
	unsigned int options = room ? MEMCG_RECLAIM_MAY_SWAP : 0;
	struct vc_memory_split now = vc_memory_split_of(memcg);

	if (!nr)
		return;
	if (!room || total == PAGE_COUNTER_MAX) {
		try_to_free_mem_cgroup_pages(memcg, nr, GFP_KERNEL, options,
					     NULL);
		return;
	}

	nr = min(nr, room);
	if (now.swap_max < swapped + nr && now.max <= total - now.swap_max)
		xchg(&memcg->swap.max, swapped + nr);
	try_to_free_mem_cgroup_pages(memcg, nr, GFP_KERNEL, options, NULL);
	now = vc_memory_split_of(memcg);
	if (now.swap_max <= total && now.max > total - now.swap_max)
		page_counter_set_max(&memcg->memory, total - now.swap_max);
}

/* Reclaim starts writes and does not wait for them. */
static void wait_for_writes(struct mem_cgroup *memcg)
{
	mem_cgroup_flush_stats(memcg);
	if (memcg_page_state(memcg, NR_WRITEBACK) ||
	    memcg_page_state(memcg, NR_FILE_DIRTY))
		schedule_timeout_interruptible(HZ / 10);
}

static void size_changed(struct mem_cgroup *memcg)
{
#ifdef CONFIG_CGROUP_WRITEBACK
	/* dirty pages are limited in proportion to it */
	wb_domain_size_changed(&memcg->cgwb_domain);
#endif
}

/**
 * vc_memory_resize - bring a group below new limits, or leave all as it was
 * @memcg: the group
 * @held: the limits that hold; gets the new split, the rest is the caller's
 * @resident: R
 * @total: T
 *
 * Context: sleeps, for reclaim; nobody else changes @held.
 * Return: 0, %-EBUSY (reclaim frees no more), %-ERESTARTSYS.
 */
int vc_memory_resize(struct mem_cgroup *memcg, struct vc_memory_limits *held,
		     unsigned long resident, unsigned long total)
{
	struct vc_memory_split to, old = vc_memory_split_of(memcg);
	unsigned long usage, lowest = ULONG_MAX;
	unsigned int retries = 0;
	bool drained = false;
	int ret;

	might_sleep();

	for (;;) {
		unsigned long swapped = page_counter_read(&memcg->swap);

		to = vc_memory_split(resident, total, swapped);
		ret = try_split(memcg, to);
		/* reclaim frees no swap */
		if (!ret || swapped > total)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (!drained) {
			/* what CPUs have at hand */
			lru_add_drain_all();
			drain_all_stock(memcg);
			drained = true;
			continue;
		}
		/* those inside may allocate as fast as we reclaim */
		usage = page_counter_read(&memcg->memory);
		if (usage < lowest) {
			lowest = usage;
			retries = RECLAIM_RETRIES;
		} else {
			if (!retries--)
				break;
			wait_for_writes(memcg);
		}
		shrink(memcg, to, total);
		cond_resched();
	}
	if (ret)
		restore_split(memcg, held, old);
	else
		held->split = to;
	size_changed(memcg);
	return ret;
}

/**
 * vc_memory_raise - let a group have more
 * @memcg: the group
 * @held: the limits that hold; gets the new split, the rest is the caller's
 * @resident: R
 * @total: T
 *
 * It cannot fail, since what is used fits below the old limits.  Only what is
 * swapped out at this moment may be in the way for once, and what is used
 * beyond a limit that was written to the files.
 *
 * Context: may sleep; nobody else changes @held.
 */
void vc_memory_raise(struct mem_cgroup *memcg, struct vc_memory_limits *held,
		     unsigned long resident, unsigned long total)
{
	struct vc_memory_split to;
	unsigned int retries = 0;
	int ret;

	do {
		to = vc_memory_split(resident, total,
				     page_counter_read(&memcg->swap));
		ret = try_split(memcg, to);
		cond_resched();
	} while (ret && retries++ < RECLAIM_RETRIES);
	if (ret) {
		/* as if it had been set a moment before more was used */
		xchg(&memcg->memory.max, to.max);
		xchg(&memcg->swap.max, to.swap_max);
	}
	held->split = to;
	size_changed(memcg);
}
