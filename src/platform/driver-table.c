/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The makers of graphics processors, and what belongs to their drivers.  */

#include <config.h>

#include "src/platform/driver-table.h"

#include <stddef.h>

/* Where distributions have libraries.  */
#define USUAL_PLACES                                                           \
  "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"

/* --- NVIDIA --------------------------------------------------------------- */

/* The libraries of drivers from 390 to 580, by the beginning of their names up
   to ".so".  */
static const struct driver_item nvidia_libraries[] = {
  { "libcuda", DRIVER_COMPUTE },
  { "libcudadebugger", DRIVER_COMPUTE },
  { "libnvidia-opencl", DRIVER_COMPUTE },
  { "libnvidia-ptxjitcompiler", DRIVER_COMPUTE },
  { "libnvidia-fatbinaryloader", DRIVER_COMPUTE },
  { "libnvidia-compiler", DRIVER_COMPUTE },
  { "libnvidia-nvvm", DRIVER_COMPUTE },
  { "libnvidia-nvvm70", DRIVER_COMPUTE },
  { "libnvidia-pkcs11", DRIVER_COMPUTE },
  { "libnvidia-pkcs11-openssl3", DRIVER_COMPUTE },
  { "libnvidia-allocator", DRIVER_COMPUTE | DRIVER_GRAPHICS },
  { "libnvidia-gpucomp", DRIVER_COMPUTE | DRIVER_GRAPHICS },
  { "libnvidia-tileiras", DRIVER_COMPUTE },
  { "libnvidia-sandboxutils", DRIVER_UTILITY },
  { "libnvidia-ml", DRIVER_UTILITY },
  { "libnvidia-cfg", DRIVER_UTILITY },
  { "libnvidia-nscq", DRIVER_UTILITY },
  { "libnvidia-tls", DRIVER_GRAPHICS },
  { "libnvidia-eglcore", DRIVER_GRAPHICS },
  { "libnvidia-glcore", DRIVER_GRAPHICS },
  { "libnvidia-glsi", DRIVER_GRAPHICS },
  { "libnvidia-glvkspirv", DRIVER_GRAPHICS },
  { "libnvidia-rtcore", DRIVER_GRAPHICS },
  { "libnvidia-cbl", DRIVER_GRAPHICS },
  { "libnvidia-egl-gbm", DRIVER_GRAPHICS },
  { "libnvidia-egl-wayland", DRIVER_GRAPHICS },
  { "libnvidia-egl-xcb", DRIVER_GRAPHICS },
  { "libnvidia-egl-xlib", DRIVER_GRAPHICS },
  { "libnvidia-fbc", DRIVER_GRAPHICS },
  { "libnvidia-ifr", DRIVER_GRAPHICS },
  { "libnvidia-vulkan-producer", DRIVER_GRAPHICS },
  { "libnvidia-api", DRIVER_GRAPHICS },
  { "libnvoptix", DRIVER_GRAPHICS },
  { "libGLX_nvidia", DRIVER_GRAPHICS },
  { "libEGL_nvidia", DRIVER_GRAPHICS },
  { "libGLESv1_CM_nvidia", DRIVER_GRAPHICS },
  { "libGLESv2_nvidia", DRIVER_GRAPHICS },
  { "libvdpau_nvidia", DRIVER_VIDEO },
  { "libnvidia-encode", DRIVER_VIDEO },
  { "libnvidia-opticalflow", DRIVER_VIDEO },
  { "libnvcuvid", DRIVER_VIDEO },
  { "libnvidia-ngx", DRIVER_NGX },
  { NULL, 0 },
};

static const struct driver_item nvidia_programs[] = {
  { "nvidia-smi", DRIVER_UTILITY },
  { "nvidia-debugdump", DRIVER_UTILITY },
  { "nvidia-persistenced", DRIVER_UTILITY },
  { "nvidia-cuda-mps-control", DRIVER_COMPUTE },
  { "nvidia-cuda-mps-server", DRIVER_COMPUTE },
  { NULL, 0 },
};

static const struct driver_item nvidia_files[] = {
  { "/lib/firmware/nvidia/*/gsp*.bin", DRIVER_COMPUTE | DRIVER_GRAPHICS },
  { "/run/nvidia-persistenced/socket", DRIVER_UTILITY },
  { "/etc/OpenCL/vendors/nvidia.icd", DRIVER_COMPUTE },
  { "/etc/vulkan/icd.d/nvidia_icd*.json", DRIVER_GRAPHICS },
  { "/etc/vulkan/implicit_layer.d/nvidia_layers.json", DRIVER_GRAPHICS },
  { "/usr/share/vulkan/icd.d/nvidia_icd*.json", DRIVER_GRAPHICS },
  { "/usr/share/vulkan/implicit_layer.d/nvidia_layers.json", DRIVER_GRAPHICS },
  { "/usr/share/glvnd/egl_vendor.d/10_nvidia.json", DRIVER_GRAPHICS },
  { "/usr/share/egl/egl_external_platform.d/*nvidia*.json", DRIVER_GRAPHICS },
  { "/usr/share/nvidia/nvoptix.bin", DRIVER_GRAPHICS },
  { "/usr/share/nvidia/nvidia-application-profiles*", DRIVER_GRAPHICS },
  { NULL, 0 },
};

static const char *const nvidia_nodes[] = { "/dev/nvidia*", "/dev/dxg", NULL };

static const char *const nvidia_used[] = { "/dev/nvidiactl",
                                           "/dev/nvidia[0-9]*", NULL };

static const char *const nvidia_places[] = {
  USUAL_PLACES,
  "/usr/lib/x86_64-linux-gnu/nvidia/current",
  "/usr/lib/aarch64-linux-gnu/nvidia/current",
  "/usr/lib/wsl/lib",
  "/usr/lib/nvidia",
  "/run/opengl-driver/lib",
  NULL,
};

/* --- AMD ------------------------------------------------------------------ */

/* Of ROCm 4 to 7 what drives the processors: the kernel's interface, HIP's and
   OpenCL's run time with their compiler, and management.  Libraries for
   mathematics and the like belong to images.  */
static const struct driver_item amd_libraries[] = {
  { "libhsa-runtime64", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "libhsakmt", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "libhsa-amd-aqlprofile64", DRIVER_COMPUTE },
  { "libhsa-ext-image64", DRIVER_COMPUTE },
  { "libamdhip64", DRIVER_COMPUTE },
  { "libhiprtc", DRIVER_COMPUTE },
  { "libhiprtc-builtins", DRIVER_COMPUTE },
  { "libamd_comgr", DRIVER_COMPUTE },
  { "libamd_comgr_loader", DRIVER_COMPUTE },
  { "libamdocl64", DRIVER_COMPUTE },
  { "libcltrace", DRIVER_COMPUTE },
  { "librocprofiler-register", DRIVER_COMPUTE },
  { "librocm-core", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "librocm_sysdeps_*", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "librocm_smi64", DRIVER_UTILITY },
  { "libamd_smi", DRIVER_UTILITY },
  { "liboam", DRIVER_UTILITY },
  { "libdrm_amdgpu", DRIVER_ALL },
  { "libvulkan_radeon", DRIVER_GRAPHICS },
  { "amdvlk64", DRIVER_GRAPHICS },
  { "libamfrt64", DRIVER_VIDEO },
  { NULL, 0 },
};

/* Not those of OpenGL: they fit one release of Mesa alone, which images that
   use it have.  */
static const struct driver_item amd_modules[] = {
  { "radeonsi_drv_video", DRIVER_VIDEO },
  { "r600_drv_video", DRIVER_VIDEO },
  { NULL, 0 },
};

static const struct driver_item amd_programs[] = {
  { "rocminfo", DRIVER_UTILITY },
  { "/opt/rocm/bin/rocminfo", DRIVER_UTILITY },
  { NULL, 0 },
};

static const struct driver_item amd_files[] = {
  { "/etc/OpenCL/vendors/amdocl64*.icd", DRIVER_COMPUTE },
  { "/etc/vulkan/icd.d/amd_icd*.json", DRIVER_GRAPHICS },
  { "/etc/vulkan/icd.d/radeon_icd*.json", DRIVER_GRAPHICS },
  { "/usr/share/vulkan/icd.d/amd_icd*.json", DRIVER_GRAPHICS },
  { "/usr/share/vulkan/icd.d/radeon_icd*.json", DRIVER_GRAPHICS },
  { "/usr/share/libdrm/amdgpu.ids", DRIVER_ALL },
  { "/opt/amdgpu/share/libdrm/amdgpu.ids", DRIVER_ALL },
  { NULL, 0 },
};

static const char *const amd_nodes[] = { "/dev/kfd", NULL };

static const char *const amd_places[] = {
  "/opt/rocm/lib",
  "/opt/rocm/lib64",
  "/opt/rocm/lib/rocm_sysdeps/lib",
  "/opt/rocm-[0-9]*/lib",
  "/opt/rocm-[0-9]*/lib/rocm_sysdeps/lib",
  "/opt/amdgpu/lib/x86_64-linux-gnu",
  "/opt/amdgpu/lib64",
  USUAL_PLACES,
  NULL,
};

static const struct driver_item amd_own[] = {
  { "libhsa-runtime64.so.1", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "/opt/rocm/lib/libhsa-runtime64.so.1", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "libvulkan_radeon.so", DRIVER_GRAPHICS },
  { "dri/radeonsi_drv_video.so", DRIVER_VIDEO },
  { NULL, 0 },
};

/* --- Intel ---------------------------------------------------------------- */

/* Level Zero, OpenCL with the compiler of both, and video.  */
static const struct driver_item intel_libraries[] = {
  { "libze_loader", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "libze_intel_gpu", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "libze_intel_gpu_legacy*", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "libze_intel_[nv]pu", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "libze_validation_layer", DRIVER_COMPUTE },
  { "libze_tracing_layer", DRIVER_COMPUTE },
  { "libnpu_driver_compiler", DRIVER_COMPUTE },
  { "libigdrcl", DRIVER_COMPUTE },
  { "libigdrcl_legacy*", DRIVER_COMPUTE },
  { "libigc", DRIVER_COMPUTE },
  { "libigdfcl", DRIVER_COMPUTE },
  { "libiga64", DRIVER_COMPUTE },
  { "libopencl-clang*", DRIVER_COMPUTE },
  { "libigdgmm", DRIVER_COMPUTE | DRIVER_VIDEO },
  { "libigsc", DRIVER_UTILITY },
  { "libigfxcmrt", DRIVER_VIDEO },
  { "libmfx-gen", DRIVER_VIDEO },
  { "libmfxhw64", DRIVER_VIDEO },
  { "libvulkan_intel", DRIVER_GRAPHICS },
  { "libvulkan_intel_hasvk", DRIVER_GRAPHICS },
  { NULL, 0 },
};

static const struct driver_item intel_modules[] = {
  { "iHD_drv_video", DRIVER_VIDEO },
  { "i965_drv_video", DRIVER_VIDEO },
  { NULL, 0 },
};

static const struct driver_item intel_files[] = {
  { "/etc/OpenCL/vendors/intel*.icd", DRIVER_COMPUTE },
  { "/etc/vulkan/icd.d/intel_*icd*.json", DRIVER_GRAPHICS },
  { "/usr/share/vulkan/icd.d/intel_*icd*.json", DRIVER_GRAPHICS },
  { NULL, 0 },
};

static const char *const intel_places[] = { USUAL_PLACES, NULL };

static const struct driver_item intel_own[] = {
  { "libze_intel_gpu.so.1", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "intel-opencl/libigdrcl.so", DRIVER_COMPUTE | DRIVER_UTILITY },
  { "libvulkan_intel.so", DRIVER_GRAPHICS },
  { "dri/iHD_drv_video.so", DRIVER_VIDEO },
  { NULL, 0 },
};

/* --- all ------------------------------------------------------------------ */

const struct driver_vendor driver_vendors[] = {
  {
      .name = "nvidia",
      .title = "NVIDIA",
      .kind = "nvidia.com/gpu",
      .processors = "/dev/nvidia[0-9]*",
      .nodes = nvidia_nodes,
      .used = nvidia_used,
      .pci_vendor = 0x10de,
      .libraries = nvidia_libraries,
      .places = nvidia_places,
      .programs = nvidia_programs,
      .files = nvidia_files,
      .all_variable = "NVIDIA_VISIBLE_DEVICES",
      .some_variable = "CUDA_VISIBLE_DEVICES",
      .usual = DRIVER_COMPUTE | DRIVER_UTILITY,
      .must_have = true,
  },
  {
      .name = "amd",
      .title = "AMD",
      .kind = "amd.com/gpu",
      .nodes = amd_nodes,
      .used = amd_nodes,
      .pci_vendor = 0x1002,
      .libraries = amd_libraries,
      .places = amd_places,
      .variable = "ROCM_PATH",
      .modules = amd_modules,
      .programs = amd_programs,
      .files = amd_files,
      .own = amd_own,
      /* HIP counts among those that this one leaves: never set both.  */
      .some_variable = "ROCR_VISIBLE_DEVICES",
      .usual = DRIVER_ALL,
  },
  {
      .name = "intel",
      .title = "Intel",
      .kind = "intel.com/gpu",
      .pci_vendor = 0x8086,
      .libraries = intel_libraries,
      .places = intel_places,
      .modules = intel_modules,
      .files = intel_files,
      .own = intel_own,
      .some_variable = "ZE_AFFINITY_MASK",
      .order_variable = "ZE_ENABLE_PCI_ID_DEVICE_ORDER",
      .only_numbers = true,
      .usual = DRIVER_ALL,
  },
  { .name = NULL },
};
