// SPDX-License-Identifier: GPL-2.0
/*
 * Ways out of a virtual root through files: directories, descriptors, /proc,
 * file handles, mounts and devices.
 */
#include "escape.h"

#include <linux/io_uring.h>
#include <linux/loop.h>
#include <sys/fanotify.h>

#ifndef __NR_open_tree
#define __NR_open_tree		428
#define __NR_fsopen		430
#define __NR_fsconfig		431
#define __NR_fsmount		432
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE		1
#endif

ESCAPE_FIXTURE(fs, false);
ESCAPE_VARIANT(fs, shared, CAGE_SHARED);

/* ---- chroot ---- */

static long x_double_chroot(long a, long b, long c)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return -errno;
	mkdir("/tmp/jail", 0700);
	if (chroot("/tmp/jail") || fchdir(fd))
		return -errno;
	climb();
	return chroot(".") ? -errno : steal();
}

TEST_F(fs, double_chroot)
{
	struct agent agent;

	CAGE(&agent);
	EXPECT_LE(0, ask0(&agent, x_double_chroot));
	EXPECT_DAMAGE(stolen());
	/* It did get out of the inner one. */
	EXPECT_EQ(!IN_THE_OPEN, marked());
}

/* The same by names, without leaving the root. */
static long x_dots(long a, long b, long c)
{
	static const char * const paths[] = {
		"../../../../../../escape/secret",
		"/../../../../../../escape/secret",
		"/proc/self/root/../../../escape/secret",
		"/proc/self/cwd/../../../escape/secret",
		"/proc/thread-self/root/../../../escape/secret",
	};
	unsigned int i;

	if (symlink("/../../../../escape/secret", "/tmp/link") &&
	    errno != EEXIST)
		return -errno;
	if (take("/tmp/link") >= 0)
		return 0;
	for (i = 0; i < ARRAY_SIZE(paths); i++)
		if (take(paths[i]) >= 0)
			return 0;
	return take(MARK);
}

/* No chroot is as weak as that: a control of the reading alone. */
TEST_F(fs, dots)
{
	struct agent agent;

	CAGE(&agent);
	EXPECT_LE(0, ask0(&agent, x_dots));
	EXPECT_FALSE(stolen());
	EXPECT_TRUE(marked());
	EXPECT_LE(0, ask0(&self->e.victim, x_dots));
	EXPECT_TRUE(stolen());
}

/* ---- descriptors that are taken along ---- */

static long keep_as(int fd)
{
	long ret = fd < 0 ? -errno : res(dup2(fd, KEPT_FD));

	if (fd >= 0 && fd != KEPT_FD)
		close(fd);
	return ret < 0 ? ret : 0;
}

static long keep_dir(void)
{
	return keep_as(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static long keep_path_dir(void)
{
	return keep_as(open("/", O_PATH | O_CLOEXEC));
}

static long keep_path_file(void)
{
	return keep_as(open(SECRET, O_PATH | O_CLOEXEC));
}

static long keep_proc(void)
{
	return keep_as(open("/proc/1", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static long keep_cgroup(void)
{
	return keep_as(open(CG_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static long keep_tree(void)
{
	return keep_as(syscall(__NR_open_tree, AT_FDCWD, "/",
			       OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE));
}

/* A directory that no table of descriptors shows: it is on its way. */
static long keep_queued(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char space[CMSG_SPACE(sizeof(int))] = {};
	char byte = 0;
	struct iovec io = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int sock[2];

	if (fd < 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, sock))
		return -errno;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(sock[1], &msg, 0) != 1)
		return -errno;
	close(fd);
	/* One end is enough, but then the other must not be closed. */
	dup2(sock[1], KEPT_FD + 1);
	close(sock[1]);
	return keep_as(sock[0]);
}

/* Its events are open descriptors. */
static long keep_fanotify(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_CLOEXEC,
			       O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_MOUNT,
				    FAN_OPEN | FAN_ONDIR, AT_FDCWD, OUT_DIR))
		return -errno;
	return keep_as(fd);
}

static long x_fchdir_kept(long a, long b, long c)
{
	return steal_at(KEPT_FD);
}

/* CVE-2024-21626: the working directory that the tool is told to go to. */
static long x_chdir_kept(long a, long b, long c)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/..", KEPT_FD);
	return chdir(path) ? -errno : steal();
}

static long x_reopen_kept(long a, long b, long c)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", KEPT_FD);
	return take(path);
}

static long x_proc_kept(long a, long b, long c)
{
	int fd = openat(KEPT_FD, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : steal_at(fd);
}

static long x_receive_kept(long a, long b, long c)
{
	char space[CMSG_SPACE(sizeof(int))] = {};
	char byte;
	struct iovec io = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(KEPT_FD, &msg, MSG_DONTWAIT) != 1)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_len != CMSG_LEN(sizeof(int)))
		return -ENOENT;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return steal_at(fd);
}

static long x_fanotify_kept(long a, long b, long c)
{
	struct fanotify_event_metadata event[64], *at;
	long len = res(read(KEPT_FD, event, sizeof(event)));

	if (len < 0)
		return len;
	for (at = event; FAN_EVENT_OK(at, len); at = FAN_EVENT_NEXT(at, len)) {
		if (at->fd < 0)
			continue;
		if (steal_at(at->fd) >= 0 && !marked())
			return 0;
		if (lseek(at->fd, 0, SEEK_SET) >= 0 &&
		    read(at->fd, agent_buf, sizeof(agent_buf)) > 0)
			return 0;
	}
	return -ENOENT;
}

static const struct kept {
	const char *name;
	struct keep keep;
	agent_fn attack;
	/* 0: it may come in, and is of no use */
	long refused;
} kept[] = {
	{ "directory", { .fn = keep_dir }, x_fchdir_kept, -EBUSY },
	{ "O_PATH directory", { .fn = keep_path_dir }, x_fchdir_kept, -EBUSY },
	{ "O_PATH file", { .fn = keep_path_file }, x_reopen_kept, -EBUSY },
	{ "/proc/1", { .fn = keep_proc }, x_proc_kept, -EBUSY },
	{ "cgroup", { .fn = keep_cgroup }, x_fchdir_kept, -EBUSY },
	{ "cgroup as CVE-2024-21626", { .fn = keep_cgroup }, x_chdir_kept,
	  -EBUSY },
	{ "detached tree", { .fn = keep_tree }, x_fchdir_kept, -EBUSY },
	{ "queued", { .fn = keep_queued }, x_receive_kept, 0 },
	{ "fanotify", { .fn = keep_fanotify }, x_fanotify_kept, 0 },
};

TEST_F(fs, kept)
{
	unsigned int i;

	self->e.id = cage_make(self->e.cage, 0);
	ASSERT_LE(0, self->e.id)
		TH_LOG("%s", ctx_error());
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		struct agent agent;
		long ret = cage_start_by(&self->e, &agent, &kept[i].keep,
					 "/agent", 0);

		memset(agent_buf, 0, sizeof(agent_buf));
		if (!IN_THE_OPEN && kept[i].refused) {
			EXPECT_EQ(kept[i].refused, ret)
				TH_LOG("%s", kept[i].name);
		}
		if (ret && !IN_THE_OPEN)
			continue;
		ASSERT_EQ(0, ret)
			TH_LOG("%s", kept[i].name);
		/* Something to tell of. */
		close(open(OUT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		memset(agent_buf, 0, sizeof(agent_buf));
		ask0(&agent, kept[i].attack);
		EXPECT_DAMAGE(stolen())
			TH_LOG("%s", kept[i].name);
		agent_end(&agent);
	}
}

/* The working directory is no descriptor: it is changed. */
static long keep_nothing(void)
{
	return res(chdir(OUT_DIR));
}

static long x_steal(long a, long b, long c)
{
	return steal();
}

TEST_F(fs, kept_cwd)
{
	struct keep keep = { .fn = keep_nothing, .cwd = true };
	struct agent agent;

	self->e.id = cage_make(self->e.cage, 0);
	ASSERT_LE(0, self->e.id)
		TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, cage_start_by(&self->e, &agent, &keep, "/agent", 0));
	EXPECT_LE(0, ask0(&agent, x_steal));
	EXPECT_DAMAGE(stolen());
	EXPECT_EQ(!IN_THE_OPEN, marked());
}

/* A directory that somebody outside sends. */
static long x_fchdir_given(long a, long b, long c)
{
	return steal_at(agent_fd);
}

static long x_openat_given(long a, long b, long c)
{
	int fd = openat(agent_fd, "escape/secret", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	memset(agent_buf, 0, sizeof(agent_buf));
	return res(read(fd, agent_buf, sizeof(agent_buf) - 1));
}

TEST_F(fs, given_dir)
{
	static const int flags[] = { O_RDONLY | O_DIRECTORY, O_PATH };
	struct agent agent;
	unsigned int i;

	CAGE(&agent);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int fd = open("/", flags[i] | O_CLOEXEC);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, agent_give(&agent, fd));
		memset(agent_buf, 0, sizeof(agent_buf));
		ask0(&agent, x_openat_given);
		EXPECT_DAMAGE(stolen())
			TH_LOG("openat %#x", flags[i]);
		ASSERT_EQ(0, agent_give(&agent, fd));
		memset(agent_buf, 0, sizeof(agent_buf));
		ask0(&agent, x_fchdir_given);
		EXPECT_DAMAGE(stolen())
			TH_LOG("fchdir %#x", flags[i]);
		close(fd);
	}
	/* A file is a gift: output of a service goes to a log outside. */
	agent_fd = open(SECRET, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, agent_fd);
	ASSERT_EQ(0, agent_give(&agent, agent_fd));
	close(agent_fd);
	agent_fd = -1;
}

/* ---- links that the inside has left for whoever sets it up ---- */

#define HOST_DIR	OUT_FILE("host")

/* A mount on one of the places that are in every root. */
TEST_F(fs, link_for_proc)
{
	ASSERT_EQ(0, mkdir(HOST_DIR, 0700));
	ASSERT_EQ(0, rmdir(CAGE_FILE("proc")));
	ASSERT_EQ(0, symlink(HOST_DIR, CAGE_FILE("proc")));
	if (IN_THE_OPEN) {
		ASSERT_EQ(0, mount("proc", CAGE_FILE("proc"), "proc", 0, NULL));
	} else {
		struct agent agent;

		/* It may be refused, or be without /proc. */
		self->e.id = cage_make(self->e.cage, 0);
		if (self->e.id > 0 && !cage_start(&self->e, &agent))
			EXPECT_GT(0, ask_read(&agent, "/proc/self/stat"));
	}
	EXPECT_DAMAGE(!access(OUT_FILE("host/self"), F_OK));
}

static long gift(long id, const char *target)
{
	struct vc_bind bind = {
		.source = (uintptr_t)OUT_FILE("gift"),
		.source_len = strlen(OUT_FILE("gift")),
		.target = (uintptr_t)target,
		.target_len = strlen(target),
	};

	return vc(VC_SET(VC_CAT_VFS, VC_VFS_BIND), id, &bind);
}

/* A bind that is asked for. */
TEST_F(fs, link_for_bind)
{
	struct agent agent;

	ASSERT_EQ(0, mkdir(HOST_DIR, 0700));
	ASSERT_EQ(0, mkdir(OUT_FILE("gift"), 0700));
	ASSERT_EQ(0, file_make(OUT_FILE("gift/mark"), MARK_TEXT, 0600));
	ASSERT_EQ(0, symlink(HOST_DIR, CAGE_FILE("link")));
	ASSERT_EQ(0, symlink("../../escape/host", CAGE_FILE("up")));
	self->e.id = cage_make(self->e.cage, 0);
	ASSERT_LE(0, self->e.id)
		TH_LOG("%s", ctx_error());
	if (IN_THE_OPEN) {
		ASSERT_EQ(0, mount(OUT_FILE("gift"), CAGE_FILE("link"), NULL,
				   MS_BIND, NULL));
	} else {
		gift(self->e.id, "/link");
		gift(self->e.id, "/up");
		gift(self->e.id, "/../host");
		EXPECT_EQ(0, gift(self->e.id, "/cg"));
	}
	EXPECT_DAMAGE(!access(OUT_FILE("host/mark"), F_OK));
	if (!IN_THE_OPEN) {
		ASSERT_EQ(0, cage_start(&self->e, &agent));
		EXPECT_LT(0, ask_read(&agent, "/cg/mark"));
		EXPECT_TRUE(marked());
	}
}

/* ---- /proc of others ---- */

#define VICTIM_DIR	50
#define VICTIM_FILE	51

static long a_victim(long a, long b, long c)
{
	int dir = open("/", O_RDONLY | O_DIRECTORY);
	int file = open(SECRET, O_RDONLY);

	if (dir < 0 || file < 0)
		return -errno;
	if (dup2(dir, VICTIM_DIR) < 0 || dup2(file, VICTIM_FILE) < 0)
		return -errno;
	close(dir);
	close(file);
	return res(chdir("/"));
}

/* What is at @tail of any process that can be thought of. */
static long proc_try(long pid, const char *tail)
{
	char path[1100];

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, tail);
	return take(path);
}

static long x_proc(long pid, long b, long c)
{
	const long pids[] = { pid, 1, getppid(), getsid(0), getpid() };
	struct dirent *entry;
	char tail[1024];
	unsigned int i;
	DIR *dir;

	COPY(tail, agent_buf);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		if (proc_try(pids[i], tail) >= 0)
			return 0;
	dir = opendir("/proc");
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		long one = strtol(entry->d_name, NULL, 10);

		if (one && proc_try(one, tail) >= 0)
			break;
	}
	closedir(dir);
	return entry ? 0 : -ENOENT;
}

static const char * const tails[] = {
	"root/escape/secret", "cwd/escape/secret", "fd/50/escape/secret",
	"fd/51", "task/%ld/root/escape/secret",
	"root/proc/%ld/root/escape/secret",
};

TEST_F(fs, proc)
{
	struct agent agent;
	unsigned int i;
	long pid;

	CAGE(&agent);
	pid = self->e.victim.pid;
	ASSERT_EQ(0, ask0(&self->e.victim, a_victim));
	for (i = 0; i < ARRAY_SIZE(tails); i++) {
		snprintf(agent_buf, sizeof(agent_buf), tails[i], pid);
		ask(&agent, x_proc, pid);
		EXPECT_DAMAGE(stolen())
			TH_LOG("%s", tails[i]);
	}
	/* /proc is there, and leads to its own things. */
	COPY(agent_buf, "root/mark");
	EXPECT_LE(0, ask(&agent, x_proc, 0));
	EXPECT_TRUE(marked());
}

/* Is there a process that runs file @ino of device @dev, and opens? */
static long x_proc_exe(long ino, long dev, long c)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	long found = 0;

	if (!dir)
		return -errno;
	while (!found && (entry = readdir(dir))) {
		char path[64];
		struct stat st;
		int fd;

		snprintf(path, sizeof(path), "/proc/%.16s/exe", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!fstat(fd, &st) && (long)st.st_ino == ino &&
		    (long)st.st_dev == dev)
			found = 1;
		close(fd);
	}
	closedir(dir);
	return found;
}

TEST_F(fs, proc_exe)
{
	struct agent agent;
	struct stat st;

	CAGE(&agent);
	ASSERT_EQ(0, stat("/proc/self/exe", &st));
	EXPECT_DAMAGE(ask3(&agent, x_proc_exe, st.st_ino, st.st_dev, 0) == 1);
	ASSERT_EQ(0, stat(CAGE_FILE("agent"), &st));
	EXPECT_EQ(1, ask3(&agent, x_proc_exe, st.st_ino, st.st_dev, 0));
}

/* Who is entering runs a program of the host, with the host's descriptors. */
TEST_F(fs, proc_entering)
{
	struct agent agent, tool;
	struct stat st;

	CAGE(&agent);
	/* A control that sees the tool as it is: not executed. */
	ASSERT_EQ(0, cage_start_by(&self->e, &tool, NULL, NULL, AGENT_NO_EXEC));
	ASSERT_EQ(0, stat("/proc/self/exe", &st));
	EXPECT_DAMAGE(ask3(&agent, x_proc_exe, st.st_ino, st.st_dev, 0) == 1);
}

/* ---- file handles ---- */

ESCAPE_FIXTURE(disk, true);
ESCAPE_VARIANT(disk, shared, CAGE_SHARED);

/* Every ext4 has a root with inode 2, and generation 0 fits all. */
static long x_shocker(long a, long b, long c)
{
	struct {
		struct file_handle head;
		__u32 ino, generation;
	} handle = {
		.head = { .handle_bytes = 8, .handle_type = 1 },
		.ino = 2,
	};
	int mount_fd = open("/agent", O_RDONLY | O_CLOEXEC);
	int fd, file;

	memset(agent_buf, 0, sizeof(agent_buf));
	if (mount_fd < 0)
		return -errno;
	fd = open_by_handle_at(mount_fd, &handle.head,
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	file = openat(fd, "secret", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	return res(read(file, agent_buf, sizeof(agent_buf) - 1));
}

TEST_F(disk, shocker)
{
	struct agent agent;

	CAGE(&agent);
	ask0(&agent, x_shocker);
	EXPECT_DAMAGE(stolen());
}

/* ---- devices ---- */

ESCAPE_FIXTURE(device, false);
ESCAPE_VARIANT(device, shared, CAGE_SHARED);

/* Reads 32 bytes at @offset of the node; @type 0: it is already there. */
static long x_node_read(long type, long dev, long offset)
{
	static const char node[] = "/tmp/node";
	long ret;
	int fd;

	memset(agent_buf, 0, sizeof(agent_buf));
	if (type) {
		unlink(node);
		if (mknod(node, type | 0600, dev))
			return -errno;
	}
	fd = open(type ? node : "/node", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	ret = res(pread(fd, agent_buf, 32, offset));
	close(fd);
	return ret;
}

TEST_F(device, disk)
{
	struct agent agent;
	char path[64];
	struct stat st;
	int fd;

	ASSERT_TRUE(disk_find(path));
	/* what a test before had mounted may still be on its way out */
	WAIT_FOR((fd = open(path, O_RDWR | O_CLOEXEC)) >= 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(32, pwrite(fd, nonce, 32, SCRATCH_FREE));
	ASSERT_EQ(0, fstat(fd, &st));
	close(fd);
	ASSERT_EQ(0, mknod(CAGE_FILE("node"), S_IFBLK | 0600, st.st_rdev));

	CAGE(&agent);
	ask3(&agent, x_node_read, S_IFBLK, st.st_rdev, SCRATCH_FREE);
	EXPECT_DAMAGE(stolen());
	/* Somebody outside has left one. */
	ask3(&agent, x_node_read, 0, 0, SCRATCH_FREE);
	EXPECT_DAMAGE(stolen());
	/* Nodes as such can be made and used. */
	EXPECT_EQ(32, ask3(&agent, x_node_read, S_IFCHR, makedev(1, 5), 0));
}

static bool memory_reads(void)
{
	char buf[32];
	int fd = open("/dev/mem", O_RDONLY | O_CLOEXEC);
	bool ret = fd >= 0 && pread(fd, buf, 32, 0xf0000) == 32;

	close(fd);
	return ret;
}

TEST_F(device, memory)
{
	struct agent agent;

	if (!memory_reads())
		SKIP(return, "no /dev/mem");
	CAGE(&agent);
	EXPECT_DAMAGE(ask3(&agent, x_node_read, S_IFCHR, makedev(1, 1),
			   0xf0000) == 32);
}

static long x_log_write(long a, long b, long c)
{
	char text[1040];
	int fd;

	/* A record without end is not there yet. */
	snprintf(text, sizeof(text), "%s\n", agent_buf);
	if (mknod("/tmp/kmsg", S_IFCHR | 0600, makedev(1, 11)))
		return -errno;
	fd = open("/tmp/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return res(write(fd, text, strlen(text)));
}

TEST_F(device, log_write)
{
	struct agent agent;

	CAGE(&agent);
	COPY(agent_buf, nonce);
	ask0(&agent, x_log_write);
	EXPECT_DAMAGE(logged(nonce));
}

static long x_log_read(long a, long b, long c)
{
	char record[8192], text[1024];
	ssize_t len;
	int fd;

	COPY(text, agent_buf);
	memset(agent_buf, 0, sizeof(agent_buf));
	if (mknod("/tmp/kmsg", S_IFCHR | 0600, makedev(1, 11)))
		return -errno;
	fd = open("/tmp/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	do {
		len = read(fd, record, sizeof(record) - 1);
		if (len <= 0)
			continue;
		record[len] = '\0';
		if (strstr(record, text))
			return 1;
	} while (len > 0 || (len < 0 && errno == EPIPE));
	return 0;
}

TEST_F(device, log_read)
{
	struct agent agent;

	CAGE(&agent);
	snprintf(agent_buf, sizeof(agent_buf), "%s\n", nonce);
	ASSERT_EQ(0, file_write("/dev/kmsg", agent_buf));
	COPY(agent_buf, nonce);
	EXPECT_DAMAGE(ask0(&agent, x_log_read) == 1);
}

/* A free device, which comes to be by being asked for. */
static long x_loop(long a, long b, long c)
{
	int fd;

	if (mknod("/tmp/control", S_IFCHR | 0600, makedev(10, 237)))
		return -errno;
	fd = open("/tmp/control", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return res(ioctl(fd, LOOP_CTL_GET_FREE));
}

TEST_F(device, loop)
{
	struct agent agent;
	long number;

	CAGE(&agent);
	number = ask0(&agent, x_loop);
	EXPECT_DAMAGE(number >= 0);
	if (number >= 0) {
		int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

		ioctl(fd, LOOP_CTL_REMOVE, number);
		close(fd);
	}
}

/* ---- mounts ---- */

ESCAPE_FIXTURE(mount, false);
ESCAPE_VARIANT(mount, shared, CAGE_SHARED);
/* Who is trusted with CAP_SYS_ADMIN still has only what he was given. */
ESCAPE_VARIANT(mount, trusted, CAGE_TRUSTED);

static const char * const types[] = {
	"proc", "sysfs", "devtmpfs", "tmpfs", "ramfs", "cgroup2", "cgroup",
	"securityfs", "tracefs", "bpf", "mqueue", "devpts", "binfmt_misc",
	"overlay",
};

static const char *options_of(long type)
{
	if (!strcmp(types[type], "overlay"))
		return "lowerdir=/tmp/a:/tmp/b";
	if (!strcmp(types[type], "cgroup"))
		return "none,name=escape";
	return NULL;
}

/* Mounts types[@type] on /tmp. */
static long x_mount(long type, long modern, long c)
{
	const char *options = options_of(type);
	long ret;
	int fd;

	mkdir("/tmp/a", 0700);
	mkdir("/tmp/b", 0700);
	if (!modern) {
		ret = res(mount("none", "/tmp", types[type], 0, options));
		if (!ret)
			umount2("/tmp", MNT_DETACH);
		return ret;
	}
	fd = syscall(__NR_fsopen, types[type], 0);
	if (fd < 0)
		return -errno;
	if (options && !strncmp(options, "lowerdir=", 9)) {
		syscall(__NR_fsconfig, fd, 1, "lowerdir", options + 9, 0);
	} else if (options) {
		syscall(__NR_fsconfig, fd, 0, "none", NULL, 0);
		syscall(__NR_fsconfig, fd, 1, "name", "escape2", 0);
	}
	ret = res(syscall(__NR_fsconfig, fd, 6, NULL, NULL, 0));
	if (!ret)
		ret = res(syscall(__NR_fsmount, fd, 0, 0));
	close(fd);
	if (ret >= 0)
		close(ret);
	return ret;
}

TEST_F(mount, types)
{
	struct agent agent;
	unsigned int i;

	CAGE(&agent);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_DAMAGE(ask3(&agent, x_mount, i, 0, 0) >= 0)
			TH_LOG("mount %s", types[i]);
		EXPECT_DAMAGE(ask3(&agent, x_mount, i, 1, 0) >= 0)
			TH_LOG("fsmount %s", types[i]);
	}
}

/* The same in a user namespace, where everybody has all capabilities. */
static long x_mount_userns(long type, long b, long c)
{
	static bool done;
	char map[] = "0 0 1";

	if (!done && unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC |
			     CLONE_NEWUTS | CLONE_NEWCGROUP))
		return -errno;
	if (!done) {
		file_write("/proc/self/setgroups", "deny");
		file_write("/proc/self/uid_map", map);
		file_write("/proc/self/gid_map", map);
	}
	done = true;
	return x_mount(type, 0, 0);
}

/* Not "open": unprivileged mounts are what a user namespace is for. */
TEST_F(mount, userns)
{
	static const char * const wanted[] = { "tmpfs", "ramfs", "mqueue" };
	struct agent agent;
	unsigned int i, k;

	CAGE(&agent);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		for (k = 0; k < ARRAY_SIZE(wanted); k++)
			if (!strcmp(types[i], wanted[k])) {
				/*
				 * chroot(2)ed processes cannot make user
				 * namespaces: here the control is the victim.
				 */
				EXPECT_GT(0, ask(&agent, x_mount_userns, i))
					TH_LOG("%s", types[i]);
				EXPECT_EQ(0, ask(&self->e.victim,
						 x_mount_userns, i))
					TH_LOG("%s by the victim", types[i]);
			}
}

/* What a mount hides comes to light when it goes. */
#define HIDDEN		CAGE_FILE("proc/hidden")

static long x_uncover(long a, long b, long c)
{
	memset(agent_buf, 0, sizeof(agent_buf));
	if (umount2("/proc", MNT_DETACH))
		return -errno;
	return take("/proc/hidden");
}

TEST_F(mount, uncover)
{
	struct agent agent;

	ASSERT_EQ(0, file_make(HIDDEN, nonce, 0600));
	CAGE(&agent);
	ask0(&agent, x_uncover);
	EXPECT_DAMAGE(stolen());
}

/* And where the tree is bound without it. */
static long x_uncover_bind(long a, long b, long c)
{
	memset(agent_buf, 0, sizeof(agent_buf));
	if (mount("/", "/tmp", NULL, MS_BIND, NULL))
		return -errno;
	return take("/tmp/proc/hidden");
}

/* The kernel's /proc in a chroot is a mount of the cage's own. */
TEST_F(mount, uncover_bind)
{
	struct agent agent;

	ASSERT_EQ(0, file_make(HIDDEN, nonce, 0600));
	CAGE(&agent);
	ask0(&agent, x_uncover_bind);
	EXPECT_DAMAGE(stolen());
}

static long x_umount_root(long a, long b, long c)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	memset(agent_buf, 0, sizeof(agent_buf));
	umount2("/", MNT_DETACH);
	umount2("/", MNT_FORCE);
	umount2("/", MNT_EXPIRE);
	umount2("/", MNT_EXPIRE);
	steal();
	if (stolen())
		return 0;
	return steal_at(fd);
}

/* No theft in a chroot either: the root is no mount there. */
TEST_F(mount, umount_root)
{
	struct agent agent, next;

	CAGE(&agent);
	ask0(&agent, x_umount_root);
	EXPECT_FALSE(stolen());
	/* The next one finds everything as it was. */
	ASSERT_EQ(0, cage_start(&self->e, &next));
	EXPECT_LE(0, ask0(&next, x_steal));
	EXPECT_TRUE(marked());
}

static long x_pivot(long a, long b, long c)
{
	memset(agent_buf, 0, sizeof(agent_buf));
	/* Old and new root in one place, as runtimes do it. */
	mkdir("/tmp/new", 0700);
	mount("/tmp/new", "/tmp/new", NULL, MS_BIND, NULL);
	if (chdir("/tmp/new"))
		return -errno;
	syscall(SYS_pivot_root, ".", ".");
	steal();
	if (stolen())
		return 0;
	umount2(".", MNT_DETACH);
	steal();
	if (stolen())
		return 0;
	/* Or the root itself, from below. */
	if (!chdir("/"))
		syscall(SYS_pivot_root, "/proc", "/proc/sys");
	mount("/", "/tmp", NULL, MS_MOVE, NULL);
	mount("/proc", "/", NULL, MS_MOVE, NULL);
	return steal();
}

TEST_F(mount, pivot)
{
	struct agent agent, next;

	CAGE(&agent);
	ask0(&agent, x_pivot);
	EXPECT_FALSE(stolen());
	ASSERT_EQ(0, cage_start(&self->e, &next));
	EXPECT_LE(0, ask0(&next, x_steal));
	EXPECT_FALSE(stolen());
}

/* A bind of one's own, which nobody outside sees. */
static long x_bind(long a, long b, long c)
{
	mkdir("/tmp/bound", 0700);
	mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
	return res(mount("/proc", "/tmp/bound", NULL, MS_BIND | MS_REC, NULL));
}

TEST_F(mount, propagation)
{
	struct agent agent;

	CAGE(&agent);
	EXPECT_EQ(self->e.cage == CAGE_OPEN || self->e.cage == CAGE_TRUSTED,
		  ask0(&agent, x_bind) == 0);
	EXPECT_NE(0, access(CAGE_FILE("tmp/bound/self"), F_OK));
	EXPECT_NE(0, access(CAGE_FILE("proc/self"), F_OK));
}

/* A mount that could not be written is not remounted. */
static long x_remount(long a, long b, long c)
{
	return res(mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
}

TEST_F(mount, remount)
{
	bool has_sys = self->e.cage != CAGE_SHARED;
	struct agent agent;

	CAGE(&agent);
	EXPECT_DAMAGE(ask0(&agent, x_remount) == 0);
	/* A context without a network namespace has none. */
	EXPECT_EQ(has_sys, ask_read(&agent, "/sys/kernel/uevent_seqnum") > 0);
}

TEST_HARNESS_MAIN
