// SPDX-License-Identifier: GPL-2.0
/*
 * A module that leaves next to no room for the variables of others; with
 * another parameter one that wants more than there is.
 */
#include <linux/cache.h>
#include <linux/string.h>
#include <linux/vcontext_module.h>

#define BYTES	(CONFIG_VCONTEXT_MODULE_SPACE > 64 ? \
		 CONFIG_VCONTEXT_MODULE_SPACE - 64 : 64)

static bool huge;
module_param(huge, bool, 0444);
MODULE_PARM_DESC(huge, "variables that fit into no reserve");

struct big {
	u8 bytes[BYTES + 128];
};

VC_DEFINE(struct big, big) = { .bytes = { [0 ... BYTES + 127] = 0xa5 } };

/* Others see what we do to ours, if it overlaps theirs. */
static int big_init(struct vcontext *ctx)
{
	WARN_ON(memchr_inv(&VC(ctx, big), 0xa5, BYTES));
	memset(&VC(ctx, big), 0x5a, BYTES);
	return 0;
}

static void big_exit(struct vcontext *ctx)
{
	WARN_ON(memchr_inv(&VC(ctx, big), 0x5a, BYTES));
}

VC_INIT(big, big_init, big_exit);
VC_MODULE(NULL);

static int __init test_init(void)
{
	if (!huge)
		VC_THIS_MODULE->vars_end = VC_THIS_MODULE->vars + BYTES;
	return vc_module_register(VC_THIS_MODULE);
}
module_init(test_init);

static void __exit test_exit(void)
{
	vc_module_unregister(VC_THIS_MODULE);
}
module_exit(test_exit);

MODULE_DESCRIPTION("Test of virtual contexts without room for modules");
MODULE_LICENSE("GPL");
