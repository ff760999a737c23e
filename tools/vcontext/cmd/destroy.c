// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext destroy: remove contexts.
 */
#include <errno.h>
#include <getopt.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ OPT_KILL, "kill", NULL,
	  "kill what is in it and below, and destroy those below" },
	{ 0 }
};

static int destroy(int argc, char **argv)
{
	int i, ret, status = 0;
	__u32 id, flags = 0;

	while (next_option(argc, argv) != -1)
		flags = VC_DESTROY_KILL;
	if (optind == argc)
		die_usage("no context");
	for (i = optind; i < argc; i++) {
		if (resolve(argv[i], &id)) {
			status = command->failure;
			continue;
		}
		ret = vc_context_destroy(id, flags);
		if (ret < 0) {
			complain_vc(ret, NULL, "context %s", argv[i]);
			status = command->failure;
		}
	}
	return status;
}

const struct command cmd_destroy = {
	.name = "destroy",
	.args = "[OPTION] ID|NAME...",
	.summary = "Remove contexts",
	.opts = { opts },
	.run = destroy,
	.operand = "contexts",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
