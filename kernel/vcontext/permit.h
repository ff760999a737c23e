/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Category 5: prefixes of addresses, the permits of a context, and what of them
 * its files share.
 */
#ifndef _KERNEL_VCONTEXT_PERMIT_H
#define _KERNEL_VCONTEXT_PERMIT_H

#include <linux/if.h>
#include <linux/in6.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <net/ipv6.h>

#include "internal.h"

struct net;
struct net_device;
struct sk_buff;
struct sock;
struct socket;

/* ---- prefix.c ---- */

/**
 * struct vc_addr - an address, as two numbers that can be compared
 * @hi: first half
 * @lo: second half
 *
 * One of IPv4 is the one of IPv6 that it is mapped to.
 */
struct vc_addr {
	u64 hi;
	u64 lo;
};

/**
 * struct vc_prefix - addresses that begin with the same bits
 * @first: the first of them
 * @len: how many bits, 96 more for IPv4
 */
struct vc_prefix {
	struct vc_addr first;
	u32 len;
};

/* Addresses from @first to @last. */
struct vc_range {
	struct vc_addr first;
	struct vc_addr last;
};

/* Ranges in order, with a gap between any two. */
struct vc_ranges {
	const struct vc_range *range;
	u32 nr;
};

static inline struct vc_addr vc_addr4(__be32 addr)
{
	return (struct vc_addr){ .lo = 0xffff00000000ULL | ntohl(addr) };
}

static inline struct vc_addr vc_addr6(const struct in6_addr *addr)
{
	return (struct vc_addr){
		.hi = (u64)ntohl(addr->s6_addr32[0]) << 32 |
		      ntohl(addr->s6_addr32[1]),
		.lo = (u64)ntohl(addr->s6_addr32[2]) << 32 |
		      ntohl(addr->s6_addr32[3]),
	};
}

/* Is it one of IPv4, mapped or not? */
static inline bool vc_addr_is4(const struct vc_addr *addr)
{
	return !addr->hi && addr->lo >> 32 == 0xffff;
}

static inline int vc_addr_cmp(const struct vc_addr *a, const struct vc_addr *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return 0;
}

struct vc_addr vc_prefix_last(const struct vc_prefix *prefix);
bool vc_prefix_valid(const struct vc_prefix *prefix);
int vc_prefix_cmp(const struct vc_prefix *a, const struct vc_prefix *b);
u32 vc_ranges_add(struct vc_range *to, u32 nr, const struct vc_prefix *prefix);
bool vc_ranges_cover(const struct vc_ranges *ranges,
		     const struct vc_addr *first, const struct vc_addr *last);
bool vc_ranges_next(const struct vc_ranges *ranges, struct vc_addr *addr);

/* ---- permit.c ---- */

/* Of permits, and of tables of them. */
enum vc_family {
	VC_FAMILY_IPV4,
	VC_FAMILY_IPV6,
	VC_NR_FAMILIES,
};

/**
 * struct vc_permit - addresses that a context may have
 * @dev: on a device of that name; empty for any
 * @family: of the addresses
 * @prefix: the addresses
 */
struct vc_permit {
	char dev[IFNAMSIZ];
	enum vc_family family;
	struct vc_prefix prefix;
};

/* What is permitted on a device, besides what is on any. */
struct vc_permit_dev {
	char name[IFNAMSIZ];
	struct vc_ranges set[VC_NR_FAMILIES];
};

/* Some of IPv4, for who asks for each packet. */
struct vc_range4 {
	u32 first;
	u32 last;
};

/**
 * struct vc_permits - the permits of a CLOSED context; never changes
 * @rcu: to free it
 * @nr: how many permits
 * @nr_devs: how many devices are named
 * @nr4: how many of @any4
 * @first4: the first of @any4, most often the only one; an empty range if there
 *	    is none
 * @step4: half of how many of @any4 there are with what pads them
 * @any4: @any of IPv4 once more
 * @permit: sorted by device, family and prefix
 * @dev: sorted by name
 * @any: what is permitted on any device
 * @somewhere: what is permitted on a device at least
 *
 * Its arrays lie behind it.
 */
struct vc_permits {
	struct rcu_head rcu;
	u32 nr;
	u32 nr_devs;
	u32 nr4;
	u32 step4;
	struct vc_range4 first4;
	struct vc_range4 *any4;
	struct vc_permit *permit;
	struct vc_permit_dev *dev;
	struct vc_ranges any[VC_NR_FAMILIES];
	struct vc_ranges somewhere[VC_NR_FAMILIES];
};

int vc_permit_cmp(const void *a, const void *b);
struct vc_permits *vc_permits_make(const struct vc_permit *permit, u32 nr)
	__must_check;
bool vc_permits_cover(const struct vc_permits *permits,
		      const struct vc_permit *permit);
const struct vc_permits *vc_permits_of(const struct vcontext *ctx);
struct vc_permits *vc_permits_replace(struct vcontext *ctx,
				      struct vc_permits *permits);
void vc_permits_free(struct vc_permits *permits);
bool vc_permits_closed(const struct vcontext *ctx);
bool vc_permits_by_device(const struct vcontext *ctx);
bool vc_permits_allow(const struct vcontext *ctx, const struct net *net,
		      const struct vc_addr *addr, const struct net_device *dev);
bool vc_permits_has4(const struct vc_permits *permits, u32 addr);
bool vc_permits_allow4(const struct vcontext *ctx, const struct net *net,
		       __be32 addr, const struct net_device *dev);
bool vc_permits_overlap(const struct vcontext *a, const struct vcontext *b,
			enum vc_family family, const struct net_device *dev);

/* ---- socket.c ---- */

static inline bool vc_socket_is_inet(const struct sock *sk)
{
	return sk->sk_family == AF_INET || sk->sk_family == AF_INET6;
}

/**
 * vc_socket_context - whose socket is it?
 * @sk: a full socket; the caller keeps it, and it its group, and that its
 *	context
 *
 * Context: any.
 * Return: the context, %NULL if it is the host's or the kernel's own.
 */
static inline const struct vcontext *vc_socket_context(const struct sock *sk)
{
	return sk->sk_net_refcnt ? sk->sk_cgrp_data.cgroup->vcontext : NULL;
}

/* ---- frame.c ---- */

bool vc_frame_tells(const struct sk_buff *skb, int offset,
		    struct vc_addr *about);

/* ---- ifaddr.c ---- */

bool vc_ifaddr_any4(const struct vcontext *ctx, const struct net_device *dev);
bool vc_ifaddr_any6(const struct vcontext *ctx, const struct net_device *dev);

#endif /* _KERNEL_VCONTEXT_PERMIT_H */
