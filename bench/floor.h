/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a container costs at least with the interfaces of an unpatched kernel:
 * written by hand, for one program, with nothing configurable and no handling
 * of errors but to give up.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLOOR_NS	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC)
#define FLOOR_IMAGE	"/disk/image"

static inline void floor_die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static inline void floor_put(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		floor_die(file);
	close(fd);
}

/*
 * Not syscall(3): a child that shares our stack would overwrite the address
 * that it returns to.
 */
static inline __attribute__((always_inline)) long floor_clone3(struct clone_args *args)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(SYS_clone3), "D"(args), "S"(sizeof(*args))
			 : "rcx", "r11", "memory");
	return ret;
}

/* Make the group @group with its limits; returns a descriptor of it. */
static inline int floor_group(const char *group)
{
	int dir;

	if (mkdir(group, 0755))
		floor_die(group);
	dir = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		floor_die(group);
	floor_put(dir, "cpu.max", "80000 100000");
	floor_put(dir, "memory.max", "268435456");
	floor_put(dir, "pids.max", "1000");
	return dir;
}

/* In the child: the image becomes the root, and nothing else is left. */
static inline void floor_inside(char **argv)
{
	static char *const envp[] = { "PATH=/bin", NULL };

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(FLOOR_IMAGE, FLOOR_IMAGE, NULL, MS_BIND, NULL) || chdir(FLOOR_IMAGE) ||
	    syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ||
	    sethostname("peer", 4))
		floor_die("root");
	execve(argv[0], argv, envp);
	floor_die(argv[0]);
}

/* Start @argv in a container in the group @dir. */
static inline __attribute__((always_inline)) pid_t floor_start(int dir, char **argv, uint64_t flags)
{
	struct clone_args args = {
		.flags = FLOOR_NS | CLONE_INTO_CGROUP | flags,
		.exit_signal = SIGCHLD,
		.cgroup = dir,
	};
	long pid = floor_clone3(&args);

	if (!pid)
		floor_inside(argv);
	if (pid < 0) {
		errno = -pid;
		floor_die("clone3");
	}
	return pid;
}

static inline void floor_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			floor_die("waitpid");
	if (status)
		floor_die("a program failed");
}

/* All of it, from nothing to nothing. */
static inline __attribute__((always_inline)) void floor_run(const char *group, char **argv, uint64_t flags)
{
	int dir = floor_group(group);

	floor_wait(floor_start(dir, argv, flags));
	close(dir);
	if (rmdir(group))
		floor_die(group);
}

#endif
