// SPDX-License-Identifier: GPL-2.0
/*
 * The /dev of a context with a virtual root: a tmpfs with the devices that the
 * context is permitted, so that a root need not contain device nodes.
 *
 * A node has the name that the device model has for its number.  What is
 * permitted by a pattern of numbers has none, nor have terminals: devpts makes
 * theirs.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/kernfs.h>
#include <linux/major.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../../fs/sysfs/sysfs.h"
#include "internal.h"

/*
 * Make something in a directory of our own, which nobody else sees yet.  Its
 * operations are called without asking what may_create() does: who sets a
 * root has been asked for more.
 */
static int make_entry(struct dentry *dir, const char *name, umode_t mode,
		      dev_t dev, const char *link)
{
	struct inode *inode = d_inode(dir);
	struct dentry *dentry;
	int ret;

	inode_lock_nested(inode, I_MUTEX_PARENT);
	dentry = lookup_one_len(name, dir, strlen(name));
	if (IS_ERR(dentry)) {
		ret = PTR_ERR(dentry);
		goto out_unlock;
	}
	if (d_is_positive(dentry))
		ret = -EEXIST;
	else if (S_ISLNK(mode))
		ret = inode->i_op->symlink(&nop_mnt_idmap, inode, dentry, link);
	else if (S_ISDIR(mode))
		ret = inode->i_op->mkdir(&nop_mnt_idmap, inode, dentry, mode);
	else
		ret = inode->i_op->mknod(&nop_mnt_idmap, inode, dentry, mode,
					 dev);
	/* whatever the umask of whoever asks */
	if (!ret && !S_ISLNK(mode))
		d_inode(dentry)->i_mode = mode;
	dput(dentry);
out_unlock:
	inode_unlock(inode);
	return ret;
}

/*
 * The name of a device, for kfree(); that of its number if it is not there.
 * The device model lists devices by number: dev/block/8:1 leads to sda1.
 */
static char *device_name(const struct vc_device *dev)
{
	struct kernfs_node *kn;
	char path[32], *name;

	snprintf(path, sizeof(path), "dev/%s/%u:%u",
		 dev->type == 'b' ? "block" : "char", dev->major, dev->minor);
	kn = kernfs_walk_and_get(sysfs_root_kn, path);
	if (kn && kernfs_type(kn) == KERNFS_LINK)
		name = kstrdup(kn->symlink.target_kn->name, GFP_KERNEL);
	else
		name = kasprintf(GFP_KERNEL, "%c%u:%u", (char)dev->type,
				 dev->major, dev->minor);
	kernfs_put(kn);
	/* directories are for those who make names */
	return name ? strreplace(name, '!', '-') : NULL;
}

/* Make the node of a permitted device. */
static int make_node(const struct vc_device *dev, void *arg)
{
	umode_t mode = dev->type == 'b' ? S_IFBLK : S_IFCHR;
	struct dentry *dir = arg;
	char *name;
	int ret;

	if (dev->minor == VC_DEVICE_ANY ||
	    (dev->type == 'c' && dev->major == TTYAUX_MAJOR && dev->minor == 2))
		return 0;
	if (dev->access & VC_DEVICE_READ)
		mode |= 0444;
	if (dev->access & VC_DEVICE_WRITE)
		mode |= 0222;
	name = device_name(dev);
	if (!name)
		return -ENOMEM;
	ret = make_entry(dir, name, mode, MKDEV(dev->major, dev->minor), NULL);
	kfree(name);
	/* the first of a name has it */
	return ret == -EEXIST ? 0 : ret;
}

static const struct {
	const char *name;
	const char *link;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

static int fill(struct vcontext *ctx, struct dentry *dir)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(links) && !ret; i++)
		ret = make_entry(dir, links[i].name, S_IFLNK, 0, links[i].link);
	if (!ret)
		ret = make_entry(dir, "shm", S_IFDIR | 01777, 0, NULL);
	if (!ret)
		ret = vc_device_for_each(ctx, make_node, dir);
	if (ret || !IS_ENABLED(CONFIG_UNIX98_PTYS))
		return ret;
	ret = make_entry(dir, "pts", S_IFDIR | 0755, 0, NULL);
	return ret ?: make_entry(dir, "ptmx", S_IFLNK, 0, "pts/ptmx");
}

/**
 * vc_dev_mount - a file system with the devices of a context
 * @ctx: the context
 *
 * Context: may sleep.
 * Return: attached nowhere, for mntput(); or an ERR_PTR().
 */
struct vfsmount *vc_dev_mount(struct vcontext *ctx)
{
	char options[] = "mode=0755";
	struct vfsmount *mnt = vc_mount_type("tmpfs", options);
	int ret;

	if (IS_ERR(mnt))
		return mnt;
	ret = fill(ctx, mnt->mnt_root);
	if (ret) {
		mntput(mnt);
		return ERR_PTR(ret);
	}
	return mnt;
}
