/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which numbers the engine's descriptors get.  */

#include "trap-engine/launcher/numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/plan/plan.h"
#include "lib/start/message.h"

enum
{
  HIGH = 1024,    /* numbers from here on make fork slow */
  USUAL = 1024,   /* limit on open files */
  LOW = 32,       /* lower ones are too much in the way */
  MOST = 1 << 20, /* what kernels allow unless told otherwise */
  SPARE = 64      /* so many are open at a time while calls are made */
};

int
numbers_place (rlim_t soft, rlim_t hard, int count)
{
  rlim_t need = (rlim_t) count;
  rlim_t first;
  if (hard > MOST)
    hard = MOST;
  if (soft > hard)
    soft = hard;
  if (soft <= HIGH && hard - soft >= need)
    first = soft;
  else if (soft > HIGH && need <= HIGH / 2)
    first = HIGH - need;
  else if (hard >= need + HIGH)
    first = HIGH / 2;
  else if (hard >= need + LOW)
    first = hard - need;
  else
    return -EMFILE;
  return first < LOW && hard >= need + LOW ? LOW : (int) first;
}

/* Return the highest descriptor that is open among COUNT from FIRST on, or
   -1.  */
static int
last_open (int first, int count)
{
  for (int fd = first + count - 1; fd >= first; fd--)
    if (fcntl (fd, F_GETFD) >= 0)
      return fd;
  return -1;
}

/* Return the start of COUNT numbers that are free, from FIRST on if that is
   possible with the limit HARD; or -EMFILE.  What was inherited stays where it
   is.  */
static int
find_free (int first, rlim_t hard, int count)
{
  int at = first;
  int taken = last_open (at, count);
  while (taken >= 0 && (rlim_t) taken + 1 + (rlim_t) count <= hard)
    {
      at = taken + 1;
      taken = last_open (at, count);
    }
  if (taken < 0)
    return at;
  for (at = first - 1; at >= LOW; at--)
    if (last_open (at, count) < 0)
      return at;
  return -EMFILE;
}

/* Return the soft limit that programs will have by PLAN, OTHERWISE where that
   says nothing.  */
static rlim_t
soft_limit (const struct plan *plan, rlim_t otherwise)
{
  struct plan_record record;
  for (size_t at = 0; plan_next_tag (plan, PLAN_LIMIT, &at, &record);)
    {
      struct plan_limit limit = plan_record_limit (&record);
      if (limit.resource == RLIMIT_NOFILE)
        otherwise = limit.soft;
    }
  return otherwise;
}

int
numbers_choose (struct numbers *numbers, const struct plan *plan, int count)
{
  struct rlimit *limit = &numbers->limit;
  /* A sandbox may forbid even to look: what is usual is tried then.  */
  if (getrlimit (RLIMIT_NOFILE, limit) != 0)
    *limit = (struct rlimit){ USUAL, USUAL };
  rlim_t hard = limit->rlim_max;
  const struct rlimit raised = { hard, hard };
  if (limit->rlim_cur < hard && setrlimit (RLIMIT_NOFILE, &raised) != 0)
    hard = limit->rlim_cur;
  numbers->soft = soft_limit (plan, limit->rlim_cur);
  int first = numbers_place (numbers->soft, hard, count);
  if (first >= 0)
    first = find_free (first, hard, count);
  numbers->first = first;
  if (first >= 0)
    return 0;
  start_complain ("cannot open %d files for the container beside those that "
                  "its programs open; the limit is %llu (ulimit -n)",
                  count, (unsigned long long) hard);
  return -EMFILE;
}

int
numbers_spare (const struct numbers *numbers, int end)
{
  rlim_t soft = numbers->soft > MOST ? MOST : numbers->soft;
  int first = numbers->first;
  int spare = soft >= (rlim_t) end + SPARE ? end
              : soft > (rlim_t) first      ? first - SPARE
                                           : (int) soft - SPARE;
  return spare < 2 * SPARE ? 0 : spare;
}

void
numbers_settle (const struct numbers *numbers)
{
  (void) setrlimit (RLIMIT_NOFILE, &numbers->limit);
}
