/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of tests of what sockets of a CLOSED context do with addresses:
 * two contexts, of which each has one address, and one that is OPEN, all in the
 * network namespace of the test.
 *
 * That is the one of the host, or, in variants that are called so, one that was
 * made for the first context, filled before that was CLOSED: then those outside
 * are there as guests.
 */
#ifndef _SELFTESTS_VCONTEXT_ADDRESS_H
#define _SELFTESTS_VCONTEXT_ADDRESS_H

#include "net.h"

#include <linux/if_packet.h>

FIXTURE(address)
{
	long a, b, open;
	struct agent in_a, in_b, in_open;
};

FIXTURE_VARIANT(address)
{
	const char *a, *b, *host;	/* addresses, the last one of nobody */
	const char *any, *loopback;
	const char *usual;		/* from which one the host is sent to */
	const char *far;		/* on the same network, but elsewhere */
	const char *nowhere;		/* of no device and no network */
	bool own;			/* the namespace is that of a */
};

FIXTURE_VARIANT_ADD(address, ipv4)
{
	.a = "10.0.0.1",
	.b = "10.0.0.2",
	.host = "10.0.0.3",
	.any = "0.0.0.0",
	.loopback = "127.0.0.1",
	.usual = "10.0.0.1",
	.far = "10.0.0.9",
	.nowhere = "10.9.9.9",
};

FIXTURE_VARIANT_ADD(address, ipv6)
{
	.a = "fd00::1",
	.b = "fd00::2",
	.host = "fd00::3",
	.any = "::",
	.loopback = "::1",
	.usual = "fd00::3",
	.far = "fd00::9",
	.nowhere = "fd09::9",
};

FIXTURE_VARIANT_ADD(address, ipv4_own)
{
	/* Not the first one, which the kernel would choose by itself. */
	.a = "10.0.0.2",
	.b = "10.0.0.1",
	.host = "10.0.0.3",
	.any = "0.0.0.0",
	.loopback = "127.0.0.1",
	.usual = "10.0.0.1",
	.far = "10.0.0.9",
	.nowhere = "10.9.9.9",
	.own = true,
};

FIXTURE_VARIANT_ADD(address, ipv6_own)
{
	.a = "fd00::2",
	.b = "fd00::1",
	.host = "fd00::3",
	.any = "::",
	.loopback = "::1",
	.usual = "fd00::3",
	.far = "fd00::9",
	.nowhere = "fd09::9",
	.own = true,
};

FIXTURE_SETUP(address)
{
	VC_SETUP();
	if (!variant->own)
		ASSERT_EQ(0, net_make());
	self->a = ctx_make(VC_ID_SELF, variant->own ? VC_CREATE_NETNS : 0, 4,
			   "a");
	self->b = ctx_make(VC_ID_SELF, 0, 4, "b");
	self->open = ctx_make(VC_ID_SELF, 0, 0, "open");
	ASSERT_LT(0, self->a);
	ASSERT_LT(0, self->b);
	ASSERT_LT(0, self->open);
	ASSERT_EQ(0, ctx_set_caps(self->a, NET_CAPS));
	ASSERT_EQ(0, ctx_set_caps(self->b, NET_CAPS));
	ASSERT_EQ(0, agent_start(&self->in_a, self->a, 0));
	if (variant->own) {
		ASSERT_EQ(0, net_enter(self->in_a.pid));
		ASSERT_EQ(0, net_fill());
	}
	ASSERT_EQ(0, permit(self->a, variant->a));
	ASSERT_EQ(0, permit(self->b, variant->b));
	ASSERT_EQ(0, agent_start(&self->in_b, self->b, 0));
	ASSERT_EQ(0, agent_start(&self->in_open, self->open, 0));
}

FIXTURE_TEARDOWN(address)
{
	vc_teardown();
}

/*
 * How many packets of UDP to port 1000 come in for a while, from the address in
 * agent_buf if there is one.
 */
static __maybe_unused long a_count(long fd, long ms, long c)
{
	unsigned char buf[2048], *ip, *udp, *end;
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_storage from;
	socklen_t size = sizeof(int);
	int domain, protocol;
	long n = 0, len;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size))
		return -errno;
	while (!sock_wait(fd, POLLIN, ms)) {
		size = sizeof(from);
		memset(buf, 0, sizeof(buf));
		len = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT,
			       (void *)&from, &size);
		end = buf + (len < 0 ? 0 : len);
		ip = domain == AF_PACKET ? buf + ETH_HLEN : buf;
		if (domain == AF_INET6) {
			/* the header is not received */
			udp = buf;
			protocol = IPPROTO_UDP;
			sock_text(&from, text, sizeof(text));
		} else if (ip[0] >> 4 == 6) {
			udp = ip + 40;
			protocol = ip[6];
			inet_ntop(AF_INET6, ip + 8, text, sizeof(text));
		} else {
			udp = ip + 20;
			protocol = ip[9];
			inet_ntop(AF_INET, ip + 12, text, sizeof(text));
		}
		n += udp + 4 <= end && protocol == IPPROTO_UDP &&
		     (udp[2] << 8 | udp[3]) == 1000 &&
		     (!agent_buf[0] || !strcmp(agent_buf, text));
	}
	return n;
}

/* A packet socket that sees all there is, to be asked by a_count(). */
static __maybe_unused long sock_frames(struct agent *agent)
{
	return on(agent, a_socket, NULL, AF_PACKET, SOCK_RAW,
		  htons(ETH_P_ALL));
}

#endif /* _SELFTESTS_VCONTEXT_ADDRESS_H */
