// SPDX-License-Identifier: GPL-2.0
/*
 * What sockets of a CLOSED context do with addresses, in the network namespace
 * of the host: two contexts, of which each has one, and one that is OPEN.
 */
#include "net.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/kcm.h>
#include <linux/pkt_sched.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

/* What raw sockets take, besides the default. */
#define CAPS			(0xa80425fbULL | (__u64)1 << CAP_NET_ADMIN)

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
};

FIXTURE_VARIANT_ADD(address, ipv4)
{
	.a = "10.0.0.1",
	.b = "10.0.0.2",
	.host = "10.0.0.3",
	.any = "0.0.0.0",
	.loopback = "127.0.0.1",
	.usual = "10.0.0.1",
};

FIXTURE_VARIANT_ADD(address, ipv6)
{
	.a = "fd00::1",
	.b = "fd00::2",
	.host = "fd00::3",
	.any = "::",
	.loopback = "::1",
	.usual = "fd00::3",
};

FIXTURE_SETUP(address)
{
	VC_SETUP();
	ASSERT_EQ(0, net_make());
	self->a = ctx_make(VC_ID_SELF, 0, 4, "a");
	self->b = ctx_make(VC_ID_SELF, 0, 4, "b");
	self->open = ctx_make(VC_ID_SELF, 0, 0, "open");
	ASSERT_LT(0, self->a);
	ASSERT_LT(0, self->b);
	ASSERT_LT(0, self->open);
	ASSERT_EQ(0, ctx_set_caps(self->a, CAPS));
	ASSERT_EQ(0, ctx_set_caps(self->b, CAPS));
	ASSERT_EQ(0, permit(self->a, variant->a));
	ASSERT_EQ(0, permit(self->b, variant->b));
	ASSERT_EQ(0, agent_start(&self->in_a, self->a, 0));
	ASSERT_EQ(0, agent_start(&self->in_b, self->b, 0));
	ASSERT_EQ(0, agent_start(&self->in_open, self->open, 0));
}

FIXTURE_TEARDOWN(address)
{
	vc_teardown();
}

/* ---- bind ---- */

TEST_F(address, bind)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	unsigned int i;
	long fd;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		/* outside, and where nothing is set, anything goes */
		EXPECT_LT(0, sock_bound(NULL, types[i], variant->b, 0));
		EXPECT_LT(0, sock_bound(&self->in_open, types[i], variant->b, 0));
		EXPECT_LT(0, sock_bound(&self->in_open, types[i],
					variant->loopback, 0));

		EXPECT_LT(0, sock_bound(&self->in_a, types[i], variant->a, 0));
		EXPECT_LT(0, sock_bound(&self->in_a, types[i], variant->any, 0));
		EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&self->in_a, types[i],
						     variant->b, 0));
		EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&self->in_a, types[i],
						     variant->loopback, 0));
		/* one that no device has */
		EXPECT_EQ(-EADDRNOTAVAIL,
			  sock_bound(&self->in_a, types[i],
				     variant->a[0] == 'f' ? "fd09::9" :
							    "10.9.9.9", 0));
	}
	fd = sock_bound(&self->in_a, SOCK_STREAM, variant->a, 0);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->a, sock_local(&self->in_a, fd));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&self->in_a, SOCK_STREAM,
					     "::ffff:10.0.0.3", 0));
}

TEST_F(address, bind_not_local)
{
	int family = family_of(variant->a);
	long one = family == AF_INET ? OPTION(IPPROTO_IP, IP_FREEBIND) :
				       OPTION(IPPROTO_IPV6, 78);
	long two = family == AF_INET ? OPTION(IPPROTO_IP, IP_TRANSPARENT) :
				       OPTION(IPPROTO_IPV6, 75);
	const char *nowhere = family == AF_INET ? "10.9.9.9" : "fd09::9";
	long option, fd;

	for (option = one; ; option = two) {
		fd = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
		ASSERT_EQ(0, on(NULL, a_option, NULL, fd, option, 1));
		EXPECT_EQ(0, on(NULL, a_bind, nowhere, fd, 0, 0));
		fd = on(&self->in_a, a_socket, NULL, family, SOCK_DGRAM, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, on(&self->in_a, a_option, NULL, fd, option, 1));
		EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_bind, nowhere, fd,
					     0, 0));
		EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_bind, variant->b,
					     fd, 0, 0));
		EXPECT_EQ(0, on(&self->in_a, a_bind, variant->a, fd, 0, 0));
		if (option == two)
			break;
	}
}

/* Families whose packets the kernel sends by sockets of its own. */
TEST_F(address, carried)
{
	static const int families[] = { AF_RDS, AF_RXRPC };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		EXPECT_NE(-EPERM, on(NULL, a_socket, NULL, families[i],
				     SOCK_DGRAM, 0));
		EXPECT_NE(-EPERM, on(&self->in_open, a_socket, NULL,
				     families[i], SOCK_DGRAM, 0));
		EXPECT_EQ(-EPERM, on(&self->in_a, a_socket, NULL, families[i],
				     SOCK_DGRAM, 0));
	}
}

/* What raw sockets are bound to, too. */
TEST_F(address, bind_raw)
{
	int family = family_of(variant->a);
	long fd = on(&self->in_a, a_socket, NULL, family, SOCK_RAW, IPPROTO_UDP);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_bind, variant->b, fd, 0, 0));
	EXPECT_EQ(0, on(&self->in_a, a_bind, variant->a, fd, 0, 0));
}

/* ---- source ---- */

TEST_F(address, source)
{
	long server, fd;

	server = sock_bound(NULL, SOCK_DGRAM, variant->any, 1000);
	ASSERT_LT(0, server);
	/* The usual choice, of who is outside or in one that is OPEN. */
	fd = sock_connected(NULL, SOCK_DGRAM, variant->host, 1000);
	EXPECT_STREQ(variant->usual, sock_local(NULL, fd));
	fd = sock_connected(&self->in_open, SOCK_DGRAM, variant->host, 1000);
	EXPECT_STREQ(variant->usual, sock_local(&self->in_open, fd));

	/* connected */
	fd = sock_connected(&self->in_b, SOCK_DGRAM, variant->host, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->b, sock_local(&self->in_b, fd));
	EXPECT_EQ(1, on(&self->in_b, a_send, NULL, fd, 0, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, server, 0, 0));
	EXPECT_STREQ(variant->b, agent_buf);
	fd = sock_connected(&self->in_a, SOCK_DGRAM, variant->host, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->a, sock_local(&self->in_a, fd));
	/* to loopback, which it may not have */
	fd = sock_connected(&self->in_a, SOCK_DGRAM, variant->loopback, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->a, sock_local(&self->in_a, fd));

	/* neither bound nor connected */
	fd = on(&self->in_b, a_socket, NULL, family_of(variant->b), SOCK_DGRAM,
		0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, on(&self->in_b, a_sendto, variant->host, fd, 1000, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, server, 0, 0));
	EXPECT_STREQ(variant->b, agent_buf);

	/* with a source in the message */
	EXPECT_EQ(1, on2(&self->in_b, a_sendto, variant->host, variant->b, fd,
			 1000, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, server, 0, 0));
	EXPECT_STREQ(variant->b, agent_buf);
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_b, a_sendto, variant->host,
				      variant->a, fd, 1000, 0));
	EXPECT_EQ(-ETIMEDOUT, on(NULL, a_recv, NULL, server, SILENCE_MS, 0));
	/* which goes for others */
	fd = on(NULL, a_socket, NULL, family_of(variant->b), SOCK_DGRAM, 0);
	EXPECT_EQ(1, on2(NULL, a_sendto, variant->host, variant->a, fd, 1000,
			 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, server, 0, 0));
	EXPECT_STREQ(variant->a, agent_buf);
}

TEST_F(address, no_source)
{
	long server, fd;

	server = sock_bound(NULL, SOCK_DGRAM, variant->any, 1000);
	ASSERT_LT(0, server);
	ASSERT_EQ(0, forbid(self->a, variant->a));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_connected(&self->in_a, SOCK_DGRAM,
						 variant->host, 1000));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_connected(&self->in_a, SOCK_STREAM,
						 variant->host, 1000));
	fd = on(&self->in_a, a_socket, NULL, family_of(variant->a), SOCK_DGRAM,
		0);
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_sendto, variant->host, fd,
				     1000, 0));
	/* permitted, but on no device */
	ASSERT_EQ(0, permit(self->a, variant->a[0] == 'f' ? "fd09::9" :
							    "10.9.9.9"));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_sendto, variant->host, fd,
				     1000, 0));
	EXPECT_EQ(-ETIMEDOUT, on(NULL, a_recv, NULL, server, SILENCE_MS, 0));
}

/* Loopback is no source for what leaves, nor in the way of one. */
TEST_F(address, source_not_loopback)
{
	long fd;

	if (family_of(variant->a) == AF_INET6)
		SKIP(return, "loopback has one address of IPv6");
	ASSERT_EQ(0, addr_add("lo", "127.0.0.5/32"));
	ASSERT_EQ(0, forbid(self->a, variant->a));
	ASSERT_EQ(0, permit(self->a, "127.0.0.5 10.1.0.1"));
	fd = sock_connected(&self->in_a, SOCK_DGRAM, "10.0.0.9", 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ("10.1.0.1", sock_local(&self->in_a, fd));
	fd = sock_connected(&self->in_a, SOCK_DGRAM, variant->loopback, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ("127.0.0.5", sock_local(&self->in_a, fd));
}

TEST_F(address, connect)
{
	long server, fd, got;

	server = sock_listening(NULL, variant->host, 1000);
	ASSERT_LT(0, server);
	fd = sock_connected(&self->in_b, SOCK_STREAM, variant->host, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->b, sock_local(&self->in_b, fd));
	got = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	EXPECT_EQ(1, on(&self->in_b, a_send, NULL, fd, 0, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, got, 0, 0));
	EXPECT_EQ(1, on(NULL, a_send, NULL, got, 0, 0));
	EXPECT_EQ(1, on(&self->in_b, a_recv, NULL, fd, 0, 0));
	/* where there is none, it is as ever */
	EXPECT_EQ(-ECONNREFUSED, sock_connected(&self->in_a, SOCK_STREAM,
						variant->host, 1001));
}

/* ---- the wildcard ---- */

TEST_F(address, wildcard_serves_its_own)
{
	long server;

	server = sock_listening(&self->in_a, variant->any, 1000);
	ASSERT_LT(0, server);
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, 1000));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server, 0, 0));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM, variant->b,
						1000));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM,
						variant->host, 1000));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM,
						variant->loopback, 1000));
	/* a permit that comes later is served, too */
	ASSERT_EQ(0, permit(self->a, variant->host));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->host, 1000));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server, 0, 0));
}

/* Two of them have the same port, and each its own connections. */
TEST_F(address, wildcards_coexist)
{
	long server_a, server_b, fd;

	server_a = sock_listening(&self->in_a, variant->any, 80);
	server_b = sock_listening(&self->in_b, variant->any, 80);
	ASSERT_LT(0, server_a);
	ASSERT_LT(0, server_b);

	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, 80));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_b, a_accept, NULL, server_b,
				 SILENCE_MS, 0));
	fd = on(&self->in_a, a_accept, NULL, server_a, 0, 0);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->a, sock_local(&self->in_a, fd));

	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->b, 80));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_a, a_accept, NULL, server_a,
				 SILENCE_MS, 0));
	fd = on(&self->in_b, a_accept, NULL, server_b, 0, 0);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->b, sock_local(&self->in_b, fd));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM,
						variant->host, 80));

	/* A second one within the same, and the host's, which overlaps. */
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_a, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE, sock_listening(NULL, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_open, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE, sock_listening(NULL, variant->a, 80));
	/* that of nobody is free */
	EXPECT_LT(0, sock_listening(NULL, variant->host, 80));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->host, 80));
}

TEST_F(address, host_first)
{
	long server = sock_listening(NULL, variant->any, 80);

	ASSERT_LT(0, server);
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_a, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_a, variant->a, 80));
	close(server);
	EXPECT_LT(0, sock_listening(NULL, variant->host, 80));
	EXPECT_LT(0, sock_listening(&self->in_a, variant->any, 80));
}

/* Those that may have an address in common conflict. */
TEST_F(address, overlap)
{
	ASSERT_EQ(0, permit(self->a, variant->host));
	ASSERT_EQ(0, permit(self->b, variant->host));
	ASSERT_LT(0, sock_listening(&self->in_a, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_b, variant->any, 80));
	EXPECT_LT(0, sock_listening(&self->in_b, variant->b, 80));
	ASSERT_EQ(0, forbid(self->b, variant->host));
	EXPECT_LT(0, sock_listening(&self->in_b, variant->b, 81));
}

/* Every other address from @first on. */
static long permit_many(__u32 id, __u32 first, __u32 n)
{
	struct vc_addr_req *req;
	long ret;
	__u32 i;

	req = calloc(1, sizeof(*req) + n * sizeof(req->ipv4[0]));
	if (!req)
		return -ENOMEM;
	req->count = n;
	for (i = 0; i < n; i++) {
		req->ipv4[i].addr = htonl(first + 2 * i);
		req->ipv4[i].mask = 0xffffffff;
	}
	ret = vc(VC_ADD_IPV4, id, req);
	free(req);
	return ret;
}

/* Who holds a port does not wait until two large tables are compared. */
TEST_F(address, overlap_unknown)
{
	if (family_of(variant->a) == AF_INET6)
		SKIP(return, "tables of IPv4 alone");
	ASSERT_EQ(0, permit_many(self->a, 0x0a640000, 60));
	ASSERT_EQ(0, permit_many(self->b, 0x0a640001, 60));
	ASSERT_LT(0, sock_listening(&self->in_a, variant->any, 80));
	EXPECT_LT(0, sock_listening(&self->in_b, variant->any, 80));
	ASSERT_EQ(0, permit_many(self->a, 0x0a650000, 200));
	ASSERT_EQ(0, permit_many(self->b, 0x0a650001, 200));
	ASSERT_LT(0, sock_listening(&self->in_a, variant->any, 81));
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_b, variant->any, 81));
	EXPECT_LT(0, sock_listening(&self->in_b, variant->b, 81));
	/* an answer holds as long as the tables do */
	ASSERT_EQ(0, policy_set(self->b, VC_NETADDR_OPEN));
	ASSERT_EQ(0, permit(self->b, variant->b));
	EXPECT_LT(0, sock_listening(&self->in_b, variant->any, 82));
	EXPECT_LT(0, sock_listening(&self->in_a, variant->any, 82));
	ASSERT_EQ(0, permit(self->b, variant->a));
	ASSERT_LT(0, sock_listening(&self->in_a, variant->any, 83));
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_b, variant->any, 83));
}

/* The same address on two devices is one, but for sockets bound to them. */
static long a_bind_device(long fd, long b, long c)
{
	return res(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, agent_buf,
			      strlen(agent_buf) + 1));
}

static long bound_on(struct agent *agent, const char *dev, const char *any)
{
	long fd = on(agent, a_socket, NULL, family_of(any), SOCK_STREAM, 0), ret;

	ret = on(agent, a_bind_device, dev, fd, 0, 0);
	if (!ret)
		ret = on(agent, a_bind, any, fd, 80, 0);
	return ret ? ret : fd;
}

TEST_F(address, devices_apart)
{
	ASSERT_EQ(0, permit_on(self->a, "dum0", variant->host));
	ASSERT_EQ(0, permit_on(self->b, "dum1", variant->host));
	ASSERT_LT(0, sock_listening(&self->in_a, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_b, variant->any, 80));
	/* there one of the two has it */
	EXPECT_LT(0, bound_on(&self->in_b, "dum0", variant->any));
	EXPECT_LT(0, bound_on(&self->in_b, "dum1", variant->any));
	ASSERT_EQ(0, permit(self->b, variant->host));
	EXPECT_EQ(-EADDRINUSE, bound_on(&self->in_b, "dum0", variant->any));
}

static long bound_with(struct agent *agent, int type, const char *text,
		       int port, long option)
{
	long fd = on(agent, a_socket, NULL, family_of(text), type, 0), ret;

	ret = on(agent, a_option, NULL, fd, option, 1);
	if (!ret)
		ret = on(agent, a_bind, text, fd, port, 0);
	return ret ? ret : fd;
}

static long listening_with(struct agent *agent, const char *text, int port,
			   long option)
{
	long fd = bound_with(agent, SOCK_STREAM, text, port, option), ret;

	ret = fd < 0 ? fd : on(agent, a_listen, NULL, fd, 0, 0);
	return ret ? ret : fd;
}

/* What lets sockets of one user share a port stops at the border. */
TEST_F(address, reuseport)
{
	const long option = OPTION(SOL_SOCKET, SO_REUSEPORT);
	long one, two, other, i, n = 0;

	one = listening_with(&self->in_a, variant->any, 80, option);
	two = listening_with(&self->in_a, variant->any, 80, option);
	other = listening_with(&self->in_b, variant->any, 80, option);
	ASSERT_LT(0, one);
	ASSERT_LT(0, two);
	ASSERT_LT(0, other);
	EXPECT_EQ(-EADDRINUSE, listening_with(NULL, variant->any, 80, option));
	EXPECT_EQ(-EADDRINUSE, listening_with(&self->in_open, variant->any, 80,
					      option));
	/* outside they do share */
	EXPECT_LT(0, listening_with(NULL, variant->any, 81, option));
	EXPECT_LT(0, listening_with(&self->in_open, variant->any, 81, option));

	for (i = 0; i < 16; i++)
		ASSERT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, 80));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_b, a_accept, NULL, other, SILENCE_MS,
				 0));
	while (on(&self->in_a, a_accept, NULL, one, 1, 0) > 0)
		n++;
	while (on(&self->in_a, a_accept, NULL, two, 1, 0) > 0)
		n++;
	EXPECT_EQ(16, n);
}

/* Who came to share before he was closed takes nothing from the others. */
TEST_F(address, reuseport_before)
{
	const long option = OPTION(SOL_SOCKET, SO_REUSEPORT);
	const char *const texts[] = { variant->any, variant->host };
	long fd, udp[ARRAY_SIZE(texts)];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		udp[i] = bound_with(NULL, SOCK_DGRAM, texts[i], 53 + i, option);
		ASSERT_LT(0, udp[i]);
		ASSERT_LT(0, bound_with(&self->in_open, SOCK_DGRAM, texts[i],
					53 + i, option));
		ASSERT_LT(0, listening_with(NULL, texts[i], 80 + i, option));
		ASSERT_LT(0, listening_with(&self->in_open, texts[i], 80 + i,
					    option));
	}
	ASSERT_EQ(0, policy_set(self->open, VC_NETADDR_CLOSED));
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		for (j = 0; j < 16; j++) {
			ASSERT_LT(0, sock_connected(NULL, SOCK_STREAM,
						    variant->host, 80 + i));
			fd = on(NULL, a_socket, NULL, family_of(variant->host),
				SOCK_DGRAM, 0);
			ASSERT_EQ(1, on(NULL, a_sendto, variant->host, fd,
					53 + i, 0));
			ASSERT_EQ(1, on(NULL, a_recv, NULL, udp[i], 0, 0));
			close(fd);
		}
	}
}

TEST_F(address, reuseaddr)
{
	const long option = OPTION(SOL_SOCKET, SO_REUSEADDR);

	ASSERT_LT(0, listening_with(&self->in_a, variant->any, 80, option));
	EXPECT_LT(0, listening_with(&self->in_b, variant->any, 80, option));
	EXPECT_EQ(-EADDRINUSE, listening_with(NULL, variant->any, 80, option));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->b, 80));
}

TEST_F(address, datagrams_coexist)
{
	long server_a, server_b;

	server_a = sock_bound(&self->in_a, SOCK_DGRAM, variant->any, 53);
	server_b = sock_bound(&self->in_b, SOCK_DGRAM, variant->any, 53);
	ASSERT_LT(0, server_a);
	ASSERT_LT(0, server_b);
	EXPECT_EQ(-EADDRINUSE, sock_bound(NULL, SOCK_DGRAM, variant->any, 53));
	EXPECT_EQ(-EADDRINUSE, sock_bound(&self->in_a, SOCK_DGRAM,
					  variant->any, 53));
	EXPECT_LT(0, sock_bound(NULL, SOCK_DGRAM, variant->host, 53));

	EXPECT_EQ(1, on(NULL, a_send, NULL,
			sock_connected(NULL, SOCK_DGRAM, variant->a, 53), 0, 0));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_b, a_recv, NULL, server_b,
				 SILENCE_MS, 0));
	EXPECT_EQ(1, on(&self->in_a, a_recv, NULL, server_a, 0, 0));
	EXPECT_EQ(1, on(NULL, a_send, NULL,
			sock_connected(NULL, SOCK_DGRAM, variant->b, 53), 0, 0));
	EXPECT_EQ(1, on(&self->in_b, a_recv, NULL, server_b, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_a, a_recv, NULL, server_a,
				 SILENCE_MS, 0));
}

/* Where a context listens, a port is closed on what others have. */
TEST_F(address, datagrams_refused)
{
	long fd;

	ASSERT_LT(0, sock_bound(&self->in_a, SOCK_DGRAM, variant->any, 53));
	fd = sock_connected(NULL, SOCK_DGRAM, variant->host, 53);
	ASSERT_LT(0, fd);
	EXPECT_EQ(1, on(NULL, a_send, NULL, fd, 0, 0));
	EXPECT_EQ(-ECONNREFUSED, on(NULL, a_recv, NULL, fd, 0, 0));
}

/* With many on one port the search goes by the address. */
TEST_F(address, datagrams_many_ports)
{
	int i;

	for (i = 0; i < 16; i++) {
		ASSERT_LT(0, sock_bound(&self->in_a, SOCK_DGRAM, variant->any,
					2000 + 256 * i));
		ASSERT_LT(0, sock_bound(&self->in_b, SOCK_DGRAM, variant->any,
					2000 + 256 * i));
	}
	EXPECT_EQ(-EADDRINUSE, sock_bound(&self->in_a, SOCK_DGRAM, variant->a,
					  2000));
	EXPECT_EQ(-EADDRINUSE, sock_bound(NULL, SOCK_DGRAM, variant->a, 2000));
	EXPECT_LT(0, sock_bound(NULL, SOCK_DGRAM, variant->host, 2000));
}

/* Answers without a queue of requests find the right one as well. */
TEST_F(address, cookies)
{
	long server_a, server_b;

	ASSERT_EQ(0, file_write("/proc/sys/net/ipv4/tcp_syncookies", "2"));
	server_a = sock_listening(&self->in_a, variant->any, 80);
	server_b = sock_listening(&self->in_b, variant->any, 80);
	ASSERT_LT(0, server_a);
	ASSERT_LT(0, server_b);
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->b, 80));
	EXPECT_LT(0, on(&self->in_b, a_accept, NULL, server_b, 0, 0));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, 80));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server_a, 0, 0));
}

/* Sockets that the other end has closed hold their port for a while. */
TEST_F(address, time_wait)
{
	long server, fd, got;

	server = sock_listening(&self->in_a, variant->any, 80);
	ASSERT_LT(0, server);
	fd = sock_connected(NULL, SOCK_STREAM, variant->a, 80);
	ASSERT_LT(0, fd);
	got = on(&self->in_a, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	ASSERT_EQ(0, on(&self->in_a, a_close, NULL, got, 0, 0));
	EXPECT_EQ(0, on(NULL, a_recv, NULL, fd, 0, 0));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, on(&self->in_a, a_close, NULL, server, 0, 0));
	/* of one that has the address in the way, and of one that has not */
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_a, variant->any, 80));
	EXPECT_LT(0, sock_listening(&self->in_b, variant->any, 80));
}

/* ---- permits that change ---- */

TEST_F(address, taken_away)
{
	long server, fd, got, udp;

	server = sock_listening(&self->in_a, variant->any, 80);
	udp = sock_bound(&self->in_a, SOCK_DGRAM, variant->a, 53);
	ASSERT_LT(0, server);
	ASSERT_LT(0, udp);
	fd = sock_connected(NULL, SOCK_STREAM, variant->a, 80);
	ASSERT_LT(0, fd);
	got = on(&self->in_a, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);

	/* Nothing goes out or comes in any more; the socket is still there. */
	ASSERT_EQ(0, forbid(self->a, variant->a));
	EXPECT_EQ(1, on(NULL, a_send, NULL, fd, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_a, a_recv, NULL, got, SILENCE_MS, 0));
	EXPECT_EQ(1, on(&self->in_a, a_send, NULL, got, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, on(NULL, a_recv, NULL, fd, SILENCE_MS, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_sendto, variant->host, udp,
				     1000, 0));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM, variant->a,
						80));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&self->in_a, SOCK_DGRAM,
					     variant->a, 0));
	/* It holds its port as long as it is open. */
	EXPECT_EQ(-EADDRINUSE, sock_bound(NULL, SOCK_DGRAM, variant->a, 53));

	/* Given back before somebody has given up, nothing is lost. */
	ASSERT_EQ(0, permit(self->a, variant->a));
	EXPECT_EQ(1, on(&self->in_a, a_recv, NULL, got, 0, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, fd, 0, 0));
}

/* Nor does a context above have to be asked twice. */
static long a_child(long parent, long b, long c)
{
	return vc(VC_CREATE, VC_ID_SELF, NULL);
}

TEST_F(address, taken_from_above)
{
	struct agent below;
	long child, server;

	child = ask0(&self->in_a, a_child);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, agent_start(&below, child, 0));
	/* it has what its parent has */
	EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&below, SOCK_DGRAM, variant->b, 0));
	server = sock_listening(&below, variant->any, 80);
	ASSERT_LT(0, server);
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_a, variant->any, 80));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, 80));
	EXPECT_LT(0, on(&below, a_accept, NULL, server, 0, 0));
	ASSERT_EQ(0, permit(child, variant->a));
	ASSERT_EQ(0, forbid(self->a, variant->a));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM, variant->a,
						80));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&below, SOCK_DGRAM, variant->a, 0));
	ASSERT_EQ(0, ctx_kill(self->a));
}

TEST_F(address, opened)
{
	ASSERT_EQ(0, policy_set(self->a, VC_NETADDR_OPEN));
	EXPECT_LT(0, sock_bound(&self->in_a, SOCK_DGRAM, variant->b, 0));
	ASSERT_EQ(0, policy_set(self->a, VC_NETADDR_CLOSED));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&self->in_a, SOCK_DGRAM,
					     variant->a, 0));
}

/* ---- sockets from outside ---- */

/* Without a family, which sockets of IPv4 take for their wildcard. */
static long a_bind_unspec(long fd, long port, long c)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };

	((struct sockaddr_in *)&addr)->sin_port = htons(port);
	return res(bind(fd, (void *)&addr, sizeof(addr)));
}

TEST_F(address, given)
{
	long listening, bound, wide, fd;

	/* one that could serve whatever its maker could */
	listening = sock_listening(NULL, variant->any, 80);
	ASSERT_LT(0, listening);
	ASSERT_EQ(0, agent_give(&self->in_a, listening));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, 80));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_accept, NULL, fd, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_listen, NULL, fd, 0, 0));
	/* in one that is OPEN it can */
	ASSERT_EQ(0, agent_give(&self->in_open, listening));
	fd = on(&self->in_open, a_given, NULL, 0, 0, 0);
	EXPECT_LT(0, on(&self->in_open, a_accept, NULL, fd, 0, 0));

	/* one that has an address which is permitted */
	bound = sock_listening(NULL, variant->a, 81);
	ASSERT_LT(0, bound);
	ASSERT_EQ(0, agent_give(&self->in_a, bound));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, 81));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, fd, 0, 0));

	/* one that has not been bound yet */
	wide = on(NULL, a_socket, NULL, family_of(variant->a), SOCK_DGRAM, 0);
	ASSERT_LE(0, wide);
	ASSERT_EQ(0, agent_give(&self->in_a, wide));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_sendto, variant->host, fd,
				     1000, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_connect, variant->host, fd,
				     1000, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_bind, variant->any, fd, 0,
				     0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_bind, variant->b, fd, 0, 0));
	EXPECT_EQ(family_of(variant->a) == AF_INET ? -EADDRNOTAVAIL :
						     -EAFNOSUPPORT,
		  on(&self->in_a, a_bind_unspec, NULL, fd, 8080, 0));
	EXPECT_EQ(0, on(&self->in_a, a_bind, variant->a, fd, 0, 0));
	EXPECT_EQ(1, on(&self->in_a, a_sendto, variant->host, fd, 1000, 0));
	/* and then with a source of its maker's */
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_sendto, variant->host,
				      variant->b, fd, 1000, 0));
	EXPECT_EQ(1, on2(&self->in_a, a_sendto, variant->host, variant->b, fd,
			 1000, 1));
}

/* Ways to read that are no recvmsg(). */
static long a_splice(long fd, long b, long c)
{
	long ret;
	int p[2];

	if (pipe(p))
		return -errno;
	ret = res(splice(fd, NULL, p[1], NULL, 16, SPLICE_F_NONBLOCK));
	close(p[0]);
	close(p[1]);
	return ret;
}

static long a_map(long fd, long b, long c)
{
	long size = sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? -errno : res(munmap(p, size));
}

static long a_zerocopy(long fd, long b, long c)
{
	/* struct tcp_zerocopy_receive as it began, and TCP_ZEROCOPY_RECEIVE */
	struct {
		__u64 address;
		__u32 length, recv_skip_hint;
	} req = {};
	socklen_t len = sizeof(req);

	return res(getsockopt(fd, IPPROTO_TCP, 35, &req, &len));
}

TEST_F(address, given_other_ways)
{
	long server, there, here, fd;

	server = sock_listening(NULL, variant->host, 80);
	ASSERT_LT(0, server);
	there = sock_connected(NULL, SOCK_STREAM, variant->host, 80);
	ASSERT_LT(0, there);
	here = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, here);
	ASSERT_EQ(1, on(NULL, a_send, NULL, there, 0, 0));
	ASSERT_EQ(0, sock_wait(here, POLLIN, ARRIVAL_MS));
	ASSERT_EQ(0, agent_give(&self->in_a, here));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_recv, NULL, fd, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_splice, NULL, fd, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_map, NULL, fd, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_zerocopy, NULL, fd, 0, 0));
	/* for who may use it they are there */
	EXPECT_EQ(0, on(NULL, a_map, NULL, here, 0, 0));
	EXPECT_EQ(0, on(NULL, a_zerocopy, NULL, here, 0, 0));
	EXPECT_EQ(1, on(NULL, a_splice, NULL, here, 0, 0));
}

/* A socket of KCM, which lies on one of TCP: by number @tcp. */
static long a_attach(long fd, long tcp, long c)
{
	struct kcm_attach info = { .fd = tcp, .bpf_fd = -1 };

	return res(ioctl(fd, SIOCKCMATTACH, &info));
}

TEST_F(address, given_kcm)
{
	long server, there, kcm, fd;

	server = sock_listening(NULL, variant->host, 80);
	ASSERT_LT(0, server);
	there = sock_connected(NULL, SOCK_STREAM, variant->host, 80);
	ASSERT_LT(0, there);
	kcm = on(NULL, a_socket, NULL, AF_KCM, SOCK_DGRAM, KCMPROTO_CONNECTED);
	ASSERT_LE(0, kcm);
	/* what is wrong is that there is no program */
	EXPECT_EQ(-EBADF, on(NULL, a_attach, NULL, kcm, there, 0));
	EXPECT_EQ(-EAGAIN, res(recv(kcm, &fd, sizeof(fd), MSG_DONTWAIT)));
	ASSERT_EQ(0, agent_give(&self->in_a, kcm));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_send, NULL, fd, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_splice, NULL, fd, 0, 0));

	/* one of its own, on a connection from outside and on one of its own */
	kcm = on(&self->in_a, a_socket, NULL, AF_KCM, SOCK_DGRAM,
		 KCMPROTO_CONNECTED);
	ASSERT_LE(0, kcm);
	ASSERT_EQ(0, agent_give(&self->in_a, on(NULL, a_accept, NULL, server,
						0, 0)));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_attach, NULL, kcm, fd, 0));
	fd = sock_connected(&self->in_a, SOCK_STREAM, variant->host, 80);
	ASSERT_LT(0, fd);
	EXPECT_EQ(-EBADF, on(&self->in_a, a_attach, NULL, kcm, fd, 0));
}

/* What was opened before one came in. */
static int before;

static long enter_with_socket(long id)
{
	before = socket(AF_INET, SOCK_DGRAM, 0);
	return before < 0 ? -errno : vc(VC_MIGRATE, id, NULL);
}

TEST_F(address, brought_along)
{
	struct agent agent;
	long fd = 0;

	ASSERT_EQ(0, agent_start_by(&agent, enter_with_socket, self->b,
				    "/proc/self/exe", 0));
	/* It is one of the first that are free. */
	for (fd = 3; fd < 64; fd++)
		if (on(&agent, a_name, NULL, fd, 0, 0) == 0)
			break;
	ASSERT_GT(64, fd);
	EXPECT_EQ(-EADDRNOTAVAIL, on(&agent, a_sendto, "10.0.0.3", fd, 1000, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&agent, a_bind, "10.0.0.1", fd, 0, 0));
}

/* One that is handed out goes on as what it is. */
TEST_F(address, handed_out)
{
	long server, fd;

	server = sock_listening(&self->in_a, variant->any, 80);
	ASSERT_LT(0, server);
	fd = take_fd(self->in_a.pid, server);
	ASSERT_LT(0, fd);
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, 80));
	EXPECT_LT(0, on(NULL, a_accept, NULL, fd, 0, 0));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM, variant->b,
						80));
}

/* ---- what is shown ---- */

/* All groups may have sockets of ICMP. */
static long a_ping_range(long a, long b, long c)
{
	return file_write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
}

static long sock_ping(struct agent *agent, const char *text, int number)
{
	int family = family_of(text);
	long fd = on(agent, a_socket, NULL, family, SOCK_DGRAM,
		     family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	return fd < 0 ? fd :
		sock_kept(agent, fd, on(agent, a_bind, text, fd, number, 0));
}

TEST_F(address, shown)
{
	int family = family_of(variant->a);
	const char *tcp = family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6";
	const char *udp = family == AF_INET ? "/proc/net/udp" : "/proc/net/udp6";
	const char *icmp = family == AF_INET ? "/proc/net/icmp" :
					       "/proc/net/icmp6";
	long mine, all;

	mine = sock_listening(&self->in_a, variant->any, 1080);
	ASSERT_LT(0, mine);
	ASSERT_LT(0, sock_bound(&self->in_a, SOCK_DGRAM, variant->a, 1081));
	ASSERT_LT(0, sock_listening(NULL, variant->host, 1082));
	ASSERT_LT(0, sock_bound(NULL, SOCK_DGRAM, variant->host, 1083));

	/* of netlink, as getifaddrs() asks it */
	all = on(NULL, a_getaddr, variant->host, family, 0, 0);
	EXPECT_LE(3, all / 16);
	EXPECT_EQ(1, all % 16);
	EXPECT_EQ(all, on(&self->in_open, a_getaddr, variant->host, family, 0,
			  0));
	EXPECT_EQ(16 + 1, on(&self->in_a, a_getaddr, variant->a, family, 0, 0));
	EXPECT_EQ(16, on(&self->in_a, a_getaddr, variant->host, family, 0, 0));

	EXPECT_EQ(1, on2(NULL, a_grep, tcp, ":043A", 0, 0, 0));
	EXPECT_EQ(1, on2(&self->in_open, a_grep, tcp, ":043A", 0, 0, 0));
	EXPECT_EQ(1, on2(&self->in_a, a_grep, tcp, ":0438", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->in_a, a_grep, tcp, ":043A", 0, 0, 0));
	EXPECT_EQ(1, on2(NULL, a_grep, udp, ":043B", 0, 0, 0));
	EXPECT_EQ(1, on2(&self->in_a, a_grep, udp, ":0439", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->in_a, a_grep, udp, ":043B", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->in_b, a_grep, tcp, ":0438", 0, 0, 0));
	EXPECT_EQ(1, on(NULL, a_diag, NULL, family, IPPROTO_TCP, 1082));
	EXPECT_EQ(1, on(&self->in_a, a_diag, NULL, family, IPPROTO_TCP, 1080));
	EXPECT_EQ(0, on(&self->in_a, a_diag, NULL, family, IPPROTO_TCP, 1082));
	EXPECT_EQ(1, on(NULL, a_diag, NULL, family, IPPROTO_UDP, 1083));
	EXPECT_EQ(1, on(&self->in_a, a_diag, NULL, family, IPPROTO_UDP, 1081));
	EXPECT_EQ(0, on(&self->in_a, a_diag, NULL, family, IPPROTO_UDP, 1083));
	EXPECT_EQ(0, on(&self->in_b, a_diag, NULL, family, IPPROTO_UDP, 1081));
	/* sockets of ICMP, known by their number */
	ASSERT_EQ(0, on(NULL, a_ping_range, NULL, 0, 0, 0));
	ASSERT_LT(0, sock_ping(NULL, variant->host, 1084));
	ASSERT_LT(0, sock_ping(&self->in_a, variant->a, 1085));
	EXPECT_EQ(1, on2(NULL, a_grep, icmp, ":043C", 0, 0, 0));
	EXPECT_EQ(1, on2(&self->in_a, a_grep, icmp, ":043D", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->in_a, a_grep, icmp, ":043C", 0, 0, 0));
	/* those of a and b together, for who sees both */
	EXPECT_EQ(1, on2(NULL, a_grep, tcp, ":0438", 0, 0, 0));

	if (family == AF_INET) {
		EXPECT_LT(0, on2(NULL, a_grep, "/proc/net/fib_trie", "10.0.0.3",
				 0, 0, 0));
		EXPECT_EQ(0, on2(&self->in_a, a_grep, "/proc/net/fib_trie",
				 "10.0.0.3", 0, 0, 0));
		EXPECT_LT(0, on2(&self->in_a, a_grep, "/proc/net/fib_trie",
				 "10.0.0.1", 0, 0, 0));
	} else {
		EXPECT_EQ(1, on2(NULL, a_grep, "/proc/net/if_inet6",
				 "fd000000000000000000000000000003", 0, 0, 0));
		EXPECT_EQ(0, on2(&self->in_a, a_grep, "/proc/net/if_inet6",
				 "fd000000000000000000000000000003", 0, 0, 0));
		EXPECT_EQ(1, on2(&self->in_a, a_grep, "/proc/net/if_inet6",
				 "fd000000000000000000000000000001", 0, 0, 0));
		EXPECT_EQ(0, on2(&self->in_a, a_grep, "/proc/net/ipv6_route",
				 "fd000000000000000000000000000003", 0, 0, 0));
	}
}

/* ---- raw and packet sockets ---- */

/* A datagram with its header, for who writes that himself. */
static long a_send_raw(long fd, long b, long c)
{
	const char *from = agent_buf + strlen(agent_buf) + 1;
	struct {
		struct iphdr ip;
		struct udphdr udp;
	} packet = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64,
			.protocol = IPPROTO_UDP },
		.udp = { .source = htons(1), .dest = htons(1000),
			 .len = htons(sizeof(struct udphdr)) },
	};
	struct sockaddr_storage addr;
	socklen_t len = sock_addr(&addr, agent_buf, 0);

	inet_pton(AF_INET, agent_buf, &packet.ip.daddr);
	inet_pton(AF_INET, from, &packet.ip.saddr);
	return res(sendto(fd, &packet, sizeof(packet), 0, (void *)&addr, len));
}

/*
 * How many packets of UDP to port 1000 come in for a while, from the address in
 * agent_buf if there is one.
 */
static long a_count(long fd, long ms, long offset)
{
	in_addr_t from = inet_addr(agent_buf);
	unsigned char buf[2048];
	long n = 0, len;

	while (!sock_wait(fd, POLLIN, ms)) {
		len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (len >= offset + 24 && buf[offset + 9] == IPPROTO_UDP &&
		    buf[offset + 22] == 1000 >> 8 &&
		    buf[offset + 23] == (1000 & 0xff) &&
		    (!agent_buf[0] || !memcmp(&buf[offset + 12], &from, 4)))
			n++;
	}
	return n;
}

/* A frame on lo from the address in agent_buf, by ARP if so wanted. */
static long a_send_frame(long fd, long arp, long type)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex("lo"),
		.sll_halen = 6,
		/* what the sender says that it is */
		.sll_protocol = htons(type),
	};
	struct __attribute__((packed)) {
		struct ethhdr eth;
		union {
			struct __attribute__((packed)) {
				struct iphdr ip;
				struct udphdr udp;
			};
			struct __attribute__((packed)) {
				struct arphdr arp;
				unsigned char sha[6];
				unsigned int spa;
				unsigned char tha[6];
				unsigned int tpa;
			};
		};
	} frame = { .eth.h_proto = htons(arp ? ETH_P_ARP : ETH_P_IP) };

	if (arp) {
		frame.arp.ar_hrd = htons(ARPHRD_ETHER);
		frame.arp.ar_pro = htons(ETH_P_IP);
		frame.arp.ar_hln = 6;
		frame.arp.ar_pln = 4;
		frame.arp.ar_op = htons(1);
		frame.spa = inet_addr(agent_buf);
		frame.tpa = inet_addr("10.0.0.3");
	} else {
		frame.ip.version = 4;
		frame.ip.ihl = 5;
		frame.ip.ttl = 1;
		frame.ip.tot_len = htons(28);
		frame.ip.protocol = IPPROTO_UDP;
		frame.ip.saddr = inet_addr(agent_buf);
		frame.ip.daddr = inet_addr("10.0.0.3");
		frame.udp.dest = htons(1000);
	}
	return res(sendto(fd, &frame, sizeof(frame), 0, (void *)&ll,
			  sizeof(ll)));
}

TEST_F(address, raw)
{
	long raw_host, raw, server, fd;

	if (family_of(variant->a) == AF_INET6)
		SKIP(return, "the header that is written is one of IPv4");
	server = sock_bound(NULL, SOCK_DGRAM, variant->any, 1000);
	ASSERT_LT(0, server);
	raw_host = on(NULL, a_socket, NULL, AF_INET, SOCK_RAW, IPPROTO_UDP);
	raw = on(&self->in_a, a_socket, NULL, AF_INET, SOCK_RAW, IPPROTO_UDP);
	ASSERT_LE(0, raw_host);
	ASSERT_LE(0, raw);

	/* All see what comes to a; outside alone what comes to others. */
	fd = on(NULL, a_socket, NULL, AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(1, on(NULL, a_sendto, variant->a, fd, 1000, 0));
	ASSERT_EQ(1, on(NULL, a_sendto, variant->b, fd, 1000, 0));
	ASSERT_EQ(1, on(NULL, a_sendto, variant->host, fd, 1000, 0));
	EXPECT_EQ(3, on(NULL, a_count, NULL, raw_host, SILENCE_MS, 0));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, raw, SILENCE_MS, 0));
	while (on(NULL, a_recv, NULL, server, 1, 0) > 0)
		;

	ASSERT_EQ(0, on(&self->in_a, a_option, NULL, raw,
			OPTION(IPPROTO_IP, IP_HDRINCL), 1));
	EXPECT_EQ(28, on2(&self->in_a, a_send_raw, variant->host, variant->a,
			  raw, 0, 0));
	EXPECT_EQ(0, on(NULL, a_recv, NULL, server, 0, 0));
	EXPECT_STREQ(variant->a, agent_buf);
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_send_raw, variant->host,
				      variant->b, raw, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_send_raw, variant->host,
				      "10.9.9.9", raw, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, on(NULL, a_recv, NULL, server, SILENCE_MS, 0));
	/* outside one may say so */
	ASSERT_EQ(0, on(NULL, a_option, NULL, raw_host,
			OPTION(IPPROTO_IP, IP_HDRINCL), 1));
	EXPECT_EQ(28, on2(NULL, a_send_raw, variant->host, variant->b, raw_host,
			  0, 0));
	EXPECT_EQ(0, on(NULL, a_recv, NULL, server, 0, 0));
}

/* What has been made while it was filtered is not without a filter later. */
TEST_F(address, raw_opened)
{
	long raw, packet, fd;

	if (family_of(variant->a) == AF_INET6)
		SKIP(return, "the header that is written is one of IPv4");
	raw = on(&self->in_a, a_socket, NULL, AF_INET, SOCK_RAW, IPPROTO_UDP);
	packet = on(&self->in_a, a_socket, NULL, AF_PACKET, SOCK_RAW,
		    htons(ETH_P_ALL));
	ASSERT_LE(0, raw);
	ASSERT_LE(0, packet);
	ASSERT_EQ(0, on(&self->in_a, a_option, NULL, raw,
			OPTION(IPPROTO_IP, IP_HDRINCL), 1));
	/* Nobody at all is CLOSED. */
	ASSERT_EQ(0, policy_set(self->a, VC_NETADDR_OPEN));
	ASSERT_EQ(0, policy_set(self->b, VC_NETADDR_OPEN));
	EXPECT_EQ(-EPERM, on(&self->in_a, a_socket, NULL, AF_INET, SOCK_RAW,
			     IPPROTO_UDP));
	fd = on(NULL, a_socket, NULL, AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->a, variant->b, fd, 1000, 0));
	EXPECT_EQ(0, on(&self->in_a, a_count, NULL, raw, SILENCE_MS, 0));
	EXPECT_EQ(0, on(&self->in_a, a_count, NULL, packet, SILENCE_MS, 14));
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_send_raw, variant->host,
				      variant->a, raw, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_send_frame, variant->a,
				     packet, 0, ETH_P_IP));
	/* Once there is a filter again they work. */
	ASSERT_EQ(0, permit(self->a, variant->a));
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->a, variant->b, fd, 1000, 0));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, raw, SILENCE_MS, 0));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, packet, SILENCE_MS, 14));
}

/* One that may not see all gives itself no permits for that. */
TEST_F(address, raw_below)
{
	long above = ctx_make(VC_ID_SELF, 0, 4, "above"), below;
	int family = family_of(variant->a);
	struct agent in_above, in_below;

	ASSERT_LT(0, above);
	ASSERT_EQ(0, agent_start(&in_above, above, 0));
	below = ask0(&in_above, a_child);
	ASSERT_LT(0, below);
	ASSERT_EQ(0, permit(below, "0.0.0.0/0"));
	ASSERT_EQ(0, permit(below, "::/0"));
	ASSERT_EQ(0, agent_start(&in_below, below, 0));
	EXPECT_EQ(-EPERM, on(&in_below, a_socket, NULL, family, SOCK_RAW,
			     IPPROTO_UDP));
	ASSERT_EQ(0, permit(above, variant->a));
	EXPECT_LE(0, on(&in_below, a_socket, NULL, family, SOCK_RAW,
			IPPROTO_UDP));
}

/* Does an error come for a while? */
static long a_error(long fd, long ms, long c)
{
	char buf[512];

	return !sock_wait(fd, 0, ms) &&
	       recv(fd, buf, sizeof(buf), MSG_ERRQUEUE | MSG_DONTWAIT) >= 0;
}

/* Of what others have sent, raw sockets are not told what became of it. */
TEST_F(address, raw_errors)
{
	int family = family_of(variant->a);
	long option = family == AF_INET ? OPTION(IPPROTO_IP, IP_RECVERR) :
					  OPTION(IPPROTO_IPV6, IPV6_RECVERR);
	long raw, fd;

	raw = on(&self->in_a, a_socket, NULL, family, SOCK_RAW, IPPROTO_UDP);
	ASSERT_LE(0, raw);
	ASSERT_EQ(0, on(&self->in_a, a_option, NULL, raw, option, 1));
	/* to a port where nobody is */
	fd = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->host, variant->b, fd, 1000,
			 0));
	EXPECT_EQ(0, on(&self->in_a, a_error, NULL, raw, SILENCE_MS, 0));
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->host, variant->a, fd, 1000,
			 0));
	EXPECT_EQ(1, on(&self->in_a, a_error, NULL, raw, ARRIVAL_MS, 0));
}

TEST_F(address, packet)
{
	long host, inside, fd;

	if (family_of(variant->a) == AF_INET6)
		SKIP(return, "frames of IPv4 alone");
	host = on(NULL, a_socket, NULL, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	inside = on(&self->in_a, a_socket, NULL, AF_PACKET, SOCK_RAW,
		    htons(ETH_P_ALL));
	ASSERT_LE(0, host);
	ASSERT_LE(0, inside);
	/* Over loopback each is seen twice: as it leaves, and as it comes. */
	fd = on(NULL, a_socket, NULL, AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->host, variant->b, fd, 1000, 0));
	EXPECT_EQ(2, on(NULL, a_count, NULL, host, SILENCE_MS, 14));
	EXPECT_EQ(0, on(&self->in_a, a_count, NULL, inside, SILENCE_MS, 14));
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->a, variant->b, fd, 1000, 0));
	EXPECT_EQ(2, on(NULL, a_count, NULL, host, SILENCE_MS, 14));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, inside, SILENCE_MS, 14));
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->b, variant->a, fd, 1000, 0));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, inside, SILENCE_MS, 14));

	EXPECT_LT(0, on(NULL, a_send_frame, variant->b, host, 0, ETH_P_IP));
	EXPECT_LT(0, on(&self->in_a, a_send_frame, variant->a, inside, 0,
			ETH_P_IP));
	EXPECT_LT(0, on(&self->in_a, a_send_frame, variant->a, inside, 1,
			ETH_P_ARP));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_send_frame, variant->b,
				     inside, 0, ETH_P_IP));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_send_frame, variant->b,
				     inside, 1, ETH_P_ARP));
	/* It is the frame that counts, not what is said about it. */
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_send_frame, variant->b,
				     inside, 0, ETH_P_ARP));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_send_frame, variant->b,
				     inside, 0, 0x88b5));
}

/*
 * Tells neighbours from fd00::1 that the address in agent_buf is here: as a
 * frame on lo, behind a header of options if so wanted, or by a raw socket.
 */
static long a_advertise(long fd, long frame, long options)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex("lo"),
		.sll_halen = 6,
		.sll_protocol = htons(ETH_P_IPV6),
	};
	unsigned char buf[14 + 40 + 8 + 24] = {};
	unsigned char *ip = buf + 14, *p = buf;
	struct sockaddr_storage addr;
	socklen_t len = sock_addr(&addr, "fd00::3", 0);

	if (frame) {
		buf[12] = 0x86;
		buf[13] = 0xdd;
		ip[0] = 0x60;
		ip[5] = options ? 8 + 24 : 24;
		ip[6] = options ? IPPROTO_HOPOPTS : IPPROTO_ICMPV6;
		ip[7] = 255;
		inet_pton(AF_INET6, "fd00::1", ip + 8);
		inet_pton(AF_INET6, "fd00::3", ip + 24);
		p = ip + 40;
	}
	if (options) {
		/* padding */
		p[0] = IPPROTO_ICMPV6;
		p[2] = 1;
		p[3] = 4;
		p += 8;
	}
	p[0] = 136;
	inet_pton(AF_INET6, agent_buf, p + 8);
	p += 24;
	return res(sendto(fd, buf, p - buf, 0, frame ? (void *)&ll :
						       (void *)&addr,
			  frame ? sizeof(ll) : len));
}

/* As with ARP, one tells of addresses of one's own. */
TEST_F(address, advertise)
{
	long raw, packet;

	if (family_of(variant->a) == AF_INET)
		SKIP(return, "that is ARP");
	raw = on(&self->in_a, a_socket, NULL, AF_INET6, SOCK_RAW,
		 IPPROTO_ICMPV6);
	packet = on(&self->in_a, a_socket, NULL, AF_PACKET, SOCK_RAW, 0);
	ASSERT_LE(0, raw);
	ASSERT_LE(0, packet);
	EXPECT_EQ(24, on(&self->in_a, a_advertise, variant->a, raw, 0, 0));
	EXPECT_LT(0, on(&self->in_a, a_advertise, variant->a, packet, 1, 0));
	EXPECT_LT(0, on(&self->in_a, a_advertise, variant->a, packet, 1, 1));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_advertise, variant->b, raw,
				     0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_advertise, variant->b,
				     packet, 1, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_advertise, variant->b,
				     packet, 1, 1));
}

/* Holds back on a device what exceeds a frame or so. */
static long link_slow(const char *dev)
{
	struct nl_request req = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
		.head.nlmsg_type = RTM_NEWQDISC,
		.head.nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL,
	};
	struct tc_tbf_qopt qopt = {
		.rate = { .rate = 500, .linklayer = TC_LINKLAYER_ETHERNET },
		.limit = 8192,
	};
	struct tcmsg *msg = (void *)req.body;
	unsigned int burst = 2000;
	struct rtattr *nest;

	msg->tcm_ifindex = if_nametoindex(dev);
	msg->tcm_parent = TC_H_ROOT;
	nl_attr(&req, TCA_KIND, "tbf", 4);
	nest = (void *)((char *)&req + req.head.nlmsg_len);
	nl_attr(&req, TCA_OPTIONS, NULL, 0);
	nl_attr(&req, TCA_TBF_PARMS, &qopt, sizeof(qopt));
	nl_attr(&req, TCA_TBF_BURST, &burst, sizeof(burst));
	nest->rta_len = (char *)&req + req.head.nlmsg_len - (char *)nest;
	return nl_talk(&req);
}

/*
 * Two frames by dum0 out of a ring, from the address in agent_buf; the one
 * behind it is written into both when they are on their way.
 */
static long a_send_ring(long fd, long b, long c)
{
	enum { FRAME = 2048, LEN = 1400 };
	const char *other = agent_buf + strlen(agent_buf) + 1;
	struct tpacket_req req = {
		.tp_block_size = 2 * FRAME,
		.tp_block_nr = 1,
		.tp_frame_size = FRAME,
		.tp_frame_nr = 2,
	};
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex("dum0"),
		.sll_halen = 6,
		.sll_protocol = htons(ETH_P_IP),
	};
	struct __attribute__((packed)) {
		struct ethhdr eth;
		struct iphdr ip;
		struct udphdr udp;
	} frame = {
		.eth.h_proto = htons(ETH_P_IP),
		.ip = { .version = 4, .ihl = 5, .ttl = 1,
			.tot_len = htons(LEN - ETH_HLEN),
			.protocol = IPPROTO_UDP,
			.saddr = inet_addr(agent_buf),
			.daddr = inet_addr("10.0.0.9") },
		.udp.dest = htons(1000),
	};
	const size_t at = TPACKET_ALIGN(sizeof(struct tpacket_hdr));
	char *ring;
	long ret;
	int i;

	if (setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof(req)))
		return -errno;
	ring = mmap(NULL, 2 * FRAME, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		return -errno;
	for (i = 0; i < 2; i++) {
		struct tpacket_hdr *head = (void *)(ring + i * FRAME);

		memcpy((char *)head + at, &frame, sizeof(frame));
		head->tp_len = LEN;
		head->tp_status = TP_STATUS_SEND_REQUEST;
	}
	ret = res(sendto(fd, NULL, 0, MSG_DONTWAIT, (void *)&ll, sizeof(ll)));
	frame.ip.saddr = inet_addr(other);
	for (i = 0; i < 2; i++)
		memcpy(ring + i * FRAME + at, &frame, sizeof(frame));
	return ret;
}

/* What has been asked for is what is sent. */
TEST_F(address, packet_ring)
{
	long host, inside;

	if (family_of(variant->a) == AF_INET6)
		SKIP(return, "frames of IPv4 alone");
	host = on(NULL, a_socket, NULL, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	inside = on(&self->in_a, a_socket, NULL, AF_PACKET, SOCK_RAW, 0);
	ASSERT_LE(0, host);
	ASSERT_LE(0, inside);
	ASSERT_EQ(0, link_slow("dum0"));
	ASSERT_EQ(2 * 1400, on2(&self->in_a, a_send_ring, variant->a,
				variant->b, inside, 0, 0));
	EXPECT_EQ(2, on(NULL, a_count, variant->a, host, 4000, 14));
}

/* ---- many listen ---- */

static long a_join(long fd, long dev, long c)
{
	struct group_req req = { .gr_interface = if_nametoindex(dev ? "dum1" :
								      "dum0") };
	bool v6 = strchr(agent_buf, ':');

	sock_addr(&req.gr_group, agent_buf, 0);
	return res(setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			      MCAST_JOIN_GROUP, &req, sizeof(req)));
}

/* To a group by way of a device. */
static long a_cast(long fd, long port, long dev)
{
	int index = if_nametoindex(dev ? "dum1" : "dum0");
	struct ip_mreqn mreq = { .imr_ifindex = index };
	bool v6 = strchr(agent_buf, ':');
	long ret;

	ret = v6 ? res(setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index,
				  sizeof(index))) :
		   res(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq,
				  sizeof(mreq)));
	return ret ? ret : a_sendto(fd, port, 0);
}

TEST_F(address, multicast)
{
	int family = family_of(variant->a);
	const char *group = family == AF_INET ? "239.1.2.3" : "ff05::1:3";
	long in_a, host, from;

	in_a = sock_bound(&self->in_a, SOCK_DGRAM, variant->any, 5000);
	ASSERT_LT(0, in_a);
	ASSERT_EQ(0, on(&self->in_a, a_join, group, in_a, 0, 0));
	ASSERT_EQ(0, on(&self->in_a, a_join, group, in_a, 1, 0));
	host = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
	/* by the device where it has an address, and by the other one */
	EXPECT_EQ(1, on(NULL, a_cast, group, host, 5000, 0));
	EXPECT_EQ(1, on(&self->in_a, a_recv, NULL, in_a, 0, 0));
	if (family == AF_INET) {
		EXPECT_EQ(1, on(NULL, a_cast, group, host, 5000, 1));
		EXPECT_EQ(-ETIMEDOUT, on(&self->in_a, a_recv, NULL, in_a,
					 SILENCE_MS, 0));
	}
	/* it sends from an address of its own */
	host = sock_bound(NULL, SOCK_DGRAM, variant->any, 5001);
	ASSERT_LT(0, host);
	ASSERT_EQ(0, on(NULL, a_join, group, host, 0, 0));
	from = on(&self->in_b, a_socket, NULL, family, SOCK_DGRAM, 0);
	EXPECT_EQ(1, on(&self->in_b, a_cast, group, from, 5001, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, host, 0, 0));
	EXPECT_STREQ(variant->b, agent_buf);
	/* and may be bound to the group */
	EXPECT_LT(0, sock_bound(&self->in_a, SOCK_DGRAM, group, 5002));
}

TEST_F(address, broadcast)
{
	long in_a, in_b, fd;

	if (family_of(variant->a) == AF_INET6)
		SKIP(return, "IPv6 has none");
	in_a = sock_bound(&self->in_a, SOCK_DGRAM, variant->any, 5000);
	in_b = sock_bound(&self->in_b, SOCK_DGRAM, variant->any, 5000);
	ASSERT_LT(0, in_a);
	ASSERT_LT(0, in_b);
	ASSERT_EQ(0, addr_add("dum1", "10.2.0.1/24"));
	fd = on(NULL, a_socket, NULL, AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, on(NULL, a_option, NULL, fd,
			OPTION(SOL_SOCKET, SO_BROADCAST), 1));
	/* Who has an address there hears it, each on the same port. */
	EXPECT_EQ(1, on(NULL, a_sendto, "10.0.0.255", fd, 5000, 0));
	EXPECT_EQ(1, on(&self->in_a, a_recv, NULL, in_a, 0, 0));
	EXPECT_EQ(1, on(&self->in_b, a_recv, NULL, in_b, 0, 0));
	EXPECT_EQ(1, on(NULL, a_sendto, "10.2.0.255", fd, 5000, 0));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_a, a_recv, NULL, in_a, SILENCE_MS,
				 0));
}

/* ---- others ---- */

/* A socket for IPv6 that speaks IPv4 has one wildcard for both. */
TEST_F(address, both_families)
{
	long server_a, server_b;

	ASSERT_EQ(0, policy_set(self->a, VC_NETADDR_OPEN));
	ASSERT_EQ(0, policy_set(self->b, VC_NETADDR_OPEN));
	ASSERT_EQ(0, permit(self->a, "10.0.0.1"));
	ASSERT_EQ(0, permit(self->a, "fd00::1"));
	ASSERT_EQ(0, permit(self->b, "10.0.0.2"));
	ASSERT_EQ(0, permit(self->b, "fd00::2"));
	server_a = sock_listening(&self->in_a, "::", 80);
	server_b = sock_listening(&self->in_b, "::", 80);
	ASSERT_LT(0, server_a);
	ASSERT_LT(0, server_b);
	EXPECT_EQ(-EADDRINUSE, sock_listening(&self->in_a, "0.0.0.0", 80));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, "10.0.0.1", 80));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server_a, 0, 0));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, "fd00::2", 80));
	EXPECT_LT(0, on(&self->in_b, a_accept, NULL, server_b, 0, 0));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM, "fd00::3",
						80));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM, "10.0.0.3",
						80));
	/* mapped addresses are those of IPv4 */
	EXPECT_LT(0, sock_bound(&self->in_a, SOCK_DGRAM, "::ffff:10.0.0.1", 0));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&self->in_a, SOCK_DGRAM,
					     "::ffff:10.0.0.2", 0));
	EXPECT_LT(0, sock_connected(&self->in_b, SOCK_STREAM,
				    "::ffff:10.0.0.1", 80));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server_a, 0, 0));
	/* one of them has nothing of IPv4 any more */
	ASSERT_EQ(0, forbid(self->b, "10.0.0.2"));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_connected(&self->in_b, SOCK_STREAM,
						 "::ffff:10.0.0.1", 80));
}

TEST_F(address, device)
{
	const char *dum1 = "10.1.0.1";
	long fd;

	if (family_of(variant->a) == AF_INET6)
		SKIP(return, "one device has addresses of IPv6");
	ASSERT_EQ(0, permit_on(self->a, "dum1", "10.1.0.0/24"));
	ASSERT_EQ(0, permit_on(self->b, "dum0", "10.1.0.0/24"));
	/* Bound to no device, it may be on one. */
	EXPECT_LT(0, sock_bound(&self->in_a, SOCK_DGRAM, dum1, 0));
	EXPECT_LT(0, sock_bound(&self->in_b, SOCK_DGRAM, dum1, 0));
	/* What leaves by dum1 may come from there. */
	fd = on(&self->in_a, a_socket, NULL, AF_INET, SOCK_DGRAM, 0);
	EXPECT_EQ(1, on2(&self->in_a, a_sendto, "10.1.0.9", dum1, fd, 1000, 0));
	EXPECT_EQ(1, on(&self->in_a, a_sendto, "10.1.0.9", fd, 1000, 0));
	EXPECT_EQ(0, on(&self->in_a, a_connect, "10.1.0.9", fd, 1000, 0));
	EXPECT_STREQ(dum1, sock_local(&self->in_a, fd));
	/* What leaves by dum0 may not. */
	fd = on(&self->in_a, a_socket, NULL, AF_INET, SOCK_DGRAM, 0);
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_sendto, "10.0.0.9", dum1,
				      fd, 1000, 0));
	fd = on(&self->in_b, a_socket, NULL, AF_INET, SOCK_DGRAM, 0);
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_b, a_sendto, "10.1.0.9", dum1,
				      fd, 1000, 0));
}

/* Permits come and go while sockets are bound, connect and send. */
static long a_storm(long n, long b, long c)
{
	char own[64], other[64];
	long i, wrong = 0;

	COPY(own, agent_buf);
	COPY(other, agent_buf + strlen(agent_buf) + 1);
	for (i = 0; i < n; i++) {
		long fd = socket(family_of(own), SOCK_DGRAM, 0);
		struct sockaddr_storage addr;
		socklen_t len = sock_addr(&addr, other, 1000);

		if (!connect(fd, (void *)&addr, len)) {
			COPY(agent_buf, "");
			a_name(fd, 0, 0);
			wrong += strcmp(agent_buf, own) != 0;
			send(fd, "x", 1, MSG_DONTWAIT);
		} else if (errno != EADDRNOTAVAIL) {
			wrong++;
		}
		close(fd);
		fd = socket(family_of(own), SOCK_STREAM, 0);
		len = sock_addr(&addr, family_of(own) == AF_INET ? "0.0.0.0" :
								   "::", 1080);
		if (!bind(fd, (void *)&addr, len))
			listen(fd, 1);
		else if (errno != EADDRINUSE)
			wrong++;
		close(fd);
	}
	return wrong;
}

TEST_F(address, storm)
{
	pid_t pid[2];
	int i;

	for (i = 0; i < 2; i++) {
		pid[i] = child_fork();
		if (!pid[i]) {
			long id = i ? self->b : self->a;
			const char *own = i ? variant->b : variant->a;

			for (;;) {
				forbid(id, own);
				permit(id, own);
			}
		}
	}
	EXPECT_EQ(0, on2(&self->in_a, a_storm, variant->a, variant->host, 500,
			 0, 0));
	EXPECT_EQ(0, on2(&self->in_b, a_storm, variant->b, variant->host, 500,
			 0, 0));
	for (i = 0; i < 2; i++)
		child_kill(pid[i]);
}

/* A context that goes leaves sockets in other hands. */
TEST_F(address, destroyed)
{
	long server, fd;

	server = sock_listening(&self->in_a, variant->any, 80);
	ASSERT_LT(0, server);
	fd = take_fd(self->in_a.pid, server);
	ASSERT_LT(0, fd);
	ASSERT_EQ(0, ctx_kill(self->a));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, 80));
	EXPECT_LT(0, on(NULL, a_accept, NULL, fd, 0, 0));
	close(fd);
	/* the port is free again */
	EXPECT_LT(0, sock_listening(NULL, variant->host, 80));
}

/* ---- a network namespace of its own ---- */

FIXTURE(own)
{
	long id;
	struct agent agent;
};

FIXTURE_SETUP(own)
{
	VC_SETUP();
	self->id = ctx_make(VC_ID_SELF, VC_CREATE_NETNS, 4, NULL);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, ctx_set_caps(self->id, CAPS | (__u64)1 << CAP_SYS_ADMIN));
	ASSERT_EQ(0, permit(self->id, "10.0.0.0/24"));
	ASSERT_EQ(0, permit(self->id, "fd00::/64"));
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
}

FIXTURE_TEARDOWN(own)
{
	vc_teardown();
}

static long a_link_up(long a, long b, long c)
{
	return link_up(agent_buf);
}

static long a_dummy(long a, long b, long c)
{
	return link_dummy(agent_buf);
}

static long a_addr_add(long a, long b, long c)
{
	return addr_add(agent_buf, agent_buf + strlen(agent_buf) + 1);
}

static long a_addr_ioctl(long a, long b, long c)
{
	return addr_ioctl(agent_buf, agent_buf + strlen(agent_buf) + 1);
}

static long a_addr_of(long a, long b, long c)
{
	return addr_of(agent_buf, agent_buf, sizeof(agent_buf));
}

TEST_F(own, loopback)
{
	long server;

	ASSERT_EQ(0, on(&self->agent, a_link_up, "lo", 0, 0, 0));
	server = sock_listening(&self->agent, "127.0.0.1", 80);
	ASSERT_LT(0, server);
	EXPECT_LT(0, sock_connected(&self->agent, SOCK_STREAM, "127.0.0.1", 80));
	EXPECT_LT(0, on(&self->agent, a_accept, NULL, server, 0, 0));
	server = sock_listening(&self->agent, "::", 81);
	ASSERT_LT(0, server);
	EXPECT_LT(0, sock_connected(&self->agent, SOCK_STREAM, "::1", 81));
	EXPECT_LT(0, sock_connected(&self->agent, SOCK_STREAM, "127.0.0.1", 81));
	EXPECT_EQ(16 + 1, on(&self->agent, a_getaddr, "127.0.0.1", AF_INET, 0,
			     0));
}

TEST_F(own, configure)
{
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum0", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->agent, a_addr_add, "dum0", "10.0.0.1/24", 0, 0,
			 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->agent, a_addr_add, "dum0",
				      "10.0.1.1/24", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->agent, a_addr_add, "dum0", "fd00::1/64", 0, 0,
			 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->agent, a_addr_add, "dum0",
				      "fd01::1/64", 0, 0, 0));
	/* by ioctl; the old one stays where the new one is refused */
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->agent, a_addr_ioctl, "dum0",
				      "10.0.1.1", 0, 0, 0));
	EXPECT_EQ(0, on(&self->agent, a_addr_of, "dum0", 0, 0, 0));
	EXPECT_STREQ("10.0.0.1", agent_buf);
	EXPECT_EQ(0, on2(&self->agent, a_addr_ioctl, "dum0", "10.0.0.2", 0, 0,
			 0));
	EXPECT_EQ(0, on(&self->agent, a_addr_of, "dum0", 0, 0, 0));
	EXPECT_STREQ("10.0.0.2", agent_buf);
	/* what the kernel would give it by itself */
	EXPECT_EQ(0, on2(&self->agent, a_grep, "/proc/net/if_inet6", "fe80", 0,
			 0, 0));
	ASSERT_EQ(0, permit(self->id, "fe80::/10"));
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum1", 0, 0, 0));
	EXPECT_EQ(1, on2(&self->agent, a_grep, "/proc/net/if_inet6", "fe80", 0,
			 0, 0));
	/* addresses can be had, and are what sockets have */
	EXPECT_LT(0, sock_bound(&self->agent, SOCK_DGRAM, "10.0.0.2", 0));
	EXPECT_LT(0, sock_bound(&self->agent, SOCK_DGRAM, "fd00::1", 0));
	/* none at all is not one that is not permitted */
	EXPECT_EQ(0, on2(&self->agent, a_addr_ioctl, "dum0", "0.0.0.0", 0, 0,
			 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->agent, a_addr_of, "dum0", 0, 0, 0));
}

/* On the device that the permit is for. */
TEST_F(own, configure_device)
{
	ASSERT_EQ(0, permit_on(self->id, "dum1", "10.1.0.0/24"));
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum0", 0, 0, 0));
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum1", 0, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->agent, a_addr_add, "dum0",
				      "10.1.0.1/24", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->agent, a_addr_add, "dum1", "10.1.0.1/24", 0, 0,
			 0));
}

/* Nor in a namespace that the inside has made for itself. */
static long a_new_network(long a, long b, long c)
{
	long ret = res(unshare(CLONE_NEWNET));

	return ret ? ret : link_dummy("dum0");
}

TEST_F(own, configure_in_another)
{
	ASSERT_EQ(0, ask0(&self->agent, a_new_network));
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->agent, a_addr_add, "dum0",
				      "10.0.1.1/24", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->agent, a_addr_add, "dum0", "10.0.0.1/24", 0, 0,
			 0));
	ASSERT_EQ(0, on(&self->agent, a_link_up, "lo", 0, 0, 0));
	EXPECT_LT(0, sock_bound(&self->agent, SOCK_DGRAM, "127.0.0.1", 0));
}

/* An address that was there before it was closed is there, and of no use. */
TEST_F(own, closed_later)
{
	ASSERT_EQ(0, policy_set(self->id, VC_NETADDR_OPEN));
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum0", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->agent, a_addr_add, "dum0", "10.0.1.1/24", 0, 0,
			 0));
	EXPECT_LT(0, sock_bound(&self->agent, SOCK_DGRAM, "10.0.1.1", 0));
	ASSERT_EQ(0, permit(self->id, "10.0.0.0/24"));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&self->agent, SOCK_DGRAM,
					     "10.0.1.1", 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->agent, a_addr_of, "dum0", 0, 0, 0));
}

TEST_HARNESS_MAIN
