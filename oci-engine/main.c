/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The first process in a container that an OCI runtime has made for us, or one
   that it has brought into it later.

   It finds the run plan and the channel to udocker at descriptors that
   lib/start/channel.h tells of, or gets them over the channel, starts the
   program with the streams, signals and limits of udocker's caller, whatever
   the runtime made of them, and ends as that ends.  */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"
#include "lib/start/channel.h"
#include "lib/start/message.h"
#include "lib/start/process.h"
#include "lib/start/supervise.h"
#include "oci-engine/attend.h"
#include "oci-engine/become.h"
#include "oci-engine/given.h"
#include "oci-engine/line.h"
#include "oci-engine/streams.h"

/* Where descriptors are looked for if the kernel cannot close a range.  */
#define SEARCH_END 1024

/* What this process works with.  */
struct run
{
  struct channel_begin begin;
  struct plan plan;
  int plan_fd, channel;
  bool given;       /* the descriptors were, over the channel */
  uint32_t placed;  /* streams that have a place here */
  int master, line; /* of a terminal, the other end and where it leads; or -1 */
};

/* Be what RUN's plan says, in a process of its own, a child of PARENT.  Does
   not return.  */
static void
run_child (const struct run *run, pid_t parent)
{
  const struct channel_begin *begin = &run->begin;
  (void) setpgid (0, 0); /* our parent does the same */
  if (begin->terminal != 0)
    (void) tcsetpgrp (STDIN_FILENO, getpid ()); /* SIGTTOU is blocked */
  channel_set_signals (begin);
  (void) umask ((mode_t) begin->umask);
  if (run->given)
    channel_set_limits (begin);
  streams_complete (begin);
  _exit (become_program (&run->plan, run->plan_fd, parent));
}

/* Start the program of RUN and stay until it ends.  Return its status.  */
static int
start (const struct run *run)
{
  sigset_t all;
  sigfillset (&all);
  (void) sigprocmask (SIG_SETMASK, &all, NULL); /* cannot fail */
  pid_t self = getpid ();
  pid_t parent = getppid ();
  /* Whoever dies between udocker and us: nothing stays.  If we are the first
     process of all, the kernel ends with us what is left; else we do.  */
  bool is_first = self == 1;
  (void) prctl (PR_SET_PDEATHSIG, is_first ? SIGKILL : ATTEND_ORPHANED);
  if (!is_first)
    (void) prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  pid_t child = fork ();
  if (child == 0)
    run_child (run, self);
  if (child < 0)
    {
      start_complain ("cannot make a process in the container: %s",
                      strerror (errno));
      return START_FAILURE;
    }
  (void) setpgid (child, child); /* or it was faster */
  if (run->master >= 0)
    line_init (run->master, run->line);
  int status = attend (child, run->channel, parent, run->master >= 0);
  if (plan_number (&run->plan, PLAN_KILL_ON_EXIT, 0) == 0)
    (void) channel_send (run->channel, CHANNEL_LEAVES, 0, -1); /* or is alone */
  else if (!is_first)
    supervise_kill_rest ();
  streams_tell_places (run->placed, run->channel);
  return status;
}

/* Close what is not ours, which who started us has left open: the program is to
   have what udocker's caller has, and that comes over the channel.  */
static void
close_rest (void)
{
  const unsigned int first = CHANNEL_STREAMS_FD + 3;
  if (syscall (SYS_close_range, first, ~0U, 0) < 0)
    for (int fd = (int) first; fd < SEARCH_END; fd++)
      (void) close (fd); /* nothing was written to it here */
}

/* Take over the descriptors of RUN.  Return 0, or a negative errno after a
   message.  */
static int
take_descriptors (struct run *run)
{
  int *const ours[] = { &run->plan_fd, &run->channel, &run->master,
                        &run->line };
  if (!run->given)
    close_rest ();
  int error = run->given ? given_receive (&run->begin, &run->placed) : 0;
  if (error == 0)
    error = streams_set (&run->begin, run->given ? &run->master : NULL);
  if (run->master >= 0)
    run->line = CHANNEL_LINE_FD;
  if (error == 0)
    error = streams_take_others (&run->begin, ours, sizeof ours / sizeof *ours);
  return error;
}

static int
run_channel (int argc, char **argv)
{
  struct run run = {
    .plan_fd = CHANNEL_PLAN_FD,
    .channel = CHANNEL_FD,
    .given = argc == 2 && strcmp (argv[1], CHANNEL_GIVEN_OPTION) == 0,
    .master = -1,
    .line = -1,
  };
  if (argc == 2 && strcmp (argv[1], "--nothing") == 0)
    return 0; /* this is how engines are tried */
  if (run.given)
    (void) given_channel (); /* what is received tells */
  if (recv (CHANNEL_FD, &run.begin, sizeof run.begin, 0)
      != (ssize_t) sizeof run.begin)
    {
      start_complain ("this program is for containers of an OCI runtime, where "
                      "udocker starts it");
      return START_FAILURE;
    }
  (void) prctl (PR_SET_NAME, "udocker-init");
  if (take_descriptors (&run) < 0)
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
