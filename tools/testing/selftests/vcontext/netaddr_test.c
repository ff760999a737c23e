// SPDX-License-Identifier: GPL-2.0
/*
 * The commands of address permits: what they take, what they refuse, what they
 * say, and how contexts below others and batches come out of it.
 */
#include "net.h"

static __u32 error_index(void)
{
	struct vc_error error = {};

	vc(VC_LAST_ERROR, 0, &error);
	return error.index;
}

FIXTURE(netaddr)
{
	long id;
};

FIXTURE_SETUP(netaddr)
{
	VC_SETUP();
	self->id = ctx_make(VC_ID_SELF, 0, 8, NULL);
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(netaddr)
{
	vc_teardown();
}

TEST_F(netaddr, policy)
{
	EXPECT_EQ(VC_NETADDR_OPEN, policy_get(self->id));
	EXPECT_EQ(VC_NETADDR_OPEN, policy_get(VC_ID_HOST));
	EXPECT_STREQ("", permits(self->id));

	/* The first permit closes it, and no removal opens it. */
	EXPECT_EQ(0, permit(self->id, "10.0.0.1"));
	EXPECT_EQ(VC_NETADDR_CLOSED, policy_get(self->id));
	EXPECT_EQ(0, forbid(self->id, "10.0.0.1"));
	EXPECT_EQ(VC_NETADDR_CLOSED, policy_get(self->id));
	EXPECT_EQ(0, policy_set(self->id, VC_NETADDR_OPEN));
	EXPECT_EQ(VC_NETADDR_OPEN, policy_get(self->id));
	EXPECT_EQ(0, policy_set(self->id, VC_NETADDR_OPEN));

	/* Opening drops what there was, closing again begins with nothing. */
	EXPECT_EQ(0, permit(self->id, "10.0.0.1"));
	EXPECT_EQ(0, policy_set(self->id, VC_NETADDR_CLOSED));
	EXPECT_STREQ("10.0.0.1/32", permits(self->id));
	EXPECT_EQ(0, policy_set(self->id, VC_NETADDR_OPEN));
	EXPECT_STREQ("", permits(self->id));
	EXPECT_EQ(0, policy_set(self->id, VC_NETADDR_CLOSED));
	EXPECT_EQ(VC_NETADDR_CLOSED, policy_get(self->id));
	EXPECT_STREQ("", permits(self->id));

	EXPECT_EQ(-EINVAL, policy_set(self->id, 2));
	EXPECT_NE(NULL, strstr(ctx_error(), "policy 2"));
	EXPECT_EQ(-EPERM, policy_set(VC_ID_HOST, VC_NETADDR_CLOSED));
	EXPECT_EQ(-EPERM, policy_set(VC_ID_SELF, VC_NETADDR_CLOSED));
	EXPECT_EQ(-ESRCH, policy_set(ID_UNKNOWN, VC_NETADDR_CLOSED));
}

TEST_F(netaddr, read_back)
{
	EXPECT_EQ(0, permit(self->id, "10.0.0.0/8 192.168.1.4"));
	EXPECT_EQ(0, permit(self->id, "10.1.0.0/16"));
	EXPECT_EQ(0, permit(self->id, "fd00::/8 2001:db8::1"));
	EXPECT_EQ(0, permit_on(self->id, "eth0", "172.16.0.0/12"));
	/* each as it was given, although one is within another */
	EXPECT_STREQ("10.0.0.0/8 10.1.0.0/16 192.168.1.4/32",
		     permits(self->id));
	EXPECT_STREQ("2001:db8::1/128 fd00::/8", permits6(self->id));
	EXPECT_STREQ("172.16.0.0/12", permits_on(self->id, "eth0", false));
	EXPECT_STREQ("", permits_on(self->id, "eth0", true));
	EXPECT_STREQ("", permits_on(self->id, "eth1", false));

	EXPECT_EQ(0, forbid(self->id, "10.0.0.0/8 192.168.1.4"));
	EXPECT_STREQ("10.1.0.0/16", permits(self->id));
	EXPECT_EQ(0, forbid(self->id, "fd00::/8"));
	EXPECT_STREQ("2001:db8::1/128", permits6(self->id));

	/* all addresses there are */
	EXPECT_EQ(0, permit(self->id, "0.0.0.0/0"));
	EXPECT_EQ(0, permit(self->id, "::/0"));
	EXPECT_STREQ("0.0.0.0/0 10.1.0.0/16", permits(self->id));
	EXPECT_STREQ("::/0 2001:db8::1/128", permits6(self->id));
}

/* The fixed part tells how many there are, whatever room there is. */
TEST_F(netaddr, room)
{
	union permits req;

	ASSERT_EQ(0, permit(self->id, "10.0.0.1 10.0.0.2 10.0.0.3"));
	memset(&req, 0xa5, sizeof(req));
	memset(req.head.vdev_name, 0, sizeof(req.head.vdev_name));
	req.head.count = 1;
	EXPECT_EQ(0, vc(VC_GET_IPV4, self->id, &req));
	EXPECT_EQ(3U, req.head.count);
	EXPECT_EQ(htonl(0x0a000001), req.head.ipv4[0].addr);
	EXPECT_EQ(0xffffffffU, req.head.ipv4[0].mask);
	EXPECT_EQ(0xa5a5a5a5U, req.head.ipv4[1].addr);
	req.head.count = 0;
	EXPECT_EQ(0, vc(VC_GET_IPV4, self->id, &req));
	EXPECT_EQ(3U, req.head.count);
	memset(req.head.vdev_name, 'x', sizeof(req.head.vdev_name));
	EXPECT_EQ(-EINVAL, vc(VC_GET_IPV4, self->id, &req));
}

TEST_F(netaddr, bad_values)
{
	union permits req;

	permits_parse(&req, "", "10.0.0.1 10.0.0.2");
	req.head.ipv4[1].mask = htonl(0xff00ff00);
	EXPECT_EQ(-EINVAL, vc(VC_ADD_IPV4, self->id, &req));
	EXPECT_NE(NULL, strstr(ctx_error(), "255.0.255.0"));
	EXPECT_EQ(1U, error_index());
	req.head.ipv4[1].mask = htonl(0xffffff00);
	EXPECT_EQ(-EINVAL, vc(VC_ADD_IPV4, self->id, &req));
	EXPECT_NE(NULL, strstr(ctx_error(), "10.0.0.2"));
	EXPECT_EQ(-EINVAL, vc(VC_DROP_IPV4, self->id, &req));

	permits_parse(&req, "", "fd00::1/129");
	EXPECT_EQ(-EINVAL, vc(VC_ADD_IPV6, self->id, &req));
	EXPECT_NE(NULL, strstr(ctx_error(), "129"));
	EXPECT_EQ(-EINVAL, vc(VC_DROP_IPV6, self->id, &req));
	permits_parse(&req, "", "fd00::1/64");
	EXPECT_EQ(-EINVAL, vc(VC_ADD_IPV6, self->id, &req));
	/* that would be an IPv4 permit */
	permits_parse(&req, "", "::ffff:10.0.0.1");
	EXPECT_EQ(-EINVAL, vc(VC_ADD_IPV6, self->id, &req));

	EXPECT_EQ(-EINVAL, permit_on(self->id, "a/b", "10.0.0.1"));
	EXPECT_EQ(-EINVAL, permit_on(self->id, "..", "10.0.0.1"));
	permits_parse(&req, "", "10.0.0.1");
	memset(req.head.vdev_name, 'x', sizeof(req.head.vdev_name));
	EXPECT_EQ(-EINVAL, vc(VC_ADD_IPV4, self->id, &req));
	EXPECT_NE(NULL, strstr(ctx_error(), "vdev_name"));

	/* Nothing of all that has closed it. */
	EXPECT_EQ(VC_NETADDR_OPEN, policy_get(self->id));
	/* An empty list changes nothing either. */
	EXPECT_EQ(0, permit(self->id, ""));
	EXPECT_EQ(VC_NETADDR_OPEN, policy_get(self->id));
}

TEST_F(netaddr, all_or_nothing)
{
	EXPECT_EQ(-EEXIST, permit(self->id, "10.0.0.1 10.0.0.2 10.0.0.1"));
	EXPECT_EQ(2U, error_index());
	EXPECT_EQ(VC_NETADDR_OPEN, policy_get(self->id));

	EXPECT_EQ(0, permit(self->id, "10.0.0.1 10.0.0.2"));
	EXPECT_EQ(-EEXIST, permit(self->id, "10.0.0.3 10.0.0.2"));
	EXPECT_EQ(1U, error_index());
	EXPECT_NE(NULL, strstr(ctx_error(), "10.0.0.2/32"));
	EXPECT_STREQ("10.0.0.1/32 10.0.0.2/32", permits(self->id));
	/* The same addresses with another mask are another permit. */
	EXPECT_EQ(0, permit(self->id, "10.0.0.2/31"));
	/* and so they are on a device */
	EXPECT_EQ(0, permit_on(self->id, "eth0", "10.0.0.2"));

	EXPECT_EQ(-ENOENT, forbid(self->id, "10.0.0.1 10.0.0.3"));
	EXPECT_EQ(1U, error_index());
	EXPECT_EQ(-ENOENT, forbid(self->id, "10.0.0.0/31"));
	EXPECT_EQ(-ENOENT, forbid_on(self->id, "eth1", "10.0.0.2"));
	EXPECT_EQ(-EEXIST, forbid(self->id, "10.0.0.1 10.0.0.1"));
	EXPECT_STREQ("10.0.0.1/32 10.0.0.2/31 10.0.0.2/32", permits(self->id));
	EXPECT_EQ(0, forbid_on(self->id, "eth0", "10.0.0.2"));
	EXPECT_EQ(-ENOENT, forbid_on(self->id, "eth0", "10.0.0.2"));
	EXPECT_EQ(-ENOENT, forbid(self->id, "fd00::1"));
}

/* One argument after the other is put right until the call succeeds. */
TEST_F(netaddr, order_of_checks)
{
	union permits req;
	struct agent agent;

	permits_parse(&req, "", "10.0.0.1/24");
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_GET(VC_CAT_NETADDR, VC_NETADDR_NO_IPV4),
				  ID_UNKNOWN, NULL));
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_SET(VC_CAT_NETADDR, VC_NETADDR_DEVICES),
				  ID_UNKNOWN, NULL));
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_SET(VC_CAT_NETADDR, 7), ID_UNKNOWN, NULL));
	EXPECT_EQ(-ESRCH, vc(VC_ADD_IPV4, ID_UNKNOWN, NULL));
	ASSERT_EQ(0, caps_lower());
	EXPECT_EQ(-EPERM, vc(VC_ADD_IPV4, self->id, NULL));
	EXPECT_NE(NULL, strstr(ctx_error(), "capability 12"));
	ASSERT_EQ(0, caps_raise());
	EXPECT_EQ(-EPERM, vc(VC_ADD_IPV4, VC_ID_SELF, NULL));
	EXPECT_EQ(-EFAULT, vc(VC_ADD_IPV4, self->id, NULL));
	EXPECT_EQ(-EINVAL, vc(VC_ADD_IPV4 | 19 << 8, self->id, &req));
	EXPECT_EQ(-EFAULT, vc(VC_ADD_IPV4, self->id, (void *)4096));
	req.head.count = VC_LIST_MAX + 1;
	EXPECT_EQ(-E2BIG, vc(VC_ADD_IPV4, self->id, &req));
	req.head.count = 1;
	EXPECT_EQ(-EINVAL, vc(VC_ADD_IPV4, self->id, &req));
	req.head.ipv4[0].mask = 0xffffffff;
	EXPECT_EQ(0, vc(VC_ADD_IPV4 | sizeof(req.head) << 8, self->id, &req));

	/* Nobody changes what binds himself; but he is told. */
	ASSERT_EQ(0, agent_start(&agent, self->id, 0));
	memcpy(agent_buf, &req, sizeof(req));
	EXPECT_EQ(-EPERM, ask3(&agent, a_vc, VC_ADD_IPV4, VC_ID_SELF, 1));
	memcpy(agent_buf, &req, sizeof(req));
	EXPECT_EQ(-ESRCH, ask3(&agent, a_vc, VC_ADD_IPV4, VC_ID_HOST, 1));
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_GET_POLICY, VC_ID_SELF, 1));
	EXPECT_EQ(VC_NETADDR_CLOSED, *(__u32 *)agent_buf);
	memset(agent_buf, 0, sizeof(agent_buf));
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_GET_IPV4, VC_ID_SELF, 1));
	EXPECT_EQ(1U, ((struct vc_addr_req *)agent_buf)->count);
}

/* CAP_NET_ADMIN is what it takes, and not CAP_SYS_ADMIN. */
static long permit_with_caps(long caps)
{
	union permits req;
	long ret;

	permits_parse(&req, "", "10.0.0.1");
	ret = caps_set(caps, caps);
	return ret ? ret : vc(VC_ADD_IPV4, ctx_made[0], &req);
}

TEST_F(netaddr, capability)
{
	EXPECT_EQ(-EPERM, in_child(permit_with_caps, 1L << CAP_SYS_ADMIN));
	EXPECT_EQ(0, in_child(permit_with_caps, 1L << CAP_NET_ADMIN));
}

TEST_F(netaddr, devices)
{
	struct {
		struct vc_names head;
		char name[4][VC_DEV_NAME_SIZE];
	} names = { .head.count = 4 };

	EXPECT_EQ(0, vc(VC_GET_DEVICES6, self->id, &names));
	EXPECT_EQ(0U, names.head.count);
	/* A device need not be there. */
	ASSERT_EQ(0, permit_on(self->id, "nowhere1", "10.0.0.1"));
	ASSERT_EQ(0, permit_on(self->id, "eth0", "fd00::1"));
	ASSERT_EQ(0, permit(self->id, "10.0.0.2"));
	names.head.count = 4;
	EXPECT_EQ(0, vc(VC_GET_DEVICES6, self->id, &names));
	EXPECT_EQ(2U, names.head.count);
	EXPECT_STREQ("eth0", names.name[0]);
	EXPECT_STREQ("nowhere1", names.name[1]);
	EXPECT_EQ(0, forbid_on(self->id, "nowhere1", "10.0.0.1"));
	names.head.count = 0;
	EXPECT_EQ(0, vc(VC_GET_DEVICES6, self->id, &names));
	EXPECT_EQ(1U, names.head.count);
	names.head.reserved = 1;
	EXPECT_EQ(-EINVAL, vc(VC_GET_DEVICES6, self->id, &names));
}

/* As many as a list has, and then as many as a context has. */
TEST_F(netaddr, many)
{
	struct vc_addr_req *req;
	__u32 i, n;

	req = calloc(1, sizeof(*req) + VC_LIST_MAX * sizeof(req->ipv4[0]));
	ASSERT_NE(NULL, req);
	for (n = 0; n < 16; n++) {
		req->count = VC_LIST_MAX;
		for (i = 0; i < VC_LIST_MAX; i++) {
			/* every other one, so that none meets another */
			req->ipv4[i].addr = htonl(0x0a000000 +
						  2 * (n * VC_LIST_MAX + i));
			req->ipv4[i].mask = 0xffffffff;
		}
		ASSERT_EQ(0, vc(VC_ADD_IPV4, self->id, req));
	}
	req->count = 0;
	EXPECT_EQ(0, vc(VC_GET_IPV4, self->id, req));
	EXPECT_EQ(16U * VC_LIST_MAX, req->count);
	EXPECT_EQ(-ENOSPC, permit(self->id, "192.168.0.1"));
	EXPECT_EQ(0, forbid(self->id, "10.0.0.0"));
	EXPECT_EQ(0, permit(self->id, "192.168.0.1"));
	free(req);
}

/* ---- below others ---- */

/* Makes a context below that of the agent. */
static long a_new(long a, long b, long c)
{
	return vc(VC_CREATE, VC_ID_SELF, NULL);
}

TEST_F(netaddr, below)
{
	struct agent agent;
	long child;

	ASSERT_EQ(0, agent_start(&agent, self->id, 0));
	child = ask0(&agent, a_new);
	ASSERT_LT(0, child);

	/* An OPEN parent lacks nothing. */
	EXPECT_EQ(0, permit(child, "10.9.0.0/16"));
	EXPECT_EQ(0, forbid(child, "10.9.0.0/16"));
	EXPECT_EQ(0, policy_set(child, VC_NETADDR_OPEN));

	EXPECT_EQ(0, permit(self->id, "10.0.0.0/24"));
	EXPECT_EQ(0, permit(self->id, "fd00::/64"));
	EXPECT_EQ(0, permit_on(self->id, "eth0", "172.16.0.0/12"));
	EXPECT_EQ(-EPERM, permit(child, "10.0.0.1 10.0.1.1"));
	EXPECT_EQ(1U, error_index());
	EXPECT_NE(NULL, strstr(ctx_error(), "10.0.1.1/32"));
	EXPECT_EQ(-EPERM, permit(child, "10.0.0.0/23"));
	EXPECT_EQ(-EPERM, permit(child, "172.16.0.1"));
	EXPECT_EQ(-EPERM, permit_on(child, "eth1", "172.16.0.1"));
	EXPECT_EQ(-EPERM, permit(child, "fd00:0:0:1::/64"));

	/* What is below a CLOSED one is CLOSED, and has what that has. */
	EXPECT_EQ(VC_NETADDR_CLOSED, policy_get(child));
	EXPECT_STREQ("10.0.0.0/24", permits(child));

	EXPECT_EQ(0, permit(child, "10.0.0.0/25 10.0.0.200"));
	EXPECT_EQ(0, permit(child, "fd00::1"));
	EXPECT_EQ(0, permit_on(child, "eth0", "172.16.0.1 10.0.0.201"));
	EXPECT_STREQ("10.0.0.0/25 10.0.0.200/32", permits(child));
	EXPECT_STREQ("fd00::1/128", permits6(child));
	EXPECT_STREQ("10.0.0.201/32 172.16.0.1/32",
		     permits_on(child, "eth0", false));
	/* Two that lie side by side permit what covers both. */
	EXPECT_EQ(0, permit(self->id, "10.0.1.0/24"));
	EXPECT_EQ(0, permit(child, "10.0.0.0/23"));
	EXPECT_EQ(0, forbid(child, "10.0.0.0/23"));

	/* What is taken from above is taken, as far as it goes. */
	EXPECT_EQ(0, permit(self->id, "10.0.0.0/26"));
	EXPECT_EQ(0, forbid(self->id, "10.0.0.0/24"));
	EXPECT_STREQ("10.0.0.0/26", permits(child));
	EXPECT_STREQ("172.16.0.1/32", permits_on(child, "eth0", false));
	EXPECT_EQ(-EPERM, permit(child, "10.0.0.100"));
	EXPECT_EQ(0, forbid(child, "10.0.0.0/25"));
	EXPECT_STREQ("", permits(child));
	EXPECT_EQ(0, permit(self->id, "10.0.0.0/24"));
	EXPECT_STREQ("10.0.0.200/32", permits(child));
	EXPECT_STREQ("10.0.0.201/32 172.16.0.1/32",
		     permits_on(child, "eth0", false));

	/* Opening what is below a CLOSED one gives it what that has. */
	EXPECT_EQ(0, policy_set(child, VC_NETADDR_OPEN));
	EXPECT_EQ(VC_NETADDR_CLOSED, policy_get(child));
	EXPECT_STREQ("10.0.0.0/24 10.0.0.0/26 10.0.1.0/24", permits(child));
	ASSERT_EQ(0, ctx_kill(self->id));
}

/* ---- batches ---- */

static long batch(struct vc_call *calls, __u32 n, __u32 *failed)
{
	struct vc_batch b = { .count = n, .calls = (uintptr_t)calls };
	long ret = vc(VC_SET(VC_CAT_CPU, VC_CPU_BATCH), 0, &b);

	*failed = b.failed;
	return ret;
}

#define CALL(_cmd, _id, _data)	{ .cmd = _cmd, .id = _id, .data = (uintptr_t)(_data) }

TEST_F(netaddr, batch)
{
	union permits one, two, v6, missing;
	__u32 open = VC_NETADDR_OPEN, failed;
	struct vc_call calls[] = {
		CALL(VC_ADD_IPV4, self->id, &one),
		CALL(VC_ADD_IPV6, self->id, &v6),
		CALL(VC_ADD_IPV4, self->id, &two),
		CALL(VC_DROP_IPV4, self->id, &one),
		CALL(VC_DROP_IPV4, self->id, &missing),
	};
	struct vc_call reopen[] = {
		CALL(VC_SET_POLICY, self->id, &open),
		CALL(VC_ADD_IPV4, self->id, &one),
		CALL(VC_DROP_IPV4, self->id, &missing),
	};
	struct vc_call fresh[] = {
		CALL(VC_CREATE, VC_ID_SELF, 0),
		CALL(VC_ADD_IPV4, VC_ID_SELF, &one),
		CALL(VC_ADD_IPV6, VC_ID_SELF, &v6),
	};
	long id;

	permits_parse(&one, "", "10.0.0.1");
	permits_parse(&two, "eth0", "10.0.0.2");
	permits_parse(&v6, "", "fd00::1");
	permits_parse(&missing, "", "10.9.9.9");

	/* Each call goes on from what those before it have made. */
	EXPECT_EQ(-ENOENT, batch(calls, 5, &failed));
	EXPECT_EQ(4U, failed);
	EXPECT_EQ(VC_NETADDR_OPEN, policy_get(self->id));
	EXPECT_EQ(0, batch(calls, 4, &failed));
	EXPECT_STREQ("", permits(self->id));
	EXPECT_STREQ("10.0.0.2/32", permits_on(self->id, "eth0", false));
	EXPECT_STREQ("fd00::1/128", permits6(self->id));

	EXPECT_EQ(-ENOENT, batch(reopen, 3, &failed));
	EXPECT_EQ(2U, failed);
	EXPECT_STREQ("10.0.0.2/32", permits_on(self->id, "eth0", false));
	EXPECT_STREQ("fd00::1/128", permits6(self->id));
	EXPECT_EQ(0, batch(reopen, 2, &failed));
	EXPECT_STREQ("10.0.0.1/32", permits(self->id));
	EXPECT_STREQ("", permits6(self->id));

	id = ctx_remember(batch(fresh, 3, &failed));
	ASSERT_LT(0, id);
	EXPECT_STREQ("10.0.0.1/32", permits(id));
	EXPECT_STREQ("fd00::1/128", permits6(id));
	EXPECT_EQ(VC_NETADDR_CLOSED, policy_get(id));
}

TEST_F(netaddr, proc)
{
	char path[64], buf[1024];

	ASSERT_EQ(0, permit(self->id, "10.0.0.0/8"));
	ASSERT_EQ(0, permit_on(self->id, "eth0", "fd00::1"));
	snprintf(path, sizeof(path), "/proc/vcontext/%ld/netaddr", self->id);
	ASSERT_LT(0, file_read(path, buf, sizeof(buf)));
	EXPECT_NE(NULL, strstr(buf, "ipv4 dev=* addr=10.0.0.0/8\n"));
	EXPECT_NE(NULL, strstr(buf, "ipv6 dev=eth0 addr=fd00::1/128\n"));
	EXPECT_NE(NULL, strstr(buf, "policy closed\n"));
	EXPECT_NE(NULL, strstr(buf, "permit-devices count=1 list=eth0\n"));
}

/* A context that is gone takes its permits along. */
TEST_F(netaddr, destroyed)
{
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, permit(id, "10.0.0.1"));
	ASSERT_EQ(0, ctx_kill(id));
	EXPECT_EQ(-ESRCH, permit(id, "10.0.0.2"));
	EXPECT_EQ(-ESRCH, policy_get(id));
}

/* Many change the same one: what is there is what one of them has made. */
static long hammer(long id)
{
	long i, n = 0;

	for (i = 0; i < 300; i++) {
		long ret = i & 1 ? forbid(id, "10.0.0.1 10.0.0.2") :
				   permit(id, "10.0.0.1 10.0.0.2");

		if (ret && ret != -EEXIST && ret != -ENOENT)
			return ret;
		n += !ret;
		ret = policy_get(id);
		if (ret < 0)
			return ret;
	}
	return n;
}

TEST_F(netaddr, races)
{
	const char *left;
	pid_t pid[4];
	int i;

	ASSERT_EQ(0, permit(self->id, "10.0.0.3"));
	for (i = 0; i < 4; i++) {
		pid[i] = child_fork();
		if (!pid[i])
			_exit(hammer(self->id) > 0 ? 0 : 1);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, child_wait(pid[i]));
	left = permits(self->id);
	EXPECT_TRUE(!strcmp(left, "10.0.0.3/32") ||
		    !strcmp(left, "10.0.0.1/32 10.0.0.2/32 10.0.0.3/32"))
		TH_LOG("%s", left);
}

TEST_HARNESS_MAIN
