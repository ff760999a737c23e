// SPDX-License-Identifier: GPL-2.0
/*
 * Category 2: CPU and main context management.
 */
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/utsname.h>

#include "internal.h"

#define VC_CREATE_ALL							\
	(VC_CREATE_NETNS | VC_CREATE_UTSNS | VC_CREATE_IPCNS |		\
	 VC_CREATE_PIDNS | VC_CREATE_MNTNS | VC_CREATE_CGROUPNS |	\
	 VC_CREATE_EPHEMERAL)

static_assert(sizeof(struct vc_create) == 40);
static_assert(sizeof(struct vc_info) == 80);
static_assert(sizeof(struct vc_id_list) == 8);
static_assert(sizeof(struct vc_hostname) == 65);
static_assert(sizeof_field(struct vc_hostname, name) == __NEW_UTS_LEN + 1);

/* See the order of locks in internal.h. */
DEFINE_MUTEX(vc_cpu_mutex);

/**
 * vc_cpu_state - state bits of a context
 * @ctx: the context
 *
 * Context: any; a snapshot.
 * Return: VC_STATE_*.
 */
u32 vc_cpu_state(const struct vcontext *ctx)
{
	u32 state = 0;

	if (vc_process_stopped(ctx))
		state |= VC_STATE_STOPPED;
	if (vc_frozen(ctx))
		state |= VC_STATE_FROZEN;
	if (READ_ONCE(ctx->dying))
		state |= VC_STATE_DYING;
	return state;
}

/**
 * vc_cpu_check_create - are these values for a new context?
 * @id: its number
 * @args: the rest
 *
 * Context: process.
 * Return: 0, %-EINVAL, %-EOPNOTSUPP.
 */
int vc_cpu_check_create(u32 id, const struct vc_create *args)
{
	u32 flags = args->flags;

	if (id != VC_ID_SELF && (!id || id > VC_ID_MAX))
		return vc_fail(-EINVAL, "id %u: 1 to %u, or VC_ID_SELF for any",
			       id, VC_ID_MAX);
	if (flags & ~VC_CREATE_ALL)
		return vc_fail(-EINVAL, "flags %#x: unknown bits %#x", flags,
			       flags & ~VC_CREATE_ALL);
	if (vc_ns_unsupported(flags))
		return vc_fail(-EOPNOTSUPP,
			       "flags %#x: this kernel has no namespace for %#x",
			       flags, vc_ns_unsupported(flags));
	return 0;
}

static long context_set(struct vc_request *req)
{
	static const struct vc_create none;
	const struct vc_create *args = req->data ?: &none;

	return vc_cpu_check_create(req->id, args) ?:
	       vcontext_create(req->id, args, req->caller);
}

static long context_get(struct vc_request *req)
{
	struct vcontext *ctx = req->ctx;
	struct vc_info *info = req->data;

	if (!info)
		return 0;
	info->id = ctx->id;
	info->parent = ctx->parent ? ctx->parent->id : VC_ID_HOST;
	info->flags = ctx->flags;
	info->children = READ_ONCE(ctx->nr_below);
	info->children_max = ctx->children_max;
	info->tasks = vc_process_tasks(ctx);
	info->processes = vc_engine_count(ctx);
	info->state = vc_cpu_state(ctx);
	info->cgroup_id = ctx->cgroup_id;
	info->created_ns = ctx->created_ns;
	memcpy(info->name, ctx->name, sizeof(info->name));
	return 0;
}

static void context_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_info *info = req->data;

	seq_printf(m, "id=%u parent=%u flags=%#x children=%u children_max=%u",
		   info->id, info->parent, info->flags, info->children,
		   info->children_max);
	seq_printf(m, " tasks=%u processes=%u state=%#x cgroup_id=%llu",
		   info->tasks, info->processes, info->state, info->cgroup_id);
	seq_printf(m, " created_ns=%llu name=%s", info->created_ns, info->name);
}

static long destroy_set(struct vc_request *req)
{
	u32 flags = req->data ? *(u32 *)req->data : 0;

	if (flags & ~VC_DESTROY_KILL)
		return vc_fail(-EINVAL, "flags %#x: unknown bits", flags);
	return vcontext_destroy(req->ctx, flags & VC_DESTROY_KILL);
}

static int compare_ids(const void *a, const void *b)
{
	return *(const u32 *)a < *(const u32 *)b ? -1 : 1;
}

static long list_get(struct vc_request *req)
{
	struct vc_id_list *list = req->data;
	struct vcontext *pos;
	u32 *ids = NULL, nr = 0;
	int ret = 0;

	if (list->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");

	if (mutex_lock_interruptible(&vcontext_mutex))
		return -ERESTARTNOINTR;
	list_for_each_entry(pos, &req->ctx->children, sibling)
		nr += !pos->hidden;
	if (nr) {
		ids = kvmalloc_array(nr, sizeof(*ids), GFP_KERNEL);
		if (!ids)
			ret = -ENOMEM;
	}
	if (ids) {
		nr = 0;
		list_for_each_entry(pos, &req->ctx->children, sibling)
			if (!pos->hidden)
				ids[nr++] = pos->id;
	}
	mutex_unlock(&vcontext_mutex);
	if (ret)
		return ret;

	sort(ids, nr, sizeof(*ids), compare_ids, NULL);
	req->list = ids;
	req->nr = nr;
	return 0;
}

static void list_show(struct seq_file *m, const struct vc_request *req)
{
	const u32 *ids = req->list;
	u32 i;

	seq_printf(m, "count=%u ids=", req->nr);
	for (i = 0; i < req->nr; i++)
		seq_printf(m, i ? ",%u" : "%u", ids[i]);
}

static struct uts_namespace *uts_of(struct vc_request *req)
{
	struct uts_namespace *ns = vc_ns_uts(req->ctx);

	if (!ns)
		vc_fail(-ENOENT, "context %u owns no UTS namespace",
			req->ctx->id);
	return ns;
}

static void hostname_write(struct uts_namespace *ns, const char *name)
{
	down_write(&uts_sem);
	strscpy_pad(ns->name.nodename, name);
	up_write(&uts_sem);
	uts_proc_notify(UTS_PROC_HOSTNAME);
}

static long hostname_get(struct vc_request *req)
{
	struct vc_hostname *arg = req->data;
	struct uts_namespace *ns = uts_of(req);

	if (!ns)
		return -ENOENT;
	down_read(&uts_sem);
	memcpy(arg->name, ns->name.nodename, sizeof(arg->name));
	up_read(&uts_sem);
	put_uts_ns(ns);
	return 0;
}

/* Of the UTS namespace, for hostname_end(). */
static long hostname_begin(struct vc_request *req)
{
	struct vc_hostname *arg = req->data;
	int ret = vc_check_text("name", arg->name, sizeof(arg->name));

	if (ret)
		return ret;
	req->saved = uts_of(req);
	return req->saved ? 0 : -ENOENT;
}

static void hostname_end(struct vc_request *req, bool commit)
{
	const struct vc_hostname *arg = req->data;
	struct uts_namespace *ns = req->saved;

	if (commit)
		hostname_write(ns, arg->name);
	put_uts_ns(ns);
}

static long hostname_set(struct vc_request *req)
{
	long ret = hostname_begin(req);

	if (!ret)
		hostname_end(req, true);
	return ret;
}

static const struct vc_batch_ops hostname_batch = {
	.begin = hostname_begin,
	.end = hostname_end,
};

static void hostname_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_hostname *arg = req->data;

	/* the inside may choose any bytes */
	seq_puts(m, "name=");
	seq_escape(m, arg->name, " \t\n\\");
}

static const struct vc_command cpu_commands[] = {
	[VC_CPU_CONTEXT] = {
		.name = "context",
		.doc = "create a context / does it exist, and what is it",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = context_show,
		.batch = &vc_batch_create,
		.set = VC_METHOD(context_set, VC_KIND_NEW,
				 VC_DATA_IN | VC_DATA_OPTIONAL,
				 struct vc_create),
		.get = VC_METHOD(context_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_OUT | VC_DATA_OPTIONAL,
				 struct vc_info),
	},
	[VC_CPU_DESTROY] = {
		.name = "destroy",
		.doc = "destroy a context",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD(destroy_set, VC_KIND_BELOW,
				 VC_DATA_IN | VC_DATA_OPTIONAL, u32),
	},
	[VC_CPU_SCHED] = {
		.name = "sched",
		.doc = "scheduling policy, the best that its threads can have",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_sched_show,
		.batch = &vc_sched_batch,
		.set = VC_METHOD(vc_sched_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_sched),
		.get = VC_METHOD(vc_sched_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_OUT, struct vc_sched),
	},
#ifdef CONFIG_CPUSETS
	[VC_CPU_SET] = {
		.name = "cpuset",
		.doc = "CPUs that its threads may run on",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.available = vc_cpuset_available,
		.needs = "the cpuset controller",
		.show = vc_cpuset_show,
		.batch = &vc_cpuset_batch,
		.set = VC_METHOD(vc_cpuset_set, VC_KIND_BELOW,
				 VC_DATA_IN | VC_DATA_BUFFER, struct vc_cpuset),
		.get = VC_METHOD(vc_cpuset_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_IN | VC_DATA_OUT | VC_DATA_BUFFER,
				 struct vc_cpuset),
		.nr_buffers = 1,
		.buffers = { VC_BUFFER(struct vc_cpuset, bits, len) },
	},
#endif
#ifdef CONFIG_FAIR_GROUP_SCHED
	[VC_CPU_USAGE] = {
		.name = "usage",
		.doc = "how much CPU time at most, and at least",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.available = vc_usage_available,
		.needs = "the cpu controller",
		.show = vc_usage_show,
		.batch = &vc_usage_batch,
		.set = VC_METHOD(vc_usage_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_cpu_usage),
		.get = VC_METHOD(vc_usage_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_OUT, struct vc_cpu_usage),
	},
	[VC_CPU_STAT] = {
		.name = "stat",
		.doc = "CPU time used, and how often max_usage was reached",
		.version = 1,
		.available = vc_usage_available,
		.needs = "the cpu controller",
		.show = vc_usage_stat_show,
		.get = VC_METHOD(vc_usage_stat_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_OUT, struct vc_cpu_stat),
	},
#endif
	[VC_CPU_LIST] = {
		.name = "list",
		.doc = "ids of the contexts just below one",
		.version = 1,
		.show = list_show,
		.get = VC_METHOD_LIST(list_get, VC_KIND_OWN_OR_BELOW,
				      struct vc_id_list, u32),
	},
	[VC_CPU_BATCH] = {
		.name = "batch",
		.doc = "calls that take effect as one, or not at all",
		.version = 1,
		/* of each call; the batch itself takes none */
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD(vc_batch_set, VC_KIND_IGNORED,
				 VC_DATA_IN | VC_DATA_CALLS, struct vc_batch),
	},
	[VC_CPU_BIRTH] = {
		.name = "birth",
		.doc = "a descriptor with which clone3() makes tasks inside",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.hidden = true,
		.get = VC_METHOD_RIGHTS(vc_birth_get, VC_KIND_OWN_OR_BELOW),
	},
	[VC_CPU_HOSTNAME] = {
		.name = "hostname",
		.doc = "host name in the context's own UTS namespace",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = hostname_show,
		.batch = &hostname_batch,
		.set = VC_METHOD(hostname_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_hostname),
		.get = VC_METHOD(hostname_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_OUT, struct vc_hostname),
	},
};

VC_DECLARE_CATEGORY(cpu, VC_CAT_CPU, 1, cpu_commands);
