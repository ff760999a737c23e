/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Limited directories: what carve.c keeps for disk.c.
 */
#ifndef _KERNEL_VCONTEXT_CARVE_H
#define _KERNEL_VCONTEXT_CARVE_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/path.h>
#include <linux/spinlock.h>

#include "project.h"

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
 * @node, @above and @limit are written under vc_disk_mutex and vc_disk_lock, and
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

/* For those who cannot wait; inside vc_disk_mutex. */
extern spinlock_t vc_disk_lock;

static inline struct super_block *disk_sb(const struct disk *disk)
{
	return disk->root.dentry->d_sb;
}

bool vc_carve_none(void);
struct disk *vc_carve_find(struct dentry *dir);
void vc_carve_link(struct disk *disk, struct disk *above);
void vc_carve_unlink(struct disk *disk);
int vc_carve_change(struct disk *disk, const u64 limit[NR_KINDS], bool keep)
	__must_check;
void vc_carve_restore(struct disk *disk, const u64 limit[NR_KINDS],
		      const u64 carved[NR_KINDS]);
void vc_carve_refresh(const struct disk *disk);
void vc_carve_give_back(struct disk *disk);
int vc_carve_usage(const struct disk *disk, u64 usage[NR_KINDS]) __must_check;

#endif /* _KERNEL_VCONTEXT_CARVE_H */
