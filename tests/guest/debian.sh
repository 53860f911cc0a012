# The claims that are made of every Debian root.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

# guest_user: have the caller's ids stand in /etc/passwd, with a shell.
guest_user ()
{
  { grep -v "^[^:]*:[^:]*:$(id -u):" "$guest_root/etc/passwd"
    echo "tester:x:$(id -u):$(id -g)::/tmp:/bin/sh"; } > "$work/passwd"
  guest_bindings="-b $work/passwd:/etc/passwd"
}

# guest_debian NAME: open the root and make all claims of it.
guest_debian ()
{
  # One of them is enough for every day.
  test "$1" = debian12 || test "${TEST_LONG-}" = yes \
    || skip_all "takes long: make check-long"
  guest_spare_P2
  guest_open "$1"
  # Programs linked here run there only where the libc is no older.
  guest_flavour=static
  if guest_compile dynamic nothing \
     && guest_enter truth "$guest_place/bin/nothing-dynamic" \
       > /dev/null 2>&1 < /dev/null; then
    guest_flavour=dynamic
  fi
  for guest_next in $guest_all_programs; do
    guest_program $guest_flavour "$guest_next"
  done
  guest_program $guest_flavour paths absolute
  for guest_next in shell links archive many-processes tree perl python git \
                    compiler jobs make watch processes tmux; do
    guest_script "$guest_next"
  done
  guest_user
  guest_script server
}
