// SPDX-License-Identifier: GPL-2.0
/*
 * The namespaces that a context owns, and how a task enters them.
 *
 * Prepare, attach, commit: everything that can fail is done before the
 * process moves to the context's group, and what is left after that cannot.
 * A context without a namespace of its own shares that of the next one above.
 *
 * The capability checks of setns(2) are not asked: they would meet the
 * ceiling of the context that the caller is still in.  Who may enter has been
 * decided before.
 */
#include <linux/cred.h>
#include <linux/export.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/ipc_namespace.h>
#include <linux/mnt_namespace.h>
#include <linux/nsproxy.h>
#include <linux/path.h>
#include <linux/perf_event.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

#include "../cgroup/cgroup-internal.h"
#include "internal.h"

#define VC_CREATE_NAMESPACES						\
	(VC_CREATE_NETNS | VC_CREATE_UTSNS | VC_CREATE_IPCNS |		\
	 VC_CREATE_PIDNS | VC_CREATE_MNTNS | VC_CREATE_CGROUPNS)

/*
 * A member that is not %NULL is owned and referenced.  Set by the
 * constructor, put by the destructor; in between only the PID namespace
 * changes.  All under vc_ns_mutex: who enters takes references under it.
 */
VC_DEFINE(struct nsproxy, namespaces) = { };

/* See the order of locks in internal.h. */
DEFINE_MUTEX(vc_ns_mutex);

/* What a task is about to get; see vc_ns_prepare(). */
struct vc_entry {
	struct nsproxy *nsproxy;
	struct path root;
	bool new_ipc;
	bool new_mnt;
};

/**
 * vc_ns_unsupported - which namespaces does this kernel not have?
 * @flags: VC_CREATE_*
 *
 * Context: any.
 * Return: those of @flags that are compiled out.
 */
int vc_ns_unsupported(u32 flags)
{
	u32 have = VC_CREATE_MNTNS | VC_CREATE_CGROUPNS | VC_CREATE_EPHEMERAL;

	if (IS_ENABLED(CONFIG_NET_NS))
		have |= VC_CREATE_NETNS;
	if (IS_ENABLED(CONFIG_UTS_NS))
		have |= VC_CREATE_UTSNS;
	if (IS_ENABLED(CONFIG_IPC_NS))
		have |= VC_CREATE_IPCNS;
	if (IS_ENABLED(CONFIG_PID_NS))
		have |= VC_CREATE_PIDNS;
	return flags & ~have;
}

/* Put what @set owns; members without a namespace are %NULL. */
static void put_set(struct nsproxy *set)
{
	if (set->uts_ns)
		put_uts_ns(set->uts_ns);
	if (set->ipc_ns)
		put_ipc_ns(set->ipc_ns);
	if (set->mnt_ns)
		put_mnt_ns(set->mnt_ns);
	if (set->pid_ns_for_children)
		put_pid_ns(set->pid_ns_for_children);
	if (set->net_ns)
		put_net(set->net_ns);
	if (set->cgroup_ns)
		put_cgroup_ns(set->cgroup_ns);
	memset(set, 0, sizeof(*set));
}

/**
 * vc_ns_own - a namespace has been made for a context, not by its tasks
 * @ns: nobody is in it yet
 * @ctx: the context
 *
 * Context: any.
 */
void vc_ns_own(struct ns_common *ns, const struct vcontext *ctx)
{
	ns->vcontext = ctx->cgroup_id;
}

static void own_set(struct nsproxy *set, const struct vcontext *ctx)
{
	if (set->uts_ns)
		vc_ns_own(&set->uts_ns->ns, ctx);
	if (set->ipc_ns)
		vc_ns_own(&set->ipc_ns->ns, ctx);
	if (set->mnt_ns)
		vc_ns_own(from_mnt_ns(set->mnt_ns), ctx);
	if (set->pid_ns_for_children)
		vc_ns_own(&set->pid_ns_for_children->ns, ctx);
	if (set->net_ns)
		vc_ns_own(&set->net_ns->ns, ctx);
	if (set->cgroup_ns)
		vc_ns_own(&set->cgroup_ns->ns, ctx);
}

/* See vcontext_may_setns(). */
int __vcontext_may_setns(const struct ns_common *ns)
{
	int ret;

	rcu_read_lock();
	ret = vc_made_inside(ns->vcontext, vcontext_of_task(current)) ?
		0 : -EPERM;
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(__vcontext_may_setns);

static struct cgroup_namespace *cgroup_ns_of(struct vcontext *ctx)
{
	struct css_set *cset = vc_engine_css_set(ctx);

	if (IS_ERR(cset))
		return ERR_CAST(cset);
	return cgroup_ns_create(ctx->user_ns, cset);
}

/* After an error @ns is %NULL, and @err says which, for put_set(). */
#define taken(ns, err) ({						\
	typeof(ns) _ns = (ns);						\
									\
	if (IS_ERR(_ns)) {						\
		(err) = PTR_ERR(_ns);					\
		_ns = NULL;						\
	}								\
	_ns;								\
})

static int namespaces_init(struct vcontext *ctx)
{
	struct user_namespace *user_ns = ctx->user_ns;
	struct nsproxy *old = current->nsproxy;
	u32 flags = ctx->flags;
	struct nsproxy set = { };
	int ret = 0;

	if (flags & VC_CREATE_UTSNS)
		set.uts_ns = taken(copy_utsname(CLONE_NEWUTS, user_ns,
						old->uts_ns), ret);
	if (!ret && (flags & VC_CREATE_IPCNS))
		set.ipc_ns = taken(copy_ipcs(CLONE_NEWIPC, user_ns,
					     old->ipc_ns), ret);
	if (!ret && (flags & VC_CREATE_PIDNS))
		set.pid_ns_for_children =
			taken(copy_pid_ns(CLONE_NEWPID, user_ns,
					  task_active_pid_ns(current)), ret);
	if (!ret && (flags & VC_CREATE_MNTNS))
		set.mnt_ns = taken(copy_mnt_ns(CLONE_NEWNS, old->mnt_ns,
					       user_ns, NULL), ret);
	if (!ret && (flags & VC_CREATE_CGROUPNS))
		set.cgroup_ns = taken(cgroup_ns_of(ctx), ret);
	if (!ret && (flags & VC_CREATE_NETNS))
		set.net_ns = taken(copy_net_ns(CLONE_NEWNET, user_ns,
					       old->net_ns), ret);
	if (ret) {
		put_set(&set);
		return vc_fail(ret, "a namespace could not be made");
	}
	own_set(&set, ctx);
	VC(ctx, namespaces) = set;
	return 0;
}

/*
 * Not with the last reference: a mount namespace may hold page cache that is
 * charged to the context's own group, and would pin itself.
 */
static void namespaces_exit(struct vcontext *ctx)
{
	struct nsproxy set;

	mutex_lock(&vc_ns_mutex);
	set = VC(ctx, namespaces);
	memset(&VC(ctx, namespaces), 0, sizeof(set));
	mutex_unlock(&vc_ns_mutex);

	put_set(&set);
}

VC_INIT(namespaces, namespaces_init, namespaces_exit);

/**
 * vc_ns_owned - does a task that enters a context change namespaces?
 * @ctx: the context
 * @above: what it has from here on up it has already; %NULL for nothing
 *
 * Context: any.
 * Return: true if it or one above it, but below @above, owns one, or a virtual
 * root.
 */
bool vc_ns_owned(struct vcontext *ctx, const struct vcontext *above)
{
	for (; ctx->level && ctx != above; ctx = ctx->parent)
		if ((ctx->flags & VC_CREATE_NAMESPACES) || vc_root_own(ctx))
			return true;
	return false;
}

#ifdef CONFIG_PID_NS
/* Has the init of @ns died?  Then nobody can be born in it any more. */
static bool pid_ns_dead(struct pid_namespace *ns)
{
	return !(READ_ONCE(ns->pid_allocated) & PIDNS_ADDING);
}

/*
 * The PID namespace of @owner for a task that enters: a fresh one if the
 * init of the last one has died.
 */
static struct pid_namespace *pid_ns_of(struct vcontext *owner)
{
	struct pid_namespace *active = task_active_pid_ns(current);
	struct nsproxy *set = &VC(owner, namespaces);
	struct pid_namespace *ns = set->pid_ns_for_children;
	struct pid_namespace *pos;

	lockdep_assert_held(&vc_ns_mutex);

	for (pos = ns; pos && pos != active; )
		pos = pos->level ? pos->parent : NULL;
	/* a fresh one is a child of the same parent, or of nobody */
	if (pos && pid_ns_dead(ns)) {
		if (ns->parent != active)
			pos = NULL;
		else
			ns = copy_pid_ns(CLONE_NEWPID, owner->user_ns, active);
		if (IS_ERR(ns))
			return ns;
		if (pos) {
			vc_ns_own(&ns->ns, owner);
			put_pid_ns(set->pid_ns_for_children);
			set->pid_ns_for_children = ns;
		}
	}
	if (ns && !pos) {
		vc_fail(-EINVAL,
			"the PID namespace of context %u is not below the caller's",
			owner->id);
		return ERR_PTR(-EINVAL);
	}
	return ns;
}
#else
static bool pid_ns_dead(struct pid_namespace *ns)
{
	return false;
}

static struct pid_namespace *pid_ns_of(struct vcontext *owner)
{
	return NULL;
}
#endif

/**
 * vc_ns_shown - what the kernel's file systems in a context's root show
 * @ctx: the context
 * @pid_ns: the PID namespace that its tasks are in; %NULL if no context has
 *	one
 * @net: its own network namespace, or %NULL
 *
 * Context: vc_ns_mutex held; both are borrowed.
 */
void vc_ns_shown(struct vcontext *ctx, struct pid_namespace **pid_ns,
		 struct net **net)
{
	lockdep_assert_held(&vc_ns_mutex);

	*net = VC(ctx, namespaces).net_ns;
	*pid_ns = NULL;
	for (; ctx->level && !*pid_ns; ctx = ctx->parent)
		*pid_ns = VC(ctx, namespaces).pid_ns_for_children;
}

/* The mount namespace of @ctx, if it has one; vc_ns_mutex held. */
static struct mnt_namespace *mnt_ns_of(struct vcontext *ctx)
{
	struct pid_namespace *pid_ns;
	struct mnt_namespace *ns;
	struct net *net;

	/* that of the PID namespace that is there by now */
	vc_ns_shown(ctx, &pid_ns, &net);
	ns = vc_root_mnt_ns(ctx, pid_ns);
	return ns ?: VC(ctx, namespaces).mnt_ns;
}

/* The namespaces that @ctx owns or inherits, borrowed; vc_ns_mutex held. */
static int collect(struct vcontext *ctx, struct nsproxy *set)
{
	struct vcontext *rooted = NULL, *pos;
	struct pid_namespace *pid_ns;
	struct mnt_namespace *mnt_ns;

	lockdep_assert_held(&vc_ns_mutex);

	for (pos = ctx; pos->level; pos = pos->parent) {
		const struct nsproxy *own = &VC(pos, namespaces);

		set->uts_ns = set->uts_ns ?: own->uts_ns;
		set->ipc_ns = set->ipc_ns ?: own->ipc_ns;
		set->net_ns = set->net_ns ?: own->net_ns;
		set->cgroup_ns = set->cgroup_ns ?: own->cgroup_ns;
		if (!rooted && (own->mnt_ns || vc_root_own(pos)))
			rooted = pos;
		if (!set->pid_ns_for_children && own->pid_ns_for_children) {
			pid_ns = pid_ns_of(pos);
			if (IS_ERR(pid_ns))
				return PTR_ERR(pid_ns);
			set->pid_ns_for_children = pid_ns;
		}
	}
	if (rooted) {
		mnt_ns = mnt_ns_of(rooted);
		if (IS_ERR(mnt_ns))
			return PTR_ERR(mnt_ns);
		set->mnt_ns = mnt_ns;
	}
	return 0;
}

/* The number of @file and one, if it leads to what is outside of a root. */
static int leads_out(const void *unused, struct file *file, unsigned int fd)
{
	/* where a namespace leads setns(2) asks */
	if (proc_ns_file(file))
		return 0;
	return vc_descriptor_leads(file) || vc_descriptor_acts(file) ?
		fd + 1 : 0;
}

/* What current has must be its own, and must not lead out of a root. */
static int check_files(void)
{
	struct files_struct *files = current->files;
	int found;

	if (atomic_read(&files->count) != 1)
		return vc_fail(-EINVAL,
			       "a root is entered with descriptors that nobody shares");
	/* under a spinlock */
	found = iterate_fd(files, 0, leads_out, NULL);
	if (!found)
		return 0;
	return vc_fail(-EBUSY,
		       "descriptor %d is a directory or another way out of the root",
		       found - 1);
}

/**
 * vc_ns_prepare - get ready to enter the namespaces of a context
 * @ctx: owns or inherits some
 *
 * Context: current is who enters; may sleep.
 * Return: for vc_ns_commit() or vc_ns_abort(), or an ERR_PTR(): %-EINVAL
 * (not single-threaded, or shares its fs or its descriptors), %-EBUSY (a
 * descriptor leads out of the root), %-ESTALE (call vc_root_freshen() first),
 * %-ENOMEM, ...
 */
struct vc_entry *vc_ns_prepare(struct vcontext *ctx)
{
	struct nsproxy set = { };
	struct vc_entry *entry;
	int ret;

	if (!thread_group_empty(current) || current->fs->users != 1) {
		vc_fail(-EINVAL,
			"context %u has namespaces: only a process with one thread and an fs of its own can enter",
			ctx->id);
		return ERR_PTR(-EINVAL);
	}

	entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return ERR_PTR(-ENOMEM);

	mutex_lock(&vc_ns_mutex);
	ret = collect(ctx, &set);
	if (!ret) {
		entry->nsproxy = nsproxy_replace(current->nsproxy, &set);
		ret = PTR_ERR_OR_ZERO(entry->nsproxy);
	}
	mutex_unlock(&vc_ns_mutex);
	if (ret)
		goto err_free;

	entry->new_ipc = set.ipc_ns && set.ipc_ns != current->nsproxy->ipc_ns;
	entry->new_mnt = set.mnt_ns && set.mnt_ns != current->nsproxy->mnt_ns;
	if (entry->new_mnt && vc_rooted(ctx)) {
		ret = check_files();
		if (ret)
			goto err_nsproxy;
	}
	if (entry->new_mnt) {
		ret = mnt_ns_root(set.mnt_ns, &entry->root);
		if (ret)
			goto err_nsproxy;
	}
	return entry;

err_nsproxy:
	free_nsproxy(entry->nsproxy);
err_free:
	kfree(entry);
	return ERR_PTR(ret);
}

/**
 * vc_ns_abort - do not enter after all
 * @entry: from vc_ns_prepare(), consumed
 *
 * Context: may sleep.
 */
void vc_ns_abort(struct vc_entry *entry)
{
	if (entry->new_mnt)
		path_put(&entry->root);
	free_nsproxy(entry->nsproxy);
	kfree(entry);
}

/**
 * vc_ns_commit - enter
 * @entry: from vc_ns_prepare(), consumed
 *
 * Context: current is who enters; may sleep, cannot fail.
 */
void vc_ns_commit(struct vc_entry *entry)
{
	if (entry->new_mnt) {
		set_fs_pwd(current->fs, &entry->root);
		set_fs_root(current->fs, &entry->root);
		path_put(&entry->root);
	}
	if (entry->new_ipc) {
		/* undo lists and segments of the old one, as in unshare(2) */
		exit_sem(current);
		exit_shm(current);
		shm_init_task(current);
	}
	switch_task_namespaces(current, entry->nsproxy);
	current->vcontext_born = false;
	perf_event_namespaces(current);
	kfree(entry);
}

/**
 * vc_ns_birth - give a child that is being made the PID namespace of a context
 * @child: has no number yet
 * @ctx: where it will be born
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vc_ns_birth(struct task_struct *child, struct vcontext *ctx)
{
	struct nsproxy set = { }, *new, *old = child->nsproxy;
	struct vcontext *pos;
	int ret = 0;

	mutex_lock(&vc_ns_mutex);
	for (pos = ctx; pos->level; pos = pos->parent)
		if (VC(pos, namespaces).pid_ns_for_children)
			break;
	if (!pos->level)
		goto out_unlock;
	set.pid_ns_for_children = pid_ns_of(pos);
	if (IS_ERR(set.pid_ns_for_children)) {
		ret = PTR_ERR(set.pid_ns_for_children);
		goto out_unlock;
	}
	new = nsproxy_replace(old, &set);
	if (IS_ERR(new)) {
		ret = PTR_ERR(new);
		goto out_unlock;
	}
	/* nobody else knows the child */
	child->nsproxy = new;
	put_nsproxy(old);
out_unlock:
	mutex_unlock(&vc_ns_mutex);
	return ret;
}

/**
 * vc_ns_born_in - is a child's PID namespace one of a context?
 * @child: being born
 * @ctx: where
 *
 * Context: any; a snapshot.
 * Return: as asked; true if no context on the way owns one.
 */
bool vc_ns_born_in(const struct task_struct *child, struct vcontext *ctx)
{
	struct pid_namespace *ns;

	for (; ctx->level; ctx = ctx->parent) {
		if (!(ctx->flags & VC_CREATE_PIDNS))
			continue;
		/* it may have been succeeded by another one meanwhile */
		ns = child->nsproxy->pid_ns_for_children;
		return ns->ns.vcontext == ctx->cgroup_id;
	}
	return true;
}

/**
 * vc_ns_may_exec - has current entered its context's PID namespace?
 *
 * A PID namespace is entered by the next fork; until then a program would
 * run in the context and see, by number, processes outside.  Who was born in
 * the context has to enter the other namespaces first.
 *
 * Context: process.
 * Return: false between entering and fork, or between birth and entering.
 */
bool vc_ns_may_exec(void)
{
	struct pid_namespace *next = current->nsproxy->pid_ns_for_children;
	struct vcontext *ctx;
	bool ret = true;

	if (current->vcontext_born) {
		rcu_read_lock();
		ctx = vcontext_of_task(current);
		ret = !ctx || !vc_ns_owned(ctx, NULL);
		rcu_read_unlock();
		return ret;
	}
	if (task_active_pid_ns(current) == next)
		return true;

	rcu_read_lock();
	for (ctx = vcontext_of_task(current); ctx && ctx->level;
	     ctx = ctx->parent)
		if (next == READ_ONCE(VC(ctx, namespaces).pid_ns_for_children) ||
		    ((ctx->flags & VC_CREATE_PIDNS) && pid_ns_dead(next)))
			ret = false;
	rcu_read_unlock();
	return ret;
}

/**
 * vc_ns_has_net - is current in a network namespace of its own context's?
 * @ctx: current's
 *
 * One that it, or a context below it, owns or has made.  The host has all.
 *
 * Context: process.
 * Return: as asked.
 */
bool vc_ns_has_net(const struct vcontext *ctx)
{
	bool ret;

	if (!ctx->level)
		return true;
	rcu_read_lock();
	ret = vc_made_inside(current->nsproxy->net_ns->ns.vcontext, ctx);
	rcu_read_unlock();
	return ret;
}

/**
 * vc_ns_net - the network namespace that a context owns
 * @ctx: the context
 *
 * Context: process.
 * Return: a reference that the caller puts, or %NULL.
 */
struct net *vc_ns_net(struct vcontext *ctx)
{
	struct net *net;

	mutex_lock(&vc_ns_mutex);
	net = VC(ctx, namespaces).net_ns;
	if (net)
		get_net(net);
	mutex_unlock(&vc_ns_mutex);
	return net;
}

/**
 * vc_ns_uts - the UTS namespace that a context owns
 * @ctx: the context
 *
 * Context: process.
 * Return: a reference that the caller puts, or %NULL.
 */
struct uts_namespace *vc_ns_uts(struct vcontext *ctx)
{
	struct uts_namespace *ns;

	mutex_lock(&vc_ns_mutex);
	ns = VC(ctx, namespaces).uts_ns;
	if (ns)
		get_uts_ns(ns);
	mutex_unlock(&vc_ns_mutex);
	return ns;
}
