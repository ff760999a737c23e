/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on purpose: the nth allocation that the calling thread makes from now
 * on fails (Documentation/fault-injection/fault-injection.rst).
 */
#ifndef _SELFTESTS_VCONTEXT_NTH_H
#define _SELFTESTS_VCONTEXT_NTH_H

#include <sys/rseq.h>

#define FAILSLAB		"/sys/kernel/debug/failslab"
#define FAIL_PAGE		"/sys/kernel/debug/fail_page_alloc"

static int nth_fd = -1;

/*
 * The kernel kills a thread that it cannot tell which CPU it is on, and the
 * page for that may be one that it does not get.  Children inherit it.
 */
static void rseq_off(void)
{
	if (__rseq_size)
		syscall(SYS_rseq,
			(char *)__builtin_thread_pointer() + __rseq_offset,
			sizeof(struct rseq), RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
}

/* Faults are of a thread: each one opens its own.  0, or a negative errno. */
static long nth_open(void)
{
	rseq_off();
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return nth_fd < 0 ? -errno : 0;
}

/* For the first thread; false if the kernel can make none. */
static bool nth_setup(void)
{
	static const char * const sleepers[] = {
		FAILSLAB "/ignore-gfp-wait",
		FAIL_PAGE "/ignore-gfp-wait",
		FAIL_PAGE "/ignore-gfp-highmem",
	};
	unsigned int i;

	if (access("/proc/self/fail-nth", F_OK))
		return false;
	if (access(FAILSLAB, F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (i = 0; i < ARRAY_SIZE(sleepers); i++)
		file_write(sleepers[i], "N");
	file_write(FAIL_PAGE "/min-order", "0");
	return !access(FAILSLAB, F_OK) && !nth_open();
}

static void nth_write(const char *text)
{
	if (pwrite(nth_fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		_exit(KSFT_FAIL);
}

/* Lets the @nth fault site from now on fail. */
static void nth_arm(int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	nth_write(text);
}

/* True if one has failed since; none will from now on. */
static bool nth_fired(void)
{
	char text[16] = {};

	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		_exit(KSFT_FAIL);
	nth_write("0");
	return atoi(text) == 0;
}

#endif
