// SPDX-License-Identifier: GPL-2.0
/*
 * Births in a context: clone3(CLONE_INTO_CGROUP) with a descriptor of ours.
 *
 * The descriptor shows the group that entries go to, on a mount of its own.
 * The mount is the permit: only GET 2/9 gives it away, with the rights that
 * migration takes, and no other descriptor of the group is accepted.
 *
 * The child is born with the limits and the PID namespace of the context, and
 * is entering (see process.c) until it executes a program; before, it enters
 * the other namespaces by itself.
 */
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/path.h>
#include <linux/sched/task.h>

#include "internal.h"

/*
 * Owned, or %NULL: made with the first descriptor, under vc_ns_mutex, put by
 * the destructor.  Compared without the lock, never followed.
 */
VC_DEFINE(struct vfsmount *, birth_mount) = NULL;

static void birth_exit(struct vcontext *ctx)
{
	struct vfsmount *mnt;

	mutex_lock(&vc_ns_mutex);
	mnt = VC(ctx, birth_mount);
	WRITE_ONCE(VC(ctx, birth_mount), NULL);
	mutex_unlock(&vc_ns_mutex);
	/* what descriptors still have of it is no permit any more */
	mntput(mnt);
}

VC_INIT(birth, NULL, birth_exit);

/* The mount, referenced. */
static struct vfsmount *birth_mount_of(struct vcontext *ctx)
{
	struct vfsmount *mnt;

	/* against the destructor: it runs once */
	mutex_lock(&vcontext_mutex);
	mutex_lock(&vc_ns_mutex);
	mnt = VC(ctx, birth_mount);
	if (!mnt) {
		mnt = vc_engine_mount(ctx);
		if (!IS_ERR(mnt))
			WRITE_ONCE(VC(ctx, birth_mount), mnt);
	}
	if (!IS_ERR(mnt))
		mntget(mnt);
	mutex_unlock(&vc_ns_mutex);
	mutex_unlock(&vcontext_mutex);
	return mnt;
}

/* GET 2/9 */
long vc_birth_get(struct vc_request *req)
{
	struct path path;
	struct file *file;
	int fd;

	if (!req->ctx->level)
		return vc_fail(-EINVAL, "id %u: the host is no context to be born in",
			       req->id);
	path.mnt = birth_mount_of(req->ctx);
	if (IS_ERR(path.mnt))
		return vc_fail(PTR_ERR(path.mnt),
			       "context %u: no descriptor of its group",
			       req->ctx->id);
	path.dentry = path.mnt->mnt_root;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		vc_fail(fd, "no descriptor is to be had");
		goto out_put;
	}
	file = dentry_open(&path, O_PATH | O_DIRECTORY | O_CLOEXEC,
			   current_cred());
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		fd = vc_fail(PTR_ERR(file), "the descriptor cannot be opened");
		goto out_put;
	}
	fd_install(fd, file);
out_put:
	mntput(path.mnt);
	return fd;
}

/* Is @file a permit for births in @ctx? */
static bool is_permit(const struct file *file, struct vcontext *ctx)
{
	return file->f_path.mnt == READ_ONCE(VC(ctx, birth_mount)) &&
	       file->f_path.dentry == file->f_path.mnt->mnt_root;
}

/* See vcontext_may_birth(). */
int __vcontext_may_birth(const struct file *file, struct cgroup *cgrp,
			 u64 flags)
{
	struct vcontext *ctx = cgrp->vcontext;
	int ret;

	lockdep_assert_held(&cgroup_mutex);

	if (!ctx || !is_permit(file, ctx))
		return 0;
	/* one that has been taken along leads neither up nor aside */
	if (!vcontext_is_below(ctx, vcontext_of_task(current)))
		return -EPERM;
	if (flags & (CLONE_THREAD | CLONE_NEWPID))
		return -EINVAL;
	if (READ_ONCE(ctx->dying))
		return -EBUSY;
	ret = vc_compat_may_enter(ctx, vcontext_of_task(current));
	return ret ?: 1;
}

/* The context that @file permits births in, referenced, or %NULL. */
static struct vcontext *context_of(const struct file *file)
{
	struct cgroup_subsys_state *css;
	struct vcontext *ctx;

	css = css_tryget_online_from_dir(file->f_path.dentry, NULL);
	if (IS_ERR(css))
		return NULL;
	ctx = css->cgroup->vcontext;
	rcu_read_lock();
	if (ctx && is_permit(file, ctx) &&
	    vcontext_is_below(ctx, vcontext_of_task(current)))
		vcontext_get(ctx);
	else
		ctx = NULL;
	rcu_read_unlock();
	css_put(css);
	return ctx;
}

/* See vcontext_birth(). */
int __vcontext_birth(struct task_struct *child,
		     const struct kernel_clone_args *args)
{
	struct file *file = fget_raw(args->cgroup);
	struct vcontext *ctx;
	int ret;

	/* whether it is there at all is for others to tell */
	if (!file)
		return 0;
	ctx = context_of(file);
	fput(file);
	if (!ctx)
		return 0;
	ret = args->flags & CLONE_NEWPID ? -EINVAL : vc_ns_birth(child, ctx);
	vcontext_put(ctx);
	return ret;
}

/* See vcontext_born(). */
void __vcontext_born(struct task_struct *child, struct cgroup *cgrp)
{
	lockdep_assert_held(&cgroup_mutex);

	if (cgrp->vcontext && child->vcontext_born)
		vcontext_entered(cgrp->vcontext);
}
