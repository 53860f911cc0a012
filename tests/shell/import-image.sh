# import: images of archives, as other tools understand them.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/python-rules.sh"
need python3 tar openssl

layers=$UDOCKER_DIR/layers
repos=$UDOCKER_DIR/repos
udocker -q ps > /dev/null || bail "ps does not work"
mkdir -p tree/bin tree/etc
printf '#!/bin/sh\necho hello\n' > tree/bin/hello
chmod 755 tree/bin/hello
ln tree/bin/hello tree/bin/again
head -c 300000 /dev/urandom > tree/etc/data
tar -C tree --owner=0 --group=0 -cf root.tar .
for tool in gzip zstd xz bzip2; do
  command -v $tool > /dev/null && $tool -c < root.tar > "root.$tool"
done

# sum FILE: its digest without "sha256:".
sum ()
{
  openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
}
diff_id=sha256:$(sum root.tar)

# config IMAGE EXPRESSION: what Python's EXPRESSION of its configuration c is.
config ()
{
  udocker inspect "$1" | python3 -c "import json, sys
c = json.load(sys.stdin)
print($2)"
}

run udocker import root.tar test/plain:1
is "import" "$status$stdout" 0
is "  tells the layer" "$stderr" "Info: added layer $(sum root.tar)"
ok "  which is the file" cmp root.tar "$layers/$diff_id"
ok "  the file stays" test -f root.tar
like "images has it" "$(udocker images)" '^test/plain:1 '
is "its configuration is that of an image" \
  "$(config test/plain:1 'c["os"], c["rootfs"], c["history"][0]["comment"]')" \
  "linux {'diff_ids': ['$diff_id'], 'type': 'layers'} created by udocker"
id=$(udocker create test/plain:1)
is "create makes a container of it" \
  "$(diff -r tree "$UDOCKER_DIR/containers/$id/ROOT" && stat -c %h "$UDOCKER_DIR/containers/$id/ROOT/bin/again")" 2
udocker rm "$id" 2> /dev/null
run udocker verify test/plain:1
is "verify likes it" "$status" 0

run_from root.tar udocker import --platform=linux/arm64/v8 - localhost:5000/stdin
is "from the standard input, with a port and a platform" "$status" 0
is "  that are kept" \
  "$(config localhost:5000/stdin 'c["os"], c["architecture"], c["variant"]')" \
  "linux arm64 v8"
for tool in gzip zstd xz bzip2; do
  test -f "root.$tool" || {
    skip "compressed by $tool" "it is not installed"
    continue
  }
  run udocker import "root.$tool" "test/$tool"
  is "compressed by $tool" "$status" 0
  is "  has the digest of the uncompressed bytes" \
    "$(config "test/$tool" 'c["rootfs"]["diff_ids"]')" "['$diff_id']"
  case $tool in
    gzip | zstd) stored=root.$tool type=+$tool ;;
    *) stored=root.tar type= ;; # registries know no others
  esac
  is "  and a layer as others can have it" \
    "$(python3 -c 'import json, sys
l = json.load(open(sys.argv[1]))["layers"]
print(*(e[k] for e in l for k in ("digest", "mediaType", "size")))' "$repos/test/$tool/latest/manifest")" \
    "sha256:$(sum $stored) application/vnd.oci.image.layer.v1.tar$type $(stat -c %s $stored)"
done
python_rules "the Python tool understands the repository" --settled

# A layout of what lies in the repository; others must take it.
layout ()
{
  rm -rf layout
  mkdir -p layout/blobs/sha256
  echo '{"imageLayoutVersion":"1.0.0"}' > layout/oci-layout
  for blob in "$layers"/sha256:*; do
    cp "$blob" "layout/blobs/sha256/${blob##*:}"
  done
  manifest=$repos/$1/$2/manifest
  digest=$(sum "$manifest")
  cp "$manifest" "layout/blobs/sha256/$digest"
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"x"}}]}' \
    application/vnd.oci.image.manifest.v1+json "sha256:$digest" \
    "$(stat -c %s "$manifest")" > layout/index.json
}
for image in plain/1 gzip/latest; do
  layout "test/${image%/*}" "${image#*/}"
  if command -v umoci > /dev/null; then
    rm -rf bundle
    ok "umoci unpacks test/$image" \
      umoci --log=error unpack --rootless --image layout:x bundle
    is "  to the same tree" "$(diff -r tree bundle/rootfs)" ''
  else
    skip "umoci unpacks test/$image" "it is not installed"
  fi
  if command -v skopeo > /dev/null; then
    ok "skopeo makes test/$image an archive of Docker's" \
      skopeo --insecure-policy copy -q oci:layout:x "docker-archive:docker-${image%/*}.tar:a/b:c"
  else
    skip "skopeo makes test/$image an archive of Docker's" "it is not installed"
  fi
done
if command -v podman > /dev/null; then
  # What podman makes of an export, and of an image of ours.
  id=$(udocker import --tocontainer root.tar)
  # It wants a short path for this.
  pod_run=$(mktemp -d /tmp/ud-pod.XXXXXX) || bail "no directory"
  at_end "rm -rf '$pod_run'"
  pod ()
  {
    XDG_RUNTIME_DIR=$pod_run podman --root "$work/pod" --runroot "$pod_run/r" \
      --storage-driver=vfs --log-level=error "$@" < /dev/null
  }
  udocker export "$id" > exported.tar
  if pod info > podman.log 2>&1; then
    ok "podman imports what export wrote" pod import -q exported.tar x:y
    pod create -q --name c x:y /bin/hello > podman.log 2>&1
    pod export c > back.tar
    is "  and has the same files, root's" \
      "$(tar --numeric-owner -tvf back.tar | awk '{ print $1, $2, $6, $7, $8, $9 }' | grep -e /hello -e /again -e /data | sort)" \
      "$(tar --numeric-owner -tvf exported.tar | awk '{ print $1, $2, $6, $7, $8, $9 }' | sed 's,\./,,g' | grep -e /hello -e /again -e /data | sort)"
    udocker save -o saved.tar test/plain:1 2> /dev/null
    ok "podman loads the image" pod load -q -i saved.tar
    pod unshare rm -rf "$work/pod" 2> /dev/null
  else
    note "$(cat podman.log)"
    skip "podman imports what export wrote" "podman cannot work here"
    skip "podman loads the image" "podman cannot work here"
  fi
  udocker rm "$id" 2> /dev/null
else
  skip "podman imports what export wrote" "it is not installed"
fi

# Errors.
images=$(udocker images)
run udocker import
is_error "no file" 1 '^Error: must specify tar filename'
run udocker import root.tar
is_error "no image" 1 '^Error: must specify image:tag or repository/image:tag'
run udocker import root.tar test/plain:1
is_error "a name that is taken" 1 \
  '^Error: importing: tag already exists in repo: test/plain:1$'
run udocker import nowhere.tar test/x
is_error "a file that does not exist" 1 \
  '^Error: importing: tar file does not exist: nowhere.tar$'
echo "this is no archive" > text
head -c 100000 root.tar > cut.tar
head -c 200000 root.gzip > cut.gz
: > empty
run_from text udocker import - test/x
is_error "the standard input" 1 \
  "^Error: importing: 'standard input' is no archive"
for bad in text cut.tar cut.gz empty; do
  run udocker import --mv $bad test/x
  is_error "$bad" 1 "^Error: importing: '$bad' is no archive .*damaged: "
  ok "  stays where it is" test -f $bad
done
for name in ../../x a/../b 'a b' A@sha256:12 ''; do
  run udocker import root.tar "$name"
  is_error "the name '$name'" 1 '^Error: importing: '
done
run udocker import --name=x root.tar test/x
is_error "--name without a container" 1 '^Error: importing: --name is for containers'
run sh -c 'ulimit -f 100; exec udocker import root.tar test/x'
is_error "no room" 1 "^Error: importing: cannot write in '.*': File too large\$"
is "none of these leaves anything" "$(udocker images)" "$images"
python_rules "  or makes the repository worse" --settled

# --mv
cp root.tar move.tar
inode=$(stat -c %i move.tar)
echo changed | dd of=tree/etc/data conv=notrunc 2> /dev/null
tar -C tree -cf move.tar .
inode=$(stat -c %i move.tar)
moved=sha256:$(sum move.tar)
run udocker import --mv move.tar test/moved
is "--mv" "$status" 0
is "  moves the file itself" "$(stat -c '%i %h' "$layers/$moved")" "$inode 1"
not_ok "  which is not there any more" test -e move.tar
cp root.xz move.xz
run udocker import --mv move.xz test/moved-xz
is "  where it cannot the file goes at the end" "$status$(ls move.xz 2>&1 | grep -c 'No such')" 01
cp root.gzip move.gz
ln move.gz other-name
run udocker import --mv move.gz test/moved-gz
is "  a file with another name is copied" "$status$(stat -c %h other-name)" 01
ln -s root.tar link.tar
run udocker import --mv link.tar test/moved-link
is "  of a link only the link goes" "$status$(test -L link.tar && echo link)$(ls root.tar)" 0root.tar
python_rules "  and the Python tool understands all that" --settled

done_testing
