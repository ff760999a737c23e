// SPDX-License-Identifier: GPL-2.0
/*
 * Block I/O of a device, command 7 of category 6: limits by blk-throttle,
 * weight by iocost.
 *
 * The settings are those of io.max and io.weight of the context's own group,
 * under the queue lock of the device.  They go with the device.
 */
#include <linux/blkdev.h>
#include <linux/seq_file.h>

#include "../../block/blk-cgroup.h"
#include "../../block/blk-throttle.h"
#include "internal.h"

static_assert(sizeof(struct vc_io) == 48);

/* rbps, wbps, riops and wiops, in the order of blk_throtl_set_limits() */
#define NR_LIMITS	4

/* The least that io.max takes. */
#define LIMIT_MIN	2

static const char * const limit_names[NR_LIMITS] = {
	"rbps", "wbps", "riops", "wiops",
};

/* What the throttle takes for none. */
static const u64 limit_none[NR_LIMITS] = {
	U64_MAX, U64_MAX, UINT_MAX, UINT_MAX,
};

/**
 * vc_io_available - has the running kernel the io controller for contexts?
 *
 * Context: any.
 * Return: as asked.
 */
bool vc_io_available(void)
{
	return vc_engine_has(io_cgrp_id);
}

static void limits_of(struct blkcg_gq *blkg, u64 limits[NR_LIMITS])
{
	const struct throtl_grp *tg = blkg_to_tg(blkg);

	lockdep_assert_held(&blkg->q->queue_lock);

	memcpy(limits, limit_none, sizeof(limit_none));
	/* %NULL as long as nobody has throttled the device */
	if (!tg)
		return;
	limits[0] = tg->bps[READ];
	limits[1] = tg->bps[WRITE];
	limits[2] = tg->iops[READ];
	limits[3] = tg->iops[WRITE];
}

static u32 weight_of(struct blkcg_gq *blkg)
{
	return max(blk_iocost_weight(blkg), 0);
}

/*
 * What @blkcg has on the device that @io names, 0 for none.  Not by
 * blkdev_get_no_open(): whoever may ask must not make the kernel load drivers.
 */
static int io_read(struct blkcg *blkcg, struct vc_io *io)
{
	struct blkcg_gq *pos, *blkg;
	u64 limits[NR_LIMITS];
	u32 weight = 0;
	int i, ret = -ENODEV;

	memcpy(limits, limit_none, sizeof(limits));
	rcu_read_lock();
	/* the root has each disk */
	hlist_for_each_entry_rcu(pos, &blkcg_root.blkg_list, blkcg_node) {
		spin_lock_irq(&pos->q->queue_lock);
		if (pos->online && pos->q->disk &&
		    pos->q->disk->major == io->major &&
		    pos->q->disk->first_minor == io->minor) {
			ret = 0;
			blkg = blkg_lookup(blkcg, pos->q);
			if (blkg) {
				limits_of(blkg, limits);
				weight = weight_of(blkg);
			}
		}
		spin_unlock_irq(&pos->q->queue_lock);
	}
	rcu_read_unlock();
	if (ret)
		return vc_fail(ret, "device %u:%u: no such disk", io->major,
			       io->minor);
	for (i = 0; i < NR_LIMITS; i++)
		if (limits[i] == limit_none[i])
			limits[i] = 0;
	io->rbps = limits[0];
	io->wbps = limits[1];
	io->riops = limits[2];
	io->wiops = limits[3];
	io->weight = weight;
	io->reserved = 0;
	return 0;
}

/* The limits that @io asks for, as the throttle takes them. */
static int parse_limits(const struct vc_io *io, u64 limits[NR_LIMITS])
{
	const u64 given[NR_LIMITS] = {
		io->rbps, io->wbps, io->riops, io->wiops,
	};
	int i;

	for (i = 0; i < NR_LIMITS; i++) {
		limits[i] = given[i];
		if (!limits[i] || limits[i] == VC_UNLIMITED)
			limits[i] = limit_none[i];
		else if (limits[i] < LIMIT_MIN || limits[i] >= limit_none[i])
			return vc_fail(-EINVAL, "%s %llu: %u to %llu",
				       limit_names[i], limits[i], LIMIT_MIN,
				       limit_none[i] - 1);
	}
	return 0;
}

/* Is a finite one of @limits above that of a group above @blkg? */
static int find_narrower(struct blkcg_gq *blkg, const u64 limits[NR_LIMITS],
			 u64 *narrower)
{
	u64 above[NR_LIMITS];
	int i;

	for (blkg = blkg->parent; blkg; blkg = blkg->parent) {
		limits_of(blkg, above);
		for (i = 0; i < NR_LIMITS; i++) {
			if (limits[i] != limit_none[i] &&
			    limits[i] > above[i]) {
				*narrower = above[i];
				return i;
			}
		}
	}
	return -1;
}

/*
 * All of it or nothing: what can fail is done before the first change.  What
 * goes @back has been permitted once.
 */
static int io_write(struct blkcg *blkcg, const struct vc_io *io,
		    const u64 limits[NR_LIMITS], bool back)
{
	struct blkg_conf_ctx conf;
	u64 narrower = 0;
	int wider = -1;
	char dev[32];
	int ret;

	snprintf(dev, sizeof(dev), "%u:%u ", io->major, io->minor);
	blkg_conf_init(&conf, dev);
	ret = blk_throtl_conf_prep(blkcg, &conf);
	if (!ret) {
		if (!back)
			wider = find_narrower(conf.blkg, limits, &narrower);
		if (wider >= 0)
			ret = -EPERM;
		else if (!back && io->weight &&
			 blk_iocost_weight(conf.blkg) < 0)
			ret = -EOPNOTSUPP;
	}
	if (!ret) {
		blk_throtl_set_limits(blkg_to_tg(conf.blkg), limits);
		if (blk_iocost_weight(conf.blkg) >= 0)
			blk_iocost_set_weight(conf.blkg, io->weight);
	}
	blkg_conf_exit(&conf);

	if (wider >= 0)
		return vc_fail(ret, "%s %llu: %llu above", limit_names[wider],
			       limits[wider], narrower);
	if (ret == -EOPNOTSUPP)
		return vc_fail(ret,
			       "weight %u: iocost is not on for device %u:%u",
			       io->weight, io->major, io->minor);
	if (ret == -ENODEV)
		return vc_fail(ret, "device %u:%u or the context is gone",
			       io->major, io->minor);
	return ret;
}

/**
 * vc_io_set - SET 6/7
 * @req: with a struct vc_io
 *
 * Context: may sleep.
 * Return: 0, %-EINVAL (a value), %-ENODEV (no such disk), %-EPERM (a limit
 * above is lower), %-EOPNOTSUPP (a weight, without iocost on the device),
 * %-ESRCH (the context has been removed), %-ENOMEM.
 */
long vc_io_set(struct vc_request *req)
{
	const struct vc_io *io = req->data;
	struct cgroup_subsys_state *css;
	u64 limits[NR_LIMITS];
	struct vc_io old = { .major = io->major, .minor = io->minor };
	int ret;

	if (io->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	if (io->weight > CGROUP_WEIGHT_MAX)
		return vc_fail(-EINVAL, "weight %u: %u to %u, or 0", io->weight,
			       CGROUP_WEIGHT_MIN, CGROUP_WEIGHT_MAX);
	ret = parse_limits(io, limits);
	if (ret)
		return ret;

	css = vc_engine_css(req->ctx, io_cgrp_id);
	if (IS_ERR(css))
		return PTR_ERR(css);
	ret = io_read(css_to_blkcg(css), &old);
	if (!ret)
		ret = io_write(css_to_blkcg(css), io, limits, false);
	css_put(css);
	return ret;
}

static long io_begin(struct vc_request *req)
{
	const struct vc_io *io = req->data;
	struct cgroup_subsys_state *css;
	struct vc_io *old;
	long ret;

	old = kzalloc(sizeof(*old), GFP_KERNEL_ACCOUNT);
	if (!old)
		return -ENOMEM;
	old->major = io->major;
	old->minor = io->minor;
	css = vc_engine_css(req->ctx, io_cgrp_id);
	ret = PTR_ERR_OR_ZERO(css);
	if (!ret) {
		ret = io_read(css_to_blkcg(css), old);
		css_put(css);
	}
	if (!ret)
		ret = vc_io_set(req);
	if (ret)
		kfree(old);
	else
		req->saved = old;
	return ret;
}

static void io_end(struct vc_request *req, bool commit)
{
	struct vc_io *old = req->saved;
	struct cgroup_subsys_state *css;
	u64 limits[NR_LIMITS];
	int ret;

	css = commit ? ERR_PTR(-ECANCELED) :
		       vc_engine_css(req->ctx, io_cgrp_id);
	/* else it is to stay, or the context has been destroyed */
	if (!IS_ERR(css) && !parse_limits(old, limits)) {
		/* for memory, and for a disk that is about to change */
		while ((ret = io_write(css_to_blkcg(css), old, limits,
				       true)) == -ENOMEM ||
		       ret == -ERESTARTNOINTR)
			schedule_timeout_uninterruptible(1);
	}
	if (!IS_ERR(css))
		css_put(css);
	kfree(old);
}

const struct vc_batch_ops vc_io_batch = {
	.begin = io_begin,
	.end = io_end,
};

/**
 * vc_io_get - GET 6/7
 * @req: with a struct vc_io that names the device
 *
 * Context: may sleep.
 * Return: 0, %-ENODEV (no such disk), %-ESRCH (the context has been removed).
 */
long vc_io_get(struct vc_request *req)
{
	struct cgroup_subsys_state *css;
	int ret;

	css = vc_engine_css(req->ctx, io_cgrp_id);
	if (IS_ERR(css))
		return PTR_ERR(css);
	ret = io_read(css_to_blkcg(css), req->data);
	css_put(css);
	return ret;
}

/* A line for a device on which something is set; queue lock held. */
static u64 show_device(struct seq_file *m, struct blkg_policy_data *pd,
		       int data)
{
	const struct vc_command *command = m->private;
	struct blkcg_gq *blkg = pd->blkg;
	const struct gendisk *disk = blkg->q->disk;
	u32 weight = weight_of(blkg);
	u64 limits[NR_LIMITS];
	int i;

	limits_of(blkg, limits);
	if (!disk || (!weight && !memcmp(limits, limit_none, sizeof(limits))))
		return 0;
	seq_printf(m, "%s device=%u:%u", command->name, disk->major,
		   disk->first_minor);
	for (i = 0; i < NR_LIMITS; i++) {
		if (limits[i] == limit_none[i])
			seq_printf(m, " %s=max", limit_names[i]);
		else
			seq_printf(m, " %s=%llu", limit_names[i], limits[i]);
	}
	if (weight)
		seq_printf(m, " weight=%u\n", weight);
	else
		seq_puts(m, " weight=default\n");
	return 0;
}

/**
 * vc_io_show - a line for each device on which a context has something set
 * @m: where to
 * @command: whose name begins the line
 * @req: of a context
 *
 * Context: may sleep.
 */
void vc_io_show(struct seq_file *m, const struct vc_command *command,
		const struct vc_request *req)
{
	struct cgroup_subsys_state *css;
	void *private = m->private;

	css = vc_engine_css(req->ctx, io_cgrp_id);
	if (IS_ERR(css))
		return;
	m->private = (void *)command;
	blkcg_print_blkgs(m, css_to_blkcg(css), show_device,
			  &blkcg_policy_throtl, 0, false);
	m->private = private;
	css_put(css);
}
