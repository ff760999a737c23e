// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 6: virtual root and what is bound below it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vcontext.h"

int vc_root_set(__u32 id, const char *path, __u32 flags)
{
	struct vc_vfs_root root = {
		.path = (uintptr_t)path,
		.len = strlen(path),
		.flags = flags,
	};

	return vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_SET, VC_VFS_ROOT,
				       struct vc_vfs_root), id, &root);
}

int vc_root_get(__u32 id, char *path, size_t size, __u32 *flags)
{
	/* The kernel takes no buffer beyond a page; one is for the NUL. */
	struct vc_vfs_root root = {
		.path = (uintptr_t)path,
		.len = !size ? 0 : size <= 4096 ? size - 1 : 4096,
	};
	int ret;

	ret = vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_GET, VC_VFS_ROOT,
				      struct vc_vfs_root), id, &root);
	if (ret < 0)
		return ret;
	if (size)
		path[root.len] = '\0';
	if (flags)
		*flags = root.flags;
	return root.len;
}

int vc_root_remove(__u32 id)
{
	return vc_syscall(VC_CMD(VC_CAT_VFS, VC_SUB_SET, VC_VFS_UNROOT), id,
			  NULL);
}

int vc_bind_add(__u32 id, const char *source, const char *target, __u32 flags)
{
	struct vc_bind bind = {
		.source = (uintptr_t)source,
		.target = (uintptr_t)target,
		.source_len = strlen(source),
		.target_len = strlen(target),
		.flags = flags,
	};

	return vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_SET, VC_VFS_BIND,
				       struct vc_bind), id, &bind);
}

int vc_bind_targets(__u32 id, char (**targets)[VC_TARGET_SIZE])
{
	struct vc_targets *list = NULL, *more;
	__u32 room = 8;
	int ret;

	*targets = NULL;
	for (;;) {
		more = realloc(list, sizeof(*list) + room * VC_TARGET_SIZE);
		if (!more) {
			free(list);
			return -ENOMEM;
		}
		list = more;
		memset(list, 0, sizeof(*list));
		list->count = room;
		ret = vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_GET,
					      VC_VFS_BIND, struct vc_targets),
				 id, list);
		if (ret < 0 || list->count <= room)
			break;
		room = list->count;
	}
	ret = ret < 0 ? ret : (int)list->count;
	if (ret > 0) {
		*targets = malloc(ret * VC_TARGET_SIZE);
		if (*targets)
			memcpy(*targets, list->name, ret * VC_TARGET_SIZE);
		else
			ret = -ENOMEM;
	}
	free(list);
	return ret;
}
