// SPDX-License-Identifier: GPL-2.0
/*
 * Classifiers: who may say to which context a process belongs, and how it gets
 * there.  See include/linux/vcontext_classify.h.
 *
 * What happens to a process is noted as task work, and seen to when it is about
 * to return to user mode: the new ids, the new program, the child are there by
 * then, nothing is locked, and the process can enter namespaces by itself.  It
 * has executed nothing since.
 *
 * A process moves as SET 3/1 would move it, by the host's right.  Moved are
 * those of the host alone: who is in a context has been placed.  Kernel threads
 * and init are not asked for.
 */
#include <linux/cred.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/task_work.h>

#include "internal.h"

/*
 * All of them, in the order in which they came.  Changed under classify_mutex,
 * read under classify_srcu, which unregistering waits for.
 */
static LIST_HEAD(classifiers);
static DEFINE_MUTEX(classify_mutex);
DEFINE_STATIC_SRCU(classify_srcu);

#define for_each_classifier(pos)					\
	list_for_each_entry_srcu(pos, &classifiers, node,		\
				 srcu_read_lock_held(&classify_srcu))

DEFINE_STATIC_KEY_ARRAY_FALSE(vcontext_classify_keys, VCONTEXT_HOOKS);

/*
 * How many want to hear of processes in contexts; written under classify_mutex,
 * read without.
 */
static unsigned int nr_inside[VCONTEXT_OCCASIONS];

/* How often a process is asked for whose context goes meanwhile. */
#define TRIES_MAX	16

/* Something that has happened; owned by the task's list of works. */
struct pending {
	struct callback_head work;
	enum vcontext_occasion occasion;
};

static bool on_host(struct task_struct *task)
{
	bool ret;

	rcu_read_lock();
	ret = !vcontext_of_task(task);
	rcu_read_unlock();
	return ret;
}

/**
 * vc_classify_concerns - is that a process which could be placed?
 * @task: any thread of it; the caller keeps it
 *
 * Context: any; a snapshot.
 * Return: false for kernel threads, workers of the kernel, and init.
 */
bool vc_classify_concerns(struct task_struct *task)
{
	return !(task->flags & (PF_KTHREAD | PF_USER_WORKER)) &&
	       !is_global_init(task);
}

/**
 * vc_classify_fits - can a process that runs be placed in a context at all?
 * @ctx: the context, or the host
 *
 * Nobody changes his own PID namespace: he would be in the context, see the
 * outside by its numbers, and could execute no program.
 *
 * Context: any.
 * Return: false if @ctx or one above it owns a PID namespace.
 */
bool vc_classify_fits(const struct vcontext *ctx)
{
	for (; ctx->level; ctx = ctx->parent)
		if (ctx->flags & VC_CREATE_PIDNS)
			return false;
	return true;
}

/**
 * vc_classify_move - a process of the host goes where it belongs
 * @ctx: where, or the host; a reference, consumed
 * @task: current, or any thread of a process, referenced by the caller
 *
 * Where that fails it stays, and who watches @ctx is told.  It is no failure
 * that it has been killed, or moved by somebody else.
 *
 * Context: process, may sleep, no locks.
 * Return: false if @ctx is going: the process may belong elsewhere then.
 */
bool vc_classify_move(struct vcontext *ctx, struct task_struct *task)
{
	bool going;
	int ret = 0;

	might_sleep();

	if (ctx->level)
		ret = vc_classify_fits(ctx) ? vcontext_place(ctx, task) :
					      -EINVAL;
	going = ret && READ_ONCE(ctx->dying);
	if (ret && !going && ret != -ESRCH && !fatal_signal_pending(current))
		vc_event_refused(ctx, task);
	vcontext_put(ctx);
	return !going;
}

/**
 * vc_classify_ask - where does current belong?
 * @occasion: why it is asked
 *
 * Context: process, may sleep.
 * Return: what the first classifier says that knows it, a reference that the
 * caller puts; or %NULL.
 */
struct vcontext *vc_classify_ask(enum vcontext_occasion occasion)
{
	struct vcontext_classifier *pos;
	struct vcontext *ctx = NULL;
	bool host = on_host(current);
	int idx;

	idx = srcu_read_lock(&classify_srcu);
	for_each_classifier(pos) {
		if (!(pos->occasions & BIT(occasion)) ||
		    !(host || pos->inside))
			continue;
		if (!try_module_get(pos->owner))
			continue;
		ctx = pos->classify(occasion);
		module_put(pos->owner);
		if (!host) {
			/* it has been placed */
			vcontext_put(ctx);
			ctx = NULL;
		}
		if (ctx)
			break;
	}
	srcu_read_unlock(&classify_srcu, idx);
	return ctx;
}

static void classify_work(struct callback_head *work)
{
	struct pending *pending = container_of(work, struct pending, work);
	enum vcontext_occasion occasion = pending->occasion;
	struct vcontext *ctx;
	int i;

	kfree(pending);
	for (i = 0; i < TRIES_MAX; i++) {
		/* exit runs what is left, too */
		if ((current->flags & PF_EXITING) ||
		    fatal_signal_pending(current))
			return;
		ctx = vc_classify_ask(occasion);
		if (!ctx || vc_classify_move(ctx, current))
			break;
	}
	/*
	 * What it has in memory is the new program, as of who has entered and
	 * executed it then; not so where it is another root's.
	 */
	if (occasion == VCONTEXT_EXEC && !on_host(current)) {
		ctx = vcontext_get_current();
		if (!vc_ns_owned(ctx, NULL))
			vc_process_entered();
		vcontext_put(ctx);
	}
}

/* See vcontext_classify(). */
void __vcontext_classify(struct task_struct *task,
			 enum vcontext_occasion occasion)
{
	struct pending *pending;

	might_sleep();

	if (!vc_classify_concerns(task) ||
	    !(READ_ONCE(nr_inside[occasion]) || on_host(task)))
		return;
	/* who cannot be noted would run where it does not belong */
	pending = kmalloc(sizeof(*pending), GFP_KERNEL | __GFP_NOFAIL);
	init_task_work(&pending->work, classify_work);
	pending->occasion = occasion;
	/* who exits goes nowhere */
	if (task_work_add(task, &pending->work, TWA_RESUME))
		kfree(pending);
}

/* See vcontext_classify_exit(). */
void __vcontext_classify_exit(struct task_struct *task)
{
	struct vcontext_classifier *pos;
	int idx;

	might_sleep();

	idx = srcu_read_lock(&classify_srcu);
	for_each_classifier(pos)
		if (pos->exit)
			pos->exit(task);
	srcu_read_unlock(&classify_srcu, idx);
}

/* See vcontext_classify_user_new(). */
void __vcontext_classify_user_new(struct user_struct *user)
{
	struct vcontext_classifier *pos;
	int idx;

	might_sleep();

	idx = srcu_read_lock(&classify_srcu);
	for_each_classifier(pos)
		if (pos->user_new)
			pos->user_new(user);
	srcu_read_unlock(&classify_srcu, idx);
}

/* See vcontext_classify_user_end(). */
void __vcontext_classify_user_end(struct user_struct *user)
{
	struct vcontext_classifier *pos;
	int idx;

	idx = srcu_read_lock(&classify_srcu);
	for_each_classifier(pos)
		if (pos->user_end)
			pos->user_end(user);
	srcu_read_unlock(&classify_srcu, idx);
}

/* Switch on, or off, what one of them wants to hear. */
static void switch_hooks(const struct vcontext_classifier *classifier, bool on)
{
	unsigned long hooks = classifier->occasions;
	unsigned int i;

	lockdep_assert_held(&classify_mutex);

	if (classifier->exit)
		hooks |= BIT(VCONTEXT_HOOK_EXIT);
	if (classifier->user_new)
		hooks |= BIT(VCONTEXT_HOOK_USER_NEW);
	if (classifier->user_end)
		hooks |= BIT(VCONTEXT_HOOK_USER_END);
	for_each_set_bit(i, &hooks, VCONTEXT_HOOKS) {
		if (i < VCONTEXT_OCCASIONS && classifier->inside)
			WRITE_ONCE(nr_inside[i], nr_inside[i] + (on ? 1 : -1));
		if (on)
			static_branch_inc(&vcontext_classify_keys[i]);
		else
			static_branch_dec(&vcontext_classify_keys[i]);
	}
}

static bool is_registered(const struct vcontext_classifier *classifier)
{
	const struct vcontext_classifier *pos;

	lockdep_assert_held(&classify_mutex);

	list_for_each_entry(pos, &classifiers, node)
		if (pos == classifier)
			return true;
	return false;
}

/**
 * vcontext_classifier_register - begin to ask a classifier
 * @classifier: stays as it is until it is unregistered; a module does that
 *		before it goes
 *
 * It is asked after those that are there.
 *
 * Context: process, may sleep.
 * Return: 0, %-EINVAL (no name, no callback, an occasion that is unknown or
 * without @classify, or the other way round), %-EEXIST (it is registered).
 */
int vcontext_classifier_register(struct vcontext_classifier *classifier)
{
	int ret = 0;

	might_sleep();

	if (!classifier->name || !classifier->occasions != !classifier->classify ||
	    (classifier->occasions & ~GENMASK(VCONTEXT_OCCASIONS - 1, 0)))
		return -EINVAL;
	if (!classifier->classify && !classifier->exit &&
	    !classifier->user_new && !classifier->user_end)
		return -EINVAL;

	mutex_lock(&classify_mutex);
	if (is_registered(classifier)) {
		ret = -EEXIST;
	} else {
		list_add_tail_rcu(&classifier->node, &classifiers);
		switch_hooks(classifier, true);
	}
	mutex_unlock(&classify_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(vcontext_classifier_register);

/**
 * vcontext_classifier_unregister - ask a classifier no more
 * @classifier: is registered
 *
 * When it returns none of its callbacks runs, nor will; so it must not be
 * called from one.
 *
 * Context: process, may sleep.
 */
void vcontext_classifier_unregister(struct vcontext_classifier *classifier)
{
	bool was;

	might_sleep();

	mutex_lock(&classify_mutex);
	was = is_registered(classifier);
	if (was) {
		switch_hooks(classifier, false);
		list_del_rcu(&classifier->node);
	}
	mutex_unlock(&classify_mutex);
	if (!WARN_ON_ONCE(!was))
		synchronize_srcu(&classify_srcu);
}
EXPORT_SYMBOL_GPL(vcontext_classifier_unregister);

/**
 * vcontext_classify_find - a context, for a classifier to name it
 * @id: of it; 0 is the host
 *
 * Ids are used again: a classifier that keeps one has to hear of the end of
 * its context.
 *
 * Context: any.
 * Return: a reference, to be returned by @classify or given to vcontext_put();
 * or %NULL.
 */
struct vcontext *vcontext_classify_find(u32 id)
{
	return vcontext_find(id, vcontext_host);
}
EXPORT_SYMBOL_GPL(vcontext_classify_find);
