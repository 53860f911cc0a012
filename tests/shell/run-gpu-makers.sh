# Graphics processors of several makers without specifications: drivers made for
# the purpose, on a host that is a container, so that it has the devices.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154  # scripts for the container

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

command -v cc > /dev/null || skip_all 'there is no compiler'

# library FILE SONAME [NEEDED]...: a library, with its links.
library ()
{
  file=$1 soname=$2
  shift 2
  mkdir -p "$(dirname "$file")"
  echo 'int function (void) { return 1; }' > library.c
  cc -shared -fPIC -nostdlib -Wl,--no-as-needed -Wl,-soname,"$soname" \
    -o "$file" library.c "$@" || bail 'cannot make a library'
  test "${file##*/}" = "$soname" || ln -s "${file##*/}" "${file%/*}/$soname"
}

# The C library, of a container and of a newer host, by what counts here.
mkdir old new
echo 'int stat1 (void) { return 1; } int stat9 (void) { return 9; }' > libc.c
echo 'GLIBC_2.2.5 { stat1; };' > old/map
echo 'GLIBC_2.2.5 { stat1; }; GLIBC_9.9 { stat9; } GLIBC_2.2.5;' > new/map
for age in old new; do
  cc -shared -fPIC -nostdlib -Wl,-soname,libc.so.6 \
    -Wl,--version-script=$age/map -o $age/libc.so.6 libc.c \
    || bail 'cannot make a C library'
done

make_container "$id" c1 '{"config": {"Env": ["A=image"]}}' || bail 'no container'
folder=/lib/x86_64-linux-gnu
mkdir -p "$root$folder"
cp old/libc.so.6 "$root$folder/"
own=11234567-89ab-3def-8123-456789abcdef
make_container "$own" own '{}' || bail 'no container'
mkdir -p "$UDOCKER_DIR/containers/$own/ROOT$folder"
cp old/libc.so.6 "$UDOCKER_DIR/containers/$own/ROOT$folder/"
library "$UDOCKER_DIR/containers/$own/ROOT/opt/rocm/lib/libhsa-runtime64.so.1" \
  libhsa-runtime64.so.1
make_container 21234567-89ab-3def-8123-456789abcdef bare '{}' \
  || bail 'no container'

# --- the host ------------------------------------------------------------------

# Its linker knows one directory, and nothing of the real host.
library known/libneeded.so.1.0 libneeded.so.1
library known/libdeeper.so.1.0 libdeeper.so.1
library known/libneeded.so.1.0 libneeded.so.1 known/libdeeper.so.1 2> /dev/null
library known/libamd_comgr.so.2.7 libamd_comgr.so.2
echo "$work/known" > ld.so.conf
ldconfig -X -f "$work/ld.so.conf" -C "$work/ld.so.cache" 2> /dev/null \
  || bail 'cannot make a cache of the linker'

for release in 5.7.1 6.2.0 6.10.0; do
  lib=amd/opt/rocm-$release/lib
  library $lib/libhsa-runtime64.so.1.$release libhsa-runtime64.so.1 \
    known/libneeded.so.1
  library $lib/libamdhip64.so.6.$release libamdhip64.so.6 \
    $lib/libhsa-runtime64.so.1 new/libc.so.6
  echo $release >> $lib/libhsa-runtime64.so.1.$release
done
# What needs a symbol of the newer C library.
echo 'int stat9 (void); int function (void) { return stat9 (); }' > library.c
cc -shared -fPIC -nostdlib -Wl,-soname,libamdhip64.so.6 \
  -o amd/opt/rocm-6.10.0/lib/libamdhip64.so.6.6.10.0 library.c new/libc.so.6 \
  || bail 'cannot make a library'
library amd/opt/rocm-6.10.0/lib/librocm_smi64.so.7.2 librocm_smi64.so.7
library amd/opt/rocm-6.10.0/lib/librocblas.so.4.1 librocblas.so.4
library amd/mesa/libvulkan_radeon.so libvulkan_radeon.so
mkdir -p vendors icd.d dri drm accel
echo libamdocl64.so > vendors/amdocl64_61000.icd
printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s"}}' \
  "$work/amd/mesa/libvulkan_radeon.so" > icd.d/radeon_icd.x86_64.json

library intel/lib/libze_intel_gpu.so.1.3 libze_intel_gpu.so.1
library intel/lib/libigc.so.1.0 libigc.so.1
library intel/lib/libigdgmm.so.12.3 libigdgmm.so.12
library intel/lib/dri/iHD_drv_video.so iHD_drv_video.so intel/lib/libigdgmm.so.12
library intel/opencl/libigdrcl.so libigdrcl.so intel/lib/libigdgmm.so.12
echo "$work/intel/opencl/libigdrcl.so" > vendors/intel.icd
printf 'lib_dirs_list_intel = %s\n' "$work/intel/lib" > udocker.conf

# node NAME MAKER: a node for rendering.
node ()
{
  : > "dri/$1"
  mkdir -p "drm/$1/device"
  echo "$2" > "drm/$1/device/vendor"
}
node renderD128 0x1002
node renderD129 0x1002
node card0 0x1002
node renderD130 0x8086
node card1 0x1a03

# host MAKERS COMMAND...: run COMMAND on a host with processors of MAKERS.
host ()
{
  makers=$1
  shift
  set -- -b "$work/known:/usr/lib/known" -b "$work/ld.so.cache:/etc/ld.so.cache" \
    -b "$work/drm:/sys/class/drm" -b "$work/vendors:/etc/OpenCL/vendors" \
    -b "$work/icd.d:/usr/share/vulkan/icd.d" "$@"
  rm -rf shown
  mkdir shown
  case $makers in *amd*)
    for name in renderD128 renderD129 card0; do
      : > shown/$name
      set -- -b "/dev/null:/dev/dri/$name" "$@"
    done
    set -- -b /dev/null:/dev/kfd -b "$work/amd/opt:/opt" "$@" ;;
  esac
  case $makers in *intel*)
    : > shown/renderD130
    set -- -b "/dev/null:/dev/dri/renderD130" "$@" ;;
  esac
  case $makers in *other*)
    : > shown/card1
    set -- -b "/dev/null:/dev/dri/card1" "$@" ;;
  esac
  case $makers in *nvidia*)
    set -- -b /dev/null:/dev/nvidia0 -b /dev/null:/dev/nvidiactl "$@" ;;
  esac
  run "$libexec/udocker-proot" -r / -w "$work" -b "$work/shown:/dev/dri" "$@"
}

# gpus MAKERS OPTION... CONTAINER COMMAND...: run it there.
gpus ()
{
  gpus_makers=$1
  shift
  host "$gpus_makers" "$udocker" --config="$work/udocker.conf" run --nobanner \
    --cdi-dir="$work/none" "$@"
}

host amd ls -d /dev/kfd /dev/dri/renderD128
test "$status" = 0 || skip_all 'a host cannot be made up here'

# --- AMD -------------------------------------------------------------------------

list='cd /lib/x86_64-linux-gnu; ls'
gpus amd --gpus=all c1 sh -c "$list"
is 'AMD: it runs' "$status" 0
# What else the real host has may be there, too.
like 'its libraries are shown' "$(echo $stdout)" \
  '(libamd_comgr.so.2 libamd_comgr.so.2.7 ).*libamdhip64.so.6 libamdhip64.so.6.6.10.0 '
like 'of several releases those of the newest' "$(echo $stdout)" \
  'libhsa-runtime64.so.1 libhsa-runtime64.so.1.6.10.0 [^r]*librocm_smi64.so.7'
unlike 'and of no other' "$stdout" '6\.2\.0|5\.7\.1'
unlike 'nor what images have' "$stdout" rocblas
like 'also what they need in turn' "$(echo $stdout)" \
  'libdeeper.so.1 .*libneeded.so.1( |$)'
like 'what will not load is told' "$stderr" \
  'Warning: [0-9]* libraries of the host will not load in this container: '
host amd "$udocker" -D --config="$work/udocker.conf" run --nobanner --gpus=all \
  --cdi-dir="$work/none" c1 true
is 'and why' "$(grep '^Debug: lib\(amdhip\|hs\|needed\|deeper\).* needs' stderr)" \
  "Debug: libamdhip64.so.6 needs GLIBC_9.9 of libc.so.6, and the container's is older"
gpus amd --gpus=all c1 sh -c 'test -c /dev/kfd && test -c /dev/dri/renderD129 \
  && cat /etc/OpenCL/vendors/*; ls /usr/share/vulkan/icd.d; ls '"$work"'/amd/mesa
  tail -c 7 /lib/x86_64-linux-gnu/libhsa-runtime64.so.1; echo $ROCR_VISIBLE_DEVICES.'
is 'with the devices, and what registers drivers and is named there' "$stdout" \
  'libamdocl64.so
radeon_icd.x86_64.json
libvulkan_radeon.so
6.10.0
.'
gpus amd --gpus=all -v "$work/vendors/intel.icd:$folder/libamdhip64.so.6" c1 \
  cat "$folder/libamdhip64.so.6"
is 'volumes that were asked for stay' "$stdout" "$work/intel/opencl/libigdrcl.so"
gpus amd --gpus=capabilities=utility c1 sh -c "$list"
unlike 'what is not asked for is not there' "$stdout" 'amdhip|comgr'
like 'and what is asked for is' "$stdout" '^librocm_smi64.so.7.2$'

show='echo $ROCR_VISIBLE_DEVICES/$HIP_VISIBLE_DEVICES/$ZE_AFFINITY_MASK'
for words in '1 0//' '2 0,1//' 'device=1 1//' 'device=GPU-12ab GPU-12ab//'; do
  gpus amd "--gpus=${words% *}" c1 sh -c "$show"
  is "--gpus=${words% *} is told to programs" "$stdout" "${words#* }"
done
gpus amd --gpus=3 c1 true
is_error 'more than there are cannot be had' 125 'gpus 3: this host has only 2 of'
gpus amd --gpus=device=0,2 c1 true
is_error 'nor those that there are not' 125 'device=2: this host has 2 of AMD, counted'
gpus amd --gpus=driver=intel c1 true
is_error 'nor those of another maker' 125 'no devices of Intel'
export ROCR_VISIBLE_DEVICES=1,5
gpus amd --gpus=1 c1 sh -c "$show"
is 'a number is of those that a batch system chose' "$stdout" 1//
export ROCR_VISIBLE_DEVICES=1
gpus amd --gpus=2 c1 true
is_error 'of which there may be too few' 125 'ROCR_VISIBLE_DEVICES has only 1'
unset ROCR_VISIBLE_DEVICES
for words in 'all //' '1 1//'; do
  gpus amd --device="amd.com/gpu=${words% *}" c1 sh -c \
    "$show; ls /lib/x86_64-linux-gnu/libhsa-runtime64.so.1"
  is "amd.com/gpu=${words% *} needs no specification" "$stdout" "${words#* }
/lib/x86_64-linux-gnu/libhsa-runtime64.so.1"
done
gpus amd --device=amd.com/gpu=2 c1 true
is_error 'but a device' 125 'this host has 2 of AMD'
gpus amd --device=intel.com/gpu=0 c1 true
is_error 'of its maker' 125 "no device 'intel.com/gpu=0'"

gpus amd --gpus=all own sh -c "$list; ls /dev/kfd"
is 'an image that has the driver keeps its own' "$stdout$stderr" 'libc.so.6
/dev/kfd'
gpus amd --gpus=all bare ls /dev/kfd
is 'without a C library that they need there are devices' "$stdout" /dev/kfd
like 'and a warning' "$stderr" '^Warning: of AMD only devices .* no glibc'
export ROCM_PATH="$work/amd/opt/rocm-5.7.1"
gpus amd --gpus=all c1 tail -c 6 "$folder/libhsa-runtime64.so.1"
is 'ROCM_PATH says which release' "$stdout" 5.7.1
unset ROCM_PATH

# --- Intel -----------------------------------------------------------------------

gpus intel --gpus=all c1 sh -c "$list; ls -d /dev/dri/*"
like 'Intel: its libraries are shown' "$(echo $stdout)" \
  'libigc.so.1 libigc.so.1.0 libigdgmm.so.12 libigdgmm.so.12.3 .*libze_intel_gpu.so.1 '
like 'with the devices' "$stdout" '^/dev/dri/renderD130$'
unlike 'and nothing of AMD' "$stdout" 'libhsa|libamd_comgr'
unlike 'nothing is warned of' "$stderr" 'libze|libig|iHD'
gpus intel --gpus=all c1 sh -c 'ls /usr/lib/x86_64-linux-gnu/dri
  cat /etc/OpenCL/vendors/*; test -s "$(cat /etc/OpenCL/vendors/intel.icd)" && echo x'
is 'also modules, and OpenCL where its file says' "$stdout" "iHD_drv_video.so
$work/intel/opencl/libigdrcl.so
x"
gpus intel --gpus=1 c1 sh -c 'echo $ZE_AFFINITY_MASK $ZE_ENABLE_PCI_ID_DEVICE_ORDER'
is '--gpus=1 is told to programs' "$stdout" '0 1'
gpus intel --gpus=device=GPU-12 c1 true
is_error 'names are numbers' 125 'device=GPU-12: processors of Intel have numbers'

# --- several ----------------------------------------------------------------------

gpus amd,intel --gpus=all c1 sh -c "$list"
like 'all are those of all makers' "$(echo $stdout)" \
  'libhsa-runtime64.so.1 .*libze_intel_gpu.so.1 '
gpus amd,intel --gpus=1 c1 sh -c "$show; $list | grep ze_intel"
is 'a number is of the first' "$stdout" 0//
gpus amd,intel --gpus=driver=intel,count=1 c1 sh -c "$show; $list | grep libhsa"
is 'or of the one that is asked for' "$stdout" //0
gpus nvidia,intel --gpus=all c1 sh -c "$list; ls /dev/nvidiactl"
like 'one without a driver does not hinder the other' "$(echo $stdout)" \
  'libze_intel_gpu.so.1 .*/dev/nvidiactl'
like 'and is told of' "$stderr" '^Warning: no NVIDIA driver was found'
gpus nvidia --gpus=all c1 true
is_error 'alone it is an error' 125 'no NVIDIA driver was found'
library nvidia/libcuda.so.1 libcuda.so.1
printf 'lib_dirs_list_nvidia = %s\n' "$work/nvidia" > udocker.conf
gpus nvidia --gpus=2 c1 true
is_error 'NVIDIA has as many as nodes' 125 'gpus 2: this host has only 1 of'
gpus nvidia --gpus=device=1 c1 true
is_error 'and no other' 125 'device=1: this host has 1 of NVIDIA'
gpus nvidia,amd --gpus=1 c1 sh -c "$show; echo \$CUDA_VISIBLE_DEVICES; $list"
is 'NVIDIA comes first' "$stdout" '//
0
libc.so.6
libcuda.so.1'
udocker setup --nvidia c1
gpus nvidia,amd c1 sh -c "$list"
is "what is marked gets NVIDIA's alone" "$stdout" 'libc.so.6
libcuda.so.1'
host amd "$udocker" run --nobanner --cdi-dir="$work/none" c1 echo runs
like 'and runs where there is none' "$stdout $stderr" \
  '^runs Warning: .* goes without the driver'
udocker setup --no-nvidia c1
gpus other --gpus=all c1 test -c /dev/dri/card1
is 'of other makers there are devices' "$status$stderr" 0

set -- /dev/console /dev/kmsg /dev/mem
for closed; do
  test -c "$closed" && test ! -r "$closed" && break
done
if test -r "$closed"; then
  skip 'a device that is closed to us is told' 'there is none'
else
  host amd "$libexec/udocker-proot" -r / -w "$work" -b "$closed:/dev/kfd" \
    "$udocker" run --nobanner --gpus=all --cdi-dir="$work/none" c1 true
  like 'a device that is closed to us is told' "$stderr" \
    "^Warning: you may not use '/dev/kfd' of AMD"
fi

is 'nothing was written into the containers' \
  "$(find "$root" -newer udocker.conf -type f | wc -l)" 0

done_testing
