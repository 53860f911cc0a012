# Claims in a root whose libc is musl.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/guest/claims.sh"

guest_spare_P2
guest_open musl
guest_claim hello /bin/hello
guest_claim hello-static /bin/hello-static arguments 42
for name in $guest_all_programs; do
  guest_program musl "$name"
done
guest_program musl paths absolute
guest_program musl-static paths
guest_program musl-static processes
done_testing
