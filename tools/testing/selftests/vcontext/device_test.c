// SPDX-License-Identifier: GPL-2.0
/*
 * The devices of a context: what is not in its list cannot be opened or made,
 * and what is can, as far as the lists above have it too.
 */
#include "common.h"

#include <linux/fs.h>
#include <sys/sysmacros.h>

#define NODE		"/tmp/vcontext_device_test"
/* Devices that are in no default list and that a test machine has. */
#define LOG		"/dev/kmsg"
#define DISK		"/dev/ram0"

#define ALL		(VC_DEVICE_READ | VC_DEVICE_WRITE | VC_DEVICE_MKNOD)

#define LIST_ROOM	64

struct list {
	struct vc_devices head;
	struct vc_device dev[LIST_ROOM];
};

static long devices_set(__u32 id, const struct vc_device *dev, unsigned int n)
{
	struct list list = { .head.count = n };

	if (n)
		memcpy(list.dev, dev, n * sizeof(*dev));
	return vc(VC_SET_DEVICES, id, &list);
}

#define SET(id, ...) ({							\
	const struct vc_device __dev[] = { __VA_ARGS__ };		\
	devices_set(id, __dev, ARRAY_SIZE(__dev));			\
})

static long devices_get(__u32 id, struct list *list)
{
	memset(list, 0xa5, sizeof(*list));
	list->head.count = LIST_ROOM;
	list->head.reserved = 0;
	return vc(VC_GET_DEVICES, id, list);
}

/* The list of @id as text, "c:1:3:7 ...". */
static const char *devices(__u32 id)
{
	static char bufs[4][1024];
	static unsigned int next;
	char *buf = bufs[next++ % 4];
	struct list list;
	unsigned int i;

	buf[0] = '\0';
	if (devices_get(id, &list))
		return "?";
	for (i = 0; i < list.head.count && i < LIST_ROOM; i++)
		strcatf(buf, sizeof(bufs[0]), "%s%c:%u:%d:%u", i ? " " : "",
			list.dev[i].type, list.dev[i].major,
			(int)list.dev[i].minor, list.dev[i].access);
	return buf;
}

static __u32 error_index(void)
{
	struct vc_error error = {};

	vc(VC_LAST_ERROR, 0, &error);
	return error.index;
}

/* Makes a node and takes it away again: 0 or -errno. */
static long a_mknod(long mode, long major, long minor)
{
	unlink(NODE);
	if (mknod(NODE, mode | 0600, makedev(major, minor)))
		return -errno;
	return res(unlink(NODE));
}

static const char default_list[] =
	"c:1:3:7 c:1:5:7 c:1:7:7 c:1:8:7 c:1:9:7 c:5:0:7 c:5:2:7 c:136:-1:7 c:137:-1:7 c:138:-1:7 c:139:-1:7 c:140:-1:7 c:141:-1:7 c:142:-1:7 c:143:-1:7";

/* The default, and what reading the log takes besides. */
#define LOG_CAPS	(0xa80425fbULL | (__u64)1 << CAP_SYSLOG)

FIXTURE(device)
{
	long id;
	struct agent host, agent;
	struct vc_device log, disk, null;
};

FIXTURE_SETUP(device)
{
	struct stat st;

	VC_SETUP();
	ASSERT_EQ(0, stat(LOG, &st));
	self->log = (struct vc_device){ 'c', major(st.st_rdev),
					minor(st.st_rdev), ALL };
	ASSERT_EQ(0, stat(DISK, &st));
	self->disk = (struct vc_device){ 'b', major(st.st_rdev),
					 minor(st.st_rdev), ALL };
	self->null = (struct vc_device){ 'c', 1, 3, ALL };
	self->id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, ctx_set_caps(self->id, LOG_CAPS));
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
}

FIXTURE_TEARDOWN(device)
{
	vc_teardown();
	unlink(NODE);
}

TEST_F(device, default_open)
{
	static const char * const permitted[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
		"/dev/urandom", "/dev/tty", "/dev/ptmx",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(permitted); i++)
		EXPECT_EQ(ask_open(&self->host, permitted[i], O_RDWR),
			  ask_open(&self->agent, permitted[i], O_RDWR))
			TH_LOG("%s", permitted[i]);
	EXPECT_EQ(0, ask_open(&self->agent, "/dev/null", O_RDWR));

	EXPECT_EQ(0, ask_open(&self->host, LOG, O_RDONLY));
	EXPECT_EQ(0, ask_open(&self->host, DISK, O_RDONLY));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, LOG, O_RDONLY));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, LOG, O_WRONLY));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, DISK, O_RDONLY));
	/* No open. */
	EXPECT_EQ(0, ask_open(&self->agent, DISK, O_PATH));
	EXPECT_STREQ(default_list, devices(self->id));
}

TEST_F(device, default_mknod)
{
	static const struct {
		long mode, major, minor, inside;
	} nodes[] = {
		{ S_IFCHR, 1, 3, 0 }, { S_IFCHR, 136, 7, 0 },
		{ S_IFCHR, 1, 1, -EPERM }, { S_IFCHR, 1, 11, -EPERM },
		{ S_IFBLK, 1, 3, -EPERM }, { S_IFBLK, 7, 0, -EPERM },
		/* no device: a fifo, and what overlayfs calls a whiteout */
		{ S_IFIFO, 0, 0, 0 }, { S_IFCHR, 0, 0, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		EXPECT_EQ(0, ask3(&self->host, a_mknod, nodes[i].mode,
				  nodes[i].major, nodes[i].minor));
		EXPECT_EQ(nodes[i].inside,
			  ask3(&self->agent, a_mknod, nodes[i].mode,
			       nodes[i].major, nodes[i].minor))
			TH_LOG("%lo %ld:%ld", nodes[i].mode, nodes[i].major,
			       nodes[i].minor);
	}
}

/* The list replaces the default one; each kind of access is one of its own. */
TEST_F(device, access)
{
	struct vc_device log = self->log;

	log.access = VC_DEVICE_READ;
	ASSERT_EQ(0, SET(self->id, log));
	EXPECT_EQ(0, ask_open(&self->agent, LOG, O_RDONLY));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, LOG, O_WRONLY));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, LOG, O_RDWR));
	EXPECT_EQ(-EPERM, ask3(&self->agent, a_mknod, S_IFCHR, log.major,
			       log.minor));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, "/dev/null", O_RDWR));

	log.access = VC_DEVICE_WRITE;
	ASSERT_EQ(0, SET(self->id, log));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, LOG, O_RDONLY));
	EXPECT_EQ(0, ask_open(&self->agent, LOG, O_WRONLY));

	log.access = VC_DEVICE_MKNOD;
	ASSERT_EQ(0, SET(self->id, log));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, LOG, O_RDONLY));
	EXPECT_EQ(0, ask3(&self->agent, a_mknod, S_IFCHR, log.major,
			  log.minor));

	/* the other type is another device */
	log.access = ALL;
	log.type = 'b';
	ASSERT_EQ(0, SET(self->id, log));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, LOG, O_RDONLY));

	ASSERT_EQ(0, devices_set(self->id, NULL, 0));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, "/dev/null", O_RDWR));
	EXPECT_STREQ("", devices(self->id));
}

TEST_F(device, any_minor)
{
	struct vc_device any = self->disk;

	any.minor = VC_DEVICE_ANY;
	any.access = VC_DEVICE_READ;
	ASSERT_EQ(0, SET(self->id, any));
	EXPECT_EQ(0, ask_open(&self->agent, DISK, O_RDONLY));
	EXPECT_EQ(-EPERM, ask_open(&self->agent, DISK, O_RDWR));
	/* both entries together */
	self->disk.access = VC_DEVICE_WRITE;
	ASSERT_EQ(0, SET(self->id, any, self->disk));
	EXPECT_EQ(0, ask_open(&self->agent, DISK, O_RDWR));
	EXPECT_STREQ("b:1:0:3 b:1:-1:1", devices(self->id));
}

/* access(2) tells what open(2) would say. */
static long a_access(long mode, long b, long c)
{
	return res(access(agent_buf, mode));
}

TEST_F(device, access_call)
{
	COPY(agent_buf, LOG);
	EXPECT_EQ(0, ask(&self->host, a_access, R_OK));
	COPY(agent_buf, LOG);
	EXPECT_EQ(-EPERM, ask(&self->agent, a_access, R_OK));
	COPY(agent_buf, LOG);
	EXPECT_EQ(0, ask(&self->agent, a_access, F_OK));
}

static long a_read_fd(long a, long b, long c)
{
	char buf[8192];
	long ret = res(read(agent_fd, buf, sizeof(buf)));

	return ret == -EAGAIN ? 0 : ret;
}

static long a_reopen(long flags, long b, long c)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", agent_fd);
	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* What is passed in is usable; to open it again is an open. */
TEST_F(device, passed_in)
{
	int fd = open(LOG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->agent, fd));
	ASSERT_EQ(0, agent_give(&self->host, fd));
	close(fd);
	EXPECT_LE(0, ask0(&self->agent, a_read_fd));
	EXPECT_EQ(-EPERM, ask(&self->agent, a_reopen, O_RDONLY));
	EXPECT_EQ(0, ask(&self->host, a_reopen, O_RDONLY));
}

/* Mounts @a is 0: of the disk itself. */
static long a_mount_disk(long a, long b, long c)
{
	return res(mount(DISK, "/mnt", "ext4", 0, NULL));
}

/* A disk is opened by mount(2) too, which finds no file system on this one. */
TEST_F(device, mounted)
{
	struct {
		struct vc_mounts head;
		char fstype[1][VC_FSTYPE_SIZE];
	} mounts = { .head.count = 1, .fstype = { "ext4" } };
	char zero[8192] = {};
	int fd = open(DISK, O_WRONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ((ssize_t)sizeof(zero), write(fd, zero, sizeof(zero)));
	close(fd);
	EXPECT_EQ(-EINVAL, ask0(&self->host, a_mount_disk));
	ASSERT_EQ(0, ctx_set_caps(self->id, ~0ULL));
	ASSERT_EQ(0, vc(VC_SET_MOUNTS, self->id, &mounts));
	EXPECT_EQ(-EPERM, ask0(&self->agent, a_mount_disk));
	ASSERT_EQ(0, SET(self->id, self->disk));
	EXPECT_EQ(-EINVAL, ask0(&self->agent, a_mount_disk));
}

/* ---- nesting ---- */

TEST_F(device, hierarchy)
{
	long below = ctx_new_below(self->id, 0);
	struct agent agent;

	ASSERT_LT(0, below);
	ASSERT_EQ(0, ctx_set_caps(below, LOG_CAPS));
	ASSERT_EQ(0, agent_start(&agent, below, 0));
	/* wider than above */
	EXPECT_EQ(-EPERM, SET(below, self->null, self->log));
	EXPECT_EQ(1U, error_index());
	EXPECT_NE(NULL, strstr(ctx_error(), "1:11")) TH_LOG("%s", ctx_error());
	EXPECT_STREQ(default_list, devices(below));

	ASSERT_EQ(0, SET(self->id, self->null, self->log));
	/* the default is still the list of the context below */
	EXPECT_STREQ("c:1:3:7", devices(below));
	EXPECT_EQ(-EPERM, ask_open(&agent, LOG, O_RDONLY));
	ASSERT_EQ(0, SET(below, self->log));
	EXPECT_EQ(0, ask_open(&agent, LOG, O_RDONLY));
	EXPECT_EQ(-EPERM, ask_open(&agent, "/dev/null", O_RDONLY));

	/* narrowed above, and given back */
	self->log.access = VC_DEVICE_WRITE;
	ASSERT_EQ(0, SET(self->id, self->null, self->log));
	EXPECT_EQ(-EPERM, ask_open(&agent, LOG, O_RDONLY));
	EXPECT_EQ(0, ask_open(&agent, LOG, O_WRONLY));
	EXPECT_STREQ("c:1:11:2", devices(below));
	self->log.access = ALL;
	ASSERT_EQ(0, SET(self->id, self->log));
	EXPECT_EQ(0, ask_open(&agent, LOG, O_RDONLY));
}

/* One list has "any", the other names some. */
TEST_F(device, hierarchy_any)
{
	long below = ctx_new_below(self->id, 0);
	struct vc_device any = { 'b', 7, VC_DEVICE_ANY, ALL };
	struct vc_device one = { 'b', 7, 1, VC_DEVICE_READ | VC_DEVICE_WRITE };

	ASSERT_LT(0, below);
	ASSERT_EQ(0, SET(self->id, any));
	EXPECT_EQ(0, SET(below, one));
	EXPECT_STREQ("b:7:1:3", devices(below));
	EXPECT_EQ(0, SET(below, any));
	EXPECT_STREQ("b:7:-1:7", devices(below));
	ASSERT_EQ(0, SET(self->id, one));
	EXPECT_STREQ("b:7:1:3", devices(below));
	EXPECT_EQ(-EPERM, SET(below, any));
	EXPECT_EQ(0, SET(below, one));
	one.access = ALL;
	EXPECT_EQ(-EPERM, SET(below, one));
	EXPECT_STREQ("b:7:1:3", devices(below));
}

TEST_F(device, from_inside)
{
	struct list *list = (void *)agent_buf;

	memset(agent_buf, 0, sizeof(agent_buf));
	EXPECT_EQ(-EPERM, ask3(&self->agent, a_vc, VC_SET_DEVICES, self->id,
			       1));
	memset(agent_buf, 0, sizeof(agent_buf));
	list->head.count = 4;
	EXPECT_EQ(0, ask3(&self->agent, a_vc, VC_GET_DEVICES, self->id, 1));
	EXPECT_EQ(15U, list->head.count);
	EXPECT_EQ(9U, list->dev[3].minor + 1);
	EXPECT_EQ(0U, list->dev[4].type);
}

/* ---- values ---- */

TEST_F(device, values)
{
	static const struct vc_device bad[] = {
		{ 0, 1, 3, ALL }, { 'a', 1, 3, ALL }, { 'c' << 8, 1, 3, ALL },
		{ 'c', 1 << 12, 3, ALL }, { 'c', ~0U, 3, ALL },
		{ 'c', 1, 1 << 20, ALL }, { 'c', 1, ~0U - 1, ALL },
		{ 'c', 1, 3, 0 }, { 'c', 1, 3, 8 }, { 'c', 1, 3, ALL | 8 },
	};
	struct list list = { .head.count = 1, .dev = { self->null } };
	unsigned int i;

	ASSERT_EQ(0, SET(self->id, self->log));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, SET(self->id, self->null, self->disk,
				       bad[i]))
			TH_LOG("entry %u", i);
		EXPECT_EQ(2U, error_index());
		EXPECT_NE('\0', ctx_error()[0]);
	}
	EXPECT_EQ(-EEXIST, SET(self->id, self->null, self->disk, self->null));
	EXPECT_EQ(2U, error_index());
	list.head.reserved = 1;
	EXPECT_EQ(-EINVAL, vc(VC_SET_DEVICES, self->id, &list));
	EXPECT_EQ(-EINVAL, vc(VC_GET_DEVICES, self->id, &list));
	list.head.reserved = 0;
	list.head.count = VC_LIST_MAX + 1;
	EXPECT_EQ(-E2BIG, vc(VC_SET_DEVICES, self->id, &list));
	/* nothing of that has changed anything */
	EXPECT_STREQ("c:1:11:7", devices(self->id));
	list.head.count = 1;
	EXPECT_EQ(0, vc(VC_SET_DEVICES, self->id, &list));
	EXPECT_STREQ("c:1:3:7", devices(self->id));
}

/* As many as there may be, in any order. */
TEST_F(device, many)
{
	struct {
		struct vc_devices head;
		struct vc_device dev[VC_LIST_MAX];
	} *list = calloc(1, sizeof(*list));
	long below = ctx_new_below(self->id, 0);
	unsigned int i;

	ASSERT_NE(NULL, list);
	ASSERT_LT(0, below);
	list->head.count = VC_LIST_MAX;
	for (i = 0; i < VC_LIST_MAX; i++)
		list->dev[i] = (struct vc_device){ 'b', 7, VC_LIST_MAX - i,
						   ALL };
	EXPECT_EQ(0, vc(VC_SET_DEVICES, self->id, list));
	EXPECT_EQ(0, vc(VC_SET_DEVICES, below, list));
	memset(list->dev, 0, sizeof(list->dev));
	EXPECT_EQ(0, vc(VC_GET_DEVICES, below, list));
	EXPECT_EQ((__u32)VC_LIST_MAX, list->head.count);
	EXPECT_EQ(1U, list->dev[0].minor);
	EXPECT_EQ((__u32)VC_LIST_MAX, list->dev[VC_LIST_MAX - 1].minor);
	free(list);
}

/* The host has no list. */
TEST_F(device, host)
{
	EXPECT_STREQ("", devices(VC_ID_HOST));
	EXPECT_EQ(-EPERM, SET(VC_ID_HOST, self->null));
}

TEST_HARNESS_MAIN
