/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Archives to be read, and the compressions that are understood.  */

#include <config.h>

#include "src/image/filters.h"

#include <archive.h>

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
