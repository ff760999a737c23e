// SPDX-License-Identifier: GPL-2.0
/*
 * The virtual root of a context, and what is bound below it.
 *
 * A root is kept twice: as what has been asked for, a private copy of the
 * mounts at the directory and at each bind's source, which the inside never
 * touches; and as the mount namespace made of it, which tasks enter.  A PID
 * namespace that succeeds a dead one gets a mount namespace made anew, with a
 * proc of its own; nothing that was mounted inside meanwhile is in it.
 *
 * What has been asked for changes only while no task is in the context:
 * vc_root_rwsem is held for writing then, and for reading by who enters.  All
 * of it is under vc_ns_mutex, which the destructor takes, too.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mnt_namespace.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/rwsem.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "internal.h"

static_assert(sizeof(struct vc_vfs_root) == 16);
static_assert(sizeof(struct vc_bind) == 32);
static_assert(sizeof(struct vc_targets) == 8);

/* Binds of one context, at most. */
#define BINDS_MAX	256

#define VC_ROOT_ALL	(VC_ROOT_READONLY | VC_ROOT_BARE)

/**
 * struct vc_root - a virtual root
 * @tree: copy of the mounts at the directory, owned; (c)
 * @path: of the directory, as whoever set it saw it, owned; (c)
 * @flags: VC_ROOT_*; (c)
 * @level: of the context that set it; those below are not told where; (c)
 * @nr_binds: how many of @binds
 * @binds: in order
 * @mnt_ns: made of it, owned
 * @pid_ns: whose processes its proc shows, referenced
 */
struct vc_root {
	struct vfsmount *tree;
	char *path;
	u32 flags;
	u32 level;
	u32 nr_binds;
	struct list_head binds;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns;
};

/**
 * struct root_bind - a directory or file that appears below a root
 * @node: in its list
 * @tree: copy of the mounts at the source, owned
 * @flags: VC_BIND_*
 * @target: where it appears, as the inside sees it
 */
struct root_bind {
	struct list_head node;
	struct vfsmount *tree;
	u32 flags;
	char target[VC_TARGET_SIZE];
};

/* See the order of locks in internal.h. */
DECLARE_RWSEM(vc_root_rwsem);

/*
 * Owned.  Set under vc_root_rwsem, vcontext_mutex and vc_ns_mutex, cleared by
 * the destructor under the last two; read under vc_ns_mutex.
 */
VC_DEFINE(struct vc_root *, root) = NULL;

/* What is at the root of each mount namespace, below the tree: nothing. */
static struct vfsmount *bottom __ro_after_init;

static void bind_free(struct root_bind *bind)
{
	drop_collected_mounts(bind->tree);
	kfree(bind);
}

static void root_free(struct vc_root *root)
{
	struct root_bind *pos, *next;

	if (!root)
		return;
	if (root->mnt_ns)
		put_mnt_ns(root->mnt_ns);
	if (root->pid_ns)
		put_pid_ns(root->pid_ns);
	list_for_each_entry_safe(pos, next, &root->binds, node)
		bind_free(pos);
	drop_collected_mounts(root->tree);
	kfree(root->path);
	kfree(root);
}

/* Nobody is in it, and nobody can enter any more. */
static void root_exit(struct vcontext *ctx)
{
	struct vc_root *root;

	mutex_lock(&vc_ns_mutex);
	root = VC(ctx, root);
	WRITE_ONCE(VC(ctx, root), NULL);
	mutex_unlock(&vc_ns_mutex);
	root_free(root);
}

VC_INIT(root, NULL, root_exit);

/**
 * vc_rooted - has a context, or one above it, a virtual root?
 * @ctx: the context; %NULL is the host
 *
 * Context: RCU, or a reference.
 * Return: as asked.
 */
bool vc_rooted(const struct vcontext *ctx)
{
	for (; ctx && ctx->level; ctx = ctx->parent)
		if (READ_ONCE(VC(ctx, root)))
			return true;
	return false;
}

/**
 * vc_root_own - has a context a virtual root of its own?
 * @ctx: the context
 *
 * Context: a snapshot, unless vc_root_rwsem is held.
 * Return: as asked.
 */
bool vc_root_own(const struct vcontext *ctx)
{
	return READ_ONCE(VC(ctx, root));
}

/**
 * vc_root_dir - the directory that is a context's own virtual root
 * @ctx: the context
 * @dir: filled, with references held
 *
 * On a mount that is nobody's namespace: as the host has it, whatever the
 * context's flags say.
 *
 * Context: may sleep.
 * Return: 0, or %-ENOENT.
 */
int vc_root_dir(struct vcontext *ctx, struct path *dir)
{
	const struct vc_root *root;

	mutex_lock(&vc_ns_mutex);
	root = VC(ctx, root);
	if (root) {
		dir->mnt = mntget(root->tree);
		dir->dentry = dget(root->tree->mnt_root);
	}
	mutex_unlock(&vc_ns_mutex);
	return root ? 0 : -ENOENT;
}

/**
 * vc_root_may_exec - may current, which may be entering, execute a file?
 * @file: the program, or an interpreter
 *
 * What it has of the outside must not become a program of the inside: that of
 * the tool which enters would be there to be overwritten, as /proc/self/exe of
 * a runtime was in CVE-2019-5736.
 *
 * Context: process.
 * Return: false if it is of another mount namespace than a root's.
 */
bool vc_root_may_exec(const struct file *file)
{
	bool rooted;

	if (!current->vcontext_origin)
		return true;
	rcu_read_lock();
	rooted = vc_rooted(vcontext_of_task(current));
	rcu_read_unlock();
	return !rooted || our_mnt(file->f_path.mnt);
}

/* ---- what the kernel mounts ---- */

/* Mount @mnt, consumed, where @root has a directory @target, if it has. */
static int attach(struct mnt_namespace *ns, struct vfsmount *mnt,
		  const char *target, int mnt_flags)
{
	int ret;

	if (IS_ERR(mnt))
		return vc_fail(PTR_ERR(mnt), "nothing to mount on %s", target);
	ret = mnt_ns_attach(ns, mnt, target,
			    LOOKUP_DIRECTORY | LOOKUP_NO_SYMLINKS, mnt_flags);
	mntput(mnt);
	if (ret)
		return vc_fail(ret, "%s in the root cannot be mounted on",
			       target);
	return 0;
}

/* Has the root of @ns a directory @name?  What is none is no place. */
static int has_dir(struct mnt_namespace *ns, const char *name)
{
	struct path root, path;
	int ret;

	ret = mnt_ns_root(ns, &root);
	if (ret)
		return ret;
	ret = vfs_path_lookup(root.dentry, root.mnt, name,
			      LOOKUP_DIRECTORY | LOOKUP_NO_SYMLINKS, &path);
	path_put(&root);
	/* a file, or a link that may lead anywhere */
	if (ret == -ENOENT || ret == -ENOTDIR || ret == -ELOOP)
		return 0;
	if (ret)
		return vc_fail(ret, "%s in the root cannot be reached", name);
	path_put(&path);
	return 1;
}

/**
 * vc_mount_type - a mount of a file system without a device
 * @type: its name
 * @data: options, or %NULL
 *
 * Context: may sleep.
 * Return: attached nowhere, for mntput(); or an ERR_PTR().
 */
struct vfsmount *vc_mount_type(const char *type, void *data)
{
	struct file_system_type *fs_type = get_fs_type(type);
	struct vfsmount *mnt;

	if (!fs_type)
		return ERR_PTR(-ENODEV);
	mnt = vfs_kern_mount(fs_type, 0, type, data);
	put_filesystem(fs_type);
	return mnt;
}

/* The permitted devices, and a devpts of its own. */
static int mount_dev(struct vcontext *ctx, struct mnt_namespace *ns)
{
	char options[] = "ptmxmode=0666,mode=0620,gid=5";
	int ret;

	ret = attach(ns, vc_dev_mount(ctx), "dev", MNT_NOSUID | MNT_NOEXEC);
	if (!ret && IS_ENABLED(CONFIG_UNIX98_PTYS))
		ret = attach(ns, vc_mount_type("devpts", options), "dev/pts",
			     MNT_NOSUID | MNT_NOEXEC);
	return ret;
}

static int mount_proc(struct mnt_namespace *ns, struct pid_namespace *pid_ns)
{
#ifdef CONFIG_PROC_FS
	return attach(ns, proc_mount(pid_ns), "proc",
		      MNT_NOSUID | MNT_NODEV | MNT_NOEXEC);
#else
	return 0;
#endif
}

static int mount_sys(struct mnt_namespace *ns, struct net *net)
{
#ifdef CONFIG_SYSFS
	/* the devices of the host's network are not for the inside */
	if (net)
		return attach(ns, sysfs_mount(net), "sys", MNT_READONLY |
			      MNT_NOSUID | MNT_NODEV | MNT_NOEXEC);
#endif
	return 0;
}

/* ---- the mount namespace ---- */

static int attach_bind(struct mnt_namespace *ns, const struct root_bind *bind)
{
	int flags = bind->flags & VC_BIND_READONLY ? MNT_READONLY : 0;
	int ret = mnt_ns_attach(ns, bind->tree, bind->target, LOOKUP_FOLLOW,
				flags);

	if (!ret)
		return 0;
	return vc_fail(ret, ret == -ENOTDIR ?
		       "target %s: a directory on a file, or a file on a directory" :
		       "target %s: not there below the root",
		       bind->target);
}

/* Neither has one below a bare root what was kept from those above. */
static bool is_bare(const struct vcontext *ctx, const struct vc_root *root)
{
	const struct vc_root *above;

	lockdep_assert_held(&vc_ns_mutex);

	if (root->flags & VC_ROOT_BARE)
		return true;
	for (ctx = ctx->parent; ctx->level; ctx = ctx->parent) {
		above = VC(ctx, root);
		if (above && (above->flags & VC_ROOT_BARE))
			return true;
	}
	return false;
}

/* A mount namespace made of @root; @net is the context's own, or %NULL. */
static struct mnt_namespace *build(struct vcontext *ctx,
				   const struct vc_root *root,
				   struct pid_namespace *pid_ns,
				   struct net *net)
{
	const struct root_bind *bind;
	struct mnt_namespace *ns;
	int ret = 0;

	ns = mnt_ns_create(ctx->user_ns, bottom, root->tree,
			   root->flags & VC_ROOT_READONLY);
	if (IS_ERR(ns)) {
		vc_fail(PTR_ERR(ns), "no mount namespace could be made");
		return ns;
	}
	vc_ns_own(from_mnt_ns(ns), ctx);
	/* what the caller's context may mount is not asked */
	current->vcontext_builds = true;
	if (!is_bare(ctx, root)) {
		ret = has_dir(ns, "proc");
		if (ret > 0)
			ret = mount_proc(ns, pid_ns);
		if (!ret)
			ret = has_dir(ns, "dev");
		if (ret > 0)
			ret = mount_dev(ctx, ns);
		if (!ret)
			ret = has_dir(ns, "sys");
		if (ret > 0)
			ret = mount_sys(ns, net);
	}
	list_for_each_entry(bind, &root->binds, node) {
		if (ret)
			break;
		ret = attach_bind(ns, bind);
	}
	current->vcontext_builds = false;
	if (ret) {
		put_mnt_ns(ns);
		return ERR_PTR(ret);
	}
	return ns;
}

/* Make the mount namespace of @root, or make it anew. */
static int renew(struct vcontext *ctx, struct vc_root *root,
		 struct pid_namespace *pid_ns, struct net *net)
{
	struct mnt_namespace *ns;

	/* no context has one: that of who made it first, whoever comes */
	pid_ns = pid_ns ?: root->pid_ns ?: task_active_pid_ns(current);
	ns = build(ctx, root, pid_ns, net);
	if (IS_ERR(ns))
		return PTR_ERR(ns);
	if (root->mnt_ns)
		put_mnt_ns(root->mnt_ns);
	root->mnt_ns = ns;
	get_pid_ns(pid_ns);
	if (root->pid_ns)
		put_pid_ns(root->pid_ns);
	root->pid_ns = pid_ns;
	return 0;
}

/**
 * vc_root_mnt_ns - the mount namespace of a context's own virtual root
 * @ctx: the context
 * @pid_ns: whose processes it has to show; %NULL for those that it shows
 * @net: the context's own, or %NULL
 *
 * It is made anew if it shows those of another PID namespace.
 *
 * Context: vc_ns_mutex held; may sleep.
 * Return: borrowed, %NULL without a root, or an ERR_PTR().
 */
struct mnt_namespace *vc_root_mnt_ns(struct vcontext *ctx,
				     struct pid_namespace *pid_ns,
				     struct net *net)
{
	struct vc_root *root = VC(ctx, root);
	int ret;

	lockdep_assert_held(&vc_ns_mutex);

	if (!root)
		return NULL;
	if (pid_ns && root->pid_ns != pid_ns) {
		ret = renew(ctx, root, pid_ns, net);
		if (ret)
			return ERR_PTR(ret);
	}
	return root->mnt_ns;
}

/**
 * vc_root_renew - make the mount namespace of a context's root anew
 * @ctx: without tasks
 *
 * What it is made of has changed.  A context without a root has nothing to do.
 *
 * Context: vc_root_rwsem held for writing; may sleep.
 * Return: 0 or a negative errno; then nothing has changed.
 */
int vc_root_renew(struct vcontext *ctx)
{
	struct pid_namespace *pid_ns;
	struct vc_root *root;
	struct net *net;
	int ret = 0;

	lockdep_assert_held_write(&vc_root_rwsem);

	mutex_lock(&vc_ns_mutex);
	root = VC(ctx, root);
	if (root) {
		vc_ns_shown(ctx, &pid_ns, &net);
		ret = renew(ctx, root, pid_ns, net);
	}
	mutex_unlock(&vc_ns_mutex);
	return ret;
}

/* ---- commands ---- */

/* Lock out who enters; fails if somebody is in. */
static int lock_idle(struct vcontext *ctx)
{
	if (down_write_killable(&vc_root_rwsem))
		return -EINTR;
	if (!vc_engine_populated(ctx))
		return 0;
	up_write(&vc_root_rwsem);
	return vc_fail(-EBUSY, "context %u has tasks", ctx->id);
}

/* @path of @len bytes, with a NUL behind them, looked up by current. */
static int find(const char *what, const char *name, u32 len,
		unsigned int flags, struct path *path)
{
	int ret;

	if (!len)
		return vc_fail(-EINVAL, "%s is empty", what);
	if (strlen(name) != len)
		return vc_fail(-EINVAL, "%s has a NUL in it", what);
	ret = kern_path(name, LOOKUP_FOLLOW | flags, path);
	return ret ? vc_fail(ret, "%s %.80s cannot be reached", what, name) : 0;
}

/* @path as current sees it, for kfree(). */
static char *path_name(const struct path *path)
{
	char *page = (char *)__get_free_page(GFP_KERNEL), *name;

	if (!page)
		return NULL;
	name = d_path(path, page, PAGE_SIZE);
	if (!IS_ERR(name))
		name = kstrdup(name, GFP_KERNEL_ACCOUNT);
	free_page((unsigned long)page);
	return IS_ERR(name) ? NULL : name;
}

static struct vc_root *root_alloc(const char *name, const struct path *dir,
				  u32 flags)
{
	struct vc_root *root = kzalloc(sizeof(*root), GFP_KERNEL_ACCOUNT);

	if (!root)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&root->binds);
	root->flags = flags;
	root->path = path_name(dir);
	if (!root->path) {
		kfree(root);
		return ERR_PTR(-ENOMEM);
	}
	root->tree = mnt_collect(dir);
	if (IS_ERR(root->tree)) {
		int ret = PTR_ERR(root->tree);

		kfree(root->path);
		kfree(root);
		vc_fail(ret, "path %.80s cannot be a root", name);
		return ERR_PTR(ret);
	}
	return root;
}

/* SET 6/1 */
long vc_root_set(struct vc_request *req)
{
	const struct vc_vfs_root *arg = req->data;
	struct vcontext *ctx = req->ctx;
	struct pid_namespace *pid_ns;
	struct vc_root *root;
	struct net *net;
	struct path dir;
	int ret;

	if (arg->flags & ~VC_ROOT_ALL)
		return vc_fail(-EINVAL, "flags %#x: unknown bits", arg->flags);
	ret = find("path", req->buffer[0], arg->len, LOOKUP_DIRECTORY, &dir);
	if (ret)
		return ret;
	root = root_alloc(req->buffer[0], &dir, arg->flags);
	path_put(&dir);
	if (IS_ERR(root))
		return PTR_ERR(root);
	root->level = req->caller->level;

	ret = lock_idle(ctx);
	if (ret)
		goto out_free;
	mutex_lock(&vcontext_mutex);
	mutex_lock(&vc_ns_mutex);
	vc_ns_shown(ctx, &pid_ns, &net);
	if (ctx->removed)
		ret = vc_fail(-ESRCH, "context %u is gone", ctx->id);
	else if (VC(ctx, root))
		ret = vc_fail(-EBUSY, "context %u has a root", ctx->id);
	else
		ret = renew(ctx, root, pid_ns, net);
	if (!ret)
		WRITE_ONCE(VC(ctx, root), root);
	mutex_unlock(&vc_ns_mutex);
	/* a task that was born since executes nothing from here on */
	if (!ret && vc_engine_populated(ctx)) {
		WRITE_ONCE(VC(ctx, root), NULL);
		ret = vc_fail(-EBUSY, "context %u has tasks", ctx->id);
	}
	mutex_unlock(&vcontext_mutex);
	up_write(&vc_root_rwsem);
out_free:
	if (ret)
		root_free(root);
	return ret;
}

/* Where it is outside is not for those inside of whoever set it. */
static const char *told_path(const struct vc_root *root,
			     const struct vcontext *caller)
{
	return caller->level > root->level ? "/" : root->path;
}

/* GET 6/1 */
long vc_root_get(struct vc_request *req)
{
	struct vc_vfs_root *arg = req->data;
	const struct vc_root *root;
	long ret = 0;

	mutex_lock(&vc_ns_mutex);
	root = VC(req->ctx, root);
	if (root) {
		req->buffer[0] = kstrdup(told_path(root, req->caller),
					 GFP_KERNEL_ACCOUNT);
		if (req->buffer[0])
			req->buffer_len[0] = strlen(req->buffer[0]);
		else
			ret = -ENOMEM;
		arg->flags = root->flags;
	} else {
		ret = vc_fail(-ENOENT, "context %u has no root", req->ctx->id);
	}
	mutex_unlock(&vc_ns_mutex);
	return ret;
}

/* GET 6/1 for /proc, whose requests have no buffers. */
void vc_root_show(struct seq_file *m, const struct vc_command *command,
		  const struct vc_request *req)
{
	const struct vc_root *root;

	mutex_lock(&vc_ns_mutex);
	root = VC(req->ctx, root);
	if (root) {
		seq_printf(m, "%s flags=%#x path=", command->name, root->flags);
		seq_escape(m, told_path(root, req->caller), " \t\n\\");
		seq_putc(m, '\n');
	}
	mutex_unlock(&vc_ns_mutex);
}

/* SET 6/2 */
long vc_root_remove(struct vc_request *req)
{
	struct vcontext *ctx = req->ctx;
	struct vc_root *root;
	int ret;

	ret = lock_idle(ctx);
	if (ret)
		return ret;
	mutex_lock(&vc_ns_mutex);
	root = VC(ctx, root);
	WRITE_ONCE(VC(ctx, root), NULL);
	mutex_unlock(&vc_ns_mutex);
	if (root)
		vc_disk_release(ctx);
	up_write(&vc_root_rwsem);
	vc_disk_settle();
	if (!root)
		return vc_fail(-ENOENT, "context %u has no root", ctx->id);
	root_free(root);
	return 0;
}

static struct root_bind *bind_alloc(const struct vc_request *req,
				    const struct vc_bind *arg)
{
	struct root_bind *bind;
	struct path source;
	int ret;

	ret = find("source", req->buffer[0], arg->source_len, 0, &source);
	if (ret)
		return ERR_PTR(ret);
	bind = kzalloc(sizeof(*bind), GFP_KERNEL_ACCOUNT);
	if (!bind) {
		path_put(&source);
		return ERR_PTR(-ENOMEM);
	}
	bind->flags = arg->flags;
	strscpy(bind->target, req->buffer[1]);
	bind->tree = mnt_collect(&source);
	path_put(&source);
	if (IS_ERR(bind->tree)) {
		ret = PTR_ERR(bind->tree);
		kfree(bind);
		vc_fail(ret, "source %.80s cannot be bound",
			(char *)req->buffer[0]);
		return ERR_PTR(ret);
	}
	return bind;
}

static int check_target(const char *target, u32 len)
{
	if (!len)
		return vc_fail(-EINVAL, "target is empty");
	if (len >= VC_TARGET_SIZE)
		return vc_fail(-ENAMETOOLONG, "target_len %u: at most %u", len,
			       VC_TARGET_SIZE - 1);
	if (strlen(target) != len)
		return vc_fail(-EINVAL, "target has a NUL in it");
	if (target[0] != '/')
		return vc_fail(-EINVAL, "target %s does not begin with /",
			       target);
	return 0;
}

/* SET 6/8 */
long vc_bind_set(struct vc_request *req)
{
	const struct vc_bind *arg = req->data;
	struct vcontext *ctx = req->ctx;
	struct root_bind *bind;
	struct vc_root *root;
	int ret;

	if (arg->flags & ~VC_BIND_READONLY)
		return vc_fail(-EINVAL, "flags %#x: unknown bits", arg->flags);
	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	ret = check_target(req->buffer[1], arg->target_len);
	if (ret)
		return ret;
	bind = bind_alloc(req, arg);
	if (IS_ERR(bind))
		return PTR_ERR(bind);

	ret = lock_idle(ctx);
	if (ret)
		goto out_free;
	mutex_lock(&vc_ns_mutex);
	root = VC(ctx, root);
	if (!root)
		ret = vc_fail(-ENOENT, "context %u has no root to bind below",
			      ctx->id);
	else if (root->nr_binds == BINDS_MAX)
		ret = vc_fail(-ENOSPC, "context %u has %u binds already",
			      ctx->id, root->nr_binds);
	else
		ret = attach_bind(root->mnt_ns, bind);
	if (!ret) {
		list_add_tail(&bind->node, &root->binds);
		root->nr_binds++;
	}
	mutex_unlock(&vc_ns_mutex);
	up_write(&vc_root_rwsem);
out_free:
	if (ret)
		bind_free(bind);
	return ret;
}

/* GET 6/8 */
long vc_bind_get(struct vc_request *req)
{
	const struct vc_targets *arg = req->data;
	const struct root_bind *pos;
	const struct vc_root *root;
	char (*names)[VC_TARGET_SIZE];
	long ret = 0;
	u32 i = 0;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	mutex_lock(&vc_ns_mutex);
	root = VC(req->ctx, root);
	if (!root || !root->nr_binds)
		goto out_unlock;
	names = kvcalloc(root->nr_binds, sizeof(*names), GFP_KERNEL_ACCOUNT);
	if (!names) {
		ret = -ENOMEM;
		goto out_unlock;
	}
	list_for_each_entry(pos, &root->binds, node)
		strscpy(names[i++], pos->target);
	req->list = names;
	req->nr = i;
out_unlock:
	mutex_unlock(&vc_ns_mutex);
	return ret;
}

/* GET 6/8 for /proc */
void vc_bind_show(struct seq_file *m, const struct vc_request *req)
{
	const char (*names)[VC_TARGET_SIZE] = req->list;
	u32 i;

	seq_printf(m, "count=%u targets=", req->nr);
	for (i = 0; i < req->nr; i++) {
		if (i)
			seq_putc(m, ',');
		seq_escape(m, names[i], " \t\n\\,");
	}
}

static int __init root_initcall(void)
{
	struct vfsmount *mnt = vc_mount_type("ramfs", NULL);

	if (IS_ERR(mnt))
		panic("vcontext: no place for roots");
	mnt->mnt_flags |= MNT_READONLY;
	bottom = mnt;
	return 0;
}

/* after the file systems */
late_initcall(root_initcall);
