// SPDX-License-Identifier: GPL-2.0
/*
 * Category 6: disk and VFS.
 *
 * Open files: a context pays for each struct file that its tasks make, until
 * it is freed, wherever it goes meanwhile.  dup() makes none; a file in
 * flight over a socket, handed to another context or mapped after its last
 * descriptor is closed is still there and still paid for by who opened it.
 * What the kernel opens for itself below another file system is not counted.
 */
#include <linux/capability.h>
#include <linux/fs.h>

#include "internal.h"

VC_DEFINE(struct vc_counter, files) = VC_COUNTER_INIT;

static noinline int charge_slowly(struct file *file, struct vcontext *ctx,
				  struct vcontext *stop)
{
	struct vcontext *full;

	vc_counter_cancel(ctx, stop, VC_COUNTER(files), 1);
	full = vc_counter_try_charge(ctx, NULL, VC_COUNTER(files), 1);
	if (full) {
		vc_counter_refused(full, VC_COUNTER(files), VC_CAT_VFS,
				   VC_VFS_FILES);
		return -ENFILE;
	}
	file->f_vcontext = vcontext_get(ctx);
	return 0;
}

/* See vcontext_charge_file(). */
int __vcontext_charge_file(struct file *file)
{
	struct vcontext *ctx, *stop;
	int ret = 0;

	rcu_read_lock();
	ctx = vcontext_of_task(current);
	if (!ctx)
		goto out_unlock;
	stop = vc_counter_charge_fast(ctx, VC_COUNTER(files));
	if (unlikely(stop)) {
		ret = charge_slowly(file, ctx, stop);
		goto out_unlock;
	}
	file->f_vcontext = ctx;
	/* vcontext_get(), in line */
	refcount_inc(&ctx->refs);
out_unlock:
	rcu_read_unlock();
	return ret;
}

/* See vcontext_uncharge_file(). */
void __vcontext_uncharge_file(struct file *file)
{
	struct vcontext *ctx = file->f_vcontext;

	if (!ctx)
		return;
	vc_counter_uncharge_fast(ctx, VC_COUNTER(files));
	vcontext_put(ctx);
}

static long files_set(struct vc_request *req)
{
	const struct vc_limit *arg = req->data;

	return vc_counter_set_limit(req->ctx, VC_COUNTER(files), arg->limit);
}

static long files_begin(struct vc_request *req)
{
	return vc_counter_begin(req, VC_COUNTER(files));
}

static void files_end(struct vc_request *req, bool commit)
{
	vc_counter_end(req, VC_COUNTER(files), commit);
}

static const struct vc_batch_ops files_batch = {
	.begin = files_begin,
	.end = files_end,
};

static long files_get(struct vc_request *req)
{
	struct vc_limit *arg = req->data;

	/* the host is not counted: file-nr has what it has */
	vc_counter_read(&VC(req->ctx, files), arg);
	return 0;
}

static const struct vc_command vfs_commands[] = {
	[VC_VFS_ROOT] = {
		.name = "root",
		.doc = "directory that is / of the context",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show_all = vc_root_show,
		.batch = &vc_root_batch,
		.set = VC_METHOD(vc_root_set, VC_KIND_BELOW,
				 VC_DATA_IN | VC_DATA_BUFFER,
				 struct vc_vfs_root),
		.get = VC_METHOD(vc_root_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_IN | VC_DATA_OUT | VC_DATA_BUFFER,
				 struct vc_vfs_root),
		.nr_buffers = 1,
		.buffers = { VC_BUFFER(struct vc_vfs_root, path, len) },
	},
	[VC_VFS_UNROOT] = {
		.name = "unroot",
		.doc = "remove the root",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.set = VC_METHOD_PLAIN(vc_root_remove, VC_KIND_BELOW),
	},
#ifdef CONFIG_QUOTACTL
	[VC_VFS_DISK] = {
		.name = "disk",
		.doc = "bytes and inodes below the virtual root",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_disk_show,
		.batch = &vc_disk_batch,
		.set = VC_METHOD(vc_disk_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_disk),
		.get = VC_METHOD(vc_disk_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_disk),
	},
#endif
	[VC_VFS_FILES] = {
		.name = "files",
		.doc = "how many files may be open",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_show_limit,
		.batch = &files_batch,
		.set = VC_METHOD(files_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_limit),
		.get = VC_METHOD(files_get, VC_KIND_OWN_OR_BELOW, VC_DATA_OUT,
				 struct vc_limit),
	},
	[VC_VFS_BIND] = {
		.name = "bind",
		.doc = "directory or file of the caller's that appears below the root",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_bind_show,
		.batch = &vc_bind_batch,
		.set = VC_METHOD(vc_bind_set, VC_KIND_BELOW,
				 VC_DATA_IN | VC_DATA_BUFFER, struct vc_bind),
		.get = VC_METHOD_LIST(vc_bind_get, VC_KIND_OWN_OR_BELOW,
				      struct vc_targets, char[VC_TARGET_SIZE]),
		.nr_buffers = 2,
		.buffers = {
			VC_BUFFER(struct vc_bind, source, source_len),
			VC_BUFFER(struct vc_bind, target, target_len),
		},
	},
	[VC_VFS_MOUNTS] = {
		.name = "mounts",
		.doc = "file system types that tasks may mount",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_mount_show,
		.batch = &vc_mount_batch,
		.set = VC_METHOD_LIST_SET(vc_mount_set, VC_KIND_BELOW,
					  struct vc_mounts,
					  char[VC_FSTYPE_SIZE]),
		.get = VC_METHOD_LIST(vc_mount_get, VC_KIND_OWN_OR_BELOW,
				      struct vc_mounts, char[VC_FSTYPE_SIZE]),
	},
	[VC_VFS_DEVICES] = {
		.name = "devices",
		.doc = "devices that tasks may open and make",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.show = vc_device_show,
		.batch = &vc_device_batch,
		.set = VC_METHOD_LIST_SET(vc_device_set, VC_KIND_BELOW,
					  struct vc_devices, struct vc_device),
		.get = VC_METHOD_LIST(vc_device_get, VC_KIND_OWN_OR_BELOW,
				      struct vc_devices, struct vc_device),
	},
#ifdef CONFIG_BLK_DEV_THROTTLING
	[VC_VFS_IO] = {
		.name = "io",
		.doc = "block I/O of a device: limits and weight",
		.version = 1,
		.cap = CAP_SYS_ADMIN,
		.available = vc_io_available,
		.needs = "the io controller",
		.show_all = vc_io_show,
		.batch = &vc_io_batch,
		.set = VC_METHOD(vc_io_set, VC_KIND_BELOW, VC_DATA_IN,
				 struct vc_io),
		.get = VC_METHOD(vc_io_get, VC_KIND_OWN_OR_BELOW,
				 VC_DATA_IN | VC_DATA_OUT, struct vc_io),
	},
#endif
};

VC_DECLARE_CATEGORY(vfs, VC_CAT_VFS, 1, vfs_commands);
