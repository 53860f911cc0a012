# What came through a registry is what went in: programs see the same in a
# container that was pulled and created as in a chroot of its tree.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
#
# A root becomes an image by umoci, goes to a registry by skopeo, and comes
# back by udocker pull, create and run.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/guest/claims.sh"

need docker-registry skopeo umoci
registry_start
scratch_claims ()
{
  run "$udocker" run --nobanner scratch /esbuild --version
  like 'a static Go program runs in an image with nothing else' \
    "$status $stdout" '^0 [0-9.]+$'
  run "$udocker" run --nobanner --user=root scratch /bin/sh -c true
  is_error 'an image without a shell says so' 127 'not found'
  echo 'let a: number = 1 + 2; console.log (a)' > "$work/in.ts"
  run_from "$work/in.ts" "$udocker" run --nobanner -v "$work:/data" scratch \
    /esbuild --bundle --loader=ts --minify --outfile=/data/out.js
  is 'it reads standard input and writes to a volume' \
    "$status $(cat "$work/out.js")" '0 (()=>{var e=3;console.log(e);})();'
}

# enter-udocker MODE DIRECTORY CONTAINER COMMAND...
mkdir "$work/tools"
cat > "$work/tools/enter-udocker" << END
#!/bin/sh
HOME=$HOME UDOCKER_DIR=$UDOCKER_DIR UDOCKER_DEFAULT_EXECUTION_MODE=\$1
export HOME UDOCKER_DIR UDOCKER_DEFAULT_EXECUTION_MODE
directory=\$2 container=\$3
shift 3
exec "$udocker" -q run --nobanner --user="\$(id -u):\$(id -g)" \\
  --workdir="\$directory" --env="PATH=\$PATH" --env=HOME=/tmp --env=LC_ALL=C \\
  --env=TERM=dumb "\$container" "\$@"
END
chmod 755 "$work/tools/enter-udocker"

roots='busybox esbuild'
test "${TEST_LONG-}" != yes \
  || roots="$roots debian12-small debian11 debian12 debian13 sid"
for name in $roots; do
  from=
  for cache in "${TEST_ROOTS-}" "$top_builddir/tests/images/cache"; do
    test -z "$cache" || test -n "$from" || test ! -d "$cache/$name" \
      || from=$cache/$name
  done
  if test -z "$from"; then
    mkdir -p "$work/roots"
    from=$(TEST_ROOTS=$work/roots sh "$top_srcdir/tests/images/root.sh" \
             --if-cheap "$name" 2> "$work/why") || {
      skip "an image of $name" "$(sed 1q "$work/why")"
      continue
    }
  fi
  # Other tests may be at work in its /tmp.
  mkdir "$work/tree"
  (cd "$from" && tar -cf - --exclude='./tmp/*' .) \
    | (cd "$work/tree" && tar -xpf -) || bail "cannot copy the root of $name"
  image_layout_of "$work/tree" "$work/layout" "$name"
  rm -rf "$work/tree"
  registry_push "oci:$work/layout:$name" "roots/$name:1"
  container=$name
  test "$name" != esbuild || container=scratch
  run "$udocker" pull "$registry/roots/$name:1"
  is "pull of $name" "$status" 0
  run "$udocker" create --name="$container" "$registry/roots/$name:1"
  is "create of $name" "$status" 0
  if test "$name" = esbuild; then
    scratch_claims
    continue
  fi
  guest_open_here "$UDOCKER_DIR/containers/$container/ROOT" "$name"
  (cd "$from" && find . -path ./tmp -prune -o -print | sort) > "$work/went"
  (cd "$guest_root" && find . -path ./tmp -prune -o -print | sort) \
    > "$work/came"
  ok "$name has the same files" cmp -s "$work/went" "$work/came" \
    || note "$(diff "$work/went" "$work/came" | head -n 20)"
  guest_container=$container
  guest_program static paths
  guest_program static processes
  for script in shell links archive perl python git compiler; do
    guest_script $script
  done
done
done_testing
