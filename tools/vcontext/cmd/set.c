// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext set: change limits of a context, all or none of them.
 */
#include <getopt.h>

#include "cmd.h"

static int set(int argc, char **argv)
{
	struct settings settings = { 0 };
	__u32 id;
	int val;

	while ((val = next_option(argc, argv)) != -1)
		settings_option(&settings, val);
	if (argc - optind != 1)
		die_usage(optind == argc ? "no context" :
			  "more than one context");
	if (!settings.has)
		die_usage("nothing to set");
	settings_check(&settings);
	if (resolve(argv[optind], &id))
		return command->failure;
	return settings_apply(id, &settings) ? command->failure : 0;
}

const struct command cmd_set = {
	.name = "set",
	.args = "OPTION... ID|NAME",
	.summary = "Change the limits of a context, all or none",
	.opts = { settings_opts },
	.run = set,
	.operand = "context",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
