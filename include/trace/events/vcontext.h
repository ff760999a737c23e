/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vcontext

#if !defined(_TRACE_VCONTEXT_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_VCONTEXT_H

#include <linux/tracepoint.h>

DECLARE_EVENT_CLASS(vcontext_life,
	TP_PROTO(u32 id, u32 parent),
	TP_ARGS(id, parent),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u32, parent)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->parent = parent;
	),
	TP_printk("id=%u parent=%u", __entry->id, __entry->parent)
);

/* A context is complete and can be found. */
DEFINE_EVENT(vcontext_life, create,
	TP_PROTO(u32 id, u32 parent),
	TP_ARGS(id, parent)
);

/* The id is free again. */
DEFINE_EVENT(vcontext_life, destroy,
	TP_PROTO(u32 id, u32 parent),
	TP_ARGS(id, parent)
);

/* A process has entered a context. */
TRACE_EVENT(migrate,
	TP_PROTO(pid_t pid, u32 from, u32 to),
	TP_ARGS(pid, from, to),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		__entry->pid = pid;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("pid=%d from=%u to=%u",
		  __entry->pid, __entry->from, __entry->to)
);

/* A charge was refused by the limit of context id. */
TRACE_EVENT(limit,
	TP_PROTO(u32 id, u32 category, u32 command, u64 usage, u64 max),
	TP_ARGS(id, category, command, usage, max),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u32, category)
		__field(u32, command)
		__field(u64, usage)
		__field(u64, max)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->category = category;
		__entry->command = command;
		__entry->usage = usage;
		__entry->max = max;
	),
	TP_printk("id=%u category=%u command=%u usage=%llu limit=%llu",
		  __entry->id, __entry->category, __entry->command,
		  __entry->usage, __entry->max)
);

#endif /* _TRACE_VCONTEXT_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
