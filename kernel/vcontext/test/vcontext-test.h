/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Category 200 of virtual_context(2), as vcontext-test.ko brings it.
 */
#ifndef _VCONTEXT_TEST_H
#define _VCONTEXT_TEST_H

#include <linux/types.h>

#define VC_CAT_TEST		200

#define VC_TEST_STATE		1
#define VC_TEST_HOLD		2	/* GET: until a signal comes */
#define VC_TEST_REFUSE		3	/* SET: __u32 of VC_TEST_REFUSE_* */

#define VC_TEST_REFUSE_FORK	0x1	/* ENOTNAM */
#define VC_TEST_REFUSE_MOVE	0x2	/* EXFULL, into it */
#define VC_TEST_REFUSE_EXEC	0x4	/* ENOANO */

#define VC_TEST_MAGIC		0x5eedbeef

/**
 * struct vc_test_state - GET 200/1
 * @magic: %VC_TEST_MAGIC, an initial value
 * @stage: constructors of the context that have run
 * @constructed: contexts whose constructors have run, all over
 * @holding: calls that are in GET 200/2
 * @threads: that live in the context, by the hooks
 * @pending: forks and moves that have been asked for and not ended
 * @execs: of its tasks
 * @failures: constructors that have been told to fail, all over
 */
struct vc_test_state {
	__u32 magic;
	__u32 stage;
	__u32 constructed;
	__u32 holding;
	__s32 threads;
	__s32 pending;
	__u32 execs;
	__u32 failures;
};

#endif /* _VCONTEXT_TEST_H */
