// SPDX-License-Identifier: GPL-2.0
/*
 * Who sees whom.
 *
 *	     host              sees   host  A    B    C    D
 *	    /    \             host   yes   yes  yes  yes  yes
 *	   A      D            A      -     yes  yes  yes  -
 *	  / \                  B      -     -    yes  -    -
 *	 B   C                 C      -     -    -    yes  -
 *	                       D      -     -    -    -    yes
 *
 * Each way to a task is a variant, and is tried for each of the 25 pairs; what
 * is not seen is ESRCH (in /proc: ENOENT), as if it were not there.
 */
#include <linux/kcmp.h>

#include "common.h"

/* <linux/ioprio.h> */
#define IOPRIO_WHO_PROCESS	1
#define IOPRIO_WHO_PGRP		2
#define IOPRIO_WHO_USER		3
#define IOPRIO_BEST_EFFORT	(2 << 13)
#define IOPRIO_IDLE		(3 << 13)

enum place { HOST, A, B, C, D, PLACES };

static const char * const place_name[PLACES] = { "host", "A", "B", "C", "D" };

static const bool sees[PLACES][PLACES] = {
	/* clang-format off */
	[HOST] = { true, true, true, true, true },
	[A] = { false, true, true, true, false },
	[B] = { false, false, true, false, false },
	[C] = { false, false, false, true, false },
	[D] = { false, false, false, false, true },
	/* clang-format on */
};

/* ---- the ways to a task: 0 or -errno ---- */

static long v_kill_0(long pid, long b, long c)
{
	return res(kill(pid, 0));
}

static long v_kill(long pid, long b, long c)
{
	return res(kill(pid, SIGURG));
}

static long v_kill_group(long pid, long b, long c)
{
	return res(kill(-pid, 0));
}

static long v_tkill(long pid, long b, long c)
{
	return res(syscall(SYS_tkill, pid, 0));
}

static long v_tgkill(long pid, long b, long c)
{
	return res(syscall(SYS_tgkill, pid, pid, SIGURG));
}

static long v_sigqueue(long pid, long b, long c)
{
	union sigval value = { .sival_int = 1 };

	return res(sigqueue(pid, SIGURG, value));
}

static long v_tgsigqueue(long pid, long b, long c)
{
	siginfo_t info = { .si_signo = SIGURG, .si_code = SI_QUEUE };

	return res(syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGURG, &info));
}

static long v_pidfd_open(long pid, long b, long c)
{
	long fd = res(syscall(__NR_pidfd_open, pid, 0));

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* One that somebody outside has opened and handed over. */
static long v_pidfd_signal(long pid, long b, long c)
{
	return res(syscall(__NR_pidfd_send_signal, agent_fd, SIGURG, NULL, 0));
}

static long v_pidfd_getfd(long pid, long b, long c)
{
	long fd = res(syscall(__NR_pidfd_getfd, agent_fd, 2, 0));

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static long v_pidfd_where(long pid, long b, long c)
{
	struct vc_task task = { .pidfd = agent_fd };
	long ret = vc(VC_WHERE, 0, &task);

	return ret < 0 ? ret : 0;
}

static long v_where(long pid, long b, long c)
{
	long ret = task_where(pid);

	return ret < 0 ? ret : 0;
}

static long v_ptrace_attach(long pid, long b, long c)
{
	long ret = res(ptrace(PTRACE_ATTACH, pid, NULL, NULL));

	if (ret)
		return ret;
	waitpid(pid, NULL, __WALL);
	return res(ptrace(PTRACE_DETACH, pid, NULL, NULL));
}

static long v_ptrace_seize(long pid, long b, long c)
{
	long ret = res(ptrace(PTRACE_SEIZE, pid, NULL, NULL));

	if (ret)
		return ret;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, NULL, __WALL);
	return res(ptrace(PTRACE_DETACH, pid, NULL, NULL));
}

static char vm_byte = 'v';

static long v_vm_readv(long pid, long b, long c)
{
	char byte;
	struct iovec here = { &byte, 1 };
	struct iovec there = { &vm_byte, 1 };
	long ret = res(process_vm_readv(pid, &here, 1, &there, 1, 0));

	return ret < 0 ? ret : 0;
}

static long v_vm_writev(long pid, long b, long c)
{
	char byte = 'v';
	struct iovec here = { &byte, 1 };
	struct iovec there = { &vm_byte, 1 };
	long ret = res(process_vm_writev(pid, &here, 1, &there, 1, 0));

	return ret < 0 ? ret : 0;
}

static long v_kcmp(long pid, long b, long c)
{
	long ret = res(syscall(SYS_kcmp, getpid(), pid, KCMP_VM, 0, 0));

	return ret < 0 ? ret : 0;
}

static long v_get_robust_list(long pid, long b, long c)
{
	size_t len;
	void *head;

	return res(syscall(SYS_get_robust_list, pid, &head, &len));
}

static long v_getpgid(long pid, long b, long c)
{
	long ret = res(getpgid(pid));

	return ret < 0 ? ret : 0;
}

static long v_getsid(long pid, long b, long c)
{
	long ret = res(getsid(pid));

	return ret < 0 ? ret : 0;
}

static long v_getpriority(long pid, long b, long c)
{
	errno = 0;
	getpriority(PRIO_PROCESS, pid);
	return -errno;
}

static long v_setpriority(long pid, long b, long c)
{
	return res(setpriority(PRIO_PROCESS, pid, 0));
}

static long v_getpriority_group(long pid, long b, long c)
{
	errno = 0;
	getpriority(PRIO_PGRP, pid);
	return -errno;
}

static long v_setpriority_group(long pid, long b, long c)
{
	return res(setpriority(PRIO_PGRP, pid, 0));
}

static long v_ioprio_get(long pid, long b, long c)
{
	long ret = res(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid));

	return ret < 0 ? ret : 0;
}

static long v_ioprio_get_group(long pid, long b, long c)
{
	long ret = res(syscall(SYS_ioprio_get, IOPRIO_WHO_PGRP, pid));

	return ret < 0 ? ret : 0;
}

static long v_ioprio_set(long pid, long b, long c)
{
	return res(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
			   IOPRIO_BEST_EFFORT | 4));
}

static long v_ioprio_set_group(long pid, long b, long c)
{
	return res(syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, pid,
			   IOPRIO_BEST_EFFORT | 4));
}

static long v_sched_getscheduler(long pid, long b, long c)
{
	long ret = res(sched_getscheduler(pid));

	return ret < 0 ? ret : 0;
}

static long v_sched_setscheduler(long pid, long b, long c)
{
	struct sched_param param = {};

	return res(sched_setscheduler(pid, SCHED_OTHER, &param));
}

static long v_sched_getparam(long pid, long b, long c)
{
	struct sched_param param;

	return res(sched_getparam(pid, &param));
}

static long v_sched_setparam(long pid, long b, long c)
{
	struct sched_param param = {};

	return res(sched_setparam(pid, &param));
}

static long v_sched_getattr(long pid, long b, long c)
{
	char attr[48] = {};

	return res(syscall(SYS_sched_getattr, pid, attr, sizeof(attr), 0));
}

static long v_sched_rr_interval(long pid, long b, long c)
{
	struct timespec ts;

	return res(sched_rr_get_interval(pid, &ts));
}

static long v_sched_getaffinity(long pid, long b, long c)
{
	cpu_set_t set;

	return res(sched_getaffinity(pid, sizeof(set), &set));
}

static long v_sched_setaffinity(long pid, long b, long c)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	return res(sched_setaffinity(pid, sizeof(set), &set));
}

static long v_prlimit(long pid, long b, long c)
{
	struct rlimit limit;

	return res(prlimit(pid, RLIMIT_CORE, NULL, &limit));
}

static long v_capget(long pid, long b, long c)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
		.pid = pid,
	};
	struct __user_cap_data_struct data[2];

	return res(syscall(SYS_capget, &head, data));
}

/* libc makes ESRCH of what the kernel says of a clock that is not there. */
static long v_cpu_clock(long pid, long b, long c)
{
	struct timespec ts;
	clockid_t clock;
	int ret = clock_getcpuclockid(pid, &clock);

	return ret ? -ret : res(clock_gettime(clock, &ts));
}

/* SIGIO goes there later, when nobody asks any more who wanted it. */
static long v_setown(long pid, long b, long c)
{
	int fds[2];
	long ret;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	ret = res(fcntl(fds[0], F_SETOWN, pid));
	close(fds[0]);
	close(fds[1]);
	return ret;
}

static long v_setown_group(long pid, long b, long c)
{
	return v_setown(-pid, b, c);
}

static long v_setown_ex(long pid, long b, long c)
{
	struct f_owner_ex owner = { .type = F_OWNER_PID, .pid = pid };
	int fds[2];
	long ret;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	ret = res(fcntl(fds[0], F_SETOWN_EX, &owner));
	close(fds[0]);
	close(fds[1]);
	return ret;
}

static long v_proc_dir(long pid, long b, long c)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld", pid);
	return res(access(path, F_OK));
}

/* O_PATH asks the name alone, not the directory behind it. */
static long v_proc_path(long pid, long b, long c)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long v_proc_stat(long pid, long b, long c)
{
	char path[64], buf[512];
	long ret;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	ret = file_read(path, buf, sizeof(buf));
	return ret < 0 ? ret : 0;
}

static long v_proc_task(long pid, long b, long c)
{
	char path[64], buf[512];
	long ret;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/stat", pid, pid);
	ret = file_read(path, buf, sizeof(buf));
	return ret < 0 ? ret : 0;
}

static long v_proc_root(long pid, long b, long c)
{
	char path[64], buf[512];

	snprintf(path, sizeof(path), "/proc/%ld/root", pid);
	return readlink(path, buf, sizeof(buf)) < 0 ? -errno : 0;
}

static long v_proc_ns(long pid, long b, long c)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/ns/mnt", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long v_proc_vcontext(long pid, long b, long c)
{
	char path[64], buf[64];
	long ret;

	snprintf(path, sizeof(path), "/proc/%ld/vcontext", pid);
	ret = file_read(path, buf, sizeof(buf));
	return ret < 0 ? ret : 0;
}

static long v_proc_readdir(long pid, long b, long c)
{
	struct dirent *entry;
	long ret = -ENOENT;
	DIR *dir = opendir("/proc");

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) == pid)
			ret = 0;
	closedir(dir);
	return ret;
}

/* ---- the table ---- */

FIXTURE(sees)
{
	struct agent who[PLACES];
	struct agent whom[PLACES];
};

FIXTURE_VARIANT(sees)
{
	agent_fn fn;
	int error;	/* of what is not seen; ESRCH if 0 */
};

#define WAY(way, err) \
	FIXTURE_VARIANT_ADD(sees, way) { .fn = v_##way, .error = err }

/* clang-format off */
WAY(kill_0, ESRCH);
WAY(kill, ESRCH);
WAY(kill_group, ESRCH);
WAY(tkill, ESRCH);
WAY(tgkill, ESRCH);
WAY(sigqueue, ESRCH);
WAY(tgsigqueue, ESRCH);
WAY(pidfd_open, ESRCH);
WAY(pidfd_signal, ESRCH);
WAY(pidfd_getfd, ESRCH);
WAY(pidfd_where, ESRCH);
WAY(where, ESRCH);
WAY(ptrace_attach, ESRCH);
WAY(ptrace_seize, ESRCH);
WAY(vm_readv, ESRCH);
WAY(vm_writev, ESRCH);
WAY(kcmp, ESRCH);
WAY(get_robust_list, ESRCH);
WAY(getpgid, ESRCH);
WAY(getsid, ESRCH);
WAY(getpriority, ESRCH);
WAY(setpriority, ESRCH);
WAY(getpriority_group, ESRCH);
WAY(setpriority_group, ESRCH);
WAY(ioprio_get, ESRCH);
WAY(ioprio_get_group, ESRCH);
WAY(ioprio_set, ESRCH);
WAY(ioprio_set_group, ESRCH);
WAY(sched_getscheduler, ESRCH);
WAY(sched_setscheduler, ESRCH);
WAY(sched_getparam, ESRCH);
WAY(sched_setparam, ESRCH);
WAY(sched_getattr, ESRCH);
WAY(sched_rr_interval, ESRCH);
WAY(sched_getaffinity, ESRCH);
WAY(sched_setaffinity, ESRCH);
WAY(prlimit, ESRCH);
WAY(capget, ESRCH);
WAY(cpu_clock, ESRCH);
WAY(setown, ESRCH);
WAY(setown_group, ESRCH);
WAY(setown_ex, ESRCH);
WAY(proc_dir, ENOENT);
WAY(proc_path, ENOENT);
WAY(proc_stat, ENOENT);
WAY(proc_task, ENOENT);
WAY(proc_root, ENOENT);
WAY(proc_ns, ENOENT);
WAY(proc_vcontext, ENOENT);
WAY(proc_readdir, ENOENT);
/* clang-format on */

static void make_tree(struct __test_metadata *const _metadata, long id[PLACES])
{
	id[HOST] = VC_ID_HOST;
	id[A] = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, id[A]);
	id[B] = ctx_new_below(id[A], 0);
	ASSERT_LT(0, id[B]);
	id[C] = ctx_new_below(id[A], 0);
	ASSERT_LT(0, id[C]);
	id[D] = ctx_new(0);
	ASSERT_LT(0, id[D]);
}

FIXTURE_SETUP(sees)
{
	long id[PLACES];
	int i;

	VC_SETUP();
	make_tree(_metadata, id);
	for (i = 0; i < PLACES; i++) {
		ASSERT_EQ(0, agent_start(&self->who[i], id[i], 0));
		ASSERT_EQ(0, agent_start(&self->whom[i], id[i], 0));
	}
}

FIXTURE_TEARDOWN(sees)
{
	vc_teardown();
}

TEST_F(sees, table)
{
	int who, whom;

	for (whom = 0; whom < PLACES; whom++) {
		pid_t pid = self->whom[whom].pid;
		int fd = syscall(__NR_pidfd_open, pid, 0);

		ASSERT_LE(0, fd);
		for (who = 0; who < PLACES; who++) {
			long want = sees[who][whom] ? 0 : -variant->error;

			ASSERT_EQ(0, agent_give(&self->who[who], fd));
			EXPECT_EQ(want, ask(&self->who[who], variant->fn, pid))
				TH_LOG("%s of %s", place_name[who],
				       place_name[whom]);
		}
		close(fd);
	}
	/* All have survived it. */
	for (who = 0; who < PLACES; who++) {
		EXPECT_LE(0, ask(&self->who[who], a_where, 0));
		EXPECT_LE(0, ask(&self->whom[who], a_where, 0));
	}
}

/* ---- what goes to many ---- */

static int *urgent_got;

static void count_urgent(int sig)
{
	__atomic_fetch_add(urgent_got, 1, __ATOMIC_SEQ_CST);
}

static long a_count_urgent(long a, long b, long c)
{
	static int got;
	struct sigaction action = { .sa_handler = count_urgent };

	urgent_got = &got;
	return res(sigaction(SIGURG, &action, NULL));
}

static long a_urgent_got(long a, long b, long c)
{
	return *urgent_got;
}

static long a_kill_all(long a, long b, long c)
{
	return res(kill(-1, SIGURG));
}

static long a_kill_group_of(long pgrp, long b, long c)
{
	return res(kill(-pgrp, SIGURG));
}

FIXTURE(many)
{
	struct agent who[PLACES];
	struct agent whom[PLACES];
};

FIXTURE_SETUP(many)
{
	long id[PLACES];
	int i;

	VC_SETUP();
	make_tree(_metadata, id);
	for (i = 0; i < PLACES; i++) {
		ASSERT_EQ(0, agent_start(&self->who[i], id[i], 0));
		ASSERT_EQ(0, agent_start(&self->whom[i], id[i], 0));
		ASSERT_EQ(0, ask0(&self->whom[i], a_count_urgent));
	}
}

FIXTURE_TEARDOWN(many)
{
	vc_teardown();
}

/* kill(-1) reaches those whom the caller sees, and skips the others. */
TEST_F(many, kill_all)
{
	int want[PLACES] = {};
	int who, whom;

	/* Not the host's, which would reach all that the machine runs. */
	for (who = A; who < PLACES; who++) {
		EXPECT_EQ(0, ask0(&self->who[who], a_kill_all))
			TH_LOG("%s", place_name[who]);
		for (whom = 0; whom < PLACES; whom++) {
			want[whom] += sees[who][whom];
			EXPECT_EQ(want[whom],
				  ask0(&self->whom[whom], a_urgent_got))
				TH_LOG("%s of %s", place_name[who],
				       place_name[whom]);
		}
	}
}

/* One that sees nobody but itself is told that there is nobody. */
TEST_F(many, kill_all_alone)
{
	EXPECT_EQ(0, ask0(&self->who[D], a_kill_all));
	agent_end(&self->whom[D]);
	EXPECT_EQ(-ESRCH, ask0(&self->who[D], a_kill_all));
	/* Inside of A, which is not alone. */
	EXPECT_EQ(0, ask0(&self->who[B], a_kill_all));
	agent_end(&self->whom[B]);
	EXPECT_EQ(-ESRCH, ask0(&self->who[B], a_kill_all));
	EXPECT_EQ(0, ask0(&self->who[A], a_kill_all));
}

/* All of @whom again, as one process group that is the host's. */
static void regroup(struct __test_metadata *const _metadata,
		    struct agent whom[PLACES])
{
	int i;

	agent_group = whom[HOST].pid;
	for (i = A; i < PLACES; i++) {
		long id = ask(&whom[i], a_where, 0);

		agent_end(&whom[i]);
		ASSERT_EQ(0, agent_start(&whom[i], id, 0));
		ASSERT_EQ(0, ask0(&whom[i], a_count_urgent));
		EXPECT_EQ(agent_group, getpgid(whom[i].pid));
	}
}

/* A process group that has members in and out of sight. */
TEST_F(many, kill_group)
{
	pid_t group = self->whom[HOST].pid;
	int want[PLACES] = {};
	int who, whom;

	regroup(_metadata, self->whom);
	for (who = 0; who < PLACES; who++) {
		EXPECT_EQ(0, ask(&self->who[who], a_kill_group_of, group))
			TH_LOG("%s", place_name[who]);
		for (whom = 0; whom < PLACES; whom++) {
			want[whom] += sees[who][whom];
			EXPECT_EQ(want[whom],
				  ask0(&self->whom[whom], a_urgent_got))
				TH_LOG("%s of %s", place_name[who],
				       place_name[whom]);
		}
	}
}

/* One that sees nobody of it: there is no such group. */
TEST_F(many, group_unseen)
{
	pid_t group = self->whom[D].pid;

	EXPECT_EQ(-ESRCH, ask(&self->who[A], a_kill_group_of, group));
	EXPECT_EQ(-ESRCH, ask(&self->who[C], a_kill_group_of, group));
	EXPECT_EQ(0, ask0(&self->whom[D], a_urgent_got));
	EXPECT_EQ(0, ask(&self->who[D], a_kill_group_of, group));
	EXPECT_EQ(1, ask0(&self->whom[D], a_urgent_got));
}

/* Priorities of a user's processes, of which some are out of sight. */
static long a_setpriority_user(long nice, long b, long c)
{
	return res(setpriority(PRIO_USER, 0, nice));
}

static long a_own_nice(long a, long b, long c)
{
	return getpriority(PRIO_PROCESS, 0) + 20;
}

TEST_F(many, setpriority_user)
{
	int whom;

	EXPECT_EQ(0, ask(&self->who[A], a_setpriority_user, 1));
	for (whom = 0; whom < PLACES; whom++) {
		EXPECT_EQ(20 + sees[A][whom],
			  ask0(&self->whom[whom], a_own_nice))
			TH_LOG("of %s", place_name[whom]);
	}
}

static long a_ioprio_user(long ioprio, long b, long c)
{
	return res(syscall(SYS_ioprio_set, IOPRIO_WHO_USER, 0, ioprio));
}

static long a_ioprio_group(long pgrp, long ioprio, long c)
{
	return res(syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, pgrp, ioprio));
}

static long a_own_ioprio(long a, long b, long c)
{
	return res(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0));
}

TEST_F(many, ioprio_user)
{
	int whom;

	EXPECT_EQ(0, ask(&self->who[A], a_ioprio_user, IOPRIO_IDLE));
	for (whom = 0; whom < PLACES; whom++) {
		long got = ask0(&self->whom[whom], a_own_ioprio);

		EXPECT_EQ(sees[A][whom], got == IOPRIO_IDLE)
			TH_LOG("of %s: %#lx", place_name[whom], got);
	}
}

TEST_F(many, ioprio_group)
{
	pid_t group = self->whom[HOST].pid;
	int whom;

	regroup(_metadata, self->whom);
	EXPECT_EQ(0, ask3(&self->who[A], a_ioprio_group, group, IOPRIO_IDLE,
			  0));
	for (whom = 0; whom < PLACES; whom++) {
		long got = ask0(&self->whom[whom], a_own_ioprio);

		EXPECT_EQ(sees[A][whom], got == IOPRIO_IDLE)
			TH_LOG("of %s: %#lx", place_name[whom], got);
	}
}

/* A user who has no other processes. */
#define USER		1000

static long a_setuid(long uid, long b, long c)
{
	return res(setuid(uid));
}

/* A priority for each of them: the less it is, the better. */
static int rank(int whom)
{
	return PLACES - whom;
}

/* What one is told who asks for the best priority of them all. */
static int best_rank(int who)
{
	int best = PLACES + 1;
	int whom;

	for (whom = 0; whom < PLACES; whom++)
		if (sees[who][whom] && rank(whom) < best)
			best = rank(whom);
	return best;
}

static long a_getpriority(long which, long who, long c)
{
	long ret;

	errno = 0;
	ret = getpriority(which, who);
	return errno ? -errno : ret;
}

static long a_ioprio_get(long which, long who, long c)
{
	long ret = res(syscall(SYS_ioprio_get, which, who));

	return ret < 0 ? ret : ret - IOPRIO_BEST_EFFORT;
}

TEST_F(many, getpriority_group)
{
	pid_t group = self->whom[HOST].pid;
	int who, whom;

	regroup(_metadata, self->whom);
	for (whom = 0; whom < PLACES; whom++) {
		ASSERT_EQ(0, setpriority(PRIO_PROCESS, self->whom[whom].pid,
					 rank(whom)));
	}
	for (who = 0; who < PLACES; who++) {
		EXPECT_EQ(best_rank(who), ask3(&self->who[who], a_getpriority,
					       PRIO_PGRP, group, 0))
			TH_LOG("%s", place_name[who]);
	}
}

TEST_F(many, getpriority_user)
{
	int who, whom;

	for (whom = 0; whom < PLACES; whom++) {
		ASSERT_EQ(0, ask(&self->whom[whom], a_setuid, USER));
		ASSERT_EQ(0, setpriority(PRIO_PROCESS, self->whom[whom].pid,
					 rank(whom)));
	}
	for (who = 0; who < PLACES; who++) {
		EXPECT_EQ(best_rank(who), ask3(&self->who[who], a_getpriority,
					       PRIO_USER, USER, 0))
			TH_LOG("%s", place_name[who]);
	}
	/* One that sees no process of that user, though there are some. */
	agent_end(&self->whom[B]);
	EXPECT_EQ(-ESRCH, ask3(&self->who[B], a_getpriority, PRIO_USER, USER,
			       0));
}

TEST_F(many, ioprio_get_group)
{
	pid_t group = self->whom[HOST].pid;
	int who, whom;

	regroup(_metadata, self->whom);
	for (whom = 0; whom < PLACES; whom++) {
		ASSERT_EQ(0, res(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS,
					 self->whom[whom].pid,
					 IOPRIO_BEST_EFFORT | rank(whom))));
	}
	for (who = 0; who < PLACES; who++) {
		EXPECT_EQ(best_rank(who), ask3(&self->who[who], a_ioprio_get,
					       IOPRIO_WHO_PGRP, group, 0))
			TH_LOG("%s", place_name[who]);
	}
}

TEST_F(many, ioprio_get_user)
{
	int who, whom;

	for (whom = 0; whom < PLACES; whom++) {
		ASSERT_EQ(0, ask(&self->whom[whom], a_setuid, USER));
		ASSERT_EQ(0, res(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS,
					 self->whom[whom].pid,
					 IOPRIO_BEST_EFFORT | rank(whom))));
	}
	for (who = 0; who < PLACES; who++) {
		EXPECT_EQ(best_rank(who), ask3(&self->who[who], a_ioprio_get,
					       IOPRIO_WHO_USER, USER, 0))
			TH_LOG("%s", place_name[who]);
	}
	/* One that sees no process of that user, though there are some. */
	agent_end(&self->whom[B]);
	EXPECT_EQ(-ESRCH, ask3(&self->who[B], a_ioprio_get, IOPRIO_WHO_USER,
			       USER, 0));
}

/* ---- what a parent may do to its children that are in contexts ---- */

VC_FIXTURE(parent)

TEST_F(parent, waitid_pidfd)
{
	struct agent agent;
	siginfo_t info = {};
	long id = ctx_new(0);
	int fd;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	fd = syscall(__NR_pidfd_open, agent.pid, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kill(agent.pid, SIGKILL));
	EXPECT_EQ(0, waitid(P_PIDFD, fd, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(agent.pid, info.si_pid);
	close(fd);
}

static long a_getppid(long a, long b, long c)
{
	return getppid();
}

/* A parent outside is seen as little as one in another PID namespace. */
TEST_F(parent, death)
{
	struct agent agent;
	long id = ctx_new(0);
	long ppid;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ppid = ask0(&agent, a_getppid);
	EXPECT_TRUE(ppid == 0 || ppid == getpid());
	EXPECT_EQ(-ESRCH, ask(&agent, v_kill_0, getpid()));
	EXPECT_EQ(-ESRCH, ask(&agent, v_kill_0, 1));
}

/* A child that its parent's death kills: its pid, or -errno. */
static long a_fork_mourner(long a, long b, long c)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1))
		pid = -EIO;
	close(ready[0]);
	return pid;
}

/* SIGKILL if @child has died of the end of @parent, SIGTERM if it outlived. */
static long killed_by(struct agent *parent, pid_t child)
{
	agent_end(parent);
	kill(child, SIGTERM);
	return child_wait(child) - 1000;
}

/*
 * The signal of a parent's death is one from the parent: as it does not reach
 * a child of another user, it does not reach one that the parent cannot see.
 */
TEST_F(parent, death_signal)
{
	long id = ctx_new(0), other = ctx_new(0);
	struct agent agent;
	pid_t child;

	ASSERT_LT(0, id);
	ASSERT_LT(0, other);
	/* Children whose parents have died are ours. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));

	/* Control: both outside, both inside, and the child deeper. */
	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	child = ask0(&agent, a_fork_mourner);
	ASSERT_LT(0, child);
	EXPECT_EQ(SIGKILL, killed_by(&agent, child));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	child = ask0(&agent, a_fork_mourner);
	ASSERT_LT(0, child);
	EXPECT_EQ(SIGKILL, killed_by(&agent, child));
	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	child = ask0(&agent, a_fork_mourner);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, task_move(child, id));
	EXPECT_EQ(SIGKILL, killed_by(&agent, child));

	/* The parent went in without it. */
	ASSERT_EQ(0, agent_start(&agent, VC_ID_HOST, 0));
	child = ask0(&agent, a_fork_mourner);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, ask3(&agent, a_migrate, 0, id, 0));
	EXPECT_EQ(SIGTERM, killed_by(&agent, child));
	/* The child was taken elsewhere. */
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	child = ask0(&agent, a_fork_mourner);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, task_move(child, other));
	EXPECT_EQ(SIGTERM, killed_by(&agent, child));
}

static long a_self(long a, long b, long c)
{
	char path[32];
	ssize_t len = readlink("/proc/self", path, sizeof(path) - 1);

	if (len < 0)
		return -errno;
	path[len] = '\0';
	return atoi(path) == getpid() ? 0 : -EBADE;
}

/* One always sees oneself, and one's threads. */
TEST_F(parent, oneself)
{
	struct agent agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask0(&agent, a_self));
	EXPECT_EQ(0, ask(&agent, v_kill_0, agent.pid));
	EXPECT_EQ(0, ask(&agent, v_pidfd_open, agent.pid));
	EXPECT_EQ(0, ask(&agent, v_proc_task, agent.pid));
	EXPECT_EQ(0, ask(&agent, v_sched_getaffinity, 0));
	EXPECT_EQ(0, ask(&agent, v_getpgid, 0));
}

static long a_trace_me(long pid, long b, long c)
{
	long ret = res(ptrace(PTRACE_SEIZE, pid, NULL, NULL));

	if (ret)
		return ret;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, NULL, __WALL);
	return 0;
}

/* Who is traced stays traced from above, wherever it goes. */
TEST_F(parent, traced_from_above)
{
	struct agent tracer, agent;
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&tracer, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, ask(&tracer, a_trace_me, agent.pid));
	agent_end(&tracer);
	EXPECT_EQ(id, ask(&agent, a_where, 0));
}

TEST_HARNESS_MAIN
