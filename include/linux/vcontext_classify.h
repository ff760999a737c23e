/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual contexts: classifiers, which say to which context a process belongs.
 *
 * A classifier is asked when a process is forked, executes a program, changes
 * its ids or logs in.  It names a context, and the process goes there before it
 * returns to user mode.  Beside that it may be told when tasks exit and when
 * the kernel's record of a user comes and goes.  The rules of category 16 are a
 * classifier; a module may bring another one.
 *
 * Where nobody wants to know, each hook is a branch that is not taken.
 */
#ifndef _LINUX_VCONTEXT_CLASSIFY_H
#define _LINUX_VCONTEXT_CLASSIFY_H

#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/types.h>

struct cred;
struct module;
struct task_struct;
struct user_struct;
struct vcontext;

/**
 * enum vcontext_occasion - what has happened to a process
 * @VCONTEXT_FORK: it has been born; a thread is part of its process
 * @VCONTEXT_EXEC: it has executed a program
 * @VCONTEXT_IDS: a user or group id of one of its threads is another one
 * @VCONTEXT_LOGIN: its audit loginuid has been set
 * @VCONTEXT_OCCASIONS: how many there are
 */
enum vcontext_occasion {
	VCONTEXT_FORK,
	VCONTEXT_EXEC,
	VCONTEXT_IDS,
	VCONTEXT_LOGIN,
	VCONTEXT_OCCASIONS
};

/**
 * struct vcontext_classifier - who says where processes belong
 * @name: for people
 * @owner: THIS_MODULE, pinned while it is asked; one that is going is not
 * @occasions: BIT() of each enum vcontext_occasion that @classify is to hear of
 * @inside: @classify is to hear of processes in contexts, too; they stay where
 *	    they are whatever it says, since somebody has placed them
 * @classify: where does current belong, see below; or %NULL
 * @exit: current, a thread, exits; or %NULL
 * @user_new: the kernel has made its record of a user; or %NULL
 * @user_end: the kernel is about to take its record of a user out of the table
 *	      and free it; or %NULL
 * @node: of the list of all, see classify.c
 *
 * What is not %NULL does not change while it is registered.
 *
 * @classify runs in the process itself, on its way to user mode, without locks:
 * it may sleep.  What has happened is done.  It returns a reference, from
 * vcontext_classify_find(), to the context where the process belongs, which
 * the caller puts; the host is one, and says that it stays; or %NULL, which
 * leaves it to who registered later.  A process that was killed meanwhile is
 * not asked for.
 *
 * @exit runs in the task, which still has its memory, credentials and context:
 * it may sleep.
 *
 * @user_new runs in a process that is about to take on that user id: it may
 * sleep.  @user_end runs anywhere, also in interrupts, under the lock of the
 * table of users: it must not sleep and not look there.  Who is registered late
 * hears of the end of users of whose beginning it has not heard.  User 0 has
 * neither.
 */
struct vcontext_classifier {
	const char *name;
	struct module *owner;
	unsigned long occasions;
	bool inside;
	struct vcontext *(*classify)(enum vcontext_occasion occasion);
	void (*exit)(struct task_struct *task);
	void (*user_new)(struct user_struct *user);
	void (*user_end)(struct user_struct *user);
	struct list_head node;
};

#ifdef CONFIG_VCONTEXT

/* What hooks are switched on for. */
enum vcontext_classify_hook {
	/* first the occasions */
	VCONTEXT_HOOK_EXIT = VCONTEXT_OCCASIONS,
	VCONTEXT_HOOK_USER_NEW,
	VCONTEXT_HOOK_USER_END,
	VCONTEXT_HOOKS
};

extern struct static_key_false vcontext_classify_keys[VCONTEXT_HOOKS];

int vcontext_classifier_register(struct vcontext_classifier *classifier);
void vcontext_classifier_unregister(struct vcontext_classifier *classifier);
struct vcontext *vcontext_classify_find(u32 id) __must_check;

void __vcontext_classify(struct task_struct *task,
			 enum vcontext_occasion occasion);
void __vcontext_classify_exit(struct task_struct *task);
void __vcontext_classify_user_new(struct user_struct *user);
void __vcontext_classify_user_end(struct user_struct *user);

/**
 * vcontext_classify - something has happened that may place a process
 * @task: current, or its child that does not run yet
 * @occasion: what
 *
 * Context: process, may sleep; cannot fail.
 */
static __always_inline void vcontext_classify(struct task_struct *task,
					      enum vcontext_occasion occasion)
{
	if (static_branch_unlikely(&vcontext_classify_keys[occasion]))
		__vcontext_classify(task, occasion);
}

/* @task, current, exits; it has its memory still.  May sleep. */
static inline void vcontext_classify_exit(struct task_struct *task)
{
	if (static_branch_unlikely(&vcontext_classify_keys[VCONTEXT_HOOK_EXIT]))
		__vcontext_classify_exit(task);
}

/* @user has been made; the caller has a reference to it.  May sleep. */
static inline void vcontext_classify_user_new(struct user_struct *user)
{
	if (static_branch_unlikely(&vcontext_classify_keys[VCONTEXT_HOOK_USER_NEW]))
		__vcontext_classify_user_new(user);
}

/* @user will be freed.  Lock of the table of users held, interrupts off. */
static inline void vcontext_classify_user_end(struct user_struct *user)
{
	if (static_branch_unlikely(&vcontext_classify_keys[VCONTEXT_HOOK_USER_END]))
		__vcontext_classify_user_end(user);
}

#else /* !CONFIG_VCONTEXT */

static inline void vcontext_classify(struct task_struct *task,
				     enum vcontext_occasion occasion) { }
static inline void vcontext_classify_exit(struct task_struct *task) { }
static inline void vcontext_classify_user_new(struct user_struct *user) { }
static inline void vcontext_classify_user_end(struct user_struct *user) { }

#endif /* CONFIG_VCONTEXT */

#endif /* _LINUX_VCONTEXT_CLASSIFY_H */
