/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Owners that a container keeps: see lib/owners.  */

#ifndef UDOCKER_CONTAINER_OWNERS_H
#define UDOCKER_CONTAINER_OWNERS_H

#include <signal.h>

struct container;
struct error;
struct owner_file;

/* Read the owners that CONTAINER keeps into FILE, which the caller releases in
   any case.  Return 1, 0 when it keeps none, or a negative errno with ERR
   set.  */
int container_read_owners (const struct container *container,
                           struct owner_file *file, struct error *err);

/* Let DIR, the directory of a container on its way that has the same tree,
   keep the owners that CONTAINER keeps.  STOP as for container_make.  Return
   0, or a negative errno with ERR set.  */
int container_copy_owners (const struct container *container, int dir,
                           const volatile sig_atomic_t *stop,
                           struct error *err);

#endif
