// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 2: create, look at, find and destroy contexts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vcontext.h"

int vc_context_create(__u32 id, const struct vc_create *create)
{
	if (!create)
		return vc_syscall(VC_CMD(VC_CAT_CPU, VC_SUB_SET,
					 VC_CPU_CONTEXT), id, NULL);
	return vc_syscall(VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_SET, VC_CPU_CONTEXT,
				       struct vc_create), id, (void *)create);
}

int vc_context_exists(__u32 id)
{
	return vc_syscall(VC_CMD(VC_CAT_CPU, VC_SUB_GET, VC_CPU_CONTEXT),
			  id, NULL);
}

int vc_context_info(__u32 id, struct vc_info *info)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_GET, VC_CPU_CONTEXT,
				       struct vc_info), id, info);
}

int vc_context_destroy(__u32 id, __u32 flags)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_SET, VC_CPU_DESTROY,
				       __u32), id, &flags);
}

int vc_context_children(__u32 id, __u32 **ids)
{
	__u32 room = 16;

	*ids = NULL;
	for (;;) {
		struct vc_id_list *list;
		int ret;

		list = malloc(sizeof(*list) + room * sizeof(list->ids[0]));
		if (!list)
			return -ENOMEM;
		list->count = room;
		list->reserved = 0;
		ret = vc_syscall(VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_GET,
					      VC_CPU_LIST, struct vc_id_list),
				 id, list);
		if (ret < 0) {
			free(list);
			return ret;
		}
		if (list->count <= room) {
			ret = list->count;
			if (ret) {
				memmove(list, list->ids,
					ret * sizeof(list->ids[0]));
				*ids = (__u32 *)list;
			} else {
				free(list);
			}
			return ret;
		}
		/* More may appear before the next try. */
		if (list->count > VC_LIST_MAX && room < VC_LIST_MAX)
			room = VC_LIST_MAX;
		else
			room = list->count + list->count / 4;
		free(list);
	}
}

static int find_child(__u32 id, const char *name, size_t len)
{
	int i, n, ret = -ESRCH;
	struct vc_info info;
	__u32 *ids;

	n = vc_context_children(id, &ids);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		int err = vc_context_info(ids[i], &info);

		/* It may have gone since it was listed. */
		if (err == -ESRCH)
			continue;
		if (err) {
			ret = err;
			break;
		}
		if (strnlen(info.name, sizeof(info.name)) == len &&
		    !memcmp(info.name, name, len)) {
			ret = ids[i];
			break;
		}
	}
	free(ids);
	return ret;
}

int vc_context_find(__u32 id, const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");
		int ret;

		if (!len)
			return -EINVAL;
		ret = find_child(id, path, len);
		if (ret < 0 || !path[len])
			return ret;
		id = ret;
		path += len + 1;
	}
}

int vc_hostname_set(__u32 id, const char *name)
{
	struct vc_hostname host = { 0 };
	size_t len = strlen(name);

	if (len >= sizeof(host.name))
		return -EINVAL;
	memcpy(host.name, name, len);
	return vc_syscall(VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_SET, VC_CPU_HOSTNAME,
				       struct vc_hostname), id, &host);
}

int vc_hostname_get(__u32 id, struct vc_hostname *name)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_GET, VC_CPU_HOSTNAME,
				       struct vc_hostname), id, name);
}
