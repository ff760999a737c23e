// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/<pid>/vcontext and /proc/vcontext.
 *
 * /proc/vcontext/<id> is made when somebody looks and forgotten when nobody
 * does, so that a context costs nothing here.  An inode holds no reference: it
 * knows the id and, as its number, the id of the context's cgroup, which is
 * never used again.  Dentries are shared by readers who see different
 * contexts, so each way in is checked for who comes: a walk through the
 * directory and a read of a file, which may have been opened by another.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/namei.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "../../fs/proc/internal.h"
#include "internal.h"

/**
 * proc_vcontext_show - the context of a task
 * @m: where to
 * @ns: unused
 * @pid: unused
 * @task: of whom
 *
 * Context: process.
 * Return: 0.
 */
int proc_vcontext_show(struct seq_file *m, struct pid_namespace *ns,
		       struct pid *pid, struct task_struct *task)
{
	struct vcontext *ctx;

	rcu_read_lock();
	ctx = vcontext_of_task(task);
	seq_printf(m, "%u\n", ctx ? ctx->id : VC_ID_HOST);
	rcu_read_unlock();
	return 0;
}

/* One line a context: id, parent, tasks, processes, state, name. */
static void show_context(struct seq_file *m, struct vcontext *ctx)
{
	seq_printf(m, "%u %u %llu %u %u %s\n", ctx->id, ctx->parent->id,
		   vc_process_tasks(ctx), vc_engine_count(ctx),
		   vc_cpu_state(ctx), ctx->name[0] ? ctx->name : "-");
}

static void *contexts_find(loff_t *pos)
{
	struct vcontext *caller = vcontext_get_current();
	struct vcontext *ctx = NULL;
	u32 id = *pos;

	/* the position is the id */
	if (*pos <= VC_ID_MAX)
		ctx = vcontext_find_next(&id, caller);
	*pos = id;
	vcontext_put(caller);
	return ctx;
}

static void *contexts_start(struct seq_file *m, loff_t *pos)
{
	return contexts_find(pos);
}

static void *contexts_next(struct seq_file *m, void *v, loff_t *pos)
{
	vcontext_put(v);
	++*pos;
	return contexts_find(pos);
}

static void contexts_stop(struct seq_file *m, void *v)
{
	vcontext_put(v);
}

static int contexts_show(struct seq_file *m, void *v)
{
	show_context(m, v);
	return 0;
}

static const struct seq_operations contexts_ops = {
	.start = contexts_start,
	.next = contexts_next,
	.stop = contexts_stop,
	.show = contexts_show,
};

/* ---- /proc/vcontext/<id> ---- */

/* The context whose directory @dir is, referenced, if current sees it. */
static struct vcontext *dir_context(const struct inode *dir)
{
	struct vcontext *caller = vcontext_get_current();
	struct vcontext *ctx;

	ctx = vcontext_find((unsigned long)dir->i_private, caller);
	vcontext_put(caller);
	/* the id may be another one's by now */
	if (ctx && (unsigned long)ctx->cgroup_id != dir->i_ino) {
		vcontext_put(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* Has /proc something to tell of a command, in the host's directory or others? */
static bool is_shown(const struct vc_command *command, bool host)
{
	const struct vc_method *get = &command->get;

	return get->call && !command->hidden &&
	       (get->id == VC_KIND_OWN_OR_BELOW ||
		(get->id == VC_KIND_HOST && host)) &&
	       (!get->size || command->show || command->show_all);
}

/* Has the running kernel a command of @category that is shown? */
static bool has_file(const struct vc_category *category, bool host)
{
	const struct vc_command *command;
	unsigned int i;

	for (i = 0; i < category->nr_commands; i++) {
		command = vc_command_find(category, i);
		if (command && is_shown(command, host))
			return true;
	}
	return false;
}

/* What GET says, after the name of the command. */
static int show_command(struct seq_file *m, const struct vc_command *command,
			struct vc_request *req)
{
	const struct vc_method *get = &command->get;
	long ret;

	if (command->show_all) {
		command->show_all(m, command, req);
		return 0;
	}
	if (get->size) {
		req->data = kzalloc(get->size, GFP_KERNEL_ACCOUNT);
		if (!req->data)
			return -ENOMEM;
	}
	ret = get->call(req);
	if (ret == -ENOMEM || ret == -ERESTARTNOINTR || ret == -ERESTARTSYS)
		return ret;
	/* the context has nothing of that kind */
	if (ret < 0)
		return 0;
	seq_printf(m, "%s ", command->name);
	if (command->show)
		command->show(m, req);
	else
		seq_printf(m, "%ld", ret);
	seq_putc(m, '\n');
	return 0;
}

/*
 * The category whose file @inode is, to be put, or %NULL if the module that
 * brought it is gone.
 */
static const struct vc_category *inode_category(const struct inode *inode)
{
	return vc_category_get((unsigned long)inode->i_private);
}

static int category_show(struct seq_file *m, void *v)
{
	const struct dentry *dentry = m->file->f_path.dentry;
	const struct vc_category *category;
	const struct vc_command *command;
	struct vcontext *ctx;
	unsigned int i;
	int ret = 0;

	category = inode_category(d_inode(dentry));
	if (!category)
		return -ESRCH;
	/* the open file keeps its dentry, and that its parent */
	ctx = dir_context(d_inode(dentry->d_parent));
	if (!ctx) {
		vc_category_put(category);
		return -ESRCH;
	}
	for (i = 0; i < category->nr_commands && !ret; i++) {
		struct vc_request req = {
			.cmd = VC_CMD(category->number, VC_SUB_GET, i),
			.id = ctx->id,
		};

		command = vc_command_find(category, i);
		if (!command || !is_shown(command, !ctx->level))
			continue;
		req.ctx = vcontext_get(ctx);
		req.caller = vcontext_get_current();
		ret = show_command(m, command, &req);
		vc_request_end(&req);
	}
	vcontext_put(ctx);
	vc_category_put(category);
	return ret;
}

static int category_open(struct inode *inode, struct file *file)
{
	const struct vc_category *category = inode_category(inode);

	/* a dentry that somebody has open outlives the module */
	if (!category)
		return -ENOENT;
	vc_category_put(category);
	return single_open(file, category_show, NULL);
}

static const struct file_operations category_file_ops = {
	.open = category_open,
	.read_iter = seq_read_iter,
	.splice_read = copy_splice_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static const struct inode_operations category_inode_ops = {
	.setattr = proc_nochmod_setattr,
};

/* Not kept: who walks here has passed context_permission(). */
static const struct dentry_operations category_dentry_ops = {
	.d_delete = always_delete_dentry,
};

static unsigned long category_ino(const struct inode *dir, u8 number)
{
	/* only to tell files apart; fits what 32 bits of user space take */
	return BIT(31) | (u32)(dir->i_ino << 8) | number;
}

/*
 * The category of that name that has a file in the host's directory, or in
 * others; to be put, or %NULL.
 */
static const struct vc_category *find_file(const struct qstr *name, bool host)
{
	const struct vc_category *category;
	int number;

	category = vc_category_find_name(name->name, name->len);
	number = category ? category->number :
			    vc_module_number(name->name, name->len);
	category = number < 0 ? NULL : vc_category_get(number);
	if (category && !has_file(category, host)) {
		vc_category_put(category);
		category = NULL;
	}
	return category;
}

static struct dentry *context_lookup(struct inode *dir, struct dentry *dentry,
				     unsigned int flags)
{
	const struct vc_category *category = find_file(&dentry->d_name,
						       !dir->i_private);
	struct inode *inode;
	u8 number;

	if (!category)
		return ERR_PTR(-ENOENT);
	number = category->number;
	vc_category_put(category);

	inode = new_inode(dir->i_sb);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_ino = category_ino(dir, number);
	inode->i_mode = S_IFREG | 0444;
	inode->i_private = (void *)(unsigned long)number;
	inode->i_op = &category_inode_ops;
	inode->i_fop = &category_file_ops;
	simple_inode_init_ts(inode);
	return proc_splice_unmountable(inode, dentry, &category_dentry_ops);
}

static int context_readdir(struct file *file, struct dir_context *dc)
{
	const struct inode *dir = file_inode(file);
	struct vcontext *ctx = dir_context(dir);
	const struct vc_category *pos;
	bool more = true;

	if (!ctx)
		return -ENOENT;
	vcontext_put(ctx);
	if (!dir_emit_dots(file, dc))
		return 0;
	/* the position is the number: modules come and go meanwhile */
	while (more && dc->pos - 2 <= U8_MAX) {
		pos = vc_category_get(dc->pos - 2);
		if (pos && has_file(pos, !dir->i_private))
			more = dir_emit(dc, pos->name, strlen(pos->name),
					category_ino(dir, pos->number), DT_REG);
		if (pos)
			vc_category_put(pos);
		if (more)
			dc->pos++;
	}
	return 0;
}

static const struct file_operations context_dir_ops = {
	.iterate_shared = context_readdir,
	.read = generic_read_dir,
	.llseek = generic_file_llseek,
};

static int context_permission(struct mnt_idmap *idmap, struct inode *inode,
			      int mask)
{
	struct vcontext *ctx = dir_context(inode);

	if (!ctx)
		return -ENOENT;
	vcontext_put(ctx);
	return generic_permission(idmap, inode, mask);
}

static const struct inode_operations context_inode_ops = {
	.lookup = context_lookup,
	.permission = context_permission,
	.setattr = proc_nochmod_setattr,
};

static int context_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode_rcu(dentry);
	struct vcontext *ctx, *caller;
	int ret = 0;

	if (!inode)
		return -ECHILD;
	ctx = vcontext_find((unsigned long)inode->i_private, vcontext_host);
	if (ctx && (unsigned long)ctx->cgroup_id == inode->i_ino) {
		/* a shared dentry: not there for us, but not to be dropped */
		caller = vcontext_get_current();
		ret = vcontext_is_below(ctx, caller) ? 1 : -ENOENT;
		vcontext_put(caller);
	}
	vcontext_put(ctx);
	return ret;
}

static const struct dentry_operations context_dentry_ops = {
	.d_revalidate = context_revalidate,
	.d_delete = always_delete_dentry,
};

/* ---- /proc/vcontext ---- */

static struct dentry *top_lookup(struct inode *dir, struct dentry *dentry,
				 unsigned int flags)
{
	u32 id = name_to_int(&dentry->d_name);
	struct vcontext *ctx, *caller;
	struct inode *inode;

	if (id > VC_ID_MAX)
		return proc_lookup(dir, dentry, flags);

	caller = vcontext_get_current();
	ctx = vcontext_find(id, caller);
	vcontext_put(caller);
	if (!ctx)
		return ERR_PTR(-ENOENT);
	inode = new_inode(dir->i_sb);
	if (inode) {
		inode->i_ino = ctx->cgroup_id;
		inode->i_mode = S_IFDIR | 0555;
		inode->i_private = (void *)(unsigned long)ctx->id;
		inode->i_op = &context_inode_ops;
		inode->i_fop = &context_dir_ops;
		set_nlink(inode, 2);
		simple_inode_init_ts(inode);
	}
	vcontext_put(ctx);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	return proc_splice_unmountable(inode, dentry, &context_dentry_ops);
}

/* Positions below are those of what is always there. */
#define FIRST_CONTEXT_POS	256

static bool emit_context(struct dir_context *dc, const struct vcontext *ctx)
{
	char name[16];
	int len = snprintf(name, sizeof(name), "%u", ctx->id);

	dc->pos = FIRST_CONTEXT_POS + ctx->id;
	return dir_emit(dc, name, len, ctx->cgroup_id, DT_DIR);
}

static int top_readdir(struct file *file, struct dir_context *dc)
{
	struct vcontext *caller, *ctx;
	bool more = true;
	u32 id;

	if (dc->pos < FIRST_CONTEXT_POS) {
		if (!proc_readdir(file, dc))
			return 0;
		dc->pos = FIRST_CONTEXT_POS;
	}
	caller = vcontext_get_current();
	if (dc->pos == FIRST_CONTEXT_POS && !caller->level)
		more = emit_context(dc, caller);
	if (more && dc->pos == FIRST_CONTEXT_POS)
		dc->pos++;
	while (more && dc->pos - FIRST_CONTEXT_POS <= VC_ID_MAX) {
		id = dc->pos - FIRST_CONTEXT_POS;
		ctx = vcontext_find_next(&id, caller);
		if (!ctx)
			break;
		more = emit_context(dc, ctx);
		vcontext_put(ctx);
		if (more)
			dc->pos++;
	}
	vcontext_put(caller);
	return 0;
}

static const struct inode_operations top_inode_ops = {
	.lookup = top_lookup,
	.setattr = proc_nochmod_setattr,
};

static const struct file_operations top_dir_ops = {
	.iterate_shared = top_readdir,
	.read = generic_read_dir,
	.llseek = generic_file_llseek,
};

/* /proc/vcontext/self, the reader's own */
static const char *self_get_link(struct dentry *dentry, struct inode *inode,
				 struct delayed_call *done)
{
	struct vcontext *caller = vcontext_get_current();
	char *name = kasprintf(dentry ? GFP_KERNEL : GFP_ATOMIC, "%u",
			       caller->id);

	vcontext_put(caller);
	if (!name)
		return dentry ? ERR_PTR(-ENOMEM) : ERR_PTR(-ECHILD);
	set_delayed_call(done, kfree_link, name);
	return name;
}

static const struct inode_operations self_inode_ops = {
	.get_link = self_get_link,
	.setattr = proc_nochmod_setattr,
};

static int __init vcontext_proc_init(void)
{
	struct proc_dir_entry *dir = proc_mkdir("vcontext", NULL);
	struct proc_dir_entry *self;

	self = dir ? proc_symlink("self", dir, "0") : NULL;
	if (!self ||
	    !proc_create_seq("contexts", 0444, dir, &contexts_ops)) {
		pr_err("vcontext: no /proc/vcontext\n");
		return 0;
	}
	/* before anybody is there to look */
	self->proc_iops = &self_inode_ops;
	dir->proc_iops = &top_inode_ops;
	dir->proc_dir_ops = &top_dir_ops;
	/* the number of directories in it is not known */
	dir->nlink = 1;
	return 0;
}
fs_initcall(vcontext_proc_init);
