/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual contexts: what the network stack calls.
 *
 * Whose a socket is was decided where it was made, in process context: it
 * belongs to a cgroup from then on, and a child to that of its listener.  So
 * nobody asks for current where packets are received; where it is asked for,
 * the name of the function says "sees".
 *
 * Each costs a branch that is not taken while no context is CLOSED.
 */
#ifndef _LINUX_VCONTEXT_NET_H
#define _LINUX_VCONTEXT_NET_H

#include <linux/types.h>

struct dst_entry;
struct flowi4;
struct flowi6;
struct in6_addr;
struct msghdr;
struct net;
struct net_device;
struct rtable;
struct sk_buff;
struct sock;
struct sockaddr;
struct socket;

#ifdef CONFIG_VCONTEXT_NETADDR

#include <linux/cgroup.h>
#include <linux/jump_label.h>
#include <linux/net.h>
#include <net/sock.h>
#include <net/tcp_states.h>

/* On while a context is CLOSED. */
DECLARE_STATIC_KEY_FALSE(vcontext_closed_key);

static inline bool vcontext_closed(void)
{
	return static_branch_unlikely(&vcontext_closed_key);
}

int __vcontext_receive(const struct sock *sk, const struct sk_buff *skb);
int __vcontext_send(const struct sock *sk, const struct sk_buff *skb);
struct rtable *__vcontext_route4(struct net *net, struct flowi4 *fl4,
				 const struct sock *sk);
int __vcontext_source6(struct net *net, const struct sock *sk,
		       const struct dst_entry *dst, struct flowi6 *fl6,
		       bool given);
bool __vcontext_serves4(const struct sock *sk, __be32 daddr, int dif);
bool __vcontext_serves6(const struct sock *sk, const struct in6_addr *daddr,
			int dif);
bool __vcontext_disjoint(const struct sock *sk, const struct sock *sk2);
bool __vcontext_disjoint_at(const struct sock *sk, const struct sockaddr *addr,
			    const struct sock *sk2,
			    const struct sockaddr *addr2);
bool __vcontext_share_port(const struct sock *sk, const struct sock *sk2);
int __vcontext_send_frame(const struct sock *sk, struct sk_buff *skb);
bool __vcontext_receive_frame(const struct sock *sk,
			      const struct sk_buff *skb);
int __vcontext_may_configure4(const struct net_device *dev, __be32 addr);
int __vcontext_may_configure6(const struct net_device *dev,
			      const struct in6_addr *addr);
bool __vcontext_sees4(const struct net_device *dev, __be32 addr);
bool __vcontext_sees6(const struct net_device *dev,
		      const struct in6_addr *addr);
bool __vcontext_sees_local4(struct net *net, __be32 addr);
bool __vcontext_sees_local6(struct net *net, const struct in6_addr *addr);
bool __vcontext_sees_sock(const struct sock *sk);
int __vcontext_may_use_sock(const struct sock *sk);
int __vcontext_may_sendmsg(const struct sock *sk, struct msghdr *msg);
bool __vcontext_may_pass_by(const struct sock *sk);

/**
 * vcontext_receive - may a socket receive a packet?
 * @sk: the socket, a full one
 * @skb: the packet, with its network header and device
 *
 * Context: any.
 * Return: 0, or -EPERM if it is for an address that @sk's context has not.
 */
static inline int vcontext_receive(const struct sock *sk,
				   const struct sk_buff *skb)
{
	return vcontext_closed() ? __vcontext_receive(sk, skb) : 0;
}

/**
 * vcontext_send - may a socket send a packet?
 * @sk: the socket; %NULL is the kernel
 * @skb: the packet, with its network header and route
 *
 * Context: any.
 * Return: 0, or -EADDRNOTAVAIL if it comes from an address that @sk's context
 * has not.
 */
static inline int vcontext_send(const struct sock *sk,
				const struct sk_buff *skb)
{
	if (!vcontext_closed())
		return 0;
	/*
	 * What is not connected keeps no route, and has been asked for when it
	 * was looked up.  That state is one of full sockets.
	 */
	if (sk && sk->sk_state == TCP_CLOSE &&
	    sk->sk_protocol == IPPROTO_UDP && sk->sk_type == SOCK_DGRAM)
		return 0;
	return __vcontext_send(sk, skb);
}

/**
 * vcontext_source6 - see to the source of a flow
 * @net: where
 * @sk: whose flow; %NULL is the kernel
 * @dst: its route
 * @fl6: the flow; its source is replaced if that was the kernel's choice
 * @given: it was not
 *
 * Context: any.
 * Return: 0, 1 if it was replaced, or -EADDRNOTAVAIL.
 */
static inline int vcontext_source6(struct net *net, const struct sock *sk,
				   const struct dst_entry *dst,
				   struct flowi6 *fl6, bool given)
{
	return vcontext_closed() ?
		__vcontext_source6(net, sk, dst, fl6, given) : 0;
}

/* Is @sk, which is bound to the wildcard, there for what comes to @daddr? */
static inline bool vcontext_serves4(const struct sock *sk, __be32 daddr,
				    int dif)
{
	return !vcontext_closed() || __vcontext_serves4(sk, daddr, dif);
}

static inline bool vcontext_serves6(const struct sock *sk,
				    const struct in6_addr *daddr, int dif)
{
	return !vcontext_closed() || __vcontext_serves6(sk, daddr, dif);
}

/**
 * vcontext_disjoint - are two sockets never there for the same address?
 * @sk: a socket that is being bound
 * @sk2: another one, in TIME_WAIT perhaps; the caller keeps both
 *
 * Context: any.
 * Return: true if their contexts see to that: one of them at least is bound to
 * the wildcard.
 */
static inline bool vcontext_disjoint(const struct sock *sk,
				     const struct sock *sk2)
{
	return vcontext_closed() && __vcontext_disjoint(sk, sk2);
}

/* The same of one address of each, for sockets that have more. */
static inline bool vcontext_disjoint_at(const struct sock *sk,
					const struct sockaddr *addr,
					const struct sock *sk2,
					const struct sockaddr *addr2)
{
	return vcontext_closed() &&
	       __vcontext_disjoint_at(sk, addr, sk2, addr2);
}

/* May both have the same port by SO_REUSEPORT, as far as contexts go? */
static inline bool vcontext_share_port(const struct sock *sk,
				       const struct sock *sk2)
{
	return !vcontext_closed() || __vcontext_share_port(sk, sk2);
}

/**
 * vcontext_send_frame - may a packet socket send a frame?
 * @sk: the socket
 * @skb: the frame, with its link layer header at skb->data; pointers into it
 *	 are not good any more
 *
 * Context: any.
 * Return: 0 or -EADDRNOTAVAIL.
 */
static inline int vcontext_send_frame(const struct sock *sk,
				      struct sk_buff *skb)
{
	return vcontext_closed() ? __vcontext_send_frame(sk, skb) : 0;
}

/* May packet socket @sk see @skb, as it came or as it is sent by others? */
static inline bool vcontext_receive_frame(const struct sock *sk,
					  const struct sk_buff *skb)
{
	return !vcontext_closed() || __vcontext_receive_frame(sk, skb);
}

/* May @addr be configured on @dev?  0 or -EADDRNOTAVAIL. */
static inline int vcontext_may_configure4(const struct net_device *dev,
					  __be32 addr)
{
	return vcontext_closed() ? __vcontext_may_configure4(dev, addr) : 0;
}

static inline int vcontext_may_configure6(const struct net_device *dev,
					  const struct in6_addr *addr)
{
	return vcontext_closed() ? __vcontext_may_configure6(dev, addr) : 0;
}

/* Is current shown that @dev has @addr? */
static inline bool vcontext_sees4(const struct net_device *dev, __be32 addr)
{
	return !vcontext_closed() || __vcontext_sees4(dev, addr);
}

static inline bool vcontext_sees6(const struct net_device *dev,
				  const struct in6_addr *addr)
{
	return !vcontext_closed() || __vcontext_sees6(dev, addr);
}

/* Is current shown that some device of @net has @addr? */
static inline bool vcontext_sees_local4(struct net *net, __be32 addr)
{
	return !vcontext_closed() || __vcontext_sees_local4(net, addr);
}

static inline bool vcontext_sees_local6(struct net *net,
					const struct in6_addr *addr)
{
	return !vcontext_closed() || __vcontext_sees_local6(net, addr);
}

/* Is current shown @sk, which may be a request or in TIME_WAIT? */
static inline bool vcontext_sees_sock(const struct sock *sk)
{
	return !vcontext_closed() || __vcontext_sees_sock(sk);
}

/* Has current made @sk where it is now?  What most do with most sockets. */
static inline bool vcontext_at_home(const struct sock *sk)
{
	bool ret;

	if (sk->sk_family != AF_INET && sk->sk_family != AF_INET6)
		return false;
	rcu_read_lock();
	ret = sk->sk_cgrp_data.cgroup == task_dfl_cgroup(current);
	rcu_read_unlock();
	return ret;
}

/**
 * vcontext_may_use_sock - may current use a socket?
 * @sk: the socket, to receive, listen, accept or connect; the caller keeps it
 *
 * Context: process.
 * Return: 0, or -EADDRNOTAVAIL if it was made outside of current's context and
 * is not bound to an address of its.
 */
static inline int vcontext_may_use_sock(const struct sock *sk)
{
	return vcontext_closed() && !vcontext_at_home(sk) ?
		__vcontext_may_use_sock(sk) : 0;
}

/**
 * vcontext_may_sendmsg - may current send a message?
 * @sock: by this socket; the caller keeps it
 * @msg: the message, its control part in kernel memory
 *
 * Context: process.
 * Return: 0 or -EADDRNOTAVAIL, see vcontext_may_use_sock().
 */
static inline int vcontext_may_sendmsg(const struct socket *sock,
				       struct msghdr *msg)
{
	return vcontext_closed() && !vcontext_at_home(sock->sk) ?
		__vcontext_may_sendmsg(sock->sk, msg) : 0;
}

/* May current receive one?  The same. */
static inline int vcontext_may_recvmsg(const struct socket *sock)
{
	return vcontext_closed() && !vcontext_at_home(sock->sk) ?
		__vcontext_may_use_sock(sock->sk) : 0;
}

/* May @sk have packets whose addresses nobody looks at? */
static inline bool vcontext_may_pass_by(const struct sock *sk)
{
	return !vcontext_closed() || __vcontext_may_pass_by(sk);
}

#else /* !CONFIG_VCONTEXT_NETADDR */

static inline bool vcontext_closed(void) { return false; }
static inline int vcontext_receive(const struct sock *sk,
				   const struct sk_buff *skb) { return 0; }
static inline int vcontext_send(const struct sock *sk,
				const struct sk_buff *skb) { return 0; }
static inline struct rtable *__vcontext_route4(struct net *net,
					       struct flowi4 *fl4,
					       const struct sock *sk)
{
	return NULL;
}

static inline int vcontext_source6(struct net *net, const struct sock *sk,
				   const struct dst_entry *dst,
				   struct flowi6 *fl6, bool given)
{
	return 0;
}

static inline bool vcontext_serves4(const struct sock *sk, __be32 daddr,
				    int dif)
{
	return true;
}

static inline bool vcontext_serves6(const struct sock *sk,
				    const struct in6_addr *daddr, int dif)
{
	return true;
}

static inline bool vcontext_disjoint(const struct sock *sk,
				     const struct sock *sk2) { return false; }
static inline bool vcontext_disjoint_at(const struct sock *sk,
					const struct sockaddr *addr,
					const struct sock *sk2,
					const struct sockaddr *addr2)
{
	return false;
}

static inline bool vcontext_share_port(const struct sock *sk,
				       const struct sock *sk2) { return true; }
static inline int vcontext_send_frame(const struct sock *sk,
				      struct sk_buff *skb) { return 0; }
static inline bool vcontext_receive_frame(const struct sock *sk,
					  const struct sk_buff *skb)
{
	return true;
}

static inline int vcontext_may_configure4(const struct net_device *dev,
					  __be32 addr) { return 0; }
static inline int vcontext_may_configure6(const struct net_device *dev,
					  const struct in6_addr *addr)
{
	return 0;
}

static inline bool vcontext_sees4(const struct net_device *dev, __be32 addr)
{
	return true;
}

static inline bool vcontext_sees6(const struct net_device *dev,
				  const struct in6_addr *addr) { return true; }
static inline bool vcontext_sees_local4(struct net *net, __be32 addr)
{
	return true;
}

static inline bool vcontext_sees_local6(struct net *net,
					const struct in6_addr *addr)
{
	return true;
}

static inline bool vcontext_sees_sock(const struct sock *sk) { return true; }
static inline int vcontext_may_use_sock(const struct sock *sk) { return 0; }
static inline int vcontext_may_sendmsg(const struct socket *sock,
				       struct msghdr *msg) { return 0; }
static inline int vcontext_may_recvmsg(const struct socket *sock) { return 0; }
static inline bool vcontext_may_pass_by(const struct sock *sk) { return true; }

#endif /* CONFIG_VCONTEXT_NETADDR */

#endif /* _LINUX_VCONTEXT_NET_H */
