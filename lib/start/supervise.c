/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Stay while a program runs, as if one were that program.

   All signals that can be passed on are blocked and taken one by one with
   sigwaitinfo, which leaves no handler and no race: what comes before the
   program has started waits for it.  A signal that the terminal made (Ctrl-C)
   has reached the program too, since it is in the same process group; the
   kernel marks those with SI_KERNEL, and they are not passed on again.  But
   that a terminal was hung up the kernel tells the leader of the session alone.

   Should we be killed without a chance to pass that on, the program dies as
   it would if there were nobody in between.

   What the program leaves becomes our child where we have to do with it: the
   kernel gives orphans to the nearest process above that wants them.  */

#include "lib/start/supervise.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A signal that is passed on.  */
static const struct
{
  int number;
  bool from_terminal; /* the terminal sends it to the whole group */
} passed_on[] = {
  { SIGHUP, true },   { SIGINT, true },   { SIGQUIT, true },
  { SIGTSTP, true },  { SIGCONT, true },  { SIGWINCH, true },
  { SIGTERM, false }, { SIGUSR1, false }, { SIGUSR2, false },
  { SIGALRM, false }, { SIGPWR, false },  { SIGIO, false },
  { SIGURG, false },  { SIGPROF, false }, { SIGVTALRM, false },
  { SIGXCPU, false }, { SIGTTIN, true },  { SIGTTOU, true },
};
#define PASSED_ON_COUNT (sizeof passed_on / sizeof passed_on[0])

void
supervise_signals (sigset_t *signals)
{
  sigemptyset (signals);
  for (size_t i = 0; i < PASSED_ON_COUNT; i++)
    sigaddset (signals, passed_on[i].number);
  for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
    sigaddset (signals, number);
}

bool
supervise_is_for_group (int number, int code)
{
  if (code != SI_KERNEL)
    return false;
  for (size_t i = 0; i < PASSED_ON_COUNT; i++)
    if (passed_on[i].number == number)
      return passed_on[i].from_terminal;
  return false;
}

/* Return whether the signal INFO tells of has reached our whole process group
   by itself.  Who leads a session gets SIGHUP, and then SIGCONT, first: the
   others in the foreground only when it has ended.  */
static bool
has_reached_group (const siginfo_t *info)
{
  if ((info->si_signo == SIGHUP || info->si_signo == SIGCONT)
      && getsid (0) == getpid ())
    return false;
  return supervise_is_for_group (info->si_signo, info->si_code);
}

/* In the child: give signals their old meaning back and start.  Tell through
   REPORT what went wrong.  Does not return.  */
static void
run_child (int (*start) (void *), void *argument, const sigset_t *mask,
           pid_t parent, int report)
{
  /* Not possible on any kernel of ours to fail; the parent may be gone.  */
  (void) prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (125);
  (void) sigprocmask (SIG_SETMASK, mask, NULL); /* cannot fail */
  int failure = start (argument);
  if (failure >= 0)
    _exit (failure);
  ssize_t ignored = write (report, &failure, sizeof failure);
  (void) ignored; /* the parent sees an end of file then, and our status */
  _exit (125);
}

/* Return the errno, negative, that the child tells through REPORT, or 0 when
   it has started its program.  */
static int
read_report (int report)
{
  int failure = 0;
  ssize_t size;
  do
    size = read (report, &failure, sizeof failure);
  while (size < 0 && errno == EINTR);
  return size == (ssize_t) sizeof failure ? failure : 0;
}

/* CHILD has stopped: stop too, until somebody continues us, then continue
   it.  */
static void
stop_with (pid_t child)
{
  (void) raise (SIGSTOP); /* what is blocked would not stop us */

  /* What is pending of stopping and continuing has been answered.  */
  const struct timespec now = { 0 };
  sigset_t answered;
  sigemptyset (&answered);
  sigaddset (&answered, SIGTSTP);
  sigaddset (&answered, SIGTTIN);
  sigaddset (&answered, SIGTTOU);
  sigaddset (&answered, SIGCONT);
  while (sigtimedwait (&answered, NULL, &now) > 0)
    continue;
  (void) kill (child, SIGCONT); /* it may have ended meanwhile */
}

/* Look at our children.  Return whether CHILD has ended, then with *RESULT what
   supervise returns.  */
static bool
child_has_ended (pid_t child, int *result)
{
  bool has_ended = false;
  int status = 0;
  while (true)
    {
      pid_t pid = waitpid (-1, &status, WUNTRACED | WNOHANG);
      if (pid < 0 && errno == EINTR)
        continue;
      if (pid <= 0)
        return has_ended;
      if (pid != child)
        continue;
      if (WIFSTOPPED (status))
        {
          stop_with (child);
          continue;
        }
      has_ended = true;
      *result =
          WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
    }
}

/* Pass signals on to CHILD until it ends; return its status.  */
static int
attend (pid_t child, const sigset_t *waiting)
{
  int result = 0;
  while (!child_has_ended (child, &result))
    {
      siginfo_t info;
      int signal = sigwaitinfo (waiting, &info);
      if (signal < 0 || signal == SIGCHLD)
        continue;
      if (!has_reached_group (&info))
        (void) kill (child, signal); /* it may have ended meanwhile */
    }
  return result;
}

/* Return the parent of the process that NAME is the number of, or 0.  */
static pid_t
parent_of (const char *name)
{
  char path[64];
  char text[512];
  (void) snprintf (path, sizeof path, "/proc/%.20s/stat", name);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read (fd, text, sizeof text - 1);
  if (fd >= 0)
    (void) close (fd);
  if (length <= 0)
    return 0;
  text[length] = '\0';
  /* Its name, in parentheses, may have any characters.  */
  const char *end = strrchr (text, ')');
  if (end == NULL || strlen (end) < sizeof ") S ")
    return 0;
  return (pid_t) strtol (end + strlen (") S "), NULL, 10);
}

/* Kill our children.  */
static void
kill_children (void)
{
  pid_t self = getpid ();
  DIR *directory = opendir ("/proc");
  const struct dirent *entry;
  while (directory != NULL && (entry = readdir (directory)) != NULL)
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9'
        && parent_of (entry->d_name) == self)
      (void) kill ((pid_t) strtol (entry->d_name, NULL, 10), SIGKILL);
  if (directory != NULL)
    (void) closedir (directory);
}

void
supervise_kill_rest (void)
{
  const struct timespec moment = { .tv_nsec = 1000000 };
  pid_t pid;
  while ((pid = waitpid (-1, NULL, WNOHANG)) >= 0 || errno == EINTR)
    if (pid == 0)
      {
        kill_children ();
        (void) nanosleep (&moment, NULL);
      }
}

/* Return the number of the name space of users that the process NAME is in, or
   0 when that is not known.  */
static ino_t
users_of (const char *name)
{
  char path[64];
  struct stat st;
  (void) snprintf (path, sizeof path, "/proc/%.20s/ns/user", name);
  return stat (path, &st) == 0 ? st.st_ino : 0;
}

/* Kill those of our children that are in another name space of users than OWN,
   or take them away if they have ended.  Return whether there were any.  */
static bool
kill_inside (ino_t own)
{
  pid_t self = getpid ();
  DIR *directory = opendir ("/proc");
  const struct dirent *entry;
  bool any = false;
  while (directory != NULL && (entry = readdir (directory)) != NULL)
    {
      if (entry->d_name[0] < '1' || entry->d_name[0] > '9'
          || parent_of (entry->d_name) != self)
        continue;
      ino_t users = users_of (entry->d_name);
      if (users == 0 || users == own)
        continue;
      /* Even of who has ended there may be children, which we have passed.  */
      any = true;
      pid_t pid = (pid_t) strtol (entry->d_name, NULL, 10);
      if (waitpid (pid, NULL, WNOHANG) == 0)
        (void) kill (pid, SIGKILL);
    }
  if (directory != NULL)
    (void) closedir (directory);
  return any;
}

bool
supervise_has_children (void)
{
  siginfo_t ignored;
  return waitid (P_ALL, 0, &ignored, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void
supervise_kill_inside (void)
{
  const struct timespec moment = { .tv_nsec = 1000000 };
  ino_t own = users_of ("self");
  /* Mostly there is nobody, which the kernel says at once.  */
  while (own != 0 && supervise_has_children () && kill_inside (own))
    (void) nanosleep (&moment, NULL);
}

/* Do with the REST, which has become ours, what is wanted.  A signal in WAITING
   ends the wait: who sends it wants us to end, and the program has.  */
static void
see_rest_off (enum supervise_rest rest, const sigset_t *waiting)
{
  while (rest != SUPERVISE_LEAVE)
    {
      siginfo_t info;
      pid_t pid = waitpid (-1, NULL, WNOHANG);
      if (pid < 0 && errno == ECHILD)
        break;
      if (pid != 0)
        continue;
      if (rest == SUPERVISE_KILL)
        kill_children (); /* theirs become ours when they have ended */
      if (sigwaitinfo (waiting, &info) > 0 && info.si_signo != SIGCHLD
          && !has_reached_group (&info) && rest == SUPERVISE_AWAIT)
        break;
    }
}

int
supervise (int (*start) (void *argument), void *argument,
           enum supervise_rest rest)
{
  sigset_t waiting;
  sigset_t mask;
  supervise_signals (&waiting);
  sigaddset (&waiting, SIGCHLD);

  int report[2];
  if (pipe2 (report, O_CLOEXEC) < 0)
    return -errno;
  if (sigprocmask (SIG_BLOCK, &waiting, &mask) < 0)
    {
      int error = -errno;
      (void) close (report[0]);
      (void) close (report[1]);
      return error;
    }

  /* An ignored SIGCHLD would take the child's status away.  */
  struct sigaction old_action;
  const struct sigaction action = { .sa_handler = SIG_DFL };
  (void) sigaction (SIGCHLD, &action, &old_action); /* cannot fail */
  if (rest != SUPERVISE_LEAVE)
    (void) prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* since Linux 3.4 */

  pid_t self = getpid ();
  pid_t child = fork ();
  if (child == 0)
    {
      (void) sigaction (SIGCHLD, &old_action, NULL); /* cannot fail */
      run_child (start, argument, &mask, self, report[1]);
    }
  int result = child < 0 ? -errno : 0;
  (void) close (report[1]); /* the child's end stays */
  if (child > 0)
    {
      result = read_report (report[0]);
      int status = attend (child, &waiting);
      if (result == 0)
        result = status;
      see_rest_off (rest, &waiting);
    }
  (void) close (report[0]);
  (void) sigprocmask (SIG_SETMASK, &mask, NULL); /* cannot fail */
  return result;
}
