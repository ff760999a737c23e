/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A part of torture.c: calls without sense, and calls in which an allocation
 * fails.
 */
#ifndef _SELFTESTS_VCONTEXT_TORTURE_FUZZ_H
#define _SELFTESTS_VCONTEXT_TORTURE_FUZZ_H

#include "torture.h"
#include "nth.h"

/* All that the contract knows. */
static const short contract[] = {
	EPERM, ENOENT, ESRCH, EINTR, E2BIG, EBADF, EAGAIN, ENOMEM, EACCES,
	EFAULT, EBUSY, EEXIST, ENODEV, ENOTDIR, EINVAL, ENFILE, EMFILE, ENOSPC,
	EROFS, ERANGE, ENAMETOOLONG, ELOOP, ENODATA, ENONET, EOPNOTSUPP,
	EADDRNOTAVAIL, EDQUOT,
};

static bool is_of_contract(long ret)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(contract); i++)
		if (ret == -contract[i])
			return true;
	return ret >= 0;
}

/* Two pages, and nothing behind them. */
#define FUZZ_SIZE	8192UL

static char *fuzz_area(void)
{
	static char *area;

	if (!area) {
		area = mmap(NULL, FUZZ_SIZE + PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (area == MAP_FAILED)
			_exit(0);
		munmap(area + FUZZ_SIZE, PAGE);
	}
	return area;
}

static __u32 fuzz_id(void)
{
	static const __u32 ids[] = {
		VC_ID_HOST, VC_ID_SELF, VC_ID_MAX, VC_COMPAT_STAY, 1, 16,
	};

	if (one_in(8))
		return rnd();
	return one_in(4) ? PICK(ids) : ctx_pick();
}

static __u32 fuzz_cmd(void)
{
	static const __u8 categories[] = {
		0, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6, 7, 8, 16, 17, 255,
	};
	__u32 category = one_in(32) ? rnd_below(256) : PICK(categories);
	__u32 sub = one_in(16) ? rnd_below(4) : 1 + rnd_below(2);
	__u32 cmd = VC_CMD(category, sub, one_in(32) ? rnd_below(256) :
						       1 + rnd_below(10));

	if (one_in(4))
		cmd |= rnd_below(one_in(2) ? 64 : VC_SIZE_MAX + 1) << 8;
	if (one_in(128))
		cmd |= VC_RESERVED_BIT;
	if (one_in(64))
		cmd = rnd();
	return cmd;
}

/* Numbers that mean something now and then, else bytes that do not. */
static void fuzz_fill(char *data, size_t size)
{
	__u32 *word = (__u32 *)data;
	__u64 at;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++) {
		switch (rnd_below(8)) {
		case 0:
			word[i] = rnd();
			break;
		case 1:
			word[i] = 1U << rnd_below(32);
			break;
		case 2:
			word[i] = rnd_below(16);
			break;
		case 3:
			word[i] = one_in(2) ? ~0U : ctx_pick();
			break;
		case 4:
			at = (uintptr_t)data + 16;
			memcpy(&word[i & ~1UL], &at, sizeof(at));
			break;
		default:
			word[i] = 0;
		}
	}
	/* a name, or a path */
	if (one_in(3))
		snprintf(data + rnd_below(2) * 16, 8, one_in(2) ? "lo" :
							      "/tmp");
}

/*
 * What would reach beyond contexts: a process of the host that is not ours
 * could be moved, or moved by a rule.
 */
static bool fuzz_is_safe(__u32 cmd, void *data)
{
	struct vc_rule *rule = data;

	if (VC_CATEGORY(cmd) == VC_CAT_CLASS &&
	    VC_COMMAND(cmd) == VC_CLASS_RULE && data) {
		rule->match |= VC_RULE_UID;
		rule->uid = TEST_UID;
	}
	/* nobody outside is there for one who cannot have been moved out */
	if (VC_CATEGORY(cmd) == VC_CAT_PROCESS &&
	    VC_SUBCAT(cmd) == VC_SUB_SET && VC_COMMAND(cmd) == VC_PROCESS_TASK)
		return !data || (inside && !movable);
	return true;
}

static void *fuzz_data(__u32 cmd)
{
	char *area = fuzz_area(), *data;
	struct vc_batch *batch;
	struct vc_call *calls;
	__u32 i;

	switch (rnd_below(8)) {
	case 0:
		return NULL;
	case 1:
		/* nobody has looked at a rule that is there */
		if (VC_CATEGORY(cmd) == VC_CAT_CLASS)
			return NULL;
		return (void *)(one_in(2) ? 8UL : 0xffff888000000000UL);
	}
	data = area + rnd_below(4) * 8;
	/* the end is not there */
	if (one_in(8) && VC_CATEGORY(cmd) != VC_CAT_CLASS)
		data = area + FUZZ_SIZE - rnd_below(200);
	fuzz_fill(area, FUZZ_SIZE);
	if (cmd != VC_BATCH)
		return data;
	/* one that has calls in it */
	batch = (void *)area;
	calls = (void *)(area + 256);
	batch->count = rnd_below(5);
	batch->calls = (uintptr_t)calls;
	for (i = 0; i < batch->count; i++) {
		calls[i].cmd = fuzz_cmd();
		calls[i].id = fuzz_id();
		calls[i].data = (uintptr_t)(one_in(4) ? NULL :
					    area + 1024 + 512 * i);
		calls[i].result = 0;
		calls[i].reserved = 0;
		if (!fuzz_is_safe(calls[i].cmd, (void *)calls[i].data))
			calls[i].data = 0;
	}
	return area;
}

/* Only in a child: it may find itself in a context, or with fds open. */
static void fuzz(unsigned int times)
{
	while (times-- && !GET(shared->end)) {
		__u32 cmd = fuzz_cmd(), id = fuzz_id();
		void *data = fuzz_data(cmd);
		long ret;

		if (!fuzz_is_safe(cmd, data))
			data = NULL;
		ret = vc(cmd, id, data);
		MUST(is_of_contract(ret), "%08x %u %p: %ld", cmd, id, data,
		     ret);
		count(ret);
	}
}

static long op_fuzz(long arg)
{
	pid_t pid = brood_fork(false);

	if (pid)
		return pid < 0 ? -errno : NOT_COUNTED;
	fuzz(1 + rnd_below(60));
	_exit(0);
}

/* ---- faults on purpose ---- */

static bool nth_is_there;

static long op_nth(long arg)
{
	const struct op *op;
	bool fired;
	long ret;

	if (!nth_is_there)
		return -EOPNOTSUPP;
	do
		op = op_at(rnd_below(ops_nr()));
	while (!(op->flags & PLAIN));
	nth_arm(1 + rnd_below(one_in(2) ? 10 : 300));
	ret = op->fn(op->arg);
	fired = nth_fired();
	/* what it may not be, but for the fault */
	MUST(fired || ret == NOT_COUNTED || is_error_of(op, ret), "%s: %ld",
	     op->name, ret);
	return fired ? 0 : NOT_COUNTED;
}

#endif /* _SELFTESTS_VCONTEXT_TORTURE_FUZZ_H */
