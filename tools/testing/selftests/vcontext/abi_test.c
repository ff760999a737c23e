// SPDX-License-Identifier: GPL-2.0
/*
 * The shape of virtual_context(2): the command word, versions, the order of
 * checks and the sizes of structs, driven over every command of one table, and
 * the last error.
 */
#include "common.h"

#define BUF_SIZE	8192

enum kind {
	NEW,		/* the id to make */
	IGNORED,
	OWN_OR_BELOW,
	BELOW,
	ENTER,
};

struct command {
	const char *name;
	__u32 word;		/* with size 0 */
	unsigned int size;	/* of version 1, 0 = no data */
	enum kind kind;
	bool set;
	bool null_ok;
	bool reads;		/* a GET that reads what it is given */
	__u32 flags;		/* of the context that it is tried on */
};

static const struct command commands[] = {
	{ .name = "version", .word = VC_GET(VC_CAT_VERSION, VC_VERSION_PATCH),
	  .kind = IGNORED, .null_ok = true },
	{ .name = "error", .word = VC_LAST_ERROR, .kind = IGNORED,
	  .size = sizeof(struct vc_error) },
	{ .name = "create", .word = VC_CREATE, .kind = NEW, .set = true,
	  .size = sizeof(struct vc_create), .null_ok = true },
	{ .name = "info", .word = VC_INFO, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_info), .null_ok = true },
	{ .name = "destroy", .word = VC_DESTROY, .kind = BELOW, .set = true,
	  .size = sizeof(__u32), .null_ok = true },
	{ .name = "set sched", .word = VC_SET_SCHED, .kind = BELOW,
	  .size = sizeof(struct vc_sched), .set = true },
	{ .name = "get sched", .word = VC_GET_SCHED, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_sched) },
	{ .name = "set cpuset", .word = VC_SET_CPUSET, .kind = BELOW,
	  .size = sizeof(struct vc_cpuset), .set = true },
	{ .name = "get cpuset", .word = VC_GET_CPUSET, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_cpuset), .reads = true },
	{ .name = "list", .word = VC_LIST, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_id_list), .reads = true },
	{ .name = "set usage", .word = VC_SET_USAGE, .kind = BELOW,
	  .size = sizeof(struct vc_cpu_usage), .set = true },
	{ .name = "get usage", .word = VC_GET_USAGE, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_cpu_usage) },
	{ .name = "stat", .word = VC_STAT, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_cpu_stat) },
	{ .name = "set hostname", .word = VC_SET_HOSTNAME, .kind = BELOW,
	  .size = sizeof(struct vc_hostname), .set = true,
	  .flags = VC_CREATE_UTSNS },
	{ .name = "get hostname", .word = VC_GET_HOSTNAME,
	  .kind = OWN_OR_BELOW, .size = sizeof(struct vc_hostname),
	  .flags = VC_CREATE_UTSNS },
	{ .name = "migrate", .word = VC_MIGRATE, .kind = ENTER, .set = true,
	  .size = sizeof(struct vc_task), .null_ok = true },
	{ .name = "where", .word = VC_WHERE, .kind = IGNORED,
	  .size = sizeof(struct vc_task), .null_ok = true, .reads = true },
	{ .name = "set limit", .word = VC_SET_LIMIT, .kind = BELOW,
	  .size = sizeof(struct vc_limit), .set = true },
	{ .name = "get limit", .word = VC_GET_LIMIT, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_limit) },
	{ .name = "set caps", .word = VC_SET_CAPS, .kind = BELOW,
	  .size = sizeof(struct vc_caps), .set = true },
	{ .name = "get caps", .word = VC_GET_CAPS, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_caps) },
	{ .name = "set stop", .word = VC_SET_STOP, .kind = BELOW,
	  .size = sizeof(__u32), .set = true },
	{ .name = "get stop", .word = VC_GET_STOP, .kind = OWN_OR_BELOW,
	  .null_ok = true },
	{ .name = "signal", .word = VC_SIGNAL, .kind = BELOW,
	  .size = sizeof(__u32), .set = true },
	{ .name = "count", .word = VC_COUNT, .kind = OWN_OR_BELOW,
	  .null_ok = true },
	{ .name = "set files", .word = VC_SET_FILES, .kind = BELOW,
	  .size = sizeof(struct vc_limit), .set = true },
	{ .name = "get files", .word = VC_GET_FILES, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_limit) },
	{ .name = "set tcp", .word = VC_SET_TCP, .kind = BELOW,
	  .size = sizeof(struct vc_limit), .set = true },
	{ .name = "get tcp", .word = VC_GET_TCP, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_limit) },
	{ .name = "set io", .word = VC_SET_IO, .kind = BELOW,
	  .size = sizeof(struct vc_io), .set = true },
	{ .name = "get io", .word = VC_GET_IO, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_io), .reads = true },
	{ .name = "set mounts", .word = VC_SET_MOUNTS, .kind = BELOW,
	  .size = sizeof(struct vc_mounts), .set = true },
	{ .name = "get mounts", .word = VC_GET_MOUNTS, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_mounts), .reads = true },
	{ .name = "set devices", .word = VC_SET_DEVICES, .kind = BELOW,
	  .size = sizeof(struct vc_devices), .set = true },
	{ .name = "get devices", .word = VC_GET_DEVICES, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_devices), .reads = true },
	{ .name = "get vnets", .word = VC_GET(VC_CAT_VNET, VC_VNET_ATTACH),
	  .kind = OWN_OR_BELOW, .size = sizeof(struct vc_vnets),
	  .reads = true },
	{ .name = "events", .word = VC_OPEN_EVENTS, .kind = OWN_OR_BELOW,
	  .null_ok = true },
	{ .name = "get rules", .word = VC_GET_RULES, .kind = IGNORED,
	  .size = sizeof(struct vc_rules), .reads = true },
	{ .name = "apply rules", .word = VC_APPLY_RULES, .kind = IGNORED,
	  .set = true, .null_ok = true },
	{ .name = "set freeze", .word = VC_SET_FREEZE, .kind = BELOW,
	  .size = sizeof(__u32), .set = true },
	{ .name = "get freeze", .word = VC_GET_FREEZE, .kind = OWN_OR_BELOW,
	  .null_ok = true },
	{ .name = "set total", .word = VC_SET_TOTAL, .kind = BELOW,
	  .size = sizeof(struct vc_limit), .set = true },
	{ .name = "get total", .word = VC_GET_TOTAL, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_limit) },
	{ .name = "set resident", .word = VC_SET_RESIDENT, .kind = BELOW,
	  .size = sizeof(struct vc_limit), .set = true },
	{ .name = "get resident", .word = VC_GET_RESIDENT,
	  .kind = OWN_OR_BELOW, .size = sizeof(struct vc_limit) },
	{ .name = "mem stat", .word = VC_MEM_STAT, .kind = OWN_OR_BELOW,
	  .size = sizeof(struct vc_mem_stat) },
	{ .name = "set oom", .word = VC_SET_OOM, .kind = BELOW,
	  .size = sizeof(__u32), .set = true },
	{ .name = "get oom", .word = VC_GET_OOM, .kind = OWN_OR_BELOW,
	  .null_ok = true },
};

#define for_each_command(c) \
	for ((c) = commands; (c) < commands + ARRAY_SIZE(commands); (c)++)

static __u32 sized(const struct command *c, unsigned int size)
{
	return c->word | size << 8;
}

/* Any disk that there is. */
static void disk(struct vc_io *io)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	char path[512], buf[32];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/block/%s/dev",
			 entry->d_name);
		if (file_read(path, buf, sizeof(buf)) > 0 &&
		    sscanf(buf, "%u:%u", &io->major, &io->minor) == 2)
			break;
	}
	if (dir)
		closedir(dir);
}

/* What a struct points at. */
static unsigned char pointee[4096];

/* Data that the command takes, if all else is right. */
static void fill(const struct command *c, void *buf, pid_t pid)
{
	memset(buf, 0, BUF_SIZE);
	switch (c->word) {
	case VC_SET_SCHED:
		((struct vc_sched *)buf)->nice = 5;
		break;
	case VC_SET_CPUSET:
	case VC_GET_CPUSET:
		pointee[0] = 1;
		((struct vc_cpuset *)buf)->len = sizeof(pointee);
		((struct vc_cpuset *)buf)->bits = (uintptr_t)pointee;
		break;
	case VC_SET_HOSTNAME:
		memcpy(buf, "inside", 7);
		break;
	case VC_MIGRATE:
	case VC_WHERE:
		((struct vc_task *)buf)->pid = pid;
		break;
	case VC_SET_USAGE:
		((struct vc_cpu_usage *)buf)->max_usage = 500;
		break;
	case VC_SET_LIMIT:
	case VC_SET_FILES:
	case VC_SET_TCP:
		((struct vc_limit *)buf)->limit = 5;
		break;
	case VC_SET_TOTAL:
	case VC_SET_RESIDENT:
		((struct vc_limit *)buf)->limit = 1 << 30;
		break;
	case VC_SIGNAL:
		*(__u32 *)buf = SIGURG;
		break;
	case VC_SET_IO:
	case VC_GET_IO:
		disk((struct vc_io *)buf);
		break;
	}
}

/* A context to try the command on; for create an id that is free. */
static __u32 target(const struct command *c)
{
	long id = ctx_new(c->flags);

	if (c->kind == NEW && id > 0)
		ctx_kill(id);
	return id;
}

static pid_t idle_child(void)
{
	pid_t pid = child_fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

/* Success of a command: create returns what it made, or a number it asked. */
static bool succeeded(const struct command *c, __u32 id, long ret)
{
	if (c->word == VC_CREATE) {
		ctx_remember(ret);
		return ret == (long)id;
	}
	if (!c->size)
		return ret >= 0;
	return ret == 0;
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
	static const __u32 has[] = {
		VC_CMD(VC_CAT_VERSION, VC_SUB_VERSION, VC_VERSION_ERROR),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, 0),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_CONTEXT),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_DESTROY),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_SCHED),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_SET),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_USAGE),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_STAT),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_LIST),
		VC_CMD(VC_CAT_CPU, VC_SUB_VERSION, VC_CPU_HOSTNAME),
		VC_CMD(VC_CAT_PROCESS, VC_SUB_VERSION, 0),
		VC_CMD(VC_CAT_PROCESS, VC_SUB_VERSION, VC_PROCESS_TASK),
		VC_CMD(VC_CAT_PROCESS, VC_SUB_VERSION, VC_PROCESS_LIMIT),
		VC_CMD(VC_CAT_PROCESS, VC_SUB_VERSION, VC_PROCESS_CAPS),
		VC_CMD(VC_CAT_PROCESS, VC_SUB_VERSION, VC_PROCESS_STOP),
		VC_CMD(VC_CAT_PROCESS, VC_SUB_VERSION, VC_PROCESS_SIGNAL),
		VC_CMD(VC_CAT_VFS, VC_SUB_VERSION, 0),
		VC_CMD(VC_CAT_VFS, VC_SUB_VERSION, VC_VFS_FILES),
		VC_CMD(VC_CAT_OTHER, VC_SUB_VERSION, 0),
		VC_CMD(VC_CAT_OTHER, VC_SUB_VERSION, VC_OTHER_TCP),
		VC_IO_VERSION,
		VC_CMD(VC_CAT_EVENT, VC_SUB_VERSION, 0),
		VC_CMD(VC_CAT_EVENT, VC_SUB_VERSION, VC_EVENT_OPEN),
		VC_CMD(VC_CAT_CLASS, VC_SUB_VERSION, 0),
		VC_CMD(VC_CAT_CLASS, VC_SUB_VERSION, VC_CLASS_RULE),
		VC_CMD(VC_CAT_CLASS, VC_SUB_VERSION, VC_CLASS_REMOVE),
		VC_CMD(VC_CAT_CLASS, VC_SUB_VERSION, VC_CLASS_APPLY),
		VC_CMD(VC_CAT_PROCESS, VC_SUB_VERSION, VC_PROCESS_FREEZE),
		VC_CMD(VC_CAT_VNET, VC_SUB_VERSION, 0),
		VC_CMD(VC_CAT_VNET, VC_SUB_VERSION, VC_VNET_CREATE),
		VC_CMD(VC_CAT_VNET, VC_SUB_VERSION, VC_VNET_ATTACH),
		VC_CMD(VC_CAT_VNET, VC_SUB_VERSION, VC_VNET_DESTROY),
		VC_CMD(VC_CAT_VNET, VC_SUB_VERSION, VC_VNET_QOS),
		VC_CMD(VC_CAT_MEMORY, VC_SUB_VERSION, 0),
		VC_CMD(VC_CAT_MEMORY, VC_SUB_VERSION, VC_MEMORY_TOTAL),
		VC_CMD(VC_CAT_MEMORY, VC_SUB_VERSION, VC_MEMORY_RESIDENT),
		VC_CMD(VC_CAT_MEMORY, VC_SUB_VERSION, VC_MEMORY_STAT),
		VC_CMD(VC_CAT_MEMORY, VC_SUB_VERSION, VC_MEMORY_OOM),
	};
	static const __u32 ids[] = {
		0, 1, ID_UNKNOWN, VC_ID_MAX, VC_ID_MAX + 1, 0xfffffffe,
		VC_ID_SELF,
	};
	unsigned int i, k;
	__u32 sub;

	if (arg) {
		if (setresgid(65534, 65534, 65534) ||
		    setresuid(65534, 65534, 65534))
			return -errno;
	}
	for (k = 0; k < ARRAY_SIZE(ids); k++) {
		for (i = 0; i < ARRAY_SIZE(has); i++) {
			if (vc(has[i], ids[k], NULL) <= 0)
				return has[i];
			if (vc(has[i], ids[k], unmapped()) <= 0)
				return has[i];
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
	__u32 word = sized(c, bad_size);
	__u32 id = c->kind == NEW ? 0 : ID_UNKNOWN;
	char buf[BUF_SIZE];
	bool size_matters = true;
	__u32 good;
	long ret;

	good = target(c);
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

	if (c->kind != NEW && c->kind != IGNORED) {
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

	if (c->set) {
		ret = vc(word, id, unmapped());
		if (ret != -EPERM)
			return 3000 - ret;
		ret = caps_raise();
		if (ret)
			return 3;
	}

	/* The size, then the address: what is too long is not looked at. */
	if (!c->size)
		size_matters = vc(sized(c, 4), id, NULL) == -EINVAL;
	if (!size_matters)
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
		if (!c->null_ok) {
			ret = vc(c->word, id, NULL);
			if (ret != -EFAULT)
				return 8000 - ret;
		}
	}

	/* And what is left is the id that create was given. */
	if (c->kind == NEW) {
		fill(c, buf, 0);
		ret = vc(c->word, id, buf);
		if (ret != -EINVAL)
			return 9000 - ret;
		id = good;
	}
	fill(c, buf, getpid());
	if (c->word == VC_MIGRATE) {
		pid_t pid = idle_child();

		fill(c, buf, pid);
		ret = vc(c->word, id, buf);
		child_kill(pid);
	} else {
		ret = vc(c->word, id, buf);
	}
	if (!succeeded(c, id, ret))
		return 10000 - ret;
	return 0;
}

TEST_F(order, every_command)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_EQ(0, in_child(check_order, i))
			TH_LOG("command %s", commands[i].name);
	}
}

/* What SET may not do to the host or to one's own context. */
TEST_F(order, own_and_host)
{
	const struct command *c;
	char buf[BUF_SIZE];
	struct agent agent;
	long id = ctx_make(VC_ID_SELF, VC_CREATE_UTSNS, 4, NULL);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	for_each_command(c) {
		if (c->kind != BELOW)
			continue;
		/* The host is its own context to those on it. */
		EXPECT_EQ(-EPERM, vc(c->word, VC_ID_HOST, unmapped()))
			TH_LOG("%s of the host", c->name);
		EXPECT_EQ(-EPERM, vc(c->word, VC_ID_SELF, unmapped()))
			TH_LOG("%s of the host as self", c->name);
		fill(c, buf, 0);
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
		if (c->kind == NEW || c->kind == IGNORED)
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
	char buf[BUF_SIZE];
	__u32 id = target(c);

	if (unshare(CLONE_NEWUSER))
		return -errno;
	fill(c, buf, getpid());
	return vc(c->word, id, buf);
}

/* CAP_SYS_ADMIN in a user namespace of one's own is none. */
TEST_F(order, userns)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		long before = ctx_all();
		struct vc_id_list *list = (void *)agent_buf;

		if (!commands[i].set)
			continue;
		EXPECT_EQ(-EPERM, in_child(userns_root, i))
			TH_LOG("command %s", commands[i].name);
		if (commands[i].kind == NEW) {
			EXPECT_EQ(before, ctx_all());
			continue;
		}
		/* The child could not clean up: its context is the last. */
		memset(agent_buf, 0, sizeof(agent_buf));
		list->count = 200;
		ASSERT_EQ(0, vc(VC_LIST, 0, list));
		ASSERT_LT(0U, list->count);
		ASSERT_GT(200U, list->count);
		ctx_kill(list->ids[list->count - 1]);
	}
}

VC_FIXTURE(size)

/* One size of one command on a context of its own. */
static long try_size(const struct command *c, unsigned int size, void *buf,
		     bool *ok)
{
	__u32 id = c->kind == IGNORED ? 0 : target(c);
	pid_t pid = 0;
	long ret;

	if (c->word == VC_MIGRATE) {
		pid = idle_child();
		((struct vc_task *)buf)->pid = pid;
	}
	ret = vc(sized(c, size), id, buf);
	*ok = succeeded(c, id, ret);
	if (pid)
		child_kill(pid);
	if (id) {
		ctx_kill(id);
		ctx_made_nr = 0;
	}
	return ret;
}

TEST_F(size, ladder)
{
	const struct command *c;
	char buf[BUF_SIZE + 64];

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
			fill(c, buf, getpid());
			EXPECT_EQ(-EINVAL, try_size(c, short_of[i], buf, &ok))
				TH_LOG("%s: short %u", c->name, short_of[i]);
		}
		for (i = 0; i < ARRAY_SIZE(good); i++) {
			long ret;

			fill(c, buf, getpid());
			ret = try_size(c, good[i], buf, &ok);
			/* There is no last error to be had then. */
			if (c->word == VC_LAST_ERROR)
				ok = !ret || ret == -ENODATA;
			EXPECT_TRUE(ok)
				TH_LOG("%s: size %u gave %ld", c->name,
				       good[i], ret);
		}
		for (i = 0; i < ARRAY_SIZE(over); i++) {
			fill(c, buf, getpid());
			EXPECT_EQ(-E2BIG, try_size(c, over[i], buf, &ok))
				TH_LOG("%s: over %u", c->name, over[i]);
		}
		if (!c->set)
			continue;

		/* Something that this kernel does not know is asked for. */
		fill(c, buf, getpid());
		buf[c->size] = 1;
		EXPECT_EQ(-E2BIG, try_size(c, c->size + 8, buf, &ok))
			TH_LOG("%s: dirty tail", c->name);
		fill(c, buf, getpid());
		buf[c->size + 7] = 1;
		EXPECT_EQ(-E2BIG, try_size(c, c->size + 8, buf, &ok))
			TH_LOG("%s: dirty end", c->name);
		fill(c, buf, getpid());
		buf[4095] = 1;
		EXPECT_EQ(-E2BIG, try_size(c, 4096, buf, &ok))
			TH_LOG("%s: dirty end of a page", c->name);
		/* What is behind the size is not looked at. */
		fill(c, buf, getpid());
		buf[c->size] = 1;
		try_size(c, c->size, buf, &ok);
		EXPECT_TRUE(ok)
			TH_LOG("%s: behind the exact size", c->name);
		fill(c, buf, getpid());
		buf[c->size] = 1;
		try_size(c, 0, buf, &ok);
		EXPECT_TRUE(ok)
			TH_LOG("%s: behind version 1", c->name);
	}
}

/* A command without data has one size. */
TEST_F(size, no_data)
{
	const struct command *c;

	for_each_command(c) {
		if (c->size)
			continue;
		EXPECT_LE(0, vc(c->word, 0, NULL))
			TH_LOG("%s", c->name);
		EXPECT_EQ(-EINVAL, vc(sized(c, 1), 0, NULL))
			TH_LOG("%s", c->name);
		EXPECT_EQ(-EINVAL, vc(sized(c, 4), 0, NULL))
			TH_LOG("%s", c->name);
		EXPECT_EQ(-EINVAL, vc(sized(c, 4096), 0, NULL))
			TH_LOG("%s", c->name);
	}
}

/* NULL where the contract allows it, with the size that a wrapper gives. */
TEST_F(size, null_data)
{
	const struct command *c;

	for_each_command(c) {
		__u32 id = target(c);
		bool ok;

		/* The caller itself is not to enter. */
		if (!c->null_ok || c->word == VC_MIGRATE)
			continue;
		ok = succeeded(c, id, vc(c->word, id, NULL));
		/* The version of the patch, or where the caller is. */
		EXPECT_TRUE(ok)
			TH_LOG("%s", c->name);
	}
}

/* GET fills what it knows, clears what the caller has beyond, no more. */
TEST_F(size, get_fills)
{
	const struct command *c;
	unsigned char buf[BUF_SIZE];

	for_each_command(c) {
		__u32 id = target(c);
		unsigned int size = c->size + 24;
		unsigned int i, wrong = 0;

		if (c->set || !c->size || c->reads)
			continue;
		/* So that there is an error to be read. */
		EXPECT_EQ(-ESRCH, vc(VC_INFO, ID_UNKNOWN, NULL));
		memset(buf, 0xa5, sizeof(buf));
		EXPECT_EQ(0, vc(sized(c, size), id, buf))
			TH_LOG("%s", c->name);
		for (i = c->size; i < size; i++)
			wrong += buf[i] != 0;
		EXPECT_EQ(0U, wrong)
			TH_LOG("%s: %u bytes not cleared", c->name, wrong);
		for (wrong = 0; i < sizeof(buf); i++)
			wrong += buf[i] != 0xa5;
		EXPECT_EQ(0U, wrong)
			TH_LOG("%s: %u bytes written beyond", c->name, wrong);

		EXPECT_EQ(-ESRCH, vc(VC_INFO, ID_UNKNOWN, NULL));
		memset(buf, 0xa5, sizeof(buf));
		EXPECT_EQ(0, vc(c->word, id, buf));
		for (i = c->size, wrong = 0; i < sizeof(buf); i++)
			wrong += buf[i] != 0xa5;
		EXPECT_EQ(0U, wrong)
			TH_LOG("%s: %u bytes beyond version 1", c->name, wrong);
	}
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
		char good[BUF_SIZE];
		__u32 id = target(c);
		pid_t pid = idle_child();
		long before = ctx_all();
		long ret;

		if (!c->size)
			goto next;
		fill(c, good, pid);
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
		ret = vc(c->word, id, map + 4096 - c->size);
		EXPECT_TRUE(succeeded(c, id, ret))
			TH_LOG("%s: exactly: %ld", c->name, ret);
next:
		child_kill(pid);
		ctx_kill(id);
	}
}

/* GET into memory that cannot be written. */
TEST_F(memory, read_only)
{
	const struct command *c;
	char *map;

	map = mmap(NULL, BUF_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	ASSERT_TRUE(map != MAP_FAILED);
	for_each_command(c) {
		__u32 id = target(c);

		if (c->set || !c->size || c->word == VC_WHERE)
			continue;
		ASSERT_EQ(0, mprotect(map, BUF_SIZE, PROT_READ | PROT_WRITE));
		fill(c, map, 0);
		ASSERT_EQ(0, mprotect(map, BUF_SIZE, PROT_READ));
		vc(VC_INFO, ID_UNKNOWN, NULL);
		EXPECT_EQ(-EFAULT, vc(c->word, id, map))
			TH_LOG("%s", c->name);
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
	EXPECT_LE(20, made_one);
	EXPECT_LE(20, refused);
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
