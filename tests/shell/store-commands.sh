# images, ps, inspect, rm, rmi, name, rmname, rename: the repository as the
# Python tool leaves it.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
need python3

PYTHONPATH=$top_srcdir/tests
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
repos=$UDOCKER_DIR/repos
layers=$UDOCKER_DIR/layers
containers=$UDOCKER_DIR/containers

run udocker images
is "images makes the repository" "$status$stdout" 0REPOSITORY
is "  and says so" "$stderr" "Info: creating repo: $UDOCKER_DIR"
is "  as the Python tool wants it" "$(ls "$UDOCKER_DIR" | tr '\n' ' ')" \
  'bin containers doc layers lib repos '

python3 - << 'END'
from images import *
base = layer("base")
image("test/b:2", base, layer("b2"))
image("test/b:1", base, layer("b1"))
image("test/a", base, layer("a"), variant="v8")
image("localhost:5000/x/y:z", base)
image("docker.io/library/hub", base)
# Schema 1: layers from the top, the configuration in the history.
one, two = layer(entry("f", data="old"), "one"), layer(entry("f", data="new"))
tag("test/schema1:latest", {"v2": "", "manifest": json.dumps({
    "schemaVersion": 1, "name": "x", "tag": "latest", "architecture": "amd64",
    "fsLayers": [{"blobSum": blob(two)}, {"blobSum": blob(one)}],
    "history": [{"v1Compatibility": json.dumps(
        {"id": "2" * 64, "os": "linux", "architecture": "amd64", "config": {"Cmd": ["s1"]}})},
        {"v1Compatibility": "{}"}]})}, [digest(one), digest(two)])
# The v1 flavour, by import, and by two kinds of load.
a, b = "a" * 64, "b" * 64
blob(one, a + ".layer"); blob(two, b + ".layer")
blob(b'{"os": "linux", "architecture": "arm64", "config": {"Cmd": ["v1"]}}', b + ".json")
tag("test/v1:latest", {"v1": "", "ancestry": json.dumps([b, a])},
    [a + ".layer", b + ".layer", b + ".json"])
blob(b'{"os": "linux", "config": {"Cmd": ["oci"]}}', "c" * 64 + ".layer")
tag("test/loaded:latest", {"v1": "", "ancestry": json.dumps([b, a])},
    [a + ".layer", b + ".layer", "c" * 64 + ".layer"])
os.symlink("../../../../layers/" + "c" * 64 + ".layer",
           os.environ["UDOCKER_DIR"] + "/repos/test/loaded/latest/container.json")
# An image whose name is the beginning of another's.
image("test/a/latest/nested:1", base)
END
touch "$repos/test/a/latest/PROTECT"
mkdir -p "$repos/test/empty/latest"
touch "$repos/test/stray"

run udocker images
is "images: sorted, as they were typed" "$status$stderr$stdout" \
  '0REPOSITORY
docker.io/library/hub:latest    .
localhost:5000/x/y:z    .
test/a:latest    P
test/a/latest/nested:1    .
test/b:1    .
test/b:2    .
test/loaded:latest    .
test/schema1:latest    .
test/v1:latest    .'
run udocker -q images --no-trunc --all
is "-q leaves the header out" "$(echo "$stdout" | head -n 1)" \
  'docker.io/library/hub:latest    .'
run udocker images -p
is "images -p" "$(echo "$stdout" | sed -n '2p;4p;8,$p')" \
  'linux/amd64        . docker.io/library/hub:latest
linux/amd64/v8     P test/a:latest
linux/unknown      . test/loaded:latest
linux/amd64        . test/schema1:latest
linux/arm64        . test/v1:latest'
run udocker images -l
like "images -l shows directories" "$stdout" "^ $repos/test/v1/latest\$"
like "  and files" "$stdout" '^    /b{64}\.layer \(0 MB\)$'
run udocker images --format=json -p
is "images --format=json" "$(echo "$stdout" | python3 -c \
  'import json, sys; print([(i["repository"], i["tag"], i["protected"], i["platform"])
   for i in json.load(sys.stdin)][2])')" \
  "('test/a', 'latest', True, 'linux/amd64/v8')"

for name in hub library/hub docker.io/hub docker.io/library/hub:latest \
  index.docker.io/hub registry-1.docker.io/library/hub; do
  run udocker inspect "$name"
  is "'$name' is found" "$status$stderr" 0
done
for name in nub quay.io/hub localhost/hub test/hub hub:1 test/b; do
  run udocker inspect "$name"
  is_error "'$name' is not" 1 "^Error: image not found: $name"
done
run udocker inspect localhost:5000/x/y:z
is "a registry with a port" "$status$stderr" 0

for name in schema1 v1 loaded; do
  run udocker create "test/$name"
  is "create of an image of the flavour $name" \
    "$status$stderr$(cat "$containers/$stdout/ROOT/f"; ls "$containers/$stdout/ROOT" | tr '\n' ' ')" \
    '0newf one '
  eval "$name=$stdout"
done
run udocker inspect "$schema1"
is "inspect a container" "$status$stdout" '0{
    "architecture": "amd64",
    "config": {
        "Cmd": [
            "s1"
        ]
    },
    "id": "2222222222222222222222222222222222222222222222222222222222222222",
    "os": "linux"
}'
run udocker inspect -p "$v1"
is "inspect -p" "$status$stdout" "0$containers/$v1/ROOT"
run udocker inspect -p test/v1
is_error "inspect -p of an image" 1 \
  '^Error: image or container not found: test/v1$'

run udocker name "$v1" n2
is "name is silent" "$status$stdout$stderr" 0
udocker name "$v1" n1
is "an alias is a relative link" "$(readlink "$containers/n1")" "$v1"
for name in '' a/b a.b 'a b' '[a' 'a]' .x "$(printf 'a\tb')" \
            "$(printf 'a\033c')" "$(printf 'a\177')"; do
  run udocker name "$v1" "$name"
  is_error "'$name' is no name" 1 '^Error: invalid container name'
done
run udocker name "$loaded" n1
is_error "a name that is taken" 1 \
  '^Error: invalid container name: container name already exists: n1$'
run udocker name "$v1"
is_error "name without a name" 1 \
  "^Error: missing operand: the command is 'udocker name CONTAINER NAME'\$"
run udocker name none x
is_error "name of nothing" 1 \
  '^Error: invalid container id or name: container id or name not found: none$'
run udocker rename n1 n3
is "rename" "$status$stdout$stderr$(readlink "$containers/n3")" "0$v1"
run udocker rename n1 n4
is_error "rename of nothing" 1 '^Error: container does not exist: n1$'
run udocker rename n3 n2
is_error "rename to a name that is taken" 1 '^Error: new name already exists: n2$'
run udocker rename "$v1" n4
is_error "rename of an id" 1 '^Error: name does not exist: '
is "changes nothing" "$(cd "$containers" && ls -d n*)" 'n2
n3'

run udocker ps
is "ps" "$status$stderr$(echo "$stdout" | sed "s/ *$//" | grep -v "$schema1\|$loaded")" \
  "0CONTAINER ID                         P M NAMES              IMAGE
$v1 . W n2,n3              test/v1:latest"
is "  is sorted" "$(echo "$stdout" | sed 1d | LC_ALL=C sort)" \
  "$(echo "$stdout" | sed 1d)"
touch "$containers/$v1/PROTECT"
echo F3 > "$containers/$v1/execmode"
chmod 555 "$containers/$v1/ROOT"
run udocker ps -m -s -p
like "ps -m -s -p" "$stdout" \
  "^$v1 P R F3 +[0-9]+ linux/arm64        n2,n3              test/v1:latest\$"
like "  with titles over the columns" "$stdout" \
  '^CONTAINER ID                         P M MOD  SIZE PLATFORM           NAMES              IMAGE$'
run udocker ps --format=json
is "ps --format=json" "$(echo "$stdout" | python3 -c \
  'import json, sys; print([i["names"] for i in json.load(sys.stdin) if i["names"]])')" \
  "[['n2', 'n3']]"
echo broken > "$containers/$schema1/container.json"
rm "$containers/$loaded/container.json"
run udocker ps -p
is "ps -p with broken metadata" "$status$(echo "$stdout" | wc -l)" 14
like "  says which" "$stderr" '^Error: invalid container json metadata'
run udocker inspect "$schema1"
is_error "inspect says it too" 1 '^Error: .*container.json is not valid JSON'

run udocker rm none "$loaded" n2 "$(echo "$schema1" | cut -c 1-13)"
is "rm goes on after a failure" "$status$(ls "$containers" | sort | tr '\n' ' ')" \
  "1$(printf '%s\n' "$v1" n2 n3 | sort | tr '\n' ' ')"
is "  and says what it did" "$(echo "$stderr" | sed 's/: [0-9a-f-]*$/: ID/')" \
  'Error: invalid container id: container id or name not found: none
Info: deleting container: ID
Error: container is protected: ID
Info: deleting container: ID'
rm "$containers/$v1/PROTECT"
run udocker rmname n2
is "rmname" "$status$stdout$stderr" '0Info: container name: n2 removed.'
run udocker rmname n2
is_error "rmname twice" 1 '^Error: invalid container id or name: n2$'
run udocker rmname "$v1"
is_error "rmname of an id" 1 '^Error: removing container name: '
run udocker -q rm -f n3
is "rm by name" "$status$stderr$(ls -A "$containers")" 0
run udocker rm
is_error "rm of nothing" 1 '^Error: '

# All of them.
for name in one two three; do
  eval "$name=\$(udocker create --name=\$name test/b:1)"
done
touch "$containers/$two/PROTECT"
run udocker rm --all
is_error "rm --all asks" 1 \
  '^Error: rm --all wants to ask, but there is no terminal; use --force$'
run udocker rm --all one
is_error "rm --all of one" 1 '^Error: --all does not go with a container: one$'
for answer in n ''; do
  # shellcheck disable=SC2154  # eval sets them
  run python3 -c 'import pty, sys, os
pid, fd = pty.fork()
if pid == 0:
    os.execvp("udocker", ["udocker", "rm", "--all"])
text = b""
while b"[y/N] " not in text:
    text += os.read(fd, 1000)
os.write(fd, sys.argv[1].encode() + b"\n")
while True:
    try:
        text += os.read(fd, 1000)
    except OSError:
        break
print(text.decode().replace("\r", ""))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))' "$answer"
  like "'$answer' removes nothing" "$status$stdout" '^1Remove all containers, 2 of them\?'
done
is "  they are there" "$(udocker ps | sed 1d | wc -l)" 3
run udocker rm -f --all
is "rm -f --all removes all but what is protected" \
  "$status$(ls "$containers" | sort | tr '\n' ' ')" \
  "0$(printf '%s\n' "$two" two | sort | tr '\n' ' ')"
like "  and says so" "$stderr" "^Info: container is protected: $two\$"
rm "$containers/$two/PROTECT"
udocker -q rm two

run udocker rmi test/a
is_error "rmi of a protected image" 1 \
  '^Error: image repository is protected: test/a:latest$'
rm "$repos/test/a/latest/PROTECT"
before=$(ls "$layers" | wc -l)
run udocker rmi test/b:1
is "rmi" "$status$stdout$stderr" '0Info: deleting image: test/b:1'
is "  removes what nobody else needs" "$(ls "$layers" | wc -l)" $((before - 2))
run udocker create test/b:2
is "  and nothing else" "$status$stderr" 0
udocker rm "$stdout" 2> /dev/null
run udocker rmi test/a
is "rmi of an image that has others below it" "$status$stderr" \
  '0Info: deleting image: test/a:latest'
run udocker inspect test/a/latest/nested:1
is "  leaves these" "$status$stderr" 0
run udocker rmi test/a
is_error "rmi twice" 1 '^Error: deleting image: image not found: test/a:latest$'
run udocker rmi hub localhost:5000/x/y:z test/loaded test/schema1 test/v1 \
  test/b:2 test/a/latest/nested:1
is "rmi of all" "$status" 0
is "  leaves nothing" \
  "$(find "$layers" -type f ! -name .lock; cd "$repos" && find . -mindepth 1 | sort)" \
  './test
./test/empty
./test/empty/latest
./test/stray'

# A repository that others own.
python3 - << 'END'
from images import *
image("test/x", layer("x"))
END
id=$(udocker create --name=ro test/x)
chmod -R a-w "$UDOCKER_DIR"
run udocker images
is "a repository that cannot be written: images" "$status$stderr" 0
run udocker ps
like "  ps" "$status$stderr$stdout" "^$id . R ro "
run udocker inspect ro
is "  inspect" "$status$stderr" 0
run udocker create test/x
is_error "  create" 1 '^Error: .*Permission denied'
run udocker rm ro
like "  rm" "$status$(echo "$stderr" | grep -v ^Info)" \
  '^1Error: .*Permission denied'
run udocker rmi test/x
like "  rmi" "$status$(echo "$stderr" | grep -v ^Info)" \
  "^1Error: deleting image: .*Permission denied"
is "  all is there" "$(udocker -q images; udocker ps | wc -l)" \
  'test/x:latest    .
2'
chmod -R u+w "$UDOCKER_DIR"

# The repository is moved.
mv "$UDOCKER_DIR" "$work/moved"
run udocker --repo="$work/moved" create test/x
is "a repository that was moved" "$status$stderr" 0

# What the umask keeps from others.
mkdir tree
tar -C tree -cf tree.tar .
umask 077
run env UDOCKER_DIR="$work/private" udocker import tree.tar test/private:1
umask 022
is "import with umask 077" "$status" 0
is "  keeps all from others" "$(find private ! -type l -perm /077)" ''

# What waits to appear has its lock, by which others see that it lives.
flock -s "$work/private/layers/.lock" sh -c '
  until test -e go; do sleep 0.05; done' &
UDOCKER_DIR=$work/private udocker import tree.tar test/late:1 2> late &
late=$!
until grep -q waiting late || ! kill -0 $late; do sleep 0.05; done
held ()
{
  test -e "$1" && ! flock -n "$1" true
}
ok "an image that waits to appear is held" \
  held private/repos/test/late/.1.*.part/lock
touch go
wait
is "  and appears" "$(ls -A private/repos/test/late)" 1

# A repository may come from a stranger: nothing is made where its locks lead.
export UDOCKER_DIR="$work/private"
rm -f private/layers/.lock
ln -s "$work/lead" private/layers/.lock
run udocker rmi test/private:1
is "a lock that is a link" "$status" 1
not_ok "  is not followed" test -e lead

done_testing
