// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 4: network devices.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vcontext.h"

/* Cut off where the kernel would find no end, so that it refuses it. */
static void copy_name(char *to, const char *name)
{
	size_t len = strlen(name);

	memset(to, 0, VC_DEV_NAME_SIZE);
	memcpy(to, name, len < VC_DEV_NAME_SIZE ? len : VC_DEV_NAME_SIZE);
}

int vc_vnet_create(__u32 id, const struct vc_vnet *vnet)
{
	struct vc_vnet copy = *vnet;

	return vc_syscall(VC_CMD_SIZED(VC_CAT_VNET, VC_SUB_SET, VC_VNET_CREATE,
				       struct vc_vnet), id, &copy);
}

int vc_vnet_get(__u32 id, const char *name, struct vc_vnet *vnet)
{
	memset(vnet, 0, sizeof(*vnet));
	copy_name(vnet->vdev_name, name);
	return vc_syscall(VC_CMD_SIZED(VC_CAT_VNET, VC_SUB_GET, VC_VNET_CREATE,
				       struct vc_vnet), id, vnet);
}

int vc_vnet_attach(__u32 id, const char *name)
{
	struct vc_vnet vnet;

	memset(&vnet, 0, sizeof(vnet));
	copy_name(vnet.vdev_name, name);
	return vc_syscall(VC_CMD_SIZED(VC_CAT_VNET, VC_SUB_SET, VC_VNET_ATTACH,
				       struct vc_vnet), id, &vnet);
}

int vc_vnet_destroy(__u32 id, const char *name)
{
	struct vc_vnet vnet;

	memset(&vnet, 0, sizeof(vnet));
	copy_name(vnet.vdev_name, name);
	return vc_syscall(VC_CMD_SIZED(VC_CAT_VNET, VC_SUB_SET, VC_VNET_DESTROY,
				       struct vc_vnet), id, &vnet);
}

int vc_vnet_list(__u32 id, struct vc_vnet **list)
{
	__u32 room = 16;

	*list = NULL;
	for (;;) {
		struct vc_vnets *head;
		int ret;

		head = calloc(1, sizeof(*head) + room * sizeof(**list));
		if (!head)
			return -ENOMEM;
		head->count = room;
		ret = vc_syscall(VC_CMD_SIZED(VC_CAT_VNET, VC_SUB_GET,
					      VC_VNET_ATTACH, struct vc_vnets),
				 id, head);
		if (ret < 0) {
			free(head);
			return ret;
		}
		if (head->count <= room) {
			ret = head->count;
			memmove(head, head + 1, ret * sizeof(**list));
			*list = (void *)head;
			return ret;
		}
		/* More may appear before the next try. */
		room = head->count + 16;
		free(head);
	}
}

int vc_vnet_qos_set(__u32 id, const struct vc_vnet_qos *qos)
{
	struct vc_vnet_qos copy = *qos;

	return vc_syscall(VC_CMD_SIZED(VC_CAT_VNET, VC_SUB_SET, VC_VNET_QOS,
				       struct vc_vnet_qos), id, &copy);
}

int vc_vnet_qos_get(__u32 id, const char *name, struct vc_vnet_qos *qos)
{
	memset(qos, 0, sizeof(*qos));
	copy_name(qos->vdev_name, name);
	return vc_syscall(VC_CMD_SIZED(VC_CAT_VNET, VC_SUB_GET, VC_VNET_QOS,
				       struct vc_vnet_qos), id, qos);
}
