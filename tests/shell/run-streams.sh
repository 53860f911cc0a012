#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Standard input, output and error of run: bytes as they are, pipes, closed
# descriptors; descriptors beyond them; and what a pipe's reader does.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{}' || bail "no container"

size=4000000
test "${TEST_LONG-}" != yes || size=100000000
modes="P1 P2 T1"
test -x "$libexec/udocker-trap" || modes="P1 P2"
head -c $size /dev/urandom > random
sum=$(md5sum < random)
cp random "$root/tmp/random"
for mode in $modes; do
  ud --execmode=$mode c1 cat < random > copy
  ok "$size bytes of anything go through in $mode" cmp -s random copy
  # The pipe is the point.
  # shellcheck disable=SC2002
  cat random | ud --execmode=$mode c1 cat | cat > copy
  ok "  through pipes, too" cmp -s random copy
  # shellcheck disable=SC2002
  cat random | ud --execmode=$mode c1 md5sum > copy
  is "  into it" "$(cat copy)" "$sum"
  ud --execmode=$mode c1 cat /tmp/random | md5sum > copy
  is "  out of it" "$(cat copy)" "$sum"
  ud --execmode=$mode c1 sh -c 'cat /tmp/random >&2' 2>&1 > copy | md5sum > copied
  is "  as messages" "$(cat copied copy)" "$sum"
done
rm random copy "$root/tmp/random"
printf '\000\001\r\n\377' | ud c1 cat > copy
is "control characters stay" "$(od -An -tx1 < copy | tr -d ' ')" "00010d0aff"
ud c1 sh -c 'echo out; echo err >&2' > out 2> err
is "stdout" "$(cat out)" out
is "stderr" "$(cat err)" err
ud c1 sh -c 'echo a; echo b >&2; echo c' > both 2>&1
is "in order where they are one" "$(tr '\n' . < both)" a.b.c.

# The banner.
run udocker run c1 echo out
is "there is no banner in a file" "$stdout$stderr" out
udocker run --banner c1 echo out > both 2>&1
is "the banner comes first" "$(tail -n 1 both)" out
like "  where it is asked for" "$(cat both)" "STARTING $id"
run udocker -q run --banner c1 echo out
is "  and not with -q" "$stdout$stderr" out
if command -v script > /dev/null; then
  on_terminal="script -qec"
  $on_terminal "udocker run c1 echo out" /dev/null < /dev/null > both
  is "on a terminal it is there, first" \
    "$(grep -c 'STARTING' both):$(tail -n 1 both | tr -d '\r')" 1:out
  $on_terminal "udocker run --nobanner c1 echo out" /dev/null < /dev/null > both
  is "  and not with --nobanner" "$(tr -d '\r' < both)" out
  $on_terminal "udocker run c1 tty 2> err" /dev/null < /dev/null > both
  like "a terminal is one without -t" "$(tr -d '\r' < both)" '^/dev/pts/'
  is "  and another stream has no banner" "$(cat err)" ""
  $on_terminal "udocker run -it c1 sh -c 'test -t 0 && test -t 1 && test -t 2'" \
    /dev/null < /dev/null > both
  is "and so with -it" "$?" 0
else
  skip "a terminal" "there is no 'script'"
fi
printf 'a\000\r\n' > small
for options in '' -i -t -it --interactive --tty; do
  # One word or none.
  # shellcheck disable=SC2086
  ud $options c1 sh -c 'tty; cat' > out 2> err < small
  is "what is no terminal is none with '$options'" "$(head -n 1 out)" \
    "not a tty"
  ok "  and is read" sh -c 'tail -n +2 out | cmp - small'
done

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

# What a caller ignores is ignored, and nothing else.
signals ()
{
  "$@" grep -E 'Sig(Blk|Ign)' /proc/self/status
}
for mode in $modes; do
  udocker -q protect c1
  for option in --rm --tmpfs=/tmp --nobanner; do
    run_in="ud --execmode=$mode $option c1"
    # shellcheck disable=SC2086 # words
    is "signals are as they were, in $mode with $option" \
      "$(signals $run_in)" "$(signals env)"
    # shellcheck disable=SC2086
    is "  and those that are ignored" \
      "$(trap '' PIPE USR1 CHLD; signals $run_in)" \
      "$(trap '' PIPE USR1 CHLD; signals env)"
  done
  udocker -q unprotect c1
done

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
