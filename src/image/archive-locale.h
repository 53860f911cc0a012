/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The locale that libarchive is to work in.  */

#ifndef UDOCKER_IMAGE_ARCHIVE_LOCALE_H
#define UDOCKER_IMAGE_ARCHIVE_LOCALE_H

#include <locale.h>

/* The locale to go back to, and the one made; starts as { 0 }.  */
struct archive_locale
{
  locale_t before;
  locale_t made;
};

/* Make names pass through libarchive as they are, whatever the user's locale:
   its character set has to be that of the names, or none.  For this thread,
   until archive_locale_leave.  */
void archive_locale_enter (struct archive_locale *locale);

/* Back to the user's locale.  */
void archive_locale_leave (struct archive_locale *locale);

#endif
