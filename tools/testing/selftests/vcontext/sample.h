/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every command of the kernel's table, and a call of each that succeeds: with
 * what context, after what preparations, with what data.
 */
#ifndef _SELFTESTS_VCONTEXT_SAMPLE_H
#define _SELFTESTS_VCONTEXT_SAMPLE_H

#include "links.h"

/* As the kernel says what a method takes. */
enum kind {
	KIND_NEW,		/* the id to make */
	KIND_COMPAT,		/* the same, or to enter */
	KIND_IGNORED,
	KIND_HOST,		/* ignored, and for the host alone */
	KIND_OWN_OR_BELOW,
	KIND_BELOW,
	KIND_HOST_OR_BELOW,
	KIND_ENTER,
};

enum data {
	DATA_IN = 1 << 0,
	DATA_OUT = 1 << 1,
	DATA_OPTIONAL = 1 << 2,	/* may be NULL */
	DATA_BUFFER = 1 << 3,	/* has pointers with lengths */
	DATA_LIST = 1 << 4,	/* elements follow */
	DATA_CALLS = 1 << 5,	/* a batch */
	DATA_COUNT_ID = 1 << 6,	/* the id says how many elements follow */
	DATA_RIGHTS = 1 << 7,	/* a GET that takes the rights of SET */
};

struct command {
	const char *name;
	__u32 word;		/* with size 0 */
	enum kind kind;
	unsigned int flags;
	unsigned int size;	/* of version 1, 0 = no data */
	bool set;
};

#define COMMAND(_sub, _cat, _cmd, _kind, _flags, _size) {	\
	.name = #_sub " " #_cmd,				\
	.word = VC_CMD(_cat, VC_SUB_##_sub, _cmd),		\
	.kind = _kind,						\
	.flags = _flags,					\
	.size = _size,						\
	.set = VC_SUB_##_sub == VC_SUB_SET,			\
},

static const struct command commands[] = {
	/* The one that is answered before anything is looked up. */
	COMMAND(GET, VC_CAT_VERSION, VC_VERSION_PATCH,
		KIND_IGNORED, DATA_OPTIONAL, 0)
#include "commands.h"
};

#undef COMMAND

/* The debugging category is the only one that a test kernel may be without. */
static __maybe_unused bool is_here(const struct command *c)
{
	return VC_CATEGORY(c->word) != VC_CAT_DEBUG ||
	       vc(VC_CMD(VC_CAT_DEBUG, VC_SUB_VERSION, 0), 0, NULL) > 0;
}

#define for_each_command(c) \
	for ((c) = commands; (c) < commands + ARRAY_SIZE(commands); (c)++) \
		if (!is_here(c)) { \
		} else

static __maybe_unused __u32 sized(const struct command *c, unsigned int size)
{
	return c->word | size << 8;
}

/* Must the caller have the capability of the command? */
static __maybe_unused bool takes_rights(const struct command *c)
{
	/* Those of the calls of a batch are asked for one by one. */
	return (c->set && !(c->flags & DATA_CALLS)) || c->flags & DATA_RIGHTS;
}

static __maybe_unused bool takes_id(const struct command *c)
{
	return c->kind != KIND_NEW && c->kind != KIND_COMPAT &&
	       c->kind != KIND_IGNORED && c->kind != KIND_HOST;
}

/* Is what is behind version 1 looked at, so that it has to be zero? */
static __maybe_unused bool refuses_tail(const struct command *c)
{
	return c->flags & DATA_IN && !(c->flags & DATA_OUT);
}

/* Does the caller end in another context? */
static bool moves_caller(const struct command *c)
{
	return VC_CATEGORY(c->word) == VC_CAT_COMPAT;
}

#define SAMPLE_DIR		"/tmp/vcontext-sample"
#define SAMPLE_DEV		"vcsample"
#define SAMPLE_PEER		"vcsample2"
/* Nobody runs as that one. */
#define SAMPLE_UID		54321
#define SAMPLE_BUF		8192

/* What a struct points at. */
static unsigned char pointee[4096];
static __u32 sample_rule;

static long sample_add_rule(void)
{
	struct vc_rule rule = { .match = VC_RULE_UID, .uid = SAMPLE_UID };

	return vc(VC_ADD_RULE, 0, &rule);
}

/* A context to try the command on; for create an id that is free. */
static __maybe_unused __u32 sample_context(const struct command *c)
{
	__u32 flags = 0;
	long id, ret = 0;

	if (VC_COMMAND(c->word) == VC_CPU_HOSTNAME &&
	    VC_CATEGORY(c->word) == VC_CAT_CPU)
		flags = VC_CREATE_UTSNS;
	if (VC_CATEGORY(c->word) == VC_CAT_VNET)
		flags = VC_CREATE_NETNS;
	id = ctx_new(flags);
	if (id < 0)
		return id;

	switch (c->word) {
	case VC_CREATE:
	case VC_SET(VC_CAT_COMPAT, VC_COMPAT_NEW_S_CONTEXT):
		ret = ctx_kill(id);
		break;
	case VC_GET_VNET:
	case VC_DESTROY_VNET:
		ret = vnet_make(id, VC_VNET_DUMMY, SAMPLE_DEV, "", 0);
		break;
	case VC_ATTACH_VNET:
		ret = vnet_make(0, VC_VNET_DUMMY, SAMPLE_DEV, "", 0);
		break;
	case VC_SET_QOS:
	case VC_GET_QOS:
		ret = vnet_make(id, VC_VNET_VETH, SAMPLE_DEV, SAMPLE_PEER, 0);
		break;
	case VC_GET_ROOT:
	case VC_SET(VC_CAT_VFS, VC_VFS_UNROOT):
	case VC_SET(VC_CAT_VFS, VC_VFS_DISK):
	case VC_GET(VC_CAT_VFS, VC_VFS_DISK):
	case VC_SET(VC_CAT_VFS, VC_VFS_BIND):
	case VC_GET(VC_CAT_VFS, VC_VFS_BIND):
		mkdir(SAMPLE_DIR, 0755);
		mkdir(SAMPLE_DIR "/below", 0755);
		ret = ctx_set_root(id, SAMPLE_DIR, VC_ROOT_BARE);
		break;
	case VC_SET_ROOT:
		mkdir(SAMPLE_DIR, 0755);
		break;
	case VC_REMOVE_RULE:
		ret = sample_add_rule();
		sample_rule = ret;
		break;
	}
	return ret < 0 ? ret : id;
}

/* What sample_context() and the call have left outside of the context. */
static __maybe_unused void sample_clean(const struct command *c)
{
	struct vc_rules *rules;
	char buf[sizeof(*rules) + sizeof(rules->rule[0])] = {};

	if (c->word == VC_ATTACH_VNET)
		vnet_destroy(0, SAMPLE_DEV);
	if (c->word != VC_ADD_RULE && c->word != VC_REMOVE_RULE)
		return;
	for (rules = (void *)buf; ; vc(VC_REMOVE_RULE, 0, &rules->rule[0].id)) {
		rules->count = 1;
		if (vc(VC_GET_RULES, 0, rules) || !rules->count)
			break;
	}
}

/* Any disk that there is. */
static void sample_disk(struct vc_io *io)
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

static void fill_vfs(__u32 word, void *buf)
{
	switch (word) {
	case VC_SET_ROOT:
		((struct vc_vfs_root *)buf)->path = (uintptr_t)SAMPLE_DIR;
		((struct vc_vfs_root *)buf)->len = strlen(SAMPLE_DIR);
		((struct vc_vfs_root *)buf)->flags = VC_ROOT_BARE;
		break;
	case VC_GET_ROOT:
		((struct vc_vfs_root *)buf)->path = (uintptr_t)pointee;
		((struct vc_vfs_root *)buf)->len = sizeof(pointee);
		break;
	case VC_SET(VC_CAT_VFS, VC_VFS_DISK):
		((struct vc_disk *)buf)->bytes_limit = VC_UNLIMITED;
		((struct vc_disk *)buf)->inodes_limit = VC_UNLIMITED;
		break;
	case VC_SET(VC_CAT_VFS, VC_VFS_BIND):
		((struct vc_bind *)buf)->source = (uintptr_t)SAMPLE_DIR;
		((struct vc_bind *)buf)->source_len = strlen(SAMPLE_DIR);
		((struct vc_bind *)buf)->target = (uintptr_t)"/below";
		((struct vc_bind *)buf)->target_len = strlen("/below");
		break;
	case VC_SET_IO:
	case VC_GET_IO:
		sample_disk(buf);
		break;
	}
}

static void fill_vnet(__u32 word, void *buf)
{
	/* The name is the first member of either struct; a list has none. */
	if (VC_CATEGORY(word) == VC_CAT_VNET && word != VC_LIST_VNET)
		snprintf(buf, VC_DEV_NAME_SIZE, "%s", SAMPLE_DEV);
	if (word == VC_SET_VNET)
		((struct vc_vnet *)buf)->type = VC_VNET_DUMMY;
	if (word == VC_SET_QOS)
		((struct vc_vnet_qos *)buf)->max_bandwidth = 1000;
}

/* Data that the command takes, if all else is right; zero where that does. */
static __maybe_unused void sample_fill(const struct command *c, void *buf,
				       pid_t pid)
{
	memset(buf, 0, SAMPLE_BUF);
	fill_vfs(c->word, buf);
	fill_vnet(c->word, buf);
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
	case VC_ADD_RULE:
		((struct vc_rule *)buf)->match = VC_RULE_UID;
		((struct vc_rule *)buf)->uid = SAMPLE_UID;
		break;
	case VC_REMOVE_RULE:
		*(__u32 *)buf = sample_rule;
		break;
	}
}

static struct {
	__u32 word, id;
	const void *data;
} sample_args;

static long sample_call_here(long arg)
{
	return vc(sample_args.word, sample_args.id, sample_args.data);
}

/* The call; what would move the caller is called by a child. */
static __maybe_unused long sample_call(const struct command *c, __u32 word,
				       __u32 id, const void *data)
{
	long ret;

	if (moves_caller(c)) {
		sample_args.word = word;
		sample_args.id = c->flags & DATA_COUNT_ID ? 0 : id;
		sample_args.data = data;
		return in_child(sample_call_here, 0);
	}
	ret = vc(word, id, data);
	if (ret >= 0 && (c->word == VC_OPEN_EVENTS ||
			 c->word == VC_GET(VC_CAT_CPU, VC_CPU_BIRTH)))
		close(ret);
	return ret;
}

/* Success of a command: some return what they made, or a number. */
static __maybe_unused bool sample_succeeded(const struct command *c, __u32 id,
					    long ret)
{
	switch (c->word) {
	case VC_CREATE:
		ctx_remember(ret);
		return ret == (long)id;
	case VC_SET(VC_CAT_COMPAT, VC_COMPAT_NEW_S_CONTEXT):
		return ret == (long)id;
	case VC_ADD_RULE:
		return ret > 0;
	/* The file system of tests has no quota, which is all that is wrong. */
	case VC_SET(VC_CAT_VFS, VC_VFS_DISK):
		return ret == -EOPNOTSUPP;
	}
	return c->size ? ret == 0 : ret >= 0;
}

#endif /* _SELFTESTS_VCONTEXT_SAMPLE_H */
