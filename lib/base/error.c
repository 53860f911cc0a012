/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Errors: what went wrong, carried to the one place that prints it.  */

#include <config.h>

#include "lib/base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "xvasprintf.h"

int
error_set (struct error *err, int number, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  char *text = xvasprintf (format, arguments);
  va_end (arguments);

  free (err->text);
  err->text = text;
  err->number = number > 0 ? number : EIO;
  return -err->number;
}

/* Replace ERR's text by FIRST, SEPARATOR and SECOND.  */
static int
join (struct error *err, const char *first, const char *separator,
      const char *second)
{
  char *text = xasprintf ("%s%s%s", first, separator, second);

  free (err->text);
  err->text = text;
  return -err->number;
}

int
error_prefix (struct error *err, const char *format, ...)
{
  va_list arguments;

  assert (err->number > 0);
  va_start (arguments, format);
  AUTO_FREE char *context = xvasprintf (format, arguments);
  va_end (arguments);
  return join (err, context, ": ", err->text);
}

int
error_hint (struct error *err, const char *format, ...)
{
  va_list arguments;

  assert (err->number > 0);
  va_start (arguments, format);
  AUTO_FREE char *hint = xvasprintf (format, arguments);
  va_end (arguments);
  return join (err, err->text, "; ", hint);
}

int
error_move (struct error *to, struct error *from)
{
  assert (from->number > 0);
  free (to->text);
  *to = *from;
  *from = (struct error){ 0 };
  return -to->number;
}

void
error_release (struct error *err)
{
  free (err->text);
  *err = (struct error){ 0 };
}
