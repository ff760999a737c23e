// SPDX-License-Identifier: GPL-2.0
/*
 * Modules that bring per-context variables, categories and hooks.
 *
 * What a module brings is there as a whole or not at all: first its variables,
 * constructed in every context, then its hooks, then its commands.  It goes in
 * the opposite order, and what has been taken away is waited for.
 *
 * A call in a module's command holds a reference to the module, so that it
 * cannot be unloaded meanwhile, and is counted besides: a module whose init
 * function fails after all goes whether it is referenced or not.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "internal.h"

/* Whose commands can be called.  Changed under vcontext_mutex, read by RCU. */
static LIST_HEAD(callable);
/* woken when the last call in a module's commands is over */
static DECLARE_WAIT_QUEUE_HEAD(calls_wait);

#define for_each_category(pos, mod)					\
	for (pos = (mod)->categories; pos < (mod)->categories_end; pos++)

/* ---- what calls need ---- */

/**
 * vc_category_get - look a category up, the kernel's own or a module's
 * @number: VC_CAT_*
 *
 * Context: any.
 * Return: the category, which stays until vc_category_put(), or %NULL.
 */
const struct vc_category *vc_category_get(u8 number)
{
	const struct vc_category *found = vc_category_find(number), *pos;
	struct vc_module *mod;

	if (found)
		return found;

	rcu_read_lock();
	list_for_each_entry_rcu(mod, &callable, node) {
		for_each_category(pos, mod) {
			if (pos->number == number &&
			    try_module_get(mod->owner)) {
				atomic_inc(&mod->calls);
				found = pos;
				goto out_unlock;
			}
		}
	}
out_unlock:
	rcu_read_unlock();
	return found;
}

/**
 * vc_category_put - the opposite of vc_category_get()
 * @category: not %NULL
 *
 * Context: any.
 */
void vc_category_put(const struct vc_category *category)
{
	struct vc_module *mod = category->module;

	if (!mod)
		return;
	/* the count keeps both, and nothing of them is looked at after it */
	module_put(mod->owner);
	if (atomic_dec_and_test(&mod->calls))
		wake_up_all(&calls_wait);
}

/**
 * vc_module_number - look a module's category up by its name
 * @name: of the category
 * @len: of @name
 *
 * Context: any.
 * Return: its number, or %-ENOENT.
 */
int vc_module_number(const char *name, size_t len)
{
	const struct vc_category *pos;
	struct vc_module *mod;
	int ret = -ENOENT;

	rcu_read_lock();
	list_for_each_entry_rcu(mod, &callable, node)
		for_each_category(pos, mod)
			if (strlen(pos->name) == len &&
			    !memcmp(pos->name, name, len))
				ret = pos->number;
	rcu_read_unlock();
	return ret;
}

/* ---- registering ---- */

static bool is_reserved(u8 number)
{
	return number <= VC_CAT_OTHER || number == VC_CAT_CLASS ||
	       number == VC_CAT_EVENT || number == VC_CAT_VSERVER ||
	       number == VC_CAT_DEBUG;
}

static bool check_method(const struct vc_method *method)
{
	const u8 both = VC_DATA_IN | VC_DATA_OUT;

	if (!method->call)
		return true;
	/* what is behind these is for the kernel's own */
	if (method->id > VC_KIND_ENTER || method->flags > VC_DATA_FLAGS ||
	    method->size_v1 > method->size ||
	    method->size > min_t(size_t, PAGE_SIZE, VC_SIZE_MAX))
		return false;
	/* a list begins with its count */
	if (method->element && (method->size < sizeof(u32) ||
				!(method->flags & VC_DATA_IN)))
		return false;
	return !method->size == !(method->flags & both) &&
	       !method->size == !method->size_v1;
}

static bool check_command(const struct vc_command *command)
{
	int i;

	/* a number without a command */
	if (!command->version)
		return !command->set.call && !command->get.call;
	if (!command->name || !command->name[0] || !command->doc ||
	    !cap_valid(command->cap) || command->nr_buffers > VC_BUFFERS ||
	    (command->available && !command->needs))
		return false;
	for (i = 0; i < command->nr_buffers; i++) {
		const struct vc_buffer *buffer = &command->buffers[i];
		u16 size = max(buffer->pointer + sizeof(u64),
			       buffer->len + sizeof(u32));

		if ((command->set.flags & VC_DATA_BUFFER &&
		     size > command->set.size) ||
		    (command->get.flags & VC_DATA_BUFFER &&
		     size > command->get.size))
			return false;
	}
	if (command->batch && (!command->batch->begin || !command->batch->end))
		return false;
	return (command->set.call || command->get.call) &&
	       check_method(&command->set) && check_method(&command->get);
}

/* Is @category one that the dispatcher can work with? */
static bool check_table(const struct vc_category *category)
{
	unsigned int i;

	/* 0 is for the version of the category; the name is that of a file */
	if (!category->name || !category->name[0] ||
	    strchr(category->name, '/') || category->name[0] == '.' ||
	    !category->version || category->nr_commands > U8_MAX + 1 ||
	    (category->nr_commands && category->commands[0].version))
		return false;
	for (i = 0; i < category->nr_commands; i++)
		if (!check_command(&category->commands[i]))
			return false;
	return true;
}

static bool clash(const struct vc_category *a, const struct vc_category *b)
{
	return a != b && (a->number == b->number || !strcmp(a->name, b->name));
}

/* Does somebody have the number or the name of @category already? */
static bool is_taken(const struct vc_category *category,
		     const struct vc_module *mod)
{
	const struct vc_category *pos;
	const struct vc_module *other;

	lockdep_assert_held(&vcontext_mutex);

	if (is_reserved(category->number) ||
	    vc_category_find(category->number) ||
	    vc_category_find_name(category->name, strlen(category->name)))
		return true;
	for_each_category(pos, mod)
		if (clash(category, pos))
			return true;
	list_for_each_entry(other, &callable, node)
		for_each_category(pos, other)
			if (clash(category, pos))
				return true;
	return false;
}

static int check_categories(const struct vc_module *mod)
{
	const struct vc_category *pos;

	for_each_category(pos, mod) {
		if (!check_table(pos)) {
			pr_err("vcontext: module %s: the table of category %u is malformed\n",
			       module_name(mod->owner), pos->number);
			return -EINVAL;
		}
		if (is_taken(pos, mod)) {
			pr_err("vcontext: module %s: category %u, %s: number or name is in use\n",
			       module_name(mod->owner), pos->number,
			       pos->name);
			return -EEXIST;
		}
	}
	return 0;
}

/**
 * vc_module_register - give contexts what a module brings
 * @mod: made by VC_MODULE()
 *
 * Constructors are run for each context that is in use, and from now on for
 * each new one.  When it returns 0 hooks are called and commands found.
 *
 * Context: process, may sleep.  Not under vcontext_lock().
 * Return: 0, %-EINVAL (a table that is malformed), %-EEXIST (a category whose
 * number or name is in use, or the kernel's), %-ENOSPC (no room for its
 * variables), or what a constructor has said.  The log says which.  Then
 * nothing is left of it.
 */
int vc_module_register(struct vc_module *mod)
{
	int ret;

	might_sleep();

	atomic_set(&mod->calls, 0);
	mutex_lock(&vcontext_mutex);
	ret = check_categories(mod);
	if (!ret)
		ret = vc_vars_load(mod);
	if (!ret) {
		/* what is told of tasks is told to what is constructed */
		vc_hook_add(mod);
		list_add_tail_rcu(&mod->node, &callable);
	}
	mutex_unlock(&vcontext_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(vc_module_register);

/**
 * vc_module_unregister - take away what a module has brought
 * @mod: registered
 *
 * When it returns none of its functions runs, and nobody points at it.
 *
 * Context: process, may sleep.  Not under vcontext_lock().
 */
void vc_module_unregister(struct vc_module *mod)
{
	might_sleep();

	mutex_lock(&vcontext_mutex);
	list_del_rcu(&mod->node);
	vc_hook_del(mod);
	mutex_unlock(&vcontext_mutex);

	/* who has found it under RCU has counted itself, or has gone */
	synchronize_rcu();
	/* a call may want the mutex */
	wait_event(calls_wait, !atomic_read(&mod->calls));

	mutex_lock(&vcontext_mutex);
	vc_vars_unload(mod);
	mutex_unlock(&vcontext_mutex);
}
EXPORT_SYMBOL_GPL(vc_module_unregister);

/* ---- what modules see of contexts ---- */

/**
 * vcontext_lock - keep contexts from being made and destroyed
 *
 * Context: process, may sleep.  Held already in constructors and destructors.
 */
void vcontext_lock(void)
{
	mutex_lock(&vcontext_mutex);
}
EXPORT_SYMBOL_GPL(vcontext_lock);

/**
 * vcontext_unlock - the opposite of vcontext_lock()
 *
 * Context: process.
 */
void vcontext_unlock(void)
{
	mutex_unlock(&vcontext_mutex);
}
EXPORT_SYMBOL_GPL(vcontext_unlock);

/**
 * vcontext_id - number of a context
 * @ctx: the context
 *
 * Context: any.
 * Return: its id; 0 is the host.
 */
u32 vcontext_id(const struct vcontext *ctx)
{
	return ctx->id;
}
EXPORT_SYMBOL_GPL(vcontext_id);

/**
 * vcontext_parent - the context above one
 * @ctx: the context
 *
 * Context: any.
 * Return: borrowed from @ctx; %NULL if that is the host.
 */
struct vcontext *vcontext_parent(const struct vcontext *ctx)
{
	return ctx->parent;
}
EXPORT_SYMBOL_GPL(vcontext_parent);

/**
 * vcontext_of_both - the nearest context that is above or at two others
 * @a: or %NULL for the host
 * @b: or %NULL for the host
 *
 * Where charges of a move end: what is above both has them already.
 *
 * Context: any.
 * Return: borrowed from @a; %NULL is the host.
 */
struct vcontext *vcontext_of_both(struct vcontext *a, const struct vcontext *b)
{
	return vcontext_common(a, b);
}
EXPORT_SYMBOL_GPL(vcontext_of_both);

/**
 * vcontext_vars - the variables of a context; what VC() is made of
 * @ctx: the context
 *
 * Context: any.
 * Return: borrowed from @ctx.
 */
void *vcontext_vars(struct vcontext *ctx)
{
	return ctx->vars;
}
EXPORT_SYMBOL_GPL(vcontext_vars);
