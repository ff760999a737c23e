// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext list: the contexts below one.
 */
#include <errno.h>
#include <getopt.h>
#include <libsmartcols.h>
#include <stdlib.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ 'J', "json", NULL, "print JSON" },
	{ 'n', "noheadings", NULL, "print no headings" },
	{ 'o', "output", "COLUMNS",
	  "print these columns; +COLUMN,... adds to the default" },
	{ 'r', "raw", NULL, "print without alignment" },
	{ 'a', "all", NULL, "print all columns" },
	{ 'b', "bytes", NULL, "print sizes in bytes" },
	{ OPT_TREE, "tree", NULL, "show children under their parents" },
	{ 0 }
};

int walk_below(const struct walk *walk, __u32 id, struct libscols_line *parent,
	       bool top)
{
	int i, n, ret = 0;
	__u32 *ids;

	n = vc_context_children(id, &ids);
	/* Contexts come and go: what vanished while we looked is not shown. */
	if (n == -ESRCH && !top)
		return 0;
	if (n < 0) {
		complain_vc(n, NULL, "cannot list contexts");
		return -1;
	}
	for (i = 0; i < n && !ret; i++) {
		struct libscols_line *line;
		struct row row;

		ret = row_read(ids[i], walk->columns, &row);
		if (ret == -ESRCH) {
			ret = 0;
			continue;
		}
		if (ret < 0) {
			complain_vc(ret, NULL, "cannot read context %u",
				    ids[i]);
			break;
		}
		if (walk->adjust)
			walk->adjust(&row);
		line = table_add(walk->table, walk->tree ? parent : NULL,
				 walk->columns, &row, walk->json);
		if (row.info.children)
			ret = walk_below(walk, ids[i], line, false);
	}
	free(ids);
	return ret;
}

static int list(int argc, char **argv)
{
	bool noheadings = false, raw = false;
	struct columns columns;
	struct walk w = { .columns = &columns };
	__u32 id = VC_ID_SELF;
	int val, ret;

	columns.n = 0;
	columns_parse(&columns,
		      "ID,PARENT,NAME,PROCS,TASKS,LIMIT,STATE,AGE,FLAGS");
	while ((val = next_option(argc, argv)) != -1) {
		switch (val) {
		case 'J':
			w.json = true;
			break;
		case 'n':
			noheadings = true;
			break;
		case 'o':
			columns_parse(&columns, optarg);
			break;
		case 'r':
			raw = true;
			break;
		case 'b':
			columns_bytes = true;
			break;
		case 'a':
			columns_all(&columns);
			break;
		case OPT_TREE:
			w.tree = true;
			break;
		}
	}
	if (argc - optind > 1)
		die_usage("more than one context");
	if (raw && (w.json || w.tree))
		die_usage("--raw excludes --json and --tree");
	if (optind < argc && resolve(argv[optind], &id))
		return command->failure;

	w.table = table_new("contexts", &columns, w.tree);
	scols_table_enable_noheadings(w.table, noheadings);
	scols_table_enable_raw(w.table, raw);
	scols_table_enable_json(w.table, w.json);
	ret = walk_below(&w, id, NULL, true);
	if (!ret)
		scols_print_table(w.table);
	scols_unref_table(w.table);
	return ret || finish_output() ? command->failure : 0;
}

const struct command cmd_list = {
	.name = "list",
	.args = "[OPTION]... [ID|NAME]",
	.summary = "List the contexts below this one, or below another",
	.opts = { opts },
	.run = list,
	.operand = "context",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
