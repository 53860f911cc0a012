/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a run mounts where, for engines that really mount: the mount points.  */

#ifndef UDOCKER_CONTAINER_RUN_MOUNTS_H
#define UDOCKER_CONTAINER_RUN_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct run_binding;
struct run_plan;
struct run_temporary;

/* One mount.  */
struct run_mount
{
  char *guest; /* where: a path without links, where the mount point is there,
                  or the engine makes it in a mount of its own */
  char *host;  /* what; NULL for what the engine mounts there by itself */
  uint32_t flags; /* PLAN_BINDING_* */
  bool ours;      /* HOST is a directory of this run alone */
  bool optional;  /* left out where it cannot be shown */
};

/* All of them, those above before those below.  */
struct run_mounts
{
  struct run_mount *list;
  size_t count;
  char *root; /* host path of what is mounted at "/" */

  /* What was made in the container for them, by guest path, in the order in
     which it was made; ended by NULL.  */
  char **made;
  size_t made_count;

  const struct run_plan *plan;
  struct run_temporary *temporary;
  struct run_binding *bindings; /* of what is settled, as run_look takes it */
  size_t binding_count;
  int root_fd; /* of ROOT, if that stands in for the container's, which cannot
                  be written; or -1 */
  int lock;    /* says that somebody needs what was made; -1 */
};

/* Find out in MOUNTS what PLAN mounts where, besides what the engine mounts by
   itself: OWN, directories, a list ended by NULL.  These replace what PLAN
   shows there by default, and give way to what was asked for.

   Files that exist in memory only are written to TEMPORARY.  What is missing in
   the container as a mount point, an empty directory or file, is made, and
   noted beside the container, so that a later run can take it away should this
   process be killed.  Where the container cannot be written, directories in
   TEMPORARY stand for those that lack a mount point, and all that is in them is
   mounted there, too.

   Return 0, or a negative errno with ERR set.  MOUNTS, which borrows PLAN and
   TEMPORARY, is to be released in any case.  */
int run_mounts_make (struct run_mounts *mounts, const struct run_plan *plan,
                     const char *const *own, struct run_temporary *temporary,
                     struct error *err);

/* Return the innermost of MOUNTS that GUEST lies below, or NULL.  */
const struct run_mount *run_mounts_above (const struct run_mounts *mounts,
                                          const char *guest);

/* Free MOUNTS, and where no other run needs it any more remove what was made
   for it in the container.  */
void run_mounts_release (struct run_mounts *mounts);

#endif
