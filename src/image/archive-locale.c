/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The locale that libarchive is to work in.  */

#include <config.h>

#include "src/image/archive-locale.h"

void
archive_locale_enter (struct archive_locale *locale)
{
  locale->made = newlocale (LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0);
  if (locale->made == (locale_t) 0)
    locale->made = newlocale (LC_CTYPE_MASK, "C", (locale_t) 0);
  locale->before =
      locale->made == (locale_t) 0 ? (locale_t) 0 : uselocale (locale->made);
}

void
archive_locale_leave (struct archive_locale *locale)
{
  if (locale->before != (locale_t) 0)
    (void) uselocale (locale->before);
  if (locale->made != (locale_t) 0)
    freelocale (locale->made);
  *locale = (struct archive_locale){ 0 };
}
