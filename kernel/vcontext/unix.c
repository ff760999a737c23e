// SPDX-License-Identifier: GPL-2.0
/*
 * Abstract unix sockets: their names are those of a network namespace, not of
 * a file system, so that without one of its own a context would reach services
 * of the host by name.
 *
 * A socket belongs to the context of who made it, as in other.c.  One that has
 * been made outside is not there for a task of a context.  Sockets that are
 * connected, or have no name or one in a file system, are not asked about.
 */
#include <linux/cgroup.h>
#include <net/af_unix.h>
#include <net/sock.h>

#include "internal.h"

static bool is_abstract(const struct sock *sk)
{
	/* of a socket that others have found: set once, before that */
	const struct unix_address *addr = smp_load_acquire(&unix_sk(sk)->addr);

	return addr && addr->len > offsetof(struct sockaddr_un, sun_path) &&
	       !addr->name->sun_path[0];
}

/**
 * vc_unix_visible - may current connect or send to a unix socket?
 * @other: where to
 *
 * Context: the caller keeps @other.
 * Return: false if it must seem not to be there.
 */
bool vc_unix_visible(const struct sock *other)
{
	const struct vcontext *ctx;
	bool ret = true;

	if (!is_abstract(other))
		return true;
	rcu_read_lock();
	ctx = vcontext_of_task(current);
	/* the socket holds its group and that the context */
	if (ctx)
		ret = vcontext_is_below(other->sk_cgrp_data.cgroup->vcontext,
					ctx);
	rcu_read_unlock();
	return ret;
}
