/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Archives to be read, and the compressions that are understood.  */

#ifndef UDOCKER_IMAGE_FILTERS_H
#define UDOCKER_IMAGE_FILTERS_H

struct archive;

/* Let ARCHIVE, of libarchive and to be read, decompress whatever it can
   without starting a program.  */
void filters_allow (struct archive *archive);

/* What the attribute cleanup of such an ARCHIVE calls: free it.  */
void filters_close (struct archive **archive);

#endif
