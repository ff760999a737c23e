// SPDX-License-Identifier: GPL-2.0
/*
 * virtual_context(2): decode, find the command, find the context, rights,
 * copy in, call, copy out.  In that order, which is ABI; see "Ids, rights,
 * order of checks" in Documentation/vcontext.rst.
 *
 * The only file that sees user memory.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "internal.h"

static_assert(sizeof(struct vc_error) == 128);

/**
 * vc_decode - take a command word apart
 * @cmd: the word, not of category 63
 * @word: filled
 *
 * Context: any.
 * Return: 0, or %-EINVAL if it is malformed.
 */
int vc_decode(u32 cmd, struct vc_decoded *word)
{
	word->category = VC_CATEGORY(cmd);
	word->sub = VC_SUBCAT(cmd);
	word->command = VC_COMMAND(cmd);
	word->size = VC_SIZE(cmd);

	if (cmd & VC_RESERVED_BIT)
		return -EINVAL;
	if (!word->sub && word->category != VC_CAT_VERSION)
		return -EINVAL;
	return 0;
}

/**
 * vc_category_find - look a category of the kernel's own up
 * @number: VC_CAT_*
 *
 * Those of modules too: vc_category_get().
 *
 * Context: any.
 * Return: the category, or %NULL if this kernel does not have it.
 */
const struct vc_category *vc_category_find(u8 number)
{
	const struct vc_category *pos;

	for (pos = __start_vcontext_category; pos < __stop_vcontext_category;
	     pos++)
		if (pos->number == number)
			return pos;
	return NULL;
}

/**
 * vc_category_find_name - look a category of the kernel's own up by its name
 * @name: of the category
 * @len: of @name
 *
 * Context: any.
 * Return: the category, or %NULL if this kernel does not have it.
 */
const struct vc_category *vc_category_find_name(const char *name, size_t len)
{
	const struct vc_category *pos;

	for (pos = __start_vcontext_category; pos < __stop_vcontext_category;
	     pos++)
		if (strlen(pos->name) == len && !memcmp(pos->name, name, len))
			return pos;
	return NULL;
}

/**
 * vc_command_find - look a command of a category up
 * @category: the category
 * @number: of the command
 *
 * Context: any.
 * Return: the command, or %NULL if this kernel does not have it.
 */
const struct vc_command *vc_command_find(const struct vc_category *category,
					 u8 number)
{
	const struct vc_command *command;

	if (number >= category->nr_commands)
		return NULL;
	number = array_index_nospec(number, category->nr_commands);
	command = &category->commands[number];
	if (!command->version || (command->available && !command->available()))
		return NULL;
	return command;
}

static int no_command(const struct vc_category *category, u8 number)
{
	const struct vc_command *command;

	if (number < category->nr_commands) {
		number = array_index_nospec(number, category->nr_commands);
		command = &category->commands[number];
		if (command->version)
			return vc_fail(-EOPNOTSUPP,
				       "%s %s: this kernel runs without %s",
				       category->name, command->name,
				       command->needs);
	}
	return vc_fail(-EOPNOTSUPP, "category %s has no command %u",
		       category->name, number);
}

/**
 * vc_check_size - is the size in a command word one that a method takes?
 * @method: SET or GET of a command
 * @size: from the word, 0 for that of version 1
 *
 * Context: any.
 * Return: 0, %-EINVAL (shorter than version 1, or any for a method without
 * data), %-E2BIG (more than a page).
 */
int vc_check_size(const struct vc_method *method, u16 size)
{
	if (!size)
		return 0;
	if (!method->size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return size < method->size_v1 ? -EINVAL : 0;
}

static long version_of(const struct vc_category *category,
		       const struct vc_decoded *word)
{
	const struct vc_command *command;

	if (!word->command)
		return word->size ? -EINVAL : category->version;
	command = vc_command_find(category, word->command);
	if (!command)
		return -EOPNOTSUPP;
	return word->size ? -EINVAL : command->version;
}

static long version_get(const struct vc_decoded *word)
{
	const struct vc_category *category = vc_category_get(word->category);
	long ret;

	if (!category)
		return vc_fail(-EOPNOTSUPP, "no category %u", word->category);
	ret = version_of(category, word);
	vc_category_put(category);
	return ret;
}

static int find_context(struct vc_request *req, const struct vc_method *method)
{
	switch ((enum vc_id_kind)method->id) {
	case VC_KIND_IGNORED:
	case VC_KIND_HOST:
	case VC_KIND_NEW:
	case VC_KIND_COMPAT:
		return 0;
	case VC_KIND_OWN_OR_BELOW:
	case VC_KIND_BELOW:
	case VC_KIND_HOST_OR_BELOW:
	case VC_KIND_ENTER:
		break;
	}
	if (req->id == VC_ID_SELF)
		req->ctx = vcontext_get(req->caller);
	else
		req->ctx = vcontext_find(req->id, req->caller);
	return req->ctx ? 0 : vc_fail(-ESRCH, "no context %u", req->id);
}

/**
 * vc_may_change - has current the rights that changing a context takes?
 * @ctx: the context; one that is not there yet is asked for by its parent-to-be
 * @cap: capability that the command takes
 *
 * The caller's credentials decide, not the ceiling of its context: a ceiling
 * without SYS_ADMIN must not keep a delegate from his own children.
 * security_capable() would ask the ceiling.
 *
 * Context: process.
 * Return: 0 or %-EPERM.
 */
int vc_may_change(const struct vcontext *ctx, int cap)
{
	const struct vcontext *parent = ctx->parent ?: ctx;

	if (cap_capable(current_cred(), parent->user_ns, cap, CAP_OPT_NONE))
		return vc_fail(-EPERM,
			       "capability %u is missing in the user namespace of context %u",
			       cap, parent->id);
	return 0;
}

/* Rights of SET. */
static int check_rights(struct vc_request *req,
			const struct vc_command *command,
			const struct vc_method *method)
{
	if (req->ctx == req->caller &&
	    (method->id == VC_KIND_BELOW ||
	     (method->id == VC_KIND_HOST_OR_BELOW && req->ctx->level)))
		return vc_fail(-EPERM, "nobody changes its own context");
	if (command->own_net && !vc_ns_has_net(req->caller))
		return vc_fail(-EPERM,
			       "context %u does not own its network namespace",
			       req->caller->id);
	if (method->id == VC_KIND_NEW && !req->caller->children_max)
		return vc_fail(-EPERM, "children_max of context %u is 0",
			       req->caller->id);
	if (method->id == VC_KIND_COMPAT) {
		int ret = vc_compat_check_rights(req);

		if (ret)
			return ret;
	}
	/* it has been permitted to be here, and goes on with that */
	if (method->id == VC_KIND_ENTER && req->id == VC_ID_SELF &&
	    current->vcontext_origin) {
		req->waived = true;
		return 0;
	}
	/* a batch takes what its calls take */
	if (method->flags & VC_DATA_CALLS)
		return 0;
	if (req->ctx)
		return vc_may_change(req->ctx, command->cap);
	/* what it makes would be just below it */
	return cap_capable(current_cred(), req->caller->user_ns, command->cap,
			   CAP_OPT_NONE) ?
		vc_fail(-EPERM,
			"capability %u is missing in the user namespace of context %u",
			command->cap, req->caller->id) : 0;
}

static u32 *buffer_len(const struct vc_request *req,
		       const struct vc_buffer *buffer)
{
	return req->data + buffer->len;
}

static void __user *buffer_ptr(const struct vc_request *req,
			       const struct vc_buffer *buffer)
{
	return u64_to_user_ptr(*(u64 *)(req->data + buffer->pointer));
}

/* What @data points at: for SET it is read, for GET there must be room. */
static int copy_buffers_in(struct vc_request *req,
			   const struct vc_command *command,
			   const struct vc_method *method)
{
	int i;

	if (!(method->flags & VC_DATA_BUFFER) || !req->data)
		return 0;

	for (i = 0; i < command->nr_buffers; i++) {
		const struct vc_buffer *buffer = &command->buffers[i];
		void __user *ptr = buffer_ptr(req, buffer);
		u32 len = *buffer_len(req, buffer);
		void *copy;

		if (len > PAGE_SIZE)
			return vc_fail(-E2BIG, "len %u: at most %lu", len,
				       PAGE_SIZE);
		if (len && !ptr)
			return vc_fail(-EFAULT, "a pointer is NULL, its len %u",
				       len);
		if ((method->flags & VC_DATA_OUT) || !len)
			continue;
		copy = memdup_user_nul(ptr, len);
		if (IS_ERR(copy))
			return vc_fail(PTR_ERR(copy),
				       "%u bytes that data points at cannot be read",
				       len);
		req->buffer[i] = copy;
		req->buffer_len[i] = len;
	}
	return 0;
}

/* Done before @data is written, which tells the lengths. */
static int copy_buffers_out(struct vc_request *req,
			    const struct vc_command *command,
			    const struct vc_method *method)
{
	int i, ret = 0;

	if (!(method->flags & VC_DATA_BUFFER) ||
	    !(method->flags & VC_DATA_OUT) || !req->data)
		return 0;

	for (i = 0; i < command->nr_buffers; i++) {
		const struct vc_buffer *buffer = &command->buffers[i];
		u32 *room = buffer_len(req, buffer);
		u32 len = req->buffer_len[i];

		if (len > *room)
			ret = vc_fail(-ERANGE, "len %u: %u bytes to tell",
				      *room, len);
	}
	for (i = 0; i < command->nr_buffers; i++) {
		const struct vc_buffer *buffer = &command->buffers[i];
		void __user *ptr = buffer_ptr(req, buffer);
		u32 *room = buffer_len(req, buffer);
		u32 len = req->buffer_len[i];

		if (!ret && (copy_to_user(ptr, req->buffer[i], len) ||
			     clear_user(ptr + len, *room - len)))
			return vc_fail(-EFAULT,
				       "what data points at cannot be written");
		*room = len;
	}
	return ret;
}

/* The elements of a list that SET takes, behind its fixed part. */
static int copy_list_in(struct vc_request *req, const struct vc_method *method,
			const void __user *elements)
{
	u32 nr = *(u32 *)(req->data + method->count);
	void *list;

	if (method->flags & VC_DATA_COUNT_ID) {
		nr = req->id;
		if (nr > VC_COMPAT_PAIRS_MAX)
			return vc_fail(-EINVAL, "id %u: at most %u pairs", nr,
				       VC_COMPAT_PAIRS_MAX);
	}
	if (nr > VC_LIST_MAX)
		return vc_fail(-E2BIG, "count %u: at most %u", nr, VC_LIST_MAX);
	if (!nr)
		return 0;
	list = vmemdup_user(elements, array_size(nr, method->element));
	if (IS_ERR(list))
		return vc_fail(PTR_ERR(list), "%u elements cannot be read", nr);
	req->list = list;
	req->nr = nr;
	return 0;
}

/* The calls of a batch. */
static int copy_calls_in(struct vc_request *req)
{
	const struct vc_batch *batch = req->data;
	void *calls;

	if (batch->count > VC_BATCH_MAX)
		return vc_fail(-E2BIG, "count %u: at most %u calls",
			       batch->count, VC_BATCH_MAX);
	if (!batch->count)
		return 0;
	calls = vmemdup_user(u64_to_user_ptr(batch->calls),
			     array_size(batch->count, sizeof(struct vc_call)));
	if (IS_ERR(calls))
		return vc_fail(PTR_ERR(calls), "%u calls cannot be read",
			       batch->count);
	req->list = calls;
	req->nr = batch->count;
	return 0;
}

/*
 * Tell what has become of each call of a batch.  Done before anything else, as
 * if none had been executed, so that who cannot be told has changed nothing;
 * afterwards nobody minds if he has unmapped it since.
 */
static int copy_calls_out(const struct vc_request *req, void __user *data)
{
	const struct vc_batch *batch = req->data;
	struct vc_call __user *to = u64_to_user_ptr(batch->calls);
	struct vc_batch __user *head = data;
	const struct vc_call *calls = req->list;
	u32 i;

	if (put_user(batch->failed, &head->failed))
		return vc_fail(-EFAULT, "data cannot be written");
	for (i = 0; i < req->nr; i++) {
		s32 result = calls[i].result;

		/* what means a restart is not for user space */
		if (result <= -ERESTARTSYS)
			result = -EINTR;
		if (put_user(result, &to[i].result))
			return vc_fail(-EFAULT, "calls cannot be written");
	}
	return 0;
}

/* No call has been executed yet. */
static int announce_calls(struct vc_request *req, void __user *data)
{
	struct vc_batch *batch = req->data;
	struct vc_call *calls = req->list;
	u32 i;

	batch->failed = batch->count;
	for (i = 0; i < req->nr; i++)
		calls[i].result = -ECANCELED;
	return copy_calls_out(req, data);
}

static int copy_in(struct vc_request *req, const struct vc_method *method,
		   u16 size, const void __user *data)
{
	int ret;

	ret = vc_check_size(method, size);
	if (ret)
		return vc_fail(ret, "size %u: %u to a page", size,
			       method->size_v1);
	if (!method->size || (!data && (method->flags & VC_DATA_OPTIONAL)))
		return 0;
	if (!data)
		return vc_fail(-EFAULT, "data is NULL");

	req->data = kzalloc(method->size, GFP_KERNEL_ACCOUNT);
	if (!req->data)
		return -ENOMEM;
	if (!(method->flags & VC_DATA_IN))
		return 0;
	ret = copy_struct_from_user(req->data, method->size, data,
				    size ?: method->size_v1);
	if (ret == -E2BIG && !(method->flags & VC_DATA_OUT))
		return vc_fail(ret, "bytes beyond %u are not zero",
			       method->size);
	if (ret == -E2BIG)	/* a buffer to fill: its tail may hold anything */
		ret = copy_from_user(req->data, data, method->size) ?
			-EFAULT : 0;
	if (ret)
		return vc_fail(ret, "data cannot be read");
	if (method->flags & VC_DATA_CALLS)
		return copy_calls_in(req);
	if (method->element && !(method->flags & VC_DATA_OUT))
		return copy_list_in(req, method,
				    data + (size ?: method->size_v1));
	return 0;
}

static int copy_out(struct vc_request *req, const struct vc_method *method,
		    u16 size, void __user *data)
{
	size_t given = size ?: method->size_v1;
	u32 room = 0;

	if (!(method->flags & VC_DATA_OUT) || !req->data)
		return 0;
	/* what a list counts is said in and out */
	if (method->element) {
		u32 *count = req->data + method->count;

		room = *count;
		*count = req->nr;
	}
	if (copy_to_user(data, req->data, min_t(size_t, given, method->size)))
		goto fault;
	if (given > method->size &&
	    clear_user(data + method->size, given - method->size))
		goto fault;
	if (copy_to_user(data + given, req->list,
			 (size_t)min(room, req->nr) * method->element))
		goto fault;
	return 0;
fault:
	return vc_fail(-EFAULT, "data cannot be written");
}

/**
 * vc_request_end - give back what a request holds
 * @req: the call is over
 *
 * Context: process.
 */
void vc_request_end(struct vc_request *req)
{
	unsigned int i;

	for (i = 0; i < VC_BUFFERS; i++)
		kvfree(req->buffer[i]);
	kvfree(req->list);
	kfree(req->data);
	vcontext_put(req->ctx);
	vcontext_put(req->caller);
}

/**
 * vc_request_check - is a call permitted, and what does it bring?
 * @req: with id, caller and, unless it is new or ignored, the context
 * @target: what is called
 * @data: as given
 *
 * Rights, then sizes and copying in, in the order of the ABI.
 *
 * Context: process, may sleep.
 * Return: 0 or a negative errno; vc_request_end() is due in any case.
 */
int vc_request_check(struct vc_request *req, const struct vc_target *target,
		     u64 data)
{
	const struct vc_method *method = target->method;
	int ret = 0;

	if (method->id == VC_KIND_HOST && req->caller->level)
		ret = vc_fail(-EPERM, "that is for the host alone");
	else if (target->set || (method->flags & VC_DATA_RIGHTS))
		ret = check_rights(req, target->command, method);
	if (!ret)
		ret = copy_in(req, method, target->size, u64_to_user_ptr(data));
	if (!ret)
		ret = copy_buffers_in(req, target->command, method);
	return ret;
}

/* The handler, while no batch changes the same. */
static long handle(struct vc_request *req, const struct vc_target *target)
{
	const struct vc_batch_ops *batch = target->command->batch;
	struct vcontext *claimed = NULL;
	long ret;

	if (target->set && batch && !(batch->passes && batch->passes(req)))
		claimed = req->ctx;
	if (claimed && vc_claim_set(claimed))
		return -ERESTARTNOINTR;
	ret = target->method->call(req);
	if (claimed)
		vc_claim_unset(claimed);
	return ret;
}

static long call(const struct vc_target *target, u32 cmd, u32 id,
		 void __user *data)
{
	const struct vc_method *method = target->method;
	bool calls = method->flags & VC_DATA_CALLS;
	struct vc_request req = {
		.cmd = cmd,
		.id = id,
		.caller = vcontext_get_current(),
	};
	long ret;
	int err;

	ret = find_context(&req, method);
	if (!ret)
		ret = vc_request_check(&req, target, (uintptr_t)data);
	if (!ret && calls)
		ret = announce_calls(&req, data);
	if (!ret) {
		ret = handle(&req, target);
		if (calls)
			(void)copy_calls_out(&req, data);
	}
	if (ret >= 0) {
		err = copy_buffers_out(&req, target->command, method);
		/* data tells how much room it would have taken */
		if ((!err || err == -ERANGE) &&
		    copy_out(&req, method, target->size, data))
			err = -EFAULT;
		ret = err ?: ret;
	}

	vc_request_end(&req);
	return ret;
}

static int find_method(const struct vc_category *category,
		       const struct vc_decoded *word, struct vc_target *target)
{
	const struct vc_command *command;

	command = vc_command_find(category, word->command);
	if (!command)
		return no_command(category, word->command);
	target->command = command;
	target->set = word->sub == VC_SUB_SET;
	target->method = target->set ? &command->set : &command->get;
	target->size = word->size;
	if (!word->sub || !target->method->call)
		return vc_fail(-EOPNOTSUPP, "%s %s cannot be %s",
			       category->name, command->name,
			       target->set ? "set" : "got");
	return 0;
}

/* Find what a well-formed word, neither of VERSION nor of the patch, asks for. */
static int find_target(const struct vc_decoded *word, struct vc_target *target)
{
	const struct vc_category *category;
	int ret;

	/* a module's cannot go before it is put */
	category = vc_category_get(word->category);
	if (!category)
		return vc_fail(-EOPNOTSUPP, "no category %u", word->category);
	ret = find_method(category, word, target);
	if (ret) {
		vc_category_put(category);
		return ret;
	}
	target->category = category;
	return 0;
}

/* Old binaries know two words, which are decided by all of their bits. */
static int find_vserver(u32 cmd, struct vc_target *target)
{
	struct vc_decoded word = {
		.category = VC_CAT_COMPAT,
		.sub = VC_SUB_SET,
	};

	switch (cmd) {
	case VC_VSERVER_NEW_S_CONTEXT:
		word.command = VC_COMPAT_NEW_S_CONTEXT;
		break;
	case VC_VSERVER_SET_IPV4ROOT:
		word.command = VC_COMPAT_SET_IPV4ROOT;
		break;
	default:
		return vc_fail(-EOPNOTSUPP, "no such word of category 63");
	}
	return find_target(&word, target);
}

/**
 * vc_target_put - what was found is called no more
 * @target: as vc_target_find() has filled it
 *
 * Context: any.
 */
void vc_target_put(const struct vc_target *target)
{
	vc_category_put(target->category);
}

/**
 * vc_target_find - find what the command word of a call of a batch asks for
 * @cmd: the word
 * @target: filled
 *
 * Context: process, may sleep.
 * Return: 0, then vc_target_put() is due; %-EINVAL (malformed), %-EOPNOTSUPP.
 */
int vc_target_find(u32 cmd, struct vc_target *target)
{
	struct vc_decoded word;

	if (VC_CATEGORY(cmd) == VC_CAT_VSERVER)
		return find_vserver(cmd, target);
	if (vc_decode(cmd, &word))
		return vc_fail(-EINVAL, "command word %#x is malformed", cmd);
	if (word.sub == VC_SUB_VERSION ||
	    (word.category == VC_CAT_VERSION && !word.command))
		return vc_fail(-EINVAL, "versions are asked for in no batch");
	return find_target(&word, target);
}

static long dispatch(u32 cmd, u32 id, void __user *data, bool *keep)
{
	struct vc_target target;
	struct vc_decoded word;
	long ret;

	if (VC_CATEGORY(cmd) == VC_CAT_VSERVER) {
		ret = find_vserver(cmd, &target);
	} else {
		if (vc_decode(cmd, &word))
			return vc_fail(-EINVAL, "command word %#x is malformed",
				       cmd);
		if (word.category == VC_CAT_VERSION && !word.command)
			return word.size ?
				vc_fail(-EINVAL, "size: takes no data") :
				VC_PATCH_VERSION;
		if (word.sub == VC_SUB_VERSION)
			return version_get(&word);
		ret = find_target(&word, &target);
		/* reading the last error neither clears nor sets it */
		*keep = !ret && word.category == VC_CAT_VERSION &&
			word.command == VC_VERSION_ERROR;
	}
	if (ret)
		return ret;
	ret = call(&target, cmd, id, data);
	vc_target_put(&target);
	return ret;
}

/**
 * sys_virtual_context - create, limit, isolate, enter and destroy contexts
 * @cmd: VC_CMD_SIZED() of category, %VC_SUB_SET or another, command, struct
 * @id: of a context, or %VC_ID_SELF
 * @data: the struct, or %NULL
 *
 * Return: what the command says, or:
 *
 * - %-EINVAL: malformed word; size; a value
 * - %-EOPNOTSUPP: this kernel does not have the category, the command, or SET
 *   or GET of it
 * - %-ESRCH: no context or process of that number that the caller sees
 * - %-EPERM: the caller may not
 * - %-E2BIG, %-EFAULT: @data
 * - others as the command says
 */
SYSCALL_DEFINE3(virtual_context, u32, cmd, u32, id, void __user *, data)
{
	bool keep = false;
	long ret;

	/* peeked at twice, but only to keep what is told */
	if (VC_CMD(VC_CATEGORY(cmd), VC_SUBCAT(cmd), VC_COMMAND(cmd)) !=
	    VC_CMD(VC_CAT_VERSION, VC_SUB_GET, VC_VERSION_ERROR))
		vc_error_begin();
	ret = dispatch(cmd, id, data, &keep);
	if (!keep)
		vc_error_end(cmd, ret);
	return ret;
}
