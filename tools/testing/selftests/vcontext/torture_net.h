/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A part of torture.c: devices, addresses that sockets may have, and sockets.
 */
#ifndef _SELFTESTS_VCONTEXT_TORTURE_NET_H
#define _SELFTESTS_VCONTEXT_TORTURE_NET_H

#include "torture.h"

#include <arpa/inet.h>

#define VC_VNET(cmd)		VC_SET(VC_CAT_VNET, cmd)
#define VC_NETADDR(cmd)		VC_SET(VC_CAT_NETADDR, cmd)

#define DEVICES			12
/* An uplink of the host's, and who lies on it. */
#define UPLINK			"tup"
#define PORT_BASE		20000

/* ---- devices ---- */

static void device_name(char *name)
{
	snprintf(name, VC_DEV_NAME_SIZE, "td%u", rnd_below(DEVICES));
}

static long op_vnet_create(long arg)
{
	struct vc_vnet vnet = { .type = 1 + rnd_below(4) };

	device_name(vnet.vdev_name);
	if (vnet.type == VC_VNET_VETH)
		snprintf(vnet.link, sizeof(vnet.link), "o%.14s",
			 vnet.vdev_name);
	else if (vnet.type != VC_VNET_DUMMY)
		COPY(vnet.link, UPLINK);
	if (one_in(3))
		vnet.flags = VC_VNET_INSIDE;
	if (one_in(8))
		vnet.mtu = 1300 + rnd_below(200);
	return vc(VC_VNET(VC_VNET_CREATE), ctx_pick_with(VC_CREATE_NETNS),
		  &vnet);
}

/* One that @id has, or could have. */
static void device_of(__u32 id, char *name)
{
	struct {
		struct vc_vnets head;
		struct vc_vnet vnet[8];
	} list = { .head.count = 8 };
	__u32 n;

	device_name(name);
	if (vc(VC_GET(VC_CAT_VNET, VC_VNET_ATTACH), id, &list))
		return;
	n = list.head.count < 8 ? list.head.count : 8;
	if (n)
		snprintf(name, VC_DEV_NAME_SIZE, "%s",
			 list.vnet[rnd_below(n)].vdev_name);
}

/* Attach, and destroy. */
static long op_vnet_name(long cmd)
{
	struct vc_vnet vnet = {};
	__u32 id = ctx_pick_with(VC_CREATE_NETNS);

	device_of(id, vnet.vdev_name);
	return vc(VC_VNET(cmd), id, &vnet);
}

static long op_qos(long of_uplink)
{
	struct vc_vnet_qos qos = { .max_bandwidth = 1000 + rnd_below(50000) };
	__u32 id = 0;

	if (of_uplink) {
		COPY(qos.vdev_name, UPLINK);
	} else {
		id = ctx_pick_with(VC_CREATE_NETNS);
		device_of(id, qos.vdev_name);
		if (one_in(3)) {
			COPY(qos.uplink, UPLINK);
			qos.warranted_bandwidth = rnd_below(1000);
		}
	}
	return vc(VC_VNET(VC_VNET_QOS), id, &qos);
}

/* ---- permits ---- */

/*
 * What a context that has some has of them is what is taken away, for the most
 * part: which one it is, and how many they are.
 */
static __u32 permits_pick(__u32 cmd, void *req, __u32 *nr)
{
	const __u32 room = *nr;
	unsigned int i;
	__u32 id = ctx_pick();

	for (i = 0; i < 16; i++, id = ctx_pick()) {
		*nr = room;
		if (!vc(VC_GET(VC_CAT_NETADDR, cmd - 1), id, req) && *nr)
			break;
	}
	*nr = *nr < room ? *nr : room;
	return id;
}

static long op_permit4(long cmd)
{
	struct {
		char vdev_name[VC_DEV_NAME_SIZE];
		__u32 count;
		struct vc_ipv4_addr ipv4[3];
	} req = { .count = 1 + rnd_below(3) };
	__u32 i;

	if (cmd == VC_NETADDR_NO_IPV4 && !one_in(4)) {
		__u32 id = permits_pick(cmd, &req, &req.count);

		return vc(VC_NETADDR(cmd), id, &req);
	}

	if (one_in(6))
		COPY(req.vdev_name, "lo");
	for (i = 0; i < req.count; i++) {
		bool all = one_in(4);

		req.ipv4[i].addr = htonl(0x7f000000 +
					 (all ? 0 : rnd_below(8)));
		req.ipv4[i].mask = htonl(all ? 0xff000000 : 0xffffffff);
	}
	return vc(VC_NETADDR(cmd), ctx_pick(), &req);
}

static long op_permit6(long cmd)
{
	struct {
		char vdev_name[VC_DEV_NAME_SIZE];
		__u32 count;
		struct vc_ipv6_addr ipv6[2];
	} req = { .count = 1 + rnd_below(2) };
	__u32 i;

	if (cmd == VC_NETADDR_NO_IPV6 && !one_in(4)) {
		__u32 id = permits_pick(cmd, &req, &req.count);

		return vc(VC_NETADDR(cmd), id, &req);
	}
	for (i = 0; i < req.count; i++) {
		req.ipv6[i].addr.s6_addr[15] = rnd_below(4);
		req.ipv6[i].prefixlen = 128;
	}
	return vc(VC_NETADDR(cmd), ctx_pick(), &req);
}

/* ---- sockets ---- */

static int listener = -1;

static struct sockaddr_in some_addr(void)
{
	static const __u32 addr[] = {
		0x7f000001, 0x7f000001, 0x7f000002, 0x7f000003, 0,
	};
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(PICK(addr));
	return sin;
}

/* Each worker has one, to which those connect who come to it. */
static void listen_on_host(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(PORT_BASE + me) };
	int one = 1;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	bind(listener, (void *)&sin, sizeof(sin));
	listen(listener, 16);
}

static void accept_on_host(void)
{
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0)
		close(fd);
}

/* Until @events, or not for long. */
static void wait_a_bit(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	poll(&pfd, 1, 20);
}

/* Among ourselves, or with a worker on the host. */
static long op_tcp(long arg)
{
	struct sockaddr_in sin = some_addr();
	socklen_t len = sizeof(sin);
	int at, from, to = -1;
	bool outside = one_in(3);
	long ret;

	at = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (at < 0)
		return -errno;
	ret = res(bind(at, (void *)&sin, sizeof(sin)));
	if (!ret)
		ret = res(listen(at, 4));
	if (!ret)
		ret = res(getsockname(at, (void *)&sin, &len));
	if (ret)
		goto out_at;
	if (outside)
		sin.sin_port = htons(PORT_BASE + rnd_below(4));
	from = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ret = error_of(res(from));
	if (ret)
		goto out_at;
	ret = res(connect(from, (void *)&sin, sizeof(sin)));
	if (ret && ret != -EINPROGRESS)
		goto out_from;
	ret = 0;
	wait_a_bit(from, POLLOUT);
	if (!outside) {
		to = accept4(at, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (to >= 0 && write(to, "x", 1) == 1)
			wait_a_bit(from, POLLIN);
	}
	if (to >= 0 && one_in(4))
		shutdown(to, SHUT_WR);
	if (to >= 0)
		close(to);
out_from:
	close(from);
out_at:
	close(at);
	return ret;
}

static long op_udp(long arg)
{
	struct sockaddr_in sin = some_addr(), peer = some_addr();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	long ret;

	if (fd < 0)
		return -errno;
	peer.sin_port = htons(PORT_BASE + rnd_below(4));
	ret = res(bind(fd, (void *)&sin, sizeof(sin)));
	if (!ret)
		ret = error_of(res(sendto(fd, "x", 1, MSG_DONTWAIT,
					  (void *)&peer, sizeof(peer))));
	close(fd);
	return ret;
}

static long op_raw(long arg)
{
	bool packets = one_in(2);
	int fd = socket(packets ? AF_PACKET : AF_INET,
			SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			packets ? htons(3) : IPPROTO_ICMP);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

#endif /* _SELFTESTS_VCONTEXT_TORTURE_NET_H */
