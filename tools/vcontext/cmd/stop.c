// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext stop: no new processes in a context.
 */
#include <getopt.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ OPT_OFF, "off", NULL, "allow them again" },
	{ 0 }
};

static int stop(int argc, char **argv)
{
	bool on = true;
	__u32 id;
	int ret;

	while (next_option(argc, argv) != -1)
		on = false;
	if (argc - optind != 1)
		die_usage(optind == argc ? "no context" :
			  "more than one context");
	if (resolve(argv[optind], &id))
		return command->failure;
	ret = vc_stop_set(id, on);
	if (ret < 0) {
		complain_vc(ret, NULL, "context %s", argv[optind]);
		return command->failure;
	}
	return 0;
}

const struct command cmd_stop = {
	.name = "stop",
	.args = "[OPTION] ID|NAME",
	.summary = "Refuse new processes in a context",
	.opts = { opts },
	.run = stop,
	.operand = "context",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
