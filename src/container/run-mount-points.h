/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Mount points in a container's directory: made, noted beside it, and removed
   again.  */

#ifndef UDOCKER_CONTAINER_RUN_MOUNT_POINTS_H
#define UDOCKER_CONTAINER_RUN_MOUNT_POINTS_H

#include <stdbool.h>

struct container;
struct run_mounts;

/* Return how much of the path GUEST, which the caller frees, is there on disk
   as directories in the container of MOUNTS, without GUEST itself; "" for the
   root.  */
char *run_mount_point_existing (const struct run_mounts *mounts,
                                const char *guest);

/* Make GUEST, a directory or, if not DIRECTORY, a file, in the container of
   MOUNTS, with what is missing above it, and note there and beside the
   container what is made.  Return 0 or a negative errno.  */
int run_mount_point_make (struct run_mounts *mounts, const char *guest,
                          bool directory);

/* Remove what was made for MOUNTS, and whatever else is noted beside the
   container; who calls it has seen that no run needs it.  */
void run_mount_points_remove (const struct run_mounts *mounts);

/* Remove in CONTAINER what is noted as made for mounts, unless a run needs it.
   Return false when one does, on this machine or another one, or when that
   cannot be found out.  */
bool run_mount_points_sweep (const struct container *container);

#endif
