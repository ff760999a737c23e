// SPDX-License-Identifier: GPL-2.0
/*
 * Runs in the guest: what a program in a container costs, by ways of doing it.
 *
 * peers ROWS: each line of the file ROWS is one row, its name, a tab, and
 * what to run: the words of a command, or "@" and one of the ways that are
 * built in; a row whose name begins with "-" is run and not told.
 *
 * Output: lines "ROW<tab>BUSY<tab>IDLE<tab>LATER": the median of several runs,
 * in ns of the guest, which are instructions. BUSY is what the machine did
 * until the program had ended and its container was gone, IDLE what was slept
 * meanwhile, LATER what the kernel still did afterwards. The time in which the
 * CPU had nothing to do is the kernel's own count of it.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <vcontext.h>

#include "floor.h"

#define WARM		2
#define RUNS		9
#define SETTLE_US	200000
#define WORDS		64
#define CGROUP		"/sys/fs/cgroup/"

static char *const true_argv[] = { "/bin/true", NULL };
static char *const pause_argv[] = { "/bin/pause", NULL };
static char *const no_env[] = { "PATH=/bin", NULL };
static char **command;

static void die(const char *what)
{
	fprintf(stderr, "peers: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void __attribute__((noreturn)) die_vc(int ret, const char *what)
{
	struct vc_error error = { 0 };

	vc_error_get(&error);
	fprintf(stderr, "peers: %s: %s: %s\n", what, strerror(-ret), error.text);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* How long CPU 0, the only one, had nothing to do. */
static uint64_t idle(void)
{
	static const char *const names[] = { ".idle_sleeptime", ".iowait_sleeptime" };
	static char text[65536];
	uint64_t sum = 0;
	ssize_t n, len = 0;
	int fd = open("/proc/timer_list", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("/proc/timer_list");
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = 0;
	for (int i = 0; i < 2; i++) {
		char *at = strstr(text, names[i]);

		at = at ? strchr(at, ':') : NULL;
		if (!at) {
			errno = ENOENT;
			die(names[i]);
		}
		sum += strtoull(at + 1, NULL, 10);
	}
	return sum;
}

/* ---- the ways that are built in ---- */

static void run_command(void)
{
	pid_t pid = vfork();

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0)
		die("vfork");
	floor_wait(pid);
}

static void way_exec(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execve(FLOOR_IMAGE "/bin/true", true_argv, no_env);
		_exit(127);
	}
	if (pid < 0)
		die("vfork");
	floor_wait(pid);
}

static void way_floor(void)
{
	floor_run(CGROUP "floor", (char **)true_argv, 0);
}

static void way_floor_vfork(void)
{
	floor_run(CGROUP "floor", (char **)true_argv, CLONE_VM | CLONE_VFORK);
}

/* A context as the floor's container is one. */
static int context(const char *name)
{
	struct vc_create create = {
		.flags = VC_CREATE_UTSNS | VC_CREATE_IPCNS | VC_CREATE_PIDNS | VC_CREATE_MNTNS,
	};
	struct vc_cpu_usage usage = { .max_usage = 800 };
	int id, ret;

	snprintf(create.name, sizeof(create.name), "%s", name);
	id = vc_context_create(VC_ID_SELF, &create);
	if (id < 0)
		die_vc(id, "create");
	ret = vc_cpu_usage_set(id, &usage);
	if (ret < 0)
		die_vc(ret, "CPU");
	ret = vc_resident_set(id, 268435456);
	if (ret < 0)
		die_vc(ret, "memory");
	ret = vc_tasks_set(id, 1000);
	if (ret < 0)
		die_vc(ret, "tasks");
	ret = vc_hostname_set(id, "peer");
	if (ret < 0)
		die_vc(ret, "host name");
	ret = vc_root_set(id, FLOOR_IMAGE, 0);
	if (ret < 0)
		die_vc(ret, "root");
	return id;
}

static pid_t spawn(int id, char *const *argv)
{
	struct vc_spawn spawn = { .argv = argv, .envp = no_env };
	pid_t pid = vc_spawn(id, &spawn);

	if (pid < 0)
		die_vc(pid, "spawn");
	return pid;
}

static void way_context(void)
{
	int id = context(""), ret;

	floor_wait(spawn(id, true_argv));
	ret = vc_context_destroy(id, 0);
	if (ret < 0)
		die_vc(ret, "destroy");
}

/* ---- one that is there, to be entered ---- */

static int there = -1, there_group = -1, there_pidfd = -1;

static void way_floor_there(void)
{
	pid_t pid;

	there_group = floor_group(CGROUP "floor-there");
	pid = floor_start(there_group, (char **)pause_argv, 0);
	there_pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (there_pidfd < 0)
		die("pidfd_open");
}

/* What a hand-written nsenter does: the PID namespace takes a fork. */
static void way_floor_enter(void)
{
	pid_t pid = fork();

	if (!pid) {
		struct clone_args args = {
			.flags = CLONE_INTO_CGROUP | CLONE_PARENT_SETTID,
			.exit_signal = SIGCHLD,
			.cgroup = there_group,
		};
		int number;

		args.parent_tid = (uintptr_t)&number;
		if (setns(there_pidfd, FLOOR_NS))
			floor_die("setns");
		pid = floor_clone3(&args);
		if (!pid) {
			execve(true_argv[0], true_argv, no_env);
			_exit(127);
		}
		if (pid < 0)
			floor_die("clone3");
		floor_wait(pid);
		_exit(0);
	}
	if (pid < 0)
		die("fork");
	floor_wait(pid);
}

static void way_context_there(void)
{
	there = context("there");
	spawn(there, pause_argv);
}

static void way_context_enter(void)
{
	floor_wait(spawn(there, true_argv));
}

static const struct way {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "@exec", way_exec },
	{ "@floor", way_floor },
	{ "@floor-vfork", way_floor_vfork },
	{ "@floor-there", way_floor_there },
	{ "@floor-enter", way_floor_enter },
	{ "@context", way_context },
	{ "@context-there", way_context_there },
	{ "@context-enter", way_context_enter },
};

/* ---- measuring ---- */

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* What measuring costs itself. */
static uint64_t base_busy, base_later;

static void nothing(void)
{
}

static void measure(const char *name, void (*run)(void))
{
	uint64_t busy[RUNS], slept[RUNS], later[RUNS];

	for (int i = -WARM; i < RUNS; i++) {
		uint64_t start, end, idle0, idle1, after;
		int at = i < 0 ? 0 : i;

		usleep(SETTLE_US);
		idle0 = idle();
		start = now();
		run();
		end = now();
		idle1 = idle();
		slept[at] = idle1 - idle0;
		busy[at] = end - start - slept[at];

		start = now();
		usleep(SETTLE_US);
		after = now();
		later[at] = after - start - (idle() - idle1);
	}
	qsort(busy, RUNS, sizeof(*busy), compare);
	qsort(slept, RUNS, sizeof(*slept), compare);
	qsort(later, RUNS, sizeof(*later), compare);
	if (!name) {
		base_busy = busy[RUNS / 2];
		base_later = later[RUNS / 2];
		return;
	}
	printf("%s\t%llu\t%llu\t%llu\n", name, (unsigned long long)(busy[RUNS / 2] - base_busy),
	       (unsigned long long)slept[RUNS / 2],
	       (unsigned long long)(later[RUNS / 2] > base_later ? later[RUNS / 2] - base_later : 0));
	fflush(stdout);
}

static void row(char *line)
{
	static char *words[WORDS];
	char *name = line, *at = strchr(line, '\t');
	void (*run)(void) = run_command;
	size_t n = 0;

	if (!at)
		return;
	*at++ = 0;
	for (at = strtok(at, " \n"); at && n < WORDS - 1; at = strtok(NULL, " \n"))
		words[n++] = at;
	words[n] = NULL;
	command = words;
	for (size_t i = 0; n && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(words[0], ways[i].name))
			run = ways[i].run;
	fprintf(stderr, "%s\n", name);
	if (name[0] == '-')
		run();
	else
		measure(name, run);
}

int main(int argc, char **argv)
{
	static char line[4096];
	FILE *rows;
	int root;

	if (argc != 2)
		return 2;
	rows = fopen(argv[1], "re");
	if (!rows)
		die(argv[1]);
	root = open(CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		die(CGROUP);
	floor_put(root, "cgroup.subtree_control", "+cpu +memory +pids");
	close(root);
	measure(NULL, nothing);
	while (fgets(line, sizeof(line), rows))
		row(line);
	return 0;
}
