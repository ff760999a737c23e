/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtual root: root.c keeps it, bind.c adds to it, and mntns.c makes a mount
 * namespace of it.
 */
#ifndef _KERNEL_VCONTEXT_ROOT_H
#define _KERNEL_VCONTEXT_ROOT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>

#include "internal.h"

/**
 * struct vc_root - a virtual root
 * @refs: one is of the context, others of who holds @lock
 * @lock: held while it is changed or its mount namespace is made, which takes
 *	  as long as its file systems let us wait; see internal.h for its place
 * @changing: nobody enters; under vc_root_rwsem
 * @tree: copy of the mounts at the directory, owned; (c)
 * @path: of the directory, as whoever set it saw it, owned; (c)
 * @flags: VC_ROOT_*; (c)
 * @level: of the context that set it; those below are not told where; (c)
 * @nr_binds: how many of @binds; under @lock and vc_ns_mutex
 * @binds: in order; under @lock and vc_ns_mutex
 * @mnt_ns: made of it, owned; under @lock and vc_ns_mutex
 * @pid_ns: whose processes its proc shows, referenced; as @mnt_ns
 * @wanted: times that what @mnt_ns is made of has changed; under vc_ns_mutex
 * @made: @wanted that @mnt_ns is made of; under vc_ns_mutex
 * @spoilt: @mnt_ns has what was taken back, and nobody enters it any more; as
 *	    @mnt_ns
 *
 * (c) constant once it is a context's.  What takes two locks to write takes
 * one of them to read.
 */
struct vc_root {
	refcount_t refs;
	struct mutex lock;	/* see above */
	bool changing;
	struct vfsmount *tree;
	char *path;
	u32 flags;
	u32 level;
	u32 nr_binds;
	struct list_head binds;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns;
	u32 wanted;
	u32 made;
	bool spoilt;
};

/**
 * struct vc_shown - what the kernel's file systems in a root show
 * @pid_ns: whose processes, referenced
 * @net: whose interfaces, referenced; %NULL for no /sys
 * @bare: nothing is mounted at all
 * @version: what is wanted of the root
 */
struct vc_shown {
	struct pid_namespace *pid_ns;
	struct net *net;
	bool bare;
	u32 version;
};

/* root.c */
int vc_root_find(const char *what, const char *name, u32 len,
		 unsigned int flags, struct path *path) __must_check;
struct vc_root *vc_root_begin(struct vcontext *ctx) __must_check;
void vc_root_end(struct vc_root *root);
int vc_root_renew(struct vcontext *ctx, struct vc_root *root) __must_check;
struct vc_root *vc_root_of(struct vcontext *ctx);
struct vc_root *vc_root_hold(struct vcontext *ctx) __must_check;
void vc_root_drop(struct vc_root *root);

/* mntns.c */
struct mnt_namespace *vc_mntns_make(struct vcontext *ctx,
				    const struct vc_root *root,
				    const struct vc_shown *shown) __must_check;

/* bind.c */
int vc_binds_attach(const struct vc_root *root, struct mnt_namespace *ns)
	__must_check;
void vc_binds_free(struct vc_root *root);

#endif /* _KERNEL_VCONTEXT_ROOT_H */
