/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Directories above mount points.

   A descriptor of a directory that is nowhere cannot be had, and programs open
   directories to list them, to enter them, to start from there.  So what is
   missing in the container is a real directory elsewhere, bound like all else:
   that the container is never written to stays true.  */

#include "lib/start/parents.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/guest/call.h"
#include "lib/guest/view.h"
#include "lib/start/temporary.h"

/* Return whether the first LENGTH bytes of PATH, the place of a binding that
   lies in the binding BELOW of GUEST, name nothing there.  */
static bool
is_missing (const struct guest *guest, uint32_t below, const char *path,
            size_t length)
{
  const struct guest_view *view = guest->view;
  char name[PATH_MAX];
  struct stat status;
  size_t skip = below == 0 ? 1 : view->binding[below].guest_length + 1;

  if (length <= skip || length - skip >= sizeof name)
    return false;
  memcpy (name, path + skip, length - skip);
  name[length - skip] = '\0';
  return fstatat (guest->anchors[below], name, &status, AT_SYMLINK_NOFOLLOW)
             != 0
         && errno == ENOENT;
}

/* Return the length of the uppermost directory above PATH, the place of a
   binding that lies in the binding BELOW of GUEST, that is missing; 0 when
   none is.  */
static size_t
first_missing (const struct guest *guest, uint32_t below, const char *path)
{
  const char *last = strrchr (path, '/');

  if (!is_missing (guest, below, path, (size_t) (last - path)))
    return 0;
  const char *slash = path;
  do
    slash = strchr (slash + 1, '/');
  while (slash < last
         && !is_missing (guest, below, path, (size_t) (slash - path)));
  return (size_t) (slash - path);
}

/* Where the container sees the directory that has them all, cover that by
   itself: its files belong to no other place, and nobody changes them there.
   Return 0 or a negative errno.  */
static int
cover_source (const struct guest *guest, parents_show_function *show,
              void *data)
{
  char host[PATH_MAX];
  char place[GUEST_PATH_SIZE];

  if (realpath (temporary_directory (), host) == NULL)
    return 0;
  int length = guest_view_reverse (guest->view, host, strlen (host), 0, place,
                                   sizeof place);
  return length > 0 ? show (data, host, place) : 0;
}

int
parents_add (const struct guest *guest, parents_show_function *show, void *data)
{
  static unsigned int number; /* containers do not share theirs */
  const struct guest_view *view = guest->view;
  char shown[PATH_MAX] = "";
  char top[PATH_MAX];
  char host[2 * PATH_MAX];
  int count = 0;

  /* Neighbours in the order of the view have the same parents.  */
  for (uint32_t i = 1; i < view->binding_count; i++)
    {
      const char *place = guest_view_guest (view, i);
      size_t length = first_missing (guest, view->binding[i].parent, place);
      if (length == 0 || length >= sizeof top)
        continue;
      (void) snprintf (host, sizeof host, "/%u%.*s", number,
                       (int) (strrchr (place, '/') - place), place);
      if (temporary_make (host) < 0)
        continue;
      (void) snprintf (top, sizeof top, "%.*s", (int) length, place);
      if (strcmp (top, shown) == 0)
        continue;
      (void) snprintf (host, sizeof host, "%s/%u%s", temporary_directory (),
                       number, top);
      int error = show (data, host, top);
      if (error < 0)
        return error;
      strcpy (shown, top);
      count++;
    }
  int error = count > 0 ? cover_source (guest, show, data) : 0;
  number++;
  return error < 0 ? error : count;
}
