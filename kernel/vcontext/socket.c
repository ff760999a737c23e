// SPDX-License-Identifier: GPL-2.0
/*
 * What addresses do with sockets: category 5 in the network stack.
 *
 *  bind	asked for in process context, by vc_socket_may_bind()
 *  source	chosen where a route is, among those that are permitted
 *  send	each packet, before netfilter sees it: what routes that were
 *		looked up before, IP_HDRINCL or IP_TRANSPARENT got past, and
 *		permits that are no more
 *  lookup	one on the wildcard is not there for addresses that it may not
 *		have, so that another one on the same port is found
 *  receive	each packet, where socket filters run: raw sockets, multicast,
 *		connections whose permit is no more
 *
 * A socket belongs to the context that it was made in, and a child to that of
 * its listener; that decides wherever packets are sent and received.  Who uses
 * one that was made outside of his own context, before he came in or by
 * somebody who gave it to him, must have a permit besides: see foreign().
 *
 * Sockets that the kernel keeps for itself belong to nobody.
 */
#include <linux/cgroup.h>
#include <linux/export.h>
#include <linux/inetdevice.h>
#include <linux/mroute.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/vcontext_net.h>
#include <net/addrconf.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/ip6_route.h>
#include <net/request_sock.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "permit.h"

/* Of no context that is not a socket's, or current's if that is in one. */
static bool allow4(const struct vcontext *ctx, const struct net *net,
		   __be32 addr, const struct net_device *dev)
{
	return vc_permits_allow4(ctx, net, addr, dev);
}

static bool allow6(const struct vcontext *ctx, const struct net *net,
		   const struct in6_addr *addr, const struct net_device *dev)
{
	const struct vc_addr a = vc_addr6(addr);

	return vc_permits_allow(ctx, net, &a, dev);
}

/* Whose flow or packet it is, if somebody's; @sk may be a request. */
static __always_inline const struct vcontext *sender(const struct sock *sk)
{
	if (!sk)
		return NULL;
	if (unlikely(!sk_fullsock(sk))) {
		sk = sk_const_to_full_sk(sk);
		if (!sk || !sk_fullsock(sk))
			return NULL;
	}
	return vc_socket_context(sk);
}

/* The device with a number, where that matters; RCU held. */
static const struct net_device *device(const struct vcontext *ctx,
				       struct net *net, int dif)
{
	return dif && vc_permits_by_device(ctx) ?
		dev_get_by_index_rcu(net, dif) : NULL;
}

/*
 * One that sees all packets was made where they are filtered; is that still so?
 * RCU held.
 */
static bool may_be(const struct vcontext *ctx, const struct sock *sk)
{
	return sk->sk_type != SOCK_RAW || vc_netaddr_filters(ctx, sock_net(sk));
}

/* ---- receive and send ---- */

/* What goes to all of a network is for those who have an address there. */
static bool receives_for_all4(const struct vcontext *ctx,
			      const struct sk_buff *skb)
{
	__be32 daddr = ip_hdr(skb)->daddr;
	const struct rtable *rt;

	if (!skb->dev)
		return false;
	if (!ipv4_is_multicast(daddr) && !ipv4_is_lbcast(daddr)) {
		rt = skb_rtable(skb);
		if (!rt || !(rt->rt_flags & RTCF_BROADCAST))
			return false;
	}
	return vc_ifaddr_any4(ctx, skb->dev);
}

static bool receives4(const struct vcontext *ctx, const struct net *net,
		      const struct sk_buff *skb)
{
	return likely(allow4(ctx, net, ip_hdr(skb)->daddr, skb->dev)) ||
	       receives_for_all4(ctx, skb);
}

static noinline bool receives6(const struct vcontext *ctx,
			       const struct net *net,
			       const struct sk_buff *skb)
{
	const struct in6_addr *daddr = &ipv6_hdr(skb)->daddr;

	if (allow6(ctx, net, daddr, skb->dev))
		return true;
	return skb->dev && ipv6_addr_is_multicast(daddr) &&
	       vc_ifaddr_any6(ctx, skb->dev);
}

/* See vcontext_receive(). */
int __vcontext_receive(const struct sock *sk, const struct sk_buff *skb)
{
	const struct vcontext *ctx = vc_socket_context(sk);
	bool ret;

	if (!ctx)
		return 0;
	if (unlikely(!vc_socket_is_inet(sk)))
		/* of packet sockets, SOCK_PACKET alone comes here */
		return sk->sk_family != AF_PACKET ||
		       __vcontext_receive_frame(sk, skb) ? 0 : -EPERM;
	rcu_read_lock();
	if (skb->protocol == htons(ETH_P_IP))
		ret = receives4(ctx, sock_net(sk), skb);
	else if (skb->protocol == htons(ETH_P_IPV6))
		ret = receives6(ctx, sock_net(sk), skb);
	else
		ret = !vc_permits_closed(ctx);
	ret = ret && may_be(ctx, sk);
	rcu_read_unlock();
	return ret ? 0 : -EPERM;
}
EXPORT_SYMBOL_GPL(__vcontext_receive);

/* What a raw socket says of addresses counts as well; see vc_frame_tells(). */
static noinline bool sends6(const struct vcontext *ctx, const struct sock *sk,
			    const struct sk_buff *skb,
			    const struct net_device *dev)
{
	struct vc_addr about;

	if (!allow6(ctx, sock_net(sk), &ipv6_hdr(skb)->saddr, dev))
		return false;
	return sk->sk_type != SOCK_RAW ||
	       !vc_frame_tells(skb, skb_network_offset(skb), &about) ||
	       vc_permits_allow(ctx, sock_net(sk), &about, dev);
}

/* See vcontext_send(). */
int __vcontext_send(const struct sock *sk, const struct sk_buff *skb)
{
	const struct vcontext *ctx = sender(sk);
	const struct net_device *dev;
	bool ret;

	if (!ctx)
		return 0;
	sk = sk_const_to_full_sk(sk);
	rcu_read_lock();
	dev = skb_dst(skb)->dev;
	if (skb->protocol == htons(ETH_P_IP))
		ret = allow4(ctx, sock_net(sk), ip_hdr(skb)->saddr, dev);
	else
		ret = sends6(ctx, sk, skb, dev);
	ret = ret && may_be(ctx, sk);
	rcu_read_unlock();
	return ret ? 0 : -EADDRNOTAVAIL;
}
EXPORT_SYMBOL_GPL(__vcontext_send);

/* ---- source ---- */

/* How good a source an address of IPv4 is; 0 for none. */
static int rate4(const struct vcontext *ctx, const struct in_ifaddr *ifa,
		 const struct net_device *out, __be32 next_hop)
{
	const struct net_device *dev = ifa->ifa_dev->dev;

	/* loopback addresses have no business on other devices */
	if (ipv4_is_loopback(ifa->ifa_local) && !(out->flags & IFF_LOOPBACK))
		return 0;
	/* sent through @out, from an address of @dev */
	if (!allow4(ctx, dev_net(dev), ifa->ifa_local, out))
		return 0;
	/* nor with other addresses of the machine, if there is one of those */
	if (ipv4_is_loopback(ifa->ifa_local) && !ipv4_is_loopback(next_hop))
		return 1;
	if (dev == out)
		return inet_ifa_match(next_hop, ifa) ? 5 : 4;
	/* what is only good on its link is not good on another */
	return ifa->ifa_scope < RT_SCOPE_LINK ? 3 : 2;
}

/* A permitted source for what @rt leads to, or 0. */
static __be32 choose4(const struct vcontext *ctx, struct net *net,
		      const struct rtable *rt, __be32 daddr)
{
	const struct net_device *out = rt->dst.dev;
	__be32 next_hop = rt_nexthop(rt, daddr), best = 0;
	const struct in_device *in_dev;
	const struct in_ifaddr *ifa;
	struct net_device *dev;
	int rate, best_rate = 0;

	for_each_netdev_rcu(net, dev) {
		in_dev = __in_dev_get_rcu(dev);
		if (!in_dev)
			continue;
		in_dev_for_each_ifa_rcu(ifa, in_dev) {
			rate = rate4(ctx, ifa, out, next_hop);
			if (rate > best_rate) {
				best = ifa->ifa_local;
				best_rate = rate;
			}
		}
	}
	return best;
}

/* What a lookup of a route replaces in a flow, and does not set every time. */
struct flow4 {
	__be32 saddr;
	__be32 daddr;
	int oif;
};

/* @rt comes with a source that may not be; it is put. */
static noinline struct rtable *reroute4(const struct vcontext *ctx,
					struct net *net, struct flowi4 *fl4,
					const struct flow4 *before,
					struct rtable *rt)
{
	__be32 saddr = 0;

	if (!before->saddr) {
		rcu_read_lock();
		saddr = choose4(ctx, net, rt, fl4->daddr);
		rcu_read_unlock();
	}
	ip_rt_put(rt);
	if (!saddr)
		return ERR_PTR(-EADDRNOTAVAIL);
	fl4->saddr = saddr;
	fl4->daddr = before->daddr ?: saddr;
	fl4->flowi4_oif = before->oif;
	return __ip_route_output_key(net, fl4);
}

/**
 * __vcontext_route4 - look up a route, with a source that a socket may have
 * @net: where
 * @fl4: the flow, whose source is filled in where there is none
 * @sk: whose it is; %NULL is the kernel
 *
 * What goes to no address at all goes to the machine itself: then it goes to
 * that source.
 *
 * Context: any.
 * Return: as __ip_route_output_key(), or ERR_PTR(%-EADDRNOTAVAIL).
 */
struct rtable *__vcontext_route4(struct net *net, struct flowi4 *fl4,
				 const struct sock *sk)
{
	const struct flow4 before = {
		.saddr = fl4->saddr,
		.daddr = fl4->daddr,
		.oif = fl4->flowi4_oif,
	};
	const struct vcontext *ctx = sender(sk);
	struct rtable *rt;
	bool allowed;

	rt = __ip_route_output_key(net, fl4);
	if (!ctx || IS_ERR(rt))
		return rt;
	rcu_read_lock();
	allowed = allow4(ctx, net, fl4->saddr, rt->dst.dev);
	rcu_read_unlock();
	return likely(allowed) ? rt : reroute4(ctx, net, fl4, &before, rt);
}
EXPORT_SYMBOL_GPL(__vcontext_route4);

#if IS_ENABLED(CONFIG_IPV6)
/* How good a source an address of IPv6 is; 0 for none. */
static int rate6(const struct vcontext *ctx, const struct inet6_ifaddr *ifa,
		 const struct net_device *out, const struct in6_addr *daddr)
{
	const struct net_device *dev = ifa->idev->dev;
	int rate;

	if ((ifa->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) ||
	    (ipv6_addr_loopback(&ifa->addr) && !(out->flags & IFF_LOOPBACK)) ||
	    !allow6(ctx, dev_net(dev), &ifa->addr, out))
		return 0;
	if (dev != out && ipv6_addr_type(&ifa->addr) & IPV6_ADDR_LINKLOCAL)
		return 0;
	rate = 1 + ipv6_addr_diff(&ifa->addr, daddr);
	if (dev == out)
		rate += 256;
	if (!(ifa->flags & IFA_F_DEPRECATED))
		rate += 512;
	if (ipv6_addr_src_scope(&ifa->addr) >= ipv6_addr_src_scope(daddr))
		rate += 1024;
	return rate;
}

/* A permitted source for what goes through @out; false if there is none. */
static bool choose6(const struct vcontext *ctx, struct net *net,
		    const struct net_device *out, const struct in6_addr *daddr,
		    struct in6_addr *saddr)
{
	const struct inet6_ifaddr *ifa;
	const struct inet6_dev *idev;
	struct net_device *dev;
	int rate, best_rate = 0;

	for_each_netdev_rcu(net, dev) {
		idev = __in6_dev_get(dev);
		if (!idev)
			continue;
		list_for_each_entry_rcu(ifa, &idev->addr_list, if_list) {
			rate = rate6(ctx, ifa, out, daddr);
			if (rate > best_rate) {
				*saddr = ifa->addr;
				best_rate = rate;
			}
		}
	}
	return best_rate;
}

/* See vcontext_source6(). */
int __vcontext_source6(struct net *net, const struct sock *sk,
		       const struct dst_entry *dst, struct flowi6 *fl6,
		       bool given)
{
	const struct vcontext *ctx = NULL;
	struct in6_addr saddr;
	int ret;

	sk = sk ? sk_const_to_full_sk(sk) : NULL;
	if (sk && sk_fullsock(sk))
		ctx = vc_socket_context(sk);
	if (!ctx)
		return 0;
	rcu_read_lock();
	if (allow6(ctx, net, &fl6->saddr, dst->dev)) {
		ret = 0;
	} else if (!given &&
		   choose6(ctx, net, dst->dev, &fl6->daddr, &saddr)) {
		fl6->saddr = saddr;
		ret = 1;
	} else {
		ret = -EADDRNOTAVAIL;
	}
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(__vcontext_source6);
#endif

/* ---- lookup ---- */

/* See vcontext_serves4(). */
bool __vcontext_serves4(const struct sock *sk, __be32 daddr, int dif)
{
	const struct vcontext *ctx = vc_socket_context(sk);
	struct net *net = sock_net(sk);
	bool ret;

	/* what goes to many is looked at where it is received */
	if (!ctx || ipv4_is_multicast(daddr) || ipv4_is_lbcast(daddr))
		return true;
	rcu_read_lock();
	ret = allow4(ctx, net, daddr, device(ctx, net, dif)) &&
	      may_be(ctx, sk);
	rcu_read_unlock();
	return ret;
}

/* See vcontext_serves6(). */
bool __vcontext_serves6(const struct sock *sk, const struct in6_addr *daddr,
			int dif)
{
	const struct vcontext *ctx = vc_socket_context(sk);
	struct net *net = sock_net(sk);
	bool ret;

	if (!ctx || ipv6_addr_is_multicast(daddr))
		return true;
	rcu_read_lock();
	ret = allow6(ctx, net, daddr, device(ctx, net, dif)) &&
	      may_be(ctx, sk);
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(__vcontext_serves6);

/**
 * struct local - where a socket is bound to
 * @ctx: whose it is
 * @speaks: of which families
 * @any: is it the wildcard?
 * @addr: if it is not
 */
struct local {
	const struct vcontext *ctx;
	bool speaks[VC_NR_FAMILIES];
	bool any;
	struct vc_addr addr;
};

/* What is in TIME_WAIT belongs to nobody any more, but has an address. */
static void local_of(const struct sock *sk, struct local *local)
{
	*local = (struct local){
		.ctx = sk_fullsock(sk) ? vc_socket_context(sk) : NULL,
	};
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr)) {
		local->any = ipv6_addr_any(&sk->sk_v6_rcv_saddr);
		local->addr = vc_addr6(&sk->sk_v6_rcv_saddr);
		local->speaks[VC_FAMILY_IPV6] = true;
		local->speaks[VC_FAMILY_IPV4] = local->any &&
						!ipv6_only_sock(sk);
		return;
	}
#endif
	local->any = !sk->sk_rcv_saddr;
	local->addr = vc_addr4(sk->sk_rcv_saddr);
	local->speaks[VC_FAMILY_IPV4] = true;
}

/* One of those that a socket of SCTP is bound to. */
static void local_at(const struct sock *sk, const struct sockaddr *addr,
		     struct local *local)
{
	const struct sockaddr_in6 *sin6 = (const void *)addr;
	const struct sockaddr_in *sin = (const void *)addr;

	*local = (struct local){ .ctx = vc_socket_context(sk) };
	if (addr->sa_family == AF_INET6) {
		local->any = ipv6_addr_any(&sin6->sin6_addr);
		local->addr = vc_addr6(&sin6->sin6_addr);
		local->speaks[VC_FAMILY_IPV6] = true;
		local->speaks[VC_FAMILY_IPV4] = local->any &&
						!ipv6_only_sock(sk);
		return;
	}
	local->any = !sin->sin_addr.s_addr;
	local->addr = vc_addr4(sin->sin_addr.s_addr);
	local->speaks[VC_FAMILY_IPV4] = true;
}

/* Can both be there for the same address of a family?  RCU held. */
static bool meet(const struct local *a, const struct local *b,
		 const struct net *net, enum vc_family family,
		 const struct net_device *dev)
{
	if (!a->speaks[family] || !b->speaks[family])
		return false;
	if (a->any && b->any)
		return vc_permits_overlap(a->ctx, b->ctx, family, dev);
	if (a->any)
		return vc_permits_allow(a->ctx, net, &b->addr, dev);
	if (b->any)
		return vc_permits_allow(b->ctx, net, &a->addr, dev);
	return true;
}

/* Are @sk, at @a, and @sk2, at @b, never there for the same address? */
static bool disjoint(const struct sock *sk, const struct local *a,
		     const struct sock *sk2, const struct local *b)
{
	struct net *net = sock_net(sk);
	const struct net_device *dev = NULL;
	int dif;
	bool ret;

	if (a->ctx == b->ctx || (!a->any && !b->any))
		return false;
	dif = READ_ONCE(sk->sk_bound_dev_if) ?: READ_ONCE(sk2->sk_bound_dev_if);
	rcu_read_lock();
	/* where the other one is in no context, ours decides */
	ret = vc_permits_closed(a->ctx) || vc_permits_closed(b->ctx);
	if (ret && dif)
		dev = dev_get_by_index_rcu(net, dif);
	ret = ret && !meet(a, b, net, VC_FAMILY_IPV4, dev) &&
	      !meet(a, b, net, VC_FAMILY_IPV6, dev);
	rcu_read_unlock();
	return ret;
}

/* See vcontext_disjoint(). */
bool __vcontext_disjoint(const struct sock *sk, const struct sock *sk2)
{
	struct local a, b;

	local_of(sk, &a);
	local_of(sk2, &b);
	return disjoint(sk, &a, sk2, &b);
}
EXPORT_SYMBOL_GPL(__vcontext_disjoint);

/* See vcontext_disjoint_at(). */
bool __vcontext_disjoint_at(const struct sock *sk, const struct sockaddr *addr,
			    const struct sock *sk2,
			    const struct sockaddr *addr2)
{
	struct local a, b;

	local_at(sk, addr, &a);
	local_at(sk2, addr2, &b);
	return disjoint(sk, &a, sk2, &b);
}
EXPORT_SYMBOL_GPL(__vcontext_disjoint_at);

/*
 * See vcontext_share_port().  A group of sockets hands out what comes without
 * asking who may have it, so there is none across the border of a CLOSED one.
 */
bool __vcontext_share_port(const struct sock *sk, const struct sock *sk2)
{
	const struct vcontext *a, *b;
	bool ret;

	if (!sk_fullsock(sk2))
		return true;
	a = vc_socket_context(sk);
	b = vc_socket_context(sk2);
	if (a == b)
		return true;
	rcu_read_lock();
	ret = !vc_permits_closed(a) && !vc_permits_closed(b);
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(__vcontext_share_port);

/* ---- who uses a socket ---- */

/* ESP in TCP allocates as the kernel does, on a socket of its user's. */
static bool is_espintcp(const struct sock *sk)
{
	const struct tcp_ulp_ops *ulp;

	if (!vc_socket_is_inet(sk) || !inet_test_bit(IS_ICSK, sk))
		return false;
	/* it stays as long as the socket, which the caller keeps */
	ulp = READ_ONCE(inet_csk(sk)->icsk_ulp_ops);
	return ulp && !strcmp(ulp->name, "espintcp");
}

/*
 * Does the kernel use @sk for itself, as block devices and file systems do?
 * Current is whoever does I/O then.
 */
static bool is_of_kernel(const struct sock *sk)
{
	const struct socket *sock = READ_ONCE(sk->sk_socket);

	/* that of SMC becomes its user's, and has his file then */
	if (sk->sk_kern_sock && !(sock && sock->file))
		return true;
	/* one that was handed to it */
	return !READ_ONCE(sk->sk_use_task_frag) && !is_espintcp(sk);
}

/*
 * Does current's context bind it where it uses @sk, although the socket is none
 * of that context's own?  That context, or %NULL.  RCU held.
 */
static const struct vcontext *foreign(const struct sock *sk)
{
	const struct vcontext *user = vcontext_of_task(current);

	if (!user || vcontext_is_below(vc_socket_context(sk), user) ||
	    !vc_permits_closed(user) || is_of_kernel(sk))
		return NULL;
	return user;
}

/* Does all that goes through @sk have a local address that @user permits? */
static bool is_bound(const struct sock *sk, const struct vcontext *user)
{
	const struct net *net = sock_net(sk);
	const struct net_device *dev;
	struct local local;

	/* one of SCTP may have others, and tells of one */
	if (!vc_socket_is_inet(sk) || sk->sk_type == SOCK_RAW ||
	    sk->sk_protocol == IPPROTO_SCTP)
		return false;
	dev = device(user, sock_net(sk), READ_ONCE(sk->sk_bound_dev_if));
	local_of(sk, &local);
	return !local.any && vc_permits_allow(user, net, &local.addr, dev);
}

static bool is_confined_kind(const struct sock *sk)
{
	switch (sk->sk_family) {
	case AF_INET:
	case AF_INET6:
	case AF_PACKET:
	/* these lie on sockets of TCP */
	case AF_KCM:
	case AF_SMC:
		return true;
	default:
		return false;
	}
}

/* Does what @sk sends and receives pass by all that is asked for here? */
static bool passes_by(const struct sock *sk)
{
	switch (sk->sk_family) {
	/* by sockets that the kernel keeps for all of them */
	case AF_RDS:
	case AF_RXRPC:
	/* by a queue of a device */
	case AF_XDP:
		return true;
	default:
		return false;
	}
}

/* See vcontext_may_pass_by(). */
bool __vcontext_may_pass_by(const struct sock *sk)
{
	bool ret;

	rcu_read_lock();
	ret = !vc_permits_closed(vc_socket_context(sk));
	rcu_read_unlock();
	return ret;
}

/* The same of @sk and of who uses it. */
static int may_pass_by(const struct sock *sk)
{
	bool closed;

	rcu_read_lock();
	closed = vc_permits_closed(vc_socket_context(sk)) ||
		 vc_permits_closed(vcontext_of_task(current));
	rcu_read_unlock();
	return closed ? -EADDRNOTAVAIL : 0;
}

/* See vcontext_may_use_sock(). */
int __vcontext_may_use_sock(const struct sock *sk)
{
	const struct vcontext *user;
	int ret = 0;

	if (passes_by(sk))
		return may_pass_by(sk);
	if (!is_confined_kind(sk))
		return 0;
	rcu_read_lock();
	user = foreign(sk);
	if (user && !is_bound(sk, user))
		ret = -EADDRNOTAVAIL;
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(__vcontext_may_use_sock);

/* Is an address of its own given with a message? */
static bool has_source(struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	if (!msg->msg_controllen)
		return false;
	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return true;
		if ((cmsg->cmsg_level == SOL_IP &&
		     cmsg->cmsg_type == IP_PKTINFO) ||
		    (cmsg->cmsg_level == SOL_IPV6 &&
		     (cmsg->cmsg_type == IPV6_PKTINFO ||
		      cmsg->cmsg_type == IPV6_2292PKTINFO)))
			return true;
	}
	return false;
}

/* See vcontext_may_sendmsg(). */
int __vcontext_may_sendmsg(const struct sock *sk, struct msghdr *msg)
{
	const struct vcontext *user;
	int ret = 0;

	if (passes_by(sk))
		return may_pass_by(sk);
	if (!is_confined_kind(sk))
		return 0;
	rcu_read_lock();
	user = foreign(sk);
	if (user && (!is_bound(sk, user) || has_source(msg)))
		ret = -EADDRNOTAVAIL;
	rcu_read_unlock();
	return ret;
}

/* What is not an address of anybody but of many. */
static bool is_of_many4(struct net *net, __be32 addr)
{
	return ipv4_is_multicast(addr) || ipv4_is_lbcast(addr) ||
	       inet_addr_type(net, addr) == RTN_BROADCAST;
}

/* May a socket of @ctx be bound to @addr?  RCU held. */
static bool may_bind(const struct vcontext *ctx, const struct sock *sk,
		     const struct sockaddr *addr, int len)
{
	const struct sockaddr_in6 *sin6 = (const void *)addr;
	const struct sockaddr_in *sin = (const void *)addr;
	int dif = READ_ONCE(sk->sk_bound_dev_if);
	struct net *net = sock_net(sk);

	if (!ctx)
		return true;
	if (addr->sa_family == AF_INET)
		return allow4(ctx, net, sin->sin_addr.s_addr,
			      device(ctx, net, dif)) ||
		       is_of_many4(net, sin->sin_addr.s_addr);
	if (ipv6_addr_type(&sin6->sin6_addr) & IPV6_ADDR_LINKLOCAL &&
	    len >= (int)sizeof(*sin6) && sin6->sin6_scope_id)
		dif = sin6->sin6_scope_id;
	return allow6(ctx, net, &sin6->sin6_addr, device(ctx, net, dif)) ||
	       ipv6_addr_is_multicast(&sin6->sin6_addr);
}

/* Does binding to @addr leave open which address it will be? */
static bool is_wildcard(const struct sockaddr *addr)
{
	const struct sockaddr_in6 *sin6 = (const void *)addr;
	const struct sockaddr_in *sin = (const void *)addr;

	if (addr->sa_family != AF_INET6)
		return !sin->sin_addr.s_addr || ipv4_is_multicast(sin->sin_addr.s_addr);
	return ipv6_addr_any(&sin6->sin6_addr) ||
	       ipv6_addr_is_multicast(&sin6->sin6_addr) ||
	       (ipv6_addr_v4mapped(&sin6->sin6_addr) &&
		!sin6->sin6_addr.s6_addr32[3]);
}

/**
 * vc_socket_may_bind - may current bind a socket?
 * @sk: the socket
 * @addr: where to
 * @len: of @addr; what is too short or of another family is left to others
 *
 * Context: process.
 * Return: 0, or %-EADDRNOTAVAIL if the socket's context or that of current does
 * not permit it.
 */
int vc_socket_may_bind(const struct sock *sk, const struct sockaddr *addr,
		       int len)
{
	const struct sockaddr_in *sin = (const void *)addr;
	const struct vcontext *user;
	bool wildcard;
	int ret = 0;

	if (!vcontext_closed())
		return 0;
	if (passes_by(sk))
		return may_pass_by(sk);
	/* SMC binds its socket of TCP for itself */
	if (!vc_socket_is_inet(sk) && sk->sk_family != AF_SMC)
		return 0;
	if (len < (int)offsetofend(struct sockaddr, sa_family))
		return 0;
	switch (addr->sa_family) {
	case AF_INET:
		if (len < (int)sizeof(*sin))
			return 0;
		break;
	case AF_INET6:
		if (len < SIN6_LEN_RFC2133)
			return 0;
		break;
	case AF_UNSPEC:
		/* the wildcard, to sockets of IPv4 */
		if (sk->sk_family != AF_INET || len < (int)sizeof(*sin) ||
		    sin->sin_addr.s_addr)
			return 0;
		break;
	default:
		return 0;
	}

	rcu_read_lock();
	wildcard = is_wildcard(addr);
	user = foreign(sk);
	if (!wildcard && !may_bind(vc_socket_context(sk), sk, addr, len))
		ret = -EADDRNOTAVAIL;
	/* it would serve, or send from, whatever its maker may */
	else if (user && (wildcard || !may_bind(user, sk, addr, len)))
		ret = -EADDRNOTAVAIL;
	rcu_read_unlock();
	return ret;
}

/**
 * vc_socket_may_bind_all - may current bind a socket of SCTP to addresses?
 * @sk: the socket
 * @addr: the addresses, one behind the other
 * @len: of all of them
 *
 * Context: process.
 * Return: 0 or %-EADDRNOTAVAIL.
 */
int vc_socket_may_bind_all(const struct sock *sk, const struct sockaddr *addr,
			   int len)
{
	int size, ret = 0;

	while (!ret && len >= (int)offsetofend(struct sockaddr, sa_family)) {
		size = addr->sa_family == AF_INET ?
			sizeof(struct sockaddr_in) :
			sizeof(struct sockaddr_in6);
		if (len < size)
			break;
		ret = vc_socket_may_bind(sk, addr, size);
		addr = (const void *)addr + size;
		len -= size;
	}
	return ret;
}

/* ---- show ---- */

/*
 * See vcontext_sees_sock().  What belongs to nobody any more is shown if its
 * address is permitted.
 */
bool __vcontext_sees_sock(const struct sock *sk)
{
	const struct vcontext *user;
	struct local local;
	bool ret = true;

	if (!vc_socket_is_inet(sk))
		return true;
	rcu_read_lock();
	user = vcontext_of_task(current);
	if (user && vc_permits_closed(user)) {
		if (sk->sk_state == TCP_NEW_SYN_RECV)
			sk = inet_reqsk(sk)->rsk_listener;
		local_of(sk, &local);
		if (sk_fullsock(sk))
			ret = vcontext_is_below(local.ctx, user);
		else
			ret = vc_permits_allow(user, sock_net(sk), &local.addr,
					       NULL);
	}
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(__vcontext_sees_sock);
