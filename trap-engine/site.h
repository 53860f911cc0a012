/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   A place where a program calls the system, and what a patched one looks
   like.  Pure computation over bytes: nothing here reads or writes the
   program's memory or makes a system call.

   The two bytes of 'syscall' are too few for a jump to anywhere, so the
   instructions beside it give theirs, and the stub that the jump leads to has
   copies of these.  The range is what the patch covers.  Two shapes:

   Before: one or more simple instructions, then 'syscall'.  The range becomes
     ff 24 25 lo hi xx 00   jmp *address
   (with a prefix in front where the first instruction has 6 bytes), then
   filler, where address names a word that has the stub's address, in one of
   the 64 KiB areas whose number XX is an invalid opcode.

   After: 'syscall', then one simple instruction.  The range becomes
     e9 r0 06 r2 r3         jmp stub
   then filler, with the stub so placed that the second byte of the distance
   is 06.  Threads that sit in the kernel will return to the third byte.

   What makes both safe is one invariant: wherever an instruction of the
   program began within the range, there now begins an instruction that
   faults, but for the first, which is the jump.  Filler is 06, an invalid
   opcode.  Who faults there goes on in the stub, at the copy of what was there
   before: offsets into the range and into the stub are the same as far as the
   'syscall', and what follows it has a copy at the stub's tail.

   Code is variable in length, and bytes before the 'syscall' may look like
   an instruction and be none.  An instruction before is believed when the
   registers, as they are at the system call, have what it leaves there, and
   when no other reading of the same bytes can say this of itself.  Loads from
   and stores to the stack, whose readings with and without a prefix leave the
   same, are believed after something that shows where they begin.  What
   follows a 'syscall' needs no belief: there the kernel returns.  */

#ifndef UDOCKER_TRAP_ENGINE_SITE_H
#define UDOCKER_TRAP_ENGINE_SITE_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes before a 'syscall', and from it on, that are looked at.  */
#define TRAP_CODE_BEFORE 40
#define TRAP_CODE_AFTER 16

/* More than a range ever has, and more than a stub.  */
#define TRAP_SITE_SIZE 32
#define TRAP_STUB_SIZE 56

/* Where registers are in the array that the kernel saves for a signal
   (mcontext_t's gregs).  */
enum trap_register
{
  TRAP_R8,
  TRAP_R9,
  TRAP_R10,
  TRAP_R11,
  TRAP_R12,
  TRAP_R13,
  TRAP_R14,
  TRAP_R15,
  TRAP_RDI,
  TRAP_RSI,
  TRAP_RBP,
  TRAP_RBX,
  TRAP_RDX,
  TRAP_RAX,
  TRAP_RCX,
  TRAP_RSP,
  TRAP_RIP
};

/* What is known of a place when a call from there has been trapped.  */
struct trap_code
{
  /* The program's bytes: BEFORE of them, at most TRAP_CODE_BEFORE, end at
     BYTES + TRAP_CODE_BEFORE, where the 'syscall' begins, and AFTER follow,
     the 'syscall' included.  */
  unsigned char bytes[TRAP_CODE_BEFORE + TRAP_CODE_AFTER];
  unsigned before, after;

  /* Registers at the call, by enum trap_register.  */
  const uint64_t *registers;

  /* Read the 8 bytes of the program at ADDRESS into *VALUE.  Return whether
     that could be done.  */
  bool (*load) (uint64_t address, uint64_t *value);
};

/* A place as it can be patched.  */
struct trap_site
{
  uint8_t before;  /* bytes of the range before the 'syscall'; 0: the shape
                      is After */
  uint8_t size;    /* of the range */
  uint8_t first;   /* size of the range's first instruction */
  uint32_t starts; /* bit I: an instruction began at byte I of the range */
  unsigned char original[TRAP_SITE_SIZE];
};

/* Tell of CODE in SITE how it can be patched.  Return false, with SITE
   undefined, when it cannot.  */
bool trap_site_find (struct trap_site *site, const struct trap_code *code);

/* Likewise, but only by what follows the 'syscall'.  */
bool trap_site_find_after (struct trap_site *site,
                           const struct trap_code *code);

/* Return whether an area of words may lie at ADDRESS, whose third byte stands
   where programs may land.  */
bool trap_site_is_area (uint32_t address);

/* Return the lowest place at or above ADDRESS where, by the form of the jump, a
   stub of a site of shape After whose 'syscall' lies at CALL may begin.  The
   next places will do as well, at most 255, as long as trap_site_reaches says
   so.  */
uint64_t trap_site_stub_place (uint64_t call, uint64_t address);

/* Return whether the stub of a site of shape After, whose 'syscall' lies at
   CALL, may begin at STUB.  */
bool trap_site_reaches (uint64_t call, uint64_t stub);

/* Write the SIZE bytes that the range of SITE gets to BYTES.  TARGET is the
   address of the word with the stub's address for shape Before, and how far
   the stub is from the 'syscall' for shape After.  */
void trap_site_jump (const struct trap_site *site, uint64_t target,
                     unsigned char *bytes);

/* Write the stub of SITE, whose 'syscall' lies at CALL, to BYTES, which will
   lie at STUB.  The word at ENTRY, within 2 GiB of the stub, has the address
   where calls enter the runtime: with rax as it is at the 'syscall', rcx the
   address to return to and r11 that of the 'syscall'.  Return the size, at
   most TRAP_STUB_SIZE.  */
unsigned trap_site_stub (const struct trap_site *site, uint64_t call,
                         uint64_t stub, uint64_t entry, unsigned char *bytes);

/* Return the offset in the stub of SITE where a program goes on that is at
   byte OFFSET of the range, where an instruction of it began, or -1 where none
   did.  */
int trap_site_landing (const struct trap_site *site, unsigned offset);

/* Return the offset in the range of SITE that a program is at which is at byte
   OFFSET of the stub: going on at the one means the same as at the other.  One
   past the range is possible.  */
unsigned trap_site_origin (const struct trap_site *site, unsigned offset);

#endif
