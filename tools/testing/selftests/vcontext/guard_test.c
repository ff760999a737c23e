// SPDX-License-Identifier: GPL-2.0
/*
 * The guards round a context.  Each test here fails when the guard that it
 * names is taken away: attaching, writing, making and removing groups through
 * a cgroup file system, cloning into a group, and the ways out that lead
 * through /proc and namespaces.
 *
 * All processes are uid 0 with all capabilities; those inside see the host's
 * cgroup file system.
 */
#include "common.h"

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>

FIXTURE(guard)
{
	long a, b, d;
	struct agent host, in_a, in_b, in_d;
};

FIXTURE_SETUP(guard)
{
	VC_SETUP();
	if (access(CG_ROOT "/cgroup.procs", F_OK))
		SKIP(return, "no cgroup2 at " CG_ROOT);
	self->a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, self->a);
	self->b = ctx_new_below(self->a, 0);
	ASSERT_LT(0, self->b);
	self->d = ctx_new(0);
	ASSERT_LT(0, self->d);
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&self->in_a, self->a, 0));
	ASSERT_EQ(0, agent_start(&self->in_b, self->b, 0));
	ASSERT_EQ(0, agent_start(&self->in_d, self->d, 0));
}

FIXTURE_TEARDOWN(guard)
{
	vc_teardown();
}

static const char *number(long n)
{
	static char buf[32];

	snprintf(buf, sizeof(buf), "%ld", n);
	return buf;
}

/* Groups of a context that a task could be written to. */
static const char * const doors[] = {
	"cgroup.procs", "tasks/cgroup.procs", "tasks/enter/cgroup.procs",
};

#define EXPECT_INSIDE(agent, id) \
	EXPECT_EQ(id, ask(agent, a_where, 0))

/* ---- attach ---- */

/* In by a file would be in without namespaces and root. */
TEST_F(guard, attach_in_from_host)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		EXPECT_EQ(-EPERM, file_write(cg_path(self->d, doors[i]),
					     number(self->host.pid)))
			TH_LOG("%s", doors[i]);
		EXPECT_EQ(-EPERM, file_write(cg_path(self->b, doors[i]),
					     number(self->host.pid)))
			TH_LOG("%s of the nested", doors[i]);
		EXPECT_EQ(-EPERM, ask_write(&self->host,
					    cg_path(self->d, doors[i]), "0"))
			TH_LOG("%s by itself", doors[i]);
	}
	EXPECT_INSIDE(&self->host, 0);
	EXPECT_EQ(1, ctx_usage(self->d));
}

/* Out by a file, by one who is not even inside. */
TEST_F(guard, attach_out_by_host)
{
	unsigned int i;

	EXPECT_EQ(-EPERM, file_write(CG_ROOT "/cgroup.procs",
				     number(self->in_d.pid)));
	EXPECT_EQ(-EPERM, file_write(CG_ROOT "/cgroup.procs",
				     number(self->in_b.pid)));
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		/* Up, down and sideways. */
		EXPECT_EQ(-EPERM, file_write(cg_path(self->a, doors[i]),
					     number(self->in_b.pid)));
		EXPECT_EQ(-EPERM, file_write(cg_path(self->b, doors[i]),
					     number(self->in_a.pid)));
		EXPECT_EQ(-EPERM, file_write(cg_path(self->a, doors[i]),
					     number(self->in_d.pid)));
	}
	EXPECT_INSIDE(&self->in_a, self->a);
	EXPECT_INSIDE(&self->in_b, self->b);
	EXPECT_INSIDE(&self->in_d, self->d);
}

TEST_F(guard, attach_out_from_inside)
{
	unsigned int i;

	EXPECT_EQ(-EPERM, ask_write(&self->in_d, CG_ROOT "/cgroup.procs", "0"));
	EXPECT_EQ(-EPERM, ask_write(&self->in_d, CG_CONTEXTS "/cgroup.procs",
				    "0"));
	EXPECT_EQ(-EPERM, ask_write(&self->in_b, CG_ROOT "/cgroup.procs", "0"));
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		EXPECT_EQ(-EPERM, ask_write(&self->in_d,
					    cg_path(self->a, doors[i]), "0"));
		EXPECT_EQ(-EPERM, ask_write(&self->in_b,
					    cg_path(self->a, doors[i]), "0"));
		EXPECT_EQ(-EPERM, ask_write(&self->in_a,
					    cg_path(self->b, doors[i]), "0"));
	}
	EXPECT_INSIDE(&self->in_a, self->a);
	EXPECT_INSIDE(&self->in_b, self->b);
	EXPECT_INSIDE(&self->in_d, self->d);
}

/* Others are pulled in as little: they are not seen. */
TEST_F(guard, attach_pull_in)
{
	const char *path = cg_path(self->d, "tasks/cgroup.procs");
	long ret;

	ret = ask_write(&self->in_d, path, number(self->host.pid));
	EXPECT_TRUE(ret == -ESRCH || ret == -EPERM)
		TH_LOG("host: %ld", ret);
	ret = ask_write(&self->in_d, path, number(self->in_a.pid));
	EXPECT_TRUE(ret == -ESRCH || ret == -EPERM)
		TH_LOG("sibling: %ld", ret);
	EXPECT_INSIDE(&self->host, 0);
	EXPECT_INSIDE(&self->in_a, self->a);
}

/* The same by threads. */
TEST_F(guard, attach_threads)
{
	long ret;

	ret = file_write(cg_path(self->d, "tasks/enter/cgroup.threads"),
			 number(self->host.pid));
	EXPECT_GT(0, ret);
	ret = file_write(CG_ROOT "/cgroup.threads", number(self->in_d.pid));
	EXPECT_GT(0, ret);
	ret = ask_write(&self->in_d, CG_ROOT "/cgroup.threads", "0");
	EXPECT_GT(0, ret);
	EXPECT_INSIDE(&self->host, 0);
	EXPECT_INSIDE(&self->in_d, self->d);
}

/* Control: elsewhere the files work, and so do they within a context. */
TEST_F(guard, attach_control)
{
	char sub[256], procs[300];

	ASSERT_EQ(0, mkdir(CG_ROOT "/vcontext-test", 0755));
	EXPECT_EQ(0, file_write(CG_ROOT "/vcontext-test/cgroup.procs",
				number(self->host.pid)));
	EXPECT_EQ(0, file_write(CG_ROOT "/cgroup.procs",
				number(self->host.pid)));
	EXPECT_EQ(0, rmdir(CG_ROOT "/vcontext-test"));

	COPY(sub, cg_path(self->d, "tasks/service"));
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", sub);
	EXPECT_EQ(0, ask_path(&self->in_d, a_mkdir, sub));
	EXPECT_EQ(0, ask_write(&self->in_d, procs, "0"));
	EXPECT_INSIDE(&self->in_d, self->d);
	EXPECT_LT(0, ask0(&self->in_d, a_fork));
	EXPECT_EQ(2, ctx_usage(self->d));
	EXPECT_EQ(2, vc(VC_COUNT, self->d, NULL));
	/* Who enters does so next to it. */
	agent_end(&self->host);
	EXPECT_EQ(0, agent_start(&self->host, self->d, 0));
	EXPECT_EQ(3, ctx_usage(self->d));
}

/* What the inside makes of its leaf does not lock the context. */
TEST_F(guard, enter_after_subtree)
{
	char sub[256], path[300];
	struct agent agent;

	COPY(sub, cg_path(self->d, "tasks/service"));
	EXPECT_EQ(0, ask_path(&self->in_d, a_mkdir, sub));
	snprintf(path, sizeof(path), "%s/cgroup.procs", sub);
	EXPECT_EQ(0, ask_write(&self->in_d, path, "0"));
	/* It may be allowed or not; the next entry must be possible. */
	COPY(path, cg_path(self->d, "tasks/cgroup.subtree_control"));
	ask_write(&self->in_d, path, "+pids");
	ask_write(&self->in_d, path, "+memory");
	EXPECT_EQ(0, agent_start(&agent, self->d, 0));
	EXPECT_INSIDE(&agent, self->d);
}

/* ---- writing files of groups ---- */

TEST_F(guard, write_from_inside)
{
	static const char * const files[][2] = {
		{ "memory.max", "max" }, { "memory.high", "max" },
		{ "memory.reclaim", "4096" }, { "pids.max", "max" },
		{ "cpu.max", "max" }, { "cpu.weight", "10000" },
		{ "cpuset.cpus", "0" }, { "cgroup.freeze", "1" },
		{ "cgroup.kill", "1" }, { "cgroup.max.descendants", "0" },
		{ "cgroup.max.depth", "0" }, { "cgroup.subtree_control", "+pids" },
		{ "cgroup.type", "threaded" },
	};
	unsigned int i, tried = 0;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		const long ids[] = { self->d, self->a, self->b };
		char path[300];
		unsigned int k;

		/* Its own, a sibling's, and what is below a sibling. */
		for (k = 0; k < ARRAY_SIZE(ids); k++) {
			COPY(path, cg_path(ids[k], files[i][0]));
			if (access(path, F_OK))
				continue;
			tried++;
			EXPECT_EQ(-EPERM, ask_write(&self->in_d, path,
						    files[i][1]))
				TH_LOG("%s", path);
			COPY(path, cg_path(ids[k], "tasks/enter/"));
			strcat(path, files[i][0]);
			if (access(path, F_OK))
				continue;
			EXPECT_EQ(-EPERM, ask_write(&self->in_d, path,
						    files[i][1]))
				TH_LOG("%s", path);
		}
		snprintf(path, sizeof(path), CG_ROOT "/%s", files[i][0]);
		if (!access(path, F_OK)) {
			EXPECT_EQ(-EPERM, ask_write(&self->in_d, path,
						    files[i][1]))
				TH_LOG("%s", path);
		}
		snprintf(path, sizeof(path), CG_CONTEXTS "/%s", files[i][0]);
		if (!access(path, F_OK)) {
			EXPECT_EQ(-EPERM, ask_write(&self->in_d, path,
						    files[i][1]))
				TH_LOG("%s", path);
		}
	}
	EXPECT_LE(9U, tried);
	/* Nobody was frozen or killed by it. */
	EXPECT_INSIDE(&self->in_a, self->a);
	EXPECT_INSIDE(&self->in_b, self->b);
	EXPECT_INSIDE(&self->in_d, self->d);
}

/* The limits of the group that is the root of the inside are not its own. */
TEST_F(guard, write_own_leaf)
{
	static const char * const files[][2] = {
		{ "memory.max", "max" }, { "memory.high", "max" },
		{ "pids.max", "max" }, { "cpu.max", "max" },
		{ "cgroup.max.descendants", "max" }, { "cgroup.freeze", "1" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char path[300];

		COPY(path, cg_path(self->d, "tasks/"));
		strcat(path, files[i][0]);
		if (access(path, F_OK))
			continue;
		EXPECT_EQ(-EPERM, ask_write(&self->in_d, path, files[i][1]))
			TH_LOG("%s", path);
	}
}

static long a_open_for_write(long a, long b, long c)
{
	agent_fd = open(agent_buf, O_WRONLY | O_CLOEXEC);
	return agent_fd < 0 ? -errno : 0;
}

static long a_write_fd(long a, long b, long c)
{
	return res(write(agent_fd, agent_buf, strlen(agent_buf))) < 0 ?
	       -errno : 0;
}

static long a_enter(long id, long b, long c)
{
	return vc(VC_MIGRATE, id, NULL);
}

/* A file that was opened outside is not written inside. */
TEST_F(guard, write_after_entering)
{
	COPY(agent_buf, cg_path(self->d, "cgroup.max.descendants"));
	ASSERT_EQ(0, ask0(&self->host, a_open_for_write));
	COPY(agent_buf, "max");
	EXPECT_EQ(0, ask0(&self->host, a_write_fd));
	EXPECT_EQ(0, ask(&self->host, a_enter, self->d));
	COPY(agent_buf, "max");
	EXPECT_EQ(-EPERM, ask0(&self->host, a_write_fd));
}

/* The host's root may freeze and tighten. */
TEST_F(guard, write_control)
{
	EXPECT_EQ(0, file_write(cg_path(self->d, "cgroup.freeze"), "1"));
	EXPECT_EQ(0, file_write(cg_path(self->d, "cgroup.freeze"), "0"));
	EXPECT_EQ(0, file_write(cg_path(self->d, "cgroup.max.depth"), "max"));
	if (!access(cg_path(self->d, "memory.max"), F_OK)) {
		EXPECT_EQ(0, file_write(cg_path(self->d, "memory.max"),
					"1073741824"));
	}
	EXPECT_INSIDE(&self->in_d, self->d);
	EXPECT_EQ(0, file_write(cg_path(self->d, "cgroup.kill"), "1"));
	EXPECT_EQ(1000 + SIGKILL, child_wait(self->in_d.pid));
	agent_forget(&self->in_d);
	EXPECT_EQ(0, ctx_usage(self->d));
}

/* Where entries go nobody sets anything that could keep them out. */
TEST_F(guard, write_enter_by_host)
{
	EXPECT_EQ(-EPERM, file_write(cg_path(self->d,
					     "tasks/enter/cgroup.max.depth"),
				     "max"));
	EXPECT_EQ(-EPERM, file_write(cg_path(self->d,
					     "tasks/enter/cgroup.freeze"),
				     "0"));
}

/* ---- threaded groups ---- */

/* One beside "enter" would make that invalid, and keep everybody out. */
TEST_F(guard, type)
{
	static const char * const files[] = {
		"cgroup.type", "tasks/cgroup.type", "tasks/enter/cgroup.type",
		"tasks/x/cgroup.type",
	};
	long id = ctx_new(0);
	struct agent agent;
	unsigned int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, res(mkdir(cg_path(id, "tasks/x"), 0755)));
	ASSERT_EQ(0, res(mkdir(cg_path(id, "tasks/x/y"), 0755)));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		EXPECT_EQ(-EPERM, file_write(cg_path(id, files[i]), "threaded"))
			TH_LOG("%s", files[i]);
	}
	EXPECT_EQ(-EPERM, file_write(CG_CONTEXTS "/cgroup.type", "threaded"));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(-EPERM, ask_write(&agent, cg_path(id, "tasks/x/cgroup.type"),
				    "threaded"));
	EXPECT_INSIDE(&agent, id);
	/* One below that is nobody else's affair. */
	EXPECT_EQ(0, ask_write(&agent, cg_path(id, "tasks/x/y/cgroup.type"),
			       "threaded"));
	agent_end(&agent);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_INSIDE(&agent, id);
}

/* ---- mkdir and rmdir ---- */

TEST_F(guard, mkdir_by_host)
{
	EXPECT_EQ(-EPERM, res(mkdir(CG_CONTEXTS "/4715", 0755)));
	EXPECT_EQ(-EPERM, res(mkdir(cg_path(self->d, "x"), 0755)));
	EXPECT_EQ(-EPERM, res(mkdir(cg_path(self->d, "tasks/enter/x"), 0755)));
	/* And where it may. */
	EXPECT_EQ(0, res(mkdir(cg_path(self->d, "tasks/x"), 0755)));
	EXPECT_EQ(0, res(rmdir(cg_path(self->d, "tasks/x"))));
}

TEST_F(guard, mkdir_from_inside)
{
	static const char * const dirs[] = {
		CG_ROOT "/vcontext-out", CG_CONTEXTS "/vcontext-out",
		CG_CONTEXTS "/4715",
	};
	const long ids[] = { self->d, self->a, self->b };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		EXPECT_EQ(-EPERM, ask_path(&self->in_d, a_mkdir, dirs[i]))
			TH_LOG("%s", dirs[i]);
	}
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_EQ(-EPERM, ask_path(&self->in_d, a_mkdir,
					   cg_path(ids[i], "x")));
		if (ids[i] == self->d)
			continue;
		EXPECT_EQ(-EPERM, ask_path(&self->in_d, a_mkdir,
					   cg_path(ids[i], "tasks/x")));
		EXPECT_EQ(-EPERM, ask_path(&self->in_d, a_mkdir,
					   cg_path(ids[i], "tasks/enter/x")));
	}
	/* And where it may. */
	EXPECT_EQ(0, ask_path(&self->in_d, a_mkdir,
			      cg_path(self->d, "tasks/x")));
	EXPECT_EQ(0, ask_path(&self->in_d, a_mkdir,
			      cg_path(self->d, "tasks/x/y")));
	EXPECT_EQ(0, ask_path(&self->in_d, a_rmdir,
			      cg_path(self->d, "tasks/x/y")));
	EXPECT_EQ(0, ask_path(&self->in_d, a_rmdir,
			      cg_path(self->d, "tasks/x")));
}

static const char * const skeleton[] = { "tasks/enter", "tasks", NULL };

/* What the kernel made, the kernel removes. */
TEST_F(guard, rmdir_by_host)
{
	long id = ctx_new(0);
	struct agent agent;
	unsigned int i;

	ASSERT_LT(0, id);
	for (i = 0; i < ARRAY_SIZE(skeleton); i++) {
		char path[256];

		COPY(path, cg_path(id, skeleton[i]));
		EXPECT_EQ(-EBUSY, res(rmdir(path)))
			TH_LOG("%s", path);
		EXPECT_EQ(0, access(path, F_OK));
	}
	EXPECT_EQ(-EBUSY, res(rmdir(CG_CONTEXTS)));
	EXPECT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_INSIDE(&agent, id);
}

TEST_F(guard, rmdir_from_inside)
{
	long id = ctx_new(0);
	long below = ctx_new_below(self->a, 0);
	unsigned int i;

	ASSERT_LT(0, id);
	ASSERT_LT(0, below);
	for (i = 0; i < ARRAY_SIZE(skeleton); i++) {
		const char *name = skeleton[i] ?: "top";
		/* Of the skeleton, its leaf alone is for the inside. */
		long own = strcmp(name, "tasks") ? -EPERM : -EBUSY;

		EXPECT_EQ(-EPERM, ask_path(&self->in_d, a_rmdir,
					   cg_path(id, skeleton[i])))
			TH_LOG("sibling's %s", name);
		EXPECT_EQ(own, ask_path(&self->in_d, a_rmdir,
					cg_path(self->d, skeleton[i])))
			TH_LOG("own %s", name);
		EXPECT_EQ(-EPERM, ask_path(&self->in_a, a_rmdir,
					   cg_path(below, skeleton[i])))
			TH_LOG("child's %s", name);
	}
	EXPECT_EQ(-EPERM, ask_path(&self->in_d, a_rmdir, CG_CONTEXTS));
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
	EXPECT_EQ(0, vc(VC_INFO, below, NULL));
}

static int dir_open(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static long a_rmdir_at(long a, long b, long c)
{
	return res(unlinkat(agent_fd, agent_buf, AT_REMOVEDIR));
}

#define EMPTY		"vcontext-empty"

/* Groups that nobody is in and that are in nobody's way, but not its own. */
TEST_F(guard, rmdir_of_others)
{
	const long ids[] = { 0, self->a, self->b };
	char path[ARRAY_SIZE(ids)][300];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		const char *dir = ids[i] ? cg_path(ids[i], "tasks") : CG_ROOT;
		int fd = dir_open(dir);

		ASSERT_LE(0, fd);
		snprintf(path[i], sizeof(path[i]), "%s/" EMPTY, dir);
		ASSERT_EQ(0, res(mkdir(path[i], 0755)));
		EXPECT_EQ(-EPERM, ask_path(&self->in_d, a_rmdir, path[i]))
			TH_LOG("%s", path[i]);
		/* By a directory that was opened outside. */
		ASSERT_EQ(0, agent_give(&self->in_d, fd));
		close(fd);
		EXPECT_EQ(-EPERM, ask_path(&self->in_d, a_rmdir_at, EMPTY))
			TH_LOG("%s", path[i]);
		EXPECT_EQ(0, access(path[i], F_OK));
	}
	/* What is above and what is below are others as well. */
	EXPECT_EQ(-EPERM, ask_path(&self->in_b, a_rmdir, path[1]));
	EXPECT_EQ(-EPERM, ask_path(&self->in_a, a_rmdir, path[2]));
	/* Control: one's own, and the host. */
	EXPECT_EQ(0, ask_path(&self->in_a, a_rmdir, path[1]));
	EXPECT_EQ(0, ask_path(&self->in_b, a_rmdir, path[2]));
	EXPECT_EQ(0, ask_path(&self->host, a_rmdir, path[0]));
}

/* ---- clone into a group ---- */

TEST_F(guard, clone_in_from_host)
{
	static const char * const dirs[] = { NULL, "tasks", "tasks/enter" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		int fd = dir_open(cg_path(self->d, dirs[i]));

		ASSERT_LE(0, fd);
		EXPECT_EQ(-EPERM, clone_into(fd));
		close(fd);
		fd = dir_open(cg_path(self->b, dirs[i]));
		ASSERT_LE(0, fd);
		EXPECT_EQ(-EPERM, clone_into(fd));
		close(fd);
	}
	EXPECT_EQ(1, ctx_usage(self->d));
	EXPECT_EQ(2, ctx_usage(self->a));
	EXPECT_EQ(0, ctx_hits(self->d));
}

TEST_F(guard, clone_out_from_inside)
{
	const char *dirs[] = {
		CG_ROOT, CG_CONTEXTS,
		cg_path(self->a, NULL), cg_path(self->a, "tasks"),
		cg_path(self->a, "tasks/enter"),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		int fd = dir_open(dirs[i]);

		ASSERT_LE(0, fd);
		/* Sideways, and up. */
		ASSERT_EQ(0, agent_give(&self->in_d, fd));
		EXPECT_EQ(-EPERM, ask0(&self->in_d, a_clone_into))
			TH_LOG("from d to %s", dirs[i]);
		ASSERT_EQ(0, agent_give(&self->in_b, fd));
		EXPECT_EQ(-EPERM, ask0(&self->in_b, a_clone_into))
			TH_LOG("from b to %s", dirs[i]);
		close(fd);
	}
	EXPECT_EQ(1, ctx_usage(self->d));
	EXPECT_EQ(2, ctx_usage(self->a));
}

TEST_F(guard, clone_control)
{
	char sub[256];
	int fd;

	ASSERT_EQ(0, mkdir(CG_ROOT "/vcontext-test", 0755));
	fd = dir_open(CG_ROOT "/vcontext-test");
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, clone_into(fd));
	close(fd);
	EXPECT_TRUE(WAIT_FOR(!rmdir(CG_ROOT "/vcontext-test")));

	/* Within the context, by one who is in it. */
	COPY(sub, cg_path(self->d, "tasks/service"));
	EXPECT_EQ(0, ask_path(&self->in_d, a_mkdir, sub));
	fd = dir_open(sub);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, agent_give(&self->in_d, fd));
	close(fd);
	EXPECT_EQ(0, ask0(&self->in_d, a_clone_into));
	EXPECT_EQ(1, ctx_usage(self->d));
}

/* ---- /proc and namespaces ---- */

static long a_access(long a, long b, long c)
{
	return res(access(agent_buf, F_OK));
}

TEST_F(guard, proc_of_others)
{
	static const char * const files[] = {
		"", "/root", "/root/", "/cwd", "/exe", "/fd", "/mem", "/maps",
		"/environ", "/ns/pid", "/ns/mnt", "/task", "/status",
		"/cgroup", "/oom_score_adj", "/map_files",
	};
	const pid_t pids[] = { 1, self->host.pid, self->in_a.pid, getpid() };
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(pids); k++) {
		for (i = 0; i < ARRAY_SIZE(files); i++) {
			char path[64];

			snprintf(path, sizeof(path), "/proc/%d%s", pids[k],
				 files[i]);
			EXPECT_EQ(-ENOENT, ask_path(&self->in_d, a_access,
						    path))
				TH_LOG("%s", path);
		}
	}
	/* Control: its own. */
	EXPECT_EQ(0, ask_path(&self->in_d, a_access, "/proc/self/root"));
	EXPECT_EQ(0, ask_path(&self->in_d, a_access, "/proc/self/status"));
}

static long a_read_dir_fd(long a, long b, long c)
{
	char name[] = "status";
	int fd = openat(agent_fd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long a_root_dir_fd(long a, long b, long c)
{
	int fd = openat(agent_fd, "root/proc", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Nor by a directory of /proc that was opened outside. */
TEST_F(guard, proc_by_descriptor)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", self->host.pid);
	fd = dir_open(path);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->in_d, fd));
	ASSERT_EQ(0, agent_give(&self->host, fd));
	close(fd);
	EXPECT_EQ(0, ask0(&self->host, a_read_dir_fd));
	EXPECT_EQ(0, ask0(&self->host, a_root_dir_fd));
	EXPECT_EQ(-ENOENT, ask0(&self->in_d, a_read_dir_fd));
	EXPECT_EQ(-ENOENT, ask0(&self->in_d, a_root_dir_fd));
}

static long a_setns(long flags, long b, long c)
{
	return res(setns(agent_fd, flags));
}

/* What nsenter does: by a process, and by its files. */
TEST_F(guard, setns)
{
	static const int flags[] = {
		CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET,
		CLONE_NEWPID, CLONE_NEWCGROUP, CLONE_NEWUSER,
	};
	static const char * const links[] = {
		"mnt", "uts", "ipc", "net", "pid", "cgroup", "user",
	};
	long id = ctx_new(VC_CREATE_UTSNS | VC_CREATE_IPCNS |
			  VC_CREATE_NETNS | VC_CREATE_MNTNS);
	struct agent agent;
	unsigned int i;
	int fd;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	fd = syscall(__NR_pidfd_open, 1, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&agent, fd));
	close(fd);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		long ret = ask(&agent, a_setns, flags[i]);

		EXPECT_TRUE(ret == -EPERM || ret == -ESRCH ||
			    (flags[i] == CLONE_NEWUSER && ret == -EINVAL))
			TH_LOG("pidfd, %s: %ld", links[i], ret);
	}
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		char path[64];
		long ret;

		snprintf(path, sizeof(path), "/proc/1/ns/%s", links[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, agent_give(&agent, fd));
		close(fd);
		ret = ask(&agent, a_setns, flags[i]);
		EXPECT_TRUE(ret == -EPERM ||
			    (flags[i] == CLONE_NEWUSER && ret == -EINVAL))
			TH_LOG("file, %s: %ld", links[i], ret);
	}
	EXPECT_INSIDE(&agent, id);
}

/* A user namespace of one's own does not open what setns() closes. */
TEST_F(guard, setns_userns)
{
	long id = ctx_new(VC_CREATE_UTSNS);
	struct agent agent;
	int fd;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	fd = open("/proc/1/ns/uts", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&agent, fd));
	close(fd);
	EXPECT_EQ(0, ask(&agent, a_unshare, CLONE_NEWUSER));
	EXPECT_EQ(-EPERM, ask(&agent, a_setns, CLONE_NEWUTS));
}

/* With all capabilities, into namespaces that it has been handed. */
TEST_F(guard, setns_trusted)
{
	static const char * const links[] = {
		"uts", "ipc", "net", "pid", "cgroup",
	};
	long id = ctx_make(VC_ID_SELF, VC_CREATE_UTSNS, 16, NULL), below;
	struct agent agent, in_below;
	char path[64];
	unsigned int i;
	int fd;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ctx_set_caps(id, ~0ULL));
	below = ctx_new_below(id, 0);
	ASSERT_LT(0, below);
	ASSERT_EQ(0, ctx_set_caps(below, ~0ULL));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, agent_start(&in_below, below, 0));
	for (i = 0; i < ARRAY_SIZE(links); i++) {
		snprintf(path, sizeof(path), "/proc/1/ns/%s", links[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, agent_give(&self->host, fd));
		ASSERT_EQ(0, agent_give(&agent, fd));
		close(fd);
		EXPECT_EQ(0, ask0(&self->host, a_setns)) TH_LOG("%s", links[i]);
		EXPECT_EQ(-EPERM, ask0(&agent, a_setns)) TH_LOG("%s", links[i]);
	}
	/* the one that it owns, also after it has left it */
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", agent.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&agent, fd));
	ASSERT_EQ(0, agent_give(&in_below, fd));
	close(fd);
	EXPECT_EQ(0, ask0(&agent, a_setns));
	EXPECT_EQ(0, ask(&agent, a_unshare, CLONE_NEWUTS));
	EXPECT_EQ(0, ask0(&agent, a_setns));
	/* of the context above */
	EXPECT_EQ(-EPERM, ask0(&in_below, a_setns));
	/* made below */
	ASSERT_EQ(0, ask(&in_below, a_unshare, CLONE_NEWUTS));
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", in_below.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&agent, fd));
	EXPECT_EQ(0, ask0(&agent, a_setns));
	/* a context that is gone */
	agent_end(&in_below);
	ASSERT_EQ(0, ctx_kill(below));
	EXPECT_EQ(-EPERM, ask0(&agent, a_setns));
	ASSERT_EQ(0, agent_give(&self->host, fd));
	EXPECT_EQ(0, ask0(&self->host, a_setns));
	close(fd);
	EXPECT_INSIDE(&agent, id);
}

/* ---- what the machine would do for the inside ---- */

static long a_drop(long a, long b, long c)
{
	return res(setuid(1000));
}

static long a_bpf(long a, long b, long c)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};
	long ret = res(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));

	if (ret >= 0)
		close(ret);
	return ret < 0 ? ret : 0;
}

TEST_F(guard, bpf)
{
	static const char path[] = "/proc/sys/kernel/unprivileged_bpf_disabled";
	struct agent user;

	/* without a privilege it works where the host lets it */
	if (file_number(path, NULL) == 0) {
		ASSERT_EQ(0, agent_start(&user, VC_ID_HOST, 0));
		ASSERT_EQ(0, ask0(&user, a_drop));
		EXPECT_EQ(0, ask0(&user, a_bpf));
	}
	EXPECT_EQ(0, ask0(&self->host, a_bpf));
	EXPECT_EQ(-EPERM, ask0(&self->in_d, a_bpf));
	ASSERT_EQ(0, ctx_set_caps(self->d, 1ULL << CAP_BPF));
	EXPECT_EQ(0, ask0(&self->in_d, a_bpf));
}

#define MODPROBE	"/proc/sys/kernel/modprobe"
#define HELPER		"/tmp/vcontext_guard_modprobe"
#define HELPED		"/tmp/vcontext_guard_helped"

/* A protocol that the kernel looks for a module of. */
static long a_socket(long family, long b, long c)
{
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Was the host's helper started for a socket of the agent's? */
static bool helped(struct agent *agent)
{
	unlink(HELPED);
	ask(agent, a_socket, AF_ROSE);
	return !unlink(HELPED);
}

TEST_F(guard, module)
{
	static const char script[] = "#!/bin/sh\n: >" HELPED "\n";
	char was[256] = "";
	int fd;

	if (file_read(MODPROBE, was, sizeof(was)) < 0)
		SKIP(return, "no modules");
	fd = open(HELPER, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0755);
	ASSERT_LE(0, fd);
	ASSERT_EQ((ssize_t)strlen(script), write(fd, script, strlen(script)));
	close(fd);
	EXPECT_EQ(0, file_write(MODPROBE, HELPER));
	EXPECT_TRUE(helped(&self->host));
	EXPECT_FALSE(helped(&self->in_d));
	EXPECT_EQ(-EAFNOSUPPORT, ask(&self->in_d, a_socket, AF_ROSE));
	EXPECT_EQ(0, ctx_set_caps(self->d, 1ULL << CAP_SYS_MODULE));
	EXPECT_TRUE(helped(&self->in_d));
	EXPECT_EQ(0, file_write(MODPROBE, was));
	unlink(HELPER);
}

#define TRACES		"/tmp/vcontext_guard_traces"

/* Mode bits suffice there, too. */
TEST_F(guard, tracefs)
{
	mkdir(TRACES, 0755);
	if (mount("none", TRACES, "tracefs", 0, NULL)) {
		rmdir(TRACES);
		SKIP(return, "no tracefs");
	}
	EXPECT_EQ(0, ask_open(&self->host, TRACES "/set_event", O_WRONLY));
	EXPECT_EQ(-EPERM, ask_open(&self->in_d, TRACES "/set_event", O_WRONLY));
	EXPECT_EQ(-EPERM, ask_open(&self->in_d, TRACES "/trace", O_RDONLY));
	ASSERT_EQ(0, ctx_set_caps(self->d, 1ULL << CAP_SYS_ADMIN));
	EXPECT_EQ(0, ask_open(&self->in_d, TRACES "/trace", O_RDONLY));
	umount2(TRACES, MNT_DETACH);
	rmdir(TRACES);
}

/* ---- what has checks of the kernel's own ---- */

static long a_perf(long pid, long cpu, long kernel)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.exclude_kernel = !kernel,
		.exclude_hv = 1,
		.disabled = 1,
	};
	long ret = res(syscall(SYS_perf_event_open, &attr, pid, cpu, -1,
			       PERF_FLAG_FD_CLOEXEC));

	if (ret >= 0)
		close(ret);
	return ret < 0 ? ret : 0;
}

TEST_F(guard, perf)
{
	pid_t pid = self->host.pid;

	EXPECT_EQ(0, ask3(&self->host, a_perf, -1, 0, 1));
	EXPECT_EQ(0, ask3(&self->host, a_perf, pid, -1, 0));
	EXPECT_EQ(-EACCES, ask3(&self->in_d, a_perf, -1, 0, 1));
	EXPECT_EQ(-ESRCH, ask3(&self->in_d, a_perf, pid, -1, 0));
	EXPECT_EQ(0, ask3(&self->in_d, a_perf, 0, -1, 0));
}

static long a_userfaultfd(long flags, long b, long c)
{
	long ret = res(syscall(SYS_userfaultfd, O_CLOEXEC | flags));

	if (ret >= 0)
		close(ret);
	return ret < 0 ? ret : 0;
}

/* One that could halt the kernel in the middle of a copy is not to be had. */
TEST_F(guard, userfaultfd)
{
	if (ask(&self->host, a_userfaultfd, 0) == -ENOSYS)
		SKIP(return, "no userfaultfd");
	EXPECT_EQ(0, ask(&self->host, a_userfaultfd, 0));
	EXPECT_EQ(-EPERM, ask(&self->in_d, a_userfaultfd, 0));
	EXPECT_EQ(0, ask(&self->in_d, a_userfaultfd, UFFD_USER_MODE_ONLY));
}

/* ---- memory and system calls of others ---- */

static long a_ptrace(long pid, long b, long c)
{
	return res(ptrace(PTRACE_ATTACH, pid, NULL, NULL));
}

TEST_F(guard, ptrace)
{
	EXPECT_EQ(-ESRCH, ask(&self->in_d, a_ptrace, 1));
	EXPECT_EQ(-ESRCH, ask(&self->in_d, a_ptrace, self->host.pid));
	EXPECT_EQ(-ESRCH, ask(&self->in_b, a_ptrace, self->in_a.pid));
	/* Even with the capability in the ceiling. */
	EXPECT_EQ(0, ctx_set_caps(self->d, ~0ULL));
	EXPECT_EQ(-ESRCH, ask(&self->in_d, a_ptrace, 1));
	EXPECT_EQ(-ESRCH, ask(&self->in_d, a_ptrace, self->host.pid));
	EXPECT_INSIDE(&self->host, 0);
}

/* process_madvise() of agent_fd, whose memory it names in vain. */
static long a_madvise(long a, long b, long c)
{
	static char page[1];
	struct iovec there = { page, sizeof(page) };
	long ret = res(syscall(SYS_process_madvise, agent_fd, &there, 1,
			       MADV_COLD, 0));

	/* Past the question who may. */
	return ret == -EINVAL ? 0 : ret;
}

/* Opens what descriptor 0 is of the process whose directory agent_fd is. */
static long a_open_zero(long a, long b, long c)
{
	int fd = openat(agent_fd, "0", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* By descriptors that somebody outside has opened and handed over. */
TEST_F(guard, ptrace_by_descriptor)
{
	char path[64];
	int fd;

	EXPECT_EQ(0, ctx_set_caps(self->d, ~0ULL));
	fd = syscall(__NR_pidfd_open, self->host.pid, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->in_d, fd));
	close(fd);
	EXPECT_EQ(-EACCES, ask0(&self->in_d, a_madvise));

	snprintf(path, sizeof(path), "/proc/%d/fd", self->host.pid);
	fd = dir_open(path);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->in_d, fd));
	EXPECT_GT(0, ask0(&self->in_d, a_open_zero));
	close(fd);

	/* Control: one of its own. */
	fd = syscall(__NR_pidfd_open, self->in_d.pid, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->in_d, fd));
	close(fd);
	EXPECT_EQ(0, ask0(&self->in_d, a_madvise));
	snprintf(path, sizeof(path), "/proc/%d/fd", self->in_d.pid);
	fd = dir_open(path);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->in_d, fd));
	close(fd);
	EXPECT_EQ(0, ask0(&self->in_d, a_open_zero));
}

static long a_kill(long pid, long sig, long c)
{
	return res(kill(pid, sig));
}

TEST_F(guard, kill)
{
	EXPECT_EQ(0, ctx_set_caps(self->d, ~0ULL));
	EXPECT_EQ(-ESRCH, ask3(&self->in_d, a_kill, self->host.pid, SIGKILL,
			       0));
	EXPECT_EQ(-ESRCH, ask3(&self->in_d, a_kill, self->in_a.pid, SIGKILL,
			       0));
	EXPECT_EQ(-ESRCH, ask3(&self->in_b, a_kill, self->in_a.pid, SIGKILL,
			       0));
	EXPECT_INSIDE(&self->host, 0);
	EXPECT_INSIDE(&self->in_a, self->a);
}

TEST_HARNESS_MAIN
