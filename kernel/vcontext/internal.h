/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual contexts: what the files of this directory share.
 *
 * Locks, outermost first:
 *
 *  a claim (batch.c)	SETs of a context while a batch changes it
 *  rule_mutex		the rules of category 16
 *  classify_mutex	who classifies
 *  struct vc_root's lock	a virtual root while it is changed or made anew
 *  settle_mutex (disk.c)	limited directories that no context has any more
 *  write access to a file system with limited directories
 *  vc_disk_mutex	limited directories, and walks through all that is in them
 *  vc_root_rwsem	what tasks find that enter; for reading: entering
 *  vcontext_mutex	the tree: create, destroy, names, children counts
 *  vc_ns_mutex		namespaces and virtual roots
 *  vc_cpu_mutex	what contexts get of the CPUs
 *  rtnl_mutex		network devices, and whose they are; never with the next
 *  cgroup_mutex	who is in which group
 *  cgroup_threadgroup_rwsem	forks between charge and birth
 *  css_set_lock	tasks of a group (irqs off)
 *
 * rtnl_mutex may be taken under vcontext_mutex and vc_ns_mutex, for that is where
 * network namespaces are made, and never under cgroup_mutex; under rtnl_mutex
 * none of these is taken: permits of addresses are read under RCU.
 * vc_qos_mutex, bandwidth of network devices, is taken with none of them held;
 * only rtnl_mutex is taken under it.
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
#include <linux/vcontext_classify.h>
#include <linux/vcontext_module.h>
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
	struct list_head vars_node;	/* (m) among all structs, see var.c */
	bool constructed;		/* (m) between constructors and destructors */
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

struct msghdr;
struct net;
struct sock;
struct sockaddr;
struct vc_request;

extern struct mutex vcontext_mutex;

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

int vcontext_create(u32 id, const struct vc_create *args,
		    struct vcontext *parent);
int vc_id_reserve(struct xarray *ids, u32 *next, u32 max, u32 *id);
struct vcontext *vcontext_create_hidden(u32 id, const struct vc_create *args,
					struct vcontext *parent) __must_check;
int vcontext_show(struct vcontext **ctx, unsigned int nr) __must_check;
void vcontext_discard(struct vcontext *ctx);
int vcontext_settle(u32 id, const struct vcontext *caller) __must_check;
int vcontext_destroy(struct vcontext *ctx, bool kill);
int vcontext_enter(struct vcontext *ctx, struct vcontext *caller,
		   struct task_struct *task);
int vcontext_place(struct vcontext *ctx, struct task_struct *task);
void vcontext_entered(struct vcontext *ctx);
const struct vcontext *vcontext_marked(u64 mark);
bool vc_made_inside(u64 mark, const struct vcontext *ctx);
struct vcontext *vcontext_find_next(u32 *id, const struct vcontext *caller)
	__must_check;

#define vcontext_for_each_below	vc_for_each_below

/* ---- var.c: what exists once per context ---- */

size_t vc_vars_size(void);
size_t vc_vars_room(void);
void vc_vars_copy(struct vcontext *ctx);
void vc_vars_add(struct vcontext *ctx);
void vc_vars_remove(struct vcontext *ctx);
int vc_vars_init(struct vcontext *ctx);
void vc_vars_exit(struct vcontext *ctx);
int vc_vars_init_range(struct vcontext *ctx, const struct vc_init *start,
		       const struct vc_init *stop);
void vc_vars_exit_range(struct vcontext *ctx, const struct vc_init *start,
			const struct vc_init *stop);
void vc_vars_count(u32 *live, u32 *gone);
ssize_t vc_vars_place(const struct list_head *modules, size_t size,
		      size_t start, size_t stop);
int vc_vars_load(struct vc_module *mod);
void vc_vars_unload(struct vc_module *mod);

/* ---- debug.c: failures on purpose ---- */

#ifdef CONFIG_VCONTEXT_DEBUG
DECLARE_STATIC_KEY_FALSE(vc_debug_key);
bool __vc_debug_fails(u32 what);

/* Is that one which current has asked to fail?  @what is VC_DEBUG_FAIL_*. */
static inline bool vc_debug_fails(u32 what)
{
	return static_branch_unlikely(&vc_debug_key) && __vc_debug_fails(what);
}
#else
static inline bool vc_debug_fails(u32 what) { return false; }
#endif

/* ---- counter.c: hierarchical counters ---- */

#define vc_counter_of(ctx, offset)					\
	((struct vc_counter *)((ctx)->vars + (offset)))
long vc_counter_begin(struct vc_request *req, size_t offset);
void vc_counter_end(struct vc_request *req, size_t offset, bool commit);

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
#ifdef CONFIG_VCONTEXT_DEBUG
	if (static_branch_unlikely(&vc_debug_key))
		return ctx;
#endif
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

/* ---- engine.c: the groups of contexts ---- */

extern struct cgroup *vc_engine_base;	/* /vcontext; (c) after boot */

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
		     struct task_struct *task, bool from_host);
void vc_engine_fork_barrier(void);
unsigned int vc_engine_count(struct vcontext *ctx);
int vc_engine_signal(struct vcontext *ctx, int signo);
void vc_engine_favor(bool favor);
void vc_engine_walk_threads(struct vcontext *ctx,
			    void (*fn)(struct task_struct *task,
				       struct vcontext *ctx, void *arg),
			    void *arg);
bool vc_engine_has(int ssid);
struct cgroup_subsys_state *vc_engine_css(struct vcontext *ctx, int ssid)
	__must_check;
void vc_engine_cputime(struct cgroup *cgrp, u64 *user_ns, u64 *system_ns);
void vc_engine_census(void (*fn)(struct task_struct *task,
				 struct vcontext *ctx, void *arg),
		      void (*done)(void *arg), void *arg);

/* ---- freeze.c: freezing them ---- */

int vc_freeze(struct vcontext *ctx, bool freeze);
bool vc_freeze_own(struct vcontext *ctx, u64 *count);
void vc_thaw(struct vcontext *ctx, const u64 *count);
bool vc_frozen(const struct vcontext *ctx);

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
struct net *vc_ns_net(struct vcontext *ctx) __must_check;
bool vc_ns_has_net(const struct vcontext *ctx);

/* ---- error.c: why a thread's last call failed ---- */

void vc_error_begin(void);
void vc_error_end(u32 cmd, long err);
int vc_error_read(struct vc_error *error);

/* ---- syscall.c: dispatch ---- */

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
void vc_target_put(const struct vc_target *target);
int vc_request_check(struct vc_request *req, const struct vc_target *target,
		     u64 data) __must_check;
int vc_may_change(const struct vcontext *ctx, int cap) __must_check;
void vc_request_end(struct vc_request *req);
int vc_check_size(const struct vc_method *method, u16 size);
const struct vc_category *vc_category_find(u8 number);
const struct vc_category *vc_category_find_name(const char *name, size_t len);
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
int vc_claim_wait(const struct vcontext *ctx, bool restart);
extern const struct vc_batch_ops vc_batch_create;
long vc_batch_set(struct vc_request *req);

/* ---- compat.c ---- */

int vc_compat_check_rights(const struct vc_request *req) __must_check;
int vc_compat_check_pairs(const struct vc_ipv4_pair *pairs, u32 nr);
int vc_compat_may_enter(const struct vcontext *ctx,
			const struct vcontext *from);

/* ---- module.c: what modules bring ---- */

#ifdef CONFIG_MODULES
const struct vc_category *vc_category_get(u8 number)
	__must_check;
void vc_category_put(const struct vc_category *category);
int vc_module_number(const char *name, size_t len);
#else
static inline const struct vc_category *vc_category_get(u8 number)
{
	return vc_category_find(number);
}

static inline void vc_category_put(const struct vc_category *category) { }

static inline int vc_module_number(const char *name, size_t len)
{
	return -ENOENT;
}
#endif

/* ---- hook.c: what modules are told of tasks ---- */

void vc_hook_add(struct vc_module *mod);
void vc_hook_del(struct vc_module *mod);
int vc_hook_can_fork(struct vcontext *ctx, struct task_struct *child);
void vc_hook_cancel_fork(struct vcontext *ctx, struct task_struct *child);
int vc_hook_can_move(struct vcontext *from, struct vcontext *to,
		     unsigned int nr);
void vc_hook_cancel_move(struct vcontext *from, struct vcontext *to,
			 unsigned int nr);
void vc_hook_move(struct task_struct *task, struct vcontext *from,
		  struct vcontext *to);
int vc_hook_exec(const struct linux_binprm *bprm);

/* ---- cpu.c ---- */

int vc_cpu_check_create(u32 id, const struct vc_create *args);

/* SETs of usage, policy and CPU set: they look at each other, and do. */
extern struct mutex vc_cpu_mutex;

u32 vc_cpu_state(const struct vcontext *ctx);

/* ---- event.c ---- */

void vc_event(struct vcontext *ctx, u32 type, u64 value);
void vc_event_migrated(struct vcontext *ctx, struct task_struct *task);
void vc_event_refused(struct vcontext *ctx, struct task_struct *task);

/* ---- classify.c ---- */

bool vc_classify_concerns(struct task_struct *task);
bool vc_classify_fits(const struct vcontext *ctx);
bool vc_classify_move(struct vcontext *ctx, struct task_struct *task);
struct vcontext *vc_classify_ask(enum vcontext_occasion occasion) __must_check;

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

/* ---- netaddr.c and others of category 5, see permit.h ---- */

#ifdef CONFIG_VCONTEXT_NETADDR
bool vc_netaddr_closed(const struct vcontext *ctx);
bool vc_netaddr_filters(const struct vcontext *ctx, const struct net *net);
void vc_netaddr_keep(struct vcontext *ctx);
void vc_netaddr_release(struct vcontext *ctx);
int vc_netaddr_confine(struct vcontext *ctx, const struct vc_ipv4_addr *addr,
		       u32 nr, bool narrow);
int vc_socket_may_bind(const struct sock *sk, const struct sockaddr *addr,
		       int len);
int vc_socket_may_bind_all(const struct sock *sk, const struct sockaddr *addr,
			   int len);
#else
static inline bool vc_netaddr_closed(const struct vcontext *ctx)
{
	return false;
}

static inline bool vc_netaddr_filters(const struct vcontext *ctx,
				      const struct net *net)
{
	return false;
}

static inline void vc_netaddr_keep(struct vcontext *ctx) { }
static inline void vc_netaddr_release(struct vcontext *ctx) { }
#endif

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
bool vc_disk_limited(const struct vcontext *ctx);
void vc_disk_release(struct vcontext *ctx);
void vc_disk_settle(void);
bool vc_disk_may_quotactl(int cmd, int type);
#else
static inline int vc_disk_may_enter(struct vcontext *ctx) { return 0; }
static inline bool vc_disk_limited(const struct vcontext *ctx) { return false; }
static inline void vc_disk_release(struct vcontext *ctx) { }
static inline void vc_disk_settle(void) { }
static inline bool vc_disk_may_quotactl(int cmd, int type) { return true; }
#endif

/* ---- rawsock.c ---- */

bool vc_socket_permitted(int family, int type);
bool vc_socket_may_set(const struct sock *sk, int level, int optname);

/* ---- netdev.c ---- */

#ifdef CONFIG_VCONTEXT_VNET
void vc_netdev_settle(void);
#else
static inline void vc_netdev_settle(void) { }
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
