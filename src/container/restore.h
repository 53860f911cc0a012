/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the Python tool has changed in a container for its modes F and R, put
   right.  */

#ifndef UDOCKER_CONTAINER_RESTORE_H
#define UDOCKER_CONTAINER_RESTORE_H

#include <stdbool.h>
#include <stddef.h>

struct container;
struct error;

/* What was put right, and how often that failed.  */
struct restored
{
  size_t binds;    /* files that had given way to links, in modes R */
  size_t links;    /* links that led to host paths, in modes F */
  size_t programs; /* programs and libraries with host paths in them */
  bool loader;     /* the dynamic linker, from the copy that was kept */
  size_t failures; /* each of which has been warned of */
};

/* Undo such changes in CONTAINER, as far as that is possible, and say in
   RESTORED what was done.  What cannot be undone is warned of, and its traces
   stay, so that another attempt is possible.  Every step can be done again: one
   that is killed is finished by the next call.  Programs end with the contents
   that they had but for the room that was made in them, which stays.  Return 0,
   or a negative errno with ERR set when nothing could be done at all.

   Only the full program has it.  */
int container_restore (struct container *container, struct restored *restored,
                       struct error *err);

#endif
