// SPDX-License-Identifier: GPL-2.0
/*
 * Network devices of contexts: made, moved, removed, and forgotten when they
 * are gone.
 *
 * Each has a record, a struct vcontext_vnet, from the hold of RTNL in which it
 * is made until it is unregistered, whoever does that: rtnetlink, the end of
 * its namespace, its lower device, or we.  It is in the list of the context
 * that it belongs to, and the device points at it.  So neither a name nor a
 * namespace is needed to find it, and others may change both.
 *
 * Its bandwidth cannot be taken down under RTNL.  A record whose device is gone
 * waits in a list for a work, and who has removed it waits for that.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/kmod.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/veth.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/rtnetlink.h>
#include <net/vcontext.h>

#include "vnet.h"

/*
 * struct vcontext_vnet, in the order in which they came; under RTNL.  Who adds
 * one to a context that is being removed sees that, or is seen: see vnets_exit().
 */
VC_DEFINE(struct list_head, vnets) = { };

/* Of contexts that are gone; under RTNL. */
static LIST_HEAD(orphans);
/* Whose devices are gone; under RTNL. */
static LIST_HEAD(gone);

static void reap_work_fn(struct work_struct *work)
{
	vc_qos_reap();
}

static DECLARE_WORK(reap_work, reap_work_fn);

/**
 * vc_netdev_get - take a reference
 * @vnet: the caller holds one, or RTNL
 *
 * Context: any.
 * Return: @vnet.
 */
struct vcontext_vnet *vc_netdev_get(struct vcontext_vnet *vnet)
{
	refcount_inc(&vnet->refs);
	return vnet;
}

/**
 * vc_netdev_put - drop a reference
 * @vnet: or %NULL
 *
 * Context: any.
 */
void vc_netdev_put(struct vcontext_vnet *vnet)
{
	if (!vnet || !refcount_dec_and_test(&vnet->refs))
		return;
	vc_qos_free_tag(vnet->tag);
	kfree_rcu(vnet, rcu);
}

/**
 * vc_netdev_next - walk the devices of a context
 * @owner: the context
 * @pos: the last one, or %NULL to begin
 *
 * Context: RTNL held.
 * Return: the next one, or %NULL at the end.
 */
struct vcontext_vnet *vc_netdev_next(struct vcontext *owner,
				     struct vcontext_vnet *pos)
{
	struct list_head *head = &VC(owner, vnets);
	struct list_head *node = pos ? &pos->node : head;

	ASSERT_RTNL();

	return list_is_last(node, head) ? NULL :
		list_entry(node->next, struct vcontext_vnet, node);
}

/**
 * vc_netdev_here - does the caller know a device by its name alone?
 * @vnet: the device
 *
 * A context, and the host above all, may have devices on the side of callers in
 * several network namespaces, and names are those of a namespace.
 *
 * Context: process, RTNL held.
 * Return: true if it is attached, or in the network namespace of current.
 */
bool vc_netdev_here(const struct vcontext_vnet *vnet)
{
	return vnet->inside || net_eq(dev_net(rtnl_dereference(vnet->dev)),
				      current->nsproxy->net_ns);
}

/**
 * vc_netdev_find - find a device of a context
 * @owner: the context
 * @name: of the device
 *
 * Context: process, RTNL held.
 * Return: the device, or %NULL; one that is not here if no other has the name.
 */
struct vcontext_vnet *vc_netdev_find(struct vcontext *owner, const char *name)
{
	struct vcontext_vnet *pos = NULL, *found = NULL;

	while ((pos = vc_netdev_next(owner, pos))) {
		if (strncmp(pos->name, name, IFNAMSIZ))
			continue;
		if (vc_netdev_here(pos))
			return pos;
		found = found ?: pos;
	}
	return found;
}

/**
 * vc_netdev_lookup - find a device of a context that has to be there
 * @owner: the context
 * @name: of the device
 *
 * Context: process, RTNL held.
 * Return: as vc_netdev_find(), but %-ENODEV for none, and that is told.
 */
struct vcontext_vnet *vc_netdev_lookup(struct vcontext *owner, const char *name)
{
	struct vcontext_vnet *vnet = vc_netdev_find(owner, name);

	if (vnet)
		return vnet;
	vc_fail(-ENODEV, "vdev_name %s: context %u has none", name, owner->id);
	return ERR_PTR(-ENODEV);
}

/**
 * vc_netdev_adopt - give a device to a context
 * @vnet: the device
 * @owner: the context, referenced by the caller
 * @inside: is it attached?
 *
 * Context: RTNL held.
 * Return: false if @owner is gone, or about to; then nothing has changed.
 */
bool vc_netdev_adopt(struct vcontext_vnet *vnet, struct vcontext *owner,
		     bool inside)
{
	struct vcontext *old = vnet->owner;

	ASSERT_RTNL();

	list_move_tail(&vnet->node, &VC(owner, vnets));
	smp_mb();	/* pairs with vnets_exit() */
	if (READ_ONCE(owner->removed)) {
		if (old)
			list_move_tail(&vnet->node, &VC(old, vnets));
		else if (rcu_access_pointer(vnet->dev))
			list_move_tail(&vnet->node, &orphans);
		else
			list_del_init(&vnet->node);
		return false;
	}
	vnet->owner = owner;
	vnet->inside = inside;
	return true;
}

static int vnets_init(struct vcontext *ctx)
{
	INIT_LIST_HEAD(&VC(ctx, vnets));
	return 0;
}

static void vnets_exit(struct vcontext *ctx)
{
	struct vcontext_vnet *pos;

	smp_mb();	/* pairs with vc_netdev_adopt(); ctx->removed is set */
	if (list_empty(&VC(ctx, vnets)))
		return;
	rtnl_lock();
	list_for_each_entry(pos, &VC(ctx, vnets), node)
		pos->owner = NULL;
	list_splice_tail_init(&VC(ctx, vnets), &orphans);
	rtnl_unlock();
}

VC_INIT(vnets, vnets_init, vnets_exit);

/* ---- the end of a device ---- */

/* Its device is being unregistered: nobody finds the record any more. */
static void forget(struct vcontext_vnet *vnet)
{
	struct net_device *dev = rtnl_dereference(vnet->dev);
	struct net_device *end = rtnl_dereference(vnet->end);

	ASSERT_RTNL();

	/* unregistering waits for who has found one by the other */
	RCU_INIT_POINTER(dev->vcontext, NULL);
	if (end)
		RCU_INIT_POINTER(end->vcontext, NULL);
	RCU_INIT_POINTER(vnet->dev, NULL);
	RCU_INIT_POINTER(vnet->end, NULL);
	vnet->owner = NULL;
	list_move_tail(&vnet->node, &gone);
	static_branch_dec(&vcontext_vnet_key);
	queue_work(system_unbound_wq, &reap_work);
}

/**
 * vc_netdev_gone - take a record whose device is gone
 *
 * Context: takes RTNL.
 * Return: with the reference of the device, or %NULL if there is none.
 */
struct vcontext_vnet *vc_netdev_gone(void)
{
	struct vcontext_vnet *vnet;

	if (list_empty_careful(&gone))
		return NULL;
	rtnl_lock();
	vnet = list_first_entry_or_null(&gone, struct vcontext_vnet, node);
	if (vnet)
		list_del_init(&vnet->node);
	rtnl_unlock();
	return vnet;
}

static int netdev_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct vcontext_vnet *vnet = rtnl_dereference(dev->vcontext);

	if (!vnet)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_UNREGISTER:
		/* of one that moves, too, but that remains registered */
		if (dev->reg_state == NETREG_UNREGISTERING)
			forget(vnet);
		break;
	case NETDEV_CHANGENAME:
		/* the inside does not choose by what name the outside knows it */
		if (dev == rtnl_dereference(vnet->dev) && !vnet->inside)
			strscpy(vnet->name, dev->name);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block netdev_notifier = {
	.notifier_call = netdev_event,
};

static void remove_all(struct list_head *list)
{
	struct vcontext_vnet *pos, *next;
	struct net_device *dev;
	LIST_HEAD(kill);

	ASSERT_RTNL();

	list_for_each_entry_safe(pos, next, list, node) {
		dev = rtnl_dereference(pos->dev);
		dev->rtnl_link_ops->dellink(dev, &kill);
	}
	/* each goes to another list by that */
	unregister_netdevice_many(&kill);
}

/**
 * vc_netdev_remove - remove a device
 * @vnet: the device; if the caller wants it afterwards, he holds a reference
 *
 * vc_netdev_reap() is due without RTNL.
 *
 * Context: RTNL held.
 */
void vc_netdev_remove(struct vcontext_vnet *vnet)
{
	LIST_HEAD(list);

	list_move(&vnet->node, &list);
	remove_all(&list);
}

/**
 * vc_netdev_reap - wait until devices that are gone have no bandwidth any more
 *
 * Context: may sleep; no locks held.
 */
void vc_netdev_reap(void)
{
	flush_work(&reap_work);
}

/**
 * vc_netdev_settle - remove what belonged to contexts that are gone
 *
 * Not done where a context ends, under vcontext_mutex: unregistering waits for
 * all who use the device.
 *
 * Context: may sleep; no locks held.
 */
void vc_netdev_settle(void)
{
	if (!list_empty_careful(&orphans)) {
		rtnl_lock();
		remove_all(&orphans);
		rtnl_unlock();
	}
	vc_netdev_reap();
}

/* ---- its beginning ---- */

/* As many as RTNL_MAX_TYPE of rtnetlink. */
#define DATA_MAX	50

static const char * const kinds[] = {
	[VC_VNET_VETH] = "veth",
	[VC_VNET_MACVLAN] = "macvlan",
	[VC_VNET_IPVLAN] = "ipvlan",
	[VC_VNET_DUMMY] = "dummy",
};

/* What rtnetlink would be told: attributes in @msg, which has room for them. */
static int put_attributes(struct sk_buff *msg, const struct vc_vnet *arg,
			  const struct net_device *lower)
{
	static const struct ifinfomsg peer;
	struct nlattr *info, *nest;
	int ret;

	ret = nla_put_string(msg, IFLA_IFNAME, arg->vdev_name);
	if (arg->mtu)
		ret = ret ?: nla_put_u32(msg, IFLA_MTU, arg->mtu);
	if (!is_zero_ether_addr(arg->mac))
		ret = ret ?: nla_put(msg, IFLA_ADDRESS, ETH_ALEN, arg->mac);
	if (lower)
		ret = ret ?: nla_put_u32(msg, IFLA_LINK, lower->ifindex);
	info = nla_nest_start(msg, IFLA_INFO_DATA);
	if (ret || !info)
		return -EMSGSIZE;
	switch (arg->type) {
	case VC_VNET_VETH:
		nest = nla_nest_start(msg, VETH_INFO_PEER);
		if (!nest || nla_append(msg, sizeof(peer), &peer))
			return -EMSGSIZE;
		ret = nla_put_string(msg, IFLA_IFNAME, arg->link);
		if (arg->mtu)
			ret = ret ?: nla_put_u32(msg, IFLA_MTU, arg->mtu);
		nla_nest_end(msg, nest);
		break;
	case VC_VNET_MACVLAN:
		ret = nla_put_u32(msg, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
		break;
	case VC_VNET_IPVLAN:
		ret = nla_put_u16(msg, IFLA_IPVLAN_MODE, IPVLAN_MODE_L2) ?:
		      nla_put_u16(msg, IFLA_IPVLAN_FLAGS, IPVLAN_F_PRIVATE);
		break;
	}
	nla_nest_end(msg, info);
	return ret;
}

/*
 * Make and register a device of @ops in @inside, and what belongs to it in
 * @outside.
 */
static struct net_device *new_link(const struct rtnl_link_ops *ops,
				   struct sk_buff *msg, struct net *outside,
				   struct net *inside,
				   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[IFLA_MAX + 1], *data[DATA_MAX + 1];
	struct net_device *dev;
	LIST_HEAD(kill);
	int ret;

	if (WARN_ON_ONCE(ops->maxtype > DATA_MAX || !ops->dellink))
		return ERR_PTR(-EOPNOTSUPP);
	ret = nla_parse_deprecated(tb, IFLA_MAX, (struct nlattr *)msg->data,
				   msg->len, NULL, extack);
	if (!ret && ops->maxtype)
		ret = nla_parse_nested_deprecated(data, ops->maxtype,
						  tb[IFLA_INFO_DATA],
						  ops->policy, extack);
	/* no attribute of a link, only where we have put it */
	tb[IFLA_INFO_DATA] = NULL;
	if (!ret && ops->validate)
		ret = ops->validate(tb, ops->maxtype ? data : NULL, extack);
	if (ret)
		return ERR_PTR(ret);

	dev = rtnl_create_link(inside, nla_data(tb[IFLA_IFNAME]), NET_NAME_USER,
			       ops, tb, extack);
	if (IS_ERR(dev))
		return dev;
	ret = ops->newlink ?
		ops->newlink(outside, dev, tb, ops->maxtype ? data : NULL,
			     extack) : register_netdevice(dev);
	if (ret) {
		free_netdev(dev);
		return ERR_PTR(ret);
	}
	ret = rtnl_configure_link(dev, NULL, 0, NULL);
	if (ret) {
		ops->dellink(dev, &kill);
		unregister_netdevice_many(&kill);
		return ERR_PTR(ret);
	}
	return dev;
}

/* The other end of a veth, which nobody else knows yet. */
static struct net_device *end_of(struct net_device *dev)
{
	struct net_device *end = NULL;

	rcu_read_lock();
	if (dev->netdev_ops->ndo_get_peer_dev)
		end = dev->netdev_ops->ndo_get_peer_dev(dev);
	rcu_read_unlock();
	return end;
}

/* The device that current has on its side by that name. */
static int find_lower(struct net *net, const struct vc_vnet *arg,
		      struct net_device **lower)
{
	*lower = NULL;
	if (arg->type != VC_VNET_MACVLAN && arg->type != VC_VNET_IPVLAN)
		return 0;
	*lower = __dev_get_by_name(net, arg->link);
	if (!*lower)
		return vc_fail(-ENODEV, "link %s: no such device", arg->link);
	if ((*lower)->type != ARPHRD_ETHER || (*lower)->flags & IFF_LOOPBACK)
		return vc_fail(-EINVAL, "link %s: not an Ethernet device",
			       arg->link);
	return 0;
}

/* Of the same driver: an ipvtap is an ipvlan, too. */
static bool is_kind(const struct net_device *dev,
		    const struct rtnl_link_ops *ops)
{
	return dev->rtnl_link_ops &&
	       dev->rtnl_link_ops->fill_info == ops->fill_info;
}

/* Does an IPVLAN share mode and flags with one that we would make? */
static bool is_private(const struct net_device *ipvlan)
{
	const struct rtnl_link_ops *ops = ipvlan->rtnl_link_ops;
	struct nlattr *data[DATA_MAX + 1];
	bool ret = false;
	struct sk_buff *msg;

	msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL_ACCOUNT);
	if (!msg)
		return false;
	if (!ops->fill_info(msg, ipvlan) &&
	    !nla_parse_deprecated(data, DATA_MAX, (struct nlattr *)msg->data,
				  msg->len, NULL, NULL))
		ret = data[IFLA_IPVLAN_MODE] && data[IFLA_IPVLAN_FLAGS] &&
		      nla_get_u16(data[IFLA_IPVLAN_MODE]) == IPVLAN_MODE_L2 &&
		      nla_get_u16(data[IFLA_IPVLAN_FLAGS]) == IPVLAN_F_PRIVATE;
	nlmsg_free(msg);
	return ret;
}

/*
 * An IPVLAN shares mode and flags with all on its lower device.  Whether what is
 * there already is to have those of a new one is for who has made it to decide.
 */
static int check_others(const struct vc_vnet *arg,
			const struct rtnl_link_ops *ops,
			struct net_device *lower)
{
	struct net_device *pos = lower;
	struct list_head *iter;

	ASSERT_RTNL();

	if (arg->type != VC_VNET_IPVLAN)
		return 0;
	/* one tells of all; on another one it is beside that */
	if (!is_kind(lower, ops))
		netdev_for_each_upper_dev_rcu(lower, pos, iter)
			if (is_kind(pos, ops))
				break;
	if (!pos || is_private(pos))
		return 0;
	return vc_fail(-EBUSY,
		       "link %s: %s is an ipvlan that is not private, or not of mode L2",
		       arg->link, pos->name);
}

/* RTNL is dropped where a module has to be loaded. */
static const struct rtnl_link_ops *find_ops(u32 type)
{
	const struct rtnl_link_ops *ops = rtnl_link_ops_get(kinds[type]);

	if (!ops) {
		rtnl_unlock();
		request_module("rtnl-link-%s", kinds[type]);
		rtnl_lock();
		ops = rtnl_link_ops_get(kinds[type]);
	}
	if (ops)
		return ops;
	vc_fail(-EOPNOTSUPP, "type %u: this kernel has no %s", type,
		kinds[type]);
	return ERR_PTR(-EOPNOTSUPP);
}

/* A device of @ops as @arg says, which is valid; RTNL held. */
static struct net_device *new_device(const struct rtnl_link_ops *ops,
				     const struct vc_vnet *arg,
				     struct net *outside, struct net *inside)
{
	struct netlink_ext_ack extack = {};
	struct net_device *dev, *lower;
	struct sk_buff *msg;
	int ret;

	ret = find_lower(outside, arg, &lower);
	if (!ret)
		ret = check_others(arg, ops, lower);
	if (ret)
		return ERR_PTR(ret);
	msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL_ACCOUNT);
	if (!msg)
		return ERR_PTR(-ENOMEM);
	ret = put_attributes(msg, arg, lower);
	if (WARN_ON_ONCE(ret))
		dev = ERR_PTR(ret);
	else
		dev = new_link(ops, msg, outside, inside, &extack);
	nlmsg_free(msg);
	if (PTR_ERR(dev) == -EEXIST)
		vc_fail(-EEXIST, "vdev_name %s, or link: a device has that name",
			arg->vdev_name);
	else if (IS_ERR(dev))
		vc_fail(PTR_ERR(dev), "vdev_name %s: %s", arg->vdev_name,
			extack._msg ?: "the driver refuses it");
	return dev;
}

/**
 * vc_netdev_make - make a device for a context
 * @owner: to whom it belongs, referenced by the caller
 * @arg: what it is, valid
 * @inside: where it is born, if not where current is
 *
 * Context: RTNL held, and dropped if a module has to be loaded.
 * Return: the device, or an ERR_PTR(): %-EEXIST (a name), %-ENODEV (link),
 * %-EBUSY (link), %-EOPNOTSUPP (no such driver), %-ESRCH (@owner is gone), %-ENOMEM, or what
 * the driver says.
 */
struct vcontext_vnet *vc_netdev_make(struct vcontext *owner,
				     const struct vc_vnet *arg,
				     struct net *inside)
{
	struct net *outside = current->nsproxy->net_ns;
	const struct rtnl_link_ops *ops;
	struct net_device *dev, *end;
	struct vcontext_vnet *vnet;
	LIST_HEAD(kill);

	ASSERT_RTNL();

	ops = find_ops(arg->type);
	if (IS_ERR(ops))
		return ERR_CAST(ops);
	vnet = vc_netdev_find(owner, arg->vdev_name);
	if (vnet && vc_netdev_here(vnet)) {
		vc_fail(-EEXIST, "vdev_name %s: context %u has one",
			arg->vdev_name, owner->id);
		return ERR_PTR(-EEXIST);
	}
	vnet = kzalloc(sizeof(*vnet), GFP_KERNEL_ACCOUNT);
	if (!vnet)
		return ERR_PTR(-ENOMEM);
	refcount_set(&vnet->refs, 1);
	INIT_LIST_HEAD(&vnet->node);
	vnet->type = arg->type;
	strscpy(vnet->name, arg->vdev_name);

	dev = new_device(ops, arg, outside, inside ?: outside);
	if (IS_ERR(dev)) {
		kfree(vnet);
		return ERR_CAST(dev);
	}
	if (!vc_netdev_adopt(vnet, owner, inside)) {
		dev->rtnl_link_ops->dellink(dev, &kill);
		unregister_netdevice_many(&kill);
		kfree(vnet);
		vc_fail(-ESRCH, "context %u is gone", owner->id);
		return ERR_PTR(-ESRCH);
	}
	end = end_of(dev);
	static_branch_inc(&vcontext_vnet_key);
	rcu_assign_pointer(vnet->dev, dev);
	rcu_assign_pointer(vnet->end, end);
	rcu_assign_pointer(dev->vcontext, vnet);
	if (end)
		rcu_assign_pointer(end->vcontext, vnet);
	return vnet;
}

/**
 * vc_netdev_lower - what a device lies on, or is tied to
 * @vnet: the device
 *
 * Context: RTNL held.
 * Return: the host's end or the lower device, or %NULL.
 */
struct net_device *vc_netdev_lower(const struct vcontext_vnet *vnet)
{
	struct net_device *dev = rtnl_dereference(vnet->dev);
	struct net_device *lower = rtnl_dereference(vnet->end);
	struct list_head *iter = dev->adj_list.lower.next;

	return lower ?: netdev_lower_get_next(dev, &iter);
}

static int __init vc_netdev_init(void)
{
	INIT_LIST_HEAD(&VC(vcontext_host, vnets));
	return register_netdevice_notifier(&netdev_notifier);
}
device_initcall(vc_netdev_init);
