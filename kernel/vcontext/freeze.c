// SPDX-License-Identifier: GPL-2.0
/*
 * Freezing the groups of contexts, see engine.c.
 */
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "../cgroup/cgroup-internal.h"
#include "internal.h"

/* Under cgroup_mutex: SETs of the state, to know one's own. */
VC_DEFINE(u32, freezes) = 0;
/* woken when a group of a context has frozen or need not any more */
static DECLARE_WAIT_QUEUE_HEAD(freeze_wait);

/* See vcontext_freezing(). */
void __vcontext_freezing(struct cgroup *cgrp)
{
	if (cgrp->vcontext)
		wake_up_all(&freeze_wait);
}

/**
 * vc_frozen - is a context, or one above it, to be frozen?
 * @ctx: the context, or the host
 *
 * Context: any; a snapshot.
 * Return: as asked; false when it has been removed.
 */
bool vc_frozen(const struct vcontext *ctx)
{
	struct cgroup *top;
	bool ret;

	/* a group is freed a grace period after it was taken out of @ctx */
	rcu_read_lock();
	top = READ_ONCE(ctx->top);
	ret = top && test_bit(CGRP_FREEZE, &top->flags);
	rcu_read_unlock();
	return ret;
}

/* Is there nothing to wait for: all are frozen, or need not be any more? */
static bool freeze_settled(struct vcontext *ctx)
{
	struct cgroup *top;
	bool ret;

	rcu_read_lock();
	top = READ_ONCE(ctx->top);
	ret = !top || !test_bit(CGRP_FREEZE, &top->flags) ||
	      test_bit(CGRP_FROZEN, &top->flags);
	rcu_read_unlock();
	return ret;
}

/**
 * vc_freeze - freeze or thaw a context and all below it
 * @ctx: the context, not the host
 * @freeze: which
 *
 * Freezing waits until every task has stopped, or somebody thaws it.  A signal
 * that ends the wait puts the old state back, unless another call has set it
 * since.
 *
 * Context: may sleep.
 * Return: 0, %-ESRCH (it has been removed), %-ERESTARTSYS.
 */
int vc_freeze(struct vcontext *ctx, bool freeze)
{
	bool was;
	u32 mine;
	int ret;

	cgroup_lock();
	if (!ctx->top) {
		cgroup_unlock();
		return vc_fail(-ESRCH, "context %u is gone", ctx->id);
	}
	was = ctx->top->freezer.freeze;
	mine = ++VC(ctx, freezes);
	cgroup_freeze(ctx->top, freeze);
	cgroup_unlock();
	if (!freeze)
		return 0;

	ret = wait_event_interruptible(freeze_wait, freeze_settled(ctx));
	if (ret) {
		cgroup_lock();
		if (ctx->top && VC(ctx, freezes) == mine)
			cgroup_freeze(ctx->top, was);
		cgroup_unlock();
	}
	return ret;
}

/**
 * vc_freeze_own - has a context been frozen itself?
 * @ctx: the context
 * @count: of times that its state has been set
 *
 * Context: may sleep.
 * Return: as asked, whatever is above it; false when it has been removed.
 */
bool vc_freeze_own(struct vcontext *ctx, u64 *count)
{
	bool ret;

	cgroup_lock();
	ret = ctx->top && ctx->top->freezer.freeze;
	*count = VC(ctx, freezes);
	cgroup_unlock();
	return ret;
}

/**
 * vc_thaw - thaw a context, if it is there
 * @ctx: the context
 * @count: only if its state has not been set since; %NULL for always
 *
 * Context: may sleep.
 */
void vc_thaw(struct vcontext *ctx, const u64 *count)
{
	cgroup_lock();
	if (ctx->top && (!count || *count == VC(ctx, freezes))) {
		VC(ctx, freezes)++;
		cgroup_freeze(ctx->top, false);
	}
	cgroup_unlock();
}
