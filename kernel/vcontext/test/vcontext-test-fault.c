// SPDX-License-Identifier: GPL-2.0
/*
 * A module that makes the mistakes which a debug kernel is there to find: who
 * runs tests on one loads it to know that he would hear of them.
 */
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

static DEFINE_MUTEX(one);
static DEFINE_MUTEX(other);

/* KASAN: one byte beyond. */
static int read_beyond(size_t size)
{
	char *mem = kzalloc(size, GFP_KERNEL);
	int ret;

	if (!mem)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(size);
	ret = READ_ONCE(mem[size]);
	kfree(mem);
	return ret & 0;
}

/* lockdep: in both orders. */
static void lock_both(struct mutex *first, struct mutex *second)
{
	mutex_lock(first);
	mutex_lock(second);
	mutex_unlock(second);
	mutex_unlock(first);
}

/* kmemleak: several, as one may be left in a register or on a stack. */
static void leak(void)
{
	int i;

	for (i = 0; i < 8; i++) {
		char *mem = kmalloc(100 << i, GFP_KERNEL);

		if (mem)
			memset(mem, i + 1, 100);
	}
}

static int __init fault_init(void)
{
	int ret = read_beyond(20);

	if (ret)
		return ret;
	WARN(1, "on purpose\n");
	lock_both(&one, &other);
	lock_both(&other, &one);
	leak();
	return 0;
}
module_init(fault_init);

static void __exit fault_exit(void)
{
}
module_exit(fault_exit);

MODULE_DESCRIPTION("Mistakes on purpose, for who tests virtual contexts");
MODULE_LICENSE("GPL");
