/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Stay beside an OCI runtime as if one were the program that runs in its
   container.

   The runtime is in a process group of its own, in the background, so that the
   terminal sends it no signals; all that comes to us goes to udocker-init in
   the container over the channel (lib/start/channel.h).  The program is in
   another session than we, so that a terminal that it is to control must be
   another one: udocker-init makes it in the container, and we are at its other
   end.  When the program stops, so do we, and the shell sees one job.  */

#include <config.h>

#include "src/engine/oci-attend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/start/channel.h"
#include "lib/start/relay.h"
#include "lib/start/supervise.h"
#include "src/container/output.h"

#include "xvasprintf.h"

extern char **environ;

/* How long, in milliseconds, somebody in the background waits before it looks
   again whether it is in the foreground.  */
#define BACKGROUND_WAIT 200

/* How many seconds udocker-init has to end after the runtime.  */
#define END_SECONDS 5

/* How many seconds a runtime may take that is only tried.  */
#define TRIAL_SECONDS 10

/* Everything about one that runs.  */
struct attended
{
  pid_t runtime;
  int channel;    /* our end */
  int signals;    /* a signalfd */
  int started_fd; /* as in struct oci_start */
  bool started;
  bool is_left;  /* nobody could kill it */
  bool is_asked; /* to end, before anything has started */
  bool alone;    /* before, there were no children of ours */
  bool leaves;   /* the program has ended, and what it has started may go on */
  int result;
  time_t until; /* a runtime that is only tried is killed then; or 0 */

  bool gives;           /* as in struct oci_start */
  int line;             /* this leads to the program's terminal, once there is
                           one; or -1 */
  int terminal;         /* the other end of the program's, or -1 */
  bool raw;             /* ours is */
  struct termios modes; /* of ours, as it was */
  struct relay input, output;
};

/* Return the place where FD reads and writes, if it is in a file that others
   may use before and after the program; else -1.  */
static int64_t
place_of (int fd)
{
  struct stat st;
  int flags = fcntl (fd, F_GETFL);
  if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode) || flags < 0
      || (flags & O_APPEND) != 0)
    return -1;
  return lseek (fd, 0, SEEK_CUR);
}

/* Send over CHANNEL, unless that is -1, which other descriptors of this process
   the program is to have: its caller's, since ours are close-on-exec; with what
   place they have if it GIVES them to another kernel.  Return how many these
   are.  */
static uint32_t
send_others (int channel, bool gives)
{
  AUTO_CLOSEDIR DIR *directory = opendir ("/proc/self/fd");
  const struct dirent *entry;
  uint32_t count = 0;
  while (directory != NULL && (entry = readdir (directory)) != NULL)
    {
      int fd = (int) strtol (entry->d_name, NULL, 10);
      if (fd <= STDERR_FILENO || (fcntl (fd, F_GETFD) & FD_CLOEXEC) != 0)
        continue;
      count++;
      /* The kernel lets few be on their way at once: the program does without
         those then, and they are still counted.  */
      if (channel >= 0
          && channel_send_value (channel, CHANNEL_OTHER, fd,
                                 gives ? place_of (fd) : -1, fd)
                 < 0)
        (void) channel_send (channel, CHANNEL_OTHER, fd, -1);
    }
  return count;
}

void
oci_begin (struct channel_begin *begin)
{
  *begin = (struct channel_begin){ 0 };
  channel_read_signals (begin);
  channel_read_limits (begin);
  begin->umask = umask (0);
  (void) umask ((mode_t) begin->umask);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    /* Those that were closed are guarded, see src/main.c.  */
    if ((fcntl (fd, F_GETFD) & FD_CLOEXEC) != 0)
      begin->closed |= 1u << fd;
  if (tcgetattr (STDIN_FILENO, &begin->modes) == 0 && isatty (STDOUT_FILENO))
    {
      begin->terminal = 3;
      if (isatty (STDERR_FILENO))
        begin->terminal |= 1u << STDERR_FILENO;
      (void) ioctl (STDIN_FILENO, TIOCGWINSZ, &begin->size); /* or none */
    }
  begin->others = send_others (-1, false);
}

/* Have CHANNEL as standard input of this process, a child, since no other
   descriptor is passed.  */
static int
set_channel (const struct oci_start *start, int channel)
{
  int nothing = open ("/dev/null", O_RDWR | O_CLOEXEC);
  int errors = fcntl (start->errors_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  return nothing < 0 || errors < 0 || dup2 (channel, STDIN_FILENO) < 0
                 || dup2 (nothing, STDOUT_FILENO) < 0
                 || dup2 (errors, STDERR_FILENO) < 0
             ? -errno
             : 0;
}

/* Return whether the streams ONE and OTHER are one file, at one place, open in
   one way: mostly since one of them was made of the other.  */
static bool
are_same (int one, int other)
{
  struct stat a, b;
  int64_t place = place_of (one);
  return place >= 0 && place == place_of (other)
         && fcntl (one, F_GETFL) == fcntl (other, F_GETFL)
         && fstat (one, &a) == 0 && fstat (other, &b) == 0
         && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Send the stream FD over CHANNEL, or that it is one of those before it, or
   that there is none.  */
static int
give_stream (const struct oci_start *start, int channel, int fd)
{
  bool none = ((start->begin->closed | start->begin->terminal) >> fd & 1) != 0;
  if (start->silent || none)
    return channel_send (channel, CHANNEL_SAME, CHANNEL_STREAMS_FD + fd, -1);
  for (int other = STDIN_FILENO; other < fd; other++)
    if (are_same (other, fd))
      return channel_send_value (channel, CHANNEL_SAME, CHANNEL_STREAMS_FD + fd,
                                 CHANNEL_STREAMS_FD + other, -1);
  return channel_send_value (channel, CHANNEL_GIVEN, CHANNEL_STREAMS_FD + fd,
                             place_of (fd), fd);
}

/* Send over the channel of ATTENDED what a runtime does not pass, with LINE,
   unless that is -1.  Who does not take it any more has ended.  */
static void
give_descriptors (const struct attended *attended,
                  const struct oci_start *start, int line)
{
  int status = channel_send (attended->channel, CHANNEL_GIVEN, CHANNEL_PLAN_FD,
                             start->plan_fd);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && status == 0; fd++)
    status = give_stream (start, attended->channel, fd);
  if (line >= 0 && status == 0)
    (void) channel_send (attended->channel, CHANNEL_GIVEN, CHANNEL_LINE_FD,
                         line);
}

/* Have the descriptors of the first process in this one, a child: that of the
   plan, CHANNEL and the program's streams; the runtime gets others.  */
static int
set_descriptors (const struct oci_start *start, int channel)
{
  if (start->gives)
    return set_channel (start, channel);
  int nothing = open ("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0)
    return -errno;
  const int from[CHANNEL_DESCRIPTORS] = {
    start->plan_fd,
    channel,
    start->silent ? nothing : STDIN_FILENO,
    start->silent ? nothing : STDOUT_FILENO,
    start->silent ? nothing : STDERR_FILENO,
  };
  int safe[CHANNEL_DESCRIPTORS];
  /* None may be overwritten before it was copied.  */
  for (int i = 0; i < CHANNEL_DESCRIPTORS; i++)
    {
      safe[i] = fcntl (from[i], F_DUPFD_CLOEXEC, 3 + CHANNEL_DESCRIPTORS);
      if (safe[i] < 0)
        return -errno;
    }
  int errors =
      fcntl (start->errors_fd, F_DUPFD_CLOEXEC, 3 + CHANNEL_DESCRIPTORS);
  if (errors < 0 || dup2 (nothing, STDIN_FILENO) < 0
      || dup2 (nothing, STDOUT_FILENO) < 0 || dup2 (errors, STDERR_FILENO) < 0)
    return -errno;
  int program = -1;
  if (start->program_fd >= 0)
    {
      program =
          fcntl (start->program_fd, F_DUPFD_CLOEXEC, CHANNEL_PROGRAM_FD + 1);
      if (program < 0)
        return -errno;
    }
  for (int i = 0; i < CHANNEL_DESCRIPTORS; i++)
    if (dup2 (safe[i], 3 + i) < 0)
      return -errno;
  return program >= 0 && dup2 (program, CHANNEL_PROGRAM_FD) < 0 ? -errno : 0;
}

/* In the child: become the runtime that START says.  Does not return.  */
static void
run_child (const struct oci_start *start, int channel, const sigset_t *mask,
           pid_t parent)
{
  static const char *const others[] = { "LISTEN_FDS", "LISTEN_PID",
                                        "LISTEN_FDNAMES", "NOTIFY_SOCKET" };
  /* Not possible on any kernel of ours to fail; the parent may be gone.  */
  (void) prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (125);
  (void) setpgid (0, 0);
  (void) sigprocmask (SIG_SETMASK, mask, NULL); /* cannot fail */
  /* What udocker was given by a service manager is not the runtime's.  */
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    (void) unsetenv (others[i]);
  int error = set_descriptors (start, channel);
  if (error == 0)
    execve (start->arguments[0], start->arguments, environ);
  AUTO_FREE char *why =
      error < 0
          ? xasprintf (_ ("udocker cannot start it: %s%s"), strerror (-error),
                       error == -ENOENT ? " ('/dev/null')" : "")
          : xasprintf (_ ("it cannot be executed: %s"), strerror (errno));
  ssize_t ignored = write (start->errors_fd, why, strlen (why));
  (void) ignored; /* the status says it as well */
  _exit (125);
}

/* Return whether we are in the foreground of our terminal.  */
static bool
in_foreground (void)
{
  return tcgetpgrp (STDIN_FILENO) == getpgrp ();
}

/* Take what was typed while our terminal still made lines: the kernel would
   show an end of input that waits there as a byte.  */
static void
take_typed (struct attended *attended)
{
  struct pollfd typed = { .fd = STDIN_FILENO, .events = POLLIN };
  while (poll (&typed, 1, 0) > 0 && (typed.revents & POLLIN) != 0)
    if (!relay_take_line (&attended->input, (char) attended->modes.c_cc[VEOF]))
      break;
}

/* Have our terminal pass everything on, if it is ours to use.  */
static void
make_raw (struct attended *attended)
{
  struct termios raw;
  if (attended->terminal < 0 || attended->raw || !in_foreground ()
      || tcgetattr (STDIN_FILENO, &attended->modes) < 0)
    return;
  if ((attended->modes.c_lflag & ICANON) != 0)
    take_typed (attended);
  raw = attended->modes;
  cfmakeraw (&raw);
  attended->raw = tcsetattr (STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

/* Give our terminal its modes back.  */
static void
make_cooked (struct attended *attended)
{
  if (attended->raw)
    (void) tcsetattr (STDIN_FILENO, TCSADRAIN, &attended->modes);
  attended->raw = false;
}

/* Tell the program's terminal how large ours is.  */
static void
pass_size (const struct attended *attended)
{
  struct winsize size;
  if (attended->terminal < 0 || ioctl (STDIN_FILENO, TIOCGWINSZ, &size) < 0)
    return;
  if (!attended->gives)
    (void) ioctl (attended->terminal, TIOCSWINSZ, &size); /* or it stays */
  else
    (void) channel_send_value (attended->channel, CHANNEL_SIZE, size.ws_row,
                               size.ws_col, -1); /* likewise */
}

/* The program has stopped: stop too, until somebody continues us, then continue
   it.  */
static void
stop_with (struct attended *attended)
{
  struct signalfd_siginfo answered;
  relay_flush (&attended->output);
  make_cooked (attended);
  (void) raise (SIGSTOP); /* what is blocked would not stop us */
  make_raw (attended);
  pass_size (attended);
  /* What is pending of stopping and continuing has been answered.  */
  while (read (attended->signals, &answered, sizeof answered)
         == (ssize_t) sizeof answered)
    switch (answered.ssi_signo)
      {
      case SIGTSTP:
      case SIGTTIN:
      case SIGTTOU:
      case SIGCONT:
      case SIGCHLD: /* is asked for in any case */
        continue;
      default:
        (void) channel_send (attended->channel, CHANNEL_SIGNAL,
                             (int) answered.ssi_signo, -1);
      }
  (void) channel_send (attended->channel, CHANNEL_SIGNAL_ALL, SIGCONT, -1);
}

/* Take over *PASSED, the other end of the program's terminal.  */
static void
take_terminal (struct attended *attended, int *passed)
{
  if (attended->terminal >= 0 || (*passed < 0 && attended->line < 0))
    return;
  attended->terminal =
      attended->line >= 0 ? TAKE_FD (attended->line) : TAKE_FD (*passed);
  (void) fcntl (attended->terminal, F_SETFL, O_NONBLOCK); /* or one waits */
  relay_init (&attended->input, STDIN_FILENO, attended->terminal);
  relay_init (&attended->output, attended->terminal, STDOUT_FILENO);
  make_raw (attended);
  pass_size (attended);
}

/* Take one message of udocker-init and do what it says.  Return as
   channel_receive does.  */
static int
hear_message (struct attended *attended)
{
  struct channel_message message;
  AUTO_CLOSE int passed = -1;
  int status = channel_receive (attended->channel, &message, &passed);
  if (status > 0)
    switch (message.kind)
      {
      case CHANNEL_STARTED:
        attended->started = true;
        container_tell_start (attended->started_fd);
        break;
      case CHANNEL_TERMINAL:
        take_terminal (attended, &passed);
        break;
      case CHANNEL_STOPPED:
        stop_with (attended);
        break;
      case CHANNEL_LEAVES:
        attended->leaves = true;
        break;
      case CHANNEL_PLACE:
        /* Only what the program was given.  */
        if ((fcntl (message.number, F_GETFD) & FD_CLOEXEC) == 0
            && place_of (message.number) >= 0)
          (void) lseek (message.number, message.value, SEEK_SET);
        break;
      default:
        break;
      }
  return status;
}

/* Do what udocker-init says.  */
static void
hear_channel (struct attended *attended)
{
  int status;
  do
    status = hear_message (attended);
  while (status > 0);
  if (status < 0)
    {
      (void) close (attended->channel); /* nobody is there */
      attended->channel = -1;
    }
}

/* Take the signals that have come and pass them on.  A runtime that does not
   come to an end is killed when that is asked for twice.  */
static void
pass_signals (struct attended *attended)
{
  struct signalfd_siginfo info;
  while (read (attended->signals, &info, sizeof info) == (ssize_t) sizeof info)
    {
      int number = (int) info.ssi_signo;
      if (number == SIGCHLD)
        continue;
      if (channel_asks_to_end (number) && !attended->started)
        {
          if (attended->is_asked)
            (void) kill (attended->runtime, SIGKILL); /* not waited for yet */
          attended->is_asked = true;
        }
      if (number == SIGWINCH && attended->terminal >= 0)
        pass_size (attended);
      else
        (void) channel_send (
            attended->channel,
            number == SIGCONT || number == SIGWINCH
                    || supervise_is_for_group (number, info.ssi_code)
                ? CHANNEL_SIGNAL_ALL
                : CHANNEL_SIGNAL,
            number, -1);
      if (number == SIGCONT)
        make_raw (attended);
    }
}

/* Return whether the runtime has ended, then with its status noted.  */
static bool
runtime_has_ended (struct attended *attended)
{
  int status;
  pid_t pid = waitpid (attended->runtime, &status, WNOHANG);
  /* A sandbox may let nobody wait or kill; it ends with us in any case.  */
  if (pid < 0 || (pid == 0 && attended->is_left))
    {
      attended->result = 125;
      return true;
    }
  if (pid != attended->runtime)
    return false;
  attended->result =
      WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
  return true;
}

/* Return the seconds of a clock that only goes forward.  */
static time_t
seconds_now (void)
{
  struct timespec now = { 0 };
  (void) clock_gettime (CLOCK_MONOTONIC, &now); /* there always is */
  return now.tv_sec;
}

/* Kill a runtime that is only tried and takes too long.  */
static void
limit_trial (struct attended *attended)
{
  if (attended->until == 0 || seconds_now () < attended->until)
    return;
  attended->is_left = kill (attended->runtime, SIGKILL) < 0;
  attended->until = 0;
}

/* Wait for news and take them in.  */
static void
wait_for_news (struct attended *attended)
{
  struct pollfd news[] = {
    { .fd = attended->signals, .events = POLLIN },
    { .fd = attended->channel, .events = POLLIN },
    { .fd = -1 },
    { .fd = -1 },
    { .fd = -1 },
    { .fd = -1 },
  };
  int patience = -1;
  if (attended->terminal >= 0)
    {
      relay_poll (&attended->output, &news[2]);
      if (!attended->raw)
        make_raw (attended);
      if (attended->raw)
        relay_poll (&attended->input, &news[4]);
      else
        patience = BACKGROUND_WAIT;
    }
  if (attended->until != 0)
    patience = 1000;
  (void) poll (news, sizeof news / sizeof *news, patience);
  limit_trial (attended);
  if (news[0].revents != 0)
    pass_signals (attended);
  if (attended->terminal >= 0)
    {
      relay_go_on (&attended->output, &news[2]);
      relay_go_on (&attended->input, &news[4]);
    }
  if (news[1].revents != 0)
    hear_channel (attended);
}

/* The runtime has ended.  See what it has started end, too: udocker-init ends
   all by itself when it hears nothing from us any more.  Should it have been
   killed, what it had started is ours.  */
static void
see_rest_off (struct attended *attended)
{
  const time_t until = seconds_now () + END_SECONDS;
  if (attended->channel >= 0)
    hear_channel (attended); /* what was said last */
  if (attended->gives)
    return; /* that was all on our kernel */
  if (attended->channel >= 0)
    (void) shutdown (attended->channel, SHUT_WR); /* it is connected */
  while (attended->channel >= 0 && seconds_now () < until)
    {
      struct pollfd news = { .fd = attended->channel, .events = POLLIN };
      (void) poll (&news, 1, 1000);
      hear_channel (attended);
    }
  if (attended->alone && !attended->leaves)
    supervise_kill_inside ();
}

int
oci_attend (const struct oci_start *start, bool *started, struct error *err)
{
  sigset_t waiting, mask;
  int ends[2];
  supervise_signals (&waiting);
  sigaddset (&waiting, SIGCHLD);
  *started = false;
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    return error_set (err, errno, _ ("cannot make a socket: %s"),
                      strerror (errno));
  AUTO_CLOSE int other = ends[1];
  int line[2] = { -1, -1 };
  if (start->gives && start->begin->terminal != 0
      && socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) < 0)
    {
      (void) close (ends[0]); /* nothing was written to it */
      return error_set (err, errno, _ ("cannot make a socket: %s"),
                        strerror (errno));
    }
  AUTO_CLOSE int far_line = line[1];
  struct attended attended = {
    .channel = ends[0],
    .gives = start->gives,
    .line = line[0],
    .terminal = -1,
    .started_fd = start->started_fd,
    .signals = signalfd (-1, &waiting, SFD_CLOEXEC | SFD_NONBLOCK),
    .until = start->silent ? seconds_now () + TRIAL_SECONDS : 0,
  };
  int number = attended.signals < 0 ? errno : 0;
  if (number == 0
      && send (ends[0], start->begin, sizeof *start->begin, MSG_NOSIGNAL) < 0)
    number = errno;

  /* An ignored SIGCHLD would take the child's status away.  */
  struct sigaction old_action;
  const struct sigaction action = { .sa_handler = SIG_DFL };
  (void) sigaction (SIGCHLD, &action, &old_action); /* cannot fail */
  (void) sigprocmask (SIG_BLOCK, &waiting, &mask);  /* likewise */
  int reaps = 0;
  if (!start->gives && prctl (PR_GET_CHILD_SUBREAPER, &reaps, 0, 0, 0) == 0)
    (void) prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* since Linux 3.4 */
  pid_t self = getpid ();
  attended.alone = !supervise_has_children ();
  attended.runtime = number == 0 ? fork () : -1;
  if (attended.runtime == 0)
    run_child (start, other, &mask, self);
  if (attended.runtime < 0 && number == 0)
    number = errno;
  (void) close (TAKE_FD (other)); /* its end is the child's */
  if (number == 0 && start->gives)
    give_descriptors (&attended, start, far_line);
  if (far_line >= 0)
    (void) close (TAKE_FD (far_line)); /* likewise */
  if (number == 0 && start->begin->others > 0)
    (void) send_others (attended.channel, start->gives);
  while (number == 0 && !runtime_has_ended (&attended))
    wait_for_news (&attended);
  see_rest_off (&attended);
  if (!start->gives && reaps == 0)
    (void) prctl (PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  if (attended.terminal >= 0)
    {
      relay_drain (&attended.output);
      make_cooked (&attended);
      (void) close (attended.terminal); /* nothing is kept back in it */
    }
  if (attended.line >= 0)
    (void) close (attended.line);                /* nothing came over it */
  (void) sigprocmask (SIG_SETMASK, &mask, NULL); /* cannot fail */
  (void) sigaction (SIGCHLD, &old_action, NULL); /* likewise */
  if (attended.channel >= 0)
    (void) close (attended.channel); /* all was said */
  if (attended.signals >= 0)
    (void) close (attended.signals); /* nothing was written to it */
  *started = attended.started;
  if (number == 0 && attended.is_asked && !attended.started)
    return error_set (err, EINTR,
                      _ ("asked to end before '%s' has started a container"),
                      start->arguments[0]);
  return number == 0 ? attended.result
                     : error_set (err, number, _ ("cannot start '%s': %s"),
                                  start->arguments[0], strerror (number));
}
