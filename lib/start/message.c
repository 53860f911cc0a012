/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What an engine says to its user while it starts a container.  */

#include "lib/start/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* Where messages go instead of the standard error output, or NULL.  */
static char *kept;
static size_t kept_size;

void
start_quietly (char *text, size_t size)
{
  kept = text;
  kept_size = size;
  if (text != NULL)
    text[0] = '\0';
}

__attribute__ ((format (printf, 2, 0))) static void
say (const char *kind, const char *format, va_list arguments)
{
  int saved = errno;
  if (kept != NULL)
    {
      (void) vsnprintf (kept, kept_size, format, arguments);
      errno = saved;
      return;
    }
  (void) fflush (stdout);
  (void) fputs (kind, stderr);
  (void) vfprintf (stderr, format, arguments);
  (void) fputc ('\n', stderr);
  errno = saved;
}

void
start_complain (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("Error: ", format, arguments);
  va_end (arguments);
}

void
start_warn (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("Warning: ", format, arguments);
  va_end (arguments);
}

void
start_debug (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  say ("Debug: ", format, arguments);
  va_end (arguments);
}
