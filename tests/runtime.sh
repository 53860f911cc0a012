# What tests of the modes R share: can they be used here?
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source this after tests/container.sh, when there is a container c1.  It skips
# the test where no OCI runtime starts a container, or runsc alone, which has no
# mode R2: tests/shell/mode-r1-runsc.sh is about that.
#
# shellcheck shell=sh
# shellcheck disable=SC2154

ud --execmode=R2 c1 true 2> why || skip_all "$(cat why)"

# runtimes: the names of those that start a container.
runtimes ()
{
  for runtimes_name in crun runc youki; do
    runtimes_path=$(command -v "$runtimes_name") || continue
    UDOCKER_USE_RUNC_EXECUTABLE=$runtimes_path ud --execmode=R1 c1 true \
      2> /dev/null && echo "$runtimes_name"
  done
}
