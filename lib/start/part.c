/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Programs of this package that engines start.  */

#include "lib/start/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/plan/plan.h"

/* Return a descriptor of a copy in memory of the file PATH, or a negative
   errno.  */
static int
copy_to_memory (const char *path, const char *name)
{
  char buffer[65536];
  int from = open (path, O_RDONLY | O_CLOEXEC);
  if (from < 0)
    return -errno;
  int to = (int) syscall (SYS_memfd_create, name, 1 /* close on exec */);
  ssize_t size = 1;
  while (to >= 0 && size > 0)
    {
      size = read (from, buffer, sizeof buffer);
      if (size < 0 || write (to, buffer, (size_t) size) != size)
        size = -1;
    }
  (void) close (from);
  if (to >= 0 && size == 0 && fchmod (to, 0555) == 0)
    return to;
  if (to >= 0)
    (void) close (to);
  return -EACCES;
}

int
part_find (const char *name, const struct plan *plan, char *path, int *fd)
{
  const char *directory = plan_text (plan, PLAN_LIBEXEC, NULL);
  char own[PATH_MAX];
  *fd = -1;
  path[0] = '\0';
  if (directory == NULL)
    {
      ssize_t length = readlink ("/proc/self/exe", own, sizeof own - 1);
      if (length <= 0)
        return -ENOENT;
      own[length] = '\0';
      *strrchr (own, '/') = '\0';
      directory = own;
    }
  int length = snprintf (path, PATH_MAX, "%s/%s", directory, name);
  if (length < 0 || length >= PATH_MAX)
    return -ENAMETOOLONG;
  if (access (path, X_OK) == 0)
    return 0;

  int copy = copy_to_memory (path, name);
  if (copy < 0)
    return copy;
  *fd = copy;
  (void) snprintf (path, PATH_MAX, "/proc/%d/fd/%d", (int) getpid (), copy);
  return 0;
}
