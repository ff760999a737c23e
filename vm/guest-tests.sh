#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the guest: each program named, with a limit in seconds, its output
# between two marks that the host looks for.
limit=$1
shift
# shellcheck disable=SC3045 # busybox has it
ulimit -c 0
cd /tests || exit 1
for name; do
	echo "# vm: begin $name"
	timeout -k 5 "$limit" "./$name" </dev/null 2>&1
	status=$?
	# A test that died in mid-line must not hide the mark.
	echo
	echo "# vm: end $name $status"
done
