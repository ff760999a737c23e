/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Network devices as anybody else makes, looks at and removes them: rtnetlink
 * and the old ioctls, in the caller's network namespace.
 */
#ifndef _SELFTESTS_VCONTEXT_LINKS_H
#define _SELFTESTS_VCONTEXT_LINKS_H

#include "common.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>

/* The default ceiling, and what administering a network takes. */
#define NET_CAPS	(0xa80425fbULL | (__u64)1 << CAP_NET_ADMIN)

#ifndef IFLA_TARGET_NETNSID
#define IFLA_TARGET_NETNSID	46
#endif

/* ---- ioctls ---- */

static __maybe_unused long net_ioctl(unsigned long request, struct ifreq *req)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, request, req) ? -errno : 0;
	close(fd);
	return ret;
}

/* Its number; -ENODEV if there is none. */
static __maybe_unused long net_index(const char *name)
{
	struct ifreq req = {};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	return net_ioctl(SIOCGIFINDEX, &req) ?: req.ifr_ifindex;
}

static __maybe_unused long net_is_up(const char *name)
{
	struct ifreq req = {};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	return net_ioctl(SIOCGIFFLAGS, &req) ?: !!(req.ifr_flags & IFF_UP);
}

static __maybe_unused long net_up(const char *name, bool up)
{
	struct ifreq req = {};
	long ret;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	ret = net_ioctl(SIOCGIFFLAGS, &req);
	if (ret)
		return ret;
	req.ifr_flags = up ? req.ifr_flags | IFF_UP : req.ifr_flags & ~IFF_UP;
	return net_ioctl(SIOCSIFFLAGS, &req);
}

/* Down, since one that is up cannot be renamed. */
static __maybe_unused long net_rename(const char *name, const char *to)
{
	struct ifreq req = {};
	long ret = net_up(name, false);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	snprintf(req.ifr_newname, sizeof(req.ifr_newname), "%s", to);
	return ret ?: net_ioctl(SIOCSIFNAME, &req);
}

/* 10.@net.0.@host/24, and up. */
static __maybe_unused long net_address(const char *name, int net, int host)
{
	struct ifreq req = {};
	struct sockaddr_in *in = (void *)&req.ifr_addr;
	long ret;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(10 << 24 | net << 16 | host);
	ret = net_ioctl(SIOCSIFADDR, &req);
	in->sin_addr.s_addr = htonl(0xffffff00);
	return ret ?: net_ioctl(SIOCSIFNETMASK, &req) ?: net_up(name, true);
}

static __maybe_unused long net_mtu(const char *name, int mtu)
{
	struct ifreq req = { .ifr_mtu = mtu };

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	return net_ioctl(SIOCSIFMTU, &req);
}

/* Lets it receive frames to many at 03:00:00:00:00:01, or not any more. */
static __maybe_unused long net_multicast(const char *name, bool on)
{
	struct ifreq req = {};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	req.ifr_hwaddr.sa_data[0] = 3;
	req.ifr_hwaddr.sa_data[5] = 1;
	return net_ioctl(on ? SIOCADDMULTI : SIOCDELMULTI, &req);
}

/* Goes to the network namespace of @pid, as somebody of no context. */
static __maybe_unused long net_enter(pid_t pid)
{
	char path[64];
	long ret;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = res(setns(fd, CLONE_NEWNET));
	close(fd);
	return ret;
}

/* ---- rtnetlink, and generic netlink ---- */

struct rtnl_request {
	struct nlmsghdr head;
	union {
		struct genlmsghdr genl;
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct rtmsg route;
		struct tcmsg tc;
	};
	char attrs[512];
};

static __maybe_unused void *rtnl_put(struct rtnl_request *req, int type,
				     const void *data, size_t len)
{
	struct rtattr *attr = (void *)((char *)req +
				       NLMSG_ALIGN(req->head.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(attr), data, len);
	req->head.nlmsg_len = NLMSG_ALIGN(req->head.nlmsg_len) +
			      RTA_ALIGN(attr->rta_len);
	return attr;
}

static __maybe_unused void rtnl_end(struct rtnl_request *req, void *nest)
{
	((struct rtattr *)nest)->rta_len = (char *)req + req->head.nlmsg_len -
					   (char *)nest;
}

static __maybe_unused void rtnl_string(struct rtnl_request *req, int type,
				       const char *text)
{
	rtnl_put(req, type, text, strlen(text) + 1);
}

static __maybe_unused void rtnl_u32(struct rtnl_request *req, int type,
				    __u32 value)
{
	rtnl_put(req, type, &value, sizeof(value));
}

static __maybe_unused struct rtnl_request rtnl_link(int type, int flags)
{
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
		},
	};

	return req;
}

/* What @req is answered is in @reply, if that is not NULL; 0 or -errno. */
static __maybe_unused long netlink_send(int protocol,
					const struct rtnl_request *req,
					void *reply, size_t size)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	static char buf[32768];
	struct nlmsghdr *head = (void *)buf;
	ssize_t len;
	long ret;

	if (fd < 0)
		return -errno;
	len = sendto(fd, req, req->head.nlmsg_len, 0, (void *)&to, sizeof(to));
	ret = len < 0 ? -errno : 0;
	while (!ret) {
		len = recv(fd, buf, sizeof(buf), 0);
		if (len < 0) {
			ret = -errno;
			break;
		}
		if (head->nlmsg_type == NLMSG_ERROR) {
			ret = ((struct nlmsgerr *)NLMSG_DATA(head))->error;
			break;
		}
		if (reply)
			memcpy(reply, buf, (size_t)len < size ? (size_t)len :
			       size);
	}
	close(fd);
	return ret;
}

#define rtnl_send(req, reply, size) \
	netlink_send(NETLINK_ROUTE, req, reply, size)

/* A link of @kind on top of @lower (in the namespace @nsid, if that is >= 0). */
static __maybe_unused long link_add(const char *kind, const char *name,
				    long lower, long nsid)
{
	struct rtnl_request req = rtnl_link(RTM_NEWLINK,
					    NLM_F_CREATE | NLM_F_EXCL);
	__s32 id = nsid;
	void *info;

	rtnl_string(&req, IFLA_IFNAME, name);
	if (lower > 0)
		rtnl_u32(&req, IFLA_LINK, lower);
	if (nsid >= 0)
		rtnl_put(&req, IFLA_LINK_NETNSID, &id, sizeof(id));
	info = rtnl_put(&req, IFLA_LINKINFO, NULL, 0);
	rtnl_string(&req, IFLA_INFO_KIND, kind);
	rtnl_end(&req, info);
	return rtnl_send(&req, NULL, 0);
}

/* A pair; where the second one is born @attr says by @there, if that is >= 0. */
static __maybe_unused long link_pair(const char *name, const char *peer,
				     int attr, int there)
{
	struct rtnl_request req = rtnl_link(RTM_NEWLINK,
					    NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg none = {};
	void *info, *data, *other;

	rtnl_string(&req, IFLA_IFNAME, name);
	info = rtnl_put(&req, IFLA_LINKINFO, NULL, 0);
	rtnl_string(&req, IFLA_INFO_KIND, "veth");
	data = rtnl_put(&req, IFLA_INFO_DATA, NULL, 0);
	other = rtnl_put(&req, VETH_INFO_PEER, &none, sizeof(none));
	rtnl_string(&req, IFLA_IFNAME, peer);
	if (there >= 0)
		rtnl_u32(&req, attr, there);
	rtnl_end(&req, other);
	rtnl_end(&req, data);
	rtnl_end(&req, info);
	return rtnl_send(&req, NULL, 0);
}

/* In the network namespace of @there, or, if that is 0, both here. */
static __maybe_unused long link_add_pair(const char *name, const char *peer,
					 pid_t there)
{
	return link_pair(name, peer, IFLA_NET_NS_PID, there ? there : -1);
}

static __maybe_unused long link_delete(const char *name)
{
	struct rtnl_request req = rtnl_link(RTM_DELLINK, 0);

	rtnl_string(&req, IFLA_IFNAME, name);
	return rtnl_send(&req, NULL, 0);
}

/* To the network namespace of @pid. */
static __maybe_unused long link_move(const char *name, pid_t pid)
{
	struct rtnl_request req = rtnl_link(RTM_NEWLINK, 0);

	req.link.ifi_index = net_index(name);
	rtnl_u32(&req, IFLA_NET_NS_PID, pid);
	return rtnl_send(&req, NULL, 0);
}

/* A port of the bridge @master, and up. */
static __maybe_unused long link_enslave(const char *name, const char *master)
{
	struct rtnl_request req = rtnl_link(RTM_NEWLINK, 0);

	req.link.ifi_index = net_index(name);
	rtnl_u32(&req, IFLA_MASTER, net_index(master));
	return rtnl_send(&req, NULL, 0) ?: net_up(name, true);
}

/* Another name for it. */
static __maybe_unused long link_altname(const char *name, const char *alt)
{
	struct rtnl_request req = rtnl_link(RTM_NEWLINKPROP,
					    NLM_F_CREATE | NLM_F_EXCL);
	void *list;

	req.link.ifi_index = net_index(name);
	list = rtnl_put(&req, IFLA_PROP_LIST | NLA_F_NESTED, NULL, 0);
	rtnl_string(&req, IFLA_ALT_IFNAME, alt);
	rtnl_end(&req, list);
	return rtnl_send(&req, NULL, 0);
}

/* Changes what is particular to its kind. */
static __maybe_unused long link_change(const char *name, const char *kind,
				       int attr, const void *data, size_t len)
{
	struct rtnl_request req = rtnl_link(RTM_NEWLINK, 0);
	void *info, *nest;

	req.link.ifi_index = net_index(name);
	info = rtnl_put(&req, IFLA_LINKINFO, NULL, 0);
	rtnl_string(&req, IFLA_INFO_KIND, kind);
	nest = rtnl_put(&req, IFLA_INFO_DATA, NULL, 0);
	rtnl_put(&req, attr, data, len);
	rtnl_end(&req, nest);
	rtnl_end(&req, info);
	return rtnl_send(&req, NULL, 0);
}

static __maybe_unused const struct rtattr *
rtnl_find(const void *attrs, size_t len, int type)
{
	const struct rtattr *pos = attrs;

	for (; RTA_OK(pos, len); pos = RTA_NEXT(pos, len))
		if ((pos->rta_type & NLA_TYPE_MASK) == type)
			return pos;
	return NULL;
}

/* "KIND" or "KIND MODE FLAGS" of a link, as ip -d link has it; or "?". */
static __maybe_unused const char *link_kind(const char *name)
{
	static char buf[16384], text[64];
	struct rtnl_request req = rtnl_link(RTM_GETLINK, 0);
	const struct nlmsghdr *head = (void *)buf;
	const struct rtattr *info, *kind, *data, *mode, *flags;

	req.link.ifi_index = net_index(name);
	memset(buf, 0, sizeof(buf));
	if ((int)req.link.ifi_index <= 0 ||
	    rtnl_send(&req, buf, sizeof(buf)))
		return "?";
	info = rtnl_find(IFLA_RTA(NLMSG_DATA(head)), IFLA_PAYLOAD(head),
			 IFLA_LINKINFO);
	kind = info ? rtnl_find(RTA_DATA(info), RTA_PAYLOAD(info),
				IFLA_INFO_KIND) : NULL;
	if (!kind)
		return "?";
	snprintf(text, sizeof(text), "%s", (char *)RTA_DATA(kind));
	data = rtnl_find(RTA_DATA(info), RTA_PAYLOAD(info), IFLA_INFO_DATA);
	if (data && !strcmp(text, "macvlan")) {
		mode = rtnl_find(RTA_DATA(data), RTA_PAYLOAD(data),
				 IFLA_MACVLAN_MODE);
		strcatf(text, sizeof(text), " %u",
			mode ? *(__u32 *)RTA_DATA(mode) : 0);
	}
	if (data && !strcmp(text, "ipvlan")) {
		mode = rtnl_find(RTA_DATA(data), RTA_PAYLOAD(data),
				 IFLA_IPVLAN_MODE);
		flags = rtnl_find(RTA_DATA(data), RTA_PAYLOAD(data),
				  IFLA_IPVLAN_FLAGS);
		strcatf(text, sizeof(text), " %u %u",
			mode ? *(__u16 *)RTA_DATA(mode) : 0,
			flags ? *(__u16 *)RTA_DATA(flags) : 0);
	}
	return text;
}

/* How many links there are whose names begin like that. */
static __maybe_unused long links_like(const char *prefix)
{
	struct if_nameindex *list = if_nameindex(), *pos;
	long n = 0;

	if (!list)
		return -errno;
	for (pos = list; pos->if_index; pos++)
		n += !strncmp(pos->if_name, prefix, strlen(prefix));
	if_freenameindex(list);
	return n;
}

/* A root queueing discipline that an administrator might have there. */
static __maybe_unused long qdisc_add(const char *name, const char *kind)
{
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			.nlmsg_type = RTM_NEWQDISC,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
				       NLM_F_CREATE | NLM_F_REPLACE,
		},
	};

	req.tc.tcm_ifindex = net_index(name);
	req.tc.tcm_parent = TC_H_ROOT;
	req.tc.tcm_handle = 0x10000;
	rtnl_string(&req, TCA_KIND, kind);
	return rtnl_send(&req, NULL, 0);
}

/* Removes the root queueing discipline. */
static __maybe_unused long qdisc_delete(const char *name)
{
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			.nlmsg_type = RTM_DELQDISC,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
	};

	req.tc.tcm_ifindex = net_index(name);
	req.tc.tcm_parent = TC_H_ROOT;
	return rtnl_send(&req, NULL, 0);
}

/* The kind of a root queueing discipline; "?" if there is none. */
static __maybe_unused const char *qdisc_kind(const char *name)
{
	static char buf[8192], text[32];
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			.nlmsg_type = RTM_GETQDISC,
			/* else the answer is for those that listen alone */
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO,
		},
	};
	const struct nlmsghdr *head = (void *)buf;
	const struct rtattr *kind;

	req.tc.tcm_ifindex = net_index(name);
	req.tc.tcm_parent = TC_H_ROOT;
	memset(buf, 0, sizeof(buf));
	if (rtnl_send(&req, buf, sizeof(buf)))
		return "?";
	kind = rtnl_find(TCA_RTA(NLMSG_DATA(head)),
			 NLMSG_PAYLOAD(head, sizeof(struct tcmsg)), TCA_KIND);
	snprintf(text, sizeof(text), "%s",
		 kind ? (char *)RTA_DATA(kind) : "?");
	return text;
}

/* How many classes of devices an uplink has, of the first ones. */
static __maybe_unused long class_count(const char *name)
{
	struct rtnl_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)),
			.nlmsg_type = RTM_GETTCLASS,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		},
	};
	long n = 0;
	__u32 tag;

	req.tc.tcm_ifindex = net_index(name);
	for (tag = 1; tag <= 64; tag++) {
		req.tc.tcm_handle = 0x56430000 | tag;
		n += !rtnl_send(&req, NULL, 0);
	}
	return n;
}

/* ---- in agents: a name, or two of them, in agent_buf ---- */

static __maybe_unused long a_net_index(long a, long b, long c)
{
	return net_index(agent_buf);
}

static __maybe_unused long a_net_is_up(long a, long b, long c)
{
	return net_is_up(agent_buf);
}

static __maybe_unused long a_net_enter(long pid, long b, long c)
{
	return net_enter(pid);
}

static __maybe_unused long a_net_up(long up, long b, long c)
{
	return net_up(agent_buf, up);
}

static __maybe_unused long a_net_rename(long a, long b, long c)
{
	return net_rename(agent_buf, agent_buf + strlen(agent_buf) + 1);
}

static __maybe_unused long a_net_address(long net, long host, long c)
{
	return net_address(agent_buf, net, host);
}

static __maybe_unused long a_net_mtu(long mtu, long b, long c)
{
	return net_mtu(agent_buf, mtu);
}

static __maybe_unused long a_links_like(long a, long b, long c)
{
	return links_like(agent_buf);
}

static __maybe_unused long a_link_delete(long a, long b, long c)
{
	return link_delete(agent_buf);
}

static __maybe_unused long a_link_kind(long a, long b, long c)
{
	const char *kind = link_kind(agent_buf);

	COPY(agent_buf, kind);
	return 0;
}

static __maybe_unused long ask_net(struct agent *agent, agent_fn fn,
				   const char *name, long a, long b)
{
	COPY(agent_buf, name);
	return ask3(agent, fn, a, b, 0);
}

/* ---- devices of contexts ---- */

#define VC_SET_VNET		VC_SET(VC_CAT_VNET, VC_VNET_CREATE)
#define VC_GET_VNET		VC_GET(VC_CAT_VNET, VC_VNET_CREATE)
#define VC_ATTACH_VNET		VC_SET(VC_CAT_VNET, VC_VNET_ATTACH)
#define VC_LIST_VNET		VC_GET(VC_CAT_VNET, VC_VNET_ATTACH)
#define VC_DESTROY_VNET		VC_SET(VC_CAT_VNET, VC_VNET_DESTROY)
#define VC_SET_QOS		VC_SET(VC_CAT_VNET, VC_VNET_QOS)
#define VC_GET_QOS		VC_GET(VC_CAT_VNET, VC_VNET_QOS)

static __maybe_unused struct vc_vnet vnet_arg(__u32 type, const char *name,
					      const char *link)
{
	struct vc_vnet arg = { .type = type };

	COPY(arg.vdev_name, name);
	COPY(arg.link, link);
	return arg;
}

static __maybe_unused long vnet_make(__u32 id, __u32 type, const char *name,
				     const char *link, __u32 flags)
{
	struct vc_vnet arg = vnet_arg(type, name, link);

	arg.flags = flags;
	return vc(VC_SET_VNET, id, &arg);
}

/* What reads the name alone, which is therefore all that is right. */
static __maybe_unused long vnet_named(__u32 cmd, __u32 id, const char *name)
{
	struct vc_vnet arg;

	memset(&arg, 0xa5, sizeof(arg));
	memset(arg.vdev_name, 0, sizeof(arg.vdev_name));
	COPY(arg.vdev_name, name);
	return vc(cmd, id, &arg);
}

static __maybe_unused long vnet_attach(__u32 id, const char *name)
{
	return vnet_named(VC_ATTACH_VNET, id, name);
}

static __maybe_unused long vnet_destroy(__u32 id, const char *name)
{
	return vnet_named(VC_DESTROY_VNET, id, name);
}

static __maybe_unused long vnet_get(__u32 id, const char *name,
				    struct vc_vnet *arg)
{
	memset(arg, 0xa5, sizeof(*arg));
	memset(arg->vdev_name, 0, sizeof(arg->vdev_name));
	COPY(arg->vdev_name, name);
	return vc(VC_GET_VNET, id, arg);
}

static __maybe_unused long vnet_has(__u32 id, const char *name)
{
	struct vc_vnet arg;

	return vnet_get(id, name, &arg);
}

/* How many there are. */
static __maybe_unused long vnet_count(__u32 id)
{
	struct vc_vnets list = {};
	long ret = vc(VC_LIST_VNET, id, &list);

	return ret ? ret : (long)list.count;
}

static __maybe_unused long qos_set(__u32 id, const char *name,
				   const char *uplink, __u32 max,
				   __u32 warranted)
{
	struct vc_vnet_qos arg = {
		.max_bandwidth = max,
		.warranted_bandwidth = warranted,
	};

	COPY(arg.vdev_name, name);
	COPY(arg.uplink, uplink);
	return vc(VC_SET_QOS, id, &arg);
}

/* "UPLINK MAX WARRANTED", or "-ERRNO". */
static __maybe_unused const char *qos(__u32 id, const char *name)
{
	static char bufs[4][64];
	static unsigned int next;
	char *buf = bufs[next++ % 4];
	struct vc_vnet_qos arg;
	long ret;

	memset(&arg, 0xa5, sizeof(arg));
	memset(arg.vdev_name, 0, sizeof(arg.vdev_name));
	memset(arg.uplink, 0, sizeof(arg.uplink));
	COPY(arg.vdev_name, name);
	ret = vc(VC_GET_QOS, id, &arg);
	if (ret)
		snprintf(buf, sizeof(bufs[0]), "%ld", ret);
	else
		snprintf(buf, sizeof(bufs[0]), "%s %u %u",
			 arg.uplink[0] ? arg.uplink : "-", arg.max_bandwidth,
			 arg.warranted_bandwidth);
	return buf;
}

#endif /* _SELFTESTS_VCONTEXT_LINKS_H */
