/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Registers of a stopped tracee, and nothing about what they mean.  */

#ifndef UDOCKER_PROOT_ENGINE_ARCH_ARCH_H
#define UDOCKER_PROOT_ENGINE_ARCH_ARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "lib/guest/call.h"

/* The general registers as the kernel gives them; on machines where the
   number of a system call is kept apart, that number; and through which ABI
   the call is made, which says which registers mean what.  */
struct registers
{
  struct user_regs_struct words;
  long number;
  enum guest_abi abi;
};

/* The AUDIT_ARCH_* constants of each ABI; 0 for one that does not exist
   here.  */
extern const uint32_t arch_audit[GUEST_ABI_COUNT];

/* Read all registers of the stopped task TID; the ABI becomes the native one.
   Return 0 or a negative errno (-ESRCH: the task is no more).  */
int registers_read (pid_t tid, struct registers *registers);

/* Write them.  */
int registers_write (pid_t tid, const struct registers *registers);

/* Find out through which ABI the task TID, which is stopped in a system call
   with REGISTERS, makes it, and set their abi.  Costs a look at the kernel
   only where registers do not tell.  Return false when it is none that is
   known.  */
bool registers_find_abi (pid_t tid, struct registers *registers);

long registers_number (const struct registers *registers);
uint64_t registers_argument (const struct registers *registers, int index);
int64_t registers_result (const struct registers *registers);
uint64_t registers_instruction (const struct registers *registers);

/* Have the task go on at ADDRESS; where it is in a system call, once that has
   been made.  */
void registers_set_instruction (struct registers *registers, uint64_t address);

void registers_set_argument (struct registers *registers, int index,
                             uint64_t value);
void registers_set_result (struct registers *registers, int64_t value);

/* Have the kernel run the call NUMBER when the task continues from an entry
   stop.  */
void registers_set_number (struct registers *registers, long number);

/* Have the kernel skip the call when the task continues from an entry stop,
   and return RESULT.  */
void registers_skip (struct registers *registers, int64_t result);

/* Put back into REGISTERS, read at an exit stop, the number and arguments
   that they had in ENTRY, so that a call that the kernel restarts is made
   again as the program wrote it.  */
void registers_restore (struct registers *registers,
                        const struct registers *entry);

/* Make REGISTERS those of the task before it made the call that it entered
   with the registers ENTRY, which it then makes again.  */
void registers_repeat (struct registers *registers,
                       const struct registers *entry);

/* Have the task, when it continues from an entry stop, skip its call and go
   to the trampoline at ADDRESS with the call NUMBER and the six ARGUMENTS.
   SAVED, eight words, gets what the trampoline must find in its slot.
   Return false where there are no trampolines.  */
bool registers_divert (struct registers *registers, uint64_t address,
                       long number, const uint64_t *arguments, uint64_t *saved);

/* REGISTERS are those of a task that was diverted to the trampoline at
   ADDRESS when it had the registers ENTRY, and that is now about to be
   interrupted by a signal.  Where it is still in the trampoline, make it look
   as if the call had been interrupted at its own place: before the call, or
   after it with its result.  Return whether REGISTERS were changed.  */
bool registers_bring_back (struct registers *registers,
                           const struct registers *entry, uint64_t address);

#endif
