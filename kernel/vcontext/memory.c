// SPDX-License-Identifier: GPL-2.0
/*
 * Category 7: memory.
 *
 * The memory controller limits the context's top group, and so all below it.
 * It counts memory and swap apart: how a resident limit R and a total T become
 * limits of the group, and how it gets below them, is in split.c.
 *
 * R and T are kept here since the group cannot tell them.  Who writes the
 * group's files behind our back is not undone: what the files say is what
 * holds, and GET tells that.
 *
 * All values are in pages, %PAGE_COUNTER_MAX is no limit.
 */
#include <linux/capability.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/page_counter.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include <trace/events/vcontext.h>

#include "../../mm/memcontrol-v1.h"
#include "split.h"

static_assert(sizeof(struct vc_mem_stat) == 48);

/**
 * struct memory - the memory limits of a context
 * @lock: one SET at a time; taken across reclaim
 * @held: R and T, and what the group was given for them
 * @events: MEMCG_MAX of the group when it was given that
 * @resident_hits: those before that were due to R
 * @total_hits: those before that were due to T
 * @batches: SETs of the batch that has claimed the context
 * @wanted_resident: R after it
 * @wanted_total: T after it
 * @total_kills: kills due to T where @events tells of R, since what R left out
 *		 found no swap any more
 *
 * All but @total_kills, which is under oom_lock, are written by SET under
 * @lock.
 */
struct memory {
	struct mutex lock;	/* see above */
	struct vc_memory_limits held;
	unsigned int batches;
	unsigned long wanted_resident;
	unsigned long wanted_total;
	unsigned long events;
	u64 resident_hits;
	u64 total_hits;
	u64 total_kills;
};

VC_DEFINE(struct memory, memory) = {
	.held = {
		.resident = PAGE_COUNTER_MAX,
		.total = PAGE_COUNTER_MAX,
		.split = { PAGE_COUNTER_MAX, PAGE_COUNTER_MAX },
	},
};

static int memory_init(struct vcontext *ctx)
{
	mutex_init(&VC(ctx, memory).lock);
	return 0;
}

VC_INIT(memory, memory_init, NULL);

/*
 * R and T that hold.  Who has written the files of the group @memcg has said
 * something else than what was put there for them.
 */
static void effective(struct memory *memory, struct mem_cgroup *memcg,
		      unsigned long *resident, unsigned long *total)
{
	struct vc_memory_split now = vc_memory_split_of(memcg);

	lockdep_assert_held(&memory->lock);

	*resident = memory->held.resident;
	*total = memory->held.total;
	if (now.max == memory->held.split.max &&
	    now.swap_max == memory->held.split.swap_max)
		return;
	if (now.max != memory->held.split.max)
		*resident = now.max;
	*total = now.swap_max > PAGE_COUNTER_MAX - now.max ?
		 PAGE_COUNTER_MAX : now.max + now.swap_max;
}

/* The same without the lock. */
static void read_limits(struct vcontext *ctx, struct mem_cgroup *memcg,
			unsigned long *resident, unsigned long *total)
{
	struct memory *memory = &VC(ctx, memory);

	if (mutex_trylock(&memory->lock)) {
		effective(memory, memcg, resident, total);
		mutex_unlock(&memory->lock);
		return;
	}
	/* a SET is under way: until it is done the old ones hold */
	*resident = READ_ONCE(memory->held.resident);
	*total = READ_ONCE(memory->held.total);
}

/* ---- SET of a limit ---- */

static unsigned long max_events(struct mem_cgroup *memcg)
{
	/* of this group alone, not of limits that are set below it */
	return atomic_long_read(&memcg->memory_events_local[MEMCG_MAX]);
}

/* How often R and T were in the way, under all limits so far. */
static void count_hits(const struct memory *memory, unsigned long now,
		       u64 *resident, u64 *total)
{
	unsigned long events = now - READ_ONCE(memory->events);
	unsigned long max = READ_ONCE(memory->held.split.max);

	*resident = READ_ONCE(memory->resident_hits);
	*total = READ_ONCE(memory->total_hits);
	if (max == READ_ONCE(memory->held.resident))
		*resident += events;
	if (max != READ_ONCE(memory->held.resident) ||
	    max == READ_ONCE(memory->held.total))
		*total += events;
}

/* The same with what our own batch makes of them. */
static void read_wanted(struct vcontext *ctx, struct mem_cgroup *memcg,
			unsigned long *resident, unsigned long *total)
{
	struct memory *memory = &VC(ctx, memory);

	if (!vc_claimed_by_us(ctx) || !memory->batches) {
		read_limits(ctx, memcg, resident, total);
		return;
	}
	*resident = memory->wanted_resident;
	*total = memory->wanted_total;
}

/* -EPERM if a context above @ctx has less. */
static int check_above(struct vcontext *ctx, struct mem_cgroup *memcg,
		       u64 limit, bool is_total)
{
	if (limit == VC_UNLIMITED)
		return 0;
	for (ctx = ctx->parent; ctx->level; ctx = ctx->parent) {
		unsigned long resident, total;
		u64 above;

		/* each context's group is just below that of its parent */
		memcg = parent_mem_cgroup(memcg);
		read_wanted(ctx, memcg, &resident, &total);
		above = is_total ? total : resident;
		if (above != PAGE_COUNTER_MAX && limit >> PAGE_SHIFT > above)
			return vc_fail(-EPERM, "limit %llu: context %u has %llu",
				       limit, ctx->id, above << PAGE_SHIFT);
	}
	return 0;
}

static u64 bytes_used(struct mem_cgroup *memcg, bool is_total)
{
	u64 pages = page_counter_read(&memcg->memory);

	if (is_total)
		pages += page_counter_read(&memcg->swap);
	return pages << PAGE_SHIFT;
}

/* R and T hold from now on; the hits before go to those that held. */
static void store(struct memory *memory, unsigned long events,
		  u64 resident_hits, u64 total_hits,
		  unsigned long resident, unsigned long total)
{
	lockdep_assert_held(&memory->lock);

	WRITE_ONCE(memory->resident_hits, resident_hits);
	WRITE_ONCE(memory->total_hits, total_hits);
	WRITE_ONCE(memory->events, events);
	WRITE_ONCE(memory->held.resident, resident);
	WRITE_ONCE(memory->held.total, total);
}

/* Let @resident and @total hold, or leave everything as it was. */
static int change(struct mem_cgroup *memcg, struct memory *memory,
		  unsigned long resident, unsigned long total)
{
	unsigned long events = max_events(memcg);
	u64 resident_hits, total_hits;
	int ret;

	lockdep_assert_held(&memory->lock);

	count_hits(memory, events, &resident_hits, &total_hits);
	ret = vc_memory_resize(memcg, &memory->held, resident, total);
	if (!ret)
		store(memory, events, resident_hits, total_hits, resident,
		      total);
	return ret;
}

static unsigned long to_pages(u64 limit)
{
	return min_t(u64, limit >> PAGE_SHIFT, PAGE_COUNTER_MAX);
}

static int refused(struct mem_cgroup *memcg, u64 limit, bool is_total, int ret)
{
	if (ret == -EBUSY)
		vc_fail(ret, "limit %llu: %llu in use, and reclaim frees no more",
			limit, bytes_used(memcg, is_total));
	return ret;
}

static int set_limit(struct vcontext *ctx, struct mem_cgroup *memcg, u64 limit,
		     bool is_total)
{
	struct memory *memory = &VC(ctx, memory);
	unsigned long resident, total;
	int ret;

	ret = check_above(ctx, memcg, limit, is_total);
	if (ret)
		return ret;
	if (mutex_lock_interruptible(&memory->lock))
		return -ERESTARTSYS;
	effective(memory, memcg, &resident, &total);
	if (is_total)
		total = to_pages(limit);
	else
		resident = to_pages(limit);
	ret = refused(memcg, limit, is_total,
		      change(memcg, memory, resident, total));
	mutex_unlock(&memory->lock);
	return ret;
}

/* ---- SET of a limit in a batch ---- */

/* What the batch found, for its end. */
struct found {
	struct mem_cgroup *memcg;	/* referenced */
	unsigned long resident;
	unsigned long total;
};

/*
 * What is less is set at once, which may take reclaim and may fail; what is
 * more is set when all has succeeded, so that nobody fills it before.  To take
 * back is always more, then.
 */
static int begin_limit(struct vcontext *ctx, struct found *found, u64 limit,
		       bool is_total)
{
	struct memory *memory = &VC(ctx, memory);
	struct mem_cgroup *memcg = found->memcg;
	unsigned long resident, total, wanted = to_pages(limit);
	int ret;

	ret = check_above(ctx, memcg, limit, is_total);
	if (ret)
		return ret;
	if (mutex_lock_interruptible(&memory->lock))
		return -ERESTARTSYS;
	effective(memory, memcg, &resident, &total);
	found->resident = resident;
	found->total = total;
	if (is_total)
		total = min(total, wanted);
	else
		resident = min(resident, wanted);
	/* more may be used than a limit that was written to the files */
	if (resident < found->resident || total < found->total)
		ret = refused(memcg, limit, is_total,
			      change(memcg, memory, resident, total));
	if (ret)
		goto out_unlock;
	if (!memory->batches++) {
		memory->wanted_resident = found->resident;
		memory->wanted_total = found->total;
	}
	if (is_total)
		memory->wanted_total = wanted;
	else
		memory->wanted_resident = wanted;
out_unlock:
	mutex_unlock(&memory->lock);
	return ret;
}

static void end_limit(struct vcontext *ctx, struct found *found, bool commit)
{
	struct memory *memory = &VC(ctx, memory);
	unsigned long resident = found->resident, total = found->total;
	unsigned long events;
	u64 resident_hits, total_hits;

	mutex_lock(&memory->lock);
	/* those of all its SETs are there with the first */
	if (commit) {
		resident = memory->wanted_resident;
		total = memory->wanted_total;
	}
	memory->batches--;
	events = max_events(found->memcg);
	count_hits(memory, events, &resident_hits, &total_hits);
	vc_memory_raise(found->memcg, &memory->held, resident, total);
	store(memory, events, resident_hits, total_hits, resident, total);
	mutex_unlock(&memory->lock);
}

static u64 to_bytes(unsigned long limit)
{
	return limit == PAGE_COUNTER_MAX ? VC_UNLIMITED :
					   (u64)limit << PAGE_SHIFT;
}

static void get_limit(struct vcontext *ctx, struct mem_cgroup *memcg,
		      struct vc_limit *arg, bool is_total)
{
	unsigned long resident, total;
	u64 resident_hits, total_hits, peak;

	read_limits(ctx, memcg, &resident, &total);
	count_hits(&VC(ctx, memory), max_events(memcg), &resident_hits,
		   &total_hits);
	/* the limit of swap is there for T's sake alone */
	total_hits += data_race(memcg->swap.failcnt) +
		      READ_ONCE(VC(ctx, memory).total_kills);
	peak = READ_ONCE(memcg->memory.watermark);
	if (is_total)
		peak += READ_ONCE(memcg->swap.watermark);
	arg->limit = to_bytes(is_total ? total : resident);
	arg->usage = bytes_used(memcg, is_total);
	arg->peak = peak << PAGE_SHIFT;
	arg->hits = is_total ? total_hits : resident_hits;
}

/* The host has no limits and is not counted; the kernel knows what is used. */
static void get_host_limit(struct vc_limit *arg, bool is_total)
{
	struct sysinfo info;
	u64 pages;

	si_meminfo(&info);
	si_swapinfo(&info);
	pages = info.totalram - info.freeram;
	if (is_total)
		pages += info.totalswap - info.freeswap;
	*arg = (struct vc_limit){
		.limit = VC_UNLIMITED,
		.usage = pages << PAGE_SHIFT,
	};
}

/* ---- commands ---- */

/* The memory group of a context, with a reference; the root's for the host. */
static struct mem_cgroup *memcg_get(struct vcontext *ctx)
{
	struct cgroup_subsys_state *css = vc_engine_css(ctx, memory_cgrp_id);

	if (IS_ERR(css))
		return ERR_CAST(css);
	return mem_cgroup_from_css(css);
}

static long limit_set(struct vc_request *req, bool is_total)
{
	struct mem_cgroup *memcg = memcg_get(req->ctx);
	const struct vc_limit *arg = req->data;
	long ret;

	if (IS_ERR(memcg))
		return PTR_ERR(memcg);
	ret = set_limit(req->ctx, memcg, arg->limit, is_total);
	mem_cgroup_put(memcg);
	return ret;
}

static long limit_get(struct vc_request *req, bool is_total)
{
	struct mem_cgroup *memcg;

	if (!req->ctx->level) {
		get_host_limit(req->data, is_total);
		return 0;
	}
	memcg = memcg_get(req->ctx);
	if (IS_ERR(memcg))
		return PTR_ERR(memcg);
	get_limit(req->ctx, memcg, req->data, is_total);
	mem_cgroup_put(memcg);
	return 0;
}

static long total_set(struct vc_request *req)
{
	return limit_set(req, true);
}

static long limit_begin(struct vc_request *req, bool is_total)
{
	const struct vc_limit *arg = req->data;
	struct found *found = kzalloc(sizeof(*found), GFP_KERNEL_ACCOUNT);
	long ret;

	if (!found)
		return -ENOMEM;
	found->memcg = memcg_get(req->ctx);
	ret = PTR_ERR_OR_ZERO(found->memcg);
	if (ret)
		goto err_free;
	ret = begin_limit(req->ctx, found, arg->limit, is_total);
	if (ret)
		goto err_put;
	req->saved = found;
	return 0;

err_put:
	mem_cgroup_put(found->memcg);
err_free:
	kfree(found);
	return ret;
}

static long total_begin(struct vc_request *req)
{
	return limit_begin(req, true);
}

static long resident_begin(struct vc_request *req)
{
	return limit_begin(req, false);
}

static void limit_end(struct vc_request *req, bool commit)
{
	struct found *found = req->saved;

	end_limit(req->ctx, found, commit);
	mem_cgroup_put(found->memcg);
	kfree(found);
}

static const struct vc_batch_ops total_batch = {
	.begin = total_begin,
	.end = limit_end,
};

static const struct vc_batch_ops resident_batch = {
	.begin = resident_begin,
	.end = limit_end,
};

static long total_get(struct vc_request *req)
{
	return limit_get(req, true);
}

static long resident_set(struct vc_request *req)
{
	return limit_set(req, false);
}

static long resident_get(struct vc_request *req)
{
	return limit_get(req, false);
}

static void get_stat(struct mem_cgroup *memcg, struct vc_mem_stat *stat)
{
	mem_cgroup_flush_stats(memcg);
	stat->anon = memcg_page_state_output(memcg, NR_ANON_MAPPED);
	stat->file = memcg_page_state_output(memcg, NR_FILE_PAGES);
	stat->kernel = memcg_page_state_output(memcg, MEMCG_KMEM) +
		       memcg_page_state_output(memcg, MEMCG_SOCK);
	stat->swap = (u64)page_counter_read(&memcg->swap) << PAGE_SHIFT;
	stat->shmem = memcg_page_state_output(memcg, NR_SHMEM);
	stat->oom_kills =
		atomic_long_read(&memcg->memory_events[MEMCG_OOM_KILL]);
}

/* The machine's; its root group does not have all of it. */
static int get_host_stat(struct vc_mem_stat *stat)
{
	struct sysinfo info;
	unsigned long *events;

	events = kcalloc(NR_VM_EVENT_ITEMS, sizeof(*events), GFP_KERNEL);
	if (!events)
		return -ENOMEM;
	all_vm_events(events);
	si_swapinfo(&info);
	stat->anon = (u64)global_node_page_state(NR_ANON_MAPPED) << PAGE_SHIFT;
	stat->file = (u64)global_node_page_state(NR_FILE_PAGES) << PAGE_SHIFT;
	stat->kernel =
		global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
		global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B) +
		global_node_page_state(NR_PAGETABLE);
	stat->kernel <<= PAGE_SHIFT;
	stat->kernel += (u64)global_node_page_state(NR_KERNEL_STACK_KB) << 10;
	stat->swap = (u64)(info.totalswap - info.freeswap) << PAGE_SHIFT;
	stat->shmem = (u64)global_node_page_state(NR_SHMEM) << PAGE_SHIFT;
	stat->oom_kills = events[OOM_KILL];
	kfree(events);
	return 0;
}

static long stat_get(struct vc_request *req)
{
	struct mem_cgroup *memcg;

	if (!req->ctx->level)
		return get_host_stat(req->data);
	memcg = memcg_get(req->ctx);
	if (IS_ERR(memcg))
		return PTR_ERR(memcg);
	get_stat(memcg, req->data);
	mem_cgroup_put(memcg);
	return 0;
}

static void stat_show(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_mem_stat *stat = req->data;

	seq_printf(m, "anon=%llu file=%llu kernel=%llu swap=%llu shmem=%llu oom_kills=%llu",
		   stat->anon, stat->file, stat->kernel, stat->swap,
		   stat->shmem, stat->oom_kills);
}

static int check_oom(const struct vc_request *req)
{
	u32 whole = *(u32 *)req->data;

	return whole > 1 ?
		vc_fail(-EINVAL, "%u: 0 for one process, 1 for the whole context",
			whole) : 0;
}

/* The group, for oom_end(). */
static long oom_begin(struct vc_request *req)
{
	struct mem_cgroup *memcg;
	int ret = check_oom(req);

	if (ret)
		return ret;
	memcg = memcg_get(req->ctx);
	if (IS_ERR(memcg))
		return PTR_ERR(memcg);
	req->saved = memcg;
	return 0;
}

static void oom_end(struct vc_request *req, bool commit)
{
	struct mem_cgroup *memcg = req->saved;

	/* it kills all of the group, and of those below it */
	if (commit)
		WRITE_ONCE(memcg->oom_group, *(u32 *)req->data);
	mem_cgroup_put(memcg);
}

static const struct vc_batch_ops oom_batch = {
	.begin = oom_begin,
	.end = oom_end,
};

static long oom_set(struct vc_request *req)
{
	long ret = oom_begin(req);

	if (!ret)
		oom_end(req, true);
	return ret;
}

static long oom_get(struct vc_request *req)
{
	struct mem_cgroup *memcg = memcg_get(req->ctx);
	long ret;

	if (IS_ERR(memcg))
		return PTR_ERR(memcg);
	ret = READ_ONCE(memcg->oom_group);
	mem_cgroup_put(memcg);
	return ret;
}

/* ---- events ---- */

/* The limit of @ctx that its group has no way to keep but to kill. */
static void limit_reached(struct vcontext *ctx, struct mem_cgroup *memcg)
{
	struct memory *memory = &VC(ctx, memory);
	unsigned long limit = READ_ONCE(memory->held.resident);
	u8 command = VC_MEMORY_RESIDENT;

	lockdep_assert_held(&oom_lock);

	/* with R in the way there would be swap if T left some */
	if (READ_ONCE(memory->held.split.max) != limit ||
	    page_counter_read(&memcg->swap) >=
	    READ_ONCE(memory->held.split.swap_max)) {
		if (READ_ONCE(memory->held.split.max) == limit &&
		    READ_ONCE(memory->held.total) != limit)
			WRITE_ONCE(memory->total_kills,
				   memory->total_kills + 1);
		limit = READ_ONCE(memory->held.total);
		command = VC_MEMORY_TOTAL;
	}
	trace_limit(ctx->id, VC_CAT_MEMORY, command,
		    bytes_used(memcg, command == VC_MEMORY_TOTAL),
		    to_bytes(limit));
	vc_event(ctx, VC_EVENT_LIMIT, VC_CAT_MEMORY << 8 | command);
}

/* See vcontext_oom(). */
void __vcontext_oom(struct task_struct *victim, struct mem_cgroup *memcg)
{
	struct vcontext *ctx;
	struct cgroup *cgrp;

	rcu_read_lock();
	ctx = vcontext_of_task(victim);
	if (ctx)
		vc_event(ctx, VC_EVENT_OOM, 0);

	/* or it is a limit that the inside has set below its own */
	cgrp = memcg ? memcg->css.cgroup : NULL;
	ctx = cgrp ? cgrp->vcontext : NULL;
	if (ctx && READ_ONCE(ctx->top) == cgrp)
		limit_reached(ctx, memcg);
	rcu_read_unlock();
}

static bool memory_available(void)
{
	return vc_engine_has(memory_cgrp_id);
}

static const struct vc_command memory_commands[] = {
	[VC_MEMORY_TOTAL] = {
		.name = "total",
		.doc = "memory and swap, in bytes",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.available = memory_available,
		.needs = "the memory controller",
		.show = vc_show_limit,
		.batch = &total_batch,
		.set = VC_METHOD(total_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_limit),
		.get = VC_METHOD(total_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_limit),
	},
	[VC_MEMORY_RESIDENT] = {
		.name = "resident",
		.doc = "memory without swap, in bytes",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.available = memory_available,
		.needs = "the memory controller",
		.show = vc_show_limit,
		.batch = &resident_batch,
		.set = VC_METHOD(resident_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_limit),
		.get = VC_METHOD(resident_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_OUT, struct vc_limit),
	},
	[VC_MEMORY_STAT] = {
		.name = "stat",
		.doc = "what the memory is used for",
		.version = 1,
		.available = memory_available,
		.needs = "the memory controller",
		.show = stat_show,
		.get = VC_METHOD(stat_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_mem_stat),
	},
	[VC_MEMORY_OOM] = {
		.name = "oom",
		.doc = "what an out-of-memory kill takes",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.available = memory_available,
		.needs = "the memory controller",
		.batch = &oom_batch,
		.set = VC_METHOD(oom_set, VC_KIND_BELOW, VC_DATA_IN, u32),
		.get = VC_METHOD_PLAIN(oom_get, VC_KIND_OWN_OR_BELOW),
	},
};

VC_DECLARE_CATEGORY(memory, VC_CAT_MEMORY, 1, memory_commands);
