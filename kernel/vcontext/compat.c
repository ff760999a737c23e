// SPDX-License-Identifier: GPL-2.0
/*
 * Category 1: the two calls of the vserver patch of 2003, as its tools make
 * them until 2012, in our words and in theirs (see find_vserver()).
 *
 * Then a context was a number on a task, entered by who first used it and gone
 * with the last.  So what is made here is EPHEMERAL, and entered before anybody
 * else can see it; what had been a property of the tasks is one of the context.
 */
#include <linux/bitops.h>
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/sched/signal.h>

#include <trace/events/vcontext.h>

#include "internal.h"

static_assert(sizeof(struct vc_new_s_context) == 8);
static_assert(sizeof(struct vc_set_ipv4root) == 4);
static_assert(sizeof(struct vc_ipv4_pair) == 8);

#define FLAGS_ALL							\
	(VC_COMPAT_LOCK | VC_COMPAT_SCHED | VC_COMPAT_NPROC |		\
	 VC_COMPAT_PRIVATE | VC_COMPAT_INIT | VC_COMPAT_HIDEINFO |	\
	 VC_COMPAT_ULIMIT | VC_COMPAT_NAMESPACE)
/* Those that do something to a context that is there. */
#define FLAGS_APPLIED							\
	(VC_COMPAT_LOCK | VC_COMPAT_NPROC | VC_COMPAT_PRIVATE)

/* Contexts that may be made inside of one that is not locked. */
#define CHILDREN_MAX	16

/* Never cleared; written without a lock, to be true. */
VC_DEFINE(bool, locked) = false;
VC_DEFINE(bool, closed) = false;

/* May nobody call new_s_context from inside @ctx? */
static bool is_locked(const struct vcontext *ctx)
{
	for (; ctx->level; ctx = ctx->parent)
		if (READ_ONCE(VC(ctx, locked)))
			return true;
	return false;
}

/**
 * vc_compat_may_enter - may one enter a context?
 * @ctx: the context, or the host
 * @from: where one is; %NULL is the host
 *
 * A PRIVATE one, or one below it, is entered by nobody who is outside.
 *
 * Context: cgroup_mutex held.
 * Return: 0 or %-EPERM.
 */
int vc_compat_may_enter(const struct vcontext *ctx,
			const struct vcontext *from)
{
	const struct vcontext *pos;

	for (pos = ctx; pos->level; pos = pos->parent)
		if (READ_ONCE(VC(pos, closed)) && !vcontext_is_below(from, pos))
			return vc_fail(-EPERM, "context %u is private",
				       pos->id);
	return 0;
}

/* ---- new_s_context ---- */

static u64 process_limit(void)
{
	unsigned long limit = rlimit(RLIMIT_NPROC);

	return limit == RLIM_INFINITY ? VC_UNLIMITED : limit;
}

static u64 remaining_caps(const struct vc_new_s_context *arg, u64 caps)
{
	/* the old ones had 32 */
	return caps & ~(u64)arg->remove_cap;
}

static void apply_flags(struct vcontext *ctx, u32 flags)
{
	if (flags & VC_COMPAT_LOCK)
		WRITE_ONCE(VC(ctx, locked), true);
	if (flags & VC_COMPAT_PRIVATE)
		WRITE_ONCE(VC(ctx, closed), true);
}

/*
 * To a context that is there.  One that comes or stays takes away from it, but
 * does not give: others are in it.  @inside also of its process limit.
 */
static void apply(struct vcontext *ctx, const struct vc_new_s_context *arg,
		  bool inside)
{
	vc_process_drop_caps(ctx, arg->remove_cap);
	/* a limit above that is lower holds anyway */
	if (arg->flags & VC_COMPAT_NPROC)
		(void)vc_process_set_limit(ctx, process_limit(), inside);
	apply_flags(ctx, arg->flags);
}

/* May the caller enter @ctx, or make one if that is %NULL? */
static int check_rights(const struct vc_request *req,
			const struct vcontext *ctx)
{
	if (ctx)
		return ctx == req->caller ? 0 :
					    vc_may_change(ctx, CAP_SYS_ADMIN);
	if (!req->caller->children_max)
		return vc_fail(-EPERM, "children_max of context %u is 0",
			       req->caller->id);
	return 0;
}

/**
 * vc_compat_check_rights - may new_s_context do what its id asks for?
 * @req: with id and caller
 *
 * What is there can be gone when it is executed, so that looks again.
 *
 * Context: process.
 * Return: 0 or %-EPERM.
 */
int vc_compat_check_rights(const struct vc_request *req)
{
	struct vcontext *ctx;
	int ret;

	if (is_locked(req->caller))
		return vc_fail(-EPERM, "context %u is locked", req->caller->id);
	/* to stay, or a value that is refused later */
	if (!req->id || (req->id > VC_ID_MAX && req->id != VC_ID_SELF))
		return 0;
	ctx = vcontext_find(req->id, req->caller);
	ret = check_rights(req, ctx);
	vcontext_put(ctx);
	return ret;
}

/* Apply it and enter, if that is not where current is. */
static long join(struct vc_request *req, struct vcontext *ctx)
{
	const struct vc_new_s_context *arg = req->data;
	bool inside = ctx == req->caller;
	int ret;

	if (inside && !ctx->level)
		return arg->remove_cap || (arg->flags & FLAGS_APPLIED) ?
			vc_fail(-EPERM, "nobody changes the host") : 0;
	if (vc_claim_set(ctx))
		return -ERESTARTNOINTR;
	ret = inside ? 0 : vcontext_enter(ctx, req->caller, current);
	if (!ret)
		apply(ctx, arg, inside);
	vc_claim_unset(ctx);
	return ret ?: (int)ctx->id;
}

/* Set up and enter a context that nobody sees yet. */
static int move_in(struct vc_request *req, struct vcontext *ctx)
{
	const struct vc_new_s_context *arg = req->data;
	int ret;

	vc_process_set_caps(ctx, remaining_caps(arg,
						vc_process_caps(req->caller)));
	/* a limit above that is lower holds anyway */
	if (arg->flags & VC_COMPAT_NPROC)
		(void)vc_process_set_limit(ctx, process_limit(), false);
	ret = vcontext_enter(ctx, req->caller, current);
	if (!ret)
		apply_flags(ctx, arg->flags);
	return ret;
}

/* Let @ctx, which current has made and entered, be seen; its id. */
static long settle(const struct vc_request *req, struct vcontext *ctx)
{
	/* it can be gone by now only if we have been moved on */
	int ret = vcontext_show(&ctx, 1);

	if (ret)
		return ret;
	trace_migrate(task_tgid_nr(current), req->caller->id, ctx->id);
	vc_event_migrated(ctx, current);
	return ctx->id;
}

static long make(struct vc_request *req)
{
	const struct vc_new_s_context *arg = req->data;
	struct vc_create args = {
		.flags = VC_CREATE_EPHEMERAL,
		.children_max = arg->flags & VC_COMPAT_LOCK ? 0 : CHILDREN_MAX,
	};
	struct vcontext *ctx;
	long ret;

	if (arg->flags & VC_COMPAT_NAMESPACE)
		args.flags |= VC_CREATE_MNTNS;
	ret = vc_cpu_check_create(req->id, &args);
	if (ret)
		return ret;
	ctx = vcontext_create_hidden(req->id, &args, req->caller);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	ret = move_in(req, ctx);
	if (ret)
		vcontext_discard(ctx);
	else
		ret = settle(req, ctx);
	vcontext_put(ctx);
	return ret;
}

/* Once; @again if it was another one's doing that it did neither. */
static long try_join_or_make(struct vc_request *req, bool *again)
{
	struct vcontext *ctx = vcontext_find(req->id, req->caller);
	long ret = check_rights(req, ctx);

	if (!ret)
		ret = ctx ? join(req, ctx) : make(req);
	/* of one that goes, whatever was missing already */
	*again = ctx ? ret < 0 && READ_ONCE(ctx->dying) : ret == -EEXIST;
	vcontext_put(ctx);
	return ret;
}

/*
 * Whoever makes the same one at the same time, in a batch maybe, or leaves it
 * as its last: we enter it, or make it.
 */
static long join_or_make(struct vc_request *req)
{
	bool again;
	long ret;
	int err;

	for (;;) {
		ret = try_join_or_make(req, &again);
		if (!again)
			return ret;
		if (signal_pending(current))
			return -ERESTARTNOINTR;
		err = vcontext_settle(req->id, req->caller);
		if (err)
			return err == -EEXIST ? ret : err;
	}
}

static long new_s_context(struct vc_request *req)
{
	const struct vc_new_s_context *arg = req->data;

	if (arg->flags & ~FLAGS_ALL)
		return vc_fail(-EINVAL, "flags %#x: unknown bits %#x",
			       arg->flags, arg->flags & ~FLAGS_ALL);
	if (req->id == VC_COMPAT_STAY)
		return join(req, req->caller);
	if (req->id == VC_ID_SELF)
		return make(req);
	if (!req->id || req->id > VC_ID_MAX)
		return vc_fail(-EINVAL,
			       "id %u: 1 to %u, VC_ID_SELF for any, %u to stay",
			       req->id, VC_ID_MAX, VC_COMPAT_STAY);
	return join_or_make(req);
}

/* ---- set_ipv4root ---- */

static int check_pair(const struct vc_ipv4_pair *pair)
{
	if (bad_mask(pair->mask, 0))
		return vc_fail(-EINVAL, "mask %pI4 has holes", &pair->mask);
	if (ipv4_is_multicast(pair->ip) || ipv4_is_lbcast(pair->ip))
		return vc_fail(-EINVAL, "ip %pI4 is nobody's own", &pair->ip);
	return 0;
}

static bool is_twice(const struct vc_ipv4_pair *pairs, u32 index)
{
	u32 i;

	for (i = 0; i < index; i++)
		if (pairs[i].ip == pairs[index].ip)
			return true;
	return false;
}

/**
 * vc_compat_check_pairs - can a context have these addresses?
 * @pairs: addresses with their masks
 * @nr: how many
 *
 * Context: process.
 * Return: 0, %-EINVAL or %-EEXIST.
 */
int vc_compat_check_pairs(const struct vc_ipv4_pair *pairs, u32 nr)
{
	u32 i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = check_pair(&pairs[i]);
		if (!ret && is_twice(pairs, i))
			ret = vc_fail(-EEXIST, "ip %pI4 is there twice",
				      &pairs[i].ip);
		if (ret) {
			vc_fail_index(i);
			return ret;
		}
	}
	return 0;
}

#ifdef CONFIG_VCONTEXT_NETADDR
/* The anonymous context of who has none; one more may be made in it. */
static long confine_anew(struct vc_request *req,
			 const struct vc_ipv4_addr *addr)
{
	static const struct vc_create args = {
		.flags = VC_CREATE_EPHEMERAL,
		.children_max = 1,
	};
	struct vcontext *ctx;
	long ret;

	ctx = vcontext_create_hidden(VC_ID_SELF, &args, req->caller);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	vc_process_set_caps(ctx, vc_process_caps(req->caller));
	ret = vc_netaddr_confine(ctx, addr, req->nr, false);
	if (!ret)
		ret = vcontext_enter(ctx, req->caller, current);
	if (ret)
		vcontext_discard(ctx);
	else
		ret = min(settle(req, ctx), 0L);
	vcontext_put(ctx);
	return ret;
}

static long confine(struct vc_request *req)
{
	const struct vc_ipv4_pair *pairs = req->list;
	struct vc_ipv4_addr addr[VC_COMPAT_PAIRS_MAX];
	long ret;
	u32 i;

	/* the mask was for the broadcast address; 0.0.0.0 stands for any */
	for (i = 0; i < req->nr; i++) {
		addr[i].addr = pairs[i].ip;
		addr[i].mask = pairs[i].ip ? htonl(INADDR_BROADCAST) : 0;
	}
	if (!req->caller->level)
		return confine_anew(req, addr);
	if (vc_claim_set(req->caller))
		return -ERESTARTNOINTR;
	ret = vc_netaddr_confine(req->caller, addr, req->nr, true);
	vc_claim_unset(req->caller);
	return ret;
}

static long set_ipv4root(struct vc_request *req)
{
	int ret = vc_compat_check_pairs(req->list, req->nr);

	return ret ?: confine(req);
}
#endif

static const struct vc_command compat_commands[] = {
	[VC_COMPAT_NEW_S_CONTEXT] = {
		.name = "new_s_context",
		.doc = "enter a context, which is made if it is not there",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD(new_s_context, VC_KIND_COMPAT, VC_DATA_IN,
				 struct vc_new_s_context),
	},
#ifdef CONFIG_VCONTEXT_NETADDR
	[VC_COMPAT_SET_IPV4ROOT] = {
		.name = "set_ipv4root",
		.doc = "confine the caller's context to IPv4 addresses",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD_COUNTED(set_ipv4root, VC_KIND_IGNORED,
					 struct vc_set_ipv4root,
					 struct vc_ipv4_pair),
	},
#endif
};

VC_DECLARE_CATEGORY(compat, VC_CAT_COMPAT, 1, compat_commands);
