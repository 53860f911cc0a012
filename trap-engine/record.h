/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The record: what one execve tells the runtime that it starts.

   It travels as the last string of the environment, TRAP_RECORD_NAME and then
   the bytes below with NULs written otherwise.  */

#ifndef UDOCKER_TRAP_ENGINE_RECORD_H
#define UDOCKER_TRAP_ENGINE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/guest/exec.h"
#include "lib/guest/ids.h"
#include "lib/guest/text.h"

#define TRAP_RECORD_NAME "UDOCKER_TRAP="
#define TRAP_RECORD_MAGIC 0x75647265u

/* Strings of a record, in their order there.  */
enum trap_record_string
{
  TRAP_STRING_PROGRAM,     /* file to map, as the host knows it */
  TRAP_STRING_INTERPRETER, /* file of its PT_INTERP, likewise; or empty */
  TRAP_STRING_NAME,        /* path given to execve, as the guest knows it */
  TRAP_STRING_COMMAND,     /* the name for PR_SET_NAME */
  TRAP_STRING_EXECUTABLE,  /* what /proc/self/exe shows */
  TRAP_STRING_ROOT,        /* of the task, see struct guest_fs */
  TRAP_STRING_COUNT
};

struct trap_record
{
  uint32_t magic;
  uint32_t size;    /* of all, strings included */
  int32_t state_fd; /* the state's descriptor */
  int32_t held[2];  /* descriptors to be closed when PROGRAM has been mapped,
                       or -1 */
  uint32_t secure;  /* AT_SECURE */
  uint32_t install; /* the filter is to be installed */

  /* Not PROGRAM is to be mapped but the launcher, for a container in the one of
     this task.  */
  uint32_t enters;

  /* The process that has traced this one, or 0: our descriptors are taken from
     it, and SIGTRAP is raised for it when PROGRAM has been mapped.  */
  int32_t tracer;

  /* Not PROGRAM is to be mapped but the program that hands this process over
     to a tracer, which has it map PROGRAM.  Then this is what that needs: the
     program's ABI, and its mode and owner, of which IDS do not know yet.  */
  uint32_t traced;
  uint32_t abi;
  uint32_t mode, uid, gid;

  /* Or 0, or the process that the tracer is to take over while it runs
     (adopt.h): the program that hands over is in a process of its own then, and
     the tracer answers to the pipe CHANNEL.  */
  int32_t adopts, channel;

  uint32_t cwd_binding;
  uint64_t ignored, known; /* signals that are ignored, of which this is told */
  uint64_t blocked;        /* of the runtime's own signals */
  uint32_t filters_size;   /* the program's own filters, if any, ... */
  int32_t filters_fd;      /* ... in a file, which is to be closed */
  bool linux32;
  bool own_mounts, masks_owner; /* see struct guest_fs */
  struct guest_ids ids;
  char strings[TRAP_STRING_COUNT * GUEST_PATH_SIZE];
};

/* The most bytes that an encoded record has, with its name and a NUL.  */
#define TRAP_RECORD_ENCODED_MAX                                                \
  (sizeof TRAP_RECORD_NAME + 2 * sizeof (struct trap_record))

/* Fill RECORD for TASK, which is to become the program EXEC; STATE_FD is the
   state's descriptor there.  What an execve carries besides is zero.  If
   TRACED, the record is one for a tracer.  */
void trap_record_fill (struct trap_record *record,
                       const struct guest_task *task,
                       const struct guest_exec *exec, int state_fd,
                       bool traced);

/* Write RECORD's STRINGS, TRAP_STRING_COUNT of them each shorter than
   GUEST_PATH_SIZE, and its size.  */
void trap_record_set_strings (struct trap_record *record,
                              const char *const *strings);

/* Point STRINGS, of TRAP_STRING_COUNT, to those of RECORD.  Return whether
   RECORD is sound.  */
bool trap_record_strings (const struct trap_record *record,
                          const char **strings);

/* Write RECORD as a string of the environment to TEXT, of
   TRAP_RECORD_ENCODED_MAX bytes.  */
void trap_record_encode (const struct trap_record *record, char *text);

/* Read RECORD from the environment's string TEXT.  Return whether it is a
   sound one.  */
bool trap_record_decode (struct trap_record *record, const char *text);

/* Read RECORD, and point STRINGS to its, from the last string of ENVIRONMENT,
   which ends with NULL, and take that out of it.  Return whether there was
   one.  */
bool trap_record_take (char **environment, struct trap_record *record,
                       const char **strings);

#endif
