// SPDX-License-Identifier: GPL-2.0
/*
 * Disk limit, on ext4 and XFS.
 *
 * The disks are ones to spoil, known by their labels: "vc-ext4", an ext4 made
 * with -O project,quota, and "vc-xfs".  Both are mounted with prjquota here.
 */
#include "common.h"
#include "stall.h"

#include <assert.h>
#include <ftw.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/reboot.h>
#include <sys/quota.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#ifndef PRJQUOTA
#define PRJQUOTA	2
#endif

#define VC_SET_ROOT	VC_SET(VC_CAT_VFS, VC_VFS_ROOT)
#define VC_UNSET_ROOT	VC_SET(VC_CAT_VFS, VC_VFS_UNROOT)
#define VC_SET_DISK	VC_SET(VC_CAT_VFS, VC_VFS_DISK)
#define VC_GET_DISK	VC_GET(VC_CAT_VFS, VC_VFS_DISK)

#define MNT		"/tmp/vcontext-disk"
#define STALL		"/tmp/vcontext-disk-stall"
#define MB		1048576L
/* VC_UNLIMITED, as a long */
#define NONE		(-1L)
#define CHUNK		65536

/* A project that an administrator has given. */
#define FOREIGN		42
/* One of those that the kernel gives to contexts, from before a crash. */
#define STALE		0x70abcdefU

/* What the default ceiling does not have, and what it has. */
#define CAP(n)		(1ULL << (n))

static char dev[64];

/* The disk whose file system of @type is labelled as ours. */
static bool disk_find(const char *type)
{
	bool xfs = !strcmp(type, "xfs");
	off_t offset = xfs ? 108 : 1024 + 0x78;
	char label[16], want[16] = "";
	ssize_t len = xfs ? 12 : 16;
	char c;
	int fd;

	snprintf(want, sizeof(want), "vc-%s", type);
	for (c = 'a'; c <= 'z'; c++) {
		snprintf(dev, sizeof(dev), "/dev/vd%c", c);
		fd = open(dev, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (pread(fd, label, len, offset) == len &&
		    !memcmp(label, want, len)) {
			close(fd);
			return true;
		}
		close(fd);
	}
	return false;
}

/* ---- files ---- */

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	return remove(path);
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 64, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static long attr_get(const char *path, struct fsxattr *attr)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(ioctl(fd, FS_IOC_FSGETXATTR, attr));
	close(fd);
	return ret;
}

static long attr_set(const char *path, struct fsxattr *attr)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(ioctl(fd, FS_IOC_FSSETXATTR, attr));
	close(fd);
	return ret;
}

/* The project of a file. */
static long project(const char *path)
{
	struct fsxattr attr;
	long ret = attr_get(path, &attr);

	return ret ? ret : (long)attr.fsx_projid;
}

static long project_set(const char *path, __u32 id, bool inherit)
{
	struct fsxattr attr;
	long ret = attr_get(path, &attr);

	if (ret)
		return ret;
	attr.fsx_projid = id;
	attr.fsx_xflags &= ~FS_XFLAG_PROJINHERIT;
	if (inherit)
		attr.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	return attr_set(path, &attr);
}

/* How many below a directory have another project than expected. */
static int check_project;
static long check_expected;

static int check_one(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	if (project(path) != check_expected)
		check_project++;
	return 0;
}

static bool inherits(const char *path)
{
	struct fsxattr attr = {};

	attr_get(path, &attr);
	return attr.fsx_xflags & FS_XFLAG_PROJINHERIT;
}

static long flags_change(const char *path, int clear, int set)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int flags = 0;
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags = (flags & ~clear) | set;
	if (!ret)
		ret = res(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	close(fd);
	return ret;
}

/* Appends up to @size bytes; *@error is 0 or why it stopped. */
static long append(const char *path, long size, int *error)
{
	static char buf[CHUNK];
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	long done = 0, ret = 0;

	*error = 0;
	if (fd < 0) {
		*error = errno;
		return 0;
	}
	while (done < size) {
		ret = write(fd, buf, size - done < CHUNK ? size - done : CHUNK);
		if (ret < 0)
			break;
		done += ret;
	}
	if (ret < 0)
		*error = errno;
	if (fsync(fd) && !*error)
		*error = errno;
	close(fd);
	return done;
}

static long make_file(const char *path, long size)
{
	int error;

	append(path, size, &error);
	return -error;
}

/* Makes empty files @dir/<prefix>0 and on; how many of @nr it could. */
static long make_files(const char *dir, const char *prefix, int nr, int *error)
{
	char path[128];
	int i, fd;

	*error = 0;
	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "%s/%s%d", dir, prefix, i);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0) {
			*error = errno;
			break;
		}
		close(fd);
	}
	return i;
}

/* What the file system itself says of a project; zeroes if it has none. */
static long quota(long id, struct dqblk *quota)
{
	long ret;

	memset(quota, 0, sizeof(*quota));
	ret = res(quotactl(QCMD(Q_GETQUOTA, PRJQUOTA), dev, id,
			   (void *)quota));
	return ret == -ENOENT || ret == -ESRCH ? 0 : ret;
}

static long quota_set(long id, long bytes)
{
	struct dqblk quota = {
		.dqb_bhardlimit = bytes / 1024,
		.dqb_valid = QIF_BLIMITS,
	};

	return res(quotactl(QCMD(Q_SETQUOTA, PRJQUOTA), dev, id,
			    (void *)&quota));
}

/* No usage, which XFS tells late, and no limit. */
static bool quota_empty(long id)
{
	struct dqblk dq;

	return !quota(id, &dq) && !dq.dqb_bhardlimit && !dq.dqb_ihardlimit &&
	       !dq.dqb_bsoftlimit && !dq.dqb_isoftlimit && !dq.dqb_curinodes &&
	       !dq.dqb_curspace;
}

/* ---- contexts ---- */

static long root_set(long id, const char *path)
{
	struct vc_vfs_root root = {
		.path = (uintptr_t)path,
		.len = strlen(path),
		.flags = VC_ROOT_BARE,
	};

	return vc(VC_SET_ROOT, id, &root);
}

static long disk_set(long id, long long bytes, long long inodes)
{
	struct vc_disk disk = {
		.bytes_limit = bytes,
		.bytes_usage = 1,
		.inodes_limit = inodes,
		.inodes_usage = 1,
	};

	return vc(VC_SET_DISK, id, &disk);
}

/* struct vc_disk with a sign, as tests compare numbers. */
struct limits {
	long long bytes_limit, bytes_usage, inodes_limit, inodes_usage;
};

static_assert(sizeof(struct limits) == sizeof(struct vc_disk), "the same");

static long disk_get(long id, struct limits *disk)
{
	memset(disk, 0xa5, sizeof(*disk));
	return vc(VC_GET_DISK, id, disk);
}

static long used_bytes(long id)
{
	struct limits disk;
	long ret = disk_get(id, &disk);

	return ret ? ret : (long)disk.bytes_usage;
}

static long used_inodes(long id)
{
	struct limits disk;
	long ret = disk_get(id, &disk);

	return ret ? ret : (long)disk.inodes_usage;
}

/* A context whose root is the new directory @path. */
static long ctx_at(const char *path)
{
	long id = ctx_make(VC_ID_SELF, 0, 16, NULL);

	if (id < 0)
		return id;
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	return root_set(id, path) ?: id;
}

static struct {
	long id;
	struct stat root;
	long (*fn)(long arg);
	long arg;
} visitor;

/* What only a task of the context can do: -1000 and below is why not even it. */
static long visit(long unused)
{
	struct stat st;
	long ret = vc(VC_MIGRATE, visitor.id, NULL);

	if (ret)
		return ret - 1000;
	if (stat("/", &st) || st.st_ino != visitor.root.st_ino ||
	    st.st_dev != visitor.root.st_dev)
		return -2000;
	return visitor.fn(visitor.arg);
}

static void visitor_is(long id, const char *root, long (*fn)(long), long arg)
{
	visitor.id = id;
	visitor.fn = fn;
	visitor.arg = arg;
	memset(&visitor.root, 0, sizeof(visitor.root));
	stat(root, &visitor.root);
}

static long inside(long id, const char *root, long (*fn)(long), long arg)
{
	visitor_is(id, root, fn, arg);
	return in_child(visit, 0);
}

/* The same, and meanwhile the caller goes on; child_wait() gives 0 or 1. */
static pid_t inside_start(long id, const char *root, long (*fn)(long), long arg)
{
	pid_t pid;

	visitor_is(id, root, fn, arg);
	pid = child_fork();
	if (!pid)
		_exit(visit(0) ? 1 : 0);
	return pid;
}

/* Bytes that could be written, or -errno if it was not @full that ended it. */
static int full;

static long in_fill(long size)
{
	int error;
	long done = append("/fill", size, &error);

	return error && error != full ? -error : done;
}

static long in_create(long nr)
{
	int error;
	long done = make_files("/", "n", nr, &error);

	return error && error != full ? -error : done;
}

static long in_append_one(long unused)
{
	int error;

	append("/more", 4096, &error);
	return -error;
}

static long in_unlink(long unused)
{
	return res(unlink("/fill"));
}

static long in_nothing(long unused)
{
	return 7;
}

static long in_pause(long unused)
{
	if (write(visitor.arg, "", 1) != 1)
		return 1;
	pause();
	return 0;
}

/* A task that is in the context, once this has returned. */
static pid_t occupant_start(long id, const char *root)
{
	int out[2];
	pid_t pid;
	char c;

	if (pipe(out))
		return -errno;
	pid = inside_start(id, root, in_pause, out[1]);
	close(out[1]);
	if (pid > 0 && read(out[0], &c, 1) != 1) {
		child_kill(pid);
		pid = -EIO;
	}
	close(out[0]);
	return pid;
}

FIXTURE(disk)
{
	long id;
	char options[16];
};

FIXTURE_VARIANT(disk)
{
	const char *type;
	int full;
};

FIXTURE_VARIANT_ADD(disk, ext4)
{
	.type = "ext4",
	.full = EDQUOT,
};

FIXTURE_VARIANT_ADD(disk, xfs)
{
	.type = "xfs",
	.full = ENOSPC,
};

FIXTURE_SETUP(disk)
{
	VC_SETUP();
	if (vc(VC_CMD(VC_CAT_VFS, VC_SUB_VERSION, VC_VFS_DISK), 0, NULL) ==
	    -EOPNOTSUPP)
		SKIP(return, "no quota in this kernel");
	if (!disk_find(variant->type))
		SKIP(return, "no disk with the label vc-%s", variant->type);
	full = variant->full;
	umask(022);
	mkdir(MNT, 0755);
	umount2(MNT, MNT_DETACH);
	ASSERT_EQ(0, mount(dev, MNT, variant->type, 0, "prjquota"));
	remove_tree(MNT "/a");
	remove_tree(MNT "/b");
	remove_tree(MNT "/out");
	ASSERT_EQ(0, mkdir(MNT "/out", 0755));
	self->id = ctx_at(MNT "/a");
	ASSERT_LT(0, self->id) TH_LOG("%s", ctx_error());
}

FIXTURE_TEARDOWN(disk)
{
	vc_teardown();
	remove_tree(MNT "/a");
	remove_tree(MNT "/b");
	remove_tree(MNT "/out");
	/* Nothing of a destroyed context keeps the file system. */
	EXPECT_TRUE(WAIT_FOR(!umount(MNT) || errno == EINVAL));
}

TEST_F(disk, reads_back)
{
	struct limits disk;
	char path[64], text[512];
	long id;

	/* Nothing is counted as long as there is no limit. */
	ASSERT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(NONE, disk.bytes_limit);
	EXPECT_EQ(NONE, disk.inodes_limit);
	EXPECT_EQ(0, disk.bytes_usage);
	EXPECT_EQ(0, disk.inodes_usage);
	EXPECT_EQ(0, project(MNT "/a"));

	/* As set, not as the file system rounds it. */
	ASSERT_EQ(0, disk_set(self->id, 5000001, 70)) TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(5000001, disk.bytes_limit);
	EXPECT_EQ(70, disk.inodes_limit);
	EXPECT_EQ(1, disk.inodes_usage);
	EXPECT_GE(4096, disk.bytes_usage);
	id = project(MNT "/a");
	EXPECT_LT(0, id);
	EXPECT_TRUE(inherits(MNT "/a"));

	snprintf(path, sizeof(path), "/proc/vcontext/%ld/vfs", self->id);
	ASSERT_LT(0, file_read(path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "disk bytes_limit=5000001 bytes_usage="));
	EXPECT_NE(NULL, strstr(text, " inodes_limit=70 inodes_usage=1\n"));

	/* What GET said can be SET; another limit needs no other project. */
	disk.inodes_limit = NONE;
	ASSERT_EQ(0, vc(VC_SET_DISK, self->id, &disk));
	ASSERT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(5000001, disk.bytes_limit);
	EXPECT_EQ(NONE, disk.inodes_limit);
	EXPECT_EQ(id, project(MNT "/a"));

	/* The largest and the smallest. */
	EXPECT_EQ(0, disk_set(self->id, -2, -2));
	EXPECT_EQ(0, disk_set(self->id, 0, 0));
	ASSERT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(0, disk.bytes_limit);
	EXPECT_EQ(0, disk.inodes_limit);

	/* None: no tag either. */
	ASSERT_EQ(0, disk_set(self->id, NONE, NONE));
	ASSERT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(NONE, disk.bytes_limit);
	EXPECT_EQ(0, disk.inodes_usage);
	EXPECT_EQ(0, project(MNT "/a"));
	EXPECT_FALSE(inherits(MNT "/a"));
	EXPECT_TRUE(WAIT_FOR(quota_empty(id)));
	EXPECT_EQ(0, disk_set(self->id, NONE, NONE));
}

/* A limit in a batch, and behind it what cannot be. */
static long batch_disk(long id, long long bytes, long long inodes, bool fails)
{
	struct vc_disk disk = { .bytes_limit = bytes, .inodes_limit = inodes };
	struct vc_sched wrong = { .policy = 77 };
	struct vc_call calls[] = {
		{ .cmd = VC_SET_DISK, .id = id, .data = (uintptr_t)&disk },
		{ .cmd = VC_SET_SCHED, .id = id, .data = (uintptr_t)&wrong },
	};
	struct vc_batch batch = {
		.count = fails ? 2 : 1,
		.calls = (uintptr_t)calls,
	};
	long ret = vc(VC_SET(VC_CAT_CPU, VC_CPU_BATCH), 0, &batch);

	/* it was the second one that failed */
	return fails && batch.failed != 1 ? -EBADE : ret;
}

/* A limit that is set in a batch is there when all of it has succeeded. */
TEST_F(disk, batch)
{
	struct limits disk;
	struct dqblk dq;
	long id;

	/* None before: no tag is left, and the project is free. */
	ASSERT_EQ(-EINVAL, batch_disk(self->id, 4 * MB, 40, true))
		TH_LOG("%s", ctx_error());
	EXPECT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(NONE, disk.bytes_limit);
	EXPECT_EQ(0, project(MNT "/a"));
	EXPECT_FALSE(inherits(MNT "/a"));
	ASSERT_EQ(0, batch_disk(self->id, 4 * MB, 40, false));
	id = project(MNT "/a");
	EXPECT_LT(0, id);

	/* Less, more, and none at all, each taken back. */
	EXPECT_EQ(-EINVAL, batch_disk(self->id, 1 * MB, 10, true));
	EXPECT_EQ(-EINVAL, batch_disk(self->id, 8 * MB, NONE, true));
	EXPECT_EQ(-EINVAL, batch_disk(self->id, NONE, NONE, true));
	EXPECT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(4 * MB, disk.bytes_limit);
	EXPECT_EQ(40, disk.inodes_limit);
	EXPECT_EQ(id, project(MNT "/a"));
	ASSERT_EQ(0, quota(id, &dq));
	EXPECT_EQ(4UL * MB / 1024, dq.dqb_bhardlimit);
	EXPECT_EQ(40U, dq.dqb_ihardlimit);

	/* And done. */
	EXPECT_EQ(0, batch_disk(self->id, 2 * MB, 20, false));
	ASSERT_EQ(0, quota(id, &dq));
	EXPECT_EQ(2UL * MB / 1024, dq.dqb_bhardlimit);
	EXPECT_EQ(0, batch_disk(self->id, NONE, NONE, false));
	EXPECT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(NONE, disk.bytes_limit);
	EXPECT_EQ(0, project(MNT "/a"));
	EXPECT_TRUE(WAIT_FOR(quota_empty(id)));
}

/* What is carved out of another one is free again when the batch has ended. */
TEST_F(disk, batch_carved)
{
	struct dqblk dq;
	long child, top;

	ASSERT_EQ(0, disk_set(self->id, 10 * MB, 100));
	top = project(MNT "/a");
	child = ctx_at(MNT "/a/c");
	ASSERT_LT(0, child);
	ASSERT_EQ(0, disk_set(child, 4 * MB, 40));
	ASSERT_EQ(0, quota(top, &dq));
	EXPECT_EQ(6UL * MB / 1024, dq.dqb_bhardlimit);

	EXPECT_EQ(-EINVAL, batch_disk(child, 1 * MB, 10, true));
	EXPECT_EQ(-EINVAL, batch_disk(child, 8 * MB, 60, true));
	ASSERT_EQ(0, quota(top, &dq));
	EXPECT_EQ(6UL * MB / 1024, dq.dqb_bhardlimit);
	EXPECT_EQ(60U, dq.dqb_ihardlimit);
	EXPECT_EQ(-ENOSPC, disk_set(self->id, 3 * MB, 100));

	EXPECT_EQ(0, batch_disk(child, 1 * MB, 10, false));
	ASSERT_EQ(0, quota(top, &dq));
	EXPECT_EQ(9UL * MB / 1024, dq.dqb_bhardlimit);
	EXPECT_EQ(90U, dq.dqb_ihardlimit);
	EXPECT_EQ(0, batch_disk(child, 5 * MB, 50, false));
	ASSERT_EQ(0, quota(top, &dq));
	EXPECT_EQ(5UL * MB / 1024, dq.dqb_bhardlimit);
}

/* What a batch takes away is not in the way of what it sets later. */
TEST_F(disk, batch_lifted)
{
	struct vc_disk none = { .bytes_limit = NONE, .inodes_limit = NONE };
	struct vc_disk more = { .bytes_limit = 8 * MB, .inodes_limit = NONE };
	struct vc_sched wrong = { .policy = 77 };
	struct vc_call calls[] = {
		{ .cmd = VC_SET_DISK, .data = (uintptr_t)&none },
		{ .cmd = VC_SET_DISK, .data = (uintptr_t)&more },
		{ .cmd = VC_SET_SCHED, .data = (uintptr_t)&wrong },
	};
	struct vc_batch batch = { .count = 3, .calls = (uintptr_t)calls };
	struct limits disk;
	struct dqblk dq;
	long child, top;

	ASSERT_EQ(0, disk_set(self->id, 5 * MB, 100));
	top = project(MNT "/a");
	child = ctx_at(MNT "/a/c");
	ASSERT_LT(0, child);
	ASSERT_EQ(0, disk_set(child, 1 * MB, 10));
	/* control */
	EXPECT_EQ(-ENOSPC, vc(VC_SET_DISK, child, &more));

	calls[0].id = self->id;
	calls[1].id = child;
	calls[2].id = child;
	EXPECT_EQ(-EINVAL, vc(VC_SET(VC_CAT_CPU, VC_CPU_BATCH), 0, &batch));
	EXPECT_EQ(2U, batch.failed)
		TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, disk_get(child, &disk));
	EXPECT_EQ(1 * MB, disk.bytes_limit);
	EXPECT_EQ(10, disk.inodes_limit);
	ASSERT_EQ(0, quota(top, &dq));
	EXPECT_EQ(4UL * MB / 1024, dq.dqb_bhardlimit);
	EXPECT_EQ(90U, dq.dqb_ihardlimit);

	batch.count = 2;
	EXPECT_EQ(0, vc(VC_SET(VC_CAT_CPU, VC_CPU_BATCH), 0, &batch))
		TH_LOG("%s", ctx_error());
	EXPECT_EQ(0, project(MNT "/a"));
	ASSERT_EQ(0, disk_get(child, &disk));
	EXPECT_EQ(8 * MB, disk.bytes_limit);
	EXPECT_EQ(NONE, disk.inodes_limit);
	ASSERT_EQ(0, quota(project(MNT "/a/c"), &dq));
	EXPECT_EQ(8UL * MB / 1024, dq.dqb_bhardlimit);
}

/* Limits bytes of @id, goes on when it is told to, and fails. */
static long stalled_batch(long id)
{
	struct vc_disk disk = { .bytes_limit = 2 * MB, .inodes_limit = 10 };
	struct vc_vfs_root root = {
		.path = (uintptr_t)STALL,
		.len = sizeof(STALL) - 1,
	};
	struct vc_sched wrong = { .policy = 77 };
	struct vc_call calls[] = {
		{ .cmd = VC_SET_DISK, .id = id, .data = (uintptr_t)&disk },
		{ .cmd = VC_SET(VC_CAT_CPU, VC_CPU_CONTEXT), .id = VC_ID_SELF },
		{ .cmd = VC_SET_ROOT, .id = VC_ID_SELF,
		  .data = (uintptr_t)&root },
		{ .cmd = VC_SET_SCHED, .id = id, .data = (uintptr_t)&wrong },
	};
	struct vc_batch batch = { .count = 4, .calls = (uintptr_t)calls };
	long ret = vc(VC_SET(VC_CAT_CPU, VC_CPU_BATCH), 0, &batch);

	return batch.failed == 3 ? ret : -EBADE;
}

/* No limit comes around one that a batch may take back to none. */
TEST_F(disk, batch_around)
{
	struct limits disk;
	long child;
	pid_t pid;
	int fuse;

	mkdir(STALL, 0755);
	fuse = serve_at(STALL);
	if (fuse < 0)
		SKIP(return, "no FUSE in this kernel");
	child = ctx_at(MNT "/a/c");
	ASSERT_LT(0, child);
	ASSERT_EQ(0, disk_set(child, NONE, 10));
	pid = child_fork();
	if (!pid)
		_exit(stalled_batch(child) == -EINVAL ? 0 : 1);
	ASSERT_TRUE(WAIT_FOR(is_asked(fuse)));
	EXPECT_EQ(-ENOSPC, disk_set(self->id, 10 * MB, NONE));
	/* control: of what stays limited there may be one */
	EXPECT_EQ(0, disk_set(self->id, NONE, 100))
		TH_LOG("%s", ctx_error());
	serve_now(true);
	EXPECT_EQ(0, child_wait(pid));
	ASSERT_EQ(0, disk_get(child, &disk));
	EXPECT_EQ(NONE, disk.bytes_limit);
	EXPECT_EQ(10, disk.inodes_limit);
	EXPECT_EQ(0, umount2(STALL, MNT_DETACH));
	rmdir(STALL);
}

TEST_F(disk, bytes)
{
	long other, done;

	ASSERT_EQ(0, disk_set(self->id, 4 * MB, NONE));
	done = inside(self->id, MNT "/a", in_fill, 16 * MB);
	EXPECT_GE(4 * MB, done);
	EXPECT_LT(2 * MB, done);
	EXPECT_GE(4 * MB, used_bytes(self->id));
	EXPECT_LT(2 * MB, used_bytes(self->id));
	EXPECT_EQ(-full, inside(self->id, MNT "/a", in_append_one, 0));

	/* Room that is given back can be used again. */
	EXPECT_EQ(0, inside(self->id, MNT "/a", in_unlink, 0));
	EXPECT_TRUE(WAIT_FOR(!inside(self->id, MNT "/a", in_append_one, 0)));

	/* Control: without a limit there is more. */
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	other = ctx_at(MNT "/a");
	ASSERT_LT(0, other);
	EXPECT_EQ(16 * MB, inside(other, MNT "/a", in_fill, 16 * MB));
}

TEST_F(disk, inodes)
{
	long other;

	ASSERT_EQ(0, disk_set(self->id, NONE, 10));
	EXPECT_EQ(9, inside(self->id, MNT "/a", in_create, 20));
	EXPECT_EQ(10, used_inodes(self->id));
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));

	other = ctx_at(MNT "/a");
	ASSERT_LT(0, other);
	remove_tree(MNT "/a/n0");
	EXPECT_EQ(1, inside(other, MNT "/a", in_create, 1));
}

/* Whoever writes: a task of the host as well, unless it may exceed quotas. */
TEST_F(disk, whoever_writes)
{
	bool ext4 = !strcmp(variant->type, "ext4");
	__u64 effective, permitted;
	long done;
	int error;

	ASSERT_EQ(0, disk_set(self->id, 2 * MB, NONE));
	ASSERT_EQ(0, caps_get(&effective, &permitted));
	/* XFS does not ask for that capability */
	if (ext4)
		ASSERT_EQ(0, caps_set(effective & ~CAP(CAP_SYS_RESOURCE),
				      permitted));
	done = append(MNT "/a/host", 8 * MB, &error);
	ASSERT_EQ(0, caps_set(effective, permitted));
	EXPECT_EQ(full, error);
	EXPECT_GE(2 * MB, done);
	if (ext4) {
		append(MNT "/a/host", MB, &error);
		EXPECT_EQ(0, error);
		EXPECT_LT(2 * MB, used_bytes(self->id));
	}
}

static long in_two(long unused)
{
	char path[32];
	int error;
	long done;

	snprintf(path, sizeof(path), "/w%d", getpid());
	done = append(path, 16 * MB, &error);
	return error == full && done <= (long)(4 * MB) ? 0 : 1;
}

TEST_F(disk, two_writers)
{
	pid_t a, b;

	ASSERT_EQ(0, disk_set(self->id, 4 * MB, NONE));
	a = inside_start(self->id, MNT "/a", in_two, 0);
	b = inside_start(self->id, MNT "/a", in_two, 0);
	EXPECT_EQ(0, child_wait(a));
	EXPECT_EQ(0, child_wait(b));
	EXPECT_GE(4 * MB, used_bytes(self->id));
	EXPECT_LT(2 * MB, used_bytes(self->id));
}

/* ---- what is there before ---- */

static long make_tree(const char *top)
{
	char path[128];
	int i, error, fd;
	struct {
		const char *name;
		mode_t mode;
	} special[] = {
		{ "fifo", S_IFIFO }, { "sock", S_IFSOCK },
		{ "null", S_IFCHR }, { "block", S_IFBLK },
	};

	snprintf(path, sizeof(path), "%s/d", top);
	if (mkdir(path, 0700))
		return -errno;
	strcat(path, "/e");
	if (mkdir(path, 0000))
		return -errno;
	if (make_files(path, "f", 300, &error) != 300)
		return -error;
	snprintf(path, sizeof(path), "%s/big", top);
	if (make_file(path, MB))
		return -EIO;
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", top, special[i].name);
		if (mknod(path, special[i].mode | 0600, makedev(1, 3)))
			return -errno;
	}
	snprintf(path, sizeof(path), "%s/link", top);
	if (symlink("big", path))
		return -errno;
	snprintf(path, sizeof(path), "%s/slow", top);
	/* longer than what ext4 keeps in the inode */
	if (symlink("a-name-of-more-than-sixty-bytes-that-need-not-lead-to-any-file",
		    path))
		return -errno;
	snprintf(path, sizeof(path), "%s/fixed", top);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	return flags_change(path, 0, FS_IMMUTABLE_FL);
}

/* d, e, 300 files, big, 4 special files, 2 links, fixed, and the top itself */
#define TREE_INODES	(2 + 300 + 1 + 4 + 2 + 1 + 1)

static const char * const tree_names[] = {
	"big", "fifo", "sock", "null", "block", "link", "slow",
};

static long in_rename(long unused)
{
	char from[32], to[32];
	unsigned int i;

	for (i = 0; i < sizeof(tree_names) / sizeof(*tree_names); i++) {
		snprintf(from, sizeof(from), "/%s", tree_names[i]);
		snprintf(to, sizeof(to), "/d/%s", tree_names[i]);
		if (rename(from, to))
			return -errno - 100 * (i + 1);
		if (link(to, from))
			return -errno - 1000 * (i + 1);
		if (unlink(to))
			return -errno;
	}
	return 0;
}

TEST_F(disk, files_before)
{
	struct dqblk before, after;
	struct limits disk;
	long id;

	ASSERT_EQ(0, make_tree(MNT "/a"));
	sync();
	ASSERT_EQ(0, quota(0, &before));

	/* Control: outside of any limit they can be moved. */
	EXPECT_EQ(0, inside(self->id, MNT "/a", in_rename, 0));

	/* Each of them counts, once; a limit below that can be set. */
	ASSERT_EQ(0, disk_set(self->id, MB / 2, 100)) TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(TREE_INODES, disk.inodes_usage);
	EXPECT_LE(MB, disk.bytes_usage);
	EXPECT_EQ(MB / 2, disk.bytes_limit);
	id = project(MNT "/a");
	EXPECT_EQ(id, project(MNT "/a/d/e/f299"));
	EXPECT_EQ(id, project(MNT "/a/fixed"));
	EXPECT_TRUE(inherits(MNT "/a/d/e"));
	EXPECT_FALSE(inherits(MNT "/a/d/e/f0"));
	EXPECT_EQ(0, project(MNT "/out"));

	/* What was immutable is, and nothing new fits. */
	EXPECT_EQ(-EPERM, res(unlink(MNT "/a/fixed")));
	EXPECT_EQ(0, inside(self->id, MNT "/a", in_create, 1));
	EXPECT_EQ(-full, inside(self->id, MNT "/a", in_append_one, 0));

	/* Every kind of file can be moved and linked within. */
	ASSERT_EQ(0, disk_set(self->id, 8 * MB, 1000));
	EXPECT_EQ(0, inside(self->id, MNT "/a", in_rename, 0));
	EXPECT_EQ(5, inside(self->id, MNT "/a", in_create, 5));
	EXPECT_EQ(TREE_INODES + 5, used_inodes(self->id));

	/* After destroy nothing of it is left, on any of them. */
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	EXPECT_EQ(0, project(MNT "/a"));
	EXPECT_FALSE(inherits(MNT "/a"));
	EXPECT_EQ(0, project(MNT "/a/d/e/f299"));
	EXPECT_EQ(0, project(MNT "/a/n0"));
	EXPECT_FALSE(inherits(MNT "/a/d/e"));
	EXPECT_EQ(-EPERM, res(unlink(MNT "/a/fixed")));
	EXPECT_TRUE(WAIT_FOR(quota_empty(id)));
	ASSERT_EQ(0, quota(0, &after));
	EXPECT_EQ(before.dqb_curinodes + 5, after.dqb_curinodes);
	flags_change(MNT "/a/fixed", FS_IMMUTABLE_FL, 0);
}

TEST_F(disk, removed_with_root)
{
	struct limits disk;
	long id;

	ASSERT_EQ(0, mkdir(MNT "/a/d", 0755));
	ASSERT_EQ(0, disk_set(self->id, MB, 100));
	id = project(MNT "/a/d");
	EXPECT_LT(0, id);
	ASSERT_EQ(0, vc(VC_UNSET_ROOT, self->id, NULL));
	EXPECT_EQ(0, project(MNT "/a/d"));
	EXPECT_FALSE(inherits(MNT "/a/d"));
	EXPECT_TRUE(WAIT_FOR(quota_empty(id)));
	EXPECT_EQ(-ENOENT, disk_get(self->id, &disk));
	EXPECT_EQ(-ENOENT, disk_set(self->id, MB, 100));
}

#define DEEP		300
/* so long that DEEP of them are more than a path can be */
#define STEP		"directory-directory"

/* A directory that leads further down than any path, or a kernel's stack. */
TEST_F(disk, deep)
{
	long depth, id;
	int fd, next;

	static_assert(DEEP * sizeof(STEP) > PATH_MAX, "a path");

	fd = open(MNT "/a", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (depth = 0; depth < DEEP; depth++) {
		ASSERT_EQ(0, mkdirat(fd, STEP, 0755));
		next = openat(fd, STEP, O_PATH | O_DIRECTORY | O_CLOEXEC);
		ASSERT_LE(0, next);
		close(fd);
		fd = next;
	}
	close(fd);
	ASSERT_EQ(0, disk_set(self->id, NONE, 10000));
	EXPECT_EQ(DEEP + 1, used_inodes(self->id));
	id = project(MNT "/a/" STEP);
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	EXPECT_EQ(0, project(MNT "/a/" STEP));
	EXPECT_TRUE(WAIT_FOR(quota_empty(id)));

	/* Too deep for nftw(): from above. */
	for (fd = open(MNT "/a", O_RDONLY | O_CLOEXEC); depth > 0; depth--) {
		renameat(fd, STEP "/" STEP, fd, "x");
		unlinkat(fd, STEP, AT_REMOVEDIR);
		renameat(fd, "x", fd, STEP);
	}
	close(fd);
}

/* What another file system has mounted below is not ours; what it hides is. */
TEST_F(disk, mounts_below)
{
	ASSERT_EQ(0, mkdir(MNT "/a/m", 0755));
	ASSERT_EQ(0, make_file(MNT "/a/m/hidden", 4096));
	ASSERT_EQ(0, mount("none", MNT "/a/m", "tmpfs", 0, NULL));
	EXPECT_EQ(0, make_file(MNT "/a/m/shown", 4096));
	EXPECT_EQ(0, disk_set(self->id, MB, 100));
	EXPECT_EQ(3, used_inodes(self->id));
	ASSERT_EQ(0, umount(MNT "/a/m"));
	EXPECT_EQ(project(MNT "/a"), project(MNT "/a/m/hidden"));
}

/* ---- the border ---- */

TEST_F(disk, border)
{
	long other, id;

	other = ctx_at(MNT "/b");
	ASSERT_LT(0, other);
	ASSERT_EQ(0, make_file(MNT "/a/f", 4096));
	ASSERT_EQ(0, make_file(MNT "/out/f", 4096));
	ASSERT_EQ(0, make_file(MNT "/out/shared", 4096));
	ASSERT_EQ(0, mkdir(MNT "/out/d", 0755));

	/* Control: without limits there is no border. */
	ASSERT_EQ(0, rename(MNT "/out/f", MNT "/a/g"));
	ASSERT_EQ(0, rename(MNT "/a/g", MNT "/out/f"));
	ASSERT_EQ(0, link(MNT "/out/shared", MNT "/a/shared"));

	ASSERT_EQ(0, disk_set(self->id, MB, 100));
	ASSERT_EQ(0, disk_set(other, MB, 100));
	id = project(MNT "/a");
	EXPECT_NE(id, project(MNT "/b"));

	/* Nothing comes in. */
	EXPECT_EQ(-EXDEV, res(rename(MNT "/out/f", MNT "/a/g")));
	EXPECT_EQ(-EXDEV, res(rename(MNT "/out/d", MNT "/a/d")));
	EXPECT_EQ(-EXDEV, res(link(MNT "/out/f", MNT "/a/g")));
	EXPECT_EQ(-EXDEV, res(syscall(SYS_renameat2, AT_FDCWD, MNT "/out/f",
				      AT_FDCWD, MNT "/a/f", 2)));
	/* Nor from one limit to another. */
	EXPECT_EQ(-EXDEV, res(rename(MNT "/a/f", MNT "/b/f")));
	EXPECT_EQ(-EXDEV, res(link(MNT "/a/f", MNT "/b/f")));

	/* A file that is linked from outside counts while it is inside. */
	EXPECT_EQ(id, project(MNT "/out/shared"));
	EXPECT_EQ(3, used_inodes(self->id));

	/* Where the host takes a file, its tag goes along, and is counted. */
	EXPECT_EQ(0, rename(MNT "/a/f", MNT "/out/taken"));
	EXPECT_EQ(id, project(MNT "/out/taken"));
	EXPECT_EQ(3, used_inodes(self->id));

	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	EXPECT_EQ(0, project(MNT "/out/shared"));
	EXPECT_EQ(0, project(MNT "/a/shared"));
	/* Its number is not given to another as long as it is used. */
	self->id = ctx_at(MNT "/a");
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, disk_set(self->id, MB, 100));
	EXPECT_NE(id, project(MNT "/a"));
	EXPECT_EQ(2, used_inodes(self->id));
}

static long in_statfs(long what)
{
	struct statvfs st;

	if (statvfs("/", &st))
		return -errno;
	switch (what) {
	case 0: return st.f_blocks * st.f_frsize;
	case 1: return st.f_bavail * st.f_frsize;
	case 2: return st.f_files;
	default: return st.f_ffree;
	}
}

TEST_F(disk, statfs)
{
	/* Control: that of the disk. */
	EXPECT_LT(32 * MB, inside(self->id, MNT "/a", in_statfs, 0));

	ASSERT_EQ(0, disk_set(self->id, 8 * MB, 50));
	EXPECT_EQ(8 * MB, inside(self->id, MNT "/a", in_statfs, 0));
	EXPECT_LT(7 * MB, inside(self->id, MNT "/a", in_statfs, 1));
	EXPECT_EQ(50, inside(self->id, MNT "/a", in_statfs, 2));
	EXPECT_EQ(49, inside(self->id, MNT "/a", in_statfs, 3));

	ASSERT_EQ(5 * MB, inside(self->id, MNT "/a", in_fill, 5 * MB));
	EXPECT_EQ(8 * MB, inside(self->id, MNT "/a", in_statfs, 0));
	EXPECT_GE(3 * MB, inside(self->id, MNT "/a", in_statfs, 1));
	EXPECT_LT(2 * MB, inside(self->id, MNT "/a", in_statfs, 1));
	EXPECT_EQ(48, inside(self->id, MNT "/a", in_statfs, 3));
}

/* ---- refusals ---- */

TEST_F(disk, unsupported)
{
	struct limits disk;
	long id;

	/* The same file system, with nobody who asks it to keep to limits. */
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	ASSERT_TRUE(WAIT_FOR(!umount(MNT)));
	ASSERT_EQ(0, mount(dev, MNT, variant->type, 0, NULL));
	id = ctx_at(MNT "/a");
	ASSERT_LT(0, id);
	EXPECT_EQ(-EOPNOTSUPP, disk_set(id, MB, 100));
	EXPECT_NE(NULL, strstr(ctx_error(), "prjquota"));
	EXPECT_NE(NULL, strstr(ctx_error(), variant->type));
	EXPECT_EQ(0, project(MNT "/a"));
	ASSERT_EQ(0, disk_get(id, &disk));
	EXPECT_EQ(NONE, disk.bytes_limit);
	ASSERT_EQ(0, vc(VC_DESTROY, id, NULL));

	/* One that has no such thing. */
	ASSERT_EQ(0, mount("none", MNT "/out", "tmpfs", 0, NULL));
	id = ctx_at(MNT "/out");
	EXPECT_LT(0, id);
	EXPECT_EQ(-EOPNOTSUPP, disk_set(id, MB, 100));
	EXPECT_NE(NULL, strstr(ctx_error(), "prjquota"));
	EXPECT_NE(NULL, strstr(ctx_error(), "tmpfs"));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_TRUE(WAIT_FOR(!umount(MNT "/out")));
}

TEST_F(disk, read_only)
{
	ASSERT_EQ(0, mount(NULL, MNT, NULL, MS_REMOUNT | MS_RDONLY,
			   "prjquota"));
	EXPECT_EQ(-EROFS, disk_set(self->id, MB, 100));
	ASSERT_EQ(0, mount(NULL, MNT, NULL, MS_REMOUNT, "prjquota"));
	EXPECT_EQ(0, disk_set(self->id, MB, 100)) TH_LOG("%s", ctx_error());
}

static long as_nobody(long id)
{
	long ret;

	if (setgid(65534) || setuid(65534))
		return -errno;
	ret = disk_set(ID_UNKNOWN, MB, 100);
	if (ret != -ESRCH)
		return ret - 1000;
	/* before size, values and state */
	ret = vc(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_SET, VC_VFS_DISK, __u32), id,
		 NULL);
	if (ret != -EPERM)
		return ret - 2000;
	return disk_set(id, MB, 100);
}

TEST_F(disk, order)
{
	struct limits disk = { .bytes_limit = MB, .inodes_limit = 100 };
	char large[64] = "";
	long bare;
	pid_t pid;

	bare = ctx_make(VC_ID_SELF, 0, 0, NULL);
	ASSERT_LT(0, bare);

	EXPECT_EQ(-ESRCH, disk_set(ID_UNKNOWN, MB, 100));
	EXPECT_EQ(-ESRCH, disk_get(ID_UNKNOWN, &disk));
	EXPECT_EQ(-EPERM, disk_set(VC_ID_HOST, MB, 100));
	EXPECT_EQ(-EPERM, disk_set(VC_ID_SELF, MB, 100));
	EXPECT_EQ(-EPERM, in_child(as_nobody, self->id));
	EXPECT_EQ(-EPERM, in_child(as_nobody, bare));

	EXPECT_EQ(-EINVAL, vc(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_SET, VC_VFS_DISK,
					   __u64), bare, &disk));
	EXPECT_EQ(-EFAULT, vc(VC_SET_DISK, bare, NULL));
	large[sizeof(disk)] = 1;
	EXPECT_EQ(-E2BIG, vc(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_SET, VC_VFS_DISK,
					  large), self->id, large));

	EXPECT_EQ(-ENOENT, disk_set(bare, MB, 100));
	EXPECT_EQ(-ENOENT, disk_get(bare, &disk));
	EXPECT_EQ(-ENOENT, disk_get(VC_ID_HOST, &disk));

	/* A limit is set, changed and removed while nobody is in. */
	pid = occupant_start(self->id, MNT "/a");
	ASSERT_LT(0, pid);
	EXPECT_EQ(-EBUSY, disk_set(self->id, MB, 100));
	EXPECT_EQ(0, project(MNT "/a"));
	child_kill(pid);
	EXPECT_EQ(0, disk_set(self->id, MB, 100));
	pid = occupant_start(self->id, MNT "/a");
	ASSERT_LT(0, pid);
	EXPECT_EQ(-EBUSY, disk_set(self->id, 2 * MB, 100));
	EXPECT_EQ(-EBUSY, disk_set(self->id, NONE, NONE));
	EXPECT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(MB, disk.bytes_limit);
	EXPECT_LT(0, project(MNT "/a"));
	child_kill(pid);
	EXPECT_EQ(0, disk_set(self->id, 2 * MB, 100));
}

/* Projects that others have given are not ours to overwrite. */
TEST_F(disk, foreign_project)
{
	struct limits disk;

	ASSERT_EQ(0, make_tree(MNT "/a"));
	ASSERT_EQ(0, mkdir(MNT "/a/d/theirs", 0755));
	ASSERT_EQ(0, project_set(MNT "/a/d/theirs", FOREIGN, true));
	EXPECT_EQ(-EBUSY, disk_set(self->id, MB, 100));
	EXPECT_NE(NULL, strstr(ctx_error(), "project 42"));
	/* all as it was */
	EXPECT_EQ(FOREIGN, project(MNT "/a/d/theirs"));
	EXPECT_EQ(0, project(MNT "/a"));
	EXPECT_FALSE(inherits(MNT "/a"));
	EXPECT_EQ(0, project(MNT "/a/d/e/f7"));
	EXPECT_EQ(0, project(MNT "/a/big"));
	ASSERT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(NONE, disk.bytes_limit);

	ASSERT_EQ(0, project_set(MNT "/a/d/theirs", 0, false));
	EXPECT_EQ(0, disk_set(self->id, MB, 100));
	flags_change(MNT "/a/fixed", FS_IMMUTABLE_FL, 0);
}

/* Two contexts cannot limit one directory; and what a crash left is taken over. */
TEST_F(disk, stale_project)
{
	long other;

	ASSERT_EQ(0, mkdir(MNT "/a/d", 0755));
	ASSERT_EQ(0, make_file(MNT "/a/d/f", 4096));
	ASSERT_EQ(0, project_set(MNT "/a", STALE, true));
	ASSERT_EQ(0, project_set(MNT "/a/d", STALE + 1, true));
	ASSERT_EQ(0, project_set(MNT "/a/d/f", STALE + 1, false));
	ASSERT_EQ(0, quota_set(STALE, 8192));
	ASSERT_EQ(0, quota_set(STALE + 1, 8192));

	ASSERT_EQ(0, disk_set(self->id, 4 * MB, 100)) TH_LOG("%s", ctx_error());
	EXPECT_EQ(3, used_inodes(self->id));
	EXPECT_EQ(project(MNT "/a"), project(MNT "/a/d/f"));
	EXPECT_TRUE(WAIT_FOR(quota_empty(STALE)));
	EXPECT_TRUE(WAIT_FOR(quota_empty(STALE + 1)));

	other = ctx_at(MNT "/a");
	ASSERT_LT(0, other);
	EXPECT_EQ(-EBUSY, disk_set(other, MB, 100));
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	EXPECT_EQ(0, disk_set(other, MB, 100));
}

static void on_alarm(int sig)
{
}

/* SETs of a tree of some size with many signals, until one is interrupted. */
static long interrupted(long id)
{
	struct itimerval timer = {
		.it_interval.tv_usec = 200, .it_value.tv_usec = 200,
	};
	struct sigaction action = { .sa_handler = on_alarm };
	int i, nr = 0;
	long ret;

	sigaction(SIGALRM, &action, NULL);
	for (i = 0; i < 100; i++) {
		setitimer(ITIMER_REAL, &timer, NULL);
		ret = disk_set(id, 64 * MB, 5000);
		setitimer(ITIMER_REAL, &(struct itimerval){}, NULL);
		/* the next one has to walk again */
		if (ret != -EINTR) {
			disk_set(id, NONE, NONE);
			continue;
		}
		nr++;
		if (project(MNT "/a") || project(MNT "/a/d/e/f200") ||
		    project(MNT "/a/d/e/f1") || inherits(MNT "/a/d"))
			return -EIO;
		break;
	}
	return nr;
}

TEST_F(disk, interrupted)
{
	ASSERT_EQ(0, make_tree(MNT "/a"));
	EXPECT_LT(0, in_child(interrupted, self->id));
	EXPECT_EQ(0, disk_set(self->id, 64 * MB, 5000));
	EXPECT_EQ(TREE_INODES, used_inodes(self->id));
	flags_change(MNT "/a/fixed", FS_IMMUTABLE_FL, 0);
}

static bool nobody_has_a_tag(const char *path)
{
	check_expected = 0;
	check_project = 0;
	return !nftw(path, check_one, 64, FTW_PHYS | FTW_MOUNT) &&
	       !check_project;
}

/* A destroy that is killed while it looks at the tree leaves no tag either. */
TEST_F(disk, killed_destroy)
{
	int error, delay_us;
	char path[64];

	for (delay_us = 0; delay_us < 12000; delay_us += 3000) {
		long id = ctx_at(MNT "/b");
		pid_t pid;
		int i;

		ASSERT_LT(0, id) TH_LOG("%s", ctx_error());
		for (i = 0; i < 4; i++) {
			snprintf(path, sizeof(path), MNT "/b/d%d", i);
			mkdir(path, 0755);
			ASSERT_EQ(30, make_files(path, "f", 30, &error));
		}
		ASSERT_EQ(0, disk_set(id, 8 * MB, 5000));
		pid = child_fork();
		if (!pid)
			_exit(vc(VC_DESTROY, id, NULL) ? 1 : 0);
		usleep(delay_us);
		child_kill(pid);
		/* unless it had not even begun */
		vc(VC_DESTROY, id, NULL);
		EXPECT_TRUE(WAIT_FOR(nobody_has_a_tag(MNT "/b")));
		remove_tree(MNT "/b");
	}
}

/* ---- the inside ---- */

static long in_change_project(long how)
{
	struct fsxattr attr;
	long ret;

	switch (how) {
	case 0:
		return project_set("/f", FOREIGN, false);
	case 1:
		return project_set("/f", 0, false);
	case 2:
		ret = attr_get("/d", &attr);
		attr.fsx_xflags &= ~FS_XFLAG_PROJINHERIT;
		return ret ? ret : attr_set("/d", &attr);
	case 3:
		return flags_change("/d", 0x20000000 /* FS_PROJINHERIT_FL */,
				    0);
	case 4:
		return project_set("/", 0, false);
	default:
		/* other attributes are its own affair */
		return flags_change("/f", 0, FS_NODUMP_FL);
	}
}

/* In a user namespace of its own, where the refusal would else be EINVAL. */
static long in_userns(long id)
{
	long ret = vc(VC_MIGRATE, id, NULL);

	if (ret || unshare(CLONE_NEWUSER))
		return ret - 1000;
	return project_set(MNT "/out/f", FOREIGN, false);
}

TEST_F(disk, project_from_inside)
{
	long id, how, plain;

	ASSERT_EQ(0, make_file(MNT "/a/f", 4096));
	ASSERT_EQ(0, mkdir(MNT "/a/d", 0755));
	ASSERT_EQ(0, disk_set(self->id, MB, 100));
	id = project(MNT "/a/f");
	/* with everything that a context can have */
	ASSERT_EQ(0, ctx_set_caps(self->id, ~0ULL));
	for (how = 0; how < 5; how++)
		EXPECT_EQ(-EPERM, inside(self->id, MNT "/a", in_change_project,
					 how)) TH_LOG("%ld", how);
	EXPECT_EQ(0, inside(self->id, MNT "/a", in_change_project, 5));

	/* Without a root it is no other. */
	plain = ctx_make(VC_ID_SELF, 0, 0, NULL);
	ASSERT_LT(0, plain);
	ASSERT_EQ(0, make_file(MNT "/out/f", 0));
	EXPECT_EQ(-EPERM, in_child(in_userns, plain));
	EXPECT_EQ(0, project(MNT "/out/f"));
	EXPECT_EQ(id, project(MNT "/a/f"));
	EXPECT_EQ(id, project(MNT "/a/d"));
	EXPECT_TRUE(inherits(MNT "/a/d"));
	EXPECT_TRUE(inherits(MNT "/a"));

	/* Control: the host may, and what it changed by hand it keeps. */
	EXPECT_EQ(0, project_set(MNT "/a/f", FOREIGN, false));
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	EXPECT_EQ(FOREIGN, project(MNT "/a/f"));
	EXPECT_EQ(0, project(MNT "/a/d"));
}

static long in_quotactl(long id)
{
	struct fs_disk_quota limit = {
		.d_version = FS_DQUOT_VERSION,
		.d_flags = FS_PROJ_QUOTA,
		.d_fieldmask = FS_DQ_BHARD,
	};
	struct dqblk dq;
	unsigned int off = FS_QUOTA_PDQ_ENFD;
	long ret;

	/* it may look */
	ret = quota(id, &dq);
	if (ret || !dq.dqb_bhardlimit)
		return ret - 1000;
	ret = quota_set(id, 0);
	if (ret != -EPERM)
		return ret - 2000;
	ret = res(quotactl(QCMD(Q_XSETQLIM, PRJQUOTA), dev, id,
			   (void *)&limit));
	if (ret != -EPERM)
		return ret - 3000;
	ret = res(quotactl(QCMD(Q_XQUOTAOFF, USRQUOTA), dev, 0, (void *)&off));
	if (ret != -EPERM)
		return ret - 4000;
	return res(quotactl(QCMD(Q_QUOTAOFF, PRJQUOTA), dev, 0, NULL));
}

/* Not through the root, where there is no node of the disk: in a plain context. */
static long quotactl_inside(long id)
{
	long ctx = ctx_make(VC_ID_SELF, 0, 0, NULL);
	long ret = ctx_set_caps(ctx, ~0ULL);

	if (!ret)
		ret = vc(VC_MIGRATE, ctx, NULL);
	return ret ? ret : in_quotactl(id);
}

TEST_F(disk, quotactl_from_inside)
{
	struct dqblk dq;
	long id;

	ASSERT_EQ(0, disk_set(self->id, 2 * MB, 100));
	id = project(MNT "/a");
	EXPECT_EQ(-EPERM, in_child(quotactl_inside, id));
	ASSERT_EQ(0, quota(id, &dq));
	EXPECT_EQ(2 * MB / 1024, (long)dq.dqb_bhardlimit);
	/* Control: the host may. */
	EXPECT_EQ(0, quota_set(id, MB));
	ASSERT_EQ(0, quota(id, &dq));
	EXPECT_EQ(MB / 1024, (long)dq.dqb_bhardlimit);
}

/* ---- nested limits ---- */

/* A context below @parent; who makes it has to be in there with a program. */
static long child_new(long parent)
{
	long child, ret = vc(VC_UNSET_ROOT, parent, NULL);

	if (ret)
		return ret;
	child = ctx_new_below(parent, 0);
	return root_set(parent, MNT "/a") ?: child;
}

TEST_F(disk, nested)
{
	long child, second, mine;
	struct limits disk;

	child = child_new(self->id);
	ASSERT_LT(0, child);
	second = child_new(self->id);
	ASSERT_LT(0, second);
	ASSERT_EQ(0, mkdir(MNT "/a/c", 0755));
	ASSERT_EQ(0, mkdir(MNT "/a/s", 0755));
	ASSERT_EQ(0, make_file(MNT "/a/c/before", MB));
	ASSERT_EQ(0, root_set(child, MNT "/a/c"));
	ASSERT_EQ(0, root_set(second, MNT "/a/s"));

	/* Control: nobody has a limit, nobody needs one. */
	EXPECT_EQ(7, inside(child, MNT "/a/c", in_nothing, 0));

	ASSERT_EQ(0, disk_set(self->id, 10 * MB, 100));
	mine = project(MNT "/a");
	EXPECT_EQ(mine, project(MNT "/a/c/before"));
	EXPECT_EQ(-ENOSPC - 1000, inside(child, MNT "/a/c", in_nothing, 0));
	EXPECT_EQ(7, inside(self->id, MNT "/a", in_nothing, 0));

	/* More than there is, or without end. */
	EXPECT_EQ(-ENOSPC, disk_set(child, 11 * MB, 10));
	EXPECT_EQ(-ENOSPC, disk_set(child, NONE, 10));
	EXPECT_EQ(-ENOSPC, disk_set(child, 4 * MB, 101));
	EXPECT_EQ(-ENOSPC, disk_set(child, 4 * MB, NONE));
	EXPECT_EQ(mine, project(MNT "/a/c"));
	EXPECT_EQ(mine, project(MNT "/a/c/before"));
	EXPECT_TRUE(inherits(MNT "/a/c"));
	EXPECT_EQ(-ENOSPC - 1000, inside(child, MNT "/a/c", in_nothing, 0));

	ASSERT_EQ(0, disk_set(child, 4 * MB, 10)) TH_LOG("%s", ctx_error());
	EXPECT_NE(mine, project(MNT "/a/c/before"));
	EXPECT_EQ(7, inside(child, MNT "/a/c", in_nothing, 0));
	/* The parent has what is left; its usage includes what is below. */
	EXPECT_EQ(6 * MB, inside(self->id, MNT "/a", in_statfs, 0));
	EXPECT_EQ(90, inside(self->id, MNT "/a", in_statfs, 2));
	EXPECT_EQ(4 * MB, inside(child, MNT "/a/c", in_statfs, 0));
	ASSERT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(10 * MB, disk.bytes_limit);
	EXPECT_LE(MB, disk.bytes_usage);
	EXPECT_EQ(4, disk.inodes_usage);
	EXPECT_EQ(2, used_inodes(child));

	/* What a sibling has is gone, what is used is, too. */
	EXPECT_EQ(-ENOSPC, disk_set(second, 7 * MB, 10));
	ASSERT_EQ(0, disk_set(second, 2 * MB, 10));
	EXPECT_EQ(-ENOSPC, disk_set(child, 9 * MB, 10));
	EXPECT_EQ(0, disk_set(child, 5 * MB, 10));
	EXPECT_EQ(0, disk_set(child, 4 * MB, 10));
	EXPECT_GE(4 * MB, inside(self->id, MNT "/a", in_fill, 16 * MB));
	EXPECT_LT(2 * MB, used_bytes(self->id) - used_bytes(child));
	EXPECT_GE(3 * MB, inside(child, MNT "/a/c", in_fill, 16 * MB));
	EXPECT_GE(2 * MB, inside(second, MNT "/a/s", in_fill, 16 * MB));
	EXPECT_GE(10 * MB, used_bytes(self->id));
	EXPECT_LT(6 * MB, used_bytes(self->id));

	/* A parent cannot go below what its children hold. */
	EXPECT_EQ(-ENOSPC, disk_set(self->id, 5 * MB, 100));
	EXPECT_EQ(-ENOSPC, disk_set(self->id, 10 * MB, 19));
	EXPECT_EQ(0, disk_set(self->id, 7 * MB, 100));
	EXPECT_EQ(0, disk_set(self->id, 10 * MB, 100));

	/* It all comes back. */
	ASSERT_EQ(0, vc(VC_DESTROY, second, NULL));
	EXPECT_EQ(mine, project(MNT "/a/s"));
	EXPECT_TRUE(inherits(MNT "/a/s"));
	EXPECT_EQ(6 * MB, inside(self->id, MNT "/a", in_statfs, 0));
	ASSERT_EQ(0, disk_set(child, NONE, NONE));
	EXPECT_EQ(mine, project(MNT "/a/c/before"));
	EXPECT_EQ(10 * MB, inside(self->id, MNT "/a", in_statfs, 0));
	EXPECT_EQ(100, inside(self->id, MNT "/a", in_statfs, 2));
	EXPECT_EQ(-ENOSPC - 1000, inside(child, MNT "/a/c", in_nothing, 0));

	/* And without the parent's nobody needs one. */
	ASSERT_EQ(0, disk_set(self->id, NONE, NONE));
	EXPECT_EQ(0, project(MNT "/a/c/before"));
	EXPECT_EQ(7, inside(child, MNT "/a/c", in_nothing, 0));
}

/* A limit around others that were there first. */
TEST_F(disk, nested_afterwards)
{
	long child, inner;

	child = child_new(self->id);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, mkdir(MNT "/a/c", 0755));
	ASSERT_EQ(0, make_file(MNT "/a/c/f", MB));
	ASSERT_EQ(0, root_set(child, MNT "/a/c"));
	ASSERT_EQ(0, disk_set(child, 4 * MB, 10));
	inner = project(MNT "/a/c");

	EXPECT_EQ(-ENOSPC, disk_set(self->id, 3 * MB, 100));
	EXPECT_EQ(0, project(MNT "/a"));
	EXPECT_EQ(inner, project(MNT "/a/c/f"));
	ASSERT_EQ(0, disk_set(self->id, 10 * MB, 100));
	EXPECT_EQ(inner, project(MNT "/a/c/f"));
	EXPECT_NE(inner, project(MNT "/a"));
	EXPECT_EQ(6 * MB, inside(self->id, MNT "/a", in_statfs, 0));
	EXPECT_EQ(3, used_inodes(self->id));

	/* Where usage is above the limit, the usage is carved out. */
	ASSERT_EQ(0, disk_set(child, MB / 2, 10));
	EXPECT_GT(9 * MB + 1, inside(self->id, MNT "/a", in_statfs, 0));

	/* With the parent's gone it stays. */
	ASSERT_EQ(0, disk_set(self->id, NONE, NONE));
	EXPECT_EQ(0, project(MNT "/a"));
	EXPECT_EQ(inner, project(MNT "/a/c/f"));
	ASSERT_EQ(0, disk_set(child, NONE, NONE));
	EXPECT_EQ(0, project(MNT "/a/c/f"));

	/* The children go first, whatever the order. */
	ASSERT_EQ(0, disk_set(self->id, 10 * MB, 100));
	ASSERT_EQ(0, disk_set(child, 4 * MB, 10));
	ASSERT_EQ(0, ctx_kill(self->id));
	EXPECT_EQ(0, project(MNT "/a"));
	EXPECT_EQ(0, project(MNT "/a/c/f"));
	EXPECT_FALSE(inherits(MNT "/a/c"));
}

/* ---- what the host does meanwhile ---- */

TEST_F(disk, host_renames)
{
	struct limits disk;

	ASSERT_EQ(0, make_file(MNT "/a/f", 4096));
	ASSERT_EQ(0, disk_set(self->id, MB, 100));
	ASSERT_EQ(0, rename(MNT "/a", MNT "/b"));
	EXPECT_EQ(0, disk_get(self->id, &disk));
	EXPECT_EQ(2, disk.inodes_usage);
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	EXPECT_EQ(0, project(MNT "/b"));
	EXPECT_EQ(0, project(MNT "/b/f"));
}

TEST_F(disk, host_removes)
{
	long id;

	ASSERT_EQ(0, disk_set(self->id, MB, 100));
	id = project(MNT "/a");
	ASSERT_EQ(0, rmdir(MNT "/a"));
	EXPECT_EQ(0, disk_set(self->id, 2 * MB, 100));
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	EXPECT_TRUE(WAIT_FOR(quota_empty(id)));
}

TEST_F(disk, host_unmounts)
{
	long id;

	ASSERT_EQ(0, make_file(MNT "/a/f", 4096));
	ASSERT_EQ(0, disk_set(self->id, MB, 100));
	id = project(MNT "/a");
	ASSERT_EQ(0, umount2(MNT, MNT_DETACH));
	ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	/* that was the last user, so it can be had again */
	ASSERT_TRUE(WAIT_FOR(!mount(dev, MNT, variant->type, 0, "prjquota")));
	EXPECT_EQ(0, project(MNT "/a"));
	EXPECT_EQ(0, project(MNT "/a/f"));
	EXPECT_TRUE(WAIT_FOR(quota_empty(id)));
}

/* ---- races ---- */

static long race_id;
static bool race_over;
static long race_errors;

static void *race_thread(void *arg)
{
	struct limits disk;
	long id, ret;

	while (!__atomic_load_n(&race_over, __ATOMIC_RELAXED)) {
		id = __atomic_load_n(&race_id, __ATOMIC_RELAXED);
		ret = arg ? disk_set(id, 8 * MB, 1000) : disk_get(id, &disk);
		if (ret && ret != -ESRCH && ret != -ENOENT && ret != -EBUSY)
			__atomic_fetch_add(&race_errors, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F(disk, races_destroy)
{
	pthread_t thread[3];
	char path[64];
	int i, error;

	ASSERT_EQ(20, make_files(MNT "/a", "f", 20, &error));
	race_id = self->id;
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, race_thread,
					    i ? (void *)1 : NULL));
	for (i = 0; i < 30; i++) {
		long id = race_id;

		EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
		id = ctx_at(MNT "/a");
		EXPECT_LT(0, id);
		__atomic_store_n(&race_id, id, __ATOMIC_RELAXED);
		if (i & 1)
			vc(VC_UNSET_ROOT, id, NULL);
	}
	__atomic_store_n(&race_over, true, __ATOMIC_RELAXED);
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	EXPECT_EQ(0, race_errors);
	EXPECT_EQ(0, vc(VC_DESTROY, race_id, NULL));
	for (i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), MNT "/a/f%d", i);
		EXPECT_EQ(0, project(path));
	}
	EXPECT_EQ(0, project(MNT "/a"));
}

/* Those who write while tags are set and removed: each file is of its tree. */
static long churn(long unused)
{
	char from[64], to[64];
	int i, error;

	for (i = 0; i < 150; i++) {
		snprintf(from, sizeof(from), MNT "/a/d%d", i % 7);
		mkdir(from, 0755);
		make_files(from, "x", 3, &error);
		strcat(from, "/x0");
		snprintf(to, sizeof(to), MNT "/a/d%d/y%d", (i + 3) % 7, i);
		rename(from, to);
	}
	return 0;
}

TEST_F(disk, races_writers)
{
	int i;
	pid_t pid;

	for (i = 0; i < 5; i++) {
		pid = child_fork();
		if (!pid)
			_exit(churn(0));
		EXPECT_EQ(0, disk_set(self->id, 32 * MB, 5000));
		EXPECT_EQ(0, child_wait(pid));
		check_project = 0;
		check_expected = project(MNT "/a");
		EXPECT_LT(0, check_expected);
		nftw(MNT "/a", check_one, 64, FTW_PHYS);
		EXPECT_EQ(0, check_project);
		EXPECT_EQ(0, disk_set(self->id, NONE, NONE));
		check_expected = 0;
		nftw(MNT "/a", check_one, 64, FTW_PHYS);
		EXPECT_EQ(0, check_project);
		remove_tree(MNT "/a");
		ASSERT_EQ(0, vc(VC_DESTROY, self->id, NULL));
		self->id = ctx_at(MNT "/a");
		ASSERT_LT(0, self->id);
	}
}

/*
 * For a crash, of which the one who started the machine looks at the disks:
 * VC_DISK=crash ends the machine in the midst of it, VC_DISK=after mounts what
 * that has left, sets a limit on it and removes it.
 */
static const char * const crash_types[] = { "ext4", "xfs" };

/* Whoever gives no disk of a type expects no result of it. */
static bool crash_mount(const char *type)
{
	char path[64];

	if (!disk_find(type))
		return false;
	snprintf(path, sizeof(path), MNT "-%s", type);
	mkdir(path, 0755);
	if (mount(dev, path, type, 0, "prjquota"))
		_exit(KSFT_FAIL);
	return true;
}

static void crash(void)
{
	int i, n, error;

	for (i = 0; i < 2; i++) {
		if (!crash_mount(crash_types[i]) || fork())
			continue;
		for (n = 0;; n++) {
			char path[64], sub[128];
			long id;

			snprintf(path, sizeof(path), MNT "-%s/a",
				 crash_types[i]);
			id = ctx_at(path);
			snprintf(sub, sizeof(sub), "%s/d%d", path, n);
			mkdir(sub, 0755);
			make_files(sub, "f", 50, &error);
			disk_set(id, 32 * MB, 10000);
			sync();
			if (n % 3)
				vc(VC_DESTROY, id, NULL);
			ctx_made_nr = 0;
		}
	}
	sleep(8);
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_RESTART, NULL);
	_exit(KSFT_FAIL);
}

static void after_crash(void)
{
	char path[64];
	int i, tagged, bad = 0;
	long id, ret;

	for (i = 0; i < 2; i++) {
		if (!crash_mount(crash_types[i]))
			continue;
		snprintf(path, sizeof(path), MNT "-%s/a", crash_types[i]);
		tagged = project(path) > 0;
		id = ctx_at(path);
		ret = disk_set(id, 32 * MB, 100000);
		if (ret)
			printf("# %s: %s\n", path, ctx_error());
		ret = ret ?: vc(VC_DESTROY, id, NULL);
		check_expected = 0;
		check_project = 0;
		nftw(path, check_one, 64, FTW_PHYS);
		printf("%sok %d - after.%s\n",
		       ret || check_project ? "not " : "", i + 1,
		       crash_types[i]);
		printf("# it was %stagged\n", tagged ? "" : "not ");
		bad |= ret || check_project;
		snprintf(path, sizeof(path), MNT "-%s", crash_types[i]);
		if (umount(path))
			bad = 1;
	}
	fflush(stdout);
	_exit(bad ? KSFT_FAIL : KSFT_PASS);
}

static __attribute__((constructor(65001))) void crash_constructor(void)
{
	const char *what = getenv("VC_DISK");

	if (what && !strcmp(what, "crash"))
		crash();
	if (what && !strcmp(what, "after"))
		after_crash();
}

TEST_HARNESS_MAIN
