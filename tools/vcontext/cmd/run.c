// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext run: a context for as long as a program runs.
 */
#include <getopt.h>

#include "cmd.h"

static int run(int argc, char **argv)
{
	struct setup setup = { .id = VC_ID_SELF };
	struct guard guard;
	struct vc_info info;
	int val, id, ret, status = EXIT_TOOL;
	sigset_t old;
	pid_t pid;

	while ((val = next_option(argc, argv)) != -1)
		setup_option(&setup, val);
	if (optind == argc)
		die_usage("no program");
	setup_finish(&setup);
	setup.create.flags |= VC_CREATE_EPHEMERAL;

	block_signals(&old);
	/* Until someone enters it, it ends with us: ephemeral. */
	id = setup_run(&setup);
	if (id < 0)
		return EXIT_TOOL;
	ret = vc_context_info(id, &info);
	if (ret < 0) {
		complain_vc(ret, NULL, "cannot read context %d", id);
		return EXIT_TOOL;
	}
	if (interrupted())
		goto destroy;
	ret = guard_start(&guard, &info);
	if (ret < 0) {
		complain_errno(ret, "cannot fork");
		goto destroy;
	}
	pid = start(id, argv + optind, &old, &status);
	if (pid > 0)
		status = supervise(pid);
	ret = destroy_same(&info);
	guard_dismiss(&guard);
	if (ret < 0) {
		complain_vc(ret, NULL, "cannot destroy context %d", id);
		status = EXIT_TOOL;
	}
	return status;

destroy:
	destroy_same(&info);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return EXIT_TOOL;
}

const struct command cmd_run = {
	.name = "run",
	.args = "[OPTION]... [--] PROGRAM [ARGUMENT]...",
	.summary = "Run a program in a new context, which ends with it",
	.opts = { create_opts, settings_opts },
	.run = run,
	.operand = "program",
	.failure = EXIT_TOOL,
	.usage = EXIT_TOOL,
	.program = true,
};
