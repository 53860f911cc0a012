/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which containers are in use: locks that live as long as who runs them.  */

#ifndef UDOCKER_CONTAINER_RUNNING_H
#define UDOCKER_CONTAINER_RUNNING_H

#include <stdbool.h>

struct container;
struct error;
struct store;

/* Every run holds a shared lock on TOP/run/HOST/ID, a file per machine and
   container, from before the program starts until its engine has ended,
   however that ends.  Where the repository cannot be written it is
   XDG_RUNTIME_DIR/udocker/..., which only this machine sees; where neither
   can be had, runs go on without.  The file says nothing: the lock does.  */

/* Say that CONTAINER is in use from now on.  Return a descriptor that says so
   until its last copy is closed, close-on-exec; or -1 when no lock can be had
   here (never an error: runs need not write anywhere), or -ENOENT with ERR
   set when the container was removed meanwhile, or -EBUSY with ERR set when
   somebody is removing it, unless WAIT: then the end of that is waited for.  */
int container_hold (const struct container *container, bool wait,
                    struct error *err);

/* Make sure that nobody uses CONTAINER, and keep others from starting to:
   call it before removing.  HOLD is a descriptor from container_hold that is
   this process's own use, or -1.  Return 0 with *CLAIM a descriptor to be
   closed after the removal (container_unclaim), or -EBUSY with ERR set when
   it is in use.  */
int container_claim (const struct container *container, int hold, int *claim,
                     struct error *err);

/* Return the name of a machine, not this one, where CONTAINER is in use, which
   the caller frees, or NULL.  */
char *container_machine (const struct container *container);

/* End the claim CLAIM on CONTAINER; REMOVED says that it is gone, so that
   what stands for it in run/ can go too.  CLAIM may be -1.  */
void container_unclaim (const struct container *container, int claim,
                        bool removed);

/* Remove CONTAINER after a run, unless it is protected.  HOLD, as in
   container_claim, says no more afterwards that it is in use.  Return 0, or a
   negative errno with ERR set; -EBUSY when others use it.  */
int container_remove_after_run (struct container *container, int hold,
                                struct error *err);

/* Remove from run/ of STORE what stands for containers that are gone, as a
   killed rm or another tool leaves it.  Never fails: what cannot be removed
   stays.  */
void container_sweep_records (struct store *store);

#endif
