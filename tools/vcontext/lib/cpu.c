// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 2: what the tasks of a context get of the CPUs.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "vcontext.h"

#define SET(command, type) VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_SET, command, type)
#define GET(command, type) VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_GET, command, type)

int vc_sched_set(__u32 id, const struct vc_sched *sched)
{
	return vc_syscall(SET(VC_CPU_SCHED, struct vc_sched), id,
			  (void *)sched);
}

int vc_sched_get(__u32 id, struct vc_sched *sched)
{
	return vc_syscall(GET(VC_CPU_SCHED, struct vc_sched), id, sched);
}

int vc_cpu_usage_set(__u32 id, const struct vc_cpu_usage *usage)
{
	return vc_syscall(SET(VC_CPU_USAGE, struct vc_cpu_usage), id,
			  (void *)usage);
}

int vc_cpu_usage_get(__u32 id, struct vc_cpu_usage *usage)
{
	return vc_syscall(GET(VC_CPU_USAGE, struct vc_cpu_usage), id, usage);
}

int vc_cpuset_set(__u32 id, const void *mask, size_t size)
{
	const unsigned char *bytes = mask;
	struct vc_cpuset set = { .bits = (uintptr_t)mask };

	/* A cpu_set_t may be longer than what the kernel takes. */
	while (size > 1 && !bytes[size - 1])
		size--;
	if (size > UINT16_MAX)
		return -E2BIG;
	set.len = size;
	return vc_syscall(SET(VC_CPU_SET, struct vc_cpuset), id, &set);
}

int vc_cpuset_get(__u32 id, void *mask, size_t size)
{
	/* The kernel takes no buffer beyond a page. */
	struct vc_cpuset set = {
		.len = size < 4096 ? size : 4096,
		.bits = (uintptr_t)mask,
	};
	int ret;

	ret = vc_syscall(GET(VC_CPU_SET, struct vc_cpuset), id, &set);
	if (ret < 0)
		return ret;
	if (set.len < size)
		memset((char *)mask + set.len, 0, size - set.len);
	return 0;
}

int vc_cpu_stat_get(__u32 id, struct vc_cpu_stat *stat)
{
	return vc_syscall(GET(VC_CPU_STAT, struct vc_cpu_stat), id, stat);
}
