#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What can be tested of the command without a kernel that has the call: how it
# takes its arguments, and that it says what is missing.  Where the kernel has
# virtual_context(2) and we are root, a few contexts are made as well; what this
# kernel's call lacks is skipped.
#
#	test.sh DIRECTORY-OF-THE-BUILD

build=${1:-$(dirname "$0")}
vcontext=$build/vcontext
out=$(mktemp)
err=$(mktemp)
tmp=$(mktemp -d)
trap 'rm -rf "$out" "$err" "$tmp"' EXIT
count=0
failed=0

# ok NAME: judges the command before it
ok()
{
	set -- "$?" "$1"
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$out" "$err"
		failed=$((failed + 1))
	fi
}

# has CATEGORY COMMAND NAME...: has the kernel's call that?  Else these tests
# are skipped.
has()
{
	if "$vcontext" version -nr | grep -q "^$1 $2 "; then
		return 0
	fi
	shift 2
	for name; do
		count=$((count + 1))
		echo "ok $count - $name # SKIP the kernel has no such command"
	done
	return 1
}

# status N PROGRAM...: exits with N
status()
{
	expected=$1
	shift
	"$@" >"$out" 2>"$err"
	got=$?
	[ "$got" -eq "$expected" ] || {
		echo "exit status $got instead of $expected" >>"$err"
		return 1
	}
}

# usage N ARGS...: refused with N before anything is called
usage()
{
	status "$@" && grep -q "Try 'vcontext" "$err" && ! [ -s "$out" ] &&
		! grep -q 'hint:' "$err"
}

status 0 "$vcontext" --help && grep -q '^  run ' "$out";	ok "help"
status 0 "$vcontext" help run && grep -q -- '--procs N' "$out";	ok "help run"
status 0 "$vcontext" --version;				ok "version of the tool"
for sub in create run exec list info stat events set kill stop freeze thaw \
	   destroy rule version; do
	status 0 "$vcontext" "$sub" --help &&
		grep -q "^Usage: vcontext $sub" "$out"
	ok "$sub --help"
done
status 0 "$vcontext" list --help && grep -q '^  CGROUPID' "$out"
ok "list --help names the columns"

usage 2 "$vcontext";					ok "no command"
usage 2 "$vcontext" frobnicate;				ok "unknown command"
usage 2 "$vcontext" create --nonsense;			ok "unknown option"
usage 2 "$vcontext" create a b;				ok "create: two names"
usage 2 "$vcontext" create --name a b;			ok "create: named twice"
usage 2 "$vcontext" create --id 3 4;			ok "create: two numbers"
usage 2 "$vcontext" create 0;				ok "create: the host"
usage 2 "$vcontext" create 2147483647;			ok "create: id too large"
usage 2 "$vcontext" create 99999999999999999999;	ok "create: overflow"
usage 2 "$vcontext" create a/b;				ok "create: slash in name"
usage 2 "$vcontext" create --name '';			ok "create: empty name"
usage 2 "$vcontext" create abcdefghijklmnopqrstuvwxyz012345
ok "create: name too long"
usage 2 "$vcontext" create --procs -1;			ok "procs: negative"
usage 2 "$vcontext" create --procs ' 1';		ok "procs: blank"
usage 2 "$vcontext" create --procs 10k;			ok "procs: suffix"
usage 2 "$vcontext" create --procs 18446744073709551616;	ok "procs: overflow"
usage 2 "$vcontext" create --children 4294967296;	ok "children: overflow"
usage 2 "$vcontext" create --caps chwon;		ok "caps: unknown"
usage 2 "$vcontext" create --caps all,none;		ok "caps: two bases"
usage 2 "$vcontext" create --caps '';			ok "caps: empty"
for word in '' ',' tmpfs,,proc abcdefghijklmnopqrstuvwxyz0123456; do
	usage 2 "$vcontext" create --mounts "$word" &&
		grep -q -- "--mounts '$word' is not a list" "$err"
	ok "mounts: '$word'"
done
for word in '' c c:1 c:1:3 c:1:3: x:1:3:r c:4096:0:r c:1:1048576:r c:1:3:x \
	    'c: 1:3:r' c:1:3:rw:; do
	usage 2 "$vcontext" create --device "$word" &&
		grep -q -- "--device '$word' is not a device" "$err"
	ok "device: '$word'"
done
for word in '' 10.0.0 10.0.0.1/33 fd00::/129 10.0.0.1/ 10.0.0.1% \
	    10.0.0.1%abcdefghijklmnop 10.0.0.1/x fd00:::1 eth0; do
	usage 2 "$vcontext" create --addr "$word" &&
		grep -q -- "--addr '$word' is not an address" "$err"
	ok "addr: '$word'"
done
usage 2 "$vcontext" create --no-addr none;		ok "no-addr: none"
usage 2 "$vcontext" create --ephemeral;			ok "create: ephemeral"
usage 2 "$vcontext" create --root-ro
ok "root-ro: without a root"
usage 2 "$vcontext" create --root / --bind /tmp
ok "bind: no target"
for word in '' eth0 tun:eth0:x veth:eth0 veth::x veth:eth0: dummy:a:b \
	    veth:abcdefghijklmnop:x veth:a:b,mtu=0 veth:a:b,mtu=70000 \
	    veth:a:b,mac=02:00 veth:a:b,x=1 veth:a:b,mtu; do
	usage 2 "$vcontext" create --vnet "$word" && grep -q -- '--vnet\|name of' "$err"
	ok "vnet: '$word'"
done
for word in '' eth0 eth0,max eth0,max=10 eth0,max=0M eth0,max=5000G eth0,x=1M \
	    eth0,warranted=1.0001K eth0,uplink=abcdefghijklmnop; do
	usage 2 "$vcontext" create --bandwidth "$word"
	ok "bandwidth: '$word'"
done
usage 2 "$vcontext" net --capacity eth0;		ok "capacity: no rate"
usage 2 "$vcontext" net --capacity eth0=1M --destroy x;	ok "capacity and destroy"
usage 2 "$vcontext" create --hostname "$(printf '%065d' 0)"
ok "hostname: too long"
usage 2 "$vcontext" create --files 10k;			ok "files: suffix"
usage 2 "$vcontext" create --tcp '';			ok "tcp: empty"
for word in 5X -1 1.2.3 .5G 1. 5MB 512Mi 1e3 ' 1M' 16777216T; do
	usage 2 "$vcontext" create --memory "$word" &&
		grep -q -- "--memory '$word' is not a size" "$err"
	ok "memory: '$word'"
done
usage 2 "$vcontext" create --resident 18446744073709551615
ok "resident: what stands for no limit"
usage 2 "$vcontext" create --disk 5X &&
	grep -q -- "--disk '5X' is not a size" "$err";	ok "disk: no size"
usage 2 "$vcontext" create --inodes 10k;		ok "inodes: suffix"
usage 2 "$vcontext" create --oom all;			ok "oom: no victim"
for word in 0 -1 0.0005 0.05% 1.5x 1m ' 1' 4294968; do
	usage 2 "$vcontext" create --cpu-max "$word" &&
		grep -q -- "--cpu-max '$word' " "$err"
	ok "cpu-max: '$word'"
done
usage 2 "$vcontext" create --cpu-min half;		ok "cpu-min: a word"
for word in '' 3-1 '1,' ,1 a 1-2-3 8192 0:3; do
	usage 2 "$vcontext" create --cpus "$word" &&
		grep -q -- "--cpus '$word' is not a list" "$err"
	ok "cpus: '$word'"
done
for word in best fifo fifo:0 fifo:100 rr:-1 normal:20 normal:-21 idle: \
	    batch:x 1; do
	usage 2 "$vcontext" create --sched "$word" &&
		grep -q -- "--sched '$word' is not a policy" "$err"
	ok "sched: '$word'"
done
for word in 8:0 8:0: 8:rbps=1 :rbps=1 8:0:rbps 8:0:rbps=0 8:0:rbps=1X \
	    8:0:bps=1 8:0:weight=0 8:0:weight=10001 8:0:riops=1k \
	    '8:0:rbps=1,,' /no/disk:rbps=1 /dev/null:rbps=1 \
	    99999999999:0:rbps=1; do
	usage 2 "$vcontext" create --io "$word" && grep -q -- "--io " "$err"
	ok "io: '$word'"
done
usage 2 "$vcontext" set 1;				ok "set: nothing"
usage 2 "$vcontext" set --procs 1;			ok "set: no context"
usage 2 "$vcontext" kill;				ok "kill: no context"
usage 2 "$vcontext" kill 1 NONSENSE;			ok "kill: no signal"
usage 2 "$vcontext" kill 1 65;				ok "kill: signal 65"
usage 2 "$vcontext" kill 1 0;				ok "kill: signal 0"
usage 2 "$vcontext" stop;				ok "stop: no context"
usage 2 "$vcontext" destroy;				ok "destroy: no context"
usage 2 "$vcontext" freeze;				ok "freeze: no context"
usage 2 "$vcontext" rule;				ok "rule: no action"
usage 2 "$vcontext" rule frob;				ok "rule: unknown action"
usage 2 "$vcontext" rule add 1;				ok "rule add: for nobody"
usage 2 "$vcontext" rule add --uid 5;			ok "rule add: no context"
for word in -1 '' no-such-user 4294967295; do
	usage 2 "$vcontext" rule add --uid "$word" 1;	ok "rule add: uid '$word'"
	usage 2 "$vcontext" rule add --gid "$word" 1;	ok "rule add: gid '$word'"
done
for word in '' longer-than-fits; do
	usage 2 "$vcontext" rule add --comm "$word" 1;	ok "rule add: comm '$word'"
done
for word in '' bin/sh 'x*' "/$(printf '%0127d' 0)"; do
	usage 2 "$vcontext" rule add --exe "$word" 1;	ok "rule add: exe '$(printf %.9s "$word")'"
done
usage 2 "$vcontext" rule add -J --uid 5 1;		ok "rule add: JSON"
usage 2 "$vcontext" rule list 1;			ok "rule list: operand"
usage 2 "$vcontext" rule list --uid 5;			ok "rule list: uid"
usage 2 "$vcontext" rule list -r -J;			ok "rule list: raw JSON"
usage 2 "$vcontext" rule remove;			ok "rule remove: none"
usage 2 "$vcontext" rule remove x;			ok "rule remove: no number"
usage 2 "$vcontext" rule apply 1;			ok "rule apply: operand"
usage 2 "$vcontext" thaw;				ok "thaw: no context"
usage 2 "$vcontext" stat 1 2;				ok "stat: two contexts"
usage 2 "$vcontext" stat -d 0;				ok "stat: no delay"
usage 2 "$vcontext" stat -n 0;				ok "stat: no table"
usage 2 "$vcontext" events 1 2;				ok "events: two contexts"
usage 2 "$vcontext" events -t empty,full;		ok "events: no type"
usage 2 "$vcontext" events -n 0;			ok "events: none"
usage 2 "$vcontext" events -J --exec true;		ok "events: JSON of a command"
usage 2 "$vcontext" events -J --wait empty 1;		ok "events: JSON of waiting"
usage 2 "$vcontext" events --wait empty;		ok "events: waiting for none"
usage 2 "$vcontext" info 1 2;				ok "info: two contexts"
usage 2 "$vcontext" info pid:x;				ok "info: no pid"
usage 2 "$vcontext" info 4294967296;			ok "info: id too large"
usage 2 "$vcontext" list -o ID,NOPE;			ok "list: no column"
usage 2 "$vcontext" list -r -J;				ok "list: raw JSON"
usage 2 "$vcontext" version x;				ok "version: argument"
usage 125 "$vcontext" run;				ok "run: no program"
usage 125 "$vcontext" run --procs x true;		ok "run: bad option"
usage 125 "$vcontext" exec;				ok "exec: no context"
usage 125 "$vcontext" exec 1;				ok "exec: no program"
usage 125 "$vcontext" exec 1 --;			ok "exec: -- alone"

status 0 "$vcontext" complete && grep -qx destroy "$out";	ok "complete"
status 0 "$vcontext" complete run && grep -qx -- '--procs=' "$out"
ok "complete run"
status 0 "$vcontext" complete run --caps && grep -qx -- '-net_raw' "$out"
ok "complete run --caps"
status 0 "$vcontext" complete set --sched && grep -qx batch "$out"
ok "complete set --sched"
status 0 "$vcontext" complete events -t && grep -qx empty "$out"
ok "complete events -t"
status 1 "$vcontext" complete run --pidns;	ok "complete run --pidns"
status 0 "$vcontext" complete : rule && grep -qx remove "$out"
ok "complete : rule"

if "$vcontext" version >/dev/null 2>&1; then
	have=yes
else
	have=no
fi

# missing N ARGS...: says that the kernel has no such call
missing()
{
	status "$@" && grep -q 'Function not implemented' "$err" &&
		grep -q 'hint: .*CONFIG_VCONTEXT=y' "$err"
}

if [ $have = no ] && "$vcontext" version 2>&1 | grep -q 'not implemented'; then
	missing 1 "$vcontext" create;			ok "create without the call"
	missing 1 "$vcontext" create web --procs 5 --hostname web
	ok "create with options without the call"
	missing 1 "$vcontext" list;			ok "list without the call"
	missing 1 "$vcontext" list -J web;		ok "list web without the call"
	missing 1 "$vcontext" info;			ok "info without the call"
	missing 1 "$vcontext" info PID:$$;		ok "info PID without the call"
	missing 1 "$vcontext" set --caps default,-chown 1;	ok "set without the call"
	missing 1 "$vcontext" kill 1 SIGKILL;		ok "kill without the call"
	missing 1 "$vcontext" stop --off 1;		ok "stop without the call"
	missing 1 "$vcontext" destroy --kill 1 2;	ok "destroy without the call"
	missing 1 "$vcontext" freeze 1;			ok "freeze without the call"
	missing 1 "$vcontext" thaw 1;			ok "thaw without the call"
	missing 1 "$vcontext" stat;			ok "stat without the call"
	missing 1 "$vcontext" events;			ok "events without the call"
	missing 1 "$vcontext" rule add --uid root 1;	ok "rule add without the call"
	missing 1 "$vcontext" rule list;		ok "rule list without the call"
	missing 1 "$vcontext" rule remove 1;		ok "rule remove without the call"
	missing 1 "$vcontext" rule apply;		ok "rule apply without the call"
	for word in "--disk 5M" "--inodes 7" "--files 5" "--tcp max" "--memory 1.5G" "--resident 512MiB" \
		    "--oom context" "--cpu-max 1.5" "--cpu-max 150%" \
		    "--cpu-max 0.5%" "--cpu-min 0" "--cpus 0-3,8" "--cpus all" \
		    "--sched fifo:50" "--sched normal:-5" "--sched idle" \
		    "--io 8:0:rbps=1M,wbps=max,riops=5,wiops=none,weight=100" \
		    "--io 8:0:none --io 8:16:rbps=1" "--mounts tmpfs,proc" \
		    "--mounts none" "--device none --device c:10:229:rwm" \
		    "--addr 10.0.0.1 --addr fd00::/64%eth0" "--addr all" \
		    "--no-addr 10.0.0.1"; do
		# shellcheck disable=SC2086 # option and value
		missing 1 "$vcontext" set $word 1;	ok "set $word without the call"
	done
	missing 1 "$vcontext" version;			ok "version without the call"
	missing 125 "$vcontext" run --procs 10 -- true;	ok "run without the call"
	missing 125 "$vcontext" exec 1 -- true;		ok "exec without the call"
	status 0 "$vcontext" complete : contexts;	ok "complete without the call"
fi

# ---- with the call ----

# column NAME CONTEXT: what info shows there
column()
{
	"$vcontext" info -o "$1" "$2" | sed 's/^[^ ]* *//'
}

# sets OPTION VALUE COLUMN SHOWN: of t-lim, and back in JSON as the column says
sets()
{
	status 0 "$vcontext" set "$1" "$2" t-lim &&
		[ "$(column "$3" t-lim)" = "$4" ] &&
		"$vcontext" info -J -o "$3" t-lim >"$out"
}

# first_disk: MAJOR:MINOR of one, if there is any
first_disk()
{
	cat /sys/block/vd*/dev /sys/block/[shn]*/dev /sys/block/*/dev \
		2>/dev/null | head -n 1
}

gone()
{
	! "$vcontext" info "$1" >/dev/null 2>&1
}

# refused_10 NAME: forks have been refused, and there were at most 10 processes
# shellcheck disable=SC2317 # called by soon
refused_10()
{
	[ "$(column HITS "$1")" -gt 10 ] && [ "$(column PEAK "$1")" -eq 10 ]
}

# soon COMMAND...: true within ten seconds
soon()
{
	tries=100
	until "$@" || [ $((tries -= 1)) -eq 0 ]; do
		sleep 0.1
	done
	"$@"
}

# devices: of the host, those that hold frames back included
devices()
{
	sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev
}

# nothing NAME: neither such a context nor a device that was not there before
nothing()
{
	gone "$1" && [ "$(devices)" = "$before" ]
}

# whole NAME: all that the contexts below are to have, on either side
whole()
{
	"$vcontext" net "$1" >"$out" && [ "$(column LIMIT "$1")" = 9 ] &&
		grep -q ' eth0 *veth *vtout *attached .* 10M' "$out" &&
		grep -q ' eth1 *dummy .* attached' "$out" &&
		devices >"$out" && grep -qx vtout "$out" && grep -q '^vcshape' "$out"
}

# killed TURNS ARGS...: when the shell has gone round so often
killed()
{
	left=$1
	shift
	"$vcontext" "$@" >"$out" 2>"$err" &
	while [ "$left" -gt 0 ]; do
		left=$((left - 1))
	done
	kill -s KILL $!
	wait $! 2>/dev/null
}

if [ $have = yes ] && [ "$(id -u)" -eq 0 ]; then
	status 0 "$vcontext" version && grep -q 'create' "$out";	ok "version"
	status 0 "$vcontext" create t-web --procs 7 --children 3
	ok "create"
	id=$(cat "$out")
	status 0 "$vcontext" info t-web && grep -q "^ID  *$id\$" "$out" &&
		grep -q '^tasks  *7 ' "$out" && grep -q '^CAPS  *default' "$out"
	ok "info by name"
	status 1 "$vcontext" create t-web &&
		grep -q 'File exists' "$err";		ok "the same name again"
	status 0 "$vcontext" list -J && grep -q "\"id\": *$id" "$out"
	ok "list -J"
	status 0 "$vcontext" list -n -r -o ID,NAME &&
		grep -qx "$id t-web" "$out";		ok "list -n -r -o"
	status 0 "$vcontext" set --procs 9 --caps -chown t-web &&
		"$vcontext" info t-web >"$out" && grep -q '^tasks  *9 ' "$out" &&
		! grep -q '^CAPS.*[ ,]chown' "$out";	ok "set"
	status 1 "$vcontext" set --procs 5 --hostname x t-web &&
		grep -q 'hint: .*utsns' "$err" &&
		"$vcontext" info t-web >"$out" && grep -q '^tasks  *9 ' "$out"
	ok "set: all or none"
	status 0 "$vcontext" set --procs max t-web &&
		[ "$(column LIMIT t-web)" = max ] &&
		"$vcontext" set --procs 9 t-web;	ok "set: no limit"
	status 0 "$vcontext" stop t-web && "$vcontext" info t-web >"$out" &&
		grep -q '^STATE  *stopped' "$out";	ok "stop"
	status 0 "$vcontext" exec t-web true;		ok "exec: stopped, no fork"
	status 2 "$vcontext" exec t-web -- sh -c 'sleep 0; exit 0' &&
		grep -q fork "$err";			ok "exec: stopped, a fork"
	status 0 "$vcontext" stop --off t-web;		ok "stop --off"
	status 3 "$vcontext" exec t-web -- sh -c 'exit 3';	ok "exec"
	status 127 "$vcontext" exec t-web -- /no/such;	ok "exec: no such program"
	status 126 "$vcontext" exec t-web -- /;		ok "exec: a directory"
	"$vcontext" exec t-web -- sleep 100 &
	until [ "$("$vcontext" list -nr -o PROCS)" = 1 ]; do
		sleep 0.1
	done
	status 1 "$vcontext" destroy t-web && grep -q 'busy' "$err"
	ok "destroy: busy"
	status 0 "$vcontext" kill t-web USR1 && grep -qx 1 "$out";	ok "kill"
	wait $!
	[ $? -eq 138 ];					ok "killed"
	status 0 "$vcontext" destroy --kill t-web && gone "$id";	ok "destroy"

	status 0 "$vcontext" create t-lim --procs 50
	ok "create: for limits"
	if has 6 4 "files" "files: refused" "files: list"; then
		sets --files 40 FILESLIMIT 40 && sets --files none FILESLIMIT max &&
			sets --files 10 FILESLIMIT 10
		ok "files"
		# shellcheck disable=SC2016
		status 2 "$vcontext" exec t-lim -- sh -c \
			'i=3; while [ $i -lt 30 ]; do eval "exec $i</dev/null" || exit 1; i=$((i + 1)); done' &&
			[ "$(column FILESHITS t-lim)" -gt 0 ] &&
			[ "$(column FILESPEAK t-lim)" -le 10 ]
		ok "files: refused"
		status 0 "$vcontext" list -nr -o FILESLIMIT,FILES &&
			grep -qx '10 0' "$out"
		ok "files: list"
		"$vcontext" set --files max t-lim
	fi
	if has 7 1 "memory" "memory: two limits" "memory: bytes" \
	       "memory: killed inside"; then
		sets --memory 32M MEMLIMIT 32M && sets --memory max MEMLIMIT max
		ok "memory"
		sets --resident 16M RESLIMIT 16M && sets --memory 0.5G MEMLIMIT 512M &&
			[ "$(column RESLIMIT t-lim)" = 16M ]
		ok "memory: two limits"
		status 0 "$vcontext" info -b -o MEMLIMIT t-lim &&
			grep -q ' 536870912$' "$out" &&
			status 0 "$vcontext" info -J -o RESLIMIT t-lim &&
			grep -q '"reslimit": *16777216$' "$out"
		ok "memory: bytes"
		"$vcontext" set --memory 16M --oom process t-lim
		status 137 "$vcontext" exec t-lim -- \
			dd if=/dev/zero of=/dev/null bs=64M count=1 &&
			[ "$(column OOMKILLS t-lim)" -eq 1 ] &&
			[ "$(column MEMHITS t-lim)" -gt 0 ]
		ok "memory: killed inside"
		"$vcontext" set --memory max --resident max t-lim
	fi
	if has 7 4 "oom"; then
		sets --oom context OOM context && sets --oom process OOM process
		ok "oom"
	fi
	if has 8 1 "tcp"; then
		sets --tcp 20 TCPLIMIT 20 && sets --tcp max TCPLIMIT max &&
			[ "$(column TCP t-lim)" = 0 ]
		ok "tcp"
	fi
	if has 2 4 "cpu-max" "cpu-min" "cpu: all or none"; then
		sets --cpu-max 1.5 CPUMAX 1.5 && sets --cpu-max 25% CPUMAX 0.25 &&
			[ "$(column CPUMIN t-lim)" = 0 ]
		ok "cpu-max"
		sets --cpu-min 0.1 CPUMIN 0.1 && [ "$(column CPUMAX t-lim)" = 0.25 ]
		ok "cpu-min"
		status 1 "$vcontext" set --procs 60 --cpu-min 1 t-lim &&
			grep -q 'cannot set --cpu-min 1:' "$err" &&
			[ "$(column LIMIT t-lim)" = 50 ] &&
			[ "$(column CPUMIN t-lim)" = 0.1 ]
		ok "cpu: all or none"
		"$vcontext" set --cpu-max max --cpu-min max t-lim
	fi
	if has 2 3 "sched" "sched: a process"; then
		sets --sched batch:5 SCHED batch:5 && sets --sched idle SCHED idle &&
			sets --sched fifo:10 SCHED fifo:10 &&
			sets --sched normal:3 SCHED normal:3
		ok "sched"
		status 0 "$vcontext" exec t-lim -- \
			cut -d ' ' -f 19 /proc/self/stat && grep -qx 3 "$out"
		ok "sched: a process"
		if has 2 4 "sched: real time and cpu-max" \
		       "sched: from real time to cpu-max and back"; then
			"$vcontext" set --sched fifo:1 t-lim
			status 1 "$vcontext" set --cpu-max 1 t-lim &&
				grep -q 'hint: .*--sched normal' "$err"
			ok "sched: real time and cpu-max"
			status 0 "$vcontext" set --sched normal --cpu-max 1 t-lim &&
				status 0 "$vcontext" set --sched rr:1 --cpu-max max t-lim &&
				[ "$(column SCHED t-lim)" = rr:1 ]
			ok "sched: from real time to cpu-max and back"
		fi
		"$vcontext" set --sched normal t-lim
	fi
	if has 2 5 "cpus" "cpus: no such CPU"; then
		sets --cpus 0 CPUS 0 && sets --cpus all CPUS "$(column CPUS 0)"
		ok "cpus"
		status 1 "$vcontext" set --cpus 0,8000 t-lim &&
			grep -q 'hint: .*possible' "$err"
		ok "cpus: no such CPU"
	fi
	if has 2 6 "cpu time"; then
		# shellcheck disable=SC2016
		"$vcontext" exec t-lim -- sh -c \
			'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done'
		column USER t-lim >"$out" && grep -q '[1-9]' "$out"
		ok "cpu time"
	fi
	if has 6 5 "mounts"; then
		[ "$(column MOUNTS t-lim)" = - ] &&
			sets --mounts tmpfs,proc MOUNTS proc,tmpfs &&
			sets --mounts none MOUNTS -
		ok "mounts"
	fi
	if has 6 6 "device" "device: all or none" "create: default devices"; then
		column DEVICES t-lim >"$out" && grep -q 'c:1:3:rwm' "$out" &&
			sets --device none DEVICES - &&
			sets --device c:10:229:rw DEVICES c:10:229:rw &&
			sets --device 'b:7:*:r' DEVICES 'b:7:*:r c:10:229:rw' &&
			sets --device c:10:229:r DEVICES 'b:7:*:r c:10:229:r'
		ok "device"
		status 1 "$vcontext" set --device c:1:3:rw --hostname x t-lim &&
			[ "$(column DEVICES t-lim)" = 'b:7:*:r c:10:229:r' ]
		ok "device: all or none"
		# what the command believes that a new context has
		"$vcontext" create t-dev >"$out" &&
			"$vcontext" create --device c:1:3:rwm t-dev2 >>"$out" &&
			[ "$(column DEVICES t-dev)" = "$(column DEVICES t-dev2)" ]
		ok "create: default devices"
		"$vcontext" destroy t-dev && "$vcontext" destroy t-dev2
	fi
	if has 5 1 "addr" "addr: policy" "addr: bits" "addr: info"; then
		[ "$(column ADDRS t-lim)" = - ] &&
			sets --addr 10.0.0.1 ADDRS 10.0.0.1/32 &&
			sets --addr fd00::/64 ADDRS '10.0.0.1/32 fd00::/64' &&
			sets --addr 10.1.0.0/16%eth0 ADDRS \
				'10.0.0.1/32 fd00::/64 10.1.0.0/16%eth0' &&
			sets --no-addr 10.0.0.1 ADDRS 'fd00::/64 10.1.0.0/16%eth0'
		ok "addr"
		sets --addr none ADDRS none && sets --addr all ADDRS - &&
			status 0 "$vcontext" set --addr none --addr 10.0.0.3 \
				--addr 10.0.0.4 t-lim &&
			[ "$(column ADDRS t-lim)" = '10.0.0.3/32 10.0.0.4/32' ]
		ok "addr: policy"
		status 1 "$vcontext" set --procs 60 --addr 10.0.0.1/8 t-lim &&
			grep -q 'cannot set --addr 10.0.0.1/8' "$err" &&
			[ "$(column LIMIT t-lim)" = 50 ] &&
			status 1 "$vcontext" set --addr 10.0.0.3 t-lim &&
			status 1 "$vcontext" set --no-addr 10.0.0.9 t-lim &&
			grep -q 'hint: .*ADDRS' "$err"
		ok "addr: bits"
		status 0 "$vcontext" info -J -o ADDRS t-lim &&
			grep -q '"addrs": *"10.0.0.3/32 10.0.0.4/32"' "$out"
		ok "addr: info"
		"$vcontext" set --addr all t-lim
	fi
	status 1 "$vcontext" create t-half --procs 5 --cpus 4000 &&
		grep -q 'cannot set --cpus 4000' "$err" && ! [ -s "$out" ] &&
		gone t-half;				ok "create: all or none"
	status 0 "$vcontext" create t-caps --caps +sys_time --procs 5 &&
		column CAPS t-caps >"$out" && grep -q 'sys_time' "$out" &&
		grep -q chown "$out" && "$vcontext" destroy t-caps
	ok "create: capabilities beside the default"
	bind=$(for i in 1 2 3 4 5 6 7 8; do
		printf -- ' --bind /:/%s' "$i$i" "$i$i" "$i$i" "$i$i" \
			"$i$i" "$i$i" "$i$i" "$i$i"
	done)
	# shellcheck disable=SC2086 # options and values
	usage 2 "$vcontext" create t-half --root / $bind &&
		gone t-half;				ok "create: too many settings"
	if has 6 3 "disk: no root"; then
		status 1 "$vcontext" set --disk 5M --inodes 100 t-lim &&
			grep -q 'cannot set --disk 5M --inodes 100' "$err" &&
			grep -q 'hint: .*root' "$err" &&
			status 1 "$vcontext" set --inodes max t-lim &&
			grep -q 'cannot set --inodes max' "$err"
		ok "disk: no root"
	fi
	if has 6 7 "io: no such disk"; then
		status 1 "$vcontext" set --io 4095:7:rbps=1M t-lim &&
			grep -q 'cannot set --io 4095:7:rbps=1M' "$err"
		ok "io: no such disk"
		disk=$(first_disk)
		set --
		if [ -n "$disk" ]; then
			sets --io "$disk:rbps=1M,wiops=100" IO \
				"$disk:rbps=1M,wiops=100" &&
				sets --io "$disk:rbps=max" IO "$disk:wiops=100" &&
				sets --io "$disk:none" IO -
		else
			set -- "# SKIP there is no disk"
		fi
		ok "io${1+ }$*"
	fi
	if has 3 6 "freeze" "freeze: killed" "thaw"; then
		"$vcontext" exec t-lim -- sleep 100 &
		until [ "$(column PROCS t-lim)" = 1 ]; do
			sleep 0.1
		done
		status 0 "$vcontext" freeze t-lim &&
			column STATE t-lim >"$out" && grep -q frozen "$out"
		ok "freeze"
		"$vcontext" kill t-lim KILL >"$out"
		wait $!
		[ $? -eq 137 ];				ok "freeze: killed"
		status 0 "$vcontext" thaw t-lim &&
			column STATE t-lim >"$out" && grep -qx empty "$out"
		ok "thaw"
	fi
	status 0 "$vcontext" stat -n 2 -d 0.1 -o ID,NAME,PCPU t-lim &&
		[ "$(grep -c t-lim "$out")" -eq 2 ];	ok "stat"
	if has 17 1 "events" "events: JSON" "events: a command" \
	   "events: waiting" "events: waiting, gone"; then
		"$vcontext" events -t empty,destroyed -n 1 t-lim >"$out" 2>"$err" &
		sleep 1
		"$vcontext" exec t-lim -- true
		wait $! && grep -q ' empty ' "$out";	ok "events"
		"$vcontext" events -J -t created -n 1 >"$out" 2>"$err" &
		sleep 1
		id=$("$vcontext" create t-new)
		wait $! && grep -q "\"event\":\"created\",\"id\":$id," "$out"
		ok "events: JSON"
		"$vcontext" events -n 1 --exec "$vcontext destroy" 2>"$err" &
		sleep 1
		"$vcontext" exec t-new -- true
		wait $! && gone t-new;			ok "events: a command"
		# at once, and when the last one has left
		status 0 "$vcontext" events --wait EMPTY t-lim
		"$vcontext" exec t-lim -- sleep 2 &
		until [ "$(column PROCS t-lim)" = 1 ]; do
			sleep 0.1
		done
		status 0 "$vcontext" events --wait EMPTY t-lim &&
			[ "$(column PROCS t-lim)" = 0 ] && [ ! -s "$out" ]
		ok "events: waiting"
		"$vcontext" create t-new >/dev/null
		"$vcontext" events --wait oom t-new >"$out" 2>"$err" &
		sleep 1
		"$vcontext" destroy t-new
		! wait $! && grep -q 'is gone' "$err"
		ok "events: waiting, gone"
	fi
	if has 16 1 "rule add" "rule list" "rule list: JSON" "rule: exec" \
	       "rule apply" "rule: refused" "rule: pid namespace" \
	       "rule remove" "rule: gone"; then
		status 0 "$vcontext" rule add --uid root --exe "$tmp/prog*" t-lim
		rule=$(cat "$out")
		[ "$rule" -gt 0 ];			ok "rule add"
		status 0 "$vcontext" rule add --comm t-none --gid 5 0 &&
			other=$(cat "$out") && status 0 "$vcontext" rule list -nr &&
			lim=$(column ID t-lim) &&
			grep -qx "$rule $lim 0   *$tmp/prog\*" "$out" &&
			grep -q "^$other 0  5 t-none" "$out"
		ok "rule list"
		status 0 "$vcontext" rule list -J &&
			grep -q "\"exe\": *\"$tmp/prog\*\"" "$out" &&
			grep -q '"gid": *5' "$out" && grep -q '"uid": *null' "$out"
		ok "rule list: JSON"
		cp "$(command -v busybox)" "$tmp/sleep" && cp "$tmp/sleep" "$tmp/prog"
		mkdir "$tmp/programs" && cp "$tmp/sleep" "$tmp/programs/cat"
		status 0 cat /proc/self/vcontext && grep -qx 0 "$out" &&
			status 0 "$tmp/programs/cat" /proc/self/vcontext &&
			grep -qx "$lim" "$out"
		ok "rule: exec"
		"$tmp/sleep" 100 &
		until [ "$(cat /proc/$!/comm)" = sleep ]; do
			sleep 0.1
		done
		"$vcontext" rule add --exe "$tmp/sleep" t-lim >"$out"
		status 0 cat /proc/$!/vcontext && grep -qx 0 "$out" &&
			status 0 "$vcontext" rule apply &&
			status 0 cat /proc/$!/vcontext && grep -qx "$lim" "$out"
		ok "rule apply"
		kill $!
		wait $! 2>/dev/null
		"$vcontext" events -t refused -n 1 t-lim >"$out" 2>"$err" &
		sleep 1
		"$vcontext" set --procs 0 t-lim
		[ "$("$tmp/programs/cat" /proc/self/vcontext)" = 0 ] && wait $! &&
			grep -q ' refused ' "$out"
		ok "rule: refused"
		"$vcontext" create t-pid --pidns >"$out"
		status 1 "$vcontext" rule add --uid 5 t-pid &&
			grep -q 'hint: .*--pidns' "$err"
		ok "rule: pid namespace"
		"$vcontext" destroy t-pid
		status 0 "$vcontext" rule remove "$rule" "$other" &&
			status 1 "$vcontext" rule remove "$rule" &&
			grep -q 'hint: .*rule list' "$err" &&
			[ "$("$vcontext" rule list -nr | wc -l)" -eq 1 ]
		ok "rule remove"
	fi
	status 0 "$vcontext" destroy t-lim && gone t-lim;	ok "destroy: limits"
	if "$vcontext" rule list >/dev/null 2>&1; then
		status 0 "$vcontext" rule list -J && grep -q '"target": *null' "$out" &&
			"$vcontext" rule remove "$("$vcontext" rule list -nr | cut -d ' ' -f 1)" &&
			[ -z "$("$vcontext" rule list -nr)" ]
		ok "rule: gone"
	fi

	# whatever this kernel lacks or refuses
	status 1 "$vcontext" create t-half --procs 5 --hostname x \
		--io 4095:7:rbps=1 && grep -q 'cannot set --io' "$err" && gone t-half
	ok "create: a limit is refused"
	status 125 "$vcontext" run --name t-half --procs 5 \
		--io 4095:7:rbps=1 -- true &&
		grep -q 'cannot set --io' "$err" && gone t-half
	ok "run: a limit is refused"

	status 5 "$vcontext" run --name t-run -- sh -c 'exit 5' && gone t-run
	ok "run: exit status"
	# shellcheck disable=SC2016
	status 143 "$vcontext" run -- sh -c 'kill $$';	ok "run: signal"
	status 127 "$vcontext" run --name t-run -- /no/such && gone t-run
	ok "run: no such program"
	status 126 "$vcontext" run --name t-run -- / && gone t-run
	ok "run: a directory"
	"$vcontext" create t-half >/dev/full 2>"$err"
	[ $? -eq 1 ] && gone t-half;		ok "create: nothing half-built"
	for sig in TERM KILL; do
		"$vcontext" run --name t-run -- sleep 100 &
		until [ "$("$vcontext" list -nr -o PROCS)" = 1 ]; do
			sleep 0.1
		done
		kill -s $sig $!
		wait $! 2>/dev/null
		soon gone t-run;		ok "run: nothing left after SIG$sig"
	done
	status 0 "$vcontext" run --pidns -- sh -c '[ $$ -eq 1 ]'
	ok "run: pid 1"
	status 0 "$vcontext" run --procs 8 -- sh -c '(sleep 100 &) ; :'
	ok "run: daemons do not outlive it"
	# a fork bomb: it goes off, is held, and is gone with the context
	# shellcheck disable=SC2016
	"$vcontext" run --name t-run --procs 10 -- \
		sh -c 'b() { b | b & }; b; while :; do :; done' \
		>"$out" 2>"$err" &
	soon refused_10 t-run;			ok "run: a fork bomb is held"
	kill -s TERM $!
	wait $! 2>/dev/null
	soon gone t-run && status 0 "$vcontext" run --procs 10 -- true
	ok "run: a fork bomb is gone"
	status 0 "$vcontext" run --hostname t-host -- uname -n &&
		grep -qx t-host "$out";			ok "run: host name"

	# a root: the shell alone, which is static
	root=$tmp/root
	mkdir -p "$root/bin" "$root/proc" "$root/dev" "$root/data"
	cp "$(command -v busybox)" "$root/bin/sh"
	echo outside >"$tmp/secret"
	# shellcheck disable=SC2016
	status 0 "$vcontext" run --root "$root" --pidns -- /bin/sh -c \
		'[ $$ = 1 ] && [ ! -e '"$tmp"'/secret ] && : >/dev/null && cd /proc/1'
	ok "run: root"
	status 1 "$vcontext" run --root "$root" --root-ro -- /bin/sh -c 'echo >/new'
	[ ! -e "$root/new" ];			ok "run: root, read-only"
	status 0 "$vcontext" run --root "$root" --bare -v "$tmp:/data:ro" -- \
		/bin/sh -c '[ -e /data/secret ] && [ ! -e /dev/null ] && ! echo >/data/new'
	ok "run: bind"
	status 0 "$vcontext" create t-root --root "$root" --bind "$tmp:/data" &&
		"$vcontext" info t-root >"$out" &&
		grep -q "^ROOT  *$root\$" "$out" && grep -q '^BINDS  */data$' "$out"
	ok "info: root"
	status 1 "$vcontext" set t-root --root "$root" &&
		grep -q 'has a root' "$err";		ok "set: a second root"
	status 1 "$vcontext" create t-half --root "$root" --bind "$tmp:/none" &&
		grep -q '/none' "$err" && gone t-half;	ok "create: no target"
	status 0 "$vcontext" destroy t-root;		ok "destroy: root"
	# network devices
	status 1 "$vcontext" create t-net --vnet veth:eth0:vtout \
		--bandwidth eth0,max=10M,warranted=2M,uplink=lo &&
		grep -q capacity "$err" && gone t-net &&
		[ ! -e /sys/class/net/vtout ];		ok "create: an uplink without speed"
	status 0 "$vcontext" create t-net --vnet veth:eth0:vtout,mtu=1400 \
		--vnet dummy:nowhere,mac=02:00:00:00:00:07 --bandwidth eth0,max=10M &&
		[ -e /sys/class/net/vtout ]
	ok "create: devices"
	status 0 "$vcontext" exec t-net -- sh -c 'cat /proc/net/dev' &&
		grep -q eth0 "$out" && grep -q nowhere "$out"
	ok "exec: devices"
	status 0 "$vcontext" net t-net &&
		grep -q ' eth0 *veth *vtout *attached .* 1400 *10M' "$out" &&
		grep -q ' nowhere *dummy .*02:00:00:00:00:07' "$out"
	ok "net"
	status 0 "$vcontext" net -J t-net &&
		grep -q '"max": *"10M"' "$out" && grep -q '"mtu": *1400' "$out"
	ok "net: JSON"
	status 0 "$vcontext" net -nr && [ "$(wc -l <"$out")" = 2 ]
	ok "net: all"
	status 0 "$vcontext" set t-net --bandwidth eth0,max=2M --vnet dummy:more &&
		"$vcontext" net t-net >"$out" && grep -q ' 1400 *2M' "$out" &&
		grep -q more "$out"
	ok "set: devices"
	status 1 "$vcontext" set t-net --vnet dummy:another --bandwidth none,max=2M &&
		grep -q 'vcontext net' "$err" && "$vcontext" net t-net >"$out" &&
		! grep -q another "$out"
	ok "set: all or none of the devices"
	status 0 "$vcontext" net t-net --destroy more &&
		"$vcontext" net t-net >"$out" && ! grep -q more "$out"
	ok "net: destroy"
	status 1 "$vcontext" net t-net --destroy more;	ok "net: destroy nothing"
	status 1 "$vcontext" net --capacity vtnone=10M;	ok "net: capacity of nothing"
	status 0 "$vcontext" net --capacity vtout=10M &&
		status 0 "$vcontext" net --capacity vtout=max
	ok "net: capacity"
	status 0 "$vcontext" destroy t-net && [ ! -e /sys/class/net/vtout ] &&
		[ -z "$(ls -d /sys/class/net/vcshape* 2>/dev/null)" ]
	ok "destroy: devices"
	# killed ever later, until it is too late
	before=$(devices)
	set -- --name t-kill --procs 9 --vnet veth:eth0:vtout --vnet dummy:eth1 \
		--bandwidth eth0,max=10M
	turns=0
	none=0
	while killed $turns create "$@"; [ $? -eq 137 ]; do
		if nothing t-kill; then
			none=$((none + 1))
		elif ! { whole t-kill && "$vcontext" destroy t-kill &&
			 nothing t-kill; }; then
			break
		fi
		turns=$((turns + 20 + turns / 8))
	done
	[ $none -gt 0 ] && whole t-kill && status 0 "$vcontext" destroy t-kill &&
		nothing t-kill
	ok "create: killed, all of it or nothing"
	turns=0
	while killed $turns run "$@" -- sh -c ": >$tmp/ran; exec sleep 100"
	      [ $? -eq 137 ] && [ ! -e "$tmp/ran" ] && soon nothing t-kill; do
		turns=$((turns + 20 + turns / 8))
	done
	[ $turns -gt 0 ] && [ -e "$tmp/ran" ] && soon nothing t-kill
	ok "run: killed, nothing is left"
	[ -z "$("$vcontext" list -nr)" ];		ok "nothing is left"
fi

echo "1..$count"
exit $((failed != 0))
