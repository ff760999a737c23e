// SPDX-License-Identifier: GPL-2.0
/*
 * Disk limit, command 3 of category 6: a project quota on the directory that
 * is a context's virtual root.
 *
 * A project is a number that a file system keeps with each inode, accounts
 * usage to and limits.  SET gives one to everything below the directory, which
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
 * Locks: disk_mutex is held while trees are walked, which takes long, and is
 * taken before vc_root_rwsem and vcontext_mutex.  disk_lock is for those who
 * cannot wait for it.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/dqblk_xfs.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fileattr.h>	/* needs fs.h */
#include <linux/init_task.h>
#include <linux/kref.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/quota.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "internal.h"

static_assert(sizeof(struct vc_disk) == 32);

/* Projects that are ours to give; more than any tool takes by itself. */
#define PROJECT_FIRST		0x70000000U
#define PROJECT_COUNT		0x0f000000U
/* So many in a row may be left over from crashes. */
#define PROJECT_TRIES		65536

/* Projects left over by a crash that one SET cleans up after. */
#define STALE_MAX		16

/* A walk of a whole tree that found something to do is done again so often. */
#define RELEASE_PASSES		4

enum { BYTES, INODES, NR_KINDS };

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
 *	    was more; 0 without a limit
 *
 * @node, @above and @limit are written under disk_mutex and disk_lock, and
 * @carved under disk_mutex.
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
};

/* Set under disk_mutex and disk_lock, cleared under disk_lock. */
VC_DEFINE(struct disk *, disk) = NULL;

static DEFINE_MUTEX(disk_mutex);
static DEFINE_SPINLOCK(disk_lock);
static LIST_HEAD(disks);
static unsigned int nr_disks;
/* Without a context: tags and limits are to be removed. */
static LIST_HEAD(detached_disks);
/* Those in it, and those that are being released; under disk_lock. */
static unsigned int nr_detached;
static u32 next_project;		/* disk_mutex */
/* What we do to files is the kernel's doing, not that of who asked for it. */
static const struct cred *disk_cred __ro_after_init;

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

/* The limited directory that has @project, be it about to lose it. */
static struct disk *find_project(const struct super_block *sb, u32 project)
{
	struct disk *pos;

	lockdep_assert_held(&disk_mutex);

	list_for_each_entry(pos, &disks, node)
		if (pos->project == project && disk_sb(pos) == sb)
			return pos;
	return NULL;
}

static bool is_ours(u32 project)
{
	return project - PROJECT_FIRST < PROJECT_COUNT;
}

/* The nearest limited directory at @dir or above it. */
static struct disk *find_above(struct dentry *dir)
{
	struct disk *pos, *best = NULL;

	lockdep_assert_held(&disk_mutex);

	list_for_each_entry(pos, &disks, node)
		if (disk_sb(pos) == dir->d_sb &&
		    is_subdir(dir, pos->root.dentry) &&
		    (!best || is_subdir(pos->root.dentry, best->root.dentry)))
			best = pos;
	return best;
}

/* ---- quota ---- */

/* Is the file system asked to keep to limits of projects? */
static int check_quota(struct super_block *sb)
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

static int quota_read(struct super_block *sb, u32 project,
		      struct qc_dqblk *quota)
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

/* @limit is %NULL for no limits. */
static int quota_write(struct super_block *sb, u32 project, const u64 *limit)
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

/* A number that nobody uses on @sb. */
static int choose_project(struct super_block *sb, u32 *project)
{
	struct qc_dqblk quota;
	int tries, ret;

	lockdep_assert_held(&disk_mutex);

	for (tries = 0; tries < PROJECT_TRIES; tries++) {
		*project = PROJECT_FIRST + next_project;
		next_project = (next_project + 1) % PROJECT_COUNT;
		if (find_project(sb, *project))
			continue;
		ret = quota_read(sb, *project, &quota);
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

/**
 * struct walk - change the project of all that is below a directory
 * @ctx: for iterate_dir()
 * @root: the directory
 * @from: project that is changed
 * @to: project that it becomes; 0 is none, and not inherited
 * @make: SET: take over what has none or is left over, fail at the first error
 *	  and signal; else change @from alone, and as much of it as can be
 * @nr_stale: how many of @stale
 * @stale: projects that were left over
 * @changed: inodes that were changed
 * @used: bytes of @names
 * @names: what iterate_dir() found, each with its length in front
 */
struct walk {
	struct dir_context ctx;
	const struct path *root;
	u32 from;
	u32 to;
	bool make;
	unsigned int nr_stale;
	u32 stale[STALE_MAX];
	u64 changed;
	unsigned int used;
	u8 *names;
};

/* A directory to look at; open if that has begun. */
struct step {
	struct list_head node;
	struct dentry *dentry;
	struct file *file;
};

static bool collect_name(struct dir_context *ctx, const char *name, int len,
			 loff_t offset, u64 ino, unsigned int type)
{
	struct walk *walk = container_of(ctx, struct walk, ctx);

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

static void note_stale(struct walk *walk, u32 project)
{
	unsigned int i;

	for (i = 0; i < walk->nr_stale; i++)
		if (walk->stale[i] == project)
			return;
	if (walk->nr_stale < STALE_MAX)
		walk->stale[walk->nr_stale++] = project;
}

/* Is the inode to get the new project?  1 and 0, or why that cannot be. */
static int wants_project(struct walk *walk, struct dentry *dentry, u32 project)
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
static int visit(struct walk *walk, struct dentry *dentry)
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
	    find_project(dentry->d_sb, attr.fsx_projid))
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
static int read_names(struct walk *walk, struct step *step)
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

static int visit_names(struct walk *walk, struct list_head *steps,
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

/*
 * Everything below the directory, on its own file system: dentries do not lead
 * through mounts.  A directory is changed before it is read.  What is made in
 * it by then is found, and what is made later inherits; and nothing that has
 * not been changed can be moved to where we do not come by any more (EXDEV).
 * So those who write meanwhile need not be kept out.
 *
 * Depth first, by a list and not by recursion: what is pinned are the
 * directories down to where we are, and at each as many as there are names in
 * a page.
 */
static int walk_tree(struct walk *walk)
{
	const struct cred *old_cred;
	struct step *step;
	LIST_HEAD(steps);
	int ret, err = 0;

	lockdep_assert_held(&disk_mutex);

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

/* ---- what is carved out of what ---- */

/* What the directories right below @disk hold of it, @except left out. */
static u64 carved_below(const struct disk *disk, int kind,
			const struct disk *except)
{
	const struct disk *pos;
	u64 sum = 0;

	lockdep_assert_held(&disk_mutex);

	list_for_each_entry(pos, &disks, node)
		if (pos->above == disk && pos != except &&
		    check_add_overflow(sum, pos->carved[kind], &sum))
			return U64_MAX;
	return sum;
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
	return quota_write(disk_sb(disk), disk->project, own);
}

static int read_usage(const struct disk *disk, u64 usage[NR_KINDS])
{
	struct qc_dqblk quota;
	int ret = quota_read(disk_sb(disk), disk->project, &quota);

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
			if (above && above->limit[i] != VC_UNLIMITED)
				return vc_fail(-ENOSPC,
					       "%s unlimited: context %u above has %llu",
					       kind_names[i], above->id,
					       above->limit[i]);
			continue;
		}
		list_for_each_entry(pos, &disks, node)
			if (pos->above == disk && pos->limit[i] == VC_UNLIMITED)
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
		if (!above || above->limit[i] == VC_UNLIMITED ||
		    carved[i] <= disk->carved[i])
			continue;
		others = carved_below(above, i, disk);
		if (add(add(used_above[i], others), carved[i]) > above->limit[i])
			return vc_fail(-ENOSPC,
				       "%s %llu: context %u has %llu, uses %llu, others hold %llu",
				       kind_names[i], limit[i], above->id,
				       above->limit[i], used_above[i], others);
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
		if (above->limit[i] != VC_UNLIMITED &&
		    disk->carved[i] > old[i] &&
		    add(used[i], carved_below(above, i, NULL)) > above->limit[i])
			ret = vc_fail(-ENOSPC,
				      "%s: context %u uses %llu of %llu by now",
				      kind_names[i], above->id, used[i],
				      above->limit[i]);
	return ret;
}

/*
 * Give @disk another limit.  The order is such that all together never have
 * more than there is; putting an old limit back cannot fail.
 */
static int change_limit(struct disk *disk, const u64 limit[NR_KINDS])
{
	u64 carved[NR_KINDS], old[NR_KINDS];
	int ret;

	lockdep_assert_held(&disk_mutex);

	ret = check_limit(disk, limit, carved);
	if (ret)
		return ret;
	memcpy(old, disk->carved, sizeof(old));
	memcpy(disk->carved, carved, sizeof(carved));
	/* what is carved is taken before it is given, and given back after */
	if (disk->above)
		ret = take_above(disk, old);
	if (!ret)
		ret = write_limit(disk, limit);
	if (!ret && disk->above)
		ret = write_limit(disk->above, disk->above->limit);
	if (ret) {
		memcpy(disk->carved, old, sizeof(old));
		write_limit(disk, disk->limit);
		if (disk->above)
			write_limit(disk->above, disk->above->limit);
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

	lockdep_assert_held(&disk_mutex);

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

	lockdep_assert_held(&disk_mutex);

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
	struct walk walk = {
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
		ret = walk_tree(&walk);
		if (ret || !walk.changed ||
		    quota_read(sb, disk->project, &quota) ||
		    !quota.d_ino_count)
			break;
	}
	/*
	 * What a walk does not find, such as a file that is open and removed,
	 * must not be where the one above has no limit.
	 */
	if (disk->above)
		left = quota_read(sb, disk->project, &quota) ||
		       quota.d_space || quota.d_ino_count;
	ret = quota_write(sb, disk->project, left ? nothing : NULL);
	if (ret)
		pr_warn("vcontext: cannot lift limits of project %u on %s: %d\n",
			disk->project, sb->s_id, ret);
}

/* The opposite of disk_make(); what was carved is the one's above again. */
static void disk_release(struct disk *disk)
{
	struct disk *above = disk->above;
	int ret;

	lockdep_assert_held(&disk_mutex);

	ret = mnt_want_write(disk->root.mnt);
	if (ret) {
		pr_warn("vcontext: %s: tags of project %u stay: %d\n",
			disk_sb(disk)->s_id, disk->project, ret);
	} else {
		disk_clear(disk);
	}
	disk_unlink(disk);
	if (above && !ret)
		write_limit(above, above->limit);
	if (!ret)
		mnt_drop_write(disk->root.mnt);
	disk_put(disk);
}

static void release_detached(void)
{
	struct disk *disk;

	lockdep_assert_held(&disk_mutex);

	for (;;) {
		spin_lock(&disk_lock);
		disk = list_first_entry_or_null(&detached_disks, struct disk,
						detached);
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
	mutex_lock(&disk_mutex);
	release_detached();
	mutex_unlock(&disk_mutex);
}

static DECLARE_WORK(settle_work, settle_work_fn);

/* A directory with its own project and no limit yet, below @above. */
static int disk_make(struct disk *disk, struct disk *above)
{
	struct super_block *sb = disk_sb(disk);
	struct walk walk = {
		.root = &disk->root,
		.from = above ? above->project : 0,
		.make = true,
	};
	unsigned int i;
	int ret;

	ret = choose_project(sb, &disk->project);
	if (ret)
		return ret;
	disk_link(disk, above);
	walk.to = disk->project;
	ret = walk_tree(&walk);
	if (ret) {
		disk_clear(disk);
		disk_unlink(disk);
		return ret;
	}
	for (i = 0; i < walk.nr_stale; i++)
		quota_write(sb, walk.stale[i], NULL);
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
		return vc_fail(-EBUSY, "root: context %u limits this directory",
			       above->id);
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

	ret = disk_make(disk, above);
	if (ret)
		goto err_put;
	ret = change_limit(disk, limit);
	if (!ret)
		ret = publish(ctx, root, NULL, disk);
	if (!ret)
		return 0;
	disk_release(disk);
	return ret;
err_put:
	disk_put(disk);
	return ret;
}

static int set_locked(struct vcontext *ctx, const struct path *root,
		      const u64 limit[NR_KINDS])
{
	struct disk *disk;
	int ret;

	lockdep_assert_held(&disk_mutex);

	release_detached();
	/* a context that is destroyed detaches it, but only we free it */
	disk = READ_ONCE(VC(ctx, disk));
	if (limit[BYTES] == VC_UNLIMITED && limit[INODES] == VC_UNLIMITED) {
		ret = publish(ctx, root, disk, NULL);
		if (!ret && disk)
			disk_release(disk);
		return ret;
	}
	if (!disk)
		return set_new(ctx, root, limit);

	down_write(&vc_root_rwsem);
	mutex_lock(&vcontext_mutex);
	ret = check_context(ctx, root, disk);
	if (!ret)
		ret = change_limit(disk, limit);
	mutex_unlock(&vcontext_mutex);
	up_write(&vc_root_rwsem);
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
		ret = check_quota(root.dentry->d_sb);
	if (ret)
		goto out_put;
	if (mutex_lock_interruptible(&disk_mutex)) {
		ret = -ERESTARTSYS;
		goto out_put;
	}
	ret = mnt_want_write(root.mnt);
	if (ret) {
		ret = vc_fail(ret, "root: %s is mounted read-only",
			      root.dentry->d_sb->s_id);
		goto out_unlock;
	}
	ret = set_locked(req->ctx, &root, limit);
	mnt_drop_write(root.mnt);
out_unlock:
	mutex_unlock(&disk_mutex);
out_put:
	path_put(&root);
	return ret;
}

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
		ret = quota_read(disk_sb(disk), projects[i], &quota);
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
	u32 id = 0;

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
		for (pos = ctx->parent; pos->level && !id; pos = pos->parent) {
			disk = VC(pos, disk);
			if (disk && disk_sb(disk) == root.dentry->d_sb &&
			    disk->root.dentry != root.dentry &&
			    is_subdir(root.dentry, disk->root.dentry))
				id = pos->id;
		}
	}
	spin_unlock(&disk_lock);
	path_put(&root);
	return id ? vc_fail(-ENOSPC,
			    "disk: context %u needs a limit, its root is below that of context %u",
			    ctx->id, id) : 0;
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
		list_add_tail(&disk->detached, &detached_disks);
	if (disk)
		WRITE_ONCE(nr_detached, nr_detached + 1);
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
	if (fatal_signal_pending(current)) {
		queue_work(system_unbound_wq, &settle_work);
		return;
	}
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

static int __init vc_disk_init(void)
{
	disk_cred = prepare_kernel_cred(&init_task);
	if (!disk_cred)
		panic("vcontext: no memory for credentials");
	return 0;
}
subsys_initcall(vc_disk_init);
