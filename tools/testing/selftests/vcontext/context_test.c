// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a context: create, find, list, nest, destroy; its name, its
 * namespaces and its host name.
 */
#include "common.h"

VC_FIXTURE(create)

TEST_F(create, any_id)
{
	long a = ctx_new(0);
	long b = ctx_make(VC_ID_SELF, 0, 0, NULL);
	long c = ctx_remember(vc(VC_CREATE, VC_ID_SELF, NULL));

	EXPECT_LT(0, a);
	EXPECT_LT(0, b);
	EXPECT_LT(0, c);
	EXPECT_NE(a, b);
	EXPECT_NE(b, c);
	EXPECT_EQ(0, vc(VC_INFO, a, NULL));
	EXPECT_EQ(0, vc(VC_INFO, b, NULL));
	EXPECT_EQ(0, vc(VC_INFO, c, NULL));
}

TEST_F(create, explicit_id)
{
	EXPECT_EQ(-ESRCH, vc(VC_INFO, 4711, NULL));
	EXPECT_EQ(4711, ctx_make(4711, 0, 0, NULL));
	EXPECT_EQ(0, vc(VC_INFO, 4711, NULL));
	EXPECT_EQ(-EEXIST, ctx_make(4711, 0, 0, NULL));
	EXPECT_EQ(0, vc(VC_DESTROY, 4711, NULL));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, 4711, NULL));
	EXPECT_EQ(4711, vc(VC_CREATE, 4711, NULL));
	EXPECT_EQ(0, vc(VC_DESTROY, 4711, NULL));
}

TEST_F(create, id_bounds)
{
	static const __u32 bad[] = {
		0, VC_ID_MAX + 1, 0x80000000U, 0xfffffffeU,
	};
	long before = ctx_all();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, vc(VC_CREATE, bad[i], NULL))
			TH_LOG("id %#x", bad[i]);
		EXPECT_EQ(-EINVAL, ctx_make(bad[i], 0, 0, NULL))
			TH_LOG("id %#x", bad[i]);
	}
	EXPECT_EQ(before, ctx_all());

	EXPECT_EQ(1, ctx_make(1, 0, 0, NULL));
	EXPECT_EQ((long)VC_ID_MAX, ctx_make(VC_ID_MAX, 0, 0, NULL));
	EXPECT_EQ(0, vc(VC_INFO, 1, NULL));
	EXPECT_EQ(0, vc(VC_INFO, VC_ID_MAX, NULL));
	EXPECT_EQ(-EEXIST, vc(VC_CREATE, VC_ID_MAX, NULL));
}

/* An id is not given out again at once, so that a stale one finds nothing. */
TEST_F(create, cyclic)
{
	long last = 0, id;
	int i;

	for (i = 0; i < 5; i++) {
		id = ctx_new(0);
		EXPECT_LT(0, id);
		EXPECT_NE(last, id);
		EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
		last = id;
	}
	/* One that somebody chose is stepped over. */
	id = ctx_new(0);
	EXPECT_EQ(id + 1, ctx_make(id + 1, 0, 0, NULL));
	last = ctx_new(0);
	EXPECT_LT(0, last);
	EXPECT_NE(id + 1, last);
}

TEST_F(create, flags)
{
	long before = ctx_all();
	unsigned int bit;

	for (bit = 7; bit < 32; bit++) {
		EXPECT_EQ(-EINVAL, ctx_new(1U << bit))
			TH_LOG("bit %u", bit);
	}
	EXPECT_EQ(-EINVAL, ctx_new(~0U));
	EXPECT_EQ(before, ctx_all());
}

TEST_F(create, names)
{
	static const char * const bad[] = {
		"a b", "a/b", "/", "a\n", "a:b", "\xc3\xa4", "a@", "a[", "a`",
		"a{", "*", "\x7f", "\x01",
	};
	static const char all[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	struct vc_create create = {};
	struct vc_info info;
	char name[VC_NAME_SIZE];
	unsigned int i;
	long id, before = ctx_all();

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, ctx_make(VC_ID_SELF, 0, 0, bad[i]))
			TH_LOG("name '%s'", bad[i]);
	}
	/* Not terminated. */
	memset(create.name, 'x', sizeof(create.name));
	EXPECT_EQ(-EINVAL, vc(VC_CREATE, VC_ID_SELF, &create));
	EXPECT_EQ(before, ctx_all());

	/* The longest. */
	create.name[VC_NAME_SIZE - 1] = '\0';
	id = ctx_remember(vc(VC_CREATE, VC_ID_SELF, &create));
	EXPECT_LT(0, id);
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_STREQ(create.name, info.name);

	for (i = 0; i < strlen(all); i += 20) {
		memset(name, 0, sizeof(name));
		snprintf(name, sizeof(name), "n%.20s", all + i);
		id = ctx_make(VC_ID_SELF, 0, 0, name);
		EXPECT_LT(0, id)
			TH_LOG("name '%s'", name);
		EXPECT_EQ(0, ctx_info(id, &info));
		EXPECT_STREQ(name, info.name);
	}
}

TEST_F(create, name_unique)
{
	long a = ctx_make(VC_ID_SELF, 0, 4, "web");
	long d = ctx_make(VC_ID_SELF, 0, 4, "db");
	struct vc_create create = { .name = "web" };
	struct agent in_a, in_d;

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	EXPECT_EQ(-EEXIST, ctx_make(VC_ID_SELF, 0, 0, "web"));
	EXPECT_LT(0, ctx_make(VC_ID_SELF, 0, 0, "Web"));
	EXPECT_LT(0, ctx_make(VC_ID_SELF, 0, 0, "web1"));
	EXPECT_LT(0, ctx_make(VC_ID_SELF, 0, 0, "we"));
	/* Without a name there may be many. */
	EXPECT_LT(0, ctx_make(VC_ID_SELF, 0, 0, ""));
	EXPECT_LT(0, ctx_make(VC_ID_SELF, 0, 0, ""));

	/* Elsewhere the name is free. */
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_d, d, 0));
	memcpy(agent_buf, &create, sizeof(create));
	EXPECT_LT(0, ask3(&in_a, a_vc, VC_CREATE, (int)VC_ID_SELF, 1));
	memcpy(agent_buf, &create, sizeof(create));
	EXPECT_EQ(-EEXIST, ask3(&in_a, a_vc, VC_CREATE, (int)VC_ID_SELF, 1));
	memcpy(agent_buf, &create, sizeof(create));
	EXPECT_LT(0, ask3(&in_d, a_vc, VC_CREATE, (int)VC_ID_SELF, 1));

	/* And it is free again when its owner is gone. */
	EXPECT_EQ(0, ctx_kill(a));
	EXPECT_LT(0, ctx_make(VC_ID_SELF, 0, 0, "web"));
}

VC_FIXTURE(info)

TEST_F(info, fields)
{
	struct timespec ts;
	struct vc_info info;
	__u64 before, after;
	long id;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	before = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	id = ctx_make(VC_ID_SELF, VC_CREATE_UTSNS | VC_CREATE_IPCNS, 3, "n1");
	ASSERT_LT(0, id);
	clock_gettime(CLOCK_BOOTTIME, &ts);
	after = ts.tv_sec * 1000000000ULL + ts.tv_nsec;

	ASSERT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ(id, (long)info.id);
	EXPECT_EQ(0U, info.parent);
	EXPECT_EQ(VC_CREATE_UTSNS | VC_CREATE_IPCNS, info.flags);
	EXPECT_EQ(0U, info.children);
	EXPECT_EQ(3U, info.children_max);
	EXPECT_EQ(0U, info.tasks);
	EXPECT_EQ(0U, info.processes);
	EXPECT_EQ(0U, info.state);
	EXPECT_NE(0ULL, info.cgroup_id);
	EXPECT_LE(before, info.created_ns);
	EXPECT_GE(after, info.created_ns);
	EXPECT_STREQ("n1", info.name);
	EXPECT_EQ(0, strncmp(info.name, "n1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
			     18));
}

/* As many as one likes; there is no number that means anything else. */
TEST_F(info, children_max_bounds)
{
	static const __u32 most[] = { 0, 1, 0x7fffffff, 0x80000000U, ~0U };
	struct vc_info info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(most); i++) {
		struct agent agent;
		long id = ctx_make(VC_ID_SELF, 0, most[i], NULL);

		ASSERT_LT(0, id);
		EXPECT_EQ(0, ctx_info(id, &info));
		EXPECT_EQ(most[i], info.children_max);
		ASSERT_EQ(0, agent_start(&agent, id, 0));
		EXPECT_EQ(most[i] ? 0 : -EPERM,
			  error_of(ask3(&agent, a_create, 0, 0, 0)));
		agent_end(&agent);
		EXPECT_EQ(0, ctx_kill(id));
	}
}

TEST_F(info, each_flag)
{
	unsigned int bit;

	for (bit = 0; bit < 7; bit++) {
		struct vc_info info;
		long id = ctx_new(1U << bit);

		EXPECT_LT(0, id)
			TH_LOG("bit %u", bit);
		EXPECT_EQ(0, ctx_info(id, &info));
		EXPECT_EQ(1U << bit, info.flags);
		EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	}
}

/* The id of the cgroup is that of the directory, and is never seen again. */
TEST_F(info, cgroup_id)
{
	struct vc_info info;
	__u64 seen[8];
	struct stat st;
	int i, k;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(77, ctx_make(77, 0, 0, NULL));
		ASSERT_EQ(0, ctx_info(77, &info));
		seen[i] = info.cgroup_id;
		for (k = 0; k < i; k++) {
			EXPECT_NE(seen[k], seen[i]);
		}
		if (!stat(CG_CONTEXTS "/77", &st) && sizeof(st.st_ino) == 8) {
			EXPECT_EQ((__u64)st.st_ino, info.cgroup_id);
		}
		ASSERT_EQ(0, vc(VC_DESTROY, 77, NULL));
	}
}

TEST_F(info, counts)
{
	struct vc_info info;
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ(1U, info.tasks);
	EXPECT_EQ(1U, info.processes);

	EXPECT_EQ(3, ask(&agent, a_fork_many, 3));
	EXPECT_EQ(0, ask0(&agent, a_thread));
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ(5U, info.tasks);
	EXPECT_EQ(4U, info.processes);
	EXPECT_EQ(4, vc(VC_COUNT, id, NULL));

	EXPECT_EQ(0, ask0(&agent, a_reap));
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ(2U, info.tasks);
	EXPECT_EQ(1U, info.processes);

	agent_end(&agent);
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ(0U, info.tasks);
	EXPECT_EQ(0U, info.processes);
}

/* A zombie is a task that nobody has waited for, and no process. */
TEST_F(info, zombie)
{
	struct vc_info info;
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_LT(0, ask0(&agent, a_fork_zombie));
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ(1U, info.processes);
	EXPECT_EQ(1, vc(VC_COUNT, id, NULL));
}

TEST_F(info, none)
{
	struct vc_info info;

	EXPECT_EQ(-ESRCH, vc(VC_INFO, ID_UNKNOWN, NULL));
	EXPECT_EQ(-ESRCH, ctx_info(ID_UNKNOWN, &info));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, VC_ID_MAX + 1, NULL));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, 0xfffffffe, NULL));
}

TEST_F(info, self)
{
	struct vc_info info;
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, ctx_info(VC_ID_SELF, &info));
	EXPECT_EQ(0U, info.id);
	EXPECT_EQ(0U, info.parent);
	EXPECT_EQ(0, ctx_info(VC_ID_HOST, &info));
	EXPECT_EQ(0U, info.id);

	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_INFO, (int)VC_ID_SELF, 1));
	EXPECT_EQ(id, (long)((struct vc_info *)agent_buf)->id);
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_INFO, id, 1));
	EXPECT_EQ(id, (long)((struct vc_info *)agent_buf)->id);
}

VC_FIXTURE(list)

struct list {
	struct vc_id_list head;
	__u32 ids[64];
};

static long get_list(struct list *list, __u32 id, __u32 room)
{
	memset(list, 0xa5, sizeof(*list));
	list->head.count = room;
	list->head.reserved = 0;
	return vc(VC_LIST, id, list);
}

TEST_F(list, ascending)
{
	static const __u32 ids[] = { 905, 17, 333, 4, 12345 };
	struct list list;
	unsigned int i, found = 0;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		ASSERT_EQ((long)ids[i], ctx_make(ids[i], 0, 0, NULL));
	}
	ASSERT_EQ(0, get_list(&list, 0, 64));
	ASSERT_LE(ARRAY_SIZE(ids), list.head.count);
	ASSERT_GE(64U, list.head.count);
	for (i = 0; i < list.head.count; i++) {
		unsigned int k;

		if (i) {
			EXPECT_LT(list.ids[i - 1], list.ids[i]);
		}
		for (k = 0; k < ARRAY_SIZE(ids); k++)
			found += list.ids[i] == ids[k];
	}
	EXPECT_EQ(ARRAY_SIZE(ids), found);
	EXPECT_EQ(0xa5a5a5a5U, list.ids[list.head.count]);
}

TEST_F(list, count)
{
	struct list all, some;
	unsigned int i, k;

	for (i = 0; i < 4; i++) {
		ASSERT_LT(0, ctx_new(0));
	}
	ASSERT_EQ(0, get_list(&all, 0, 64));
	ASSERT_LE(4U, all.head.count);

	/* Less room: how many there are, and as many as there is room for. */
	for (i = 0; i <= all.head.count; i++) {
		EXPECT_EQ(0, get_list(&some, 0, i));
		EXPECT_EQ(all.head.count, some.head.count);
		for (k = 0; k < i; k++) {
			EXPECT_EQ(all.ids[k], some.ids[k]);
		}
		EXPECT_EQ(0xa5a5a5a5U, some.ids[i]);
	}
}

/* Children, not grandchildren; in each caller's own tree. */
TEST_F(list, nested)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	struct agent agent;
	struct list list;
	long b, c, bb;

	ASSERT_LT(0, a);
	EXPECT_EQ(0, get_list(&list, a, 64));
	EXPECT_EQ(0U, list.head.count);
	b = ctx_new_below(a, 0);
	c = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_LT(0, c);
	bb = ctx_new_below(b, 0);
	ASSERT_LT(0, bb);

	EXPECT_EQ(0, get_list(&list, a, 64));
	EXPECT_EQ(2U, list.head.count);
	EXPECT_EQ(b < c ? b : c, (long)list.ids[0]);
	EXPECT_EQ(b < c ? c : b, (long)list.ids[1]);

	ASSERT_EQ(0, agent_start(&agent, a, 0));
	memset(agent_buf, 0, sizeof(agent_buf));
	((struct vc_id_list *)agent_buf)->count = 8;
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_LIST, (int)VC_ID_SELF, 1));
	EXPECT_EQ(2U, ((struct vc_id_list *)agent_buf)->count);
	memset(agent_buf, 0, sizeof(agent_buf));
	((struct vc_id_list *)agent_buf)->count = 8;
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_LIST, b, 1));
	EXPECT_EQ(1U, ((struct vc_id_list *)agent_buf)->count);
	EXPECT_EQ(bb, (long)((struct vc_id_list *)agent_buf)->ids[0]);
}

/* The ids go where the array is, and a fault there is reported. */
TEST_F(list, fault)
{
	struct vc_id_list *list;
	char *map;

	ASSERT_LT(0, ctx_new(0));
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, munmap(map + 4096, 4096));
	list = (void *)(map + 4096 - sizeof(*list));
	list->count = 0;
	EXPECT_EQ(0, vc(VC_LIST, 0, list));
	list->count = 1;
	EXPECT_EQ(-EFAULT, vc(VC_LIST, 0, list));
}

VC_FIXTURE(nest)

TEST_F(nest, parents)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	struct vc_info info;
	long b, c;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	c = ctx_new_below(b, 0);
	ASSERT_LT(0, c);
	EXPECT_EQ(0, ctx_info(a, &info));
	EXPECT_EQ(2U, info.children);
	EXPECT_EQ(0U, info.parent);
	EXPECT_EQ(0, ctx_info(b, &info));
	EXPECT_EQ(1U, info.children);
	EXPECT_EQ(a, (long)info.parent);
	EXPECT_EQ(0, ctx_info(c, &info));
	EXPECT_EQ(0U, info.children);
	EXPECT_EQ(b, (long)info.parent);
}

/* children_max counts what is below at any depth. */
TEST_F(nest, children_max)
{
	long a = ctx_make(VC_ID_SELF, 0, 3, NULL);
	struct agent in_a, in_b;
	struct vc_info info;
	long b, c, before;

	ASSERT_LT(0, a);
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	b = ask3(&in_a, a_create, 0, 3, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&in_b, b, 0));
	c = ask3(&in_b, a_create, 0, 0, 0);
	ASSERT_LT(0, c);
	EXPECT_LT(0, ask3(&in_b, a_create, 0, 0, 0));
	EXPECT_EQ(0, ctx_info(a, &info));
	EXPECT_EQ(3U, info.children);

	/* b has room, a has not. */
	before = ctx_all();
	EXPECT_EQ(-ENOSPC, ask3(&in_b, a_create, 0, 0, 0));
	EXPECT_EQ(-ENOSPC, ask3(&in_a, a_create, 0, 0, 0));
	EXPECT_EQ(before, ctx_all());
	EXPECT_EQ(0, ctx_info(b, &info));
	EXPECT_EQ(2U, info.children);

	/* What is destroyed makes room above. */
	EXPECT_EQ(0, ask3(&in_b, a_destroy, c, 0, 0));
	c = ask3(&in_a, a_create, 0, 0, 0);
	EXPECT_LT(0, c);
	EXPECT_EQ(-ENOSPC, ask3(&in_b, a_create, 0, 0, 0));
}

/* A context is made without room below it. */
TEST_F(nest, not_allowed)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(-EPERM, ask3(&agent, a_create, 0, 0, 0));
	EXPECT_EQ(-EPERM, ask3(&agent, a_create, 0, 5, 0));
	EXPECT_EQ(-EPERM, ask3(&agent, a_vc, VC_CREATE, 4712, 0));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, 4712, NULL));
}

/* Ids are the same everywhere, also those that the caller does not see. */
TEST_F(nest, id_taken)
{
	long a = ctx_make(VC_ID_SELF, 0, 4, NULL);
	struct agent agent;

	ASSERT_LT(0, a);
	ASSERT_EQ(4713, ctx_make(4713, 0, 0, NULL));
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	EXPECT_EQ(-EEXIST, ask3(&agent, a_vc, VC_CREATE, 4713, 0));
	EXPECT_EQ(-ESRCH, ask3(&agent, a_vc, VC_INFO, 4713, 0));
	EXPECT_EQ(4714, ask3(&agent, a_vc, VC_CREATE, 4714, 0));
	EXPECT_EQ(-EEXIST, vc(VC_CREATE, 4714, NULL));
}

/* Who makes a context inside may use and destroy it. */
TEST_F(nest, managed_inside)
{
	long a = ctx_make(VC_ID_SELF, 0, 4, NULL);
	struct vc_limit limit = { .limit = 3 };
	struct agent agent;
	long b;

	ASSERT_LT(0, a);
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	b = ask3(&agent, a_create, 0, 0, 0);
	ASSERT_LT(0, b);
	memcpy(agent_buf, &limit, sizeof(limit));
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_SET_LIMIT, b, 1));
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_GET_LIMIT, b, 1));
	EXPECT_EQ(3ULL, ((struct vc_limit *)agent_buf)->limit);
	EXPECT_EQ(0, ask3(&agent, a_destroy, b, 0, 0));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, b, NULL));
	EXPECT_EQ(-EPERM, ask3(&agent, a_destroy, a, 0, 0));
	EXPECT_EQ(-EPERM, ask3(&agent, a_destroy, a, 1, 0));
}

TEST_F(nest, deep)
{
	long id[9];
	int i;

	id[0] = ctx_make(VC_ID_SELF, 0, 64, NULL);
	ASSERT_LT(0, id[0]);
	for (i = 1; i < 9; i++) {
		id[i] = ctx_new_below(id[i - 1], 0);
		/* A bound on the depth is no failure, a crash is. */
		if (id[i] < 0)
			break;
	}
	EXPECT_LE(4, i);
	EXPECT_EQ(-EBUSY, vc(VC_DESTROY, id[0], NULL));
	EXPECT_EQ(0, ctx_kill(id[0]));
	while (--i >= 0) {
		EXPECT_EQ(-ESRCH, vc(VC_INFO, id[i], NULL));
	}
}

VC_FIXTURE(destroy)

static bool cg_exists(const char *path)
{
	return !access(path, F_OK);
}

TEST_F(destroy, empty)
{
	char path[256];
	long id = ctx_make(VC_ID_SELF, 0, 0, "gone");

	ASSERT_LT(0, id);
	COPY(path, cg_path(id, NULL));
	EXPECT_TRUE(cg_exists(path));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_FALSE(cg_exists(path));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, id, NULL));
	EXPECT_EQ(-ESRCH, vc(VC_DESTROY, id, NULL));
	/* At once. */
	EXPECT_EQ(id, ctx_make(id, 0, 0, "gone"));
}

TEST_F(destroy, busy)
{
	struct vc_info info;
	struct agent agent;
	__u32 flags = 0;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(-EBUSY, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(-EBUSY, vc(VC_DESTROY, id, &flags));
	/* Nothing has changed: it runs, and can be entered. */
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ(0U, info.state);
	EXPECT_EQ(1U, info.processes);
	EXPECT_LT(0, ask0(&agent, a_fork));
	EXPECT_EQ(0, ask0(&agent, a_reap));
	agent_end(&agent);
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
}

TEST_F(destroy, busy_children)
{
	long a = ctx_make(VC_ID_SELF, 0, 4, NULL);
	long b;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	EXPECT_EQ(-EBUSY, vc(VC_DESTROY, a, NULL));
	EXPECT_EQ(0, vc(VC_INFO, b, NULL));
	EXPECT_EQ(0, vc(VC_DESTROY, b, NULL));
	EXPECT_EQ(0, vc(VC_DESTROY, a, NULL));
}

TEST_F(destroy, flags)
{
	__u32 flags;
	long id = ctx_new(0);
	int bit;

	ASSERT_LT(0, id);
	for (bit = 1; bit < 32; bit++) {
		flags = 1U << bit;
		EXPECT_EQ(-EINVAL, vc(VC_DESTROY, id, &flags));
		flags |= VC_DESTROY_KILL;
		EXPECT_EQ(-EINVAL, vc(VC_DESTROY, id, &flags));
	}
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
}

TEST_F(destroy, kill)
{
	struct agent agent, deep;
	char path[256], below[256];
	long a = ctx_make(VC_ID_SELF, 0, 4, "top");
	long b, c;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	c = ctx_new_below(b, VC_CREATE_PIDNS | VC_CREATE_NETNS);
	ASSERT_LT(0, c);
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	ASSERT_EQ(0, agent_start(&deep, b, 0));
	EXPECT_EQ(5, ask(&agent, a_fork_many, 5));
	EXPECT_EQ(5, ask(&deep, a_fork_many, 5));
	EXPECT_EQ(0, ask0(&deep, a_thread));
	COPY(path, cg_path(a, NULL));
	COPY(below, cg_path(c, NULL));
	EXPECT_TRUE(cg_exists(below));

	EXPECT_EQ(0, ctx_kill(a));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, a, NULL));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, b, NULL));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, c, NULL));
	EXPECT_FALSE(cg_exists(below));
	EXPECT_FALSE(cg_exists(path));
	/* Not on their way out: dead, each of them. */
	EXPECT_EQ(1000 + SIGKILL, child_wait(agent.pid));
	EXPECT_EQ(1000 + SIGKILL, child_wait(deep.pid));
	agent_forget(&agent);
	agent_forget(&deep);
	EXPECT_EQ(a, ctx_make(a, 0, 0, "top"));
}

/* A dead one that nobody has waited for does not keep a context. */
TEST_F(destroy, zombie)
{
	struct agent agent;
	long id = ctx_new(0);
	siginfo_t si;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	kill(agent.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, agent.pid, &si, WEXITED | WNOWAIT));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, id, NULL));
	EXPECT_EQ(id, ctx_make(id, 0, 0, NULL));
	/* Nor does it belong to the one that has the id now. */
	EXPECT_EQ(0, ctx_usage(id));
	agent_end(&agent);
	EXPECT_EQ(0, ctx_usage(id));
}

/* Groups that were made inside go with it. */
TEST_F(destroy, groups_inside)
{
	struct agent agent;
	char path[256];
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask_path(&agent, a_mkdir, cg_path(id, "tasks/one")));
	EXPECT_EQ(0, ask_path(&agent, a_mkdir, cg_path(id, "tasks/one/two")));
	COPY(path, cg_path(id, NULL));
	agent_end(&agent);
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_FALSE(cg_exists(path));

	id = ctx_new(0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask_path(&agent, a_mkdir, cg_path(id, "tasks/one")));
	EXPECT_EQ(0, ask_write(&agent, cg_path(id, "tasks/one/cgroup.procs"),
			       "0"));
	COPY(path, cg_path(id, NULL));
	EXPECT_EQ(id, ask(&agent, a_where, 0));
	EXPECT_EQ(-EBUSY, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(0, ctx_kill(id));
	EXPECT_FALSE(cg_exists(path));
}

/* The one that destroys by force may be stopped or frozen itself: not these. */
TEST_F(destroy, kill_stopped)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(2, ask(&agent, a_fork_many, 2));
	EXPECT_EQ(0, ctx_stop(id, 1));
	EXPECT_EQ(3, ctx_signal(id, SIGSTOP));
	EXPECT_EQ(0, ctx_kill(id));
	EXPECT_EQ(1000 + SIGKILL, child_wait(agent.pid));
	agent_forget(&agent);
}

VC_FIXTURE(ephemeral)

static bool is_gone(long id)
{
	return vc(VC_INFO, id, NULL) == -ESRCH;
}

TEST_F(ephemeral, last_task)
{
	struct agent agent, other;
	long id = ctx_new(VC_CREATE_EPHEMERAL);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, agent_start(&other, id, 0));
	agent_end(&agent);
	/* Not with the first. */
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
	EXPECT_EQ(id, ask(&other, a_where, 0));
	agent_end(&other);
	EXPECT_TRUE(WAIT_FOR(is_gone(id)));
}

static long make_ephemeral(long hold)
{
	return vc(VC_CREATE, VC_ID_SELF,
		  &(struct vc_create){ .flags = VC_CREATE_EPHEMERAL });
}

TEST_F(ephemeral, never_entered)
{
	long id = in_child(make_ephemeral, 0);

	ASSERT_LT(0, id);
	/* Its creator has exited. */
	EXPECT_TRUE(WAIT_FOR(is_gone(id)));
}

TEST_F(ephemeral, creator_lives)
{
	struct agent agent;
	long id, other;

	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	id = ask3(&agent, a_create, VC_CREATE_EPHEMERAL, 0, 0);
	ASSERT_LT(0, id);
	/* A process of somebody else exits. */
	other = in_child(make_ephemeral, 0);
	ASSERT_LT(0, other);
	EXPECT_TRUE(WAIT_FOR(is_gone(other)));
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
	agent_end(&agent);
	EXPECT_TRUE(WAIT_FOR(is_gone(id)));
}

/* Once it was entered its creator does not matter. */
TEST_F(ephemeral, entered)
{
	struct agent creator, agent;
	long id;

	ASSERT_EQ(0, agent_start(&creator, VC_ID_HOST, 0));
	id = ask3(&creator, a_create, VC_CREATE_EPHEMERAL, 0, 0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	agent_end(&creator);
	EXPECT_EQ(id, ask(&agent, a_where, 0));
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
	agent_end(&agent);
	EXPECT_TRUE(WAIT_FOR(is_gone(id)));
}

TEST_F(ephemeral, destroyed)
{
	struct agent agent;
	long id = ctx_new(VC_CREATE_EPHEMERAL);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(-EBUSY, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(0, ctx_kill(id));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, id, NULL));
}

/* Without the flag an empty one stays. */
TEST_F(ephemeral, control)
{
	struct agent creator, agent;
	long id;

	ASSERT_EQ(0, agent_start(&creator, VC_ID_HOST, 0));
	id = ctx_remember(ask3(&creator, a_create, 0, 0, 0));
	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	agent_end(&agent);
	agent_end(&creator);
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
}

VC_FIXTURE(hostname)

static long a_uname(long a, long b, long c)
{
	struct utsname uts;

	if (uname(&uts))
		return -errno;
	COPY(agent_buf, uts.nodename);
	return 0;
}

static long set_hostname(__u32 id, const char *name)
{
	struct vc_hostname hostname = {};

	COPY(hostname.name, name);
	return vc(VC_SET_HOSTNAME, id, &hostname);
}

TEST_F(hostname, set_get)
{
	struct vc_hostname hostname;
	struct utsname before, after;
	struct agent agent;
	long id = ctx_new(VC_CREATE_UTSNS);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, uname(&before));
	EXPECT_EQ(0, set_hostname(id, "inside.example"));
	memset(&hostname, 0xa5, sizeof(hostname));
	EXPECT_EQ(0, vc(VC_GET_HOSTNAME, id, &hostname));
	EXPECT_STREQ("inside.example", hostname.name);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask0(&agent, a_uname));
	EXPECT_STREQ("inside.example", agent_buf);
	/* Also while it runs, and shorter. */
	EXPECT_EQ(0, set_hostname(id, "x"));
	EXPECT_EQ(0, ask0(&agent, a_uname));
	EXPECT_STREQ("x", agent_buf);
	EXPECT_EQ(0, vc(VC_GET_HOSTNAME, id, &hostname));
	EXPECT_STREQ("x", hostname.name);
	/* Nowhere else. */
	ASSERT_EQ(0, uname(&after));
	EXPECT_STREQ(before.nodename, after.nodename);
	/* It can be asked for from inside, not set. */
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_GET_HOSTNAME, (int)VC_ID_SELF, 1));
	EXPECT_STREQ("x", agent_buf);
	EXPECT_EQ(-EPERM,
		  ask3(&agent, a_vc, VC_SET_HOSTNAME, (int)VC_ID_SELF, 1));
}

/* What a new one is called is what its creator is. */
TEST_F(hostname, inherited)
{
	struct vc_hostname hostname;
	struct utsname uts;
	long id = ctx_new(VC_CREATE_UTSNS);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, uname(&uts));
	EXPECT_EQ(0, vc(VC_GET_HOSTNAME, id, &hostname));
	EXPECT_STREQ(uts.nodename, hostname.name);
}

TEST_F(hostname, not_owned)
{
	struct vc_hostname hostname = { .name = "x" };
	struct utsname before, after;
	long id = ctx_new(VC_CREATE_IPCNS);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, uname(&before));
	EXPECT_EQ(-ENOENT, vc(VC_SET_HOSTNAME, id, &hostname));
	EXPECT_EQ(-ENOENT, vc(VC_GET_HOSTNAME, id, &hostname));
	ASSERT_EQ(0, uname(&after));
	EXPECT_STREQ(before.nodename, after.nodename);
}

TEST_F(hostname, bounds)
{
	struct vc_hostname hostname, got;
	long id = ctx_new(VC_CREATE_UTSNS);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, set_hostname(id, "before"));
	memset(&hostname, 'h', sizeof(hostname));
	EXPECT_EQ(-EINVAL, vc(VC_SET_HOSTNAME, id, &hostname));
	EXPECT_EQ(0, vc(VC_GET_HOSTNAME, id, &got));
	EXPECT_STREQ("before", got.name);
	/* 64 characters are the most that a host name has. */
	hostname.name[64] = '\0';
	EXPECT_EQ(0, vc(VC_SET_HOSTNAME, id, &hostname));
	EXPECT_EQ(0, vc(VC_GET_HOSTNAME, id, &got));
	EXPECT_STREQ(hostname.name, got.name);
}

FIXTURE(ns)
{
	int unused;
};

FIXTURE_VARIANT(ns)
{
	__u32 flag;
	const char *link;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(ns, net) {
	.flag = VC_CREATE_NETNS, .link = "net",
};

FIXTURE_VARIANT_ADD(ns, uts) {
	.flag = VC_CREATE_UTSNS, .link = "uts",
};

FIXTURE_VARIANT_ADD(ns, ipc) {
	.flag = VC_CREATE_IPCNS, .link = "ipc",
};

FIXTURE_VARIANT_ADD(ns, pid) {
	.flag = VC_CREATE_PIDNS, .link = "pid",
};

FIXTURE_VARIANT_ADD(ns, mnt) {
	.flag = VC_CREATE_MNTNS, .link = "mnt",
};

FIXTURE_VARIANT_ADD(ns, cgroup) {
	.flag = VC_CREATE_CGROUPNS, .link = "cgroup",
};

/* clang-format on */

FIXTURE_SETUP(ns)
{
	VC_SETUP();
}

FIXTURE_TEARDOWN(ns)
{
	vc_teardown();
}

static void ns_link(struct agent *agent, const char *name, char *buf)
{
	memset(buf, 0, 64);
	COPY(agent_buf, name);
	if (ask0(agent, a_ns))
		COPY(agent_buf, "unreadable");
	snprintf(buf, 64, "%.63s", agent_buf);
}

/* Who enters is in the context's own, and all who enter are in the same. */
TEST_F(ns, owned)
{
	static const char * const all[] = {
		"net", "uts", "ipc", "pid", "mnt", "cgroup",
	};
	unsigned int fork = variant->flag & VC_CREATE_PIDNS ? AGENT_FORK : 0;
	struct agent host, one, two;
	char a[64], b[64], c[64];
	unsigned int i;
	long id = ctx_new(variant->flag);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&one, id, fork));
	ASSERT_EQ(0, agent_start(&two, id, fork));
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		ns_link(&host, all[i], a);
		ns_link(&one, all[i], b);
		ns_link(&two, all[i], c);
		EXPECT_STRNE("unreadable", a);
		EXPECT_STRNE("unreadable", b);
		EXPECT_STREQ(b, c);
		if (!strcmp(all[i], variant->link)) {
			EXPECT_STRNE(a, b);
		} else {
			EXPECT_STREQ(a, b);
		}
	}
	EXPECT_EQ(id, ask(&one, a_where, 0));
	EXPECT_EQ(id, ask(&two, a_where, 0));
}

/* Without the flag there is nothing to enter. */
TEST_F(ns, control)
{
	struct agent host, agent;
	char a[64], b[64];
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ns_link(&host, variant->link, a);
	ns_link(&agent, variant->link, b);
	EXPECT_STREQ(a, b);
}

/* Another task cannot be moved into namespaces. */
TEST_F(ns, other_task)
{
	struct agent host, control;
	long id = ctx_new(variant->flag);
	long none = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_LT(0, none);
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&control, VC_ID_HOST, 0));
	EXPECT_EQ(-EINVAL, task_move(host.pid, id));
	EXPECT_EQ(0, ask(&host, a_where, 0));
	EXPECT_EQ(0, ctx_usage(id));
	EXPECT_EQ(0, task_move(control.pid, none));
	EXPECT_EQ(none, ask(&control, a_where, 0));
}

static long a_enter_threaded(long id, long b, long c)
{
	long ret = a_thread(0, 0, 0);

	return ret ? ret : vc(VC_MIGRATE, id, NULL);
}

static long a_enter_shared_fs(long id, long b, long c)
{
	return vc(VC_MIGRATE, id, NULL);
}

static int fs_sharer(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
	return 0;
}

static long a_share_fs(long a, long b, long c)
{
	static char stack[16384] __aligned(16);

	return res(clone(fs_sharer, stack + sizeof(stack),
			 CLONE_FS | SIGCHLD, NULL));
}

/* Nor can half a process, or one that shares its root with another. */
TEST_F(ns, single_threaded)
{
	struct agent threaded, sharing;
	long id = ctx_new(variant->flag);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&threaded, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&sharing, VC_ID_HOST, 0));
	EXPECT_EQ(-EINVAL, ask(&threaded, a_enter_threaded, id));
	EXPECT_EQ(0, ask(&threaded, a_where, 0));
	EXPECT_LT(0, ask0(&sharing, a_share_fs));
	EXPECT_EQ(-EINVAL, ask(&sharing, a_enter_shared_fs, id));
	EXPECT_EQ(0, ask(&sharing, a_where, 0));
	EXPECT_EQ(0, ctx_usage(id));
}

VC_FIXTURE(pidns)

TEST_F(pidns, first_is_init)
{
	struct agent agent, second;
	long id = ctx_new(VC_CREATE_PIDNS);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, AGENT_FORK));
	EXPECT_EQ(1, ask0(&agent, a_getpid));
	ASSERT_EQ(0, agent_start(&second, id, AGENT_FORK));
	EXPECT_LT(1, ask0(&second, a_getpid));
	/* The same pid means another process there. */
	EXPECT_EQ(id, task_where(agent.pid));
	EXPECT_EQ(id, ask(&agent, a_where, 1));
}

/* Its init takes all with it, and the next entry gets a fresh one. */
TEST_F(pidns, init_dies)
{
	struct agent agent, second;
	struct vc_info info;
	long id = ctx_new(VC_CREATE_PIDNS);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, AGENT_FORK));
	EXPECT_EQ(3, ask(&agent, a_fork_many, 3));
	agent_end(&agent);
	EXPECT_TRUE(WAIT_FOR(!ctx_info(id, &info) && !info.tasks));
	ASSERT_EQ(0, agent_start(&second, id, AGENT_FORK));
	EXPECT_EQ(1, ask0(&second, a_getpid));
}

static long a_enter_and_exec(long id, long b, long c)
{
	char help[] = "-h";
	char *argv[] = { agent_buf, help, NULL };
	char *envp[] = { NULL };
	long ret = vc(VC_MIGRATE, id, NULL);

	if (ret)
		return ret;
	COPY(agent_buf, "true");
	execve("/proc/self/exe", argv, envp);
	return -errno;
}

/* The caller itself is still outside of it, and may not run anything there. */
TEST_F(pidns, exec_between)
{
	struct agent agent;
	long id = ctx_new(VC_CREATE_PIDNS);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	EXPECT_EQ(-EPERM, ask(&agent, a_enter_and_exec, id));
}

TEST_HARNESS_MAIN
