/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The cache of glibc's dynamic linker.  */

#include <config.h>

#include "src/platform/linker-cache.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The form that glibc 2.2 brought; before 2.32 it stood behind the old one.  */
#define MAGIC "glibc-ld.so.cache1.1"

struct head
{
  char magic[sizeof MAGIC - 1];
  uint32_t count;
  uint32_t text_size;
  uint32_t unused[5];
};

struct entry
{
  uint32_t flags;
  uint32_t name, path; /* offsets from the head */
  uint32_t release;
  uint64_t capabilities;
};

/* More bytes than a path has: those of images may have been made to keep us
   busy.  */
#define TEXT_MAX 4096

/* Return whether a text begins at OFFSET of the SIZE bytes at BYTES and ends
   there, too.  */
static bool
is_text (const char *bytes, size_t size, uint32_t offset)
{
  if (offset >= size)
    return false;
  size_t rest = size - offset;
  return memchr (bytes + offset, '\0', rest < TEXT_MAX ? rest : TEXT_MAX)
         != NULL;
}

void
linker_cache_each (const void *cache, size_t size,
                   linker_cache_function *function, void *data)
{
  const char *bytes = memmem (cache, size, MAGIC, sizeof MAGIC - 1);
  struct head head;
  if (bytes == NULL)
    return;
  size -= (size_t) (bytes - (const char *) cache);
  if (size < sizeof head)
    return;
  memcpy (&head, bytes, sizeof head);
  for (uint32_t i = 0;
       i < head.count
       && size - sizeof head >= (i + (size_t) 1) * sizeof (struct entry);
       i++)
    {
      struct entry entry;
      memcpy (&entry, bytes + sizeof head + i * sizeof entry, sizeof entry);
      if (is_text (bytes, size, entry.name)
          && is_text (bytes, size, entry.path))
        function (bytes + entry.name, bytes + entry.path, data);
    }
}
