/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   From a plan to a running container.  */

#ifndef UDOCKER_PROOT_ENGINE_START_H
#define UDOCKER_PROOT_ENGINE_START_H

struct plan;

/* Exit statuses of the engine that are not the program's own.  */
enum start_status
{
  START_FAILURE = 125,
  START_NOT_RUNNABLE = 126,
  START_NOT_FOUND = 127
};

/* Run what PLAN says and wait for its end.  Return the exit status for this
   process: the program's, 128+N when signal N ended it, or one of enum
   start_status after a message.  */
int start_container (const struct plan *plan);

/* Print a message for the user: "Error: " or "Warning: ", FORMAT and a
   newline.  errno stays as it is.  */
void start_complain (const char *format, ...)
    __attribute__ ((format (printf, 1, 2)));
void start_warn (const char *format, ...)
    __attribute__ ((format (printf, 1, 2)));

#endif
