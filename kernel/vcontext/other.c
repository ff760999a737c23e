// SPDX-License-Identifier: GPL-2.0
/*
 * Category 8: other limits.
 *
 * TCP connections: a socket counts while it is in ESTABLISHED, and holds its
 * place from connect() on, or from when it is made as the child of a listener.
 * So there is nothing to refuse at the moment when a connection is established,
 * and there are never more than the limit.
 *
 * Who pays is decided where the socket is made, in process context: it belongs
 * to a cgroup from then on, and a child to that of its listener.  Nobody asks
 * for current in a softirq, and a socket that is handed on stays with its maker.
 * A connection whose two ends are in one context counts twice.
 *
 * Beyond the limit connect() gives EAGAIN, and a child is not made, as if the
 * accept queue were full; its peer waits in line, without a window.  A SYN that
 * cannot be remembered is dropped.  In each case somebody tries again.
 * What a socket has in its bit vcontext_charged is the affair of net/ipv4.
 */
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <net/sock.h>

#include "internal.h"

VC_DEFINE(struct vc_counter, tcp) = VC_COUNTER_INIT;

/*
 * The socket holds its group and that the context, until both are freed; the
 * group of a socket that has connected does not change.  %NULL is the host.
 */
static struct vcontext *context_of(const struct sock *sk)
{
	return sk->sk_cgrp_data.cgroup->vcontext;
}

/*
 * Who pays for @sk, or for its child.  Not for those that the kernel keeps for
 * itself and that do not even hold their network namespace; those that it has
 * below a socket of user space (MPTCP, SMC) do, and count.
 */
static struct vcontext *payer(const struct sock *sk)
{
	return sk->sk_net_refcnt ? context_of(sk) : NULL;
}

static void refused(struct vcontext *full)
{
	vc_counter_refused(full, VC_COUNTER(tcp), VC_CAT_OTHER, VC_OTHER_TCP);
}

/* See vcontext_charge_tcp(). */
int __vcontext_charge_tcp(const struct sock *sk)
{
	struct vcontext *ctx = payer(sk), *stop, *full;

	if (!ctx)
		return 0;
	stop = vc_counter_charge_fast(ctx, VC_COUNTER(tcp));
	if (likely(!stop))
		return 1;
	vc_counter_cancel(ctx, stop, VC_COUNTER(tcp), 1);
	full = vc_counter_try_charge(ctx, NULL, VC_COUNTER(tcp), 1);
	if (!full)
		return 1;
	refused(full);
	return -EAGAIN;
}
EXPORT_SYMBOL_GPL(__vcontext_charge_tcp);

/* See vcontext_uncharge_tcp(). */
void __vcontext_uncharge_tcp(const struct sock *sk)
{
	vc_counter_uncharge_fast(context_of(sk), VC_COUNTER(tcp));
}

/* See vcontext_tcp_full(). */
bool __vcontext_tcp_full(const struct sock *listener, unsigned int n)
{
	return vc_counter_full(payer(listener), VC_COUNTER(tcp), n);
}

/* See vcontext_drop_syn(). */
bool __vcontext_drop_syn(const struct sock *listener)
{
	struct vcontext *full;

	full = vc_counter_full(payer(listener), VC_COUNTER(tcp), 1);
	if (!full)
		return false;
	vc_counter_hit(full, VC_COUNTER(tcp));
	refused(full);
	return true;
}

static long tcp_set(struct vc_request *req)
{
	const struct vc_limit *arg = req->data;

	return vc_counter_set_limit(req->ctx, VC_COUNTER(tcp), arg->limit);
}

static long tcp_begin(struct vc_request *req)
{
	return vc_counter_begin(req, VC_COUNTER(tcp));
}

static void tcp_end(struct vc_request *req, bool commit)
{
	vc_counter_end(req, VC_COUNTER(tcp), commit);
}

static const struct vc_batch_ops tcp_batch = {
	.begin = tcp_begin,
	.end = tcp_end,
};

static long tcp_get(struct vc_request *req)
{
	struct vc_limit *arg = req->data;

	/* the host is not counted: /proc/net/snmp has what its namespaces have */
	vc_counter_read(&VC(req->ctx, tcp), arg);
	return 0;
}

static const struct vc_command other_commands[] = {
	[VC_OTHER_TCP] = {
		.name = "tcp",
		.doc = "how many TCP connections may be established",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_show_limit,
		.batch = &tcp_batch,
		.set = VC_METHOD(tcp_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_limit),
		.get = VC_METHOD(tcp_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_limit),
	},
};

VC_DECLARE_CATEGORY(other, VC_CAT_OTHER, 1, other_commands);
