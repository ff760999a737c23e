# SPDX-License-Identifier: GPL-2.0
#
# vcontext: a kernel with contexts, built and booted. "make help" tells more.

DEBUG ?= 0
KERNEL_FLAVOUR := $(if $(filter 1 y yes,$(DEBUG)),debug,lean)
TEST_FLAGS := $(if $(filter 1 y yes,$(DEBUG)),--debug) $(foreach one,$(ONLY),--only $(one))
# What takes long is worth it on the debug kernel, unless DEBUG says otherwise.
TORTURE_KERNEL := $(if $(filter file,$(origin DEBUG)),debug,$(KERNEL_FLAVOUR))
MINUTES ?= 10
BUILD := $(CURDIR)/build

# Steps call the kernel's make, which takes its own number of jobs.
MAKEFLAGS += --no-print-directory
ifndef TOGETHER
.NOTPARALLEL:
endif

# together TARGET...: while one unpacks or links, another has the second CPU.
together = @$(MAKE) -j TOGETHER=1 $(1)

.PHONY: help
help:
	@printf '%s\n' \
	 'make run            build, boot, show contexts at work; a shell in a terminal' \
	 'make test           unit tests and selftests in the VM (DEBUG=1: on the debug' \
	 '                    kernel; ONLY="PROGRAM...": these alone)' \
	 'make test-real      the selftests, also those that DEBUG=1 leaves out for time, and' \
	 '                    real software: a Debian with its service manager, apt-get,' \
	 '                    nginx, Redis, PostgreSQL, iperf3 (ONLY=real: these alone; 14 min.,' \
	 '                    and 3 more for the image the first time)' \
	 'make torture        everything at random, for MINUTES=10, on the debug kernel (DEBUG=0:' \
	 '                    on the other one; SEED=N: its random numbers)' \
	 'make check          checkpatch, sparse, W=1, kernel-doc, reduced configs, ...' \
	 '                    (ONLY="GATE...": these alone)' \
	 'make bench          what contexts cost' \
	 'make bench-peers    what a container costs by us, crun, runc, bubblewrap, lxc' \
	 '                    (2 minutes; the image as above)' \
	 'make kernel         the kernel alone, build/lean/arch/x86/boot/bzImage' \
	 'make tools          the library and the vcontext command, in build/tools' \
	 'make selftests      the test programs, in build/selftests' \
	 'make apply KDIR=D   put the series on a git tree of your own (6.12.y)' \
	 'make series         the series as mails, in build/series' \
	 'make clean          remove build/ (~/.cache/vcontext stays)' \
	 '' \
	 'vm/run -- PROGRAM   boot and run one program; vm/run --help' \
	 'vm/assemble         make the kernel tree, build/linux; vm/assemble --help' \
	 '' \
	 'KDIR=D              a 6.12.y tree as base, instead of linux-source-6.12' \
	 'JOBS=N              compile with N jobs'

.PHONY: need
need:
	@vm/need

.PHONY: tree
tree: need
	@vm/assemble

.PHONY: kernel
kernel: tree
	@vm/kernel $(KERNEL_FLAVOUR)

.PHONY: lean debug pristine
lean debug pristine: tree
	@vm/kernel $@

.PHONY: tools
tools: need
	@if [ -e tools/vcontext/Makefile ]; then vm/quietly build/tools.log env -u MAKEFLAGS $(MAKE) -C tools/vcontext -j $(or $(JOBS),$(shell nproc)) OUTPUT=$(BUILD)/tools/; fi

.PHONY: selftests
selftests: tree
	@vm/selftests

.PHONY: test
test:
	$(call together,kernel tools selftests)
	@vm/test $(TEST_FLAGS)

.PHONY: test-real
test-real:
	$(call together,kernel tools selftests)
	@vm/need real
	@vm/real/image
	@vm/test --real $(TEST_FLAGS)

.PHONY: test-debug
test-debug:
	@$(MAKE) test DEBUG=1

.PHONY: torture
torture:
	$(call together,$(TORTURE_KERNEL) selftests)
	@vm/torture $(if $(filter debug,$(TORTURE_KERNEL)),--debug) --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

.PHONY: check
check:
	@vm/need check
	@vm/assemble
	@vm/check $(ONLY)

.PHONY: run
run: kernel tools
	@vm/demo

.PHONY: bench
bench: kernel tools
	@if [ -x bench/run ]; then bench/run; else echo 'no benchmark yet' >&2; exit 1; fi

.PHONY: bench-peers
bench-peers: kernel tools
	@vm/need real
	@vm/real/image
	@bench/peers

.PHONY: apply
apply:
	@test -n "$(KDIR)" || { echo 'name your tree: make apply KDIR=~/linux' >&2; exit 2; }
	@vm/assemble --kdir '' --apply $(KDIR)

.PHONY: series
series: need
	@vm/assemble --series build/series

.PHONY: clean
clean:
	rm -rf build
