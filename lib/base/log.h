/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Messages on the standard error stream, by level.  */

#ifndef UDOCKER_LIB_BASE_LOG_H
#define UDOCKER_LIB_BASE_LOG_H

#include <stdbool.h>

/* How much is said, as UDOCKER_LOGLEVEL counts: the numbers are those of the
   command line tool that users know.  */
enum log_level
{
  LOG_NOTHING = -1,
  LOG_ERROR = 0,
  LOG_RESULT = 1, /* what -q leaves: results on stdout, errors */
  LOG_WARNING = 2,
  LOG_INFO = 3, /* the default */
  LOG_VERBOSE = 4,
  LOG_DEBUG = 5 /* what -D asks for */
};

/* Say messages up to LEVEL from now on.  Call it before threads start.  */
void log_set_level (enum log_level level);

/* Return whether messages of LEVEL are said, for what is dear to make.  */
bool log_says (enum log_level level);

/* Write "Info: ", "Warning: ", "Debug: " and one formatted line to stderr if
   the level allows.  No newline in FORMAT; control characters in what is
   quoted become question marks.  One write(2) a message, so that
   lines of parallel processes stay whole; safe in several threads.  Errors of
   a command are not said here: they are returned, and src/main.c prints
   them.  */
void log_info (const char *format, ...) __attribute__ ((format (printf, 1, 2)));
void log_warning (const char *format, ...)
    __attribute__ ((format (printf, 1, 2)));
void log_debug (const char *format, ...)
    __attribute__ ((format (printf, 1, 2)));

/* The same with "Error: ", for src/main.c, and for a command that goes on
   with its next operand after one failed.  */
void log_error (const char *format, ...)
    __attribute__ ((format (printf, 1, 2)));

/* A hook that is called before and after a message is written, so that a
   progress display can clear its lines and draw them again.  NULL for none.
   Called with the lock of the log held: it must not log.  */
void log_set_interrupt (void (*before) (void), void (*after) (void));

#endif
