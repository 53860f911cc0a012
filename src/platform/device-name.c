/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How devices are named.  */

#include <config.h>

#include "src/platform/device-name.h"

#include <stddef.h>
#include <string.h>

#include "c-ctype.h"

/* Return the length of the word that TEXT begins with: letters, digits and
   what of BETWEEN is between them.  */
static size_t
word_length (const char *text, const char *between)
{
  size_t length = 0;
  while (c_isalnum (text[length])
         || (length > 0 && text[length] != '\0'
             && strchr (between, text[length]) != NULL))
    length++;
  return length;
}

/* Return the length of the kind that TEXT begins with, 0 when it does not.  */
static size_t
kind_length (const char *text)
{
  size_t vendor = word_length (text, "_-.");
  if (vendor == 0 || text[vendor] != '/')
    return 0;
  size_t class = word_length (text + vendor + 1, "_-");
  return class == 0 ? 0 : vendor + 1 + class;
}

bool
device_kind_is_valid (const char *text)
{
  size_t length = kind_length (text);
  return length > 0 && text[length] == '\0';
}

bool
device_name_is_valid (const char *text)
{
  size_t length = word_length (text, "_-.:");
  return length > 0 && text[length] == '\0' && c_isalnum (text[length - 1]);
}

bool
device_name_is_qualified (const char *text)
{
  size_t length = kind_length (text);
  return length > 0 && text[length] == '=' && text[length + 1] != '\0';
}
