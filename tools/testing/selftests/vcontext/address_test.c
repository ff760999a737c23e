// SPDX-License-Identifier: GPL-2.0
/*
 * What sockets of a CLOSED context do with addresses: which ones they can be
 * bound to, send from and receive at.
 */
#include "address.h"

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
		EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&self->in_b, types[i],
						     variant->loopback, 0));
		/* which is one's own in a namespace of one's own */
		fd = sock_bound(&self->in_a, types[i], variant->loopback, 0);
		EXPECT_EQ(variant->own, fd > 0);
		if (!variant->own)
			EXPECT_EQ(-EADDRNOTAVAIL, fd);
		EXPECT_EQ(-EADDRNOTAVAIL, sock_bound(&self->in_a, types[i],
						     variant->nowhere, 0));
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
	long option, fd;

	for (option = one; ; option = two) {
		fd = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
		ASSERT_EQ(0, on(NULL, a_option, NULL, fd, option, 1));
		EXPECT_EQ(0, on(NULL, a_bind, variant->nowhere, fd, 0, 0));
		fd = on(&self->in_a, a_socket, NULL, family, SOCK_DGRAM, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, on(&self->in_a, a_option, NULL, fd, option, 1));
		EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_bind,
					     variant->nowhere, fd, 0, 0));
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
	/* to loopback, which it may not have unless that is its own */
	fd = sock_connected(&self->in_b, SOCK_DGRAM, variant->loopback, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->b, sock_local(&self->in_b, fd));
	fd = sock_connected(&self->in_a, SOCK_DGRAM, variant->loopback, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->own ? variant->loopback : variant->a,
		     sock_local(&self->in_a, fd));

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
	long wire = sock_frames(NULL), fd;
	int family = family_of(variant->a);

	ASSERT_LE(0, wire);
	ASSERT_EQ(0, forbid(self->a, variant->a));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_connected(&self->in_a, SOCK_DGRAM,
						 variant->far, 1000));
	EXPECT_EQ(-EADDRNOTAVAIL, sock_connected(&self->in_a, SOCK_STREAM,
						 variant->far, 1000));
	fd = on(&self->in_a, a_socket, NULL, family, SOCK_DGRAM, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_sendto, variant->far, fd,
				     1000, 0));
	/* permitted, but on no device */
	ASSERT_EQ(0, permit(self->a, variant->nowhere));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_sendto, variant->far, fd,
				     1000, 0));
	/* nor to the machine itself, without a loopback address of its own */
	if (!variant->own) {
		EXPECT_EQ(-EADDRNOTAVAIL, sock_connected(&self->in_a,
							 SOCK_DGRAM,
							 variant->host, 1000));
		EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_sendto,
					     variant->host, fd, 1000, 0));
	}
	EXPECT_EQ(0, on(NULL, a_count, NULL, wire, SILENCE_MS, 0));
	/* which others have */
	fd = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
	EXPECT_EQ(1, on(NULL, a_sendto, variant->far, fd, 1000, 0));
	EXPECT_EQ(1, on(NULL, a_count, NULL, wire, SILENCE_MS, 0));
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
	fd = sock_connected(&self->in_a, SOCK_DGRAM, variant->far, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ("10.1.0.1", sock_local(&self->in_a, fd));
	fd = sock_connected(&self->in_a, SOCK_DGRAM, variant->loopback, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->own ? variant->loopback : "127.0.0.5",
		     sock_local(&self->in_a, fd));
}

/* What is good for less than where it goes is the last choice. */
TEST_F(address, source_scope)
{
	const char *near = "fd01::9";
	long fd;

	/* on the device by which it leaves, both of them */
	if (family_of(variant->a) == AF_INET) {
		ASSERT_EQ(0, permit(self->a, "127.0.0.0/8"));
	} else {
		ASSERT_EQ(0, permit(self->a, "::1 fe80::/10"));
		fd = sock_connected(&self->in_a, SOCK_DGRAM, near, 1000);
		ASSERT_LT(0, fd);
		EXPECT_STREQ(variant->a, sock_local(&self->in_a, fd));
	}
	fd = sock_connected(&self->in_a, SOCK_DGRAM, variant->host, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->a, sock_local(&self->in_a, fd));

	/* where there is no other it is one */
	ASSERT_EQ(0, forbid(self->a, variant->a));
	fd = sock_connected(&self->in_a, SOCK_DGRAM, variant->host, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->loopback, sock_local(&self->in_a, fd));
	if (family_of(variant->a) == AF_INET6) {
		fd = sock_connected(&self->in_a, SOCK_DGRAM, near, 1000);
		ASSERT_LT(0, fd);
		EXPECT_EQ(0, strncmp("fe80::", sock_local(&self->in_a, fd),
				     6));
	}
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
	EXPECT_EQ(variant->own, sock_connected(NULL, SOCK_STREAM,
					       variant->loopback, 1000) > 0);
	if (variant->own)
		EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server, 0, 0));
	/* a permit that comes later is served, too */
	ASSERT_EQ(0, permit(self->a, variant->host));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->host, 1000));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server, 0, 0));
}

/* Bound by nobody, a port is one of the wildcard. */
static long listening_unbound(struct agent *agent, int family)
{
	long fd = on(agent, a_socket, NULL, family, SOCK_STREAM, 0);

	return fd < 0 ? fd :
		sock_kept(agent, fd, on(agent, a_listen, NULL, fd, 0, 0));
}

TEST_F(address, autobind_listen)
{
	int family = family_of(variant->a);
	long server, port;

	/* of others everywhere */
	server = listening_unbound(&self->in_open, family);
	ASSERT_LT(0, server);
	port = on(&self->in_open, a_name, NULL, server, 0, 0);
	ASSERT_LT(0, port);
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->host, port));
	EXPECT_LT(0, on(&self->in_open, a_accept, NULL, server, 0, 0));
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->b, port));
	EXPECT_LT(0, on(&self->in_open, a_accept, NULL, server, 0, 0));

	server = listening_unbound(&self->in_a, family);
	ASSERT_LT(0, server);
	port = on(&self->in_a, a_name, NULL, server, 0, 0);
	ASSERT_LT(0, port);
	EXPECT_STREQ(variant->any, agent_buf);
	EXPECT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a, port));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server, 0, 0));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM, variant->b,
						port));
	EXPECT_EQ(-ECONNREFUSED, sock_connected(NULL, SOCK_STREAM,
						variant->host, port));
	/* The port is free for who has another address. */
	EXPECT_LT(0, sock_listening(&self->in_b, variant->any, port));
	EXPECT_EQ(-EADDRINUSE, sock_listening(NULL, variant->any, port));
}

/* Who sends first is bound to the wildcard, too. */
TEST_F(address, autobind_send)
{
	struct agent *agents[] = { &self->in_open, &self->in_a };
	int family = family_of(variant->a);
	unsigned int i;

	ASSERT_LT(0, sock_bound(NULL, SOCK_DGRAM, variant->host, 1000));
	for (i = 0; i < ARRAY_SIZE(agents); i++) {
		bool closed = agents[i] == &self->in_a;
		long fd = on(agents[i], a_socket, NULL, family, SOCK_DGRAM, 0);
		long port, from;

		ASSERT_LE(0, fd);
		ASSERT_EQ(1, on(agents[i], a_sendto, variant->host, fd, 1000,
				0));
		port = on(agents[i], a_name, NULL, fd, 0, 0);
		ASSERT_LT(0, port);
		EXPECT_STREQ(variant->any, agent_buf);
		from = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
		EXPECT_EQ(1, on(NULL, a_sendto, variant->b, from, port, 0));
		EXPECT_EQ(closed ? -ETIMEDOUT : 1,
			  on(agents[i], a_recv, NULL, fd,
			     closed ? SILENCE_MS : 0, 0));
		EXPECT_EQ(1, on(NULL, a_sendto, variant->a, from, port, 0));
		EXPECT_EQ(1, on(agents[i], a_recv, NULL, fd, 0, 0));
	}
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
TEST_F(address, taken_from_above)
{
	struct agent below;
	long child, server;

	child = ask0(&self->in_a, a_create);
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
	EXPECT_EQ(1, on(NULL, a_cast, group, host, 5000, 1));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_a, a_recv, NULL, in_a, SILENCE_MS,
				 0));
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
	bool v6 = family_of(variant->a) == AF_INET6;
	const char *dum1 = v6 ? "fd01::1" : "10.1.0.1";
	const char *near = v6 ? "fd01::9" : "10.1.0.9";
	const char *net = v6 ? "fd01::/64" : "10.1.0.0/24";
	int family = family_of(variant->a);
	long fd;

	ASSERT_EQ(0, permit_on(self->a, "dum1", net));
	ASSERT_EQ(0, permit_on(self->b, "dum0", net));
	/* Bound to no device, it may be on one. */
	EXPECT_LT(0, sock_bound(&self->in_a, SOCK_DGRAM, dum1, 0));
	EXPECT_LT(0, sock_bound(&self->in_b, SOCK_DGRAM, dum1, 0));
	/* What leaves by dum1 may come from there. */
	fd = on(&self->in_a, a_socket, NULL, family, SOCK_DGRAM, 0);
	EXPECT_EQ(1, on2(&self->in_a, a_sendto, near, dum1, fd, 1000, 0));
	EXPECT_EQ(1, on(&self->in_a, a_sendto, near, fd, 1000, 0));
	EXPECT_EQ(0, on(&self->in_a, a_connect, near, fd, 1000, 0));
	EXPECT_STREQ(dum1, sock_local(&self->in_a, fd));
	/* What leaves by dum0 may not. */
	fd = on(&self->in_a, a_socket, NULL, family, SOCK_DGRAM, 0);
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_sendto, variant->far, dum1,
				      fd, 1000, 0));
	fd = on(&self->in_b, a_socket, NULL, family, SOCK_DGRAM, 0);
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_b, a_sendto, near, dum1, fd,
				      1000, 0));
	/* which others may */
	fd = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
	EXPECT_EQ(1, on2(NULL, a_sendto, variant->far, dum1, fd, 1000, 0));
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
	EXPECT_EQ(0, on2(&self->in_a, a_storm, variant->a, variant->far, 500,
			 0, 0));
	EXPECT_EQ(0, on2(&self->in_b, a_storm, variant->b, variant->far, 500,
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

TEST_HARNESS_MAIN
