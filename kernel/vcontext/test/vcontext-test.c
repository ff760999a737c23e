// SPDX-License-Identifier: GPL-2.0
/*
 * A module to test with how modules bring something to contexts: it warns
 * where the order of constructors, destructors and hooks is not what it is to
 * be, and tells what it has seen.
 */
#include <linux/binfmts.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/vcontext_module.h>
#include <linux/wait.h>

#include "vcontext-test.h"

static_assert(sizeof(struct vc_test_state) == 32);

static uint fail_init;
module_param(fail_init, uint, 0644);
MODULE_PARM_DESC(fail_init, "which constructor fails, 1 to 3");

static uint fail_after;
module_param(fail_after, uint, 0644);
MODULE_PARM_DESC(fail_after, "for how many contexts it does not");

static bool fail_late;
module_param(fail_late, bool, 0444);
MODULE_PARM_DESC(fail_late, "the module fails to load after it was registered");

VC_DEFINE(u32, magic) = VC_TEST_MAGIC;
VC_DEFINE(u32, stage);
VC_DEFINE(u32, refuse);
VC_DEFINE(atomic_t, threads) = ATOMIC_INIT(0);
VC_DEFINE(atomic_t, pending) = ATOMIC_INIT(0);
VC_DEFINE(atomic_t, execs) = ATOMIC_INIT(0);

/* contexts that are constructed; under vcontext_lock() */
static unsigned int constructed, failures;
static atomic_t holding = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(never);

/* ---- constructors ---- */

static int init_nth(struct vcontext *ctx, u32 nth)
{
	WARN_ON(VC(ctx, magic) != VC_TEST_MAGIC);
	WARN_ON(VC(ctx, stage) != nth - 1);
	if (fail_init == nth && constructed >= fail_after) {
		failures++;
		return -EDOM;
	}
	VC(ctx, stage) = nth;
	if (nth == 3)
		constructed++;
	return 0;
}

static void exit_nth(struct vcontext *ctx, u32 nth)
{
	WARN_ON(VC(ctx, magic) != VC_TEST_MAGIC);
	WARN_ON(VC(ctx, stage) != nth);
	VC(ctx, stage) = nth - 1;
	if (nth == 3) {
		WARN_ON(atomic_read(&VC(ctx, pending)));
		constructed--;
	}
}

static int init_first(struct vcontext *ctx)
{
	return init_nth(ctx, 1);
}

static int init_second(struct vcontext *ctx)
{
	return init_nth(ctx, 2);
}

static int init_third(struct vcontext *ctx)
{
	return init_nth(ctx, 3);
}

static void exit_first(struct vcontext *ctx)
{
	exit_nth(ctx, 1);
}

static void exit_second(struct vcontext *ctx)
{
	exit_nth(ctx, 2);
}

static void exit_third(struct vcontext *ctx)
{
	exit_nth(ctx, 3);
}

VC_INIT(first, init_first, exit_first);
VC_INIT(second, init_second, exit_second);
VC_INIT(third, init_third, exit_third);

/* ---- hooks ---- */

/* A hook is told of contexts that are constructed, and of those alone. */
static void check(struct vcontext *ctx)
{
	WARN_ON_ONCE(VC(ctx, magic) != VC_TEST_MAGIC || VC(ctx, stage) != 3);
}

static void add_thread(struct vcontext *ctx, int n)
{
	check(ctx);
	WARN_ON_ONCE(atomic_add_return(n, &VC(ctx, threads)) < 0);
}

static void add_pending(struct vcontext *ctx, int n)
{
	check(ctx);
	WARN_ON_ONCE(atomic_add_return(n, &VC(ctx, pending)) < 0);
}

static void test_found(struct vcontext *ctx, struct task_struct *task)
{
	add_thread(ctx, 1);
}

static int test_can_fork(struct vcontext *ctx, struct task_struct *child)
{
	if (VC(ctx, refuse) & VC_TEST_REFUSE_FORK)
		return -ENOTNAM;
	add_pending(ctx, 1);
	return 0;
}

static void test_cancel_fork(struct vcontext *ctx, struct task_struct *child)
{
	add_pending(ctx, -1);
}

static void test_fork(struct vcontext *ctx, struct task_struct *child)
{
	add_pending(ctx, -1);
	add_thread(ctx, 1);
}

static void test_exit(struct vcontext *ctx, struct task_struct *task)
{
	add_thread(ctx, -1);
}

static int test_can_move(struct vcontext *from, struct vcontext *to,
			 unsigned int nr)
{
	if (to && VC(to, refuse) & VC_TEST_REFUSE_MOVE)
		return -EXFULL;
	if (to)
		add_pending(to, nr);
	return 0;
}

static void test_cancel_move(struct vcontext *from, struct vcontext *to,
			     unsigned int nr)
{
	if (to)
		add_pending(to, -(int)nr);
}

static void test_move(struct task_struct *task, struct vcontext *from,
		      struct vcontext *to)
{
	if (from)
		add_thread(from, -1);
	if (to) {
		add_pending(to, -1);
		add_thread(to, 1);
	}
}

static int test_exec(struct vcontext *ctx, const struct linux_binprm *bprm)
{
	check(ctx);
	if (VC(ctx, refuse) & VC_TEST_REFUSE_EXEC)
		return -ENOANO;
	atomic_inc(&VC(ctx, execs));
	return 0;
}

static void test_cancel_exec(struct vcontext *ctx,
			     const struct linux_binprm *bprm)
{
	check(ctx);
	atomic_dec(&VC(ctx, execs));
}

static const struct vc_hooks test_hooks = {
	.found = test_found,
	.can_fork = test_can_fork,
	.cancel_fork = test_cancel_fork,
	.fork = test_fork,
	.exit = test_exit,
	.can_move = test_can_move,
	.cancel_move = test_cancel_move,
	.move = test_move,
	.exec = test_exec,
	.cancel_exec = test_cancel_exec,
};

/* ---- commands ---- */

static long state_get(struct vc_request *req)
{
	struct vc_test_state *arg = req->data;
	struct vcontext *pos;
	unsigned int nr = 0;

	vcontext_lock();
	vc_for_each(pos) {
		WARN_ON(VC(pos, stage) != 3);
		nr++;
	}
	/* what the walk finds are those that have been constructed */
	WARN_ON(nr != constructed);
	arg->magic = VC(req->ctx, magic);
	arg->stage = VC(req->ctx, stage);
	arg->constructed = constructed;
	arg->failures = failures;
	vcontext_unlock();
	arg->holding = atomic_read(&holding);
	arg->threads = atomic_read(&VC(req->ctx, threads));
	arg->pending = atomic_read(&VC(req->ctx, pending));
	arg->execs = atomic_read(&VC(req->ctx, execs));
	return 0;
}

static void state_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_test_state *arg = req->data;

	seq_printf(m, "stage=%u threads=%d execs=%u", arg->stage, arg->threads,
		   arg->execs);
}

static long hold_get(struct vc_request *req)
{
	atomic_inc(&holding);
	wait_event_interruptible(never, false);
	atomic_dec(&holding);
	return vc_fail(-EINTR, "held until a signal came");
}

static long refuse_set(struct vc_request *req)
{
	VC(req->ctx, refuse) = *(u32 *)req->data;
	return 0;
}

static const struct vc_command test_commands[] = {
	[VC_TEST_STATE] = {
		.name = "state",
		.doc = "what the module has seen",
		.version = 3,
		.show = state_show,
		.get = VC_METHOD(state_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_test_state),
	},
	[VC_TEST_HOLD] = {
		.name = "hold",
		.doc = "a call that does not end by itself",
		.version = 1,
		.hidden = true,
		.get = VC_METHOD_PLAIN(hold_get, VC_KIND_OWN_OR_BELOW),
	},
	[VC_TEST_REFUSE] = {
		.name = "refuse",
		.doc = "what hooks refuse",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD(refuse_set, VC_KIND_BELOW, VC_DATA_IN, u32),
	},
};

VC_DECLARE_CATEGORY(test, VC_CAT_TEST, 2, test_commands);

VC_MODULE(&test_hooks);

static void unregister(void)
{
	vc_module_unregister(VC_THIS_MODULE);
	WARN_ON(constructed);
	WARN_ON(atomic_read(&holding));
}

static int __init test_init(void)
{
	int ret = vc_module_register(VC_THIS_MODULE);

	/* all of what was constructed has been undone */
	WARN_ON(ret && constructed);
	if (!ret && fail_late) {
		unregister();
		ret = -ENODEV;
	}
	return ret;
}
module_init(test_init);

static void __exit test_exit_module(void)
{
	unregister();
}
module_exit(test_exit_module);

MODULE_DESCRIPTION("Test of modules that bring something to virtual contexts");
MODULE_LICENSE("GPL");
