/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Advisory locks on files, that hold between machines where NFS allows.  */

#include <config.h>

#include "lib/base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"

/* flock (FD, OPERATION) that goes on after signals.  Return 0 or a negative
   errno.  */
static int
lock_fd (int fd, int operation)
{
  while (flock (fd, operation) < 0)
    if (errno != EINTR)
      return -errno;
  return 0;
}

/* Say, once, that locks cannot be had because of STATUS.  */
static void
warn_unlocked (int status)
{
  static atomic_flag is_said = ATOMIC_FLAG_INIT;

  if (!atomic_flag_test_and_set (&is_said))
    log_warning (_ ("this file system knows no locks (%s): do not change the"
                    " repository in several processes at once"),
                 strerror (-status));
}

static int
lock_open (int dir, const char *path, int operation, const char *what,
           bool wait, struct error *err)
{
  /* Over NFS an exclusive lock wants a descriptor open for writing, a shared
     one a descriptor open for reading.  */
  const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  AUTO_CLOSE int fd = openat (dir, path, flags, 0666);
  if (fd < 0)
    return error_set (err, errno, _ ("cannot open the lock '%s': %s"), path,
                      strerror (errno));

  int status = lock_fd (fd, operation | LOCK_NB);
  if (status == -EWOULDBLOCK && wait)
    {
      log_info (_ ("waiting for %s"), what);
      status = lock_fd (fd, operation);
    }
  if (status == -EWOULDBLOCK)
    return error_set (err, EWOULDBLOCK, _ ("%s is in use by another process"),
                      what);
  if (status == -ENOSYS || status == -ENOTSUP || status == -ENOLCK)
    warn_unlocked (status);
  else if (status < 0)
    return error_set (err, -status, _ ("cannot lock '%s': %s"), path,
                      strerror (-status));
  return TAKE_FD (fd);
}

int
lock_take (int dir, const char *path, const char *what, bool wait,
           struct error *err)
{
  return lock_open (dir, path, LOCK_EX, what, wait, err);
}

int
lock_share (int dir, const char *path, const char *what, bool wait,
            struct error *err)
{
  return lock_open (dir, path, LOCK_SH, what, wait, err);
}
