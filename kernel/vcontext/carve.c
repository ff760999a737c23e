// SPDX-License-Identifier: GPL-2.0
/*
 * Limited directories, and what is carved out of what.
 *
 * One below another one is carved out of that: what it may have at most is
 * taken from what the project of the other one may use.  "Below" is decided
 * when a limit is made; where the host moves a directory afterwards is its own
 * affair.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/quota.h>
#include <linux/slab.h>

#include "carve.h"
#include "internal.h"

DEFINE_SPINLOCK(vc_disk_lock);
/* struct disk: changed under vc_disk_mutex and vc_disk_lock */
static LIST_HEAD(disks);
static unsigned int nr_disks;

static const char * const kind_names[NR_KINDS] = {
	"bytes_limit", "inodes_limit",
};

/* ---- the tree ---- */

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

/**
 * vc_carve_none - is no directory limited?
 *
 * Context: any; a snapshot.
 * Return: as asked.
 */
bool vc_carve_none(void)
{
	return !READ_ONCE(nr_disks);
}

/**
 * vc_carve_find - the nearest limited directory at or above one
 * @dir: the directory
 *
 * Context: vc_disk_mutex held.
 * Return: as asked, or %NULL.
 */
struct disk *vc_carve_find(struct dentry *dir)
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

/**
 * vc_carve_link - put a directory where it is in the tree
 * @disk: the directory
 * @above: as vc_carve_find() has said, or %NULL
 *
 * Those right below its place are below it, and none else.
 *
 * Context: vc_disk_mutex held.
 */
void vc_carve_link(struct disk *disk, struct disk *above)
{
	struct disk *pos;

	lockdep_assert_held(&vc_disk_mutex);

	spin_lock(&vc_disk_lock);
	disk->above = above;
	list_for_each_entry(pos, &disks, node)
		if (pos->above == above && disk_sb(pos) == disk_sb(disk) &&
		    is_subdir(pos->root.dentry, disk->root.dentry))
			pos->above = disk;
	list_add(&disk->node, &disks);
	WRITE_ONCE(nr_disks, nr_disks + 1);
	spin_unlock(&vc_disk_lock);
}

/**
 * vc_carve_unlink - the opposite
 * @disk: the directory; those below it are below what is above it
 *
 * Context: vc_disk_mutex held.
 */
void vc_carve_unlink(struct disk *disk)
{
	struct disk *pos;

	lockdep_assert_held(&vc_disk_mutex);

	spin_lock(&vc_disk_lock);
	list_del_init(&disk->node);
	WRITE_ONCE(nr_disks, nr_disks - 1);
	list_for_each_entry(pos, &disks, node)
		if (pos->above == disk)
			pos->above = disk->above;
	spin_unlock(&vc_disk_lock);
}

/* ---- limits ---- */

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

/**
 * vc_carve_restore - put back what was there
 * @disk: the directory
 * @limit: of it, then
 * @carved: of it, then
 *
 * Cannot fail, as far as the file system goes.
 *
 * Context: vc_disk_mutex held, may sleep.
 */
void vc_carve_restore(struct disk *disk, const u64 limit[NR_KINDS],
		      const u64 carved[NR_KINDS])
{
	lockdep_assert_held(&vc_disk_mutex);

	memcpy(disk->carved, carved, sizeof(disk->carved));
	spin_lock(&vc_disk_lock);
	memcpy(disk->limit, limit, sizeof(disk->limit));
	spin_unlock(&vc_disk_lock);
	write_limit(disk, disk->limit);
	if (disk->above)
		write_limit(disk->above, disk->above->limit);
}

/**
 * vc_carve_change - give a directory another limit
 * @disk: which has its project already
 * @limit: as SET
 * @keep: what has been carved until the batch has ended: it may be needed again
 *
 * The order is such that all together never have more than there is; putting
 * an old limit back cannot fail.
 *
 * Context: vc_disk_mutex held, may sleep.
 * Return: 0, %-ENOSPC, or what the file system says.
 */
int vc_carve_change(struct disk *disk, const u64 limit[NR_KINDS], bool keep)
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
		vc_carve_restore(disk, disk->limit, old);
		return vc_fail(ret, "root: quota of %s cannot be set",
			       disk_sb(disk)->s_id);
	}
	spin_lock(&vc_disk_lock);
	memcpy(disk->limit, limit, sizeof(disk->limit));
	spin_unlock(&vc_disk_lock);
	return 0;
}

/**
 * vc_carve_refresh - tell the file system what a directory may use itself
 * @disk: below which another one has come, gone or changed
 *
 * Context: vc_disk_mutex held, may sleep.
 */
void vc_carve_refresh(const struct disk *disk)
{
	write_limit(disk, disk->limit);
}

/**
 * vc_carve_give_back - what was kept for the case of failure is the one's above
 * @disk: whose limit a batch has changed
 *
 * Context: vc_disk_mutex held, may sleep.
 */
void vc_carve_give_back(struct disk *disk)
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

/* ---- usage ---- */

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

	spin_lock(&vc_disk_lock);
	list_for_each_entry(pos, &disks, node) {
		if (!is_at_or_below(pos, disk))
			continue;
		if (nr < room)
			projects[nr] = pos->project;
		nr++;
	}
	spin_unlock(&vc_disk_lock);
	return nr;
}

/**
 * vc_carve_usage - what a directory and those below it use
 * @disk: the directory, referenced
 * @usage: added to
 *
 * Context: may sleep.
 * Return: 0, %-EOPNOTSUPP (quota was turned off), %-ENOMEM.
 */
int vc_carve_usage(const struct disk *disk, u64 usage[NR_KINDS])
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
