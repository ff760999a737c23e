// SPDX-License-Identifier: GPL-2.0
/*
 * Disk limit, command 3 of category 6: a project quota on the directory that
 * is a context's virtual root.
 *
 * SET gives a project, see project.c, to everything below the directory, which
 * from then on inherits it.  It takes numbers that nobody uses, from a range
 * of its own, and gives them back.
 *
 * A limited directory below another one is carved out of that: what it may
 * have at most is taken from what the project of the other one may use.
 * "Below" is decided when a limit is made; where the host moves a directory
 * afterwards is its own affair.
 *
 * Tags and limits are on the disk, contexts are not.  What a crash has left
 * over is known by its number, and SET takes it over.
 *
 * Locks: vc_disk_mutex is held while trees are walked, which takes long, and is
 * taken before vc_root_rwsem and vcontext_mutex, but after write access to the
 * file system: where that is frozen nobody waits who has nothing there.
 * settle_mutex comes before both.  disk_lock is for those who cannot wait.
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

#include "internal.h"
#include "project.h"

static_assert(sizeof(struct vc_disk) == 32);

/* A walk of a whole tree that found something to do is done again so often. */
#define RELEASE_PASSES		4

static const char * const kind_names[NR_KINDS] = {
	"bytes_limit", "inodes_limit",
};

/**
 * struct disk - a limited directory
 * @refs: one is of @node
 * @node: in disks
 * @detached: in detached_disks, when no context has it any more
 * @above: out of which it is carved, or %NULL; it is in disks as well
 * @root: the directory, referenced; pins the file system
 * @project: its number, on that file system
 * @id: of the context, for people
 * @limit: as SET
 * @carved: what @above cannot use: @limit, or the usage that SET found if that
 *	    was more; 0 without a limit.  In a batch also what may be put back.
 * @lifted: the batch that has claimed the context takes the limit away
 * @holder: the task of the batch that has changed the limit, and may put @held
 *	    back; %NULL for none
 * @held: @limit before that batch
 *
 * @node, @above and @limit are written under vc_disk_mutex and disk_lock, and
 * from @carved to @held under vc_disk_mutex.
 */
struct disk {
	struct kref refs;
	struct list_head node;
	struct list_head detached;
	struct disk *above;
	struct path root;
	u32 project;
	u32 id;
	u64 limit[NR_KINDS];
	u64 carved[NR_KINDS];
	bool lifted;
	const struct task_struct *holder;
	u64 held[NR_KINDS];
};

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

/* Set under vc_disk_mutex and disk_lock, cleared under disk_lock. */
VC_DEFINE(struct disk *, disk) = NULL;

/* See the order of locks in internal.h. */
DEFINE_MUTEX(vc_disk_mutex);
static DEFINE_SPINLOCK(disk_lock);
static LIST_HEAD(disks);
/* Who removes tags and limits of those without a context. */
static DEFINE_MUTEX(settle_mutex);
static unsigned int nr_disks;
/* Without a context: tags and limits are to be removed. */
static LIST_HEAD(detached_disks);
/* Those in it, and those that are being released; under disk_lock. */
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

static struct super_block *disk_sb(const struct disk *disk)
{
	return disk->root.dentry->d_sb;
}

/**
 * vc_disk_has_project - has a limited directory a project?
 * @sb: on which file system
 * @project: its number
 *
 * Context: vc_disk_mutex held.
 * Return: true if it has, be it about to lose it.
 */
bool vc_disk_has_project(const struct super_block *sb, u32 project)
{
	struct disk *pos;

	lockdep_assert_held(&vc_disk_mutex);

	list_for_each_entry(pos, &disks, node)
		if (pos->project == project && disk_sb(pos) == sb)
			return true;
	return false;
}

/* The nearest limited directory at @dir or above it. */
static struct disk *find_above(struct dentry *dir)
{
	struct disk *pos, *best = NULL;

	lockdep_assert_held(&vc_disk_mutex);

	list_for_each_entry(pos, &disks, node)
		if (disk_sb(pos) == dir->d_sb &&
		    is_subdir(dir, pos->root.dentry) &&
		    (!best || is_subdir(pos->root.dentry, best->root.dentry)))
			best = pos;
	return best;
}

/* ---- what is carved out of what ---- */

/* What the directories right below @disk hold of it, @except left out. */
static u64 carved_below(const struct disk *disk, int kind,
			const struct disk *except)
{
	const struct disk *pos;
	u64 sum = 0;

	lockdep_assert_held(&vc_disk_mutex);

	list_for_each_entry(pos, &disks, node)
		if (pos->above == disk && pos != except &&
		    check_add_overflow(sum, pos->carved[kind], &sum))
			return U64_MAX;
	return sum;
}

/*
 * What can be carved out of @disk: no more than what may be put back.  One that
 * our own batch takes the limit from is in nobody's way, unless it is carved
 * itself: what is carved out of it would be its one's above, which has to have
 * it.
 */
static u64 limit_of(const struct disk *disk, int kind)
{
	u64 limit = disk->limit[kind];

	lockdep_assert_held(&vc_disk_mutex);

	if (disk->lifted && disk->holder == current && !disk->above)
		return VC_UNLIMITED;
	if (disk->holder && disk->holder != current)
		limit = min(limit, disk->held[kind]);
	return limit;
}

/* Has one below no limit, or may it get back that it has none? */
static bool is_unlimited(const struct disk *disk, int kind)
{
	lockdep_assert_held(&vc_disk_mutex);

	return disk->limit[kind] == VC_UNLIMITED ||
	       (disk->holder && disk->holder != current &&
		disk->held[kind] == VC_UNLIMITED);
}

/* Tell the file system what @disk may use itself, with @limit in all. */
static int write_limit(const struct disk *disk, const u64 limit[NR_KINDS])
{
	u64 own[NR_KINDS], below;
	int i;

	for (i = 0; i < NR_KINDS; i++) {
		own[i] = limit[i];
		if (own[i] == VC_UNLIMITED)
			continue;
		below = carved_below(disk, i, NULL);
		own[i] -= min(below, own[i]);
	}
	return vc_quota_write(disk_sb(disk), disk->project, own);
}

static int read_usage(const struct disk *disk, u64 usage[NR_KINDS])
{
	struct qc_dqblk quota;
	int ret = vc_quota_read(disk_sb(disk), disk->project, &quota);

	usage[BYTES] = quota.d_space;
	usage[INODES] = quota.d_ino_count;
	return ret ? vc_fail(ret, "root: quota of %s cannot be read",
			     disk_sb(disk)->s_id) : 0;
}

static u64 add(u64 a, u64 b)
{
	u64 sum;

	return check_add_overflow(a, b, &sum) ? U64_MAX : sum;
}

/*
 * May @disk have @limit, with those above and below it?  If so, @carved is
 * what the one above loses.  @disk has its project already.
 */
static int check_limit(const struct disk *disk, const u64 limit[NR_KINDS],
		       u64 carved[NR_KINDS])
{
	u64 usage[NR_KINDS], used_above[NR_KINDS] = {};
	const struct disk *above = disk->above, *pos;
	u64 below, others;
	int i, ret;

	ret = read_usage(disk, usage);
	if (!ret && above)
		ret = read_usage(above, used_above);
	if (ret)
		return ret;

	for (i = 0; i < NR_KINDS; i++) {
		carved[i] = 0;
		if (limit[i] == VC_UNLIMITED) {
			if (above && limit_of(above, i) != VC_UNLIMITED)
				return vc_fail(-ENOSPC,
					       "%s unlimited: the one above it is %llu",
					       kind_names[i],
					       limit_of(above, i));
			continue;
		}
		list_for_each_entry(pos, &disks, node)
			if (pos->above == disk && is_unlimited(pos, i))
				return vc_fail(-ENOSPC,
					       "%s %llu: context %u below has none",
					       kind_names[i], limit[i],
					       pos->id);
		below = carved_below(disk, i, NULL);
		if (limit[i] < below)
			return vc_fail(-ENOSPC,
				       "%s %llu: those below hold %llu",
				       kind_names[i], limit[i], below);
		carved[i] = max(limit[i], add(usage[i], below));
		if (!above || limit_of(above, i) == VC_UNLIMITED ||
		    carved[i] <= disk->carved[i])
			continue;
		others = carved_below(above, i, disk);
		if (add(add(used_above[i], others), carved[i]) >
		    limit_of(above, i))
			return vc_fail(-ENOSPC,
				       "%s %llu: the one above it is %llu, %llu are used, others hold %llu",
				       kind_names[i], limit[i],
				       limit_of(above, i), used_above[i],
				       others);
	}
	return 0;
}

/*
 * Take from the one above what @disk has carved beyond @old; what has been
 * written there since check_limit() looked is in the way.
 */
static int take_above(struct disk *disk, const u64 old[NR_KINDS])
{
	struct disk *above = disk->above;
	u64 used[NR_KINDS];
	bool more = false;
	int i, ret;

	for (i = 0; i < NR_KINDS; i++)
		more |= disk->carved[i] > old[i];
	if (!more)
		return 0;
	ret = write_limit(above, above->limit);
	if (!ret)
		ret = read_usage(above, used);
	for (i = 0; i < NR_KINDS && !ret; i++)
		if (limit_of(above, i) != VC_UNLIMITED &&
		    disk->carved[i] > old[i] &&
		    add(used[i], carved_below(above, i, NULL)) > above->limit[i])
			ret = vc_fail(-ENOSPC,
				      "%s: of %llu above it %llu are used by now",
				      kind_names[i], above->limit[i], used[i]);
	return ret;
}

/* Put back what was there; cannot fail, as far as the file system goes. */
static void restore_limit(struct disk *disk, const u64 limit[NR_KINDS],
			  const u64 carved[NR_KINDS])
{
	lockdep_assert_held(&vc_disk_mutex);

	memcpy(disk->carved, carved, sizeof(disk->carved));
	spin_lock(&disk_lock);
	memcpy(disk->limit, limit, sizeof(disk->limit));
	spin_unlock(&disk_lock);
	write_limit(disk, disk->limit);
	if (disk->above)
		write_limit(disk->above, disk->above->limit);
}

/*
 * Give @disk another limit.  The order is such that all together never have
 * more than there is; putting an old limit back cannot fail.  In a batch @keep
 * what has been carved until it has ended: it may be needed again.
 */
static int change_limit(struct disk *disk, const u64 limit[NR_KINDS], bool keep)
{
	u64 carved[NR_KINDS], old[NR_KINDS];
	int i, ret;

	lockdep_assert_held(&vc_disk_mutex);

	ret = check_limit(disk, limit, carved);
	if (ret)
		return ret;
	memcpy(old, disk->carved, sizeof(old));
	for (i = 0; i < NR_KINDS; i++)
		disk->carved[i] = keep ? max(carved[i], old[i]) : carved[i];
	/* what is carved is taken before it is given, and given back after */
	if (disk->above)
		ret = take_above(disk, old);
	if (!ret)
		ret = write_limit(disk, limit);
	if (!ret && disk->above)
		ret = write_limit(disk->above, disk->above->limit);
	if (ret) {
		restore_limit(disk, disk->limit, old);
		return vc_fail(ret, "root: quota of %s cannot be set",
			       disk_sb(disk)->s_id);
	}
	spin_lock(&disk_lock);
	memcpy(disk->limit, limit, sizeof(disk->limit));
	spin_unlock(&disk_lock);
	return 0;
}

/* ---- life of a limited directory ---- */

/* Those right below @disk's place in the tree are below it, and none else. */
static void disk_link(struct disk *disk, struct disk *above)
{
	struct disk *pos;

	lockdep_assert_held(&vc_disk_mutex);

	spin_lock(&disk_lock);
	disk->above = above;
	list_for_each_entry(pos, &disks, node)
		if (pos->above == above && disk_sb(pos) == disk_sb(disk) &&
		    is_subdir(pos->root.dentry, disk->root.dentry))
			pos->above = disk;
	list_add(&disk->node, &disks);
	WRITE_ONCE(nr_disks, nr_disks + 1);
	spin_unlock(&disk_lock);
}

static void disk_unlink(struct disk *disk)
{
	struct disk *pos;

	lockdep_assert_held(&vc_disk_mutex);

	spin_lock(&disk_lock);
	list_del_init(&disk->node);
	WRITE_ONCE(nr_disks, nr_disks - 1);
	list_for_each_entry(pos, &disks, node)
		if (pos->above == disk)
			pos->above = disk->above;
	spin_unlock(&disk_lock);
}

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

/* No context has it, and somebody has to remove its tags; disk_lock held. */
static void detach(struct disk *disk)
{
	lockdep_assert_held(&disk_lock);

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
		spin_lock(&disk_lock);
		detach(disk);
		spin_unlock(&disk_lock);
		queue_work(system_unbound_wq, &settle_work);
		return;
	}
	disk_unlink(disk);
	if (above)
		write_limit(above, above->limit);
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
	disk_unlink(disk);
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
		spin_lock(&disk_lock);
		disk = list_first_entry_or_null(&detached_disks, struct disk,
						detached);
		if (disk && fatal_signal_pending(current)) {
			queue_work(system_unbound_wq, &settle_work);
			disk = NULL;
		}
		if (disk)
			list_del_init(&disk->detached);
		spin_unlock(&disk_lock);
		if (!disk)
			return;
		disk_release(disk);
		spin_lock(&disk_lock);
		WRITE_ONCE(nr_detached, nr_detached - 1);
		spin_unlock(&disk_lock);
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
		spin_lock(&disk_lock);
		VC(ctx, disk) = disk;
		spin_unlock(&disk_lock);
	}
	mutex_unlock(&vcontext_mutex);
	up_write(&vc_root_rwsem);
	return ret;
}

static int set_new(struct vcontext *ctx, const struct path *root,
		   const u64 limit[NR_KINDS])
{
	struct disk *disk, *above = find_above(root->dentry);
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
	disk_link(disk, above);
	ret = disk_tag(disk);
	if (!ret)
		ret = change_limit(disk, limit, false);
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
		ret = change_limit(disk, limit, undo);
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

/* What was kept for the case of failure is the one's above again. */
static void give_back(struct disk *disk)
{
	u64 usage[NR_KINDS], carved;
	int i;

	if (read_usage(disk, usage))
		return;
	for (i = 0; i < NR_KINDS; i++) {
		carved = add(usage[i], carved_below(disk, i, NULL));
		carved = disk->limit[i] == VC_UNLIMITED ? 0 :
			 max(carved, disk->limit[i]);
		disk->carved[i] = min(disk->carved[i], carved);
	}
	if (disk->above)
		write_limit(disk->above, disk->above->limit);
}

/* Let @ctx have @disk no more; false if it has been destroyed meanwhile. */
static bool disk_take(struct vcontext *ctx, const struct disk *disk)
{
	bool ret;

	spin_lock(&disk_lock);
	ret = VC(ctx, disk) == disk;
	if (ret)
		VC(ctx, disk) = NULL;
	spin_unlock(&disk_lock);
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
		restore_limit(disk, undo->limit, undo->carved);
		disk->lifted = undo->lifted;
	} else if (!undo->made) {
		give_back(disk);
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

static bool is_at_or_below(const struct disk *disk, const struct disk *top)
{
	while (disk && disk != top)
		disk = disk->above;
	return disk;
}

/*
 * @disk and what is below it: how many there are, and as many of their
 * projects as there is room for.
 */
static unsigned int list_projects(const struct disk *disk, u32 *projects,
				  unsigned int room)
{
	const struct disk *pos;
	unsigned int nr = 0;

	spin_lock(&disk_lock);
	list_for_each_entry(pos, &disks, node) {
		if (!is_at_or_below(pos, disk))
			continue;
		if (nr < room)
			projects[nr] = pos->project;
		nr++;
	}
	spin_unlock(&disk_lock);
	return nr;
}

/* What @disk and those below it use. */
static int total_usage(const struct disk *disk, u64 usage[NR_KINDS])
{
	unsigned int i, nr, room = 0;
	struct qc_dqblk quota;
	u32 *projects = NULL;
	int ret = 0;

	while ((nr = list_projects(disk, projects, room)) > room) {
		kvfree(projects);
		room = nr;
		projects = kvcalloc(room, sizeof(*projects), GFP_KERNEL);
		if (!projects)
			return -ENOMEM;
	}
	for (i = 0; i < nr && !ret; i++) {
		ret = vc_quota_read(disk_sb(disk), projects[i], &quota);
		usage[BYTES] += quota.d_space;
		usage[INODES] += quota.d_ino_count;
	}
	kvfree(projects);
	return ret ? vc_fail(-EOPNOTSUPP,
			     "root: %s on %s is not mounted with prjquota any more",
			     disk_sb(disk)->s_type->name,
			     disk_sb(disk)->s_id) : 0;
}

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
	spin_lock(&disk_lock);
	disk = VC(req->ctx, disk);
	if (disk) {
		kref_get(&disk->refs);
		arg->bytes_limit = disk->limit[BYTES];
		arg->inodes_limit = disk->limit[INODES];
	}
	spin_unlock(&disk_lock);
	if (!disk)
		return 0;
	ret = total_usage(disk, usage);
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

	if (!READ_ONCE(nr_disks))
		return 0;
	/* whose root it is that will be entered */
	while (ctx->level && vc_root_dir(ctx, &root))
		ctx = ctx->parent;
	if (!ctx->level)
		return 0;

	spin_lock(&disk_lock);
	if (!VC(ctx, disk)) {
		for (pos = ctx->parent; pos->level && !below; pos = pos->parent) {
			disk = VC(pos, disk);
			if (disk && disk_sb(disk) == root.dentry->d_sb &&
			    disk->root.dentry != root.dentry &&
			    is_subdir(root.dentry, disk->root.dentry))
				below = true;
		}
	}
	spin_unlock(&disk_lock);
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

	spin_lock(&disk_lock);
	disk = VC(ctx, disk);
	VC(ctx, disk) = NULL;
	if (disk)
		detach(disk);
	spin_unlock(&disk_lock);
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
