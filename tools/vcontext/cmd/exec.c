// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext exec: run a program in a context that is there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

static const struct opt opts[] = { { 0 } };

static int exec(int argc, char **argv)
{
	sigset_t old;
	int status, ret;
	pid_t pid;
	__u32 id;

	while (next_option(argc, argv) != -1)
		;
	if (optind == argc)
		die_usage("no context");
	if (resolve(argv[optind], &id))
		return EXIT_TOOL;
	argv += optind + 1;
	if (*argv && !strcmp(*argv, "--"))
		argv++;
	if (!*argv)
		die_usage("no program");

	ret = vc_enter_forks(id);
	if (ret < 0) {
		complain_vc(ret, NULL, "cannot enter context %u", id);
		return EXIT_TOOL;
	}
	if (!ret) {
		/* The program takes our place: nobody has to stay outside. */
		ret = vc_enter(id);
		if (ret < 0) {
			complain_vc(ret, NULL, "cannot enter context %u", id);
			return EXIT_TOOL;
		}
		execvp(argv[0], argv);
		ret = errno;
		complain_errno(ret, "%s", argv[0]);
		return ret == ENOENT ? EXIT_NOPROG : EXIT_NOEXEC;
	}
	block_signals(&old);
	pid = start(id, argv, &old, &status);
	return pid > 0 ? supervise(pid) : status;
}

const struct command cmd_exec = {
	.name = "exec",
	.args = "ID|NAME [--] PROGRAM [ARGUMENT]...",
	.summary = "Run a program in an existing context",
	.opts = { opts },
	.run = exec,
	.operand = "context",
	.failure = EXIT_TOOL,
	.usage = EXIT_TOOL,
	.program = true,
};
