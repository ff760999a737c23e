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
 * A module that is loaded later has its variables in a section of its own.
 * Its place would be in a reserve behind the copy, and VC() is the one place
 * that would learn of it: code that uses VC() need not change.
 */
#include <linux/string.h>

#include "internal.h"

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
		ret = pos->init ? pos->init(ctx) : 0;
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

/**
 * vc_vars_init - construct the variables of a new context
 * @ctx: after vc_vars_copy()
 *
 * Context: vcontext_mutex held.
 * Return: 0 or a negative errno; then nothing is left to undo.
 */
int vc_vars_init(struct vcontext *ctx)
{
	lockdep_assert_held(&vcontext_mutex);
	return vc_vars_init_range(ctx, __start_vcontext_init,
				  __stop_vcontext_init);
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
	vc_vars_exit_range(ctx, __start_vcontext_init, __stop_vcontext_init);
}
