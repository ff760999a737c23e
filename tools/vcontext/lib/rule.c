// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 16: rules that say to which context a process of the host belongs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vcontext.h"

int vc_rule_add(const struct vc_rule *rule)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_CLASS, VC_SUB_SET, VC_CLASS_RULE,
				       struct vc_rule), 0, (void *)rule);
}

int vc_rule_list(struct vc_rule **rules)
{
	__u32 room = 32;

	*rules = NULL;
	for (;;) {
		struct vc_rules *list;
		int ret;

		list = calloc(1, sizeof(*list) + room * sizeof(*list->rule));
		if (!list)
			return -ENOMEM;
		list->count = room;
		ret = vc_syscall(VC_CMD_SIZED(VC_CAT_CLASS, VC_SUB_GET,
					      VC_CLASS_RULE, struct vc_rules),
				 0, list);
		if (ret < 0) {
			free(list);
			return ret;
		}
		if (list->count <= room) {
			ret = list->count;
			memmove(list, list->rule, ret * sizeof(*list->rule));
			*rules = (struct vc_rule *)list;
			return ret;
		}
		/* More may appear before the next try. */
		room = list->count + 16;
		free(list);
	}
}

int vc_rule_remove(__u32 rule)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_CLASS, VC_SUB_SET,
				       VC_CLASS_REMOVE, __u32), 0, &rule);
}

int vc_rules_apply(void)
{
	return vc_syscall(VC_CMD(VC_CAT_CLASS, VC_SUB_SET, VC_CLASS_APPLY), 0,
			  NULL);
}
