/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The server of a FUSE file system that is one empty directory, and that
 * answers when a test wants it to.
 */
#ifndef _SELFTESTS_VCONTEXT_FUSE_H
#define _SELFTESTS_VCONTEXT_FUSE_H

#include <linux/fuse.h>

static long reply(int fuse, __u64 unique, int error, const void *data,
		  size_t len)
{
	struct {
		struct fuse_out_header head;
		char data[128];
	} out = {
		.head.len = sizeof(out.head) + len,
		.head.error = error,
		.head.unique = unique,
	};

	if (len)
		memcpy(out.data, data, len);
	return write(fuse, &out, out.head.len) == (ssize_t)out.head.len ?
		0 : -errno;
}

/* Answers one request: there is a directory, and nothing in it. */
static long serve_one(int fuse)
{
	static union {
		struct fuse_in_header head;
		char room[FUSE_MIN_READ_BUFFER + 65536];
	} in;
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};
	struct fuse_attr_out attr = {
		.attr.ino = FUSE_ROOT_ID,
		.attr.mode = S_IFDIR | 0755,
		.attr.nlink = 2,
	};

	if (read(fuse, &in, sizeof(in)) < (ssize_t)sizeof(in.head))
		return -errno;
	switch (in.head.opcode) {
	case FUSE_INIT:
		return reply(fuse, in.head.unique, 0, &init, sizeof(init));
	case FUSE_GETATTR:
		return reply(fuse, in.head.unique, 0, &attr, sizeof(attr));
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return 0;
	default:
		return reply(fuse, in.head.unique, -ENOENT, NULL, 0);
	}
}

#endif /* _SELFTESTS_VCONTEXT_FUSE_H */
