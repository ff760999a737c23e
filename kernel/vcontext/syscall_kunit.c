// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the command word and of the table of commands.
 */
#include <kunit/test.h>
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "internal.h"

extern const struct vc_category __start_vcontext_category[],
	__stop_vcontext_category[];

/* Begins and ends with NULL. */
static const struct vc_category *
next_category(const struct vc_category *pos)
{
	pos = pos ? pos + 1 : __start_vcontext_category;
	return pos < __stop_vcontext_category ? pos : NULL;
}

/* ---- the word ---- */

static void decode_fields(struct kunit *test)
{
	static const struct {
		u32 cmd;
		struct vc_decoded word;
	} table[] = {
		{ 0x00000000, { 0, 0, 0, 0 } },
		{ 0x00400001, { 0, VC_SUB_GET, 1, 0 } },
		{ 0x02200001, { 2, VC_SUB_SET, 1, 0 } },
		{ 0x02202801, { 2, VC_SUB_SET, 1, 40 } },
		{ 0x02600000, { 2, VC_SUB_VERSION, 0, 0 } },
		{ 0x10400107, { 16, VC_SUB_GET, 7, 1 } },
		{ 0x7f3fff7f, { 0x7f, VC_SUB_SET, 0x7f, VC_SIZE_MAX } },
		{ 0xff7fffff, { 255, VC_SUB_VERSION, 255, VC_SIZE_MAX } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct vc_decoded word;

		KUNIT_EXPECT_EQ_MSG(test, vc_decode(table[i].cmd, &word), 0,
				    "%#x", table[i].cmd);
		KUNIT_EXPECT_EQ(test, word.category, table[i].word.category);
		KUNIT_EXPECT_EQ(test, word.sub, table[i].word.sub);
		KUNIT_EXPECT_EQ(test, word.command, table[i].word.command);
		KUNIT_EXPECT_EQ(test, word.size, table[i].word.size);
	}
}

/* Each bit belongs to one field, bit 23 to none. */
static void decode_bits(struct kunit *test)
{
	for (int bit = 0; bit < 32; bit++) {
		u32 cmd = 1U << bit;
		struct vc_decoded word;
		u32 back;

		vc_decode(cmd, &word);
		back = (u32)word.category << 24 | (u32)word.sub << 21 |
		       (u32)word.size << 8 | word.command;
		KUNIT_EXPECT_EQ_MSG(test, back, cmd & ~VC_RESERVED_BIT,
				    "bit %d", bit);
		KUNIT_EXPECT_LE(test, word.sub, 3);
		KUNIT_EXPECT_LE(test, word.size, VC_SIZE_MAX);
	}
}

static void decode_reserved_bit(struct kunit *test)
{
	struct vc_decoded word;

	KUNIT_EXPECT_EQ(test, VC_RESERVED_BIT, 1U << 23);
	for (u32 category = 0; category < 256; category++) {
		for (u32 sub = 0; sub < 4; sub++) {
			u32 cmd = VC_CMD(category, sub, 1) | VC_RESERVED_BIT;

			KUNIT_EXPECT_EQ_MSG(test, vc_decode(cmd, &word),
					    -EINVAL, "%#x", cmd);
		}
	}
	KUNIT_EXPECT_EQ(test, vc_decode(VC_RESERVED_BIT, &word), -EINVAL);
	KUNIT_EXPECT_EQ(test, vc_decode(U32_MAX, &word), -EINVAL);
}

/* Sub 0 is for category 0 alone. */
static void decode_sub(struct kunit *test)
{
	struct vc_decoded word;

	for (u32 category = 0; category < 256; category++) {
		for (u32 sub = 0; sub < 4; sub++) {
			u32 cmd = VC_CMD(category, sub, 1);

			KUNIT_EXPECT_EQ_MSG(test, vc_decode(cmd, &word),
					    category && !sub ? -EINVAL : 0,
					    "%#x", cmd);
		}
	}
}

struct kunit_largest {
	char bytes[VC_SIZE_MAX];
};

static void cmd_sized(struct kunit *test)
{
	static const struct {
		u32 cmd;
		u16 size;
	} table[] = {
		{ VC_CMD_SIZED(255, VC_SUB_SET, 255, u8), 1 },
		{ VC_CMD_SIZED(255, VC_SUB_SET, 255, u32), 4 },
		{ VC_CMD_SIZED(255, VC_SUB_SET, 255, struct vc_create), 40 },
		{ VC_CMD_SIZED(255, VC_SUB_SET, 255, struct vc_limit), 32 },
		{ VC_CMD_SIZED(255, VC_SUB_SET, 255, struct vc_hostname), 65 },
		{ VC_CMD_SIZED(255, VC_SUB_SET, 255, struct vc_id_list), 8 },
		{ VC_CMD_SIZED(255, VC_SUB_SET, 255, struct kunit_largest),
		  VC_SIZE_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct vc_decoded word;

		KUNIT_EXPECT_EQ(test, vc_decode(table[i].cmd, &word), 0);
		KUNIT_EXPECT_EQ(test, word.size, table[i].size);
		KUNIT_EXPECT_EQ(test, word.category, 255);
		KUNIT_EXPECT_EQ(test, word.sub, VC_SUB_SET);
		KUNIT_EXPECT_EQ(test, word.command, 255);
		KUNIT_EXPECT_EQ(test, VC_FULLCMD_MASK(table[i].cmd),
				table[i].cmd & 0xffffff);
	}
	KUNIT_EXPECT_EQ(test, VC_CMD(2, VC_SUB_GET, 7), 0x02400007);
}

/* ---- sizes ---- */

static void size_ladder(struct kunit *test)
{
	/* what version 2 of a command would be */
	static const struct vc_method grown = { .size = 24, .size_v1 = 16 };

	KUNIT_EXPECT_EQ(test, vc_check_size(&grown, 0), 0);
	KUNIT_EXPECT_EQ(test, vc_check_size(&grown, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, vc_check_size(&grown, 15), -EINVAL);
	KUNIT_EXPECT_EQ(test, vc_check_size(&grown, 16), 0);
	KUNIT_EXPECT_EQ(test, vc_check_size(&grown, 20), 0);
	KUNIT_EXPECT_EQ(test, vc_check_size(&grown, 24), 0);
	KUNIT_EXPECT_EQ(test, vc_check_size(&grown, 25), 0);
	KUNIT_EXPECT_EQ(test, vc_check_size(&grown,
					    min(PAGE_SIZE, VC_SIZE_MAX)), 0);
	if (PAGE_SIZE >= VC_SIZE_MAX)
		return;
	KUNIT_EXPECT_EQ(test, vc_check_size(&grown, PAGE_SIZE + 1), -E2BIG);
	KUNIT_EXPECT_EQ(test, vc_check_size(&grown, VC_SIZE_MAX), -E2BIG);
}

static void size_without_data(struct kunit *test)
{
	static const struct vc_method plain = { };

	KUNIT_EXPECT_EQ(test, vc_check_size(&plain, 0), 0);
	KUNIT_EXPECT_EQ(test, vc_check_size(&plain, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, vc_check_size(&plain, 4), -EINVAL);
	KUNIT_EXPECT_EQ(test, vc_check_size(&plain, VC_SIZE_MAX), -EINVAL);
}

/* Every method takes 0, its sizes and not one less than version 1. */
static void check_method_sizes(struct kunit *test,
			       const struct vc_method *method,
			       const char *name)
{
	KUNIT_EXPECT_EQ_MSG(test, vc_check_size(method, 0), 0, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, vc_check_size(method, method->size), 0,
			    "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, vc_check_size(method, method->size_v1), 0,
			    "%s", name);
	if (method->size_v1 != 1)
		KUNIT_EXPECT_EQ_MSG(test, vc_check_size(method, 1), -EINVAL,
				    "%s", name);
}

static void size_table(struct kunit *test)
{
	const struct vc_category *pos = NULL;

	while ((pos = next_category(pos))) {
		for (u16 i = 0; i < pos->nr_commands; i++) {
			const struct vc_command *command = &pos->commands[i];

			if (command->set.call)
				check_method_sizes(test, &command->set,
						   command->name);
			if (command->get.call)
				check_method_sizes(test, &command->get,
						   command->name);
		}
	}
}

/* ---- the table ---- */

static void find_category(struct kunit *test)
{
	const struct vc_category *pos;
	int nr = 0;

	for (u32 i = 0; i < 256; i++) {
		pos = vc_category_find(i);
		if (!pos)
			continue;
		KUNIT_EXPECT_EQ(test, pos->number, i);
		KUNIT_EXPECT_TRUE(test, pos >= __start_vcontext_category &&
				  pos < __stop_vcontext_category);
		nr++;
	}
	/* with numbers that are unique this is all of them */
	KUNIT_EXPECT_EQ(test, nr, __stop_vcontext_category -
			__start_vcontext_category);
	KUNIT_EXPECT_NOT_NULL(test, vc_category_find(VC_CAT_VERSION));
	KUNIT_EXPECT_NOT_NULL(test, vc_category_find(VC_CAT_CPU));
	KUNIT_EXPECT_NOT_NULL(test, vc_category_find(VC_CAT_PROCESS));
	/* decided before the table is looked at */
	KUNIT_EXPECT_NULL(test, vc_category_find(VC_CAT_VSERVER));
	KUNIT_EXPECT_NULL(test, vc_category_find(254));
}

static void find_command(struct kunit *test)
{
	const struct vc_category *pos = NULL;

	while ((pos = next_category(pos))) {
		for (u32 i = 0; i < 256; i++) {
			const struct vc_command *want = &pos->commands[i];

			if (i >= pos->nr_commands || !want->version ||
			    (want->available && !want->available()))
				want = NULL;
			KUNIT_EXPECT_PTR_EQ_MSG(test, vc_command_find(pos, i),
						want, "%s %u", pos->name, i);
		}
	}
}

/* A gap in the numbers, and the first one behind the last. */
static void find_command_gap(struct kunit *test)
{
	static const struct vc_command commands[] = {
		[1] = { .name = "one", .version = 1 },
		[3] = { .name = "three", .version = 7 },
	};
	static const struct vc_category category = {
		.name = "gap", .number = 254, .version = 1,
		.nr_commands = ARRAY_SIZE(commands), .commands = commands,
	};

	KUNIT_EXPECT_NULL(test, vc_command_find(&category, 0));
	KUNIT_EXPECT_PTR_EQ(test, vc_command_find(&category, 1), &commands[1]);
	KUNIT_EXPECT_NULL(test, vc_command_find(&category, 2));
	KUNIT_EXPECT_PTR_EQ(test, vc_command_find(&category, 3), &commands[3]);
	KUNIT_EXPECT_NULL(test, vc_command_find(&category, 4));
	KUNIT_EXPECT_NULL(test, vc_command_find(&category, 255));
}

static void table_categories(struct kunit *test)
{
	const struct vc_category *pos = NULL, *other;

	while ((pos = next_category(pos))) {
		KUNIT_ASSERT_NOT_NULL(test, pos->name);
		KUNIT_ASSERT_NOT_NULL(test, pos->commands);
		KUNIT_EXPECT_GT(test, strlen(pos->name), 0);
		KUNIT_EXPECT_GT_MSG(test, pos->version, 0, "%s", pos->name);
		KUNIT_EXPECT_GT_MSG(test, pos->nr_commands, 0, "%s",
				    pos->name);
		KUNIT_EXPECT_LE_MSG(test, pos->nr_commands, 256, "%s",
				    pos->name);
		for (other = __start_vcontext_category; other < pos; other++) {
			KUNIT_EXPECT_NE_MSG(test, other->number, pos->number,
					    "%s, %s", other->name, pos->name);
			KUNIT_EXPECT_STRNEQ(test, other->name, pos->name);
		}
	}
}

static void check_command(struct kunit *test, const struct vc_category *in,
			  u16 number)
{
	const struct vc_command *command = &in->commands[number];
	bool net = in->number == VC_CAT_VNET || in->number == VC_CAT_NETADDR;

	/* a gap is a gap altogether */
	if (!command->version) {
		KUNIT_EXPECT_NULL_MSG(test, command->name, "%s %u", in->name,
				      number);
		KUNIT_EXPECT_NULL(test, command->set.call);
		KUNIT_EXPECT_NULL(test, command->get.call);
		return;
	}
	KUNIT_ASSERT_NOT_NULL_MSG(test, command->name, "%s %u", in->name,
				  number);
	KUNIT_EXPECT_GT(test, strlen(command->name), 0);
	KUNIT_ASSERT_NOT_NULL_MSG(test, command->doc, "%s %s", in->name,
				  command->name);
	KUNIT_EXPECT_GT(test, strlen(command->doc), 0);
	KUNIT_EXPECT_NULL_MSG(test, strchr(command->doc, '\n'), "%s %s",
			      in->name, command->name);
	/* number 0 asks for the version of the category */
	KUNIT_EXPECT_NE_MSG(test, number, 0, "%s %s", in->name, command->name);
	KUNIT_EXPECT_TRUE_MSG(test, command->set.call || command->get.call,
			      "%s %s", in->name, command->name);
	/* 0 would be CAP_CHOWN, that is, forgotten */
	if (command->set.call)
		KUNIT_EXPECT_EQ_MSG(test, command->cap,
				    net ? CAP_NET_ADMIN : CAP_SYS_ADMIN,
				    "%s %s", in->name, command->name);
}

static void table_commands(struct kunit *test)
{
	const struct vc_category *pos = NULL;

	while ((pos = next_category(pos)))
		for (u16 i = 0; i < pos->nr_commands; i++)
			check_command(test, pos, i);
}

static void table_command_names(struct kunit *test)
{
	const struct vc_category *pos = NULL;

	while ((pos = next_category(pos))) {
		for (u16 i = 0; i < pos->nr_commands; i++) {
			if (!pos->commands[i].version)
				continue;
			for (u16 j = 0; j < i; j++) {
				if (!pos->commands[j].version)
					continue;
				KUNIT_EXPECT_STRNEQ(test,
						    pos->commands[i].name,
						    pos->commands[j].name);
			}
		}
	}
}

static void check_method(struct kunit *test, const struct vc_method *method,
			 bool set, const char *name)
{
	u8 data = VC_DATA_IN | VC_DATA_OUT;
	u8 flags = method->flags;

	if (!method->call) {
		KUNIT_EXPECT_EQ_MSG(test, method->size, 0, "%s", name);
		return;
	}
	KUNIT_EXPECT_LE_MSG(test, method->size, VC_SIZE_MAX, "%s", name);
	KUNIT_EXPECT_LE_MSG(test, method->size, PAGE_SIZE, "%s", name);
	KUNIT_EXPECT_LE_MSG(test, method->size_v1, method->size, "%s", name);
	KUNIT_EXPECT_EQ_MSG(test, !method->size_v1, !method->size, "%s", name);
	/* SET takes rights anyway */
	if (!set)
		flags &= ~VC_DATA_RIGHTS;
	else
		flags &= ~(VC_DATA_COUNT_ID | VC_DATA_CALLS);
	KUNIT_EXPECT_EQ_MSG(test, flags & ~(data | VC_DATA_OPTIONAL |
					    VC_DATA_BUFFER),
			    0, "%s", name);
	/* data goes in or out, or there is none */
	if (method->size)
		KUNIT_EXPECT_NE_MSG(test, flags & data, 0, "%s", name);
	else
		KUNIT_EXPECT_EQ_MSG(test, flags, 0, "%s", name);
	/* a list has its count; that is read by GET, too */
	if (method->element) {
		KUNIT_EXPECT_EQ_MSG(test, flags, set ? VC_DATA_IN : data, "%s",
				    name);
		KUNIT_EXPECT_GE_MSG(test, method->size_v1,
				    method->count + sizeof(u32), "%s", name);
	}
	/* nobody sees or changes by the wrong kind of id */
	KUNIT_EXPECT_LE_MSG(test, method->id, VC_KIND_COMPAT, "%s", name);
	if (!set)
		KUNIT_EXPECT_TRUE_MSG(test, method->id == VC_KIND_IGNORED ||
				      method->id == VC_KIND_HOST ||
				      method->id == VC_KIND_OWN_OR_BELOW,
				      "%s", name);
}

static void table_methods(struct kunit *test)
{
	const struct vc_category *pos = NULL;

	while ((pos = next_category(pos))) {
		for (u16 i = 0; i < pos->nr_commands; i++) {
			const struct vc_command *command = &pos->commands[i];

			check_method(test, &command->set, true, command->name);
			check_method(test, &command->get, false, command->name);
		}
	}
}

/* In a batch is what can be taken back, and nothing else. */
static void table_batch(struct kunit *test)
{
	static const u32 never[] = {
		VC_CMD(VC_CAT_COMPAT, VC_SUB_SET, VC_COMPAT_NEW_S_CONTEXT),
		VC_CMD(VC_CAT_COMPAT, VC_SUB_SET, VC_COMPAT_SET_IPV4ROOT),
		VC_CMD(VC_CAT_CPU, VC_SUB_SET, VC_CPU_DESTROY),
		VC_CMD(VC_CAT_CPU, VC_SUB_SET, VC_CPU_BATCH),
		VC_CMD(VC_CAT_PROCESS, VC_SUB_SET, VC_PROCESS_TASK),
		VC_CMD(VC_CAT_PROCESS, VC_SUB_SET, VC_PROCESS_SIGNAL),
		VC_CMD(VC_CAT_VFS, VC_SUB_SET, VC_VFS_UNROOT),
		VC_CMD(VC_CAT_VNET, VC_SUB_SET, VC_VNET_DESTROY),
		VC_CMD(VC_CAT_CLASS, VC_SUB_SET, VC_CLASS_RULE),
		VC_CMD(VC_CAT_CLASS, VC_SUB_SET, VC_CLASS_REMOVE),
		VC_CMD(VC_CAT_CLASS, VC_SUB_SET, VC_CLASS_APPLY),
#ifdef CONFIG_VCONTEXT_DEBUG
		VC_CMD(VC_CAT_DEBUG, VC_SUB_SET, VC_DEBUG_FAIL),
#endif
	};
	const struct vc_category *pos = NULL;

	while ((pos = next_category(pos))) {
		for (u16 i = 0; i < pos->nr_commands; i++) {
			const struct vc_command *command = &pos->commands[i];
			const struct vc_batch_ops *ops = command->batch;
			bool wanted = command->set.call;

			for (int k = 0; k < ARRAY_SIZE(never); k++)
				if (never[k] == VC_CMD(pos->number, VC_SUB_SET,
						       i))
					wanted = false;
			KUNIT_EXPECT_EQ_MSG(test, !!ops, wanted, "%s %s",
					    pos->name, command->name);
			if (!ops || ops == &vc_batch_create)
				continue;
			KUNIT_EXPECT_NOT_NULL(test, ops->begin);
			KUNIT_EXPECT_NOT_NULL(test, ops->end);
			/* it is about a context */
			KUNIT_EXPECT_TRUE(test,
					  command->set.id == VC_KIND_BELOW ||
					  command->set.id == VC_KIND_OWN_OR_BELOW ||
					  command->set.id == VC_KIND_HOST_OR_BELOW);
		}
	}
}

static void check_buffers(struct kunit *test, const struct vc_command *command,
			  const struct vc_method *method, u8 flags)
{
	if (!(method->flags & VC_DATA_BUFFER))
		return;
	/* where it points is read also by GET */
	KUNIT_EXPECT_EQ_MSG(test, method->flags, flags | VC_DATA_BUFFER, "%s",
			    command->name);
	KUNIT_EXPECT_GT_MSG(test, command->nr_buffers, 0, "%s", command->name);
	for (u8 i = 0; i < command->nr_buffers; i++) {
		const struct vc_buffer *buffer = &command->buffers[i];

		KUNIT_EXPECT_LE(test, buffer->pointer + sizeof(u64),
				method->size_v1);
		KUNIT_EXPECT_LE(test, buffer->len + sizeof(u32),
				method->size_v1);
		KUNIT_EXPECT_EQ(test, buffer->pointer % sizeof(u64), 0);
		KUNIT_EXPECT_EQ(test, buffer->len % sizeof(u32), 0);
	}
}

static void table_buffers(struct kunit *test)
{
	const struct vc_category *pos = NULL;

	while ((pos = next_category(pos))) {
		for (u16 i = 0; i < pos->nr_commands; i++) {
			const struct vc_command *command = &pos->commands[i];

			KUNIT_EXPECT_LE(test, command->nr_buffers, VC_BUFFERS);
			check_buffers(test, command, &command->set,
				      VC_DATA_IN);
			check_buffers(test, command, &command->get,
				      VC_DATA_IN | VC_DATA_OUT);
		}
	}
}

static struct kunit_case syscall_cases[] = {
	KUNIT_CASE(decode_fields),
	KUNIT_CASE(decode_bits),
	KUNIT_CASE(decode_reserved_bit),
	KUNIT_CASE(decode_sub),
	KUNIT_CASE(cmd_sized),
	KUNIT_CASE(size_ladder),
	KUNIT_CASE(size_without_data),
	KUNIT_CASE(size_table),
	KUNIT_CASE(find_category),
	KUNIT_CASE(find_command),
	KUNIT_CASE(find_command_gap),
	KUNIT_CASE(table_categories),
	KUNIT_CASE(table_commands),
	KUNIT_CASE(table_command_names),
	KUNIT_CASE(table_methods),
	KUNIT_CASE(table_batch),
	KUNIT_CASE(table_buffers),
	{}
};

static struct kunit_suite syscall_suite = {
	.name = "vcontext_syscall",
	.test_cases = syscall_cases,
};

kunit_test_suite(syscall_suite);
