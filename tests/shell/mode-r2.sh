#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Modes R2 and R3: our tracer in a container of an OCI runtime.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{}' || bail "no container"
. "$top_srcdir/tests/runtime.sh"
tree > before

for mode in R2 R3; do
  # shellcheck disable=SC2016 # for the container
  run ud --execmode=$mode c1 sh -c '
    id -u; touch /tmp/x; chown 5:6 /tmp/x; stat -c %u:%g /tmp/x
    mknod /tmp/d c 1 9 && stat -c %F /tmp/d; rm /tmp/x /tmp/d
    set -- /proc/[0-9]*; test $# -lt 8; echo $?; exit 9'
  is "$mode: root may do all that root does" "$status$stderr
$stdout" "9
0
5:6
character special file
0"
  run ud --execmode=$mode --kernel=9.9 --hostname=there --user=alice --publish=8080:80 \
    --ulimit=nofile=99 --env=A=b -v "$work:/data:ro" --workdir=/data c1 \
    sh -c 'uname -nr; id -un; ulimit -n; echo $A; pwd; touch x 2> /dev/null || echo refused'
  is "  options" "$status$stderr
$stdout" "0
there 9.9
alice
99
b
/data
refused"
  run ud --execmode=$mode c1 sh -c 'kill -TERM $$'
  is "  signals" "$status" 143
  run ud --execmode=$mode c1 /etc
  is "  what is no program" "$status" 126
  run ud --execmode=$mode --fakeowner c1 true
  is_error "  owners are not kept" 125 "^Error: mode $mode .* P1 and T1 "
done

ud --detach --execmode=R2 c1 sh -c 'echo ready; while :; do sleep 0.05; done' > /dev/null
until_true sh -c 'udocker logs c1 | grep ready'
run udocker exec c1 sh -c 'touch /tmp/x; chown 5 /tmp/x; stat -c %u /tmp/x; rm /tmp/x; exit 4'
is "exec has a tracer, too" "$status$stdout$stderr" 45
run udocker stop --time=0 c1
is "  and all ends" "$status$(udocker ps --running | wc -l)" 01
rm -f "$UDOCKER_DIR/containers/$id/"exit* "$UDOCKER_DIR/containers/$id/output.log"
ud --execmode=R1 c1 true
tree > after
ok "nothing is left" cmp before after || diff before after | sed 's/^/#   /'
done_testing
