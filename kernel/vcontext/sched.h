/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policies as bounds: sched.c and its test.
 */
#ifndef _KERNEL_VCONTEXT_SCHED_H
#define _KERNEL_VCONTEXT_SCHED_H

#include <linux/minmax.h>
#include <linux/sched/prio.h>
#include <linux/types.h>
#include <uapi/linux/sched.h>

/* Worst first. */
enum vc_class {
	VC_CLASS_IDLE,
	VC_CLASS_BATCH,
	VC_CLASS_NORMAL,
	VC_CLASS_RR,
	VC_CLASS_FIFO,
	VC_CLASS_ANY,		/* DEADLINE and EXT too: no bound at all */
};

/**
 * struct vc_policy - what a thread has, or the best that it can have
 * @class: VC_CLASS_*
 * @rt_priority: higher is better, 0 where @class is not real-time
 * @nice: lower is better, MIN_NICE where @class is real-time: there it bounds
 *	  nothing
 * @zero: makes it a word, which is read and written at once
 *
 * Each member bounds for itself, so not all are in an order: of FIFO with 1
 * and RR with 2 none is better, and RR with 1 is worse than both.
 */
struct vc_policy {
	u8 class;
	u8 rt_priority;
	s8 nice;
	u8 zero;
} __aligned(4);

#define VC_POLICY_ANY							\
	((struct vc_policy) { .class = VC_CLASS_ANY,			\
			      .rt_priority = MAX_RT_PRIO - 1,		\
			      .nice = MIN_NICE })
#define VC_POLICY_FAIR							\
	((struct vc_policy) { .class = VC_CLASS_NORMAL, .nice = MIN_NICE })

static inline bool vc_class_realtime(u8 class)
{
	return class == VC_CLASS_FIFO || class == VC_CLASS_RR;
}

static inline u8 vc_policy_class(u32 policy)
{
	switch (policy) {
	case SCHED_NORMAL:
		return VC_CLASS_NORMAL;
	case SCHED_BATCH:
		return VC_CLASS_BATCH;
	case SCHED_IDLE:
		return VC_CLASS_IDLE;
	case SCHED_FIFO:
		return VC_CLASS_FIFO;
	case SCHED_RR:
		return VC_CLASS_RR;
	}
	return VC_CLASS_ANY;
}

static inline u32 vc_policy_number(u8 class)
{
	static const u8 numbers[] = {
		[VC_CLASS_IDLE] = SCHED_IDLE,
		[VC_CLASS_BATCH] = SCHED_BATCH,
		[VC_CLASS_NORMAL] = SCHED_NORMAL,
		[VC_CLASS_RR] = SCHED_RR,
		[VC_CLASS_FIFO] = SCHED_FIFO,
		[VC_CLASS_ANY] = SCHED_FIFO,
	};

	return numbers[class];
}

/* The worse of both, in each member. */
static inline struct vc_policy vc_policy_worse(struct vc_policy a,
					       struct vc_policy b)
{
	return (struct vc_policy) {
		.class = min(a.class, b.class),
		.rt_priority = min(a.rt_priority, b.rt_priority),
		.nice = max(a.nice, b.nice),
	};
}

static inline bool vc_policy_equal(struct vc_policy a, struct vc_policy b)
{
	return a.class == b.class && a.rt_priority == b.rt_priority &&
	       a.nice == b.nice;
}

/* Is @policy better than @bound in nothing? */
static inline bool vc_policy_within(struct vc_policy policy,
				    struct vc_policy bound)
{
	return vc_policy_equal(vc_policy_worse(policy, bound), policy);
}

#endif /* _KERNEL_VCONTEXT_SCHED_H */
