/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Trying what makes containers: programs of the host with an empty one, our own
   engines with a program that does nothing.  */

#ifndef UDOCKER_ENGINE_TRIAL_H
#define UDOCKER_ENGINE_TRIAL_H

struct config;
struct error;
struct run_plan;

/* Starts PLAN's container without showing anything of it.  DATA is what
   engine_try_nothing was given.  Returns the exit status, or a negative errno
   with ERR set when nothing was started.  */
typedef int engine_trial_function (const struct run_plan *plan, void *data,
                                   struct error *err);

/* Have FUNCTION start with DATA a container of MODE without anything in it, as
   CONFIG (NULL: the defaults) has it.  Return 0, or a negative errno with ERR
   telling why that is not possible.  */
int engine_try_nothing (const struct config *config, const char *mode,
                        engine_trial_function *function, void *data,
                        struct error *err);

/* Have our part NAME run in MODE, as CONFIG (NULL: the defaults) has it, a
   program that does nothing, as if this host were the container.  Return 0, or
   a negative errno with ERR telling what the part has said.  */
int engine_try_part (const char *name, const struct config *config,
                     const char *mode, struct error *err);

#endif
