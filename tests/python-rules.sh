# Repositories as the Python tool wants them.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/tap.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2154  # shared with tap.sh

command -v python3 > /dev/null || skip_all "'python3' is not installed"

# python_rules WHAT [--settled] [TOP]: a result, good when the Python tool
# would understand the repository ($UDOCKER_DIR); with --settled also nothing
# is left of work: no names that begin with a dot, no blobs that no image has.
# tests/python-rules.py has the rules.
python_rules ()
{
  rules_what=$1
  rules_settled=
  shift
  if test "${1-}" = --settled; then
    rules_settled=--settled
    shift
  fi
  rules_broken=$(python3 "$top_srcdir/tests/python-rules.py" \
    ${rules_settled:+"$rules_settled"} "${1-$UDOCKER_DIR}" 2>&1)
  is "$rules_what" "$rules_broken" ''
}
