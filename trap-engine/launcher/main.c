/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The launcher's program: udocker gives it a plan.  */

#include "lib/plan/plan.h"
#include "lib/start/message.h"
#include "lib/start/process.h"
#include "trap-engine/launcher/launch.h"
#include "trap-engine/launcher/outer.h"

static struct guest_task *outer;

static int
run (int argc, char **argv)
{
  struct plan plan;
  int status = process_receive_plan (argc, argv, &plan);
  if (status > 0)
    return launch (&plan, outer);
  if (status == 0)
    start_complain ("this program is started by udocker, with a plan");
  return START_FAILURE;
}

int
main (int argc, char **argv)
{
  outer = outer_take ();
  return process_run (argc, argv, run);
}
