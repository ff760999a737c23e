// SPDX-License-Identifier: GPL-2.0
/*
 * What modules are told of the tasks of contexts.
 *
 * The list changes under vcontext_mutex, cgroup_mutex, cgroup_threadgroup_rwsem
 * and css_set_lock, all of them: no fork is between its charge and its birth
 * then, no task moves and none exits.  So each of the hooks below reads the
 * list under one of these locks, a fork or move finds the same list from its
 * beginning to its end, and the tasks that a module is told of when it comes
 * are those that it has not been and will not be told of otherwise.  When a
 * module has been taken out of the list none of its hooks runs any more.
 */
#include <linux/cgroup.h>
#include <linux/cgroup-defs.h>
#include <linux/list.h>
#include <linux/percpu-rwsem.h>

#include "internal.h"

/* On while the list is not empty, so a task asks no more than that. */
DEFINE_STATIC_KEY_FALSE(vcontext_hook_key);

static LIST_HEAD(hooked);

#define for_each_hooked(mod)						\
	list_for_each_entry(mod, &hooked, hooks_node)

static void announce(struct task_struct *task, struct vcontext *ctx, void *arg)
{
	const struct vc_module *mod = arg;

	if (mod->hooks->found)
		mod->hooks->found(ctx, task);
}

static void publish(void *arg)
{
	struct vc_module *mod = arg;

	lockdep_assert_held(&css_set_lock);
	list_add_tail(&mod->hooks_node, &hooked);
}

/**
 * vc_hook_add - call the hooks of a module from now on
 * @mod: its variables are constructed
 *
 * Tells it of the tasks that are there.
 *
 * Context: vcontext_mutex held, may sleep.
 */
void vc_hook_add(struct vc_module *mod)
{
	lockdep_assert_held(&vcontext_mutex);

	if (!mod->hooks)
		return;
	static_branch_inc(&vcontext_hook_key);
	vc_engine_census(announce, publish, mod);
}

static void unpublish(void *arg)
{
	struct vc_module *mod = arg;

	lockdep_assert_held(&css_set_lock);
	list_del(&mod->hooks_node);
}

/**
 * vc_hook_del - call the hooks of a module no more
 * @mod: added
 *
 * None of them runs when it returns.
 *
 * Context: vcontext_mutex held, may sleep.
 */
void vc_hook_del(struct vc_module *mod)
{
	lockdep_assert_held(&vcontext_mutex);

	if (!mod->hooks)
		return;
	vc_engine_census(NULL, unpublish, mod);
	static_branch_dec(&vcontext_hook_key);
}

/* ---- fork ---- */

/**
 * vc_hook_can_fork - may a task be born in a context?
 * @ctx: the context, not the host
 * @child: the task
 *
 * Context: cgroup_threadgroup_rwsem held for reading.
 * Return: 0, or what a module has said; then all have forgotten it.
 */
int vc_hook_can_fork(struct vcontext *ctx, struct task_struct *child)
{
	struct vc_module *mod;
	int ret;

	percpu_rwsem_assert_held(&cgroup_threadgroup_rwsem);

	for_each_hooked(mod) {
		ret = mod->hooks->can_fork ?
			mod->hooks->can_fork(ctx, child) : 0;
		if (ret)
			goto err_cancel;
	}
	return 0;

err_cancel:
	list_for_each_entry_continue_reverse(mod, &hooked, hooks_node)
		if (mod->hooks->cancel_fork)
			mod->hooks->cancel_fork(ctx, child);
	return ret;
}

/**
 * vc_hook_cancel_fork - the opposite of vc_hook_can_fork()
 * @ctx: as given there
 * @child: as given there
 *
 * Context: the same cgroup_threadgroup_rwsem still held.
 */
void vc_hook_cancel_fork(struct vcontext *ctx, struct task_struct *child)
{
	struct vc_module *mod;

	percpu_rwsem_assert_held(&cgroup_threadgroup_rwsem);

	for_each_hooked(mod)
		if (mod->hooks->cancel_fork)
			mod->hooks->cancel_fork(ctx, child);
}

/* See vcontext_forked(). */
void __vcontext_forked(struct task_struct *child)
{
	struct vcontext *ctx = vcontext_of_task(child);
	struct vc_module *mod;

	lockdep_assert_held(&css_set_lock);

	if (!ctx)
		return;
	for_each_hooked(mod)
		if (mod->hooks->fork)
			mod->hooks->fork(ctx, child);
}

/* See vcontext_leave(). */
void __vcontext_leave(struct task_struct *task)
{
	struct vcontext *ctx = vcontext_of_task(task);
	struct vc_module *mod;

	lockdep_assert_held(&css_set_lock);

	if (!ctx)
		return;
	for_each_hooked(mod)
		if (mod->hooks->exit)
			mod->hooks->exit(ctx, task);
}

/* ---- move ---- */

/**
 * vc_hook_can_move - may tasks move from one context to another?
 * @from: where they are; %NULL is the host
 * @to: where they go; %NULL is the host
 * @nr: how many
 *
 * Context: cgroup_mutex held.
 * Return: 0, or what a module has said; then all have forgotten it.
 */
int vc_hook_can_move(struct vcontext *from, struct vcontext *to,
		     unsigned int nr)
{
	struct vc_module *mod;
	int ret;

	lockdep_assert_held(&cgroup_mutex);

	for_each_hooked(mod) {
		ret = mod->hooks->can_move ?
			mod->hooks->can_move(from, to, nr) : 0;
		if (ret)
			goto err_cancel;
	}
	return 0;

err_cancel:
	vc_fail(ret, "module %s refuses the move", module_name(mod->owner));
	list_for_each_entry_continue_reverse(mod, &hooked, hooks_node)
		if (mod->hooks->cancel_move)
			mod->hooks->cancel_move(from, to, nr);
	return ret;
}

/**
 * vc_hook_cancel_move - the opposite of vc_hook_can_move()
 * @from: as given there
 * @to: as given there
 * @nr: as given there
 *
 * Context: the same cgroup_mutex still held.
 */
void vc_hook_cancel_move(struct vcontext *from, struct vcontext *to,
			 unsigned int nr)
{
	struct vc_module *mod;

	lockdep_assert_held(&cgroup_mutex);

	for_each_hooked(mod)
		if (mod->hooks->cancel_move)
			mod->hooks->cancel_move(from, to, nr);
}

/**
 * vc_hook_move - a task has moved
 * @task: one of those that vc_hook_can_move() was asked for
 * @from: as given there
 * @to: as given there
 *
 * Context: css_set_lock held, irqs off.
 */
void vc_hook_move(struct task_struct *task, struct vcontext *from,
		  struct vcontext *to)
{
	struct vc_module *mod;

	lockdep_assert_held(&css_set_lock);

	for_each_hooked(mod)
		if (mod->hooks->move)
			mod->hooks->move(task, from, to);
}

/* ---- exec ---- */

/**
 * vc_hook_exec - may current execute a program?
 * @bprm: which
 *
 * Context: process.
 * Return: 0, or what a module has said; then all have forgotten it.
 */
int vc_hook_exec(const struct linux_binprm *bprm)
{
	struct vc_module *mod;
	struct vcontext *ctx;
	int ret = 0;

	/* nobody moves current, so its context is not destructed */
	cgroup_threadgroup_change_begin(current);
	rcu_read_lock();
	ctx = vcontext_of_task(current);
	rcu_read_unlock();
	if (!ctx)
		goto out_unlock;
	for_each_hooked(mod) {
		ret = mod->hooks->exec ? mod->hooks->exec(ctx, bprm) : 0;
		if (ret)
			goto err_cancel;
	}
out_unlock:
	cgroup_threadgroup_change_end(current);
	return ret;

err_cancel:
	list_for_each_entry_continue_reverse(mod, &hooked, hooks_node)
		if (mod->hooks->cancel_exec)
			mod->hooks->cancel_exec(ctx, bprm);
	goto out_unlock;
}
