/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Stay beside the program, as the first process of its container.

   The kernel protects the first process of a process namespace from signals
   that it does not expect, so that a program in its place would not die from
   Ctrl-C.  And what becomes an orphan there becomes its child.

   Among the host's processes, and where it joins others in a container, it is
   not the first, and the kernel ends nobody with it.  So it must not be killed
   when udocker or the runtime dies, but kills what it has started.  */

#include "oci-engine/attend.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/start/channel.h"
#include "lib/start/supervise.h"
#include "oci-engine/line.h"

/* Look at our children.  Return whether CHILD has ended, then with *RESULT its
   status.  */
static bool
child_has_ended (pid_t child, int channel, int *result)
{
  int status = 0;
  pid_t pid;
  while ((pid = waitpid (-1, &status, WUNTRACED | WNOHANG)) > 0)
    {
      if (pid != child)
        continue;
      if (WIFSTOPPED (status))
        {
          /* Nobody there: the end of the channel is seen next.  */
          (void) channel_send (channel, CHANNEL_STOPPED, WSTOPSIG (status), -1);
          continue;
        }
      *result =
          WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
      return true;
    }
  return false;
}

/* Kill CHILD and all that it has started.  Does not return.  */
static void
end_all (pid_t child)
{
  (void) kill (-child, SIGKILL);
  if (getpid () != 1)
    supervise_kill_rest (); /* else the kernel does */
  _exit (128 + SIGKILL);
}

/* Take in the signals that have come to SIGNALS.  Return whether PARENT, which
   was ours, has died: where it is not to be seen from here it is nobody, 0.  */
static bool
is_orphaned (int signals, pid_t parent)
{
  struct signalfd_siginfo info;
  bool result = false;
  while (read (signals, &info, sizeof info) == (ssize_t) sizeof info)
    result = result
             || (info.ssi_signo == (uint32_t) ATTEND_ORPHANED
                 && (parent == 0 ? info.ssi_pid == 0 : getppid () != parent));
  return result;
}

/* Do what came over CHANNEL.  Without udocker at its other end kill CHILD
   and do not return.  */
static void
obey (pid_t child, int channel)
{
  struct channel_message message;
  int passed;
  int status;
  while ((status = channel_receive (channel, &message, &passed)) > 0)
    {
      /* Who has ended meanwhile needs no signal.  */
      if (message.kind == CHANNEL_SIGNAL)
        (void) kill (child, message.number);
      else if (message.kind == CHANNEL_SIGNAL_ALL)
        (void) kill (-child, message.number);
      else if (message.kind == CHANNEL_SIZE)
        line_set_size (message.number, (int) message.value);
      if (passed >= 0)
        (void) close (passed);
    }
  if (status < 0)
    end_all (child);
}

int
attend (pid_t child, int channel, pid_t parent, bool lined)
{
  sigset_t expected;
  int result = 0;
  sigemptyset (&expected);
  sigaddset (&expected, SIGCHLD);
  sigaddset (&expected, ATTEND_ORPHANED);
  int signals = signalfd (-1, &expected, SFD_CLOEXEC | SFD_NONBLOCK);
  struct pollfd news[] = {
    { .fd = channel, .events = POLLIN },
    { .fd = signals, .events = POLLIN },
    { .fd = -1 },
    { .fd = -1 },
    { .fd = -1 },
    { .fd = -1 },
  };
  const nfds_t count = lined ? 2 + LINE_POLLS : 2;
  while (!child_has_ended (child, channel, &result))
    {
      if (lined)
        line_poll (&news[2]);
      /* Without signalfd one looks now and then.  */
      (void) poll (news, count, signals < 0 ? 20 : -1);
      if (lined)
        line_go_on (&news[2]);
      if (news[0].revents != 0)
        obey (child, channel);
      if (is_orphaned (signals, parent))
        end_all (child);
    }
  if (lined)
    line_finish ();
  return result;
}
