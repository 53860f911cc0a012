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
  AUTO_FREE char *temporary = name_beside (real);
  output->fd = open (temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
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
  const char *slash = strrchr (output->path, '/');
  AUTO_FREE char *directory =
      slash == NULL
          ? xstrdup (".")
          : xasprintf ("%.*s/", (int) (slash - output->path), output->path);
  AUTO_CLOSE int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd >= 0)
    (void) file_sync_directory (fd);
}

int
output_commit (struct output *output, struct error *err)
{
  int number = 0;

  /* Devices cannot be flushed.  */
  if (output->temporary != NULL && fsync (output->fd) < 0)
    number = errno;
  if (close (TAKE_FD (output->fd)) < 0 && number == 0 && errno != EINTR)
    number = errno;
  if (output->temporary != NULL && number == 0)
    {
      if (rename (output->temporary, output->path) < 0)
        number = errno;
      else
        {
          flush_directory (output);
          free (TAKE (output->temporary));
        }
    }
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
