/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * virtual_context(2): contexts that limit and isolate groups of processes.
 *
 *	long virtual_context(__u32 cmd, __u32 id, void *data);
 *
 * @cmd says what to do and how large the struct at @data is, @id to which
 * context.  See Documentation/vcontext.rst for every command.
 *
 * The command word and its categories follow the multiplexed system call that
 * the vserver project proposed in 2003.
 */
#ifndef _UAPI_LINUX_VCONTEXT_H
#define _UAPI_LINUX_VCONTEXT_H

#include <linux/in6.h>
#include <linux/stddef.h>
#include <linux/types.h>

/*
 * The command word:
 *
 *	 31       24 23 22 21 20              8 7         0
 *	+-----------+--+-----+-----------------+-----------+
 *	| category  |0 | sub | size of *data   | command   |
 *	+-----------+--+-----+-----------------+-----------+
 */
#define VC_CATEGORY(c)		(((c) >> 24) & 0xff)
#define VC_SUBCAT(c)		(((c) >> 21) & 0x3)
#define VC_SIZE(c)		(((c) >>  8) & 0x1fff)
#define VC_COMMAND(c)		((c) & 0xff)
#define VC_FULLCMD_MASK(c)	((c) & 0x00ffffff)
/* Must be zero in a well-formed word. */
#define VC_RESERVED_BIT		0x00800000U

/* Size 0 in the word stands for the size of version 1 of the command. */
#define VC_SIZE_MAX		0x1fff

#define VC_CMD(cat, sub, cmd) \
	(((__u32)(cat) << 24) | ((__u32)(sub) << 21) | (__u32)(cmd))
#ifdef __cplusplus
#define VC_CMD_SIZED(cat, sub, cmd, type) \
	(VC_CMD(cat, sub, cmd) | \
	 ((__u32)sizeof(char[sizeof(type) <= VC_SIZE_MAX ? \
			     (int)sizeof(type) : -1]) << 8))
#else
#define VC_CMD_SIZED(cat, sub, cmd, type) \
	(VC_CMD(cat, sub, cmd) | \
	 ((__u32)(sizeof(type) + \
		  0 * sizeof(struct { \
			_Static_assert(sizeof(type) <= VC_SIZE_MAX, \
				       "the size has 13 bits"); int a; })) << 8))
#endif

/* Subcategories */
#define VC_SUB_SET		1
#define VC_SUB_GET		2
#define VC_SUB_VERSION		3

/* Categories */
#define VC_CAT_VERSION		0
#define VC_CAT_COMPAT		1
#define VC_CAT_CPU		2
#define VC_CAT_PROCESS		3
#define VC_CAT_VNET		4
#define VC_CAT_NETADDR		5
#define VC_CAT_VFS		6
#define VC_CAT_MEMORY		7
#define VC_CAT_OTHER		8
#define VC_CAT_CLASS		16
#define VC_CAT_EVENT		17
#define VC_CAT_VSERVER		63
/* From here to 254: for modules from elsewhere, never the kernel's own. */
#define VC_CAT_LOCAL		192
#define VC_CAT_DEBUG		255

/* What category 0, command 0 returns: major << 16 | minor. */
#define VC_PATCH_VERSION	0x00010000

/* Ids.  0 is the host. */
#define VC_ID_HOST		0U
#define VC_ID_MAX		0x7ffffffeU
#define VC_ID_SELF		0xffffffffU

/* Elements in a list that SET takes, at most. */
#define VC_LIST_MAX		4096

/* ---- category 0: version of the patch, and the last error ---- */

#define VC_VERSION_PATCH	0
#define VC_VERSION_ERROR	1

/**
 * struct vc_error - why the last failed call of this thread failed
 * @cmd: command word of that call
 * @error: its errno, positive
 * @index: element of a list or batch that was refused, else 0
 * @reserved: zero
 * @text: a sentence that names the field, the value and the limit,
 *	  NUL-terminated
 *
 * A successful call clears it; reading it keeps it.
 */
struct vc_error {
	__u32 cmd;
	__s32 error;
	__u32 index;
	__u32 reserved;
	char text[112];
};

/* ---- shared shapes ---- */

#define VC_UNLIMITED		(~0ULL)

/**
 * struct vc_limit - a counted limit
 * @limit: the most that may be charged, %VC_UNLIMITED for none
 * @usage: what is charged now; ignored by SET
 * @peak: highest usage since the context was created; ignored by SET
 * @hits: how often a charge was refused because of this limit;
 *	  ignored by SET
 */
struct vc_limit {
	__u64 limit;
	__u64 usage;
	__u64 peak;
	__u64 hits;
};

/* ---- category 1: compat ---- */

#define VC_COMPAT_NEW_S_CONTEXT	1
#define VC_COMPAT_SET_IPV4ROOT	2

/* The same two in the words that binaries of 2003 to 2012 use, exactly. */
#define VC_VSERVER_NEW_S_CONTEXT	0x3f010001U
#define VC_VSERVER_SET_IPV4ROOT		0x3f020003U

/* Id of new_s_context: stay, and apply flags and capabilities. */
#define VC_COMPAT_STAY		0xfffffffeU

/* vc_new_s_context.flags; SCHED, INIT, HIDEINFO and ULIMIT have no effect. */
#define VC_COMPAT_LOCK		(1U << 0)	/* no new_s_context inside */
#define VC_COMPAT_SCHED		(1U << 1)
#define VC_COMPAT_NPROC		(1U << 2)	/* by RLIMIT_NPROC */
#define VC_COMPAT_PRIVATE	(1U << 3)	/* nobody else enters */
#define VC_COMPAT_INIT		(1U << 4)
#define VC_COMPAT_HIDEINFO	(1U << 5)
#define VC_COMPAT_ULIMIT	(1U << 6)
#define VC_COMPAT_NAMESPACE	(1U << 7)	/* mount namespace of its own */

/**
 * struct vc_new_s_context - SET 1/1
 * @remove_cap: capabilities 0 to 31 that are taken off the ceiling
 * @flags: VC_COMPAT_*
 */
struct vc_new_s_context {
	__u32 remove_cap;
	__u32 flags;
};

/* Pairs that set_ipv4root takes, at most. */
#define VC_COMPAT_PAIRS_MAX	16

/**
 * struct vc_ipv4_pair - an address of SET 1/2
 * @ip: the address
 * @mask: of its network
 */
struct vc_ipv4_pair {
	__be32 ip;
	__be32 mask;
};

/**
 * struct vc_set_ipv4root - SET 1/2, whose id is the number of pairs
 * @broadcast: broadcast address
 * @pair: the addresses
 */
struct vc_set_ipv4root {
	__be32 broadcast;
	struct vc_ipv4_pair pair[];
};

/* ---- category 2: CPU and main context management ---- */

#define VC_CPU_CONTEXT		1
#define VC_CPU_DESTROY		2
#define VC_CPU_SCHED		3
#define VC_CPU_USAGE		4
#define VC_CPU_SET		5
#define VC_CPU_STAT		6
#define VC_CPU_LIST		7
#define VC_CPU_BATCH		8
#define VC_CPU_BIRTH		9
#define VC_CPU_HOSTNAME		10

/* The context owns a namespace of that kind, and who migrates enters it. */
#define VC_CREATE_NETNS		(1U << 0)
#define VC_CREATE_UTSNS		(1U << 1)
#define VC_CREATE_IPCNS		(1U << 2)
#define VC_CREATE_PIDNS		(1U << 3)
#define VC_CREATE_MNTNS		(1U << 4)
#define VC_CREATE_CGROUPNS	(1U << 5)
/* Destroyed with its last task; never entered: when its creator exits. */
#define VC_CREATE_EPHEMERAL	(1U << 6)

#define VC_NAME_SIZE		32

/**
 * struct vc_create - SET 2/1
 * @flags: VC_CREATE_*
 * @children_max: how many contexts may exist below it, at any depth
 * @name: unique among siblings or empty, of [A-Za-z0-9._-], NUL-terminated
 */
struct vc_create {
	__u32 flags;
	__u32 children_max;
	char name[VC_NAME_SIZE];
};

/* vc_info.state */
#define VC_STATE_STOPPED	(1U << 0)
#define VC_STATE_FROZEN		(1U << 1)
#define VC_STATE_DYING		(1U << 2)

/**
 * struct vc_info - GET 2/1
 * @id: of the context
 * @parent: id of its parent, 0 for the host
 * @flags: VC_CREATE_* it was created with
 * @children: contexts below it, at any depth
 * @children_max: how many of them there may be
 * @tasks: threads in it and below it
 * @processes: processes in it and below it, without zombies
 * @state: VC_STATE_*
 * @cgroup_id: id of its cgroup, unique for the life of the kernel
 * @created_ns: CLOCK_BOOTTIME at creation, in nanoseconds
 * @name: or empty
 */
struct vc_info {
	__u32 id;
	__u32 parent;
	__u32 flags;
	__u32 children;
	__u32 children_max;
	__u32 tasks;
	__u32 processes;
	__u32 state;
	__u64 cgroup_id;
	__u64 created_ns;
	char name[VC_NAME_SIZE];
};

/* SET 2/2 takes NULL or a __u32: kill what is in it and below first. */
#define VC_DESTROY_KILL		(1U << 0)

/**
 * struct vc_sched - SET and GET 2/3, scheduling policy
 * @policy: SCHED_NORMAL, _BATCH, _IDLE, _FIFO or _RR of <linux/sched.h>
 * @rt_priority: 1 to 99 for SCHED_FIFO and SCHED_RR, else 0
 * @nice: -20 to 19, else 0 for SCHED_FIFO and SCHED_RR
 * @reserved: zero
 *
 * Every task now in the context or later has it; inside, nobody may choose a
 * better class, priority or nice value.
 */
struct vc_sched {
	__u32 policy;
	__u32 rt_priority;
	__s32 nice;
	__u32 reserved;
};

/**
 * struct vc_cpu_usage - SET and GET 2/4, in thousandths of one CPU
 * @max_usage: hard ceiling of the whole context, 0 for none
 * @min_usage: guaranteed under contention, 0 for none
 */
struct vc_cpu_usage {
	__u32 max_usage;
	__u32 min_usage;
};

/**
 * struct vc_cpuset - SET and GET 2/5, the CPUs that tasks may run on
 * @len: bytes at @bits
 * @reserved: zero
 * @bits: pointer to the mask, CPU n being bit n % 8 of byte n / 8
 */
struct vc_cpuset {
	__u32 len;
	__u32 reserved;
	__aligned_u64 bits;
};

/**
 * struct vc_cpu_stat - GET 2/6, accounting since creation
 * @user_ns: time in user mode
 * @system_ns: time in the kernel
 * @periods: enforcement intervals of max_usage that have elapsed
 * @throttled: in how many of them the context was stopped
 * @throttled_ns: for how long, summed over CPUs
 */
struct vc_cpu_stat {
	__u64 user_ns;
	__u64 system_ns;
	__u64 periods;
	__u64 throttled;
	__u64 throttled_ns;
};

/**
 * struct vc_id_list - GET 2/7, the children of a context, ascending
 * @count: in: room in @ids, out: how many children there are
 * @reserved: zero
 * @ids: filled up to the smaller of both
 */
struct vc_id_list {
	__u32 count;
	__u32 reserved;
	__u32 ids[];
};

/* Calls in a batch, at most. */
#define VC_BATCH_MAX		64

/**
 * struct vc_call - a call of a batch
 * @cmd: as of virtual_context(): create, or SET of something that can be
 *	 taken back
 * @id: as there; %VC_ID_SELF is the context that this batch created last
 *	(to create: any free one)
 * @data: as there
 * @result: out: what it returned; -ECANCELED if it was not executed
 * @reserved: zero
 */
struct vc_call {
	__u32 cmd;
	__u32 id;
	__aligned_u64 data;
	__s32 result;
	__u32 reserved;
};

/**
 * struct vc_batch - SET 2/8, calls that take effect as one, or not at all
 * @count: how many calls there are, at most %VC_BATCH_MAX
 * @failed: out: index of the call that failed, @count if none did
 * @calls: pointer to them, struct vc_call
 */
struct vc_batch {
	__u32 count;
	__u32 failed;
	__aligned_u64 calls;
};

/**
 * struct vc_hostname - SET and GET 2/10
 * @name: NUL-terminated host name of the context's own UTS namespace
 */
struct vc_hostname {
	char name[65];
};

/* ---- category 3: process group ---- */

#define VC_PROCESS_TASK		1
#define VC_PROCESS_LIMIT	2
#define VC_PROCESS_CAPS		3
#define VC_PROCESS_STOP		4
#define VC_PROCESS_SIGNAL	5
#define VC_PROCESS_FREEZE	6

/**
 * struct vc_task - names a process
 * @pid: > 0, as the caller sees it; or 0
 * @pidfd: >= 0 if @pid is 0
 */
struct vc_task {
	__s32 pid;
	__s32 pidfd;
};

/**
 * struct vc_caps - the capability ceiling
 * @caps: bit n is capability n
 */
struct vc_caps {
	__u64 caps;
};

/* ---- category 4: virtual network devices ---- */

#define VC_VNET_CREATE		1
#define VC_VNET_ATTACH		2
#define VC_VNET_DESTROY		3
#define VC_VNET_QOS		4

/* vc_vnet.type */
#define VC_VNET_VETH		1
#define VC_VNET_MACVLAN		2
#define VC_VNET_IPVLAN		3
#define VC_VNET_DUMMY		4

/*
 * SET 4/1: born in the network namespace of the context, up.  GET: it is
 * attached.
 */
#define VC_VNET_INSIDE		(1U << 0)

/* A name of a network device, with its NUL. */
#define VC_DEV_NAME_SIZE	16

/**
 * struct vc_vnet - SET and GET 4/1, SET 4/2 and 4/3: a network device
 * @vdev_name: its name, NUL-terminated; SET 4/2, 4/3 and GET read it alone
 * @link: VETH: name of the end that stays on the caller's side; MACVLAN,
 *	  IPVLAN: the lower device; DUMMY: empty
 * @type: VC_VNET_VETH, _MACVLAN, _IPVLAN or _DUMMY
 * @flags: VC_VNET_INSIDE or 0
 * @ifindex: its number in the namespace it is in; ignored by SET
 * @owner: id of the context that it belongs to; ignored by SET
 * @mac: its address; SET: zero for any, as always of an IPVLAN
 * @mtu: SET: 0 for what is usual
 * @reserved: zero
 */
struct vc_vnet {
	char vdev_name[VC_DEV_NAME_SIZE];
	char link[VC_DEV_NAME_SIZE];
	__u32 type;
	__u32 flags;
	__u32 ifindex;
	__u32 owner;
	__u8 mac[6];
	__u16 mtu;
	__u32 reserved;
};

/**
 * struct vc_vnets - GET 4/2, the devices of a context
 * @count: in: room in @vnet; out: how many there are
 * @reserved: zero
 * @vnet: the devices, in the order in which they came
 */
struct vc_vnets {
	__u32 count;
	__u32 reserved;
	struct vc_vnet vnet[];
};

/**
 * struct vc_vnet_qos - SET and GET 4/4, bandwidth of a device
 * @vdev_name: the device; with id 0 an uplink
 * @uplink: the device through which it reaches the world; empty for the lower
 *	    device of a MACVLAN or IPVLAN, or if nothing is warranted
 * @max_bandwidth: kbit/s, at most, in each direction; 0 for no limit.  With
 *		   id 0 the capacity of the uplink; 0 for its link speed.
 * @warranted_bandwidth: kbit/s, which it has even if others saturate the
 *			 uplink; 0 for none.  With id 0: out: the sum of all.
 */
struct vc_vnet_qos {
	char vdev_name[VC_DEV_NAME_SIZE];
	char uplink[VC_DEV_NAME_SIZE];
	__u32 max_bandwidth;
	__u32 warranted_bandwidth;
};

/* ---- category 5: network address permits ---- */

#define VC_NETADDR_IPV4		1
#define VC_NETADDR_NO_IPV4	2
#define VC_NETADDR_IPV6		3
#define VC_NETADDR_NO_IPV6	4
#define VC_NETADDR_POLICY	5
#define VC_NETADDR_DEVICES	6

/**
 * struct vc_ipv4_addr - IPv4 addresses of a permit
 * @addr: the first one
 * @mask: which bits of an address have to be those of @addr; no holes
 */
struct vc_ipv4_addr {
	__be32 addr;
	__be32 mask;
};

/**
 * struct vc_ipv6_addr - IPv6 addresses of a permit
 * @addr: the first one
 * @prefixlen: how many bits of an address have to be those of @addr
 */
struct vc_ipv6_addr {
	struct in6_addr addr;
	__u32 prefixlen;
};

/**
 * struct vc_addr_req - SET and GET 5/1 and 5/3, SET 5/2 and 5/4
 * @vdev_name: name of the device that the permits are for, NUL-terminated;
 *	       empty for any
 * @count: in: how many elements follow, or room; out: how many there are
 * @ipv4: of commands 1 and 2
 * @ipv6: of commands 3 and 4
 */
struct vc_addr_req {
	char vdev_name[VC_DEV_NAME_SIZE];
	__u32 count;
	union {
		__DECLARE_FLEX_ARRAY(struct vc_ipv4_addr, ipv4);
		__DECLARE_FLEX_ARRAY(struct vc_ipv6_addr, ipv6);
	};
};

/* SET and GET 5/5 take a __u32. */
#define VC_NETADDR_OPEN		0
#define VC_NETADDR_CLOSED	1

/**
 * struct vc_names - GET 5/6, the devices for which there are permits
 * @count: in: room in @name, out: how many there are
 * @reserved: zero
 * @name: names, NUL-terminated
 */
struct vc_names {
	__u32 count;
	__u32 reserved;
	char name[][VC_DEV_NAME_SIZE];
};

/* ---- category 6: disk and VFS ---- */

#define VC_VFS_ROOT		1
#define VC_VFS_UNROOT		2
#define VC_VFS_DISK		3
#define VC_VFS_FILES		4
#define VC_VFS_MOUNTS		5
#define VC_VFS_DEVICES		6
#define VC_VFS_IO		7
#define VC_VFS_BIND		8

/* Nothing inside can write to it. */
#define VC_ROOT_READONLY	(1U << 0)
/* Without proc, dev and sys of the context's own. */
#define VC_ROOT_BARE		(1U << 1)

/**
 * struct vc_vfs_root - SET and GET 6/1, the virtual root
 * @path: pointer to the path of a directory, as the caller sees it
 * @len: bytes at @path, without a NUL
 * @flags: VC_ROOT_*
 */
struct vc_vfs_root {
	__aligned_u64 path;
	__u32 len;
	__u32 flags;
};

/**
 * struct vc_disk - SET and GET 6/3, what is under the virtual root's directory
 * @bytes_limit: the most, %VC_UNLIMITED for none
 * @bytes_usage: now; ignored by SET
 * @inodes_limit: the most, %VC_UNLIMITED for none
 * @inodes_usage: now; ignored by SET
 */
struct vc_disk {
	__u64 bytes_limit;
	__u64 bytes_usage;
	__u64 inodes_limit;
	__u64 inodes_usage;
};

#define VC_FSTYPE_SIZE		32

/**
 * struct vc_mounts - SET and GET 6/5, what tasks may mount
 * @count: in: elements of @fstype, or room; out: how many there are
 * @reserved: zero
 * @fstype: names of file system types, NUL-terminated
 */
struct vc_mounts {
	__u32 count;
	__u32 reserved;
	char fstype[][VC_FSTYPE_SIZE];
};

/* vc_device.access */
#define VC_DEVICE_READ		(1U << 0)
#define VC_DEVICE_WRITE		(1U << 1)
#define VC_DEVICE_MKNOD		(1U << 2)

/* vc_device.minor: every minor number */
#define VC_DEVICE_ANY		(~0U)

/**
 * struct vc_device - a device of a list
 * @type: 'b' or 'c'
 * @major: of the device
 * @minor: of the device, or %VC_DEVICE_ANY
 * @access: VC_DEVICE_*
 */
struct vc_device {
	__u32 type;
	__u32 major;
	__u32 minor;
	__u32 access;
};

/**
 * struct vc_devices - SET and GET 6/6, which devices tasks may use
 * @count: in: elements of @dev, or room; out: how many there are
 * @reserved: zero
 * @dev: the devices
 */
struct vc_devices {
	__u32 count;
	__u32 reserved;
	struct vc_device dev[];
};

#define VC_BIND_READONLY	(1U << 0)

/**
 * struct vc_bind - SET 6/8, a directory or file that appears below the root
 * @source: pointer to its path, as the caller sees it
 * @target: pointer to the path where it appears, as the inside sees it
 * @source_len: bytes at @source, without a NUL
 * @target_len: bytes at @target, without a NUL
 * @flags: VC_BIND_*
 * @reserved: zero
 */
struct vc_bind {
	__aligned_u64 source;
	__aligned_u64 target;
	__u32 source_len;
	__u32 target_len;
	__u32 flags;
	__u32 reserved;
};

#define VC_TARGET_SIZE		256

/**
 * struct vc_targets - GET 6/8, what has been bound, in order
 * @count: in: room in @name, out: how many there are
 * @reserved: zero
 * @name: targets, NUL-terminated
 */
struct vc_targets {
	__u32 count;
	__u32 reserved;
	char name[][VC_TARGET_SIZE];
};

/**
 * struct vc_io - SET and GET 6/7, block I/O of a device, 0 being none
 * @major: of the device; read by GET too
 * @minor: of the device; read by GET too
 * @rbps: bytes read per second, at most
 * @wbps: bytes written per second, at most
 * @riops: reads per second, at most
 * @wiops: writes per second, at most
 * @weight: share under contention, 1 to 10000
 * @reserved: zero
 */
struct vc_io {
	__u32 major;
	__u32 minor;
	__u64 rbps;
	__u64 wbps;
	__u64 riops;
	__u64 wiops;
	__u32 weight;
	__u32 reserved;
};

/* ---- category 7: memory ---- */

#define VC_MEMORY_TOTAL		1
#define VC_MEMORY_RESIDENT	2
#define VC_MEMORY_STAT		3
#define VC_MEMORY_OOM		4

/**
 * struct vc_mem_stat - GET 7/3, bytes in the context and below it
 * @anon: anonymous memory
 * @file: page cache, shared memory included
 * @kernel: slabs, stacks, page tables and what else the kernel has for it
 * @swap: swapped out
 * @shmem: shared memory and tmpfs
 * @oom_kills: processes that were killed for want of memory, since creation
 */
struct vc_mem_stat {
	__u64 anon;
	__u64 file;
	__u64 kernel;
	__u64 swap;
	__u64 shmem;
	__u64 oom_kills;
};

/* ---- category 8: other limits ---- */

#define VC_OTHER_TCP		1

/* ---- category 16: classification of tasks ---- */

#define VC_CLASS_RULE		1
#define VC_CLASS_REMOVE		2
#define VC_CLASS_APPLY		3

/* vc_rule.match: all that are given must match */
#define VC_RULE_UID		(1U << 0)
#define VC_RULE_GID		(1U << 1)
#define VC_RULE_COMM		(1U << 2)
#define VC_RULE_EXE		(1U << 3)

#define VC_EXE_SIZE		128

/**
 * struct vc_rule - SET 16/1, which processes of the host belong into a context
 * @id: ignored by SET
 * @match: VC_RULE_*, which of the next members count; the others are ignored,
 *	   and zero in what GET says
 * @uid: real user id
 * @gid: real group id
 * @target: id of the context; 0 is the host: who matches stays there.  GET
 *	    says %VC_ID_SELF when that context is gone, and the rule matches
 *	    nobody any more
 * @flags: zero
 * @comm: name of the thread, NUL-terminated
 * @exe: absolute path of the program, NUL-terminated; a '*' at the end stands
 *	 for anything
 */
struct vc_rule {
	__u32 id;
	__u32 match;
	__u32 uid;
	__u32 gid;
	__u32 target;
	__u32 flags;
	char comm[16];
	char exe[VC_EXE_SIZE];
};

/**
 * struct vc_rules - GET 16/1, the rules in their order
 * @count: in: room in @rule, out: how many there are
 * @reserved: zero
 * @rule: filled up to the smaller of both
 */
struct vc_rules {
	__u32 count;
	__u32 reserved;
	struct vc_rule rule[];
};

/* ---- category 17: events ---- */

#define VC_EVENT_OPEN		1

/**
 * struct vc_event - what a descriptor of GET 17/1 gives to read
 * @type: VC_EVENT_*
 * @id: of the context
 * @time_ns: CLOCK_BOOTTIME, in nanoseconds
 * @value: as the type says, else 0
 */
struct vc_event {
	__u32 type;
	__u32 id;
	__u64 time_ns;
	__u64 value;
};

/* vc_event.type */
#define VC_EVENT_CREATED	1
#define VC_EVENT_DESTROYED	2
#define VC_EVENT_EMPTY		3	/* the last task is gone */
#define VC_EVENT_LIMIT		4	/* value: category << 8 | command */
#define VC_EVENT_OOM		5
#define VC_EVENT_MIGRATED	6	/* value: pid in the reader's namespace */
#define VC_EVENT_LOST		7	/* value: how many were lost */
#define VC_EVENT_GUARANTEE	8	/* a min_usage no longer fits the CPUs */
#define VC_EVENT_REFUSED	9	/* value: pid in the reader's namespace */

/* ---- category 255: debugging ---- */

#define VC_DEBUG_REFS		1
#define VC_DEBUG_MEMBERS	2
#define VC_DEBUG_FAIL		3

/**
 * struct vc_debug_charge - what is charged to a counted limit
 * @category: of the limit
 * @command: of the limit
 * @usage: what is charged, here and below
 */
struct vc_debug_charge {
	__u32 category;
	__u32 command;
	__u64 usage;
};

/**
 * struct vc_debug_refs - GET 255/1, references and charges
 * @count: in: room in @charge, out: how many counted limits there are
 * @references: to the context, without those of this call
 * @contexts: in memory, all that have not been freed
 * @removed: how many of them have been destroyed already
 * @vars_bytes: what the variables of each context take, room for modules too
 * @reserved: zero
 * @charge: filled up to the smaller of both
 */
struct vc_debug_refs {
	__u32 count;
	__u32 references;
	__u32 contexts;
	__u32 removed;
	__u32 vars_bytes;
	__u32 reserved;
	struct vc_debug_charge charge[];
};

/* vc_debug_member.flags */
#define VC_MEMBER_LEADER	(1U << 0)	/* of its process */
#define VC_MEMBER_ENTERING	(1U << 1)	/* until it executes a program */
#define VC_MEMBER_EXITING	(1U << 2)

/**
 * struct vc_debug_member - a thread
 * @tid: its number, as the caller sees it; 0 if it does not
 * @pid: its process, as the caller sees it
 * @id: the context it is in
 * @flags: VC_MEMBER_*
 */
struct vc_debug_member {
	__s32 tid;
	__s32 pid;
	__u32 id;
	__u32 flags;
};

/**
 * struct vc_debug_members - GET 255/2, threads in a context and below it
 * @count: in: room in @member, out: how many there are
 * @reserved: zero
 * @member: filled up to the smaller of both
 */
struct vc_debug_members {
	__u32 count;
	__u32 reserved;
	struct vc_debug_member member[];
};

/* vc_debug_fail.what */
#define VC_DEBUG_FAIL_NONE	0
#define VC_DEBUG_FAIL_INIT	1	/* a constructor: ENOMEM */
#define VC_DEBUG_FAIL_CHARGE	2	/* a charge to a counted limit */

/**
 * struct vc_debug_fail - SET 255/3, a failure on purpose
 * @what: VC_DEBUG_FAIL_*
 * @nth: which of those that the calling thread comes to from now on, from 1
 *
 * Once; a later call takes the place of an earlier one.
 */
struct vc_debug_fail {
	__u32 what;
	__u32 nth;
};

#endif /* _UAPI_LINUX_VCONTEXT_H */
