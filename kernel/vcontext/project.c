// SPDX-License-Identifier: GPL-2.0
/*
 * Projects: the number that a file system keeps with each inode, accounts usage
 * to and limits.  Finds one that nobody uses, gives it to all that is below a
 * directory, and reads and writes what it may use.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/dqblk_xfs.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fileattr.h>	/* needs fs.h */
#include <linux/init_task.h>
#include <linux/namei.h>
#include <linux/quota.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "internal.h"
#include "project.h"

/* Projects that are ours to give; more than any tool takes by itself. */
#define PROJECT_FIRST		0x70000000U
#define PROJECT_COUNT		0x0f000000U
/* So many in a row may be left over from crashes. */
#define PROJECT_TRIES		65536

static u32 next_project;		/* vc_disk_mutex */
/* What we do to files is the kernel's doing, not that of who asked for it. */
static const struct cred *disk_cred __ro_after_init;

static bool is_ours(u32 project)
{
	return project - PROJECT_FIRST < PROJECT_COUNT;
}

/* ---- quota ---- */

/**
 * vc_quota_check - does a file system keep to limits of projects?
 * @sb: the file system
 *
 * Context: may sleep.
 * Return: 0, or %-EOPNOTSUPP.
 */
int vc_quota_check(struct super_block *sb)
{
	const struct quotactl_ops *ops = sb->s_qcop;
	const unsigned int flags = QCI_ACCT_ENABLED | QCI_LIMITS_ENFORCED;
	struct qc_state state;
	int ret;

	if (!ops || !ops->get_state || !ops->get_dqblk || !ops->set_dqblk)
		return vc_fail(-EOPNOTSUPP,
			       "root: %s has no project quota; ext4 and xfs have, mounted with prjquota",
			       sb->s_type->name);
	down_read(&sb->s_umount);
	ret = ops->get_state(sb, &state);
	up_read(&sb->s_umount);
	if (ret || (state.s_state[PRJQUOTA].flags & flags) != flags)
		return vc_fail(-EOPNOTSUPP,
			       "root: %s on %s is not mounted with prjquota",
			       sb->s_type->name, sb->s_id);
	return 0;
}

/**
 * vc_quota_read - what a project uses and may use
 * @sb: the file system
 * @project: the number
 * @quota: filled
 *
 * Context: may sleep.
 * Return: 0, or what the file system says.
 */
int vc_quota_read(struct super_block *sb, u32 project, struct qc_dqblk *quota)
{
	int ret;

	memset(quota, 0, sizeof(*quota));
	down_read(&sb->s_umount);
	ret = sb->s_qcop->get_dqblk(sb, make_kqid_projid(KPROJIDT_INIT(project)),
				    quota);
	up_read(&sb->s_umount);
	/* XFS, of one that it never had to do with */
	return ret == -ENOENT ? 0 : ret;
}

/* As a file system has it: 0 is none, and there are no more than S64_MAX. */
static u64 quota_limit(u64 limit)
{
	return limit == VC_UNLIMITED ? 0 : clamp_t(u64, limit, 1, S64_MAX);
}

/**
 * vc_quota_write - limit a project
 * @sb: the file system
 * @project: the number
 * @limit: bytes and inodes, VC_UNLIMITED for none; %NULL for none of both
 *
 * Context: may sleep.
 * Return: 0, or what the file system says.
 */
int vc_quota_write(struct super_block *sb, u32 project, const u64 *limit)
{
	struct qc_dqblk quota = {
		.d_fieldmask = QC_SPC_HARD | QC_SPC_SOFT | QC_INO_HARD |
			       QC_INO_SOFT,
	};
	u64 bytes;
	int ret;

	if (limit) {
		bytes = limit[BYTES];
		/* XFS rounds up to blocks, which would be more than asked for */
		if (bytes != VC_UNLIMITED)
			bytes = max(round_down(bytes, sb->s_blocksize),
				    min(bytes, sb->s_blocksize));
		quota.d_spc_hardlimit = quota_limit(bytes);
		quota.d_ino_hardlimit = quota_limit(limit[INODES]);
	}
	down_read(&sb->s_umount);
	ret = sb->s_qcop->set_dqblk(sb, make_kqid_projid(KPROJIDT_INIT(project)),
				    &quota);
	up_read(&sb->s_umount);
	return ret;
}

/**
 * vc_project_choose - find a number that nobody uses
 * @sb: on this file system
 * @project: filled
 *
 * Context: vc_disk_mutex held; may sleep.
 * Return: 0, %-ENOSPC, %-EINTR, or what the file system says.
 */
int vc_project_choose(struct super_block *sb, u32 *project)
{
	struct qc_dqblk quota;
	int tries, ret;

	lockdep_assert_held(&vc_disk_mutex);

	for (tries = 0; tries < PROJECT_TRIES; tries++) {
		*project = PROJECT_FIRST + next_project;
		next_project = (next_project + 1) % PROJECT_COUNT;
		if (vc_disk_has_project(sb, *project))
			continue;
		ret = vc_quota_read(sb, *project, &quota);
		if (ret)
			return vc_fail(ret, "root: quota of %s cannot be read",
				       sb->s_id);
		if (!quota.d_space && !quota.d_ino_count &&
		    !quota.d_spc_hardlimit && !quota.d_spc_softlimit &&
		    !quota.d_ino_hardlimit && !quota.d_ino_softlimit)
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return vc_fail(-ENOSPC, "root: no project is free on %s", sb->s_id);
}

/* ---- a tree and its project ---- */

/* A directory to look at; open if that has begun. */
struct step {
	struct list_head node;
	struct dentry *dentry;
	struct file *file;
};

static bool collect_name(struct dir_context *ctx, const char *name, int len,
			 loff_t offset, u64 ino, unsigned int type)
{
	struct vc_walk *walk = container_of(ctx, struct vc_walk, ctx);

	if (len > NAME_MAX || (name[0] == '.' &&
			       (len == 1 || (len == 2 && name[1] == '.'))))
		return true;
	if (walk->used + 1 + len > PAGE_SIZE)
		return false;
	walk->names[walk->used++] = len;
	memcpy(walk->names + walk->used, name, len);
	walk->used += len;
	return true;
}

static void note_stale(struct vc_walk *walk, u32 project)
{
	unsigned int i;

	for (i = 0; i < walk->nr_stale; i++)
		if (walk->stale[i] == project)
			return;
	if (walk->nr_stale < STALE_MAX)
		walk->stale[walk->nr_stale++] = project;
}

/* Is the inode to get the new project?  1 and 0, or why that cannot be. */
static int wants_project(struct vc_walk *walk, struct dentry *dentry, u32 project)
{
	if (!walk->make)
		return project == walk->from;
	if (!project || project == walk->from || project == walk->to)
		return 1;
	if (is_ours(project)) {
		note_stale(walk, project);
		return 1;
	}
	return vc_fail(-EBUSY, "root: %.48s below has project %u already",
		       dentry->d_name.name, project);
}

static int write_attr(struct dentry *dentry, struct fileattr *attr, u32 xflags,
		      u32 project)
{
	struct fileattr new;

	fileattr_fill_xflags(&new, xflags);
	new.fsx_extsize = attr->fsx_extsize;
	new.fsx_cowextsize = attr->fsx_cowextsize;
	new.fsx_projid = project;
	return vfs_fileattr_set(&nop_mnt_idmap, dentry, &new);
}

/* Change one inode.  1 is to be returned where to go on below it. */
static int visit(struct vc_walk *walk, struct dentry *dentry)
{
	struct fileattr attr = {};
	u32 xflags;
	int ret;

	ret = vfs_fileattr_get(dentry, &attr);
	/* a kind of file that has none on this file system */
	if (ret == -ENOIOCTLCMD || ret == -ENOTTY)
		return 0;
	if (ret)
		goto out;
	/* the directory of somebody else, or moved out of it by the host */
	if (is_ours(attr.fsx_projid) && attr.fsx_projid != walk->from &&
	    attr.fsx_projid != walk->to &&
	    vc_disk_has_project(dentry->d_sb, attr.fsx_projid))
		return 0;
	ret = wants_project(walk, dentry, attr.fsx_projid);
	if (ret <= 0)
		return ret ?: d_is_dir(dentry);

	xflags = attr.fsx_xflags;
	if (d_is_dir(dentry) && walk->to)
		xflags |= FS_XFLAG_PROJINHERIT;
	else
		xflags &= ~FS_XFLAG_PROJINHERIT;
	if (attr.fsx_projid == walk->to && attr.fsx_xflags == xflags)
		return d_is_dir(dentry);

	/* ext4 changes no project of what stays immutable */
	ret = write_attr(dentry, &attr, xflags & ~FS_XFLAG_IMMUTABLE, walk->to);
	if (!ret && (xflags & FS_XFLAG_IMMUTABLE))
		ret = write_attr(dentry, &attr, xflags, walk->to);
	if (!ret)
		walk->changed++;
out:
	if (ret && walk->make)
		return vc_fail(ret, "root: the project of %.48s cannot be set",
			       dentry->d_name.name);
	if (ret)
		pr_warn_ratelimited("vcontext: %pd on %s: cannot change project %u: %d\n",
				    dentry, dentry->d_sb->s_id, walk->from, ret);
	return d_is_dir(dentry);
}

/* Takes over the reference to @dentry. */
static int push(struct list_head *steps, struct dentry *dentry)
{
	struct step *step = kmalloc(sizeof(*step), GFP_KERNEL);

	if (!step) {
		dput(dentry);
		return -ENOMEM;
	}
	step->dentry = dentry;
	step->file = NULL;
	list_add(&step->node, steps);
	return 0;
}

static void pop(struct step *step)
{
	list_del(&step->node);
	/* fput() would keep them all until the call returns */
	if (step->file)
		__fput_sync(step->file);
	dput(step->dentry);
	kfree(step);
}

/* The next names of a directory; none of them at its end. */
static int read_names(struct vc_walk *walk, struct step *step)
{
	const struct path path = {
		.mnt = walk->root->mnt,
		.dentry = step->dentry,
	};
	struct file *file;
	int ret;

	walk->used = 0;
	if (!step->file) {
		file = dentry_open(&path, O_RDONLY | O_DIRECTORY | O_LARGEFILE |
				   O_NOATIME, disk_cred);
		if (IS_ERR(file))
			return PTR_ERR(file);
		step->file = file;
	}
	ret = iterate_dir(step->file, &walk->ctx);
	/* it has been removed meanwhile */
	return ret == -ENOENT ? 0 : ret;
}

static int visit_names(struct vc_walk *walk, struct list_head *steps,
		       struct dentry *dir)
{
	struct dentry *dentry;
	unsigned int at, len;
	int ret, err = 0;

	for (at = 0; at < walk->used; at += len) {
		len = walk->names[at++];
		dentry = lookup_one_positive_unlocked(&nop_mnt_idmap,
						      (char *)walk->names + at,
						      dir, len);
		ret = PTR_ERR_OR_ZERO(dentry);
		if (ret == -ENOENT)
			continue;
		if (!ret)
			ret = visit(walk, dentry);
		if (ret > 0)
			ret = push(steps, dentry);
		else if (!IS_ERR(dentry))
			dput(dentry);
		if (ret < 0 && walk->make)
			return ret;
		err = err ?: ret;
	}
	return err;
}

/**
 * vc_project_walk - change the project of all that is below a directory
 * @walk: how
 *
 * Everything below the directory, on its own file system: dentries do not lead
 * through mounts.  A directory is changed before it is read.  What is made in
 * it by then is found, and what is made later inherits; and nothing that has
 * not been changed can be moved to where we do not come by any more (EXDEV).
 * So those who write meanwhile need not be kept out.
 *
 * Depth first, by a list and not by recursion: what is pinned are the
 * directories down to where we are, and at each as many as there are names in
 * a page.
 *
 * Context: vc_disk_mutex held; may sleep.  A file system may stop to list files
 * for who is being killed.
 * Return: 0, or the first error.
 */
int vc_project_walk(struct vc_walk *walk)
{
	const struct cred *old_cred;
	struct step *step;
	LIST_HEAD(steps);
	int ret, err = 0;

	lockdep_assert_held(&vc_disk_mutex);

	walk->ctx.actor = collect_name;
	walk->names = (u8 *)__get_free_page(GFP_KERNEL);
	if (!walk->names)
		return -ENOMEM;
	old_cred = override_creds(disk_cred);
	ret = visit(walk, walk->root->dentry);
	if (ret > 0)
		ret = push(&steps, dget(walk->root->dentry));
	else if (!ret)
		ret = vc_fail(-EOPNOTSUPP, "root: %s gives it no project",
			      walk->root->dentry->d_sb->s_type->name);
	while (!list_empty(&steps)) {
		step = list_first_entry(&steps, struct step, node);
		ret = read_names(walk, step);
		if (!ret && walk->used)
			ret = visit_names(walk, &steps, step->dentry);
		else
			pop(step);
		if (!ret && walk->make && signal_pending(current))
			ret = -ERESTARTSYS;
		if (ret && walk->make)
			break;
		err = err ?: ret;
		ret = 0;
		cond_resched();
	}
	while (!list_empty(&steps))
		pop(list_first_entry(&steps, struct step, node));
	revert_creds(old_cred);
	free_page((unsigned long)walk->names);
	return ret ?: err;
}

static int __init vc_project_init(void)
{
	disk_cred = prepare_kernel_cred(&init_task);
	if (!disk_cred)
		panic("vcontext: no memory for credentials");
	return 0;
}
subsys_initcall(vc_project_init);
