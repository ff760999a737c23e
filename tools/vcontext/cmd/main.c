// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext: the command for virtual_context(2).
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

/* Dispatch, help and completion read this. */
const struct command *const commands[] = {
	&cmd_create,
	&cmd_run,
	&cmd_exec,
	&cmd_list,
	&cmd_info,
	&cmd_stat,
	&cmd_net,
	&cmd_events,
	&cmd_set,
	&cmd_kill,
	&cmd_stop,
	&cmd_freeze,
	&cmd_thaw,
	&cmd_destroy,
	&cmd_rule,
	&cmd_version,
	&cmd_complete,
	NULL
};

const struct command *command;

static const struct command *find(const char *name)
{
	int i;

	for (i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static void help(void)
{
	int i;

	printf("Usage: vcontext COMMAND [OPTION]... [ARGUMENT]...\n"
	       "Create, limit, isolate, enter and destroy contexts.\n\n"
	       "Commands:\n");
	for (i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			printf("  %-10s %s\n", commands[i]->name,
			       commands[i]->summary);
	printf("\n'vcontext COMMAND --help' tells the options of one;"
	       " see also vcontext(1).\n");
}

static void help_command(void)
{
	const struct opt *opt;
	int i;

	printf("Usage: vcontext %s%s%s\n%s.\n\nOptions:\n", command->name,
	       *command->args ? " " : "", command->args, command->summary);
	for (i = 0; command->opts[i]; i++)
		for (opt = command->opts[i]; opt->val; opt++) {
			char left[64];

			snprintf(left, sizeof(left), "%c%c%s --%s%s%s",
				 opt->val < OPT_FIRST ? '-' : ' ',
				 opt->val < OPT_FIRST ? opt->val : ' ',
				 opt->val < OPT_FIRST ? "," : " ", opt->name,
				 opt->arg ? " " : "", opt->arg ? opt->arg : "");
			printf("  %-28s %s\n", left, opt->help);
		}
	printf("  %-28s %s\n", "-h, --help", "show this");
	if (command == &cmd_list || command == &cmd_info ||
	    command == &cmd_stat)
		columns_help();
}

int next_option(int argc, char **argv)
{
	static struct option longs[64];
	static char shorts[80];
	int val;

	if (!*shorts) {
		const struct opt *opt;
		int i, n = 0;
		char *s = shorts;

		/* What follows the program's name is the program's. */
		if (command->program)
			*s++ = '+';
		*s++ = 'h';
		for (i = 0; command->opts[i]; i++)
			for (opt = command->opts[i]; opt->val; opt++) {
				longs[n].name = opt->name;
				longs[n].has_arg = !!opt->arg;
				longs[n++].val = opt->val;
				if (opt->val >= OPT_FIRST)
					continue;
				*s++ = opt->val;
				if (opt->arg)
					*s++ = ':';
			}
		longs[n].name = "help";
		longs[n].val = 'h';
	}
	val = getopt_long(argc, argv, shorts, longs, NULL);
	if (val == 'h') {
		help_command();
		exit(finish_output() ? command->failure : 0);
	}
	/* getopt has said what is wrong. */
	if (val == '?') {
		fprintf(stderr, "Try 'vcontext %s --help'.\n", command->name);
		exit(command->usage);
	}
	return val;
}

int main(int argc, char **argv)
{
	static char name[64];

	setlocale(LC_ALL, "");
	if (argc < 2) {
		fprintf(stderr, "vcontext: no command\n"
			"Try 'vcontext --help'.\n");
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") ||
	    !strcmp(argv[1], "help")) {
		command = argc > 2 ? find(argv[2]) : NULL;
		if (command)
			help_command();
		else
			help();
		return finish_output() ? EXIT_FAIL : 0;
	}
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		printf("vcontext %s\n", VERSION);
		return finish_output() ? EXIT_FAIL : 0;
	}
	command = find(argv[1]);
	if (!command) {
		fprintf(stderr, "vcontext: unknown command '%s'\n"
			"Try 'vcontext --help'.\n", argv[1]);
		return EXIT_USAGE;
	}
	/* getopt reports under this name. */
	snprintf(name, sizeof(name), "vcontext: %s", command->name);
	argv[1] = name;
	return command->run(argc - 1, argv + 1);
}
