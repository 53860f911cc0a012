/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Mode T1: places that call the system become jumps.

   A place is patched only after calls from it have been trapped, which proves
   that there is an instruction; site.h says what it becomes and why programs
   may land anywhere in it.  This is about where stubs lie, how bytes are
   written while threads run over them, and who goes on where.

   Stubs of shape Before lie with the words that lead to them in one area of
   64 KiB, below all programs.  Stubs of shape After lie in pools, within
   2 GiB of their places.  Neither is ever writable and executable at once:
   /proc/self/mem writes to both, and to the program's text, without changing
   what is mapped.  Where that is forbidden a page is made writable, and not
   executable, for the moment; so only while no other task shares the memory.
   Where that is forbidden too, nothing is patched.

   What a program can write itself is never patched, nor anything in a process
   that is traced: a debugger has its own idea of what is there.

   Writing takes three steps, between which all processors that run the
   program are made to see what is there (membarrier): an invalid opcode where
   instructions began, whatever lies between, the first byte.  Who arrives in
   between faults and goes on in the stub.

   All state is the process's.  Forks copy it; one that is made while another
   thread writes leaves the child with a place that faults always, which is
   right, and which it finishes when it lands there.

   All functions are called with all signals blocked, from handlers or not, and
   never wait: who finds another one at work patches nothing.  */

#ifndef UDOCKER_TRAP_ENGINE_PATCH_H
#define UDOCKER_TRAP_ENGINE_PATCH_H

#include <stdbool.h>
#include <stdint.h>

/* Whether places are patched, and why not.  */
enum trap_patching
{
  TRAP_PATCHING_OFF,    /* trap_patch_begin has not been called */
  TRAP_PATCHING_ON,     /* through /proc/self/mem */
  TRAP_PATCHING_ALONE,  /* only while no other task shares the memory */
  TRAP_PATCHING_TRACED, /* not while somebody traces the process */
  TRAP_PATCHING_NEVER   /* what it takes is forbidden here */
};

/* What trap_patch_begin is told.  */
struct trap_patch_options
{
  /* Where calls enter the runtime: rax has the number, rcx the address to
     return to, r11 that of the program's instruction, where the call may be
     rolled back to; all else is as the program left it.  */
  uint64_t entry;

  /* A descriptor number that the program cannot reach, for /proc/self/mem
     where tasks share memory; -1 when there is none, and then only who is alone
     patches.  */
  int32_t fd;

  /* How many calls of a place are trapped before it is patched, and how many
     of a process before any is.  Patching pays after some.  */
  uint32_t patience, warming;
};

/* Patch from now on.  Once in a process, before anything is trapped.  */
void trap_patch_begin (const struct trap_patch_options *options);

/* This process has been forked: it begins to count anew, since many end soon,
   and trap_patch_share looks again whose memory it has.  */
void trap_patch_forked (void);

/* A task that shares the memory is about to be made: make ready for writing
   while it runs, which later is not possible or takes milliseconds.  ALONE as
   for trap_patch.  */
void trap_patch_share (bool alone);

/* The system call instruction at CALL has been trapped, with REGISTERS (enum
   trap_register of site.h), rax being the number: patch the place if it can
   be, now.  ALONE says that no other task shares the memory; false is right
   when that is not known.  Return whether calls from there are jumps from now
   on.  For the handler of SIGSYS.  */
bool trap_patch (uint64_t call, const uint64_t *registers, bool alone);

/* An instruction at RIP was invalid.  Return where the program goes on when it
   has landed in a patched place, or 0 when the fault is its own.  ALONE as for
   trap_patch.  For the handler of SIGILL.  */
uint64_t trap_landing (uint64_t rip, bool alone);

/* Give the program all its places back, for good: nothing must be trapped, or
   be patched, any more.  Only while no other task shares the memory.  */
void trap_patch_undo (void);

/* Return where in the program's own code a task is that is at RIP: the same
   address, unless it lies in a stub.  To go on at either means the same; so a
   handler of the program's never sees our stubs.  */
uint64_t trap_origin (uint64_t rip);

/* Return whether places are patched.  */
enum trap_patching trap_patching (void);

/* Return whether they can be in this process, ON, ALONE, TRACED or NEVER, by
   trying what it takes.  Needs no trap_patch_begin.  */
enum trap_patching trap_patch_probe (void);

#endif
