/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Permission bits that are given back in the end.

   Root of a container goes through directories that are closed to the host's
   user, and makes files that this user could not read, so that the engine,
   which is that user, adds bits for the owner.  Nobody outside is to notice
   afterwards.  */

#include "lib/start/modes.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

struct file
{
  char *path;
  dev_t device;
  ino_t inode;
  uint32_t mode;
  bool is_past; /* something else was said of it later */
};

static struct file *files;
static size_t file_count, file_room;

/* Order by file, and what was said of one by when: FILES is in that order.  */
static int
compare (const void *one, const void *other)
{
  const struct file *a = *(struct file *const *) one;
  const struct file *b = *(struct file *const *) other;
  if (a->device != b->device)
    return a->device < b->device ? -1 : 1;
  if (a->inode != b->inode)
    return a->inode < b->inode ? -1 : 1;
  return a < b ? -1 : a > b;
}

/* Note which of FILES do not count.  Return whether there was memory.  */
static bool
mark_past (void)
{
  struct file **sorted = calloc (file_count, sizeof *sorted);
  if (sorted == NULL)
    return false;
  for (size_t i = 0; i < file_count; i++)
    sorted[i] = &files[i];
  qsort (sorted, file_count, sizeof *sorted, compare);
  for (size_t i = 0; i + 1 < file_count; i++)
    sorted[i]->is_past = sorted[i]->device == sorted[i + 1]->device
                         && sorted[i]->inode == sorted[i + 1]->inode;
  free (sorted);
  return true;
}

static void
restore (const struct file *file)
{
  char name[32];
  struct stat status;
  int fd = open (file->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return;
  if (syscall (SYS_fstat, fd, &status) == 0 && status.st_dev == file->device
      && status.st_ino == file->inode
      && ((status.st_mode & 07777) ^ file->mode) != 0
      && ((status.st_mode & 07777) ^ file->mode
          ^ (status.st_mode & ~file->mode & S_IRWXU))
             == 0)
    {
      (void) snprintf (name, sizeof name, "/proc/self/fd/%d", fd);
      (void) chmod (name, file->mode);
    }
  (void) close (fd);
}

/* The last first: a directory was opened before what is in it.  */
static void
restore_all (void)
{
  bool marked = mark_past ();
  for (size_t i = file_count; i > 0; i--)
    {
      struct file *file = &files[i - 1];
      if (marked && !file->is_past)
        restore (file);
      free (file->path);
    }
  free (files);
}

void
modes_restore (int fd, uint32_t mode)
{
  char name[32];
  char path[PATH_MAX];
  struct stat status;
  (void) snprintf (name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink (name, path, sizeof path - 1);
  if (length <= 0 || syscall (SYS_fstat, fd, &status) != 0)
    return;
  path[length] = '\0';
  if (file_count == file_room)
    {
      size_t room = file_room > 0 ? 2 * file_room : 64;
      struct file *bigger = realloc (files, room * sizeof *bigger);
      if (bigger == NULL)
        return;
      if (files == NULL)
        (void) atexit (restore_all);
      files = bigger;
      file_room = room;
    }
  char *copy = strdup (path);
  if (copy != NULL)
    files[file_count++] =
        (struct file){ copy, status.st_dev, status.st_ino, mode, false };
}
