# What an image says about how it is run: Docker's table of entry point and
# command, users, directories; and images that say nonsense.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need python3
make_container "$id" c1 '{}' || bail "no container"
json=$UDOCKER_DIR/containers/$id/container.json
modes="P1 P2 T1"
test -x "$libexec/udocker-trap" || modes="P1 P2"

# It prints each of its words in brackets.
cat > "$root/bin/words" << 'EOD'
#!/bin/sh
for word; do printf '[%s]' "$word"; done
echo
EOD
chmod +x "$root/bin/words"
ln -s words "$root/bin/other"

# Entry points and commands, none, in the exec form and in that of a shell, as
# Docker writes them; with words on the command line and without.
# form NAME: the member of the configuration that NAME stands for.
form ()
{
  case $1 in
    exec_entry) echo '"Entrypoint":["words","e","p"],' ;;
    shell_entry) echo '"Entrypoint":["/bin/sh","-c","words e p"],' ;;
    exec_command) echo '"Cmd":["words","c"],' ;;
    shell_command) echo '"Cmd":["/bin/sh","-c","words c"],' ;;
  esac
}

while read -r entry command words wanted; do
  entry=$(form "$entry")
  command=$(form "$command")
  printf '{"config":{%s%s"Env":["PATH=/bin"]}}' "$entry" "$command" > "$json"
  test "$words" != - || words=
  words=$(echo "$words" | tr , ' ')
  wrong=
  for mode in $modes; do
    # shellcheck disable=SC2086 # words
    run ud --execmode="$mode" c1 $words
    test "$status:$stdout" = "0:$wanted" || wrong="$wrong $mode: $stdout"
  done
  is "{$entry$command} $words" "$wrong" ""
  # What is given instead does not depend on the image.
  run ud --entrypoint="words o p" c1
  is "  and --entrypoint" "$status:$stdout" "0:[o][p]"
  run ud --entrypoint="other x" c1 a 'b c'
  is "  and --entrypoint, with words" "$status:$stdout" "0:[x][a][b c]"
  run ud --entrypoint= c1 words a
  is "  and an empty one" "$status:$stdout" "0:[a]"
done << 'EOD'
none exec_command - [c]
none shell_command - [c]
exec_entry none - [e][p]
exec_entry exec_command - [e][p][words][c]
exec_entry shell_command - [e][p][/bin/sh][-c][words c]
shell_entry none - [e][p]
shell_entry exec_command - [e][p]
shell_entry shell_command - [e][p]
none exec_command words,a [a]
none shell_command words,a [a]
exec_entry none a [e][p][a]
exec_entry exec_command a [e][p][a]
exec_entry shell_command a [e][p][a]
shell_entry none a [e][p]
shell_entry exec_command a [e][p]
shell_entry shell_command a [e][p]
EOD
printf '{}' > "$json"
run ud c1
like "neither is a shell" "$status:$stderr" \
  "^0:Warning: no command assuming: \['sh', '-i'\]"
run ud --entrypoint= c1
like "  and so with an empty --entrypoint" "$status:$stderr" "^0:Warning: no comm"
printf '{"config":{"Entrypoint":["words"],"Cmd":["c"],"User":"alice",
  "WorkingDir":"/tmp","Env":["A=1","PATH=/bin"]}}' > "$json"
run ud --nometa c1 sh -c 'echo "$PWD ${A-none} $USER $PATH"'
is "--nometa looks at none of it" "$stdout" \
  "/root none root /usr/sbin:/sbin:/usr/bin:/bin"

# Odd ones: the object "config", or if it begins with "=" the whole file; the
# status; and what is to be found in what is printed: directory, user, $A, $B and
# $C of the environment; or the error.
cat > odd.py << 'EOD'
"""Write container.json by the Python expression argv[2]."""
import json
import sys

what = sys.argv[2]
whole = eval (what[1:]) if what[0] == "=" else {"config": eval (what)}
with open (sys.argv[1], "wb") as file:
    file.write (whole if isinstance (whole, bytes)
                else json.dumps (whole).encode ())
EOD
show='echo "<$(pwd) $(id -un) ${A-none} ${B-none} ${C-none}>"'

while IFS='|' read -r what wanted pattern; do
  python3 odd.py "$json" "$what" || bail "cannot write $what"
  wrong=
  for mode in $modes; do
    run ud --execmode="$mode" c1 sh -c "$show"
    case $wanted in
      0) said="$stdout $stderr" ;;
      *) said=$(is_error x "$wanted" "$pattern" > said || cat said) ;;
    esac
    test "$status" = "$wanted" \
      && { test "$wanted" != 0 || printf '%s\n' "$said" | grep -Eq "$pattern"; } \
      || wrong="$wrong $mode: $status $said"
    # All is decided before the engine, and Python takes longest.
    test "${TEST_LONG-}" = yes || break
  done
  is "$what: $wanted" "$(printf %s "$wrong" | cut -c 1-500)" ""
done << 'EOD'
={}|0|</root root none none none>
=None|0|</root root none none none>
={"config":None}|0|</root root none none none>
={"config":{}}|0|</root root none none none>
={"container_config":{"User":"alice"}}|0|</home/alice alice
=[1]|125|it, or its config, is no object
="x"|125|it, or its config, is no object
=7|125|it, or its config, is no object
={"config":[1]}|125|it, or its config, is no object
={"config":"x"}|125|it, or its config, is no object
={"config":7}|125|it, or its config, is no object
=b''|125|it ends too early
=b'{"config":'|125|unexpected end of data
=b'{} x'|125|something follows it
=b'\xff{}'|125|is not valid JSON
=b'['*100000|125|nesting too deep
={"config":{},"history":["x"*100]*100000}|0|</root root
{"User":None,"WorkingDir":None,"Entrypoint":None,"Cmd":None,"Env":None}|0|</root root none
{"Volumes":None,"ExposedPorts":None,"StopSignal":None,"Labels":None}|0|</root root none
{"User":"","WorkingDir":"","Entrypoint":[],"Cmd":[],"Env":[]}|0|</root root none
{"User":"alice"}|0|</home/alice alice
{"User":["alice"]}|0|</home/alice alice
{"User":"1234"}|0|</home/alice alice
{"User":"alice:staff"}|0|</home/alice alice
{"User":"1234:50"}|0|</home/alice alice
{"User":"alice:"}|0|</home/alice alice
{"User":":staff"}|0|</root root
{"User":":"}|0|</root root
{"User":"0"}|0|</root root
{"User":"nobody-knows"}|0|</ nobody-knows
{"User":"4321"}|0|</ user4321
{"User":1000}|125|its User is no text
{"User":True}|125|its User is no text
{"User":{"name":"alice"}}|125|its User is no text
{"User":"a\0b"}|125|its User is no text
{"User":"a\nb"}|125|invalid syntax for user a.b
{"User":"../x"}|125|invalid syntax for user ../x
{"User":"a:b:c"}|125|invalid syntax for user a:b:c
{"User":"99999999999"}|125|invalid syntax for user 99999999999
{"WorkingDir":"/home/alice"}|0|</home/alice root
{"WorkingDir":"home"}|0|</home root
{"WorkingDir":"../../../tmp"}|0|</tmp root
{"WorkingDir":"/tmp/../../../home/."}|0|</home root
{"WorkingDir":"/none"}|0|</ root .*> Warning: the image's working directory '/none'
{"WorkingDir":"/etc/passwd"}|0|</ root .*> Warning: .*Not a directory
{"WorkingDir":"/a\nb"}|0|</ root .*> Warning: .*'/a.b' cannot be used
{"WorkingDir":"/"+"x"*5000}|0|</ root .*> Warning: .* File name too long
{"WorkingDir":"/x"*5000}|0|</ root .*> Warning: .* cannot be used
{"WorkingDir":7}|125|its WorkingDir is no text
{"Env":["A=1","B=2=3","C="]}|0|</root root 1 2=3 >
{"Env":["A= 1  2 ","B=é"]}|0|</root root  1  2  é none>
{"Env":["A","=1","","B B=1","1C=2","C=3"]}|0|</root root none none 3>
{"Env":["A=1\n2"]}|0|</root root 1$
{"Env":"A=1"}|0|</root root 1 none none>
{"Env":["A=1\0"]}|125|its Env is no text
{"Env":["A=1",7]}|125|its Env is no text
{"Env":["A=1",None]}|125|its Env is no text
{"Env":[["A=1"]]}|125|its Env is no text
{"Env":{"A":"1"}}|125|its Env is no text
{"Env":["A=1"]+["X%d=1"%i for i in range(3000)]+["B=2"]}|0|</root root 1 2 none>
{"Env":["A="+"x"*200000]}|126|Argument list too long
{"Cmd":7}|125|its Cmd is no text
{"Cmd":["a\0b"]}|125|its Cmd is no text
{"Entrypoint":{"0":"sh"}}|125|its Entrypoint is no text
{"Entrypoint":[None]}|125|its Entrypoint is no text
{"Entrypoint":["../../bin/sh","-c","echo \"<in $PWD>\""],"WorkingDir":"/tmp"}|0|<in /tmp>
{"Entrypoint":["words"]+["x"*100]*50000}|126|Argument list too long
{"Entrypoint":["words","a\nb\t\u001bc"]}|0|^\[a$
{"Volumes":["/x"],"ExposedPorts":7,"Healthcheck":[],"Labels":"x"}|0|</root root
{"Volumes":{"/x":{},"../../y":None,"":{},"/a\nb":7}}|0|</root root
{"ExposedPorts":{"80/tcp":{},"8080":None}}|0|> Warning: .* exposes privileged TCP/IP ports
{"ExposedPorts":{"8080/udp":{},"x":7,"99999999999999999999":{}}}|0|> Warning: .* exposes TCP/IP ports
{"StopSignal":"SIGRTMIN+3"}|0|> $
{"StopSignal":"9"}|0|> $
{"StopSignal":15}|0|> $
{"StopSignal":"NONE"}|0|> Warning: there is no signal 'NONE'
{"StopSignal":["TERM"]}|0|> Warning: there is no signal
EOD
run ud --nometa c1 sh -c "$show"
like "--nometa needs none of it" "$stdout$stderr" '^</root root'
printf 'no json' > "$json"
run ud --nometa c1 sh -c "$show"
like "  nor that it can be read" "$stdout$stderr" '^</root root'
rm "$json"
run ud --nometa c1 sh -c "$show"
like "  nor that it is there" "$stdout$stderr" '^</root root'
run ud c1 sh -c "$show"
is_error "without that it must be there" 125 \
  "cannot open 'container.json': No such file"

done_testing
