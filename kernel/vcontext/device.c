// SPDX-License-Identifier: GPL-2.0
/*
 * Category 6, command 6: the devices that tasks of a context may open and make.
 *
 * A list says what access it gives to a device: all that its entries for this
 * minor and for any minor say together.  A task has what the lists of its
 * context and of all above give, so that one narrowed later binds at once.
 * A descriptor is not asked again: devices that are passed in stay usable.
 *
 * Without a list of its own a context has the default one.  Lists are sorted,
 * replaced under vcontext_mutex and read under RCU.
 */
#include <linux/bsearch.h>
#include <linux/device_cgroup.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "internal.h"

static_assert(sizeof(struct vc_device) == 16);
static_assert(sizeof(struct vc_devices) == 8);

#define ACCESS_ALL	(VC_DEVICE_READ | VC_DEVICE_WRITE | VC_DEVICE_MKNOD)

struct device_list {
	struct rcu_head rcu;
	u32 nr;
	struct vc_device dev[] __counted_by(nr);
};

/* %NULL for the default */
VC_DEFINE(struct device_list __rcu *, devices) = NULL;
/*
 * What that is after the batch that has claimed the context, or %NULL for the
 * same; owned by the batch, under vcontext_mutex.
 */
VC_DEFINE(struct device_list *, wanted) = NULL;

#define CHAR_DEVICE(_major, _minor)					\
	{ .type = 'c', .major = _major, .minor = _minor, .access = ACCESS_ALL }

static const struct vc_device default_devices[] = {
	CHAR_DEVICE(MEM_MAJOR, 3),	/* null */
	CHAR_DEVICE(MEM_MAJOR, 5),	/* zero */
	CHAR_DEVICE(MEM_MAJOR, 7),	/* full */
	CHAR_DEVICE(MEM_MAJOR, 8),	/* random */
	CHAR_DEVICE(MEM_MAJOR, 9),	/* urandom */
	CHAR_DEVICE(TTYAUX_MAJOR, 0),	/* tty */
	CHAR_DEVICE(TTYAUX_MAJOR, 2),	/* ptmx */
	CHAR_DEVICE(UNIX98_PTY_SLAVE_MAJOR, VC_DEVICE_ANY),
	CHAR_DEVICE(UNIX98_PTY_SLAVE_MAJOR + 1, VC_DEVICE_ANY),
	CHAR_DEVICE(UNIX98_PTY_SLAVE_MAJOR + 2, VC_DEVICE_ANY),
	CHAR_DEVICE(UNIX98_PTY_SLAVE_MAJOR + 3, VC_DEVICE_ANY),
	CHAR_DEVICE(UNIX98_PTY_SLAVE_MAJOR + 4, VC_DEVICE_ANY),
	CHAR_DEVICE(UNIX98_PTY_SLAVE_MAJOR + 5, VC_DEVICE_ANY),
	CHAR_DEVICE(UNIX98_PTY_SLAVE_MAJOR + 6, VC_DEVICE_ANY),
	CHAR_DEVICE(UNIX98_PTY_SLAVE_MAJOR + 7, VC_DEVICE_ANY),
};

/* By type, major and minor; "any" comes last. */
static int compare_devices(const void *a, const void *b)
{
	const struct vc_device *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	if (x->minor != y->minor)
		return x->minor < y->minor ? -1 : 1;
	return 0;
}

static const struct vc_device *list_of(const struct vcontext *ctx, u32 *nr)
{
	const struct device_list *list = rcu_dereference(VC(ctx, devices));

	*nr = list ? list->nr : ARRAY_SIZE(default_devices);
	return list ? list->dev : default_devices;
}

/* What a list gives to @dev. */
static u32 access_in(const struct vc_device *list, u32 nr,
		     const struct vc_device *dev)
{
	struct vc_device key = *dev;
	const struct vc_device *found;
	u32 access = 0;

	found = bsearch(&key, list, nr, sizeof(*list), compare_devices);
	if (found)
		access = found->access;
	if (key.minor == VC_DEVICE_ANY)
		return access;
	key.minor = VC_DEVICE_ANY;
	found = bsearch(&key, list, nr, sizeof(*list), compare_devices);
	return found ? access | found->access : access;
}

/* What @ctx's own list gives to @dev; RCU held. */
static u32 own_access(const struct vcontext *ctx, const struct vc_device *dev)
{
	const struct vc_device *list;
	u32 nr;

	list = list_of(ctx, &nr);
	return access_in(list, nr, dev);
}

/* What the lists of @ctx and of all above give to @dev; RCU held. */
static u32 access_of(const struct vcontext *ctx, const struct vc_device *dev)
{
	u32 access = ACCESS_ALL;

	for (; ctx && ctx->level && access; ctx = ctx->parent)
		access &= own_access(ctx, dev);
	return access;
}

/* See vcontext_may_device(). */
int __vcontext_may_device(short type, u32 major, u32 minor, short access)
{
	const struct vc_device dev = {
		.type = type == DEVCG_DEV_BLOCK ? 'b' : 'c',
		.major = major,
		.minor = minor,
	};
	u32 wanted = 0;
	int ret = 0;

	if (access & DEVCG_ACC_READ)
		wanted |= VC_DEVICE_READ;
	if (access & DEVCG_ACC_WRITE)
		wanted |= VC_DEVICE_WRITE;
	if (access & DEVCG_ACC_MKNOD)
		wanted |= VC_DEVICE_MKNOD;

	rcu_read_lock();
	if (wanted & ~access_of(vcontext_of_task(current), &dev))
		ret = -EPERM;
	rcu_read_unlock();
	return ret;
}

/* ---- SET ---- */

static int check_device(const struct vc_device *dev)
{
	if (dev->type != 'b' && dev->type != 'c')
		return vc_fail(-EINVAL, "type %u: 'b' or 'c'", dev->type);
	if (dev->major > MAJOR(~0U))
		return vc_fail(-EINVAL, "major %u: at most %u", dev->major,
			       MAJOR(~0U));
	if (dev->minor > MINORMASK && dev->minor != VC_DEVICE_ANY)
		return vc_fail(-EINVAL, "minor %u: at most %u, or any",
			       dev->minor, MINORMASK);
	if (!dev->access || (dev->access & ~ACCESS_ALL))
		return vc_fail(-EINVAL, "access %#x: of %#x", dev->access,
			       ACCESS_ALL);
	return 0;
}

/* The index of the second element that is @dev. */
static u32 find_second(const struct vc_device *dev,
		       const struct vc_device *given)
{
	bool first = true;
	u32 i;

	for (i = 0; ; i++) {
		if (compare_devices(&given[i], dev))
			continue;
		if (!first)
			return i;
		first = false;
	}
}

static struct device_list *make_list(const struct vc_device *given, u32 nr)
{
	struct device_list *list;
	u32 i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = check_device(&given[i]);
		if (ret) {
			vc_fail_index(i);
			return ERR_PTR(ret);
		}
	}
	list = kvmalloc(struct_size(list, dev, nr), GFP_KERNEL_ACCOUNT);
	if (!list)
		return ERR_PTR(-ENOMEM);
	list->nr = nr;
	if (nr)
		memcpy(list->dev, given, flex_array_size(list, dev, nr));
	sort(list->dev, nr, sizeof(list->dev[0]), compare_devices, NULL);
	for (i = 1; i < nr; i++) {
		if (compare_devices(&list->dev[i - 1], &list->dev[i]))
			continue;
		vc_fail(-EEXIST, "device %c %u:%d is there twice",
			list->dev[i].type, list->dev[i].major,
			(int)list->dev[i].minor);
		vc_fail_index(find_second(&list->dev[i], given));
		kvfree(list);
		return ERR_PTR(-EEXIST);
	}
	return list;
}

/*
 * What the lists of @ctx and of all above give to @dev, with what our own batch
 * makes of them.
 */
static u32 wanted_access(const struct vcontext *ctx,
			 const struct vc_device *dev)
{
	const struct device_list *list;
	u32 access = ACCESS_ALL;

	lockdep_assert_held(&vcontext_mutex);

	rcu_read_lock();
	for (; ctx->level && access; ctx = ctx->parent) {
		list = vc_claimed_by_us(ctx) ? VC(ctx, wanted) : NULL;
		access &= list ? access_in(list->dev, list->nr, dev) :
				 own_access(ctx, dev);
	}
	rcu_read_unlock();
	return access;
}

/* Is all of it in the lists above?  vcontext_mutex held. */
static int check_above(const struct vcontext *ctx,
		       const struct vc_device *given, u32 nr)
{
	u32 i, access;

	lockdep_assert_held(&vcontext_mutex);

	for (i = 0; i < nr; i++) {
		access = wanted_access(ctx->parent, &given[i]);
		if (given[i].access & ~access) {
			vc_fail(-EPERM,
				"device %c %u:%d: access %#x, the contexts above have %#x",
				given[i].type, given[i].major,
				(int)given[i].minor, given[i].access, access);
			vc_fail_index(i);
			return -EPERM;
		}
		cond_resched();
	}
	return 0;
}

/* Give @ctx @list; what it had before. */
static struct device_list *replace(struct vcontext *ctx,
				   struct device_list *list)
{
	return rcu_replace_pointer(VC(ctx, devices), list,
				   lockdep_is_held(&vcontext_mutex));
}

/* A list for @req's context, which may have it; not published. */
static struct device_list *prepare(struct vc_request *req)
{
	const struct vc_devices *arg = req->data;

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
static struct device_list *publish(struct vcontext *ctx,
				   struct device_list *list)
{
	lockdep_assert_held(&vcontext_mutex);

	list = replace(ctx, list);
	/* each /dev has the permitted ones; who is in keeps his */
	vc_root_outdate(ctx);
	return list;
}

/**
 * vc_device_set - SET 6/6
 * @req: with a list of struct vc_device
 *
 * Context: may sleep.
 * Return: 0, %-EINVAL (a value), %-EEXIST (a device twice), %-EPERM (more than
 * a context above has), %-ESRCH (the context has been removed), %-ENOMEM.
 */
long vc_device_set(struct vc_request *req)
{
	struct device_list *list = prepare(req);
	int ret;

	if (IS_ERR(list))
		return PTR_ERR(list);
	mutex_lock(&vcontext_mutex);
	ret = check_locked(req);
	if (!ret)
		list = publish(req->ctx, list);
	mutex_unlock(&vcontext_mutex);
	/* the old one, or the one that was refused */
	if (list)
		kvfree_rcu(list, rcu);
	return ret;
}

/* Only made ready: what has been opened could not be taken back. */
static long device_begin(struct vc_request *req)
{
	struct device_list *list = prepare(req);
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

static void device_end(struct vc_request *req, bool commit)
{
	struct device_list *list = req->saved;

	mutex_lock(&vcontext_mutex);
	VC(req->ctx, wanted) = NULL;
	/* what has been destroyed has freed its list */
	if (commit && !req->ctx->removed)
		list = publish(req->ctx, list);
	mutex_unlock(&vcontext_mutex);
	if (list)
		kvfree_rcu(list, rcu);
}

const struct vc_batch_ops vc_device_batch = {
	.begin = device_begin,
	.end = device_end,
};

static void devices_exit(struct vcontext *ctx)
{
	struct device_list *list;

	/* no task is there to ask; zombies open nothing */
	list = replace(ctx, NULL);
	if (list)
		kvfree_rcu(list, rcu);
}

VC_INIT(devices, NULL, devices_exit);

/* ---- GET ---- */

/*
 * Append what @ctx and those above give to @dev, which a list of theirs names.
 * What an entry for any minor says anyway need not be said again.  RCU held.
 */
static void append(const struct vcontext *ctx, const struct vc_device *dev,
		   struct vc_device *to, u32 *nr)
{
	struct vc_device any = *dev;
	u32 access = access_of(ctx, dev);

	any.minor = VC_DEVICE_ANY;
	if (!access || (dev->minor != VC_DEVICE_ANY &&
			!(access & ~access_of(ctx, &any))))
		return;
	to[*nr] = *dev;
	to[*nr].access = access;
	++*nr;
}

/* @max, or how many there are if that is not enough; RCU held. */
static u32 collect(const struct vcontext *ctx, struct vc_device *to, u32 max)
{
	const struct vcontext *pos;
	const struct vc_device *list;
	u32 all = 0, found = 0, nr, i, n;

	for (pos = ctx; pos->level; pos = pos->parent) {
		list = list_of(pos, &nr);
		all += nr;
		for (i = 0; all <= max && i < nr; i++)
			append(ctx, &list[i], to, &found);
	}
	if (all > max)
		return all;

	/* what more than one list names */
	sort(to, found, sizeof(*to), compare_devices, NULL);
	for (i = 0, n = 0; i < found; i++)
		if (!n || compare_devices(&to[n - 1], &to[i]))
			to[n++] = to[i];
	return n;
}

/* What tasks of @ctx may do, to be kvfree()d; %NULL if there is no memory. */
static struct vc_device *effective(const struct vcontext *ctx, u32 *nr)
{
	struct vc_device *list = NULL;
	u32 max = 0;

	for (;;) {
		rcu_read_lock();
		*nr = collect(ctx, list, max);
		rcu_read_unlock();
		if (list && *nr <= max)
			return list;
		kvfree(list);
		/* a list may have grown meanwhile, so some more */
		max = *nr + 16;
		list = kvmalloc_array(max, sizeof(*list), GFP_KERNEL_ACCOUNT);
		if (!list)
			return NULL;
	}
}

/**
 * vc_device_for_each - walk the devices that tasks of a context may use
 * @ctx: the context; the host has none
 * @fn: called for each, sorted; not 0 ends the walk
 * @arg: for @fn
 *
 * What contexts above narrow is taken into account.
 *
 * Context: may sleep, and so may @fn; no lock is held.
 * Return: 0, what @fn has returned, or %-ENOMEM.
 */
int vc_device_for_each(struct vcontext *ctx,
		       int (*fn)(const struct vc_device *dev, void *arg),
		       void *arg)
{
	struct vc_device *list;
	u32 i, nr;
	int ret = 0;

	list = effective(ctx, &nr);
	if (!list)
		return -ENOMEM;
	for (i = 0; i < nr && !ret; i++)
		ret = fn(&list[i], arg);
	kvfree(list);
	return ret;
}

/**
 * vc_device_get - GET 6/6
 * @req: with a list of struct vc_device to fill
 *
 * Context: may sleep.
 * Return: 0, %-EINVAL, %-ENOMEM.
 */
long vc_device_get(struct vc_request *req)
{
	const struct vc_devices *arg = req->data;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	req->list = effective(req->ctx, &req->nr);
	return req->list ? 0 : -ENOMEM;
}

/**
 * vc_device_show - what GET 6/6 has said
 * @m: where to
 * @req: done
 *
 * Context: process.
 */
void vc_device_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_device *list = req->list;
	u32 i;

	seq_printf(m, "count=%u list=", req->nr);
	for (i = 0; i < req->nr; i++) {
		seq_printf(m, "%s%c:%u:", i ? "," : "", list[i].type,
			   list[i].major);
		if (list[i].minor == VC_DEVICE_ANY)
			seq_putc(m, '*');
		else
			seq_printf(m, "%u", list[i].minor);
		seq_printf(m, ":%s%s%s",
			   list[i].access & VC_DEVICE_READ ? "r" : "",
			   list[i].access & VC_DEVICE_WRITE ? "w" : "",
			   list[i].access & VC_DEVICE_MKNOD ? "m" : "");
	}
}
