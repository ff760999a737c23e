// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext create: whole or not at all.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ OPT_EPHEMERAL, "ephemeral", NULL,
	  "not here: it would end with this command, use run" },
	{ 0 }
};

static int create(int argc, char **argv)
{
	struct setup setup = { .id = VC_ID_SELF };
	struct vc_info info;
	sigset_t old;
	int val, id, ret;

	while ((val = next_option(argc, argv)) != -1) {
		if (val == OPT_EPHEMERAL)
			die_usage("an ephemeral context ends with its creator: use 'vcontext run'");
		setup_option(&setup, val);
	}
	if (argc - optind > 1)
		die_usage("more than one context");
	if (optind < argc) {
		const char *word = argv[optind];

		if (*word && !word[strspn(word, "0123456789")])
			setup_id(&setup, word);
		else
			setup_name(&setup, word);
	}
	setup_finish(&setup);

	/* Held back until its number has been told. */
	block_signals(&old);
	ret = command->failure;
	if (interrupted())
		goto out;
	id = setup_run(&setup);
	if (id < 0)
		goto out;
	info.id = id;
	ret = vc_context_info(id, &info);
	if (ret < 0) {
		complain_vc(ret, NULL, "cannot read context %d", id);
		vc_context_destroy(id, VC_DESTROY_KILL);
		ret = command->failure;
		goto out;
	}
	printf("%d\n", id);
	ret = finish_output();
	/* Not the user's to keep if its number could not be told. */
	if (ret || interrupted()) {
		ret = destroy_same(&info);
		if (ret < 0)
			complain_vc(ret, NULL, "context %d is left over", id);
		ret = command->failure;
	}
out:
	/* What was held back ends us now. */
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret;
}

const struct command cmd_create = {
	.name = "create",
	.args = "[OPTION]... [ID|NAME]",
	.summary = "Create a context and print its number",
	.opts = { create_opts, settings_opts, opts },
	.run = create,
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
