/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How far long work has got, on the standard error stream.  */

#ifndef UDOCKER_LIB_BASE_PROGRESS_H
#define UDOCKER_LIB_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* On a terminal every piece of work has a line that is redrawn in place,
   fitted to the window as it is at that moment; lines that are finished stay
   above those at work.  Elsewhere, and with a log level below LOG_INFO,
   nothing is drawn: the caller says in plain messages what happens.  Messages
   of lib/base/log.h may be written at any time between.  One display at a
   time, used by one thread.  */
struct progress;

/* A piece of work and its line.  */
struct progress_line;

/* Start a display.  Never NULL.  */
struct progress *progress_open (void);

/* End the display and free it, with lines that are still at work.  The cursor
   is left below the last line.  NULL is accepted.  */
void progress_close (struct progress *progress);

/* Return whether lines are drawn, so that plain messages are not needed.  */
bool progress_is_drawn (const struct progress *progress);

/* Add a line called LABEL (copied) for work of TOTAL bytes, -1 when nobody
   knows.  Owned by PROGRESS.  */
struct progress_line *progress_add (struct progress *progress,
                                    const char *label, int64_t total);

/* DONE bytes of LINE's work are done now.  Rate and time left are estimated
   from how this grew, the first time not counted.  Draws, at most some ten
   times a second.  Any formatted note goes away.  */
void progress_update (struct progress_line *line, int64_t done);

/* Show NOTE (copied) in LINE instead of rate and time, until the next
   update.  */
void progress_note (struct progress_line *line, const char *note);

/* LINE's work has come to its end, or was given up, as RESULT says in a word
   or two.  LINE is drawn for the last time and is not to be used any more.  */
void progress_finish (struct progress_line *line, const char *result);

/* What a line looks like: the text for LABEL with DONE of TOTAL bytes, RATE
   bytes a second (negative: not known) or NOTE (unless NULL), in at most
   COLUMNS columns.  The least important parts are left out first.  The caller
   frees it.  */
char *progress_text (const char *label, int64_t done, int64_t total,
                     double rate, const char *note, int columns);

#endif
