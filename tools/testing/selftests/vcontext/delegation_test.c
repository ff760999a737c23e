// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts that are made, limited, entered and destroyed inside of contexts:
 * three levels, each of which believes to be the first.
 */
#include "common.h"

#define LEVELS		3
/* The same at each level, below and beside. */
#define NAME		"web"

/* ---- what agents do: each has another one, a level below ---- */

static struct agent below;
static long below_id;

static long make_named(const char *name, __u32 flags)
{
	struct vc_create create = { .flags = flags, .children_max = 8 };

	COPY(create.name, name);
	return vc(VC_CREATE, VC_ID_SELF, &create);
}

/* Makes a context of the name and enters it by another agent: its id. */
static long a_descend(long flags, long b, long c)
{
	long ret;

	below_id = make_named(NAME, flags);
	if (below_id < 0)
		return below_id;
	ret = agent_start(&below, below_id,
			  flags & VC_CREATE_PIDNS ? AGENT_FORK : 0);
	return ret ? ret : below_id;
}

/* The agent that is @levels below does what stands in agent_buf. */
struct order {
	__u32 levels;
	__s32 fn;	/* relative to agent_main() */
	__s64 arg[3];
	char buf[512];
};

static long a_pass_on(long a, long b, long c)
{
	struct order order;
	agent_fn fn;

	memcpy(&order, agent_buf, sizeof(order));
	fn = (agent_fn)((intptr_t)agent_main + order.fn);
	if (!order.levels) {
		memcpy(agent_buf, order.buf, sizeof(order.buf));
		return fn(order.arg[0], order.arg[1], order.arg[2]);
	}
	order.levels--;
	memcpy(agent_buf, &order, sizeof(order));
	return ask0(&below, a_pass_on);
}

/* @fn at level @level, 0 being the first agent's; text goes both ways. */
static char text[512];

static long at(struct agent *top, unsigned int level, agent_fn fn, long a,
	       long b, long c)
{
	struct order order = {
		.levels = level,
		.fn = (intptr_t)fn - (intptr_t)agent_main,
		.arg = { a, b, c },
	};
	long ret;

	memcpy(order.buf, text, sizeof(text));
	memcpy(agent_buf, &order, sizeof(order));
	ret = ask0(top, a_pass_on);
	memcpy(text, agent_buf, sizeof(text));
	return ret;
}

static long at_path(struct agent *top, unsigned int level, agent_fn fn,
		    const char *path)
{
	COPY(text, path);
	return at(top, level, fn, 0, 0, 0);
}

static long a_limit(long id, long limit, long c)
{
	return ctx_limit(id, limit);
}

static long a_caps(long id, long caps, long c)
{
	return ctx_set_caps(id, caps);
}

/* How many contexts of the name it has itself, and the id of one. */
static long a_named(long id, long b, long c)
{
	struct {
		struct vc_id_list head;
		__u32 id[16];
	} list = { .head.count = 16 };
	long found = 0, ret = vc(VC_LIST, id, &list);
	struct vc_info info;
	__u32 i;

	if (ret)
		return ret;
	for (i = 0; i < list.head.count; i++)
		if (!ctx_info(list.id[i], &info) && !strcmp(info.name, NAME))
			found++;
	return found;
}

static long a_make_named(long flags, long b, long c)
{
	return make_named(NAME, flags);
}

FIXTURE(delegation)
{
	struct agent top;		/* at level 0: in the context id[0] */
	long id[LEVELS];
	long other;			/* one that none of them is to see */
};

FIXTURE_VARIANT(delegation)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(delegation, plain)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(delegation, namespaces)
{
	.flags = VC_CREATE_PIDNS | VC_CREATE_MNTNS | VC_CREATE_UTSNS |
		 VC_CREATE_IPCNS | VC_CREATE_CGROUPNS | VC_CREATE_NETNS,
};

FIXTURE_SETUP(delegation)
{
	struct vc_create create = { .flags = variant->flags,
				    .children_max = 16, .name = NAME };
	int i;

	VC_SETUP();
	self->other = ctx_new(0);
	ASSERT_LT(0, self->other);
	self->id[0] = ctx_remember(vc(VC_CREATE, VC_ID_SELF, &create));
	ASSERT_LT(0, self->id[0]) TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, agent_start(&self->top, self->id[0],
				 variant->flags & VC_CREATE_PIDNS ?
				 AGENT_FORK : 0));
	for (i = 1; i < LEVELS; i++) {
		self->id[i] = at(&self->top, i - 1, a_descend, variant->flags,
				 0, 0);
		ASSERT_LT(0, self->id[i]);
	}
}

FIXTURE_TEARDOWN(delegation)
{
	vc_teardown();
}

/* Each sees its own context and those below, and no other. */
TEST_F(delegation, sees_what_is_below)
{
	int i, j;

	for (i = 0; i < LEVELS; i++) {
		EXPECT_EQ(self->id[i], at(&self->top, i, a_where, 0, 0, 0));
		EXPECT_EQ(-ESRCH, at(&self->top, i, a_vc, VC_INFO, self->other,
				     1));
		for (j = 0; j < LEVELS; j++)
			EXPECT_EQ(j < i ? -ESRCH : 0,
				  at(&self->top, i, a_vc, VC_INFO, self->id[j],
				     1));
		/* ".", "..", commands, contexts, and a directory for each */
		EXPECT_EQ(4 + LEVELS - i, at_path(&self->top, i, a_list,
						  "/proc/vcontext"));
	}
	/* the host sees them all, where they are */
	for (i = 0; i < LEVELS; i++) {
		struct vc_info info;

		ASSERT_EQ(0, ctx_info(self->id[i], &info));
		EXPECT_EQ(i ? self->id[i - 1] : 0, (long)info.parent);
		EXPECT_STREQ(NAME, info.name);
	}
}

/* A name is unique among those of one parent, and nowhere else. */
TEST_F(delegation, names_clash)
{
	int i;

	for (i = 0; i < LEVELS; i++) {
		long last = i == LEVELS - 1;

		EXPECT_EQ(last ? 0 : 1, at(&self->top, i, a_named,
					   VC_ID_SELF, 0, 0));
		EXPECT_EQ(last, at(&self->top, i, a_make_named, 0, 0, 0) > 0);
	}
}

/* A limit is charged at all levels above, whatever those below have. */
TEST_F(delegation, bounded_by_those_above)
{
	long used, made;

	used = ctx_usage(self->id[0]);
	ASSERT_LE(LEVELS, used);
	ASSERT_EQ(0, ctx_limit(self->id[0], used + 5));
	EXPECT_EQ(-EPERM, at(&self->top, 0, a_limit, self->id[1], used + 6, 0));
	EXPECT_EQ(0, at(&self->top, 0, a_limit, self->id[1], used + 5, 0));
	made = at(&self->top, 2, a_fork_many, 20, 0, 0);
	EXPECT_EQ(5, made);
	EXPECT_LT(0, ctx_hits(self->id[0]));
	EXPECT_EQ(0, ctx_hits(self->id[1]));
	EXPECT_EQ(0, at(&self->top, 2, a_reap, 0, 0, 0));

	/* narrower below: the nearest one says no */
	ASSERT_EQ(0, at(&self->top, 1, a_limit, self->id[2],
			ctx_usage(self->id[2]) + 2, 0));
	EXPECT_EQ(2, at(&self->top, 2, a_fork_many, 20, 0, 0));
	EXPECT_EQ(0, at(&self->top, 2, a_reap, 0, 0, 0));
}

/* Nobody gives away what he does not have, or changes what binds himself. */
TEST_F(delegation, nothing_is_widened)
{
	int i;

	for (i = 0; i < LEVELS; i++) {
		EXPECT_EQ(-EPERM, at(&self->top, i, a_limit, self->id[i], 1000,
				     0));
		EXPECT_EQ(-EPERM, at(&self->top, i, a_limit, VC_ID_SELF, 1000,
				     0));
		EXPECT_EQ(-EPERM, at(&self->top, i, a_caps, self->id[i], 0, 0));
		EXPECT_EQ(-EPERM, at(&self->top, i, a_destroy, self->id[i], 1,
				     0));
		EXPECT_EQ(-ESRCH, at(&self->top, i, a_destroy, self->other, 1,
				     0));
	}
	EXPECT_EQ(-EPERM, at(&self->top, 0, a_caps, self->id[1],
			     1L << CAP_SYS_ADMIN, 0));
	EXPECT_EQ(0, at(&self->top, 0, a_caps, self->id[1], 1L << CAP_KILL, 0));
	EXPECT_EQ(-EPERM, at(&self->top, 1, a_caps, self->id[2],
			     1L << CAP_CHOWN, 0));
}

/* Whoever destroys a context destroys all below, tasks included. */
TEST_F(delegation, destroyed_from_the_middle)
{
	struct vc_info info;

	EXPECT_EQ(-EBUSY, at(&self->top, 0, a_destroy, self->id[1], 0, 0));
	EXPECT_EQ(0, at(&self->top, 0, a_destroy, self->id[1], 1, 0));
	EXPECT_EQ(-ESRCH, ctx_info(self->id[1], &info));
	EXPECT_EQ(-ESRCH, ctx_info(self->id[2], &info));
	ASSERT_EQ(0, ctx_info(self->id[0], &info));
	EXPECT_EQ(0U, info.children);
	/* and another one of the name can be made */
	EXPECT_LT(0, at(&self->top, 0, a_make_named, 0, 0, 0));
}

TEST_HARNESS_MAIN
