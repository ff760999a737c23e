// SPDX-License-Identifier: GPL-2.0
/*
 * Category 2, command 5: CPU set.
 *
 * The cpuset controller does the work, on the context's group: what threads
 * may run on is the group's set and those above, as far as it is online.
 * sched_setaffinity(2) and groups made inside choose from that.
 */
#include <linux/cgroup.h>
#include <linux/cpumask.h>
#include <linux/cpuset.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "../cgroup/cpuset-internal.h"
#include "internal.h"

static_assert(sizeof(struct vc_cpuset) == 16);

/**
 * vc_cpuset_available - does the running kernel have the controller?
 *
 * Context: any.
 * Return: as asked.
 */
bool vc_cpuset_available(void)
{
	return vc_engine_has(cpuset_cgrp_id);
}

/* CPU n is bit n % 8 of byte n / 8, whatever the byte order. */
static int read_bits(const u8 *bits, u32 len, struct cpumask *cpus)
{
	u32 cpu;

	cpumask_clear(cpus);
	for (cpu = 0; cpu < len * BITS_PER_BYTE; cpu++) {
		if (!(bits[cpu / BITS_PER_BYTE] & BIT(cpu % BITS_PER_BYTE)))
			continue;
		if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
			return vc_fail(-EINVAL, "bits: there is no CPU %u",
				       cpu);
		cpumask_set_cpu(cpu, cpus);
	}
	if (len && cpumask_empty(cpus))
		return vc_fail(-EINVAL,
			       "bits: no CPU in %u bytes; len 0 is no set of its own",
			       len);
	return 0;
}

static void write_bits(const struct cpumask *cpus, u8 *bits)
{
	unsigned int cpu;

	for_each_cpu(cpu, cpus)
		bits[cpu / BITS_PER_BYTE] |= BIT(cpu % BITS_PER_BYTE);
}

/* Is @cpus in the set of each context above that has one? */
static int check_above(const struct vcontext *ctx, const struct cpumask *cpus,
		       struct cpumask *above)
{
	struct cgroup_subsys_state *css;
	struct vcontext *pos;

	for (pos = ctx->parent; pos->level; pos = pos->parent) {
		css = vc_engine_css(pos, cpuset_cgrp_id);
		if (IS_ERR(css))
			return PTR_ERR(css);
		cpuset_get_cpus(css, above, NULL);
		css_put(css);
		if (!cpumask_empty(above) && !cpumask_subset(cpus, above))
			return vc_fail(-EPERM,
				       "bits %*pbl: context %u has %*pbl",
				       cpumask_pr_args(cpus), pos->id,
				       cpumask_pr_args(above));
	}
	return 0;
}

static int set_cpus(struct vcontext *ctx, struct cpumask *cpus)
{
	struct cgroup_subsys_state *css = vc_engine_css(ctx, cpuset_cgrp_id);
	int ret;

	if (IS_ERR(css))
		return PTR_ERR(css);
	ret = cpuset_set_cpus(css, cpus);
	css_put(css);
	if (ret == -ENODEV)
		return vc_fail(-ESRCH, "context %u is gone", ctx->id);
	return ret ? vc_fail(ret, "the cpuset controller refuses") : 0;
}

/**
 * vc_cpuset_set - SET 2/5
 * @req: the request
 *
 * Context: process, may sleep.
 * Return: 0, %-EINVAL, %-EPERM (more than above), %-ESRCH, %-ENOMEM.
 */
long vc_cpuset_set(struct vc_request *req)
{
	const struct vc_cpuset *arg = req->data;
	cpumask_var_t cpus, above;
	int ret;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	ret = -ENOMEM;
	if (!alloc_cpumask_var(&above, GFP_KERNEL))
		goto out_cpus;

	ret = read_bits(req->buffer[0], req->buffer_len[0], cpus);
	if (ret)
		goto out_above;
	mutex_lock(&vc_cpu_mutex);
	/*
	 * All CPUs are no set of its own.  The controller does not let a group
	 * with tasks go back to none at all.
	 */
	if (cpumask_empty(cpus))
		cpumask_copy(cpus, cpu_possible_mask);
	else
		ret = check_above(req->ctx, cpus, above);
	if (!ret)
		ret = set_cpus(req->ctx, cpus);
	mutex_unlock(&vc_cpu_mutex);
out_above:
	free_cpumask_var(above);
out_cpus:
	free_cpumask_var(cpus);
	return ret;
}

/* Put a set back that was there; what is alone in the way is memory. */
static void put_back(struct cgroup_subsys_state *css,
		     const struct cpumask *cpus)
{
	int ret;

	while ((ret = cpuset_set_cpus(css, cpus)) == -ENOMEM)
		schedule_timeout_uninterruptible(1);
	/* none at all, but it has got tasks; see vc_cpuset_set() */
	if (ret == -ENOSPC && cpumask_empty(cpus))
		put_back(css, cpu_possible_mask);
	else if (ret && ret != -ENODEV)
		pr_warn("vcontext: old CPUs are refused by the cpuset controller: %d\n",
			ret);
}

static long cpuset_begin(struct vc_request *req)
{
	struct cgroup_subsys_state *css;
	struct cpumask *old;
	long ret;

	old = kmalloc(cpumask_size(), GFP_KERNEL_ACCOUNT);
	if (!old)
		return -ENOMEM;
	css = vc_engine_css(req->ctx, cpuset_cgrp_id);
	ret = PTR_ERR_OR_ZERO(css);
	if (!ret) {
		cpuset_get_cpus(css, old, NULL);
		css_put(css);
		ret = vc_cpuset_set(req);
	}
	if (ret)
		kfree(old);
	else
		req->saved = old;
	return ret;
}

static void cpuset_end(struct vc_request *req, bool commit)
{
	struct cgroup_subsys_state *css;

	if (!commit) {
		mutex_lock(&vc_cpu_mutex);
		css = vc_engine_css(req->ctx, cpuset_cgrp_id);
		/* else it has been destroyed */
		if (!IS_ERR(css)) {
			put_back(css, req->saved);
			css_put(css);
		}
		mutex_unlock(&vc_cpu_mutex);
	}
	kfree(req->saved);
}

const struct vc_batch_ops vc_cpuset_batch = {
	.begin = cpuset_begin,
	.end = cpuset_end,
};

/**
 * vc_cpuset_get - GET 2/5
 * @req: the request
 *
 * Context: process, may sleep.
 * Return: 0, %-EINVAL, %-ESRCH, %-ENOMEM.
 */
long vc_cpuset_get(struct vc_request *req)
{
	const struct vc_cpuset *arg = req->data;
	struct cgroup_subsys_state *css;
	cpumask_var_t cpus;

	if (arg->reserved)
		return vc_fail(-EINVAL, "reserved is not zero");
	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	req->buffer_len[0] = DIV_ROUND_UP(nr_cpu_ids, BITS_PER_BYTE);
	req->buffer[0] = kzalloc(req->buffer_len[0], GFP_KERNEL);
	if (!req->buffer[0]) {
		free_cpumask_var(cpus);
		return -ENOMEM;
	}
	css = vc_engine_css(req->ctx, cpuset_cgrp_id);
	if (IS_ERR(css)) {
		free_cpumask_var(cpus);
		return PTR_ERR(css);
	}
	cpuset_get_cpus(css, NULL, cpus);
	css_put(css);
	write_bits(cpus, req->buffer[0]);
	free_cpumask_var(cpus);
	return 0;
}

/**
 * vc_cpuset_show - what GET 2/5 has said
 * @m: where to
 * @req: done
 *
 * Context: process.
 */
void vc_cpuset_show(struct seq_file *m, const struct vc_request *req)
{
	cpumask_var_t cpus;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return;
	if (!read_bits(req->buffer[0], req->buffer_len[0], cpus))
		seq_printf(m, "cpus=%*pbl", cpumask_pr_args(cpus));
	free_cpumask_var(cpus);
}
