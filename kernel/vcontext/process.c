// SPDX-License-Identifier: GPL-2.0
/*
 * Category 3: process group.
 *
 * Process limit: tasks, that is processes and threads, from fork until they
 * are reaped; a zombie keeps its place.  Every way in is counted: fork, clone
 * and migration; beyond the limit they fail with -EAGAIN.  A limit below the
 * usage kills nobody.
 *
 * Stop: no fork and no clone while the flag is set here or above.
 *
 * Freeze: no task runs while the flag is set here or above; the freezer of
 * cgroup v2 does it.  What is frozen can be killed.
 *
 * Entering: who comes is not seen by those inside before it executes a
 * program.
 *
 * Capability ceiling: what a task of the context can use at all; checked when
 * a capability is used, so it binds tasks that run already.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/signal.h>

#include "internal.h"

static_assert(sizeof(struct vc_limit) == 32);
static_assert(sizeof(struct vc_task) == 8);
static_assert(sizeof(struct vc_caps) == 8);

/* Those that container runtimes grant by default. */
#define DEFAULT_CAPS							\
	(BIT_ULL(CAP_CHOWN) | BIT_ULL(CAP_DAC_OVERRIDE) |		\
	 BIT_ULL(CAP_FOWNER) | BIT_ULL(CAP_FSETID) | BIT_ULL(CAP_KILL) | \
	 BIT_ULL(CAP_SETGID) | BIT_ULL(CAP_SETUID) |			\
	 BIT_ULL(CAP_SETPCAP) | BIT_ULL(CAP_NET_BIND_SERVICE) |		\
	 BIT_ULL(CAP_NET_RAW) | BIT_ULL(CAP_SYS_CHROOT) |		\
	 BIT_ULL(CAP_MKNOD) | BIT_ULL(CAP_AUDIT_WRITE) |		\
	 BIT_ULL(CAP_SETFCAP))

#define ALL_CAPS	GENMASK_ULL(CAP_LAST_CAP, 0)

VC_DEFINE(struct vc_counter, tasks) = VC_COUNTER_INIT;
/* Written under process_mutex, read without. */
VC_DEFINE(u64, caps) = DEFAULT_CAPS;
/* What @caps is after the batch that has claimed the context, else the same. */
VC_DEFINE(u64, caps_wanted) = DEFAULT_CAPS;
VC_DEFINE(bool, stopped) = false;
/* What @stopped is after the batch that has claimed the context. */
VC_DEFINE(bool, stop_wanted) = false;

/* SETs of a ceiling: "not wider than above" is looked at and done. */
static DEFINE_MUTEX(process_mutex);

/**
 * vc_process_caps - the capability ceiling that holds in a context
 * @ctx: the context; %NULL is the host
 *
 * Context: RCU, or a reference.
 * Return: its own and those above, ANDed.
 */
u64 vc_process_caps(const struct vcontext *ctx)
{
	u64 caps = ALL_CAPS;

	for (; ctx && ctx->level; ctx = ctx->parent)
		caps &= READ_ONCE(VC(ctx, caps));
	return caps;
}

/**
 * vc_process_stopped - may no process be created in a context?
 * @ctx: the context; %NULL is the host
 *
 * Context: RCU, or a reference.
 * Return: true if it or one above is stopped.
 */
bool vc_process_stopped(const struct vcontext *ctx)
{
	for (; ctx && ctx->level; ctx = ctx->parent)
		if (READ_ONCE(VC(ctx, stopped)))
			return true;
	return false;
}

/**
 * vc_process_tasks - tasks in a context and below it, zombies included
 * @ctx: the context, or the host, which is not counted but knows
 *
 * Context: any.
 * Return: their number.
 */
u64 vc_process_tasks(struct vcontext *ctx)
{
	return ctx->level ? atomic64_read(&VC(ctx, tasks).usage) : nr_threads;
}

/* ---- accounting ---- */

static struct vcontext *try_charge(struct vcontext *ctx,
				   const struct vcontext *stop, u64 n)
{
	struct vcontext *full;

	full = vc_counter_try_charge(ctx, stop, VC_COUNTER(tasks), n);
	if (full)
		vc_counter_refused(full, VC_COUNTER(tasks), VC_CAT_PROCESS,
				   VC_PROCESS_LIMIT);
	return full;
}

/* See vcontext_can_fork(). */
int __vcontext_can_fork(struct task_struct *child, struct css_set *cset)
{
	struct vcontext *ctx = cset->dfl_cgrp->vcontext, *from;
	bool born;

	if (!ctx)
		return 0;
	/* whose group keeps it: current does not move here */
	rcu_read_lock();
	from = vcontext_of_task(current);
	rcu_read_unlock();
	born = ctx != from;
	/* the descriptor may have become another one since vc_ns_birth() */
	if (born && !vc_ns_born_in(child, ctx))
		return -EAGAIN;
	if (vc_process_stopped(ctx) || try_charge(ctx, NULL, 1))
		return -EAGAIN;
	if (vcontext_hooked()) {
		int ret = vc_hook_can_fork(ctx, child);

		if (ret) {
			vc_counter_cancel(ctx, NULL, VC_COUNTER(tasks), 1);
			return ret;
		}
	}
	if (born) {
		vc_process_entering(child, from, ctx);
		child->vcontext_born = true;
	}
	/*
	 * The child can be found before cgroup_post_fork() links it to its
	 * css_set.  Tell already what it will be, or a signal to its process
	 * group from inside would pass it by.
	 */
	rcu_assign_pointer(child->cgroups, cset);
	return 0;
}

/* See vcontext_cancel_fork(). */
void __vcontext_cancel_fork(struct task_struct *child, struct css_set *cset)
{
	struct vcontext *ctx = cset->dfl_cgrp->vcontext;

	if (!ctx)
		return;
	rcu_assign_pointer(child->cgroups, &init_css_set);
	if (vcontext_hooked())
		vc_hook_cancel_fork(ctx, child);
	vc_counter_cancel(ctx, NULL, VC_COUNTER(tasks), 1);
}

/* See vcontext_release(). */
void __vcontext_release(struct task_struct *task)
{
	struct vcontext *ctx;

	/* an exiting task is not migrated any more */
	rcu_read_lock();
	ctx = vcontext_of_task(task);
	vc_counter_uncharge(ctx, NULL, VC_COUNTER(tasks), 1);
	rcu_read_unlock();
}

/* See vcontext_charge_move(). */
int __vcontext_charge_move(struct vcontext *from, struct vcontext *to,
			   unsigned int nr_tasks)
{
	struct vcontext *full;

	/* what is above both has them already */
	full = try_charge(to, vcontext_common(from, to), nr_tasks);
	if (full)
		return vc_fail(-EAGAIN,
			       "process limit %llu of context %u: %llu in use, %u to come",
			       READ_ONCE(VC(full, tasks).limit), full->id,
			       (u64)atomic64_read(&VC(full, tasks).usage),
			       nr_tasks);
	if (vcontext_hooked()) {
		int ret = vc_hook_can_move(from, to, nr_tasks);

		if (ret) {
			vc_counter_cancel(to, vcontext_common(from, to),
					  VC_COUNTER(tasks), nr_tasks);
			return ret;
		}
	}
	return 0;
}

/* See vcontext_cancel_move(). */
void __vcontext_cancel_move(struct vcontext *from, struct vcontext *to,
			    unsigned int nr_tasks)
{
	if (vcontext_hooked())
		vc_hook_cancel_move(from, to, nr_tasks);
	vc_counter_cancel(to, vcontext_common(from, to), VC_COUNTER(tasks),
			  nr_tasks);
}

/* See vcontext_commit_move(). */
void __vcontext_commit_move(struct task_struct *task, struct vcontext *from,
			    struct vcontext *to)
{
	/*
	 * What it carries of its credentials into work of io_uring must not
	 * escape the ceiling.  The mark counts inside of contexts alone, so
	 * whoever else shares them does not mind.
	 */
	if (to) {
		rcu_read_lock();
		WRITE_ONCE(((struct cred *)__task_cred(task))->vcontext, true);
		rcu_read_unlock();
	}
	if (vcontext_hooked())
		vc_hook_move(task, from, to);
	vc_counter_uncharge(from, vcontext_common(from, to), VC_COUNTER(tasks),
			    1);
}

/* ---- entering ---- */

/*
 * From when it comes until it executes a program of the inside, a task carries
 * memory and descriptors of where it came from.  So does what it forks.
 * Meanwhile it can be seen by those alone who could see it there: the level
 * that is kept is that of the nearest context which it has never left.
 */

/**
 * vc_process_entering - a task comes to a context
 * @task: which; not running, or current, or kept where it is
 * @from: where it was
 * @to: where it comes
 *
 * Context: cgroup_threadgroup_rwsem held: for writing, or of a child for
 * reading.
 */
void vc_process_entering(struct task_struct *task, struct vcontext *from,
			 struct vcontext *to)
{
	const struct vcontext *common;
	u16 level = 0;

	/* the host has nobody to hide from */
	if (!to || !to->level) {
		WRITE_ONCE(task->vcontext_origin, 0);
		return;
	}
	common = vcontext_common(to, from);
	if (common)
		level = min_t(u32, common->level, U16_MAX - 1);
	if (task->vcontext_origin)
		level = min_t(u16, level, task->vcontext_origin - 1);
	WRITE_ONCE(task->vcontext_origin, level + 1);
}

/**
 * vc_process_entered - current executes a program
 *
 * Context: process.
 */
void vc_process_entered(void)
{
	WRITE_ONCE(current->vcontext_origin, 0);
	current->vcontext_born = false;
}

/*
 * May current, who is in @caller and sees where @task is, see it already?  One
 * who is entering himself has come from above, and sees as from there those who
 * are on the same way: his children, whom he could not signal otherwise.
 */
static bool has_come(const struct task_struct *task,
		     const struct vcontext *caller)
{
	u16 origin = READ_ONCE(task->vcontext_origin);
	u16 own = READ_ONCE(current->vcontext_origin);
	int from = caller->level;

	if (own)
		from = min(from, own - 1);
	return !origin || origin - 1 >= from;
}

/* ---- visibility ---- */

/*
 * Where a process that was looked up is: a leader that died stays where it
 * was when the other threads move.  RCU held.
 */
static struct vcontext *seen_context(struct task_struct *task)
{
	struct task_struct *pos;

	if (thread_group_leader(task) && (task->flags & PF_EXITING) &&
	    pid_alive(task)) {
		for_each_thread(task, pos)
			if (!(pos->flags & PF_EXITING))
				return vcontext_of_task(pos);
	}
	return vcontext_of_task(task);
}

/* See vcontext_task_visible(). */
bool __vcontext_task_visible(struct task_struct *task)
{
	struct vcontext *caller;
	bool ret = true;

	/* in an interrupt current is anybody, and the kernel asks */
	if (!in_task())
		return true;

	rcu_read_lock();
	caller = vcontext_of_task(current);
	if (caller && !same_thread_group(task, current))
		ret = vcontext_is_below(seen_context(task), caller) &&
		      has_come(task, caller);
	rcu_read_unlock();
	return ret;
}

/* See vcontext_pid_visible(). */
bool __vcontext_pid_visible(struct pid *pid)
{
	struct task_struct *task;
	bool ret;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	ret = !task || __vcontext_task_visible(task);
	rcu_read_unlock();
	return ret;
}

/* See vcontext_owner_visible(). */
bool __vcontext_owner_visible(struct pid *pid, enum pid_type type)
{
	struct task_struct *task;

	if (type != PIDTYPE_PGID)
		return __vcontext_pid_visible(pid);

	/* SIGIO goes to each member */
	do_each_pid_task(pid, PIDTYPE_PGID, task) {
		if (!__vcontext_task_visible(task))
			return false;
	} while_each_pid_task(pid, PIDTYPE_PGID, task);
	return true;
}

/* ---- commands ---- */

/* The process that @arg names, referenced; current if there is none. */
static struct task_struct *task_of(const struct vc_task *arg)
{
	struct task_struct *task;
	unsigned int flags;

	if (!arg)
		return get_task_struct(current);
	if (arg->pid < 0 || (arg->pid ? arg->pidfd > 0 : arg->pidfd < 0)) {
		vc_fail(-EINVAL, "pid %d, pidfd %d: pid > 0, or pid 0 and pidfd >= 0",
			arg->pid, arg->pidfd);
		return ERR_PTR(-EINVAL);
	}
	if (arg->pid) {
		task = find_get_task_by_vpid(arg->pid);
	} else {
		task = pidfd_get_task(arg->pidfd, &flags);
		if (IS_ERR(task)) {
			vc_fail(PTR_ERR(task), "pidfd %d names no live process",
				arg->pidfd);
			return task;
		}
		if (!vcontext_task_visible(task)) {
			put_task_struct(task);
			task = NULL;
		}
	}
	if (!task) {
		vc_fail(-ESRCH, "pid %d, pidfd %d: no such process", arg->pid,
			arg->pidfd);
		return ERR_PTR(-ESRCH);
	}
	return task;
}

static long task_set(struct vc_request *req)
{
	struct task_struct *task = task_of(req->data);
	long ret;

	if (IS_ERR(task))
		return PTR_ERR(task);
	/* nobody was asked for rights who is to enter himself */
	if (req->waived && !same_thread_group(task, current))
		ret = vc_fail(-EPERM, "who enters moves nobody else");
	else
		ret = vcontext_enter(req->ctx, req->caller, task);
	put_task_struct(task);
	return ret;
}

static long task_get(struct vc_request *req)
{
	struct task_struct *task = task_of(req->data);
	struct vcontext *ctx;
	long ret;

	if (IS_ERR(task))
		return PTR_ERR(task);
	rcu_read_lock();
	ctx = vcontext_of_task(task);
	ret = ctx ? ctx->id : VC_ID_HOST;
	rcu_read_unlock();
	put_task_struct(task);
	return ret;
}

/**
 * vc_process_set_limit - set the process limit of a context
 * @ctx: not the host
 * @limit: %VC_UNLIMITED for none of its own
 * @narrow: leave one that is lower as it is
 *
 * Context: may sleep.
 * Return: 0, or %-EPERM if a context above has less.
 */
int vc_process_set_limit(struct vcontext *ctx, u64 limit, bool narrow)
{
	if (narrow && limit >= READ_ONCE(VC(ctx, tasks).limit))
		return 0;
	return vc_counter_set_limit(ctx, VC_COUNTER(tasks), limit);
}

static long limit_set(struct vc_request *req)
{
	const struct vc_limit *arg = req->data;

	return vc_counter_set_limit(req->ctx, VC_COUNTER(tasks), arg->limit);
}

static long limit_begin(struct vc_request *req)
{
	return vc_counter_begin(req, VC_COUNTER(tasks));
}

static void limit_end(struct vc_request *req, bool commit)
{
	vc_counter_end(req, VC_COUNTER(tasks), commit);
}

static const struct vc_batch_ops limit_batch = {
	.begin = limit_begin,
	.end = limit_end,
};

static long limit_get(struct vc_request *req)
{
	struct vc_limit *arg = req->data;

	vc_counter_read(&VC(req->ctx, tasks), arg);
	if (!req->ctx->level)
		arg->usage = vc_process_tasks(req->ctx);
	return 0;
}

/* The ceiling above @ctx, with what our own batch makes of it. */
static u64 caps_above(const struct vcontext *ctx)
{
	u64 caps = ALL_CAPS;

	lockdep_assert_held(&process_mutex);

	for (ctx = ctx->parent; ctx->level; ctx = ctx->parent)
		caps &= vc_claimed_by_us(ctx) ? VC(ctx, caps_wanted) :
						VC(ctx, caps);
	return caps;
}

static int check_caps(const struct vcontext *ctx, u64 caps)
{
	u64 above = caps_above(ctx);

	return caps & ~above ?
		vc_fail(-EPERM, "caps %#llx: %#llx are not in the ceiling above",
			caps, caps & ~above) : 0;
}

/**
 * vc_process_set_caps - set the capability ceiling of a context
 * @ctx: not the host
 * @caps: what is above narrows it
 *
 * Context: may sleep.
 */
void vc_process_set_caps(struct vcontext *ctx, u64 caps)
{
	mutex_lock(&process_mutex);
	WRITE_ONCE(VC(ctx, caps), caps);
	VC(ctx, caps_wanted) = caps;
	mutex_unlock(&process_mutex);
}

/**
 * vc_process_drop_caps - take capabilities off the ceiling of a context
 * @ctx: not the host
 * @caps: which
 *
 * Context: may sleep.
 */
void vc_process_drop_caps(struct vcontext *ctx, u64 caps)
{
	mutex_lock(&process_mutex);
	WRITE_ONCE(VC(ctx, caps), VC(ctx, caps) & ~caps);
	VC(ctx, caps_wanted) = VC(ctx, caps);
	mutex_unlock(&process_mutex);
}

static long caps_set(struct vc_request *req)
{
	u64 caps = ((struct vc_caps *)req->data)->caps & ALL_CAPS;
	int ret;

	mutex_lock(&process_mutex);
	ret = check_caps(req->ctx, caps);
	if (!ret) {
		WRITE_ONCE(VC(req->ctx, caps), caps);
		VC(req->ctx, caps_wanted) = caps;
	}
	mutex_unlock(&process_mutex);
	return ret;
}

/* What is taken away is taken at once; what is given, when all succeeded. */
static long caps_begin(struct vc_request *req)
{
	u64 caps = ((struct vc_caps *)req->data)->caps & ALL_CAPS;
	struct vcontext *ctx = req->ctx;
	int ret;

	mutex_lock(&process_mutex);
	ret = check_caps(ctx, caps);
	if (!ret) {
		req->old = VC(ctx, caps);
		WRITE_ONCE(VC(ctx, caps), req->old & caps);
		VC(ctx, caps_wanted) = caps;
	}
	mutex_unlock(&process_mutex);
	return ret;
}

static void caps_end(struct vc_request *req, bool commit)
{
	vc_process_set_caps(req->ctx, commit ? VC(req->ctx, caps_wanted) :
					       req->old);
}

static const struct vc_batch_ops caps_batch = {
	.begin = caps_begin,
	.end = caps_end,
};

static long caps_get(struct vc_request *req)
{
	struct vc_caps *arg = req->data;

	arg->caps = vc_process_caps(req->ctx);
	return 0;
}

static void caps_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_caps *arg = req->data;

	seq_printf(m, "caps=%#llx", arg->caps);
}

static long stop_set(struct vc_request *req)
{
	bool stop = *(u32 *)req->data;

	WRITE_ONCE(VC(req->ctx, stopped), stop);
	/* when it returns no child is on its way any more */
	if (stop)
		vc_engine_fork_barrier();
	return 0;
}

/* Stopping is done at once; allowing again, when all has succeeded. */
static long stop_begin(struct vc_request *req)
{
	req->old = READ_ONCE(VC(req->ctx, stopped));
	VC(req->ctx, stop_wanted) = *(u32 *)req->data;
	return *(u32 *)req->data ? stop_set(req) : 0;
}

static void stop_end(struct vc_request *req, bool commit)
{
	/* what the last of several wants, with the first */
	WRITE_ONCE(VC(req->ctx, stopped),
		   commit ? VC(req->ctx, stop_wanted) : (bool)req->old);
}

static const struct vc_batch_ops stop_batch = {
	.begin = stop_begin,
	.end = stop_end,
};

static long stop_get(struct vc_request *req)
{
	return vc_process_stopped(req->ctx);
}

static long signal_set(struct vc_request *req)
{
	u32 signo = *(u32 *)req->data;

	if (!signo || signo > _NSIG)
		return vc_fail(-EINVAL, "signo %u: 1 to %u", signo, _NSIG);
	return vc_engine_signal(req->ctx, signo);
}

static long signal_get(struct vc_request *req)
{
	return vc_engine_count(req->ctx);
}

static long freeze_set(struct vc_request *req)
{
	return vc_freeze(req->ctx, *(u32 *)req->data);
}

/* Freezing is done at once; thawing, when all has succeeded. */
static long freeze_begin(struct vc_request *req)
{
	bool was = vc_freeze_own(req->ctx, &req->old);

	if (!*(u32 *)req->data)
		return 0;
	req->old = was;
	return vc_freeze(req->ctx, true);
}

static void freeze_end(struct vc_request *req, bool commit)
{
	bool freeze = *(u32 *)req->data;

	/* unless the batch has frozen it again since */
	if (commit && !freeze)
		vc_thaw(req->ctx, &req->old);
	/* others may have thawed it meanwhile, but nobody has frozen it */
	if (!commit && freeze && !req->old)
		vc_thaw(req->ctx, NULL);
}

/* Or nobody could end a freeze that waits for a task which does not stop. */
static bool freeze_passes(const struct vc_request *req)
{
	return !*(u32 *)req->data;
}

static const struct vc_batch_ops freeze_batch = {
	.begin = freeze_begin,
	.end = freeze_end,
	.passes = freeze_passes,
};

static long freeze_get(struct vc_request *req)
{
	return vc_frozen(req->ctx);
}

static const struct vc_command process_commands[] = {
	[VC_PROCESS_TASK] = {
		.name = "task",
		.doc = "a process enters the context / in which one is it",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD(task_set, VC_KIND_ENTER,
				 VC_DATA_IN | VC_DATA_OPTIONAL,
				 struct vc_task),
		.get = VC_METHOD(task_get, VC_KIND_IGNORED,
				 VC_DATA_IN | VC_DATA_OPTIONAL,
				 struct vc_task),
	},
	[VC_PROCESS_LIMIT] = {
		.name = "limit",
		.doc = "how many processes and threads there may be",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_show_limit,
		.batch = &limit_batch,
		.set = VC_METHOD(limit_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_limit),
		.get = VC_METHOD(limit_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_limit),
	},
	[VC_PROCESS_CAPS] = {
		.name = "caps",
		.doc = "capabilities that tasks can use at all",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = caps_show,
		.batch = &caps_batch,
		.set = VC_METHOD(caps_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_caps),
		.get = VC_METHOD(caps_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_caps),
	},
	[VC_PROCESS_STOP] = {
		.name = "stop",
		.doc = "no process may be created",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.batch = &stop_batch,
		.set = VC_METHOD(stop_set, VC_KIND_BELOW, VC_DATA_IN, u32),
		.get = VC_METHOD_PLAIN(stop_get, VC_KIND_OWN_OR_BELOW),
	},
	[VC_PROCESS_SIGNAL] = {
		.name = "signal",
		.doc = "signal every process / how many are there",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD(signal_set, VC_KIND_BELOW, VC_DATA_IN, u32),
		.get = VC_METHOD_PLAIN(signal_get, VC_KIND_OWN_OR_BELOW),
	},
	[VC_PROCESS_FREEZE] = {
		.name = "freeze",
		.doc = "no task runs",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.batch = &freeze_batch,
		.set = VC_METHOD(freeze_set, VC_KIND_BELOW, VC_DATA_IN, u32),
		.get = VC_METHOD_PLAIN(freeze_get, VC_KIND_OWN_OR_BELOW),
	},
};

VC_DECLARE_CATEGORY(process, VC_CAT_PROCESS, 1, process_commands);
