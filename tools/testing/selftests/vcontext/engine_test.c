// SPDX-License-Identifier: GPL-2.0
/*
 * Engines that are not there: a controller that is not built in, switched off
 * on the command line (cgroup_disable=) or used by cgroup v1.  What needs it
 * says EOPNOTSUPP, and everything else works.  The runner boots
 * this program with all of them, without some, and with VC_ENGINES_V1 naming
 * those that it is to mount as v1 first.
 */
#include "common.h"

#define V1_DIR		"/tmp/vcontext-v1"

/* Does cgroup v2 have that controller? */
static bool has_controller(const char *name)
{
	char text[256], *word, *rest = text;

	if (file_read("/sys/fs/cgroup/cgroup.controllers", text,
		      sizeof(text)) < 0)
		return false;
	while ((word = strsep(&rest, "\n ")))
		if (!strcmp(word, name))
			return true;
	return false;
}

static void mount_v1(void)
{
	const char *names = getenv("VC_ENGINES_V1");

	if (!names)
		return;
	mkdir(V1_DIR, 0700);
	if (mount("cgroup", V1_DIR, "cgroup", 0, names) && errno != EBUSY)
		ksft_exit_fail_msg("no cgroup v1 with %s: %s\n", names,
				   strerror(errno));
}

FIXTURE(engine)
{
	long id;
};

FIXTURE_VARIANT(engine)
{
	const char *controller;
	__u32 words[6];
};

FIXTURE_SETUP(engine)
{
	VC_SETUP();
	mount_v1();
	self->id = ctx_new(0);
	ASSERT_LT(0, self->id)
		TH_LOG("%s", ctx_error());
}

FIXTURE_TEARDOWN(engine)
{
	vc_teardown();
}

FIXTURE_VARIANT_ADD(engine, cpu)
{
	.controller = "cpu",
	.words = { VC_GET_USAGE, VC_STAT },
};

FIXTURE_VARIANT_ADD(engine, cpuset)
{
	.controller = "cpuset",
	.words = { VC_GET(VC_CAT_CPU, VC_CPU_SET) },
};

FIXTURE_VARIANT_ADD(engine, memory)
{
	.controller = "memory",
	.words = {
		VC_GET(VC_CAT_MEMORY, VC_MEMORY_TOTAL),
		VC_GET(VC_CAT_MEMORY, VC_MEMORY_RESIDENT),
		VC_GET(VC_CAT_MEMORY, VC_MEMORY_OOM),
		VC_GET(VC_CAT_MEMORY, VC_MEMORY_STAT),
	},
};

/* No controller: these never say it. */
FIXTURE_VARIANT_ADD(engine, none)
{
	.words = {
		VC_GET(VC_CAT_CPU, VC_CPU_SCHED),
		VC_GET(VC_CAT_PROCESS, VC_PROCESS_LIMIT),
		VC_GET(VC_CAT_VFS, VC_VFS_FILES),
		VC_GET(VC_CAT_OTHER, VC_OTHER_TCP),
		VC_INFO,
	},
};

/* Each command, with room for whatever it wants to say. */
TEST_F(engine, commands)
{
	long want = !variant->controller || has_controller(variant->controller) ?
		    0 : -EOPNOTSUPP;
	static char bits[1024];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(variant->words) && variant->words[i]; i++) {
		__u64 data[64] = {};

		if (variant->words[i] == VC_GET(VC_CAT_CPU, VC_CPU_SET)) {
			struct vc_cpuset *set = (void *)data;

			set->len = sizeof(bits);
			set->bits = (uintptr_t)bits;
		}
		EXPECT_EQ(want, vc(variant->words[i], self->id, data))
			TH_LOG("%#x: %s", variant->words[i], ctx_error());
		/* and what it lacks is named */
		if (want)
			EXPECT_NE(NULL, strstr(ctx_error(),
					       variant->controller));
	}
}

/* Real programs run in it, and it goes, whatever is there. */
TEST_F(engine, life)
{
	struct agent agent;
	long below;

	EXPECT_EQ(0, ctx_limit(self->id, 5));
	ASSERT_EQ(0, agent_start(&agent, self->id, 0));
	EXPECT_LT(0, ask0(&agent, a_fork));
	EXPECT_EQ(2, vc(VC_COUNT, self->id, NULL));
	below = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, below);
	EXPECT_EQ(0, ctx_kill(below));
	EXPECT_EQ(0, ctx_kill(self->id));
	EXPECT_EQ(-ESRCH, vc(VC_COUNT, self->id, NULL));
}

/* /proc has a file for each category, with what there is of it. */
TEST_F(engine, proc)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/vcontext/%ld/cpu", self->id);
	ASSERT_LT(0, file_read(path, text, sizeof(text)));
	EXPECT_EQ(has_controller("cpu"), !!strstr(text, "max_usage="));
	EXPECT_TRUE(!!strstr(text, "nice="));
}

TEST_HARNESS_MAIN
