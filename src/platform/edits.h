/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a container needs in order to use a device: files of the host, and
   variables.  The Container Device Interface calls it containerEdits; nothing
   of it is written into the container.  */

#ifndef UDOCKER_PLATFORM_EDITS_H
#define UDOCKER_PLATFORM_EDITS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A file, directory or device of the host, to be seen at GUEST.  */
struct edit_mount
{
  char *host;
  char *guest;
  bool read_only;
};

/* All of it.  Start as { 0 }, give to edits_release; everything is owned.  */
struct device_edits
{
  struct edit_mount *mounts; /* no two at the same place */
  size_t mount_count;
  char **variables; /* NAME=VALUE */
  size_t variable_count;
  char **folders; /* of the container, where libraries are to be found */
  size_t folder_count;
  gid_t *groups; /* supplementary ones */
  size_t group_count;
};

/* Add to EDITS, copied: HOST at GUEST, unless something is there already; the
   variable TEXT, NAME=VALUE; FOLDER and GROUP, once.  */
void edits_add_mount (struct device_edits *edits, const char *host,
                      const char *guest, bool read_only);
void edits_add_variable (struct device_edits *edits, const char *text);
void edits_add_folder (struct device_edits *edits, const char *folder);
void edits_add_group (struct device_edits *edits, gid_t group);

/* Return the mount of EDITS at GUEST, or NULL.  Borrowed until the next one is
   added.  */
const struct edit_mount *edits_find (const struct device_edits *edits,
                                     const char *guest);

/* Free what EDITS hold; they are empty afterwards.  */
void edits_release (struct device_edits *edits);

#endif
