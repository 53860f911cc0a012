#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Standard input, output and error of run: bytes as they are, pipes, closed
# descriptors; descriptors beyond them; and what a pipe's reader does.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{}' || bail "no container"

head -c 3000000 /dev/urandom > random
ud c1 cat < random > copy
ok "three megabytes of anything go through" cmp -s random copy
# The pipe is the point.
# shellcheck disable=SC2002
cat random | ud c1 cat | cat > copy
ok "through pipes, too" cmp -s random copy
printf '\000\001\r\n\377' | ud c1 cat > copy
is "control characters stay" "$(od -An -tx1 < copy | tr -d ' ')" "00010d0aff"
ud c1 sh -c 'echo out; echo err >&2' > out 2> err
is "stdout" "$(cat out)" out
is "stderr" "$(cat err)" err
ud c1 sh -c 'echo a; echo b >&2; echo c' > both 2>&1
is "in order where they are one" "$(tr '\n' . < both)" a.b.c.

udocker run c1 sh -c 'echo out' > both 2>&1
is "the banner comes first" "$(tail -n 1 both)" out

# What the test itself has inherited is there, too.
fds='ls /proc/self/fd | tr "\n" " "'
is "no descriptor of ours is left open" "$(ud c1 sh -c "$fds" < /dev/null)" \
  "$(sh -c "$fds" < /dev/null)"
is "one of the caller's is passed on" "$(ud c1 sh -c "$fds" 7< /dev/null)" \
  "$(sh -c "$fds" 7< /dev/null)"
is "and can be read" "$(echo text > f; ud c1 sh -c 'cat <&7' 7< f)" text

ud c1 sh -c 'test ! -e /proc/self/fd/0' <&-
is "a closed stdin stays closed" $? 0
ud c1 sh -c 'cat; echo $?' <&- > out 2> err
is "and reading it is an error" "$(cat out)" 1
ud c1 sh -c 'test ! -e /proc/self/fd/1' >&-
is "a closed stdout stays closed" $? 0
ud c1 sh -c 'test ! -e /proc/self/fd/2' 2>&-
is "a closed stderr stays closed" $? 0
ud c1 sh -c 'exit 7' <&- >&- 2>&-
is "with all closed it runs" $? 7
ud --rm c1 true <&- >&- 2>&- || :
make_container "$id" c1 '{}' 2> /dev/null || bail "no container"

ud c1 yes 2> err | head -n 1 > out
is "a reader that goes away" "$(cat out)$(cat err)" y
ud c1 echo x > /dev/full 2> err
is "a full disk is the program's affair" $? 1

umask 077
is "the umask is inherited" "$(ud c1 sh -c umask)" 0077
umask 022
# dash has ulimit -n.
# shellcheck disable=SC3045
(ulimit -n 100; is "limits are inherited" "$(ud c1 sh -c 'ulimit -n')" 100)
tap_count=$((tap_count + 1))
cd / || exit 99
is "wherever it is started from" "$(ud c1 pwd)" /root
cd "$work" || exit 99
mkdir gone
(cd gone && rmdir ../gone && ud c1 pwd) > out
is "even from a directory that was removed" "$(cat out)" /root

done_testing
