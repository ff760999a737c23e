/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual contexts: what a module includes that gives each context an instance
 * of something, or brings a category of commands of its own.  The categories of
 * the kernel itself are written with the same words.
 *
 * See Documentation/vcontext-porting.rst, and samples/vcontext for one that
 * works.
 */
#ifndef _LINUX_VCONTEXT_MODULE_H
#define _LINUX_VCONTEXT_MODULE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/vcontext.h>
#include <uapi/linux/vcontext.h>

struct linux_binprm;
struct seq_file;
struct vc_module;
struct vc_request;

/* ---- contexts ---- */

/*
 * A context is opaque to modules.  How long a pointer is good: in a hook, a
 * constructor, a destructor and a command handler, as long as that runs; in a
 * walk, under vcontext_lock(); otherwise with a reference, see vcontext_get().
 */
extern struct vcontext *vcontext_host;

u32 vcontext_id(const struct vcontext *ctx);
struct vcontext *vcontext_parent(const struct vcontext *ctx);
struct vcontext *vcontext_of_both(struct vcontext *a, const struct vcontext *b);
void *vcontext_vars(struct vcontext *ctx);
struct vcontext *vcontext_get_current(void)
	__must_check;
struct vcontext *vcontext_find(u32 id, const struct vcontext *caller)
	__must_check;

/* No context is made or destroyed.  May sleep; outermost of a module's locks. */
void vcontext_lock(void);
void vcontext_unlock(void);
struct vcontext *vcontext_next(struct vcontext *pos, struct vcontext *top);

/*
 * Every context, or every one below @top, parents first; not the host, and not
 * @top.  Under vcontext_lock(), which constructors and destructors are called
 * with; @pos must not be removed inside.
 */
#define vc_for_each_below(pos, top)					\
	for (pos = vcontext_next(NULL, top); pos;			\
	     pos = vcontext_next(pos, top))
#define vc_for_each(pos)						\
	vc_for_each_below(pos, vcontext_host)

/* ---- what exists once per context ---- */

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

/*
 * Laid out by the linker: those of the kernel by VCONTEXT_DATA in
 * vmlinux.lds.h, those of a module by module.lds.S.  The latter after modpost
 * has looked for what nobody defines, hence weak.
 */
#ifdef MODULE
#define __vcontext_bound	__weak
#else
#define __vcontext_bound
#endif

extern const u8 __start_vcontext_var[] __vcontext_bound;
extern const u8 __stop_vcontext_var[] __vcontext_bound;

#ifdef MODULE
/* The module's own, defined by VC_MODULE(). */
extern struct vc_module __this_vcontext;

#define VC_THIS_MODULE		(&__this_vcontext)
#define VC_FIRST(ctx)		((u8 *)vcontext_vars(ctx))
#define VC_PLACE		(__this_vcontext.offset)
#else
#define VC_THIS_MODULE		NULL
/* takes kernel/vcontext/internal.h */
#define VC_FIRST(ctx)		((ctx)->vars)
#define VC_PLACE		((size_t)0)
#endif

/* Where a variable is among those of each context, in bytes. */
#define VC_OFFSET(name)							\
	(VC_PLACE + (size_t)((const u8 *)&vc_var_##name -		\
			     (const u8 *)__start_vcontext_var))

/**
 * VC - a context's instance of a variable
 * @ctx: the context
 * @name: as in VC_DEFINE()
 *
 * An lvalue; what locks it is the category's affair.
 */
#define VC(ctx, name)							\
	(*(typeof(vc_var_##name) *)(VC_FIRST(ctx) + VC_OFFSET(name)))

/**
 * struct vc_init - a constructor and destructor of per-context variables
 * @name: for people
 * @init: makes the instances of @ctx.  May sleep.
 * @exit: the opposite.  May sleep.
 *
 * Constructors run in the order of the Makefile, and of their declaration in a
 * file, destructors in reverse; those of modules after those of the kernel, in
 * the order of loading.  Called under vcontext_lock().
 *
 * A context that is being made cannot be found yet.  One that is destroyed has
 * no tasks and cannot be found any more, but zombies and dying groups may
 * still point at it, and a call that found it before may still be under way:
 * its variables are memory as long as they do.  When a module comes or goes,
 * they are run for contexts that are in use.
 *
 * The host has initial values, and no constructor is run for it.
 */
struct vc_init {
	const char *name;
	int (*init)(struct vcontext *ctx);
	void (*exit)(struct vcontext *ctx);
};

extern const struct vc_init __start_vcontext_init[] __vcontext_bound;
extern const struct vc_init __stop_vcontext_init[] __vcontext_bound;

/* In a file's order of declaration, which others keep without being told. */
#if __has_attribute(__no_reorder__)
#define __vcontext_in_order	__attribute__((__no_reorder__))
#else
#define __vcontext_in_order
#endif

#define VC_INIT(_name, _init, _exit)					\
	static const struct vc_init vc_init_##_name __used		\
	__vcontext_in_order __section(".vcontext_init")			\
	__aligned(sizeof(void *)) =					\
		{ .name = #_name, .init = _init, .exit = _exit }

/* ---- hierarchical counters ---- */

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
#define VC_COUNTER(name)	VC_OFFSET(name)

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
void vc_counter_hit(struct vcontext *full, size_t offset);
void vc_counter_refused(struct vcontext *full, size_t offset, u8 category,
			u8 command);
void vc_show_limit(struct seq_file *m, const struct vc_request *req);

/* ---- why a call fails ---- */

__printf(2, 3) int vc_fail(int err, const char *fmt, ...);
void vc_fail_index(u32 index);
int vc_check_text(const char *field, const char *text, size_t size);

/* ---- categories of commands ---- */

/* Which ids a command takes, see "Ids, rights, order of checks". */
enum vc_id_kind {
	VC_KIND_IGNORED,
	VC_KIND_HOST,		/* ignored, and the caller is the host */
	VC_KIND_NEW,
	VC_KIND_OWN_OR_BELOW,
	VC_KIND_BELOW,
	VC_KIND_HOST_OR_BELOW,	/* below, or the host for itself */
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
#define VC_DATA_FLAGS		(BIT(5) - 1)
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
 * @count: where a list's struct has the __u32 that counts them
 */
struct vc_method {
	long (*call)(struct vc_request *req);
	u8 id;
	u8 flags;
	u16 size;
	u16 size_v1;
	u16 element;
	u16 count;
};

/**
 * struct vc_batch_ops - how a SET takes part in a batch
 * @begin: in place of its handler where the context is one that others see:
 *	   what can fail is done or made ready, what would give the inside more
 *	   than it has waits for @end.  A failed one has changed nothing.
 * @end: the batch has succeeded / has not, and all is to be as before; cannot
 *	 fail.  In the order of the calls / in reverse.  May sleep.
 * @closes: nobody enters the context meanwhile
 * @outlives: what it changes was there before the context, so that both are
 *	      called for one that the batch has made, too
 * @passes: need a SET that is in no batch not wait for one?  Then @end knows
 *	    what it has done.  %NULL is no.
 *
 * The context is claimed: nobody else SETs anything of it in between, but for
 * what @passes.  On a context that the batch has made the handler itself is
 * called, since all of that goes with the context.
 */
struct vc_batch_ops {
	long (*begin)(struct vc_request *req);
	void (*end)(struct vc_request *req, bool commit);
	bool closes;
	bool outlives;
	bool (*passes)(const struct vc_request *req);
};

/**
 * struct vc_command - a command of a category
 * @name: word by which tools and documents call it
 * @doc: what it does, a line
 * @version: positive; 0 for a number without a command
 * @cap: capability that SET takes
 * @own_net: from inside, SET takes a caller's context that owns its network
 *	     namespace
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
	bool own_net;
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
 * @module: who has brought it, %NULL for the kernel
 */
struct vc_category {
	const char *name;
	u8 number;
	u16 version;
	u16 nr_commands;
	const struct vc_command *commands;
	struct vc_module *module;
};

extern const struct vc_category __start_vcontext_category[] __vcontext_bound;
extern const struct vc_category __stop_vcontext_category[] __vcontext_bound;

/* One line in a file makes it a category: nothing else knows the list. */
#define VC_DECLARE_CATEGORY(_name, _number, _version, _commands)		\
	static const struct vc_category vc_category_##_name __used	\
	__section(".vcontext_category") __aligned(sizeof(void *)) = {	\
		.name = #_name,						\
		.number = _number,					\
		.version = _version,					\
		.nr_commands = ARRAY_SIZE(_commands),			\
		.commands = _commands,					\
		.module = VC_THIS_MODULE,				\
	}

#define VC_METHOD(_call, _id, _flags, _type)				\
	{ .call = _call, .id = _id, .flags = _flags,			\
	  .size = sizeof(_type), .size_v1 = sizeof(_type) }
#define VC_METHOD_LIST(_call, _id, _type, _element)			\
	{ .call = _call, .id = _id, .flags = VC_DATA_IN | VC_DATA_OUT,	\
	  .size = sizeof(_type), .size_v1 = sizeof(_type),		\
	  .element = sizeof(_element), .count = offsetof(_type, count) }
#define VC_METHOD_LIST_SET(_call, _id, _type, _element)			\
	{ .call = _call, .id = _id, .flags = VC_DATA_IN,		\
	  .size = sizeof(_type), .size_v1 = sizeof(_type),		\
	  .element = sizeof(_element), .count = offsetof(_type, count) }
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

/* ---- modules ---- */

/**
 * struct vc_hooks - what a module is told of the tasks of contexts
 * @found: @task has been in @ctx since before the module was registered
 * @can_fork: @child is about to be born in @ctx; an errno keeps it from that
 * @cancel_fork: the opposite of a @can_fork that did not refuse
 * @fork: @child has been born in @ctx; nothing fails any more
 * @exit: @task leaves @ctx for good.  It may become a zombie, which is not
 *	  heard of again.
 * @can_move: @nr tasks are about to move; an errno keeps them from that
 * @cancel_move: the opposite of a @can_move that did not refuse
 * @move: @task, one of them, has moved
 * @exec: current, in @ctx, is about to execute a program that can be executed;
 *	  an errno keeps it from that.  Called once for each execve(2).
 * @cancel_exec: the opposite of an @exec that did not refuse, where another
 *		 module has refused.  What fails later kills the task.
 *
 * Each may be %NULL.  Tasks of the host are not heard of; where a context can
 * be the host (@from and @to of a move) that is %NULL.
 *
 * State is exact whenever a module comes: it is told of the tasks that are in
 * contexts by @found, and from then on nothing is missed, so that who has been
 * @found, was born or has come by a @move leaves by a @move or @exit.  When the
 * module is unregistered no task is said to leave: that is for destructors.
 *
 * None may sleep; @found, @fork, @exit and @move are called with interrupts
 * off.  A context that a hook is called with has been constructed and not
 * destructed.
 */
struct vc_hooks {
	void (*found)(struct vcontext *ctx, struct task_struct *task);
	int (*can_fork)(struct vcontext *ctx, struct task_struct *child);
	void (*cancel_fork)(struct vcontext *ctx, struct task_struct *child);
	void (*fork)(struct vcontext *ctx, struct task_struct *child);
	void (*exit)(struct vcontext *ctx, struct task_struct *task);
	int (*can_move)(struct vcontext *from, struct vcontext *to,
			unsigned int nr);
	void (*cancel_move)(struct vcontext *from, struct vcontext *to,
			    unsigned int nr);
	void (*move)(struct task_struct *task, struct vcontext *from,
		     struct vcontext *to);
	int (*exec)(struct vcontext *ctx, const struct linux_binprm *bprm);
	void (*cancel_exec)(struct vcontext *ctx,
			    const struct linux_binprm *bprm);
};

/**
 * struct vc_module - what a module brings
 * @owner: the module
 * @vars: initial values of its variables
 * @vars_end: behind the last one
 * @inits: its constructors
 * @inits_end: behind the last one
 * @categories: its categories
 * @categories_end: behind the last one
 * @hooks: or %NULL
 * @offset: of its variables among those of each context; set by the core
 * @calls: how many calls are in its commands; the core's
 * @vars_node: among those that have variables; the core's, vcontext_lock()
 * @node: among those whose categories are found; the core's, RCU
 * @hooks_node: among those whose hooks are called; the core's, see hook.c
 *
 * Made by VC_MODULE().
 */
struct vc_module {
	struct module *owner;
	const u8 *vars, *vars_end;
	const struct vc_init *inits, *inits_end;
	const struct vc_category *categories, *categories_end;
	const struct vc_hooks *hooks;
	size_t offset;
	atomic_t calls;
	struct list_head vars_node;
	struct list_head node;
	struct list_head hooks_node;
};

int vc_module_register(struct vc_module *mod);
void vc_module_unregister(struct vc_module *mod);

#ifdef MODULE
/**
 * VC_MODULE - say once in a module that it has per-context variables or more
 * @_hooks: a struct vc_hooks, or %NULL
 *
 * vc_module_register(VC_THIS_MODULE) comes last in what module_init() names,
 * vc_module_unregister(VC_THIS_MODULE) first in what module_exit() does.
 */
#define VC_MODULE(_hooks)						\
	struct vc_module __this_vcontext = {				\
		.owner = THIS_MODULE,					\
		.vars = __start_vcontext_var,				\
		.vars_end = __stop_vcontext_var,			\
		.inits = __start_vcontext_init,				\
		.inits_end = __stop_vcontext_init,			\
		.categories = __start_vcontext_category,		\
		.categories_end = __stop_vcontext_category,		\
		.hooks = _hooks,					\
	}

/**
 * module_vcontext - VC_MODULE() of a module that does nothing else
 * @_hooks: a struct vc_hooks, or %NULL
 */
#define module_vcontext(_hooks)						\
	VC_MODULE(_hooks);						\
	static int __init vcontext_module_init(void)			\
	{								\
		return vc_module_register(VC_THIS_MODULE);		\
	}								\
	module_init(vcontext_module_init);				\
	static void __exit vcontext_module_exit(void)			\
	{								\
		vc_module_unregister(VC_THIS_MODULE);			\
	}								\
	module_exit(vcontext_module_exit)
#endif /* MODULE */

#endif /* _LINUX_VCONTEXT_MODULE_H */
