/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What an engine says to its user while it starts a container, and how it
   exits.  */

#ifndef UDOCKER_LIB_START_MESSAGE_H
#define UDOCKER_LIB_START_MESSAGE_H

#include <stddef.h>

/* Exit statuses of an engine that are not the program's own.  */
enum start_status
{
  START_FAILURE = 125,
  START_NOT_RUNNABLE = 126,
  START_NOT_FOUND = 127
};

/* Print a message for the user: "Error: " or "Warning: ", FORMAT and a
   newline.  errno stays as it is.  */
void start_complain (const char *format, ...)
    __attribute__ ((format (printf, 1, 2)));
void start_warn (const char *format, ...)
    __attribute__ ((format (printf, 1, 2)));

/* Likewise "Debug: ", for who has asked to be told more.  */
void start_debug (const char *format, ...)
    __attribute__ ((format (printf, 1, 2)));

/* From now on keep what these say in the SIZE bytes at
   TEXT, one line of it, instead of printing it; with NULL print again.  */
void start_quietly (char *text, size_t size);

#endif
