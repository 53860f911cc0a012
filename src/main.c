/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   From the command line to an exit status.  */

#include <config.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "closeout.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  bindtextdomain (PACKAGE, LOCALEDIR);
  textdomain (PACKAGE);
  atexit (close_stdout);

  if (argc == 2 && strcmp (argv[1], "--version") == 0)
    {
      printf ("%s\n", PACKAGE_STRING);
      return EXIT_SUCCESS;
    }
  if (argc == 2 && strcmp (argv[1], "--help") == 0)
    {
      printf (_ ("Usage: %s COMMAND [OPTION]... [OPERAND]...\n"), argv[0]);
      return EXIT_SUCCESS;
    }
  log_error (_ ("command missing or unknown; try '%s --help'"), argv[0]);
  return EXIT_FAILURE;
}
