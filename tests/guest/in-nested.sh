# Claims in a container in a container: what programs see there is no different.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

test -x "$libexec/udocker-trap" || skip_all 'there is no in-process engine here'
guest_modes=T1
test "${TEST_LONG-}" != yes || guest_modes='T1 T2'
guest_open busybox

# The engine in a container that is the host itself.
cat > "$work/tools/nested" << EOD
#!/bin/sh
exec "$work/tools/enter-engine" -m T1 "$libexec/udocker-trap" / "\$PWD" \\
  "$libexec/udocker-trap" "\$@"
EOD
chmod +x "$work/tools/nested"
GUEST_ENGINE=$work/tools/nested
for name in $guest_all_programs; do
  guest_program static "$name"
done
for name in shell links archive many-processes; do
  guest_script "$name"
done
if guest_compile i386-static processes; then
  guest_program i386-static processes
else
  skip 'processes (i386-static)' 'cc makes no 32-bit programs'
fi
done_testing
