/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the engine has on disk while it runs.  */

#ifndef UDOCKER_LIB_START_TEMPORARY_H
#define UDOCKER_LIB_START_TEMPORARY_H

#include <stdbool.h>

/* Return where temporary things are made: what PROOT_TMP_DIR or TMPDIR say, or
   /tmp.  */
const char *temporary_place (void);

/* Return the path of a directory of this run, there or not, which this
   function keeps, or NULL after errno was set.  It is made at the first call
   and goes when this process exits, unless somebody put something into it.  */
const char *temporary_directory (void);

/* Return whether there is one.  */
bool temporary_exists (void);

/* Make the directory PATH below the one of this run, and those above it.
   Return 0 or a negative errno.  */
int temporary_make (const char *path);

#endif
