# What the command line answers before any command does its work.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"

# is_text WHAT STATUS STDOUT STDERR: what the last run did, exactly.
is_text ()
{
  ok "$1" tap_is_text "$2" "$3" "$4" || {
    note "  exit status $status, expected $2"
    note "  stdout: $stdout"
    note "  stderr: $stderr"
  }
}

tap_is_text ()
{
  test "$status" = "$1" && test "$stdout" = "$2" && test "$stderr" = "$3"
}

# Version and help.
for words in version -V --version '--allow-root version' '-q version'; do
  # shellcheck disable=SC2086 # several words
  run udocker $words
  is "status of '$words'" "$status" 0
  is "'$words' prints the version first" "${stdout%%
*}" "version: $VERSION"
  is "'$words' says nothing else" "$stderr" ''
done
not_ok "version needs no repository" test -e "$UDOCKER_DIR"

run udocker version --format=json
is "the version as JSON" "$status$(printf '%s\n' "$stdout" | tr -d ' \n')" \
  "0{\"version\":\"$VERSION\"}"

run udocker help
help=$stdout
is "status of help" "$status$stderr" 0
like "help lists the commands" "$help" '^  version  +print the version$'
like "help lists the general options" "$help" '^      --repo=DIR  +use the'
for words in '' --help -h 'help help' 'help --help' '--help help'; do
  # shellcheck disable=SC2086 # several words
  run udocker $words
  is "status of 'udocker $words'" "$status$stderr" 0
  case $words in
    *help*help) like "'$words' is about help" "$stdout" '^Usage: .* help ' ;;
    *) is "'udocker $words' is the same as help" "$stdout" "$help" ;;
  esac
done
for words in 'mkrepo --help' 'mkrepo -h' 'help mkrepo' '--help mkrepo' \
             'mkrepo a b c --help'; do
  # shellcheck disable=SC2086 # several words
  run udocker $words
  like "'$words' is about mkrepo" "$status$stdout" '^0Usage: .* mkrepo .*DIR$'
done
is "no line of a help is longer than 79 columns" \
   "$(printf '%s\n' "$help" | grep -cE '.{80}')" 0

# What is unknown is named, with what was perhaps meant.
run udocker versionn
is_text "a mistyped command" 1 '' \
  "Error: invalid command: versionn; did you mean 'version'?"
run udocker xyzzy
is_text "an unknown command" 1 '' \
  "Error: invalid command: xyzzy; 'udocker help' lists the commands"
run udocker help xyzzy
is_text "help of an unknown command" 1 '' \
  "Error: invalid command: xyzzy; 'udocker help' lists the commands"
for name in attach top events cp commit build push image compose; do
  run udocker $name x y
  is_error "Docker's command $name" 1 \
    "^Error: invalid command: $name; [^?]*\$"
done
like "  says what to do instead" "$(udocker attach 2>&1)" 'udocker exec CONTAINER'
run udocker ''
is_text "an empty command" 1 '' \
  "Error: invalid command: ; 'udocker help' lists the commands"
run udocker -D
is_text "no command" 1 '' \
  "Error: invalid command: none given; 'udocker help' lists the commands"
run udocker --repos=x version
is_text "a mistyped general option" 1 '' \
  "Error: syntax error at: --repos=x: unknown option, did you mean '--repo'?"
run udocker --bogus version
is_text "an unknown general option" 1 '' \
  "Error: syntax error at: --bogus: unknown option"
run udocker version --bogus
is_text "an unknown option of a command" 1 '' \
  "Error: syntax error at: --bogus: unknown option"
run udocker version one two
is_text "operands that nobody wants" 1 '' \
  "Error: syntax error at: one two: too many operands"
run udocker --config
is_text "an option without its value" 1 '' \
  "Error: syntax error at: --config: the option needs a value"
run udocker -q=maybe version
is_text "a flag with a strange value" 1 '' \
  "Error: syntax error at: --quiet=maybe: the value must be true or false"
run udocker help --format=latex
is_text "a value that is no choice" 1 '' \
  "Error: syntax error at: --format=latex: the value must be one of text, man, texinfo, bash"
run udocker mkrepo
is_text "a missing operand" 1 '' \
  "Error: missing operand: the command is 'udocker mkrepo DIR'"

# Repositories.
run udocker --repo="$work/none" pull ..
is_text "--repo of a missing directory" 1 '' \
  "Error: invalid udocker repository: $work/none"
not_ok "--repo makes nothing" test -e "$work/none"
run udocker mkrepo "$work/made"
is_text "mkrepo" 0 '' ''
for part in bin lib doc repos layers containers; do
  ok "mkrepo makes $part" test -d "$work/made/$part"
done
run udocker mkrepo "$work/made"
is_text "mkrepo of what exists" 1 '' \
  "Error: localrepo directory already exists:  $work/made"
run udocker mkrepo /proc/self/repository
is_error "mkrepo where nothing can be made" 1 \
  "^Error: localrepo creation failure:  /proc/self/repository: "
for words in "--repo=$work/made" "--repo $work/made" '--repo made' \
             '--repo=./made' '--repo made/'; do
  # shellcheck disable=SC2086 # several words
  run udocker $words showconf
  like "showconf $words" "$stdout" "^topdir = $work/made\$"
done
run udocker pull ..
is "the repository is made where it is needed" \
  "$(printf '%s\n' "$stderr" | head -n 1)" "Info: creating repo: $UDOCKER_DIR"
rm -rf "$UDOCKER_DIR"
run udocker -q pull ..
unlike "-q makes it silently" "$stderr" creating
ok "but makes it" test -d "$UDOCKER_DIR/containers"

# Root is refused, but for what only prints.
if unshare -Ur true 2> /dev/null; then
  run unshare -Ur udocker showconf
  is_text "root is refused" 1 '' \
    "Error: do not run as root !  Use an ordinary account, or the option --allow-root where there is none"
  run unshare -Ur udocker --allow-root showconf
  like "--allow-root" "$status$stdout" '^0.*Configuration options'
  run unshare -Ur udocker version
  like "root may ask for the version" "$status$stdout" "^0version: $VERSION"
else
  skip "root is refused" "no user namespaces here"
fi

# Streams that are full, closed or cut.
if test -w /dev/full; then
  for words in version help showconf 'help --format=man'; do
    status=0
    # shellcheck disable=SC2086 # several words
    stderr=$(udocker $words 2>&1 > /dev/full) || status=$?
    is "'$words' to a full disk" "$status$stderr" \
      "1Error: cannot write to standard output: No space left on device"
  done
else
  skip "writing to a full disk" "no /dev/full"
fi
status=0
stderr=$(udocker version 2>&1 >&-) || status=$?
is "standard output is closed" "$status$stderr" \
  "1Error: cannot write to standard output: Bad file descriptor"
status=0
stdout=$(udocker version <&-) || status=$?
like "standard input is closed" "$status$stdout" '^0version'
status=0
stdout=$(udocker version 2>&-) || status=$?
like "standard error is closed" "$status$stdout" '^0version'
status=0
stdout=$(udocker xyzzy <&- 2>&-) || status=$?
is "an error that nobody hears" "$status$stdout" 1
run sh -c 'udocker xyzzy >&- 2>&-'
is "an error with both closed" "$status" 1

# A reader that went away ends us by a signal, as any other program; where the
# signal is ignored there is an error.
if env --ignore-signal=PIPE true 2> /dev/null; then
  mkfifo pipe
  (exec 4< pipe; sleep 0.2) &
  status=0
  stderr=$( (sleep 0.4; exec env --ignore-signal=PIPE udocker help \
    --format=man) 2>&1 > pipe) || status=$?
  wait
  is "a broken pipe without the signal" "$status$stderr" \
    "1Error: cannot write to standard output: Broken pipe"
else
  skip "a broken pipe without the signal" "env cannot ignore signals here"
fi

# Completion and manual, as they are installed.
udocker help --format=bash > completion
if command -v bash > /dev/null; then
  ok "the completion script is one" bash -n completion
  stdout=$(bash -c '. ./completion; COMP_WORDS=(udocker showc) COMP_CWORD=1;
    _udocker; echo "${COMPREPLY[*]}"')
  is "it completes a command" "$stdout" showconf
  stdout=$(bash -c '. ./completion; COMP_WORDS=(udocker --rep) COMP_CWORD=1;
    _udocker 2> /dev/null; echo "${COMPREPLY[*]}"')
  is "it completes an option" "$stdout" '--repo='
else
  skip "the completion script is one" "no bash"
fi
udocker help --format=man > manual
if command -v groff > /dev/null; then
  is "the manual page is formatted without complaint" \
    "$(groff -man -Tascii -ww -z manual 2>&1)" ''
else
  skip "the manual page is formatted without complaint" "no groff"
fi

done_testing
