// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets in hands of a CLOSED context that was not their maker's: brought along
 * by who entered, or given to it; and its own in the hands of others.
 */
#include "address.h"

#include <linux/kcm.h>

/* What is made outside: each is found inside at INSIDE + its place here. */
enum {
	UNBOUND,	/* of UDP */
	WILD,		/* listens everywhere */
	OWN,		/* listens where the context may be */
	OTHER,		/* listens where it may not */
	FROM_OWN,	/* is connected from there */
	FROM_OTHER,	/* is connected from elsewhere */
	SOCKETS,
};

#define INSIDE		40

static long outside[SOCKETS];
/* The other ends of those that are connected. */
static long peer[SOCKETS];

/* From @from to @to, on whatever port. */
static long connected_from(const char *from, const char *to, int port)
{
	long fd = sock_bound(NULL, SOCK_STREAM, from, 0);

	return fd < 0 ? fd :
		sock_kept(NULL, fd, on(NULL, a_connect, to, fd, port, 0));
}

/* Listeners are on @port + their place. */
static long outside_make(const FIXTURE_VARIANT(address) * variant, int port)
{
	long server = sock_listening(NULL, variant->b, port);
	long ret = 0;
	int i;

	outside[UNBOUND] = on(NULL, a_socket, NULL, family_of(variant->a),
			      SOCK_DGRAM, 0);
	outside[WILD] = sock_listening(NULL, variant->any, port + WILD);
	outside[OWN] = sock_listening(NULL, variant->a, port + OWN);
	outside[OTHER] = sock_listening(NULL, variant->host, port + OTHER);
	outside[FROM_OWN] = connected_from(variant->a, variant->b, port);
	peer[FROM_OWN] = on(NULL, a_accept, NULL, server, 0, 0);
	outside[FROM_OTHER] = connected_from(variant->host, variant->b, port);
	peer[FROM_OTHER] = on(NULL, a_accept, NULL, server, 0, 0);
	for (i = 0; i < SOCKETS; i++)
		if (outside[i] < 0 || peer[i] < 0)
			ret = outside[i] < 0 ? outside[i] : peer[i];
	return ret;
}

/* What the inside can do with them; @refused are those of other addresses. */
static void judge(struct __test_metadata *_metadata,
		  const FIXTURE_VARIANT(address) * variant, struct agent *agent,
		  long refused, int port)
{
	long udp;

	/* listen */
	ASSERT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a,
				    port + WILD));
	EXPECT_EQ(refused, error_of(on(agent, a_accept, NULL, INSIDE + WILD, 0,
				       0)));
	EXPECT_EQ(refused, on(agent, a_listen, NULL, INSIDE + WILD, 0, 0));
	ASSERT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->host,
				    port + OTHER));
	EXPECT_EQ(refused, error_of(on(agent, a_accept, NULL, INSIDE + OTHER,
				       0, 0)));
	EXPECT_EQ(refused, on(agent, a_listen, NULL, INSIDE + OTHER, 0, 0));
	ASSERT_LT(0, sock_connected(NULL, SOCK_STREAM, variant->a,
				    port + OWN));
	EXPECT_LT(0, on(agent, a_accept, NULL, INSIDE + OWN, 0, 0));
	EXPECT_EQ(0, on(agent, a_listen, NULL, INSIDE + OWN, 0, 0));

	/* are connected */
	EXPECT_EQ(refused ?: 1, on(agent, a_send, NULL, INSIDE + FROM_OTHER, 0,
				   0));
	EXPECT_EQ(refused ? -ETIMEDOUT : 1,
		  on(NULL, a_recv, NULL, peer[FROM_OTHER],
		     refused ? SILENCE_MS : 0, 0));
	ASSERT_EQ(1, on(NULL, a_send, NULL, peer[FROM_OTHER], 0, 0));
	EXPECT_EQ(refused ?: 1, on(agent, a_recv, NULL, INSIDE + FROM_OTHER, 0,
				   0));
	EXPECT_EQ(1, on(agent, a_send, NULL, INSIDE + FROM_OWN, 0, 0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, peer[FROM_OWN], 0, 0));
	ASSERT_EQ(1, on(NULL, a_send, NULL, peer[FROM_OWN], 0, 0));
	EXPECT_EQ(1, on(agent, a_recv, NULL, INSIDE + FROM_OWN, 0, 0));

	/* is neither: where it is bound to then is what counts */
	udp = sock_bound(NULL, SOCK_DGRAM, variant->host, port);
	ASSERT_LE(0, udp);
	if (refused) {
		EXPECT_EQ(refused, on(agent, a_sendto, variant->host,
				      INSIDE + UNBOUND, port, 0));
		EXPECT_EQ(refused, on(agent, a_connect, variant->host,
				      INSIDE + UNBOUND, port, 0));
		EXPECT_EQ(refused, on(agent, a_bind, variant->any,
				      INSIDE + UNBOUND, 0, 0));
		EXPECT_EQ(refused, on(agent, a_bind, variant->b,
				      INSIDE + UNBOUND, 0, 0));
		EXPECT_EQ(0, on(agent, a_bind, variant->a, INSIDE + UNBOUND, 0,
				0));
	}
	EXPECT_EQ(1, on(agent, a_sendto, variant->host, INSIDE + UNBOUND, port,
			0));
	EXPECT_EQ(1, on(NULL, a_recv, NULL, udp, 0, 0));
	EXPECT_STREQ(refused ? variant->a : variant->usual, agent_buf);
	close(udp);
}

static long enter_with_sockets(long id)
{
	int i;

	for (i = 0; i < SOCKETS; i++)
		if (dup2(outside[i], INSIDE + i) < 0)
			return -errno;
	return vc(VC_MIGRATE, id, NULL);
}

TEST_F(address, brought_along)
{
	struct agent agent;

	ASSERT_EQ(0, outside_make(variant, 80));
	ASSERT_EQ(0, agent_start_by(&agent, enter_with_sockets, self->a,
				    "/proc/self/exe", 0));
	judge(_metadata, variant, &agent, -EADDRNOTAVAIL, 80);
}

TEST_F(address, brought_along_open)
{
	struct agent agent;

	ASSERT_EQ(0, outside_make(variant, 80));
	ASSERT_EQ(0, agent_start_by(&agent, enter_with_sockets, self->open,
				    "/proc/self/exe", 0));
	judge(_metadata, variant, &agent, 0, 80);
}

static long a_place(long place, long b, long c)
{
	return res(dup2(agent_fd, INSIDE + place));
}

static long give_sockets(struct agent *agent)
{
	long ret = 0;
	int i;

	for (i = 0; !ret && i < SOCKETS; i++)
		ret = agent_give(agent, outside[i]) ?:
		      error_of(ask(agent, a_place, i));
	return ret;
}

TEST_F(address, given)
{
	ASSERT_EQ(0, outside_make(variant, 80));
	ASSERT_EQ(0, give_sockets(&self->in_a));
	judge(_metadata, variant, &self->in_a, -EADDRNOTAVAIL, 80);
}

TEST_F(address, given_open)
{
	ASSERT_EQ(0, outside_make(variant, 80));
	ASSERT_EQ(0, give_sockets(&self->in_open));
	judge(_metadata, variant, &self->in_open, 0, 80);
}

/* Without a family, which sockets of IPv4 take for their wildcard. */
static long a_bind_unspec(long fd, long port, long c)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };

	((struct sockaddr_in *)&addr)->sin_port = htons(port);
	return res(bind(fd, (void *)&addr, sizeof(addr)));
}

/* Other ways to say where from. */
TEST_F(address, given_sources)
{
	long fd = on(NULL, a_socket, NULL, family_of(variant->a), SOCK_DGRAM,
		     0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->in_a, fd));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
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
	/* who made it may */
	fd = on(NULL, a_socket, NULL, family_of(variant->a), SOCK_DGRAM, 0);
	EXPECT_EQ(1, on2(NULL, a_sendto, variant->host, variant->b, fd, 1000,
			 0));
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

TEST_HARNESS_MAIN
