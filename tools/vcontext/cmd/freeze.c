// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext freeze, vcontext thaw: halt what is in contexts, and let it go on.
 */
#include <getopt.h>

#include "cmd.h"

static const struct opt opts[] = { { 0 } };

static int set_all(int argc, char **argv, int on)
{
	int i, ret, status = 0;
	__u32 id;

	while (next_option(argc, argv) != -1)
		;
	if (optind == argc)
		die_usage("no context");
	for (i = optind; i < argc; i++) {
		if (resolve(argv[i], &id)) {
			status = command->failure;
			continue;
		}
		ret = vc_freeze_set(id, on);
		if (ret < 0) {
			complain_vc(ret, NULL, "context %s", argv[i]);
			status = command->failure;
		}
	}
	return status;
}

static int freeze(int argc, char **argv)
{
	return set_all(argc, argv, 1);
}

static int thaw(int argc, char **argv)
{
	return set_all(argc, argv, 0);
}

const struct command cmd_freeze = {
	.name = "freeze",
	.args = "ID|NAME...",
	.summary = "Halt everything in contexts and below",
	.opts = { opts },
	.run = freeze,
	.operand = "contexts",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};

const struct command cmd_thaw = {
	.name = "thaw",
	.args = "ID|NAME...",
	.summary = "Let frozen contexts go on",
	.opts = { opts },
	.run = thaw,
	.operand = "contexts",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
