// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of rules: what is a rule, what it fits, and that the index finds
 * what a look at one after the other would.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"
#include "rule.h"

/* A rule for the host, which is always there. */
static struct vc_rule rule_of(u32 match, u32 uid, u32 gid, const char *comm,
			      const char *exe)
{
	struct vc_rule arg = { .match = match, .uid = uid, .gid = gid };

	strscpy_pad(arg.comm, comm ?: "");
	strscpy_pad(arg.exe, exe ?: "");
	return arg;
}

static struct vc_rule_facts facts_of(u32 uid, u32 gid, const char *comm,
				     const char *exe)
{
	struct vc_rule_facts facts = {
		.uid = KUIDT_INIT(uid),
		.gid = KGIDT_INIT(gid),
		.exe = exe,
		.exe_len = exe ? strlen(exe) : 0,
	};

	strscpy_pad(facts.comm, comm);
	return facts;
}

static int parse(const struct vc_rule *arg)
{
	struct vc_rule_entry rule = { };

	return vc_rule_parse(arg, &rule);
}

/* Does @arg, which is a rule, fit? */
static bool fits(struct kunit *test, struct vc_rule arg,
		 struct vc_rule_facts facts)
{
	struct vc_rule_entry rule = { };

	KUNIT_EXPECT_EQ(test, vc_rule_parse(&arg, &rule), 0);
	return vc_rule_fits(&rule, &facts);
}

static void parse_values(struct kunit *test)
{
	struct vc_rule arg = rule_of(VC_RULE_UID, 7, ~0, NULL, NULL);

	KUNIT_EXPECT_EQ(test, parse(&arg), 0);
	arg.flags = 1;
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	arg.flags = 0;
	arg.match = 0;
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	arg.match = 16 | VC_RULE_UID;
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	/* nobody's */
	arg.match = VC_RULE_GID;
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	arg.gid = 0;
	KUNIT_EXPECT_EQ(test, parse(&arg), 0);
	arg.match |= VC_RULE_UID;
	arg.uid = ~0;
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
}

static void parse_names(struct kunit *test)
{
	struct vc_rule arg = rule_of(VC_RULE_COMM, 0, 0, "", "x");

	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	memset(arg.comm, 'c', sizeof(arg.comm));
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	arg.comm[sizeof(arg.comm) - 1] = '\0';
	KUNIT_EXPECT_EQ(test, parse(&arg), 0);

	arg.match = VC_RULE_EXE;
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	arg.exe[0] = '\0';
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	arg.exe[0] = '*';
	KUNIT_EXPECT_EQ(test, parse(&arg), 0);
	arg.exe[1] = '*';
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	memset(arg.exe, '/', sizeof(arg.exe));
	KUNIT_EXPECT_EQ(test, parse(&arg), -EINVAL);
	arg.exe[sizeof(arg.exe) - 1] = '\0';
	KUNIT_EXPECT_EQ(test, parse(&arg), 0);
}

/* Each for itself, and all that are given. */
static void fits_fields(struct kunit *test)
{
	static const u32 all[] = {
		VC_RULE_UID, VC_RULE_GID, VC_RULE_COMM, VC_RULE_EXE,
	};
	struct vc_rule arg = rule_of(0, 5, 6, "name", "/bin/name");
	struct vc_rule_facts right = facts_of(5, 6, "name", "/bin/name");
	struct vc_rule_facts wrong[] = {
		facts_of(6, 6, "name", "/bin/name"),
		facts_of(5, 5, "name", "/bin/name"),
		facts_of(5, 6, "names", "/bin/name"),
		facts_of(5, 6, "name", "/bin/names"),
	};

	for (u32 match = 1; match < 16; match++) {
		arg.match = match;
		KUNIT_EXPECT_TRUE(test, fits(test, arg, right));
		for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
			KUNIT_EXPECT_EQ(test, fits(test, arg, wrong[i]),
					!(match & all[i]));
	}
}

static void fits_exe(struct kunit *test)
{
	static const struct {
		const char *rule, *exe;
		bool fits;
	} tries[] = {
		{ "/bin/sh", "/bin/sh", true },
		{ "/bin/sh", "/bin/s", false },
		{ "/bin/sh", "/bin/sh1", false },
		{ "/bin/sh", NULL, false },
		{ "/bin/sh*", "/bin/sh", true },
		{ "/bin/sh*", "/bin/sh1", true },
		{ "/bin/sh*", "/bin/s", false },
		{ "/bin/*", "/bin/a/b", true },
		{ "/bin/*", "/bin", false },
		{ "/bin/*", "/sbin/a", false },
		/* a star in the midst is a star */
		{ "/b*n/sh", "/bin/sh", false },
		{ "/b*n/sh", "/b*n/sh", true },
		{ "/b**", "/b*n/sh", true },
		{ "/b**", "/bin/sh", false },
		{ "/*", "/bin/sh", true },
		{ "*", "/bin/sh", true },
		{ "*", NULL, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++)
		KUNIT_EXPECT_EQ_MSG(test, tries[i].fits,
				    fits(test, rule_of(VC_RULE_EXE, 0, 0, NULL,
						       tries[i].rule),
					 facts_of(0, 0, "", tries[i].exe)),
				    "%s: %s", tries[i].rule, tries[i].exe);
}

/* ---- tables ---- */

#define NR_MAX	300

/* All rules of @table, which is freed with the test. */
static struct vc_rule_table *table_new(struct kunit *test,
				       struct vc_rule_entry *rules, u32 nr)
{
	struct vc_rule_table *table = vc_rule_table_alloc(nr);

	KUNIT_ASSERT_NOT_NULL(test, table);
	for (u32 i = 0; i < nr; i++)
		table->rules[i] = &rules[i];
	vc_rule_table_index(table);
	return table;
}

/* The id of the first that fits, as the index finds it; or 0. */
static u32 find(const struct vc_rule_table *table,
		const struct vc_rule_facts *facts)
{
	const struct vc_rule_entry *found;
	struct vcontext *ctx = vc_rule_table_find(table, facts, &found);

	vcontext_put(ctx);
	return ctx ? found->id : 0;
}

/* The same by looking at one after the other; @cgroup_id tells the dead. */
static u32 find_slowly(const struct vc_rule_table *table,
		       const struct vc_rule_facts *facts)
{
	for (u32 i = 0; i < table->nr; i++)
		if (!table->rules[i]->target &&
		    vc_rule_fits(table->rules[i], facts))
			return table->rules[i]->id;
	return 0;
}

static void find_in_none(struct kunit *test)
{
	struct vc_rule_table *table = table_new(test, NULL, 0);
	struct vc_rule_facts facts = facts_of(1, 2, "c", "/e");

	KUNIT_EXPECT_EQ(test, find(table, &facts), 0);
	kvfree(table);
}

/* Whatever their shapes, the first is found; one that is dead is not. */
static void find_first(struct kunit *test)
{
	static const struct {
		u32 match;
		const char *exe;
	} shapes[] = {
		{ VC_RULE_UID }, { VC_RULE_EXE, "/bin/*" }, { VC_RULE_COMM },
		{ VC_RULE_UID }, { VC_RULE_EXE, "/bin/x" },
		{ VC_RULE_GID | VC_RULE_COMM }, { VC_RULE_EXE, "*" },
		{ 15, "/bin/x*" },
	};
	const u32 nr = ARRAY_SIZE(shapes);
	struct vc_rule_entry *rules;
	struct vc_rule_facts facts = facts_of(1, 2, "c", "/bin/x");
	struct vc_rule_table *table;
	u32 i, first;

	rules = kunit_kcalloc(test, nr, sizeof(*rules), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rules);
	for (i = 0; i < nr; i++) {
		struct vc_rule arg = rule_of(shapes[i].match, 1, 2, "c",
					     shapes[i].exe);

		KUNIT_ASSERT_EQ(test, vc_rule_parse(&arg, &rules[i]), 0);
		rules[i].id = i + 1;
	}
	for (first = 0; first <= nr; first++) {
		for (i = 0; i < nr; i++)
			rules[i].target = i < first ? VC_ID_MAX : VC_ID_HOST;
		table = table_new(test, rules, nr);
		KUNIT_EXPECT_EQ(test, find(table, &facts),
				first < nr ? first + 1 : 0);
		kvfree(table);
	}
}

static const char * const comms[] = { "a", "b", "longest-there-i" };
static const char * const exes[] = {
	"/", "/a", "/a/b", "/a/b*", "/a/b/c", "/a/b/c*", "/a/bc", "/*", "*",
};

/* Rules and processes by chance, of few values so that much fits. */
static void find_random(struct kunit *test)
{
	struct rnd_state rnd;
	struct vc_rule_entry *rules;
	struct vc_rule_table *table;
	u32 hits = 0;

	prandom_seed_state(&rnd, 4711);
	rules = kunit_kcalloc(test, NR_MAX, sizeof(*rules), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rules);
	for (int round = 0; round < 30; round++) {
		u32 nr = 1 + prandom_u32_state(&rnd) % NR_MAX;

		memset(rules, 0, NR_MAX * sizeof(*rules));
		for (u32 i = 0; i < nr; i++) {
			u32 r = prandom_u32_state(&rnd);
			struct vc_rule arg = rule_of(1 + r % 15, r >> 4 & 31,
						     r >> 9 & 31,
						     comms[(r >> 14) % 3],
						     exes[(r >> 18) % 9]);

			KUNIT_ASSERT_EQ(test, vc_rule_parse(&arg, &rules[i]), 0);
			rules[i].id = i + 1;
			rules[i].target = r >> 30 ? VC_ID_HOST : VC_ID_MAX;
		}
		table = table_new(test, rules, nr);
		for (int i = 0; i < 200; i++) {
			u32 r = prandom_u32_state(&rnd);
			struct vc_rule_facts facts =
				facts_of(r & 31, r >> 5 & 31,
					 comms[(r >> 10) % 3],
					 r >> 31 ? NULL : exes[(r >> 14) % 9]);
			u32 want = find_slowly(table, &facts);

			KUNIT_EXPECT_EQ(test, find(table, &facts), want);
			hits += !!want;
		}
		kvfree(table);
	}
	/* or nothing has been tested */
	KUNIT_EXPECT_GT(test, hits, 1000);
	KUNIT_EXPECT_LT(test, hits, 6000);
}

/* So many of one shape are one shape, and their buckets are short. */
static void index_spreads(struct kunit *test)
{
	const u32 nr = 1000;
	struct vc_rule_entry *rules;
	struct vc_rule_table *table;
	u32 longest = 0;

	rules = kunit_kcalloc(test, nr, sizeof(*rules), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rules);
	for (u32 i = 0; i < nr; i++) {
		struct vc_rule arg = rule_of(i & 1 ? VC_RULE_UID : VC_RULE_EXE,
					     1000 + i, 0, NULL, "/usr/bin/....");

		snprintf(arg.exe + 9, 5, "%u", i);
		KUNIT_ASSERT_EQ(test, vc_rule_parse(&arg, &rules[i]), 0);
		rules[i].id = i + 1;
	}
	table = table_new(test, rules, nr);
	KUNIT_EXPECT_EQ(test, table->nr_shapes, 2);
	for (u32 b = 0; b <= table->mask; b++) {
		u32 len = 0;

		for (u32 i = table->first[b]; i; i = table->next[i - 1])
			len++;
		longest = max(longest, len);
	}
	KUNIT_EXPECT_LE(test, longest, 10);
	kvfree(table);
}

static struct kunit_case rule_cases[] = {
	KUNIT_CASE(parse_values),
	KUNIT_CASE(parse_names),
	KUNIT_CASE(fits_fields),
	KUNIT_CASE(fits_exe),
	KUNIT_CASE(find_in_none),
	KUNIT_CASE(find_first),
	KUNIT_CASE(find_random),
	KUNIT_CASE(index_spreads),
	{}
};

static struct kunit_suite rule_suite = {
	.name = "vcontext_rule",
	.test_cases = rule_cases,
};

kunit_test_suite(rule_suite);
