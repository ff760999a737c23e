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

/* ---- agents ---- */

typedef long (*agent_fn)(long a, long b, long c);

struct agent {
	pid_t pid;	/* as its parent sees it */
	pid_t middle;	/* who waits for it, where that is not the test */
	int sock;
};

struct agent_request {
	intptr_t fn;	/* relative to agent_main() */
	long arg[3];
	char buf[1024];
};

struct agent_reply {
	long ret;
	char buf[1024];
};

#define AGENT_MAX		32
#define AGENT_ENV		"VCONTEXT_TEST_AGENT"
/* The context has a PID namespace: the agent is what is forked after entry. */
#define AGENT_FORK		1U
/* No exec after entering. */
#define AGENT_NO_EXEC		2U

/* Copies: those of a test are gone when the teardown comes. */
static struct agent agents[AGENT_MAX];

/* The process group of agents to come; 0 is one of their own. */
static pid_t agent_group;

/* Goes to the agent with each question, and comes back with the answer. */
static char agent_buf[1024];
/* In the agent: the descriptor that agent_give() sent. */
static int agent_fd = -1;

static __maybe_unused void agent_main(int sock)
{
	struct agent_request req;
	struct agent_reply reply;

	for (;;) {
		char space[CMSG_SPACE(sizeof(int))] = {};
		struct iovec io = { &req, sizeof(req) };
		struct msghdr msg = {
			.msg_iov = &io,
			.msg_iovlen = 1,
			.msg_control = space,
			.msg_controllen = sizeof(space),
		};
		ssize_t len = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
		struct cmsghdr *cmsg;

		if (len < 0 && errno == EINTR)
			continue;
		if (len != sizeof(req))
			_exit(0);
		cmsg = CMSG_FIRSTHDR(&msg);
		if (cmsg && cmsg->cmsg_type == SCM_RIGHTS) {
			close(agent_fd);
			memcpy(&agent_fd, CMSG_DATA(cmsg), sizeof(int));
		} else if (msg.msg_flags & MSG_CTRUNC) {
			/* The kernel did not let it in. */
			close(agent_fd);
			agent_fd = -1;
		}
		memcpy(agent_buf, req.buf, sizeof(agent_buf));
		memset(&reply, 0, sizeof(reply));
		if (req.fn) {
			intptr_t at = (intptr_t)agent_main + req.fn;

			reply.ret = ((agent_fn)at)(req.arg[0], req.arg[1],
						   req.arg[2]);
		}
		memcpy(reply.buf, agent_buf, sizeof(agent_buf));
		if (send(sock, &reply, sizeof(reply), MSG_NOSIGNAL) !=
		    sizeof(reply))
			_exit(0);
	}
}

/* An agent that executed this binary again never comes as far as main(). */
static __attribute__((constructor(65000))) void agent_constructor(void)
{
	const char *sock = getenv(AGENT_ENV);

	if (sock)
		agent_main(atoi(sock));
}

static __maybe_unused void agent_become(int sock, unsigned int flags,
					const char *exe)
{
	char env[64];
	char *argv[] = { (char *)"agent", NULL };
	char *envp[] = { env, NULL };

	if (flags & AGENT_NO_EXEC)
		agent_main(sock);
	fcntl(sock, F_SETFD, 0);
	snprintf(env, sizeof(env), AGENT_ENV "=%d", sock);
	execve(exe, argv, envp);
	_exit(127);
}

/* It is dead and waited for. */
static __maybe_unused void agent_forget(struct agent *agent)
{
	unsigned int i;

	for (i = 0; i < AGENT_MAX; i++)
		if (agents[i].pid && agents[i].pid == agent->pid)
			agents[i].pid = 0;
	if (agent->pid > 0)
		close(agent->sock);
	agent->pid = 0;
}

static __maybe_unused void agent_end(struct agent *agent)
{
	if (agent->pid > 0) {
		kill(agent->pid, SIGKILL);
		child_wait(agent->middle > 0 ? agent->middle : agent->pid);
	}
	agent_forget(agent);
}

static __maybe_unused long agent_send(struct agent *agent,
				      const struct agent_request *req, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = {};
	struct iovec io = { (void *)req, sizeof(*req) };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };
	struct pollfd poll_fd = { .fd = agent->sock, .events = POLLIN };
	struct agent_reply reply;

	if (fd >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = space;
		msg.msg_controllen = sizeof(space);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	if (agent->pid <= 0 || sendmsg(agent->sock, &msg, MSG_NOSIGNAL) < 0)
		return -EPIPE;
	if (poll(&poll_fd, 1, REPLY_TIMEOUT_MS) != 1)
		return -ETIMEDOUT;
	if (recv(agent->sock, &reply, sizeof(reply), 0) != sizeof(reply))
		return -EPIPE;
	memcpy(agent_buf, reply.buf, sizeof(agent_buf));
	return reply.ret;
}

/* @fn in the agent: its result, or -EPIPE if the agent is gone. */
static __maybe_unused long ask3(struct agent *agent, agent_fn fn, long a,
				long b, long c)
{
	struct agent_request req = {
		.fn = (intptr_t)fn - (intptr_t)agent_main,
		.arg = { a, b, c },
	};

	memcpy(req.buf, agent_buf, sizeof(req.buf));
	return agent_send(agent, &req, -1);
}

#define ask(agent, fn, a)	ask3(agent, fn, a, 0, 0)
#define ask0(agent, fn)		ask3(agent, fn, 0, 0, 0)

static __maybe_unused long agent_give(struct agent *agent, int fd)
{
	struct agent_request req = {};

	return agent_send(agent, &req, fd);
}

/*
 * Starts an agent that goes where it is to be by @enter, and executes @exe
 * there: 0, or why it could not enter.
 */
static __maybe_unused long agent_start_by(struct agent *agent,
					  long (*enter)(long arg), long arg,
					  const char *exe, unsigned int flags)
{
	struct agent_request req = {};
	int sock[2], state[2];
	long msg[2];
	long ret = -EIO;
	unsigned int i;

	memset(agent, 0, sizeof(*agent));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	if (pipe2(state, O_CLOEXEC))
		return -errno;
	agent->sock = sock[0];
	agent->pid = child_fork();
	if (agent->pid < 0) {
		ret = -errno;
		goto out;
	}
	if (!agent->pid) {
		setpgid(0, agent_group);
		msg[0] = enter(arg);
		msg[1] = 0;
		if (!msg[0] && (flags & AGENT_FORK)) {
			pid_t pid = fork();

			if (!pid) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				close(state[1]);
				agent_become(sock[1], flags, exe);
			}
			msg[0] = pid < 0 ? -errno : 0;
			msg[1] = pid;
		}
		if (write(state[1], msg, sizeof(msg)) != sizeof(msg))
			_exit(1);
		close(state[1]);
		if (msg[0])
			_exit(0);
		if (msg[1]) {
			close(sock[0]);
			close(sock[1]);
			while (waitpid(msg[1], NULL, 0) < 0 && errno == EINTR)
				;
			_exit(0);
		}
		agent_become(sock[1], flags, exe);
	}
	if (read(state[0], msg, sizeof(msg)) == sizeof(msg)) {
		ret = msg[0];
		if (msg[1] > 0) {
			agent->middle = agent->pid;
			agent->pid = msg[1];
		}
	}
out:
	close(state[0]);
	close(state[1]);
	close(sock[1]);
	/* It answers once it has executed, and so is seen by all who may. */
	if (!ret)
		ret = agent_send(agent, &req, -1);
	if (ret) {
		agent_end(agent);
		return ret;
	}
	for (i = 0; i < AGENT_MAX; i++) {
		if (!agents[i].pid) {
			agents[i] = *agent;
			break;
		}
	}
	return 0;
}

static long agent_enter(long id)
{
	return id == VC_ID_HOST ? 0 : vc(VC_MIGRATE, id, NULL);
}

/* Starts an agent in context @id; VC_ID_HOST leaves it where the caller is. */
static __maybe_unused long agent_start(struct agent *agent, __u32 id,
				       unsigned int flags)
{
	return agent_start_by(agent, agent_enter, id, "/proc/self/exe", flags);
}

/* ---- what agents are asked ---- */

static __maybe_unused long a_getpid(long a, long b, long c)
{
	return getpid();
}

/* The call with agent_buf as data, or without. */
static __maybe_unused long a_vc(long cmd, long id, long has_data)
{
	return vc(cmd, id, has_data ? agent_buf : NULL);
}

static __maybe_unused long a_migrate(long pid, long id, long c)
{
	return pid ? task_move(pid, id) : vc(VC_MIGRATE, id, NULL);
}

static __maybe_unused long a_where(long pid, long b, long c)
{
	return pid ? task_where(pid) : vc(VC_WHERE, 0, NULL);
}

static __maybe_unused long a_create(long flags, long children_max, long c)
{
	struct vc_create create = {
		.flags = flags,
		.children_max = children_max,
	};

	return vc(VC_CREATE, VC_ID_SELF, &create);
}

static __maybe_unused long a_destroy(long id, long kill, long c)
{
	return kill ? ctx_kill(id) : vc(VC_DESTROY, id, NULL);
}

/* Children of the agent that do nothing. */
#define KIDS_MAX		256
static pid_t kids[KIDS_MAX];
static int kids_nr;

static __maybe_unused pid_t kid_fork(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (pid > 0 && kids_nr < KIDS_MAX)
		kids[kids_nr++] = pid;
	return pid;
}

/* Its pid, or -errno. */
static __maybe_unused long a_fork(long a, long b, long c)
{
	return res(kid_fork());
}

/* How many of @n were made. */
static __maybe_unused long a_fork_many(long n, long b, long c)
{
	long made = 0;

	while (made < n && kid_fork() > 0)
		made++;
	return made;
}

/* A child that is dead and not waited for: its pid, or -errno. */
static __maybe_unused long a_fork_zombie(long a, long b, long c)
{
	siginfo_t info;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		return -errno;
	if (kids_nr < KIDS_MAX)
		kids[kids_nr++] = pid;
	return pid;
}

/* All children are killed and waited for. */
static __maybe_unused long a_reap(long a, long b, long c)
{
	while (kids_nr) {
		pid_t pid = kids[--kids_nr];

		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return 0;
}

static __maybe_unused void *thread_idle(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static __maybe_unused long a_thread(long a, long b, long c)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	ret = -pthread_create(&thread, &attr, thread_idle, NULL);
	pthread_attr_destroy(&attr);
	return ret;
}

/* Writes what stands behind the NUL of the path in agent_buf. */
static __maybe_unused long a_write(long a, long b, long c)
{
	return file_write(agent_buf, agent_buf + strlen(agent_buf) + 1);
}

static __maybe_unused long ask_write(struct agent *agent, const char *path,
				     const char *text)
{
	snprintf(agent_buf, sizeof(agent_buf), "%s%c%s", path, 0, text);
	return ask0(agent, a_write);
}

static __maybe_unused long a_read(long a, long b, long c)
{
	char path[512];

	memcpy(path, agent_buf, sizeof(path));
	path[sizeof(path) - 1] = '\0';
	return file_read(path, agent_buf, sizeof(agent_buf));
}

/* What @path holds is in agent_buf then. */
static __maybe_unused long ask_read(struct agent *agent, const char *path)
{
	COPY(agent_buf, path);
	return ask0(agent, a_read);
}

static __maybe_unused long a_mkdir(long a, long b, long c)
{
	return res(mkdir(agent_buf, 0755));
}

static __maybe_unused long a_rmdir(long a, long b, long c)
{
	return res(rmdir(agent_buf));
}

static __maybe_unused long ask_path(struct agent *agent, agent_fn fn,
				    const char *path)
{
	COPY(agent_buf, path);
	return ask0(agent, fn);
}

/* The file in agent_buf can be opened: 0 or -errno. */
static __maybe_unused long a_open_file(long flags, long b, long c)
{
	int fd = open(agent_buf, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static __maybe_unused long ask_open(struct agent *agent, const char *path,
				    int flags)
{
	COPY(agent_buf, path);
	return ask(agent, a_open_file, flags);
}

/* How many entries the directory in agent_buf has. */
static __maybe_unused long a_list(long a, long b, long c)
{
	DIR *dir = opendir(agent_buf);
	long n = 0;

	if (!dir)
		return -errno;
	errno = 0;
	while (readdir(dir))
		n++;
	n = errno ? -errno : n;
	closedir(dir);
	return n;
}

static __maybe_unused long a_unshare(long flags, long b, long c)
{
	return res(unshare(flags));
}

static __maybe_unused long a_setpriority(long nice, long b, long c)
{
	return res(setpriority(PRIO_PROCESS, 0, nice));
}

/* The link of one of the agent's namespaces in agent_buf. */
static __maybe_unused long a_ns(long a, long b, long c)
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/ns/%.32s", agent_buf);
	len = readlink(path, agent_buf, sizeof(agent_buf) - 1);
	if (len < 0)
		return -errno;
	agent_buf[len] = '\0';
	return 0;
}

/* A child born in the group that agent_fd is: 0 or -errno. */
static __maybe_unused long clone_into(int cgroup_fd)
{
	struct {
		__aligned_u64 flags, pidfd, child_tid, parent_tid;
		__aligned_u64 exit_signal, stack, stack_size, tls;
		__aligned_u64 set_tid, set_tid_size, cgroup;
	} args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd,
	};
	long pid = syscall(__NR_clone3, &args, sizeof(args));

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

static __maybe_unused long a_clone_into(long a, long b, long c)
{
	return clone_into(agent_fd);
}

static __maybe_unused long ctx_new_below(__u32 parent, __u32 flags)
{
	struct agent agent;
	long ret;

	ret = agent_start(&agent, parent, 0);
	if (ret)
		return ret;
	ret = ask3(&agent, a_create, flags, 16, 0);
	agent_end(&agent);
	return ret;
}

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
