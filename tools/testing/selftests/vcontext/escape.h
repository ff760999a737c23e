/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of escapes share: cages, what lies outside of them, and how a
 * theft is proven.
 *
 * An attack is one function.  An agent runs it in the cage that the variant
 * of the fixture names: "open" is a chroot with the usual mounts and the
 * host's namespaces, where it has to work, or the test has seen nothing; in
 * the others, which are contexts with a virtual root, it must not.  The agent
 * is uid 0 with full credentials in all of them.
 *
 * What is judged is the damage, not an errno: whether the secret outside was
 * read, the victim outside hurt, the setting of the machine changed.
 */
#ifndef _SELFTESTS_VCONTEXT_ESCAPE_H
#define _SELFTESTS_VCONTEXT_ESCAPE_H

#include "common.h"

#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

enum cage {
	/* chroot(2); no context */
	CAGE_OPEN,
	/* all namespaces, the default ceiling */
	CAGE_CLOSED,
	/* the same with every capability that is harmless outside */
	CAGE_WIDE,
	/* that ceiling, and no namespace but the root's */
	CAGE_SHARED,
	/* all namespaces, all capabilities */
	CAGE_TRUSTED,
};

/* A file system of its own, with all that a test leaves behind. */
#define OUT_DIR		"/escape"
#define OUT_FILE(name)	OUT_DIR "/" name
#define CAGE_DIR	OUT_FILE("root")
#define CAGE_FILE(name)	CAGE_DIR "/" name

/* What an attack is after. */
#define SECRET		OUT_FILE("secret")
/* In the root of a cage: who reads this is still in it. */
#define MARK		"/mark"
#define MARK_TEXT	"the mark of the inside"

#define ALL_NAMESPACES	(VC_CREATE_NETNS | VC_CREATE_UTSNS | VC_CREATE_IPCNS | \
			 VC_CREATE_PIDNS | VC_CREATE_MNTNS | \
			 VC_CREATE_CGROUPNS)

#define CAP(name)	((__u64)1 << CAP_##name)
#define TRUSTED_CAPS	(CAP(SYS_ADMIN) | CAP(SYS_MODULE) | CAP(SYS_RAWIO) | \
			 CAP(SYS_BOOT) | CAP(BPF))

/* These do not lead out, but what they do they do to the machine. */
#define MACHINE_CAPS	(CAP(PERFMON) | CAP(SYSLOG) | CAP(SYS_TIME))

#define SCRATCH_LABEL		"vcontext-scratch"
#define SCRATCH_LABEL_OFFSET	(1024 + 0x78)
/* Past the end of its file system. */
#define SCRATCH_FREE		(128L << 20)

/* A program of the cage, as the host sees it, that tells when it is run. */
#define HOOK		CAGE_FILE("hook")
#define HOOK_RAN	OUT_FILE("ran")

/* Different in every test, so that nobody can know it. */
static char nonce[33];

/* What a cage takes with it, for the attack to use. */
#define KEPT_FD		100

struct keep {
	/* Run by who enters, before it does; 0 or -errno. */
	long (*fn)(void);
	/* As it did before: its working directory is kept. */
	bool cwd;
};

struct cage_arg {
	enum cage cage;
	long id;
	const struct keep *keep;
};

struct escape {
	enum cage cage;
	/* of the context, 0 in the open */
	long id;
	/* whom to hurt, and whose things to steal */
	struct agent victim;
};

/* ---- the host's side ---- */

/* A disk of the host that may be spoilt, or false. */
static __maybe_unused bool disk_find(char path[64])
{
	char c;

	for (c = 'a'; c <= 'z'; c++) {
		char label[16] = {};
		int fd;

		snprintf(path, 64, "/dev/vd%c", c);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (pread(fd, label, 16, SCRATCH_LABEL_OFFSET) != 16)
			label[0] = '\0';
		close(fd);
		if (!memcmp(label, SCRATCH_LABEL, 16))
			return true;
	}
	return false;
}

static __maybe_unused void nonce_make(void)
{
	unsigned char random[16];
	unsigned int i;

	if (syscall(SYS_getrandom, random, sizeof(random), 0) != sizeof(random))
		memset(random, getpid(), sizeof(random));
	for (i = 0; i < sizeof(random); i++)
		snprintf(nonce + 2 * i, 3, "%02x", random[i]);
}

/*
 * The kernel starts helpers with arguments of its own and without an
 * environment: this one, which must not come as far as main(), is known by its
 * name.  It runs where it can leave a trace only if it runs outside.
 */
static __attribute__((constructor(64998)))
void hook_constructor(int argc, char **argv)
{
	char text[512] = "";
	const char *name;
	int fd, i;

	name = argc ? strrchr(argv[0], '/') : NULL;
	if (!name || (strcmp(name, "/hook") && strcmp(name, "/request-key")))
		return;
	for (i = 1; i < argc; i++)
		strcatf(text, sizeof(text), "%s ", argv[i]);
	fd = open(HOOK_RAN, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text) + 1) < 0)
		_exit(1);
	_exit(0);
}

/* Was it run, with an argument that has @text?  @soon: it takes a moment. */
static __maybe_unused bool hook_ran(const char *text, bool soon)
{
	static char ran[4096];

#define HOOK_TOLD() ({ \
	long __len = file_read(HOOK_RAN, ran, sizeof(ran)); \
	__len > 0 && memmem(ran, __len, text, strlen(text)); \
})
	if (soon)
		WAIT_FOR(HOOK_TOLD());
	return HOOK_TOLD();
}

/* How often @text is in the kernel's log. */
static __maybe_unused int logged(const char *text)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char record[8192];
	int found = 0;
	ssize_t len;

	if (fd < 0)
		return 0;
	do {
		len = read(fd, record, sizeof(record) - 1);
		if (len > 0) {
			record[len] = '\0';
			found += !!strstr(record, text);
		}
	} while (len > 0 || (len < 0 && errno == EPIPE));
	close(fd);
	return found;
}

/* The directories and files, on @disk or in memory: 0 or -errno. */
static __maybe_unused long outside_make(const char *disk)
{
	static const char * const dirs[] = {
		CAGE_DIR, CAGE_FILE("proc"), CAGE_FILE("dev"),
		CAGE_FILE("sys"), CAGE_FILE("tmp"), CAGE_FILE("cg"),
	};
	unsigned int i;
	long ret;

	nonce_make();
	mkdir(OUT_DIR, 0700);
	while (!umount2(OUT_DIR, MNT_DETACH))
		;
	if (disk)
		ret = res(mount(disk, OUT_DIR, "ext4", 0, NULL));
	else
		ret = res(mount("escape", OUT_DIR, "tmpfs", 0, "mode=700"));
	for (i = 0; !ret && i < ARRAY_SIZE(dirs); i++)
		if (mkdir(dirs[i], 0755) && errno != EEXIST)
			ret = -errno;
	if (!ret)
		ret = file_make(SECRET, nonce, 0600);
	if (!ret)
		ret = file_make(CAGE_DIR MARK, MARK_TEXT, 0600);
	if (!ret)
		ret = file_copy("/proc/self/exe", CAGE_FILE("agent"));
	unlink(HOOK);
	if (!ret)
		ret = res(link(CAGE_FILE("agent"), HOOK));
	unlink(HOOK_RAN);
	return ret;
}

static __maybe_unused void outside_remove(void)
{
	while (!umount2(OUT_DIR, MNT_DETACH))
		;
}

/* What is in the cage's directory from now on is in the cage: its id, 0. */
static __maybe_unused long cage_make(enum cage cage, __u32 children_max)
{
	__u32 flags = cage == CAGE_SHARED ? 0 : ALL_NAMESPACES;
	__u64 caps = cage == CAGE_TRUSTED ? ~0ULL :
					    ~(TRUSTED_CAPS | MACHINE_CAPS);
	long id, ret;

	if (cage == CAGE_OPEN)
		return 0;
	id = ctx_make(VC_ID_SELF, flags, children_max, NULL);
	if (id < 0)
		return id;
	ret = ctx_set_root(id, CAGE_DIR, 0);
	if (!ret && cage != CAGE_CLOSED)
		ret = ctx_set_caps(id, caps);
	return ret ? ret : id;
}

/* What administrators do where there are no contexts. */
static __maybe_unused long chroot_enter(const struct keep *keep)
{
	static const char * const mounts[][2] = {
		{ "proc", CAGE_FILE("proc") },
		{ "sysfs", CAGE_FILE("sys") },
		{ "devtmpfs", CAGE_FILE("dev") },
	};
	unsigned int i;

	/* What an attack does to mounts is not done to the host's. */
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	for (i = 0; i < ARRAY_SIZE(mounts); i++)
		if (mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL))
			return -errno;
	if (chroot(CAGE_DIR))
		return -errno;
	return keep && keep->cwd ? 0 : res(chdir("/"));
}

static __maybe_unused long cage_enter(long arg)
{
	const struct cage_arg *to = (const struct cage_arg *)arg;

	if (to->keep) {
		long ret = to->keep->fn();

		if (ret)
			return ret;
	}
	if (to->cage == CAGE_OPEN)
		return chroot_enter(to->keep);
	return vc(VC_MIGRATE, to->id, NULL);
}

static __maybe_unused long cage_start_by(struct escape *e, struct agent *agent,
					 const struct keep *keep,
					 const char *exe, unsigned int flags)
{
	struct cage_arg arg = { .cage = e->cage, .id = e->id, .keep = keep };

	if (e->cage != CAGE_OPEN && e->cage != CAGE_SHARED)
		flags |= AGENT_FORK;
	return agent_start_by(agent, cage_enter, (long)&arg, exe, flags);
}

/* An agent in the cage: 0, or why not. */
static __maybe_unused long cage_start(struct escape *e, struct agent *agent)
{
	return cage_start_by(e, agent, NULL, "/agent", 0);
}

/* Did the attack read what it was not to? */
static __maybe_unused bool stolen(void)
{
	return !!strstr(agent_buf, nonce);
}

/* Or nothing but what is its own? */
static __maybe_unused bool marked(void)
{
	return !!strstr(agent_buf, MARK_TEXT);
}

static __maybe_unused void escape_teardown(void)
{
	vc_teardown();
	outside_remove();
}

/* ---- the attacker's side ---- */

/* Reads @path into agent_buf, which is empty if that cannot be. */
static __maybe_unused long take(const char *path)
{
	long ret;

	memset(agent_buf, 0, sizeof(agent_buf));
	ret = file_read(path, agent_buf, sizeof(agent_buf));
	if (ret < 0)
		agent_buf[0] = '\0';
	return ret;
}

static __maybe_unused void climb(void)
{
	int i;

	for (i = 0; i < 32; i++)
		if (chdir(".."))
			return;
}

/* By whatever way the root or the working directory now leads. */
static __maybe_unused long steal(void)
{
	if (take(SECRET) >= 0 || take(SECRET + 1) >= 0)
		return 0;
	climb();
	if (take(SECRET + 1) >= 0)
		return 0;
	if (take(MARK + 1) >= 0)
		return 0;
	return take(MARK);
}

/* From directory @fd. */
static __maybe_unused long steal_at(int fd)
{
	if (fchdir(fd))
		return -errno;
	return steal();
}

/* ---- the frame ---- */

#define ESCAPE_VARIANT(name, variant, which) \
	FIXTURE_VARIANT_ADD(name, variant) { .cage = which }

/* @disk_wanted: on a disk, whose path is in self->disk. */
#define ESCAPE_FIXTURE(name, disk_wanted) \
	FIXTURE(name) { struct escape e; char disk[64]; }; \
	FIXTURE_VARIANT(name) { enum cage cage; }; \
	FIXTURE_SETUP(name) \
	{ \
		VC_SETUP(); \
		if ((disk_wanted) && !disk_find(self->disk)) \
			SKIP(return, "no disk labelled " SCRATCH_LABEL); \
		self->e.cage = variant->cage; \
		ASSERT_EQ(0, outside_make((disk_wanted) ? self->disk : NULL)); \
		ASSERT_EQ(0, agent_start(&self->e.victim, VC_ID_HOST, 0)); \
	} \
	FIXTURE_TEARDOWN(name) { escape_teardown(); } \
	ESCAPE_VARIANT(name, open, CAGE_OPEN); \
	ESCAPE_VARIANT(name, closed, CAGE_CLOSED); \
	ESCAPE_VARIANT(name, wide, CAGE_WIDE)

/* In a test: the cage, and an agent in it. */
#define CAGE(agent) do { \
	self->e.id = cage_make(self->e.cage, 0); \
	ASSERT_LE(0, self->e.id) \
		TH_LOG("%s", ctx_error()); \
	ASSERT_EQ(0, cage_start(&self->e, agent)); \
} while (0)

#define IN_THE_OPEN	(self->e.cage == CAGE_OPEN)

/* The damage is done in the open, and nowhere else. */
#define EXPECT_DAMAGE(damage) EXPECT_EQ(IN_THE_OPEN, !!(damage))

#endif /* _SELFTESTS_VCONTEXT_ESCAPE_H */
