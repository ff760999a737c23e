// SPDX-License-Identifier: GPL-2.0
/*
 * Category 16: which rule decides, when it is asked, and who is moved.
 *
 * No rule here fits the test itself: they look for names, programs and ids that
 * only its children have.
 */
#include "common.h"

#define MARK		"vc-marked"
#define OTHER		"vc-other"
#define A_UID		54321
#define A_GID		54322
#define EXE_DIR		"/tmp/vc-class"
#define EXE		EXE_DIR "/marked"
#define EXE_OTHER	EXE_DIR "/other"
#define RULES_MAX	4096

/* Where a program was when it began; before any other constructor. */
static long first_where = -ENODATA;

static __attribute__((constructor(101))) void first_constructor(void)
{
	first_where = vc(VC_WHERE, 0, NULL);
}

static long a_first(long a, long b, long c)
{
	return first_where;
}

/* ---- rules ---- */

static struct {
	struct vc_rules head;
	struct vc_rule rule[RULES_MAX];
} all;

/* How many there are; they are in all.rule then. */
static long rules_get(void)
{
	long ret;

	memset(&all, 0xa5, sizeof(all));
	all.head.count = RULES_MAX;
	all.head.reserved = 0;
	ret = vc(VC_GET_RULES, 0, &all);
	return ret ? ret : (long)all.head.count;
}

static long rule_remove(__u32 id)
{
	return vc(VC_REMOVE_RULE, 0, &id);
}

static void rules_clear(void)
{
	long nr;

	caps_raise();
	nr = rules_get();
	while (nr > 0)
		rule_remove(all.rule[--nr].id);
}

static struct vc_rule rule_make(__u32 match, __u32 target)
{
	struct vc_rule rule = {
		.match = match,
		.uid = A_UID,
		.gid = A_GID,
		.target = target,
		.comm = MARK,
		.exe = EXE,
	};

	return rule;
}

static long rule_add(__u32 match, __u32 target)
{
	struct vc_rule rule = rule_make(match, target);

	return vc(VC_ADD_RULE, 0, &rule);
}

static long rule_add_comm(const char *comm, __u32 target)
{
	struct vc_rule rule = { .match = VC_RULE_COMM, .target = target };

	COPY(rule.comm, comm);
	return vc(VC_ADD_RULE, 0, &rule);
}

static long rule_add_exe(const char *exe, __u32 target)
{
	struct vc_rule rule = { .match = VC_RULE_EXE, .target = target };

	COPY(rule.exe, exe);
	return vc(VC_ADD_RULE, 0, &rule);
}

FIXTURE(class) {
	int unused;
};

FIXTURE_SETUP(class)
{
	VC_SETUP();
	rules_clear();
	mkdir(EXE_DIR, 0755);
	ASSERT_EQ(0, file_copy("/proc/self/exe", EXE));
	ASSERT_EQ(0, file_copy("/proc/self/exe", EXE_OTHER));
}

FIXTURE_TEARDOWN(class)
{
	rules_clear();
	vc_teardown();
	unlink(EXE);
	unlink(EXE_OTHER);
	rmdir(EXE_DIR);
}

/* ---- children ---- */

static long where(void)
{
	return vc(VC_WHERE, 0, NULL);
}

static long stay(long arg)
{
	return 0;
}

/* A child that executed @exe: where it found itself, or -errno. */
static long exec_where(const char *exe)
{
	struct agent agent;
	long ret = agent_start_by(&agent, stay, 0, exe, 0);

	if (ret)
		return ret;
	ret = ask0(&agent, a_first);
	/* it has not moved since */
	if (ret >= 0 && ask3(&agent, a_where, 0, 0, 0) != ret)
		ret = -EXDEV;
	agent_end(&agent);
	return ret;
}

/* Where a child of a child with @name finds itself. */
static long fork_where(const char *name)
{
	int out[2];
	long ret = -EIO;
	pid_t pid;

	if (pipe(out))
		return -errno;
	pid = child_fork();
	if (!pid) {
		prctl(PR_SET_NAME, name);
		/* the name alone moves nobody */
		if (where())
			_exit(1);
		pid = fork();
		if (!pid) {
			ret = where();
			_exit(write(out[1], &ret, sizeof(ret)) != sizeof(ret));
		}
		if (child_wait(pid) || where())
			_exit(1);
		_exit(0);
	}
	close(out[1]);
	if (child_wait(pid) || read(out[0], &ret, sizeof(ret)) != sizeof(ret))
		ret = -EPROTO;
	close(out[0]);
	return ret;
}

/* Where a child that changes its ids by @how finds itself. */
enum how { SETUID, SETEUID, SETGID, SETEGID, SETREGID, SETGROUPS, BOTH };

static long ids_where_child(long how)
{
	gid_t group = A_GID;
	long ret = 0;

	if (where())
		return -EXDEV;
	switch (how) {
	case SETUID:
		ret = res(syscall(SYS_setuid, A_UID));
		break;
	case SETEUID:
		ret = res(syscall(SYS_setresuid, -1, A_UID, -1));
		break;
	case SETGID:
		ret = res(syscall(SYS_setgid, A_GID));
		break;
	case SETEGID:
		ret = res(syscall(SYS_setresgid, -1, A_GID, -1));
		break;
	case SETREGID:
		ret = res(syscall(SYS_setregid, A_GID, A_GID));
		break;
	case SETGROUPS:
		ret = res(syscall(SYS_setgroups, 1, &group));
		break;
	case BOTH:
		ret = res(syscall(SYS_setgid, A_GID));
		if (!ret && where())
			ret = -EXDEV;
		if (!ret)
			ret = res(syscall(SYS_setuid, A_UID));
		break;
	}
	return ret ? ret : where();
}

static long ids_where(enum how how)
{
	return in_child(ids_where_child, how);
}

/* A child with a name that does nothing. */
static pid_t idle(const char *name)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = child_fork();
	if (!pid) {
		prctl(PR_SET_NAME, name);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	/* nobody writes: the other end is closed when it has its name */
	if (read(ready[0], &byte, 1))
		pid = -1;
	close(ready[0]);
	return pid;
}

/* ---- events ---- */

static int ev_open(__u32 id)
{
	int fd = vc(VC_OPEN_EVENTS, id, NULL);

	if (fd >= 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* The process that the next REFUSED is about; 0 if there is none, or -errno. */
static long ev_refused(int fd, __u32 id)
{
	struct vc_event event;

	while (read(fd, &event, sizeof(event)) == sizeof(event))
		if (event.type == VC_EVENT_REFUSED)
			return event.id == id ? (long)event.value : -EPROTO;
	return errno == EAGAIN ? 0 : -errno;
}

/* ---- the call ---- */

TEST_F(class, add_list_remove)
{
	struct vc_rule rule = rule_make(15, 0);
	long ctx = ctx_new(0), id[3];
	int i;

	ASSERT_LT(0, ctx);
	rule.target = ctx;
	EXPECT_EQ(0, rules_get());
	for (i = 0; i < 3; i++) {
		rule.match = i == 1 ? VC_RULE_COMM : 15;
		rule.id = 4711;
		id[i] = vc(VC_ADD_RULE, 0, &rule);
		ASSERT_LT(0, id[i]);
	}
	EXPECT_NE(id[0], id[1]);
	EXPECT_NE(id[1], id[2]);
	ASSERT_EQ(3, rules_get());
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(id[i], all.rule[i].id);
		EXPECT_EQ(ctx, all.rule[i].target);
		EXPECT_EQ(0U, all.rule[i].flags);
		EXPECT_STREQ(MARK, all.rule[i].comm);
		if (i == 1)
			continue;
		rule.match = 15;
		rule.id = id[i];
		EXPECT_EQ(0, memcmp(&rule, &all.rule[i], sizeof(rule)));
	}
	/* What does not count is not there. */
	EXPECT_EQ((__u32)VC_RULE_COMM, all.rule[1].match);
	EXPECT_EQ(0U, all.rule[1].uid);
	EXPECT_EQ(0U, all.rule[1].gid);
	EXPECT_STREQ("", all.rule[1].exe);

	EXPECT_EQ(0, rule_remove(id[1]));
	EXPECT_EQ(-ENOENT, rule_remove(id[1]));
	EXPECT_STRNE("", ctx_error());
	EXPECT_EQ(-ENOENT, rule_remove(0));
	ASSERT_EQ(2, rules_get());
	EXPECT_EQ(id[0], all.rule[0].id);
	EXPECT_EQ(id[2], all.rule[1].id);

	/* Less room than there are. */
	memset(&all, 0xa5, sizeof(all));
	all.head.count = 1;
	all.head.reserved = 0;
	EXPECT_EQ(0, vc(VC_GET_RULES, 0, &all));
	EXPECT_EQ(2U, all.head.count);
	EXPECT_EQ(id[0], all.rule[0].id);
	EXPECT_EQ(0xa5a5a5a5, all.rule[1].id);
	all.head.reserved = 1;
	EXPECT_EQ(-EINVAL, vc(VC_GET_RULES, 0, &all));

	EXPECT_EQ(0, rule_remove(id[0]));
	EXPECT_EQ(0, rule_remove(id[2]));
	EXPECT_EQ(0, rules_get());
}

TEST_F(class, values)
{
	long ctx = ctx_new(0), pidns = ctx_new(VC_CREATE_PIDNS);
	struct vc_rule rule;

	ASSERT_LT(0, ctx);
	ASSERT_LT(0, pidns);
#define WRONG(errno_, assignment) do { \
	rule = rule_make(15, ctx); \
	assignment; \
	EXPECT_EQ(-(errno_), vc(VC_ADD_RULE, 0, &rule)) \
		TH_LOG(#assignment); \
	EXPECT_STRNE("", ctx_error()); \
} while (0)
	WRONG(EINVAL, rule.flags = 1);
	WRONG(EINVAL, rule.match = 0);
	WRONG(EINVAL, rule.match = 16);
	WRONG(EINVAL, rule.match = 31);
	WRONG(EINVAL, rule.uid = -1);
	WRONG(EINVAL, rule.gid = -1);
	WRONG(EINVAL, rule.comm[0] = '\0');
	WRONG(EINVAL, memset(rule.comm, 'x', sizeof(rule.comm)));
	WRONG(EINVAL, rule.exe[0] = '\0');
	WRONG(EINVAL, rule.exe[0] = 'x');
	WRONG(EINVAL, memset(rule.exe, '/', sizeof(rule.exe)));
	WRONG(ESRCH, rule.target = ID_UNKNOWN);
	WRONG(ESRCH, rule.target = VC_ID_SELF);
	/* Nobody changes his own PID namespace. */
	WRONG(EINVAL, rule.target = pidns);
#undef WRONG
	EXPECT_EQ(0, rules_get());
	/* What does not count is not looked at. */
	rule = rule_make(VC_RULE_UID, ctx);
	rule.gid = -1;
	memset(rule.comm, 'x', sizeof(rule.comm));
	memset(rule.exe, 'x', sizeof(rule.exe));
	EXPECT_LT(0, vc(VC_ADD_RULE, 0, &rule));
	EXPECT_EQ(1, rules_get());
}

static long check_order(long target)
{
	const __u32 words[] = { VC_ADD_RULE, VC_REMOVE_RULE, VC_APPLY_RULES };
	struct vc_rule rule = rule_make(15, target);
	void *unmapped = (void *)4096;
	unsigned int i;

	rule.flags = 1;
	if (caps_lower())
		return -EIO;
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		/* Whatever the id. */
		if (vc(words[i] | VC_RESERVED_BIT, 1, unmapped) != -EINVAL)
			return 100 + i;
		if (vc(words[i] | 1 << 8, ID_UNKNOWN, unmapped) != -EPERM)
			return 110 + i;
	}
	/* Reading takes no right. */
	if (rules_get() < 0)
		return 120;
	if (caps_raise())
		return -EIO;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (vc(words[i] | 1 << 8, ID_UNKNOWN, unmapped) != -EINVAL)
			return 130 + i;
	for (i = 0; i < 2; i++)
		if (vc(words[i] | 4097 << 8, 0, unmapped) != -E2BIG ||
		    vc(words[i], 0, unmapped) != -EFAULT ||
		    vc(words[i], 0, NULL) != -EFAULT)
			return 140 + i;
	if (vc(VC_ADD_RULE, ID_UNKNOWN, &rule) != -EINVAL)
		return 150;
	return vc(VC_GET(VC_CAT_CLASS, VC_CLASS_REMOVE), 0, NULL) ==
	       -EOPNOTSUPP ? 0 : 160;
}

TEST_F(class, order)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	EXPECT_EQ(0, in_child(check_order, ctx));
}

/* It is the host's; what is malformed or not there comes before. */
TEST_F(class, inside)
{
	const __u32 words[] = {
		VC_ADD_RULE, VC_GET_RULES, VC_REMOVE_RULE, VC_APPLY_RULES,
	};
	long ctx = ctx_make(VC_ID_SELF, 0, 4, NULL);
	struct agent agent;
	unsigned int i;

	ASSERT_LT(0, ctx);
	ASSERT_EQ(0, agent_start(&agent, ctx, 0));
	EXPECT_EQ(0, rules_get());
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		EXPECT_EQ(-EPERM, ask3(&agent, a_vc, words[i], 0, 1));
		EXPECT_EQ(-EPERM, ask3(&agent, a_vc, words[i] | 1 << 8,
				       (int)ID_UNKNOWN, 0));
		EXPECT_EQ(-EINVAL, ask3(&agent, a_vc,
					words[i] | VC_RESERVED_BIT, 0, 0));
		EXPECT_EQ(-EOPNOTSUPP, ask3(&agent, a_vc, words[i] | 0xff, 0,
					    0));
	}
}

TEST_F(class, full)
{
	long ctx = ctx_new(0);
	int i;

	ASSERT_LT(0, ctx);
	for (i = 0; i < RULES_MAX; i++) {
		ASSERT_LT(0, rule_add(1 + i % 15, ctx));
	}
	EXPECT_EQ(-ENOSPC, rule_add(15, ctx));
	EXPECT_STRNE("", ctx_error());
	EXPECT_EQ(RULES_MAX, rules_get());
	EXPECT_EQ(0, rule_remove(all.rule[17].id));
	EXPECT_LT(0, rule_add(15, ctx));
	rules_clear();
	EXPECT_EQ(0, rules_get());
}

TEST_F(class, proc)
{
	long ctx = ctx_new(0), id;
	char buf[512], want[128];
	struct agent agent;

	ASSERT_LT(0, ctx);
	id = rule_add_comm("a b", ctx);
	ASSERT_LT(0, id);
	ASSERT_LT(0, file_read("/proc/vcontext/0/class", buf, sizeof(buf)));
	snprintf(want, sizeof(want), "rule id=%ld comm=a\\040b target=%ld\n",
		 id, ctx);
	EXPECT_STREQ(want, buf);
	EXPECT_EQ(0, ctx_kill(ctx));
	ASSERT_LT(0, file_read("/proc/vcontext/0/class", buf, sizeof(buf)));
	EXPECT_NE(NULL, strstr(buf, " target=gone\n"));

	ctx = ctx_new(0);
	ASSERT_LT(0, ctx);
	snprintf(want, sizeof(want), "/proc/vcontext/%ld/class", ctx);
	EXPECT_EQ(-ENOENT, file_read(want, buf, sizeof(buf)));
	ASSERT_EQ(0, agent_start(&agent, ctx, 0));
	EXPECT_EQ(-ENOENT, ask_read(&agent, "/proc/vcontext/0/class"));
}

/* ---- occasions ---- */

/* Nobody moves where no rule says so: the same, without any that fits. */
TEST_F(class, control)
{
	long ctx = ctx_new(0);
	int with;

	ASSERT_LT(0, ctx);
	for (with = 0; with < 2; with++) {
		EXPECT_EQ(0, exec_where(EXE));
		EXPECT_EQ(0, fork_where(MARK));
		EXPECT_EQ(0, ids_where(SETUID));
		EXPECT_EQ(0, ids_where(SETGID));
		ASSERT_LT(0, rule_add_comm("vc-nobody", ctx));
		ASSERT_LT(0, rule_add_exe(EXE_DIR "/nobody*", ctx));
	}
	EXPECT_EQ(0, ctx_usage(ctx));
}

TEST_F(class, exec)
{
	long ctx = ctx_new(0), id;

	ASSERT_LT(0, ctx);
	id = rule_add_exe(EXE, ctx);
	ASSERT_LT(0, id);
	EXPECT_EQ(ctx, exec_where(EXE));
	EXPECT_EQ(0, exec_where(EXE_OTHER));
	EXPECT_EQ(0, rule_remove(id));
	EXPECT_EQ(0, exec_where(EXE));

	/* All of a directory. */
	id = rule_add_exe(EXE_DIR "/*", ctx);
	ASSERT_LT(0, id);
	EXPECT_EQ(ctx, exec_where(EXE));
	EXPECT_EQ(ctx, exec_where(EXE_OTHER));
	EXPECT_EQ(0, exec_where("/proc/self/exe"));
	EXPECT_EQ(0, rule_remove(id));

	/* A program gives its name to who executes it. */
	id = rule_add_comm("marked", ctx);
	ASSERT_LT(0, id);
	EXPECT_EQ(ctx, exec_where(EXE));
	EXPECT_EQ(0, exec_where(EXE_OTHER));
}

static long chroot_exec(long arg)
{
	if (chroot(EXE_DIR) || chdir("/"))
		return -errno;
	return exec_where("/marked");
}

/* Who changes its root has the path that it has outside. */
TEST_F(class, exec_in_chroot)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	EXPECT_EQ(0, in_child(chroot_exec, 0));
	ASSERT_LT(0, rule_add_exe("/marked", ctx));
	EXPECT_EQ(0, in_child(chroot_exec, 0));
	ASSERT_LT(0, rule_add_exe(EXE, ctx));
	EXPECT_EQ(ctx, in_child(chroot_exec, 0));
}

TEST_F(class, fork)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	EXPECT_EQ(0, fork_where(MARK));
	ASSERT_LT(0, rule_add_comm(MARK, ctx));
	EXPECT_EQ(ctx, fork_where(MARK));
	EXPECT_EQ(0, fork_where(OTHER));
}

static void *where_thread(void *arg)
{
	return (void *)where();
}

static long threads_where(long arg)
{
	pthread_t thread;
	void *ret;

	prctl(PR_SET_NAME, MARK);
	if (pthread_create(&thread, NULL, where_thread, NULL) ||
	    pthread_join(thread, &ret))
		return -EAGAIN;
	return (long)ret ?: where();
}

/* A thread is no process, and is where the others are. */
TEST_F(class, threads)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	ASSERT_LT(0, rule_add_comm(MARK, ctx));
	EXPECT_EQ(0, in_child(threads_where, 0));
}

static long vfork_where(long arg)
{
	static long ret;
	pid_t pid;

	prctl(PR_SET_NAME, MARK);
	ret = -EIO;
	pid = vfork();
	if (!pid) {
		/* in the memory of who waits for it */
		__atomic_store_n(&ret, where(), __ATOMIC_RELAXED);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return where() ? -EXDEV : __atomic_load_n(&ret, __ATOMIC_RELAXED);
}

TEST_F(class, vfork)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	EXPECT_EQ(0, in_child(vfork_where, 0));
	ASSERT_LT(0, rule_add_comm(MARK, ctx));
	EXPECT_EQ(ctx, in_child(vfork_where, 0));
}

TEST_F(class, uid)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	ASSERT_LT(0, rule_add(VC_RULE_UID, ctx));
	EXPECT_EQ(ctx, ids_where(SETUID));
	EXPECT_EQ(ctx, ids_where(BOTH));
	/* The real one counts. */
	EXPECT_EQ(0, ids_where(SETEUID));
	EXPECT_EQ(0, ids_where(SETGID));
}

TEST_F(class, gid)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	ASSERT_LT(0, rule_add(VC_RULE_GID, ctx));
	EXPECT_EQ(ctx, ids_where(SETGID));
	EXPECT_EQ(ctx, ids_where(SETREGID));
	EXPECT_EQ(0, ids_where(SETEGID));
	EXPECT_EQ(0, ids_where(SETGROUPS));
	EXPECT_EQ(0, ids_where(SETUID));
}

static long login_where(long arg)
{
	long ret;

	prctl(PR_SET_NAME, MARK);
	if (where())
		return -EXDEV;
	ret = file_write("/proc/self/loginuid", "0");
	return ret ? ret : where();
}

TEST_F(class, login)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	if (access("/proc/self/loginuid", F_OK))
		SKIP(return, "the kernel knows of no login (CONFIG_AUDIT)");
	EXPECT_EQ(0, in_child(login_where, 0));
	ASSERT_LT(0, rule_add_comm(MARK, ctx));
	EXPECT_EQ(ctx, in_child(login_where, 0));
}

/* ---- which rule ---- */

TEST_F(class, all_must_match)
{
	long ctx = ctx_new(0), id;

	ASSERT_LT(0, ctx);
	id = rule_add(VC_RULE_UID | VC_RULE_GID, ctx);
	ASSERT_LT(0, id);
	EXPECT_EQ(0, ids_where(SETUID));
	EXPECT_EQ(0, ids_where(SETGID));
	EXPECT_EQ(ctx, ids_where(BOTH));
	EXPECT_EQ(0, rule_remove(id));

	id = rule_add(VC_RULE_EXE | VC_RULE_COMM, ctx);
	ASSERT_LT(0, id);
	/* Its name is "marked". */
	EXPECT_EQ(0, exec_where(EXE));
	EXPECT_EQ(0, fork_where(MARK));
}

TEST_F(class, first_decides)
{
	long a = ctx_new(0), b = ctx_new(0), id[3];

	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	id[0] = rule_add_comm("marked", a);
	id[1] = rule_add_exe(EXE, b);
	id[2] = rule_add_exe(EXE_DIR "/*", a);
	ASSERT_LT(0, id[0]);
	ASSERT_LT(0, id[1]);
	ASSERT_LT(0, id[2]);
	EXPECT_EQ(a, exec_where(EXE));
	EXPECT_EQ(0, rule_remove(id[0]));
	EXPECT_EQ(b, exec_where(EXE));
	EXPECT_EQ(0, rule_remove(id[1]));
	EXPECT_EQ(a, exec_where(EXE));
}

/* A rule for the host keeps who would match a later one. */
TEST_F(class, stays_on_the_host)
{
	long ctx = ctx_new(0), id;

	ASSERT_LT(0, ctx);
	id = rule_add_exe(EXE, VC_ID_HOST);
	ASSERT_LT(0, id);
	ASSERT_LT(0, rule_add_exe(EXE_DIR "/*", ctx));
	EXPECT_EQ(0, exec_where(EXE));
	EXPECT_EQ(ctx, exec_where(EXE_OTHER));
	ASSERT_EQ(2, rules_get());
	EXPECT_EQ((__u32)VC_ID_HOST, all.rule[0].target);
	EXPECT_EQ(0, rule_remove(id));
	EXPECT_EQ(ctx, exec_where(EXE));
}

TEST_F(class, target_gone)
{
	long a = ctx_new(0), b = ctx_new(0);

	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	ASSERT_LT(0, rule_add_exe(EXE, a));
	ASSERT_LT(0, rule_add_exe(EXE, b));
	EXPECT_EQ(a, exec_where(EXE));
	EXPECT_EQ(0, ctx_kill(a));
	EXPECT_EQ(b, exec_where(EXE));
	ASSERT_EQ(2, rules_get());
	EXPECT_EQ(VC_ID_SELF, all.rule[0].target);
	EXPECT_EQ(b, all.rule[1].target);
	/* Another one with its number is another one. */
	ASSERT_EQ(a, ctx_make(a, 0, 0, NULL));
	EXPECT_EQ(b, exec_where(EXE));
	ASSERT_EQ(2, rules_get());
	EXPECT_EQ(VC_ID_SELF, all.rule[0].target);
	EXPECT_EQ(0, rule_remove(all.rule[0].id));
}

static long a_exec_where(long a, long b, long c)
{
	return exec_where(EXE);
}

static long a_setuid_where(long a, long b, long c)
{
	long ret = res(syscall(SYS_setuid, A_UID));

	return ret ? ret : where();
}

/* Who has been placed by hand stays. */
TEST_F(class, placed)
{
	long a = ctx_new(0), b = ctx_new(0);
	struct agent agent;

	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&agent, b, 0));
	ASSERT_LT(0, rule_add_exe(EXE_DIR "/*", a));
	ASSERT_LT(0, rule_add(VC_RULE_UID, a));
	EXPECT_EQ(b, ask0(&agent, a_exec_where));
	EXPECT_EQ(b, ask0(&agent, a_setuid_where));
	EXPECT_EQ(0, vc(VC_APPLY_RULES, 0, NULL));
	EXPECT_EQ(b, task_where(agent.pid));
	/* Back on the host it is one of the host's, from its next exec on. */
	EXPECT_EQ(0, task_move(agent.pid, VC_ID_HOST));
	EXPECT_EQ(0, task_where(agent.pid));
	EXPECT_EQ(0, ask0(&agent, a_where));
	EXPECT_EQ(a, ask0(&agent, a_exec_where));
}

/* Neither init nor a thread of the kernel is ever moved. */
TEST_F(class, kernel_and_init)
{
	char init[16], kthread[16];
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	ASSERT_LT(0, file_read("/proc/1/comm", init, sizeof(init)));
	ASSERT_LT(0, file_read("/proc/2/comm", kthread, sizeof(kthread)));
	init[strcspn(init, "\n")] = '\0';
	kthread[strcspn(kthread, "\n")] = '\0';
	ASSERT_STREQ("kthreadd", kthread);
	ASSERT_LT(0, rule_add_comm(init, ctx));
	ASSERT_LT(0, rule_add_comm(kthread, ctx));
	EXPECT_EQ(0, vc(VC_APPLY_RULES, 0, NULL));
	EXPECT_EQ(0, task_where(1));
	EXPECT_EQ(0, task_where(2));
}

/* ---- apply ---- */

static long apply_where(long arg)
{
	long ret;

	prctl(PR_SET_NAME, MARK);
	ret = vc(VC_APPLY_RULES, 0, NULL);
	return ret ? ret : where();
}

TEST_F(class, apply)
{
	long a = ctx_new(0), b = ctx_new(0);
	pid_t marked[5], other, gone;
	int i;

	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	EXPECT_EQ(0, vc(VC_APPLY_RULES, 0, NULL));
	for (i = 0; i < 5; i++) {
		marked[i] = idle(MARK);
		ASSERT_LT(0, marked[i]);
	}
	other = idle(OTHER);
	ASSERT_LT(0, other);
	gone = idle(MARK);
	ASSERT_LT(0, gone);
	kill(gone, SIGKILL);
	ASSERT_LT(0, rule_add_comm(MARK, a));
	ASSERT_LT(0, rule_add_comm(MARK, b));
	ASSERT_LT(0, rule_add_comm("vc-nobody", b));
	/* Who only runs on is not asked for. */
	EXPECT_EQ(0, task_where(marked[0]));
	EXPECT_EQ(0, vc(VC_APPLY_RULES, 0, NULL));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(a, task_where(marked[i]));
	}
	EXPECT_EQ(0, task_where(other));
	EXPECT_EQ(0, where());
	EXPECT_EQ(0, vc(VC_APPLY_RULES, 0, NULL));
	EXPECT_EQ(5, vc(VC_COUNT, a, NULL));
	/* Who asks for it, too. */
	EXPECT_EQ(a, in_child(apply_where, 0));
	EXPECT_EQ(0, ctx_kill(a));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(1000 + SIGKILL, child_wait(marked[i]));
	}
	child_kill(other);
	child_wait(gone);
}

/* One that sleeps in a call goes by itself, and sleeps on. */
TEST_F(class, apply_namespaces)
{
	long ctx = ctx_new(VC_CREATE_UTSNS);
	char path[64], ours[64] = "", theirs[64] = "";
	pid_t pid = idle(MARK);
	siginfo_t info = {};

	ASSERT_LT(0, ctx);
	ASSERT_LT(0, pid);
	ASSERT_LT(0, rule_add_comm(MARK, ctx));
	EXPECT_EQ(0, vc(VC_APPLY_RULES, 0, NULL));
	EXPECT_TRUE(WAIT_FOR(task_where(pid) == ctx));
	ASSERT_LT(0, readlink("/proc/self/ns/uts", ours, sizeof(ours) - 1));
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", pid);
	EXPECT_TRUE(WAIT_FOR(readlink(path, theirs, sizeof(theirs) - 1) > 0 &&
			     strcmp(ours, theirs)));
	EXPECT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	EXPECT_EQ(0, info.si_pid);
	child_kill(pid);
}

/* ---- how they go ---- */

TEST_F(class, namespaces)
{
	long ctx = ctx_new(VC_CREATE_UTSNS | VC_CREATE_IPCNS | VC_CREATE_MNTNS);
	const char *const names[] = { "uts", "ipc", "mnt" };
	char path[64], ours[64];
	struct agent agent;
	unsigned int i;

	ASSERT_LT(0, ctx);
	ASSERT_LT(0, rule_add_exe(EXE, ctx));
	ASSERT_EQ(0, agent_start_by(&agent, stay, 0, EXE, 0));
	EXPECT_EQ(ctx, ask0(&agent, a_first));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		memset(ours, 0, sizeof(ours));
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		ASSERT_LT(0, readlink(path, ours, sizeof(ours) - 1));
		COPY(agent_buf, names[i]);
		EXPECT_EQ(0, ask0(&agent, a_ns));
		EXPECT_STRNE(ours, agent_buf);
	}
}

static long a_kill(long pid, long b, long c)
{
	return res(kill(pid, 0));
}

static long be_user(long arg)
{
	return res(syscall(SYS_setuid, A_UID));
}

/* The new program of a process is seen inside; old memory is not. */
TEST_F(class, entering)
{
	struct agent watcher, by_exec, by_uid;
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	ASSERT_EQ(0, agent_start(&watcher, ctx, 0));
	ASSERT_LT(0, rule_add_exe(EXE, ctx));
	ASSERT_LT(0, rule_add(VC_RULE_UID, ctx));
	ASSERT_EQ(0, agent_start_by(&by_exec, stay, 0, EXE, 0));
	EXPECT_EQ(ctx, task_where(by_exec.pid));
	EXPECT_EQ(0, ask(&watcher, a_kill, by_exec.pid));
	ASSERT_EQ(0, agent_start_by(&by_uid, be_user, 0, EXE_OTHER,
				    AGENT_NO_EXEC));
	EXPECT_EQ(ctx, task_where(by_uid.pid));
	EXPECT_EQ(-ESRCH, ask(&watcher, a_kill, by_uid.pid));
}

/* Who cannot go stays, and who watches hears of it. */
TEST_F(class, refused)
{
	long ctx = ctx_new(0);
	struct agent agent;
	int fd;

	ASSERT_LT(0, ctx);
	ASSERT_EQ(0, ctx_limit(ctx, 1));
	fd = ev_open(ctx);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, rule_add_exe(EXE, ctx));
	ASSERT_EQ(0, agent_start_by(&agent, stay, 0, EXE, 0));
	EXPECT_EQ(ctx, task_where(agent.pid));
	EXPECT_EQ(0, ev_refused(fd, ctx));
	agent_end(&agent);

	ASSERT_EQ(0, ctx_limit(ctx, 0));
	ASSERT_EQ(0, agent_start_by(&agent, stay, 0, EXE, 0));
	EXPECT_EQ(0, ask0(&agent, a_first));
	EXPECT_EQ(0, task_where(agent.pid));
	EXPECT_EQ(agent.pid, ev_refused(fd, ctx));
	EXPECT_EQ(0, ev_refused(fd, ctx));
	EXPECT_EQ(0, vc(VC_APPLY_RULES, 0, NULL));
	EXPECT_EQ(0, task_where(agent.pid));
	EXPECT_EQ(agent.pid, ev_refused(fd, ctx));
	/* Told once until it has been read. */
	EXPECT_EQ(0, vc(VC_APPLY_RULES, 0, NULL));
	EXPECT_EQ(0, exec_where(EXE));
	EXPECT_EQ(agent.pid, ev_refused(fd, ctx));
	EXPECT_EQ(0, ev_refused(fd, ctx));
	/* There is room again. */
	ASSERT_EQ(0, ctx_limit(ctx, 1));
	EXPECT_EQ(0, vc(VC_APPLY_RULES, 0, NULL));
	EXPECT_EQ(ctx, task_where(agent.pid));
	EXPECT_EQ(0, ev_refused(fd, ctx));
	close(fd);
}

static long threads_setuid(long arg)
{
	long ret = a_thread(0, 0, 0);

	if (ret)
		return ret;
	ret = res(syscall(SYS_setuid, A_UID));
	return ret ? ret : where();
}

/* Several threads enter no namespace, but a context without they do. */
TEST_F(class, refused_threads)
{
	long ctx = ctx_new(VC_CREATE_UTSNS), plain = ctx_new(0), id;
	int fd = ev_open(ctx);

	ASSERT_LT(0, ctx);
	ASSERT_LT(0, plain);
	ASSERT_LE(0, fd);
	id = rule_add(VC_RULE_UID, ctx);
	ASSERT_LT(0, id);
	EXPECT_EQ(ctx, ids_where(SETUID));
	EXPECT_EQ(0, ev_refused(fd, ctx));
	EXPECT_EQ(0, in_child(threads_setuid, 0));
	EXPECT_LT(0, ev_refused(fd, ctx));
	EXPECT_EQ(0, rule_remove(id));
	ASSERT_LT(0, rule_add(VC_RULE_UID, plain));
	EXPECT_EQ(plain, in_child(threads_setuid, 0));
	close(fd);
}

/* A refusal is no failure of the call that it comes with. */
static long refused_setuid(long ctx)
{
	long ret = vc(VC_INFO, ID_UNKNOWN, NULL);
	struct vc_error error = {};

	if (ret != -ESRCH)
		return -EIO;
	ret = res(syscall(SYS_setuid, A_UID));
	if (ret)
		return ret;
	/* and is not in the way of what is kept of another one */
	if (vc(VC_LAST_ERROR, 0, &error) || error.error != ESRCH ||
	    error.cmd != VC_INFO)
		return -EPROTO;
	return where();
}

TEST_F(class, refused_silently)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	ASSERT_EQ(0, ctx_limit(ctx, 0));
	ASSERT_LT(0, rule_add(VC_RULE_UID, ctx));
	EXPECT_EQ(0, in_child(refused_setuid, ctx));
}

/* ---- races ---- */

static bool race_over;

/* Forks and executes until it is over: how often somebody was lost. */
static void *race_children(void *arg)
{
	long lost = 0, nr = 0;

	while (!__atomic_load_n(&race_over, __ATOMIC_RELAXED)) {
		char *argv[] = { (char *)"marked", NULL };
		char *envp[] = { (char *)"VC_CLASS_EXIT=1", NULL };
		int status;
		pid_t pid = fork();

		if (!pid) {
			execve(EXE, argv, envp);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			lost++;
		else if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGKILL :
					       WEXITSTATUS(status))
			lost++;
		nr++;
	}
	return (void *)(nr ? lost : -1);
}

/* What race_children() executes: it ends well where the kernel tells a place. */
static __attribute__((constructor(102))) void exit_constructor(void)
{
	if (getenv("VC_CLASS_EXIT"))
		_exit(first_where < 0);
}

#define RACERS	3

static long race(long (*step)(long arg), long arg, int ms)
{
	pthread_t threads[RACERS];
	long long end = now_ms() + ms;
	long bad = 0, ret;
	void *lost;
	int i;

	race_over = false;
	for (i = 0; i < RACERS; i++)
		if (pthread_create(&threads[i], NULL, race_children, NULL))
			return -EAGAIN;
	do {
		ret = step(arg);
		bad += ret != 0;
	} while (now_ms() < end);
	__atomic_store_n(&race_over, true, __ATOMIC_RELAXED);
	for (i = 0; i < RACERS; i++) {
		pthread_join(threads[i], &lost);
		if ((long)lost)
			printf("# racer %d: %ld\n", i, (long)lost);
		bad += (long)lost != 0;
	}
	return bad;
}

static long change_rules(long ctx)
{
	long a = rule_add_exe(EXE, ctx), b = rule_add_comm("marked", ctx);

	if (a <= 0 || b <= 0)
		return -1;
	usleep(1000);
	return rule_remove(a) ?: rule_remove(b);
}

TEST_F(class, race_rules)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	EXPECT_EQ(0, race(change_rules, ctx, 3000));
	EXPECT_EQ(0, rules_get());
	EXPECT_TRUE(WAIT_FOR(!ctx_usage(ctx)));
}

static long change_contexts(long flags)
{
	long ctx = ctx_new(flags), a, ret;

	if (ctx <= 0)
		return -1;
	a = rule_add_exe(EXE, ctx);
	if (a <= 0)
		return -2;
	usleep(3000);
	ret = ctx_kill(ctx);
	ctx_made_nr--;
	return ret ?: rule_remove(a);
}

TEST_F(class, race_destroy)
{
	EXPECT_EQ(0, race(change_contexts, 0, 3000));
	EXPECT_EQ(0, race(change_contexts, VC_CREATE_UTSNS, 3000));
	EXPECT_EQ(0, rules_get());
	EXPECT_EQ(0, ctx_all());
}

static long apply_rules(long arg)
{
	return vc(VC_APPLY_RULES, 0, NULL);
}

TEST_F(class, race_apply)
{
	long ctx = ctx_new(0);

	ASSERT_LT(0, ctx);
	ASSERT_LT(0, rule_add_comm("marked", ctx));
	EXPECT_EQ(0, race(apply_rules, 0, 3000));
	EXPECT_TRUE(WAIT_FOR(!ctx_usage(ctx)));
}

TEST_HARNESS_MAIN
