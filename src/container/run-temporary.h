/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Directories that last as long as a run.  */

#ifndef UDOCKER_CONTAINER_RUN_TEMPORARY_H
#define UDOCKER_CONTAINER_RUN_TEMPORARY_H

struct error;

/* A run's temporary directories: where TMPDIR says, or SLURM_TMPDIR, else in
   memory where /dev/shm is, else in /tmp.  They lie in one of this user's only,
   which is locked while the run's process lives, so that another run can remove
   what a killed one left.  */
struct run_temporary
{
  char *path; /* NULL as long as there is none */
  int lock;   /* a descriptor of it, -1 likewise */
  unsigned count;
};
#define RUN_TEMPORARY_NONE                                                     \
  (struct run_temporary)                                                       \
  {                                                                            \
    .lock = -1                                                                 \
  }

/* Return where they are made.  */
const char *run_temporary_place (void);

/* Make one more directory, with MODE or, where that is 0, 01777, in TEMPORARY.
   Return its path, which the caller frees, or NULL with ERR set.  */
char *run_temporary_add (struct run_temporary *temporary, unsigned mode,
                         struct error *err);

/* Remove all of TEMPORARY, which is empty then.  What cannot be removed is
   warned of.  */
void run_temporary_remove (struct run_temporary *temporary);

#endif
