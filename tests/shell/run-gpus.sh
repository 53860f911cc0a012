# Devices that take more than a path: specifications of the Container Device
# Interface, and drivers as NVIDIA's made for the purpose.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154  # scripts for the container

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" c1 '{"config": {"Env": ["LD_LIBRARY_PATH=/own",
  "MINE=image"]}}' || bail 'no container'

# gpus ARGUMENT... : run what follows, with the specifications of cdi.
gpus ()
{
  run udocker run --nobanner --cdi-dir="$work/cdi" "$@"
}

# --- specifications ------------------------------------------------------------

mkdir cdi host
echo driver > host/libcuda.so.555.1
echo more > host/other
cat > cdi/nvidia.json << EOD
{ "cdiVersion": "0.6.0", "kind": "nvidia.com/gpu",
  "containerEdits": {
    "env": ["NVIDIA_VISIBLE_DEVICES=void", "MINE=device"],
    "additionalGids": [4242],
    "mounts": [
      { "hostPath": "$work/host/libcuda.so.555.1",
        "containerPath": "/usr/lib/driver/libcuda.so.555.1",
        "options": ["ro", "nosuid", "nodev", "bind"] },
      { "hostPath": "$work/host/other", "containerPath": "/usr/bin/other" } ],
    "hooks": [
      { "hookName": "createContainer", "path": "/usr/bin/nvidia-cdi-hook",
        "args": ["nvidia-cdi-hook", "create-symlinks",
          "--link", "libcuda.so.1::/usr/lib/driver/libcuda.so",
          "--link=libcuda.so.555.1::/usr/lib/driver/libcuda.so.1",
          "--link", "nowhere::/usr/lib/driver/lost"] },
      { "hookName": "createContainer", "path": "/usr/bin/nvidia-cdi-hook",
        "args": ["nvidia-cdi-hook", "update-ldcache", "--folder",
          "/usr/lib/driver"] } ] },
  "devices": [
    { "name": "0", "containerEdits": { "deviceNodes": [
      { "path": "/dev/nvidia0", "hostPath": "/dev/null" } ] } },
    { "name": "1", "containerEdits": { "deviceNodes": [
      { "path": "/dev/nvidia1", "hostPath": "/dev/zero" } ] } },
    { "name": "GPU-abc", "containerEdits": { "deviceNodes": [
      { "path": "/dev/nvidia0", "hostPath": "/dev/null" } ] } },
    { "name": "lost", "containerEdits": { "deviceNodes": [
      { "path": "/dev/lost" } ] } } ] }
EOD

gpus --device nvidia.com/gpu=0 c1 sh -c 'test -c /dev/nvidia0 && echo node
  cat /usr/lib/driver/libcuda.so /usr/lib/driver/libcuda.so.1
  cat /usr/bin/other; test -e /dev/nvidia1 || echo one
  test -e /usr/lib/driver/lost || echo none'
is 'a device has its node, files and links' "$status$stderr
$stdout" '0
node
driver
driver
more
one
none'
gpus --device nvidia.com/gpu=1 c1 sh -c 'echo x >> /usr/lib/driver/libcuda.so'
like 'what is to be read-only is' "$stderr" 'Read-only file system'
is 'the host keeps its file' "$(cat host/libcuda.so.555.1)" driver
gpus --device nvidia.com/gpu=0 c1 sh -c \
  'echo $MINE $NVIDIA_VISIBLE_DEVICES $LD_LIBRARY_PATH'
is 'variables of devices win over the image' "$stdout" \
  'device void /own:/usr/lib/driver'
gpus --device nvidia.com/gpu=0 -e MINE=me c1 sh -c 'echo $MINE'
is 'and what is asked for over them' "$stdout" me
gpus --device nvidia.com/gpu=0 c1 id -G
like 'the groups are shown' "$stdout" '(^| )4242( |$)'
gpus -v "$work/host/other:/usr/lib/driver/libcuda.so.555.1" \
  --device nvidia.com/gpu=0 c1 cat /usr/lib/driver/libcuda.so.555.1
is 'volumes that were asked for stay' "$stdout" more
gpus --device nvidia.com/gpu=lost c1 true
is_error 'a file that the host lacks is told' 125 "gpu=lost.*'/dev/lost'"
gpus --device nvidia.com/gpu=9 c1 true
is_error 'so is a device that there is not, and which there are' 125 \
  'nvidia.com/gpu=9.*0, 1, GPU-abc, lost'
gpus --device amd.com/gpu=0 c1 true
is_error 'another kind has none' 125 'no specification.*amd.com/gpu'

for words in all=2 1=1 2=2 device=GPU-abc=1 '"device=0,1"=2' count=2=2; do
  # The one that is lost is the last.
  case $words in all*) sed -i 's|"/dev/lost"|"/dev/nvidia9", "hostPath": "/dev/null"|' \
    cdi/nvidia.json ;; esac
  value=${words%=*}
  gpus --gpus "$value" c1 sh -c 'ls /dev | grep -c "nvidia[01]"'
  is "--gpus $value" "$stdout$stderr" "${words##*=}"
done
gpus --gpus 7 c1 true
is_error 'more than there are cannot be had, two names of one being one' 125 \
  'gpus 7.*only 3'
# refused VALUE PATTERN: --gpus=VALUE is, with a sentence that matches.
refused ()
{
  gpus --gpus="$1" c1 true
  is_error "--gpus='$1' is refused" 125 "$2"
}
write='write it as all, as a number, or as device=NAME'
refused '' "gpus is empty: $write"
refused ',' "gpus is empty: $write"
for value in x -2 1x all,2 2,all x=1 =1 abcdefghijklmnopqrst=1; do
  refused "$value" "invalid --gpus '$value': $write"
done
refused 2,3 "'2,3': a number says how many .*; for those .* write --gpus=device=2,3\$"
refused device= "'device=': device= has no name; write it as device=NAME"
refused device=,capabilities=utility 'device= has no name'
refused 0 "'0': there can be 1 to 1024"
refused 99999999999999999999 'there can be 1 to 1024'
refused 1,device=0 'both how many .* and which'
refused driver=matrox "no driver 'matrox', only nvidia, amd and intel"
refused all,capabilities=compte "no capability 'compte', only compute,"
refused driver=amd 'no devices of AMD'
gpus --gpus=driver=cdi,device=nvidia.com/gpu=0,nvidia.com/gpu=1 c1 sh -c \
  'ls /dev | grep -c "nvidia[01]"'
is 'whole names of devices are taken, too' "$status$stdout$stderr" 02

mkdir odd
cat > odd/a.json << EOD
{ "cdiVersion": "0.3.0", "kind": "v.com/c", "devices": [ { "name": "a", "containerEdits": {
  "env": [null, 7], "additionalGids": [null, "x"], "hooks": [null, {"args": [null]}],
  "deviceNodes": [], "mounts": [ { "hostPath": "/etc/passwd",
    "containerPath": "/odd", "options": [null, 7, "ro"] } ] } } ] }
EOD
run udocker run --nobanner --cdi-dir="$work/odd" --device v.com/c=a c1 sh -c \
  'test -s /odd && echo there'
is 'odd types do no harm' "$status$stdout$stderr" 0there
# A cache of the linker that is all one name.
mkdir -p "$root/lib"
python3 - "$root/etc/ld.so.cache" << 'EOD'
import struct, sys
name = b"x" * 2000000
with open (sys.argv[1], "wb") as file:
    text = 48 + 24 * 50000
    file.write (b"glibc-ld.so.cache1.1" + struct.pack ("<II20x", 50000, len (name)))
    file.write (struct.pack ("<IIIIQ", 3, text, text, 0, 0) * 50000)
    file.write (name + b"\0")
EOD
cp host/libcuda.so.555.1 host/libplain.so
if command -v cc > /dev/null; then
  echo 'int f (void) { return 1; }' | cc -shared -fPIC -o host/libplain.so -x c -
fi
cat > odd/b.json << EOD
{ "cdiVersion": "0.3.0", "kind": "v.com/d", "devices": [ { "name": "a", "containerEdits": {
  "mounts": [ { "hostPath": "$work/host/libplain.so",
    "containerPath": "/lib/libplain.so" } ] } } ] }
EOD
run timeout 30 udocker run --nobanner --cdi-dir="$work/odd" --device v.com/d=a \
  c1 echo runs
is 'a cache of the linker that is made to keep us busy does not' \
  "$status$stdout" 0runs
rm "$root/etc/ld.so.cache"
rmdir "$root/lib"

mkdir yaml
cat > yaml/a.yml << EOD
cdiVersion: 0.5.0
kind: vendor.com/class
devices:
  - name: 7
    containerEdits: &edits
      env:
        - "YAML=a b"
      deviceNodes:
        - {path: /dev/seven, hostPath: /dev/null}
  - name: eight
    containerEdits: *edits
EOD
printf 'not: [yaml' > yaml/broken.yaml
printf '{"kind": 1}' > yaml/odd.json
run udocker run --nobanner --cdi-dir "$work/yaml" --device vendor.com/class=7 c1 \
  sh -c 'echo "$YAML"; test -c /dev/seven'
case $stderr in
  *'without libyaml'*) skip 'YAML' 'built without libyaml' ;;
  *)
    is 'YAML is read' "$status$stdout" '0a b'
    like 'what cannot be read is left out with a warning' "$stderr" \
      "Warning: .*broken.yaml' is not YAML: line"
    like 'so is what is something else' "$stderr" "Warning: .*odd.json' is no spec"
    run udocker -q run --cdi-dir "$work/yaml" --device vendor.com/class=eight \
      c1 sh -c 'echo "$YAML"'
    is 'aliases lead to what they stand for' "$stdout" 'a b'
    python3 - > yaml/b.yaml << 'EOD'
print("a0: &a0 [x, x, x, x, x, x, x, x, x, x]")
for i in range(1, 12):
    print(f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 10) + "]")
EOD
    run timeout 20 udocker run --nobanner --cdi-dir "$work/yaml" \
      --device vendor.com/class=7 c1 true
    like 'aliases that explode are refused' "$stderr" "b.yaml' is empty, or YAML"
    is 'and nothing else is' "$status" 0
    mkdir deep
    python3 - deep << 'EOD'
import sys
def write (name, text):
    with open (f"{sys.argv[1]}/{name}", "w") as file:
        file.write (text)
write ("a.yaml", "[" * 200000)
write ("b.yaml", "a: " + "{a: " * 200000)
write ("c.yaml", "- " * 200000)
write ("d.yaml", "? " * 200000)
write ("e.yaml", "".join (f"%TAG !a{i}! b\n" for i in range (100000)) + "--- a\n")
write ("f.yaml", "a: &a [*a]\n")
write ("g.yaml", "".join (f"- &a{i} x\n" for i in range (100000)))
write ("h.yaml", "- x\n" * 200000)
EOD
    run timeout 20 udocker run --nobanner --cdi-dir "$work/deep" \
      --device vendor.com/class=7 c1 true
    is 'YAML that is made to keep us busy does not' "$status" 125
    is 'what is very deep is refused' "$(grep -c \
      "^Warning: .*/[a-d].yaml', line 1: YAML that is deeper than 32 levels$" \
      stderr)" 4
    is 'so is what is odd otherwise' \
      "$(grep -c '^Warning: .*/[e-h].yaml' stderr)" 4 ;;
esac
mkdir large
python3 - large << 'EOD'
import sys
def write (name, text):
    with open (f"{sys.argv[1]}/{name}", "w") as file:
        file.write (text)
write ("a.json", "[" * 200000)
write ("b.json", '{"a":' * 200000)
write ("c.json", "[" + "0," * 2500000 + "0]")
write ("d.yaml", "#" * 5000000)
EOD
run timeout 20 udocker run --nobanner --cdi-dir "$work/large" \
  --device vendor.com/class=7 c1 true
is 'nor does JSON' "$status" 125
is 'which is refused when it is very deep' \
  "$(grep -c '^Warning: .*/[ab].json is not valid JSON: nesting' stderr)" 2
is 'and whatever is very large' \
  "$(grep -c "^Warning: .*/[cd].[a-z]*' is larger than 1 MiB" stderr)" 2
mkfifo large/e.json
run timeout 20 udocker run --nobanner --cdi-dir "$work/large" \
  --device vendor.com/class=7 c1 true
is 'nobody waits for a fifo' "$status" 125
run udocker run --nobanner --cdi-dir "$work/none" --device vendor.com/class=7 c1 true
is_error 'a directory that is missing has no devices' 125 'no specification'

# --- what a specification may say --------------------------------------------------

# specification FILE KIND DEVICES [MORE]: write one.
specification ()
{
  mkdir -p "$(dirname "$1")"
  printf '{"cdiVersion": "1.0.0", "kind": "%s", "devices": [%s]%s}' "$2" "$3" \
    "${4:+, $4}" > "$1"
}

# device NAME EDITS: one in it.
device ()
{
  printf '{"name": "%s", "containerEdits": {%s}}' "$1" "$2"
}

# use DIRECTORY DEVICE COMMAND...: run COMMAND with the device.
use ()
{
  use_directory=$1 use_device=$2
  shift 2
  run udocker run --nobanner --cdi-dir="$work/$use_directory" \
    --device="$use_device" c1 "$@"
}

node='"path": "/dev/one", "hostPath": "/dev/null"'
specification nodes/a.json v.com/n "$(
  device good "\"deviceNodes\": [{$node, \"type\": \"c\", \"permissions\": \"rw\"}]"),
  $(device read "\"deviceNodes\": [{$node, \"permissions\": \"r\"}]"),
  $(device odd "\"deviceNodes\": [{$node, \"permissions\": \"rx\"}]"),
  $(device block "\"deviceNodes\": [{$node, \"type\": \"b\"}]"),
  $(device moved "\"deviceNodes\": [{$node, \"major\": 7, \"minor\": 8}]"),
  $(device file '"deviceNodes": [{"path": "/dev/one", "hostPath": "/etc/passwd"}]'),
  $(device fifo '"deviceNodes": [{"path": "/dev/one", "hostPath": "'"$work"'/large/e.json",
    "type": "p"}]')"
use nodes v.com/n=good sh -c 'echo x > /dev/one && echo written'
is 'a node may be written to' "$stdout$stderr" written
run udocker -D run --nobanner --cdi-dir="$work/nodes" --device=v.com/n=read c1 true
like 'permissions that say otherwise change nothing, as is told' "$stderr" \
  "^Debug: CDI: permissions r of '/dev/null' are not heeded"
use nodes v.com/n=odd true
is_error 'they are looked at' 125 "v.com/n=odd.* permissions 'rx'"
use nodes v.com/n=block true
is_error 'so is its type' 125 "v.com/n=block.*'/dev/null' is no device of type 'b'"
use nodes v.com/n=file true
is_error 'a file is no device' 125 'v.com/n=file.*not a device: /etc/passwd'
use nodes v.com/n=fifo test -p /dev/one
is 'a fifo is' "$status$stderr" 0
run udocker -D run --nobanner --cdi-dir="$work/nodes" --device=v.com/n=moved c1 true
like 'numbers that are no more right are told' "$stderr" \
  "^Debug: CDI: the host's '/dev/null' is 1:3, and shown"

mkdir -p host/tree/below
echo deep > host/tree/below/file
specification mounts/a.json v.com/m "$(
  device tree "\"mounts\": [{\"hostPath\": \"$work/host/tree\",
    \"containerPath\": \"/srv/../srv//./x/\", \"options\": [\"rbind\", \"ro\", \"noexec\"]}]"),
  $(device write "\"mounts\": [{\"hostPath\": \"$work/host/tree\",
    \"containerPath\": \"/srv/x\", \"type\": \"bind\", \"options\": [\"ro\", \"rw\"]}]"),
  $(device root '"mounts": [{"hostPath": "/etc", "containerPath": "/a/.."}]'),
  $(device bare '"mounts": [{"hostPath": "etc", "containerPath": "/a"}]'),
  $(device tmpfs '"mounts": [{"hostPath": "tmpfs", "containerPath": "/fast",
    "type": "tmpfs"}]'),
  $(device net '"netDevices": [{"hostInterfaceName": "eth0", "name": "eth0"}]'),
  $(device hook '"hooks": [{"hookName": "poststop", "path": "/bin/reset",
    "args": ["reset", "now"]}]'),
  $(device chmod '"hooks": [{"hookName": "createContainer",
    "path": "/usr/bin/nvidia-cdi-hook", "args": ["nvidia-cdi-hook", "chmod",
    "--mode", "755", "--path", "/dev/dri"]}]'),
  $(device text '"env": ["LEVEL=device", "DEVICE=1", "nothing"]')" \
  '"containerEdits": {"env": ["LEVEL=all", "ALL=1"]}'
use mounts v.com/m=tree sh -c 'cat /srv/x/below/file; echo x > /srv/x/new || echo not'
is 'a mount has all below it, and is read-only when it says so' "$stdout" 'deep
not'
use mounts v.com/m=write sh -c 'echo x > /srv/x/new && echo written'
is 'the last option counts' "$stdout$stderr" written
run udocker -D run --nobanner --cdi-dir="$work/mounts" --device=v.com/m=tree c1 true
like 'what is not heeded is told when asked' "$stderr" \
  "^Debug: CDI: option noexec of '/srv/"
use mounts v.com/m=root true
is_error 'nothing takes the place of the container' 125 \
  "v.com/m=root.* at the container's root directory"
use mounts v.com/m=bare true
is_error 'paths are absolute' 125 'v.com/m=bare.*without absolute paths'
use mounts v.com/m=tmpfs sh -c 'test -e /fast || echo runs'
is 'another file system is left out' "$status$stdout" 0runs
like 'with a warning' "$stderr" "^Warning: .* type tmpfs at '/fast', and goes without"
use mounts v.com/m=net echo runs
like 'so are interfaces' "$status$stdout $stderr" '^0runs Warning: .* network interfaces'
use mounts v.com/m=hook echo runs
like 'and hooks' "$status$stdout $stderr" "^0runs Warning: .* hook '/bin/reset' run"
use mounts v.com/m=chmod echo runs
is 'but those that are not missed' "$status$stdout$stderr" 0runs
use mounts v.com/m=text sh -c 'echo $LEVEL $DEVICE $ALL'
is 'a device knows better than what all have' "$stdout$stderr" 'device 1 1'

# As nvidia-ctk writes them: no word of names that ldconfig makes.
if command -v cc > /dev/null; then
  echo 'int f (void) { return 1; }' | cc -shared -fPIC -Wl,-soname,libcuda.so.1 \
    -o host/libcuda.so.570.1 -x c - || bail 'cannot make a library'
  specification generated/a.json nvidia.com/gpu "$(device 0 '')" '"containerEdits": {
    "mounts": [{"hostPath": "'"$work"'/host/libcuda.so.570.1",
      "containerPath": "/usr/lib64/libcuda.so.570.1", "options": ["ro", "bind"]}],
    "hooks": [{"hookName": "createContainer", "path": "/usr/bin/nvidia-cdi-hook",
      "args": ["nvidia-cdi-hook", "create-symlinks",
        "--link", "libcuda.so.1::/usr/lib64/libcuda.so",
        "--link", "../libcuda.so.1::/usr/lib64/gbm/nvidia.so"]},
      {"hookName": "createContainer", "path": "/usr/bin/nvidia-cdi-hook",
      "args": ["nvidia-cdi-hook", "update-ldcache", "--folder", "/usr/lib64"]}]}'
  use generated nvidia.com/gpu=0 sh -c 'cd /usr/lib64; ls; ls gbm'
  is 'libraries have the names by which they are needed' "$stdout" 'gbm
libcuda.so
libcuda.so.1
libcuda.so.570.1
nvidia.so'
else
  skip 'libraries have the names by which they are needed' 'there is no compiler'
fi

specification two/low/a.json v.com/t "$(device same '"env": ["FROM=a"]'),
  $(device one '"env": ["FROM=a"]')"
specification two/low/b.json v.com/t "$(device same '"env": ["FROM=b"]')"
specification two/high/c.json v.com/t "$(device one '"env": ["FROM=c"]')"
run udocker run --nobanner --cdi-dir="$work/two/low" --cdi-dir="$work/two/high" \
  --device=v.com/t=one c1 sh -c 'echo $FROM'
is 'of two devices of a name the one in the more important directory counts' \
  "$stdout$stderr" c
use two/low v.com/t=same true
is_error 'if there is one' 125 \
  "'v.com/t=same' is in '.*/low/a.json' and in '.*/low/b.json'"
use two/low v.com/t=one sh -c 'echo $FROM'
is 'others are there' "$stdout$stderr" a
specification two/high/d.json v.com/t "$(device same '"env": ["FROM=d"]')"
run udocker run --nobanner --cdi-dir="$work/two/low" --cdi-dir="$work/two/high" \
  --device=v.com/t=same c1 sh -c 'echo $FROM'
is 'a more important one settles it' "$stdout$stderr" d

# rejected NAME PATTERN: the last file is left out, with a warning that matches.
mkdir bad
rejected ()
{
  run udocker run --nobanner --cdi-dir="$work/bad" --device=v.com/ok=1 c1 echo runs
  is "$1: the others count" "$status$stdout" 0runs
  like '  and this one does not' "$stderr" "^Warning: devices are left out: .*$2"
  rm -f bad/x.*
}
specification bad/ok.json v.com/ok "$(device 1 '')"
echo '{"kind": "v.com/x", "devices": [{"name": "1"}]}' > bad/x.json
rejected 'no version' "x.json' .* no cdiVersion"
for version in 2.0.0 1.0 x.y.z 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0; do
  printf '{"cdiVersion": "%s", "kind": "v.com/x", "devices": [{"name": "1"}]}' \
    "$version" > bad/x.json
  rejected "version $version" "x.json' (has a cdiVersion|follows version) .*$version"
done
for kind in v.com /x v.com/x/y 'v.com/x y' v.com/; do
  specification bad/x.json "$kind" "$(device 1 '')"
  rejected "kind '$kind'" "x.json' has devices of an invalid kind: '$kind'"
done
for name in 'a b' -a a- '' 'a=b' '../a' "$(printf 'a\377')"; do
  specification bad/x.json v.com/x "$(device "$name" '')"
  rejected "a device '$(printf '%s' "$name" | tr '\377' '?')'" \
    "x.json' has a device with an invalid name"
done
specification bad/x.json v.com/x "$(device a ''), $(device a '')"
rejected 'two devices of a name' "x.json' has two devices 'a'"
specification bad/x.json v.com/x '{}'
rejected 'no name' "x.json' has a device without a name"
specification bad/x.json v.com/x ''
rejected 'no devices' "x.json' .*: it has none"
specification bad/x.json v.com/x "$(device 1 '')"
sed -i 's/1\.0\.0/1.9.7/' bad/x.json
use bad v.com/x=1 echo runs
is 'a newer version that is not another is taken' "$status$stdout$stderr" 0runs
use bad "v.com/x=$(printf '\377\001')" true
is_error 'what is no text is not written as one' 125 'there is no device .v.com/x='

# Specifications that cost much.
python3 - > bad/x.json << 'EOD'
import json
print (json.dumps ({ "cdiVersion": "1.0.0", "kind": "v.com/x", "devices": [
  { "name": "mounts", "containerEdits": { "mounts": [
    { "hostPath": "/etc", "containerPath": f"/m/{i}" } for i in range (5000) ] } },
  { "name": "links", "containerEdits": {
    "mounts": [ { "hostPath": "/etc", "containerPath": "/l/0" } ],
    "hooks": [ { "args": [ f"--link={i}::/l/{i + 1}"
                           for i in range (9000, -1, -1) ] } ] } },
  { "name": "env", "containerEdits": {
    "env": [ f"A{i}=" for i in range (20000) ] } } ] }))
EOD
for name in mounts links env; do
  run timeout 60 udocker run --nobanner --cdi-dir="$work/bad" \
    --device="v.com/x=$name" c1 true
  is "many $name do not keep us busy" "$status" 0
  like '  and are told of' "$stderr" '^Warning: of [0-9]* members .* first 4096'
done

# --- plain devices --------------------------------------------------------------

run udocker run --nobanner --device=/dev/null:/dev/mine:rw c1 sh -c \
  'test -c /dev/mine && echo x > /dev/mine && echo there'
is 'a device may have another name' "$stdout$stderr" there
run udocker run --nobanner --device=/dev/null:/dev/mine:q c1 true
is_error 'its permissions are looked at' 125 "invalid --device"
run udocker run --nobanner --device=/dev/none c1 true
is_error 'it must be there' 125 'device not found: /dev/none'
run udocker run --nobanner --device=/etc/passwd c1 true
is_error 'and be a device' 125 'not a device: /etc/passwd'
run udocker run --nobanner --device=/etc c1 true
is_error 'or a directory of such' 125 'not a device: /etc$'
run udocker run --nobanner --device=/dev/pts:/dev/others c1 test -c /dev/others/ptmx
is 'which has them all' "$status$stderr" 0

# --- the mark --------------------------------------------------------------------

run udocker setup --nvidia c1
is 'setup takes the wish' "$status$stdout" 0
run udocker setup c1
like 'and shows it' "$stdout" '^nvidiamode: True'
python_rules 'setup --nvidia' --settled
run udocker run --nobanner c1 echo runs
is 'without a driver the container runs' "$stdout" runs
like 'and is told of' "$stderr" 'Warning: .*goes without the driver'
if test -e /dev/dri || test -e /dev/kfd || test -e /dev/nvidiactl; then
  skip 'a driver that is asked for must be there' 'there are devices'
else
  run udocker run --nobanner --gpus=all c1 true
  is_error 'a driver that is asked for must be there' 125 \
    '^Error: this host has no graphics processors$'
  run udocker run --nobanner --gpus=driver=nvidia c1 true
  is_error '  as that of one maker' 125 '^Error: this host has no devices of NVIDIA$'
fi
run udocker setup --no-nvidia c1
run udocker setup c1
like 'the wish is taken back' "$stdout" '^nvidiamode: False'
run udocker setup --nvidia --no-nvidia c1
is_error 'both at once is nonsense' 1 'exclude each other'

is 'nothing was written into the container' \
  "$(find "$root" -newer cdi/nvidia.json -type f; ls "$root/usr" 2>&1 | wc -l)" 1

done_testing
