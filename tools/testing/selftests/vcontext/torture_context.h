/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A part of torture.c: contexts come, have limits, and go.
 */
#ifndef _SELFTESTS_VCONTEXT_TORTURE_CONTEXT_H
#define _SELFTESTS_VCONTEXT_TORTURE_CONTEXT_H

#include "torture.h"

#include <linux/sched.h>

#define VC_BATCH	VC_SET(VC_CAT_CPU, VC_CPU_BATCH)
#define VC_SET_POLICY	VC_SET(VC_CAT_NETADDR, VC_NETADDR_POLICY)

/* Those of a new context, which GET tells as they are. */
#define CAPS_DEFAULT	0xa80425fbULL
#define CAPS_ALL	0x1ffffffffffULL

#define PAGE		4096ULL

/* ---- life ---- */

static void create_fill(struct vc_create *create)
{
	unsigned int bit;

	memset(create, 0, sizeof(*create));
	for (bit = 0; bit < 6; bit++)
		if (one_in(5))
			create->flags |= 1U << bit;
	if (one_in(10))
		create->flags |= VC_CREATE_EPHEMERAL;
	create->children_max = one_in(3) ? rnd_below(8) : 0;
	if (one_in(3))
		snprintf(create->name, sizeof(create->name), "t%u",
			 rnd_below(48));
}

static long op_create(long arg)
{
	struct vc_create create;
	long ret;

	create_fill(&create);
	ret = vc(VC_CREATE, one_in(8) ? (1U << 20) + rnd_below(64) : VC_ID_SELF,
		 &create);
	if (ret > 0)
		ctx_publish(ret, create.flags);
	return ret;
}

static long op_destroy(long killing)
{
	__u32 id = ctx_pick();
	long ret = killing ? ctx_kill(id) : vc(VC_DESTROY, id, NULL);

	if (!ret)
		ctx_forget(id);
	return ret;
}

/* ---- what can be set, and read back ---- */

static void fill_tasks(void *data)
{
	struct vc_limit *limit = data;

	limit->limit = one_in(3) ? VC_UNLIMITED : rnd_below(40);
}

static void fill_files(void *data)
{
	struct vc_limit *limit = data;

	limit->limit = one_in(3) ? VC_UNLIMITED : rnd_below(100);
}

static void fill_tcp(void *data)
{
	struct vc_limit *limit = data;

	limit->limit = one_in(3) ? VC_UNLIMITED : rnd_below(8);
}

static void fill_memory(void *data)
{
	struct vc_limit *limit = data;

	limit->limit = one_in(3) ? VC_UNLIMITED :
				   (256 + rnd_below(16384)) * PAGE;
}

static void fill_caps(void *data)
{
	struct vc_caps *caps = data;

	caps->caps = one_in(4) ? CAPS_ALL & rnd() : CAPS_DEFAULT & rnd();
	if (one_in(4))
		caps->caps = CAPS_DEFAULT;
}

static void fill_rarely(void *data)
{
	*(__u32 *)data = one_in(4);
}

static void fill_sched(void *data)
{
	static const __u32 fair[] = {
		SCHED_NORMAL, SCHED_NORMAL, SCHED_BATCH, SCHED_IDLE,
	};
	struct vc_sched *sched = data;

	if (one_in(6)) {
		sched->policy = one_in(2) ? SCHED_FIFO : SCHED_RR;
		sched->rt_priority = 1 + rnd_below(5);
		return;
	}
	sched->policy = PICK(fair);
	sched->nice = (int)rnd_below(25) - 5;
}

static void fill_usage(void *data)
{
	struct vc_cpu_usage *usage = data;

	usage->max_usage = one_in(3) ? 0 : 100 + rnd_below(1900);
	usage->min_usage = one_in(2) ? 0 : rnd_below(usage->max_usage ?: 300);
}

static __u8 cpus_bits;

static void fill_cpuset(void *data)
{
	struct vc_cpuset *set = data;

	cpus_bits = 1 + rnd_below((1 << (sysconf(_SC_NPROCESSORS_ONLN) & 7)) -
				  1);
	set->len = one_in(3) ? 0 : 1;
	set->bits = (uintptr_t)&cpus_bits;
}

static void fill_hostname(void *data)
{
	struct vc_hostname *hostname = data;

	snprintf(hostname->name, sizeof(hostname->name), "h%llu",
		 (unsigned long long)rnd());
}

static void fill_mounts(void *data)
{
	static const char * const types[] = { "proc", "sysfs", "tmpfs" };
	struct vc_mounts *mounts = data;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (one_in(2))
			COPY(mounts->fstype[mounts->count++], types[i]);
}

static void fill_devices(void *data)
{
	struct vc_devices *devices = data;
	__u32 minor;

	/* ascending, as GET tells them */
	for (minor = 3; minor < 9; minor++) {
		if (one_in(2))
			continue;
		devices->dev[devices->count++] = (struct vc_device) {
			.type = 'c', .major = 1, .minor = minor,
			.access = 1 + rnd_below(7),
		};
	}
}

static void fill_io(void *data)
{
	struct vc_io *io = data;
	struct stat st;

	if (stat("/dev/ram0", &st))
		return;
	io->major = st.st_rdev >> 8 & 0xfff;
	io->minor = st.st_rdev & 0xff;
	io->rbps = one_in(2) ? 0 : 65536 + rnd_below(1 << 20);
	io->wbps = one_in(2) ? 0 : 65536 + rnd_below(1 << 20);
	io->riops = one_in(2) ? 0 : 16 + rnd_below(1000);
	io->wiops = one_in(2) ? 0 : 16 + rnd_below(1000);
}

static void fill_signal(void *data)
{
	static const __u32 signals[] = {
		SIGURG, SIGCHLD, SIGCONT, SIGSTOP, SIGTERM, SIGKILL, SIGWINCH,
	};

	*(__u32 *)data = PICK(signals);
}

enum setting_nr {
	SET_TASKS, SET_FILES, SET_TCP, SET_TOTAL, SET_RESIDENT, SET_CAPS,
	SET_STOP, SET_FREEZE, SET_OOM, SET_SCHED, SET_USAGE, SET_CPUSET,
	SET_HOSTNAME, SET_MOUNTS, SET_DEVICES, SET_POLICY, SET_IO, SET_SIGNAL,
	/* those behind this one cannot be in a batch, or read back */
	SET_SAFE = SET_SIGNAL,
};

/* How GET answers: with so many bytes that are as they were set, or ... */
#define BY_RESULT	0

static const struct setting {
	__u32 cmd;
	void (*fill)(void *data);
	unsigned int same;
	__u32 flags;
} settings[] = {
	[SET_TASKS] = { VC_SET_LIMIT, fill_tasks, 8 },
	[SET_FILES] = { VC_SET_FILES, fill_files, 8 },
	[SET_TCP] = { VC_SET_TCP, fill_tcp, 8 },
	[SET_TOTAL] = { VC_SET_TOTAL, fill_memory, 8 },
	[SET_RESIDENT] = { VC_SET_RESIDENT, fill_memory, 8 },
	[SET_CAPS] = { VC_SET_CAPS, fill_caps, sizeof(struct vc_caps) },
	[SET_STOP] = { VC_SET_STOP, fill_rarely, BY_RESULT },
	[SET_FREEZE] = { VC_SET_FREEZE, fill_rarely, BY_RESULT },
	[SET_OOM] = { VC_SET_OOM, fill_rarely, BY_RESULT },
	[SET_SCHED] = { VC_SET_SCHED, fill_sched, sizeof(struct vc_sched) },
	[SET_USAGE] = { VC_SET_USAGE, fill_usage, sizeof(struct vc_cpu_usage) },
	[SET_CPUSET] = { VC_SET_CPUSET, fill_cpuset, 1 },
	[SET_HOSTNAME] = { VC_SET_HOSTNAME, fill_hostname, 8,
			   VC_CREATE_UTSNS },
	[SET_MOUNTS] = { VC_SET_MOUNTS, fill_mounts, 8 },
	[SET_DEVICES] = { VC_SET_DEVICES, fill_devices, 256 },
	[SET_POLICY] = { VC_SET_POLICY, fill_rarely, 4 },
	[SET_IO] = { VC_SET_IO, fill_io, sizeof(struct vc_io) },
	[SET_SIGNAL] = { VC_SIGNAL, fill_signal },
};

#define SETTING_SIZE	1024

static long op_set(long nr)
{
	const struct setting *setting = &settings[nr];
	__u64 data[SETTING_SIZE / 8] = {};

	setting->fill(data);
	return vc(setting->cmd, ctx_pick_with(setting->flags), data);
}

static __u32 get_of(__u32 cmd)
{
	return (cmd & ~(3U << 21)) | VC_SUB_GET << 21;
}

/* ---- all or nothing ---- */

static long op_batch(long arg)
{
	__u64 data[8][SETTING_SIZE / 8] = {};
	struct vc_call calls[8] = {};
	struct vc_batch batch = {
		.count = 1 + rnd_below(8),
		.failed = ~0U,
		.calls = (uintptr_t)calls,
	};
	bool creates = one_in(2);
	__u32 i, flags = 0;
	long ret;

	for (i = 0; i < batch.count; i++) {
		const struct setting *setting = &settings[rnd_below(SET_SAFE)];

		calls[i].data = (uintptr_t)data[i];
		if (!i && creates) {
			create_fill((void *)data[i]);
			flags = ((struct vc_create *)data[i])->flags;
			calls[i].cmd = VC_CREATE;
			calls[i].id = VC_ID_SELF;
			continue;
		}
		setting->fill(data[i]);
		calls[i].cmd = setting->cmd;
		calls[i].id = creates ? VC_ID_SELF :
				       ctx_pick_with(setting->flags);
	}
	ret = vc(VC_BATCH, VC_ID_SELF, &batch);
	if (ret > 0)
		ctx_publish(ret, flags);
	MUST(ret < 0 || batch.failed == batch.count, "%ld, failed %u of %u",
	     ret, batch.failed, batch.count);
	MUST(ret < 0 || (ret > 0) == creates, "%ld", ret);
	/* where it did not come so far nothing is told */
	MUST(batch.failed <= batch.count || (ret < 0 && !~batch.failed),
	     "%ld, failed %u of %u", ret, batch.failed, batch.count);
	MUST(ret >= 0 || batch.failed >= batch.count ||
	     calls[batch.failed].result == ret, "%ld, failed %u: %d", ret,
	     batch.failed, calls[batch.failed].result);
	return ret;
}

/* ---- to look ---- */

static long op_look(long cmd)
{
	__u64 data[SETTING_SIZE / 8] = {};
	static __u8 bits[128];

	switch (cmd) {
	case VC_GET_CPUSET:
		((struct vc_cpuset *)data)->len = sizeof(bits);
		((struct vc_cpuset *)data)->bits = (uintptr_t)bits;
		break;
	case VC_GET_ROOT:
		((struct vc_vfs_root *)data)->len = sizeof(bits);
		((struct vc_vfs_root *)data)->path = (uintptr_t)bits;
		return vc(cmd, ctx_pick_rooted(), data);
	case VC_GET_IO:
		fill_io(data);
		break;
	case VC_GET(VC_CAT_VFS, VC_VFS_BIND):
		((__u32 *)data)[0] = 3;
		break;
	case VC_GET_STOP:
	case VC_GET_FREEZE:
	case VC_GET_OOM:
	case VC_COUNT:
		return vc(cmd, ctx_pick(), NULL);
	case VC_WHERE:
	case VC_INFO:
	case VC_STAT:
	case VC_MEM_STAT:
		break;
	default:
		((__u32 *)data)[0] = 8;
	}
	if (cmd == VC_WHERE)
		((struct vc_task *)data)->pid = one_in(4) ? getpid() :
							    pid_pick();
	return vc(cmd, one_in(4) ? VC_ID_SELF : ctx_pick(), data);
}

/* Lists are ascending, and who is in one is whole or gone. */
static long op_list(long arg)
{
	struct {
		struct vc_id_list head;
		__u32 ids[128];
	} list = { .head.count = 128 };
	struct vc_info info;
	__u32 i;
	long ret;

	ret = vc(VC_LIST, one_in(2) ? VC_ID_SELF : ctx_pick(), &list);
	if (ret)
		return ret;
	for (i = 0; i < list.head.count && i < 128; i++) {
		ret = ctx_info(list.ids[i], &info);
		MUST(!ret || ret == -ESRCH || ret == -ENOMEM, "%ld", ret);
		MUST(ret || info.id == list.ids[i], "%u, not %u", info.id,
		     list.ids[i]);
		MUST(!i || list.ids[i - 1] < list.ids[i], "%u", list.ids[i]);
	}
	return 0;
}

/* ---- contexts of a worker's own, which nobody else changes ---- */

#define OWN_NAME	"own-"

static __u32 own[2];

static long own_make(unsigned int i)
{
	char name[VC_NAME_SIZE];
	struct vc_info info;
	__u32 flags = i ? VC_CREATE_UTSNS : 0;
	struct vc_create create = { .flags = flags };
	long ret;

	snprintf(name, sizeof(name), OWN_NAME "%u-%u", me, i);
	COPY(create.name, name);
	ret = vc(VC_CREATE, VC_ID_SELF, &create);
	if (ret < 0)
		return ret;
	own[i] = ret;
	ret = ctx_info(own[i], &info);
	MUST(!ret, "%ld", ret);
	MUST(info.id == own[i], "%u, not %u", info.id, own[i]);
	MUST(info.flags == flags, "%#x", info.flags);
	MUST(!info.tasks && !info.processes, "%u %u", info.tasks,
	     info.processes);
	MUST(!strcmp(info.name, name), "%s, not %s", info.name, name);
	ret = vc(VC_CREATE, VC_ID_SELF, &create);
	MUST(ret == -EEXIST || ret == -ENOMEM, "%ld", ret);
	return 0;
}

static long own_destroy(unsigned int i)
{
	char path[256];
	long ret;

	COPY(path, cg_path(own[i], NULL));
	ret = one_in(2) ? ctx_kill(own[i]) : vc(VC_DESTROY, own[i], NULL);
	MUST(!ret, "%ld", ret);
	if (ret)
		return ret;
	ret = vc(VC_INFO, own[i], NULL);
	MUST(ret == -ESRCH, "%ld", ret);
	MUST(access(path, F_OK), "%s", path);
	own[i] = 0;
	return 0;
}

static void own_compare(__u32 id, unsigned int nr, const void *set)
{
	const struct setting *setting = &settings[nr];
	__u64 got[SETTING_SIZE / 8] = {};
	__u8 bits[8] = {};
	long ret;

	if (setting->same == BY_RESULT) {
		ret = vc(get_of(setting->cmd), id, NULL);
		MUST(ret == *(__u32 *)set, "%08x: %ld", setting->cmd, ret);
		return;
	}
	if (nr == SET_CPUSET) {
		struct vc_cpuset all = { .len = sizeof(bits),
					 .bits = (uintptr_t)bits };
		bool none = !((struct vc_cpuset *)set)->len;

		ret = vc(VC_GET_CPUSET, id, &all);
		MUST(!ret, "%ld", ret);
		MUST(none || bits[0] == cpus_bits, "%#x, not %#x", bits[0],
		     cpus_bits);
		return;
	}
	memcpy(got, set, sizeof(got));
	/* which of them, if GET asks; nothing of what it says */
	if (nr == SET_MOUNTS || nr == SET_DEVICES)
		((__u32 *)got)[0] = 16;
	else if (nr != SET_IO)
		memset(got, 0xa5, setting->same);
	ret = vc(get_of(setting->cmd), id, got);
	MUST(!ret, "%08x: %ld", setting->cmd, ret);
	MUST(!memcmp(got, set, setting->same), "%08x: %llx, not %llx",
	     setting->cmd, (unsigned long long)got[0],
	     *(unsigned long long *)set);
}

/* What was set is what is told, and what was refused has changed nothing. */
static long own_set(__u32 id)
{
	static const struct vc_limit none = { .limit = VC_UNLIMITED };
	__u64 data[SETTING_SIZE / 8] = {};
	unsigned int nr = rnd_below(SET_SAFE);
	long ret;

	settings[nr].fill(data);
	ret = vc(settings[nr].cmd, id, data);
	if (!ret)
		own_compare(id, nr, data);
	/* So that the next one who comes can move and run. */
	if (nr == SET_FREEZE || nr == SET_STOP) {
		memset(data, 0, 4);
		MUST(!vc(settings[nr].cmd, id, data), "%s", ctx_error());
	} else if (nr == SET_TASKS || nr == SET_TOTAL || nr == SET_RESIDENT) {
		long back = vc(settings[nr].cmd, id, &none);

		MUST(!back, "%ld", back);
	}
	return ret;
}

/* A child that nobody else moves is where it was put. */
static long own_where(__u32 a, __u32 b)
{
	const __u32 to[] = { a, VC_ID_HOST, b, VC_ID_HOST };
	pid_t pid = child_fork();
	unsigned int i;
	long ret = 0;

	if (!pid) {
		for (;;)
			pause();
	}
	if (pid < 0)
		return -errno;
	pid_hide(pid);
	for (i = 0; i < ARRAY_SIZE(to) && !ret; i++) {
		if (!to[i] && i < 3 && one_in(2))
			continue;
		ret = task_move(pid, to[i]);
		if (ret)
			break;
		MUST(task_where(pid) == to[i], "%ld, not %u", task_where(pid),
		     to[i]);
		MUST(!to[i] || vc(VC_COUNT, to[i], NULL) == 1, "%ld",
		     vc(VC_COUNT, to[i], NULL));
		MUST(!to[i] || ctx_usage(to[i]) == 1, "%ld", ctx_usage(to[i]));
	}
	kill(pid, SIGKILL);
	MUST(child_wait(pid) == 1000 + SIGKILL, "%d", pid);
	MUST(!ctx_usage(a) && !ctx_usage(b), "%ld %ld", ctx_usage(a),
	     ctx_usage(b));
	return ret;
}

static long op_own(long arg)
{
	unsigned int i = rnd_below(2);

	if (!own[i])
		return own_make(i);
	if (one_in(8))
		return own_destroy(i);
	/* One with a namespace is entered only by oneself. */
	if (one_in(3) && own[0])
		return own_where(own[0], own[0]);
	return own_set(own[i]);
}

#endif /* _SELFTESTS_VCONTEXT_TORTURE_CONTEXT_H */
