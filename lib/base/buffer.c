/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A string (or block of bytes) that grows.  */

#include <config.h>

#include "lib/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "xalloc.h"
#include "xvasprintf.h"

void
buffer_reserve (struct buffer *buffer, size_t more)
{
  if (buffer->space - buffer->length > more)
    return;
  if (more >= (size_t) -1 / 4 - buffer->length)
    xalloc_die ();

  size_t space = buffer->space < 64 ? 64 : buffer->space;
  while (space - buffer->length <= more)
    space *= 2;
  buffer->data = xrealloc (buffer->data, space);
  buffer->space = space;
}

void
buffer_add (struct buffer *buffer, const void *data, size_t size)
{
  buffer_reserve (buffer, size);
  if (size > 0)
    memcpy (buffer->data + buffer->length, data, size);
  buffer->length += size;
  buffer->data[buffer->length] = '\0';
}

void
buffer_add_string (struct buffer *buffer, const char *text)
{
  buffer_add (buffer, text, strlen (text));
}

void
buffer_add_char (struct buffer *buffer, char character)
{
  buffer_add (buffer, &character, 1);
}

void
buffer_add_format (struct buffer *buffer, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  AUTO_FREE char *text = xvasprintf (format, arguments);
  va_end (arguments);
  buffer_add_string (buffer, text);
}

char *
buffer_take (struct buffer *buffer)
{
  char *data = buffer->data != NULL ? buffer->data : xstrdup ("");

  *buffer = (struct buffer){ 0 };
  return data;
}

void
buffer_clear (struct buffer *buffer)
{
  buffer->length = 0;
  if (buffer->data != NULL)
    buffer->data[0] = '\0';
}

void
buffer_release (struct buffer *buffer)
{
  free (buffer->data);
  *buffer = (struct buffer){ 0 };
}
