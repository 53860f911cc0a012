/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Signals that end a program, put off until it has tidied up.  */

#include <config.h>

#include "lib/base/interrupt.h"

#include <stddef.h>

volatile sig_atomic_t interrupt_signal;

static const int signals[INTERRUPT_SIGNALS] = { SIGINT, SIGTERM, SIGHUP,
                                                SIGXFSZ };

static void
catch_signal (int number)
{
  interrupt_signal = number;
}

void
interrupt_catch (struct interrupt *before)
{
  interrupt_signal = 0;
  before->is_set = true;
  for (size_t i = 0; i < INTERRUPT_SIGNALS; i++)
    {
      struct sigaction action = { .sa_handler = catch_signal };
      if (signals[i] == SIGXFSZ)
        action.sa_handler = SIG_IGN;
      (void) sigaction (signals[i], NULL, &before->actions[i]); /* works */
      if (before->actions[i].sa_handler != SIG_IGN)
        (void) sigaction (signals[i], &action, NULL);
    }
}

void
interrupt_release (struct interrupt *before)
{
  if (!before->is_set)
    return;
  for (size_t i = 0; i < INTERRUPT_SIGNALS; i++)
    (void) sigaction (signals[i], &before->actions[i], NULL); /* works */
  if (interrupt_signal != 0)
    (void) raise (interrupt_signal);
}
