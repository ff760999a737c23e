// SPDX-License-Identifier: GPL-2.0
/*
 * A module whose category has the number, name and table that it is told.
 */
#include <linux/vcontext_module.h>

static uint number = 201;
module_param(number, uint, 0444);
MODULE_PARM_DESC(number, "of the category");

static char *name = "clash";
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "of the category");

static uint malformed;
module_param(malformed, uint, 0444);
MODULE_PARM_DESC(malformed, "what is wrong with the table, 1 to 5");

static long clash_get(struct vc_request *req)
{
	return VC_COMMAND(req->cmd);
}

static struct vc_command commands[] = {
	[1] = {
		.name = "one",
		.doc = "a command",
		.version = 1,
		.get = VC_METHOD_PLAIN(clash_get, VC_KIND_IGNORED),
	},
};

/* With two categories, so that the second one's refusal undoes the first. */
static struct vc_category categories[2] = {
	{ .name = "beside", .number = 202, .version = 1,
	  .nr_commands = ARRAY_SIZE(commands), .commands = commands },
	{ .version = 1,
	  .nr_commands = ARRAY_SIZE(commands), .commands = commands },
};

VC_MODULE(NULL);

static int __init clash_init(void)
{
	struct vc_module *mod = VC_THIS_MODULE;
	int i;

	categories[1].number = number;
	categories[1].name = name;
	for (i = 0; i < ARRAY_SIZE(categories); i++)
		categories[i].module = mod;
	mod->categories = categories;
	mod->categories_end = categories + ARRAY_SIZE(categories);

	switch (malformed) {
	case 1:
		categories[1].version = 0;
		break;
	case 2:
		commands[1].name = NULL;
		break;
	case 3:
		commands[1].get.call = NULL;
		break;
	case 4:
		commands[1].get.size = PAGE_SIZE + 1;
		break;
	case 5:
		commands[0] = commands[1];
		break;
	}
	return vc_module_register(mod);
}
module_init(clash_init);

static void __exit clash_exit(void)
{
	vc_module_unregister(VC_THIS_MODULE);
}
module_exit(clash_exit);

MODULE_DESCRIPTION("Test of virtual contexts with categories that clash");
MODULE_LICENSE("GPL");
