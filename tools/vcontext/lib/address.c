// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 5: the addresses that sockets of a context may have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vcontext.h"

static int request(unsigned int sub, unsigned int command, __u32 id,
		   struct vc_addr_req *req)
{
	return vc_syscall(VC_CMD(VC_CAT_NETADDR, sub, command) |
			  (__u32)sizeof(*req) << 8, id, req);
}

static int name_of(struct vc_addr_req *req, const char *dev)
{
	if (dev && strlen(dev) >= sizeof(req->vdev_name))
		return -EINVAL;
	if (dev)
		memcpy(req->vdev_name, dev, strlen(dev));
	return 0;
}

static int list_set(unsigned int command, __u32 id, const char *dev,
		    const void *addrs, size_t n, size_t size)
{
	struct vc_addr_req *req;
	int ret;

	if (n > VC_LIST_MAX)
		return -E2BIG;
	req = calloc(1, sizeof(*req) + n * size);
	if (!req)
		return -ENOMEM;
	req->count = n;
	if (n)
		memcpy(req->ipv4, addrs, n * size);
	ret = name_of(req, dev);
	if (!ret)
		ret = request(VC_SUB_SET, command, id, req);
	free(req);
	return ret;
}

static int list_get(unsigned int command, __u32 id, const char *dev,
		    void **addrs, size_t size)
{
	__u32 room = 32;

	*addrs = NULL;
	for (;;) {
		struct vc_addr_req *req;
		int ret;

		req = calloc(1, sizeof(*req) + room * size);
		if (!req)
			return -ENOMEM;
		req->count = room;
		ret = name_of(req, dev);
		if (!ret)
			ret = request(VC_SUB_GET, command, id, req);
		if (ret < 0) {
			free(req);
			return ret;
		}
		if (req->count <= room) {
			ret = req->count;
			memmove(req, req->ipv4, ret * size);
			*addrs = req;
			return ret;
		}
		/* More may appear before the next try. */
		room = req->count + 16;
		free(req);
	}
}

int vc_ipv4_permit(__u32 id, const char *dev, const struct vc_ipv4_addr *addrs,
		   size_t n)
{
	return list_set(VC_NETADDR_IPV4, id, dev, addrs, n, sizeof(*addrs));
}

int vc_ipv4_forbid(__u32 id, const char *dev, const struct vc_ipv4_addr *addrs,
		   size_t n)
{
	return list_set(VC_NETADDR_NO_IPV4, id, dev, addrs, n, sizeof(*addrs));
}

int vc_ipv4_get(__u32 id, const char *dev, struct vc_ipv4_addr **addrs)
{
	void *list;
	int ret = list_get(VC_NETADDR_IPV4, id, dev, &list, sizeof(**addrs));

	*addrs = list;
	return ret;
}

int vc_ipv6_permit(__u32 id, const char *dev, const struct vc_ipv6_addr *addrs,
		   size_t n)
{
	return list_set(VC_NETADDR_IPV6, id, dev, addrs, n, sizeof(*addrs));
}

int vc_ipv6_forbid(__u32 id, const char *dev, const struct vc_ipv6_addr *addrs,
		   size_t n)
{
	return list_set(VC_NETADDR_NO_IPV6, id, dev, addrs, n, sizeof(*addrs));
}

int vc_ipv6_get(__u32 id, const char *dev, struct vc_ipv6_addr **addrs)
{
	void *list;
	int ret = list_get(VC_NETADDR_IPV6, id, dev, &list, sizeof(**addrs));

	*addrs = list;
	return ret;
}

int vc_addr_policy_set(__u32 id, int closed)
{
	__u32 policy = closed ? VC_NETADDR_CLOSED : VC_NETADDR_OPEN;

	return vc_syscall(VC_CMD_SIZED(VC_CAT_NETADDR, VC_SUB_SET,
				       VC_NETADDR_POLICY, __u32), id, &policy);
}

int vc_addr_policy_get(__u32 id)
{
	__u32 policy = 0;
	int ret = vc_syscall(VC_CMD_SIZED(VC_CAT_NETADDR, VC_SUB_GET,
					  VC_NETADDR_POLICY, __u32), id,
			     &policy);

	return ret < 0 ? ret : policy == VC_NETADDR_CLOSED;
}

int vc_addr_devices(__u32 id, char (**names)[VC_DEV_NAME_SIZE])
{
	__u32 room = 8;

	*names = NULL;
	for (;;) {
		struct vc_names *list;
		int ret;

		list = calloc(1, sizeof(*list) + room * VC_DEV_NAME_SIZE);
		if (!list)
			return -ENOMEM;
		list->count = room;
		ret = vc_syscall(VC_CMD_SIZED(VC_CAT_NETADDR, VC_SUB_GET,
					      VC_NETADDR_DEVICES,
					      struct vc_names), id, list);
		if (ret < 0) {
			free(list);
			return ret;
		}
		if (list->count <= room) {
			ret = list->count;
			memmove(list, list->name, ret * VC_DEV_NAME_SIZE);
			*names = (void *)list;
			return ret;
		}
		room = list->count + 8;
		free(list);
	}
}
