/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The first process in a container that an OCI runtime has made for us, or one
   that it has brought into it later.

   It finds the run plan and the channel to udocker at descriptors that
   lib/start/channel.h tells of, starts the program with the streams, signals
   and limits of udocker's caller, whatever the runtime made of them, and
   ends as that ends.  */

#include <errno.h>
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
#include "lib/start/supervise.h"
#include "oci-engine/attend.h"
#include "oci-engine/become.h"
#include "oci-engine/streams.h"

/* What this process works with.  */
struct run
{
  struct channel_begin begin;
  struct plan plan;
  int plan_fd, channel;
};

/* Be what RUN's plan says, in a process of its own.  Does not return.  */
static void
run_child (const struct run *run)
{
  const struct channel_begin *begin = &run->begin;
  (void) setpgid (0, 0); /* our parent does the same */
  if (begin->terminal != 0)
    (void) tcsetpgrp (STDIN_FILENO, getpid ()); /* SIGTTOU is blocked */
  channel_set_signals (begin);
  (void) umask ((mode_t) begin->umask);
  streams_complete (begin);
  _exit (become_program (&run->plan, run->plan_fd));
}

/* Start the program of RUN and stay until it ends.  Return its status.  */
static int
start (const struct run *run)
{
  sigset_t all;
  sigfillset (&all);
  (void) sigprocmask (SIG_SETMASK, &all, NULL); /* cannot fail */
  /* Whoever dies between udocker and us: nothing stays.  */
  (void) prctl (PR_SET_PDEATHSIG, SIGKILL);
  /* The kernel ends what is left if we are the first process of all.  */
  bool ends_rest =
      getpid () != 1 && plan_number (&run->plan, PLAN_KILL_ON_EXIT, 0) != 0;
  if (ends_rest)
    (void) prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  pid_t child = fork ();
  if (child == 0)
    run_child (run);
  if (child < 0)
    {
      start_complain ("cannot make a process in the container: %s",
                      strerror (errno));
      return START_FAILURE;
    }
  (void) setpgid (child, child); /* or it was faster */
  int status = attend (child, run->channel);
  if (ends_rest)
    supervise_kill_rest ();
  return status;
}

static int
run_channel (int argc, char **argv)
{
  struct run run;
  (void) argc;
  (void) argv;
  if (recv (CHANNEL_FD, &run.begin, sizeof run.begin, 0)
      != (ssize_t) sizeof run.begin)
    {
      start_complain ("this program is for containers of an OCI runtime, where "
                      "udocker starts it");
      return START_FAILURE;
    }
  (void) prctl (PR_SET_NAME, "udocker-init");
  if (streams_set (&run.begin) < 0
      || streams_take_others (&run.begin, &run.plan_fd, &run.channel) < 0)
    return START_FAILURE;
  (void) channel_send (run.channel, CHANNEL_STARTED, 0, -1);
  int error = plan_receive (run.plan_fd, &run.plan);
  if (error < 0)
    {
      start_complain ("cannot read the run plan: %s", strerror (-error));
      return START_FAILURE;
    }
  return start (&run);
}

int
main (int argc, char **argv)
{
  return process_run (argc, argv, run_channel);
}
