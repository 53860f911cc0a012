/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Errors: what went wrong, carried to the one place that prints it.  */

#ifndef UDOCKER_LIB_BASE_ERROR_H
#define UDOCKER_LIB_BASE_ERROR_H

#include <stdarg.h>

/* What went wrong, in words for the user.  The caller owns it, starts it as
   { 0 } (or declares it AUTO_ERROR) and passes its address last.  Untouched
   when a function succeeds.  */
struct error
{
  int number; /* errno value, never 0 once set */
  char *text; /* one sentence, no newline, no full stop */
};

/* Record NUMBER, a positive errno value, and a formatted sentence in ERR.
   Return -NUMBER, so that failing is one statement.  An error already in ERR
   is replaced; the arguments may point into it.  */
int error_set (struct error *err, int number, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

/* Put a formatted context and a colon in front of ERR's text.  Return the
   (negative) number that ERR already holds.  */
int error_prefix (struct error *err, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Add to ERR's text, after a semicolon, a formatted hint: what to do about
   it.  Return the (negative) number that ERR already holds.  */
int error_hint (struct error *err, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Give the error in FROM to TO, replacing what TO held; FROM is empty
   afterwards.  Return the negative number.  */
int error_move (struct error *to, struct error *from);

/* Forget what ERR holds and free it; ERR can be used again.  */
void error_release (struct error *err);

#endif
