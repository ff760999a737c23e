// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once: forks against migrate, stop, signal and destroy; create
 * and destroy by many threads; entering what is being destroyed.
 *
 * The number of rounds is bounded, not the time.  After each test all counters
 * are where they were, and so are the groups of the cgroup file system.
 */
#include "sample.h"

struct shared {
	unsigned int go;
	unsigned int end;
	unsigned int forks;
	unsigned int started;	/* that succeeded */
	unsigned int refused[8];	/* that did not, of each storm */
	unsigned int entered;
	unsigned int failed;
	unsigned int wrong;	/* a result that is none of those expected */
	int wrong_result;
};

FIXTURE(race)
{
	struct shared *shared;
	long contexts, groups;
};

#define ADD(field)	__atomic_fetch_add(&(field), 1, __ATOMIC_SEQ_CST)
#define GET(field)	__atomic_load_n(&(field), __ATOMIC_SEQ_CST)
#define PUT(field, n)	__atomic_store_n(&(field), n, __ATOMIC_SEQ_CST)

static struct shared *shared;
/* Which of refused[] is that of the next storm. */
static unsigned int storm_nr;

static void wrong(long result)
{
	PUT(shared->wrong_result, result);
	ADD(shared->wrong);
}

/* Removed ones stay for a moment as dying: these are not counted. */
static bool as_before(long contexts, long groups)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return ctx_all() == contexts && cg_descendants() == groups;
}

FIXTURE_SETUP(race)
{
	VC_SETUP();
	/* What is orphaned in a storm comes to us to be waited for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(shared != MAP_FAILED);
	/* The directory of contexts stays with the first of them. */
	ctx_kill(ctx_new(0));
	ctx_made_nr = 0;
	self->contexts = ctx_all();
	self->groups = cg_descendants();
}

FIXTURE_TEARDOWN(race)
{
	vc_teardown();
	EXPECT_TRUE(WAIT_FOR(as_before(self->contexts, self->groups)))
		TH_LOG("%ld contexts, %ld before; %ld groups, %ld before",
		       ctx_all(), self->contexts, cg_descendants(),
		       self->groups);
	EXPECT_EQ(0U, GET(shared->wrong))
		TH_LOG("last wrong result: %d", GET(shared->wrong_result));
}

static void wait_go(void)
{
	while (!GET(shared->go))
		sched_yield();
}

/* Forks and waits, one child at a time, until it is killed or told to end. */
static void storm(void)
{
	while (!GET(shared->end)) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid > 0) {
			ADD(shared->forks);
			waitpid(pid, NULL, 0);
		} else {
			if (errno != EAGAIN)
				wrong(-errno);
			ADD(shared->refused[storm_nr]);
			sched_yield();
		}
	}
}

/* Forks without end or wait, its children too: only a limit bounds it. */
static void bomb(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid > 0)
			ADD(shared->forks);
		else if (pid < 0)
			sched_yield();
	}
}

/* A child that has entered @id, where 0 is the host, and does @fn. */
static pid_t start(__u32 id, void (*fn)(void))
{
	pid_t pid = child_fork();

	if (!pid) {
		long ret = id ? vc(VC_MIGRATE, id, NULL) : 0;

		/* Entered, or it never will. */
		ADD(shared->started);
		if (ret)
			_exit(1);
		fn();
		_exit(0);
	}
	return pid;
}

/* For a bomb's children too, which have lost their parent. */
static bool nobody_in(__u32 id)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return ctx_usage(id) == 0 && vc(VC_COUNT, id, NULL) == 0;
}

TEST_F(race, storm_destroy)
{
	int round, i;

	for (round = 0; round < 8; round++) {
		char path[256];
		long id = ctx_new(0);
		unsigned int before = GET(shared->forks);

		ASSERT_LT(0, id);
		ASSERT_EQ(0, ctx_limit(id, 24));
		for (i = 0; i < 2; i++)
			start(id, bomb);
		for (i = 0; i < 2; i++)
			start(id, storm);
		COPY(path, cg_path(id, NULL));
		EXPECT_TRUE(WAIT_FOR(GET(shared->forks) - before >= 20));
		EXPECT_EQ(0, ctx_kill(id));
		EXPECT_EQ(-ESRCH, vc(VC_INFO, id, NULL));
		EXPECT_EQ(-1, access(path, F_OK));
	}
}

TEST_F(race, storm_migrate)
{
	long a = ctx_new(0), d = ctx_new(0);
	pid_t pid[3];
	int round, i;

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	for (i = 0; i < 3; i++) {
		pid[i] = start(0, storm);
		ASSERT_LT(0, pid[i]);
	}
	EXPECT_TRUE(WAIT_FOR(GET(shared->forks) >= 3));
	for (round = 0; round < 20; round++) {
		const long to[] = { a, d, VC_ID_HOST };

		for (i = 0; i < 3; i++) {
			EXPECT_EQ(0, task_move(pid[i], to[(round + i) % 3]));
			EXPECT_EQ(to[(round + i) % 3], task_where(pid[i]));
		}
	}
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, task_move(pid[i], i == 1 ? d : a));
	}
	PUT(shared->end, 1);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, child_wait(pid[i]));
	}
	/* Nobody was counted twice, or forgotten. */
	EXPECT_TRUE(WAIT_FOR(nobody_in(a)));
	EXPECT_TRUE(WAIT_FOR(nobody_in(d)));
	EXPECT_EQ(0, vc(VC_DESTROY, a, NULL));
	EXPECT_EQ(0, vc(VC_DESTROY, d, NULL));
}

/* The limit holds while tasks come by fork and by migration at once. */
TEST_F(race, storm_limit)
{
	struct vc_limit limit;
	long id = ctx_new(0);
	int round, i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_limit(id, 10));
	for (i = 0; i < 3; i++)
		start(id, bomb);
	for (round = 0; round < 30; round++) {
		pid_t pid = child_fork();
		long ret;

		if (!pid)
			for (;;)
				pause();
		ret = task_move(pid, id);
		EXPECT_TRUE(!ret || ret == -EAGAIN)
			TH_LOG("%ld", ret);
		EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &limit));
		EXPECT_GE(10ULL, limit.usage);
		EXPECT_GE(10ULL, limit.peak);
		child_kill(pid);
	}
	EXPECT_LE(0, ctx_signal(id, SIGKILL));
	EXPECT_TRUE(WAIT_FOR(nobody_in(id)));
	EXPECT_EQ(0, vc(VC_GET_LIMIT, id, &limit));
	EXPECT_EQ(10ULL, limit.peak);
}

/* Until each of three storms was refused @times times from now. */
static void wait_refused(struct __test_metadata *const _metadata,
			 unsigned int times)
{
	unsigned int from;
	int i;

	for (i = 0; i < 3; i++) {
		from = GET(shared->refused[i]);
		EXPECT_TRUE(WAIT_FOR(GET(shared->refused[i]) - from >= times));
	}
}

/* When stop has returned, no fork succeeds any more. */
TEST_F(race, storm_stop)
{
	long id = ctx_new(0);
	int round;

	ASSERT_LT(0, id);
	for (storm_nr = 0; storm_nr < 3; storm_nr++)
		start(id, storm);
	for (round = 0; round < 10; round++) {
		unsigned int forks;

		forks = GET(shared->forks);
		EXPECT_TRUE(WAIT_FOR(GET(shared->forks) - forks >= 10));
		EXPECT_EQ(0, ctx_stop(id, 1));
		/* Who forked just before has counted it once it is refused. */
		wait_refused(_metadata, 2);
		forks = GET(shared->forks);
		wait_refused(_metadata, 10);
		EXPECT_EQ(forks, GET(shared->forks));
		EXPECT_EQ(0, ctx_stop(id, 0));
	}
	PUT(shared->end, 1);
	EXPECT_TRUE(WAIT_FOR(nobody_in(id)));
}

/* One SIGKILL to all: a bomb does not survive by forking meanwhile. */
TEST_F(race, storm_signal)
{
	long id = ctx_new(0);
	int round, i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_limit(id, 20));
	for (round = 0; round < 10; round++) {
		unsigned int before = GET(shared->forks);
		unsigned int started = GET(shared->started);

		for (i = 0; i < 3; i++)
			start(id, bomb);
		EXPECT_TRUE(WAIT_FOR(GET(shared->started) - started == 3));
		EXPECT_TRUE(WAIT_FOR(GET(shared->forks) - before >= 10));
		EXPECT_LT(0, ctx_signal(id, SIGKILL));
		EXPECT_TRUE(WAIT_FOR(nobody_in(id)));
		if (!nobody_in(id))
			break;
	}
}

/* The same below, where the signal comes from the parent's. */
TEST_F(race, storm_signal_nested)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	int round;
	long b;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, ctx_limit(a, 20));
	for (round = 0; round < 5; round++) {
		unsigned int before = GET(shared->forks);
		unsigned int started = GET(shared->started);

		start(a, bomb);
		start(b, bomb);
		EXPECT_TRUE(WAIT_FOR(GET(shared->started) - started == 2));
		EXPECT_TRUE(WAIT_FOR(GET(shared->forks) - before >= 10));
		EXPECT_LT(0, ctx_signal(a, SIGKILL));
		EXPECT_TRUE(WAIT_FOR(nobody_in(a)));
		if (!nobody_in(a))
			break;
	}
}

#define THREADS		8

static __u32 owned[THREADS];
static pthread_mutex_t owned_lock = PTHREAD_MUTEX_INITIALIZER;

static void *create_destroy(void *arg)
{
	long me = (long)arg;
	int round, i;

	for (round = 0; round < 15; round++) {
		struct vc_create create = {};
		struct vc_info info;
		long id, ret;

		snprintf(create.name, sizeof(create.name), "thread-%ld", me);
		id = vc(VC_CREATE, VC_ID_SELF, &create);
		if (id <= 0) {
			wrong(id);
			continue;
		}
		/* Nobody else has it. */
		pthread_mutex_lock(&owned_lock);
		for (i = 0; i < THREADS; i++)
			if (owned[i] == id)
				wrong(1000);
		owned[me] = id;
		pthread_mutex_unlock(&owned_lock);

		ret = ctx_info(id, &info);
		if (ret || info.id != id || strcmp(info.name, create.name))
			wrong(ret ? ret : 1001);
		ret = vc(VC_CREATE, VC_ID_SELF, &create);
		if (ret != -EEXIST)
			wrong(ret);

		/* Before it is free for others. */
		pthread_mutex_lock(&owned_lock);
		owned[me] = 0;
		pthread_mutex_unlock(&owned_lock);
		ret = vc(VC_DESTROY, id, NULL);
		if (ret)
			wrong(ret);
	}
	return NULL;
}

TEST_F(race, create_destroy)
{
	pthread_t thread[THREADS];
	long i;

	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, create_destroy,
					    (void *)i));
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	EXPECT_EQ(self->contexts, ctx_all());
	EXPECT_TRUE(WAIT_FOR(cg_descendants() <= self->groups));
}

#define ONE_ID		4716

static void *create_one(void *arg)
{
	long ret;

	wait_go();
	ret = vc(VC_CREATE, ONE_ID, NULL);
	if (ret == ONE_ID)
		ADD(shared->entered);
	else if (ret == -EEXIST)
		ADD(shared->failed);
	else
		wrong(ret);
	return arg;
}

static void *destroy_one(void *arg)
{
	long ret;

	wait_go();
	ret = arg ? ctx_kill(ONE_ID) : vc(VC_DESTROY, ONE_ID, NULL);
	if (!ret)
		ADD(shared->entered);
	else if (ret == -ESRCH || ret == -EBUSY)
		ADD(shared->failed);
	else
		wrong(ret);
	return NULL;
}

static void all_at_once(struct __test_metadata *const _metadata,
			void *(*fn)(void *), void *arg)
{
	pthread_t thread[THREADS];
	int i;

	PUT(shared->entered, 0);
	PUT(shared->failed, 0);
	PUT(shared->go, 0);
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, fn, arg));
	}
	PUT(shared->go, 1);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

/* Of many who want one id, or destroy one context, one succeeds. */
TEST_F(race, one_id)
{
	int round;

	for (round = 0; round < 10; round++) {
		all_at_once(_metadata, create_one, NULL);
		EXPECT_EQ(1U, GET(shared->entered));
		EXPECT_EQ(THREADS - 1U, GET(shared->failed));
		all_at_once(_metadata, destroy_one,
			    round & 1 ? (void *)1L : NULL);
		EXPECT_EQ(1U, GET(shared->entered));
		EXPECT_EQ(THREADS - 1U, GET(shared->failed));
		EXPECT_EQ(-ESRCH, vc(VC_INFO, ONE_ID, NULL));
	}
}

static __u32 enter_id;

/* Either it is in, and then killed with it, or it is told that it is gone. */
static void enter_once(void)
{
	long ret;

	wait_go();
	ret = vc(VC_MIGRATE, enter_id, NULL);
	if (!ret) {
		ADD(shared->entered);
		for (;;)
			pause();
	}
	if (ret != -ESRCH && ret != -EBUSY)
		wrong(ret);
	ADD(shared->failed);
	_exit(7);
}

TEST_F(race, enter_destroy)
{
	int round, i;

	for (round = 0; round < 20; round++) {
		long id = ctx_new(round & 1 ? VC_CREATE_UTSNS |
					      VC_CREATE_IPCNS : 0);
		unsigned int out = 0;
		pid_t pid[4];

		ASSERT_LT(0, id);
		enter_id = id;
		PUT(shared->go, 0);
		for (i = 0; i < 4; i++)
			pid[i] = start(0, enter_once);
		PUT(shared->go, 1);
		for (i = 0; i < round; i++)
			sched_yield();
		EXPECT_EQ(0, ctx_kill(id));
		EXPECT_EQ(-ESRCH, vc(VC_INFO, id, NULL));
		for (i = 0; i < 4; i++) {
			long ret = child_wait(pid[i]);

			out += ret == 7;
			EXPECT_TRUE(ret == 7 || ret == 1000 + SIGKILL)
				TH_LOG("ended by %ld", ret);
		}
		EXPECT_GE(4U, out);
	}
}

/*
 * Every command that there is, on what is being destroyed: it is done, refused
 * for a reason that the contract knows, or the context is not there.
 */
static void call_all(void)
{
	static char buf[SAMPLE_BUF];
	const struct command *c;
	long ret;

	wait_go();
	while (!GET(shared->end)) {
		for_each_command(c) {
			/* Which would enter, or concern others as well. */
			if (!takes_id(c) || c->kind == KIND_ENTER)
				continue;
			sample_fill(c, buf, 0);
			ret = sample_call(c, c->word, enter_id,
					  c->size ? buf : NULL);
			if (ret == -ENOSYS || ret == -EFAULT ||
			    ret == -ENOMEM || ret < -133)
				wrong(ret);
			if (ret >= 0)
				ADD(shared->entered);
			else if (ret == -ESRCH)
				ADD(shared->failed);
		}
	}
}

/* Some were done and some came too late, often enough. */
static bool seen_both(void)
{
	return GET(shared->entered) >= 400 && GET(shared->failed) >= 400;
}

TEST_F(race, set_destroy)
{
	int round, i;

	enter_id = ONE_ID;
	for (i = 0; i < 3; i++)
		start(0, call_all);
	PUT(shared->go, 1);
	for (round = 0; round < 40 || (round < 4000 && !seen_both()); round++) {
		long ret = ctx_make(ONE_ID, VC_CREATE_NETNS | VC_CREATE_UTSNS,
				    0, NULL);

		ctx_made_nr = 0;
		/* One of those who call destroys as well. */
		EXPECT_TRUE(ret == ONE_ID || ret == -EEXIST)
			TH_LOG("created: %ld", ret);
		for (i = 0; i < round % 16; i++)
			sched_yield();
		ret = ctx_kill(ONE_ID);
		EXPECT_TRUE(!ret || ret == -ESRCH || ret == -EBUSY)
			TH_LOG("destroyed: %ld", ret);
	}
	PUT(shared->end, 1);
	EXPECT_TRUE(seen_both());
	for (i = 0; i < 3; i++)
		wait(NULL);
	ctx_kill(ONE_ID);
}

/* Without force: it is destroyed, or busy because somebody was first. */
TEST_F(race, enter_destroy_empty)
{
	int round, i;

	for (round = 0; round < 20; round++) {
		long id = ctx_new(0);
		pid_t pid[4];
		long ret;

		ASSERT_LT(0, id);
		enter_id = id;
		PUT(shared->go, 0);
		PUT(shared->entered, 0);
		for (i = 0; i < 4; i++)
			pid[i] = start(0, enter_once);
		PUT(shared->go, 1);
		for (i = 0; i < round; i++)
			sched_yield();
		ret = vc(VC_DESTROY, id, NULL);
		EXPECT_TRUE(!ret || ret == -EBUSY)
			TH_LOG("destroy: %ld", ret);
		if (!ret) {
			/* Then nobody is in. */
			for (i = 0; i < 4; i++) {
				EXPECT_EQ(7, child_wait(pid[i]));
			}
			EXPECT_EQ(0U, GET(shared->entered));
			continue;
		}
		EXPECT_EQ(0, ctx_kill(id));
		for (i = 0; i < 4; i++)
			child_wait(pid[i]);
	}
}

/* Makes contexts below its own and enters them, as fast as it can. */
static void make_below(void)
{
	ADD(shared->entered);
	for (;;) {
		long id = vc(VC_CREATE, VC_ID_SELF, NULL);
		pid_t pid;

		if (id <= 0) {
			if (id != -ENOSPC && id != -EBUSY && id != -ESRCH)
				wrong(id);
			sched_yield();
			continue;
		}
		pid = fork();
		if (!pid) {
			vc(VC_MIGRATE, id, NULL);
			for (;;)
				pause();
		}
	}
}

TEST_F(race, nest_destroy)
{
	int round, i;

	for (round = 0; round < 5; round++) {
		long id = ctx_make(VC_ID_SELF, 0, 12, NULL);

		ASSERT_LT(0, id);
		PUT(shared->entered, 0);
		for (i = 0; i < 2; i++)
			start(id, make_below);
		EXPECT_TRUE(WAIT_FOR(GET(shared->entered) == 2));
		for (i = 0; i < round * 20; i++)
			sched_yield();
		EXPECT_EQ(0, ctx_kill(id));
		EXPECT_EQ(-ESRCH, vc(VC_INFO, id, NULL));
		EXPECT_EQ(self->contexts, ctx_all());
	}
}

static void *look(void *arg)
{
	struct {
		struct vc_id_list head;
		__u32 ids[64];
	} list;
	char buf[4096];

	while (!GET(shared->end)) {
		__u32 i;

		memset(&list, 0, sizeof(list));
		list.head.count = 64;
		if (vc(VC_LIST, 0, &list))
			wrong(2000);
		for (i = 0; i < list.head.count && i < 64; i++) {
			struct vc_info info;
			long ret = ctx_info(list.ids[i], &info);

			/* Whole, or not there. */
			if (ret && ret != -ESRCH)
				wrong(ret);
			if (!ret && info.id != list.ids[i])
				wrong(2001);
			if (i && list.ids[i - 1] >= list.ids[i])
				wrong(2002);
			ctx_usage(list.ids[i]);
			vc(VC_COUNT, list.ids[i], NULL);
		}
		file_read("/proc/vcontext/contexts", buf, sizeof(buf));
	}
	return arg;
}

/* Lists and counts, while what is listed and counted comes and goes. */
TEST_F(race, look_meanwhile)
{
	pthread_t looker[2], thread[THREADS];
	long i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&looker[i], NULL, look, NULL));
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, create_destroy,
					    (void *)i));
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	PUT(shared->end, 1);
	for (i = 0; i < 2; i++)
		pthread_join(looker[i], NULL);
}

/* A process that exits while it is moved, by pid and by pidfd. */
TEST_F(race, exit_migrate)
{
	long id = ctx_new(0);
	int round;

	ASSERT_LT(0, id);
	for (round = 0; round < 40; round++) {
		struct vc_task task = {};
		pid_t pid;
		long ret;
		int i;

		PUT(shared->go, 0);
		pid = child_fork();
		if (!pid) {
			wait_go();
			_exit(0);
		}
		task.pidfd = syscall(__NR_pidfd_open, pid, 0);
		ASSERT_LE(0, task.pidfd);
		PUT(shared->go, 1);
		for (i = 0; i < round % 8; i++)
			sched_yield();
		ret = round & 1 ? task_move(pid, id) :
				  vc(VC_MIGRATE, id, &task);
		EXPECT_TRUE(!ret || ret == -ESRCH)
			TH_LOG("%ld", ret);
		EXPECT_EQ(0, child_wait(pid));
		close(task.pidfd);
		EXPECT_EQ(0, ctx_usage(id));
	}
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
}

/* Two who move one process to different places. */
static pid_t moved_pid;

static void *mover(void *arg)
{
	int i;

	wait_go();
	for (i = 0; i < 30; i++) {
		long ret = task_move(moved_pid, (long)arg);

		if (ret)
			wrong(ret);
	}
	return NULL;
}

TEST_F(race, migrate_migrate)
{
	long a = ctx_new(0), d = ctx_new(0);
	pthread_t one, two;
	long where;

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	PUT(shared->go, 0);
	moved_pid = start(0, storm);
	ASSERT_EQ(0, pthread_create(&one, NULL, mover, (void *)a));
	ASSERT_EQ(0, pthread_create(&two, NULL, mover, (void *)d));
	PUT(shared->go, 1);
	pthread_join(one, NULL);
	pthread_join(two, NULL);
	where = task_where(moved_pid);
	EXPECT_TRUE(where == a || where == d);
	PUT(shared->end, 1);
	EXPECT_EQ(0, child_wait(moved_pid));
	EXPECT_TRUE(WAIT_FOR(nobody_in(a)));
	EXPECT_TRUE(WAIT_FOR(nobody_in(d)));
}

TEST_HARNESS_MAIN
