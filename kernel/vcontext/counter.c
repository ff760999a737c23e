// SPDX-License-Identifier: GPL-2.0
/*
 * Hierarchical counters.
 *
 * A charge is taken at a context and at each one above it, up to but without
 * the host (or another common ancestor @stop), so that a limit holds for a
 * whole subtree.  The host is never counted: outside of contexts nothing is
 * charged and no cache line is shared.
 *
 * The verbs: charge (always works, may exceed the limit), try_charge (takes
 * it on all levels or on none, and says which level refused), cancel (gives
 * back what a failed operation had taken), uncharge.
 *
 * One level never exceeds its limit by try_charge, not even for a moment.
 * But while a charge that a level above refuses is being undone, the levels
 * below it are too high by that charge, and may refuse another one that would
 * have had room.  Bound: the charges under way at that time.
 */
#include <linux/export.h>
#include <linux/seq_file.h>

#include <trace/events/vcontext.h>

#include "internal.h"

/* SETs against each other: "not wider than above" is looked at and done. */
static DEFINE_MUTEX(limit_mutex);

static void counter_peak(struct vc_counter *counter, u64 usage)
{
	s64 peak = atomic64_read(&counter->peak);

	while ((u64)peak < usage &&
	       !atomic64_try_cmpxchg(&counter->peak, &peak, usage))
		;
}

static bool counter_has_room(const struct vc_counter *counter, u64 usage, u64 n)
{
	u64 limit = READ_ONCE(counter->limit);

	return n <= limit && usage <= limit - n;
}

static bool counter_try_add(struct vc_counter *counter, u64 n)
{
	s64 usage = atomic64_read(&counter->usage);

	do {
		if (unlikely(!counter_has_room(counter, usage, n))) {
			atomic64_inc(&counter->hits);
			return false;
		}
	} while (!atomic64_try_cmpxchg(&counter->usage, &usage, usage + n));
	return true;
}

/**
 * vc_counter_charge - charge without regard to limits
 * @ctx: first level, or %NULL for the host
 * @stop: level that is not charged any more, or %NULL for the host
 * @offset: VC_COUNTER() of the variable
 * @n: how much
 *
 * Context: any.
 */
void vc_counter_charge(struct vcontext *ctx, const struct vcontext *stop,
		       size_t offset, u64 n)
{
	for (; ctx && ctx->level && ctx != stop; ctx = ctx->parent) {
		struct vc_counter *counter = vc_counter_of(ctx, offset);

		counter_peak(counter, atomic64_add_return(n, &counter->usage));
	}
}
EXPORT_SYMBOL_GPL(vc_counter_charge);

/**
 * vc_counter_try_charge - charge all levels, or none
 * @ctx: first level, or %NULL for the host
 * @stop: level that is not charged any more, or %NULL for the host
 * @offset: VC_COUNTER() of the variable
 * @n: how much
 *
 * Context: any.
 * Return: %NULL, or the context whose limit refused; it has counted a hit.
 */
struct vcontext *vc_counter_try_charge(struct vcontext *ctx,
				       const struct vcontext *stop,
				       size_t offset, u64 n)
{
	struct vcontext *pos;

	if (ctx && ctx->level && vc_debug_fails(VC_DEBUG_FAIL_CHARGE)) {
		vc_counter_hit(ctx, offset);
		return ctx;
	}
	for (pos = ctx; pos && pos->level && pos != stop; pos = pos->parent) {
		if (!counter_try_add(vc_counter_of(pos, offset), n)) {
			vc_counter_cancel(ctx, pos, offset, n);
			return pos;
		}
	}
	/* A charge that is refused above leaves no peak below. */
	for (pos = ctx; pos && pos->level && pos != stop; pos = pos->parent) {
		struct vc_counter *counter = vc_counter_of(pos, offset);

		counter_peak(counter, atomic64_read(&counter->usage));
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(vc_counter_try_charge);

/**
 * vc_counter_full - would a charge be refused?
 * @ctx: first level, or %NULL for the host
 * @offset: VC_COUNTER() of the variable
 * @n: how much
 *
 * For those who better do not begin what could not be charged at its end.  The
 * answer may be old by then, so that has to try.
 *
 * Context: any.
 * Return: the context whose limit would refuse, or %NULL.
 */
struct vcontext *vc_counter_full(struct vcontext *ctx, size_t offset, u64 n)
{
	for (; ctx && ctx->level; ctx = ctx->parent) {
		struct vc_counter *counter = vc_counter_of(ctx, offset);

		if (!counter_has_room(counter, atomic64_read(&counter->usage), n))
			return ctx;
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(vc_counter_full);

/**
 * vc_counter_hit - count a refusal that did not come from a charge
 * @full: what vc_counter_full() has returned, not %NULL
 * @offset: VC_COUNTER() of the variable
 *
 * Context: any.
 */
void vc_counter_hit(struct vcontext *full, size_t offset)
{
	atomic64_inc(&vc_counter_of(full, offset)->hits);
}
EXPORT_SYMBOL_GPL(vc_counter_hit);

/**
 * vc_counter_uncharge - give a charge back
 * @ctx: as charged
 * @stop: as charged
 * @offset: as charged
 * @n: as charged
 *
 * Context: any.
 */
void vc_counter_uncharge(struct vcontext *ctx, const struct vcontext *stop,
			 size_t offset, u64 n)
{
	for (; ctx && ctx->level && ctx != stop; ctx = ctx->parent) {
		struct vc_counter *counter = vc_counter_of(ctx, offset);

		WARN_ON_ONCE(atomic64_sub_return(n, &counter->usage) < 0);
	}
}
EXPORT_SYMBOL_GPL(vc_counter_uncharge);

/**
 * vc_counter_read - a counter in the shape of the ABI
 * @counter: one level
 * @limit: filled
 *
 * The four values are read one after another, not at one instant.
 *
 * Context: any.
 */
void vc_counter_read(const struct vc_counter *counter, struct vc_limit *limit)
{
	limit->limit = READ_ONCE(counter->limit);
	limit->usage = atomic64_read(&counter->usage);
	limit->peak = atomic64_read(&counter->peak);
	limit->hits = atomic64_read(&counter->hits);
}
EXPORT_SYMBOL_GPL(vc_counter_read);

/**
 * vc_counter_set_limit - SET of a counted limit
 * @ctx: a context, not the host
 * @offset: VC_COUNTER() of the variable
 * @limit: %VC_UNLIMITED for none of its own
 *
 * A limit below the usage is fine: new charges are refused.
 *
 * Context: may sleep.
 * Return: 0, or %-EPERM if a context above has less.
 */
int vc_counter_set_limit(struct vcontext *ctx, size_t offset, u64 limit)
{
	struct vcontext *pos;
	int ret = 0;

	mutex_lock(&limit_mutex);
	/* VC_UNLIMITED is no limit of its own, so never wider than above */
	for (pos = ctx->parent; pos->level && limit != VC_UNLIMITED;
	     pos = pos->parent) {
		u64 above = vc_counter_of(pos, offset)->limit;

		if (limit > above) {
			ret = vc_fail(-EPERM, "limit %llu: context %u has %llu",
				      limit, pos->id, above);
			break;
		}
	}
	if (!ret)
		WRITE_ONCE(vc_counter_of(ctx, offset)->limit, limit);
	mutex_unlock(&limit_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(vc_counter_set_limit);

/**
 * vc_counter_begin - SET of a counted limit in a batch
 * @req: with a struct vc_limit
 * @offset: VC_COUNTER() of the variable
 *
 * Context: may sleep.
 * Return: 0, or %-EPERM if a context above has less.
 */
long vc_counter_begin(struct vc_request *req, size_t offset)
{
	const struct vc_limit *arg = req->data;

	req->old = READ_ONCE(vc_counter_of(req->ctx, offset)->limit);
	return vc_counter_set_limit(req->ctx, offset, arg->limit);
}

/**
 * vc_counter_end - the batch has ended
 * @req: from vc_counter_begin()
 * @offset: VC_COUNTER() of the variable
 * @commit: has it succeeded?
 *
 * The old limit is not compared with those above: had they been narrowed
 * meanwhile, it would be as if that had come after.
 *
 * Context: may sleep.
 */
void vc_counter_end(struct vc_request *req, size_t offset, bool commit)
{
	if (commit)
		return;
	mutex_lock(&limit_mutex);
	WRITE_ONCE(vc_counter_of(req->ctx, offset)->limit, req->old);
	mutex_unlock(&limit_mutex);
}

/**
 * vc_counter_refused - tell those who watch that a limit has refused
 * @full: what vc_counter_try_charge() has returned, not %NULL
 * @offset: VC_COUNTER() of the variable
 * @category: VC_CAT_* of the limit
 * @command: its command
 *
 * Context: any.
 */
void vc_counter_refused(struct vcontext *full, size_t offset, u8 category,
			u8 command)
{
	struct vc_counter *counter = vc_counter_of(full, offset);

	trace_limit(full->id, category, command,
		    atomic64_read(&counter->usage),
		    READ_ONCE(counter->limit));
	vc_event(full, VC_EVENT_LIMIT, category << 8 | command);
}
EXPORT_SYMBOL_GPL(vc_counter_refused);

/**
 * vc_show_limit - GET of a counted limit in the manner of cgroup v2
 * @m: where to
 * @req: done
 *
 * Context: process.
 */
void vc_show_limit(struct seq_file *m, const struct vc_request *req)
{
	const struct vc_limit *limit = req->data;

	if (limit->limit == VC_UNLIMITED)
		seq_puts(m, "limit=max");
	else
		seq_printf(m, "limit=%llu", limit->limit);
	seq_printf(m, " usage=%llu peak=%llu hits=%llu", limit->usage,
		   limit->peak, limit->hits);
}
EXPORT_SYMBOL_GPL(vc_show_limit);
