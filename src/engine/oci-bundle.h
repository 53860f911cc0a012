/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What an OCI runtime is told: a bundle, which is a directory with a
   config.json.  Beside that ours has 'state', where the runtime keeps what it
   knows, and 'runtime', a link to the program, for those who join the container
   later.  */

#ifndef UDOCKER_ENGINE_OCI_BUNDLE_H
#define UDOCKER_ENGINE_OCI_BUNDLE_H

struct error;
struct run_mounts;
struct run_plan;

/* Where a container has our own programs: where a mount point is made without
   a trace, if its /dev is its own.  */
#define OCI_PARTS "/dev/.udocker"

/* Directories that are mounted in every container by the runtime, ended by
   NULL.  */
extern const char *const oci_own_mounts[];

/* Write a bundle for PLAN, of whose mounts MOUNTS tells, to DIRECTORY, which is
   empty.  Return 0, or a negative errno with ERR set.  */
int oci_bundle_write (const char *directory, const struct run_plan *plan,
                      const struct run_mounts *mounts, struct error *err);

/* Write what is to be run in a container that runs, to the file process.json of
   the bundle DIRECTORY, unless it is there.  Return as above.  */
int oci_bundle_write_process (const char *directory,
                              const struct run_plan *plan, struct error *err);

#endif
