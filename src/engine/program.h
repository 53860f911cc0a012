/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Engines that are programs of their own, which take a plan.  */

#ifndef UDOCKER_ENGINE_PROGRAM_H
#define UDOCKER_ENGINE_PROGRAM_H

#include <stdbool.h>

#include "lib/start/supervise.h"

struct error;
struct run_plan;

/* Return whether our part NAME is there; otherwise -ENOENT with ERR set.  */
int engine_find_program (const char *name, struct error *err);

/* Check PLAN as the member of struct engine of that name does, for programs in
   a container that has the host's /dev.  */
int engine_check_program (const struct run_plan *plan, struct error *err);

/* Put PLAN where an engine can read it, and others as long as *OWN, another
   descriptor of it, is open.  Who notes what a run has ended with leaves that
   open until it has done so: or who waits would find neither.  BUNDLE is what
   an OCI runtime is told, or NULL; STAYS tells that this process waits for the
   engine, and does not become it. Return a descriptor or a negative errno with
   ERR set.  */
int engine_send_plan (const struct run_plan *plan, const char *bundle,
                      bool stays, int *own, struct error *err);

/* Run PLAN by our part NAME: in place of this process, unless the container is
   to be removed afterwards; then the REST of its processes is waited for as
   that says.  Return as the run member of struct engine.  */
int engine_run_program (const char *name, const struct run_plan *plan,
                        enum supervise_rest rest, struct error *err);

#endif
