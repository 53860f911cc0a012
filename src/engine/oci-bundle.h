/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What an OCI runtime is told: a bundle, which is a directory with a
   config.json.  Beside that ours has 'state', where the runtime keeps what it
   knows, and 'runtime', a link to the program, for those who join the container
   later.  */

#ifndef UDOCKER_ENGINE_OCI_BUNDLE_H
#define UDOCKER_ENGINE_OCI_BUNDLE_H

#include <stdbool.h>

struct error;
struct run_mounts;
struct run_plan;
struct subids;

/* How many directories the runtime mounts by itself at most: one with our own
   programs, /dev, /proc, and /sys, if it is shown at all.  */
#define OCI_OWN_MOUNTS 4

/* Fill LIST with the directories that the runtime mounts in the container of
   PLAN by itself, and NULL; OWN_KERNEL says whether it has one (struct
   oci_kind).  */
void oci_own_mounts (const struct run_plan *plan, bool own_kernel,
                     const char *list[OCI_OWN_MOUNTS + 1]);

/* Return, in words that the caller frees, why a runtime with a kernel of its
   own cannot run PLAN; or NULL.  */
char *oci_beyond_own_kernel (const struct run_plan *plan);

/* Return whether the container of PLAN has a /dev/shm of its own.  */
bool oci_has_own_memory (const struct run_plan *plan);

/* Write a bundle for PLAN, of whose mounts MOUNTS tells, to DIRECTORY, which is
   empty, and in process.json what is to be run to join the container.  Its ids
   from 1 on are SUBIDS, unless that is NULL: then there is root alone.
   OWN_KERNEL is as above.  Return 0, or a negative errno with ERR set.  */
int oci_bundle_write (const char *directory, const struct run_plan *plan,
                      const struct run_mounts *mounts,
                      const struct subids *subids, bool own_kernel,
                      struct error *err);

#endif
