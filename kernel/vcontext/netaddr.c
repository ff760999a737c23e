// SPDX-License-Identifier: GPL-2.0
/*
 * Category 5: network address permits.
 *
 * What is set is a context's own table; what is got is what its tasks may have,
 * with all tables above taken into account.  A SET makes a new table out of the
 * old one, under vcontext_mutex, and replaces it in one step.  Opening a
 * context drops its table.
 */
#include <linux/bsearch.h>
#include <linux/capability.h>
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "permit.h"

static_assert(sizeof(struct vc_ipv4_addr) == 8);
static_assert(sizeof(struct vc_ipv6_addr) == 20);
static_assert(sizeof(struct vc_addr_req) == 20);
static_assert(VC_DEV_NAME_SIZE == IFNAMSIZ);
static_assert(sizeof(struct vc_names) == 8);

/* Permits of a context, at most. */
#define PERMITS_MAX	(16 * VC_LIST_MAX)

/* A context's table after the batch that has claimed it; %NULL opens it. */
struct wanted {
	struct vc_permits *permits;
};

/*
 * %NULL if there is no such batch, or if it does not change the table; owned by
 * a call of the batch, under vcontext_mutex.
 */
VC_DEFINE(struct wanted *, wanted) = NULL;

enum edit {
	EDIT_ADD,
	EDIT_REMOVE,
	EDIT_REPLACE,	/* all of that family, on all devices */
};

/* ---- what is given ---- */

static int parse4(const struct vc_ipv4_addr *given, struct vc_prefix *prefix)
{
	if (bad_mask(given->mask, 0))
		return vc_fail(-EINVAL, "mask %pI4 has holes", &given->mask);
	if (given->addr & ~given->mask)
		return vc_fail(-EINVAL, "addr %pI4: bits outside of mask %pI4",
			       &given->addr, &given->mask);
	prefix->first = vc_addr4(given->addr);
	prefix->len = 96 + inet_mask_len(given->mask);
	return 0;
}

static int parse6(const struct vc_ipv6_addr *given, struct vc_prefix *prefix)
{
	if (given->prefixlen > 128)
		return vc_fail(-EINVAL, "prefixlen %u: at most 128",
			       given->prefixlen);
	prefix->first = vc_addr6(&given->addr);
	prefix->len = given->prefixlen;
	if (!vc_prefix_valid(prefix))
		return vc_fail(-EINVAL, "addr %pI6c: bits outside of /%u",
			       &given->addr, given->prefixlen);
	if (prefix->len >= 96 && vc_addr_is4(&prefix->first))
		return vc_fail(-EINVAL, "addr %pI6c: is one of IPv4, permitted as such",
			       &given->addr);
	return 0;
}

static int check_name(const struct vc_addr_req *arg)
{
	int ret = vc_check_text("vdev_name", arg->vdev_name, VC_DEV_NAME_SIZE);

	if (ret)
		return ret;
	if (arg->vdev_name[0] && !dev_valid_name(arg->vdev_name))
		return vc_fail(-EINVAL, "vdev_name %s: not a name of a device",
			       arg->vdev_name);
	return 0;
}

/* Permits out of a request, to be kvfree()d; in the order that they are given. */
static struct vc_permit *parse(const struct vc_request *req,
			       enum vc_family family)
{
	const struct vc_addr_req *arg = req->data;
	const struct vc_ipv4_addr *ipv4 = req->list;
	const struct vc_ipv6_addr *ipv6 = req->list;
	struct vc_permit *permit;
	u32 i;
	int ret;

	ret = check_name(arg);
	if (ret)
		return ERR_PTR(ret);
	permit = kvcalloc(req->nr + 1, sizeof(*permit), GFP_KERNEL_ACCOUNT);
	if (!permit)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < req->nr; i++) {
		strscpy(permit[i].dev, arg->vdev_name);
		permit[i].family = family;
		ret = family == VC_FAMILY_IPV4 ?
			parse4(&ipv4[i], &permit[i].prefix) :
			parse6(&ipv6[i], &permit[i].prefix);
		if (ret) {
			vc_fail_index(i);
			kvfree(permit);
			return ERR_PTR(ret);
		}
	}
	return permit;
}

/* vc_fail() with what permit @i of @given is. */
static int fail_permit(int err, const struct vc_permit *given, u32 i,
		       const char *why)
{
	const struct vc_permit *permit = &given[i];
	struct in6_addr in6;
	__be32 in4;

	if (permit->family == VC_FAMILY_IPV4) {
		in4 = htonl((u32)permit->prefix.first.lo);
		vc_fail(err, "permit %pI4/%u%s%s %s", &in4,
			permit->prefix.len - 96, permit->dev[0] ? " on " : "",
			permit->dev, why);
	} else {
		in6.s6_addr32[0] = htonl(permit->prefix.first.hi >> 32);
		in6.s6_addr32[1] = htonl((u32)permit->prefix.first.hi);
		in6.s6_addr32[2] = htonl(permit->prefix.first.lo >> 32);
		in6.s6_addr32[3] = htonl((u32)permit->prefix.first.lo);
		vc_fail(err, "permit %pI6c/%u%s%s %s", &in6,
			permit->prefix.len, permit->dev[0] ? " on " : "",
			permit->dev, why);
	}
	vc_fail_index(i);
	return err;
}

/* ---- tables ---- */

/* What @ctx's own table is, or will be after our own batch. */
static const struct vc_permits *table_of(const struct vcontext *ctx)
{
	lockdep_assert_held(&vcontext_mutex);

	if (vc_claimed_by_us(ctx) && VC(ctx, wanted))
		return VC(ctx, wanted)->permits;
	return vc_permits_of(ctx);
}

/* The first context from @ctx up that does not permit all of @permit, or %NULL. */
static const struct vcontext *who_lacks(const struct vcontext *ctx,
					const struct vc_permit *permit)
{
	const struct vc_permits *permits;

	for (; ctx->level; ctx = ctx->parent) {
		permits = table_of(ctx);
		if (permits && !vc_permits_cover(permits, permit))
			return ctx;
	}
	return NULL;
}

static int check_above(const struct vcontext *ctx,
		       const struct vc_permit *given, u32 nr)
{
	const struct vcontext *above;
	char why[40];
	u32 i;

	for (i = 0; i < nr; i++) {
		above = who_lacks(ctx->parent, &given[i]);
		if (above) {
			snprintf(why, sizeof(why), "is not one of context %u",
				 above->id);
			return fail_permit(-EPERM, given, i, why);
		}
		cond_resched();
	}
	return 0;
}

static bool is_among(const struct vc_permit *permit, u32 nr,
		     const struct vc_permit *which)
{
	return nr && bsearch(which, permit, nr, sizeof(*permit), vc_permit_cmp);
}

/* Is one of @given there twice, which @sorted shows? */
static int check_twice(const struct vc_permit *given,
		       const struct vc_permit *sorted, u32 nr)
{
	bool first = true;
	u32 i, twice;

	for (twice = 1; twice < nr; twice++)
		if (!vc_permit_cmp(&sorted[twice - 1], &sorted[twice]))
			break;
	if (twice >= nr)
		return 0;
	for (i = 0; i < nr; i++) {
		if (vc_permit_cmp(&given[i], &sorted[twice]))
			continue;
		if (!first)
			break;
		first = false;
	}
	return fail_permit(-EEXIST, given, i, "is there twice");
}

/* Is each of @given as @edit wants it to be? */
static int check_given(const struct vc_permits *old,
		       const struct vc_permit *given, u32 nr, enum edit edit)
{
	const struct vc_permit *all = old ? old->permit : NULL;
	u32 i, all_nr = old ? old->nr : 0;
	bool removes = edit == EDIT_REMOVE;

	if (edit == EDIT_REPLACE)
		return 0;
	for (i = 0; i < nr; i++) {
		if (is_among(all, all_nr, &given[i]) == removes)
			continue;
		return edit == EDIT_ADD ?
			fail_permit(-EEXIST, given, i, "is there already") :
			fail_permit(-ENOENT, given, i, "is not there");
	}
	return 0;
}

/* @old with @edit done, out of @sorted, which has been checked. */
static struct vc_permits *edit_table(const struct vc_permits *old,
				     const struct vc_permit *sorted, u32 nr,
				     enum vc_family family, enum edit edit)
{
	u32 i, n = 0, max = (old ? old->nr : 0) + nr;
	struct vc_permits *permits;
	struct vc_permit *all;

	all = kvmalloc_array(max + 1, sizeof(*all), GFP_KERNEL_ACCOUNT);
	if (!all)
		return ERR_PTR(-ENOMEM);
	for (i = 0; old && i < old->nr; i++) {
		const struct vc_permit *pos = &old->permit[i];

		if (edit == EDIT_REPLACE && pos->family == family)
			continue;
		if (edit == EDIT_REMOVE && is_among(sorted, nr, pos))
			continue;
		all[n++] = *pos;
	}
	for (i = 0; edit != EDIT_REMOVE && i < nr; i++)
		all[n++] = sorted[i];
	if (n > PERMITS_MAX) {
		kvfree(all);
		vc_fail(-ENOSPC, "%u permits: at most %u in a context", n,
			PERMITS_MAX);
		return ERR_PTR(-ENOSPC);
	}
	sort(all, n, sizeof(*all), vc_permit_cmp, NULL);
	permits = vc_permits_make(all, n);
	kvfree(all);
	return permits ?: ERR_PTR(-ENOMEM);
}

/* The table of @ctx with @edit done; %NULL where nothing changes. */
static struct vc_permits *prepare_edit(const struct vcontext *ctx,
				       const struct vc_permit *given, u32 nr,
				       enum vc_family family, enum edit edit)
{
	const struct vc_permits *old = table_of(ctx);
	struct vc_permits *permits;
	struct vc_permit *sorted;
	int ret;

	lockdep_assert_held(&vcontext_mutex);

	if (!nr && edit != EDIT_REPLACE)
		return NULL;
	sorted = kvmalloc_array(nr + 1, sizeof(*sorted), GFP_KERNEL_ACCOUNT);
	if (!sorted)
		return ERR_PTR(-ENOMEM);
	if (nr)
		memcpy(sorted, given, array_size(nr, sizeof(*sorted)));
	sort(sorted, nr, sizeof(*sorted), vc_permit_cmp, NULL);
	ret = check_twice(given, sorted, nr);
	if (!ret && edit != EDIT_REMOVE)
		ret = check_above(ctx, given, nr);
	if (!ret)
		ret = check_given(old, given, nr, edit);
	permits = ret ? ERR_PTR(ret) :
			edit_table(old, sorted, nr, family, edit);
	kvfree(sorted);
	return permits;
}

/* ---- SET ---- */

/* A change of a table. */
struct change {
	bool none;			/* nothing changes */
	struct vc_permits *permits;	/* the new table, %NULL opens */
};

/* Makes the new table of @req's context; vcontext_mutex held. */
typedef int (*prepare_fn)(const struct vc_request *req, struct change *change);

static int check_there(const struct vc_request *req)
{
	return req->ctx->removed ?
		vc_fail(-ESRCH, "context %u is gone", req->ctx->id) : 0;
}

static int prepare_list(const struct vc_request *req, struct change *change,
			enum vc_family family, enum edit edit)
{
	struct vc_permits *permits;
	struct vc_permit *given;

	given = parse(req, family);
	if (IS_ERR(given))
		return PTR_ERR(given);
	permits = prepare_edit(req->ctx, given, req->nr, family, edit);
	kvfree(given);
	if (IS_ERR(permits))
		return PTR_ERR(permits);
	change->none = !permits;
	change->permits = permits;
	return 0;
}

static int prepare_policy(const struct vc_request *req, struct change *change)
{
	const u32 *policy = req->data;
	struct vc_permits *permits = NULL;

	if (*policy != VC_NETADDR_OPEN && *policy != VC_NETADDR_CLOSED)
		return vc_fail(-EINVAL, "policy %u: OPEN 0 or CLOSED 1",
			       *policy);
	change->none = !table_of(req->ctx) == (*policy == VC_NETADDR_OPEN);
	if (change->none)
		return 0;
	if (*policy == VC_NETADDR_CLOSED) {
		permits = vc_permits_make(NULL, 0);
		if (!permits)
			return -ENOMEM;
	}
	change->permits = permits;
	return 0;
}

static long set(struct vc_request *req, prepare_fn prepare)
{
	struct vc_permits *old = NULL;
	struct change change = { };
	int ret;

	mutex_lock(&vcontext_mutex);
	ret = check_there(req) ?: prepare(req, &change);
	if (!ret && !change.none)
		old = vc_permits_replace(req->ctx, change.permits);
	mutex_unlock(&vcontext_mutex);
	vc_permits_free(old);
	return ret;
}

/*
 * Only made ready: what was received or refused meanwhile could not be taken
 * back.
 */
static long begin(struct vc_request *req, prepare_fn prepare)
{
	struct change change = { };
	struct wanted *wanted;
	int ret;

	wanted = kzalloc(sizeof(*wanted), GFP_KERNEL_ACCOUNT);
	if (!wanted)
		return -ENOMEM;
	mutex_lock(&vcontext_mutex);
	ret = check_there(req) ?: prepare(req, &change);
	if (!ret && !change.none) {
		wanted->permits = change.permits;
		VC(req->ctx, wanted) = wanted;
		req->saved = wanted;
	}
	mutex_unlock(&vcontext_mutex);
	if (!req->saved)
		kfree(wanted);
	return ret;
}

static void netaddr_end(struct vc_request *req, bool commit)
{
	struct wanted *wanted = req->saved;
	struct vc_permits *left;

	if (!wanted)
		return;
	left = wanted->permits;
	mutex_lock(&vcontext_mutex);
	VC(req->ctx, wanted) = NULL;
	/* what has been destroyed has freed its table */
	if (commit && !req->ctx->removed)
		left = vc_permits_replace(req->ctx, left);
	mutex_unlock(&vcontext_mutex);
	vc_permits_free(left);
	kfree(wanted);
}

#define NETADDR_SET(_name, ...)						\
static int prepare_##_name(const struct vc_request *req,		\
			   struct change *change)			\
{									\
	return prepare_list(req, change, __VA_ARGS__);			\
}									\
									\
NETADDR_CALLS(_name)

#define NETADDR_CALLS(_name)						\
static long _name##_set(struct vc_request *req)				\
{									\
	return set(req, prepare_##_name);				\
}									\
									\
static long _name##_begin(struct vc_request *req)			\
{									\
	return begin(req, prepare_##_name);				\
}									\
									\
static const struct vc_batch_ops _name##_batch = {			\
	.begin = _name##_begin,						\
	.end = netaddr_end,						\
}

NETADDR_SET(add4, VC_FAMILY_IPV4, EDIT_ADD);
NETADDR_SET(remove4, VC_FAMILY_IPV4, EDIT_REMOVE);
NETADDR_SET(add6, VC_FAMILY_IPV6, EDIT_ADD);
NETADDR_SET(remove6, VC_FAMILY_IPV6, EDIT_REMOVE);
NETADDR_CALLS(policy);

/**
 * vc_netaddr_confine - replace the IPv4 permits of a context
 * @ctx: the context, not the host
 * @addr: the new ones, on any device, %VC_COMPAT_PAIRS_MAX at most
 * @nr: how many
 * @narrow: only if it may have all of them already
 *
 * Context: may sleep.
 * Return: 0, %-EEXIST (one twice), %-EPERM (not permitted to it, or to one
 * above), %-ESRCH (the context has been removed), %-ENOMEM.
 */
int vc_netaddr_confine(struct vcontext *ctx, const struct vc_ipv4_addr *addr,
		       u32 nr, bool narrow)
{
	struct vc_permit given[VC_COMPAT_PAIRS_MAX] = { };
	const struct vc_permits *own;
	struct vc_permits *permits;
	u32 i;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		given[i].family = VC_FAMILY_IPV4;
		ret = parse4(&addr[i], &given[i].prefix);
		if (ret)
			vc_fail_index(i);
	}
	if (ret)
		return ret;

	mutex_lock(&vcontext_mutex);
	if (ctx->removed)
		ret = vc_fail(-ESRCH, "context %u is gone", ctx->id);
	own = narrow ? vc_permits_of(ctx) : NULL;
	for (i = 0; own && i < nr && !ret; i++)
		if (!vc_permits_cover(own, &given[i]))
			ret = fail_permit(-EPERM, given, i,
					  "is not permitted to the context");
	permits = ret ? ERR_PTR(ret) :
			prepare_edit(ctx, given, nr, VC_FAMILY_IPV4,
				     EDIT_REPLACE);
	ret = PTR_ERR_OR_ZERO(permits);
	if (!ret)
		permits = vc_permits_replace(ctx, permits);
	mutex_unlock(&vcontext_mutex);
	if (!ret)
		vc_permits_free(permits);
	return ret;
}

/* ---- GET ---- */

/* Do all contexts from @ctx up permit all of @permit?  RCU held. */
static bool in_force(const struct vcontext *ctx, const struct vc_permit *permit)
{
	const struct vc_permits *permits;

	for (; ctx->level; ctx = ctx->parent) {
		permits = vc_permits_of(ctx);
		if (permits && !vc_permits_cover(permits, permit))
			return false;
	}
	return true;
}

/* The same wherever it may be: for who asks about a device. */
static bool in_force_anywhere(const struct vcontext *ctx,
			      const struct vc_permit *permit)
{
	struct vc_permit any = *permit;

	any.dev[0] = '\0';
	return in_force(ctx, &any);
}

/* A permit that may be in force, and whether it is named as it stands. */
struct candidate {
	struct vc_permit permit;
	bool own;
};

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int ret = vc_prefix_cmp(&x->permit.prefix, &y->permit.prefix);

	return ret ?: (int)y->own - (int)x->own;
}

/*
 * What tables from @ctx up say of @family, on device @dev or on any; at most
 * @max, and how many there are.  RCU held.
 */
static u32 gather(const struct vcontext *ctx, const char *dev,
		  enum vc_family family, struct candidate *to, u32 max)
{
	const struct vc_permits *permits;
	bool lowest = true;
	u32 i, n = 0;

	for (; ctx->level; ctx = ctx->parent) {
		permits = vc_permits_of(ctx);
		if (!permits)
			continue;
		for (i = 0; i < permits->nr; i++) {
			const struct vc_permit *pos = &permits->permit[i];

			if (pos->family != family ||
			    (pos->dev[0] && strcmp(pos->dev, dev)))
				continue;
			if (n < max) {
				to[n].own = lowest && !strcmp(pos->dev, dev);
				to[n].permit = *pos;
				strscpy_pad(to[n].permit.dev, dev);
			}
			n++;
		}
		lowest = false;
	}
	return n;
}

/*
 * Those that are in force, in place.  What the context itself says is told as
 * it is; what contexts above leave of it as prefixes, each once.  RCU held.
 */
static u32 sift(const struct vcontext *ctx, struct candidate *list, u32 nr)
{
	struct vc_range told = { };
	u32 i, n = 0, ranges = 0;

	sort(list, nr, sizeof(*list), compare_candidates, NULL);
	for (i = 0; i < nr; i++) {
		const struct vc_prefix *prefix = &list[i].permit.prefix;
		const struct vc_ranges set = { &told, ranges };
		struct vc_addr last = vc_prefix_last(prefix);
		bool known = vc_ranges_cover(&set, &prefix->first, &last);

		if (!in_force(ctx, &list[i].permit))
			continue;
		if (!list[i].own &&
		    (known || (list[i].permit.dev[0] &&
			       in_force_anywhere(ctx, &list[i].permit))))
			continue;
		if (list[i].own && n && list[n - 1].own &&
		    !vc_prefix_cmp(&list[n - 1].permit.prefix, prefix))
			continue;
		if (!known) {
			told.first = prefix->first;
			told.last = last;
			ranges = 1;
		}
		list[n++] = list[i];
	}
	return n;
}

/* What is in force of @family on @dev, to be kvfree()d; %NULL without memory. */
static struct candidate *effective(const struct vcontext *ctx, const char *dev,
				   enum vc_family family, u32 *nr)
{
	struct candidate *list = NULL;
	u32 max = 0;

	for (;;) {
		rcu_read_lock();
		*nr = gather(ctx, dev, family, list, max);
		if (list && *nr <= max) {
			*nr = sift(ctx, list, *nr);
			rcu_read_unlock();
			return list;
		}
		rcu_read_unlock();
		kvfree(list);
		/* a table may have grown meanwhile, so some more */
		max = *nr + 16;
		list = kvmalloc_array(max, sizeof(*list), GFP_KERNEL_ACCOUNT);
		if (!list)
			return NULL;
	}
}

static void tell4(struct vc_ipv4_addr *to, const struct vc_prefix *prefix)
{
	to->addr = htonl((u32)prefix->first.lo);
	to->mask = inet_make_mask(prefix->len - 96);
}

static void tell6(struct vc_ipv6_addr *to, const struct vc_prefix *prefix)
{
	to->addr.s6_addr32[0] = htonl(prefix->first.hi >> 32);
	to->addr.s6_addr32[1] = htonl((u32)prefix->first.hi);
	to->addr.s6_addr32[2] = htonl(prefix->first.lo >> 32);
	to->addr.s6_addr32[3] = htonl((u32)prefix->first.lo);
	to->prefixlen = prefix->len;
}

static long get(struct vc_request *req, enum vc_family family)
{
	const struct vc_addr_req *arg = req->data;
	struct candidate *list;
	u32 i, nr;
	int ret;

	ret = check_name(arg);
	if (ret)
		return ret;
	list = effective(req->ctx, arg->vdev_name, family, &nr);
	if (!list)
		return -ENOMEM;
	req->list = kvcalloc(nr + 1, family == VC_FAMILY_IPV4 ?
			     sizeof(struct vc_ipv4_addr) :
			     sizeof(struct vc_ipv6_addr), GFP_KERNEL_ACCOUNT);
	if (!req->list) {
		kvfree(list);
		return -ENOMEM;
	}
	req->nr = nr;
	for (i = 0; i < nr; i++)
		if (family == VC_FAMILY_IPV4)
			tell4((struct vc_ipv4_addr *)req->list + i,
			      &list[i].permit.prefix);
		else
			tell6((struct vc_ipv6_addr *)req->list + i,
			      &list[i].permit.prefix);
	kvfree(list);
	return 0;
}

static long get4(struct vc_request *req)
{
	return get(req, VC_FAMILY_IPV4);
}

static long get6(struct vc_request *req)
{
	return get(req, VC_FAMILY_IPV6);
}

static long policy_get(struct vc_request *req)
{
	u32 *policy = req->data;

	rcu_read_lock();
	*policy = vc_permits_closed(req->ctx) ? VC_NETADDR_CLOSED :
						VC_NETADDR_OPEN;
	rcu_read_unlock();
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The devices that tables from @ctx up name, sorted, each once.  RCU held. */
static u32 gather_names(const struct vcontext *ctx,
			char (*to)[VC_DEV_NAME_SIZE], u32 max)
{
	const struct vc_permits *permits;
	u32 i, n = 0, nr = 0;

	for (; ctx->level; ctx = ctx->parent) {
		permits = vc_permits_of(ctx);
		for (i = 0; permits && i < permits->nr_devs; i++, nr++)
			if (nr < max)
				strscpy_pad(to[nr], permits->dev[i].name,
					    sizeof(to[0]));
	}
	if (nr > max)
		return nr;
	sort(to, nr, sizeof(to[0]), compare_names, NULL);
	for (i = 0; i < nr; i++)
		if (!n || strcmp(to[n - 1], to[i]))
			memmove(to[n++], to[i], sizeof(to[0]));
	return n;
}

/* Those of @name for which something is in force, in place. */
static int sift_names(const struct vcontext *ctx,
		      char (*name)[VC_DEV_NAME_SIZE], u32 *nr)
{
	struct candidate *list;
	u32 i, n = 0, here;
	int family;

	for (i = 0; i < *nr; i++) {
		here = 0;
		for (family = 0; family < VC_NR_FAMILIES && !here; family++) {
			list = effective(ctx, name[i], family, &here);
			if (!list)
				return -ENOMEM;
			kvfree(list);
		}
		if (here)
			memmove(name[n++], name[i], sizeof(name[0]));
		cond_resched();
	}
	*nr = n;
	return 0;
}

static char (*names_of(const struct vcontext *ctx, u32 *nr))[VC_DEV_NAME_SIZE]
{
	char (*name)[VC_DEV_NAME_SIZE] = NULL;
	u32 max = 0;

	for (;;) {
		rcu_read_lock();
		*nr = gather_names(ctx, name, max);
		rcu_read_unlock();
		if (name && *nr <= max)
			break;
		kvfree(name);
		max = *nr + 16;
		name = kvmalloc_array(max, sizeof(*name), GFP_KERNEL_ACCOUNT);
		if (!name)
			return NULL;
	}
	if (!sift_names(ctx, name, nr))
		return name;
	kvfree(name);
	return NULL;
}

static long names_get(struct vc_request *req)
{
	const struct vc_names *arg = req->data;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	req->list = names_of(req->ctx, &req->nr);
	return req->list ? 0 : -ENOMEM;
}

/* ---- /proc ---- */

static void show_list(struct seq_file *m, const struct vc_command *command,
		      const struct vcontext *ctx, const char *dev,
		      enum vc_family family)
{
	struct vc_ipv6_addr ipv6;
	struct vc_ipv4_addr ipv4;
	struct candidate *list;
	u32 i, nr;

	list = effective(ctx, dev, family, &nr);
	for (i = 0; list && i < nr; i++) {
		seq_printf(m, "%s dev=%s addr=", command->name,
			   dev[0] ? dev : "*");
		if (family == VC_FAMILY_IPV4) {
			tell4(&ipv4, &list[i].permit.prefix);
			seq_printf(m, "%pI4/%u\n", &ipv4.addr,
				   list[i].permit.prefix.len - 96);
		} else {
			tell6(&ipv6, &list[i].permit.prefix);
			seq_printf(m, "%pI6c/%u\n", &ipv6.addr,
				   ipv6.prefixlen);
		}
	}
	kvfree(list);
}

static void show(struct seq_file *m, const struct vc_command *command,
		 const struct vc_request *req, enum vc_family family)
{
	char (*name)[VC_DEV_NAME_SIZE];
	u32 i, nr;

	show_list(m, command, req->ctx, "", family);
	name = names_of(req->ctx, &nr);
	for (i = 0; name && i < nr; i++)
		show_list(m, command, req->ctx, name[i], family);
	kvfree(name);
}

static void show4(struct seq_file *m, const struct vc_command *command,
		  const struct vc_request *req)
{
	show(m, command, req, VC_FAMILY_IPV4);
}

static void show6(struct seq_file *m, const struct vc_command *command,
		  const struct vc_request *req)
{
	show(m, command, req, VC_FAMILY_IPV6);
}

static void policy_show(struct seq_file *m, const struct vc_request *req)
{
	const u32 *policy = req->data;

	seq_puts(m, *policy == VC_NETADDR_CLOSED ? "closed" : "open");
}

static void names_show(struct seq_file *m, const struct vc_request *req)
{
	char (*name)[VC_DEV_NAME_SIZE] = req->list;
	u32 i;

	seq_printf(m, "count=%u list=", req->nr);
	for (i = 0; i < req->nr; i++)
		seq_printf(m, "%s%s", i ? "," : "", name[i]);
}

static const struct vc_command netaddr_commands[] = {
	[VC_NETADDR_IPV4] = {
		.name = "ipv4",
		.doc = "IPv4 addresses that sockets may have; adds to them",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.show_all = show4,
		.batch = &add4_batch,
		.set = VC_METHOD_LIST_SET(add4_set, VC_KIND_BELOW,
					  struct vc_addr_req,
					  struct vc_ipv4_addr),
		.get = VC_METHOD_LIST(get4, VC_KIND_OWN_OR_BELOW,
				      struct vc_addr_req,
				      struct vc_ipv4_addr),
	},
	[VC_NETADDR_NO_IPV4] = {
		.name = "no-ipv4",
		.doc = "take IPv4 permits away",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.batch = &remove4_batch,
		.set = VC_METHOD_LIST_SET(remove4_set, VC_KIND_BELOW,
					  struct vc_addr_req,
					  struct vc_ipv4_addr),
	},
	[VC_NETADDR_IPV6] = {
		.name = "ipv6",
		.doc = "IPv6 addresses that sockets may have; adds to them",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.show_all = show6,
		.batch = &add6_batch,
		.set = VC_METHOD_LIST_SET(add6_set, VC_KIND_BELOW,
					  struct vc_addr_req,
					  struct vc_ipv6_addr),
		.get = VC_METHOD_LIST(get6, VC_KIND_OWN_OR_BELOW,
				      struct vc_addr_req,
				      struct vc_ipv6_addr),
	},
	[VC_NETADDR_NO_IPV6] = {
		.name = "no-ipv6",
		.doc = "take IPv6 permits away",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.batch = &remove6_batch,
		.set = VC_METHOD_LIST_SET(remove6_set, VC_KIND_BELOW,
					  struct vc_addr_req,
					  struct vc_ipv6_addr),
	},
	[VC_NETADDR_POLICY] = {
		.name = "policy",
		.doc = "whether sockets have permitted addresses alone",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.show = policy_show,
		.batch = &policy_batch,
		.set = VC_METHOD(policy_set, VC_KIND_BELOW, VC_DATA_IN, u32),
		.get = VC_METHOD(policy_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 u32),
	},
	[VC_NETADDR_DEVICES] = {
		.name = "permit-devices",
		.doc = "devices for which there are permits",
		.version = 1,
		.cap = CAP_NET_ADMIN,
		.show = names_show,
		.get = VC_METHOD_LIST(names_get, VC_KIND_OWN_OR_BELOW,
				      struct vc_names,
				      char[VC_DEV_NAME_SIZE]),
	},
};

VC_DECLARE_CATEGORY(netaddr, VC_CAT_NETADDR, 1, netaddr_commands);
