// SPDX-License-Identifier: GPL-2.0
/*
 * Runs in the guest: measures a few operations on the host, in a plain cgroup
 * and, where the kernel has them, in a context and beside one. Where guest time
 * counts instructions, so do we.
 *
 * Output: lines "PLACE<tab>ROW<tab>TIME", TIME the cost of one operation in ns
 * (that is, in instructions): the median of several runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/vcontext.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS		15
#define NR_VCONTEXT	236
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *tiny = "/bench/true";

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static long vcontext(uint32_t cmd, uint32_t id, void *data)
{
	return syscall(NR_VCONTEXT, cmd, id, data);
}

static void reap(pid_t pid)
{
	int status;

	if (pid < 0)
		die("fork");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	if (status)
		die("a child failed");
}

/* ---- rows; each does its operation n times ---- */

static void row_getppid(int n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void row_open(int n)
{
	while (n--) {
		int fd = open("/bench/file", O_RDONLY);

		if (fd < 0)
			die("/bench/file");
		close(fd);
	}
}

static void row_fork(int n)
{
	while (n--) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		reap(pid);
	}
}

static void row_exec(int n)
{
	char *argv[] = { (char *)tiny, NULL }, *envp[] = { NULL };

	while (n--) {
		pid_t pid = fork();

		if (!pid) {
			execve(tiny, argv, envp);
			_exit(127);
		}
		reap(pid);
	}
}

static void row_pipe(int n)
{
	int there[2], back[2];
	char byte = 0;
	pid_t pid;

	if (pipe(there) || pipe(back))
		die("pipe");
	pid = fork();
	if (!pid) {
		close(there[1]);
		while (read(there[0], &byte, 1) == 1)
			if (write(back[1], &byte, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(there[0]);
	close(back[1]);
	while (n--)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			die("pipe");
	close(there[1]);
	close(back[0]);
	reap(pid);
}

/* Two processes that let each other run: two switches. */
static void row_yield(int n)
{
	int gone[2];
	pid_t pid;
	char byte;

	if (pipe2(gone, O_NONBLOCK))
		die("pipe");
	pid = fork();
	if (!pid) {
		close(gone[1]);
		while (read(gone[0], &byte, 1) < 0)
			sched_yield();
		_exit(0);
	}
	close(gone[0]);
	while (n--)
		sched_yield();
	close(gone[1]);
	reap(pid);
}

/* New memory: a fault, a page, and both undone. */
static void row_fault(int n)
{
	enum { PAGES = 64, PAGE = 4096 };

	for (; n > 0; n -= PAGES) {
		char *map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map == MAP_FAILED)
			die("mmap");
		for (int i = 0; i < PAGES; i++)
			((volatile char *)map)[i * PAGE] = 1;
		munmap(map, PAGES * PAGE);
	}
}

/*
 * What each operation took, of a row that times them by themselves: sockets are
 * freed by RCU in batches, and when those come makes 1 % of 100 connections from
 * boot to boot, whatever the kernel.
 */
static uint64_t took[800];

static void row_tcp(int n)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(address);

	if (listener < 0 || bind(listener, (void *)&address, len) || listen(listener, 4) ||
	    getsockname(listener, (void *)&address, &len))
		die("listen");
	while (n--) {
		uint64_t start = now();
		int ours = socket(AF_INET, SOCK_STREAM, 0), theirs;

		if (ours < 0 || connect(ours, (void *)&address, len))
			die("connect");
		theirs = accept(listener, NULL, NULL);
		if (theirs < 0)
			die("accept");
		close(ours);
		close(theirs);
		took[n] = now() - start;
	}
	close(listener);
}

static void row_udp(int n)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server = socket(AF_INET, SOCK_DGRAM, 0), client = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(address);
	char byte = 'x';

	if (server < 0 || client < 0 || bind(server, (void *)&address, len) ||
	    getsockname(server, (void *)&address, &len))
		die("udp");
	while (n--)
		if (sendto(client, &byte, 1, 0, (void *)&address, len) != 1 || recv(server, &byte, 1, 0) != 1)
			die("datagram");
	close(client);
	close(server);
}

/*
 * @net: it is about addresses
 * @each: n operations, each by itself, in took[]
 */
static const struct row {
	const char *name;
	void (*run)(int n);
	int n;
	bool net, each;
} rows[] = {
	{ "getppid", row_getppid, 4000, false, false },
	{ "open+close", row_open, 1000, false, false },
	{ "tcp connection", row_tcp, ARRAY_SIZE(took), true, true },
	{ "udp datagram", row_udp, 200, true, false },
	{ "page fault", row_fault, 1024, false, false },
	{ "pipe round trip", row_pipe, 400, false, false },
	{ "yield there+back", row_yield, 400, false, false },
	{ "fork+exit", row_fork, 60, false, false },
	{ "fork+exec", row_exec, 40, false, false },
};

/* Measure those of rows[] alone. */
static bool net_alone;

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Tenths of an instruction, so that cheap rows keep their digits. */
static void tell_of(const char *where, const char *name, uint64_t *times, size_t nr)
{
	qsort(times, nr, sizeof(*times), compare);
	printf("%s\t%s\t%llu.%llu\n", where, name,
	       (unsigned long long)times[nr / 2] / 10,
	       (unsigned long long)times[nr / 2] % 10);
	fflush(stdout);
}

static void tell(const char *where, const char *name, uint64_t *times)
{
	tell_of(where, name, times, RUNS);
}

static void measure(const char *where)
{
	uint64_t times[RUNS], start;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];

		if (net_alone && !row->net)
			continue;
		row->run(row->n);
		if (row->each) {
			for (int i = 0; i < row->n; i++)
				took[i] *= 10;
			tell_of(where, row->name, took, row->n);
			continue;
		}
		for (int run = 0; run < RUNS; run++) {
			start = now();
			row->run(row->n);
			times[run] = (now() - start) * 10 / row->n;
		}
		tell(where, row->name, times);
	}
}

/* ---- places ---- */

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

/* What the kernel may not have. */
static void try_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

static void enter_cgroup(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/cgroup.procs", path);
	put(full, "0");
}

static long create(void)
{
	long id = vcontext(VC_CMD(VC_CAT_CPU, VC_SUB_SET, VC_CPU_CONTEXT), VC_ID_SELF, NULL);

	if (id < 0)
		die("create");
	return id;
}

static void enter(long id)
{
	if (vcontext(VC_CMD(VC_CAT_PROCESS, VC_SUB_SET, VC_PROCESS_TASK), id, NULL))
		die("enter");
}

static bool has(int category, int command)
{
	return vcontext(VC_CMD(category, VC_SUB_VERSION, command), 0, NULL) > 0;
}

static bool ours;

/* ---- rules, none of which fits ---- */

#define RULES		1000

/* Of users, of names, of programs and of directories of them, in turn. */
static void add_rules(long id, __u32 *added)
{
	for (int i = 0; i < RULES; i++) {
		struct vc_rule rule = {
			.match = (__u32[]){ VC_RULE_UID, VC_RULE_COMM, VC_RULE_EXE, VC_RULE_EXE | VC_RULE_GID }[i % 4],
			.uid = 10000 + i,
			.target = id,
		};
		long ret;

		snprintf(rule.comm, sizeof(rule.comm), "nobody-%d", i);
		snprintf(rule.exe, sizeof(rule.exe), i % 4 == 2 ? "/opt/%d/true" : "/opt/%d/*", i);
		ret = vcontext(VC_CMD(VC_CAT_CLASS, VC_SUB_SET, VC_CLASS_RULE), 0, &rule);
		if (ret < 0)
			die("rule");
		added[i] = ret;
	}
}

static void remove_rules(__u32 *added, int n)
{
	while (n--)
		if (vcontext(VC_CMD(VC_CAT_CLASS, VC_SUB_SET, VC_CLASS_REMOVE), 0, &added[n]))
			die("rule");
}

/* ---- limits, all of them far from being hit ---- */

#define GROUP			"/sys/fs/cgroup/bench/2"

static unsigned char cpus[512];
static struct vc_cpuset cpu_set = { 1, 0, 0 };
static struct vc_io disk;
static char disk_max[2][64];

/*
 * A limit in both worlds. What is set alternates between two values, since
 * some of them are noticed to be what they were.
 * @name: of the row
 * @file: of the group, NULL where it has none
 * @text: what is written into it
 * @category, @command: of the call
 * @size: of its data
 * @data: what is set
 * @limits: it is one that tasks run under in the places with limits
 */
static const struct limit {
	const char *name, *file;
	const char *text[2];
	int category, command;
	size_t size;
	const void *data[2];
	bool limits;
} limits[] = {
#define LIMIT(a, b)	sizeof(struct vc_limit), { &(struct vc_limit){ .limit = a }, &(struct vc_limit){ .limit = b } }
	{ "tasks", "pids.max", { "1000", "1001" }, VC_CAT_PROCESS, VC_PROCESS_LIMIT, LIMIT(1000, 1001), true },
	{ "files", NULL, { NULL }, VC_CAT_VFS, VC_VFS_FILES, LIMIT(100000, 100001), true },
	{ "tcp", NULL, { NULL }, VC_CAT_OTHER, VC_OTHER_TCP, LIMIT(100000, 100001), true },
	{ "memory", "memory.max", { "268435456", "268439552" }, VC_CAT_MEMORY, VC_MEMORY_TOTAL,
	  LIMIT(268435456, 268439552), true },
	{ "resident", "memory.max", { "268435456", "268439552" }, VC_CAT_MEMORY, VC_MEMORY_RESIDENT,
	  LIMIT(268435456, 268439552), true },
	{ "oom", "memory.oom.group", { "1", "0" }, VC_CAT_MEMORY, VC_MEMORY_OOM, sizeof(__u32),
	  { &(__u32){ 1 }, &(__u32){ 0 } }, false },
	{ "CPU maximum", "cpu.max", { "800000 100000", "700000 100000" }, VC_CAT_CPU, VC_CPU_USAGE,
	  sizeof(struct vc_cpu_usage), { &(struct vc_cpu_usage){ 8000, 0 }, &(struct vc_cpu_usage){ 7000, 0 } },
	  true },
	{ "CPU minimum", "cpu.weight", { "200", "100" }, VC_CAT_CPU, VC_CPU_USAGE, sizeof(struct vc_cpu_usage),
	  { &(struct vc_cpu_usage){ 8000, 200 }, &(struct vc_cpu_usage){ 8000, 100 } }, false },
	{ "CPU set", "cpuset.cpus", { "0", "0" }, VC_CAT_CPU, VC_CPU_SET, sizeof(cpu_set), { &cpu_set, &cpu_set }, false },
	{ "policy", NULL, { NULL }, VC_CAT_CPU, VC_CPU_SCHED, sizeof(struct vc_sched),
	  { &(struct vc_sched){ SCHED_BATCH, 0, 0, 0 }, &(struct vc_sched){ 0 } }, false },
	{ "block I/O", "io.max", { disk_max[0], disk_max[1] }, VC_CAT_VFS, VC_VFS_IO, sizeof(disk),
	  { &disk, &disk }, false },
	{ "freeze", "cgroup.freeze", { "1", "0" }, VC_CAT_PROCESS, VC_PROCESS_FREEZE, sizeof(__u32),
	  { &(__u32){ 1 }, &(__u32){ 0 } }, false },
	{ "CPU accounting", "cpu.stat", { NULL }, VC_CAT_CPU, VC_CPU_STAT, sizeof(struct vc_cpu_stat), { NULL }, false },
	{ "memory use", "memory.stat", { NULL }, VC_CAT_MEMORY, VC_MEMORY_STAT, sizeof(struct vc_mem_stat),
	  { NULL }, false },
};

static void call_set(const struct limit *limit, long id, int which)
{
	__u32 cmd = VC_CMD(limit->category, VC_SUB_SET, limit->command) | (__u32)limit->size << 8;
	struct vc_io io = disk;
	void *data = (void *)limit->data[which];

	if (data == &disk) {
		io.rbps += which;
		data = &io;
	}
	if (vcontext(cmd, id, data))
		die(limit->name);
}

static void call_get(const struct limit *limit, long id)
{
	__u32 cmd = VC_CMD(limit->category, VC_SUB_GET, limit->command);
	union {
		struct vc_cpuset set;
		struct vc_io io;
		char bytes[256];
	} data;

	/* A word with size 0 is one of the first version, or without data. */
	memset(&data, 0, sizeof(data));
	if (limit->data[0] == &cpu_set)
		data.set = (struct vc_cpuset){ sizeof(cpus), 0, (uintptr_t)cpus };
	if (limit->data[0] == &disk)
		data.io = disk;
	if (vcontext(cmd, id, &data) < 0)
		die(limit->name);
}

static void file_path(char *path, size_t size, const struct limit *limit)
{
	snprintf(path, size, GROUP "/%s", limit->file);
}

static void file_set(const struct limit *limit, int which)
{
	char path[256];

	file_path(path, sizeof(path), limit);
	put(path, limit->text[which]);
}

static void file_get(const struct limit *limit)
{
	char path[256], text[8192];
	ssize_t n;
	int fd;

	file_path(path, sizeof(path), limit);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die(path);
	while ((n = read(fd, text, sizeof(text))) > 0)
		;
	if (n)
		die(path);
	close(fd);
}

static bool has_file(const struct limit *limit)
{
	char path[256];

	if (!limit->file)
		return false;
	file_path(path, sizeof(path), limit);
	return !access(path, F_OK);
}

/*
 * Give the group, or the context, its limits: those alone that this kernel's
 * contexts can have too.
 */
static void limit(long id)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct limit *one = &limits[i];

		if (!one->limits || (ours && !has(one->category, one->command)))
			continue;
		if (id)
			call_set(one, id, 0);
		else if (has_file(one))
			file_set(one, 0);
	}
}

/* Of a group and a context that nobody is in. */
static void calls(long id)
{
	uint64_t times[4][RUNS];
	enum { N = 20 };
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct limit *one = &limits[i];
		bool call = id && has(one->category, one->command), file = has_file(one);
		bool set = one->data[0], both[4] = { file && set, file, call && set, call };

		if (one->data[0] == &disk && !disk.major)
			continue;
		for (int run = -1; run < RUNS; run++) {
			for (int what = 0; what < 4; what++) {
				uint64_t start = now();

				for (int n = 0; both[what] && n < N; n++) {
					switch (what) {
					case 0:
						file_set(one, n & 1);
						break;
					case 1:
						file_get(one);
						break;
					case 2:
						call_set(one, id, n & 1);
						break;
					case 3:
						call_get(one, id);
						break;
					}
				}
				times[what][run < 0 ? 0 : run] = (now() - start) * 10 / N;
			}
		}
		for (int what = 0; what < 4; what++) {
			snprintf(name, sizeof(name), "%s %s", what & 1 ? "get" : "set", one->name);
			if (both[what])
				tell(what < 2 ? "file" : "call", name, times[what]);
		}
	}
}

/* The disk that limits are set on, if there is one. */
static void find_disk(void)
{
	FILE *file = fopen("/sys/block/vda/dev", "r");

	if (!file)
		return;
	if (fscanf(file, "%u:%u", &disk.major, &disk.minor) != 2)
		die("/sys/block/vda/dev");
	fclose(file);
	disk.rbps = 1 << 20;
	for (int i = 0; i < 2; i++)
		snprintf(disk_max[i], sizeof(disk_max[i]), "%u:%u rbps=%u", disk.major, disk.minor, (1 << 20) + i);
}

static void destroy(long id)
{
	if (vcontext(VC_CMD(VC_CAT_CPU, VC_SUB_SET, VC_CPU_DESTROY), id, NULL))
		die("destroy");
}

/*
 * A process of its own for each place, so that no place inherits what another
 * has left behind; the parent stays where it was.
 */
static void in_child(const char *where, void (*go)(const char *arg), const char *arg)
{
	pid_t pid = fork();

	if (!pid) {
		if (go)
			go(arg);
		measure(where);
		_exit(0);
	}
	reap(pid);
}

static void go_cgroup(const char *path)
{
	enter_cgroup(path);
}

static void go_context(const char *id)
{
	enter(atol(id));
}

/* Create, enter (by a child that is there already) and destroy. */
static void life(void)
{
	uint64_t creates[RUNS], enters[RUNS], destroys[RUNS], start;
	int done[2];

	for (int run = -1; run < RUNS; run++) {
		int at = run < 0 ? 0 : run;
		long id;
		pid_t pid;

		start = now();
		id = create();
		creates[at] = (now() - start) * 10;

		if (pipe(done))
			die("pipe");
		pid = fork();
		if (!pid) {
			uint64_t took = now();

			enter(id);
			took = (now() - took) * 10;
			if (write(done[1], &took, sizeof(took)) != sizeof(took))
				_exit(1);
			_exit(0);
		}
		reap(pid);
		if (read(done[0], &enters[at], sizeof(enters[at])) != sizeof(enters[at]))
			die("pipe");
		close(done[0]);
		close(done[1]);

		start = now();
		destroy(id);
		destroys[at] = (now() - start) * 10;
	}
	tell("life", "create", creates);
	tell("life", "enter", enters);
	tell("life", "destroy", destroys);
}

/* The same with a plain group of the same depth and controllers, by way of cgroupfs. */
static void plain_life(void)
{
	static const char *const level[] = { GROUP, GROUP "/3", GROUP "/3/4" };
	uint64_t creates[RUNS], enters[RUNS], destroys[RUNS], start;
	int done[2];

	for (int run = -1; run < RUNS; run++) {
		int at = run < 0 ? 0 : run;
		pid_t pid;

		start = now();
		for (int i = 0; i < 3; i++)
			if (mkdir(level[i], 0755))
				die(level[i]);
		creates[at] = (now() - start) * 10;

		if (pipe(done))
			die("pipe");
		pid = fork();
		if (!pid) {
			uint64_t took = now();

			enter_cgroup(level[2]);
			took = (now() - took) * 10;
			if (write(done[1], &took, sizeof(took)) != sizeof(took))
				_exit(1);
			_exit(0);
		}
		reap(pid);
		if (read(done[0], &enters[at], sizeof(enters[at])) != sizeof(enters[at]))
			die("pipe");
		close(done[0]);
		close(done[1]);

		start = now();
		for (int i = 2; i >= 0; i--)
			if (rmdir(level[i]))
				die(level[i]);
		destroys[at] = (now() - start) * 10;
	}
	tell("plain life", "create", creates);
	tell("plain life", "enter", enters);
	tell("plain life", "destroy", destroys);
}

/* ---- addresses ---- */

/* The loopback address, and others to make @n of them, which never lie side by side. */
static void permit(long id, int n)
{
	struct vc_addr_req *req = calloc(1, sizeof(*req) + n * sizeof(req->ipv4[0]));

	if (!req)
		die("permit");
	req->count = n;
	for (int i = 0; i < n; i++) {
		req->ipv4[i].addr = htonl(i ? 0x0a000000U + 2U * i : INADDR_LOOPBACK);
		req->ipv4[i].mask = 0xffffffff;
	}
	if (vcontext(VC_CMD(VC_CAT_NETADDR, VC_SUB_SET, VC_NETADDR_IPV4), id, req))
		die("permit");
	free(req);
}

/* A program in a new context, from nothing to nothing: with permits, or a network of its own. */
static void from_start_to_exit(const char *where, __u32 flags)
{
	struct vc_create args = { .flags = flags };
	uint64_t times[RUNS], start;

	for (int run = -1; run < RUNS; run++) {
		pid_t pid;
		long id;

		start = now();
		id = vcontext(VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_SET, VC_CPU_CONTEXT, struct vc_create), VC_ID_SELF, &args);
		if (id < 0)
			die("create");
		if (!flags)
			permit(id, 1);
		pid = fork();
		if (!pid) {
			enter(id);
			execl(tiny, tiny, (char *)NULL);
			_exit(1);
		}
		reap(pid);
		destroy(id);
		times[run < 0 ? 0 : run] = (now() - start) * 10;
	}
	tell(where, "start to exit", times);
}

static void addresses(void)
{
	static const int numbers[] = { 1, 4096 };
	char number[32], where[32];

	net_alone = true;
	for (int i = 0; i < 2; i++) {
		long id = create();

		/* as the group has that it is compared with */
		limit(id);
		permit(id, numbers[i]);
		snprintf(number, sizeof(number), "%ld", id);
		snprintf(where, sizeof(where), "permits %d", numbers[i]);
		in_child(where, go_context, number);
		/* Who has none pays while somebody has. */
		in_child(i ? "beside 4096" : "beside 1", go_cgroup, GROUP "/3/4");
		destroy(id);
	}
	net_alone = false;
	from_start_to_exit("permits", 0);
	from_start_to_exit("own network", VC_CREATE_NETNS);
}

/* ---- a veth of a context: made, attached, up, and destroyed ---- */

struct link_request {
	struct nlmsghdr head;
	struct ifinfomsg link;
	char attrs[256];
};

static struct link_request link_request(int type, int flags)
{
	struct link_request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
		},
	};

	return req;
}

static struct rtattr *attr(struct link_request *req, int type, const void *data, size_t len)
{
	struct rtattr *new = (void *)((char *)req + NLMSG_ALIGN(req->head.nlmsg_len));

	new->rta_type = type;
	new->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(new), data, len);
	req->head.nlmsg_len = NLMSG_ALIGN(req->head.nlmsg_len) + RTA_ALIGN(new->rta_len);
	return new;
}

static void nest_end(struct link_request *req, struct rtattr *nest)
{
	nest->rta_len = (char *)req + req->head.nlmsg_len - (char *)nest;
}

static void rtnl(int sock, const struct link_request *req, const char *what)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[1024];
	} reply;

	if (send(sock, req, req->head.nlmsg_len, 0) < 0 || recv(sock, &reply, sizeof(reply), 0) < 0)
		die(what);
	errno = -reply.error.error;
	if (reply.head.nlmsg_type != NLMSG_ERROR || errno)
		die(what);
}

static int netns_of(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

/* In the namespace @net, or where we are. */
static int rtnl_socket(int net)
{
	int here = netns_of(getpid()), sock;

	if (net >= 0 && setns(net, CLONE_NEWNET))
		die("setns");
	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (sock < 0 || setns(here, CLONE_NEWNET))
		die("netlink");
	close(here);
	return sock;
}

static void link_pair(int sock, int net)
{
	struct link_request req = link_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg none = { 0 };
	struct rtattr *info, *data, *peer;

	attr(&req, IFLA_IFNAME, "bout", 5);
	info = attr(&req, IFLA_LINKINFO, NULL, 0);
	attr(&req, IFLA_INFO_KIND, "veth", 5);
	data = attr(&req, IFLA_INFO_DATA, NULL, 0);
	peer = attr(&req, VETH_INFO_PEER, &none, sizeof(none));
	attr(&req, IFLA_IFNAME, "bin", 4);
	if (net >= 0)
		attr(&req, IFLA_NET_NS_FD, &net, sizeof(net));
	nest_end(&req, peer);
	nest_end(&req, data);
	nest_end(&req, info);
	rtnl(sock, &req, "a pair");
}

static void link_move(int sock, int net)
{
	struct link_request req = link_request(RTM_NEWLINK, 0);

	attr(&req, IFLA_IFNAME, "bin", 4);
	attr(&req, IFLA_NET_NS_FD, &net, sizeof(net));
	rtnl(sock, &req, "moving");
}

static void link_up(int sock, const char *name)
{
	struct link_request req = link_request(RTM_NEWLINK, 0);

	req.link.ifi_flags = IFF_UP;
	req.link.ifi_change = IFF_UP;
	attr(&req, IFLA_IFNAME, name, strlen(name) + 1);
	rtnl(sock, &req, "up");
}

static void link_delete(int sock)
{
	struct link_request req = link_request(RTM_DELLINK, 0);

	attr(&req, IFLA_IFNAME, "bout", 5);
	rtnl(sock, &req, "deleting");
}

static void vnet(uint32_t sub, uint32_t command, long id, uint32_t flags)
{
	struct vc_vnet device = { .vdev_name = "bin", .link = "bout", .type = VC_VNET_VETH, .flags = flags };

	if (vcontext(VC_CMD(VC_CAT_VNET, sub, command), id, &device))
		die("vnet");
}

/* That of iproute2; a shell of busybox would take its own. */
#define IP	"/usr/local/sbin/ip"

/* What ip(8) would be called for. */
static void ip(const char *arguments)
{
	char command[256];

	snprintf(command, sizeof(command), IP " %s", arguments);
	if (system(command))
		die(command);
}

enum { VETH_IP, VETH_MOVED, VETH_BORN, VETH_CALLS, VETH_INSIDE, NR_VETH };

static void veth_once(int how, long id, pid_t pid, int net, int outside, int inside)
{
	char move[64], up[64];

	switch (how) {
	case VETH_IP:
		snprintf(move, sizeof(move), "link set bin netns %d", pid);
		snprintf(up, sizeof(up), "link set bin up");
		ip("link add bout type veth peer name bin");
		ip(move);
		/* what ip -n does */
		if (setns(net, CLONE_NEWNET))
			die("setns");
		ip(up);
		if (setns(outside, CLONE_NEWNET))
			die("setns");
		ip("link set bout up");
		ip("link del bout");
		break;
	case VETH_MOVED:
	case VETH_BORN:
		link_pair(outside, how == VETH_BORN ? net : -1);
		if (how == VETH_MOVED)
			link_move(outside, net);
		link_up(inside, "bin");
		link_up(outside, "bout");
		link_delete(outside);
		break;
	case VETH_CALLS:
		vnet(VC_SUB_SET, VC_VNET_CREATE, id, 0);
		vnet(VC_SUB_SET, VC_VNET_ATTACH, id, 0);
		vnet(VC_SUB_SET, VC_VNET_DESTROY, id, 0);
		break;
	case VETH_INSIDE:
		vnet(VC_SUB_SET, VC_VNET_CREATE, id, VC_VNET_INSIDE);
		vnet(VC_SUB_SET, VC_VNET_DESTROY, id, 0);
		break;
	}
}

static void veth(void)
{
	static const char *const names[] = { "ip, moved", "netlink, moved", "netlink, born there", "calls, attached",
					     "calls, born inside" };
	struct vc_create args = { .flags = VC_CREATE_NETNS };
	int ready[2], net, sock[2], here = netns_of(getpid());
	uint64_t times[NR_VETH][RUNS], start;
	long id = vcontext(VC_CMD(VC_CAT_CPU, VC_SUB_SET, VC_CPU_CONTEXT), VC_ID_SELF, &args);
	pid_t pid;
	char c = 0;

	if (system("{ " IP " link add bout type veth peer name bin && " IP " link show bin; got=$?; "
		   IP " link del bout; exit $got; } >/dev/null 2>&1")) {
		fprintf(stderr, "bench: " IP " makes no veth: install iproute2, whose ip(8) does\n");
		exit(1);
	}
	if (id < 0 || pipe(ready))
		die("a context with a network namespace");
	pid = fork();
	if (!pid) {
		enter(id);
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &c, 1) != 1)
		die("pipe");
	net = netns_of(pid);
	sock[0] = rtnl_socket(-1);
	sock[1] = rtnl_socket(net);
	for (int run = -1; run < RUNS; run++) {
		for (int how = 0; how < NR_VETH; how++) {
			start = now();
			veth_once(how, id, pid, net, how == VETH_IP ? here : sock[0], sock[1]);
			times[how][run < 0 ? 0 : run] = (now() - start) * 10;
		}
	}
	for (int how = 0; how < NR_VETH; how++)
		tell("veth", names[how], times[how]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	destroy(id);
}

static const char *const groups[] = { "/sys/fs/cgroup/bench", GROUP, GROUP "/3", GROUP "/3/4" };

/* A group of the shape of a context, with the controllers that one has. */
static void controllers(const char *also)
{
	static const char *const names[] = { "cpu", "cpuset", "memory", "io" };
	char have[256] = " ", text[64];
	FILE *file = fopen("/sys/fs/cgroup/cgroup.controllers", "r");

	if (!file || !fgets(have + 1, sizeof(have) - 2, file))
		die("cgroup.controllers");
	fclose(file);
	have[strcspn(have, "\n")] = ' ';
	for (size_t i = 0; i < ARRAY_SIZE(names) + !!also; i++) {
		const char *name = i < ARRAY_SIZE(names) ? names[i] : also;

		snprintf(text, sizeof(text), " %s ", name);
		if (!strstr(have, text))
			continue;
		snprintf(text, sizeof(text), "+%s", name);
		put("/sys/fs/cgroup/cgroup.subtree_control", text);
		put("/sys/fs/cgroup/bench/cgroup.subtree_control", text);
	}
}

/* With "veth" that part alone. */
int main(int argc, char **argv)
{
	char number[32];
	long id = 0;

	if (argc == 2 && !strcmp(argv[1], "veth")) {
		veth();
		return 0;
	}
	ours = vcontext(VC_CMD(VC_CAT_VERSION, 0, 0), 0, NULL) > 0;
	cpus[0] = 1;
	cpu_set.bits = (uintptr_t)cpus;
	find_disk();
	/* Connections that linger would make each one dearer than the last. */
	try_put("/proc/sys/net/ipv4/tcp_max_tw_buckets", "0");

	in_child("host", NULL, NULL);
	if (mkdir(groups[0], 0755))
		die(groups[0]);
	controllers(NULL);
	for (int i = 1; i < 4; i++)
		if (mkdir(groups[i], 0755))
			die(groups[i]);
	in_child("host, groups", NULL, NULL);
	in_child("group", go_cgroup, groups[3]);
	if (ours) {
		id = create();
		snprintf(number, sizeof(number), "%ld", id);
		in_child("context", go_context, number);
		/* There is a context, and these tasks are not in it. */
		in_child("beside", NULL, NULL);
		in_child("group beside", go_cgroup, groups[3]);
		if (has(VC_CAT_CLASS, VC_CLASS_RULE)) {
			static __u32 added[RULES];

			add_rules(id, added);
			in_child("rules", NULL, NULL);
			remove_rules(added + 4, RULES - 4);
			in_child("few rules", NULL, NULL);
			remove_rules(added, 4);
		}
	}
	/* As many limits on both. */
	controllers("pids");
	limit(0);
	in_child("group, limits", go_cgroup, groups[3]);
	if (ours) {
		limit(id);
		in_child("context, limits", go_context, number);
	}
	calls(id);
	if (ours)
		destroy(id);
	if (ours && has(VC_CAT_NETADDR, VC_NETADDR_IPV4))
		addresses();
	for (int i = 3; i > 0; i--)
		if (rmdir(groups[i]))
			die(groups[i]);
	put("/sys/fs/cgroup/bench/cgroup.subtree_control", "-pids");
	put("/sys/fs/cgroup/cgroup.subtree_control", "-pids");
	plain_life();
	if (ours)
		life();
	if (ours && has(VC_CAT_VNET, VC_VNET_CREATE))
		veth();
	return 0;
}
