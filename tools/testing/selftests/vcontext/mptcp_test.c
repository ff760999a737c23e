// SPDX-License-Identifier: GPL-2.0
/*
 * What connections of MPTCP of a CLOSED context do with addresses, in the network
 * namespace of the host, which opens, joins and announces subflows by itself.
 */
#include "net.h"

#include <linux/genetlink.h>
#include <linux/mptcp.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP		262
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP		284
#endif

#define PM_TYPE			"/proc/sys/net/mptcp/pm_type"

FIXTURE(mptcp)
{
	long a, b;
	struct agent in_a, in_b;
};

FIXTURE_VARIANT(mptcp)
{
	const char *a, *b, *host;	/* addresses, the last one of nobody */
	const char *any;
	const char *usual;		/* from which one the host is sent to */
};

FIXTURE_VARIANT_ADD(mptcp, ipv4)
{
	.a = "10.0.0.1",
	.b = "10.0.0.2",
	.host = "10.0.0.3",
	.any = "0.0.0.0",
	.usual = "10.0.0.1",
};

FIXTURE_VARIANT_ADD(mptcp, ipv6)
{
	.a = "fd00::1",
	.b = "fd00::2",
	.host = "fd00::3",
	.any = "::",
	.usual = "fd00::3",
};

/* ---- the path manager ---- */

static struct rtnl_request genl_request(int family, int command, int version)
{
	struct rtnl_request req = {
		.head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.head.nlmsg_type = family,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.genl.cmd = command,
		.genl.version = version,
	};

	return req;
}

static long genl_family(void)
{
	struct rtnl_request req = genl_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	static char buf[8192];
	struct nlmsghdr *head = (void *)buf;
	struct rtattr *attr;
	long ret;
	int len;

	rtnl_string(&req, CTRL_ATTR_FAMILY_NAME, MPTCP_PM_NAME);
	ret = netlink_send(NETLINK_GENERIC, &req, buf, sizeof(buf));
	if (ret)
		return ret;
	ret = -EPROTO;
	len = NLMSG_PAYLOAD(head, GENL_HDRLEN);
	for (attr = (void *)((char *)NLMSG_DATA(head) + GENL_HDRLEN);
	     RTA_OK(attr, len); attr = RTA_NEXT(attr, len))
		if (attr->rta_type == CTRL_ATTR_FAMILY_ID)
			ret = *(__u16 *)RTA_DATA(attr);
	return ret;
}

static void pm_addr(struct rtnl_request *req, int type, const char *text,
		    int port, __u32 flags, __u8 id)
{
	void *nest;
	__u16 family = family_of(text), number = port;
	struct in6_addr addr;

	inet_pton(family, text, &addr);
	nest = rtnl_put(req, NLA_F_NESTED | type, NULL, 0);
	rtnl_put(req, MPTCP_PM_ADDR_ATTR_FAMILY, &family, sizeof(family));
	if (id)
		rtnl_put(req, MPTCP_PM_ADDR_ATTR_ID, &id, sizeof(id));
	if (family == AF_INET)
		rtnl_put(req, MPTCP_PM_ADDR_ATTR_ADDR4, &addr, 4);
	else
		rtnl_put(req, MPTCP_PM_ADDR_ATTR_ADDR6, &addr, 16);
	if (port)
		rtnl_put(req, MPTCP_PM_ADDR_ATTR_PORT, &number, sizeof(number));
	if (flags)
		rtnl_put(req, MPTCP_PM_ADDR_ATTR_FLAGS, &flags, sizeof(flags));
	rtnl_end(req, nest);
}

static long pm_talk(struct rtnl_request *req)
{
	return netlink_send(NETLINK_GENERIC, req, NULL, 0);
}

/* An address that the host configures for all connections. */
static long endpoint_add(const char *text, __u32 flags)
{
	long family = genl_family();
	struct rtnl_request req;

	if (family < 0)
		return family;
	req = genl_request(family, MPTCP_PM_CMD_ADD_ADDR, MPTCP_PM_VER);
	pm_addr(&req, MPTCP_PM_ATTR_ADDR, text, 0, flags, 0);
	return pm_talk(&req);
}

static long limits_set(__u32 number)
{
	long family = genl_family();
	struct rtnl_request req;

	if (family < 0)
		return family;
	req = genl_request(family, MPTCP_PM_CMD_SET_LIMITS, MPTCP_PM_VER);
	rtnl_put(&req, MPTCP_PM_ATTR_RCV_ADD_ADDRS, &number, sizeof(number));
	rtnl_put(&req, MPTCP_PM_ATTR_SUBFLOWS, &number, sizeof(number));
	return pm_talk(&req);
}

/* What it is, unless it has become one of TCP. */
static long info_of(int fd, struct mptcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (getsockopt(fd, SOL_MPTCP, MPTCP_INFO, info, &len))
		return -errno;
	return info->mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK ? -EPROTO : 0;
}

/* How many addresses have been announced to its peer. */
static long a_announced(long fd, long b, long c)
{
	struct mptcp_info info;
	long ret = info_of(fd, &info);

	return ret ? ret : info.mptcpi_add_addr_signal;
}

/* A subflow of a socket whose paths are managed here. */
static long subflow_make(int fd, const char *from, const char *to, int port)
{
	long family = genl_family();
	struct mptcp_info info;
	struct rtnl_request req;
	long ret;

	if (family < 0)
		return family;
	ret = info_of(fd, &info);
	if (ret)
		return ret;
	req = genl_request(family, MPTCP_PM_CMD_SUBFLOW_CREATE, MPTCP_PM_VER);
	pm_addr(&req, MPTCP_PM_ATTR_ADDR, from, 0, 0, 7);
	rtnl_put(&req, MPTCP_PM_ATTR_TOKEN, &info.mptcpi_token,
		 sizeof(info.mptcpi_token));
	pm_addr(&req, MPTCP_PM_ATTR_ADDR_REMOTE, to, port, 0, 0);
	return pm_talk(&req);
}

/* A counter of the namespace; -1 if there is none of that name. */
static long counter(const char *name)
{
	char names[4096], values[4096], *n, *v, *save_n, *save_v;
	FILE *file = fopen("/proc/net/netstat", "re");
	long ret = -1;

	if (!file)
		return -errno;
	while (fgets(names, sizeof(names), file) &&
	       fgets(values, sizeof(values), file)) {
		n = strtok_r(names, "\n ", &save_n);
		v = strtok_r(values, "\n ", &save_v);
		if (strcmp(n, "MPTcpExt:"))
			continue;
		while (n && v && strcmp(n, name)) {
			n = strtok_r(NULL, "\n ", &save_n);
			v = strtok_r(NULL, "\n ", &save_v);
		}
		if (n && v)
			ret = atol(v);
	}
	fclose(file);
	return ret;
}

/* ---- sockets, here and in agents ---- */

static long bound(struct agent *agent, const char *text, int port)
{
	return sock_bound_by(agent, SOCK_STREAM, IPPROTO_MPTCP, text, port);
}

static long listening(struct agent *agent, const char *text, int port)
{
	return sock_listening_by(agent, SOCK_STREAM, IPPROTO_MPTCP, text, port);
}

static long connected(struct agent *agent, const char *text, int port)
{
	return sock_connected_by(agent, SOCK_STREAM, IPPROTO_MPTCP, text, port);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* How many subflows it has; their local addresses are in agent_buf, in order. */
static long a_subflows(long fd, long b, long c)
{
	struct {
		struct mptcp_subflow_data head;
		struct mptcp_subflow_addrs addrs[8];
	} got = {
		.head.size_subflow_data = sizeof(got.head),
		.head.size_user = sizeof(got.addrs[0]),
	};
	char text[ARRAY_SIZE(got.addrs)][INET6_ADDRSTRLEN];
	socklen_t len = sizeof(got);
	struct mptcp_info info;
	unsigned int i, n;
	long ret;

	agent_buf[0] = '\0';
	ret = info_of(fd, &info);
	if (ret)
		return ret;
	if (getsockopt(fd, SOL_MPTCP, MPTCP_SUBFLOW_ADDRS, &got, &len))
		return -errno;
	n = got.head.num_subflows;
	if (n > ARRAY_SIZE(text))
		return -E2BIG;
	for (i = 0; i < n; i++)
		sock_text((void *)&got.addrs[i].ss_local, text[i],
			  sizeof(text[i]));
	qsort(text, n, sizeof(text[0]), compare_text);
	for (i = 0; i < n; i++)
		strcatf(agent_buf, sizeof(agent_buf), "%s%s", i ? " " : "",
			text[i]);
	return n;
}

/* "ADDRESS ...", or why not. */
static const char *subflows(struct agent *agent, long fd)
{
	static char bufs[4][sizeof(agent_buf)];
	static unsigned int next;
	char *buf = bufs[next++ % 4];
	long ret = on(agent, a_subflows, NULL, fd, 0, 0);

	if (ret < 0)
		snprintf(buf, sizeof(bufs[0]), "%ld", ret);
	else
		snprintf(buf, sizeof(bufs[0]), "%s", agent_buf);
	return buf;
}

static bool has_subflows(struct agent *agent, long fd, const char *one,
			 const char *two)
{
	char text[128];
	bool swap = strcmp(one, two) > 0;

	snprintf(text, sizeof(text), "%s %s", swap ? two : one,
		 swap ? one : two);
	return !strcmp(text, subflows(agent, fd));
}

/* A byte in both directions, without which there are no more subflows. */
static long talk(struct agent *agent, long fd, struct agent *other, long got)
{
	long ret = on(agent, a_send, NULL, fd, 0, 0);

	if (ret == 1)
		ret = on(other, a_recv, NULL, got, 0, 0);
	if (ret == 1)
		ret = on(other, a_send, NULL, got, 0, 0);
	if (ret == 1)
		ret = on(agent, a_recv, NULL, fd, 0, 0);
	return ret == 1 ? 0 : ret ? ret : -EPIPE;
}

/* One of the host's whose paths are managed here alone. */
static long connected_managed(const char *text, int port)
{
	long fd;

	if (file_write(PM_TYPE, "1"))
		return -EPROTO;
	fd = on(NULL, a_socket, NULL, family_of(text), SOCK_STREAM,
		IPPROTO_MPTCP);
	if (file_write(PM_TYPE, "0"))
		return -EPROTO;
	return fd < 0 ? fd :
		sock_kept(NULL, fd, on(NULL, a_connect, text, fd, port, 0));
}

FIXTURE_SETUP(mptcp)
{
	VC_SETUP();
	ASSERT_EQ(0, net_make());
	ASSERT_EQ(0, limits_set(8));
	self->a = ctx_make(VC_ID_SELF, 0, 0, "a");
	self->b = ctx_make(VC_ID_SELF, 0, 0, "b");
	ASSERT_LT(0, self->a);
	ASSERT_LT(0, self->b);
	ASSERT_EQ(0, permit(self->a, variant->a));
	ASSERT_EQ(0, permit(self->b, variant->b));
	ASSERT_EQ(0, agent_start(&self->in_a, self->a, 0));
	ASSERT_EQ(0, agent_start(&self->in_b, self->b, 0));
}

FIXTURE_TEARDOWN(mptcp)
{
	vc_teardown();
}

/* ---- as TCP ---- */

TEST_F(mptcp, bind)
{
	EXPECT_LT(0, bound(NULL, variant->b, 0));
	EXPECT_LT(0, bound(&self->in_a, variant->a, 0));
	EXPECT_LT(0, bound(&self->in_a, variant->any, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, bound(&self->in_a, variant->b, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, bound(&self->in_a, variant->host, 0));
}

TEST_F(mptcp, source)
{
	long server, fd, got;

	server = listening(NULL, variant->host, 1000);
	ASSERT_LT(0, server);
	fd = connected(NULL, variant->host, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->usual, sock_local(NULL, fd));
	EXPECT_LT(0, on(NULL, a_accept, NULL, server, 0, 0));

	fd = connected(&self->in_b, variant->host, 1000);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->b, sock_local(&self->in_b, fd));
	got = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	EXPECT_EQ(0, talk(&self->in_b, fd, NULL, got));
	/* and it is one of MPTCP */
	EXPECT_STREQ(variant->b, subflows(&self->in_b, fd));

	ASSERT_EQ(0, forbid(self->b, variant->b));
	EXPECT_EQ(-EADDRNOTAVAIL, connected(&self->in_b, variant->host, 1000));
}

TEST_F(mptcp, wildcards_coexist)
{
	long server_a, server_b, fd;

	server_a = listening(&self->in_a, variant->any, 80);
	server_b = listening(&self->in_b, variant->any, 80);
	ASSERT_LT(0, server_a);
	ASSERT_LT(0, server_b);

	EXPECT_LT(0, connected(NULL, variant->a, 80));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_b, a_accept, NULL, server_b,
				 SILENCE_MS, 0));
	fd = on(&self->in_a, a_accept, NULL, server_a, 0, 0);
	ASSERT_LT(0, fd);
	EXPECT_STREQ(variant->a, sock_local(&self->in_a, fd));

	EXPECT_LT(0, connected(NULL, variant->b, 80));
	EXPECT_EQ(-ETIMEDOUT, on(&self->in_a, a_accept, NULL, server_a,
				 SILENCE_MS, 0));
	EXPECT_LT(0, on(&self->in_b, a_accept, NULL, server_b, 0, 0));
	EXPECT_EQ(-ECONNREFUSED, connected(NULL, variant->host, 80));
	EXPECT_EQ(-EADDRINUSE, listening(&self->in_a, variant->any, 80));
	EXPECT_EQ(-EADDRINUSE, listening(NULL, variant->any, 80));
	/* with one of TCP, too */
	EXPECT_EQ(-EADDRINUSE, sock_listening(NULL, variant->any, 80));
}

TEST_F(mptcp, given)
{
	long wide, fd;

	ASSERT_LT(0, listening(NULL, variant->host, 1000));
	wide = on(NULL, a_socket, NULL, family_of(variant->a), SOCK_STREAM,
		  IPPROTO_MPTCP);
	ASSERT_LE(0, wide);
	ASSERT_EQ(0, agent_give(&self->in_a, wide));
	fd = on(&self->in_a, a_given, NULL, 0, 0, 0);
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_connect, variant->host, fd,
				     1000, 0));
	EXPECT_EQ(-EADDRNOTAVAIL, on(&self->in_a, a_bind, variant->any, fd, 0,
				     0));
	EXPECT_EQ(0, on(NULL, a_connect, variant->host, wide, 1000, 0));
}

/* ---- subflows ---- */

/* Those that the kernel opens from what the host has configured. */
TEST_F(mptcp, opened)
{
	long server, fd, got;

	ASSERT_EQ(0, endpoint_add(variant->b, MPTCP_PM_ADDR_FLAG_SUBFLOW));
	server = listening(NULL, variant->host, 1000);
	ASSERT_LT(0, server);

	fd = connected(NULL, variant->host, 1000);
	got = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	ASSERT_EQ(0, talk(NULL, fd, NULL, got));
	EXPECT_TRUE(WAIT_FOR(has_subflows(NULL, fd, variant->usual,
					  variant->b)));
	EXPECT_TRUE(WAIT_FOR(counter("MPJoinAckRx") == 1));
	EXPECT_EQ(0, counter("MPJoinSynTxConnectErr"));

	fd = connected(&self->in_a, variant->host, 1000);
	got = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	ASSERT_EQ(0, talk(&self->in_a, fd, NULL, got));
	EXPECT_TRUE(WAIT_FOR(counter("MPJoinSynTxConnectErr") == 1));
	EXPECT_STREQ(variant->a, subflows(&self->in_a, fd));
	EXPECT_EQ(1, counter("MPJoinSynRx"));
	EXPECT_EQ(0, talk(&self->in_a, fd, NULL, got));

	/* one that it may have */
	ASSERT_EQ(0, permit(self->a, variant->b));
	fd = bound(&self->in_a, variant->a, 0);
	ASSERT_LT(0, fd);
	ASSERT_EQ(0, on(&self->in_a, a_connect, variant->host, fd, 1000, 0));
	got = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	ASSERT_EQ(0, talk(&self->in_a, fd, NULL, got));
	EXPECT_TRUE(WAIT_FOR(counter("MPJoinSynRx") == 2));
}

/* Those that a peer opens, which find the connection by a number. */
TEST_F(mptcp, joined)
{
	long server, fd, got;

	/* by another listener, as there may be one for each address */
	server = listening(NULL, variant->a, 81);
	ASSERT_LT(0, server);
	ASSERT_LT(0, listening(NULL, variant->b, 81));
	fd = connected_managed(variant->a, 81);
	got = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	ASSERT_EQ(0, talk(NULL, fd, NULL, got));
	ASSERT_EQ(0, subflow_make(fd, variant->host, variant->b, 81));
	EXPECT_TRUE(WAIT_FOR(has_subflows(NULL, got, variant->a, variant->b)));
	EXPECT_EQ(1, counter("MPJoinSynRx"));
	EXPECT_EQ(1, counter("MPJoinAckRx"));

	/* that of another context */
	server = listening(&self->in_a, variant->any, 80);
	ASSERT_LT(0, server);
	ASSERT_LT(0, listening(&self->in_b, variant->any, 80));
	fd = connected_managed(variant->a, 80);
	got = on(&self->in_a, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	ASSERT_EQ(0, talk(NULL, fd, &self->in_a, got));
	EXPECT_TRUE(WAIT_FOR(!strcmp(variant->a, subflows(&self->in_a, got))));
	ASSERT_EQ(0, subflow_make(fd, variant->host, variant->b, 80));
	EXPECT_TRUE(WAIT_FOR(counter("MPJoinSynRx") == 2));
	/* it has been refused, and is gone */
	EXPECT_TRUE(WAIT_FOR(on(NULL, a_subflows, NULL, fd, 0, 0) == 1));
	EXPECT_STREQ(variant->a, subflows(&self->in_a, got));
	EXPECT_EQ(1, counter("MPJoinAckRx"));
	EXPECT_EQ(0, talk(NULL, fd, &self->in_a, got));

	/* its own, by another address that it has */
	ASSERT_EQ(0, permit(self->a, variant->host));
	ASSERT_EQ(0, subflow_make(fd, variant->host, variant->host, 80));
	EXPECT_TRUE(WAIT_FOR(has_subflows(&self->in_a, got, variant->a,
					  variant->host)));
}

/* What the kernel tells peers of: one after the other, as they answer. */
TEST_F(mptcp, announced)
{
	long server, fd, got;

	ASSERT_EQ(0, permit(self->a, variant->host));
	ASSERT_EQ(0, endpoint_add(variant->b, MPTCP_PM_ADDR_FLAG_SIGNAL));
	ASSERT_EQ(0, endpoint_add(variant->host, MPTCP_PM_ADDR_FLAG_SIGNAL));

	server = listening(NULL, variant->a, 81);
	ASSERT_LT(0, server);
	fd = connected(NULL, variant->a, 81);
	got = on(NULL, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	ASSERT_EQ(0, talk(NULL, fd, NULL, got));
	EXPECT_TRUE(WAIT_FOR(on(NULL, a_announced, NULL, got, 0, 0) == 2));

	/* that of another one is left out */
	server = listening(&self->in_a, variant->any, 80);
	ASSERT_LT(0, server);
	fd = connected(NULL, variant->a, 80);
	got = on(&self->in_a, a_accept, NULL, server, 0, 0);
	ASSERT_LT(0, got);
	ASSERT_EQ(0, talk(NULL, fd, &self->in_a, got));
	EXPECT_TRUE(WAIT_FOR(on(&self->in_a, a_announced, NULL, got, 0, 0)));
	/* its own is known by then, and used */
	EXPECT_TRUE(WAIT_FOR(has_subflows(&self->in_a, got, variant->a,
					  variant->host)));
	EXPECT_EQ(1, on(&self->in_a, a_announced, NULL, got, 0, 0));
	poll(NULL, 0, SILENCE_MS);
	EXPECT_EQ(1, on(&self->in_a, a_announced, NULL, got, 0, 0));
}

TEST_HARNESS_MAIN
