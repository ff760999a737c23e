// SPDX-License-Identifier: GPL-2.0
/*
 * Disk limit, command 3 of category 6: a project quota on the directory that
 * is a context's virtual root.
 *
 * SET gives a project, see project.c, to everything below the directory, which
 * from then on inherits it.  It takes numbers that nobody uses, from a range
 * of its own, and gives them back.
 *
 * Which of them is below which, and has what of it, see carve.c.
 *
 * Tags and limits are on the disk, contexts are not.  What a crash has left
 * over is known by its number, and SET takes it over.
 *
 * Locks: vc_disk_mutex is held while trees are walked, which takes long, and is
 * taken before vc_root_rwsem and vcontext_mutex, but after write access to the
 * file system: where that is frozen nobody waits who has nothing there.
 * settle_mutex comes before both.  vc_disk_lock is for those who cannot wait.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mount.h>
#include <linux/quota.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "carve.h"
#include "internal.h"

static_assert(sizeof(struct vc_disk) == 32);

/* A walk of a whole tree that found something to do is done again so often. */
#define RELEASE_PASSES		4

/**
 * struct undo - what a SET in a batch found
 * @disk: referenced; %NULL if there was none, nor is there one now
 * @made: there was none
 * @holds: @disk is held for this one
 * @lifted: of @disk
 * @limit: of @disk
 * @carved: of @disk
 */
struct undo {
	struct disk *disk;
	bool made;
	bool holds;
	bool lifted;
	u64 limit[NR_KINDS];
	u64 carved[NR_KINDS];
};

/* Set under vc_disk_mutex and vc_disk_lock, cleared under vc_disk_lock. */
VC_DEFINE(struct disk *, disk) = NULL;

/* See the order of locks in internal.h. */
DEFINE_MUTEX(vc_disk_mutex);
/* Who removes tags and limits of those without a context. */
static DEFINE_MUTEX(settle_mutex);
/* Without a context: tags and limits are to be removed. */
static LIST_HEAD(detached_disks);
/* Those in it, and those that are being released; under vc_disk_lock. */
static unsigned int nr_detached;

static void disk_free(struct kref *refs)
{
	struct disk *disk = container_of(refs, struct disk, refs);

	path_put(&disk->root);
	kfree(disk);
}

static void disk_put(struct disk *disk)
{
	kref_put(&disk->refs, disk_free);
}

/* ---- life of a limited directory ---- */

/*
 * Take the tags off and the limit away, as far as the disk lets us.  Usage
 * that is left after all has been seen was moved while we looked, or out of
 * the directory by the host; a number with usage is not given out again.
 */
static void disk_clear(struct disk *disk)
{
	struct super_block *sb = disk_sb(disk);
	struct vc_walk walk = {
		.root = &disk->root,
		.from = disk->project,
		.to = disk->above ? disk->above->project : 0,
	};
	/* as good as none; 0 would be no limit */
	static const u64 nothing[NR_KINDS] = { 1, 1 };
	bool left = false;
	struct qc_dqblk quota;
	int pass, ret;

	for (pass = 0; pass < RELEASE_PASSES; pass++) {
		walk.ctx.pos = 0;
		walk.changed = 0;
		ret = vc_project_walk(&walk);
		if (ret || !walk.changed ||
		    vc_quota_read(sb, disk->project, &quota) ||
		    !quota.d_ino_count)
			break;
	}
	/*
	 * What a walk does not find, such as a file that is open and removed,
	 * must not be where the one above has no limit.
	 */
	if (disk->above)
		left = vc_quota_read(sb, disk->project, &quota) ||
		       quota.d_space || quota.d_ino_count;
	ret = vc_quota_write(sb, disk->project, left ? nothing : NULL);
	if (ret)
		pr_warn("vcontext: cannot lift limits of project %u on %s: %d\n",
			disk->project, sb->s_id, ret);
}

static void settle_work_fn(struct work_struct *work);
static DECLARE_WORK(settle_work, settle_work_fn);

/* No context has it, and somebody has to remove its tags; vc_disk_lock held. */
static void detach(struct disk *disk)
{
	lockdep_assert_held(&vc_disk_lock);

	list_add_tail(&disk->detached, &detached_disks);
	WRITE_ONCE(nr_detached, nr_detached + 1);
}

/*
 * The opposite of making it, with write access to the file system; what was
 * carved is the one's above again.
 */
static void disk_unmake(struct disk *disk)
{
	struct disk *above = disk->above;

	lockdep_assert_held(&vc_disk_mutex);

	disk_clear(disk);
	/* the walk may have missed some: again, by who cannot be killed */
	if (fatal_signal_pending(current)) {
		spin_lock(&vc_disk_lock);
		detach(disk);
		spin_unlock(&vc_disk_lock);
		queue_work(system_unbound_wq, &settle_work);
		return;
	}
	vc_carve_unlink(disk);
	if (above)
		vc_carve_refresh(above);
	disk_put(disk);
}

/* No context has it any more.  @ret is why we have no write access, or 0. */
static void disk_release_locked(struct disk *disk, int ret)
{
	lockdep_assert_held(&vc_disk_mutex);

	if (!ret) {
		disk_unmake(disk);
		return;
	}
	pr_warn("vcontext: %s: tags of project %u stay: %d\n",
		disk_sb(disk)->s_id, disk->project, ret);
	vc_carve_unlink(disk);
	disk_put(disk);
}

static void disk_release(struct disk *disk)
{
	struct vfsmount *mnt = mntget(disk->root.mnt);
	int ret = mnt_want_write(mnt);

	mutex_lock(&vc_disk_mutex);
	disk_release_locked(disk, ret);
	mutex_unlock(&vc_disk_mutex);
	if (!ret)
		mnt_drop_write(mnt);
	mntput(mnt);
}

static void release_detached(void)
{
	struct disk *disk;

	lockdep_assert_held(&settle_mutex);

	for (;;) {
		spin_lock(&vc_disk_lock);
		disk = list_first_entry_or_null(&detached_disks, struct disk,
						detached);
		if (disk && fatal_signal_pending(current)) {
			queue_work(system_unbound_wq, &settle_work);
			disk = NULL;
		}
		if (disk)
			list_del_init(&disk->detached);
		spin_unlock(&vc_disk_lock);
		if (!disk)
			return;
		disk_release(disk);
		spin_lock(&vc_disk_lock);
		WRITE_ONCE(nr_detached, nr_detached - 1);
		spin_unlock(&vc_disk_lock);
	}
}

static void settle_work_fn(struct work_struct *work)
{
	mutex_lock(&settle_mutex);
	release_detached();
	mutex_unlock(&settle_mutex);
}

/* vc_disk_settle() for who can be interrupted. */
static int settle_interruptible(void)
{
	if (!READ_ONCE(nr_detached))
		return 0;
	if (mutex_lock_interruptible(&settle_mutex))
		return -ERESTARTSYS;
	release_detached();
	mutex_unlock(&settle_mutex);
	return 0;
}

/* Give @disk's project to all that is in the directory. */
static int disk_tag(const struct disk *disk)
{
	struct vc_walk walk = {
		.root = &disk->root,
		.from = disk->above ? disk->above->project : 0,
		.to = disk->project,
		.make = true,
	};
	unsigned int i;
	int ret;

	ret = vc_project_walk(&walk);
	if (ret)
		return ret;
	for (i = 0; i < walk.nr_stale; i++)
		vc_quota_write(disk_sb(disk), walk.stale[i], NULL);
	return 0;
}

/* ---- the command ---- */

static int root_of(struct vcontext *ctx, struct path *root)
{
	int ret;

	down_read(&vc_root_rwsem);
	ret = vc_root_dir(ctx, root);
	up_read(&vc_root_rwsem);
	return ret ? vc_fail(ret, "context %u has no root of its own",
			     ctx->id) : 0;
}

/*
 * The caller may change the root's attributes if it owns it, or might by
 * CAP_FOWNER; as with the rights of SET, its ceiling is not asked.
 */
static bool may_limit(const struct path *root)
{
	struct mnt_idmap *idmap = mnt_idmap(root->mnt);
	struct inode *inode = d_inode(root->dentry);
	struct user_namespace *ns = current_user_ns();

	if (vfsuid_eq_kuid(i_uid_into_vfsuid(idmap, inode), current_fsuid()))
		return true;
	return privileged_wrt_inode_uidgid(ns, idmap, inode) &&
	       !cap_capable(current_cred(), ns, CAP_FOWNER, CAP_OPT_NONE);
}

static int check_idle(struct vcontext *ctx)
{
	return vc_engine_populated(ctx) ?
		vc_fail(-EBUSY, "context %u has live tasks", ctx->id) : 0;
}

/* Is @ctx still there, without tasks, @root its root and @disk its limit? */
static int check_context(struct vcontext *ctx, const struct path *root,
			 const struct disk *disk)
{
	struct path now;
	int ret;

	lockdep_assert_held_write(&vc_root_rwsem);
	lockdep_assert_held(&vcontext_mutex);

	if (ctx->removed)
		return vc_fail(-ESRCH, "context %u is gone", ctx->id);
	ret = vc_root_dir(ctx, &now);
	if (ret)
		return vc_fail(ret, "context %u has no root of its own",
			       ctx->id);
	if (!path_equal(&now, root) || READ_ONCE(VC(ctx, disk)) != disk)
		ret = vc_fail(-EBUSY, "context %u got another root", ctx->id);
	path_put(&now);
	return ret ?: check_idle(ctx);
}

/* Let @ctx have @disk in place of @old; either may be %NULL. */
static int publish(struct vcontext *ctx, const struct path *root,
		   const struct disk *old, struct disk *disk)
{
	int ret;

	down_write(&vc_root_rwsem);
	mutex_lock(&vcontext_mutex);
	ret = check_context(ctx, root, old);
	if (!ret) {
		spin_lock(&vc_disk_lock);
		VC(ctx, disk) = disk;
		spin_unlock(&vc_disk_lock);
	}
	mutex_unlock(&vcontext_mutex);
	up_write(&vc_root_rwsem);
	return ret;
}

static int set_new(struct vcontext *ctx, const struct path *root,
		   const u64 limit[NR_KINDS])
{
	struct disk *disk, *above = vc_carve_find(root->dentry);
	int i, ret;

	if (above && above->root.dentry == root->dentry)
		return vc_fail(-EBUSY, "root: another context limits this directory");
	disk = kzalloc(sizeof(*disk), GFP_KERNEL_ACCOUNT);
	if (!disk)
		return -ENOMEM;
	kref_init(&disk->refs);
	INIT_LIST_HEAD(&disk->node);
	INIT_LIST_HEAD(&disk->detached);
	disk->root = *root;
	path_get(&disk->root);
	disk->id = ctx->id;
	for (i = 0; i < NR_KINDS; i++)
		disk->limit[i] = VC_UNLIMITED;

	ret = vc_project_choose(disk_sb(disk), &disk->project);
	if (ret) {
		disk_put(disk);
		return ret;
	}
	vc_carve_link(disk, above);
	ret = disk_tag(disk);
	if (!ret)
		ret = vc_carve_change(disk, limit, false);
	if (!ret)
		ret = publish(ctx, root, NULL, disk);
	if (ret)
		disk_unmake(disk);
	return ret;
}

/* In a batch: what is to be put back, and a reference to it. */
static void remember(struct disk *disk, struct undo *undo)
{
	lockdep_assert_held(&vc_disk_mutex);

	kref_get(&disk->refs);
	undo->disk = disk;
	undo->lifted = disk->lifted;
	memcpy(undo->limit, disk->limit, sizeof(undo->limit));
	memcpy(undo->carved, disk->carved, sizeof(undo->carved));
}

/* May the limit of @ctx be changed now? */
static int set_old(struct vcontext *ctx, const struct path *root,
		   struct disk *disk, const u64 limit[NR_KINDS],
		   struct undo *undo, bool lift)
{
	int ret;

	down_write(&vc_root_rwsem);
	mutex_lock(&vcontext_mutex);
	ret = check_context(ctx, root, disk);
	if (!ret && undo && disk)
		remember(disk, undo);
	if (!ret && !lift)
		ret = vc_carve_change(disk, limit, undo);
	if (!ret && undo && disk) {
		disk->lifted = lift;
		undo->holds = !disk->holder;
		disk->holder = current;
		if (undo->holds)
			memcpy(disk->held, undo->limit, sizeof(disk->held));
	}
	mutex_unlock(&vcontext_mutex);
	up_write(&vc_root_rwsem);
	return ret;
}

static int set_locked(struct vcontext *ctx, const struct path *root,
		      const u64 limit[NR_KINDS], struct undo *undo)
{
	struct disk *disk;
	int ret;

	lockdep_assert_held(&vc_disk_mutex);

	/* a context that is destroyed detaches it, but only we free it */
	disk = READ_ONCE(VC(ctx, disk));
	if (limit[BYTES] == VC_UNLIMITED && limit[INODES] == VC_UNLIMITED) {
		/* tags that are taken off cannot be put on again */
		if (undo)
			return set_old(ctx, root, disk, limit, undo, true);
		ret = publish(ctx, root, disk, NULL);
		if (!ret && disk)
			disk_unmake(disk);
		return ret;
	}
	if (disk)
		return set_old(ctx, root, disk, limit, undo, false);
	ret = set_new(ctx, root, limit);
	if (!ret && undo) {
		/* destroy waits for the mutex before it frees what it detached */
		disk = READ_ONCE(VC(ctx, disk));
		undo->made = true;
		if (disk)
			remember(disk, undo);
	}
	return ret;
}

/* In a batch @undo is filled, else it is %NULL. */
static int disk_set(struct vc_request *req, struct undo *undo)
{
	const struct vc_disk *arg = req->data;
	const u64 limit[NR_KINDS] = { arg->bytes_limit, arg->inodes_limit };
	struct path root;
	int ret;

	ret = root_of(req->ctx, &root);
	if (ret)
		return ret;
	if (!may_limit(&root))
		ret = vc_fail(-EPERM, "root: the caller does not own it");
	if (!ret)
		ret = check_idle(req->ctx);
	/* before quota, which ext4 switches off when it becomes read-only */
	if (!ret && __mnt_is_readonly(root.mnt))
		ret = vc_fail(-EROFS, "root: %s is mounted read-only",
			      root.dentry->d_sb->s_id);
	if (!ret)
		ret = vc_quota_check(root.dentry->d_sb);
	/* before write access: this takes its own, maybe elsewhere */
	if (!ret)
		ret = settle_interruptible();
	if (ret)
		goto out_put;
	ret = mnt_want_write(root.mnt);
	if (ret) {
		ret = vc_fail(ret, "root: %s is mounted read-only",
			      root.dentry->d_sb->s_id);
		goto out_put;
	}
	if (mutex_lock_interruptible(&vc_disk_mutex)) {
		ret = -ERESTARTSYS;
		goto out_drop;
	}
	ret = set_locked(req->ctx, &root, limit, undo);
	mutex_unlock(&vc_disk_mutex);
out_drop:
	mnt_drop_write(root.mnt);
out_put:
	path_put(&root);
	return ret;
}

/**
 * vc_disk_set - SET 6/3
 * @req: with a struct vc_disk
 *
 * Context: may sleep.
 * Return: 0, %-ENOENT (no root), %-EBUSY (tasks, or a directory that has a
 * project already), %-EOPNOTSUPP (no project quota), %-ENOSPC (more than is
 * left above), %-EPERM (the directory is not the caller's), %-EROFS, %-ESRCH,
 * %-ERESTARTSYS, or what the file system says.
 */
long vc_disk_set(struct vc_request *req)
{
	return disk_set(req, NULL);
}

static long disk_begin(struct vc_request *req)
{
	struct undo *undo = kzalloc(sizeof(*undo), GFP_KERNEL_ACCOUNT);
	long ret;

	if (!undo)
		return -ENOMEM;
	ret = disk_set(req, undo);
	if (!ret) {
		req->saved = undo;
		return 0;
	}
	if (undo->disk)
		disk_put(undo->disk);
	kfree(undo);
	return ret;
}

/* Let @ctx have @disk no more; false if it has been destroyed meanwhile. */
static bool disk_take(struct vcontext *ctx, const struct disk *disk)
{
	bool ret;

	spin_lock(&vc_disk_lock);
	ret = VC(ctx, disk) == disk;
	if (ret)
		VC(ctx, disk) = NULL;
	spin_unlock(&vc_disk_lock);
	return ret;
}

/* The context has a limit still.  @ret is why we have no write access, or 0. */
static void end_locked(struct vcontext *ctx, const struct undo *undo,
		       bool commit, int ret)
{
	struct disk *disk = undo->disk;

	lockdep_assert_held(&vc_disk_mutex);

	if (commit ? disk->lifted : undo->made) {
		if (disk_take(ctx, disk))
			disk_release_locked(disk, ret);
	} else if (!commit) {
		vc_carve_restore(disk, undo->limit, undo->carved);
		disk->lifted = undo->lifted;
	} else if (!undo->made) {
		vc_carve_give_back(disk);
	}
}

static void disk_end(struct vc_request *req, bool commit)
{
	struct undo *undo = req->saved;
	struct disk *disk = undo->disk;
	struct vfsmount *mnt;
	int ret;

	if (!disk)
		goto out_free;
	mnt = mntget(disk->root.mnt);
	ret = mnt_want_write(mnt);
	mutex_lock(&vc_disk_mutex);
	if (undo->holds)
		disk->holder = NULL;
	/* or it has been destroyed, and its limit with it */
	if (READ_ONCE(VC(req->ctx, disk)) == disk)
		end_locked(req->ctx, undo, commit, ret);
	mutex_unlock(&vc_disk_mutex);
	if (!ret)
		mnt_drop_write(mnt);
	mntput(mnt);
	disk_put(disk);
out_free:
	kfree(undo);
}

const struct vc_batch_ops vc_disk_batch = {
	.begin = disk_begin,
	.end = disk_end,
	.closes = true,
};

/**
 * vc_disk_get - GET 6/3
 * @req: the request
 *
 * Without a limit nothing is counted, and usage is 0.
 *
 * Context: may sleep.
 * Return: 0, %-ENOENT (no root), %-EOPNOTSUPP (quota was turned off), %-ENOMEM.
 */
long vc_disk_get(struct vc_request *req)
{
	struct vc_disk *arg = req->data;
	u64 usage[NR_KINDS] = {};
	struct path root;
	struct disk *disk;
	int ret;

	ret = root_of(req->ctx, &root);
	if (ret)
		return ret;
	path_put(&root);

	memset(arg, 0, sizeof(*arg));
	arg->bytes_limit = VC_UNLIMITED;
	arg->inodes_limit = VC_UNLIMITED;
	spin_lock(&vc_disk_lock);
	disk = VC(req->ctx, disk);
	if (disk) {
		kref_get(&disk->refs);
		arg->bytes_limit = disk->limit[BYTES];
		arg->inodes_limit = disk->limit[INODES];
	}
	spin_unlock(&vc_disk_lock);
	if (!disk)
		return 0;
	ret = vc_carve_usage(disk, usage);
	disk_put(disk);
	arg->bytes_usage = usage[BYTES];
	arg->inodes_usage = usage[INODES];
	return ret;
}

static void show_limit(struct seq_file *m, const char *name, u64 limit,
		       u64 usage)
{
	if (limit == VC_UNLIMITED)
		seq_printf(m, "%s_limit=max", name);
	else
		seq_printf(m, "%s_limit=%llu", name, limit);
	seq_printf(m, " %s_usage=%llu", name, usage);
}

/**
 * vc_disk_show - what GET 6/3 has said
 * @m: where to
 * @req: done
 *
 * Context: process.
 */
void vc_disk_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_disk *arg = req->data;

	show_limit(m, "bytes", arg->bytes_limit, arg->bytes_usage);
	seq_putc(m, ' ');
	show_limit(m, "inodes", arg->inodes_limit, arg->inodes_usage);
}

/* ---- for the virtual root ---- */

/**
 * vc_disk_may_enter - has a context the disk limit that it needs?
 * @ctx: which is about to be entered
 *
 * A root below that of a limited context above needs a limit of its own: what
 * its tasks write must come from what was carved out for them.
 *
 * Context: vc_root_rwsem held for reading; may sleep.
 * Return: 0, or %-ENOSPC.
 */
int vc_disk_may_enter(struct vcontext *ctx)
{
	struct vcontext *pos;
	struct path root;
	struct disk *disk;
	bool below = false;

	lockdep_assert_held(&vc_root_rwsem);

	if (vc_carve_none())
		return 0;
	/* whose root it is that will be entered */
	while (ctx->level && vc_root_dir(ctx, &root))
		ctx = ctx->parent;
	if (!ctx->level)
		return 0;

	spin_lock(&vc_disk_lock);
	if (!VC(ctx, disk)) {
		for (pos = ctx->parent; pos->level && !below; pos = pos->parent) {
			disk = VC(pos, disk);
			if (disk && disk_sb(disk) == root.dentry->d_sb &&
			    disk->root.dentry != root.dentry &&
			    is_subdir(root.dentry, disk->root.dentry))
				below = true;
		}
	}
	spin_unlock(&vc_disk_lock);
	path_put(&root);
	return below ? vc_fail(-ENOSPC,
			       "disk: context %u needs a limit, its root is below a limited one",
			       ctx->id) : 0;
}

/**
 * vc_disk_limited - has a context a disk limit of its own?
 * @ctx: the context
 *
 * Context: any; a snapshot.
 * Return: as asked.
 */
bool vc_disk_limited(const struct vcontext *ctx)
{
	return READ_ONCE(VC(ctx, disk));
}

/**
 * vc_disk_release - a context has lost its root
 * @ctx: without tasks
 *
 * Tags and limits go with vc_disk_settle(), which has to follow: what takes
 * long does not belong under the locks of a caller.
 *
 * Context: any lock may be held.
 */
void vc_disk_release(struct vcontext *ctx)
{
	struct disk *disk;

	spin_lock(&vc_disk_lock);
	disk = VC(ctx, disk);
	VC(ctx, disk) = NULL;
	if (disk)
		detach(disk);
	spin_unlock(&vc_disk_lock);
}

/**
 * vc_disk_settle - remove tags and limits of what was released
 *
 * That takes as long as it takes to look at each file of a tree.  When it
 * returns all of them are gone, whoever did it.
 *
 * Context: process, may sleep; no locks held.  A work for who is being killed
 * alone: what keeps the file system is to be gone before a system call returns,
 * and a kernel thread drops mounts later.
 */
void vc_disk_settle(void)
{
	/* nobody who has nothing there waits for a walk */
	if (!READ_ONCE(nr_detached))
		return;
	/* a file system may stop to list files for who is being killed */
	if (fatal_signal_pending(current))
		queue_work(system_unbound_wq, &settle_work);
	else
		settle_work_fn(NULL);
}

VC_INIT(disk, NULL, vc_disk_release);

/**
 * vc_disk_may_quotactl - may the inside do this to quotas?
 * @cmd: of quotactl(2)
 * @type: of quota
 *
 * It may ask.  Where it has the capability to do more, that ends at projects.
 *
 * Context: any.
 * Return: as asked.
 */
bool vc_disk_may_quotactl(int cmd, int type)
{
	switch (cmd) {
	case Q_QUOTAON:
	case Q_QUOTAOFF:
	case Q_SETQUOTA:
	case Q_SETINFO:
	case Q_XSETQLIM:
		return type != PRJQUOTA;
	case Q_XQUOTAON:
	case Q_XQUOTAOFF:
	case Q_XQUOTARM:
		/* of all types at once */
		return false;
	}
	return true;
}
