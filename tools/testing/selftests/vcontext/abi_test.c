// SPDX-License-Identifier: GPL-2.0
/*
 * The shape of virtual_context(2): the command word, versions, the order of
 * checks and the sizes of structs, driven over every command of the kernel's
 * table, and the last error.
 */
#include "sample.h"

static pid_t idle_child(void)
{
	pid_t pid = child_fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

/* In user mode nothing is ever mapped there. */
static void *unmapped(void)
{
	return (void *)4096;
}

VC_FIXTURE(first)

/*
 * First of all, since on a machine that has had no context yet hooks are off:
 * the group of all contexts is guarded even then, or nobody could have one.
 */
TEST_F(first, base)
{
	pid_t pid;
	long id;

	if (access(CG_ROOT "/cgroup.procs", F_OK))
		SKIP(return, "no cgroup2 at " CG_ROOT);
	EXPECT_EQ(-EBUSY, res(rmdir(CG_CONTEXTS)));
	EXPECT_EQ(-EPERM, res(mkdir(CG_CONTEXTS "/4715", 0755)));
	EXPECT_EQ(-EPERM, file_write(CG_CONTEXTS "/cgroup.type", "threaded"));
	EXPECT_EQ(-EPERM, file_write(CG_CONTEXTS "/cgroup.procs", "0"));
	ASSERT_EQ(0, access(CG_CONTEXTS, F_OK));
	id = ctx_new(0);
	ASSERT_LT(0, id);
	pid = idle_child();
	EXPECT_EQ(0, task_move(pid, id));
	EXPECT_EQ(id, task_where(pid));
}

VC_FIXTURE(word)

TEST_F(word, malformed)
{
	const struct command *c;
	__u32 cat;

	/* The reserved bit, wherever it stands. */
	for_each_command(c) {
		EXPECT_EQ(-EINVAL, vc(c->word | VC_RESERVED_BIT, 0, NULL));
	}
	for (cat = 0; cat < 256; cat++) {
		if (cat == VC_CAT_VSERVER)
			continue;
		EXPECT_EQ(-EINVAL, vc(VC_CMD(cat, VC_SUB_VERSION, 0) |
				      VC_RESERVED_BIT, 0, NULL))
			TH_LOG("category %u", cat);
	}

	/* Sub 0 belongs to category 0. */
	for (cat = 1; cat < 256; cat++) {
		if (cat == VC_CAT_VSERVER)
			continue;
		EXPECT_EQ(-EINVAL, vc(VC_CMD(cat, 0, 0), 0, NULL))
			TH_LOG("category %u", cat);
		EXPECT_EQ(-EINVAL, vc(VC_CMD(cat, 0, 1), 0, NULL))
			TH_LOG("category %u", cat);
	}
}

TEST_F(word, unknown_category)
{
	__u32 cat, sub;

	for (cat = 0; cat < 255; cat++) {
		if (cat <= VC_CAT_OTHER || cat == VC_CAT_CLASS ||
		    cat == VC_CAT_EVENT || cat == VC_CAT_VSERVER)
			continue;
		for (sub = VC_SUB_SET; sub <= VC_SUB_VERSION; sub++) {
			EXPECT_EQ(-EOPNOTSUPP,
				  vc(VC_CMD(cat, sub, 0), 0, NULL));
			EXPECT_EQ(-EOPNOTSUPP,
				  vc(VC_CMD(cat, sub, 1), 0, NULL));
			EXPECT_EQ(-EOPNOTSUPP,
				  vc(VC_CMD(cat, sub, 255), 0, NULL));
		}
	}
}

TEST_F(word, unknown_command)
{
	static const __u32 cats[] = {
		VC_CAT_VERSION, VC_CAT_CPU, VC_CAT_PROCESS, VC_CAT_VFS,
		VC_CAT_OTHER, VC_CAT_VNET,
		VC_CAT_VERSION, VC_CAT_CPU, VC_CAT_PROCESS, VC_CAT_MEMORY,
	};
	unsigned int i;
	__u32 cmd, sub;

	for (i = 0; i < ARRAY_SIZE(cats); i++) {
		for (sub = VC_SUB_SET; sub <= VC_SUB_VERSION; sub++)
			for (cmd = 64; cmd < 256; cmd++) {
				EXPECT_EQ(-EOPNOTSUPP,
					  vc(VC_CMD(cats[i], sub, cmd), 0,
					     NULL));
			}
	}
}

TEST_F(word, unknown_sub)
{
	/* Commands that are there, in a direction that is not. */
	static const __u32 words[] = {
		VC_SET(VC_CAT_VERSION, VC_VERSION_ERROR),
		VC_CMD(VC_CAT_VERSION, 0, VC_VERSION_ERROR),
		VC_SET(VC_CAT_CPU, 0),
		VC_GET(VC_CAT_CPU, 0),
		VC_SET(VC_CAT_PROCESS, 0),
		VC_GET(VC_CAT_PROCESS, 0),
		VC_GET(VC_CAT_CPU, VC_CPU_DESTROY),
		VC_SET(VC_CAT_CPU, VC_CPU_LIST),
		VC_SET(VC_CAT_EVENT, VC_EVENT_OPEN),
		VC_GET(VC_CAT_CLASS, VC_CLASS_REMOVE),
		VC_GET(VC_CAT_CLASS, VC_CLASS_APPLY),
		VC_SET(VC_CAT_CPU, VC_CPU_STAT),
		VC_SET(VC_CAT_MEMORY, VC_MEMORY_STAT),
		VC_GET(VC_CAT_VNET, VC_VNET_DESTROY),
		VC_SET(VC_CAT_VNET, 0),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		EXPECT_EQ(-EOPNOTSUPP, vc(words[i], 0, NULL))
			TH_LOG("word %#x", words[i]);
	}
}

TEST_F(word, vserver_first)
{
	/* Nothing but two exact words, so not even a malformed one. */
	static const __u32 words[] = {
		0x3f000000, 0x3f000001, 0x3f010000, 0x3f010002, 0x3f020001,
		0x3f020002, 0x3f010003, 0x3f810001, 0x3fffffff, 0x3f210001,
		0x3f610001, 0x3f600000, 0x3f010101,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		EXPECT_EQ(-EOPNOTSUPP, vc(words[i], 0, unmapped()))
			TH_LOG("word %#x", words[i]);
	}
}

/* No word whatever is answered by ENOSYS, and nothing changes. */
TEST_F(word, never_enosys)
{
	long before = ctx_all();
	unsigned int seed = 1;
	int i;

	for (i = 0; i < 3000; i++) {
		__u32 word = (__u32)rand_r(&seed) << 16 ^ rand_r(&seed);
		long ret;

		/* An unknown id, so that what is well-formed stops there. */
		if (VC_CATEGORY(word) == VC_CAT_COMPAT)
			continue;
		ret = vc(word, ID_UNKNOWN, unmapped());
		EXPECT_NE(-ENOSYS, ret)
			TH_LOG("word %#x", word);
	}
	EXPECT_EQ(before, ctx_all());
}

VC_FIXTURE(version)

static long check_versions(long arg)
{
	static const __u32 ids[] = {
		0, 1, ID_UNKNOWN, VC_ID_MAX, VC_ID_MAX + 1, 0xfffffffe,
		VC_ID_SELF,
	};
	const struct command *c;
	__u32 sub, word;
	unsigned int k;

	if (arg) {
		if (setresgid(65534, 65534, 65534) ||
		    setresuid(65534, 65534, 65534))
			return -errno;
	}
	for (k = 0; k < ARRAY_SIZE(ids); k++) {
		for_each_command(c) {
			word = VC_CMD(VC_CATEGORY(c->word), VC_SUB_VERSION,
				      VC_COMMAND(c->word));
			if (vc(word, ids[k], NULL) <= 0)
				return word;
			if (vc(word, ids[k], unmapped()) <= 0)
				return word;
			word = VC_CMD(VC_CATEGORY(c->word), VC_SUB_VERSION, 0);
			if (vc(word, ids[k], unmapped()) <= 0)
				return word;
		}
		for (sub = 0; sub <= VC_SUB_VERSION; sub++)
			if (vc(VC_CMD(VC_CAT_VERSION, sub, 0), ids[k],
			       unmapped()) != VC_PATCH_VERSION)
				return VC_CMD(VC_CAT_VERSION, sub, 0);
	}
	return 0;
}

TEST_F(version, root)
{
	EXPECT_EQ(0, in_child(check_versions, 0));
}

TEST_F(version, unprivileged)
{
	EXPECT_EQ(0, in_child(check_versions, 1));
}

static long a_versions(long unprivileged, long b, long c)
{
	return check_versions(unprivileged);
}

TEST_F(version, in_context)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask(&agent, a_versions, 0));
	EXPECT_EQ(0, ask(&agent, a_versions, 1));
}

TEST_F(version, patch)
{
	EXPECT_EQ(VC_PATCH_VERSION, vc(0, 0, NULL));
	EXPECT_EQ(0x00010000, vc(0, 0, NULL));
}

VC_FIXTURE(order)

/*
 * Everything about the call is wrong; what is wrong earlier in the contract is
 * put right step by step, and each step gives the next errno.
 */
static long check_order(long index)
{
	const struct command *c = &commands[index];
	unsigned int bad_size = c->size ? c->size - 1 : 4;
	bool makes = c->kind == KIND_NEW || c->kind == KIND_COMPAT;
	__u32 word = sized(c, bad_size);
	__u32 id = makes ? 0 : ID_UNKNOWN;
	char buf[SAMPLE_BUF];
	pid_t pid;
	__u32 good;
	long ret;

	good = sample_context(c);
	if (good > VC_ID_MAX)
		return 1;
	ret = caps_lower();
	if (ret)
		return 2;

	ret = vc(word | VC_RESERVED_BIT, id, unmapped());
	if (ret != -EINVAL)
		return 10 - ret;
	ret = vc((word | 0xff), id, unmapped());
	if (ret != -EOPNOTSUPP)
		return 1000 - ret;

	if (takes_id(c)) {
		ret = vc(word, id, unmapped());
		if (ret != -ESRCH)
			return 2000 - ret;
		/* No context, though ids of contexts are close to them. */
		ret = vc(word, VC_ID_MAX + 1, unmapped());
		if (ret != -ESRCH)
			return 2000 - ret;
		ret = vc(word, 0xfffffffe, unmapped());
		if (ret != -ESRCH)
			return 2000 - ret;
		id = good;
	}

	if (takes_rights(c)) {
		ret = vc(word, id, unmapped());
		if (ret != -EPERM)
			return 3000 - ret;
	}
	ret = caps_raise();
	if (ret)
		return 3;

	/* The size, then the address: what is too long is not looked at. */
	if (!c->size && vc(sized(c, 4), id, NULL) != -EINVAL)
		return 4000;
	ret = vc(word, id, unmapped());
	if (ret != -EINVAL)
		return 5000 - ret;
	if (c->size) {
		ret = vc(sized(c, 4097), id, unmapped());
		if (ret != -E2BIG)
			return 6000 - ret;
		ret = vc(sized(c, c->size), id, unmapped());
		if (ret != -EFAULT)
			return 7000 - ret;
		ret = vc(c->word, id, unmapped());
		if (ret != -EFAULT)
			return 7000 - ret;
		if (!(c->flags & DATA_OPTIONAL)) {
			ret = vc(c->word, id, NULL);
			if (ret != -EFAULT)
				return 8000 - ret;
		}
	}

	/* And what is left is the id that create was given. */
	if (makes) {
		sample_fill(c, buf, 0);
		ret = vc(c->word, id, buf);
		if (ret != -EINVAL)
			return 9000 - ret;
		id = good;
	}
	pid = idle_child();
	sample_fill(c, buf, pid);
	ret = sample_call(c, c->word, id, buf);
	child_kill(pid);
	sample_clean(c);
	if (!sample_succeeded(c, id, ret))
		return 10000 - ret;
	return 0;
}

TEST_F(order, every_command)
{
	const struct command *c;
	unsigned int tried = 0;

	for_each_command(c) {
		EXPECT_EQ(0, in_child(check_order, c - commands))
			TH_LOG("%s", c->name);
		tried++;
	}
	/* All of them, but for the debugging category. */
	EXPECT_LE(ARRAY_SIZE(commands) - 3, tried);
}

/* What SET may not do to the host or to one's own context. */
TEST_F(order, own_and_host)
{
	const struct command *c;
	char buf[SAMPLE_BUF];
	struct agent agent;
	long id = ctx_make(VC_ID_SELF, VC_CREATE_UTSNS, 4, NULL);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	for_each_command(c) {
		if (c->kind == KIND_HOST) {
			memset(agent_buf, 0, sizeof(agent_buf));
			EXPECT_EQ(-EPERM, ask3(&agent, a_vc, c->word, 0, 1))
				TH_LOG("%s from inside", c->name);
		}
		if (c->kind != KIND_BELOW)
			continue;
		/* The host is its own context to those on it. */
		EXPECT_EQ(-EPERM, vc(c->word, VC_ID_HOST, unmapped()))
			TH_LOG("%s of the host", c->name);
		EXPECT_EQ(-EPERM, vc(c->word, VC_ID_SELF, unmapped()))
			TH_LOG("%s of the host as self", c->name);
		sample_fill(c, buf, 0);
		memcpy(agent_buf, buf, sizeof(agent_buf));
		EXPECT_EQ(-EPERM, ask3(&agent, a_vc, c->word, id, 1))
			TH_LOG("%s of the own context", c->name);
		EXPECT_EQ(-EPERM,
			  ask3(&agent, a_vc, c->word, (int)VC_ID_SELF, 1))
			TH_LOG("%s of the own context as self", c->name);
		EXPECT_EQ(-ESRCH, ask3(&agent, a_vc, c->word, VC_ID_HOST, 1))
			TH_LOG("%s of the host from inside", c->name);
	}
}

/* An id that is not seen is one that does not exist. */
TEST_F(order, invisible)
{
	const struct command *c;
	struct agent agent;
	long a = ctx_make(VC_ID_SELF, 0, 4, NULL);
	long d = ctx_new(VC_CREATE_UTSNS);

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	for_each_command(c) {
		if (!takes_id(c))
			continue;
		memset(agent_buf, 0, sizeof(agent_buf));
		EXPECT_EQ(-ESRCH, ask3(&agent, a_vc, c->word, d, 1))
			TH_LOG("%s", c->name);
		EXPECT_EQ(-ESRCH, ask3(&agent, a_vc, c->word, VC_ID_HOST, 1))
			TH_LOG("%s of the host", c->name);
		EXPECT_EQ(-ESRCH, ask3(&agent, a_vc, c->word, ID_UNKNOWN, 1))
			TH_LOG("%s of none", c->name);
	}
}

static long userns_root(long index)
{
	const struct command *c = &commands[index];
	char buf[SAMPLE_BUF];

	/* What it makes of ours the parent cleans up. */
	sample_args.id = sample_context(c);
	ctx_made_nr = 0;
	if (sample_args.id > VC_ID_MAX)
		return 0;
	if (unshare(CLONE_NEWUSER))
		return -errno;
	sample_fill(c, buf, getpid());
	return vc(c->word, sample_args.id, buf);
}

/* Each child of the host that is not one of @before. */
static void kill_others(const struct vc_id_list *before)
{
	struct vc_id_list *list = (void *)agent_buf;
	__u32 i, k;

	memset(agent_buf, 0, sizeof(agent_buf));
	list->count = 200;
	if (vc(VC_LIST, 0, list))
		return;
	for (i = 0; i < list->count && i < 200; i++) {
		for (k = 0; k < before->count; k++)
			if (before->ids[k] == list->ids[i])
				break;
		if (k == before->count)
			ctx_kill(list->ids[i]);
	}
}

/* CAP_SYS_ADMIN in a user namespace of one's own is none. */
TEST_F(order, userns)
{
	char room[sizeof(struct vc_id_list) + 200 * sizeof(__u32)] = {};
	struct vc_id_list *before = (void *)room;
	long contexts = ctx_all();
	const struct command *c;

	before->count = 200;
	ASSERT_EQ(0, vc(VC_LIST, 0, before));
	ASSERT_GT(200U, before->count);
	for_each_command(c) {
		if (!takes_rights(c))
			continue;
		EXPECT_EQ(-EPERM, in_child(userns_root, c - commands))
			TH_LOG("%s", c->name);
		kill_others(before);
		sample_clean(c);
		EXPECT_EQ(contexts, ctx_all())
			TH_LOG("%s", c->name);
	}
}

VC_FIXTURE(size)

/* One size of one command on a context of its own. */
static long try_size(const struct command *c, unsigned int size, void *buf,
		     bool *ok)
{
	__u32 id = c->kind == KIND_IGNORED ? 0 : sample_context(c);
	pid_t pid = 0;
	long ret;

	if (c->word == VC_MIGRATE) {
		pid = idle_child();
		((struct vc_task *)buf)->pid = pid;
	}
	if (c->word == VC_REMOVE_RULE)
		*(__u32 *)buf = sample_rule;
	ret = sample_call(c, sized(c, size), id, buf);
	*ok = sample_succeeded(c, id, ret);
	if (pid)
		child_kill(pid);
	if (id) {
		ctx_kill(id);
		ctx_made_nr = 0;
	}
	sample_clean(c);
	return ret;
}

TEST_F(size, ladder)
{
	const struct command *c;
	char buf[SAMPLE_BUF + 64];

	for_each_command(c) {
		unsigned int short_of[] = { 1, c->size / 2, c->size - 1 };
		unsigned int good[] = { 0, c->size, c->size + 8, 4096 };
		unsigned int over[] = { 4097, 5000, VC_SIZE_MAX };
		unsigned int i;
		bool ok;

		if (!c->size)
			continue;
		for (i = 0; i < ARRAY_SIZE(short_of); i++) {
			if (!short_of[i] || short_of[i] >= c->size)
				continue;
			sample_fill(c, buf, getpid());
			EXPECT_EQ(-EINVAL, try_size(c, short_of[i], buf, &ok))
				TH_LOG("%s: short %u", c->name, short_of[i]);
		}
		for (i = 0; i < ARRAY_SIZE(good); i++) {
			long ret;

			sample_fill(c, buf, getpid());
			ret = try_size(c, good[i], buf, &ok);
			/* There is no last error to be had then. */
			if (c->word == VC_LAST_ERROR)
				ok = !ret || ret == -ENODATA;
			EXPECT_TRUE(ok)
				TH_LOG("%s: size %u gave %ld", c->name,
				       good[i], ret);
		}
		for (i = 0; i < ARRAY_SIZE(over); i++) {
			sample_fill(c, buf, getpid());
			EXPECT_EQ(-E2BIG, try_size(c, over[i], buf, &ok))
				TH_LOG("%s: over %u", c->name, over[i]);
		}
	}
}

/* The tail asks for what this kernel does not know, or is there to be filled. */
TEST_F(size, dirty_tail)
{
	const struct command *c;
	char buf[SAMPLE_BUF + 64];

	for_each_command(c) {
		/* Where the dirt is, and the size with which it is given. */
		const struct {
			unsigned int at, size;
		} dirty[] = {
			{ c->size, c->size + 8 }, { c->size + 7, c->size + 8 },
			{ 4095, 4096 },
		}, behind[] = {
			{ c->size, c->size }, { c->size, 0 },
		};
		unsigned int i;
		long ret;
		bool ok;

		/* What reads nothing fills all: get_fills. */
		if (!(c->flags & DATA_IN))
			continue;
		for (i = 0; i < ARRAY_SIZE(dirty); i++) {
			sample_fill(c, buf, getpid());
			buf[dirty[i].at] = 1;
			ret = try_size(c, dirty[i].size, buf, &ok);
			if (refuses_tail(c))
				ok = ret == -E2BIG;
			EXPECT_TRUE(ok)
				TH_LOG("%s: byte %u of %u gave %ld", c->name,
				       dirty[i].at, dirty[i].size, ret);
		}
		/* What is behind the size is not looked at. */
		for (i = 0; i < ARRAY_SIZE(behind); i++) {
			sample_fill(c, buf, getpid());
			buf[behind[i].at] = 1;
			ret = try_size(c, behind[i].size, buf, &ok);
			EXPECT_TRUE(ok)
				TH_LOG("%s: behind size %u gave %ld", c->name,
				       behind[i].size, ret);
		}
	}
}

/* A command without data has one size. */
TEST_F(size, no_data)
{
	const struct command *c;
	__u32 id;

	for_each_command(c) {
		if (c->size)
			continue;
		id = sample_context(c);
		EXPECT_EQ(-EINVAL, vc(sized(c, 1), id, NULL))
			TH_LOG("%s", c->name);
		EXPECT_EQ(-EINVAL, vc(sized(c, 4), id, NULL))
			TH_LOG("%s", c->name);
		EXPECT_EQ(-EINVAL, vc(sized(c, 4096), id, NULL))
			TH_LOG("%s", c->name);
		EXPECT_LE(0, sample_call(c, c->word, id, NULL))
			TH_LOG("%s", c->name);
	}
}

/* NULL where the contract allows it, with the size that a wrapper gives. */
TEST_F(size, null_data)
{
	const struct command *c;

	for_each_command(c) {
		__u32 id;
		bool ok;

		/* The caller itself is not to enter. */
		if (!(c->flags & DATA_OPTIONAL) || c->word == VC_MIGRATE)
			continue;
		id = sample_context(c);
		ok = sample_succeeded(c, id, vc(c->word, id, NULL));
		EXPECT_TRUE(ok)
			TH_LOG("%s", c->name);
	}
}

/* Nothing but dirt, behind what is read if something is. */
static void dirty(const struct command *c, unsigned char *buf)
{
	unsigned int from = 0;

	if (c->flags & DATA_IN) {
		sample_fill(c, buf, getpid());
		from = c->size;
	}
	memset(buf + from, 0xa5, SAMPLE_BUF - from);
}

/* GET fills what it knows, clears what the caller has beyond, no more. */
TEST_F(size, get_fills)
{
	const struct command *c;
	unsigned char buf[SAMPLE_BUF];

	for_each_command(c) {
		unsigned int size = c->size + 24;
		unsigned int i, wrong = 0;
		__u32 id;

		if (c->set || !(c->flags & DATA_OUT))
			continue;
		id = sample_context(c);
		/* So that there is an error to be read. */
		EXPECT_EQ(-ESRCH, vc(VC_INFO, ID_UNKNOWN, NULL));
		dirty(c, buf);
		EXPECT_EQ(0, vc(sized(c, size), id, buf))
			TH_LOG("%s: %s", c->name, ctx_error());
		for (i = c->size; i < size; i++)
			wrong += buf[i] != 0;
		EXPECT_EQ(0U, wrong)
			TH_LOG("%s: %u bytes not cleared", c->name, wrong);
		for (wrong = 0; i < sizeof(buf); i++)
			wrong += buf[i] != 0xa5;
		EXPECT_EQ(0U, wrong)
			TH_LOG("%s: %u bytes written beyond", c->name, wrong);

		EXPECT_EQ(-ESRCH, vc(VC_INFO, ID_UNKNOWN, NULL));
		dirty(c, buf);
		EXPECT_EQ(0, vc(c->word, id, buf))
			TH_LOG("%s: %s", c->name, ctx_error());
		for (i = c->size, wrong = 0; i < sizeof(buf); i++)
			wrong += buf[i] != 0xa5;
		EXPECT_EQ(0U, wrong)
			TH_LOG("%s: %u bytes beyond version 1", c->name, wrong);
		ctx_kill(id);
	}
}

/* What GET says of the sample's context, for what SET is the command of. */
static long twin_says(const struct command *set, __u32 id, void *buf)
{
	const struct command *c;
	long ret;

	memset(buf, 0, SAMPLE_BUF + sizeof(pointee));
	for_each_command(c) {
		if (c->set || (c->word ^ set->word) &
			      ~VC_CMD(0, VC_SUB_VERSION, 0))
			continue;
		memset(pointee, 0, sizeof(pointee));
		if (c->size)
			sample_fill(c, buf, 0);
		/* Room for some elements. */
		if (c->size == sizeof(struct vc_addr_req))
			((struct vc_addr_req *)buf)->count = 4;
		else if (c->flags & DATA_LIST)
			((struct vc_id_list *)buf)->count = 4;
		ret = vc(c->word, id, c->size ? buf : NULL);
		memcpy((char *)buf + SAMPLE_BUF, pointee, sizeof(pointee));
		return ret;
	}
	return -ENOENT;
}

/* Refused for each reason that the shape of the call can give. */
static long refuse(const struct command *c, __u32 id)
{
	char buf[SAMPLE_BUF];
	long ret;

	if (c->size > 1 && vc(sized(c, c->size - 1), id, unmapped()) != -EINVAL)
		return 1;
	if (vc(sized(c, 4097), id, unmapped()) != (c->size ? -E2BIG : -EINVAL))
		return 2;
	if (c->size && vc(c->word, id, unmapped()) != -EFAULT)
		return 3;
	if (c->size && !(c->flags & DATA_OPTIONAL) &&
	    vc(c->word, id, NULL) != -EFAULT)
		return 4;
	sample_fill(c, buf, 0);
	buf[c->size] = 1;
	if (refuses_tail(c) && vc(sized(c, c->size + 1), id, buf) != -E2BIG)
		return 5;
	if (!takes_rights(c))
		return 0;
	buf[c->size] = 0;
	if (caps_lower())
		return 6;
	ret = vc(c->word, id, buf);
	return caps_raise() || ret != -EPERM ? 7 : 0;
}

/* A call that is refused has changed nothing. */
TEST_F(size, refused_unchanged)
{
	char before[SAMPLE_BUF + sizeof(pointee)], after[sizeof(before)];
	unsigned int twins = 0;
	const struct command *c;

	for_each_command(c) {
		long contexts, groups, said;
		__u32 id;

		if (!c->set)
			continue;
		id = sample_context(c);
		contexts = ctx_all();
		groups = cg_descendants();
		said = twin_says(c, id, before);
		twins += said >= 0;
		EXPECT_EQ(0, refuse(c, id))
			TH_LOG("%s", c->name);
		EXPECT_EQ(said, twin_says(c, id, after))
			TH_LOG("%s", c->name);
		EXPECT_EQ(0, memcmp(before, after, sizeof(before)))
			TH_LOG("%s", c->name);
		EXPECT_EQ(contexts, ctx_all());
		EXPECT_EQ(groups, cg_descendants());
		ctx_kill(id);
		sample_clean(c);
	}
	/* Most of them have one that can be asked. */
	EXPECT_LE(20U, twins);
}

VC_FIXTURE(memory)

/* Data that ends where the mapping does, and data that goes beyond. */
TEST_F(memory, page_edge)
{
	const struct command *c;
	char *map;

	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, munmap(map + 4096, 4096));

	for_each_command(c) {
		char good[SAMPLE_BUF];
		long before, ret;
		pid_t pid;
		__u32 id;

		if (!c->size)
			continue;
		id = sample_context(c);
		pid = idle_child();
		before = ctx_all();
		sample_fill(c, good, pid);
		/* All but the last byte. */
		memcpy(map + 4096 - (c->size - 1), good, c->size - 1);
		vc(VC_INFO, ID_UNKNOWN, NULL);
		EXPECT_EQ(-EFAULT, vc(c->word, id, map + 4096 - (c->size - 1)))
			TH_LOG("%s: one byte short", c->name);
		EXPECT_EQ(-EFAULT, vc(c->word, id, map + 4096))
			TH_LOG("%s: behind the mapping", c->name);
		EXPECT_EQ(-EFAULT, vc(c->word, id, (void *)~0UL))
			TH_LOG("%s: the end of the address space", c->name);
		EXPECT_EQ(before, ctx_all());

		memcpy(map + 4096 - c->size, good, c->size);
		vc(VC_INFO, ID_UNKNOWN, NULL);
		ret = sample_call(c, c->word, id, map + 4096 - c->size);
		EXPECT_TRUE(sample_succeeded(c, id, ret))
			TH_LOG("%s: exactly: %ld", c->name, ret);
		child_kill(pid);
		ctx_kill(id);
		sample_clean(c);
	}
}

/* GET into memory that cannot be written. */
TEST_F(memory, read_only)
{
	const struct command *c;
	char *map;

	map = mmap(NULL, SAMPLE_BUF, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	ASSERT_TRUE(map != MAP_FAILED);
	for_each_command(c) {
		__u32 id;

		if (c->set || !(c->flags & DATA_OUT))
			continue;
		id = sample_context(c);
		ASSERT_EQ(0, mprotect(map, SAMPLE_BUF, PROT_READ | PROT_WRITE));
		sample_fill(c, map, 0);
		ASSERT_EQ(0, mprotect(map, SAMPLE_BUF, PROT_READ));
		vc(VC_INFO, ID_UNKNOWN, NULL);
		EXPECT_EQ(-EFAULT, vc(c->word, id, map))
			TH_LOG("%s", c->name);
		ctx_kill(id);
	}
}

static bool flip_end;
static struct vc_create flip_create;
static struct vc_task flip_task;
static struct vc_caps flip_caps;

static void *flipper(void *arg)
{
	const __u32 flags[] = { 0, 1U << 31 };
	const pid_t pid = getpid();
	unsigned int i = 0;

	while (!__atomic_load_n(&flip_end, __ATOMIC_RELAXED)) {
		i++;
		__atomic_store_n(&flip_create.flags, flags[i & 1],
				 __ATOMIC_RELAXED);
		memset(flip_create.name, i & 1 ? 'a' : 0, VC_NAME_SIZE);
		__atomic_store_n(&flip_task.pid, i & 1 ? -1 : pid,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&flip_caps.caps, i & 1 ? 1 : 2,
				 __ATOMIC_RELAXED);
	}
	return arg;
}

/* What is checked is what is used, whoever writes meanwhile. */
TEST_F(memory, changed_meanwhile)
{
	unsigned int i, made_one = 0, refused = 0;
	pthread_t thread;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	flip_end = false;
	flip_task.pid = getpid();
	ASSERT_EQ(0, pthread_create(&thread, NULL, flipper, NULL));
	/* Until both have come to pass often enough; who flips has to run, too. */
	for (i = 0; i < 2000 && (made_one < 20 || refused < 20); i++) {
		struct vc_caps caps = {};
		struct vc_info info;
		long made = vc(VC_CREATE, VC_ID_SELF, &flip_create);
		long where;

		if (made > 0) {
			size_t k, len;

			EXPECT_EQ(0, ctx_info(made, &info));
			EXPECT_EQ(0U, info.flags);
			len = strnlen(info.name, sizeof(info.name));
			EXPECT_GT(sizeof(info.name), len);
			for (k = 0; k < len; k++) {
				EXPECT_EQ('a', info.name[k]);
			}
			EXPECT_EQ(0, vc(VC_DESTROY, made, NULL));
			made_one++;
		} else {
			EXPECT_EQ(-EINVAL, made);
			refused++;
		}
		where = vc(VC_WHERE, 0, &flip_task);
		EXPECT_TRUE(where == 0 || where == -EINVAL)
			TH_LOG("where: %ld", where);
		EXPECT_EQ(0, vc(VC_SET_CAPS, id, &flip_caps));
		EXPECT_EQ(0, vc(VC_GET_CAPS, id, &caps));
		EXPECT_TRUE(caps.caps <= 2)
			TH_LOG("caps: %#llx", (unsigned long long)caps.caps);
		usleep(1);
	}
	__atomic_store_n(&flip_end, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_LE(20U, made_one);
	EXPECT_LE(20U, refused);
}

/* Data that is read in two steps: a length or a count, then what it counts. */
static struct {
	struct vc_cpuset set;
	struct vc_vfs_root root;
	struct {
		struct vc_mounts head;
		char fstype[VC_FSTYPE_SIZE];
	} mounts;
	struct vc_batch batch;
	struct vc_call call;
} flip;

static void *length_flipper(void *arg)
{
	unsigned int i = 0;

	while (!__atomic_load_n(&flip_end, __ATOMIC_RELAXED)) {
		bool odd = ++i & 1;

		__atomic_store_n(&flip.set.len, odd ? 1 : 4096,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&flip.root.len,
				 odd ? strlen(SAMPLE_DIR) : 4096,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&flip.mounts.head.count,
				 odd ? 1 : VC_LIST_MAX + 1, __ATOMIC_RELAXED);
		__atomic_store_n(&flip.batch.count, odd ? 1 : VC_BATCH_MAX + 1,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&flip.call.cmd,
				 i & 2 ? VC_CREATE : VC_RESERVED_BIT,
				 __ATOMIC_RELAXED);
	}
	return arg;
}

/* Once of each; counts in good[] and bad[] what has come to pass. */
static long flip_once(long id, unsigned int *good, unsigned int *bad)
{
	struct vc_mounts mounts = {};
	struct vc_info info;
	long before, ret;

	ret = vc(VC_SET_CPUSET, id, &flip.set);
	if (ret && ret != -EFAULT)
		return 1000 - ret;
	(ret ? bad : good)[0]++;

	ret = vc(VC_SET_ROOT, id, &flip.root);
	if (ret && ret != -EFAULT)
		return 2000 - ret;
	(ret ? bad : good)[1]++;
	if (!ret && vc(VC_SET(VC_CAT_VFS, VC_VFS_UNROOT), id, NULL))
		return 2999;

	ret = vc(VC_SET_MOUNTS, id, &flip.mounts);
	if (ret && ret != -E2BIG)
		return 3000 - ret;
	(ret ? bad : good)[2]++;
	if (vc(VC_GET_MOUNTS, id, &mounts) || mounts.count > 1)
		return 3999;

	before = ctx_all();
	flip.call.result = 0;
	ret = vc(VC_SET(VC_CAT_CPU, VC_CPU_BATCH), VC_ID_SELF, &flip.batch);
	if (ret < 0 && ret != -E2BIG && ret != -EINVAL)
		return 4000 - ret;
	(ret < 0 ? bad : good)[3]++;
	/* The context that is returned is there, or none has been made. */
	if (ctx_all() - before != (ret > 0 ? 1 : 0))
		return 4999;
	if (ret > 0 && (ctx_info(ret, &info) || ctx_kill(ret)))
		return 4998;
	return 0;
}

TEST_F(memory, lengths_changed_meanwhile)
{
	unsigned int good[4] = {}, bad[4] = {}, least = 0, i;
	long id = ctx_new(0), ret = 0;
	pthread_t thread;
	char *map;

	ASSERT_LT(0, id);
	mkdir(SAMPLE_DIR, 0755);
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, munmap(map + 4096, 4096));
	/* What is beyond the shorter length cannot be read. */
	map[4095] = 1;
	flip.set.bits = (uintptr_t)map + 4095;
	flip.set.len = 1;
	flip.root.flags = VC_ROOT_BARE;
	flip.root.len = strlen(SAMPLE_DIR);
	flip.root.path = (uintptr_t)map + 4095 - strlen(SAMPLE_DIR);
	memcpy(map + 4095 - strlen(SAMPLE_DIR), SAMPLE_DIR, strlen(SAMPLE_DIR));
	COPY(flip.mounts.fstype, "tmpfs");
	flip.mounts.head.count = 1;
	flip.call.cmd = VC_CREATE;
	flip.call.id = VC_ID_SELF;
	flip.batch.count = 1;
	flip.batch.calls = (uintptr_t)&flip.call;

	flip_end = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, length_flipper, NULL));
	for (i = 0; i < 4000 && least < 8 && !ret; i++) {
		unsigned int k;

		ret = flip_once(id, good, bad);
		for (least = ~0U, k = 0; k < 4; k++) {
			if (least > good[k])
				least = good[k];
			if (least > bad[k])
				least = bad[k];
		}
		usleep(1);
	}
	__atomic_store_n(&flip_end, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, ret);
	EXPECT_LE(8U, least);
}

/*
 * What a struct points at, with its length: a CPU set stands for all.
 */
FIXTURE(buffer) {
	long id;
	unsigned int need;	/* what GET has to tell, in bytes */
	char *map;		/* a page, and none behind it */
};

FIXTURE_SETUP(buffer)
{
	struct vc_cpuset set = {};

	VC_SETUP();
	self->id = ctx_new(0);
	ASSERT_LT(0, self->id);
	self->map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(self->map != MAP_FAILED);
	ASSERT_EQ(0, munmap(self->map + 4096, 4096));
	ASSERT_EQ(-ERANGE, vc(VC_GET_CPUSET, self->id, &set));
	self->need = set.len;
	ASSERT_LT(0U, self->need);
	ASSERT_GT(4096U, self->need);
}

FIXTURE_TEARDOWN(buffer)
{
	vc_teardown();
	munmap(self->map, 4096);
}

TEST_F(buffer, set)
{
	struct vc_cpuset set = { .len = 1 };
	struct vc_cpuset before;

	/* A length without a pointer, and one that is not followed. */
	EXPECT_EQ(-EFAULT, vc(VC_SET_CPUSET, self->id, &set));
	set.bits = (uintptr_t)unmapped();
	EXPECT_EQ(-EFAULT, vc(VC_SET_CPUSET, self->id, &set));
	set.bits = ~0ULL;
	EXPECT_EQ(-EFAULT, vc(VC_SET_CPUSET, self->id, &set));
	set.len = 0;
	EXPECT_EQ(0, vc(VC_SET_CPUSET, self->id, &set));
	set.bits = 0;
	EXPECT_EQ(0, vc(VC_SET_CPUSET, self->id, &set));

	/* At most a page, whatever is there; all of it is read, no more. */
	self->map[4095] = 1;
	set.bits = (uintptr_t)self->map + 4095;
	set.len = 1;
	EXPECT_EQ(0, vc(VC_SET_CPUSET, self->id, &set));
	set.len = 2;
	EXPECT_EQ(-EFAULT, vc(VC_SET_CPUSET, self->id, &set));
	memset(self->map, 0, 4096);
	self->map[0] = 1;
	set.bits = (uintptr_t)self->map;
	set.len = 4096;
	EXPECT_EQ(0, vc(VC_SET_CPUSET, self->id, &set));
	set.len = 4097;
	EXPECT_EQ(-E2BIG, vc(VC_SET_CPUSET, self->id, &set));
	set.bits = (uintptr_t)unmapped();
	set.len = 0xffffffff;
	EXPECT_EQ(-E2BIG, vc(VC_SET_CPUSET, self->id, &set));

	/* SET writes nothing. */
	set.bits = (uintptr_t)self->map;
	set.len = 8;
	before = set;
	EXPECT_EQ(0, vc(VC_SET_CPUSET, self->id, &set));
	EXPECT_EQ(0, memcmp(&set, &before, sizeof(set)));
}

TEST_F(buffer, get)
{
	unsigned char out[64];
	struct vc_cpuset set = {
		.len = sizeof(out),
		.bits = (uintptr_t)out,
	};
	unsigned int i, wrong = 0;

	ASSERT_GT(sizeof(out), self->need);
	/* Room for more: the length becomes what there is, the rest zero. */
	memset(out, 0xa5, sizeof(out));
	EXPECT_EQ(0, vc(VC_GET_CPUSET, self->id, &set));
	EXPECT_EQ(self->need, set.len);
	EXPECT_EQ((uintptr_t)out, set.bits);
	EXPECT_TRUE(out[0] & 1);
	for (i = self->need; i < sizeof(out); i++)
		wrong += out[i] != 0;
	EXPECT_EQ(0U, wrong);

	/* Exactly. */
	memset(out, 0xa5, sizeof(out));
	EXPECT_EQ(0, vc(VC_GET_CPUSET, self->id, &set));
	EXPECT_EQ(self->need, set.len);
	EXPECT_TRUE(out[0] & 1);
	for (i = self->need; i < sizeof(out); i++)
		wrong += out[i] != 0xa5;
	EXPECT_EQ(0U, wrong);

	/* Too little: only the length is told. */
	memset(out, 0xa5, sizeof(out));
	set.len = self->need - 1;
	EXPECT_EQ(-ERANGE, vc(VC_GET_CPUSET, self->id, &set));
	EXPECT_EQ(self->need, set.len);
	EXPECT_EQ((uintptr_t)out, set.bits);
	EXPECT_EQ(0xa5, out[0]);
	EXPECT_TRUE(!!strstr(ctx_error(), "len"))
		TH_LOG("text: %s", ctx_error());
	set.len = 0;
	set.bits = 0;
	EXPECT_EQ(-ERANGE, vc(VC_GET_CPUSET, self->id, &set));
	EXPECT_EQ(self->need, set.len);
}

TEST_F(buffer, get_faults)
{
	struct vc_cpuset set = { .len = 8 };

	EXPECT_EQ(-EFAULT, vc(VC_GET_CPUSET, self->id, &set));
	set.bits = (uintptr_t)unmapped();
	EXPECT_EQ(-EFAULT, vc(VC_GET_CPUSET, self->id, &set));
	EXPECT_EQ(8U, set.len);
	set.bits = (uintptr_t)self->map + 4096 - self->need;
	set.len = self->need;
	EXPECT_EQ(0, vc(VC_GET_CPUSET, self->id, &set));
	/* What would be cleared is not there. */
	set.len = self->need + 1;
	EXPECT_EQ(-EFAULT, vc(VC_GET_CPUSET, self->id, &set));
	EXPECT_EQ(self->need + 1, set.len);
	set.bits = (uintptr_t)self->map;
	set.len = 4096;
	EXPECT_EQ(0, vc(VC_GET_CPUSET, self->id, &set));
	set.len = 4097;
	EXPECT_EQ(-E2BIG, vc(VC_GET_CPUSET, self->id, &set));
	EXPECT_EQ(4097U, set.len);
	/* What takes no room is written, or the call has failed. */
	ASSERT_EQ(0, mprotect(self->map, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, vc(VC_GET_CPUSET, self->id, self->map));
	set.len = self->need;
	EXPECT_EQ(-EFAULT, vc(VC_GET_CPUSET, self->id, &set));
}

/* What has no meaning yet is zero, in whatever is read. */
TEST_F(buffer, reserved)
{
	static const struct {
		__u32 word;
		size_t at;
	} fields[] = {
		{ VC_SET_SCHED, offsetof(struct vc_sched, reserved) },
		{ VC_SET_CPUSET, offsetof(struct vc_cpuset, reserved) },
		{ VC_GET_CPUSET, offsetof(struct vc_cpuset, reserved) },
		{ VC_LIST, offsetof(struct vc_id_list, reserved) },
		{ VC_SET_VNET, offsetof(struct vc_vnet, reserved) },
		{ VC_LIST_VNET, offsetof(struct vc_vnets, reserved) },
		{ VC_GET(VC_CAT_NETADDR, VC_NETADDR_DEVICES),
		  offsetof(struct vc_names, reserved) },
		{ VC_SET_MOUNTS, offsetof(struct vc_mounts, reserved) },
		{ VC_GET_MOUNTS, offsetof(struct vc_mounts, reserved) },
		{ VC_SET_DEVICES, offsetof(struct vc_devices, reserved) },
		{ VC_GET_DEVICES, offsetof(struct vc_devices, reserved) },
		{ VC_SET_IO, offsetof(struct vc_io, reserved) },
		{ VC_SET(VC_CAT_VFS, VC_VFS_BIND),
		  offsetof(struct vc_bind, reserved) },
		{ VC_GET(VC_CAT_VFS, VC_VFS_BIND),
		  offsetof(struct vc_targets, reserved) },
		{ VC_ADD_RULE, offsetof(struct vc_rule, flags) },
		{ VC_GET_RULES, offsetof(struct vc_rules, reserved) },
	};
	const struct command *c;
	char buf[SAMPLE_BUF];
	unsigned int i;
	__u32 id;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		for_each_command(c) {
			if (c->word != fields[i].word)
				continue;
			id = sample_context(c);
			sample_fill(c, buf, 0);
			*(__u32 *)(buf + fields[i].at) = 1U << 31;
			EXPECT_EQ(-EINVAL, vc(c->word, id, buf))
				TH_LOG("%s", c->name);
			/* That was all. */
			sample_fill(c, buf, 0);
			EXPECT_LE(0, vc(c->word, id, buf))
				TH_LOG("%s: %s", c->name, ctx_error());
			ctx_kill(id);
			sample_clean(c);
		}
	}
}

VC_FIXTURE(error)

static long get_error(struct vc_error *error)
{
	memset(error, 0xa5, sizeof(*error));
	return vc(VC_LAST_ERROR, 0, error);
}

static long fresh_error(long arg)
{
	struct vc_error error;

	return get_error(&error);
}

static void *fresh_error_thread(void *arg)
{
	*(long *)arg = fresh_error(0);
	return NULL;
}

/* The error is the thread's own: children and siblings start without. */
TEST_F(error, none)
{
	struct vc_error error;
	pthread_t thread;
	long ret = 0;

	EXPECT_EQ(-ESRCH, vc(VC_INFO, ID_UNKNOWN, NULL));
	EXPECT_EQ(-ENODATA, in_child(fresh_error, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, fresh_error_thread, &ret));
	pthread_join(thread, NULL);
	EXPECT_EQ(-ENODATA, ret);
	EXPECT_EQ(0, get_error(&error));
}

TEST_F(error, kept_and_cleared)
{
	struct vc_error error;

	EXPECT_EQ(-ESRCH, vc(VC_INFO, ID_UNKNOWN, NULL));
	EXPECT_EQ(0, get_error(&error));
	EXPECT_EQ(VC_INFO, error.cmd);
	EXPECT_EQ(ESRCH, error.error);
	EXPECT_EQ(0U, error.index);
	EXPECT_EQ(0U, error.reserved);
	EXPECT_GT(sizeof(error.text), strnlen(error.text, sizeof(error.text)));
	EXPECT_LT(0U, strnlen(error.text, sizeof(error.text)));

	/* Reading it keeps it. */
	EXPECT_EQ(0, get_error(&error));
	EXPECT_EQ(ESRCH, error.error);

	/* The next one replaces it, with the size that the word had. */
	EXPECT_EQ(-EINVAL, vc(VC_CREATE | 7 << 8, 0, &error));
	EXPECT_EQ(0, get_error(&error));
	EXPECT_EQ(VC_CREATE | 7U << 8, error.cmd);
	EXPECT_EQ(EINVAL, error.error);

	/* What succeeds clears it, also a version. */
	EXPECT_EQ(0, vc(VC_INFO, 0, NULL));
	EXPECT_EQ(-ENODATA, get_error(&error));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, ID_UNKNOWN, NULL));
	EXPECT_LT(0, vc(VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, 0), 0, NULL));
	EXPECT_EQ(-ENODATA, get_error(&error));
}

TEST_F(error, of_words)
{
	struct vc_error error;

	EXPECT_EQ(-EINVAL, vc(VC_INFO | VC_RESERVED_BIT, 0, NULL));
	EXPECT_EQ(0, get_error(&error));
	EXPECT_EQ(VC_INFO | VC_RESERVED_BIT, error.cmd);
	EXPECT_EQ(EINVAL, error.error);

	EXPECT_EQ(-EOPNOTSUPP, vc(VC_GET(VC_CAT_CPU, 200), 0, NULL));
	EXPECT_EQ(0, get_error(&error));
	EXPECT_EQ(VC_GET(VC_CAT_CPU, 200), error.cmd);
	EXPECT_EQ(EOPNOTSUPP, error.error);
}

/* The sentence names the field that was refused. */
TEST_F(error, text)
{
	struct vc_create create = { .flags = 1U << 31 };
	struct agent agent;
	long id;

	EXPECT_EQ(-EINVAL, vc(VC_CREATE, VC_ID_SELF, &create));
	EXPECT_TRUE(!!strstr(ctx_error(), "flags"))
		TH_LOG("text: %s", ctx_error());

	EXPECT_EQ(-EINVAL, ctx_make(VC_ID_SELF, 0, 0, "no/slash"));
	EXPECT_TRUE(!!strstr(ctx_error(), "name"))
		TH_LOG("text: %s", ctx_error());

	EXPECT_EQ(-EINVAL, ctx_make(VC_ID_MAX + 1, 0, 0, NULL));
	EXPECT_TRUE(!!strstr(ctx_error(), "id"))
		TH_LOG("text: %s", ctx_error());

	id = ctx_make(VC_ID_SELF, 0, 1, NULL);
	ASSERT_LT(0, id);
	EXPECT_EQ(-EINVAL, ctx_signal(id, 1000));
	EXPECT_TRUE(!!strstr(ctx_error(), "1000"))
		TH_LOG("text: %s", ctx_error());

	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_LT(0, ask3(&agent, a_create, 0, 0, 0));
	EXPECT_EQ(-ENOSPC, ask3(&agent, a_create, 0, 0, 0));
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_LAST_ERROR, 0, 1));
	EXPECT_TRUE(!!strstr(((struct vc_error *)agent_buf)->text, "children_max"))
		TH_LOG("text: %s", ((struct vc_error *)agent_buf)->text);
}

/* The words of the contract are those of the header. */
TEST_F(word, numbers)
{
	EXPECT_EQ(0x02200001U, VC_CREATE);
	EXPECT_EQ(0x02400001U, VC_INFO);
	EXPECT_EQ(0x02200002U, VC_DESTROY);
	EXPECT_EQ(0x02200003U, VC_SET_SCHED);
	EXPECT_EQ(0x02400005U, VC_GET_CPUSET);
	EXPECT_EQ(0x02400007U, VC_LIST);
	EXPECT_EQ(0x0220000aU, VC_SET_HOSTNAME);
	EXPECT_EQ(0x03200001U, VC_MIGRATE);
	EXPECT_EQ(0x03200005U, VC_SIGNAL);
	EXPECT_EQ(0x00400001U, VC_LAST_ERROR);
	EXPECT_EQ(0x03202002U, VC_CMD_SIZED(VC_CAT_PROCESS, VC_SUB_SET,
					    VC_PROCESS_LIMIT,
					    struct vc_limit));
	EXPECT_EQ(128U, sizeof(struct vc_error));
	EXPECT_EQ(32U, sizeof(struct vc_limit));
	EXPECT_EQ(48U, sizeof(struct vc_mem_stat));
	EXPECT_EQ(40U, sizeof(struct vc_create));
	EXPECT_EQ(80U, sizeof(struct vc_info));
	EXPECT_EQ(16U, sizeof(struct vc_sched));
	EXPECT_EQ(16U, sizeof(struct vc_cpuset));
	EXPECT_EQ(8U, offsetof(struct vc_cpuset, bits));
	EXPECT_EQ(8U, sizeof(struct vc_id_list));
	EXPECT_EQ(65U, sizeof(struct vc_hostname));
	EXPECT_EQ(8U, sizeof(struct vc_task));
	EXPECT_EQ(8U, sizeof(struct vc_caps));
	EXPECT_EQ(40U, offsetof(struct vc_info, created_ns));
	EXPECT_EQ(48U, offsetof(struct vc_info, name));
}

TEST_HARNESS_MAIN
