/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loading and unloading modules.  They are beside the test, where the harness
 * of the project puts them, or where they have been installed.
 */
#ifndef _SELFTESTS_VCONTEXT_MODULE_H
#define _SELFTESTS_VCONTEXT_MODULE_H

#include "common.h"

#define MOD_TEST		"vcontext-test"
#define MOD_BIG			"vcontext-test-big"
#define MOD_CLASH		"vcontext-test-clash"
#define MOD_SAMPLE		"vcontext-sample"

static const char *const mod_names[] = {
	MOD_TEST, MOD_BIG, MOD_CLASH, MOD_SAMPLE,
};

static int mod_open(const char *name)
{
	static const char *const places[] = {
		"kernel/kernel/vcontext/test", "kernel/samples/vcontext",
	};
	struct utsname uts;
	char path[512], exe[256];
	ssize_t len;
	size_t i;
	int fd;

	len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (len > 0) {
		exe[len] = '\0';
		*strrchr(exe, '/') = '\0';
		snprintf(path, sizeof(path), "%s/%s.ko", exe, name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	uname(&uts);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s/%s.ko",
			 uts.release, places[i], name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

/* 0, or what the module has said. */
static long mod_load(const char *name, const char *params)
{
	int fd = mod_open(name);
	long ret;

	if (fd < 0)
		return fd;
	ret = res(syscall(SYS_finit_module, fd, params, 0));
	close(fd);
	return ret;
}

/* As the kernel calls it: with low lines. */
static char *mod_kernel_name(const char *name)
{
	static char buf[64];
	char *at;

	COPY(buf, name);
	for (at = buf; *at; at++)
		if (*at == '-')
			*at = '_';
	return buf;
}

/* 0, -EAGAIN if it is in use, -ENOENT if it is not there. */
static long mod_unload(const char *name)
{
	return res(syscall(SYS_delete_module, mod_kernel_name(name),
			   O_NONBLOCK));
}

static bool mod_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt",
		 mod_kernel_name(name));
	return !access(path, F_OK);
}

static __maybe_unused long mod_param(const char *name, const char *param,
				     const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s",
		 mod_kernel_name(name), param);
	return file_write(path, value);
}

/* Those that a test has left behind. */
static void mod_teardown(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mod_names); i++)
		if (mod_there(mod_names[i]))
			WAIT_FOR(mod_unload(mod_names[i]) != -EAGAIN);
}

/* A fixture that needs modules, and leaves none behind. */
#define MOD_FIXTURE(name) \
	FIXTURE(name) { int unused; }; \
	FIXTURE_SETUP(name) \
	{ \
		int __fd = mod_open(MOD_TEST); \
		VC_SETUP(); \
		/* the numbers below are those of our own contexts */ \
		ASSERT_TRUE(WAIT_FOR(ctx_all() == 0)); \
		if (__fd < 0) \
			SKIP(return, "no " MOD_TEST ".ko: " \
				     "CONFIG_VCONTEXT_TEST_MODULES=m?"); \
		close(__fd); \
	} \
	FIXTURE_TEARDOWN(name) { vc_teardown(); mod_teardown(); }

#endif /* _SELFTESTS_VCONTEXT_MODULE_H */
