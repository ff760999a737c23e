/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Projects: what project.c does with numbers, trees and quotas for disk.c.
 */
#ifndef _KERNEL_VCONTEXT_PROJECT_H
#define _KERNEL_VCONTEXT_PROJECT_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/quota.h>
#include <linux/types.h>

/* Projects left over by a crash that one SET cleans up after. */
#define STALE_MAX		16

enum { BYTES, INODES, NR_KINDS };

/**
 * struct vc_walk - change the project of all that is below a directory
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
struct vc_walk {
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

/* See the order of locks in internal.h. */
extern struct mutex vc_disk_mutex;

/* carve.c */
bool vc_disk_has_project(const struct super_block *sb, u32 project);

/* project.c */
int vc_quota_check(struct super_block *sb) __must_check;
int vc_quota_read(struct super_block *sb, u32 project, struct qc_dqblk *quota)
	__must_check;
int vc_quota_write(struct super_block *sb, u32 project, const u64 *limit);
int vc_project_choose(struct super_block *sb, u32 *project) __must_check;
int vc_project_walk(struct vc_walk *walk) __must_check;

#endif /* _KERNEL_VCONTEXT_PROJECT_H */
