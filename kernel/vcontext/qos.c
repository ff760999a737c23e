// SPDX-License-Identifier: GPL-2.0
/*
 * Category 4, command 4: the bandwidth of network devices.
 *
 * max_bandwidth is held by a shaper, see shaper.c; a new one is made whole and
 * then put in place of the old.  warranted_bandwidth is a place at an uplink,
 * see uplink.c.  While a batch may fail the old shaper is kept, of an uplink no
 * less is held than it had, and others get no more of it than it had: so putting
 * the old values back takes nothing.
 *
 * RTNL is not held over a change, since traffic control takes it for each
 * request.  The device may go meanwhile.
 */
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "vnet.h"

static_assert(sizeof(struct vc_vnet_qos) == 40);

/* See the order of locks in internal.h. */
DEFINE_MUTEX(vc_qos_mutex);

/* Classes at uplinks; two numbers at the end are taken. */
#define TAG_MAX		0xfff0
static DEFINE_IDA(tags);

/**
 * struct change - what a SET changes, and may have to take back
 * @vnet: whose, referenced; %NULL if it is an uplink's capacity
 * @old: what it had
 * @uplink: whose, referenced
 * @capacity: what it had
 */
struct change {
	struct vcontext_vnet *vnet;
	struct vc_qos old;
	struct vc_uplink *uplink;
	u32 capacity;
};

/* ---- devices ---- */

static int set_tag(struct vcontext_vnet *vnet)
{
	int tag;

	if (vnet->tag)
		return 0;
	tag = ida_alloc_range(&tags, 1, TAG_MAX, GFP_KERNEL);
	if (tag == -ENOSPC)
		return vc_fail(-ENOSPC,
			       "warranted_bandwidth: %u devices have one",
			       TAG_MAX);
	if (tag < 0)
		return tag;
	WRITE_ONCE(vnet->tag, tag);
	return 0;
}

/**
 * vc_qos_free_tag - let another device have a tag
 * @tag: of a device of which nothing is left, nor held; 0 for none
 *
 * Context: any.
 */
void vc_qos_free_tag(u16 tag)
{
	if (tag)
		ida_free(&tags, tag);
}

/* Change what is held of an uplink to less, which cannot fail. */
static void hold(struct vcontext_vnet *vnet, struct vc_qos *qos, u32 kbit)
{
	if (qos->uplink)
		WARN_ON_ONCE(vc_uplink_warrant(qos->uplink, vnet->tag,
					       qos->held, kbit));
	qos->held = kbit;
}

static void release(struct vcontext_vnet *vnet, struct vc_qos *qos)
{
	hold(vnet, qos, 0);
	vc_uplink_put(qos->uplink);
	vc_shaper_free(qos->shaper);
}

/*
 * Let @vnet have @new, whose uplink is consumed, and what it had be in @old:
 * both hold what they need, if on the same uplink @new for both.
 */
static int apply(struct vcontext_vnet *vnet, unsigned int mtu,
		 struct vc_qos *new, struct vc_qos *old)
{
	bool same = new->uplink == vnet->qos.uplink;
	u32 had = same ? vnet->qos.held : 0;
	struct net_device *shaper = NULL;
	int ret = 0;

	lockdep_assert_held(&vc_qos_mutex);

	if (new->max) {
		shaper = vc_shaper_make(vnet, new->max, mtu);
		if (IS_ERR(shaper)) {
			ret = PTR_ERR(shaper);
			shaper = NULL;
		}
	}
	new->held = max(had, new->warranted);
	if (!ret && new->warranted)
		ret = set_tag(vnet);
	if (!ret && new->uplink)
		ret = vc_uplink_warrant(new->uplink, vnet->tag, had, new->held);
	if (ret) {
		vc_uplink_put(new->uplink);
		vc_shaper_free(shaper);
		return ret;
	}
	new->shaper = shaper;
	*old = vnet->qos;
	if (same) {
		old->shared = had;
		old->held = 0;
	}
	vnet->qos = *new;
	rcu_assign_pointer(vnet->shaper, shaper);
	return 0;
}

/* It stays so, or what was before is put back. */
static void finish(struct vcontext_vnet *vnet, struct vc_qos *old, bool commit)
{
	struct vc_qos *now = &vnet->qos;
	struct vc_qos new;

	lockdep_assert_held(&vc_qos_mutex);

	if (commit || vnet->reaped) {
		if (!vnet->reaped)
			hold(vnet, now, now->warranted);
		release(vnet, old);
		return;
	}
	new = *now;
	if (new.uplink == old->uplink) {
		/* which is more than warranted if an earlier change may fail */
		hold(vnet, &new, old->shared);
		old->held = new.held;
		new.held = 0;
	}
	*now = *old;
	rcu_assign_pointer(vnet->shaper, old->shaper);
	release(vnet, &new);
}

/**
 * vc_qos_reap - take the bandwidth down of devices that are gone
 *
 * Context: may sleep, takes vc_qos_mutex.
 */
void vc_qos_reap(void)
{
	struct vcontext_vnet *vnet;

	while ((vnet = vc_netdev_gone())) {
		mutex_lock(&vc_qos_mutex);
		RCU_INIT_POINTER(vnet->shaper, NULL);
		release(vnet, &vnet->qos);
		memset(&vnet->qos, 0, sizeof(vnet->qos));
		vnet->reaped = true;
		mutex_unlock(&vc_qos_mutex);
		vc_netdev_put(vnet);
	}
}

/* Which device is it?  With id 0 either name, or both the same. */
static int check_name(const struct vcontext *ctx, const struct vc_vnet_qos *arg)
{
	int ret = vc_check_text("vdev_name", arg->vdev_name, VC_DEV_NAME_SIZE);

	if (ret)
		return ret;
	if (ctx->level)
		return arg->vdev_name[0] ? 0 :
			vc_fail(-EINVAL, "vdev_name is empty");
	ret = vc_check_text("uplink", arg->uplink, VC_DEV_NAME_SIZE);
	if (ret)
		return ret;
	if (arg->vdev_name[0] && arg->uplink[0] &&
	    strcmp(arg->vdev_name, arg->uplink))
		return vc_fail(-EINVAL,
			       "id 0: vdev_name %s and uplink %s are not one device",
			       arg->vdev_name, arg->uplink);
	return 0;
}

static int check_values(const struct vc_vnet_qos *arg)
{
	int ret = vc_check_text("uplink", arg->uplink, VC_DEV_NAME_SIZE);

	if (ret)
		return ret;
	if (arg->max_bandwidth && arg->warranted_bandwidth > arg->max_bandwidth)
		return vc_fail(-EINVAL,
			       "warranted_bandwidth %u: max_bandwidth is %u",
			       arg->warranted_bandwidth, arg->max_bandwidth);
	return 0;
}

/*
 * What the device lies on, if it is not said where it is warranted.  Elsewhere
 * another one may have that name.
 */
static int default_uplink(const struct vcontext_vnet *vnet, char *name)
{
	const struct net_device *lower = vc_netdev_lower(vnet);

	if (vnet->type == VC_VNET_VETH || !lower ||
	    !net_eq(dev_net(lower), current->nsproxy->net_ns))
		return vc_fail(-EINVAL,
			       "uplink is empty: warranted_bandwidth of whom?");
	strscpy(name, lower->name, VC_DEV_NAME_SIZE);
	return 0;
}

/* The device, referenced, its MTU, and by what name its uplink is known. */
static struct vcontext_vnet *find_device(struct vcontext *ctx,
					 const struct vc_vnet_qos *arg,
					 unsigned int *mtu, char *uplink)
{
	struct vcontext_vnet *vnet;
	int ret = 0;

	strscpy(uplink, arg->uplink, VC_DEV_NAME_SIZE);
	rtnl_lock();
	vnet = vc_netdev_lookup(ctx, arg->vdev_name);
	if (IS_ERR(vnet))
		ret = PTR_ERR(vnet);
	else if (vnet->type == VC_VNET_DUMMY &&
		 (arg->max_bandwidth || arg->warranted_bandwidth))
		ret = vc_fail(-EOPNOTSUPP,
			      "vdev_name %s: a dummy has no bandwidth",
			      arg->vdev_name);
	else if (!uplink[0] && arg->warranted_bandwidth)
		ret = default_uplink(vnet, uplink);
	if (!ret) {
		*mtu = rtnl_dereference(vnet->dev)->mtu;
		vc_netdev_get(vnet);
	}
	rtnl_unlock();
	return ret ? ERR_PTR(ret) : vnet;
}

static int begin_device(struct vcontext *ctx, const struct vc_vnet_qos *arg,
			struct change *change)
{
	struct vc_qos new = {
		.max = arg->max_bandwidth,
		.warranted = arg->warranted_bandwidth,
	};
	char name[VC_DEV_NAME_SIZE];
	struct vcontext_vnet *vnet;
	unsigned int mtu;
	int ret;

	vnet = find_device(ctx, arg, &mtu, name);
	if (IS_ERR(vnet))
		return PTR_ERR(vnet);
	/* one that is said must be there, even if nothing is asked of it */
	if (name[0]) {
		new.uplink = vc_uplink_get(current->nsproxy->net_ns, name);
		ret = PTR_ERR_OR_ZERO(new.uplink);
	} else {
		ret = 0;
	}
	if (!ret && vnet->reaped) {
		vc_uplink_put(new.uplink);
		ret = vc_fail(-ENODEV, "vdev_name %s: gone", arg->vdev_name);
	} else if (!ret) {
		ret = apply(vnet, mtu, &new, &change->old);
	}
	if (ret) {
		vc_netdev_put(vnet);
		return ret;
	}
	change->vnet = vnet;
	return 0;
}

/* ---- uplinks ---- */

/* With id 0 the device is an uplink. */
static const char *uplink_of(const struct vc_vnet_qos *arg)
{
	return arg->uplink[0] ? arg->uplink : arg->vdev_name;
}

static int begin_uplink(const struct vc_vnet_qos *arg, struct change *change)
{
	struct vc_uplink *uplink;
	int ret;

	if (arg->warranted_bandwidth)
		return vc_fail(-EINVAL,
			       "warranted_bandwidth %u: id 0 is warranted nothing",
			       arg->warranted_bandwidth);
	uplink = vc_uplink_get(current->nsproxy->net_ns, uplink_of(arg));
	if (IS_ERR(uplink))
		return PTR_ERR(uplink);
	change->capacity = vc_uplink_capacity(uplink);
	ret = vc_uplink_begin_capacity(uplink, arg->max_bandwidth);
	if (ret) {
		vc_uplink_put(uplink);
		return ret;
	}
	change->uplink = uplink;
	return 0;
}

/* ---- SET ---- */

static long qos_begin(struct vc_request *req)
{
	const struct vc_vnet_qos *arg = req->data;
	struct change *change;
	int ret;

	ret = check_name(req->ctx, arg);
	if (!ret && req->ctx->level)
		ret = check_values(arg);
	if (ret)
		return ret;
	change = kzalloc(sizeof(*change), GFP_KERNEL_ACCOUNT);
	if (!change)
		return -ENOMEM;
	mutex_lock(&vc_qos_mutex);
	ret = req->ctx->level ? begin_device(req->ctx, arg, change) :
				begin_uplink(arg, change);
	mutex_unlock(&vc_qos_mutex);
	if (ret)
		kfree(change);
	else
		req->saved = change;
	return ret;
}

static void qos_end(struct vc_request *req, bool commit)
{
	struct change *change = req->saved;

	mutex_lock(&vc_qos_mutex);
	if (change->vnet) {
		finish(change->vnet, &change->old, commit);
		vc_uplink_follow(change->vnet);
	}
	if (change->uplink)
		vc_uplink_end_capacity(change->uplink, commit ?
				       vc_uplink_capacity(change->uplink) :
				       change->capacity);
	vc_uplink_put(change->uplink);
	mutex_unlock(&vc_qos_mutex);
	vc_netdev_put(change->vnet);
	kfree(change);
}

/* The uplink is not what the batch has made, and a device may be older. */
const struct vc_batch_ops vc_qos_batch = {
	.begin = qos_begin,
	.end = qos_end,
	.outlives = true,
};

/**
 * vc_qos_set - SET 4/4
 * @req: with a struct vc_vnet_qos
 *
 * Context: may sleep.
 * Return: 0, %-EINVAL (a value), %-ENODEV (no such device, or uplink),
 * %-EOPNOTSUPP (a dummy, an uplink whose speed is not known, no TBF or HTB),
 * %-ENOSPC (the uplink has no more), %-EBUSY (it has a qdisc), %-ENOMEM.
 */
long vc_qos_set(struct vc_request *req)
{
	long ret = qos_begin(req);

	if (!ret)
		qos_end(req, true);
	return ret;
}

/* ---- GET ---- */

static int read_uplink(struct vc_vnet_qos *arg)
{
	struct net *net = current->nsproxy->net_ns;
	struct vc_uplink *uplink;

	uplink = vc_uplink_get(net, uplink_of(arg));
	if (IS_ERR(uplink))
		return PTR_ERR(uplink);
	rtnl_lock();
	vc_uplink_name(uplink, net, arg->uplink);
	rtnl_unlock();
	strscpy(arg->vdev_name, arg->uplink);
	arg->max_bandwidth = vc_uplink_capacity(uplink);
	arg->warranted_bandwidth = min_t(u64, vc_uplink_granted(uplink),
					 U32_MAX);
	vc_uplink_put(uplink);
	return 0;
}

/* Of a device that is there; RTNL held. */
static void fill(const struct vcontext_vnet *vnet, struct vc_vnet_qos *arg)
{
	lockdep_assert_held(&vc_qos_mutex);

	memset(arg, 0, sizeof(*arg));
	strscpy(arg->vdev_name, vnet->name);
	arg->max_bandwidth = vnet->qos.max;
	/* with the uplink the warrant has gone */
	if (vc_uplink_name(vnet->qos.uplink, current->nsproxy->net_ns,
			   arg->uplink))
		arg->warranted_bandwidth = vnet->qos.warranted;
}

static int read_device(struct vcontext *ctx, struct vc_vnet_qos *arg)
{
	const struct vcontext_vnet *vnet;

	rtnl_lock();
	vnet = vc_netdev_lookup(ctx, arg->vdev_name);
	if (!IS_ERR(vnet))
		fill(vnet, arg);
	rtnl_unlock();
	return PTR_ERR_OR_ZERO(vnet);
}

/**
 * vc_qos_get - GET 4/4
 * @req: with a struct vc_vnet_qos, whose vdev_name is read; with id 0 uplink, too
 *
 * Context: may sleep.
 * Return: 0, %-EINVAL (a name), %-ENODEV, %-ENOMEM.
 */
long vc_qos_get(struct vc_request *req)
{
	struct vc_vnet_qos *arg = req->data;
	int ret;

	ret = check_name(req->ctx, arg);
	if (ret)
		return ret;
	mutex_lock(&vc_qos_mutex);
	ret = req->ctx->level ? read_device(req->ctx, arg) : read_uplink(arg);
	mutex_unlock(&vc_qos_mutex);
	return ret;
}

/**
 * vc_qos_show - a line for each device with a bandwidth
 * @m: where to
 * @command: 4/4
 * @req: with the context
 *
 * Context: may sleep.
 */
void vc_qos_show(struct seq_file *m, const struct vc_command *command,
		 const struct vc_request *req)
{
	struct vcontext_vnet *pos = NULL;
	struct vc_vnet_qos qos;

	if (!req->ctx->level)
		return;
	mutex_lock(&vc_qos_mutex);
	rtnl_lock();
	while ((pos = vc_netdev_next(req->ctx, pos))) {
		if (!pos->qos.max && !pos->qos.warranted)
			continue;
		fill(pos, &qos);
		seq_printf(m, "%s vdev=%s uplink=%s max=%u warranted=%u\n",
			   command->name, qos.vdev_name,
			   qos.uplink[0] ? qos.uplink : "-",
			   qos.max_bandwidth, qos.warranted_bandwidth);
	}
	rtnl_unlock();
	mutex_unlock(&vc_qos_mutex);
}
