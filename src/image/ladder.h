/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The directories from the top of a tree down to where a walk is.  */

#ifndef UDOCKER_IMAGE_LADDER_H
#define UDOCKER_IMAGE_LADDER_H

#include <stddef.h>
#include <sys/types.h>

/* A directory on the way down.  */
struct ladder_step
{
  int fd; /* -1 while closed to save descriptors */
  dev_t device;
  ino_t inode;
};

/* Only the deepest directories stay open, so that depth does not matter; one
   further up is opened again by "..", and compared with what it was, so that a
   tree moved meanwhile leads nobody astray.  Starts as { 0 }.  */
struct ladder
{
  struct ladder_step *steps;
  size_t count;
  size_t space;
};

/* Go down into the directory FD, which LADDER owns from now on, even on
   failure.  Return 0 or a negative errno.  */
int ladder_push (struct ladder *ladder, int fd);

/* Return the descriptor of the directory where LADDER, which is not empty,
   ends.  It belongs to LADDER.  */
int ladder_fd (const struct ladder *ladder);

/* Go back up.  The descriptor of the directory that is left goes to *FD, which
   the caller closes.  Its owner must be able to search it.  Return 0, or a
   negative errno, -ESTALE when the tree was moved; *FD is set in any case.  */
int ladder_pop (struct ladder *ladder, int *fd);

/* Close all that LADDER holds and leave it empty.  */
void ladder_release (struct ladder *ladder);

#endif
