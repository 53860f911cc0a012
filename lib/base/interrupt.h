/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Signals that end a program, put off until it has tidied up.  */

#ifndef UDOCKER_LIB_BASE_INTERRUPT_H
#define UDOCKER_LIB_BASE_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

enum
{
  INTERRUPT_SIGNALS = 4
};

/* How signals were handled before; starts as { 0 }.  */
struct interrupt
{
  bool is_set;
  struct sigaction actions[INTERRUPT_SIGNALS];
};

/* The variable that carries this lets the signals have their effect when it
   goes.  Declare it before what has to be tidied up.  */
#define AUTO_INTERRUPT __attribute__ ((cleanup (interrupt_release)))

/* The signal that came since interrupt_catch, or 0.  */
extern volatile sig_atomic_t interrupt_signal;

/* From now on SIGINT, SIGTERM and SIGHUP, unless they are ignored, only set
   interrupt_signal (and let system calls fail with EINTR).  A file that grows
   beyond a limit (SIGXFSZ) is an error like a full disk.  */
void interrupt_catch (struct interrupt *before);

/* Handle signals as before again, the one that came first: usually the
   process ends here.  */
void interrupt_release (struct interrupt *before);

#endif
