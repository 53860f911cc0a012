/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which numbers the engine's descriptors get.

   They are inherited by every program of the container, which is not to come
   across them: calls that name one are trapped, but what a program opens
   should not meet them either.  So they begin where the soft limit on open
   files ends, as long as the hard one leaves room there; where the soft limit
   is high they lie below it nevertheless, since each fork copies the table of
   descriptors up to the last one.  A few cost nothing that can be measured;
   1,000 cost a fork 50 microseconds.  */

#ifndef UDOCKER_TRAP_ENGINE_LAUNCHER_NUMBERS_H
#define UDOCKER_TRAP_ENGINE_LAUNCHER_NUMBERS_H

#include <sys/resource.h>

struct plan;

struct numbers
{
  int first;           /* ours begin here */
  struct rlimit limit; /* what this process had */
  rlim_t soft;         /* what the program will have */
};

/* Find room for COUNT descriptors in a row that nobody uses, and raise the soft
   limit of this process so that they can be opened.  The limits that PLAN sets
   count.  Return 0, or a negative errno after a message.  */
int numbers_choose (struct numbers *numbers, const struct plan *plan,
                    int count);

/* Return from which number on calls can have short-lived descriptors that are
   out of the program's way, when ours end before END; 0 for none.  */
int numbers_spare (const struct numbers *numbers, int end);

/* Give this process the limit back that it had.  */
void numbers_settle (const struct numbers *numbers);

/* Where NUMBERS would lie for a program with the limits SOFT and HARD.  Return
   the first, or -EMFILE.  */
int numbers_place (rlim_t soft, rlim_t hard, int count);

#endif
