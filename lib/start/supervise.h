/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Stay while a program runs, as if one were that program.  */

#ifndef UDOCKER_LIB_START_SUPERVISE_H
#define UDOCKER_LIB_START_SUPERVISE_H

#include <signal.h>
#include <stdbool.h>

/* What becomes of the processes that the program leaves when it ends.  */
enum supervise_rest
{
  SUPERVISE_LEAVE, /* they are nobody's business */
  SUPERVISE_AWAIT, /* their end is waited for */
  SUPERVISE_KILL   /* they are killed */
};

/* Start a process that calls START (ARGUMENT), which must exec or return a
   negative errno or an exit status, and wait for its end, and for that of the
   REST as far as that is wanted.  Signals that are sent to us are passed on to
   it; those of the terminal reach it by themselves, since it stays in our
   process group.  When it stops, so do we, and when we are continued, it is: a
   shell sees one job.

   Return its exit status, 128+N if signal N ended it, or a negative errno
   when it could not be started.  */
int supervise (int (*start) (void *argument), void *argument,
               enum supervise_rest rest);

/* Kill our children, and those that become ours by that, until none is
   left.  */
void supervise_kill_rest (void);

/* Return whether this process has any children.  */
bool supervise_has_children (void);

/* Do as supervise_kill_rest with those that are in another name space of users
   than we, as what runs in a container is; others are left alone.  */
void supervise_kill_inside (void);

/* Set SIGNALS to those that who stays beside a program passes on to it.  */
void supervise_signals (sigset_t *signals);

/* Return whether a signal, of which the kernel says its NUMBER and the CODE of
   its origin, was made by the terminal for a whole process group.  */
bool supervise_is_for_group (int number, int code);

#endif
