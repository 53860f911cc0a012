/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Ask between two pages whether to go on.  */

#include <config.h>

#include "src/cmd/pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"

enum
{
  ROWS_DEFAULT = 24,
  ROWS_RESERVED = 2,
};

void
pager_start (struct pager *pager, bool all)
{
  struct winsize size = { 0 };

  *pager = (struct pager){ 0 };
  if (all || !isatty (STDOUT_FILENO))
    return;
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
    size.ws_row = ROWS_DEFAULT;
  pager->rows =
      size.ws_row > ROWS_RESERVED + 1 ? size.ws_row - ROWS_RESERVED : 1;
}

bool
pager_next_line (struct pager *pager)
{
  AUTO_FREE char *answer = NULL;
  size_t space = 0;

  if (pager->rows == 0 || pager->shown++ < pager->rows)
    return true;
  const char *question = _ ("[return or q to quit]");
  fflush (stdout);
  (void) file_write_all (STDERR_FILENO, question, strlen (question));
  if (getline (&answer, &space, stdin) < 0)
    {
      (void) file_write_all (STDERR_FILENO, "\n", 1);
      return false;
    }
  pager->shown = 1;
  return strchr ("qQeE", answer[0]) == NULL || answer[0] == '\0';
}
