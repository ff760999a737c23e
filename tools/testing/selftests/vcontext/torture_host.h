/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A part of torture.c: rules that place processes, descriptors of events, and
 * the calls of old tools.
 */
#ifndef _SELFTESTS_VCONTEXT_TORTURE_HOST_H
#define _SELFTESTS_VCONTEXT_TORTURE_HOST_H

#include "torture.h"

/* ---- rules ---- */

#define RULES_MAX	16

static struct {
	struct vc_rules head;
	struct vc_rule rule[RULES_MAX];
} rules;

/* How many there are, or -errno. */
static long rules_get(void)
{
	long ret;

	memset(&rules, 0, sizeof(rules));
	rules.head.count = RULES_MAX;
	ret = vc(VC_GET_RULES, 0, &rules);
	return ret ? ret : (long)rules.head.count;
}

static long op_rule_remove(long arg)
{
	long nr = rules_get();

	/* the first one is to stay */
	if (nr <= 1)
		return nr < 0 ? nr : NOT_COUNTED;
	nr = nr < RULES_MAX ? nr : RULES_MAX;
	return vc(VC_REMOVE_RULE, 0, &rules.rule[1 + rnd_below(nr - 1)].id);
}

static long op_rule_add(long arg)
{
	struct vc_rule rule = {
		.match = VC_RULE_UID | (rnd() & (VC_RULE_COMM | VC_RULE_EXE)),
		.uid = TEST_UID,
		.comm = "torture",
		.exe = "*",
		.target = one_in(8) ? VC_ID_HOST : ctx_pick(),
	};

	if (rules_get() >= RULES_MAX)
		op_rule_remove(0);
	return vc(VC_ADD_RULE, 0, &rule);
}

static long op_rule_apply(long arg)
{
	return vc(VC_APPLY_RULES, 0, NULL);
}

/* One whom rules are about: where it is afterwards is theirs to say. */
static long op_classified(long arg)
{
	pid_t pid = brood_fork(one_in(2));
	long ret;

	if (pid)
		return pid < 0 ? -errno : NOT_COUNTED;
	inside = true;
	movable = true;
	ret = res(setresuid(TEST_UID, TEST_UID, TEST_UID));
	count(ret);
	if (!ret)
		live_inside();
	_exit(0);
}

/* ---- events ---- */

static int event_fds[4] = { -1, -1, -1, -1 };

static long op_events(long arg)
{
	int *fd = &PICK(event_fds);
	struct vc_event events[16];
	ssize_t len, i;

	if (*fd < 0) {
		*fd = vc(VC_OPEN_EVENTS, one_in(2) ? VC_ID_SELF : ctx_pick(),
			 NULL);
		if (*fd < 0)
			return *fd;
		fcntl(*fd, F_SETFL, O_NONBLOCK);
		return 0;
	}
	len = res(read(*fd, events, sizeof(events[0]) *
		       (1 + rnd_below(ARRAY_SIZE(events)))));
	MUST(len == -EAGAIN || len >= 0, "%zd", len);
	MUST(len < 0 || !(len % sizeof(events[0])), "%zd", len);
	for (i = 0; i < len / (ssize_t)sizeof(events[0]); i++)
		MUST(events[i].type >= VC_EVENT_CREATED &&
		     events[i].type <= VC_EVENT_REFUSED, "%u", events[i].type);
	if (len <= 0 || one_in(8)) {
		close(*fd);
		*fd = -1;
	}
	return len == -EAGAIN ? 0 : error_of(len);
}

/* ---- old tools ---- */

static long op_compat(long arg)
{
	struct vc_new_s_context new = {
		.remove_cap = rnd(),
		.flags = rnd() & 0xff,
	};
	static const __u32 ids[] = { VC_ID_SELF, VC_ID_SELF, 5000, 5001 };
	pid_t pid = brood_fork(false);
	long ret;

	if (pid)
		return pid < 0 ? -errno : NOT_COUNTED;
	ret = vc(one_in(2) ? VC_VSERVER_NEW_S_CONTEXT :
			     VC_SET(VC_CAT_COMPAT, VC_COMPAT_NEW_S_CONTEXT),
		 PICK(ids), &new);
	count(ret);
	if (ret > 0) {
		ctx_publish(ret, 0);
		live_and_die();
	}
	_exit(0);
}

static long op_ipv4root(long arg)
{
	struct {
		struct vc_set_ipv4root head;
		struct vc_ipv4_pair pair[2];
	} root = {};
	__u32 i, nr = 1 + rnd_below(2);
	pid_t pid = brood_fork(false);
	long ret;

	if (pid)
		return pid < 0 ? -errno : NOT_COUNTED;
	for (i = 0; i < nr; i++) {
		root.pair[i].ip = htonl(0x7f000001 + rnd_below(4));
		root.pair[i].mask = htonl(0xff000000);
	}
	ret = vc(VC_SET(VC_CAT_COMPAT, VC_COMPAT_SET_IPV4ROOT), nr, &root);
	count(ret);
	if (ret >= 0)
		live_and_die();
	_exit(0);
}

/* ---- category 255, where it is there ---- */

static long op_debug(long cmd)
{
	__u32 data[256] = { 8 };

	return vc(VC_GET(VC_CAT_DEBUG, cmd), one_in(3) ? VC_ID_SELF :
						     ctx_pick(), data);
}

/* What follows fails at a constructor or a charge of its own. */
static long op_debug_fail(long arg)
{
	struct vc_debug_fail fail = {
		.what = 1 + rnd_below(2),
		.nth = 1 + rnd_below(20),
	};
	long ret = vc(VC_SET(VC_CAT_DEBUG, VC_DEBUG_FAIL), 0, &fail);

	if (!ret) {
		op_create(0);
		/* Never: none at all would have the kernel patch itself. */
		fail.nth = ~0U;
		ret = vc(VC_SET(VC_CAT_DEBUG, VC_DEBUG_FAIL), 0, &fail);
	}
	return ret;
}

#endif /* _SELFTESTS_VCONTEXT_TORTURE_HOST_H */
