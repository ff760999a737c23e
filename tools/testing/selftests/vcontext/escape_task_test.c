// SPDX-License-Identifier: GPL-2.0
/*
 * Ways out of a context through other tasks: their memory, descriptors,
 * namespaces and groups; signals and priorities of others; programs that are
 * entered with; contexts made inside.
 */
#include "escape.h"

ESCAPE_FIXTURE(task, false);
ESCAPE_VARIANT(task, shared, CAGE_SHARED);

/* ---- the victim ---- */

#define VICTIM_FILE	51

static volatile sig_atomic_t signals;
static long victim_word;
static char victim_text[1024];

static void count_signal(int sig)
{
	signals++;
}

/* Has things to steal, and counts SIGURG, which nobody else minds. */
static long a_victim(long a, long b, long c)
{
	int fd = open(SECRET, O_RDONLY);

	if (fd < 0 || dup2(fd, VICTIM_FILE) < 0)
		return -errno;
	close(fd);
	signal(SIGURG, count_signal);
	COPY(victim_text, agent_buf);
	return 0;
}

static long a_count(long a, long b, long c)
{
	signal(SIGURG, count_signal);
	return 0;
}

static long a_signals(long a, long b, long c)
{
	return signals;
}

static long a_word(long a, long b, long c)
{
	return victim_word;
}

/* Where that is, which differs from one process to the next. */
static long a_word_at(long a, long b, long c)
{
	return (long)&victim_word;
}

static long a_text_at(long a, long b, long c)
{
	return (long)victim_text;
}

static void victim_ready(struct __test_metadata *const _metadata,
			 struct escape *e)
{
	COPY(agent_buf, nonce);
	ASSERT_EQ(0, ask0(&e->victim, a_victim));
	memset(agent_buf, 0, sizeof(agent_buf));
}

/* ---- memory of others ---- */

#define WORD		0x5eed

static long x_ptrace(long pid, long at, long c)
{
	long ret;
	int status;

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL))
		return -errno;
	waitpid(pid, &status, __WALL);
	ret = res(ptrace(PTRACE_POKEDATA, pid, (void *)at, (void *)WORD));
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return ret;
}

static long x_seize(long pid, long at, long c)
{
	long ret;
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return -errno;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, &status, __WALL);
	ret = res(ptrace(PTRACE_POKEDATA, pid, (void *)at, (void *)WORD));
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return ret;
}

static long x_vm_writev(long pid, long at, long c)
{
	long word = WORD;
	struct iovec here = { &word, sizeof(word) };
	struct iovec there = { (void *)at, sizeof(word) };

	return res(process_vm_writev(pid, &here, 1, &there, 1, 0));
}

static long x_proc_mem(long pid, long at, long c)
{
	long word = WORD, ret;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = res(pwrite(fd, &word, sizeof(word), at));
	close(fd);
	return ret;
}

static const struct {
	const char *name;
	agent_fn attack;
} writes[] = {
	{ "ptrace", x_ptrace },
	{ "seize", x_seize },
	{ "process_vm_writev", x_vm_writev },
	{ "/proc/<pid>/mem", x_proc_mem },
};

TEST_F(task, memory)
{
	struct agent agent, neighbour;
	unsigned int i;

	CAGE(&agent);
	for (i = 0; i < ARRAY_SIZE(writes); i++) {
		struct agent *victim = &self->e.victim;

		ask3(&agent, writes[i].attack, victim->pid,
		     ask0(victim, a_word_at), 0);
		EXPECT_DAMAGE(ask0(victim, a_word) == WORD)
			TH_LOG("%s", writes[i].name);
		/* One without a scratch for the next. */
		agent_end(victim);
		ASSERT_EQ(0, agent_start(victim, VC_ID_HOST, 0));

		/* Neighbours have no secrets from each other. */
		ASSERT_EQ(0, cage_start(&self->e, &neighbour));
		EXPECT_LE(0, ask3(&agent, writes[i].attack,
				  ask0(&neighbour, a_getpid),
				  ask0(&neighbour, a_word_at), 0))
			TH_LOG("%s on a neighbour", writes[i].name);
		EXPECT_EQ(WORD, ask0(&neighbour, a_word));
		agent_end(&neighbour);
	}
}

static long x_vm_readv(long pid, long at, long c)
{
	struct iovec here = { agent_buf, 32 };
	struct iovec there = { (void *)at, 32 };

	memset(agent_buf, 0, sizeof(agent_buf));
	return res(process_vm_readv(pid, &here, 1, &there, 1, 0));
}

TEST_F(task, memory_read)
{
	struct agent agent;

	CAGE(&agent);
	victim_ready(_metadata, &self->e);
	ask3(&agent, x_vm_readv, self->e.victim.pid,
	     ask0(&self->e.victim, a_text_at), 0);
	EXPECT_DAMAGE(stolen());
}

/* ---- descriptors of others ---- */

/* @given: by the pidfd that somebody outside has sent. */
static long x_pidfd_getfd(long pid, long given, long c)
{
	int pidfd = given ? agent_fd : (int)syscall(__NR_pidfd_open, pid, 0);
	int fd;

	memset(agent_buf, 0, sizeof(agent_buf));
	if (pidfd < 0)
		return -errno;
	fd = syscall(__NR_pidfd_getfd, pidfd, VICTIM_FILE, 0);
	if (!given)
		close(pidfd);
	if (fd < 0)
		return -errno;
	return res(pread(fd, agent_buf, sizeof(agent_buf) - 1, 0));
}

TEST_F(task, pidfd_getfd)
{
	struct agent agent;
	int fd;

	CAGE(&agent);
	victim_ready(_metadata, &self->e);
	ask3(&agent, x_pidfd_getfd, self->e.victim.pid, 0, 0);
	EXPECT_DAMAGE(stolen());
	fd = syscall(__NR_pidfd_open, self->e.victim.pid, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&agent, fd));
	close(fd);
	ask3(&agent, x_pidfd_getfd, 0, 1, 0);
	EXPECT_DAMAGE(stolen());
}

/* ---- namespaces of others ---- */

static const struct {
	const char *file;
	/* where who enters sees it */
	const char *own;
	int flag;
} spaces[] = {
	{ "mnt", "mnt", CLONE_NEWNS },
	{ "uts", "uts", CLONE_NEWUTS },
	{ "ipc", "ipc", CLONE_NEWIPC },
	{ "net", "net", CLONE_NEWNET },
	{ "pid", "pid_for_children", CLONE_NEWPID },
	{ "cgroup", "cgroup", CLONE_NEWCGROUP },
	{ "time", "time", CLONE_NEWTIME },
	{ "user", "user", CLONE_NEWUSER },
};

static long ns_number(const char *pid, const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, name);
	return stat(path, &st) ? -errno : (long)st.st_ino;
}

static long a_apart(long flags, long b, long c)
{
	return res(unshare(flags));
}

/*
 * Enters the namespace of the process or file that agent_fd is, whose number
 * is @number: 1 if it has come into it.
 */
static long x_setns(long at, long number, long c)
{
	const char *name = spaces[at].own;
	long before = ns_number("self", name);
	long ret = res(setns(agent_fd, spaces[at].flag));

	if (ret || before == number)
		return ret;
	/* There is no /proc where a mount namespace begins. */
	if (spaces[at].flag == CLONE_NEWNS)
		return 1;
	return ns_number("self", name) == number;
}

/* @pid: whose namespaces to enter */
static bool comes_in(struct __test_metadata *const _metadata, struct escape *e,
		     unsigned int at, pid_t pid, bool by_file)
{
	struct agent agent;
	char text[16], path[64];
	long number, ret;
	int fd;

	snprintf(text, sizeof(text), "%d", pid);
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, spaces[at].file);
	number = ns_number(text, spaces[at].file);
	EXPECT_LT(0, number);
	fd = by_file ? open(path, O_RDONLY | O_CLOEXEC) :
		       (int)syscall(__NR_pidfd_open, pid, 0);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, cage_start(e, &agent));
	EXPECT_EQ(0, agent_give(&agent, fd));
	close(fd);
	ret = ask3(&agent, x_setns, at, number, 0);
	agent_end(&agent);
	return ret == 1;
}

TEST_F(task, setns)
{
	unsigned int i, file;

	self->e.id = cage_make(self->e.cage, 0);
	ASSERT_LE(0, self->e.id)
		TH_LOG("%s", ctx_error());
	for (i = 0; i < ARRAY_SIZE(spaces); i++) {
		struct agent other;
		pid_t pid;

		/* Somebody outside who has one that nobody else has. */
		ASSERT_EQ(0, agent_start(&other, VC_ID_HOST, 0));
		ASSERT_EQ(0, ask(&other, a_apart, spaces[i].flag))
			TH_LOG("%s", spaces[i].file);
		pid = ask0(&other, a_fork);
		ASSERT_LT(0, pid);
		for (file = 0; file < 2; file++) {
			EXPECT_DAMAGE(comes_in(_metadata, &self->e, i, pid,
					       file))
				TH_LOG("%s by %s", spaces[i].file,
				       file ? "file" : "pidfd");
			/* The host's is another one for these alone. */
			if (self->e.cage != CAGE_CLOSED &&
			    self->e.cage != CAGE_WIDE)
				continue;
			EXPECT_FALSE(comes_in(_metadata, &self->e, i, 1, file))
				TH_LOG("the host's %s by %s", spaces[i].file,
				       file ? "file" : "pidfd");
		}
		agent_end(&other);
	}
}

/* ---- groups ---- */

#define GROUP		CG_ROOT "/escape"

/* Born in the group that agent_fd is, and there for a while. */
static long x_clone_into(long a, long b, long c)
{
	struct {
		__aligned_u64 flags, pidfd, child_tid, parent_tid;
		__aligned_u64 exit_signal, stack, stack_size, tls;
		__aligned_u64 set_tid, set_tid_size, cgroup;
	} args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = a ? open("/cg/escape", O_RDONLY | O_DIRECTORY |
				   O_CLOEXEC) : agent_fd,
	};
	long pid;

	if ((int)args.cgroup < 0)
		return -errno;
	pid = syscall(__NR_clone3, &args, sizeof(args));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return res(pid);
}

static long a_end(long pid, long b, long c)
{
	return child_kill(pid);
}

static bool populated(void)
{
	return file_number(GROUP "/cgroup.events", "populated ") == 1;
}

/* The host's cgroup file system, which somebody has bound into the cage. */
static void groups_bind(struct __test_metadata *const _metadata)
{
	mkdir(GROUP, 0755);
	ASSERT_EQ(0, access(GROUP "/cgroup.procs", F_OK));
	ASSERT_EQ(0, mount(CG_ROOT, CAGE_FILE("cg"), NULL, MS_BIND, NULL));
}

static void groups_unbind(void)
{
	umount2(CAGE_FILE("cg"), MNT_DETACH);
	WAIT_FOR(!rmdir(GROUP) || errno == ENOENT);
}

TEST_F(task, clone_into)
{
	struct agent agent;
	long by_path, given;
	int fd;

	groups_bind(_metadata);
	CAGE(&agent);
	by_path = ask(&agent, x_clone_into, 1);
	EXPECT_DAMAGE(populated());
	if (by_path > 0)
		ask(&agent, a_end, by_path);
	EXPECT_TRUE(WAIT_FOR(!populated()));
	fd = open(GROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&agent, fd));
	close(fd);
	given = ask(&agent, x_clone_into, 0);
	EXPECT_DAMAGE(populated());
	if (given > 0)
		ask(&agent, a_end, given);
	agent_end(&agent);
	groups_unbind();
}

/* @soon: it takes a moment to die. */
static bool gone(struct agent *victim, bool soon)
{
	int status;

	if (soon && WAIT_FOR(waitpid(victim->pid, &status, WNOHANG) != 0)) {
		agent_forget(victim);
		return true;
	}
	return ask0(victim, a_getpid) < 0;
}

/* Through the files: out, and at the throat of others. */
TEST_F(task, group_files)
{
	struct agent agent;
	char text[32];
	long wrote;

	groups_bind(_metadata);
	snprintf(text, sizeof(text), "%d", self->e.victim.pid);
	ASSERT_EQ(0, file_write(GROUP "/cgroup.procs", text));
	CAGE(&agent);
	/* It can be seen. */
	EXPECT_LE(0, ask_read(&agent, "/cg/escape/cgroup.procs"));

	ask_write(&agent, "/cg/escape/cgroup.max.depth", "7");
	EXPECT_DAMAGE(file_number(GROUP "/cgroup.max.depth", NULL) == 7);
	ask_path(&agent, a_mkdir, "/cg/escape/inside");
	EXPECT_DAMAGE(!access(GROUP "/inside", F_OK));
	rmdir(GROUP "/inside");
	ask_write(&agent, "/cg/escape/cgroup.freeze", "1");
	EXPECT_DAMAGE(file_number(GROUP "/cgroup.freeze", NULL) == 1);
	file_write(GROUP "/cgroup.freeze", "0");
	wrote = ask_write(&agent, "/cg/escape/cgroup.kill", "1");
	EXPECT_DAMAGE(gone(&self->e.victim, wrote == 0));
	if (!IN_THE_OPEN)
		EXPECT_EQ(0, file_write(CG_ROOT "/cgroup.procs", text));
	EXPECT_TRUE(WAIT_FOR(!populated()));

	ask_write(&agent, "/cg/escape/cgroup.procs", "0");
	EXPECT_DAMAGE(populated());
	agent_end(&agent);
	groups_unbind();
}

/* CVE-2022-0492: a program of the host's when a group of v1 is empty. */
static long x_release_agent(long userns, long b, long c)
{
	pid_t pid;
	long ret;

	if (userns) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP))
			return -errno;
		file_write("/proc/self/setgroups", "deny");
		file_write("/proc/self/uid_map", "0 0 1");
		file_write("/proc/self/gid_map", "0 0 1");
	}
	mkdir("/tmp/v1", 0700);
	if (mount("none", "/tmp/v1", "cgroup", 0, "none,name=escape"))
		return -errno;
	ret = file_write("/tmp/v1/release_agent", HOOK);
	mkdir("/tmp/v1/group", 0700);
	file_write("/tmp/v1/group/notify_on_release", "1");
	pid = fork();
	if (!pid) {
		file_write("/tmp/v1/group/cgroup.procs", "0");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return ret;
}

TEST_F(task, release_agent)
{
	struct agent agent;
	long ret;

	CAGE(&agent);
	ret = ask(&agent, x_release_agent, 0);
	EXPECT_DAMAGE(hook_ran("/group", ret == 0));
	unlink(HOOK_RAN);
	agent_end(&agent);
	/* The hole, that a user namespace suffices, is closed everywhere. */
	ASSERT_EQ(0, cage_start(&self->e, &agent));
	ret = ask(&agent, x_release_agent, 1);
	EXPECT_GT(0, ret);
	EXPECT_FALSE(hook_ran("/group", ret == 0));
	/* Leave no hierarchy behind. */
	mkdir(OUT_FILE("v1"), 0700);
	if (!mount("none", OUT_FILE("v1"), "cgroup", 0, "none,name=escape")) {
		rmdir(OUT_FILE("v1/group"));
		umount2(OUT_FILE("v1"), 0);
	}
}

/* ---- signals ---- */

static long x_kill(long pid, long b, long c)
{
	return res(kill(pid, SIGURG));
}

static long x_kill_group(long pid, long b, long c)
{
	return res(kill(-pid, SIGURG));
}

static long x_kill_all(long pid, long b, long c)
{
	return res(kill(-1, SIGURG));
}

static long x_tgkill(long pid, long b, long c)
{
	return res(syscall(SYS_tgkill, pid, pid, SIGURG));
}

static long x_sigqueue(long pid, long b, long c)
{
	union sigval value = { .sival_int = 1 };

	return res(sigqueue(pid, SIGURG, value));
}

static long x_pidfd_signal(long pid, long given, long c)
{
	int fd = syscall(__NR_pidfd_open, pid, 0);
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(syscall(__NR_pidfd_send_signal, fd, SIGURG, NULL, 0));
	close(fd);
	return ret;
}

/* By the pidfd that somebody outside has sent. */
static long x_pidfd_given(long pid, long b, long c)
{
	return res(syscall(__NR_pidfd_send_signal, agent_fd, SIGURG, NULL, 0));
}

/* As the one whom a socket tells of its data: @pid, or its group if < 0. */
static long own_by(long pid)
{
	int sock[2];
	long ret = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock))
		return -errno;
	if (fcntl(sock[0], F_SETOWN, pid) || fcntl(sock[0], F_SETSIG, SIGURG) ||
	    fcntl(sock[0], F_SETFL, O_ASYNC) || write(sock[1], "x", 1) != 1)
		ret = -errno;
	close(sock[0]);
	close(sock[1]);
	return ret;
}

static long x_setown(long pid, long b, long c)
{
	return own_by(pid);
}

static long x_setown_group(long pid, long b, long c)
{
	return own_by(-pid);
}

/* A lease that somebody breaks. */
static long x_lease(long pid, long b, long c)
{
	long ret = 0;
	int fd;

	close(open("/tmp/lease", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	fd = open("/tmp/lease", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fcntl(fd, F_SETLEASE, F_RDLCK) ||
	    fcntl(fd, F_SETOWN, pid) || fcntl(fd, F_SETSIG, SIGURG))
		ret = -errno;
	if (!ret)
		close(open("/tmp/lease", O_WRONLY | O_NONBLOCK | O_CLOEXEC));
	close(fd);
	return ret;
}

/* A timer that wakes a thread, which the kernel wants to be one's own. */
static long x_timer(long pid, long b, long c)
{
	struct itimerspec soon = { .it_value.tv_nsec = 1000 };
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGURG,
	};
	timer_t timer;

	event._sigev_un._tid = pid;
	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer))
		return -errno;
	return res(syscall(SYS_timer_settime, timer, 0, &soon, NULL));
}

enum shot { ONE, GROUP_OF_ONE, GIVEN, NEVER };

static const struct {
	const char *name;
	agent_fn attack;
	enum shot shot;
} shots[] = {
	{ "kill", x_kill, ONE },
	{ "kill of a group", x_kill_group, GROUP_OF_ONE },
	{ "kill of all", x_kill_all, ONE },
	{ "tgkill", x_tgkill, ONE },
	{ "sigqueue", x_sigqueue, ONE },
	{ "pidfd", x_pidfd_signal, ONE },
	{ "given pidfd", x_pidfd_given, GIVEN },
	{ "F_SETOWN", x_setown, ONE },
	{ "F_SETOWN of a group", x_setown_group, GROUP_OF_ONE },
	{ "lease", x_lease, ONE },
	/* No kernel lets anybody do that. */
	{ "timer", x_timer, NEVER },
};

TEST_F(task, signals)
{
	long had = 0, neighbour_had = 0, pid;
	struct agent agent, neighbour;
	unsigned int i;
	int fd;

	CAGE(&agent);
	victim_ready(_metadata, &self->e);
	ASSERT_EQ(0, cage_start(&self->e, &neighbour));
	ASSERT_EQ(0, ask0(&neighbour, a_count));
	pid = ask0(&neighbour, a_getpid);
	fd = syscall(__NR_pidfd_open, self->e.victim.pid, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&agent, fd));
	close(fd);
	for (i = 0; i < ARRAY_SIZE(shots); i++) {
		long now;

		ask(&agent, shots[i].attack, self->e.victim.pid);
		/* Its own answer comes after the signal. */
		now = ask0(&self->e.victim, a_signals);
		EXPECT_EQ(IN_THE_OPEN && shots[i].shot != NEVER, now > had)
			TH_LOG("%s", shots[i].name);
		had = now;

		/* On one like itself; its group has a leader outside. */
		neighbour_had = ask0(&neighbour, a_signals);
		ask(&agent, shots[i].attack, pid);
		now = ask0(&neighbour, a_signals);
		had = ask0(&self->e.victim, a_signals);
		if (shots[i].shot != ONE)
			continue;
		EXPECT_LT(neighbour_had, now)
			TH_LOG("%s of a neighbour", shots[i].name);
	}
}

/* ---- priorities and limits of others ---- */

static long x_nice(long pid, long which, long value)
{
	return res(setpriority(which, pid, value));
}

static long x_affinity(long pid, long b, long c)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return res(sched_setaffinity(pid, sizeof(set), &set));
}

static long x_policy(long pid, long b, long c)
{
	struct sched_param param = {};

	return res(sched_setscheduler(pid, SCHED_BATCH, &param));
}

static long x_prlimit(long pid, long b, long c)
{
	struct rlimit limit = { 77, 77 };

	return res(prlimit(pid, RLIMIT_NOFILE, &limit, NULL));
}

static long x_oom(long pid, long b, long c)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/oom_score_adj", pid);
	return file_write(path, "777");
}

/* A user who has one process: uid 0 has threads of the kernel. */
#define STRANGER	54321

static long a_setuid(long uid, long b, long c)
{
	return res(setuid(uid));
}

TEST_F(task, scheduling)
{
	struct agent agent, stranger, neighbour;
	struct rlimit limit = {};
	cpu_set_t set;
	char path[64];
	pid_t pid;

	CAGE(&agent);
	pid = self->e.victim.pid;
	ask3(&agent, x_nice, pid, PRIO_PROCESS, 3);
	EXPECT_DAMAGE(getpriority(PRIO_PROCESS, pid) == 3);
	ask3(&agent, x_nice, pid, PRIO_PGRP, 4);
	EXPECT_DAMAGE(getpriority(PRIO_PROCESS, pid) == 4);
	ASSERT_EQ(0, agent_start(&stranger, VC_ID_HOST, 0));
	ASSERT_EQ(0, ask(&stranger, a_setuid, STRANGER));
	ask3(&agent, x_nice, STRANGER, PRIO_USER, 5);
	EXPECT_DAMAGE(getpriority(PRIO_PROCESS, stranger.pid) == 5);
	ask(&agent, x_affinity, pid);
	ASSERT_EQ(0, sched_getaffinity(pid, sizeof(set), &set));
	EXPECT_DAMAGE(CPU_COUNT(&set) == 1);
	ask(&agent, x_policy, pid);
	EXPECT_DAMAGE(sched_getscheduler(pid) == SCHED_BATCH);
	ask(&agent, x_prlimit, pid);
	ASSERT_EQ(0, prlimit(pid, RLIMIT_NOFILE, NULL, &limit));
	EXPECT_DAMAGE(limit.rlim_max == 77);
	ask(&agent, x_oom, pid);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	EXPECT_DAMAGE(file_number(path, NULL) == 777);
	/* One like itself. */
	ASSERT_EQ(0, cage_start(&self->e, &neighbour));
	EXPECT_EQ(0, ask3(&agent, x_nice, ask0(&neighbour, a_getpid),
			  PRIO_PROCESS, 3));
	EXPECT_EQ(3, getpriority(PRIO_PROCESS, neighbour.pid));
}

/* ---- terminals ---- */

/* Types on the terminal that somebody outside has given. */
static long x_type(long a, long b, long c)
{
	char byte = '!';

	setsid();
	ioctl(agent_fd, TIOCSCTTY, 1);
	return res(ioctl(agent_fd, TIOCSTI, &byte));
}

TEST_F(task, terminal)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct agent agent;
	int unlock = 0, number, waiting = 0, slave;
	long ret;
	char path[32];

	ASSERT_LE(0, master);
	ASSERT_EQ(0, ioctl(master, TIOCSPTLCK, &unlock));
	ASSERT_EQ(0, ioctl(master, TIOCGPTN, &number));
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	ASSERT_LE(0, slave);
	CAGE(&agent);
	ASSERT_EQ(0, agent_give(&agent, slave));
	ret = ask0(&agent, x_type);
	/* What is typed is echoed. */
	if (!ret)
		WAIT_FOR(!ioctl(master, FIONREAD, &waiting) && waiting > 0);
	ioctl(master, FIONREAD, &waiting);
	EXPECT_DAMAGE(waiting > 0);
	close(slave);
	close(master);
}

/* ---- the program that is entered with ---- */

#define RUNTIME		OUT_FILE("runtime")

#define SLEEP_ENV	"VCONTEXT_TEST_SLEEP"

/* What the tool executes inside does nothing but be there. */
static __attribute__((constructor(64999))) void sleep_constructor(void)
{
	if (!getenv(SLEEP_ENV))
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/*
 * What a tool does: enters and executes what it is told.  0 once that runs, or
 * -errno.
 */
static long x_tool(long cage, long id, long c)
{
	struct cage_arg arg = { .cage = cage, .id = id };
	char *argv[] = { (char *)"command", NULL };
	char *envp[] = { (char *)SLEEP_ENV "=1", NULL };
	char path[1024];
	int out[2];
	long ret = 0;
	pid_t pid;

	COPY(path, agent_buf);
	if (pipe2(out, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ret = cage_enter((long)&arg);
		if (!ret && cage != CAGE_OPEN && cage != CAGE_SHARED) {
			pid = fork();
			if (pid) {
				close(out[0]);
				close(out[1]);
				waitpid(pid, NULL, 0);
				_exit(0);
			}
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		}
		if (!ret) {
			execve(path, argv, envp);
			ret = -errno;
		}
		if (write(out[1], &ret, sizeof(ret)) < 0)
			_exit(1);
		_exit(0);
	}
	close(out[1]);
	if (read(out[0], &ret, sizeof(ret)) <= 0)
		ret = 0;
	close(out[0]);
	return ret;
}

/* Opens file @ino of device @dev by a process that runs it, and kills that. */
static long x_grab(long ino, long dev, long c)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int fd = -1;

	if (!dir)
		return -errno;
	while (fd < 0 && (entry = readdir(dir))) {
		char path[64];
		struct stat st;
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!fstat(fd, &st) && (long)st.st_ino == ino &&
		    (long)st.st_dev == dev) {
			kill(pid, SIGKILL);
			break;
		}
		close(fd);
		fd = -1;
	}
	closedir(dir);
	close(agent_fd);
	agent_fd = fd;
	return fd < 0 ? -ENOENT : 0;
}

/* Adds agent_buf to it, as soon as nobody runs it. */
static long x_spoil(long a, long b, long c)
{
	char path[64];
	int fd = -1;
	long ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", agent_fd);
	WAIT_FOR((fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)) >= 0 ||
		 errno != ETXTBSY);
	if (fd < 0)
		return -errno;
	ret = res(write(fd, agent_buf, 32));
	close(fd);
	return ret;
}

static bool spoilt(const char *path)
{
	char tail[33] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	lseek(fd, -32, SEEK_END);
	if (read(fd, tail, 32) != 32)
		tail[0] = '\0';
	close(fd);
	return !strcmp(tail, nonce);
}

static const char * const commands[] = {
	"/proc/self/exe", "/link", "/script", "/proc/thread-self/exe",
};

/*
 * CVE-2019-5736: the tool executes what turns out to be itself, and so gives
 * its own file to the inside.
 */
TEST_F(task, overwrite_tool)
{
	struct agent agent, tool;
	unsigned int i;
	struct stat st;

	ASSERT_EQ(0, symlink("/proc/self/exe", CAGE_FILE("link")));
	ASSERT_EQ(0, file_make(CAGE_FILE("script"), "#!/proc/self/exe\n", 0755));
	ASSERT_EQ(0, file_copy("/proc/self/exe", CAGE_FILE("service")));
	CAGE(&agent);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		ASSERT_EQ(0, file_copy("/proc/self/exe", RUNTIME));
		ASSERT_EQ(0, stat(RUNTIME, &st));
		ASSERT_EQ(0, agent_start_by(&tool, agent_enter, VC_ID_HOST,
					    RUNTIME, 0));
		COPY(agent_buf, commands[i]);
		ask3(&tool, x_tool, self->e.cage, self->e.id, 0);
		ask3(&agent, x_grab, st.st_ino, st.st_dev, 0);
		agent_end(&tool);
		COPY(agent_buf, nonce);
		ask0(&agent, x_spoil);
		EXPECT_DAMAGE(spoilt(RUNTIME))
			TH_LOG("%s", commands[i]);
		unlink(RUNTIME);
	}
	/* A program of its own it may execute, and spoil. */
	ASSERT_EQ(0, stat(CAGE_FILE("service"), &st));
	ASSERT_EQ(0, agent_start(&tool, VC_ID_HOST, 0));
	COPY(agent_buf, "/service");
	EXPECT_EQ(0, ask3(&tool, x_tool, self->e.cage, self->e.id, 0));
	EXPECT_EQ(0, ask3(&agent, x_grab, st.st_ino, st.st_dev, 0));
	agent_end(&tool);
	COPY(agent_buf, nonce);
	EXPECT_EQ(32, ask0(&agent, x_spoil));
	EXPECT_TRUE(spoilt(CAGE_FILE("service")));
}

/* ---- contexts made inside ---- */

ESCAPE_FIXTURE(nested, false);
ESCAPE_VARIANT(nested, shared, CAGE_SHARED);

#define NESTING_CAGE(agent) do { \
	self->e.id = cage_make(self->e.cage, 4); \
	ASSERT_LE(0, self->e.id) \
		TH_LOG("%s", ctx_error()); \
	ASSERT_EQ(0, cage_start(&self->e, agent)); \
} while (0)

/* A context of one's own below, to go to: its id, or 0 where there are none. */
static long nest(long inside)
{
	struct vc_caps all = { .caps = ~0ULL };
	struct vc_limit most = { .limit = VC_UNLIMITED };
	long id;

	if (!inside)
		return 0;
	/* First what is one's own. */
	vc(VC_SET_CAPS, VC_ID_SELF, &all);
	vc(VC_SET_LIMIT, VC_ID_SELF, &most);
	id = a_create(0, 0, 0);
	if (id > 0) {
		vc(VC_SET_CAPS, id, &all);
		vc(VC_SET_LIMIT, id, &most);
	}
	return id;
}

static long nest_enter(long id)
{
	return id ? vc(VC_MIGRATE, id, NULL) : 0;
}

/* Leaves somebody who answers at agent_fd as long as he lives. */
static long x_outlive(long inside, long b, long c)
{
	long id = nest(inside), ret = 0;
	pid_t pid;
	char byte;

	if (id < 0)
		return id;
	pid = fork();
	if (!pid) {
		ret = nest_enter(id);
		setsid();
		if (ret || fork())
			_exit(-ret);
		while (recv(agent_fd, &byte, 1, 0) == 1 &&
		       send(agent_fd, &byte, 1, MSG_NOSIGNAL) == 1)
			;
		_exit(0);
	}
	if (pid < 0)
		return -errno;
	ret = child_wait(pid);
	close(agent_fd);
	agent_fd = -1;
	return ret;
}

static bool answers(int sock)
{
	struct pollfd poll_fd = { .fd = sock, .events = POLLIN };
	char byte = 'x';

	return send(sock, &byte, 1, MSG_NOSIGNAL) == 1 &&
	       poll(&poll_fd, 1, REPLY_TIMEOUT_MS) == 1 &&
	       recv(sock, &byte, 1, 0) == 1;
}

TEST_F(nested, outlive)
{
	struct agent agent;
	int sock[2];

	NESTING_CAGE(&agent);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock));
	ASSERT_EQ(0, agent_give(&agent, sock[1]));
	close(sock[1]);
	EXPECT_EQ(0, ask(&agent, x_outlive, !IN_THE_OPEN));
	EXPECT_TRUE(answers(sock[0]));
	if (IN_THE_OPEN)
		agent_end(&agent);
	else
		EXPECT_EQ(0, ctx_kill(self->e.id));
	EXPECT_DAMAGE(answers(sock[0]));
	close(sock[0]);
}

#define SMALL		12

/* How many processes can it have? */
static long x_outgrow(long inside, long b, long c)
{
	long id = nest(inside), made;

	if (id < 0)
		return id;
	made = a_fork_many(2 * SMALL, 0, 0);
	if (!nest_enter(id))
		made += a_fork_many(2 * SMALL, 0, 0);
	return made;
}

TEST_F(nested, outgrow)
{
	struct agent agent;
	long made;

	NESTING_CAGE(&agent);
	if (!IN_THE_OPEN)
		ASSERT_EQ(0, ctx_limit(self->e.id, SMALL));
	made = ask(&agent, x_outgrow, !IN_THE_OPEN);
	EXPECT_LT(0, made);
	EXPECT_DAMAGE(made > SMALL);
}

/* A capability that nobody inside has: to make a namespace. */
static long x_ceiling(long inside, long b, long c)
{
	long id = nest(inside);

	if (id < 0)
		return id;
	nest_enter(id);
	return res(unshare(CLONE_NEWUTS));
}

TEST_F(nested, ceiling)
{
	struct agent agent;

	NESTING_CAGE(&agent);
	EXPECT_DAMAGE(ask(&agent, x_ceiling, !IN_THE_OPEN) == 0);
}

/* A root of its own choice, which must be below the one it has. */
static long x_root(long inside, long b, long c)
{
	static const char * const roots[] = {
		"/", "/..", "/proc/self/root/..", "/proc/1/root", "/tmp",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		long id = inside ? a_create(0, 0, 0) : 0;
		pid_t pid;

		if (id < 0)
			return id;
		pid = fork();
		if (!pid) {
			if (inside) {
				ctx_set_root(id, roots[i], VC_ROOT_BARE);
				nest_enter(id);
			} else if (chroot(roots[i])) {
				_exit(0);
			}
			/* Outside is where this is. */
			climb();
			_exit(!access(SECRET, F_OK) ||
			      !access(SECRET + 1, F_OK));
		}
		if (child_wait(pid) == 1)
			return 1;
		if (inside)
			ctx_kill(id);
	}
	return 0;
}

TEST_F(nested, root)
{
	struct agent agent;

	NESTING_CAGE(&agent);
	EXPECT_DAMAGE(ask(&agent, x_root, !IN_THE_OPEN) == 1);
}

TEST_HARNESS_MAIN
