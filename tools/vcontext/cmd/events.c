// SPDX-License-Identifier: GPL-2.0
/*
 * vcontext events: tell what happens to contexts, or have it seen to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"

static const struct opt opts[] = {
	{ 'J', "json", NULL, "print JSON, a line for each" },
	{ 't', "types", "TYPES", "these alone, such as empty,oom" },
	{ 'n', "count", "N", "end after so many" },
	{ OPT_EXEC, "exec", "COMMAND",
	  "run COMMAND with the number of each context that becomes empty" },
	{ OPT_WAIT, "wait", "TYPES", "print nothing, end with the first of these" },
	{ 0 }
};

static const char *const types[] = {
	[VC_EVENT_CREATED] = "created",
	[VC_EVENT_DESTROYED] = "destroyed",
	[VC_EVENT_EMPTY] = "empty",
	[VC_EVENT_LIMIT] = "limit",
	[VC_EVENT_OOM] = "oom",
	[VC_EVENT_MIGRATED] = "migrated",
	[VC_EVENT_LOST] = "lost",
	[VC_EVENT_GUARANTEE] = "guarantee",
	[VC_EVENT_REFUSED] = "refused",
};

/* Which limit an event is about. */
static const struct {
	unsigned int category, command;
	const char *name;
} limits[] = {
	{ VC_CAT_PROCESS, VC_PROCESS_LIMIT, "tasks" },
	{ VC_CAT_VFS, VC_VFS_FILES, "files" },
	{ VC_CAT_MEMORY, VC_MEMORY_TOTAL, "memory" },
	{ VC_CAT_MEMORY, VC_MEMORY_RESIDENT, "resident" },
	{ VC_CAT_OTHER, VC_OTHER_TCP, "tcp" },
};

/* A type that this command does not know is its number. */
static const char *type_name(const struct vc_event *event, char number[16])
{
	if (event->type < ARRAY_SIZE(types) && types[event->type])
		return types[event->type];
	snprintf(number, 16, "%u", event->type);
	return number;
}

void events_words(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i])
			puts(types[i]);
}

static unsigned int parse_types(const char *list)
{
	char *copy = strdup(list), *rest = copy, *word;
	unsigned int mask = 0;
	size_t i;

	if (!copy)
		die_memory();
	while ((word = strsep(&rest, ","))) {
		for (i = 0; i < ARRAY_SIZE(types); i++)
			if (types[i] && !strcasecmp(word, types[i]))
				break;
		if (i == ARRAY_SIZE(types))
			die_usage("'%s' is not a type of event: 'vcontext complete events --types' lists them",
				  word);
		mask |= 1U << i;
	}
	free(copy);
	return mask;
}

static const char *limit_name(const struct vc_event *event)
{
	size_t i;

	for (i = 0; event->type == VC_EVENT_LIMIT && i < ARRAY_SIZE(limits); i++)
		if (event->value == (limits[i].category << 8 |
				     limits[i].command))
			return limits[i].name;
	return NULL;
}

static void print(const struct vc_event *event, bool json)
{
	char *time = boot_time_text(event->time_ns, json);
	const char *limit = limit_name(event), *type;
	char number[16];

	type = type_name(event, number);
	if (json) {
		printf("{\"time\":\"%s\",\"time_ns\":%llu,\"event\":\"%s\",\"id\":%u,\"value\":%llu",
		       time ? time : "", (unsigned long long)event->time_ns,
		       type, event->id, (unsigned long long)event->value);
		if (limit)
			printf(",\"limit\":\"%s\"", limit);
		puts("}");
	} else {
		printf("%s %-9s %u", time ? time : "-", type, event->id);
		if (limit)
			printf(" %s", limit);
		else if (event->value)
			printf(" %llu", (unsigned long long)event->value);
		putchar('\n');
	}
	free(time);
}

static void set_env(const char *name, unsigned long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", value);
	if (setenv(name, text, 1))
		die_memory();
}

/* One after the other, so that the order is that of the events. */
static void run(const struct vc_event *event, const char *line)
{
	char id[16], number[16];
	char *argv[] = { "sh", "-c", (char *)line, "vcontext", id, NULL };
	int status, ret;
	pid_t pid;

	snprintf(id, sizeof(id), "%u", event->id);
	if (setenv("VCONTEXT_EVENT", type_name(event, number), 1))
		die_memory();
	set_env("VCONTEXT_ID", event->id);
	set_env("VCONTEXT_VALUE", event->value);
	set_env("VCONTEXT_TIME_NS", event->time_ns);
	ret = posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ);
	if (ret) {
		complain_errno(ret, "/bin/sh");
		return;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return;
	if (WIFSIGNALED(status))
		complain("context %u: the command was ended by signal %d",
			 event->id, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		complain("context %u: the command ended with %d", event->id,
			 WEXITSTATUS(status));
}

/*
 * Has what is waited for happened, by what context @id is now?  Asked after the
 * descriptor has been opened, and again after events were lost.
 */
static bool is_over(__u32 id, unsigned int mask)
{
	return (mask >> VC_EVENT_EMPTY & 1) && !vc_count(id);
}

/* Until the first event of a type in @mask that is context @id's own. */
static int wait_for(int fd, __u32 id, unsigned int mask)
{
	struct vc_event event;
	int n;

	if (is_over(id, mask))
		return 0;
	for (;;) {
		n = vc_events_read(fd, &event, 1);
		if (n == -EINTR)
			continue;
		if (n < 0) {
			complain_errno(n, "cannot read events");
			return command->failure;
		}
		/* Who is gone is empty, too. */
		if (!n && (mask >> VC_EVENT_EMPTY & 1))
			return 0;
		if (!n) {
			complain("context %u is gone", id);
			return command->failure;
		}
		if (event.id != id || event.type >= 32)
			continue;
		if (mask >> event.type & 1)
			return 0;
		if (event.type == VC_EVENT_LOST && is_over(id, mask))
			return 0;
	}
}

static int events(int argc, char **argv)
{
	unsigned int mask = 0;
	uint64_t count = 0, seen = 0;
	char *line = NULL;
	bool json = false, wait = false;
	__u32 id = VC_ID_SELF;
	int val, fd;

	while ((val = next_option(argc, argv)) != -1) {
		switch (val) {
		case 'J':
			json = true;
			break;
		case OPT_WAIT:
		case 't':
			wait |= val == OPT_WAIT;
			mask |= parse_types(optarg);
			break;
		case 'n':
			if (!parse_u64(optarg, INT64_MAX, &count) || !count)
				die_usage("'%s' is not a number of events",
					  optarg);
			break;
		case OPT_EXEC:
			if (asprintf(&line, "%s \"$@\"", optarg) < 0)
				die_memory();
			break;
		}
	}
	if (argc - optind > 1)
		die_usage("more than one context");
	if (line && json)
		die_usage("--exec prints nothing, and so no JSON");
	if (wait && (line || json || count))
		die_usage("--wait prints and runs nothing");
	if (wait && optind == argc)
		die_usage("--wait needs a context");
	if (!mask)
		mask = line ? 1U << VC_EVENT_EMPTY : ~0U;
	if (optind < argc && resolve(argv[optind], &id))
		return command->failure;

	fd = vc_events_open(id);
	if (fd < 0) {
		complain_vc(fd, NULL, "cannot hear the events of context %s",
			    optind < argc ? argv[optind] : "self");
		return command->failure;
	}
	if (wait)
		return wait_for(fd, id, mask);
	for (;;) {
		struct vc_event event[32];
		int i, n = vc_events_read(fd, event, ARRAY_SIZE(event));

		if (n == -EINTR)
			continue;
		if (n < 0) {
			complain_errno(n, "cannot read events");
			return command->failure;
		}
		/* The context is gone. */
		if (!n)
			return 0;
		for (i = 0; i < n; i++) {
			if (event[i].type == VC_EVENT_LOST &&
			    (line || !(mask >> VC_EVENT_LOST & 1)))
				complain("%llu events are lost",
					 (unsigned long long)event[i].value);
			if (event[i].type < 32 && !(mask >> event[i].type & 1))
				continue;
			if (line)
				run(&event[i], line);
			else
				print(&event[i], json);
			if (++seen == count)
				return finish_output() ? command->failure : 0;
		}
		if (finish_output())
			return command->failure;
	}
}

const struct command cmd_events = {
	.name = "events",
	.args = "[OPTION]... [ID|NAME]",
	.summary = "Show what happens to this context and below, or another",
	.opts = { opts },
	.run = events,
	.operand = "context",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
