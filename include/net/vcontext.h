/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual contexts: what network drivers call.
 *
 * A device that was made for a context has a struct vcontext_vnet, and so has
 * the other end of a veth; see kernel/vcontext/netdev.c.  What goes through it
 * may be held back by the bandwidth that the context has.  That is asked where
 * the driver takes or gives a frame, because queueing disciplines of the device
 * itself belong to whoever administers the namespace it is in.
 */
#ifndef _NET_VCONTEXT_H
#define _NET_VCONTEXT_H

#include <linux/types.h>

struct net_device;
struct sk_buff;

#ifdef CONFIG_VCONTEXT_VNET

#include <linux/jump_label.h>

/* On while there is a device of a context. */
DECLARE_STATIC_KEY_FALSE(vcontext_vnet_key);

bool __vcontext_vnet_xmit(struct sk_buff *skb, struct net_device *dev);
bool __vcontext_vnet_receive(struct sk_buff *skb);
bool __vcontext_vnet_shaped(const struct net_device *dev);
bool __vcontext_vnet_made(const struct net_device *dev);

/**
 * vcontext_vnet_xmit - a device is given a frame to send
 * @skb: the frame, with its link layer header
 * @dev: the device
 *
 * What is held back comes to the driver again when it may go.
 *
 * Context: of ndo_start_xmit().
 * Return: true if @skb has been taken.
 */
static inline bool vcontext_vnet_xmit(struct sk_buff *skb,
				      struct net_device *dev)
{
	return static_branch_unlikely(&vcontext_vnet_key) &&
	       __vcontext_vnet_xmit(skb, dev);
}

/**
 * vcontext_vnet_receive - a device that lies on another one is given a frame
 * @skb: for skb->dev, without its link layer header, which is before the data
 *
 * What is held back goes to netif_rx() when it may.
 *
 * Context: under RCU.
 * Return: true if @skb has been taken.
 */
static inline bool vcontext_vnet_receive(struct sk_buff *skb)
{
	return static_branch_unlikely(&vcontext_vnet_key) &&
	       __vcontext_vnet_receive(skb);
}

/**
 * vcontext_vnet_shaped - must what is given to a device go by its driver?
 * @dev: the device
 *
 * Short cuts that pass ndo_start_xmit() by would lift its limit.
 *
 * Context: under RCU.
 * Return: has it, or the device that it is the other end of, a limit?
 */
static inline bool vcontext_vnet_shaped(const struct net_device *dev)
{
	return static_branch_unlikely(&vcontext_vnet_key) &&
	       __vcontext_vnet_shaped(dev);
}

/**
 * vcontext_vnet_made - was a device made for a context?
 * @dev: the device
 *
 * Context: any; what it is told may change unless RTNL is held.
 * Return: was it, or the device that it is the other end of?
 */
static inline bool vcontext_vnet_made(const struct net_device *dev)
{
	return static_branch_unlikely(&vcontext_vnet_key) &&
	       __vcontext_vnet_made(dev);
}

#else /* !CONFIG_VCONTEXT_VNET */

static inline bool vcontext_vnet_xmit(struct sk_buff *skb,
				      struct net_device *dev)
{
	return false;
}

static inline bool vcontext_vnet_receive(struct sk_buff *skb)
{
	return false;
}

static inline bool vcontext_vnet_shaped(const struct net_device *dev)
{
	return false;
}

static inline bool vcontext_vnet_made(const struct net_device *dev)
{
	return false;
}

#endif /* CONFIG_VCONTEXT_VNET */

#endif /* _NET_VCONTEXT_H */
