/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A FUSE file system, see fuse.h, that answers or not as a test wants it: who
 * looks something up in it goes on when the test says so.
 */
#ifndef _SELFTESTS_VCONTEXT_STALL_H
#define _SELFTESTS_VCONTEXT_STALL_H

#include <poll.h>
#include <pthread.h>

#include "fuse.h"

static bool serving;

static void serve_now(bool now)
{
	__atomic_store_n(&serving, now, __ATOMIC_RELAXED);
}

static void *serve(void *arg)
{
	struct pollfd fd = { .fd = *(int *)arg, .events = POLLIN };

	for (;;)
		if (poll(&fd, 1, 10) == 1 &&
		    __atomic_load_n(&serving, __ATOMIC_RELAXED))
			serve_one(fd.fd);
	return NULL;
}

/* Does somebody wait for an answer? */
static bool is_asked(int fuse)
{
	struct pollfd fd = { .fd = fuse, .events = POLLIN };

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLIN);
}

/* Mounts it at @dir; it answers after serve_now(true).  Once in a process. */
static int serve_at(const char *dir)
{
	static int fuse;
	char options[128];
	pthread_t server;

	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse < 0)
		return -errno;
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	serve_now(true);
	if (mount("stuck", dir, "fuse", 0, options) ||
	    pthread_create(&server, NULL, serve, &fuse)) {
		close(fuse);
		return -EIO;
	}
	/* before it is set up all wait for another reason */
	snprintf(options, sizeof(options), "%s/none", dir);
	if (!access(options, F_OK))
		return -EEXIST;
	serve_now(false);
	return fuse;
}

#endif /* _SELFTESTS_VCONTEXT_STALL_H */
