/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Large files that are written for the user, where he said.  */

#include <config.h>

#include "lib/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Return the directory of PATH, which the caller frees.  */
static char *
directory_of (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash == NULL ? xstrdup (".")
                       : xasprintf ("%.*s/", (int) (slash - path), path);
}

/* Return the name of the descriptor FD, which the caller frees.  */
static char *
link_to (int fd)
{
  return xasprintf ("/proc/self/fd/%d", fd);
}

static int
set_output_error (int number, const char *path, struct error *err)
{
  return error_set (err, number, _ ("cannot write '%s': %s"), path,
                    strerror (number));
}

/* Return a name beside PATH, which the caller frees.  */
static char *
name_beside (const char *path)
{
  const char *slash = strrchr (path, '/');
  uint64_t random = 0;

  if (getrandom (&random, sizeof random, GRND_NONBLOCK) < 0)
    random = (uint64_t) getpid ();
  return xasprintf ("%.*s.udocker.%016jx.tmp",
                    slash == NULL ? 0 : (int) (slash - path) + 1, path,
                    (uintmax_t) random);
}

/* Give OUTPUT, which replaces what OLD describes, the same permissions.  */
static void
keep_mode (const struct output *output, const struct stat *old)
{
  (void) fchmod (output->fd, old->st_mode & 0777); /* a nicety */
}

/* Open a file without a name in the directory of PATH.  Return -1 when there is
   no such thing, or it could not get a name later.  */
static int
open_nameless (const char *path)
{
  AUTO_FREE char *directory = directory_of (path);
  AUTO_FREE char *link = NULL;

  AUTO_CLOSE int fd = open (directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0)
    return -1;
  link = link_to (fd);
  return access (link, F_OK) == 0 ? TAKE_FD (fd) : -1;
}

int
output_begin (const char *path, struct output *output, struct error *err)
{
  struct stat info;
  bool exists = stat (path, &info) == 0;

  *output = (struct output){ .fd = -1 };
  if (exists && !S_ISREG (info.st_mode))
    {
      output->fd = open (path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
      if (output->fd < 0)
        return set_output_error (errno, path, err);
      output->path = xstrdup (path);
      return 0;
    }

  AUTO_FREE char *real = exists ? realpath (path, NULL) : xstrdup (path);
  if (real == NULL)
    return set_output_error (errno, path, err);
  AUTO_FREE char *temporary = NULL;
  output->fd = open_nameless (real);
  output->is_nameless = output->fd >= 0;
  if (output->fd < 0)
    {
      temporary = name_beside (real);
      output->fd =
          open (temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
  if (output->fd < 0)
    return set_output_error (errno, path, err);
  if (exists)
    keep_mode (output, &info);
  output->path = TAKE (real);
  output->temporary = TAKE (temporary);
  return 0;
}

/* Flush the directory where OUTPUT lies; what fails was warned of by fsync of
   the file itself.  */
static void
flush_directory (const struct output *output)
{
  AUTO_FREE char *directory = directory_of (output->path);
  AUTO_CLOSE int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd >= 0)
    (void) file_sync_directory (fd);
}

/* Give OUTPUT, which has none, a name: its own, or one to be renamed where that
   is taken.  Return 0 or an errno.  */
static int
give_name (struct output *output)
{
  AUTO_FREE char *link = link_to (output->fd);
  AUTO_FREE char *temporary = NULL;

  output->is_nameless = false;
  if (linkat (AT_FDCWD, link, AT_FDCWD, output->path, AT_SYMLINK_FOLLOW) == 0)
    return 0;
  if (errno != EEXIST)
    return errno;
  temporary = name_beside (output->path);
  if (linkat (AT_FDCWD, link, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) < 0)
    return errno;
  output->temporary = TAKE (temporary);
  return 0;
}

int
output_commit (struct output *output, struct error *err)
{
  bool is_device = output->temporary == NULL && !output->is_nameless;
  int number = 0;

  if (!is_device && fsync (output->fd) < 0)
    number = errno;
  if (output->is_nameless && number == 0)
    number = give_name (output);
  if (close (TAKE_FD (output->fd)) < 0 && number == 0 && errno != EINTR)
    number = errno;
  if (output->temporary != NULL && number == 0)
    {
      if (rename (output->temporary, output->path) < 0)
        number = errno;
      else
        free (TAKE (output->temporary));
    }
  if (!is_device && number == 0)
    flush_directory (output);
  if (number != 0)
    (void) set_output_error (number, output->path, err);
  output_abort (output);
  return -number;
}

void
output_abort (struct output *output)
{
  if (output->fd >= 0)
    close (output->fd);
  if (output->temporary != NULL)
    (void) unlink (output->temporary); /* there is nothing better to do */
  free (output->temporary);
  free (output->path);
  *output = (struct output){ .fd = -1 };
}
