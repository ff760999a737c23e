// SPDX-License-Identifier: GPL-2.0
/*
 * Batches: calls that take effect as one, or not at all.  What was made is seen
 * by nobody before all has succeeded, and what was set on a context that was
 * there is as it was if something fails.
 */
#include "common.h"
#include "nth.h"
#include "stall.h"

#include <linux/sched.h>

#define VC_BATCH	VC_SET(VC_CAT_CPU, VC_CPU_BATCH)
#define VC_UNSET_ROOT	VC_SET(VC_CAT_VFS, VC_VFS_UNROOT)
#define VC_SET_BIND	VC_SET(VC_CAT_VFS, VC_VFS_BIND)
#define VC_GET_BIND	VC_GET(VC_CAT_VFS, VC_VFS_BIND)

#define BASE		"/tmp/vcontext_batch_test"
#define TREE		BASE "/root"
#define STUCK		BASE "/stuck"

#define MB		1048576ULL

/* ---- batches ---- */

struct batch {
	struct vc_batch head;
	struct vc_call call[VC_BATCH_MAX + 1];
};

static void add(struct batch *b, __u32 cmd, __u32 id, const void *data)
{
	b->call[b->head.count++] = (struct vc_call){
		.cmd = cmd,
		.id = id,
		.data = (uintptr_t)data,
		.result = 0x5a5a,
	};
}

static long run(struct batch *b)
{
	long ret;

	b->head.failed = 0x5a5a;
	b->head.calls = (uintptr_t)b->call;
	ret = vc(VC_BATCH, 0x1234567, &b->head);
	return ret > 0 ? ctx_remember(ret) : ret;
}

/* Something that fails when it is executed, and not before. */
static const struct vc_sched bad_sched = { .policy = 77 };

static void add_failing(struct batch *b, __u32 id)
{
	add(b, VC_SET_SCHED, id, &bad_sched);
}

/* All that can be read of a context, as text. */
static void state_of(char *text, size_t size, __u32 id)
{
	static const __u32 limits[] = {
		VC_GET_LIMIT, VC_GET_FILES, VC_GET_TCP, VC_GET_TOTAL,
		VC_GET_RESIDENT,
	};
	static const __u32 numbers[] = {
		VC_GET_STOP, VC_GET_FREEZE, VC_GET_OOM,
	};
	struct {
		struct vc_mounts head;
		char name[8][VC_FSTYPE_SIZE];
	} mounts = { .head.count = 8 };
	struct {
		struct vc_devices head;
		struct vc_device dev[32];
	} devices = { .head.count = 32 };
	struct {
		struct vc_targets head;
		char name[4][VC_TARGET_SIZE];
	} targets = { .head.count = 4 };
	struct vc_hostname hostname = {};
	struct vc_cpu_usage usage = {};
	unsigned char bits[1024] = {};
	struct vc_cpuset cpus = {
		.len = sizeof(bits),
		.bits = (uintptr_t)bits,
	};
	struct vc_sched sched = {};
	struct vc_caps caps = {};
	char path[256] = "";
	struct vc_vfs_root root = {
		.path = (uintptr_t)path,
		.len = sizeof(path) - 1,
	};
	unsigned int i;

	text[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		struct vc_limit limit = {};

		strcatf(text, size, "%ld:", vc(limits[i], id, &limit));
		strcatf(text, size, "%llu ", (unsigned long long)limit.limit);
	}
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		strcatf(text, size, "%ld ", vc(numbers[i], id, NULL));
	strcatf(text, size, "caps %ld ", vc(VC_GET_CAPS, id, &caps));
	strcatf(text, size, "%llx ", (unsigned long long)caps.caps);
	strcatf(text, size, "sched %ld ", vc(VC_GET_SCHED, id, &sched));
	strcatf(text, size, "%u %u %d ", sched.policy, sched.rt_priority,
		sched.nice);
	strcatf(text, size, "usage %ld ", vc(VC_GET_USAGE, id, &usage));
	strcatf(text, size, "%u %u ", usage.max_usage, usage.min_usage);
	strcatf(text, size, "cpus %ld ", vc(VC_GET_CPUSET, id, &cpus));
	strcatf(text, size, "%02x%02x ", bits[0], bits[1]);
	strcatf(text, size, "host %ld ", vc(VC_GET_HOSTNAME, id, &hostname));
	strcatf(text, size, "%s ", hostname.name);
	strcatf(text, size, "mounts %ld ", vc(VC_GET_MOUNTS, id, &mounts));
	for (i = 0; i < mounts.head.count && i < 8; i++)
		strcatf(text, size, "%s ", mounts.name[i]);
	strcatf(text, size, "devices %ld ", vc(VC_GET_DEVICES, id, &devices));
	for (i = 0; i < devices.head.count && i < 32; i++)
		strcatf(text, size, "%c:%u:%d:%u ", devices.dev[i].type,
			devices.dev[i].major, (int)devices.dev[i].minor,
			devices.dev[i].access);
	strcatf(text, size, "root %ld ", vc(VC_GET_ROOT, id, &root));
	strcatf(text, size, "%s ", path);
	strcatf(text, size, "binds %ld ", vc(VC_GET_BIND, id, &targets));
	for (i = 0; i < targets.head.count && i < 4; i++)
		strcatf(text, size, "%s ", targets.name[i]);
}

/* What there is at all: ids, groups. */
struct world {
	long contexts, groups, proc;
};

static long count_dir(const char *path)
{
	DIR *dir = opendir(path);
	long n = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void look(struct world *w)
{
	w->contexts = ctx_all();
	w->groups = cg_descendants();
	w->proc = count_dir("/proc/vcontext");
}

#define EXPECT_WORLD(before) do { \
	struct world __after; \
	look(&__after); \
	EXPECT_EQ((before)->contexts, __after.contexts); \
	EXPECT_EQ((before)->groups, __after.groups); \
	EXPECT_EQ((before)->proc, __after.proc); \
} while (0)

FIXTURE(batch)
{
	long a;			/* one that is there */
	struct world before;
	char *was, *is;
};

#define STATE_SIZE	8192

FIXTURE_SETUP(batch)
{
	VC_SETUP();
	self->was = malloc(STATE_SIZE);
	self->is = malloc(STATE_SIZE);
	mkdir(BASE, 0755);
	ASSERT_EQ(0, mount("batch-test", BASE, "tmpfs", 0, NULL));
	ASSERT_EQ(0, mount(NULL, BASE, NULL, MS_PRIVATE, NULL));
	ASSERT_EQ(0, mkdir(TREE, 0755));
	ASSERT_EQ(0, mkdir(TREE "/sub", 0755));
	ASSERT_EQ(0, mkdir(TREE "/proc", 0755));
	ASSERT_EQ(0, mkdir(STUCK, 0755));
	self->a = ctx_make(VC_ID_SELF, VC_CREATE_UTSNS, 4, "old");
	ASSERT_LT(0, self->a);
	look(&self->before);
}

FIXTURE_TEARDOWN(batch)
{
	vc_teardown();
	umount2(BASE, MNT_DETACH);
	rmdir(BASE);
	free(self->was);
	free(self->is);
}

/* ---- success ---- */

TEST_F(batch, nothing)
{
	struct batch b = {};

	EXPECT_EQ(0, run(&b));
	EXPECT_EQ(0U, b.head.failed);
	EXPECT_WORLD(&self->before);
}

TEST_F(batch, create_and_set)
{
	struct vc_create create = { .flags = VC_CREATE_UTSNS, .name = "whole" };
	struct vc_hostname hostname = { .name = "inside" };
	struct vc_limit procs = { .limit = 7 };
	struct vc_caps caps = { .caps = 3 };
	struct vc_hostname got = {};
	struct vc_limit limit = {};
	struct vc_info info;
	struct batch b = {};
	__u32 stop = 1;
	long id;

	add(&b, VC_CREATE, VC_ID_SELF, &create);
	add(&b, VC_SET_LIMIT, VC_ID_SELF, &procs);
	add(&b, VC_SET_CAPS, VC_ID_SELF, &caps);
	add(&b, VC_SET_HOSTNAME, VC_ID_SELF, &hostname);
	add(&b, VC_SET_STOP, VC_ID_SELF, &stop);
	id = run(&b);
	ASSERT_LT(0, id)
		TH_LOG("%ld: %s", id, ctx_error());
	EXPECT_EQ(5U, b.head.failed);
	EXPECT_EQ(id, b.call[0].result);
	EXPECT_EQ(0, b.call[1].result);
	EXPECT_EQ(0, b.call[4].result);

	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_STREQ("whole", info.name);
	EXPECT_EQ(VC_STATE_STOPPED, info.state);
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &limit));
	EXPECT_EQ(7U, limit.limit);
	EXPECT_EQ(0, vc(VC_GET_CAPS, id, &caps));
	EXPECT_EQ(3U, caps.caps);
	EXPECT_EQ(0, vc(VC_GET_HOSTNAME, id, &got));
	EXPECT_STREQ("inside", got.name);
	/* its group is there for all to see */
	EXPECT_EQ(0, access(cg_path(id, "cgroup.procs"), F_OK));
	EXPECT_EQ(self->before.contexts + 1, ctx_all());
}

/* VC_ID_SELF is the last one; others are named by the number they were given. */
TEST_F(batch, several)
{
	struct vc_limit limits[3] = { { .limit = 1 }, { .limit = 2 },
				      { .limit = 3 } };
	struct vc_limit got = {};
	struct batch b = {};
	__u32 id = 0x7123456;
	long last;

	add(&b, VC_CREATE, id, NULL);
	add(&b, VC_CREATE, VC_ID_SELF, NULL);
	add(&b, VC_SET_LIMIT, VC_ID_SELF, &limits[0]);
	add(&b, VC_SET_LIMIT, id, &limits[1]);
	add(&b, VC_SET_LIMIT, self->a, &limits[2]);
	last = run(&b);
	ASSERT_LT(0, last)
		TH_LOG("%ld: %s", last, ctx_error());
	ctx_remember(id);
	EXPECT_EQ((long)id, b.call[0].result);
	EXPECT_EQ(last, b.call[1].result);
	EXPECT_EQ(0, vc(VC_GET_LIMIT, last, &got));
	EXPECT_EQ(1U, got.limit);
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &got));
	EXPECT_EQ(2U, got.limit);
	EXPECT_EQ(0, vc(VC_GET_LIMIT, self->a, &got));
	EXPECT_EQ(3U, got.limit);
}

/* Without create it is 0 that is returned. */
TEST_F(batch, set_alone)
{
	struct vc_limit procs = { .limit = 9 }, got = {};
	struct batch b = {};

	add(&b, VC_SET_LIMIT, self->a, &procs);
	EXPECT_EQ(0, run(&b));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, self->a, &got));
	EXPECT_EQ(9U, got.limit);
	EXPECT_WORLD(&self->before);
}

TEST_F(batch, most)
{
	struct vc_limit limits[VC_BATCH_MAX], got = {};
	struct batch b = {};
	int i;

	for (i = 0; i < VC_BATCH_MAX; i++) {
		limits[i] = (struct vc_limit){ .limit = 1000 - i };
		add(&b, VC_SET_LIMIT, self->a, &limits[i]);
	}
	EXPECT_EQ(0, run(&b));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, self->a, &got));
	EXPECT_EQ(1000U - (VC_BATCH_MAX - 1), got.limit);

	/* and all of them back */
	b.call[VC_BATCH_MAX - 1].cmd = VC_SET_SCHED;
	b.call[VC_BATCH_MAX - 1].data = (uintptr_t)&bad_sched;
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_EQ(VC_BATCH_MAX - 1U, b.head.failed);
	EXPECT_EQ(0, vc(VC_GET_LIMIT, self->a, &got));
	EXPECT_EQ(1000U - (VC_BATCH_MAX - 1), got.limit);

	b.head.count++;
	EXPECT_EQ(-E2BIG, run(&b));
}

/* What a batch gives to one it can give to another one below. */
TEST_F(batch, later_sees_earlier)
{
	long below = ctx_new_below(self->a, 0);
	__u64 wide = 1ULL << CAP_CHOWN | 1ULL << CAP_SYS_TIME;
	struct vc_limit limits[2] = { { .limit = 50 }, { .limit = 40 } };
	struct vc_cpu_usage usage[2] = { { 0, 400 }, { 0, 300 } };
	struct vc_caps caps = { .caps = wide }, got = {};
	struct {
		struct vc_mounts head;
		char name[1][VC_FSTYPE_SIZE];
	} mounts = { .head.count = 1, .name = { "tmpfs" } };
	struct batch b = {};

	ASSERT_LT(0, below);
	EXPECT_EQ(0, ctx_limit(self->a, 5));
	/* control: alone, the one below would not get it */
	EXPECT_EQ(-EPERM, vc(VC_SET_CAPS, below, &caps));
	EXPECT_EQ(-EPERM, vc(VC_SET_LIMIT, below, &limits[1]));
	EXPECT_EQ(-EPERM, vc(VC_SET_MOUNTS, below, &mounts));

	add(&b, VC_SET_CAPS, self->a, &caps);
	add(&b, VC_SET_CAPS, below, &caps);
	add(&b, VC_SET_LIMIT, self->a, &limits[0]);
	add(&b, VC_SET_LIMIT, below, &limits[1]);
	add(&b, VC_SET_MOUNTS, self->a, &mounts);
	add(&b, VC_SET_MOUNTS, below, &mounts);
	if (vc(VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_USAGE), 0, NULL) > 0) {
		add(&b, VC_SET_USAGE, self->a, &usage[0]);
		add(&b, VC_SET_USAGE, below, &usage[1]);
	}
	add_failing(&b, below);
	state_of(self->was, STATE_SIZE, below);
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_EQ(b.head.count - 1, b.head.failed);
	state_of(self->is, STATE_SIZE, below);
	EXPECT_STREQ(self->was, self->is);

	b.head.count--;
	EXPECT_EQ(0, run(&b))
		TH_LOG("call %u: %s", b.head.failed, ctx_error());
	EXPECT_EQ(0, vc(VC_GET_CAPS, below, &got));
	EXPECT_EQ(wide, got.caps);
}

/* A guarantee goes from one to another, which takes both in one step. */
TEST_F(batch, guarantee_moves)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct vc_cpu_usage all = { .min_usage = 1000 * cpus }, none = {}, got;
	long b_id = ctx_new(0);
	struct batch b = {};

	if (vc(VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_USAGE), 0, NULL) < 0)
		SKIP(return, "no CPU usage in this kernel");
	ASSERT_LT(0, b_id);
	ASSERT_EQ(0, vc(VC_SET_USAGE, self->a, &all));
	EXPECT_EQ(-ENOSPC, vc(VC_SET_USAGE, b_id, &all));

	add(&b, VC_SET_USAGE, self->a, &none);
	add(&b, VC_SET_USAGE, b_id, &all);
	add_failing(&b, b_id);
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_EQ(2U, b.head.failed);
	EXPECT_EQ(0, vc(VC_GET_USAGE, self->a, &got));
	EXPECT_EQ(all.min_usage, got.min_usage);
	EXPECT_EQ(0, vc(VC_GET_USAGE, b_id, &got));
	EXPECT_EQ(0U, got.min_usage);

	b.head.count--;
	EXPECT_EQ(0, run(&b));
	EXPECT_EQ(0, vc(VC_GET_USAGE, self->a, &got));
	EXPECT_EQ(0U, got.min_usage);
	EXPECT_EQ(0, vc(VC_GET_USAGE, b_id, &got));
	EXPECT_EQ(all.min_usage, got.min_usage);
	/* nothing is held back any more */
	EXPECT_EQ(-ENOSPC, vc(VC_SET_USAGE, self->a, &all));
	EXPECT_EQ(0, vc(VC_SET_USAGE, b_id, &none));
	EXPECT_EQ(0, vc(VC_SET_USAGE, self->a, &all));
}

/* max_usage goes and a real-time policy comes, and the other way round. */
TEST_F(batch, usage_and_policy)
{
	struct vc_sched fifo = { .policy = SCHED_FIFO, .rt_priority = 1 };
	struct vc_cpu_usage half = { .max_usage = 500 }, none = {};
	struct vc_sched normal = {};
	struct batch b = {}, c = {};

	if (vc(VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_USAGE), 0, NULL) < 0)
		SKIP(return, "no CPU usage in this kernel");
	ASSERT_EQ(0, vc(VC_SET_USAGE, self->a, &half));
	EXPECT_EQ(-EBUSY, vc(VC_SET_SCHED, self->a, &fifo));

	add(&b, VC_SET_SCHED, self->a, &fifo);
	EXPECT_EQ(-EBUSY, run(&b));
	b.head.count = 0;
	add(&b, VC_SET_USAGE, self->a, &none);
	add(&b, VC_SET_SCHED, self->a, &fifo);
	add_failing(&b, self->a);
	state_of(self->was, STATE_SIZE, self->a);
	EXPECT_EQ(-EINVAL, run(&b));
	state_of(self->is, STATE_SIZE, self->a);
	EXPECT_STREQ(self->was, self->is);
	EXPECT_EQ(-EBUSY, vc(VC_SET_SCHED, self->a, &fifo));
	b.head.count--;
	EXPECT_EQ(0, run(&b));
	EXPECT_EQ(-EBUSY, vc(VC_SET_USAGE, self->a, &half));

	add(&c, VC_SET_SCHED, self->a, &normal);
	add(&c, VC_SET_USAGE, self->a, &half);
	add_failing(&c, self->a);
	EXPECT_EQ(-EINVAL, run(&c));
	EXPECT_EQ(-EBUSY, vc(VC_SET_USAGE, self->a, &half));
	c.head.count--;
	EXPECT_EQ(0, run(&c));
	EXPECT_EQ(-EBUSY, vc(VC_SET_SCHED, self->a, &fifo));
}

/* ---- failure ---- */

/* Of the batch itself. */
TEST_F(batch, head)
{
	struct vc_limit procs = { .limit = 9 };
	struct batch b = {};
	char *map;

	EXPECT_EQ(-EFAULT, vc(VC_BATCH, 0, NULL));
	EXPECT_EQ(-EINVAL, vc(VC_BATCH | 8 << 8, 0, &b));
	add(&b, VC_CREATE, VC_ID_SELF, NULL);
	b.head.calls = 0;
	EXPECT_EQ(-EFAULT, vc(VC_BATCH, 0, &b.head));
	b.head.calls = 4096;
	EXPECT_EQ(-EFAULT, vc(VC_BATCH, 0, &b.head));
	b.head.count = VC_BATCH_MAX + 1;
	EXPECT_EQ(-E2BIG, vc(VC_BATCH, 0, &b.head));
	b.head.count = ~0U;
	EXPECT_EQ(-E2BIG, vc(VC_BATCH, 0, &b.head));

	/* Who cannot be told has made nothing. */
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	b.head.count = 1;
	memcpy(map, b.call, sizeof(b.call[0]));
	b.head.calls = (uintptr_t)map;
	ASSERT_EQ(0, mprotect(map, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, vc(VC_BATCH, 0, &b.head));
	EXPECT_WORLD(&self->before);

	b.head.count = 0;
	add(&b, VC_SET_LIMIT, self->a, &procs);
	b.call[0].reserved = 1;
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_NE(NULL, strstr(ctx_error(), "reserved"));
	EXPECT_WORLD(&self->before);
}

/* What cannot be taken back, and what takes nothing. */
TEST_F(batch, not_in_a_batch)
{
	static const __u32 words[] = {
		VC_DESTROY, VC_MIGRATE, VC_SIGNAL, VC_BATCH, VC_UNSET_ROOT,
		VC_INFO, VC_LIST, VC_GET_LIMIT, VC_WHERE, VC_LAST_ERROR,
		VC_OPEN_EVENTS, VC_GET(VC_CAT_CPU, VC_CPU_BIRTH),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, 0), 0,
		VC_SET(VC_CAT_COMPAT, VC_COMPAT_NEW_S_CONTEXT),
		VC_VSERVER_NEW_S_CONTEXT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		struct batch b = {};

		add(&b, VC_CREATE, VC_ID_SELF, NULL);
		add(&b, words[i], self->a, NULL);
		add(&b, VC_CREATE, VC_ID_SELF, NULL);
		EXPECT_EQ(-EINVAL, run(&b))
			TH_LOG("word %#x", words[i]);
		EXPECT_EQ(1U, b.head.failed);
		EXPECT_EQ(-ECANCELED, b.call[0].result);
		EXPECT_EQ(-EINVAL, b.call[1].result);
		EXPECT_EQ(-ECANCELED, b.call[2].result);
	}
	EXPECT_WORLD(&self->before);
}

/* One call is wrong in everything, and put right step by step. */
TEST_F(batch, order)
{
	struct vc_limit procs = { .limit = 5 };
	struct vc_error error = {};
	struct batch b = {};
	struct vc_call *c = &b.call[1];

	add(&b, VC_CREATE, VC_ID_SELF, NULL);
	add(&b, VC_SET_LIMIT | VC_RESERVED_BIT, ID_UNKNOWN, NULL);
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_EQ(1U, b.head.failed);
	EXPECT_EQ(0, vc(VC_LAST_ERROR, 0, &error));
	EXPECT_EQ(1U, error.index);
	EXPECT_EQ(VC_BATCH, error.cmd);
	c->cmd = VC_SET_LIMIT | 0xff;
	EXPECT_EQ(-EOPNOTSUPP, run(&b));
	c->cmd = 0x3f000001;
	EXPECT_EQ(-EOPNOTSUPP, run(&b));
	c->cmd = VC_SET_LIMIT | 7 << 8;
	EXPECT_EQ(-ESRCH, run(&b));
	c->id = VC_ID_HOST;
	EXPECT_EQ(-EPERM, run(&b));
	ASSERT_EQ(0, caps_lower());
	c->id = self->a;
	EXPECT_EQ(-EPERM, run(&b));
	/* that of the first call: each is asked for its rights */
	EXPECT_EQ(0U, b.head.failed);
	ASSERT_EQ(0, caps_raise());
	EXPECT_EQ(-EINVAL, run(&b));
	c->cmd = VC_SET_LIMIT;
	EXPECT_EQ(-EFAULT, run(&b));
	c->data = 4096;
	EXPECT_EQ(-EFAULT, run(&b));
	EXPECT_EQ(1U, b.head.failed);
	EXPECT_EQ(-ECANCELED, b.call[0].result);
	EXPECT_WORLD(&self->before);
	c->data = (uintptr_t)&procs;
	EXPECT_LT(0, run(&b));
}

TEST_F(batch, self_without_create)
{
	struct vc_limit procs = { .limit = 5 };
	struct batch b = {};

	add(&b, VC_SET_LIMIT, VC_ID_SELF, &procs);
	EXPECT_EQ(-ESRCH, run(&b));
	EXPECT_EQ(0U, b.head.failed);
	add(&b, VC_CREATE, VC_ID_SELF, NULL);
	EXPECT_EQ(-ESRCH, run(&b));
	EXPECT_WORLD(&self->before);
}

/* What was made is gone, its name and number are free. */
TEST_F(batch, create_undone)
{
	struct vc_create create = {
		.flags = VC_CREATE_UTSNS | VC_CREATE_IPCNS | VC_CREATE_PIDNS |
			 VC_CREATE_MNTNS | VC_CREATE_NETNS,
		.name = "undone",
	};
	__u32 id = 0x7234567;
	struct batch b = {};

	add(&b, VC_CREATE, id, &create);
	add(&b, VC_CREATE, VC_ID_SELF, NULL);
	add_failing(&b, id);
	add(&b, VC_CREATE, VC_ID_SELF, NULL);
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_EQ(2U, b.head.failed);
	EXPECT_EQ(-EINVAL, b.call[2].result);
	EXPECT_EQ(-ECANCELED, b.call[3].result);
	EXPECT_NE(NULL, strstr(ctx_error(), "policy 77"));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, id, NULL));
	EXPECT_WORLD(&self->before);
	EXPECT_EQ((long)id, ctx_make(id, 0, 0, "undone"));
}

/* The second create meets the first one's number and name. */
TEST_F(batch, create_twice)
{
	struct vc_create create = { .name = "twice" };
	__u32 id = 0x7234568;
	struct batch b = {}, c = {};

	add(&b, VC_CREATE, id, NULL);
	add(&b, VC_CREATE, id, NULL);
	EXPECT_EQ(-EEXIST, run(&b));
	EXPECT_EQ(1U, b.head.failed);
	add(&c, VC_CREATE, VC_ID_SELF, &create);
	add(&c, VC_CREATE, VC_ID_SELF, &create);
	EXPECT_EQ(-EEXIST, run(&c));
	EXPECT_EQ(1U, c.head.failed);
	EXPECT_WORLD(&self->before);
}

static long a_batch_create(long nr, long bad, long c)
{
	struct batch b = {};
	long ret;

	while (nr--)
		add(&b, VC_CREATE, VC_ID_SELF, NULL);
	if (bad)
		add_failing(&b, VC_ID_SELF);
	b.head.calls = (uintptr_t)b.call;
	ret = vc(VC_BATCH, 0, &b.head);
	return ret > 0 ? (long)b.head.failed : ret;
}

/* children_max counts what is not seen yet, and gives it back. */
TEST_F(batch, children_max)
{
	struct agent agent;
	struct vc_info info;

	ASSERT_EQ(0, agent_start(&agent, self->a, 0));
	EXPECT_EQ(-ENOSPC, ask3(&agent, a_batch_create, 5, 0, 0));
	EXPECT_EQ(-EINVAL, ask3(&agent, a_batch_create, 4, 1, 0));
	EXPECT_EQ(0, ctx_info(self->a, &info));
	EXPECT_EQ(0U, info.children);
	EXPECT_EQ(4, ask3(&agent, a_batch_create, 4, 0, 0));
	EXPECT_EQ(0, ctx_info(self->a, &info));
	EXPECT_EQ(4U, info.children);
	EXPECT_EQ(-ENOSPC, ask3(&agent, a_batch_create, 1, 0, 0));
}

/* ---- each SET is taken back ---- */

static struct vc_limit set_limit = { .limit = 20 };
static struct vc_limit set_memory = { .limit = 64 * MB };
static struct vc_caps set_caps = { .caps = 1ULL << CAP_SYS_TIME };
static struct vc_sched set_sched = { .nice = 7 };
static struct vc_cpu_usage set_usage = { .max_usage = 300, .min_usage = 10 };
static unsigned char set_bits[1] = { 1 };
static struct vc_cpuset set_cpuset = { .len = 1 };
static struct vc_hostname set_hostname = { .name = "changed" };
static __u32 set_one = 1;

static struct {
	struct vc_mounts head;
	char name[2][VC_FSTYPE_SIZE];
} set_mounts = { .head.count = 2, .name = { "tmpfs", "proc" } };

static struct {
	struct vc_devices head;
	struct vc_device dev[2];
} set_devices = {
	.head.count = 2,
	.dev = { { 'c', 1, 3, 7 }, { 'b', 7, ~0U, 1 } },
};

static struct vc_vfs_root set_root = { .len = sizeof(TREE) - 1 };
static struct vc_bind set_bind = {
	.source_len = sizeof(TREE) - 1,
	.target_len = sizeof("/sub") - 1,
};

static const struct setting {
	const char *name;
	__u32 cmd, version;
	const void *data;
	bool rooted;		/* takes a context that has a root */
} settings[] = {
#define V(cat, cmd) VC_CMD(cat, VC_SUB_VERSION, cmd)
	{ "limit", VC_SET_LIMIT, V(VC_CAT_PROCESS, VC_PROCESS_LIMIT),
	  &set_limit, false },
	{ "files", VC_SET_FILES, V(VC_CAT_VFS, VC_VFS_FILES), &set_limit,
	  false },
	{ "tcp", VC_SET_TCP, V(VC_CAT_OTHER, VC_OTHER_TCP), &set_limit, false },
	{ "total", VC_SET_TOTAL, V(VC_CAT_MEMORY, VC_MEMORY_TOTAL),
	  &set_memory, false },
	{ "resident", VC_SET_RESIDENT, V(VC_CAT_MEMORY, VC_MEMORY_RESIDENT),
	  &set_memory, false },
	{ "oom", VC_SET_OOM, V(VC_CAT_MEMORY, VC_MEMORY_OOM), &set_one, false },
	{ "caps", VC_SET_CAPS, V(VC_CAT_PROCESS, VC_PROCESS_CAPS), &set_caps,
	  false },
	{ "stop", VC_SET_STOP, V(VC_CAT_PROCESS, VC_PROCESS_STOP), &set_one,
	  false },
	{ "freeze", VC_SET_FREEZE, V(VC_CAT_PROCESS, VC_PROCESS_FREEZE),
	  &set_one, false },
	{ "sched", VC_SET_SCHED, V(VC_CAT_CPU, VC_CPU_SCHED), &set_sched,
	  false },
	{ "usage", VC_SET_USAGE, V(VC_CAT_CPU, VC_CPU_USAGE), &set_usage,
	  false },
	{ "cpuset", VC_SET_CPUSET, V(VC_CAT_CPU, VC_CPU_SET), &set_cpuset,
	  false },
	{ "hostname", VC_SET_HOSTNAME, V(VC_CAT_CPU, VC_CPU_HOSTNAME),
	  &set_hostname, false },
	{ "mounts", VC_SET_MOUNTS, V(VC_CAT_VFS, VC_VFS_MOUNTS), &set_mounts,
	  false },
	{ "devices", VC_SET_DEVICES, V(VC_CAT_VFS, VC_VFS_DEVICES),
	  &set_devices, false },
	{ "root", VC_SET_ROOT, V(VC_CAT_VFS, VC_VFS_ROOT), &set_root, false },
	{ "bind", VC_SET_BIND, V(VC_CAT_VFS, VC_VFS_BIND), &set_bind, true },
};

static void fill_pointers(void)
{
	set_cpuset.bits = (uintptr_t)set_bits;
	set_root.path = (uintptr_t)TREE;
	set_bind.source = (uintptr_t)TREE;
	set_bind.target = (uintptr_t)"/sub";
}

TEST_F(batch, each_undone)
{
	unsigned int i, tried = 0;

	fill_pointers();
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];
		long id = ctx_new(VC_CREATE_UTSNS);
		struct batch b = {};

		ASSERT_LT(0, id);
		if (vc(s->version, 0, NULL) < 0)
			continue;
		tried++;
		if (s->rooted) {
			ASSERT_EQ(0, ctx_set_root(id, TREE, 0));
		}
		state_of(self->was, STATE_SIZE, id);
		add(&b, s->cmd, id, s->data);
		add_failing(&b, id);
		EXPECT_EQ(-EINVAL, run(&b))
			TH_LOG("%s: %s", s->name, ctx_error());
		EXPECT_EQ(1U, b.head.failed)
			TH_LOG("%s", s->name);
		EXPECT_EQ(0, b.call[0].result);
		state_of(self->is, STATE_SIZE, id);
		EXPECT_STREQ(self->was, self->is)
			TH_LOG("%s", s->name);

		/* control: it is not because nothing was done at all */
		b.head.count = 1;
		EXPECT_EQ(0, run(&b))
			TH_LOG("%s: %s", s->name, ctx_error());
		state_of(self->is, STATE_SIZE, id);
		EXPECT_STRNE(self->was, self->is)
			TH_LOG("%s", s->name);

		/* and that is put back as well */
		b.head.count = 2;
		if (s->cmd != VC_SET_ROOT) {
			memcpy(self->was, self->is, STATE_SIZE);
			EXPECT_EQ(-EINVAL, run(&b));
			state_of(self->is, STATE_SIZE, id);
			EXPECT_STREQ(self->was, self->is)
				TH_LOG("%s, the second time", s->name);
		}
	}
	EXPECT_LT(10U, tried);
}

/* All of them in one, on a context with tasks. */
TEST_F(batch, all_undone)
{
	unsigned int i;
	struct batch b = {};
	struct agent agent;

	fill_pointers();
	ASSERT_EQ(0, agent_start(&agent, self->a, 0));
	EXPECT_EQ(0, ask(&agent, a_setpriority, 12));
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		if (vc(s->version, 0, NULL) > 0 && !s->rooted &&
		    s->cmd != VC_SET_ROOT)
			add(&b, s->cmd, self->a, s->data);
	}
	add(&b, VC_CREATE, VC_ID_SELF, NULL);
	add_failing(&b, self->a);
	state_of(self->was, STATE_SIZE, self->a);
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_EQ(b.head.count - 1, b.head.failed)
		TH_LOG("%u: %s", b.head.failed, ctx_error());
	state_of(self->is, STATE_SIZE, self->a);
	EXPECT_STREQ(self->was, self->is);
	EXPECT_WORLD(&self->before);
	/* what it had chosen for itself is its own still */
	EXPECT_EQ(12, getpriority(PRIO_PROCESS, agent.pid));
	EXPECT_LT(0, ask0(&agent, a_fork));
	EXPECT_EQ(0, ask0(&agent, a_reap));

	/* control */
	b.head.count -= 2;
	EXPECT_EQ(0, run(&b));
	EXPECT_EQ(7, getpriority(PRIO_PROCESS, agent.pid));
	state_of(self->is, STATE_SIZE, self->a);
	EXPECT_STRNE(self->was, self->is);
	EXPECT_EQ(0, ctx_freeze(self->a, 0));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
}

/* More than it had is given when all has succeeded, and not before. */
TEST_F(batch, more_and_less)
{
	struct vc_limit big = { .limit = 512 * MB }, small = { .limit = 32 * MB };
	struct vc_limit got = {};
	struct batch b = {};
	__u32 zero = 0;

	if (vc(VC_CMD(VC_CAT_MEMORY, VC_SUB_VERSION, 0), 0, NULL) < 0)
		SKIP(return, "no memory limits in this kernel");
	ASSERT_EQ(0, vc(VC_SET_TOTAL, self->a, &small));
	ASSERT_EQ(0, ctx_stop(self->a, 1));
	ASSERT_EQ(0, ctx_freeze(self->a, 1));
	state_of(self->was, STATE_SIZE, self->a);

	add(&b, VC_SET_TOTAL, self->a, &big);
	add(&b, VC_SET_RESIDENT, self->a, &small);
	add(&b, VC_SET_RESIDENT, self->a, &big);
	add(&b, VC_SET_STOP, self->a, &zero);
	add(&b, VC_SET_FREEZE, self->a, &zero);
	add_failing(&b, self->a);
	EXPECT_EQ(-EINVAL, run(&b));
	state_of(self->is, STATE_SIZE, self->a);
	EXPECT_STREQ(self->was, self->is);

	b.head.count--;
	EXPECT_EQ(0, run(&b));
	EXPECT_EQ(0, vc(VC_GET_TOTAL, self->a, &got));
	EXPECT_EQ(big.limit, got.limit);
	EXPECT_EQ(0, vc(VC_GET_RESIDENT, self->a, &got));
	EXPECT_EQ(big.limit, got.limit);
	EXPECT_EQ(0, vc(VC_GET_STOP, self->a, NULL));
	EXPECT_EQ(0, vc(VC_GET_FREEZE, self->a, NULL));

	/* the last word counts */
	b.head.count = 0;
	add(&b, VC_SET_FREEZE, self->a, &zero);
	add(&b, VC_SET_FREEZE, self->a, &set_one);
	add(&b, VC_SET_STOP, self->a, &zero);
	add(&b, VC_SET_STOP, self->a, &set_one);
	add(&b, VC_SET_TOTAL, self->a, &big);
	add(&b, VC_SET_TOTAL, self->a, &small);
	EXPECT_EQ(0, run(&b));
	EXPECT_EQ(1, vc(VC_GET_FREEZE, self->a, NULL));
	EXPECT_EQ(1, vc(VC_GET_STOP, self->a, NULL));
	EXPECT_EQ(0, vc(VC_GET_TOTAL, self->a, &got));
	EXPECT_EQ(small.limit, got.limit);
}

/* A root that was taken back leaves a context that can be entered as before. */
TEST_F(batch, enter_after_undone)
{
	struct batch b = {};
	struct agent agent;

	fill_pointers();
	add(&b, VC_SET_ROOT, self->a, &set_root);
	add(&b, VC_SET_BIND, self->a, &set_bind);
	add_failing(&b, self->a);
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_EQ(2U, b.head.failed)
		TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, agent_start(&agent, self->a, 0));
	/* with somebody in it there is no root to be had */
	EXPECT_EQ(-EBUSY, run(&b));
	EXPECT_EQ(0U, b.head.failed);
	agent_end(&agent);
	b.head.count--;
	EXPECT_EQ(0, run(&b))
		TH_LOG("%s", ctx_error());
	state_of(self->is, STATE_SIZE, self->a);
	EXPECT_NE(NULL, strstr(self->is, TREE " binds 0 /sub "))
		TH_LOG("%s", self->is);
}

/* By which the host holds a mount namespace. */
static int held = -1;

static long finds_secret(long id)
{
	long ret;

	/* it leads out of the root */
	close(held);
	ret = vc(VC_MIGRATE, id, NULL);
	return ret ? -EBADE : res(access("/sub/secret", F_OK));
}

/* Nor is a bind to be found, though the host keeps the mounts of before. */
TEST_F(batch, bind_undone_while_held)
{
	struct vc_bind bind = {
		.source = (uintptr_t)BASE "/host",
		.source_len = sizeof(BASE "/host") - 1,
		.target = (uintptr_t)"/sub",
		.target_len = sizeof("/sub") - 1,
	};
	struct vc_bind below = bind;
	struct batch b = {};
	char path[64];
	pid_t pid;

	below.target = (uintptr_t)"/sub/dir";
	below.target_len = sizeof("/sub/dir") - 1;
	ASSERT_EQ(0, mkdir(BASE "/host", 0755));
	ASSERT_EQ(0, mkdir(BASE "/host/secret", 0755));
	ASSERT_EQ(0, mkdir(BASE "/host/dir", 0755));
	ASSERT_EQ(0, ctx_set_root(self->a, TREE, 0));
	pid = child_fork();
	if (!pid) {
		if (vc(VC_MIGRATE, self->a, NULL))
			_exit(1);
		pause();
	}
	ASSERT_TRUE(WAIT_FOR(task_where(pid) == self->a));
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	held = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, held);
	EXPECT_EQ(1000 + SIGKILL, child_kill(pid));

	add(&b, VC_SET_BIND, self->a, &bind);
	add_failing(&b, self->a);
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_EQ(1U, b.head.failed)
		TH_LOG("%s", ctx_error());
	EXPECT_EQ(-ENOENT, in_child(finds_secret, self->a));
	/* nor by who looks a target up */
	EXPECT_EQ(-EINVAL, run(&b));
	EXPECT_GT(0, vc(VC_SET_BIND, self->a, &below));

	/* control */
	b.head.count--;
	EXPECT_EQ(0, run(&b))
		TH_LOG("%s", ctx_error());
	EXPECT_EQ(0, in_child(finds_secret, self->a));
	close(held);
}

static long a_fill(long size, long b, long c)
{
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	memset(map, 1, size);
	/* it stays where it is */
	return res(mlock(map, size));
}

/* More is used than the files of the group allow: what is raised may be. */
TEST_F(batch, raise_beyond)
{
	struct vc_limit big = { .limit = 512 * MB }, got = {};
	struct rlimit whole = { RLIM_INFINITY, RLIM_INFINITY };
	struct batch b = {};
	struct agent agent;
	char path[64];

	if (vc(VC_CMD(VC_CAT_MEMORY, VC_SUB_VERSION, 0), 0, NULL) < 0)
		SKIP(return, "no memory limits in this kernel");
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &whole));
	ASSERT_EQ(0, agent_start(&agent, self->a, 0));
	ASSERT_EQ(0, ask(&agent, a_fill, 24 * MB));
	/* what is neither reclaimed nor killed */
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", agent.pid);
	ASSERT_EQ(0, file_write(path, "-1000"));
	ASSERT_EQ(0, file_write(cg_path(self->a, "memory.max"), "8M"));
	ASSERT_EQ(0, vc(VC_GET_RESIDENT, self->a, &got));
	EXPECT_EQ(8 * MB, got.limit);
	EXPECT_LT(16 * MB, got.usage);

	add(&b, VC_SET_RESIDENT, self->a, &big);
	EXPECT_EQ(0, run(&b))
		TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, vc(VC_GET_RESIDENT, self->a, &got));
	EXPECT_EQ(big.limit, got.limit);
	EXPECT_EQ(agent.pid, ask0(&agent, a_getpid));
}

/* Between what the first and the last of several calls want nobody forks. */
TEST_F(batch, stop_and_stop)
{
	struct vc_limit procs = { .limit = 100 };
	__u32 zero = 0, one = 1;
	struct batch b = {};
	pid_t pid, kid;
	int i;

	ASSERT_EQ(0, ctx_stop(self->a, 1));
	pid = child_fork();
	if (!pid) {
		if (vc(VC_MIGRATE, self->a, NULL))
			_exit(1);
		do {
			kid = fork();
		} while (kid < 0);
		if (!kid)
			_exit(0);
		waitpid(kid, NULL, 0);
		_exit(2);
	}
	ASSERT_TRUE(WAIT_FOR(task_where(pid) == self->a));
	/* what is done at the end takes a while */
	add(&b, VC_SET_STOP, self->a, &zero);
	while (b.head.count < VC_BATCH_MAX - 1)
		add(&b, VC_SET_LIMIT, self->a, &procs);
	add(&b, VC_SET_STOP, self->a, &one);
	for (i = 0; i < 500; i++)
		ASSERT_EQ(0, run(&b));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_EQ(1, vc(VC_GET_STOP, self->a, NULL));

	/* control */
	EXPECT_EQ(0, ctx_stop(self->a, 0));
	EXPECT_EQ(2, child_wait(pid));
}

/* ---- what others see meanwhile ---- */

FIXTURE(meanwhile)
{
	int fuse, events;
	long a;
	struct world before;
	pid_t pid;
};

FIXTURE_SETUP(meanwhile)
{
	VC_SETUP();
	mkdir(BASE, 0755);
	ASSERT_EQ(0, mount("batch-test", BASE, "tmpfs", 0, NULL));
	ASSERT_EQ(0, mount(NULL, BASE, NULL, MS_PRIVATE, NULL));
	ASSERT_EQ(0, mkdir(TREE, 0755));
	ASSERT_EQ(0, mkdir(STUCK, 0755));
	self->fuse = serve_at(STUCK);
	if (self->fuse < 0)
		SKIP(return, "no FUSE in this kernel");

	self->a = ctx_make(VC_ID_SELF, 0, 4, "old");
	ASSERT_LT(0, self->a);
	self->events = vc(VC_OPEN_EVENTS, VC_ID_HOST, NULL);
	ASSERT_LE(0, self->events);
	fcntl(self->events, F_SETFL, O_NONBLOCK);
	look(&self->before);
}

FIXTURE_TEARDOWN(meanwhile)
{
	serve_now(true);
	vc_teardown();
	umount2(BASE, MNT_DETACH);
	rmdir(BASE);
}

#define HIDDEN	0x7345678U

static struct vc_create hidden_create = { .name = "hidden" };
static struct vc_limit hidden_limit = { .limit = 3 };
static struct vc_vfs_root hidden_root = { .len = sizeof(STUCK) - 1 };

/*
 * A batch that makes a context, sets a limit of @old, and then waits for the
 * file system.
 */
static long slow_batch(long old)
{
	struct batch b = {};

	hidden_root.path = (uintptr_t)STUCK;
	add(&b, VC_CREATE, HIDDEN, &hidden_create);
	add(&b, VC_SET_LIMIT, HIDDEN, &hidden_limit);
	add(&b, VC_SET_LIMIT, old, &hidden_limit);
	add(&b, VC_SET_ROOT, HIDDEN, &hidden_root);
	b.head.calls = (uintptr_t)b.call;
	return vc(VC_BATCH, 0, &b.head);
}

static pid_t start_slow(long old)
{
	pid_t pid = child_fork();

	if (!pid)
		_exit(slow_batch(old) == HIDDEN ? 0 : 1);
	return pid;
}

static long read_event(int fd, struct vc_event *event)
{
	return res(read(fd, event, sizeof(*event)));
}

static bool path_there(const char *dir, __u32 id)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%u", dir, id);
	return !access(path, F_OK);
}

/* Lets controllers of all groups be looked at, and activated. */
static long controllers_change(void)
{
	char text[256] = "";
	bool on;
	long ret;

	ret = file_read(CG_ROOT "/cgroup.controllers", text, sizeof(text));
	if (ret < 0 || !strstr(text, "pids"))
		return -ENOENT;
	ret = file_read(CG_ROOT "/cgroup.subtree_control", text, sizeof(text));
	on = ret > 0 && strstr(text, "pids");
	ret = file_write(CG_ROOT "/cgroup.subtree_control",
			 on ? "-pids" : "+pids");
	return ret ? ret : file_write(CG_ROOT "/cgroup.subtree_control",
				      on ? "+pids" : "-pids");
}

static long try_limit(long id)
{
	alarm(1);
	signal(SIGALRM, SIG_DFL);
	return ctx_limit(id, 50);
}

TEST_F(meanwhile, hidden)
{
	struct vc_event event;
	struct vc_limit got = {};
	struct agent agent;
	pid_t pid, waiter;
	char number[16];
	long ret;

	pid = start_slow(self->a);
	ASSERT_TRUE(WAIT_FOR(is_asked(self->fuse)));

	/* It is there, but for nobody. */
	EXPECT_EQ(-ESRCH, vc(VC_INFO, HIDDEN, NULL));
	EXPECT_EQ(-ESRCH, ctx_kill(HIDDEN));
	EXPECT_EQ(-ESRCH, vc(VC_MIGRATE, HIDDEN, NULL));
	EXPECT_EQ(self->before.contexts, ctx_all());
	EXPECT_EQ(self->before.proc, count_dir("/proc/vcontext"));
	EXPECT_FALSE(path_there("/proc/vcontext", HIDDEN));
	EXPECT_FALSE(path_there(CG_CONTEXTS, HIDDEN));
	ret = controllers_change();
	EXPECT_TRUE(!ret || ret == -ENOENT || ret == -EBUSY)
		TH_LOG("%ld", ret);
	EXPECT_FALSE(path_there(CG_CONTEXTS, HIDDEN));
	EXPECT_EQ(-EAGAIN, read_event(self->events, &event));
	/* Number and name are taken, though. */
	EXPECT_EQ(-EEXIST, vc(VC_CREATE, HIDDEN, NULL));
	EXPECT_EQ(-EEXIST, ctx_make(VC_ID_SELF, 0, 0, "hidden"));
	snprintf(number, sizeof(number), "%u", HIDDEN);
	EXPECT_EQ(NULL, strstr(ctx_error(), number));

	/* Others go on: reading and entering what the batch changes too. */
	EXPECT_EQ(0, vc(VC_GET_LIMIT, self->a, &got));
	EXPECT_EQ(3U, got.limit);
	EXPECT_EQ(0, agent_start(&agent, self->a, 0));
	EXPECT_LT(0, ctx_new(0));
	EXPECT_EQ((long)sizeof(event), read_event(self->events, &event));

	/* Who sets something of the same waits, and can be interrupted. */
	waiter = child_fork();
	if (!waiter)
		_exit(try_limit(self->a) ? 1 : 0);
	EXPECT_EQ(1000 + SIGALRM, child_wait(waiter));
	waiter = child_fork();
	if (!waiter)
		_exit(ctx_limit(self->a, 50) ? 1 : 0);

	serve_now(true);
	EXPECT_EQ(0, child_wait(pid));
	ctx_remember(HIDDEN);
	EXPECT_EQ(0, child_wait(waiter));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, self->a, &got));
	EXPECT_EQ(50U, got.limit);
	EXPECT_EQ(0, vc(VC_INFO, HIDDEN, NULL));
	EXPECT_TRUE(path_there("/proc/vcontext", HIDDEN));
	EXPECT_TRUE(path_there(CG_CONTEXTS, HIDDEN));
	EXPECT_EQ(0, access(cg_path(HIDDEN, "tasks/enter/cgroup.procs"), F_OK));
	do {
		ASSERT_EQ((long)sizeof(event),
			  read_event(self->events, &event));
	} while (event.id != HIDDEN);
	EXPECT_EQ((__u32)VC_EVENT_CREATED, event.type);
}

/* Who is killed in the middle leaves nothing. */
TEST_F(meanwhile, killed)
{
	struct vc_event event;
	struct vc_limit got = {};
	pid_t pid;

	pid = start_slow(self->a);
	ASSERT_TRUE(WAIT_FOR(is_asked(self->fuse)));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, self->a, &got));
	EXPECT_EQ(3U, got.limit);
	EXPECT_EQ(1000 + SIGKILL, child_kill(pid));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, self->a, &got));
	EXPECT_EQ(VC_UNLIMITED, got.limit);
	EXPECT_EQ(-ESRCH, vc(VC_INFO, HIDDEN, NULL));
	EXPECT_EQ(-EAGAIN, read_event(self->events, &event));
	EXPECT_WORLD(&self->before);
	EXPECT_EQ((long)HIDDEN, ctx_make(HIDDEN, 0, 0, "hidden"));
	/* it is free for others again */
	EXPECT_EQ(0, ctx_limit(self->a, 50));
}

/* A root that is being set keeps who enters waiting until it is decided. */
TEST_F(meanwhile, closed)
{
	struct batch b = {};
	struct agent agent;
	pid_t pid, waiter;

	hidden_root.path = (uintptr_t)STUCK;
	pid = child_fork();
	if (!pid) {
		add(&b, VC_SET_LIMIT, self->a, &hidden_limit);
		add(&b, VC_SET_ROOT, self->a, &hidden_root);
		add_failing(&b, self->a);
		_exit(run(&b) == -EINVAL && b.head.failed == 2 ? 0 : 1);
	}
	ASSERT_TRUE(WAIT_FOR(is_asked(self->fuse)));
	waiter = child_fork();
	if (!waiter)
		_exit(vc(VC_MIGRATE, self->a, NULL) ||
		      vc(VC_WHERE, 0, NULL) != self->a ||
		      access("/proc/self", F_OK));
	/* not in yet, though nothing else is in its way */
	usleep(100000);
	EXPECT_EQ(0, task_where(waiter));
	serve_now(true);
	EXPECT_EQ(0, child_wait(pid));
	/* no root, and the host's tree is what it has */
	EXPECT_EQ(0, child_wait(waiter));
	EXPECT_EQ(0, agent_start(&agent, self->a, 0));
}

static long try_thaw(long id)
{
	alarm(5);
	signal(SIGALRM, SIG_DFL);
	return ctx_freeze(id, 0);
}

/* A freeze in a batch that does not come to an end is ended by a thaw. */
TEST_F(meanwhile, thaw)
{
	pid_t pid, stuck, thawer;
	struct batch b = {};
	__u32 one = 1;

	/* in a sleep that only its death ends */
	stuck = child_fork();
	if (!stuck) {
		if (vc(VC_MIGRATE, self->a, NULL))
			_exit(1);
		_exit(access(STUCK "/none", F_OK) ? 0 : 1);
	}
	ASSERT_TRUE(WAIT_FOR(is_asked(self->fuse)));
	pid = child_fork();
	if (!pid) {
		add(&b, VC_SET_FREEZE, self->a, &one);
		_exit(run(&b) ? 1 : 0);
	}
	EXPECT_TRUE(WAIT_FOR(vc(VC_GET_FREEZE, self->a, NULL) == 1));
	thawer = child_fork();
	if (!thawer)
		_exit(try_thaw(self->a) ? 1 : 0);
	EXPECT_EQ(0, child_wait(thawer));
	EXPECT_EQ(0, vc(VC_GET_FREEZE, self->a, NULL));
	serve_now(true);
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(0, ctx_freeze(self->a, 0));
	EXPECT_EQ(0, child_wait(stuck));
}

static long enter_hidden(void)
{
	static const struct vc_new_s_context none;
	long ret = vc(VC_VSERVER_NEW_S_CONTEXT, HIDDEN, &none);

	return ret == HIDDEN && vc(VC_WHERE, 0, NULL) == HIDDEN ? 0 : 1;
}

/* A batch that makes a context, goes on when it is told to, and may fail. */
static long hide(bool fails)
{
	struct batch b = {};
	long ret;

	hidden_root.path = (uintptr_t)STUCK;
	add(&b, VC_CREATE, HIDDEN, NULL);
	add(&b, VC_CREATE, VC_ID_SELF, NULL);
	add(&b, VC_SET_ROOT, VC_ID_SELF, &hidden_root);
	if (fails)
		add_failing(&b, VC_ID_SELF);
	b.head.calls = (uintptr_t)b.call;
	ret = vc(VC_BATCH, 0, &b.head);
	if (ret > 0)
		ctx_kill(ret);
	return ret < 0 ? ret : 0;
}

/* Who would enter it by new_s_context waits; 0, or what was not so. */
static long meet_hidden(int fuse, bool fails)
{
	pid_t pid, waiter;

	pid = child_fork();
	if (!pid)
		_exit(hide(fails) == (fails ? -EINVAL : 0) ? 0 : 1);
	if (!WAIT_FOR(is_asked(fuse)))
		return 1;
	waiter = child_fork();
	if (!waiter)
		_exit(enter_hidden());
	usleep(100000);
	if (waitpid(waiter, NULL, WNOHANG))
		return 2;
	serve_now(true);
	if (child_wait(pid))
		return 3;
	return child_wait(waiter) ? 4 : 0;
}

TEST_F(meanwhile, new_s_context)
{
	EXPECT_EQ(0, meet_hidden(self->fuse, false));
	/* that of the batch, which stays */
	EXPECT_EQ(0, ctx_kill(HIDDEN));
}

/* What has been taken back can be made. */
TEST_F(meanwhile, new_s_context_undone)
{
	EXPECT_EQ(0, meet_hidden(self->fuse, true));
	EXPECT_TRUE(WAIT_FOR(vc(VC_INFO, HIDDEN, NULL) == -ESRCH));
	EXPECT_WORLD(&self->before);
}

/* What a batch may have to put back is nobody else's meanwhile. */
TEST_F(meanwhile, held)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct vc_cpu_usage all = { .min_usage = 1000 * cpus }, none = {}, got;
	struct batch b = {};
	long other = ctx_new(0);
	pid_t pid;

	if (vc(VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_USAGE), 0, NULL) < 0)
		SKIP(return, "no CPU usage in this kernel");
	ASSERT_LT(0, other);
	ASSERT_EQ(0, vc(VC_SET_USAGE, self->a, &all));
	hidden_root.path = (uintptr_t)STUCK;
	pid = child_fork();
	if (!pid) {
		add(&b, VC_SET_USAGE, self->a, &none);
		add(&b, VC_CREATE, VC_ID_SELF, NULL);
		add(&b, VC_SET_ROOT, VC_ID_SELF, &hidden_root);
		add_failing(&b, self->a);
		_exit(run(&b) == -EINVAL && b.head.failed == 3 ? 0 : 1);
	}
	ASSERT_TRUE(WAIT_FOR(is_asked(self->fuse)));
	EXPECT_EQ(0, vc(VC_GET_USAGE, self->a, &got));
	EXPECT_EQ(0U, got.min_usage);
	EXPECT_EQ(-ENOSPC, vc(VC_SET_USAGE, other, &all));
	serve_now(true);
	EXPECT_EQ(0, child_wait(pid));
	EXPECT_EQ(0, vc(VC_GET_USAGE, self->a, &got));
	EXPECT_EQ(all.min_usage, got.min_usage);
}

/* Its parent goes while a batch makes something in it. */
TEST_F(meanwhile, parent_destroyed)
{
	struct batch b = {};
	pid_t pid;

	hidden_root.path = (uintptr_t)STUCK;
	pid = child_fork();
	if (!pid) {
		if (vc(VC_MIGRATE, self->a, NULL))
			_exit(1);
		add(&b, VC_CREATE, HIDDEN, &hidden_create);
		add(&b, VC_SET_ROOT, HIDDEN, &hidden_root);
		run(&b);
		_exit(2);
	}
	ASSERT_TRUE(WAIT_FOR(is_asked(self->fuse)));
	EXPECT_EQ(0, ctx_kill(self->a));
	EXPECT_EQ(1000 + SIGKILL, child_wait(pid));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, HIDDEN, NULL));
	EXPECT_EQ((long)HIDDEN, ctx_make(HIDDEN, 0, 0, NULL));
}

/* The same, but who makes it has been moved out before. */
TEST_F(meanwhile, parent_left)
{
	struct batch b = {};
	long other = ctx_new(0);
	pid_t pid;

	ASSERT_LT(0, other);
	hidden_root.path = (uintptr_t)STUCK;
	pid = child_fork();
	if (!pid) {
		if (vc(VC_MIGRATE, self->a, NULL))
			_exit(1);
		add(&b, VC_CREATE, HIDDEN, &hidden_create);
		add(&b, VC_SET_ROOT, HIDDEN, &hidden_root);
		_exit(run(&b) == -EBUSY && b.head.failed == 0 ? 0 : 2);
	}
	ASSERT_TRUE(WAIT_FOR(is_asked(self->fuse)));
	EXPECT_EQ(0, task_move(pid, other));
	EXPECT_EQ(0, ctx_kill(self->a));
	serve_now(true);
	/* it did not come to the end, wherever it noticed */
	EXPECT_NE(1, child_wait(pid));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, HIDDEN, NULL));
	EXPECT_EQ((long)HIDDEN, ctx_make(HIDDEN, 0, 0, NULL));
}

/* ---- races ---- */

static long hammer(long arg)
{
	__u32 *ids = (__u32 *)arg;
	struct vc_limit limits[2] = { { .limit = 11 }, { .limit = 12 } };
	int i;

	for (i = 0; i < 200; i++) {
		struct batch b = {};

		/* in both orders: two that wait for each other would be seen */
		add(&b, VC_SET_LIMIT, ids[i & 1], &limits[i & 1]);
		add(&b, VC_SET_LIMIT, ids[!(i & 1)], &limits[i & 1]);
		if (i % 3 == 0)
			add_failing(&b, ids[0]);
		b.head.calls = (uintptr_t)b.call;
		if (vc(VC_BATCH, 0, &b.head) != (i % 3 ? 0 : -EINVAL))
			return -EBADE;
	}
	return 0;
}

/* Both have one value at all times at which nobody is at work. */
TEST_F(batch, concurrent)
{
	__u32 ids[2] = { self->a, ctx_new(0) };
	struct vc_limit got[2] = {};
	pid_t pids[4];
	int i;

	for (i = 0; i < 4; i++) {
		pids[i] = child_fork();
		if (!pids[i])
			_exit(hammer((long)ids) ? 1 : 0);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, ids[0], &got[0]));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, ids[1], &got[1]));
	EXPECT_EQ(got[0].limit, got[1].limit);
	EXPECT_TRUE(got[0].limit == 11 || got[0].limit == 12);
}

/* ---- failures on purpose ---- */

/*
 * A batch of everything whose last call fails, with its first, second, ...
 * allocation failing as well, on the way there or when all is taken back, until
 * none does: each time all is as before.
 */
TEST_F(batch, each_allocation)
{
	struct vc_create create = {
		.flags = VC_CREATE_UTSNS | VC_CREATE_IPCNS,
		.name = "failing",
	};
	unsigned int i, most = 0;
	struct batch b = {};
	bool fired = true;
	int nth;

	if (!nth_setup())
		SKIP(return, "no fault injection in this kernel");
	fill_pointers();
	add(&b, VC_CREATE, VC_ID_SELF, &create);
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		if (vc(s->version, 0, NULL) <= 0)
			continue;
		add(&b, s->cmd, VC_ID_SELF, s->data);
		add(&b, s->cmd, self->a, s->data);
	}
	add_failing(&b, self->a);
	state_of(self->was, STATE_SIZE, self->a);
	for (nth = 1; nth < 20000 && fired; nth += nth < 400 ? 1 : nth / 64) {
		long ret;

		nth_arm(nth);
		ret = run(&b);
		fired = nth_fired();
		EXPECT_GT(0, ret);
		if (b.head.failed < b.head.count && b.head.failed > most)
			most = b.head.failed;
		state_of(self->is, STATE_SIZE, self->a);
		EXPECT_STREQ(self->was, self->is)
			TH_LOG("fault %d: call %u: %ld", nth, b.head.failed,
			       ret);
		EXPECT_WORLD(&self->before);
		if (_metadata->exit_code == KSFT_FAIL) {
			TH_LOG("fault %d: call %u: %ld", nth, b.head.failed,
			       ret);
			break;
		}
	}
	/* the last time nothing was in the way but the last call */
	EXPECT_FALSE(fired);
	EXPECT_EQ(b.head.count - 1, most);
	EXPECT_LT(100, nth);
}

/* The same, but each step in turn fails after all before have been done. */
TEST_F(batch, each_step)
{
	unsigned int i, nr = 0, at;
	struct batch all = {};

	fill_pointers();
	add(&all, VC_CREATE, VC_ID_SELF, NULL);
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		if (vc(s->version, 0, NULL) <= 0)
			continue;
		if (s->cmd != VC_SET_HOSTNAME)
			add(&all, s->cmd, VC_ID_SELF, s->data);
		add(&all, s->cmd, self->a, s->data);
	}
	nr = all.head.count;
	ASSERT_LT(20U, nr);
	state_of(self->was, STATE_SIZE, self->a);
	for (at = 1; at <= nr; at++) {
		struct batch b = all;

		b.head.count = at;
		add_failing(&b, self->a);
		EXPECT_EQ(-EINVAL, run(&b));
		EXPECT_EQ(at, b.head.failed)
			TH_LOG("call %u: %s", b.head.failed, ctx_error());
		state_of(self->is, STATE_SIZE, self->a);
		EXPECT_STREQ(self->was, self->is)
			TH_LOG("step %u", at);
		EXPECT_WORLD(&self->before);
	}
	EXPECT_LT(0, run(&all))
		TH_LOG("call %u: %s", all.head.failed, ctx_error());
}

TEST_HARNESS_MAIN
