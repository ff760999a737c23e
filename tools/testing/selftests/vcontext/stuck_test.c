// SPDX-License-Identifier: GPL-2.0
/*
 * A file system that does not answer, as that of a dead server, keeps nobody
 * waiting but who uses it: a FUSE mount in the virtual root of a context, whose
 * server stops to look at requests.
 */
#include "common.h"
#include "fuse.h"

#include <poll.h>
#include <sys/mount.h>

#define VC_REMOVE_ROOT	VC_SET(VC_CAT_VFS, VC_VFS_UNROOT)
#define VC_SET_BIND	VC_SET(VC_CAT_VFS, VC_VFS_BIND)

#define BASE	"/tmp/vcontext_stuck_test"
#define DIR	BASE "/root"
#define STUCK	BASE "/stuck"

/* ---- the server ---- */

static bool serving;

static void *serve(void *arg)
{
	struct pollfd fd = { .fd = *(int *)arg, .events = POLLIN };

	while (__atomic_load_n(&serving, __ATOMIC_RELAXED))
		if (poll(&fd, 1, 10) == 1)
			serve_one(fd.fd);
	return NULL;
}

/* Does somebody wait for an answer? */
static bool is_asked(int fuse)
{
	struct pollfd fd = { .fd = fuse, .events = POLLIN };

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLIN);
}

/* ---- who gets stuck ---- */

static long bind_add(__u32 id, const char *source, const char *target)
{
	struct vc_bind bind = {
		.source = (uintptr_t)source,
		.target = (uintptr_t)target,
		.source_len = strlen(source),
		.target_len = strlen(target),
	};

	return vc(VC_SET_BIND, id, &bind);
}

static long get_stuck_set(__u32 id)
{
	return ctx_set_root(id, STUCK, 0);
}

static long get_stuck_bind(__u32 id)
{
	return bind_add(id, DIR, "/stuck/there");
}

static long get_stuck_enter(__u32 id)
{
	return vc(VC_MIGRATE, id, NULL);
}

static bool is_asleep(pid_t pid)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return file_read(path, text, sizeof(text)) > 0 &&
	       (strstr(text, ") D") || strstr(text, ") S"));
}

static pid_t start(long (*fn)(__u32 id), long id)
{
	pid_t pid = child_fork();

	if (!pid)
		_exit(fn(id) ? 1 : 0);
	return pid;
}

FIXTURE(stuck)
{
	int fuse;
	long id;
	pid_t pid;
};

FIXTURE_VARIANT(stuck)
{
	const char *root;	/* that the context has already */
	bool outdated;		/* its mount namespace has to be made anew */
	long (*fn)(__u32 id);
};

FIXTURE_VARIANT_ADD(stuck, set)
{
	.fn = get_stuck_set,
};

FIXTURE_VARIANT_ADD(stuck, bind)
{
	.root = DIR,
	.fn = get_stuck_bind,
};

FIXTURE_VARIANT_ADD(stuck, enter)
{
	.root = STUCK,
	.outdated = true,
	.fn = get_stuck_enter,
};

FIXTURE_SETUP(stuck)
{
	static const struct vc_devices none;
	char options[128];
	pthread_t server;

	VC_SETUP();
	self->pid = -1;
	mkdir(BASE, 0755);
	ASSERT_EQ(0, mount("stuck-test", BASE, "tmpfs", 0, NULL));
	ASSERT_EQ(0, mount(NULL, BASE, NULL, MS_PRIVATE, NULL));
	ASSERT_EQ(0, mkdir(DIR, 0755));
	ASSERT_EQ(0, mkdir(DIR "/stuck", 0755));
	ASSERT_EQ(0, mkdir(DIR "/sub", 0755));
	ASSERT_EQ(0, mkdir(STUCK, 0755));

	self->fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (self->fuse < 0)
		SKIP(return, "no FUSE in this kernel");
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", self->fuse);
	ASSERT_EQ(0, mount("stuck", STUCK, "fuse", 0, options));
	/* as a part of a tree, too */
	ASSERT_EQ(0, mount(STUCK, DIR "/stuck", NULL, MS_BIND, NULL));

	serving = true;
	ASSERT_EQ(0, pthread_create(&server, NULL, serve, &self->fuse));
	/* until then it waits for another reason */
	ASSERT_NE(0, access(STUCK "/none", F_OK));
	self->id = ctx_new(0);
	ASSERT_LT(0, self->id);
	if (variant->root)
		ASSERT_EQ(0, ctx_set_root(self->id, variant->root, 0))
			TH_LOG("%s", ctx_error());
	if (variant->outdated)
		ASSERT_EQ(0, vc(VC_SET_DEVICES, self->id, &none));
	__atomic_store_n(&serving, false, __ATOMIC_RELAXED);
	pthread_join(server, NULL);

	self->pid = start(variant->fn, self->id);
	ASSERT_TRUE(WAIT_FOR(is_asked(self->fuse)));
}

FIXTURE_TEARDOWN(stuck)
{
	if (self->pid > 0)
		child_kill(self->pid);
	/* whoever waits gets an error */
	close(self->fuse);
	vc_teardown();
	umount2(BASE, MNT_DETACH);
	rmdir(BASE);
}

/* Still waiting, for an answer that nobody gives. */
#define EXPECT_STUCK()							\
	EXPECT_EQ(0, waitpid(self->pid, NULL, WNOHANG))

static long enter_and_leave(long id)
{
	return vc(VC_MIGRATE, id, NULL);
}

/* Contexts come, change, are entered and go as ever. */
TEST_F(stuck, others_do_not_wait)
{
	struct vc_device null = { 'c', 1, 3, VC_DEVICE_READ };
	struct {
		struct vc_devices head;
		struct vc_device dev[1];
	} list = { .head.count = 1, .dev = { null } };
	long id = ctx_new(VC_CREATE_UTSNS);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, ctx_set_root(id, DIR, 0)) TH_LOG("%s", ctx_error());
	EXPECT_EQ(0, bind_add(id, BASE, "/sub"));
	EXPECT_EQ(0, in_child(enter_and_leave, id));
	EXPECT_EQ(0, vc(VC_SET_DEVICES, id, &list));
	EXPECT_EQ(0, vc(VC_REMOVE_ROOT, id, NULL));
	EXPECT_EQ(0, in_child(enter_and_leave, id));
	EXPECT_EQ(0, vc(VC_DESTROY, id, NULL));
	EXPECT_STUCK();
}

/* The context is as before, and can be asked. */
TEST_F(stuck, its_context_can_be_asked)
{
	char path[128] = "";
	struct vc_vfs_root root = {
		.path = (uintptr_t)path,
		.len = sizeof(path) - 1,
	};

	EXPECT_EQ(variant->root ? 0 : -ENOENT,
		  vc(VC_GET_ROOT, self->id, &root));
	EXPECT_STREQ(variant->root ?: "", path);
	EXPECT_EQ(0, vc(VC_COUNT, self->id, NULL));
	EXPECT_STUCK();
}

/* It can be destroyed, and who was stuck finds it gone, or dies. */
TEST_F(stuck, its_context_can_be_destroyed)
{
	EXPECT_EQ(0, vc(VC_DESTROY, self->id, NULL));
	EXPECT_STUCK();
	EXPECT_EQ(1000 + SIGKILL, child_kill(self->pid));
	self->pid = -1;
	EXPECT_EQ(0, ctx_all());
}

/* Who is killed changes nothing, and the next one can begin anew. */
TEST_F(stuck, who_is_stuck_can_be_killed)
{
	EXPECT_EQ(1000 + SIGKILL, child_kill(self->pid));
	self->pid = -1;
	if (variant->root) {
		EXPECT_EQ(-EBUSY, ctx_set_root(self->id, DIR, 0));
		EXPECT_EQ(0, vc(VC_REMOVE_ROOT, self->id, NULL));
	}
	EXPECT_EQ(0, ctx_set_root(self->id, DIR, 0)) TH_LOG("%s", ctx_error());
	EXPECT_EQ(0, in_child(enter_and_leave, self->id));
}

/* Who wants the same waits for its turn, and is not let in by half. */
TEST_F(stuck, who_follows_waits)
{
	pid_t same = start(variant->fn, self->id), comes = -1;

	/* A bind is refused while somebody is in: turns are taken as they come. */
	EXPECT_TRUE(WAIT_FOR(is_asleep(same)));
	if (variant->root) {
		comes = start(get_stuck_enter, self->id);
		EXPECT_TRUE(WAIT_FOR(is_asleep(comes)));
	}
	EXPECT_EQ(0, waitpid(same, NULL, WNOHANG));
	if (comes > 0)
		EXPECT_EQ(0, waitpid(comes, NULL, WNOHANG));
	EXPECT_EQ(1000 + SIGKILL, child_kill(self->pid));
	self->pid = -1;
	EXPECT_TRUE(WAIT_FOR(is_asked(self->fuse)));
	EXPECT_EQ(1000 + SIGKILL, child_kill(same));
	if (comes < 0)
		return;
	/* unless it is the root itself that does not answer */
	EXPECT_EQ(variant->outdated ? 1000 + SIGKILL : 0,
		  variant->outdated ? child_kill(comes) : child_wait(comes));
}

TEST_HARNESS_MAIN
