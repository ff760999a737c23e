// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of devices in a network namespace that was made for a CLOSED
 * context, or inside of it: who configures which.
 */
#include "net.h"

FIXTURE(ifaddr)
{
	long id;
	struct agent agent;
};

FIXTURE_VARIANT(ifaddr)
{
	bool closed;
	long refused;		/* what another address than the permitted is */
};

/* Without permits everything works. */
FIXTURE_VARIANT_ADD(ifaddr, open)
{
	.closed = false,
	.refused = 0,
};

FIXTURE_VARIANT_ADD(ifaddr, closed)
{
	.closed = true,
	.refused = -EADDRNOTAVAIL,
};

/* Who asks here, without an agent, is in that namespace, and in no context. */
FIXTURE_SETUP(ifaddr)
{
	VC_SETUP();
	self->id = ctx_make(VC_ID_SELF, VC_CREATE_NETNS, 4, NULL);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, ctx_set_caps(self->id,
				  NET_CAPS | (__u64)1 << CAP_SYS_ADMIN));
	if (variant->closed) {
		ASSERT_EQ(0, permit(self->id, "10.0.0.0/24"));
		ASSERT_EQ(0, permit(self->id, "fd00::/64"));
	}
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	ASSERT_EQ(0, net_enter(self->agent.pid));
}

FIXTURE_TEARDOWN(ifaddr)
{
	vc_teardown();
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

TEST_F(ifaddr, loopback)
{
	long server;

	ASSERT_EQ(0, on(&self->agent, a_net_up, "lo", true, 0, 0));
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

/* Is it there, whoever it is shown to? */
static long has_addr(const char *text)
{
	return on(NULL, a_getaddr, text, family_of(text), 0, 0) % 16;
}

/* How many begin like that, as /proc writes it. */
static long count_addrs(struct agent *agent, const char *prefix)
{
	return on2(agent, a_grep, "/proc/net/if_inet6", prefix, 0, 0, 0);
}

TEST_F(ifaddr, netlink)
{
	struct agent *const who[] = { &self->agent, NULL };
	static const char * const names[] = { "dum0", "dum1" };
	unsigned int i;

	/* by the inside, and by who is a guest there */
	for (i = 0; i < ARRAY_SIZE(who); i++) {
		ASSERT_EQ(0, on(who[i], a_dummy, names[i], 0, 0, 0));
		EXPECT_EQ(variant->refused, on2(who[i], a_addr_add, names[i],
						"10.0.1.1/24", 0, 0, 0));
		EXPECT_EQ(variant->refused, on2(who[i], a_addr_add, names[i],
						"fd01::1/64", 0, 0, 0));
		EXPECT_EQ(!variant->closed * (i + 1), has_addr("10.0.1.1"));
		EXPECT_EQ(!variant->closed * (i + 1), has_addr("fd01::1"));
		EXPECT_EQ(0, on2(who[i], a_addr_add, names[i], "10.0.0.1/24",
				 0, 0, 0));
		EXPECT_EQ(0, on2(who[i], a_addr_add, names[i], "fd00::1/64",
				 0, 0, 0));
		EXPECT_EQ(i + 1, has_addr("10.0.0.1"));
		EXPECT_EQ(i + 1, has_addr("fd00::1"));
	}
	/* they can be had, and are what sockets have */
	EXPECT_LT(0, sock_bound(&self->agent, SOCK_DGRAM, "10.0.0.1", 0));
	EXPECT_LT(0, sock_bound(&self->agent, SOCK_DGRAM, "fd00::1", 0));
}

TEST_F(ifaddr, ioctl)
{
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum0", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->agent, a_addr_ioctl, "dum0", "10.0.0.1", 0, 0,
			 0));
	/* the old one stays where the new one is refused */
	EXPECT_EQ(variant->refused, on2(&self->agent, a_addr_ioctl, "dum0",
					"10.0.1.1", 0, 0, 0));
	EXPECT_EQ(0, on(&self->agent, a_addr_of, "dum0", 0, 0, 0));
	EXPECT_STREQ(variant->closed ? "10.0.0.1" : "10.0.1.1", agent_buf);
	EXPECT_EQ(!variant->closed, has_addr("10.0.1.1"));
	EXPECT_EQ(variant->closed, has_addr("10.0.0.1"));
	EXPECT_EQ(0, on2(&self->agent, a_addr_ioctl, "dum0", "10.0.0.2", 0, 0,
			 0));
	EXPECT_EQ(0, on(&self->agent, a_addr_of, "dum0", 0, 0, 0));
	EXPECT_STREQ("10.0.0.2", agent_buf);
	/* none at all is not one that is not permitted */
	EXPECT_EQ(0, on2(&self->agent, a_addr_ioctl, "dum0", "0.0.0.0", 0, 0,
			 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->agent, a_addr_of, "dum0", 0, 0, 0));
}

/* There one is put beside the other. */
TEST_F(ifaddr, ioctl6)
{
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum0", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->agent, a_addr_ioctl, "dum0", "fd00::1", 0, 0,
			 0));
	EXPECT_EQ(variant->refused, on2(&self->agent, a_addr_ioctl, "dum0",
					"fd01::1", 0, 0, 0));
	EXPECT_EQ(variant->refused, on2(NULL, a_addr_ioctl, "dum0", "fd02::1",
					0, 0, 0));
	EXPECT_EQ(1, has_addr("fd00::1"));
	EXPECT_EQ(!variant->closed, has_addr("fd01::1"));
	EXPECT_EQ(!variant->closed, has_addr("fd02::1"));
}

/* What the kernel would give a device by itself, and by hand. */
TEST_F(ifaddr, link_local)
{
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum0", 0, 0, 0));
	EXPECT_EQ(!variant->closed, count_addrs(NULL, "fe80"));
	EXPECT_EQ(variant->refused, on2(&self->agent, a_addr_add, "dum0",
					"fe80::1/64", 0, 0, 0));
	EXPECT_EQ(!variant->closed, has_addr("fe80::1"));
	if (variant->closed)
		ASSERT_EQ(0, permit(self->id, "fe80::/10"));
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum1", 0, 0, 0));
	EXPECT_EQ(variant->closed ? 1 : 3, count_addrs(NULL, "fe80"));
	EXPECT_EQ(variant->closed ? 1 : 3, count_addrs(&self->agent, "fe80"));
	EXPECT_EQ(0, on2(&self->agent, a_addr_add, "dum1", "fe80::2/64", 0, 0,
			 0));
	EXPECT_EQ(1, has_addr("fe80::2"));
}

/* An option that tells of a prefix, of which to make an address. */
static unsigned char *put_prefix(unsigned char *p, const char *text)
{
	p[0] = 3;
	p[1] = 4;
	p[2] = 64;
	p[3] = 0xc0;
	/* how long it is valid, and preferred */
	p[6] = 1;
	p[10] = 1;
	inet_pton(AF_INET6, text, p + 16);
	return p + 32;
}

/* A router on "ra0" advertises fd01::/64 and then fd00::/64. */
static long a_advertise(long a, long b, long c)
{
	struct sockaddr_in6 all = {
		.sin6_family = AF_INET6,
		.sin6_scope_id = if_nametoindex("ra0"),
	};
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	unsigned char buf[128] = { 134 }, *p = buf + 16;
	int hops = 255;
	long ret;

	if (fd < 0)
		return -errno;
	p = put_prefix(p, "fd01::");
	p = put_prefix(p, "fd00::");
	inet_pton(AF_INET6, "ff02::1", &all.sin6_addr);
	ret = res(setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops,
			     sizeof(hops)));
	if (!ret)
		ret = res(sendto(fd, buf, p - buf, 0, (void *)&all,
				 sizeof(all)));
	close(fd);
	return ret;
}

#define ACCEPT_DAD	"/proc/sys/net/ipv6/conf/default/accept_dad"

TEST_F(ifaddr, advertised)
{
	struct agent router;

	/* Nobody waits until an address is found to be free. */
	ASSERT_EQ(0, agent_start(&router, VC_ID_HOST, 0));
	ASSERT_EQ(0, ask(&router, a_unshare, CLONE_NEWNET));
	ASSERT_EQ(0, ask_write(&router, ACCEPT_DAD, "0"));
	ASSERT_EQ(0, file_write(ACCEPT_DAD, "0"));
	ASSERT_EQ(0, link_add_pair("eth0", "ra0", router.pid));
	ASSERT_EQ(0, file_write("/proc/sys/net/ipv6/conf/eth0/accept_ra", "1"));
	ASSERT_EQ(0, ask_net(&router, a_net_up, "ra0", true, 0));
	ASSERT_EQ(0, ask_net(&self->agent, a_net_up, "eth0", true, 0));
	ASSERT_TRUE(WAIT_FOR(count_addrs(&router, "fe80") == 1));

	/* What comes second is there, so that what came first has been seen. */
	EXPECT_TRUE(WAIT_FOR(ask0(&router, a_advertise) > 0 &&
			     count_addrs(NULL, "fd00000000000000") == 1));
	EXPECT_EQ(1, count_addrs(&self->agent, "fd00000000000000"));
	EXPECT_EQ(!variant->closed, count_addrs(NULL, "fd01000000000000"));

	/* The device is ready, and has one of its link if that is permitted. */
	EXPECT_TRUE(WAIT_FOR(count_addrs(NULL, "fe80") == !variant->closed));
	if (variant->closed)
		ASSERT_EQ(0, permit(self->id, "fe80::/10"));
	ASSERT_EQ(0, ask_net(&self->agent, a_net_up, "eth0", false, 0));
	ASSERT_EQ(0, ask_net(&self->agent, a_net_up, "eth0", true, 0));
	EXPECT_TRUE(WAIT_FOR(count_addrs(NULL, "fe80") == 1));
}

/* On the device that the permit is for. */
TEST_F(ifaddr, configure_device)
{
	if (variant->closed)
		ASSERT_EQ(0, permit_on(self->id, "dum1", "10.1.0.0/24"));
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum0", 0, 0, 0));
	ASSERT_EQ(0, on(&self->agent, a_dummy, "dum1", 0, 0, 0));
	EXPECT_EQ(variant->refused, on2(&self->agent, a_addr_add, "dum0",
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

TEST_F(ifaddr, configure_in_another)
{
	ASSERT_EQ(0, ask0(&self->agent, a_new_network));
	EXPECT_EQ(variant->refused, on2(&self->agent, a_addr_add, "dum0",
					"10.0.1.1/24", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->agent, a_addr_add, "dum0", "10.0.0.1/24", 0, 0,
			 0));
	ASSERT_EQ(0, on(&self->agent, a_net_up, "lo", true, 0, 0));
	EXPECT_LT(0, sock_bound(&self->agent, SOCK_DGRAM, "127.0.0.1", 0));
}

/* An address that was there before it was closed is there, and of no use. */
TEST_F(ifaddr, closed_later)
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
