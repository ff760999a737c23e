// SPDX-License-Identifier: GPL-2.0
/*
 * What sockets of SCTP in a CLOSED context do with addresses, in the network
 * namespace of the host.  They have several, and tell peers of them.
 */
#include "net.h"

#include <linux/sctp.h>

#ifndef SOL_SCTP
#define SOL_SCTP		132
#endif

FIXTURE(sctp)
{
	long a, b;
	struct agent in_a, in_b;
};

FIXTURE_VARIANT(sctp)
{
	const char *a, *b, *host;	/* addresses, the last one of nobody */
	const char *more;		/* that no device has */
	const char *in_proc;		/* host */
	const char *any, *loopback;
};

FIXTURE_VARIANT_ADD(sctp, ipv4)
{
	.a = "10.0.0.1",
	.b = "10.0.0.2",
	.host = "10.0.0.3",
	.more = "10.0.0.4",
	.in_proc = "10.0.0.3 ",
	.any = "0.0.0.0",
	.loopback = "127.0.0.1",
};

FIXTURE_VARIANT_ADD(sctp, ipv6)
{
	.a = "fd00::1",
	.b = "fd00::2",
	.host = "fd00::3",
	.more = "fd00::4",
	.in_proc = "fd00:0000:0000:0000:0000:0000:0000:0003 ",
	.any = "::",
	.loopback = "::1",
};

FIXTURE_SETUP(sctp)
{
	VC_SETUP();
	ASSERT_EQ(0, net_make());
	self->a = ctx_make(VC_ID_SELF, 0, 0, "a");
	self->b = ctx_make(VC_ID_SELF, 0, 0, "b");
	ASSERT_LT(0, self->a);
	ASSERT_LT(0, self->b);
	ASSERT_EQ(0, permit(self->a, variant->a));
	ASSERT_EQ(0, permit(self->b, variant->b));
	ASSERT_EQ(0, agent_start(&self->in_a, self->a, 0));
	ASSERT_EQ(0, agent_start(&self->in_b, self->b, 0));
}

FIXTURE_TEARDOWN(sctp)
{
	vc_teardown();
}

/* ---- sockets, here and in agents ---- */

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };

static long new_socket(struct agent *agent, int type, const char *text)
{
	return on(agent, a_socket, NULL, family_of(text), type, IPPROTO_SCTP);
}

static long bound(struct agent *agent, int type, const char *text, int port)
{
	return sock_bound_by(agent, type, IPPROTO_SCTP, text, port);
}

static long listening(struct agent *agent, int type, const char *text, int port)
{
	return sock_listening_by(agent, type, IPPROTO_SCTP, text, port);
}

/* An option that takes addresses: one or two of them in agent_buf. */
static long a_addresses(long fd, long option, long port)
{
	const char *second = agent_buf + strlen(agent_buf) + 1;
	struct sockaddr_storage addr;
	char buf[2 * sizeof(struct sockaddr_in6)];
	socklen_t len, more = 0;

	len = sock_addr(&addr, agent_buf, port);
	memcpy(buf, &addr, len);
	if (*second) {
		more = sock_addr(&addr, second, port);
		memcpy(buf + len, &addr, more);
	}
	return res(setsockopt(fd, SOL_SCTP, option, buf, len + more));
}

/*
 * Waits until it is connected, @ms at most; poll() would not.  By connectx() if
 * that is asked for by what stands behind the address in agent_buf.
 */
static long a_join(long fd, long port, long ms)
{
	bool connectx = agent_buf[strlen(agent_buf) + 1];
	struct sockaddr_storage addr;
	socklen_t len = sock_addr(&addr, agent_buf, port);
	int flags = fcntl(fd, F_GETFL);
	struct timeval tv;
	long ret;

	ms = ms ? ms : ARRIVAL_MS;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	ret = connectx ? res(setsockopt(fd, SOL_SCTP, SCTP_SOCKOPT_CONNECTX,
					&addr, len)) :
			 res(connect(fd, (void *)&addr, len));
	fcntl(fd, F_SETFL, flags);
	return ret < 0 ? ret : 0;
}

static long connected(struct agent *agent, const char *text, int port)
{
	long fd = new_socket(agent, SOCK_STREAM, text);

	return fd < 0 ? fd :
		sock_kept(agent, fd, on(agent, a_join, text, fd, port, 0));
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* How many addresses it or its peer has; they are in agent_buf, in order. */
static long a_addrs_of(long fd, long option, long c)
{
	struct {
		struct sctp_getaddrs head;
		char room[1024];
	} got = {};
	char text[16][INET6_ADDRSTRLEN];
	const char *at = (void *)got.head.addrs;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(got);
	unsigned int i;

	agent_buf[0] = '\0';
	if (getsockopt(fd, SOL_SCTP, option, &got, &len))
		return -errno;
	if (got.head.addr_num > ARRAY_SIZE(text))
		return -E2BIG;
	for (i = 0; i < got.head.addr_num; i++) {
		memcpy(&addr, at, sizeof(struct sockaddr_in6));
		sock_text(&addr, text[i], sizeof(text[i]));
		at += addr.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
						   sizeof(struct sockaddr_in);
	}
	qsort(text, i, sizeof(text[0]), compare_text);
	for (i = 0; i < got.head.addr_num; i++)
		strcatf(agent_buf, sizeof(agent_buf), "%s%s", i ? " " : "",
			text[i]);
	return i;
}

/* "ADDRESS ...", or why not. */
static const char *list(struct agent *agent, long fd, int option)
{
	static char bufs[4][sizeof(agent_buf)];
	static unsigned int next;
	char *buf = bufs[next++ % 4];
	long ret = on(agent, a_addrs_of, NULL, fd, option, 0);

	if (ret < 0)
		snprintf(buf, sizeof(bufs[0]), "%ld", ret);
	else
		snprintf(buf, sizeof(bufs[0]), "%s", agent_buf);
	return buf;
}

#define addrs_of(agent, fd)	list(agent, fd, SCTP_GET_LOCAL_ADDRS)
/* What a peer has said of itself. */
#define told(agent, fd)		list(agent, fd, SCTP_GET_PEER_ADDRS)

/* Is @addr in @text, and not only as the beginning of another one? */
static bool has(const char *text, const char *addr)
{
	char all[1040], word[64];

	snprintf(all, sizeof(all), " %s ", text);
	snprintf(word, sizeof(word), " %s ", addr);
	return strstr(all, word);
}

/* ---- bind ---- */

TEST_F(sctp, bind)
{
	unsigned int i;
	long fd;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_LT(0, bound(NULL, types[i], variant->b, 0));
		EXPECT_LT(0, bound(NULL, types[i], variant->loopback, 0));

		EXPECT_LT(0, bound(&self->in_a, types[i], variant->a, 0));
		EXPECT_LT(0, bound(&self->in_a, types[i], variant->any, 0));
		EXPECT_EQ(-EADDRNOTAVAIL,
			  bound(&self->in_a, types[i], variant->b, 0));
		EXPECT_EQ(-EADDRNOTAVAIL,
			  bound(&self->in_a, types[i], variant->loopback, 0));
		EXPECT_EQ(-EADDRNOTAVAIL,
			  bound(&self->in_a, types[i], variant->more, 0));
	}
	/* one of IPv4, told as one of IPv6 */
	fd = new_socket(&self->in_a, SOCK_STREAM, "::");
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on(&self->in_a, a_bind, "::ffff:10.0.0.3", fd, 0, 0));
}

/* All that is added is permitted, or nothing is added. */
TEST_F(sctp, bindx)
{
	long fd;

	fd = new_socket(NULL, SOCK_STREAM, variant->a);
	EXPECT_EQ(0, on2(NULL, a_addresses, variant->a, variant->b, fd,
			 SCTP_SOCKOPT_BINDX_ADD, 2000));
	EXPECT_TRUE(has(addrs_of(NULL, fd), variant->b));
	close(fd);

	fd = new_socket(&self->in_a, SOCK_STREAM, variant->a);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on2(&self->in_a, a_addresses, variant->a, variant->b, fd,
		      SCTP_SOCKOPT_BINDX_ADD, 2000));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on2(&self->in_a, a_addresses, variant->b, variant->a, fd,
		      SCTP_SOCKOPT_BINDX_ADD, 2000));
	EXPECT_STREQ("", addrs_of(&self->in_a, fd));
	/* one after the other */
	EXPECT_EQ(0, on(&self->in_a, a_bind, variant->a, fd, 2000, 0));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on(&self->in_a, a_addresses, variant->host, fd,
		     SCTP_SOCKOPT_BINDX_ADD, 2000));
	EXPECT_STREQ(variant->a, addrs_of(&self->in_a, fd));
	ASSERT_EQ(0, permit(self->a, variant->host));
	EXPECT_EQ(0, on(&self->in_a, a_addresses, variant->host, fd,
			SCTP_SOCKOPT_BINDX_ADD, 2000));
	EXPECT_TRUE(has(addrs_of(&self->in_a, fd), variant->host));
}

/* ---- source ---- */

/* One that is not bound has a permitted source, and tells of no other. */
TEST_F(sctp, source)
{
	long server, fd, got;
	int connectx;

	server = listening(NULL, SOCK_STREAM, variant->host, 1000);
	ASSERT_LT(0, server);

	fd = connected(NULL, variant->host, 1000);
	ASSERT_LT(0, fd);
	got = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	EXPECT_TRUE(has(told(NULL, got), variant->a));
	EXPECT_TRUE(has(told(NULL, got), variant->b));

	for (connectx = 0; connectx < 2; connectx++) {
		fd = new_socket(&self->in_b, SOCK_STREAM, variant->host);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, on2(&self->in_b, a_join, variant->host,
				 connectx ? "x" : "", fd, 1000, 0));
		got = on(NULL, a_accept, NULL, server, 0, 0);
		ASSERT_LT(0, got);
		EXPECT_STREQ(variant->b, told(NULL, got));
		EXPECT_EQ(1, on(&self->in_b, a_send, NULL, fd, 0, 0));
		EXPECT_EQ(1, on(NULL, a_recv, NULL, got, 0, 0));
		EXPECT_EQ(1, on(NULL, a_send, NULL, got, 0, 0));
		EXPECT_EQ(1, on(&self->in_b, a_recv, NULL, fd, 0, 0));
	}
	/* where there is none, it is as ever */
	EXPECT_EQ(-ECONNREFUSED, connected(&self->in_b, variant->host, 1001));
}

/* Connected by the first message. */
TEST_F(sctp, source_of_message)
{
	long server, fd;

	server = listening(NULL, SOCK_SEQPACKET, variant->host, 1000);
	ASSERT_LT(0, server);
	fd = new_socket(&self->in_b, SOCK_SEQPACKET, variant->host);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, on(&self->in_b, a_sendto, variant->host, fd, 1000, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, server, 0, 0));
	EXPECT_STREQ(variant->b, agent_buf);
	fd = new_socket(&self->in_a, SOCK_SEQPACKET, variant->host);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, on(&self->in_a, a_sendto, variant->host, fd, 1000, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, server, 0, 0));
	EXPECT_STREQ(variant->a, agent_buf);
}

TEST_F(sctp, no_source)
{
	long fd;

	ASSERT_LT(0, listening(NULL, SOCK_STREAM, variant->host, 1000));
	EXPECT_LT(0, connected(&self->in_a, variant->host, 1000));
	/* bound to what it may not have any more */
	fd = bound(&self->in_a, SOCK_STREAM, variant->a, 0);
	ASSERT_LT(0, fd);
	ASSERT_EQ(0, forbid(self->a, variant->a));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on(&self->in_a, a_join, variant->host, fd, 1000, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, connected(&self->in_a, variant->host, 1000));
	fd = new_socket(&self->in_a, SOCK_SEQPACKET, variant->host);
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on(&self->in_a, a_sendto, variant->host, fd, 1000, 0));
	/* permitted, but on no device */
	ASSERT_EQ(0, permit(self->a, variant->more));
	EXPECT_EQ(-EADDRNOTAVAIL, connected(&self->in_a, variant->host, 1000));
}

/* ---- the wildcard ---- */

TEST_F(sctp, wildcard_serves_its_own)
{
	long server, fd;

	ASSERT_LT(0, listening(NULL, SOCK_STREAM, variant->any, 1001));
	fd = connected(NULL, variant->b, 1001);
	ASSERT_LT(0, fd);
	EXPECT_TRUE(has(told(NULL, fd), variant->a));
	EXPECT_LT(0, connected(NULL, variant->loopback, 1001));

	server = listening(&self->in_a, SOCK_STREAM, variant->any, 1000);
	ASSERT_LT(0, server);
	fd = connected(NULL, variant->a, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->a, told(NULL, fd));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server, 0, 0));
	EXPECT_EQ(-ECONNREFUSED, connected(NULL, variant->b, 1000));
	EXPECT_EQ(-ECONNREFUSED, connected(NULL, variant->host, 1000));
	EXPECT_EQ(-ECONNREFUSED, connected(NULL, variant->loopback, 1000));
	/* a permit that comes later is served, too */
	ASSERT_EQ(0, permit(self->a, variant->host));
	fd = connected(NULL, variant->host, 1000);
	ASSERT_LT(0, fd);
	EXPECT_TRUE(has(told(NULL, fd), variant->a));
	EXPECT_FALSE(has(told(NULL, fd), variant->b));
	EXPECT_LT(0, on(&self->in_a, a_accept, NULL, server, 0, 0));
}

/* Two of them have the same port, and each its own connections. */
TEST_F(sctp, wildcards_coexist)
{
	long server_a, server_b, fd;

	server_a = listening(&self->in_a, SOCK_STREAM, variant->any, 80);
	server_b = listening(&self->in_b, SOCK_STREAM, variant->any, 80);
	ASSERT_LT(0, server_a);
	ASSERT_LT(0, server_b);

	EXPECT_LT(0, connected(NULL, variant->a, 80));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_b, a_accept, NULL, server_b,
				 SILENCE_MS, 0));
	fd = on(&self->in_a, a_accept, NULL, server_a, 0, 0);
	ASSERT_LT(0, fd);

	EXPECT_LT(0, connected(NULL, variant->b, 80));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_a, a_accept, NULL, server_a,
				 SILENCE_MS, 0));
	fd = on(&self->in_b, a_accept, NULL, server_b, 0, 0);
	ASSERT_LT(0, fd);
	EXPECT_EQ(-ECONNREFUSED, connected(NULL, variant->host, 80));

	/* A second one within the same, and the host's, which overlaps. */
	EXPECT_EQ(-EADDRINUSE,
		  listening(&self->in_a, SOCK_STREAM, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE, listening(NULL, SOCK_STREAM, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE, listening(NULL, SOCK_STREAM, variant->a, 80));
	/* that of nobody is free */
	EXPECT_LT(0, listening(NULL, SOCK_STREAM, variant->host, 80));
	EXPECT_LT(0, connected(NULL, variant->host, 80));
}

/* Those that may have an address in common conflict. */
TEST_F(sctp, overlap)
{
	long fd;

	ASSERT_LT(0, listening(NULL, SOCK_STREAM, variant->any, 81));
	EXPECT_EQ(-EADDRINUSE,
		  listening(&self->in_a, SOCK_STREAM, variant->any, 81));
	ASSERT_EQ(0, permit(self->a, variant->host));
	ASSERT_EQ(0, permit(self->b, variant->host));
	ASSERT_LT(0, listening(&self->in_a, SOCK_STREAM, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE,
		  listening(&self->in_b, SOCK_STREAM, variant->any, 80));
	/* an address that is added later */
	fd = bound(&self->in_b, SOCK_STREAM, variant->b, 80);
	ASSERT_LT(0, fd);
	EXPECT_EQ(-EADDRINUSE, on(&self->in_b, a_addresses, variant->host, fd,
				  SCTP_SOCKOPT_BINDX_ADD, 80));
	EXPECT_EQ(0, on(&self->in_b, a_listen, NULL, fd, 0, 0));
}

static long listening_shared(struct agent *agent, const char *text, int port)
{
	long fd = new_socket(agent, SOCK_STREAM, text);
	long ret;

	if (fd < 0)
		return fd;
	ret = on(agent, a_option, NULL, fd, OPTION(SOL_SOCKET, SO_REUSEPORT), 1);
	if (!ret)
		ret = on(agent, a_bind, text, fd, port, 0);
	if (!ret)
		ret = on(agent, a_listen, NULL, fd, 0, 0);
	return sock_kept(agent, fd, ret);
}

/* A port is shared within a context alone. */
TEST_F(sctp, reuseport)
{
	ASSERT_LT(0, listening_shared(NULL, variant->host, 81));
	EXPECT_LT(0, listening_shared(NULL, variant->host, 81));

	ASSERT_LT(0, listening_shared(&self->in_a, variant->a, 80));
	EXPECT_LT(0, listening_shared(&self->in_a, variant->a, 80));
	EXPECT_EQ(-EADDRINUSE, listening_shared(NULL, variant->a, 80));
	ASSERT_EQ(0, permit(self->b, variant->a));
	EXPECT_EQ(-EADDRINUSE, listening_shared(&self->in_b, variant->a, 80));
}

/* Groups of wildcards that have no address in common. */
TEST_F(sctp, reuseport_apart)
{
	long server_a, server_b;
	int i;

	server_a = listening_shared(&self->in_a, variant->any, 80);
	server_b = listening_shared(&self->in_b, variant->any, 80);
	ASSERT_LT(0, server_a);
	ASSERT_LT(0, server_b);
	/* each from another port */
	for (i = 0; i < 8; i++) {
		ASSERT_LT(0, connected(NULL, variant->a, 80));
		ASSERT_LT(0, on(&self->in_a, a_accept, NULL, server_a, 0, 0));
		ASSERT_LT(0, connected(NULL, variant->b, 80));
		ASSERT_LT(0, on(&self->in_b, a_accept, NULL, server_b, 0, 0));
	}
}

/* ---- permits that change ---- */

TEST_F(sctp, taken_away)
{
	long server, other, fd, here, there;

	server = listening(&self->in_a, SOCK_STREAM, variant->any, 1000);
	other = listening(NULL, SOCK_STREAM, variant->any, 1001);
	ASSERT_LT(0, server);
	ASSERT_LT(0, other);
	fd = connected(NULL, variant->a, 1001);
	ASSERT_LT(0, fd);
	there = on(NULL, a_accept, NULL, other, 0, 0);
	ASSERT_LT(0, there);
	EXPECT_EQ(1, on(NULL, a_send, NULL, fd, 0, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, there, 0, 0));
	fd = connected(NULL, variant->a, 1000);
	ASSERT_LT(0, fd);
	here = on(&self->in_a, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, here);

	ASSERT_EQ(0, forbid(self->a, variant->a));
	EXPECT_EQ(1, on(NULL, a_send, NULL, fd, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_a, a_recv, NULL, here, SILENCE_MS,
				 0));
	EXPECT_EQ(1, on(&self->in_a, a_send, NULL, here, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, on(NULL, a_recv, NULL, fd, SILENCE_MS, 0));
	EXPECT_EQ(-ECONNREFUSED, connected(NULL, variant->a, 1000));
	/* nothing is broken off */
	ASSERT_EQ(0, permit(self->a, variant->a));
	EXPECT_EQ(1, on(&self->in_a, a_recv, NULL, here, 0, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, fd, 0, 0));
	EXPECT_LT(0, connected(NULL, variant->a, 1000));
}

/* What devices get later is told to peers if it is permitted. */
TEST_F(sctp, added)
{
	static const char * const on_off[] = {
		"/proc/sys/net/sctp/addip_enable",
		"/proc/sys/net/sctp/addip_noauth_enable",
		"/proc/sys/net/sctp/default_auto_asconf",
	};
	long server, by_host, by_a, by_b;
	char both[80];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(on_off); i++)
		ASSERT_EQ(0, file_write(on_off[i], "1"));
	/* one that is not in the business itself */
	server = bound(NULL, SOCK_STREAM, variant->host, 1000);
	ASSERT_LT(0, server);
	ASSERT_EQ(0, on(NULL, a_listen, NULL, server, 0, 0));
	ASSERT_EQ(0, permit(self->a, variant->more));

	ASSERT_LT(0, connected(&self->in_a, variant->host, 1000));
	by_a = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, connected(&self->in_b, variant->host, 1000));
	by_b = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, connected(NULL, variant->host, 1000));
	by_host = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, by_host);
	EXPECT_STREQ(variant->a, told(NULL, by_a));
	EXPECT_STREQ(variant->b, told(NULL, by_b));

	snprintf(both, sizeof(both), "%s/%d", variant->more,
		 family_of(variant->a) == AF_INET ? 24 : 64);
	ASSERT_EQ(0, addr_add("dum0", both));
	EXPECT_TRUE(WAIT_FOR(has(told(NULL, by_host), variant->more)));
	EXPECT_TRUE(WAIT_FOR(has(told(NULL, by_a), variant->more)));
	EXPECT_STREQ(variant->b, told(NULL, by_b));
}

/* ---- sockets from outside ---- */

TEST_F(sctp, given)
{
	long wide, server, fd;

	ASSERT_LT(0, listening(NULL, SOCK_STREAM, variant->host, 1000));
	ASSERT_LT(0, listening(NULL, SOCK_SEQPACKET, variant->host, 1001));
	wide = new_socket(NULL, SOCK_STREAM, variant->a);
	ASSERT_LE(0, wide);
	ASSERT_EQ(0, agent_give(&self->in_a, wide));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on(&self->in_a, a_join, variant->host, fd, 1000, 0));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on2(&self->in_a, a_join, variant->host, "x", fd, 1000, 0));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on(&self->in_a, a_bind, variant->any, fd, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on2(&self->in_a, a_addresses, variant->a, variant->b, fd,
		      SCTP_SOCKOPT_BINDX_ADD, 2000));
	/* it goes, for who gave it */
	EXPECT_EQ(0, on2(NULL, a_join, variant->host, "x", wide, 1000, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_send, NULL, fd, 0, 0));
	EXPECT_EQ(1, on(NULL, a_send, NULL, wide, 0, 0));
	wide = new_socket(NULL, SOCK_SEQPACKET, variant->a);
	ASSERT_EQ(0, agent_give(&self->in_a, wide));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EADDRNOTAVAIL,
		  on(&self->in_a, a_sendto, variant->host, fd, 1001, 0));
	EXPECT_EQ(1, on(NULL, a_sendto, variant->host, wide, 1001, 0));

	/* one that has a permitted address, and had another one before */
	server = bound(NULL, SOCK_STREAM, variant->b, 80);
	ASSERT_LT(0, server);
	ASSERT_EQ(0, on(NULL, a_addresses, variant->a, server,
			SCTP_SOCKOPT_BINDX_ADD, 80));
	ASSERT_EQ(0, on(NULL, a_listen, NULL, server, 0, 0));
	ASSERT_EQ(0, agent_give(&self->in_a, server));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_LT(0, connected(NULL, variant->b, 80));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_accept, NULL, fd, 0, 0));
	EXPECT_LT(0, on(NULL, a_accept, NULL, server, 0, 0));
}

/* ---- what is shown ---- */

/* Whether a socket or connection with a local port is in a file of /proc. */
static bool shown(struct agent *agent, const char *name, const char *port)
{
	char path[64], word[16];

	snprintf(path, sizeof(path), "/proc/net/sctp/%s", name);
	snprintf(word, sizeof(word), " %s ", port);
	return on2(agent, a_grep, path, word, 0, 0, 0) > 0;
}

TEST_F(sctp, shown)
{
	int family = family_of(variant->a);
	long fd;

	ASSERT_LT(0, listening(NULL, SOCK_STREAM, variant->host, 21001));
	ASSERT_LT(0, listening(&self->in_a, SOCK_STREAM, variant->a, 21002));
	EXPECT_TRUE(shown(NULL, "eps", "21001"));
	EXPECT_TRUE(shown(NULL, "eps", "21002"));
	EXPECT_FALSE(shown(&self->in_a, "eps", "21001"));
	EXPECT_TRUE(shown(&self->in_a, "eps", "21002"));
	EXPECT_EQ(1, on(NULL, a_diag, NULL, family, IPPROTO_SCTP, 21001));
	EXPECT_EQ(0, on(&self->in_a, a_diag, NULL, family, IPPROTO_SCTP,
			21001));
	EXPECT_EQ(1, on(&self->in_a, a_diag, NULL, family, IPPROTO_SCTP,
			21002));

	/* a connection of the host's with itself */
	EXPECT_EQ(0, on2(&self->in_a, a_grep, "/proc/net/sctp/remaddr",
			 variant->in_proc, 0, 0, 0));
	ASSERT_LT(0, connected(NULL, variant->host, 21001));
	EXPECT_TRUE(shown(NULL, "assocs", "21001"));
	EXPECT_FALSE(shown(&self->in_a, "assocs", "21001"));
	EXPECT_LT(0, on2(NULL, a_grep, "/proc/net/sctp/remaddr",
			 variant->in_proc, 0, 0, 0));
	EXPECT_EQ(0, on2(&self->in_a, a_grep, "/proc/net/sctp/remaddr",
			 variant->in_proc, 0, 0, 0));
	EXPECT_LT(1, on(NULL, a_diag, NULL, family, IPPROTO_SCTP, 21001));
	EXPECT_EQ(0, on(&self->in_a, a_diag, NULL, family, IPPROTO_SCTP,
			21001));
	/* and one of its own */
	ASSERT_LT(0, connected(&self->in_a, variant->host, 21001));
	EXPECT_TRUE(shown(&self->in_a, "assocs", "21001"));
	EXPECT_LT(0, on2(&self->in_a, a_grep, "/proc/net/sctp/remaddr",
			 variant->in_proc, 0, 0, 0));

	/* which addresses the wildcard has */
	fd = listening(NULL, SOCK_STREAM, variant->any, 21003);
	EXPECT_TRUE(has(addrs_of(NULL, fd), variant->b));
	fd = listening(&self->in_a, SOCK_STREAM, variant->any, 21004);
	EXPECT_STREQ(variant->a, addrs_of(&self->in_a, fd));
}

TEST_HARNESS_MAIN
