# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# What the scripts of vm/ share. Sourced.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$top/build
tree=$build/linux
jobs=${JOBS:-$(nproc)}

# One cache for all flavours and all clones of the repository: paths relative
# to the clone, and no build host or date in any object.
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/vcontext/ccache}
export CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1 CCACHE_COMPILERCHECK=content
export KBUILD_BUILD_TIMESTAMP='2025-01-01' KBUILD_BUILD_USER=vcontext KBUILD_BUILD_HOST=vcontext
export LC_ALL=C
# Inherited from a caller's make, these would reach the kernel's own.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES O

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# kmake SRC OBJ ARGS...: the kernel's make, with the cache.
kmake() {
	local src=$1 obj=$2
	shift 2
	make -C "$src" O="$obj" CC="${KCC:-ccache gcc}" HOSTCC="ccache gcc" --no-print-directory "$@"
}

# fragment FILE...: the fragments as one, the last word on a symbol winning.
fragment() {
	awk '
		/^CONFIG_/ { split($0, word, "="); name = word[1] }
		/^# CONFIG_.* is not set$/ { name = $2 }
		/^CONFIG_/ || /^# CONFIG_.* is not set$/ {
			if (!(name in line)) order[++n] = name
			line[name] = $0
		}
		END { for (i = 1; i <= n; i++) print line[order[i]] }' "$@"
}

# configure SRC OBJ WANTED: allnoconfig plus the fragment WANTED, each line of
# which must be in the result; ours may be missing where our Kconfig is.
configure() {
	local src=$1 obj=$2 wanted=$3 lost
	mkdir -p "$obj"
	KCONFIG_ALLCONFIG=$wanted kmake "$src" "$obj" allnoconfig >"$obj.config.log" 2>&1 ||
		{ cat "$obj.config.log" >&2; return 1; }
	lost=$(awk -v ours=" $(sed -n 's/^config //p' "$src/kernel/vcontext/Kconfig" 2>/dev/null | tr '\n' ' ')" '
		FNR == NR { has[$0]; split($0, word, "="); on[word[1]]; next }
		/^CONFIG_VCONTEXT/ { split(substr($0, 8), word, "="); if (!index(ours, " " word[1] " ")) next }
		/^CONFIG_/ && !($0 in has) || /^# CONFIG_/ && $2 in on { print "    " $0 }
	' "$obj/.config" "$wanted")
	[ -z "$lost" ] || {
		printf 'these lines of the configuration did not survive:\n%s\n' "$lost" >&2
		return 1
	}
	rm -f "$obj.config.log"
}
