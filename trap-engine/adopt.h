/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   A program that turns out to need what the runtime cannot give, while it runs:
   what its runtime and the tracer that takes over say to each other.

   The runtime starts the tracer (a record with ADOPTS), which seizes the
   process.  From then on each call stops; those from the window are let be.
   The runtime puts back what it has taken from the program (signals, patched
   places), and makes a last call, prctl, by which it tells the tracer where the
   program goes on, with which registers.  */

#ifndef UDOCKER_TRAP_ENGINE_ADOPT_H
#define UDOCKER_TRAP_ENGINE_ADOPT_H

#include <stdint.h>

/* The first argument of that prctl, which no kernel knows; the second leads to
   struct trap_adopted.  */
#define TRAP_ADOPT_CALL 0x75646164u

struct trap_adopted
{
  uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rip;
  uint64_t flags, flags_mask; /* bits of the processor's flags, and which */
  uint64_t gs;                /* base */
  uint64_t blocked;           /* signals */
};

#endif
