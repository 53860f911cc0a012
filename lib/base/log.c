/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Messages on the standard error stream, by level.  */

#include <config.h>

#include "lib/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/i18n.h"
#include "xvasprintf.h"

static enum log_level log_level = LOG_INFO;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static void (*log_before) (void);
static void (*log_after) (void);

void
log_set_level (enum log_level level)
{
  log_level = level;
}

bool
log_says (enum log_level level)
{
  return level <= log_level;
}

void
log_set_interrupt (void (*before) (void), void (*after) (void))
{
  pthread_mutex_lock (&log_mutex);
  log_before = before;
  log_after = after;
  pthread_mutex_unlock (&log_mutex);
}

/* Write all of TEXT to stderr; there is nobody to tell when that fails.  */
static void
write_all (const char *text, size_t length)
{
  while (length > 0)
    {
      ssize_t written = write (STDERR_FILENO, text, length);
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return;
      text += written;
      length -= (size_t) written;
    }
}

/* Messages quote names and texts of strangers: registries, archives, images.
   Put a question mark in the place of every character of TEXT that could take
   over a terminal, or begin a line that would be taken for ours: the control
   characters, also those that take two bytes in UTF-8 (U+0080 to U+009F), but
   for tab.  */
static void
tame (char *text)
{
  for (unsigned char *p = (unsigned char *) text; *p != '\0'; p++)
    if ((*p < ' ' && *p != '\t') || *p == 0x7f)
      *p = '?';
    else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
      *p = p[1] = '?';
}

__attribute__ ((format (printf, 3, 0))) static void
say (enum log_level level, const char *label, const char *format,
     va_list arguments)
{
  if (!log_says (level))
    return;

  int saved = errno;
  AUTO_FREE char *text = xvasprintf (format, arguments);
  tame (text);
  AUTO_BUFFER (line);
  buffer_add_string (&line, label);
  buffer_add_char (&line, ' ');
  buffer_add_string (&line, text);
  buffer_add_char (&line, '\n');

  pthread_mutex_lock (&log_mutex);
  if (log_before != NULL)
    log_before ();
  write_all (line.data, line.length);
  if (log_after != NULL)
    log_after ();
  pthread_mutex_unlock (&log_mutex);
  errno = saved;
}

#define SAY(level, label)                                                      \
  do                                                                           \
    {                                                                          \
      va_list arguments;                                                       \
      va_start (arguments, format);                                            \
      say (level, label, format, arguments);                                   \
      va_end (arguments);                                                      \
    }                                                                          \
  while (0)

void
log_error (const char *format, ...)
{
  SAY (LOG_ERROR, _ ("Error:"));
}

void
log_warning (const char *format, ...)
{
  SAY (LOG_WARNING, _ ("Warning:"));
}

void
log_info (const char *format, ...)
{
  SAY (LOG_INFO, _ ("Info:"));
}

void
log_debug (const char *format, ...)
{
  SAY (LOG_DEBUG, "Debug:");
}
