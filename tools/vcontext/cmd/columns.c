// SPDX-License-Identifier: GPL-2.0
/*
 * One table of columns drives output, help, completion and JSON types.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

bool columns_bytes;

/* What a column needs to be read, as bits of row.has; limits come first. */
enum {
	NEED_CAPS = 1 << NR_LIMITS, NEED_HOST = NEED_CAPS << 1,
	NEED_USAGE = NEED_CAPS << 2, NEED_CPUS = NEED_CAPS << 3,
	NEED_SCHED = NEED_CAPS << 4, NEED_CPU = NEED_CAPS << 5,
	NEED_MEMORY = NEED_CAPS << 6, NEED_OOM = NEED_CAPS << 7,
	NEED_DISK = NEED_CAPS << 8, NEED_IO = NEED_CAPS << 9,
	NEED_ROOT = NEED_CAPS << 10, NEED_BINDS = NEED_CAPS << 11,
};

static const struct {
	const char *resource;
	int (*get)(__u32 id, struct vc_limit *limit);
} limits[] = {
	[LIMIT_TASKS] = { "tasks", vc_tasks_get },
	[LIMIT_FILES] = { "files", vc_files_get },
	[LIMIT_TCP] = { "tcp", vc_tcp_get },
	[LIMIT_MEMORY] = { "memory", vc_memory_get },
	[LIMIT_RESIDENT] = { "resident", vc_resident_get },
};

_Static_assert(ARRAY_SIZE(limits) == NR_LIMITS, "all limits can be read");

uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

char *boot_time_text(uint64_t ns, bool json)
{
	struct timespec real;
	char text[64];
	struct tm tm;
	time_t t;

	clock_gettime(CLOCK_REALTIME, &real);
	t = (int64_t)(real.tv_sec * 1000000000LL + real.tv_nsec - boot_ns() +
		      ns) / 1000000000;
	if (!localtime_r(&t, &tm) ||
	    !strftime(text, sizeof(text), json ? "%FT%T%z" : "%F %T", &tm))
		return NULL;
	return strdup(text);
}

static char *number(uint64_t n)
{
	char *text;

	if (asprintf(&text, "%llu", (unsigned long long)n) < 0)
		die_memory();
	return text;
}

/* With @digits decimals, but no zeroes at the end. */
static char *decimal(double value, int digits)
{
	char *text, *end;

	if (asprintf(&text, "%.*f", digits, value) < 0)
		die_memory();
	/* JSON knows the point alone. */
	for (end = text; *end; end++)
		if (*end == ',')
			*end = '.';
	while (end > text && end[-1] == '0' && strchr(text, '.'))
		*--end = 0;
	if (end > text && end[-1] == '.')
		end[-1] = 0;
	return text;
}

static char *size(uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	const char *unit = units;
	double value = bytes;
	char *text, *with;

	if (bytes < 1024)
		return number(bytes);
	/* 1023.96 would be rounded to what the next unit is for. */
	for (value /= 1024; value >= 1023.95 && unit[1]; unit++)
		value /= 1024;
	text = decimal(value, 1);
	if (asprintf(&with, "%s%c", text, *unit) < 0)
		die_memory();
	free(text);
	return with;
}

static char *words(uint32_t bits, const char *const *names, int n)
{
	char text[128] = "";
	int i;

	for (i = 0; i < n; i++)
		if (bits >> i & 1)
			sprintf(text + strlen(text), "%s%s", *text ? "," : "",
				names[i]);
	return *text ? strdup(text) : NULL;
}

static char *text_id(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return number(row->info.id);
}

static char *text_parent(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return number(row->info.parent);
}

static char *text_name(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return row->info.name[0] ?
		strndup(row->info.name, sizeof(row->info.name)) : NULL;
}

static char *text_procs(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return number(row->info.processes);
}

static char *text_tasks(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return number(row->info.tasks);
}

static uint64_t member(const struct row *row, size_t offset)
{
	__u64 value;

	memcpy(&value, (const char *)row + offset, sizeof(value));
	return value;
}

static char *text_count(const struct row *row, size_t offset, bool json)
{
	uint64_t n = member(row, offset);

	if (n == VC_UNLIMITED)
		return json ? NULL : strdup("max");
	return number(n);
}

static char *text_bytes(const struct row *row, size_t offset, bool json)
{
	uint64_t n = member(row, offset);

	if (json || columns_bytes || n == VC_UNLIMITED)
		return text_count(row, offset, json);
	return size(n);
}

static char *text_seconds(const struct row *row, size_t offset, bool json)
{
	char *text;
	uint64_t ms = member(row, offset) / 1000000;

	(void)json;
	if (asprintf(&text, "%llu.%03u", (unsigned long long)(ms / 1000),
		     (unsigned int)(ms % 1000)) < 0)
		die_memory();
	return text;
}

static char *text_percent(const struct row *row, size_t arg, bool json)
{
	uint64_t ns = row->read_ns - row->since_ns;
	uint64_t used = row->cpu.user_ns + row->cpu.system_ns;
	char *text;

	(void)arg;
	(void)json;
	used -= used < row->used_ns ? used : row->used_ns;
	used = ns ? used * 1000.0 / ns : 0;
	if (asprintf(&text, "%llu.%u", (unsigned long long)(used / 10),
		     (unsigned int)(used % 10)) < 0)
		die_memory();
	return text;
}

static char *text_cpu_max(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	if (!row->usage.max_usage)
		return json ? NULL : strdup("max");
	return decimal(row->usage.max_usage / 1000.0, 3);
}

static char *text_cpu_min(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return decimal(row->usage.min_usage / 1000.0, 3);
}

static char *text_cpus(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return cpus_text(row->cpus);
}

static char *text_sched(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return sched_text(&row->sched);
}

static char *text_oom(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return strdup(row->oom ? "context" : "process");
}

/* As --io takes it. */
static char *text_io(const struct row *row, size_t arg, bool json)
{
	char *text = NULL;
	size_t length, key;
	FILE *out;
	int i;

	(void)arg;
	if (!row->nr_io)
		return NULL;
	out = open_memstream(&text, &length);
	if (!out)
		die_memory();
	for (i = 0; i < row->nr_io; i++) {
		const struct vc_io *io = &row->io[i];
		char sep = ':';

		fprintf(out, "%s%u:%u", i ? " " : "", io->major, io->minor);
		for (key = 0; key < NR_IO_KEYS; key++) {
			__u64 n;
			char *value;

			memcpy(&n, (const char *)io + io_keys[key].offset,
			       sizeof(n));
			if (!n)
				continue;
			value = io_keys[key].bytes && !json && !columns_bytes ?
				size(n) : number(n);
			fprintf(out, "%c%s=%s", sep, io_keys[key].name, value);
			free(value);
			sep = ',';
		}
		if (io->weight)
			fprintf(out, "%cweight=%u", sep, io->weight);
	}
	if (fclose(out))
		die_memory();
	return text;
}

static char *text_state(const struct row *row, size_t arg, bool json)
{
	static const char *const names[] = { "stopped", "frozen", "dying" };
	char *text = words(row->info.state, names, ARRAY_SIZE(names));

	(void)arg;
	(void)json;
	return text ? text : strdup(row->info.tasks ? "running" : "empty");
}

static char *text_children(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return number(row->info.children);
}

static char *text_maxchildren(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return number(row->info.children_max);
}

static char *text_created(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	/* The host was not created. */
	if (!row->info.created_ns)
		return NULL;
	return boot_time_text(row->info.created_ns, json);
}

static char *text_age(const struct row *row, size_t arg, bool json)
{
	static const struct {
		char name;
		unsigned int next;
	} units[] = { { 's', 60 }, { 'm', 60 }, { 'h', 24 }, { 'd', 0 } };
	size_t i = 0;
	uint64_t s;
	char *text;

	(void)arg;
	if (!row->info.created_ns)
		return NULL;
	s = (row->read_ns - row->info.created_ns) / 1000000000;
	if (json)
		return number(s);
	while (i < ARRAY_SIZE(units) - 1 && s >= units[i].next) {
		s /= units[i].next;
		i++;
	}
	if (asprintf(&text, "%llu%c", (unsigned long long)s, units[i].name) < 0)
		die_memory();
	return text;
}

static char *text_flags(const struct row *row, size_t arg, bool json)
{
	static const char *const names[] = {
		"netns", "utsns", "ipcns", "pidns", "mntns", "cgroupns",
		"ephemeral",
	};

	(void)arg;
	(void)json;
	return words(row->info.flags, names, ARRAY_SIZE(names));
}

static char *text_hostname(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return row->hostname.name[0] ?
		strndup(row->hostname.name, sizeof(row->hostname.name)) : NULL;
}

static char *text_root(const struct row *row, size_t arg, bool json)
{
	static const char *const flags[] = { "ro", "bare" };
	char *with = words(row->root_flags, flags, ARRAY_SIZE(flags)), *text;

	(void)arg;
	(void)json;
	if (asprintf(&text, "%s%s%s", row->root, with ? ":" : "",
		     with ? with : "") < 0)
		die_memory();
	free(with);
	return text;
}

static char *text_binds(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return row->binds[0] ? strdup(row->binds) : NULL;
}

static char *text_caps(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return caps_text(row->caps);
}

static char *text_mounts(const struct row *row, size_t arg, bool json)
{
	char (*types)[VC_FSTYPE_SIZE], *text = NULL;
	int i, n = vc_mounts_get(row->info.id, &types);
	size_t length;
	FILE *out;

	(void)arg;
	(void)json;
	if (n <= 0)
		return NULL;
	out = open_memstream(&text, &length);
	if (!out)
		die_memory();
	for (i = 0; i < n; i++)
		fprintf(out, "%s%.*s", i ? "," : "", VC_FSTYPE_SIZE, types[i]);
	if (fclose(out))
		die_memory();
	free(types);
	return text;
}

/* As --device takes them. */
static char *text_devices(const struct row *row, size_t arg, bool json)
{
	struct vc_device *devices;
	int i, n = vc_devices_get(row->info.id, &devices);
	char *text = NULL;
	size_t length;
	FILE *out;

	(void)arg;
	(void)json;
	if (n <= 0)
		return NULL;
	out = open_memstream(&text, &length);
	if (!out)
		die_memory();
	for (i = 0; i < n; i++) {
		const struct vc_device *dev = &devices[i];

		fprintf(out, "%s%c:%u:", i ? " " : "", dev->type, dev->major);
		if (dev->minor == VC_DEVICE_ANY)
			fputc('*', out);
		else
			fprintf(out, "%u", dev->minor);
		fprintf(out, ":%s%s%s", dev->access & VC_DEVICE_READ ? "r" : "",
			dev->access & VC_DEVICE_WRITE ? "w" : "",
			dev->access & VC_DEVICE_MKNOD ? "m" : "");
	}
	if (fclose(out))
		die_memory();
	free(devices);
	return text;
}

static char *text_addrs(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return addresses_text(row->info.id);
}

static char *text_cgroup(const struct row *row, size_t arg, bool json)
{
	(void)arg;
	(void)json;
	return number(row->info.cgroup_id);
}

#define NUMBER(name, needs, text, arg, help) \
	{ name, 4, SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, needs, text, arg, NULL, \
	  help }
#define STRING(name, width, needs, text, help) \
	{ name, width, 0, SCOLS_JSON_STRING, needs, text, 0, NULL, help }
#define FIELD(member)	offsetof(struct row, member)
/* The four of a limit. */
#define LIMIT_COLUMN(name, which, member, text, resource, help) \
	{ name, 4, SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, 1 << (which), text, \
	  FIELD(limits[which].member), resource, help }
#define LIMIT_COLUMNS(max, used, prefix, which, text, name, max_help, help) \
	LIMIT_COLUMN(max, which, limit, text, name, max_help), \
	LIMIT_COLUMN(used, which, usage, text, "", help), \
	LIMIT_COLUMN(prefix "PEAK", which, peak, text, "", \
		     "highest of " used), \
	LIMIT_COLUMN(prefix "HITS", which, hits, text_count, "", \
		     "how often " max " was in the way")

static const struct {
	const char *name;
	double width;
	int flags, json, needs;
	char *(*text)(const struct row *row, size_t arg, bool json);
	size_t arg;
	const char *resource, *help;
} infos[] = {
	NUMBER("ID", 0, text_id, 0, "number"),
	NUMBER("PARENT", 0, text_parent, 0,
	       "number of its parent, 0 for the host"),
	STRING("NAME", 0.2, 0, text_name, "name"),
	NUMBER("PROCS", 0, text_procs, 0, "processes in it and below"),
	NUMBER("TASKS", 0, text_tasks, 0,
	       "processes and threads in it and below"),
	LIMIT_COLUMNS("LIMIT", "USAGE", "", LIMIT_TASKS, text_count, "tasks",
		      "how many tasks it may have",
		      "tasks charged, zombies included"),
	LIMIT_COLUMNS("FILESLIMIT", "FILES", "FILES", LIMIT_FILES, text_count,
		      "files", "how many files it may have open",
		      "open files"),
	LIMIT_COLUMNS("TCPLIMIT", "TCP", "TCP", LIMIT_TCP, text_count, "tcp",
		      "how many TCP connections it may have",
		      "established TCP connections"),
	LIMIT_COLUMNS("MEMLIMIT", "MEM", "MEM", LIMIT_MEMORY, text_bytes,
		      "memory", "how much memory and swap it may use",
		      "memory and swap used"),
	LIMIT_COLUMNS("RESLIMIT", "RES", "RES", LIMIT_RESIDENT, text_bytes,
		      "resident", "how much memory without swap it may use",
		      "memory used without swap"),
	STRING("OOM", 7, NEED_OOM, text_oom,
	       "what is killed when out of memory"),
	NUMBER("ANON", NEED_MEMORY, text_bytes, FIELD(memory.anon),
	       "anonymous memory"),
	NUMBER("FILE", NEED_MEMORY, text_bytes, FIELD(memory.file),
	       "page cache"),
	NUMBER("KERNEL", NEED_MEMORY, text_bytes, FIELD(memory.kernel),
	       "what the kernel has for it"),
	NUMBER("SWAP", NEED_MEMORY, text_bytes, FIELD(memory.swap),
	       "memory swapped out"),
	NUMBER("SHMEM", NEED_MEMORY, text_bytes, FIELD(memory.shmem),
	       "shared memory and tmpfs"),
	NUMBER("OOMKILLS", NEED_MEMORY, text_count, FIELD(memory.oom_kills),
	       "processes killed when out of memory"),
	NUMBER("CPUMAX", NEED_USAGE, text_cpu_max, 0,
	       "how many CPUs' time it may use"),
	NUMBER("CPUMIN", NEED_USAGE, text_cpu_min, 0,
	       "how many CPUs' time it is guaranteed"),
	NUMBER("PCPU", NEED_CPU, text_percent, 0,
	       "CPU time used, in % of one CPU: since its creation, in stat of late"),
	NUMBER("USER", NEED_CPU, text_seconds, FIELD(cpu.user_ns),
	       "seconds in user mode"),
	NUMBER("SYSTEM", NEED_CPU, text_seconds, FIELD(cpu.system_ns),
	       "seconds in the kernel"),
	NUMBER("PERIODS", NEED_CPU, text_count, FIELD(cpu.periods),
	       "periods in which CPUMAX was enforced"),
	NUMBER("THROTTLED", NEED_CPU, text_count, FIELD(cpu.throttled),
	       "in how many of them it was stopped"),
	NUMBER("THROTTLETIME", NEED_CPU, text_seconds, FIELD(cpu.throttled_ns),
	       "for how many seconds, on all CPUs"),
	STRING("CPUS", 0.1, NEED_CPUS, text_cpus, "what it may run on"),
	STRING("SCHED", 6, NEED_SCHED, text_sched,
	       "policy, and nice value or priority"),
	NUMBER("DISKLIMIT", NEED_DISK, text_bytes, FIELD(disk.bytes_limit),
	       "how much may be below its root"),
	NUMBER("DISK", NEED_DISK, text_bytes, FIELD(disk.bytes_usage),
	       "how much is, as long as there is a limit"),
	NUMBER("INODELIMIT", NEED_DISK, text_count, FIELD(disk.inodes_limit),
	       "how many files may be below its root"),
	NUMBER("INODES", NEED_DISK, text_count, FIELD(disk.inodes_usage),
	       "how many are, as long as there is a limit"),
	STRING("IO", 0.2, NEED_IO, text_io, "limits of disks, per second"),
	STRING("STATE", 7, 0, text_state,
	       "running, empty, stopped, frozen, dying"),
	NUMBER("CHILDREN", 0, text_children, 0, "contexts below it"),
	NUMBER("MAXCHILDREN", 0, text_maxchildren, 0,
	       "how many contexts may be below it"),
	STRING("CREATED", 19, 0, text_created, "when it was created"),
	NUMBER("AGE", 0, text_age, 0, "how long ago; in JSON seconds"),
	STRING("FLAGS", 0.2, 0, text_flags, "its own namespaces, ephemeral"),
	STRING("HOSTNAME", 0.1, NEED_HOST, text_hostname, "its own host name"),
	STRING("ROOT", 0.2, NEED_ROOT, text_root, "its own root directory"),
	STRING("BINDS", 0.2, NEED_BINDS, text_binds,
	       "what has been bound below the root"),
	STRING("CAPS", 0.2, NEED_CAPS, text_caps, "capability ceiling"),
	STRING("MOUNTS", 0.1, 0, text_mounts, "file systems it may mount"),
	STRING("DEVICES", 0.2, 0, text_devices, "devices it may use"),
	STRING("ADDRS", 0.2, 0, text_addrs, "addresses that sockets may have"),
	NUMBER("CGROUPID", 0, text_cgroup, 0,
	       "id of its cgroup, never used again"),
};

_Static_assert(ARRAY_SIZE(infos) <=
	       sizeof(((struct columns *)0)->index) / sizeof(int),
	       "struct columns holds all of them once");

const char *column_name(int index)
{
	return infos[index].name;
}

bool column_has(int index, const struct row *row)
{
	return !(infos[index].needs & ~row->has);
}

char *column_text(int index, const struct row *row, bool json)
{
	if (!column_has(index, row))
		return NULL;
	return infos[index].text(row, infos[index].arg, json);
}

const char *column_resource(int index)
{
	return infos[index].resource;
}

void columns_parse(struct columns *columns, const char *list)
{
	char *copy = strdup(list + (*list == '+')), *rest = copy, *word;
	size_t i;

	if (!copy)
		die_memory();
	if (*list != '+')
		columns->n = 0;
	while ((word = strsep(&rest, ","))) {
		for (i = 0; i < ARRAY_SIZE(infos); i++)
			if (!strcasecmp(word, infos[i].name))
				break;
		if (i == ARRAY_SIZE(infos))
			die_usage("'%s' is not a column", word);
		if (columns->n == ARRAY_SIZE(columns->index))
			die_usage("too many columns");
		columns->index[columns->n++] = i;
	}
	free(copy);
}

void columns_all(struct columns *columns)
{
	columns->n = 0;
	while (columns->n < (int)ARRAY_SIZE(infos)) {
		columns->index[columns->n] = columns->n;
		columns->n++;
	}
}

void columns_help(void)
{
	size_t i;

	printf("\nColumns:\n");
	for (i = 0; i < ARRAY_SIZE(infos); i++)
		printf("  %-12s %s\n", infos[i].name, infos[i].help);
}

void columns_words(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(infos); i++)
		puts(infos[i].name);
}

/* Disks on which this context has limits of its own. */
static void read_io(__u32 id, struct row *row)
{
	DIR *dir = opendir("/sys/dev/block");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && row->nr_io < MAX_DISKS) {
		struct vc_io io = { 0 };
		char path[300];

		if (sscanf(entry->d_name, "%u:%u", &io.major, &io.minor) != 2)
			continue;
		snprintf(path, sizeof(path), "%s/partition", entry->d_name);
		if (!faccessat(dirfd(dir), path, F_OK, 0))
			continue;
		if (!vc_io_get(id, &io) && (io.rbps || io.wbps || io.riops ||
					    io.wiops || io.weight))
			row->io[row->nr_io++] = io;
	}
	if (dir)
		closedir(dir);
}

/* Targets, with commas between them, as far as there is room. */
static int read_binds(__u32 id, struct row *row)
{
	char (*targets)[VC_TARGET_SIZE];
	int i, n = vc_bind_targets(id, &targets);

	for (i = 0; i < n; i++) {
		size_t len = strlen(row->binds);

		snprintf(row->binds + len, sizeof(row->binds) - len, "%s%s",
			 i ? "," : "", targets[i]);
	}
	free(targets);
	return n < 0 ? n : 0;
}

/* One of the @needs, which is 1 << @n. */
static int read_one(__u32 id, unsigned int n, struct row *row)
{
	__u64 caps;
	int ret;

	if (n < NR_LIMITS)
		return limits[n].get(id, &row->limits[n]);
	switch (1U << n) {
	case NEED_CAPS:
		ret = vc_caps_get(id, &caps);
		row->caps = caps;
		return ret;
	case NEED_HOST:
		return vc_hostname_get(id, &row->hostname);
	case NEED_USAGE:
		return vc_cpu_usage_get(id, &row->usage);
	case NEED_CPUS:
		return vc_cpuset_get(id, row->cpus, sizeof(row->cpus));
	case NEED_SCHED:
		return vc_sched_get(id, &row->sched);
	case NEED_CPU:
		return vc_cpu_stat_get(id, &row->cpu);
	case NEED_MEMORY:
		return vc_memory_stat_get(id, &row->memory);
	case NEED_OOM:
		ret = vc_oom_get(id);
		row->oom = ret > 0;
		return ret < 0 ? ret : 0;
	case NEED_ROOT:
		ret = vc_root_get(id, row->root, sizeof(row->root),
				  &row->root_flags);
		return ret < 0 ? ret : 0;
	case NEED_BINDS:
		return read_binds(id, row);
	case NEED_DISK:
		return vc_disk_get(id, &row->disk);
	default:
		ret = vc_version(VC_CAT_VFS, VC_VFS_IO);
		if (ret > 0)
			read_io(id, row);
		return ret < 0 ? ret : 0;
	}
}

int row_read(__u32 id, const struct columns *columns, struct row *row)
{
	unsigned int n, needs = 0;
	int i, ret;

	memset(row, 0, sizeof(*row));
	for (i = 0; i < columns->n; i++)
		needs |= infos[columns->index[i]].needs;
	ret = vc_context_info(id, &row->info);
	for (n = 0; !ret && needs >> n; n++) {
		if (!(needs >> n & 1))
			continue;
		ret = read_one(id, n, row);
		if (!ret)
			row->has |= 1U << n;
		/* What a context or a kernel does not have is left empty. */
		else if (ret == -EOPNOTSUPP || ret == -ENOENT)
			ret = 0;
	}
	row->read_ns = boot_ns();
	row->since_ns = row->info.created_ns;
	return ret;
}

struct libscols_table *table_new(const char *name,
				 const struct columns *columns, bool tree)
{
	struct libscols_table *table;
	bool done = false;
	int i;

	scols_init_debug(0);
	table = scols_new_table();
	if (!table)
		die_memory();
	scols_table_set_name(table, name);
	for (i = 0; i < columns->n; i++) {
		int index = columns->index[i], flags = infos[index].flags;
		struct libscols_column *column;

		if (tree && !done && !strcmp(infos[index].name, "ID")) {
			flags = SCOLS_FL_TREE;
			done = true;
		}
		column = scols_table_new_column(table, infos[index].name,
						infos[index].width, flags);
		if (!column)
			die_memory();
		scols_column_set_json_type(column, infos[index].json);
	}
	return table;
}

struct libscols_line *table_add(struct libscols_table *table,
				struct libscols_line *parent,
				const struct columns *columns,
				const struct row *row, bool json)
{
	struct libscols_line *line = scols_table_new_line(table, parent);
	int i;

	if (!line)
		die_memory();
	for (i = 0; i < columns->n; i++) {
		char *text = column_text(columns->index[i], row, json);

		if (text && scols_line_refer_data(line, i, text))
			die_memory();
	}
	return line;
}
