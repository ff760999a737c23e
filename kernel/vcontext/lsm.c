// SPDX-License-Identifier: GPL-2.0
/*
 * The one place that registers security hooks; each calls a category.
 *
 * Last in order: what capabilities and other modules refuse stays refused.
 */
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/lsm_hooks.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <uapi/linux/lsm.h>

#include "internal.h"

static bool in_context(void)
{
	bool ret;

	rcu_read_lock();
	ret = vcontext_of_task(current);
	rcu_read_unlock();
	return ret;
}

/*
 * Are these credentials that a task of a context acts by of its own will?
 * Its own are, and copies that it made (access(2), a personality of
 * io_uring).  Those that the kernel puts on for itself, as overlayfs does
 * for its lower files, are not.
 */
static bool binds(const struct cred *cred)
{
	return cred == rcu_access_pointer(current->real_cred) ||
	       cred->vcontext;
}

static int vcontext_capable(const struct cred *cred, struct user_namespace *ns,
			    int cap, unsigned int opts)
{
	struct vcontext *ctx;
	int ret = 0;

	if (!vcontext_enabled() || !in_task())
		return 0;

	rcu_read_lock();
	ctx = vcontext_of_task(current);
	if (ctx && binds(cred) && !(vc_process_caps(ctx) & BIT_ULL(cap)))
		ret = -EPERM;
	rcu_read_unlock();
	return ret;
}

static int vcontext_cred_prepare(struct cred *new, const struct cred *old,
				 gfp_t gfp)
{
	/* a copy of @old, so marked already where @old is */
	if (vcontext_enabled() && in_context() && binds(old))
		new->vcontext = true;
	return 0;
}

/* The same for credentials that are filled in by hand. */
static void vcontext_cred_transfer(struct cred *new, const struct cred *old)
{
	new->vcontext = old->vcontext || (vcontext_enabled() && in_context());
}

#ifdef CONFIG_IO_URING
/* A personality that was registered outside is not for the inside. */
static int vcontext_uring_override_creds(const struct cred *new)
{
	if (!vcontext_enabled() || !in_context() || binds(new))
		return 0;
	return -EPERM;
}
#endif

static int vcontext_ptrace_access_check(struct task_struct *child,
					unsigned int mode)
{
	return vcontext_task_visible(child) ? 0 : -EPERM;
}

static int vcontext_task_kill(struct task_struct *p,
			      struct kernel_siginfo *info, int sig,
			      const struct cred *cred)
{
	/* with @cred a driver acts for a process that is not current */
	if (cred || !in_task())
		return 0;
	return vcontext_task_visible(p) ? 0 : -EPERM;
}

static int vcontext_task_setnice(struct task_struct *p, int nice)
{
	if (!vcontext_enabled() || vc_sched_may_nice(p, nice))
		return 0;
	return -EPERM;
}

static int vcontext_bprm_check_security(struct linux_binprm *bprm)
{
	if (!vcontext_enabled() || vc_ns_may_exec())
		return 0;
	return -EPERM;
}

static struct security_hook_list vcontext_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(capable, vcontext_capable),
	LSM_HOOK_INIT(cred_prepare, vcontext_cred_prepare),
	LSM_HOOK_INIT(cred_transfer, vcontext_cred_transfer),
#ifdef CONFIG_IO_URING
	LSM_HOOK_INIT(uring_override_creds, vcontext_uring_override_creds),
#endif
	LSM_HOOK_INIT(ptrace_access_check, vcontext_ptrace_access_check),
	LSM_HOOK_INIT(task_kill, vcontext_task_kill),
	LSM_HOOK_INIT(task_setnice, vcontext_task_setnice),
	LSM_HOOK_INIT(bprm_check_security, vcontext_bprm_check_security),
};

static const struct lsm_id vcontext_lsmid = {
	.name = "vcontext",
	.id = LSM_ID_VCONTEXT,
};

static int __init vcontext_lsm_init(void)
{
	security_add_hooks(vcontext_hooks, ARRAY_SIZE(vcontext_hooks),
			   &vcontext_lsmid);
	return 0;
}

/* LSM_ORDER_LAST is on whatever lsm= says: contexts depend on it. */
DEFINE_LSM(vcontext) = {
	.name = "vcontext",
	.order = LSM_ORDER_LAST,
	.init = vcontext_lsm_init,
};
