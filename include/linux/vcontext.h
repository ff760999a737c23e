/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual contexts: what the rest of the kernel calls.
 *
 * A context is a property of a cgroup v2 group, and a task's context is that
 * of its group on the default hierarchy.  The host, context 0, is NULL here.
 *
 * How to read a task's context:
 *
 *  1. vcontext_of_task() under rcu_read_lock(); the pointer is good as long
 *     as the lock is held, since a group is freed after a grace period.
 *  2. Under cgroup_threadgroup_rwsem (a fork between can_fork and post_fork)
 *     or cgroup_mutex the context of a task does not change.
 *  3. Never through group_leader: a zombie leader stays where it died.
 */
#ifndef _LINUX_VCONTEXT_H
#define _LINUX_VCONTEXT_H

#include <linux/ns_common.h>
#include <linux/pid_types.h>
#include <linux/types.h>

struct cgroup;
struct css_set;
struct ctl_table_set;
struct file;
struct kernel_clone_args;
struct file_system_type;
struct mem_cgroup;
struct pid;
struct pid_namespace;
struct sched_attr;
struct seq_file;
struct sock;
struct super_block;
struct task_struct;
struct vcontext;

#ifdef CONFIG_VCONTEXT

#include <linux/jump_label_ratelimit.h>

/* On while there is a context. */
extern struct static_key_false_deferred vcontext_key;

static inline bool vcontext_enabled(void)
{
	return static_branch_unlikely(&vcontext_key.key);
}

/* On while a module wants to be told of tasks. */
DECLARE_STATIC_KEY_FALSE(vcontext_hook_key);

static inline bool vcontext_hooked(void)
{
	return IS_ENABLED(CONFIG_MODULES) &&
	       static_branch_unlikely(&vcontext_hook_key);
}

/* what modules are told: called by the cgroup core */
void __vcontext_forked(struct task_struct *child);
void __vcontext_leave(struct task_struct *task);

/* accounting: called by the cgroup core */
int __vcontext_can_fork(struct task_struct *child, struct css_set *cset);
void __vcontext_cancel_fork(struct task_struct *child, struct css_set *cset);
void __vcontext_exit(struct task_struct *task);
void __vcontext_release(struct task_struct *task);
int __vcontext_charge_move(struct vcontext *from, struct vcontext *to,
			   unsigned int nr_tasks);
void __vcontext_cancel_move(struct vcontext *from, struct vcontext *to,
			    unsigned int nr_tasks);
void __vcontext_commit_move(struct task_struct *task, struct vcontext *from,
			    struct vcontext *to);
void __vcontext_depopulated(struct cgroup *cgrp);

/* births: called by the cgroup core and by fork */
int __vcontext_may_birth(const struct file *file, struct cgroup *cgrp,
			 u64 flags);
int __vcontext_birth(struct task_struct *child,
		     const struct kernel_clone_args *args);
void __vcontext_born(struct task_struct *child, struct cgroup *cgrp);

/* guards: called by the cgroup core */
int __vcontext_may_attach(struct cgroup *src, struct cgroup *dst);
int __vcontext_may_write(struct cgroup *cgrp, bool delegatable);
int __vcontext_may_mkdir(struct cgroup *parent);
int __vcontext_may_rmdir(struct cgroup *cgrp);
int __vcontext_may_thread(struct cgroup *cgrp);

/* lifetime: called by the cgroup core */
struct vcontext *vcontext_get(struct vcontext *ctx);
void vcontext_put(struct vcontext *ctx);

/* freezing: called by the cgroup core */
void __vcontext_freezing(struct cgroup *cgrp);

/* memory: called by the out-of-memory killer */
void __vcontext_oom(struct task_struct *victim, struct mem_cgroup *memcg);

/* open files: called where a struct file is made and freed */
int __vcontext_charge_file(struct file *file);
void __vcontext_uncharge_file(struct file *file);

/* disk limit: called where attributes of a file are set */
bool __vcontext_may_set_project(void);

/* TCP connections: called where a socket connects, or a listener has a child */
int __vcontext_charge_tcp(const struct sock *sk);
void __vcontext_uncharge_tcp(const struct sock *sk);
bool __vcontext_tcp_full(const struct sock *listener, unsigned int n);
bool __vcontext_drop_syn(const struct sock *listener);

/* scheduling policy: called by the scheduler */
bool __vcontext_fork_attr(struct task_struct *child, struct css_set *cset,
			  struct sched_attr *attr);
bool __vcontext_may_sched(struct task_struct *task, int policy,
			  unsigned int rt_priority, int nice);
int __vcontext_limit_nice(struct task_struct *task, int nice);

/* /proc/<pid>/vcontext */
int proc_vcontext_show(struct seq_file *m, struct pid_namespace *ns,
		       struct pid *pid, struct task_struct *task);

/* isolation: called where a device is opened or made, something is mounted... */
int __vcontext_may_device(short type, u32 major, u32 minor, short access);
int __vcontext_may_mount(const struct file_system_type *type);
int __vcontext_may_configure(const struct super_block *sb);
u64 __vcontext_mark(void);
int __vcontext_may_setns(const struct ns_common *ns);
int __vcontext_may_open_proc(const struct file *file);
int __vcontext_may_open_sysctl(const struct file *file,
			       const struct ctl_table_set *set, bool global);
int __vcontext_may_open_kernfs(const struct file *file);
int __vcontext_may_open_handle(void);
int __vcontext_may_upcall(void);

/* visibility: called where a task is looked up */
bool __vcontext_task_visible(struct task_struct *task);
bool __vcontext_pid_visible(struct pid *pid);
bool __vcontext_owner_visible(struct pid *pid, enum pid_type type);

/**
 * vcontext_can_fork - charge a task that is being born
 * @child: the new task, not visible yet
 * @cset: where it will be; holds a reference
 *
 * Context: cgroup_threadgroup_rwsem held for reading.
 * Return: 0, or -EAGAIN if a context is full or stopped.
 */
static inline int vcontext_can_fork(struct task_struct *child,
				    struct css_set *cset)
{
	return vcontext_enabled() ? __vcontext_can_fork(child, cset) : 0;
}

/* The opposite of vcontext_can_fork(); same context. */
static inline void vcontext_cancel_fork(struct task_struct *child,
					struct css_set *cset)
{
	if (vcontext_enabled())
		__vcontext_cancel_fork(child, cset);
}

/**
 * vcontext_may_birth - does a descriptor permit births in a context?
 * @file: of clone3(CLONE_INTO_CGROUP)
 * @cgrp: the group that it shows
 * @flags: CLONE_*
 *
 * Context: cgroup_mutex held.
 * Return: 1 if it does, 0 if @file is any other descriptor, or a negative
 * errno.
 */
static inline int vcontext_may_birth(const struct file *file,
				     struct cgroup *cgrp, u64 flags)
{
	return vcontext_enabled() ? __vcontext_may_birth(file, cgrp, flags) : 0;
}

/**
 * vcontext_birth - get a child ready to be born in a context
 * @child: has no number yet
 * @args: with CLONE_INTO_CGROUP
 *
 * Context: process, may sleep.
 * Return: 0, also if it is not born in a context, or a negative errno.
 */
static inline int vcontext_birth(struct task_struct *child,
				 const struct kernel_clone_args *args)
{
	return vcontext_enabled() ? __vcontext_birth(child, args) : 0;
}

/* @child of clone3(CLONE_INTO_CGROUP) is in @cgrp.  cgroup_mutex held. */
static inline void vcontext_born(struct task_struct *child,
				 struct cgroup *cgrp)
{
	if (vcontext_enabled())
		__vcontext_born(child, cgrp);
}

/* @child of fork is in its css_set.  css_set_lock held. */
static inline void vcontext_forked(struct task_struct *child)
{
	if (vcontext_hooked())
		__vcontext_forked(child);
}

/* @task, which exits, is about to leave its css_set.  css_set_lock held. */
static inline void vcontext_leave(struct task_struct *task)
{
	if (vcontext_hooked())
		__vcontext_leave(task);
}

/* The last thread of a process may be gone; after @task left its css_set. */
static inline void vcontext_exit(struct task_struct *task)
{
	if (vcontext_enabled())
		__vcontext_exit(task);
}

/* @task is reaped and gives its place back. */
static inline void vcontext_release(struct task_struct *task)
{
	if (vcontext_enabled())
		__vcontext_release(task);
}

/**
 * vcontext_charge_move - charge tasks that move from one context to another
 * @from: where they are; %NULL is the host
 * @to: where they go; %NULL is the host
 * @nr_tasks: how many
 *
 * Context: cgroup_mutex and cgroup_threadgroup_rwsem held for writing.
 * Return: 0, or -EAGAIN if a context on the way is full.
 */
static inline int vcontext_charge_move(struct vcontext *from,
				       struct vcontext *to,
				       unsigned int nr_tasks)
{
	if (vcontext_enabled() && from != to)
		return __vcontext_charge_move(from, to, nr_tasks);
	return 0;
}

/* The opposite of vcontext_charge_move(); same context. */
static inline void vcontext_cancel_move(struct vcontext *from,
					struct vcontext *to,
					unsigned int nr_tasks)
{
	if (vcontext_enabled() && from != to)
		__vcontext_cancel_move(from, to, nr_tasks);
}

/* @task, one of those charged, has moved and gives its old place back. */
static inline void vcontext_commit_move(struct task_struct *task,
					struct vcontext *from,
					struct vcontext *to)
{
	if (vcontext_enabled() && from != to)
		__vcontext_commit_move(task, from, to);
}

/* @cgrp has just lost its last live task.  css_set_lock held. */
static inline void vcontext_depopulated(struct cgroup *cgrp)
{
	if (vcontext_enabled())
		__vcontext_depopulated(cgrp);
}

/* @cgrp has frozen or thawed, or was told to.  Any context. */
static inline void vcontext_freezing(struct cgroup *cgrp)
{
	if (vcontext_enabled())
		__vcontext_freezing(cgrp);
}

/**
 * vcontext_oom - tell that a process is killed for want of memory
 * @victim: the process; the caller keeps it
 * @memcg: whose limit is reached, %NULL if the machine has no memory left
 *
 * Context: process; does not allocate.
 */
static inline void vcontext_oom(struct task_struct *victim,
				struct mem_cgroup *memcg)
{
	if (IS_ENABLED(CONFIG_MEMCG) && vcontext_enabled())
		__vcontext_oom(victim, memcg);
}

/*
 * May a task be moved from @src to @dst through cgroupfs or by clone()?  This and
 * the next ones guard /vcontext before there is a context, too.
 */
static inline int vcontext_may_attach(struct cgroup *src, struct cgroup *dst)
{
	return __vcontext_may_attach(src, dst);
}

/* May current write a file of @cgrp? */
static inline int vcontext_may_write(struct cgroup *cgrp, bool delegatable)
{
	return vcontext_enabled() ? __vcontext_may_write(cgrp, delegatable) : 0;
}

/* May current make a group below @parent? */
static inline int vcontext_may_mkdir(struct cgroup *parent)
{
	return __vcontext_may_mkdir(parent);
}

/* May current remove @cgrp? */
static inline int vcontext_may_rmdir(struct cgroup *cgrp)
{
	return __vcontext_may_rmdir(cgrp);
}

/* May @cgrp be made threaded? */
static inline int vcontext_may_thread(struct cgroup *cgrp)
{
	return __vcontext_may_thread(cgrp);
}

/**
 * vcontext_charge_file - charge an open file to current's context
 * @file: nobody knows it yet
 *
 * Context: process.
 * Return: 0, or -ENFILE if a context is full.
 */
static inline int vcontext_charge_file(struct file *file)
{
	return vcontext_enabled() ? __vcontext_charge_file(file) : 0;
}

/* The opposite of vcontext_charge_file(), whoever frees @file; any context. */
static inline void vcontext_uncharge_file(struct file *file)
{
	if (vcontext_enabled())
		__vcontext_uncharge_file(file);
}

/* May current change the project of a file that it may change otherwise? */
static inline bool vcontext_may_set_project(void)
{
	return !vcontext_enabled() || __vcontext_may_set_project();
}

/**
 * vcontext_charge_tcp - charge a TCP connection to the context of a socket
 * @sk: which is about to connect, or the listener whose child is about to be
 *	made
 *
 * Context: any; the caller keeps @sk.
 * Return: 1 if it has been charged, 0 if it does not count, or -EAGAIN if a
 * context is full.
 */
static inline int vcontext_charge_tcp(const struct sock *sk)
{
	return vcontext_enabled() ? __vcontext_charge_tcp(sk) : 0;
}

/* The opposite of a vcontext_charge_tcp() that returned 1; of @sk's child too. */
static inline void vcontext_uncharge_tcp(const struct sock *sk)
{
	__vcontext_uncharge_tcp(sk);
}

/* Would @listener be refused one of @n children? */
static inline bool vcontext_tcp_full(const struct sock *listener,
				     unsigned int n)
{
	return vcontext_enabled() && __vcontext_tcp_full(listener, n);
}

/* The same of one for a peer that has just come; it counts as refused. */
static inline bool vcontext_drop_syn(const struct sock *listener)
{
	return vcontext_enabled() && __vcontext_drop_syn(listener);
}

/**
 * vcontext_fork_attr - the scheduling policy that a new task has to have
 * @child: the new task, not visible yet, with a policy already
 * @cset: where it will be
 * @attr: filled if that is another policy
 *
 * Context: cgroup_threadgroup_rwsem held for reading.
 * Return: is it another one?
 */
static inline bool vcontext_fork_attr(struct task_struct *child,
				      struct css_set *cset,
				      struct sched_attr *attr)
{
	return vcontext_enabled() && __vcontext_fork_attr(child, cset, attr);
}

/**
 * vcontext_may_sched - may a task be given a scheduling policy by a user?
 * @task: which
 * @policy: SCHED_*
 * @rt_priority: with it
 * @nice: with it
 *
 * Context: lock of its runqueue held.
 * Return: is it no better than what the task's context allows?
 */
static inline bool vcontext_may_sched(struct task_struct *task, int policy,
				      unsigned int rt_priority, int nice)
{
	return !vcontext_enabled() ||
	       __vcontext_may_sched(task, policy, rt_priority, nice);
}

/* @nice, or the best that @task's context allows.  Lock of its rq held. */
static inline int vcontext_limit_nice(struct task_struct *task, int nice)
{
	return vcontext_enabled() ? __vcontext_limit_nice(task, nice) : nice;
}

/**
 * vcontext_may_device - may current open or make a device?
 * @type: DEVCG_DEV_BLOCK or DEVCG_DEV_CHAR
 * @major: of the device
 * @minor: of the device
 * @access: DEVCG_ACC_*
 *
 * Context: any.
 * Return: 0 or -EPERM.
 */
static inline int vcontext_may_device(short type, u32 major, u32 minor,
				      short access)
{
	return vcontext_enabled() ?
		__vcontext_may_device(type, major, minor, access) : 0;
}

/**
 * vcontext_may_mount - may current mount a file system?
 * @type: of it
 *
 * Context: process.
 * Return: 0 or -EPERM.
 */
static inline int vcontext_may_mount(const struct file_system_type *type)
{
	return vcontext_enabled() ? __vcontext_may_mount(type) : 0;
}

/* May current change what holds for all mounts of @sb?  0 or -EPERM. */
static inline int vcontext_may_configure(const struct super_block *sb)
{
	return vcontext_enabled() ? __vcontext_may_configure(sb) : 0;
}

/* @ns is being made by current.  A macro: it has the member where this is used. */
#define vcontext_mark_ns(ns)						\
	((ns)->vcontext = vcontext_enabled() ? __vcontext_mark() : 0)

/* May current enter @ns by setns(2)?  0 or -EPERM; may sleep. */
static inline int vcontext_may_setns(const struct ns_common *ns)
{
	return vcontext_enabled() ? __vcontext_may_setns(ns) : 0;
}

/* May current open @file of /proc, or list it?  0 or -EPERM. */
static inline int vcontext_may_open_proc(const struct file *file)
{
	return vcontext_enabled() ? __vcontext_may_open_proc(file) : 0;
}

/**
 * vcontext_may_open_sysctl - may current open a sysctl?
 * @file: below /proc/sys
 * @set: where it is registered
 * @global: it is the only one of that name; else each namespace has its own
 *
 * Context: process.
 * Return: 0 or -EPERM.
 */
static inline int vcontext_may_open_sysctl(const struct file *file,
					   const struct ctl_table_set *set,
					   bool global)
{
	return vcontext_enabled() ?
		__vcontext_may_open_sysctl(file, set, global) : 0;
}

/* May current open @file of a kernfs?  0 or -EPERM. */
static inline int vcontext_may_open_kernfs(const struct file *file)
{
	return vcontext_enabled() ? __vcontext_may_open_kernfs(file) : 0;
}

/* May current open files by handles?  0 or -EPERM. */
static inline int vcontext_may_open_handle(void)
{
	return vcontext_enabled() ? __vcontext_may_open_handle() : 0;
}

/* May current have the kernel start a program of the host?  0 or -EPERM. */
static inline int vcontext_may_upcall(void)
{
	return vcontext_enabled() ? __vcontext_may_upcall() : 0;
}

/* Is @task in current's context or below it?  The caller keeps @task. */
static inline bool vcontext_task_visible(struct task_struct *task)
{
	return !vcontext_enabled() || __vcontext_task_visible(task);
}

/* The same for the task whose number @pid is; without one it is visible. */
static inline bool vcontext_pid_visible(struct pid *pid)
{
	return !vcontext_enabled() || __vcontext_pid_visible(pid);
}

/* The same for all that a signal to @pid would reach.  RCU held. */
static inline bool vcontext_owner_visible(struct pid *pid, enum pid_type type)
{
	return !vcontext_enabled() || __vcontext_owner_visible(pid, type);
}

#else /* !CONFIG_VCONTEXT */

static inline bool vcontext_enabled(void) { return false; }
static inline int vcontext_can_fork(struct task_struct *child,
				    struct css_set *cset) { return 0; }
static inline void vcontext_cancel_fork(struct task_struct *child,
					struct css_set *cset) { }
static inline int vcontext_may_birth(const struct file *file,
				     struct cgroup *cgrp, u64 flags)
{
	return 0;
}

static inline int vcontext_birth(struct task_struct *child,
				 const struct kernel_clone_args *args)
{
	return 0;
}

static inline void vcontext_born(struct task_struct *child,
				 struct cgroup *cgrp) { }
static inline void vcontext_forked(struct task_struct *child) { }
static inline void vcontext_leave(struct task_struct *task) { }
static inline void vcontext_exit(struct task_struct *task) { }
static inline void vcontext_release(struct task_struct *task) { }
static inline int vcontext_charge_move(struct vcontext *from,
				       struct vcontext *to,
				       unsigned int nr_tasks) { return 0; }
static inline void vcontext_cancel_move(struct vcontext *from,
					struct vcontext *to,
					unsigned int nr_tasks) { }
static inline void vcontext_commit_move(struct task_struct *task,
					struct vcontext *from,
					struct vcontext *to) { }
static inline void vcontext_depopulated(struct cgroup *cgrp) { }
static inline void vcontext_freezing(struct cgroup *cgrp) { }
static inline void vcontext_oom(struct task_struct *victim,
				struct mem_cgroup *memcg) { }
static inline int vcontext_may_attach(struct cgroup *src,
				      struct cgroup *dst) { return 0; }
static inline int vcontext_may_write(struct cgroup *cgrp,
				     bool delegatable) { return 0; }
static inline int vcontext_may_mkdir(struct cgroup *parent) { return 0; }
static inline int vcontext_may_rmdir(struct cgroup *cgrp) { return 0; }
static inline int vcontext_may_thread(struct cgroup *cgrp) { return 0; }
static inline int vcontext_charge_file(struct file *file) { return 0; }
static inline void vcontext_uncharge_file(struct file *file) { }
static inline bool vcontext_may_set_project(void) { return true; }
static inline int vcontext_charge_tcp(const struct sock *sk) { return 0; }
static inline void vcontext_uncharge_tcp(const struct sock *sk) { }
static inline bool vcontext_tcp_full(const struct sock *listener,
				     unsigned int n)
{
	return false;
}

static inline bool vcontext_drop_syn(const struct sock *listener)
{
	return false;
}

static inline bool vcontext_fork_attr(struct task_struct *child,
				      struct css_set *cset,
				      struct sched_attr *attr) { return false; }
static inline bool vcontext_may_sched(struct task_struct *task, int policy,
				      unsigned int rt_priority, int nice)
{
	return true;
}

static inline int vcontext_limit_nice(struct task_struct *task, int nice)
{
	return nice;
}

static inline struct vcontext *vcontext_get(struct vcontext *ctx)
{
	return NULL;
}

static inline void vcontext_put(struct vcontext *ctx) { }
static inline int vcontext_may_device(short type, u32 major, u32 minor,
				      short access) { return 0; }
static inline int vcontext_may_mount(const struct file_system_type *type)
{
	return 0;
}

static inline int vcontext_may_configure(const struct super_block *sb)
{
	return 0;
}

static inline void vcontext_mark_ns(struct ns_common *ns) { }
static inline int vcontext_may_setns(const struct ns_common *ns) { return 0; }
static inline int vcontext_may_open_proc(const struct file *file) { return 0; }
static inline int vcontext_may_open_sysctl(const struct file *file,
					   const struct ctl_table_set *set,
					   bool global) { return 0; }
static inline int vcontext_may_open_kernfs(const struct file *file)
{
	return 0;
}

static inline int vcontext_may_open_handle(void) { return 0; }
static inline int vcontext_may_upcall(void) { return 0; }
static inline bool vcontext_task_visible(struct task_struct *task)
{
	return true;
}

static inline bool vcontext_pid_visible(struct pid *pid)
{
	return true;
}

static inline bool vcontext_owner_visible(struct pid *pid, enum pid_type type)
{
	return true;
}

#endif /* CONFIG_VCONTEXT */

#endif /* _LINUX_VCONTEXT_H */
