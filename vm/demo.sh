# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Runs in the guest: contexts at work. README.md shows what it prints. Without
# a first line of its own, which would bring the host's shell along.

# step COMMAND: show it, and do it
step() {
	printf '\n# %s\n' "$1"
	eval "$1"
}

# in the order in which it comes
exec 2>&1

if ! command -v vcontext >/dev/null; then
	echo 'no vcontext command in this machine'
	exit 0
fi
step "uname -sr"
step "vcontext create --name web --procs 50 --hostname web"
step "vcontext exec web -- sh -c 'hostname; sleep 100 & ps; kill -0 1'"
step "vcontext list"
step "cat /proc/vcontext/contexts"
step "vcontext kill web"
step "vcontext destroy --kill web"
step "vcontext create --name bomb --procs 10"
step "vcontext exec bomb -- sh -c 'f() { f | f & }; f' 2>/dev/null"
# until it has died of itself
sleep 1
step "vcontext list -o ID,NAME,PROCS,LIMIT,PEAK,HITS"
step "vcontext destroy --kill bomb"
step "vcontext create --name small --memory 16M --cpu-max 50% --files 20"
step "vcontext exec small -- dd if=/dev/zero of=/dev/null bs=64M count=1"
step "vcontext info small | sed -n '/RESOURCE/,\$p'"
step "vcontext list -o NAME,CPUMAX,MEMLIMIT,MEMPEAK,OOMKILLS"
step "vcontext destroy small"
step "mkdir -p /srv/jail/bin /srv/jail/proc /srv/jail/dev && cp /bin/busybox /srv/jail/bin/sh"
step "vcontext run --root /srv/jail --root-ro --pidns -- sh -c 'echo \$\$: /* /dev/* /proc/[0-9]*; echo >/new'"
step "vcontext list"
