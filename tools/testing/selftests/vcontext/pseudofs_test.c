// SPDX-License-Identifier: GPL-2.0
/*
 * What a context may open in /proc, /proc/sys and sysfs: for uid 0 with all
 * capabilities, in the host's mount namespace.
 */
#include "common.h"

#define SYSCTL			"/proc/sys/"

FIXTURE(pseudofs)
{
	long id;
	struct agent host, agent;
};

FIXTURE_SETUP(pseudofs)
{
	VC_SETUP();
	self->id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, ctx_set_caps(self->id, ~0ULL));
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
}

FIXTURE_TEARDOWN(pseudofs)
{
	vc_teardown();
}

/*
 * The host can open it and the context cannot: 1 if that was seen, 0 if this
 * kernel does not have the file.
 */
#define EXPECT_CLOSED(agent, path, flags) ({				\
	long __host = ask_open(&self->host, path, flags);		\
	long __inside = ask_open(agent, path, flags);			\
									\
	if (__host != -ENOENT) {					\
		EXPECT_EQ(0, __host) TH_LOG("%s on the host", path);	\
		EXPECT_EQ(-EPERM, __inside) TH_LOG("%s", path);		\
	}								\
	__host == 0;							\
})

/* ---- /proc ---- */

TEST_F(pseudofs, proc_closed)
{
	static const char * const paths[] = {
		"/proc/kallsyms", "/proc/keys", "/proc/key-users",
		"/proc/interrupts", "/proc/softirqs", "/proc/timer_list",
		"/proc/iomem", "/proc/ioports", "/proc/slabinfo",
		"/proc/vmallocinfo", "/proc/kpagecount", "/proc/kpageflags",
		"/proc/kcore", "/proc/kmsg", "/proc/schedstat",
		"/proc/sched_debug", "/proc/latency_stats", "/proc/mtrr",
		"/proc/pagetypeinfo", "/proc/irq/default_smp_affinity",
		"/proc/bus/pci/devices", "/proc/tty/ldiscs", "/proc/driver/rtc",
		"/proc/locks",
	};
	unsigned int i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(paths); i++)
		seen += EXPECT_CLOSED(&self->agent, paths[i], O_RDONLY);
	EXPECT_LT(8U, seen);
}

TEST_F(pseudofs, proc_open)
{
	static const char * const paths[] = {
		"/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/uptime",
		"/proc/loadavg", "/proc/version", "/proc/filesystems",
		"/proc/mounts", "/proc/cmdline", "/proc/devices",
		"/proc/diskstats", "/proc/partitions", "/proc/swaps",
		"/proc/cgroups", "/proc/vmstat", "/proc/modules",
		"/proc/net/dev", "/proc/net/unix", "/proc/net/stat/arp_cache",
		"/proc/sysvipc/shm", "/proc/pressure/cpu", "/proc/tty/drivers",
		"/proc/self/status", "/proc/self/net/tcp", "/proc/self/maps",
		"/proc/thread-self/stat", "/proc/vcontext/contexts",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		EXPECT_EQ(0, ask_open(&self->host, paths[i], O_RDONLY))
			TH_LOG("%s on the host", paths[i]);
		EXPECT_EQ(0, ask_open(&self->agent, paths[i], O_RDONLY))
			TH_LOG("%s", paths[i]);
	}
}

TEST_F(pseudofs, proc_write)
{
	static const char * const paths[] = {
		"/proc/irq/default_smp_affinity", "/proc/mtrr",
		"/proc/pressure/cpu", "/proc/sysrq-trigger",
		"/proc/latency_stats", "/proc/slabinfo",
	};
	unsigned int i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(paths); i++)
		seen += EXPECT_CLOSED(&self->agent, paths[i], O_WRONLY);
	EXPECT_LT(1U, seen);
	/* a process's own are no such files */
	EXPECT_EQ(0, ask_open(&self->agent, "/proc/self/oom_score_adj",
			      O_WRONLY));
	EXPECT_EQ(0, ask_open(&self->agent, "/proc/self/comm", O_RDWR));
}

TEST_F(pseudofs, proc_list)
{
	static const char * const closed[] = {
		"/proc/irq", "/proc/bus", "/proc/fs", "/proc/driver",
		"/proc/tty",
	};
	static const char * const open[] = {
		"/proc", "/proc/self", "/proc/self/net", "/proc/net/stat",
		"/proc/sysvipc", "/proc/pressure", "/proc/sys",
		"/proc/sys/kernel", "/proc/vcontext",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(closed); i++) {
		if (access(closed[i], F_OK))
			continue;
		EXPECT_LT(0, ask_path(&self->host, a_list, closed[i]));
		EXPECT_EQ(-EPERM, ask_path(&self->agent, a_list, closed[i]))
			TH_LOG("%s", closed[i]);
	}
	EXPECT_EQ(0, access("/proc/irq", F_OK));
	for (i = 0; i < ARRAY_SIZE(open); i++)
		EXPECT_LT(0, ask_path(&self->agent, a_list, open[i]))
			TH_LOG("%s", open[i]);
}

/* A second mount of proc has the same files. */
static long a_open_in_new_proc(long a, long b, long c)
{
	int fd;

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/mnt", "proc", 0, NULL))
		return -EIO;
	fd = open("/mnt/kallsyms", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : close(fd);
}

static long a_chmod(long mode, long b, long c)
{
	return res(chmod(agent_buf, mode));
}

static long a_truncate(long a, long b, long c)
{
	int fd = open(agent_buf, O_WRONLY | O_TRUNC | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = res(write(fd, "0", 1));
	close(fd);
	return ret < 0 ? ret : 0;
}

/* As a shell opens what it writes to. */
TEST_F(pseudofs, truncate)
{
	EXPECT_EQ(0, ask_path(&self->host, a_truncate,
			      "/proc/self/oom_score_adj"));
	EXPECT_EQ(0, ask_path(&self->agent, a_truncate,
			      "/proc/self/oom_score_adj"));
}

/* All mounts of proc have one mode and one owner for each file. */
TEST_F(pseudofs, modes)
{
	static const char * const paths[] = {
		"/proc/version", "/sys/kernel/notes",
	};
	unsigned int i;
	struct stat st;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		ASSERT_EQ(0, stat(paths[i], &st)) TH_LOG("%s", paths[i]);
		COPY(agent_buf, paths[i]);
		EXPECT_EQ(-EPERM, ask(&self->agent, a_chmod, 0400))
			TH_LOG("%s", paths[i]);
		COPY(agent_buf, paths[i]);
		EXPECT_EQ(0, ask(&self->host, a_chmod, st.st_mode & 07777))
			TH_LOG("%s", paths[i]);
	}
}

TEST_F(pseudofs, proc_mounted_inside)
{
	struct {
		struct vc_mounts head;
		char fstype[1][VC_FSTYPE_SIZE];
	} mounts = { .head.count = 1, .fstype = { "proc" } };

	ASSERT_EQ(0, vc(VC_SET_MOUNTS, self->id, &mounts));
	EXPECT_EQ(0, ask0(&self->host, a_open_in_new_proc));
	EXPECT_EQ(-EPERM, ask0(&self->agent, a_open_in_new_proc));
}

/* ---- sysctls ---- */

TEST_F(pseudofs, sysctl_closed)
{
	static const char * const names[] = {
		"kernel/core_pattern", "kernel/modprobe", "kernel/poweroff_cmd",
		"kernel/core_pipe_limit", "kernel/usermodehelper/bset",
		"kernel/sysrq", "kernel/hotplug", "kernel/printk",
		"kernel/panic", "kernel/ctrl-alt-del", "kernel/cad_pid",
		"vm/stat_refresh", "vm/drop_caches", "debug/exception-trace",
		"dev/tty/ldisc_autoload",
	};
	unsigned int i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128];

		snprintf(path, sizeof(path), SYSCTL "%s", names[i]);
		/* some have no mode bit for reading */
		if (ask_open(&self->host, path, O_RDONLY) == 0)
			seen += EXPECT_CLOSED(&self->agent, path, O_RDONLY);
		seen += EXPECT_CLOSED(&self->agent, path, O_WRONLY);
	}
	EXPECT_LT(12U, seen);
}

TEST_F(pseudofs, sysctl_readable)
{
	static const char * const names[] = {
		"kernel/osrelease", "kernel/ostype", "kernel/version",
		"kernel/hostname", "kernel/domainname", "kernel/cap_last_cap",
		"kernel/ngroups_max", "kernel/pid_max", "kernel/threads-max",
		"kernel/random/boot_id", "kernel/random/uuid",
		"kernel/overflowuid", "vm/overcommit_memory",
		"vm/max_map_count", "fs/nr_open", "fs/file-max",
		"fs/pipe-max-size", "fs/inotify/max_user_watches",
		"fs/epoll/max_user_watches", "net/core/somaxconn",
		"net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding",
		"kernel/shmmax", "kernel/sem", "fs/mqueue/msg_max",
		"user/max_user_namespaces",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char path[128];

		snprintf(path, sizeof(path), SYSCTL "%s", names[i]);
		EXPECT_EQ(0, ask_open(&self->host, path, O_RDONLY))
			TH_LOG("%s on the host", names[i]);
		EXPECT_EQ(0, ask_open(&self->agent, path, O_RDONLY))
			TH_LOG("%s", names[i]);
		/* of the host, so left alone; some nobody writes */
		if (ask_open(&self->host, path, O_WRONLY) == 0)
			EXPECT_EQ(-EPERM, ask_open(&self->agent, path,
						   O_WRONLY))
				TH_LOG("%s", names[i]);
	}
}

/* A cookie of the host's network namespace. */
TEST_F(pseudofs, sysctl_secret)
{
	static const char path[] = SYSCTL "net/ipv4/tcp_fastopen_key";

	EXPECT_EQ(1, EXPECT_CLOSED(&self->agent, path, O_RDONLY));
	ASSERT_EQ(0, ask(&self->agent, a_unshare, CLONE_NEWNET));
	EXPECT_EQ(0, ask_open(&self->agent, path, O_RDONLY));
}

static const char * const of_namespaces[] = {
	"net/ipv4/ip_default_ttl", "net/core/somaxconn", "kernel/shmmni",
	"kernel/sem", "fs/mqueue/msg_max", "kernel/hostname",
	"kernel/domainname",
};

/* Those of namespaces that the context owns. */
TEST_F(pseudofs, sysctl_own)
{
	long id = ctx_make(VC_ID_SELF, VC_CREATE_NETNS | VC_CREATE_IPCNS |
			   VC_CREATE_UTSNS, 16, NULL);
	struct agent agent, in_below;
	char path[128], was[256];
	unsigned int i;
	long below;

	ASSERT_LT(0, id);
	/* some have capability checks of their own */
	ASSERT_EQ(0, ctx_set_caps(id, ~0ULL));
	below = ctx_new_below(id, 0);
	ASSERT_LT(0, below);
	ASSERT_EQ(0, ctx_set_caps(below, ~0ULL));
	ASSERT_EQ(0, agent_start(&agent, id, 0));
	ASSERT_EQ(0, agent_start(&in_below, below, 0));
	for (i = 0; i < ARRAY_SIZE(of_namespaces); i++) {
		snprintf(path, sizeof(path), SYSCTL "%s", of_namespaces[i]);
		EXPECT_EQ(0, ask_open(&agent, path, O_RDWR))
			TH_LOG("%s", of_namespaces[i]);
		/* and not of the one above, which the lower one is in */
		EXPECT_EQ(-EPERM, ask_open(&in_below, path, O_RDWR))
			TH_LOG("%s", of_namespaces[i]);
		EXPECT_EQ(0, ask_open(&in_below, path, O_RDONLY))
			TH_LOG("%s", of_namespaces[i]);
		EXPECT_EQ(-EPERM, ask_open(&self->agent, path, O_RDWR))
			TH_LOG("%s", of_namespaces[i]);
	}
	ASSERT_LT(0, file_read(SYSCTL "kernel/hostname", was, sizeof(was)));
	EXPECT_EQ(0, ask_write(&agent, SYSCTL "kernel/hostname", "inside"));
	ASSERT_LT(0, ask_read(&agent, SYSCTL "kernel/hostname"));
	EXPECT_STREQ("inside\n", agent_buf);
	ASSERT_LT(0, file_read(SYSCTL "kernel/hostname", agent_buf,
			       sizeof(agent_buf)));
	EXPECT_STREQ(was, agent_buf);
	EXPECT_EQ(-EPERM, ask_open(&agent, SYSCTL "kernel/core_pattern",
				   O_WRONLY));
	EXPECT_EQ(-EPERM, ask_open(&agent, SYSCTL "vm/overcommit_memory",
				   O_WRONLY));
	EXPECT_EQ(-EPERM, ask_open(&agent, SYSCTL "user/max_user_namespaces",
				   O_WRONLY));
}

/* Those of namespaces that its tasks have made. */
TEST_F(pseudofs, sysctl_made_inside)
{
	unsigned int i;
	char path[128];

	ASSERT_EQ(0, ask(&self->agent, a_unshare, CLONE_NEWNET | CLONE_NEWIPC |
			 CLONE_NEWUTS));
	for (i = 0; i < ARRAY_SIZE(of_namespaces); i++) {
		snprintf(path, sizeof(path), SYSCTL "%s", of_namespaces[i]);
		EXPECT_EQ(0, ask_open(&self->agent, path, O_RDWR))
			TH_LOG("%s", of_namespaces[i]);
	}
	EXPECT_EQ(-EPERM, ask_open(&self->agent, SYSCTL "kernel/core_pattern",
				   O_WRONLY));
}

static long a_read_fd(long a, long b, long c)
{
	char buf[256];

	return res(pread(agent_fd, buf, sizeof(buf), 0));
}

TEST_F(pseudofs, passed_in)
{
	int fd = open(SYSCTL "kernel/core_pattern", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_give(&self->agent, fd));
	close(fd);
	EXPECT_LT(0, ask0(&self->agent, a_read_fd));
}

/* ---- sysfs ---- */

TEST_F(pseudofs, sysfs)
{
	static const char file[] = "/sys/block/ram0/queue/read_ahead_kb";
	char buf[64];

	EXPECT_EQ(0, ask_open(&self->agent, file, O_RDONLY));
	EXPECT_EQ(1, EXPECT_CLOSED(&self->agent, file, O_WRONLY));
	EXPECT_EQ(1, EXPECT_CLOSED(&self->agent, file, O_RDWR));
	ASSERT_LT(0, file_read(file, buf, sizeof(buf)));
	EXPECT_EQ(-EPERM, ask_write(&self->agent, file, buf));
	EXPECT_EQ(0, file_write(file, buf));
	/* groups have guards of their own */
	EXPECT_EQ(0, ask_open(&self->agent,
			      cg_path(self->id, "tasks/enter/cgroup.procs"),
			      O_RDWR));
}

TEST_HARNESS_MAIN
