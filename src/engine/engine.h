/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Engines: the ways to run a container.  Nobody outside this room tests which
   one it is.  */

#ifndef UDOCKER_ENGINE_ENGINE_H
#define UDOCKER_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct container;
struct error;
struct host;
struct run_plan;

/* Is told of the program PATH of the host that it WORKS for an engine, or else
   why not: REASON, which lasts as long as the call.  DATA is what came with the
   function.  */
typedef void engine_program_function (void *data, const char *path, bool works,
                                      const char *reason);

/* A way to run a container.  One of these per file in src/engine/.  */
struct engine
{
  const char *name;         /* as users and logs write it */
  const char *const *modes; /* "P1", "P2": what setup --execmode takes; ended
                               by NULL */

  /* Say whether HOST can use the engine in MODE, as CONFIG (NULL: the defaults)
     has it.  Return 0, or a negative errno with ERR telling why in words that a
     user can act on.  */
  int (*usable) (const struct host *host, const struct config *config,
                 const char *mode, struct error *err);

  /* Find out whether MODE works on this host, by trying what it stands on;
     takes longer than usable, which comes first.  Return 0, or a negative errno
     with ERR telling why not and what would change that.  */
  int (*try) (const struct config *config, const char *mode, struct error *err);

  /* Tell FUNCTION, with DATA, of each program of the host that could make
     containers for the engine, as CONFIG has it, by trying it.  NULL where the
     engine wants none.  */
  void (*tell_programs) (const struct config *config,
                         engine_program_function *function, void *data);

  /* Make CONTAINER ready for MODE: patch, link, write files.  Idempotent.
     Return 0, or a negative errno with ERR set.  */
  int (*prepare) (struct container *container, const char *mode,
                  struct error *err);

  /* See that PLAN asks for nothing that its mode does not have, and warn of
     what has no effect in it; before run, while messages still reach who asked.
     Return 0, or a negative errno with ERR naming the modes that have it.  */
  int (*check) (const struct run_plan *plan, struct error *err);

  /* Run PLAN, which was checked.  Where nothing is left to do afterwards
     replace this process by the engine and do not return; otherwise wait and
     return the program's exit status, 0 to 255 (128+N when signal N ended it).
     Return a negative errno with ERR set when it could not be started.  */
  int (*run) (const struct run_plan *plan, struct error *err);
};

/* Our tracer, modes P1 and P2; the in-process engine, modes T1 and T2.  */
extern const struct engine engine_proot, engine_trap;
/* An OCI runtime of the host, modes R1 to R3.  */
extern const struct engine engine_runtime;

/* Apptainer or Singularity, mode S1.  */
extern const struct engine engine_singularity;

/* Find the engine of MODE, as users write it ("P1", "p1", or "auto" for the
   best that works here, found out by trying).  Return 0 with *ENGINE set and
   *CANONICAL (may be NULL) the mode as it is stored, or -EINVAL when there is
   no such mode, or -ENOSYS when it is known but this release has no engine for
   it; ERR then names the modes that work.  */
int engine_find (const char *mode, const struct engine **engine,
                 const char **canonical, struct error *err);

/* All engines, ended by NULL.  */
extern const struct engine *const engines[];

/* Find out whether ENGINE can be used in MODE, one of its own, on this host, as
   CONFIG (NULL: the defaults) has it, by trying.  Return 0, or a negative errno
   with ERR telling why not.  */
int engine_try (const struct engine *engine, const struct config *config,
                const char *mode, struct error *err);

/* Return the mode that is best of those that work on this host, found out by
   trying; NULL when none does.  */
const char *engine_best_mode (void);

/* Return the mode of CONTAINER, which the caller frees: its file 'execmode',
   else what CONFIG overrides, else the default of CONFIG or of the machine.
   CONTAINER may be NULL.  Return 0 with *MODE set, or a negative errno with
   ERR set when the file cannot be read.  The text is not checked.  */
int engine_mode_of (const struct container *container,
                    const struct config *config, char **mode,
                    struct error *err);

#endif
