// SPDX-License-Identifier: GPL-2.0
/*
 * Raw and packet sockets of a CLOSED context: packets and frames that are
 * written by hand, and those of others that would be seen.
 */
#include "address.h"

#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

/*
 * A datagram with its header, from and to port 1000: how long it is.  That of
 * IPv6 has no checksum, which who receives it must not mind.
 */
static size_t datagram(void *buf, const char *from, const char *to, size_t data)
{
	struct udphdr udp = {
		.source = htons(1000),
		.dest = htons(1000),
		.len = htons(sizeof(udp) + data),
	};
	struct ip6_hdr ip6 = {
		.ip6_ctlun.ip6_un1 = {
			.ip6_un1_flow = htonl(6U << 28),
			.ip6_un1_plen = udp.len,
			.ip6_un1_nxt = IPPROTO_UDP,
			.ip6_un1_hlim = 64,
		},
	};
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.ttl = 64,
		.tot_len = htons(sizeof(ip) + sizeof(udp) + data),
		.protocol = IPPROTO_UDP,
	};
	bool v6 = family_of(from) == AF_INET6;
	size_t head = v6 ? sizeof(ip6) : sizeof(ip);

	inet_pton(AF_INET, from, &ip.saddr);
	inet_pton(AF_INET, to, &ip.daddr);
	inet_pton(AF_INET6, from, &ip6.ip6_src);
	inet_pton(AF_INET6, to, &ip6.ip6_dst);
	memcpy(buf, v6 ? (void *)&ip6 : &ip, head);
	memcpy(buf + head, &udp, sizeof(udp));
	return head + sizeof(udp) + data;
}

/* A datagram, by who writes its header himself. */
static long a_send_raw(long fd, long b, long c)
{
	const char *from = agent_buf + strlen(agent_buf) + 1;
	struct sockaddr_storage addr;
	socklen_t len = sock_addr(&addr, agent_buf, 0);
	char buf[64];
	size_t size = datagram(buf, from, agent_buf, 0);

	return error_of(res(sendto(fd, buf, size, 0, (void *)&addr, len)));
}

/* One that does not mind that there is no checksum. */
static long sock_server(const char *text)
{
	const int no_check6 = 102;
	long fd = sock_bound(NULL, SOCK_DGRAM, text, 1000);

	return fd < 0 ? fd :
		sock_kept(NULL, fd,
			  on(NULL, a_option, NULL, fd,
			     OPTION(IPPROTO_UDP, no_check6), 1));
}

/* A raw socket of UDP, and then for headers as well. */
static long sock_raw(struct agent *agent, int family)
{
	return on(agent, a_socket, NULL, family, SOCK_RAW, IPPROTO_UDP);
}

static long with_headers(struct agent *agent, int family, long fd)
{
	const int ipv6_hdrincl = 36;

	return on(agent, a_option, NULL, fd,
		  family == AF_INET ? OPTION(IPPROTO_IP, IP_HDRINCL) :
				      OPTION(IPPROTO_IPV6, ipv6_hdrincl), 1);
}

/* A frame on lo of @proto, which its sender says to be @said. */
static long send_frame(int fd, int proto, int said, const void *data,
		       size_t size)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex("lo"),
		.sll_halen = 6,
		.sll_protocol = htons(said),
	};
	char buf[256] = {};

	((struct ethhdr *)buf)->h_proto = htons(proto);
	memcpy(buf + ETH_HLEN, data, size);
	return error_of(res(sendto(fd, buf, ETH_HLEN + size, 0, (void *)&ll,
				   sizeof(ll))));
}

/* A datagram from the first address in agent_buf to the second one. */
static long a_send_frame(long fd, long said, long c)
{
	const char *to = agent_buf + strlen(agent_buf) + 1;
	int proto = family_of(to) == AF_INET ? ETH_P_IP : ETH_P_IPV6;
	char buf[64];

	return send_frame(fd, proto, said ? said : proto, buf,
			  datagram(buf, agent_buf, to, 0));
}

/* The same as a question of who has the other one. */
static long a_send_arp(long fd, long b, long c)
{
	struct ether_arp arp = {
		.ea_hdr = {
			.ar_hrd = htons(ARPHRD_ETHER),
			.ar_pro = htons(ETH_P_IP),
			.ar_hln = ETH_ALEN,
			.ar_pln = 4,
			.ar_op = htons(ARPOP_REQUEST),
		},
	};

	inet_pton(AF_INET, agent_buf, arp.arp_spa);
	inet_pton(AF_INET, agent_buf + strlen(agent_buf) + 1, arp.arp_tpa);
	return send_frame(fd, ETH_P_ARP, ETH_P_ARP, &arp, sizeof(arp));
}

TEST_F(address, raw)
{
	int family = family_of(variant->a);
	long raw_host, raw, server, fd;

	server = sock_server(variant->any);
	ASSERT_LT(0, server);
	raw_host = sock_raw(NULL, family);
	raw = sock_raw(&self->in_a, family);
	ASSERT_LE(0, raw_host);
	ASSERT_LE(0, raw);

	/* All see what comes to a; outside alone what comes to others. */
	fd = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
	ASSERT_EQ(1, on(NULL, a_sendto, variant->a, fd, 1000, 0));
	ASSERT_EQ(1, on(NULL, a_sendto, variant->b, fd, 1000, 0));
	ASSERT_EQ(1, on(NULL, a_sendto, variant->host, fd, 1000, 0));
	EXPECT_EQ(3, on(NULL, a_count, NULL, raw_host, SILENCE_MS, 0));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, raw, SILENCE_MS, 0));
	while (on(NULL, a_recv, NULL, server, 1, 0) > 0)
		;

	ASSERT_EQ(0, with_headers(&self->in_a, family, raw));
	EXPECT_EQ(0, on2(&self->in_a, a_send_raw, variant->host, variant->a,
			 raw, 0, 0));
	EXPECT_EQ(0, on(NULL, a_recv, NULL, server, 0, 0));
	EXPECT_STREQ(variant->a, agent_buf);
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_send_raw, variant->host,
				      variant->b, raw, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_send_raw, variant->host,
				      variant->nowhere, raw, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, on(NULL, a_recv, NULL, server, SILENCE_MS, 0));
	/* outside one may say so */
	ASSERT_EQ(0, with_headers(NULL, family, raw_host));
	EXPECT_EQ(0, on2(NULL, a_send_raw, variant->host, variant->b, raw_host,
			 0, 0));
	EXPECT_EQ(0, on(NULL, a_recv, NULL, server, 0, 0));
	EXPECT_STREQ(variant->b, agent_buf);
}

/* What has been made while it was filtered is not without a filter later. */
TEST_F(address, raw_opened)
{
	/* all of what is there is its own, if the network is */
	long refused = variant->own ? 0 : -EADDRNOTAVAIL;
	int family = family_of(variant->a);
	long raw, packet, fd;

	raw = sock_raw(&self->in_a, family);
	packet = sock_frames(&self->in_a);
	ASSERT_LE(0, raw);
	ASSERT_LE(0, packet);
	ASSERT_EQ(0, with_headers(&self->in_a, family, raw));
	/* Nobody at all is CLOSED. */
	ASSERT_EQ(0, policy_set(self->a, VC_NETADDR_OPEN));
	ASSERT_EQ(0, policy_set(self->b, VC_NETADDR_OPEN));
	fd = sock_raw(&self->in_a, family);
	EXPECT_EQ(variant->own ? 0 : -EPERM, error_of(fd));
	fd = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->a, variant->b, fd, 1000, 0));
	EXPECT_EQ(variant->own ? 1 : 0,
		  on(&self->in_a, a_count, NULL, raw, SILENCE_MS, 0));
	EXPECT_EQ(variant->own ? 2 : 0,
		  on(&self->in_a, a_count, NULL, packet, SILENCE_MS, 0));
	EXPECT_EQ(refused, on2(&self->in_a, a_send_raw, variant->host,
			       variant->a, raw, 0, 0));
	EXPECT_EQ(refused, on2(&self->in_a, a_send_frame, variant->a,
			       variant->host, packet, 0, 0));
	on(&self->in_a, a_count, NULL, raw, 1, 0);
	on(&self->in_a, a_count, NULL, packet, 1, 0);
	/* Once there is a filter again they work. */
	ASSERT_EQ(0, permit(self->a, variant->a));
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->a, variant->b, fd, 1000, 0));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, raw, SILENCE_MS, 0));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, packet, SILENCE_MS, 0));
	EXPECT_EQ(0, on2(&self->in_a, a_send_raw, variant->host, variant->a,
			 raw, 0, 0));
	EXPECT_EQ(0, on2(&self->in_a, a_send_frame, variant->a, variant->host,
			 packet, 0, 0));
}

/* One that may not see all gives itself no permits for that. */
TEST_F(address, raw_below)
{
	long above = ctx_make(VC_ID_SELF, 0, 4, "above"), below;
	int family = family_of(variant->a);
	struct agent in_above, in_below;

	ASSERT_LT(0, above);
	ASSERT_EQ(0, agent_start(&in_above, above, 0));
	below = ask0(&in_above, a_create);
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
	int family = family_of(variant->a);
	long host, inside, fd;

	host = sock_frames(NULL);
	inside = sock_frames(&self->in_a);
	ASSERT_LE(0, host);
	ASSERT_LE(0, inside);
	/* Over loopback each is seen twice: as it leaves, and as it comes. */
	fd = on(NULL, a_socket, NULL, family, SOCK_DGRAM, 0);
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->host, variant->b, fd, 1000, 0));
	EXPECT_EQ(2, on(NULL, a_count, NULL, host, SILENCE_MS, 0));
	EXPECT_EQ(0, on(&self->in_a, a_count, NULL, inside, SILENCE_MS, 0));
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->a, variant->b, fd, 1000, 0));
	EXPECT_EQ(2, on(NULL, a_count, NULL, host, SILENCE_MS, 0));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, inside, SILENCE_MS, 0));
	ASSERT_EQ(1, on2(NULL, a_sendto, variant->b, variant->a, fd, 1000, 0));
	EXPECT_EQ(1, on(&self->in_a, a_count, NULL, inside, SILENCE_MS, 0));
}

TEST_F(address, packet_sent)
{
	/* what is said about a frame: the truth, another protocol, one of none */
	static const int said[] = { 0, ETH_P_ARP, 0x88b5 };
	long host, inside, server;
	unsigned int i;

	host = sock_frames(NULL);
	inside = sock_frames(&self->in_a);
	ASSERT_LE(0, host);
	ASSERT_LE(0, inside);
	server = sock_server(variant->host);
	ASSERT_LT(0, server);

	ASSERT_EQ(0, on2(&self->in_a, a_send_frame, variant->a, variant->host,
			 inside, 0, 0));
	EXPECT_LT(0, on(NULL, a_count, variant->a, host, SILENCE_MS, 0));
	/* It is the frame that counts, not what is said about it. */
	for (i = 0; i < ARRAY_SIZE(said); i++) {
		EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_send_frame,
					      variant->b, variant->host, inside,
					      said[i], 0));
		EXPECT_EQ(0, on(NULL, a_count, NULL, host, SILENCE_MS, 0));
		EXPECT_EQ(0, on2(NULL, a_send_frame, variant->b, variant->host,
				 host, said[i], 0));
		EXPECT_LT(0, on(NULL, a_count, variant->b, host, SILENCE_MS,
				0));
	}
	if (family_of(variant->a) == AF_INET) {
		EXPECT_EQ(0, on2(&self->in_a, a_send_arp, variant->a,
				 variant->host, inside, 0, 0));
		EXPECT_EQ(-EADDRNOTAVAIL, on2(&self->in_a, a_send_arp,
					      variant->b, variant->host, inside,
					      0, 0));
		EXPECT_EQ(0, on2(NULL, a_send_arp, variant->b, variant->host,
				 host, 0, 0));
	}
}

/*
 * Tells neighbours, from the second address in agent_buf, that the first one is
 * here: as a frame on lo, behind a header of options if so wanted, or by a raw
 * socket.
 */
static long a_advertise(long fd, long frame, long options)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex("lo"),
		.sll_halen = 6,
		.sll_protocol = htons(ETH_P_IPV6),
	};
	const char *from = agent_buf + strlen(agent_buf) + 1;
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
		inet_pton(AF_INET6, from, ip + 8);
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
	return error_of(res(sendto(fd, buf, p - buf, 0,
				   frame ? (void *)&ll : (void *)&addr,
				   frame ? sizeof(ll) : len)));
}

/* As with ARP, one tells of addresses of one's own. */
TEST_F(address, advertise)
{
	/* as a frame, behind options */
	static const bool ways[][2] = {
		{ false, false }, { true, false }, { true, true },
	};
	long raw, packet, raw_host, packet_host;
	unsigned int i;

	if (family_of(variant->a) == AF_INET)
		SKIP(return, "that is ARP");
	raw_host = on(NULL, a_socket, NULL, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	packet_host = on(NULL, a_socket, NULL, AF_PACKET, SOCK_RAW, 0);
	ASSERT_LE(0, raw_host);
	ASSERT_LE(0, packet_host);
	raw = on(&self->in_a, a_socket, NULL, AF_INET6, SOCK_RAW,
		 IPPROTO_ICMPV6);
	packet = on(&self->in_a, a_socket, NULL, AF_PACKET, SOCK_RAW, 0);
	ASSERT_LE(0, raw);
	ASSERT_LE(0, packet);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		long fd = ways[i][0] ? packet : raw;

		EXPECT_EQ(0, on2(&self->in_a, a_advertise, variant->a,
				 variant->a, fd, ways[i][0], ways[i][1]));
		EXPECT_EQ(-EADDRNOTAVAIL,
			  on2(&self->in_a, a_advertise, variant->b, variant->a,
			      fd, ways[i][0], ways[i][1]));
		EXPECT_EQ(0, on2(NULL, a_advertise, variant->b, variant->a,
				 ways[i][0] ? packet_host : raw_host,
				 ways[i][0], ways[i][1]));
	}
}

/* Holds back on a device what exceeds a frame or so. */
static long link_slow(const char *dev)
{
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			.nlmsg_type = RTM_NEWQDISC,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
				       NLM_F_CREATE | NLM_F_EXCL,
		},
		.tc = {
			.tcm_ifindex = if_nametoindex(dev),
			.tcm_parent = TC_H_ROOT,
		},
	};
	struct tc_tbf_qopt qopt = {
		.rate = { .rate = 500, .linklayer = TC_LINKLAYER_ETHERNET },
		.limit = 8192,
	};
	void *nest;

	rtnl_string(&req, TCA_KIND, "tbf");
	nest = rtnl_put(&req, TCA_OPTIONS, NULL, 0);
	rtnl_put(&req, TCA_TBF_PARMS, &qopt, sizeof(qopt));
	rtnl_u32(&req, TCA_TBF_BURST, 2000);
	rtnl_end(&req, nest);
	return rtnl_send(&req, NULL, 0);
}

/*
 * Two frames by dum0 out of a ring, from the address in agent_buf; the one
 * behind it is written into both when they are on their way.
 */
static long a_send_ring(long fd, long b, long c)
{
	enum { FRAME = 2048, LEN = 1400 };
	const char *other = agent_buf + strlen(agent_buf) + 1;
	bool v6 = family_of(agent_buf) == AF_INET6;
	const char *far = v6 ? "fd00::9" : "10.0.0.9";
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
		.sll_protocol = htons(v6 ? ETH_P_IPV6 : ETH_P_IP),
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
		struct ethhdr *eth = (void *)head + at;

		eth->h_proto = ll.sll_protocol;
		head->tp_len = ETH_HLEN + datagram(eth + 1, agent_buf, far,
						   LEN - ETH_HLEN - 48);
		head->tp_status = TP_STATUS_SEND_REQUEST;
	}
	ret = res(sendto(fd, NULL, 0, MSG_DONTWAIT, (void *)&ll, sizeof(ll)));
	for (i = 0; i < 2; i++)
		datagram(ring + i * FRAME + at + ETH_HLEN, other, far,
			 LEN - ETH_HLEN - 48);
	return ret;
}

TEST_F(address, packet_ring)
{
	/* headers of IPv4 are shorter than what there is room for */
	long len = family_of(variant->a) == AF_INET ? 1380 : 1400;
	long host, inside;

	host = sock_frames(NULL);
	inside = on(&self->in_a, a_socket, NULL, AF_PACKET, SOCK_RAW, 0);
	ASSERT_LE(0, host);
	ASSERT_LE(0, inside);
	ASSERT_EQ(0, link_slow("dum0"));
	ASSERT_EQ(2 * len, on2(&self->in_a, a_send_ring, variant->a, variant->b,
			       inside, 0, 0));
	EXPECT_EQ(2, on(NULL, a_count, variant->a, host, 4000, 0));
}

TEST_HARNESS_MAIN
