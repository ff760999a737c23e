// SPDX-License-Identifier: GPL-2.0
/*
 * Category 255: debugging.
 *
 * What holds a context, what is charged to it, and which threads are in it; for
 * tests, which compare that before and after.  And failures on purpose: the
 * thread that asks for one gets it at the n-th constructor or charge that it
 * comes to, so that a test walks through all of them and harms nobody else.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "internal.h"

static_assert(sizeof(struct vc_debug_charge) == 16);
static_assert(sizeof(struct vc_debug_refs) == 24);
static_assert(sizeof(struct vc_debug_member) == 16);
static_assert(sizeof(struct vc_debug_members) == 8);
static_assert(sizeof(struct vc_debug_fail) == 8);

/* ---- references and charges ---- */

/* GET of a counted limit: what is charged, or a negative errno. */
static long read_usage(const struct vc_method *get, struct vcontext *ctx,
		       struct vcontext *caller, u64 *usage)
{
	struct vc_limit limit = {};
	struct vc_request req = {
		.ctx = ctx,
		.caller = caller,
		.id = ctx->id,
		.data = &limit,
	};
	long ret = get->call(&req);

	*usage = limit.usage;
	return ret;
}

/*
 * The counted limits of @category.  They are those whose GET fills a struct
 * vc_limit; the table has nothing that tells it but how they are shown.
 */
static int add_charges(struct vc_request *req,
		       const struct vc_category *category)
{
	struct vc_debug_charge *list, charge = { .category = category->number };
	const struct vc_command *command;
	unsigned int i;

	for (i = 0; i < category->nr_commands; i++) {
		command = vc_command_find(category, i);
		if (!command || command->show != vc_show_limit ||
		    command->get.id != VC_KIND_OWN_OR_BELOW ||
		    read_usage(&command->get, req->ctx, req->caller,
			       &charge.usage))
			continue;
		list = kvrealloc(req->list, (req->nr + 1) * sizeof(*list),
				 GFP_KERNEL_ACCOUNT);
		if (!list)
			return -ENOMEM;
		charge.command = i;
		list[req->nr++] = charge;
		req->list = list;
	}
	return 0;
}

static long refs_get(struct vc_request *req)
{
	struct vc_debug_refs *arg = req->data;
	const struct vc_category *category;
	unsigned int number;
	int ret = 0;

	for (number = 0; number <= U8_MAX && !ret; number++) {
		category = vc_category_get(number);
		if (!category)
			continue;
		ret = add_charges(req, category);
		vc_category_put(category);
	}
	if (ret)
		return ret;

	/* ours: the target, and the caller's own */
	arg->references = refcount_read(&req->ctx->refs) - 1 -
			  (req->ctx == req->caller);
	arg->vars_bytes = vc_vars_room();
	arg->reserved = 0;
	mutex_lock(&vcontext_mutex);
	vc_vars_count(&arg->contexts, &arg->removed);
	mutex_unlock(&vcontext_mutex);
	return 0;
}

static void refs_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_debug_refs *arg = req->data;
	const struct vc_debug_charge *list = req->list;
	u32 i;

	seq_printf(m, "references=%u contexts=%u removed=%u vars_bytes=%u",
		   arg->references, arg->contexts, arg->removed,
		   arg->vars_bytes);
	for (i = 0; i < req->nr; i++)
		seq_printf(m, " %u/%u=%llu", list[i].category, list[i].command,
			   list[i].usage);
}

/* ---- members ---- */

struct members {
	struct vc_debug_member *list;
	u32 nr;
	int err;
};

/* The locks of the walk are those that a task is freed under; it may sleep. */
static void add_member(struct task_struct *task, struct vcontext *ctx,
		       void *arg)
{
	struct members *members = arg;
	struct vc_debug_member *list, *new;

	if (!ctx || members->err)
		return;
	if (!(members->nr % 64)) {
		list = kvrealloc(members->list,
				 (members->nr + 64) * sizeof(*list),
				 GFP_KERNEL_ACCOUNT);
		if (!list) {
			members->err = -ENOMEM;
			return;
		}
		members->list = list;
	}
	new = &members->list[members->nr++];
	*new = (struct vc_debug_member) {
		.tid = task_pid_vnr(task),
		.pid = task_tgid_vnr(task),
		.id = ctx->id,
	};
	if (thread_group_leader(task))
		new->flags |= VC_MEMBER_LEADER;
	if (READ_ONCE(task->vcontext_origin))
		new->flags |= VC_MEMBER_ENTERING;
	if (task->flags & PF_EXITING)
		new->flags |= VC_MEMBER_EXITING;
}

static long members_get(struct vc_request *req)
{
	struct members members = {};

	vc_engine_walk_threads(req->ctx, add_member, &members);
	req->list = members.list;
	req->nr = members.nr;
	return members.err;
}

static void members_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_debug_member *list = req->list;
	u32 i;

	seq_printf(m, "count=%u tids=", req->nr);
	for (i = 0; i < req->nr; i++)
		seq_printf(m, "%s%d", i ? "," : "", list[i].tid);
}

/* ---- failures on purpose ---- */

/* On while somebody waits for one. */
DEFINE_STATIC_KEY_FALSE(vc_debug_key);

/* SETs against each other: the key follows @fail. */
static DEFINE_MUTEX(fail_mutex);
static DEFINE_SPINLOCK(fail_lock);
/* Who waits for what; the thread is referenced.  fail_lock. */
static struct {
	struct pid *thread;
	u32 what;
	u32 left;
} fail;

/**
 * __vc_debug_fails - is that one which current has asked to fail?
 * @what: VC_DEBUG_FAIL_*
 *
 * Context: any.
 * Return: as asked.
 */
bool __vc_debug_fails(u32 what)
{
	unsigned long flags;
	bool ret = false;

	/* in an interrupt current is anybody */
	if (!in_task())
		return false;
	spin_lock_irqsave(&fail_lock, flags);
	if (fail.what == what && fail.left && fail.thread == task_pid(current))
		ret = !--fail.left;
	spin_unlock_irqrestore(&fail_lock, flags);
	return ret;
}

static long fail_set(struct vc_request *req)
{
	const struct vc_debug_fail *arg = req->data;
	struct pid *old, *new = NULL;

	if (arg->what > VC_DEBUG_FAIL_CHARGE)
		return vc_fail(-EINVAL, "what %u: at most %u", arg->what,
			       VC_DEBUG_FAIL_CHARGE);
	if (!arg->what != !arg->nth)
		return vc_fail(-EINVAL, "what %u, nth %u: both or none",
			       arg->what, arg->nth);

	mutex_lock(&fail_mutex);
	if (arg->what)
		new = get_pid(task_pid(current));
	spin_lock_irq(&fail_lock);
	old = fail.thread;
	fail.thread = new;
	fail.what = arg->what;
	fail.left = arg->nth;
	spin_unlock_irq(&fail_lock);
	put_pid(old);
	if (new)
		static_branch_enable(&vc_debug_key);
	else
		static_branch_disable(&vc_debug_key);
	mutex_unlock(&fail_mutex);
	return 0;
}

static const struct vc_command debug_commands[] = {
	[VC_DEBUG_REFS] = {
		.name = "refs",
		.doc = "references to a context, and what is charged to it",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = refs_show,
		.get = VC_METHOD_LIST(refs_get, VC_KIND_OWN_OR_BELOW,
				      struct vc_debug_refs,
				      struct vc_debug_charge),
	},
	[VC_DEBUG_MEMBERS] = {
		.name = "members",
		.doc = "threads in a context and below it",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = members_show,
		.get = VC_METHOD_LIST(members_get, VC_KIND_OWN_OR_BELOW,
				      struct vc_debug_members,
				      struct vc_debug_member),
	},
	[VC_DEBUG_FAIL] = {
		.name = "fail",
		.doc = "let a constructor or charge of the caller fail",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD(fail_set, VC_KIND_IGNORED, VC_DATA_IN,
				 struct vc_debug_fail),
	},
};

VC_DECLARE_CATEGORY(debug, VC_CAT_DEBUG, 1, debug_commands);
