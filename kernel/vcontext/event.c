// SPDX-License-Identifier: GPL-2.0
/*
 * Category 17: events.
 *
 * A reader has a ring of the last events of its context and of those below.
 * What happens is put into the rings of all who watch the context or one above
 * it, without waiting and without memory; a reader that is slow loses the
 * oldest and is told how many.
 *
 * One lock for all: it is taken to tell an event while somebody listens, and to
 * take one out of a ring that has some.  How many readers an event meets is
 * bounded, see READERS_MAX, since it may be told with interrupts off.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "internal.h"

static_assert(sizeof(struct vc_event) == 24);

/* Events that a reader may be behind; a power of 2. */
#define RING_SIZE	256

/* Readers opened from one context by those without CAP_SYS_ADMIN. */
#define READERS_MAX	64

/**
 * struct event_reader - an open descriptor
 * @node: in the list of @ctx, under event_lock; unhashed when @ended
 * @ctx: what is watched, referenced
 * @opener: context from which it was opened, referenced; %NULL if not counted
 * @pid_ns: of the opener, referenced: its numbers are told
 * @wait: woken under event_lock
 * @ended: @ctx has been destroyed; under event_lock, read without
 * @head: events ever put in; under event_lock, read without
 * @tail: events ever taken out or lost; under event_lock, read without
 * @lost: since a reader was told; under event_lock
 * @lost_ns: when the last of them happened; under event_lock
 * @ring: those from @tail to @head
 */
struct event_reader {
	struct hlist_node node;
	struct vcontext *ctx;
	struct vcontext *opener;
	struct pid_namespace *pid_ns;
	wait_queue_head_t wait;
	bool ended;
	u32 head;
	u32 tail;
	u64 lost;
	u64 lost_ns;
	struct vc_event ring[RING_SIZE];
};

static DEFINE_SPINLOCK(event_lock);
/* under event_lock, read without: nobody listens, nothing to do */
static unsigned int nr_readers;

/* Who watches the context, and whether it is gone; under event_lock. */
VC_DEFINE(struct hlist_head, readers) = HLIST_HEAD_INIT;
VC_DEFINE(bool, gone) = false;
/* Readers that were opened from it; under event_lock. */
VC_DEFINE(unsigned int, opened) = 0;

/*
 * Is the same refusal still to be read?  A bomb must not wash everything else
 * out; of processes that a context refuses the first stands for all.  The newest
 * first: that is where it is while a bomb goes off.
 */
static bool is_pending(const struct event_reader *reader,
		       const struct vc_event *event)
{
	const struct vc_event *pos;
	u32 i;

	for (i = reader->head; i != reader->tail; ) {
		pos = &reader->ring[--i % RING_SIZE];
		if (pos->id != event->id)
			continue;
		if (pos->type == event->type &&
		    (pos->value == event->value ||
		     event->type == VC_EVENT_REFUSED))
			return true;
		/* before it the id was another context's */
		if (pos->type == VC_EVENT_CREATED)
			break;
	}
	return false;
}

static void put_event(struct event_reader *reader,
		      const struct vc_event *event)
{
	lockdep_assert_held(&event_lock);

	if ((event->type == VC_EVENT_LIMIT ||
	     event->type == VC_EVENT_REFUSED) && is_pending(reader, event))
		return;
	if (reader->head - reader->tail == RING_SIZE) {
		reader->lost++;
		reader->lost_ns =
			reader->ring[reader->tail % RING_SIZE].time_ns;
		WRITE_ONCE(reader->tail, reader->tail + 1);
	}
	reader->ring[reader->head % RING_SIZE] = *event;
	WRITE_ONCE(reader->head, reader->head + 1);
	wake_up_interruptible_poll(&reader->wait, EPOLLIN | EPOLLRDNORM);
}

/* The context will have no more events: its readers come to their end. */
static void end_readers(struct vcontext *ctx)
{
	struct event_reader *pos;
	struct hlist_node *next;

	lockdep_assert_held(&event_lock);

	VC(ctx, gone) = true;
	hlist_for_each_entry_safe(pos, next, &VC(ctx, readers), node) {
		hlist_del_init(&pos->node);
		/* whoever sees it sees the last event too */
		smp_store_release(&pos->ended, true);
		wake_up_interruptible_poll(&pos->wait, EPOLLIN | EPOLLHUP);
	}
}

/* @task is who migrated, or was refused, for its number; else %NULL. */
static void tell(struct vcontext *ctx, u32 type, u64 value,
		 struct task_struct *task)
{
	struct vc_event event = {
		.type = type,
		.id = ctx->id,
		.value = value,
	};
	struct event_reader *reader;
	struct vcontext *pos;
	unsigned long flags;

	spin_lock_irqsave(&event_lock, flags);
	/* its end is the last that is heard of a context */
	if (VC(ctx, gone))
		goto out_unlock;
	/* in the order of the rings */
	event.time_ns = ktime_get_boottime_ns();
	for (pos = ctx; pos; pos = pos->parent) {
		hlist_for_each_entry(reader, &VC(pos, readers), node) {
			if (task)
				event.value = task_tgid_nr_ns(task,
							      reader->pid_ns);
			put_event(reader, &event);
		}
	}
	if (type == VC_EVENT_DESTROYED)
		end_readers(ctx);
out_unlock:
	spin_unlock_irqrestore(&event_lock, flags);
}

/**
 * vc_event - tell those who watch a context or one above it what has happened
 * @ctx: to whom; referenced, or RCU held
 * @type: VC_EVENT_*
 * @value: as the type says, else 0
 *
 * %VC_EVENT_DESTROYED is the last one of a context.  Of one that is hidden,
 * see batch.c, nothing is told.
 *
 * Context: any but NMI.
 */
void vc_event(struct vcontext *ctx, u32 type, u64 value)
{
	if (READ_ONCE(ctx->hidden))
		return;
	/*
	 * Who begins to listen meanwhile need not hear of it, but must not
	 * wait for what has gone: reader_add() looks for that under the lock.
	 */
	if (READ_ONCE(nr_readers) || type == VC_EVENT_DESTROYED)
		tell(ctx, type, value, NULL);
}

/**
 * vc_event_migrated - a process has entered a context
 * @ctx: where it is; referenced
 * @task: of the process, referenced
 *
 * Each reader is told the number that its opener knows the process by, 0 if
 * none.
 *
 * Context: any but NMI.
 */
void vc_event_migrated(struct vcontext *ctx, struct task_struct *task)
{
	if (READ_ONCE(nr_readers))
		tell(ctx, VC_EVENT_MIGRATED, 0, task);
}

/**
 * vc_event_refused - a process belongs into a context, and stays outside
 * @ctx: where it belongs; referenced
 * @task: of the process, referenced
 *
 * Each reader is told the number that its opener knows the process by, 0 if
 * none.
 *
 * Context: any but NMI.
 */
void vc_event_refused(struct vcontext *ctx, struct task_struct *task)
{
	if (READ_ONCE(nr_readers))
		tell(ctx, VC_EVENT_REFUSED, 0, task);
}

/* ---- the descriptor ---- */

static bool has_events(const struct event_reader *reader)
{
	return READ_ONCE(reader->head) != READ_ONCE(reader->tail);
}

static bool has_ended(const struct event_reader *reader)
{
	/* with end_readers(): has_events() then sees the last event */
	return smp_load_acquire(&reader->ended);
}

/* The next one to read; false if there is none. */
static bool take_event(struct event_reader *reader, struct vc_event *event)
{
	bool ret = false;

	/* whoever asks an empty ring again and again disturbs nobody */
	if (!has_events(reader))
		return false;

	spin_lock_irq(&event_lock);
	if (reader->lost) {
		*event = (struct vc_event){
			.type = VC_EVENT_LOST,
			.id = reader->ctx->id,
			.time_ns = reader->lost_ns,
			.value = reader->lost,
		};
		reader->lost = 0;
		ret = true;
	} else if (has_events(reader)) {
		*event = reader->ring[reader->tail % RING_SIZE];
		WRITE_ONCE(reader->tail, reader->tail + 1);
		ret = true;
	}
	spin_unlock_irq(&event_lock);
	return ret;
}

static ssize_t events_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	struct event_reader *reader = file->private_data;
	struct vc_event event;
	ssize_t done = 0;
	int ret;

	if (iov_iter_count(to) < sizeof(event))
		return -EINVAL;

	while (iov_iter_count(to) >= sizeof(event)) {
		if (take_event(reader, &event)) {
			if (!copy_to_iter_full(&event, sizeof(event), to))
				return done ?: -EFAULT;
			done += sizeof(event);
			continue;
		}
		if (done)
			break;
		if (has_ended(reader)) {
			if (has_events(reader))
				continue;
			break;
		}
		if ((file->f_flags & O_NONBLOCK) ||
		    (iocb->ki_flags & IOCB_NOWAIT))
			return -EAGAIN;
		ret = wait_event_interruptible(reader->wait,
					       has_events(reader) ||
					       has_ended(reader));
		if (ret)
			return ret;
	}
	return done;
}

static __poll_t events_poll(struct file *file, poll_table *wait)
{
	struct event_reader *reader = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &reader->wait, wait);
	if (has_ended(reader))
		mask |= EPOLLHUP;
	if (has_events(reader))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static void reader_free(struct event_reader *reader)
{
	vcontext_put(reader->ctx);
	vcontext_put(reader->opener);
	put_pid_ns(reader->pid_ns);
	kfree(reader);
}

/* The opposite of reader_add(). */
static void reader_remove(struct event_reader *reader)
{
	spin_lock_irq(&event_lock);
	hlist_del_init(&reader->node);
	WRITE_ONCE(nr_readers, nr_readers - 1);
	if (reader->opener)
		VC(reader->opener, opened)--;
	spin_unlock_irq(&event_lock);
}

static int events_release(struct inode *inode, struct file *file)
{
	struct event_reader *reader = file->private_data;

	reader_remove(reader);
	reader_free(reader);
	return 0;
}

static const struct file_operations events_fops = {
	.owner = THIS_MODULE,
	.read_iter = events_read,
	.poll = events_poll,
	.release = events_release,
	.llseek = noop_llseek,
};

/* Let @reader hear events from now on. */
static int reader_add(struct event_reader *reader)
{
	int ret = 0;

	spin_lock_irq(&event_lock);
	if (VC(reader->ctx, gone)) {
		ret = -ESRCH;
	} else if (reader->opener &&
		   VC(reader->opener, opened) >= READERS_MAX) {
		ret = -EMFILE;
	} else {
		if (reader->opener)
			VC(reader->opener, opened)++;
		WRITE_ONCE(nr_readers, nr_readers + 1);
		hlist_add_head(&reader->node, &VC(reader->ctx, readers));
	}
	spin_unlock_irq(&event_lock);
	return ret;
}

static long open_get(struct vc_request *req)
{
	struct event_reader *reader;
	int ret;

	reader = kzalloc(sizeof(*reader), GFP_KERNEL_ACCOUNT);
	if (!reader)
		return -ENOMEM;
	init_waitqueue_head(&reader->wait);
	INIT_HLIST_NODE(&reader->node);
	reader->ctx = vcontext_get(req->ctx);
	reader->pid_ns = get_pid_ns(task_active_pid_ns(current));
	if (!has_capability_noaudit(current, CAP_SYS_ADMIN))
		reader->opener = vcontext_get(req->caller);

	ret = reader_add(reader);
	if (ret) {
		reader_free(reader);
		return ret == -ESRCH ?
			vc_fail(ret, "context %u is gone", req->id) :
			vc_fail(ret, "context %u has opened %d readers",
				req->caller->id, READERS_MAX);
	}
	ret = anon_inode_getfd("[vcontext-event]", &events_fops, reader,
			       O_RDONLY | O_CLOEXEC);
	if (ret < 0) {
		reader_remove(reader);
		reader_free(reader);
		vc_fail(ret, "no descriptor is to be had");
	}
	return ret;
}

static const struct vc_command event_commands[] = {
	[VC_EVENT_OPEN] = {
		.name = "open",
		.doc = "a descriptor from which events can be read",
		.version = 1,
		.hidden = true,
		.get = VC_METHOD_PLAIN(open_get, VC_KIND_OWN_OR_BELOW),
	},
};

VC_DECLARE_CATEGORY(event, VC_CAT_EVENT, 1, event_commands);
