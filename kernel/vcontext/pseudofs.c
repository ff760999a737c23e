// SPDX-License-Identifier: GPL-2.0
/*
 * What a task of a context may open in /proc, /proc/sys and sysfs.
 *
 * Their files are those of the machine, shared by all mounts, and many ask
 * for no capability: mode bits suffice.  So tasks of a context, whether it has
 * a virtual root or not, open
 *
 *  - what belongs to a process that they see;
 *  - for reading, files of /proc in readable_files[]: facts that ordinary
 *    programs need.  What tells of the machine's secrets or of its other users
 *    is not there: memory, keys, symbols, interrupts, timers, drivers;
 *  - sysctls of a namespace that was made for or in the context;
 *  - for reading, other sysctls of a namespace that are not secret, and those
 *    in readable_sysctls[].  So neither core_pattern, modprobe nor sysrq;
 *  - for reading, sysfs.
 *
 * All else is EPERM, at open: a descriptor that is passed in stays usable.
 */
#include <linux/dcache.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/ipc_namespace.h>
#include <linux/magic.h>
#include <linux/nsproxy.h>
#include <linux/sysctl.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

#include "internal.h"

/* More than any path of an entry in the tables below. */
#define PATH_SIZE	128

/* Files and whole directories of /proc. */
static const char * const readable_files[] = {
	"buddyinfo", "cgroups", "cmdline", "config.gz", "consoles", "cpuinfo",
	"crypto", "devices", "diskstats", "filesystems", "loadavg",
	"meminfo", "misc", "modules", "net", "partitions", "pressure", "stat",
	"swaps", "sysvipc", "tty/drivers", "uptime", "vcontext", "version",
	"vmstat", "zoneinfo",
};

#ifdef CONFIG_PROC_SYSCTL
/* Files and whole directories of /proc/sys; all the machine has but one of. */
static const char * const readable_sysctls[] = {
	"crypto/fips_enabled",
	"fs/aio-max-nr", "fs/aio-nr", "fs/dentry-state", "fs/epoll",
	"fs/fanotify", "fs/file-max", "fs/file-nr", "fs/inode-nr",
	"fs/inode-state", "fs/inotify", "fs/lease-break-time",
	"fs/leases-enable", "fs/mount-max", "fs/nr_open", "fs/overflowgid",
	"fs/overflowuid", "fs/pipe-max-size", "fs/pipe-user-pages-hard",
	"fs/pipe-user-pages-soft", "fs/protected_fifos",
	"fs/protected_hardlinks", "fs/protected_regular",
	"fs/protected_symlinks", "fs/suid_dumpable",
	"kernel/arch", "kernel/cap_last_cap", "kernel/dmesg_restrict",
	"kernel/domainname", "kernel/hostname", "kernel/io_uring_disabled",
	"kernel/kptr_restrict", "kernel/ngroups_max", "kernel/numa_balancing",
	"kernel/osrelease", "kernel/ostype", "kernel/overflowgid",
	"kernel/overflowuid", "kernel/perf_event_max_sample_rate",
	"kernel/perf_event_max_stack", "kernel/perf_event_mlock_kb",
	"kernel/perf_event_paranoid", "kernel/pid_max", "kernel/pty",
	"kernel/random", "kernel/randomize_va_space",
	"kernel/sched_autogroup_enabled", "kernel/sched_rr_timeslice_ms",
	"kernel/sched_rt_period_us", "kernel/sched_rt_runtime_us",
	"kernel/seccomp/actions_avail", "kernel/tainted", "kernel/threads-max",
	"kernel/unprivileged_bpf_disabled",
	"kernel/unprivileged_userns_clone", "kernel/version",
	"kernel/yama/ptrace_scope",
	"vm/compact_unevictable_allowed", "vm/dirty_background_bytes",
	"vm/dirty_background_ratio", "vm/dirty_bytes", "vm/dirty_ratio",
	"vm/hugetlb_shm_group", "vm/legacy_va_layout", "vm/lowmem_reserve_ratio",
	"vm/max_map_count", "vm/min_free_kbytes", "vm/mmap_min_addr",
	"vm/nr_hugepages", "vm/nr_overcommit_hugepages",
	"vm/overcommit_kbytes", "vm/overcommit_memory", "vm/overcommit_ratio",
	"vm/page-cluster", "vm/swappiness", "vm/unprivileged_userfaultfd",
	"vm/user_reserve_kbytes", "vm/vfs_cache_pressure",
	"vm/zone_reclaim_mode",
};
#endif

static bool in_context(void)
{
	bool ret;

	rcu_read_lock();
	ret = vcontext_of_task(current);
	rcu_read_unlock();
	return ret;
}

/* Is @path in @table, or below a directory that is? */
static bool is_listed(const char *path, const char * const *table, size_t nr)
{
	size_t i, len;

	for (i = 0; i < nr; i++) {
		len = strlen(table[i]);
		if (!strncmp(path, table[i], len) &&
		    (!path[len] || path[len] == '/'))
			return true;
	}
	return false;
}

/*
 * The path of @file from the root of its file system, whatever is mounted
 * where, without the first slash; NULL if it is longer than any we know.
 */
static const char *path_of(const struct file *file, char buf[PATH_SIZE])
{
	const char *path = dentry_path_raw(file->f_path.dentry, buf, PATH_SIZE);

	return IS_ERR(path) ? NULL : path + 1;
}

/* See vcontext_may_open_proc(). */
int __vcontext_may_open_proc(const struct file *file)
{
	char buf[PATH_SIZE];
	const char *path;

	if (!in_context())
		return 0;
	if (file->f_mode & FMODE_WRITE)
		return -EPERM;
	path = path_of(file, buf);
	if (!path)
		return -EPERM;
	/* the root, and what is below a process's directory: its network */
	if (!*path || isdigit(*path) ||
	    is_listed(path, readable_files, ARRAY_SIZE(readable_files)))
		return 0;
	return -EPERM;
}

#ifdef CONFIG_PROC_SYSCTL
/* The namespace of current that @set belongs to. */
static const struct ns_common *ns_of(const struct ctl_table_set *set)
{
	const struct nsproxy *nsproxy = current->nsproxy;
	const struct user_namespace *user_ns = current_user_ns();

	if (!nsproxy)
		return NULL;
#ifdef CONFIG_NET
	if (set == &nsproxy->net_ns->sysctls)
		return &nsproxy->net_ns->ns;
#endif
#ifdef CONFIG_POSIX_MQUEUE_SYSCTL
	if (set == &nsproxy->ipc_ns->mq_set)
		return &nsproxy->ipc_ns->ns;
#endif
#ifdef CONFIG_SYSVIPC_SYSCTL
	if (set == &nsproxy->ipc_ns->ipc_set)
		return &nsproxy->ipc_ns->ns;
#endif
	if (set == &user_ns->set)
		return &user_ns->ns;
	return NULL;
}

static bool is_uts(const char *path)
{
	return !strcmp(path, "kernel/hostname") ||
	       !strcmp(path, "kernel/domainname");
}

/* See vcontext_may_open_sysctl(). */
int __vcontext_may_open_sysctl(const struct file *file,
			       const struct ctl_table_set *set, bool global)
{
	const struct ns_common *ns = NULL;
	const char *path;
	char buf[PATH_SIZE];

	if (!in_context())
		return 0;
	path = path_of(file, buf);
	/* all of them are below "sys/" */
	path = path && *path ? strchr(path, '/') : NULL;
	if (!path)
		return -EPERM;
	path++;

	/* of an UTS namespace, though registered but once */
	if (global && is_uts(path) && current->nsproxy)
		ns = &current->nsproxy->uts_ns->ns;
	else if (!global)
		ns = ns_of(set);
	if (ns && !__vcontext_may_setns(ns))
		return 0;
	if (file->f_mode & FMODE_WRITE)
		return -EPERM;
	if (global)
		return is_listed(path, readable_sysctls,
				 ARRAY_SIZE(readable_sysctls)) ? 0 : -EPERM;
	/* cookies and such of a network namespace that is shared */
	return file_inode(file)->i_mode & 0004 ? 0 : -EPERM;
}
#endif /* CONFIG_PROC_SYSCTL */

/**
 * vc_pseudofs_may_change - may current change mode or owner of a file?
 * @dentry: of any file system
 *
 * Context: process.
 * Return: 0, or %-EPERM: what all mounts of the machine share is not the
 * inside's to change.
 */
int vc_pseudofs_may_change(const struct dentry *dentry)
{
	switch (dentry->d_sb->s_magic) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case RDTGROUP_SUPER_MAGIC:
		return in_context() ? -EPERM : 0;
	}
	return 0;
}

/* See vcontext_may_open_kernfs(). */
int __vcontext_may_open_kernfs(const struct file *file)
{
	if (!(file->f_mode & FMODE_WRITE) || !in_context())
		return 0;
	switch (file_inode(file)->i_sb->s_magic) {
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
		return 0;
	}
	return -EPERM;
}
