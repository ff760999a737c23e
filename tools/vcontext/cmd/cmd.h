/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CMD_H
#define CMD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vcontext.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit status, beside that of the program that run and exec start. */
enum {
	EXIT_FAIL	= 1,
	EXIT_USAGE	= 2,
	EXIT_TOOL	= 125,	/* run and exec: failed before the program */
	EXIT_NOEXEC	= 126,	/* the program could not be executed */
	EXIT_NOPROG	= 127,	/* there is no such program */
};

/* ---- commands and their options: help and completion come from here ---- */

/**
 * struct opt - an option
 * @val: its letter, or one of OPT_* if it has none; 0 ends a table
 * @name: long name
 * @arg: what its argument is called in the help, NULL for none; also tells
 *	completion what to offer
 * @help: what it does
 */
struct opt {
	int val;
	const char *name, *arg, *help;
};

enum {
	OPT_FIRST = 256,
	OPT_NAME, OPT_ID, OPT_CHILDREN, OPT_NETNS, OPT_UTSNS, OPT_IPCNS,
	OPT_PIDNS, OPT_MNTNS, OPT_CGROUPNS, OPT_EPHEMERAL,
	/* what settings.c has a table of */
	OPT_SETTING, OPT_PROCS = OPT_SETTING, OPT_FILES, OPT_TCP, OPT_MEMORY,
	OPT_RESIDENT, OPT_OOM, OPT_CPU_MAX, OPT_CPU_MIN, OPT_CPUS, OPT_SCHED,
	OPT_IO, OPT_CAPS, OPT_MOUNTS, OPT_DEVICE, OPT_HOSTNAME, OPT_ROOT,
	OPT_ROOT_RO, OPT_BARE, OPT_BIND, OPT_DISK, OPT_INODES, OPT_ADDR,
	OPT_NO_ADDR, OPT_VNET, OPT_BANDWIDTH,
	OPT_SETTINGS,
	OPT_TREE = OPT_SETTINGS, OPT_OFF, OPT_KILL, OPT_EXEC, OPT_WAIT,
	OPT_UID, OPT_GID, OPT_COMM, OPT_EXE,
};

/**
 * struct command - a subcommand
 * @name: how it is called
 * @args: its operands, for the help
 * @summary: one line
 * @opts: tables of options, NULL at the end
 * @run: does it and returns the exit status
 * @operand: what completion offers: "context", "contexts", "program" or NULL
 * @failure: exit status when it fails
 * @usage: exit status when it is called wrongly
 * @program: options end at the first operand
 * @hidden: not in the help
 */
struct command {
	const char *name, *args, *summary;
	const struct opt *opts[4];
	int (*run)(int argc, char **argv);
	const char *operand;
	int failure, usage;
	bool program, hidden;
};

extern const struct command cmd_create, cmd_run, cmd_exec, cmd_list, cmd_info,
	cmd_stat, cmd_net, cmd_set, cmd_kill, cmd_stop, cmd_freeze, cmd_thaw,
	cmd_events, cmd_destroy, cmd_version, cmd_complete, cmd_rule;
extern const struct command *const commands[];

/* The one that runs. */
extern const struct command *command;

/* Next option, -1 after the last; a wrong one ends the program. */
int next_option(int argc, char **argv);

/* ---- messages ---- */

#define __printf(fmt, args) __attribute__((format(printf, fmt, args)))

/* Without errno: for what is not the consequence of a failed call. */
void complain(const char *fmt, ...) __printf(1, 2);
/* With the text of @error (either sign). */
void complain_errno(int error, const char *fmt, ...) __printf(2, 3);
/*
 * For a failed virtual_context(2), to be called right after it: with the
 * kernel's sentence, from @why or of the last call, and what to do about it.
 */
void complain_vc(int error, const struct vc_error *why, const char *fmt, ...)
	__printf(3, 4);
/* The same of the last call, where @hint, unless NULL, knows better. */
void complain_hint(int error, const char *hint, const char *fmt, ...)
	__printf(3, 4);
void die_usage(const char *fmt, ...)
	__printf(1, 2) __attribute__((noreturn));
void die_memory(void) __attribute__((noreturn));
/* Flush standard output; -1 (and said so) if not all could be written. */
int finish_output(void);

/* ---- words of the command line ---- */

/* A context by number, name, path or PID:n; -1 if there is none (said so). */
int resolve(const char *word, __u32 *id);
/* An unsigned number and nothing else. */
bool parse_u64(const char *word, uint64_t max, uint64_t *value);
/*
 * A number that may have decimals, times @unit; @rest is what follows it.  It
 * is rounded down, or has to come out even if @exact.
 */
bool parse_decimal(const char *word, uint64_t unit, bool exact,
		   uint64_t *value, const char **rest);
/* Bytes, with K, M, G or T behind it, which are powers of 1024. */
bool parse_size(const char *word, uint64_t *value);
/* Is it a word for no limit? */
bool is_unlimited(const char *word);

#define CPUS_BYTES	1024	/* of a mask of CPUs */

/* A list such as 0-3,8 as a mask, and back, to be freed. */
bool parse_cpus(const char *list, unsigned char mask[CPUS_BYTES]);
char *cpus_text(const unsigned char mask[CPUS_BYTES]);
bool parse_sched(const char *word, struct vc_sched *sched);
char *sched_text(const struct vc_sched *sched);
void sched_words(void);

/**
 * struct caps_change - a parsed list of capabilities
 * @base: what it starts from
 * @add: then these are added,
 * @drop: then these taken away
 */
struct caps_change {
	enum { CAPS_KEEP, CAPS_EMPTY, CAPS_DEFAULT, CAPS_ALL } base;
	uint64_t add, drop;
};

void caps_parse(const char *list, struct caps_change *change);
int caps_resolve(__u32 id, const struct caps_change *change, uint64_t *caps);
char *caps_text(uint64_t caps);
void caps_words(void);
void events_words(void);
void rule_words(void);

/* ---- addresses ---- */

/* What sockets may have. */
struct address {
	bool v6;
	char dev[VC_DEV_NAME_SIZE];	/* empty for any */
	struct vc_ipv4_addr ipv4;
	struct vc_ipv6_addr ipv6;
};

bool parse_address(const char *word, struct address *addr);
bool address_goes_with(const struct address *addr, const struct address *first);
char *addresses_text(__u32 id);

/**
 * struct bandwidth - a parsed bandwidth of a network device
 * @word: as it was given
 * @qos: of what is given
 * @has: what that is, BANDWIDTH_*
 */
struct bandwidth {
	const char *word;
	struct vc_vnet_qos qos;
	unsigned int has;
};

#define BANDWIDTH_MAX		1U
#define BANDWIDTH_WARRANTED	2U
#define BANDWIDTH_UPLINK	4U

void vnet_parse(const char *word, struct vc_vnet *vnet);
void bandwidth_parse(const char *word, struct bandwidth *bandwidth);
void vnet_words(void);

/* ---- what create, run and set can set ---- */

/* Limits of one shape. */
enum limit { LIMIT_TASKS, LIMIT_FILES, LIMIT_TCP, LIMIT_MEMORY, LIMIT_RESIDENT,
	     NR_LIMITS };

#define MAX_BINDS	64

/* Where a bind appears, and what. */
struct bind {
	char *source, *target;
	bool readonly;
};

/* Of each disk what is given; at most so many at once. */
#define MAX_IO	16
#define MAX_MOUNTS	64
#define MAX_DEVICES	64
#define MAX_ADDRS	256
#define MAX_VNETS	16

struct io_change {
	const char *word;
	struct vc_io io;
	unsigned int has;	/* bit n: member n of io_keys[] */
};

/**
 * struct settings - what is to be set
 * @has: bit n: option OPT_SETTING + n is given
 * @word: its argument
 */
struct settings {
	unsigned int has;
	const char *word[OPT_SETTINGS - OPT_SETTING];
	uint64_t limit[NR_LIMITS];
	bool oom;
	uint32_t cpu_max, cpu_min;
	unsigned char cpus[CPUS_BYTES];
	bool all_cpus;
	struct vc_sched sched;
	struct vc_disk disk;
	struct io_change io[MAX_IO];
	int nr_io;
	struct caps_change caps;
	struct bind bind[MAX_BINDS];
	int nr_binds;
	char mounts[MAX_MOUNTS][VC_FSTYPE_SIZE];
	int nr_mounts;
	struct vc_device devices[MAX_DEVICES];
	int nr_devices;
	bool only_devices;
	struct address addrs[MAX_ADDRS], no_addrs[MAX_ADDRS];
	int nr_addrs, nr_no_addrs;
	enum { ADDRS_MORE, ADDRS_ONLY, ADDRS_ALL } which_addrs;
	struct vc_vnet vnet[MAX_VNETS];
	const char *vnet_word[MAX_VNETS];
	int nr_vnets;
	struct bandwidth bandwidth[MAX_VNETS];
	int nr_bandwidths;
};

/* Members of struct vc_io that can be given. */
extern const struct io_key {
	const char *name;
	size_t offset;
	bool bytes;
} io_keys[];
#define NR_IO_KEYS	4
/* Beside them, in has: */
#define IO_WEIGHT	NR_IO_KEYS

struct setup {
	__u32 id;
	struct vc_create create;
	struct settings set;
};

extern const struct opt create_opts[], settings_opts[];

bool settings_option(struct settings *set, int val);
bool setup_option(struct setup *setup, int val);
void setup_name(struct setup *setup, const char *name);
void setup_id(struct setup *setup, const char *word);
/* After the last option: what one implies for another. */
void setup_finish(struct setup *setup);
/* After the last option: what does not go together ends the program. */
void settings_check(const struct settings *set);
/* Apply all, or nothing and return -1 (said so). */
int settings_apply(__u32 id, const struct settings *set);
/* Make a context with all of it: its number, or -1 (said so) and nothing. */
int setup_run(const struct setup *setup);

/* ---- running programs ---- */

/* Block what would end us; @old is for the program. */
void block_signals(sigset_t *old);
/* Is one of them waiting? */
bool interrupted(void);
/* Enter @id, run @argv; its pid, or -1 with the exit status in @status. */
pid_t start(__u32 id, char **argv, const sigset_t *mask, int *status);
/* Pass on signals until it ends; the exit status. */
int supervise(pid_t pid);

/* Removes a context if the caller dies before guard_dismiss(). */
struct guard {
	pid_t pid;
	int fd;
};

int guard_start(struct guard *guard, const struct vc_info *info);
void guard_dismiss(struct guard *guard);
/* Destroy that context with all in it, unless it is gone. */
int destroy_same(const struct vc_info *info);

/* ---- tables ---- */

#define MAX_DISKS	16

/**
 * struct row - a context as list, info and stat show it
 * @info: GET 2/1
 * @limits: usage and limits, by enum limit
 * @caps: ceiling
 * @hostname: its own
 * @usage: ceiling and guarantee of CPU time
 * @cpus: what it may run on
 * @sched: policy
 * @cpu: time used
 * @memory: what it is used for
 * @oom: what is killed
 * @disk: what is below its root
 * @io: disks with limits, @nr_io of them
 * @root: its own root, and flags of it
 * @binds: what is bound below it
 * @read_ns: when it was read
 * @since_ns: from when on @cpu counts for the percentage
 * @used_ns: CPU time used by then
 * @has: which of them could be read
 */
struct row {
	struct vc_info info;
	struct vc_limit limits[NR_LIMITS];
	uint64_t caps;
	struct vc_hostname hostname;
	struct vc_cpu_usage usage;
	unsigned char cpus[CPUS_BYTES];
	struct vc_sched sched;
	struct vc_cpu_stat cpu;
	struct vc_mem_stat memory;
	bool oom;
	struct vc_disk disk;
	struct vc_io io[MAX_DISKS];
	int nr_io;
	char root[4097], binds[4096];
	__u32 root_flags;
	uint64_t read_ns, since_ns, used_ns;
	unsigned int has;
};

struct columns {
	int n, index[64];
};

/* Take a list of names, "+LIST" to append to @columns; usage error if wrong. */
void columns_parse(struct columns *columns, const char *list);
void columns_all(struct columns *columns);
void columns_help(void);
void columns_words(void);
/* 0, or -errno; -ESRCH if it vanished. */
int row_read(__u32 id, const struct columns *columns, struct row *row);
const char *column_name(int index);
/*
 * What the column's resource is called if it begins the LIMIT, USAGE, PEAK and
 * HITS of one, "" if it is another of them, else NULL.
 */
const char *column_resource(int index);
/* Sizes in tables as numbers of bytes. */
extern bool columns_bytes;
/* CLOCK_BOOTTIME, now and as local time, to be freed. */
uint64_t boot_ns(void);
char *boot_time_text(uint64_t ns, bool json);
/* Could it be read? */
bool column_has(int index, const struct row *row);
/* To be freed; NULL for an empty cell. */
char *column_text(int index, const struct row *row, bool json);

struct libscols_table;
struct libscols_line;
struct libscols_table *table_new(const char *name,
				 const struct columns *columns, bool tree);
struct libscols_line *table_add(struct libscols_table *table,
				struct libscols_line *parent,
				const struct columns *columns,
				const struct row *row, bool json);

/**
 * struct walk - what goes through the contexts below one
 * @table: gets a line for each
 * @columns: of it
 * @tree: show who is below whom
 * @json: as JSON has it
 * @adjust: called for each before it is added, or NULL
 */
struct walk {
	struct libscols_table *table;
	const struct columns *columns;
	bool tree, json;
	void (*adjust)(struct row *row);
};

/* 0, or -1 (said so). */
int walk_below(const struct walk *walk, __u32 id,
	       struct libscols_line *parent, bool top);

#endif /* CMD_H */
