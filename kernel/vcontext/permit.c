// SPDX-License-Identifier: GPL-2.0
/*
 * The permits of a context: which addresses its sockets may have.
 *
 * A table is made anew for each change, under vcontext_mutex, and read under
 * RCU.  A context without one is OPEN.  A socket has what the tables of its
 * context and of all above permit, so that a table narrowed later binds at once.
 *
 * A permit for a device holds for what goes through that device, and for what
 * never leaves the machine: on a loopback device an address counts that is
 * permitted anywhere, and so it does where no device is known.
 */
#include <linux/bsearch.h>
#include <linux/jump_label.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vcontext_net.h>
#include <net/net_namespace.h>

#include "permit.h"

/* On while a context is CLOSED. */
DEFINE_STATIC_KEY_FALSE(vcontext_closed_key);
/* IPv6 may be a module. */
EXPORT_SYMBOL_GPL(vcontext_closed_key);

/*
 * Steps that comparing two tables may take, under spinlocks of ports: what
 * needs more is taken for an overlap.
 */
#define OVERLAP_STEPS	128

/*
 * The last answers of vc_permits_overlap(): who asks walks along a port, where
 * sockets of the same two contexts are many.  Under overlap_lock.
 */
struct memo {
	u64 a, b;			/* cgroup_id, which is used once */
	unsigned int tables;
	char dev[IFNAMSIZ];
	bool ret;
};

static struct memo overlap_memo[VC_NR_FAMILIES];

static DEFINE_SPINLOCK(overlap_lock);

/* Changes with each table; written under vcontext_mutex. */
static unsigned int tables;

/* %NULL if the context is OPEN */
VC_DEFINE(struct vc_permits __rcu *, permits) = NULL;
/* may have sockets that are filtered although it is OPEN: the key is on */
VC_DEFINE(int, filtered) = 0;

/**
 * vc_permit_cmp - the order of permits: by device, family and prefix
 * @a: a struct vc_permit
 * @b: another one
 *
 * Context: any.
 * Return: less than 0, 0 or more.
 */
int vc_permit_cmp(const void *a, const void *b)
{
	const struct vc_permit *x = a, *y = b;
	int ret = strcmp(x->dev, y->dev);

	if (!ret)
		ret = (int)x->family - (int)y->family;
	return ret ?: vc_prefix_cmp(&x->prefix, &y->prefix);
}

static int compare_prefixes(const void *a, const void *b)
{
	return vc_prefix_cmp(a, b);
}

/* The ranges of one family on one device, from @i on. */
static u32 add_list(struct vc_ranges *set, struct vc_range *to,
		    const struct vc_permit *permit, u32 nr, u32 i)
{
	const struct vc_permit *first = &permit[i];
	u32 n = 0;

	for (; i < nr; i++) {
		if (permit[i].family != first->family ||
		    strcmp(permit[i].dev, first->dev))
			break;
		n = vc_ranges_add(to, n, &permit[i].prefix);
	}
	set->range = to;
	set->nr = n;
	return i;
}

/* What is permitted on any device or on one of those that are named. */
static int add_somewhere(struct vc_permits *permits, struct vc_range *to)
{
	struct vc_prefix *prefix;
	u32 i, n, nr;
	int family;

	if (!permits->nr_devs) {
		memcpy(permits->somewhere, permits->any, sizeof(permits->any));
		return 0;
	}
	prefix = kvmalloc_array(permits->nr, sizeof(*prefix),
				GFP_KERNEL_ACCOUNT);
	if (!prefix)
		return -ENOMEM;
	for (family = 0; family < VC_NR_FAMILIES; family++) {
		for (i = 0, n = 0; i < permits->nr; i++)
			if (permits->permit[i].family == family)
				prefix[n++] = permits->permit[i].prefix;
		sort(prefix, n, sizeof(*prefix), compare_prefixes, NULL);
		for (i = 0, nr = 0; i < n; i++)
			nr = vc_ranges_add(to, nr, &prefix[i]);
		permits->somewhere[family].range = to;
		permits->somewhere[family].nr = nr;
		to += nr;
	}
	kvfree(prefix);
	return 0;
}

static u32 count_devs(const struct vc_permit *permit, u32 nr)
{
	u32 i, n = 0;

	for (i = 0; i < nr; i++)
		if (permit[i].dev[0] &&
		    (!i || strcmp(permit[i - 1].dev, permit[i].dev)))
			n++;
	return n;
}

/**
 * vc_permits_make - make a table of permits
 * @permit: what is to be in it, sorted by vc_permit_cmp() and none twice
 * @nr: how many
 *
 * Context: may sleep.
 * Return: for vc_permits_replace() or vc_permits_free(); %NULL if there is no
 * memory.
 */
struct vc_permits *vc_permits_make(const struct vc_permit *permit, u32 nr)
{
	/* @any4 is as long as a power of two, less one */
	const size_t each = sizeof(*permit) + 2 * sizeof(struct vc_range4) +
			    2 * sizeof(struct vc_range);
	u32 nr_devs = count_devs(permit, nr), i, devs = 0;
	struct vc_permits *permits;
	struct vc_permit_dev *dev = NULL;
	struct vc_range *range;
	struct vc_ranges *set;

	might_sleep();

	/* each permit makes a range at most, here and in @somewhere */
	permits = kvzalloc(size_add(size_add(sizeof(*permits),
					     array_size(nr, each)),
				    array_size(nr_devs, sizeof(*dev))),
			   GFP_KERNEL_ACCOUNT);
	if (!permits)
		return NULL;
	range = (void *)(permits + 1);
	permits->permit = (void *)(range + 2 * (size_t)nr);
	permits->dev = (void *)(permits->permit + nr);
	permits->any4 = (void *)(permits->dev + nr_devs);
	permits->nr = nr;
	permits->nr_devs = nr_devs;
	if (nr)
		memcpy(permits->permit, permit, array_size(nr, sizeof(*permit)));
	for (i = 0; i < nr; ) {
		if (permit[i].dev[0] && (!dev || strcmp(dev->name, permit[i].dev))) {
			dev = &permits->dev[devs++];
			strscpy(dev->name, permit[i].dev);
		}
		set = dev ? dev->set : permits->any;
		set += permit[i].family;
		i = add_list(set, range, permit, nr, i);
		range += set->nr;
	}
	if (add_somewhere(permits, range)) {
		kvfree(permits);
		return NULL;
	}
	set = &permits->any[VC_FAMILY_IPV4];
	permits->nr4 = set->nr;
	permits->first4 = (struct vc_range4){ .first = 1, .last = 0 };
	for (i = 0; i < set->nr; i++) {
		permits->any4[i].first = (u32)set->range[i].first.lo;
		permits->any4[i].last = (u32)set->range[i].last.lo;
	}
	if (set->nr) {
		permits->first4 = permits->any4[0];
		permits->step4 = roundup_pow_of_two(set->nr + 1) / 2;
		for (; i < 2 * permits->step4 - 1; i++)
			permits->any4[i].last = U32_MAX;
	}
	return permits;
}

/**
 * vc_permits_free - free a table that nobody can find any more
 * @permits: or %NULL
 *
 * Context: process.
 */
void vc_permits_free(struct vc_permits *permits)
{
	if (permits)
		kvfree_rcu(permits, rcu);
}

/**
 * vc_permits_of - a context's own table
 * @ctx: the context
 *
 * Context: RCU or vcontext_mutex held.
 * Return: the table, %NULL if the context is OPEN.
 */
const struct vc_permits *vc_permits_of(const struct vcontext *ctx)
{
	return rcu_dereference_check(VC(ctx, permits),
				     lockdep_is_held(&vcontext_mutex));
}

/**
 * vc_permits_replace - give a context another table
 * @ctx: the context
 * @permits: the table; %NULL opens the context
 *
 * Context: vcontext_mutex held, may sleep.
 * Return: what it had before, to be freed.
 */
struct vc_permits *vc_permits_replace(struct vcontext *ctx,
				      struct vc_permits *permits)
{
	struct vc_permits *old;

	lockdep_assert_held(&vcontext_mutex);

	if (permits)
		static_branch_inc(&vcontext_closed_key);
	old = rcu_replace_pointer(VC(ctx, permits), permits,
				  lockdep_is_held(&vcontext_mutex));
	/* pairs with vc_permits_overlap(): who sees it sees the table */
	smp_store_release(&tables, tables + 1);
	if (old)
		static_branch_dec(&vcontext_closed_key);
	return old;
}

static void permits_exit(struct vcontext *ctx)
{
	/* sockets that outlive it, in other hands, have what those above have */
	vc_permits_free(vc_permits_replace(ctx, NULL));
}

VC_INIT(permits, NULL, permits_exit);

static int compare_dev(const void *key, const void *elem)
{
	return strcmp(key, ((const struct vc_permit_dev *)elem)->name);
}

static const struct vc_permit_dev *find_dev(const struct vc_permits *permits,
					    const char *name)
{
	if (!permits->nr_devs || !name[0])
		return NULL;
	return bsearch(name, permits->dev, permits->nr_devs,
		       sizeof(*permits->dev), compare_dev);
}

/**
 * vc_permits_cover - is all of a permit in a table?
 * @permits: the table
 * @permit: the permit
 *
 * Context: any; RCU held if others can replace the table.
 * Return: as asked.
 */
bool vc_permits_cover(const struct vc_permits *permits,
		      const struct vc_permit *permit)
{
	const struct vc_addr last = vc_prefix_last(&permit->prefix);
	const struct vc_permit_dev *dev;

	if (vc_ranges_cover(&permits->any[permit->family],
			    &permit->prefix.first, &last))
		return true;
	dev = find_dev(permits, permit->dev);
	return dev && vc_ranges_cover(&dev->set[permit->family],
				      &permit->prefix.first, &last);
}

/**
 * vc_permits_closed - is a context CLOSED?
 * @ctx: the context; %NULL is the host
 *
 * Context: RCU held.
 * Return: true if it is, or one above it.
 */
bool vc_permits_closed(const struct vcontext *ctx)
{
	for (; ctx && ctx->level; ctx = ctx->parent)
		if (rcu_access_pointer(VC(ctx, permits)))
			return true;
	return false;
}

/**
 * vc_permits_by_device - does a device matter to what a context may have?
 * @ctx: the context; %NULL is the host
 *
 * Context: RCU held.
 * Return: true if it, or one above it, has permits for a device.
 */
bool vc_permits_by_device(const struct vcontext *ctx)
{
	const struct vc_permits *permits;

	for (; ctx && ctx->level; ctx = ctx->parent) {
		permits = rcu_dereference(VC(ctx, permits));
		if (permits && permits->nr_devs)
			return true;
	}
	return false;
}

/**
 * vc_netaddr_closed - is a context CLOSED?
 * @ctx: the context; %NULL is the host
 *
 * For categories that know nothing of permits.
 *
 * Context: RCU held.
 * Return: true if it is, or one above it.
 */
bool vc_netaddr_closed(const struct vcontext *ctx)
{
	return vc_permits_closed(ctx);
}

/**
 * vc_netaddr_filters - may sockets of a context be there that see all packets?
 * @ctx: the context; %NULL is the host
 * @net: where
 *
 * In a namespace from outside the one above all that share it decides: those
 * below could give each other any permits, if it has none itself.
 *
 * Context: any, RCU held.
 * Return: true if @net was made inside, or if who shares it is CLOSED.
 */
bool vc_netaddr_filters(const struct vcontext *ctx, const struct net *net)
{
	const struct vcontext *outer = NULL;

	for (; ctx && ctx->level && !vc_made_inside(net->ns.vcontext, ctx);
	     ctx = ctx->parent)
		outer = ctx;
	return !outer || vc_permits_closed(outer);
}

/**
 * vc_netaddr_keep - a context may have a socket that must be filtered
 * @ctx: the context, referenced
 *
 * Such a socket outlives permits.  It has its group, and that its context.
 *
 * Context: process, may sleep.
 */
void vc_netaddr_keep(struct vcontext *ctx)
{
	if (READ_ONCE(VC(ctx, filtered)))
		return;
	static_branch_inc(&vcontext_closed_key);
	if (xchg(&VC(ctx, filtered), 1))
		static_branch_dec(&vcontext_closed_key);
}

/**
 * vc_netaddr_release - the end of what vc_netaddr_keep() began
 * @ctx: a context that has no sockets any more
 *
 * Context: process, may sleep.
 */
void vc_netaddr_release(struct vcontext *ctx)
{
	if (VC(ctx, filtered))
		static_branch_dec(&vcontext_closed_key);
}

static bool is_loopback(const struct vc_addr *addr)
{
	if (vc_addr_is4(addr))
		return ((u32)addr->lo >> 24) == 127;
	return !addr->hi && addr->lo == 1;
}

static bool table_has(const struct vc_permits *permits, enum vc_family family,
		      const struct vc_addr *addr, const struct net_device *dev)
{
	const struct vc_permit_dev *own;

	if (!dev || (dev->flags & IFF_LOOPBACK))
		return vc_ranges_cover(&permits->somewhere[family], addr, addr);
	if (vc_ranges_cover(&permits->any[family], addr, addr))
		return true;
	own = find_dev(permits, dev->name);
	return own && vc_ranges_cover(&own->set[family], addr, addr);
}

/**
 * vc_permits_allow - may an address be a local one of a context?
 * @ctx: the context; %NULL is the host
 * @net: where
 * @addr: the address
 * @dev: on which device; %NULL for any
 *
 * Context: any, RCU held.
 * Return: true if @ctx and all contexts above permit it.
 */
bool vc_permits_allow(const struct vcontext *ctx, const struct net *net,
		      const struct vc_addr *addr, const struct net_device *dev)
{
	enum vc_family family = vc_addr_is4(addr) ? VC_FAMILY_IPV4 :
						    VC_FAMILY_IPV6;
	const struct vc_permits *permits;
	u64 mark = net->ns.vcontext;
	bool inside = false;

	for (; ctx && ctx->level; ctx = ctx->parent) {
		/* what was made in it was made below all that are above */
		inside = inside || mark == ctx->cgroup_id;
		permits = rcu_dereference(VC(ctx, permits));
		if (!permits || table_has(permits, family, addr, dev))
			continue;
		/* its own, or that of a context below, which is a search */
		if (is_loopback(addr) && (inside || vc_made_inside(mark, ctx)))
			continue;
		return false;
	}
	return true;
}

/**
 * vc_permits_has4 - is an address of IPv4 among those for any device?
 * @permits: the permits
 * @addr: the address
 *
 * What is behind the last range is padding that no address is beyond.
 *
 * Context: any.
 * Return: as asked.
 */
bool vc_permits_has4(const struct vc_permits *permits, u32 addr)
{
	const struct vc_range4 *any4 = permits->any4;
	u32 i = 0, step;

	/* the first range that does not end before it, without a jump */
	for (step = permits->step4; step; step /= 2)
		i += any4[i + step - 1].last < addr ? step : 0;
	return i < permits->nr4 && any4[i].first <= addr;
}

/* These two are out of line, so that one range that has it takes no stack. */
static noinline bool allow4_slowly(const struct vcontext *ctx,
				   const struct net *net, __be32 addr,
				   const struct net_device *dev)
{
	const struct vc_addr slow = vc_addr4(addr);

	return vc_permits_allow(ctx, net, &slow, dev);
}

static noinline bool allow4_searching(const struct vcontext *ctx,
				      const struct net *net, __be32 addr,
				      const struct net_device *dev)
{
	const struct vcontext *pos;
	const struct vc_permits *permits;

	for (pos = ctx; pos->level; pos = pos->parent) {
		permits = rcu_dereference(VC(pos, permits));
		if (permits && !vc_permits_has4(permits, ntohl(addr)))
			return allow4_slowly(ctx, net, addr, dev);
	}
	return true;
}

/**
 * vc_permits_allow4 - the same of an IPv4 address, as fast as can be
 * @ctx: the context; not the host
 * @net: where
 * @addr: the address
 * @dev: on which device; %NULL for any
 *
 * Context: any, RCU held.
 * Return: as vc_permits_allow().
 */
bool vc_permits_allow4(const struct vcontext *ctx, const struct net *net,
		       __be32 addr, const struct net_device *dev)
{
	const struct vcontext *pos = ctx;
	const struct vc_permits *permits;

	do {
		permits = rcu_dereference(VC(pos, permits));
		if (permits && (ntohl(addr) < permits->first4.first ||
				ntohl(addr) > permits->first4.last))
			return allow4_searching(ctx, net, addr, dev);
		pos = pos->parent;
	} while (pos->level);
	return true;
}

/* The next address from @addr on that @permits has on @dev, or anywhere. */
static bool table_next(const struct vc_permits *permits, enum vc_family family,
		       const struct net_device *dev, struct vc_addr *addr)
{
	const struct vc_permit_dev *own;
	struct vc_addr here = *addr;
	bool found, found_here;

	if (!dev || (dev->flags & IFF_LOOPBACK))
		return vc_ranges_next(&permits->somewhere[family], addr);
	own = find_dev(permits, dev->name);
	found_here = own && vc_ranges_next(&own->set[family], &here);
	found = vc_ranges_next(&permits->any[family], addr);
	if (found_here && (!found || vc_addr_cmp(&here, addr) < 0))
		*addr = here;
	return found || found_here;
}

/* The same of what all contexts from @ctx up have. */
static bool chain_next(const struct vcontext *ctx, enum vc_family family,
		       const struct net_device *dev, struct vc_addr *addr)
{
	const struct vc_permits *permits;

	for (; ctx && ctx->level; ctx = ctx->parent) {
		permits = rcu_dereference(VC(ctx, permits));
		if (permits && !table_next(permits, family, dev, addr))
			return false;
	}
	return true;
}

static bool overlap(const struct vcontext *a, const struct vcontext *b,
		    enum vc_family family, const struct net_device *dev)
{
	struct vc_addr addr, next = { };
	int step;

	for (step = 0; step < OVERLAP_STEPS; step++) {
		addr = next;
		if (!chain_next(a, family, dev, &next) ||
		    !chain_next(b, family, dev, &next))
			return false;
		if (!vc_addr_cmp(&addr, &next))
			return true;
	}
	return true;
}

/* What was found last, if that was the same; who does not get it looks again. */
static bool recall(const struct memo *question, struct memo *memo, bool *ret)
{
	bool found;

	if (!spin_trylock_bh(&overlap_lock))
		return false;
	found = memo->a == question->a && memo->b == question->b &&
		memo->tables == question->tables &&
		!strcmp(memo->dev, question->dev);
	*ret = memo->ret;
	spin_unlock_bh(&overlap_lock);
	return found;
}

static void remember(const struct memo *answer, struct memo *memo)
{
	if (!spin_trylock_bh(&overlap_lock))
		return;
	*memo = *answer;
	spin_unlock_bh(&overlap_lock);
}

/**
 * vc_permits_overlap - can two contexts have the same address?
 * @a: a context; %NULL is the host
 * @b: another one
 * @family: of the address
 * @dev: on which device; %NULL for any: the same address on two devices is one
 *
 * An address that one of them has not leads to the next one that it has: that
 * takes as many steps as there are ranges, each in the logarithm of it.
 *
 * Context: any, RCU held.
 * Return: as asked, or true if that takes too long; loopback addresses that
 * need no permit do not count.
 */
bool vc_permits_overlap(const struct vcontext *a, const struct vcontext *b,
			enum vc_family family, const struct net_device *dev)
{
	struct memo this;
	bool ret;

	if (!vc_permits_closed(a) || !vc_permits_closed(b))
		return true;
	this = (struct memo){
		.a = a->cgroup_id,
		.b = b->cgroup_id,
		/* pairs with vc_permits_replace() */
		.tables = smp_load_acquire(&tables),
	};
	if (dev && !(dev->flags & IFF_LOOPBACK))
		strscpy(this.dev, dev->name);
	if (recall(&this, &overlap_memo[family], &ret))
		return ret;
	this.ret = overlap(a, b, family, dev);
	remember(&this, &overlap_memo[family]);
	return this.ret;
}
