// SPDX-License-Identifier: GPL-2.0
/*
 * Ways out of a context through the kernel: settings of the machine, programs
 * that it starts, objects that everybody can name, and credentials.
 */
#include "escape.h"

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

/* ---- settings of the machine ---- */

ESCAPE_FIXTURE(setting, false);
ESCAPE_VARIANT(setting, shared, CAGE_SHARED);

/* Paths, and values that nobody has set; all of them are put back. */
static const char * const settings[][2] = {
	{ "/proc/sys/kernel/core_pattern", "escape" },
	{ "/proc/sys/kernel/core_pipe_limit", "7" },
	{ "/proc/sys/kernel/modprobe", HOOK },
	{ "/proc/sys/kernel/hotplug", HOOK },
	{ "/proc/sys/kernel/poweroff_cmd", HOOK },
	{ "/proc/sys/kernel/panic", "77" },
	{ "/proc/sys/kernel/sysrq", "7" },
	{ "/proc/sys/kernel/threads-max", "7777" },
	{ "/proc/sys/kernel/randomize_va_space", "1" },
	{ "/proc/sys/kernel/keys/maxkeys", "777" },
	{ "/proc/sys/kernel/sched_rr_timeslice_ms", "77" },
	{ "/proc/sys/vm/swappiness", "7" },
	{ "/proc/sys/vm/overcommit_memory", "1" },
	{ "/proc/sys/fs/file-max", "7777777" },
	{ "/proc/sys/fs/suid_dumpable", "1" },
	{ "/proc/sys/fs/pipe-max-size", "65536" },
	{ "/proc/sys/user/max_user_namespaces", "777" },
	{ "/proc/irq/default_smp_affinity", "1" },
	{ "/sys/kernel/uevent_helper", HOOK },
	{ "/sys/block/vda/queue/read_ahead_kb", "512" },
	{ "/sys/block/vda/queue/nomerges", "2" },
};

/* A line, without its end. */
static void setting_read(const char *path, char *line, size_t size)
{
	if (file_read(path, line, size) < 0)
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

TEST_F(setting, values)
{
	struct agent agent;
	unsigned int i;

	CAGE(&agent);
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *path = settings[i][0];
		char before[128], after[128];

		ASSERT_EQ(0, access(path, W_OK))
			TH_LOG("%s", path);
		setting_read(path, before, sizeof(before));
		ASSERT_STRNE(settings[i][1], before)
			TH_LOG("%s", path);
		ask_write(&agent, path, settings[i][1]);
		setting_read(path, after, sizeof(after));
		EXPECT_DAMAGE(strcmp(before, after))
			TH_LOG("%s: \"%s\" is \"%s\"", path, before, after);
		if (strcmp(before, after))
			file_write(path, before[0] ? before : "\n");
	}
	/* It has a /proc, where what is its own can be written. */
	EXPECT_EQ(0, ask_write(&agent, "/proc/self/oom_score_adj", "1"));
}

static long x_sysrq(long a, long b, long c)
{
	return file_write("/proc/sysrq-trigger", "h");
}

#define SYSRQ_HELP	"sysrq: HELP"

/* Only the key that prints which keys there are. */
TEST_F(setting, sysrq)
{
	int had = logged(SYSRQ_HELP);
	struct agent agent;

	ASSERT_EQ(0, access("/proc/sysrq-trigger", F_OK));
	CAGE(&agent);
	ask0(&agent, x_sysrq);
	EXPECT_DAMAGE(logged(SYSRQ_HELP) > had);
}

/* What the host says in its log, by a system call. */
static long x_syslog(long a, long b, long c)
{
	static char text[4 << 20];
	long len = res(klogctl(3, text, sizeof(text) - 1));

	if (len < 0)
		return len;
	text[len] = '\0';
	return !!strstr(text, agent_buf);
}

TEST_F(setting, log)
{
	struct agent agent;

	CAGE(&agent);
	snprintf(agent_buf, sizeof(agent_buf), "%s\n", nonce);
	ASSERT_EQ(0, file_write("/dev/kmsg", agent_buf));
	COPY(agent_buf, nonce);
	EXPECT_DAMAGE(ask0(&agent, x_syslog) == 1);
}

/* ---- programs that the kernel starts ---- */

ESCAPE_FIXTURE(helper, false);
ESCAPE_VARIANT(helper, shared, CAGE_SHARED);

static long x_core(long a, long b, long c)
{
	long ret = file_write("/proc/sys/kernel/core_pattern",
			      "|" HOOK " dumped");
	pid_t pid = fork();

	if (!pid) {
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	child_wait(pid);
	return ret;
}

TEST_F(helper, core_pattern)
{
	struct agent agent;
	long ret;

	CAGE(&agent);
	ret = ask0(&agent, x_core);
	EXPECT_DAMAGE(hook_ran("dumped", ret == 0));
	file_write("/proc/sys/kernel/core_pattern", "core");
}

/* No kernel of ours has that family. */
static long x_modprobe(long own, long b, long c)
{
	long ret = own ? file_write("/proc/sys/kernel/modprobe", HOOK) : 0;
	int fd = socket(AF_X25, SOCK_SEQPACKET, 0);

	close(fd);
	return ret;
}

TEST_F(helper, modprobe)
{
	struct agent agent;
	char before[128];

	setting_read("/proc/sys/kernel/modprobe", before, sizeof(before));
	CAGE(&agent);
	/* Started while the caller waits. */
	ask(&agent, x_modprobe, 1);
	EXPECT_DAMAGE(hook_ran("net-pf-9", false));
	file_write("/proc/sys/kernel/modprobe", before);
}

/* What is loaded is chosen inside, who loads is not. */
TEST_F(helper, autoload)
{
	struct agent agent;
	char before[128];

	setting_read("/proc/sys/kernel/modprobe", before, sizeof(before));
	CAGE(&agent);
	ASSERT_EQ(0, file_write("/proc/sys/kernel/modprobe", HOOK));
	ask(&agent, x_modprobe, 0);
	EXPECT_DAMAGE(hook_ran("net-pf-9", false));
	file_write("/proc/sys/kernel/modprobe", before);
}

static long x_uevent(long a, long b, long c)
{
	long ret = file_write("/sys/kernel/uevent_helper", HOOK);

	if (ret)
		ret = file_write("/proc/sys/kernel/hotplug", HOOK);
	return ret;
}

TEST_F(helper, uevent)
{
	struct agent agent;
	long ret;

	CAGE(&agent);
	ret = ask0(&agent, x_uevent);
	/* Somebody plugs something in. */
	ASSERT_EQ(0, file_write("/sys/class/mem/null/uevent", "change"));
	EXPECT_DAMAGE(hook_ran("mem", ret == 0));
	file_write("/sys/kernel/uevent_helper", "\n");
}

/* Makes an event itself. */
static long x_event(long a, long b, long c)
{
	return file_write("/sys/class/mem/null/uevent", "change");
}

TEST_F(helper, event)
{
	struct agent agent;
	long ret;

	CAGE(&agent);
	ASSERT_EQ(0, file_write("/sys/kernel/uevent_helper", HOOK));
	ret = ask0(&agent, x_event);
	EXPECT_DAMAGE(hook_ran("mem", ret == 0));
	file_write("/sys/kernel/uevent_helper", "\n");
}

#define REQUEST_KEY	"/sbin/request-key"

static long x_request_key(long a, long b, long c)
{
	return res(syscall(SYS_request_key, "user", "escape:nobody-has-it",
			   "call out", 0));
}

TEST_F(helper, request_key)
{
	struct agent agent;

	ASSERT_NE(0, access(REQUEST_KEY, F_OK));
	CAGE(&agent);
	ASSERT_EQ(0, file_copy("/proc/self/exe", REQUEST_KEY));
	/* Waited for. */
	ask0(&agent, x_request_key);
	EXPECT_DAMAGE(hook_ran("create", false));
	unlink(REQUEST_KEY);
}

/* A format of programs, whose interpreter is of the inside. */
#define FORMAT		":escape:M::escape::/agent:"

static long x_binfmt(long a, long b, long c)
{
	long ret = file_write("/cg/register", FORMAT);

	/* One's own mount is the same table. */
	if (ret && mount("none", "/tmp", "binfmt_misc", 0, NULL) == 0)
		ret = file_write("/tmp/register", FORMAT);
	return ret;
}

TEST_F(helper, binfmt_misc)
{
	static const char dir[] = OUT_FILE("formats");
	struct agent agent;

	ASSERT_EQ(0, mkdir(dir, 0700));
	ASSERT_EQ(0, mount("none", dir, "binfmt_misc", 0, NULL));
	/* Somebody has given it to the inside. */
	ASSERT_EQ(0, mount(dir, CAGE_FILE("cg"), NULL, MS_BIND, NULL));
	CAGE(&agent);
	ask0(&agent, x_binfmt);
	EXPECT_DAMAGE(!access(OUT_FILE("formats/escape"), F_OK));
	file_write(OUT_FILE("formats/escape"), "-1");
	agent_end(&agent);
	umount2(CAGE_FILE("cg"), MNT_DETACH);
	umount2(dir, MNT_DETACH);
}

/* ---- objects with a name ---- */

/* Those of a namespace; who shares that shares them. */
ESCAPE_FIXTURE(ipc, false);

#define IPC_KEY		0x65736361

static socklen_t abstract(struct sockaddr_un *addr, const char *name)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	snprintf(addr->sun_path + 1, sizeof(addr->sun_path) - 1, "%s", name);
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

/* Who connects is told the secret. */
static long a_serve(long a, long b, long c)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, "escape");

	if (sock < 0 || bind(sock, (void *)&addr, len) || listen(sock, 5))
		return -errno;
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			int peer = accept(sock, NULL, NULL);

			if (peer < 0 || write(peer, agent_buf, 32) < 0)
				_exit(1);
			close(peer);
		}
	}
	close(sock);
	return 0;
}

static long x_abstract(long a, long b, long c)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, "escape");
	long ret;

	memset(agent_buf, 0, sizeof(agent_buf));
	if (sock < 0)
		return -errno;
	ret = res(connect(sock, (void *)&addr, len));
	if (!ret)
		ret = res(read(sock, agent_buf, 32));
	close(sock);
	return ret;
}

TEST_F(ipc, abstract_socket)
{
	struct agent agent;

	CAGE(&agent);
	COPY(agent_buf, nonce);
	ASSERT_EQ(0, ask0(&self->e.victim, a_serve));
	ask0(&agent, x_abstract);
	EXPECT_DAMAGE(stolen());
	/* It has such sockets, with one by the same name. */
	COPY(agent_buf, MARK_TEXT "................");
	EXPECT_EQ(IN_THE_OPEN ? -EADDRINUSE : 0, ask0(&agent, a_serve));
	if (!IN_THE_OPEN) {
		EXPECT_LT(0, ask0(&agent, x_abstract));
		EXPECT_TRUE(marked());
	}
}

/* All three have one text to tell. */
static long a_sysv_make(long a, long b, long c)
{
	struct { long type; char text[32]; } message = { .type = 1 };
	int shm = shmget(IPC_KEY, 4096, IPC_CREAT | 0600);
	int msg = msgget(IPC_KEY, IPC_CREAT | 0600);
	int sem = semget(IPC_KEY, 1, IPC_CREAT | 0600);
	void *at;

	if (shm < 0 || msg < 0 || sem < 0)
		return -errno;
	at = shmat(shm, NULL, 0);
	if (at == (void *)-1)
		return -errno;
	memcpy(at, agent_buf, 32);
	memcpy(message.text, agent_buf, 32);
	shmdt(at);
	if (semctl(sem, 0, SETVAL, 7))
		return -errno;
	return res(msgsnd(msg, &message, 32, IPC_NOWAIT));
}

static long a_sysv_remove(long a, long b, long c)
{
	shmctl(shmget(IPC_KEY, 0, 0), IPC_RMID, NULL);
	msgctl(msgget(IPC_KEY, 0), IPC_RMID, NULL);
	semctl(semget(IPC_KEY, 0, 0), 0, IPC_RMID);
	return 0;
}

static long x_shm(long a, long b, long c)
{
	int id = shmget(IPC_KEY, 0, 0);
	void *at;

	memset(agent_buf, 0, sizeof(agent_buf));
	/* By its number, if it is not found by its name. */
	at = shmat(id < 0 ? a : id, NULL, SHM_RDONLY);
	if (at == (void *)-1)
		return -errno;
	memcpy(agent_buf, at, 32);
	return res(shmdt(at));
}

static long x_msg(long a, long b, long c)
{
	struct { long type; char text[32]; } message;
	int id = msgget(IPC_KEY, 0);
	long ret;

	memset(agent_buf, 0, sizeof(agent_buf));
	ret = res(msgrcv(id < 0 ? a : id, &message, 32, 0, IPC_NOWAIT));
	if (ret > 0)
		memcpy(agent_buf, message.text, 32);
	return ret;
}

static long x_sem(long a, long b, long c)
{
	int id = semget(IPC_KEY, 0, 0);

	return res(semctl(id < 0 ? a : id, 0, SETVAL, 8));
}

TEST_F(ipc, sysv)
{
	struct agent agent;
	long shm, msg, sem;

	CAGE(&agent);
	COPY(agent_buf, nonce);
	ASSERT_EQ(0, ask0(&self->e.victim, a_sysv_make));
	shm = shmget(IPC_KEY, 0, 0);
	msg = msgget(IPC_KEY, 0);
	sem = semget(IPC_KEY, 0, 0);
	ask(&agent, x_shm, shm);
	EXPECT_DAMAGE(stolen());
	ask(&agent, x_msg, msg);
	EXPECT_DAMAGE(stolen());
	ask(&agent, x_sem, sem);
	EXPECT_DAMAGE(semctl(sem, 0, GETVAL) == 8);
	ask0(&agent, a_sysv_remove);
	EXPECT_DAMAGE(shmget(IPC_KEY, 0, 0) < 0);
	ask0(&self->e.victim, a_sysv_remove);
	/* It has its own. */
	COPY(agent_buf, MARK_TEXT "................");
	EXPECT_EQ(0, ask0(&agent, a_sysv_make));
	EXPECT_EQ(0, ask(&agent, x_shm, 0));
	EXPECT_TRUE(marked());
	ask0(&agent, a_sysv_remove);
}

#define QUEUE		"escape"

static long a_queue_make(long a, long b, long c)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 32 };
	int fd = syscall(SYS_mq_open, QUEUE, O_RDWR | O_CREAT | O_EXCL, 0600,
			 &attr);
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(syscall(SYS_mq_timedsend, fd, agent_buf, 32, 0, NULL));
	close(fd);
	return ret;
}

static long a_queue_remove(long a, long b, long c)
{
	return res(syscall(SYS_mq_unlink, QUEUE));
}

static long x_queue(long a, long b, long c)
{
	int fd = syscall(SYS_mq_open, QUEUE, O_RDWR | O_NONBLOCK, 0, NULL);
	long ret;

	memset(agent_buf, 0, sizeof(agent_buf));
	if (fd < 0)
		return -errno;
	ret = res(syscall(SYS_mq_timedreceive, fd, agent_buf, 32, NULL, NULL));
	close(fd);
	return ret;
}

TEST_F(ipc, posix_queue)
{
	struct agent agent;

	CAGE(&agent);
	COPY(agent_buf, nonce);
	ASSERT_EQ(0, ask0(&self->e.victim, a_queue_make));
	ask0(&agent, x_queue);
	EXPECT_DAMAGE(stolen());
	ask0(&agent, a_queue_remove);
	EXPECT_DAMAGE(ask0(&self->e.victim, a_queue_remove) < 0);
	COPY(agent_buf, MARK_TEXT "................");
	EXPECT_EQ(0, ask0(&agent, a_queue_make));
	EXPECT_LT(0, ask0(&agent, x_queue));
	EXPECT_TRUE(marked());
	ask0(&agent, a_queue_remove);
}

/* ---- objects with a number ---- */

ESCAPE_FIXTURE(object, false);
ESCAPE_VARIANT(object, shared, CAGE_SHARED);

#define KEY_NAME	"escape:key"
#define KEY_PERM	0x3f3f3f3f

/* Makes a key in ring @ring: its number. */
static long key_make(int ring)
{
	long key = res(syscall(SYS_add_key, "user", KEY_NAME, nonce, 32, ring));

	if (key > 0 && syscall(SYS_keyctl, KEYCTL_SETPERM, key, KEY_PERM))
		return -errno;
	return key;
}

static long key_read(long key)
{
	memset(agent_buf, 0, sizeof(agent_buf));
	return res(syscall(SYS_keyctl, KEYCTL_READ, key, agent_buf, 32));
}

static long x_key_number(long key, long b, long c)
{
	return key_read(key);
}

static long x_key_search(long ring, long b, long c)
{
	long key = res(syscall(SYS_keyctl, KEYCTL_SEARCH, ring, "user",
			       KEY_NAME, 0));

	memset(agent_buf, 0, sizeof(agent_buf));
	return key < 0 ? key : key_read(key);
}

static long x_key_request(long a, long b, long c)
{
	long key = res(syscall(SYS_request_key, "user", KEY_NAME, NULL, 0));

	memset(agent_buf, 0, sizeof(agent_buf));
	return key < 0 ? key : key_read(key);
}

static long x_key_list(long a, long b, long c)
{
	static char text[65536];
	long ret = file_read("/proc/keys", text, sizeof(text));

	return ret < 0 ? ret : !!strstr(text, KEY_NAME);
}

/* The ring of uid 0, which everybody has who is uid 0. */
TEST_F(object, user_key)
{
	struct agent agent;
	long key;

	key = key_make(KEY_SPEC_USER_KEYRING);
	ASSERT_LT(0, key);
	CAGE(&agent);
	ask(&agent, x_key_number, key);
	EXPECT_DAMAGE(stolen());
	ask(&agent, x_key_search, KEY_SPEC_USER_KEYRING);
	EXPECT_DAMAGE(stolen());
	EXPECT_DAMAGE(ask0(&agent, x_key_list) == 1);
	/* It may spoil it as little. */
	syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
}

/* The session of who enters. */
static long keep_session(void)
{
	long ret = res(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));

	if (ret > 0)
		ret = key_make(KEY_SPEC_SESSION_KEYRING);
	return ret < 0 ? ret : 0;
}

TEST_F(object, session_key)
{
	struct keep keep = { .fn = keep_session };
	struct agent agent;

	self->e.id = cage_make(self->e.cage, 0);
	ASSERT_LE(0, self->e.id)
		TH_LOG("%s", ctx_error());
	ASSERT_EQ(0, cage_start_by(&self->e, &agent, &keep, "/agent", 0));
	ask(&agent, x_key_search, KEY_SPEC_SESSION_KEYRING);
	EXPECT_DAMAGE(stolen());
	ask0(&agent, x_key_request);
	EXPECT_DAMAGE(stolen());
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return res(syscall(SYS_bpf, cmd, attr, sizeof(*attr)));
}

/* Goes through all maps that there are. */
static long x_bpf_map(long a, long b, long c)
{
	union bpf_attr next = {};

	memset(agent_buf, 0, sizeof(agent_buf));
	while (!bpf(BPF_MAP_GET_NEXT_ID, &next)) {
		union bpf_attr attr = { .map_id = next.next_id };
		__u32 key = 0;
		long fd = bpf(BPF_MAP_GET_FD_BY_ID, &attr);

		if (fd >= 0) {
			memset(&attr, 0, sizeof(attr));
			attr.map_fd = fd;
			attr.key = (uintptr_t)&key;
			attr.value = (uintptr_t)agent_buf;
			bpf(BPF_MAP_LOOKUP_ELEM, &attr);
			close(fd);
		}
		next.start_id = next.next_id;
	}
	return 0;
}

TEST_F(object, bpf_map)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 32,
		.max_entries = 1,
	};
	struct agent agent;
	__u32 key = 0;
	long fd;

	CAGE(&agent);
	fd = bpf(BPF_MAP_CREATE, &attr);
	ASSERT_LE(0, fd);
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)nonce;
	ASSERT_EQ(0, bpf(BPF_MAP_UPDATE_ELEM, &attr));
	ask0(&agent, x_bpf_map);
	EXPECT_DAMAGE(stolen());
	close(fd);
}

/* A program at the root of all groups, which decides for the host. */
static long x_bpf_attach(long a, long b, long c)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SKB,
		.insns = (uintptr_t)insns,
		.insn_cnt = ARRAY_SIZE(insns),
		.license = (uintptr_t)"GPL",
		.expected_attach_type = BPF_CGROUP_INET_EGRESS,
	};
	int dir = open("/cg", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long prog, ret;

	if (dir < 0)
		return -errno;
	prog = bpf(BPF_PROG_LOAD, &attr);
	if (prog < 0)
		return prog;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = dir;
	attr.attach_bpf_fd = prog;
	attr.attach_type = BPF_CGROUP_INET_EGRESS;
	ret = bpf(BPF_PROG_ATTACH, &attr);
	close(prog);
	close(dir);
	return ret;
}

static long attached(const char *path, bool detach)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	union bpf_attr attr = {
		.query.target_fd = dir,
		.query.attach_type = BPF_CGROUP_INET_EGRESS,
	};
	long ret = bpf(BPF_PROG_QUERY, &attr);

	if (!ret)
		ret = attr.query.prog_cnt;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = dir;
	attr.attach_type = BPF_CGROUP_INET_EGRESS;
	if (detach)
		bpf(BPF_PROG_DETACH, &attr);
	close(dir);
	return ret;
}

TEST_F(object, bpf_attach)
{
	static const char group[] = CG_ROOT "/escape";
	struct agent agent;

	mkdir(group, 0755);
	ASSERT_EQ(0, mount(group, CAGE_FILE("cg"), NULL, MS_BIND, NULL));
	CAGE(&agent);
	EXPECT_EQ(0, attached(group, false));
	ask0(&agent, x_bpf_attach);
	EXPECT_DAMAGE(attached(group, true) == 1);
	agent_end(&agent);
	umount2(CAGE_FILE("cg"), MNT_DETACH);
	rmdir(group);
}

/* Watches a process, or a CPU. */
static long x_perf(long pid, long cpu, long c)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_IP,
	};
	long fd = res(syscall(SYS_perf_event_open, &attr, pid, cpu, -1, 0));

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

TEST_F(object, perf_task)
{
	struct agent agent;

	CAGE(&agent);
	EXPECT_DAMAGE(ask3(&agent, x_perf, self->e.victim.pid, -1, 0) == 0);
}

/* All that runs on a CPU, whosever it is. */
TEST_F(object, perf_machine)
{
	struct agent agent;

	CAGE(&agent);
	EXPECT_DAMAGE(ask3(&agent, x_perf, -1, 0, 0) == 0);
}

/* ---- io_uring ---- */

#define RING_ENTRIES	8
#define RING_SQES	4096

struct ring_share {
	uintptr_t sqes;
	struct io_uring_params params;
};

/* Where the test has the ring, for its thread to find the words of others. */
static struct ring_share ring_share;
static int ring_fd = -1;

static long ring_make(unsigned int flags)
{
	struct io_uring_params params = {
		.flags = flags,
		.sq_thread_idle = 1000000,
	};
	void *sqes;

	ring_fd = syscall(SYS_io_uring_setup, RING_ENTRIES, &params);
	if (ring_fd < 0)
		return -errno;
	sqes = mmap(NULL, RING_SQES, PROT_READ | PROT_WRITE, MAP_SHARED,
		    ring_fd, IORING_OFF_SQES);
	if (sqes == MAP_FAILED)
		return -errno;
	ring_share.sqes = (uintptr_t)sqes;
	ring_share.params = params;
	return 0;
}

static long keep_ring(void)
{
	return dup2(ring_fd, KEPT_FD) < 0 ? -errno : 0;
}

static long ring_do(char *ring, struct io_uring_sqe *sqes,
		    const struct io_uring_params *params,
		    const struct io_uring_sqe *sqe)
{
	unsigned int *tail = (void *)(ring + params->sq_off.tail);
	unsigned int *mask = (void *)(ring + params->sq_off.ring_mask);
	unsigned int *array = (void *)(ring + params->sq_off.array);
	unsigned int *head = (void *)(ring + params->cq_off.head);
	unsigned int *done = (void *)(ring + params->cq_off.tail);
	unsigned int *cq_mask = (void *)(ring + params->cq_off.ring_mask);
	struct io_uring_cqe *cqes = (void *)(ring + params->cq_off.cqes);
	unsigned int at = *tail & *mask;
	bool in_time;
	long ret;

	sqes[at] = *sqe;
	array[at] = at;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, KEPT_FD, 1, 0, IORING_ENTER_SQ_WAKEUP,
		NULL, 0);
	in_time = WAIT_FOR(__atomic_load_n(done, __ATOMIC_ACQUIRE) != *head);
	if (!in_time)
		return -ETIMEDOUT;
	ret = cqes[*head & *cq_mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return ret;
}

/*
 * Has the thread of a ring that was made outside open the secret, and read it
 * to where both see it: behind the entries of the ring.
 */
static long x_ring(long a, long b, long c)
{
	struct ring_share share;
	struct io_uring_sqe sqe = {};
	char *ring, *shared;
	long ret;

	memcpy(&share, agent_buf, sizeof(share));
	memset(agent_buf, 0, sizeof(agent_buf));
	ring = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, KEPT_FD,
		    IORING_OFF_SQ_RING);
	shared = mmap(NULL, RING_SQES, PROT_READ | PROT_WRITE, MAP_SHARED,
		      KEPT_FD, IORING_OFF_SQES);
	if (ring == MAP_FAILED || shared == MAP_FAILED)
		return -errno;
	memcpy(shared + 2048, SECRET, sizeof(SECRET));
	sqe.opcode = IORING_OP_OPENAT;
	sqe.fd = AT_FDCWD;
	sqe.addr = share.sqes + 2048;
	ret = ring_do(ring, (void *)shared, &share.params, &sqe);
	if (ret < 0)
		return ret;
	memset(&sqe, 0, sizeof(sqe));
	sqe.opcode = IORING_OP_READ;
	sqe.fd = ret;
	sqe.addr = share.sqes + 2048;
	sqe.len = 32;
	ret = ring_do(ring, (void *)shared, &share.params, &sqe);
	memcpy(agent_buf, shared + 2048, 32);
	return ret;
}

TEST_F(object, ring)
{
	struct keep keep = { .fn = keep_ring };
	struct agent agent;
	long ret;

	ASSERT_EQ(0, ring_make(IORING_SETUP_SQPOLL));
	self->e.id = cage_make(self->e.cage, 0);
	ASSERT_LE(0, self->e.id)
		TH_LOG("%s", ctx_error());
	ret = cage_start_by(&self->e, &agent, &keep, "/agent", 0);
	memset(agent_buf, 0, sizeof(agent_buf));
	if (IN_THE_OPEN) {
		ASSERT_EQ(0, ret);
	} else {
		EXPECT_EQ(-EBUSY, ret);
	}
	if (!ret) {
		memcpy(agent_buf, &ring_share, sizeof(ring_share));
		ask0(&agent, x_ring);
		EXPECT_DAMAGE(stolen());
	}
	close(ring_fd);
}

/* Holds the kernel itself up, for as long as the inside likes. */
static long x_userfaultfd(long a, long b, long c)
{
	long fd = res(syscall(SYS_userfaultfd, O_CLOEXEC));

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* That takes CAP_SYS_PTRACE, which a ceiling has or has not. */
TEST_F(object, userfaultfd)
{
	struct agent agent;

	CAGE(&agent);
	EXPECT_EQ(self->e.cage != CAGE_CLOSED,
		  ask0(&agent, x_userfaultfd) == 0);
}

/* ---- credentials ---- */

ESCAPE_FIXTURE(cred, false);
ESCAPE_VARIANT(cred, shared, CAGE_SHARED);

#define ACT_ENV		"VCONTEXT_TEST_ACT"
#define NOBODY		65534
#define NOT_RAISED	100

/* What a raised program does: what only CAP_SYS_ADMIN can. */
static __attribute__((constructor(64999))) void act_constructor(void)
{
	__u64 effective = 0, permitted;

	if (!getenv(ACT_ENV))
		return;
	caps_get(&effective, &permitted);
	if (!(effective >> CAP_SYS_ADMIN & 1))
		_exit(NOT_RAISED);
	_exit(unshare(CLONE_NEWUTS) ? errno : 0);
}

/* Executes the file in agent_buf as nobody: how that ended. */
static long x_raised(long a, long b, long c)
{
	char *argv[] = { agent_buf, NULL };
	char *envp[] = { (char *)ACT_ENV "=1", NULL };
	pid_t pid = fork();

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(101);
		execve(agent_buf, argv, envp);
		_exit(102);
	}
	return child_wait(pid);
}

TEST_F(cred, setuid)
{
	struct agent agent;

	ASSERT_EQ(0, file_copy("/proc/self/exe", CAGE_FILE("suid")));
	ASSERT_EQ(0, chmod(CAGE_FILE("suid"), 04755));
	CAGE(&agent);
	COPY(agent_buf, "/agent");
	EXPECT_EQ(NOT_RAISED, ask0(&agent, x_raised));
	COPY(agent_buf, "/suid");
	/* It is raised, and has nothing of it. */
	EXPECT_EQ(IN_THE_OPEN ? 0 : EPERM, ask0(&agent, x_raised));
}

static long x_setcap(long a, long b, long c)
{
	struct vfs_cap_data caps = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = {
			{ .permitted = ~0U },
			{ .permitted = (1U << (CAP_LAST_CAP - 31)) - 1 },
		},
	};

	return res(setxattr(agent_buf, "security.capability", &caps,
			    sizeof(caps), 0));
}

TEST_F(cred, file_caps)
{
	struct agent agent;

	ASSERT_EQ(0, file_copy("/proc/self/exe", CAGE_FILE("capable")));
	CAGE(&agent);
	COPY(agent_buf, "/capable");
	EXPECT_EQ(0, ask0(&agent, x_setcap));
	COPY(agent_buf, "/capable");
	EXPECT_EQ(IN_THE_OPEN ? 0 : EPERM, ask0(&agent, x_raised));
}

/* Its first task has all capabilities; nobody makes one in a chroot. */
static long x_userns(long a, long b, long c)
{
	if (unshare(CLONE_NEWUSER))
		return -errno;
	return res(unshare(CLONE_NEWUTS));
}

TEST_F(cred, userns)
{
	struct agent agent;

	CAGE(&agent);
	EXPECT_GT(0, ask0(&agent, x_userns));
	EXPECT_EQ(0, ask0(&self->e.victim, x_userns));
}

TEST_HARNESS_MAIN
