// SPDX-License-Identifier: GPL-2.0
/*
 * Category 6, command 5: the file system types that tasks of a context may
 * mount.
 *
 * A type must be in the list of the context and of all above it, so that one
 * narrowed later binds at once.  A context starts without a list, which
 * forbids all.  Asked is who mounts: mount(2), the calls of the new mount
 * interface, user namespaces made inside and what a file system mounts below
 * itself when a task walks there.  What the kernel mounts for itself is not.
 *
 * A superblock remembers the context that it was made in.  Options of one that
 * was not made in the caller's context or below are left alone, also where a
 * mount made inside shares it; flags of mounts are not options.
 *
 * Lists are sorted, replaced under vcontext_mutex and read under RCU.
 */
#include <linux/bsearch.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/kernfs.h>
#include <linux/lsm_hooks.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "internal.h"

static_assert(sizeof(struct vc_mounts) == 8);

struct fstype_list {
	struct rcu_head rcu;
	u32 nr;
	char name[][VC_FSTYPE_SIZE];
};

/* %NULL forbids all, as an empty one does */
VC_DEFINE(struct fstype_list __rcu *, fstypes) = NULL;
/*
 * What that is after the batch that has claimed the context, or %NULL for the
 * same; owned by the batch, under vcontext_mutex.
 */
VC_DEFINE(struct fstype_list *, wanted) = NULL;

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool has_name(const struct fstype_list *list, const char *name)
{
	return list && bsearch(name, list->name, list->nr, VC_FSTYPE_SIZE,
			       compare_names);
}

/* The type that the lists of @ctx and of all above have; RCU held. */
static bool permitted(const struct vcontext *ctx, const char *name)
{
	const struct fstype_list *list;

	for (; ctx && ctx->level; ctx = ctx->parent) {
		list = rcu_dereference(VC(ctx, fstypes));
		if (!has_name(list, name))
			return false;
	}
	return true;
}

/* See vcontext_may_mount(). */
int __vcontext_may_mount(const struct file_system_type *type)
{
	int ret;

	/* the kernel fills a root, on behalf of whoever sets it */
	if (current->vcontext_builds)
		return 0;
	rcu_read_lock();
	ret = permitted(vcontext_of_task(current), type->name) ? 0 : -EPERM;
	rcu_read_unlock();
	return ret;
}

/* ---- superblocks ---- */

static u64 *mark_of(const struct super_block *sb)
{
	return sb->s_security + vcontext_blobs.lbs_superblock;
}

/**
 * vc_mount_new - a superblock is being made
 * @sb: nobody knows it yet
 *
 * Context: process.
 */
void vc_mount_new(struct super_block *sb)
{
	*mark_of(sb) = vcontext_enabled() ? __vcontext_mark() : 0;
}

/* See vcontext_may_configure(). */
int __vcontext_may_configure(const struct super_block *sb)
{
	int ret;

	rcu_read_lock();
	ret = vc_made_inside(*mark_of(sb), vcontext_of_task(current)) ?
		0 : -EPERM;
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(__vcontext_may_configure);

/*
 * Is it one for whoever mounts the type, such as that of tracefs or cgroup2?
 * Its options are the host's, even if somebody inside was the first.
 */
static bool is_shared(const struct super_block *sb)
{
	return !(sb->s_type->fs_flags & (FS_REQUIRES_DEV | FS_USERNS_MOUNT)) ||
	       kernfs_root_from_sb((struct super_block *)sb);
}

/**
 * vc_mount_may_remount - may current change the options of a superblock?
 * @sb: the superblock
 *
 * Context: process.
 * Return: 0 or %-EPERM.
 */
int vc_mount_may_remount(const struct super_block *sb)
{
	bool inside;

	rcu_read_lock();
	inside = vcontext_of_task(current);
	rcu_read_unlock();
	if (inside && is_shared(sb))
		return -EPERM;
	return __vcontext_may_mount(sb->s_type) ?: __vcontext_may_configure(sb);
}

/* ---- SET ---- */

static int check_name(const char *name)
{
	size_t i, len = strnlen(name, VC_FSTYPE_SIZE);
	int ret = vc_check_text("fstype", name, VC_FSTYPE_SIZE);

	if (ret)
		return ret;
	if (!len)
		return vc_fail(-EINVAL, "fstype is empty");
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || (!isalnum(name[i]) &&
					  !strchr("._-", name[i])))
			return vc_fail(-EINVAL,
				       "fstype: byte %zu is not of A-Za-z0-9._-",
				       i);
	return 0;
}

/* The index of the second element that is @name. */
static u32 find_second(const char *name, const char (*given)[VC_FSTYPE_SIZE])
{
	bool first = true;
	u32 i;

	for (i = 0; ; i++) {
		if (strcmp(given[i], name))
			continue;
		if (!first)
			return i;
		first = false;
	}
}

static struct fstype_list *make_list(const char (*given)[VC_FSTYPE_SIZE],
				     u32 nr)
{
	struct fstype_list *list;
	u32 i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = check_name(given[i]);
		if (ret) {
			vc_fail_index(i);
			return ERR_PTR(ret);
		}
	}
	list = kvmalloc(struct_size(list, name, nr), GFP_KERNEL_ACCOUNT);
	if (!list)
		return ERR_PTR(-ENOMEM);
	list->nr = nr;
	/* nothing behind the NUL, which GET would tell */
	for (i = 0; i < nr; i++)
		strscpy_pad(list->name[i], given[i]);
	sort(list->name, nr, VC_FSTYPE_SIZE, compare_names, NULL);
	for (i = 1; i < nr; i++) {
		if (strcmp(list->name[i - 1], list->name[i]))
			continue;
		vc_fail(-EEXIST, "fstype %s is there twice", list->name[i]);
		vc_fail_index(find_second(list->name[i], given));
		kvfree(list);
		return ERR_PTR(-EEXIST);
	}
	return list;
}

/* The same with what our own batch makes of the lists. */
static bool wanted(const struct vcontext *ctx, const char *name)
{
	const struct fstype_list *list;

	for (; ctx->level; ctx = ctx->parent) {
		list = vc_claimed_by_us(ctx) ? VC(ctx, wanted) : NULL;
		list = list ?:
		       rcu_dereference_protected(VC(ctx, fstypes),
						 lockdep_is_held(&vcontext_mutex));
		if (!has_name(list, name))
			return false;
	}
	return true;
}

/* Is all of it in the lists above?  vcontext_mutex held. */
static int check_above(const struct vcontext *ctx,
		       const char (*given)[VC_FSTYPE_SIZE], u32 nr)
{
	u32 i;

	lockdep_assert_held(&vcontext_mutex);

	for (i = 0; i < nr; i++) {
		if (!wanted(ctx->parent, given[i])) {
			vc_fail(-EPERM,
				"fstype %s: the contexts above do not have it",
				given[i]);
			vc_fail_index(i);
			return -EPERM;
		}
		cond_resched();
	}
	return 0;
}

/* A list for @req's context, not published. */
static struct fstype_list *prepare(struct vc_request *req)
{
	const struct vc_mounts *arg = req->data;

	if (arg->reserved) {
		vc_fail(-EINVAL, "reserved is not zero");
		return ERR_PTR(-EINVAL);
	}
	return make_list(req->list, req->nr);
}

static int check_locked(const struct vc_request *req)
{
	if (req->ctx->removed)
		return vc_fail(-ESRCH, "context %u is gone", req->ctx->id);
	return check_above(req->ctx, req->list, req->nr);
}

/* Let @ctx have @list; what is left to be freed. */
static struct fstype_list *publish(struct vcontext *ctx,
				   struct fstype_list *list)
{
	return rcu_replace_pointer(VC(ctx, fstypes), list,
				   lockdep_is_held(&vcontext_mutex));
}

/**
 * vc_mount_set - SET 6/5
 * @req: with a list of names
 *
 * Context: may sleep.
 * Return: 0, %-EINVAL (a name), %-EEXIST (a name twice), %-EPERM (more than a
 * context above has), %-ESRCH (the context has been removed), %-ENOMEM.
 */
long vc_mount_set(struct vc_request *req)
{
	struct fstype_list *list = prepare(req);
	int ret;

	if (IS_ERR(list))
		return PTR_ERR(list);
	if (mutex_lock_interruptible(&vcontext_mutex)) {
		kvfree(list);
		return -ERESTARTNOINTR;
	}
	ret = check_locked(req);
	if (!ret)
		list = publish(req->ctx, list);
	mutex_unlock(&vcontext_mutex);
	/* the old one, or the one that was refused */
	if (list)
		kvfree_rcu(list, rcu);
	return ret;
}

/* Only made ready: what has been mounted could not be taken back. */
static long mount_begin(struct vc_request *req)
{
	struct fstype_list *list = prepare(req);
	int ret;

	if (IS_ERR(list))
		return PTR_ERR(list);
	mutex_lock(&vcontext_mutex);
	ret = check_locked(req);
	if (!ret) {
		VC(req->ctx, wanted) = list;
		req->saved = list;
	}
	mutex_unlock(&vcontext_mutex);
	if (ret)
		kvfree(list);
	return ret;
}

static void mount_end(struct vc_request *req, bool commit)
{
	struct fstype_list *list = req->saved;

	mutex_lock(&vcontext_mutex);
	VC(req->ctx, wanted) = NULL;
	/* what has been destroyed has freed its list */
	if (commit && !req->ctx->removed)
		list = publish(req->ctx, list);
	mutex_unlock(&vcontext_mutex);
	if (list)
		kvfree_rcu(list, rcu);
}

const struct vc_batch_ops vc_mount_batch = {
	.begin = mount_begin,
	.end = mount_end,
};

static void fstypes_exit(struct vcontext *ctx)
{
	struct fstype_list *list;

	list = rcu_replace_pointer(VC(ctx, fstypes), NULL,
				   lockdep_is_held(&vcontext_mutex));
	if (list)
		kvfree_rcu(list, rcu);
}

VC_INIT(fstypes, NULL, fstypes_exit);

/* ---- GET ---- */

/**
 * vc_mount_get - GET 6/5
 * @req: with a list of names to fill: those that tasks may mount
 *
 * Context: may sleep.
 * Return: 0, %-EINVAL, %-ENOMEM, %-ERESTARTNOINTR.
 */
long vc_mount_get(struct vc_request *req)
{
	const struct vc_mounts *arg = req->data;
	const struct fstype_list *list = NULL;
	char (*names)[VC_FSTYPE_SIZE] = NULL;
	u32 i;
	int ret = 0;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");

	if (mutex_lock_interruptible(&vcontext_mutex))
		return -ERESTARTNOINTR;
	if (req->ctx->level)
		list = rcu_dereference_protected(VC(req->ctx, fstypes),
						 lockdep_is_held(&vcontext_mutex));
	if (list && list->nr) {
		names = kvmalloc_array(list->nr, sizeof(*names),
				       GFP_KERNEL_ACCOUNT);
		if (!names)
			ret = -ENOMEM;
	}
	rcu_read_lock();
	for (i = 0; names && i < list->nr; i++)
		if (permitted(req->ctx, list->name[i]))
			memcpy(names[req->nr++], list->name[i],
			       VC_FSTYPE_SIZE);
	rcu_read_unlock();
	mutex_unlock(&vcontext_mutex);
	req->list = names;
	return ret;
}

/**
 * vc_mount_show - what GET 6/5 has said
 * @m: where to
 * @req: done
 *
 * Context: process.
 */
void vc_mount_show(struct seq_file *m, const struct vc_request *req)
{
	const char (*names)[VC_FSTYPE_SIZE] = req->list;
	u32 i;

	seq_printf(m, "count=%u list=", req->nr);
	for (i = 0; i < req->nr; i++)
		seq_printf(m, i ? ",%s" : "%s", names[i]);
}
