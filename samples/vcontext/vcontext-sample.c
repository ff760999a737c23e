// SPDX-License-Identifier: GPL-2.0
/*
 * A controller of virtual contexts that comes as a module.
 *
 * For each context it counts the programs that have been executed and the
 * threads that live, with a limit of both, and keeps the names of what was
 * executed last.  It is called by nobody and edits nothing of the kernel: it
 * declares variables that exist once per context, a constructor, hooks and a
 * table of commands, and registers them.
 *
 * Documentation/vcontext-porting.rst goes through it step by step.
 */
#include <linux/binfmts.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vcontext_module.h>

#include "vcontext-sample.h"

#define NR_RECENT	8

struct recent {
	u32 nr;		/* executed so far */
	char name[NR_RECENT][16];
};

/* ---- what exists once per context ---- */

VC_DEFINE(struct vc_counter, execs) = VC_COUNTER_INIT;
VC_DEFINE(struct vc_counter, threads) = VC_COUNTER_INIT;
/* Owned by the context from constructor to destructor; recent_lock. */
VC_DEFINE(struct recent *, recent);

/* One for all contexts: a lock of their own would take a constructor too. */
static DEFINE_SPINLOCK(recent_lock);

static int recent_init(struct vcontext *ctx)
{
	VC(ctx, recent) = kzalloc(sizeof(struct recent), GFP_KERNEL_ACCOUNT);
	return VC(ctx, recent) ? 0 : -ENOMEM;
}

static void recent_exit(struct vcontext *ctx)
{
	struct recent *recent;

	/* a call that found the context before may be about to look */
	spin_lock(&recent_lock);
	recent = VC(ctx, recent);
	VC(ctx, recent) = NULL;
	spin_unlock(&recent_lock);
	kfree(recent);
}

VC_INIT(recent, recent_init, recent_exit);

/* ---- hooks ---- */

static int refused(struct vcontext *full, size_t offset, u8 command)
{
	if (!full)
		return 0;
	/* counts a hit, and tells those who watch */
	vc_counter_refused(full, offset, VC_CAT_SAMPLE, command);
	return -EAGAIN;
}

/* Those that are there when we come are not asked for. */
static void sample_found(struct vcontext *ctx, struct task_struct *task)
{
	vc_counter_charge(ctx, NULL, VC_COUNTER(threads), 1);
}

static int sample_can_fork(struct vcontext *ctx, struct task_struct *child)
{
	return refused(vc_counter_try_charge(ctx, NULL, VC_COUNTER(threads), 1),
		       VC_COUNTER(threads), VC_SAMPLE_THREADS);
}

static void sample_cancel_fork(struct vcontext *ctx, struct task_struct *child)
{
	vc_counter_cancel(ctx, NULL, VC_COUNTER(threads), 1);
}

static void sample_exit(struct vcontext *ctx, struct task_struct *task)
{
	vc_counter_uncharge(ctx, NULL, VC_COUNTER(threads), 1);
}

static int sample_can_move(struct vcontext *from, struct vcontext *to,
			   unsigned int nr)
{
	/* what is above both has them already */
	return refused(vc_counter_try_charge(to, vcontext_of_both(to, from),
					     VC_COUNTER(threads), nr),
		       VC_COUNTER(threads), VC_SAMPLE_THREADS);
}

static void sample_cancel_move(struct vcontext *from, struct vcontext *to,
			       unsigned int nr)
{
	vc_counter_cancel(to, vcontext_of_both(to, from), VC_COUNTER(threads),
			  nr);
}

static void sample_move(struct task_struct *task, struct vcontext *from,
			struct vcontext *to)
{
	vc_counter_uncharge(from, vcontext_of_both(from, to),
			    VC_COUNTER(threads), 1);
}

static void note(struct vcontext *ctx, const char *path)
{
	struct recent *recent;

	spin_lock(&recent_lock);
	recent = VC(ctx, recent);
	if (recent) {
		strscpy(recent->name[recent->nr % NR_RECENT], kbasename(path));
		recent->nr++;
	}
	spin_unlock(&recent_lock);
}

static int sample_exec(struct vcontext *ctx, const struct linux_binprm *bprm)
{
	int ret;

	ret = refused(vc_counter_try_charge(ctx, NULL, VC_COUNTER(execs), 1),
		      VC_COUNTER(execs), VC_SAMPLE_EXECS);
	if (!ret)
		note(ctx, bprm->filename);
	return ret;
}

static void sample_cancel_exec(struct vcontext *ctx,
			       const struct linux_binprm *bprm)
{
	vc_counter_cancel(ctx, NULL, VC_COUNTER(execs), 1);
}

static const struct vc_hooks sample_hooks = {
	.found = sample_found,
	.can_fork = sample_can_fork,
	.cancel_fork = sample_cancel_fork,
	.exit = sample_exit,
	.can_move = sample_can_move,
	.cancel_move = sample_cancel_move,
	.move = sample_move,
	.exec = sample_exec,
	.cancel_exec = sample_cancel_exec,
};

/* ---- commands ---- */

static long execs_set(struct vc_request *req)
{
	const struct vc_limit *arg = req->data;

	return vc_counter_set_limit(req->ctx, VC_COUNTER(execs), arg->limit);
}

static long execs_get(struct vc_request *req)
{
	vc_counter_read(&VC(req->ctx, execs), req->data);
	return 0;
}

static long threads_set(struct vc_request *req)
{
	const struct vc_limit *arg = req->data;

	return vc_counter_set_limit(req->ctx, VC_COUNTER(threads), arg->limit);
}

static long threads_get(struct vc_request *req)
{
	vc_counter_read(&VC(req->ctx, threads), req->data);
	return 0;
}

static long recent_get(struct vc_request *req)
{
	const struct recent *recent;
	char (*name)[16];
	u32 i, nr = 0;

	/* req->list is freed by who has called us */
	name = kvcalloc(NR_RECENT, sizeof(*name), GFP_KERNEL_ACCOUNT);
	if (!name)
		return -ENOMEM;
	req->list = name;

	spin_lock(&recent_lock);
	recent = VC(req->ctx, recent);
	if (recent) {
		nr = min(recent->nr, NR_RECENT);
		for (i = 0; i < nr; i++)
			memcpy(name[i],
			       recent->name[(recent->nr - 1 - i) % NR_RECENT],
			       sizeof(*name));
	}
	spin_unlock(&recent_lock);
	req->nr = nr;
	return 0;
}

static void recent_show(struct seq_file *m, const struct vc_request *req)
{
	const char (*name)[16] = req->list;
	u32 i;

	seq_printf(m, "count=%u names=", req->nr);
	for (i = 0; i < req->nr; i++) {
		if (i)
			seq_putc(m, ',');
		seq_escape(m, name[i], " \t\n\\,");
	}
}

static const struct vc_command sample_commands[] = {
	[VC_SAMPLE_EXECS] = {
		.name = "execs",
		.doc = "how many programs may be executed",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_show_limit,
		.set = VC_METHOD(execs_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_limit),
		.get = VC_METHOD(execs_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_limit),
	},
	[VC_SAMPLE_THREADS] = {
		.name = "threads",
		.doc = "how many threads may live",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_show_limit,
		.set = VC_METHOD(threads_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_limit),
		.get = VC_METHOD(threads_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_limit),
	},
	[VC_SAMPLE_RECENT] = {
		.name = "recent",
		.doc = "what was executed last",
		.version = 1,
		.show = recent_show,
		.get = VC_METHOD_LIST(recent_get, VC_KIND_OWN_OR_BELOW,
				      struct vc_sample_recent, char[16]),
	},
};

VC_DECLARE_CATEGORY(sample, VC_CAT_SAMPLE, 1, sample_commands);

module_vcontext(&sample_hooks);

MODULE_DESCRIPTION("A controller of virtual contexts that comes as a module");
MODULE_LICENSE("GPL");
