// SPDX-License-Identifier: GPL-2.0
/*
 * Keys: those made outside of a context are not for the inside, whatever the
 * uid; those made inside are.  Who reads one is told that it is not there, who
 * does something else that he may not; that is how keyctl(2) tells it.
 */
#include "common.h"

#include <linux/keyctl.h>

static long keyctl(int op, long a, long b, long c)
{
	return res(syscall(SYS_keyctl, op, a, b, c, 0));
}

static long key_add(const char *name, long keyring)
{
	return res(syscall(SYS_add_key, "user", name, "secret", 6, keyring));
}

/* ---- what agents do ---- */

static long a_read_key(long key, long b, long c)
{
	char buf[64];

	return keyctl(KEYCTL_READ, key, (long)buf, sizeof(buf));
}

static long a_keyctl(long op, long a, long b)
{
	return keyctl(op, a, b, 0);
}

static long a_join(long a, long b, long c)
{
	long ret = keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0);

	return ret < 0 ? ret : 0;
}

static long a_add(long keyring, long b, long c)
{
	return key_add("vcontext_key_test", keyring);
}

static long a_request(long callout, long b, long c)
{
	return res(syscall(SYS_request_key, "user", "vcontext_no_such_key",
			   callout ? "info" : NULL, 0));
}

static long a_setuid(long uid, long b, long c)
{
	return res(setuid(uid));
}

FIXTURE(key)
{
	long id, key;
	struct agent host, agent;
};

FIXTURE_SETUP(key)
{
	VC_SETUP();
	ASSERT_LT(0, keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0));
	self->key = key_add("vcontext_key_test", KEY_SPEC_SESSION_KEYRING);
	ASSERT_LT(0, self->key);
	/* the owner may all, possessed or not */
	ASSERT_EQ(0, keyctl(KEYCTL_SETPERM, self->key, 0x3f3f0000, 0));
	self->id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, ctx_set_caps(self->id, ~0ULL));
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
}

FIXTURE_TEARDOWN(key)
{
	vc_teardown();
}

TEST_F(key, outside)
{
	EXPECT_EQ(6, ask(&self->host, a_read_key, self->key));
	EXPECT_EQ(-ENOKEY, ask(&self->agent, a_read_key, self->key));
	EXPECT_EQ(-EACCES, ask3(&self->agent, a_keyctl, KEYCTL_REVOKE,
				self->key, 0));
	EXPECT_EQ(-EACCES, ask3(&self->agent, a_keyctl, KEYCTL_DESCRIBE,
				self->key, 0));
	/* the session that it has brought along */
	EXPECT_EQ(-EACCES, ask(&self->agent, a_add, KEY_SPEC_SESSION_KEYRING));
	EXPECT_LT(0, ask(&self->host, a_add, KEY_SPEC_SESSION_KEYRING));
}

/* Keyrings of uid 0 are those of the host's root. */
TEST_F(key, user)
{
	long keyring = keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1,
			      0);

	ASSERT_LT(0, keyring);
	EXPECT_LT(0, ask(&self->host, a_add, KEY_SPEC_USER_KEYRING));
	EXPECT_EQ(-ENOKEY, ask(&self->agent, a_add, KEY_SPEC_USER_KEYRING));
	EXPECT_EQ(-EACCES, ask(&self->agent, a_add, keyring));
	EXPECT_EQ(0, ask0(&self->agent, a_join));
	EXPECT_EQ(-ENOKEY, ask(&self->agent, a_add, KEY_SPEC_USER_KEYRING));
	/* nor was it replaced by another one */
	EXPECT_EQ(keyring, keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING,
				  0, 0));
	keyctl(KEYCTL_CLEAR, KEY_SPEC_USER_KEYRING, 0, 0);
}

TEST_F(key, inside)
{
	struct agent other, below;
	long id = ctx_new(0), id_below = ctx_new_below(self->id, 0), key;

	ASSERT_LT(0, id);
	ASSERT_LT(0, id_below);
	ASSERT_EQ(0, agent_start(&other, id, 0));
	ASSERT_EQ(0, agent_start(&below, id_below, 0));
	ASSERT_EQ(0, ask0(&self->agent, a_join));
	key = ask(&self->agent, a_add, KEY_SPEC_SESSION_KEYRING);
	ASSERT_LT(0, key);
	EXPECT_EQ(0, ask3(&self->agent, a_keyctl, KEYCTL_SETPERM, key,
			  0x3f3f0000));
	EXPECT_EQ(6, ask(&self->agent, a_read_key, key));
	/* the host and above may, others and below not */
	EXPECT_EQ(6, ask(&self->host, a_read_key, key));
	EXPECT_EQ(-ENOKEY, ask(&other, a_read_key, key));
	EXPECT_EQ(-ENOKEY, ask(&below, a_read_key, key));
	ASSERT_EQ(0, ask0(&below, a_join));
	key = ask(&below, a_add, KEY_SPEC_SESSION_KEYRING);
	ASSERT_LT(0, key);
	EXPECT_EQ(0, ask3(&below, a_keyctl, KEYCTL_SETPERM, key, 0x3f3f0000));
	EXPECT_EQ(6, ask(&self->agent, a_read_key, key));
	EXPECT_EQ(-ENOKEY, ask(&other, a_read_key, key));
}

/* Who is no root has rights by possession alone. */
TEST_F(key, unprivileged)
{
	ASSERT_EQ(0, ask0(&self->agent, a_join));
	ASSERT_EQ(0, ask(&self->agent, a_setuid, 1000));
	EXPECT_LT(0, ask(&self->agent, a_add, KEY_SPEC_PROCESS_KEYRING));
	EXPECT_EQ(-ENOKEY, ask(&self->agent, a_read_key, self->key));
}

/* No program of the host is started; without one there is no key to find. */
TEST_F(key, upcall)
{
	EXPECT_EQ(-ENOKEY, ask(&self->host, a_request, 0));
	EXPECT_EQ(0, ask0(&self->agent, a_join));
	EXPECT_EQ(-EPERM, ask(&self->agent, a_request, 1));
	EXPECT_NE(-EPERM, ask(&self->host, a_request, 1));
}

TEST_HARNESS_MAIN
