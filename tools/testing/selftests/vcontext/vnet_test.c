// SPDX-License-Identifier: GPL-2.0
/*
 * Network devices of a context: made on one side, attached to the other, and
 * gone when the context is, whatever others do with them meanwhile.
 *
 * Each test has a network namespace of its own as the caller's side.
 */
#include "links.h"

#include <linux/if_packet.h>
#include <linux/if_tun.h>

/* What is on the caller's side before: a device to lie on. */
#define LOWER		"vtlow"

static long side_make(void)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return link_add("dummy", LOWER, 0, -1) ?: net_up(LOWER, true);
}

static long owner_make(__u32 flags, __u32 children)
{
	long id = ctx_make(VC_ID_SELF, flags, children, NULL);

	if (id > 0)
		ctx_set_caps(id, NET_CAPS);
	return id;
}

/* Somebody else with a network namespace, beside which we are. */
static pid_t stranger_start(void)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		return -1;
	pid = child_fork();
	if (!pid) {
		unshare(CLONE_NEWNET);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

/* A context with a network namespace, and agents on both sides of it. */
static int sides_make(long *id, struct agent *host, struct agent *agent)
{
	/* In the initial namespace, where shapers are. */
	int ret = agent_start(host, VC_ID_HOST, 0);

	if (!ret)
		ret = side_make();
	if (ret)
		return ret;
	*id = owner_make(VC_CREATE_NETNS, 16);
	return *id < 0 ? *id : agent_start(agent, *id, 0);
}

/* ---- each type ---- */

FIXTURE(each)
{
	long id;
	struct agent host, agent;
};

FIXTURE_VARIANT(each)
{
	__u32 type;
	const char *link, *kind;
};

FIXTURE_VARIANT_ADD(each, veth)
{
	.type = VC_VNET_VETH, .link = "vthost", .kind = "veth",
};

FIXTURE_VARIANT_ADD(each, macvlan)
{
	.type = VC_VNET_MACVLAN, .link = LOWER, .kind = "macvlan 1",
};

FIXTURE_VARIANT_ADD(each, ipvlan)
{
	.type = VC_VNET_IPVLAN, .link = LOWER, .kind = "ipvlan 0 1",
};

FIXTURE_VARIANT_ADD(each, dummy)
{
	.type = VC_VNET_DUMMY, .link = "", .kind = "dummy",
};

FIXTURE_SETUP(each)
{
	VC_SETUP();
	/* Those of the test before go with its network namespace, some time later. */
	ASSERT_TRUE(WAIT_FOR(vnet_count(0) == 0));
	ASSERT_EQ(0, sides_make(&self->id, &self->host, &self->agent));
}

FIXTURE_TEARDOWN(each)
{
	vc_teardown();
}

/* Nothing is left of "vtin" and what came with it. */
static bool is_clean(struct agent *host, struct agent *agent)
{
	return net_index("vtin") == -ENODEV && net_index("vthost") == -ENODEV &&
	       (!agent || ask_net(agent, a_net_index, "vtin", 0, 0) ==
			  -ENODEV) &&
	       ask_net(host, a_links_like, "vcshape", 0, 0) == 0;
}

TEST_F(each, create)
{
	struct vc_vnet got;

	EXPECT_EQ(-ENODEV, vnet_has(0, "vtin"));
	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0))
		TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, vnet_get(0, "vtin", &got));
	EXPECT_STREQ("vtin", got.vdev_name);
	EXPECT_STREQ(variant->link, got.link);
	EXPECT_EQ(variant->type, got.type);
	EXPECT_EQ(0, got.flags);
	EXPECT_EQ(net_index("vtin"), got.ifindex);
	EXPECT_EQ(0, got.owner);
	EXPECT_LT(0, got.mtu);
	EXPECT_EQ(0, got.reserved);
	EXPECT_STREQ(variant->kind, link_kind("vtin"));
	/* It waits to be configured. */
	EXPECT_EQ(0, net_is_up("vtin"));
	EXPECT_EQ(-EEXIST, vnet_make(0, variant->type, "vtin", variant->link,
				     0));
	EXPECT_EQ(0, vnet_destroy(0, "vtin"));
	EXPECT_EQ(-ENODEV, vnet_has(0, "vtin"));
	EXPECT_EQ(-ENODEV, vnet_destroy(0, "vtin"));
	EXPECT_TRUE(is_clean(&self->host, NULL));
}

/* For a context below: on our side, but its own. */
TEST_F(each, create_for)
{
	struct vc_vnet got;

	ASSERT_EQ(0, vnet_make(self->id, variant->type, "vtin", variant->link,
			       0));
	EXPECT_LT(0, net_index("vtin"));
	EXPECT_EQ(-ENODEV, vnet_has(0, "vtin"));
	ASSERT_EQ(0, vnet_get(self->id, "vtin", &got));
	EXPECT_EQ(self->id, got.owner);
	EXPECT_EQ(0, got.flags);
	EXPECT_EQ(1, vnet_count(self->id));
	agent_end(&self->agent);
	EXPECT_EQ(0, ctx_kill(self->id));
	EXPECT_TRUE(is_clean(&self->host, NULL));
}

TEST_F(each, configure)
{
	struct vc_vnet arg = vnet_arg(variant->type, "vtin", variant->link);
	static const __u8 mac[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
	struct vc_vnet got;

	arg.mtu = 1280;
	/* Read back and set again, as it is. */
	arg.ifindex = 12345;
	arg.owner = 12345;
	if (variant->type != VC_VNET_IPVLAN)
		memcpy(arg.mac, mac, sizeof(mac));
	ASSERT_EQ(0, vc(VC_SET_VNET, 0, &arg)) TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, vnet_get(0, "vtin", &got));
	EXPECT_EQ(1280, got.mtu);
	if (variant->type != VC_VNET_IPVLAN)
		EXPECT_EQ(0, memcmp(mac, got.mac, sizeof(mac)));
	EXPECT_NE(12345, got.ifindex);
	EXPECT_EQ(0, got.owner);
}

TEST_F(each, attach)
{
	struct vc_vnet got;
	char path[64], text[512];

	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, vnet_attach(self->id, "vtin")) TH_LOG("%s", ctx_error());
	EXPECT_EQ(-ENODEV, net_index("vtin"));
	EXPECT_EQ(1, ask_net(&self->agent, a_net_is_up, "vtin", 0, 0));
	ask_net(&self->agent, a_link_kind, "vtin", 0, 0);
	EXPECT_STREQ(variant->kind, agent_buf);
	/* What stays outside is up, too. */
	if (variant->type == VC_VNET_VETH) {
		EXPECT_EQ(1, net_is_up("vthost"));
		EXPECT_STREQ("veth", link_kind("vthost"));
	}
	EXPECT_EQ(-ENODEV, vnet_has(0, "vtin"));
	ASSERT_EQ(0, vnet_get(self->id, "vtin", &got));
	EXPECT_EQ(self->id, got.owner);
	EXPECT_EQ(VC_VNET_INSIDE, got.flags);
	EXPECT_STREQ(variant->link, got.link);
	EXPECT_EQ(ask_net(&self->agent, a_net_index, "vtin", 0, 0),
		  got.ifindex);
	EXPECT_EQ(1, vnet_count(self->id));
	EXPECT_EQ(0, vnet_count(0));
	snprintf(path, sizeof(path), "/proc/vcontext/%ld/vnet", self->id);
	EXPECT_LT(0, file_read(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "attach count=1 devices=vtin:"))
		TH_LOG("%s", text);

	EXPECT_EQ(-EBUSY, vnet_attach(self->id, "vtin"));
	EXPECT_EQ(0, vnet_destroy(self->id, "vtin"));
	EXPECT_EQ(0, vnet_count(self->id));
	EXPECT_TRUE(is_clean(&self->host, &self->agent));
}

/* Not even for a moment on our side: our own device of that name is not asked. */
TEST_F(each, born_inside)
{
	struct vc_vnet got;

	ASSERT_EQ(0, link_add("dummy", "vtin", 0, -1));
	ASSERT_EQ(-EEXIST, vnet_make(self->id, variant->type, "vtin",
				     variant->link, 0));
	ASSERT_EQ(0, vnet_make(self->id, variant->type, "vtin", variant->link,
			       VC_VNET_INSIDE)) TH_LOG("%s", ctx_error());
	EXPECT_STREQ("dummy", link_kind("vtin"));
	EXPECT_EQ(1, ask_net(&self->agent, a_net_is_up, "vtin", 0, 0));
	ASSERT_EQ(0, vnet_get(self->id, "vtin", &got));
	EXPECT_EQ(VC_VNET_INSIDE, got.flags);
	EXPECT_EQ(self->id, got.owner);
	EXPECT_STREQ(variant->link, got.link);
	EXPECT_EQ(-EBUSY, vnet_attach(self->id, "vtin"));
	EXPECT_EQ(0, link_delete("vtin"));
	agent_end(&self->agent);
	EXPECT_EQ(0, ctx_kill(self->id));
	EXPECT_TRUE(is_clean(&self->host, NULL));
}

/* When destroy returns, names can be used again. */
TEST_F(each, context_destroyed)
{
	int i;

	agent_end(&self->agent);
	for (i = 0; i < 5; i++) {
		long id = owner_make(VC_CREATE_NETNS, 0);

		ASSERT_LT(0, id);
		ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link,
				       0)) TH_LOG("round %d", i);
		ASSERT_EQ(0, vnet_attach(id, "vtin"));
		ASSERT_EQ(0, ctx_kill(id));
		ASSERT_TRUE(is_clean(&self->host, NULL));
	}
}

/* The outside knows it by the name that it gave. */
TEST_F(each, renamed_inside)
{
	struct vc_vnet got;

	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, vnet_attach(self->id, "vtin"));
	memcpy(agent_buf, "vtin\0eth7", 10);
	ASSERT_EQ(0, ask0(&self->agent, a_net_rename));
	EXPECT_EQ(-ENODEV, vnet_has(self->id, "eth7"));
	ASSERT_EQ(0, vnet_get(self->id, "vtin", &got));
	EXPECT_EQ(ask_net(&self->agent, a_net_index, "eth7", 0, 0),
		  got.ifindex);
	EXPECT_EQ(0, vnet_destroy(self->id, "vtin"));
	EXPECT_EQ(-ENODEV, ask_net(&self->agent, a_net_index, "eth7", 0, 0));
}

/* On our own side a name is what it is there. */
TEST_F(each, renamed_outside)
{
	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, net_rename("vtin", "vtnew"));
	EXPECT_EQ(-ENODEV, vnet_has(0, "vtin"));
	EXPECT_EQ(0, vnet_has(0, "vtnew"));
	ASSERT_EQ(0, vnet_attach(self->id, "vtnew"));
	EXPECT_EQ(1, ask_net(&self->agent, a_net_is_up, "vtnew", 0, 0));
	EXPECT_EQ(0, vnet_destroy(self->id, "vtnew"));
}

TEST_F(each, moved_by_others)
{
	pid_t stranger = stranger_start();

	ASSERT_LT(0, stranger);
	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, link_move("vtin", stranger));
	EXPECT_EQ(0, vnet_has(0, "vtin"));
	EXPECT_EQ(-ENODEV, vnet_attach(self->id, "vtin"));
	EXPECT_EQ(0, vnet_destroy(0, "vtin"));
	EXPECT_TRUE(is_clean(&self->host, NULL));
	/* With its namespace it goes, too. */
	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, link_move("vtin", stranger));
	child_kill(stranger);
	EXPECT_TRUE(WAIT_FOR(vnet_has(0, "vtin") == -ENODEV));
	EXPECT_TRUE(is_clean(&self->host, NULL));
}

/* By the inside, by who has the other end or what it lies on. */
TEST_F(each, deleted_by_others)
{
	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, vnet_attach(self->id, "vtin"));
	ASSERT_EQ(0, ask_net(&self->agent, a_link_delete, "vtin", 0, 0));
	EXPECT_EQ(-ENODEV, vnet_has(self->id, "vtin"));
	EXPECT_EQ(0, vnet_count(self->id));
	EXPECT_TRUE(is_clean(&self->host, &self->agent));
	if (variant->type == VC_VNET_DUMMY)
		return;
	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, vnet_attach(self->id, "vtin"));
	ASSERT_EQ(0, link_delete(variant->link));
	EXPECT_EQ(-ENODEV, vnet_has(self->id, "vtin"));
	EXPECT_TRUE(is_clean(&self->host, &self->agent));
}

/* Its namespace has gone with its last task, the context not. */
TEST_F(each, unused)
{
	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, vnet_attach(self->id, "vtin"));
	agent_end(&self->agent);
	EXPECT_EQ(0, vnet_has(self->id, "vtin"));
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	EXPECT_EQ(1, ask_net(&self->agent, a_net_is_up, "vtin", 0, 0));
}

TEST_F(each, clash_inside)
{
	long index;

	ASSERT_EQ(0, vnet_make(self->id, VC_VNET_DUMMY, "vtin", "",
			       VC_VNET_INSIDE));
	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	index = net_index("vtin");
	EXPECT_EQ(-EEXIST, vnet_attach(self->id, "vtin"));
	/* The same with one of which the outside does not know. */
	memcpy(agent_buf, "vtin\0vtown", 11);
	ASSERT_EQ(0, ask0(&self->agent, a_net_rename));
	EXPECT_EQ(-EEXIST, vnet_attach(self->id, "vtin"));
	EXPECT_EQ(index, net_index("vtin"));
	EXPECT_EQ(0, vnet_has(0, "vtin"));
	EXPECT_EQ(1, vnet_count(self->id));
}

/* ---- batches ---- */

static long batch(struct vc_call *calls, __u32 n)
{
	struct vc_batch head = { .count = n, .calls = (uintptr_t)calls };

	return ctx_remember(vc(VC_SET(VC_CAT_CPU, VC_CPU_BATCH), 0, &head));
}

#define CALL(_cmd, _id, _data) \
	{ .cmd = (_cmd), .id = (_id), .data = (uintptr_t)(_data) }

TEST_F(each, batch)
{
	struct vc_create create = { .flags = VC_CREATE_NETNS };
	struct vc_vnet arg = vnet_arg(variant->type, "vtin", variant->link);
	struct vc_vnet_qos wide = { .vdev_name = "vtin" };
	struct vc_call calls[] = {
		CALL(VC_CREATE, VC_ID_SELF, &create),
		CALL(VC_SET_VNET, VC_ID_SELF, &arg),
		CALL(VC_ATTACH_VNET, VC_ID_SELF, &arg),
		CALL(VC_SET_QOS, VC_ID_SELF, &wide),
	};
	struct vc_vnet got;
	long id;

	if (variant->type != VC_VNET_DUMMY)
		wide.max_bandwidth = 1000;
	id = batch(calls, ARRAY_SIZE(calls));
	ASSERT_LT(0, id) TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, vnet_get(id, "vtin", &got));
	EXPECT_EQ(VC_VNET_INSIDE, got.flags);
	EXPECT_EQ(-ENODEV, net_index("vtin"));
	EXPECT_EQ(0, ctx_kill(id));
	EXPECT_TRUE(is_clean(&self->host, NULL));

	/* The last call fails, and nothing has been. */
	wide.warranted_bandwidth = 2000;
	wide.max_bandwidth = 1000;
	EXPECT_EQ(-EINVAL, batch(calls, ARRAY_SIZE(calls)));
	EXPECT_TRUE(is_clean(&self->host, NULL));
}

/* What was there before a batch that fails comes back as it was. */
TEST_F(each, batch_undone)
{
	struct vc_create create = { .flags = VC_CREATE_NETNS };
	struct vc_vnet arg = vnet_arg(0, "vtin", "");
	struct vc_vnet none = vnet_arg(0, "vtnone", "");
	struct vc_call fresh[] = {
		CALL(VC_CREATE, VC_ID_SELF, &create),
		CALL(VC_ATTACH_VNET, VC_ID_SELF, &arg),
		CALL(VC_ATTACH_VNET, VC_ID_SELF, &none),
	};
	struct vc_call known[] = {
		CALL(VC_ATTACH_VNET, self->id, &arg),
		CALL(VC_ATTACH_VNET, self->id, &none),
	};
	struct vc_vnet before, after;

	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, vnet_get(0, "vtin", &before));
	EXPECT_EQ(-ENODEV, batch(fresh, ARRAY_SIZE(fresh)));
	ASSERT_EQ(0, vnet_get(0, "vtin", &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_EQ(before.ifindex, net_index("vtin"));
	EXPECT_EQ(0, net_is_up("vtin"));

	EXPECT_EQ(-ENODEV, batch(known, ARRAY_SIZE(known)));
	ASSERT_EQ(0, vnet_get(0, "vtin", &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_EQ(-ENODEV, ask_net(&self->agent, a_net_index, "vtin", 0, 0));
	if (variant->type == VC_VNET_VETH)
		EXPECT_EQ(0, net_is_up("vthost"));

	/* What would not come back as it was does not go. */
	ASSERT_EQ(0, net_address("vtin", 7, 1));
	EXPECT_EQ(-EBUSY, batch(known, 1));
	EXPECT_EQ(1, net_is_up("vtin"));
	ASSERT_EQ(0, vnet_attach(self->id, "vtin"));
}

/* What is lost by moving a device keeps it from being moved in a batch. */
TEST_F(each, batch_loses_nothing)
{
	struct vc_vnet arg = vnet_arg(0, "vtin", "");
	struct vc_call call = CALL(VC_ATTACH_VNET, self->id, &arg);

	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, qdisc_add("vtin", "pfifo"));
	EXPECT_EQ(-EBUSY, batch(&call, 1));
	EXPECT_STREQ("pfifo", qdisc_kind("vtin"));
	ASSERT_EQ(0, qdisc_delete("vtin"));
	ASSERT_EQ(0, net_multicast("vtin", true));
	EXPECT_EQ(-EBUSY, batch(&call, 1));
	ASSERT_EQ(0, net_multicast("vtin", false));
	ASSERT_EQ(0, link_altname("vtin", "vtalias"));
	EXPECT_EQ(-EBUSY, batch(&call, 1));
	ASSERT_EQ(0, vnet_destroy(0, "vtin"));

	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	/* One on a macvlan or ipvlan is on what that lies on. */
	if (variant->type == VC_VNET_VETH || variant->type == VC_VNET_DUMMY) {
		ASSERT_EQ(0, link_add("macvlan", "vtupper", net_index("vtin"),
				      -1));
		EXPECT_EQ(-EBUSY, batch(&call, 1));
		ASSERT_EQ(0, link_delete("vtupper"));
	}
	EXPECT_EQ(0, batch(&call, 1)) TH_LOG("%s", ctx_error());
}

/* Renames "vtin" and gives it a name that our side has, whenever it can. */
static long a_rename_begin(long a, long b, long c)
{
	static pid_t pid;

	if (pid > 0) {
		child_kill(pid);
		pid = 0;
		return 0;
	}
	pid = child_fork();
	if (pid)
		return pid > 0 ? 0 : -errno;
	for (;;) {
		net_rename("vtin", "vtren");
		link_altname("vtren", LOWER);
	}
}

/* Whatever the inside does with it before it is taken away again. */
TEST_F(each, batch_undone_renamed)
{
	struct vc_vnet arg = vnet_arg(0, "vtin", "");
	struct vc_vnet none = vnet_arg(0, "vtnone", "");
	struct vc_call calls[] = {
		CALL(VC_ATTACH_VNET, self->id, &arg),
		CALL(VC_ATTACH_VNET, self->id, &none),
	};
	struct vc_vnet got;
	int i;

	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	ASSERT_EQ(0, ask0(&self->agent, a_rename_begin));
	for (i = 0; i < 12; i++) {
		ASSERT_EQ(-ENODEV, batch(calls, ARRAY_SIZE(calls)));
		ASSERT_EQ(0, vnet_get(0, "vtin", &got)) TH_LOG("round %d", i);
		EXPECT_EQ(0, got.flags);
		ASSERT_EQ(net_index("vtin"), got.ifindex);
		EXPECT_EQ(0, net_is_up("vtin"));
		EXPECT_EQ(0, vnet_count(self->id));
	}
	EXPECT_EQ(0, ask0(&self->agent, a_rename_begin));
	EXPECT_LT(0, net_index(LOWER));
	/* It has no other names left, and can be attached. */
	ASSERT_EQ(0, vnet_attach(self->id, "vtin"));
	EXPECT_EQ(1, ask_net(&self->agent, a_net_is_up, "vtin", 0, 0));
}

/* A device that comes back from a context that never was has no bandwidth. */
TEST_F(each, batch_qos_undone)
{
	struct vc_create create = { .flags = VC_CREATE_NETNS };
	struct vc_vnet arg = vnet_arg(0, "vtin", "");
	struct vc_vnet none = vnet_arg(0, "vtnone", "");
	struct vc_vnet_qos wide = { .vdev_name = "vtin",
				    .max_bandwidth = 5000 };
	struct vc_call calls[] = {
		CALL(VC_CREATE, VC_ID_SELF, &create),
		CALL(VC_ATTACH_VNET, VC_ID_SELF, &arg),
		CALL(VC_SET_QOS, VC_ID_SELF, &wide),
		CALL(VC_ATTACH_VNET, VC_ID_SELF, &none),
	};

	if (variant->type == VC_VNET_DUMMY)
		SKIP(return, "a dummy has no bandwidth");
	ASSERT_EQ(0, link_add("dummy", "vtslow", 0, -1));
	ASSERT_EQ(0, qos_set(0, "vtslow", "", 10000, 0));
	COPY(wide.uplink, "vtslow");
	wide.warranted_bandwidth = 1000;
	ASSERT_EQ(0, vnet_make(0, variant->type, "vtin", variant->link, 0));
	EXPECT_EQ(-ENODEV, batch(calls, ARRAY_SIZE(calls)));
	EXPECT_EQ(0, vnet_has(0, "vtin"));
	EXPECT_STREQ("vtslow 10000 0", qos(0, "vtslow"));
	EXPECT_EQ(0, ask_net(&self->host, a_links_like, "vcshape", 0, 0));
	ASSERT_EQ(0, vnet_attach(self->id, "vtin"));
	EXPECT_STREQ("- 0 0", qos(self->id, "vtin"));
}

TEST_F(each, batch_made_undone)
{
	struct vc_vnet arg = vnet_arg(variant->type, "vtin", variant->link);
	struct vc_vnet none = vnet_arg(0, "vtnone", "");
	struct vc_call calls[] = {
		CALL(VC_SET_VNET, 0, &arg),
		CALL(VC_ATTACH_VNET, self->id, &arg),
		CALL(VC_ATTACH_VNET, self->id, &none),
	};
	struct vc_call destroy = CALL(VC_DESTROY_VNET, self->id, &arg);

	EXPECT_EQ(-ENODEV, batch(calls, ARRAY_SIZE(calls)));
	EXPECT_TRUE(is_clean(&self->host, &self->agent));
	EXPECT_EQ(0, batch(calls, 2));
	EXPECT_EQ(0, vnet_has(self->id, "vtin"));
	EXPECT_EQ(-EINVAL, batch(&destroy, 1));
	EXPECT_EQ(0, vnet_has(self->id, "vtin"));
}

/* ---- values ---- */

FIXTURE(vnet_call)
{
	long id;
	struct agent host, agent;
};

FIXTURE_SETUP(vnet_call)
{
	VC_SETUP();
	ASSERT_EQ(0, sides_make(&self->id, &self->host, &self->agent));
}

FIXTURE_TEARDOWN(vnet_call)
{
	vc_teardown();
}

TEST_F(vnet_call, values)
{
	const struct vc_vnet good = vnet_arg(VC_VNET_VETH, "vtin", "vthost");
	struct vc_vnet arg;

#define TRY(error, change) ({						\
		arg = good;						\
		change;							\
		EXPECT_EQ(error, vc(VC_SET_VNET, 0, &arg))		\
			TH_LOG("%s: %s", #change, ctx_error());		\
		EXPECT_EQ(-ENODEV, net_index("vthost"));		\
	})
	TRY(-EINVAL, arg.type = 0);
	TRY(-EINVAL, arg.type = 5);
	TRY(-EINVAL, arg.type = ~0U);
	TRY(-EINVAL, arg.flags = 2);
	TRY(-EINVAL, arg.flags = 1U << 31);
	TRY(-EINVAL, arg.reserved = 1);
	TRY(-EINVAL, arg.vdev_name[0] = '\0');
	TRY(-EINVAL, memset(arg.vdev_name, 'a', 16));
	TRY(-EINVAL, COPY(arg.vdev_name, "a/b"));
	TRY(-EINVAL, COPY(arg.vdev_name, "a b"));
	TRY(-EINVAL, COPY(arg.vdev_name, "vt%d"));
	TRY(-EINVAL, COPY(arg.vdev_name, ".."));
	TRY(-EINVAL, arg.link[0] = '\0');
	TRY(-EINVAL, memset(arg.link, 'a', 16));
	TRY(-EINVAL, COPY(arg.link, "vt%d"));
	TRY(-EINVAL, arg.mac[0] = 1);
	TRY(-EINVAL, arg.mtu = 60);
	TRY(-EINVAL, (arg.type = VC_VNET_IPVLAN, arg.mac[0] = 2,
		      COPY(arg.link, LOWER)));
	TRY(-EINVAL, arg.type = VC_VNET_DUMMY);
	TRY(-EINVAL, (arg.type = VC_VNET_MACVLAN, COPY(arg.link, "lo")));
	TRY(-EINVAL, (arg.type = VC_VNET_IPVLAN, COPY(arg.link, "lo")));
	TRY(-EINVAL, (arg.type = VC_VNET_MACVLAN, COPY(arg.link, LOWER),
		      arg.mtu = 9000));
	TRY(-ENODEV, (arg.type = VC_VNET_MACVLAN, COPY(arg.link, "vtnone")));
	TRY(-ENODEV, (arg.type = VC_VNET_IPVLAN, COPY(arg.link, "vtnone")));
	/* A name that the caller's side has. */
	TRY(-EEXIST, COPY(arg.vdev_name, LOWER));
	TRY(-EEXIST, COPY(arg.vdev_name, "lo"));
	/* Born inside is who belongs to somebody else. */
	TRY(-EINVAL, arg.flags = VC_VNET_INSIDE);
#undef TRY
	arg = good;
	COPY(arg.link, LOWER);
	EXPECT_EQ(-EEXIST, vc(VC_SET_VNET, 0, &arg));
	EXPECT_EQ(-ENODEV, net_index("vtin"));
	EXPECT_EQ(0, vc(VC_SET_VNET, 0, &good));
	/* The whole name, up to its fifteenth character. */
	arg = vnet_arg(VC_VNET_DUMMY, "vt-345678901234", "");
	EXPECT_EQ(0, vc(VC_SET_VNET, 0, &arg));
	EXPECT_EQ(0, vnet_has(0, "vt-345678901234"));
}

/* One that does not come up where it goes has lost nothing by the attempt. */
TEST_F(vnet_call, attach_refused)
{
	struct vc_vnet arg = vnet_arg(VC_VNET_MACVLAN, "vtin", LOWER);
	long index;

	arg.mac[0] = 2;
	arg.flags = VC_VNET_INSIDE;
	ASSERT_EQ(0, vc(VC_SET_VNET, self->id, &arg));
	COPY(arg.vdev_name, "vttwin");
	arg.flags = 0;
	ASSERT_EQ(0, vc(VC_SET_VNET, 0, &arg));
	ASSERT_EQ(0, link_altname("vttwin", "vtalias"));
	ASSERT_EQ(0, qdisc_add("vttwin", "pfifo"));
	index = net_index("vttwin");
	EXPECT_EQ(-EADDRINUSE, vnet_attach(self->id, "vttwin"));
	EXPECT_EQ(index, net_index("vttwin"));
	EXPECT_EQ(index, net_index("vtalias"));
	EXPECT_STREQ("pfifo", qdisc_kind("vttwin"));
	EXPECT_EQ(0, net_is_up("vttwin"));
	EXPECT_EQ(1, vnet_count(self->id));
	ASSERT_EQ(0, vnet_destroy(self->id, "vtin"));
	EXPECT_EQ(0, vnet_attach(self->id, "vttwin"));
}

TEST_F(vnet_call, names)
{
	static const __u32 words[] = {
		VC_GET_VNET, VC_ATTACH_VNET, VC_DESTROY_VNET,
	};
	struct vc_vnet arg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		memset(&arg, 'a', sizeof(arg));
		EXPECT_EQ(-EINVAL, vc(words[i], self->id, &arg));
		memset(&arg, 0, sizeof(arg));
		EXPECT_EQ(-EINVAL, vc(words[i], self->id, &arg));
		EXPECT_EQ(-ENODEV, vnet_named(words[i], self->id, "vtnone"));
		/* One of the host's that was not made so. */
		EXPECT_EQ(-ENODEV, vnet_named(words[i], self->id, LOWER));
	}
}

TEST_F(vnet_call, no_namespace)
{
	long id = owner_make(0, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, vnet_make(0, VC_VNET_DUMMY, "vtin", "", 0));
	EXPECT_EQ(-ENONET, vnet_attach(id, "vtin"));
	EXPECT_LT(0, net_index("vtin"));
	EXPECT_EQ(0, vnet_has(0, "vtin"));
	EXPECT_EQ(-ENONET, vnet_make(id, VC_VNET_DUMMY, "vtin2", "",
				     VC_VNET_INSIDE));
	/* It may have one on our side; it goes with it. */
	EXPECT_EQ(0, vnet_make(id, VC_VNET_DUMMY, "vtin2", "", 0));
	EXPECT_EQ(0, ctx_kill(id));
	EXPECT_EQ(-ENODEV, net_index("vtin2"));
}

/* Checks come in the order of the contract. */
TEST_F(vnet_call, order)
{
	static const struct {
		__u32 word;
		unsigned int size;
		bool own;
	} calls[] = {
		{ VC_SET_VNET, sizeof(struct vc_vnet), true },
		{ VC_ATTACH_VNET, sizeof(struct vc_vnet), false },
		{ VC_DESTROY_VNET, sizeof(struct vc_vnet), true },
		{ VC_SET_QOS, sizeof(struct vc_vnet_qos), true },
	};
	char big[8192] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		__u32 word = calls[i].word, bad = word | (calls[i].size - 1) << 8;

		EXPECT_EQ(-EINVAL, vc(bad | VC_RESERVED_BIT, ID_UNKNOWN, NULL));
		EXPECT_EQ(-EOPNOTSUPP, vc(bad | 0xff, ID_UNKNOWN, NULL));
		EXPECT_EQ(-ESRCH, vc(bad, ID_UNKNOWN, NULL));
		if (!calls[i].own)
			EXPECT_EQ(-EPERM, vc(bad, 0, NULL));
		ASSERT_EQ(0, caps_lower());
		EXPECT_EQ(-EPERM, vc(bad, self->id, NULL));
		ASSERT_EQ(0, caps_raise());
		EXPECT_EQ(-EINVAL, vc(bad, self->id, NULL));
		EXPECT_EQ(-E2BIG, vc(word | 4097 << 8, self->id, big));
		EXPECT_EQ(-EFAULT, vc(word, self->id, NULL));
		EXPECT_EQ(-EFAULT, vc(word, self->id, (void *)4096));
		big[calls[i].size] = 1;
		EXPECT_EQ(-E2BIG, vc(word | (calls[i].size + 1) << 8, self->id,
				     big));
		big[calls[i].size] = 0;
		/* An empty name. */
		EXPECT_EQ(-EINVAL, vc(word | (calls[i].size + 1) << 8, self->id,
				      big));
		EXPECT_LT(0, vc(VC_CMD(VC_CAT_VNET, VC_SUB_VERSION,
				       VC_COMMAND(word)), ID_UNKNOWN, NULL));
	}
	EXPECT_LT(0, vc(VC_CMD(VC_CAT_VNET, VC_SUB_VERSION, 0), 0, NULL));
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_GET(VC_CAT_VNET, VC_VNET_DESTROY),
				  self->id, NULL));
}

/* Capabilities alone, and this one alone, towards the owner's user namespace. */
static long try_net_admin(long id)
{
	long ret = caps_set(1ULL << CAP_NET_ADMIN, ~0ULL >> 23);

	return ret ?: vnet_make(id, VC_VNET_DUMMY, "vtin", "", 0);
}

static long try_sys_admin(long id)
{
	long ret = caps_set(1ULL << CAP_SYS_ADMIN, ~0ULL >> 23);

	return ret ?: vnet_make(id, VC_VNET_DUMMY, "vtin2", "", 0);
}

TEST_F(vnet_call, rights)
{
	EXPECT_EQ(0, in_child(try_net_admin, self->id));
	EXPECT_EQ(-EPERM, in_child(try_sys_admin, self->id));
	EXPECT_EQ(0, vnet_has(self->id, "vtin"));
	/* Looking is free. */
	ASSERT_EQ(0, caps_lower());
	EXPECT_EQ(0, vnet_has(self->id, "vtin"));
	EXPECT_EQ(1, vnet_count(self->id));
}

static long a_vnet_make(long id, long type, long flags)
{
	return vnet_make(id, type, agent_buf, agent_buf + 64, flags);
}

static long a_vnet_attach(long id, long b, long c)
{
	return vnet_attach(id, agent_buf);
}

static long a_vnet_destroy(long id, long b, long c)
{
	return vnet_destroy(id, agent_buf);
}

static long a_vnet_has(long id, long b, long c)
{
	return vnet_has(id, agent_buf);
}

static long ask_make(struct agent *agent, long id, long type, const char *name,
		     const char *link)
{
	memset(agent_buf, 0, sizeof(agent_buf));
	COPY(agent_buf, name);
	snprintf(agent_buf + 64, 16, "%s", link);
	return ask3(agent, a_vnet_make, id, type, 0);
}

/* A context that owns its network namespace gives to those below it. */
TEST_F(vnet_call, nested)
{
	long below = ask3(&self->agent, a_create, VC_CREATE_NETNS, 0, 0);
	struct agent inner;

	ASSERT_LT(0, below);
	ctx_set_caps(below, NET_CAPS);
	ASSERT_EQ(0, ask_make(&self->agent, VC_ID_SELF, VC_VNET_VETH, "vtn",
			      "vtnhost"));
	ASSERT_EQ(0, ask_net(&self->agent, a_vnet_attach, "vtn", below, 0));
	ASSERT_EQ(0, agent_start(&inner, below, 0));
	EXPECT_EQ(1, ask_net(&inner, a_net_is_up, "vtn", 0, 0));
	EXPECT_LT(0, ask_net(&self->agent, a_net_index, "vtnhost", 0, 0));
	EXPECT_EQ(-ENODEV, net_index("vtnhost"));
	/* All above see it. */
	EXPECT_EQ(0, vnet_has(below, "vtn"));
	/* Its own it may look at; neither the parent's nor the host's. */
	EXPECT_EQ(0, ask_net(&inner, a_vnet_has, "vtn", VC_ID_SELF, 0));
	EXPECT_EQ(-ESRCH, ask_net(&inner, a_vnet_has, "vtn", self->id, 0));
	EXPECT_EQ(-EPERM, ask_net(&inner, a_vnet_destroy, "vtn", VC_ID_SELF,
				  0));
	agent_end(&inner);
	EXPECT_EQ(0, ctx_kill(below));
	EXPECT_EQ(-ENODEV, ask_net(&self->agent, a_net_index, "vtnhost", 0,
				   0));
}

/* What was attached from above is not the inside's to give or take. */
TEST_F(vnet_call, attached_from_above)
{
	long below = ask3(&self->agent, a_create, VC_CREATE_NETNS, 0, 0);

	ASSERT_LT(0, below);
	ASSERT_EQ(0, vnet_make(self->id, VC_VNET_VETH, "vtin", "vthost",
			       VC_VNET_INSIDE));
	EXPECT_EQ(-EPERM, ask_net(&self->agent, a_vnet_attach, "vtin",
				  VC_ID_SELF, 0));
	EXPECT_EQ(-ENODEV, ask_net(&self->agent, a_vnet_attach, "vtin", below,
				   0));
	EXPECT_EQ(-EPERM, ask_net(&self->agent, a_vnet_destroy, "vtin",
				  VC_ID_SELF, 0));
	EXPECT_EQ(0, vnet_has(self->id, "vtin"));
}

/* In the namespace of somebody else nothing is set from inside. */
TEST_F(vnet_call, shared_namespace)
{
	struct agent guest, inner;
	long id = owner_make(0, 4), below;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&guest, id, 0));
	EXPECT_EQ(-EPERM, ask_make(&guest, VC_ID_SELF, VC_VNET_DUMMY, "vtin",
				   ""));
	EXPECT_EQ(-ENODEV, net_index("vtin"));
	EXPECT_EQ(-ENODEV, ask_net(&guest, a_vnet_has, "vtin", VC_ID_SELF, 0));
	/* Nor in that of the context above. */
	below = ask3(&self->agent, a_create, 0, 4, 0);
	ASSERT_LT(0, below);
	ctx_set_caps(below, NET_CAPS);
	ASSERT_EQ(0, agent_start(&inner, below, 0));
	EXPECT_EQ(-EPERM, ask_make(&inner, VC_ID_SELF, VC_VNET_DUMMY, "vtin",
				   ""));
	EXPECT_EQ(0, ask_make(&self->agent, VC_ID_SELF, VC_VNET_DUMMY, "vtin",
			      ""));
}

/* Mode and flags are those of all on a device: who was there first decides. */
TEST_F(vnet_call, ipvlan_port)
{
	__u16 mode = IPVLAN_MODE_L3, same = IPVLAN_MODE_L2, flags = 0;

	ASSERT_EQ(0, link_add("ipvlan", "vtother", net_index(LOWER), -1));
	ASSERT_STREQ("ipvlan 1 0", link_kind("vtother"));
	EXPECT_EQ(-EBUSY, vnet_make(self->id, VC_VNET_IPVLAN, "vtin", LOWER,
				    VC_VNET_INSIDE));
	EXPECT_EQ(-EBUSY, vnet_make(0, VC_VNET_IPVLAN, "vtin", "vtother", 0));
	EXPECT_STREQ("ipvlan 1 0", link_kind("vtother"));
	EXPECT_EQ(0, vnet_count(self->id));
	/* By now it is as ours are. */
	flags = IPVLAN_F_PRIVATE;
	ASSERT_EQ(0, link_change("vtother", "ipvlan", IFLA_IPVLAN_MODE, &same,
				 sizeof(same)));
	ASSERT_EQ(0, link_change("vtother", "ipvlan", IFLA_IPVLAN_FLAGS,
				 &flags, sizeof(flags)));
	ASSERT_EQ(0, vnet_make(self->id, VC_VNET_IPVLAN, "vtin", LOWER,
			       VC_VNET_INSIDE)) TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, vnet_make(self->id, VC_VNET_IPVLAN, "vtin2", "vtother",
			       0)) TH_LOG("%s", ctx_error());
	flags = 0;
	EXPECT_EQ(-EBUSY, link_change("vtother", "ipvlan", IFLA_IPVLAN_MODE,
				      &mode, sizeof(mode)));
	EXPECT_EQ(-EBUSY, link_change("vtother", "ipvlan", IFLA_IPVLAN_FLAGS,
				      &flags, sizeof(flags)));
	EXPECT_EQ(0, link_change("vtother", "ipvlan", IFLA_IPVLAN_MODE, &same,
				 sizeof(same)));
	/* One that says nothing is of mode L3. */
	EXPECT_EQ(-EBUSY, link_add("ipvlan", "vtmore", net_index(LOWER), -1));
	EXPECT_EQ(-ENODEV, net_index("vtmore"));
	EXPECT_STREQ("ipvlan 0 1", link_kind("vtother"));
	EXPECT_EQ(0, vnet_destroy(self->id, "vtin"));
	EXPECT_EQ(0, vnet_destroy(self->id, "vtin2"));
	EXPECT_EQ(0, link_change("vtother", "ipvlan", IFLA_IPVLAN_MODE, &mode,
				 sizeof(mode)));
}

/* ---- many, races, sudden ends ---- */

TEST_F(vnet_call, hundred)
{
	struct {
		struct vc_vnets head;
		struct vc_vnet vnet[128];
	} list = { .head.count = 128 };
	char name[16], link[16];
	int i;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "vti%d", i);
		snprintf(link, sizeof(link), "vth%d", i);
		ASSERT_EQ(0, vnet_make(self->id, i % 2 ? VC_VNET_MACVLAN :
				       VC_VNET_VETH, name, i % 2 ? LOWER : link,
				       VC_VNET_INSIDE))
			TH_LOG("%d: %s", i, ctx_error());
	}
	ASSERT_EQ(0, vc(VC_LIST_VNET, self->id, &list));
	ASSERT_EQ(100, list.head.count);
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "vti%d", i);
		EXPECT_STREQ(name, list.vnet[i].vdev_name);
	}
	/* No more than there is room for, but how many there are. */
	memset(&list, 0xa5, sizeof(list));
	list.head.count = 1;
	list.head.reserved = 0;
	ASSERT_EQ(0, vc(VC_LIST_VNET, self->id, &list));
	EXPECT_EQ(100, list.head.count);
	EXPECT_STREQ("vti0", list.vnet[0].vdev_name);
	EXPECT_EQ(0xa5a5a5a5, list.vnet[1].type);
	list.head.reserved = 1;
	EXPECT_EQ(-EINVAL, vc(VC_LIST_VNET, self->id, &list));

	EXPECT_EQ(100, ask_net(&self->agent, a_links_like, "vti", 0, 0));
	EXPECT_EQ(50, links_like("vth"));
	agent_end(&self->agent);
	ASSERT_EQ(0, ctx_kill(self->id));
	EXPECT_EQ(0, links_like("vt") - links_like(LOWER));
}

/* Makes contexts with devices until it is killed. */
static void make_for_ever(void)
{
	for (;;) {
		long id = ctx_make(VC_ID_SELF, VC_CREATE_NETNS |
				   VC_CREATE_EPHEMERAL, 0, NULL);

		if (id > 0 &&
		    !vnet_make(id, VC_VNET_VETH, "vtin", "vthost", 0))
			vnet_attach(id, "vtin");
		qos_set(id, "vtin", "", 1000, 0);
		ctx_kill(id);
	}
}

TEST_F(vnet_call, killed)
{
	long before = ctx_all();
	int i;

	for (i = 0; i < 20; i++) {
		struct timespec ts = { .tv_nsec = (i * 7 + 3) * 1000000 };
		pid_t pid = child_fork();

		if (!pid)
			make_for_ever();
		nanosleep(&ts, NULL);
		child_kill(pid);
		EXPECT_TRUE(WAIT_FOR(ctx_all() == before));
		EXPECT_TRUE(WAIT_FOR(is_clean(&self->host, NULL)))
			TH_LOG("round %d", i);
	}
}

/* The same names, on all sides, with all that can be done to them. */
static void play(unsigned int seed)
{
	static const char * const names[] = { "vtr0", "vtr1", "vtr2" };
	long id = 0;

	for (;;) {
		const char *name = names[rand_r(&seed) % 3];
		char link[16];

		snprintf(link, sizeof(link), "%sh", name);
		switch (rand_r(&seed) % 9) {
		case 0:
			if (id > 0)
				vc(VC_DESTROY, id, NULL);
			id = ctx_make(VC_ID_SELF, VC_CREATE_NETNS |
				      VC_CREATE_EPHEMERAL, 0, NULL);
			break;
		case 1:
			vnet_make(0, VC_VNET_VETH, name, link, 0);
			break;
		case 2:
			vnet_make(id, VC_VNET_VETH, name, link,
				  VC_VNET_INSIDE);
			break;
		case 3:
			vnet_make(id, VC_VNET_MACVLAN, name, LOWER, 0);
			break;
		case 4:
			vnet_attach(id, name);
			break;
		case 5:
			vnet_destroy(rand_r(&seed) % 2 ? id : 0, name);
			break;
		case 6:
			link_delete(rand_r(&seed) % 2 ? name : link);
			break;
		case 7:
			qos_set(id, name, "", rand_r(&seed) % 2 * 1000, 0);
			break;
		case 8:
			vnet_count(id);
			break;
		}
	}
}

TEST_F(vnet_call, race)
{
	struct timespec ts = { .tv_sec = 3 };
	long before = ctx_all();
	pid_t pid[4];
	int i;

	for (i = 0; i < 4; i++) {
		pid[i] = child_fork();
		if (!pid[i])
			play(i + 1);
	}
	nanosleep(&ts, NULL);
	for (i = 0; i < 4; i++)
		child_kill(pid[i]);
	EXPECT_TRUE(WAIT_FOR(ctx_all() == before));
	/* What was the host's is there yet, and can be used. */
	for (i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "vtr%d", i);
		if (!vnet_has(0, name))
			EXPECT_EQ(0, vnet_destroy(0, name));
	}
	EXPECT_TRUE(WAIT_FOR(links_like("vtr") == 0));
	EXPECT_EQ(0, vnet_count(0));
	EXPECT_TRUE(WAIT_FOR(ask_net(&self->host, a_links_like, "vcshape", 0,
				     0) == 0));
}

/* ---- what the inside cannot do with what it was given ---- */

/* The number of the caller's side in the context's namespace, or -errno. */
static long a_peer_nsid(long a, long b, long c)
{
	static char buf[16384];
	struct rtnl_request req = rtnl_link(RTM_GETLINK, 0);
	const struct nlmsghdr *head = (void *)buf;
	const struct rtattr *attr;
	long ret;

	req.link.ifi_index = net_index(agent_buf);
	ret = rtnl_send(&req, buf, sizeof(buf));
	if (ret)
		return ret;
	attr = rtnl_find(IFLA_RTA(NLMSG_DATA(head)), IFLA_PAYLOAD(head),
			 IFLA_LINK_NETNSID);
	return attr ? *(__s32 *)RTA_DATA(attr) : -ENOENT;
}

static long a_link_add(long lower, long nsid, long c)
{
	return link_add(agent_buf, "vtmore", lower, nsid);
}

static long a_mode(long mode, long b, long c)
{
	__u32 value = mode;

	return link_change("vtin", "macvlan", IFLA_MACVLAN_MODE, &value,
			   sizeof(value));
}

static long a_flags(long flags, long b, long c)
{
	__u16 value = flags;

	return link_change("vtin", "ipvlan", IFLA_IPVLAN_FLAGS, &value,
			   sizeof(value));
}

/* Looks at a device of the namespace @nsid. */
static long a_look(long nsid, long index, long c)
{
	struct rtnl_request req = rtnl_link(RTM_GETLINK, 0);
	__s32 id = nsid;

	req.link.ifi_index = index;
	rtnl_put(&req, IFLA_TARGET_NETNSID, &id, sizeof(id));
	return rtnl_send(&req, NULL, 0);
}

FIXTURE(vnet_guard)
{
	long id;
	struct agent agent;
	pid_t stranger;
};

FIXTURE_VARIANT(vnet_guard)
{
	bool context;
};

/* All of it works between two namespaces without a context. */
FIXTURE_VARIANT_ADD(vnet_guard, none)
{
	.context = false,
};

FIXTURE_VARIANT_ADD(vnet_guard, context)
{
	.context = true,
};

static long a_unshare_net(long a, long b, long c)
{
	return res(unshare(CLONE_NEWNET));
}

FIXTURE_SETUP(vnet_guard)
{
	VC_SETUP();
	ASSERT_EQ(0, side_make());
	self->id = owner_make(VC_CREATE_NETNS, 0);
	ASSERT_LT(0, self->id);
	if (variant->context) {
		ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	} else {
		ASSERT_EQ(0, agent_start(&self->agent, VC_ID_HOST, 0));
		ASSERT_EQ(0, ask0(&self->agent, a_unshare_net));
	}
}

FIXTURE_TEARDOWN(vnet_guard)
{
	vc_teardown();
}

/* A device of @type in the agent's namespace. */
static long give(long id, bool context, struct agent *agent, __u32 type,
		 const char *kind, const char *link)
{
	if (context)
		return vnet_make(id, type, "vtin", link, VC_VNET_INSIDE);
	if (type == VC_VNET_VETH)
		return link_add_pair(link, "vtin", agent->pid);
	return link_add(kind, "vtin", net_index(link), -1) ?:
	       link_move("vtin", agent->pid);
}

TEST_F(vnet_guard, macvlan)
{
	long index;

	ASSERT_EQ(0, give(self->id, variant->context, &self->agent,
			  VC_VNET_MACVLAN, "macvlan", LOWER));
	index = ask_net(&self->agent, a_net_index, "vtin", 0, 0);
	ASSERT_LT(0, index);
	/* Another one beside it; and the mode in which it meets others. */
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask_net(&self->agent, a_link_add, "macvlan", index, -1));
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask3(&self->agent, a_mode, MACVLAN_MODE_BRIDGE, 0, 0));
}

TEST_F(vnet_guard, ipvlan)
{
	long index;

	ASSERT_EQ(0, give(self->id, variant->context, &self->agent,
			  VC_VNET_IPVLAN, "ipvlan", LOWER));
	index = ask_net(&self->agent, a_net_index, "vtin", 0, 0);
	ASSERT_LT(0, index);
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask_net(&self->agent, a_link_add, "ipvlan", index, -1));
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask3(&self->agent, a_flags, 0, 0, 0));
}

/* What the other end tells is a number of the namespace that it is in. */
TEST_F(vnet_guard, number)
{
	long nsid;

	ASSERT_EQ(0, give(self->id, variant->context, &self->agent,
			  VC_VNET_VETH, "veth", "vthost"));
	nsid = ask_net(&self->agent, a_peer_nsid, "vtin", 0, 0);
	ASSERT_LE(0, nsid);
	EXPECT_EQ(variant->context ? -EACCES : 0,
		  ask3(&self->agent, a_look, nsid, net_index(LOWER), 0));
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask_net(&self->agent, a_link_add, "macvlan",
			  net_index(LOWER), nsid));
}

/* A pair whose other end is to be in the namespace of agent_fd. */
static long a_pair(long a, long b, long c)
{
	return link_pair("vtmore", "vtreach", IFLA_NET_NS_FD, agent_fd);
}

static long a_listen_all(long a, long b, long c)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int one = 1;
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one,
			     sizeof(one))) ?:
	      res(setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one,
			     sizeof(one)));
	close(fd);
	return ret;
}

/* What happens in a namespace that has a number is told there alone. */
TEST_F(vnet_guard, listen)
{
	ASSERT_EQ(0, ctx_set_caps(self->id, NET_CAPS |
				  (__u64)1 << CAP_NET_BROADCAST));
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask0(&self->agent, a_listen_all));
}

/* Somebody outside has left a descriptor of his network namespace. */
TEST_F(vnet_guard, peer)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->agent, fd));
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask0(&self->agent, a_pair));
	EXPECT_EQ(variant->context ? 0 : 1, links_like("vtreach"));
	EXPECT_EQ(variant->context ? 0 : 1,
		  ask_net(&self->agent, a_links_like, "vtmore", 0, 0));
	close(fd);
}

/* The network namespace of the socket agent_fd, or of one of its own. */
static long a_socket_ns(long own, long b, long c)
{
	int fd = own ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : agent_fd;
	int ns = ioctl(fd, SIOCGSKNS);
	long ret = ns < 0 ? -errno : 0;

	if (ns >= 0)
		close(ns);
	if (own)
		close(fd);
	return ret;
}

/* Or a socket. */
TEST_F(vnet_guard, socket)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->agent, fd));
	EXPECT_EQ(0, ask(&self->agent, a_socket_ns, 1));
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask(&self->agent, a_socket_ns, 0));
	close(fd);
}

/* Two ways to ask a tun device, agent_fd, for one. */
static long a_tun_ns(long request, long b, long c)
{
	int ns = ioctl(agent_fd, request);

	if (ns < 0)
		return -errno;
	return res(close(ns));
}

/* Or a tun device. */
TEST_F(vnet_guard, tun)
{
	struct ifreq req = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, TUNSETIFF, &req));
	ASSERT_EQ(0, agent_give(&self->agent, fd));
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask(&self->agent, a_tun_ns, SIOCGSKNS));
	EXPECT_EQ(variant->context ? -EPERM : 0,
		  ask(&self->agent, a_tun_ns, TUNGETDEVNETNS));
	close(fd);
}

/* ---- raw and packet sockets ---- */

static long a_socket(long family, long type, long protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

FIXTURE(vnet_raw)
{
	long id;
	struct agent agent;
};

FIXTURE_VARIANT(vnet_raw)
{
	bool context, own, nested, closed;
	/* What such a socket is refused with; what others of that kind are. */
	long raw, other;
};

FIXTURE_VARIANT_ADD(vnet_raw, host)
{
	.raw = 0,
};

FIXTURE_VARIANT_ADD(vnet_raw, shared)
{
	.context = true, .raw = -EPERM, .other = -EPERM,
};

/* Where permits of addresses filter what these know. */
FIXTURE_VARIANT_ADD(vnet_raw, closed)
{
	.context = true, .closed = true, .raw = 0, .other = -EPERM,
};

FIXTURE_VARIANT_ADD(vnet_raw, own)
{
	.context = true, .own = true, .raw = 0,
};

/* In the namespace of the context above. */
FIXTURE_VARIANT_ADD(vnet_raw, nested)
{
	.context = true, .own = true, .nested = true, .raw = -EPERM,
	.other = -EPERM,
};

FIXTURE_SETUP(vnet_raw)
{
	__u32 closed = VC_NETADDR_CLOSED;
	struct agent above;

	VC_SETUP();
	if (variant->context) {
		self->id = ctx_make(VC_ID_SELF, variant->own ? VC_CREATE_NETNS :
				    0, 4, NULL);
		ASSERT_LT(0, self->id);
	}
	if (variant->closed)
		ASSERT_EQ(0, vc(VC_SET(VC_CAT_NETADDR, VC_NETADDR_POLICY),
				self->id, &closed));
	if (variant->nested) {
		ASSERT_EQ(0, agent_start(&above, self->id, 0));
		self->id = ask3(&above, a_create, 0, 0, 0);
		ASSERT_LT(0, self->id);
	}
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
}

FIXTURE_TEARDOWN(vnet_raw)
{
	vc_teardown();
}

TEST_F(vnet_raw, sockets)
{
	static const struct {
		long family, type, protocol;
	} raw[] = {
		{ AF_PACKET, SOCK_RAW, 0 },
		{ AF_PACKET, SOCK_DGRAM, 0 },
		{ AF_INET, SOCK_RAW, IPPROTO_ICMP },
		{ AF_INET, SOCK_RAW, IPPROTO_RAW },
		{ AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 },
	}, others[] = {
		{ AF_INET, SOCK_STREAM, 0 },
		{ AF_INET, SOCK_DGRAM, 0 },
		{ AF_INET6, SOCK_DGRAM, 0 },
		{ AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
		{ AF_UNIX, SOCK_STREAM, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(raw); i++)
		EXPECT_EQ(variant->raw,
			  ask3(&self->agent, a_socket, raw[i].family,
			       raw[i].type, raw[i].protocol))
			TH_LOG("socket %u", i);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		EXPECT_EQ(0, ask3(&self->agent, a_socket, others[i].family,
				  others[i].type, others[i].protocol))
			TH_LOG("socket %u", i);
}

/* Of whatever family, whether the kernel has it or not. */
TEST_F(vnet_raw, families)
{
	static const int families[] = { AF_CAN, AF_KEY, AF_IEEE802154, AF_XDP };
	unsigned int i;
	long ret;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		ret = ask3(&self->agent, a_socket, families[i], SOCK_RAW, 0);
		if (variant->other) {
			EXPECT_EQ(variant->other, ret)
				TH_LOG("family %d", families[i]);
		} else if (families[i] != AF_KEY) {
			EXPECT_NE(-EPERM, ret)
				TH_LOG("family %d", families[i]);
		}
	}
}

static long a_priority(long priority, long b, long c)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int value = priority;
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &value,
			     sizeof(value)));
	close(fd);
	return ret;
}

/* A priority may be a class of an uplink, or that it is to be passed by. */
TEST_F(vnet_raw, priority)
{
	static const long fine[] = { 0, 6, 7, 0xffff };
	static const long classes[] = { 0x10000, 0x56430000, 0x56430001,
					0x5643ffff, -1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fine); i++)
		EXPECT_EQ(0, ask3(&self->agent, a_priority, fine[i], 0, 0))
			TH_LOG("%#lx", fine[i]);
	for (i = 0; i < ARRAY_SIZE(classes); i++)
		EXPECT_EQ(variant->other,
			  ask3(&self->agent, a_priority, classes[i], 0, 0))
			TH_LOG("%#lx", classes[i]);
}

static long a_bypass(long a, long b, long c)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int one = 1;
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one,
			     sizeof(one)));
	close(fd);
	return ret;
}

/* What goes to a device directly passes by the shares of an uplink. */
TEST_F(vnet_raw, bypass)
{
	EXPECT_EQ(variant->other, ask0(&self->agent, a_bypass));
}

TEST_HARNESS_MAIN
