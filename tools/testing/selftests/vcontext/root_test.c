// SPDX-License-Identifier: GPL-2.0
/*
 * The virtual root of a context and what is bound below it: the inside sees
 * one directory, with what the kernel mounts there, and nothing else.
 */
#include "common.h"

#include <linux/io_uring.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup	425
#endif
#ifndef MS_REC
#define MS_REC			16384
#endif

#define VC_REMOVE_ROOT		VC_SET(VC_CAT_VFS, VC_VFS_UNROOT)
#define VC_SET_BIND		VC_SET(VC_CAT_VFS, VC_VFS_BIND)
#define VC_GET_BIND		VC_GET(VC_CAT_VFS, VC_VFS_BIND)

#define BASE			"/root-test"
#define DIR			BASE "/dir"
#define AGENT			"/agent"

#define ALL_CAPS		(~0ULL)

/* ---- the host's side ---- */

/* What a root has: an agent, a mark, and places to mount on. */
static long dir_fill(const char *dir)
{
	static const char * const dirs[] = { "proc", "dev", "sys", "etc", "sub" };
	char path[256];
	unsigned int i;
	long ret;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, dirs[i]);
		if (mkdir(path, 0755))
			return -errno;
	}
	snprintf(path, sizeof(path), "%s" AGENT, dir);
	ret = file_copy("/proc/self/exe", path);
	snprintf(path, sizeof(path), "%s/mark", dir);
	return ret ?: file_make(path, "inside", 0644);
}

static long bind_add(__u32 id, const char *source, const char *target,
		     __u32 flags)
{
	struct vc_bind bind = {
		.source = (uintptr_t)source,
		.target = (uintptr_t)target,
		.source_len = strlen(source),
		.target_len = strlen(target),
		.flags = flags,
	};

	return vc(VC_SET_BIND, id, &bind);
}

static long root_remove(__u32 id)
{
	return vc(VC_REMOVE_ROOT, id, NULL);
}

/* An agent in a context with a root. */
static long enter(struct agent *agent, long id, unsigned int flags)
{
	return agent_start_by(agent, agent_enter, id, AGENT, flags);
}

FIXTURE(root)
{
	long id;
};

FIXTURE_SETUP(root)
{
	VC_SETUP();
	ASSERT_EQ(0, mkdir(BASE, 0755));
	/* all of it goes with the mount */
	ASSERT_EQ(0, mount("root-test", BASE, "tmpfs", 0, NULL));
	ASSERT_EQ(0, mount(NULL, BASE, NULL, MS_PRIVATE, NULL));
	ASSERT_EQ(0, mkdir(DIR, 0755));
	ASSERT_EQ(0, dir_fill(DIR));
	ASSERT_EQ(0, file_make(BASE "/secret", "outside", 0644));
	self->id = ctx_new(0);
	ASSERT_GT(self->id, 0);
}

FIXTURE_TEARDOWN(root)
{
	vc_teardown();
	umount2(BASE, MNT_DETACH);
	rmdir(BASE);
}

/* ---- what agents do ---- */

static long a_exists(long a, long b, long c)
{
	struct stat st;

	return lstat(agent_buf, &st) ? -errno : (long)(st.st_mode & S_IFMT);
}

static long a_make(long a, long b, long c)
{
	int fd = open(agent_buf, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* As a stranger would: once more with the way out that chroot(2) leaves. */
static long a_climb(long a, long b, long c)
{
	int i;

	mkdir("/sub/below", 0755);
	if (chroot("/sub/below"))
		return -errno;
	for (i = 0; i < 64; i++)
		if (chdir(".."))
			return -errno;
	return res(chroot("."));
}

static long a_umount(long flags, long b, long c)
{
	return res(umount2(agent_buf, flags));
}

static long a_remount_rw(long a, long b, long c)
{
	return res(mount(NULL, agent_buf, NULL, MS_REMOUNT | MS_BIND, NULL));
}

static long a_pivot(long a, long b, long c)
{
	if (mount("/sub", "/sub", NULL, MS_BIND, NULL))
		return -errno;
	if (chdir("/sub") || syscall(SYS_pivot_root, ".", "."))
		return -errno;
	/* what was the root lies on top of the new one */
	if (umount2(".", MNT_DETACH) || chdir("/"))
		return -errno;
	return 0;
}

static long a_device(long flags, long b, long c)
{
	struct stat st;
	int fd = open(agent_buf, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		st.st_rdev = 0;
	close(fd);
	return major(st.st_rdev) << 8 | minor(st.st_rdev);
}

/* A pair of terminals: what goes into one comes out of the other. */
static long a_terminal(long a, long b, long c)
{
	int main_fd, other, number, unlock = 0;
	char path[64], byte = 0;

	main_fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (main_fd < 0)
		return -errno;
	if (ioctl(main_fd, TIOCSPTLCK, &unlock) ||
	    ioctl(main_fd, TIOCGPTN, &number))
		return -errno;
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	other = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (other < 0)
		return -errno;
	if (write(other, "x", 1) != 1 || read(main_fd, &byte, 1) != 1)
		return -EIO;
	return byte == 'x' ? number : -EIO;
}

/* The numbers in /proc that are processes. */
static long a_processes(long a, long b, long c)
{
	long nr = 0, pid;
	char path[64];

	for (pid = 1; pid < 4096; pid++) {
		snprintf(path, sizeof(path), "/proc/%ld", pid);
		if (!access(path, F_OK))
			nr++;
	}
	return nr;
}

/* What GET says of its own context's root: its length, and it. */
static long a_own_root(long a, long b, long c)
{
	char path[128] = "";
	struct vc_vfs_root root = {
		.path = (uintptr_t)path,
		.len = sizeof(path) - 1,
	};
	long ret = vc(VC_GET_ROOT, VC_ID_SELF, &root);

	COPY(agent_buf, path);
	return ret ?: (long)root.len;
}

/* ---- what is seen ---- */

TEST_F(root, shows_one_directory)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	/* a control: outside it is there */
	EXPECT_EQ(7, file_read(BASE "/secret", agent_buf, sizeof(agent_buf)));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(6, ask_read(&agent, "/mark"));
	EXPECT_STREQ("inside", agent_buf);
	EXPECT_EQ(6, ask_read(&agent, "/../../mark"));
	EXPECT_EQ(-ENOENT, ask_read(&agent, BASE "/secret"));
	EXPECT_EQ(-ENOENT, ask_read(&agent, "/../secret"));
}

TEST_F(root, nothing_is_above)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(0, ask0(&agent, a_climb));
	EXPECT_EQ(6, ask_read(&agent, "/mark"));
	EXPECT_STREQ("inside", agent_buf);
	EXPECT_EQ(-ENOENT, ask_read(&agent, "/secret"));
}

TEST_F(root, mounts_are_locked)
{
	static const char * const mounts[] = { "/", "/proc", "/dev", "/dev/pts" };
	struct agent agent;
	unsigned int i;

	ASSERT_EQ(0, ctx_set_caps(self->id, ALL_CAPS));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		COPY(agent_buf, mounts[i]);
		EXPECT_EQ(-EINVAL, ask(&agent, a_umount, 0)) {
			TH_LOG("%s", mounts[i]);
		}
		COPY(agent_buf, mounts[i]);
		EXPECT_EQ(-EINVAL, ask(&agent, a_umount, MNT_DETACH));
	}
	EXPECT_EQ(6, ask_read(&agent, "/mark"));
}

TEST_F(root, pivot_shows_nothing_else)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_set_caps(self->id, ALL_CAPS));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, file_make(DIR "/sub/mark", "below", 0644));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	ASSERT_EQ(0, ask0(&agent, a_pivot));
	EXPECT_EQ(5, ask_read(&agent, "/mark"));
	EXPECT_STREQ("below", agent_buf);
	COPY(agent_buf, "/");
	EXPECT_EQ(-EINVAL, ask(&agent, a_umount, MNT_DETACH));
	EXPECT_EQ(-ENOENT, ask_read(&agent, BASE "/secret"));
	EXPECT_EQ(-ENOENT, ask_read(&agent, "/../secret"));
}

TEST_F(root, readonly)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_set_caps(self->id, ALL_CAPS));
	ASSERT_EQ(0, mount("below", DIR "/sub", "tmpfs", 0, NULL));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, VC_ROOT_READONLY));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(-EROFS, ask_path(&agent, a_make, "/new"));
	EXPECT_EQ(-EROFS, ask_path(&agent, a_make, "/sub/new"));
	EXPECT_EQ(-EPERM, ask_path(&agent, a_remount_rw, "/"));
	EXPECT_EQ(-EPERM, ask_path(&agent, a_remount_rw, "/sub"));
	EXPECT_EQ(-EROFS, ask_path(&agent, a_make, "/new"));
	/* what the kernel has mounted is the context's own */
	EXPECT_EQ(0, ask_path(&agent, a_make, "/dev/shm/new"));
	/* and outside it is what it was */
	EXPECT_EQ(0, file_make(DIR "/new", "", 0644));
	umount2(DIR "/sub", MNT_DETACH);
}

TEST_F(root, writable)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(0, ask_path(&agent, a_make, "/new"));
	EXPECT_EQ(0, access(DIR "/new", F_OK));
}

TEST_F(root, mounts_below_come_along)
{
	struct agent agent;

	ASSERT_EQ(0, mount("below", DIR "/sub", "tmpfs", 0, NULL));
	ASSERT_EQ(0, file_make(DIR "/sub/mark", "below", 0644));
	ASSERT_EQ(0, mkdir(DIR "/etc/hidden", 0755));
	ASSERT_EQ(0, mount("hidden", DIR "/etc/hidden", "tmpfs", 0, NULL));
	ASSERT_EQ(0, mount(NULL, DIR "/etc/hidden", NULL, MS_UNBINDABLE, NULL));
	ASSERT_EQ(0, file_make(DIR "/etc/hidden/mark", "hidden", 0644));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	/* what comes later does not, nor does what goes go */
	ASSERT_EQ(0, mkdir(DIR "/etc/later", 0755));
	ASSERT_EQ(0, mount("later", DIR "/etc/later", "tmpfs", 0, NULL));
	ASSERT_EQ(0, file_make(DIR "/etc/later/mark", "later", 0644));
	ASSERT_EQ(0, umount2(DIR "/sub", 0));

	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(5, ask_read(&agent, "/sub/mark"));
	EXPECT_EQ(-ENOENT, ask_read(&agent, "/etc/hidden/mark"));
	EXPECT_EQ(-ENOENT, ask_read(&agent, "/etc/later/mark"));
	umount2(DIR "/etc/later", MNT_DETACH);
	umount2(DIR "/etc/hidden", MNT_DETACH);
}

/* The file system that the directory is on. */
FIXTURE(root_on)
{
	long id;
};

FIXTURE_VARIANT(root_on)
{
	const char *type, *data;
	/* below its mount */
	const char *dir;
};

FIXTURE_VARIANT_ADD(root_on, tmpfs) { .type = "tmpfs", .dir = "" };
FIXTURE_VARIANT_ADD(root_on, subtree) { .type = "tmpfs", .dir = "/a/b" };
FIXTURE_VARIANT_ADD(root_on, overlay) {
	.type = "overlay",
	.data = "lowerdir=" BASE "/lower,upperdir=" BASE "/upper,workdir=" BASE "/work",
	.dir = "",
};

FIXTURE_SETUP(root_on)
{
	VC_SETUP();
	ASSERT_EQ(0, mkdir(BASE, 0755));
	ASSERT_EQ(0, mount("root-test", BASE, "tmpfs", 0, NULL));
	ASSERT_EQ(0, mkdir(BASE "/lower", 0755));
	ASSERT_EQ(0, mkdir(BASE "/upper", 0755));
	ASSERT_EQ(0, mkdir(BASE "/work", 0755));
	ASSERT_EQ(0, mkdir(DIR, 0755));
	ASSERT_EQ(0, mount("root-on", DIR, variant->type, 0, variant->data));
	mkdir(DIR "/a", 0755);
	mkdir(DIR "/a/b", 0755);
	self->id = ctx_new(0);
	ASSERT_GT(self->id, 0);
}

FIXTURE_TEARDOWN(root_on)
{
	vc_teardown();
	umount2(DIR, MNT_DETACH);
	umount2(BASE, MNT_DETACH);
	rmdir(BASE);
}

TEST_F(root_on, works_and_lets_go)
{
	struct agent agent;
	char path[128];

	snprintf(path, sizeof(path), DIR "%s", variant->dir);
	ASSERT_EQ(0, dir_fill(path));
	ASSERT_EQ(0, ctx_set_root(self->id, path, 0));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(6, ask_read(&agent, "/mark"));
	EXPECT_EQ(0, ask_path(&agent, a_make, "/new"));
	EXPECT_EQ(6, ask_read(&agent, "/../../mark"));
	/* the host's mount is not held */
	EXPECT_EQ(0, umount2(DIR, 0));
	EXPECT_EQ(6, ask_read(&agent, "/mark"));
}

/* ---- what the kernel mounts ---- */

TEST_F(root, proc_of_the_context)
{
	struct agent agent;
	long id = ctx_new(VC_CREATE_PIDNS);

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, ctx_set_root(id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, id, AGENT_FORK));
	EXPECT_EQ(1, ask0(&agent, a_getpid));
	EXPECT_EQ(1, ask0(&agent, a_processes));
	ASSERT_EQ(2, ask0(&agent, a_fork));
	EXPECT_EQ(2, ask0(&agent, a_processes));
	EXPECT_LT(0, ask_read(&agent, "/proc/self/status"));
}

TEST_F(root, proc_is_made_anew_with_its_namespace)
{
	struct agent agent;
	long id = ctx_new(VC_CREATE_PIDNS);

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, ctx_set_root(id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, id, AGENT_FORK));
	ASSERT_EQ(1, ask0(&agent, a_getpid));
	agent_end(&agent);
	WAIT_FOR(vc(VC_COUNT, id, NULL) == 0);
	/* the first one of the next life */
	ASSERT_EQ(0, enter(&agent, id, AGENT_FORK));
	EXPECT_EQ(1, ask0(&agent, a_getpid));
	EXPECT_EQ(1, ask0(&agent, a_processes));
	EXPECT_EQ(6, ask_read(&agent, "/mark"));
}

TEST_F(root, dev_has_the_permitted)
{
	static const struct {
		const char *path;
		int major, minor;
	} nodes[] = {
		{ "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 },
		{ "/dev/full", 1, 7 }, { "/dev/random", 1, 8 },
		{ "/dev/urandom", 1, 9 },
	};
	struct agent agent;
	unsigned int i;

	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		COPY(agent_buf, nodes[i].path);
		EXPECT_EQ(nodes[i].major << 8 | nodes[i].minor,
			  ask(&agent, a_device, O_RDWR)) {
			TH_LOG("%s", nodes[i].path);
		}
	}
	EXPECT_EQ(S_IFCHR, ask_path(&agent, a_exists, "/dev/tty"));
	EXPECT_EQ(S_IFLNK, ask_path(&agent, a_exists, "/dev/fd"));
	EXPECT_EQ(0, ask_path(&agent, a_make, "/dev/shm/new"));
	/* a devpts of its own counts from 0 */
	EXPECT_EQ(0, ask0(&agent, a_terminal));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, "/dev/kmsg"));
	/* the directory itself has none of it */
	EXPECT_NE(0, access(DIR "/dev/null", F_OK));
}

/* Who is in keeps the /dev that is there, and so does who comes to him. */
TEST_F(root, dev_changes_for_who_comes_next)
{
	struct agent agent, later;
	struct {
		struct vc_devices head;
		struct vc_device dev[1];
	} list = {
		.head.count = 1,
		.dev = { { 'c', 1, 3, VC_DEVICE_READ } },
	};

	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	ASSERT_EQ(0, ask_path(&agent, a_make, "/dev/shm/new"));
	ASSERT_EQ(0, vc(VC_SET_DEVICES, self->id, &list));
	EXPECT_EQ(S_IFCHR, ask_path(&agent, a_exists, "/dev/zero"));
	ASSERT_EQ(0, enter(&later, self->id, 0));
	EXPECT_EQ(S_IFREG, ask_path(&later, a_exists, "/dev/shm/new"));
	agent_end(&agent);
	agent_end(&later);
	WAIT_FOR(vc(VC_COUNT, self->id, NULL) == 0);

	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(S_IFCHR, ask_path(&agent, a_exists, "/dev/null"));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, "/dev/zero"));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, "/dev/shm/new"));
}

/* What is above a root decides what is in it, whichever was set first. */
TEST_F(root, bare_above_afterwards)
{
	long parent = ctx_make(VC_ID_SELF, 0, 4, "");
	struct agent agent;
	long child;

	ASSERT_GT(parent, 0);
	child = ctx_new_below(parent, 0);
	ASSERT_GT(child, 0);
	ASSERT_EQ(0, ctx_set_root(child, DIR, 0));
	ASSERT_EQ(0, ctx_set_root(parent, DIR, VC_ROOT_BARE));
	ASSERT_EQ(0, enter(&agent, child, 0));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, "/proc/self"));
	agent_end(&agent);
	WAIT_FOR(vc(VC_COUNT, child, NULL) == 0);
	ASSERT_EQ(0, root_remove(parent));
	ASSERT_EQ(0, enter(&agent, child, 0));
	EXPECT_EQ(S_IFLNK, ask_path(&agent, a_exists, "/proc/self"));
}

TEST_F(root, sys_with_a_network_alone)
{
	long id = ctx_new(VC_CREATE_NETNS);
	struct agent agent;

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, ctx_set_root(id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, id, 0));
	EXPECT_EQ(S_IFLNK, ask_path(&agent, a_exists, "/sys/class/net/lo"));
	EXPECT_EQ(-EROFS, ask_write(&agent, "/sys/class/net/lo/ifalias", "x"));
	agent_end(&agent);
	/* without one the host's devices would be there */
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, "/sys/class"));
}

TEST_F(root, bare_has_nothing)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_set_root(self->id, DIR, VC_ROOT_BARE));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, "/proc/self"));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, "/dev/null"));
	EXPECT_EQ(6, ask_read(&agent, "/mark"));
}

TEST_F(root, without_places_nothing_is_mounted)
{
	struct agent agent;

	ASSERT_EQ(0, rmdir(DIR "/proc"));
	ASSERT_EQ(0, rmdir(DIR "/dev"));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, "/proc"));
	EXPECT_EQ(6, ask_read(&agent, "/mark"));
}

/* A root that was unpacked from anywhere must not tell where proc goes. */
TEST_F(root, proc_goes_not_where_a_link_leads)
{
	struct agent agent;

	ASSERT_EQ(0, rmdir(DIR "/proc"));
	ASSERT_EQ(0, symlink("/etc", DIR "/proc"));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(S_IFLNK, ask_path(&agent, a_exists, "/proc"));
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, "/etc/self"));
	EXPECT_EQ(S_IFCHR, ask_path(&agent, a_exists, "/dev/null"));
}

/* ---- the commands ---- */

TEST_F(root, get_tells_what_was_set)
{
	char path[128] = "";
	struct vc_vfs_root root = {
		.path = (uintptr_t)path,
		.len = sizeof(path),
	};
	struct agent agent;

	EXPECT_EQ(-ENOENT, vc(VC_GET_ROOT, self->id, &root));
	ASSERT_EQ(0, chdir(BASE));
	ASSERT_EQ(0, ctx_set_root(self->id, "dir/../dir", VC_ROOT_READONLY));
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(0, vc(VC_GET_ROOT, self->id, &root));
	EXPECT_EQ(strlen(DIR), root.len);
	EXPECT_EQ(VC_ROOT_READONLY, root.flags);
	EXPECT_STREQ(DIR, path);

	root.len = 3;
	EXPECT_EQ(-ERANGE, vc(VC_GET_ROOT, self->id, &root));
	EXPECT_EQ(strlen(DIR), root.len);

	/* where it is outside is not for the inside */
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(1, ask0(&agent, a_own_root));
	EXPECT_STREQ("/", agent_buf);
}

TEST_F(root, bad_input)
{
	struct vc_vfs_root root = { .path = (uintptr_t)DIR, .len = strlen(DIR) };
	char nul[] = DIR "\0x";

	EXPECT_EQ(-ENOENT, ctx_set_root(self->id, BASE "/none", 0));
	EXPECT_EQ(-ENOTDIR, ctx_set_root(self->id, BASE "/secret", 0));
	EXPECT_NE(NULL, strstr(ctx_error(), BASE "/secret"));
	EXPECT_EQ(-EINVAL, ctx_set_root(self->id, "", 0));
	EXPECT_EQ(-EINVAL, ctx_set_root(self->id, DIR, 4));
	EXPECT_NE(NULL, strstr(ctx_error(), "flags 0x4"));
	EXPECT_EQ(-ESRCH, ctx_set_root(ID_UNKNOWN, DIR, 0));
	EXPECT_EQ(-EPERM, ctx_set_root(VC_ID_HOST, DIR, 0));
	root.path = (uintptr_t)nul;
	root.len = sizeof(nul) - 1;
	EXPECT_EQ(-EINVAL, vc(VC_SET_ROOT, self->id, &root));
	root.path = 0;
	EXPECT_EQ(-EFAULT, vc(VC_SET_ROOT, self->id, &root));
	root.len = 8000;
	EXPECT_EQ(-E2BIG, vc(VC_SET_ROOT, self->id, &root));
	EXPECT_EQ(-ENOENT, root_remove(self->id));
	ASSERT_EQ(0, caps_lower());
	EXPECT_EQ(-EPERM, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, caps_raise());
	EXPECT_EQ(0, ctx_set_root(self->id, DIR, 0));
	EXPECT_EQ(-EBUSY, ctx_set_root(self->id, DIR, 0));
}

TEST_F(root, changes_while_nobody_is_in)
{
	long other = ctx_new(0);
	struct agent agent;

	ASSERT_GT(other, 0);
	ASSERT_EQ(0, agent_start(&agent, other, 0));
	EXPECT_EQ(-EBUSY, ctx_set_root(other, DIR, 0));
	agent_end(&agent);
	WAIT_FOR(vc(VC_COUNT, other, NULL) == 0);
	EXPECT_EQ(0, ctx_set_root(other, DIR, 0));
	ASSERT_EQ(0, enter(&agent, other, 0));
	EXPECT_EQ(-EBUSY, root_remove(other));
	EXPECT_EQ(-EBUSY, bind_add(other, BASE "/secret", "/mark", 0));
	agent_end(&agent);
	WAIT_FOR(vc(VC_COUNT, other, NULL) == 0);
	EXPECT_EQ(0, root_remove(other));
	EXPECT_EQ(-ENOENT, root_remove(other));
	/* the host's tree again */
	ASSERT_EQ(0, agent_start(&agent, other, 0));
	EXPECT_EQ(7, ask_read(&agent, BASE "/secret"));
}

TEST_F(root, below_a_root)
{
	char path[128] = "";
	struct vc_vfs_root root = { .path = (uintptr_t)path, .len = sizeof(path) };
	long parent = ctx_make(VC_ID_SELF, 0, 4, "");
	struct agent agent, inner;
	long child;

	ASSERT_GT(parent, 0);
	ASSERT_EQ(0, dir_fill(DIR "/sub"));
	ASSERT_EQ(0, ctx_set_root(parent, DIR, 0));
	ASSERT_EQ(0, enter(&agent, parent, 0));
	child = ask3(&agent, a_create, 0, 0, 0);
	ASSERT_GT(child, 0);
	/* a child without one has that of its parent */
	ASSERT_EQ(0, enter(&inner, child, 0));
	EXPECT_EQ(6, ask_read(&inner, "/mark"));
	EXPECT_EQ(-ENOENT, ask_read(&inner, BASE "/secret"));
	agent_end(&inner);
	WAIT_FOR(vc(VC_COUNT, child, NULL) == 0);
	/* the host sets one for the child, and tells where */
	ASSERT_EQ(0, ctx_set_root(child, DIR "/sub", 0));
	ASSERT_EQ(0, file_make(DIR "/sub/mark", "deeper", 0644));
	ASSERT_EQ(0, enter(&inner, child, 0));
	EXPECT_EQ(6, ask_read(&inner, "/mark"));
	EXPECT_STREQ("deeper", agent_buf);
	EXPECT_EQ(0, vc(VC_GET_ROOT, child, &root));
	EXPECT_STREQ(DIR "/sub", path);
}

/* ---- entering ---- */

static long hold_dir(void)
{
	return res(open("/", O_RDONLY | O_DIRECTORY));
}

static long hold_path(void)
{
	return res(open("/etc", O_PATH));
}

static long hold_uring(void)
{
	struct io_uring_params params = {};

	return res(syscall(__NR_io_uring_setup, 4, &params));
}

FIXTURE(root_holding)
{
	long id;
};

FIXTURE_VARIANT(root_holding)
{
	long (*hold)(void);
};

FIXTURE_VARIANT_ADD(root_holding, directory) { .hold = hold_dir };
FIXTURE_VARIANT_ADD(root_holding, place) { .hold = hold_path };
FIXTURE_VARIANT_ADD(root_holding, uring) { .hold = hold_uring };

FIXTURE_SETUP(root_holding)
{
	VC_SETUP();
	mkdir("/etc", 0755);
	ASSERT_EQ(0, mkdir(BASE, 0755));
	ASSERT_EQ(0, mount("root-test", BASE, "tmpfs", 0, NULL));
	ASSERT_EQ(0, mkdir(DIR, 0755));
	ASSERT_EQ(0, dir_fill(DIR));
	self->id = ctx_new(0);
	ASSERT_GT(self->id, 0);
}

FIXTURE_TEARDOWN(root_holding)
{
	vc_teardown();
	umount2(BASE, MNT_DETACH);
	rmdir(BASE);
}

static long (*holding)(void);

static long enter_holding(long id)
{
	char word[32];
	long fd, ret;

	fd = holding();
	if (fd < 0)
		return fd;
	ret = vc(VC_MIGRATE, id, NULL);
	snprintf(word, sizeof(word), "descriptor %ld ", fd);
	if (ret == -EBUSY && !strstr(ctx_error(), word))
		return -EPROTO;
	if (ret)
		return ret;
	close(fd);
	return 0;
}

TEST_F(root_holding, is_refused)
{
	holding = variant->hold;
	/* a context without a root does not mind */
	EXPECT_EQ(0, in_child(enter_holding, self->id));
	WAIT_FOR(vc(VC_COUNT, self->id, NULL) == 0);
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	EXPECT_EQ(-EBUSY, in_child(enter_holding, self->id));
}

static long sharing_id;

/* What became of it is left in memory that both share. */
static long enter_sharing(long flags)
{
	struct {
		__aligned_u64 flags, pidfd, child_tid, parent_tid;
		__aligned_u64 exit_signal, stack, stack_size, tls;
	} args = { .flags = flags, .exit_signal = SIGCHLD };
	int status;
	long pid;

	pid = syscall(__NR_clone3, &args, sizeof(args));
	if (!pid)
		_exit(-vc(VC_MIGRATE, sharing_id, NULL));
	if (pid < 0)
		return -errno;
	waitpid(pid, &status, 0);
	return -WEXITSTATUS(status);
}

TEST_F(root, who_shares_cannot_enter)
{
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	sharing_id = self->id;
	EXPECT_EQ(-EINVAL, in_child(enter_sharing, CLONE_FS));
	EXPECT_EQ(-EINVAL, in_child(enter_sharing, CLONE_FILES));
	EXPECT_EQ(0, in_child(enter_sharing, 0));
}

static long exec_itself(long id)
{
	char *argv[] = { (char *)"none", NULL };
	long ret = vc(VC_MIGRATE, id, NULL);

	if (ret)
		return ret;
	execv("/proc/self/exe", argv);
	return -errno;
}

static long exec_script(long id)
{
	char *argv[] = { (char *)"none", NULL };
	long ret = vc(VC_MIGRATE, id, NULL);

	if (ret)
		return ret;
	execv("/script", argv);
	return -errno;
}

/* CVE-2019-5736: the program that enters is not one of the inside. */
TEST_F(root, programs_of_the_outside_are_not_executed)
{
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	EXPECT_EQ(-EPERM, in_child(exec_itself, self->id));
	/* also as the interpreter of a script */
	ASSERT_EQ(0, file_make(DIR "/script", "#!/proc/self/exe\n", 0755));
	ASSERT_EQ(0, chmod(DIR "/script", 0755));
	EXPECT_EQ(-EPERM, in_child(exec_script, self->id));
	/* a script as such is executed: its interpreter is what is missing */
	ASSERT_EQ(0, file_make(DIR "/script", "#!/none\n", 0755));
	EXPECT_EQ(-ENOENT, in_child(exec_script, self->id));
}

/* ---- binds ---- */

TEST_F(root, bind_directory_and_file)
{
	struct agent agent;

	ASSERT_EQ(0, mkdir(BASE "/more", 0755));
	ASSERT_EQ(0, file_make(BASE "/more/mark", "more", 0644));
	ASSERT_EQ(0, file_make(DIR "/file", "", 0644));
	EXPECT_EQ(-ENOENT, bind_add(self->id, BASE "/more", "/etc", 0));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, bind_add(self->id, BASE "/more", "/etc", 0));
	ASSERT_EQ(0, bind_add(self->id, BASE "/secret", "/file",
			      VC_BIND_READONLY));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(4, ask_read(&agent, "/etc/mark"));
	EXPECT_EQ(0, ask_path(&agent, a_make, "/etc/new"));
	EXPECT_EQ(0, access(BASE "/more/new", F_OK));
	EXPECT_EQ(7, ask_read(&agent, "/file"));
	EXPECT_EQ(-EROFS, ask_write(&agent, "/file", "x"));
	/* and nothing beside the file */
	EXPECT_EQ(-ENOENT, ask_path(&agent, a_exists, BASE));
}

TEST_F(root, bind_is_locked)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_set_caps(self->id, ALL_CAPS));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, mkdir(BASE "/more", 0755));
	ASSERT_EQ(0, bind_add(self->id, BASE "/more", "/etc",
			      VC_BIND_READONLY));
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	COPY(agent_buf, "/etc");
	EXPECT_EQ(-EINVAL, ask(&agent, a_umount, MNT_DETACH));
	EXPECT_EQ(-EPERM, ask_path(&agent, a_remount_rw, "/etc"));
	EXPECT_EQ(-EROFS, ask_path(&agent, a_make, "/etc/new"));
}

TEST_F(root, bind_targets_are_of_the_inside)
{
	struct {
		struct vc_targets head;
		char name[4][VC_TARGET_SIZE];
	} list = { .head.count = 4 };
	struct agent agent;

	ASSERT_EQ(0, mkdir(BASE "/more", 0755));
	ASSERT_EQ(0, mkdir(BASE "/more/deep", 0755));
	ASSERT_EQ(0, mkdir(BASE "/other", 0755));
	ASSERT_EQ(0, file_make(BASE "/other/mark", "other", 0644));
	/* outside this is another place */
	ASSERT_EQ(0, symlink("/sub", DIR "/link"));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, bind_add(self->id, BASE "/more", "/etc", 0));
	/* below what was bound before */
	ASSERT_EQ(0, bind_add(self->id, BASE "/other", "/etc/deep", 0));
	ASSERT_EQ(0, bind_add(self->id, BASE "/other", "/../../link", 0));
	EXPECT_EQ(0, vc(VC_GET_BIND, self->id, &list));
	EXPECT_EQ(3, list.head.count);
	EXPECT_STREQ("/etc", list.name[0]);
	EXPECT_STREQ("/etc/deep", list.name[1]);
	EXPECT_STREQ("/../../link", list.name[2]);
	ASSERT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(5, ask_read(&agent, "/etc/deep/mark"));
	EXPECT_EQ(5, ask_read(&agent, "/sub/mark"));
}

/* Who comes cannot be given what has been bound: nobody waits, nobody is in. */
TEST_F(root, bind_target_is_gone)
{
	static const struct vc_devices none;
	struct agent agent;

	ASSERT_EQ(0, mkdir(DIR "/place", 0755));
	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	ASSERT_EQ(0, bind_add(self->id, BASE, "/place", 0));
	ASSERT_EQ(0, rmdir(DIR "/place"));
	ASSERT_EQ(0, vc(VC_SET_DEVICES, self->id, &none));
	EXPECT_EQ(-ENOENT, enter(&agent, self->id, 0));
	EXPECT_EQ(0, vc(VC_COUNT, self->id, NULL));
	ASSERT_EQ(0, mkdir(DIR "/place", 0755));
	EXPECT_EQ(0, enter(&agent, self->id, 0));
	EXPECT_EQ(7, ask_read(&agent, "/place/secret"));
}

TEST_F(root, bind_bad_input)
{
	struct vc_bind bind = {
		.source = (uintptr_t)BASE,
		.target = (uintptr_t)"/etc",
		.source_len = strlen(BASE),
		.target_len = 4,
		.reserved = 1,
	};
	char name[VC_TARGET_SIZE + 1];

	ASSERT_EQ(0, ctx_set_root(self->id, DIR, 0));
	EXPECT_EQ(-EINVAL, vc(VC_SET_BIND, self->id, &bind));
	EXPECT_EQ(-EINVAL, bind_add(self->id, BASE, "/etc", 2));
	EXPECT_EQ(-EINVAL, bind_add(self->id, BASE, "etc", 0));
	EXPECT_EQ(-EINVAL, bind_add(self->id, "", "/etc", 0));
	EXPECT_EQ(-EINVAL, bind_add(self->id, BASE, "", 0));
	EXPECT_EQ(-ENOENT, bind_add(self->id, BASE "/none", "/etc", 0));
	EXPECT_EQ(-ENOENT, bind_add(self->id, BASE, "/none", 0));
	EXPECT_NE(NULL, strstr(ctx_error(), "/none"));
	EXPECT_EQ(-ENOTDIR, bind_add(self->id, BASE, "/mark", 0));
	EXPECT_EQ(-ENOTDIR, bind_add(self->id, BASE "/secret", "/etc", 0));
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	name[VC_TARGET_SIZE] = '\0';
	EXPECT_EQ(-ENAMETOOLONG, bind_add(self->id, BASE, name, 0));
	EXPECT_EQ(-ESRCH, bind_add(ID_UNKNOWN, BASE, "/etc", 0));
}

TEST_F(root, bind_survives_the_first_process)
{
	struct agent agent;
	long id = ctx_new(VC_CREATE_PIDNS);

	ASSERT_GT(id, 0);
	ASSERT_EQ(0, ctx_set_caps(id, ALL_CAPS));
	ASSERT_EQ(0, ctx_set_root(id, DIR, 0));
	ASSERT_EQ(0, mkdir(BASE "/more", 0755));
	ASSERT_EQ(0, file_make(BASE "/more/mark", "more", 0644));
	ASSERT_EQ(0, bind_add(id, BASE "/more", "/etc", 0));
	ASSERT_EQ(0, enter(&agent, id, AGENT_FORK));
	EXPECT_EQ(4, ask_read(&agent, "/etc/mark"));
	agent_end(&agent);
	WAIT_FOR(vc(VC_COUNT, id, NULL) == 0);
	ASSERT_EQ(0, enter(&agent, id, AGENT_FORK));
	EXPECT_EQ(4, ask_read(&agent, "/etc/mark"));
}

/* ---- races ---- */

static volatile bool racing;

static void *set_and_remove(void *arg)
{
	long id = (long)arg;

	while (racing) {
		ctx_set_root(id, DIR, 0);
		bind_add(id, BASE "/secret", "/mark", 0);
		root_remove(id);
	}
	return NULL;
}

/* Whoever comes in meanwhile is in a root, or in none; never in half of one. */
TEST_F(root, race_of_entry_and_change)
{
	pthread_t thread;
	int i, status;

	racing = true;
	ASSERT_EQ(0, pthread_create(&thread, NULL, set_and_remove,
				    (void *)self->id));
	for (i = 0; i < 200; i++) {
		pid_t pid = child_fork();

		if (!pid) {
			char text[16] = "";
			bool out;

			if (vc(VC_MIGRATE, self->id, NULL))
				_exit(2);
			out = !access(BASE "/secret", F_OK);
			file_read("/mark", text, sizeof(text));
			if (out)
				_exit(strcmp(text, "") ? 1 : 0);
			_exit(!strcmp(text, "inside") ||
			      !strcmp(text, "outside") ? 0 : 1);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, WEXITSTATUS(status));
	}
	racing = false;
	pthread_join(thread, NULL);
}

static void *create_and_destroy(void *arg)
{
	while (racing) {
		long id = vc(VC_CREATE, VC_ID_SELF, NULL);

		if (id <= 0)
			continue;
		*(volatile long *)arg = id;
		vc(VC_SET_ROOT, id, &(struct vc_vfs_root){
			.path = (uintptr_t)DIR, .len = strlen(DIR) });
		sched_yield();
		ctx_kill(id);
	}
	return NULL;
}

TEST_F(root, race_with_destroy)
{
	static volatile long id;
	pthread_t thread;
	int i;

	racing = true;
	ASSERT_EQ(0, pthread_create(&thread, NULL, create_and_destroy,
				    (void *)&id));
	for (i = 0; i < 400; i++) {
		pid_t pid;

		bind_add(id, BASE "/secret", "/mark", 0);
		root_remove(id);
		ctx_set_root(id, DIR, 0);
		pid = child_fork();
		if (!pid) {
			vc(VC_MIGRATE, id, NULL);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	racing = false;
	pthread_join(thread, NULL);
	EXPECT_EQ(1, ctx_all());
}

TEST_HARNESS_MAIN
