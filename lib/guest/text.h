/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Bounded text and memory operations that need no library.  */

#ifndef UDOCKER_LIB_GUEST_TEXT_H
#define UDOCKER_LIB_GUEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The size of a buffer that holds any path the kernel takes, with its NUL,
   and the longest component in it.  */
#define GUEST_PATH_SIZE 4096
#define GUEST_NAME_MAX 255

/* Text under construction in the caller's storage.  BYTES always ends with a
   NUL.  What does not fit is left out and OVERFLOWS tells so: the caller
   looks once, at the end.  */
struct guest_text
{
  char *bytes;
  size_t size;
  size_t length;
  bool overflows;
};

/* Copy the LENGTH bytes at FROM to TO, which do not overlap.  */
void guest_text_copy (char *to, const char *from, size_t length);

/* Return whether the LENGTH bytes at ONE and at OTHER are the same.  */
bool guest_text_same (const char *one, const char *other, size_t length);

/* Start TEXT, empty, in the SIZE bytes at BYTES; SIZE is not 0.  */
void guest_text_init (struct guest_text *text, char *bytes, size_t size);

/* Append the LENGTH bytes at BYTES, the string STRING, the character C, or
   NUMBER in decimal.  */
void guest_text_add_bytes (struct guest_text *text, const char *bytes,
                           size_t length);
void guest_text_add (struct guest_text *text, const char *string);
void guest_text_add_char (struct guest_text *text, char c);
void guest_text_add_number (struct guest_text *text, int64_t number);

/* Shorten TEXT to LENGTH bytes; nothing when it is not longer.  */
void guest_text_cut (struct guest_text *text, size_t length);

/* Read the decimal digits at STRING, at most LENGTH of them and all of them.
   Return the number, or -1 when there is none, another character, or more
   than fits in an int.  */
int guest_text_number (const char *string, size_t length);

/* Return the length of STRING, but at most LIMIT.  */
size_t guest_text_length (const char *string, size_t limit);

/* Return whether the strings, or the LENGTH bytes at BYTES and STRING, are
   the same.  */
bool guest_text_equal (const char *one, const char *other);
bool guest_text_is (const char *bytes, size_t length, const char *string);

/* Return whether PATH names PREFIX itself or something below it, by whole
   components.  Both are absolute and normal (no "//", ".", "..", no slash at
   the end but for "/" itself).  */
bool guest_text_is_below (const char *path, size_t path_length,
                          const char *prefix, size_t prefix_length);

#endif
