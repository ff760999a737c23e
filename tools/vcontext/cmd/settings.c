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
	{ OPT_HOSTNAME, "hostname", "NAME", "host name, in a UTS namespace of its own" },
	{ OPT_ROOT, "root", "DIR", "make DIR its root directory" },
	{ OPT_ROOT_RO, "root-ro", NULL, "nothing can be written to the root" },
	{ OPT_BARE, "bare", NULL, "without proc, dev and sys in the root" },
	{ OPT_BIND, "bind", "PATH:TARGET[:ro]",
	  "let PATH appear at TARGET in the root" },
	{ 'v', "volume", "PATH:TARGET[:ro]", "the same" },
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

/* ---- setting ---- */

/* What was there before. */
struct saved {
	struct vc_limit limit[NR_LIMITS];
	int oom;
	struct vc_cpu_usage usage;
	int usage_when;
	unsigned char cpus[CPUS_BYTES];
	bool all_cpus;
	struct vc_sched sched;
	struct vc_disk disk;
	struct vc_io io[MAX_IO];
	int nr_io;
	__u64 caps;
	char (*mounts)[VC_FSTYPE_SIZE];
	int nr_mounts;
	struct vc_device *devices;
	int nr_devices;
	struct vc_hostname hostname;
};

static bool given(const struct settings *set, int opt)
{
	return set->has >> (opt - OPT_SETTING) & 1;
}

static const struct {
	int (*get)(__u32 id, struct vc_limit *limit);
	int (*set)(__u32 id, __u64 limit);
} limits[] = {
	[LIMIT_TASKS] = { vc_tasks_get, vc_tasks_set },
	[LIMIT_FILES] = { vc_files_get, vc_files_set },
	[LIMIT_TCP] = { vc_tcp_get, vc_tcp_set },
	[LIMIT_MEMORY] = { vc_memory_get, vc_memory_set },
	[LIMIT_RESIDENT] = { vc_resident_get, vc_resident_set },
};

static int apply_limit(__u32 id, const struct settings *set, struct saved *old,
		       int limit)
{
	int ret = limits[limit].get(id, &old->limit[limit]);

	return ret ? ret : limits[limit].set(id, set->limit[limit]);
}

static void undo_limit(__u32 id, const struct saved *old, int limit)
{
	limits[limit].set(id, old->limit[limit].limit);
}

static int apply_oom(__u32 id, const struct settings *set, struct saved *old,
		     int unused)
{
	(void)unused;
	old->oom = vc_oom_get(id);
	return old->oom < 0 ? old->oom : vc_oom_set(id, set->oom);
}

static void undo_oom(__u32 id, const struct saved *old, int unused)
{
	(void)unused;
	vc_oom_set(id, old->oom);
}

/*
 * A ceiling and a real-time policy exclude each other, so that it is lifted
 * before the policy is set and set after it.
 */
enum { LIFT, LIMIT };

static int apply_usage(__u32 id, const struct settings *set, struct saved *old,
		       int when)
{
	bool lifts = given(set, OPT_CPU_MAX) && !set->cpu_max;
	struct vc_cpu_usage usage;
	int ret;

	if (lifts ? when != LIFT : when == LIFT)
		return 0;
	ret = vc_cpu_usage_get(id, &usage);
	if (ret < 0)
		return ret;
	old->usage = usage;
	old->usage_when = when;
	if (given(set, OPT_CPU_MAX))
		usage.max_usage = set->cpu_max;
	if (given(set, OPT_CPU_MIN))
		usage.min_usage = set->cpu_min;
	return vc_cpu_usage_set(id, &usage);
}

static void undo_usage(__u32 id, const struct saved *old, int when)
{
	if (old->usage_when == when)
		vc_cpu_usage_set(id, &old->usage);
}

static int apply_sched(__u32 id, const struct settings *set, struct saved *old,
		       int unused)
{
	int ret = vc_sched_get(id, &old->sched);

	(void)unused;
	return ret ? ret : vc_sched_set(id, &set->sched);
}

static void undo_sched(__u32 id, const struct saved *old, int unused)
{
	(void)unused;
	vc_sched_set(id, &old->sched);
}

static int apply_cpus(__u32 id, const struct settings *set, struct saved *old,
		      int unused)
{
	unsigned char parents[CPUS_BYTES];
	struct vc_info info;
	int ret;

	(void)unused;
	ret = vc_cpuset_get(id, old->cpus, CPUS_BYTES);
	if (!ret)
		ret = vc_context_info(id, &info);
	if (ret < 0)
		return ret;
	/* All that the parent has is no set of its own, as far as we see. */
	old->all_cpus = !vc_cpuset_get(info.parent, parents, CPUS_BYTES) &&
		!memcmp(parents, old->cpus, CPUS_BYTES);
	return vc_cpuset_set(id, set->all_cpus ? NULL : set->cpus,
			     set->all_cpus ? 0 : CPUS_BYTES);
}

static void undo_cpus(__u32 id, const struct saved *old, int unused)
{
	(void)unused;
	vc_cpuset_set(id, old->all_cpus ? NULL : old->cpus,
		      old->all_cpus ? 0 : CPUS_BYTES);
}

/* Both at once, whichever is given: the second entry has nothing to do. */
static int apply_disk(__u32 id, const struct settings *set, struct saved *old,
		      int opt)
{
	struct vc_disk disk;
	int ret;

	if (opt == OPT_INODES)
		return 0;
	ret = vc_disk_get(id, &disk);
	if (ret)
		return ret;
	old->disk = disk;
	if (given(set, OPT_DISK))
		disk.bytes_limit = set->disk.bytes_limit;
	if (given(set, OPT_INODES))
		disk.inodes_limit = set->disk.inodes_limit;
	return vc_disk_set(id, &disk);
}

static void undo_disk(__u32 id, const struct saved *old, int opt)
{
	if (opt == OPT_DISK)
		vc_disk_set(id, &old->disk);
}

/* For the message: the disk that is refused. */
static const char *io_word;

static void undo_io(__u32 id, const struct saved *old, int unused)
{
	int i;

	(void)unused;
	for (i = old->nr_io - 1; i >= 0; i--)
		vc_io_set(id, &old->io[i]);
}

static int apply_io(__u32 id, const struct settings *set, struct saved *old,
		    int unused)
{
	size_t key;
	int i;

	(void)unused;
	old->nr_io = 0;
	for (i = 0; i < set->nr_io; i++) {
		const struct io_change *change = &set->io[i];
		struct vc_io io = change->io;
		int ret;

		/* What is not given stays. */
		ret = vc_io_get(id, &io);
		if (!ret) {
			old->io[i] = io;
			for (key = 0; key < ARRAY_SIZE(io_keys); key++)
				if (change->has >> key & 1)
					memcpy((char *)&io + io_keys[key].offset,
					       (char *)&change->io +
					       io_keys[key].offset,
					       sizeof(__u64));
			if (change->has >> IO_WEIGHT & 1)
				io.weight = change->io.weight;
			ret = vc_io_set(id, &io);
		}
		if (ret < 0) {
			io_word = change->word;
			return ret;
		}
		old->nr_io++;
	}
	return 0;
}

static int apply_caps(__u32 id, const struct settings *set, struct saved *old,
		      int unused)
{
	uint64_t caps;
	int ret;

	(void)unused;
	ret = vc_caps_get(id, &old->caps);
	if (!ret)
		ret = caps_resolve(id, &set->caps, &caps);
	return ret ? ret : vc_caps_set(id, caps);
}

static void undo_caps(__u32 id, const struct saved *old, int unused)
{
	(void)unused;
	vc_caps_set(id, old->caps);
}

static int apply_mounts(__u32 id, const struct settings *set,
			struct saved *old, int unused)
{
	(void)unused;
	old->nr_mounts = vc_mounts_get(id, &old->mounts);
	return old->nr_mounts < 0 ? old->nr_mounts :
		vc_mounts_set(id, set->mounts, set->nr_mounts);
}

static void undo_mounts(__u32 id, const struct saved *old, int unused)
{
	(void)unused;
	vc_mounts_set(id, old->mounts, old->nr_mounts);
}

/* What is given goes over what it has. */
static int apply_devices(__u32 id, const struct settings *set,
			 struct saved *old, int unused)
{
	struct vc_device *list;
	int i, j, n, ret;

	(void)unused;
	old->nr_devices = vc_devices_get(id, &old->devices);
	if (old->nr_devices < 0)
		return old->nr_devices;
	list = calloc(old->nr_devices + set->nr_devices + 1, sizeof(*list));
	if (!list)
		die_memory();
	n = set->only_devices ? 0 : old->nr_devices;
	memcpy(list, old->devices, n * sizeof(*list));
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
	ret = vc_devices_set(id, list, n);
	free(list);
	return ret;
}

static void undo_devices(__u32 id, const struct saved *old, int unused)
{
	(void)unused;
	vc_devices_set(id, old->devices, old->nr_devices);
}

static int apply_hostname(__u32 id, const struct settings *set,
			  struct saved *old, int unused)
{
	int ret = vc_hostname_get(id, &old->hostname);

	(void)unused;
	return ret ? ret :
		vc_hostname_set(id, set->word[OPT_HOSTNAME - OPT_SETTING]);
}

static void undo_hostname(__u32 id, const struct saved *old, int unused)
{
	(void)unused;
	vc_hostname_set(id, old->hostname.name);
}

static int apply_root(__u32 id, const struct settings *set, struct saved *old,
		      int unused)
{
	(void)old;
	(void)unused;
	return vc_root_set(id, set->word[OPT_ROOT - OPT_SETTING],
			   (given(set, OPT_ROOT_RO) ? VC_ROOT_READONLY : 0) |
			   (given(set, OPT_BARE) ? VC_ROOT_BARE : 0));
}

static void undo_root(__u32 id, const struct saved *old, int unused)
{
	(void)old;
	(void)unused;
	vc_root_remove(id);
}

/* For the message: the bind that is refused. */
static const char *bind_word;

static int apply_binds(__u32 id, const struct settings *set, struct saved *old,
		       int unused)
{
	const struct bind *bind;
	int i, ret = 0;

	(void)old;
	(void)unused;
	for (i = 0; i < set->nr_binds && !ret; i++) {
		bind = &set->bind[i];
		bind_word = bind->source;
		ret = vc_bind_add(id, bind->source, bind->target,
				  bind->readonly ? VC_BIND_READONLY : 0);
	}
	return ret;
}

static int apply_nothing(__u32 id, const struct settings *set,
			 struct saved *old, int unused)
{
	(void)id;
	(void)set;
	(void)old;
	(void)unused;
	return 0;
}

/* A bind goes with its root alone: they are set together. */
static void undo_nothing(__u32 id, const struct saved *old, int unused)
{
	(void)id;
	(void)old;
	(void)unused;
}

/*
 * In the order in which they are applied.
 *
 * @opt: the option, @also another one of the same command
 * @arg: for the functions
 * @hints: what to do about an errno, where message.c does not know better
 */
static const struct setting {
	int opt, also, arg;
	void (*parse)(struct settings *set, int arg, const char *word);
	int (*apply)(__u32 id, const struct settings *set, struct saved *old,
		     int arg);
	void (*undo)(__u32 id, const struct saved *old, int arg);
	struct {
		int error;
		const char *hint;
	} hints[3];
} settings[] = {
	{ OPT_PROCS, 0, LIMIT_TASKS, parse_count, apply_limit, undo_limit, {} },
	{ OPT_FILES, 0, LIMIT_FILES, parse_count, apply_limit, undo_limit, {} },
	{ OPT_TCP, 0, LIMIT_TCP, parse_count, apply_limit, undo_limit, {} },
	{ OPT_MEMORY, 0, LIMIT_MEMORY, parse_bytes, apply_limit, undo_limit, {
		{ EBUSY, "it uses more than can be reclaimed: see MEM in 'vcontext info', and end something inside" },
		{ EPERM, "a context above has less: see 'vcontext list --tree -o +MEMLIMIT'" },
	} },
	{ OPT_RESIDENT, 0, LIMIT_RESIDENT, parse_bytes, apply_limit,
	  undo_limit, {
		{ EBUSY, "it uses more than can be reclaimed: see RES in 'vcontext info', and end something inside" },
		{ EPERM, "a context above has less: see 'vcontext list --tree -o +RESLIMIT'" },
	} },
	{ OPT_OOM, 0, 0, parse_oom, apply_oom, undo_oom, {} },
#define USAGE_HINTS { \
		{ ENOSPC, "guarantees add up to at most the parent's, or the CPUs: see 'vcontext list --tree -o +CPUMIN'" }, \
		{ EBUSY, "bandwidth does not hold back real-time tasks: set --sched normal too" }, \
		{ EPERM, "a context above has less: see 'vcontext list --tree -o +CPUMAX,CPUMIN'" }, \
	}
	{ OPT_CPU_MAX, OPT_CPU_MIN, LIFT, parse_cpu_max, apply_usage,
	  undo_usage, USAGE_HINTS },
	{ OPT_SCHED, 0, 0, parse_policy, apply_sched, undo_sched, {
		{ EBUSY, "bandwidth does not hold back real-time tasks: set --cpu-max max too" },
		{ EPERM, "it cannot be better than that of a context above: see 'vcontext list --tree -o +SCHED'" },
	} },
	{ OPT_CPU_MIN, OPT_CPU_MAX, LIMIT, parse_cpu_min, apply_usage,
	  undo_usage, USAGE_HINTS },
	{ OPT_CPUS, 0, 0, parse_cpu_list, apply_cpus, undo_cpus, {
		{ EINVAL, "/sys/devices/system/cpu/possible tells which CPUs there are" },
		{ EPERM, "a context above has not all of them: see 'vcontext list --tree -o +CPUS'" },
	} },
#define DISK_HINTS { \
		{ ENOENT, "it limits what is below a root: give it one" }, \
		{ EBUSY, "nobody may be in it meanwhile, nor any other project be set below its root" }, \
		{ ENOSPC, "a context above has less left, or one below has more: see 'vcontext list --tree -o +DISKLIMIT,DISK,INODELIMIT,INODES'" }, \
	}
	{ OPT_DISK, OPT_INODES, OPT_DISK, parse_disk_size, apply_disk,
	  undo_disk, DISK_HINTS },
	{ OPT_INODES, 0, OPT_INODES, parse_inodes, apply_disk, undo_disk,
	  DISK_HINTS },
	{ OPT_IO, 0, 0, parse_io, apply_io, undo_io, {
		{ ENODEV, "it takes a whole disk, no partition: see /proc/partitions" },
	} },
	{ OPT_CAPS, 0, 0, parse_caps, apply_caps, undo_caps, {
		{ EPERM, "the parent lacks one of them: see 'vcontext list --tree -o +CAPS'" },
	} },
	{ OPT_MOUNTS, 0, 0, parse_mounts, apply_mounts, undo_mounts, {
		{ EPERM, "a context above does not have all of them: see 'vcontext list --tree -o +MOUNTS'" },
		{ EEXIST, "one is there twice" },
	} },
	{ OPT_DEVICE, 0, 0, parse_device, apply_devices, undo_devices, {
		{ EPERM, "a context above has less: see 'vcontext list --tree -o +DEVICES'" },
	} },
	{ OPT_HOSTNAME, 0, 0, parse_hostname, apply_hostname, undo_hostname, {
		{ ENOENT, "a host name of its own takes --utsns when it is created" },
	} },
	{ OPT_ROOT, 0, 0, parse_word, apply_root, undo_root, {
		{ EBUSY, "it has a root already, or programs run in it: 'vcontext info' tells" },
	} },
	{ OPT_ROOT_RO, 0, 0, parse_word, apply_nothing, undo_nothing, {} },
	{ OPT_BARE, 0, 0, parse_word, apply_nothing, undo_nothing, {} },
	{ OPT_BIND, 0, 0, parse_bind, apply_binds, undo_nothing, {
		{ ENOENT, "something has to be there to be covered: make a directory, or a file for a file" },
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
}

static void complain_setting(int error, const struct settings *set,
			     const struct setting *s)
{
	bool one = given(set, s->opt), also = s->also && given(set, s->also);
	const char *word = set->word[s->opt - OPT_SETTING], *hint = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(s->hints); i++)
		if (s->hints[i].error == abs(error))
			hint = s->hints[i].hint;
	if (s->opt == OPT_IO)
		word = io_word;
	if (s->opt == OPT_BIND)
		word = bind_word;
	complain_hint(error, hint, "cannot set %s%s%s%s%s%s%s%s%s",
		      one ? "--" : "", one ? option_name(s->opt) : "",
		      one ? " " : "", one ? word : "",
		      one && also ? " " : "", also ? "--" : "",
		      also ? option_name(s->also) : "", also ? " " : "",
		      also ? set->word[s->also - OPT_SETTING] : "");
}

int settings_apply(__u32 id, const struct settings *set)
{
	struct saved old = { .usage_when = -1 };
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		if (!given(set, s->opt) && !(s->also && given(set, s->also)))
			continue;
		ret = s->apply(id, set, &old, s->arg);
		if (!ret)
			continue;
		complain_setting(ret, set, s);
		/* Some of the disks may be set. */
		if (s->opt == OPT_IO)
			undo_io(id, &old, 0);
		goto undo;
	}
	ret = 0;
	goto out;

undo:
	while (i--) {
		const struct setting *s = &settings[i];

		if (given(set, s->opt) || (s->also && given(set, s->also)))
			s->undo(id, &old, s->arg);
	}
	ret = -1;
out:
	free(old.mounts);
	free(old.devices);
	return ret;
}
