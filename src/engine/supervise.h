/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Stay while a program runs, as if one were that program.  */

#ifndef UDOCKER_ENGINE_SUPERVISE_H
#define UDOCKER_ENGINE_SUPERVISE_H

/* Start a process that calls START (ARGUMENT), which must exec or return a
   negative errno, and wait for its end.  Signals that are sent to us are
   passed on to it; those of the terminal reach it by themselves, since it
   stays in our process group.  When it stops, so do we, and when we are
   continued, it is: a shell sees one job.

   Return its exit status, 128+N if signal N ended it, or a negative errno
   when it could not be started.  */
int supervise (int (*start) (void *argument), void *argument);

#endif
