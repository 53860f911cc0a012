#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Mode R1 with a range of ids from /etc/subuid, where newuidmap gives one.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{}' || bail "no container"
chmod 1777 "$root/tmp"
. "$top_srcdir/tests/runtime.sh"
newuidmap_works ()
{
  udocker doctor | grep -q 'ranges of ids.*  *works'
}
newuidmap_works || skip_all "$(udocker doctor | grep 'ranges of ids')"

run ud --execmode=R1 c1 sh -c 'touch /tmp/x; chown 5:6 /tmp/x 2> /dev/null'
is "without being asked for there is one id" "$status" 1
UDOCKER_RUNC_SUBIDS=True
export UDOCKER_RUNC_SUBIDS
# shellcheck disable=SC2016 # for the container
run ud --execmode=R1 c1 sh -c '
  id -u; mkdir /tmp/d; touch /tmp/d/x; chown -R 5:6 /tmp/d; chmod 700 /tmp/d
  stat -c %u:%g /tmp/d; su alice -c "id -u; touch /tmp/hers"
  stat -c %U /tmp/hers; grep -c . /proc/self/uid_map'
is "root may have files of others, and become others" "$status$stderr
$stdout" "0
0
5:6
1234
alice
2"
run ud --execmode=R1 c1 stat -c %u:%g /tmp/d/x
is "  which stay so" "$stdout" 5:6
run ud --execmode=R1 --user=alice c1 sh -c 'id -un; touch /tmp/mine'
is "another user is still you" "$status,$stdout,$(stat -c %u "$root/tmp/mine")" \
  "0,alice,$(id -u)"
ud --detach --execmode=R1 c1 sh -c 'echo ready; sleep 1000' > /dev/null
until_true sh -c 'udocker logs c1 | grep ready'
run udocker exec c1 sh -c 'stat -c %u /tmp/d/x; chown 7 /tmp/d/x'
is "exec is in the same namespace" "$status,$stdout,$stderr" 0,5,
udocker stop --time=0 c1 > /dev/null
not_ok "what others have is out of your reach" ls "$root/tmp/d"
run udocker setup --fixperm c1
is "  until setup --fixperm gives it to you" "$status" 0
is "  " "$(stat -c %u "$root/tmp/d/x" "$root/tmp/hers" | sort -u)" "$(id -u)"
run udocker rm -f c1
is "  and the container can be removed" "$status" 0
done_testing
