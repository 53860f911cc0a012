/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Results of unit tests in the Test Anything Protocol.  Header only and
   without gnulib, so that tests of bare rooms can use it too.  */

#ifndef UDOCKER_TESTS_UNIT_TAP_H
#define UDOCKER_TESTS_UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count;
static int tap_failures;

/* Print one result: whether GOOD, and what was tested as a formatted text.
   Return GOOD.  */
__attribute__ ((format (printf, 2, 3), unused)) static bool
tap_ok (bool good, const char *format, ...)
{
  va_list list;

  va_start (list, format);
  printf ("%sok %d - ", good ? "" : "not ", ++tap_count);
  vprintf (format, list);
  putchar ('\n');
  va_end (list);
  tap_failures += !good;
  fflush (stdout);
  return good;
}

/* Print a formatted line that is not a result.  */
__attribute__ ((format (printf, 1, 2), unused)) static void
tap_note (const char *format, ...)
{
  va_list list;

  va_start (list, format);
  fputs ("# ", stdout);
  vprintf (format, list);
  putchar ('\n');
  va_end (list);
  fflush (stdout);
}

/* A result that is good when the numbers ACTUAL and EXPECTED are equal; says
   both when they are not.  */
__attribute__ ((unused)) static bool
tap_is_number (long long actual, long long expected, const char *what)
{
  bool good = tap_ok (actual == expected, "%s", what);

  if (!good)
    tap_note ("  got %lld, expected %lld", actual, expected);
  return good;
}

/* A result that is good when the strings ACTUAL and EXPECTED are equal; either
   may be NULL.  */
__attribute__ ((unused)) static bool
tap_is_string (const char *actual, const char *expected, const char *what)
{
  bool same = actual && expected ? strcmp (actual, expected) == 0
                                 : actual == expected;
  bool good = tap_ok (same, "%s", what);

  if (!good)
    tap_note ("  got '%s', expected '%s'", actual ? actual : "(null)",
              expected ? expected : "(null)");
  return good;
}

/* One result that could not be had here, and why.  */
__attribute__ ((format (printf, 2, 3), unused)) static void
tap_skip (const char *what, const char *format, ...)
{
  va_list list;

  va_start (list, format);
  printf ("ok %d - %s # SKIP ", ++tap_count, what);
  vprintf (format, list);
  putchar ('\n');
  va_end (list);
  fflush (stdout);
}

/* Nothing could be tested here, and why.  Ends the program.  */
__attribute__ ((unused, noreturn)) static void
tap_skip_all (const char *reason)
{
  printf ("1..0 # SKIP %s\n", reason);
  exit (0);
}

/* The set-up is broken, and how.  Ends the program.  */
__attribute__ ((unused, noreturn)) static void
tap_bail (const char *reason)
{
  printf ("Bail out! %s\n", reason);
  exit (99);
}

/* Print the plan.  Return the exit status of the test: the last statement of
   main is 'return tap_done ();'.  */
__attribute__ ((unused)) static int
tap_done (void)
{
  printf ("1..%d\n", tap_count);
  return tap_failures != 0;
}

#endif
