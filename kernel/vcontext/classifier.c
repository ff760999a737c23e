// SPDX-License-Identifier: GPL-2.0
/*
 * Which class of an uplink a frame belongs to.
 *
 * What a device of a context sends is tagged by its driver, in a field of its
 * own, see shaper.c.  The tag stays with it through bridges and routes of the
 * host, which change its priority, through filters and programs of traffic
 * control, which set skb->tc_index, and leaves skb->mark to the administrator.
 * A frame without a tag is the host's.
 */
#include <linux/init.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/pkt_cls.h>

/* Of each filter there is one. */
static int classify(struct sk_buff *skb, const struct tcf_proto *tp,
		    struct tcf_result *res)
{
	if (!skb->vcontext_tag)
		return -1;
	res->classid = TC_H_MAKE(tp->chain->block->q->handle,
				 skb->vcontext_tag);
	res->class = 0;
	return TC_ACT_OK;
}

static int init(struct tcf_proto *tp)
{
	return 0;
}

static void destroy(struct tcf_proto *tp, bool rtnl_held,
		    struct netlink_ext_ack *extack)
{
}

static void *get(struct tcf_proto *tp, u32 handle)
{
	return NULL;
}

static int change(struct net *net, struct sk_buff *in_skb, struct tcf_proto *tp,
		  unsigned long base, u32 handle, struct nlattr **tca,
		  void **arg, u32 flags, struct netlink_ext_ack *extack)
{
	/* there is nothing to choose, and a shared block has no handle */
	return handle == 1 && tp->chain->block->q ? 0 : -EINVAL;
}

static int delete(struct tcf_proto *tp, void *arg, bool *last, bool rtnl_held,
		  struct netlink_ext_ack *extack)
{
	return -EOPNOTSUPP;
}

static void walk(struct tcf_proto *tp, struct tcf_walker *arg, bool rtnl_held)
{
	tc_cls_stats_dump(tp, arg, tp);
}

static int dump(struct net *net, struct tcf_proto *tp, void *fh,
		struct sk_buff *skb, struct tcmsg *t, bool rtnl_held)
{
	struct nlattr *nest;

	t->tcm_handle = 1;
	nest = nla_nest_start_noflag(skb, TCA_OPTIONS);
	if (!nest)
		return -1;
	nla_nest_end(skb, nest);
	return skb->len;
}

static struct tcf_proto_ops classifier_ops __read_mostly = {
	.kind = "vcontext",
	.classify = classify,
	.init = init,
	.destroy = destroy,
	.get = get,
	.change = change,
	.delete = delete,
	.walk = walk,
	.dump = dump,
};

static int __init vc_classifier_init(void)
{
	return register_tcf_proto_ops(&classifier_ops);
}
device_initcall(vc_classifier_init);
