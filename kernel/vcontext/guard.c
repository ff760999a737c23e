// SPDX-License-Identifier: GPL-2.0
/*
 * What cgroupfs and clone() may do with the groups of contexts, see engine.c.
 */
#include <linux/rcupdate.h>

#include "../cgroup/cgroup-internal.h"
#include "internal.h"

static bool is_enter(struct cgroup *cgrp)
{
	return cgrp->vcontext && READ_ONCE(cgrp->vcontext->enter) == cgrp;
}

/* Is @cgrp below the part of its context that the inside may divide? */
static bool is_divisible(struct cgroup *cgrp)
{
	struct cgroup *tasks = READ_ONCE(cgrp->vcontext->tasks);

	return tasks && cgroup_is_descendant(cgrp, tasks) && !is_enter(cgrp);
}

/* Is @cgrp in the part of @ctx that it may divide?  All are the host's. */
static bool owned_by(struct cgroup *cgrp, const struct vcontext *ctx)
{
	return !ctx || (cgroup_on_dfl(cgrp) && cgrp->vcontext == ctx &&
			is_divisible(cgrp));
}

/* Does current, if it is in a context, look at a group of its own? */
static bool is_own(struct cgroup *cgrp)
{
	bool ret;

	rcu_read_lock();
	ret = owned_by(cgrp, vcontext_of_task(current));
	rcu_read_unlock();
	return ret;
}

/**
 * __vcontext_may_attach - guard of moves that are not ours
 * @src: where the task is
 * @dst: where it would go
 *
 * Nobody enters, leaves or changes a context so, the host's root neither: he
 * would skip namespaces and root.  Inside one only its divisible part is for
 * it; its own group @src may be any.
 *
 * Context: cgroup_mutex held.
 * Return: 0 or %-EPERM.
 */
int __vcontext_may_attach(struct cgroup *src, struct cgroup *dst)
{
	lockdep_assert_held(&cgroup_mutex);

	if (src->vcontext != dst->vcontext || dst == vc_engine_base)
		return -EPERM;
	if (dst->vcontext && !is_divisible(dst))
		return -EPERM;
	return is_own(dst) ? 0 : -EPERM;
}

/**
 * __vcontext_may_write - guard of cgroup files
 * @cgrp: whose file
 * @delegatable: may a file of a delegated root be written from inside?
 *
 * The host may write the limits of all; a task of a context only below what
 * it was given, else uid 0 inside would lift its own limits through any
 * cgroupfs it gets hold of.
 *
 * Context: process.
 * Return: 0 or %-EPERM.
 */
int __vcontext_may_write(struct cgroup *cgrp, bool delegatable)
{
	struct vcontext *ctx;
	bool ok;

	/* kernel-owned: a setting here could keep entries out */
	if (is_enter(cgrp))
		return -EPERM;

	rcu_read_lock();
	ctx = vcontext_of_task(current);
	ok = owned_by(cgrp, ctx) &&
	     (!ctx || delegatable || READ_ONCE(ctx->tasks) != cgrp);
	rcu_read_unlock();
	return ok ? 0 : -EPERM;
}

/**
 * __vcontext_may_mkdir - guard of new groups
 * @parent: where
 *
 * Outside of what a context may divide only the kernel makes groups below
 * /vcontext: a name there is an id.
 *
 * Context: cgroup_mutex held.
 * Return: 0 or %-EPERM.
 */
int __vcontext_may_mkdir(struct cgroup *parent)
{
	lockdep_assert_held(&cgroup_mutex);

	if (parent == vc_engine_base)
		return -EPERM;
	if (parent->vcontext && !is_divisible(parent))
		return -EPERM;
	return is_own(parent) ? 0 : -EPERM;
}

/**
 * __vcontext_may_rmdir - guard of groups that are there
 * @cgrp: which
 *
 * Context: cgroup_mutex held.
 * Return: 0, %-EPERM, or %-EBUSY for the skeleton.
 */
int __vcontext_may_rmdir(struct cgroup *cgrp)
{
	struct vcontext *ctx = cgrp->vcontext;

	lockdep_assert_held(&cgroup_mutex);

	if (!is_own(cgrp))
		return -EPERM;
	if (cgrp == vc_engine_base ||
	    (ctx && (cgrp == ctx->top || cgrp == ctx->tasks ||
		     cgrp == ctx->enter)))
		return -EBUSY;
	return 0;
}

/**
 * __vcontext_may_thread - guard of threaded groups
 * @cgrp: which would become threaded
 *
 * A threaded group turns its parent into the root of a threaded subtree, and
 * its siblings into groups that take no process.  Beside @enter that would
 * keep everybody out.  One level below it is the inside's affair.
 *
 * Context: cgroup_mutex held.
 * Return: 0 or %-EPERM.
 */
int __vcontext_may_thread(struct cgroup *cgrp)
{
	struct cgroup *parent = cgroup_parent(cgrp);

	lockdep_assert_held(&cgroup_mutex);

	if (cgrp == vc_engine_base || parent == vc_engine_base)
		return -EPERM;
	if (cgrp->vcontext && parent && !is_divisible(parent))
		return -EPERM;
	if (cgrp->vcontext && parent == cgrp->vcontext->tasks)
		return -EPERM;
	return 0;
}
