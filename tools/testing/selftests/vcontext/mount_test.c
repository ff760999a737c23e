// SPDX-License-Identifier: GPL-2.0
/*
 * The file system types that a context may mount, by whatever call, and whose
 * superblocks it may change.  The contexts here have all capabilities: what is
 * refused is refused by the list.
 */
#include "common.h"

#include <linux/mount.h>

#ifndef __NR_fsopen
#define __NR_open_tree		428
#define __NR_move_mount		429
#define __NR_fsopen		430
#define __NR_fsconfig		431
#define __NR_fsmount		432
#define __NR_fspick		433
#endif

#define DIR_HOST		"/tmp/vcontext_mount_host"
#define DIR_INSIDE		"/tmp/vcontext_mount_inside"

#define LIST_ROOM		8

struct list {
	struct vc_mounts head;
	char fstype[LIST_ROOM][VC_FSTYPE_SIZE];
};

/* Words with blanks between them. */
static long mounts_set(__u32 id, const char *words)
{
	struct list list = {};
	char copy[256], *word, *rest = copy;

	COPY(copy, words);
	while ((word = strsep(&rest, " ")))
		if (*word)
			COPY(list.fstype[list.head.count++], word);
	return vc(VC_SET_MOUNTS, id, &list);
}

static const char *mounts(__u32 id)
{
	static char bufs[4][512];
	static unsigned int next;
	char *buf = bufs[next++ % 4];
	struct list list;
	unsigned int i;

	memset(&list, 0xa5, sizeof(list));
	list.head.count = LIST_ROOM;
	list.head.reserved = 0;
	buf[0] = '\0';
	if (vc(VC_GET_MOUNTS, id, &list))
		return "?";
	for (i = 0; i < list.head.count && i < LIST_ROOM; i++)
		strcatf(buf, sizeof(bufs[0]), "%s%.32s", i ? " " : "",
			list.fstype[i]);
	return buf;
}

static __u32 error_index(void)
{
	struct vc_error error = {};

	vc(VC_LAST_ERROR, 0, &error);
	return error.index;
}

/* ---- what agents do, in a mount namespace of their own ---- */

/* The type in agent_buf, mounted and unmounted. */
static long a_mount(long flags, long b, long c)
{
	if (mount("none", DIR_INSIDE, agent_buf, flags, NULL))
		return -errno;
	return res(umount2(DIR_INSIDE, MNT_DETACH));
}

static long ask_mount(struct agent *agent, const char *type)
{
	COPY(agent_buf, type);
	return ask0(agent, a_mount);
}

/* The same with the calls of the new interface. */
static long a_fsmount(long a, long b, long c)
{
	int fs = syscall(__NR_fsopen, agent_buf, FSOPEN_CLOEXEC), mnt;
	long ret;

	if (fs < 0)
		return -errno;
	ret = res(syscall(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL,
			  0));
	if (!ret) {
		mnt = syscall(__NR_fsmount, fs, FSMOUNT_CLOEXEC, 0);
		ret = mnt < 0 ? -errno : 0;
		if (mnt >= 0)
			close(mnt);
	}
	close(fs);
	return ret;
}

static long ask_fsmount(struct agent *agent, const char *type)
{
	COPY(agent_buf, type);
	return ask0(agent, a_fsmount);
}

/* Creates what agent_fd has been opened for. */
static long a_fscreate(long a, long b, long c)
{
	return res(syscall(__NR_fsconfig, agent_fd, FSCONFIG_CMD_CREATE, NULL,
			   NULL, 0));
}

static long a_private(long a, long b, long c)
{
	return res(unshare(CLONE_NEWNS)) ?:
	       res(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static long a_bind(long a, long b, long c)
{
	return res(mount(DIR_HOST, DIR_INSIDE, NULL, MS_BIND, NULL)) ?:
	       res(mount(NULL, DIR_INSIDE, NULL,
			 MS_REMOUNT | MS_BIND | MS_RDONLY, NULL)) ?:
	       res(umount(DIR_INSIDE));
}

static long a_remount(long flags, long b, long c)
{
	return res(mount(NULL, agent_buf, NULL, MS_REMOUNT | flags, NULL));
}

static long ask_remount(struct agent *agent, const char *dir, long flags)
{
	COPY(agent_buf, dir);
	return ask(agent, a_remount, flags);
}

static long a_fspick(long a, long b, long c)
{
	int fs = syscall(__NR_fspick, AT_FDCWD, agent_buf, FSPICK_CLOEXEC);
	long ret;

	if (fs < 0)
		return -errno;
	ret = res(syscall(__NR_fsconfig, fs, FSCONFIG_CMD_RECONFIGURE, NULL,
			  NULL, 0));
	close(fs);
	return ret;
}

static long ask_fspick(struct agent *agent, const char *dir)
{
	COPY(agent_buf, dir);
	return ask0(agent, a_fspick);
}

/* Leaves the type in agent_buf on DIR_INSIDE. */
static long a_mount_stay(long flags, long b, long c)
{
	return res(mount("none", DIR_INSIDE, agent_buf, flags, NULL));
}

FIXTURE(mount)
{
	long id;
	struct agent host, agent;
};

FIXTURE_SETUP(mount)
{
	VC_SETUP();
	mkdir(DIR_HOST, 0755);
	mkdir(DIR_INSIDE, 0755);
	ASSERT_EQ(0, mount("none", DIR_HOST, "tmpfs", 0, NULL));
	self->id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, ctx_set_caps(self->id, ~0ULL));
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	ASSERT_EQ(0, ask0(&self->host, a_private));
	ASSERT_EQ(0, ask0(&self->agent, a_private));
}

FIXTURE_TEARDOWN(mount)
{
	vc_teardown();
	umount2(DIR_HOST, MNT_DETACH);
	rmdir(DIR_HOST);
	rmdir(DIR_INSIDE);
}

TEST_F(mount, none)
{
	static const char * const types[] = {
		"tmpfs", "proc", "sysfs", "cgroup2", "mqueue",
	};
	unsigned int i;

	EXPECT_STREQ("", mounts(self->id));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_EQ(0, ask_mount(&self->host, types[i]));
		EXPECT_EQ(-EPERM, ask_mount(&self->agent, types[i]))
			TH_LOG("%s", types[i]);
		EXPECT_EQ(0, ask_fsmount(&self->host, types[i]));
		EXPECT_EQ(-EPERM, ask_fsmount(&self->agent, types[i]))
			TH_LOG("%s", types[i]);
	}
}

TEST_F(mount, permitted)
{
	ASSERT_EQ(0, mounts_set(self->id, "tmpfs proc"));
	EXPECT_STREQ("proc tmpfs", mounts(self->id));
	EXPECT_EQ(0, ask_mount(&self->agent, "tmpfs"));
	EXPECT_EQ(0, ask_mount(&self->agent, "proc"));
	EXPECT_EQ(0, ask_fsmount(&self->agent, "tmpfs"));
	EXPECT_EQ(-EPERM, ask_mount(&self->agent, "sysfs"));
	EXPECT_EQ(-EPERM, ask_fsmount(&self->agent, "sysfs"));
	/* a list is not a beginning */
	ASSERT_EQ(0, mounts_set(self->id, "tmp"));
	EXPECT_EQ(-EPERM, ask_mount(&self->agent, "tmpfs"));
	ASSERT_EQ(0, mounts_set(self->id, ""));
	EXPECT_EQ(-EPERM, ask_mount(&self->agent, "tmpfs"));
	EXPECT_STREQ("", mounts(self->id));
}

/* Mounts that are there already need the capability alone. */
TEST_F(mount, bind)
{
	EXPECT_EQ(0, ask0(&self->host, a_bind));
	EXPECT_EQ(0, ask0(&self->agent, a_bind));
	ASSERT_EQ(0, ctx_set_caps(self->id, ~(1ULL << CAP_SYS_ADMIN)));
	EXPECT_EQ(-EPERM, ask0(&self->agent, a_bind));
}

TEST_F(mount, userns)
{
	ASSERT_EQ(0, mounts_set(self->id, "mqueue"));
	ASSERT_EQ(0, ask(&self->host, a_unshare,
			 CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC));
	ASSERT_EQ(0, ask(&self->agent, a_unshare,
			 CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC));
	EXPECT_EQ(0, ask_mount(&self->host, "tmpfs"));
	EXPECT_EQ(-EPERM, ask_mount(&self->agent, "tmpfs"));
	EXPECT_EQ(-EPERM, ask_fsmount(&self->agent, "tmpfs"));
	EXPECT_EQ(0, ask_mount(&self->agent, "mqueue"));
}

/* What the kernel mounts for itself: the message queues of a namespace. */
TEST_F(mount, internal)
{
	EXPECT_EQ(0, ask(&self->agent, a_unshare, CLONE_NEWIPC));
}

/* Opened outside, created inside: it is who creates that is asked. */
TEST_F(mount, passed_in)
{
	int fs = syscall(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);

	ASSERT_LE(0, fs);
	ASSERT_EQ(0, agent_give(&self->agent, fs));
	EXPECT_EQ(-EPERM, ask0(&self->agent, a_fscreate));
	close(fs);
	/* one that has failed is good for nothing */
	fs = syscall(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	ASSERT_LE(0, fs);
	ASSERT_EQ(0, agent_give(&self->host, fs));
	EXPECT_EQ(0, ask0(&self->host, a_fscreate));
	close(fs);
}

/* ---- superblocks ---- */

TEST_F(mount, remount)
{
	ASSERT_EQ(0, mounts_set(self->id, "tmpfs"));
	/* the host's */
	EXPECT_EQ(-EPERM, ask_remount(&self->agent, DIR_HOST, 0));
	EXPECT_EQ(-EPERM, ask_remount(&self->agent, DIR_HOST, MS_RDONLY));
	EXPECT_EQ(-EPERM, ask_fspick(&self->agent, DIR_HOST));
	EXPECT_EQ(0, ask_remount(&self->host, DIR_HOST, 0));
	EXPECT_EQ(0, ask_fspick(&self->host, DIR_HOST));
	/* its own */
	ASSERT_EQ(0, ask_path(&self->agent, a_mount_stay, "tmpfs"));
	EXPECT_EQ(0, ask_remount(&self->agent, DIR_INSIDE, MS_RDONLY));
	EXPECT_EQ(0, ask_fspick(&self->agent, DIR_INSIDE));
	/* no longer permitted */
	ASSERT_EQ(0, mounts_set(self->id, "proc"));
	EXPECT_EQ(-EPERM, ask_remount(&self->agent, DIR_INSIDE, 0));
	EXPECT_EQ(-EPERM, ask_fspick(&self->agent, DIR_INSIDE));
}

/* umount(2) of the root makes its superblock read-only instead. */
static long a_umount_root(long a, long b, long c)
{
	return res(chroot(DIR_HOST)) ?: res(chdir("/")) ?:
	       res(umount2("/", 0));
}

TEST_F(mount, umount_root)
{
	int fd;

	ASSERT_EQ(0, mounts_set(self->id, "tmpfs"));
	EXPECT_EQ(-EPERM, ask0(&self->agent, a_umount_root));
	fd = open(DIR_HOST "/file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(0, ask0(&self->host, a_umount_root));
	EXPECT_EQ(-EROFS, res(open(DIR_HOST "/file", O_RDWR | O_CLOEXEC)));
}

/* There is one tracefs, for whoever mounts it: its options are the host's. */
TEST_F(mount, remount_shared)
{
	ASSERT_EQ(0, mounts_set(self->id, "tracefs"));
	/* whoever is first */
	ASSERT_EQ(0, ask_path(&self->agent, a_mount_stay, "tracefs"));
	ASSERT_EQ(0, ask_path(&self->host, a_mount_stay, "tracefs"));
	EXPECT_EQ(-EPERM, ask_remount(&self->agent, DIR_INSIDE, 0));
	EXPECT_EQ(-EPERM, ask_fspick(&self->agent, DIR_INSIDE));
	EXPECT_EQ(0, ask_remount(&self->host, DIR_INSIDE, 0));
}

static long a_stat(long a, long b, long c)
{
	struct stat st;

	return res(stat(agent_buf, &st));
}

/* What debugfs mounts on itself when somebody walks there. */
TEST_F(mount, automount)
{
	if (mount("none", DIR_HOST, "debugfs", 0, NULL))
		SKIP(return, "no debugfs: %s", strerror(errno));
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
	/* it keeps the reason to itself, and is asked again and again */
	EXPECT_EQ(-ELOOP, ask_path(&self->agent, a_stat,
				   DIR_HOST "/tracing/trace"));
	EXPECT_EQ(0, ask_path(&self->host, a_stat, DIR_HOST "/tracing/trace"));
	umount2(DIR_HOST, MNT_DETACH);
}

static long a_write_given(long a, long b, long c)
{
	return write(agent_fd, agent_buf, strlen(agent_buf)) < 0 ? -errno : 0;
}

/* The agent has a mount namespace of its own: what it writes is passed in. */
static long write_given(struct agent *agent, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = agent_give(agent, fd);
	close(fd);
	return ret ?: ask_path(agent, a_write_given, text);
}

/* The instance of binfmt_misc that the host's user namespace has. */
TEST_F(mount, binfmt_misc)
{
	static const char row[] = ":vctest:M::VCTESTMAGIC::/bin/true:";

	if (mount("none", DIR_HOST, "binfmt_misc", 0, NULL))
		SKIP(return, "no binfmt_misc: %s", strerror(errno));
	EXPECT_EQ(-EPERM, write_given(&self->agent, DIR_HOST "/register", row));
	EXPECT_EQ(-ENOENT, res(access(DIR_HOST "/vctest", F_OK)));
	/* it is the same one, so a mount made inside does not help */
	EXPECT_EQ(0, file_write(DIR_HOST "/register", row));
	EXPECT_EQ(0, file_write(DIR_HOST "/vctest", "0"));
	EXPECT_EQ(0, file_write(DIR_HOST "/vctest", "-1"));
	EXPECT_EQ(-EPERM, write_given(&self->agent, DIR_HOST "/status", "0"));
	umount2(DIR_HOST, MNT_DETACH);
	/* and that nobody outside has mounted it is no permit */
	ASSERT_EQ(0, mounts_set(self->id, "binfmt_misc"));
	ASSERT_EQ(0, ask_path(&self->agent, a_mount_stay, "binfmt_misc"));
	EXPECT_EQ(-EPERM, ask_write(&self->agent, DIR_INSIDE "/status", "0"));
}

/* ---- nesting ---- */

TEST_F(mount, hierarchy)
{
	long below = ctx_new_below(self->id, 0);
	struct agent agent;

	ASSERT_LT(0, below);
	ASSERT_EQ(0, ctx_set_caps(below, ~0ULL));
	ASSERT_EQ(0, agent_start(&agent, below, 0));
	ASSERT_EQ(0, ask0(&agent, a_private));
	EXPECT_EQ(-EPERM, mounts_set(below, "tmpfs"));
	ASSERT_EQ(0, mounts_set(self->id, "tmpfs proc"));
	EXPECT_EQ(-EPERM, mounts_set(below, "tmpfs sysfs"));
	EXPECT_EQ(1U, error_index());
	EXPECT_NE(NULL, strstr(ctx_error(), "sysfs")) TH_LOG("%s", ctx_error());
	EXPECT_STREQ("", mounts(below));
	/* a context does not get what its parent has, unless given */
	EXPECT_EQ(-EPERM, ask_mount(&agent, "tmpfs"));
	ASSERT_EQ(0, mounts_set(below, "tmpfs proc"));
	EXPECT_EQ(0, ask_mount(&agent, "tmpfs"));
	/* narrowed above */
	ASSERT_EQ(0, mounts_set(self->id, "proc"));
	EXPECT_EQ(-EPERM, ask_mount(&agent, "tmpfs"));
	EXPECT_EQ(0, ask_mount(&agent, "proc"));
	EXPECT_STREQ("proc", mounts(below));
	ASSERT_EQ(0, mounts_set(self->id, "tmpfs"));
	EXPECT_STREQ("tmpfs", mounts(below));

	/* superblocks of contexts below are the context's too */
	ASSERT_EQ(0, ask_path(&agent, a_mount_stay, "tmpfs"));
	EXPECT_EQ(0, ask_remount(&agent, DIR_INSIDE, 0));
}

TEST_F(mount, from_inside)
{
	struct list *list = (void *)agent_buf;

	memset(agent_buf, 0, sizeof(agent_buf));
	EXPECT_EQ(-EPERM, ask3(&self->agent, a_vc, VC_SET_MOUNTS, self->id, 1));
	ASSERT_EQ(0, mounts_set(self->id, "tmpfs proc"));
	memset(agent_buf, 0, sizeof(agent_buf));
	list->head.count = 1;
	EXPECT_EQ(0, ask3(&self->agent, a_vc, VC_GET_MOUNTS, self->id, 1));
	EXPECT_EQ(2U, list->head.count);
	EXPECT_STREQ("proc", list->fstype[0]);
	EXPECT_STREQ("", list->fstype[1]);
}

/* ---- values ---- */

TEST_F(mount, values)
{
	static const char * const bad[] = { "a/b", "a,b", "a:b", "\x80", "\n" };
	struct list list = {
		.head.count = 2,
		.fstype = { "tmpfs", "proc" },
	};
	unsigned int i;

	ASSERT_EQ(0, mounts_set(self->id, "sysfs"));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		COPY(list.fstype[1], bad[i]);
		EXPECT_EQ(-EINVAL, vc(VC_SET_MOUNTS, self->id, &list))
			TH_LOG("name %u", i);
		EXPECT_EQ(1U, error_index());
	}
	memset(list.fstype[1], 'a', VC_FSTYPE_SIZE);
	EXPECT_EQ(-EINVAL, vc(VC_SET_MOUNTS, self->id, &list));
	EXPECT_EQ(1U, error_index());
	list.fstype[1][0] = '\0';
	EXPECT_EQ(-EINVAL, vc(VC_SET_MOUNTS, self->id, &list));
	EXPECT_EQ(-EEXIST, mounts_set(self->id, "tmpfs proc tmpfs"));
	EXPECT_EQ(2U, error_index());
	list.head.reserved = 1;
	EXPECT_EQ(-EINVAL, vc(VC_SET_MOUNTS, self->id, &list));
	EXPECT_EQ(-EINVAL, vc(VC_GET_MOUNTS, self->id, &list));
	list.head.reserved = 0;
	list.head.count = VC_LIST_MAX + 1;
	EXPECT_EQ(-E2BIG, vc(VC_SET_MOUNTS, self->id, &list));
	EXPECT_STREQ("sysfs", mounts(self->id));

	/* what stands behind the NUL does not count, and is not told */
	list.head.count = 1;
	memcpy(list.fstype[0], "proc\0secret", 12);
	EXPECT_EQ(0, vc(VC_SET_MOUNTS, self->id, &list));
	EXPECT_EQ(0, vc(VC_GET_MOUNTS, self->id, &list));
	EXPECT_EQ('\0', list.fstype[0][5]);
	/* a type that the kernel does not know may come with a module */
	memset(list.fstype[0], 'a', VC_FSTYPE_SIZE - 1);
	list.fstype[0][VC_FSTYPE_SIZE - 1] = '\0';
	EXPECT_EQ(0, vc(VC_SET_MOUNTS, self->id, &list));
}

TEST_HARNESS_MAIN
