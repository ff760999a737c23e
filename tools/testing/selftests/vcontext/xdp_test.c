// SPDX-License-Identifier: GPL-2.0
/*
 * What sockets of AF_XDP do in a context with addresses of its own, which
 * nobody sees in what they send.
 */
#include "net.h"

#include <linux/if_xdp.h>

#define FRAMES			4
#define FRAME_SIZE		4096

/* What takes a device of its own. */
#define CAPS			(0xa80425fbULL | (__u64)1 << CAP_NET_ADMIN)

FIXTURE(xdp)
{
	long id;
	struct agent agent;
};

FIXTURE_VARIANT(xdp)
{
	bool context;			/* or a network namespace alone */
};

FIXTURE_VARIANT_ADD(xdp, host) { };
FIXTURE_VARIANT_ADD(xdp, context) { .context = true };

static long a_make_net(long unshared, long b, long c)
{
	long ret = unshared ? 0 : res(unshare(CLONE_NEWNET));

	return ret ? ret : link_dummy("dum0");
}

FIXTURE_SETUP(xdp)
{
	VC_SETUP();
	self->id = ctx_make(VC_ID_SELF, VC_CREATE_NETNS, 0, "xdp");
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, ctx_set_caps(self->id, CAPS));
	ASSERT_EQ(0, agent_start(&self->agent,
				 variant->context ? self->id : VC_ID_HOST, 0));
	ASSERT_EQ(0, ask(&self->agent, a_make_net, variant->context));
}

FIXTURE_TEARDOWN(xdp)
{
	vc_teardown();
}

static long a_xdp_bind(long fd, long b, long c)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_COPY,
		.sxdp_ifindex = if_nametoindex("dum0"),
	};

	return res(bind(fd, (void *)&addr, sizeof(addr)));
}

/* One that could be bound. */
static long a_xdp_socket(long a, long b, long c)
{
	struct xdp_umem_reg reg = {
		.len = FRAMES * FRAME_SIZE,
		.chunk_size = FRAME_SIZE,
	};
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), size = FRAMES;
	void *frames;
	long ret;

	if (fd < 0)
		return -errno;
	frames = mmap(NULL, reg.len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (frames == MAP_FAILED)
		return -errno;
	memset(frames, 0xff, reg.len);
	reg.addr = (uintptr_t)frames;
	ret = res(setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)));
	if (!ret)
		ret = res(setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &size,
				     sizeof(size)));
	if (!ret)
		ret = res(setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING,
				     &size, sizeof(size)));
	if (!ret)
		ret = res(setsockopt(fd, SOL_XDP, XDP_TX_RING, &size,
				     sizeof(size)));
	return ret ? ret : fd;
}

static void *ring(int fd, const struct xdp_ring_offset *off, size_t entry,
		  __u64 offset)
{
	void *p = mmap(NULL, off->desc + FRAMES * entry, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, fd, offset);

	return p == MAP_FAILED ? NULL : p;
}

/* Its rings, mapped. */
static void *tx, *done;
static struct xdp_mmap_offsets offsets;

static long a_xdp_map(long fd, long b, long c)
{
	socklen_t len = sizeof(offsets);
	void *p, *q;

	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &len))
		return -errno;
	p = ring(fd, &offsets.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
	q = ring(fd, &offsets.cr, sizeof(__u64), XDP_UMEM_PGOFF_COMPLETION_RING);
	if (!p || !q)
		return -errno;
	tx = p;
	done = q;
	return 0;
}

/* How many frames have been sent. */
static long a_xdp_sent(long a, long b, long c)
{
	return __atomic_load_n((__u32 *)(done + offsets.cr.producer),
			       __ATOMIC_ACQUIRE);
}

/* Puts a frame into the ring. */
static long a_xdp_put(long a, long b, long c)
{
	__u32 *producer = tx + offsets.tx.producer;
	struct xdp_desc *desc = tx + offsets.tx.desc;

	desc[*producer % FRAMES] = (struct xdp_desc){
		.addr = *producer % FRAMES * FRAME_SIZE,
		.len = 64,
	};
	__atomic_store_n(producer, *producer + 1, __ATOMIC_RELEASE);
	return 0;
}

static long a_xdp_kick(long fd, long b, long c)
{
	return res(sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0));
}

/* The other way to send. */
static long a_xdp_poll(long fd, long b, long c)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) < 0 ? -errno : 0;
}

TEST_F(xdp, bind)
{
	long fd;

	fd = ask0(&self->agent, a_xdp_socket);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, permit(self->id, "10.0.0.1"));
	EXPECT_EQ(variant->context ? -EADDRNOTAVAIL : 0,
		  ask(&self->agent, a_xdp_bind, fd));
	ASSERT_EQ(0, policy_set(self->id, 0));
	/* or it is already */
	EXPECT_EQ(variant->context ? 0 : -EBUSY,
		  ask(&self->agent, a_xdp_bind, fd));
}

/* One that was bound before there were addresses stands still while there are. */
TEST_F(xdp, bound_before)
{
	long fd;

	fd = ask0(&self->agent, a_xdp_socket);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ask(&self->agent, a_xdp_bind, fd));
	ASSERT_EQ(0, ask(&self->agent, a_xdp_map, fd));
	ASSERT_EQ(0, ask0(&self->agent, a_xdp_put));
	ASSERT_EQ(0, ask(&self->agent, a_xdp_kick, fd));
	EXPECT_TRUE(WAIT_FOR(ask0(&self->agent, a_xdp_sent) == 1));

	ASSERT_EQ(0, permit(self->id, "10.0.0.1"));
	ASSERT_EQ(0, ask0(&self->agent, a_xdp_put));
	EXPECT_EQ(variant->context ? -EADDRNOTAVAIL : 0,
		  ask(&self->agent, a_xdp_kick, fd));
	EXPECT_EQ(0, ask(&self->agent, a_xdp_poll, fd));
	if (variant->context) {
		poll(NULL, 0, SILENCE_MS);
		EXPECT_EQ(1, ask0(&self->agent, a_xdp_sent));
		EXPECT_EQ(-EADDRNOTAVAIL, ask(&self->agent, a_xdp_map, fd));
		/* and goes on from there */
		ASSERT_EQ(0, policy_set(self->id, 0));
		EXPECT_EQ(0, ask(&self->agent, a_xdp_kick, fd));
	}
	EXPECT_TRUE(WAIT_FOR(ask0(&self->agent, a_xdp_sent) == 2));
}

TEST_HARNESS_MAIN
