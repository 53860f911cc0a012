/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Archives to be read, and the compressions that are understood.  */

#include <config.h>

#include "src/image/filters.h"

#include <archive.h>
#include <string.h>

void
filters_allow (struct archive *archive)
{
  (void) archive_read_support_filter_gzip (archive);
  (void) archive_read_support_filter_zstd (archive);
  (void) archive_read_support_filter_xz (archive);
  (void) archive_read_support_filter_lzma (archive);
  (void) archive_read_support_filter_lzip (archive);
  (void) archive_read_support_filter_bzip2 (archive);
  (void) archive_read_support_filter_lz4 (archive);
  (void) archive_read_support_filter_compress (archive);
}

void
filters_close (struct archive **archive)
{
  if (*archive != NULL)
    (void) archive_read_free (*archive); /* only read from */
}

const char *
filters_name (const void *start, size_t size)
{
  static const struct
  {
    const char *name;
    const char *magic;
    size_t size;
  } kinds[] = {
    { "gzip", "\x1f\x8b", 2 },
    { "zstd", "\x28\xb5\x2f\xfd", 4 },
    { "xz",
      "\xfd"
      "7zXZ",
      6 },
    { "bzip2", "BZh", 3 },
  };

  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (size >= kinds[i].size
        && memcmp (start, kinds[i].magic, kinds[i].size) == 0)
      return kinds[i].name;
  return NULL;
}
