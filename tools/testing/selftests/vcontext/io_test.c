// SPDX-License-Identifier: GPL-2.0
/*
 * Block I/O limits and weight, measured on a disk.
 *
 * The disk is one to spoil: a virtio disk whose ext4 of 64 MB is labelled
 * "vcontext-scratch" and does not reach its end.
 */
#include "common.h"

#include <linux/loop.h>
#include <sys/sysmacros.h>

#define LABEL		"vcontext-scratch"
#define LABEL_OFFSET	(1024 + 0x78)
#define FS_SIZE		(64L << 20)
#define MNT		"/tmp/vcontext-io"

#define UNKNOWN_MAJOR	4000U

static char disk[64];
static int disk_fd = -1;
static unsigned int disk_major, disk_minor;

static bool disk_find(void)
{
	char label[16];
	struct stat st;
	char c;

	for (c = 'a'; c <= 'z'; c++) {
		snprintf(disk, sizeof(disk), "/dev/vd%c", c);
		/* one that is open for writing may not be mounted */
		disk_fd = open(disk, O_RDONLY | O_CLOEXEC);
		if (disk_fd < 0)
			continue;
		if (pread(disk_fd, label, 16, LABEL_OFFSET) == 16 &&
		    !memcmp(label, LABEL, 16) && !fstat(disk_fd, &st)) {
			disk_major = major(st.st_rdev);
			disk_minor = minor(st.st_rdev);
			return true;
		}
		close(disk_fd);
	}
	disk_fd = -1;
	return false;
}

static struct vc_io io_of_disk(void)
{
	struct vc_io io = { .major = disk_major, .minor = disk_minor };

	return io;
}

static long io_get(__u32 id, struct vc_io *io)
{
	memset(io, 0xa5, sizeof(*io));
	io->major = disk_major;
	io->minor = disk_minor;
	return vc(VC_GET_IO, id, io);
}

FIXTURE(io)
{
	long id;
	struct vc_io io;
};

FIXTURE_SETUP(io)
{
	VC_SETUP();
	if (vc(VC_IO_VERSION, 0, NULL) == -EOPNOTSUPP)
		SKIP(return, "no io controller");
	if (!disk_find())
		SKIP(return, "no disk with the label " LABEL);
	self->id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, self->id);
	self->io = io_of_disk();
}

FIXTURE_TEARDOWN(io)
{
	vc_teardown();
	umount(MNT);
	close(disk_fd);
}

TEST_F(io, reads_back)
{
	struct vc_io io;

	ASSERT_EQ(0, io_get(self->id, &io));
	EXPECT_EQ(0, memcmp(&io, &self->io, sizeof(io)));

	self->io.rbps = 1 << 20;
	self->io.wbps = 2 << 20;
	self->io.riops = 30;
	self->io.wiops = 4294967294;
	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	ASSERT_EQ(0, io_get(self->id, &io));
	EXPECT_EQ(0, memcmp(&io, &self->io, sizeof(io)));

	/* The same in the group's own file. */
	EXPECT_EQ(1 << 20, file_number(cg_path(self->id, "io.max"), "rbps="));
	EXPECT_EQ(30, file_number(cg_path(self->id, "io.max"), "riops="));

	/* SET is of all: what is 0 is none again. */
	self->io = io_of_disk();
	self->io.riops = VC_UNLIMITED;
	self->io.wbps = 1 << 20;
	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	self->io.riops = 0;
	ASSERT_EQ(0, io_get(self->id, &io));
	EXPECT_EQ(0, memcmp(&io, &self->io, sizeof(io)));

	/* The host has none. */
	ASSERT_EQ(0, io_get(VC_ID_HOST, &io));
	EXPECT_EQ(0ULL, io.wbps);
}

TEST_F(io, values)
{
	struct vc_io io, bad;

	self->io.rbps = 1 << 20;
	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));

#define REFUSED(member, value, errno_) do { \
	bad = io_of_disk(); \
	bad.wbps = 2 << 20; \
	bad.member = value; \
	EXPECT_EQ(-(errno_), vc(VC_SET_IO, self->id, &bad)); \
	EXPECT_TRUE(!!strstr(ctx_error(), #member) || errno_ == ENODEV) \
		TH_LOG("%s", ctx_error()); \
	/* And nothing has changed. */ \
	EXPECT_EQ(0, io_get(self->id, &io)); \
	EXPECT_EQ(0, memcmp(&io, &self->io, sizeof(io))); \
} while (0)

	REFUSED(reserved, 1, EINVAL);
	REFUSED(weight, 10001, EINVAL);
	REFUSED(rbps, 1, EINVAL);
	REFUSED(riops, 4294967295, EINVAL);
	REFUSED(wiops, 1, EINVAL);
	REFUSED(major, UNKNOWN_MAJOR, ENODEV);
	/* Not that of the disk with more bits. */
	REFUSED(major, disk_major + 4096, ENODEV);
	REFUSED(minor, disk_minor + (1 << 20), ENODEV);
#undef REFUSED

	io = io_of_disk();
	io.major = UNKNOWN_MAJOR;
	EXPECT_EQ(-ENODEV, vc(VC_GET_IO, self->id, &io));
}

/* A loop device: its number, and its descriptor in @fd; or -errno. */
static long loop_make(int *fd, struct vc_io *io)
{
	int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int file = memfd_create("loop", MFD_CLOEXEC);
	struct stat st;
	char path[64];
	long nr, ret;

	nr = ctl < 0 ? -errno : res(ioctl(ctl, LOOP_CTL_GET_FREE));
	close(ctl);
	if (nr < 0)
		return nr;
	snprintf(path, sizeof(path), "/dev/loop%ld", nr);
	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0 || ftruncate(file, 1 << 20) || fstat(*fd, &st))
		return -errno;
	ret = res(ioctl(*fd, LOOP_SET_FD, file));
	close(file);
	memset(io, 0, sizeof(*io));
	io->major = major(st.st_rdev);
	io->minor = minor(st.st_rdev);
	return ret ? ret : nr;
}

static bool loop_remove(long nr, int fd)
{
	int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	bool ret;

	ioctl(fd, LOOP_CLR_FD, 0);
	close(fd);
	ret = WAIT_FOR(ioctl(ctl, LOOP_CTL_REMOVE, nr) >= 0);
	close(ctl);
	return ret;
}

/* A disk that iocost has never been on: all of it is refused. */
TEST_F(io, weight_without_iocost)
{
	struct vc_io io, now;
	long nr;
	int fd;

	nr = loop_make(&fd, &io);
	ASSERT_LE(0, nr);
	now = io;
	io.weight = 100;
	io.rbps = 1 << 20;
	EXPECT_EQ(-EOPNOTSUPP, vc(VC_SET_IO, self->id, &io));
	EXPECT_TRUE(!!strstr(ctx_error(), "weight 100"))
		TH_LOG("%s", ctx_error());
	EXPECT_EQ(0, vc(VC_GET_IO, self->id, &now));
	EXPECT_EQ(0ULL, now.rbps);
	io.weight = 0;
	EXPECT_EQ(0, vc(VC_SET_IO, self->id, &io));
	EXPECT_TRUE(loop_remove(nr, fd));
}

TEST_F(io, not_wider_than_above)
{
	long b = ctx_new_below(self->id, 0);
	struct vc_io io;

	ASSERT_LT(0, b);
	self->io.wbps = 1000000;
	self->io.riops = 100;
	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	self->io.wbps++;
	EXPECT_EQ(-EPERM, vc(VC_SET_IO, b, &self->io));
	EXPECT_TRUE(!!strstr(ctx_error(), "wbps 1000001: 1000000"))
		TH_LOG("%s", ctx_error());
	self->io.wbps = 0;
	self->io.riops = 101;
	EXPECT_EQ(-EPERM, vc(VC_SET_IO, b, &self->io));
	ASSERT_EQ(0, io_get(b, &io));
	EXPECT_EQ(0ULL, io.wbps);
	EXPECT_EQ(0ULL, io.riops);
	self->io.wbps = 1000000;
	self->io.riops = 100;
	self->io.rbps = 123456789;
	EXPECT_EQ(0, vc(VC_SET_IO, b, &self->io));
	/* None of its own. */
	self->io = io_of_disk();
	EXPECT_EQ(0, vc(VC_SET_IO, b, &self->io));
}

TEST_F(io, in_proc)
{
	char path[64], want[64], buf[4096];

	snprintf(path, sizeof(path), "/proc/vcontext/%ld/vfs", self->id);
	ASSERT_LT(0, file_read(path, buf, sizeof(buf)));
	EXPECT_FALSE(!!strstr(buf, "io device="));
	self->io.rbps = 1 << 20;
	self->io.wiops = 77;
	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	ASSERT_LT(0, file_read(path, buf, sizeof(buf)));
	snprintf(want, sizeof(want), "\nio device=%u:%u rbps=1048576 wbps=max",
		 disk_major, disk_minor);
	EXPECT_TRUE(!!strstr(buf, want))
		TH_LOG("%s", buf);
	EXPECT_TRUE(!!strstr(buf, " riops=max wiops=77 weight=default\n"))
		TH_LOG("%s", buf);
}

/* ---- what threads of an agent do to the disk, through agent_fd ---- */

static long io_done;
static long io_size;
static bool io_write;

/* Each thread has a part of the disk of its own. */
static void *io_thread(void *arg)
{
	long part = (long)arg, at = 0;
	void *buf = NULL;

	if (posix_memalign(&buf, 4096, io_size))
		return NULL;
	memset(buf, part, io_size);
	for (;;) {
		off_t offset = FS_SIZE + (part << 24) + at;
		ssize_t ret = io_write ? pwrite(agent_fd, buf, io_size, offset)
				       : pread(agent_fd, buf, io_size, offset);

		if (ret != io_size)
			return NULL;
		__sync_fetch_and_add(&io_done, 1);
		at = (at + io_size) % (1 << 24);
	}
}

static long a_io_start(long write, long size, long threads)
{
	pthread_t thread;
	long i;

	io_write = write;
	io_size = size;
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, io_thread, (void *)i))
			return -EAGAIN;
	return 0;
}

static long a_io_done(long a, long b, long c)
{
	return __sync_fetch_and_add(&io_done, 0);
}

/* How often a second, over @ms, after what has been saved up is used. */
static double rate(struct agent *agent, int ms)
{
	long long start, end;
	long before, after;

	start = now_ms();
	while (now_ms() < start + 1000)
		nap();
	before = ask0(agent, a_io_done);
	start = now_ms();
	while (now_ms() < start + ms)
		nap();
	after = ask0(agent, a_io_done);
	end = now_ms();
	return (after - before) * 1000.0 / (end - start);
}

/* @size bytes to a new file of the name in agent_buf, not to the disk yet. */
static long a_write_file(long size, long b, long c)
{
	int fd = open(agent_buf, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	static char buf[65536];

	if (fd < 0)
		return -errno;
	memset(buf, 2, sizeof(buf));
	for (; size > 0; size -= sizeof(buf))
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			return -EIO;
	close(fd);
	return 0;
}

static long io_agent(struct agent *agent, long id)
{
	long ret = agent_start(agent, id, 0);
	int fd;

	if (ret)
		return ret;
	fd = open(disk, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = agent_give(agent, fd);
	close(fd);
	return ret;
}

/* Is @x within a tenth of @y? */
static bool near(double x, double y)
{
	return x > y * 0.9 && x < y * 1.1;
}

FIXTURE(io_rate)
{
	struct vc_io io;
	long id;
};

FIXTURE_VARIANT(io_rate)
{
	bool write;
	long size;
	size_t member;
	__u64 limit;
	double per_second;
};

FIXTURE_VARIANT_ADD(io_rate, rbps)
{
	.size = 32768, .member = offsetof(struct vc_io, rbps),
	.limit = 2 << 20, .per_second = 64,
};

FIXTURE_VARIANT_ADD(io_rate, wbps)
{
	.write = true, .size = 32768, .member = offsetof(struct vc_io, wbps),
	.limit = 1 << 20, .per_second = 32,
};

FIXTURE_VARIANT_ADD(io_rate, riops)
{
	.size = 4096, .member = offsetof(struct vc_io, riops),
	.limit = 100, .per_second = 100,
};

FIXTURE_VARIANT_ADD(io_rate, wiops)
{
	.write = true, .size = 4096, .member = offsetof(struct vc_io, wiops),
	.limit = 50, .per_second = 50,
};

FIXTURE_SETUP(io_rate)
{
	VC_SETUP();
	if (vc(VC_IO_VERSION, 0, NULL) == -EOPNOTSUPP)
		SKIP(return, "no io controller");
	if (!disk_find())
		SKIP(return, "no disk with the label " LABEL);
	self->id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, self->id);
	self->io = io_of_disk();
	*(__u64 *)((char *)&self->io + variant->member) = variant->limit;
}

FIXTURE_TEARDOWN(io_rate)
{
	vc_teardown();
	close(disk_fd);
}

TEST_F(io_rate, holds)
{
	struct agent host, agent;
	double got;

	/* The disk is faster, so it is the limit that is measured. */
	ASSERT_EQ(0, io_agent(&host, VC_ID_HOST));
	ASSERT_EQ(0, ask3(&host, a_io_start, variant->write, variant->size, 2));
	got = rate(&host, 1000);
	EXPECT_LT(variant->per_second * 1.5, got);
	agent_end(&host);

	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	ASSERT_EQ(0, io_agent(&agent, self->id));
	ASSERT_EQ(0, ask3(&agent, a_io_start, variant->write, variant->size,
			  2));
	got = rate(&agent, 5000);
	EXPECT_TRUE(near(got, variant->per_second))
		TH_LOG("%f a second instead of %f", got, variant->per_second);

	/* Lifted while it waits. */
	self->io = io_of_disk();
	EXPECT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	EXPECT_LT(variant->per_second * 1.5, rate(&agent, 1000));
}

/* A limit binds all below, which have none of their own. */
TEST_F(io, nested)
{
	long b = ctx_new_below(self->id, 0);
	long c = ctx_new_below(self->id, 0);
	struct agent agents[2];
	long long start, end;
	long before = 0, after = 0;

	ASSERT_LT(0, b);
	ASSERT_LT(0, c);
	self->io.rbps = 2 << 20;
	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	ASSERT_EQ(0, io_agent(&agents[0], b));
	ASSERT_EQ(0, io_agent(&agents[1], c));
	ASSERT_EQ(0, ask3(&agents[0], a_io_start, 0, 32768, 2));
	ASSERT_EQ(0, ask3(&agents[1], a_io_start, 0, 32768, 2));
	rate(&agents[0], 0);
	before = ask0(&agents[0], a_io_done) + ask0(&agents[1], a_io_done);
	start = now_ms();
	while (now_ms() < start + 5000)
		nap();
	after = ask0(&agents[0], a_io_done) + ask0(&agents[1], a_io_done);
	end = now_ms();
	EXPECT_TRUE(near((after - before) * 1000.0 / (end - start), 64))
		TH_LOG("%ld in %lld ms", after - before, end - start);
}

/* What is written later is charged to who wrote it. */
TEST_F(io, writeback)
{
	struct agent agent;
	long long start;
	char buf[65536];
	int fd, i;

	mkdir(MNT, 0755);
	ASSERT_EQ(0, mount(disk, MNT, "ext4", 0, NULL));
	self->io.wbps = 2 << 20;
	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	ASSERT_EQ(0, agent_start(&agent, self->id, 0));

	/* Control: the host's own goes at once. */
	memset(buf, 1, sizeof(buf));
	fd = open(MNT "/host", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ASSERT_LE(0, fd);
	start = now_ms();
	for (i = 0; i < 128; i++) {
		ASSERT_EQ(sizeof(buf), (size_t)write(fd, buf, sizeof(buf)));
	}
	EXPECT_EQ(0, fsync(fd));
	EXPECT_GT(3000, now_ms() - start);
	close(fd);

	COPY(agent_buf, MNT "/inside");
	ASSERT_EQ(0, ask(&agent, a_write_file, 8 << 20));
	/* Whoever asks for it. */
	fd = open(MNT "/inside", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	start = now_ms();
	EXPECT_EQ(0, fsync(fd));
	/* 8 MB take 4 s; some may have gone before. */
	EXPECT_LT(3000, now_ms() - start);
	close(fd);
	unlink(MNT "/host");
	unlink(MNT "/inside");
}

/* A disk of 8 MB/s, as iocost has it. */
static long set_slow(int enable)
{
	char line[256];
	long ret;

	snprintf(line, sizeof(line),
		 "%u:%u ctrl=user model=linear rbps=8000000 rseqiops=500 rrandiops=500 wbps=8000000 wseqiops=500 wrandiops=500",
		 disk_major, disk_minor);
	ret = file_write(CG_ROOT "/io.cost.model", line);
	if (ret)
		return ret;
	snprintf(line, sizeof(line),
		 "%u:%u enable=%d ctrl=user rpct=0.00 rlat=100000 wpct=0.00 wlat=100000 min=100.00 max=100.00",
		 disk_major, disk_minor, enable);
	return file_write(CG_ROOT "/io.cost.qos", line);
}

TEST_F(io, weight)
{
	struct agent agents[2];
	long before[2], after[2];
	struct vc_io io;
	long b = ctx_new(0);
	double ratio;
	int i;

	ASSERT_LT(0, b);
	ASSERT_EQ(0, set_slow(1));
	self->io.weight = 100;
	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	self->io.weight = 300;
	ASSERT_EQ(0, vc(VC_SET_IO, b, &self->io));
	ASSERT_EQ(0, io_get(b, &io));
	EXPECT_EQ(300U, io.weight);
	EXPECT_EQ(300, file_number(cg_path(b, "io.weight"), ":0 "));

	ASSERT_EQ(0, io_agent(&agents[0], self->id));
	ASSERT_EQ(0, io_agent(&agents[1], b));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, ask3(&agents[i], a_io_start, 0, 16384, 4));
	}
	rate(&agents[0], 1000);
	for (i = 0; i < 2; i++)
		before[i] = ask0(&agents[i], a_io_done);
	rate(&agents[0], 8000);
	for (i = 0; i < 2; i++)
		after[i] = ask0(&agents[i], a_io_done);
	ratio = (double)(after[1] - before[1]) / (after[0] - before[0]);
	EXPECT_TRUE(near(ratio, 3))
		TH_LOG("%ld to %ld, %f", after[1] - before[1],
		       after[0] - before[0], ratio);

	/* The default again. */
	self->io.weight = 0;
	EXPECT_EQ(0, vc(VC_SET_IO, b, &self->io));
	ASSERT_EQ(0, io_get(b, &io));
	EXPECT_EQ(0U, io.weight);
	EXPECT_EQ(0, set_slow(0));
}

/* The inside has no way to lift it. */
TEST_F(io, from_inside)
{
	struct agent agent;
	char line[64];

	self->io.wbps = 1 << 20;
	ASSERT_EQ(0, vc(VC_SET_IO, self->id, &self->io));
	ASSERT_EQ(0, agent_start(&agent, self->id, 0));
	snprintf(line, sizeof(line), "%u:%u wbps=max", disk_major, disk_minor);
	EXPECT_EQ(-EPERM, ask_write(&agent, cg_path(self->id, "io.max"), line));
	memcpy(agent_buf, &self->io, sizeof(self->io));
	EXPECT_EQ(-EPERM, ask3(&agent, a_vc, VC_SET_IO, self->id, 1));
	/* It may look. */
	memcpy(agent_buf, &self->io, sizeof(self->io));
	EXPECT_EQ(0, ask3(&agent, a_vc, VC_GET_IO, (int)VC_ID_SELF, 1));
	EXPECT_EQ(1ULL << 20, ((struct vc_io *)agent_buf)->wbps);
}

/* A disk that goes takes its settings along. */
TEST_F(io, device_goes)
{
	struct vc_io io;
	long nr;
	int fd;

	nr = loop_make(&fd, &io);
	ASSERT_LE(0, nr);
	io.wbps = 1 << 20;
	EXPECT_EQ(0, vc(VC_SET_IO, self->id, &io));
	EXPECT_TRUE(loop_remove(nr, fd));
	EXPECT_EQ(-ENODEV, vc(VC_GET_IO, self->id, &io));
	EXPECT_EQ(-ENODEV, vc(VC_SET_IO, self->id, &io));

	/* One that comes in its place has none. */
	nr = loop_make(&fd, &io);
	ASSERT_LE(0, nr);
	io.wbps = 1;
	EXPECT_EQ(0, vc(VC_GET_IO, self->id, &io));
	EXPECT_EQ(0ULL, io.wbps);
	EXPECT_TRUE(loop_remove(nr, fd));
}

TEST_HARNESS_MAIN
