/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules and how they are looked up: rule.c and its test.
 */
#ifndef _KERNEL_VCONTEXT_RULE_H
#define _KERNEL_VCONTEXT_RULE_H

#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <uapi/linux/vcontext.h>

struct vcontext;

/**
 * struct vc_rule_entry - a rule
 * @rcu: to free it
 * @id: by which it is removed
 * @match: VC_RULE_*
 * @uid: if it counts
 * @gid: if it counts
 * @target: id of the context, or the host
 * @cgroup_id: of the context, which no other one ever has
 * @exe_len: bytes of @exe that count, the star is none
 * @exe_prefix: anything may follow
 * @comm: if it counts, padded with zeroes
 * @exe: if it counts
 * @shape: what it looks at, see rule.c
 * @hash: of what it looks at, and of @shape
 *
 * Constant once it is in a table.
 */
struct vc_rule_entry {
	struct rcu_head rcu;
	u32 id;
	u32 match;
	kuid_t uid;
	kgid_t gid;
	u32 target;
	u8 exe_len;
	bool exe_prefix;
	u64 cgroup_id;
	char comm[TASK_COMM_LEN];
	char exe[VC_EXE_SIZE];
	u16 shape;
	u32 hash;
};

/**
 * struct vc_rule_facts - what rules look at
 * @uid: real one
 * @gid: real one
 * @comm: padded with zeroes
 * @exe: absolute path, or %NULL if there is none
 * @exe_len: of it
 */
struct vc_rule_facts {
	kuid_t uid;
	kgid_t gid;
	char comm[TASK_COMM_LEN];
	const char *exe;
	size_t exe_len;
};

/**
 * struct vc_rule_table - all rules at one time
 * @rcu: to free it
 * @nr: how many
 * @nr_shapes: how many of @shapes
 * @mask: number of buckets, which is a power of 2, minus one
 * @wants_exe: some rule looks at the program
 * @shapes: what the rules look at, each once; see rule.c
 * @first: of each bucket, the first rule's place plus one; or 0
 * @next: of each rule, that of the next one in its bucket; or 0
 * @rules: in their order; owned by who changes them
 *
 * Constant once it can be found.
 */
struct vc_rule_table {
	struct rcu_head rcu;
	u32 nr;
	u32 nr_shapes;
	u32 mask;
	bool wants_exe;
	u16 *shapes;
	u32 *first;
	u32 *next;
	struct vc_rule_entry *rules[] __counted_by(nr);
};

bool vc_rule_fits(const struct vc_rule_entry *rule,
		  const struct vc_rule_facts *facts);
struct vc_rule_table *vc_rule_table_alloc(u32 nr) __must_check;
void vc_rule_table_index(struct vc_rule_table *table);
struct vcontext *vc_rule_table_find(const struct vc_rule_table *table,
				    const struct vc_rule_facts *facts,
				    const struct vc_rule_entry **found);
int vc_rule_parse(const struct vc_rule *arg, struct vc_rule_entry *rule);

#endif /* _KERNEL_VCONTEXT_RULE_H */
