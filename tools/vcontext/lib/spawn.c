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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vcontext.h"

/* What the child says over a pipe that the exec closes. */
struct message {
	int stage;		/* VC_SPAWN_NONE: @pid was born */
	int error;
	pid_t pid;
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

/* Async-signal-safe: other threads may have held any lock at the fork. */
static void __attribute__((noreturn)) child(__u32 id, struct vc_spawn *spawn,
					    int forks, int fd,
					    const sigset_t *mask)
{
	struct message msg;
	long ret;

	memset(&msg, 0, sizeof(msg));
	reset_handlers();
	ret = vc_enter(id);
	if (ret < 0) {
		if (vc_error_get(&msg.why))
			memset(&msg.why, 0, sizeof(msg.why));
		fail(fd, &msg, VC_SPAWN_ENTER, -ret);
	}
	if (forks) {
		/*
		 * The program is born as a child of our parent, so that nobody
		 * has to stay in between to pass on signals and its status.
		 */
		ret = syscall(SYS_clone, (long)(CLONE_PARENT | SIGCHLD),
			      0L, 0L, 0L, 0L);
		if (ret < 0)
			fail(fd, &msg, VC_SPAWN_BIRTH, errno);
		if (ret) {
			msg.pid = ret;
			say(fd, &msg);
			_exit(0);
		}
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

pid_t vc_spawn(__u32 id, struct vc_spawn *spawn)
{
	int fds[2], forks, error = 0, cancel;
	struct message msg;
	sigset_t all, old;
	pid_t pid, born;
	ssize_t n;

	spawn->stage = VC_SPAWN_SETUP;
	memset(&spawn->why, 0, sizeof(spawn->why));
	if (spawn->flags || !spawn->argv || !spawn->argv[0])
		return -EINVAL;
	forks = vc_enter_forks(id);
	if (forks < 0)
		return forks;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		child(id, spawn, forks, fds[1],
		      spawn->sigmask ? spawn->sigmask : &old);
	}
	if (pid < 0)
		error = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(fds[1]);
	if (pid < 0)
		goto out;

	born = forks ? 0 : pid;
	for (;;) {
		n = read(fds[0], &msg, sizeof(msg));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(msg))
			break;
		if (msg.stage == VC_SPAWN_NONE) {
			born = msg.pid;
		} else {
			error = msg.error;
			spawn->stage = msg.stage;
			spawn->why = msg.why;
		}
	}
	if (forks)
		reap(pid);
	/* Killed between entering and being born. */
	if (!born && !error) {
		error = ECANCELED;
		spawn->stage = VC_SPAWN_BIRTH;
	}
	if (error && born)
		reap(born);
	pid = born;
out:
	close(fds[0]);
	pthread_setcancelstate(cancel, NULL);
	if (error)
		return -error;
	spawn->stage = VC_SPAWN_NONE;
	return pid;
}
