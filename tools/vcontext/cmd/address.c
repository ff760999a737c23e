// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses that sockets may have, as words and in calls.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

/* ADDRESS[/LEN][%DEVICE]; without a length one address. */
bool parse_address(const char *word, struct address *addr)
{
	char text[INET6_ADDRSTRLEN + VC_DEV_NAME_SIZE + 8], *dev, *len;
	uint64_t n;

	memset(addr, 0, sizeof(*addr));
	if (strlen(word) >= sizeof(text))
		return false;
	memcpy(text, word, strlen(word) + 1);
	dev = strchr(text, '%');
	if (dev) {
		*dev++ = '\0';
		if (!*dev || strlen(dev) >= sizeof(addr->dev))
			return false;
		memcpy(addr->dev, dev, strlen(dev) + 1);
	}
	len = strchr(text, '/');
	if (len)
		*len++ = '\0';
	addr->v6 = strchr(text, ':');
	n = addr->v6 ? 128 : 32;
	if (len && !parse_u64(len, n, &n))
		return false;
	if (addr->v6) {
		addr->ipv6.prefixlen = n;
		return inet_pton(AF_INET6, text, &addr->ipv6.addr) == 1;
	}
	addr->ipv4.mask = htonl(n ? ~0U << (32 - n) : 0);
	return inet_pton(AF_INET, text, &addr->ipv4.addr) == 1;
}

/* Is it one with which @first can be in one call? */
bool address_goes_with(const struct address *addr, const struct address *first)
{
	return addr->v6 == first->v6 && !strcmp(addr->dev, first->dev);
}

static void print_ipv4(FILE *out, __u32 id, const char *dev, bool *any)
{
	struct vc_ipv4_addr *list;
	char text[INET_ADDRSTRLEN];
	int i, n = vc_ipv4_get(id, dev, &list);

	for (i = 0; i < n; i++) {
		inet_ntop(AF_INET, &list[i].addr, text, sizeof(text));
		fprintf(out, "%s%s/%d%s%s", *any ? " " : "", text,
			__builtin_popcount(list[i].mask), *dev ? "%" : "", dev);
		*any = true;
	}
	free(list);
}

static void print_ipv6(FILE *out, __u32 id, const char *dev, bool *any)
{
	struct vc_ipv6_addr *list;
	char text[INET6_ADDRSTRLEN];
	int i, n = vc_ipv6_get(id, dev, &list);

	for (i = 0; i < n; i++) {
		inet_ntop(AF_INET6, &list[i].addr, text, sizeof(text));
		fprintf(out, "%s%s/%u%s%s", *any ? " " : "", text,
			list[i].prefixlen, *dev ? "%" : "", dev);
		*any = true;
	}
	free(list);
}

/* As --addr takes them, to be freed; NULL where nothing is confined. */
char *addresses_text(__u32 id)
{
	char (*names)[VC_DEV_NAME_SIZE];
	char *text = NULL;
	bool any = false;
	size_t length;
	FILE *out;
	int i, n;

	if (vc_addr_policy_get(id) != 1)
		return NULL;
	out = open_memstream(&text, &length);
	if (!out)
		die_memory();
	print_ipv4(out, id, "", &any);
	print_ipv6(out, id, "", &any);
	n = vc_addr_devices(id, &names);
	for (i = 0; i < n; i++) {
		print_ipv4(out, id, names[i], &any);
		print_ipv6(out, id, names[i], &any);
	}
	free(names);
	if (!any)
		fputs("none", out);
	if (fclose(out))
		die_memory();
	return text;
}
