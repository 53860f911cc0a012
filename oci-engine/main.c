/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The first process in a container that an OCI runtime has made for us, or one
   that it has brought into it later.

   It finds the run plan and the channel to udocker at descriptors that
   lib/start/channel.h tells of, starts the program with the streams, signals
   and limits of udocker's caller, whatever the runtime made of them, and
   ends as that ends.  */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"
#include "lib/start/channel.h"
#include "lib/start/message.h"
#include "lib/start/process.h"
#include "oci-engine/attend.h"
#include "oci-engine/become.h"
#include "oci-engine/streams.h"

/* Give signals the meaning that they have for udocker's caller.  */
static void
set_signals (const struct channel_begin *begin)
{
  sigset_t blocked;
  sigemptyset (&blocked);
  for (int number = 1; number <= SIGRTMAX; number++)
    {
      uint64_t bit = (uint64_t) 1 << (number - 1);
      struct sigaction action = { .sa_handler = SIG_DFL };
      if ((begin->ignored & bit) != 0)
        action.sa_handler = SIG_IGN;
      (void) sigaction (number, &action, NULL); /* not those of the C library */
      if ((begin->blocked & bit) != 0)
        sigaddset (&blocked, number);
    }
  (void) sigprocmask (SIG_SETMASK, &blocked, NULL); /* cannot fail */
}

/* Be what PLAN says, in a process of its own.  Does not return.  */
static void
run_child (const struct plan *plan, const struct channel_begin *begin)
{
  (void) setpgid (0, 0); /* our parent does the same */
  if (begin->terminal != 0)
    (void) tcsetpgrp (STDIN_FILENO, getpid ()); /* SIGTTOU is blocked */
  set_signals (begin);
  (void) umask ((mode_t) begin->umask);
  streams_close (begin);
  _exit (become_program (plan));
}

/* Start the program of PLAN and stay until it ends.  Return its status.  */
static int
start (const struct plan *plan, const struct channel_begin *begin)
{
  sigset_t all;
  sigfillset (&all);
  (void) sigprocmask (SIG_SETMASK, &all, NULL); /* cannot fail */
  /* Whoever dies between udocker and us: nothing stays.  */
  (void) prctl (PR_SET_PDEATHSIG, SIGKILL);
  pid_t child = fork ();
  if (child == 0)
    run_child (plan, begin);
  if (child < 0)
    {
      start_complain ("cannot make a process in the container: %s",
                      strerror (errno));
      return START_FAILURE;
    }
  (void) setpgid (child, child); /* or it was faster */
  return attend (child);
}

static int
run (int argc, char **argv)
{
  struct channel_begin begin;
  struct plan plan;
  (void) argc;
  (void) argv;
  if (fcntl (CHANNEL_PLAN_FD, F_SETFD, FD_CLOEXEC) < 0
      || fcntl (CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0
      || recv (CHANNEL_FD, &begin, sizeof begin, 0) != (ssize_t) sizeof begin)
    {
      start_complain ("this program is for containers of an OCI runtime, where "
                      "udocker starts it");
      return START_FAILURE;
    }
  (void) prctl (PR_SET_NAME, "udocker-init");
  if (streams_set (&begin) < 0)
    return START_FAILURE;
  (void) channel_send (CHANNEL_FD, CHANNEL_STARTED, 0, -1);
  int error = plan_receive (CHANNEL_PLAN_FD, &plan);
  if (error < 0)
    {
      start_complain ("cannot read the run plan: %s", strerror (-error));
      return START_FAILURE;
    }
  return start (&plan, &begin);
}

int
main (int argc, char **argv)
{
  return process_run (argc, argv, run);
}
