# make with several jobs, whose job server passes tokens through a pipe, and
# with make in it.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: make
# shellcheck shell=sh

mkdir sub other
cat > Makefile << 'EOD'
parts = $(shell seq 1 40)
objects = $(parts:%=out/%.o)
all: library recursive
library: $(objects)
	@cat $(objects) | sort -n > $@
out/%.o: out
	@echo $* > $@.tmp && mv $@.tmp $@
out:
	@mkdir -p out
recursive:
	@$(MAKE) --no-print-directory -C sub
	@$(MAKE) --no-print-directory -C other -f ../sub/Makefile
.PHONY: recursive all
fails:
	@exit 3
EOD
cat > sub/Makefile << 'EOD'
all: $(addsuffix .x,$(shell seq 1 20))
%.x:
	@pwd > $@
EOD
make -j4 2>&1
echo "status $?"
cksum library
find sub other out | sort | cksum
make -j4 2>&1 | sed 's/.*make/make/'
touch out
make -q library
echo "up to date $?"
make -k -j3 fails 2>&1
echo "status $?"
