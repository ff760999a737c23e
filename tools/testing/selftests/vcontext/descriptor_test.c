// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors that are sent into a context: with a virtual root none comes in
 * that leads to files outside of it, and files are not opened by handles.
 */
#include "common.h"

#include <linux/io_uring.h>
#include <linux/mount.h>

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup	425
#endif
#ifndef __NR_open_tree
#define __NR_open_tree		428
#define __NR_fsopen		430
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE		1
#endif

#define ROOT			"/tmp/vcontext_descriptor_test"
#define FILE_OUTSIDE		"/tmp/vcontext_descriptor_file"

/* A context with all capabilities below ROOT, or -errno. */
static long rooted_new(void)
{
	struct vc_vfs_root root = {
		.path = (uintptr_t)ROOT,
		.len = strlen(ROOT),
		.flags = VC_ROOT_BARE,
	};
	long id = ctx_new(0), ret;

	if (id < 0)
		return id;
	ret = vc(VC_SET(VC_CAT_VFS, VC_VFS_ROOT), id, &root);
	return ret ?: ctx_set_caps(id, ~0ULL) ?: id;
}

/* ---- what is sent ---- */

static int open_directory(void)
{
	return open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_path(void)
{
	return open(FILE_OUTSIDE, O_PATH | O_CLOEXEC);
}

static int open_mount(void)
{
	return syscall(__NR_open_tree, AT_FDCWD, "/tmp",
		       OPEN_TREE_CLONE | O_CLOEXEC);
}

static int open_fs(void)
{
	return syscall(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);
}

static int open_namespace(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int open_uring(void)
{
	struct io_uring_params params = {};

	return syscall(__NR_io_uring_setup, 4, &params);
}

static int open_file(void)
{
	return open(FILE_OUTSIDE, O_RDWR | O_CLOEXEC);
}

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static const struct {
	const char *name;
	int (*open)(void);
	bool rooted;
} kinds[] = {
	{ "directory", open_directory, false },
	{ "path", open_path, false },
	{ "mount", open_mount, false },
	{ "file system", open_fs, false },
	{ "namespace", open_namespace, false },
	{ "file", open_file, true },
	{ "socket", open_socket, true },
};

/* ---- what agents do ---- */

/* Has something come?  It is closed. */
static long a_came(long a, long b, long c)
{
	int fd = agent_fd;

	agent_fd = -1;
	return fd < 0 ? 0 : close(fd) == 0;
}

static long came(struct agent *agent, int fd)
{
	long ret = agent_give(agent, fd);

	return ret < 0 ? ret : ask0(agent, a_came);
}

/* Takes descriptor @nr of @pid. */
static long a_getfd(long pid, long nr, long c)
{
	long fd = take_fd(pid, nr);

	return fd < 0 ? fd : close(fd);
}

/* Opens a directory of its own and keeps it: its number. */
static long a_open_root(long a, long b, long c)
{
	return res(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* The file whose handle is in agent_buf, by a mount that it has. */
static long a_open_handle(long a, long b, long c)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long ret;

	ret = res(syscall(SYS_open_by_handle_at, dir, agent_buf,
			  O_RDONLY | O_CLOEXEC));
	if (ret >= 0)
		close(ret);
	close(dir);
	return ret < 0 ? ret : 0;
}

FIXTURE(descriptor)
{
	long rooted, unrooted;
	struct agent host, in_rooted, in_unrooted;
};

FIXTURE_SETUP(descriptor)
{
	int fd;

	VC_SETUP();
	mkdir(ROOT, 0755);
	fd = open(FILE_OUTSIDE, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	self->rooted = rooted_new();
	if (self->rooted == -EOPNOTSUPP)
		SKIP(return, "no virtual root");
	ASSERT_LT(0, self->rooted) TH_LOG("%s", ctx_error());
	self->unrooted = ctx_new(0);
	ASSERT_LT(0, self->unrooted);
	ASSERT_EQ(0, ctx_set_caps(self->unrooted, ~0ULL));
	ASSERT_EQ(0, chdir("/tmp"));
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&self->in_unrooted, self->unrooted, 0));
	ASSERT_EQ(0, agent_start(&self->in_rooted, self->rooted,
				 AGENT_NO_EXEC));
}

FIXTURE_TEARDOWN(descriptor)
{
	vc_teardown();
	unlink(FILE_OUTSIDE);
	rmdir(ROOT);
}

TEST_F(descriptor, received)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		int fd = kinds[i].open();

		ASSERT_LE(0, fd) TH_LOG("%s", kinds[i].name);
		EXPECT_EQ(1, came(&self->host, fd))
			TH_LOG("%s", kinds[i].name);
		EXPECT_EQ(1, came(&self->in_unrooted, fd))
			TH_LOG("%s", kinds[i].name);
		EXPECT_EQ(kinds[i].rooted, came(&self->in_rooted, fd))
			TH_LOG("%s", kinds[i].name);
		close(fd);
	}
}

/* What its tasks have opened is no way around anything. */
TEST_F(descriptor, of_its_own)
{
	long nr = ask0(&self->in_rooted, a_open_root);
	int fd;

	ASSERT_LE(0, nr);
	fd = take_fd(self->in_rooted.pid, nr);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, came(&self->in_rooted, fd));
	close(fd);
}

TEST_F(descriptor, handle)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} *h = (void *)agent_buf, mine = {};
	int mount_id;

	mine.handle.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, FILE_OUTSIDE, &mine.handle, &mount_id,
			      0))
		SKIP(return, "no handles: %s", strerror(errno));
	*h = mine;
	EXPECT_EQ(0, ask0(&self->host, a_open_handle));
	*h = mine;
	EXPECT_EQ(0, ask0(&self->in_unrooted, a_open_handle));
	*h = mine;
	EXPECT_EQ(-EPERM, ask0(&self->in_rooted, a_open_handle));
}

/*
 * Sockets take no io_uring.  One that a process has brought along stays with it
 * and those that it forks, with a virtual root or without.
 */
VC_FIXTURE(ring)

TEST_F(ring, received)
{
	long id = ctx_new(0);
	struct agent host, holder, other;
	int ring = open_uring(), file, nr;

	if (ring < 0)
		SKIP(return, "no io_uring: %s", strerror(errno));
	ASSERT_LT(0, id);
	/* these outlive an exec */
	nr = fcntl(ring, F_DUPFD, 200);
	ASSERT_LE(200, nr);
	file = fcntl(STDERR_FILENO, F_DUPFD, 200);
	ASSERT_LE(200, file);
	ASSERT_EQ(0, agent_start(&holder, id, 0));
	close(nr);
	close(file);
	ASSERT_EQ(0, agent_start(&host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&other, id, 0));
	EXPECT_EQ(0, ask3(&host, a_getfd, holder.pid, nr, 0));
	EXPECT_EQ(-EPERM, ask3(&other, a_getfd, holder.pid, nr, 0));
	EXPECT_EQ(0, ask3(&other, a_getfd, holder.pid, file, 0));
	close(ring);
}

TEST_HARNESS_MAIN
