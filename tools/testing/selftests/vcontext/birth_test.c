// SPDX-License-Identifier: GPL-2.0
/*
 * Births in a context, and the time between coming and exec: who enters is not
 * seen by those inside before it is one of them.
 */
#include "common.h"

#include <sys/ptrace.h>
#include <sys/uio.h>

#define VC_BIRTH		VC_GET(VC_CAT_CPU, VC_CPU_BIRTH)

struct clone3_args {
	__aligned_u64 flags, pidfd, child_tid, parent_tid;
	__aligned_u64 exit_signal, stack, stack_size, tls;
	__aligned_u64 set_tid, set_tid_size, cgroup;
};

/* A child born where @fd says; 0 in the child. */
static long born(int fd, __u64 flags)
{
	struct clone3_args args = {
		.flags = CLONE_INTO_CGROUP | flags,
		.exit_signal = flags & CLONE_THREAD ? 0 : SIGCHLD,
		.cgroup = fd,
	};
	long pid = syscall(__NR_clone3, &args, sizeof(args));

	if (pid < 0)
		return -errno;
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* What @fn says, negative or at most 100, in a child born in @id. */
static long in_newborn(long id, long (*fn)(long id))
{
	long fd = vc(VC_BIRTH, id, NULL);
	long pid, ret;

	if (fd < 0)
		return fd;
	pid = born(fd, 0);
	if (!pid) {
		close(fd);
		ret = fn(id);
		_exit(ret < 0 ? 256 + ret : ret);
	}
	close(fd);
	if (pid < 0)
		return pid;
	ret = child_wait(pid);
	return ret > 100 && ret < 256 ? ret - 256 : ret;
}

VC_FIXTURE(birth)

/* ---- the descriptor ---- */

TEST_F(birth, descriptor)
{
	long id = ctx_new(0), fd;

	ASSERT_GT(id, 0);
	fd = vc(VC_BIRTH, id, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_PATH, fcntl(fd, F_GETFL) & O_PATH);
	/* its mount shows nothing else */
	EXPECT_EQ(0, faccessat(fd, "cgroup.procs", F_OK, 0));
	EXPECT_NE(0, faccessat(fd, "../enter", F_OK, 0));
	close(fd);
	EXPECT_EQ(-ESRCH, vc(VC_BIRTH, ID_UNKNOWN, NULL));
	EXPECT_EQ(-EINVAL, vc(VC_BIRTH, VC_ID_HOST, NULL));
	EXPECT_EQ(-EINVAL, vc(VC_BIRTH | 8 << 8, id, NULL));
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_SET(VC_CAT_CPU, VC_CPU_BIRTH), id, NULL));
	ASSERT_EQ(0, caps_lower());
	EXPECT_EQ(-EPERM, vc(VC_BIRTH, id, NULL));
	ASSERT_EQ(0, caps_raise());
}

TEST_F(birth, no_other_descriptor_will_do)
{
	long id = ctx_new(0);
	int fd;

	ASSERT_GT(id, 0);
	fd = open(cg_path(id, "tasks/enter"), O_PATH | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EPERM, clone_into(fd));
	close(fd);
	/* with ours it is permitted */
	fd = vc(VC_BIRTH, id, NULL);
	EXPECT_EQ(0, clone_into(fd));
	/* what is below it is not what is permitted */
	close(fd);
}

TEST_F(birth, ends_with_the_context)
{
	long id = ctx_new(0), other, fd;

	ASSERT_GT(id, 0);
	fd = vc(VC_BIRTH, id, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ctx_kill(id));
	EXPECT_EQ(-ENOENT, clone_into(fd));
	/* nor does it fit the next one of the number */
	other = ctx_make(id, 0, 0, "");
	ASSERT_EQ(id, other);
	EXPECT_EQ(-ENOENT, clone_into(fd));
	close(fd);
}

static long where(long id)
{
	return vc(VC_WHERE, 0, NULL) == id ? 0 : 1;
}

TEST_F(birth, is_inside)
{
	long id = ctx_new(0);

	ASSERT_GT(id, 0);
	/* a control: without a context */
	EXPECT_EQ(1, in_child(where, id));
	EXPECT_EQ(0, in_newborn(id, where));
	EXPECT_EQ(0, ctx_usage(id));
}

TEST_F(birth, threads_are_refused)
{
	long id = ctx_new(0), fd;

	ASSERT_GT(id, 0);
	fd = vc(VC_BIRTH, id, NULL);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EINVAL, born(fd, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM));
	EXPECT_EQ(-EINVAL, born(fd, CLONE_NEWPID));
	EXPECT_EQ(0, clone_into(fd));
	close(fd);
}

TEST_F(birth, limits_hold)
{
	long id = ctx_new(0), fd;

	ASSERT_GT(id, 0);
	fd = vc(VC_BIRTH, id, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ctx_limit(id, 0));
	EXPECT_EQ(-EAGAIN, clone_into(fd));
	EXPECT_EQ(1, ctx_hits(id));
	ASSERT_EQ(0, ctx_limit(id, 1));
	EXPECT_EQ(0, clone_into(fd));
	ASSERT_EQ(0, ctx_stop(id, 1));
	EXPECT_EQ(-EAGAIN, clone_into(fd));
	ASSERT_EQ(0, ctx_stop(id, 0));
	EXPECT_EQ(0, clone_into(fd));
	EXPECT_EQ(0, ctx_usage(id));
	close(fd);
}

/* ---- namespaces ---- */

static long exec_true(long id)
{
	char *argv[] = { (char *)"none", NULL };
	char *envp[] = { (char *)AGENT_ENV "=-1", NULL };

	execve("/proc/self/exe", argv, envp);
	return -errno;
}

static long enter_and_exec(long id)
{
	long ret = vc(VC_MIGRATE, VC_ID_SELF, NULL);

	return ret ?: exec_true(id);
}

static long pid_and_names(long id)
{
	char before[65] = "", after[65] = "";

	/* the PID namespace is that of the context already, the others not */
	if (getpid() != 1)
		return 1;
	gethostname(before, sizeof(before));
	if (!strcmp(before, "inside"))
		return 2;
	if (vc(VC_MIGRATE, VC_ID_SELF, NULL))
		return 3;
	gethostname(after, sizeof(after));
	if (strcmp(after, "inside"))
		return 4;
	/* a second time there is nothing left to do */
	return vc(VC_MIGRATE, VC_ID_SELF, NULL) ? 5 : 0;
}

TEST_F(birth, pid_namespace_by_birth_the_rest_by_entry)
{
	long id = ctx_new(VC_CREATE_PIDNS | VC_CREATE_UTSNS);
	struct vc_hostname name = { "inside" };

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, vc(VC_SET_HOSTNAME, id, &name));
	EXPECT_EQ(0, in_newborn(id, pid_and_names));
	/* the first process has died, this is the first one of the next life */
	EXPECT_EQ(0, in_newborn(id, pid_and_names));
}

TEST_F(birth, no_exec_before_entry)
{
	long owns = ctx_new(VC_CREATE_UTSNS), plain = ctx_new(0);

	ASSERT_GT(owns, 0);
	ASSERT_GT(plain, 0);
	EXPECT_EQ(-EPERM, in_newborn(owns, exec_true));
	EXPECT_EQ(0, in_newborn(owns, enter_and_exec));
	/* there is nothing to enter */
	EXPECT_EQ(0, in_newborn(plain, exec_true));
}

static long enter_unprivileged(long id)
{
	if (caps_lower())
		return 1;
	return vc(VC_MIGRATE, VC_ID_SELF, NULL);
}

TEST_F(birth, entry_takes_no_right)
{
	long id = ctx_new(VC_CREATE_UTSNS);

	ASSERT_GT(id, 0);
	EXPECT_EQ(0, in_newborn(id, enter_unprivileged));
}

static long fork_before_entry(long id)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(exec_true(id) == -EPERM &&
		      vc(VC_WHERE, 0, NULL) == id ? 0 : 1);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

TEST_F(birth, children_of_the_newborn_too)
{
	long id = ctx_new(VC_CREATE_UTSNS);

	ASSERT_GT(id, 0);
	EXPECT_EQ(0, in_newborn(id, fork_before_entry));
}

TEST_F(birth, below_what_lies_between)
{
	long parent = ctx_make(VC_ID_SELF, VC_CREATE_PIDNS, 4, "");
	struct agent agent;
	long child;

	ASSERT_GT(parent, 0);
	ASSERT_EQ(0, agent_start(&agent, parent, AGENT_FORK));
	child = ask3(&agent, a_create, VC_CREATE_UTSNS, 0, 0);
	ASSERT_GT(child, 0);
	/* the PID namespace of the parent, where somebody is the first already */
	EXPECT_EQ(0, in_newborn(child, where));
	EXPECT_EQ(1, ask0(&agent, a_getpid));
}

TEST_F(birth, ephemeral_lives_by_it)
{
	long id = ctx_new(VC_CREATE_EPHEMERAL);

	ASSERT_GT(id, 0);
	EXPECT_EQ(0, in_newborn(id, where));
	WAIT_FOR(ctx_info(id, &(struct vc_info){}) == -ESRCH);
	EXPECT_EQ(-ESRCH, ctx_info(id, &(struct vc_info){}));
}

static int kept_permit = -1;

static long a_keep_permit(long a, long b, long c)
{
	kept_permit = vc(VC_BIRTH, VC_ID_SELF, NULL);
	return kept_permit < 0 ? kept_permit : 0;
}

static long a_use_permit(long a, long b, long c)
{
	return clone_into(kept_permit);
}

/* One that was taken along would lead out of the context below. */
TEST_F(birth, no_permit_leads_up)
{
	long parent = ctx_make(VC_ID_SELF, 0, 4, "");
	struct agent agent;
	long child;

	ASSERT_GT(parent, 0);
	ASSERT_EQ(0, agent_start(&agent, parent, 0));
	child = ask3(&agent, a_create, 0, 0, 0);
	ASSERT_GT(child, 0);
	ASSERT_EQ(0, ask0(&agent, a_keep_permit));
	EXPECT_EQ(0, ask0(&agent, a_use_permit));
	ASSERT_EQ(0, ask3(&agent, a_migrate, 0, child, 0));
	EXPECT_EQ(-EPERM, ask0(&agent, a_use_permit));
}

static long move_other(long id)
{
	if (caps_lower())
		return 1;
	return task_move(getppid(), VC_ID_SELF);
}

static pid_t moved;

static long move_moved(long id)
{
	if (caps_lower())
		return 1;
	return task_move(moved, VC_ID_SELF);
}

TEST_F(birth, entry_without_rights_is_ones_own)
{
	long parent = ctx_make(VC_ID_SELF, 0, 4, "");
	struct agent agent;
	long child;

	ASSERT_GT(parent, 0);
	ASSERT_EQ(0, agent_start(&agent, parent, 0));
	child = ask3(&agent, a_create, 0, 0, 0);
	ASSERT_GT(child, 0);
	agent_end(&agent);
	/* who comes pulls nobody along: its parent is outside, and not seen */
	EXPECT_EQ(-ESRCH, in_newborn(parent, move_other));
	ASSERT_EQ(0, agent_start(&agent, child, 0));
	moved = agent.pid;
	EXPECT_EQ(-EPERM, in_newborn(parent, move_moved));
}

/* ---- entering ---- */

static long a_see(long pid, long b, long c)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	return access(path, F_OK) ? -errno : 0;
}

static long a_kill(long pid, long sig, long c)
{
	return res(kill(pid, sig));
}

static long a_pidfd(long pid, long b, long c)
{
	long fd = res(syscall(__NR_pidfd_open, pid, 0));

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static long a_trace(long pid, long b, long c)
{
	long ret = res(ptrace(PTRACE_ATTACH, pid, NULL, NULL));

	if (!ret) {
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	return ret;
}

static long a_peek(long pid, long address, long c)
{
	long word;
	struct iovec local = { &word, sizeof(word) };
	struct iovec remote = { (void *)address, sizeof(word) };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0 ? -errno : 0;
}

static long a_open_exe(long pid, long b, long c)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long a_renice(long pid, long b, long c)
{
	return res(setpriority(PRIO_PROCESS, pid, 5));
}

/* Is @pid in a list of processes? */
static bool listed(const char *list, long pid)
{
	char word[32];

	snprintf(word, sizeof(word), "%ld\n", pid);
	for (; list; list = strchr(list, '\n') ? strchr(list, '\n') + 1 : NULL)
		if (!strncmp(list, word, strlen(word)))
			return true;
	return false;
}

FIXTURE(entering)
{
	long id;
	/* who is inside, and who is on its way */
	struct agent inside, coming;
};

FIXTURE_VARIANT(entering)
{
	unsigned int flags;
	bool seen;
};

FIXTURE_VARIANT_ADD(entering, before_exec) {
	.flags = AGENT_NO_EXEC,
	.seen = false,
};

/* The control: the same process, one step further. */
FIXTURE_VARIANT_ADD(entering, after_exec) {
	.flags = 0,
	.seen = true,
};

FIXTURE_SETUP(entering)
{
	VC_SETUP();
	self->id = ctx_new(0);
	ASSERT_GT(self->id, 0);
	ASSERT_EQ(0, ctx_set_caps(self->id, ~0ULL));
	ASSERT_EQ(0, agent_start(&self->inside, self->id, 0));
	ASSERT_EQ(0, agent_start(&self->coming, self->id, variant->flags));
}

FIXTURE_TEARDOWN(entering)
{
	vc_teardown();
}

TEST_F(entering, lookup)
{
	long pid = self->coming.pid;

	EXPECT_EQ(variant->seen ? 0 : -ENOENT,
		  ask(&self->inside, a_see, pid));
	EXPECT_EQ(variant->seen ? 0 : -ESRCH,
		  ask3(&self->inside, a_kill, pid, 0, 0));
	EXPECT_EQ(variant->seen ? 0 : -ESRCH,
		  ask(&self->inside, a_pidfd, pid));
	EXPECT_EQ(variant->seen ? 0 : -ESRCH,
		  ask(&self->inside, a_renice, pid));
	EXPECT_EQ(variant->seen ? self->id : -ESRCH,
		  ask(&self->inside, a_where, pid));
}

TEST_F(entering, trace)
{
	long pid = self->coming.pid;

	EXPECT_EQ(variant->seen ? 0 : -ESRCH,
		  ask(&self->inside, a_trace, pid));
	EXPECT_EQ(variant->seen ? 0 : -ESRCH,
		  ask3(&self->inside, a_peek, pid, (long)&agent_buf, 0));
	EXPECT_EQ(variant->seen ? 0 : -ENOENT,
		  ask(&self->inside, a_open_exe, pid));
}

TEST_F(entering, lists)
{
	char path[256];

	COPY(path, cg_path(self->id, "tasks/enter/cgroup.procs"));
	ASSERT_LT(0, ask_read(&self->inside, path));
	EXPECT_TRUE(listed(agent_buf, self->inside.pid));
	EXPECT_EQ(variant->seen, listed(agent_buf, self->coming.pid));
	/* the host sees both */
	ASSERT_LT(0, file_read(path, agent_buf, sizeof(agent_buf)));
	EXPECT_TRUE(listed(agent_buf, self->coming.pid));
}

TEST_F(entering, what_it_forks)
{
	long pid = ask0(&self->coming, a_fork);

	ASSERT_GT(pid, 0);
	EXPECT_EQ(variant->seen ? 0 : -ESRCH,
		  ask3(&self->inside, a_kill, pid, 0, 0));
	/* it sees itself and those inside */
	EXPECT_EQ(0, ask3(&self->coming, a_kill, self->inside.pid, 0, 0));
}

/* A parent that executes nothing has children that do not either. */
TEST_F(entering, its_own_children)
{
	long pid = ask0(&self->coming, a_fork);

	ASSERT_GT(pid, 0);
	EXPECT_EQ(0, ask(&self->coming, a_see, pid));
	EXPECT_EQ(0, ask(&self->coming, a_pidfd, pid));
	EXPECT_EQ(0, ask(&self->coming, a_trace, pid));
	EXPECT_EQ(0, ask3(&self->coming, a_kill, pid, SIGKILL, 0));
}

TEST_F(entering, counts_and_signals_apply)
{
	EXPECT_EQ(2, ctx_usage(self->id));
	EXPECT_EQ(2, vc(VC_COUNT, self->id, NULL));
	EXPECT_EQ(2, ctx_signal(self->id, SIGCONT));
	EXPECT_EQ(2, ctx_signal(self->id, SIGKILL));
	EXPECT_EQ(1000 + SIGKILL, child_wait(self->coming.pid));
	EXPECT_EQ(1000 + SIGKILL, child_wait(self->inside.pid));
	agent_forget(&self->coming);
	agent_forget(&self->inside);
}

/* Those who saw it where it came from see it still. */
TEST_F(birth, seen_from_where_it_came)
{
	long parent = ctx_make(VC_ID_SELF, 0, 4, "");
	struct agent above, mover, inside;
	long child;

	ASSERT_GT(parent, 0);
	ASSERT_EQ(0, agent_start(&above, parent, 0));
	child = ask3(&above, a_create, 0, 0, 0);
	ASSERT_GT(child, 0);
	ASSERT_EQ(0, agent_start(&inside, child, 0));
	ASSERT_EQ(0, agent_start(&mover, parent, 0));
	ASSERT_EQ(0, ask3(&mover, a_migrate, 0, child, 0));
	/* it came from the parent, and has executed nothing since */
	EXPECT_EQ(0, ask3(&above, a_kill, mover.pid, 0, 0));
	EXPECT_EQ(-ESRCH, ask3(&inside, a_kill, mover.pid, 0, 0));
}

/* On the same way are those from the same place or from further in. */
TEST_F(birth, seen_by_who_enters_from_there)
{
	long parent = ctx_make(VC_ID_SELF, 0, 4, "");
	struct agent above, of_host, of_parent;
	long child;

	ASSERT_GT(parent, 0);
	ASSERT_EQ(0, agent_start(&above, parent, 0));
	child = ask3(&above, a_create, 0, 0, 0);
	ASSERT_GT(child, 0);
	ASSERT_EQ(0, agent_start(&of_host, child, AGENT_NO_EXEC));
	ASSERT_EQ(0, agent_start(&of_parent, parent, 0));
	ASSERT_EQ(0, ask3(&of_parent, a_migrate, 0, child, 0));
	EXPECT_EQ(0, ask3(&of_host, a_kill, of_parent.pid, 0, 0));
	EXPECT_EQ(-ESRCH, ask3(&of_parent, a_kill, of_host.pid, 0, 0));
	/* Nobody sees more than below where he is. */
	EXPECT_EQ(-ESRCH, ask3(&of_host, a_kill, above.pid, 0, 0));
}

TEST_F(birth, hidden_from_all_below_where_it_came_from)
{
	long parent = ctx_make(VC_ID_SELF, 0, 4, "");
	struct agent above, coming;
	long child;

	ASSERT_GT(parent, 0);
	ASSERT_EQ(0, agent_start(&above, parent, 0));
	child = ask3(&above, a_create, 0, 0, 0);
	ASSERT_GT(child, 0);
	ASSERT_EQ(0, agent_start(&coming, child, AGENT_NO_EXEC));
	EXPECT_EQ(-ESRCH, ask3(&above, a_kill, coming.pid, 0, 0));
	agent_end(&coming);
	ASSERT_EQ(0, agent_start(&coming, child, 0));
	EXPECT_EQ(0, ask3(&above, a_kill, coming.pid, 0, 0));
}

static long still(long id)
{
	for (;;)
		pause();
	return 0;
}

TEST_F(birth, newborns_are_hidden)
{
	long id = ctx_new(0), fd, pid;
	struct agent inside;

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, agent_start(&inside, id, 0));
	fd = vc(VC_BIRTH, id, NULL);
	ASSERT_GE(fd, 0);
	pid = born(fd, 0);
	if (!pid)
		_exit(still(0));
	ASSERT_GT(pid, 0);
	EXPECT_EQ(2, ctx_usage(id));
	EXPECT_EQ(-ESRCH, ask3(&inside, a_kill, pid, 0, 0));
	EXPECT_EQ(0, kill(pid, 0));
	EXPECT_EQ(1000 + SIGKILL, child_kill(pid));
	close(fd);
}

/* ---- races ---- */

#define ENTRIES		8

/* Some enter at once, and each is whole or not in. */
TEST_F(birth, race_of_entries)
{
	long id = ctx_new(VC_CREATE_PIDNS | VC_CREATE_UTSNS);
	struct vc_hostname name = { "inside" };
	pid_t pids[ENTRIES];
	int round, i;

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, vc(VC_SET_HOSTNAME, id, &name));
	for (round = 0; round < 10; round++) {
		for (i = 0; i < ENTRIES; i++) {
			pids[i] = child_fork();
			if (!pids[i]) {
				char text[65] = "";
				long fd, pid;

				fd = vc(VC_BIRTH, id, NULL);
				if (fd < 0)
					_exit(1);
				pid = born(fd, 0);
				if (!pid) {
					close(fd);
					if (vc(VC_MIGRATE, VC_ID_SELF, NULL)) {
						/* of a PID namespace that ends */
						sleep(10);
						_exit(2);
					}
					gethostname(text, sizeof(text));
					_exit(strcmp(text, "inside") ? 3 : 0);
				}
				/* the first process may have just died */
				if (pid == -ENOMEM)
					_exit(0);
				_exit(pid < 0 ? 4 : child_wait(pid) % 1000);
			}
		}
		for (i = 0; i < ENTRIES; i++) {
			long ret = child_wait(pids[i]);

			/* killed with the first process */
			EXPECT_TRUE(!ret || ret == SIGKILL) {
				TH_LOG("round %d: %ld", round, ret);
			}
		}
	}
	WAIT_FOR(vc(VC_COUNT, id, NULL) == 0);
	EXPECT_EQ(0, ctx_usage(id));
}

TEST_F(birth, race_with_destroy)
{
	int round;

	for (round = 0; round < 40; round++) {
		long id = ctx_new(VC_CREATE_PIDNS), fd;
		pid_t pid;

		ASSERT_GT(id, 0);
		fd = vc(VC_BIRTH, id, NULL);
		ASSERT_GE(fd, 0);
		pid = child_fork();
		if (!pid) {
			long child;

			do {
				child = born(fd, 0);
				if (!child)
					_exit(vc(VC_MIGRATE, VC_ID_SELF, NULL));
				if (child > 0)
					child_wait(child);
			} while (child > 0 || child == -ENOMEM);
			_exit(child == -ENOENT || child == -EBUSY ||
			      child == -ENODEV || child == -EAGAIN ? 0 : 1);
		}
		EXPECT_EQ(0, ctx_kill(id));
		EXPECT_EQ(0, child_wait(pid));
		close(fd);
	}
}

/* What is frozen can be entered, and runs when it thaws. */
TEST_F(birth, frozen)
{
	long id = ctx_new(VC_CREATE_UTSNS), fd, pid;

	ASSERT_GT(id, 0);
	fd = vc(VC_BIRTH, id, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ctx_freeze(id, 1));
	pid = born(fd, 0);
	if (!pid) {
		close(fd);
		_exit(vc(VC_MIGRATE, VC_ID_SELF, NULL) ? 1 : 7);
	}
	ASSERT_GT(pid, 0);
	EXPECT_EQ(1, ctx_usage(id));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	ASSERT_EQ(0, ctx_freeze(id, 0));
	EXPECT_EQ(7, child_wait(pid));
	close(fd);
}

TEST_HARNESS_MAIN
