# The exit status of run: whatever the program ends with, and what tells of
# each way to fail, however the streams are.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# In the short form each mode gets a third of the numbers, and each way to fail
# one kind of streams besides the usual ones.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need script
make_container "$id" c1 '{"config":{"Env":["PATH=/bin"],"WorkingDir":"/"}}' \
  || bail "no container"
modes="P1 P2 T1"
test -x "$libexec/udocker-trap" || modes="P1 P2"
long=${TEST_LONG-}
ulimit -c 0

# Numbers and signals.
index=0
for mode in $modes; do
  wrong=
  number=$index
  step=3
  test "$long" != yes || { number=0; step=1; }
  while test "$number" -lt 256; do
    ud --execmode="$mode" c1 sh -c "exit $number" < /dev/null > out 2>&1
    result=$?
    test "$result:$(cat out)" = "$number:" || wrong="$wrong $number:$result"
    number=$((number + step))
  done
  is "the program's own number in $mode" "$wrong" ""
  index=$((index + 1))

  # All but those that stop or do nothing, that the shell ignores (QUIT), and
  # that make ignores (32, 33).
  wrong=
  number=0
  while test "$number" -lt 64; do
    number=$((number + 1))
    case $number in
      3 | 17 | 18 | 19 | 20 | 21 | 22 | 23 | 28 | 32 | 33) continue ;;
    esac
    ud --execmode="$mode" c1 sh -c "kill -$number \$\$; sleep 5" \
      < /dev/null > out 2>&1
    result=$?
    test "$result:$(cat out)" = "$((128 + number)):" \
      || wrong="$wrong $number:$result"
  done
  is "128 and the signal's in $mode" "$wrong" ""
done

# Ways to fail.
echo 'echo x' > "$root/bin/plain"
mkdir -p "$root/closed/d"
cp "$busybox" "$root/closed/d/true"
chmod 0 "$root/closed/d"
at_end 'chmod 700 "$UDOCKER_DIR"/containers/c1/ROOT/closed/d'
# script NAME LINE: an executable file that begins with "#!LINE".
script_file ()
{
  printf '#!%s\n' "$2" > "$root/bin/$1"
  chmod +x "$root/bin/$1"
}
script_file orphan /no/such/interpreter
script_file in-directory /etc
script_file in-plain /bin/plain
script_file in-itself /bin/in-itself
ln -s loop "$root/bin/loop"
ln -s /nowhere "$root/bin/dangling"
mkfifo "$root/bin/fifo"
chmod +x "$root/bin/fifo"
# head NAME CODE: the head of a 64-bit program for the machine CODE (octal).
head_file ()
{
  printf '%b' '\0177ELF\02\01\01\0\0\0\0\0\0\0\0\0\02\0' "$2" '\01\0\0\0' \
    > "$root/bin/$1"
  chmod +x "$root/bin/$1"
}
head_file alien '\046\0220'
head_file damaged '\076\0'
dynamic=$(command -v script)
cp "$dynamic" "$root/bin/no-loader"
cp "$busybox" "$root/bin/unreadable"
chmod 111 "$root/bin/unreadable"
make_container 33333333-89ab-3def-8123-456789abcdef entry \
  '{"config":{"Entrypoint":["/no/entry"],"Env":["PATH=/bin"]}}' \
  || bail "no container"
make_container 44444444-89ab-3def-8123-456789abcdef empty '{}' \
  || bail "no container"
rm -r "$UDOCKER_DIR/containers/empty/ROOT"
mkdir "$UDOCKER_DIR/containers/empty/ROOT"
make_container 55555555-89ab-3def-8123-456789abcdef rootless '{}' \
  || bail "no container"
rm -r "$UDOCKER_DIR/containers/rootless/ROOT"
# Words of the table have it.
# shellcheck disable=SC2034
long_name=$(printf '%300s' x | tr ' ' x)

# The status, what the one line of the error says, and the words after "run".
cat > table << 'EOD'
126 'plain': Permission denied|c1 plain
126 '/bin/plain': Permission denied|c1 /bin/plain
126 '/closed/d/true': Permission denied|c1 /closed/d/true
126 '/etc': Is a directory|c1 /etc
126 '/etc/': Is a directory|c1 /etc/
126 'fifo': Permission denied|c1 fifo
126 '/bin/fifo': Permission denied|c1 /bin/fifo
126 '/bin/loop': Too many levels of symbolic links|c1 /bin/loop
126 '/bin/unreadable': Permission denied|c1 unreadable
126 '/bin/in-directory': (Permission denied|Is a directory)|c1 in-directory
126 '/bin/in-plain': Permission denied|c1 in-plain
126 '/bin/in-itself': Too many levels of symbolic links|c1 in-itself
126 '/bin/alien': it is a program for another machine|c1 alien
126 '/bin/damaged'|c1 damaged
126 File name too long|c1 "/$long_name"
127 'none': there is no such program in the container's PATH|c1 none
127 '/bin/none': No such file|c1 /bin/none
127 './none': No such file|c1 ./none
127 '/bin/sh/none': Not a directory|c1 /bin/sh/none
127 'dangling': there is no such program|c1 dangling
127 '/bin/dangling': No such file|c1 /bin/dangling
127 '': there is no such program|c1 ''
127 '/bin/orphan': its interpreter is not in the container|c1 orphan
127 '/bin/no-loader': its interpreter is not in the container|c1 no-loader
127 '/no/entry': No such file|entry
127 '/no/entry': No such file|entry true
127 'what': there is no such program|--entrypoint=what c1 true
127 there is no shell in it|empty
125 '[^']*/ROOT'|rootless true
125 nobody-has-this|--pull=never nobody-has-this true
125 must specify container_id or image:tag|
125 must specify container_id or image:tag|'' true
125 --bogus|--bogus c1 true
125 -y|-y c1 true
125 --volume|--volume
125 invalid execmode: X9|--execmode=X9 c1 true
125 invalid host volume path: /none|-v /none:/x c1 true
125 invalid working directory: /none|-w /none c1 true
125 group not found: none|--user=root:none c1 true
125 your privileges|--privileged c1 true
125 --env-file|--env-file=/none c1 true
125 invalid --location|--location=/none x true
EOD

cat > exec-table << 'EOD'
0 |c1 true
1 |c1 false
77 |c1 sh -c 'exit 77'
255 |c1 sh -c 'exit 255'
143 |c1 sh -c 'kill $$'
137 |c1 sh -c 'kill -9 $$; sleep 5'
126 '/bin/plain': Permission denied|c1 /bin/plain
126 '/etc': Is a directory|c1 /etc
126 '/bin/in-plain': Permission denied|c1 in-plain
126 '/bin/alien': it is a program for another machine|c1 alien
126 '/bin/damaged'|c1 damaged
127 'none': there is no such program|c1 none
127 '/bin/none': No such file|c1 /bin/none
127 '/bin/orphan': its interpreter is not in the container|c1 orphan
125 does not run here|entry true
125 nobody-has-this|nobody-has-this true
125 must specify a container and a command|c1
125 must specify a container and a command|
125 --bogus|--bogus c1 true
125 invalid working directory: /none|-w /none c1 true
125 invalid syntax for user a:b:c|-u a:b:c c1 true
125 --env-file|--env-file=/none c1 true
EOD

# run_words KIND WORDS: udocker WORDS, with streams of KIND; the status is
# in $result, what could be read of the error in err.
run_words ()
{
  : > out
  : > err
  result=0
  # It is written as a shell reads it.
  eval "set -- \"\$1\" udocker $2"
  case $1 in
    usual) shift; "$@" < /dev/null > out 2> err || result=$? ;;
    file) shift; "$@" < table > out 2> err || result=$? ;;
    pipes)
      shift
      # The status of the middle one is wanted.
      echo input | { "$@" 2> err; echo $? > result; } | cat > out
      result=$(cat result) ;;
    no-input) shift; "$@" <&- > out 2> err || result=$? ;;
    no-output) shift; "$@" < /dev/null >&- 2> err || result=$? ;;
    no-error) shift; "$@" < /dev/null > out 2>&- || result=$? ;;
    none) shift; "$@" <&- >&- 2>&- || result=$? ;;
    terminal)
      shift
      script -qec "$(quote "$@")" /dev/null < /dev/null > terminal || result=$?
      tr -d '\r' < terminal > err ;;
  esac
}

# quote WORD...: the words as a shell reads them.
quote ()
{
  for quote_word in "$@"; do
    printf "'%s' " "$(printf %s "$quote_word" | sed "s/'/'\\\\''/g")"
  done
}

# try_table TABLE COMMAND: go through the rows of the file TABLE, where COMMAND
# stands in front of the words, in $mode, which is number $index.
try_table ()
{
  table=$1
  command=$2
  row=0
  while IFS= read -r line <&3; do
    row=$((row + 1))
    wanted=${line%% *}
    rest=${line#* }
    pattern=${rest%|*}
    words=${rest##*|}
    kinds="file pipes no-input no-output no-error none terminal"
    if test "$long" != yes; then
      # shellcheck disable=SC2086 # words
      set -- $kinds
      shift $(((row + index) % 7))
      kinds=$1
    fi
    wrong=
    for kind in usual $kinds; do
      run_words "$kind" "$command $words" 3<&-
      case $kind in
        no-error | none) said=0 ;;
        *) said="$(wc -l < err) $(cat err)" ;;
      esac
      test "$result" = "$wanted" && test ! -s out \
        && printf '%s\n' "$said" | grep -Eq -e "^(0 ?|1 Error: .*$pattern.*)\$" \
        || wrong="$wrong $kind: $result $said"
    done
    is "$mode: ${command%% *} $(echo "$words" | cut -c 1-40) is $wanted" \
      "$wrong" ""
  done 3< "$table"
}

tree > before 2> /dev/null # one is closed
index=0
for mode in $modes; do
  try_table table "run --nobanner --execmode=$mode"

  udocker run --nobanner --execmode="$mode" c1 sh -c \
    'echo begun; exec sleep 1000' > begun 2>&1 &
  runner=$!
  at_end "kill $runner 2> /dev/null"
  until_true grep -q begun begun || bail "no run to join"
  try_table exec-table exec
  kill $runner
  wait $runner
  index=$((index + 1))
done
tree > after 2> /dev/null
ok "nothing is left of all that" cmp before after \
  || diff before after | sed 's/^/# /'
is "and nothing was written where no stream was" \
  "$(find "$UDOCKER_DIR/run" -type f -size +0)" ""

done_testing
