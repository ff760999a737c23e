// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext version: what this kernel has.
 */
#include <getopt.h>
#include <libsmartcols.h>
#include <stdio.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ 'J', "json", NULL, "print the table as JSON" },
	{ 'n', "noheadings", NULL, "print no headings" },
	{ 'r', "raw", NULL, "print without alignment" },
	{ 0 }
};

/* A command that is not here is listed by number alone. */
static const struct {
	int category, command;
	const char *name;
} names[] = {
	{ VC_CAT_VERSION, 0, "version" },
	{ VC_CAT_VERSION, VC_VERSION_ERROR, "last error" },
	{ VC_CAT_COMPAT, 0, "compat" },
	{ VC_CAT_COMPAT, VC_COMPAT_NEW_S_CONTEXT, "new_s_context" },
	{ VC_CAT_COMPAT, VC_COMPAT_SET_IPV4ROOT, "set_ipv4root" },
	{ VC_CAT_CPU, 0, "CPU and contexts" },
	{ VC_CAT_CPU, VC_CPU_CONTEXT, "create" },
	{ VC_CAT_CPU, VC_CPU_DESTROY, "destroy" },
	{ VC_CAT_CPU, VC_CPU_SCHED, "policy" },
	{ VC_CAT_CPU, VC_CPU_USAGE, "CPU usage" },
	{ VC_CAT_CPU, VC_CPU_SET, "CPU set" },
	{ VC_CAT_CPU, VC_CPU_STAT, "CPU accounting" },
	{ VC_CAT_CPU, VC_CPU_LIST, "list" },
	{ VC_CAT_CPU, VC_CPU_BATCH, "batch" },
	{ VC_CAT_CPU, VC_CPU_BIRTH, "birth" },
	{ VC_CAT_CPU, VC_CPU_HOSTNAME, "host name" },
	{ VC_CAT_PROCESS, 0, "processes" },
	{ VC_CAT_PROCESS, VC_PROCESS_TASK, "migrate" },
	{ VC_CAT_PROCESS, VC_PROCESS_LIMIT, "limit" },
	{ VC_CAT_PROCESS, VC_PROCESS_CAPS, "capabilities" },
	{ VC_CAT_PROCESS, VC_PROCESS_STOP, "stop" },
	{ VC_CAT_PROCESS, VC_PROCESS_SIGNAL, "signal" },
	{ VC_CAT_PROCESS, VC_PROCESS_FREEZE, "freeze" },
	{ VC_CAT_VNET, 0, "network devices" },
	{ VC_CAT_VNET, VC_VNET_CREATE, "create a device" },
	{ VC_CAT_VNET, VC_VNET_ATTACH, "attach a device" },
	{ VC_CAT_VNET, VC_VNET_DESTROY, "destroy a device" },
	{ VC_CAT_VNET, VC_VNET_QOS, "bandwidth" },
	{ VC_CAT_NETADDR, 0, "network addresses" },
	{ VC_CAT_NETADDR, VC_NETADDR_IPV4, "IPv4 addresses" },
	{ VC_CAT_NETADDR, VC_NETADDR_NO_IPV4, "without IPv4 addresses" },
	{ VC_CAT_NETADDR, VC_NETADDR_IPV6, "IPv6 addresses" },
	{ VC_CAT_NETADDR, VC_NETADDR_NO_IPV6, "without IPv6 addresses" },
	{ VC_CAT_NETADDR, VC_NETADDR_POLICY, "address policy" },
	{ VC_CAT_NETADDR, VC_NETADDR_DEVICES, "devices of addresses" },
	{ VC_CAT_VFS, 0, "file systems" },
	{ VC_CAT_VFS, VC_VFS_DISK, "disk limit" },
	{ VC_CAT_VFS, VC_VFS_FILES, "open files" },
	{ VC_CAT_VFS, VC_VFS_IO, "block I/O" },
	{ VC_CAT_MEMORY, 0, "memory" },
	{ VC_CAT_MEMORY, VC_MEMORY_TOTAL, "memory and swap" },
	{ VC_CAT_MEMORY, VC_MEMORY_RESIDENT, "memory without swap" },
	{ VC_CAT_MEMORY, VC_MEMORY_STAT, "memory use" },
	{ VC_CAT_MEMORY, VC_MEMORY_OOM, "out of memory" },
	{ VC_CAT_OTHER, 0, "other limits" },
	{ VC_CAT_OTHER, VC_OTHER_TCP, "TCP connections" },
	{ VC_CAT_CLASS, 0, "classification" },
	{ VC_CAT_CLASS, VC_CLASS_RULE, "rules" },
	{ VC_CAT_CLASS, VC_CLASS_REMOVE, "remove a rule" },
	{ VC_CAT_CLASS, VC_CLASS_APPLY, "apply the rules" },
	{ VC_CAT_EVENT, 0, "events" },
	{ VC_CAT_EVENT, VC_EVENT_OPEN, "event descriptor" },
	{ VC_CAT_DEBUG, 0, "debugging" },
};

static void add(struct libscols_table *table, int category, int cmd, int version)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char text[16];
	size_t i;

	if (!line)
		die_memory();
	snprintf(text, sizeof(text), "%d", category);
	scols_line_set_data(line, 0, text);
	if (cmd) {
		snprintf(text, sizeof(text), "%d", cmd);
		scols_line_set_data(line, 1, text);
	}
	if (category == VC_CAT_VERSION && !cmd)
		snprintf(text, sizeof(text), "%d.%d", version >> 16,
			 version & 0xffff);
	else
		snprintf(text, sizeof(text), "%d", version);
	scols_line_set_data(line, 2, text);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].category == category && names[i].command == cmd)
			scols_line_set_data(line, 3, names[i].name);
}

static int version(int argc, char **argv)
{
	static const struct {
		const char *name;
		int flags, json;
	} columns[] = {
		{ "CATEGORY", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
		{ "COMMAND", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
		{ "VERSION", SCOLS_FL_RIGHT, SCOLS_JSON_STRING },
		{ "NAME", 0, SCOLS_JSON_STRING },
	};
	bool json = false, noheadings = false, raw = false;
	struct libscols_table *table;
	int val, patch, category, cmd;
	size_t i;

	while ((val = next_option(argc, argv)) != -1) {
		json |= val == 'J';
		noheadings |= val == 'n';
		raw |= val == 'r';
	}
	if (optind < argc)
		die_usage("no argument is expected");

	patch = vc_available();
	if (!json) {
		printf("vcontext %s\n", VERSION);
		if (patch >= 0)
			printf("virtual_context(2) %d.%d\n", patch >> 16,
			       patch & 0xffff);
	}
	if (patch < 0) {
		complain_vc(patch, NULL, "virtual_context(2)");
		return command->failure;
	}

	table = scols_new_table();
	if (!table)
		die_memory();
	scols_table_set_name(table, "versions");
	scols_table_enable_json(table, json);
	scols_table_enable_raw(table, raw);
	scols_table_enable_noheadings(table, noheadings);
	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		struct libscols_column *column;

		column = scols_table_new_column(table, columns[i].name, 4,
						columns[i].flags);
		if (!column)
			die_memory();
		scols_column_set_json_type(column, columns[i].json);
	}
	for (category = 0; category < 256; category++) {
		/* The words of old binaries; they carry no versions. */
		if (category == VC_CAT_VSERVER)
			continue;
		val = vc_version(category, 0);
		if (val <= 0)
			continue;
		add(table, category, 0, val);
		for (cmd = 1; cmd < 256; cmd++) {
			val = vc_version(category, cmd);
			if (val > 0)
				add(table, category, cmd, val);
		}
	}
	scols_print_table(table);
	scols_unref_table(table);
	return finish_output() ? command->failure : 0;
}

const struct command cmd_version = {
	.name = "version",
	.args = "[OPTION]...",
	.summary = "Show what this kernel's virtual_context(2) can do",
	.opts = { opts },
	.run = version,
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
