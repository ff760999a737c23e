// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Category 3: what is in a context, and what it may do.
 */
#include <errno.h>
#include <stddef.h>

#include "vcontext.h"

#define SET(command, type) \
	VC_CMD_SIZED(VC_CAT_PROCESS, VC_SUB_SET, command, type)
#define GET(command, type) \
	VC_CMD_SIZED(VC_CAT_PROCESS, VC_SUB_GET, command, type)

int vc_enter(__u32 id)
{
	return vc_syscall(VC_CMD(VC_CAT_PROCESS, VC_SUB_SET, VC_PROCESS_TASK),
			  id, NULL);
}

int vc_birth(__u32 id)
{
	return vc_syscall(VC_CMD(VC_CAT_CPU, VC_SUB_GET, VC_CPU_BIRTH), id,
			  NULL);
}

int vc_enter_forks(__u32 id)
{
	int self = vc_current();
	struct vc_info info;

	if (self < 0)
		return self;
	if (id == VC_ID_SELF)
		return 0;
	while (id != (__u32)self) {
		int ret = vc_context_info(id, &info);

		if (ret < 0)
			return ret;
		if (info.flags & VC_CREATE_PIDNS)
			return 1;
		id = info.parent;
	}
	return 0;
}

int vc_move(__u32 id, pid_t pid)
{
	struct vc_task task = { .pid = pid };

	/* pid 0 would stand for a pidfd. */
	if (pid <= 0)
		return -EINVAL;
	return vc_syscall(SET(VC_PROCESS_TASK, struct vc_task), id, &task);
}

int vc_current(void)
{
	return vc_syscall(VC_CMD(VC_CAT_PROCESS, VC_SUB_GET, VC_PROCESS_TASK),
			  0, NULL);
}

int vc_context_of(pid_t pid)
{
	struct vc_task task = { .pid = pid };

	if (pid <= 0)
		return -EINVAL;
	return vc_syscall(GET(VC_PROCESS_TASK, struct vc_task), 0, &task);
}

int vc_tasks_set(__u32 id, __u64 limit)
{
	struct vc_limit lim = { .limit = limit };

	return vc_syscall(SET(VC_PROCESS_LIMIT, struct vc_limit), id, &lim);
}

int vc_tasks_get(__u32 id, struct vc_limit *limit)
{
	return vc_syscall(GET(VC_PROCESS_LIMIT, struct vc_limit), id, limit);
}

int vc_caps_set(__u32 id, __u64 caps)
{
	struct vc_caps c = { .caps = caps };

	return vc_syscall(SET(VC_PROCESS_CAPS, struct vc_caps), id, &c);
}

int vc_caps_get(__u32 id, __u64 *caps)
{
	struct vc_caps c = { 0 };
	int ret;

	ret = vc_syscall(GET(VC_PROCESS_CAPS, struct vc_caps), id, &c);
	if (ret < 0)
		return ret;
	*caps = c.caps;
	return 0;
}

int vc_stop_set(__u32 id, int stop)
{
	__u32 on = !!stop;

	return vc_syscall(SET(VC_PROCESS_STOP, __u32), id, &on);
}

int vc_stop_get(__u32 id)
{
	__u32 on = 0;
	int ret = vc_syscall(VC_CMD(VC_CAT_PROCESS, VC_SUB_GET,
				    VC_PROCESS_STOP), id, &on);

	return ret < 0 ? ret : ret || on;
}

int vc_signal(__u32 id, int signo)
{
	__u32 sig = signo;

	return vc_syscall(SET(VC_PROCESS_SIGNAL, __u32), id, &sig);
}

int vc_count(__u32 id)
{
	return vc_syscall(VC_CMD(VC_CAT_PROCESS, VC_SUB_GET,
				 VC_PROCESS_SIGNAL), id, NULL);
}

int vc_freeze_set(__u32 id, int freeze)
{
	__u32 on = !!freeze;

	return vc_syscall(SET(VC_PROCESS_FREEZE, __u32), id, &on);
}

int vc_freeze_get(__u32 id)
{
	__u32 on = 0;
	int ret = vc_syscall(VC_CMD(VC_CAT_PROCESS, VC_SUB_GET,
				    VC_PROCESS_FREEZE), id, &on);

	return ret < 0 ? ret : ret || on;
}
