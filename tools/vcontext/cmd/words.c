// SPDX-License-Identifier: GPL-2.0
/*
 * Words of the command line: numbers, CPUs, policies, contexts, capabilities.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "cmd.h"

bool parse_u64(const char *word, uint64_t max, uint64_t *value)
{
	unsigned long long n;
	char *end;

	/* strtoull would take signs and blanks. */
	if (!isdigit((unsigned char)*word))
		return false;
	errno = 0;
	n = strtoull(word, &end, 10);
	if (errno || *end || n > max)
		return false;
	*value = n;
	return true;
}

bool parse_decimal(const char *word, uint64_t unit, bool exact,
		   uint64_t *value, const char **rest)
{
	uint64_t whole, part = 0, scale = 1;
	char *end;

	if (!isdigit((unsigned char)*word))
		return false;
	errno = 0;
	whole = strtoull(word, &end, 10);
	if (errno)
		return false;
	if (*end == '.') {
		if (!isdigit((unsigned char)*++end))
			return false;
		/* What is beyond the sixth digit is less than a thousandth. */
		for (; isdigit((unsigned char)*end); end++) {
			if (scale < 1000000) {
				part = part * 10 + (*end - '0');
				scale *= 10;
			} else if (exact && *end != '0') {
				return false;
			}
		}
	}
	*rest = end;
	if (exact && part * unit % scale)
		return false;
	/* @unit is at most 2^40, and so what overflows is the first. */
	part = part * unit / scale;
	return !__builtin_mul_overflow(whole, unit, &whole) &&
		!__builtin_add_overflow(whole, part, value);
}

bool parse_size(const char *word, uint64_t *value)
{
	static const char units[] = "KMGT";
	uint64_t unit = 1, unused;
	const char *rest, *u;

	if (!parse_decimal(word, 1, false, &unused, &rest))
		return false;
	if (*rest) {
		u = strchr(units, toupper((unsigned char)*rest));
		if (!u)
			return false;
		unit <<= 10 * (u - units + 1);
		rest++;
		if (strcmp(rest, "") && strcmp(rest, "iB"))
			return false;
	}
	return parse_decimal(word, unit, unit == 1, value, &rest) &&
		*value < VC_UNLIMITED;
}

bool is_unlimited(const char *word)
{
	return !strcmp(word, "max") || !strcmp(word, "none") ||
		!strcmp(word, "unlimited");
}

static bool cpu_number(const char *word, unsigned int *cpu, const char **rest)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)*word))
		return false;
	n = strtoul(word, &end, 10);
	*cpu = n;
	*rest = end;
	return n < 8 * CPUS_BYTES;
}

bool parse_cpus(const char *list, unsigned char mask[CPUS_BYTES])
{
	unsigned int first, last;

	memset(mask, 0, CPUS_BYTES);
	for (;;) {
		if (!cpu_number(list, &first, &list))
			return false;
		last = first;
		if (*list == '-' && !cpu_number(list + 1, &last, &list))
			return false;
		if (last < first)
			return false;
		for (; first <= last; first++)
			mask[first / 8] |= 1 << first % 8;
		if (!*list)
			return true;
		if (*list++ != ',')
			return false;
	}
}

static bool has_cpu(const unsigned char *mask, unsigned int cpu)
{
	return cpu < 8 * CPUS_BYTES && (mask[cpu / 8] >> cpu % 8 & 1);
}

char *cpus_text(const unsigned char mask[CPUS_BYTES])
{
	unsigned int cpu, last;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die_memory();
	for (cpu = 0; cpu < 8 * CPUS_BYTES; cpu++) {
		if (!has_cpu(mask, cpu))
			continue;
		last = cpu;
		while (has_cpu(mask, last + 1))
			last++;
		fprintf(out, "%s%u", ftell(out) ? "," : "", cpu);
		if (last > cpu)
			fprintf(out, "-%u", last);
		cpu = last;
	}
	if (fclose(out))
		die_memory();
	return text;
}

static const struct {
	const char *name;
	__u32 policy;
	bool realtime;
} policies[] = {
	{ "normal", SCHED_OTHER, false },
	{ "batch", SCHED_BATCH, false },
	{ "idle", SCHED_IDLE, false },
	{ "fifo", SCHED_FIFO, true },
	{ "rr", SCHED_RR, true },
};

bool parse_sched(const char *word, struct vc_sched *sched)
{
	size_t i, len = strcspn(word, ":");
	const char *number = word[len] ? word + len + 1 : NULL;
	bool negative = number && *number == '-';
	uint64_t n = 0;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (strlen(policies[i].name) == len &&
		    !strncasecmp(word, policies[i].name, len))
			break;
	if (i == ARRAY_SIZE(policies))
		return false;
	if (number && !parse_u64(number + negative, 99, &n))
		return false;
	memset(sched, 0, sizeof(*sched));
	sched->policy = policies[i].policy;
	if (policies[i].realtime) {
		sched->rt_priority = n;
		return n && !negative;
	}
	sched->nice = negative ? -(int)n : (int)n;
	return sched->nice >= -20 && sched->nice <= 19;
}

char *sched_text(const struct vc_sched *sched)
{
	const char *name = "?";
	bool realtime = false;
	char *text;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (policies[i].policy == sched->policy) {
			name = policies[i].name;
			realtime = policies[i].realtime;
		}
	if (realtime)
		ret = asprintf(&text, "%s:%u", name, sched->rt_priority);
	else if (sched->nice)
		ret = asprintf(&text, "%s:%d", name, sched->nice);
	else
		ret = asprintf(&text, "%s", name);
	if (ret < 0)
		die_memory();
	return text;
}

void sched_words(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		printf("%s%s\n", policies[i].name,
		       policies[i].realtime ? ":" : "");
}

int resolve(const char *word, __u32 *id)
{
	uint64_t n;
	int ret;

	if (parse_u64(word, VC_ID_MAX, &n)) {
		*id = n;
		return 0;
	}
	if (!strcmp(word, "self")) {
		*id = VC_ID_SELF;
		return 0;
	}
	if (!strncasecmp(word, "pid:", 4)) {
		if (!parse_u64(word + 4, INT32_MAX, &n) || !n)
			die_usage("'%s' is not a process id", word + 4);
		ret = vc_context_of(n);
		if (ret < 0)
			complain_vc(ret, NULL, "process %s", word + 4);
	} else {
		if (*word && !word[strspn(word, "0123456789")])
			die_usage("'%s' is more than a context's number can be",
				  word);
		/* A leading slash makes a name of what looks like a number. */
		ret = vc_context_find(VC_ID_SELF, word + (*word == '/'));
		if (ret == -EINVAL)
			die_usage("'%s' is not a context's number or name",
				  word);
		if (ret == -ESRCH) {
			complain("no context '%s' below this one", word);
			return -1;
		}
		if (ret < 0)
			complain_vc(ret, NULL, "cannot look for context '%s'",
				    word);
	}
	if (ret < 0)
		return -1;
	*id = ret;
	return 0;
}

static int caps_last(void)
{
	int bits = cap_max_bits();

	return bits > 0 && bits <= 64 ? bits : CAP_LAST_CAP + 1;
}

static uint64_t caps_all(void)
{
	return ~0ULL >> (64 - caps_last());
}

static uint64_t cap_bit(const char *word)
{
	char name[64];
	cap_value_t cap;

	snprintf(name, sizeof(name), "%s%s",
		 strncasecmp(word, "cap_", 4) ? "cap_" : "", word);
	if (cap_from_name(name, &cap) || cap < 0 || cap > 63)
		die_usage("'%s' is not a capability", word);
	return 1ULL << cap;
}

void caps_parse(const char *list, struct caps_change *change)
{
	char *copy = strdup(list), *rest = copy, *word;
	bool first = true;

	if (!copy)
		die_memory();
	change->base = CAPS_EMPTY;
	change->add = 0;
	change->drop = 0;
	while ((word = strsep(&rest, ","))) {
		uint64_t bit;

		if (first && !strcasecmp(word, "default")) {
			change->base = CAPS_DEFAULT;
		} else if (first && !strcasecmp(word, "all")) {
			change->base = CAPS_ALL;
		} else if (first && !strcasecmp(word, "none")) {
			change->base = CAPS_EMPTY;
		} else {
			if (first && (*word == '+' || *word == '-'))
				change->base = CAPS_KEEP;
			bit = cap_bit(word + (*word == '+' || *word == '-'));
			if (*word == '-') {
				change->drop |= bit;
				change->add &= ~bit;
			} else {
				change->add |= bit;
				change->drop &= ~bit;
			}
		}
		first = false;
	}
	free(copy);
}

/* What a new context gets: the default ones, as far as @parent has them. */
static __u64 caps_default(__u32 parent)
{
	__u64 ceiling;

	return vc_caps_get(parent, &ceiling) ? VC_CAPS_DEFAULT :
	       VC_CAPS_DEFAULT & ceiling;
}

/* @id is VC_ID_SELF for a context that is being made. */
int caps_resolve(__u32 id, const struct caps_change *change, uint64_t *caps)
{
	bool is_new = id == VC_ID_SELF;
	struct vc_info info;
	__u64 base = 0;
	int ret = 0;

	switch (change->base) {
	case CAPS_KEEP:
		if (is_new)
			base = caps_default(VC_ID_SELF);
		else
			ret = vc_caps_get(id, &base);
		break;
	case CAPS_EMPTY:
		break;
	case CAPS_ALL:
		base = caps_all();
		break;
	case CAPS_DEFAULT:
		info.parent = VC_ID_SELF;
		ret = is_new ? 0 : vc_context_info(id, &info);
		base = caps_default(info.parent);
		break;
	}
	*caps = (base | change->add) & ~change->drop;
	return ret;
}

char *caps_text(uint64_t caps)
{
	char *text = NULL;
	size_t size;
	FILE *out;
	int i, n = 0;

	caps &= caps_all();
	if (!caps)
		return strdup("none");
	if (caps == caps_all())
		return strdup("all");
	if (caps == VC_CAPS_DEFAULT)
		return strdup("default");
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (i = 0; i < caps_last(); i++) {
		char *name;

		if (!(caps >> i & 1))
			continue;
		name = cap_to_name(i);
		fprintf(out, "%s%s", n++ ? "," : "",
			name && !strncmp(name, "cap_", 4) ? name + 4 :
			name ? name : "?");
		cap_free(name);
	}
	return fclose(out) ? NULL : text;
}

void caps_words(void)
{
	int i;

	printf("default\nall\nnone\n");
	for (i = 0; i < caps_last(); i++) {
		char *name = cap_to_name(i);

		if (name && !strncmp(name, "cap_", 4))
			printf("%s\n+%s\n-%s\n", name + 4, name + 4, name + 4);
		cap_free(name);
	}
}
