// SPDX-License-Identifier: GPL-2.0
/*
 * Category 2, command 3: scheduling policy.
 *
 * The policy of a context is given to every thread that is in it at the time
 * and to every one that comes later, and is the best that any of them can
 * have: class, real-time priority and nice value each.  What holds in a
 * context is the worst of its own policy and of those above.  Where none of
 * them has one, no thread can be better than the fair class.
 *
 * A thread is bound at each way in:
 *
 *  SET	publishes, and then gives the policy to all threads.  Holding
 *	cgroup_threadgroup_rwsem for writing it meets every thread, or the
 *	fork that makes it in vcontext_fork_attr(), which sees the new policy.
 *  fork	is given what its parent has by now, and no more than holds.
 *  entering	gives the policy before the rwsem is released.
 *  system calls	are checked under the lock of the thread's runqueue.  SET
 *	and entering take that lock after they have published: either the
 *	system call sees what they have published, or they overwrite it.
 *
 * What the kernel does for itself (priority inheritance, kernel threads) is
 * not checked.
 */
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <uapi/linux/sched/types.h>

#include "internal.h"
#include "sched.h"

static_assert(sizeof(struct vc_sched) == 16);
static_assert(sizeof(struct vc_policy) == sizeof(u32));

/* A context's own policy, written under vc_cpu_mutex, read without. */
VC_DEFINE(struct vc_policy, policy) = VC_POLICY_ANY;
/* What that is after the batch that has claimed the context, else the same. */
VC_DEFINE(struct vc_policy, wanted) = VC_POLICY_ANY;
/* How many contexts, this one and below, have FIFO or RR; vc_cpu_mutex. */
VC_DEFINE(u32, nr_realtime) = 0;

/* What a thread can have where no context has a policy. */
static const struct vc_policy fair_class = VC_POLICY_FAIR;

static struct vc_policy own_policy(const struct vcontext *ctx)
{
	return READ_ONCE(VC(ctx, policy));
}

/* The same with what our own batch makes of it. */
static struct vc_policy wanted_policy(const struct vcontext *ctx)
{
	lockdep_assert_held(&vc_cpu_mutex);

	return vc_claimed_by_us(ctx) ? VC(ctx, wanted) : VC(ctx, policy);
}

/* What holds in @ctx, VC_POLICY_ANY if no context has a policy. */
static struct vc_policy policy_of(const struct vcontext *ctx)
{
	struct vc_policy policy = VC_POLICY_ANY;

	for (; ctx && ctx->level; ctx = ctx->parent)
		policy = vc_policy_worse(policy, own_policy(ctx));
	return policy;
}

/* The same as a bound for threads. */
static struct vc_policy bound_of(const struct vcontext *ctx)
{
	struct vc_policy policy = policy_of(ctx);

	if (ctx && ctx->level && policy.class == VC_CLASS_ANY)
		return fair_class;
	return policy;
}

/* A bound for the policies of contexts just below @ctx. */
static struct vc_policy bound_below(const struct vcontext *ctx)
{
	struct vc_policy policy = VC_POLICY_ANY;
	const struct vcontext *pos;

	for (pos = ctx; pos->level; pos = pos->parent)
		policy = vc_policy_worse(policy, wanted_policy(pos));
	if (!ctx->level || policy.class != VC_CLASS_ANY)
		return policy;
	policy = fair_class;
	/* where none has said so, a nice value below 0 takes the capability */
	if (!(vc_process_caps(ctx) & BIT_ULL(CAP_SYS_NICE)))
		policy.nice = 0;
	return policy;
}

static struct vc_policy policy_of_task(const struct task_struct *task)
{
	return (struct vc_policy) {
		.class = vc_policy_class(task->policy),
		.rt_priority = task->rt_priority,
		.nice = task_nice(task),
	};
}

static void to_attr(const struct vc_policy *policy, struct sched_attr *attr)
{
	*attr = (struct sched_attr) {
		.sched_policy = vc_policy_number(policy->class),
		.sched_priority = policy->rt_priority,
		.sched_nice = policy->nice,
	};
}

/* Give a thread a policy.  It lives; nobody else's business is locked. */
static void give(struct task_struct *task, struct vc_policy policy)
{
	struct sched_attr attr;

	to_attr(&policy, &attr);
	if (task->sched_reset_on_fork)
		attr.sched_flags |= SCHED_FLAG_RESET_ON_FORK;
	if (task->se.custom_slice)
		attr.sched_runtime = task->se.slice;
	WARN_ON_ONCE(sched_setattr_nocheck(task, &attr));
	/* not a part of SCHED_IDLE, but of what it may become again */
	if (policy.class == VC_CLASS_IDLE)
		set_user_nice(task, policy.nice);
}

/* Make a thread no better than the fair class; else it stays as it is. */
static void give_fair(struct task_struct *task)
{
	struct vc_policy policy = policy_of_task(task);

	if (!vc_policy_within(policy, fair_class))
		give(task, vc_policy_worse(policy, fair_class));
}

/**
 * vc_sched_enter - a thread has entered a context
 * @task: the thread, alive
 * @ctx: where it is now
 *
 * Context: cgroup_mutex and cgroup_threadgroup_rwsem held, may sleep.
 */
void vc_sched_enter(struct task_struct *task, struct vcontext *ctx)
{
	struct vc_policy policy = policy_of(ctx);

	lockdep_assert_held(&cgroup_mutex);

	if (!ctx->level)
		return;
	if (policy.class == VC_CLASS_ANY)
		give_fair(task);
	else
		give(task, policy);
}

/* ---- what the scheduler asks ---- */

/* See vcontext_fork_attr(). */
bool __vcontext_fork_attr(struct task_struct *child, struct css_set *cset,
			  struct sched_attr *attr)
{
	struct vcontext *ctx = cset->dfl_cgrp->vcontext;
	struct vc_policy is, was, policy;
	unsigned long flags;
	bool entering;

	if (!ctx)
		return false;

	rcu_read_lock();
	entering = vcontext_of_task(current) != ctx;
	rcu_read_unlock();

	was = policy_of_task(child);
	is = was;
	/*
	 * The parent's policy was copied before the rwsem was taken, and a SET
	 * may have come between.
	 */
	if (!current->sched_reset_on_fork) {
		raw_spin_lock_irqsave(&current->pi_lock, flags);
		is = policy_of_task(current);
		raw_spin_unlock_irqrestore(&current->pi_lock, flags);
	}

	policy = policy_of(ctx);
	if (policy.class == VC_CLASS_ANY)
		policy = vc_policy_worse(is, fair_class);
	else if (!entering)
		policy = vc_policy_worse(is, policy);
	if (vc_policy_equal(policy, was))
		return false;
	to_attr(&policy, attr);
	return true;
}

/* See vcontext_may_sched(). */
bool __vcontext_may_sched(struct task_struct *task, int policy,
			  unsigned int rt_priority, int nice)
{
	struct vc_policy wanted = {
		.class = vc_policy_class(policy),
		.rt_priority = rt_priority,
		/* SCHED_IDLE leaves the thread's own as it is */
		.nice = policy == SCHED_IDLE ? MAX_NICE : nice,
	};
	struct vcontext *ctx;
	bool ret;

	rcu_read_lock();
	ctx = vcontext_of_task(task);
	ret = !ctx || vc_policy_within(wanted, bound_of(ctx));
	rcu_read_unlock();
	return ret;
}

/* See vcontext_limit_nice(). */
int __vcontext_limit_nice(struct task_struct *task, int nice)
{
	struct vcontext *ctx;

	rcu_read_lock();
	ctx = vcontext_of_task(task);
	if (ctx)
		nice = max_t(int, nice, bound_of(ctx).nice);
	rcu_read_unlock();
	return nice;
}

/**
 * vc_sched_may_nice - may a thread be given a nice value by a user?
 * @task: which
 * @nice: that value
 *
 * Only so that who asks is told; vcontext_limit_nice() is what binds.
 *
 * Context: any.
 * Return: is it no better than what the thread's context allows?
 */
bool vc_sched_may_nice(struct task_struct *task, int nice)
{
	return __vcontext_limit_nice(task, nice) == nice;
}

/* ---- policy against max_usage ---- */

/**
 * struct pending - a policy that a batch has checked and not set yet
 * @node: in pendings
 * @ctx: whose; referenced by the batch's request
 * @owner: the batch's task, to know its own
 * @old: does it take a real-time policy away?  That counts until the end.
 * @new: is it a real-time policy?  That counts from the beginning.
 *
 * So nobody else gets a max_usage in between that the end of the batch, which
 * must not fail, would be refused for.  All under vc_cpu_mutex.
 */
struct pending {
	struct list_head node;
	struct vcontext *ctx;
	const struct task_struct *owner;
	bool old;
	bool new;
};

static LIST_HEAD(pendings);

/* The best class that may hold in @ctx by now, or when batches have ended. */
static u8 best_class(const struct vcontext *ctx)
{
	u8 class = VC_CLASS_ANY;

	for (; ctx->level; ctx = ctx->parent) {
		if (vc_claimed_by_us(ctx))
			class = min(class, VC(ctx, wanted).class);
		else
			class = min(class, max(VC(ctx, wanted).class,
					       VC(ctx, policy).class));
	}
	return class;
}

/**
 * vc_sched_realtime - are there threads that bandwidth does not throttle?
 * @ctx: a context
 *
 * Context: vc_cpu_mutex held.
 * Return: do FIFO or RR hold in @ctx, or has a context below it chosen them?
 */
bool vc_sched_realtime(const struct vcontext *ctx)
{
	const struct pending *pos;
	u32 nr = VC(ctx, nr_realtime);

	lockdep_assert_held(&vc_cpu_mutex);

	/* our own batch knows what it takes away */
	list_for_each_entry(pos, &pendings, node)
		if (pos->owner == current && pos->old &&
		    vcontext_is_below(pos->ctx, ctx))
			nr--;
	return nr || vc_class_realtime(best_class(ctx));
}

static void count_realtime(struct vcontext *ctx, int n)
{
	lockdep_assert_held(&vc_cpu_mutex);

	for (; ctx->level; ctx = ctx->parent)
		VC(ctx, nr_realtime) += n;
}

static void sched_exit(struct vcontext *ctx)
{
	mutex_lock(&vc_cpu_mutex);
	if (vc_class_realtime(VC(ctx, policy).class))
		count_realtime(ctx, -1);
	mutex_unlock(&vc_cpu_mutex);
}

VC_INIT(sched, NULL, sched_exit);

/* Nobody that @ctx would make real-time may be limited in bandwidth. */
static int check_usage(struct vcontext *ctx, struct vc_policy policy)
{
	struct vcontext *pos;

	lockdep_assert_held(&vcontext_mutex);

	if (!vc_class_realtime(policy.class))
		return 0;
	if (vc_usage_limited(ctx))
		return vc_fail(-EBUSY,
			       "policy %u: context %u, or one above, has max_usage, which does not throttle it",
			       vc_policy_number(policy.class), ctx->id);
	vcontext_for_each_below(pos, ctx) {
		struct vc_policy below = policy;
		const struct vcontext *at;

		for (at = pos; at != ctx; at = at->parent)
			below = vc_policy_worse(below, wanted_policy(at));
		if (vc_class_realtime(below.class) && vc_usage_limited(pos))
			return vc_fail(-EBUSY,
				       "policy %u: context %u has max_usage, which does not throttle it",
				       vc_policy_number(policy.class), pos->id);
	}
	return 0;
}

/* ---- commands ---- */

/* A SET, for each of the threads below. */
struct sched_change {
	struct vcontext *ctx;		/* where it was done */
	struct vc_policy old;		/* its own policy before */
};

/* Does the change give the threads of @ctx a policy?  Then it is @policy. */
static bool is_given(const struct sched_change *change,
		     const struct vcontext *ctx, struct vc_policy *policy)
{
	struct vc_policy old = VC_POLICY_ANY;
	const struct vcontext *pos;
	bool below = true, own = false;

	for (pos = ctx; pos->level; pos = pos->parent) {
		if (pos == change->ctx) {
			old = vc_policy_worse(old, change->old);
			below = false;
			continue;
		}
		if (below && own_policy(pos).class != VC_CLASS_ANY)
			own = true;
		old = vc_policy_worse(old, own_policy(pos));
	}
	*policy = policy_of(ctx);
	/* where a context below has a worse one of its own nothing changes */
	return !own || !vc_policy_equal(*policy, old);
}

static void change_task(struct task_struct *task, struct vcontext *ctx,
			void *arg)
{
	struct vc_policy policy;

	if (is_given(arg, ctx, &policy))
		give(task, policy);
}

static int check_sched(const struct vc_sched *arg)
{
	bool realtime = arg->policy == SCHED_FIFO || arg->policy == SCHED_RR;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	if (!realtime && arg->policy != SCHED_NORMAL &&
	    arg->policy != SCHED_BATCH && arg->policy != SCHED_IDLE)
		return vc_fail(-EINVAL,
			       "policy %u: 0 NORMAL, 1 FIFO, 2 RR, 3 BATCH or 5 IDLE",
			       arg->policy);
	if (realtime && (!arg->rt_priority || arg->rt_priority >= MAX_RT_PRIO))
		return vc_fail(-EINVAL, "rt_priority %u: 1 to %d for policy %u",
			       arg->rt_priority, MAX_RT_PRIO - 1, arg->policy);
	if (!realtime && arg->rt_priority)
		return vc_fail(-EINVAL, "rt_priority %u: 0 for policy %u",
			       arg->rt_priority, arg->policy);
	if (realtime && arg->nice)
		return vc_fail(-EINVAL, "nice %d: 0 for policy %u", arg->nice,
			       arg->policy);
	if (arg->nice < MIN_NICE || arg->nice > MAX_NICE)
		return vc_fail(-EINVAL, "nice %d: %d to %d", arg->nice,
			       MIN_NICE, MAX_NICE);
	/* groups have no real-time bandwidth: such a thread would never run */
	if (IS_ENABLED(CONFIG_RT_GROUP_SCHED) && realtime)
		return vc_fail(-EOPNOTSUPP,
			       "policy %u: this kernel has CONFIG_RT_GROUP_SCHED",
			       arg->policy);
	return 0;
}

/* May @ctx have what @arg asks for?  Then that is @policy. */
static int check_locked(struct vcontext *ctx, const struct vc_sched *arg,
			struct vc_policy *policy)
{
	struct vc_policy bound = bound_below(ctx->parent);

	lockdep_assert_held(&vcontext_mutex);
	lockdep_assert_held(&vc_cpu_mutex);

	if (ctx->removed)
		return vc_fail(-ESRCH, "context %u is gone", ctx->id);
	*policy = (struct vc_policy) {
		.class = vc_policy_class(arg->policy),
		.rt_priority = arg->rt_priority,
		.nice = arg->nice,
	};
	if (vc_class_realtime(policy->class))
		policy->nice = MIN_NICE;
	if (!vc_policy_within(*policy, bound))
		return vc_fail(-EPERM,
			       "policy %u, rt_priority %u, nice %d: the best above is %u, %u, %d",
			       arg->policy, arg->rt_priority, arg->nice,
			       vc_policy_number(bound.class),
			       bound.rt_priority, bound.nice);
	return check_usage(ctx, *policy);
}

/* Publish the policy that is wanted, and give it to all threads. */
static void apply(struct vcontext *ctx)
{
	struct sched_change change = { .ctx = ctx, .old = own_policy(ctx) };

	lockdep_assert_held(&vc_cpu_mutex);

	WRITE_ONCE(VC(ctx, policy), VC(ctx, wanted));
	vc_engine_walk_threads(ctx, change_task, &change);
}

static int set_locked(struct vcontext *ctx, const struct vc_sched *arg)
{
	struct vc_policy policy;
	int ret = check_locked(ctx, arg, &policy);

	if (ret)
		return ret;
	count_realtime(ctx, vc_class_realtime(policy.class) -
		       vc_class_realtime(own_policy(ctx).class));
	VC(ctx, wanted) = policy;
	apply(ctx);
	return 0;
}

/**
 * vc_sched_set - SET 2/3
 * @req: the request
 *
 * Context: process, may sleep.
 * Return: 0, %-EINVAL, %-EPERM (better than above), %-EBUSY (max_usage),
 * %-EOPNOTSUPP (FIFO and RR with CONFIG_RT_GROUP_SCHED), %-ESRCH,
 * %-ERESTARTNOINTR.
 */
long vc_sched_set(struct vc_request *req)
{
	const struct vc_sched *arg = req->data;
	int ret = check_sched(arg);

	if (ret)
		return ret;
	if (mutex_lock_interruptible(&vcontext_mutex))
		return -ERESTARTNOINTR;
	mutex_lock(&vc_cpu_mutex);
	ret = set_locked(req->ctx, arg);
	mutex_unlock(&vc_cpu_mutex);
	mutex_unlock(&vcontext_mutex);
	return ret;
}

static int begin_locked(struct pending *pending, const struct vc_sched *arg)
{
	struct vcontext *ctx = pending->ctx;
	struct vc_policy policy;
	int ret = check_locked(ctx, arg, &policy);

	if (ret)
		return ret;
	pending->old = vc_class_realtime(VC(ctx, wanted).class);
	pending->new = vc_class_realtime(policy.class);
	count_realtime(ctx, pending->new);
	VC(ctx, wanted) = policy;
	list_add(&pending->node, &pendings);
	return 0;
}

/*
 * Nothing but checks: what threads had chosen for themselves could not be put
 * back.
 */
static long sched_begin(struct vc_request *req)
{
	const struct vc_sched *arg = req->data;
	struct pending *pending;
	long ret = check_sched(arg);

	if (ret)
		return ret;
	pending = kzalloc(sizeof(*pending), GFP_KERNEL_ACCOUNT);
	if (!pending)
		return -ENOMEM;
	pending->ctx = req->ctx;
	pending->owner = current;
	ret = -ERESTARTNOINTR;
	if (mutex_lock_interruptible(&vcontext_mutex))
		goto out_free;
	mutex_lock(&vc_cpu_mutex);
	ret = begin_locked(pending, arg);
	mutex_unlock(&vc_cpu_mutex);
	mutex_unlock(&vcontext_mutex);
	req->saved = pending;
out_free:
	if (ret)
		kfree(pending);
	return ret;
}

static void sched_end(struct vc_request *req, bool commit)
{
	struct pending *pending = req->saved;
	struct vcontext *ctx = pending->ctx;

	mutex_lock(&vc_cpu_mutex);
	/* the policy of what has been destroyed sched_exit() takes off */
	if (READ_ONCE(ctx->removed))
		commit = false;
	count_realtime(ctx, -(int)(commit ? pending->old : pending->new));
	list_del(&pending->node);
	if (commit)
		apply(ctx);
	else
		VC(ctx, wanted) = own_policy(ctx);
	mutex_unlock(&vc_cpu_mutex);
	kfree(pending);
}

const struct vc_batch_ops vc_sched_batch = {
	.begin = sched_begin,
	.end = sched_end,
};

/**
 * vc_sched_get - GET 2/3
 * @req: the request
 *
 * Context: process.
 * Return: 0.
 */
long vc_sched_get(struct vc_request *req)
{
	struct vc_policy policy = policy_of(req->ctx);
	struct vc_sched *arg = req->data;

	/* that of a new process is as good a word for "none" as any */
	if (policy.class == VC_CLASS_ANY)
		return 0;
	arg->policy = vc_policy_number(policy.class);
	arg->rt_priority = policy.rt_priority;
	arg->nice = vc_class_realtime(policy.class) ? 0 : policy.nice;
	return 0;
}

/**
 * vc_sched_show - what GET 2/3 has said
 * @m: where to
 * @req: done
 *
 * Context: process.
 */
void vc_sched_show(struct seq_file *m, const struct vc_request *req)
{
	static const char * const names[] = {
		[SCHED_NORMAL] = "normal",
		[SCHED_FIFO] = "fifo",
		[SCHED_RR] = "rr",
		[SCHED_BATCH] = "batch",
		[SCHED_IDLE] = "idle",
	};
	const struct vc_sched *arg = req->data;

	seq_printf(m, "policy=%s rt_priority=%u nice=%d", names[arg->policy],
		   arg->rt_priority, arg->nice);
}
