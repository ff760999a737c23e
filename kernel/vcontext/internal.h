/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual contexts: what the files of this directory share.
 *
 * Locks, outermost first:
 *
 *  a claim (batch.c)	SETs of a context while a batch changes it
 *  struct vc_root's lock	a virtual root while it is changed or made anew
 *  vc_disk_mutex	limited directories, and walks through all that is in them
 *  vc_root_rwsem	what tasks find that enter; for reading: entering
 *  vcontext_mutex	the tree: create, destroy, names, children counts
 *  vc_ns_mutex		namespaces and virtual roots
 *  vc_cpu_mutex	what contexts get of the CPUs
 *  cgroup_mutex	who is in which group
 *  cgroup_threadgroup_rwsem	forks between charge and birth
 *  css_set_lock	tasks of a group (irqs off)
 */
#ifndef _KERNEL_VCONTEXT_INTERNAL_H
#define _KERNEL_VCONTEXT_INTERNAL_H

#include <linux/atomic.h>
#include <linux/cgroup.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/vcontext.h>
#include <linux/workqueue.h>
#include <uapi/linux/vcontext.h>

/**
 * struct vc_claim - who changes a context
 * @owner: the task whose batch does, alone; not referenced, it clears it
 * @setters: SETs under way that are in no batch
 * @closed: who enters waits for the end of the batch
 *
 * Written under a lock of batch.c; @owner is read without, to compare it with
 * current, and @closed under vc_root_rwsem.
 */
struct vc_claim {
	struct task_struct *owner;
	unsigned int setters;
	bool closed;
};

/*
 * A context.  Categories keep no state here, see var.c.
 *
 * (c) constant once the context can be found
 * (m) written under vcontext_mutex; read under it, or once as a hint
 * (a) atomic
 */
struct vcontext {
	u32 id;				/* (c) 0 is the host */
	u32 flags;			/* (c) VC_CREATE_* */
	u32 level;			/* (c) 0 is the host */
	u32 children_max;		/* (c) U32_MAX at the host */
	u32 nr_below;			/* (m) contexts below, any depth */
	u32 nr_hidden;			/* (m) those not shown yet, as well */
	char name[VC_NAME_SIZE];	/* (c) */
	u64 created_ns;			/* (c) CLOCK_BOOTTIME */
	u64 cgroup_id;			/* (c) */
	refcount_t refs;		/* (a) one is of the id table */
	bool dying;			/* (m) no entry any more */
	u32 emptied;			/* css_set_lock: times it lost its last task */
	bool removed;			/* (m) not in the id table any more */
	bool hidden;			/* (m) not in it yet, see batch.c */
	bool entered;			/* set under cgroup_mutex, never cleared */
	struct vcontext *parent;	/* (c) referenced; NULL at the host */
	struct list_head children;	/* (m) */
	struct list_head sibling;	/* (m) in parent->children */
	struct user_namespace *user_ns;	/* (c) of the creator, referenced */
	struct pid *creator;		/* (c) process, referenced */
	/*
	 * The groups, see engine.c.  They hold a reference to the context and
	 * not the other way round: under cgroup_mutex they are there, or NULL
	 * when they have been removed.  The host has only @top, the root.
	 */
	struct cgroup *top;		/* limits */
	struct cgroup *tasks;		/* what the inside may divide */
	struct cgroup *enter;		/* where entries and births go */
	struct work_struct reap_work;	/* EPHEMERAL: the last task is gone */
	struct vc_claim claim;		/* see batch.c */
	struct rcu_work free_work;
	/* the variables, see var.c */
	u8 vars[] __aligned(64);
};

struct vc_request;

extern struct mutex vcontext_mutex;
extern struct vcontext *vcontext_host __ro_after_init;

/* ---- context.c: life of a context ---- */

/*
 * The context of @task; the host is NULL.  See include/linux/vcontext.h for
 * how long the pointer is good.
 */
static inline struct vcontext *vcontext_of_task(struct task_struct *task)
{
	return task_dfl_cgroup(task)->vcontext;
}

/* Is @ctx @top or below it?  NULL is the host. */
static inline bool vcontext_is_below(const struct vcontext *ctx,
				     const struct vcontext *top)
{
	if (!top || !top->level)
		return true;
	while (ctx && ctx->level > top->level)
		ctx = ctx->parent;
	return ctx == top;
}

/* The nearest context above or at both, %NULL if that is the host. */
static inline struct vcontext *vcontext_common(struct vcontext *a,
					       const struct vcontext *b)
{
	while (a && a->level && !vcontext_is_below(b, a))
		a = a->parent;
	return a && a->level ? a : NULL;
}

struct vcontext *vcontext_get_current(void)
	__must_check;
struct vcontext *vcontext_find(u32 id, const struct vcontext *caller)
	__must_check;
int vcontext_create(u32 id, const struct vc_create *args,
		    struct vcontext *parent);
struct vcontext *vcontext_create_hidden(u32 id, const struct vc_create *args,
					struct vcontext *parent) __must_check;
int vcontext_show(struct vcontext **ctx, unsigned int nr) __must_check;
void vcontext_discard(struct vcontext *ctx);
int vcontext_destroy(struct vcontext *ctx, bool kill);
int vcontext_enter(struct vcontext *ctx, struct vcontext *caller,
		   struct task_struct *task);
void vcontext_entered(struct vcontext *ctx);
bool vc_made_inside(u64 mark, const struct vcontext *ctx);
struct vcontext *vcontext_next(struct vcontext *pos, struct vcontext *top);
struct vcontext *vcontext_find_next(u32 *id, const struct vcontext *caller)
	__must_check;

/*
 * Every context below @top, parents first.  Under vcontext_mutex; @pos must
 * not be removed inside.
 */
#define vcontext_for_each_below(pos, top)				\
	for (pos = vcontext_next(NULL, top); pos;			\
	     pos = vcontext_next(pos, top))

/* ---- var.c: what exists once per context ---- */

/**
 * VC_DEFINE - declare a variable that exists once per context
 * @type: of the variable
 * @name: of the variable
 *
 * What follows is its initial value, copied for each new context.  Known in
 * its file alone.  In the manner of FreeBSD's VIMAGE.
 */
#define VC_DEFINE(type, name)						\
	static type vc_var_##name __used __section(".vcontext_var")

/**
 * VC - a context's instance of a variable
 * @ctx: the context
 * @name: as in VC_DEFINE()
 *
 * An lvalue; what locks it is the category's affair.
 */
#define VC(ctx, name)							\
	(*(typeof(vc_var_##name) *)((ctx)->vars +			\
		((const u8 *)&vc_var_##name -				\
		 (const u8 *)__start_vcontext_var)))

/* laid out by the linker, see VCONTEXT_DATA in vmlinux.lds.h */
extern const u8 __start_vcontext_var[], __stop_vcontext_var[];

/**
 * struct vc_init - a constructor and destructor of per-context variables
 * @name: for people
 * @init: makes the instances of @ctx; it cannot be found yet.  May sleep.
 * @exit: the opposite; the context has no tasks and cannot be found any more,
 *	  but zombies and dying groups may still point at it.  May sleep.
 *
 * Constructors run in the order of the Makefile, destructors in reverse.
 * Called under vcontext_mutex.
 */
struct vc_init {
	const char *name;
	int (*init)(struct vcontext *ctx);
	void (*exit)(struct vcontext *ctx);
};

extern const struct vc_init __start_vcontext_init[], __stop_vcontext_init[];

#define VC_INIT(_name, _init, _exit)					\
	static const struct vc_init vc_init_##_name __used		\
	__section(".vcontext_init") __aligned(sizeof(void *)) =		\
		{ .name = #_name, .init = _init, .exit = _exit }

size_t vc_vars_size(void);
void vc_vars_copy(struct vcontext *ctx);
int vc_vars_init(struct vcontext *ctx);
void vc_vars_exit(struct vcontext *ctx);
int vc_vars_init_range(struct vcontext *ctx, const struct vc_init *start,
		       const struct vc_init *stop);
void vc_vars_exit_range(struct vcontext *ctx, const struct vc_init *start,
			const struct vc_init *stop);

/* ---- counter.c: hierarchical counters ---- */

/**
 * struct vc_counter - one level of a hierarchical counter
 * @limit: the most that @usage may be
 * @usage: what is charged, here and below
 * @peak: highest @usage ever
 * @hits: refusals by @limit of this level
 *
 * Declared with VC_DEFINE(); the levels are the context and its parents.
 */
struct vc_counter {
	u64 limit;
	atomic64_t usage;
	atomic64_t peak;
	atomic64_t hits;
};

#define VC_COUNTER_INIT		{ .limit = VC_UNLIMITED }

#define vc_counter_of(ctx, offset)					\
	((struct vc_counter *)((ctx)->vars + (offset)))
#define VC_COUNTER(name)						\
	((size_t)((const u8 *)&vc_var_##name - __start_vcontext_var))

void vc_counter_charge(struct vcontext *ctx, const struct vcontext *stop,
		       size_t offset, u64 n);
struct vcontext *vc_counter_try_charge(struct vcontext *ctx,
				       const struct vcontext *stop,
				       size_t offset, u64 n) __must_check;
struct vcontext *vc_counter_full(struct vcontext *ctx, size_t offset, u64 n);
void vc_counter_uncharge(struct vcontext *ctx, const struct vcontext *stop,
			 size_t offset, u64 n);
#define vc_counter_cancel vc_counter_uncharge
void vc_counter_read(const struct vc_counter *counter, struct vc_limit *limit);
int vc_counter_set_limit(struct vcontext *ctx, size_t offset, u64 limit);
long vc_counter_begin(struct vc_request *req, size_t offset);
void vc_counter_end(struct vc_request *req, size_t offset, bool commit);
void vc_counter_hit(struct vcontext *full, size_t offset);
void vc_counter_refused(struct vcontext *full, size_t offset, u8 category,
			u8 command);

/**
 * vc_counter_charge_fast - charge one in line, where that is simple
 * @ctx: first level, not the host; all above it are charged too
 * @offset: VC_COUNTER() of the variable
 *
 * For what is done all the time.  Simple is a charge that no level refuses and
 * that is no new peak.
 *
 * Context: any.
 * Return: %NULL, or the level where it is not.  Those below that are charged:
 * cancel them, with it as @stop, and call vc_counter_try_charge().
 */
static __always_inline struct vcontext * __must_check
vc_counter_charge_fast(struct vcontext *ctx, size_t offset)
{
	do {
		struct vc_counter *counter = vc_counter_of(ctx, offset);
		s64 usage = atomic64_read(&counter->usage);

		do {
			if (unlikely(usage >= atomic64_read(&counter->peak) ||
				     (u64)usage >= READ_ONCE(counter->limit)))
				return ctx;
		} while (!atomic64_try_cmpxchg(&counter->usage, &usage,
					       usage + 1));
	} while ((ctx = ctx->parent)->level);
	return NULL;
}

/* vc_counter_uncharge() of one at all levels, in line; @ctx is not the host. */
static __always_inline void vc_counter_uncharge_fast(struct vcontext *ctx,
						     size_t offset)
{
	do {
		struct vc_counter *counter = vc_counter_of(ctx, offset);

		WARN_ON_ONCE(atomic64_dec_return(&counter->usage) < 0);
	} while ((ctx = ctx->parent)->level);
}

/* ---- engine.c: the cgroup core ---- */

int vc_engine_init(void);
int vc_engine_create(struct vcontext *ctx);
void vc_engine_show(struct vcontext *ctx);
int vc_engine_remove(struct vcontext *ctx);
struct css_set *vc_engine_css_set(struct vcontext *ctx) __must_check;
struct vfsmount *vc_engine_mount(struct vcontext *ctx) __must_check;
void vc_engine_kill(struct vcontext *ctx);
bool vc_engine_populated(struct vcontext *ctx);
bool vc_engine_if_idle(struct vcontext *ctx, void (*fn)(struct vcontext *ctx));
int vc_engine_attach(struct vcontext *ctx, struct vcontext *caller,
		     struct task_struct *task);
void vc_engine_fork_barrier(void);
unsigned int vc_engine_count(struct vcontext *ctx);
int vc_engine_signal(struct vcontext *ctx, int signo);
int vc_engine_freeze(struct vcontext *ctx, bool freeze);
bool vc_engine_freeze_own(struct vcontext *ctx, u64 *count);
void vc_engine_thaw(struct vcontext *ctx, const u64 *count);
bool vc_engine_frozen(const struct vcontext *ctx);
void vc_engine_favor(bool favor);
void vc_engine_walk_threads(struct vcontext *ctx,
			    void (*fn)(struct task_struct *task,
				       struct vcontext *ctx, void *arg),
			    void *arg);
bool vc_engine_has(int ssid);
struct cgroup_subsys_state *vc_engine_css(struct vcontext *ctx, int ssid)
	__must_check;
void vc_engine_cputime(struct cgroup *cgrp, u64 *user_ns, u64 *system_ns);

/* ---- namespace.c: the namespaces a context owns ---- */

extern struct mutex vc_ns_mutex;

void vc_ns_own(struct ns_common *ns, const struct vcontext *ctx);
struct vc_entry;
struct vc_entry *vc_ns_prepare(struct vcontext *ctx) __must_check;
void vc_ns_commit(struct vc_entry *entry);
void vc_ns_abort(struct vc_entry *entry);
bool vc_ns_owned(struct vcontext *ctx, const struct vcontext *above);
bool vc_ns_may_exec(void);
struct uts_namespace *vc_ns_uts(struct vcontext *ctx) __must_check;
void vc_ns_shown(struct vcontext *ctx, struct pid_namespace **pid_ns,
		 struct net **net);
int vc_ns_birth(struct task_struct *child, struct vcontext *ctx);
bool vc_ns_born_in(const struct task_struct *child, struct vcontext *ctx);
int vc_ns_unsupported(u32 flags);

/* ---- error.c: why a thread's last call failed ---- */

__printf(2, 3) int vc_fail(int err, const char *fmt, ...);
void vc_fail_index(u32 index);
void vc_error_begin(void);
void vc_error_end(u32 cmd, long err);
int vc_error_read(struct vc_error *error);

/* ---- syscall.c: dispatch ---- */

/* Which ids a command takes, see "Ids, rights, order of checks". */
enum vc_id_kind {
	VC_KIND_IGNORED,
	VC_KIND_NEW,
	VC_KIND_OWN_OR_BELOW,
	VC_KIND_BELOW,
	VC_KIND_ENTER,
	VC_KIND_COMPAT,		/* new, or one to enter, or to stay */
};

/* Buffers that a struct can point at. */
#define VC_BUFFERS	2

/**
 * struct vc_request - a call, as its handler sees it
 * @cmd: command word
 * @id: as given
 * @ctx: target, referenced; %NULL where the id is new or ignored
 * @caller: the caller's context, referenced
 * @data: kernel copy of the struct, zeroed beyond what the caller gave;
 *	  %NULL if the caller gave none and may do so
 * @buffer: what @data points at.  SET: a kernel copy with a zero byte behind
 *	    it, %NULL if it is empty.  GET: kvmalloc()ed by the handler.
 * @buffer_len: bytes in @buffer; of GET the handler tells
 * @list: the elements of a list; those of GET kvmalloc()ed by the handler
 * @nr: how many elements there are
 * @waived: the caller goes on with what it was permitted before
 * @old: for struct vc_batch_ops: what @begin has to tell @end
 * @saved: the same
 */
struct vc_request {
	u32 cmd;
	u32 id;
	struct vcontext *ctx;
	struct vcontext *caller;
	void *data;
	void *buffer[VC_BUFFERS];
	u32 buffer_len[VC_BUFFERS];
	void *list;
	u32 nr;
	bool waived;
	u64 old;
	void *saved;
};

#define VC_DATA_OPTIONAL	BIT(0)	/* may be NULL */
#define VC_DATA_IN		BIT(1)	/* read */
#define VC_DATA_OUT		BIT(2)	/* written */
#define VC_DATA_BUFFER		BIT(3)	/* the command's buffers too */
#define VC_DATA_RIGHTS		BIT(4)	/* GET with the rights of SET */
#define VC_DATA_COUNT_ID	BIT(5)	/* the id counts the list's elements */
#define VC_DATA_CALLS		BIT(6)	/* points at calls, struct vc_batch */

/**
 * struct vc_buffer - where a struct points at a buffer, as offsets in it
 * @pointer: of the __aligned_u64
 * @len: of the __u32 with its length in bytes; at most a page
 *
 * What GET finds in @len is the room there is.  It becomes what there is to
 * tell: %-ERANGE if that is more, else the rest of the room is cleared.
 */
struct vc_buffer {
	u16 pointer;
	u16 len;
};

#define VC_BUFFER(_type, _pointer, _len)				\
	{ .pointer = offsetof(_type, _pointer), .len = offsetof(_type, _len) }

/**
 * struct vc_method - SET or GET of a command
 * @call: the handler: process context, may sleep, no locks held.  A failed
 *	  one has changed nothing and called vc_fail().
 * @id: which ids it takes
 * @flags: VC_DATA_*
 * @size: of the struct, the fixed part if it is a list; 0 for no data
 * @size_v1: of its version 1
 * @element: size of a list's elements
 */
struct vc_method {
	long (*call)(struct vc_request *req);
	u8 id;
	u8 flags;
	u16 size;
	u16 size_v1;
	u16 element;
};

/**
 * struct vc_batch_ops - how a SET takes part in a batch
 * @begin: in place of its handler where the context is one that others see:
 *	   what can fail is done or made ready, what would give the inside more
 *	   than it has waits for @end.  A failed one has changed nothing.
 * @end: the batch has succeeded / has not, and all is to be as before; cannot
 *	 fail.  In the order of the calls / in reverse.  May sleep.
 * @closes: nobody enters the context meanwhile
 *
 * The context is claimed: nobody else SETs anything of it in between.  On a
 * context that the batch has made the handler itself is called, since all of
 * that goes with the context.
 */
struct vc_batch_ops {
	long (*begin)(struct vc_request *req);
	void (*end)(struct vc_request *req, bool commit);
	bool closes;
};

/**
 * struct vc_command - a command of a category
 * @name: word by which tools and documents call it
 * @doc: what it does, a line
 * @version: positive; 0 for a number without a command
 * @cap: capability that SET takes
 * @hidden: GET does something, so /proc does not ask it
 * @available: does the running kernel have it?  %NULL is yes.
 * @needs: what @available asks for, for people
 * @show: what GET has said, as "KEY=VALUE ..." for people and programs; %NULL
 *	  for a number, or if it is not for /proc
 * @show_all: for /proc in place of GET, where one says a part alone: whole
 *	      lines "NAME KEY=VALUE ..."; no data in the request
 * @batch: how SET takes part in a batch; %NULL if it does not
 * @set: or empty
 * @get: or empty
 * @nr_buffers: how many of @buffers
 * @buffers: of methods with VC_DATA_BUFFER
 */
struct vc_command {
	const char *name;
	const char *doc;
	u16 version;
	u8 cap;
	bool hidden;
	bool (*available)(void);
	const char *needs;
	void (*show)(struct seq_file *m, const struct vc_request *req);
	void (*show_all)(struct seq_file *m, const struct vc_command *command,
			 const struct vc_request *req);
	const struct vc_batch_ops *batch;
	struct vc_method set;
	struct vc_method get;
	u8 nr_buffers;
	struct vc_buffer buffers[VC_BUFFERS];
};

/**
 * struct vc_category - a category of commands
 * @name: word by which tools and documents call it
 * @number: VC_CAT_*
 * @version: of the handler, positive
 * @nr_commands: length of @commands
 * @commands: by their number
 */
struct vc_category {
	const char *name;
	u8 number;
	u16 version;
	u16 nr_commands;
	const struct vc_command *commands;
};

extern const struct vc_category __start_vcontext_category[];
extern const struct vc_category __stop_vcontext_category[];

/* One line in a file makes it a category: nothing else knows the list. */
#define VC_DECLARE_CATEGORY(_name, _number, _version, _commands)		\
	static const struct vc_category vc_category_##_name __used	\
	__section(".vcontext_category") __aligned(sizeof(void *)) = {	\
		.name = #_name,						\
		.number = _number,					\
		.version = _version,					\
		.nr_commands = ARRAY_SIZE(_commands),			\
		.commands = _commands,					\
	}

#define VC_METHOD(_call, _id, _flags, _type)				\
	{ .call = _call, .id = _id, .flags = _flags,			\
	  .size = sizeof(_type), .size_v1 = sizeof(_type) }
#define VC_METHOD_LIST(_call, _id, _type, _element)			\
	{ .call = _call, .id = _id, .flags = VC_DATA_IN | VC_DATA_OUT,	\
	  .size = sizeof(_type), .size_v1 = sizeof(_type),		\
	  .element = sizeof(_element) }
#define VC_METHOD_LIST_SET(_call, _id, _type, _element)			\
	{ .call = _call, .id = _id, .flags = VC_DATA_IN,		\
	  .size = sizeof(_type), .size_v1 = sizeof(_type),		\
	  .element = sizeof(_element) }
/* The id says how many elements there are. */
#define VC_METHOD_COUNTED(_call, _id, _type, _element)			\
	{ .call = _call, .id = _id,					\
	  .flags = VC_DATA_IN | VC_DATA_COUNT_ID,			\
	  .size = sizeof(_type), .size_v1 = sizeof(_type),		\
	  .element = sizeof(_element) }
#define VC_METHOD_PLAIN(_call, _id)					\
	{ .call = _call, .id = _id }
#define VC_METHOD_RIGHTS(_call, _id)					\
	{ .call = _call, .id = _id, .flags = VC_DATA_RIGHTS }

/* What a well-formed word asks for. */
struct vc_decoded {
	u8 category;
	u8 sub;
	u8 command;
	u16 size;
};

/* A call whose command is known. */
struct vc_target {
	const struct vc_category *category;
	const struct vc_command *command;
	const struct vc_method *method;
	u16 size;
	bool set;
};

int vc_decode(u32 cmd, struct vc_decoded *word);
int vc_target_find(u32 cmd, struct vc_target *target) __must_check;
int vc_request_check(struct vc_request *req, const struct vc_target *target,
		     u64 data) __must_check;
int vc_may_change(const struct vcontext *ctx, int cap) __must_check;
void vc_request_end(struct vc_request *req);
int vc_check_size(const struct vc_method *method, u16 size);
const struct vc_category *vc_category_find(u8 number);
const struct vc_command *vc_command_find(const struct vc_category *category,
					 u8 number);

/* ---- batch.c, a command of cpu.c ---- */

/* Does the batch that current is in change @ctx? */
static inline bool vc_claimed_by_us(const struct vcontext *ctx)
{
	return READ_ONCE(ctx->claim.owner) == current;
}

int vc_claim_set(struct vcontext *ctx) __must_check;
void vc_claim_unset(struct vcontext *ctx);
bool vc_claim_closed(const struct vcontext *ctx);
int vc_claim_wait(const struct vcontext *ctx);
extern const struct vc_batch_ops vc_batch_create;
long vc_batch_set(struct vc_request *req);

/* ---- compat.c ---- */

bool vc_compat_locked(const struct vcontext *ctx);
bool vc_compat_mask_valid(__be32 mask);
int vc_compat_may_enter(const struct vcontext *ctx,
			const struct vcontext *from);

/* ---- cpu.c ---- */

int vc_cpu_check_create(u32 id, const struct vc_create *args);

/* SETs of usage, policy and CPU set: they look at each other, and do. */
extern struct mutex vc_cpu_mutex;

u32 vc_cpu_state(const struct vcontext *ctx);

/* ---- event.c ---- */

void vc_event(struct vcontext *ctx, u32 type, u64 value);
void vc_event_migrated(struct vcontext *ctx, struct task_struct *task);

/* ---- sched.c: scheduling policy ---- */

extern const struct vc_batch_ops vc_sched_batch;
long vc_sched_set(struct vc_request *req);
long vc_sched_get(struct vc_request *req);
void vc_sched_show(struct seq_file *m, const struct vc_request *req);
void vc_sched_enter(struct task_struct *task, struct vcontext *ctx);
bool vc_sched_may_nice(struct task_struct *task, int nice);
bool vc_sched_realtime(const struct vcontext *ctx);

/* ---- cpuset.c: CPU set ---- */

bool vc_cpuset_available(void);
extern const struct vc_batch_ops vc_cpuset_batch;
long vc_cpuset_set(struct vc_request *req);
long vc_cpuset_get(struct vc_request *req);
void vc_cpuset_show(struct seq_file *m, const struct vc_request *req);

/* ---- usage.c ---- */

#ifdef CONFIG_FAIR_GROUP_SCHED
bool vc_usage_limited(const struct vcontext *ctx);
int vc_usage_check_max(const struct vcontext *ctx, u32 max);
int vc_usage_check_min(const struct vcontext *ctx, u32 min);
void vc_usage_account_min(struct vcontext *ctx, u32 min);
u32 vc_usage_missing(u64 *left, u32 min);
u32 vc_usage_fit(u32 min, u64 sum, u64 all);
extern const struct vc_batch_ops vc_usage_batch;
long vc_usage_set(struct vc_request *req);
long vc_usage_get(struct vc_request *req);
void vc_usage_show(struct seq_file *m, const struct vc_request *req);
long vc_usage_stat_get(struct vc_request *req);
void vc_usage_stat_show(struct seq_file *m, const struct vc_request *req);
bool vc_usage_available(void);
void vc_usage_lift(struct vcontext *top);
void vc_usage_shown(void);
#else
/* Does @ctx, or a context above it, have max_usage?  vc_cpu_mutex held. */
static inline bool vc_usage_limited(const struct vcontext *ctx)
{
	return false;
}

static inline void vc_usage_lift(struct vcontext *top) { }
static inline void vc_usage_shown(void) { }
#endif

/* ---- memory.c ---- */

/**
 * struct vc_memory_split - limits of a memory group, in pages
 * @max: memory.max
 * @swap_max: memory.swap.max
 */
struct vc_memory_split {
	unsigned long max;
	unsigned long swap_max;
};

struct vc_memory_split vc_memory_split(unsigned long resident,
				       unsigned long total,
				       unsigned long swapped);

/* ---- proc.c ---- */

void vc_show_limit(struct seq_file *m, const struct vc_request *req);

/* ---- root.c, commands of vfs.c ---- */

extern struct rw_semaphore vc_root_rwsem;

bool vc_rooted(const struct vcontext *ctx);
bool vc_root_own(const struct vcontext *ctx);
bool vc_root_may_exec(const struct file *file);
int vc_root_dir(struct vcontext *ctx, struct path *dir) __must_check;
struct mnt_namespace *vc_root_mnt_ns(struct vcontext *ctx,
				     struct pid_namespace *pid_ns);
int vc_root_freshen(struct vcontext *ctx) __must_check;
void vc_root_outdate(struct vcontext *top);
extern const struct vc_batch_ops vc_root_batch;
long vc_root_set(struct vc_request *req);
long vc_root_get(struct vc_request *req);
void vc_root_show(struct seq_file *m, const struct vc_command *command,
		  const struct vc_request *req);
long vc_root_remove(struct vc_request *req);

/* ---- mntns.c: mount namespaces of roots ---- */

struct vfsmount *vc_mount_type(const char *type, void *data) __must_check;

/* ---- bind.c, a command of vfs.c ---- */

extern const struct vc_batch_ops vc_bind_batch;
long vc_bind_set(struct vc_request *req);
long vc_bind_get(struct vc_request *req);
void vc_bind_show(struct seq_file *m, const struct vc_request *req);

/* ---- dev.c ---- */

struct vfsmount *vc_dev_mount(struct vcontext *ctx) __must_check;

/* ---- birth.c, a command of cpu.c ---- */

long vc_birth_get(struct vc_request *req);

/* ---- io.c, a command of vfs.c ---- */

bool vc_io_available(void);
extern const struct vc_batch_ops vc_io_batch;
long vc_io_set(struct vc_request *req);
long vc_io_get(struct vc_request *req);
void vc_io_show(struct seq_file *m, const struct vc_command *command,
		const struct vc_request *req);

/* ---- mount.c, a command of vfs.c ---- */

void vc_mount_new(struct super_block *sb);
int vc_mount_may_remount(const struct super_block *sb);
extern const struct vc_batch_ops vc_mount_batch;
long vc_mount_set(struct vc_request *req);
long vc_mount_get(struct vc_request *req);
void vc_mount_show(struct seq_file *m, const struct vc_request *req);

/* ---- device.c, a command of vfs.c ---- */

int vc_device_for_each(struct vcontext *ctx,
		       int (*fn)(const struct vc_device *dev, void *arg),
		       void *arg);
extern const struct vc_batch_ops vc_device_batch;
long vc_device_set(struct vc_request *req);
long vc_device_get(struct vc_request *req);
void vc_device_show(struct seq_file *m, const struct vc_request *req);

/* ---- key.c ---- */

struct key;
void vc_key_new(struct key *key);
bool vc_key_permitted(const struct key *key);

/* ---- unix.c ---- */

bool vc_unix_visible(const struct sock *other);

/* ---- pseudofs.c ---- */

int vc_pseudofs_may_change(const struct dentry *dentry);

/* ---- descriptor.c ---- */

bool vc_descriptor_acts(struct file *file);
bool vc_descriptor_leads(struct file *file);
int vc_descriptor_may_receive(struct file *file);

/* ---- lsm.c ---- */

/* where our part of the blobs of other objects begins */
extern struct lsm_blob_sizes vcontext_blobs;

/* ---- disk.c, a command of vfs.c ---- */

#ifdef CONFIG_QUOTACTL
extern const struct vc_batch_ops vc_disk_batch;
long vc_disk_set(struct vc_request *req);
long vc_disk_get(struct vc_request *req);
void vc_disk_show(struct seq_file *m, const struct vc_request *req);
int vc_disk_may_enter(struct vcontext *ctx);
void vc_disk_release(struct vcontext *ctx);
void vc_disk_settle(void);
bool vc_disk_may_quotactl(int cmd, int type);
#else
static inline int vc_disk_may_enter(struct vcontext *ctx) { return 0; }
static inline void vc_disk_release(struct vcontext *ctx) { }
static inline void vc_disk_settle(void) { }
static inline bool vc_disk_may_quotactl(int cmd, int type) { return true; }
#endif

/* ---- process.c ---- */

u64 vc_process_caps(const struct vcontext *ctx);
bool vc_process_stopped(const struct vcontext *ctx);
u64 vc_process_tasks(struct vcontext *ctx);
int vc_process_set_limit(struct vcontext *ctx, u64 limit, bool narrow);
void vc_process_set_caps(struct vcontext *ctx, u64 caps);
void vc_process_drop_caps(struct vcontext *ctx, u64 caps);
void vc_process_entering(struct task_struct *task, struct vcontext *from,
			 struct vcontext *to);
void vc_process_entered(void);

#endif /* _KERNEL_VCONTEXT_INTERNAL_H */
