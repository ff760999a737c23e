// SPDX-License-Identifier: GPL-2.0
/*
 * Variables that exist once per context.
 *
 * VC_DEFINE() puts a variable with its initial value into a section of the
 * kernel image.  That section is a template: it is never used itself, but
 * copied, in one allocation with the context, for each context and for the
 * host.  A variable's address in the template, relative to the start, is its
 * place in each copy.  The model is FreeBSD's VIMAGE.
 *
 * What an initial value cannot say a constructor does (VC_INIT).  If number k
 * fails, those before it are undone in reverse order and the context never was.
 *
 * A module that is loaded later has a template of its own.  Its place is in a
 * reserve behind the copy, the same in each context, and VC() is the one that
 * knows.  Each struct vcontext there is, one that has been destroyed and waits
 * for its last reference too, gets the initial values, so that no hook finds
 * what the module that had the place before has left.  Constructors run for
 * those that are in use.
 */
#include <linux/align.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "internal.h"

/* Variables that are to have cache lines of their own have them in copies. */
#define VARS_ALIGN	64

#ifdef CONFIG_VCONTEXT_MODULE_SPACE
#define MODULE_SPACE	((size_t)CONFIG_VCONTEXT_MODULE_SPACE)
#else
#define MODULE_SPACE	((size_t)0)
#endif

/* Every struct vcontext there is, in order of creation; vcontext_mutex. */
static LIST_HEAD(contexts);
/* Modules that have variables, in order of loading; vcontext_mutex. */
static LIST_HEAD(modules);

/**
 * vc_vars_size - bytes that the variables of a context take
 *
 * Context: any.
 * Return: the size of the template.
 */
size_t vc_vars_size(void)
{
	return __stop_vcontext_var - __start_vcontext_var;
}

/* Where the reserve for modules begins, relative to the variables. */
static size_t reserve_start(void)
{
	return ALIGN(vc_vars_size(), VARS_ALIGN);
}

/**
 * vc_vars_room - bytes to allocate for the variables of a context
 *
 * Context: any.
 * Return: the size of the template, and of the reserve for modules.
 */
size_t vc_vars_room(void)
{
	return reserve_start() + MODULE_SPACE;
}

/**
 * vc_vars_copy - give every variable of a context its initial value
 * @ctx: with room for vc_vars_size() bytes
 *
 * Context: any; nobody else knows @ctx.
 */
void vc_vars_copy(struct vcontext *ctx)
{
	memcpy(ctx->vars, __start_vcontext_var, vc_vars_size());
}

static void copy_module(struct vcontext *ctx, const struct vc_module *mod)
{
	memcpy(ctx->vars + mod->offset, mod->vars, mod->vars_end - mod->vars);
}

/**
 * vc_vars_add - a context exists: give the variables of modules their values
 * @ctx: with vc_vars_room() bytes for variables; nobody else knows it
 *
 * Context: vcontext_mutex held.
 */
void vc_vars_add(struct vcontext *ctx)
{
	const struct vc_module *mod;

	lockdep_assert_held(&vcontext_mutex);

	list_for_each_entry(mod, &modules, vars_node)
		copy_module(ctx, mod);
	list_add_tail(&ctx->vars_node, &contexts);
}

/**
 * vc_vars_remove - a context is about to be freed
 * @ctx: destructed
 *
 * Context: vcontext_mutex held.
 */
void vc_vars_remove(struct vcontext *ctx)
{
	lockdep_assert_held(&vcontext_mutex);
	WARN_ON_ONCE(ctx->constructed);
	list_del(&ctx->vars_node);
}

/**
 * vc_vars_count - how many contexts are in memory
 * @live: filled: all, without the host
 * @gone: filled: those of them that have been destroyed
 *
 * Context: vcontext_mutex held.
 */
void vc_vars_count(u32 *live, u32 *gone)
{
	const struct vcontext *pos;

	lockdep_assert_held(&vcontext_mutex);

	*live = 0;
	*gone = 0;
	list_for_each_entry(pos, &contexts, vars_node) {
		*live += pos->level > 0;
		*gone += pos->level > 0 && !pos->constructed;
	}
}

/**
 * vc_vars_init_range - run constructors in order, undo them if one fails
 * @ctx: the context
 * @start: first constructor
 * @stop: behind the last one
 *
 * Context: may sleep.
 * Return: 0 or what the constructor said.
 */
int vc_vars_init_range(struct vcontext *ctx, const struct vc_init *start,
		       const struct vc_init *stop)
{
	const struct vc_init *pos;
	int ret;

	might_sleep();

	for (pos = start; pos < stop; pos++) {
		ret = 0;
		if (vc_debug_fails(VC_DEBUG_FAIL_INIT))
			ret = vc_fail(-ENOMEM,
				      "constructor %s failed on purpose",
				      pos->name);
		else if (pos->init)
			ret = pos->init(ctx);
		if (ret) {
			vc_vars_exit_range(ctx, start, pos);
			return ret;
		}
	}
	return 0;
}

/**
 * vc_vars_exit_range - run destructors in reverse order
 * @ctx: the context
 * @start: first one, run last
 * @stop: behind the last one
 *
 * Context: may sleep.
 */
void vc_vars_exit_range(struct vcontext *ctx, const struct vc_init *start,
			const struct vc_init *stop)
{
	might_sleep();

	while (stop-- > start)
		if (stop->exit)
			stop->exit(ctx);
}

/* Undo the constructors of modules, from the last to the first. */
static void exit_modules(struct vcontext *ctx, struct vc_module *mod)
{
	list_for_each_entry_continue_reverse(mod, &modules, vars_node)
		vc_vars_exit_range(ctx, mod->inits, mod->inits_end);
}

/**
 * vc_vars_init - construct the variables of a new context
 * @ctx: after vc_vars_copy() and vc_vars_add()
 *
 * Context: vcontext_mutex held.
 * Return: 0 or a negative errno; then nothing is left to undo.
 */
int vc_vars_init(struct vcontext *ctx)
{
	struct vc_module *mod;
	int ret;

	lockdep_assert_held(&vcontext_mutex);

	ret = vc_vars_init_range(ctx, __start_vcontext_init,
				 __stop_vcontext_init);
	if (ret)
		return ret;
	list_for_each_entry(mod, &modules, vars_node) {
		ret = vc_vars_init_range(ctx, mod->inits, mod->inits_end);
		if (ret) {
			exit_modules(ctx, mod);
			vc_vars_exit_range(ctx, __start_vcontext_init,
					   __stop_vcontext_init);
			return ret;
		}
	}
	ctx->constructed = true;
	return 0;
}

/**
 * vc_vars_exit - the opposite of vc_vars_init()
 * @ctx: the context
 *
 * Context: vcontext_mutex held.
 */
void vc_vars_exit(struct vcontext *ctx)
{
	lockdep_assert_held(&vcontext_mutex);
	ctx->constructed = false;
	/* the head stands for what would come behind the last one */
	exit_modules(ctx, list_entry(&modules, struct vc_module, vars_node));
	vc_vars_exit_range(ctx, __start_vcontext_init, __stop_vcontext_init);
}

/* ---- modules ---- */

/* Does [@start, @start + @size) touch what a module of the list has? */
static const struct vc_module *overlaps(const struct list_head *list,
					size_t start, size_t size)
{
	const struct vc_module *pos;

	list_for_each_entry(pos, list, vars_node)
		if (start < pos->offset + (pos->vars_end - pos->vars) &&
		    pos->offset < start + size)
			return pos;
	return NULL;
}

/**
 * vc_vars_place - find room for the variables of a module
 * @list: of the modules that have some, by their vars_node
 * @size: bytes to find
 * @start: of the reserve, aligned
 * @stop: of the reserve
 *
 * The first place that is free.
 *
 * Context: any that keeps @list.
 * Return: where, or %-ENOSPC.
 */
ssize_t vc_vars_place(const struct list_head *list, size_t size, size_t start,
		      size_t stop)
{
	const struct vc_module *pos;

	while (start <= stop && size <= stop - start) {
		pos = overlaps(list, start, size);
		if (!pos)
			return start;
		/* behind it, so further each time */
		start = ALIGN(pos->offset + (pos->vars_end - pos->vars),
			      VARS_ALIGN);
	}
	return -ENOSPC;
}

static size_t bytes_taken(void)
{
	const struct vc_module *pos;
	size_t sum = 0;

	list_for_each_entry(pos, &modules, vars_node)
		sum += ALIGN(pos->vars_end - pos->vars, VARS_ALIGN);
	return sum;
}

/**
 * vc_vars_load - give each context the variables of a module
 * @mod: the module
 *
 * Context: vcontext_mutex held, may sleep.
 * Return: 0, %-ENOSPC (no room), or what a constructor has said; then nothing
 * is left to undo.
 */
int vc_vars_load(struct vc_module *mod)
{
	size_t size = mod->vars_end - mod->vars;
	struct vcontext *pos;
	ssize_t offset;
	int ret;

	lockdep_assert_held(&vcontext_mutex);

	offset = vc_vars_place(&modules, size, reserve_start(),
			       vc_vars_room());
	if (offset < 0) {
		pr_err("vcontext: module %s: no room for %zu bytes of variables in each context, of %zu (CONFIG_VCONTEXT_MODULE_SPACE) %zu are taken\n",
		       module_name(mod->owner), size, MODULE_SPACE,
		       bytes_taken());
		return offset;
	}
	mod->offset = offset;
	list_for_each_entry(pos, &contexts, vars_node)
		copy_module(pos, mod);
	list_for_each_entry(pos, &contexts, vars_node) {
		if (!pos->constructed)
			continue;
		ret = vc_vars_init_range(pos, mod->inits, mod->inits_end);
		if (ret)
			goto err_exit;
	}
	list_add_tail(&mod->vars_node, &modules);
	return 0;

err_exit:
	pr_err("vcontext: module %s: a constructor refused context %u: %d\n",
	       module_name(mod->owner), pos->id, ret);
	list_for_each_entry_continue_reverse(pos, &contexts, vars_node)
		if (pos->constructed)
			vc_vars_exit_range(pos, mod->inits, mod->inits_end);
	return ret;
}

/**
 * vc_vars_unload - the opposite of vc_vars_load()
 * @mod: the module; none of its hooks or commands runs any more
 *
 * Context: vcontext_mutex held, may sleep.
 */
void vc_vars_unload(struct vc_module *mod)
{
	struct vcontext *pos;

	lockdep_assert_held(&vcontext_mutex);

	list_del(&mod->vars_node);
	list_for_each_entry_reverse(pos, &contexts, vars_node)
		if (pos->constructed)
			vc_vars_exit_range(pos, mod->inits, mod->inits_end);
}
