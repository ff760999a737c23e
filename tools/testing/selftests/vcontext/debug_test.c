// SPDX-License-Identifier: GPL-2.0
/*
 * Category 255: what holds a context, who is in it, and failures on purpose.
 * With these each constructor and each charge fails in turn, and nothing may
 * be left of it.
 */
#include "module.h"

#include "../../../../kernel/vcontext/test/vcontext-test.h"

#define VC_REFS		VC_GET(VC_CAT_DEBUG, VC_DEBUG_REFS)
#define VC_MEMBERS	VC_GET(VC_CAT_DEBUG, VC_DEBUG_MEMBERS)
#define VC_FAIL		VC_SET(VC_CAT_DEBUG, VC_DEBUG_FAIL)

#define ROOM		32

struct refs {
	struct vc_debug_refs head;
	struct vc_debug_charge charge[ROOM];
};

struct members {
	struct vc_debug_members head;
	struct vc_debug_member member[ROOM];
};

static long refs(__u32 id, struct refs *r)
{
	memset(r, 0, sizeof(*r));
	r->head.count = ROOM;
	return vc(VC_REFS, id, r);
}

static long members(__u32 id, struct members *m)
{
	memset(m, 0, sizeof(*m));
	m->head.count = ROOM;
	return vc(VC_MEMBERS, id, m);
}

/* The charge of a limit, or -ENOENT if it is not told of. */
static long charge(const struct refs *r, __u32 category, __u32 command)
{
	__u32 i;

	for (i = 0; i < r->head.count && i < ROOM; i++)
		if (r->charge[i].category == category &&
		    r->charge[i].command == command)
			return r->charge[i].usage;
	return -ENOENT;
}

static long contexts(void)
{
	struct refs r;
	long ret = refs(0, &r);

	return ret ? ret : (long)r.head.contexts;
}

/* What the last ones have left behind is freed a grace period later. */
static bool settled(long wanted)
{
	return WAIT_FOR(contexts() <= wanted);
}

static long fail_nth(__u32 what, __u32 nth)
{
	struct vc_debug_fail fail = { .what = what, .nth = nth };

	return vc(VC_FAIL, 0, &fail);
}

FIXTURE(debug) { int unused; };

FIXTURE_SETUP(debug)
{
	VC_SETUP();
	if (vc(VC_CMD(VC_CAT_DEBUG, VC_SUB_VERSION, 0), 0, NULL) ==
	    -EOPNOTSUPP)
		SKIP(return, "no CONFIG_VCONTEXT_DEBUG");
}

FIXTURE_TEARDOWN(debug)
{
	fail_nth(VC_DEBUG_FAIL_NONE, 0);
	vc_teardown();
	mod_teardown();
}

TEST_F(debug, references)
{
	struct refs r, more;
	struct agent agent;
	long before = contexts(), id;
	int fd;

	ASSERT_LE(0, before);
	id = ctx_new(0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, refs(id, &r));
	EXPECT_LT(0, r.head.references);
	EXPECT_EQ(before + 1, r.head.contexts);
	EXPECT_LT(0, r.head.vars_bytes);
	EXPECT_EQ(0, charge(&r, VC_CAT_PROCESS, VC_PROCESS_LIMIT));
	EXPECT_EQ(0, charge(&r, VC_CAT_VFS, VC_VFS_FILES));
	EXPECT_EQ(-ENOENT, charge(&r, VC_CAT_CPU, VC_CPU_CONTEXT));

	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, refs(id, &more));
	EXPECT_EQ(1, charge(&more, VC_CAT_PROCESS, VC_PROCESS_LIMIT));
	ASSERT_EQ(2, ask(&agent, a_fork_many, 2));
	ASSERT_EQ(0, refs(id, &more));
	EXPECT_EQ(3, charge(&more, VC_CAT_PROCESS, VC_PROCESS_LIMIT));
	EXPECT_EQ(ctx_usage(id), charge(&more, VC_CAT_PROCESS,
					VC_PROCESS_LIMIT));
	/* what they have open holds it, until they have gone */
	EXPECT_LT(r.head.references, more.head.references);
	agent_end(&agent);
	EXPECT_TRUE(WAIT_FOR(!refs(id, &more) &&
			     more.head.references == r.head.references));

	/* an event descriptor may keep what has been destroyed */
	fd = vc(VC_OPEN_EVENTS, id, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, refs(id, &more));
	EXPECT_LE(r.head.references, more.head.references);
	EXPECT_EQ(0, ctx_kill(id));
	close(fd);
	EXPECT_TRUE(settled(before));
	EXPECT_EQ(-ESRCH, refs(id, &r));
}

TEST_F(debug, members)
{
	struct members m;
	struct agent agent;
	struct {
		struct vc_debug_members head;
		struct vc_debug_member member[1];
	} small = { .head = { .count = 0 }, .member = { { .tid = 77 } } };
	long id = ctx_new(0);
	char buf[1024];
	char path[64];
	bool found = false;
	int i, leaders = 0;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, members(id, &m));
	EXPECT_EQ(0, m.head.count);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(2, ask(&agent, a_fork_many, 2));
	ASSERT_EQ(0, ask0(&agent, a_thread));
	ASSERT_EQ(0, members(id, &m));
	EXPECT_EQ(4, m.head.count);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(id, m.member[i].id);
		EXPECT_LT(0, m.member[i].tid);
		EXPECT_FALSE(m.member[i].flags & VC_MEMBER_ENTERING);
		leaders += !!(m.member[i].flags & VC_MEMBER_LEADER);
		found |= m.member[i].tid == agent.pid;
	}
	EXPECT_EQ(3, leaders);
	EXPECT_TRUE(found);
	/* without room it tells how many there are */
	ASSERT_EQ(0, vc(VC_MEMBERS, id, &small));
	EXPECT_EQ(4, small.head.count);
	EXPECT_EQ(77, small.member[0].tid);

	snprintf(path, sizeof(path), "/proc/vcontext/%ld/debug", id);
	ASSERT_LT(0, file_read(path, buf, sizeof(buf)));
	EXPECT_NE(NULL, strstr(buf, "members count=4 tids="))
		TH_LOG("%s", buf);
	EXPECT_NE(NULL, strstr(buf, "refs references="));
	EXPECT_NE(NULL, strstr(buf, " 3/2=4"));
}

TEST_F(debug, fail_values)
{
	struct vc_debug_fail fail = { .what = VC_DEBUG_FAIL_CHARGE + 1,
				      .nth = 1 };

	EXPECT_EQ(-EINVAL, vc(VC_FAIL, 0, &fail));
	EXPECT_EQ(-EINVAL, fail_nth(VC_DEBUG_FAIL_INIT, 0));
	EXPECT_EQ(-EINVAL, fail_nth(VC_DEBUG_FAIL_NONE, 1));
	EXPECT_EQ(-EFAULT, vc(VC_FAIL, 0, NULL));
	ASSERT_EQ(0, caps_lower());
	EXPECT_EQ(-EPERM, fail_nth(VC_DEBUG_FAIL_INIT, 1));
	EXPECT_EQ(0, caps_raise());
	EXPECT_EQ(0, fail_nth(VC_DEBUG_FAIL_NONE, 0));
}

/* Each constructor of a new context fails once; returns how many there are. */
static long sweep_create(long before, long groups)
{
	long id = -1;
	int n;

	for (n = 1; n < 100; n++) {
		if (fail_nth(VC_DEBUG_FAIL_INIT, n))
			return -EIO;
		id = ctx_make(4712, 0, 0, "swept");
		if (id > 0)
			break;
		if (id != -ENOMEM || !strstr(ctx_error(), "on purpose"))
			return -1000 + id;
		if (ctx_info(4712, &(struct vc_info){}) != -ESRCH)
			return -EEXIST;
		if (!settled(before) || !WAIT_FOR(cg_descendants() <= groups))
			return -ENOTEMPTY;
	}
	fail_nth(VC_DEBUG_FAIL_NONE, 0);
	if (id != 4712 || ctx_kill(id) || !settled(before))
		return -EBUSY;
	return n - 1;
}

TEST_F(debug, sweep_constructors)
{
	long before = contexts(), groups, id, n;

	/* the first one makes groups that stay */
	id = ctx_new(0);
	ASSERT_LT(0, id);
	EXPECT_EQ(0, ctx_kill(id));
	EXPECT_TRUE(settled(before));
	groups = cg_descendants();
	n = sweep_create(before, groups);
	EXPECT_LT(0, n);

	if (mod_load(MOD_TEST, ""))
		SKIP(return, "no " MOD_TEST ".ko");
	/* those of a module come behind them */
	EXPECT_EQ(n + 3, sweep_create(before, groups));
	EXPECT_EQ(0, mod_unload(MOD_TEST));
}

/* Each constructor of a new module fails once. */
TEST_F(debug, sweep_module)
{
	struct vc_test_state s;
	long id = 0, ret = -1;
	int i, n, fd = mod_open(MOD_TEST);

	if (fd < 0)
		SKIP(return, "no " MOD_TEST ".ko");
	close(fd);
	for (i = 0; i < 4; i++) {
		id = ctx_new(0);
		ASSERT_LT(0, id);
	}
	for (n = 1; n < 100; n++) {
		ASSERT_EQ(0, fail_nth(VC_DEBUG_FAIL_INIT, n));
		ret = mod_load(MOD_TEST, "");
		if (!ret)
			break;
		ASSERT_EQ(-ENOMEM, ret);
		EXPECT_FALSE(mod_there(MOD_TEST));
		EXPECT_EQ(-EOPNOTSUPP, vc(VC_GET(VC_CAT_TEST, VC_TEST_STATE),
					  id, &s));
	}
	ASSERT_EQ(0, ret);
	/* three for each of four contexts */
	EXPECT_EQ(13, n);
	ASSERT_EQ(0, vc(VC_GET(VC_CAT_TEST, VC_TEST_STATE), id, &s));
	EXPECT_EQ(4, s.constructed);
	EXPECT_EQ(3, s.stage);
}

static long a_fail(long what, long nth, long c)
{
	return fail_nth(what, nth);
}

static long a_open_null(long a, long b, long c)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* A charge that fails is refused as a full context would. */
TEST_F(debug, fail_charge)
{
	struct agent agent;
	struct vc_limit files;
	struct refs r;
	long id = ctx_new(0), usage;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	usage = ctx_usage(id);
	EXPECT_EQ(1, usage);
	ASSERT_EQ(0, ask3(&agent, a_fail, VC_DEBUG_FAIL_CHARGE, 1, 0));
	EXPECT_EQ(-ENFILE, ask0(&agent, a_open_null));
	EXPECT_EQ(0, ask0(&agent, a_open_null));
	ASSERT_EQ(0, vc(VC_GET_FILES, id, &files));
	EXPECT_EQ(1, files.hits);
	ASSERT_EQ(0, ask3(&agent, a_fail, VC_DEBUG_FAIL_CHARGE, 1, 0));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_EQ(usage, ctx_usage(id));
	EXPECT_EQ(1, ctx_hits(id));
	EXPECT_LT(0, ask0(&agent, a_fork));
	ASSERT_EQ(0, refs(id, &r));
	EXPECT_EQ(2, charge(&r, VC_CAT_PROCESS, VC_PROCESS_LIMIT));
	/* that of one thread is not another's */
	ASSERT_EQ(0, fail_nth(VC_DEBUG_FAIL_CHARGE, 1));
	EXPECT_LT(0, ask0(&agent, a_fork));
	/* it comes to one when it enters by itself */
	EXPECT_EQ(3, ctx_usage(id));
}

TEST_HARNESS_MAIN
