/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Sizes as people read them.  */

#include <config.h>

#include "lib/base/size.h"

#include <stddef.h>

#include "xvasprintf.h"

char *
size_text (double bytes)
{
  static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
  size_t unit = 0;

  while (bytes >= 999.5 && unit + 1 < sizeof units / sizeof *units)
    {
      bytes /= 1000;
      unit++;
    }
  return xasprintf (unit > 0 && bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes,
                    units[unit]);
}
