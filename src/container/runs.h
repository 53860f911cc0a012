/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What runs on this machine: containers and their processes.

   Every run's plan lies in a file in memory that its engine keeps open, and in
   T modes every process of the container, too.  So what runs is found among
   this user's processes; nothing is written anywhere that could be wrong.  */

#ifndef UDOCKER_CONTAINER_RUNS_H
#define UDOCKER_CONTAINER_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/plan/plan.h"

struct store;

/* One process of a run.  */
struct run_member
{
  pid_t pid;
  uint64_t started; /* in ticks since the machine was, as /proc/PID/stat says */
};

/* One run: what udocker run has started and has not ended.  */
struct running
{
  struct plan plan;           /* its bytes are the list's */
  char *container;            /* id */
  struct run_member *members; /* the oldest first: it is who passes signals on,
                                 or the program itself */
  size_t member_count;
};

struct runs
{
  struct running *list; /* the oldest run first */
  size_t count;
};

/* Find the runs of the container ID (NULL: of all) of STORE that are this
   user's.  What cannot be looked at is left out.  RUNS is to be released.  */
void runs_find (const struct store *store, const char *id, struct runs *runs);
void runs_release (struct runs *runs);

/* Return when MEMBER was started, in seconds since 1970.  */
time_t run_member_time (const struct run_member *member);

/* Send SIGNAL to RUN as to a program: to its oldest process, which passes it
   on; SIGKILL to all of them.  SIGSTOP stops all, also those that they have
   started, and SIGCONT has them go on then; so do SIGTERM, SIGHUP and SIGKILL,
   as in a shell: what is to end must not wait for somebody.  Return 0, or a
   negative errno when no process got it; -ESRCH when the run has ended.  */
int running_signal (const struct running *run, int signal);

/* Have RUN go on if it was stopped.  */
void running_continue (const struct running *run);

/* Return this process as a member of a run.  */
struct run_member run_member_self (void);

/* Return a descriptor that tells of the end of RUN once that is over, for
   running_result; -1 when nothing can tell.  The caller closes it.  */
int running_watch (const struct running *run);

/* Return the exit status of the run whose end WATCH tells of, as its parent
   would see it (128+N for signal N), or -1 when that is not known: Linux tells
   others than the parent from 6.15 on.  */
int running_result (int watch);

/* Return the process that ends with RUN's status, with when it was started, 0
   when it is none of RUN's.  */
struct run_member running_runner (const struct running *run);

/* Return the milliseconds of a clock that only goes on.  */
int64_t running_clock (void);

/* Wait until the processes that RUN had when it was found have ended, at most
   until running_clock says END (-1: as long as it takes).  Return whether they
   have.  */
bool running_await (const struct running *run, int64_t end);

#endif
