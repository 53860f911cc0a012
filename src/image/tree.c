/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Remove and measure directory trees.

   A removal goes down a ladder (ladder.h), so that neither depth nor a tree
   that is moved meanwhile matters, and no path is ever longer than one name.
   Nothing is entered that is a link or lies on another file system.  */

#include <config.h>

#include "src/image/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/image/ladder.h"
#include "xalloc.h"

/* A directory on the way down.  */
struct level
{
  char *name;         /* in its parent; NULL for the first */
  char **directories; /* names of subdirectories still to be removed */
  size_t directory_count;
  size_t directory_space;
  bool is_second_pass;
};

/* A removal at work.  */
struct removal
{
  struct ladder ladder;
  struct level *levels; /* a step of the ladder each */
  size_t count;
  size_t space;
  dev_t device;
  int number; /* errno of the first failure */
  char *text;
};

static void
note (struct removal *removal, int number, const char *name)
{
  if (removal->number != 0)
    return;
  removal->number = number;
  removal->text = xstrdup (name);
}

static void
level_release (struct level *level)
{
  for (size_t i = 0; i < level->directory_count; i++)
    free (level->directories[i]);
  free (level->directories);
  free (level->name);
}

static void
removal_release (struct removal *removal)
{
  while (removal->count > 0)
    level_release (&removal->levels[--removal->count]);
  ladder_release (&removal->ladder);
  free (removal->levels);
  free (removal->text);
}

/* Change the mode of the directory that FD, an O_PATH descriptor, names so
   that its owner can empty it.  */
static int
open_permissions (int fd)
{
  char path[64];

  snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  return chmod (path, 0700) < 0 ? -errno : 0;
}

/* Open the directory NAME below DIR for reading and emptying.  Return its
   descriptor or a negative errno.  */
static int
open_directory (int dir, const char *name)
{
  const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat (dir, name, O_RDONLY | flags);

  if (fd >= 0 || errno != EACCES)
    return fd >= 0 ? fd : -errno;

  AUTO_CLOSE int handle = openat (dir, name, O_PATH | flags);
  if (handle < 0)
    return -errno;
  int status = open_permissions (handle);
  if (status < 0)
    return status;
  fd = openat (dir, name, O_RDONLY | flags);
  return fd >= 0 ? fd : -errno;
}

/* Remove NAME, no directory, or with FLAGS AT_REMOVEDIR an empty one, below
   DIR; give DIR write permission when that is what lacks.  */
static int
remove_entry (int dir, const char *name, int flags)
{
  if (unlinkat (dir, name, flags) == 0 || errno == ENOENT)
    return 0;
  if (errno == EACCES && fchmod (dir, 0700) == 0
      && (unlinkat (dir, name, flags) == 0 || errno == ENOENT))
    return 0;
  return -errno;
}

/* Remove what LEVEL, the last, holds but its directories, whose names it
   collects.  */
static void
empty_level (struct removal *removal, struct level *level)
{
  int fd = ladder_fd (&removal->ladder);
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  AUTO_CLOSEDIR DIR *stream = copy < 0 ? NULL : fdopendir (copy);

  if (stream == NULL)
    {
      note (removal, errno, level->name ? level->name : ".");
      if (copy >= 0)
        close (copy);
      return;
    }
  rewinddir (stream);
  for (;;)
    {
      errno = 0;
      struct dirent *entry = readdir (stream);
      if (entry == NULL)
        break;
      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      if (entry->d_type != DT_DIR)
        {
          int status = remove_entry (fd, entry->d_name, 0);
          if (status == 0)
            continue;
          if (status != -EISDIR && status != -EPERM)
            {
              note (removal, -status, entry->d_name);
              continue;
            }
          struct stat info;
          if (fstatat (fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0
              || !S_ISDIR (info.st_mode))
            {
              note (removal, -status, entry->d_name);
              continue;
            }
        }
      if (level->directory_count == level->directory_space)
        level->directories =
            x2nrealloc (level->directories, &level->directory_space,
                        sizeof *level->directories);
      level->directories[level->directory_count++] = xstrdup (entry->d_name);
    }
  if (errno != 0)
    note (removal, errno, level->name ? level->name : ".");
}

/* Enter the directory FD, whose NAME (NULL for the first) becomes owned, and
   remove what is in it but directories.  */
static void
push_level (struct removal *removal, int fd, char *name)
{
  struct stat info;
  struct level level = { .name = name };
  int number = 0;

  if (fstat (fd, &info) < 0)
    number = errno;
  else if (removal->count > 0 && info.st_dev != removal->device)
    number = EXDEV;
  if (number != 0)
    close (fd);
  else
    number = -ladder_push (&removal->ladder, fd);
  if (number != 0)
    {
      note (removal, number, name ? name : ".");
      level_release (&level);
      return;
    }
  removal->device = info.st_dev;
  empty_level (removal, &level);
  if (removal->count == removal->space)
    removal->levels =
        x2nrealloc (removal->levels, &removal->space, sizeof *removal->levels);
  removal->levels[removal->count++] = level;
}

/* Leave the last level, which is empty as far as it could be emptied, and
   remove it from its parent.  Return false when the walk cannot go on.  */
static bool
pop_level (struct removal *removal)
{
  struct level *level = &removal->levels[removal->count - 1];
  AUTO_CLOSE int fd = -1;

  int status = ladder_pop (&removal->ladder, &fd);
  if (status < 0)
    {
      note (removal, -status, level->name);
      return false;
    }
  status =
      remove_entry (ladder_fd (&removal->ladder), level->name, AT_REMOVEDIR);
  if (status == -ENOTEMPTY && !level->is_second_pass && removal->number == 0)
    {
      /* Some file systems skip entries while others are removed.  */
      level->is_second_pass = true;
      status = ladder_push (&removal->ladder, TAKE_FD (fd));
      if (status == 0)
        {
          empty_level (removal, level);
          return true;
        }
    }
  if (status < 0)
    note (removal, -status, level->name);
  level_release (level);
  removal->count--;
  return true;
}

/* Do the work of a REMOVAL whose first level is there.  */
static void
run (struct removal *removal)
{
  while (removal->count > 0)
    {
      struct level *level = &removal->levels[removal->count - 1];
      if (level->directory_count > 0)
        {
          char *name = level->directories[--level->directory_count];
          int fd = open_directory (ladder_fd (&removal->ladder), name);
          if (fd >= 0)
            push_level (removal, fd, name);
          else
            {
              if (fd != -ENOENT)
                note (removal, -fd, name);
              free (name);
            }
        }
      else if (removal->count == 1 || !pop_level (removal))
        break;
    }
}

static int
report (const struct removal *removal, struct error *err)
{
  if (removal->number == 0)
    return 0;
  return error_set (
      err, removal->number, _ ("cannot remove '%s': %s"), removal->text,
      removal->number == EXDEV ? _ ("another file system is mounted there")
                               : strerror (removal->number));
}

int
tree_clear (int dir, bool force, struct error *err)
{
  __attribute__ ((cleanup (removal_release))) struct removal removal = { 0 };
  int fd = openat (dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return error_set (err, errno, _ ("cannot open a directory: %s"),
                      strerror (errno));
  push_level (&removal, fd, NULL);
  run (&removal);
  return force ? 0 : report (&removal, err);
}

int
tree_remove (int dir, const char *name, bool force, struct error *err)
{
  __attribute__ ((cleanup (removal_release))) struct removal removal = { 0 };

  int status = remove_entry (dir, name, 0);
  if (status == 0)
    return 0;
  int fd = open_directory (dir, name);
  if (fd < 0)
    return error_set (
        err, fd == -ENOTDIR || fd == -ELOOP ? -status : -fd,
        _ ("cannot remove '%s': %s"), name,
        strerror (fd == -ENOTDIR || fd == -ELOOP ? -status : -fd));
  push_level (&removal, fd, NULL);
  run (&removal);
  status = remove_entry (dir, name, AT_REMOVEDIR);
  if (removal.number != 0 && (!force || status < 0))
    return report (&removal, err);
  if (status < 0)
    return error_set (err, -status, _ ("cannot remove '%s': %s"), name,
                      strerror (-status));
  return 0;
}

/* Measuring.  */

enum
{
  MEASURE_DEPTH_MAXIMUM = 256, /* each level holds a descriptor */
  MEASURE_PAUSE = 256          /* things met until who watches is told */
};

/* A measurement at work: its sum, and the files with several names that it
   has met, in a hash table of a power of two slots; 0 is free.  */
struct measurement
{
  intmax_t sum;
  tree_advanced_function *advanced; /* or NULL */
  void *data;
  size_t met; /* how many things */
  dev_t device;
  ino_t *slots;
  size_t space;
  size_t count;
};

/* Return the slot of INODE in SLOTS, or the free one where it belongs.  */
static size_t
find_inode (const ino_t *slots, size_t space, ino_t inode)
{
  size_t slot = (size_t) (inode * 0x9e3779b97f4a7c15u >> 20) & (space - 1);

  while (slots[slot] != 0 && slots[slot] != inode)
    slot = (slot + 1) & (space - 1);
  return slot;
}

/* Tell whether MEASUREMENT meets INODE for the first time.  */
static bool
is_first_meeting (struct measurement *measurement, ino_t inode)
{
  if (measurement->count * 2 >= measurement->space)
    {
      size_t space = measurement->space == 0 ? 1024 : measurement->space * 2;
      ino_t *slots = xcalloc (space, sizeof *slots);
      for (size_t i = 0; i < measurement->space; i++)
        if (measurement->slots[i] != 0)
          slots[find_inode (slots, space, measurement->slots[i])] =
              measurement->slots[i];
      free (measurement->slots);
      measurement->slots = slots;
      measurement->space = space;
    }
  size_t slot = find_inode (measurement->slots, measurement->space, inode);
  if (measurement->slots[slot] != 0)
    return false;
  measurement->slots[slot] = inode;
  measurement->count++;
  return true;
}

static void measure (struct measurement *measurement, int dir, const char *name,
                     int depth);

/* Add up what is in the directory NAME below DIR.  */
static void
measure_directory (struct measurement *measurement, int dir, const char *name,
                   int depth)
{
  int fd = openat (dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  AUTO_CLOSEDIR DIR *stream = fd < 0 ? NULL : fdopendir (fd);
  const struct dirent *entry;

  if (stream == NULL && fd >= 0)
    close (fd);
  while (stream != NULL && (entry = readdir (stream)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      measure (measurement, fd, entry->d_name, depth + 1);
}

static void
measure (struct measurement *measurement, int dir, const char *name, int depth)
{
  struct stat info;

  if (fstatat (dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
    return;
  if (depth == 0)
    measurement->device = info.st_dev;
  if (info.st_dev != measurement->device)
    return;
  bool is_directory = S_ISDIR (info.st_mode);
  if (is_directory || info.st_nlink < 2
      || is_first_meeting (measurement, info.st_ino))
    measurement->sum += (intmax_t) info.st_blocks * 512;
  if (++measurement->met % MEASURE_PAUSE == 0 && measurement->advanced != NULL)
    measurement->advanced (measurement->data, measurement->sum);
  if (is_directory && depth < MEASURE_DEPTH_MAXIMUM)
    measure_directory (measurement, dir, name, depth);
}

intmax_t
tree_size (int dir, const char *name)
{
  return tree_size_watched (dir, name, NULL, NULL);
}

intmax_t
tree_size_watched (int dir, const char *name, tree_advanced_function *advanced,
                   void *data)
{
  struct measurement measurement = { .advanced = advanced, .data = data };

  measure (&measurement, dir, name, 0);
  free (measurement.slots);
  return measurement.sum;
}
