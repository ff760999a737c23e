// SPDX-License-Identifier: GPL-2.0
/*
 * The virtual root of a context.
 *
 * A root is kept twice: as what has been asked for, a private copy of the
 * mounts at the directory and at each bind's source, which the inside never
 * touches; and as the mount namespace made of it, which tasks enter.  A PID
 * namespace that succeeds a dead one gets a mount namespace made anew, with a
 * proc of its own; nothing that was mounted inside meanwhile is in it.  So do
 * those who come when nobody is in and something else of it has changed.
 *
 * What has been asked for changes only while no task is in the context:
 * vc_root_rwsem is held for writing then, and for reading by who enters.  What
 * may wait for a file system is done under the lock of this one root alone,
 * and who enters meanwhile waits for that.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mnt_namespace.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "root.h"

static_assert(sizeof(struct vc_vfs_root) == 16);

#define VC_ROOT_ALL	(VC_ROOT_READONLY | VC_ROOT_BARE)

/* See the order of locks in internal.h. */
DECLARE_RWSEM(vc_root_rwsem);

/*
 * Referenced.  Set under vc_root_rwsem, vcontext_mutex and vc_ns_mutex, cleared
 * by SET 6/2 under the first and the last and by the destructor under the last
 * two; read under vc_ns_mutex.
 */
VC_DEFINE(struct vc_root *, root) = NULL;

/* Times that something of what roots are made of has changed; vc_ns_mutex. */
static u64 nr_changes;

static struct vc_root *root_get(struct vc_root *root)
{
	if (root)
		refcount_inc(&root->refs);
	return root;
}

/**
 * vc_root_drop - drop a reference to a virtual root
 * @root: or %NULL
 *
 * Context: may sleep.
 */
void vc_root_drop(struct vc_root *root)
{
	if (!root || !refcount_dec_and_test(&root->refs))
		return;
	if (root->mnt_ns)
		put_mnt_ns(root->mnt_ns);
	if (root->pid_ns)
		put_pid_ns(root->pid_ns);
	vc_binds_free(root);
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
	vc_root_drop(root);
}

VC_INIT(root, NULL, root_exit);

/**
 * vc_root_of - the virtual root that a context has of its own
 * @ctx: the context
 *
 * Context: vc_ns_mutex held.
 * Return: borrowed, or %NULL.
 */
struct vc_root *vc_root_of(struct vcontext *ctx)
{
	lockdep_assert_held(&vc_ns_mutex);

	return VC(ctx, root);
}

/**
 * vc_root_hold - the same with a reference
 * @ctx: the context
 *
 * Context: may sleep.
 * Return: for vc_root_drop(), or %NULL.
 */
struct vc_root *vc_root_hold(struct vcontext *ctx)
{
	struct vc_root *root;

	mutex_lock(&vc_ns_mutex);
	root = root_get(VC(ctx, root));
	mutex_unlock(&vc_ns_mutex);
	return root;
}

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

/* ---- the mount namespace ---- */

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

/* What a mount namespace of @root has to show by now. */
static struct vc_shown shown_get(struct vcontext *ctx,
				 const struct vc_root *root)
{
	struct vc_shown shown = {
		.bare = is_bare(ctx, root),
		.version = root->wanted,
	};

	vc_ns_shown(ctx, &shown.pid_ns, &shown.net);
	/* no context has one: that of who made it first, whoever comes */
	shown.pid_ns = shown.pid_ns ?: root->pid_ns ?:
		       task_active_pid_ns(current);
	get_pid_ns(shown.pid_ns);
	if (shown.net)
		get_net(shown.net);
	return shown;
}

static void shown_put(const struct vc_shown *shown)
{
	if (shown->pid_ns)
		put_pid_ns(shown->pid_ns);
	if (shown->net)
		put_net(shown->net);
}

/* Is anybody in it, or about to be? */
static bool in_use(struct mnt_namespace *ns)
{
	return refcount_read(&from_mnt_ns(ns)->count) > 1;
}

/* Who comes now would not find what he is to find; @pid_ns may be %NULL. */
static bool is_stale(const struct vc_root *root,
		     const struct pid_namespace *pid_ns)
{
	lockdep_assert_held(&vc_ns_mutex);

	if (root->spoilt || (pid_ns && root->pid_ns != pid_ns))
		return true;
	/* who is in keeps what he has, and who comes is to be with him */
	return root->wanted != root->made && !in_use(root->mnt_ns);
}

/*
 * Give @root @ns, which shows @shown.  What is left to put is returned, and is
 * in @shown: what it had, or what has come too late.
 */
static struct mnt_namespace *replace(struct vc_root *root,
				     struct mnt_namespace *ns,
				     struct vc_shown *shown)
{
	lockdep_assert_held(&root->lock);
	lockdep_assert_held(&vc_ns_mutex);

	if (root->mnt_ns && !is_stale(root, shown->pid_ns))
		return ns;
	swap(root->mnt_ns, ns);
	swap(root->pid_ns, shown->pid_ns);
	root->made = shown->version;
	root->spoilt = false;
	return ns;
}

/**
 * vc_root_renew - make the mount namespace of a root anew if it is stale
 * @ctx: whose root
 * @root: locked
 *
 * Context: may sleep for as long as the file systems of the root let us wait.
 * Return: 0 or a negative errno.
 */
int vc_root_renew(struct vcontext *ctx, struct vc_root *root)
{
	struct mnt_namespace *ns;
	struct vc_shown shown;
	bool stale;

	lockdep_assert_held(&root->lock);

	mutex_lock(&vc_ns_mutex);
	shown = shown_get(ctx, root);
	stale = is_stale(root, shown.pid_ns);
	mutex_unlock(&vc_ns_mutex);
	if (!stale) {
		shown_put(&shown);
		return 0;
	}
	ns = vc_mntns_make(ctx, root, &shown);
	if (!IS_ERR(ns)) {
		mutex_lock(&vc_ns_mutex);
		ns = replace(root, ns, &shown);
		mutex_unlock(&vc_ns_mutex);
		put_mnt_ns(ns);
	}
	shown_put(&shown);
	return PTR_ERR_OR_ZERO(ns);
}

/*
 * Those who come to @top, or below it, find something else.  Under
 * vcontext_mutex and vc_ns_mutex.
 */
static void outdate(struct vcontext *top)
{
	struct vcontext *pos;

	lockdep_assert_held(&vcontext_mutex);
	lockdep_assert_held(&vc_ns_mutex);

	nr_changes++;
	if (VC(top, root))
		VC(top, root)->wanted++;
	vcontext_for_each_below(pos, top)
		if (VC(pos, root))
			VC(pos, root)->wanted++;
}

/**
 * vc_root_outdate - what roots are made of has changed
 * @top: in this context, and below
 *
 * Who comes when nobody is in finds it so.
 *
 * Context: vcontext_mutex held.
 */
void vc_root_outdate(struct vcontext *top)
{
	mutex_lock(&vc_ns_mutex);
	outdate(top);
	mutex_unlock(&vc_ns_mutex);
}

/**
 * vc_root_mnt_ns - the mount namespace of a context's own virtual root
 * @ctx: the context
 * @pid_ns: whose processes it has to show; %NULL for those that it shows
 *
 * Context: vc_root_rwsem held for reading, and vc_ns_mutex.
 * Return: borrowed, %NULL without a root, or an ERR_PTR(): %-ESTALE if
 * vc_root_freshen() is to be called, without locks, before one tries again.
 */
struct mnt_namespace *vc_root_mnt_ns(struct vcontext *ctx,
				     struct pid_namespace *pid_ns)
{
	const struct vc_root *root = VC(ctx, root);

	lockdep_assert_held_read(&vc_root_rwsem);
	lockdep_assert_held(&vc_ns_mutex);

	if (!root)
		return NULL;
	if (root->changing || is_stale(root, pid_ns))
		return ERR_PTR(-ESTALE);
	return root->mnt_ns;
}

/* Lock @root, waiting for who changes it; fails if @ctx has it no more. */
static int root_lock(struct vcontext *ctx, struct vc_root *root)
{
	bool gone;

	if (mutex_lock_killable(&root->lock))
		return -EINTR;
	mutex_lock(&vc_ns_mutex);
	gone = VC(ctx, root) != root;
	mutex_unlock(&vc_ns_mutex);
	if (!gone)
		return 0;
	mutex_unlock(&root->lock);
	return -ENOENT;
}

/* The nearest root at @ctx or above, referenced, or %NULL; and whose it is. */
static struct vc_root *nearest(struct vcontext *ctx, struct vcontext **owner)
{
	struct vc_root *root = NULL;

	mutex_lock(&vc_ns_mutex);
	for (; ctx->level && !root; ctx = ctx->parent) {
		root = root_get(VC(ctx, root));
		*owner = ctx;
	}
	mutex_unlock(&vc_ns_mutex);
	return root;
}

/**
 * vc_root_freshen - let who enters find what he is to find
 * @ctx: which is entered
 *
 * Waits for who changes the root, and makes its mount namespace anew if that
 * is stale.  While a batch has closed the context it is not: the batch may need
 * the lock to take back what it has done, and that waits for no file system.
 *
 * Context: no locks held; may sleep for as long as the file systems of the
 * root let us wait, but who is killed does not.
 * Return: 0, %-EINTR, or why that cannot be made.
 */
int vc_root_freshen(struct vcontext *ctx)
{
	struct vcontext *owner;
	struct vc_root *root;
	int ret;

	if (fatal_signal_pending(current))
		return -EINTR;
	root = nearest(ctx, &owner);
	if (!root)
		return 0;
	ret = root_lock(owner, root);
	if (!ret) {
		/* the caller looks again, and waits for the end of the batch */
		if (!vc_claim_closed(owner))
			ret = vc_root_renew(owner, root);
		mutex_unlock(&root->lock);
	} else if (ret == -ENOENT) {
		/* it has another one, or none */
		ret = 0;
	}
	vc_root_drop(root);
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

/**
 * vc_root_find - look up a path for current
 * @what: what it is called
 * @name: the path, with a NUL behind it
 * @len: of @name, as current says
 * @flags: LOOKUP_*
 * @path: filled, with references held
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vc_root_find(const char *what, const char *name, u32 len,
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
	refcount_set(&root->refs, 1);
	mutex_init(&root->lock);
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

static int no_root(const struct vcontext *ctx)
{
	if (READ_ONCE(ctx->removed))
		return vc_fail(-ESRCH, "context %u is gone", ctx->id);
	return vc_fail(-ENOENT, "context %u has no root", ctx->id);
}

static void set_changing(struct vc_root *root, bool changing)
{
	lockdep_assert_held(&root->lock);
	lockdep_assert_held_write(&vc_root_rwsem);

	root->changing = changing;
}

/**
 * vc_root_begin - begin to change the root that a context has of its own
 * @ctx: the context
 *
 * Nobody is in it, and who enters waits until vc_root_end().
 *
 * Context: may sleep; no locks held.
 * Return: locked and referenced, for vc_root_end(); or an ERR_PTR(): %-ENOENT,
 * %-ESRCH, %-EBUSY (tasks), %-EINTR.
 */
struct vc_root *vc_root_begin(struct vcontext *ctx)
{
	struct vc_root *root = vc_root_hold(ctx);
	int ret;

	if (!root)
		return ERR_PTR(no_root(ctx));
	ret = root_lock(ctx, root);
	if (ret == -ENOENT)
		ret = no_root(ctx);
	if (ret)
		goto err_put;
	ret = lock_idle(ctx);
	if (ret)
		goto err_unlock;
	set_changing(root, true);
	up_write(&vc_root_rwsem);
	return root;

err_unlock:
	mutex_unlock(&root->lock);
err_put:
	vc_root_drop(root);
	return ERR_PTR(ret);
}

/**
 * vc_root_end - a root has been changed
 * @root: from vc_root_begin(), consumed
 *
 * Context: may sleep; no other locks held.
 */
void vc_root_end(struct vc_root *root)
{
	down_write(&vc_root_rwsem);
	set_changing(root, false);
	up_write(&vc_root_rwsem);
	mutex_unlock(&root->lock);
	vc_root_drop(root);
}

/* Make what @root, which nobody has yet, is to @ctx; @changes is for install(). */
static int make_first(struct vcontext *ctx, struct vc_root *root, u64 *changes)
{
	struct mnt_namespace *ns;
	struct vc_shown shown;
	bool taken;

	mutex_lock(&vc_ns_mutex);
	taken = VC(ctx, root);
	shown = shown_get(ctx, root);
	*changes = nr_changes;
	mutex_unlock(&vc_ns_mutex);

	if (taken)
		ns = ERR_PTR(vc_fail(-EBUSY, "context %u has a root", ctx->id));
	else if (vc_engine_populated(ctx))
		ns = ERR_PTR(vc_fail(-EBUSY, "context %u has tasks", ctx->id));
	else
		ns = vc_mntns_make(ctx, root, &shown);
	if (!IS_ERR(ns)) {
		root->mnt_ns = ns;
		swap(root->pid_ns, shown.pid_ns);
		root->made = shown.version;
	}
	shown_put(&shown);
	return PTR_ERR_OR_ZERO(ns);
}

/* Let @ctx have @root, consumed if that is so. */
static int install(struct vcontext *ctx, struct vc_root *root, u64 changes)
{
	int ret = lock_idle(ctx);

	if (ret)
		return ret;
	mutex_lock(&vcontext_mutex);
	mutex_lock(&vc_ns_mutex);
	if (ctx->removed) {
		ret = vc_fail(-ESRCH, "context %u is gone", ctx->id);
	} else if (VC(ctx, root)) {
		ret = vc_fail(-EBUSY, "context %u has a root", ctx->id);
	} else {
		WRITE_ONCE(VC(ctx, root), root);
		/* a task that was born since executes nothing from here on */
		if (vc_engine_populated(ctx)) {
			WRITE_ONCE(VC(ctx, root), NULL);
			ret = vc_fail(-EBUSY, "context %u has tasks", ctx->id);
		}
	}
	/* what it is made of may be what has changed */
	if (!ret && changes != nr_changes)
		root->wanted++;
	if (!ret && (root->flags & VC_ROOT_BARE))
		outdate(ctx);
	mutex_unlock(&vc_ns_mutex);
	mutex_unlock(&vcontext_mutex);
	up_write(&vc_root_rwsem);
	return ret;
}

/* SET 6/1 */
long vc_root_set(struct vc_request *req)
{
	const struct vc_vfs_root *arg = req->data;
	struct vc_root *root;
	struct path dir;
	u64 changes;
	int ret;

	if (arg->flags & ~VC_ROOT_ALL)
		return vc_fail(-EINVAL, "flags %#x: unknown bits", arg->flags);
	ret = vc_root_find("path", req->buffer[0], arg->len, LOOKUP_DIRECTORY,
			   &dir);
	if (ret)
		return ret;
	root = root_alloc(req->buffer[0], &dir, arg->flags);
	path_put(&dir);
	if (IS_ERR(root))
		return PTR_ERR(root);
	root->level = req->caller->level;

	ret = make_first(req->ctx, root, &changes);
	if (!ret)
		ret = install(req->ctx, root, changes);
	if (ret)
		vc_root_drop(root);
	return ret;
}

/* Which one, for root_end(). */
static long root_begin(struct vc_request *req)
{
	long ret = vc_root_set(req);

	if (!ret)
		req->saved = vc_root_hold(req->ctx);
	return ret;
}

/*
 * Take a root away that nobody has entered: the context has been closed since
 * before it had it.  Who was born there meanwhile has not entered either.
 */
static void take_back(struct vcontext *ctx, struct vc_root *root)
{
	bool removed;

	down_write(&vc_root_rwsem);
	mutex_lock(&vcontext_mutex);
	mutex_lock(&vc_ns_mutex);
	/* unless the context has been destroyed */
	removed = root && VC(ctx, root) == root;
	if (removed) {
		WRITE_ONCE(VC(ctx, root), NULL);
		if (root->flags & VC_ROOT_BARE)
			outdate(ctx);
	}
	mutex_unlock(&vc_ns_mutex);
	mutex_unlock(&vcontext_mutex);
	up_write(&vc_root_rwsem);
	if (removed)
		vc_root_drop(root);
}

static void root_end(struct vc_request *req, bool commit)
{
	if (!commit)
		take_back(req->ctx, req->saved);
	vc_root_drop(req->saved);
}

const struct vc_batch_ops vc_root_batch = {
	.begin = root_begin,
	.end = root_end,
	.closes = true,
};

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
	struct vc_root *root = vc_root_begin(ctx);
	bool removed = false;

	if (IS_ERR(root))
		return PTR_ERR(root);
	down_write(&vc_root_rwsem);
	mutex_lock(&vcontext_mutex);
	mutex_lock(&vc_ns_mutex);
	/* unless the context has been destroyed */
	if (VC(ctx, root) == root) {
		WRITE_ONCE(VC(ctx, root), NULL);
		removed = true;
		if (root->flags & VC_ROOT_BARE)
			outdate(ctx);
		vc_disk_release(ctx);
	}
	mutex_unlock(&vc_ns_mutex);
	mutex_unlock(&vcontext_mutex);
	up_write(&vc_root_rwsem);
	vc_root_end(root);
	if (!removed)
		return no_root(ctx);
	vc_disk_settle();
	vc_root_drop(root);
	return 0;
}
