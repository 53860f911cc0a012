/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Copy a directory tree.

   tree-walk reads the original; here the copy is made, name by name in the
   open directory that corresponds.  The umask is out of the way, so that a
   file is born with its permissions.  Directories get their times when the
   walk leaves them, and those that deny something to their owner get their
   permissions last of all, since later files may be links to what is in
   them.  */

#include <config.h>

#include "src/image/tree-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "src/image/ladder.h"
#include "src/image/tree-walk.h"
#include "xalloc.h"
#include "xstrndup.h"

enum
{
  DATA_SIZE = 256 * 1024,          /* bytes copied by hand at once */
  RANGE_MAXIMUM = 64 * 1024 * 1024 /* and by the kernel */
};

#define FILE_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)
#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* The copy of a file that has several names.  */
struct linked
{
  dev_t device; /* the original's */
  ino_t inode;
  char path[]; /* the copy's first name */
};

/* A directory whose permissions come last.  */
struct closed
{
  char *path;
  mode_t mode;
};

/* A copy under way.  */
struct copy
{
  int target;
  struct ladder ladder; /* of the copy */
  struct progress_line *line;
  const volatile sig_atomic_t *stop;
  int64_t done;
  char *data;  /* DATA_SIZE bytes */
  void *links; /* a tree of struct linked, see tsearch */
  struct closed *closed;
  size_t closed_count;
  size_t closed_space;
  uid_t uid;
  gid_t gid;
  mode_t mask; /* the umask as it was */
  bool no_reflinks;
  bool no_ranges;
  bool no_attributes;
  size_t skipped;
};

static void
copy_release (struct copy *copy)
{
  (void) umask (copy->mask);
  ladder_release (&copy->ladder);
  for (size_t i = 0; i < copy->closed_count; i++)
    free (copy->closed[i].path);
  free (copy->closed);
  tdestroy (copy->links, free);
  free (copy->data);
}

static int
set_copy_error (int status, const struct tree_entry *entry, struct error *err)
{
  return error_set (err, -status, _ ("cannot copy '%s': %s"), entry->path,
                    strerror (-status));
}

/* Attributes.  */

/* Copy the attributes that belong to users from SOURCE to TARGET, as far as
   the file system takes them.  */
static void
copy_attributes (struct copy *copy, int source, int target)
{
  char names[4096];

  if (copy->no_attributes)
    return;
  ssize_t size = flistxattr (source, names, sizeof names);
  if (size < 0 && errno == ENOTSUP)
    copy->no_attributes = true;
  for (const char *name = names; size > 0 && name < names + size;
       name += strlen (name) + 1)
    {
      if (strncmp (name, "user.", 5) != 0)
        continue;
      AUTO_FREE char *value = xmalloc (XATTR_SIZE_MAX);
      ssize_t length = fgetxattr (source, name, value, XATTR_SIZE_MAX);
      if (length >= 0)
        (void) fsetxattr (target, name, value, (size_t) length, 0);
    }
}

/* The permissions that the copy of what INFO describes gets.  */
static mode_t
mode_of (const struct copy *copy, const struct stat *info)
{
  mode_t mode = info->st_mode & 07777;

  return info->st_uid == copy->uid || copy->uid == 0 ? mode : mode & 01777;
}

/* Tell whether the copy of what INFO describes is born with another owner or
   group than it should have.  */
static bool
needs_owner (const struct copy *copy, const struct stat *info)
{
  return info->st_gid != copy->gid
         || (copy->uid == 0 && info->st_uid != copy->uid);
}

/* Give the open file FD the owner that INFO says, as far as the caller may,
   and then its permissions.  */
static int
set_owner (const struct copy *copy, int fd, const struct stat *info)
{
  mode_t mode = mode_of (copy, info);

  if (fchown (fd, copy->uid == 0 ? info->st_uid : (uid_t) -1, info->st_gid) < 0)
    mode &= ~(mode_t) S_ISGID;
  return fchmod (fd, mode) < 0 ? -errno : 0;
}

/* Set the times of NAME below DIR, no link followed.  */
static int
set_times (int dir, const char *name, const struct stat *info)
{
  const struct timespec times[2] = { info->st_atim, info->st_mtim };

  return utimensat (dir, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* Content.  */

static void
report (struct copy *copy, int64_t bytes)
{
  copy->done += bytes;
  if (copy->line != NULL)
    progress_update (copy->line, copy->done);
}

/* Copy at most SIZE bytes from SOURCE to TARGET, from where both stand.
   Return how many, 0 at the end, or a negative errno.  */
static ssize_t
copy_some (struct copy *copy, int source, int target, off_t size)
{
  ssize_t got = -1;

  if (*copy->stop != 0)
    return -EINTR;
  if (!copy->no_ranges && size > DATA_SIZE)
    {
      size_t length = size > RANGE_MAXIMUM ? RANGE_MAXIMUM : (size_t) size;
      got = copy_file_range (source, NULL, target, NULL, length, 0);
      if (got > 0)
        return got;
      /* Zero may be a file system's way to say that it cannot.  */
      if (got < 0
          && (errno == EIO || file_is_no_room (errno)
              || errno == EFBIG))
        return -errno;
      copy->no_ranges = got < 0 && errno != EINTR;
    }
  do
    got =
        read (source, copy->data, size > DATA_SIZE ? DATA_SIZE : (size_t) size);
  while (got < 0 && errno == EINTR && *copy->stop == 0);
  if (got <= 0)
    return got < 0 ? -errno : 0;
  int status = file_write_all (target, copy->data, (size_t) got);
  return status < 0 ? status : got;
}

/* Copy SIZE bytes, or what there is of them, from where both stand.  */
static int
copy_range (struct copy *copy, int source, int target, off_t size)
{
  while (size > 0)
    {
      ssize_t got = copy_some (copy, source, target, size);
      if (got <= 0)
        return (int) got;
      report (copy, got);
      size -= got;
    }
  return 0;
}

/* Copy what SOURCE, of SIZE bytes, has between its holes.  */
static int
copy_sparse (struct copy *copy, int source, int target, off_t size)
{
  off_t start = 0;

  while (start < size)
    {
      start = lseek (source, start, SEEK_DATA);
      if (start < 0 && errno == ENXIO)
        break; /* all that is left is a hole */
      off_t end = start < 0 ? -1 : lseek (source, start, SEEK_HOLE);
      if (end < 0 || lseek (source, start, SEEK_SET) < 0
          || lseek (target, start, SEEK_SET) < 0)
        return -errno;
      int status = copy_range (copy, source, target, end - start);
      if (status < 0)
        return status;
      start = end;
    }
  return ftruncate (target, size) < 0 ? -errno : 0;
}

/* Copy the content of SOURCE, which INFO describes, to the new file TARGET.  */
static int
copy_content (struct copy *copy, int source, int target,
              const struct stat *info)
{
  if (info->st_size == 0)
    return 0;
  if (!copy->no_reflinks)
    {
      if (ioctl (target, FICLONE, source) == 0)
        {
          report (copy, info->st_size);
          return 0;
        }
      if (errno == EIO || file_is_no_room (errno))
        return -errno;
      copy->no_reflinks = true;
    }
  if (info->st_blocks < info->st_size / 512)
    return copy_sparse (copy, source, target, info->st_size);
  return copy_range (copy, source, target, info->st_size);
}

/* Names.  */

static int
copy_file (struct copy *copy, int dir, const struct tree_entry *entry)
{
  const struct stat *info = entry->info;
  const struct timespec times[2] = { info->st_atim, info->st_mtim };
  mode_t mode = mode_of (copy, info);
  AUTO_CLOSE int fd = openat (dir, entry->name, FILE_FLAGS, mode & 0777);

  int status = fd < 0 ? -errno : copy_content (copy, entry->fd, fd, info);
  if (status < 0)
    return status;
  copy_attributes (copy, entry->fd, fd);
  if (needs_owner (copy, info))
    status = set_owner (copy, fd, info);
  else if ((mode & 07000) != 0 && fchmod (fd, mode) < 0)
    status = -errno;
  if (status == 0 && futimens (fd, times) < 0)
    status = -errno;
  if (status < 0)
    return status;
  /* Network file systems tell of a full disk only here.  */
  return close (TAKE_FD (fd)) < 0 && errno != EINTR ? -errno : 0;
}

static int
copy_link (struct copy *copy, int dir, const struct tree_entry *entry)
{
  AUTO_FREE char *target = file_read_link (entry->dir, entry->name);

  if (target == NULL)
    return errno == ENOENT || errno == EINVAL ? 0 : -errno; /* is gone */
  if (symlinkat (target, dir, entry->name) < 0)
    return -errno;
  if (needs_owner (copy, entry->info))
    (void) fchownat (dir, entry->name,
                     copy->uid == 0 ? entry->info->st_uid : (uid_t) -1,
                     entry->info->st_gid, AT_SYMLINK_NOFOLLOW);
  return set_times (dir, entry->name, entry->info);
}

/* Copy a FIFO, a socket, or a device.  */
static int
copy_special (struct copy *copy, int dir, const struct tree_entry *entry)
{
  const struct stat *info = entry->info;

  if (mknodat (dir, entry->name, info->st_mode & (S_IFMT | 0777), info->st_rdev)
      < 0)
    {
      if (errno != EPERM)
        return -errno;
      log_debug ("'%s' is a device and left out", entry->path);
      copy->skipped++;
      return 0;
    }
  if (needs_owner (copy, info))
    (void) fchownat (dir, entry->name,
                     copy->uid == 0 ? info->st_uid : (uid_t) -1, info->st_gid,
                     AT_SYMLINK_NOFOLLOW);
  return set_times (dir, entry->name, info);
}

/* Files with several names.  */

static int
compare_linked (const void *a, const void *b)
{
  const struct linked *one = a;
  const struct linked *other = b;

  if (one->inode != other->inode)
    return one->inode < other->inode ? -1 : 1;
  return (one->device > other->device) - (one->device < other->device);
}

/* Open the directory of the copy in which PATH lies; *LAST is the last part of
   PATH.  Return a descriptor or a negative errno.  */
static int
open_parent (const struct copy *copy, const char *path, const char **last)
{
  AUTO_CLOSE int fd = openat (copy->target, ".", DIRECTORY_FLAGS);

  for (;;)
    {
      const char *slash = strchr (path, '/');
      if (fd < 0)
        return -errno;
      if (slash == NULL)
        break;
      AUTO_FREE char *name = xstrndup (path, (size_t) (slash - path));
      int next = openat (fd, name, DIRECTORY_FLAGS);
      if (next < 0)
        return -errno;
      close (fd);
      fd = next;
      path = slash + 1;
    }
  *last = path;
  return TAKE_FD (fd);
}

/* If ENTRY is another name of what is copied already, make it so in DIR and
   return 1.  Otherwise remember it and return 0.  */
static int
copy_name (struct copy *copy, int dir, const struct tree_entry *entry)
{
  size_t size = strlen (entry->path) + 1;
  AUTO_FREE struct linked *new = xmalloc (sizeof *new + size);
  const char *last = NULL;

  new->device = entry->info->st_dev;
  new->inode = entry->info->st_ino;
  memcpy (new->path, entry->path, size);
  struct linked **found = tsearch (new, &copy->links, compare_linked);
  if (found == NULL)
    xalloc_die ();
  if (*found == new)
    {
      new = NULL;
      return 0;
    }
  AUTO_CLOSE int parent = open_parent (copy, (*found)->path, &last);
  if (parent < 0)
    return parent;
  if (linkat (parent, last, dir, entry->name, 0) == 0)
    return 1;
  /* Some file systems know no links, or no more of them: then by content.
     What cannot be made is not there either.  */
  return errno == EPERM || errno == EMLINK || errno == ENOTSUP
                 || errno == ENOENT
             ? 0
             : -errno;
}

/* What the walk calls.  */

static int
visit (void *data, const struct tree_entry *entry, struct error *err)
{
  struct copy *copy = data;
  int dir = ladder_fd (&copy->ladder);
  int status = 0;

  if (entry->info->st_nlink > 1)
    status = copy_name (copy, dir, entry);
  if (status == 0)
    switch (entry->info->st_mode & S_IFMT)
      {
      case S_IFREG:
        status = copy_file (copy, dir, entry);
        break;
      case S_IFLNK:
        status = copy_link (copy, dir, entry);
        break;
      default:
        status = copy_special (copy, dir, entry);
        break;
      }
  return status < 0 ? set_copy_error (status, entry, err) : 0;
}

static int
enter (void *data, const struct tree_entry *entry, struct error *err)
{
  struct copy *copy = data;
  int fd = -1;

  if (*entry->path == '\0')
    fd = openat (copy->target, ".", DIRECTORY_FLAGS);
  else
    {
      int dir = ladder_fd (&copy->ladder);
      if (mkdirat (dir, entry->name, (entry->info->st_mode & 0777) | 0700) == 0)
        fd = openat (dir, entry->name, DIRECTORY_FLAGS);
    }
  int status = fd < 0 ? -errno : ladder_push (&copy->ladder, fd);
  if (status < 0)
    return set_copy_error (status, entry, err);
  if (*entry->path != '\0')
    copy_attributes (copy, entry->fd, fd);
  return 0;
}

/* Give the directory FD its permissions, or remember to do so.  */
static int
set_directory_mode (struct copy *copy, int fd, const struct tree_entry *entry)
{
  mode_t mode = mode_of (copy, entry->info);

  if (needs_owner (copy, entry->info))
    (void) fchown (fd, copy->uid == 0 ? entry->info->st_uid : (uid_t) -1,
                   entry->info->st_gid);
  if ((mode & 0700) != 0700)
    {
      if (copy->closed_count == copy->closed_space)
        copy->closed = x2nrealloc (copy->closed, &copy->closed_space,
                                   sizeof *copy->closed);
      copy->closed[copy->closed_count++] =
          (struct closed){ .path = xstrdup (entry->path), .mode = mode };
      return 0;
    }
  /* A directory in one with the set-group-id bit was born with it.  */
  return fchmod (fd, mode) < 0 ? -errno : 0;
}

static int
leave (void *data, const struct tree_entry *entry, struct error *err)
{
  struct copy *copy = data;
  const struct timespec times[2] = { entry->info->st_atim,
                                     entry->info->st_mtim };
  AUTO_CLOSE int fd = -1;

  int status = ladder_pop (&copy->ladder, &fd);
  if (status == 0 && *entry->path != '\0')
    {
      status = set_directory_mode (copy, fd, entry);
      if (status == 0 && futimens (fd, times) < 0)
        status = -errno;
    }
  return status < 0 ? set_copy_error (status, entry, err) : 0;
}

/* Set the permissions that had to wait, the deepest first.  */
static int
close_directories (struct copy *copy, struct error *err)
{
  const char *last = NULL;

  for (size_t i = 0; i < copy->closed_count; i++)
    {
      AUTO_CLOSE int dir = open_parent (copy, copy->closed[i].path, &last);
      AUTO_CLOSE int fd = dir < 0 ? -1 : openat (dir, last, DIRECTORY_FLAGS);
      if (fd < 0 || fchmod (fd, copy->closed[i].mode) < 0)
        {
          int number = dir < 0 ? -dir : errno;
          return error_set (err, number, _ ("cannot copy '%s': %s"),
                            copy->closed[i].path, strerror (number));
        }
    }
  return 0;
}

int
tree_copy (int source, int target, bool (*wants) (const char *name),
           struct progress_line *line, const volatile sig_atomic_t *stop,
           struct error *err)
{
  const struct tree_visitor visitor = {
    .wants = wants,
    .enter = enter,
    .leave = leave,
    .visit = visit,
  };
  __attribute__ ((cleanup (copy_release))) struct copy copy = {
    .target = target,
    .line = line,
    .stop = stop,
    .data = xmalloc (DATA_SIZE),
    .uid = geteuid (),
    .gid = getegid (),
    .mask = umask (0),
  };

  int status = tree_walk (source, &visitor, &copy, stop, err);
  if (status == 0)
    status = close_directories (&copy, err);
  if (status == 0 && copy.skipped > 0)
    log_debug ("%zu devices were left out", copy.skipped);
  return status;
}
