// SPDX-License-Identifier: GPL-2.0
/*
 * Freezing: nobody runs, those who come freeze too, and the frozen can be
 * killed.
 */
#include <linux/userfaultfd.h>

#include "common.h"

/* How often the counters of workers went on, seen by all. */
static volatile unsigned long *counters;

#define COUNTERS		8

FIXTURE(freeze)
{
	long id;
	pid_t worker;
};

static long is_frozen(__u32 id)
{
	return vc(VC_GET_FREEZE, id, NULL);
}

static long cg_frozen(__u32 id)
{
	return file_number(cg_path(id, "cgroup.events"), "frozen ");
}

static __u32 state_of(__u32 id)
{
	struct vc_info info;

	return ctx_info(id, &info) ? ~0U : info.state;
}

/* A child that counts, moved into @id. */
static pid_t worker(int nr, long id)
{
	pid_t pid = child_fork();

	if (!pid)
		for (;;) {
			counters[nr]++;
			nap();
		}
	if (pid > 0 && id && task_move(pid, id)) {
		child_kill(pid);
		return -1;
	}
	return pid;
}

/* Does counter @nr go on? */
static bool runs(int nr)
{
	unsigned long before = counters[nr];

	return WAIT_FOR(counters[nr] != before);
}

/* Does it stand still, for as long as it takes a runner to go on? */
static bool stands(int nr)
{
	unsigned long before = counters[nr];
	int i;

	for (i = 0; i < 50; i++)
		nap();
	return counters[nr] == before;
}

FIXTURE_SETUP(freeze)
{
	VC_SETUP();
	counters = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(counters != MAP_FAILED);
	self->id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, self->id);
	self->worker = worker(0, self->id);
	ASSERT_LT(0, self->worker);
	/* The control: it runs when it is not frozen. */
	ASSERT_TRUE(runs(0));
}

FIXTURE_TEARDOWN(freeze)
{
	vc_teardown();
}

TEST_F(freeze, stops_and_goes_on)
{
	EXPECT_EQ(0, is_frozen(self->id));
	EXPECT_EQ(0U, state_of(self->id));
	EXPECT_EQ(0, ctx_freeze(self->id, 1));
	/* When it returns it is so. */
	EXPECT_EQ(1, cg_frozen(self->id));
	EXPECT_EQ(1, is_frozen(self->id));
	EXPECT_EQ(VC_STATE_FROZEN, state_of(self->id));
	EXPECT_TRUE(stands(0));

	EXPECT_EQ(0, ctx_freeze(self->id, 0));
	EXPECT_EQ(0, is_frozen(self->id));
	EXPECT_EQ(0U, state_of(self->id));
	EXPECT_TRUE(runs(0));
}

/* A state, not a count; any number but 0. */
TEST_F(freeze, twice)
{
	EXPECT_EQ(0, ctx_freeze(self->id, 1));
	EXPECT_EQ(0, ctx_freeze(self->id, 0x80000000U));
	EXPECT_EQ(1, is_frozen(self->id));
	EXPECT_EQ(0, ctx_freeze(self->id, 0));
	EXPECT_TRUE(runs(0));
	EXPECT_EQ(0, ctx_freeze(self->id, 0));
	EXPECT_TRUE(runs(0));
}

/* Together with stop, and apart from it. */
TEST_F(freeze, and_stop)
{
	EXPECT_EQ(0, ctx_stop(self->id, 1));
	EXPECT_EQ(0, ctx_freeze(self->id, 1));
	EXPECT_EQ(VC_STATE_FROZEN | VC_STATE_STOPPED, state_of(self->id));
	EXPECT_EQ(0, ctx_stop(self->id, 0));
	EXPECT_EQ(VC_STATE_FROZEN, state_of(self->id));
	EXPECT_TRUE(stands(0));
	EXPECT_EQ(0, ctx_freeze(self->id, 0));
	EXPECT_TRUE(runs(0));
}

TEST_F(freeze, empty)
{
	long id = ctx_new(0);
	pid_t pid;

	ASSERT_LT(0, id);
	EXPECT_EQ(0, ctx_freeze(id, 1));
	EXPECT_EQ(1, is_frozen(id));
	EXPECT_EQ(1, cg_frozen(id));
	/* Who comes freezes, and is not held up himself. */
	pid = worker(1, 0);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(runs(1));
	EXPECT_EQ(0, task_move(pid, id));
	EXPECT_TRUE(WAIT_FOR(cg_frozen(id) == 1));
	EXPECT_TRUE(stands(1));
	EXPECT_EQ(0, ctx_freeze(id, 0));
	EXPECT_TRUE(runs(1));
	EXPECT_EQ(0, ctx_kill(id));
	child_wait(pid);
}

/* One that is destroyed frozen and empty goes as any. */
TEST_F(freeze, destroy_empty)
{
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, ctx_freeze(id, 1));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_EQ(-ESRCH, is_frozen(id));
	/* The next one of that number knows nothing of it. */
	EXPECT_EQ(id, ctx_make(id, 0, 0, NULL));
	EXPECT_EQ(0, is_frozen(id));
}

/* Forks that go on while it freezes leave nobody who runs. */
TEST_F(freeze, forking)
{
	int round;
	pid_t pid;

	pid = child_fork();
	if (!pid) {
		if (vc(VC_MIGRATE, self->id, NULL))
			_exit(1);
		for (;;) {
			pid_t kid = fork();

			if (!kid) {
				counters[1]++;
				_exit(0);
			}
			waitpid(kid, NULL, 0);
		}
	}
	for (round = 0; round < 10; round++) {
		EXPECT_TRUE(runs(1));
		EXPECT_EQ(0, ctx_freeze(self->id, 1));
		EXPECT_EQ(1, cg_frozen(self->id));
		EXPECT_TRUE(stands(1));
		EXPECT_EQ(0, ctx_freeze(self->id, 0));
	}
	EXPECT_TRUE(runs(1));
	child_kill(pid);
}

TEST_F(freeze, killed)
{
	pid_t other = worker(1, self->id);

	ASSERT_LT(0, other);
	EXPECT_EQ(0, ctx_freeze(self->id, 1));
	EXPECT_EQ(1000 + SIGKILL, child_kill(other));
	EXPECT_EQ(1, is_frozen(self->id));
	EXPECT_EQ(1, ctx_signal(self->id, SIGKILL));
	EXPECT_EQ(1000 + SIGKILL, child_wait(self->worker));
	EXPECT_EQ(1, is_frozen(self->id));
	EXPECT_TRUE(WAIT_FOR(cg_frozen(self->id) == 1));
}

static void count_signal(int sig)
{
	counters[1]++;
}

/* What does not kill waits. */
TEST_F(freeze, signalled)
{
	pid_t pid = child_fork();

	if (!pid) {
		signal(SIGUSR1, count_signal);
		if (vc(VC_MIGRATE, self->id, NULL))
			_exit(1);
		for (;;) {
			counters[2]++;
			nap();
		}
	}
	ASSERT_TRUE(runs(2));
	EXPECT_EQ(0, ctx_freeze(self->id, 1));
	EXPECT_EQ(0, kill(pid, SIGUSR1));
	EXPECT_TRUE(stands(1));
	EXPECT_TRUE(stands(2));
	EXPECT_EQ(0UL, counters[1]);
	EXPECT_EQ(0, ctx_freeze(self->id, 0));
	EXPECT_TRUE(WAIT_FOR(counters[1] == 1));
	/* One that kills by default does so now or then. */
	EXPECT_EQ(0, ctx_freeze(self->id, 1));
	EXPECT_EQ(2, ctx_signal(self->id, SIGTERM));
	EXPECT_EQ(0, ctx_freeze(self->id, 0));
	EXPECT_EQ(1000 + SIGTERM, child_wait(pid));
	EXPECT_EQ(1000 + SIGTERM, child_wait(self->worker));
}

TEST_F(freeze, destroyed)
{
	EXPECT_EQ(0, ctx_freeze(self->id, 1));
	EXPECT_EQ(-EBUSY, vc(VC_DESTROY, self->id, NULL));
	EXPECT_EQ(1, is_frozen(self->id));
	EXPECT_EQ(0, ctx_kill(self->id));
	EXPECT_EQ(1000 + SIGKILL, child_wait(self->worker));
	EXPECT_EQ(-ESRCH, vc(VC_INFO, self->id, NULL));
}

/* Above binds below, and leaves it its own state. */
TEST_F(freeze, nested)
{
	long child = ctx_new_below(self->id, 0);
	long other = ctx_new(0);

	ASSERT_LT(0, child);
	ASSERT_LT(0, other);
	ASSERT_LT(0, worker(1, child));
	ASSERT_LT(0, worker(2, other));
	ASSERT_TRUE(runs(1));

	EXPECT_EQ(0, ctx_freeze(self->id, 1));
	EXPECT_TRUE(stands(0));
	EXPECT_TRUE(stands(1));
	EXPECT_TRUE(runs(2));
	EXPECT_EQ(1, is_frozen(child));
	EXPECT_EQ(VC_STATE_FROZEN, state_of(child));
	EXPECT_EQ(0, is_frozen(other));
	/* To thaw what is frozen from above changes nothing yet. */
	EXPECT_EQ(0, ctx_freeze(child, 0));
	EXPECT_EQ(1, is_frozen(child));
	EXPECT_TRUE(stands(1));

	EXPECT_EQ(0, ctx_freeze(child, 1));
	EXPECT_EQ(0, ctx_freeze(self->id, 0));
	EXPECT_TRUE(runs(0));
	EXPECT_EQ(1, is_frozen(child));
	EXPECT_EQ(0, is_frozen(self->id));
	EXPECT_TRUE(stands(1));
	EXPECT_EQ(0, ctx_freeze(child, 0));
	EXPECT_TRUE(runs(1));
}

/* A delegate inside freezes what is below its context. */
TEST_F(freeze, from_inside)
{
	struct agent agent;
	long child;

	ASSERT_EQ(0, agent_start(&agent, self->id, 0));
	child = ask3(&agent, a_create, 0, 0, 0);
	ASSERT_LT(0, child);
	ASSERT_LT(0, worker(1, child));
	ASSERT_TRUE(runs(1));
	memset(agent_buf, 0, sizeof(agent_buf));
	agent_buf[0] = 1;
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_SET_FREEZE, child, 1));
	EXPECT_TRUE(stands(1));
	EXPECT_TRUE(runs(0));
	/* But not itself, and the files are not for it. */
	EXPECT_EQ(-EPERM, ask3(&agent, a_vc, VC_SET_FREEZE, self->id, 1));
	EXPECT_EQ(-EPERM, ask_write(&agent, cg_path(self->id, "cgroup.freeze"),
				    "1"));
	agent_buf[0] = 0;
	memset(agent_buf, 0, sizeof(agent_buf));
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_SET_FREEZE, child, 1));
	EXPECT_TRUE(runs(1));
}

static volatile bool race_end;
static volatile long race_sets, race_wrong;

static void *race_freezer(void *arg)
{
	__u32 id = *(long *)arg, i = 0;

	while (!race_end) {
		long ret = ctx_freeze(id, i++ & 1);

		race_sets += !ret;
		if (ret && ret != -ESRCH)
			race_wrong = ret;
	}
	return arg;
}

/* Freeze and thaw against each other, forks, entries and the end. */
TEST_F(freeze, race)
{
	pthread_t threads[3];
	long id = 987654320;
	int i;

	race_end = false;
	race_sets = 0;
	race_wrong = 0;
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, race_freezer,
					    &id));
	for (i = 0; i < 30; i++) {
		long before = race_sets;
		pid_t pid;

		ASSERT_EQ(id, ctx_make(id, 0, 0, NULL));
		EXPECT_TRUE(WAIT_FOR(race_sets > before));
		pid = child_fork();
		if (!pid) {
			if (!vc(VC_MIGRATE, id, NULL))
				while (fork() >= 0)
					waitpid(-1, NULL, WNOHANG);
			_exit(0);
		}
		before = race_sets;
		EXPECT_TRUE(WAIT_FOR(race_sets > before + 10));
		EXPECT_EQ(0, ctx_kill(id));
		child_kill(pid);
		ctx_made_nr--;
	}
	race_end = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, race_wrong);
	/* Whatever was set last can be set back. */
	EXPECT_EQ(0, ctx_freeze(self->id, 0));
	EXPECT_TRUE(runs(0));
}

/*
 * A process that does not come to where it could stop: it sleeps in the kernel
 * until somebody fills in a page for it, and nobody will.
 */
static pid_t stuck(long id)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		return -1;
	pid = child_fork();
	if (!pid) {
		struct uffdio_api api = { .api = UFFD_API };
		struct uffdio_register reg = {
			.mode = UFFDIO_REGISTER_MODE_MISSING,
		};
		struct iovec local, remote;
		int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
		char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char byte;

		reg.range.start = (unsigned long)page;
		reg.range.len = 4096;
		if (fd < 0 || ioctl(fd, UFFDIO_API, &api) ||
		    ioctl(fd, UFFDIO_REGISTER, &reg) ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		close(ready[1]);
		local = (struct iovec){ &byte, 1 };
		remote = (struct iovec){ page, 1 };
		process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
		_exit(2);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1) {
		child_wait(pid);
		pid = -1;
	}
	close(ready[0]);
	if (pid > 0) {
		char path[64], text[64];

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		/* D, for a killable sleep */
		if (!WAIT_FOR(file_read(path, text, sizeof(text)) > 0 &&
			      strstr(text, ") D")) || task_move(pid, id)) {
			child_kill(pid);
			pid = -1;
		}
	}
	return pid;
}

static volatile int alarms;

static void on_alarm(int sig)
{
	alarms++;
}

/* A signal ends the wait, and then nothing has changed. */
TEST_F(freeze, interrupted)
{
	struct sigaction act = { .sa_handler = on_alarm };
	pid_t pid = stuck(self->id);

	if (pid < 0)
		SKIP(return, "no userfaultfd");
	sigaction(SIGALRM, &act, NULL);
	alarm(1);
	EXPECT_EQ(-EINTR, ctx_freeze(self->id, 1));
	EXPECT_EQ(1, alarms);
	EXPECT_EQ(0, is_frozen(self->id));
	EXPECT_TRUE(runs(0));

	/* One that was frozen before, as far as it goes, stays it. */
	EXPECT_EQ(0, file_write(cg_path(self->id, "cgroup.freeze"), "1"));
	EXPECT_EQ(1, is_frozen(self->id));
	alarm(1);
	EXPECT_EQ(-EINTR, ctx_freeze(self->id, 1));
	EXPECT_EQ(1, is_frozen(self->id));
	EXPECT_TRUE(stands(0));
	signal(SIGALRM, watchdog);
	alarm(TEST_WATCHDOG_SEC);
	EXPECT_EQ(0, ctx_freeze(self->id, 0));

	/* What cannot freeze can be killed. */
	EXPECT_EQ(0, ctx_kill(self->id));
	EXPECT_EQ(1000 + SIGKILL, child_wait(pid));
}

/* In a child: a freeze that waits; its result plus 1 in counters[@nr]. */
static pid_t freezer(int nr, long id)
{
	pid_t pid = child_fork();

	if (!pid) {
		counters[nr] = ctx_freeze(id, 1) + 1000;
		_exit(0);
	}
	return pid;
}

/* Somebody else thaws it, it is destroyed, or who held it up goes. */
TEST_F(freeze, wait_ends)
{
	pid_t pid = stuck(self->id), waiter;

	if (pid < 0)
		SKIP(return, "no userfaultfd");

	waiter = freezer(1, self->id);
	ASSERT_LT(0, waiter);
	EXPECT_TRUE(WAIT_FOR(is_frozen(self->id) == 1));
	EXPECT_TRUE(stands(1));
	EXPECT_EQ(0, ctx_freeze(self->id, 0));
	EXPECT_EQ(0, child_wait(waiter));
	EXPECT_EQ(1000UL, counters[1]);
	EXPECT_EQ(0, is_frozen(self->id));

	/* The same by the group's file. */
	waiter = freezer(2, self->id);
	ASSERT_LT(0, waiter);
	EXPECT_TRUE(WAIT_FOR(is_frozen(self->id) == 1));
	EXPECT_EQ(0, file_write(cg_path(self->id, "cgroup.freeze"), "0"));
	EXPECT_EQ(0, child_wait(waiter));
	EXPECT_EQ(1000UL, counters[2]);

	waiter = freezer(3, self->id);
	ASSERT_LT(0, waiter);
	EXPECT_TRUE(WAIT_FOR(is_frozen(self->id) == 1));
	EXPECT_TRUE(stands(3));
	EXPECT_EQ(1000 + SIGKILL, child_kill(pid));
	EXPECT_EQ(0, child_wait(waiter));
	EXPECT_EQ(1000UL, counters[3]);
	EXPECT_EQ(1, cg_frozen(self->id));
	EXPECT_EQ(0, ctx_freeze(self->id, 0));

	pid = stuck(self->id);
	ASSERT_LT(0, pid);
	waiter = freezer(4, self->id);
	ASSERT_LT(0, waiter);
	EXPECT_TRUE(WAIT_FOR(is_frozen(self->id) == 1));
	EXPECT_EQ(0, ctx_kill(self->id));
	EXPECT_EQ(0, child_wait(waiter));
	EXPECT_EQ(1000UL, counters[4]);
	child_wait(pid);
}

TEST_HARNESS_MAIN
