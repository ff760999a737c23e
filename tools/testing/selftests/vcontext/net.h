/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of the tests of addresses: a network namespace to test in, devices,
 * and sockets in agents.
 */
#ifndef _SELFTESTS_VCONTEXT_NET_H
#define _SELFTESTS_VCONTEXT_NET_H

#include "links.h"

#include <linux/if_addr.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#ifndef IP_FREEBIND
#define IP_FREEBIND		15
#endif
#ifndef IP_TRANSPARENT
#define IP_TRANSPARENT		19
#endif

/* How long nothing must come to believe that nothing will. */
#define SILENCE_MS		150
/* How long something that will come may take. */
#define ARRIVAL_MS		10000

#define VC_ADD_IPV4		VC_SET(VC_CAT_NETADDR, VC_NETADDR_IPV4)
#define VC_GET_IPV4		VC_GET(VC_CAT_NETADDR, VC_NETADDR_IPV4)
#define VC_DROP_IPV4		VC_SET(VC_CAT_NETADDR, VC_NETADDR_NO_IPV4)
#define VC_ADD_IPV6		VC_SET(VC_CAT_NETADDR, VC_NETADDR_IPV6)
#define VC_GET_IPV6		VC_GET(VC_CAT_NETADDR, VC_NETADDR_IPV6)
#define VC_DROP_IPV6		VC_SET(VC_CAT_NETADDR, VC_NETADDR_NO_IPV6)
#define VC_SET_POLICY		VC_SET(VC_CAT_NETADDR, VC_NETADDR_POLICY)
#define VC_GET_POLICY		VC_GET(VC_CAT_NETADDR, VC_NETADDR_POLICY)
#define VC_GET_DEVICES6		VC_GET(VC_CAT_NETADDR, VC_NETADDR_DEVICES)

/* ---- permits ---- */

#define PERMIT_ROOM		8

union permits {
	struct vc_addr_req head;
	char room[sizeof(struct vc_addr_req) +
		  PERMIT_ROOM * sizeof(struct vc_ipv6_addr)];
};

/* Fills @req out of "ADDRESS/LEN ..."; is it IPv6? */
static __maybe_unused bool permits_parse(union permits *req, const char *dev,
					 const char *text)
{
	bool v6 = strchr(text, ':');
	char buf[512], *word, *save, *slash;

	memset(req, 0, sizeof(*req));
	COPY(req->head.vdev_name, dev);
	COPY(buf, text);
	for (word = strtok_r(buf, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		__u32 i = req->head.count++;
		int len;

		slash = strchr(word, '/');
		if (slash)
			*slash = '\0';
		len = slash ? atoi(slash + 1) : v6 ? 128 : 32;
		if (v6) {
			inet_pton(AF_INET6, word, &req->head.ipv6[i].addr);
			req->head.ipv6[i].prefixlen = len;
		} else {
			inet_pton(AF_INET, word, &req->head.ipv4[i].addr);
			req->head.ipv4[i].mask =
				htonl(len ? ~0U << (32 - len) : 0);
		}
	}
	return v6;
}

static __maybe_unused long permit_on(__u32 id, const char *dev,
				     const char *text)
{
	union permits req;
	bool v6 = permits_parse(&req, dev, text);

	return vc(v6 ? VC_ADD_IPV6 : VC_ADD_IPV4, id, &req);
}

static __maybe_unused long forbid_on(__u32 id, const char *dev,
				     const char *text)
{
	union permits req;
	bool v6 = permits_parse(&req, dev, text);

	return vc(v6 ? VC_DROP_IPV6 : VC_DROP_IPV4, id, &req);
}

#define permit(id, text)	permit_on(id, "", text)
#define forbid(id, text)	forbid_on(id, "", text)

static __maybe_unused long policy_set(__u32 id, __u32 policy)
{
	return vc(VC_SET_POLICY, id, &policy);
}

static __maybe_unused long policy_get(__u32 id)
{
	__u32 policy = 0xa5a5a5a5;
	long ret = vc(VC_GET_POLICY, id, &policy);

	return ret ? ret : (long)policy;
}

/* What GET says, as "ADDRESS/LEN ...". */
static __maybe_unused const char *permits_on(__u32 id, const char *dev, bool v6)
{
	static char bufs[4][1024];
	static unsigned int next;
	char *buf = bufs[next++ % 4];
	char addr[INET6_ADDRSTRLEN];
	union permits req;
	__u32 i;

	memset(&req, 0xa5, sizeof(req));
	memset(req.head.vdev_name, 0, sizeof(req.head.vdev_name));
	COPY(req.head.vdev_name, dev);
	req.head.count = PERMIT_ROOM;
	buf[0] = '\0';
	if (vc(v6 ? VC_GET_IPV6 : VC_GET_IPV4, id, &req))
		return "?";
	for (i = 0; i < req.head.count && i < PERMIT_ROOM; i++) {
		if (v6)
			inet_ntop(AF_INET6, &req.head.ipv6[i].addr, addr,
				  sizeof(addr));
		else
			inet_ntop(AF_INET, &req.head.ipv4[i].addr, addr,
				  sizeof(addr));
		strcatf(buf, sizeof(bufs[0]), "%s%s/%u", i ? " " : "", addr,
			v6 ? req.head.ipv6[i].prefixlen :
			     (unsigned int)__builtin_popcount(req.head.ipv4[i].mask));
	}
	return buf;
}

#define permits(id)		permits_on(id, "", false)
#define permits6(id)		permits_on(id, "", true)

/* ---- devices ---- */

/* A device that sends to nowhere. */
static __maybe_unused long link_dummy(const char *name)
{
	return link_add("dummy", name, 0, -1) ?: net_up(name, true);
}

/* "ADDRESS/LEN" on a device; no duplicates are looked for. */
static __maybe_unused long addr_add(const char *dev, const char *text)
{
	struct rtnl_request req = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
		.head.nlmsg_type = RTM_NEWADDR,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
				    NLM_F_EXCL,
	};
	bool v6 = strchr(text, ':');
	char buf[64], *slash;
	struct in6_addr addr;

	COPY(buf, text);
	slash = strchr(buf, '/');
	*slash = '\0';
	inet_pton(v6 ? AF_INET6 : AF_INET, buf, &addr);
	req.addr.ifa_family = v6 ? AF_INET6 : AF_INET;
	req.addr.ifa_prefixlen = atoi(slash + 1);
	req.addr.ifa_flags = v6 ? IFA_F_NODAD : 0;
	req.addr.ifa_index = if_nametoindex(dev);
	rtnl_put(&req, IFA_LOCAL, &addr, v6 ? 16 : 4);
	rtnl_put(&req, IFA_ADDRESS, &addr, v6 ? 16 : 4);
	return rtnl_send(&req, NULL, 0);
}

/* <linux/ipv6.h> has it, and cannot stand <netinet/in.h>. */
struct ifreq6 {
	struct in6_addr addr;
	__u32 prefixlen;
	int index;
};

/* As a program of old configures a device. */
static __maybe_unused long addr_ioctl(const char *dev, const char *text)
{
	bool v6 = strchr(text, ':');
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq6 req6 = { .prefixlen = 64, .index = if_nametoindex(dev) };
	struct ifreq req = {};
	struct sockaddr_in *sin = (void *)&req.ifr_addr;
	long ret;

	COPY(req.ifr_name, dev);
	sin->sin_family = AF_INET;
	inet_pton(v6 ? AF_INET6 : AF_INET, text,
		  v6 ? (void *)&req6.addr : &sin->sin_addr);
	ret = res(ioctl(fd, SIOCSIFADDR, v6 ? (void *)&req6 : &req));
	close(fd);
	return ret;
}

/* What has @dev, or -errno. */
static __maybe_unused long addr_of(const char *dev, char *buf, size_t size)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {};
	struct sockaddr_in *sin = (void *)&req.ifr_addr;
	long ret;

	COPY(req.ifr_name, dev);
	ret = res(ioctl(fd, SIOCGIFADDR, &req));
	close(fd);
	if (!ret)
		inet_ntop(AF_INET, &sin->sin_addr, buf, size);
	return ret;
}

/*
 * A network as that of a host, where the caller is: dum0 with 10.0.0.1 to
 * 10.0.0.3 and fd00::1 to fd00::3, dum1 with 10.1.0.1, 10.2.0.1 and fd01::1.
 */
static __maybe_unused long net_fill(void)
{
	static const char * const addrs[][2] = {
		{ "dum0", "10.0.0.1/24" }, { "dum0", "10.0.0.2/24" },
		{ "dum0", "10.0.0.3/24" }, { "dum0", "fd00::1/64" },
		{ "dum0", "fd00::2/64" }, { "dum0", "fd00::3/64" },
		{ "dum1", "10.1.0.1/24" }, { "dum1", "10.2.0.1/24" },
		{ "dum1", "fd01::1/64" },
	};
	unsigned int i;
	long ret;

	ret = net_up("lo", true) ?: link_dummy("dum0") ?: link_dummy("dum1");
	for (i = 0; !ret && i < ARRAY_SIZE(addrs); i++)
		ret = addr_add(addrs[i][0], addrs[i][1]);
	return ret;
}

/* The same as a network of the test's own. */
static __maybe_unused long net_make(void)
{
	return res(unshare(CLONE_NEWNET)) ?: net_fill();
}

/* ---- sockets, here and in agents; addresses as text in agent_buf ---- */

static __maybe_unused socklen_t sock_addr(struct sockaddr_storage *addr,
					  const char *text, int port)
{
	struct sockaddr_in6 *in6 = (void *)addr;
	struct sockaddr_in *in = (void *)addr;

	memset(addr, 0, sizeof(*addr));
	if (strchr(text, ':')) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		inet_pton(AF_INET6, text, &in6->sin6_addr);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	inet_pton(AF_INET, text, &in->sin_addr);
	return sizeof(*in);
}

static __maybe_unused void sock_text(const struct sockaddr_storage *addr,
				     char *buf, size_t size)
{
	const struct sockaddr_in6 *in6 = (const void *)addr;
	const struct sockaddr_in *in = (const void *)addr;

	if (addr->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, buf, size);
	else
		inet_ntop(AF_INET, &in->sin_addr, buf, size);
}

static __maybe_unused long a_socket(long family, long type, long protocol)
{
	return res(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  protocol));
}

static __maybe_unused long a_close(long fd, long b, long c)
{
	return res(close(fd));
}

static __maybe_unused long a_option(long fd, long name, long value)
{
	int v = value;

	return res(setsockopt(fd, name >> 16, name & 0xffff, &v, sizeof(v)));
}

#define OPTION(level, name)	((long)(level) << 16 | (name))

static __maybe_unused long a_bind(long fd, long port, long c)
{
	struct sockaddr_storage addr;
	socklen_t len = sock_addr(&addr, agent_buf, port);

	return res(bind(fd, (void *)&addr, len));
}

static __maybe_unused long a_listen(long fd, long b, long c)
{
	return res(listen(fd, 64));
}

static __maybe_unused long sock_wait(int fd, int events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int ret = poll(&p, 1, ms);

	return ret < 0 ? -errno : ret ? 0 : -ETIMEDOUT;
}

/* Waits until it is connected, @ms at most. */
static __maybe_unused long a_connect(long fd, long port, long ms)
{
	struct sockaddr_storage addr;
	socklen_t len = sock_addr(&addr, agent_buf, port);
	int error = 0;
	long ret = res(connect(fd, (void *)&addr, len));

	if (ret != -EINPROGRESS)
		return ret;
	ret = sock_wait(fd, POLLOUT, ms ? ms : ARRIVAL_MS);
	if (ret)
		return ret;
	len = sizeof(error);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return -error;
}

static __maybe_unused long a_accept(long fd, long ms, long c)
{
	long ret = sock_wait(fd, POLLIN, ms ? ms : ARRIVAL_MS);

	return ret ? ret : res(accept4(fd, NULL, NULL,
				       SOCK_NONBLOCK | SOCK_CLOEXEC));
}

/* The port; the address is in agent_buf. */
static __maybe_unused long a_name(long fd, long b, long c)
{
	struct sockaddr_storage addr = {};
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (void *)&addr, &len))
		return -errno;
	if (addr.ss_family != AF_INET && addr.ss_family != AF_INET6)
		return -EAFNOSUPPORT;
	sock_text(&addr, agent_buf, sizeof(agent_buf));
	return ntohs(((struct sockaddr_in *)&addr)->sin_port);
}

static __maybe_unused long a_send(long fd, long b, long c)
{
	return res(send(fd, "x", 1, MSG_NOSIGNAL));
}

/*
 * From what stands behind the NUL of the address in agent_buf, if anything;
 * behind another one in the same call if so wanted, that says nothing of it.
 */
static __maybe_unused long a_sendto(long fd, long port, long behind)
{
	struct mmsghdr two[2] = {};
	const char *from = agent_buf + strlen(agent_buf) + 1;
	char space[CMSG_SPACE(sizeof(struct in6_pktinfo))] = {};
	struct iovec io = { (void *)"x", 1 };
	struct sockaddr_storage addr;
	struct msghdr msg = {
		.msg_name = &addr,
		.msg_namelen = sock_addr(&addr, agent_buf, port),
		.msg_iov = &io,
		.msg_iovlen = 1,
	};
	struct in_pktinfo in = {};
	struct in6_pktinfo in6 = {};
	struct cmsghdr *cmsg;

	if (*from) {
		msg.msg_control = space;
		msg.msg_controllen = sizeof(space);
		cmsg = CMSG_FIRSTHDR(&msg);
		if (strchr(from, ':')) {
			inet_pton(AF_INET6, from, &in6.ipi6_addr);
			cmsg->cmsg_level = IPPROTO_IPV6;
			cmsg->cmsg_type = IPV6_PKTINFO;
			cmsg->cmsg_len = CMSG_LEN(sizeof(in6));
			memcpy(CMSG_DATA(cmsg), &in6, sizeof(in6));
		} else {
			inet_pton(AF_INET, from, &in.ipi_spec_dst);
			cmsg->cmsg_level = IPPROTO_IP;
			cmsg->cmsg_type = IP_PKTINFO;
			cmsg->cmsg_len = CMSG_LEN(sizeof(in));
			memcpy(CMSG_DATA(cmsg), &in, sizeof(in));
		}
		msg.msg_controllen = CMSG_SPACE(cmsg->cmsg_len -
						CMSG_LEN(0));
	}
	if (!behind)
		return res(sendmsg(fd, &msg, 0));
	two[0].msg_hdr = msg;
	two[0].msg_hdr.msg_control = NULL;
	two[0].msg_hdr.msg_controllen = 0;
	two[1].msg_hdr = msg;
	return res(sendmmsg(fd, two, 2, 0));
}

/* How many bytes; who sent them is in agent_buf. */
static __maybe_unused long a_recv(long fd, long ms, long c)
{
	struct sockaddr_storage addr = {};
	socklen_t len = sizeof(addr);
	char buf[2048];
	long ret = sock_wait(fd, POLLIN, ms ? ms : ARRIVAL_MS);

	if (ret)
		return ret;
	ret = res(recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (void *)&addr,
			   &len));
	sock_text(&addr, agent_buf, sizeof(agent_buf));
	return ret;
}

/* What came by agent_give(). */
static __maybe_unused long a_given(long a, long b, long c)
{
	return agent_fd;
}

/* How many lines of the file have the word behind its name. */
static __maybe_unused long a_grep(long a, long b, long c)
{
	const char *word = agent_buf + strlen(agent_buf) + 1;
	FILE *file = fopen(agent_buf, "re");
	char line[512];
	long n = 0;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		n += !!strcasestr(line, word);
	fclose(file);
	return n;
}

/* How many addresses of the family are shown, and is that one among them? */
static __maybe_unused long a_getaddr(long family, long b, long c)
{
	struct {
		struct nlmsghdr head;
		struct ifaddrmsg msg;
	} req = {
		.head.nlmsg_len = sizeof(req),
		.head.nlmsg_type = RTM_GETADDR,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.msg.ifa_family = family,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct in6_addr wanted;
	long found = 0, all = 0;
	static char buf[32768];
	bool done = false;

	inet_pton(family, agent_buf, &wanted);
	if (fd < 0 || send(fd, &req, sizeof(req), 0) < 0)
		return -errno;
	while (!done) {
		int len = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *head = (void *)buf;

		if (len <= 0)
			break;
		for (; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
			struct ifaddrmsg *msg = NLMSG_DATA(head);
			struct rtattr *attr = IFA_RTA(msg);
			int left = IFA_PAYLOAD(head);

			if (head->nlmsg_type != RTM_NEWADDR) {
				done = true;
				break;
			}
			all++;
			for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
				if (attr->rta_type == IFA_ADDRESS &&
				    !memcmp(RTA_DATA(attr), &wanted,
					    RTA_PAYLOAD(attr)))
					found++;
		}
	}
	close(fd);
	return all * 16 + found;
}

/* How many sockets with a local port are told of. */
static __maybe_unused long a_diag(long family, long protocol, long port)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 diag;
	} req = {
		.head.nlmsg_len = sizeof(req),
		.head.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.diag.sdiag_family = family,
		.diag.sdiag_protocol = protocol,
		.diag.idiag_states = ~0U,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	static char buf[32768];
	bool done = false;
	long n = 0;

	if (fd < 0 || send(fd, &req, sizeof(req), 0) < 0)
		return -errno;
	while (!done) {
		int len = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *head = (void *)buf;

		if (len <= 0)
			break;
		for (; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
			struct inet_diag_msg *msg = NLMSG_DATA(head);

			if (head->nlmsg_type == NLMSG_ERROR)
				n = ((struct nlmsgerr *)msg)->error;
			if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
				done = true;
				break;
			}
			n += ntohs(msg->id.idiag_sport) == port;
		}
	}
	close(fd);
	return n;
}

/* @fn with @text, in the agent; here if there is none. */
static __maybe_unused long on(struct agent *agent, agent_fn fn,
			      const char *text, long a, long b, long c)
{
	memset(agent_buf, 0, sizeof(agent_buf));
	COPY(agent_buf, text ? text : "");
	return agent ? ask3(agent, fn, a, b, c) : fn(a, b, c);
}

/* The same with a second text behind the first one. */
static __maybe_unused long on2(struct agent *agent, agent_fn fn,
			       const char *text, const char *second, long a,
			       long b, long c)
{
	memset(agent_buf, 0, sizeof(agent_buf));
	snprintf(agent_buf, sizeof(agent_buf), "%s%c%s", text, 0, second);
	return agent ? ask3(agent, fn, a, b, c) : fn(a, b, c);
}

static __maybe_unused int family_of(const char *text)
{
	return strchr(text, ':') ? AF_INET6 : AF_INET;
}

/* @fd, or where it has not come to what it is for: closed, and why. */
static __maybe_unused long sock_kept(struct agent *agent, long fd, long ret)
{
	if (!ret)
		return fd;
	on(agent, a_close, NULL, fd, 0, 0);
	return ret;
}

/* A socket that is bound: its descriptor, or why not. */
static __maybe_unused long sock_bound_by(struct agent *agent, int type,
					 int protocol, const char *text,
					 int port)
{
	long fd = on(agent, a_socket, NULL, family_of(text), type, protocol);

	return fd < 0 ? fd :
		sock_kept(agent, fd, on(agent, a_bind, text, fd, port, 0));
}

#define sock_bound(agent, type, text, port) \
	sock_bound_by(agent, type, 0, text, port)

/* One that listens. */
static __maybe_unused long sock_listening_by(struct agent *agent, int type,
					     int protocol, const char *text,
					     int port)
{
	long fd = sock_bound_by(agent, type, protocol, text, port);

	return fd < 0 ? fd :
		sock_kept(agent, fd, on(agent, a_listen, NULL, fd, 0, 0));
}

#define sock_listening(agent, text, port) \
	sock_listening_by(agent, SOCK_STREAM, 0, text, port)

/* One that is connected; of UDP, too. */
static __maybe_unused long sock_connected_by(struct agent *agent, int type,
					     int protocol, const char *text,
					     int port)
{
	long fd = on(agent, a_socket, NULL, family_of(text), type, protocol);

	return fd < 0 ? fd :
		sock_kept(agent, fd, on(agent, a_connect, text, fd, port, 0));
}

#define sock_connected(agent, type, text, port) \
	sock_connected_by(agent, type, 0, text, port)

/* The address that a socket has. */
static __maybe_unused const char *sock_local(struct agent *agent, long fd)
{
	static char bufs[4][INET6_ADDRSTRLEN];
	static unsigned int next;
	char *buf = bufs[next++ % 4];
	long ret = on(agent, a_name, NULL, fd, 0, 0);

	snprintf(buf, sizeof(bufs[0]), "%s", ret < 0 ? "?" : agent_buf);
	return buf;
}

#endif /* _SELFTESTS_VCONTEXT_NET_H */
