/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the engine has on disk while it runs.  */

#include "lib/start/temporary.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Directories that were made, in the order in which they were.  */
static char **made;
static size_t made_count;

/* Remove them, the last first: each lies in one before it.  */
static void
remove_all (void)
{
  while (made_count > 0)
    {
      (void) rmdir (made[--made_count]);
      free (made[made_count]);
    }
  free (made);
}

/* Note that PATH was made.  Return 0 or -ENOMEM.  */
static int
note (const char *path)
{
  char **bigger = realloc (made, (made_count + 1) * sizeof *made);
  if (bigger == NULL)
    return -ENOMEM;
  made = bigger;
  made[made_count] = strdup (path);
  if (made[made_count] == NULL)
    return -ENOMEM;
  made_count++;
  return 0;
}

const char *
temporary_place (void)
{
  const char *place = getenv ("PROOT_TMP_DIR");
  if (place == NULL)
    place = getenv ("TMPDIR");
  return place != NULL && place[0] != '\0' ? place : "/tmp";
}

const char *
temporary_directory (void)
{
  static char path[PATH_MAX];
  if (path[0] != '\0')
    return path;
  (void) snprintf (path, sizeof path, "%s/udocker-XXXXXX", temporary_place ());
  bool good = mkdtemp (path) != NULL;
  if (good)
    {
      (void) atexit (remove_all);
      good = note (path) == 0;
    }
  if (good)
    return path;
  path[0] = '\0';
  return NULL;
}

bool
temporary_exists (void)
{
  return made_count > 0;
}

int
temporary_make (const char *path)
{
  char whole[PATH_MAX];
  const char *top = temporary_directory ();
  if (top == NULL)
    return -errno;
  int length = snprintf (whole, sizeof whole, "%s%s/", top, path);
  if (length < 0 || (size_t) length >= sizeof whole)
    return -ENAMETOOLONG;
  for (char *slash = whole + strlen (top) + 1;
       (slash = strchr (slash, '/')) != NULL; slash++)
    {
      *slash = '\0';
      int error = mkdir (whole, 0755) == 0 ? note (whole)
                  : errno == EEXIST        ? 0
                                           : -errno;
      *slash = '/';
      if (error < 0)
        return error;
    }
  return 0;
}
