/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The directories from the top of a tree down to where a walk is.  */

#include <config.h>

#include "src/image/ladder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xalloc.h"

/* Descriptors of directories kept open.  */
enum
{
  OPEN_MAXIMUM = 64
};

int
ladder_push (struct ladder *ladder, int fd)
{
  struct stat info;

  if (fstat (fd, &info) < 0)
    {
      int number = errno;
      close (fd);
      return -number;
    }
  if (ladder->count == ladder->space)
    ladder->steps =
        x2nrealloc (ladder->steps, &ladder->space, sizeof *ladder->steps);
  ladder->steps[ladder->count++] = (struct ladder_step){
    .fd = fd,
    .device = info.st_dev,
    .inode = info.st_ino,
  };
  if (ladder->count > OPEN_MAXIMUM)
    {
      struct ladder_step *step =
          &ladder->steps[ladder->count - OPEN_MAXIMUM - 1];
      if (step->fd >= 0)
        close (step->fd);
      step->fd = -1;
    }
  return 0;
}

int
ladder_fd (const struct ladder *ladder)
{
  return ladder->steps[ladder->count - 1].fd;
}

int
ladder_pop (struct ladder *ladder, int *fd)
{
  struct ladder_step *step = &ladder->steps[--ladder->count];
  struct ladder_step *parent = step - 1;
  struct stat info;

  *fd = step->fd;
  if (ladder->count == 0 || parent->fd >= 0)
    return 0;
  parent->fd = openat (*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent->fd < 0 || fstat (parent->fd, &info) < 0)
    return -errno;
  return info.st_dev == parent->device && info.st_ino == parent->inode
             ? 0
             : -ESTALE;
}

void
ladder_release (struct ladder *ladder)
{
  for (size_t i = 0; i < ladder->count; i++)
    if (ladder->steps[i].fd >= 0)
      close (ladder->steps[i].fd);
  free (ladder->steps);
  *ladder = (struct ladder){ 0 };
}
