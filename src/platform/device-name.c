/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How devices are named.  */

#include <config.h>

#include "src/platform/device-name.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* Return the length of the word that TEXT begins with: letters, digits and
   what of BETWEEN is between them.  */
static size_t
word_length (const char *text, const char *between)
{
  size_t length = 0;
  while (isalnum ((unsigned char) text[length])
         || (length > 0 && text[length] != '\0'
             && strchr (between, text[length]) != NULL))
    length++;
  return length;
}

bool
device_name_is_qualified (const char *text)
{
  size_t vendor = word_length (text, "_-.");
  if (vendor == 0 || text[vendor] != '/')
    return false;
  const char *class = text + vendor + 1;
  size_t length = word_length (class, "_-");
  return length > 0 && class[length] == '=' && class[length + 1] != '\0';
}
