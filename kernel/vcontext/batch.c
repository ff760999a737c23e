// SPDX-License-Identifier: GPL-2.0
/*
 * Batches, command 8 of category 2: calls that take effect as one.
 *
 *  check	each call is decoded, its rights are asked, its data copied.
 *		Nothing has changed, and user memory is not looked at again.
 *  claim	the contexts that are there already are taken, all at once or
 *		none: until the end nobody else SETs anything of them.
 *  begin	each call in turn.  What it makes is hidden, and what it sets on
 *		others can be taken back; see struct vc_batch_ops.
 *  show	what was made is seen by all, in one step that may fail.
 *  end		what waited for success is done, or all is taken back: others
 *		in reverse order, what was made is discarded.  Cannot fail.
 *
 * No lock is held over a batch: it may wait for a file system or for memory,
 * and who waits for it waits for the claim of one context alone, and can be
 * killed.  Contexts are claimed together, so that two batches do not wait for
 * each other.
 */
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "internal.h"

static_assert(sizeof(struct vc_batch) == 16);
static_assert(sizeof(struct vc_call) == 24);

/* ---- claims ---- */

/* struct vc_claim of all contexts. */
static DEFINE_SPINLOCK(claim_lock);
/* woken when something of one has become free */
static DECLARE_WAIT_QUEUE_HEAD(claim_wait);

static bool try_set(struct vcontext *ctx)
{
	bool ret;

	spin_lock(&claim_lock);
	ret = !ctx->claim.owner;
	if (ret)
		ctx->claim.setters++;
	spin_unlock(&claim_lock);
	return ret;
}

/**
 * vc_claim_set - a SET that is in no batch begins
 * @ctx: of this context
 *
 * Context: may sleep, as long as a batch changes @ctx; no locks held.
 * Return: 0, or %-EINTR.
 */
int vc_claim_set(struct vcontext *ctx)
{
	return wait_event_interruptible(claim_wait, try_set(ctx)) ? -EINTR : 0;
}

/**
 * vc_claim_unset - it has ended
 * @ctx: of this context
 *
 * Context: process.
 */
void vc_claim_unset(struct vcontext *ctx)
{
	bool last;

	spin_lock(&claim_lock);
	last = !--ctx->claim.setters;
	spin_unlock(&claim_lock);
	if (last)
		wake_up_all(&claim_wait);
}

/**
 * vc_claim_closed - does who enters a context wait for a batch?
 * @ctx: the context
 *
 * A batch closes a context before it looks whether anybody is in, which it
 * does under vc_root_rwsem held for writing.
 *
 * Context: vc_root_rwsem held for reading, or a snapshot.
 * Return: is @ctx closed, or one above it?
 */
bool vc_claim_closed(const struct vcontext *ctx)
{
	for (; ctx && ctx->level; ctx = ctx->parent)
		if (READ_ONCE(ctx->claim.closed))
			return true;
	return false;
}

/**
 * vc_claim_wait - wait until a context can be entered again
 * @ctx: the context
 * @restart: any signal ends the wait, and the call is started again; else one
 *	     alone that kills.  The batch may be waiting for current to freeze,
 *	     which takes the former where current is in a context.
 *
 * Context: may sleep; no locks held.
 * Return: 0, %-ERESTARTNOINTR or %-EINTR.
 */
int vc_claim_wait(const struct vcontext *ctx, bool restart)
{
	if (restart)
		return wait_event_interruptible(claim_wait,
						!vc_claim_closed(ctx)) ?
			-ERESTARTNOINTR : 0;
	return wait_event_killable(claim_wait, !vc_claim_closed(ctx)) ?
		-EINTR : 0;
}

/* ---- the batch ---- */

/**
 * struct step - a call of a batch
 * @target: what it calls
 * @req: with the context, once that is there; it holds what it was given
 * @made_by: index of the step that makes the context, -1 if it was there
 * @begun: for @end of struct vc_batch_ops
 */
struct step {
	struct vc_target target;
	struct vc_request req;
	int made_by;
	bool begun;
};

/**
 * struct batch - calls that take effect as one
 * @nr: how many steps
 * @made: by step, what it made, referenced; else %NULL
 * @steps: in order
 */
struct batch {
	u32 nr;
	struct vcontext *made[VC_BATCH_MAX];
	struct step steps[] __counted_by(nr);
};

static bool is_create(const struct step *step)
{
	return step->target.command->batch == &vc_batch_create;
}

/* Create alone, see begin_step(). */
const struct vc_batch_ops vc_batch_create = {};

/* The context that a step is about, or which step makes it. */
static int find_context(struct batch *batch, u32 index)
{
	struct step *step = &batch->steps[index];
	struct vc_request *req = &step->req;
	u32 i;

	for (i = index; i--; ) {
		if (is_create(&batch->steps[i]) &&
		    (req->id == VC_ID_SELF ||
		     req->id == batch->steps[i].req.id)) {
			step->made_by = i;
			return 0;
		}
	}
	if (req->id == VC_ID_SELF)
		return vc_fail(-ESRCH,
			       "VC_ID_SELF: the batch has created no context before");
	req->ctx = vcontext_find(req->id, req->caller);
	return req->ctx ? 0 : vc_fail(-ESRCH, "no context %u", req->id);
}

static int check_step(struct batch *batch, u32 index,
		      const struct vc_call *call,
		      struct vcontext *caller)
{
	struct step *step = &batch->steps[index];
	int ret;

	step->made_by = -1;
	step->req.cmd = call->cmd;
	step->req.id = call->id;
	step->req.caller = vcontext_get(caller);
	ret = vc_target_find(call->cmd, &step->target);
	if (ret)
		return ret;
	if (!step->target.set || !step->target.command->batch)
		return vc_fail(-EINVAL, "%s %s cannot be %s in a batch",
			       step->target.category->name,
			       step->target.command->name,
			       step->target.set ? "set" : "got");
	if (!is_create(step))
		ret = find_context(batch, index);
	if (!ret)
		ret = vc_request_check(&step->req, &step->target, call->data);
	if (!ret && call->reserved)
		ret = vc_fail(-EINVAL, "reserved is not zero");
	return ret;
}

/* ---- claim ---- */

static bool try_claim(struct batch *batch)
{
	struct vcontext *ctx;
	bool free = true;
	u32 i;

	spin_lock(&claim_lock);
	for (i = 0; i < batch->nr && free; i++) {
		ctx = batch->steps[i].req.ctx;
		free = !ctx || (!ctx->claim.owner && !ctx->claim.setters);
	}
	for (i = 0; i < batch->nr && free; i++) {
		ctx = batch->steps[i].req.ctx;
		if (!ctx)
			continue;
		WRITE_ONCE(ctx->claim.owner, current);
		if (batch->steps[i].target.command->batch->closes)
			WRITE_ONCE(ctx->claim.closed, true);
	}
	spin_unlock(&claim_lock);
	return free;
}

/* All contexts that were there, or none. */
static int claim(struct batch *batch)
{
	return wait_event_interruptible(claim_wait, try_claim(batch)) ?
		-ERESTARTNOINTR : 0;
}

static void unclaim(struct batch *batch)
{
	struct vcontext *ctx;
	u32 i;

	spin_lock(&claim_lock);
	for (i = 0; i < batch->nr; i++) {
		ctx = batch->steps[i].req.ctx;
		if (!ctx || batch->steps[i].made_by >= 0)
			continue;
		WRITE_ONCE(ctx->claim.owner, NULL);
		WRITE_ONCE(ctx->claim.closed, false);
	}
	spin_unlock(&claim_lock);
	wake_up_all(&claim_wait);
}

/* ---- begin ---- */

static long create(struct batch *batch, u32 index)
{
	static const struct vc_create none;
	struct vc_request *req = &batch->steps[index].req;
	const struct vc_create *args = req->data ?: &none;
	struct vcontext *ctx;
	int ret;

	ret = vc_cpu_check_create(req->id, args);
	if (ret)
		return ret;
	ctx = vcontext_create_hidden(req->id, args, req->caller);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	batch->made[index] = ctx;
	return ctx->id;
}

static long begin_step(struct batch *batch, u32 index)
{
	struct step *step = &batch->steps[index];
	long ret;

	if (is_create(step))
		return create(batch, index);
	if (step->made_by >= 0) {
		step->req.ctx = vcontext_get(batch->made[step->made_by]);
		if (!step->target.command->batch->outlives)
			return step->target.method->call(&step->req);
	}
	ret = step->target.command->batch->begin(&step->req);
	step->begun = ret >= 0;
	return ret;
}

static long begin(struct batch *batch, struct vc_call *calls, u32 *failed)
{
	long ret;
	u32 i;

	for (i = 0; i < batch->nr; i++) {
		*failed = i;
		ret = begin_step(batch, i);
		calls[i].result = ret;
		if (ret < 0)
			return ret;
	}
	return 0;
}

static long show(struct batch *batch, struct vc_call *calls, u32 *failed)
{
	int ret = vcontext_show(batch->made, batch->nr);
	u32 i;

	/* it is the parent that goes: so it was the last that came too late */
	for (i = 0; ret && i < batch->nr; i++)
		if (batch->made[i])
			*failed = i;
	if (ret)
		calls[*failed].result = ret;
	return ret;
}

/* ---- end ---- */

static void end_step(struct step *step, bool commit)
{
	if (step->begun)
		step->target.command->batch->end(&step->req, commit);
}

static long commit(struct batch *batch)
{
	bool made = false;
	long id = 0;
	u32 i;

	for (i = 0; i < batch->nr; i++) {
		end_step(&batch->steps[i], true);
		if (batch->made[i]) {
			id = batch->made[i]->id;
			made = true;
		}
	}
	if (made)
		vc_usage_shown();
	return id;
}

static void undo(struct batch *batch)
{
	u32 i;

	for (i = batch->nr; i--; ) {
		end_step(&batch->steps[i], false);
		if (batch->made[i])
			vcontext_discard(batch->made[i]);
	}
}

static void batch_free(struct batch *batch)
{
	u32 i;

	for (i = 0; i < batch->nr; i++) {
		vc_request_end(&batch->steps[i].req);
		vcontext_put(batch->made[i]);
		if (batch->steps[i].target.category)
			vc_target_put(&batch->steps[i].target);
	}
	kvfree(batch);
}

static long run(struct batch *batch, struct vc_call *calls, u32 *failed)
{
	long ret;

	ret = claim(batch);
	if (ret)
		return ret;
	ret = begin(batch, calls, failed);
	if (!ret)
		ret = show(batch, calls, failed);
	if (ret)
		undo(batch);
	else
		ret = commit(batch);
	unclaim(batch);
	return ret;
}

/**
 * vc_batch_set - SET 2/8
 * @req: with a struct vc_batch and its calls, whose results are filled in
 *
 * Context: process, may sleep.
 * Return: the id of the last context that was created, 0 if none was, or what
 * the call said that failed; then all is as before.
 */
long vc_batch_set(struct vc_request *req)
{
	struct vc_batch *head = req->data;
	struct vc_call *calls = req->list;
	struct batch *batch;
	u32 failed = req->nr, i;
	long ret = 0;

	batch = kvzalloc(struct_size(batch, steps, req->nr),
			 GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	batch->nr = req->nr;
	for (i = 0; i < batch->nr && !ret; i++) {
		ret = check_step(batch, i, &calls[i], req->caller);
		if (ret) {
			failed = i;
			calls[i].result = ret;
		}
	}
	if (!ret)
		ret = run(batch, calls, &failed);
	/* before contexts and what they hold are put */
	if (ret < 0) {
		head->failed = failed;
		vc_fail_index(failed);
	}
	batch_free(batch);
	return ret;
}
