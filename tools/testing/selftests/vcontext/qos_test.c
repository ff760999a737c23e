// SPDX-License-Identifier: GPL-2.0
/*
 * Bandwidth of network devices: what is refused, who gets what is warranted,
 * and that what goes through a device is what it may be, whatever the inside
 * does.
 *
 * What is measured is the payload that arrives. With VC_REAL=1 each rate is
 * measured for ten seconds, else some of them for two.
 */
#include "links.h"

#include <linux/if_packet.h>
#include <netinet/tcp.h>

/* The uplink: ours is "vtup", that of the world beyond "vtworld". */
#define UP		"vtup"

static bool is_real(void)
{
	return getenv("VC_REAL");
}

/* ---- traffic ---- */

#define PORT		7000
/* In front of the payload of a datagram. */
#define UDP_HEADERS	28

static struct sockaddr_in ip(int net, int host, int port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(10 << 24 | net << 16 | host),
	};

	return in;
}

/*
 * A socket that waits for traffic of @type at @port: agent_fd.  With @stamps
 * the kernel notes when each datagram arrives, whenever we look at it.
 */
static long a_sink(long type, long port, long stamps)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int size = 4 << 20, one = 1;

	close(agent_fd);
	agent_fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (agent_fd < 0)
		return -errno;
	setsockopt(agent_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(agent_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (stamps && (setsockopt(agent_fd, SOL_SOCKET, SO_TIMESTAMPNS, &one,
				  sizeof(one)) ||
		       setsockopt(agent_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
				  sizeof(size))))
		return -errno;
	if (bind(agent_fd, (void *)&any, sizeof(any)))
		return -errno;
	return type == SOCK_STREAM ? res(listen(agent_fd, 4)) : 0;
}

/* When all begin to measure, on the clock of now_ms(); 0 for the first byte. */
static long long common_start;

/*
 * What arrives, in kbit/s, measured from @skip ms after the first byte on for
 * @ms.
 */
static long a_receive(long type, long skip, long ms)
{
	struct timeval patience = { .tv_sec = 20 };
	static char buf[65536];
	long long start, now, bytes = 0;
	int fd = agent_fd;
	ssize_t len;

	if (type == SOCK_STREAM) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
		fd = accept4(agent_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return -errno;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	len = recv(fd, buf, sizeof(buf), 0);
	if (len <= 0)
		return len ? -errno : -EPIPE;
	start = (common_start ?: now_ms()) + skip;
	do {
		len = recv(fd, buf, sizeof(buf), 0);
		if (len <= 0)
			break;
		now = now_ms();
		if (now >= start)
			bytes += len;
	} while (now < start + ms);
	if (fd != agent_fd)
		close(fd);
	return len <= 0 ? -EPIPE : bytes * 8 / (now - start);
}

/* When the kernel took what @msg has brought, in ns. */
static long long stamp(struct msghdr *msg)
{
	struct cmsghdr *pos = CMSG_FIRSTHDR(msg);
	struct timespec time;

	if (!pos || pos->cmsg_type != SO_TIMESTAMPNS)
		return -1;
	memcpy(&time, CMSG_DATA(pos), sizeof(time));
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/*
 * What has arrived at once, in bytes of frames: the most by which it was ahead
 * of @rate bytes a second, within @ms from the first datagram on.
 */
static long a_receive_burst(long rate, long ms, long c)
{
	struct timeval patience = { .tv_sec = 20 };
	static char buf[65536];
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec iov = { buf, sizeof(buf) };
	long long first = 0, last = 0, now;
	double ahead = 0, most = 0;
	ssize_t len;

	setsockopt(agent_fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	do {
		struct msghdr msg = {
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		len = recvmsg(agent_fd, &msg, 0);
		if (len < 0)
			return -errno;
		now = stamp(&msg);
		if (now < 0)
			return -ENOMSG;
		if (!first)
			first = now;
		else
			ahead -= (now - last) * (double)rate / 1e9;
		if (ahead < 0)
			ahead = 0;
		ahead += len + UDP_HEADERS + ETH_HLEN;
		if (ahead > most)
			most = ahead;
		last = now;
	} while (now < first + ms * 1000000);
	return most;
}

/* One large datagram to the address in agent_buf. */
static long a_send_large(long a, long b, long c)
{
	static char buf[60000];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 1 << 20;
	ssize_t len;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	len = sendto(fd, buf, sizeof(buf), 0, (void *)agent_buf,
		     sizeof(struct sockaddr_in));
	close(fd);
	return len == sizeof(buf) ? 0 : len < 0 ? -errno : -EIO;
}

/* The size of what arrives at agent_fd. */
static long a_receive_large(long a, long b, long c)
{
	struct timeval patience = { .tv_sec = 5 };
	static char buf[65536];

	setsockopt(agent_fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	return res(recv(agent_fd, buf, sizeof(buf), 0));
}

static pid_t sender;

/*
 * A child sends to 10.@net.0.@host as much as goes, in datagrams as large as
 * a frame can be, until a_send_end().
 */
static long a_send_begin(long type, long net, long host)
{
	struct sockaddr_in to = ip(net, host & 0xff, PORT + (host >> 8));
	static char buf[65536];
	socklen_t len = sizeof(int);
	int fd, mtu = 0;

	sender = fork();
	if (sender)
		return res(sender > 0 ? 0 : -1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (connect(fd, (void *)&to, sizeof(to)) ||
	    getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len))
		_exit(errno);
	for (;;)
		if (send(fd, buf, type == SOCK_DGRAM ? mtu - UDP_HEADERS :
			 sizeof(buf), 0) < 0 && type == SOCK_STREAM)
			_exit(0);
}

static long a_send_end(long a, long b, long c)
{
	if (sender > 0)
		child_kill(sender);
	sender = 0;
	return 0;
}

/* Is @got, payload, what @kbit of packets is, within @percent? */
static bool is_about(long got, long kbit, int percent)
{
	/* Of a full packet 40 to 52 bytes are headers. */
	return got * 100 <= kbit * (100 + percent) &&
	       got * 100 >= kbit * (100 - percent);
}

/* ---- the scene ---- */

FIXTURE(rate)
{
	long id;
	struct agent initial, world, agent;
};

FIXTURE_VARIANT(rate)
{
	__u32 type;
	const char *link;
};

FIXTURE_VARIANT_ADD(rate, veth)
{
	.type = VC_VNET_VETH, .link = "vthost",
};

FIXTURE_VARIANT_ADD(rate, macvlan)
{
	.type = VC_VNET_MACVLAN, .link = UP,
};

FIXTURE_VARIANT_ADD(rate, ipvlan)
{
	.type = VC_VNET_IPVLAN, .link = UP,
};

static long a_unshare_net(long a, long b, long c)
{
	return res(unshare(CLONE_NEWNET));
}

/*
 * Our side with an uplink to a world of its own, and a context that reaches
 * that: over the uplink, or by its veth, whose other end is given to the world.
 */
static long scene(struct agent *initial, struct agent *world)
{
	long ret;

	ret = agent_start(initial, VC_ID_HOST, 0);
	if (!ret)
		ret = agent_start(world, VC_ID_HOST, 0);
	if (!ret)
		ret = ask0(world, a_unshare_net);
	if (!ret)
		ret = res(unshare(CLONE_NEWNET));
	if (!ret)
		ret = link_add_pair(UP, "vtworld", world->pid);
	if (!ret)
		ret = net_address(UP, 1, 1);
	return ret ?: ask_net(world, a_net_address, "vtworld", 1, 2);
}

FIXTURE_SETUP(rate)
{
	VC_SETUP();
	ASSERT_EQ(0, scene(&self->initial, &self->world));
	self->id = ctx_new(VC_CREATE_NETNS);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, ctx_set_caps(self->id, NET_CAPS));
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	ASSERT_EQ(0, vnet_make(self->id, variant->type, "vtin", variant->link,
			       VC_VNET_INSIDE)) TH_LOG("%s", ctx_error());
	if (variant->type == VC_VNET_VETH) {
		/* An end may be anywhere. */
		ASSERT_EQ(0, link_move("vthost", self->world.pid));
		ASSERT_EQ(0, ask_net(&self->world, a_net_address, "vthost", 2,
				     2));
		ASSERT_EQ(0, ask_net(&self->agent, a_net_address, "vtin", 2,
				     3));
	} else {
		ASSERT_EQ(0, ask_net(&self->agent, a_net_address, "vtin", 1,
				     3));
	}
}

FIXTURE_TEARDOWN(rate)
{
	vc_teardown();
}

/* kbit/s that arrive @out of the context, or in it. */
static long measure(struct agent *world, struct agent *agent, int net, int type,
		    bool out, long ms)
{
	struct agent *from = out ? agent : world, *to = out ? world : agent;
	long ret = ask3(to, a_sink, type, PORT, 0);

	if (!ret)
		ret = ask3(from, a_send_begin, type, net, out ? 2 : 3);
	if (!ret)
		ret = ask3(to, a_receive, type, is_real() ? 0 : 300, ms);
	ask0(from, a_send_end);
	return ret;
}

#define NET_OF(variant)	((variant)->type == VC_VNET_VETH ? 2 : 1)

static void check_rates(struct __test_metadata *_metadata, struct agent *world,
			struct agent *agent, int net, long id, long kbit,
			long ms)
{
	static const char * const names[] = { "UDP in", "UDP out", "TCP in",
					      "TCP out" };
	long got;
	int i;

	ASSERT_EQ(0, qos_set(id, "vtin", "", kbit, 0))
		TH_LOG("%s", ctx_error());
	for (i = 0; i < 4; i++) {
		got = measure(world, agent, net, i / 2 ? SOCK_STREAM :
			      SOCK_DGRAM, i % 2, ms);
		TH_LOG("%s: %ld of %ld kbit/s", names[i], got, kbit);
		EXPECT_TRUE(is_about(got, kbit, 5)) TH_LOG("too far from it");
	}
}

/* Both directions, UDP and TCP, from a megabit to a hundred. */
TEST_F_TIMEOUT(rate, max, 400)
{
	int net = NET_OF(variant);
	long rate;

	alarm(380);
	for (rate = 1000; rate <= 100000; rate *= 10) {
		if (!is_real() && rate != 10000)
			continue;
		check_rates(_metadata, &self->world, &self->agent, net,
			    self->id, rate, is_real() ? 10000 : 1000);
	}
}

/* Without a limit, and with one and after it is lifted, there is more. */
TEST_F(rate, lifted)
{
	int net = NET_OF(variant);
	long got = measure(&self->world, &self->agent, net, SOCK_STREAM, true,
			   500);

	EXPECT_LT(4000, got);
	ASSERT_EQ(0, qos_set(self->id, "vtin", "", 1000, 0));
	got = measure(&self->world, &self->agent, net, SOCK_STREAM, true, 1500);
	EXPECT_GT(2000, got);
	ASSERT_EQ(0, qos_set(self->id, "vtin", "", 0, 0));
	got = measure(&self->world, &self->agent, net, SOCK_STREAM, true, 500);
	EXPECT_LT(4000, got);
	EXPECT_EQ(0, ask_net(&self->initial, a_links_like, "vcshape", 0, 0));
}

static long a_qdisc_delete(long a, long b, long c)
{
	return qdisc_delete("vtin");
}

static long a_qdisc_add(long a, long b, long c)
{
	return qdisc_add("vtin", "pfifo");
}

static long a_qdisc_kind(long a, long b, long c)
{
	const char *kind = qdisc_kind("vtin");

	COPY(agent_buf, kind);
	return 0;
}

/*
 * Frames by hand, from a packet socket that passes queueing disciplines by:
 * UDP to 10.@net.0.2.
 */
static long a_packets(long net, long ms, long c)
{
	struct ifreq req = {};
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	unsigned char frame[1514] = {};
	long long end = now_ms() + ms;
	int one = 1, fd;
	long sent = 0;

	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
	if (fd < 0)
		return -errno;
	COPY(req.ifr_name, "vtin");
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one,
		       sizeof(one)) || ioctl(fd, SIOCGIFHWADDR, &req))
		return -errno;
	memset(frame, 0xff, 6);
	memcpy(frame + 6, req.ifr_hwaddr.sa_data, 6);
	frame[12] = 0x88;	/* an experiment */
	frame[13] = 0xb5;
	to.sll_ifindex = net_index("vtin");
	to.sll_halen = 6;
	while (now_ms() < end)
		sent += sendto(fd, frame, sizeof(frame), 0, (void *)&to,
			       sizeof(to)) > 0;
	close(fd);
	return sent;
}

/* Frames of such an experiment that arrive at @name within @ms, kbit/s. */
static long a_capture(long ms, long b, long c)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(0x88b5),
		.sll_ifindex = net_index(agent_buf),
	};
	struct timeval patience = { .tv_sec = 1 };
	long long start, now = 0, bytes = 0;
	int size = 16 << 20, fd;
	static char buf[65536];
	ssize_t len;

	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(fd, (void *)&at, sizeof(at)))
		return -errno;
	start = now_ms();
	do {
		len = recv(fd, buf, sizeof(buf), 0);
		now = now_ms();
		if (len > 0)
			bytes += len;
	} while (now < start + ms);
	close(fd);
	return bytes * 8 / (now - start);
}

/* One more of all that a child can do while the agent answers. */
static long a_packets_begin(long net, long ms, long c)
{
	sender = fork();
	if (sender)
		return res(sender > 0 ? 0 : -1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(a_packets(net, ms, 0) < 0);
}

/* Its own queueing disciplines, raw frames: no more. */
TEST_F(rate, inside)
{
	const char *at = variant->type == VC_VNET_VETH ? "vthost" : "vtworld";
	int net = NET_OF(variant);
	long got;

	/* The control: what the socket gives where nothing limits it. */
	ASSERT_EQ(0, ask3(&self->agent, a_packets_begin, net, 8000, 0));
	got = ask_net(&self->world, a_capture, at, 500, 0);
	EXPECT_LT(4000, got);
	ASSERT_EQ(0, qos_set(self->id, "vtin", "", 1000, 0));
	/* What was under way has gone. */
	ask_net(&self->world, a_capture, at, 300, 0);
	got = ask_net(&self->world, a_capture, at, 1000, 0);
	EXPECT_TRUE(is_about(got, 1000, 20)) TH_LOG("%ld kbit/s", got);
	ask0(&self->agent, a_send_end);

	ASSERT_EQ(0, ask0(&self->agent, a_qdisc_add));
	ask0(&self->agent, a_qdisc_kind);
	EXPECT_STREQ("pfifo", agent_buf);
	got = measure(&self->world, &self->agent, net, SOCK_DGRAM, true, 1000);
	EXPECT_TRUE(is_about(got, 1000, 15)) TH_LOG("%ld kbit/s", got);
	ASSERT_EQ(0, ask0(&self->agent, a_qdisc_delete));
	got = measure(&self->world, &self->agent, net, SOCK_DGRAM, true, 1000);
	EXPECT_TRUE(is_about(got, 1000, 15)) TH_LOG("%ld kbit/s", got);
	EXPECT_EQ(-ENODEV, ask_net(&self->agent, a_net_index, "vcshape0", 0,
				   0));
}

/* The largest packet on the whole way from the context to the world. */
static long way_mtu(struct agent *world, struct agent *agent, __u32 type,
		    int mtu)
{
	const char *end = type == VC_VNET_VETH ? "vthost" : "vtworld";

	return (type == VC_VNET_VETH ? 0 : net_mtu(UP, mtu)) ?:
	       ask_net(world, a_net_mtu, end, mtu, 0) ?:
	       ask_net(agent, a_net_mtu, "vtin", mtu, 0);
}

/* What arrives at once, where @kbit a second in packets of @mtu may. */
static long burst(struct agent *from, struct agent *to, int net, int host,
		  long kbit, int mtu)
{
	long ret = ask3(to, a_sink, SOCK_DGRAM, PORT, true);

	if (!ret)
		ret = ask3(from, a_send_begin, SOCK_DGRAM, net, host);
	if (!ret)
		ret = ask3(to, a_receive_burst,
			   kbit * 125 * (mtu + ETH_HLEN) / mtu, 200, 0);
	ask0(from, a_send_end);
	return ret;
}

/* At once goes what is documented: what 10 ms carry, or 64 KB. */
TEST_F(rate, burst)
{
	static const struct {
		long kbit, most;
	} rates[] = {
		{ 1000, 65550 },
		{ 100000, 10 * 12500L * 9014 / 9000 },
	};
	const int mtu = 9000;
	int net = NET_OF(variant), i;

	/* Large frames: an emulated CPU sends few. */
	ASSERT_EQ(0, way_mtu(&self->world, &self->agent, variant->type, mtu));
	for (i = 0; i < 4; i++) {
		struct agent *from = i % 2 ? &self->agent : &self->world;
		struct agent *to = i % 2 ? &self->world : &self->agent;
		long kbit = rates[i / 2].kbit, most = rates[i / 2].most, got;

		/* The control: more, if nothing holds it back. */
		ASSERT_EQ(0, qos_set(self->id, "vtin", "", 0, 0));
		got = burst(from, to, net, i % 2 ? 2 : 3, kbit, mtu);
		EXPECT_LT(2 * most, got);
		ASSERT_EQ(0, qos_set(self->id, "vtin", "", kbit, 0));
		got = burst(from, to, net, i % 2 ? 2 : 3, kbit, mtu);
		TH_LOG("%ld kbit/s %s: %ld bytes at once, of %ld", kbit,
		       i % 2 ? "out" : "in", got, most);
		/* and the frame that has been let pass before */
		EXPECT_GE(most + mtu + ETH_HLEN + most / 100, got);
		EXPECT_LT(most / 4, got);
	}
}

/* What a larger MTU lets be sent later is not dropped for ever. */
TEST_F(rate, mtu)
{
	int net = NET_OF(variant);
	struct sockaddr_in to = ip(net, 2, PORT);
	long got;

	ASSERT_EQ(0, qos_set(self->id, "vtin", "", 1000, 0));
	ASSERT_EQ(0, way_mtu(&self->world, &self->agent, variant->type, 65535));
	ASSERT_EQ(0, ask3(&self->world, a_sink, SOCK_DGRAM, PORT, 0));
	memcpy(agent_buf, &to, sizeof(to));
	ASSERT_EQ(0, ask0(&self->agent, a_send_large));
	got = ask0(&self->world, a_receive_large);
	EXPECT_EQ(60000, got);
}

/* ---- values ---- */

FIXTURE(qos)
{
	long id;
	struct agent initial;
};

FIXTURE_SETUP(qos)
{
	VC_SETUP();
	ASSERT_EQ(0, agent_start(&self->initial, VC_ID_HOST, 0));
	ASSERT_EQ(0, res(unshare(CLONE_NEWNET)));
	ASSERT_EQ(0, link_add_pair(UP, "vtworld", 0));
	ASSERT_EQ(0, net_up(UP, true));
	self->id = ctx_new(VC_CREATE_NETNS);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, vnet_make(self->id, VC_VNET_VETH, "vtin", "vthost",
			       VC_VNET_INSIDE));
	ASSERT_EQ(0, vnet_make(self->id, VC_VNET_MACVLAN, "vtmac", UP,
			       VC_VNET_INSIDE));
	ASSERT_EQ(0, vnet_make(self->id, VC_VNET_DUMMY, "vtdummy", "",
			       VC_VNET_INSIDE));
	ASSERT_EQ(0, link_add("dummy", "vtslow", 0, -1));
}

FIXTURE_TEARDOWN(qos)
{
	vc_teardown();
}

static long a_warrant_by_default(long id, long b, long c)
{
	return qos_set(id, "vtmac", "", 0, 2000);
}

TEST_F(qos, values)
{
	struct vc_vnet_qos arg;

	EXPECT_STREQ("- 0 0", qos(self->id, "vtin"));
	EXPECT_EQ(0, qos_set(self->id, "vtin", "", 5000, 0));
	EXPECT_STREQ("- 5000 0", qos(self->id, "vtin"));
	EXPECT_EQ(1, ask_net(&self->initial, a_links_like, "vcshape", 0, 0));
	EXPECT_EQ(0, qos_set(self->id, "vtin", UP, 6000, 1000));
	EXPECT_STREQ(UP " 6000 1000", qos(self->id, "vtin"));
	EXPECT_EQ(1, ask_net(&self->initial, a_links_like, "vcshape", 0, 0));
	EXPECT_STREQ("htb", qdisc_kind(UP));
	/* Nothing of what is refused changes anything. */
	EXPECT_EQ(-EINVAL, qos_set(self->id, "vtin", UP, 1000, 1001));
	EXPECT_EQ(-EINVAL, qos_set(self->id, "vtin", "", 0, 1000));
	EXPECT_EQ(-EINVAL, qos_set(self->id, "", UP, 0, 1000));
	EXPECT_EQ(-ENODEV, qos_set(self->id, "vtin", "vtnone", 0, 1000));
	EXPECT_EQ(-ENODEV, qos_set(self->id, "vtin", "vtnone", 7000, 0));
	EXPECT_EQ(-ENODEV, qos_set(self->id, "vtnone", UP, 0, 1000));
	EXPECT_EQ(-EOPNOTSUPP, qos_set(self->id, "vtdummy", "", 1000, 0));
	EXPECT_EQ(-EOPNOTSUPP, qos_set(self->id, "vtdummy", UP, 0, 1000));
	EXPECT_EQ(-EOPNOTSUPP, qos_set(self->id, "vtin", "vtslow", 0, 1000));
	memset(&arg, 'a', sizeof(arg));
	EXPECT_EQ(-EINVAL, vc(VC_SET_QOS, self->id, &arg));
	EXPECT_EQ(-EINVAL, vc(VC_GET_QOS, self->id, &arg));
	memset(&arg, 0, sizeof(arg));
	EXPECT_EQ(-EINVAL, vc(VC_GET_QOS, self->id, &arg));
	COPY(arg.vdev_name, UP);
	COPY(arg.uplink, "vtnone");
	EXPECT_EQ(-EINVAL, vc(VC_GET_QOS, 0, &arg));
	memset(&arg, 'a', sizeof(arg));
	COPY(arg.vdev_name, "vtin");
	EXPECT_EQ(-EINVAL, vc(VC_SET_QOS, self->id, &arg));
	EXPECT_STREQ(UP " 6000 1000", qos(self->id, "vtin"));
	EXPECT_STREQ("-19", qos(self->id, "vtnone"));
	EXPECT_EQ(1, ask_net(&self->initial, a_links_like, "vcshape", 0, 0));

	/* A macvlan's uplink is what it lies on. */
	EXPECT_EQ(0, qos_set(self->id, "vtmac", "", 0, 2000));
	EXPECT_STREQ(UP " 0 2000", qos(self->id, "vtmac"));
	EXPECT_STREQ(UP " 0 3000", qos(0, UP));
	EXPECT_EQ(0, qos_set(self->id, "vtmac", "", 0, 0));
	EXPECT_STREQ("- 0 0", qos(self->id, "vtmac"));
	/* Not one of the same name elsewhere. */
	EXPECT_EQ(-EINVAL, ask(&self->initial, a_warrant_by_default, self->id));
	EXPECT_EQ(0, qos_set(self->id, "vtin", "", 0, 0));
	EXPECT_STREQ("- 0 0", qos(self->id, "vtin"));
	EXPECT_STREQ(UP " 0 0", qos(0, UP));
	/* Nothing is left behind, neither here nor there. */
	EXPECT_STRNE("htb", qdisc_kind(UP));
	EXPECT_EQ(0, ask_net(&self->initial, a_links_like, "vcshape", 0, 0));
}

TEST_F(qos, capacity)
{
	/* The link speed of a veth: ten gigabit. */
	EXPECT_EQ(-ENOSPC, qos_set(self->id, "vtin", UP, 0, 10000001));
	EXPECT_EQ(0, qos_set(self->id, "vtin", UP, 0, 10000000));
	EXPECT_EQ(-ENOSPC, qos_set(self->id, "vtmac", UP, 0, 1));
	EXPECT_EQ(-ENOSPC, qos_set(0, UP, "", 9999999, 0));
	EXPECT_STREQ(UP " 0 10000000", qos(0, UP));
	EXPECT_EQ(0, qos_set(self->id, "vtin", UP, 0, 6000));

	EXPECT_EQ(0, qos_set(0, UP, "", 10000, 0));
	EXPECT_STREQ(UP " 10000 6000", qos(0, UP));
	EXPECT_EQ(-ENOSPC, qos_set(self->id, "vtmac", UP, 0, 4001));
	EXPECT_EQ(0, qos_set(self->id, "vtmac", UP, 0, 4000));
	EXPECT_EQ(-ENOSPC, qos_set(self->id, "vtin", UP, 0, 6001));
	EXPECT_EQ(-ENOSPC, qos_set(0, "", UP, 9999, 0));
	EXPECT_EQ(0, qos_set(self->id, "vtin", UP, 0, 5000));
	EXPECT_STREQ(UP " 10000 9000", qos(0, UP));
	EXPECT_EQ(0, qos_set(0, UP, UP, 9000, 0));

	/* Of whom there is nothing to know. */
	EXPECT_EQ(0, qos_set(0, "vtslow", "", 100, 0));
	EXPECT_EQ(0, qos_set(self->id, "vtin", "vtslow", 0, 100));
	EXPECT_STREQ("vtslow 0 100", qos(self->id, "vtin"));
	EXPECT_STREQ(UP " 9000 4000", qos(0, UP));
	EXPECT_EQ(-EOPNOTSUPP, qos_set(0, "vtslow", "", 0, 0));

	EXPECT_EQ(-EINVAL, qos_set(0, UP, "vtslow", 100, 0));
	EXPECT_EQ(-EINVAL, qos_set(0, UP, "", 10000, 1));
	EXPECT_EQ(-ENODEV, qos_set(0, "vtnone", "", 10000, 0));
	/* What a context had is free when it is gone. */
	EXPECT_EQ(0, ctx_kill(self->id));
	EXPECT_STREQ(UP " 9000 0", qos(0, UP));
	EXPECT_STREQ("htb", qdisc_kind(UP));
	EXPECT_EQ(0, qos_set(0, UP, "", 0, 0));
	EXPECT_STRNE("htb", qdisc_kind(UP));
}

/* What the administrator has set up there himself stays. */
TEST_F(qos, foreign_qdisc)
{
	ASSERT_EQ(0, qdisc_add(UP, "pfifo"));
	EXPECT_EQ(-EBUSY, qos_set(self->id, "vtin", UP, 0, 1000));
	EXPECT_EQ(-EBUSY, qos_set(0, UP, "", 1000, 0));
	EXPECT_STREQ("pfifo", qdisc_kind(UP));
	EXPECT_STREQ("- 0 0", qos(self->id, "vtin"));
	EXPECT_STREQ(UP " 0 0", qos(0, UP));
	ASSERT_EQ(0, qdisc_delete(UP));
	EXPECT_EQ(0, qos_set(self->id, "vtin", UP, 0, 1000));
	/* Nor does removing ours take his. */
	ASSERT_EQ(0, qdisc_add(UP, "pfifo"));
	EXPECT_EQ(0, qos_set(self->id, "vtin", "", 0, 0));
	EXPECT_STREQ("pfifo", qdisc_kind(UP));
}

/* With the uplink go the warrants that it gave. */
TEST_F(qos, uplink_gone)
{
	ASSERT_EQ(0, qos_set(0, "vtslow", "", 5000, 0));
	ASSERT_EQ(0, qos_set(self->id, "vtin", "vtslow", 2000, 1000));
	ASSERT_EQ(0, link_delete("vtslow"));
	EXPECT_STREQ("- 2000 0", qos(self->id, "vtin"));
	EXPECT_STREQ("-19", qos(0, "vtslow"));
	/* One of the same name is another one. */
	ASSERT_EQ(0, link_add("dummy", "vtslow", 0, -1));
	EXPECT_STREQ("vtslow 0 0", qos(0, "vtslow"));
	EXPECT_EQ(-EOPNOTSUPP, qos_set(self->id, "vtin", "vtslow", 2000, 1000));
	EXPECT_EQ(0, qos_set(self->id, "vtin", UP, 2000, 1000));
	EXPECT_STREQ(UP " 2000 1000", qos(self->id, "vtin"));
}

TEST_F(qos, device_gone)
{
	ASSERT_EQ(0, qos_set(self->id, "vtin", UP, 2000, 1000));
	ASSERT_EQ(0, link_delete("vthost"));
	EXPECT_STREQ("-19", qos(self->id, "vtin"));
	EXPECT_TRUE(WAIT_FOR(!strcmp(UP " 0 0", qos(0, UP))));
	EXPECT_TRUE(WAIT_FOR(ask_net(&self->initial, a_links_like, "vcshape", 0,
				     0) == 0));
}

static long batch(struct vc_call *calls, __u32 n)
{
	struct vc_batch head = { .count = n, .calls = (uintptr_t)calls };

	return vc(VC_SET(VC_CAT_CPU, VC_CPU_BATCH), 0, &head);
}

/* A batch that fails puts all back, and nobody takes it in between. */
TEST_F(qos, batch)
{
	struct vc_vnet_qos less = { .vdev_name = "vtin", .uplink = UP,
				    .max_bandwidth = 3000,
				    .warranted_bandwidth = 500 };
	struct vc_vnet_qos more = { .vdev_name = "vtmac", .uplink = UP,
				    .warranted_bandwidth = 9500 };
	struct vc_vnet_qos wide = { .vdev_name = UP, .max_bandwidth = 20000 };
	struct vc_vnet_qos wrong = { .vdev_name = "vtnone" };
	struct vc_call calls[] = {
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&less },
		{ .cmd = VC_SET_QOS, .id = 0, .data = (uintptr_t)&wide },
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&more },
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&wrong },
	};

	ASSERT_EQ(0, qos_set(0, UP, "", 10000, 0));
	ASSERT_EQ(0, qos_set(self->id, "vtin", UP, 2000, 1000));
	EXPECT_EQ(-ENODEV, batch(calls, 4));
	EXPECT_STREQ(UP " 2000 1000", qos(self->id, "vtin"));
	EXPECT_STREQ("- 0 0", qos(self->id, "vtmac"));
	EXPECT_STREQ(UP " 10000 1000", qos(0, UP));
	EXPECT_EQ(1, ask_net(&self->initial, a_links_like, "vcshape", 0, 0));
	EXPECT_EQ(0, batch(calls, 3));
	EXPECT_STREQ(UP " 3000 500", qos(self->id, "vtin"));
	EXPECT_STREQ(UP " 0 9500", qos(self->id, "vtmac"));
	EXPECT_STREQ(UP " 20000 10000", qos(0, UP));
}

/* Another context with a device on the uplink, which has 10000 kbit/s. */
static long rival_make(void)
{
	long id = ctx_new(VC_CREATE_NETNS), ret;

	if (id < 0)
		return id;
	ret = vnet_make(id, VC_VNET_MACVLAN, "vtmac", UP, VC_VNET_INSIDE) ?:
	      qos_set(0, UP, "", 10000, 0);
	return ret ?: id;
}

/* A child asks for @kbit of the uplink for its device until it gets that. */
static pid_t rival_start(long id, long kbit)
{
	pid_t pid = child_fork();

	if (pid)
		return pid;
	while (qos_set(id, "vtmac", UP, 0, kbit))
		;
	_exit(1);
}

/* Ends it. */
static bool rival_failed(pid_t pid)
{
	bool ret = waitpid(pid, NULL, WNOHANG) == 0;

	child_kill(pid);
	return ret;
}

/* What a batch may take back is given to nobody else. */
TEST_F(qos, batch_capacity)
{
	struct vc_vnet_qos wide = { .vdev_name = UP, .max_bandwidth = 20000 };
	struct vc_vnet_qos none = { .vdev_name = UP };
	struct vc_vnet_qos wrong = { .vdev_name = "vtnone" };
	struct vc_call calls[] = {
		{ .cmd = VC_SET_QOS, .id = 0, .data = (uintptr_t)&none },
		{ .cmd = VC_SET_QOS, .id = 0, .data = (uintptr_t)&wide },
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&wrong },
	};
	long other = rival_make();
	pid_t pid;
	int i;

	ASSERT_LT(0, other);
	pid = rival_start(other, 15000);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-ENODEV, batch(calls, ARRAY_SIZE(calls)));
		ASSERT_STREQ(UP " 10000 0", qos(0, UP)) TH_LOG("round %d", i);
		ASSERT_STREQ("htb", qdisc_kind(UP));
	}
	EXPECT_TRUE(rival_failed(pid));
	EXPECT_EQ(0, batch(calls, 1));
	EXPECT_STRNE("htb", qdisc_kind(UP));
	EXPECT_EQ(0, batch(calls, 2));
	EXPECT_STREQ(UP " 20000 0", qos(0, UP));
	EXPECT_EQ(0, qos_set(other, "vtmac", UP, 0, 15000));
}

/* What a batch has taken less of, twice, is not taken by others meanwhile. */
TEST_F(qos, batch_twice)
{
	struct vc_vnet_qos less = { .vdev_name = "vtin", .uplink = UP,
				    .warranted_bandwidth = 5000 };
	struct vc_vnet_qos least = { .vdev_name = "vtin", .uplink = UP,
				     .warranted_bandwidth = 3000 };
	struct vc_vnet_qos wrong = { .vdev_name = "vtnone" };
	struct vc_call calls[] = {
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&less },
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&least },
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&wrong },
	};
	long other = rival_make();
	pid_t pid;
	int i;

	ASSERT_LT(0, other);
	ASSERT_EQ(0, qos_set(self->id, "vtin", UP, 0, 10000));
	pid = rival_start(other, 5000);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-ENODEV, batch(calls, ARRAY_SIZE(calls)));
		ASSERT_STREQ(UP " 0 10000", qos(self->id, "vtin"))
			TH_LOG("round %d", i);
		ASSERT_STREQ(UP " 10000 10000", qos(0, UP))
			TH_LOG("round %d", i);
	}
	EXPECT_TRUE(rival_failed(pid));
	/* Nothing of it is left behind. */
	EXPECT_EQ(0, batch(calls, 2));
	EXPECT_STREQ(UP " 0 3000", qos(self->id, "vtin"));
	EXPECT_STREQ(UP " 10000 3000", qos(0, UP));
	EXPECT_EQ(0, qos_set(self->id, "vtin", "", 0, 0));
	EXPECT_EQ(0, class_count(UP));
}

/* Away from an uplink and back, in one: the class that it has there stays. */
TEST_F(qos, batch_there_and_back)
{
	struct vc_vnet_qos away = { .vdev_name = "vtin", .uplink = "vtslow",
				    .warranted_bandwidth = 500 };
	struct vc_vnet_qos back = { .vdev_name = "vtin", .uplink = UP,
				    .warranted_bandwidth = 2000 };
	struct vc_vnet_qos wrong = { .vdev_name = "vtnone" };
	struct vc_call calls[] = {
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&away },
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&back },
		{ .cmd = VC_SET_QOS, .id = self->id,
		  .data = (uintptr_t)&wrong },
	};

	ASSERT_EQ(0, qos_set(0, "vtslow", "", 10000, 0));
	ASSERT_EQ(0, qos_set(0, UP, "", 10000, 0));
	EXPECT_EQ(0, class_count(UP));
	ASSERT_EQ(0, qos_set(self->id, "vtin", UP, 0, 1000));
	EXPECT_EQ(1, class_count(UP));
	EXPECT_EQ(-ENODEV, batch(calls, 3));
	EXPECT_STREQ(UP " 0 1000", qos(self->id, "vtin"));
	EXPECT_STREQ(UP " 10000 1000", qos(0, UP));
	EXPECT_EQ(1, class_count(UP));
	EXPECT_EQ(0, class_count("vtslow"));
	EXPECT_EQ(0, batch(calls, 2));
	EXPECT_STREQ(UP " 0 2000", qos(self->id, "vtin"));
	EXPECT_STREQ(UP " 10000 2000", qos(0, UP));
	EXPECT_EQ(1, class_count(UP));
	EXPECT_EQ(0, class_count("vtslow"));
	EXPECT_EQ(0, qos_set(self->id, "vtin", "", 0, 0));
	EXPECT_EQ(0, class_count(UP));
}

/* What a class of @name has; -errno. */
static long class_get(const char *name, __u32 class, struct tc_htb_opt *opt)
{
	static char buf[8192];
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			.nlmsg_type = RTM_GETTCLASS,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO,
		},
	};
	const struct nlmsghdr *head = (void *)buf;
	const struct rtattr *attr;
	long ret;

	req.tc.tcm_ifindex = net_index(name);
	req.tc.tcm_handle = class;
	memset(buf, 0, sizeof(buf));
	ret = rtnl_send(&req, buf, sizeof(buf));
	if (ret)
		return ret;
	attr = rtnl_find(TCA_RTA(NLMSG_DATA(head)),
			 NLMSG_PAYLOAD(head, sizeof(struct tcmsg)),
			 TCA_OPTIONS);
	if (attr)
		attr = rtnl_find(RTA_DATA(attr), RTA_PAYLOAD(attr),
				 TCA_HTB_PARMS);
	if (!attr)
		return -ENOENT;
	memcpy(opt, RTA_DATA(attr), sizeof(*opt));
	return 0;
}

/* What a class of "vtin" warrants, bytes of frames per second. */
static long a_class_rate(long class, long b, long c)
{
	struct tc_htb_opt opt;

	return class_get("vtin", class, &opt) ?: (long)opt.rate.rate;
}

/* By how much a class of the uplink that warrants @rate shares what is spare. */
static long class_share(__u32 rate)
{
	struct tc_htb_opt opt;
	__u32 tag;

	for (tag = 1; tag <= 64; tag++)
		if (!class_get(UP, 0x56430000 | tag, &opt) &&
		    opt.rate.rate == rate)
			return opt.quantum;
	return -ENOENT;
}

#define CLASS_ROOT	0x5643fffe
#define CLASS_HOST	0x5643ffff
/* Of full packets. */
#define BYTES(kbit)	((kbit) * 125L * 1514 / 1500)

/* At any rate, what is spare is shared in proportion. */
TEST_F(qos, proportion)
{
	static const __u32 rates[] = { 4000, 100000, 4000000 };
	long least, share;
	int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		ASSERT_EQ(0, qos_set(self->id, "vtin", UP, 0, rates[i]));
		ASSERT_EQ(0, qos_set(self->id, "vtmac", UP, 0, rates[i] / 2));
		least = class_share(BYTES(rates[i] / 2));
		share = class_share(BYTES(rates[i]));
		EXPECT_LT(1514, least);
		EXPECT_LE(2 * least - 1, share);
		EXPECT_GE(2 * least + 1, share);
	}
}

static long a_nested(long child, long b, long c)
{
	return vnet_make(child, VC_VNET_VETH, "vtn1", "vth1",
			 VC_VNET_INSIDE) ?:
	       vnet_make(child, VC_VNET_VETH, "vtn2", "vth2", VC_VNET_INSIDE);
}

static long a_warrant(long child, long n, long kbit)
{
	return qos_set(child, n == 1 ? "vtn1" : "vtn2", "vtin", 0, kbit);
}

/* What a context shares out is what it has, whenever that changes. */
TEST_F(qos, nested)
{
	long id = ctx_make(VC_ID_SELF, VC_CREATE_NETNS, 4, NULL), child;
	struct agent agent;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_set_caps(id, NET_CAPS));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	/* On what has no speed. */
	ASSERT_EQ(0, net_up("vtslow", true));
	ASSERT_EQ(0, vnet_make(id, VC_VNET_MACVLAN, "vtin", "vtslow",
			       VC_VNET_INSIDE));
	ASSERT_EQ(0, qos_set(id, "vtin", "", 10000, 0));
	child = ask3(&agent, a_create, VC_CREATE_NETNS, 0, 0);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, ask(&agent, a_nested, child));
	ASSERT_EQ(0, ask3(&agent, a_warrant, child, 1, 2000));
	ASSERT_EQ(0, ask3(&agent, a_warrant, child, 2, 1000));
	EXPECT_EQ(BYTES(10000), ask(&agent, a_class_rate, CLASS_ROOT));
	EXPECT_EQ(BYTES(7000), ask(&agent, a_class_rate, CLASS_HOST));
	ASSERT_EQ(0, qos_set(id, "vtin", "", 20000, 0));
	EXPECT_EQ(BYTES(20000), ask(&agent, a_class_rate, CLASS_ROOT));
	EXPECT_EQ(BYTES(17000), ask(&agent, a_class_rate, CLASS_HOST));
	ASSERT_EQ(0, qos_set(id, "vtin", "", 5000, 0));
	EXPECT_EQ(BYTES(5000), ask(&agent, a_class_rate, CLASS_ROOT));
	EXPECT_EQ(BYTES(2000), ask(&agent, a_class_rate, CLASS_HOST));
	/* Nobody knows what it has now: the last that was known. */
	ASSERT_EQ(0, qos_set(id, "vtin", "", 0, 0));
	ASSERT_EQ(0, ask3(&agent, a_warrant, child, 2, 0));
	EXPECT_EQ(BYTES(5000), ask(&agent, a_class_rate, CLASS_ROOT));
	EXPECT_EQ(BYTES(3000), ask(&agent, a_class_rate, CLASS_HOST));
	EXPECT_EQ(-EOPNOTSUPP, ask3(&agent, a_warrant, child, 2, 1000));
}

/* ---- shares of an uplink ---- */

#define CLIENTS	3

FIXTURE(share)
{
	long id[CLIENTS];
	struct agent initial, world[CLIENTS + 1], client[CLIENTS + 1];
};

/*
 * By a veth, which is routed or a port, and devices on top of one of ours.
 * What is @spare takes longer to measure.
 */
FIXTURE_VARIANT(share)
{
	int type;
	__u32 above;
	const char *bridge;
	bool spare;
};

FIXTURE_VARIANT_ADD(share, udp)
{
	.type = SOCK_DGRAM, .above = VC_VNET_MACVLAN, .spare = true,
};

FIXTURE_VARIANT_ADD(share, tcp)
{
	.type = SOCK_STREAM, .above = VC_VNET_IPVLAN, .spare = true,
};

/* The uplink is a port, and what is above is so of the bridge. */
FIXTURE_VARIANT_ADD(share, bridge)
{
	.type = SOCK_DGRAM, .above = VC_VNET_IPVLAN, .bridge = "vtbr",
};

/* Another agent where @world is. */
static long join(struct agent *agent, const struct agent *world)
{
	return agent_start(agent, VC_ID_HOST, 0) ?:
	       ask(agent, a_net_enter, world->pid);
}

/* A route by 10.@net.0.1 to 10.@to.0.0/24. */
static long a_route(long to, long net, long c)
{
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			.nlmsg_type = RTM_NEWROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
		},
	};
	struct rtmsg *route = (void *)&req.link;

	route->rtm_family = AF_INET;
	route->rtm_dst_len = 24;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_BOOT;
	route->rtm_scope = RT_SCOPE_UNIVERSE;
	route->rtm_type = RTN_UNICAST;
	rtnl_u32(&req, RTA_DST, htonl(10 << 24 | to << 16));
	rtnl_u32(&req, RTA_GATEWAY, htonl(10 << 24 | net << 16 | 1));
	return rtnl_send(&req, NULL, 0);
}

/* The uplink as a port of @name, which has its address. */
static long bridge_make(const char *name)
{
	return link_add("bridge", name, 0, -1) ?: link_enslave(UP, name) ?:
	       net_address(UP, 3, 1) ?: net_address(name, 1, 1);
}

FIXTURE_SETUP(share)
{
	const char *lower = variant->bridge ?: UP;
	bool routed = !variant->bridge;
	int i;

	VC_SETUP();
	ASSERT_EQ(0, scene(&self->initial, &self->world[0]));
	for (i = 1; i <= CLIENTS; i++)
		ASSERT_EQ(0, join(&self->world[i], &self->world[0]));
	ASSERT_EQ(0, file_write("/proc/sys/net/ipv4/ip_forward", "1"));
	if (variant->bridge)
		ASSERT_EQ(0, bridge_make(variant->bridge));
	for (i = 0; i < CLIENTS; i++) {
		self->id[i] = ctx_new(VC_CREATE_NETNS);
		ASSERT_LT(0, self->id[i]);
		ASSERT_EQ(0, agent_start(&self->client[i], self->id[i], 0));
		ASSERT_EQ(0, ctx_set_caps(self->id[i], NET_CAPS));
		ASSERT_EQ(0, vnet_make(self->id[i],
				       i ? variant->above : VC_VNET_VETH,
				       "vtin", i ? lower : "vthost",
				       VC_VNET_INSIDE)) TH_LOG("%s", ctx_error());
		/* before others lie on the bridge, whose address may change */
		if (!i && !routed)
			ASSERT_EQ(0, link_enslave("vthost", variant->bridge));
		ASSERT_EQ(0, ask_net(&self->client[i], a_net_address, "vtin",
				     !i && routed ? 2 : 1, 10 + i));
	}
	if (routed) {
		ASSERT_EQ(0, net_address("vthost", 2, 1));
		ASSERT_EQ(0, ask3(&self->client[0], a_route, 1, 2, 0));
		ASSERT_EQ(0, ask3(&self->world[0], a_route, 2, 1, 0));
	}
	ASSERT_EQ(0, agent_start(&self->client[CLIENTS], VC_ID_HOST, 0));
}

FIXTURE_TEARDOWN(share)
{
	vc_teardown();
}

static pid_t receiver;
static int receiver_fd = -1;

/* As a_receive() from @start on, in a child: a_receive_end() has what it got. */
static long a_receive_begin(long type, long start, long ms)
{
	int out[2];
	long got;

	if (pipe(out))
		return -errno;
	receiver = fork();
	if (!receiver) {
		common_start = start;
		got = a_receive(type, 0, ms);
		_exit(write(out[1], &got, sizeof(got)) != sizeof(got));
	}
	close(out[1]);
	receiver_fd = out[0];
	return 0;
}

static long a_receive_end(long a, long b, long c)
{
	long got = -EIO;

	if (read(receiver_fd, &got, sizeof(got)) != sizeof(got))
		got = -EIO;
	close(receiver_fd);
	child_wait(receiver);
	return got;
}

/*
 * Those of the clients in @who, the last of whom is the host, send as much as
 * they can: what each gets in @ms, once what it had saved is spent.
 */
static long saturate(struct agent *world, struct agent *client, int type,
		     unsigned int who, long *got, long ms)
{
	long ret = 0, start;
	int i;

	for (i = 0; i <= CLIENTS && !ret; i++)
		if (who & 1 << i)
			ret = ask3(&world[i], a_sink, type, PORT + i, 0);
	start = now_ms() + 1900;
	for (i = 0; i <= CLIENTS && !ret; i++)
		if (who & 1 << i)
			ret = ask3(&world[i], a_receive_begin, type, start,
				   ms) ?:
			      ask3(&client[i], a_send_begin, type, 1,
				   2 | i << 8);
	for (i = 0; i <= CLIENTS && !ret; i++)
		if (who & 1 << i)
			got[i] = ask0(&world[i], a_receive_end);
	for (i = 0; i <= CLIENTS; i++)
		ask0(&client[i], a_send_end);
	return ret;
}

/* What an uplink counts: packets, of which @payload has arrived. */
static long in_packets(int type, long payload)
{
	enum { MTU = 1500, TCP_HEADERS = 52 };

	return payload * MTU /
	       (MTU - (type == SOCK_DGRAM ? UDP_HEADERS : TCP_HEADERS));
}

/* Three contexts and the host share an uplink. */
TEST_F(share, uplink)
{
	static const __u32 warranted[CLIENTS] = { 2000, 5000, 8000 };
	const __u32 capacity = 20000;
	long got[CLIENTS + 1], sum = 0, part;
	/* TCP finds its pace, loses it, and finds it again. */
	long ms = is_real() ? 10000 : variant->type == SOCK_DGRAM ? 2000 : 6000;
	int i;

	ASSERT_EQ(0, qos_set(0, UP, "", capacity, 0));
	for (i = 0; i < CLIENTS; i++)
		ASSERT_EQ(0, qos_set(self->id[i], "vtin", UP, 0, warranted[i]))
			TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, saturate(self->world, self->client, variant->type,
			      0xf, got, ms));
	for (i = 0; i <= CLIENTS; i++)
		sum += got[i];
	for (i = 0; i < CLIENTS; i++) {
		got[i] = in_packets(variant->type, got[i]);
		TH_LOG("%ld kbit/s, warranted %u", got[i], warranted[i]);
		EXPECT_LE(warranted[i] * 95 / 100, got[i]);
	}
	TH_LOG("host: %ld kbit/s, all: %ld", got[CLIENTS], sum);
	/* Nobody starves, and together they have what there is. */
	EXPECT_LT(capacity / 100, got[CLIENTS]);
	EXPECT_TRUE(is_about(sum, capacity, 7)) TH_LOG("%ld kbit/s", sum);

	if (!variant->spare && !is_real())
		return;

	/*
	 * What others do not use two share, in proportion and not by halves: of
	 * TCP, how much one sends depends on what it has lost.
	 */
	ASSERT_EQ(0, saturate(self->world, self->client, variant->type, 0x5,
			      got, ms));
	for (i = 0; i < CLIENTS; i += 2) {
		part = capacity * warranted[i] / (warranted[0] + warranted[2]);
		TH_LOG("%ld kbit/s of %ld", got[i], part);
		if (variant->type == SOCK_DGRAM)
			EXPECT_TRUE(is_about(got[i], part, 40));
		EXPECT_LT(warranted[i], in_packets(variant->type, got[i]));
	}
	EXPECT_TRUE(is_about(got[0] + got[2], capacity, 7));

	/* And who is alone has all. */
	ASSERT_EQ(0, saturate(self->world, self->client, variant->type, 0x1,
			      got, ms));
	EXPECT_TRUE(is_about(got[0], capacity, 7)) TH_LOG("%ld kbit/s", got[0]);
}

TEST_HARNESS_MAIN
