// SPDX-License-Identifier: GPL-2.0
/*
 * Category 17: what is told, to whom, in which order, and when it ends.
 */
#include "common.h"

#include <sys/epoll.h>

#define RING_SIZE	256
#define READERS_MAX	64
#define LIMIT_VALUE	(VC_CAT_PROCESS << 8 | VC_PROCESS_LIMIT)

VC_FIXTURE(event)

/* A descriptor that does not wait, or -errno. */
static int ev_open(__u32 id)
{
	int fd = vc(VC_OPEN_EVENTS, id, NULL);

	if (fd >= 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* The next event, waited for: 24, 0 at the end, or -errno. */
static long ev_next(int fd, struct vc_event *event)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	memset(event, 0xa5, sizeof(*event));
	if (poll(&poll_fd, 1, WAIT_TIMEOUT_MS) != 1)
		return -ETIMEDOUT;
	return res(read(fd, event, sizeof(*event)));
}

/* The next one is that; others of the same context in between are not. */
static bool ev_is(int fd, __u32 type, __u32 id, __u64 value)
{
	struct vc_event event;
	long ret = ev_next(fd, &event);

	if (ret == sizeof(event) && event.type == type && event.id == id &&
	    event.value == value)
		return true;
	printf("# event: %ld: type %u id %u value %llu, not %u %u %llu\n", ret,
	       event.type, event.id, event.value, type, id, value);
	return false;
}

static bool ev_none(int fd)
{
	struct vc_event event;

	return res(read(fd, &event, sizeof(event))) == -EAGAIN;
}

static long ev_end(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct vc_event event;

	if (poll(&poll_fd, 1, WAIT_TIMEOUT_MS) != 1 ||
	    poll_fd.revents != POLLHUP)
		return -EPROTO;
	return res(read(fd, &event, sizeof(event)));
}

TEST_F(event, descriptor)
{
	struct vc_event event[2];
	long id = ctx_new(0);
	char buf[64];
	int fd;

	ASSERT_LT(0, id);
	fd = ev_open(id);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDONLY, fcntl(fd, F_GETFL) & O_ACCMODE);
	EXPECT_TRUE(ev_none(fd));
	EXPECT_EQ(-EINVAL, res(read(fd, buf, sizeof(event[0]) - 1)));
	EXPECT_EQ(-EINVAL, res(read(fd, buf, 0)));
	EXPECT_EQ(-EBADF, res(write(fd, buf, sizeof(buf))));
	/* Whole ones alone. */
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ((long)sizeof(event[0]),
		  res(read(fd, event, sizeof(event) - 1)));
	EXPECT_EQ(0, ev_end(fd));
	close(fd);
	EXPECT_EQ(-ESRCH, vc(VC_OPEN_EVENTS, id, NULL));
}

TEST_F(event, fault)
{
	long id = ctx_new(0);
	int fd;

	ASSERT_LT(0, id);
	fd = ev_open(id);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(-EFAULT, res(read(fd, (void *)4096,
				    sizeof(struct vc_event))));
	close(fd);
}

TEST_F(event, created_and_destroyed)
{
	int fd = ev_open(VC_ID_HOST);
	struct vc_event event;
	struct timespec ts;
	__u64 last = 0, now;
	long id, b;
	int i;

	ASSERT_LE(0, fd);
	id = ctx_make(VC_ID_SELF, 0, 4, NULL);
	ASSERT_LT(0, id);
	EXPECT_TRUE(ev_is(fd, VC_EVENT_CREATED, id, 0));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_DESTROYED, id, 0));
	EXPECT_TRUE(ev_none(fd));

	/* A tree: children go first. */
	id = ctx_make(VC_ID_SELF, 0, 4, NULL);
	ASSERT_LT(0, id);
	b = ctx_new_below(id, 0);
	ASSERT_LT(0, b);
	EXPECT_EQ(0, ctx_kill(id));
	do {
		ASSERT_EQ((long)sizeof(event), ev_next(fd, &event));
	} while (event.type != VC_EVENT_DESTROYED);
	EXPECT_EQ(b, event.id);
	EXPECT_TRUE(ev_is(fd, VC_EVENT_DESTROYED, id, 0));

	/* In order of time. */
	for (i = 0; i < 3; i++) {
		ASSERT_LT(0, ctx_new(0));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ((long)sizeof(event), ev_next(fd, &event));
		EXPECT_LE(last, event.time_ns);
		last = event.time_ns;
	}
	clock_gettime(CLOCK_BOOTTIME, &ts);
	now = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	EXPECT_LE(last, now);
	EXPECT_LT(now, last + 60000000000ULL);
	close(fd);
}

TEST_F(event, migrated_and_empty)
{
	int fd = ev_open(VC_ID_HOST);
	struct agent agent;
	siginfo_t info;
	long id;

	ASSERT_LE(0, fd);
	id = ctx_new(0);
	ASSERT_LT(0, id);
	EXPECT_TRUE(ev_is(fd, VC_EVENT_CREATED, id, 0));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_MIGRATED, id, agent.pid));
	EXPECT_LT(0, ask0(&agent, a_fork));
	EXPECT_EQ(0, ask0(&agent, a_reap));
	/* Not the last one. */
	EXPECT_TRUE(ev_none(fd));
	/* A zombie does not count. */
	kill(agent.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, agent.pid, &info, WEXITED | WNOWAIT));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_EMPTY, id, 0));
	agent_end(&agent);
	EXPECT_TRUE(ev_none(fd));

	/* Again, each time. */
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_MIGRATED, id, agent.pid));
	agent_end(&agent);
	EXPECT_TRUE(ev_is(fd, VC_EVENT_EMPTY, id, 0));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_DESTROYED, id, 0));
	EXPECT_TRUE(ev_none(fd));
	close(fd);
}

/* One that nobody has read yet is enough, and washes nothing out. */
TEST_F(event, limit)
{
	struct agent agent;
	long id = ctx_new(0), d = ctx_new(0);
	int fd, i;

	ASSERT_LT(0, id);
	ASSERT_LT(0, d);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	fd = ev_open(VC_ID_HOST);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ctx_limit(id, 1));
	EXPECT_EQ(0, ctx_limit(d, 0));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_LIMIT, id, LIMIT_VALUE));
	EXPECT_TRUE(ev_none(fd));
	for (i = 0; i < RING_SIZE + 10; i++) {
		EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	}
	/* Another context's is another. */
	EXPECT_EQ(-EAGAIN, task_move(getpid(), d));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_LIMIT, id, LIMIT_VALUE));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_LIMIT, d, LIMIT_VALUE));
	EXPECT_TRUE(ev_none(fd));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_LIMIT, id, LIMIT_VALUE));
	close(fd);
}

/* That of a context is not that of the next one with its id. */
TEST_F(event, limit_of_another)
{
	const __u32 id = 987654321;
	int fd = ev_open(VC_ID_HOST), i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(id, ctx_make(id, 0, 0, NULL));
		ASSERT_EQ(0, ctx_limit(id, 0));
		EXPECT_EQ(-EAGAIN, task_move(getpid(), id));
		EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	}
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(ev_is(fd, VC_EVENT_CREATED, id, 0));
		EXPECT_TRUE(ev_is(fd, VC_EVENT_LIMIT, id, LIMIT_VALUE));
		EXPECT_TRUE(ev_is(fd, VC_EVENT_DESTROYED, id, 0));
	}
	close(fd);
}

TEST_F(event, lost)
{
	const int made = 150, lost = 2 * made - RING_SIZE;
	int fd = ev_open(VC_ID_HOST), quick = ev_open(VC_ID_HOST);
	struct vc_event event;
	__u64 last;
	long id = 0;
	int i;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, quick);
	for (i = 0; i < made; i++) {
		id = ctx_new(0);
		ASSERT_LT(0, id);
		ASSERT_EQ(0, vc(VC_DESTROY, id, NULL));
		ctx_made_nr--;
		/* Another reader's pace is its own. */
		EXPECT_TRUE(ev_is(quick, VC_EVENT_CREATED, id, 0));
		EXPECT_TRUE(ev_is(quick, VC_EVENT_DESTROYED, id, 0));
	}
	ASSERT_EQ((long)sizeof(event), ev_next(fd, &event));
	EXPECT_EQ(VC_EVENT_LOST, event.type);
	EXPECT_EQ(VC_ID_HOST, event.id);
	EXPECT_EQ(lost, (int)event.value);
	last = event.time_ns;
	for (i = 0; i < RING_SIZE; i++) {
		ASSERT_EQ((long)sizeof(event), ev_next(fd, &event));
		EXPECT_EQ(i % 2 ? VC_EVENT_DESTROYED : VC_EVENT_CREATED,
			  event.type);
		EXPECT_LE(last, event.time_ns);
		last = event.time_ns;
	}
	/* The newest are there. */
	EXPECT_EQ(id, event.id);
	EXPECT_TRUE(ev_none(fd));
	EXPECT_TRUE(ev_none(quick));
	close(fd);
	close(quick);
}

/* More than fit into two rings. */
static long many(void)
{
	return is_debug_kernel() ? 300 : 2000;
}

static long a_create_many(long n, long b, long c)
{
	long made = 0;

	while (made < n && vc(VC_CREATE, VC_ID_SELF, NULL) > 0)
		made++;
	return made;
}

struct tally {
	int fd;
	__u64 seen, lost;
};

/* Reads until the end, with pauses in which events are lost. */
static void *tally_thread(void *arg)
{
	struct tally *tally = arg;
	struct vc_event events[16];
	int round = 0;
	ssize_t i, n;

	while ((n = read(tally->fd, events, sizeof(events))) > 0) {
		for (i = 0; i < n / (ssize_t)sizeof(events[0]); i++) {
			if (events[i].type == VC_EVENT_LOST)
				tally->lost += events[i].value;
			else
				tally->seen++;
		}
		if (++round % 64 == 0)
			nap();
	}
	return NULL;
}

/* Each event of each context is read, or counted as lost. */
TEST_F(event, many_contexts)
{
	long most = many(), id = ctx_make(VC_ID_SELF, 0, most, NULL);
	struct tally tally = {};
	struct agent agent;
	pthread_t thread;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	tally.fd = vc(VC_OPEN_EVENTS, id, NULL);
	ASSERT_LE(0, tally.fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, tally_thread, &tally));
	EXPECT_EQ(most, ask(&agent, a_create_many, most + 1));
	EXPECT_EQ(0, ctx_kill(id));
	pthread_join(thread, NULL);
	/* and of their parent: empty, destroyed */
	EXPECT_EQ(2 * most + 2, (long)(tally.seen + tally.lost));
	EXPECT_LT(0, (long)tally.seen);
	close(tally.fd);
}

/* Of the own context and those below, to whom it is there. */
TEST_F(event, visibility)
{
	long a = ctx_make(VC_ID_SELF, 0, 4, NULL);
	long b = ctx_new_below(a, 0);
	long d = ctx_new(0);
	struct agent agent, other;
	int fd_a, fd_b;

	ASSERT_LT(0, a);
	ASSERT_LT(0, b);
	ASSERT_LT(0, d);
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	EXPECT_LE(0, ask3(&agent, a_vc, VC_OPEN_EVENTS, a, 0));
	EXPECT_LE(0, ask3(&agent, a_vc, VC_OPEN_EVENTS, b, 0));
	EXPECT_LE(0, ask3(&agent, a_vc, VC_OPEN_EVENTS, (int)VC_ID_SELF, 0));
	EXPECT_EQ(-ESRCH, ask3(&agent, a_vc, VC_OPEN_EVENTS, d, 0));
	EXPECT_EQ(-ESRCH, ask3(&agent, a_vc, VC_OPEN_EVENTS, VC_ID_HOST, 0));

	fd_a = ev_open(a);
	fd_b = ev_open(b);
	ASSERT_LE(0, fd_a);
	ASSERT_LE(0, fd_b);
	/* Beside: not theirs. */
	ASSERT_EQ(0, agent_start(&other, d, 0));
	agent_end(&other);
	EXPECT_TRUE(ev_none(fd_a));
	/* Below: a's and b's. */
	ASSERT_EQ(0, agent_start(&other, b, 0));
	EXPECT_TRUE(ev_is(fd_a, VC_EVENT_MIGRATED, b, other.pid));
	EXPECT_TRUE(ev_is(fd_b, VC_EVENT_MIGRATED, b, other.pid));
	agent_end(&other);
	EXPECT_TRUE(ev_is(fd_a, VC_EVENT_EMPTY, b, 0));
	EXPECT_TRUE(ev_is(fd_b, VC_EVENT_EMPTY, b, 0));
	/* The end of b is not that of a. */
	EXPECT_EQ(0, vc(VC_DESTROY, b, NULL));
	EXPECT_TRUE(ev_is(fd_b, VC_EVENT_DESTROYED, b, 0));
	EXPECT_EQ(0, ev_end(fd_b));
	EXPECT_TRUE(ev_is(fd_a, VC_EVENT_DESTROYED, b, 0));
	EXPECT_TRUE(ev_none(fd_a));
	close(fd_a);
	close(fd_b);
}

/* The reader of an agent. */
static int inside_fd = -1;

static long a_ev_open(long id, long b, long c)
{
	inside_fd = ev_open(id);
	return inside_fd < 0 ? inside_fd : 0;
}

static long a_ev_next(long a, long b, long c)
{
	struct vc_event event;
	long ret = ev_next(inside_fd, &event);

	memcpy(agent_buf, &event, sizeof(event));
	return ret;
}

static long a_ev_next_given(long a, long b, long c)
{
	inside_fd = agent_fd;
	return a_ev_next(a, b, c);
}

/* A process is told by the number that the reader knows it by. */
TEST_F(event, pid_namespaces)
{
	const struct vc_event *event = (void *)agent_buf;
	long id = ctx_new(VC_CREATE_PIDNS);
	struct agent first, second;
	int fd = ev_open(VC_ID_HOST);

	ASSERT_LT(0, id);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_start(&first, id, AGENT_FORK));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_MIGRATED, id, first.middle));
	ASSERT_EQ(0, ask(&first, a_ev_open, VC_ID_SELF));
	ASSERT_EQ(0, agent_start(&second, id, AGENT_FORK));
	EXPECT_TRUE(ev_is(fd, VC_EVENT_MIGRATED, id, second.middle));
	/* Who enters is not in the namespace: its child is. */
	ASSERT_EQ((long)sizeof(*event), ask0(&first, a_ev_next));
	EXPECT_EQ(VC_EVENT_MIGRATED, event->type);
	EXPECT_EQ(0ULL, event->value);
	close(fd);
}

static long a_ev_open_many(long n, long b, long c)
{
	long ret = 0;

	while (n-- && ret >= 0)
		ret = vc(VC_OPEN_EVENTS, VC_ID_SELF, NULL);
	return ret;
}

static long a_close(long fd, long b, long c)
{
	return res(close(fd));
}

TEST_F(event, readers_of_a_context)
{
	long id = ctx_new(0);
	struct agent agent;
	long last;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	last = ask(&agent, a_ev_open_many, READERS_MAX);
	ASSERT_LE(0, last);
	EXPECT_EQ(-EMFILE, ask(&agent, a_ev_open_many, 1));
	/* They are not in the way of who is above. */
	EXPECT_LE(0, vc(VC_OPEN_EVENTS, id, NULL));
	EXPECT_EQ(0, ask(&agent, a_close, last));
	EXPECT_LE(0, ask(&agent, a_ev_open_many, 1));
	EXPECT_EQ(-EMFILE, ask(&agent, a_ev_open_many, 1));
}

#define OPEN_MAX_EACH	200

static long opened_nr;

/* Opens until the context has gone: how many never come to an end, or -errno. */
static void *open_until_gone(void *arg)
{
	int fds[OPEN_MAX_EACH];
	struct vc_event event;
	long nr, i, stuck = 0, ret = 0;

	for (nr = 0; nr < OPEN_MAX_EACH; nr++) {
		fds[nr] = ev_open((long)arg);
		if (fds[nr] < 0)
			break;
		__sync_fetch_and_add(&opened_nr, 1);
	}
	if (nr < OPEN_MAX_EACH && fds[nr] != -ESRCH)
		ret = fds[nr];
	for (i = 0; i < nr; i++) {
		long end = stuck ? 0 : sizeof(event);

		while (end > 0)
			end = ev_next(fds[i], &event);
		stuck += end != 0;
		close(fds[i]);
	}
	return (void *)(ret ? ret : stuck);
}

/* Nobody waits for what has gone. */
TEST_F(event, open_against_destroy)
{
	pthread_t threads[3];
	int i, k;

	for (i = 0; i < 60; i++) {
		long id = ctx_new(0);

		ASSERT_LT(0, id);
		opened_nr = 0;
		for (k = 0; k < 3; k++) {
			ASSERT_EQ(0, pthread_create(&threads[k], NULL,
						    open_until_gone,
						    (void *)id));
		}
		EXPECT_TRUE(WAIT_FOR(__sync_fetch_and_add(&opened_nr, 0)));
		ASSERT_EQ(0, vc(VC_DESTROY, id, NULL));
		ctx_made_nr--;
		for (k = 0; k < 3; k++) {
			void *ret;

			ASSERT_EQ(0, pthread_join(threads[k], &ret));
			ASSERT_EQ(0, (long)ret);
		}
	}
}

static void *read_to_the_end(void *arg)
{
	struct vc_event event;
	long nr = 0, ret;

	do {
		ret = res(read((long)arg, &event, sizeof(event)));
		nr += ret > 0;
	} while (ret > 0);
	return (void *)(ret ? ret : nr);
}

/* Who waits without O_NONBLOCK is woken by the last event. */
TEST_F(event, reader_waits)
{
	long id = ctx_new(0), fd;
	pthread_t thread;
	void *ret;

	ASSERT_LT(0, id);
	fd = vc(VC_OPEN_EVENTS, id, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_to_the_end,
				    (void *)fd));
	usleep(200000);
	ASSERT_EQ(0, vc(VC_DESTROY, id, NULL));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(1, (long)ret);
	close(fd);
}

TEST_F(event, epoll)
{
	struct epoll_event got, want = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	long id = ctx_new(0);
	struct agent agent;
	int fd;

	ASSERT_LT(0, id);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	fd = ev_open(id);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &want));
	EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
	agent_end(&agent);
	EXPECT_EQ(1, epoll_wait(ep, &got, 1, WAIT_TIMEOUT_MS));
	EXPECT_EQ((__u32)EPOLLIN, got.events);
	EXPECT_TRUE(ev_is(fd, VC_EVENT_EMPTY, id, 0));
	EXPECT_EQ(0, epoll_wait(ep, &got, 1, 0));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(1, epoll_wait(ep, &got, 1, WAIT_TIMEOUT_MS));
	EXPECT_EQ((__u32)(EPOLLIN | EPOLLHUP), got.events);
	close(fd);
	close(ep);
}

/* What a descriptor tells is decided by who opened it. */
TEST_F(event, passed_on)
{
	long id = ctx_new(0), d;
	struct vc_event event;
	struct agent agent;
	int fd;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	fd = ev_open(VC_ID_HOST);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&agent, fd));
	d = ctx_new(0);
	ASSERT_LT(0, d);
	EXPECT_EQ((long)sizeof(event), ask0(&agent, a_ev_next_given));
	memcpy(&event, agent_buf, sizeof(event));
	EXPECT_EQ(d, event.id);
	close(fd);
}

TEST_HARNESS_MAIN
