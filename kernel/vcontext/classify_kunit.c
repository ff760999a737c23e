// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of classifiers: who is asked, in which order, what the kernel
 * tells them, and that unregistering waits.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/user.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>

#include "internal.h"

/* No program has that one. */
#define A_UID	2123456789U

static struct {
	atomic_t asked[2];
	struct vcontext *says[2];
	enum vcontext_occasion occasion;
	struct task_struct *exited;
	atomic_t exits;
	unsigned int news, ends;
	struct user_struct *user;
	struct completion began, go;
	bool done;
} seen;

static struct vcontext *classify_first(enum vcontext_occasion occasion)
{
	atomic_inc(&seen.asked[0]);
	seen.occasion = occasion;
	return vcontext_get(seen.says[0]);
}

static struct vcontext *classify_second(enum vcontext_occasion occasion)
{
	atomic_inc(&seen.asked[1]);
	return vcontext_get(seen.says[1]);
}

static void classify_exit(struct task_struct *task)
{
	if (task == READ_ONCE(seen.exited))
		atomic_inc(&seen.exits);
}

static void classify_user_new(struct user_struct *user)
{
	if (!uid_eq(user->uid, KUIDT_INIT(A_UID)))
		return;
	seen.news++;
	seen.user = user;
}

static void classify_user_end(struct user_struct *user)
{
	if (user == seen.user)
		seen.ends++;
}

static struct vcontext *classify_slowly(enum vcontext_occasion occasion)
{
	complete(&seen.began);
	wait_for_completion(&seen.go);
	/* who unregistered must not have come back before this */
	msleep(20);
	WRITE_ONCE(seen.done, true);
	return NULL;
}

static struct vcontext_classifier first = {
	.name = "first",
	.owner = THIS_MODULE,
	.occasions = BIT(VCONTEXT_IDS) | BIT(VCONTEXT_EXEC),
	.classify = classify_first,
};

static struct vcontext_classifier second = {
	.name = "second",
	.owner = THIS_MODULE,
	.occasions = BIT(VCONTEXT_IDS),
	.classify = classify_second,
};

static struct vcontext_classifier watcher = {
	.name = "watcher",
	.owner = THIS_MODULE,
	.exit = classify_exit,
	.user_new = classify_user_new,
	.user_end = classify_user_end,
};

static struct vcontext_classifier slow = {
	.name = "slow",
	.owner = THIS_MODULE,
	.occasions = BIT(VCONTEXT_LOGIN),
	.classify = classify_slowly,
};

static bool hook_on(unsigned int hook)
{
	return static_key_enabled(&vcontext_classify_keys[hook]);
}

static int classify_test_init(struct kunit *test)
{
	memset(&seen, 0, sizeof(seen));
	init_completion(&seen.began);
	init_completion(&seen.go);
	return 0;
}

static void register_refuses(struct kunit *test)
{
	struct vcontext_classifier bad = { };

	KUNIT_EXPECT_EQ(test, vcontext_classifier_register(&bad), -EINVAL);
	bad = first;
	bad.name = NULL;
	KUNIT_EXPECT_EQ(test, vcontext_classifier_register(&bad), -EINVAL);
	bad = first;
	bad.occasions = 0;
	KUNIT_EXPECT_EQ(test, vcontext_classifier_register(&bad), -EINVAL);
	bad = first;
	bad.classify = NULL;
	KUNIT_EXPECT_EQ(test, vcontext_classifier_register(&bad), -EINVAL);
	bad = first;
	bad.occasions |= BIT(VCONTEXT_OCCASIONS);
	KUNIT_EXPECT_EQ(test, vcontext_classifier_register(&bad), -EINVAL);

	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&first), 0);
	KUNIT_EXPECT_EQ(test, vcontext_classifier_register(&first), -EEXIST);
	vcontext_classifier_unregister(&first);
	KUNIT_EXPECT_EQ(test, vcontext_classifier_register(&first), 0);
	vcontext_classifier_unregister(&first);
}

/* Each hook is on while somebody wants it, and no other is. */
static void hooks_switched(struct kunit *test)
{
	for (unsigned int i = 0; i < VCONTEXT_HOOKS; i++)
		KUNIT_EXPECT_FALSE(test, hook_on(i));
	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&first), 0);
	for (unsigned int i = 0; i < VCONTEXT_HOOKS; i++)
		KUNIT_EXPECT_EQ(test, hook_on(i),
				i == VCONTEXT_IDS || i == VCONTEXT_EXEC);
	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&second), 0);
	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&watcher), 0);
	vcontext_classifier_unregister(&first);
	for (unsigned int i = 0; i < VCONTEXT_HOOKS; i++)
		KUNIT_EXPECT_EQ(test, hook_on(i), i == VCONTEXT_IDS ||
				i >= VCONTEXT_OCCASIONS);
	vcontext_classifier_unregister(&second);
	vcontext_classifier_unregister(&watcher);
	for (unsigned int i = 0; i < VCONTEXT_HOOKS; i++)
		KUNIT_EXPECT_FALSE(test, hook_on(i));
}

/* The first that knows it decides; others are asked until then. */
static void asked_in_order(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, vc_classify_ask(VCONTEXT_IDS));
	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&first), 0);
	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&second), 0);

	KUNIT_EXPECT_NULL(test, vc_classify_ask(VCONTEXT_IDS));
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.asked[0]), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.asked[1]), 1);
	KUNIT_EXPECT_EQ(test, seen.occasion, VCONTEXT_IDS);

	seen.says[1] = vcontext_host;
	KUNIT_EXPECT_PTR_EQ(test, vc_classify_ask(VCONTEXT_IDS), vcontext_host);
	vcontext_put(vcontext_host);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.asked[0]), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.asked[1]), 2);

	seen.says[0] = vcontext_host;
	KUNIT_EXPECT_PTR_EQ(test, vc_classify_ask(VCONTEXT_IDS), vcontext_host);
	vcontext_put(vcontext_host);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.asked[0]), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.asked[1]), 2);

	/* only what they want to hear */
	KUNIT_EXPECT_NULL(test, vc_classify_ask(VCONTEXT_FORK));
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.asked[0]), 3);
	vcontext_classifier_unregister(&second);
	vcontext_classifier_unregister(&first);
	KUNIT_EXPECT_NULL(test, vc_classify_ask(VCONTEXT_IDS));
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.asked[0]), 3);
}

/* The kernel's own are never asked for. */
static void not_concerned(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, current->flags & PF_KTHREAD);
	KUNIT_EXPECT_FALSE(test, vc_classify_concerns(current));
	KUNIT_EXPECT_FALSE(test, vc_classify_concerns(&init_task));
	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&first), 0);
	__vcontext_classify(current, VCONTEXT_IDS);
	KUNIT_EXPECT_FALSE(test, task_work_pending(current));
	vcontext_classifier_unregister(&first);
}

static void users_told(struct kunit *test)
{
	struct user_struct *user;

	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&watcher), 0);
	user = alloc_uid(KUIDT_INIT(A_UID));
	KUNIT_EXPECT_NOT_NULL(test, user);
	KUNIT_EXPECT_EQ(test, seen.news, 1);
	KUNIT_EXPECT_PTR_EQ(test, seen.user, user);
	/* it is there */
	KUNIT_EXPECT_PTR_EQ(test, alloc_uid(KUIDT_INIT(A_UID)), user);
	KUNIT_EXPECT_EQ(test, seen.news, 1);
	free_uid(user);
	KUNIT_EXPECT_EQ(test, seen.ends, 0);
	free_uid(user);
	KUNIT_EXPECT_EQ(test, seen.ends, 1);
	vcontext_classifier_unregister(&watcher);

	free_uid(alloc_uid(KUIDT_INIT(A_UID)));
	KUNIT_EXPECT_EQ(test, seen.news, 1);
	KUNIT_EXPECT_EQ(test, seen.ends, 1);
}

static int exits(void *arg)
{
	return 0;
}

/* Starts a thread, and waits until it has ended. */
static void run_thread(struct kunit *test, int (*fn)(void *arg))
{
	struct task_struct *task = kthread_create(fn, NULL, "vcontext-test");

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	WRITE_ONCE(seen.exited, task);
	wake_up_process(task);
	/* what it is told by comes before it is a zombie */
	while (!READ_ONCE(task->exit_state))
		usleep_range(500, 1000);
	put_task_struct(task);
}

static void exit_told(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&watcher), 0);
	run_thread(test, exits);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.exits), 1);
	vcontext_classifier_unregister(&watcher);
	run_thread(test, exits);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.exits), 1);
}

static void ask_slowly(struct work_struct *work)
{
	vcontext_put(vc_classify_ask(VCONTEXT_LOGIN));
}

static void let_go(struct work_struct *work)
{
	complete(&seen.go);
}

static void unregister_waits(struct kunit *test)
{
	struct delayed_work go;
	struct work_struct work;

	KUNIT_ASSERT_EQ(test, vcontext_classifier_register(&slow), 0);
	INIT_DELAYED_WORK_ONSTACK(&go, let_go);
	INIT_WORK_ONSTACK(&work, ask_slowly);
	queue_work(system_unbound_wq, &work);
	wait_for_completion(&seen.began);
	queue_delayed_work(system_unbound_wq, &go, HZ / 20);
	vcontext_classifier_unregister(&slow);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(seen.done));
	flush_work(&work);
	flush_delayed_work(&go);
	destroy_work_on_stack(&work);
	destroy_delayed_work_on_stack(&go);
}

/* Where nobody who runs can go. */
static void fits_no_pid_namespace(struct kunit *test)
{
	struct vcontext host = { }, upper = { }, lower = { };

	upper.level = 1;
	upper.parent = &host;
	lower.level = 2;
	lower.parent = &upper;
	KUNIT_EXPECT_TRUE(test, vc_classify_fits(&host));
	KUNIT_EXPECT_TRUE(test, vc_classify_fits(&lower));
	lower.flags = ~(u32)VC_CREATE_PIDNS;
	KUNIT_EXPECT_TRUE(test, vc_classify_fits(&lower));
	upper.flags = VC_CREATE_PIDNS;
	KUNIT_EXPECT_FALSE(test, vc_classify_fits(&upper));
	KUNIT_EXPECT_FALSE(test, vc_classify_fits(&lower));
}

static struct kunit_case classify_cases[] = {
	KUNIT_CASE(register_refuses),
	KUNIT_CASE(hooks_switched),
	KUNIT_CASE(asked_in_order),
	KUNIT_CASE(not_concerned),
	KUNIT_CASE(users_told),
	KUNIT_CASE(exit_told),
	KUNIT_CASE(unregister_waits),
	KUNIT_CASE(fits_no_pid_namespace),
	{}
};

static struct kunit_suite classify_suite = {
	.name = "vcontext_classify",
	.init = classify_test_init,
	.test_cases = classify_cases,
};

kunit_test_suite(classify_suite);
