# Results of shell tests in the Test Anything Protocol, and what they share.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# A test is sh (dash), starts with
#   . "${top_srcdir:=.}/tests/tap.sh"
# and ends with
#   done_testing
# It runs in a directory of its own ($work) with its own HOME and repository
# ($UDOCKER_DIR), removed at the end unless KEEP=yes.  By hand, from the build
# directory: top_srcdir=SOURCE sh SOURCE/tests/shell/x.sh
#
# shellcheck shell=sh

top_srcdir=$(cd "${top_srcdir:-.}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)

tap_count=0
tap_failures=0
tap_cleanups=:

work=$(mktemp -d "${TMPDIR:-/tmp}/udocker-tap.XXXXXX") || exit 99
mkdir "$work/home" || exit 99
HOME=$work/home
UDOCKER_DIR=$work/repository
export HOME UDOCKER_DIR
cd "$work" || exit 99

udocker=$top_builddir/bin/udocker
libexec=$top_builddir/libexec/udocker
PATH=$top_builddir/bin:$PATH:/usr/sbin:/sbin
export PATH

tap_end ()
{
  status=$?
  trap - EXIT HUP INT TERM
  eval "$tap_cleanups"
  cd / || exit 99
  if test "${KEEP-}" = yes; then
    echo "# kept: $work"
  else
    chmod -R u+rwX "$work" 2> /dev/null
    rm -rf "$work"
  fi
  exit "$status"
}
trap tap_end EXIT
trap 'exit 99' HUP INT TERM

# at_end COMMAND: run COMMAND (one string) when the test ends, last one first.
at_end ()
{
  tap_cleanups="$1; $tap_cleanups"
}

# note TEXT...: a line that is not a result.
note ()
{
  printf '%s\n' "$*" | sed 's/^/# /'
}

# ok WHAT COMMAND [ARGUMENT]...: a result, good when COMMAND succeeds.
ok ()
{
  tap_what=$1
  shift
  tap_count=$((tap_count + 1))
  if "$@"; then
    echo "ok $tap_count - $tap_what"
  else
    tap_failures=$((tap_failures + 1))
    echo "not ok $tap_count - $tap_what"
    return 1
  fi
}

# not_ok WHAT COMMAND [ARGUMENT]...: a result, good when COMMAND fails.
not_ok ()
{
  tap_what=$1
  shift
  ok "$tap_what" tap_fails "$@"
}

tap_fails ()
{
  ! "$@"
}

# is WHAT ACTUAL EXPECTED: a result, good when the two strings are equal.
is ()
{
  ok "$1" test "$2" = "$3" || {
    printf '%s\n' "$2" | sed '1s/^/got:      /; 2,$s/^/          /; s/^/#   /'
    printf '%s\n' "$3" | sed '1s/^/expected: /; 2,$s/^/          /; s/^/#   /'
    return 1
  }
}

# like WHAT TEXT PATTERN: a result, good when a line of TEXT matches the
# extended regular expression PATTERN.
like ()
{
  tap_text=$2
  tap_pattern=$3
  ok "$1" tap_matches || {
    printf '%s\n' "$tap_text" | sed 's/^/#   /'
    note "  does not match: $tap_pattern"
    return 1
  }
}

# unlike WHAT TEXT PATTERN: the opposite of like.
unlike ()
{
  tap_text=$2
  tap_pattern=$3
  ok "$1" tap_fails tap_matches || {
    printf '%s\n' "$tap_text" | sed 's/^/#   /'
    note "  matches: $tap_pattern"
    return 1
  }
}

tap_matches ()
{
  printf '%s\n' "$tap_text" | grep -Eq -e "$tap_pattern"
}

# run COMMAND [ARGUMENT]...: run it and keep its $status, $stdout and $stderr
# (also as the files stdout and stderr).  Standard input is empty.
run ()
{
  run_from /dev/null "$@"
}

# run_from FILE COMMAND [ARGUMENT]...: the same with its input from FILE.
run_from ()
{
  tap_input=$1
  shift
  status=0
  "$@" < "$tap_input" > "$work/stdout" 2> "$work/stderr" || status=$?
  stdout=$(tr -d '\000' < "$work/stdout")
  stderr=$(tr -d '\000' < "$work/stderr")
}

# is_error WHAT STATUS PATTERN: the last run ended with STATUS, wrote nothing
# to stdout, and one line to stderr that matches PATTERN.
is_error ()
{
  tap_pattern=$3
  tap_wanted=$2
  ok "$1" tap_is_error || {
    note "  exit status $status, expected $2"
    note "  stdout: $stdout"
    note "  stderr: $stderr"
    note "  pattern: $3"
    return 1
  }
}

tap_is_error ()
{
  test "$status" = "$tap_wanted" && test -z "$stdout" \
    && test "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 \
    && printf '%s\n' "$stderr" | grep -Eq -e "$tap_pattern"
}

# skip WHAT REASON: one result that cannot be had here.
skip ()
{
  tap_count=$((tap_count + 1))
  echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all REASON: nothing can be tested here; ends the test.
skip_all ()
{
  echo "1..0 # SKIP $*"
  exit 0
}

# need PROGRAM...: skip the whole test where one is not installed.
need ()
{
  for tap_program in "$@"; do
    command -v "$tap_program" > /dev/null \
      || skip_all "'$tap_program' is not installed"
  done
}

# bail REASON: the set-up is broken; ends the test.
bail ()
{
  echo "Bail out! $*"
  exit 99
}

# until_true COMMAND [ARGUMENT]...: wait until COMMAND succeeds; fail after long.
until_true ()
{
  tap_tries=0
  until "$@" > /dev/null 2>&1; do
    tap_tries=$((tap_tries + 1))
    test $tap_tries -lt 1200 || return 1
    sleep 0.05
  done
}

# done_testing: the plan; the last line of a test.
done_testing ()
{
  echo "1..$tap_count"
  test "$tap_failures" = 0
  exit
}
