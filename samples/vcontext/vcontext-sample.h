/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Category 192 of virtual_context(2), as vcontext-sample.ko brings it.  What
 * programs include.
 */
#ifndef _VCONTEXT_SAMPLE_H
#define _VCONTEXT_SAMPLE_H

#include <linux/types.h>

#define VC_CAT_SAMPLE		192

/* Both take a struct vc_limit. */
#define VC_SAMPLE_EXECS		1	/* programs executed, ever */
#define VC_SAMPLE_THREADS	2	/* threads that live */
/* GET: a struct vc_sample_recent */
#define VC_SAMPLE_RECENT	3

/**
 * struct vc_sample_recent - the programs executed last, the last one first
 * @count: in: room in @name, out: how many there are
 * @reserved: zero
 * @name: their names, NUL-terminated
 */
struct vc_sample_recent {
	__u32 count;
	__u32 reserved;
	char name[][16];
};

#endif /* _VCONTEXT_SAMPLE_H */
