/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Long listings on a terminal, a page at a time.  */

#ifndef UDOCKER_CMD_PAGER_H
#define UDOCKER_CMD_PAGER_H

#include <stdbool.h>

/* Where a listing is.  */
struct pager
{
  unsigned int rows;  /* lines of a page, 0: there are no pages */
  unsigned int shown; /* lines of this page so far */
};

/* Make PAGER ready: with pages as high as the terminal, less two lines for a
   header and a question, when standard output is one and not ALL is to be
   shown at once.  */
void pager_start (struct pager *pager, bool all);

/* Make room for one more line.  When the page is full ask on standard error
   whether to go on, and read the answer from standard input.  Return false
   when that is q or e, in either case, or standard input has ended.  */
bool pager_next_line (struct pager *pager);

#endif
