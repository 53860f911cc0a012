/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Why a program could not be started.  */

#ifndef UDOCKER_LIB_START_EXPLAIN_H
#define UDOCKER_LIB_START_EXPLAIN_H

struct start_program;

/* Say why PATH could not be executed for PROGRAM, which gave the error NUMBER,
   and return the exit status for it.  */
int explain_execute (const struct start_program *program, const char *path,
                     int number);

#endif
