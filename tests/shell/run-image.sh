#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# run IMAGE: pull, create, run; --pull, --name, and what stays behind.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/registry.sh"

need docker-registry skopeo umoci

registry_start
registry_push_busybox small:1
image=$registry/small:1

# ids: of the containers there are.
ids ()
{
  find "$UDOCKER_DIR/containers" -mindepth 1 -maxdepth 1 -type d \
    ! -name '.*' 2> /dev/null | sed 's|.*/||' | sort
}

count ()
{
  ids | wc -l
}

udocker -q ps > list
run ud --pull=never "$image" true
is_error "--pull=never does not fetch" 125 \
  "^Error: container id or name not found: $image"

run ud --rm "$image" echo out
is "an image is pulled, made a container of, and run" "$status$stdout" 0out
is "--rm leaves no container" "$(count)" 0
run ud --rm "$image" sh -c 'exit 3'
is "it is not pulled again" "$status$stdout$stderr" 3
run ud --rm --platform=s390x --pull=never "$image" true
is_error "an image for another platform is not taken" 125 \
  'the image here is for linux/.*, not for s390x'
run ud --rm --platform=linux/s390x "$image" true
like "but looked for where it came from" "$stderr" 'is for linux/.*, not for'
run ud --rm --platform="$(uname -m)" --pull=never "$image" true
is "its own is" "$status$stderr" 0
run ud --rm --platform=a/b/c/d "$image" true
is_error "what is no platform is refused" 125 "'a/b/c/d' is no platform"

run ud "$image" pwd
is "the image's directory" "$status$stdout" 0/
is "without --rm the container stays" "$(count)" 1
one=$(ids)
run ud "$image" sh -c 'echo $container_uuid'
is "each run makes a new one" "$(count)" 2
unlike "with an id of its own" "$stdout" "$one"

run ud --name=mine "$image" sh -c 'echo x > /kept; echo $container_names'
is "--name names it" "$status$stdout" 0mine
run ud mine cat /kept
is "by which it is found again" "$stdout" x
before=$(count)
run ud --name=mine "$image" true
is_error "a name that is taken" 125 "^Error: container name already exists: mine"
run ud --name=a/b "$image" true
is_error "a name that cannot be one" 125 "^Error: invalid container name or wrong format: 'a/b': "
run ud "$image" no-such-program
is "a program that is not in the image" "$status" 127
run ud --user=a:b:c "$image" true
is "a user that cannot be one" "$status" 125
run ud -v /does/not/exist:/x "$image" true
is "a volume that is not there" "$status" 125
is "none of these leaves a container" "$(count)" "$before"

run ud --pull=reuse --name=mine "$image" cat /kept
is "--pull=reuse takes the container of that name" "$status$stdout" 0x
run ud --pull=reuse --name=other "$image" sh -c 'echo $container_names'
is "or makes it" "$status$stdout" 0other
run ud --pull=reuse --name=other "$image" true
is "once" "$(count)" $((before + 1))
run ud --name=second mine sh -c 'echo $container_names'
is "an existing container gets a further name" "$stdout" "mine,second"

image_tree=$work/tree
mkdir -p "$image_tree/bin"
cp "$busybox" "$image_tree/bin/busybox"
ln -s busybox "$image_tree/bin/cat"
echo newer > "$image_tree/new"
image_layout_of "$image_tree" "$work/layout" two --config.cmd /bin/cat \
  --config.cmd /new
registry_push "oci:$work/layout:two" small:1
run ud --rm "$image"
is "what is here is run without asking" "$status$stdout" 0
run ud --rm --pull=always "$image"
is "--pull=always looks for a newer one" "$status$stdout" 0newer
is "and leaves no container of the old one" "$(count)" $((before + 1))

registry_stop
run ud --rm --pull=always "$image"
like "a registry that is gone" "$status $stderr" \
  "^125 Error: image or container not available: $image"
run ud --rm "$image"
is "is not needed for what is here" "$status$stdout" 0newer
run ud --rm "$registry/small:none" true
like "an unknown tag" "$status $stderr" "^125 Error: .*small:none"

# Several at once make one container of a name.
rm -f got
pids=
for n in 1 2 3 4; do
  udocker run --nobanner --pull=reuse --name=race "$image" \
    >> got 2>> "err.$n" &
  pids="$pids $!"
done
# Not the registry, which is a job of this shell too.
# shellcheck disable=SC2086
wait $pids
is "four at once with --pull=reuse all run" "$(sort got | uniq -c | tr -d ' ')" 4newer
is "in one container" "$(count)" $((before + 2))

done_testing
