// SPDX-License-Identifier: GPL-2.0
/*
 * Why a thread's last call failed: category 0, GET 1.
 *
 * A record exists from a failed call to the next successful one, so that
 * threads that never fail cost nothing.  Only its own thread reads and writes
 * it; the lock is for the table.  There is no hook where a thread ends: what
 * the dead have left is cleared away by those who come to the same bucket, and
 * a user without rights cannot switch hooks on by failing.
 */
#include <linux/export.h>
#include <linux/hashtable.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "internal.h"

struct error_record {
	struct hlist_node node;
	/* exec() swaps the pids of two threads: both must fit */
	struct task_struct *task;	/* not referenced, compared only */
	struct pid *pid;		/* referenced, so not used again */
	bool fresh;			/* told by the call under way */
	struct vc_error error;
};

static DEFINE_HASHTABLE(error_table, 7);
static DEFINE_SPINLOCK(error_lock);
static atomic_t nr_records = ATOMIC_INIT(0);

static struct error_record *record_find(void)
{
	struct error_record *pos, *found = NULL;

	if (!atomic_read(&nr_records))
		return NULL;

	spin_lock(&error_lock);
	hash_for_each_possible(error_table, pos, node, (unsigned long)current) {
		if (pos->task == current && pos->pid == task_pid(current)) {
			found = pos;
			break;
		}
	}
	spin_unlock(&error_lock);
	return found;
}

static void record_free(struct error_record *record)
{
	put_pid(record->pid);
	kfree(record);
	atomic_dec(&nr_records);
}

static bool is_dead(const struct error_record *record)
{
	bool ret;

	rcu_read_lock();
	ret = pid_task(record->pid, PIDTYPE_PID) != record->task;
	rcu_read_unlock();
	return ret;
}

/* Add @new, and take those out of its bucket whose threads have gone. */
static void record_add(struct error_record *new)
{
	struct error_record *pos;
	struct hlist_node *next;
	HLIST_HEAD(dead);

	spin_lock(&error_lock);
	hash_for_each_possible_safe(error_table, pos, next, node,
				    (unsigned long)new->task) {
		if (is_dead(pos)) {
			hash_del(&pos->node);
			hlist_add_head(&pos->node, &dead);
		}
	}
	hash_add(error_table, &new->node, (unsigned long)new->task);
	spin_unlock(&error_lock);
	atomic_inc(&nr_records);

	hlist_for_each_entry_safe(pos, next, &dead, node)
		record_free(pos);
}

static struct error_record *record_get(void)
{
	struct error_record *record = record_find();

	if (record)
		return record;
	record = kzalloc(sizeof(*record), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!record)
		return NULL;
	record->task = current;
	record->pid = get_pid(task_pid(current));
	record_add(record);
	return record;
}

static void record_drop(struct error_record *record)
{
	spin_lock(&error_lock);
	hash_del(&record->node);
	spin_unlock(&error_lock);
	record_free(record);
}

/**
 * vc_fail - tell why the call under way fails
 * @err: negative errno
 * @fmt: a sentence that names the field, the value and the limit
 *
 * The first sentence of a call stays: it is the nearest to the cause.
 *
 * Context: process, may sleep.
 * Return: @err.
 */
int vc_fail(int err, const char *fmt, ...)
{
	struct error_record *record = record_get();
	va_list args;

	if (!record || record->fresh)
		return err;
	va_start(args, fmt);
	vsnprintf(record->error.text, sizeof(record->error.text), fmt, args);
	va_end(args);
	record->fresh = true;
	return err;
}
EXPORT_SYMBOL_GPL(vc_fail);

/**
 * vc_fail_index - tell which element of a list or batch was refused
 * @index: from 0
 *
 * Context: process, after vc_fail().
 */
void vc_fail_index(u32 index)
{
	struct error_record *record = record_find();

	if (record)
		record->error.index = index;
}
EXPORT_SYMBOL_GPL(vc_fail_index);

/**
 * vc_check_text - is the end of a text within its field?
 * @field: what it is called
 * @text: of the caller's
 * @size: of the field, in bytes
 *
 * Context: process, may sleep.
 * Return: 0, or %-EINVAL, and that is told.
 */
int vc_check_text(const char *field, const char *text, size_t size)
{
	return strnlen(text, size) < size ? 0 :
		vc_fail(-EINVAL, "%s has no NUL in %zu bytes", field, size);
}
EXPORT_SYMBOL_GPL(vc_check_text);

/**
 * vc_error_begin - a call begins
 *
 * Context: process.
 */
void vc_error_begin(void)
{
	struct error_record *record = record_find();

	if (record) {
		memset(&record->error, 0, sizeof(record->error));
		record->fresh = false;
	}
}

/**
 * vc_error_end - a call ends
 * @cmd: command word
 * @err: what it returns; not negative is success
 *
 * Context: process, may sleep.
 */
void vc_error_end(u32 cmd, long err)
{
	struct error_record *record;

	if (err >= 0) {
		record = record_find();
		if (record)
			record_drop(record);
		return;
	}
	/* one that the kernel starts again has not failed */
	if (err == -ERESTARTNOINTR || err == -ERESTARTSYS)
		return;
	record = record_get();
	if (!record)
		return;
	if (!record->fresh)
		snprintf(record->error.text, sizeof(record->error.text),
			 "command word %#x: error %ld", cmd, -err);
	record->error.cmd = cmd;
	record->error.error = -err;
	record->fresh = true;
}

/**
 * vc_error_read - the error of current's last call
 * @error: filled
 *
 * Context: process.
 * Return: 0, or %-ENODATA if the last call did not fail.
 */
int vc_error_read(struct vc_error *error)
{
	struct error_record *record = record_find();

	if (!record || !record->error.error)
		return -ENODATA;
	*error = record->error;
	return 0;
}
