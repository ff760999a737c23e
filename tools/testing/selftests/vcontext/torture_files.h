/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A part of torture.c: roots, what is bound there, the space they may take,
 * and the files by which others see contexts.
 */
#ifndef _SELFTESTS_VCONTEXT_TORTURE_FILES_H
#define _SELFTESTS_VCONTEXT_TORTURE_FILES_H

#include "torture.h"

#define DIR_DISK	DIR_TOP "/disk"
#define DIR_SOURCE	DIR_TOP "/source"
#define ROOTS		4
#define FILE_NAME	"/tmp/file%u"
#define FILES		8

static bool has_disk;

/* One on the tmpfs, or on the disk if there is one. */
static void root_path(char *path, size_t size, unsigned int n, bool on_disk)
{
	snprintf(path, size, "%s/root%u", on_disk ? DIR_DISK : DIR_TOP, n);
}

static long root_prepare(const char *path)
{
	static const char * const dirs[] = {
		"", "/bin", "/proc", "/dev", "/sys", "/tmp", "/a", "/b",
	};
	char at[256];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(at, sizeof(at), "%s%s", path, dirs[i]);
		if (mkdir(at, 0755) && errno != EEXIST)
			return -errno;
	}
	snprintf(at, sizeof(at), "%s/bin/torture", path);
	return file_copy("/proc/self/exe", at);
}

static long op_root(long arg)
{
	char path[128];

	root_path(path, sizeof(path), rnd_below(ROOTS), has_disk && one_in(2));
	return ctx_set_root(ctx_pick(), path, rnd() & (VC_ROOT_READONLY |
						       VC_ROOT_BARE));
}

static long op_unroot(long arg)
{
	return vc(VC_SET(VC_CAT_VFS, VC_VFS_UNROOT), ctx_pick_rooted(),
		  NULL);
}

static long op_bind(long arg)
{
	static const char * const targets[] = { "/a", "/b", "/tmp", "/none" };
	const char *source = one_in(4) ? "/tmp" : DIR_SOURCE;
	const char *target = PICK(targets);
	struct vc_bind bind = {
		.source = (uintptr_t)source,
		.target = (uintptr_t)target,
		.source_len = strlen(source),
		.target_len = strlen(target),
		.flags = one_in(2) ? VC_BIND_READONLY : 0,
	};

	return vc(VC_SET(VC_CAT_VFS, VC_VFS_BIND), ctx_pick_rooted(),
		  &bind);
}

/* Of one that has a root on the disk, if it is still there. */
static long op_disk(long arg)
{
	struct vc_disk disk = {
		.bytes_limit = one_in(4) ? VC_UNLIMITED :
					   (1 + rnd_below(16)) << 20,
		.inodes_limit = one_in(4) ? VC_UNLIMITED : 10 + rnd_below(200),
	};
	__u32 id = ctx_pick();
	char path[128];

	/* Each of them is one context's alone. */
	if (one_in(2)) {
		root_path(path, sizeof(path), rnd_below(ROOTS), true);
		ctx_set_root(id, path, 0);
	}
	return vc(VC_SET(VC_CAT_VFS, VC_VFS_DISK), id, &disk);
}

static long op_write_file(long arg)
{
	static char buf[65536];
	char path[64];
	unsigned int i;
	long ret = 0;
	int fd;

	snprintf(path, sizeof(path), FILE_NAME, rnd_below(FILES));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	for (i = 0; i < 8 && ret >= 0; i++)
		ret = res(write(fd, buf, rnd_below(sizeof(buf))));
	if (one_in(4))
		unlink(path);
	close(fd);
	return error_of(ret);
}

/* Whoever wrote one pays for it as long as it is there. */
static void remove_files(void)
{
	char path[256];
	unsigned int i, root;

	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), FILE_NAME, i);
		unlink(path);
		for (root = 0; root < 2 * ROOTS; root++) {
			root_path(path, sizeof(path), root / 2, root & 1);
			strcatf(path, sizeof(path), FILE_NAME, i);
			unlink(path);
		}
	}
}

/* ---- groups ---- */

/* Where we are, if that is a group of a context: there is a '/' at its end. */
static bool cg_self(char *path, size_t size)
{
	char buf[512], *at;

	if (file_read("/proc/self/cgroup", buf, sizeof(buf)) <= 0)
		return false;
	at = strstr(buf, "0::");
	if (!at)
		return false;
	at[strcspn(at, "\n")] = '\0';
	snprintf(path, size, CG_ROOT "%s", at + 3);
	return strstr(path, CG_CONTEXTS "/");
}

static void cg_pick(char *path, size_t size)
{
	static const char * const below[] = { "", "/tasks", "/tasks/enter" };

	if (inside && one_in(2) && cg_self(path, size))
		return;
	/* Of one that is gone there is none. */
	snprintf(path, size, "%s%s", cg_path(ctx_pick(), NULL), PICK(below));
}

static long op_cg_write(long arg)
{
	static const char * const what[][2] = {
		{ "cgroup.freeze", "1" }, { "cgroup.freeze", "0" },
		{ "cgroup.kill", "1" }, { "memory.max", "64M" },
		{ "memory.high", "32M" }, { "memory.max", "max" },
		{ "cpu.weight", "50" }, { "cpu.max", "50000 100000" },
		{ "cgroup.subtree_control", "+memory" },
		{ "cgroup.subtree_control", "-memory" },
		{ "cgroup.max.descendants", "20" },
		{ "cgroup.type", "threaded" }, { "cgroup.procs", "0" },
		{ "cgroup.threads", "0" }, { "memory.reclaim", "1M" },
	};
	char path[400], group[320];
	unsigned int i = rnd_below(ARRAY_SIZE(what));
	long ret;

	cg_pick(group, sizeof(group));
	snprintf(path, sizeof(path), "%s/%s", group, what[i][0]);
	ret = file_write(path, what[i][1]);
	MUST(inside || !vc(VC_WHERE, 0, NULL), "by %s: %ld", path, ret);
	return ret;
}

static long op_cg_make(long arg)
{
	char path[400], group[320];
	long ret;

	cg_pick(group, sizeof(group));
	snprintf(path, sizeof(path), "%s/g%u", group, rnd_below(3));
	ret = res(mkdir(path, 0755));
	if (!ret && one_in(2)) {
		strcatf(path, sizeof(path), "/h");
		mkdir(path, 0755);
	}
	return ret;
}

static long op_cg_remove(long arg)
{
	char path[400], group[320];

	cg_pick(group, sizeof(group));
	snprintf(path, sizeof(path), "%s/g%u", group, rnd_below(3));
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	return res(rmdir(path));
}

/* One that has nothing to do with contexts, and a child that goes there. */
static long op_cg_foreign(long arg)
{
	char path[128], number[16];
	pid_t pid;
	long ret;

	snprintf(path, sizeof(path), CG_ROOT "/torture-%u", me);
	ret = res(mkdir(path, 0755));
	if (ret == -EEXIST)
		return res(rmdir(path));
	if (ret)
		return ret;
	pid = brood_fork(true);
	if (!pid) {
		nap();
		_exit(0);
	}
	snprintf(number, sizeof(number), "%d", pid);
	strcatf(path, sizeof(path), "/cgroup.procs");
	if (pid > 0)
		file_write(path, number);
	return 0;
}

/* ---- /proc ---- */

static long op_proc_context(long arg)
{
	char path[400], buf[8192];
	struct dirent *entry;
	DIR *dir;
	long ret;

	ret = file_read("/proc/vcontext/contexts", buf, sizeof(buf));
	if (ret < 0)
		return ret;
	snprintf(path, sizeof(path), "/proc/vcontext/%u", ctx_pick());
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/vcontext/%u/%s",
			 ctx_pick(), entry->d_name);
		file_read(path, buf, sizeof(buf));
	}
	closedir(dir);
	return 0;
}

static long op_proc_process(long arg)
{
	static const char * const files[] = {
		"vcontext", "status", "cgroup", "stat", "maps", "environ",
		"mountinfo", "ns/mnt", "root/", "fd/0", "limits", "stack",
	};
	char path[64], buf[8192];
	pid_t pid = one_in(3) ? getpid() : pid_pick();

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, PICK(files));
	return error_of(file_read(path, buf, sizeof(buf)));
}

#endif /* _SELFTESTS_VCONTEXT_TORTURE_FILES_H */
