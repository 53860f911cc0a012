/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The NVIDIA driver of the host.  */

#include <config.h>

#include "src/platform/nvidia.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/elf/find.h"
#include "lib/elf/machine.h"
#include "src/platform/edits.h"
#include "src/platform/host.h"
#include "src/platform/linker-cache.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* What a file of the driver is for.  */
struct driver_file
{
  const char *name; /* how it begins, for libraries; or all of it */
  unsigned capabilities;
};

/* The libraries of drivers from 390 to 580, by the beginning of their names up
   to ".so".  */
static const struct driver_file libraries[] = {
  { "libcuda", NVIDIA_COMPUTE },
  { "libcudadebugger", NVIDIA_COMPUTE },
  { "libnvidia-opencl", NVIDIA_COMPUTE },
  { "libnvidia-ptxjitcompiler", NVIDIA_COMPUTE },
  { "libnvidia-fatbinaryloader", NVIDIA_COMPUTE },
  { "libnvidia-compiler", NVIDIA_COMPUTE },
  { "libnvidia-nvvm", NVIDIA_COMPUTE },
  { "libnvidia-nvvm70", NVIDIA_COMPUTE },
  { "libnvidia-pkcs11", NVIDIA_COMPUTE },
  { "libnvidia-pkcs11-openssl3", NVIDIA_COMPUTE },
  { "libnvidia-allocator", NVIDIA_COMPUTE | NVIDIA_GRAPHICS },
  { "libnvidia-gpucomp", NVIDIA_COMPUTE | NVIDIA_GRAPHICS },
  { "libnvidia-tileiras", NVIDIA_COMPUTE },
  { "libnvidia-sandboxutils", NVIDIA_UTILITY },
  { "libnvidia-ml", NVIDIA_UTILITY },
  { "libnvidia-cfg", NVIDIA_UTILITY },
  { "libnvidia-nscq", NVIDIA_UTILITY },
  { "libnvidia-tls", NVIDIA_GRAPHICS },
  { "libnvidia-eglcore", NVIDIA_GRAPHICS },
  { "libnvidia-glcore", NVIDIA_GRAPHICS },
  { "libnvidia-glsi", NVIDIA_GRAPHICS },
  { "libnvidia-glvkspirv", NVIDIA_GRAPHICS },
  { "libnvidia-rtcore", NVIDIA_GRAPHICS },
  { "libnvidia-cbl", NVIDIA_GRAPHICS },
  { "libnvidia-egl-gbm", NVIDIA_GRAPHICS },
  { "libnvidia-egl-wayland", NVIDIA_GRAPHICS },
  { "libnvidia-egl-xcb", NVIDIA_GRAPHICS },
  { "libnvidia-egl-xlib", NVIDIA_GRAPHICS },
  { "libnvidia-fbc", NVIDIA_GRAPHICS },
  { "libnvidia-ifr", NVIDIA_GRAPHICS },
  { "libnvidia-vulkan-producer", NVIDIA_GRAPHICS },
  { "libnvidia-api", NVIDIA_GRAPHICS },
  { "libnvoptix", NVIDIA_GRAPHICS },
  { "libGLX_nvidia", NVIDIA_GRAPHICS },
  { "libEGL_nvidia", NVIDIA_GRAPHICS },
  { "libGLESv1_CM_nvidia", NVIDIA_GRAPHICS },
  { "libGLESv2_nvidia", NVIDIA_GRAPHICS },
  { "libvdpau_nvidia", NVIDIA_VIDEO },
  { "libnvidia-encode", NVIDIA_VIDEO },
  { "libnvidia-opticalflow", NVIDIA_VIDEO },
  { "libnvcuvid", NVIDIA_VIDEO },
  { "libnvidia-ngx", NVIDIA_NGX },
};

static const struct driver_file programs[] = {
  { "nvidia-smi", NVIDIA_UTILITY },
  { "nvidia-debugdump", NVIDIA_UTILITY },
  { "nvidia-persistenced", NVIDIA_UTILITY },
  { "nvidia-cuda-mps-control", NVIDIA_COMPUTE },
  { "nvidia-cuda-mps-server", NVIDIA_COMPUTE },
};

/* Files, by patterns, that are at the same place in the container.  */
static const struct driver_file others[] = {
  { "/dev/nvidia*", NVIDIA_COMPUTE | NVIDIA_UTILITY | NVIDIA_GRAPHICS
                        | NVIDIA_VIDEO | NVIDIA_NGX },
  { "/lib/firmware/nvidia/*/gsp*.bin", NVIDIA_COMPUTE | NVIDIA_GRAPHICS },
  { "/run/nvidia-persistenced/socket", NVIDIA_UTILITY },
  { "/etc/OpenCL/vendors/nvidia.icd", NVIDIA_COMPUTE },
  { "/etc/vulkan/icd.d/nvidia_icd*.json", NVIDIA_GRAPHICS },
  { "/etc/vulkan/implicit_layer.d/nvidia_layers.json", NVIDIA_GRAPHICS },
  { "/usr/share/vulkan/icd.d/nvidia_icd*.json", NVIDIA_GRAPHICS },
  { "/usr/share/vulkan/implicit_layer.d/nvidia_layers.json", NVIDIA_GRAPHICS },
  { "/usr/share/glvnd/egl_vendor.d/10_nvidia.json", NVIDIA_GRAPHICS },
  { "/usr/share/egl/egl_external_platform.d/*nvidia*.json", NVIDIA_GRAPHICS },
  { "/usr/share/nvidia/nvoptix.bin", NVIDIA_GRAPHICS },
  { "/usr/share/nvidia/nvidia-application-profiles*", NVIDIA_GRAPHICS },
};

/* Where libraries of drivers are besides where the linker looks.  */
static const char *const places[] = {
  "/usr/lib64",
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu/nvidia/current",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu/nvidia/current",
  "/usr/lib/wsl/lib",
  "/usr/lib/nvidia",
  "/run/opengl-driver/lib",
};

/* The linker's cache of the host.  */
#define LINKER_CACHE "/etc/ld.so.cache"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

unsigned
nvidia_read_capabilities (const char *text)
{
  static const struct driver_file names[] = {
    { "compute", NVIDIA_COMPUTE },
    { "utility", NVIDIA_UTILITY },
    { "graphics", NVIDIA_GRAPHICS },
    { "display", NVIDIA_GRAPHICS },
    { "video", NVIDIA_VIDEO },
    { "ngx", NVIDIA_NGX },
    { "all", NVIDIA_COMPUTE | NVIDIA_UTILITY | NVIDIA_GRAPHICS | NVIDIA_VIDEO
                 | NVIDIA_NGX },
  };
  unsigned capabilities = 0;

  if (text == NULL || text[0] == '\0')
    return NVIDIA_COMPUTE | NVIDIA_UTILITY;
  while (*text != '\0')
    {
      size_t length = strcspn (text, ",");
      for (size_t i = 0; i < COUNT (names); i++)
        if (strlen (names[i].name) == length
            && strncmp (names[i].name, text, length) == 0)
          capabilities |= names[i].capabilities;
      text += length + (text[length] == ',');
    }
  return capabilities;
}

/* What is looked for, and where it goes.  */
struct search
{
  const struct nvidia_request *request;
  struct device_edits *edits;
};

/* Return whether NAME is that of a library that SEARCH is for.  */
static bool
is_wanted (const struct search *search, const char *name)
{
  for (size_t i = 0; i < COUNT (libraries); i++)
    {
      size_t length = strlen (libraries[i].name);
      if (strncmp (name, libraries[i].name, length) == 0
          && strncmp (name + length, ".so", 3) == 0)
        return (libraries[i].capabilities & search->request->capabilities) != 0;
    }
  for (size_t i = 0; i < search->request->libraries.count; i++)
    {
      const char *beginning = search->request->libraries.items[i];
      if (strncmp (name, beginning, strlen (beginning)) == 0)
        return true;
    }
  return false;
}

/* Return whether the file PATH is for this machine.  */
static bool
is_ours (const char *path)
{
  unsigned char head[64];
  AUTO_CLOSE int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t got = fd < 0 ? -1 : read (fd, head, sizeof head);
  const struct elf_machine *machine =
      got < 0 ? NULL : elf_machine_of (head, (size_t) got);
  return machine != NULL
         && strcmp (machine->architecture, platform_host ()->architecture) == 0;
}

/* Add the library PATH as NAME, and as the file that it is a link to.  */
static void
add_library (const char *name, const char *path, void *data)
{
  const struct search *search = data;
  if (!is_wanted (search, name) || !is_ours (path))
    return;
  AUTO_FREE char *real = realpath (path, NULL);
  if (real == NULL)
    return;
  AUTO_FREE char *guest = xasprintf ("%s/%s", search->request->folder, name);
  AUTO_FREE char *other =
      xasprintf ("%s/%s", search->request->folder, strrchr (real, '/') + 1);
  edits_add_mount (search->edits, real, guest, true);
  edits_add_mount (search->edits, real, other, true);
}

/* Add the libraries of the directory PATH.  */
static void
search_directory (struct search *search, const char *path)
{
  AUTO_CLOSEDIR DIR *directory = opendir (path);
  for (struct dirent *entry = directory == NULL ? NULL : readdir (directory);
       entry != NULL; entry = readdir (directory))
    if (is_wanted (search, entry->d_name))
      {
        AUTO_FREE char *file = xasprintf ("%s/%s", path, entry->d_name);
        add_library (entry->d_name, file, search);
      }
}

/* Add those that the linker's cache, the file PATH, names.  */
static void
search_cache (struct search *search, const char *path)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *cache = NULL;
  size_t size = 0;
  if (file_read (AT_FDCWD, path, &cache, &size, &ignored) == 0)
    linker_cache_each (cache, size, add_library, search);
}

/* Add the files that fit PATTERN, where they are.  */
static void
add_pattern (struct device_edits *edits, const char *pattern)
{
  glob_t found = { 0 };
  if (glob (pattern, 0, NULL, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; i++)
      edits_add_mount (edits, found.gl_pathv[i], found.gl_pathv[i],
                       strncmp (found.gl_pathv[i], "/dev/", 5) != 0);
  globfree (&found);
}

/* Add the program NAME of the host, if there is one.  */
static void
add_program (struct device_edits *edits, const char *name)
{
  AUTO_FREE char *path = elf_find_program (name);
  if (path == NULL)
    return;
  AUTO_FREE char *guest = xasprintf ("/usr/bin/%s", name);
  edits_add_mount (edits, path, guest, true);
}

int
nvidia_add (const struct nvidia_request *request, struct device_edits *edits,
            struct error *err)
{
  struct search search = { .request = request, .edits = edits };
  const unsigned capabilities = request->capabilities;
  size_t before = edits->mount_count;

  /* The first that has a library counts.  */
  for (size_t i = 0; i < request->directories.count; i++)
    search_directory (&search, request->directories.items[i]);
  search_cache (&search, LINKER_CACHE);
  for (size_t i = 0; i < COUNT (places); i++)
    search_directory (&search, places[i]);
  if (edits->mount_count == before)
    return error_set (err, ENOENT,
                      _ ("no NVIDIA driver was found: neither in '%s' nor in "
                         "the usual places is a library libcuda.so; say where "
                         "it is with lib_dirs_list_nvidia in udocker.conf"),
                      LINKER_CACHE);
  for (size_t i = 0; i < COUNT (programs); i++)
    if ((programs[i].capabilities & capabilities) != 0)
      add_program (edits, programs[i].name);
  for (size_t i = 0; i < request->programs.count; i++)
    add_program (edits, request->programs.items[i]);
  for (size_t i = 0; i < COUNT (others); i++)
    if ((others[i].capabilities & capabilities) != 0)
      add_pattern (edits, others[i].name);
  for (size_t i = 0; i < request->files.count; i++)
    {
      AUTO_FREE char *path = xasprintf ("/etc/%s", request->files.items[i]);
      add_pattern (edits, path);
    }
  edits_add_folder (edits, request->folder);
  return 0;
}
