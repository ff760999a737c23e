// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext kill: signal every process in a context.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ 's', "signal", "SIGNAL", "send this one (default TERM)" },
	{ 0 }
};

static int parse_signal(const char *word)
{
	uint64_t n;
	int sig;

	if (parse_u64(word, NSIG - 1, &n) && n)
		return n;
	if (!strncasecmp(word, "SIG", 3))
		word += 3;
	for (sig = 1; sig < NSIG; sig++) {
		const char *name = sigabbrev_np(sig);

		if (name && !strcasecmp(name, word))
			return sig;
	}
	if (!strncasecmp(word, "RTMIN+", 6) &&
	    parse_u64(word + 6, SIGRTMAX - SIGRTMIN, &n))
		return SIGRTMIN + n;
	die_usage("'%s' is not a signal", word);
}

static int kill_context(int argc, char **argv)
{
	const char *word = "TERM";
	int val, sig, ret;
	__u32 id;

	while ((val = next_option(argc, argv)) != -1)
		word = optarg;
	if (optind == argc)
		die_usage("no context");
	if (argc - optind > 2)
		die_usage("more than one context and one signal");
	if (optind + 1 < argc)
		word = argv[optind + 1];
	sig = parse_signal(word);
	if (resolve(argv[optind], &id))
		return command->failure;
	ret = vc_signal(id, sig);
	if (ret < 0) {
		complain_vc(ret, NULL, "context %s", argv[optind]);
		return command->failure;
	}
	printf("%d\n", ret);
	return finish_output() ? command->failure : 0;
}

const struct command cmd_kill = {
	.name = "kill",
	.args = "[OPTION]... ID|NAME [SIGNAL]",
	.summary = "Signal every process in a context; prints how many",
	.opts = { opts },
	.run = kill_context,
	.operand = "context",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
