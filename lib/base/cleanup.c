/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Ownership by declaration: what a variable owns is let go with it.  */

#include <config.h>

#include "lib/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
cleanup_free (void *variable)
{
  int saved = errno;
  void *pointer;

  memcpy (&pointer, variable, sizeof pointer);
  free (pointer);
  errno = saved;
}

void
cleanup_close (const int *fd)
{
  int saved = errno;

  if (*fd >= 0)
    (void) close (*fd); /* whoever must know about it closes by hand */
  errno = saved;
}

void
cleanup_fclose (FILE **file)
{
  int saved = errno;

  if (*file != NULL)
    (void) fclose (*file); /* whoever must know about it closes by hand */
  errno = saved;
}

void
cleanup_closedir (DIR **directory)
{
  int saved = errno;

  if (*directory != NULL)
    (void) closedir (*directory); /* nothing was written */
  errno = saved;
}
