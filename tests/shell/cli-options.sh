# Every option of every command, in every spelling.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"

# The options come from the help.  An option that does not exist behind them
# ends the parsing: when it is the one that is complained of, what stands
# before it was understood; and no command does anything.
bogus='^Error: syntax error at: --bogus=x: unknown option(, did you mean .*)?$'

# understood WORD...: note in $bad when the words of an option are not.
understood ()
{
  tried=$((tried + 1))
  all=$((all + 1))
  stderr=$(udocker "$command" "$@" --bogus=x 2>&1 > /dev/null) \
    && bad="$bad [$* succeeds]"
  printf '%s\n' "$stderr" | grep -Eq "$bogus" || bad="$bad [$*: $stderr]"
}

# refused PATTERN WORD...: note in $bad when the words are taken, or refused for
# another reason.
refused ()
{
  refused_pattern=$1
  shift
  stderr=$(udocker "$command" "$@" --bogus=x 2>&1 > /dev/null) \
    && bad="$bad [$* succeeds]"
  printf '%s\n' "$stderr" | grep -Eq "$refused_pattern" \
    || bad="$bad [$*: $stderr]"
}

# try LETTER NAME KIND VALUE: try one option.
try ()
{
  case $3 in
    flag)
      test -z "$2" || {
        understood "--$2"
        understood "--$2=true"
        understood "--$2=False"
        refused 'the value must be true or false' "--$2=perhaps"
      }
      test -z "$1" || {
        understood "-$1"
        understood "-$1=yes"
        understood "-$1$1"
        letters=$letters$1
      } ;;
    value)
      test -z "$2" || {
        understood "--$2=$4"
        understood "--$2" "$4"
      }
      test -z "$1" || {
        understood "-$1=$4"
        understood "-$1$4"
        understood "-$1" "$4"
      } ;;
    optional)
      understood "--$2"
      understood "--$2=$4" ;;
  esac
  test -z "$2" || refused "'--$2'|unknown option" "--${2}x=1"
}

udocker help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p' > commands
ok "the help names commands" test "$(wc -l < commands)" -gt 25
all=0
while read -r command; do
  bad=
  letters=
  tried=0
  udocker "$command" --help > help || bad="$bad no help"
  # Rows of the table; choices stand behind the last colon.
  awk '/^Options:/ { on = 1; next }
       /^[^ ]/ { on = 0 }
       on && /^  ( |-)/ && $1 ~ /^-/ { if (row) print row; row = $0; next }
       on { row = row " " $0 }
       END { print row }' help | tr -s ' ' > rows
  while read -r row; do
    case $row in
      *-h,\ --help*) continue ;;
    esac
    spelling=$(echo "$row" | sed 's/^\(-., \)\{0,1\}\([^ ]*\).*/\1\2/')
    letter=$(echo "$spelling" | sed -n 's/^-\([^-]\).*/\1/p')
    name=$(echo "$spelling" | sed -n 's/^.*--\([^=[]*\).*/\1/p')
    value=$(echo "$row" | sed -n 's/.*: \([a-z][-a-z0-9]*\), .*/\1/p')
    case $spelling in
      *--"$name"\[=*) kind=optional ;;
      *=*) kind=value ;;
      *) kind=flag ;;
    esac
    case $kind$value$row in
      value*) test -n "$value" || value=1 ;;
    esac
    try "$letter" "$name" "$kind" "$value"
  done < rows
  test ${#letters} -lt 2 || understood "-$letters"
  refused 'syntax error at: --help-me: unknown option' --help-me
  is "$command: every option in every spelling ($tried tried)" "$bad" ''

  # Behind operands, and behind "--".
  run udocker "$command" a b c d e f --bogus=x
  run udocker "$command" -- --bogus=x --bogus=y --bogus=z --bogus=u --bogus=v
  unlike "$command: -- ends the options" "$stderr" 'unknown option'
done < commands

ok "that was a lot ($all)" test "$all" -gt 200

# What is close is named.
for words in 'ps --formt=json --format' 'images --platfrm --' \
  'rm --forc --force' 'create --nam=x --name' 'run --volum=/x --volume' \
  'prune --dryrun --dry-run' 'df --verbos --verbose' 'setup --execmod=P1 --execmode'; do
  # shellcheck disable=SC2086  # several words
  set -- $words
  run udocker "$1" "$2"
  like "$1 $2" "$status$stderr" \
    "Error: syntax error at: $2: unknown option(, did you mean '$3'\\?)?\$"
done
not_ok "nothing was done" test -e "$UDOCKER_DIR/containers/a"

done_testing
