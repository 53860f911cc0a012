/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Remove and measure directory trees.  */

#ifndef UDOCKER_IMAGE_TREE_H
#define UDOCKER_IMAGE_TREE_H

#include <stdbool.h>
#include <stdint.h>

struct error;

/* Remove NAME below the directory DIR, a tree or a single file, whatever
   permissions its directories have, however deep it is.  Symbolic links are
   removed, never followed; other file systems mounted below are not entered.
   What does not exist is fine.  With FORCE, or without, everything that can
   be removed goes; without it the first failure is returned, as a negative
   errno with ERR set, with it only when NAME itself could not go.  */
int tree_remove (int dir, const char *name, bool force, struct error *err);

/* The same for what is in the directory DIR, which itself stays.  */
int tree_clear (int dir, bool force, struct error *err);

/* Return the bytes that NAME below DIR, a tree or a file, takes on disk; files
   with several names in it are counted once.  What cannot be read counts
   nothing, other file systems mounted below neither.  */
intmax_t tree_size (int dir, const char *name);

/* The same; ADVANCED is called with DATA and the bytes found so far now and
   then.  */
typedef void tree_advanced_function (void *data, intmax_t size);
intmax_t tree_size_watched (int dir, const char *name,
                            tree_advanced_function *advanced, void *data);

#endif
