/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Becoming a program: what the kernel does in execve, done by the process
   itself.  For the tracer's loader stub and the in-process runtime.  */

#ifndef UDOCKER_LIB_LOAD_LOAD_H
#define UDOCKER_LIB_LOAD_LOAD_H

#include <stdint.h>

/* What to become.  NAME stays readable while the program runs: AT_EXECFN
   points to it.  */
struct load_request
{
  const char *program;     /* file to map, as the host knows it */
  const char *interpreter; /* file of its PT_INTERP, likewise, or NULL */
  const char *name;        /* path given to execve, as the guest knows it */
  const char *command;     /* the name for PR_SET_NAME */
  uintptr_t base;          /* where PROGRAM goes if it may lie anywhere; 0: to
                              the usual place */
  uint32_t uid, euid, gid, egid;
  uint32_t secure;         /* AT_SECURE */
  uint32_t shows_features; /* FEATURES count */
  uint64_t features;       /* of the processor: AT_HWCAP */
};

/* Map what REQUEST says where the kernel would, have the heap begin behind the
   program, and correct the auxiliary vector; STACK is as the kernel left it.
   Return where to jump, with STACK as the stack pointer.  What goes wrong here
   does so after the point of no return: then this says so in one sentence on
   standard error and ends the process with exit status 126.  */
uintptr_t load_program (const struct load_request *request, uintptr_t *stack);

/* Say that FILE cannot be executed, because WHAT, and end the process with exit
   status 126.  */
_Noreturn void load_fail (const char *what, const char *file);

#endif
