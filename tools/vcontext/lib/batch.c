// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 2, command 8: calls that take effect as one.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vcontext.h"

struct vc_batch_calls {
	unsigned int n;
	struct vc_call call[VC_BATCH_MAX];
	void *data[VC_BATCH_MAX];	/* ours */
};

struct vc_batch_calls *vc_batch_new(void)
{
	return calloc(1, sizeof(struct vc_batch_calls));
}

void vc_batch_free(struct vc_batch_calls *batch)
{
	if (!batch)
		return;
	while (batch->n)
		free(batch->data[--batch->n]);
	free(batch);
}

int vc_batch_add(struct vc_batch_calls *batch, __u32 cmd, __u32 id,
		 const void *data, size_t size)
{
	void *copy = NULL;

	if (batch->n == VC_BATCH_MAX)
		return -E2BIG;
	if (data) {
		copy = malloc(size ? size : 1);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, data, size);
	}
	batch->data[batch->n] = copy;
	batch->call[batch->n] = (struct vc_call){
		.cmd = cmd,
		.id = id,
		.data = (uintptr_t)copy,
	};
	return batch->n++;
}

int vc_batch_run(struct vc_batch_calls *batch, unsigned int *failed)
{
	struct vc_batch head = {
		.count = batch->n,
		.calls = (uintptr_t)batch->call,
	};
	int ret = vc_syscall(VC_CMD_SIZED(VC_CAT_CPU, VC_SUB_SET, VC_CPU_BATCH,
					  struct vc_batch), 0, &head);

	/* not looked at: then it is none of them */
	if (failed)
		*failed = ret < 0 && head.failed < batch->n &&
			  batch->call[head.failed].result == ret ?
			  head.failed : batch->n;
	return ret;
}
