/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Limits of memory groups: what split.c does for memory.c.
 */
#ifndef _KERNEL_VCONTEXT_SPLIT_H
#define _KERNEL_VCONTEXT_SPLIT_H

#include "internal.h"

/**
 * struct vc_memory_split - limits of a memory group, in pages
 * @max: memory.max
 * @swap_max: memory.swap.max
 */
struct vc_memory_split {
	unsigned long max;
	unsigned long swap_max;
};

/**
 * struct vc_memory_limits - those of a context, in pages
 * @resident: R
 * @total: T
 * @split: what its group was given for them
 */
struct vc_memory_limits {
	unsigned long resident;
	unsigned long total;
	struct vc_memory_split split;
};

struct vc_memory_split vc_memory_split(unsigned long resident,
				       unsigned long total,
				       unsigned long swapped);
struct vc_memory_split vc_memory_split_of(struct mem_cgroup *memcg);
int vc_memory_resize(struct mem_cgroup *memcg, struct vc_memory_limits *held,
		     unsigned long resident, unsigned long total);
void vc_memory_raise(struct mem_cgroup *memcg, struct vc_memory_limits *held,
		     unsigned long resident, unsigned long total);

#endif /* _KERNEL_VCONTEXT_SPLIT_H */
