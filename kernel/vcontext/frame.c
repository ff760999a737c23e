// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that packet sockets of a CLOSED context send and see.
 *
 * They see what comes to an address of theirs, and what leaves from one; what
 * goes to all of a network if they have an address there.  They send from an
 * address of theirs.  ARP and neighbour advertisements are about addresses,
 * too.  Anything else, a VLAN tag included, has no address that could be
 * permitted, and does not pass.
 */
#include <linux/cgroup.h>
#include <linux/etherdevice.h>
#include <linux/export.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/vcontext_net.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/sock.h>

#include "permit.h"

/* Of ARP for IPv4 on Ethernet; addresses are not aligned. */
struct arp_ip {
	struct arphdr head;
	u8 sender_mac[ETH_ALEN];
	__be32 sender;
	u8 target_mac[ETH_ALEN];
	__be32 target;
} __packed;

static_assert(sizeof(struct arp_ip) == 28);

/* How much of a frame says who it is between. */
#define HEAD_LEN	(ETH_HLEN + sizeof(struct ipv6hdr) + \
			 sizeof(struct nd_msg))

static_assert(ETH_HLEN + sizeof(struct arp_ip) <= HEAD_LEN);

/**
 * struct ends - who a frame is between
 * @from: sender
 * @to: who it goes to
 * @many: it goes to many, @to not being an address of anybody
 * @arp: it asks or tells about the two
 */
struct ends {
	struct vc_addr from;
	struct vc_addr to;
	bool many;
	bool arp;
};

/**
 * vc_frame_tells - does a packet tell its neighbours where an address is?
 * @skb: the packet
 * @offset: of its IPv6 header
 * @about: which address, if it does
 *
 * Nobody listens to what tells that in fragments, see RFC 6980.
 *
 * Context: any.
 * Return: as asked.
 */
bool vc_frame_tells(const struct sk_buff *skb, int offset,
		    struct vc_addr *about)
{
	const struct ipv6hdr *ip6;
	struct ipv6hdr copy6;
	const struct nd_msg *msg;
	struct nd_msg copy;
	__be16 frag_off;
	u8 proto;

	ip6 = skb_header_pointer(skb, offset, sizeof(copy6), &copy6);
	if (!ip6)
		return false;
	proto = ip6->nexthdr;
	offset = ipv6_skip_exthdr(skb, offset + sizeof(*ip6), &proto,
				  &frag_off);
	if (offset < 0 || proto != IPPROTO_ICMPV6)
		return false;
	msg = skb_header_pointer(skb, offset, sizeof(copy), &copy);
	if (!msg || msg->icmph.icmp6_type != NDISC_NEIGHBOUR_ADVERTISEMENT)
		return false;
	*about = vc_addr6(&msg->target);
	return true;
}

static bool ends_of_arp(const struct sk_buff *skb, int offset,
			struct ends *ends)
{
	const struct arp_ip *arp;
	struct arp_ip copy;

	arp = skb_header_pointer(skb, offset, sizeof(copy), &copy);
	if (!arp || arp->head.ar_pro != htons(ETH_P_IP) ||
	    arp->head.ar_hln != ETH_ALEN || arp->head.ar_pln != 4)
		return false;
	ends->from = vc_addr4(get_unaligned(&arp->sender));
	ends->to = vc_addr4(get_unaligned(&arp->target));
	ends->arp = true;
	return true;
}

/* What a frame of @proto, whose network header is at @offset, is between. */
static bool ends_of(const struct sk_buff *skb, int offset, __be16 proto,
		    struct ends *ends)
{
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;
	struct ipv6hdr copy6;
	struct iphdr copy;

	*ends = (struct ends){ };
	switch (proto) {
	case htons(ETH_P_IP):
		ip = skb_header_pointer(skb, offset, sizeof(copy), &copy);
		if (!ip || ip->version != 4)
			return false;
		ends->from = vc_addr4(ip->saddr);
		ends->to = vc_addr4(ip->daddr);
		ends->many = ipv4_is_multicast(ip->daddr) ||
			     ipv4_is_lbcast(ip->daddr);
		return true;
	case htons(ETH_P_IPV6):
		ip6 = skb_header_pointer(skb, offset, sizeof(copy6), &copy6);
		if (!ip6 || ip6->version != 6)
			return false;
		ends->from = vc_addr6(&ip6->saddr);
		ends->to = vc_addr6(&ip6->daddr);
		ends->many = ipv6_addr_is_multicast(&ip6->daddr);
		return true;
	case htons(ETH_P_ARP):
		return ends_of_arp(skb, offset, ends);
	default:
		return false;
	}
}

/*
 * Take what is looked at out of the ring of a packet socket, where user space
 * could change it afterwards.
 */
static bool settle(struct sk_buff *skb, unsigned int len)
{
	return pskb_may_pull(skb, min(skb->len, len));
}

/*
 * Where the network header is, and of which protocol, as the frame itself says;
 * what its sender says does not count.  Negative if that cannot be told.
 */
static int network_of_sent(const struct sk_buff *skb, __be16 *proto)
{
	const struct net_device *dev = skb->dev;

	if (dev->type == ARPHRD_ETHER || dev->type == ARPHRD_LOOPBACK) {
		if (skb_headlen(skb) < ETH_HLEN)
			return -EINVAL;
		*proto = ((const struct ethhdr *)skb->data)->h_proto;
		return ETH_HLEN;
	}
	/* these have a version, so that it shows if it is something else */
	*proto = skb->protocol;
	if (dev->hard_header_len || (*proto != htons(ETH_P_IP) &&
				     *proto != htons(ETH_P_IPV6)))
		return -EINVAL;
	return 0;
}

/* May @ctx send a frame?  RCU held. */
static bool may_send(const struct vcontext *ctx, const struct net *net,
		     struct sk_buff *skb)
{
	struct vc_addr about;
	struct ends ends;
	__be16 proto;
	int offset;

	if (!settle(skb, HEAD_LEN))
		return false;
	offset = network_of_sent(skb, &proto);
	if (offset < 0 || !ends_of(skb, offset, proto, &ends) ||
	    !vc_permits_allow(ctx, net, &ends.from, skb->dev))
		return false;
	if (proto != htons(ETH_P_IPV6))
		return true;
	/* any number of headers may be between */
	if (ipv6_ext_hdr(((struct ipv6hdr *)(skb->data + offset))->nexthdr) &&
	    !settle(skb, skb->len))
		return false;
	return !vc_frame_tells(skb, offset, &about) ||
	       vc_permits_allow(ctx, net, &about, skb->dev);
}

/* See vcontext_send_frame(). */
int __vcontext_send_frame(const struct sock *sk, struct sk_buff *skb)
{
	const struct vcontext *ctx = vc_socket_context(sk);
	int ret = 0;

	rcu_read_lock();
	if (!vc_netaddr_filters(ctx, sock_net(sk)) ||
	    (vc_permits_closed(ctx) && !may_send(ctx, sock_net(sk), skb)))
		ret = -EADDRNOTAVAIL;
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(__vcontext_send_frame);

/* May @ctx see what goes to many on the network of @dev?  RCU held. */
static bool sees_many(const struct vcontext *ctx, const struct net_device *dev,
		      const struct vc_addr *to)
{
	return vc_addr_is4(to) ? vc_ifaddr_any4(ctx, dev) :
				 vc_ifaddr_any6(ctx, dev);
}

/* See vcontext_receive_frame(). */
bool __vcontext_receive_frame(const struct sock *sk, const struct sk_buff *skb)
{
	const struct vcontext *ctx = vc_socket_context(sk);
	const struct net *net = sock_net(sk);
	bool out = skb->pkt_type == PACKET_OUTGOING;
	struct ends ends;
	bool ret;

	rcu_read_lock();
	ret = vc_netaddr_filters(ctx, net);
	if (!ret || !vc_permits_closed(ctx))
		goto out_unlock;
	ret = ends_of(skb, skb_network_offset(skb), skb->protocol, &ends);
	if (!ret)
		goto out_unlock;
	if (out || ends.arp)
		ret = vc_permits_allow(ctx, net, &ends.from, skb->dev);
	if (!out && (!ret || !ends.arp))
		ret = vc_permits_allow(ctx, net, &ends.to, skb->dev) ||
		      (ends.many && sees_many(ctx, skb->dev, &ends.to));
out_unlock:
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(__vcontext_receive_frame);
