/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Test that lines of progress fit.  */

#include <config.h>

#include "lib/base/progress.h"

#include <locale.h>
#include <stdlib.h>

#include "mbswidth.h"
#include "tests/unit/tap.h"

static const struct
{
  const char *label;
  int64_t done, total;
  double rate;
  const char *note;
  int columns;
  const char *text;
} cases[] = {
  { "sha256:0123", 0, -1, -1, NULL, 79, "sha256:0123  0 B" },
  { "sha256:0123", 0, 1000, -1, NULL, 79, "sha256:0123    0%  0 B of 1.0 kB" },
  { "sha256:0123", 999, 1000, -1, NULL, 79,
    "sha256:0123   99%  999 B of 1.0 kB" },
  { "sha256:0123", 1500000, 300000000, 2e6, NULL, 79,
    "sha256:0123    0%  1.5 MB of 300 MB  2.0 MB/s  2:29 left" },
  { "sha256:0123", 1000000000, 300000000000, 2e6, NULL, 79,
    "sha256:0123    0%  1.0 GB of 300 GB  2.0 MB/s  41:31:40 left" },
  { "sha256:0123", 1, 300000000000, 1, NULL, 79,
    "sha256:0123    0%  1 B of 300 GB  1 B/s  --:-- left" },
  { "sha256:0123", 1500000, 300000000, 2e6, NULL, 47,
    "sha256:0123    0%  1.5 MB of 300 MB  2.0 MB/s" },
  { "sha256:0123", 1500000, 300000000, 2e6, NULL, 40,
    "sha256:0123    0%  1.5 MB of 300 MB" },
  { "sha256:0123", 1500000, 300000000, 2e6, NULL, 20, "sha256:0123    0%" },
  { "sha256:0123", 1500000, 300000000, 2e6, NULL, 14, "sha256:0    0%" },
  { "sha256:0123", 1500000, 300000000, 2e6, NULL, 5, "sha25" },
  { "sha256:0123", 1500000, 300000000, 2e6, NULL, 0, "" },
  { "sha256:0123", 10, 10, 5, "done", 79,
    "sha256:0123  100%  done  10 B of 10 B" },
  { "Schlu\314\210ssel\345\255\227\345\255\227", 5, 10, -1, NULL, 15,
    "Schlu\314\210ssel   50%" },
  { "\345\255\227\345\255\227\345\255\227\345\255\227", 5, 10, -1, NULL, 14,
    "\345\255\227\345\255\227\345\255\227\345\255\227   50%" },
  { "\345\255\227\345\255\227\345\255\227\345\255\227", 5, 10, -1, NULL, 5,
    "\345\255\227\345\255\227" },
};

int
main (void)
{
  bool has_locale = setlocale (LC_ALL, "C.UTF-8") != NULL;

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      if (!has_locale && cases[i].label[0] != 's')
        {
          tap_skip ("wide characters", "there is no locale C.UTF-8");
          continue;
        }
      char *text =
          progress_text (cases[i].label, cases[i].done, cases[i].total,
                         cases[i].rate, cases[i].note, cases[i].columns);
      tap_is_string (text, cases[i].text, cases[i].text);
      free (text);
    }

  /* Whatever the numbers and the width, it fits.  */
  bool fits = true;
  for (int columns = 0; columns < 120; columns++)
    for (int64_t total = 1; total < (int64_t) 1 << 55; total *= 7)
      for (int part = 0; part <= 3; part++)
        {
          char *text =
              progress_text ("sha256:0123456789ab", total / 3 * part, total,
                             (double) total / 50,
                             part == 3 ? "is here already" : NULL, columns);
          if (mbswidth (text, 0) > columns)
            {
              tap_note ("%d: '%s'", columns, text);
              fits = false;
            }
          free (text);
        }
  tap_ok (fits, "a line is never wider than the window");
  return tap_done ();
}
