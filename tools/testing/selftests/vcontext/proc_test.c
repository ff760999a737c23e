// SPDX-License-Identifier: GPL-2.0
/*
 * What is seen of contexts without the call: /proc and trace events.
 */
#include "common.h"

#define EVENTS	"/sys/kernel/tracing/events/vcontext"
#define TRACE	"/sys/kernel/tracing/trace"

VC_FIXTURE(proc)

static long proc_vcontext(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/vcontext", pid);
	return file_number(path, NULL);
}

TEST_F(proc, of_a_task)
{
	struct agent host, agent;
	char buf[64];
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, file_number("/proc/self/vcontext", NULL));
	EXPECT_EQ(0, proc_vcontext(1));
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_EQ(0, proc_vcontext(host.pid));
	EXPECT_EQ(id, proc_vcontext(agent.pid));
	EXPECT_LT(0, ask_read(&agent, "/proc/self/vcontext"));
	EXPECT_EQ(id, strtol(agent_buf, NULL, 10));
	/* A line, and nothing else. */
	EXPECT_EQ(2, file_read("/proc/self/vcontext", buf, sizeof(buf)));
	EXPECT_STREQ("0\n", buf);
	EXPECT_EQ(0, task_move(agent.pid, VC_ID_HOST));
	EXPECT_EQ(0, proc_vcontext(agent.pid));
}

TEST_F(proc, of_a_thread)
{
	struct agent agent;
	char path[64];
	long id = ctx_new(0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/vcontext", agent.pid,
		 agent.pid);
	if (access(path, F_OK))
		SKIP(return, "no file for threads");
	EXPECT_EQ(id, file_number(path, NULL));
}

/* The line of context @id in @text, behind its number; or NULL. */
static const char *line_of(const char *text, long id)
{
	char *end;

	while (*text) {
		if (strtol(text, &end, 10) == id && end != text)
			return end;
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	return NULL;
}

static int lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

TEST_F(proc, contexts)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, "proc-a");
	long d = ctx_new(0);
	static char buf[65536];
	const char *line;
	struct agent agent;
	long b, all;

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	all = ctx_all();
	ASSERT_LT(0, file_read("/proc/vcontext/contexts", buf, sizeof(buf)));
	EXPECT_TRUE(!!line_of(buf, a));
	EXPECT_TRUE(!!line_of(buf, b));
	EXPECT_TRUE(!!line_of(buf, d));
	EXPECT_LE(all, lines(buf));
	EXPECT_GE(all + 1, lines(buf));
	line = line_of(buf, a);
	EXPECT_TRUE(line && strstr(line, "proc-a"));

	/* Inside: one's own, and what is below. */
	EXPECT_LT(0, ask_read(&agent, "/proc/vcontext/contexts"));
	EXPECT_TRUE(!!line_of(agent_buf, a));
	EXPECT_TRUE(!!line_of(agent_buf, b));
	EXPECT_FALSE(!!line_of(agent_buf, d));
	EXPECT_EQ(2, lines(agent_buf));

	EXPECT_EQ(0, ctx_kill(a));
	ASSERT_LE(0, file_read("/proc/vcontext/contexts", buf, sizeof(buf)));
	EXPECT_FALSE(!!line_of(buf, a));
	EXPECT_FALSE(!!line_of(buf, b));
	EXPECT_TRUE(!!line_of(buf, d));
}

/* However small the pieces in which it is read. */
TEST_F(proc, contexts_in_pieces)
{
	static char whole[65536], pieces[65536];
	size_t len = 0;
	ssize_t ret;
	int fd, i;

	for (i = 0; i < 20; i++) {
		ASSERT_LT(0, ctx_make(VC_ID_SELF, 0, 0, NULL));
	}
	ASSERT_LT(0, file_read("/proc/vcontext/contexts", whole,
			       sizeof(whole)));
	fd = open("/proc/vcontext/contexts", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	do {
		ret = read(fd, pieces + len, 7);
		len += ret > 0 ? ret : 0;
	} while (ret > 0);
	close(fd);
	EXPECT_EQ(0, ret);
	EXPECT_STREQ(whole, pieces);
}

/* ---- /proc/vcontext/<id> ---- */

static char *id_path(long id, const char *file)
{
	static char bufs[8][64];
	static unsigned int next;
	char *buf = bufs[next++ % 8];

	snprintf(buf, sizeof(bufs[0]), "/proc/vcontext/%ld%s%s", id,
		 file ? "/" : "", file ?: "");
	return buf;
}

/* The line of command @name in a file's @text, behind its name; or NULL. */
static const char *command_line(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text && *text; text = strchr(text, '\n')) {
		if (*text == '\n' && !*++text)
			break;
		if (!strncmp(text, name, len) && text[len] == ' ')
			return text + len + 1;
	}
	return NULL;
}

/* Is @name in directory @dir?  1, 0 or -errno. */
static long listed(const char *dir, const char *name)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	long ret = 0;

	if (!d)
		return -errno;
	errno = 0;
	while (!ret && (entry = readdir(d)))
		ret = !strcmp(entry->d_name, name);
	if (!ret && errno)
		ret = -errno;
	closedir(d);
	return ret;
}

/* The directory in agent_buf, the name behind its NUL. */
static long a_listed(long a, long b, long c)
{
	return listed(agent_buf, agent_buf + strlen(agent_buf) + 1);
}

static long ask_listed(struct agent *agent, const char *dir, long id)
{
	snprintf(agent_buf, sizeof(agent_buf), "%s%c%ld", dir, 0, id);
	return ask0(agent, a_listed);
}

static long a_access(long a, long b, long c)
{
	return res(access(agent_buf, F_OK));
}

/* What agent_fd, opened by another, holds is in agent_buf then. */
static long a_read_given(long a, long b, long c)
{
	return res(pread(agent_fd, agent_buf, sizeof(agent_buf), 0));
}

static long a_open_at_given(long a, long b, long c)
{
	return res(openat(agent_fd, agent_buf, O_RDONLY));
}

static long a_list_given(long a, long b, long c)
{
	char buf[1024];

	return res(syscall(SYS_getdents64, agent_fd, buf, sizeof(buf)));
}

TEST_F(proc, directories)
{
	long a = ctx_make(VC_ID_SELF, 0, 16, NULL);
	long d = ctx_new(0);
	char name[16], link[16] = "";
	struct agent agent;
	struct stat st, file;
	long b;

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	b = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_EQ(0, stat(id_path(a, NULL), &st));
	EXPECT_EQ(S_IFDIR | 0555U, st.st_mode);
	ASSERT_EQ(0, stat(id_path(a, "process"), &file));
	EXPECT_EQ(S_IFREG | 0444U, file.st_mode);
	EXPECT_NE(st.st_ino, file.st_ino);
	snprintf(name, sizeof(name), "%ld", a);
	EXPECT_EQ(1, listed("/proc/vcontext", name));
	snprintf(name, sizeof(name), "%ld", b);
	EXPECT_EQ(1, listed("/proc/vcontext", name));
	EXPECT_EQ(1, listed("/proc/vcontext", "0"));
	EXPECT_EQ(1, listed("/proc/vcontext", "contexts"));
	EXPECT_EQ(1, listed(id_path(a, NULL), "cpu"));
	EXPECT_EQ(1, listed(id_path(a, NULL), "process"));
	EXPECT_EQ(1, listed(id_path(a, NULL), "vfs"));
	/* Nothing to tell there. */
	EXPECT_EQ(0, listed(id_path(a, NULL), "version"));
	EXPECT_EQ(0, listed(id_path(a, NULL), "event"));
	EXPECT_EQ(-ENOENT, res(access(id_path(a, "event"), F_OK)));
	EXPECT_EQ(-ENOENT, res(access(id_path(a, "nothing"), F_OK)));
	EXPECT_EQ(-ENOENT, res(access(id_path(ID_UNKNOWN, NULL), F_OK)));
	EXPECT_EQ(-ENOENT, res(access("/proc/vcontext/01", F_OK)));
	EXPECT_EQ(-ENOENT, res(access("/proc/vcontext/4294967295", F_OK)));
	EXPECT_EQ(1, res(readlink("/proc/vcontext/self", link, sizeof(link))));
	EXPECT_STREQ("0", link);
	EXPECT_EQ(-EPERM, res(chmod(id_path(a, "cpu"), 0644)));

	/* Inside: one's own, and what is below, and host and sibling not. */
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	EXPECT_EQ(1, ask_listed(&agent, "/proc/vcontext", a));
	EXPECT_EQ(1, ask_listed(&agent, "/proc/vcontext", b));
	EXPECT_EQ(0, ask_listed(&agent, "/proc/vcontext", d));
	EXPECT_EQ(0, ask_listed(&agent, "/proc/vcontext", 0));
	EXPECT_EQ(0, ask_path(&agent, a_access, id_path(b, "cpu")));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_access, id_path(d, NULL)));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_access, id_path(d, "cpu")));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_access, id_path(0, "cpu")));
	EXPECT_LT(0, ask_read(&agent, "/proc/vcontext/self/cpu"));
	snprintf(name, sizeof(name), "id=%ld ", a);
	EXPECT_TRUE(!!strstr(agent_buf, name))
		TH_LOG("%s", agent_buf);
}

/* The same as GET says. */
TEST_F(proc, commands)
{
	long a = ctx_make(VC_ID_SELF, VC_CREATE_UTSNS, 16, "proc-commands");
	static char buf[65536], want[256];
	struct vc_hostname host = { .name = "a\nb c=\\" };
	struct agent agent;
	struct vc_info info;
	const char *line;
	long b, c;

	ASSERT_LT(0, a);
	b = ctx_new_below(a, 0);
	c = ctx_new_below(a, 0);
	ASSERT_LT(0, b);
	ASSERT_LT(0, c);
	ASSERT_EQ(0, agent_start(&agent, b, 0));
	ASSERT_EQ(0, ctx_limit(a, 77));
	ASSERT_EQ(0, ctx_set_caps(a, 1ULL << CAP_KILL));
	ASSERT_EQ(0, ctx_stop(a, 1));
	ASSERT_EQ(0, vc(VC_SET_HOSTNAME, a, &host));

	ASSERT_LT(0, file_read(id_path(a, "process"), buf, sizeof(buf)));
	line = command_line(buf, "limit");
	ASSERT_TRUE(!!line);
	EXPECT_EQ(0, strncmp(line, "limit=77 usage=1 peak=", 22));
	line = command_line(buf, "caps");
	ASSERT_TRUE(!!line);
	EXPECT_EQ(0, strncmp(line, "caps=0x20\n", 10));
	line = command_line(buf, "stop");
	ASSERT_TRUE(!!line);
	EXPECT_EQ(0, strncmp(line, "1\n", 2));
	line = command_line(buf, "signal");
	ASSERT_TRUE(!!line);
	EXPECT_EQ(0, strncmp(line, "1\n", 2));
	/* GET of any process is none of the context. */
	EXPECT_FALSE(!!command_line(buf, "task"));

	ASSERT_LT(0, file_read(id_path(a, "cpu"), buf, sizeof(buf)));
	ASSERT_EQ(0, ctx_info(a, &info));
	snprintf(want, sizeof(want),
		 "id=%ld parent=0 flags=0x2 children=2 children_max=16 tasks=1 processes=1 state=0x%x cgroup_id=%llu created_ns=%llu name=proc-commands\n",
		 a, info.state, info.cgroup_id, info.created_ns);
	line = command_line(buf, "context");
	ASSERT_TRUE(!!line);
	EXPECT_EQ(0, strncmp(line, want, strlen(want)))
		TH_LOG("%s", buf);
	snprintf(want, sizeof(want), "count=2 ids=%ld,%ld\n", b < c ? b : c,
		 b < c ? c : b);
	line = command_line(buf, "list");
	ASSERT_TRUE(!!line);
	EXPECT_EQ(0, strncmp(line, want, strlen(want)));
	/* The inside chooses it, so it must not look like another line. */
	line = command_line(buf, "hostname");
	ASSERT_TRUE(!!line);
	EXPECT_EQ(0, strncmp(line, "name=a\\012b\\040c=\\134\n", 22))
		TH_LOG("%s", line);

	/* What GET fails for is left out. */
	ASSERT_LT(0, file_read(id_path(b, "cpu"), buf, sizeof(buf)));
	EXPECT_TRUE(!!command_line(buf, "context"));
	EXPECT_FALSE(!!command_line(buf, "hostname"));
	/* The host is one too. */
	ASSERT_LT(0, file_read(id_path(0, "process"), buf, sizeof(buf)));
	EXPECT_TRUE(!!command_line(buf, "limit"));
}

/* A read is no call: why the last one failed stays, or that none did. */
TEST_F(proc, last_error_kept)
{
	long id = ctx_new(0);
	struct vc_error error;
	char buf[4096];

	ASSERT_LT(0, id);
	EXPECT_EQ(-ESRCH, vc(VC_INFO, ID_UNKNOWN, NULL));
	/* GET of the host name fails within. */
	ASSERT_LT(0, file_read(id_path(id, "cpu"), buf, sizeof(buf)));
	ASSERT_EQ(0, vc(VC_LAST_ERROR, 0, &error));
	EXPECT_EQ(ESRCH, error.error);
	EXPECT_TRUE(!!strstr(error.text, "no context"));
	EXPECT_EQ(0, vc(VC_INFO, id, NULL));
	ASSERT_LT(0, file_read(id_path(id, "cpu"), buf, sizeof(buf)));
	EXPECT_EQ(-ENODATA, vc(VC_LAST_ERROR, 0, &error));
}

/* Descriptors of the host, in the hands of one who does not see it. */
TEST_F(proc, passed_inside)
{
	long a = ctx_new(0), d = ctx_new(0);
	struct agent agent;
	char buf[64];
	int dir, file;

	ASSERT_LT(0, a);
	ASSERT_LT(0, d);
	ASSERT_EQ(0, agent_start(&agent, a, 0));
	dir = open(id_path(d, NULL), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file = open(id_path(d, "process"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	ASSERT_LE(0, file);
	/* The dentry is there, but not for it. */
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_access, id_path(d, NULL)));
	ASSERT_EQ(0, agent_give(&agent, file));
	EXPECT_EQ(-ESRCH, ask0(&agent, a_read_given));
	ASSERT_EQ(0, agent_give(&agent, dir));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_open_at_given, "process"));
	EXPECT_EQ(-ENOENT, ask0(&agent, a_list_given));
	/* Nor has it been taken from who sees it. */
	EXPECT_LT(0, res(pread(file, buf, sizeof(buf), 0)));
	EXPECT_EQ(0, res(faccessat(dir, "process", F_OK, 0)));
	ASSERT_EQ(0, res(fchdir(dir)));
	EXPECT_LT(0, res(syscall(SYS_getcwd, buf, sizeof(buf))));
	EXPECT_STREQ(id_path(d, NULL), buf);
	EXPECT_EQ(0, chdir("/"));
	close(dir);
	close(file);
}

/* An open file keeps no context, and is not that of the next of its id. */
TEST_F(proc, destroyed)
{
	const __u32 id = 987654321;
	char buf[4096];
	int dir, file, path, i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(id, ctx_make(id, 0, 0, NULL));
		dir = open(id_path(id, NULL), O_RDONLY | O_DIRECTORY);
		file = open(id_path(id, "cpu"), O_RDONLY);
		path = open(id_path(id, "cpu"), O_PATH);
		ASSERT_LE(0, dir);
		ASSERT_LE(0, file);
		EXPECT_LT(0, res(pread(file, buf, sizeof(buf), 0)));
		ASSERT_EQ(0, vc(VC_DESTROY, id, NULL));
		EXPECT_EQ(-ESRCH, res(pread(file, buf, sizeof(buf), 0)));
		EXPECT_EQ(-ENOENT, res(faccessat(dir, "cpu", F_OK, 0)));
		EXPECT_EQ(-ENOENT, res(access(id_path(id, "cpu"), F_OK)));

		ASSERT_EQ(id, ctx_make(id, 0, 0, "again"));
		ASSERT_LT(0, file_read(id_path(id, "cpu"), buf, sizeof(buf)));
		EXPECT_TRUE(!!strstr(buf, "name=again"));
		EXPECT_EQ(-ESRCH, res(pread(file, buf, sizeof(buf), 0)));
		EXPECT_EQ(-ENOENT, res(faccessat(dir, "cpu", F_OK, 0)));
		EXPECT_EQ(-ENOENT, res(faccessat(dir, "vfs", F_OK, 0)));
		EXPECT_EQ(-ENOENT, res(syscall(SYS_getdents64, dir, buf,
					       sizeof(buf))));
		snprintf(buf, sizeof(buf), "/proc/self/fd/%d", path);
		EXPECT_EQ(-ESRCH, file_read(buf, buf, sizeof(buf)));
		close(dir);
		close(file);
		close(path);
		ASSERT_EQ(0, vc(VC_DESTROY, id, NULL));
	}
}

/* However small the pieces in which it is listed. */
TEST_F(proc, directories_in_pieces)
{
	int i, n = 0, fd = open("/proc/vcontext", O_RDONLY | O_DIRECTORY);
	char buf[48];
	long ret;

	ASSERT_LE(0, fd);
	for (i = 0; i < 20; i++) {
		ASSERT_LT(0, ctx_new(0));
	}
	/* One or two entries fit. */
	while ((ret = res(syscall(SYS_getdents64, fd, buf, sizeof(buf)))) > 0) {
		long at = 0;

		while (at < ret) {
			n++;
			at += ((struct dirent64 *)(buf + at))->d_reclen;
		}
	}
	EXPECT_EQ(0, ret);
	/* ".", "..", contexts, self, the host */
	EXPECT_EQ(5 + ctx_all(), n);
	close(fd);
}

/* Walks everything again and again until it is killed. */
static void walk_forever(void)
{
	static char buf[65536];

	for (;;) {
		DIR *top = opendir("/proc/vcontext");
		struct dirent *entry;

		while (top && (entry = readdir(top))) {
			if (entry->d_name[0] == '.')
				continue;
			file_read(id_path(atol(entry->d_name), "cpu"), buf,
				  sizeof(buf));
			file_read(id_path(atol(entry->d_name), "process"), buf,
				  sizeof(buf));
			listed(id_path(atol(entry->d_name), NULL), "none");
		}
		closedir(top);
	}
}

TEST_F(proc, walk_against_destroy)
{
	pid_t pids[3];
	char buf[4096];
	int i;

	for (i = 0; i < 3; i++) {
		pids[i] = child_fork();
		if (!pids[i])
			walk_forever();
	}
	for (i = 0; i < 200; i++) {
		long id = ctx_new(0);

		ASSERT_LT(0, id);
		EXPECT_LT(0, file_read(id_path(id, "cpu"), buf, sizeof(buf)));
		ASSERT_EQ(0, vc(VC_DESTROY, id, NULL));
		ctx_made_nr--;
		EXPECT_EQ(-ENOENT, file_read(id_path(id, "cpu"), buf,
					     sizeof(buf)));
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1000 + SIGKILL, child_kill(pids[i]));
}

TEST_F(proc, not_writable)
{
	EXPECT_GT(0, file_write("/proc/vcontext/0/cpu", "1"));
	EXPECT_GT(0, file_write("/proc/self/vcontext", "1"));
	EXPECT_GT(0, file_write("/proc/vcontext/contexts", "1"));
	EXPECT_EQ(0, vc(VC_WHERE, 0, NULL));
}

FIXTURE(trace)
{
	int unused;
};

FIXTURE_SETUP(trace)
{
	VC_SETUP();
	if (access("/sys/kernel/tracing/events", F_OK))
		mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	if (access("/sys/kernel/tracing/events", F_OK))
		SKIP(return, "no tracefs");
	ASSERT_EQ(0, access(EVENTS, F_OK));
	/* Names of tasks would cost a probe in every switch of them. */
	file_write("/sys/kernel/tracing/options/record-cmd", "0");
	/* Truncation empties the buffer. */
	close(open(TRACE, O_WRONLY | O_TRUNC | O_CLOEXEC));
	ASSERT_EQ(0, file_write(EVENTS "/enable", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	file_write(EVENTS "/enable", "0");
	vc_teardown();
}

TEST_F(trace, there)
{
	EXPECT_EQ(0, access(EVENTS "/create/enable", F_OK));
	EXPECT_EQ(0, access(EVENTS "/destroy/enable", F_OK));
	EXPECT_EQ(0, access(EVENTS "/migrate/enable", F_OK));
	EXPECT_EQ(0, access(EVENTS "/limit/enable", F_OK));
}

/* A line of event @name that has the number @id in it. */
static bool traced(const char *name, long id)
{
	static char buf[262144];
	char event[32], number[32];
	char *line, *next;

	if (file_read(TRACE, buf, sizeof(buf)) < 0)
		return false;
	snprintf(event, sizeof(event), " %s: ", name);
	snprintf(number, sizeof(number), "%ld", id);
	for (line = buf; line; line = next) {
		char *at;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		at = strstr(line, event);
		if (at && strstr(at, number))
			return true;
	}
	return false;
}

TEST_F(trace, create_and_destroy)
{
	long id = 987654321;

	ASSERT_EQ(id, ctx_make(id, 0, 0, NULL));
	EXPECT_TRUE(traced("create", id));
	EXPECT_FALSE(traced("destroy", id));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_TRUE(traced("destroy", id));
}

TEST_F(trace, migrate_and_limit)
{
	long id = 987654321;
	struct agent agent;

	ASSERT_EQ(id, ctx_make(id, 0, 0, NULL));
	EXPECT_FALSE(traced("migrate", id));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	EXPECT_TRUE(traced("migrate", id));
	EXPECT_FALSE(traced("limit", id));
	EXPECT_EQ(0, ctx_limit(id, 1));
	EXPECT_EQ(-EAGAIN, ask0(&agent, a_fork));
	EXPECT_TRUE(traced("limit", id));
}

TEST_HARNESS_MAIN
