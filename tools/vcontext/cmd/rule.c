// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext rule: which processes of the host belong into which context.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <libsmartcols.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ OPT_UID, "uid", "USER", "add: of that real user, a number or name" },
	{ OPT_GID, "gid", "GROUP", "add: of that real group" },
	{ OPT_COMM, "comm", "NAME", "add: of that name, as ps shows it" },
	{ OPT_EXE, "exe", "PATH",
	  "add: of that program; * at the end stands for anything" },
	{ 'J', "json", NULL, "list: print JSON" },
	{ 'n', "noheadings", NULL, "list: print no headings" },
	{ 'r', "raw", NULL, "list: print without alignment" },
	{ 0 }
};

/* What can be given, for all actions. */
struct given {
	struct vc_rule rule;
	bool json, noheadings, raw;
};

/* Read from the file: what a static program can do everywhere. */
static uint32_t user(const char *word)
{
	struct passwd *entry;
	uint64_t n;
	FILE *file;

	if (parse_u64(word, UINT32_MAX - 1, &n))
		return n;
	file = fopen("/etc/passwd", "re");
	while (file && (entry = fgetpwent(file)))
		if (!strcmp(entry->pw_name, word)) {
			n = entry->pw_uid;
			fclose(file);
			return n;
		}
	die_usage("--uid '%s' is neither a number nor in /etc/passwd", word);
}

static uint32_t group(const char *word)
{
	struct group *entry;
	uint64_t n;
	FILE *file;

	if (parse_u64(word, UINT32_MAX - 1, &n))
		return n;
	file = fopen("/etc/group", "re");
	while (file && (entry = fgetgrent(file)))
		if (!strcmp(entry->gr_name, word)) {
			n = entry->gr_gid;
			fclose(file);
			return n;
		}
	die_usage("--gid '%s' is neither a number nor in /etc/group", word);
}

static void take(struct given *given, int val)
{
	struct vc_rule *rule = &given->rule;

	switch (val) {
	case OPT_UID:
		rule->match |= VC_RULE_UID;
		rule->uid = user(optarg);
		break;
	case OPT_GID:
		rule->match |= VC_RULE_GID;
		rule->gid = group(optarg);
		break;
	case OPT_COMM:
		if (!*optarg || strlen(optarg) >= sizeof(rule->comm))
			die_usage("--comm '%s' is not a name of 1 to %zu bytes",
				  optarg, sizeof(rule->comm) - 1);
		rule->match |= VC_RULE_COMM;
		memset(rule->comm, 0, sizeof(rule->comm));
		memcpy(rule->comm, optarg, strlen(optarg));
		break;
	case OPT_EXE:
		if (*optarg != '/' && strcmp(optarg, "*"))
			die_usage("--exe '%s' is neither an absolute path nor *",
				  optarg);
		if (strlen(optarg) >= sizeof(rule->exe))
			die_usage("--exe '%s' has more than %zu bytes", optarg,
				  sizeof(rule->exe) - 1);
		rule->match |= VC_RULE_EXE;
		memset(rule->exe, 0, sizeof(rule->exe));
		memcpy(rule->exe, optarg, strlen(optarg));
		break;
	case 'J':
		given->json = true;
		break;
	case 'n':
		given->noheadings = true;
		break;
	case 'r':
		given->raw = true;
		break;
	}
}

static int add(struct given *given, int argc, char **argv)
{
	int ret;

	if (argc != 1)
		die_usage("one context is expected");
	if (!given->rule.match)
		die_usage("a rule is for some --uid, --gid, --comm or --exe");
	if (resolve(argv[0], &given->rule.target))
		return command->failure;
	if (given->rule.target == VC_ID_SELF)
		given->rule.target = VC_ID_HOST;
	ret = vc_rule_add(&given->rule);
	if (ret < 0) {
		const char *hint = NULL;

		if (ret == -ENOSPC)
			hint = "'vcontext rule remove' makes room";
		if (ret == -EINVAL)
			hint = "a running process cannot enter a context made with --pidns";
		complain_hint(ret, hint, "context %s", argv[0]);
		return command->failure;
	}
	printf("%d\n", ret);
	if (!finish_output())
		return 0;
	/* Nobody has heard its number. */
	vc_rule_remove(ret);
	return command->failure;
}

/* Of which rules have one; to be freed. */
static char *cell(const struct vc_rule *rule, size_t column)
{
	char *text = NULL;
	int ret = 0;

	switch (column) {
	case 0:
		ret = asprintf(&text, "%u", rule->id);
		break;
	case 1:
		if (rule->target != VC_ID_SELF)
			ret = asprintf(&text, "%u", rule->target);
		break;
	case 2:
		if (rule->match & VC_RULE_UID)
			ret = asprintf(&text, "%u", rule->uid);
		break;
	case 3:
		if (rule->match & VC_RULE_GID)
			ret = asprintf(&text, "%u", rule->gid);
		break;
	case 4:
		if (rule->match & VC_RULE_COMM)
			ret = asprintf(&text, "%.*s", (int)sizeof(rule->comm),
				       rule->comm);
		break;
	case 5:
		if (rule->match & VC_RULE_EXE)
			ret = asprintf(&text, "%.*s", (int)sizeof(rule->exe),
				       rule->exe);
		break;
	}
	if (ret < 0)
		die_memory();
	return text;
}

static int list(struct given *given, int argc, char **argv)
{
	static const struct {
		const char *name;
		int flags, json;
	} columns[] = {
		{ "ID", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
		{ "TARGET", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
		{ "UID", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
		{ "GID", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
		{ "COMM", 0, SCOLS_JSON_STRING },
		{ "EXE", 0, SCOLS_JSON_STRING },
	};
	struct libscols_table *table;
	struct vc_rule *rules;
	int i, nr;
	size_t c;

	(void)argv;
	if (argc)
		die_usage("no operand is expected");
	if (given->raw && given->json)
		die_usage("--raw excludes --json");
	nr = vc_rule_list(&rules);
	if (nr < 0) {
		complain_hint(nr, nr == -EPERM ? "rules are for the host alone" :
			      NULL, "cannot list rules");
		return command->failure;
	}
	table = scols_new_table();
	if (!table)
		die_memory();
	scols_table_set_name(table, "rules");
	scols_table_enable_json(table, given->json);
	scols_table_enable_raw(table, given->raw);
	scols_table_enable_noheadings(table, given->noheadings);
	for (c = 0; c < ARRAY_SIZE(columns); c++) {
		struct libscols_column *column;

		column = scols_table_new_column(table, columns[c].name, 4,
						columns[c].flags);
		if (!column)
			die_memory();
		scols_column_set_json_type(column, columns[c].json);
	}
	for (i = 0; i < nr; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		if (!line)
			die_memory();
		for (c = 0; c < ARRAY_SIZE(columns); c++) {
			char *text = cell(&rules[i], c);

			if (text && scols_line_refer_data(line, c, text))
				die_memory();
		}
	}
	free(rules);
	scols_print_table(table);
	scols_unref_table(table);
	return finish_output() ? command->failure : 0;
}

static int remove_rules(struct given *given, int argc, char **argv)
{
	int i, ret, status = 0;

	(void)given;
	if (!argc)
		die_usage("no rule");
	for (i = 0; i < argc; i++) {
		uint64_t id;

		if (!parse_u64(argv[i], INT32_MAX, &id))
			die_usage("'%s' is not a rule's number", argv[i]);
	}
	for (i = 0; i < argc; i++) {
		ret = vc_rule_remove(strtoul(argv[i], NULL, 10));
		if (ret < 0) {
			complain_hint(ret, ret == -ENOENT ? "see 'vcontext rule list'" : NULL,
				      "rule %s", argv[i]);
			status = command->failure;
		}
	}
	return status;
}

static int apply(struct given *given, int argc, char **argv)
{
	int ret;

	(void)given;
	(void)argv;
	if (argc)
		die_usage("no operand is expected");
	ret = vc_rules_apply();
	if (ret < 0) {
		complain_vc(ret, NULL, "cannot apply the rules");
		return command->failure;
	}
	return 0;
}

/* And which options each takes: those that make a rule, those of tables. */
static const struct {
	const char *name;
	int (*run)(struct given *given, int argc, char **argv);
	bool rule, table;
} actions[] = {
	{ "add", add, true, false },
	{ "list", list, false, true },
	{ "remove", remove_rules, false, false },
	{ "apply", apply, false, false },
};

void rule_words(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(actions); i++)
		puts(actions[i].name);
}

static int rule(int argc, char **argv)
{
	struct given given = { .json = false };
	bool is_rule = false, is_table = false;
	size_t i;
	int val;

	while ((val = next_option(argc, argv)) != -1) {
		take(&given, val);
		is_rule |= val >= OPT_FIRST;
		is_table |= val < OPT_FIRST;
	}
	if (optind == argc)
		die_usage("add, list, remove or apply?");
	for (i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(actions[i].name, argv[optind]))
			break;
	if (i == ARRAY_SIZE(actions))
		die_usage("'%s' is none of add, list, remove and apply",
			  argv[optind]);
	if ((is_rule && !actions[i].rule) || (is_table && !actions[i].table))
		die_usage("%s takes no such option", actions[i].name);
	return actions[i].run(&given, argc - optind - 1, argv + optind + 1);
}

const struct command cmd_rule = {
	.name = "rule",
	.args = "add [OPTION]... ID|NAME | list [OPTION]... | remove RULE... | apply",
	.summary = "Say which processes of the host belong into which context",
	.opts = { opts },
	.run = rule,
	.operand = "rule",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
