// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext complete: words for the shell's completion, one a line.
 *
 *	complete			commands
 *	complete COMMAND		its options, and what its operands are
 *	complete COMMAND --OPTION	values of an option
 *	complete : WHAT			contexts, signals, rule (its actions)
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static void contexts(__u32 id, const char *prefix)
{
	struct vc_info info;
	__u32 *ids;
	int i, n = vc_context_children(id, &ids);

	for (i = 0; i < n; i++) {
		char *path = NULL;

		if (vc_context_info(ids[i], &info))
			continue;
		printf("%u\n", ids[i]);
		/* Below a nameless one there are numbers alone. */
		if (prefix && info.name[0]) {
			if (asprintf(&path, "%s%.*s/", prefix,
				     (int)sizeof(info.name), info.name) < 0)
				die_memory();
			printf("%.*s\n", (int)strlen(path) - 1, path);
		}
		if (info.children)
			contexts(ids[i], path);
		free(path);
	}
	if (n > 0)
		free(ids);
}

static void signals(void)
{
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		if (sigabbrev_np(sig))
			puts(sigabbrev_np(sig));
}

static void values(const char *arg)
{
	if (!strcmp(arg, "CAPS"))
		caps_words();
	else if (!strcmp(arg, "COLUMNS"))
		columns_words();
	else if (!strcmp(arg, "SIGNAL"))
		signals();
	else if (!strcmp(arg, "POLICY"))
		sched_words();
	else if (!strcmp(arg, "VICTIM"))
		printf("process\ncontext\n");
	else if (!strcmp(arg, "TYPE:NAME[:LINK]"))
		vnet_words();
	else if (!strcmp(arg, "TYPES"))
		events_words();
}

static int complete(int argc, char **argv)
{
	const struct command *of;
	const struct opt *opt;
	int i;

	if (argc == 1) {
		for (i = 0; commands[i]; i++)
			if (!commands[i]->hidden)
				puts(commands[i]->name);
		return 0;
	}
	if (!strcmp(argv[1], ":")) {
		if (argc > 2 && !strcmp(argv[2], "contexts"))
			contexts(VC_ID_SELF, "");
		else if (argc > 2 && !strcmp(argv[2], "rule"))
			rule_words();
		else
			signals();
		return 0;
	}
	for (i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, argv[1]))
			break;
	of = commands[i];
	if (!of)
		return EXIT_FAIL;
	if (argc == 2)
		printf(":%s\n--help\n", of->operand ? of->operand : "");
	for (i = 0; of->opts[i]; i++)
		for (opt = of->opts[i]; opt->val; opt++) {
			if (argc == 2) {
				printf("--%s%s\n", opt->name,
				       opt->arg ? "=" : "");
			} else if (opt->arg &&
				   ((!strncmp(argv[2], "--", 2) &&
				     !strcmp(argv[2] + 2, opt->name)) ||
				    (argv[2][0] == '-' && !argv[2][2] &&
				     argv[2][1] == opt->val))) {
				values(opt->arg);
				return 0;
			}
		}
	/* Not an option that takes a value. */
	return argc > 2 ? EXIT_FAIL : 0;
}

static const struct opt none[] = { { 0 } };

const struct command cmd_complete = {
	.name = "complete",
	.args = "[COMMAND [OPTION]]",
	.summary = "Words for the shell's completion",
	.opts = { none },
	.run = complete,
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
	.hidden = true,
};
