// SPDX-License-Identifier: GPL-2.0
/*
 * Devices of contexts on the same lower device, which pass it by for nobody: not
 * for each other, and not for the lower device's own network.
 */
#include "links.h"

#include <linux/if_packet.h>

/* The lower device, and what is beyond. */
#define LOWER		"vtlow"
#define WIRE		"vtwire"

/* "vtin" on LOWER, in the namespace of a context of its own. */
static long lie_as_context(struct agent *agent, __u32 type)
{
	long id = ctx_new(VC_CREATE_NETNS);

	return error_of(id) ?: ctx_set_caps(id, NET_CAPS) ?:
	       agent_start(agent, id, 0) ?:
	       vnet_make(id, type, "vtin", LOWER, VC_VNET_INSIDE);
}

/* The same of no context; in mode L2 if it is an ipvlan. */
static long lie_as_link(struct agent *agent, const char *kind, __u32 mode,
			__u16 flags)
{
	__u16 l2 = IPVLAN_MODE_L2;
	long ret;

	ret = agent_start(agent, VC_ID_HOST, 0) ?:
	      ask(agent, a_unshare, CLONE_NEWNET) ?:
	      link_add(kind, "vtin", net_index(LOWER), -1);
	if (!ret && !strcmp(kind, "macvlan"))
		ret = link_change("vtin", kind, IFLA_MACVLAN_MODE, &mode,
				  sizeof(mode));
	else if (!ret)
		ret = link_change("vtin", kind, IFLA_IPVLAN_MODE, &l2,
				  sizeof(l2)) ?:
		      link_change("vtin", kind, IFLA_IPVLAN_FLAGS, &flags,
				  sizeof(flags));
	return ret ?: link_move("vtin", agent->pid) ?:
	       ask_net(agent, a_net_up, "vtin", true, 0);
}

/*
 * Two of them, "vtin" in namespaces of their own, with 10.1.0.1 and 10.1.0.2;
 * LOWER has 10.1.0.9.
 */
FIXTURE(lower)
{
	struct agent one, two;
	/* packet sockets of all devices there are */
	long in_one, in_two, lower, wire;
};

FIXTURE_VARIANT(lower)
{
	__u32 type;
	const char *kind;
	bool context;
	/* what is heard of what is sent from one to the other */
	long heard, on_wire;
	/* and to LOWER */
	long heard_below, below_on_wire;
};

FIXTURE_VARIANT_ADD(lower, macvlan)
{
	.type = VC_VNET_MACVLAN,
	.kind = "macvlan",
	.context = true,
	.on_wire = 1,
	.below_on_wire = 1,
};

/* No macvlan comes to its lower device, in this mode neither. */
FIXTURE_VARIANT_ADD(lower, macvlan_bridge)
{
	.kind = "macvlan",
	.heard = 1,
	.below_on_wire = 1,
};

/* They all have the same address on the wire, where nobody is who has it. */
FIXTURE_VARIANT_ADD(lower, ipvlan)
{
	.type = VC_VNET_IPVLAN,
	.kind = "ipvlan",
	.context = true,
};

FIXTURE_VARIANT_ADD(lower, ipvlan_bridge)
{
	.kind = "ipvlan",
	.heard = 1,
	.heard_below = 1,
};

/* Of experiments, so that nobody else sends any. */
#define IP_EXPERIMENT	253

/* A packet socket of the device in agent_buf. */
static long a_ear(long a, long b, long c)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = net_index(agent_buf),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&at, sizeof(at)))
		return -errno;
	return fd;
}

/* How many experiments come in, until none does for @ms. */
static long a_hear(long fd, long ms, long c)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct sockaddr_ll from;
	unsigned char buf[256];
	socklen_t len;
	long n = 0;

	while (poll(&p, 1, ms) > 0) {
		len = sizeof(from);
		if (recvfrom(fd, buf, sizeof(buf), 0, (void *)&from, &len) <
		    ETH_HLEN + 20)
			continue;
		n += from.sll_pkttype != PACKET_OUTGOING &&
		     buf[ETH_HLEN + 9] == IP_EXPERIMENT;
	}
	return n;
}

/* What a device is known by on the wire. */
static long a_mac(long a, long b, long c)
{
	struct ifreq req = {};
	long ret;

	COPY(req.ifr_name, agent_buf);
	ret = net_ioctl(SIOCGIFHWADDR, &req);
	memcpy(agent_buf, req.ifr_hwaddr.sa_data, ETH_ALEN);
	return ret;
}

/* A packet to 10.1.0.@to at what is in agent_buf, by the device of @fd. */
static long a_send_packet(long fd, long to, long mine)
{
	unsigned char frame[60] = {
		[12] = ETH_P_IP >> 8, [14] = 0x45, [17] = 46, [22] = 64,
		[23] = IP_EXPERIMENT,
		[26] = 10, 1, 0, mine, 10, 1, 0, to,
	};
	unsigned char *own = frame + ETH_ALEN;
	char name[IFNAMSIZ];

	memcpy(frame, agent_buf, ETH_ALEN);
	COPY(name, agent_buf + ETH_ALEN);
	COPY(agent_buf, name);
	if (a_mac(0, 0, 0))
		return -ENODEV;
	memcpy(own, agent_buf, ETH_ALEN);
	return send(fd, frame, sizeof(frame), 0) == sizeof(frame) ? 0 : -errno;
}

static long send_packet(struct agent *agent, const char *name, long fd,
			const char *mac, int to)
{
	memcpy(agent_buf, mac, ETH_ALEN);
	snprintf(agent_buf + ETH_ALEN, IFNAMSIZ, "%s", name);
	return agent ? ask3(agent, a_send_packet, fd, to, 1) :
		       a_send_packet(fd, to, 8);
}

static long ear(struct agent *agent, const char *name)
{
	COPY(agent_buf, name);
	return agent ? ask0(agent, a_ear) : a_ear(0, 0, 0);
}

static void mac_of(struct agent *agent, const char *name, char *mac)
{
	COPY(agent_buf, name);
	if (agent)
		ask0(agent, a_mac);
	else
		a_mac(0, 0, 0);
	memcpy(mac, agent_buf, ETH_ALEN);
}

FIXTURE_SETUP(lower)
{
	struct agent *both[] = { &self->one, &self->two };
	int i;

	VC_SETUP();
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, link_add_pair(LOWER, WIRE, 0));
	ASSERT_EQ(0, net_up(WIRE, true));
	ASSERT_EQ(0, net_address(LOWER, 1, 9));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, variant->context ?
			  lie_as_context(both[i], variant->type) :
			  lie_as_link(both[i], variant->kind,
				      MACVLAN_MODE_BRIDGE, 0));
		ASSERT_EQ(0, ask_net(both[i], a_net_address, "vtin", 1,
				     i + 1));
	}
	self->in_one = ear(&self->one, "vtin");
	self->in_two = ear(&self->two, "vtin");
	self->lower = ear(NULL, LOWER);
	self->wire = ear(NULL, WIRE);
	ASSERT_LE(0, self->in_one);
	ASSERT_LE(0, self->in_two);
	ASSERT_LE(0, self->lower);
	ASSERT_LE(0, self->wire);
}

FIXTURE_TEARDOWN(lower)
{
	vc_teardown();
}

/* Long enough for what is queued to have arrived. */
#define QUIET_MS	300

/* How many each of them has heard since it was asked last. */
#define HEARD_BY_TWO	ask3(&self->two, a_hear, self->in_two, QUIET_MS, 0)
#define HEARD_BELOW	a_hear(self->lower, QUIET_MS, 0)
#define HEARD_BEYOND	a_hear(self->wire, QUIET_MS, 0)

/* What goes beyond goes by the wire, and what comes from there comes. */
TEST_F(lower, beyond)
{
	static const char beyond[ETH_ALEN] = { 2, 0, 0, 0, 0, 9 };
	char mac[ETH_ALEN];

	ASSERT_EQ(0, send_packet(&self->one, "vtin", self->in_one, beyond, 8));
	EXPECT_EQ(1, HEARD_BEYOND);
	EXPECT_EQ(0, HEARD_BY_TWO);
	mac_of(&self->two, "vtin", mac);
	ASSERT_EQ(0, send_packet(NULL, WIRE, self->wire, mac, 2));
	EXPECT_EQ(1, HEARD_BY_TWO);
	HEARD_BELOW;
	mac_of(NULL, LOWER, mac);
	ASSERT_EQ(0, send_packet(NULL, WIRE, self->wire, mac, 9));
	EXPECT_EQ(1, HEARD_BELOW);
	EXPECT_EQ(0, HEARD_BY_TWO);
}

/*
 * What one sends to the other passes by the lower device only where they are a
 * bridge, even if the sender knows who is where without asking for it.
 */
TEST_F(lower, unicast)
{
	char mac[ETH_ALEN];

	mac_of(&self->two, "vtin", mac);
	send_packet(&self->one, "vtin", self->in_one, mac, 2);
	EXPECT_EQ(variant->heard, HEARD_BY_TWO);
	EXPECT_EQ(variant->on_wire, HEARD_BEYOND);
	EXPECT_EQ(0, HEARD_BELOW);
}

TEST_F(lower, unicast_below)
{
	char mac[ETH_ALEN];

	mac_of(NULL, LOWER, mac);
	send_packet(&self->one, "vtin", self->in_one, mac, 9);
	EXPECT_EQ(variant->heard_below, HEARD_BELOW);
	EXPECT_EQ(variant->below_on_wire, HEARD_BEYOND);
	EXPECT_EQ(0, HEARD_BY_TWO);
}

/* What is for all is heard beyond, too. */
TEST_F(lower, broadcast)
{
	static const char all[ETH_ALEN] = { -1, -1, -1, -1, -1, -1 };

	ASSERT_EQ(0, send_packet(&self->one, "vtin", self->in_one, all, 255));
	EXPECT_EQ(variant->heard, HEARD_BY_TWO);
	EXPECT_EQ(1, HEARD_BEYOND);
	EXPECT_EQ(0, HEARD_BELOW);
}

TEST_HARNESS_MAIN
