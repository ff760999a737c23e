// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The call itself; nothing else in the library knows its number.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vcontext.h"

#ifndef __NR_virtual_context
# if defined(__x86_64__) && !defined(__ILP32__)
#  define __NR_virtual_context	236
# elif defined(__i386__)
#  define __NR_virtual_context	273
# endif
#endif

long vc_syscall(__u32 cmd, __u32 id, void *data)
{
#ifdef __NR_virtual_context
	long ret = syscall(__NR_virtual_context, cmd, id, data);

	return ret < 0 ? -errno : ret;
#else
	(void)cmd;
	(void)id;
	(void)data;
	return -ENOSYS;
#endif
}

int vc_available(void)
{
	return vc_syscall(VC_CMD(VC_CAT_VERSION, VC_SUB_GET,
				 VC_VERSION_PATCH), 0, NULL);
}

int vc_version(unsigned int category, unsigned int command)
{
	if (category > UCHAR_MAX || command > UCHAR_MAX)
		return -EINVAL;
	return vc_syscall(VC_CMD(category, VC_SUB_VERSION, command), 0, NULL);
}

int vc_error_get(struct vc_error *error)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_VERSION, VC_SUB_GET,
				       VC_VERSION_ERROR, struct vc_error),
			  0, error);
}
