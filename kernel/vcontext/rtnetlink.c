// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to traffic control from within the kernel.
 *
 * Queueing disciplines and classes are made by rtnetlink, which has no interface
 * but its messages.  So be a client as any other, of a namespace that is not
 * current's, with credentials of the kernel's own.
 *
 * A message with a destination is judged by the credentials of who sends it
 * (NETLINK_SKB_DST), so that the socket needs no file.
 */
#include <linux/cred.h>
#include <linux/init.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#include "vnet.h"

/* (c) after boot */
static const struct cred *rtnl_cred __ro_after_init;

/**
 * vc_rtnl_begin - begin a request
 * @type: RTM_*
 * @flags: NLM_F_*, beside those of any request
 * @ifindex: of the device
 * @parent: of what it is about
 * @handle: of what it is about
 * @kind: of what is made, or %NULL
 *
 * Options may follow; there is room for a few hundred bytes.
 *
 * Context: may sleep.
 * Return: for vc_rtnl_send(), or %NULL if there is no memory.
 */
struct sk_buff *vc_rtnl_begin(u16 type, u16 flags, int ifindex, u32 parent,
			      u32 handle, const char *kind)
{
	struct sk_buff *msg = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct nlmsghdr *nlh;
	struct tcmsg *tcm;

	if (!msg)
		return NULL;
	nlh = nlmsg_put(msg, 0, 0, type, sizeof(*tcm),
			NLM_F_REQUEST | NLM_F_ACK | flags);
	tcm = nlmsg_data(nlh);
	memset(tcm, 0, sizeof(*tcm));
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = ifindex;
	tcm->tcm_parent = parent;
	tcm->tcm_handle = handle;
	WARN_ON_ONCE(kind && nla_put_string(msg, TCA_KIND, kind));
	return msg;
}

/* The answer to what has been sent on @sock: it is there already. */
static int receive_ack(struct socket *sock)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
	} ack;
	struct kvec vec = { .iov_base = &ack, .iov_len = sizeof(ack) };
	struct msghdr head = { };
	int ret;

	ret = kernel_recvmsg(sock, &head, &vec, 1, sizeof(ack), MSG_DONTWAIT);
	if (ret < 0)
		return ret;
	if (ret < (int)sizeof(ack) || ack.nlh.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return ack.err.error;
}

static int send_receive(struct net *net, struct sk_buff *msg)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct msghdr head = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
	};
	struct kvec vec = { .iov_base = msg->data, .iov_len = msg->len };
	struct socket *sock;
	int ret;

	ret = sock_create_kern(net, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, &sock);
	if (ret)
		return ret;
	ret = kernel_sendmsg(sock, &head, &vec, 1, msg->len);
	if (ret >= 0)
		ret = receive_ack(sock);
	sock_release(sock);
	return ret;
}

/**
 * vc_rtnl_send - have a request done
 * @net: namespace of the device, referenced by the caller
 * @msg: from vc_rtnl_begin(), consumed; or %NULL
 *
 * Context: may sleep; takes RTNL.
 * Return: 0 or a negative errno.
 */
int vc_rtnl_send(struct net *net, struct sk_buff *msg)
{
	const struct cred *old;
	int ret;

	might_sleep();

	if (!msg)
		return -ENOMEM;
	nlmsg_end(msg, nlmsg_hdr(msg));
	old = override_creds(rtnl_cred);
	ret = send_receive(net, msg);
	revert_creds(old);
	nlmsg_free(msg);
	return ret;
}

static int __init vc_rtnl_init(void)
{
	rtnl_cred = prepare_kernel_cred(&init_task);
	if (!rtnl_cred)
		panic("vcontext: no memory for credentials");
	return 0;
}
subsys_initcall(vc_rtnl_init);
