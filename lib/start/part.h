/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Programs of this package that engines start.  */

#ifndef UDOCKER_LIB_START_PART_H
#define UDOCKER_LIB_START_PART_H

#include <limits.h>

struct plan;

/* Find the program NAME of this package, beside the program that runs, or where
   PLAN says, and put its host path into the PATH_MAX bytes at PATH.  Where it
   may not be executed a copy in memory serves, and *FD, -1 otherwise, is its
   descriptor, close-on-exec; PATH leads there through this process's directory
   in /proc.  Return 0, or a negative errno with a path in PATH that serves for
   a message.  */
int part_find (const char *name, const struct plan *plan, char *path, int *fd);

#endif
