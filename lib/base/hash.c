/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Numbers that stand for texts in names of files.  */

#include <config.h>

#include "lib/base/hash.h"

uint64_t
hash_text (const char *text)
{
  uint64_t hash = 14695981039346656037u; /* FNV-1a */
  for (; *text != '\0'; text++)
    hash = (hash ^ (unsigned char) *text) * 1099511628211u;
  return hash;
}
