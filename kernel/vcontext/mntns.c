// SPDX-License-Identifier: GPL-2.0
/*
 * The mount namespace that is made of a virtual root: its tree, the kernel's
 * file systems where there are directories for them, the binds.
 *
 * It waits for file systems, which may be those of a dead server or of who
 * throttles himself, so it is made without a lock that others need.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/mnt_namespace.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sysfs.h>

#include "root.h"

/* What is at the root of each mount namespace, below the tree: nothing. */
static struct vfsmount *bottom __ro_after_init;

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
	/* the devices of the host's network are not for the inside */
	if (!net)
		return 0;
	return attach(ns, sysfs_mount(net), "sys", MNT_READONLY | MNT_NOSUID |
		      MNT_NODEV | MNT_NOEXEC);
}

/* Mount what the kernel has to show. */
static int mount_kernel(struct vcontext *ctx, struct mnt_namespace *ns,
			const struct vc_shown *shown)
{
	int ret = has_dir(ns, "proc");

	if (ret > 0)
		ret = mount_proc(ns, shown->pid_ns);
	if (!ret)
		ret = has_dir(ns, "dev");
	if (ret > 0)
		ret = mount_dev(ctx, ns);
	if (!ret)
		ret = has_dir(ns, "sys");
	if (ret > 0)
		ret = mount_sys(ns, shown->net);
	return ret;
}

/**
 * vc_mntns_make - make a mount namespace of a virtual root
 * @ctx: whose root it is
 * @root: its binds do not change meanwhile
 * @shown: what to show in it
 *
 * Context: may sleep for as long as the file systems let us wait; who is
 * killed does not.
 * Return: owned by the caller, or an ERR_PTR().
 */
struct mnt_namespace *vc_mntns_make(struct vcontext *ctx,
				    const struct vc_root *root,
				    const struct vc_shown *shown)
{
	struct mnt_namespace *ns;
	int ret = 0;

	might_sleep();

	ns = mnt_ns_create(ctx->user_ns, bottom, root->tree,
			   root->flags & VC_ROOT_READONLY);
	if (IS_ERR(ns)) {
		vc_fail(PTR_ERR(ns), "no mount namespace could be made");
		return ns;
	}
	vc_ns_own(from_mnt_ns(ns), ctx);
	/* what the caller's context may mount is not asked */
	current->vcontext_builds = true;
	if (!shown->bare)
		ret = mount_kernel(ctx, ns, shown);
	if (!ret)
		ret = vc_binds_attach(root, ns);
	current->vcontext_builds = false;
	if (ret) {
		put_mnt_ns(ns);
		return ERR_PTR(ret);
	}
	return ns;
}

static int __init mntns_init(void)
{
	struct vfsmount *mnt = vc_mount_type("ramfs", NULL);

	if (IS_ERR(mnt))
		panic("vcontext: no place for roots");
	mnt->mnt_flags |= MNT_READONLY;
	bottom = mnt;
	return 0;
}

/* after the file systems */
late_initcall(mntns_init);
