# One command after the other, as scripts written for the Python tool call
# them, and with what they look at: exit statuses, first columns, files.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/bad-network.sh"
. "$top_srcdir/tests/search-service.sh"

need docker-registry skopeo umoci busybox tar

registry_start
registry_push_busybox test/bb:18.04
registry_push_busybox library/single:latest
image=$registry/test/bb:18.04
search_start v2 30
UDOCKER_INDEX=http://$index
export UDOCKER_INDEX

# does WORDS...: the command succeeds.
does ()
{
  run udocker "$@"
  is "udocker $*" "$status" 0 || note "$stderr"
}

# fails WORDS...: the command fails with 1.
fails ()
{
  run udocker "$@"
  is "udocker $* fails" "$status" 1 || note "$stderr"
}

case $(uname -m) in
  x86_64) engine=proot-x86_64 ;;
  aarch64) engine=proot-arm64 ;;
  *) engine=proot-$(uname -m) ;;
esac
does install
ok "  puts the engine where the Python tool has it" \
  test -x "$UDOCKER_DIR/bin/$engine"
ok "  and does not pretend to be it" test ! -e "$UDOCKER_DIR/lib/VERSION"
does install --force
does
does help
does -h
does --help
does version
like "  says version: in front" "$stdout" "^version: $VERSION"
does -V
does --version
does showconf
fails no-such-command

does search -a word
like "  names stand in the first column" "$stdout" "^word "
does pull "$image"
does verify "$image"
does images
like "  the name as typed, and a blank" "$stdout" "$image "
does images -l
does images -p
does inspect "$image"
does manifest inspect "$image"

does create "$image"
id=$stdout
like "  prints an id alone" "$id" '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
does create --name=ubuntu "$image"
fails create --name=ubuntu "$image"
does ps
does ps -m -s -p
does name "$id" conti
run sh -c 'udocker ps | grep conti'
is "  ps knows the name" "$status" 0
does rename conti other
does rmname other
does inspect "$id"
does inspect -p "$id"
is "  prints the root" "$stdout" "$UDOCKER_DIR/containers/$id/ROOT"
does clone --name=myclone "$id"
does export -o exported.tar "$id"
ok "  a tar file" sh -c "tar -tf exported.tar > names"
does export -o exported-clone.tar --clone "$id"
run sh -c "udocker export $id | tar -t"
is "export to a pipe" "$status" 0
does rm "$id"
fails rm "$id"
does setup ubuntu
does setup --execmode=P2 ubuntu
run sh -c 'udocker run ubuntu env | sort'
like "run in P2" "$stdout" 'PATH='
does setup --execmode=P1 ubuntu
does mkrepo "$work/mine"
fails mkrepo "$work/mine"
does --repo="$work/mine" pull "$image"
does --repo="$work/mine" verify "$image"

does protect ubuntu
fails rm ubuntu
does unprotect ubuntu
does rm ubuntu
does protect "$image"
fails rmi "$image"
does unprotect "$image"
does tag "$image" mine/again:1
fails tag "$image" mine/again:1
does save -o saved.tar "$image" mine/again:1
fails save -o saved.tar "$image"
does rmi mine/again:1
does rmi "$image"
fails rmi "$image"
does load -i saved.tar
run sh -c "udocker images | grep '^mine/again:1 '"
is "  brings the names back" "$status" 0
run sh -c 'udocker load -i saved.tar renamed < /dev/null'
is "load with a name" "$status" 0

does import exported.tar mycentos1:latest
does import --mv exported-clone.tar unused:1
does import --tocontainer --name=mycont exported.tar
run udocker run --nobanner mycont cat /etc/motd
like "  runs" "$stdout" busybox
does export -o exported-clone.tar --clone myclone
does import --clone --name=clone_cont exported-clone.tar
run udocker run --nobanner clone_cont cat /etc/motd
like "  runs" "$stdout" busybox
# Their own check imports what is no clone, and wants success.
does import --clone --name=plain exported.tar
does rm myclone mycont clone_cont plain

does login --username=u --password=xx --registry=https://localhost:1
does logout --registry=https://localhost:1
does logout -a
does install --purge
ok "  and again the engine is there" test -x "$UDOCKER_DIR/bin/$engine"
does images
done_testing
