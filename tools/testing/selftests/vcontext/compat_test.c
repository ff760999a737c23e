// SPDX-License-Identifier: GPL-2.0
/*
 * The two calls of the vserver patch, in our words and in those of its tools:
 * new_s_context and set_ipv4root.
 */
#include "net.h"

#define VC_NEW_S_CONTEXT	VC_SET(VC_CAT_COMPAT, VC_COMPAT_NEW_S_CONTEXT)
#define VC_SET_IPV4ROOT		VC_SET(VC_CAT_COMPAT, VC_COMPAT_SET_IPV4ROOT)

#define ALL_FLAGS		0xffU
#define NO_EFFECT		(VC_COMPAT_SCHED | VC_COMPAT_INIT | \
				 VC_COMPAT_HIDEINFO | VC_COMPAT_ULIMIT)

/* As a tool of that time has it. */
struct old_new_s_context {
	uint32_t remove_cap;
	uint32_t flags;
};

struct old_set_ipv4root {
	uint32_t broadcast;
	struct {
		uint32_t ip;
		uint32_t mask;
	} ip_mask_pair[16];
};

static __u32 word;		/* by which new_s_context is called */
static __u32 remove_cap, flags;

static long new_s_context(long id)
{
	struct old_new_s_context data = {
		.remove_cap = remove_cap,
		.flags = flags,
	};

	return vc(word, id, &data);
}

/* For agent_start_by(). */
static long enter(long id)
{
	long ret = new_s_context(id);

	return ret < 0 ? ret : 0;
}

static long start(struct agent *agent, long id)
{
	return agent_start_by(agent, enter, id, "/proc/self/exe", 0);
}

/* It has executed since: the word comes with the question. */
static long a_new_s_context(long id, long caps, long wanted)
{
	memcpy(&word, agent_buf, sizeof(word));
	remove_cap = caps;
	flags = wanted;
	return new_s_context(id);
}

static long ask_new(struct agent *agent, __u32 id, __u32 caps, __u32 wanted)
{
	memcpy(agent_buf, &word, sizeof(word));
	return ask3(agent, a_new_s_context, (int)id, caps, wanted);
}

static long where(struct agent *agent)
{
	return ask(agent, a_where, 0);
}

FIXTURE(compat)
{
	long before;
	struct agent agent;
};

FIXTURE_VARIANT(compat)
{
	__u32 word;
};

FIXTURE_VARIANT_ADD(compat, ours)
{
	.word = VC_NEW_S_CONTEXT,
};

FIXTURE_VARIANT_ADD(compat, old)
{
	.word = 0x3f010001,
};

FIXTURE_SETUP(compat)
{
	VC_SETUP();
	word = variant->word;
	remove_cap = 0;
	flags = 0;
	/* what a test before has left goes when its last task does */
	WAIT_FOR(ctx_all() == 0);
	self->before = ctx_all();
}

FIXTURE_TEARDOWN(compat)
{
	vc_teardown();
}

/* Any number; gone with its last task. */
TEST_F(compat, any)
{
	struct vc_info info;
	struct vc_caps caps;
	long id;

	remove_cap = 1U << CAP_SYS_ADMIN | 1U << CAP_NET_RAW | 1U << 31;
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	id = where(&self->agent);
	ASSERT_LT(0, id);
	EXPECT_EQ(self->before + 1, ctx_all());
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ((__u32)VC_CREATE_EPHEMERAL, info.flags);
	EXPECT_EQ(1U, info.processes);
	EXPECT_EQ(0, vc(VC_GET_CAPS, id, &caps));
	EXPECT_EQ(0U, caps.caps & remove_cap);
	EXPECT_NE(0U, caps.caps & 1U << CAP_SYS_TIME);
	EXPECT_NE(0U, caps.caps & 1ULL << CAP_SYSLOG);
	agent_end(&self->agent);
	EXPECT_TRUE(WAIT_FOR(vc(VC_INFO, id, NULL) == -ESRCH));
	EXPECT_EQ(self->before, ctx_all());
}

/* That number: made by the first, entered by the second. */
TEST_F(compat, number)
{
	struct agent second;
	struct vc_caps caps;
	__u32 id = 49152;

	remove_cap = 1U << CAP_MKNOD;
	ASSERT_EQ(0, start(&self->agent, id));
	EXPECT_EQ((long)id, where(&self->agent));
	remove_cap = 1U << CAP_CHOWN;
	ASSERT_EQ(0, start(&second, id));
	EXPECT_EQ((long)id, where(&second));
	/* who comes takes away and gives nothing */
	EXPECT_EQ(0, vc(VC_GET_CAPS, id, &caps));
	EXPECT_EQ(0U, caps.caps & (1U << CAP_MKNOD | 1U << CAP_CHOWN));
	EXPECT_NE(0U, caps.caps & 1U << CAP_FOWNER);
	agent_end(&self->agent);
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
	agent_end(&second);
	EXPECT_TRUE(WAIT_FOR(vc(VC_INFO, id, NULL) == -ESRCH));
}

/* One that was made otherwise is entered, and stays. */
TEST_F(compat, existing)
{
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, start(&self->agent, id));
	EXPECT_EQ(id, where(&self->agent));
	agent_end(&self->agent);
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
}

static long returned(long id)
{
	long ret = new_s_context(id);

	return ret == vc(VC_WHERE, 0, NULL) ? ret : -EBADE;
}

TEST_F(compat, returns_the_id)
{
	EXPECT_LT(0, in_child(returned, VC_ID_SELF));
	EXPECT_EQ(49153, in_child(returned, 49153));
}

/* Comes and goes, maybe as the first or the last. */
static long crowd(long id)
{
	long ret = id;
	int i;

	for (i = 0; i < 25 && ret == id; i++)
		ret = in_child(returned, id);
	return ret == id ? 0 : ret;
}

/* Whoever else makes it or leaves it: each is in it. */
TEST_F(compat, crowd)
{
	pid_t pids[3];
	int i;

	for (i = 0; i < 3; i++) {
		pids[i] = child_fork();
		if (!pids[i])
			_exit(-crowd(49156));
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, child_wait(pids[i]));
	EXPECT_TRUE(WAIT_FOR(vc(VC_INFO, 49156, NULL) == -ESRCH));
	EXPECT_EQ(self->before, ctx_all());
}

/* It is created before somebody is in it, for those who listen. */
TEST_F(compat, events)
{
	struct vc_event event[3] = {};
	long id;
	int fd;

	fd = vc(VC_OPEN_EVENTS, VC_ID_HOST, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	id = where(&self->agent);
	ASSERT_EQ((long)sizeof(event[0]), read(fd, &event[0], sizeof(event[0])));
	ASSERT_EQ((long)sizeof(event[0]), read(fd, &event[1], sizeof(event[0])));
	EXPECT_EQ((__u32)id, event[0].id);
	EXPECT_EQ((__u32)VC_EVENT_CREATED, event[0].type);
	EXPECT_EQ((__u32)id, event[1].id);
	EXPECT_EQ((__u32)VC_EVENT_MIGRATED, event[1].type);
	EXPECT_EQ((__u64)self->agent.pid, event[1].value);
	close(fd);
}

/* ---- flags ---- */

TEST_F(compat, lock)
{
	/* control: without, one may go on */
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	EXPECT_LE(0, ask_new(&self->agent, VC_COMPAT_STAY, 0, 0));
	EXPECT_LT(0, ask_new(&self->agent, VC_ID_SELF, 0, 0));
	agent_end(&self->agent);

	flags = VC_COMPAT_LOCK;
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	EXPECT_EQ(-EPERM, ask_new(&self->agent, VC_ID_SELF, 0, 0));
	EXPECT_EQ(-EPERM, ask_new(&self->agent, VC_COMPAT_STAY, 1, 0));
	EXPECT_EQ(-EPERM, ask_new(&self->agent, 49154, 0, 0));
	EXPECT_EQ(-EPERM, ask3(&self->agent, a_create, 0, 0, 0));
	agent_end(&self->agent);

	/* also by who is in already */
	flags = 0;
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	EXPECT_LT(0, ask_new(&self->agent, VC_COMPAT_STAY, 0, VC_COMPAT_LOCK));
	EXPECT_EQ(-EPERM, ask_new(&self->agent, VC_ID_SELF, 0, 0));
}

TEST_F(compat, nproc)
{
	struct rlimit old, limit;
	struct vc_limit got;
	long id;

	ASSERT_EQ(0, getrlimit(RLIMIT_NPROC, &old));
	limit = old;
	limit.rlim_cur = 3;
	ASSERT_EQ(0, setrlimit(RLIMIT_NPROC, &limit));
	flags = VC_COMPAT_NPROC;
	EXPECT_EQ(0, start(&self->agent, VC_ID_SELF));
	EXPECT_EQ(0, setrlimit(RLIMIT_NPROC, &old));
	id = where(&self->agent);
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &got));
	EXPECT_EQ(3U, got.limit);
	EXPECT_EQ(2, ask(&self->agent, a_fork_many, 5));
	EXPECT_EQ(0, ask0(&self->agent, a_reap));
	agent_end(&self->agent);

	/* control: without the flag it is not the context's */
	flags = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NPROC, &limit));
	EXPECT_EQ(0, start(&self->agent, VC_ID_SELF));
	EXPECT_EQ(0, setrlimit(RLIMIT_NPROC, &old));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, where(&self->agent), &got));
	EXPECT_EQ(VC_UNLIMITED, got.limit);
}

static long a_nproc(long nr, long b, long c)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NPROC, &limit);
	limit.rlim_cur = nr;
	return res(setrlimit(RLIMIT_NPROC, &limit));
}

static long stay_nproc(struct agent *agent, long nr)
{
	long ret = ask(agent, a_nproc, nr);

	return ret ? ret : ask_new(agent, VC_COMPAT_STAY, 0, VC_COMPAT_NPROC);
}

/* From inside a limit only gets lower. */
TEST_F(compat, stay)
{
	struct vc_limit got;
	struct vc_caps caps;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_limit(id, 10));
	ASSERT_EQ(0, start(&self->agent, id));
	EXPECT_EQ(id, stay_nproc(&self->agent, 20));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &got));
	EXPECT_EQ(10U, got.limit);
	EXPECT_EQ(id, stay_nproc(&self->agent, 5));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &got));
	EXPECT_EQ(5U, got.limit);
	EXPECT_EQ(id, ask_new(&self->agent, VC_COMPAT_STAY, 1U << CAP_CHOWN, 0));
	EXPECT_EQ(0, vc(VC_GET_CAPS, id, &caps));
	EXPECT_EQ(0U, caps.caps & 1U << CAP_CHOWN);
	EXPECT_NE(0U, caps.caps & 1U << CAP_FOWNER);
	/* as does one's own number */
	EXPECT_EQ(id, ask_new(&self->agent, id, 1U << CAP_FOWNER, 0));
	EXPECT_EQ(0, vc(VC_GET_CAPS, id, &caps));
	EXPECT_EQ(0U, caps.caps & 1U << CAP_FOWNER);
}

TEST_F(compat, stay_on_host)
{
	flags = NO_EFFECT;
	EXPECT_EQ(0, new_s_context(VC_COMPAT_STAY));
	flags = VC_COMPAT_LOCK;
	EXPECT_EQ(-EPERM, new_s_context(VC_COMPAT_STAY));
	flags = 0;
	remove_cap = 1;
	EXPECT_EQ(-EPERM, new_s_context(VC_COMPAT_STAY));
	EXPECT_EQ(0, vc(VC_WHERE, 0, NULL));
}

TEST_F(compat, private)
{
	struct agent other;
	long id, below;
	pid_t pid;

	/* control */
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	id = where(&self->agent);
	EXPECT_EQ(0, agent_start(&other, id, 0));
	agent_end(&other);
	agent_end(&self->agent);

	flags = VC_COMPAT_PRIVATE;
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	id = where(&self->agent);
	EXPECT_EQ(-EPERM, agent_start(&other, id, 0));
	EXPECT_EQ(-EPERM, start(&other, id));
	ASSERT_EQ(0, agent_start(&other, VC_ID_HOST, 0));
	EXPECT_EQ(-EPERM, task_move(other.pid, id));
	/* nor is anybody born there */
	pid = vc(VC_GET(VC_CAT_CPU, VC_CPU_BIRTH), id, NULL);
	ASSERT_LE(0, pid);
	EXPECT_EQ(-EPERM, clone_into(pid));
	close(pid);
	/* nor below it, but from inside */
	below = ask3(&self->agent, a_create, 0, 0, 0);
	ASSERT_LT(0, below);
	EXPECT_EQ(-EPERM, task_move(other.pid, below));
	EXPECT_EQ(0, ask3(&self->agent, a_migrate, 0, below, 0));
	EXPECT_EQ(below, where(&self->agent));
	EXPECT_EQ(0, ctx_kill(id));
}

static long a_mnt_ns(long a, long b, long c)
{
	COPY(agent_buf, "mnt");
	return a_ns(0, 0, 0);
}

TEST_F(compat, namespace)
{
	char host[64] = {};

	ASSERT_LT(0, readlink("/proc/self/ns/mnt", host, sizeof(host) - 1));
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	EXPECT_EQ(0, ask0(&self->agent, a_mnt_ns));
	EXPECT_STREQ(host, agent_buf);
	agent_end(&self->agent);
	flags = VC_COMPAT_NAMESPACE;
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	EXPECT_EQ(0, ask0(&self->agent, a_mnt_ns));
	EXPECT_STRNE(host, agent_buf);
}

TEST_F(compat, no_effect)
{
	struct vc_info info;
	struct vc_sched sched;
	long id;

	flags = NO_EFFECT;
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	id = where(&self->agent);
	EXPECT_EQ(0, ctx_info(id, &info));
	EXPECT_EQ((__u32)VC_CREATE_EPHEMERAL, info.flags);
	EXPECT_EQ(0U, info.state);
	EXPECT_EQ(0, vc(VC_GET_SCHED, id, &sched));
	EXPECT_EQ(0U, sched.policy);
	EXPECT_EQ(0, sched.nice);
}

TEST_F(compat, all_flags)
{
	flags = ALL_FLAGS & ~VC_COMPAT_NPROC;
	remove_cap = ~0U;
	ASSERT_EQ(0, start(&self->agent, VC_ID_SELF));
	EXPECT_LT(0, where(&self->agent));
}

/* ---- refusals ---- */

TEST_F(compat, values)
{
	flags = ALL_FLAGS + 1;
	EXPECT_EQ(-EINVAL, new_s_context(VC_ID_SELF));
	EXPECT_NE(NULL, strstr(ctx_error(), "flags 0x100"));
	flags = 0;
	EXPECT_EQ(-EINVAL, new_s_context(0));
	EXPECT_EQ(-EINVAL, new_s_context(VC_ID_MAX + 1));
	EXPECT_EQ(-EINVAL, new_s_context(0xfffffffd));
	EXPECT_NE(NULL, strstr(ctx_error(), "id"));
	EXPECT_EQ(-EFAULT, vc(word, VC_ID_SELF, NULL));
	EXPECT_EQ(-EFAULT, vc(word, VC_ID_SELF, (void *)4096));
	EXPECT_EQ(0, vc(VC_WHERE, 0, NULL));
	EXPECT_EQ(self->before, ctx_all());
}

static long a_unreadable(long id, long b, long c)
{
	memcpy(&word, agent_buf, sizeof(word));
	return vc(word, id, (void *)4096);
}

TEST_F(compat, rights)
{
	struct agent host;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, caps_lower());
	EXPECT_EQ(-EPERM, vc(word, VC_ID_SELF, (void *)4096));
	EXPECT_EQ(-EPERM, new_s_context(id));
	EXPECT_EQ(-EPERM, new_s_context(VC_COMPAT_STAY));
	ASSERT_EQ(0, caps_raise());

	/* from inside: neither up nor aside, nor more than there may be */
	ASSERT_EQ(0, agent_start(&self->agent, id, 0));
	EXPECT_EQ(-EPERM, ask_new(&self->agent, VC_ID_SELF, 0, 0));
	/* they are asked for before anything else is looked at */
	EXPECT_EQ(-EPERM, ask_new(&self->agent, VC_ID_SELF, 0, ALL_FLAGS + 1));
	memcpy(agent_buf, &word, sizeof(word));
	EXPECT_EQ(-EPERM, ask3(&self->agent, a_unreadable, (int)VC_ID_SELF, 0,
			       0));
	memcpy(agent_buf, &word, sizeof(word));
	EXPECT_EQ(-EPERM, ask3(&self->agent, a_unreadable, ID_UNKNOWN, 0, 0));
	memcpy(agent_buf, &word, sizeof(word));
	EXPECT_EQ(-EFAULT, ask3(&self->agent, a_unreadable, id, 0, 0));
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	EXPECT_EQ(-EPERM, ask_new(&self->agent, ctx_new(0), 0, 0));
	EXPECT_EQ(id, where(&self->agent));
}

static long with_thread(long arg)
{
	long ret = a_thread(0, 0, 0);

	return ret ? ret : new_s_context(VC_ID_SELF);
}

static long without_room(long arg)
{
	struct rlimit limit = { 0, RLIM_INFINITY };

	getrlimit(RLIMIT_NPROC, &limit);
	limit.rlim_cur = 0;
	if (setrlimit(RLIMIT_NPROC, &limit))
		return -errno;
	return new_s_context(49155);
}

/* What cannot be entered has not been made. */
TEST_F(compat, all_or_nothing)
{
	struct vc_event event;
	long groups = cg_descendants();
	int fd = vc(VC_OPEN_EVENTS, VC_ID_HOST, NULL);

	ASSERT_LE(0, fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	flags = VC_COMPAT_NAMESPACE;
	EXPECT_EQ(-EINVAL, in_child(with_thread, 0));
	flags = VC_COMPAT_NPROC;
	EXPECT_EQ(-EAGAIN, in_child(without_room, 0));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, 49155, NULL));
	EXPECT_EQ(self->before, ctx_all());
	EXPECT_EQ(groups, cg_descendants());
	EXPECT_EQ(-EAGAIN, res(read(fd, &event, sizeof(event))));
	close(fd);
	/* control */
	flags = 0;
	EXPECT_LT(0, in_child(with_thread, 0));
}

/* ---- set_ipv4root ---- */

static __u32 root_word;
static struct old_set_ipv4root root_data;

/* For in_child() and agent_start_by(). */
static long confine(long pairs)
{
	return vc(root_word, pairs, &root_data);
}

/* The same of an agent; the data come with the question. */
static long a_confine(long pairs, long by, long c)
{
	return vc(by, pairs, agent_buf);
}

static long ask_confine(struct agent *agent, long pairs)
{
	memcpy(agent_buf, &root_data, sizeof(root_data));
	return ask3(agent, a_confine, pairs, root_word, 0);
}

FIXTURE(ipv4root)
{
	struct agent agent;
	long before;
};

FIXTURE_VARIANT(ipv4root)
{
	__u32 word;
};

FIXTURE_VARIANT_ADD(ipv4root, ours)
{
	.word = VC_SET_IPV4ROOT,
};

FIXTURE_VARIANT_ADD(ipv4root, old)
{
	.word = 0x3f020003,
};

FIXTURE_SETUP(ipv4root)
{
	int i;

	VC_SETUP();
	/* what the test before has left dies in its own time */
	ASSERT_TRUE(WAIT_FOR(ctx_all() == 0));
	self->before = ctx_all();
	word = VC_NEW_S_CONTEXT;
	root_word = variant->word;
	memset(&root_data, 0, sizeof(root_data));
	root_data.broadcast = htonl(0x0a0000ff);
	for (i = 0; i < 16; i++) {
		root_data.ip_mask_pair[i].ip = htonl(0x0a000001 + i);
		root_data.ip_mask_pair[i].mask = htonl(0xffffff00);
	}
}

FIXTURE_TEARDOWN(ipv4root)
{
	vc_teardown();
}

/* Two of them at the end of what can be read. */
static long confine_at_end(long pairs)
{
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || munmap(map + 4096, 4096))
		return -ENOMEM;
	memcpy(map + 4096 - 20, &root_data, 20);
	return vc(root_word, pairs, map + 4096 - 20);
}

/* All that can be wrong is found, and nothing has changed. */
TEST_F(ipv4root, checked)
{
	struct vc_error error;

	EXPECT_EQ(-EINVAL, confine(17));
	EXPECT_NE(NULL, strstr(ctx_error(), "pairs"));
	EXPECT_EQ(-EINVAL, vc(variant->word, VC_ID_SELF, &root_data));
	EXPECT_EQ(-EFAULT, vc(variant->word, 1, NULL));
	EXPECT_EQ(-EFAULT, vc(variant->word, 1, (void *)4096));
	EXPECT_EQ(0, in_child(confine_at_end, 2));
	EXPECT_EQ(-EFAULT, in_child(confine_at_end, 3));

	root_data.ip_mask_pair[3].mask = htonl(0xff00ff00);
	EXPECT_EQ(0, in_child(confine, 3));
	EXPECT_EQ(-EINVAL, confine(4));
	EXPECT_EQ(0, vc(VC_LAST_ERROR, 0, &error));
	EXPECT_EQ(3U, error.index);
	EXPECT_EQ(variant->word, error.cmd);
	EXPECT_NE(NULL, strstr(error.text, "255.0.255.0"));
	root_data.ip_mask_pair[3].mask = 0;
	EXPECT_EQ(0, in_child(confine, 4));
	root_data.ip_mask_pair[2].ip = htonl(0xe0000001);
	EXPECT_EQ(-EINVAL, confine(4));
	root_data.ip_mask_pair[2].ip = root_data.ip_mask_pair[0].ip;
	EXPECT_EQ(-EEXIST, confine(4));
	EXPECT_EQ(VC_ID_HOST, task_where(getpid()));
	EXPECT_TRUE(WAIT_FOR(ctx_all() == self->before));
}

TEST_F(ipv4root, numbers_of_pairs)
{
	EXPECT_EQ(0, in_child(confine, 0));
	EXPECT_EQ(0, in_child(confine, 1));
	EXPECT_EQ(0, in_child(confine, 16));
}

/* From the host: an anonymous context that goes with its last process. */
TEST_F(ipv4root, anonymous)
{
	struct vc_info info;
	long id;

	ASSERT_EQ(0, agent_start_by(&self->agent, confine, 2, "/proc/self/exe",
				    0));
	id = where(&self->agent);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_info(id, &info));
	EXPECT_STREQ("", info.name);
	EXPECT_EQ(VC_CREATE_EPHEMERAL, info.flags);
	EXPECT_EQ(VC_NETADDR_CLOSED, policy_get(id));
	EXPECT_STREQ("10.0.0.1/32 10.0.0.2/32", permits(id));

	/* from it one new context, and no second one */
	EXPECT_LT(0, ask_new(&self->agent, VC_ID_SELF, 0, 0));
	EXPECT_NE(id, where(&self->agent));
	EXPECT_STREQ("10.0.0.1/32 10.0.0.2/32", permits(where(&self->agent)));
	EXPECT_EQ(-ENOSPC, ask_new(&self->agent, VC_ID_SELF, 0, 0));
	agent_end(&self->agent);
	EXPECT_TRUE(WAIT_FOR(ctx_all() == self->before));
}

/* From inside it narrows, and never widens. */
TEST_F(ipv4root, narrows)
{
	long id;

	ASSERT_EQ(0, agent_start_by(&self->agent, confine, 3, "/proc/self/exe",
				    0));
	id = where(&self->agent);
	EXPECT_EQ(-EPERM, ask_confine(&self->agent, 4));
	EXPECT_STREQ("10.0.0.1/32 10.0.0.2/32 10.0.0.3/32", permits(id));
	EXPECT_EQ(0, ask_confine(&self->agent, 2));
	EXPECT_EQ(id, where(&self->agent));
	EXPECT_STREQ("10.0.0.1/32 10.0.0.2/32", permits(id));
	EXPECT_EQ(-EPERM, ask_confine(&self->agent, 3));
	EXPECT_EQ(0, ask_confine(&self->agent, 0));
	EXPECT_STREQ("", permits(id));
	EXPECT_EQ(VC_NETADDR_CLOSED, policy_get(id));
}

/* A context that is OPEN has everything, as far as those above it have. */
TEST_F(ipv4root, of_another)
{
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, permit(id, "fd00::1"));
	ASSERT_EQ(0, policy_set(id, VC_NETADDR_OPEN));
	ASSERT_EQ(0, agent_start(&self->agent, id, 0));
	EXPECT_EQ(0, ask_confine(&self->agent, 2));
	EXPECT_EQ(id, where(&self->agent));
	EXPECT_STREQ("10.0.0.1/32 10.0.0.2/32", permits(id));
	/* the host may widen what the inside has narrowed */
	EXPECT_EQ(0, permit(id, "10.0.0.3"));
	EXPECT_EQ(0, permit(id, "fd00::1"));
	EXPECT_EQ(0, ask_confine(&self->agent, 3));
	/* addresses of IPv6 are not its affair */
	EXPECT_STREQ("fd00::1/128", permits6(id));
}

/* No address at all stood for any. */
TEST_F(ipv4root, any_address)
{
	root_data.ip_mask_pair[0].ip = 0;
	root_data.ip_mask_pair[0].mask = 0;
	ASSERT_EQ(0, agent_start_by(&self->agent, confine, 1, "/proc/self/exe",
				    0));
	EXPECT_STREQ("0.0.0.0/0", permits(where(&self->agent)));
}

TEST_F(ipv4root, rights)
{
	ASSERT_EQ(0, caps_lower());
	EXPECT_EQ(-EPERM, vc(variant->word, 1, (void *)4096));
	ASSERT_EQ(0, caps_raise());
}

VC_FIXTURE(words)

TEST_F(words, numbers)
{
	EXPECT_EQ(0x01200001U, VC_NEW_S_CONTEXT);
	EXPECT_EQ(0x01200002U, VC_SET_IPV4ROOT);
	EXPECT_EQ(0x3f010001U, VC_VSERVER_NEW_S_CONTEXT);
	EXPECT_EQ(0x3f020003U, VC_VSERVER_SET_IPV4ROOT);
	EXPECT_EQ(1, vc(VC_CMD(VC_CAT_COMPAT, VC_SUB_VERSION, 0), 0, NULL));
	EXPECT_EQ(1, vc(VC_CMD(VC_CAT_COMPAT, VC_SUB_VERSION, 1), 0, NULL));
	EXPECT_EQ(1, vc(VC_CMD(VC_CAT_COMPAT, VC_SUB_VERSION, 2), 0, NULL));
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_CMD(VC_CAT_COMPAT, VC_SUB_VERSION, 3), 0,
				  NULL));
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_GET(VC_CAT_COMPAT, 1), 0, NULL));
	/* near them there is nothing */
	EXPECT_EQ(-EOPNOTSUPP, vc(0x3f010002, VC_ID_SELF, (void *)4096));
	EXPECT_EQ(-EOPNOTSUPP, vc(0x3f810001, VC_ID_SELF, (void *)4096));
	EXPECT_EQ(-EOPNOTSUPP, vc(0x3f210001, VC_ID_SELF, (void *)4096));
	EXPECT_EQ(8U, sizeof(struct vc_new_s_context));
	EXPECT_EQ(sizeof(struct old_set_ipv4root),
		  sizeof(struct vc_set_ipv4root) +
		  16 * sizeof(struct vc_ipv4_pair));
}

TEST_HARNESS_MAIN
