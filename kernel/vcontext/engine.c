// SPDX-License-Identifier: GPL-2.0
/*
 * The groups of contexts.  Who talks to the cgroup core is here, in freeze.c and
 * in guard.c.
 *
 *	/vcontext/<id>			limits; not for anybody to write
 *	/vcontext/<id>/tasks		root of its cgroup namespace, divided
 *					by a service manager inside
 *	/vcontext/<id>/tasks/enter	where entries and births go
 *	/vcontext/<id>/<child>		a context below it
 *
 * The groups without @tasks/... are the skeleton: made and removed here, and
 * guarded against everybody else (guard.c).  @enter is a leaf of its own because the
 * inside may set tasks/cgroup.subtree_control, and a group with controllers
 * for its children takes no processes.
 *
 * Under cgroup_mutex the groups of a context that has not been removed are
 * there: only vc_engine_remove() removes them.
 */
#include <linux/cpu.h>
#include <linux/cred.h>
#include <linux/init_task.h>
#include <linux/percpu-rwsem.h>
#include <linux/rcu_sync.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/signal.h>

#include <trace/events/cgroup.h>
#include <trace/events/vcontext.h>

#include "../cgroup/cgroup-internal.h"
#include "internal.h"

struct cgroup *vc_engine_base __ro_after_init;

/*
 * As root, whoever asks: the inside must not own its own skeleton.  Hidden,
 * since a change of controllers activates all that is below a group.
 */
static struct cgroup *skeleton_mkdir(struct cgroup *parent, const char *name,
				     struct vcontext *ctx)
{
	const struct cred *old = override_creds(&init_cred);
	struct cgroup *cgrp;

	cgrp = cgroup_mkdir_locked(parent, name, 0755, ctx);
	revert_creds(old);
	if (!IS_ERR(cgrp))
		kernfs_show(cgrp->kn, false);
	return cgrp;
}

/* Destroy @top and all groups below it, which have no tasks. */
static void destroy_groups(struct cgroup *top)
{
	struct cgroup_subsys_state *css;

	lockdep_assert_held(&cgroup_mutex);

	/* children first, @top last */
	css_for_each_descendant_post(css, &top->self)
		if (!cgroup_is_dead(css->cgroup))
			WARN_ON_ONCE(cgroup_destroy_locked(css->cgroup));
}

/*
 * Controllers that contexts are limited with.  One that is compiled out, off
 * on the command line or in a hierarchy of cgroup v1 is none of the root's.
 */
static u16 controllers(void)
{
	u16 mask = 0;

#ifdef CONFIG_CGROUP_SCHED
	mask |= BIT(cpu_cgrp_id);
#endif
#ifdef CONFIG_CPUSETS
	mask |= BIT(cpuset_cgrp_id);
#endif
#ifdef CONFIG_MEMCG
	mask |= BIT(memory_cgrp_id);
#endif
#ifdef CONFIG_BLK_CGROUP
	mask |= BIT(io_cgrp_id);
#endif
	return mask & cgroup_control(&cgrp_dfl_root.cgrp);
}

/* Those of them that the children of @cgrp should have and do not. */
static u16 missing_controllers(struct cgroup *cgrp)
{
	return controllers() & ~cgrp->subtree_control;
}

static int enable_controllers(struct cgroup *cgrp)
{
	return cgroup_change_controllers(cgrp, missing_controllers(cgrp) &
					 cgroup_control(cgrp), 0);
}

/*
 * Give the groups below @parent their controllers, once; this is what makes
 * them groups that can be limited.  The root's come with the first context:
 * a kernel without contexts has what its user made.  Locks cgroup_mutex.
 */
static int lock_with_controllers(struct cgroup *parent)
{
	int ret = 0;

	cgroup_lock();
	if (!missing_controllers(parent))
		return 0;
	cgroup_unlock();
	/* csses that are on their way out would be in the way */
	cgroup_lock_and_drain_offline(&cgrp_dfl_root.cgrp);
	if (parent == vc_engine_base)
		ret = enable_controllers(&cgrp_dfl_root.cgrp);
	if (!ret)
		ret = enable_controllers(parent);
	if (ret)
		cgroup_unlock();
	return ret;
}

/**
 * vc_engine_has - can contexts be limited with a controller?
 * @ssid: of the controller
 *
 * Context: any.
 * Return: is it compiled in, on, and not taken by a cgroup v1 hierarchy?
 */
bool vc_engine_has(int ssid)
{
	return READ_ONCE(cgrp_dfl_root.subsys_mask) & BIT(ssid);
}

/**
 * vc_engine_css - the state of a controller for a context
 * @ctx: the context, or the host
 * @ssid: of the controller
 *
 * Context: may sleep.
 * Return: that of the context's own group, with a reference that the caller
 * puts, or an ERR_PTR(): %-ESRCH if the context has been removed,
 * %-EOPNOTSUPP if it has none.
 */
struct cgroup_subsys_state *vc_engine_css(struct vcontext *ctx, int ssid)
{
	struct cgroup_subsys_state *css = ERR_PTR(-ESRCH);

	cgroup_lock();
	if (ctx->top) {
		css = cgroup_get_e_css(ctx->top, cgroup_subsys[ssid]);
		if (css->cgroup != ctx->top) {
			css_put(css);
			css = ERR_PTR(-EOPNOTSUPP);
		}
	}
	cgroup_unlock();
	if (css == ERR_PTR(-ESRCH))
		vc_fail(-ESRCH, "context %u is gone", ctx->id);
	return css;
}

/**
 * vc_engine_cputime - CPU time used in a group and below it
 * @cgrp: the group, referenced
 * @user_ns: filled
 * @system_ns: filled
 *
 * Context: may sleep.
 */
void vc_engine_cputime(struct cgroup *cgrp, u64 *user_ns, u64 *system_ns)
{
	struct cgroup_base_stat bstat;

	cgroup_base_stat_cputime(cgrp, &bstat);
	*user_ns = bstat.cputime.utime;
	*system_ns = bstat.cputime.stime;
}

/**
 * vc_engine_create - make the groups of a context
 * @ctx: with id and parent; cannot be found yet
 *
 * Nor can they, see vc_engine_show().
 *
 * Context: may sleep.
 * Return: 0 or a negative errno; then nothing is left.
 */
int vc_engine_create(struct vcontext *ctx)
{
	struct cgroup *parent, *top, *tasks, *enter;
	char name[16];
	int ret = 0;

	snprintf(name, sizeof(name), "%u", ctx->id);

	/* vcontext_mutex keeps the parent */
	parent = ctx->parent->level ? ctx->parent->top : vc_engine_base;
	ret = lock_with_controllers(parent);
	if (ret)
		return vc_fail(ret, "controllers cannot be enabled above");
	top = skeleton_mkdir(parent, name, ctx);
	if (IS_ERR(top)) {
		ret = PTR_ERR(top);
		goto out_unlock;
	}
	tasks = skeleton_mkdir(top, "tasks", ctx);
	enter = IS_ERR(tasks) ? tasks : skeleton_mkdir(tasks, "enter", ctx);
	if (IS_ERR(enter)) {
		ret = PTR_ERR(enter);
		destroy_groups(top);
		goto out_unlock;
	}
	ctx->cgroup_id = cgroup_id(top);
	ctx->tasks = tasks;
	ctx->enter = enter;
	WRITE_ONCE(ctx->top, top);
out_unlock:
	cgroup_unlock();
	if (ret == -EAGAIN)
		return vc_fail(ret,
			       "cgroup.max.descendants or cgroup.max.depth above is reached");
	if (ret == -EEXIST)
		return vc_fail(-EBUSY, "a cgroup /vcontext/.../%u is in the way",
			       ctx->id);
	return ret;
}

/**
 * vc_engine_show - let the groups of a new context be seen in cgroupfs
 * @ctx: the context
 *
 * Context: vcontext_mutex held, may sleep.
 */
void vc_engine_show(struct vcontext *ctx)
{
	cgroup_lock();
	if (ctx->top) {
		TRACE_CGROUP_PATH(mkdir, ctx->top);
		TRACE_CGROUP_PATH(mkdir, ctx->tasks);
		TRACE_CGROUP_PATH(mkdir, ctx->enter);
		/* innermost first: who reaches it finds all of it */
		kernfs_show(ctx->enter->kn, true);
		kernfs_show(ctx->tasks->kn, true);
		kernfs_show(ctx->top->kn, true);
		kernfs_activate(ctx->top->kn);
	}
	cgroup_unlock();
}

/**
 * vc_engine_remove - remove the groups of a context
 * @ctx: without contexts below it
 *
 * What the inside has made below @tasks goes too.
 *
 * Context: vcontext_mutex held, may sleep.
 * Return: 0, or %-EBUSY if it has live tasks.
 */
int vc_engine_remove(struct vcontext *ctx)
{
	struct cgroup *top;
	int ret = 0;

	cgroup_lock();
	top = ctx->top;
	if (cgroup_is_populated(top)) {
		ret = -EBUSY;
	} else {
		/* Only a migration could populate it: we hold the mutex. */
		ctx->tasks = NULL;
		ctx->enter = NULL;
		WRITE_ONCE(ctx->top, NULL);
		destroy_groups(top);
	}
	cgroup_unlock();
	return ret;
}

/**
 * vc_engine_populated - is there a live task in a context or below it?
 * @ctx: the context
 *
 * Context: may sleep.
 * Return: as asked; false when it has been removed.
 */
bool vc_engine_populated(struct vcontext *ctx)
{
	bool ret;

	cgroup_lock();
	ret = ctx->top && cgroup_is_populated(ctx->top);
	cgroup_unlock();
	return ret;
}

/**
 * vc_engine_if_idle - do something while nobody can enter or leave
 * @ctx: the context
 * @fn: called under cgroup_mutex if no live task is in @ctx or below it
 *
 * Context: may sleep.
 * Return: was it called?
 */
bool vc_engine_if_idle(struct vcontext *ctx, void (*fn)(struct vcontext *ctx))
{
	bool idle;

	cgroup_lock();
	idle = ctx->top && !cgroup_is_populated(ctx->top);
	if (idle)
		fn(ctx);
	cgroup_unlock();
	return idle;
}

/**
 * vc_engine_kill - SIGKILL to everything in a context and below it
 * @ctx: the context
 *
 * Those being forked meanwhile included; does not wait.
 *
 * Context: may sleep.
 */
void vc_engine_kill(struct vcontext *ctx)
{
	cgroup_lock();
	if (ctx->top)
		cgroup_kill(ctx->top);
	cgroup_unlock();
}

/**
 * vc_engine_css_set - a css_set for the root of a context's cgroup namespace
 * @ctx: the context
 *
 * Context: may sleep.
 * Return: with a reference held, or an ERR_PTR().
 */
struct css_set *vc_engine_css_set(struct vcontext *ctx)
{
	struct css_set *cset = NULL;

	cgroup_lock();
	if (ctx->tasks)
		cset = cgroup_find_css_set(ctx->tasks);
	cgroup_unlock();
	return cset ?: ERR_PTR(-ENOMEM);
}

/**
 * vc_engine_mount - a mount that shows the group that entries go to
 * @ctx: the context
 *
 * Context: may sleep.
 * Return: attached nowhere, for mntput(); or an ERR_PTR(): %-ESRCH if the
 * context has been removed.
 */
struct vfsmount *vc_engine_mount(struct vcontext *ctx)
{
	struct cgroup *enter;
	struct vfsmount *mnt;

	cgroup_lock();
	enter = ctx->enter;
	if (enter)
		cgroup_get(enter);
	cgroup_unlock();
	if (!enter)
		return ERR_PTR(-ESRCH);
	/* what the caller's context may mount is not asked */
	current->vcontext_builds = true;
	mnt = cgroup_mount(enter);
	current->vcontext_builds = false;
	cgroup_put(enter);
	return mnt;
}

/* A thread of @task's process that lives, or %NULL; RCU held. */
static struct task_struct *live_thread(struct task_struct *task)
{
	struct task_struct *pos;

	if (!pid_alive(task))
		return NULL;
	for_each_thread(task, pos)
		if (!(pos->flags & PF_EXITING))
			return pos;
	return NULL;
}

/*
 * The threads of @task's process that live are in @ctx now.  With
 * cgroup_threadgroup_rwsem none comes and none begins to exit, so that the one
 * that is looked at stays in the list also without RCU.
 */
static void process_entered(struct task_struct *task, struct vcontext *from,
			    struct vcontext *ctx)
{
	struct task_struct *pos;

	rcu_read_lock();
	for_each_thread(task, pos) {
		if (pos->flags & PF_EXITING)
			continue;
		rcu_read_unlock();
		vc_process_entering(pos, from, ctx);
		vc_sched_enter(pos, ctx);
		rcu_read_lock();
	}
	rcu_read_unlock();
	vcontext_entered(ctx);
}

/* What attach to @ctx can say before it tries; cgroup_mutex held. */
static int may_enter(struct vcontext *ctx, struct task_struct *task,
		     struct vcontext *from, struct vcontext *caller,
		     bool from_host)
{
	if (!vcontext_is_below(from, caller) || (from_host && from))
		return vc_fail(-ESRCH, "the process has gone");
	if (vc_compat_may_enter(ctx, from))
		return -EPERM;
	if ((task->flags & PF_KTHREAD) || task->no_cgroup_migration ||
	    (task->flags & PF_NO_SETAFFINITY))
		return vc_fail(-EINVAL, "a kernel thread enters no context");
	return 0;
}

/**
 * vc_engine_attach - move a process into a context
 * @ctx: where it goes, or the host
 * @caller: the process must be in it or below it
 * @task: any thread of it, referenced by the caller
 * @from_host: fail if it is in a context
 *
 * The whole thread group moves, or nothing.
 *
 * Context: may sleep.
 * Return: 0, %-EAGAIN (a limit), %-EBUSY (being destroyed), %-EINVAL (kernel
 * thread), %-ESRCH, %-ENOMEM.
 */
int vc_engine_attach(struct vcontext *ctx, struct vcontext *caller,
		     struct task_struct *task, bool from_host)
{
	struct vcontext *to = ctx->level ? ctx : NULL;
	struct task_struct *leader = NULL, *live;
	struct vcontext *from = NULL;
	bool group;
	u32 from_id = 0;
	int ret;

	cgroup_lock();
	if (!ctx->enter) {
		ret = vc_fail(-ESRCH, "context %u is gone", ctx->id);
		goto out_unlock;
	}
	if (READ_ONCE(ctx->dying)) {
		ret = vc_fail(-EBUSY, "context %u is being destroyed", ctx->id);
		goto out_unlock;
	}
	/* Nobody moves the caller from here on; before, somebody may have. */
	if ((vcontext_of_task(current) ?: vcontext_host) != caller) {
		ret = vc_fail(-ESRCH, "the caller has been moved");
		goto out_unlock;
	}

	/* Nobody but current itself could add a thread to it. */
	group = task != current || !thread_group_empty(current);
	cgroup_attach_lock(group);
	__acquire(&cgroup_threadgroup_rwsem);
	/* de_thread() is excluded, unless it is current's */
	rcu_read_lock();
	live = live_thread(task);
	if (live) {
		leader = group ? live->group_leader : live;
		get_task_struct(leader);
		get_task_struct(live);
		from = vcontext_of_task(live);
		from_id = from ? from->id : VC_ID_HOST;
	}
	rcu_read_unlock();
	if (!live) {
		__release(&cgroup_threadgroup_rwsem);
		cgroup_attach_unlock(group);
		ret = vc_fail(-ESRCH, "the process has gone");
		goto out_unlock;
	}

	ret = may_enter(ctx, live, from, caller, from_host);
	if (!ret)
		ret = cgroup_migrate_vet_dst(ctx->enter);
	if (!ret)
		ret = cgroup_attach_task(ctx->enter, leader, group);
	/* under the lock a live thread does not become an exiting one */
	WARN_ON_ONCE(!ret && vcontext_of_task(live) != to);
	if (!ret)
		process_entered(live, from, ctx);
	put_task_struct(live);

	/* puts leader */
	cgroup_procs_write_finish(leader, group);
out_unlock:
	cgroup_unlock();
	/* what nobody sees yet: who shows it tells */
	if (!ret && !READ_ONCE(ctx->hidden)) {
		trace_migrate(task_tgid_nr(task), from_id, ctx->id);
		vc_event_migrated(ctx, task);
	}
	return ret;
}

/**
 * vc_engine_fork_barrier - wait until no fork is between charge and birth
 *
 * A flag set before is seen by every fork that comes after.
 *
 * Context: may sleep.
 */
void vc_engine_fork_barrier(void)
{
	cgroup_attach_lock(true);
	cgroup_attach_unlock(true);
}

/* ---- walks over the processes of a context ---- */

/*
 * Does @task stand for its process?  The leader does, unless it is a zombie
 * that stayed outside when the others moved; then the first live thread.
 */
static bool stands_for_process(struct task_struct *task, struct vcontext *ctx)
{
	struct task_struct *pos;
	bool ret = false;

	if (thread_group_leader(task))
		return true;

	rcu_read_lock();
	/* once reaped it has no leader to look at */
	if (pid_alive(task) &&
	    !vcontext_is_below(vcontext_of_task(task->group_leader), ctx)) {
		for_each_thread(task, pos) {
			if (pos->flags & PF_EXITING)
				continue;
			ret = pos == task;
			break;
		}
	}
	rcu_read_unlock();
	return ret;
}

/* Call @fn for each process in @ctx and below, once; cgroup_mutex held. */
static unsigned int walk_members(struct vcontext *ctx,
				 void (*fn)(struct task_struct *task,
					    void *arg),
				 void *arg)
{
	/* leaders, those with other live threads included, then the rest */
	static const unsigned int passes[] = { CSS_TASK_ITER_PROCS, 0 };
	struct cgroup_subsys_state *css;
	struct css_task_iter it;
	struct task_struct *task;
	unsigned int i, nr = 0;

	lockdep_assert_held(&cgroup_mutex);

	css_for_each_descendant_pre(css, &ctx->top->self) {
		if (cgroup_is_dead(css->cgroup))
			continue;
		for (i = 0; i < ARRAY_SIZE(passes); i++) {
			css_task_iter_start(css, passes[i], &it);
			while ((task = css_task_iter_next(&it))) {
				if (i && (thread_group_leader(task) ||
					  !stands_for_process(task, ctx)))
					continue;
				nr++;
				if (fn)
					fn(task, arg);
			}
			css_task_iter_end(&it);
		}
	}
	return nr;
}

/**
 * vc_engine_count - how many processes are in a context and below it
 * @ctx: the context, or the host
 *
 * Zombies do not count.
 *
 * Context: may sleep.
 * Return: their number; 0 when it has been removed.
 */
unsigned int vc_engine_count(struct vcontext *ctx)
{
	unsigned int nr = 0;

	cgroup_lock();
	if (ctx->top)
		nr = walk_members(ctx, NULL, NULL);
	cgroup_unlock();
	return nr;
}

/**
 * vc_engine_walk_threads - every thread in a context and below it
 * @ctx: the context
 * @fn: called for each, once, with its context; may sleep
 * @arg: for @fn
 *
 * The locks keep forks and moves out: what is not met is forked later.
 *
 * Context: may sleep.
 */
void vc_engine_walk_threads(struct vcontext *ctx,
			    void (*fn)(struct task_struct *task,
				       struct vcontext *ctx, void *arg),
			    void *arg)
{
	struct cgroup_subsys_state *css;
	struct css_task_iter it;
	struct task_struct *task;

	cgroup_lock();
	if (!ctx->top)
		goto out_unlock;
	cgroup_attach_lock(true);
	css_for_each_descendant_pre(css, &ctx->top->self) {
		if (cgroup_is_dead(css->cgroup))
			continue;
		css_task_iter_start(css, 0, &it);
		while ((task = css_task_iter_next(&it)))
			fn(task, css->cgroup->vcontext, arg);
		css_task_iter_end(&it);
	}
	cgroup_attach_unlock(true);
out_unlock:
	cgroup_unlock();
}

/**
 * vc_engine_census - every live thread in a context, at one instant
 * @fn: called for each, with its context; atomic.  %NULL for none.
 * @done: called after that, before anything changes; atomic
 * @arg: for both
 *
 * Who forks, moves or exits has done so before, or does it after @done.
 *
 * Context: may sleep.
 */
void vc_engine_census(void (*fn)(struct task_struct *task,
				 struct vcontext *ctx, void *arg),
		      void (*done)(void *arg), void *arg)
{
	struct cgroup_subsys_state *css;
	struct cgrp_cset_link *link;
	struct task_struct *task;

	cgroup_lock();
	cgroup_attach_lock(true);
	spin_lock_irq(&css_set_lock);
	css_for_each_descendant_pre(css, &vc_engine_base->self) {
		if (!fn || !css->cgroup->vcontext)
			continue;
		/* nobody moves, so all are in the first list of their sets */
		list_for_each_entry(link, &css->cgroup->cset_links, cset_link)
			list_for_each_entry(task, &link->cset->tasks, cg_list)
				fn(task, css->cgroup->vcontext, arg);
	}
	done(arg);
	spin_unlock_irq(&css_set_lock);
	cgroup_attach_unlock(true);
	cgroup_unlock();
}

static void signal_member(struct task_struct *task, void *arg)
{
	/* a copy: sender and user are translated for each receiver in place */
	struct kernel_siginfo info = *(struct kernel_siginfo *)arg;

	/*
	 * PIDTYPE_MAX: what the process is forking right now gets it too, see
	 * multiprocess signals in copy_process().
	 */
	do_send_sig_info(info.si_signo, &info, task, PIDTYPE_MAX);
}

/**
 * vc_engine_signal - signal each process in a context and below it once
 * @ctx: the context
 * @signo: a valid signal
 *
 * The lock keeps forks out: a child is found here if it has been born, and
 * gets what its parent gets if it has not.
 *
 * Context: may sleep.
 * Return: how many were found.
 */
int vc_engine_signal(struct vcontext *ctx, int signo)
{
	struct kernel_siginfo info;
	unsigned int nr = 0;

	clear_siginfo(&info);
	info.si_signo = signo;
	info.si_code = SI_USER;
	info.si_pid = task_tgid_vnr(current);
	info.si_uid = from_kuid_munged(current_user_ns(), current_uid());

	cgroup_lock();
	if (ctx->top) {
		cgroup_attach_lock(true);
		nr = walk_members(ctx, signal_member, &info);
		cgroup_attach_unlock(true);
	}
	cgroup_unlock();
	return nr;
}

/* ---- cheap migration while there are contexts ---- */

/* Both under vcontext_mutex: what holds, and what the contexts want. */
static bool favoring, favor_wanted;

static void disfavor_work_fn(struct work_struct *work)
{
	mutex_lock(&vcontext_mutex);
	if (favoring && !favor_wanted) {
		favoring = false;
		rcu_sync_exit(&cgroup_threadgroup_rwsem.rss);
	}
	mutex_unlock(&vcontext_mutex);
}

static DECLARE_DELAYED_WORK(disfavor_work, disfavor_work_fn);

/**
 * vc_engine_favor - trade a little of each fork for cheap migrations
 * @favor: there is a context / there is none any more
 *
 * What the mount option favordynmods does, counted apart from it.  Given back
 * some time after the last context, so that one that comes and goes does not
 * wait for a grace period each time.
 *
 * Context: vcontext_mutex held, may sleep.
 */
void vc_engine_favor(bool favor)
{
	lockdep_assert_held(&vcontext_mutex);

	favor_wanted = favor;
	if (!favor) {
		mod_delayed_work(system_unbound_wq, &disfavor_work, 10 * HZ);
		return;
	}
	cancel_delayed_work(&disfavor_work);
	if (!favoring) {
		favoring = true;
		rcu_sync_enter(&cgroup_threadgroup_rwsem.rss);
	}
}

/* ---- the base ---- */

/**
 * vc_engine_init - make /vcontext
 *
 * At boot, so that nobody else can have the name.
 *
 * Context: boot.
 * Return: 0 or a negative errno.
 */
int __init vc_engine_init(void)
{
	vcontext_host->top = &cgrp_dfl_root.cgrp;
	vcontext_host->enter = &cgrp_dfl_root.cgrp;
	vcontext_host->cgroup_id = cgroup_id(&cgrp_dfl_root.cgrp);

	cgroup_lock();
	vc_engine_base = skeleton_mkdir(&cgrp_dfl_root.cgrp, "vcontext", NULL);
	if (!IS_ERR(vc_engine_base)) {
		TRACE_CGROUP_PATH(mkdir, vc_engine_base);
		kernfs_show(vc_engine_base->kn, true);
		kernfs_activate(vc_engine_base->kn);
	}
	cgroup_unlock();
	return PTR_ERR_OR_ZERO(vc_engine_base);
}
