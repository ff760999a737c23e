/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvcontext: virtual_context(2) for programs.
 *
 * What holds for every function unless it says otherwise:
 *
 * - It returns 0 or a non-negative result, and -errno on failure.  errno itself
 *   is left undefined.  Nothing is printed and nothing exits.
 * - It may be called from any thread.  Why a call failed is kept by the kernel
 *   for each thread: ask vc_error_get() from the thread whose call failed.
 * - -ENOSYS: the kernel has no virtual_context(2), or this architecture has no
 *   number for it.  -EOPNOTSUPP: it has, but not that command.
 *   -ESRCH: no such context is the caller's own or below it.
 *   -EPERM: no CAP_SYS_ADMIN in the user namespace that owns the context's
 *   parent; or the context is the caller's own or the host, which nobody
 *   changes from there.  These are not repeated below.
 * - An id is 0 for the host, 1 to VC_ID_MAX for a context, VC_ID_SELF for the
 *   caller's own.
 */
#ifndef _VCONTEXT_H
#define _VCONTEXT_H

#include <linux/vcontext.h>
#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the call, what the kernel has, why it refused ---- */

/**
 * vc_syscall - the bare system call
 * @cmd: command word, see VC_CMD() and VC_CMD_SIZED()
 * @id: context, or what @cmd takes in its place
 * @data: the struct of @cmd, or NULL
 *
 * For commands that this library has no function for.  Async-signal-safe.
 *
 * Return: what the command returns, or -errno.
 */
long vc_syscall(__u32 cmd, __u32 id, void *data);

/**
 * vc_available - is there a virtual_context(2)?
 *
 * Return: the version of the patch (major << 16 | minor, always positive);
 * -ENOSYS if the kernel was built without it; another -errno if something
 * such as a seccomp filter stands before it.
 */
int vc_available(void);

/**
 * vc_version - does the kernel have a command?
 * @category: VC_CAT_*
 * @command: VC_CPU_*, VC_PROCESS_*, ...; 0 for the category as a whole
 *
 * Open to everybody.
 *
 * Return: its version, positive, or -EOPNOTSUPP.
 */
int vc_version(unsigned int category, unsigned int command);

/**
 * vc_error_get - why this thread's last failed call failed
 * @error: filled; @error->text is a sentence that names the field, the value
 *	and the limit that refused it
 *
 * Any successful call in between forgets it, this one does not.
 *
 * Return: 0, or -ENODATA if the last call did not fail.
 */
int vc_error_get(struct vc_error *error);

/* ---- contexts (category 2) ---- */

/**
 * vc_context_create - make a context below the caller's own
 * @id: number it is to have, or VC_ID_SELF for any free one
 * @create: flags, name and room for children, or NULL for none of them
 *
 * With VC_CREATE_EPHEMERAL a context that was never entered is gone when the
 * calling process exits.
 *
 * Return: the id, or -EEXIST (number or name is taken), -ENOSPC (children_max
 * of a context above, or no id is free), -EINVAL (name, flags or number).
 */
int vc_context_create(__u32 id, const struct vc_create *create);

/**
 * vc_context_exists - is a context visible to the caller?
 * @id: context
 *
 * Return: 0, or -ESRCH.
 */
int vc_context_exists(__u32 id);

/**
 * vc_context_info - describe a context
 * @id: context
 * @info: filled; times are nanoseconds of CLOCK_BOOTTIME
 *
 * Return: 0 or -errno.
 */
int vc_context_info(__u32 id, struct vc_info *info);

/**
 * vc_context_destroy - remove a context
 * @id: context
 * @flags: 0, or VC_DESTROY_KILL: kill all tasks in it and below and destroy
 *	the contexts below first.  This sleeps until they are gone.
 *
 * Return: 0, or -EBUSY (without VC_DESTROY_KILL: it has tasks or children),
 * -EINTR.
 */
int vc_context_destroy(__u32 id, __u32 flags);

/**
 * vc_context_children - list the contexts directly below one
 * @id: context
 * @ids: set to an array of ids, ascending, to be released with free(3);
 *	NULL if there are none
 *
 * Any of them may be gone by the time that it is looked at.
 *
 * Return: how many, or -ENOMEM, -E2BIG (more children than the kernel lists).
 */
int vc_context_children(__u32 id, __u32 **ids);

/**
 * vc_context_find - find a context by name
 * @id: where to start, VC_ID_SELF for the caller's own
 * @path: name of a child of @id, or names separated by slashes to go deeper
 *
 * Return: the id, -ESRCH if there is none of that name, or -EINVAL (an empty
 * component).
 */
int vc_context_find(__u32 id, const char *path);

/**
 * struct vc_batch_calls - calls that are to take effect as one, or not at all
 *
 * Not for two threads at a time.
 */
struct vc_batch_calls;

/**
 * vc_batch_new - begin a batch
 *
 * Return: for vc_batch_add(), vc_batch_run() and vc_batch_free(); NULL if there
 * is no memory.
 */
struct vc_batch_calls *vc_batch_new(void);

/**
 * vc_batch_add - add a call to a batch
 * @batch: the batch
 * @cmd: command word: create, or SET of a limit, root, device, permit or flag
 * @id: context; VC_ID_SELF is the one that the batch creates last before
 *	this call (to create: any free number)
 * @data: the struct of @cmd, or NULL
 * @size: bytes of it, elements of a list included
 *
 * The struct is copied; what it points at is not, and has to stay until
 * vc_batch_run() returns.
 *
 * Return: the index of the call, or -ENOMEM, -E2BIG (it has VC_BATCH_MAX).
 */
int vc_batch_add(struct vc_batch_calls *batch, __u32 cmd, __u32 id,
		 const void *data, size_t size);

/**
 * vc_batch_run - let the calls of a batch take effect
 * @batch: the batch; it stays, and can be run again
 * @failed: set, unless NULL, to the index of the call that failed, or to the
 *	number of calls if it was none of them
 *
 * If one fails all is as before: limits that were changed have their old
 * values, contexts that were created never could be seen.
 *
 * Return: the id of the context that was created last, 0 if none was, or
 * -errno of the call that failed; -EINVAL if one cannot be in a batch.
 */
int vc_batch_run(struct vc_batch_calls *batch, unsigned int *failed);

/**
 * vc_batch_free - end a batch, whether it was run or not
 * @batch: or NULL
 */
void vc_batch_free(struct vc_batch_calls *batch);

/**
 * vc_hostname_set - set the host name that a context sees
 * @id: context, one that was created with VC_CREATE_UTSNS
 * @name: at most 64 bytes
 *
 * Return: 0, or -ENOENT (no UTS namespace of its own), -EINVAL.
 */
int vc_hostname_set(__u32 id, const char *name);

/**
 * vc_hostname_get - the host name that a context sees
 * @id: context, one that was created with VC_CREATE_UTSNS
 * @name: filled
 *
 * Return: 0, or -ENOENT (no UTS namespace of its own).
 */
int vc_hostname_get(__u32 id, struct vc_hostname *name);

/* ---- CPUs (category 2) ---- */

/**
 * vc_sched_set - set the scheduling policy of all tasks in a context
 * @id: context
 * @sched: policy (SCHED_* of <linux/sched.h>), priority for FIFO and RR, nice
 *	value for the others
 *
 * Holds for the tasks in it, for those to come, and below it.  Inside, nobody
 * may choose a better class, priority or nice value.
 *
 * Return: 0, or -EINVAL, -EPERM (also: better than the parent's), -EBUSY (FIFO
 * or RR, and max_usage is set: bandwidth does not hold those back).
 */
int vc_sched_set(__u32 id, const struct vc_sched *sched);

/**
 * vc_sched_get - the scheduling policy
 * @id: context
 * @sched: filled
 *
 * Return: 0 or -errno.
 */
int vc_sched_get(__u32 id, struct vc_sched *sched);

/**
 * vc_cpu_usage_set - set the ceiling and the guarantee of CPU time
 * @id: context
 * @usage: in thousandths of one CPU, 0 for none; 1500 is one and a half CPUs
 *
 * Both at once: to change one alone, get first.
 *
 * Return: 0, or -EINVAL (min_usage above max_usage), -ENOSPC (the sum of the
 * guarantees does not fit into the parent's, or on the machine), -EPERM (also:
 * wider than the parent's), -EBUSY (max_usage, and the policy is FIFO or RR).
 */
int vc_cpu_usage_set(__u32 id, const struct vc_cpu_usage *usage);

/**
 * vc_cpu_usage_get - the ceiling and the guarantee of CPU time
 * @id: context
 * @usage: filled, in thousandths of one CPU, 0 for none
 *
 * Return: 0 or -errno.
 */
int vc_cpu_usage_get(__u32 id, struct vc_cpu_usage *usage);

/**
 * vc_mounts_set - which file system types tasks of a context may mount
 * @id: context
 * @types: their names; each once
 * @n: how many; 0 forbids all, as for a new context
 *
 * Return: 0, or -EINVAL (no such name), -EEXIST (one is there twice), -EPERM
 * (also: a context above does not have one).
 */
int vc_mounts_set(__u32 id, const char (*types)[VC_FSTYPE_SIZE], size_t n);

/**
 * vc_mounts_get - which file system types tasks of a context may mount
 * @id: context
 * @types: their names, sorted, to be freed with free(3)
 *
 * What contexts above lack is not there.
 *
 * Return: how many, or -ENOMEM.
 */
int vc_mounts_get(__u32 id, char (**types)[VC_FSTYPE_SIZE]);

/**
 * vc_devices_set - which devices tasks of a context may open and make
 * @id: context
 * @devices: each once
 * @n: how many
 *
 * A new context has null, zero, full, random, urandom, tty, ptmx and pts.
 *
 * Return: 0, or -EINVAL (a value), -EEXIST (one is there twice), -EPERM (also:
 * more than a context above has).
 */
int vc_devices_set(__u32 id, const struct vc_device *devices, size_t n);

/**
 * vc_devices_get - which devices tasks of a context may open and make
 * @id: context
 * @devices: sorted, to be freed with free(3)
 *
 * What contexts above lack is not there.
 *
 * Return: how many, or -ENOMEM.
 */
int vc_devices_get(__u32 id, struct vc_device **devices);

/**
 * vc_ipv4_permit - let sockets of a context have IPv4 addresses
 * @id: context
 * @dev: on which device; NULL or empty for any
 * @addrs: addresses and masks, each once
 * @n: how many, at most VC_LIST_MAX
 *
 * The first permit closes the context: its sockets have permitted addresses
 * alone.
 *
 * Return: 0, or -EINVAL (a value, a name), -EEXIST (one is there), -EPERM (also:
 * a context above lacks it), -ENOSPC (too many).
 */
int vc_ipv4_permit(__u32 id, const char *dev, const struct vc_ipv4_addr *addrs,
		   size_t n);

/**
 * vc_ipv4_forbid - take permits away
 * @id: context
 * @dev: on which device; NULL or empty for those that are for any
 * @addrs: as they were permitted
 * @n: how many
 *
 * Return: 0, or -ENOENT (one is not there), -EINVAL.
 */
int vc_ipv4_forbid(__u32 id, const char *dev, const struct vc_ipv4_addr *addrs,
		   size_t n);

/**
 * vc_ipv4_get - which IPv4 addresses sockets of a context may have
 * @id: context
 * @dev: on which device; NULL or empty for those that are for any
 * @addrs: sorted, to be freed with free(3)
 *
 * What contexts above lack is not there.
 *
 * Return: how many, or -ENOMEM.
 */
int vc_ipv4_get(__u32 id, const char *dev, struct vc_ipv4_addr **addrs);

/* The same for IPv6. */
int vc_ipv6_permit(__u32 id, const char *dev, const struct vc_ipv6_addr *addrs,
		   size_t n);
int vc_ipv6_forbid(__u32 id, const char *dev, const struct vc_ipv6_addr *addrs,
		   size_t n);
int vc_ipv6_get(__u32 id, const char *dev, struct vc_ipv6_addr **addrs);

/**
 * vc_addr_policy_set - open a context, or close it
 * @id: context
 * @closed: 0 drops all permits; else nothing is permitted that has not been
 *
 * Return: 0 or -errno.
 */
int vc_addr_policy_set(__u32 id, int closed);

/**
 * vc_addr_policy_get - do sockets of a context have permitted addresses alone?
 * @id: context
 *
 * Return: 1 if so, because of it or of a context above, 0 if not, or -errno.
 */
int vc_addr_policy_get(__u32 id);

/**
 * vc_addr_devices - the devices for which there are permits
 * @id: context
 * @names: sorted, to be freed with free(3)
 *
 * Return: how many, or -ENOMEM.
 */
int vc_addr_devices(__u32 id, char (**names)[VC_DEV_NAME_SIZE]);

/* What a new context is given, as far as its parent has it. */
#define VC_DEVICES_DEFAULT						\
	{ 'c', 1, 3, 7 }, { 'c', 1, 5, 7 }, { 'c', 1, 7, 7 },		\
	{ 'c', 1, 8, 7 }, { 'c', 1, 9, 7 }, { 'c', 5, 0, 7 },		\
	{ 'c', 5, 2, 7 },						\
	{ 'c', 136, VC_DEVICE_ANY, 7 }, { 'c', 137, VC_DEVICE_ANY, 7 },	\
	{ 'c', 138, VC_DEVICE_ANY, 7 }, { 'c', 139, VC_DEVICE_ANY, 7 },	\
	{ 'c', 140, VC_DEVICE_ANY, 7 }, { 'c', 141, VC_DEVICE_ANY, 7 },	\
	{ 'c', 142, VC_DEVICE_ANY, 7 }, { 'c', 143, VC_DEVICE_ANY, 7 }

/**
 * vc_cpuset_set - set the CPUs that tasks of a context may run on
 * @id: context
 * @mask: CPU n is bit n % 8 of byte n / 8; a cpu_set_t is such a mask, also
 *	one of CPU_ALLOC(3)
 * @size: bytes at @mask; 0 for no set of its own
 *
 * Return: 0, or -EINVAL (no such CPU, or none at all), -EPERM (also: not in the parent's set).
 */
int vc_cpuset_set(__u32 id, const void *mask, size_t size);

/**
 * vc_cpuset_get - the CPUs that tasks of a context may run on
 * @id: context
 * @mask: filled as for vc_cpuset_set(), zeroes behind the last CPU
 * @size: bytes at @mask; that of a cpu_set_t does for 1024 CPUs
 *
 * Return: 0, or -ERANGE (the machine may have more CPUs than fit).
 */
int vc_cpuset_get(__u32 id, void *mask, size_t size);

/**
 * vc_cpu_stat_get - CPU time used, and how often max_usage held it back
 * @id: context
 * @stat: filled, since the creation, with what ran below
 *
 * Return: 0 or -errno.
 */
int vc_cpu_stat_get(__u32 id, struct vc_cpu_stat *stat);

/* ---- processes (category 3) ---- */

/**
 * vc_enter - move the calling process into a context
 * @id: context below the caller's own
 *
 * All namespaces of the context are entered in one step or none.  The caller
 * must be single-threaded and not share its file system state (CLONE_FS) if
 * there are any.  There is no way back.  Until its next execve(2) the process
 * is invisible to others inside.
 *
 * A PID namespace is entered by the next fork(2) alone, and execve(2) before
 * that fails with EPERM; vc_enter_forks() tells.  vc_spawn() does it all.
 *
 * Async-signal-safe.
 *
 * Return: 0, or -EAGAIN (process limit, or vc_stop_set() holds), -EINVAL (more
 * than one thread), -EBUSY (a descriptor would lead out of its root).
 */
int vc_enter(__u32 id);

/**
 * vc_birth - a descriptor for births in a context
 * @id: context
 *
 * clone3(2) takes it with CLONE_INTO_CGROUP.  The child is born with the limits
 * and the PID namespace of the context, and calls vc_enter(VC_ID_SELF), which
 * takes no rights, before it executes a program; the descriptor has to be
 * closed in it by then.  vc_spawn() does it all.
 *
 * Return: the descriptor, close-on-exec, or -errno.
 */
int vc_birth(__u32 id);

/**
 * vc_enter_forks - does entering a context take a fork(2)?
 * @id: context
 *
 * Return: 1 if a PID namespace lies between the caller's context and @id,
 * else 0, or -errno.
 */
int vc_enter_forks(__u32 id);

/**
 * vc_move - move another process into a context
 * @id: context, one with neither namespaces nor root of its own
 * @pid: process, as the caller sees it
 *
 * Return: 0, or -EAGAIN (process limit), -EINVAL (the context has namespaces),
 * -ESRCH (context or process).
 */
int vc_move(__u32 id, pid_t pid);

/**
 * vc_current - the caller's own context
 *
 * Return: its id, 0 for the host.
 */
int vc_current(void);

/**
 * vc_context_of - the context of a process
 * @pid: process, as the caller sees it
 *
 * Return: the id, or -ESRCH.
 */
int vc_context_of(pid_t pid);

/**
 * vc_tasks_set - limit the number of tasks in a context
 * @id: context
 * @limit: processes and threads in it and below, or VC_UNLIMITED
 *
 * Below the present usage nothing is killed, but nothing more can be forked.
 * A zombie counts until it is reaped.
 *
 * Return: 0 or -errno.
 */
int vc_tasks_set(__u32 id, __u64 limit);

/**
 * vc_tasks_get - limit, usage, peak and refusals
 * @id: context
 * @limit: filled, in tasks
 *
 * Return: 0 or -errno.
 */
int vc_tasks_get(__u32 id, struct vc_limit *limit);

/**
 * vc_caps_set - set the capability ceiling
 * @id: context
 * @caps: bit n is capability n
 *
 * Return: 0, or -EPERM (also: the parent's ceiling lacks one of them).
 */
int vc_caps_set(__u32 id, __u64 caps);

/**
 * vc_caps_get - the capability ceiling
 * @id: context
 * @caps: filled
 *
 * Return: 0 or -errno.
 */
int vc_caps_get(__u32 id, __u64 *caps);

/* What a new context is given, as far as its parent has it. */
#define VC_CAPS_DEFAULT		0x00000000a80425fbULL

/**
 * vc_stop_set - refuse or allow new processes
 * @id: context
 * @stop: non-zero: fork, clone and entering fail with EAGAIN
 *
 * Return: 0 or -errno.
 */
int vc_stop_set(__u32 id, int stop);

/**
 * vc_stop_get - are new processes refused?
 * @id: context
 *
 * Return: 1 or 0, or -errno.
 */
int vc_stop_get(__u32 id);

/**
 * vc_signal - send a signal to every process in a context and below
 * @id: context
 * @signo: signal
 *
 * Each gets it exactly once, those that are being forked meanwhile included.
 *
 * Return: how many, or -EINVAL (no such signal).
 */
int vc_signal(__u32 id, int signo);

/**
 * vc_count - the number of processes in a context and below
 * @id: context
 *
 * Return: how many, zombies not counted, or -errno.
 */
int vc_count(__u32 id);

/**
 * vc_freeze_set - freeze or thaw all tasks in a context and below
 * @id: context
 * @freeze: non-zero to freeze
 *
 * What is frozen can still be killed and destroyed.
 *
 * Return: 0 or -errno.
 */
int vc_freeze_set(__u32 id, int freeze);

/**
 * vc_freeze_get - is a context to be frozen?
 * @id: context
 *
 * Return: 1 or 0, or -errno.
 */
int vc_freeze_get(__u32 id);

/* ---- virtual root (category 6) ---- */

/**
 * vc_root_set - make a directory the root of a context
 * @id: context, without tasks and without a root
 * @path: of the directory, as the caller sees it
 * @flags: VC_ROOT_READONLY: nothing can be written through it; VC_ROOT_BARE:
 *	without the proc, dev and sys that the kernel mounts where the
 *	directory has directories of these names
 *
 * What is mounted below the directory comes along.  The host's tree can not be
 * reached from inside.
 *
 * Return: 0, or -EBUSY (tasks, or it has a root), -ENOENT, -ENOTDIR, -EACCES.
 */
int vc_root_set(__u32 id, const char *path, __u32 flags);

/**
 * vc_root_get - the root of a context
 * @id: context
 * @path: filled, with a NUL; "/" if the context is the caller's own
 * @size: bytes at @path
 * @flags: filled unless NULL
 *
 * Return: length of the path, or -ENOENT (it has none), -ERANGE (@size is too
 * small).
 */
int vc_root_get(__u32 id, char *path, size_t size, __u32 *flags);

/**
 * vc_root_remove - take the root of a context away, with all binds
 * @id: context, without tasks
 *
 * Return: 0, or -EBUSY (tasks), -ENOENT (it has none).
 */
int vc_root_remove(__u32 id);

/**
 * vc_bind_add - let a directory or file appear below the root of a context
 * @id: context with a root, without tasks
 * @source: path, as the caller sees it
 * @target: absolute path, as the inside sees it; something of the same kind
 *	has to be there
 * @flags: VC_BIND_READONLY: nothing can be written through it
 *
 * Return: 0, or -EBUSY (tasks), -ENOENT (no root; no source; no target),
 * -ENOTDIR (a directory on a file or a file on a directory), -ENAMETOOLONG.
 */
int vc_bind_add(__u32 id, const char *source, const char *target, __u32 flags);

/**
 * vc_bind_targets - what has been bound below the root of a context
 * @id: context
 * @targets: set to an array of paths, in order, to be released with free(3);
 *	NULL if there are none
 *
 * Return: how many, or -ENOMEM.
 */
int vc_bind_targets(__u32 id, char (**targets)[VC_TARGET_SIZE]);

/* ---- network devices (category 4) ---- */

/**
 * vc_vnet_create - make a network device, on the caller's side
 * @id: context that it belongs to: the caller's, or one below
 * @vnet: what it is; ifindex and owner are ignored
 *
 * Return: 0, or -EEXIST (a name), -ENODEV (link), -ENONET (VC_VNET_INSIDE, and
 * the context owns no network namespace), -EOPNOTSUPP (no such driver).
 */
int vc_vnet_create(__u32 id, const struct vc_vnet *vnet);

/**
 * vc_vnet_get - look at a network device of a context
 * @id: context
 * @name: of the device
 * @vnet: filled
 *
 * Return: 0, or -ENODEV.
 */
int vc_vnet_get(__u32 id, const char *name, struct vc_vnet *vnet);

/**
 * vc_vnet_attach - move a network device into a context, and bring it up
 * @id: context below, which owns a network namespace
 * @name: of a device on the caller's side
 *
 * Return: 0, or -ENODEV, -ENONET (no such namespace), -EEXIST (the name is
 * taken inside), -EBUSY (attached already).
 */
int vc_vnet_attach(__u32 id, const char *name);

/**
 * vc_vnet_destroy - remove a network device of a context
 * @id: context
 * @name: of the device
 *
 * Return: 0, or -ENODEV, -EPERM (it was attached from above).
 */
int vc_vnet_destroy(__u32 id, const char *name);

/**
 * vc_vnet_list - the network devices of a context
 * @id: context
 * @list: set to an array, in the order in which they came, to be released with
 *	free(3)
 *
 * Return: how many, or -ENOMEM.
 */
int vc_vnet_list(__u32 id, struct vc_vnet **list);

/**
 * vc_vnet_qos_set - set the bandwidth of a network device
 * @id: context below, or VC_ID_HOST for the capacity of an uplink
 * @qos: what it is
 *
 * Return: 0, or -ENODEV (device or uplink), -ENOSPC (the uplink has no more),
 * -EOPNOTSUPP (a dummy; an uplink without known speed), -EBUSY (the uplink has
 * a queueing discipline of its own).
 */
int vc_vnet_qos_set(__u32 id, const struct vc_vnet_qos *qos);

/**
 * vc_vnet_qos_get - the bandwidth of a network device
 * @id: context, or VC_ID_HOST
 * @name: of the device, or of an uplink
 * @qos: filled
 *
 * Return: 0, or -ENODEV.
 */
int vc_vnet_qos_get(__u32 id, const char *name, struct vc_vnet_qos *qos);

/* ---- files and block I/O (category 6) ---- */

/**
 * vc_files_set - limit the open files of a context
 * @id: context
 * @limit: how many in it and below, or VC_UNLIMITED
 *
 * Beyond it opening fails with ENFILE.  A file counts until nobody has it open,
 * maps it or has it in flight; dup(2) makes none.
 *
 * Return: 0 or -errno.
 */
int vc_files_set(__u32 id, __u64 limit);

/**
 * vc_files_get - limit, usage, peak and refusals
 * @id: context
 * @limit: filled, in open files
 *
 * Return: 0 or -errno.
 */
int vc_files_get(__u32 id, struct vc_limit *limit);

/**
 * vc_io_set - limit and weigh the I/O of a context to a block device
 * @id: context
 * @io: the device, and all of its limits; 0 for none
 *
 * To change one of them, get first.
 *
 * Return: 0, or -ENODEV (no such device), -EINVAL, -EPERM (also: wider than the
 * parent's).
 */
int vc_io_set(__u32 id, const struct vc_io *io);

/**
 * vc_io_get - the limits of a context's I/O to a block device
 * @id: context
 * @io: major and minor say which device, the rest is filled
 *
 * Return: 0, or -ENODEV (no such device).
 */
int vc_io_get(__u32 id, struct vc_io *io);

/**
 * vc_disk_set - limit what may be below the root of a context
 * @id: context without tasks
 * @disk: bytes_limit and inodes_limit, VC_UNLIMITED for none
 *
 * A project quota on the root's directory: it takes a file system that is
 * mounted with prjquota.  Beyond it writing fails with EDQUOT, on XFS ENOSPC.
 * To change one of the limits, get first.
 *
 * Return: 0, or -ENOENT (no root), -EBUSY (tasks, or a project that somebody
 * else has set), -EOPNOTSUPP (no project quota), -ENOSPC (more than a context
 * above has left), -EPERM, -EROFS, -ESRCH, -EINTR.
 */
int vc_disk_set(__u32 id, const struct vc_disk *disk);

/**
 * vc_disk_get - limits and usage of what is below the root of a context
 * @id: context
 * @disk: filled; without a limit nothing is counted, and usage is 0
 *
 * Return: 0, or -ENOENT (no root), -EOPNOTSUPP.
 */
int vc_disk_get(__u32 id, struct vc_disk *disk);

/* ---- memory (category 7) ---- */

/**
 * vc_memory_set - limit the memory of a context, that in swap included
 * @id: context
 * @limit: bytes used in it and below, or VC_UNLIMITED
 *
 * At the limit memory is reclaimed, and when that does not suffice something
 * inside is killed.  Setting it below the usage reclaims and kills nothing;
 * that may take a while.
 *
 * Return: 0, or -EBUSY (so much cannot be reclaimed), -EPERM (also: more than
 * the parent has), -EINTR.
 */
int vc_memory_set(__u32 id, __u64 limit);

/**
 * vc_memory_get - limit, usage, peak and refusals of memory and swap
 * @id: context
 * @limit: filled, in bytes
 *
 * Return: 0 or -errno.
 */
int vc_memory_get(__u32 id, struct vc_limit *limit);

/**
 * vc_resident_set - limit the memory of a context, without that in swap
 * @id: context
 * @limit: bytes used in it and below, or VC_UNLIMITED
 *
 * As vc_memory_set() otherwise; with both set, both hold.
 *
 * Return: 0, or -EBUSY, -EPERM, -EINTR.
 */
int vc_resident_set(__u32 id, __u64 limit);

/**
 * vc_resident_get - limit, usage, peak and refusals of memory without swap
 * @id: context
 * @limit: filled, in bytes
 *
 * Return: 0 or -errno.
 */
int vc_resident_get(__u32 id, struct vc_limit *limit);

/**
 * vc_memory_stat_get - what the memory of a context is used for
 * @id: context
 * @stat: filled, in bytes
 *
 * Return: 0 or -errno.
 */
int vc_memory_stat_get(__u32 id, struct vc_mem_stat *stat);

/**
 * vc_oom_set - what is killed when a context is out of memory
 * @id: context
 * @context: non-zero for all of it, 0 for one process
 *
 * Return: 0 or -errno.
 */
int vc_oom_set(__u32 id, int context);

/**
 * vc_oom_get - what is killed when a context is out of memory
 * @id: context
 *
 * Return: 1 for all of it, 0 for one process, or -errno.
 */
int vc_oom_get(__u32 id);

/* ---- connections (category 8) ---- */

/**
 * vc_tcp_set - limit the established TCP connections of a context
 * @id: context
 * @limit: sockets in it and below, or VC_UNLIMITED
 *
 * Beyond it connect(2) fails with EAGAIN, and who connects to a listener inside
 * has to wait.
 *
 * Return: 0 or -errno.
 */
int vc_tcp_set(__u32 id, __u64 limit);

/**
 * vc_tcp_get - limit, usage, peak and refusals
 * @id: context
 * @limit: filled, in sockets
 *
 * Return: 0 or -errno.
 */
int vc_tcp_get(__u32 id, struct vc_limit *limit);

/* ---- classification (category 16) ---- */

/**
 * vc_rule_add - say which processes of the host belong into a context
 * @rule: what is looked at, and the context; added behind all others
 *
 * A process of the host that is forked, executes a program, changes its ids or
 * logs in goes by the first rule that fits it.
 *
 * Return: its number, or -EINVAL (@rule; or a process that runs cannot enter
 * the context, since that has a PID namespace), -ESRCH (no such context),
 * -ENOSPC, -EPERM (also: the caller is in a context).
 */
int vc_rule_add(const struct vc_rule *rule);

/**
 * vc_rule_list - all rules in their order
 * @rules: set to an array, to be released with free(3)
 *
 * Return: how many, or -ENOMEM, -EPERM (the caller is in a context).
 */
int vc_rule_list(struct vc_rule **rules);

/**
 * vc_rule_remove - remove a rule
 * @rule: its number
 *
 * Return: 0, or -ENOENT, -EPERM (also: the caller is in a context).
 */
int vc_rule_remove(__u32 rule);

/**
 * vc_rules_apply - move all running processes of the host that a rule fits
 *
 * The caller is one of them.  Those that go into namespaces or a root may be
 * there a little later.
 *
 * Return: 0, or -EPERM (also: the caller is in a context).
 */
int vc_rules_apply(void);

/* ---- events (category 17) ---- */

/**
 * vc_events_open - hear what happens to a context and those below it
 * @id: context
 *
 * Return: a descriptor, close-on-exec, for poll(2), vc_events_read() and
 * close(2); or -errno.
 */
int vc_events_open(__u32 id);

/**
 * vc_events_read - get events
 * @fd: from vc_events_open()
 * @events: filled, the oldest first
 * @n: how many fit
 *
 * Sleeps until there is one, unless @fd is O_NONBLOCK.  Who reads too slowly
 * loses the oldest and gets VC_EVENT_LOST in their place.
 *
 * Return: how many; 0 when no more can come; or -EAGAIN, -EINTR, -EINVAL (@n is
 * 0).
 */
int vc_events_read(int fd, struct vc_event *events, unsigned int n);

/* ---- running a program in a context ---- */

/* Where vc_spawn() failed. */
enum vc_spawn_stage {
	VC_SPAWN_NONE,		/* it did not */
	VC_SPAWN_SETUP,		/* in the caller: pipe, descriptor */
	VC_SPAWN_ENTER,		/* vc_enter() in the child */
	VC_SPAWN_BIRTH,		/* clone3(2) into the context */
	VC_SPAWN_EXEC,		/* execve(2) inside */
};

/**
 * struct vc_spawn - what to run, and what became of it
 * @argv: program and arguments, NULL at the end; a program without a slash is
 *	looked up in PATH, inside the context
 * @envp: environment, NULL for the caller's
 * @sigmask: signal mask the program starts with, NULL for the caller's
 * @flags: zero
 * @stage: out: where it failed
 * @why: out: what the kernel said if @stage is VC_SPAWN_ENTER, else empty
 */
struct vc_spawn {
	char *const *argv;
	char *const *envp;
	const sigset_t *sigmask;
	__u32 flags;
	enum vc_spawn_stage stage;
	struct vc_error why;
};

/**
 * vc_spawn - run a program in a context
 * @id: context below the caller's own
 * @spawn: what to run
 *
 * Returns once the program runs or has failed to.  The program is a child of
 * the caller, also in a PID namespace, where it is the first process or
 * a sibling of it; wait for it with waitpid(2).  Signals that the caller
 * handles have their default action in it, ignored ones stay ignored.
 * Directories and O_PATH descriptors that the caller has open without
 * close-on-exec keep the program out of a context with a root.
 *
 * May be called with other threads running.
 *
 * Return: the process id, or -errno; then no child is left.
 */
pid_t vc_spawn(__u32 id, struct vc_spawn *spawn);

#ifdef __cplusplus
}
#endif

#endif /* _VCONTEXT_H */
