# Mode S1: what Apptainer or Singularity is asked to do, and what is made of what
# it says.  A program that takes down its arguments stands in for those of all
# years; it says of its options what theirs say, and starts what it is told to
# start, without any container.  mode-s1-real.sh has a real one.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{"config": {"Env": ["IMAGE=a b"], "Cmd": ["/bin/ls"]}}' \
  || bail 'no container'

# The options of Apptainer 1.3 and of Singularity 3.5, by their help.
cat > help-new << 'EOD'
Usage:
  apptainer exec [exec options...] <container> <command>
Options:
  -B, --bind strings               a user-bind path specification.
  -e, --cleanenv                   clean environment before running container
      --cwd string                 initial working directory
      --env stringToString         pass environment variable to contained process
  -f, --fakeroot                   run container with the appearance of running as root
  -H, --home string                a home directory specification.
      --hostname string            set container hostname.
      --mount stringArray          a mount specification
      --no-home                    do NOT mount users home directory
      --no-mount strings           disable one or more 'mount xxx' options
      --pwd string                 (deprecated: use --cwd)
  -w, --writable                   by default all containers are read-only.
EOD
cat > help-old << 'EOD'
Usage:
  singularity exec [exec options...] <container> <command>
Options:
  -B, --bind strings               a user-bind path specification.
  -e, --cleanenv                   clean environment before running container
  -H, --home string                a home directory specification.
      --no-home                    do NOT mount users home directory
      --pwd string                 initial working directory
  -w, --writable                   by default all Singularity containers are
EOD
mkdir bin
cat > bin/recorder << EOD
#!/bin/sh
if test "\$*" = 'exec --help'; then
  cat "$work/help-\$(cat "$work/age")"
  exit
fi
for word; do printf '<%s>\n' "\$word"; done > "$work/words"
env -0 > "$work/variables"
. "$work/end"
exec "\$word"
EOD
chmod 755 bin/recorder
ln -s recorder bin/apptainer
: > end
echo new > age
PATH=$work/bin:$PATH

run_s1 ()
{
  echo input > stdin
  run_from stdin udocker run --nobanner --execmode=S1 "$@"
}

# word TEXT: whether the command has the word TEXT.
word ()
{
  grep -qxF "<$1>" words
}

# follows TEXT: the word behind TEXT.
follows ()
{
  grep -xF -A 1 "<$1>" words | sed -n '2s/^<\(.*\)>$/\1/p'
}

run_s1 -e 'MINE=x,"y" $(z)' -w /tmp --user="$(id -u)" c1 /bin/sh -c \
  'pwd; env | grep -e ^MINE= -e ^IMAGE= | sort; cat; printf "<%s>" "$@"; echo e >&2' \
  sh 'two words' ''
is 'the program has our streams, variables, words and directory' \
  "$status$stdout$stderr" '0/tmp
IMAGE=a b
MINE=x,"y" $(z)
input
<two words><>e'
is 'it is started by our part, which a descriptor names' \
  "$(tail -n 1 words)" '</proc/self/fd/9>'
is 'the tree is in front of that' "$(tail -n 2 words | head -n 1)" "<$root>"
is 'the command is exec' "$(head -n 2 words)" '<--quiet>
<exec>'
ok 'the environment is clean' word --cleanenv
is 'the working directory is there in any case' "$(follows --cwd)" /
ok 'the tree can be written to' word -w
not_ok 'nobody is root who did not ask' word --fakeroot
like 'home and the rest of the host stay outside' "$(follows --no-mount)" home

run_s1 --read-only c1 true
not_ok 'unless it is to be read-only' word -w
run_s1 --user="$(id -u)" c1 sh -c 'ls /proc/self/fd; ulimit -n'
udocker run --nobanner --execmode=P1 --user="$(id -u)" c1 sh -c \
  'ls /proc/self/fd; ulimit -n' > p1 < /dev/null
is 'descriptors and limits are those of other modes' "$stdout" "$(cat p1)"

mkdir 'host:a,b' plain
run_s1 -v "$work/plain:/data:ro" -v "$work/host\\:a,b:/other" c1 true
like 'volumes are bound' "$(cat words)" "^<$work/plain:/data:ro>\$"
like 'difficult names by another option' "$(follows --mount)" \
  "type=bind,\"source=$work/host:a,b\",\"destination=/other\""
is 'mount points are gone afterwards' "$(ls "$root" | grep -cE 'data|other')" 0
run_s1 --hostname=box --ulimit nofile=77 --user="$(id -u)" c1 sh -c 'ulimit -n'
is 'the host name is passed on' "$(follows --hostname)" box
is 'limits are set' "$stdout" 77
run_s1 --add-host=other:10.1.2.3 c1 true
like 'files in memory are bound, too' "$(cat words)" '^<.*:/etc/hosts:?(ro)?>$'

run_s1 --user="$(id -u)" c1 sh -c 'exit 42'
is "the program's status is ours" "$status" 42
run_s1 --user="$(id -u)" c1 sh -c 'exit 255'
is 'also one that is used for failures' "$status" 255
run_s1 --user="$(id -u)" c1 sh -c 'kill -TERM $$'
is 'a signal is told as shells do' "$status" 143
cat > end << 'EOD'
printf 'INFO:    hello\nFATAL:   no room for it\nWARNING: bye\n' >&2
exit 255
EOD
run_s1 --user="$(id -u)" c1 true
is_error 'when nothing is started its complaint is told' 125 \
  "'.*/recorder' starts no container here: no room for it; modes P1"
run udocker doctor
like 'doctor has it from the same' "$stdout" \
  '  S1 +does not work: .*/recorder. starts no container here: no room for it'
: > end

for option in --publish=80:80 --kernel=9.9 --fakeowner; do
  run_s1 "$option" c1 true
  is_error "$option is refused, and what can is named" 125 \
    'mode S1 .*modes P1 and T1'
done

echo old > age
run_s1 -w /tmp --user="$(id -u)" c1 true
is 'an old one is asked in its own words' "$status$(follows --pwd)" 0/
ok 'it leaves out home as it can' word --no-home
not_ok 'and what it has not is not asked for' grep -qE 'no-mount|cwd|mount' words
not_ok 'root of ranges is one of that' word --fakeroot
run_s1 --user="$(id -u)" -v "$work/host\\:a,b:/other" c1 true
is_error 'so are names that it cannot take' 125 "host:a,b.*modes P1"
run_s1 --user="$(id -u)" --hostname=box c1 true
is_error 'and another host name' 125 'no other host name'

run udocker setup --execmode=s1 c1
is 'setup takes the mode' "$status$stdout$stderr" 0
run udocker setup c1
like 'and shows it' "$stdout" '^execmode: S1'
run udocker doctor
like 'doctor knows it' "$stdout" '^  S1 +works'
rm bin/apptainer
run udocker run --nobanner c1 true
is_error 'without the program it says so' 125 'apptainer or singularity.*not found'
run udocker doctor
like 'and so does doctor' "$stdout" '^  S1 +does not work: apptainer or sing'
run env UDOCKER_USE_SINGULARITY_EXECUTABLE="$work/bin/recorder" \
  udocker run --nobanner --user="$(id -u)" c1 echo named
is 'it may be named' "$status$stdout" 0named
run env UDOCKER_USE_SINGULARITY_EXECUTABLE=nothing udocker run --nobanner c1 true
is_error 'what is named must be there' 125 "'nothing'.*S1"
printf '#!/bin/sh\necho broken >&2\nexit 1\n' > bin/apptainer
chmod 755 bin/apptainer
run udocker run --nobanner c1 true
is_error 'one that does not work is told' 125 'exec --help.*broken'

done_testing
