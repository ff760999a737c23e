// SPDX-License-Identifier: GPL-2.0
/*
 * Uplinks: devices whose bandwidth is shared by warrant.
 *
 * An uplink that warrants something, or whose capacity has been set, has an
 * HTB as its root queueing discipline, in the namespace that it is in:
 *
 *	root		rate and ceil: the capacity
 *	 host		what is left; everything that has no class of its own
 *	 <tag>		of a device: rate: what it is warranted, or the sum of
 *			that and what a batch holds for it to put back
 *
 * HTB gives each class its rate first, and shares what is spare by these: in
 * turns of what a 128th of a second carries, so that a turn is less than what
 * waits, or of a packet, which is up to 64 KB where it is segmented later.
 * What belongs to a class classifier.c says.  What comes in has been sent
 * already, and nobody can be held back here in favour of others: a sender's
 * uplink is the place for it.
 *
 * The sum of what is warranted is at most the capacity.
 */
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/math64.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/pkt_sched.h>

#include "vnet.h"

/* "VC" */
#define HANDLE		0x56430000U
#define CLASS_ROOT	(HANDLE | 0xfffe)
#define CLASS_HOST	(HANDLE | 0xffff)

/* Below the root, kbit/s: what the root has is all that is to be shared. */
#define CEIL_ANY	U32_MAX

/*
 * (c) constant
 * (r) under RTNL
 * (q) under vc_qos_mutex
 */
struct vc_uplink {
	refcount_t refs;
	struct list_head node;		/* (r) */
	struct net_device *dev;		/* (r) NULL when it is gone */
	unsigned int mtu;		/* (c) when it became one */
	u32 capacity;			/* (q) as set, kbit/s; 0 if it is not */
	/* While that may be taken back: by whom, how often, and the least. */
	struct task_struct *changer;	/* (q) not referenced, only compared */
	unsigned int changes;		/* (q) */
	u64 floor;			/* (q) kbit/s */
	u64 granted;			/* (q) the sum of what is warranted */
	struct list_head grants;	/* (q) struct grant: to whom */
	bool tree;			/* (q) has its HTB */
	u64 root;			/* (q) kbit/s that its root class has */
};

/**
 * struct grant - what a device is warranted by an uplink
 * @node: in its list
 * @tag: of the device, and of its class
 * @kbit: the sum of all that is held for it, which is not zero
 *
 * Under vc_qos_mutex.
 */
struct grant {
	struct list_head node;
	u16 tag;
	u64 kbit;
};

static LIST_HEAD(uplinks);

/**
 * vc_uplink_put - drop a reference
 * @uplink: or %NULL
 *
 * Context: takes RTNL; vc_qos_mutex held.
 */
void vc_uplink_put(struct vc_uplink *uplink)
{
	if (!uplink || !refcount_dec_and_test(&uplink->refs))
		return;
	WARN_ON_ONCE(!list_empty(&uplink->grants));
	rtnl_lock();
	list_del(&uplink->node);
	rtnl_unlock();
	kfree(uplink);
}

static struct vc_uplink *find(const struct net_device *dev)
{
	struct vc_uplink *pos;

	ASSERT_RTNL();

	list_for_each_entry(pos, &uplinks, node)
		if (pos->dev == dev)
			return pos;
	return NULL;
}

/**
 * vc_uplink_get - take a device as an uplink
 * @net: namespace
 * @name: of the device
 *
 * Context: vc_qos_mutex held, takes RTNL.
 * Return: a reference that the caller puts, or an ERR_PTR(): %-ENODEV,
 * %-ENOMEM.
 */
struct vc_uplink *vc_uplink_get(struct net *net, const char *name)
{
	struct vc_uplink *uplink, *new;
	struct net_device *dev;

	lockdep_assert_held(&vc_qos_mutex);

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return ERR_PTR(-ENOMEM);
	refcount_set(&new->refs, 1);
	INIT_LIST_HEAD(&new->grants);

	rtnl_lock();
	dev = __dev_get_by_name(net, name);
	if (!dev) {
		rtnl_unlock();
		kfree(new);
		vc_fail(-ENODEV, "uplink %s: no such device", name);
		return ERR_PTR(-ENODEV);
	}
	uplink = find(dev);
	if (uplink) {
		refcount_inc(&uplink->refs);
	} else {
		uplink = new;
		new = NULL;
		uplink->dev = dev;
		uplink->mtu = dev->mtu;
		list_add(&uplink->node, &uplinks);
	}
	rtnl_unlock();
	kfree(new);
	return uplink;
}

/**
 * vc_uplink_name - the name of an uplink, for people
 * @uplink: or %NULL
 * @net: of who asks
 * @name: filled, with nothing if it is gone or in another namespace
 *
 * Context: RTNL held.
 * Return: is the device there?
 */
bool vc_uplink_name(const struct vc_uplink *uplink, const struct net *net,
		    char *name)
{
	ASSERT_RTNL();

	name[0] = '\0';
	if (!uplink || !uplink->dev)
		return false;
	if (net_eq(dev_net(uplink->dev), net))
		strscpy(name, uplink->dev->name, IFNAMSIZ);
	return true;
}

/* ---- capacity ---- */

/* What a device of a context has itself to give, kbit/s; 0 if it is none. */
static u64 vnet_bandwidth(const struct net_device *dev)
{
	const struct vcontext_vnet *vnet = rtnl_dereference(dev->vcontext);

	if (!vnet || dev != rtnl_dereference(vnet->dev))
		return 0;
	return vnet->qos.warranted ?: vnet->qos.max;
}

static u64 link_speed(struct net_device *dev)
{
	struct ethtool_link_ksettings link;

	if (__ethtool_get_link_ksettings(dev, &link) ||
	    !link.base.speed || link.base.speed == (u32)SPEED_UNKNOWN)
		return 0;
	return (u64)link.base.speed * 1000;
}

/* kbit/s, or 0 if nobody knows. */
static u64 capacity_of(struct vc_uplink *uplink)
{
	u64 ret = uplink->capacity;

	lockdep_assert_held(&vc_qos_mutex);

	if (ret)
		return ret;
	rtnl_lock();
	if (uplink->dev)
		ret = vnet_bandwidth(uplink->dev) ?: link_speed(uplink->dev);
	rtnl_unlock();
	return ret;
}

/*
 * What may be warranted in all, kbit/s; 0 if nobody knows.  While a batch may
 * take a capacity back others get of none more than it has in both cases; what
 * the batch itself has warranted goes before that.
 */
static u64 room_of(struct vc_uplink *uplink)
{
	u64 capacity = capacity_of(uplink);

	if (!uplink->changes || uplink->changer == current)
		return capacity;
	return min(capacity, uplink->floor);
}

/**
 * vc_uplink_capacity - what has been set
 * @uplink: the uplink
 *
 * Context: vc_qos_mutex held.
 * Return: kbit/s, 0 if nothing was.
 */
u32 vc_uplink_capacity(const struct vc_uplink *uplink)
{
	lockdep_assert_held(&vc_qos_mutex);
	return uplink->capacity;
}

/**
 * vc_uplink_granted - the sum of what it warrants
 * @uplink: the uplink
 *
 * Context: vc_qos_mutex held.
 * Return: kbit/s.
 */
u64 vc_uplink_granted(const struct vc_uplink *uplink)
{
	lockdep_assert_held(&vc_qos_mutex);
	return uplink->granted;
}

/* ---- HTB ---- */

/* Its namespace, referenced, and number; %NULL if it is gone. */
static struct net *place_of(const struct vc_uplink *uplink, int *ifindex)
{
	struct net *net = NULL;

	rtnl_lock();
	if (uplink->dev) {
		*ifindex = uplink->dev->ifindex;
		net = maybe_get_net(dev_net(uplink->dev));
	}
	rtnl_unlock();
	return net;
}

/* Ask traffic control for something; @fill puts options. */
static int request(const struct vc_uplink *uplink, u16 type, u16 flags,
		   u32 parent, u32 handle, const char *kind,
		   int (*fill)(struct sk_buff *msg, const void *arg),
		   const void *arg)
{
	struct nlattr *nest;
	struct sk_buff *msg;
	struct net *net;
	int ret, ifindex;

	net = place_of(uplink, &ifindex);
	if (!net)
		return -ENODEV;
	ret = -ENOMEM;
	msg = vc_rtnl_begin(type, flags, ifindex, parent, handle, kind);
	if (!msg)
		goto out_put;
	if (type == RTM_NEWTFILTER) {
		struct tcmsg *tcm = nlmsg_data(nlmsg_hdr(msg));

		tcm->tcm_info = TC_H_MAKE(1 << 16,
					  (__force u32)htons(ETH_P_ALL));
	}
	if (fill) {
		nest = nla_nest_start_noflag(msg, TCA_OPTIONS);
		ret = nest ? fill(msg, arg) : -EMSGSIZE;
		if (WARN_ON_ONCE(ret)) {
			nlmsg_free(msg);
			goto out_put;
		}
		nla_nest_end(msg, nest);
	}
	ret = vc_rtnl_send(net, msg);
out_put:
	put_net(net);
	return ret;
}

static int fill_htb(struct sk_buff *msg, const void *arg)
{
	const struct tc_htb_glob opt = {
		.version = TC_HTB_PROTOVER,
		.rate2quantum = 10,
		.defcls = TC_H_MIN(CLASS_HOST),
	};

	return nla_put(msg, TCA_HTB_INIT, sizeof(opt), &opt);
}

/* In bytes of frames per second. */
struct class_rates {
	u64 rate;
	u64 ceil;
	unsigned int mtu;
};

/* How long @rate takes for a burst, in the ticks of traffic control. */
static u32 burst_ticks(u64 rate)
{
	u64 ns = div64_u64((u64)vc_qos_burst(rate) * NSEC_PER_SEC, rate);

	return min_t(u64, PSCHED_NS2TICKS(ns), U32_MAX);
}

static int fill_class(struct sk_buff *msg, const void *arg)
{
	const struct class_rates *rates = arg;
	struct tc_htb_opt opt = {
		.rate = {
			.linklayer = TC_LINKLAYER_ETHERNET,
			.rate = min_t(u64, rates->rate, U32_MAX),
		},
		.ceil = {
			.linklayer = TC_LINKLAYER_ETHERNET,
			.rate = min_t(u64, rates->ceil, U32_MAX),
		},
		.buffer = burst_ticks(rates->rate),
		.cbuffer = burst_ticks(rates->ceil),
		/* by these shares what is spare is given out */
		.quantum = clamp_t(u64, rates->rate / 128,
				   rates->mtu + ETH_HLEN, VC_QOS_BYTES_MAX),
	};

	return nla_put(msg, TCA_HTB_PARMS, sizeof(opt), &opt) ?:
	       nla_put_u64_64bit(msg, TCA_HTB_RATE64, rates->rate,
				 TCA_HTB_PAD) ?:
	       nla_put_u64_64bit(msg, TCA_HTB_CEIL64, rates->ceil,
				 TCA_HTB_PAD);
}

static u64 bytes(const struct vc_uplink *uplink, u64 kbit)
{
	return vc_qos_rate(min_t(u64, kbit, U32_MAX), uplink->mtu);
}

static int set_class(const struct vc_uplink *uplink, u32 parent, u32 class,
		     u64 rate, u64 ceil)
{
	const struct class_rates rates = {
		.rate = bytes(uplink, rate),
		.ceil = bytes(uplink, ceil),
		.mtu = uplink->mtu,
	};

	return request(uplink, RTM_NEWTCLASS, NLM_F_CREATE, parent, class,
		       "htb", fill_class, &rates);
}

/* The class of all that has none of its own gets what is left. */
static int set_host_class(const struct vc_uplink *uplink)
{
	u64 left = uplink->root > uplink->granted ?
			uplink->root - uplink->granted : 0;

	/* not nothing, or nobody could ask the host for more */
	return set_class(uplink, CLASS_ROOT, CLASS_HOST,
			 max(left, div_u64(uplink->root, 100)), CEIL_ANY);
}

static int set_root(struct vc_uplink *uplink, u64 capacity)
{
	int ret = set_class(uplink, TC_H_ROOT, CLASS_ROOT, capacity, capacity);

	if (ret)
		return ret;
	uplink->root = capacity;
	return set_host_class(uplink);
}

/*
 * Let the classes be as what there is now: less than before when it is certain,
 * and as it was while nobody knows, as without a link.
 */
static int set_classes(struct vc_uplink *uplink)
{
	u64 capacity = capacity_of(uplink);

	if (capacity > uplink->root ||
	    (capacity && capacity != uplink->root && !uplink->changes))
		return set_root(uplink, capacity);
	return set_host_class(uplink);
}

static void remove_tree(struct vc_uplink *uplink)
{
	request(uplink, RTM_DELQDISC, 0, TC_H_ROOT, HANDLE, NULL, NULL, NULL);
	uplink->tree = false;
	uplink->root = 0;
}

static int make_tree(struct vc_uplink *uplink, u64 capacity)
{
	int ret;

	ret = request(uplink, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL,
		      TC_H_ROOT, HANDLE, "htb", fill_htb, NULL);
	if (ret == -EEXIST)
		return vc_fail(-EBUSY,
			       "uplink: somebody has given it a root qdisc");
	if (ret == -ENOENT)
		return vc_fail(-EOPNOTSUPP,
			       "uplink: this kernel runs without HTB");
	if (ret)
		return vc_fail(ret, "uplink: HTB refuses it");
	ret = set_root(uplink, capacity);
	if (!ret)
		ret = request(uplink, RTM_NEWTFILTER, NLM_F_CREATE, HANDLE, 1,
			      "vcontext", NULL, NULL);
	if (ret) {
		remove_tree(uplink);
		return vc_fail(ret, "uplink: no classes");
	}
	uplink->tree = true;
	return 0;
}

/* Is there anything left for which it has a tree? */
static bool wants_tree(const struct vc_uplink *uplink)
{
	return uplink->capacity || uplink->granted || uplink->changes;
}

static struct grant *find_grant(struct vc_uplink *uplink, u16 tag)
{
	struct grant *pos;

	lockdep_assert_held(&vc_qos_mutex);

	list_for_each_entry(pos, &uplink->grants, node)
		if (pos->tag == tag)
			return pos;
	return NULL;
}

static struct grant *make_grant(struct vc_uplink *uplink, u16 tag)
{
	struct grant *grant = kzalloc(sizeof(*grant), GFP_KERNEL_ACCOUNT);

	if (grant) {
		grant->tag = tag;
		list_add(&grant->node, &uplink->grants);
	}
	return grant;
}

/* As far as there is a tree: less never fails, and who took it away has it so. */
static void shrink_tree(struct vc_uplink *uplink, const struct grant *grant)
{
	u32 class = HANDLE | grant->tag;

	if (!wants_tree(uplink)) {
		remove_tree(uplink);
		return;
	}
	if (grant->kbit)
		set_class(uplink, CLASS_ROOT, class, grant->kbit, CEIL_ANY);
	else
		request(uplink, RTM_DELTCLASS, 0, 0, class, NULL, NULL, NULL);
	set_classes(uplink);
}

static void shrink(struct vc_uplink *uplink, struct grant *grant, u32 less)
{
	uplink->granted -= less;
	grant->kbit -= less;
	if (uplink->tree)
		shrink_tree(uplink, grant);
	if (!grant->kbit) {
		list_del(&grant->node);
		kfree(grant);
	}
}

/**
 * vc_uplink_warrant - change what a device is warranted
 * @uplink: by whom
 * @tag: of the device
 * @from: what this holder has for it, kbit/s
 * @to: what he is to have
 *
 * While a batch may fail there may be more than one that holds something for
 * the same device: the class has the sum, and goes with the last of them.
 *
 * Context: vc_qos_mutex held, takes RTNL.
 * Return: 0, and always if it is no more than before; %-ENOSPC (the uplink has
 * no more), %-EOPNOTSUPP (nobody knows how much it has), %-EBUSY (it has another
 * qdisc), %-ENODEV (it is gone), %-ENOMEM.
 */
int vc_uplink_warrant(struct vc_uplink *uplink, u16 tag, u32 from, u32 to)
{
	struct grant *grant;
	int ret = 0;
	u64 room;

	lockdep_assert_held(&vc_qos_mutex);

	if (to == from)
		return 0;
	grant = find_grant(uplink, tag);
	if (to < from) {
		if (!WARN_ON_ONCE(!grant || grant->kbit < from))
			shrink(uplink, grant, from - to);
		return 0;
	}
	room = room_of(uplink);
	if (!room)
		return vc_fail(-EOPNOTSUPP,
			       "uplink: its speed is not known, and no max_bandwidth set");
	if (!vc_qos_fits(room, uplink->granted, from, to))
		return vc_fail(-ENOSPC,
			       "warranted_bandwidth %u: the uplink has warranted %llu of %llu",
			       to, uplink->granted - from, room);
	if (!grant)
		grant = make_grant(uplink, tag);
	if (!grant)
		return -ENOMEM;
	uplink->granted += to - from;
	grant->kbit += to - from;
	if (!uplink->tree)
		ret = make_tree(uplink, capacity_of(uplink) ?: room);
	else
		ret = set_classes(uplink);
	if (!ret)
		ret = set_class(uplink, CLASS_ROOT, HANDLE | tag, grant->kbit,
				CEIL_ANY);
	if (!ret)
		return 0;
	shrink(uplink, grant, to - from);
	return vc_fail(ret, "warranted_bandwidth %u: HTB refuses it", to);
}

/* It keeps a reference to itself while one is set; the caller has one, too. */
static void set_capacity(struct vc_uplink *uplink, u32 capacity)
{
	u32 old = uplink->capacity;

	uplink->capacity = capacity;
	if (capacity && !old)
		refcount_inc(&uplink->refs);
	if (!capacity && old)
		vc_uplink_put(uplink);
}

/* Is what capacity_of() says now possible?  If it is more, it is there then. */
static int check_capacity(struct vc_uplink *uplink, u64 capacity)
{
	if (uplink->granted && !capacity)
		return vc_fail(-EOPNOTSUPP,
			       "max_bandwidth 0: the uplink has no known speed");
	if (uplink->granted > capacity)
		return vc_fail(-ENOSPC, "max_bandwidth %llu: %llu are warranted",
			       capacity, uplink->granted);
	if (!uplink->capacity && !uplink->granted)
		return 0;
	if (!uplink->tree)
		return make_tree(uplink, capacity);
	return capacity > uplink->root ? set_root(uplink, capacity) : 0;
}

/**
 * vc_uplink_begin_capacity - set how much an uplink has
 * @uplink: the uplink; the caller keeps it up to vc_uplink_end_capacity()
 * @capacity: kbit/s, 0 for its link speed
 *
 * More is there at once, less when it is certain.
 *
 * Context: vc_qos_mutex held, takes RTNL.  The host is claimed: so nobody else
 * does it in between.
 * Return: 0, %-ENOSPC (more is warranted already), %-EOPNOTSUPP (something is,
 * and its speed is not known), %-EBUSY, %-ENODEV, %-ENOMEM.
 */
int vc_uplink_begin_capacity(struct vc_uplink *uplink, u32 capacity)
{
	u64 before = capacity_of(uplink), root = uplink->root, now;
	u32 old = uplink->capacity;
	int ret;

	lockdep_assert_held(&vc_qos_mutex);

	set_capacity(uplink, capacity);
	now = capacity_of(uplink);
	ret = check_capacity(uplink, now);
	if (ret) {
		if (uplink->tree && uplink->root > root)
			set_root(uplink, root);
		set_capacity(uplink, old);
		return vc_fail(ret, "max_bandwidth %u: HTB refuses it",
			       capacity);
	}
	if (!uplink->changes++) {
		uplink->changer = current;
		uplink->floor = before;
	}
	uplink->floor = min(uplink->floor, now);
	return 0;
}

/**
 * vc_uplink_end_capacity - it stays so, or is as it was before
 * @uplink: the uplink
 * @capacity: what it has, or what it had
 *
 * Context: vc_qos_mutex held, takes RTNL.
 */
void vc_uplink_end_capacity(struct vc_uplink *uplink, u32 capacity)
{
	bool there;

	lockdep_assert_held(&vc_qos_mutex);

	rtnl_lock();
	there = uplink->dev;
	rtnl_unlock();
	/* who goes later is swept later */
	set_capacity(uplink, there ? capacity : 0);
	if (!--uplink->changes)
		uplink->changer = NULL;
	/* no more than there is already: so it does not fail */
	if (!uplink->tree || uplink->changes)
		return;
	if (!wants_tree(uplink))
		remove_tree(uplink);
	else
		set_classes(uplink);
}

/* ---- what others change ---- */

/**
 * vc_uplink_follow - a device has another bandwidth, of which it may warrant
 * @vnet: the device
 *
 * Context: vc_qos_mutex held, takes RTNL.
 */
void vc_uplink_follow(const struct vcontext_vnet *vnet)
{
	const struct net_device *dev;
	struct vc_uplink *uplink;

	lockdep_assert_held(&vc_qos_mutex);

	rtnl_lock();
	dev = rtnl_dereference(vnet->dev);
	uplink = dev ? find(dev) : NULL;
	rtnl_unlock();
	if (uplink && uplink->tree)
		set_classes(uplink);
}

/* The speed of a link may have changed. */
static void speed_work_fn(struct work_struct *work)
{
	struct vc_uplink *pos;

	mutex_lock(&vc_qos_mutex);
	/* who adds and removes one holds the mutex, too */
	list_for_each_entry(pos, &uplinks, node)
		if (pos->tree)
			set_classes(pos);
	mutex_unlock(&vc_qos_mutex);
}

static DECLARE_WORK(speed_work, speed_work_fn);

/* ---- its end ---- */

/* Nobody else forgets the capacity of those that are gone. */
static void sweep_work_fn(struct work_struct *work)
{
	struct vc_uplink *pos, *next;
	LIST_HEAD(found);

	mutex_lock(&vc_qos_mutex);
	rtnl_lock();
	list_for_each_entry_safe(pos, next, &uplinks, node)
		if (!pos->dev && pos->capacity)
			list_move(&pos->node, &found);
	rtnl_unlock();
	list_for_each_entry_safe(pos, next, &found, node) {
		pos->capacity = 0;
		vc_uplink_put(pos);
	}
	rtnl_lock();
	list_splice(&found, &uplinks);
	rtnl_unlock();
	mutex_unlock(&vc_qos_mutex);
}

static DECLARE_WORK(sweep_work, sweep_work_fn);

static int uplink_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	struct vc_uplink *uplink;

	if (event != NETDEV_UNREGISTER && event != NETDEV_CHANGE)
		return NOTIFY_DONE;
	uplink = find(netdev_notifier_info_to_dev(ptr));
	if (!uplink)
		return NOTIFY_DONE;
	if (event == NETDEV_CHANGE) {
		queue_work(system_unbound_wq, &speed_work);
		return NOTIFY_DONE;
	}
	/* or moves to another namespace; its qdiscs are gone by that */
	uplink->dev = NULL;
	queue_work(system_unbound_wq, &sweep_work);
	return NOTIFY_DONE;
}

static struct notifier_block uplink_notifier = {
	.notifier_call = uplink_event,
};

static int __init vc_uplink_init(void)
{
	return register_netdevice_notifier(&uplink_notifier);
}
device_initcall(vc_uplink_init);
