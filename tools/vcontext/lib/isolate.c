// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 6: what tasks of a context may mount, and which devices they may
 * open.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vcontext.h"

/* What both lists begin with. */
struct head {
	__u32 count;
	__u32 reserved;
};

_Static_assert(sizeof(struct head) == sizeof(struct vc_mounts) &&
	       sizeof(struct head) == sizeof(struct vc_devices),
	       "lists begin alike");

static int list_set(unsigned int command, __u32 id, const void *elements,
		    size_t n, size_t size)
{
	struct head *list;
	int ret;

	if (n > VC_LIST_MAX)
		return -E2BIG;
	list = calloc(1, sizeof(*list) + n * size);
	if (!list)
		return -ENOMEM;
	list->count = n;
	if (n)
		memcpy(list + 1, elements, n * size);
	ret = vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_SET, command,
				      struct head), id, list);
	free(list);
	return ret;
}

static int list_get(unsigned int command, __u32 id, void **elements,
		    size_t size)
{
	__u32 room = 32;

	*elements = NULL;
	for (;;) {
		struct head *list;
		int ret;

		list = calloc(1, sizeof(*list) + room * size);
		if (!list)
			return -ENOMEM;
		list->count = room;
		ret = vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_GET, command,
					      struct head), id, list);
		if (ret < 0) {
			free(list);
			return ret;
		}
		if (list->count <= room) {
			ret = list->count;
			memmove(list, list + 1, ret * size);
			*elements = list;
			return ret;
		}
		/* More may appear before the next try. */
		room = list->count + 16;
		free(list);
	}
}

int vc_mounts_set(__u32 id, const char (*types)[VC_FSTYPE_SIZE], size_t n)
{
	return list_set(VC_VFS_MOUNTS, id, types, n, VC_FSTYPE_SIZE);
}

int vc_mounts_get(__u32 id, char (**types)[VC_FSTYPE_SIZE])
{
	void *list;
	int ret = list_get(VC_VFS_MOUNTS, id, &list, VC_FSTYPE_SIZE);

	*types = list;
	return ret;
}

int vc_devices_set(__u32 id, const struct vc_device *devices, size_t n)
{
	return list_set(VC_VFS_DEVICES, id, devices, n, sizeof(*devices));
}

int vc_devices_get(__u32 id, struct vc_device **devices)
{
	void *list;
	int ret = list_get(VC_VFS_DEVICES, id, &list, sizeof(**devices));

	*devices = list;
	return ret;
}
