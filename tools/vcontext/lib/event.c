// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 17: what happens to contexts.
 */
#include <errno.h>
#include <unistd.h>

#include "vcontext.h"

int vc_events_open(__u32 id)
{
	return vc_syscall(VC_CMD(VC_CAT_EVENT, VC_SUB_GET, VC_EVENT_OPEN),
			  id, NULL);
}

int vc_events_read(int fd, struct vc_event *events, unsigned int n)
{
	ssize_t size = read(fd, events, n * sizeof(*events));

	return size < 0 ? -errno : (int)(size / sizeof(*events));
}
