// SPDX-License-Identifier: GPL-2.0
/*
 * Category 4: virtual network devices.
 *
 * A device is made on the caller's side, in the network namespace that he is
 * in, and belongs to the context whose id he gives: his own, or one below.  To
 * attach it moves it into the namespace that a context owns, and gives it to
 * that; it goes when that goes.  What the inside, or the administrator of the
 * host, does with the device by other means is theirs: it may be renamed, moved
 * or deleted, see netdev.c.
 *
 * A device that is attached belongs to the outside: its own context cannot
 * destroy it by this interface, nor attach it to a context below.
 *
 * Destroying is not for batches: what has been unregistered does not come back.
 */
#include <linux/err.h>
#include <linux/etherdevice.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/inetdevice.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/if_inet6.h>
#include <net/net_namespace.h>
#include <net/sch_generic.h>

#include "../../net/core/dev.h"
#include "vnet.h"

static_assert(sizeof(struct vc_vnet) == 60);
static_assert(sizeof(struct vc_vnets) == 8);
static_assert(VC_DEV_NAME_SIZE == IFNAMSIZ);

/* ---- values ---- */

static int check_name(const char *field, const char *name)
{
	int ret = vc_check_text(field, name, IFNAMSIZ);

	if (ret)
		return ret;
	/* with a % rtnetlink would choose a name itself */
	if (!dev_valid_name(name) || strchr(name, '%'))
		return vc_fail(-EINVAL, "%s %s: not a name of a device", field,
			       name);
	return 0;
}

static int check_link(const struct vc_vnet *arg)
{
	if (arg->type != VC_VNET_DUMMY)
		return check_name("link", arg->link);
	if (arg->link[0])
		return vc_fail(-EINVAL, "link %.15s: a DUMMY has none",
			       arg->link);
	return 0;
}

static int check_create(const struct vc_vnet *arg)
{
	int ret;

	if (arg->type < VC_VNET_VETH || arg->type > VC_VNET_DUMMY)
		return vc_fail(-EINVAL, "type %u: %u to %u", arg->type,
			       VC_VNET_VETH, VC_VNET_DUMMY);
	if (arg->flags & ~VC_VNET_INSIDE)
		return vc_fail(-EINVAL, "flags %#x: unknown bits", arg->flags);
	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	ret = check_name("vdev_name", arg->vdev_name);
	if (!ret)
		ret = check_link(arg);
	if (ret)
		return ret;
	if (is_zero_ether_addr(arg->mac))
		return 0;
	if (arg->type == VC_VNET_IPVLAN)
		return vc_fail(-EINVAL,
			       "mac %pM: an IPVLAN has that of its lower device",
			       arg->mac);
	if (!is_valid_ether_addr(arg->mac))
		return vc_fail(-EINVAL, "mac %pM: not of a device", arg->mac);
	return 0;
}

/* ---- create ---- */

/* Bring a device that is attached up, and the end that stays outside. */
static int bring_up(struct vcontext_vnet *vnet)
{
	struct net_device *end = rtnl_dereference(vnet->end);
	struct netlink_ext_ack extack = {};
	int ret;

	ret = dev_open(rtnl_dereference(vnet->dev), &extack);
	if (!ret && end)
		ret = dev_open(end, &extack);
	return ret ? vc_fail(ret, "vdev_name %s does not come up: %s",
			     vnet->name, extack._msg ?: "refused") : 0;
}

/* Where a device of @ctx is born, referenced; %NULL for where current is. */
static struct net *birthplace(struct vc_request *req, const struct vc_vnet *arg)
{
	struct net *net;

	if (!(arg->flags & VC_VNET_INSIDE))
		return NULL;
	if (req->ctx == req->caller) {
		vc_fail(-EINVAL, "flags %#x: INSIDE is for a context below",
			arg->flags);
		return ERR_PTR(-EINVAL);
	}
	net = vc_ns_net(req->ctx);
	if (net)
		return net;
	vc_fail(-ENONET, "context %u owns no network namespace", req->ctx->id);
	return ERR_PTR(-ENONET);
}

/* With a reference; RTNL held. */
static struct vcontext_vnet *make(struct vc_request *req, struct net *inside)
{
	struct vcontext_vnet *vnet;
	int ret;

	vnet = vc_netdev_make(req->ctx, req->data, inside);
	if (IS_ERR(vnet))
		return vnet;
	vc_netdev_get(vnet);
	ret = inside ? bring_up(vnet) : 0;
	if (!ret)
		return vnet;
	vc_netdev_remove(vnet);
	vc_netdev_put(vnet);
	return ERR_PTR(ret);
}

static long create_begin(struct vc_request *req)
{
	const struct vc_vnet *arg = req->data;
	struct vcontext_vnet *vnet;
	struct net *inside;
	int ret;

	ret = check_create(arg);
	if (ret)
		return ret;
	inside = birthplace(req, arg);
	if (IS_ERR(inside))
		return PTR_ERR(inside);
	rtnl_lock();
	vnet = make(req, inside);
	rtnl_unlock();
	if (inside)
		put_net(inside);
	if (IS_ERR(vnet))
		return PTR_ERR(vnet);
	req->saved = vnet;
	return 0;
}

/* Remove a device if it is there yet. */
static void remove(struct vcontext_vnet *vnet)
{
	rtnl_lock();
	if (rtnl_dereference(vnet->dev))
		vc_netdev_remove(vnet);
	rtnl_unlock();
	vc_netdev_reap();
}

static void create_end(struct vc_request *req, bool commit)
{
	struct vcontext_vnet *vnet = req->saved;

	if (!commit)
		remove(vnet);
	vc_netdev_put(vnet);
}

static const struct vc_batch_ops create_batch = {
	.begin = create_begin,
	.end = create_end,
};

static long create_set(struct vc_request *req)
{
	long ret = create_begin(req);

	if (!ret)
		create_end(req, true);
	return ret;
}

/* ---- attach ---- */

/**
 * struct attached - how a device was before it was attached
 * @vnet: the device, referenced
 * @owner: whose it was, referenced
 * @net: where it was, referenced
 * @ifindex: its number there
 * @end_up: was the end that stays outside up?
 */
struct attached {
	struct vcontext_vnet *vnet;
	struct vcontext *owner;
	struct net *net;
	int ifindex;
	bool end_up;
};

/* On the caller's side: the caller's own, or made for the context already. */
static struct vcontext_vnet *find_free(struct vc_request *req, const char *name)
{
	struct vcontext_vnet *here = vc_netdev_find(req->ctx, name), *ours;

	ours = vc_netdev_find(req->caller, name);
	if (ours && ours->inside)
		ours = NULL;
	if (here && ours && vc_netdev_here(ours)) {
		vc_fail(-EEXIST, "vdev_name %s: context %u has one", name,
			req->ctx->id);
		return ERR_PTR(-EEXIST);
	}
	if (here && here->inside) {
		vc_fail(-EBUSY, "vdev_name %s is attached to context %u", name,
			req->ctx->id);
		return ERR_PTR(-EBUSY);
	}
	if (here || ours)
		return here ?: ours;
	vc_fail(-ENODEV, "vdev_name %s: none made for context %u or %u", name,
		req->ctx->id, req->caller->id);
	return ERR_PTR(-ENODEV);
}

static bool has_addresses(const struct net_device *dev)
{
	const struct in_device *in = __in_dev_get_rtnl(dev);
#if IS_ENABLED(CONFIG_IPV6)
	const struct inet6_dev *in6 = rtnl_dereference(dev->ip6_ptr);

	if (in6 && !list_empty(&in6->addr_list))
		return true;
#endif
	return in && rtnl_dereference(in->ifa_list);
}

/* That somebody has put there: what a device has by itself has no handle. */
static bool has_qdiscs(struct net_device *dev)
{
	const struct netdev_queue *ingress = dev_ingress_queue(dev);

	return rtnl_dereference(dev->qdisc)->handle ||
	       (ingress && rcu_access_pointer(ingress->qdisc_sleeping) !=
			   &noop_qdisc);
}

/* That somebody has put there: multicast of the kernel's own comes back. */
static bool has_filters(struct net_device *dev)
{
	struct netdev_hw_addr *pos;
	bool ret;

	netif_addr_lock_bh(dev);
	ret = !netdev_uc_empty(dev);
	netdev_for_each_mc_addr(pos, dev)
		ret = ret || pos->global_use;
	netif_addr_unlock_bh(dev);
	return ret;
}

/* What would be lost by moving it, even if it comes back? %NULL for nothing. */
static const char *lost_by_moving(struct net_device *dev)
{
	if (dev->flags & IFF_UP)
		return "is up";
	if (has_addresses(dev))
		return "has addresses";
	if (has_filters(dev))
		return "has addresses of its link";
	if (netdev_has_any_upper_dev(dev))
		return "is part of another device";
	if (has_qdiscs(dev))
		return "has queueing disciplines";
	if (!list_empty(&dev->name_node->list))
		return "has other names";
	return NULL;
}

static int check_virgin(struct net_device *dev, const char *name)
{
	const char *what = lost_by_moving(dev);

	return what ? vc_fail(-EBUSY, "vdev_name %s %s: not in a batch", name,
			      what) : 0;
}

/* What the inside has called it meanwhile may be taken where it goes. */
static void drop_altnames(struct net_device *dev)
{
	struct netdev_name_node *pos, *next;

	netdev_for_each_altname_safe(dev, pos, next)
		netdev_name_node_alt_destroy(dev, pos->name);
}

/*
 * To the old place, by the old name and number if these are free.  Where it
 * cannot move for want of memory it remains who has it now.
 */
static void move_back(struct attached *old)
{
	struct vcontext_vnet *vnet = old->vnet;
	struct net_device *dev = rtnl_dereference(vnet->dev);
	struct net_device *end = rtnl_dereference(vnet->end);
	char name[IFNAMSIZ];

	ASSERT_RTNL();

	if (!dev)
		return;
	strscpy(name, vnet->name);
	dev_close(dev);
	if (__dev_change_net_namespace(dev, old->net, name, old->ifindex,
				       NULL) &&
	    __dev_change_net_namespace(dev, old->net, "dev%d", 0, NULL))
		return;
	if (end && !old->end_up)
		dev_close(end);
	if (!vc_netdev_adopt(vnet, old->owner, false)) {
		/* with its owner it would have gone */
		vc_netdev_remove(vnet);
		return;
	}
	/* the inside may have renamed it; then this tells of the old name */
	dev_change_name(dev, name);
	strscpy(vnet->name, dev->name);
}

/* As far as is known before: will it be there, and up? */
static int try_in(struct vc_request *req, struct vcontext_vnet *vnet)
{
	if (READ_ONCE(req->ctx->removed))
		return vc_fail(-ESRCH, "context %u is gone", req->ctx->id);
	return lost_by_moving(rtnl_dereference(vnet->dev)) ? bring_up(vnet) : 0;
}

static int move_in(struct vc_request *req, struct net *net, struct attached *old)
{
	struct vcontext_vnet *vnet = old->vnet;
	struct net_device *dev = rtnl_dereference(vnet->dev);
	struct net_device *end = rtnl_dereference(vnet->end);
	struct netlink_ext_ack extack = {};
	bool up = dev->flags & IFF_UP;
	int ret;

	if (!net_eq(dev_net(dev), old->net))
		return vc_fail(-ENODEV,
			       "vdev_name %s has been moved to another network namespace",
			       vnet->name);
	old->ifindex = dev->ifindex;
	old->end_up = end && end->flags & IFF_UP;
	ret = try_in(req, vnet);
	if (!ret) {
		ret = __dev_change_net_namespace(dev, net, NULL, 0, &extack);
		if (ret)
			vc_fail(ret, "vdev_name %s: %s", vnet->name,
				extack._msg ?: "it does not move");
	}
	if (ret) {
		if (!up)
			dev_close(dev);
		if (end && !old->end_up)
			dev_close(end);
		return ret;
	}
	ret = bring_up(vnet);
	if (!ret && !vc_netdev_adopt(vnet, req->ctx, true))
		ret = vc_fail(-ESRCH, "context %u is gone", req->ctx->id);
	if (ret)
		move_back(old);
	return ret;
}

static int attach(struct vc_request *req, struct attached *old, bool batch)
{
	const struct vc_vnet *arg = req->data;
	struct vcontext_vnet *vnet;
	struct net *net;
	int ret;

	ret = check_name("vdev_name", arg->vdev_name);
	if (ret)
		return ret;
	net = vc_ns_net(req->ctx);
	if (!net)
		return vc_fail(-ENONET, "context %u owns no network namespace",
			       req->ctx->id);
	old->net = get_net(current->nsproxy->net_ns);
	rtnl_lock();
	vnet = find_free(req, arg->vdev_name);
	ret = PTR_ERR_OR_ZERO(vnet);
	if (!ret && batch)
		ret = check_virgin(rtnl_dereference(vnet->dev), vnet->name);
	if (!ret) {
		old->vnet = vc_netdev_get(vnet);
		old->owner = vcontext_get(vnet->owner);
		ret = move_in(req, net, old);
	}
	rtnl_unlock();
	put_net(net);
	return ret;
}

static void attached_put(struct attached *old)
{
	if (old->net)
		put_net(old->net);
	vcontext_put(old->owner);
	vc_netdev_put(old->vnet);
}

static long attach_set(struct vc_request *req)
{
	struct attached old = {};
	int ret = attach(req, &old, false);

	attached_put(&old);
	return ret;
}

static long attach_begin(struct vc_request *req)
{
	struct attached *old = kzalloc(sizeof(*old), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!old)
		return -ENOMEM;
	ret = attach(req, old, true);
	if (ret) {
		attached_put(old);
		kfree(old);
		return ret;
	}
	req->saved = old;
	return 0;
}

static void attach_end(struct vc_request *req, bool commit)
{
	struct attached *old = req->saved;
	struct net_device *dev;

	if (!commit) {
		rtnl_lock();
		dev = rtnl_dereference(old->vnet->dev);
		if (dev)
			drop_altnames(dev);
		move_back(old);
		rtnl_unlock();
		vc_netdev_reap();
	}
	attached_put(old);
	kfree(old);
}

static const struct vc_batch_ops attach_batch = {
	.begin = attach_begin,
	.end = attach_end,
	.outlives = true,
};

/* ---- destroy ---- */

static long destroy_set(struct vc_request *req)
{
	const struct vc_vnet *arg = req->data;
	struct vcontext_vnet *vnet;
	int ret;

	ret = check_name("vdev_name", arg->vdev_name);
	if (ret)
		return ret;
	rtnl_lock();
	vnet = vc_netdev_lookup(req->ctx, arg->vdev_name);
	if (IS_ERR(vnet))
		ret = PTR_ERR(vnet);
	else if (vnet->inside && req->ctx == req->caller)
		ret = vc_fail(-EPERM,
			      "vdev_name %s has been attached from above",
			      arg->vdev_name);
	else
		vc_netdev_remove(vnet);
	rtnl_unlock();
	if (!ret)
		vc_netdev_reap();
	return ret;
}

/* ---- GET ---- */

/* RTNL held. */
static void fill(const struct vcontext_vnet *vnet, struct vc_vnet *arg)
{
	const struct net_device *dev = rtnl_dereference(vnet->dev);
	const struct net_device *lower = vc_netdev_lower(vnet);

	memset(arg, 0, sizeof(*arg));
	strscpy(arg->vdev_name, vnet->name);
	/* the inside does not learn what the outside calls its devices */
	if (lower && net_eq(dev_net(lower), current->nsproxy->net_ns))
		strscpy(arg->link, lower->name);
	arg->type = vnet->type;
	arg->flags = vnet->inside ? VC_VNET_INSIDE : 0;
	arg->ifindex = dev->ifindex;
	arg->owner = vnet->owner->id;
	ether_addr_copy(arg->mac, dev->dev_addr);
	arg->mtu = min_t(unsigned int, dev->mtu, U16_MAX);
}

static long create_get(struct vc_request *req)
{
	struct vc_vnet *arg = req->data;
	struct vcontext_vnet *vnet;
	int ret;

	ret = check_name("vdev_name", arg->vdev_name);
	if (ret)
		return ret;
	rtnl_lock();
	vnet = vc_netdev_lookup(req->ctx, arg->vdev_name);
	if (!IS_ERR(vnet))
		fill(vnet, arg);
	rtnl_unlock();
	return PTR_ERR_OR_ZERO(vnet);
}

/* Those of a context; RTNL held. */
static int collect(struct vcontext *ctx, struct vc_request *req)
{
	struct vcontext_vnet *pos = NULL;
	struct vc_vnet *list;
	u32 nr = 0;

	while ((pos = vc_netdev_next(ctx, pos)))
		nr++;
	if (!nr)
		return 0;
	list = kvcalloc(nr, sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return -ENOMEM;
	req->list = list;
	while ((pos = vc_netdev_next(ctx, pos)))
		fill(pos, &list[req->nr++]);
	return 0;
}

static long attach_get(struct vc_request *req)
{
	const struct vc_vnets *arg = req->data;
	int ret;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	rtnl_lock();
	ret = collect(req->ctx, req);
	rtnl_unlock();
	return ret;
}

static const char *type_name(u32 type)
{
	switch (type) {
	case VC_VNET_VETH:
		return "veth";
	case VC_VNET_MACVLAN:
		return "macvlan";
	case VC_VNET_IPVLAN:
		return "ipvlan";
	default:
		return "dummy";
	}
}

static void attach_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_vnet *list = req->list;
	u32 i;

	seq_printf(m, "count=%u devices=", req->nr);
	for (i = 0; i < req->nr; i++) {
		if (i)
			seq_putc(m, ',');
		seq_escape(m, list[i].vdev_name, " \t\n\\,:");
		seq_printf(m, ":%s:", type_name(list[i].type));
		seq_escape(m, list[i].link[0] ? list[i].link : "-",
			   " \t\n\\,:");
		seq_printf(m, ":%s", list[i].flags & VC_VNET_INSIDE ?
			   "attached" : "free");
	}
}

static bool qos_available(void)
{
	return IS_ENABLED(CONFIG_NET_SCH_TBF) && IS_ENABLED(CONFIG_NET_SCH_HTB);
}

static const struct vc_command vnet_commands[] = {
	[VC_VNET_CREATE] = {
		.name = "create",
		.doc = "a network device, on the caller's side",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.own_net = true,
		.batch = &create_batch,
		.set = VC_METHOD(create_set, VC_KIND_OWN_OR_BELOW, VC_DATA_IN,
				 struct vc_vnet),
		.get = VC_METHOD(create_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_IN | VC_DATA_OUT, struct vc_vnet),
	},
	[VC_VNET_ATTACH] = {
		.name = "attach",
		.doc = "the network devices of a context",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.own_net = true,
		.show = attach_show,
		.batch = &attach_batch,
		.set = VC_METHOD(attach_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_vnet),
		.get = VC_METHOD_LIST(attach_get, VC_KIND_OWN_OR_BELOW,
				      struct vc_vnets, struct vc_vnet),
	},
	[VC_VNET_DESTROY] = {
		.name = "destroy",
		.doc = "remove a network device",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.own_net = true,
		.set = VC_METHOD(destroy_set, VC_KIND_OWN_OR_BELOW, VC_DATA_IN,
				 struct vc_vnet),
	},
	[VC_VNET_QOS] = {
		.name = "qos",
		.doc = "bandwidth of a network device",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.own_net = true,
		.available = qos_available,
		.needs = "TBF and HTB",
		.show_all = vc_qos_show,
		.batch = &vc_qos_batch,
		.set = VC_METHOD(vc_qos_set, VC_KIND_HOST_OR_BELOW, VC_DATA_IN,
				 struct vc_vnet_qos),
		.get = VC_METHOD(vc_qos_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_IN | VC_DATA_OUT, struct vc_vnet_qos),
	},
};

VC_DECLARE_CATEGORY(vnet, VC_CAT_VNET, 1, vnet_commands);
