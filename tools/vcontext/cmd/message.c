// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that goes to standard error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "cmd.h"

static const struct {
	int error;
	const char *hint;
} hints[] = {
	{ ENOSYS, "this kernel has no virtual_context(2): boot one with CONFIG_VCONTEXT=y" },
	{ EOPNOTSUPP, "this kernel cannot do that: 'vcontext version' lists what it can" },
	{ EPERM, "changing a context takes CAP_SYS_ADMIN, which this process lacks" },
	{ ESRCH, "only what is in this context or below is seen from here: see 'vcontext list'" },
	{ EAGAIN, "its process limit is reached or 'vcontext stop' holds: see 'vcontext info'" },
	{ EBUSY, "if it has processes or contexts below, 'vcontext destroy --kill' ends them" },
	{ ENOSPC, "a context above has no room for another: see its MAXCHILDREN" },
	{ EEXIST, "number or name is taken: see 'vcontext list'" },
	{ E2BIG, "this command is newer than the kernel: see 'vcontext version'" },
	{ EFAULT, "kernel and command disagree about a struct: see 'vcontext version'" },
};

static void __printf(2, 0) message(int error, const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "vcontext: %s%s", command ? command->name : "",
		command ? ": " : "");
	vfprintf(stderr, fmt, ap);
	if (error)
		fprintf(stderr, ": %s", strerror(abs(error)));
	fputc('\n', stderr);
}

void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(0, fmt, ap);
	va_end(ap);
}

void complain_errno(int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(error, fmt, ap);
	va_end(ap);
}

/* Is it a right that is missing?  Else the kernel's sentence says more. */
static bool lacks_admin(void)
{
	cap_flag_value_t value = CAP_SET;
	cap_t caps = cap_get_proc();

	if (!caps)
		return false;
	cap_get_flag(caps, CAP_SYS_ADMIN, CAP_EFFECTIVE, &value);
	cap_free(caps);
	return value == CAP_CLEAR;
}

static void __printf(4, 0) refused(int error, const struct vc_error *why,
				   const char *hint, const char *fmt,
				   va_list ap)
{
	struct vc_error last;
	size_t i;

	/* Before anything else is called: it is about the last call. */
	if (!why) {
		memset(&last, 0, sizeof(last));
		if (!vc_error_get(&last))
			why = &last;
	}
	message(error, fmt, ap);
	error = abs(error);
	if (why && why->error == error && why->text[0])
		fprintf(stderr, "  the kernel says: %.*s\n",
			(int)sizeof(why->text), why->text);
	for (i = 0; i < ARRAY_SIZE(hints); i++)
		if (hints[i].error == error &&
		    (error == EPERM ? lacks_admin() : !hint))
			hint = hints[i].hint;
	if (hint)
		fprintf(stderr, "  hint: %s\n", hint);
}

void complain_vc(int error, const struct vc_error *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	refused(error, why, NULL, fmt, ap);
	va_end(ap);
}

void complain_hint(int error, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	refused(error, NULL, hint, fmt, ap);
	va_end(ap);
}

void die_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(0, fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try 'vcontext %s --help'.\n", command->name);
	exit(command->usage);
}

void die_memory(void)
{
	complain_errno(ENOMEM, "cannot go on");
	exit(command->failure);
}

int finish_output(void)
{
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		complain_errno(errno ? errno : EIO, "standard output");
		return -1;
	}
	return 0;
}
