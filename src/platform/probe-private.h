/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How features are tried; for the files probe*.c alone.  */

#ifndef UDOCKER_PLATFORM_PROBE_PRIVATE_H
#define UDOCKER_PLATFORM_PROBE_PRIVATE_H

#include <stdbool.h>

#include "src/platform/probe.h"

/* How far a try came: NUMBER is 0 when it worked, or the positive errno with
   which step STEP failed; STEP_BEGIN is making the process that tries.  */
struct attempt
{
  int step;
  int number;
};
#define STEP_BEGIN (-1)

/* Tries something in a child process.  Sets *STEP before each step (0 is the
   first) and returns 0 or a positive errno.  DATA is what attempt was given. */
typedef int attempt_function (int *step, void *data);

/* Have FUNCTION try it with DATA in a child process, which ends afterwards, and
   is killed with this one.  A child that is killed by a filter of system calls
   has failed with ENOSYS, one that does not end within seconds with
   ETIMEDOUT.  */
struct attempt attempt (attempt_function *function, void *data);

/* Say in RESULT that it does not work because of REASON, which is taken; and,
   unless NULL, what would change that, which is taken as well.  */
void probe_fails (struct probe_result *result, char *reason, char *remedy);

/* Say in RESULT that a sandbox around forbids it, as NUMBER tells, a positive
   errno; REMEDY, which is copied, would change that.  */
void probe_fails_in_sandbox (struct probe_result *result, int number,
                             const char *remedy);

/* If DONE failed for something that has nothing to do with what was tried, say
   that in RESULT and return true: no process could be made, a limit was met,
   /proc is missing.  */
bool probe_blames_others (struct probe_result *result, struct attempt done);

/* Return the number in the FILE below /proc/sys, or -1.  */
long probe_setting (const char *file);

/* Return whether a filter of system calls that others have installed is around
   this process.  */
bool probe_is_filtered (void);

/* Fill RESULT.  One for each enum probe_id, in the file of its subject.  */
void probe_proc (struct probe_result *result);
void probe_ptrace (struct probe_result *result);
void probe_filter (struct probe_result *result);
void probe_trap (struct probe_result *result);
void probe_user_namespace (struct probe_result *result);
void probe_subids (struct probe_result *result);
void probe_mount_namespace (struct probe_result *result);
void probe_overlay (struct probe_result *result);
void probe_fuse (struct probe_result *result);

#endif
