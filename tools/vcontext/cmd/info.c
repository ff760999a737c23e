// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext info: all that is known of one context.
 */
#include <getopt.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ 'J', "json", NULL, "print JSON" },
	{ 'o', "output", "COLUMNS", "print these alone" },
	{ 'b', "bytes", NULL, "print sizes in bytes" },
	{ 0 }
};

/* A line for each resource that this kernel limits. */
static void print_limits(const struct columns *columns, const struct row *row)
{
	static const char *const heads[] = {
		"RESOURCE", "LIMIT", "USAGE", "PEAK", "HITS",
	};
	struct libscols_table *table;
	bool any = false;
	int i, j;

	scols_init_debug(0);
	table = scols_new_table();
	if (!table)
		die_memory();
	for (i = 0; i < (int)ARRAY_SIZE(heads); i++)
		if (!scols_table_new_column(table, heads[i], 4,
					    i ? SCOLS_FL_RIGHT : 0))
			die_memory();
	for (i = 0; i < columns->n; i++) {
		const char *resource = column_resource(columns->index[i]);
		struct libscols_line *line;

		if (!resource || !*resource ||
		    !column_has(columns->index[i], row))
			continue;
		line = scols_table_new_line(table, NULL);
		if (!line || scols_line_set_data(line, 0, resource))
			die_memory();
		for (j = 0; j < 4; j++) {
			char *text = column_text(columns->index[i + j], row,
						 false);

			if (text && scols_line_refer_data(line, j + 1, text))
				die_memory();
		}
		any = true;
	}
	if (any) {
		putchar('\n');
		scols_print_table(table);
	}
	scols_unref_table(table);
}

static int info(int argc, char **argv)
{
	struct libscols_table *table;
	struct columns columns;
	bool json = false, all = true;
	__u32 id = VC_ID_SELF;
	struct row row;
	int i, val, ret;

	columns_all(&columns);
	while ((val = next_option(argc, argv)) != -1) {
		if (val == 'J') {
			json = true;
		} else if (val == 'b') {
			columns_bytes = true;
		} else {
			columns_parse(&columns, optarg);
			all = false;
		}
	}
	if (argc - optind > 1)
		die_usage("more than one context");
	if (optind < argc && resolve(argv[optind], &id))
		return command->failure;
	ret = row_read(id, &columns, &row);
	if (ret < 0) {
		complain_vc(ret, NULL, "context %s",
			    optind < argc ? argv[optind] : "self");
		return command->failure;
	}
	if (json) {
		table = table_new("contexts", &columns, false);
		scols_table_enable_json(table, 1);
		table_add(table, NULL, &columns, &row, true);
		scols_print_table(table);
		scols_unref_table(table);
	} else {
		for (i = 0; i < columns.n; i++) {
			char *text;

			if (all && column_resource(columns.index[i]))
				continue;
			text = column_text(columns.index[i], &row, false);
			printf("%-12s %s\n", column_name(columns.index[i]),
			       text ? text : "-");
			free(text);
		}
		if (all)
			print_limits(&columns, &row);
	}
	return finish_output() ? command->failure : 0;
}

const struct command cmd_info = {
	.name = "info",
	.args = "[OPTION]... [ID|NAME|PID:n]",
	.summary = "Show all that is known of a context",
	.opts = { opts },
	.run = info,
	.operand = "context",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
