/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Walk a directory tree to copy it or to put it into an archive.

   Everything is reached from the open descriptor of the directory it lies in,
   by a name without slash and without following links, so that whatever a
   running container does to its tree meanwhile, the walk stays in it.  A
   regular file is opened first and looked at then: one call less for each
   file than the other way round, and no moment between.  */

#include <config.h>

#include "src/image/tree-walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/image/ladder.h"
#include "xalloc.h"

#define OPEN_FLAGS                                                             \
  (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOATIME)

/* What the kernel tells of a directory.  */
struct kernel_entry
{
  uint64_t inode;
  int64_t next;
  uint16_t size; /* of this */
  uint8_t type;
  char name[];
};

/* What is still to be done in a directory on the way down.  */
struct level
{
  struct stat info;
  size_t path_length; /* of its path */
  struct buffer text; /* a byte for the type, a name, NUL, and so on */
  const char **names; /* where the names begin in TEXT, sorted */
  size_t count;
  size_t next;
  mode_t mode; /* to be restored if MUST_RESTORE */
  bool must_restore;
};

/* A walk under way.  */
struct walk
{
  const struct tree_visitor *visitor;
  void *data;
  const volatile sig_atomic_t *stop;
  struct ladder ladder;
  struct level *levels; /* as many as steps of the ladder */
  size_t space;
  struct buffer path;
  uint64_t entries[4096]; /* of a directory being read */
  int flags;              /* to open with: OPEN_FLAGS, or without O_NOATIME */
};

static void
restore_mode (const struct level *level, int fd)
{
  if (level->must_restore)
    (void) fchmod (fd, level->mode); /* was ours to change, still is */
}

static void
level_release (struct level *level)
{
  buffer_release (&level->text);
  free (level->names);
}

/* When a walk ends early directories may still have a mode of ours.  */
static void
walk_release (struct walk *walk)
{
  while (walk->ladder.count > 0)
    {
      struct level *level = &walk->levels[walk->ladder.count - 1];
      AUTO_CLOSE int fd = -1;
      (void) ladder_pop (&walk->ladder, &fd); /* -1 has no mode to restore */
      restore_mode (level, fd);
      level_release (level);
    }
  ladder_release (&walk->ladder);
  free (walk->levels);
  buffer_release (&walk->path);
}

static int
set_read_error (const struct walk *walk, int number, struct error *err)
{
  return error_set (err, number, _ ("cannot read '%s': %s"),
                    walk->path.length == 0 ? "." : walk->path.data,
                    strerror (number));
}

/* Reading directories.  */

static int
compare_names (const void *a, const void *b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Find the names in the text of LEVEL and sort them.  */
static void
sort_names (struct level *level)
{
  const char *place = level->text.data;

  level->names = xcalloc (level->count + 1, sizeof *level->names);
  for (size_t i = 0; i < level->count; i++)
    {
      level->names[i] = place + 1;
      place += strlen (place + 1) + 2;
    }
  qsort (level->names, level->count, sizeof *level->names, compare_names);
}

/* Read the names in the directory FD, opened just now, which is LEVEL's.  Not
   with readdir, whose stream would be a second descriptor and 32 KB of memory
   for each directory.  */
static int
read_names (struct walk *walk, int fd, struct level *level, struct error *err)
{
  bool (*wants) (const char *name) =
      walk->ladder.count == 0 ? walk->visitor->wants : NULL;
  long size = 0;

  while (
      (size = syscall (SYS_getdents64, fd, walk->entries, sizeof walk->entries))
      > 0)
    for (long place = 0; place < size;)
      {
        const struct kernel_entry *entry =
            (const void *) ((const char *) walk->entries + place);
        const char *name = entry->name;
        place += entry->size;
        if (strcmp (name, ".") == 0 || strcmp (name, "..") == 0
            || (wants != NULL && !wants (name)))
          continue;
        buffer_add_char (&level->text, (char) entry->type);
        buffer_add (&level->text, name, strlen (name) + 1);
        level->count++;
      }
  if (size < 0)
    return set_read_error (walk, errno, err);
  sort_names (level);
  return 0;
}

/* Opening.  */

/* Open NAME below DIR.  Return a descriptor or a negative errno.  */
static int
open_entry (struct walk *walk, int dir, const char *name)
{
  int fd = openat (dir, name, walk->flags);

  if (fd < 0 && errno == EPERM && (walk->flags & O_NOATIME) != 0)
    {
      /* Not all of the tree is ours.  */
      walk->flags &= ~O_NOATIME;
      fd = openat (dir, name, walk->flags);
    }
  return fd < 0 ? -errno : fd;
}

/* Give the file or directory NAME below DIR the permissions that its owner
   needs to read it, if that is what lacks and we are its owner.  Return true
   with *MODE what it had before.  */
static bool
open_permissions (int dir, const char *name, mode_t *mode)
{
  struct stat info;
  char path[64];
  AUTO_CLOSE int fd = openat (dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0 || fstat (fd, &info) < 0 || info.st_uid != geteuid ())
    return false;
  mode_t lacks = S_ISDIR (info.st_mode)   ? S_IRUSR | S_IXUSR
                 : S_ISREG (info.st_mode) ? S_IRUSR
                                          : 0;
  if ((info.st_mode & lacks) == lacks)
    return false;
  snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  *mode = info.st_mode & 07777;
  return chmod (path, *mode | lacks) == 0;
}

/* Tell what kind of thing NAME below DIR is, which has the type TYPE as far as
   its directory says; fill INFO unless it is certainly a directory or a
   regular file.  Return 0 or a negative errno.  */
static int
find_type (int dir, const char *name, unsigned char *type, struct stat *info)
{
  if (*type == DT_REG || *type == DT_DIR)
    return 0;
  if (fstatat (dir, name, info, AT_SYMLINK_NOFOLLOW) < 0)
    return -errno;
  *type = (unsigned char) IFTODT (info->st_mode);
  return 0;
}

/* Walking.  */

/* Describe the directory that the walk is in.  */
static struct tree_entry
this_directory (const struct walk *walk, size_t name_start)
{
  return (struct tree_entry){
    .dir = -1,
    .fd = -1,
    .name = walk->path.data + name_start,
    .path = walk->path.data,
    .info = &walk->levels[walk->ladder.count - 1].info,
  };
}

/* Go down into the directory FD, which is owned, at WALK's path, in DIR (-1:
   the top) under the name that begins at NAME_START.  */
static int
go_down (struct walk *walk, int dir, int fd, size_t name_start,
         struct level *level, struct error *err)
{
  AUTO_CLOSE int owned = fd;
  size_t depth = walk->ladder.count;
  bool is_other =
      depth > 0 && level->info.st_dev != walk->levels[0].info.st_dev;

  int status = is_other ? 0 : read_names (walk, fd, level, err);
  if (status == 0)
    {
      status = ladder_push (&walk->ladder, TAKE_FD (owned));
      if (status < 0)
        status = set_read_error (walk, -status, err);
    }
  if (status < 0)
    {
      restore_mode (level, fd);
      level_release (level);
      return status;
    }
  if (walk->ladder.count > walk->space)
    walk->levels =
        x2nrealloc (walk->levels, &walk->space, sizeof *walk->levels);
  walk->levels[depth] = *level;

  struct tree_entry entry = this_directory (walk, name_start);
  entry.dir = dir;
  entry.fd = fd;
  return walk->visitor->enter (walk->data, &entry, err);
}

/* Leave the directory that the walk is in.  */
static int
go_up (struct walk *walk, struct error *err)
{
  struct level *level = &walk->levels[walk->ladder.count - 1];
  const char *slash = strrchr (walk->path.data, '/');
  struct tree_entry entry = this_directory (
      walk, slash == NULL ? 0 : (size_t) (slash + 1 - walk->path.data));
  AUTO_CLOSE int fd = -1;

  int status = walk->visitor->leave == NULL
                   ? 0
                   : walk->visitor->leave (walk->data, &entry, err);
  if (status < 0)
    return status;
  status = ladder_pop (&walk->ladder, &fd);
  restore_mode (level, fd);
  level_release (level);
  if (status < 0)
    return set_read_error (walk, -status, err);

  size_t length = walk->ladder.count == 0 ? 0 : level[-1].path_length;
  walk->path.length = length;
  walk->path.data[length] = '\0';
  return 0;
}

/* Visit what is called NAME, with TYPE, in the directory DIR that the walk is
   in.  Its path is WALK's.  */
static int
visit (struct walk *walk, int dir, const char *name, unsigned char type,
       struct error *err)
{
  struct level level = { .path_length = walk->path.length };
  size_t name_start = walk->path.length - strlen (name);
  AUTO_CLOSE int fd = -1;

  int status = find_type (dir, name, &type, &level.info);
  if (status == 0 && (type == DT_REG || type == DT_DIR))
    {
      status = fd = open_entry (walk, dir, name);
      if (status == -EACCES)
        {
          level.must_restore = open_permissions (dir, name, &level.mode);
          if (level.must_restore)
            status = fd = open_entry (walk, dir, name);
        }
      if (status >= 0)
        status = fstat (fd, &level.info) < 0 ? -errno : 0;
      if (status == 0 && S_ISDIR (level.info.st_mode) && !level.must_restore
          && (level.info.st_mode & S_IXUSR) == 0)
        level.must_restore = open_permissions (dir, name, &level.mode);
      if (status == 0 && level.must_restore)
        level.info.st_mode = (level.info.st_mode & S_IFMT) | level.mode;
    }
  /* Gone, or become a link, meanwhile.  */
  if (status == -ENOENT || status == -ELOOP)
    return 0;
  if (status < 0)
    return set_read_error (walk, -status, err);
  if (fd >= 0 && S_ISDIR (level.info.st_mode))
    return go_down (walk, dir, TAKE_FD (fd), name_start, &level, err);

  const struct tree_entry entry = {
    .dir = dir,
    .name = walk->path.data + name_start,
    .path = walk->path.data,
    .fd = fd,
    .info = &level.info,
  };
  if (fd >= 0)
    restore_mode (&level, fd);
  return walk->visitor->visit (walk->data, &entry, err);
}

/* Take the next step of WALK, which is somewhere.  */
static int
take_step (struct walk *walk, struct error *err)
{
  struct level *level = &walk->levels[walk->ladder.count - 1];

  if (walk->stop != NULL && *walk->stop != 0)
    return error_set (err, EINTR, _ ("interrupted"));
  if (level->next == level->count)
    return go_up (walk, err);

  const char *name = level->names[level->next++];
  size_t length = level->path_length;
  size_t depth = walk->ladder.count;
  if (length > 0)
    buffer_add_char (&walk->path, '/');
  buffer_add_string (&walk->path, name);
  int status = visit (walk, ladder_fd (&walk->ladder), name,
                      (unsigned char) name[-1], err);
  if (walk->ladder.count == depth)
    {
      walk->path.length = length;
      walk->path.data[length] = '\0';
    }
  return status;
}

int
tree_walk (int top, const struct tree_visitor *visitor, void *data,
           const volatile sig_atomic_t *stop, struct error *err)
{
  __attribute__ ((cleanup (walk_release))) struct walk walk = {
    .visitor = visitor,
    .data = data,
    .stop = stop,
    .flags = OPEN_FLAGS,
  };
  struct level level = { 0 };

  buffer_add (&walk.path, "", 0);
  AUTO_CLOSE int fd = openat (top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &level.info) < 0)
    return set_read_error (&walk, errno, err);
  int status = go_down (&walk, -1, TAKE_FD (fd), 0, &level, err);
  while (status == 0 && walk.ladder.count > 0)
    status = take_step (&walk, err);
  return status;
}
