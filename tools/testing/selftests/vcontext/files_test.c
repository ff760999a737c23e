// SPDX-License-Identifier: GPL-2.0
/*
 * Open files of a context: whoever opens a file pays for it, wherever it goes,
 * until it is freed; and nothing else costs anything.
 */
#include "common.h"

#include <linux/io_uring.h>
#include <linux/memfd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup	425
#endif
#ifndef __NR_io_uring_register
#define __NR_io_uring_register	427
#endif

#define ENOUGH		100000

static long files_limit(__u32 id, __u64 limit)
{
	struct vc_limit l = { .limit = limit };

	return vc(VC_SET_FILES, id, &l);
}

static struct vc_limit files_get(__u32 id)
{
	struct vc_limit l = { .usage = ~0ULL };

	vc(VC_GET_FILES, id, &l);
	return l;
}

static long files_usage(__u32 id)
{
	return files_get(id).usage;
}

static long files_peak(__u32 id)
{
	return files_get(id).peak;
}

static long files_hits(__u32 id)
{
	return files_get(id).hits;
}

/* ---- what agents do ---- */

/* What the agent has open, or mapped; sparse, as a kind needs it. */
#define MADE_MAX	512
static int made[MADE_MAX];
static int made_nr;
static void *mapped;
static pid_t forked;

static long keep(long fd)
{
	if (fd < 0)
		return -errno;
	if (made_nr < MADE_MAX)
		made[made_nr++] = fd;
	return 0;
}

static long keep_pair(long ret, const int *fds)
{
	if (ret)
		return -errno;
	keep(fds[0]);
	return keep(fds[1]);
}

static const char some_file[] = "/proc/self/exe";

static long make_open(void)
{
	return keep(open(some_file, O_RDONLY | O_CLOEXEC));
}

static long make_path(void)
{
	return keep(open("/", O_PATH | O_CLOEXEC));
}

static long make_directory(void)
{
	return keep(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static long make_dup(void)
{
	int fd = dup(0);

	keep(fcntl(fd, F_DUPFD_CLOEXEC, 100));
	keep(dup2(fd, 99));
	return keep(fd);
}

static long make_pipe(void)
{
	int fds[2];

	return keep_pair(pipe(fds), fds);
}

static long make_socket(void)
{
	return keep(socket(AF_UNIX, SOCK_STREAM, 0));
}

static long make_socketpair(void)
{
	int fds[2];

	return keep_pair(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), fds);
}

static long make_epoll(void)
{
	return keep(epoll_create1(EPOLL_CLOEXEC));
}

static long make_eventfd(void)
{
	return keep(eventfd(0, EFD_CLOEXEC));
}

static long make_memfd(void)
{
	return keep(syscall(SYS_memfd_create, "test", MFD_CLOEXEC));
}

static long make_pidfd(void)
{
	return keep(syscall(__NR_pidfd_open, getpid(), 0));
}

static long make_timerfd(void)
{
	return keep(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
}

static long make_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	return keep(signalfd(-1, &set, SFD_CLOEXEC));
}

static long make_inotify(void)
{
	return keep(inotify_init1(IN_CLOEXEC));
}

static long make_io_uring(void)
{
	struct io_uring_params params = {};

	return keep(syscall(__NR_io_uring_setup, 1, &params));
}

/* Memory that parent and child share is a file without a name. */
static long make_shared_memory(void)
{
	mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return mapped == MAP_FAILED ? -errno : 0;
}

static long make_mapping(void)
{
	int fd = open(some_file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return mapped == MAP_FAILED ? -errno : 0;
}

/* The descriptors of a child are its own, the files are not. */
static long make_fork(void)
{
	if (make_open() || make_open() || make_open())
		return -errno;
	forked = fork();
	if (!forked) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	while (made_nr)
		close(made[--made_nr]);
	return forked < 0 ? -errno : 0;
}

static long a_drop(long a, long b, long c)
{
	while (made_nr)
		close(made[--made_nr]);
	if (mapped)
		munmap(mapped, 4096);
	mapped = NULL;
	if (forked > 0)
		child_kill(forked);
	forked = 0;
	return 0;
}

static const struct {
	const char *name;
	long (*make)(void);
	int cost;
} kinds[] = {
	{ "a file", make_open, 1 },
	{ "a path", make_path, 1 },
	{ "a directory", make_directory, 1 },
	{ "dup", make_dup, 0 },
	{ "a pipe", make_pipe, 2 },
	{ "a socket", make_socket, 1 },
	{ "a socketpair", make_socketpair, 2 },
	{ "epoll", make_epoll, 1 },
	{ "eventfd", make_eventfd, 1 },
	{ "memfd", make_memfd, 1 },
	{ "pidfd", make_pidfd, 1 },
	{ "timerfd", make_timerfd, 1 },
	{ "signalfd", make_signalfd, 1 },
	{ "inotify", make_inotify, 1 },
	{ "io_uring", make_io_uring, 1 },
	{ "shared memory", make_shared_memory, 1 },
	{ "a mapping of a closed file", make_mapping, 1 },
	{ "fork", make_fork, 3 },
};

static long a_make(long kind, long b, long c)
{
	return kinds[kind].make();
}

/* How many of @nr files could be opened; what the next one gave is kept. */
static long open_error;

static long a_open(long nr, long b, long c)
{
	long i;

	open_error = 0;
	for (i = 0; i < nr; i++) {
		open_error = make_open();
		if (open_error)
			break;
	}
	return i;
}

static long a_open_error(long a, long b, long c)
{
	return open_error;
}

static long a_close_one(long a, long b, long c)
{
	return res(close(made[--made_nr]));
}

/* A descriptor that the test can take. */
static long a_last(long a, long b, long c)
{
	return made[made_nr - 1];
}

FIXTURE(files)
{
	long id;
	struct agent agent;
	long base;		/* what the agent has anyway */
};

FIXTURE_SETUP(files)
{
	VC_SETUP();
	self->id = ctx_new(0);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	self->base = files_usage(self->id);
	/* the program that it runs, at least */
	ASSERT_LT(0, self->base);
	ASSERT_GT(100, self->base);
}

FIXTURE_TEARDOWN(files)
{
	vc_teardown();
}

TEST_F(files, exact)
{
	struct vc_limit l;
	int fd;

	EXPECT_EQ(0, files_limit(self->id, self->base + 3));
	EXPECT_EQ(3, ask(&self->agent, a_open, 10));
	EXPECT_EQ(-ENFILE, ask0(&self->agent, a_open_error));
	l = files_get(self->id);
	EXPECT_EQ((__u64)self->base + 3, l.limit);
	EXPECT_EQ((__u64)self->base + 3, l.usage);
	EXPECT_EQ((__u64)self->base + 3, l.peak);
	EXPECT_EQ(1ULL, l.hits);

	/* Nobody else minds. */
	fd = open(some_file, O_RDONLY | O_CLOEXEC);
	EXPECT_LE(0, fd);
	close(fd);

	EXPECT_EQ(0, ask0(&self->agent, a_close_one));
	EXPECT_EQ(self->base + 2, files_usage(self->id));
	EXPECT_EQ(1, ask(&self->agent, a_open, 10));
	EXPECT_EQ(2, files_hits(self->id));
	EXPECT_EQ(0, ask0(&self->agent, a_drop));
	EXPECT_EQ(self->base, files_usage(self->id));
	agent_end(&self->agent);
	EXPECT_TRUE(WAIT_FOR(files_usage(self->id) == 0));
}

/* What each kind costs: with that much room it works, with less it does not. */
TEST_F(files, kinds)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		int cost = kinds[i].cost;

		EXPECT_EQ(0, files_limit(self->id, self->base + cost));
		EXPECT_EQ(0, ask(&self->agent, a_make, i))
			TH_LOG("%s", kinds[i].name);
		EXPECT_EQ(self->base + cost, files_usage(self->id))
			TH_LOG("%s", kinds[i].name);
		EXPECT_EQ(0, ask0(&self->agent, a_drop));
		/* a ring is taken down by a worker */
		EXPECT_TRUE(WAIT_FOR(files_usage(self->id) == self->base))
			TH_LOG("%s: %ld", kinds[i].name,
			       files_usage(self->id));
		if (!cost)
			continue;
		EXPECT_EQ(0, files_limit(self->id, self->base + cost - 1));
		EXPECT_EQ(-ENFILE, ask(&self->agent, a_make, i))
			TH_LOG("%s", kinds[i].name);
		EXPECT_EQ(0, ask0(&self->agent, a_drop));
		EXPECT_TRUE(WAIT_FOR(files_usage(self->id) == self->base))
			TH_LOG("%s: %ld", kinds[i].name,
			       files_usage(self->id));
	}
}

static long fd_send(int sock, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = {};
	struct iovec io = { (char *)"x", 1 };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return res(sendmsg(sock, &msg, MSG_NOSIGNAL));
}

static int fd_receive(int sock)
{
	char space[CMSG_SPACE(sizeof(int))] = {}, byte;
	struct iovec io = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg;
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* Sends its last file through what it was given, and closes it. */
static long a_send_last(long a, long b, long c)
{
	long ret = fd_send(agent_fd, made[made_nr - 1]);

	close(made[--made_nr]);
	close(agent_fd);
	agent_fd = -1;
	return ret;
}

/* In flight it is still a file, and still of who opened it. */
TEST_F(files, in_flight)
{
	int pair[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	EXPECT_EQ(0, agent_give(&self->agent, pair[0]));
	EXPECT_EQ(self->base, files_usage(self->id));
	EXPECT_EQ(1, ask(&self->agent, a_open, 1));
	EXPECT_EQ(1, ask0(&self->agent, a_send_last));
	close(pair[0]);
	EXPECT_EQ(self->base + 1, files_usage(self->id));
	fd = fd_receive(pair[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(self->base + 1, files_usage(self->id));
	close(fd);
	EXPECT_EQ(self->base, files_usage(self->id));
	close(pair[1]);

	/* Never received. */
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	EXPECT_EQ(0, agent_give(&self->agent, pair[0]));
	EXPECT_EQ(1, ask(&self->agent, a_open, 1));
	EXPECT_EQ(1, ask0(&self->agent, a_send_last));
	close(pair[0]);
	EXPECT_EQ(self->base + 1, files_usage(self->id));
	close(pair[1]);
	EXPECT_TRUE(WAIT_FOR(files_usage(self->id) == self->base));
}

static long a_map_given(long a, long b, long c)
{
	mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, agent_fd, 0);
	close(agent_fd);
	agent_fd = -1;
	return mapped == MAP_FAILED ? -errno : 0;
}

/* One of the host's is the host's, whatever is done with it inside. */
TEST_F(files, given)
{
	int fd = open(some_file, O_RDONLY | O_CLOEXEC);
	long other = ctx_new(0);
	struct agent agent;
	int copy;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, agent_give(&self->agent, fd));
	EXPECT_EQ(0, ask0(&self->agent, a_map_given));
	close(fd);
	EXPECT_EQ(self->base, files_usage(self->id));

	/* One of a neighbour's is the neighbour's. */
	ASSERT_LT(0, other);
	ASSERT_EQ(0, agent_start(&agent, other, 0));
	EXPECT_EQ(1, ask(&agent, a_open, 1));
	copy = take_fd(agent.pid, ask0(&agent, a_last));
	ASSERT_LE(0, copy);
	EXPECT_EQ(0, agent_give(&self->agent, copy));
	close(copy);
	agent_end(&agent);
	EXPECT_TRUE(WAIT_FOR(files_usage(other) == 1));
	EXPECT_EQ(self->base, files_usage(self->id));
	EXPECT_EQ(0, ask0(&self->agent, a_map_given));
	EXPECT_EQ(1, files_usage(other));
	EXPECT_EQ(0, ask0(&self->agent, a_drop));
	agent_end(&self->agent);
	EXPECT_TRUE(WAIT_FOR(files_usage(other) == 0));
	EXPECT_TRUE(WAIT_FOR(files_usage(self->id) == 0));
}

/* A process that enters brings its files along, and they stay who paid's. */
TEST_F(files, entered)
{
	struct agent agent;
	long usage;

	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	EXPECT_EQ(5, ask(&agent, a_open, 5));
	EXPECT_EQ(0, task_move(agent.pid, self->id));
	usage = files_usage(self->id);
	EXPECT_EQ(self->base, usage);
	EXPECT_EQ(2, ask(&agent, a_open, 2));
	EXPECT_EQ(self->base + 2, files_usage(self->id));
	/* Moved out, those two stay behind. */
	EXPECT_EQ(0, task_move(agent.pid, VC_ID_HOST));
	EXPECT_EQ(self->base + 2, files_usage(self->id));
	EXPECT_EQ(0, ask0(&agent, a_drop));
	EXPECT_EQ(self->base, files_usage(self->id));
}

static long a_exec(long a, long b, long c)
{
	pid_t pid = fork();

	if (!pid) {
		char *argv[] = { (char *)"busybox", (char *)"true", NULL };
		char *envp[] = { NULL };

		execve("/bin/busybox", argv, envp);
		_exit(errno);
	}
	return child_wait(pid);
}

/* exec opens the program: it needs a place, and keeps it while it runs. */
TEST_F(files, exec)
{
	if (access("/bin/busybox", X_OK))
		SKIP(return, "no busybox");
	EXPECT_EQ(0, ask0(&self->agent, a_exec));
	EXPECT_EQ(0, files_limit(self->id, self->base));
	EXPECT_EQ(ENFILE, ask0(&self->agent, a_exec));
	EXPECT_EQ(0, files_limit(self->id, self->base + 1));
	EXPECT_EQ(0, ask0(&self->agent, a_exec));
	EXPECT_TRUE(WAIT_FOR(files_usage(self->id) == self->base));
}

TEST_F(files, limit_below_usage)
{
	EXPECT_EQ(5, ask(&self->agent, a_open, 5));
	EXPECT_EQ(0, files_limit(self->id, self->base + 2));
	EXPECT_EQ(self->base + 5, files_usage(self->id));
	EXPECT_EQ(0, ask(&self->agent, a_open, 1));
	EXPECT_EQ(-ENFILE, ask0(&self->agent, a_open_error));
	while (files_usage(self->id) > self->base + 1) {
		ASSERT_EQ(0, ask0(&self->agent, a_close_one));
	}
	EXPECT_EQ(1, ask(&self->agent, a_open, 2));
	EXPECT_EQ(0, files_limit(self->id, 0));
	EXPECT_EQ(0, ask(&self->agent, a_open, 1));
	EXPECT_EQ(0, files_limit(self->id, VC_UNLIMITED));
	EXPECT_EQ(10, ask(&self->agent, a_open, 10));
}

/* The limit of a context holds for all below it together. */
TEST_F(files, nested)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL), b, base, in_base;
	struct agent in_a, in_b;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&in_a, a, 0));
	ASSERT_EQ(0, agent_start(&in_b, b, 0));
	base = files_usage(a);
	in_base = files_usage(b);
	EXPECT_LT(in_base, base);
	EXPECT_EQ(0, files_limit(a, base + 3));
	EXPECT_EQ(-EPERM, files_limit(b, base + 4));
	EXPECT_EQ(0, files_limit(b, in_base + 2));
	EXPECT_EQ(2, ask(&in_b, a_open, 10));
	EXPECT_EQ(1, files_hits(b));
	EXPECT_EQ(0, files_hits(a));
	EXPECT_EQ(1, ask(&in_a, a_open, 10));
	EXPECT_EQ(1, files_hits(a));
	EXPECT_EQ(0, ask0(&in_b, a_close_one));
	EXPECT_EQ(1, ask(&in_a, a_open, 10));
	/* b has room, a has not */
	EXPECT_EQ(0, ask(&in_b, a_open, 1));
	EXPECT_EQ(-ENFILE, ask0(&in_b, a_open_error));
	EXPECT_EQ(3, files_hits(a));
	EXPECT_EQ(1, files_hits(b));
	EXPECT_EQ(in_base + 1, files_usage(b));
	EXPECT_EQ(base + 3, files_usage(a));
}

/* A context is destroyed while somebody else holds its files. */
TEST_F(files, outlive)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL), b;
	struct agent agent;
	int copy, i;

	ASSERT_LT(0, a);
	for (i = 0; i < 2; i++) {
		b = i ? self->id : ctx_new_below(a, 0);
		ASSERT_LT(0, b);
		ASSERT_EQ(0, agent_start(&agent, b, 0));
		EXPECT_EQ(3, ask(&agent, a_open, 3));
		copy = take_fd(agent.pid, ask0(&agent, a_last));
		ASSERT_LE(0, copy);
		EXPECT_EQ(0, ctx_kill(b));
		EXPECT_EQ(-ESRCH, files_limit(b, 1));
		agent_end(&agent);
		if (!i) {
			EXPECT_TRUE(WAIT_FOR(files_usage(a) == 1));
		}
		close(copy);
		EXPECT_EQ(0, files_usage(a));
	}
}

/* A file that is registered in a ring needs no descriptor. */
static long a_register(long a, long b, long c)
{
	struct io_uring_params params = {};
	int ring = syscall(__NR_io_uring_setup, 1, &params);
	int fd = open(some_file, O_RDONLY | O_CLOEXEC);
	long ret;

	if (ring < 0 || fd < 0)
		return -errno;
	ret = res(syscall(__NR_io_uring_register, ring, IORING_REGISTER_FILES,
			  &fd, 1));
	close(fd);
	keep(ring);
	return ret;
}

static long a_unregister(long a, long b, long c)
{
	return res(syscall(__NR_io_uring_register, made[made_nr - 1],
			   IORING_UNREGISTER_FILES, NULL, 0));
}

TEST_F(files, registered)
{
	ASSERT_EQ(0, ask0(&self->agent, a_register));
	EXPECT_EQ(self->base + 2, files_usage(self->id));
	EXPECT_EQ(0, ask0(&self->agent, a_unregister));
	EXPECT_TRUE(WAIT_FOR(files_usage(self->id) == self->base + 1));
	EXPECT_EQ(0, ask0(&self->agent, a_drop));
	EXPECT_TRUE(WAIT_FOR(files_usage(self->id) == self->base));
	/* The ring goes with the file in it. */
	ASSERT_EQ(0, ask0(&self->agent, a_register));
	EXPECT_EQ(self->base + 2, files_usage(self->id));
	EXPECT_EQ(0, ask0(&self->agent, a_drop));
	EXPECT_TRUE(WAIT_FOR(files_usage(self->id) == self->base));
}

static socklen_t unix_address(struct sockaddr_un *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	/* an abstract name */
	COPY(addr->sun_path, "#vcontext-files");
	addr->sun_path[0] = '\0';
	return sizeof(*addr);
}

static long a_listen(long a, long b, long c)
{
	struct sockaddr_un addr;
	socklen_t len = unix_address(&addr);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(fd, (void *)&addr, len) || listen(fd, 5))
		return -errno;
	keep(fd);
	return fd;
}

static long a_accept(long fd, long b, long c)
{
	return keep(accept(fd, NULL, NULL));
}

/* A connection that cannot be accepted for want of a file is not lost. */
TEST_F(files, accept)
{
	struct sockaddr_un addr;
	socklen_t len = unix_address(&addr);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long there = ask0(&self->agent, a_listen);

	ASSERT_LE(0, there);
	ASSERT_EQ(0, connect(fd, (void *)&addr, len));
	EXPECT_EQ(0, files_limit(self->id, self->base + 1));
	EXPECT_EQ(-ENFILE, ask(&self->agent, a_accept, there));
	EXPECT_EQ(0, files_limit(self->id, self->base + 2));
	EXPECT_EQ(0, ask(&self->agent, a_accept, there));
	EXPECT_EQ(self->base + 2, files_usage(self->id));
	close(fd);
}

TEST_F(files, own_limit)
{
	struct vc_limit l = { .limit = VC_UNLIMITED };

	EXPECT_EQ(0, files_limit(self->id, 77));
	memcpy(agent_buf, &l, sizeof(l));
	EXPECT_EQ(-EPERM, ask3(&self->agent, a_vc, VC_SET_FILES, self->id, 1));
	EXPECT_EQ(0, ask3(&self->agent, a_vc, VC_GET_FILES, self->id, 1));
	memcpy(&l, agent_buf, sizeof(l));
	EXPECT_EQ(77ULL, l.limit);
}

/* ---- many at once ---- */

#define STORM_THREADS	4

static int storm_open, storm_most, storm_room;

static void *storm_thread(void *arg)
{
	int i, fd, now;

	for (i = 0; i < 3000; i++) {
		fd = open(some_file, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			if (errno != ENFILE)
				return (void *)1;
			continue;
		}
		now = __atomic_add_fetch(&storm_open, 1, __ATOMIC_SEQ_CST);
		if (now > storm_room)
			storm_most = now;
		__atomic_sub_fetch(&storm_open, 1, __ATOMIC_SEQ_CST);
		close(fd);
	}
	return NULL;
}

static long a_storm(long room, long b, long c)
{
	pthread_t threads[STORM_THREADS];
	void *ret, *bad = NULL;
	int i;

	storm_open = 0;
	storm_most = 0;
	storm_room = room;
	for (i = 0; i < STORM_THREADS; i++)
		if (pthread_create(&threads[i], NULL, storm_thread, NULL))
			return -EAGAIN;
	for (i = 0; i < STORM_THREADS; i++) {
		pthread_join(threads[i], &ret);
		bad = bad ?: ret;
	}
	return bad ? -EIO : storm_most;
}

TEST_F(files, storm)
{
	EXPECT_EQ(0, files_limit(self->id, self->base + 2));
	/* how many more than there may be */
	EXPECT_EQ(0, ask(&self->agent, a_storm, 2));
	EXPECT_EQ(self->base, files_usage(self->id));
	EXPECT_GE(self->base + 2, files_peak(self->id));
}

static long a_bomb(long nr, long b, long c)
{
	while (nr--) {
		if (!child_fork()) {
			int fds[2];

			for (;;)
				if (pipe(fds) && errno == EMFILE)
					pause();
		}
	}
	return 0;
}

/* All descriptors there are: the context is full, the rest is not. */
TEST_F(files, bomb)
{
	long other = ctx_new(0);
	struct agent agent;

	ASSERT_LT(0, other);
	ASSERT_EQ(0, agent_start(&agent, other, 0));
	EXPECT_EQ(0, files_limit(self->id, 500));
	EXPECT_EQ(0, ask(&self->agent, a_bomb, 8));
	EXPECT_TRUE(WAIT_FOR(files_hits(self->id) > 1000));
	EXPECT_GE(500, files_peak(self->id));
	EXPECT_LE(499, files_peak(self->id));
	EXPECT_EQ(400, ask(&agent, a_open, 400));
	EXPECT_EQ(400, a_open(400, 0, 0));
	a_drop(0, 0, 0);
	EXPECT_EQ(0, ctx_kill(self->id));
}

/* The host is not counted, and has no limit. */
TEST_F(files, host)
{
	struct vc_limit l = files_get(VC_ID_HOST);

	EXPECT_EQ(VC_UNLIMITED, l.limit);
	EXPECT_EQ(-EPERM, files_limit(VC_ID_HOST, ENOUGH));
	EXPECT_EQ(3, a_open(3, 0, 0));
	EXPECT_EQ(self->base, files_usage(self->id));
	a_drop(0, 0, 0);
}

TEST_HARNESS_MAIN
