# The whole tree, as ls and find see it.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2010

ls -lR /usr 2>&1
find / -xdev -path /tmp/c-\* -prune -o -print 2>&1 | sort
ls -la / | grep -v ' \(tmp\|proc\|sys\|dev\|\.\|\.\.\)$'
ls -ld /tmp /proc /sys | cut -c 1-10
