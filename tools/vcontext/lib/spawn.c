// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Run a program in a context.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vcontext.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP	0x200000000ULL
#endif

/* What the child says over a pipe that the exec closes. */
struct message {
	int stage;
	int error;
	struct vc_error why;
};

static void say(int fd, const struct message *msg)
{
	/* Shorter than PIPE_BUF: whole or not at all. */
	while (write(fd, msg, sizeof(*msg)) < 0 && errno == EINTR)
		;
}

static void __attribute__((noreturn)) fail(int fd, struct message *msg,
					   int stage, int error)
{
	msg->stage = stage;
	msg->error = error;
	say(fd, msg);
	_exit(127);
}

/* Handlers are the caller's; they must not run in the child. */
static void reset_handlers(void)
{
	struct sigaction sa;
	int sig;

	for (sig = 1; sig < NSIG; sig++) {
		if (sigaction(sig, NULL, &sa) || sa.sa_handler == SIG_DFL ||
		    (!(sa.sa_flags & SA_SIGINFO) && sa.sa_handler == SIG_IGN))
			continue;
		sa.sa_handler = SIG_DFL;
		sa.sa_flags = 0;
		sigaction(sig, &sa, NULL);
	}
}

/*
 * What keeps the child out of a root, as far as it would not reach the program
 * anyway.
 */
static void close_directories(void)
{
	struct rlimit limit;
	struct stat st;
	rlim_t fd;
	int flags;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	for (fd = 0; fd < limit.rlim_cur; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (flags < 0 || !(flags & FD_CLOEXEC))
			continue;
		if ((fcntl(fd, F_GETFL) & O_PATH) ||
		    (!fstat(fd, &st) && S_ISDIR(st.st_mode)))
			close(fd);
	}
}

/* Async-signal-safe: other threads may have held any lock at the birth. */
static void __attribute__((noreturn)) child(struct vc_spawn *spawn, int birth,
					    int fd, const sigset_t *mask)
{
	struct message msg;
	long ret;

	memset(&msg, 0, sizeof(msg));
	reset_handlers();
	close(birth);
	ret = vc_enter(VC_ID_SELF);
	if (ret == -EBUSY) {
		close_directories();
		ret = vc_enter(VC_ID_SELF);
	}
	if (ret < 0) {
		if (vc_error_get(&msg.why))
			memset(&msg.why, 0, sizeof(msg.why));
		fail(fd, &msg, VC_SPAWN_ENTER, -ret);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvpe(spawn->argv[0], spawn->argv,
		spawn->envp ? spawn->envp : environ);
	fail(fd, &msg, VC_SPAWN_EXEC, errno);
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* As <linux/sched.h> has it, which is not for all versions of <sched.h>. */
struct clone3_args {
	__aligned_u64 flags, pidfd, child_tid, parent_tid, exit_signal;
	__aligned_u64 stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static pid_t born_in(int birth)
{
	struct clone3_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = birth,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

pid_t vc_spawn(__u32 id, struct vc_spawn *spawn)
{
	int fds[2], birth, error = 0, cancel;
	struct message msg;
	sigset_t all, old;
	pid_t pid;
	ssize_t n;

	spawn->stage = VC_SPAWN_SETUP;
	memset(&spawn->why, 0, sizeof(spawn->why));
	if (spawn->flags || !spawn->argv || !spawn->argv[0])
		return -EINVAL;
	birth = vc_birth(id);
	if (birth < 0)
		return birth;
	if (pipe2(fds, O_CLOEXEC)) {
		error = errno;
		close(birth);
		return -error;
	}

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = born_in(birth);
	if (!pid) {
		close(fds[0]);
		child(spawn, birth, fds[1], spawn->sigmask ? spawn->sigmask : &old);
	}
	if (pid < 0) {
		error = errno;
		spawn->stage = VC_SPAWN_BIRTH;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(birth);
	close(fds[1]);

	while (pid > 0) {
		n = read(fds[0], &msg, sizeof(msg));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(msg))
			break;
		error = msg.error;
		spawn->stage = msg.stage;
		spawn->why = msg.why;
	}
	if (pid > 0 && error)
		reap(pid);
	close(fds[0]);
	pthread_setcancelstate(cancel, NULL);
	if (error)
		return -error;
	spawn->stage = VC_SPAWN_NONE;
	return pid;
}
