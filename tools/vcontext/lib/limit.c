// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Categories 6, 7 and 8: files, disk, block I/O, memory and connections.
 */
#include "vcontext.h"

static int limit_set(unsigned int category, unsigned int command, __u32 id,
		     __u64 limit)
{
	struct vc_limit lim = { .limit = limit };

	return vc_syscall(VC_CMD_SIZED(category, VC_SUB_SET, command,
				       struct vc_limit), id, &lim);
}

static int limit_get(unsigned int category, unsigned int command, __u32 id,
		     struct vc_limit *limit)
{
	return vc_syscall(VC_CMD_SIZED(category, VC_SUB_GET, command,
				       struct vc_limit), id, limit);
}

int vc_files_set(__u32 id, __u64 limit)
{
	return limit_set(VC_CAT_VFS, VC_VFS_FILES, id, limit);
}

int vc_files_get(__u32 id, struct vc_limit *limit)
{
	return limit_get(VC_CAT_VFS, VC_VFS_FILES, id, limit);
}

int vc_io_set(__u32 id, const struct vc_io *io)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_SET, VC_VFS_IO,
				       struct vc_io), id, (void *)io);
}

int vc_io_get(__u32 id, struct vc_io *io)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_GET, VC_VFS_IO,
				       struct vc_io), id, io);
}

int vc_disk_set(__u32 id, const struct vc_disk *disk)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_SET, VC_VFS_DISK,
				       struct vc_disk), id, (void *)disk);
}

int vc_disk_get(__u32 id, struct vc_disk *disk)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_VFS, VC_SUB_GET, VC_VFS_DISK,
				       struct vc_disk), id, disk);
}

int vc_memory_set(__u32 id, __u64 limit)
{
	return limit_set(VC_CAT_MEMORY, VC_MEMORY_TOTAL, id, limit);
}

int vc_memory_get(__u32 id, struct vc_limit *limit)
{
	return limit_get(VC_CAT_MEMORY, VC_MEMORY_TOTAL, id, limit);
}

int vc_resident_set(__u32 id, __u64 limit)
{
	return limit_set(VC_CAT_MEMORY, VC_MEMORY_RESIDENT, id, limit);
}

int vc_resident_get(__u32 id, struct vc_limit *limit)
{
	return limit_get(VC_CAT_MEMORY, VC_MEMORY_RESIDENT, id, limit);
}

int vc_memory_stat_get(__u32 id, struct vc_mem_stat *stat)
{
	return vc_syscall(VC_CMD_SIZED(VC_CAT_MEMORY, VC_SUB_GET,
				       VC_MEMORY_STAT, struct vc_mem_stat),
			  id, stat);
}

int vc_oom_set(__u32 id, int context)
{
	__u32 whole = !!context;

	return vc_syscall(VC_CMD_SIZED(VC_CAT_MEMORY, VC_SUB_SET,
				       VC_MEMORY_OOM, __u32), id, &whole);
}

int vc_oom_get(__u32 id)
{
	__u32 whole = 0;
	int ret = vc_syscall(VC_CMD(VC_CAT_MEMORY, VC_SUB_GET, VC_MEMORY_OOM),
			     id, &whole);

	return ret < 0 ? ret : ret || whole;
}

int vc_tcp_set(__u32 id, __u64 limit)
{
	return limit_set(VC_CAT_OTHER, VC_OTHER_TCP, id, limit);
}

int vc_tcp_get(__u32 id, struct vc_limit *limit)
{
	return limit_get(VC_CAT_OTHER, VC_OTHER_TCP, id, limit);
}
