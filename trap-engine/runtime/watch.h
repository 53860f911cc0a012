/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Programs of the container that trace others of it: debuggers, strace.

   The kernel stops a traced thread for all that the runtime does in it, too:
   SIGSYS at each call that traps, the runtime's own calls, an execve that first
   executes the runtime.  So the calls by which a program traces others, ptrace
   and wait, are made by its own runtime, which looks at each stop: what is the
   runtime's is hidden and the thread told to go on, the rest is shown as if
   there was no runtime:

       SIGSYS of our filter  never reaches the thread: it is sent to trap_entry
                             at once, as trap_signal would do
       the end of a call     where a step, or the end of a system call, is to be
                             shown, WAITS_TRACER has the way out stop for that
       a stop at an execve   is shown when the program is there, at its first
                             instruction (trap_ready)
       one more stop         is made by going to trap_again for it
       within the runtime    registers are shown as they are during the call

   What must be remembered of a thread is kept in its block, and what an execve
   must tell the new runtime in its trap_process: so nothing is allocated, and
   it does not matter which thread waits for which.  All runtimes lie at the
   same addresses.  */

#ifndef UDOCKER_TRAP_ENGINE_RUNTIME_WATCH_H
#define UDOCKER_TRAP_ENGINE_RUNTIME_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trap-engine/runtime/block.h"

/* What PTRACE_GET_SYSCALL_INFO tells (Linux 5.3): struct ptrace_syscall_info,
   which older headers lack.  */
#define WATCH_GET_CALL 0x420e
enum
{
  WATCH_CALL_BEGINS = 1,
  WATCH_CALL_ENDS = 2,
  WATCH_CALL_IS_FILTERED = 3
};
struct watch_call
{
  uint8_t what, pad[3];
  uint32_t architecture;
  uint64_t rip, rsp;
  union
  {
    struct
    {
      uint64_t number, arg[6];
      uint32_t reason; /* if it is filtered */
    } begins;
    struct
    {
      int64_t result;
      uint8_t fails;
    } ends;
  };
};

/* What a stop is shown as, where it is not the one that the kernel knows.  */
enum watch_shown
{
  WATCH_AS_IT_IS,
  WATCH_EXECUTED, /* the end of an execve */
  WATCH_CALLED,   /* the beginning of a system call */
  WATCH_RETURNED, /* its end */
  WATCH_ASKED     /* what a filter wants to know of it */
};

/* A traced thread that has stopped, of a process of this container.  */
struct watched
{
  int tid;
  struct watch_registers registers; /* the kernel's */
  struct trap_block *block;         /* in its process */
  uint64_t word[BLOCK_WORDS];       /* the head of that block */
  struct trap_notes notes;
  bool inside; /* it is in the runtime */
  bool calls;  /* there, it makes a call of its program's */
};

/* Make the ptrace REQUEST about thread TID, with ADDRESS and DATA.  Return as
   the kernel does.  */
int64_t watch_request (long request, int tid, uint64_t address, uint64_t data);

/* Look at the thread TID.  Return whether it is stopped for this one, which
   traces it, and has a block of the runtime.  */
bool watch_look (int tid, struct watched *watched);

/* Return whether the process of thread TID is one of this container, or of one
   in it or around it: there it has the same runtime.  */
bool watch_is_ours (int tid);

/* Copy SIZE bytes at ADDRESS of thread TID's process, the same address as here
   in what is the process's, to BUFFER, or from there.  Return whether that
   worked.  */
bool watch_read (int tid, const void *address, void *buffer, size_t size);
bool watch_write (int tid, const void *address, const void *buffer,
                  size_t size);

/* Write WATCHED's notes back; and WAITS, WAITS_TRACER or 0, into its word.  */
void watch_keep (const struct watched *watched);
void watch_await (struct watched *watched, uint32_t waits);

/* Return whether WATCHED was interrupted while the kernel made its call, which
   is to be made again.  */
bool watch_is_interrupted (const struct watched *watched);

/* Set the kernel's registers of WATCHED.  */
void watch_set (const struct watched *watched);

/* Fill REGISTERS with those that WATCHED's program has: where it is in the
   runtime, those of the call that it makes.  */
void watch_view (const struct watched *watched,
                 struct watch_registers *registers);

/* This process traces with OPTIONS.  */
void watch_note_options (uint64_t options);

/* The thread TID of another process has stopped with *STATUS, as wait tells
   it.  Return whether that is to be shown, with *STATUS as it says then;
   otherwise the thread goes on.  */
bool watch_stop (int tid, int *status);

/* Let WATCHED, whose stop was shown, go on by the ptrace REQUEST with SIGNAL.
   Return as the kernel does.  */
int64_t watch_resume (struct watched *watched, long request, uint64_t signal);

#endif
