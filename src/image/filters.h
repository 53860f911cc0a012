/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Archives to be read, and the compressions that are understood.  */

#ifndef UDOCKER_IMAGE_FILTERS_H
#define UDOCKER_IMAGE_FILTERS_H

#include <stddef.h>

struct archive;

/* Let ARCHIVE, of libarchive and to be read, decompress whatever it can
   without starting a program.  */
void filters_allow (struct archive *archive);

/* Return the name of the compression that a file has which begins with the SIZE
   bytes at START (eight are enough), as media types name it: "gzip", "zstd",
   "xz", "bzip2"; NULL for none or another one.  */
const char *filters_name (const void *start, size_t size);

/* What the attribute cleanup of such an ARCHIVE calls: free it.  */
void filters_close (struct archive **archive);

#endif
