# Libraries of a host's driver in containers of other releases: which of them
# will not load is told before, and that is what then happens.  Drivers are made
# in the release that the host is to be of.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154  # scripts for the container

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

releases='debian12 debian11'
test "${TEST_LONG-}" != yes || releases='debian11 debian12 debian13 sid'

# find_root NAME: set $found to the root NAME, if it is there.
find_root ()
{
  for cache in "${TEST_ROOTS-}" "$top_builddir/tests/images/cache" \
               "$top_srcdir/tests/images/cache"; do
    found=$cache/$1
    test -z "$cache" || test ! -d "$found" || return 0
  done
  return 1
}

mkdir source
# Of the C library's symbols, some that every release has, and some that came
# with 2.33 (stat), 2.34 (threads in libc) and 2.38 (strtol by another name).  One
# wants an executable stack, which 2.41 gives no more.
cat > source/old.c << 'EOD'
int old (void) { return 1; }
EOD
cat > source/file.c << 'EOD'
#include <sys/stat.h>
int file (const char *name) { struct stat st; return stat (name, &st); }
EOD
cat > source/thread.c << 'EOD'
#include <pthread.h>
int start (pthread_t *thread, void *(*function) (void *))
{ return pthread_create (thread, 0, function, 0); }
EOD
cat > source/number.c << 'EOD'
#define _GNU_SOURCE 1
#include <stdlib.h>
long number (const char *text) { return strtol (text, 0, 0); }
EOD
cat > source/missing.c << 'EOD'
int missing (void) { return 2; }
EOD
cat > source/make << 'EOD'
set -e
cd /driver
library () # NAME SOURCE OPTION...
{
  name=$1 source=$2
  shift 2
  gcc -shared -fPIC -O1 -Wl,-soname,$name.so.1 -o $name.so.555.1 \
    /source/$source.c "$@"
  ln -s $name.so.555.1 $name.so.1
}
library libnvidia-ml old
library libnvidia-cfg file
library libcuda thread -lpthread
library libnvidia-nvvm number
library libnvidia-ptxjitcompiler old -Wl,--no-as-needed libnvidia-nvvm.so.1
gcc -shared -fPIC -Wl,-soname,libnowhere.so.3 -o /tmp/libnowhere.so.3 \
  /source/missing.c
library libnvidia-opencl old -Wl,--no-as-needed /tmp/libnowhere.so.3
library libnvidia-compiler old -Wl,-z,execstack
EOD
cat > load.py << 'EOD'
import ctypes, glob, os
for name in ("libnvidia-ml", "libnvidia-cfg", "libcuda", "libnvidia-nvvm",
             "libnvidia-ptxjitcompiler", "libnvidia-opencl",
             "libnvidia-compiler"):
    try:
        ctypes.CDLL(name + ".so.1")
    except OSError as error:
        if "cannot open" in str(error) and name in str(error).split(":")[0]:
            print(name + ".so.1", "is not there:", error)
        else:
            print(name + ".so.1")
EOD

# make_driver RELEASE: the driver of a host of that release, in driver-RELEASE.
make_driver ()
{
  mkdir "driver-$1" && find_root "$1" || return
  udocker run --nobanner --location="$found" -v "$work/source:/source" \
    -v "$work/driver-$1:/driver" x sh /source/make > "make-$1.log" 2>&1
}

tried=
for host in $releases; do
  make_driver "$host" || { note "no driver of $host"; cat "make-$host.log"
                           continue; } 2> /dev/null
  printf 'lib_dirs_list_nvidia = %s\n' "$work/driver-$host" > "$host.conf"
  for guest in $releases; do
    find_root "$guest" && test -x "$found/usr/bin/python3" || continue
    tried=yes
    run udocker -D --config="$host.conf" run --nobanner --gpus=all \
      --location="$found" -v "$work/load.py:/load.py" x python3 /load.py
    is "a driver of $host in $guest is judged" "$status" 0
    is 'what will not load is what does not' "$(grep '^Debug: lib.* \(needs\|wants\) ' \
      stderr | sed 's/^Debug: \([^ ]*\) .*/\1/' | sort)" \
      "$(sort stdout)"
    like 'and is told in one warning' "$(grep '^Warning' stderr | wc -l) \
$(grep '^Warning' stderr)" '^1 Warning: [1-7] libraries of the host will not load'
    # The host's own release has all but what nobody has.
    test "$host" != "$guest" || is 'at home only what is missing is missing' \
      "$(grep -v compiler stdout)" libnvidia-opencl.so.1
  done
done
test -n "$tried" || skip_all 'no roots of releases with compilers were made'
if ! find_root debian12; then
  skip 'which processors, and for what' 'there is no root of debian12'
  done_testing
fi
run udocker --config="$work/debian12.conf" run --nobanner --gpus=all \
  --location="$found" x sh -c 'echo $NVIDIA_VISIBLE_DEVICES'
is 'programs are told of all' "$stdout" all
run udocker --config="$work/debian12.conf" run --nobanner --gpus=2 \
  --location="$found" x sh -c 'echo $NVIDIA_VISIBLE_DEVICES $CUDA_VISIBLE_DEVICES'
is 'or of some' "$stdout" '0,1 0,1'
run udocker --config="$work/debian12.conf" run --nobanner \
  --gpus=capabilities=utility --location="$found" x sh -c '
    d=$(dirname "$(ls -d /lib*/*/libnvidia-ml.so.1 | head -n 1)"); cd "$d"
    ls libnvidia* libcuda* 2> /dev/null'
is 'what is not asked for is not there' "$stdout" "libnvidia-cfg.so.1
libnvidia-cfg.so.555.1
libnvidia-ml.so.1
libnvidia-ml.so.555.1"
ok 'nothing was written into the roots' test ! -e "$found/load.py"

done_testing
