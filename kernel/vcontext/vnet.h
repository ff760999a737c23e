/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Network devices of contexts: what the files of category 4 share.
 */
#ifndef _KERNEL_VCONTEXT_VNET_H
#define _KERNEL_VCONTEXT_VNET_H

#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "internal.h"

struct sk_buff;
struct vc_uplink;

/**
 * struct vc_qos - the bandwidth of a device
 * @max: kbit/s, 0 for no limit
 * @warranted: kbit/s, 0 for none
 * @held: what is taken of @uplink for that, more while a batch may fail
 * @shared: what was, when what replaces this took it over on the same uplink
 * @uplink: where it is warranted, referenced; %NULL for nowhere
 * @shaper: device that holds back what exceeds @max, owned; or %NULL
 *
 * Under vc_qos_mutex.
 */
struct vc_qos {
	u32 max;
	u32 warranted;
	u32 held;
	u32 shared;
	struct vc_uplink *uplink;
	struct net_device *shaper;
};

/*
 * A network device that was made for a context.  It is there as long as the
 * device is; who looks at it later holds a reference.
 *
 * (c) constant
 * (r) written under RTNL
 * (p) written under RTNL, read by drivers under RCU
 * (q) under vc_qos_mutex
 */
struct vcontext_vnet {
	refcount_t refs;
	u32 type;			/* (c) VC_VNET_* */
	struct list_head node;		/* (r) in its owner's, see netdev.c */
	struct vcontext *owner;		/* (r) NULL when one of both is gone */
	/* While it is attached the name that it came with, whatever it has. */
	char name[IFNAMSIZ];		/* (r) */
	bool inside;			/* (r) attached */
	bool reaped;			/* (q) has no bandwidth any more */
	/* Its class at uplinks, 0 for none; its own up to the last reference. */
	u16 tag;			/* (q) */
	struct net_device __rcu *dev;	/* (p) NULL when it is gone */
	struct net_device __rcu *end;	/* (p) VETH: the one outside */
	struct net_device __rcu *shaper; /* (q) read by drivers under RCU */
	struct vc_qos qos;		/* (q) */
	struct rcu_head rcu;
};

/* ---- netdev.c: the devices ---- */

bool vc_netdev_here(const struct vcontext_vnet *vnet);
struct vcontext_vnet *vc_netdev_find(struct vcontext *owner, const char *name);
struct vcontext_vnet *vc_netdev_lookup(struct vcontext *owner,
				       const char *name) __must_check;
struct vcontext_vnet *vc_netdev_next(struct vcontext *owner,
				     struct vcontext_vnet *pos);
struct vcontext_vnet *vc_netdev_get(struct vcontext_vnet *vnet);
void vc_netdev_put(struct vcontext_vnet *vnet);
struct vcontext_vnet *vc_netdev_make(struct vcontext *owner,
				     const struct vc_vnet *arg,
				     struct net *inside) __must_check;
void vc_netdev_remove(struct vcontext_vnet *vnet);
struct vcontext_vnet *vc_netdev_gone(void);
void vc_netdev_reap(void);
struct net_device *vc_netdev_lower(const struct vcontext_vnet *vnet);
bool vc_netdev_adopt(struct vcontext_vnet *vnet, struct vcontext *owner,
		     bool inside);

/* ---- qos.c: their bandwidth ---- */

/* Bandwidth of all devices and uplinks; see the order of locks. */
extern struct mutex vc_qos_mutex;

void vc_qos_reap(void);
void vc_qos_free_tag(u16 tag);
extern const struct vc_batch_ops vc_qos_batch;
long vc_qos_set(struct vc_request *req);
long vc_qos_get(struct vc_request *req);
void vc_qos_show(struct seq_file *m, const struct vc_command *command,
		 const struct vc_request *req);

/* ---- shaper.c: what holds frames back ---- */

struct net_device *vc_shaper_make(struct vcontext_vnet *vnet, u32 max,
				  unsigned int mtu) __must_check;
void vc_shaper_free(struct net_device *shaper);

/* ---- uplink.c: what is shared ---- */

struct vc_uplink *vc_uplink_get(struct net *net, const char *name) __must_check;
void vc_uplink_put(struct vc_uplink *uplink);
int vc_uplink_warrant(struct vc_uplink *uplink, u16 tag, u32 from, u32 to);
int vc_uplink_begin_capacity(struct vc_uplink *uplink, u32 capacity);
void vc_uplink_end_capacity(struct vc_uplink *uplink, u32 capacity);
u32 vc_uplink_capacity(const struct vc_uplink *uplink);
u64 vc_uplink_granted(const struct vc_uplink *uplink);
void vc_uplink_follow(const struct vcontext_vnet *vnet);
bool vc_uplink_name(const struct vc_uplink *uplink, const struct net *net,
		    char *name);

/* ---- rtnetlink.c: requests to traffic control ---- */

struct sk_buff *vc_rtnl_begin(u16 type, u16 flags, int ifindex, u32 parent,
			      u32 handle, const char *kind) __must_check;
int vc_rtnl_send(struct net *net, struct sk_buff *msg);

/* ---- arithmetic ---- */

/*
 * Bandwidth is that of IP packets.  Queueing disciplines count frames, so what
 * they are told is more by the share of the header in a full one.
 */

/**
 * vc_qos_rate - bytes of frames per second
 * @kbit: thousands of bits of packets per second
 * @mtu: size of a full packet
 *
 * Context: any.
 * Return: the rate, at least 1.
 */
static inline u64 vc_qos_rate(u32 kbit, unsigned int mtu)
{
	mtu = max_t(unsigned int, mtu, ETH_MIN_MTU);
	return max_t(u64, mul_u64_u32_div((u64)kbit * 125, mtu + ETH_HLEN,
					  mtu), 1);
}

/* The largest frame: an MTU may be changed at any time, on either side. */
#define VC_QOS_FRAME_MAX	(SZ_64K + ETH_HLEN)
/* What may go at once is what 10 ms carry, but one of these. */
#define VC_QOS_BURST_MS		10
/* What waits is dropped beyond what 200 ms carry, but one of these. */
#define VC_QOS_QUEUE_MS		200
#define VC_QOS_BYTES_MAX	SZ_1G

/**
 * vc_qos_burst - how much may go at once
 * @rate: bytes per second
 *
 * Context: any.
 * Return: bytes.
 */
static inline u32 vc_qos_burst(u64 rate)
{
	u64 burst = mul_u64_u32_div(rate, VC_QOS_BURST_MS, MSEC_PER_SEC);

	return clamp_t(u64, burst, VC_QOS_FRAME_MAX, VC_QOS_BYTES_MAX);
}

/**
 * vc_qos_queue - how much may wait
 * @rate: bytes per second
 *
 * Context: any.
 * Return: bytes.
 */
static inline u32 vc_qos_queue(u64 rate)
{
	u64 queue = mul_u64_u32_div(rate, VC_QOS_QUEUE_MS, MSEC_PER_SEC);

	return clamp_t(u64, queue, VC_QOS_FRAME_MAX, VC_QOS_BYTES_MAX);
}

/**
 * vc_qos_fits - may an uplink warrant that much?
 * @capacity: of it, kbit/s
 * @granted: by it already
 * @from: of that to the same device
 * @to: what the device is to have
 *
 * Less is always fine, whatever has become of the capacity.
 *
 * Context: any.
 * Return: as asked.
 */
static inline bool vc_qos_fits(u64 capacity, u64 granted, u32 from, u32 to)
{
	return to <= from || granted - from + to <= capacity;
}

#endif /* _KERNEL_VCONTEXT_VNET_H */
