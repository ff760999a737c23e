// SPDX-License-Identifier: GPL-2.0
/*
 * Network devices: the options by which contexts get them, and vcontext net,
 * which shows them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const char * const types[] = {
	[VC_VNET_VETH] = "veth",
	[VC_VNET_MACVLAN] = "macvlan",
	[VC_VNET_IPVLAN] = "ipvlan",
	[VC_VNET_DUMMY] = "dummy",
};

void vnet_words(void)
{
	size_t i;

	for (i = VC_VNET_VETH; i < ARRAY_SIZE(types); i++)
		printf("%s:\n", types[i]);
}

/* ---- words ---- */

/* Bits per second, in thousands: 500K, 10M, 1.5G. */
static bool parse_rate(const char *word, __u32 *kbit)
{
	static const struct {
		char letter;
		uint64_t unit;
	} units[] = { { 'K', 1 }, { 'M', 1000 }, { 'G', 1000000 } };
	const char *rest;
	uint64_t n;
	size_t i;

	if (is_unlimited(word)) {
		*kbit = 0;
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (parse_decimal(word, units[i].unit, true, &n, &rest) &&
		    (*rest & ~0x20) == units[i].letter &&
		    (!rest[1] || !strcmp(rest + 1, "bit")))
			break;
	if (i == ARRAY_SIZE(units) || !n || n > UINT32_MAX)
		return false;
	*kbit = n;
	return true;
}

static char *rate_text(uint64_t kbit)
{
	static const char units[] = "KMG";
	const char *unit = units;
	char *text;

	for (; unit[1] && kbit >= 1000 && !(kbit % 1000); unit++)
		kbit /= 1000;
	if (asprintf(&text, "%llu%c", (unsigned long long)kbit, *unit) < 0)
		die_memory();
	return text;
}

static void copy_name(char *to, const char *name, const char *word)
{
	if (!name || !*name || strlen(name) >= VC_DEV_NAME_SIZE)
		die_usage("%s: '%s' is not a name of a device: 1 to %d characters",
			  word, name ? name : "", VC_DEV_NAME_SIZE - 1);
	memcpy(to, name, strlen(name) + 1);
}

static bool parse_mac(const char *word, __u8 mac[6])
{
	unsigned int byte[6];
	int i, end = 0;

	if (sscanf(word, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1],
		   &byte[2], &byte[3], &byte[4], &byte[5], &end) != 6 ||
	    word[end])
		return false;
	for (i = 0; i < 6; i++)
		mac[i] = byte[i];
	return true;
}

static void parse_vnet_key(struct vc_vnet *vnet, char *key, const char *word)
{
	char *value = strchr(key, '=');
	uint64_t n;

	if (!value)
		die_usage("--vnet %s: '%s' is not KEY=VALUE", word, key);
	*value++ = '\0';
	if (!strcmp(key, "mac")) {
		if (!parse_mac(value, vnet->mac))
			die_usage("--vnet %s: '%s' is not an address such as 02:00:00:00:00:01",
				  word, value);
	} else if (!strcmp(key, "mtu")) {
		if (!parse_u64(value, UINT16_MAX, &n) || !n)
			die_usage("--vnet %s: '%s' is not a number from 1 to %d",
				  word, value, UINT16_MAX);
		vnet->mtu = n;
	} else {
		die_usage("--vnet %s: '%s' is neither mac nor mtu", word, key);
	}
}

void vnet_parse(const char *word, struct vc_vnet *vnet)
{
	char *copy = strdup(word), *rest = copy, *key, *type, *name;
	size_t i;

	if (!copy)
		die_memory();
	memset(vnet, 0, sizeof(*vnet));
	/* of the context that it is made with, and nowhere else before */
	vnet->flags = VC_VNET_INSIDE;
	key = strsep(&rest, ",");
	type = strsep(&key, ":");
	name = strsep(&key, ":");
	for (i = VC_VNET_VETH; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i], type))
			vnet->type = i;
	if (!vnet->type || !name ||
	    (vnet->type == VC_VNET_DUMMY ? !!key : !key))
		die_usage("--vnet '%s' is not veth:NAME:HOSTNAME, macvlan:NAME:LOWER, ipvlan:NAME:LOWER or dummy:NAME, with ,mac= and ,mtu= or without",
			  word);
	copy_name(vnet->vdev_name, name, word);
	if (key)
		copy_name(vnet->link, key, word);
	while ((key = strsep(&rest, ",")))
		parse_vnet_key(vnet, key, word);
	free(copy);
}

void bandwidth_parse(const char *word, struct bandwidth *bandwidth)
{
	struct vc_vnet_qos *qos = &bandwidth->qos;
	char *copy = strdup(word), *rest = copy, *key, *value;

	if (!copy)
		die_memory();
	memset(bandwidth, 0, sizeof(*bandwidth));
	bandwidth->word = word;
	copy_name(qos->vdev_name, strsep(&rest, ","), word);
	while ((key = strsep(&rest, ","))) {
		value = strchr(key, '=');
		if (!value)
			die_usage("--bandwidth %s: '%s' is not KEY=VALUE", word,
				  key);
		*value++ = '\0';
		if (!strcmp(key, "uplink")) {
			copy_name(qos->uplink, value, word);
			bandwidth->has |= BANDWIDTH_UPLINK;
			continue;
		}
		if (!strcmp(key, "max"))
			bandwidth->has |= BANDWIDTH_MAX;
		else if (!strcmp(key, "warranted"))
			bandwidth->has |= BANDWIDTH_WARRANTED;
		else
			die_usage("--bandwidth %s: '%s' is none of max, warranted, uplink",
				  word, key);
		if (!parse_rate(value, *key == 'm' ? &qos->max_bandwidth :
				&qos->warranted_bandwidth))
			die_usage("--bandwidth %s: '%s' is not a rate such as 500K, 10M or 1.5G bits per second, nor \"max\"",
				  word, value);
	}
	if (!bandwidth->has)
		die_usage("--bandwidth %s: nothing is set: %s,max=10M for example",
			  word, qos->vdev_name);
	free(copy);
}

/* ---- the table ---- */

enum { OPT_DESTROY = OPT_SETTINGS + 100, OPT_CAPACITY };

static const struct opt opts[] = {
	{ 'J', "json", NULL, "print JSON" },
	{ 'n', "noheadings", NULL, "print no headings" },
	{ 'r', "raw", NULL, "print without alignment" },
	{ OPT_DESTROY, "destroy", "DEVICE",
	  "remove a device of the context instead" },
	{ OPT_CAPACITY, "capacity", "DEVICE=RATE",
	  "say what an uplink has instead: 100M; max for its link speed" },
	{ 0 }
};

static const struct column {
	const char *name;
	int flags, json;
} columns[] = {
	{ "CONTEXT", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	{ "NAME", 0, SCOLS_JSON_STRING },
	{ "TYPE", 0, SCOLS_JSON_STRING },
	{ "LINK", 0, SCOLS_JSON_STRING },
	{ "STATE", 0, SCOLS_JSON_STRING },
	{ "INDEX", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	{ "MAC", 0, SCOLS_JSON_STRING },
	{ "MTU", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	{ "MAX", SCOLS_FL_RIGHT, SCOLS_JSON_STRING },
	{ "WARRANTED", SCOLS_FL_RIGHT, SCOLS_JSON_STRING },
	{ "UPLINK", 0, SCOLS_JSON_STRING },
};

static void put(struct libscols_line *line, int column, char *text)
{
	if (text && scols_line_refer_data(line, column, text))
		die_memory();
}

static char *number(unsigned int n)
{
	char *text;

	if (asprintf(&text, "%u", n) < 0)
		die_memory();
	return text;
}

static char *word(const char *text)
{
	char *copy = *text ? strdup(text) : NULL;

	if (*text && !copy)
		die_memory();
	return copy;
}

static char *mac_text(const __u8 mac[6])
{
	char *text;

	if (asprintf(&text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		     mac[2], mac[3], mac[4], mac[5]) < 0)
		die_memory();
	return text;
}

static void add_line(struct libscols_table *table, const struct vc_vnet *vnet)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	struct vc_vnet_qos qos;

	if (!line)
		die_memory();
	put(line, 0, number(vnet->owner));
	put(line, 1, word(vnet->vdev_name));
	put(line, 2, word(vnet->type < ARRAY_SIZE(types) && types[vnet->type] ?
			  types[vnet->type] : "?"));
	put(line, 3, word(vnet->link));
	put(line, 4, word(vnet->flags & VC_VNET_INSIDE ? "attached" : "free"));
	put(line, 5, number(vnet->ifindex));
	put(line, 6, mac_text(vnet->mac));
	put(line, 7, number(vnet->mtu));
	/* The host's are free, and have none. */
	if (!vnet->owner || vc_vnet_qos_get(vnet->owner, vnet->vdev_name, &qos))
		return;
	if (qos.max_bandwidth)
		put(line, 8, rate_text(qos.max_bandwidth));
	if (qos.warranted_bandwidth)
		put(line, 9, rate_text(qos.warranted_bandwidth));
	put(line, 10, word(qos.uplink));
}

/* Those of @id: 0, or -errno. */
static int add_devices(struct libscols_table *table, __u32 id)
{
	struct vc_vnet *list;
	int i, n = vc_vnet_list(id, &list);

	for (i = 0; i < n; i++)
		add_line(table, &list[i]);
	free(list);
	return n < 0 ? n : 0;
}

static int add_below(struct libscols_table *table, __u32 id)
{
	__u32 *ids;
	int i, n, ret;

	ret = add_devices(table, id);
	n = ret ? 0 : vc_context_children(id, &ids);
	/* Contexts come and go. */
	if (ret == -ESRCH || n <= 0)
		return ret == -ESRCH ? 0 : ret ? ret : n == -ESRCH ? 0 : n;
	for (i = 0; i < n && !ret; i++)
		ret = add_below(table, ids[i]);
	free(ids);
	return ret;
}

static int show(__u32 id, bool below, bool json, bool noheadings, bool raw)
{
	struct libscols_table *table;
	size_t i;
	int ret;

	scols_init_debug(0);
	table = scols_new_table();
	if (!table)
		die_memory();
	scols_table_set_name(table, "devices");
	scols_table_enable_json(table, json);
	scols_table_enable_noheadings(table, noheadings);
	scols_table_enable_raw(table, raw);
	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		struct libscols_column *column =
			scols_table_new_column(table, columns[i].name, 0,
					       columns[i].flags);

		if (!column)
			die_memory();
		scols_column_set_json_type(column, columns[i].json);
	}
	ret = below ? add_below(table, id) : add_devices(table, id);
	if (ret)
		complain_vc(ret, NULL, "cannot list network devices");
	else
		scols_print_table(table);
	scols_unref_table(table);
	return ret;
}

static int destroy(__u32 id, const char *name)
{
	int ret = vc_vnet_destroy(id, name);

	if (ret)
		complain_vc(ret, NULL, "cannot remove %s", name);
	return ret;
}

static int set_capacity(const char *word)
{
	const char *rate = strchr(word, '=');
	struct vc_vnet_qos qos = { 0 };
	char name[VC_DEV_NAME_SIZE];
	int ret;

	if (!rate || rate == word || rate - word >= VC_DEV_NAME_SIZE ||
	    !parse_rate(rate + 1, &qos.max_bandwidth))
		die_usage("--capacity '%s' is not DEVICE=RATE: eth0=100M for example",
			  word);
	snprintf(name, sizeof(name), "%.*s", (int)(rate - word), word);
	memcpy(qos.vdev_name, name, sizeof(name));
	ret = vc_vnet_qos_set(VC_ID_HOST, &qos);
	if (ret)
		complain_vc(ret, NULL, "cannot set the capacity of %s", name);
	return ret;
}

static int net(int argc, char **argv)
{
	const char *gone = NULL, *uplink = NULL;
	bool json = false, noheadings = false, raw = false;
	__u32 id = VC_ID_SELF;
	int val, ret;

	while ((val = next_option(argc, argv)) != -1) {
		json |= val == 'J';
		noheadings |= val == 'n';
		raw |= val == 'r';
		if (val == OPT_DESTROY)
			gone = optarg;
		if (val == OPT_CAPACITY)
			uplink = optarg;
	}
	if (argc - optind > 1)
		die_usage("more than one context");
	if (raw && json)
		die_usage("--raw excludes --json");
	if (gone && uplink)
		die_usage("--destroy excludes --capacity");
	if (uplink && optind < argc)
		die_usage("--capacity takes no context");
	if (optind < argc && resolve(argv[optind], &id))
		return command->failure;
	if (gone)
		ret = destroy(id, gone);
	else if (uplink)
		ret = set_capacity(uplink);
	else
		ret = show(id, optind == argc, json, noheadings, raw);
	return ret || finish_output() ? command->failure : 0;
}

const struct command cmd_net = {
	.name = "net",
	.args = "[OPTION]... [ID|NAME]",
	.summary = "List the network devices of a context, or of all",
	.opts = { opts },
	.run = net,
	.operand = "context",
	.failure = EXIT_FAIL,
	.usage = EXIT_USAGE,
};
