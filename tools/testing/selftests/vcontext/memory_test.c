// SPDX-License-Identifier: GPL-2.0
/*
 * Memory limits: what is charged, that reclaim comes before the kill and the
 * kill stays inside, limits below the usage, swap, nesting, and what the dead
 * leave behind.
 */
#include <netinet/in.h>
#include <sys/swap.h>

#include "common.h"

#define MB			1048576UL
/* What may change from one look at the whole machine to the next. */
#define SLACK			(8 * MB)
/* What the kernel may charge for a moment where it cannot fail. */
#define FORCED			(MB / 2)

/* ---- words ---- */

static long set_mem(__u32 cmd, __u32 id, __u64 limit)
{
	struct vc_limit l = { .limit = limit };

	return vc(cmd, id, &l);
}

static long set_total(__u32 id, __u64 limit)
{
	return set_mem(VC_SET_TOTAL, id, limit);
}

static long set_resident(__u32 id, __u64 limit)
{
	return set_mem(VC_SET_RESIDENT, id, limit);
}

static struct vc_limit get_mem(__u32 cmd, __u32 id)
{
	struct vc_limit l = {};

	if (vc(cmd, id, &l))
		memset(&l, 0xff, sizeof(l));
	return l;
}

#define total_of(id)		get_mem(VC_GET_TOTAL, id)
#define resident_of(id)		get_mem(VC_GET_RESIDENT, id)

static struct vc_mem_stat stat_of(__u32 id)
{
	struct vc_mem_stat stat = {};

	if (vc(VC_MEM_STAT, id, &stat))
		memset(&stat, 0xff, sizeof(stat));
	return stat;
}

static long set_oom(__u32 id, __u32 whole)
{
	return vc(VC_SET_OOM, id, &whole);
}

/* A number of the group's files; "max" is -1. */
static long long cg_number(__u32 id, const char *file)
{
	char buf[64];

	if (file_read(cg_path(id, file), buf, sizeof(buf)) <= 0)
		return -2;
	return strncmp(buf, "max", 3) ? strtoll(buf, NULL, 10) : -1;
}

#define EXPECT_LIMITS(id, max, swap_max) do { \
	EXPECT_EQ((long long)(max), cg_number(id, "memory.max")); \
	EXPECT_EQ((long long)(swap_max), cg_number(id, "memory.swap.max")); \
} while (0)

/* ---- what agents do ---- */

static char *held;
static size_t held_size;

static long touch(char *at, size_t size)
{
	size_t i;

	/* not zero and not all the same */
	for (i = 0; i < size; i += 4096)
		*(volatile size_t *)(at + i) = i + 1;
	return 0;
}

static long a_drop(long a, long b, long c)
{
	if (held)
		munmap(held, held_size);
	held = NULL;
	return 0;
}

/* Anonymous memory, kept. */
static long a_anon(long size, long b, long c)
{
	a_drop(0, 0, 0);
	held = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (held == MAP_FAILED) {
		held = NULL;
		return -errno;
	}
	held_size = size;
	return touch(held, size);
}

/* Goes over it once more: how many bytes are not what they were. */
static long a_check(long a, long b, long c)
{
	size_t i;
	long wrong = 0;

	for (i = 0; i < held_size; i += 4096)
		wrong += *(volatile size_t *)(held + i) != i + 1;
	return wrong;
}

/* A memory file, kept. */
static long a_shmem(long size, long b, long c)
{
	int fd = syscall(SYS_memfd_create, "shmem", 0);
	long ret;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, size))
		return -errno;
	held = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (held == MAP_FAILED)
		return -errno;
	held_size = size;
	ret = touch(held, size);
	/* what is not mapped does not go with the mapping */
	munmap(held, size);
	held = NULL;
	return ret;
}

/* Page cache of what agent_buf names, from offset @from. */
static long a_file(long size, long from, long c)
{
	char *buf = malloc(MB);
	int fd = open(agent_buf, O_RDONLY | O_CLOEXEC);
	long done = 0;

	if (fd < 0)
		return -errno;
	while (done < size) {
		ssize_t n = pread(fd, buf, MB, from + done);

		if (n <= 0)
			break;
		done += n;
	}
	/* Not closed: a device has no cache any more when nobody has it open. */
	free(buf);
	return done < size ? -EIO : 0;
}

static void raise_nofile(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* What fits into pairs of descriptors that nobody reads from. */
static long fill_pairs(long size, int (*make)(int pair[2]))
{
	static char buf[65536];
	long done = 0;

	raise_nofile();
	while (done < size) {
		long before = done;
		ssize_t n;
		int pair[2];

		if (make(pair))
			return -errno;
		fcntl(pair[1], F_SETFL, O_NONBLOCK);
		while (done < size &&
		       (n = write(pair[1], buf, sizeof(buf))) > 0)
			done += n;
		if (done == before)
			return -errno;
	}
	return 0;
}

static int make_pipe(int pair[2])
{
	return pipe2(pair, O_CLOEXEC);
}

static long a_pipe(long size, long b, long c)
{
	return fill_pairs(size, make_pipe);
}

static int make_unix(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static long a_unix(long size, long b, long c)
{
	return fill_pairs(size, make_unix);
}

static int make_tcp(int pair[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret = -1;

	pair[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || pair[1] < 0)
		return -1;
	if (!bind(fd, (void *)&addr, len) && !listen(fd, 1) &&
	    !getsockname(fd, (void *)&addr, &len) &&
	    !connect(pair[1], (void *)&addr, len)) {
		pair[0] = accept(fd, NULL, NULL);
		ret = pair[0] < 0 ? -1 : 0;
	}
	close(fd);
	return ret;
}

static long a_tcp(long size, long b, long c)
{
	return fill_pairs(size, make_tcp);
}

/* Memory that is short may have killed @parent before its child is here. */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

/* Stacks, page tables and the like of processes; at least 56 KiB each. */
static long a_kernel(long size, long b, long c)
{
	pid_t parent = getpid();

	while (size > 0) {
		pid_t pid = fork();

		if (!pid) {
			die_with(parent);
			for (;;)
				pause();
		}
		if (pid < 0)
			return -errno;
		size -= 56 << 10;
	}
	return 0;
}

static const agent_fn fillers[] = {
	a_anon, a_shmem, a_pipe, a_unix, a_tcp, a_kernel, a_file,
};

/* The same in a child, which ends: its status. */
static long a_in_kid(long filler, long size, long from)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (!pid) {
		long ret;

		die_with(parent);
		ret = fillers[filler](size, from, 0);
		_exit(ret ? 1 : 0);
	}
	return pid < 0 ? -errno : child_wait(pid);
}

enum { ANON, SHMEM, PIPE, UNIX, TCP, KERNEL, FILE_CACHE };

/* ---- the disk ---- */

/* A context that may use it, beside the devices that all may. */
static long disk_ctx(long id)
{
	struct {
		struct vc_devices head;
		struct vc_device dev[5];
	} list = {
		.head.count = 5,
		.dev = {
			{ 'b', 1, VC_DEVICE_ANY, 7 }, { 'c', 1, 3, 7 },
			{ 'c', 1, 5, 7 }, { 'c', 1, 8, 7 }, { 'c', 1, 9, 7 },
		},
	};
	long ret;

	if (id <= 0)
		return id;
	ret = vc(VC_SET(VC_CAT_VFS, VC_VFS_DEVICES), id, &list);
	return ret ?: id;
}

#define DISK			"/dev/ram0"

/*
 * A RAM disk, for which reclaim never has to wait.  Its own page cache is what
 * tests of files read; those of swap make swap space of it, if it is empty.
 */
static const char *ram_disk(void)
{
	static const char magic[] = "SWAPSPACE2";
	static char page[4096];
	unsigned int *info = (unsigned int *)(page + 1024);
	int fd = open(DISK, O_RDWR | O_CLOEXEC);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	const char *disk = NULL;
	size_t i;

	if (size < (off_t)(200 * MB) ||
	    pread(fd, page, sizeof(page), 0) != sizeof(page))
		goto out;
	disk = DISK;
	if (!memcmp(page + 4086, magic, 10))
		goto out;
	for (i = 0; i < sizeof(page); i++)
		if (page[i])
			disk = NULL;
	/* what mkswap writes: version, last page, none of them bad */
	info[0] = 1;
	info[1] = size / 4096 - 1;
	memcpy(page + 4086, magic, 10);
	if (disk && pwrite(fd, page, sizeof(page), 0) != sizeof(page))
		disk = NULL;
out:
	if (fd >= 0)
		close(fd);
	return disk;
}

static void drop_caches(void)
{
	sync();
	file_write("/proc/sys/vm/drop_caches", "3");
}

/* ---- tests ---- */

FIXTURE(memory)
{
	long id, other;
	struct agent agent, neighbour;
};

FIXTURE_SETUP(memory)
{
	VC_SETUP();
	if (vc(VC_CMD(VC_CAT_MEMORY, VC_SUB_VERSION, 0), 0, NULL) < 0 ||
	    vc(VC_GET_OOM, VC_ID_HOST, NULL) == -EOPNOTSUPP)
		SKIP(return, "this kernel has no memory controller");
	self->id = disk_ctx(ctx_make(VC_ID_SELF, 0, 16, NULL));
	ASSERT_LT(0, self->id);
	self->other = disk_ctx(ctx_new(0));
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	ASSERT_EQ(0, agent_start(&self->neighbour, self->other, 0));
}

FIXTURE_TEARDOWN(memory)
{
	vc_teardown();
}

TEST_F(memory, initial)
{
	struct vc_mem_stat stat;
	long id = disk_ctx(ctx_new(0));

	ASSERT_LT(0, id);
	EXPECT_EQ(VC_UNLIMITED, total_of(id).limit);
	EXPECT_EQ(VC_UNLIMITED, resident_of(id).limit);
	EXPECT_EQ(0ULL, total_of(id).hits);
	EXPECT_EQ(0ULL, resident_of(id).hits);
	EXPECT_GT(MB, total_of(id).usage);
	EXPECT_GT(MB, total_of(id).peak);
	EXPECT_EQ(0, vc(VC_GET_OOM, id, NULL));
	stat = stat_of(id);
	EXPECT_EQ(0ULL, stat.anon);
	EXPECT_EQ(0ULL, stat.file);
	EXPECT_EQ(0ULL, stat.swap);
	EXPECT_EQ(0ULL, stat.shmem);
	EXPECT_EQ(0ULL, stat.oom_kills);
	EXPECT_LIMITS(id, -1, -1);
}

TEST_F(memory, host)
{
	struct vc_mem_stat stat = stat_of(VC_ID_HOST);

	EXPECT_EQ(VC_UNLIMITED, total_of(VC_ID_HOST).limit);
	EXPECT_EQ(VC_UNLIMITED, resident_of(VC_ID_HOST).limit);
	EXPECT_LT(MB, resident_of(VC_ID_HOST).usage);
	EXPECT_LE(resident_of(VC_ID_HOST).usage,
		  total_of(VC_ID_HOST).usage + SLACK);
	EXPECT_LT(0ULL, stat.anon);
	EXPECT_LT(0ULL, stat.file);
	EXPECT_LT(0ULL, stat.kernel);
	EXPECT_EQ(0, vc(VC_GET_OOM, VC_ID_HOST, NULL));
}

/* What the group gets for what the context is given. */
TEST_F(memory, split)
{
	static const struct {
		__u64 resident, total;
		long long max, swap_max;
	} cases[] = {
		{ VC_UNLIMITED, VC_UNLIMITED, -1, -1 },
		{ 64 * MB, VC_UNLIMITED, 64 * MB, -1 },
		{ VC_UNLIMITED, 100 * MB, 100 * MB, 0 },
		{ 64 * MB, 100 * MB, 64 * MB, 36 * MB },
		{ 100 * MB, 100 * MB, 100 * MB, 0 },
		{ 200 * MB, 100 * MB, 100 * MB, 0 },
		{ 10 * MB, VC_UNLIMITED, 10 * MB, -1 },
		{ 0, 0, 0, 0 },
		{ VC_UNLIMITED, VC_UNLIMITED, -1, -1 },
	};
	long id = disk_ctx(ctx_new(0));
	unsigned int i;

	ASSERT_LT(0, id);
	drop_caches();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* What the group itself takes may be more than nothing. */
		if (!cases[i].total && total_of(id).usage)
			continue;
		EXPECT_EQ(0, set_resident(id, cases[i].resident));
		EXPECT_EQ(0, set_total(id, cases[i].total));
		EXPECT_EQ(cases[i].resident, resident_of(id).limit);
		EXPECT_EQ(cases[i].total, total_of(id).limit);
		EXPECT_LIMITS(id, cases[i].max, cases[i].swap_max);
		/* In the other order it is the same. */
		EXPECT_EQ(0, set_resident(id, VC_UNLIMITED));
		EXPECT_EQ(0, set_resident(id, cases[i].resident));
		EXPECT_LIMITS(id, cases[i].max, cases[i].swap_max);
	}
}

TEST_F(memory, values)
{
	struct vc_limit limit = { .usage = ~0ULL, .peak = 5, .hits = 7 };
	__u32 whole = 2;

	/* In pages, rounded down. */
	EXPECT_EQ(0, set_total(self->id, 64 * MB + 4095));
	EXPECT_EQ(64 * MB, total_of(self->id).limit);
	EXPECT_EQ(0, set_total(self->id, 1ULL << 50));
	EXPECT_EQ(1ULL << 50, total_of(self->id).limit);
	EXPECT_EQ(0, set_total(self->id, VC_UNLIMITED));
	EXPECT_EQ(VC_UNLIMITED, total_of(self->id).limit);
	/* What is not the limit is not looked at. */
	limit.limit = 100 * MB;
	EXPECT_EQ(0, vc(VC_SET_RESIDENT, self->id, &limit));
	EXPECT_EQ(100 * MB, resident_of(self->id).limit);
	EXPECT_GT(100 * MB, resident_of(self->id).usage);

	EXPECT_EQ(-EINVAL, vc(VC_SET_OOM, self->id, &whole));
	EXPECT_EQ(0, vc(VC_GET_OOM, self->id, NULL));
	EXPECT_EQ(0, set_oom(self->id, 1));
	EXPECT_EQ(1, vc(VC_GET_OOM, self->id, NULL));
	EXPECT_EQ(1, cg_number(self->id, "memory.oom.group"));
	EXPECT_EQ(0, set_oom(self->id, 0));
	EXPECT_EQ(0, vc(VC_GET_OOM, self->id, NULL));
}

/* The group's files hold, whoever wrote them, and GET tells it. */
TEST_F(memory, behind_our_back)
{
	EXPECT_EQ(0, set_total(self->id, 100 * MB));
	EXPECT_EQ(0, file_write(cg_path(self->id, "memory.max"), "50M"));
	EXPECT_EQ(50 * MB, total_of(self->id).limit);
	EXPECT_EQ(50 * MB, resident_of(self->id).limit);
	EXPECT_EQ(0, file_write(cg_path(self->id, "memory.swap.max"), "20M"));
	EXPECT_EQ(70 * MB, total_of(self->id).limit);
	EXPECT_EQ(50 * MB, resident_of(self->id).limit);
	/* The last one who writes wins. */
	EXPECT_EQ(0, set_total(self->id, 90 * MB));
	EXPECT_EQ(90 * MB, total_of(self->id).limit);
	EXPECT_EQ(50 * MB, resident_of(self->id).limit);
	EXPECT_LIMITS(self->id, 50 * MB, 40 * MB);
}

/* Uid 0 inside has no file to lift its limits with. */
TEST_F(memory, not_from_inside)
{
	char max[256], group[256];

	COPY(max, cg_path(self->id, "memory.max"));
	COPY(group, cg_path(self->id, "memory.oom.group"));
	EXPECT_EQ(0, set_total(self->id, 100 * MB));
	EXPECT_EQ(-EPERM, ask_write(&self->agent, max, "max"));
	EXPECT_EQ(-EPERM, ask_write(&self->agent, group, "1"));
	EXPECT_EQ(-EPERM, ask_write(&self->agent,
				    cg_path(self->id, "memory.swap.max"), "max"));
	EXPECT_LIMITS(self->id, 100 * MB, 0);
	/* Nor does it get out of the killer's way. */
	EXPECT_EQ(-EACCES, ask_write(&self->agent, "/proc/self/oom_score_adj",
				     "-1000"));
	EXPECT_EQ(0, ask_write(&self->agent, "/proc/self/oom_score_adj",
			       "500"));
	/* The host may. */
	EXPECT_EQ(0, file_write("/proc/self/oom_score_adj", "-1000"));
	EXPECT_EQ(0, file_write("/proc/self/oom_score_adj", "0"));
}

FIXTURE(charged)
{
	long id, other;
	struct agent agent, neighbour;
	const char *disk;
};

FIXTURE_VARIANT(charged)
{
	int filler;
	size_t field;		/* in struct vc_mem_stat */
	unsigned long size;
	unsigned long least;	/* that it must make of it */
	bool reclaimable;
};

FIXTURE_SETUP(charged)
{
	VC_SETUP();
	if (vc(VC_GET_OOM, VC_ID_HOST, NULL) == -EOPNOTSUPP)
		SKIP(return, "this kernel has no memory controller");
	self->disk = ram_disk();
	if (variant->filler == FILE_CACHE && !self->disk)
		SKIP(return, "no disk to read from");
	self->id = disk_ctx(ctx_new(0));
	ASSERT_LT(0, self->id);
	self->other = disk_ctx(ctx_new(0));
	ASSERT_LT(0, self->other);
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	ASSERT_EQ(0, agent_start(&self->neighbour, self->other, 0));
	drop_caches();
	if (self->disk)
		COPY(agent_buf, self->disk);
}

FIXTURE_TEARDOWN(charged)
{
	vc_teardown();
}

#define CHARGED(name, _filler, _field, _least, _reclaimable) \
	FIXTURE_VARIANT_ADD(charged, name) { \
		.filler = _filler, \
		.field = offsetof(struct vc_mem_stat, _field), \
		.size = 24 * MB, \
		.least = _least, \
		.reclaimable = _reclaimable, \
	}

CHARGED(anon, ANON, anon, 24 * MB, false);
CHARGED(shmem, SHMEM, shmem, 24 * MB, false);
CHARGED(pipe, PIPE, kernel, 24 * MB, false);
CHARGED(unix_socket, UNIX, kernel, 24 * MB, false);
CHARGED(tcp_socket, TCP, kernel, 12 * MB, false);
CHARGED(processes, KERNEL, kernel, 24 * MB, false);
CHARGED(file, FILE_CACHE, file, 24 * MB, true);

static __u64 field_of(__u32 id, size_t field)
{
	struct vc_mem_stat stat = stat_of(id);

	return *(__u64 *)((char *)&stat + field);
}

/* It counts where it belongs, and nowhere else. */
TEST_F(charged, counts)
{
	__u64 before = field_of(self->id, variant->field);
	__u64 usage = total_of(self->id).usage;
	__u64 others = total_of(self->other).usage;

	EXPECT_EQ(0, ask3(&self->agent, fillers[variant->filler],
			  variant->size, 0, 0));
	/* some is counted in batches */
	EXPECT_LE(before + variant->least - MB,
		  field_of(self->id, variant->field));
	EXPECT_LE(usage + variant->least - MB, total_of(self->id).usage);
	EXPECT_LE(resident_of(self->id).usage, resident_of(self->id).peak);
	EXPECT_LE(total_of(self->id).usage, total_of(self->id).peak);
	EXPECT_GT(others + MB, total_of(self->other).usage);
	EXPECT_EQ(0ULL, total_of(self->id).hits);
}

/*
 * What is too much is reclaimed if it can be, else it is refused, or kills
 * inside; the limit is never passed, and nobody else notices.
 */
TEST_F(charged, limited)
{
	const __u64 limit = 24 * MB;
	struct agent big;
	long ret;

	/* A fat process outside is no victim. */
	ASSERT_EQ(0, agent_start(&big, VC_ID_HOST, 0));
	ASSERT_EQ(0, ask(&big, a_anon, 128 * MB));
	ASSERT_EQ(0, ask(&self->neighbour, a_anon, 64 * MB));
	if (self->disk)
		COPY(agent_buf, self->disk);
	ASSERT_EQ(0, set_total(self->id, limit));
	ret = ask3(&self->agent, a_in_kid, variant->filler, 96 * MB, 0);
	if (variant->reclaimable) {
		EXPECT_EQ(0, ret);
		EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);
	} else {
		/* refused, or killed, perhaps with its parent */
		EXPECT_NE(0, ret);
	}
	EXPECT_LT(0ULL, total_of(self->id).hits);
	/* no limit of memory alone was in the way */
	EXPECT_EQ(0ULL, resident_of(self->id).hits);
	EXPECT_GE(limit + FORCED, total_of(self->id).usage);
	EXPECT_GE(limit + FORCED, total_of(self->id).peak);
	EXPECT_EQ(0, ask0(&big, a_check));
	EXPECT_EQ(0, ask0(&self->neighbour, a_check));
	EXPECT_EQ(0ULL, stat_of(self->other).oom_kills);
	EXPECT_EQ(0ULL, total_of(self->other).hits);
}

/* ---- limits below the usage ---- */

#define EXPECT_SAME_LIMITS(id, resident, total) do { \
	EXPECT_EQ(resident, resident_of(id).limit); \
	EXPECT_EQ(total, total_of(id).limit); \
} while (0)

/* Without swap anonymous memory cannot go anywhere. */
TEST_F(memory, lowered_below_usage)
{
	ASSERT_EQ(0, set_total(self->id, 64 * MB));
	ASSERT_EQ(0, set_resident(self->id, 48 * MB));
	ASSERT_EQ(0, ask(&self->agent, a_anon, 24 * MB));

	EXPECT_EQ(-EBUSY, set_resident(self->id, 16 * MB));
	EXPECT_TRUE(!!strstr(ctx_error(), "16777216"))
		TH_LOG("text: %s", ctx_error());
	EXPECT_TRUE(!!strstr(ctx_error(), "in use"))
		TH_LOG("text: %s", ctx_error());
	EXPECT_SAME_LIMITS(self->id, 48 * MB, 64 * MB);
	EXPECT_LIMITS(self->id, 48 * MB, 16 * MB);
	EXPECT_EQ(-EBUSY, set_total(self->id, 16 * MB));
	EXPECT_EQ(-EBUSY, set_total(self->id, 0));
	EXPECT_SAME_LIMITS(self->id, 48 * MB, 64 * MB);
	EXPECT_LIMITS(self->id, 48 * MB, 16 * MB);
	/* Nothing was killed, and what is there is still there. */
	EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);
	EXPECT_EQ(0, ask0(&self->agent, a_check));
	EXPECT_EQ(0, ask3(&self->agent, a_in_kid, ANON, 8 * MB, 0));

	/* What fits is fine, and so is all when it has gone. */
	EXPECT_EQ(0, set_total(self->id, 40 * MB));
	EXPECT_EQ(0, ask0(&self->agent, a_drop));
	EXPECT_EQ(0, set_resident(self->id, 16 * MB));
	EXPECT_LIMITS(self->id, 16 * MB, 24 * MB);
	EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);
}

/* What can be had again is given up for the limit. */
TEST_F(memory, lowered_reclaims)
{
	const char *disk = ram_disk();

	if (!disk)
		SKIP(return, "no disk to read from");
	drop_caches();
	COPY(agent_buf, disk);
	ASSERT_EQ(0, ask(&self->agent, a_file, 48 * MB));
	EXPECT_LT(40 * MB, total_of(self->id).usage);
	EXPECT_EQ(0, set_total(self->id, 16 * MB));
	EXPECT_GE(16 * MB + FORCED, total_of(self->id).usage);
	EXPECT_LT(40 * MB, total_of(self->id).peak);
	EXPECT_EQ(0ULL, total_of(self->id).hits);
	EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);
}

static volatile int alarms;

static void on_alarm(int sig)
{
	alarms++;
}

/* A signal ends it, and then nothing has changed. */
TEST_F(memory, lowered_interrupted)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct itimerval timer = {
		.it_value.tv_usec = 1000,
		.it_interval.tv_usec = 1000,
	}, none = {};
	const char *disk = ram_disk();
	long ret = 0;
	int i;

	if (!disk)
		SKIP(return, "no disk to read from");
	/* The watchdog of the harness has it; it comes back below. */
	alarm(0);
	sigaction(SIGALRM, &act, NULL);
	for (i = 0; i < 50 && ret != -EINTR; i++) {
		EXPECT_EQ(0, set_total(self->id, 256 * MB));
		COPY(agent_buf, disk);
		ASSERT_EQ(0, ask(&self->agent, a_file, 128 * MB));
		setitimer(ITIMER_REAL, &timer, NULL);
		ret = set_total(self->id, 16 * MB);
		setitimer(ITIMER_REAL, &none, NULL);
		if (ret == -EINTR) {
			EXPECT_EQ(256 * MB, total_of(self->id).limit);
			EXPECT_LIMITS(self->id, 256 * MB, 0);
		} else {
			EXPECT_EQ(0, ret);
		}
	}
	EXPECT_EQ(-EINTR, ret);
	EXPECT_LT(0, alarms);
	EXPECT_EQ(0, set_total(self->id, 16 * MB));
	signal(SIGALRM, watchdog);
	alarm(TEST_WATCHDOG_SEC);
}

static volatile bool race_end;

static void *race_reader(void *arg)
{
	__u32 id = *(long *)arg;

	while (!race_end) {
		total_of(id);
		stat_of(id);
	}
	return arg;
}

/*
 * Limits go up and down while those inside take as much as they get: what is
 * set is kept, and only the last one kills if there is no way.
 */
TEST_F(memory, under_load)
{
	struct agent more;
	pthread_t thread;
	int i, set = 0;
	pid_t pid;

	ASSERT_EQ(0, set_total(self->id, 64 * MB));
	ASSERT_EQ(0, agent_start(&more, self->id, 0));
	race_end = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, race_reader, &self->id));
	pid = child_fork();
	if (!pid) {
		if (vc(VC_MIGRATE, self->id, NULL))
			_exit(1);
		for (;;) {
			a_anon(40 * MB, 0, 0);
			a_drop(0, 0, 0);
		}
	}
	for (i = 0; i < 60; i++) {
		__u64 limit = (i & 1 ? 64 : 16) * MB;
		long ret = set_total(self->id, limit);

		EXPECT_TRUE(ret == 0 || ret == -EBUSY)
			TH_LOG("limit: %ld", ret);
		if (i & 1)
			EXPECT_EQ(0, ret);
		if (!ret) {
			set++;
			EXPECT_EQ(limit, total_of(self->id).limit);
			EXPECT_GE(limit + FORCED, total_of(self->id).usage);
		}
	}
	EXPECT_LE(30, set);
	race_end = true;
	pthread_join(thread, NULL);
	child_kill(pid);
	/* at most the one that asked for it */
	EXPECT_GE(1ULL, stat_of(self->id).oom_kills);
	EXPECT_EQ(self->id, ask(&more, a_where, 0));
}

/* ---- the kill ---- */

/* One process, the fattest; the others go on. */
TEST_F(memory, kills_one)
{
	ASSERT_EQ(0, set_total(self->id, 24 * MB));
	ASSERT_EQ(3, ask(&self->agent, a_fork_many, 3));
	EXPECT_EQ(1000 + SIGKILL,
		  ask3(&self->agent, a_in_kid, ANON, 96 * MB, 0));
	EXPECT_EQ(1ULL, stat_of(self->id).oom_kills);
	EXPECT_EQ(4, ctx_usage(self->id));
	EXPECT_EQ(0, ask3(&self->agent, a_in_kid, ANON, 8 * MB, 0));
	EXPECT_EQ(1ULL, stat_of(self->id).oom_kills);
}

/* All of it and below, and nobody else. */
TEST_F(memory, kills_all)
{
	struct agent in_child;
	long child = disk_ctx(ctx_new_below(self->id, 0));
	struct vc_info info;

	ASSERT_LT(0, child);
	ASSERT_EQ(0, agent_start(&in_child, child, 0));
	ASSERT_EQ(3, ask(&self->agent, a_fork_many, 3));
	ASSERT_EQ(0, set_total(self->id, 24 * MB));
	ASSERT_EQ(0, set_oom(self->id, 1));
	EXPECT_EQ(-EPIPE, ask(&self->agent, a_anon, 96 * MB));
	EXPECT_TRUE(WAIT_FOR(!ctx_info(self->id, &info) && !info.processes))
		TH_LOG("%u are left", info.processes);
	EXPECT_EQ(-EPIPE, ask0(&in_child, a_getpid));
	EXPECT_LE(5ULL, stat_of(self->id).oom_kills);
	EXPECT_EQ(self->other, ask(&self->neighbour, a_where, 0));
	EXPECT_EQ(0ULL, stat_of(self->other).oom_kills);
}

/* The limit of one below is its own affair. */
TEST_F(memory, kills_below_alone)
{
	struct agent in_child;
	long child = disk_ctx(ctx_new_below(self->id, 0));

	ASSERT_LT(0, child);
	ASSERT_EQ(0, agent_start(&in_child, child, 0));
	ASSERT_EQ(0, set_oom(self->id, 1));
	ASSERT_EQ(0, set_total(child, 24 * MB));
	EXPECT_EQ(1000 + SIGKILL, ask3(&in_child, a_in_kid, ANON, 96 * MB, 0));
	EXPECT_EQ(child, ask(&in_child, a_where, 0));
	EXPECT_EQ(self->id, ask(&self->agent, a_where, 0));
	/* Who counts kills counts those below. */
	EXPECT_EQ(1ULL, stat_of(child).oom_kills);
	EXPECT_EQ(1ULL, stat_of(self->id).oom_kills);
	/* And now all of the child, which is not all of its parent. */
	ASSERT_EQ(0, set_oom(child, 1));
	EXPECT_EQ(-EPIPE, ask3(&in_child, a_in_kid, ANON, 96 * MB, 0));
	EXPECT_EQ(self->id, ask(&self->agent, a_where, 0));
}

/* ---- nested ---- */

TEST_F(memory, nested)
{
	struct agent in_child;
	long child = disk_ctx(ctx_new_below(self->id, 0));

	ASSERT_LT(0, child);
	ASSERT_EQ(0, agent_start(&in_child, child, 0));
	ASSERT_EQ(0, set_total(self->id, 32 * MB));
	ASSERT_EQ(0, set_resident(self->id, 30 * MB));

	/* Not wider than above; no limit of its own is always fine. */
	EXPECT_EQ(-EPERM, set_total(child, 32 * MB + 4096));
	EXPECT_TRUE(!!strstr(ctx_error(), "33554432"))
		TH_LOG("text: %s", ctx_error());
	EXPECT_EQ(-EPERM, set_total(child, VC_UNLIMITED - 1));
	EXPECT_EQ(-EPERM, set_resident(child, 31 * MB));
	EXPECT_EQ(VC_UNLIMITED, total_of(child).limit);
	EXPECT_EQ(0, set_total(child, 32 * MB));
	EXPECT_EQ(0, set_resident(child, 30 * MB));
	EXPECT_EQ(0, set_total(child, VC_UNLIMITED));
	EXPECT_EQ(0, set_resident(child, VC_UNLIMITED));

	/* Above binds below, whoever is the fattest is the victim. */
	EXPECT_EQ(1000 + SIGKILL, ask3(&in_child, a_in_kid, ANON, 96 * MB, 0));
	EXPECT_EQ(0ULL, total_of(child).hits);
	EXPECT_LT(0ULL, resident_of(self->id).hits);
	EXPECT_EQ(0ULL, total_of(self->id).hits);
	EXPECT_GE(32 * MB + FORCED, total_of(self->id).peak);

	/* A parent that is narrowed later binds those below. */
	EXPECT_EQ(0, set_total(child, 20 * MB));
	EXPECT_EQ(0, set_total(self->id, 12 * MB));
	EXPECT_EQ(20 * MB, total_of(child).limit);
	EXPECT_EQ(1000 + SIGKILL, ask3(&in_child, a_in_kid, ANON, 16 * MB, 0));

	/* What the child has counts against the parent. */
	EXPECT_EQ(0, set_total(self->id, 32 * MB));
	EXPECT_EQ(0, ask(&in_child, a_anon, 12 * MB));
	EXPECT_LE(12 * MB, total_of(self->id).usage);
	EXPECT_EQ(-EBUSY, set_total(self->id, 8 * MB));
	/* A delegate inside limits its own, and cannot lift what is above. */
	memset(agent_buf, 0, sizeof(agent_buf));
	((struct vc_limit *)agent_buf)->limit = 28 * MB;
	EXPECT_EQ(0, ask3(&self->agent, a_vc, VC_SET_TOTAL, child, 1));
	((struct vc_limit *)agent_buf)->limit = 33 * MB;
	EXPECT_EQ(-EPERM, ask3(&self->agent, a_vc, VC_SET_TOTAL, child, 1));
}

/* ---- swap ---- */

FIXTURE(swap)
{
	long id;
	struct agent agent;
	const char *disk;
};

FIXTURE_SETUP(swap)
{
	VC_SETUP();
	if (vc(VC_GET_OOM, VC_ID_HOST, NULL) == -EOPNOTSUPP)
		SKIP(return, "this kernel has no memory controller");
	self->disk = ram_disk();
	if (!self->disk)
		SKIP(return, "no disk to swap on");
	if (swapon(self->disk, 0) && errno == ENOSYS)
		SKIP(return, "this kernel does not swap");
	self->id = disk_ctx(ctx_new(0));
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
}

FIXTURE_TEARDOWN(swap)
{
	vc_teardown();
	if (self->disk)
		swapoff(self->disk);
}

/* With room for it, what does not fit into memory is swapped out. */
TEST_F(swap, total_and_resident)
{
	ASSERT_EQ(0, set_resident(self->id, 16 * MB));
	ASSERT_EQ(0, set_total(self->id, 64 * MB));
	EXPECT_EQ(0, ask(&self->agent, a_anon, 40 * MB));
	EXPECT_EQ(0, ask0(&self->agent, a_check));
	EXPECT_GE(16 * MB + FORCED, resident_of(self->id).usage);
	EXPECT_GE(16 * MB + FORCED, resident_of(self->id).peak);
	EXPECT_LE(40 * MB, total_of(self->id).usage);
	EXPECT_GE(64 * MB + FORCED, total_of(self->id).usage);
	EXPECT_GE(64 * MB + FORCED, total_of(self->id).peak);
	EXPECT_LT(20 * MB, stat_of(self->id).swap);
	EXPECT_LT(0ULL, resident_of(self->id).hits);
	EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);

	/* The host's totals have it too. */
	EXPECT_LT(20 * MB, stat_of(VC_ID_HOST).swap);

	EXPECT_EQ(0, ask0(&self->agent, a_drop));
	EXPECT_EQ(1000 + SIGKILL,
		  ask3(&self->agent, a_in_kid, ANON, 96 * MB, 0));
	EXPECT_EQ(1ULL, stat_of(self->id).oom_kills);
	EXPECT_LT(0ULL, total_of(self->id).hits);
	EXPECT_GE(64 * MB + FORCED, total_of(self->id).peak);
}

/* The total alone leaves nothing to swap. */
TEST_F(swap, total_alone)
{
	ASSERT_EQ(0, set_total(self->id, 24 * MB));
	EXPECT_EQ(1000 + SIGKILL,
		  ask3(&self->agent, a_in_kid, ANON, 96 * MB, 0));
	EXPECT_EQ(0ULL, stat_of(self->id).swap);
	EXPECT_GE(24 * MB + FORCED, total_of(self->id).peak);
}

/* Memory files are swapped out as well. */
TEST_F(swap, shmem)
{
	ASSERT_EQ(0, set_resident(self->id, 16 * MB));
	ASSERT_EQ(0, set_total(self->id, 64 * MB));
	EXPECT_EQ(0, ask(&self->agent, a_shmem, 40 * MB));
	EXPECT_LT(20 * MB, stat_of(self->id).swap);
	EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);
}

/* Room goes from memory to swap, and the sum stays what it is. */
TEST_F(swap, resident_lowered)
{
	ASSERT_EQ(0, set_total(self->id, 64 * MB));
	ASSERT_EQ(0, ask(&self->agent, a_anon, 48 * MB));
	EXPECT_EQ(0ULL, stat_of(self->id).swap);
	EXPECT_EQ(0, set_resident(self->id, 16 * MB));
	EXPECT_LIMITS(self->id, 16 * MB, 48 * MB);
	EXPECT_GE(16 * MB + FORCED, resident_of(self->id).usage);
	EXPECT_LT(30 * MB, stat_of(self->id).swap);
	EXPECT_GE(64 * MB + FORCED, total_of(self->id).usage);
	EXPECT_GE(16 * MB + FORCED, resident_of(self->id).usage);
	EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);
	EXPECT_EQ(0, ask0(&self->agent, a_check));

	/* Without a total there is always room. */
	EXPECT_EQ(0, set_resident(self->id, VC_UNLIMITED));
	EXPECT_EQ(0, set_total(self->id, VC_UNLIMITED));
	EXPECT_LIMITS(self->id, -1, -1);
	EXPECT_EQ(0, set_resident(self->id, 12 * MB));
	EXPECT_LIMITS(self->id, 12 * MB, -1);
	EXPECT_GE(12 * MB + FORCED, resident_of(self->id).usage);
	EXPECT_EQ(0, ask0(&self->agent, a_check));
}

/* What is swapped out stays, and the total holds all the same. */
TEST_F(swap, resident_raised)
{
	long long max, swap_max;

	ASSERT_EQ(0, set_resident(self->id, 16 * MB));
	ASSERT_EQ(0, set_total(self->id, 64 * MB));
	ASSERT_EQ(0, ask(&self->agent, a_anon, 40 * MB));
	ASSERT_LT(20 * MB, stat_of(self->id).swap);

	EXPECT_EQ(0, set_resident(self->id, 60 * MB));
	EXPECT_EQ(60 * MB, resident_of(self->id).limit);
	EXPECT_EQ(64 * MB, total_of(self->id).limit);
	max = cg_number(self->id, "memory.max");
	swap_max = cg_number(self->id, "memory.swap.max");
	EXPECT_EQ(64 * MB, max + swap_max);
	EXPECT_LE((long long)stat_of(self->id).swap, swap_max);
	EXPECT_EQ(0, ask0(&self->agent, a_check));
	EXPECT_GE(64 * MB + FORCED, total_of(self->id).usage);

	/* When it has gone the next SET gives what was asked for. */
	EXPECT_EQ(0, ask0(&self->agent, a_drop));
	EXPECT_TRUE(WAIT_FOR(stat_of(self->id).swap < 4 * MB));
	EXPECT_EQ(0, set_resident(self->id, 60 * MB));
	EXPECT_LIMITS(self->id, 60 * MB, 4 * MB);
}

/* Swapping does not make the total less. */
TEST_F(swap, total_lowered)
{
	struct vc_limit before;

	ASSERT_EQ(0, set_resident(self->id, 16 * MB));
	ASSERT_EQ(0, set_total(self->id, 64 * MB));
	ASSERT_EQ(0, ask(&self->agent, a_anon, 40 * MB));
	before = total_of(self->id);

	EXPECT_EQ(-EBUSY, set_total(self->id, 32 * MB));
	EXPECT_EQ(-EBUSY, set_total(self->id, 8 * MB));
	EXPECT_EQ(-EBUSY, set_total(self->id, 0));
	EXPECT_SAME_LIMITS(self->id, 16 * MB, 64 * MB);
	EXPECT_LIMITS(self->id, 16 * MB, 48 * MB);
	EXPECT_EQ(before.limit, total_of(self->id).limit);
	EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);
	EXPECT_EQ(0, ask0(&self->agent, a_check));
	EXPECT_EQ(0, set_total(self->id, 48 * MB));
	EXPECT_EQ(48 * MB, cg_number(self->id, "memory.max") +
			   cg_number(self->id, "memory.swap.max"));
}

/* A resident limit that swap has no room for. */
TEST_F(swap, resident_refused)
{
	ASSERT_EQ(0, set_total(self->id, 48 * MB));
	ASSERT_EQ(0, ask(&self->agent, a_anon, 40 * MB));
	ASSERT_EQ(0, swapoff(self->disk));
	EXPECT_EQ(-EBUSY, set_resident(self->id, 16 * MB));
	EXPECT_SAME_LIMITS(self->id, VC_UNLIMITED, 48 * MB);
	EXPECT_LIMITS(self->id, 48 * MB, 0);
	EXPECT_EQ(0, ask0(&self->agent, a_check));
	EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);
}

/* ---- what the dead leave ---- */

/*
 * Each CPU may keep the last one that it has charged memory to, until it
 * charges some to another.
 */
#define KEPT			sysconf(_SC_NPROCESSORS_ONLN)

static long dying(void)
{
	return file_number(CG_CONTEXTS "/cgroup.stat",
			   "nr_dying_descendants ");
}

/* Page cache that it has read: kept as long as nobody wants the memory. */
TEST_F(memory, dead_with_cache)
{
	const char *disk = ram_disk();
	long id = 987654321;
	long before;
	int i;

	if (!disk)
		SKIP(return, "no disk to read from");
	drop_caches();
	EXPECT_TRUE(WAIT_FOR(dying() <= KEPT));
	before = dying();
	for (i = 0; i < 20; i++) {
		struct agent agent;

		/* Id and name are free at once. */
		ASSERT_EQ(id, disk_ctx(ctx_make(id, 0, 0, "dead")));
		ASSERT_EQ(0, agent_start(&agent, id, 0));
		COPY(agent_buf, disk);
		/* Another piece each time; together far more than there is. */
		EXPECT_EQ(0, ask3(&agent, a_file, 8 * MB, i * 8 * MB, 0));
		/* The cache outlives the context if somebody has it open. */
		if (!i) {
			COPY(agent_buf, disk);
			ASSERT_EQ(0, ask3(&self->neighbour, a_file, 4096, 0, 0));
		}
		EXPECT_EQ(0, ctx_kill(id));
		ctx_made_nr--;
		agent_end(&agent);
		EXPECT_EQ(-ESRCH, vc(VC_INFO, id, NULL));
		EXPECT_NE(0, access(CG_CONTEXTS "/987654321", F_OK));
	}
	/* They are there, or this would show nothing ... */
	EXPECT_LT(before + 10, dying());
	/* ... and go with what holds them. */
	drop_caches();
	EXPECT_TRUE(WAIT_FOR(dying() <= KEPT))
		TH_LOG("%ld are left", dying());
}

/* When memory is short, that of the dead is taken first of all. */
TEST_F(memory, dead_are_reclaimed)
{
	const char *disk = ram_disk();
	struct agent agent;
	long child;

	if (!disk)
		SKIP(return, "no disk to read from");
	drop_caches();
	child = disk_ctx(ctx_new_below(self->id, 0));
	ASSERT_LT(0, child);
	ASSERT_EQ(0, agent_start(&agent, child, 0));
	COPY(agent_buf, disk);
	ASSERT_EQ(0, ask3(&self->neighbour, a_file, 4096, 0, 0));
	COPY(agent_buf, disk);
	ASSERT_EQ(0, ask3(&agent, a_file, 40 * MB, 4 * MB, 0));
	EXPECT_EQ(0, ctx_kill(child));
	agent_end(&agent);
	/* Its parent pays on, until it needs the room. */
	EXPECT_LT(32 * MB, total_of(self->id).usage);
	EXPECT_EQ(0, set_total(self->id, 48 * MB));
	EXPECT_EQ(0, ask3(&self->agent, a_in_kid, ANON, 36 * MB, 0));
	EXPECT_EQ(0ULL, stat_of(self->id).oom_kills);
	EXPECT_EQ(0, set_total(self->id, 8 * MB));
}

static long a_tmpfs(long size, long b, long c)
{
	char *buf = calloc(1, size);
	long ret = 0;
	int fd;

	/* Its own affair: the host's mounts may be shared. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", "/mnt", "tmpfs", 0, NULL))
		return -errno;
	fd = open("/mnt/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, buf, size) != size)
		ret = -EIO;
	close(fd);
	free(buf);
	return ret;
}

/* A tmpfs of its own goes with the context's namespace. */
TEST_F(memory, dead_with_tmpfs)
{
	struct {
		struct vc_mounts head;
		char fstype[1][VC_FSTYPE_SIZE];
	} mounts = { .head.count = 1, .fstype = { "tmpfs" } };
	long id = 987654321;
	int i;

	for (i = 0; i < 10 + KEPT; i++) {
		struct agent agent;

		ASSERT_EQ(id, ctx_make(id, VC_CREATE_MNTNS, 0, "dead"));
		ASSERT_EQ(0, ctx_set_caps(id, ~0ULL));
		ASSERT_EQ(0, vc(VC_SET_MOUNTS, id, &mounts));
		ASSERT_EQ(0, agent_start(&agent, id, AGENT_NO_EXEC));
		EXPECT_EQ(0, ask(&agent, a_tmpfs, 8 * MB));
		EXPECT_LE(8 * MB, stat_of(id).shmem);
		EXPECT_EQ(0, ctx_kill(id));
		ctx_made_nr--;
		agent_end(&agent);
	}
	drop_caches();
	EXPECT_TRUE(WAIT_FOR(dying() <= KEPT))
		TH_LOG("%ld are left", dying());
}

/* ---- SET while everything else goes on ---- */

static __u32 race_id = 987654320;
static volatile long race_sets, race_wrong;

static void *race_setter(void *arg)
{
	unsigned int i = 0;

	while (!race_end) {
		__u64 limit = (8 + i % 32) * MB;
		long ret;

		switch (i++ % 4) {
		case 0:
			ret = set_total(race_id, limit);
			break;
		case 1:
			ret = set_resident(race_id, limit);
			break;
		case 2:
			ret = set_total(race_id, VC_UNLIMITED);
			break;
		default:
			ret = set_oom(race_id, i & 1);
			break;
		}
		race_sets += !ret;
		if (ret && ret != -ESRCH && ret != -EBUSY)
			race_wrong = ret;
	}
	return arg;
}

/* The context comes and goes under those who set its limits. */
TEST_F(memory, set_and_destroy)
{
	pthread_t threads[3];
	long before;
	int i, k;

	race_end = false;
	race_sets = 0;
	race_wrong = 0;
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, race_setter,
					    NULL));
	for (i = 0; i < 30; i++) {
		struct agent agent;

		ASSERT_EQ(race_id, ctx_make(race_id, 0, 0, NULL));
		before = race_sets;
		EXPECT_TRUE(WAIT_FOR(race_sets > before));
		if (!agent_start(&agent, race_id, 0)) {
			for (k = 0; k < 3; k++)
				ask(&agent, a_anon, 4 * MB);
			EXPECT_EQ(0, ctx_kill(race_id));
			agent_end(&agent);
		} else {
			EXPECT_EQ(0, ctx_kill(race_id));
		}
		ctx_made_nr--;
	}
	race_end = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, race_wrong);
}

/* ---- who is told ---- */

#define EVENTS			"/sys/kernel/tracing/events/vcontext"
#define TRACE			"/sys/kernel/tracing/trace"

/* Is @text in a line of the trace that has @word in it? */
static bool traced(const char *word, const char *text)
{
	static char buf[262144];
	char *line, *next;

	if (file_read(TRACE, buf, sizeof(buf)) < 0)
		return false;
	for (line = buf; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strstr(line, word) && strstr(line, text))
			return true;
	}
	return false;
}

TEST_F(memory, traced)
{
	char total[64], resident[64];

	if (access("/sys/kernel/tracing/events", F_OK))
		mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	if (access(EVENTS, F_OK))
		SKIP(return, "no trace events in this kernel");
	/* Names of tasks would cost a probe in every switch of them. */
	file_write("/sys/kernel/tracing/options/record-cmd", "0");
	close(open(TRACE, O_WRONLY | O_TRUNC | O_CLOEXEC));
	ASSERT_EQ(0, file_write(EVENTS "/limit/enable", "1"));
	snprintf(total, sizeof(total), "id=%ld category=7 command=1 ",
		 self->id);
	snprintf(resident, sizeof(resident), "id=%ld category=7 command=2 ",
		 self->id);

	ASSERT_EQ(0, set_total(self->id, 24 * MB));
	EXPECT_FALSE(traced(" limit: ", total));
	EXPECT_EQ(1000 + SIGKILL,
		  ask3(&self->agent, a_in_kid, ANON, 96 * MB, 0));
	EXPECT_TRUE(traced(" limit: ", total));
	EXPECT_FALSE(traced(" limit: ", resident));
	ASSERT_EQ(0, set_resident(self->id, 20 * MB));
	EXPECT_EQ(1000 + SIGKILL,
		  ask3(&self->agent, a_in_kid, ANON, 96 * MB, 0));
	EXPECT_TRUE(traced(" limit: ", resident));
	EXPECT_EQ(0, file_write(EVENTS "/limit/enable", "0"));
}

TEST_HARNESS_MAIN
