// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses, sockets and routes as a CLOSED context is told of them.
 */
#include "address.h"

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

/* How many addresses of IPv4 the old ioctl tells, and is that one of them? */
static long a_ifconf(long a, long b, long c)
{
	struct ifreq list[16];
	struct ifconf conf = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	in_addr_t wanted = inet_addr(agent_buf);
	long found = 0, ret;
	int i, nr = 0, len;

	/* without a buffer it tells how large one has to be */
	ret = res(ioctl(fd, SIOCGIFCONF, &conf));
	len = conf.ifc_len;
	conf.ifc_len = sizeof(list);
	conf.ifc_req = list;
	if (!ret)
		ret = res(ioctl(fd, SIOCGIFCONF, &conf));
	close(fd);
	if (ret)
		return ret;
	if (len != conf.ifc_len)
		return -EPROTO;
	nr = conf.ifc_len / sizeof(list[0]);
	for (i = 0; i < nr; i++)
		found += ((struct sockaddr_in *)&list[i].ifr_addr)->sin_addr.s_addr == wanted;
	return nr * 16 + found;
}

/* How many routes the message is about have that address to or from. */
static long routes_with(const struct nlmsghdr *head, const void *wanted)
{
	const struct rtmsg *msg = NLMSG_DATA(head);
	const int types[] = { RTA_DST, RTA_PREFSRC };
	const struct rtattr *attr;
	unsigned int i;

	if (head->nlmsg_type != RTM_NEWROUTE)
		return 0;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		attr = rtnl_find(RTM_RTA(msg), RTM_PAYLOAD(head), types[i]);
		if (attr && !memcmp(RTA_DATA(attr), wanted, RTA_PAYLOAD(attr)))
			return 1;
	}
	return 0;
}

static struct rtnl_request route_request(int family, int flags)
{
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.route.rtm_family = family,
	};

	return req;
}

/* Of all routes there are: how many go to or come from that address? */
static long a_routes(long family, long b, long c)
{
	struct rtnl_request req = route_request(family, NLM_F_DUMP);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	static char buf[32768];
	struct in6_addr wanted;
	long n = 0;

	inet_pton(family, agent_buf, &wanted);
	if (fd < 0 || send(fd, &req, req.head.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		int len = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *head = (void *)buf;

		for (; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
			if (head->nlmsg_type != RTM_NEWROUTE) {
				close(fd);
				return n;
			}
			n += routes_with(head, &wanted);
		}
	}
}

/*
 * Does the route to it say that one comes from what is behind it?  As it is
 * used, or as it was made.
 */
static long a_route_from(long family, long made, long c)
{
	struct rtnl_request req = route_request(family, NLM_F_ACK);
	struct in6_addr to, from;
	char buf[1024] = "";
	long ret;

	inet_pton(family, agent_buf, &to);
	inet_pton(family, agent_buf + strlen(agent_buf) + 1, &from);
	req.route.rtm_dst_len = family == AF_INET ? 32 : 128;
	req.route.rtm_flags = made ? RTM_F_FIB_MATCH : 0;
	rtnl_put(&req, RTA_DST, &to, req.route.rtm_dst_len / 8);
	ret = rtnl_send(&req, buf, sizeof(buf));
	return ret ? ret : routes_with((void *)buf, &from);
}

/* A route to a single address by dum0, which says where one comes from. */
static long route_add(const char *to, const char *from)
{
	int family = family_of(to), len = family == AF_INET ? 4 : 16;
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			.nlmsg_type = RTM_NEWROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
				       NLM_F_CREATE | NLM_F_EXCL,
		},
		.route = {
			.rtm_family = family,
			.rtm_dst_len = len * 8,
			.rtm_table = RT_TABLE_MAIN,
			.rtm_protocol = RTPROT_STATIC,
			.rtm_scope = family == AF_INET ? RT_SCOPE_LINK :
							 RT_SCOPE_UNIVERSE,
			.rtm_type = RTN_UNICAST,
		},
	};
	struct in6_addr addr;

	inet_pton(family, to, &addr);
	rtnl_put(&req, RTA_DST, &addr, len);
	inet_pton(family, from, &addr);
	rtnl_put(&req, RTA_PREFSRC, &addr, len);
	rtnl_u32(&req, RTA_OIF, net_index("dum0"));
	return rtnl_send(&req, NULL, 0);
}

/* As /proc/net has it in tables of IPv4: as a number of the machine's. */
static const char *hex(const char *text)
{
	static char bufs[4][40];
	static unsigned int next;
	char *buf = bufs[next++ % 4];
	struct in6_addr addr;
	int i;

	inet_pton(family_of(text), text, &addr);
	buf[0] = '\0';
	for (i = 0; i < (family_of(text) == AF_INET ? 1 : 4); i++)
		strcatf(buf, sizeof(bufs[0]), "%08X", addr.s6_addr32[i]);
	return buf;
}

/* In the order of the wire, as in tables of IPv6. */
static const char *wire_hex(const char *text)
{
	static char bufs[4][40];
	static unsigned int next;
	char *buf = bufs[next++ % 4];
	struct in6_addr addr;
	int i;

	inet_pton(AF_INET6, text, &addr);
	buf[0] = '\0';
	for (i = 0; i < 16; i++)
		strcatf(buf, sizeof(bufs[0]), "%02x", addr.s6_addr[i]);
	return buf;
}

/* Of addresses: as getifaddrs() asks, and as was asked before that was. */
TEST_F(address, addresses)
{
	int family = family_of(variant->a);
	/* with the one of loopback, in a namespace of its own */
	long own = variant->own ? 2 : 1;
	long all;

	all = on(NULL, a_getaddr, variant->host, family, 0, 0);
	EXPECT_LE(4, all / 16);
	EXPECT_EQ(1, all % 16);
	EXPECT_EQ(all, on(&self->in_open, a_getaddr, variant->host, family, 0,
			  0));
	EXPECT_EQ(own * 16 + 1, on(&self->in_a, a_getaddr, variant->a, family,
				   0, 0));
	EXPECT_EQ(own * 16, on(&self->in_a, a_getaddr, variant->host, family,
			       0, 0));
	EXPECT_EQ(16 + 1, on(&self->in_b, a_getaddr, variant->b, family, 0, 0));

	if (family == AF_INET) {
		all = on(NULL, a_ifconf, variant->host, 0, 0, 0);
		EXPECT_LE(4, all / 16);
		EXPECT_EQ(1, all % 16);
		EXPECT_EQ(all, on(&self->in_open, a_ifconf, variant->host, 0,
				  0, 0));
		EXPECT_EQ(own * 16 + 1, on(&self->in_a, a_ifconf, variant->a,
					   0, 0, 0));
		EXPECT_EQ(own * 16, on(&self->in_a, a_ifconf, variant->host, 0,
				       0, 0));
	} else {
		const char *path = "/proc/net/if_inet6";

		all = on2(NULL, a_grep, path, "", 0, 0, 0);
		EXPECT_LE(4, all);
		EXPECT_EQ(1, on2(NULL, a_grep, path, wire_hex(variant->host),
				 0, 0, 0));
		EXPECT_EQ(all, on2(&self->in_open, a_grep, path, "", 0, 0, 0));
		EXPECT_EQ(own, on2(&self->in_a, a_grep, path, "", 0, 0, 0));
		EXPECT_EQ(1, on2(&self->in_a, a_grep, path,
				 wire_hex(variant->a), 0, 0, 0));
	}
}

/* Sockets are shown to who made them, and to who is above. */
TEST_F(address, sockets)
{
	int family = family_of(variant->a);
	const char *tcp = family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6";
	const char *udp = family == AF_INET ? "/proc/net/udp" : "/proc/net/udp6";
	const char *icmp = family == AF_INET ? "/proc/net/icmp" :
					       "/proc/net/icmp6";
	const char *raw = family == AF_INET ? "/proc/net/raw" : "/proc/net/raw6";
	long fd;

	ASSERT_LT(0, sock_listening(&self->in_a, variant->any, 1080));
	ASSERT_LT(0, sock_bound(&self->in_a, SOCK_DGRAM, variant->a, 1081));
	ASSERT_LT(0, sock_listening(NULL, variant->host, 1082));
	ASSERT_LT(0, sock_bound(NULL, SOCK_DGRAM, variant->host, 1083));

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
	/* raw ones, known by their protocol */
	fd = on(NULL, a_socket, NULL, family, SOCK_RAW, 253);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, on(NULL, a_bind, variant->host, fd, 0, 0));
	fd = on(&self->in_a, a_socket, NULL, family, SOCK_RAW, 254);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, on(&self->in_a, a_bind, variant->a, fd, 0, 0));
	EXPECT_EQ(1, on2(NULL, a_grep, raw, ":00FD", 0, 0, 0));
	EXPECT_EQ(1, on2(NULL, a_grep, raw, hex(variant->host), 0, 0, 0));
	EXPECT_EQ(1, on2(&self->in_open, a_grep, raw, ":00FD", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->in_a, a_grep, raw, ":00FD", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->in_a, a_grep, raw, hex(variant->host), 0, 0,
			 0));
	EXPECT_EQ(1, on2(&self->in_a, a_grep, raw, ":00FE", 0, 0, 0));
	EXPECT_EQ(1, on2(&self->in_a, a_grep, raw, hex(variant->a), 0, 0, 0));
	EXPECT_EQ(0, on2(&self->in_b, a_grep, raw, ":00FE", 0, 0, 0));
	/* sockets of ICMP, known by their number */
	ASSERT_EQ(0, on(NULL, a_ping_range, NULL, 0, 0, 0));
	ASSERT_LT(0, sock_ping(NULL, variant->host, 1084));
	ASSERT_LT(0, sock_ping(&self->in_a, variant->a, 1085));
	EXPECT_EQ(1, on2(NULL, a_grep, icmp, ":043C", 0, 0, 0));
	EXPECT_EQ(1, on2(&self->in_a, a_grep, icmp, ":043D", 0, 0, 0));
	EXPECT_EQ(0, on2(&self->in_a, a_grep, icmp, ":043C", 0, 0, 0));
	/* those of a and b together, for who sees both */
	EXPECT_EQ(1, on2(NULL, a_grep, tcp, ":0438", 0, 0, 0));
}

/* Local routes, and what others tell of where one comes from. */
TEST_F(address, routes)
{
	int family = family_of(variant->a);
	struct agent *const others[] = { NULL, &self->in_open };
	const char *path = family == AF_INET ? "/proc/net/fib_trie" :
					       "/proc/net/ipv6_route";
	const char *own = family == AF_INET ? variant->a : wire_hex(variant->a);
	const char *host = family == AF_INET ? variant->host :
					       wire_hex(variant->host);
	unsigned int i;
	int made;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_LT(0, on2(others[i], a_grep, path, host, 0, 0, 0));
		EXPECT_LT(0, on(others[i], a_routes, variant->host, family, 0,
				0));
		EXPECT_EQ(1, on2(others[i], a_route_from, variant->far,
				 variant->usual, family, 0, 0));
	}
	EXPECT_EQ(0, on2(&self->in_a, a_grep, path, host, 0, 0, 0));
	EXPECT_EQ(0, on(&self->in_a, a_routes, variant->host, family, 0, 0));
	EXPECT_LT(0, on(NULL, a_routes, variant->b, family, 0, 0));
	EXPECT_EQ(0, on(&self->in_a, a_routes, variant->b, family, 0, 0));
	EXPECT_LT(0, on2(&self->in_a, a_grep, path, own, 0, 0, 0));
	EXPECT_LT(0, on(&self->in_a, a_routes, variant->a, family, 0, 0));
	EXPECT_EQ(!strcmp(variant->a, variant->usual),
		  on2(&self->in_a, a_route_from, variant->far, variant->usual,
		      family, 0, 0));
	EXPECT_EQ(!strcmp(variant->b, variant->usual),
		  on2(&self->in_b, a_route_from, variant->far, variant->usual,
		      family, 0, 0));

	/* One that says so itself, to who asks for it and to who asks for all. */
	ASSERT_EQ(0, route_add(variant->nowhere, variant->host));
	for (made = 0; made < 2; made++) {
		EXPECT_EQ(1, on2(NULL, a_route_from, variant->nowhere,
				 variant->host, family, made, 0));
		EXPECT_EQ(0, on2(&self->in_a, a_route_from, variant->nowhere,
				 variant->host, family, made, 0));
	}
	EXPECT_LT(0, on(NULL, a_routes, variant->nowhere, family, 0, 0));
	EXPECT_EQ(0, on(&self->in_a, a_routes, variant->host, family, 0, 0));

	/* That of a network is one of its device's first address. */
	if (family == AF_INET) {
		EXPECT_EQ(1, on2(NULL, a_grep, "/proc/net/route",
				 hex("10.0.0.0"), 0, 0, 0));
		EXPECT_EQ(1, on2(NULL, a_grep, "/proc/net/route",
				 hex("10.1.0.0"), 0, 0, 0));
		EXPECT_EQ(!strcmp(variant->a, variant->usual),
			  on2(&self->in_a, a_grep, "/proc/net/route",
			      hex("10.0.0.0"), 0, 0, 0));
		EXPECT_EQ(!strcmp(variant->b, variant->usual),
			  on2(&self->in_b, a_grep, "/proc/net/route",
			      hex("10.0.0.0"), 0, 0, 0));
		EXPECT_EQ(0, on2(&self->in_a, a_grep, "/proc/net/route",
				 hex("10.1.0.0"), 0, 0, 0));
	}
}

TEST_HARNESS_MAIN
