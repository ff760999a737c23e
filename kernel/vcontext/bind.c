// SPDX-License-Identifier: GPL-2.0
/*
 * Category 6, command 8: what of the caller's files appears below the virtual
 * root of a context.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mnt_namespace.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "root.h"

static_assert(sizeof(struct vc_bind) == 32);
static_assert(sizeof(struct vc_targets) == 8);

/* Binds of one context, at most. */
#define BINDS_MAX	256

/**
 * struct root_bind - a directory or file that appears below a root
 * @node: in its list
 * @tree: copy of the mounts at the source, owned
 * @flags: VC_BIND_*
 * @target: where it appears, as the inside sees it
 */
struct root_bind {
	struct list_head node;
	struct vfsmount *tree;
	u32 flags;
	char target[VC_TARGET_SIZE];
};

static void bind_free(struct root_bind *bind)
{
	drop_collected_mounts(bind->tree);
	kfree(bind);
}

/**
 * vc_binds_free - free what is bound below a root
 * @root: which nobody has any more
 *
 * Context: may sleep.
 */
void vc_binds_free(struct vc_root *root)
{
	struct root_bind *pos, *next;

	list_for_each_entry_safe(pos, next, &root->binds, node)
		bind_free(pos);
}

static int attach_bind(struct mnt_namespace *ns, const struct root_bind *bind)
{
	int flags = bind->flags & VC_BIND_READONLY ? MNT_READONLY : 0;
	int ret = mnt_ns_attach(ns, bind->tree, bind->target, LOOKUP_FOLLOW,
				flags);

	if (!ret)
		return 0;
	return vc_fail(ret, ret == -ENOTDIR ?
		       "target %s: a directory on a file, or a file on a directory" :
		       "target %s: not there below the root",
		       bind->target);
}

/**
 * vc_binds_attach - let binds appear in a mount namespace
 * @root: whose; they do not change meanwhile
 * @ns: of whom we have the only reference
 *
 * Context: may sleep, see vc_mntns_make().
 * Return: 0 or a negative errno.
 */
int vc_binds_attach(const struct vc_root *root, struct mnt_namespace *ns)
{
	const struct root_bind *pos;
	int ret;

	list_for_each_entry(pos, &root->binds, node) {
		ret = attach_bind(ns, pos);
		if (ret)
			return ret;
	}
	return 0;
}

static struct root_bind *bind_alloc(const struct vc_request *req,
				    const struct vc_bind *arg)
{
	struct root_bind *bind;
	struct path source;
	int ret;

	ret = vc_root_find("source", req->buffer[0], arg->source_len, 0,
			   &source);
	if (ret)
		return ERR_PTR(ret);
	bind = kzalloc(sizeof(*bind), GFP_KERNEL_ACCOUNT);
	if (!bind) {
		path_put(&source);
		return ERR_PTR(-ENOMEM);
	}
	bind->flags = arg->flags;
	strscpy(bind->target, req->buffer[1]);
	bind->tree = mnt_collect(&source);
	path_put(&source);
	if (IS_ERR(bind->tree)) {
		ret = PTR_ERR(bind->tree);
		kfree(bind);
		vc_fail(ret, "source %.80s cannot be bound",
			(char *)req->buffer[0]);
		return ERR_PTR(ret);
	}
	return bind;
}

static int check_target(const char *target, u32 len)
{
	if (!len)
		return vc_fail(-EINVAL, "target is empty");
	if (len >= VC_TARGET_SIZE)
		return vc_fail(-ENAMETOOLONG, "target_len %u: at most %u", len,
			       VC_TARGET_SIZE - 1);
	if (strlen(target) != len)
		return vc_fail(-EINVAL, "target has a NUL in it");
	if (target[0] != '/')
		return vc_fail(-EINVAL, "target %s does not begin with /",
			       target);
	return 0;
}

/* Nobody is in @root's mount namespace, and nobody comes. */
static int bind_add(struct vc_root *root, struct root_bind *bind)
{
	int ret;

	lockdep_assert_held(&root->lock);

	if (root->nr_binds == BINDS_MAX)
		return vc_fail(-ENOSPC, "the context has %u binds already",
			       root->nr_binds);
	ret = attach_bind(root->mnt_ns, bind);
	if (ret)
		return ret;
	mutex_lock(&vc_ns_mutex);
	list_add_tail(&bind->node, &root->binds);
	root->nr_binds++;
	mutex_unlock(&vc_ns_mutex);
	return 0;
}

/* What has been added; borrowed from the root. */
static struct root_bind *bind_set(struct vc_request *req)
{
	const struct vc_bind *arg = req->data;
	struct root_bind *bind;
	struct vc_root *root;
	int ret = 0;

	if (arg->flags & ~VC_BIND_READONLY)
		ret = vc_fail(-EINVAL, "flags %#x: unknown bits", arg->flags);
	else if (arg->reserved)
		ret = vc_fail(-EINVAL, "reserved is not zero");
	if (!ret)
		ret = check_target(req->buffer[1], arg->target_len);
	if (ret)
		return ERR_PTR(ret);
	bind = bind_alloc(req, arg);
	if (IS_ERR(bind))
		return bind;

	root = vc_root_begin(req->ctx);
	ret = PTR_ERR_OR_ZERO(root);
	if (!ret) {
		/* a target is looked up in what those who come will find */
		if (root->spoilt)
			ret = vc_root_renew(req->ctx, root);
		if (!ret)
			ret = bind_add(root, bind);
		vc_root_end(root);
	}
	if (ret) {
		bind_free(bind);
		return ERR_PTR(ret);
	}
	return bind;
}

/* SET 6/8 */
long vc_bind_set(struct vc_request *req)
{
	return PTR_ERR_OR_ZERO(bind_set(req));
}

/**
 * struct added - what a batch has added
 * @root: where, referenced
 * @bind: in it
 */
struct added {
	struct vc_root *root;
	struct root_bind *bind;
};

static long bind_begin(struct vc_request *req)
{
	struct added *added = kzalloc(sizeof(*added), GFP_KERNEL_ACCOUNT);
	struct root_bind *bind;
	long ret = 0;

	if (!added)
		return -ENOMEM;
	/* nobody but our own batch gives the context another one */
	added->root = vc_root_hold(req->ctx);
	bind = bind_set(req);
	if (IS_ERR(bind) || !added->root) {
		ret = IS_ERR(bind) ? PTR_ERR(bind) : -ESRCH;
		vc_root_drop(added->root);
		kfree(added);
		return ret;
	}
	added->bind = bind;
	req->saved = added;
	return 0;
}

/*
 * The mount namespace still has the bind.  Nobody is in it, though the host may
 * hold it, and who comes gets one made anew.
 */
static void take_back(struct vc_root *root, struct root_bind *bind)
{
	mutex_lock(&root->lock);
	mutex_lock(&vc_ns_mutex);
	list_del(&bind->node);
	root->nr_binds--;
	root->spoilt = true;
	mutex_unlock(&vc_ns_mutex);
	mutex_unlock(&root->lock);
	bind_free(bind);
}

static void bind_end(struct vc_request *req, bool commit)
{
	struct added *added = req->saved;

	if (!commit)
		take_back(added->root, added->bind);
	vc_root_drop(added->root);
	kfree(added);
}

const struct vc_batch_ops vc_bind_batch = {
	.begin = bind_begin,
	.end = bind_end,
	.closes = true,
};

/* GET 6/8 */
long vc_bind_get(struct vc_request *req)
{
	const struct vc_targets *arg = req->data;
	const struct root_bind *pos;
	const struct vc_root *root;
	char (*names)[VC_TARGET_SIZE];
	long ret = 0;
	u32 i = 0;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	mutex_lock(&vc_ns_mutex);
	root = vc_root_of(req->ctx);
	if (!root || !root->nr_binds)
		goto out_unlock;
	names = kvcalloc(root->nr_binds, sizeof(*names), GFP_KERNEL_ACCOUNT);
	if (!names) {
		ret = -ENOMEM;
		goto out_unlock;
	}
	list_for_each_entry(pos, &root->binds, node)
		strscpy(names[i++], pos->target);
	req->list = names;
	req->nr = i;
out_unlock:
	mutex_unlock(&vc_ns_mutex);
	return ret;
}

/* GET 6/8 for /proc */
void vc_bind_show(struct seq_file *m, const struct vc_request *req)
{
	const char (*names)[VC_TARGET_SIZE] = req->list;
	u32 i;

	seq_printf(m, "count=%u targets=", req->nr);
	for (i = 0; i < req->nr; i++) {
		if (i)
			seq_putc(m, ',');
		seq_escape(m, names[i], " \t\n\\,");
	}
}
