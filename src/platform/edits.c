/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a container needs in order to use a device.  */

#include <config.h>

#include "src/platform/edits.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

const struct edit_mount *
edits_find (const struct device_edits *edits, const char *guest)
{
  for (size_t i = 0; i < edits->mount_count; i++)
    if (strcmp (edits->mounts[i].guest, guest) == 0)
      return &edits->mounts[i];
  return NULL;
}

void
edits_add_mount (struct device_edits *edits, const char *host,
                 const char *guest, bool read_only)
{
  if (edits_find (edits, guest) != NULL)
    return;
  edits->mounts = xreallocarray (edits->mounts, edits->mount_count + 1,
                                 sizeof *edits->mounts);
  edits->mounts[edits->mount_count++] = (struct edit_mount){
    .host = xstrdup (host),
    .guest = xstrdup (guest),
    .read_only = read_only,
  };
}

/* Append a copy of TEXT to the *COUNT texts of LIST.  */
static void
append (char ***list, size_t *count, const char *text)
{
  *list = xreallocarray (*list, *count + 1, sizeof **list);
  (*list)[(*count)++] = xstrdup (text);
}

void
edits_add_variable (struct device_edits *edits, const char *text)
{
  append (&edits->variables, &edits->variable_count, text);
}

void
edits_add_folder (struct device_edits *edits, const char *folder)
{
  for (size_t i = 0; i < edits->folder_count; i++)
    if (strcmp (edits->folders[i], folder) == 0)
      return;
  append (&edits->folders, &edits->folder_count, folder);
}

void
edits_add_group (struct device_edits *edits, gid_t group)
{
  for (size_t i = 0; i < edits->group_count; i++)
    if (edits->groups[i] == group)
      return;
  edits->groups = xreallocarray (edits->groups, edits->group_count + 1,
                                 sizeof *edits->groups);
  edits->groups[edits->group_count++] = group;
}

void
edits_release (struct device_edits *edits)
{
  for (size_t i = 0; i < edits->mount_count; i++)
    {
      free (edits->mounts[i].host);
      free (edits->mounts[i].guest);
    }
  free (edits->mounts);
  for (size_t i = 0; i < edits->variable_count; i++)
    free (edits->variables[i]);
  free (edits->variables);
  for (size_t i = 0; i < edits->folder_count; i++)
    free (edits->folders[i]);
  free (edits->folders);
  free (edits->groups);
  *edits = (struct device_edits){ 0 };
}
