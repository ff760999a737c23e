// SPDX-License-Identifier: GPL-2.0
/*
 * Life of a context: ids, create, find, nest, enter, destroy, references.
 *
 * References: the id table holds one from create to destroy, each of the
 * context's groups holds one until nothing points at the group any more, each
 * child holds one on its parent, and who looks a context up takes one.  The
 * struct is freed a grace period after the last one, so that a pointer from
 * vcontext_of_task() is good under rcu_read_lock().
 *
 * A context is found when it is complete, and not any more before anything of
 * it is taken down.
 */
#include <linux/ctype.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/vcontext.h>

DEFINE_STATIC_KEY_DEFERRED_FALSE(vcontext_key, 10 * HZ);
/* IPv6 may be a module. */
EXPORT_SYMBOL_GPL(vcontext_key);
/* The tree; see the order of locks in internal.h. */
DEFINE_MUTEX(vcontext_mutex);

struct vcontext *vcontext_host __ro_after_init;
EXPORT_SYMBOL_GPL(vcontext_host);

/* An entry with the value NULL is reserved for a context being made. */
static DEFINE_XARRAY_ALLOC1(contexts);
/* where the next search for a free id begins; under the lock of contexts */
static u32 next_id = 1;
/* live structs, whether they can be found or not; under vcontext_mutex */
static unsigned int nr_contexts;
/* EPHEMERAL contexts that nobody has entered; their creators are watched */
static atomic_t nr_awaiting = ATOMIC_INIT(0);
/* woken when a context has been shown or removed, or has lost its last task */
static DECLARE_WAIT_QUEUE_HEAD(context_wait);

static void orphans_work_fn(struct work_struct *work);
static DECLARE_WORK(orphans_work, orphans_work_fn);

static void context_free(struct work_struct *work)
{
	struct vcontext *ctx = container_of(to_rcu_work(work),
					    struct vcontext, free_work);

	vc_netaddr_release(ctx);
	put_pid(ctx->creator);
	put_user_ns(ctx->user_ns);
	vcontext_put(ctx->parent);

	mutex_lock(&vcontext_mutex);
	vc_vars_remove(ctx);
	if (!--nr_contexts)
		vc_engine_favor(false);
	mutex_unlock(&vcontext_mutex);
	kfree(ctx);
	static_branch_slow_dec_deferred(&vcontext_key);
}

/**
 * vcontext_get - take a reference
 * @ctx: the caller holds one already; %NULL is the host
 *
 * Context: any.
 * Return: @ctx.
 */
struct vcontext *vcontext_get(struct vcontext *ctx)
{
	if (ctx)
		refcount_inc(&ctx->refs);
	return ctx;
}
EXPORT_SYMBOL_GPL(vcontext_get);

/**
 * vcontext_put - drop a reference
 * @ctx: or %NULL
 *
 * Context: any.
 */
void vcontext_put(struct vcontext *ctx)
{
	if (ctx && refcount_dec_and_test(&ctx->refs)) {
		INIT_RCU_WORK(&ctx->free_work, context_free);
		queue_rcu_work(system_unbound_wq, &ctx->free_work);
	}
}
EXPORT_SYMBOL_GPL(vcontext_put);

/**
 * vcontext_get_current - current's context
 *
 * Context: process.
 * Return: a reference that the caller puts; never %NULL.
 */
struct vcontext *vcontext_get_current(void)
{
	struct vcontext *ctx;

	rcu_read_lock();
	/* current is in a group of it, and that has a reference */
	ctx = vcontext_get(vcontext_of_task(current) ?: vcontext_host);
	rcu_read_unlock();
	return ctx;
}
EXPORT_SYMBOL_GPL(vcontext_get_current);

static bool visible_to(const struct vcontext *ctx,
		       const struct vcontext *caller)
{
	return vcontext_is_below(ctx, caller);
}

/* See vcontext_mark_ns(); 0 is the host. */
u64 __vcontext_mark(void)
{
	const struct vcontext *ctx;
	u64 mark;

	rcu_read_lock();
	ctx = vcontext_of_task(current);
	mark = ctx ? ctx->cgroup_id : 0;
	rcu_read_unlock();
	return mark;
}

/**
 * vcontext_marked - find the context that something was made in
 * @mark: of the thing, from __vcontext_mark() when it was made
 *
 * Context: RCU held, which keeps what is returned.
 * Return: the context; %NULL if that was the host, or if it is gone.
 */
const struct vcontext *vcontext_marked(u64 mark)
{
	const struct vcontext *pos;
	unsigned long index;

	if (!mark)
		return NULL;
	xa_for_each(&contexts, index, pos)
		if (pos->cgroup_id == mark)
			return pos;
	return NULL;
}

/**
 * vc_made_inside - has something been made in a context or below it?
 * @mark: of the thing, from __vcontext_mark() when it was made
 * @ctx: the context; %NULL is the host
 *
 * What was made in a context that is gone belongs to the host alone.
 *
 * Context: RCU held.
 * Return: as asked.
 */
bool vc_made_inside(u64 mark, const struct vcontext *ctx)
{
	if (!ctx || !ctx->level || mark == ctx->cgroup_id)
		return true;
	return vcontext_is_below(vcontext_marked(mark), ctx);
}

/**
 * vcontext_find - look a context up by its id
 * @id: of the context
 * @caller: who asks
 *
 * Context: process.
 * Return: a reference that the caller puts, or %NULL if there is none that
 * @caller sees.
 */
struct vcontext *vcontext_find(u32 id, const struct vcontext *caller)
{
	struct vcontext *ctx;

	if (id == VC_ID_HOST)
		return caller->level ? NULL : vcontext_get(vcontext_host);
	if (id > VC_ID_MAX)
		return NULL;

	rcu_read_lock();
	ctx = xa_load(&contexts, id);
	if (ctx && (!visible_to(ctx, caller) ||
		    !refcount_inc_not_zero(&ctx->refs)))
		ctx = NULL;
	rcu_read_unlock();
	return ctx;
}
EXPORT_SYMBOL_GPL(vcontext_find);

/**
 * vcontext_find_next - walk all contexts by their ids
 * @id: start here; becomes the id of what is returned
 * @caller: who asks
 *
 * Contexts that come or go meanwhile may be seen or not.
 *
 * Context: process.
 * Return: a reference that the caller puts, or %NULL at the end.
 */
struct vcontext *vcontext_find_next(u32 *id, const struct vcontext *caller)
{
	unsigned long index = *id;
	struct vcontext *ctx;

	rcu_read_lock();
	xa_for_each_start(&contexts, index, ctx, index) {
		if (visible_to(ctx, caller) &&
		    refcount_inc_not_zero(&ctx->refs)) {
			*id = index;
			break;
		}
	}
	rcu_read_unlock();
	return ctx;
}

/**
 * vcontext_next - walk the contexts below one, parents first
 * @pos: the last one, or %NULL to begin
 * @top: where to walk; not part of the walk itself
 *
 * Context: vcontext_mutex held.
 * Return: the next one, or %NULL at the end.
 */
struct vcontext *vcontext_next(struct vcontext *pos, struct vcontext *top)
{
	lockdep_assert_held(&vcontext_mutex);

	if (!pos)
		pos = top;
	if (!list_empty(&pos->children))
		return list_first_entry(&pos->children, struct vcontext,
					sibling);
	for (; pos != top; pos = pos->parent)
		if (!list_is_last(&pos->sibling, &pos->parent->children))
			return list_next_entry(pos, sibling);
	return NULL;
}
EXPORT_SYMBOL_GPL(vcontext_next);

/* ---- create ---- */

static int check_name(const char *name, const struct vcontext *parent)
{
	const struct vcontext *pos;
	size_t i, len = strnlen(name, VC_NAME_SIZE);
	int ret = vc_check_text("name", name, VC_NAME_SIZE);

	if (ret)
		return ret;
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || (!isalnum(name[i]) &&
					  !strchr("._-", name[i])))
			return vc_fail(-EINVAL,
				       "name: byte %zu is not of A-Za-z0-9._-",
				       i);
	if (!len)
		return 0;
	list_for_each_entry(pos, &parent->children, sibling) {
		if (strcmp(pos->name, name))
			continue;
		/* nobody is told the id of one that he cannot see */
		if (pos->hidden)
			return vc_fail(-EEXIST,
				       "name %s: a context that is being made has it",
				       name);
		return vc_fail(-EEXIST, "name %s: context %u has it", name,
			       pos->id);
	}
	return 0;
}

static int check_children_max(const struct vcontext *parent)
{
	const struct vcontext *pos;

	for (pos = parent; pos->level; pos = pos->parent) {
		/* those that are not shown yet have their place */
		if (pos->nr_below + pos->nr_hidden >= pos->children_max)
			return vc_fail(-ENOSPC,
				       "context %u holds %u of children_max %u",
				       pos->id, pos->nr_below + pos->nr_hidden,
				       pos->children_max);
	}
	return 0;
}

/**
 * vc_id_reserve - take an id that is free
 * @ids: those in use
 * @next: where to look for any; moves on, and round
 * @max: the highest
 * @id: the one that is wanted, or %VC_ID_SELF for any; then filled
 *
 * It cannot be found yet.  Ids go round, so that one that was in use a moment
 * ago does not mean another context soon.
 *
 * Context: may sleep.
 * Return: 0, %-EEXIST (@id is in use), %-ENOSPC (all are) or %-ENOMEM.
 */
int vc_id_reserve(struct xarray *ids, u32 *next, u32 max, u32 *id)
{
	int ret;

	if (*id == VC_ID_SELF) {
		ret = xa_alloc_cyclic(ids, id, NULL, XA_LIMIT(1, max), next,
				      GFP_KERNEL);
		if (ret == -EBUSY)
			return vc_fail(-ENOSPC, "no id is free");
		return ret < 0 ? ret : 0;
	}
	ret = xa_insert(ids, *id, NULL, GFP_KERNEL);
	if (ret == -EBUSY)
		return vc_fail(-EEXIST, "id %u is in use", *id);
	return ret;
}

static struct vcontext *context_alloc(u32 id, const struct vc_create *args,
				      struct vcontext *parent)
{
	struct vcontext *ctx;

	ctx = kzalloc(struct_size(ctx, vars, vc_vars_room()),
		      GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return NULL;

	refcount_set(&ctx->refs, 1);
	INIT_LIST_HEAD(&ctx->children);
	INIT_LIST_HEAD(&ctx->sibling);
	ctx->id = id;
	ctx->flags = args->flags;
	ctx->children_max = args->children_max;
	strscpy(ctx->name, args->name);
	ctx->created_ns = ktime_get_boottime_ns();
	ctx->user_ns = get_user_ns(current_user_ns());
	vc_vars_copy(ctx);
	vc_vars_add(ctx);
	if (parent) {
		ctx->parent = vcontext_get(parent);
		ctx->level = parent->level + 1;
		ctx->creator = get_pid(task_tgid(current));
	}
	return ctx;
}

static void reap_work_fn(struct work_struct *work);

/* What nobody has heard of: in the tree, but not in the table of ids. */
static struct vcontext *create_locked(u32 id, const struct vc_create *args,
				      struct vcontext *parent)
{
	struct vcontext *ctx, *pos;
	int ret;

	lockdep_assert_held(&vcontext_mutex);

	if (parent->dying) {
		ret = vc_fail(-EBUSY, "context %u is being destroyed",
			      parent->id);
		return ERR_PTR(ret);
	}
	ret = check_name(args->name, parent);
	if (!ret)
		ret = check_children_max(parent);
	if (!ret)
		ret = vc_id_reserve(&contexts, &next_id, VC_ID_MAX, &id);
	if (ret)
		return ERR_PTR(ret);

	ret = -ENOMEM;
	ctx = context_alloc(id, args, parent);
	if (!ctx)
		goto err_id;
	INIT_WORK(&ctx->reap_work, reap_work_fn);
	static_branch_inc(&vcontext_key.key);
	if (!nr_contexts++)
		vc_engine_favor(true);

	ret = vc_engine_create(ctx);
	if (ret)
		goto err_put;
	ret = vc_vars_init(ctx);
	if (ret)
		goto err_engine;

	/* Nothing fails from here on. */
	WRITE_ONCE(ctx->hidden, true);
	for (pos = parent; pos; pos = pos->parent)
		pos->nr_hidden++;
	list_add_tail(&ctx->sibling, &parent->children);
	if (ctx->flags & VC_CREATE_EPHEMERAL)
		atomic_inc(&nr_awaiting);
	return ctx;

err_engine:
	WARN_ON_ONCE(vc_engine_remove(ctx));
err_put:
	vcontext_put(ctx);
err_id:
	xa_erase(&contexts, id);
	return ERR_PTR(ret);
}

/* Let @ctx be found.  Cannot fail: its entry in the table is reserved. */
static void show_locked(struct vcontext *ctx)
{
	struct vcontext *pos;

	lockdep_assert_held(&vcontext_mutex);

	for (pos = ctx->parent; pos; pos = pos->parent) {
		pos->nr_hidden--;
		pos->nr_below++;
	}
	WRITE_ONCE(ctx->hidden, false);
	vc_engine_show(ctx);
	trace_create(ctx->id, ctx->parent->id);
	xa_store(&contexts, ctx->id, ctx, GFP_KERNEL);
	vc_event(ctx, VC_EVENT_CREATED, 0);
}

/**
 * vcontext_create - make a context
 * @id: its number, 1 to %VC_ID_MAX and free, or %VC_ID_SELF for any
 * @args: flags, children_max and name; flags are known ones
 * @parent: the caller's context
 *
 * Context: process, may sleep.
 * Return: the id, or %-EINVAL (name), %-EEXIST (id or name), %-ENOSPC
 * (children_max of @parent or above), %-EBUSY (@parent is being destroyed),
 * %-ENOMEM, %-ERESTARTNOINTR.
 */
int vcontext_create(u32 id, const struct vc_create *args,
		    struct vcontext *parent)
{
	struct vcontext *ctx;
	int ret;

	if (mutex_lock_interruptible(&vcontext_mutex))
		return -ERESTARTNOINTR;
	ctx = create_locked(id, args, parent);
	ret = PTR_ERR_OR_ZERO(ctx);
	if (!ret) {
		ret = ctx->id;
		show_locked(ctx);
	}
	mutex_unlock(&vcontext_mutex);
	return ret;
}

/**
 * vcontext_create_hidden - make a context that nobody sees yet
 * @id: see vcontext_create()
 * @args: see vcontext_create()
 * @parent: the caller's context
 *
 * It has its id, its name and its place among those of @parent, but is in no
 * list, in no /proc and in no cgroupfs, and no event has told of it.  Only
 * who made it knows it, to set its limits, and then calls vcontext_show() or
 * vcontext_discard().
 *
 * Context: process, may sleep.
 * Return: with a reference that the caller puts, or an ERR_PTR() as
 * vcontext_create().
 */
struct vcontext *vcontext_create_hidden(u32 id, const struct vc_create *args,
					struct vcontext *parent)
{
	struct vcontext *ctx;

	if (mutex_lock_interruptible(&vcontext_mutex))
		return ERR_PTR(-ERESTARTNOINTR);
	ctx = create_locked(id, args, parent);
	if (!IS_ERR(ctx))
		vcontext_get(ctx);
	mutex_unlock(&vcontext_mutex);
	return ctx;
}

/**
 * vcontext_show - let contexts be seen by all, or none of them
 * @ctx: from vcontext_create_hidden(); %NULLs are passed by
 * @nr: how many
 *
 * It fails if one has been destroyed with its parent, or is about to be.  One
 * that current has entered is shown for that: it ends as any other does.
 *
 * Context: may sleep.
 * Return: 0 or %-EBUSY.
 */
int vcontext_show(struct vcontext **ctx, unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	mutex_lock(&vcontext_mutex);
	for (i = 0; i < nr && !ret; i++)
		if (ctx[i] && (ctx[i]->removed ||
			       (ctx[i]->dying && !ctx[i]->entered)))
			ret = vc_fail(-EBUSY, "context %u is being destroyed",
				      ctx[i]->parent->id);
	for (i = 0; i < nr && !ret; i++)
		if (ctx[i])
			show_locked(ctx[i]);
	mutex_unlock(&vcontext_mutex);
	wake_up_all(&context_wait);
	return ret;
}

/* ---- destroy ---- */

/* Take @ctx, without children and tasks, down.  Fails with -EBUSY alone. */
static int remove_locked(struct vcontext *ctx)
{
	struct vcontext *pos;
	int ret;

	lockdep_assert_held(&vcontext_mutex);

	if (!list_empty(&ctx->children))
		return vc_fail(-EBUSY, "context %u has %u contexts below it",
			       ctx->id, ctx->nr_below);
	ret = vc_engine_remove(ctx);
	if (ret)
		return vc_fail(ret, "context %u has live tasks", ctx->id);

	/* nobody can enter any more */
	ctx->dying = true;
	ctx->removed = true;
	if ((ctx->flags & VC_CREATE_EPHEMERAL) && !ctx->entered)
		atomic_dec(&nr_awaiting);
	list_del_init(&ctx->sibling);
	for (pos = ctx->parent; pos; pos = pos->parent) {
		if (ctx->hidden)
			pos->nr_hidden--;
		else
			pos->nr_below--;
	}
	vc_vars_exit(ctx);
	/* nobody who has not heard of it hears of its end */
	if (!ctx->hidden)
		trace_destroy(ctx->id, ctx->parent->id);
	xa_erase(&contexts, ctx->id);
	vc_event(ctx, VC_EVENT_DESTROYED, 0);
	wake_up_all(&context_wait);
	vcontext_put(ctx);
	return 0;
}

/* The same with everything below it, children first. */
static int remove_tree_locked(struct vcontext *top)
{
	struct vcontext *pos;
	int ret;

	while (!list_empty(&top->children)) {
		/* any leaf will do */
		for (pos = top; !list_empty(&pos->children); )
			pos = list_last_entry(&pos->children, struct vcontext,
					      sibling);
		ret = remove_locked(pos);
		if (ret)
			return ret;
	}
	return remove_locked(top);
}

/* Finish what takes long of contexts that are gone; no locks held. */
static void settle(void)
{
	vc_netdev_settle();
	vc_disk_settle();
}

/**
 * vcontext_discard - end a context that nobody has seen
 * @ctx: from vcontext_create_hidden(), not entered; the reference stays
 *
 * Context: may sleep; no locks held.
 */
void vcontext_discard(struct vcontext *ctx)
{
	bool limited;

	mutex_lock(&vcontext_mutex);
	limited = vc_disk_limited(ctx);
	/* or its parent has been destroyed, and it with that */
	if (!ctx->removed)
		WARN_ON_ONCE(remove_locked(ctx));
	mutex_unlock(&vcontext_mutex);
	vc_netdev_settle();
	/* a batch that is undone waits for no disk that it has not limited */
	if (limited)
		vc_disk_settle();
}

/* Neither one that comes nor one that goes. */
static bool is_settled(const struct vcontext *ctx)
{
	return READ_ONCE(ctx->removed) ||
	       (!READ_ONCE(ctx->hidden) && !READ_ONCE(ctx->dying));
}

/**
 * vcontext_settle - wait for a context that is being made or destroyed
 * @id: of the context
 * @caller: who asks
 *
 * Context: may sleep; no locks held.
 * Return: 0, maybe if there is none at all; %-EEXIST if @caller does not see
 * it, and would not; %-ERESTARTNOINTR.
 */
int vcontext_settle(u32 id, const struct vcontext *caller)
{
	struct vcontext *pos;
	int ret = 0;

	if (mutex_lock_interruptible(&vcontext_mutex))
		return -ERESTARTNOINTR;
	vcontext_for_each_below(pos, vcontext_host)
		if (pos->id == id)
			break;
	if (pos && !visible_to(pos, caller))
		ret = -EEXIST;
	else
		vcontext_get(pos);
	mutex_unlock(&vcontext_mutex);
	if (ret || !pos)
		return ret;
	if (wait_event_interruptible(context_wait, is_settled(pos)))
		ret = -ERESTARTNOINTR;
	vcontext_put(pos);
	return ret;
}

/* Keep everybody out of @top and below, for good. */
static void mark_dying(struct vcontext *top)
{
	struct vcontext *pos;

	/* hidden ones too: see vcontext_show() */
	WRITE_ONCE(top->dying, true);
	vcontext_for_each_below(pos, top)
		WRITE_ONCE(pos->dying, true);
}

/*
 * An EPHEMERAL or dying context has lost its last task.  The work holds a
 * reference.
 */
static void reap_work_fn(struct work_struct *work)
{
	struct vcontext *ctx = container_of(work, struct vcontext, reap_work);

	mutex_lock(&vcontext_mutex);
	/* Who enters is either in before the check or kept out after it. */
	if (!ctx->removed && vc_engine_if_idle(ctx, mark_dying))
		WARN_ON_ONCE(remove_tree_locked(ctx));
	mutex_unlock(&vcontext_mutex);
	settle();
	vcontext_put(ctx);
}

static void queue_reap(struct vcontext *ctx)
{
	vcontext_get(ctx);
	if (!queue_work(system_unbound_wq, &ctx->reap_work))
		vcontext_put(ctx);
}

/**
 * vcontext_destroy - end a context
 * @ctx: not the host; referenced by the caller
 * @kill: kill what is in it and below first, and wait
 *
 * If a fatal signal ends the wait, the context goes as soon as its last task
 * has gone.
 *
 * Context: process, may sleep.
 * Return: 0, %-EBUSY (live tasks, or contexts below it, without @kill),
 * %-ESRCH (somebody else was quicker), %-EINTR, %-ERESTARTNOINTR.
 */
int vcontext_destroy(struct vcontext *ctx, bool kill)
{
	u32 emptied;
	int ret;

	if (mutex_lock_interruptible(&vcontext_mutex))
		return -ERESTARTNOINTR;
	if (ctx->removed) {
		ret = vc_fail(-ESRCH, "context %u is gone", ctx->id);
		goto out_unlock;
	}
	if (!kill) {
		ret = remove_locked(ctx);
		goto out_unlock;
	}

	mark_dying(ctx);
	vc_usage_lift(ctx);
	vc_engine_kill(ctx);
	while (!ctx->removed) {
		emptied = READ_ONCE(ctx->emptied);
		if (!vc_engine_populated(ctx))
			break;
		mutex_unlock(&vcontext_mutex);
		ret = wait_event_killable(context_wait,
					  READ_ONCE(ctx->removed) ||
					  READ_ONCE(ctx->emptied) != emptied);
		if (ret)
			return vc_fail(-EINTR, "killed while tasks exit");
		mutex_lock(&vcontext_mutex);
	}
	ret = ctx->removed ? 0 : remove_tree_locked(ctx);
out_unlock:
	mutex_unlock(&vcontext_mutex);
	if (!ret)
		settle();
	return ret;
}

/**
 * __vcontext_depopulated - a group has lost its last live task
 * @cgrp: of any context or the host
 *
 * Context: css_set_lock held, irqs off.
 */
void __vcontext_depopulated(struct cgroup *cgrp)
{
	struct vcontext *ctx = cgrp->vcontext;

	lockdep_assert_held(&css_set_lock);

	if (!ctx || READ_ONCE(ctx->top) != cgrp)
		return;
	WRITE_ONCE(ctx->emptied, ctx->emptied + 1);
	if ((ctx->flags & VC_CREATE_EPHEMERAL) || READ_ONCE(ctx->dying))
		queue_reap(ctx);
	vc_event(ctx, VC_EVENT_EMPTY, 0);
	wake_up_all(&context_wait);
}

/* Has the process that created @ctx gone? */
static bool creator_gone(struct vcontext *ctx)
{
	struct task_struct *task;
	bool gone;

	rcu_read_lock();
	task = pid_task(ctx->creator, PIDTYPE_TGID);
	gone = !task || !atomic_read(&task->signal->live);
	rcu_read_unlock();
	return gone;
}

/* Destroy EPHEMERAL contexts that nobody entered before their creator died. */
static void orphans_work_fn(struct work_struct *work)
{
	struct vcontext *ctx;
	unsigned long id;

	mutex_lock(&vcontext_mutex);
	xa_for_each(&contexts, id, ctx)
		if ((ctx->flags & VC_CREATE_EPHEMERAL) &&
		    !READ_ONCE(ctx->entered) && creator_gone(ctx))
			queue_reap(ctx);
	mutex_unlock(&vcontext_mutex);
}

/**
 * __vcontext_exit - a thread has left its group
 * @task: current
 *
 * Context: process.
 */
void __vcontext_exit(struct task_struct *task)
{
	if (!atomic_read(&task->signal->live) && atomic_read(&nr_awaiting))
		queue_work(system_unbound_wq, &orphans_work);
}

/* ---- enter ---- */

/**
 * vcontext_entered - note that a task is in a context, or below it
 * @ctx: where it is
 *
 * Context: cgroup_mutex held.
 */
void vcontext_entered(struct vcontext *ctx)
{
	for (; ctx->level && !ctx->entered; ctx = ctx->parent) {
		WRITE_ONCE(ctx->entered, true);
		if (ctx->flags & VC_CREATE_EPHEMERAL)
			atomic_dec(&nr_awaiting);
	}
}

static int enter_locked(struct vcontext *ctx, struct vcontext *caller,
			struct task_struct *task, bool from_host)
{
	const struct vcontext *above = NULL;
	struct vc_entry *entry = NULL;
	int ret;

	lockdep_assert_held_read(&vc_root_rwsem);

	if (vc_claim_closed(ctx))
		return -ESTALE;
	/* a newborn has nothing of it yet */
	if (!task->vcontext_born) {
		rcu_read_lock();
		above = vcontext_common(ctx, vcontext_of_task(task));
		rcu_read_unlock();
	}

	ret = vc_disk_may_enter(ctx);
	if (ret)
		return ret;
	if (vc_ns_owned(ctx, above)) {
		if (!same_thread_group(task, current))
			return vc_fail(-EINVAL,
				       "context %u owns namespaces: a process can only enter by itself",
				       ctx->id);
		entry = vc_ns_prepare(ctx);
		if (IS_ERR(entry))
			return PTR_ERR(entry);
	}

	ret = vc_engine_attach(ctx, caller, task, from_host);
	if (ret) {
		if (entry)
			vc_ns_abort(entry);
		return ret;
	}
	if (entry)
		vc_ns_commit(entry);
	return 0;
}

/**
 * vcontext_enter - a process enters a context
 * @ctx: where it goes: @caller or below it
 * @caller: the context of who asks
 * @task: current, or a thread of a process in @caller or below it
 *
 * A process comes to where it has come from by a move made from above alone:
 * its own context is the highest that it can name.
 *
 * All limits, and all namespaces that the context owns or inherits from a
 * context above, and its root, in one step or none.  Who was born there has the
 * limits already.
 *
 * Context: process, may sleep.
 * Return: 0, %-EAGAIN (a limit), %-EBUSY (being destroyed), %-EINVAL
 * (namespaces take a single-threaded caller), %-ESRCH (one of them is gone, or
 * the process has left @caller), %-ENOMEM.
 */
int vcontext_enter(struct vcontext *ctx, struct vcontext *caller,
		   struct task_struct *task)
{
	struct vcontext *from;
	bool same;
	int ret;

	rcu_read_lock();
	from = vcontext_of_task(task);
	same = (from ?: vcontext_host) == ctx;
	rcu_read_unlock();
	/* it has all of it already */
	if (same && (task != current || !current->vcontext_born))
		return 0;

	do {
		/* Roots change while nobody is in, and nobody enters. */
		if (down_read_interruptible(&vc_root_rwsem))
			return -ERESTARTNOINTR;
		ret = enter_locked(ctx, caller, task, false);
		up_read(&vc_root_rwsem);
	} while (ret == -ESTALE && !(ret = vc_claim_wait(ctx, true)) &&
		 !(ret = vc_root_freshen(ctx)));
	return ret;
}

/**
 * vcontext_place - a process of the host goes where it belongs
 * @ctx: where
 * @task: current, or any thread of a process, referenced by the caller
 *
 * As vcontext_enter(), for a caller that no system call starts again: a signal
 * alone that kills it ends the wait.
 *
 * Context: process of the host, may sleep.
 * Return: as vcontext_enter(); %-ESRCH also if the process is in a context.
 */
int vcontext_place(struct vcontext *ctx, struct task_struct *task)
{
	int ret;

	do {
		if (down_read_killable(&vc_root_rwsem))
			return -EINTR;
		ret = enter_locked(ctx, vcontext_host, task, true);
		up_read(&vc_root_rwsem);
	} while (ret == -ESTALE && !(ret = vc_claim_wait(ctx, false)) &&
		 !(ret = vc_root_freshen(ctx)));
	return ret;
}

static int __init vcontext_init(void)
{
	static const struct vc_create host = { .children_max = U32_MAX };

	mutex_lock(&vcontext_mutex);
	vcontext_host = context_alloc(VC_ID_HOST, &host, NULL);
	mutex_unlock(&vcontext_mutex);
	if (!vcontext_host)
		panic("vcontext: no memory for the host");
	return vc_engine_init();
}
subsys_initcall(vcontext_init);
