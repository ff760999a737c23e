/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of torture.c share: what all of its processes write to, the
 * random numbers that each of them draws, and its children.
 */
#ifndef _SELFTESTS_VCONTEXT_TORTURE_H
#define _SELFTESTS_VCONTEXT_TORTURE_H

#include "common.h"

#define DIR_TOP		"/tmp/vcontext-torture"
/* Nobody else's: rules of category 16 are about this one alone. */
#define TEST_UID	61234
/* The descriptor of what is shared, for programs executed inside too. */
#define SHARED_FD	100
#define EXE_FD		101

#define OPS_MAX		96
#define ERRORS_MAX	134
#define WORKERS_MAX	16
#define CTX_SLOTS	96
#define PID_SLOTS	64
/* A reaper begins when there are more contexts than that. */
#define CONTEXTS_MAX	64

/* How long one who was killed may take to die. */
#define DIE_MS		(shared->slow ? 120000 : 40000)

struct totals {
	unsigned int good;
	unsigned int bad[ERRORS_MAX];
};

struct shared {
	unsigned int end;
	unsigned int violations;
	/* Where there is no /proc it cannot be asked. */
	bool slow;
	struct {
		__u32 id;
		__u32 flags;
	} ctx[CTX_SLOTS];
	/* Children of the host's workers, by which these find each other's. */
	pid_t pid[PID_SLOTS];
	struct {
		pid_t pid;
		int op;
		long long since;
	} worker[WORKERS_MAX];
	struct totals totals[OPS_MAX];
};

static struct shared *shared;

/* Which worker this is, or whose child. */
static unsigned int me;
/* It is in a context, as far as it knows. */
static bool inside;
/* Somebody may have moved it back to the host meanwhile. */
static bool movable;
/* What it is doing: an index of the table of operations. */
static int op_now;

#define GET(field)	__atomic_load_n(&(field), __ATOMIC_SEQ_CST)
#define PUT(field, n)	__atomic_store_n(&(field), n, __ATOMIC_SEQ_CST)
#define ADD(field)	__atomic_fetch_add(&(field), 1, __ATOMIC_SEQ_CST)

/* ---- random numbers ---- */

static __u64 rnd_state;

/* splitmix64: neighbouring seeds give streams that have nothing in common. */
static __u64 rnd_mix(__u64 n)
{
	n += 0x9e3779b97f4a7c15ULL;
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9ULL;
	n = (n ^ n >> 27) * 0x94d049bb133111ebULL;
	return n ^ n >> 31;
}

static void rnd_seed(__u64 seed)
{
	rnd_state = rnd_mix(seed);
}

static __u64 rnd(void)
{
	rnd_state += 0x9e3779b97f4a7c15ULL;
	return rnd_mix(rnd_state);
}

static unsigned int rnd_below(unsigned int n)
{
	return rnd() % n;
}

static bool one_in(unsigned int n)
{
	return !rnd_below(n);
}

#define PICK(array)	((array)[rnd_below(ARRAY_SIZE(array))])

/* ---- what must not be ---- */

static void violation(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static void violation(const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int len;

	len = snprintf(text, sizeof(text), "# VIOLATION, worker %u%s: ", me,
		       inside ? ", inside" : "");
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	va_end(ap);
	ADD(shared->violations);
	/* One write: others write too. */
	dprintf(STDOUT_FILENO, "%s\n", text);
}

#define MUST(cond, fmt, ...) do { \
	if (!(cond)) \
		violation("%s: " fmt, #cond, ##__VA_ARGS__); \
} while (0)

/* ---- contexts that everybody knows ---- */

static void ctx_publish(__u32 id, __u32 flags)
{
	unsigned int i, slot = rnd_below(CTX_SLOTS);

	for (i = 0; i < 8 && GET(shared->ctx[slot].id); i++)
		slot = rnd_below(CTX_SLOTS);
	PUT(shared->ctx[slot].flags, flags);
	PUT(shared->ctx[slot].id, id);
}

static void ctx_forget(__u32 id)
{
	unsigned int i;

	for (i = 0; i < CTX_SLOTS; i++)
		if (GET(shared->ctx[i].id) == id)
			PUT(shared->ctx[i].id, 0);
}

static __u32 ctx_own_child(void)
{
	struct {
		struct vc_id_list head;
		__u32 ids[32];
	} list = { .head.count = 32 };

	if (vc(VC_LIST, VC_ID_SELF, &list) || !list.head.count)
		return 0;
	return list.ids[rnd_below(list.head.count < 32 ? list.head.count : 32)];
}

/*
 * A context that has @flags, if there is one; it may be gone already.  Inside
 * rather one that the caller sees.
 */
static __u32 ctx_pick_with(__u32 flags)
{
	__u32 id = inside && !one_in(4) ? ctx_own_child() : 0;
	unsigned int i, slot;

	/* Now and then it is one that is gone. */
	for (i = 0; !id && i < 64; i++) {
		slot = rnd_below(CTX_SLOTS);
		if ((GET(shared->ctx[slot].flags) & flags) == flags)
			id = GET(shared->ctx[slot].id);
		if (id && !inside && !one_in(8) && vc(VC_INFO, id, NULL)) {
			PUT(shared->ctx[slot].id, 0);
			id = 0;
		}
	}
	return id ?: ID_UNKNOWN;
}

static __u32 ctx_pick(void)
{
	return ctx_pick_with(0);
}

/* One that has a root, if one is soon found, for the most part. */
static __u32 ctx_pick_rooted(void)
{
	struct vc_vfs_root root;
	__u32 id = ctx_pick();
	unsigned int i;
	long ret;

	for (i = 0; i < 24 && !one_in(32); i++) {
		memset(&root, 0, sizeof(root));
		ret = vc(VC_GET_ROOT, id, &root);
		if (!ret || ret == -ERANGE)
			break;
		id = ctx_pick();
	}
	return id;
}

/* ---- children ---- */

#define BROOD_MAX	6

struct chick {
	pid_t pid;
	long long deadline;
	bool killed;
};

static struct chick brood[BROOD_MAX];

/* Nobody else finds this one, also if its number was another's before. */
static void pid_hide(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < PID_SLOTS; i++)
		if (GET(shared->pid[i]) == pid)
			PUT(shared->pid[i], 0);
}

static bool brood_reap(struct chick *chick)
{
	if (waitpid(chick->pid, NULL, WNOHANG | __WALL) == 0)
		return false;
	if (!inside)
		pid_hide(chick->pid);
	chick->pid = 0;
	return true;
}

static void tell_file(const char *path)
{
	char buf[4096];

	if (file_read(path, buf, sizeof(buf)) > 0)
		dprintf(STDOUT_FILENO, "# %s:\n%s\n", path, buf);
}

static void tell_where_it_hangs(pid_t pid)
{
	static const char * const files[] = { "stack", "syscall", "status" };
	char path[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		tell_file(path);
	}
}

/* Those whose time is over are killed, and then have to die. */
static void brood_look(void)
{
	unsigned int i;

	for (i = 0; i < BROOD_MAX; i++) {
		struct chick *chick = &brood[i];

		if (!chick->pid || brood_reap(chick) ||
		    now_ms() < chick->deadline)
			continue;
		if (chick->killed) {
			violation("process %d does not die", chick->pid);
			tell_where_it_hangs(chick->pid);
			chick->pid = 0;
			continue;
		}
		/* One that was moved out of our sight is for those who see it. */
		if (kill(chick->pid, SIGKILL) && inside) {
			chick->pid = 0;
			continue;
		}
		chick->killed = true;
		chick->deadline = now_ms() + DIE_MS;
	}
}

static void brood_end(void)
{
	bool some;
	unsigned int i;

	for (i = 0; i < BROOD_MAX; i++)
		brood[i].deadline = brood[i].killed ? brood[i].deadline : 0;
	do {
		some = false;
		brood_look();
		for (i = 0; i < BROOD_MAX; i++)
			some |= brood[i].pid;
		if (some)
			nap();
	} while (some);
}

/* Room for one more: somebody may have to go for that. */
static struct chick *brood_room(void)
{
	unsigned int i;

	for (;;) {
		brood_look();
		for (i = 0; i < BROOD_MAX; i++)
			if (!brood[i].pid)
				return &brood[i];
		i = rnd_below(BROOD_MAX);
		if (!brood[i].killed)
			brood[i].deadline = 0;
		nap();
	}
}

static void brood_add(struct chick *chick, pid_t pid, bool known)
{
	chick->pid = pid;
	chick->killed = false;
	chick->deadline = now_ms() + 50 +
			  rnd_below(shared->slow ? 3000 : 500);
	if (known && !inside)
		PUT(shared->pid[rnd_below(PID_SLOTS)], pid);
}

/* What is different in a child; it may have lost @parent already. */
static void chick_begin(pid_t parent, __u64 seed, bool known)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* 0 is one outside of our PIDs */
	if (getppid() != parent && getppid())
		_exit(0);
	memset(brood, 0, sizeof(brood));
	rnd_seed(seed);
	movable |= known;
}

/*
 * A child that is waited for later, if at all: 0 in the child.  One that is
 * @known can be moved, signalled and traced by anybody.
 */
static pid_t brood_fork(bool known)
{
	struct chick *chick = brood_room();
	pid_t parent = getpid(), pid;
	__u64 seed = rnd();

	pid = fork();
	if (!pid)
		chick_begin(parent, seed, known);
	else if (pid > 0)
		brood_add(chick, pid, known);
	return pid;
}

/* A number that no process can have, and that stands for nothing. */
#define PID_NONE	0x800000

/* One of somebody's children, if there is one. */
static pid_t pid_pick(void)
{
	unsigned int i;
	pid_t pid = 0;

	for (i = 0; !pid && i < 16; i++)
		pid = GET(shared->pid[rnd_below(PID_SLOTS)]);
	return pid ?: PID_NONE;
}

/* ---- operations ---- */

/* Who is to count the result is a child, or there was nothing to do. */
#define NOT_COUNTED	1000000000L

#define ON_HOST		1
#define IN_CONTEXT	2
#define ANYWHERE	(ON_HOST | IN_CONTEXT)
/* Calls, and nothing that a fault in the midst of it would harm. */
#define PLAIN		4

struct op {
	const char *name;
	unsigned int weight;
	unsigned int flags;
	long (*fn)(long arg);
	long arg;
	/* Beside those that every operation may fail with. */
	short errors[14];
};

static const struct op *op_at(unsigned int nr);
static unsigned int ops_nr(void);
static void count(long ret);
static bool is_error_of(const struct op *op, long ret);
/* What a process does that has come into a context. */
static void live_inside(void);

#endif /* _SELFTESTS_VCONTEXT_TORTURE_H */
