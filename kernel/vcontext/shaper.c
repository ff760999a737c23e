// SPDX-License-Identifier: GPL-2.0
/*
 * What holds the frames of a device back that exceed its bandwidth.
 *
 * A device with max_bandwidth has a shaper: a network device of the host's
 * initial namespace with two queues, one for each direction, a TBF on each.
 * What the driver of the device is given, to send or to receive, goes to a
 * queue; what comes out of it goes to the driver again, which lets it pass.
 *
 * So the limit is where the driver is, below all that belongs to the inside:
 * its queueing disciplines, its addresses, its raw and packet sockets.  It does
 * not depend on where the device is, nor its other end, nor on who moves them.
 * An ifb could not do it: it gives back to an ifindex of its own namespace.
 *
 * A frame in a queue knows neither device.  The shaper knows the vnet, and that
 * which devices there still are.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/pkt_sched.h>
#include <net/vcontext.h>

#include "vnet.h"

DEFINE_STATIC_KEY_FALSE(vcontext_vnet_key);
/* Drivers may be modules. */
EXPORT_SYMBOL_GPL(vcontext_vnet_key);

/* The queues of a shaper. */
enum shaper_queue {
	QUEUE_OUT,		/* from the context */
	QUEUE_IN,		/* to it */
	NR_QUEUES,
};

/**
 * struct shaper - private part of the device
 * @vnet: for whom it is, referenced
 */
struct shaper {
	struct vcontext_vnet *vnet;
};

/* The device whose frame this CPU is letting pass: not held back again. */
static DEFINE_PER_CPU(const struct net_device *, passing);

/* ---- in ---- */

/* Give @skb to a queue of @shaper; consumed. */
static void hold_back(struct net_device *shaper, struct sk_buff *skb,
		      enum shaper_queue queue)
{
	skb->dev = shaper;
	skb_set_queue_mapping(skb, queue);
	dev_queue_xmit(skb);
}

/* See vcontext_vnet_xmit(). */
bool __vcontext_vnet_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vcontext_vnet *vnet = rcu_dereference_bh(dev->vcontext);
	struct net_device *shaper;
	bool out;

	if (!vnet)
		return false;
	/* at a veth's other end it goes in */
	out = dev == rcu_access_pointer(vnet->dev);
	if (out) {
		/* its class at an uplink, which the inside does not choose */
		skb->vcontext_tag = READ_ONCE(vnet->tag);
		if (TC_H_MAJ(skb->priority))
			skb->priority = 0;
	}
	lockdep_assert_preemption_disabled();
	if (this_cpu_read(passing) == dev) {
		this_cpu_write(passing, NULL);
		return false;
	}
	shaper = rcu_dereference_bh(vnet->shaper);
	if (!shaper)
		return false;
	/* netpoll, which cannot wait */
	if (unlikely(irqs_disabled()))
		dev_kfree_skb_any(skb);
	else
		hold_back(shaper, skb, out ? QUEUE_OUT : QUEUE_IN);
	return true;
}
EXPORT_SYMBOL_GPL(__vcontext_vnet_xmit);

/* See vcontext_vnet_receive(). */
bool __vcontext_vnet_receive(struct sk_buff *skb)
{
	struct vcontext_vnet *vnet = rcu_dereference(skb->dev->vcontext);
	struct net_device *shaper;

	shaper = vnet ? rcu_dereference(vnet->shaper) : NULL;
	if (!shaper)
		return false;
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb)
		return true;
	skb_push_rcsum(skb, ETH_HLEN);
	/* a queue would take it for when to send; it arrives when it passes */
	skb_clear_tstamp(skb);
	hold_back(shaper, skb, QUEUE_IN);
	return true;
}
EXPORT_SYMBOL_GPL(__vcontext_vnet_receive);

/* See vcontext_vnet_shaped(). */
bool __vcontext_vnet_shaped(const struct net_device *dev)
{
	const struct vcontext_vnet *vnet =
		rcu_dereference_check(dev->vcontext, rcu_read_lock_bh_held());

	return vnet && rcu_access_pointer(vnet->shaper);
}
EXPORT_SYMBOL_GPL(__vcontext_vnet_shaped);

/* See vcontext_vnet_made(). */
bool __vcontext_vnet_made(const struct net_device *dev)
{
	return rcu_access_pointer(dev->vcontext);
}
EXPORT_SYMBOL_GPL(__vcontext_vnet_made);

/* ---- out ---- */

/* Have the driver of @dev send @skb; consumed. */
static bool pass_xmit(struct net_device *dev, struct sk_buff *skb)
{
	netdev_tx_t ret;

	if (!netif_running(dev)) {
		kfree_skb(skb);
		return false;
	}
	skb->dev = dev;
	skb_set_queue_mapping(skb, 0);
	lockdep_assert_preemption_disabled();
	this_cpu_write(passing, dev);
	ret = __netdev_start_xmit(dev->netdev_ops, skb, dev, false);
	this_cpu_write(passing, NULL);
	if (dev_xmit_complete(ret))
		return ret == NETDEV_TX_OK;
	kfree_skb(skb);
	return false;
}

/* Let @dev receive @skb; consumed. */
static bool pass_receive(struct net_device *dev, struct sk_buff *skb)
{
	if (!netif_running(dev)) {
		kfree_skb(skb);
		return false;
	}
	skb->dev = dev;
	skb_set_queue_mapping(skb, 0);
	skb_pull_rcsum(skb, ETH_HLEN);
	return netif_rx(skb) == NET_RX_SUCCESS;
}

static netdev_tx_t shaper_xmit(struct sk_buff *skb, struct net_device *shaper)
{
	struct vcontext_vnet *vnet =
		((struct shaper *)netdev_priv(shaper))->vnet;
	bool in = skb_get_queue_mapping(skb) == QUEUE_IN;
	unsigned int len = skb->len;
	struct net_device *dev, *end;
	bool passed = false;

	dev = rcu_dereference_bh(vnet->dev);
	end = rcu_dereference_bh(vnet->end);
	/* a frame that the host sends here by hand may be anything */
	if (!dev || len < ETH_HLEN || !pskb_may_pull(skb, ETH_HLEN))
		kfree_skb(skb);
	else if (!in)
		passed = pass_xmit(dev, skb);
	else if (end)
		passed = pass_xmit(end, skb);
	else
		passed = pass_receive(dev, skb);
	if (passed)
		dev_sw_netstats_tx_add(shaper, 1, len);
	else
		dev_core_stats_tx_dropped_inc(shaper);
	return NETDEV_TX_OK;
}

static u16 shaper_select_queue(struct net_device *shaper, struct sk_buff *skb,
			       struct net_device *sb_dev)
{
	/* as hold_back() has said */
	return skb_get_queue_mapping(skb);
}

static const struct net_device_ops shaper_ops = {
	.ndo_start_xmit = shaper_xmit,
	.ndo_select_queue = shaper_select_queue,
};

/* ---- its life ---- */

#define SHAPER_FEATURES	(NETIF_F_HW_CSUM | NETIF_F_SG | NETIF_F_FRAGLIST | \
			 NETIF_F_GSO_SOFTWARE | NETIF_F_GSO_ENCAP_ALL |	\
			 NETIF_F_HIGHDMA | NETIF_F_HW_VLAN_CTAG_TX |	\
			 NETIF_F_HW_VLAN_STAG_TX)

static void shaper_setup(struct net_device *dev)
{
	/* not Ethernet, or IPv6 would give it an address and talk on it */
	dev->type = ARPHRD_VOID;
	/* though there is one before what a packet socket might take for IP */
	dev->hard_header_len = ETH_HLEN;
	dev->flags = IFF_NOARP;
	dev->mtu = ETH_DATA_LEN;
	dev->min_mtu = 0;
	dev->max_mtu = 0;
	dev->tx_queue_len = DEFAULT_TX_QUEUE_LEN;
	dev->netdev_ops = &shaper_ops;
	dev->features = SHAPER_FEATURES;
	dev->hw_features = SHAPER_FEATURES;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	/* it keeps nothing that would have to be locked */
	dev->lltx = true;
	/* what is done to it is done in the initial namespace */
	dev->netns_immutable = true;
	dev->needs_free_netdev = true;
	netif_set_tso_max_size(dev, GSO_MAX_SIZE);
}

static int add_mq(struct net_device *dev)
{
	return vc_rtnl_send(&init_net,
			    vc_rtnl_begin(RTM_NEWQDISC,
					  NLM_F_CREATE | NLM_F_REPLACE,
					  dev->ifindex, TC_H_ROOT,
					  TC_H_MAKE(1 << 16, 0), "mq"));
}

static int add_tbf(struct net_device *dev, enum shaper_queue queue, u64 rate,
		   u32 burst)
{
	struct tc_tbf_qopt opt = {
		.rate = {
			.linklayer = TC_LINKLAYER_ETHERNET,
			.rate = min_t(u64, rate, U32_MAX),
		},
		.limit = vc_qos_queue(rate),
	};
	struct sk_buff *msg;
	struct nlattr *nest;

	msg = vc_rtnl_begin(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE,
			    dev->ifindex, TC_H_MAKE(1 << 16, queue + 1),
			    TC_H_MAKE((queue + 2) << 16, 0), "tbf");
	if (!msg)
		return -ENOMEM;
	nest = nla_nest_start_noflag(msg, TCA_OPTIONS);
	if (WARN_ON_ONCE(!nest ||
			 nla_put(msg, TCA_TBF_PARMS, sizeof(opt), &opt) ||
			 nla_put_u64_64bit(msg, TCA_TBF_RATE64, rate,
					   TCA_TBF_PAD) ||
			 nla_put_u32(msg, TCA_TBF_BURST, burst))) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, nest);
	return vc_rtnl_send(&init_net, msg);
}

static int add_qdiscs(struct net_device *dev, u32 max, unsigned int mtu)
{
	u64 rate = vc_qos_rate(max, mtu);
	u32 burst = vc_qos_burst(rate);
	int ret;

	ret = add_mq(dev);
	if (!ret)
		ret = add_tbf(dev, QUEUE_OUT, rate, burst);
	if (!ret)
		ret = add_tbf(dev, QUEUE_IN, rate, burst);
	if (ret == -ENOENT)
		return vc_fail(-EOPNOTSUPP,
			       "max_bandwidth: this kernel runs without TBF");
	return ret ? vc_fail(ret, "max_bandwidth %u: TBF refuses it", max) : 0;
}

static int start(struct net_device *dev)
{
	int ret;

	rtnl_lock();
	ret = dev_open(dev, NULL);
	rtnl_unlock();
	return ret;
}

/**
 * vc_shaper_make - make what holds the frames of a device back
 * @vnet: the device; the shaper takes a reference of its own
 * @max: kbit/s
 * @mtu: of the device
 *
 * It does so when it is in @vnet->shaper.
 *
 * Context: vc_qos_mutex held; takes RTNL.
 * Return: for vc_shaper_free(), or an ERR_PTR().
 */
struct net_device *vc_shaper_make(struct vcontext_vnet *vnet, u32 max,
				  unsigned int mtu)
{
	struct net_device *dev;
	int ret;

	dev = alloc_netdev_mqs(sizeof(struct shaper), "vcshape%d",
			       NET_NAME_ENUM, shaper_setup, NR_QUEUES, 1);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	((struct shaper *)netdev_priv(dev))->vnet = vc_netdev_get(vnet);
	ret = register_netdev(dev);
	if (ret) {
		vc_netdev_put(vnet);
		free_netdev(dev);
		vc_fail(ret, "max_bandwidth: no device to hold frames back");
		return ERR_PTR(ret);
	}
	ret = add_qdiscs(dev, max, mtu);
	if (!ret)
		ret = start(dev);
	if (ret) {
		vc_shaper_free(dev);
		return ERR_PTR(ret);
	}
	return dev;
}

/**
 * vc_shaper_free - free it, and drop what waits in it
 * @shaper: from vc_shaper_make(), which no vnet has any more; or %NULL
 *
 * Context: may sleep; takes RTNL.
 */
void vc_shaper_free(struct net_device *shaper)
{
	struct vcontext_vnet *vnet;

	if (!shaper)
		return;
	vnet = ((struct shaper *)netdev_priv(shaper))->vnet;
	/* waits for those who have found it in a vnet before */
	unregister_netdev(shaper);
	vc_netdev_put(vnet);
}
