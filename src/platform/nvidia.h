/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The NVIDIA driver of the host, where no specification of the Container Device
   Interface says what belongs to it.  */

#ifndef UDOCKER_PLATFORM_NVIDIA_H
#define UDOCKER_PLATFORM_NVIDIA_H

#include <stddef.h>

struct device_edits;
struct error;

/* What a container may be given, after the capabilities that images ask for in
   NVIDIA_DRIVER_CAPABILITIES.  */
enum nvidia_capability
{
  NVIDIA_COMPUTE = 1 << 0,
  NVIDIA_UTILITY = 1 << 1,
  NVIDIA_GRAPHICS = 1 << 2,
  NVIDIA_VIDEO = 1 << 3,
  NVIDIA_NGX = 1 << 4
};

/* Return the capabilities that TEXT, with commas between them, has; those of an
   image that asks for none when it is NULL or empty.  */
unsigned nvidia_read_capabilities (const char *text);

/* Texts that somebody else owns.  */
struct nvidia_words
{
  char *const *items;
  size_t count;
};

/* What a container is to be given.  */
struct nvidia_request
{
  unsigned capabilities;
  const char *folder; /* directory of the container where libraries are to be */

  /* What the user knows better: directories with libraries, which come first;
     how names of more libraries begin; more programs; more files of /etc.  */
  struct nvidia_words directories, libraries, programs, files;
};

/* Add to EDITS the devices of the host's driver, and of its libraries, programs
   and other files those that REQUEST is for.  Libraries are looked for in the
   linker's cache and in the usual places; nothing is started.  Return 0, or
   -ENOENT with ERR set when there is no driver.  */
int nvidia_add (const struct nvidia_request *request,
                struct device_edits *edits, struct error *err);

#endif
