# Run one thing natively and under engines, in turns, and compare medians.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Sourced by the benchmarks of this directory, from the build directory.  Needs
# what tests/guest/enter-root.c needs: root, or user namespaces.
#
# shellcheck shell=sh
# shellcheck disable=SC2154

set -u
LC_ALL=C
export LC_ALL
top_builddir=$(pwd)
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
libexec=$top_builddir/libexec/udocker
PATH=$PATH:/usr/sbin:/sbin

stop ()
{
  echo "$0: $*" >&2
  exit 77
}
test -x "$libexec/udocker-proot" \
  || stop "no engine in '$libexec': run it in the build directory"

# engine MODE: print the engine's program.
engine ()
{
  case $1 in
    T*) echo "${ENGINE:-$libexec/udocker-trap}" ;;
    *) echo "${ENGINE:-$libexec/udocker-proot}" ;;
  esac
}

work=$(mktemp -d "${TMPDIR:-/tmp}/udocker-bench.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cc -std=gnu11 -O1 -o "$work/enter-root" "$top_srcdir/tests/guest/enter-root.c" \
  && cc -std=gnu11 -O1 -D_GNU_SOURCE -I"$top_srcdir" -o "$work/enter-engine" \
    "$top_srcdir/tests/guest/enter-engine.c" "$top_srcdir/lib/plan/plan.c" \
    "$top_srcdir/lib/plan/plan-write.c" || exit 99
chmod 755 "$work" "$work/enter-root" "$work/enter-engine"

# Root measures as the account that its truth is entered as.
as_user=
test "$(id -u)" -ne 0 \
  || as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"

# bench_root NAME: find the root NAME, or make it, as $root.
bench_root ()
{
  for cache in "${TEST_ROOTS-}" "$top_builddir/tests/images/cache"; do
    root=$cache/$1
    test -z "$cache" || test ! -d "$root" || return 0
  done
  mkdir -p "$top_builddir/tests/images/cache"
  root=$(sh "$top_srcdir/tests/images/root.sh" "$1") || exit 77
}

# enter HOW DIRECTORY COMMAND...: run COMMAND in $root; HOW is native, or a
# mode, with "-0" behind it for a container that shows root's ids.
enter ()
{
  how=$1
  shift
  case $how in
    native) set -- "$work/enter-root" "$root" "$@" ;;
    *-0) set -- $as_user "$work/enter-engine" -0 -m "${how%-0}" \
           "$(engine "$how")" "$root" "$@" ;;
    *) set -- $as_user "$work/enter-engine" -m "$how" "$(engine "$how")" \
         "$root" "$@" ;;
  esac
  $pin $timer env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp LC_ALL=C "$@" \
    < /dev/null
}
pin=
timer=

# time_with FILE: have enter append the milliseconds that each thing takes to
# FILE, "WALL CPU", the CPU time being that of all its processes and the engine.
time_with ()
{
  cat > "$work/timer" << 'END'
output=$1
shift
TIMEFORMAT='%3R %3U %3S'
{ time "$@" 2>&3; } 3>&2 2> "$output.one"
status=$?
awk '{ print $1 * 1000, ($2 + $3) * 1000 }' "$output.one" >> "$output"
exit "$status"
END
  timer="bash $work/timer $1"
}

# compare FILE HOW...: FILE has lines "HOW NAME NUMBER"; print a line for each
# name: the median of the first HOW, and the ratios of the others' medians.
compare ()
{
  file=$1
  shift
  awk -v hows="$*" -v unit="${unit:-ns}" '
    function median(key,    i, j, k, n, v, t) {
      n = split(values[key], v, " ")
      for (i = 2; i <= n; i++) {
        t = v[i]
        for (j = i - 1; j > 0 && v[j] + 0 > t + 0; j--)
          v[j + 1] = v[j]
        v[j + 1] = t
      }
      return v[int((n + 1) / 2)]
    }
    {
      if (!($2 in seen)) { seen[$2] = 1; names[++count] = $2 }
      values[$1 " " $2] = values[$1 " " $2] " " $3
    }
    END {
      n = split(hows, how, " ")
      printf "%-18s %12s", "", how[1] " " unit
      for (j = 2; j <= n; j++)
        printf " %9s", how[j]
      print ""
      for (i = 1; i <= count; i++) {
        base = median(how[1] " " names[i])
        printf "%-18s %12.1f", names[i], base
        for (j = 2; j <= n; j++)
          printf " %8.2fx", \
            (base > 0 ? median(how[j] " " names[i]) / base : 0)
        print ""
      }
    }' "$file"
}
