// SPDX-License-Identifier: GPL-2.0
/*
 * Keys: one that was made outside of a context is not for the inside.
 *
 * Keyrings of a user are found by his number in a user namespace, so that
 * without one of its own uid 0 of a context would find those of the host's
 * root; and a task that enters brings its session keyring along.  A task that
 * wants one joins a new session.
 *
 * Keys that the kernel uses with credentials of its own are not asked for.
 */
#include <linux/cred.h>
#include <linux/key.h>
#include <linux/lsm_hooks.h>

#include "internal.h"

static u64 *mark_of(const struct key *key)
{
	return key->security + vcontext_blobs.lbs_key;
}

/**
 * vc_key_new - a key is being made
 * @key: nobody knows it yet
 *
 * Context: process.
 */
void vc_key_new(struct key *key)
{
	*mark_of(key) = vcontext_enabled() ? __vcontext_mark() : 0;
}

/**
 * vc_key_permitted - may current use a key?
 * @key: the key
 *
 * Context: any; the caller keeps @key.
 * Return: as asked.
 */
bool vc_key_permitted(const struct key *key)
{
	bool ret;

	rcu_read_lock();
	ret = vc_made_inside(*mark_of(key), vcontext_of_task(current));
	rcu_read_unlock();
	return ret;
}

/* See vcontext_may_upcall(). */
int __vcontext_may_upcall(void)
{
	return __vcontext_mark() ? -EPERM : 0;
}
