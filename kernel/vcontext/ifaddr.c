// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of devices: which of them a context may configure, and which are
 * shown to its inside.
 *
 * In a network namespace that a CLOSED context owns, or that was made inside of
 * it, nobody configures an address that it may not have, whether by netlink, by
 * ioctl, or the kernel for itself (router advertisements, link-local ones).
 */
#include <linux/cgroup.h>
#include <linux/export.h>
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/vcontext_net.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/net_namespace.h>

#include "permit.h"

/**
 * vc_ifaddr_any4 - has a device an IPv4 address that a context may have?
 * @ctx: the context; %NULL is the host
 * @dev: the device
 *
 * Context: any, RCU held.
 * Return: as asked.
 */
bool vc_ifaddr_any4(const struct vcontext *ctx, const struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev) {
		const struct vc_addr addr = vc_addr4(ifa->ifa_local);

		if (vc_permits_allow(ctx, dev_net(dev), &addr, dev))
			return true;
	}
	return false;
}

/**
 * vc_ifaddr_any6 - has a device an IPv6 address that a context may have?
 * @ctx: the context; %NULL is the host
 * @dev: the device
 *
 * Context: any, RCU held.
 * Return: as asked.
 */
bool vc_ifaddr_any6(const struct vcontext *ctx, const struct net_device *dev)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct inet6_dev *idev = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifa;

	if (!idev)
		return false;
	list_for_each_entry_rcu(ifa, &idev->addr_list, if_list) {
		const struct vc_addr addr = vc_addr6(&ifa->addr);

		if (vc_permits_allow(ctx, dev_net(dev), &addr, dev))
			return true;
	}
#endif
	return false;
}

static int may_configure(const struct net_device *dev,
			 const struct vc_addr *addr)
{
	const struct net *net = dev_net(dev);
	int ret = 0;

	if (!net->ns.vcontext)
		return 0;
	rcu_read_lock();
	/* the namespace of a context that is gone is nobody's */
	if (!vc_permits_allow(vcontext_marked(net->ns.vcontext), net, addr, dev))
		ret = -EADDRNOTAVAIL;
	rcu_read_unlock();
	return ret;
}

/* See vcontext_may_configure4(). */
int __vcontext_may_configure4(const struct net_device *dev, __be32 addr)
{
	const struct vc_addr a = vc_addr4(addr);

	return may_configure(dev, &a);
}

/* See vcontext_may_configure6(). */
int __vcontext_may_configure6(const struct net_device *dev,
			      const struct in6_addr *addr)
{
	const struct vc_addr a = vc_addr6(addr);

	return may_configure(dev, &a);
}
EXPORT_SYMBOL_GPL(__vcontext_may_configure6);

static bool sees(const struct net *net, const struct net_device *dev,
		 const struct vc_addr *addr)
{
	bool ret;

	rcu_read_lock();
	ret = vc_permits_allow(vcontext_of_task(current), net, addr, dev);
	rcu_read_unlock();
	return ret;
}

/* See vcontext_sees4(). */
bool __vcontext_sees4(const struct net_device *dev, __be32 addr)
{
	const struct vc_addr a = vc_addr4(addr);

	return sees(dev_net(dev), dev, &a);
}

/* See vcontext_sees6(). */
bool __vcontext_sees6(const struct net_device *dev,
		      const struct in6_addr *addr)
{
	const struct vc_addr a = vc_addr6(addr);

	return sees(dev_net(dev), dev, &a);
}
EXPORT_SYMBOL_GPL(__vcontext_sees6);

/* See vcontext_sees_local6(). */
bool __vcontext_sees_local6(struct net *net, const struct in6_addr *addr)
{
	const struct vc_addr a = vc_addr6(addr);

	return sees(net, NULL, &a);
}
EXPORT_SYMBOL_GPL(__vcontext_sees_local6);

/* See vcontext_sees_local4(). */
bool __vcontext_sees_local4(struct net *net, __be32 addr)
{
	const struct vc_addr a = vc_addr4(addr);

	return sees(net, NULL, &a);
}
