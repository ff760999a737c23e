/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Agents: processes in contexts that do what a test asks them to.
 *
 * A part of common.h, which is what tests include.
 */
#ifndef _SELFTESTS_VCONTEXT_AGENT_H
#define _SELFTESTS_VCONTEXT_AGENT_H

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
	pid_t parent = getpid();
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* it may be dead already; 0 is one outside of our PIDs */
		while (getppid() == parent || !getppid())
			pause();
		_exit(0);
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

#endif /* _SELFTESTS_VCONTEXT_AGENT_H */
