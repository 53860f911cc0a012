/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A string (or block of bytes) that grows.  */

#ifndef UDOCKER_LIB_BASE_BUFFER_H
#define UDOCKER_LIB_BASE_BUFFER_H

#include <stddef.h>

/* Bytes that grow at the end.  Starts as { 0 }.  DATA always has a NUL after
   LENGTH bytes once anything was added; it is NULL before that.  */
struct buffer
{
  char *data;
  size_t length;
  size_t space; /* allocated bytes, 0 or more than LENGTH */
};

/* A buffer that is released with its variable: AUTO_BUFFER (name);  */
#define AUTO_BUFFER(name)                                                      \
  __attribute__ ((cleanup (buffer_release))) struct buffer name = { 0 }

/* Make room for at least MORE bytes after the contents, and the NUL.  Ends
   the program when memory is exhausted, as everything here.  */
void buffer_reserve (struct buffer *buffer, size_t more);

/* Append SIZE bytes from DATA.  */
void buffer_add (struct buffer *buffer, const void *data, size_t size);

/* Append the string TEXT.  */
void buffer_add_string (struct buffer *buffer, const char *text);

/* Append one byte.  */
void buffer_add_char (struct buffer *buffer, char character);

/* Append formatted text.  */
void buffer_add_format (struct buffer *buffer, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Return the contents as a string that the caller frees, "" if there were
   none; BUFFER is empty afterwards.  */
char *buffer_take (struct buffer *buffer);

/* Forget the contents but keep the space.  */
void buffer_clear (struct buffer *buffer);

/* Free what BUFFER holds; it can be used again.  */
void buffer_release (struct buffer *buffer);

#endif
