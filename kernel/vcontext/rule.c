// SPDX-License-Identifier: GPL-2.0
/*
 * Category 16: rules that say to which context a process of the host belongs.
 *
 * The rules are a classifier, registered while there are any.  The first that
 * fits decides.
 *
 * However many rules there are, few are looked at.  What a rule looks at is its
 * shape: which of uid, gid and comm, and of the program's path nothing, all or
 * so many bytes.  Rules are in a hash of what they look at and of their shape;
 * a process is looked up once for each shape that there is, mostly a handful.
 *
 * A table never changes: who adds or removes makes another one.  Readers use
 * RCU, and see all rules of one moment.
 *
 * A rule means the context that had the id when it was added.  Once that is
 * gone it fits nobody, and says so, until it is removed.
 */
#include <linux/bitmap.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "internal.h"
#include "rule.h"

static_assert(sizeof(struct vc_rule) == 168);
static_assert(sizeof(struct vc_rules) == 8);
static_assert(sizeof_field(struct vc_rule, comm) == TASK_COMM_LEN);

/* As many as a list of them can have. */
#define RULES_MAX	VC_LIST_MAX

#define MATCH_ALL	(VC_RULE_UID | VC_RULE_GID | VC_RULE_COMM | VC_RULE_EXE)

/* A shape: bits of match, and above them what it takes of the path. */
#define SHAPE_BITS	(VC_RULE_UID | VC_RULE_GID | VC_RULE_COMM)
#define SHAPE_EXE	3	/* here begins: */
#define EXE_NONE	0U
#define EXE_ALL		1U
#define EXE_PREFIX	2U	/* plus its length */
#define SHAPES_MAX	((EXE_PREFIX + VC_EXE_SIZE) << SHAPE_EXE)

/* SETs; see the order of locks in internal.h. */
static DEFINE_MUTEX(rule_mutex);
/* %NULL without rules.  Written under rule_mutex, read there or under RCU. */
static struct vc_rule_table __rcu *rules;
/* under rule_mutex */
static u32 last_id;

/* ---- one rule ---- */

/**
 * vc_rule_fits - does a rule fit a process?
 * @rule: whatever has become of its context
 * @facts: of the process
 *
 * Context: any.
 * Return: does all match that counts?
 */
bool vc_rule_fits(const struct vc_rule_entry *rule,
		  const struct vc_rule_facts *facts)
{
	if ((rule->match & VC_RULE_UID) && !uid_eq(rule->uid, facts->uid))
		return false;
	if ((rule->match & VC_RULE_GID) && !gid_eq(rule->gid, facts->gid))
		return false;
	if ((rule->match & VC_RULE_COMM) &&
	    memcmp(rule->comm, facts->comm, TASK_COMM_LEN))
		return false;
	if (!(rule->match & VC_RULE_EXE))
		return true;
	return facts->exe &&
	       (rule->exe_prefix ? facts->exe_len >= rule->exe_len :
				   facts->exe_len == rule->exe_len) &&
	       !memcmp(rule->exe, facts->exe, rule->exe_len);
}

static u16 shape_of(const struct vc_rule_entry *rule)
{
	unsigned int exe = EXE_NONE;

	if (rule->match & VC_RULE_EXE)
		exe = rule->exe_prefix ? EXE_PREFIX + rule->exe_len : EXE_ALL;
	return (rule->match & SHAPE_BITS) | exe << SHAPE_EXE;
}

/* Of what @shape looks at; @exe_len bytes of the path. */
static u32 shape_hash(u16 shape, kuid_t uid, kgid_t gid, const char *comm,
		      const char *exe, size_t exe_len)
{
	u32 hash;

	hash = jhash_3words(shape,
			    shape & VC_RULE_UID ? __kuid_val(uid) : 0,
			    shape & VC_RULE_GID ? __kgid_val(gid) : 0, 0);
	if (shape & VC_RULE_COMM)
		hash = jhash(comm, TASK_COMM_LEN, hash);
	if (shape >> SHAPE_EXE != EXE_NONE)
		hash = jhash(exe, exe_len, hash);
	return hash;
}

/**
 * vc_rule_parse - a rule as user space gives it
 * @arg: unchecked
 * @rule: filled but for its id and context
 *
 * Context: process.
 * Return: 0 or %-EINVAL.
 */
int vc_rule_parse(const struct vc_rule *arg, struct vc_rule_entry *rule)
{
	size_t len;
	int ret;

	if (arg->flags)
		return vc_fail(-EINVAL, "flags %#x: none is known", arg->flags);
	if (!arg->match || (arg->match & ~MATCH_ALL))
		return vc_fail(-EINVAL, "match %#x: one or more of %#x",
			       arg->match, MATCH_ALL);
	rule->match = arg->match;

	if (arg->match & VC_RULE_UID) {
		rule->uid = make_kuid(current_user_ns(), arg->uid);
		if (!uid_valid(rule->uid))
			return vc_fail(-EINVAL, "uid %u: nobody's", arg->uid);
	}
	if (arg->match & VC_RULE_GID) {
		rule->gid = make_kgid(current_user_ns(), arg->gid);
		if (!gid_valid(rule->gid))
			return vc_fail(-EINVAL, "gid %u: nobody's", arg->gid);
	}
	if (arg->match & VC_RULE_COMM) {
		len = strnlen(arg->comm, TASK_COMM_LEN);
		if (!len || len == TASK_COMM_LEN)
			return vc_fail(-EINVAL, "comm: 1 to %d bytes and a NUL",
				       TASK_COMM_LEN - 1);
		memcpy(rule->comm, arg->comm, len);
	}
	if (arg->match & VC_RULE_EXE) {
		ret = vc_check_text("exe", arg->exe, VC_EXE_SIZE);
		if (ret)
			return ret;
		if (arg->exe[0] != '/' && strcmp(arg->exe, "*"))
			return vc_fail(-EINVAL,
				       "exe is neither an absolute path nor *");
		len = strlen(arg->exe);
		memcpy(rule->exe, arg->exe, len);
		rule->exe_prefix = arg->exe[len - 1] == '*';
		rule->exe_len = len - rule->exe_prefix;
	}
	rule->shape = shape_of(rule);
	rule->hash = shape_hash(rule->shape, rule->uid, rule->gid, rule->comm,
				rule->exe, rule->exe_len);
	return 0;
}

/* Its context, referenced, or %NULL when that is gone or going. */
static struct vcontext *target_of(const struct vc_rule_entry *rule)
{
	struct vcontext *ctx;

	ctx = vcontext_find(rule->target, vcontext_host);
	if (ctx && ctx->level && (ctx->cgroup_id != rule->cgroup_id ||
				  READ_ONCE(ctx->dying))) {
		vcontext_put(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* ---- all rules ---- */

/**
 * vc_rule_table_alloc - make a table
 * @nr: for how many rules, which the caller fills in
 *
 * Context: may sleep.
 * Return: for vc_rule_table_index(), or %NULL; freed by kvfree().
 */
struct vc_rule_table *vc_rule_table_alloc(u32 nr)
{
	u32 buckets = roundup_pow_of_two(max(nr, 1U));
	struct vc_rule_table *table;
	size_t size;

	size = struct_size(table, rules, nr) + nr * sizeof(*table->next) +
	       buckets * sizeof(*table->first) +
	       min_t(size_t, nr, SHAPES_MAX) * sizeof(*table->shapes);
	table = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	table->nr = nr;
	table->mask = buckets - 1;
	table->first = (void *)table + struct_size(table, rules, nr);
	table->next = table->first + buckets;
	table->shapes = (u16 *)(table->next + nr);
	return table;
}

/**
 * vc_rule_table_index - make rules ready to be found
 * @table: with its rules, nobody else knows it
 *
 * Context: any.
 */
void vc_rule_table_index(struct vc_rule_table *table)
{
	DECLARE_BITMAP(seen, SHAPES_MAX) = { };
	u32 i, bucket;

	/* from the end, so that in each bucket the first comes first */
	for (i = table->nr; i--; ) {
		const struct vc_rule_entry *rule = table->rules[i];

		bucket = rule->hash & table->mask;
		table->next[i] = table->first[bucket];
		table->first[bucket] = i + 1;
		if (!__test_and_set_bit(rule->shape, seen))
			table->shapes[table->nr_shapes++] = rule->shape;
		if (rule->match & VC_RULE_EXE)
			table->wants_exe = true;
	}
}

/**
 * vc_rule_table_find - the first rule that fits a process
 * @table: all rules
 * @facts: of the process
 * @found: the rule, good as long as @table is; or %NULL
 *
 * Context: any.
 * Return: its context, a reference; %NULL if none fits.
 */
struct vcontext *vc_rule_table_find(const struct vc_rule_table *table,
				    const struct vc_rule_facts *facts,
				    const struct vc_rule_entry **found)
{
	struct vcontext *ctx, *best_ctx = NULL;
	u32 best = table->nr, i, s, hash;

	for (s = 0; s < table->nr_shapes; s++) {
		unsigned int exe = table->shapes[s] >> SHAPE_EXE;
		size_t len = facts->exe_len;

		if (exe >= EXE_PREFIX)
			len = exe - EXE_PREFIX;
		/* longer than any rule, or shorter than this one's part */
		if (exe != EXE_NONE &&
		    (!facts->exe || len >= VC_EXE_SIZE || len > facts->exe_len))
			continue;
		hash = shape_hash(table->shapes[s], facts->uid, facts->gid,
				  facts->comm, facts->exe, len);
		for (i = table->first[hash & table->mask]; i && i <= best;
		     i = table->next[i - 1]) {
			if (!vc_rule_fits(table->rules[i - 1], facts))
				continue;
			ctx = target_of(table->rules[i - 1]);
			if (!ctx)
				continue;
			vcontext_put(best_ctx);
			best_ctx = ctx;
			best = i - 1;
			break;
		}
	}
	*found = best_ctx ? table->rules[best] : NULL;
	return best_ctx;
}

/* ---- processes ---- */

static void facts_of(struct vc_rule_facts *facts, struct task_struct *task)
{
	const struct cred *cred;

	rcu_read_lock();
	cred = __task_cred(task);
	facts->uid = cred->uid;
	facts->gid = cred->gid;
	rcu_read_unlock();
	get_task_comm(facts->comm, task);
}

/*
 * The program's path, as seen from the root of its mount namespace: a chroot
 * must not lead astray.  Into @buf, of PATH_MAX.
 */
static void facts_exe(struct vc_rule_facts *facts, struct task_struct *task,
		      char *buf)
{
	struct file *file = get_task_exe_file(task);
	char *path;

	if (!file)
		return;
	path = d_absolute_path(&file->f_path, buf, PATH_MAX);
	if (!IS_ERR(path)) {
		facts->exe = path;
		facts->exe_len = buf + PATH_MAX - 1 - path;
	}
	fput(file);
}

/* Where @task belongs, referenced, or %NULL.  May sleep. */
static struct vcontext *rule_match(struct task_struct *task)
{
	const struct vc_rule_entry *rule;
	const struct vc_rule_table *table;
	struct vc_rule_facts facts = { };
	struct vcontext *ctx = NULL;
	char *buf = NULL;

	facts_of(&facts, task);
	for (;;) {
		rcu_read_lock();
		table = rcu_dereference(rules);
		if (!table || buf || !table->wants_exe)
			break;
		rcu_read_unlock();
		/* without it a rule would be passed over */
		buf = kmalloc(PATH_MAX, GFP_KERNEL | __GFP_NOFAIL);
		facts_exe(&facts, task, buf);
	}
	if (table)
		ctx = vc_rule_table_find(table, &facts, &rule);
	rcu_read_unlock();
	kfree(buf);
	return ctx;
}

static struct vcontext *rule_classify(enum vcontext_occasion occasion)
{
	return rule_match(current);
}

static struct vcontext_classifier rule_classifier = {
	.name = "rules",
	.occasions = BIT(VCONTEXT_FORK) | BIT(VCONTEXT_EXEC) |
		     BIT(VCONTEXT_IDS) | BIT(VCONTEXT_LOGIN),
	.classify = rule_classify,
};

/* ---- add, list, remove ---- */

static struct vc_rule_table *rules_locked(void)
{
	return rcu_dereference_protected(rules, lockdep_is_held(&rule_mutex));
}

/* Some number that no rule has. */
static u32 free_id(const struct vc_rule_table *table)
{
	u32 i = 0;

	lockdep_assert_held(&rule_mutex);

	while (!i) {
		/* it is a result: never negative, in 32 bits neither */
		last_id = last_id >= INT_MAX ? 1 : last_id + 1;
		for (i = 1; table && i <= table->nr; i++)
			if (table->rules[i - 1]->id == last_id)
				break;
		if (table && i <= table->nr)
			i = 0;
	}
	return last_id;
}

/* Let @table, or %NULL, be the rules from now on. */
static void publish(struct vc_rule_table *table)
{
	struct vc_rule_table *old = rules_locked();

	if (table)
		vc_rule_table_index(table);
	rcu_assign_pointer(rules, table);
	if (table && !old)
		WARN_ON_ONCE(vcontext_classifier_register(&rule_classifier));
	if (!table && old)
		vcontext_classifier_unregister(&rule_classifier);
	if (old)
		kvfree_rcu(old, rcu);
}

static int add_locked(struct vc_rule_entry *rule)
{
	struct vc_rule_table *table, *old = rules_locked();
	u32 nr = old ? old->nr : 0;

	if (nr >= RULES_MAX)
		return vc_fail(-ENOSPC, "there are %u rules, the most there may be",
			       nr);
	table = vc_rule_table_alloc(nr + 1);
	if (!table)
		return -ENOMEM;
	if (old)
		memcpy(table->rules, old->rules, nr * sizeof(rule));
	table->rules[nr] = rule;
	rule->id = free_id(old);
	publish(table);
	return rule->id;
}

static long rule_add(struct vc_request *req)
{
	const struct vc_rule *arg = req->data;
	struct vc_rule_entry *rule;
	struct vcontext *ctx = NULL;
	int ret;

	rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);
	if (!rule)
		return -ENOMEM;
	ret = vc_rule_parse(arg, rule);
	if (ret)
		goto err_free;

	ret = -ESRCH;
	ctx = vcontext_find(arg->target, vcontext_host);
	if (!ctx || READ_ONCE(ctx->dying)) {
		vc_fail(ret, "target %u: no such context", arg->target);
		goto err_put;
	}
	rule->target = ctx->id;
	rule->cgroup_id = ctx->cgroup_id;
	if (!vc_classify_fits(ctx)) {
		ret = vc_fail(-EINVAL,
			      "target %u: it has a PID namespace, which no process that runs can enter",
			      ctx->id);
		goto err_put;
	}

	ret = -ERESTARTNOINTR;
	if (mutex_lock_interruptible(&rule_mutex))
		goto err_put;
	ret = add_locked(rule);
	mutex_unlock(&rule_mutex);
	if (ret < 0)
		goto err_put;
	vcontext_put(ctx);
	return ret;

err_put:
	vcontext_put(ctx);
err_free:
	kfree(rule);
	return ret;
}

static int remove_locked(u32 id)
{
	struct vc_rule_table *table = NULL, *old = rules_locked();
	struct vc_rule_entry *rule;
	u32 i, nr = old ? old->nr : 0;

	for (i = 0; i < nr && old->rules[i]->id != id; i++)
		;
	if (i == nr)
		return vc_fail(-ENOENT, "there is no rule %u", id);
	rule = old->rules[i];
	if (nr > 1) {
		table = vc_rule_table_alloc(nr - 1);
		if (!table)
			return -ENOMEM;
		memcpy(table->rules, old->rules, i * sizeof(rule));
		memcpy(table->rules + i, old->rules + i + 1,
		       (nr - 1 - i) * sizeof(rule));
	}
	publish(table);
	kfree_rcu(rule, rcu);
	return 0;
}

static long rule_remove(struct vc_request *req)
{
	int ret;

	if (mutex_lock_interruptible(&rule_mutex))
		return -ERESTARTNOINTR;
	ret = remove_locked(*(u32 *)req->data);
	mutex_unlock(&rule_mutex);
	return ret;
}

/* As it was given. */
static void rule_tell(const struct vc_rule_entry *rule, struct vc_rule *arg)
{
	struct vcontext *ctx = target_of(rule);

	memset(arg, 0, sizeof(*arg));
	arg->id = rule->id;
	arg->match = rule->match;
	if (rule->match & VC_RULE_UID)
		arg->uid = from_kuid_munged(current_user_ns(), rule->uid);
	if (rule->match & VC_RULE_GID)
		arg->gid = from_kgid_munged(current_user_ns(), rule->gid);
	arg->target = ctx ? rule->target : VC_ID_SELF;
	memcpy(arg->comm, rule->comm, sizeof(arg->comm));
	memcpy(arg->exe, rule->exe, sizeof(arg->exe));
	vcontext_put(ctx);
}

static long rule_get(struct vc_request *req)
{
	const struct vc_rules *arg = req->data;
	const struct vc_rule_table *table;
	struct vc_rule *list = NULL;
	int ret = 0;
	u32 i;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");

	if (mutex_lock_interruptible(&rule_mutex))
		return -ERESTARTNOINTR;
	table = rules_locked();
	if (table) {
		list = kvmalloc_array(table->nr, sizeof(*list),
				      GFP_KERNEL_ACCOUNT);
		if (!list)
			ret = -ENOMEM;
	}
	if (list) {
		for (i = 0; i < table->nr; i++)
			rule_tell(table->rules[i], &list[i]);
		req->nr = table->nr;
	}
	mutex_unlock(&rule_mutex);
	req->list = list;
	return ret;
}

/* For /proc: a line for each rule. */
static void rule_show(struct seq_file *m, const struct vc_command *command,
		      const struct vc_request *req)
{
	const struct vc_rule_table *table;
	struct vc_rule arg;
	u32 i;

	mutex_lock(&rule_mutex);
	table = rules_locked();
	for (i = 0; table && i < table->nr; i++) {
		rule_tell(table->rules[i], &arg);
		seq_printf(m, "%s id=%u", command->name, arg.id);
		if (arg.match & VC_RULE_UID)
			seq_printf(m, " uid=%u", arg.uid);
		if (arg.match & VC_RULE_GID)
			seq_printf(m, " gid=%u", arg.gid);
		if (arg.match & VC_RULE_COMM) {
			seq_puts(m, " comm=");
			seq_escape(m, arg.comm, " \t\n\\");
		}
		if (arg.match & VC_RULE_EXE) {
			seq_puts(m, " exe=");
			seq_escape(m, arg.exe, " \t\n\\");
		}
		if (arg.target == VC_ID_SELF)
			seq_puts(m, " target=gone\n");
		else
			seq_printf(m, " target=%u\n", arg.target);
	}
	mutex_unlock(&rule_mutex);
}

/* ---- apply ---- */

/* Of a process that has to go by itself. */
static void apply_work(struct callback_head *work)
{
	struct vcontext *ctx;

	kfree(work);
	while (!(current->flags & PF_EXITING) &&
	       !fatal_signal_pending(current)) {
		ctx = rule_match(current);
		if (!ctx || vc_classify_move(ctx, current))
			break;
		cond_resched();
	}
}

static void apply_by_itself(struct task_struct *task,
			    enum task_work_notify_mode how)
{
	struct callback_head *work;

	work = kmalloc(sizeof(*work), GFP_KERNEL | __GFP_NOFAIL);
	init_task_work(work, apply_work);
	if (task_work_add(task, work, how))
		kfree(work);
}

/* @task, of another process, goes where it belongs. */
static void apply_to(struct task_struct *task)
{
	struct vcontext *ctx;

	while (!fatal_signal_pending(current)) {
		ctx = rule_match(task);
		if (!ctx)
			return;
		if (vc_ns_owned(ctx, NULL)) {
			/* wakes it up where it sleeps, as a freezer would */
			apply_by_itself(task, TWA_SIGNAL);
			vcontext_put(ctx);
			return;
		}
		if (vc_classify_move(ctx, task))
			return;
	}
}

/*
 * A live thread of the process with the number @nr or the next one after it,
 * referenced; @nr becomes its number.  %NULL at the end.
 */
static struct task_struct *next_process(int *nr)
{
	struct task_struct *leader, *pos, *found = NULL;
	struct pid *pid;

	rcu_read_lock();
	while (!found && (pid = find_ge_pid(*nr, &init_pid_ns))) {
		*nr = pid_nr(pid);
		leader = pid_task(pid, PIDTYPE_TGID);
		if (leader && vc_classify_concerns(leader)) {
			/* the leader may have gone before the others */
			for_each_thread(leader, pos) {
				if (pos->flags & PF_EXITING)
					continue;
				if (!vcontext_of_task(pos))
					found = get_task_struct(pos);
				break;
			}
		}
		if (!found)
			++*nr;
	}
	rcu_read_unlock();
	return found;
}

/*
 * Who is forked meanwhile is met, or has met the rules.  Done twice it does no
 * harm, so that a call which was killed half-way has not failed half.
 */
static long rule_apply(struct vc_request *req)
{
	struct task_struct *task;
	bool moved;
	int nr;

	if (!rcu_access_pointer(rules))
		return 0;
	for (nr = 1; (task = next_process(&nr)); nr++) {
		if (!same_thread_group(task, current))
			apply_to(task);
		put_task_struct(task);
		if (fatal_signal_pending(current))
			return -EINTR;
		rcu_read_lock();
		moved = vcontext_of_task(current);
		rcu_read_unlock();
		if (moved)
			return vc_fail(-ESRCH, "the caller has been moved");
		cond_resched();
	}
	/* last, since only the host may move others */
	if (vc_classify_concerns(current))
		apply_by_itself(current, TWA_RESUME);
	return 0;
}

static const struct vc_command class_commands[] = {
	[VC_CLASS_RULE] = {
		.name = "rule",
		.doc = "add a rule at the end / the rules in their order",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show_all = rule_show,
		.set = VC_METHOD(rule_add, VC_KIND_HOST, VC_DATA_IN,
				 struct vc_rule),
		.get = VC_METHOD_LIST(rule_get, VC_KIND_HOST, struct vc_rules,
				      struct vc_rule),
	},
	[VC_CLASS_REMOVE] = {
		.name = "remove",
		.doc = "remove a rule",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD(rule_remove, VC_KIND_HOST, VC_DATA_IN, u32),
	},
	[VC_CLASS_APPLY] = {
		.name = "apply",
		.doc = "move all running processes that a rule fits",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD_PLAIN(rule_apply, VC_KIND_HOST),
	},
};

VC_DECLARE_CATEGORY(class, VC_CAT_CLASS, 1, class_commands);
