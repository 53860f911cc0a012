# Pipelines, here-documents, redirections, jobs: what shells do all day.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2046,SC2320

cat <<END
here-document in $PWD
$(echo substituted | tr a-z A-Z)
END
cat <<'END' | sed 's/x/y/' | cat
quoted $PWD x
END
printf 'c\na\nb\n' | sort | tee sorted | tail -n 1
cat sorted
echo one > file; echo two >> file; cat < file
cat nowhere 2> errors; echo "status $?"; wc -l < errors | tr -d ' '
{ echo out; echo err >&2; } > both 2>&1; cat both
exec 7> seven; echo through seven >&7; exec 7>&-; cat seven
exec 8< seven; read -r word rest <&8; exec 8<&-; echo "$word - $rest"
(cd / && pwd) && pwd
mkdir -p a/b/c && cd a/b/c && pwd && cd ../.. && pwd && cd ..
ln -s a/b short; cd short && pwd && pwd -P && cd .. && pwd
cd -P short && pwd && cd .. && pwd && cd ..
echo 'echo "script $# $1 $2"; exit 4' > script.sh
sh script.sh x 'y z'; echo "status $?"
chmod +x script.sh; ./script.sh p q; echo "status $?"
sh -c 'kill -9 $$'; echo "status $?"
sh -c 'kill -TERM $$'; echo "status $?"
no-such-command 2>/dev/null; echo "status $?"
./sorted 2>/dev/null; echo "status $?"
. ./script.sh > sourced & wait $!; echo "status $?"
cat sourced
sleep 0.2 & first=$!; sleep 0.1 & second=$!
wait $second; echo "second $?"; wait $first; echo "first $?"
(trap 'echo trapped; exit 5' TERM; kill -TERM $(sh -c 'echo $PPID'); sleep 1)
echo "status $?"
yes | head -n 3
i=0; while test $i -lt 100; do echo $i; i=$((i + 1)); done | wc -l | tr -d ' '
for name in *; do echo "glob $name"; done
echo a/*/* /etc/pass*d
mkfifo fifo; (echo through the fifo > fifo) & cat fifo; wait
set -- $(seq 1 50); echo $#
test -e /etc/passwd && test ! -e /etc/none && test -d / && test -L short \
  && echo tests
umask 077; touch private; ls -l private | cut -c 1-10; umask 022
mv private moved; ls moved; cp moved copy; rm moved copy; ls moved 2>/dev/null
echo "status $?"
read -r line < /dev/null; echo "read $?"
echo /dev/null: $(cat < /dev/null | wc -c)
echo written > /dev/null; echo "status $?"
env -i PATH="$PATH" sh -c 'echo "empty environment: $(env | grep -c HOME)"'
exec sh -c 'echo last; exit 6'
