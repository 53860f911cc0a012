/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The tracer's program.  udocker gives it a plan; by hand it takes the
   command line of PRoot, which is turned into one.  */

#include "lib/plan/plan.h"
#include "lib/start/process.h"
#include "proot-engine/command-line.h"
#include "proot-engine/start.h"

static int
run (int argc, char **argv)
{
  struct plan plan;
  int status = process_receive_plan (argc, argv, &plan);
  return status > 0   ? tracer_start (&plan)
         : status < 0 ? -status
                      : command_line_run (argc, argv);
}

int
main (int argc, char **argv)
{
  return process_run (argc, argv, run);
}
