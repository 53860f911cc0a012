/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Signals as people write them.  */

#include <config.h>

#include "lib/base/signal-name.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Return the number at TEXT if it is from 0 to LIMIT and nothing follows, else
   -1.  */
static int
read_number (const char *text, int limit)
{
  char *end = NULL;
  if (text[0] < '0' || text[0] > '9')
    return -1;
  unsigned long number = strtoul (text, &end, 10);
  return *end == '\0' && number <= (unsigned long) limit ? (int) number : -1;
}

int
signal_number (const char *text)
{
  int number = read_number (text, SIGRTMAX);
  if (number >= 0)
    return number;
  if (strncmp (text, "SIG", 3) == 0)
    text += 3;
  for (number = SIGHUP; number < SIGRTMIN; number++)
    {
      const char *name = sigabbrev_np (number);
      if (name != NULL && strcmp (name, text) == 0)
        return number;
    }
  if (strcmp (text, "RTMIN") == 0)
    return SIGRTMIN;
  if (strcmp (text, "RTMAX") == 0)
    return SIGRTMAX;
  number = strncmp (text, "RTMIN+", 6) == 0
               ? read_number (text + 6, SIGRTMAX - SIGRTMIN)
               : -1;
  return number < 0 ? 0 : SIGRTMIN + number;
}
