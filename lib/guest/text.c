/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Bounded text and memory operations that need no library.  */

#include "lib/guest/text.h"

/* Eight bytes at a time: paths are copied and compared in every call.  */

void
guest_text_copy (char *to, const char *from, size_t length)
{
  size_t i = 0;

  for (; i + 8 <= length; i += 8)
    __builtin_memcpy (to + i, from + i, 8);
  for (; i < length; i++)
    to[i] = from[i];
}

bool
guest_text_same (const char *one, const char *other, size_t length)
{
  size_t i = 0;

  for (; i + 8 <= length; i += 8)
    {
      uint64_t a, b;
      __builtin_memcpy (&a, one + i, 8);
      __builtin_memcpy (&b, other + i, 8);
      if (a != b)
        return false;
    }
  for (; i < length; i++)
    if (one[i] != other[i])
      return false;
  return true;
}

void
guest_text_init (struct guest_text *text, char *bytes, size_t size)
{
  text->bytes = bytes;
  text->size = size;
  text->length = 0;
  text->overflows = false;
  bytes[0] = '\0';
}

void
guest_text_add_bytes (struct guest_text *text, const char *bytes, size_t length)
{
  if (length >= text->size - text->length)
    {
      text->overflows = true;
      return;
    }
  guest_text_copy (text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
}

void
guest_text_add (struct guest_text *text, const char *string)
{
  guest_text_add_bytes (text, string, guest_text_length (string, text->size));
}

void
guest_text_add_char (struct guest_text *text, char c)
{
  guest_text_add_bytes (text, &c, 1);
}

void
guest_text_add_number (struct guest_text *text, int64_t number)
{
  char digits[24];
  size_t at = sizeof digits;
  uint64_t left = number < 0 ? 0 - (uint64_t) number : (uint64_t) number;

  do
    {
      digits[--at] = (char) ('0' + left % 10);
      left /= 10;
    }
  while (left > 0);
  if (number < 0)
    digits[--at] = '-';
  guest_text_add_bytes (text, digits + at, sizeof digits - at);
}

void
guest_text_cut (struct guest_text *text, size_t length)
{
  if (length >= text->length)
    return;
  text->length = length;
  text->bytes[length] = '\0';
}

int
guest_text_number (const char *string, size_t length)
{
  int64_t number = 0;

  if (length == 0 || length > 10)
    return -1;
  for (size_t i = 0; i < length; i++)
    {
      if (string[i] < '0' || string[i] > '9')
        return -1;
      number = number * 10 + (string[i] - '0');
    }
  return number > INT32_MAX ? -1 : (int) number;
}

size_t
guest_text_length (const char *string, size_t limit)
{
  size_t length = 0;
  while (length < limit && string[length] != '\0')
    length++;
  return length;
}

bool
guest_text_equal (const char *one, const char *other)
{
  size_t i = 0;
  while (one[i] != '\0' && one[i] == other[i])
    i++;
  return one[i] == other[i];
}

bool
guest_text_is (const char *bytes, size_t length, const char *string)
{
  for (size_t i = 0; i < length; i++)
    if (string[i] == '\0' || bytes[i] != string[i])
      return false;
  return string[length] == '\0';
}

bool
guest_text_is_below (const char *path, size_t path_length, const char *prefix,
                     size_t prefix_length)
{
  if (prefix_length == 1 && prefix[0] == '/')
    prefix_length = 0;
  if (path_length < prefix_length
      || !guest_text_same (path, prefix, prefix_length))
    return false;
  return path_length == prefix_length || path[prefix_length] == '/';
}
