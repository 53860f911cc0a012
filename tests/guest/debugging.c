/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* A program that traces others, as debuggers and strace do, and prints what it
   is shown of them: that is to be what they do themselves.

   Called with an argument it is one of those that are traced.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#define WAIT_FOR_ALL 0x40000000 /* __WALL */
#define READY 50                /* the descriptor to say so */

static char *self;

/* --- What is traced --------------------------------------------------------*/

/* The calls that are looked at lie between two of these.  */
static void
mark (void)
{
  raise (SIGURG);
}

static int handled;

static void
handle (int number)
{
  struct stat st;
  (void) number;
  handled += stat ("/", &st) == 0;
}

static void
be_calling (void)
{
  char path[PATH_MAX];
  struct stat st;
  sigset_t set;
  int fd;

  signal (SIGUSR1, handle);
  mark ();
  fd = open ("file", O_CREAT | O_RDWR, 0600);
  (void) write (fd, "text", 4);
  fstat (fd, &st);
  close (fd);
  stat ("none", &st);
  readlink ("/proc/self/exe", path, sizeof path);
  syscall (SYS_getcwd, path, sizeof path);
  mkdir ("directory", 0700);
  chdir ("directory");
  chdir ("..");
  rmdir ("directory");
  rename ("file", "other");
  unlink ("other");
  unlink ("other");
  stat ((const char *) 8, &st);
  sigemptyset (&set);
  sigaddset (&set, SIGSEGV);
  sigprocmask (SIG_BLOCK, &set, NULL);
  sigprocmask (SIG_UNBLOCK, &set, NULL);
  raise (SIGUSR1);
  close_range (50, 60, 0);
  mark ();
  exit (handled == 1 ? 0 : 1);
}

static void
be_making (void)
{
  pid_t child = fork ();
  if (child == 0)
    _exit (access ("/", F_OK) == 0 ? 3 : 4);
  waitpid (child, NULL, 0);
  child = vfork ();
  if (child == 0)
    {
      execl (self, self, "nothing", NULL);
      _exit (9);
    }
  waitpid (child, NULL, 0);
  exit (5);
}

static void *
be_thread (void *argument)
{
  struct stat st;
  stat ("/", &st);
  return argument;
}

static void
be_threads (void)
{
  pthread_t thread[3];
  for (int i = 0; i < 3; i++)
    pthread_create (&thread[i], NULL, be_thread, NULL);
  for (int i = 0; i < 3; i++)
    pthread_join (thread[i], NULL);
  exit (6);
}

static void
be_blocked (void)
{
  write (READY, "", 1);
  close (READY);
  int fd = open ("fifo", O_RDONLY);
  exit (fd >= 0 ? 7 : 8);
}

/* Stop, make the call that WHAT names in between, and stop.  */
static void
be_stepped (void)
{
  struct stat st;
  raise (SIGSTOP);
  stat ("/", &st);
  getppid ();
  raise (SIGSTOP);
  exit (0);
}

static volatile int queued;

static void
on_queued (int number, siginfo_t *info, void *context)
{
  (void) number;
  (void) context;
  queued = info->si_value.sival_int;
}

static void
be_signalled (void)
{
  struct sigaction action = { .sa_sigaction = on_queued,
                              .sa_flags = SA_SIGINFO };
  sigaction (SIGUSR1, &action, NULL);
  for (int i = 0; i < 3; i++)
    {
      const union sigval value = { .sival_int = 40 + i };
      sigqueue (getpid (), SIGUSR1, value);
      printf ("    the program has had %d\n", queued);
      fflush (stdout);
    }
  exit (0);
}

static void
be_crashing (void)
{
  *(volatile int *) 8 = 1;
}

static volatile sig_atomic_t ended;

static void
end (int number)
{
  (void) number;
  ended = 1;
}

/* Make calls until told to end.  */
static void
be_busy (void)
{
  struct stat st;
  int wrong = 0;
  signal (SIGTERM, end);
  write (READY, "", 1);
  while (!ended)
    wrong +=
        stat ("/", &st) != 0 || stat ("none", &st) != -1 || errno != ENOENT;
  exit (wrong == 0 ? 0 : 1);
}

/* --- What traces -----------------------------------------------------------*/

static uint64_t
auxiliary (pid_t pid, uint64_t type)
{
  char name[64];
  uint64_t entry[2] = { 0 };
  snprintf (name, sizeof name, "/proc/%d/auxv", pid);
  int fd = open (name, O_RDONLY);
  while (read (fd, entry, sizeof entry) == sizeof entry && entry[0] != type)
    continue;
  close (fd);
  return entry[0] == type ? entry[1] : 0;
}

static struct user_regs_struct
registers_of (pid_t pid)
{
  struct user_regs_struct registers = { 0 };
  if (ptrace (PTRACE_GETREGS, pid, NULL, &registers) < 0)
    say_result ("registers", -1, errno);
  return registers;
}

/* Print WHAT and STATUS of PID.  */
static void
say_status (const char *what, pid_t pid, int status)
{
  siginfo_t info = { 0 };
  if (WIFEXITED (status))
    printf ("  %s: ended with %d\n", what, WEXITSTATUS (status));
  else if (WIFSIGNALED (status))
    printf ("  %s: ended by %s\n", what, strsignal (WTERMSIG (status)));
  else if (ptrace (PTRACE_GETSIGINFO, pid, NULL, &info) == 0)
    printf ("  %s: stopped with %#x, code %#x\n", what, status >> 8,
            info.si_code);
  else
    printf ("  %s: stopped with %#x\n", what, status >> 8);
  fflush (stdout);
}

/* Start this program as ARGUMENT says, traced; by vfork if SHARES.  */
static pid_t
start (const char *argument, bool shares)
{
  pid_t pid = shares ? vfork () : fork ();
  if (pid == 0)
    {
      ptrace (PTRACE_TRACEME, 0, NULL, NULL);
      execl (self, self, argument, NULL);
      _exit (127);
    }
  return pid;
}

/* Wait for PID.  Return its status.  */
static int
wait_for (pid_t pid)
{
  int status = 0;
  if (waitpid (pid, &status, WAIT_FOR_ALL) != pid)
    printf ("  no wait: %s\n", strerror (errno));
  return status;
}

/* Ask to be traced, twice, in a child by vfork if SHARES.  */
static void
test_twice (bool shares)
{
  int first = -1, again = 0, error = 0;
  pid_t pid = shares ? vfork () : fork ();
  if (pid == 0)
    {
      first = (int) ptrace (PTRACE_TRACEME, 0, NULL, NULL);
      again = (int) ptrace (PTRACE_TRACEME, 0, NULL, NULL);
      error = errno;
      _exit (first == 0 && again == -1 ? error : 0);
    }
  say_status ("asking twice", pid, wait_for (pid));
}

static void
say_entry (pid_t pid)
{
  const struct user_regs_struct registers = registers_of (pid);
  char name[64], path[PATH_MAX] = "";
  uint64_t count = 0;
  struct iovec here = { &count, sizeof count },
               there = { (void *) registers.rsp, sizeof count };
  process_vm_readv (pid, &here, 1, &there, 1, 0);
  snprintf (name, sizeof name, "/proc/%d/exe", pid);
  readlink (name, path, sizeof path - 1);
  printf ("  at its entry: %d, %d arguments, of %s, rax %lld, number %lld\n",
          registers.rip == auxiliary (pid, AT_ENTRY), (int) count,
          strcmp (path, self) == 0 ? "this program" : path,
          (long long) registers.rax, (long long) registers.orig_rax);
}

static void
test_crash (bool shares)
{
  printf ("a program that crashes%s\n", shares ? ", by vfork" : "");
  pid_t pid = start ("crashing", shares);
  say_status ("execve", pid, wait_for (pid));
  say_entry (pid);
  ptrace (PTRACE_CONT, pid, NULL, NULL);
  say_status ("then", pid, wait_for (pid));
  ptrace (PTRACE_CONT, pid, NULL, SIGSEGV);
  say_status ("in the end", pid, wait_for (pid));
}

/* Print the call that PID's stop tells of, and whether registers say the same.
   Return its number at the beginning.  */
static void
say_call (pid_t pid, uint64_t *site)
{
  struct __ptrace_syscall_info info = { 0 };
  const struct user_regs_struct registers = registers_of (pid);
  long size = ptrace (PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
  const long peeked =
      ptrace (PTRACE_PEEKUSER, pid, offsetof (struct user, regs.orig_rax), 0);
  bool same = info.instruction_pointer == registers.rip
              && info.stack_pointer == registers.rsp
              && peeked == (long) registers.orig_rax;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
    {
      same = same && info.entry.nr == registers.orig_rax
             && info.entry.args[0] == registers.rdi
             && info.entry.args[3] == registers.r10
             && registers.rax == (unsigned long) -ENOSYS;
      *site = registers.rip;
      printf ("    %lld", (long long) info.entry.nr);
      if (info.entry.nr == SYS_rt_sigreturn)
        *site = 0;
    }
  else
    {
      same = same && info.exit.rval == (int64_t) registers.rax
             && info.exit.is_error == (info.exit.rval < 0)
             && (*site == 0 || *site == registers.rip);
      /* A number that differs from run to run.  */
      printf (" = %lld, size %ld, %s\n",
              info.exit.rval == pid ? 0 : (long long) info.exit.rval, size,
              same ? "as in registers" : "not as in registers");
      return;
    }
  if (!same)
    printf (" (not as in registers)");
}

/* Have PID go on from one call to the next between its marks.  */
static void
test_calls (void)
{
  puts ("system calls");
  bool shows = false;
  uint64_t site = 0;
  int status;
  pid_t pid = start ("calling", false);
  wait_for (pid);
  ptrace (PTRACE_SETOPTIONS, pid, NULL,
          PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC);
  int signal = 0;
  for (;;)
    {
      ptrace (PTRACE_SYSCALL, pid, NULL, signal);
      status = wait_for (pid);
      signal = 0;
      if (!WIFSTOPPED (status))
        break;
      if (WSTOPSIG (status) == (SIGTRAP | 0x80))
        {
          if (shows)
            say_call (pid, &site);
          continue;
        }
      signal = WSTOPSIG (status);
      if (shows || signal != SIGURG)
        say_status ("stop", pid, status);
      if (signal == SIGURG)
        shows = !shows;
    }
  say_status ("in the end", pid, status);
}

enum
{
  TASKS = 32,
  EVENTS = 64
};

/* What was seen of one task, in the order of its own.  */
struct task
{
  pid_t pid;
  int count;
  int event[EVENTS];
};

static int
compare_tasks (const void *left, const void *right)
{
  const struct task *a = left, *b = right;
  return memcmp (a->event, b->event, sizeof a->event);
}

/* Trace the program of ARGUMENT and all that it makes; REQUEST is how they go
   on.  */
static void
test_events (const char *argument, long request)
{
  struct task tasks[TASKS] = { { 0 } };
  int count = 0, status, wrong = 0, calls = 0;
  printf ("what '%s' makes, %s\n", argument,
          request == PTRACE_CONT ? "as it likes" : "call by call");
  fflush (stdout);
  pid_t first = start (argument, false), pid;
  wait_for (first);
  ptrace (PTRACE_SETOPTIONS, first, NULL,
          PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK
              | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE
              | PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXIT);
  ptrace (request, first, NULL, NULL);
  while ((pid = waitpid (-1, &status, WAIT_FOR_ALL)) > 0)
    {
      struct task *task = tasks;
      unsigned long message = 0;
      while (task < tasks + count && task->pid != pid)
        task++;
      if (task == tasks + count)
        count++;
      task->pid = pid;
      bool call = WIFSTOPPED (status) && WSTOPSIG (status) == (SIGTRAP | 0x80);
      calls += call;
      /* A thread that ends with its program says sometimes the one, sometimes
         the other.  */
      if (WIFEXITED (status) && pid != first
          && strcmp (argument, "threads") == 0)
        status = 0;
      if (!call && task->count < EVENTS)
        task->event[task->count++] = status;
      if (!WIFSTOPPED (status))
        continue;
      int event = status >> 16;
      ptrace (PTRACE_GETEVENTMSG, pid, NULL, &message);
      if (event == PTRACE_EVENT_EXEC && (pid_t) message != pid)
        wrong++;
      if (event == PTRACE_EVENT_EXEC
          && registers_of (pid).rip != auxiliary (pid, AT_ENTRY))
        wrong++;
      if ((event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK)
          && (message == 0 || kill ((pid_t) message, 0) != 0))
        wrong++;
      int signal = WSTOPSIG (status);
      if (event != 0 || call || signal == SIGSTOP)
        signal = 0;
      ptrace (request, pid, NULL, signal);
    }
  qsort (tasks, (size_t) count, sizeof *tasks, compare_tasks);
  for (int i = 0; i < count; i++)
    {
      printf ("  task:");
      for (int j = 0; j < tasks[i].count; j++)
        printf (" %#x", tasks[i].event[j]);
      puts ("");
    }
  printf ("  %d wrong, %d tasks, calls: %s\n", wrong, count,
          request == PTRACE_CONT ? (calls == 0 ? "none" : "some")
          : calls % 2 == 0       ? "some"
                                 : "one without its end");
  fflush (stdout);
}

/* Return a child that is ARGUMENT, and ready.  */
static pid_t
start_ready (const char *argument)
{
  char byte;
  int ends[2];
  pipe (ends);
  pid_t pid = fork ();
  if (pid == 0)
    {
      dup2 (ends[1], READY);
      close (ends[1]);
      execl (self, self, argument, NULL);
      _exit (127);
    }
  close (ends[1]);
  read (ends[0], &byte, 1);
  close (ends[0]);
  return pid;
}

/* Return a child that waits in a call, untraced.  */
static pid_t
start_blocked (void)
{
  char name[64], line[256] = "";
  unlink ("fifo");
  mkfifo ("fifo", 0600);
  pid_t pid = start_ready ("blocked");
  /* From there on it sleeps nowhere but in that call.  */
  snprintf (name, sizeof name, "/proc/%d/stat", pid);
  while (strstr (line, ") S ") == NULL)
    {
      int fd = open (name, O_RDONLY);
      ssize_t size = read (fd, line, sizeof line - 1);
      line[size > 0 ? size : 0] = '\0';
      close (fd);
    }
  return pid;
}

static void
unblock (void)
{
  int fd = open ("fifo", O_WRONLY);
  close (fd);
}

static void
say_blocked (pid_t pid)
{
  const struct user_regs_struct registers = registers_of (pid);
  struct user_regs_struct others = { 0 };
  struct iovec vector = { &others, sizeof others };
  char name[8] = "";
  struct iovec here = { name, 5 }, there = { (void *) registers.rsi, 5 };
  process_vm_readv (pid, &here, 1, &there, 1, 0);
  ptrace (PTRACE_GETREGSET, pid, NT_PRSTATUS, &vector);
  printf ("  in call %lld of '%s', rax %lld, %s\n",
          (long long) registers.orig_rax, name, (long long) registers.rax,
          vector.iov_len == sizeof others && others.rip == registers.rip
                  && others.orig_rax == registers.orig_rax
              ? "either way"
              : "but not otherwise");
}

static void
test_attach (void)
{
  puts ("attaching to what waits in a call");
  pid_t pid = start_blocked ();
  say_result ("  attach", ptrace (PTRACE_ATTACH, pid, NULL, NULL), errno);
  say_status ("attached", pid, wait_for (pid));
  say_blocked (pid);
  say_result ("  detach", ptrace (PTRACE_DETACH, pid, NULL, NULL), errno);
  unblock ();
  say_status ("in the end", pid, wait_for (pid));
}

static void
test_seize (void)
{
  puts ("seizing what waits in a call");
  uint64_t site = 0;
  pid_t pid = start_blocked ();
  say_result ("  seize",
              ptrace (PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD), errno);
  ptrace (PTRACE_INTERRUPT, pid, NULL, NULL);
  say_status ("seized", pid, wait_for (pid));
  say_blocked (pid);
  ptrace (PTRACE_SYSCALL, pid, NULL, NULL);
  say_status ("it goes on", pid, wait_for (pid));
  say_call (pid, &site);
  ptrace (PTRACE_SYSCALL, pid, NULL, NULL);
  unblock ();
  int status = wait_for (pid);
  say_call (pid, &site);
  say_status ("and ends", pid, status);
  ptrace (PTRACE_CONT, pid, NULL, NULL);
  say_status ("in the end", pid, wait_for (pid));
}

/* Trace PID for COUNT stops, and end without a word to it.  */
static void
leave_it (pid_t pid, int count)
{
  int status;
  ptrace (PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD);
  ptrace (PTRACE_INTERRUPT, pid, NULL, NULL);
  waitpid (pid, &status, WAIT_FOR_ALL);
  for (int i = 0; i < count; i++)
    {
      ptrace (PTRACE_SYSCALL, pid, NULL, NULL);
      waitpid (pid, &status, WAIT_FOR_ALL);
    }
  kill (getpid (), SIGKILL);
}

/* Those who trace end, at any place, and what they have traced goes on.  */
static void
test_left (void)
{
  puts ("left by those who trace");
  pid_t pid = start_ready ("busy");
  int status, killed = 0;
  for (int i = 0; i < 60; i++)
    {
      pid_t tracer = fork ();
      if (tracer == 0)
        leave_it (pid, i);
      waitpid (tracer, &status, 0);
      killed += WIFSIGNALED (status);
    }
  printf ("  %d times\n", killed);
  kill (pid, SIGTERM);
  say_status ("in the end", pid, wait_for (pid));
}

/* All instructions between two stops are the program's own.  */
static void
test_steps (void)
{
  puts ("steps");
  pid_t pid = start ("stepped", false);
  int status = wait_for (pid), count = 0, strange = 0;
  uint64_t sum = 0;
  ptrace (PTRACE_CONT, pid, NULL, NULL);
  wait_for (pid);
  do
    {
      siginfo_t info = { 0 };
      ptrace (PTRACE_SINGLESTEP, pid, NULL, NULL);
      status = wait_for (pid);
      sum = sum * 31 + registers_of (pid).rip;
      ptrace (PTRACE_GETSIGINFO, pid, NULL, &info);
      strange += WSTOPSIG (status) == SIGTRAP && info.si_code != TRAP_TRACE
                 && info.si_code != TRAP_BRKPT;
      count++;
    }
  while (WIFSTOPPED (status) && WSTOPSIG (status) == SIGTRAP && count < 100000);
  printf ("  %d steps by way of %#llx, %d strange\n", count,
          (unsigned long long) sum, strange);
  say_status ("then", pid, status);
  ptrace (PTRACE_CONT, pid, NULL, NULL);
  say_status ("in the end", pid, wait_for (pid));
}

/* A mask that is set from outside holds, and harms nobody.  */
static void
test_mask (void)
{
  puts ("a mask");
  uint64_t all = ~0ul, mask = 0;
  pid_t pid = start ("stepped", false);
  wait_for (pid);
  ptrace (PTRACE_CONT, pid, NULL, NULL);
  say_status ("stop", pid, wait_for (pid));
  say_result ("  set", ptrace (PTRACE_SETSIGMASK, pid, sizeof all, &all),
              errno);
  ptrace (PTRACE_GETSIGMASK, pid, sizeof mask, &mask);
  printf ("  %#llx\n", (unsigned long long) mask);
  ptrace (PTRACE_CONT, pid, NULL, NULL);
  say_status ("stop", pid, wait_for (pid));
  ptrace (PTRACE_GETSIGMASK, pid, sizeof mask, &mask);
  printf ("  %#llx\n", (unsigned long long) mask);
  ptrace (PTRACE_CONT, pid, NULL, NULL);
  say_status ("in the end", pid, wait_for (pid));
}

/* Signals pass, are kept away, or become others.  */
static void
test_signals (void)
{
  puts ("signals");
  pid_t pid = start ("signalled", false);
  wait_for (pid);
  int number = 0, status;
  ptrace (PTRACE_CONT, pid, NULL, NULL);
  for (int i = 0; i < 3; i++)
    {
      siginfo_t info = { 0 };
      status = wait_for (pid);
      say_status ("stop", pid, status);
      number = WSTOPSIG (status);
      ptrace (PTRACE_GETSIGINFO, pid, NULL, &info);
      printf ("  with %d\n", info.si_value.sival_int);
      fflush (stdout);
      ptrace (PTRACE_CONT, pid, NULL, i == 1 ? 0 : number);
    }
  say_status ("in the end", pid, wait_for (pid));
}

/* waitid tells the same as waitpid.  */
static void
test_waitid (void)
{
  puts ("waitid");
  pid_t pid = start ("crashing", false);
  for (int i = 0; i < 3; i++)
    {
      siginfo_t info = { 0 };
      int status = waitid (P_PID, (id_t) pid, &info, WEXITED | WSTOPPED);
      printf ("  %d: code %d, status %#x\n", status, info.si_code,
              info.si_status);
      ptrace (PTRACE_CONT, pid, NULL, i == 0 ? 0 : SIGSEGV);
    }
}

static int
be (const char *what)
{
  static const struct
  {
    const char *name;
    void (*function) (void);
  } list[] = {
    { "calling", be_calling },   { "making", be_making },
    { "threads", be_threads },   { "blocked", be_blocked },
    { "stepped", be_stepped },   { "signalled", be_signalled },
    { "crashing", be_crashing }, { "busy", be_busy },
  };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (strcmp (what, list[i].name) == 0)
      list[i].function ();
  return 2;
}

int
main (int count, char **list)
{
  self = list[0];
  if (count > 1)
    return be (list[1]);
  test_twice (false);
  test_twice (true);
  test_crash (false);
  test_crash (true);
  test_calls ();
  test_events ("making", PTRACE_CONT);
  test_events ("threads", PTRACE_CONT);
  test_events ("making", PTRACE_SYSCALL);
  test_events ("threads", PTRACE_SYSCALL);
  test_attach ();
  test_seize ();
  test_left ();
  test_steps ();
  test_mask ();
  test_signals ();
  test_waitid ();
  return 0;
}
