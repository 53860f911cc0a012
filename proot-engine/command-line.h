/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The tracer by hand: PRoot's command line.  */

#ifndef UDOCKER_PROOT_ENGINE_COMMAND_LINE_H
#define UDOCKER_PROOT_ENGINE_COMMAND_LINE_H

/* Turn the ARGC arguments at ARGV, written as for PRoot, into a plan and run
   it.  Return the exit status for this process.  */
int command_line_run (int argc, char **argv);

#endif
