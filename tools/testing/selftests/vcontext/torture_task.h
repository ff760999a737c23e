/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A part of torture.c: processes enter contexts, and what they do there.
 */
#ifndef _SELFTESTS_VCONTEXT_TORTURE_TASK_H
#define _SELFTESTS_VCONTEXT_TORTURE_TASK_H

#include "torture.h"

#define VC_BIRTH	VC_GET(VC_CAT_CPU, VC_CPU_BIRTH)

/* ---- to come in ---- */

/* Those on the host that a worker's child knows, by their numbers there. */
static pid_t host_pid;

/* The caller, who has entered: nobody outside is there any more. */
static void check_view(void)
{
	long ret = vc(VC_WHERE, 0, NULL);

	MUST(ret >= 0, "%ld", ret);
	/* Somebody may have moved us, which changes what we see. */
	if (movable || !host_pid || ret <= 0)
		return;
	ret = res(kill(host_pid, 0));
	MUST(ret == -ESRCH, "%ld", ret);
	ret = res(ptrace(PTRACE_SEIZE, host_pid, NULL, NULL));
	MUST(ret == -ESRCH || ret == -EPERM, "%ld", ret);
	ret = vc(VC_INFO, VC_ID_HOST, NULL);
	MUST(ret == -ESRCH, "%ld", ret);
}

static void __attribute__((noreturn)) live_and_die(void)
{
	inside = true;
	check_view();
	live_inside();
	_exit(0);
}

static long op_enter(long arg)
{
	__u32 id = ctx_pick();
	long ret;
	pid_t pid = brood_fork(arg);

	if (pid)
		return pid < 0 ? -errno : NOT_COUNTED;
	ret = vc(VC_MIGRATE, id, NULL);
	count(ret);
	if (ret)
		_exit(0);
	live_and_die();
}

static long clone_there(int fd, __u64 *pidfd)
{
	struct {
		__aligned_u64 flags, pidfd, child_tid, parent_tid;
		__aligned_u64 exit_signal, stack, stack_size, tls;
		__aligned_u64 set_tid, set_tid_size, cgroup;
	} args = {
		.flags = CLONE_INTO_CGROUP | (pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = fd,
	};

	return res(syscall(__NR_clone3, &args, sizeof(args)));
}

static long op_birth(long arg)
{
	struct chick *chick = brood_room();
	pid_t parent = getpid();
	__u64 seed = rnd();
	long fd = vc(VC_BIRTH, ctx_pick(), NULL);
	long pid;

	if (fd < 0)
		return fd;
	/* So that it may have gone meanwhile. */
	if (one_in(4))
		nap();
	pid = clone_there(fd, NULL);
	if (!pid) {
		chick_begin(parent, seed, false);
		close(fd);
		inside = true;
		/* One that does not is never more than entering. */
		if (!one_in(4) && vc(VC_MIGRATE, VC_ID_SELF, NULL))
			_exit(0);
		live_and_die();
	}
	close(fd);
	if (pid > 0)
		brood_add(chick, pid, false);
	return pid < 0 ? pid : 0;
}

/* A child of one's own that does nothing, or is about to exit. */
static long op_move(long by_pidfd)
{
	struct vc_task task = {};
	pid_t pid = brood_fork(one_in(2));
	long ret;

	if (!pid) {
		if (one_in(4))
			_exit(0);
		for (;;)
			pause();
	}
	if (pid < 0)
		return -errno;
	if (!by_pidfd)
		return task_move(pid, ctx_pick());
	task.pidfd = syscall(__NR_pidfd_open, pid, 0);
	if (task.pidfd < 0)
		return -errno;
	ret = vc(VC_MIGRATE, one_in(8) ? VC_ID_SELF : ctx_pick(), &task);
	close(task.pidfd);
	return ret;
}

/* Whoever is there, and is doing whatever it is doing. */
static long op_move_other(long arg)
{
	return task_move(pid_pick(), one_in(4) ? VC_ID_HOST : ctx_pick());
}

static long op_kill_other(long arg)
{
	static const int signals[] = {
		0, SIGSTOP, SIGCONT, SIGURG, SIGTERM, SIGKILL,
	};

	return res(kill(pid_pick(), PICK(signals)));
}

/* Who traces, and dies, lets go. */
static long op_trace(long arg)
{
	pid_t pid = pid_pick();
	long ret = res(ptrace(PTRACE_SEIZE, pid, NULL, NULL));

	if (ret)
		return ret;
	if (one_in(2))
		nap();
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	/* it has to stand to be let go; else its tracer has to exit */
	for (ret = 0; ret < 50 && waitpid(pid, NULL, __WALL | WNOHANG) == 0;
	     ret++)
		nap();
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL))
		_exit(0);
	return 0;
}

static long op_trace_forked(long arg)
{
	pid_t pid = brood_fork(false);

	if (pid)
		return pid < 0 ? -errno : NOT_COUNTED;
	count(op_trace(arg));
	_exit(0);
}

/* ---- to be there ---- */

static long op_fork(long arg)
{
	unsigned int n = 1 + rnd_below(6);
	long ret = 0;

	while (n--) {
		pid_t pid = one_in(4) ? vfork() : fork();

		if (!pid)
			_exit(0);
		if (pid < 0)
			ret = -errno;
		else if (one_in(2))
			waitpid(pid, NULL, 0);
	}
	while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		;
	return ret;
}

/* A child that goes on living as we do. */
static long op_fork_on(long arg)
{
	pid_t pid = brood_fork(false);

	if (pid)
		return pid < 0 ? -errno : 0;
	live_inside();
	_exit(0);
}

static void *thread_body(void *arg)
{
	if ((long)arg & 1)
		vc(VC_WHERE, 0, NULL);
	if ((long)arg & 2)
		nap();
	return arg;
}

static long op_threads(long arg)
{
	pthread_t thread[4];
	unsigned int i, n = 1 + rnd_below(4);
	pthread_attr_t attr;
	int ret = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; i < n && !ret; i++)
		ret = pthread_create(&thread[i], &attr, thread_body,
				     (void *)(rnd() & 3));
	n = ret ? i - 1 : i;
	pthread_attr_destroy(&attr);
	/* now and then the first one goes, and the others are still there */
	if (one_in(16))
		_exit(0);
	for (i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	return -ret;
}

/*
 * Executes this program again, so that it is no longer entering: that of the
 * root, or what it has brought with it.
 */
static long op_exec(long arg)
{
	char seed[24], number[12], op[12];
	char *argv[] = { (char *)"torture", (char *)"--inside", seed, number,
			 op, (char *)(movable ? "1" : "0"), NULL };
	char *envp[] = { NULL };
	pid_t pid = one_in(2) ? brood_fork(false) : 0;
	long ret;

	if (pid)
		return pid < 0 ? -errno : NOT_COUNTED;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)rnd());
	snprintf(number, sizeof(number), "%u", me);
	snprintf(op, sizeof(op), "%u", op_now);
	execve("/bin/torture", argv, envp);
	ret = -errno;
	if (ret == -ENOENT || ret == -EACCES) {
		syscall(SYS_execveat, EXE_FD, "", argv, envp, AT_EMPTY_PATH);
		ret = -errno;
	}
	count(ret);
	_exit(0);
}

/* All that it sees, which is not the whole world, unless it has been moved. */
static long op_kill_all(long arg)
{
	static const int signals[] = { SIGURG, SIGTERM, SIGKILL };
	long where = vc(VC_WHERE, 0, NULL), ret;

	if (movable || where <= 0)
		return NOT_COUNTED;
	ret = res(kill(-1, PICK(signals)));
	/* there may be nobody but us, and those who are entering */
	return ret == -ESRCH ? 0 : ret;
}

static long op_memory(long arg)
{
	size_t i, size = (1 + rnd_below(8)) << 20;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return -errno;
	for (i = 0; i < size; i += PAGE)
		at[i] = 1;
	munmap(at, size);
	return 0;
}

static long op_open(long arg)
{
	static const char * const paths[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/",
		"/dev/ptmx", "/proc/self/status", "/dev/kmsg", "/dev/ram0",
	};
	int fd[24], n = 1 + rnd_below(24), i;
	long ret = 0;

	for (i = 0; i < n && !ret; i++) {
		fd[i] = open(PICK(paths), O_RDONLY | O_NONBLOCK | O_NOCTTY |
			     O_CLOEXEC);
		ret = error_of(res(fd[i]));
	}
	n = ret ? i - 1 : i;
	for (i = 0; i < n; i++)
		close(fd[i]);
	return ret;
}

static long op_behave(long arg)
{
	static const int policies[] = {
		SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR,
	};
	struct sched_param param = {};
	int policy = PICK(policies);

	if (one_in(2))
		return res(setpriority(PRIO_PROCESS, 0,
				       (int)rnd_below(25) - 5));
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		param.sched_priority = 1 + rnd_below(4);
	return res(sched_setscheduler(0, policy, &param));
}

/* The way back is closed, so somebody else does it. */
static long op_unshare(long arg)
{
	static const int flags[] = {
		CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
		CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWCGROUP,
	};
	int flag = PICK(flags) | (one_in(2) ? CLONE_NEWUSER : 0);
	pid_t pid = brood_fork(false);
	long ret;

	if (pid)
		return pid < 0 ? -errno : NOT_COUNTED;
	ret = res(unshare(flag));
	count(ret);
	if (ret)
		_exit(0);
	if (flag & CLONE_NEWNS) {
		/* Nothing of it is to be seen outside. */
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
			_exit(0);
		mount("none", "/tmp", "tmpfs", 0, NULL);
		mount("none", "/proc", "proc", 0, NULL);
		umount2("/proc", MNT_DETACH);
	}
	if (one_in(2))
		live_inside();
	_exit(0);
}

static long op_become(long arg)
{
	pid_t pid = brood_fork(false);
	long ret;

	if (pid)
		return pid < 0 ? -errno : NOT_COUNTED;
	ret = res(setresgid(TEST_UID, TEST_UID, TEST_UID));
	if (!ret)
		ret = res(setresuid(TEST_UID, TEST_UID, TEST_UID));
	count(ret);
	if (!ret)
		live_inside();
	_exit(0);
}

#endif /* _SELFTESTS_VCONTEXT_TORTURE_TASK_H */
