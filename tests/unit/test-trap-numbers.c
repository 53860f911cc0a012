/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Where the in-process engine's descriptors lie.  */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"
#include "tests/unit/tap.h"
#include "trap-engine/launcher/numbers.h"

static void
test_places (void)
{
  static const struct
  {
    const char *what;
    rlim_t soft, hard;
    int count, first;
  } cases[] = {
    { "above the soft limit", 1024, 524288, 20, 1024 },
    { "above a small one", 256, 4096, 20, 256 },
    { "not below what programs use at once", 10, 4096, 20, 32 },
    { "below what makes fork slow", 1048576, 1048576, 20, 1004 },
    { "and so without any limit", RLIM_INFINITY, RLIM_INFINITY, 20, 1004 },
    { "thousands, above the soft limit", 1024, 524288, 6000, 1024 },
    { "thousands, where it is high", 524288, 524288, 6000, 512 },
    { "at the end of a hard limit", 1024, 1024, 20, 1004 },
    { "at the end, above the soft one in part", 1020, 1024, 20, 1004 },
    { "where there is hardly room", 64, 64, 20, 44 },
    { "where there is none", 40, 40, 20, -EMFILE },
    { "where there is none for thousands", 1024, 4096, 6000, -EMFILE },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    tap_is_number (numbers_place (cases[i].soft, cases[i].hard, cases[i].count),
                   cases[i].first, cases[i].what);
}

/* What was inherited is passed over, and the limit is given back.  */
static void
test_inherited (void)
{
  struct plan_writer writer;
  struct plan plan;
  struct numbers numbers;
  struct rlimit limit, before = { 100, 400 };
  plan_writer_init (&writer);
  plan_write_text (&writer, PLAN_ROOT, "/");
  plan_write_text (&writer, PLAN_MODE, "T2");
  plan_write_text (&writer, PLAN_ARGUMENT, "true");
  bool made = plan_writer_finish (&writer, &plan) == 0
              && setrlimit (RLIMIT_NOFILE, &before) == 0;
  tap_ok (made && numbers_choose (&numbers, &plan, 20) == 0, "there is room");
  tap_is_number (numbers.first, 100, "at the soft limit");
  tap_ok (fcntl (0, F_DUPFD, 105) == 105, "the limit is raised");
  numbers_settle (&numbers);
  tap_ok (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 100,
          "and set back");
  tap_ok (numbers_choose (&numbers, &plan, 20) == 0, "there is room again");
  tap_is_number (numbers.first, 106, "behind what is open");
  tap_is_number (numbers_spare (&numbers, 126), 0, "none to spare");

  /* At the end of the hard limit, where something is in the way.  */
  const struct rlimit low = { 200, 200 };
  tap_ok (fcntl (0, F_DUPFD, 90) == 90 && setrlimit (RLIMIT_NOFILE, &low) == 0
              && fcntl (0, F_DUPFD, 190) == 190
              && numbers_choose (&numbers, &plan, 20) == 0,
          "there is room below what is open");
  tap_is_number (numbers.first, 170, "right below");
  tap_ok (numbers_choose (&numbers, &plan, 170) == -EMFILE,
          "but not for all that much");
  plan_writer_release (&writer);
}

static void
test_spare (void)
{
  static const struct
  {
    const char *what;
    int first;
    rlim_t soft;
    int end, spare;
  } cases[] = {
    { "below the soft limit", 1024, 1024, 1044, 960 },
    { "behind ours", 4076, 1048576, 4096, 4096 },
    { "before ours", 1004, 1024, 1024, 940 },
    { "nowhere", 64, 64, 84, 0 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      const struct numbers numbers = { .first = cases[i].first,
                                       .soft = cases[i].soft };
      tap_is_number (numbers_spare (&numbers, cases[i].end), cases[i].spare,
                     cases[i].what);
    }
}

int
main (void)
{
  test_places ();
  test_spare ();
  test_inherited ();
  return tap_done ();
}
