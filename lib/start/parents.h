/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Directories above mount points.  */

#ifndef UDOCKER_LIB_START_PARENTS_H
#define UDOCKER_LIB_START_PARENTS_H

struct guest;

/* Show the directory HOST at the guest path GUEST, read-only.  Return 0 or a
   negative errno.  DATA is what parents_add was given.  */
typedef int parents_show_function (void *data, const char *host,
                                   const char *guest);

/* Of the bindings in GUEST's view, some may lie where directories above them
   are missing on disk.  Make directories that stand for these, empty but for
   each other, and give the uppermost ones to SHOW with DATA.  They go when
   this process exits.  Return how many there were, or what SHOW said when that
   is negative.  Where no directory can be made, none is shown: such places can
   be looked at then, and what is bound be used, but not be listed.  */
int parents_add (const struct guest *guest, parents_show_function *show,
                 void *data);

#endif
