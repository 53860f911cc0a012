/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* What step.c, which injects signals, and stepped.c, into which it does, tell
   each other.  */

#ifndef UDOCKER_TESTS_GUEST_STEP_H
#define UDOCKER_TESTS_GUEST_STEP_H

#include <stdint.h>

enum
{
  STEP_BLOCKS = 1,  /* the call sleeps until the signal comes */
  STEP_CHILD = 2,   /* the signal is for the task that the call makes */
  STEP_PROCESS = 4, /* send it to the process, not to the thread */
  STEP_LAST = 8     /* the call does not come back */
};

/* In the memory of the program stepped, which says where when it starts.  */
struct step_shared
{
  /* Addresses behind the instructions that stop the program (int3): it waits
     for what to do next, is about to make the call, has made it.  */
  uint64_t ready, before, after;

  /* The program's own text: signals are injected everywhere else.  */
  uint64_t text_start, text_end;

  int32_t scenario_count, variant_count;

  /* Asked: by step at READY; negative: end.  */
  int32_t scenario, variant;

  /* Answered: by stepped, behind BEFORE.  A STEP_* mask, and the signal to be
     sent.  */
  int32_t flags, signal;

  /* The program goes on when step has set this.  */
  int32_t go;

  /* Another signal that will be sent, or 0.  */
  int32_t second;

  /* Answered at READY, of what was asked before: 1 when the variant does not
     apply, and what went wrong, empty for nothing.  */
  int32_t skipped;
  char scenario_name[32], variant_name[32];
  char verdict[256];
};

/* What stepped writes to its standard output when it has started.  */
struct step_hello
{
  uint64_t magic, address;
  int32_t pid, size;
};

#define STEP_MAGIC 0x5354455050454421ull

#endif
