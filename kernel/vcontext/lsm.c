// SPDX-License-Identifier: GPL-2.0
/*
 * The one place that registers security hooks; each calls a category.
 *
 * Last in order: what capabilities and other modules refuse stays refused.
 */
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/key.h>
#include <linux/lsm_hooks.h>
#include <linux/net.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/vcontext_net.h>
#include <net/af_unix.h>
#include <uapi/linux/lsm.h>
#include <uapi/linux/sctp.h>
#include <uapi/linux/tcp.h>

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

/* See vcontext_may_set_project().  What disk.c does is the kernel's own. */
bool __vcontext_may_set_project(void)
{
	return !in_context() || !binds(current_cred());
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

/*
 * Who is looked up for a signal is asked about there.  This is for what a task
 * sends without looking anybody up: at its death, to children that want one.
 */
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
	if (!vcontext_enabled())
		return 0;
	return vc_ns_may_exec() && vc_root_may_exec(bprm->file) ? 0 : -EPERM;
}

/* What is executed is found and can be; nothing has changed yet. */
static int vcontext_bprm_creds_from_file(struct linux_binprm *bprm,
					 const struct file *file)
{
	return vcontext_hooked() ? vc_hook_exec(bprm) : 0;
}

static void vcontext_bprm_committed_creds(const struct linux_binprm *bprm)
{
	if (vcontext_enabled())
		vc_process_entered();
	vcontext_classify(current, VCONTEXT_EXEC);
}

/* The new ones are put on after this: who classifies sees them. */
static void changes_ids(const struct cred *new, const struct cred *old)
{
	if (!uid_eq(new->uid, old->uid) || !uid_eq(new->euid, old->euid) ||
	    !gid_eq(new->gid, old->gid) || !gid_eq(new->egid, old->egid))
		vcontext_classify(current, VCONTEXT_IDS);
}

static int vcontext_task_fix_setuid(struct cred *new, const struct cred *old,
				    int flags)
{
	changes_ids(new, old);
	return 0;
}

static int vcontext_task_fix_setgid(struct cred *new, const struct cred *old,
				    int flags)
{
	changes_ids(new, old);
	return 0;
}

static int vcontext_sb_alloc_security(struct super_block *sb)
{
	vc_mount_new(sb);
	return 0;
}

static int vcontext_sb_remount(struct super_block *sb, void *mnt_opts)
{
	return vcontext_enabled() ? vc_mount_may_remount(sb) : 0;
}

static int vcontext_file_receive(struct file *file)
{
	return vcontext_enabled() ? vc_descriptor_may_receive(file) : 0;
}

/* Is current in a context whose ceiling has none of @caps? */
static bool ceiling_lacks(u64 caps)
{
	const struct vcontext *ctx;
	bool ret;

	rcu_read_lock();
	ctx = vcontext_of_task(current);
	ret = ctx && !(vc_process_caps(ctx) & caps);
	rcu_read_unlock();
	return ret;
}

/* The name may be chosen inside; who needs a module has the host load it. */
static int vcontext_kernel_module_request(char *kmod_name)
{
	if (!vcontext_enabled() || !ceiling_lacks(BIT_ULL(CAP_SYS_MODULE)))
		return 0;
	return -EPERM;
}

/* Mode and owner in /proc and sysfs are those of the machine. */
static int vcontext_inode_setattr(struct mnt_idmap *idmap,
				  struct dentry *dentry, struct iattr *attr)
{
	/* truncating is what opening for writing does */
	if (!(attr->ia_valid & (ATTR_MODE | ATTR_UID | ATTR_GID)))
		return 0;
	return vcontext_enabled() ? vc_pseudofs_may_change(dentry) : 0;
}

/* The log is the machine's; without CAP_SYSLOG it is often open to all. */
static int vcontext_syslog(int type)
{
	if (!vcontext_enabled() || !ceiling_lacks(BIT_ULL(CAP_SYSLOG)))
		return 0;
	return -EPERM;
}

/* What is left of the machine's integrity to mode bits: debugfs, tracefs... */
static int vcontext_locked_down(enum lockdown_reason what)
{
	/* what a ceiling that trusts the inside has */
	const u64 trust = BIT_ULL(CAP_SYS_ADMIN) | BIT_ULL(CAP_SYS_MODULE) |
			  BIT_ULL(CAP_SYS_RAWIO) | BIT_ULL(CAP_SYS_BOOT) |
			  BIT_ULL(CAP_BPF);

	if (!vcontext_enabled() || !in_task() || !ceiling_lacks(trust))
		return 0;
	return -EPERM;
}

#ifdef CONFIG_BPF_SYSCALL
static int vcontext_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	const u64 caps = BIT_ULL(CAP_BPF) | BIT_ULL(CAP_SYS_ADMIN);

	return vcontext_enabled() && ceiling_lacks(caps) ? -EPERM : 0;
}
#endif

#ifdef CONFIG_KEYS
static int vcontext_key_alloc(struct key *key, const struct cred *cred,
			      unsigned long flags)
{
	vc_key_new(key);
	return 0;
}

static int vcontext_key_permission(key_ref_t key_ref, const struct cred *cred,
				   enum key_need_perm need_perm)
{
	if (!vcontext_enabled() || !in_task() || !binds(cred) ||
	    vc_key_permitted(key_ref_to_ptr(key_ref)))
		return 0;
	return -EACCES;
}
#endif

#ifdef CONFIG_UNIX
static int vcontext_unix_stream_connect(struct sock *sock, struct sock *other,
					struct sock *newsk)
{
	return !vcontext_enabled() || vc_unix_visible(other) ? 0 :
							       -ECONNREFUSED;
}

static int vcontext_unix_may_send(struct socket *sock, struct socket *other)
{
	if (!vcontext_enabled() || unix_peer(sock->sk) == other->sk ||
	    vc_unix_visible(other->sk))
		return 0;
	return -ECONNREFUSED;
}
#endif

#ifdef CONFIG_NET
static int vcontext_socket_create(int family, int type, int protocol, int kern)
{
	if (!vcontext_enabled() || kern || vc_socket_permitted(family, type))
		return 0;
	return -EPERM;
}

static int vcontext_socket_setsockopt(struct socket *sock, int level,
				      int optname)
{
	/* it may look like one that the kernel uses for itself then */
	if (level == SOL_TCP && optname == TCP_ULP)
		return vcontext_may_use_sock(sock->sk);
	if (!vcontext_enabled() || vc_socket_may_set(sock->sk, level, optname) ||
	    !in_context())
		return 0;
	return -EPERM;
}
#endif

struct lsm_blob_sizes vcontext_blobs __ro_after_init = {
	.lbs_superblock = sizeof(u64),
#ifdef CONFIG_KEYS
	.lbs_key = sizeof(u64),
#endif
};

#ifdef CONFIG_QUOTACTL
static int vcontext_quotactl(int cmd, int type, int id,
			     const struct super_block *sb)
{
	if (!vcontext_enabled() || !in_context() ||
	    vc_disk_may_quotactl(cmd, type))
		return 0;
	return -EPERM;
}
#endif

#ifdef CONFIG_VCONTEXT_NETADDR
static int vcontext_socket_bind(struct socket *sock, struct sockaddr *address,
				int addrlen)
{
	return vc_socket_may_bind(sock->sk, address, addrlen);
}

static int vcontext_socket_connect(struct socket *sock,
				   struct sockaddr *address, int addrlen)
{
	return vcontext_may_use_sock(sock->sk);
}

static int vcontext_socket_listen(struct socket *sock, int backlog)
{
	return vcontext_may_use_sock(sock->sk);
}

static int vcontext_socket_accept(struct socket *sock, struct socket *newsock)
{
	return vcontext_may_use_sock(sock->sk);
}

/*
 * That receives.  Who sends or receives a message is asked in net/socket.c, as
 * a hook here would be called for each on a machine without contexts, too.
 */
static int vcontext_socket_getsockopt(struct socket *sock, int level,
				      int optname)
{
	if (level != SOL_TCP || optname != TCP_ZEROCOPY_RECEIVE)
		return 0;
	return vcontext_may_use_sock(sock->sk);
}

/* Options that bind and connect; what a peer asks for is nobody's affair. */
static int vcontext_sctp_bind_connect(struct sock *sk, int optname,
				      struct sockaddr *address, int addrlen)
{
	if (optname == SCTP_SOCKOPT_CONNECTX)
		return vcontext_may_use_sock(sk);
	if (optname != SCTP_SOCKOPT_BINDX_ADD)
		return 0;
	return vc_socket_may_bind_all(sk, address, addrlen);
}
#endif

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
	LSM_HOOK_INIT(bprm_creds_from_file, vcontext_bprm_creds_from_file),
	LSM_HOOK_INIT(bprm_committed_creds, vcontext_bprm_committed_creds),
	LSM_HOOK_INIT(task_fix_setuid, vcontext_task_fix_setuid),
	LSM_HOOK_INIT(task_fix_setgid, vcontext_task_fix_setgid),
	LSM_HOOK_INIT(sb_alloc_security, vcontext_sb_alloc_security),
	LSM_HOOK_INIT(sb_remount, vcontext_sb_remount),
	LSM_HOOK_INIT(file_receive, vcontext_file_receive),
	LSM_HOOK_INIT(kernel_module_request, vcontext_kernel_module_request),
	LSM_HOOK_INIT(inode_setattr, vcontext_inode_setattr),
	LSM_HOOK_INIT(syslog, vcontext_syslog),
	LSM_HOOK_INIT(locked_down, vcontext_locked_down),
#ifdef CONFIG_QUOTACTL
	LSM_HOOK_INIT(quotactl, vcontext_quotactl),
#endif
#ifdef CONFIG_BPF_SYSCALL
	LSM_HOOK_INIT(bpf, vcontext_bpf),
#endif
#ifdef CONFIG_KEYS
	LSM_HOOK_INIT(key_alloc, vcontext_key_alloc),
	LSM_HOOK_INIT(key_permission, vcontext_key_permission),
#endif
#ifdef CONFIG_NET
	LSM_HOOK_INIT(socket_create, vcontext_socket_create),
	LSM_HOOK_INIT(socket_setsockopt, vcontext_socket_setsockopt),
#endif
#ifdef CONFIG_UNIX
	LSM_HOOK_INIT(unix_stream_connect, vcontext_unix_stream_connect),
	LSM_HOOK_INIT(unix_may_send, vcontext_unix_may_send),
#endif
#ifdef CONFIG_VCONTEXT_NETADDR
	LSM_HOOK_INIT(socket_bind, vcontext_socket_bind),
	LSM_HOOK_INIT(socket_connect, vcontext_socket_connect),
	LSM_HOOK_INIT(socket_listen, vcontext_socket_listen),
	LSM_HOOK_INIT(socket_accept, vcontext_socket_accept),
	LSM_HOOK_INIT(socket_getsockopt, vcontext_socket_getsockopt),
	LSM_HOOK_INIT(sctp_bind_connect, vcontext_sctp_bind_connect),
#endif
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
	.blobs = &vcontext_blobs,
	.init = vcontext_lsm_init,
};
