// SPDX-License-Identifier: GPL-2.0
/*
 * TCP connections of a context: never more than the limit, whoever opens them
 * and however, and nothing is lost where one is refused.
 */
#include "common.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT	30
#endif
#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN		0x20000000
#endif

/* How long a peer may take that is asked again, or asks again. */
#define RETRY_MS		30000
/* How long nothing must happen to believe that it will not. */
#define QUIET_MS		200

/* ---- the limit ---- */

static long tcp_limit(__u32 id, __u64 limit)
{
	struct vc_limit l = { .limit = limit };

	return vc(VC_SET_TCP, id, &l);
}

static struct vc_limit tcp_get(__u32 id)
{
	struct vc_limit l = { .usage = ~0ULL };

	vc(VC_GET_TCP, id, &l);
	return l;
}

static long tcp_usage(__u32 id)
{
	return tcp_get(id).usage;
}

static long tcp_peak(__u32 id)
{
	return tcp_get(id).peak;
}

static long tcp_hits(__u32 id)
{
	return tcp_get(id).hits;
}

/* ---- sockets, here and in agents ---- */

enum { V4, V6, MAPPED };

static socklen_t address(struct sockaddr_storage *addr, int kind, int port)
{
	struct sockaddr_in *in = (void *)addr;
	struct sockaddr_in6 *in6 = (void *)addr;

	memset(addr, 0, sizeof(*addr));
	if (kind == V4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	inet_pton(AF_INET6, kind == V6 ? "::1" : "::ffff:127.0.0.1",
		  &in6->sin6_addr);
	return sizeof(*in6);
}

static long port_of(int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (void *)&addr, &len))
		return -errno;
	/* at the same place in both */
	return ntohs(((struct sockaddr_in *)&addr)->sin_port);
}

/* A socket that does not block, bound to @port if that is not 0. */
static int sock_new(int kind, int port)
{
	int family = kind == V4 ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage addr;
	int one = 1, len;

	if (fd < 0)
		return -errno;
	if (!port)
		return fd;
	len = address(&addr, kind, port);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (void *)&addr, len)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

static int sock_option(int fd, int option, int value)
{
	return res(setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value)));
}

static int sock_state(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_state;
}

static bool sock_poll(int fd, int events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, ms) == 1;
}

static void sock_reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* 0 when it is connected, -EINPROGRESS if it still is not after @ms. */
static long sock_done(int fd, int ms)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (!sock_poll(fd, POLLOUT, ms))
		return -EINPROGRESS;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return -error;
}

/* How much of what was said has not been sent yet. */
static long sock_unsent(int fd)
{
	int n = 0;

	return ioctl(fd, SIOCOUTQNSD, &n) ? -errno : n;
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static long sock_call(int fd, int kind, int port)
{
	struct sockaddr_storage addr;
	socklen_t len = address(&addr, kind, port);

	return res(connect(fd, (void *)&addr, len));
}

/* A connection that may be under way: a descriptor or -errno. */
static long sock_begin(int kind, int port)
{
	int fd = sock_new(kind, 0);
	long ret;

	if (fd < 0)
		return fd;
	ret = sock_call(fd, kind, port);
	if (ret && ret != -EINPROGRESS) {
		close(fd);
		return ret;
	}
	return fd;
}

/* One that is there: a descriptor or -errno. */
static long sock_connect(int kind, int port)
{
	long fd = sock_begin(kind, port);
	long ret;

	if (fd < 0)
		return fd;
	ret = sock_done(fd, RETRY_MS);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

static long sock_accept(int listener, int ms)
{
	if (!sock_poll(listener, POLLIN, ms))
		return -EAGAIN;
	return res(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

#define DEFER		1	/* TCP_DEFER_ACCEPT, a second */
#define FASTOPEN	2
#define IMPATIENT	4	/* SYN-ACKs are sent again twice */

static long sock_listen(int kind, int flags)
{
	int fd = sock_new(kind == MAPPED ? V6 : kind, 0);
	struct sockaddr_storage addr;
	socklen_t len = address(&addr, kind, 0);
	int zero = 0;

	if (fd < 0)
		return fd;
	if (kind == MAPPED) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
		((struct sockaddr_in6 *)&addr)->sin6_addr = in6addr_any;
	}
	if (((flags & DEFER) && sock_option(fd, TCP_DEFER_ACCEPT, 1)) ||
	    ((flags & FASTOPEN) && sock_option(fd, TCP_FASTOPEN, 128)) ||
	    ((flags & IMPATIENT) && sock_option(fd, TCP_SYNCNT, 2)) ||
	    bind(fd, (void *)&addr, len) || listen(fd, 256)) {
		long ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

static long a_listen(long kind, long flags, long c)
{
	return sock_listen(kind, flags);
}

static long a_port(long fd, long b, long c)
{
	return port_of(fd);
}

static long a_connect(long kind, long port, long c)
{
	return sock_connect(kind, port);
}

static long a_begin(long kind, long port, long c)
{
	return sock_begin(kind, port);
}

static long a_done(long fd, long ms, long c)
{
	return sock_done(fd, ms);
}

static long a_accept(long fd, long ms, long c)
{
	return sock_accept(fd, ms);
}

static long a_close(long fd, long b, long c)
{
	return res(close(fd));
}

static long a_reset(long fd, long b, long c)
{
	sock_reset(fd);
	return 0;
}

static long a_shutdown(long fd, long how, long c)
{
	return res(shutdown(fd, how));
}

static long a_state(long fd, long b, long c)
{
	return sock_state(fd);
}

static long a_say(long fd, long b, long c)
{
	return res(send(fd, "x", 1, MSG_NOSIGNAL));
}

/* Takes @n callers, one after another, hears and answers each. */
static long a_serve(long listener, long n, long c)
{
	char byte;
	long i;

	for (i = 0; i < n; i++) {
		int fd = sock_accept(listener, RETRY_MS);

		if (fd < 0)
			break;
		if (read(fd, &byte, 1) == 1 && write(fd, "y", 1) != 1)
			break;
		close(fd);
	}
	return i;
}

/* A listener in the agent: its descriptor there, and its port. */
static long listen_in(struct agent *agent, int kind, int flags, long *port)
{
	long fd = ask3(agent, a_listen, kind, flags, 0);

	*port = fd < 0 ? fd : ask(agent, a_port, fd);
	return fd;
}

/* ---- one context, and the host at the other end ---- */

FIXTURE(tcp)
{
	long id;
	struct agent agent;
	int listener;		/* the host's */
	long port;
};

FIXTURE_VARIANT(tcp)
{
	int kind;
};

FIXTURE_VARIANT_ADD(tcp, v4)
{
	.kind = V4,
};

FIXTURE_VARIANT_ADD(tcp, v6)
{
	.kind = V6,
};

FIXTURE_VARIANT_ADD(tcp, mapped)
{
	.kind = MAPPED,
};

FIXTURE_SETUP(tcp)
{
	VC_SETUP();
	self->id = ctx_new(0);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	self->listener = sock_listen(variant->kind, 0);
	ASSERT_LE(0, self->listener);
	self->port = port_of(self->listener);
	ASSERT_LT(0, self->port);
}

FIXTURE_TEARDOWN(tcp)
{
	vc_teardown();
}

TEST_F(tcp, outgoing)
{
	struct vc_limit l;
	long fd[3];
	int i;

	/* Outside of contexts nothing is counted. */
	fd[0] = sock_connect(variant->kind, self->port);
	ASSERT_LE(0, fd[0]);
	EXPECT_EQ(0, tcp_usage(self->id));
	l = tcp_get(VC_ID_HOST);
	EXPECT_EQ(VC_UNLIMITED, l.limit);
	EXPECT_EQ(0ULL, l.usage);
	close(fd[0]);

	EXPECT_EQ(0, tcp_limit(self->id, 3));
	for (i = 0; i < 3; i++) {
		fd[i] = ask3(&self->agent, a_connect, variant->kind,
			     self->port, 0);
		ASSERT_LE(0, fd[i]);
		EXPECT_EQ(i + 1, tcp_usage(self->id));
		EXPECT_EQ(TCP_ESTABLISHED, ask(&self->agent, a_state, fd[i]));
	}
	EXPECT_EQ(0, tcp_hits(self->id));
	EXPECT_EQ(-EAGAIN, ask3(&self->agent, a_connect, variant->kind,
				self->port, 0));
	EXPECT_EQ(-EAGAIN, ask3(&self->agent, a_begin, variant->kind,
				self->port, 0));
	l = tcp_get(self->id);
	EXPECT_EQ(3ULL, l.limit);
	EXPECT_EQ(3ULL, l.usage);
	EXPECT_EQ(3ULL, l.peak);
	EXPECT_EQ(2ULL, l.hits);

	EXPECT_EQ(0, ask(&self->agent, a_close, fd[1]));
	EXPECT_EQ(2, tcp_usage(self->id));
	fd[1] = ask3(&self->agent, a_connect, variant->kind, self->port, 0);
	EXPECT_LE(0, fd[1]);
	EXPECT_EQ(3, tcp_usage(self->id));
	agent_end(&self->agent);
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
	EXPECT_EQ(3, tcp_peak(self->id));
}

TEST_F(tcp, incoming)
{
	long port, there, fd[3], late, inside;
	int i;

	there = listen_in(&self->agent, variant->kind, 0, &port);
	ASSERT_LE(0, there);
	EXPECT_EQ(0, tcp_limit(self->id, 3));
	for (i = 0; i < 3; i++) {
		fd[i] = sock_connect(variant->kind, port);
		ASSERT_LE(0, fd[i]);
		/* before anybody has accepted it */
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == i + 1));
	}
	inside = ask3(&self->agent, a_accept, there, RETRY_MS, 0);
	EXPECT_LE(0, inside);
	EXPECT_EQ(3, tcp_usage(self->id));
	EXPECT_EQ(0, tcp_hits(self->id));

	late = sock_begin(variant->kind, port);
	ASSERT_LE(0, late);
	/* It is answered, and waits in line. */
	EXPECT_EQ(0, sock_done(late, RETRY_MS));
	EXPECT_TRUE(WAIT_FOR(tcp_hits(self->id) > 0));
	EXPECT_EQ(1, send(late, "x", 1, 0));
	sleep_ms(QUIET_MS);
	EXPECT_EQ(1, sock_unsent(late));
	EXPECT_EQ(3, tcp_usage(self->id));
	/* Neither can it itself connect. */
	EXPECT_EQ(-EAGAIN, ask3(&self->agent, a_connect, variant->kind,
				self->port, 0));

	/* There is room: it asks again. */
	EXPECT_EQ(0, ask(&self->agent, a_close, inside));
	EXPECT_TRUE(WAIT_FOR(sock_unsent(late) == 0));
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 3));

	/* The two that were never accepted, and the late one, are served. */
	for (i = 1; i < 3; i++) {
		EXPECT_EQ(1, send(fd[i], "x", 1, 0));
	}
	EXPECT_EQ(3, ask3(&self->agent, a_serve, there, 3, 0));
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
	EXPECT_EQ(3, tcp_peak(self->id));
}

/* Both ends inside: two sockets. */
TEST_F(tcp, both_ends)
{
	long port, there, fd;

	there = listen_in(&self->agent, variant->kind, 0, &port);
	ASSERT_LE(0, there);
	EXPECT_EQ(0, tcp_limit(self->id, 2));
	fd = ask3(&self->agent, a_connect, variant->kind, port, 0);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 2));
	EXPECT_EQ(0, ask(&self->agent, a_close, fd));
	/* the child has been closed by its peer and is in CLOSE_WAIT */
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));

	/* Room for one end alone: the other one waits in line. */
	EXPECT_EQ(0, tcp_limit(self->id, 1));
	fd = ask3(&self->agent, a_begin, variant->kind, port, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ask3(&self->agent, a_done, fd, RETRY_MS, 0));
	sleep_ms(QUIET_MS);
	EXPECT_EQ(1, tcp_usage(self->id));
	EXPECT_EQ(0, tcp_limit(self->id, 2));
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 2));
}

/* What ends a connection, from either side; half of one is none. */
TEST_F(tcp, ends)
{
	long port, there, in, out, fd;
	int way;

	there = listen_in(&self->agent, variant->kind, 0, &port);
	ASSERT_LE(0, there);
	for (way = 0; way < 6; way++) {
		out = sock_connect(variant->kind, port);
		ASSERT_LE(0, out);
		in = ask3(&self->agent, a_accept, there, RETRY_MS, 0);
		ASSERT_LE(0, in);
		EXPECT_EQ(1, tcp_usage(self->id));
		switch (way) {
		case 0:	/* FIN_WAIT: closed, orphaned */
			EXPECT_EQ(0, ask(&self->agent, a_close, in));
			in = -1;
			break;
		case 1:	/* FIN_WAIT: still open */
			EXPECT_EQ(0, ask3(&self->agent, a_shutdown, in,
					  SHUT_WR, 0));
			break;
		case 2:	/* CLOSE_WAIT */
			shutdown(out, SHUT_WR);
			break;
		case 3:	/* reset by the other side */
			sock_reset(out);
			out = -1;
			break;
		case 4:	/* reset from inside */
			EXPECT_EQ(0, ask(&self->agent, a_reset, in));
			in = -1;
			break;
		case 5:	/* no end at all */
			EXPECT_EQ(0, ask3(&self->agent, a_shutdown, in,
					  SHUT_RD, 0));
			EXPECT_EQ(1, tcp_usage(self->id));
			EXPECT_EQ(0, ask(&self->agent, a_close, in));
			in = -1;
			break;
		}
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0))
			TH_LOG("way %d: %ld", way, tcp_usage(self->id));
		if (way == 2) {
			EXPECT_EQ(TCP_CLOSE_WAIT,
				  ask(&self->agent, a_state, in));
		}
		if (in >= 0)
			ask(&self->agent, a_close, in);
		if (out >= 0)
			close(out);
		EXPECT_EQ(0, tcp_usage(self->id));
	}

	/* A listener that is closed with connections in its queue. */
	out = sock_connect(variant->kind, port);
	fd = sock_connect(variant->kind, port);
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 2));
	EXPECT_EQ(0, ask(&self->agent, a_close, there));
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
	close(out);
	close(fd);
}

static long a_outgoing_fails(long kind, long port, long same)
{
	int fd, twin;
	long ret;

	/* Nobody listens. */
	fd = sock_new(kind, same);
	ret = sock_call(fd, kind, same);
	if (ret == -EINPROGRESS)
		ret = sock_done(fd, RETRY_MS);
	close(fd);
	if (ret && ret != -ECONNREFUSED)
		return ret;

	/* The same four numbers twice. */
	fd = sock_new(kind, same);
	ret = sock_call(fd, kind, port);
	if (ret == -EINPROGRESS)
		ret = sock_done(fd, RETRY_MS);
	if (ret)
		return ret;
	twin = sock_new(kind, same);
	if (twin < 0)
		return twin;
	ret = sock_call(twin, kind, port);
	close(twin);
	sock_reset(fd);
	return ret;
}

/* A connect that fails gives its place back. */
TEST_F(tcp, connect_fails)
{
	int fd = sock_listen(variant->kind, 0);
	long port = port_of(fd);

	/* a port of which nothing listens any more */
	close(fd);
	EXPECT_EQ(0, tcp_limit(self->id, 2));
	EXPECT_EQ(-ECONNREFUSED, ask3(&self->agent, a_connect, variant->kind,
				      port, 0));
	EXPECT_EQ(0, tcp_usage(self->id));
	EXPECT_EQ(-EADDRNOTAVAIL, ask3(&self->agent, a_outgoing_fails,
				       variant->kind, self->port, port));
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
	EXPECT_EQ(2, tcp_peak(self->id));
	EXPECT_EQ(0, tcp_hits(self->id));
}

/* To itself: both SYNs cross, and it is one socket. */
static long a_self_connect(long kind, long b, long c)
{
	struct sockaddr_storage addr;
	socklen_t len = address(&addr, kind, 0);
	int fd = sock_new(kind, 0);
	long ret;

	if (bind(fd, (void *)&addr, len))
		return -errno;
	ret = sock_call(fd, kind, port_of(fd));
	if (ret == -EINPROGRESS)
		ret = sock_done(fd, RETRY_MS);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

TEST_F(tcp, self_connect)
{
	long fd;

	EXPECT_EQ(0, tcp_limit(self->id, 1));
	fd = ask3(&self->agent, a_self_connect, variant->kind, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(TCP_ESTABLISHED, ask(&self->agent, a_state, fd));
	EXPECT_EQ(1, tcp_usage(self->id));
	EXPECT_EQ(-EAGAIN, ask3(&self->agent, a_self_connect, variant->kind,
				0, 0));
	EXPECT_EQ(0, ask(&self->agent, a_close, fd));
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
}

/*
 * Two that call each other.  The first one does not hear that nobody is there,
 * and so still calls when the second one does.
 */
static long a_simultaneous(long kind, long port, long other)
{
	struct sock_filter deaf[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog prog = { .len = 1, .filter = deaf };
	int a = sock_new(kind, port);
	int b = sock_new(kind, other);
	int unused = 0;
	long ret;

	if (a < 0 || b < 0)
		return -EBADF;
	if (setsockopt(a, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		return -errno;
	ret = sock_call(a, kind, other);
	if (ret != -EINPROGRESS || sock_state(a) != TCP_SYN_SENT)
		return -EBADE;
	if (setsockopt(a, SOL_SOCKET, SO_DETACH_FILTER, &unused,
		       sizeof(unused)))
		return -errno;
	ret = sock_call(b, kind, port);
	if (ret != -EINPROGRESS)
		return ret;
	return sock_done(a, RETRY_MS) ?: sock_done(b, RETRY_MS) ?:
	       (long)(a << 16 | b);
}

TEST_F(tcp, simultaneous_open)
{
	int one = sock_listen(variant->kind, 0);
	int two = sock_listen(variant->kind, 0);
	long port = port_of(one), other = port_of(two);
	long fds;

	close(one);
	close(two);
	/* a filter on a TCP socket takes CAP_NET_ADMIN */
	EXPECT_EQ(0, ctx_set_caps(self->id, ~0ULL));
	EXPECT_EQ(0, tcp_limit(self->id, 2));
	fds = ask3(&self->agent, a_simultaneous, variant->kind, port, other);
	ASSERT_LT(0, fds);
	EXPECT_EQ(2, tcp_usage(self->id));
	EXPECT_EQ(TCP_ESTABLISHED, ask(&self->agent, a_state, fds >> 16));
	EXPECT_EQ(TCP_ESTABLISHED, ask(&self->agent, a_state, fds & 0xffff));
	EXPECT_EQ(0, ask(&self->agent, a_reset, fds >> 16));
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
	EXPECT_EQ(0, ask(&self->agent, a_close, fds & 0xffff));

	/* With room for one the second does not call. */
	EXPECT_EQ(0, tcp_limit(self->id, 1));
	EXPECT_EQ(-EAGAIN, ask3(&self->agent, a_simultaneous, variant->kind,
				port, other));
	EXPECT_EQ(1, tcp_usage(self->id));
	EXPECT_EQ(2, tcp_peak(self->id));
}

/* Handshakes that wait for data are no connections, and all get their turn. */
TEST_F(tcp, defer_accept)
{
	long port, there, fd[6];
	int i;

	there = listen_in(&self->agent, variant->kind, DEFER, &port);
	ASSERT_LE(0, there);
	EXPECT_EQ(0, tcp_limit(self->id, 2));
	for (i = 0; i < 6; i++) {
		fd[i] = sock_connect(variant->kind, port);
		ASSERT_LE(0, fd[i]);
	}
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(1, send(fd[i], "x", 1, 0));
	}
	EXPECT_TRUE(WAIT_FOR(tcp_hits(self->id) >= 4));
	EXPECT_EQ(2, tcp_usage(self->id));
	EXPECT_EQ(6, ask3(&self->agent, a_serve, there, 6, 0));
	for (i = 0; i < 6; i++) {
		char byte = 0;

		EXPECT_TRUE(sock_poll(fd[i], POLLIN, RETRY_MS));
		EXPECT_EQ(1, recv(fd[i], &byte, 1, 0));
		EXPECT_EQ('y', byte);
		close(fd[i]);
	}
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
	EXPECT_EQ(2, tcp_peak(self->id));
}

/* Nothing is killed, and nothing new comes until there is room again. */
TEST_F(tcp, limit_below_usage)
{
	long fd[3];
	int i;

	for (i = 0; i < 3; i++) {
		fd[i] = ask3(&self->agent, a_connect, variant->kind,
			     self->port, 0);
		ASSERT_LE(0, fd[i]);
	}
	EXPECT_EQ(0, tcp_limit(self->id, 1));
	EXPECT_EQ(3, tcp_usage(self->id));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EAGAIN, ask3(&self->agent, a_connect,
					variant->kind, self->port, 0));
		EXPECT_EQ(TCP_ESTABLISHED, ask(&self->agent, a_state, fd[i]));
		EXPECT_EQ(0, ask(&self->agent, a_close, fd[i]));
		EXPECT_EQ(2 - i, tcp_usage(self->id));
	}
	EXPECT_LE(0, ask3(&self->agent, a_connect, variant->kind, self->port,
			  0));
}

/* ---- what depends on settings of the network namespace ---- */

static char sysctl_name[128], sysctl_was[64];

static long sysctl_set(const char *name, const char *value)
{
	snprintf(sysctl_name, sizeof(sysctl_name), "/proc/sys/net/ipv4/%s",
		 name);
	if (file_read(sysctl_name, sysctl_was, sizeof(sysctl_was)) <= 0)
		return -EIO;
	return file_write(sysctl_name, value);
}

FIXTURE(tuned)
{
	long id;
	struct agent agent;
};

FIXTURE_SETUP(tuned)
{
	VC_SETUP();
	sysctl_was[0] = '\0';
	self->id = ctx_new(0);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
}

FIXTURE_TEARDOWN(tuned)
{
	if (sysctl_was[0])
		file_write(sysctl_name, sysctl_was);
	vc_teardown();
}

/*
 * A peer that has said all of its handshake, and waits for a server that
 * speaks first.  Its request would be given up after 7 seconds; but as long as
 * the context is full it is kept, and asked.
 */
TEST_F(tuned, patience)
{
	struct timespec wait = { .tv_sec = 11 };
	long port, there, waits, fills, in;
	int listener = sock_listen(V4, 0);
	char byte = 0;

	there = listen_in(&self->agent, V4, DEFER | IMPATIENT,
			  &port);
	ASSERT_LE(0, there);
	EXPECT_EQ(0, tcp_limit(self->id, 1));
	waits = sock_connect(V4, port);
	ASSERT_LE(0, waits);
	fills = ask3(&self->agent, a_connect, V4, port_of(listener), 0);
	ASSERT_LE(0, fills);
	nanosleep(&wait, NULL);
	EXPECT_LT(1, tcp_hits(self->id));
	EXPECT_EQ(1, tcp_usage(self->id));

	EXPECT_EQ(0, ask(&self->agent, a_close, fills));
	in = ask3(&self->agent, a_accept, there, RETRY_MS, 0);
	ASSERT_LE(0, in);
	EXPECT_EQ(1, ask(&self->agent, a_say, in));
	EXPECT_TRUE(sock_poll(waits, POLLIN, RETRY_MS));
	EXPECT_EQ(1, recv(waits, &byte, 1, 0));
	EXPECT_EQ('x', byte);
	EXPECT_EQ(1, tcp_peak(self->id));
	close(waits);
	close(listener);
}

static long a_backlog(long listener, long n, long c)
{
	return res(listen(listener, n));
}

/* A listener that nothing gets through to, or is heard by again. */
static long sock_deafen(int listener, bool deaf)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = { .len = 1, .filter = &drop };

	return res(setsockopt(listener, SOL_SOCKET,
			      deaf ? SO_ATTACH_FILTER : SO_DETACH_FILTER,
			      &filter, sizeof(filter)));
}

/*
 * Who does not answer is given up early where half of the queue of requests is
 * taken.  Not who waits in line, even if there is room when it is looked at.
 */
TEST_F(tuned, kept_in_line)
{
	enum { ALL = 6 };
	int fd[ALL], i, listener;
	long port, there;

	there = listen_in(&self->agent, V4, 0, &port);
	ASSERT_LE(0, there);
	EXPECT_EQ(0, ask3(&self->agent, a_backlog, there, ALL, 0));
	listener = take_fd(self->agent.pid, there);
	ASSERT_LE(0, listener);
	EXPECT_EQ(0, tcp_limit(self->id, 1));
	for (i = 0; i < ALL; i++) {
		fd[i] = sock_connect(V4, port);
		ASSERT_LE(0, fd[i]);
		EXPECT_EQ(1, send(fd[i], "x", 1, 0));
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 1));
	}
	sleep_ms(QUIET_MS);
	/* Looked at again after a half, one and two seconds. */
	EXPECT_EQ(0, sock_deafen(listener, true));
	sleep_ms(700);
	EXPECT_EQ(0, tcp_limit(self->id, ALL));
	sleep_ms(2500);
	EXPECT_EQ(1, tcp_usage(self->id));
	EXPECT_EQ(0, sock_deafen(listener, false));
	EXPECT_EQ(ALL, ask3(&self->agent, a_serve, there, ALL, 0));
	for (i = 0; i < ALL; i++) {
		char byte = 0;

		EXPECT_EQ(1, read(fd[i], &byte, 1));
		EXPECT_EQ('y', byte);
		close(fd[i]);
	}
	EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
	close(listener);
}

/* Each SYN is answered with a cookie, but not when there is no room. */
TEST_F(tuned, syn_cookies)
{
	long port, there, fd[2], late, in;
	int kind;

	ASSERT_EQ(0, sysctl_set("tcp_syncookies", "2"));
	EXPECT_EQ(0, tcp_limit(self->id, 2));
	for (kind = V4; kind <= MAPPED; kind++) {
		there = listen_in(&self->agent, kind, 0, &port);
		ASSERT_LE(0, there);
		fd[0] = sock_connect(kind, port);
		fd[1] = sock_connect(kind, port);
		ASSERT_LE(0, fd[0]);
		ASSERT_LE(0, fd[1]);
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 2));
		late = sock_begin(kind, port);
		ASSERT_LE(0, late);
		EXPECT_EQ(-EINPROGRESS, sock_done(late, QUIET_MS));
		EXPECT_EQ(TCP_SYN_SENT, sock_state(late));
		in = ask3(&self->agent, a_accept, there, RETRY_MS, 0);
		EXPECT_EQ(0, ask(&self->agent, a_close, in));
		EXPECT_EQ(0, sock_done(late, RETRY_MS));
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 2));
		close(fd[0]);
		close(fd[1]);
		close(late);
		EXPECT_EQ(0, ask(&self->agent, a_close, there));
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
	}
	EXPECT_EQ(2, tcp_peak(self->id));
}

/* Data in the SYN: client and server, and no cookies for that. */
#define FASTOPEN_ALL	"519"

static long sock_fastopen(int kind, int port)
{
	struct sockaddr_storage addr;
	socklen_t len = address(&addr, kind, port);
	int fd = sock_new(kind, 0);
	long ret;

	ret = res(sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
			 (void *)&addr, len));
	if (ret < 0 && ret != -EINPROGRESS) {
		close(fd);
		return ret;
	}
	return fd;
}

static long a_fastopen(long kind, long port, long c)
{
	return sock_fastopen(kind, port);
}

TEST_F(tuned, fastopen_incoming)
{
	long port, there, fd, late;
	int kind;

	ASSERT_EQ(0, sysctl_set("tcp_fastopen", FASTOPEN_ALL));
	EXPECT_EQ(0, tcp_limit(self->id, 1));
	for (kind = V4; kind <= V6; kind++) {
		there = listen_in(&self->agent, kind, FASTOPEN, &port);
		ASSERT_LE(0, there);
		fd = sock_fastopen(kind, port);
		ASSERT_LE(0, fd);
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 1));
		late = sock_fastopen(kind, port);
		ASSERT_LE(0, late);
		EXPECT_EQ(0, sock_done(late, RETRY_MS));
		sleep_ms(QUIET_MS);
		EXPECT_EQ(1, tcp_usage(self->id));
		EXPECT_LT(0, tcp_hits(self->id));
		EXPECT_EQ(2, ask3(&self->agent, a_serve, there, 2, 0));
		close(fd);
		close(late);
		EXPECT_EQ(0, ask(&self->agent, a_close, there));
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
	}
	EXPECT_EQ(1, tcp_peak(self->id));
}

/* connect() that sends nothing until there is data. */
static long a_deferred(long kind, long port, long c)
{
	int fd = sock_new(kind, 0);
	long ret;

	ret = sock_option(fd, TCP_FASTOPEN_CONNECT, 1);
	if (!ret)
		ret = sock_call(fd, kind, port);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

TEST_F(tuned, fastopen_outgoing)
{
	int kind;

	ASSERT_EQ(0, sysctl_set("tcp_fastopen", FASTOPEN_ALL));
	EXPECT_EQ(0, tcp_limit(self->id, 1));
	for (kind = V4; kind <= V6; kind++) {
		long listener = sock_listen(kind, FASTOPEN);
		long port = port_of(listener), fd;

		fd = ask3(&self->agent, a_fastopen, kind, port, 0);
		ASSERT_LE(0, fd);
		EXPECT_EQ(1, tcp_usage(self->id));
		EXPECT_EQ(-EAGAIN, ask3(&self->agent, a_fastopen, kind, port,
					0));
		EXPECT_EQ(-EAGAIN, ask3(&self->agent, a_deferred, kind, port,
					0));
		EXPECT_EQ(0, ask(&self->agent, a_reset, fd));
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));

		/* The place is held while there is nothing to send, */
		fd = ask3(&self->agent, a_deferred, kind, port, 0);
		ASSERT_LE(0, fd);
		EXPECT_EQ(1, tcp_usage(self->id));
		EXPECT_EQ(-EAGAIN, ask3(&self->agent, a_connect, kind, port,
					0));
		EXPECT_EQ(0, ask(&self->agent, a_close, fd));
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));

		/* and when there is. */
		fd = ask3(&self->agent, a_deferred, kind, port, 0);
		ASSERT_LE(0, fd);
		EXPECT_EQ(1, ask(&self->agent, a_say, fd));
		EXPECT_EQ(0, ask3(&self->agent, a_done, fd, RETRY_MS, 0));
		EXPECT_EQ(1, tcp_usage(self->id));
		EXPECT_EQ(0, ask(&self->agent, a_reset, fd));
		EXPECT_TRUE(WAIT_FOR(tcp_usage(self->id) == 0));
		close(listener);
	}
	EXPECT_EQ(1, tcp_peak(self->id));
}

/* ---- many at once ---- */

struct caller {
	int fd;
	bool said;
};

#define CALLERS_MAX	256

/*
 * @nr callers, @parallel of them at a time, who say @text and read until the
 * end.  Returns how many got an answer; @watch is called in between.
 */
static long call_many(int kind, int port, int nr, int parallel,
		      const char *text, void (*watch)(void *arg), void *arg)
{
	struct caller callers[CALLERS_MAX];
	struct pollfd polls[CALLERS_MAX];
	int i, active = 0, answered = 0, begun = 0;
	long long end = now_ms() + 5 * RETRY_MS;
	char buf[512];

	while ((begun < nr || active) && now_ms() < end) {
		while (begun < nr && active < parallel) {
			int fd = sock_begin(kind, port);

			if (fd < 0)
				return fd;
			begun++;
			callers[active++] = (struct caller){ .fd = fd };
		}
		for (i = 0; i < active; i++) {
			polls[i].fd = callers[i].fd;
			polls[i].events = callers[i].said ? POLLIN : POLLOUT;
		}
		poll(polls, active, 20);
		if (watch)
			watch(arg);
		for (i = active - 1; i >= 0; i--) {
			struct caller *caller = &callers[i];
			long len;

			if (!polls[i].revents)
				continue;
			if (!caller->said) {
				if (sock_done(caller->fd, 0))
					return -ECONNABORTED;
				len = strlen(text);
				if (send(caller->fd, text, len,
					 MSG_NOSIGNAL) != len)
					return -EPIPE;
				caller->said = true;
				continue;
			}
			len = res(recv(caller->fd, buf, sizeof(buf), 0));
			if (len == -EAGAIN)
				continue;
			if (len <= 0)
				return len ?: -ENODATA;
			/* enough heard; the rest is of no interest */
			answered++;
			sock_reset(caller->fd);
			*caller = callers[--active];
			polls[i] = polls[active];
		}
	}
	return answered;
}

static int storm_listener, storm_open, storm_most;
static long storm_left;

static void *storm_thread(void *arg)
{
	while (__atomic_sub_fetch(&storm_left, 1, __ATOMIC_RELAXED) >= 0) {
		int fd, open, most;
		char byte;

		do {
			fd = sock_accept(storm_listener, RETRY_MS);
		} while (fd == -EAGAIN);
		if (fd < 0)
			break;
		open = __atomic_add_fetch(&storm_open, 1, __ATOMIC_SEQ_CST);
		most = __atomic_load_n(&storm_most, __ATOMIC_RELAXED);
		while (most < open &&
		       !__atomic_compare_exchange_n(&storm_most, &most, open,
						    false, __ATOMIC_RELAXED,
						    __ATOMIC_RELAXED))
			;
		if (read(fd, &byte, 1) == 1 && write(fd, "y", 1) != 1)
			perror("storm");
		nap();
		__atomic_sub_fetch(&storm_open, 1, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return arg;
}

/* @n callers are taken by 4 threads: how many were open at once. */
static long a_storm(long listener, long n, long c)
{
	pthread_t threads[4];
	int i;

	storm_listener = listener;
	storm_left = n;
	storm_open = 0;
	storm_most = 0;
	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, storm_thread, NULL))
			return -EAGAIN;
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return storm_most;
}

FIXTURE(storm)
{
	int unused;
};

FIXTURE_VARIANT(storm)
{
	const char *cookies;
	int kind, flags;
};

FIXTURE_VARIANT_ADD(storm, plain)
{
	.kind = V4,
};

FIXTURE_VARIANT_ADD(storm, defer)
{
	.kind = V6,
	.flags = DEFER,
};

FIXTURE_VARIANT_ADD(storm, cookies)
{
	.kind = V4,
	.cookies = "2",
};

FIXTURE_SETUP(storm)
{
	VC_SETUP();
	sysctl_was[0] = '\0';
	if (variant->cookies) {
		ASSERT_EQ(0, sysctl_set("tcp_syncookies", variant->cookies));
	}
}

FIXTURE_TEARDOWN(storm)
{
	if (sysctl_was[0])
		file_write(sysctl_name, sysctl_was);
	vc_teardown();
}

/*
 * Several threads accept, several processes call: all are served.  Not too many
 * of those who cannot wait in line: they try again later and later.
 */
TEST_F(storm, accept)
{
	int each = variant->flags || variant->cookies ? 6 : 16;
	enum { PROCESSES = 4, LIMIT = 8 };
	long id = ctx_new(0), port, there;
	pid_t pids[PROCESSES];
	struct agent agent;
	long most;
	int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	there = listen_in(&agent, variant->kind, variant->flags, &port);
	ASSERT_LE(0, there);
	EXPECT_EQ(0, tcp_limit(id, LIMIT));
	for (i = 0; i < PROCESSES; i++) {
		pids[i] = child_fork();
		if (!pids[i])
			_exit(call_many(variant->kind, port, each, each, "x",
					NULL, NULL));
	}
	most = ask3(&agent, a_storm, there, each * PROCESSES, 0);
	EXPECT_LT(0, most);
	EXPECT_GE(LIMIT, most);
	for (i = 0; i < PROCESSES; i++) {
		EXPECT_EQ(each, child_wait(pids[i]));
	}
	EXPECT_TRUE(WAIT_FOR(tcp_usage(id) == 0));
	EXPECT_EQ(LIMIT, tcp_peak(id));
	EXPECT_LT(0, tcp_hits(id));
}

VC_FIXTURE(server)

/*
 * As inetd does it: by itself it listens with a backlog of 9, beyond which
 * callers are lost with or without a limit.
 */
static long a_httpd(long listener, long b, long c)
{
	pid_t pid = fork();

	if (pid)
		return res(pid);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = sock_accept(listener, -1);

		if (fd < 0)
			continue;
		pid = fork();
		if (!pid) {
			dup2(fd, 0);
			dup2(fd, 1);
			execl("/bin/busybox", "httpd", "-i", "-h", "/proc",
			      NULL);
			_exit(127);
		}
		close(fd);
	}
}

static void watch_usage(void *arg)
{
	long *id_most = arg;
	long usage = tcp_usage(id_most[0]);

	if (usage > id_most[1])
		id_most[1] = usage;
}

/* A real server: each of 200 at a time is served, and never more than 20. */
TEST_F(server, httpd)
{
	enum { CLIENTS = 200, LIMIT = 20 };
	long id = ctx_new(0), port, there;
	long id_most[2] = { id, 0 };
	struct agent agent;

	if (access("/bin/busybox", X_OK))
		SKIP(return, "no busybox");
	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, tcp_limit(id, LIMIT));
	there = listen_in(&agent, V4, 0, &port);
	ASSERT_LE(0, there);
	ASSERT_LT(0, ask(&agent, a_httpd, there));
	EXPECT_EQ(CLIENTS, call_many(V4, port, CLIENTS, CLIENTS,
				     "GET /version HTTP/1.0\r\n\r\n",
				     watch_usage, id_most));
	EXPECT_GE(LIMIT, id_most[1]);
	EXPECT_EQ(LIMIT, tcp_peak(id));
	EXPECT_LT(0, tcp_hits(id));
	EXPECT_TRUE(WAIT_FOR(tcp_usage(id) == 0));
}

/* ---- who pays ---- */

VC_FIXTURE(payer)

static long a_given(long a, long b, long c)
{
	int fd = agent_fd;

	agent_fd = -1;
	return fd;
}

/* A socket stays with its maker, wherever it goes. */
TEST_F(payer, maker)
{
	long a = ctx_new(0), b = ctx_new(0), port, there;
	int listener = sock_listen(V4, 0), copy, mine;
	struct agent in_a, in_b;
	long fd;

	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_b, b, 0));
	EXPECT_EQ(0, tcp_limit(b, 0));

	/* Made in a, handed to b: connected before, and by b itself. */
	fd = ask3(&in_a, a_connect, V4, port_of(listener), 0);
	ASSERT_LE(0, fd);
	copy = take_fd(in_a.pid, fd);
	ASSERT_LE(0, copy);
	EXPECT_EQ(0, agent_give(&in_b, copy));
	close(copy);
	EXPECT_EQ(0, ask(&in_a, a_close, fd));
	EXPECT_EQ(1, tcp_usage(a));
	EXPECT_EQ(0, tcp_usage(b));
	fd = ask0(&in_b, a_given);
	EXPECT_EQ(TCP_ESTABLISHED, ask(&in_b, a_state, fd));
	EXPECT_EQ(0, ask(&in_b, a_close, fd));
	EXPECT_TRUE(WAIT_FOR(tcp_usage(a) == 0));

	/* A listener of the host's: its children are the host's. */
	mine = sock_listen(V4, 0);
	EXPECT_EQ(0, agent_give(&in_b, mine));
	fd = sock_connect(V4, port_of(mine));
	ASSERT_LE(0, fd);
	there = ask0(&in_b, a_given);
	EXPECT_LE(0, ask3(&in_b, a_accept, there, RETRY_MS, 0));
	EXPECT_EQ(0, tcp_usage(b));
	EXPECT_EQ(0, tcp_hits(b));
	close(fd);
	close(mine);

	/* One of a's that the host holds: a's. */
	there = listen_in(&in_a, V4, 0, &port);
	ASSERT_LE(0, there);
	mine = take_fd(in_a.pid, there);
	ASSERT_LE(0, mine);
	EXPECT_EQ(0, ask(&in_a, a_close, there));
	fd = sock_connect(V4, port);
	ASSERT_LE(0, fd);
	copy = sock_accept(mine, RETRY_MS);
	ASSERT_LE(0, copy);
	EXPECT_EQ(1, tcp_usage(a));
	close(fd);
	close(copy);
	EXPECT_TRUE(WAIT_FOR(tcp_usage(a) == 0));
	close(mine);
}

static long a_unconnected(long kind, long b, long c)
{
	return sock_new(kind, 0);
}

/* Who has made a socket pays, not who connects it. */
TEST_F(payer, connected_elsewhere)
{
	int listener = sock_listen(V4, 0), fd;
	struct agent agent;
	long id = ctx_new(0), there;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, tcp_limit(id, 1));
	there = ask(&agent, a_unconnected, V4);
	ASSERT_LE(0, there);
	fd = take_fd(agent.pid, there);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINPROGRESS, sock_call(fd, V4, port_of(listener)));
	EXPECT_EQ(0, sock_done(fd, RETRY_MS));
	EXPECT_EQ(1, tcp_usage(id));
	EXPECT_EQ(-EAGAIN, ask3(&agent, a_connect, V4, port_of(listener), 0));

	/* Disconnected it is as new. */
	{
		struct sockaddr none = { .sa_family = AF_UNSPEC };

		EXPECT_EQ(0, connect(fd, &none, sizeof(none)));
	}
	EXPECT_EQ(0, tcp_usage(id));
	EXPECT_EQ(-EINPROGRESS, sock_call(fd, V4, port_of(listener)));
	EXPECT_EQ(0, sock_done(fd, RETRY_MS));
	EXPECT_EQ(1, tcp_usage(id));
	EXPECT_EQ(0, ask(&agent, a_close, there));
	EXPECT_EQ(1, tcp_usage(id));
	close(fd);
	EXPECT_EQ(0, tcp_usage(id));
}

/* A call that nobody answers holds its place until it is given up. */
TEST_F(payer, unanswered)
{
	long a = ctx_new(0), b = ctx_new(0), port, there, fd;
	struct agent in_a, in_b;

	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_b, b, 0));
	EXPECT_EQ(0, tcp_limit(a, 1));
	EXPECT_EQ(0, tcp_limit(b, 0));
	there = listen_in(&in_b, V4, DEFER, &port);
	ASSERT_LE(0, there);
	fd = ask3(&in_a, a_begin, V4, port, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINPROGRESS, ask3(&in_a, a_done, fd, QUIET_MS, 0));
	EXPECT_EQ(1, tcp_usage(a));
	EXPECT_EQ(0, tcp_usage(b));
	EXPECT_LT(0, tcp_hits(b));
	EXPECT_EQ(-EAGAIN, ask3(&in_a, a_connect, V4, port, 0));
	EXPECT_EQ(0, ask(&in_a, a_close, fd));
	EXPECT_EQ(0, tcp_usage(a));
	EXPECT_EQ(0, tcp_peak(b));
}

/* The limit of a context holds for all below it together. */
TEST_F(payer, nested)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL), b, port, there, late, fd;
	int listener = sock_listen(V6, 0);
	long to = port_of(listener);
	struct agent in_a, in_b;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_b, b, 0));
	EXPECT_EQ(0, tcp_limit(a, 3));
	EXPECT_EQ(-EPERM, tcp_limit(b, 4));
	EXPECT_EQ(0, tcp_limit(b, VC_UNLIMITED));
	EXPECT_EQ(0, tcp_limit(b, 2));

	EXPECT_LE(0, ask3(&in_b, a_connect, V6, to, 0));
	fd = ask3(&in_b, a_connect, V6, to, 0);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-EAGAIN, ask3(&in_b, a_connect, V6, to, 0));
	EXPECT_EQ(1, tcp_hits(b));
	EXPECT_EQ(0, tcp_hits(a));
	EXPECT_LE(0, ask3(&in_a, a_connect, V6, to, 0));
	EXPECT_EQ(3, tcp_usage(a));
	EXPECT_EQ(2, tcp_usage(b));
	EXPECT_EQ(-EAGAIN, ask3(&in_a, a_connect, V6, to, 0));
	EXPECT_EQ(1, tcp_hits(a));

	/* b has room, a has not: a refuses. */
	EXPECT_EQ(0, ask(&in_b, a_close, fd));
	EXPECT_LE(0, ask3(&in_a, a_connect, V6, to, 0));
	there = listen_in(&in_b, V6, 0, &port);
	ASSERT_LE(0, there);
	late = sock_begin(V6, port);
	EXPECT_EQ(0, sock_done(late, RETRY_MS));
	EXPECT_TRUE(WAIT_FOR(tcp_hits(a) > 1));
	EXPECT_EQ(1, tcp_hits(b));
	EXPECT_EQ(1, tcp_usage(b));
	agent_end(&in_a);
	EXPECT_TRUE(WAIT_FOR(tcp_usage(b) == 2));
	EXPECT_EQ(2, tcp_usage(a));
	close(late);
	agent_end(&in_b);
	EXPECT_TRUE(WAIT_FOR(tcp_usage(a) == 0));
	EXPECT_EQ(3, tcp_peak(a));
	EXPECT_EQ(2, tcp_peak(b));
}

/* Nobody inside can change it. */
TEST_F(payer, own_limit)
{
	struct vc_limit l = { .limit = VC_UNLIMITED };
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, tcp_limit(id, 1));
	memcpy(agent_buf, &l, sizeof(l));
	EXPECT_EQ(-EPERM, ask3(&agent, a_vc, VC_SET_TCP, id, 1));
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_GET_TCP, id, 1));
	memcpy(&l, agent_buf, sizeof(l));
	EXPECT_EQ(1ULL, l.limit);
}

static long a_lo_up(long a, long b, long c)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	long ret = res(ioctl(fd, SIOCSIFFLAGS, &ifr));

	close(fd);
	return ret;
}

/* A network namespace that ends with its context, in the middle of it all. */
TEST_F(payer, netns)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL), b, port, there, fd;
	int copy, i;

	ASSERT_LT(0, a);
	EXPECT_EQ(0, ctx_set_caps(a, ~0ULL));
	for (i = 0; i < 3; i++) {
		struct agent agent;

		b = ctx_new_below(a, VC_CREATE_NETNS);
		ASSERT_LT(0, b);
		EXPECT_EQ(0, ctx_set_caps(b, ~0ULL));
		ASSERT_EQ(0, agent_start(&agent, b, 0));
		EXPECT_EQ(0, ask0(&agent, a_lo_up));
		EXPECT_EQ(0, tcp_limit(b, 5));
		there = listen_in(&agent, V4, 0, &port);
		ASSERT_LE(0, there);
		fd = ask3(&agent, a_connect, V4, port, 0);
		EXPECT_LE(0, fd);
		EXPECT_LE(0, ask3(&agent, a_connect, V4, port, 0));
		/* A call that waits for room. */
		EXPECT_LE(0, ask3(&agent, a_begin, V4, port, 0));
		EXPECT_TRUE(WAIT_FOR(tcp_usage(b) == 5));
		EXPECT_EQ(5, tcp_usage(a));
		copy = i ? take_fd(agent.pid, fd) : -1;
		EXPECT_EQ(0, ctx_kill(b));
		agent_end(&agent);
		/* What somebody else still holds is still a connection. */
		if (copy >= 0) {
			EXPECT_EQ(-ESRCH, tcp_limit(b, 5));
			if (i == 2)
				sock_reset(copy);
			else
				close(copy);
		}
		EXPECT_TRUE(WAIT_FOR(tcp_usage(a) == 0))
			TH_LOG("%d: %ld", i, tcp_usage(a));
	}
	EXPECT_EQ(5, tcp_peak(a));
}

TEST_HARNESS_MAIN
