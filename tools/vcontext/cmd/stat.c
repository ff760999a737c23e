// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext stat: what contexts use, again and again.
 */
#include <errno.h>
#include <getopt.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ 'd', "delay", "SECONDS", "between two tables (default 2)" },
	{ 'n', "count", "N", "so many tables (default: until it is ended)" },
	{ 'J', "json", NULL, "print JSON, a document for each table" },
	{ 'o', "output", "COLUMNS",
	  "print these columns; +COLUMN,... adds to the default" },
	{ 'b', "bytes", NULL, "print sizes in bytes" },
	{ 0 }
};

/* CPU time that a context had used when it was looked at last. */
struct sample {
	uint64_t cgroup_id, at_ns, used_ns;
};

static struct samples {
	struct sample *all;
	size_t n, room;
} before, now;

static void adjust(struct row *row)
{
	struct sample sample = {
		row->info.cgroup_id, row->read_ns,
		row->cpu.user_ns + row->cpu.system_ns,
	};
	size_t i;

	/* Unless it is new since: then from its creation on. */
	for (i = 0; i < before.n; i++)
		if (before.all[i].cgroup_id == sample.cgroup_id) {
			row->since_ns = before.all[i].at_ns;
			row->used_ns = before.all[i].used_ns;
			break;
		}
	if (now.n == now.room) {
		now.room = now.room ? 2 * now.room : 16;
		now.all = realloc(now.all, now.room * sizeof(*now.all));
		if (!now.all)
			die_memory();
	}
	now.all[now.n++] = sample;
}

/* The context itself if it was named, and those below it; unless @quiet shown. */
static int look(__u32 id, const char *word, const struct columns *columns,
		bool json, bool quiet)
{
	struct walk walk = {
		.columns = columns, .json = json, .adjust = adjust,
	};
	struct samples last = before;
	struct row row;
	int ret = 0;

	before = now;
	now = last;
	now.n = 0;
	walk.table = table_new("contexts", columns, false);
	scols_table_enable_json(walk.table, json);
	if (word) {
		ret = row_read(id, columns, &row);
		if (ret < 0) {
			complain_vc(ret, NULL, "context %s", word);
			ret = -1;
		} else {
			adjust(&row);
			table_add(walk.table, NULL, columns, &row, json);
		}
	}
	if (!ret)
		ret = walk_below(&walk, id, NULL, true);
	if (!ret && !quiet)
		scols_print_table(walk.table);
	scols_unref_table(walk.table);
	return ret;
}

static int stat_contexts(int argc, char **argv)
{
	uint64_t delay_ms = 2000, count = 0, i;
	struct columns columns, need;
	bool json = false, screen;
	__u32 id = VC_ID_SELF;
	const char *rest;
	int val;

	columns.n = 0;
	columns_parse(&columns,
		      "ID,NAME,PROCS,PCPU,THROTTLED,MEM,RES,FILES,TCP,STATE");
	while ((val = next_option(argc, argv)) != -1) {
		switch (val) {
		case 'd':
			if (!parse_decimal(optarg, 1000, false, &delay_ms,
					   &rest) || *rest || !delay_ms ||
			    delay_ms / 1000 > INT32_MAX)
				die_usage("'%s' is not a number of seconds",
					  optarg);
			break;
		case 'n':
			if (!parse_u64(optarg, INT64_MAX, &count) || !count)
				die_usage("'%s' is not a number of tables",
					  optarg);
			break;
		case 'J':
			json = true;
			break;
		case 'o':
			columns_parse(&columns, optarg);
			break;
		case 'b':
			columns_bytes = true;
			break;
		}
	}
	if (argc - optind > 1)
		die_usage("more than one context");
	if (optind < argc && resolve(argv[optind], &id))
		return command->failure;

	/* A screen of it, like top; on paper and in pipes one after another. */
	screen = !count && !json && isatty(STDOUT_FILENO);
	need.n = 0;
	columns_parse(&need, "PCPU");
	if (look(id, argv[optind], &need, json, true))
		return command->failure;
	for (i = 0; !count || i < count; i++) {
		struct timespec delay = {
			delay_ms / 1000, delay_ms % 1000 * 1000000,
		};

		while (nanosleep(&delay, &delay) && errno == EINTR)
			;
		if (screen)
			fputs("\033[H\033[J", stdout);
		else if (i && !json)
			putchar('\n');
		if (look(id, argv[optind], &columns, json, false) ||
		    finish_output())
			return command->failure;
	}
	return 0;
}

const struct command cmd_stat = {
	.name = "stat",
	.args = "[OPTION]... [ID|NAME]",
	.summary = "Show what contexts use, every few seconds",
	.opts = { opts },
	.run = stat_contexts,
	.operand = "context",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
