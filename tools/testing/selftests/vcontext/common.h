/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of the vcontext tests.
 *
 * Two ideas carry all of them:
 *
 * - A context that a test makes through ctx_*() is remembered, and so is each
 *   agent; vc_teardown() kills and destroys what is left of them, whether the
 *   test passed, failed or ran out of time.
 *
 * - An agent is a child that entered a context and executed this binary again,
 *   as a real program would.  It runs the functions that the test asks of it,
 *   one at a time, and answers with their result.  Results are 0 or more, or
 *   -errno; tests compare them and nothing else, since a failed ASSERT in a
 *   child would run the teardown of its parent.
 */
#ifndef _SELFTESTS_VCONTEXT_COMMON_H
#define _SELFTESTS_VCONTEXT_COMMON_H

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
/* Before <linux/in6.h>, which knows it, but is not known to it. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/vcontext.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"

/*
 * Only there to end a test that hangs: an emulated machine with a debug kernel
 * is a hundred times slower than a real one.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	240
#define TEST_WATCHDOG_SEC	200
#define REPLY_TIMEOUT_MS	60000
#define WAIT_TIMEOUT_MS		20000

/* Does the kernel prove its locks?  Then it takes ten times as long. */
#define is_debug_kernel()	(!access("/proc/lockdep_stats", F_OK))

#ifndef __maybe_unused
#define __maybe_unused		__attribute__((__unused__))
#endif
#ifndef __aligned
#define __aligned(n)		__attribute__((__aligned__(n)))
#endif

#ifndef __NR_virtual_context
# ifdef __x86_64__
#  define __NR_virtual_context	236
# elif defined(__i386__)
#  define __NR_virtual_context	273
# else
#  error "virtual_context has no number on this architecture"
# endif
#endif

#ifndef __NR_clone3
#define __NR_clone3		435
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open		434
#endif
#ifndef __NR_pidfd_send_signal
#define __NR_pidfd_send_signal	424
#endif
#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd	438
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP	0x200000000ULL
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP		0x02000000
#endif
#ifndef P_PIDFD
#define P_PIDFD			3
#endif

/*
 * For what it keeps of each test the harness maps shared memory, in every
 * program that is executed, agents among them.  That many mappings make fork,
 * exec and exit what a test spends most of its time in, so tests share some.
 * Never unmapped.
 */
static __maybe_unused void *test_mmap(void *addr, size_t length, int prot,
				      int flags, int fd, off_t offset)
{
	enum { CHUNK = 64 << 10 };
	static size_t left;
	static char *next;
	void *piece;

	if (length != sizeof(struct __test_metadata) ||
	    flags != (MAP_SHARED | MAP_ANONYMOUS))
		return mmap(addr, length, prot, flags, fd, offset);
	if (left < length) {
		next = mmap(NULL, CHUNK, prot, flags, -1, 0);
		if (next == MAP_FAILED)
			return MAP_FAILED;
		left = CHUNK;
	}
	piece = next;
	length = (length + 15) & ~15UL;
	next += length;
	left = left > length ? left - length : 0;
	return piece;
}

#define mmap test_mmap

#define CG_ROOT			"/sys/fs/cgroup"
#define CG_CONTEXTS		CG_ROOT "/vcontext"

/* No context is ever given that number by the kernel in the life of a test. */
#define ID_UNKNOWN		0x7ffffff0U

#define VC_SET(cat, cmd)	VC_CMD(cat, VC_SUB_SET, cmd)
#define VC_GET(cat, cmd)	VC_CMD(cat, VC_SUB_GET, cmd)

#define VC_LAST_ERROR		VC_GET(VC_CAT_VERSION, VC_VERSION_ERROR)
#define VC_CREATE		VC_SET(VC_CAT_CPU, VC_CPU_CONTEXT)
#define VC_INFO			VC_GET(VC_CAT_CPU, VC_CPU_CONTEXT)
#define VC_DESTROY		VC_SET(VC_CAT_CPU, VC_CPU_DESTROY)
#define VC_SET_SCHED		VC_SET(VC_CAT_CPU, VC_CPU_SCHED)
#define VC_GET_SCHED		VC_GET(VC_CAT_CPU, VC_CPU_SCHED)
#define VC_SET_CPUSET		VC_SET(VC_CAT_CPU, VC_CPU_SET)
#define VC_GET_CPUSET		VC_GET(VC_CAT_CPU, VC_CPU_SET)
#define VC_LIST			VC_GET(VC_CAT_CPU, VC_CPU_LIST)
#define VC_SET_USAGE		VC_SET(VC_CAT_CPU, VC_CPU_USAGE)
#define VC_GET_USAGE		VC_GET(VC_CAT_CPU, VC_CPU_USAGE)
#define VC_STAT			VC_GET(VC_CAT_CPU, VC_CPU_STAT)
#define VC_SET_HOSTNAME		VC_SET(VC_CAT_CPU, VC_CPU_HOSTNAME)
#define VC_GET_HOSTNAME		VC_GET(VC_CAT_CPU, VC_CPU_HOSTNAME)
#define VC_MIGRATE		VC_SET(VC_CAT_PROCESS, VC_PROCESS_TASK)
#define VC_WHERE		VC_GET(VC_CAT_PROCESS, VC_PROCESS_TASK)
#define VC_SET_LIMIT		VC_SET(VC_CAT_PROCESS, VC_PROCESS_LIMIT)
#define VC_GET_LIMIT		VC_GET(VC_CAT_PROCESS, VC_PROCESS_LIMIT)
#define VC_SET_CAPS		VC_SET(VC_CAT_PROCESS, VC_PROCESS_CAPS)
#define VC_GET_CAPS		VC_GET(VC_CAT_PROCESS, VC_PROCESS_CAPS)
#define VC_SET_STOP		VC_SET(VC_CAT_PROCESS, VC_PROCESS_STOP)
#define VC_GET_STOP		VC_GET(VC_CAT_PROCESS, VC_PROCESS_STOP)
#define VC_SIGNAL		VC_SET(VC_CAT_PROCESS, VC_PROCESS_SIGNAL)
#define VC_COUNT		VC_GET(VC_CAT_PROCESS, VC_PROCESS_SIGNAL)
#define VC_SET_FILES		VC_SET(VC_CAT_VFS, VC_VFS_FILES)
#define VC_GET_FILES		VC_GET(VC_CAT_VFS, VC_VFS_FILES)
#define VC_SET_MOUNTS		VC_SET(VC_CAT_VFS, VC_VFS_MOUNTS)
#define VC_GET_MOUNTS		VC_GET(VC_CAT_VFS, VC_VFS_MOUNTS)
#define VC_SET_DEVICES		VC_SET(VC_CAT_VFS, VC_VFS_DEVICES)
#define VC_GET_DEVICES		VC_GET(VC_CAT_VFS, VC_VFS_DEVICES)
#define VC_SET_TCP		VC_SET(VC_CAT_OTHER, VC_OTHER_TCP)
#define VC_GET_TCP		VC_GET(VC_CAT_OTHER, VC_OTHER_TCP)
#define VC_SET_IO		VC_SET(VC_CAT_VFS, VC_VFS_IO)
#define VC_GET_IO		VC_GET(VC_CAT_VFS, VC_VFS_IO)
#define VC_IO_VERSION		VC_CMD(VC_CAT_VFS, VC_SUB_VERSION, VC_VFS_IO)
#define VC_SET_ROOT		VC_SET(VC_CAT_VFS, VC_VFS_ROOT)
#define VC_GET_ROOT		VC_GET(VC_CAT_VFS, VC_VFS_ROOT)
#define VC_OPEN_EVENTS		VC_GET(VC_CAT_EVENT, VC_EVENT_OPEN)
#define VC_ADD_RULE		VC_SET(VC_CAT_CLASS, VC_CLASS_RULE)
#define VC_GET_RULES		VC_GET(VC_CAT_CLASS, VC_CLASS_RULE)
#define VC_REMOVE_RULE		VC_SET(VC_CAT_CLASS, VC_CLASS_REMOVE)
#define VC_APPLY_RULES		VC_SET(VC_CAT_CLASS, VC_CLASS_APPLY)

#define VC_SET_FREEZE		VC_SET(VC_CAT_PROCESS, VC_PROCESS_FREEZE)
#define VC_GET_FREEZE		VC_GET(VC_CAT_PROCESS, VC_PROCESS_FREEZE)
#define VC_SET_TOTAL		VC_SET(VC_CAT_MEMORY, VC_MEMORY_TOTAL)
#define VC_GET_TOTAL		VC_GET(VC_CAT_MEMORY, VC_MEMORY_TOTAL)
#define VC_SET_RESIDENT		VC_SET(VC_CAT_MEMORY, VC_MEMORY_RESIDENT)
#define VC_GET_RESIDENT		VC_GET(VC_CAT_MEMORY, VC_MEMORY_RESIDENT)
#define VC_MEM_STAT		VC_GET(VC_CAT_MEMORY, VC_MEMORY_STAT)
#define VC_SET_OOM		VC_SET(VC_CAT_MEMORY, VC_MEMORY_OOM)
#define VC_GET_OOM		VC_GET(VC_CAT_MEMORY, VC_MEMORY_OOM)

/* The call itself: its result, or -errno. */
static __maybe_unused long vc(__u32 cmd, __u32 id, const void *data)
{
	long ret = syscall(__NR_virtual_context, cmd, id, data);

	return ret == -1 ? -errno : ret;
}

/* A libc or system call's result as 0 or more, or -errno. */
static __maybe_unused long res(long ret)
{
	return ret == -1 ? -errno : ret;
}

/* The same where it does not matter which one it is. */
static __maybe_unused long error_of(long ret)
{
	return ret < 0 ? ret : 0;
}

/* ---- text ---- */

/* As much of @text as there is room for in the array @buf, NUL-terminated. */
#define COPY(buf, text)		snprintf(buf, sizeof(buf), "%s", text)

/* ---- time ---- */

static __maybe_unused long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static __maybe_unused void nap(void)
{
	struct timespec ts = { .tv_nsec = 1000000 };

	nanosleep(&ts, NULL);
}

/* True as soon as @cond is; false only if it does not become so for long. */
#define WAIT_FOR(cond) ({ \
	long long __end = now_ms() + WAIT_TIMEOUT_MS; \
	bool __ok; \
	while (!(__ok = (cond)) && now_ms() < __end) \
		nap(); \
	__ok; \
})

/* ---- contexts ---- */

#define CTX_MAX			64

static __u32 ctx_made[CTX_MAX];
static unsigned int ctx_made_nr;

static __maybe_unused long ctx_remember(long id)
{
	if (id > 0 && ctx_made_nr < CTX_MAX)
		ctx_made[ctx_made_nr++] = id;
	return id;
}

static __maybe_unused long ctx_make(__u32 id, __u32 flags, __u32 children_max,
				    const char *name)
{
	struct vc_create create = {
		.flags = flags,
		.children_max = children_max,
	};

	if (name)
		COPY(create.name, name);
	return ctx_remember(vc(VC_CREATE, id, &create));
}

/* A context below the caller's with any free id. */
static __maybe_unused long ctx_new(__u32 flags)
{
	return ctx_make(VC_ID_SELF, flags, 0, NULL);
}

/* The same below @parent, which is given room for it: made by an agent. */
static long ctx_new_below(__u32 parent, __u32 flags);

static __maybe_unused long ctx_kill(__u32 id)
{
	__u32 flags = VC_DESTROY_KILL;

	return vc(VC_DESTROY, id, &flags);
}

static __maybe_unused long ctx_info(__u32 id, struct vc_info *info)
{
	memset(info, 0xa5, sizeof(*info));
	return vc(VC_INFO, id, info);
}

static __maybe_unused long ctx_limit(__u32 id, __u64 limit)
{
	struct vc_limit l = { .limit = limit };

	return vc(VC_SET_LIMIT, id, &l);
}

/* One number of the process limit, or -errno. */
static __maybe_unused long ctx_usage(__u32 id)
{
	struct vc_limit l = {};
	long ret = vc(VC_GET_LIMIT, id, &l);

	return ret ? ret : (long)l.usage;
}

static __maybe_unused long ctx_hits(__u32 id)
{
	struct vc_limit l = {};
	long ret = vc(VC_GET_LIMIT, id, &l);

	return ret ? ret : (long)l.hits;
}

static __maybe_unused long ctx_stop(__u32 id, __u32 stop)
{
	return vc(VC_SET_STOP, id, &stop);
}

static __maybe_unused long ctx_freeze(__u32 id, __u32 freeze)
{
	return vc(VC_SET_FREEZE, id, &freeze);
}

static __maybe_unused long ctx_signal(__u32 id, __u32 signo)
{
	return vc(VC_SIGNAL, id, &signo);
}

static __maybe_unused long ctx_set_caps(__u32 id, __u64 caps)
{
	struct vc_caps c = { .caps = caps };

	return vc(VC_SET_CAPS, id, &c);
}

static __maybe_unused long ctx_set_root(__u32 id, const char *path, __u32 flags)
{
	struct vc_vfs_root root = {
		.path = (uintptr_t)path,
		.len = strlen(path),
		.flags = flags,
	};

	return vc(VC_SET_ROOT, id, &root);
}

static __maybe_unused long task_move(pid_t pid, __u32 id)
{
	struct vc_task task = { .pid = pid };

	return vc(VC_MIGRATE, id, &task);
}

static __maybe_unused long task_where(pid_t pid)
{
	struct vc_task task = { .pid = pid };

	return vc(VC_WHERE, 0, &task);
}

/* Why the last call failed; an empty text if nothing is known. */
static __maybe_unused const char *ctx_error(void)
{
	static struct vc_error error;

	memset(&error, 0, sizeof(error));
	if (vc(VC_LAST_ERROR, 0, &error))
		error.text[0] = '\0';
	error.text[sizeof(error.text) - 1] = '\0';
	return error.text;
}

/* How many contexts the caller sees below its own. */
static __maybe_unused long ctx_all(void)
{
	struct vc_info info;
	long ret = ctx_info(VC_ID_SELF, &info);

	return ret ? ret : (long)info.children;
}

/* ---- files ---- */

static __maybe_unused long file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(write(fd, text, strlen(text)));
	close(fd);
	return ret < 0 ? ret : 0;
}

/* What @path holds, NUL-terminated: its length, or -errno. */
static __maybe_unused long file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	long ret = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		ret = res(read(fd, buf + len, size - 1 - len));
		if (ret <= 0)
			break;
		len += ret;
	}
	close(fd);
	buf[len] = '\0';
	return ret < 0 ? ret : (long)len;
}

/* A number in a file, behind @key if that is not NULL; or -errno. */
static __maybe_unused long file_number(const char *path, const char *key)
{
	char buf[4096];
	char *at = buf;
	long ret = file_read(path, buf, sizeof(buf));

	if (ret < 0)
		return ret;
	if (key) {
		at = strstr(buf, key);
		if (!at)
			return -ENOENT;
		at += strlen(key);
	}
	return strtol(at, NULL, 10);
}

static __maybe_unused long file_make(const char *path, const char *text,
				     mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(write(fd, text, strlen(text)));
	fchmod(fd, mode);
	close(fd);
	return ret < 0 ? ret : 0;
}

static __maybe_unused long file_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	static char buf[65536];
	long ret = 0;
	ssize_t len;

	if (in < 0 || out < 0)
		ret = -errno;
	while (!ret && (len = read(in, buf, sizeof(buf))))
		if (len < 0 || write(out, buf, len) != len)
			ret = -EIO;
	close(in);
	close(out);
	return ret;
}

/* ---- cgroups ---- */

static __maybe_unused int strcatf(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
	return ret;
}

/* Path of a file in the group of @id, which the caller must see. */
static __maybe_unused char *cg_path(__u32 id, const char *file)
{
	static char bufs[8][256];
	static unsigned int next;
	char *buf = bufs[next++ % 8];
	__u32 chain[16];
	int depth = 0;

	while (id && depth < 16) {
		struct vc_info info;

		chain[depth++] = id;
		if (ctx_info(id, &info))
			break;
		id = info.parent;
	}
	snprintf(buf, sizeof(bufs[0]), CG_CONTEXTS);
	while (depth)
		strcatf(buf, sizeof(bufs[0]), "/%u", chain[--depth]);
	if (file)
		strcatf(buf, sizeof(bufs[0]), "/%s", file);
	return buf;
}

static __maybe_unused long cg_descendants(void)
{
	long ret = file_number(CG_CONTEXTS "/cgroup.stat", "nr_descendants ");

	return ret == -ENOENT ? 0 : ret;
}

/* ---- capabilities ---- */

static __maybe_unused long caps_set(__u64 effective, __u64 permitted)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = effective, .permitted = permitted },
		{ .effective = effective >> 32, .permitted = permitted >> 32 },
	};

	return res(syscall(SYS_capset, &head, data));
}

static __maybe_unused long caps_get(__u64 *effective, __u64 *permitted)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {};
	long ret = res(syscall(SYS_capget, &head, data));

	*effective = data[0].effective | (__u64)data[1].effective << 32;
	*permitted = data[0].permitted | (__u64)data[1].permitted << 32;
	return ret;
}

/* Gives up effective capabilities, to be had again with caps_raise(). */
static __maybe_unused long caps_lower(void)
{
	__u64 effective, permitted;
	long ret = caps_get(&effective, &permitted);

	return ret ? ret : caps_set(0, permitted);
}

static __maybe_unused long caps_raise(void)
{
	__u64 effective, permitted;
	long ret = caps_get(&effective, &permitted);

	return ret ? ret : caps_set(permitted, permitted);
}

/* ---- children ---- */

/*
 * Forks a child that does not outlive the test and starts with nothing to
 * clean up.
 */
static __maybe_unused pid_t child_fork(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ctx_made_nr = 0;
	if (getppid() != parent && getppid())
		_exit(0);
	return 0;
}

/* The exit status of @pid, or 1000 and the signal that ended it, or -errno. */
static __maybe_unused long child_wait(pid_t pid)
{
	long long end = now_ms() + REPLY_TIMEOUT_MS;
	int status;
	long ret;

	do {
		ret = res(waitpid(pid, &status, WNOHANG));
		if (!ret)
			nap();
	} while (!ret && now_ms() < end);
	if (!ret) {
		kill(pid, SIGKILL);
		return -ETIMEDOUT;
	}
	if (ret < 0)
		return ret;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static __maybe_unused long child_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	return child_wait(pid);
}

/* A descriptor of a process, duplicated. */
static __maybe_unused long take_fd(pid_t pid, int fd)
{
	int pidfd = syscall(__NR_pidfd_open, pid, 0);
	long ret;

	if (pidfd < 0)
		return -errno;
	ret = res(syscall(__NR_pidfd_getfd, pidfd, fd, 0));
	close(pidfd);
	return ret;
}

/* What @fn returns in a child, which may change its credentials freely. */
static __maybe_unused long in_child(long (*fn)(long arg), long arg)
{
	int out[2];
	long ret = -EIO;
	pid_t pid;

	if (pipe(out))
		return -errno;
	pid = child_fork();
	if (!pid) {
		unsigned int had = ctx_made_nr;

		ret = fn(arg);
		/* What it made the parent has not heard of. */
		caps_raise();
		while (ctx_made_nr > had)
			ctx_kill(ctx_made[--ctx_made_nr]);
		if (write(out[1], &ret, sizeof(ret)) != sizeof(ret))
			_exit(1);
		_exit(0);
	}
	close(out[1]);
	if (pid > 0) {
		if (read(out[0], &ret, sizeof(ret)) != sizeof(ret))
			ret = -EIO;
		child_wait(pid);
	}
	close(out[0]);
	return ret;
}

#include "agent.h"

/* ---- the frame of every test ---- */

static __maybe_unused void vc_teardown(void)
{
	unsigned int i;

	alarm(0);
	caps_raise();
	for (i = 0; i < AGENT_MAX; i++)
		if (agents[i].pid > 0)
			kill(agents[i].pid, SIGKILL);
	while (ctx_made_nr)
		ctx_kill(ctx_made[--ctx_made_nr]);
	for (i = 0; i < AGENT_MAX; i++)
		agent_end(&agents[i]);
}

static pid_t watchdog_pid;

static __maybe_unused void watchdog(int sig)
{
	static const char text[] = "# the test ran out of time\n";

	if (getpid() != watchdog_pid)
		_exit(KSFT_FAIL);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(KSFT_FAIL);
	while (ctx_made_nr)
		ctx_kill(ctx_made[--ctx_made_nr]);
	_exit(KSFT_FAIL);
}

/* First line of each FIXTURE_SETUP(). */
#define VC_SETUP() do { \
	if (vc(VC_CMD(VC_CAT_VERSION, VC_SUB_VERSION, 0), 0, NULL) == -ENOSYS) \
		SKIP(return, "this kernel has no virtual_context"); \
	watchdog_pid = getpid(); \
	signal(SIGALRM, watchdog); \
	alarm(TEST_WATCHDOG_SEC); \
} while (0)

/* A fixture that needs nothing else. */
#define VC_FIXTURE(name) \
	FIXTURE(name) { int unused; }; \
	FIXTURE_SETUP(name) { VC_SETUP(); } \
	FIXTURE_TEARDOWN(name) { vc_teardown(); }

#endif /* _SELFTESTS_VCONTEXT_COMMON_H */
