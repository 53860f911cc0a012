/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Signals: handlers in the middle of calls, stopping and going on, waiting.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/ptrace.h>

static volatile sig_atomic_t count;
static volatile int inner_error;

static void
on_signal (int number)
{
  (void) number;
  count++;
}

/* Use path calls inside the handler, as if nothing were going on.  */
static void
on_signal_path (int number)
{
  struct stat st;
  (void) number;
  count++;
  inner_error = 0;
  int fd = open ("from-handler", O_CREAT | O_WRONLY, 0600);
  if (fd < 0 || close (fd) < 0 || stat ("from-handler", &st) < 0
      || unlink ("from-handler") < 0 || stat ("none", &st) == 0)
    inner_error = errno == 0 ? -1 : errno;
}

static void
handle (int number, void (*function) (int), int flags)
{
  struct sigaction action = { .sa_handler = function, .sa_flags = flags };
  sigaction (number, &action, NULL);
}

/* Send SIGUSR1 to the caller after MILLISECONDS, from a child.  */
static pid_t
signal_later (int milliseconds, int number)
{
  pid_t parent = getpid ();
  pid_t child = fork ();
  if (child == 0)
    {
      poll (NULL, 0, milliseconds);
      kill (parent, number);
      _exit (0);
    }
  return child;
}

static void
reap (pid_t child)
{
  int status;
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
}

static void
blocking_open (void)
{
  mkfifo ("fifo", 0600);
  handle (SIGUSR1, on_signal_path, 0);
  count = 0;
  pid_t child = signal_later (100, SIGUSR1);
  SAY_OPEN ("open of a FIFO, interrupted", open ("fifo", O_RDONLY));
  printf ("handler ran %d inner error %d\n", (int) count, inner_error);
  reap (child);

  /* With SA_RESTART the call is made again, and must name the same file.  */
  handle (SIGUSR1, on_signal_path, SA_RESTART);
  count = 0;
  pid_t parent = getpid ();
  child = fork ();
  if (child == 0)
    {
      for (int i = 0; i < 5; i++)
        {
          poll (NULL, 0, 50);
          kill (parent, SIGUSR1);
        }
      poll (NULL, 0, 50);
      int fd = open ("fifo", O_WRONLY);
      if (write (fd, "through\n", 8) != 8)
        _exit (1);
      _exit (0);
    }
  int fd = open ("fifo", O_RDONLY);
  printf ("handler ran %d inner error %d\n", (int) count, inner_error);
  say_content ("restarted open", fd);
  say_child ("writer", child);

  /* The same by a name that goes through a link and up.  */
  if (symlink ("../fifo", "dir/to-fifo") < 0)
    puts ("cannot link");
  count = 0;
  child = fork ();
  if (child == 0)
    {
      poll (NULL, 0, 50);
      kill (parent, SIGUSR1);
      poll (NULL, 0, 50);
      int out = open ("./dir/../fifo", O_WRONLY);
      _exit (write (out, "again\n", 6) != 6);
    }
  say_content ("through a link", open ("dir/to-fifo", O_RDONLY));
  printf ("handler ran %d\n", (int) count);
  say_child ("writer", child);
}

static sigjmp_buf jump;

static void
on_jump (int number)
{
  siglongjmp (jump, number);
}

/* Leave a blocking open for good by jumping out of the handler.  */
static void
jump_out (void)
{
  handle (SIGUSR2, on_jump, 0);
  for (volatile int i = 0; i < 3; i++)
    {
      pid_t child = signal_later (60, SIGUSR2);
      int number = sigsetjmp (jump, 1);
      if (number == 0)
        {
          int fd = open ("fifo", O_RDONLY);
          printf ("open came back with %d\n", fd);
        }
      else
        printf ("jumped out by %d\n", number);
      struct stat st;
      SAY ("stat after the jump", stat ("fifo", &st));
      SAY_OPEN ("open after the jump", open ("dir", O_RDONLY));
      SAY ("mkdir after the jump", mkdir ("jumped", 0700));
      SAY ("rmdir after the jump", rmdir ("jumped"));
      reap (child);
    }
}

static void
other_blocking (void)
{
  int ends[2];
  char c;
  if (pipe (ends) < 0)
    return;
  handle (SIGUSR1, on_signal, 0);
  pid_t child = signal_later (60, SIGUSR1);
  SAY ("read, interrupted", read (ends[0], &c, 1));
  reap (child);
  struct timespec time = { 10, 0 };
  child = signal_later (60, SIGUSR1);
  SAY ("nanosleep, interrupted", nanosleep (&time, &time));
  printf ("left more than 9 s: %d\n", time.tv_sec >= 9);
  reap (child);
  child = signal_later (60, SIGUSR1);
  SAY ("poll, interrupted", poll (NULL, 0, 5000));
  reap (child);
  handle (SIGUSR1, on_signal, SA_RESTART);
  child = fork ();
  if (child == 0)
    {
      poll (NULL, 0, 50);
      kill (getppid (), SIGUSR1);
      poll (NULL, 0, 50);
      _exit (write (ends[1], "x", 1) != 1);
    }
  SAY ("read, restarted", read (ends[0], &c, 1));
  reap (child);

  /* A stop and a go in the middle of a sleep that restarts itself.  */
  child = fork ();
  if (child == 0)
    {
      struct timespec short_time = { 0, 300000000 };
      int result = nanosleep (&short_time, NULL);
      _exit (result == 0 ? 7 : 8);
    }
  poll (NULL, 0, 80);
  kill (child, SIGSTOP);
  int status;
  SAY ("waitpid WUNTRACED",
       waitpid (child, &status, WUNTRACED) == child && WIFSTOPPED (status));
  printf ("stopped by %d\n", WSTOPSIG (status));
  kill (child, SIGCONT);
  SAY ("waitpid WCONTINUED",
       waitpid (child, &status, WCONTINUED) == child && WIFCONTINUED (status));
  say_child ("slept", child);
}

/* Counts on while the child of stops runs.  */
static volatile int *beats;

/* Return whether the counter moves.  A busy machine gets some time.  */
static int
is_beating (void)
{
  int before = *beats;
  for (int i = 0; i < 100 && *beats == before; i++)
    poll (NULL, 0, 10);
  return *beats != before;
}

static char
state_of (pid_t pid)
{
  char name[64], text[256];
  snprintf (name, sizeof name, "/proc/%d/stat", (int) pid);
  int fd = open (name, O_RDONLY);
  ssize_t length = read (fd, text, sizeof text - 1);
  close (fd);
  text[length < 0 ? 0 : length] = '\0';
  char *end = strrchr (text, ')');
  return end == NULL ? '?' : end[2];
}

static void
stops (void)
{
  beats = mmap (NULL, sizeof *beats, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t child = fork ();
  int status;
  if (child == 0)
    for (;;)
      {
        struct stat st;
        stat ("dir", &st);
        ++*beats;
      }
  printf ("runs: %d\n", is_beating ());
  static const int numbers[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
  for (int i = 0; i < 4; i++)
    {
      kill (child, numbers[i]);
      waitpid (child, &status, WUNTRACED);
      printf ("stopped %d by %d\n", WIFSTOPPED (status), WSTOPSIG (status));
      int before = *beats;
      poll (NULL, 0, 20);
      printf ("stays stopped: %d\n",
              waitpid (child, &status, WNOHANG | WUNTRACED) == 0
                  && *beats == before);
      char state = state_of (child);
      printf ("state %c\n", state == 't' ? 'T' : state);
      kill (child, SIGCONT);
      waitpid (child, &status, WCONTINUED);
      printf ("continued %d\n", WIFCONTINUED (status));
      printf ("goes on: %d\n", is_beating ());
    }
  /* Killed while stopped.  */
  kill (child, SIGSTOP);
  waitpid (child, &status, WUNTRACED);
  kill (child, SIGTERM);
  printf ("still there: %d\n", waitpid (child, &status, WNOHANG) == 0);
  kill (child, SIGCONT);
  say_child ("ended by", child);

  child = fork ();
  if (child == 0)
    {
      raise (SIGSTOP);
      raise (SIGTSTP);
      _exit (5);
    }
  for (int i = 0; i < 2; i++)
    {
      siginfo_t info = { 0 };
      waitid (P_PID, (id_t) child, &info, WSTOPPED);
      printf ("waitid code %d status %d\n", info.si_code, info.si_status);
      kill (child, SIGCONT);
    }
  say_child ("went on", child);

  child = fork ();
  if (child == 0)
    {
      handle (SIGCONT, on_signal, 0);
      count = 0;
      raise (SIGSTOP);
      _exit (count == 1 ? 6 : 9);
    }
  waitpid (child, &status, WUNTRACED);
  kill (child, SIGCONT);
  say_child ("handled SIGCONT", child);
}

/* Who is killed by a fault leaves its memory where the limits allow.  */
static void
cores (void)
{
  for (int i = 0; i < 2; i++)
    {
      struct rlimit limit = { 0, RLIM_INFINITY };
      pid_t child = fork ();
      if (child == 0)
        {
          mkdir ("cores", 0700);
          if (chdir ("cores") < 0)
            _exit (1);
          if (i == 1)
            getrlimit (RLIMIT_CORE, &limit);
          limit.rlim_cur = i == 1 ? limit.rlim_max : 0;
          setrlimit (RLIMIT_CORE, &limit);
          abort ();
        }
      int status = 0;
      waitpid (child, &status, 0);
      printf ("signal %d core %d\n", WTERMSIG (status),
              WCOREDUMP (status) != 0);
      DIR *directory = opendir ("cores");
      for (struct dirent *entry;
           directory != NULL && (entry = readdir (directory));)
        if (entry->d_name[0] != '.')
          {
            char name[300];
            struct stat st;
            snprintf (name, sizeof name, "cores/%s", entry->d_name);
            stat (name, &st);
            printf ("left %.4s, large %d\n", entry->d_name, st.st_size > 10000);
            unlink (name);
          }
      if (directory != NULL)
        closedir (directory);
    }
}

static siginfo_t last;

static void
on_info (int number, siginfo_t *info, void *context)
{
  (void) number;
  (void) context;
  last = *info;
  count++;
}

static void
on_fault (int number, siginfo_t *info, void *context)
{
  (void) context;
  (void) number;
  last = *info;
  siglongjmp (jump, 1);
}

static void
details (void)
{
  struct sigaction action = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };
  sigaction (SIGUSR1, &action, NULL);
  sigaction (SIGTRAP, &action, NULL);
  sigaction (SIGCHLD, &action, NULL);
  count = 0;
  kill (getpid (), SIGUSR1);
  printf ("kill: code %d from me %d\n", last.si_code, last.si_pid == getpid ());
  raise (SIGTRAP);
  printf ("SIGTRAP: %d code %d\n", last.si_signo, last.si_code);
  sigqueue (getpid (), SIGUSR1, (union sigval){ .sival_int = 77 });
  printf ("sigqueue: code %d value %d\n", last.si_code,
          last.si_value.sival_int);
  pid_t child = fork ();
  if (child == 0)
    _exit (42);
  poll (NULL, 0, 2000);
  printf ("SIGCHLD: code %d status %d right child %d\n", last.si_code,
          last.si_status, last.si_pid == child);
  say_child ("child", child);
  handle (SIGCHLD, SIG_DFL, 0);
#ifdef __x86_64__
  count = 0;
  __asm__ volatile("int3");
  printf ("int3: %d times code %d\n", (int) count, last.si_code);
#endif

  action.sa_sigaction = on_fault;
  sigaction (SIGSEGV, &action, NULL);
  if (sigsetjmp (jump, 1) == 0)
    *(volatile int *) 16 = 1;
  printf ("fault at %lx code %d\n", (unsigned long) last.si_addr, last.si_code);

  /* Blocked signals stay blocked over path calls.  */
  sigset_t set, old, pending;
  sigemptyset (&set);
  sigaddset (&set, SIGUSR1);
  sigaddset (&set, SIGSYS);
  sigaddset (&set, SIGTRAP);
  sigprocmask (SIG_BLOCK, &set, &old);
  count = 0;
  kill (getpid (), SIGUSR1);
  struct stat st;
  stat ("dir", &st);
  sigpending (&pending);
  printf ("pending %d handled %d\n", sigismember (&pending, SIGUSR1),
          (int) count);
  siginfo_t info;
  printf ("sigwaitinfo %d\n", sigwaitinfo (&set, &info) == SIGUSR1);
  sigprocmask (SIG_SETMASK, &old, NULL);

  /* A timer that fires in the middle of many calls.  */
  handle (SIGALRM, on_signal_path, SA_RESTART);
  count = 0;
  int bad = 0;
  struct itimerval timer = { { 0, 500 }, { 0, 500 } };
  setitimer (ITIMER_REAL, &timer, NULL);
  for (int i = 0; i < 3000; i++)
    {
      char text[PATH_MAX];
      int fd = open ("dir/../dir", O_RDONLY);
      if (fd < 0 || close (fd) < 0 || stat ("dir", &st) < 0
          || getcwd (text, sizeof text) == NULL
          || readlink ("dir/to-fifo", text, sizeof text) != 7
          || access ("dir/none", F_OK) == 0 || errno != ENOENT
          || mkdir ("m", 0700) < 0 || rmdir ("m") < 0)
        bad++;
    }
  memset (&timer, 0, sizeof timer);
  setitimer (ITIMER_REAL, &timer, NULL);
  printf ("timer fired: %d, bad calls: %d, inner error: %d\n", count > 5, bad,
          inner_error);
}

static void *
sleeper (void *argument)
{
  poll (NULL, 0, 10000);
  return argument;
}

static void
groups (void)
{
  /* A group of processes ends together.  */
  pid_t leader = fork ();
  if (leader == 0)
    {
      setpgid (0, 0);
      for (int i = 0; i < 3; i++)
        if (fork () == 0)
          {
            poll (NULL, 0, 10000);
            _exit (1);
          }
      poll (NULL, 0, 10000);
      _exit (1);
    }
  setpgid (leader, leader);
  poll (NULL, 0, 60);
  SAY ("kill a group", kill (-leader, SIGTERM));
  say_child ("leader", leader);
  poll (NULL, 0, 60);

  /* The last thread to go takes the status along.  */
  pid_t child = fork ();
  if (child == 0)
    {
      pthread_t thread;
      pthread_create (&thread, NULL, sleeper, NULL);
      pthread_create (&thread, NULL, sleeper, NULL);
      poll (NULL, 0, 30);
      exit (11);
    }
  say_child ("exit with threads", child);
  child = fork ();
  if (child == 0)
    {
      pthread_t thread;
      pthread_create (&thread, NULL, sleeper, NULL);
      poll (NULL, 0, 30);
      kill (getpid (), SIGKILL);
      poll (NULL, 0, 1000);
    }
  say_child ("kill with threads", child);
  child = fork ();
  if (child == 0)
    {
      pthread_t thread;
      pthread_create (&thread, NULL, sleeper, NULL);
      pthread_kill (thread, SIGTERM);
      pthread_join (thread, NULL);
      _exit (1);
    }
  say_child ("pthread_kill", child);

  /* Orphans find a new parent, and are waited for by it.  */
  SAY ("become a subreaper", prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  child = fork ();
  if (child == 0)
    {
      if (fork () == 0)
        {
          poll (NULL, 0, 60);
          _exit (13);
        }
      _exit (12);
    }
  say_child ("parent of an orphan", child);
  int status;
  SAY ("orphan comes to us", wait (&status) > 0 && WEXITSTATUS (status) == 13);
  SAY ("nobody left", wait (&status));
}

static volatile sig_atomic_t seen[32];

static void
on_signal_noted (int number)
{
  seen[number]++;
}

/* Two signals wait, one of them NUMBER, of the sort that faults make, and are
   let in by one call: BY_WAITING, or by a change of the mask.  PROCESS: NUMBER
   is for any thread.  */
static void
two_at_once (int number, int process, int by_waiting)
{
  sigset_t both, old;
  handle (SIGUSR1, on_signal_noted, 0);
  handle (number, on_signal_noted, 0);
  sigemptyset (&both);
  sigaddset (&both, SIGUSR1);
  sigaddset (&both, number);
  sigprocmask (SIG_BLOCK, &both, &old);
  seen[SIGUSR1] = seen[number] = 0;
  raise (SIGUSR1);
  if (process)
    kill (getpid (), number);
  else
    raise (number);
  printf ("before: %d %d\n", (int) seen[SIGUSR1], (int) seen[number]);
  if (by_waiting)
    SAY ("sigsuspend", sigsuspend (&old));
  sigprocmask (SIG_SETMASK, &old, NULL);
  printf ("both at once: %d %d\n", (int) seen[SIGUSR1], (int) seen[number]);
  handle (number, SIG_DFL, 0);
}

static void
together (void)
{
  static const int numbers[] = { SIGILL, SIGBUS, SIGSEGV, SIGSYS };
  for (int i = 0; i < 4; i++)
    for (int how = 0; how < 4; how++)
      two_at_once (numbers[i], how & 1, how >> 1);
}

int
main (void)
{
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  mkdir ("dir", 0755);
  blocking_open ();
  jump_out ();
  other_blocking ();
  stops ();
  cores ();
  details ();
  groups ();
  together ();
  return 0;
}
