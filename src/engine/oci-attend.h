/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Stay beside an OCI runtime as if one were the program that runs in its
   container.  */

#ifndef UDOCKER_ENGINE_OCI_ATTEND_H
#define UDOCKER_ENGINE_OCI_ATTEND_H

#include <signal.h>
#include <stdbool.h>

struct error;
struct channel_begin;

/* Find out for BEGIN what the program is to inherit of this process: signals,
   umask, limits, which streams are closed.  Where standard input and output are
   a terminal the program gets one of its own, so that it controls it.  */
void oci_begin (struct channel_begin *begin);

/* What is started.  */
struct oci_start
{
  char *const *arguments; /* the command, ended by NULL */
  int program_fd;         /* our part, if it is to be found open; or -1 */
  int plan_fd;            /* the plan */
  int errors_fd;          /* what the runtime says goes there */
  int started_fd;         /* for container_tell_start, once that is so */
  bool silent;            /* the program's streams lead nowhere */
  bool gives; /* the runtime passes no descriptors: they are given over the
                 channel */
  struct channel_begin *begin;
};

/* Start what START says with the descriptors of lib/start/channel.h, stay until
   it ends, and pass on meanwhile: signals, what a terminal reads and writes,
   that the program stops and goes on.  Return its exit status, 128+N if signal
   N ended it, with *STARTED whether the runtime has started a container; or a
   negative errno with ERR set.  */
int oci_attend (const struct oci_start *start, bool *started,
                struct error *err);

#endif
