// SPDX-License-Identifier: GPL-2.0
/*
 * Options that create and run share, and those that set has too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cmd.h"

const struct opt create_opts[] = {
	{ OPT_NAME, "name", "NAME", "name it, unique among its siblings" },
	{ OPT_ID, "id", "N", "give it this number instead of a free one" },
	{ OPT_CHILDREN, "children", "N",
	  "allow N contexts below it (default 0)" },
	{ OPT_NETNS, "netns", NULL, "with a network namespace of its own" },
	{ OPT_UTSNS, "utsns", NULL, "with a host name of its own" },
	{ OPT_IPCNS, "ipcns", NULL, "with an IPC namespace of its own" },
	{ OPT_PIDNS, "pidns", NULL, "with process ids of its own" },
	{ OPT_MNTNS, "mntns", NULL, "with a mount namespace of its own" },
	{ OPT_CGROUPNS, "cgroupns", NULL, "with a cgroup namespace of its own" },
	{ 0 }
};

const struct opt settings_opts[] = {
	{ OPT_PROCS, "procs", "N",
	  "limit processes and threads to N; max lifts a limit" },
	{ OPT_FILES, "files", "N", "limit open files to N" },
	{ OPT_TCP, "tcp", "N", "limit established TCP connections to N" },
	{ OPT_MEMORY, "memory", "SIZE",
	  "limit memory and swap to SIZE, such as 512M" },
	{ OPT_RESIDENT, "resident", "SIZE", "limit memory without swap to SIZE" },
	{ OPT_OOM, "oom", "VICTIM",
	  "what is killed when out of memory: process or context" },
	{ OPT_CPU_MAX, "cpu-max", "CPUS",
	  "limit CPU time: 1.5 or 150% is one and a half CPUs" },
	{ OPT_CPU_MIN, "cpu-min", "CPUS", "guarantee so much CPU time" },
	{ OPT_CPUS, "cpus", "LIST", "run on these CPUs alone: 0-3,8" },
	{ OPT_SCHED, "sched", "POLICY",
	  "normal, batch or idle, or that:NICE; fifo:PRIO, rr:PRIO" },
	{ OPT_DISK, "disk", "SIZE",
	  "limit what may be below its root to SIZE" },
	{ OPT_INODES, "inodes", "N", "limit the files below its root to N" },
	{ OPT_IO, "io", "DISK:KEY=N,...",
	  "limit I/O: rbps, wbps, riops, wiops, weight" },
	{ OPT_CAPS, "caps", "CAPS",
	  "capability ceiling: default, all, none, NAME, +NAME, -NAME, ..." },
	{ OPT_MOUNTS, "mounts", "TYPE,...",
	  "let it mount these file system types; none forbids all" },
	{ OPT_DEVICE, "device", "DEVICE",
	  "let it use a device more: c:10:229:rwm, b:7:*:r; none forbids all" },
	{ OPT_ADDR, "addr", "ADDRESS[/LEN][%DEVICE]",
	  "let sockets have it, and others not; none is before all, all lifts it" },
	{ OPT_NO_ADDR, "no-addr", "ADDRESS[/LEN][%DEVICE]",
	  "take it away again" },
	{ OPT_HOSTNAME, "hostname", "NAME", "host name, in a UTS namespace of its own" },
	{ OPT_ROOT, "root", "DIR", "make DIR its root directory" },
	{ OPT_ROOT_RO, "root-ro", NULL, "nothing can be written to the root" },
	{ OPT_BARE, "bare", NULL, "without proc, dev and sys in the root" },
	{ OPT_BIND, "bind", "PATH:TARGET[:ro]",
	  "let PATH appear at TARGET in the root" },
	{ 'v', "volume", "PATH:TARGET[:ro]", "the same" },
	{ OPT_VNET, "vnet", "TYPE:NAME[:LINK]",
	  "give it a network device, with ,mac=MAC and ,mtu=N" },
	{ OPT_BANDWIDTH, "bandwidth", "NAME,KEY=RATE",
	  "bandwidth of a device: max=10M, warranted=2M, uplink=DEVICE" },
	{ 0 }
};

const struct io_key io_keys[] = {
	{ "rbps", offsetof(struct vc_io, rbps), true },
	{ "wbps", offsetof(struct vc_io, wbps), true },
	{ "riops", offsetof(struct vc_io, riops), false },
	{ "wiops", offsetof(struct vc_io, wiops), false },
};

_Static_assert(ARRAY_SIZE(io_keys) == NR_IO_KEYS, "all keys have a bit");

/* ---- arguments ---- */

/* The option whose argument is looked at, for messages. */
static const char *option;

static void parse_count(struct settings *set, int limit, const char *word)
{
	if (is_unlimited(word))
		set->limit[limit] = VC_UNLIMITED;
	else if (!parse_u64(word, VC_UNLIMITED - 1, &set->limit[limit]))
		die_usage("--%s '%s' is not a number, nor \"max\"", option, word);
}

static void parse_bytes(struct settings *set, int limit, const char *word)
{
	if (is_unlimited(word))
		set->limit[limit] = VC_UNLIMITED;
	else if (!parse_size(word, &set->limit[limit]))
		die_usage("--%s '%s' is not a size such as 512M or 1.5G, nor \"max\"",
			  option, word);
}

static void parse_oom(struct settings *set, int unused, const char *word)
{
	(void)unused;
	set->oom = !strcmp(word, "context");
	if (!set->oom && strcmp(word, "process"))
		die_usage("--%s '%s' is neither \"process\" nor \"context\"", option, word);
}

/* Thousandths of a CPU. */
static uint32_t cpu_time(const char *word, bool zero)
{
	const char *rest;
	uint64_t n;

	if (is_unlimited(word))
		return 0;
	if ((!parse_decimal(word, 1000, true, &n, &rest) || *rest) &&
	    (!parse_decimal(word, 10, true, &n, &rest) || strcmp(rest, "%")))
		die_usage("--%s '%s' is not a number of CPUs: 1.5 or 150%% is one and a half, in steps of 0.001; \"max\" is no limit",
			  option, word);
	if (n > UINT32_MAX)
		die_usage("--%s '%s' is more CPUs than a machine can have", option, word);
	if (!n && !zero)
		die_usage("--%s '%s' would stop it for good: 'vcontext freeze' does that, and \"max\" is no limit",
			  option, word);
	return n;
}

static void parse_cpu_max(struct settings *set, int unused, const char *word)
{
	(void)unused;
	set->cpu_max = cpu_time(word, false);
}

static void parse_cpu_min(struct settings *set, int unused, const char *word)
{
	(void)unused;
	set->cpu_min = cpu_time(word, true);
}

static void parse_cpu_list(struct settings *set, int unused, const char *word)
{
	(void)unused;
	set->all_cpus = is_unlimited(word) || !strcmp(word, "all");
	if (!set->all_cpus && !parse_cpus(word, set->cpus))
		die_usage("--%s '%s' is not a list of CPUs such as 0-3,8, nor \"all\"",
			  option, word);
}

static void parse_policy(struct settings *set, int unused, const char *word)
{
	(void)unused;
	if (!parse_sched(word, &set->sched))
		die_usage("--%s '%s' is not a policy: normal, batch or idle, with :NICE from -20 to 19 or without; fifo:PRIO or rr:PRIO, PRIO from 1 to 99",
			  option, word);
}

static void parse_disk_size(struct settings *set, int unused, const char *word)
{
	(void)unused;
	if (is_unlimited(word))
		set->disk.bytes_limit = VC_UNLIMITED;
	else if (!parse_size(word, (uint64_t *)&set->disk.bytes_limit))
		die_usage("--%s '%s' is not a size such as 512M or 1.5G, nor \"max\"",
			  option, word);
}

static void parse_inodes(struct settings *set, int unused, const char *word)
{
	uint64_t n = VC_UNLIMITED;

	(void)unused;
	if (!is_unlimited(word) && !parse_u64(word, VC_UNLIMITED - 1, &n))
		die_usage("--%s '%s' is not a number, nor \"max\"", option, word);
	set->disk.inodes_limit = n;
}

/* MAJOR:MINOR, a path, or a name in /dev; the length of it in @word. */
static size_t parse_disk(const char *word, struct vc_io *io)
{
	size_t len = strspn(word, "0123456789");
	char path[PATH_MAX];
	uint64_t major, minor;
	struct stat st;

	if (len && word[len] == ':') {
		size_t more = strspn(word + len + 1, "0123456789");

		snprintf(path, sizeof(path), "%.*s", (int)len, word);
		if (!parse_u64(path, UINT32_MAX, &major))
			die_usage("--io %s: the major number is too large", word);
		snprintf(path, sizeof(path), "%.*s", (int)more, word + len + 1);
		if (!parse_u64(path, UINT32_MAX, &minor))
			die_usage("--%s '%s' does not begin with MAJOR:MINOR or a path",
				  option, word);
		io->major = major;
		io->minor = minor;
		return len + 1 + more;
	}
	/* A path may have colons, what follows it has none. */
	len = strrchr(word, ':') ? (size_t)(strrchr(word, ':') - word) : 0;
	if (!len || len > PATH_MAX - 10)
		die_usage("--%s '%s' is not DISK:KEY=N,...: /dev/sda:rbps=10M, or 8:0:none",
			  option, word);
	snprintf(path, sizeof(path), "%s%.*s", memchr(word, '/', len) ? "" :
		 "/dev/", (int)len, word);
	if (stat(path, &st))
		die_usage("--io %s: %s: %s", word, path, strerror(errno));
	if (!S_ISBLK(st.st_mode))
		die_usage("--io %s: %s is not a disk", word, path);
	io->major = major(st.st_rdev);
	io->minor = minor(st.st_rdev);
	return len;
}

static void parse_io_key(struct io_change *io, const char *key)
{
	size_t i, len = strcspn(key, "=");
	const char *value = key + len + 1;
	uint64_t n = 0;

	if (!key[len])
		die_usage("--io %s: '%s' is not KEY=N", io->word, key);
	if (len == 6 && !memcmp(key, "weight", len)) {
		if (!is_unlimited(value) &&
		    (!parse_u64(value, 10000, &n) || !n))
			die_usage("--io %s: weight is 1 to 10000, or \"none\"",
				  io->word);
		io->io.weight = n;
		io->has |= 1U << IO_WEIGHT;
		return;
	}
	for (i = 0; i < ARRAY_SIZE(io_keys); i++)
		if (strlen(io_keys[i].name) == len &&
		    !memcmp(key, io_keys[i].name, len))
			break;
	if (i == ARRAY_SIZE(io_keys))
		die_usage("--io %s: '%.*s' is none of rbps, wbps, riops, wiops, weight",
			  io->word, (int)len, key);
	/* 0 would lift it. */
	if (!is_unlimited(value) &&
	    (!(io_keys[i].bytes ? parse_size(value, &n) :
	       parse_u64(value, VC_UNLIMITED - 1, &n)) || !n))
		die_usage("--io %s: '%s' is not a %s, nor \"max\"", io->word,
			  value, io_keys[i].bytes ?
			  "number of bytes such as 10M" : "number above 0");
	memcpy((char *)&io->io + io_keys[i].offset, &n, sizeof(n));
	io->has |= 1U << i;
}

static void parse_io(struct settings *set, int unused, const char *word)
{
	struct io_change *io = &set->io[set->nr_io++];
	char *copy, *rest, *key;

	(void)unused;
	if (set->nr_io > MAX_IO)
		die_usage("--io at most %d times", MAX_IO);
	io->word = word;
	word += parse_disk(word, &io->io);
	if (*word++ != ':' || !*word)
		die_usage("--io %s: nothing is set: rbps=10M for example, or none",
			  io->word);
	if (is_unlimited(word)) {
		io->has = (2U << IO_WEIGHT) - 1;
		return;
	}
	copy = strdup(word);
	rest = copy;
	if (!copy)
		die_memory();
	while ((key = strsep(&rest, ",")))
		parse_io_key(io, key);
	free(copy);
}

static void parse_caps(struct settings *set, int unused, const char *word)
{
	(void)unused;
	caps_parse(word, &set->caps);
}

static void parse_mounts(struct settings *set, int unused, const char *word)
{
	char *copy = strdup(word), *rest = copy, *type;

	(void)unused;
	if (!copy)
		die_memory();
	set->nr_mounts = 0;
	while (strcmp(word, "none") && (type = strsep(&rest, ","))) {
		if (!*type || strlen(type) >= VC_FSTYPE_SIZE)
			die_usage("--%s '%s' is not a list of file system types such as tmpfs,proc, nor \"none\"",
				  option, word);
		if (set->nr_mounts == MAX_MOUNTS)
			die_usage("--%s: at most %d types", option, MAX_MOUNTS);
		memcpy(set->mounts[set->nr_mounts++], type, strlen(type) + 1);
	}
	free(copy);
}

/* A number up to @max, and what follows it. */
static bool parse_part(const char **word, uint32_t max, __u32 *n)
{
	char *end;
	unsigned long value;

	if (**word < '0' || **word > '9')
		return false;
	errno = 0;
	value = strtoul(*word, &end, 10);
	if (errno || value > max)
		return false;
	*n = value;
	*word = end;
	return true;
}

/* As device controllers of cgroups write it, with colons. */
static bool parse_one_device(const char *word, struct vc_device *dev)
{
	static const char letters[] = "rwm";
	const char *at;

	memset(dev, 0, sizeof(*dev));
	if ((*word != 'b' && *word != 'c') || word[1] != ':')
		return false;
	dev->type = *word;
	word += 2;
	if (!parse_part(&word, (1U << 12) - 1, &dev->major) || *word++ != ':')
		return false;
	if (*word == '*') {
		dev->minor = VC_DEVICE_ANY;
		word++;
	} else if (!parse_part(&word, (1U << 20) - 1, &dev->minor)) {
		return false;
	}
	if (*word++ != ':' || !*word)
		return false;
	for (; *word; word++) {
		at = strchr(letters, *word);
		if (!at)
			return false;
		dev->access |= 1U << (at - letters);
	}
	return true;
}

static void parse_device(struct settings *set, int unused, const char *word)
{
	(void)unused;
	if (!strcmp(word, "none")) {
		set->nr_devices = 0;
		set->only_devices = true;
		return;
	}
	if (set->nr_devices == MAX_DEVICES)
		die_usage("--%s at most %d times", option, MAX_DEVICES);
	if (!parse_one_device(word, &set->devices[set->nr_devices]))
		die_usage("--%s '%s' is not a device such as c:10:229:rw or b:7:*:rwm, nor \"none\"",
			  option, word);
	set->nr_devices++;
}

static void parse_one_addr(struct address *list, int *nr, const char *word)
{
	if (*nr == MAX_ADDRS)
		die_usage("--%s at most %d times", option, MAX_ADDRS);
	if (!parse_address(word, &list[*nr]))
		die_usage("--%s '%s' is not an address such as 10.0.0.1, 10.0.0.0/8, fd00::/64 or 10.0.0.1%%eth0",
			  option, word);
	++*nr;
}

static void parse_addr(struct settings *set, int unused, const char *word)
{
	(void)unused;
	if (!strcmp(word, "none") || !strcmp(word, "all")) {
		set->which_addrs = *word == 'n' ? ADDRS_ONLY : ADDRS_ALL;
		set->nr_addrs = 0;
		return;
	}
	parse_one_addr(set->addrs, &set->nr_addrs, word);
}

static void parse_no_addr(struct settings *set, int unused, const char *word)
{
	(void)unused;
	parse_one_addr(set->no_addrs, &set->nr_no_addrs, word);
}

static void parse_hostname(struct settings *set, int unused, const char *word)
{
	(void)set;
	(void)unused;
	if (strlen(word) >= sizeof(struct vc_hostname))
		die_usage("a host name has at most %zu characters",
			  sizeof(struct vc_hostname) - 1);
}

static void parse_word(struct settings *set, int unused, const char *word)
{
	(void)set;
	(void)unused;
	(void)word;
}

/* A path may have colons neither before nor after the target. */
static void parse_bind(struct settings *set, int unused, const char *word)
{
	struct bind *bind = &set->bind[set->nr_binds++];
	char *rest;

	(void)unused;
	if (set->nr_binds > MAX_BINDS)
		die_usage("--%s at most %d times", option, MAX_BINDS);
	rest = strdup(word);
	if (!rest)
		die_memory();
	bind->source = rest;
	strsep(&rest, ":");
	bind->target = strsep(&rest, ":");
	bind->readonly = rest && !strcmp(rest, "ro");
	if (!bind->target || bind->target[0] != '/' || !*bind->source ||
	    (rest && !bind->readonly && strcmp(rest, "rw")))
		die_usage("--%s '%s' is not PATH:TARGET or PATH:TARGET:ro, TARGET being absolute",
			  option, word);
}

static void parse_vnet(struct settings *set, int unused, const char *word)
{
	(void)unused;
	if (set->nr_vnets == MAX_VNETS)
		die_usage("--%s at most %d times", option, MAX_VNETS);
	set->vnet_word[set->nr_vnets] = word;
	vnet_parse(word, &set->vnet[set->nr_vnets++]);
}

static void parse_bandwidth(struct settings *set, int unused, const char *word)
{
	(void)unused;
	if (set->nr_bandwidths == MAX_VNETS)
		die_usage("--%s at most %d times", option, MAX_VNETS);
	bandwidth_parse(word, &set->bandwidth[set->nr_bandwidths++]);
}

/* ---- setting ---- */

/**
 * struct plan - the calls by which all is set at once
 * @batch: they
 * @id: of what context; VC_ID_SELF for the one that the batch makes
 * @set: what is asked for
 * @by: by call, the setting it is for
 * @word: by call, what is refused if it is
 * @now: the setting that calls are added for
 */
struct plan {
	struct vc_batch_calls *batch;
	__u32 id;
	const struct settings *set;
	const struct setting *by[VC_BATCH_MAX];
	const char *word[VC_BATCH_MAX];
	const struct setting *now;
};

#define SET(cat, cmd, type) VC_CMD_SIZED(cat, VC_SUB_SET, cmd, type)

/* 0; -errno if it cannot be known what is to be set. */
static int add(struct plan *plan, __u32 cmd, const void *data, size_t size,
	       const char *word)
{
	int i = vc_batch_add(plan->batch, cmd, plan->id, data, size);

	if (i == -E2BIG)
		die_usage("at most %d settings at once", VC_BATCH_MAX - 1);
	if (i < 0)
		die_memory();
	plan->by[i] = plan->now;
	plan->word[i] = word;
	return 0;
}

static bool given(const struct settings *set, int opt)
{
	return set->has >> (opt - OPT_SETTING) & 1;
}

/* Is there nothing that has been set before? */
static bool is_new(const struct plan *plan)
{
	return plan->id == VC_ID_SELF;
}

static const __u32 limits[] = {
	[LIMIT_TASKS] = SET(VC_CAT_PROCESS, VC_PROCESS_LIMIT, struct vc_limit),
	[LIMIT_FILES] = SET(VC_CAT_VFS, VC_VFS_FILES, struct vc_limit),
	[LIMIT_TCP] = SET(VC_CAT_OTHER, VC_OTHER_TCP, struct vc_limit),
	[LIMIT_MEMORY] = SET(VC_CAT_MEMORY, VC_MEMORY_TOTAL, struct vc_limit),
	[LIMIT_RESIDENT] = SET(VC_CAT_MEMORY, VC_MEMORY_RESIDENT,
			       struct vc_limit),
};

static int add_limit(struct plan *plan, int limit)
{
	struct vc_limit lim = { .limit = plan->set->limit[limit] };

	return add(plan, limits[limit], &lim, sizeof(lim), NULL);
}

static int add_oom(struct plan *plan, int unused)
{
	__u32 whole = plan->set->oom;

	(void)unused;
	return add(plan, SET(VC_CAT_MEMORY, VC_MEMORY_OOM, __u32), &whole,
		   sizeof(whole), NULL);
}

/*
 * A ceiling and a real-time policy exclude each other, so that it is lifted
 * before the policy is set and set after it.
 */
enum { LIFT, LIMIT };

static int add_usage(struct plan *plan, int when)
{
	const struct settings *set = plan->set;
	bool lifts = given(set, OPT_CPU_MAX) && !set->cpu_max;
	struct vc_cpu_usage usage = { 0, 0 };
	int ret;

	if (lifts ? when != LIFT : when == LIFT)
		return 0;
	ret = is_new(plan) ? 0 : vc_cpu_usage_get(plan->id, &usage);
	if (ret < 0)
		return ret;
	if (given(set, OPT_CPU_MAX))
		usage.max_usage = set->cpu_max;
	if (given(set, OPT_CPU_MIN))
		usage.min_usage = set->cpu_min;
	return add(plan, SET(VC_CAT_CPU, VC_CPU_USAGE, struct vc_cpu_usage),
		   &usage, sizeof(usage), NULL);
}

static int add_sched(struct plan *plan, int unused)
{
	(void)unused;
	return add(plan, SET(VC_CAT_CPU, VC_CPU_SCHED, struct vc_sched),
		   &plan->set->sched, sizeof(plan->set->sched), NULL);
}

static int add_cpus(struct plan *plan, int unused)
{
	struct vc_cpuset set = { .bits = (uintptr_t)plan->set->cpus };

	(void)unused;
	/* No more than there is: the kernel takes a page. */
	if (!plan->set->all_cpus)
		set.len = CPUS_BYTES;
	return add(plan, SET(VC_CAT_CPU, VC_CPU_SET, struct vc_cpuset), &set,
		   sizeof(set), NULL);
}

/* Both at once, whichever is given: the second entry has nothing to do. */
static int add_disk(struct plan *plan, int opt)
{
	struct vc_disk disk = {
		.bytes_limit = VC_UNLIMITED,
		.inodes_limit = VC_UNLIMITED,
	};
	int ret;

	if (opt == OPT_INODES)
		return 0;
	ret = is_new(plan) ? 0 : vc_disk_get(plan->id, &disk);
	if (ret)
		return ret;
	if (given(plan->set, OPT_DISK))
		disk.bytes_limit = plan->set->disk.bytes_limit;
	if (given(plan->set, OPT_INODES))
		disk.inodes_limit = plan->set->disk.inodes_limit;
	return add(plan, SET(VC_CAT_VFS, VC_VFS_DISK, struct vc_disk), &disk,
		   sizeof(disk), NULL);
}

/* For the message: the disk that cannot be read. */
static const char *io_word;

static int add_io(struct plan *plan, int unused)
{
	size_t key;
	int i;

	(void)unused;
	for (i = 0; i < plan->set->nr_io; i++) {
		const struct io_change *change = &plan->set->io[i];
		struct vc_io io = {
			.major = change->io.major,
			.minor = change->io.minor,
		};
		/* What is not given stays. */
		int ret = is_new(plan) ? 0 : vc_io_get(plan->id, &io);

		if (ret < 0) {
			io_word = change->word;
			return ret;
		}
		for (key = 0; key < ARRAY_SIZE(io_keys); key++)
			if (change->has >> key & 1)
				memcpy((char *)&io + io_keys[key].offset,
				       (char *)&change->io +
				       io_keys[key].offset, sizeof(__u64));
		if (change->has >> IO_WEIGHT & 1)
			io.weight = change->io.weight;
		add(plan, SET(VC_CAT_VFS, VC_VFS_IO, struct vc_io), &io,
		    sizeof(io), change->word);
	}
	return 0;
}

static int add_caps(struct plan *plan, int unused)
{
	struct vc_caps caps;
	uint64_t resolved;
	int ret;

	(void)unused;
	ret = caps_resolve(plan->id, &plan->set->caps, &resolved);
	if (ret)
		return ret;
	caps.caps = resolved;
	return add(plan, SET(VC_CAT_PROCESS, VC_PROCESS_CAPS, struct vc_caps),
		   &caps, sizeof(caps), NULL);
}

/* A list: a count, a reserved word, the elements. */
static int add_list(struct plan *plan, __u32 cmd, const void *elements,
		    size_t n, size_t size)
{
	__u32 *list = calloc(1, 2 * sizeof(*list) + n * size);
	int ret;

	if (!list)
		die_memory();
	list[0] = n;
	if (n)
		memcpy(&list[2], elements, n * size);
	ret = add(plan, cmd, list, 2 * sizeof(*list) + n * size, NULL);
	free(list);
	return ret;
}

static int add_mounts(struct plan *plan, int unused)
{
	(void)unused;
	return add_list(plan, SET(VC_CAT_VFS, VC_VFS_MOUNTS, struct vc_mounts),
			plan->set->mounts, plan->set->nr_mounts,
			VC_FSTYPE_SIZE);
}

/* What a new context has, as far as our own has it: how many, or -errno. */
static int default_devices(struct vc_device **list)
{
	static const struct vc_device devices[] = {
		VC_DEVICES_DEFAULT
	};
	struct vc_device *own, *found;
	int i, j, n, nr = vc_devices_get(VC_ID_SELF, &own);

	if (nr < 0)
		return nr;
	found = calloc(ARRAY_SIZE(devices), sizeof(*found));
	if (!found)
		die_memory();
	for (i = 0, n = 0; i < (int)ARRAY_SIZE(devices); i++) {
		found[n] = devices[i];
		/* The host has no list, which gives all. */
		if (vc_current() != VC_ID_HOST) {
			found[n].access = 0;
			for (j = 0; j < nr; j++)
				if (own[j].type == devices[i].type &&
				    own[j].major == devices[i].major &&
				    (own[j].minor == devices[i].minor ||
				     own[j].minor == VC_DEVICE_ANY))
					found[n].access |= own[j].access &
							   devices[i].access;
		}
		if (found[n].access)
			n++;
	}
	free(own);
	*list = found;
	return n;
}

/* What is given goes over what it has. */
static int add_devices(struct plan *plan, int unused)
{
	const struct settings *set = plan->set;
	struct vc_device *list, *old = NULL;
	int i, j, n, ret;

	(void)unused;
	n = is_new(plan) ? default_devices(&old) :
			   vc_devices_get(plan->id, &old);
	if (n < 0)
		return n;
	list = calloc(n + set->nr_devices + 1, sizeof(*list));
	if (!list)
		die_memory();
	n = set->only_devices ? 0 : n;
	if (n)
		memcpy(list, old, n * sizeof(*list));
	for (i = 0; i < set->nr_devices; i++) {
		const struct vc_device *dev = &set->devices[i];

		for (j = 0; j < n; j++)
			if (list[j].type == dev->type &&
			    list[j].major == dev->major &&
			    list[j].minor == dev->minor)
				break;
		list[j] = *dev;
		if (j == n)
			n++;
	}
	ret = add_list(plan, SET(VC_CAT_VFS, VC_VFS_DEVICES, struct vc_devices),
		       list, n, sizeof(*list));
	free(list);
	free(old);
	return ret;
}

/* A call for those of each family and device. */
static int add_addr_calls(struct plan *plan, const struct address *list, int nr,
			  unsigned int command4, unsigned int command6)
{
	struct {
		struct vc_addr_req head;
		struct vc_ipv6_addr room[MAX_ADDRS];
	} call;
	bool done[MAX_ADDRS] = { false };
	size_t size;
	int i, j;

	for (i = 0; i < nr; i++) {
		if (done[i])
			continue;
		memset(&call, 0, sizeof(call));
		memcpy(call.head.vdev_name, list[i].dev, sizeof(list[i].dev));
		for (j = i; j < nr; j++) {
			if (done[j] || !address_goes_with(&list[j], &list[i]))
				continue;
			done[j] = true;
			if (list[i].v6)
				call.head.ipv6[call.head.count++] = list[j].ipv6;
			else
				call.head.ipv4[call.head.count++] = list[j].ipv4;
		}
		size = list[i].v6 ? sizeof(list[i].ipv6) : sizeof(list[i].ipv4);
		add(plan, SET(VC_CAT_NETADDR, list[i].v6 ? command6 : command4,
			      struct vc_addr_req), &call,
		    sizeof(call.head) + call.head.count * size, NULL);
	}
	return 0;
}

static void add_policy(struct plan *plan, __u32 policy)
{
	add(plan, SET(VC_CAT_NETADDR, VC_NETADDR_POLICY, __u32), &policy,
	    sizeof(policy), NULL);
}

static int add_no_addrs(struct plan *plan, int unused)
{
	(void)unused;
	return add_addr_calls(plan, plan->set->no_addrs, plan->set->nr_no_addrs,
			      VC_NETADDR_NO_IPV4, VC_NETADDR_NO_IPV6);
}

static int add_addrs(struct plan *plan, int unused)
{
	const struct settings *set = plan->set;

	(void)unused;
	/* opening drops what there was */
	if (set->which_addrs != ADDRS_MORE)
		add_policy(plan, VC_NETADDR_OPEN);
	if (set->which_addrs == ADDRS_ONLY)
		add_policy(plan, VC_NETADDR_CLOSED);
	return add_addr_calls(plan, set->addrs, set->nr_addrs, VC_NETADDR_IPV4,
			      VC_NETADDR_IPV6);
}

static int add_hostname(struct plan *plan, int unused)
{
	const char *name = plan->set->word[OPT_HOSTNAME - OPT_SETTING];
	struct vc_hostname host = { 0 };

	(void)unused;
	/* It fits, see parse_hostname(). */
	memcpy(host.name, name, strlen(name));
	return add(plan, SET(VC_CAT_CPU, VC_CPU_HOSTNAME, struct vc_hostname),
		   &host, sizeof(host), NULL);
}

static int add_root(struct plan *plan, int unused)
{
	const char *path = plan->set->word[OPT_ROOT - OPT_SETTING];
	struct vc_vfs_root root = {
		.path = (uintptr_t)path,
		.len = strlen(path),
	};

	(void)unused;
	if (given(plan->set, OPT_ROOT_RO))
		root.flags |= VC_ROOT_READONLY;
	if (given(plan->set, OPT_BARE))
		root.flags |= VC_ROOT_BARE;
	return add(plan, SET(VC_CAT_VFS, VC_VFS_ROOT, struct vc_vfs_root),
		   &root, sizeof(root), NULL);
}

static int add_binds(struct plan *plan, int unused)
{
	int i;

	(void)unused;
	for (i = 0; i < plan->set->nr_binds; i++) {
		const struct bind *from = &plan->set->bind[i];
		struct vc_bind bind = {
			.source = (uintptr_t)from->source,
			.target = (uintptr_t)from->target,
			.source_len = strlen(from->source),
			.target_len = strlen(from->target),
			.flags = from->readonly ? VC_BIND_READONLY : 0,
		};

		add(plan, SET(VC_CAT_VFS, VC_VFS_BIND, struct vc_bind), &bind,
		    sizeof(bind), from->source);
	}
	return 0;
}

static int add_vnets(struct plan *plan, int unused)
{
	int i;

	(void)unused;
	for (i = 0; i < plan->set->nr_vnets; i++)
		add(plan, SET(VC_CAT_VNET, VC_VNET_CREATE, struct vc_vnet),
		    &plan->set->vnet[i], sizeof(plan->set->vnet[i]),
		    plan->set->vnet_word[i]);
	return 0;
}

/* For the message: the device whose bandwidth cannot be read. */
static const char *bandwidth_word;

static int add_bandwidth(struct plan *plan, const struct bandwidth *bandwidth)
{
	const struct vc_vnet_qos *from = &bandwidth->qos;
	struct vc_vnet_qos qos = { 0 };
	bool made = is_new(plan);
	int i, ret;

	/* What is not given stays, of a device that is there. */
	for (i = 0; i < plan->set->nr_vnets; i++)
		made |= !strcmp(plan->set->vnet[i].vdev_name, from->vdev_name);
	ret = made ? 0 : vc_vnet_qos_get(plan->id, from->vdev_name, &qos);
	if (ret) {
		bandwidth_word = bandwidth->word;
		return ret;
	}
	memcpy(qos.vdev_name, from->vdev_name, sizeof(qos.vdev_name));
	if (bandwidth->has & BANDWIDTH_MAX)
		qos.max_bandwidth = from->max_bandwidth;
	if (bandwidth->has & BANDWIDTH_WARRANTED)
		qos.warranted_bandwidth = from->warranted_bandwidth;
	if (bandwidth->has & BANDWIDTH_UPLINK)
		memcpy(qos.uplink, from->uplink, sizeof(qos.uplink));
	return add(plan, SET(VC_CAT_VNET, VC_VNET_QOS, struct vc_vnet_qos),
		   &qos, sizeof(qos), bandwidth->word);
}

static int add_bandwidths(struct plan *plan, int unused)
{
	int i, ret = 0;

	(void)unused;
	for (i = 0; i < plan->set->nr_bandwidths && !ret; i++)
		ret = add_bandwidth(plan, &plan->set->bandwidth[i]);
	return ret;
}

/* Set with the root. */
static int add_nothing(struct plan *plan, int unused)
{
	(void)plan;
	(void)unused;
	return 0;
}

/*
 * In the order in which they are set; a disk limit takes a root, a bind too.
 *
 * @opt: the option, @also another one of the same command
 * @arg: for the functions
 * @add: adds the calls that set it; 0 or -errno
 * @hints: what to do about an errno, where message.c does not know better
 */
static const struct setting {
	int opt, also, arg;
	void (*parse)(struct settings *set, int arg, const char *word);
	int (*add)(struct plan *plan, int arg);
	struct {
		int error;
		const char *hint;
	} hints[3];
} settings[] = {
	{ OPT_PROCS, 0, LIMIT_TASKS, parse_count, add_limit, {} },
	{ OPT_FILES, 0, LIMIT_FILES, parse_count, add_limit, {} },
	{ OPT_TCP, 0, LIMIT_TCP, parse_count, add_limit, {} },
	{ OPT_MEMORY, 0, LIMIT_MEMORY, parse_bytes, add_limit, {
		{ EBUSY, "it uses more than can be reclaimed: see MEM in 'vcontext info', and end something inside" },
		{ EPERM, "a context above has less: see 'vcontext list --tree -o +MEMLIMIT'" },
	} },
	{ OPT_RESIDENT, 0, LIMIT_RESIDENT, parse_bytes, add_limit, {
		{ EBUSY, "it uses more than can be reclaimed: see RES in 'vcontext info', and end something inside" },
		{ EPERM, "a context above has less: see 'vcontext list --tree -o +RESLIMIT'" },
	} },
	{ OPT_OOM, 0, 0, parse_oom, add_oom, {} },
#define USAGE_HINTS { \
		{ ENOSPC, "guarantees add up to at most the parent's, or the CPUs: see 'vcontext list --tree -o +CPUMIN'" }, \
		{ EBUSY, "bandwidth does not hold back real-time tasks: set --sched normal too" }, \
		{ EPERM, "a context above has less: see 'vcontext list --tree -o +CPUMAX,CPUMIN'" }, \
	}
	{ OPT_CPU_MAX, OPT_CPU_MIN, LIFT, parse_cpu_max, add_usage, USAGE_HINTS },
	{ OPT_SCHED, 0, 0, parse_policy, add_sched, {
		{ EBUSY, "bandwidth does not hold back real-time tasks: set --cpu-max max too" },
		{ EPERM, "it cannot be better than that of a context above: see 'vcontext list --tree -o +SCHED'" },
	} },
	{ OPT_CPU_MIN, OPT_CPU_MAX, LIMIT, parse_cpu_min, add_usage, USAGE_HINTS },
	{ OPT_CPUS, 0, 0, parse_cpu_list, add_cpus, {
		{ EINVAL, "/sys/devices/system/cpu/possible tells which CPUs there are" },
		{ EPERM, "a context above has not all of them: see 'vcontext list --tree -o +CPUS'" },
	} },
	{ OPT_IO, 0, 0, parse_io, add_io, {
		{ ENODEV, "it takes a whole disk, no partition: see /proc/partitions" },
	} },
	{ OPT_CAPS, 0, 0, parse_caps, add_caps, {
		{ EPERM, "the parent lacks one of them: see 'vcontext list --tree -o +CAPS'" },
	} },
	{ OPT_MOUNTS, 0, 0, parse_mounts, add_mounts, {
		{ EPERM, "a context above does not have all of them: see 'vcontext list --tree -o +MOUNTS'" },
		{ EEXIST, "one is there twice" },
	} },
	{ OPT_DEVICE, 0, 0, parse_device, add_devices, {
		{ EPERM, "a context above has less: see 'vcontext list --tree -o +DEVICES'" },
	} },
	{ OPT_NO_ADDR, 0, 0, parse_no_addr, add_no_addrs, {
		{ ENOENT, "'vcontext info -o ADDRS' tells which there are" },
	} },
	{ OPT_ADDR, 0, 0, parse_addr, add_addrs, {
		{ EEXIST, "it is there already, or given twice" },
		{ EPERM, "a context above has not all of them: see 'vcontext list --tree -o +ADDRS'" },
		{ EINVAL, "the bits behind the length have to be zero: 10.0.0.0/8" },
	} },
	{ OPT_HOSTNAME, 0, 0, parse_hostname, add_hostname, {
		{ ENOENT, "a host name of its own takes --utsns when it is created" },
	} },
	{ OPT_ROOT, 0, 0, parse_word, add_root, {
		{ EBUSY, "it has a root already, or programs run in it: 'vcontext info' tells" },
	} },
	{ OPT_ROOT_RO, 0, 0, parse_word, add_nothing, {} },
	{ OPT_BARE, 0, 0, parse_word, add_nothing, {} },
#define DISK_HINTS { \
		{ ENOENT, "it limits what is below a root: give it one" }, \
		{ EBUSY, "nobody may be in it meanwhile, nor any other project be set below its root" }, \
		{ ENOSPC, "a context above has less left, or one below has more: see 'vcontext list --tree -o +DISKLIMIT,DISK,INODELIMIT,INODES'" }, \
	}
	{ OPT_DISK, OPT_INODES, OPT_DISK, parse_disk_size, add_disk, DISK_HINTS },
	{ OPT_INODES, 0, OPT_INODES, parse_inodes, add_disk,
	  DISK_HINTS },
	{ OPT_BIND, 0, 0, parse_bind, add_binds, {
		{ ENOENT, "something has to be there to be covered: make a directory, or a file for a file" },
	} },
	{ OPT_VNET, 0, 0, parse_vnet, add_vnets, {
		{ ENONET, "a network device takes --netns when the context is created" },
		{ EEXIST, "'ip link' tells which names are taken" },
		{ ENODEV, "'ip link' tells which devices there are to lie on" },
	} },
	{ OPT_BANDWIDTH, 0, 0, parse_bandwidth, add_bandwidths, {
		{ ENODEV, "'vcontext net' tells which devices there are" },
		{ ENOSPC, "see what others are warranted: 'vcontext net'" },
		{ EOPNOTSUPP, "say what the uplink has: 'vcontext net --capacity DEVICE=RATE'" },
	} },
};

static const char *option_name(int opt)
{
	const struct opt *o;

	for (o = settings_opts; o->val != opt; o++)
		;
	return o->name;
}

bool settings_option(struct settings *set, int val)
{
	size_t i;

	if (val == 'v')
		val = OPT_BIND;
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (settings[i].opt != val)
			continue;
		option = option_name(val);
		settings[i].parse(set, settings[i].arg, optarg);
		set->has |= 1U << (val - OPT_SETTING);
		set->word[val - OPT_SETTING] = optarg;
		return true;
	}
	return false;
}

static bool is_name(const char *word)
{
	const char *c;

	/* isalnum() would ask the locale. */
	for (c = word; *c; c++)
		if (!(*c >= 'A' && *c <= 'Z') && !(*c >= 'a' && *c <= 'z') &&
		    !(*c >= '0' && *c <= '9') && !strchr("._-", *c))
			return false;
	return *word;
}

void setup_name(struct setup *setup, const char *name)
{
	if (setup->create.name[0])
		die_usage("more than one name");
	if (!is_name(name))
		die_usage("'%s' is not a name: letters, digits, '.', '_', '-'",
			  name);
	if (strlen(name) >= sizeof(setup->create.name))
		die_usage("a name has at most %zu characters",
			  sizeof(setup->create.name) - 1);
	memcpy(setup->create.name, name, strlen(name) + 1);
}

void setup_id(struct setup *setup, const char *word)
{
	uint64_t n;

	if (setup->id != VC_ID_SELF)
		die_usage("more than one number");
	if (!parse_u64(word, VC_ID_MAX, &n) || !n)
		die_usage("'%s' is not a number from 1 to %u", word, VC_ID_MAX);
	setup->id = n;
}

bool setup_option(struct setup *setup, int val)
{
	uint64_t n;

	switch (val) {
	case OPT_NAME:
		setup_name(setup, optarg);
		return true;
	case OPT_ID:
		setup_id(setup, optarg);
		return true;
	case OPT_CHILDREN:
		if (!parse_u64(optarg, UINT32_MAX, &n))
			die_usage("'%s' is not a number of contexts", optarg);
		setup->create.children_max = n;
		return true;
	case OPT_NETNS ... OPT_EPHEMERAL:
		/* In the order of the flags. */
		setup->create.flags |= VC_CREATE_NETNS << (val - OPT_NETNS);
		return true;
	}
	return settings_option(&setup->set, val);
}

void settings_check(const struct settings *set)
{
	static const int with_root[] = { OPT_ROOT_RO, OPT_BARE, OPT_BIND };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(with_root); i++)
		if (given(set, with_root[i]) && !given(set, OPT_ROOT))
			die_usage("--%s takes --root DIR",
				  option_name(with_root[i]));
}

void setup_finish(struct setup *setup)
{
	settings_check(&setup->set);
	if (given(&setup->set, OPT_HOSTNAME))
		setup->create.flags |= VC_CREATE_UTSNS;
	if (given(&setup->set, OPT_VNET))
		setup->create.flags |= VC_CREATE_NETNS;
}

/* @refused is what of it, if it is one of several. */
static void complain_setting(int error, const struct settings *set,
			     const struct setting *s, const char *refused)
{
	bool one = given(set, s->opt), also = s->also && given(set, s->also);
	const char *word = set->word[s->opt - OPT_SETTING], *hint = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(s->hints); i++)
		if (s->hints[i].error == abs(error))
			hint = s->hints[i].hint;
	if (refused)
		word = refused;
	complain_hint(error, hint, "cannot set %s%s%s%s%s%s%s%s%s",
		      one ? "--" : "", one ? option_name(s->opt) : "",
		      one ? " " : "", one ? word : "",
		      one && also ? " " : "", also ? "--" : "",
		      also ? option_name(s->also) : "", also ? " " : "",
		      also ? set->word[s->also - OPT_SETTING] : "");
}

/* -1 and said so if it cannot be known what is to be set. */
static int plan_settings(struct plan *plan)
{
	const struct settings *set = plan->set;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		if (!given(set, s->opt) && !(s->also && given(set, s->also)))
			continue;
		plan->now = s;
		ret = s->add(plan, s->arg);
		if (ret) {
			complain_setting(ret, set, s,
					 s->opt == OPT_IO ? io_word :
					 s->opt == OPT_BANDWIDTH ?
					 bandwidth_word : NULL);
			return -1;
		}
	}
	return 0;
}

/* What the batch says, or -1 and said so; @what cannot be done without a plan. */
static int plan_run(struct plan *plan, const char *what)
{
	unsigned int failed;
	int ret = vc_batch_run(plan->batch, &failed);

	if (ret >= 0)
		return ret;
	if (failed < VC_BATCH_MAX && plan->by[failed])
		complain_setting(ret, plan->set, plan->by[failed],
				 plan->word[failed]);
	else
		complain_vc(ret, NULL, "%s", what);
	return -1;
}

int settings_apply(__u32 id, const struct settings *set)
{
	struct plan plan = { .id = id, .set = set };
	int ret;

	plan.batch = vc_batch_new();
	if (!plan.batch)
		die_memory();
	ret = plan_settings(&plan);
	if (!ret)
		ret = plan_run(&plan, "cannot set anything");
	vc_batch_free(plan.batch);
	return ret;
}

int setup_run(const struct setup *setup)
{
	struct plan plan = { .id = VC_ID_SELF, .set = &setup->set };
	int ret;

	plan.batch = vc_batch_new();
	if (!plan.batch)
		die_memory();
	/* The first one, so it fits. */
	if (vc_batch_add(plan.batch, SET(VC_CAT_CPU, VC_CPU_CONTEXT,
					 struct vc_create),
			 setup->id, &setup->create,
			 sizeof(setup->create)) < 0)
		die_memory();
	ret = plan_settings(&plan);
	if (!ret)
		ret = plan_run(&plan, "cannot create a context");
	vc_batch_free(plan.batch);
	return ret;
}
