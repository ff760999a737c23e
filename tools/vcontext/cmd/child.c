// SPDX-License-Identifier: GPL-2.0
/*
 * Run a program, pass signals on to it, and leave nothing behind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"

static const int ending[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
};

void block_signals(sigset_t *old)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(ending); i++)
		sigaddset(&set, ending[i]);
	sigaddset(&set, SIGCHLD);
	/* A write that fails is reported instead. */
	sigaddset(&set, SIGPIPE);
	/* If ignored, children could not be waited for. */
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, old);
}

bool interrupted(void)
{
	sigset_t set;
	size_t i;

	sigpending(&set);
	for (i = 0; i < ARRAY_SIZE(ending); i++)
		if (sigismember(&set, ending[i]))
			return true;
	return false;
}

pid_t start(__u32 id, char **argv, const sigset_t *mask, int *status)
{
	struct vc_spawn spawn = { .argv = argv, .sigmask = mask };
	pid_t pid = vc_spawn(id, &spawn);

	if (pid >= 0)
		return pid;
	*status = EXIT_TOOL;
	switch (spawn.stage) {
	case VC_SPAWN_ENTER:
		complain_vc(pid, &spawn.why, "cannot enter context %u", id);
		break;
	case VC_SPAWN_BIRTH:
		complain_vc(pid, &spawn.why,
			    "no process can be born in context %u", id);
		break;
	case VC_SPAWN_EXEC:
		complain_errno(pid, "%s", argv[0]);
		*status = pid == -ENOENT ? EXIT_NOPROG : EXIT_NOEXEC;
		break;
	default:
		complain_vc(pid, NULL, "cannot start %s", argv[0]);
		break;
	}
	return -1;
}

/*
 * The first process of a PID namespace does not get signals that it has no
 * handler for, unlike any other program.
 */
static bool is_deaf(pid_t pid, int sig)
{
	unsigned long long ignored = ~0ULL, caught = ~0ULL;
	char path[64], line[256], *last = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "NSpid:", 6)) {
			last = strrchr(line, '\t');
			/* In no namespace below ours, or not the first. */
			if (last == strchr(line, '\t') || atoi(last) != 1)
				break;
		}
		if (!strncmp(line, "SigIgn:", 7))
			ignored = strtoull(line + 7, NULL, 16);
		if (!strncmp(line, "SigCgt:", 7))
			caught = strtoull(line + 7, NULL, 16);
	}
	fclose(file);
	return !((ignored | caught) >> (sig - 1) & 1);
}

static bool was_delivered(const siginfo_t *info, pid_t pid)
{
	/* The terminal signals the whole foreground group. */
	return info->si_code == SI_KERNEL && getpgid(pid) == getpgrp();
}

int supervise(pid_t pid)
{
	int status, killed = 0;
	siginfo_t info;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(ending); i++)
		sigaddset(&set, ending[i]);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		pid_t ret = waitpid(pid, &status, WNOHANG);

		if (ret == pid)
			break;
		if (ret < 0 && errno != EINTR) {
			complain_errno(errno, "cannot wait for the program");
			return EXIT_TOOL;
		}
		if (sigwaitinfo(&set, &info) < 0 || info.si_signo == SIGCHLD)
			continue;
		if (is_deaf(pid, info.si_signo)) {
			killed = info.si_signo;
			kill(pid, SIGKILL);
		} else if (!was_delivered(&info, pid)) {
			kill(pid, info.si_signo);
		}
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return 128 + (killed ? killed : WTERMSIG(status));
}

int destroy_same(const struct vc_info *info)
{
	struct vc_info now;
	int ret;

	do {
		/* The number may have been given to another one. */
		ret = vc_context_info(info->id, &now);
		if (!ret && now.cgroup_id != info->cgroup_id)
			return 0;
		if (!ret)
			ret = vc_context_destroy(info->id, VC_DESTROY_KILL);
	} while (ret == -EINTR);
	return ret == -ESRCH ? 0 : ret;
}

int guard_start(struct guard *guard, const struct vc_info *info)
{
	int fds[2], ret;
	sigset_t all;
	char byte;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	guard->pid = fork();
	if (guard->pid < 0) {
		ret = -errno;
		close(fds[0]);
		close(fds[1]);
		return ret;
	}
	if (guard->pid) {
		close(fds[0]);
		guard->fd = fds[1];
		return 0;
	}

	/* Out of reach of what ends the others, and in nobody's way. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "vcontext-guard");
	setsid();
	if (chdir("/"))
		_exit(EXIT_TOOL);
	dup2(fds[0], STDIN_FILENO);
	close_range(STDIN_FILENO + 1, ~0U, 0);
	do {
		ret = read(STDIN_FILENO, &byte, 1);
	} while (ret < 0 && errno == EINTR);
	if (!ret)
		destroy_same(info);
	_exit(0);
}

void guard_dismiss(struct guard *guard)
{
	if (write(guard->fd, "", 1) != 1)
		kill(guard->pid, SIGKILL);
	close(guard->fd);
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
