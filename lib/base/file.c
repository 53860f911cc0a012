/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Whole files: reading, and replacing so that a crash leaves old or new.  */

#include <config.h>

#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/i18n.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

int
file_read_fd (int fd, const char *name, char **text, size_t *size,
              struct error *err)
{
  AUTO_BUFFER (contents);
  struct stat status;

  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && status.st_size > 0
      && status.st_size <= FILE_READ_MAXIMUM)
    buffer_reserve (&contents, (size_t) status.st_size + 1);
  for (;;)
    {
      buffer_reserve (&contents, 1024);
      ssize_t got = read (fd, contents.data + contents.length,
                          contents.space - contents.length - 1);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return error_set (err, errno, _ ("cannot read '%s': %s"), name,
                          strerror (errno));
      if (got == 0)
        break;
      contents.length += (size_t) got;
      if (contents.length > FILE_READ_MAXIMUM)
        return error_set (err, EFBIG, _ ("cannot read '%s': %s"), name,
                          strerror (EFBIG));
    }
  contents.data[contents.length] = '\0';
  if (size != NULL)
    *size = contents.length;
  *text = buffer_take (&contents);
  return 0;
}

int
file_open_regular (int dir, const char *path, int flags, struct error *err)
{
  struct stat status;

  /* O_NONBLOCK: a FIFO put in the place of a file must not hang us.  */
  AUTO_CLOSE int fd =
      openat (dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
  if (fd < 0 && errno == ELOOP && (flags & O_NOFOLLOW))
    return error_set (
        err, ELOOP, _ ("'%s' is a symbolic link, which it must not be"), path);
  if (fd < 0)
    return error_set (err, errno, _ ("cannot open '%s': %s"), path,
                      strerror (errno));
  if (fstat (fd, &status) < 0 || !S_ISREG (status.st_mode))
    return error_set (err, EINVAL, _ ("'%s' is not a regular file"), path);
  return TAKE_FD (fd);
}

int
file_read (int dir, const char *path, char **text, size_t *size,
           struct error *err)
{
  AUTO_CLOSE int fd = file_open_regular (dir, path, 0, err);
  return fd < 0 ? fd : file_read_fd (fd, path, text, size, err);
}

int
file_read_own (int dir, const char *path, char **text, size_t *size,
               struct error *err)
{
  AUTO_CLOSE int fd = file_open_regular (dir, path, O_NOFOLLOW, err);
  return fd < 0 ? fd : file_read_fd (fd, path, text, size, err);
}

int
file_write_all (int fd, const void *data, size_t size)
{
  const char *from = data;

  while (size > 0)
    {
      ssize_t written = write (fd, from, size);
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return -errno;
      from += written;
      size -= (size_t) written;
    }
  return 0;
}

/* Write DATA to FD and flush it.  Return 0 or a negative errno.  */
static int
write_and_flush (int fd, const void *data, size_t size)
{
  int status = file_write_all (fd, data, size);

  if (status < 0)
    return status;
  return fsync (fd) < 0 ? -errno : 0;
}

/* Flush the directory that holds PATH below DIR.  */
static int
sync_parent (int dir, const char *path)
{
  const char *slash = strrchr (path, '/');
  AUTO_FREE char *parent =
      slash == NULL
          ? xstrdup (".")
          : xstrndup (path, slash == path ? 1 : (size_t) (slash - path));
  AUTO_CLOSE int fd = openat (dir, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  return fd < 0 ? -errno : file_sync_directory (fd);
}

int
file_replace (int dir, const char *path, const void *data, size_t size,
              mode_t mode, struct error *err)
{
  const char *slash = strrchr (path, '/');
  int directory_length = slash == NULL ? 0 : (int) (slash - path) + 1;
  uint64_t random = 0;

  if (getrandom (&random, sizeof random, GRND_NONBLOCK) < 0)
    random = (uint64_t) getpid ();

  AUTO_FREE char *temporary =
      xasprintf ("%.*s.%s.%016jx.tmp", directory_length, path,
                 path + directory_length, (uintmax_t) random);
  AUTO_CLOSE int fd =
      openat (dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0)
    return error_set (err, errno, _ ("cannot create '%s': %s"), temporary,
                      strerror (errno));

  int status = write_and_flush (fd, data, size);
  if (status == 0 && renameat (dir, temporary, dir, path) < 0)
    status = -errno;
  if (status < 0)
    {
      (void) unlinkat (dir, temporary, 0); /* the first failure is told */
      return error_set (err, -status, _ ("cannot write '%s': %s"), path,
                        strerror (-status));
    }
  status = sync_parent (dir, path);
  if (status < 0)
    return error_set (err, -status,
                      _ ("cannot flush the directory of '%s': %s"), path,
                      strerror (-status));
  return 0;
}

int
file_make_directories (int dir, const char *path, mode_t mode,
                       struct error *err)
{
  AUTO_FREE char *copy = xstrdup (path);

  for (char *end = copy + 1;; end++)
    {
      if (*end != '/' && *end != '\0')
        continue;

      char saved = *end;
      *end = '\0';
      int number = mkdirat (dir, copy, mode) < 0 ? errno : 0;
      if (number != 0 && number != EEXIST
          && !(saved != '\0' && file_exists (dir, copy)))
        return error_set (err, number, _ ("cannot create directory '%s': %s"),
                          copy, strerror (number));
      *end = saved;
      if (saved == '\0')
        break;
    }

  /* Somebody may have removed it meanwhile; a link to nowhere is there.  */
  struct stat status;
  if (fstatat (dir, path, &status, 0) < 0
      && fstatat (dir, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
    return error_set (err, errno, _ ("cannot create directory '%s': %s"), path,
                      strerror (errno));
  if (!S_ISDIR (status.st_mode))
    return error_set (err, ENOTDIR, _ ("'%s' exists and is not a directory"),
                      path);
  return 0;
}

bool
file_exists (int dir, const char *path)
{
  return faccessat (dir, path, F_OK, 0) == 0;
}

char *
file_read_link (int dir, const char *path)
{
  size_t space = 256;

  for (;;)
    {
      AUTO_FREE char *target = xmalloc (space);
      ssize_t length = readlinkat (dir, path, target, space);
      if (length < 0)
        return NULL;
      if ((size_t) length < space)
        {
          target[length] = '\0';
          return TAKE (target);
        }
      space *= 2;
    }
}

int
file_sync_directory (int dir)
{
  if (fsync (dir) < 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
    return -errno;
  return 0;
}

bool
file_is_no_room (int number)
{
  return number == ENOSPC || number == EDQUOT;
}
