/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Owners and modes in a container's tree that keep its user out.  */

#ifndef UDOCKER_CONTAINER_PERMISSIONS_H
#define UDOCKER_CONTAINER_PERMISSIONS_H

#include <stddef.h>

struct container;
struct error;

/* What was done.  */
struct permissions_fixed
{
  size_t owners;   /* files of other ids that are this user's now */
  size_t modes;    /* files and directories that are open to their owner now */
  size_t failures; /* what is neither; warned of */
};

/* Make all of CONTAINER's tree this user's own, to read and to write, as it may
   not be after another program has run in it with a range of ids.  What belongs
   to such ids is given to the user in a namespace that has them, where that is
   needed.  Other bits of modes stay.  Return 0 with FIXED filled, or a negative
   errno with ERR set.  */
int container_fix_permissions (struct container *container,
                               struct permissions_fixed *fixed,
                               struct error *err);

#endif
