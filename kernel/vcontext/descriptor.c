// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors that come from outside of a context, over a socket or by
 * pidfd_getfd(2), and what they would lead to.
 *
 * Files that are passed in are usable, that is what passing is for.  But a
 * task with a virtual root must not be handed a way around it: a directory or
 * an O_PATH descriptor of another mount tree, a mount that is not attached, a
 * file system being configured, a namespace.  What a task of the context has
 * opened itself is none: only what it could reach.
 *
 * An io_uring acts with the credentials, files and root of who made it, and
 * fanotify opens files of mounts that he has marked, so no context takes one
 * from outside.
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/io_uring.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/proc_fs.h>
#include <linux/string.h>

#include "internal.h"

static bool is_fanotify(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;

	/* its operations are known in its file alone */
	return dentry->d_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !strcmp(dentry->d_name.name, "[fanotify]");
}

/**
 * vc_descriptor_acts - does an open file act for whoever made it?
 * @file: the file
 *
 * Context: any; the caller keeps @file.
 * Return: is it an io_uring, or fanotify?
 */
bool vc_descriptor_acts(struct file *file)
{
	return io_is_uring_fops(file) || is_fanotify(file);
}

/**
 * vc_descriptor_leads - does an open file lead to other files than itself?
 * @file: the file
 *
 * Context: any; the caller keeps @file.
 * Return: is it a directory, an O_PATH descriptor, a namespace, or a file
 * system that is being configured?
 */
bool vc_descriptor_leads(struct file *file)
{
	return S_ISDIR(file_inode(file)->i_mode) ||
	       (file->f_mode & FMODE_PATH) || proc_ns_file(file) ||
	       file->f_op == &fscontext_fops;
}

/**
 * vc_descriptor_may_receive - may current be given an open file?
 * @file: the file
 *
 * Context: process; the caller keeps @file.
 * Return: 0 or %-EPERM.
 */
int vc_descriptor_may_receive(struct file *file)
{
	struct vcontext *ctx = vcontext_get_current();
	int ret = 0;

	/* @file holds the context of who opened it; %NULL is the host */
	if (!ctx->level || (file->f_vcontext &&
			    vcontext_is_below(file->f_vcontext, ctx)))
		goto out;
	if (vc_descriptor_acts(file))
		ret = -EPERM;
	else if (vc_rooted(ctx) && vc_descriptor_leads(file) &&
		 !(S_ISDIR(file_inode(file)->i_mode) &&
		   our_mnt(file->f_path.mnt)))
		ret = -EPERM;
out:
	vcontext_put(ctx);
	return ret;
}

/* See vcontext_may_open_handle(). */
int __vcontext_may_open_handle(void)
{
	int ret;

	rcu_read_lock();
	ret = vc_rooted(vcontext_of_task(current)) ? -EPERM : 0;
	rcu_read_unlock();
	return ret;
}
