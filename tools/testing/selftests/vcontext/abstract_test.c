// SPDX-License-Identifier: GPL-2.0
/*
 * Abstract unix sockets: one made outside of a context is not there for its
 * tasks, though they share the network namespace.
 */
#include "common.h"

#include <sys/un.h>

#define ABSTRACT	"@vcontext_abstract_test"
#define PATHNAME	"/tmp/vcontext_abstract_test"

static socklen_t address(struct sockaddr_un *addr, const char *name)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	COPY(addr->sun_path, name);
	if (name[0] == '@')
		addr->sun_path[0] = '\0';
	return offsetof(struct sockaddr_un, sun_path) + strlen(name);
}

/* ---- what agents do, the name being in agent_buf ---- */

static int held = -1;

static long a_serve(long type, long b, long c)
{
	struct sockaddr_un addr;
	socklen_t len = address(&addr, agent_buf);

	close(held);
	held = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (held < 0 || bind(held, (struct sockaddr *)&addr, len))
		return -errno;
	return type == SOCK_DGRAM ? 0 : res(listen(held, 8));
}

static long a_connect(long type, long b, long c)
{
	struct sockaddr_un addr;
	socklen_t len = address(&addr, agent_buf);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	long ret = res(connect(fd, (struct sockaddr *)&addr, len));

	close(fd);
	return ret;
}

static long a_sendto(long a, long b, long c)
{
	struct sockaddr_un addr;
	socklen_t len = address(&addr, agent_buf);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long ret = res(sendto(fd, "x", 1, MSG_DONTWAIT,
			      (struct sockaddr *)&addr, len));

	close(fd);
	return ret;
}

/* Over agent_fd. */
static long a_send(long a, long b, long c)
{
	return res(send(agent_fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL));
}

#define ASK(agent, fn, type, name) ({					\
	COPY(agent_buf, name);						\
	ask(agent, fn, type);						\
})

FIXTURE(abstract)
{
	long id, below;
	struct agent host, agent, in_below, other;
};

FIXTURE_VARIANT(abstract)
{
	int type;
};

FIXTURE_VARIANT_ADD(abstract, stream) { .type = SOCK_STREAM };
FIXTURE_VARIANT_ADD(abstract, seqpacket) { .type = SOCK_SEQPACKET };
FIXTURE_VARIANT_ADD(abstract, dgram) { .type = SOCK_DGRAM };

FIXTURE_SETUP(abstract)
{
	long id;

	VC_SETUP();
	self->id = ctx_make(VC_ID_SELF, 0, 16, NULL);
	ASSERT_LT(0, self->id);
	self->below = ctx_new_below(self->id, 0);
	ASSERT_LT(0, self->below);
	id = ctx_new(0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_start(&self->host, VC_ID_HOST, 0));
	ASSERT_EQ(0, agent_start(&self->agent, self->id, 0));
	ASSERT_EQ(0, agent_start(&self->in_below, self->below, 0));
	ASSERT_EQ(0, agent_start(&self->other, id, 0));
	unlink(PATHNAME);
}

FIXTURE_TEARDOWN(abstract)
{
	vc_teardown();
	unlink(PATHNAME);
}

TEST_F(abstract, of_host)
{
	ASSERT_EQ(0, ASK(&self->host, a_serve, variant->type, ABSTRACT));
	EXPECT_EQ(0, ASK(&self->host, a_connect, variant->type, ABSTRACT));
	EXPECT_EQ(-ECONNREFUSED, ASK(&self->agent, a_connect, variant->type,
				     ABSTRACT));
	EXPECT_EQ(-ECONNREFUSED, ASK(&self->in_below, a_connect, variant->type,
				     ABSTRACT));
	/* as one that is not there */
	EXPECT_EQ(-ECONNREFUSED, ASK(&self->agent, a_connect, variant->type,
				     ABSTRACT "_not_there"));
	if (variant->type == SOCK_DGRAM) {
		EXPECT_EQ(1, ASK(&self->host, a_sendto, 0, ABSTRACT));
		EXPECT_EQ(-ECONNREFUSED, ASK(&self->agent, a_sendto, 0,
					     ABSTRACT));
	}
}

TEST_F(abstract, of_context)
{
	ASSERT_EQ(0, ASK(&self->agent, a_serve, variant->type, ABSTRACT));
	EXPECT_EQ(0, ASK(&self->agent, a_connect, variant->type, ABSTRACT));
	EXPECT_EQ(0, ASK(&self->host, a_connect, variant->type, ABSTRACT));
	EXPECT_EQ(-ECONNREFUSED, ASK(&self->other, a_connect, variant->type,
				     ABSTRACT));
	EXPECT_EQ(-ECONNREFUSED, ASK(&self->in_below, a_connect, variant->type,
				     ABSTRACT));
	ASSERT_EQ(0, ASK(&self->in_below, a_serve, variant->type,
			 ABSTRACT "_below"));
	EXPECT_EQ(0, ASK(&self->agent, a_connect, variant->type,
			 ABSTRACT "_below"));
	EXPECT_EQ(-ECONNREFUSED, ASK(&self->other, a_connect, variant->type,
				     ABSTRACT "_below"));
}

/* Names in the file system are found by whoever finds the file. */
TEST_F(abstract, pathname)
{
	ASSERT_EQ(0, ASK(&self->host, a_serve, variant->type, PATHNAME));
	EXPECT_EQ(0, ASK(&self->agent, a_connect, variant->type, PATHNAME));
}

/* A connection that is passed in goes on. */
TEST_F(abstract, passed_in)
{
	struct sockaddr_un addr;
	socklen_t len = address(&addr, ABSTRACT);
	int fd, peer, pair[2];

	fd = socket(AF_UNIX, variant->type | SOCK_CLOEXEC, 0);
	peer = socket(AF_UNIX, variant->type | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, res(bind(peer, (struct sockaddr *)&addr, len)));
	if (variant->type != SOCK_DGRAM)
		ASSERT_EQ(0, listen(peer, 8));
	ASSERT_EQ(0, res(connect(fd, (struct sockaddr *)&addr, len)));
	ASSERT_EQ(0, agent_give(&self->agent, fd));
	EXPECT_EQ(1, ask0(&self->agent, a_send));
	close(fd);
	close(peer);
	/* without a name at all */
	ASSERT_EQ(0, socketpair(AF_UNIX, variant->type | SOCK_CLOEXEC, 0,
				pair));
	ASSERT_EQ(0, agent_give(&self->agent, pair[0]));
	EXPECT_EQ(1, ask0(&self->agent, a_send));
	close(pair[0]);
	close(pair[1]);
}

TEST_HARNESS_MAIN
