// SPDX-License-Identifier: GPL-2.0
/*
 * Bombs: what goes off in a context with limits stays in it.  Meanwhile a
 * process of the host and one of a neighbour context answer all the time, and
 * can do what the bomb cannot any more.
 */
#include "common.h"

#define MB			1048576UL
#define TASKS_MAX		64
#define MEMORY_MAX		(32 * MB)
/* What the kernel may charge for a moment where it cannot fail. */
#define FORCED			(MB / 2)
#define FILES_MAX		256
/* Answers that are asked for while the bomb goes off. */
#define PINGS			40

FIXTURE(bomb)
{
	long id, other;
	struct agent fuse;		/* in the context */
	struct agent host, neighbour;
};

static long set_limit(__u32 cmd, __u32 id, __u64 limit)
{
	struct vc_limit l = { .limit = limit };

	return vc(cmd, id, &l);
}

static struct vc_limit get_limit(__u32 cmd, __u32 id)
{
	struct vc_limit l = {};

	if (vc(cmd, id, &l))
		memset(&l, 0xff, sizeof(l));
	return l;
}

#define VC_SET_FILES		VC_SET(VC_CAT_VFS, VC_VFS_FILES)
#define VC_GET_FILES		VC_GET(VC_CAT_VFS, VC_VFS_FILES)

FIXTURE_SETUP(bomb)
{
	VC_SETUP();
	self->id = ctx_new(0);
	ASSERT_LT(0, self->id);
	self->other = ctx_new(0);
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, agent_start(&self->fuse, self->id, 0));
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&self->neighbour, self->other, 0));
	/* All of them, so that a bomb that finds another way is held too. */
	ASSERT_EQ(0, ctx_limit(self->id, TASKS_MAX));
	ASSERT_EQ(0, set_limit(VC_SET_FILES, self->id, FILES_MAX));
}

FIXTURE_TEARDOWN(bomb)
{
	vc_teardown();
}

/* What an answer is worth: a child, memory and a file of one's own. */
static long a_answer(long a, long b, long c)
{
	char *at = mmap(NULL, MB, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	if (at == MAP_FAILED || fd < 0)
		return -errno;
	memset(at, 1, MB);
	munmap(at, MB);
	close(fd);
	pid = fork();
	if (!pid)
		_exit(0);
	return pid < 0 ? -errno : child_wait(pid);
}

/* Sets the bomb off: a child of the fuse, which does not wait for it. */
static long a_light(long fn, long arg, long c)
{
	intptr_t at = (intptr_t)agent_main + fn;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		((void (*)(long))at)(arg);
		_exit(0);
	}
	return pid < 0 ? -errno : 0;
}

/*
 * Lights @fn, asks for answers until it has gone off and for a while more, and
 * looks at the limit @get all the time.
 */
#define EXPECT_HELD(fn, get, max) do { \
	struct vc_limit __l = {}; \
	long long __end = now_ms() + WAIT_TIMEOUT_MS; \
	int __i; \
	EXPECT_EQ(0, ask3(&self->fuse, a_light, \
			  (intptr_t)(fn) - (intptr_t)agent_main, 0, 0)); \
	for (__i = 0; __i < PINGS || (!__l.hits && now_ms() < __end); \
	     __i++) { \
		ASSERT_EQ(0, ask0(&self->host, a_answer)); \
		ASSERT_EQ(0, ask0(&self->neighbour, a_answer)); \
		__l = get_limit(get, self->id); \
		EXPECT_GE((__u64)(max), __l.usage); \
		EXPECT_GE((__u64)TASKS_MAX, (__u64)ctx_usage(self->id)); \
	} \
	/* It did go off. */ \
	EXPECT_LT(0ULL, __l.hits); \
	EXPECT_GE((__u64)(max), __l.peak); \
	EXPECT_EQ(0ULL, get_limit(get, self->other).hits); \
	/* And one call ends it. */ \
	EXPECT_EQ(0, ctx_kill(self->id)); \
	EXPECT_EQ(-ESRCH, vc(VC_INFO, self->id, NULL)); \
	EXPECT_EQ(0, ask0(&self->host, a_answer)); \
	EXPECT_EQ(0, ask0(&self->neighbour, a_answer)); \
} while (0)

static void fork_bomb(long arg)
{
	for (;;)
		fork();
}

TEST_F(bomb, fork)
{
	EXPECT_HELD(fork_bomb, VC_GET_LIMIT, TASKS_MAX);
}

static void *thread_fuse(void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (;;)
		pthread_create(&thread, &attr, thread_fuse, NULL);
	return arg;
}

static void thread_bomb(long arg)
{
	thread_fuse(NULL);
}

TEST_F(bomb, thread)
{
	EXPECT_HELD(thread_bomb, VC_GET_LIMIT, TASKS_MAX);
}

/* As many as there may be, again and again, whoever is killed. */
static void memory_bomb(long arg)
{
	for (;;) {
		pid_t pid = fork();
		char *at;

		if (pid > 0) {
			waitpid(pid, NULL, 0);
			continue;
		}
		fork();
		for (;;) {
			at = mmap(NULL, MB, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (at != MAP_FAILED)
				memset(at, 1, MB);
		}
	}
}

TEST_F(bomb, memory)
{
	if (vc(VC_GET_OOM, VC_ID_HOST, NULL) == -EOPNOTSUPP)
		SKIP(return, "this kernel has no memory controller");
	ASSERT_EQ(0, set_limit(VC_SET_TOTAL, self->id, MEMORY_MAX));
	EXPECT_HELD(memory_bomb, VC_GET_TOTAL, MEMORY_MAX + FORCED);
}

/* Each way there is to have another open file. */
static void file_bomb(long arg)
{
	struct rlimit limit;
	int pair[2], i;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (;;) {
		for (i = 0; i < 8; i++) {
			if (open("/dev/null", O_RDONLY) < 0)
				break;
			if (pipe(pair))
				break;
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
				break;
		}
		fork();
	}
}

TEST_F(bomb, file)
{
	EXPECT_HELD(file_bomb, VC_GET_FILES, FILES_MAX);
}

TEST_HARNESS_MAIN
