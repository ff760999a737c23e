// SPDX-License-Identifier: GPL-2.0
/*
 * Category 2, commands 4 and 6: CPU usage.
 *
 * max_usage is the bandwidth of the context's group: what all its tasks use
 * together on all CPUs, in each tenth of a second.  min_usage is a guarantee
 * in the fair class, see "Guarantees" in kernel/sched/fair.c.  Here it is
 * decided who may have how much.
 *
 * A guarantee is a part of the parent's, and those below the host are parts of
 * the online CPUs.  When CPUs go away what does not fit any more is told by an
 * event, and all are scaled down alike; nothing is forgotten, and when they come
 * back all is as before.
 */
#include <linux/cgroup.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/mmu_context.h>
#include <linux/seq_file.h>

#include "../sched/sched.h"
#include "internal.h"

static_assert(sizeof(struct vc_cpu_usage) == 8);
static_assert(sizeof(struct vc_cpu_stat) == 40);

/* What was set, and the sum of min_usage one below; under vc_cpu_mutex. */
VC_DEFINE(struct vc_cpu_usage, usage) = { };
VC_DEFINE(u64, min_below) = 0;

/**
 * struct hold - what a batch may have to put back
 * @node: in holds
 * @ctx: whose; referenced by the batch's request
 * @owner: the batch's task, to know its own
 * @old: what was set before the batch
 *
 * To put it back must not fail.  So who is not the batch finds taken what the
 * context had or has, whichever is more, and has to give to those below what it
 * had or has, whichever is less.  All under vc_cpu_mutex.
 */
struct hold {
	struct list_head node;
	struct vcontext *ctx;
	const struct task_struct *owner;
	struct vc_cpu_usage old;
};

static LIST_HEAD(holds);

static bool is_foreign(const struct hold *hold)
{
	return hold->owner != current;
}

/* What is there for the guarantees of contexts below @parent. */
static u64 guarantee_of(const struct vcontext *parent)
{
	const struct hold *pos;
	u64 min;

	lockdep_assert_held(&vc_cpu_mutex);

	if (!parent->level)
		return 1000ULL * num_online_cpus();
	min = VC(parent, usage).min_usage;
	list_for_each_entry(pos, &holds, node)
		if (is_foreign(pos) && pos->ctx == parent)
			min = min_t(u64, min, pos->old.min_usage);
	return min;
}

/* What those below @parent have of it, beside what they have now. */
static u64 held_below(const struct vcontext *parent)
{
	const struct hold *pos;
	u32 now;
	u64 sum = 0;

	list_for_each_entry(pos, &holds, node) {
		now = VC(pos->ctx, usage).min_usage;
		if (is_foreign(pos) && pos->ctx->parent == parent &&
		    pos->old.min_usage > now)
			sum += pos->old.min_usage - now;
	}
	return sum;
}

/* max_usage as far as others are concerned: there, if it may come back. */
static u32 max_of(const struct vcontext *ctx)
{
	const struct hold *pos;
	u32 max = VC(ctx, usage).max_usage;

	lockdep_assert_held(&vc_cpu_mutex);

	list_for_each_entry(pos, &holds, node)
		if (is_foreign(pos) && !max && pos->ctx == ctx)
			max = pos->old.max_usage;
	return max;
}

/**
 * vc_usage_fit - what a guarantee is worth
 * @min: the guarantee
 * @sum: all of those below the host
 * @all: what there is for them
 *
 * Context: any.
 * Return: @min, or the part of it that all get when they do not fit.
 */
u32 vc_usage_fit(u32 min, u64 sum, u64 all)
{
	return sum > all ? mul_u64_u64_div_u64(min, all, sum) : min;
}

/**
 * vc_usage_limited - is the CPU usage of a context limited?
 * @ctx: the context, or the host
 *
 * Context: vc_cpu_mutex held.
 * Return: does it or one above it have a max_usage?
 */
bool vc_usage_limited(const struct vcontext *ctx)
{
	lockdep_assert_held(&vc_cpu_mutex);

	for (; ctx->level; ctx = ctx->parent)
		if (max_of(ctx))
			return true;
	return false;
}

/**
 * vc_usage_check_max - may a context have that max_usage?
 * @ctx: the context, not the host
 * @max: thousandths of a CPU; 0 for none
 *
 * Context: vc_cpu_mutex held.
 * Return: 0, %-EPERM (wider than above), %-EBUSY (policy).
 */
int vc_usage_check_max(const struct vcontext *ctx, u32 max)
{
	const struct vcontext *pos;

	lockdep_assert_held(&vc_cpu_mutex);

	if (!max)
		return 0;
	for (pos = ctx->parent; pos->level; pos = pos->parent) {
		u32 above = VC(pos, usage).max_usage;

		if (above && max > above)
			return vc_fail(-EPERM,
				       "max_usage %u: context %u above has %u",
				       max, pos->id, above);
	}
	if (vc_sched_realtime(ctx))
		return vc_fail(-EBUSY,
			       "max_usage %u: FIFO or RR in context %u or below cannot be throttled",
			       max, ctx->id);
	return 0;
}

/**
 * vc_usage_check_min - may a context have that min_usage?
 * @ctx: the context, not the host
 * @min: thousandths of a CPU; 0 for none
 *
 * Less than before is always fine beside its siblings, also while CPUs are
 * missing.
 *
 * Context: vc_cpu_mutex held.
 * Return: 0 or %-ENOSPC.
 */
int vc_usage_check_min(const struct vcontext *ctx, u32 min)
{
	u32 old = VC(ctx, usage).min_usage;
	u64 siblings = VC(ctx->parent, min_below) - old +
		       held_below(ctx->parent);
	u64 all = guarantee_of(ctx->parent);
	u64 below = VC(ctx, min_below) + held_below(ctx);

	lockdep_assert_held(&vc_cpu_mutex);

	if (min < below)
		return vc_fail(-ENOSPC,
			       "min_usage %u: contexts below hold %llu of it",
			       min, below);
	if (min > old && siblings + min > all)
		return vc_fail(-ENOSPC,
			       "min_usage %u: siblings already hold %llu of %llu",
			       min, siblings, all);
	return 0;
}

/**
 * vc_usage_account_min - a context's min_usage becomes another one
 * @ctx: the context, not the host
 * @min: thousandths of a CPU
 *
 * Context: vc_cpu_mutex held.
 */
void vc_usage_account_min(struct vcontext *ctx, u32 min)
{
	lockdep_assert_held(&vc_cpu_mutex);

	VC(ctx->parent, min_below) += (s64)min - VC(ctx, usage).min_usage;
	VC(ctx, usage).min_usage = min;
}

/**
 * vc_usage_missing - take a guarantee out of what is there
 * @left: what is there, and then what is left
 * @min: the guarantee
 *
 * Context: any.
 * Return: how much is missing to it.
 */
u32 vc_usage_missing(u64 *left, u32 min)
{
	u64 given = min_t(u64, *left, min);

	*left -= given;
	return min - given;
}

#ifdef CONFIG_CFS_BANDWIDTH
static int set_max(struct task_group *tg, u32 max)
{
	return sched_group_set_max(tg, max);
}

static void bandwidth_stat(struct task_group *tg, struct vc_cpu_stat *stat)
{
	struct cfs_bandwidth *cfs_b = &tg->cfs_bandwidth;

	raw_spin_lock_irq(&cfs_b->lock);
	stat->periods = (u32)cfs_b->nr_periods;
	stat->throttled = (u32)cfs_b->nr_throttled;
	stat->throttled_ns = cfs_b->throttled_time;
	raw_spin_unlock_irq(&cfs_b->lock);
}
#else
static int set_max(struct task_group *tg, u32 max)
{
	return 0;
}

static void bandwidth_stat(struct task_group *tg, struct vc_cpu_stat *stat)
{
}
#endif

/* Whether the guarantees below the host do not fit; vc_cpu_mutex. */
static bool overcommitted;

/* Tell the scheduler what the guarantee of @ctx is worth. */
static void guarantee(struct vcontext *ctx)
{
	u64 sum = VC(vcontext_host, min_below);
	u64 all = guarantee_of(vcontext_host);
	struct cgroup_subsys_state *css = vc_engine_css(ctx, cpu_cgrp_id);

	lockdep_assert_held(&vc_cpu_mutex);

	/* it is about to go, and its guarantee with it */
	if (IS_ERR(css))
		return;
	sched_group_set_guarantee(container_of(css, struct task_group, css),
				  vc_usage_fit(VC(ctx, usage).min_usage, sum,
					       all));
	css_put(css);
}

/* The same for all, where what they are worth has or may have changed. */
static void guarantee_all(void)
{
	bool was = overcommitted;
	struct vcontext *ctx;
	u32 id = 0;

	lockdep_assert_held(&vc_cpu_mutex);

	overcommitted = VC(vcontext_host, min_below) >
			guarantee_of(vcontext_host);
	if (!was && !overcommitted)
		return;
	for (; (ctx = vcontext_find_next(&id, vcontext_host)); id++) {
		if (ctx->level)
			guarantee(ctx);
		vcontext_put(ctx);
	}
}

static int usage_set_locked(struct vcontext *ctx,
			    const struct vc_cpu_usage *arg)
{
	struct vc_cpu_usage *usage = &VC(ctx, usage);
	struct cgroup_subsys_state *css;
	struct task_group *tg;
	int ret;

	ret = vc_usage_check_max(ctx, arg->max_usage);
	if (!ret)
		ret = vc_usage_check_min(ctx, arg->min_usage);
	if (ret)
		return ret;
	/* once it has been removed usage_exit() is through or waits for us */
	css = vc_engine_css(ctx, cpu_cgrp_id);
	if (IS_ERR(css))
		return PTR_ERR(css);
	tg = container_of(css, struct task_group, css);

	if (arg->max_usage != usage->max_usage)
		ret = set_max(tg, arg->max_usage);
	if (!ret) {
		usage->max_usage = arg->max_usage;
		/* nothing fails from here on */
		vc_usage_account_min(ctx, arg->min_usage);
		guarantee(ctx);
		guarantee_all();
	}
	css_put(css);
	return ret;
}

static int check_values(const struct vc_cpu_usage *arg)
{
	if (arg->max_usage && arg->min_usage > arg->max_usage)
		return vc_fail(-EINVAL, "min_usage %u is above max_usage %u",
			       arg->min_usage, arg->max_usage);
	if (arg->max_usage && !IS_ENABLED(CONFIG_CFS_BANDWIDTH))
		return vc_fail(-EOPNOTSUPP,
			       "max_usage %u: this kernel has no CFS_BANDWIDTH",
			       arg->max_usage);
	return 0;
}

/**
 * vc_usage_set - SET 2/4
 * @req: with a struct vc_cpu_usage
 *
 * Context: process, may sleep.
 * Return: 0, %-EINVAL, %-EOPNOTSUPP, %-EPERM, %-EBUSY, %-ENOSPC, %-ESRCH.
 */
long vc_usage_set(struct vc_request *req)
{
	const struct vc_cpu_usage *arg = req->data;
	int ret = check_values(arg);

	if (ret)
		return ret;
	mutex_lock(&vc_cpu_mutex);
	ret = usage_set_locked(req->ctx, arg);
	mutex_unlock(&vc_cpu_mutex);
	return ret;
}

static bool has_hold(const struct vcontext *ctx)
{
	const struct hold *pos;

	list_for_each_entry(pos, &holds, node)
		if (pos->ctx == ctx)
			return true;
	return false;
}

static long usage_begin(struct vc_request *req)
{
	const struct vc_cpu_usage *arg = req->data;
	struct hold *hold;
	long ret = check_values(arg);

	if (ret)
		return ret;
	hold = kzalloc(sizeof(*hold), GFP_KERNEL_ACCOUNT);
	if (!hold)
		return -ENOMEM;
	INIT_LIST_HEAD(&hold->node);
	hold->ctx = req->ctx;
	hold->owner = current;

	mutex_lock(&vc_cpu_mutex);
	hold->old = VC(req->ctx, usage);
	ret = usage_set_locked(req->ctx, arg);
	/* what the first SET of a batch found is what would be put back */
	if (!ret && !has_hold(req->ctx))
		list_add(&hold->node, &holds);
	mutex_unlock(&vc_cpu_mutex);
	if (ret)
		kfree(hold);
	else
		req->saved = hold;
	return ret;
}

/* It has been kept for us: nobody needs to be asked. */
static void put_back(struct vcontext *ctx, const struct vc_cpu_usage *old)
{
	struct cgroup_subsys_state *css = vc_engine_css(ctx, cpu_cgrp_id);

	lockdep_assert_held(&vc_cpu_mutex);

	/* it has been destroyed, or is about to be */
	if (IS_ERR(css))
		return;
	/* what is dying is not limited any more, see vc_usage_lift() */
	if (VC(ctx, usage).max_usage != old->max_usage && !READ_ONCE(ctx->dying)) {
		WARN_ON_ONCE(set_max(container_of(css, struct task_group, css),
				     old->max_usage));
		VC(ctx, usage).max_usage = old->max_usage;
	}
	vc_usage_account_min(ctx, old->min_usage);
	guarantee(ctx);
	guarantee_all();
	css_put(css);
}

static void usage_end(struct vc_request *req, bool commit)
{
	struct hold *hold = req->saved;

	mutex_lock(&vc_cpu_mutex);
	if (!commit && !list_empty(&hold->node))
		put_back(req->ctx, &hold->old);
	list_del(&hold->node);
	mutex_unlock(&vc_cpu_mutex);
	kfree(hold);
}

const struct vc_batch_ops vc_usage_batch = {
	.begin = usage_begin,
	.end = usage_end,
};

/**
 * vc_usage_shown - contexts can be found that could not
 *
 * Until then guarantee_all() has passed them by.
 *
 * Context: may sleep.
 */
void vc_usage_shown(void)
{
	mutex_lock(&vc_cpu_mutex);
	guarantee_all();
	mutex_unlock(&vc_cpu_mutex);
}

/**
 * vc_usage_get - GET 2/4
 * @req: with room for a struct vc_cpu_usage
 *
 * Context: process, may sleep.
 * Return: 0.
 */
long vc_usage_get(struct vc_request *req)
{
	struct vc_cpu_usage *arg = req->data;

	mutex_lock(&vc_cpu_mutex);
	*arg = VC(req->ctx, usage);
	mutex_unlock(&vc_cpu_mutex);
	return 0;
}

/**
 * vc_usage_show - GET 2/4 as text
 * @m: where to
 * @req: what GET has said
 *
 * Context: process.
 */
void vc_usage_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_cpu_usage *arg = req->data;

	seq_printf(m, "max_usage=%u min_usage=%u", arg->max_usage,
		   arg->min_usage);
}

/**
 * vc_usage_stat_get - GET 2/6
 * @req: with room for a struct vc_cpu_stat
 *
 * Context: process, may sleep.
 * Return: 0 or %-ESRCH.
 */
long vc_usage_stat_get(struct vc_request *req)
{
	struct vc_cpu_stat *stat = req->data;
	struct cgroup_subsys_state *css;

	css = vc_engine_css(req->ctx, cpu_cgrp_id);
	if (IS_ERR(css))
		return PTR_ERR(css);
	vc_engine_cputime(css->cgroup, &stat->user_ns, &stat->system_ns);
	bandwidth_stat(container_of(css, struct task_group, css), stat);
	css_put(css);
	return 0;
}

/**
 * vc_usage_stat_show - GET 2/6 as text
 * @m: where to
 * @req: what GET has said
 *
 * Context: process.
 */
void vc_usage_stat_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_cpu_stat *stat = req->data;

	seq_printf(m,
		   "user_ns=%llu system_ns=%llu periods=%llu throttled=%llu throttled_ns=%llu",
		   stat->user_ns, stat->system_ns, stat->periods,
		   stat->throttled, stat->throttled_ns);
}

/**
 * vc_usage_available - does the running kernel have commands 4 and 6?
 *
 * Context: any.
 * Return: is the cpu controller there, on, and not taken by cgroup v1?
 */
bool vc_usage_available(void)
{
	return vc_engine_has(cpu_cgrp_id);
}

/* ---- life ---- */

static void lift(struct vcontext *ctx)
{
	struct cgroup_subsys_state *css;

	if (!VC(ctx, usage).max_usage)
		return;
	css = vc_engine_css(ctx, cpu_cgrp_id);
	if (IS_ERR(css))
		return;
	WARN_ON_ONCE(set_max(container_of(css, struct task_group, css), 0));
	VC(ctx, usage).max_usage = 0;
	css_put(css);
}

/**
 * vc_usage_lift - let tasks that are about to be killed have what that takes
 * @top: a dying context
 *
 * To exit takes CPU time too: where a context may use a thousandth of a CPU
 * that is seconds for each task.  What is above @top limits as ever.
 *
 * Context: process, vcontext_mutex held.
 */
void vc_usage_lift(struct vcontext *top)
{
	struct vcontext *pos;

	mutex_lock(&vc_cpu_mutex);
	lift(top);
	vcontext_for_each_below(pos, top)
		lift(pos);
	mutex_unlock(&vc_cpu_mutex);
}

/* The group takes its limits with it; what is below has gone before. */
static void usage_exit(struct vcontext *ctx)
{
	struct hold *pos;

	mutex_lock(&vc_cpu_mutex);
	/* nothing to be put back */
	list_for_each_entry(pos, &holds, node) {
		if (pos->ctx == ctx) {
			list_del_init(&pos->node);
			break;
		}
	}
	WARN_ON_ONCE(VC(ctx, min_below));
	vc_usage_account_min(ctx, 0);
	guarantee_all();
	mutex_unlock(&vc_cpu_mutex);
}

VC_INIT(usage, NULL, usage_exit);

/*
 * CPUs have gone or come.  Those below the host that do not fit any more when
 * they are served by ascending ids are told what they miss, each time.
 */
static void cpus_work_fn(struct work_struct *work)
{
	static unsigned int online;	/* vc_cpu_mutex */
	struct vcontext *ctx;
	u32 id = 0, missing;
	bool fewer;
	u64 left;

	/* a SET that counted the CPU has stored what it admitted */
	mutex_lock(&vc_cpu_mutex);
	fewer = num_online_cpus() < (online ?: num_possible_cpus());
	online = num_online_cpus();
	guarantee_all();
	left = guarantee_of(vcontext_host);
	for (; fewer && (ctx = vcontext_find_next(&id, vcontext_host)); id++) {
		missing = ctx->level == 1 ?
			vc_usage_missing(&left, VC(ctx, usage).min_usage) : 0;
		if (missing)
			vc_event(ctx, VC_EVENT_GUARANTEE, missing);
		vcontext_put(ctx);
	}
	mutex_unlock(&vc_cpu_mutex);
}

static DECLARE_WORK(cpus_work, cpus_work_fn);

/* Under the lock of hotplug, which is inside of ours. */
static int cpus_changed(unsigned int cpu)
{
	schedule_work(&cpus_work);
	return 0;
}

static int __init vc_usage_init(void)
{
	int ret;

	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
					"vcontext:guarantees_dead", NULL,
					cpus_changed);
	if (ret >= 0)
		ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN,
						"vcontext:guarantees_online",
						cpus_changed, NULL);
	if (ret < 0)
		pr_err("vcontext: guarantees do not follow CPU hotplug: %d\n",
		       ret);
	return 0;
}
late_initcall(vc_usage_init);
