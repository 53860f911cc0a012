# verify: what is whole, and everything that is not.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/fixtures-python.sh"

repos=$UDOCKER_DIR/repos
layers=$UDOCKER_DIR/layers
python_images
for name in $python_image_names; do
  run udocker verify "$name"
  is "$name is whole" "$status$stdout$(printf '%s\n' "$stderr" | sed '/layer ok/d')" \
    "0Info: verifying: $name
Info: image Ok"
  is "  and each of its layers" \
    "$(printf '%s\n' "$stderr" | grep -c '^Info: layer ok: ')" \
    "$(test "$name" = py/imported:latest && echo 1 || echo 2)"
done
# shellcheck disable=SC2086  # several names
run udocker -q verify $python_image_names
is "-q says nothing" "$status$stdout$stderr" 0
run udocker verify none py/pulled:v1 'a b'
is "an image that does not exist" \
  "$status$(printf '%s\n' "$stderr" | grep -v ^Info | sed "s/, not .*//")" \
  '1Error: selecting image and tag: image not found: none:latest
Error: selecting image and tag: image not found: a b:latest'
like "  does not keep others from being verified" "$stderr" '^Info: image Ok$'
run udocker verify
is_error "no image" 1 '^Error: must specify image:tag or repository/image:tag$'

manifest=$repos/py/pulled/v1/manifest
config=$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["config"]["digest"])' "$manifest")
base=$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["layers"][0]["digest"])' "$manifest")
top=$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["layers"][1]["digest"])' "$manifest")
cp -a "$UDOCKER_DIR" "$work/good"

# restore: make the repository what it was.
restore ()
{
  rm -rf "$UDOCKER_DIR"
  cp -a "$work/good" "$UDOCKER_DIR"
}

# bad WHAT PATTERN [NAME]: the image is bad, as PATTERN says, which is all;
# then make it good again.
bad ()
{
  name=${3-py/pulled:v1}
  run udocker verify "$name"
  errors=$(printf '%s\n' "$stderr" | grep '^Error')
  is "$1" "$status$(printf '%s\n' "$errors" | tail -n 1)" \
    "1Error: image verification failure: $name"
  like "  which is said" "$(printf '%s\n' "$errors" | sed '$d')" "^Error: $2"
  is "  and nothing else" "$(printf '%s\n' "$errors" | wc -l)" 2
  restore
}

rm "$repos/py/pulled/v1/$base"
bad "a layer without its link" "layer data file symbolic link not found: $base\$"
rm "$layers/$base"
bad "a layer that is gone" "layer data file not found: $base: No such file"
rm "$layers/$base" "$repos/py/pulled/v1/$base"
bad "a layer that is gone with its link" \
  "layer in manifest does not exist in repo: $base\$"
truncate -s -1 "$layers/$top"
bad "a layer that was cut" "layer file chksum failed: $top: its digest is "
printf x | dd of="$layers/$top" bs=1 seek=30 conv=notrunc 2> /dev/null
bad "a layer with a wrong byte" "layer file chksum failed: $top"
: > "$layers/$base"
bad "a layer that is empty" "layer file chksum failed: $base"
rm "$layers/$base"; mkdir "$layers/$base"
bad "a layer that is a directory" "cannot read '$base': Is a directory\$"
rm "$layers/$base"; mkfifo "$layers/$base"
bad "a layer that is a FIFO" "layer file chksum failed: $base"
echo '{}' > "$layers/$config"
bad "a configuration that is another" "layer file chksum failed: $config"
rm "$layers/$config"
bad "a configuration that is gone" "layer data file not found: $config"
rm "$layers/$base"; truncate -s -1 "$layers/$top"; echo > "$layers/$config"
run udocker verify py/pulled:v1
is "all that is bad is said at once" \
  "$(printf '%s\n' "$stderr" | grep -c '^Error: layer')" 3
restore

# Without a digest in the name only reading tells.
truncate -s -1 "$layers/$(printf '%064d' 0 | tr 0 d).layer"
bad "a layer of the older flavour that was cut" \
  'layer tar verify failed: d{64}\.layer: layer .* is damaged: it ends too early$' \
  py/imported:latest
head -c 40000 /dev/urandom > "$layers/$(printf '%064d' 0 | tr 0 b).layer"
bad "a layer that is no archive" \
  'layer tar verify failed: b{64}\.layer: ' py/loaded:latest
echo '{' > "$layers/$(printf '%064d' 0 | tr 0 c).json"
bad "metadata of the older flavour that are none" \
  'the configuration is not valid JSON' py/loaded:latest

# What cannot be read at all.
echo '{' > "$manifest"
run udocker verify py/pulled:v1
like "a manifest that is none" "$status$(printf '%s\n' "$stderr" | grep Error)" \
  "^1Error: image verification failure: image 'py/pulled:v1': "
restore
printf secret > "$work/secret.layer"
echo "[\"../../../../../secret\"]" > "$repos/py/ancient/latest/ancestry"
run udocker verify py/ancient
like "an image whose layers lie elsewhere" "$status$(printf '%s\n' "$stderr" | grep Error)" \
  "^(1|)Error: '\.\./.*secret\.layer' is not the name of a blob"
restore
echo '[]' > "$repos/py/ancient/latest/ancestry"
run udocker verify py/ancient
like "an image without layers" "$status$(printf '%s\n' "$stderr" | grep Error)" \
  "^1Error: image verification failure: .*'ancestry' is not a list of layers"
restore
PYTHONPATH=$top_srcdir/tests PYTHONDONTWRITEBYTECODE=1 python3 - << 'END'
from images import *
image("test/empty")
one = layer("one")
image("test/wrong", one, diff_ids=["sha256:" + "0" * 64])
image("test/plain", blob and layer("x", compress=None))
image("test/text", b"no archive")
image("test/twice", one, one)
# By digest: what the tag says is the manifest's digest.
manifest = open(os.environ["UDOCKER_DIR"] + "/repos/test/plain/latest/manifest").read()
names = [m["digest"] for m in json.loads(manifest)["layers"]]
names.append(json.loads(manifest)["config"]["digest"])
tag("by:" + digest(manifest.encode()), {"manifest": manifest, "v2": ""}, names)
tag("by:" + "sha256:" + "1" * 64, {"manifest": manifest, "v2": ""}, names)
END
mv "$repos/by:sha256" "$repos/by"
for i in "$repos"/by/*; do mv "$i" "$repos/by/sha256:${i##*/}"; done
rm -rf "$work/good"; cp -a "$UDOCKER_DIR" "$work/good"
bad "a manifest that lists no layer" 'the image has no layers$' \
  test/empty:latest
bad "a layer that is not what the configuration says" \
  'layer tar verify failed: .*: its content has the digest sha256:[0-9a-f]{64}, not sha256:0{64}$' \
  test/wrong:latest
bad "a layer that is a text" 'layer tar verify failed: ' test/text:latest
for name in test/plain test/twice; do
  run udocker verify "$name"
  is "$name is whole" "$status" 0
done
is "a layer that comes twice is read once" \
  "$(printf '%s\n' "$stderr" | grep -c 'layer ok')" 1
for i in "$repos"/by/*; do
  name=by@${i##*/}
  case $name in
    *1111*) bad "an image that is not of its digest" \
      'manifest chksum failed: its digest is sha256:' "by:${name#*@}" ;;
    *) run udocker verify "$name"
       is "an image of its digest" "$status" 0 ;;
  esac
done

# JSON.
rm "$layers/$base"
run udocker verify --format=json py/pulled:v1 py/loaded none
is "--format=json" "$status$(printf '%s\n' "$stdout" | python3 -c '
import json, sys
for i in json.load(sys.stdin):
    print(i["image"], i["ok"], len(i["layers"]),
          [p["problem"].split(":")[0] for p in i["problems"]])')" \
  "1py/pulled:v1 False 1 ['layer data file not found']
py/loaded True 2 []
none False 0 ['selecting image and tag']"
unlike "  without messages" "$stderr" ^Info

# On a terminal.
restore
run python3 "$top_srcdir/tests/screen.py" 80 24 udocker verify py/pulled:v1
is "on a terminal each layer has a line" \
  "$status $(printf '%s\n' "$stdout" | grep -c '^sha256:[0-9a-f]* .* ok ')" '0 2'

# What another process writes or removes meanwhile does no harm.
chmod -R a-w "$UDOCKER_DIR"
run udocker verify py/pulled:v1
is "a repository that cannot be written" "$status" 0

done_testing
