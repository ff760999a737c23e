// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that see, or send, more than what is their own.
 *
 * A default ceiling has CAP_NET_RAW, since ping takes it.  In a network
 * namespace of the context's own such a socket sees the context's traffic; in
 * the host's it would see that of all, unless category 5 looks at each packet.
 */
#include <linux/if_packet.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/nsproxy.h>
#include <linux/socket.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "internal.h"

static bool is_raw(int family, int type)
{
	switch (family) {
	case AF_INET:
	case AF_INET6:
		return type == SOCK_RAW || type == SOCK_PACKET;
	case AF_PACKET:
	case AF_XDP:
		return true;
	case AF_NETLINK:
	case AF_UNIX:
		/* that is what others call a datagram */
		return false;
	default:
		return type == SOCK_RAW;
	}
}

/* Of those above, the ones whose packets category 5 knows the addresses of. */
static bool is_filtered(int family)
{
	return family == AF_INET || family == AF_INET6 || family == AF_PACKET;
}

/* What these send goes by sockets that the kernel keeps for all of them. */
static bool is_carried(int family)
{
	return family == AF_RDS || family == AF_RXRPC;
}

/**
 * vc_socket_permitted - may current make a socket?
 * @family: of it
 * @type: of it
 *
 * Context: process, may sleep.
 * Return: false for a raw or packet socket in a network namespace that is not
 * of current's context, unless that is CLOSED and the family has addresses; and
 * in a CLOSED one for what has no address of its own.
 */
bool vc_socket_permitted(int family, int type)
{
	const struct net *net = current->nsproxy->net_ns;
	struct vcontext *ctx;
	bool inside, ret;

	if (!is_raw(family, type) && !is_carried(family))
		return true;
	ctx = vcontext_get_current();
	rcu_read_lock();
	inside = vc_made_inside(net->ns.vcontext, ctx);
	if (is_carried(family))
		ret = !vc_netaddr_closed(ctx);
	else
		ret = inside || (is_filtered(family) &&
				 vc_netaddr_filters(ctx, net));
	rcu_read_unlock();
	/* it may still be there when the context is CLOSED no more */
	if (ret && !inside && !is_carried(family))
		vc_netaddr_keep(ctx);
	vcontext_put(ctx);
	return ret;
}

/**
 * vc_socket_may_set - may a task of a context set an option of a socket?
 * @sk: the socket
 * @level: of the option
 * @optname: of the option
 *
 * A network namespace that has a number in the context's, as that of the other
 * end of a veth has, is heard with NETLINK_LISTEN_ALL_NSID.  What passes the
 * queueing discipline of an uplink by passes by the shares that others have.
 *
 * Context: process.
 * Return: as asked.
 */
bool vc_socket_may_set(const struct sock *sk, int level, int optname)
{
	if (level == SOL_PACKET && optname == PACKET_QDISC_BYPASS)
		return !vcontext_may_setns(&sock_net(sk)->ns);
	return level != SOL_NETLINK || optname != NETLINK_LISTEN_ALL_NSID;
}
