# Containers of another machine: programs run by qemu-user.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2015,SC2016,SC2119  # scripts for the container

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

test "$(uname -m)" = x86_64 || skip_all 'this machine is not x86_64'
need cc aarch64-linux-gnu-gcc
engine=$libexec/udocker-proot
static=$(command -v qemu-aarch64-static)
dynamic=$(command -v qemu-aarch64)
test -n "$static$dynamic" || skip_all 'there is no qemu-aarch64'

make_container "$id" c1 '{"architecture":"arm64","os":"linux","config":{}}' \
  || bail 'no container'
source=$top_srcdir/tests/guest/foreign.c
aarch64-linux-gnu-gcc -std=gnu11 -O1 -w -static -o "$root/bin/foreign" \
  "$source" || bail 'cannot compile for aarch64'
cc -std=gnu11 -O1 -w -static -o "$root/bin/native" "$source" \
  || bail 'cannot compile'
libraries=/usr/aarch64-linux-gnu/lib
mkdir "$root/lib"
aarch64-linux-gnu-gcc -std=gnu11 -O1 -w -o "$root/bin/dynamic" "$source" \
  && cp -L "$libraries/ld-linux-aarch64.so.1" "$libraries/libc.so.6" \
    "$root/lib" || bail 'cannot make a dynamic program for aarch64'
script ()
{
  printf '#!%s\n' "$2" > "$root/bin/$1"
  chmod +x "$root/bin/$1"
}
echo exit 5 > "$root/bin/nonsense"
chmod +x "$root/bin/nonsense"

# --- what programs see ----------------------------------------------------------

# The kernel's own answers, of a native program in the same container.
script script '/bin/native tell'
script script2 /bin/script
run ud -e LD_PRELOAD= -e LD_LIBRARY_PATH=/none -e MY_OWN=1 c1 /bin/native children /bin/native
is 'the native program runs' "$status$stderr" 0
# qemu-user names what it runs itself where it is called by a name in /proc, and
# has no execveat.
mend ()
{
  sed 's/machine x86_64/machine aarch64/; s/native/foreign/g
    s/^command: \(exe\|[0-9]*\)$/command: foreign/' "$1"
}
mend "$work/stdout" > expected
script script '/bin/foreign tell'

trap_modes=
test ! -x "$libexec/udocker-trap" || trap_modes='T1 T2'
for emulator in "$static" "$dynamic"; do
  kind=static
  test "$emulator" = "$static" || kind=dynamic
  if test -z "$emulator"; then
    skip "a $kind qemu" 'there is none'
    continue
  fi
  UDOCKER_USE_QEMU_EXECUTABLE=$emulator
  export UDOCKER_USE_QEMU_EXECUTABLE
  for mode in P1 P2 $trap_modes; do
    UDOCKER_DEFAULT_EXECUTION_MODE=$mode
    export UDOCKER_DEFAULT_EXECUTION_MODE
    run ud -e LD_PRELOAD= -e LD_LIBRARY_PATH=/none -e MY_OWN=1 c1 /bin/foreign children /bin/foreign
    is "a program of another machine runs by a $kind qemu in $mode" "$status" 0
    mend "$work/stdout" > seen
    ok '  and sees what a native one sees' cmp -s expected seen \
      || diff expected seen | sed 's/^/# /'
  done
  unset UDOCKER_DEFAULT_EXECUTION_MODE
  for program in foreign dynamic; do
    run ud c1 "$program" exit 42
    is "  its status passes through ($program)" "$status" 42
  done
  for signal in 6 9 15; do
    run ud c1 foreign kill $signal
    is "  and signal $signal" "$status" $((128 + signal))
  done
  run ud c1 /bin/script again
  is '  a script of its' "$status" 0
  like '    is called as by the kernel' "$stdout" \
    'arguments \[/bin/foreign\] \[tell\] \[/bin/script\] \[again\]$'
  run ud -e LD_PRELOAD=/lib/x.so -e LD_DEBUG=all -e LD_BIND_NOW=1 c1 foreign
  is '  variables for its dynamic linker are its own' \
    "$(grep -c '^environment: LD_[PDB]' "$work/stdout")$stderr" 3
  run ud c1 sh -c 'foreign exit 3; echo $?; native tell x'
  like '  native programs of the container run natively' "$stdout" \
    '^machine x86_64, program /bin/native, arguments \[native\] \[tell\] \[x\]'
  like '    and start those of the other machine' "$stdout" '^3$'
  run ud -w /bin c1 ./foreign
  like '  by a relative name' "$stdout" 'program /bin/foreign, .*\[./foreign\]$'
  run ud c1 nonsense
  is '  what is no program is run by the shell as ever' "$status" 5
done
unset UDOCKER_USE_QEMU_EXECUTABLE

# --- which emulator, and none -----------------------------------------------------

emulator=${static:-$dynamic}
run ud c1 foreign exit 7
is 'one is found in PATH' "$status" 7
mkdir "$work/empty" "$work/path"
ln -s "$emulator" "$work/path/qemu-aarch64"
run env PATH="$work/empty:$work/path:" "$udocker" run --nobanner c1 foreign exit 7
is 'by its short name, too' "$status" 7
if test -e /proc/sys/fs/binfmt_misc/qemu-aarch64; then
  skip 'none in PATH' 'the kernel knows one'
else
  run env PATH="$work/empty" "$udocker" run --nobanner c1 foreign
  is_error 'none in PATH' 126 "^Error: cannot run '/bin/foreign': \
.*aarch64.*x86_64.*no qemu-aarch64.*install.*UDOCKER_USE_QEMU_EXECUTABLE"
  run env PATH="$work/empty" "$udocker" run --nobanner c1 /bin/script
  is_error '  and a script' 126 "^Error: cannot run '/bin/foreign': .*aarch64"
  run env PATH="$work/empty" "$udocker" run --nobanner c1 native exit 4
  is '  but native programs run' "$status$stderr" 4
  run env PATH="$work/empty" UDOCKER_USE_QEMU_EXECUTABLE="$emulator" \
    "$udocker" run --nobanner c1 /bin/foreign exit 8
  is 'UDOCKER_USE_QEMU_EXECUTABLE names one' "$status" 8
fi
# What the administrator would have registered with the kernel.
register='mount -t tmpfs tmpfs /proc/sys/fs/binfmt_misc
  printf "enabled\ninterpreter %s\nflags: F\n" "$0" \
    > /proc/sys/fs/binfmt_misc/qemu-aarch64 && exec "$@"'
if test -d /proc/sys/fs/binfmt_misc \
   && unshare -Urm sh -c "$register" "$emulator" true 2> /dev/null; then
  run unshare -Urm sh -c "$register" "$emulator" env PATH="$work/empty" \
    "$udocker" --allow-root run --nobanner c1 foreign exit 15
  is 'one that the kernel knows' "$status" 15
else
  skip 'one that the kernel knows' 'its list cannot be replaced here'
fi
echo '{"architecture":"amd64","config":{}}' > "${root%/ROOT}/container.json"
run ud c1 foreign exit 7
is 'an image that says another machine' "$status" 7
echo '{"config":{}}' > "${root%/ROOT}/container.json"
run ud c1 /bin/script
is 'one that says nothing' "$status" 0
run ud --location="$root" x /bin/foreign exit 6
is 'a directory with --location' "$status" 6

run udocker setup --execmode=P2 c1
is 'setup takes such a container' "$status" 0
run ud c1 foreign exit 9
is '  which runs in the new mode' "$status" 9

# --- the engine by hand -----------------------------------------------------------

for option in "-q $emulator" "--qemu=$emulator" "--qemu $emulator" \
              "-q ${emulator##*/}"; do
  # shellcheck disable=SC2086
  run "$engine" $option -b /proc -r "$root" foreign exit 11
  is "$option" "$status" 11
done
run "$engine" -q "$emulator  -E MY_OPTION=1 -U HOME" -b /proc -r "$root" foreign
like 'options of the emulator' "$stdout" '^environment: MY_OPTION=1$'
run "$engine" -r "$root" /bin/foreign
is_error 'without -q' 126 "^Error: .*'/bin/foreign'.*aarch64.*-q qemu-aarch64"
run "$engine" -q qemu-none -r "$root" /bin/foreign
is_error '-q with a program that is missing' 125 "^Error: .*'qemu-none'"
run "$engine" -q /etc/passwd -r "$root" /bin/foreign
is_error '-q with what is no program' 125 "^Error: .*'/etc/passwd'"
run "$engine" -q "$root/bin/foreign" -r "$root" /bin/foreign
is_error '-q with a program of another machine' 125 "'$root/bin/foreign'.*machine"
run "$engine" -q ' ' -r "$root" true
is_error '-q with blanks only' 125 "^Error: "
other=$(command -v qemu-ppc64le-static || command -v qemu-ppc64le)
run "$engine" -q "$other" -r "$root" /bin/foreign
is_error '-q for a third machine' 126 "^Error: .*aarch64"
run "$engine" -q "$emulator" -r "$root" native exit 12
is 'native programs are run directly' "$status" 12
own=$(command -v qemu-x86_64-static || command -v qemu-x86_64)
run env PROOT_FORCE_FOREIGN_BINARY=1 "$engine" -q "$own -E MY_OPTION=1" \
  -b /proc -r "$root" native
like '  unless PROOT_FORCE_FOREIGN_BINARY is set' "$stdout" \
  '^environment: MY_OPTION=1$'

for each in "$static" "$dynamic"; do
  test -n "$each" || continue
  for mode in P1 P2; do
    test $mode = P1 || export PROOT_NO_SECCOMP=1
    run "$engine" -r / -w / "$engine" -q "$each" -b /proc -r "$root" \
      /bin/foreign children /bin/foreign
    ok "in a container in a container, by ${each##*/} in $mode" \
      test "$(grep -c '^machine aarch64' "$work/stdout")" -ge 8
    run "$engine" -b "$engine" -b "$each:/my/qemu-aarch64" -b /lib -b /lib64 \
      -b /usr -b /proc -r "$root" "$engine" -q /my/qemu-aarch64 -b /proc \
      -b /bin:/bin -r / foreign exit 13
    is "  by one that only the outer one shows" "$status" 13
  done
  unset PROOT_NO_SECCOMP
done

# What an emulator with libraries is called with, as PRoot calls it.
run env -u LD_LIBRARY_PATH -u LD_PRELOAD PROOT_FORCE_FOREIGN_BINARY=1 "$engine" \
  -q '/bin/echo --' -r / /bin/true x
is 'an emulator is told to take no libraries from the environment' "$stdout" \
  '-- -U LD_LIBRARY_PATH -0 /bin/true /bin/true x'
run env LD_LIBRARY_PATH=/one LD_BIND_NOW=1 PROOT_FORCE_FOREIGN_BINARY=1 \
  "$engine" -q '/bin/echo --' -r / /bin/true
like '  or which ones the program does' "$stdout" \
  '^-- (-E LD_LIBRARY_PATH=/one -E LD_BIND_NOW=1|-E LD_BIND_NOW=1 -E LD_LIBRARY_PATH=/one) -0 /bin/true /bin/true$'

# --- a whole image ------------------------------------------------------------------

if command -v docker-registry > /dev/null && command -v skopeo > /dev/null \
   && command -v umoci > /dev/null; then
  . "$top_srcdir/tests/registry.sh"
  mkdir -p "$work/image/bin" "$work/image/etc"
  cp "$root/bin/foreign" "$work/image/bin"
  echo root:x:0:0:root:/:/bin/foreign > "$work/image/etc/passwd"
  image_layout_of "$work/image" "$work/layout" arm --architecture arm64 \
    --config.cmd /bin/foreign --config.cmd tell --config.env PATH=/bin
  registry_start
  registry_push "oci:$work/layout:arm" a/b:1
  run udocker -q run --platform=linux/arm64 --rm "$registry/a/b:1"
  is 'run --platform=linux/arm64 pulls and runs' "$status" 0
  like '  the program of that machine' "$stdout" \
    '^machine aarch64, program /bin/foreign, arguments .*\[tell\]$'
  run udocker -q create --name=made "$registry/a/b:1"
  is 'create makes a container of it' "$status" 0
  run ud made
  like '  that runs' "$stdout" '^machine aarch64, program /bin/foreign'
else
  skip 'an image from a registry' 'docker-registry, skopeo or umoci is missing'
fi

done_testing
