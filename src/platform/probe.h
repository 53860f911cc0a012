/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What this host lets us do, found out by doing it.  Kernels, administrators
   and sandboxes close features in too many ways to tell from versions and
   settings; these only explain what was seen.  */

#ifndef UDOCKER_PLATFORM_PROBE_H
#define UDOCKER_PLATFORM_PROBE_H

#include <stdbool.h>

struct error;

/* What is tried.  */
enum probe_id
{
  PROBE_PROC,            /* the file system /proc */
  PROBE_PTRACE,          /* tracing our own children */
  PROBE_FILTER,          /* filters of system calls */
  PROBE_TRAP,            /* and their SIGSYS */
  PROBE_USER_NAMESPACE,  /* a user namespace with one id */
  PROBE_SUBIDS,          /* and one with a range of ids */
  PROBE_MOUNT_NAMESPACE, /* mounting in a user namespace */
  PROBE_OVERLAY,         /* mounting an overlay there */
  PROBE_FUSE,            /* file systems in user space */
  PROBE_COUNT
};

/* What came of it.  */
struct probe_result
{
  bool works;
  char *reason; /* why not, or what there is to say though; may be NULL.  Part
                   of a sentence, as in "does not work: REASON" */
  char *remedy; /* what would change that, as in "to change that, REMEDY"; NULL
                   when nothing is known to */
};

/* Return the name of ID as programs read it ("ptrace"), and what it is in
   words for the user ("tracing of programs (ptrace)").  */
const char *probe_name (enum probe_id id);
const char *probe_title (enum probe_id id);

/* Try ID unless it has been tried, and return the result, which stays.  Makes
   child processes and waits for them; leaves nothing behind.  Not
   thread-safe.  */
const struct probe_result *probe (enum probe_id id);

/* Return 0 when ID works, otherwise -ENOSYS with ERR telling what does not,
   why, and what would change that.  */
int probe_need (enum probe_id id, struct error *err);

#endif
