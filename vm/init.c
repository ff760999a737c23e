// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the guest: mounts what programs expect, runs one of them, passes
 * its output and status to the host over virtio ports, and reports what the
 * kernel thought of it. vm/run is the other end and judges.
 *
 * Ports: in, out, err  the program's; klog  the kernel's records as /dev/kmsg
 * has them; verdict  lines "NAME VALUE", ending with "done".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BUF	(64 * 1024)

static char buf[BUF];
static int verdict = -1;
static int klog = -1;
static int kmsg = -1;

static void put(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= n;
	}
}

__attribute__((format(printf, 1, 2)))
static void tell(const char *format, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	put(verdict, line, len);
}

static ssize_t slurp(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n, len = 0;

	if (fd < 0)
		return -1;
	while ((n = read(fd, to + len, size - 1 - len)) > 0)
		len += n;
	to[len] = 0;
	close(fd);
	return len;
}

static int spew(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

static void mount_all(void)
{
	static const struct {
		const char *type, *where, *options;
		unsigned long flags;
	} list[] = {
		{ "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "devtmpfs", "/dev", "mode=755", MS_NOSUID },
		{ "devpts", "/dev/pts", "mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC },
		{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV },
		{ "mqueue", "/dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV },
		{ "tmpfs", "/run", "mode=755", MS_NOSUID | MS_NODEV },
		{ "cgroup2", "/sys/fs/cgroup", "nsdelegate", MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "securityfs", "/sys/kernel/security", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "tracefs", "/sys/kernel/tracing", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "debugfs", "/sys/kernel/debug", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "bpf", "/sys/fs/bpf", "mode=700", MS_NOSUID | MS_NODEV | MS_NOEXEC },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		mkdir(list[i].where, 0755);
		/* What the kernel lacks is not there; programs notice. */
		mount(list[i].type, list[i].where, list[i].type, list[i].flags, list[i].options);
	}
	if (symlink("/proc/self/fd", "/dev/fd") ||
	    symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") ||
	    symlink("/proc/self/fd/2", "/dev/stderr"))
		perror("init: /dev");
	/* Shared, as every distribution has it: tests of propagation need it. */
	mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
}

static void lo_up(void)
{
	/* By the tool that is there: one exec costs less than the code. */
	pid_t pid = fork();

	if (!pid) {
		execl("/bin/busybox", "ip", "link", "set", "lo", "up", NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/* Ports appear when the kernel has talked to the device: wait a little. */
static int port(const char *want, int flags)
{
	char path[512], name[64];

	for (int tries = 0; tries < 30000; tries++) {
		DIR *dir = opendir("/sys/class/virtio-ports");
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			int fd;

			snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
			if (entry->d_name[0] == '.' || slurp(path, name, sizeof(name)) <= 0)
				continue;
			name[strcspn(name, "\n")] = 0;
			if (strcmp(name, want))
				continue;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, flags | O_CLOEXEC);
			if (fd >= 0) {
				closedir(dir);
				return fd;
			}
		}
		if (dir)
			closedir(dir);
		usleep(2000);
	}
	/* Without it what the program says would be lost, and it seem to be well. */
	fprintf(stderr, "init: no port %s\n", want);
	reboot(RB_POWER_OFF);
	return -1;
}

/* Pass on what the kernel has said since the last time. */
static void pass_klog(void)
{
	ssize_t n;

	for (;;) {
		n = read(kmsg, buf, sizeof(buf));
		if (n > 0)
			put(klog, buf, n);
		else if (n < 0 && errno == EPIPE)
			put(klog, "4,0,0,-;vm: records of the kernel were lost\n", 44);
		else
			return;
	}
}

/* Pass on what is there; false at the end of it. */
static bool pass(int from, int to)
{
	ssize_t n = read(from, buf, sizeof(buf));

	if (n > 0)
		put(to, buf, n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void child(char **argv, int in, int out, int err, int fail, bool tty)
{
	sigset_t none;

	setsid();
	if (tty) {
		in = out = err = open("/dev/hvc0", O_RDWR);
		ioctl(in, TIOCSCTTY, 0);
	}
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	/* The host must tell this from a program's own 126 or 127. */
	dprintf(fail, "%d", errno);
	_exit(127);
}

/*
 * Run the program, pass its streams on, each with @end behind it, return its
 * wait status.
 */
static int run(char **argv, bool tty, int *error, const char *end)
{
	int in[2], out[2], err[2], fail[2], status = 0;
	int port_in = tty ? -1 : port("in", O_RDONLY | O_NONBLOCK);
	int port_out = port("out", O_WRONLY);
	int port_err = port("err", O_WRONLY);
	struct pollfd fds[4];
	char pending[BUF / 4];
	ssize_t have = 0, sent = 0;
	char number[16] = "";
	pid_t pid, got = 0;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC | O_NONBLOCK) ||
	    pipe2(err, O_CLOEXEC | O_NONBLOCK) || pipe2(fail, O_CLOEXEC))
		return -1;
	/* Only our ends are non-blocking: the program's are its own files. */
	fcntl(out[1], F_SETFL, fcntl(out[1], F_GETFL) & ~O_NONBLOCK);
	fcntl(err[1], F_SETFL, fcntl(err[1], F_GETFL) & ~O_NONBLOCK);
	fcntl(in[1], F_SETFL, fcntl(in[1], F_GETFL) | O_NONBLOCK);

	pid = fork();
	if (!pid)
		child(argv, in[0], out[1], err[1], fail[1], tty);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	close(fail[1]);
	if (tty) {
		close(in[1]);
		in[1] = -1;
	}
	if (pid > 0 && read(fail[0], number, sizeof(number) - 1) > 0)
		*error = atoi(number);

	for (;;) {
		bool more = true;

		/* Orphans end here too; only the program's status counts. */
		for (;;) {
			int s;
			pid_t dead = waitpid(-1, &s, WNOHANG);

			if (dead <= 0)
				break;
			if (dead == pid) {
				status = s;
				got = pid;
			}
		}
		if (in[1] >= 0 && have == sent) {
			have = sent = 0;
			have = read(port_in, pending, sizeof(pending));
			if (!have) {
				close(in[1]);
				in[1] = -1;
			} else if (have < 0) {
				have = 0;
			}
		}
		if (in[1] >= 0 && sent < have) {
			ssize_t n = write(in[1], pending + sent, have - sent);

			if (n > 0) {
				sent += n;
			} else if (n < 0 && errno == EPIPE) {
				close(in[1]);
				in[1] = -1;
			}
		}
		fds[0] = (struct pollfd){ .fd = out[0], .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = err[0], .events = POLLIN };
		fds[2] = (struct pollfd){ .fd = kmsg, .events = POLLIN };
		if (in[1] < 0)
			fds[3] = (struct pollfd){ .fd = -1 };
		else if (sent < have)
			fds[3] = (struct pollfd){ .fd = in[1], .events = POLLOUT };
		else
			fds[3] = (struct pollfd){ .fd = port_in, .events = POLLIN };
		/* SIGCHLD's handler is what ends a wait when a child dies. */
		if (!got) {
			sigset_t open_mask;

			sigemptyset(&open_mask);
			ppoll(fds, 4, NULL, &open_mask);
		} else {
			poll(fds, 4, 0);
		}
		if (fds[2].revents & POLLIN)
			pass_klog();
		if (fds[0].revents && !pass(out[0], port_out)) {
			close(out[0]);
			out[0] = -1;
		}
		if (fds[1].revents && !pass(err[0], port_err)) {
			close(err[0]);
			err[0] = -1;
		}
		more = (fds[0].revents & POLLIN) || (fds[1].revents & POLLIN);
		/* Background children may hold the pipes open for ever. */
		if (got && !more)
			break;
	}
	put(port_out, end, strlen(end));
	put(port_err, end, strlen(end));
	return status;
}

static void on_child(int sig)
{
	(void)sig;
}

/*
 * Objects nobody points to.  A scan tells of none that is younger than five
 * seconds, nor of one whose contents the scan before has not seen.
 */
static void check_leaks(void)
{
	static const char file[] = "/sys/kernel/debug/kmemleak";
	time_t start = time(NULL);
	char *line, *save;

	if (access(file, W_OK))
		return;
	if (spew(file, "scan"))
		return;
	while (time(NULL) < start + 6)
		sleep(1);
	if (spew(file, "scan") || slurp(file, buf, sizeof(buf)) <= 0)
		return;
	/* Nor is one that moved between two places meanwhile there next time. */
	sleep(1);
	if (spew(file, "scan") || slurp(file, buf, sizeof(buf)) <= 0)
		return;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		tell("leak %s\n", line);
}

static void check_kernel(bool leaks)
{
	char *at;

	if (leaks)
		check_leaks();
	if (slurp("/proc/sys/kernel/tainted", buf, sizeof(buf)) > 0)
		tell("tainted %s", buf);
	if (slurp("/proc/lockdep_stats", buf, sizeof(buf)) > 0) {
		at = strstr(buf, "debug_locks:");
		if (at)
			tell("debug_locks %d\n", atoi(at + 12));
	}
}

int main(void)
{
	static char words[BUF];
	static char *argv[4096];
	bool tty = false, leaks = true;
	char *word, *end;
	const char *mark = "";
	int argc = 0, status, error = 0;
	struct sigaction act = { .sa_handler = on_child };
	sigset_t chld;
	ssize_t len;

	mount_all();
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	/* So that a program that chats there cannot crowd the kernel out. */
	spew("/proc/sys/kernel/printk_devkmsg", "on");
	sethostname("vcontext", 8);
	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("USER", "root", 1);
	lo_up();

	/* /.vm/args: options, an empty word, then the program's words. */
	len = slurp("/.vm/args", words, sizeof(words));
	end = words + (len > 0 ? len : 0);
	for (word = words; word < end && *word; word += strlen(word) + 1) {
		if (!strcmp(word, "tty"))
			tty = true;
		else if (!strcmp(word, "noleaks"))
			leaks = false;
		else if (!strncmp(word, "end:", 4))
			mark = word + 4;
		else if (!strncmp(word, "env:", 4))
			putenv(word + 4);
		else if (!strncmp(word, "cd:", 3) && chdir(word + 3))
			perror(word + 3);
	}
	for (word++; word < end && argc < 4095; word += strlen(word) + 1)
		argv[argc++] = word;

	verdict = port("verdict", O_WRONLY);
	klog = port("klog", O_WRONLY);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	sigaction(SIGCHLD, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	tell("booted 1\n");

	status = run(argv, tty, &error, mark);

	check_kernel(leaks);
	sync();
	pass_klog();
	put(klog, mark, strlen(mark));
	put(klog, "\n", 1);
	if (error)
		tell("exec %d\n", error);
	else if (WIFSIGNALED(status))
		tell("signal %d\n", WTERMSIG(status));
	else
		tell("exit %d\n", WEXITSTATUS(status));
	tell("done\n");
	/* The host has what it wants and ends the machine. */
	sleep(2);
	reboot(RB_POWER_OFF);
	return 0;
}
