/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Inject a signal at every instruction that an engine executes inside a program
   (stepped.c) for one of its calls: the call is made anew for each.

   usage: step [-l] [-2] [-e EVERY] [-s SCENARIO] [-v VARIANT] [-p ADDRESS]
               COMMAND [ARGUMENT]...

   COMMAND starts stepped in an engine, its standard output being ours to read.
   The path of each call is found by single steps.  Then a breakpoint of the
   processor stops the program at each instruction of it for the first time, or
   with -l for the first and the last time, and the signal is sent.  In between
   nobody steps, so that the program runs as ever.  With -e only every EVERYth
   instruction is tried, beginning with another one for each variant.

   With -2 a signal is sent in the middle of each path, and another one at each
   instruction that follows.

   One line for each scenario says how many signals were injected.  What goes
   wrong is told with the address.  The exit status is 1 then, and 77 where the
   processor or the kernel has no such breakpoints.  */

#define _GNU_SOURCE 1

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "step.h"

#define PATH_LIMIT 200000
#define SECOND_SIGNAL 36
#define PATIENCE 60 /* seconds until a program hangs */

/* An instruction on the path: how often, and for the first time when.  */
struct position
{
  uint64_t address;
  int hits;
};

/* How a call is accompanied.  */
enum way
{
  RUN,   /* let it run */
  TRACE, /* step through it, and write down where it goes */
  STOP,  /* stop at an instruction, and send the signal */
  SLEEP  /* send it when the program sleeps */
};

struct plan
{
  enum way way;
  uint64_t first; /* if not 0: first send the signal there */
  struct position at;
};

static char **command;
static struct step_shared shared;
static uint64_t shared_address;
static pid_t program; /* the process stepped */
static int memory = -1;
static int descriptors; /* that it has open between calls */

static struct position path[PATH_LIMIT];
static int path_length;

/* The task to be sent a signal, 0 before and behind its call; and where in the
   plan it is.  */
static struct
{
  pid_t task;
  bool called, stepping, sent_first, sent, slept;
  int hits;
} subject;

static pid_t tasks[64];
static int task_count;

static volatile sig_atomic_t hangs;

static void
on_alarm (int number)
{
  (void) number;
  hangs = 1;
}

static _Noreturn void
die (const char *what)
{
  fprintf (stderr, "step: %s: %s\n", what, strerror (errno));
  exit (99);
}

static void
know_task (pid_t task)
{
  for (int i = 0; i < task_count; i++)
    if (tasks[i] == task)
      return;
  if (task_count < 64)
    tasks[task_count++] = task;
}

static void
forget_task (pid_t task)
{
  for (int i = 0; i < task_count; i++)
    if (tasks[i] == task)
      tasks[i] = tasks[--task_count];
  if (subject.task == task)
    subject.task = 0;
}

static void
read_shared (void)
{
  if (pread (memory, &shared, sizeof shared, (off_t) shared_address)
      != sizeof shared)
    die ("cannot read the program's memory");
}

static void
write_shared (void)
{
  if (pwrite (memory, &shared, sizeof shared, (off_t) shared_address)
      != sizeof shared)
    die ("cannot write the program's memory");
}

/* Start the program, and trace it.  */
static void
start (void)
{
  struct step_hello hello;
  char name[64];
  int ends[2];
  if (pipe2 (ends, O_CLOEXEC) < 0)
    die ("pipe");
  pid_t child = fork ();
  if (child < 0)
    die ("fork");
  if (child == 0)
    {
      dup2 (ends[1], 1);
      execvp (command[0], command);
      _exit (127);
    }
  close (ends[1]);
  alarm (PATIENCE);
  if (read (ends[0], &hello, sizeof hello) != sizeof hello
      || hello.magic != STEP_MAGIC || hello.size != sizeof shared)
    {
      fprintf (stderr, "step: the program did not start\n");
      exit (99);
    }
  close (ends[0]);
  program = hello.pid;
  shared_address = hello.address;
  if (ptrace (PTRACE_SEIZE, program, 0,
              PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE
                  | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)
      < 0)
    {
      puts ("no program may be traced");
      exit (77);
    }
  snprintf (name, sizeof name, "/proc/%d/mem", (int) program);
  memory = open (name, O_RDWR | O_CLOEXEC);
  if (memory < 0)
    die (name);
  read_shared ();
  shared.go = 1;
  write_shared ();
  task_count = 0;
  know_task (program);
}

static void
stop (void)
{
  for (int i = 0; i < task_count; i++)
    kill (tasks[i], SIGKILL);
  while (waitpid (-1, NULL, __WALL) > 0 || errno == EINTR)
    continue;
  close (memory);
  memory = -1;
  descriptors = 0;
}

static int
count_descriptors (void)
{
  char name[64];
  int count = 0;
  snprintf (name, sizeof name, "/proc/%d/fd", (int) program);
  DIR *directory = opendir (name);
  while (directory != NULL && readdir (directory) != NULL)
    count++;
  if (directory != NULL)
    closedir (directory);
  return count;
}

static uint64_t
get_rip (pid_t task)
{
  errno = 0;
  return (uint64_t) ptrace (PTRACE_PEEKUSER, task,
                            offsetof (struct user_regs_struct, rip), 0);
}

/* Have TASK stop at ADDRESS, or no more when it is 0.  */
static void
set_breakpoint (pid_t task, uint64_t address)
{
  size_t control = offsetof (struct user, u_debugreg[7]);
  ptrace (PTRACE_POKEUSER, task, control, 0);
  if (address == 0)
    return;
  if (ptrace (PTRACE_POKEUSER, task, offsetof (struct user, u_debugreg[0]),
              address)
          < 0
      || ptrace (PTRACE_POKEUSER, task, control, 1) < 0)
    {
      puts ("no breakpoints of the processor");
      exit (77);
    }
}

static void
send_signal (pid_t task, int number)
{
  char name[64], line[256];
  int group = task;
  snprintf (name, sizeof name, "/proc/%d/status", (int) task);
  FILE *status = fopen (name, "re");
  while (status != NULL && fgets (line, sizeof line, status) != NULL)
    sscanf (line, "Tgid: %d", &group);
  if (status != NULL)
    fclose (status);
  if ((shared.flags & STEP_PROCESS) != 0)
    kill (group, number);
  else
    syscall (SYS_tgkill, group, task, number);
}

static void
go_on (pid_t task, int number)
{
  bool steps = task == subject.task && subject.stepping;
  ptrace (steps ? PTRACE_SINGLESTEP : PTRACE_CONT, task, 0, number);
}

/* Write down that the path goes through ADDRESS.  */
static void
note_position (uint64_t address)
{
  if (subject.slept)
    return; /* that follows the signal */
  if (address >= shared.text_start && address < shared.text_end
      && !(address > shared.before && address < shared.after))
    return;
  for (int i = 0; i < path_length; i++)
    if (path[i].address == address)
      {
        path[i].hits++;
        return;
      }
  if (path_length < PATH_LIMIT)
    path[path_length++] = (struct position){ address, 1 };
}

/* TASK is at the beginning of its call: be the subject of PLAN.  */
static void
begin (pid_t task, const struct plan *plan)
{
  read_shared ();
  subject.task = task;
  subject.stepping = plan->way == TRACE && plan->first == 0;
  if (plan->first != 0)
    set_breakpoint (task, plan->first);
  else if (plan->way == STOP)
    set_breakpoint (task, plan->at.address);
}

/* The subject has stopped at RIP, in the middle of its call.  */
static void
meet (const struct plan *plan, uint64_t rip)
{
  if (plan->first != 0 && !subject.sent_first)
    {
      if (rip != plan->first)
        return;
      subject.sent_first = true;
      send_signal (subject.task, shared.signal);
      set_breakpoint (subject.task, plan->way == STOP ? plan->at.address : 0);
      subject.stepping = plan->way == TRACE;
      /* The same place twice.  */
      if (plan->way != STOP || rip != plan->at.address)
        return;
    }
  if (plan->way == TRACE)
    note_position (rip);
  else if (plan->way == STOP && !subject.sent && rip == plan->at.address
           && ++subject.hits == plan->at.hits)
    {
      subject.sent = true;
      set_breakpoint (subject.task, 0);
      send_signal (subject.task,
                   plan->first != 0 ? SECOND_SIGNAL : shared.signal);
    }
}

static char
state_of (pid_t task)
{
  char name[64], line[512] = "";
  snprintf (name, sizeof name, "/proc/%d/stat", (int) task);
  int fd = open (name, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read (fd, line, sizeof line - 1) < 0)
    line[0] = '\0';
  close (fd);
  char *end = strrchr (line, ')');
  return end == NULL ? '?' : end[2];
}

/* Wait for any task.  A subject that sleeps gets its signal, where the call
   does that.  */
static pid_t
wait_any (int *status)
{
  bool wakes = (shared.flags & STEP_BLOCKS) != 0;
  for (int i = 0; hangs == 0; i++)
    {
      bool waits = !wakes || subject.task == 0 || subject.sent;
      pid_t task = waitpid (-1, status, __WALL | (waits ? 0 : WNOHANG));
      if (task > 0 || (task < 0 && errno != EINTR))
        return task;
      if (!waits && i % 16 == 15 && state_of (subject.task) == 'S')
        {
          subject.sent = subject.slept = true;
          send_signal (subject.task, shared.signal);
        }
      if (!waits)
        sched_yield ();
    }
  return -1;
}

/* Follow a stop of TASK by SIGTRAP.  Return whether the program is at the end
   of what it was asked for.  */
static bool
follow_trap (const struct plan *plan, pid_t task)
{
  uint64_t rip = get_rip (task);
  if (rip == shared.ready && task == program)
    return true;
  if (rip == shared.before)
    {
      subject.called = true;
      read_shared ();
      if ((shared.flags & STEP_CHILD) == 0)
        begin (task, plan);
    }
  else if (rip == shared.after)
    {
      if (task == subject.task)
        {
          set_breakpoint (task, 0);
          subject.task = 0;
        }
    }
  else if (task == subject.task)
    meet (plan, rip);
  go_on (task, 0);
  return false;
}

/* Follow STATUS of TASK.  Return as follow_trap does.  */
static bool
follow (const struct plan *plan, pid_t task, int status)
{
  int event = status >> 16, number = WSTOPSIG (status);
  know_task (task);
  if (event == PTRACE_EVENT_EXEC)
    forget_task (task);
  if (event == PTRACE_EVENT_STOP && task != program && subject.task == 0
      && subject.called && (shared.flags & STEP_CHILD) != 0)
    begin (task, plan);
  if (event == 0 && number == SIGTRAP)
    return follow_trap (plan, task);
  if (event == 0 && task == subject.task && subject.stepping)
    note_position (get_rip (task));
  go_on (task, event != 0 ? 0 : number);
  return false;
}

/* Have the program make the call of SCENARIO with VARIANT as PLAN says.  Return
   NULL, or what goes wrong.  */
static const char *
call (int scenario, int variant, const struct plan *plan)
{
  static char text[400];
  int status;
  memset (&subject, 0, sizeof subject);
  read_shared ();
  shared.scenario = scenario;
  shared.variant = variant;
  shared.second = plan->first != 0 && plan->way == STOP ? SECOND_SIGNAL : 0;
  write_shared ();
  hangs = 0;
  alarm (PATIENCE);
  go_on (program, 0);
  for (;;)
    {
      pid_t task = wait_any (&status);
      if (task < 0)
        {
          stop ();
          return "it hangs";
        }
      if (WIFSTOPPED (status))
        {
          if (follow (plan, task, status))
            break;
          continue;
        }
      forget_task (task);
      if (task != program)
        continue;
      snprintf (text, sizeof text, "it ends with status %x", status);
      stop ();
      return text;
    }
  alarm (0);
  read_shared ();
  if (shared.verdict[0] != '\0')
    {
      snprintf (text, sizeof text, "%s", shared.verdict);
      return text;
    }
  int count = count_descriptors ();
  if (descriptors == 0)
    descriptors = count;
  if (count == descriptors)
    return NULL;
  snprintf (text, sizeof text, "%d descriptors instead of %d", count,
            descriptors);
  descriptors = count;
  return text;
}

/* Have the program wait for orders.  */
static void
begin_program (void)
{
  int status;
  start ();
  for (;;)
    {
      pid_t task = waitpid (-1, &status, __WALL);
      if (task == program && WIFSTOPPED (status) && status >> 16 == 0
          && WSTOPSIG (status) == SIGTRAP)
        break;
      if (task == program && WIFSTOPPED (status))
        ptrace (PTRACE_CONT, task, 0, 0);
      else if (task < 0 || task == program)
        die ("the program does not begin");
    }
  alarm (0);
}

static int failures, injections, missed;

static void
report (const char *problem, const struct plan *plan)
{
  failures++;
  printf ("not right: %s, %s", shared.scenario_name, shared.variant_name);
  if (plan->first != 0)
    printf (", after a signal at %lx", (unsigned long) plan->first);
  if (plan->way == STOP)
    printf (", at %lx (%d)", (unsigned long) plan->at.address, plan->at.hits);
  else
    printf (", %s", plan->way == SLEEP   ? "asleep"
                    : plan->way == TRACE ? "stepping"
                                         : "undisturbed");
  printf (": %s\n", problem);
  fflush (stdout);
  if (memory < 0)
    begin_program ();
}

/* Make the call once as PLAN says.  */
static void
try (int scenario, int variant, const struct plan *plan)
{
  const char *problem = call (scenario, variant, plan);
  bool misses = plan->way == STOP && (!subject.sent || subject.slept);
  /* The program expects what was not sent.  */
  if (problem != NULL && (!misses || memory < 0))
    report (problem, plan);
  if (misses)
    missed++;
  else if (plan->way == STOP)
    injections++;
}

static bool is_long, doubles;
static int every = 1;
static uint64_t only_address;

/* Find the path of SCENARIO behind a signal at FIRST, if that is not 0.  */
static void
find_path (int scenario, uint64_t first)
{
  const struct plan trace = { .way = TRACE, .first = first };
  path_length = 0;
  const char *problem = call (scenario, 0, &trace);
  /* Without the signal it may be wrong only because none came.  */
  if (problem != NULL && memory < 0)
    report (problem, &trace);
}

/* Inject at all positions of the path.  */
static void
inject_all (int scenario, int variant, uint64_t first)
{
  for (int i = variant % every; i < path_length; i += every)
    for (int last = 0; last <= (is_long && path[i].hits > 1); last++)
      {
        struct plan plan = { .way = STOP,
                             .first = first,
                             .at = { path[i].address,
                                     last ? path[i].hits : 1 } };
        if (only_address == 0 || only_address == path[i].address)
          try (scenario, variant, &plan);
      }
}

static void
do_scenario (int scenario, const char *only_variant)
{
  static const struct plan run = { .way = RUN }, sleep_plan = { .way = SLEEP };
  int before = failures;
  injections = missed = 0;
  /* Let it know its way.  */
  for (int i = 0; i < 4; i++)
    (void) call (scenario, 0, &run);
  if (memory < 0)
    begin_program ();
  descriptors = 0;
  (void) call (scenario, 0, &run);
  if (memory < 0)
    {
      report ("it ends without a signal", &run);
      return;
    }
  find_path (scenario, 0);
  int length = path_length;
  uint64_t first = doubles && length > 0 ? path[length / 2].address : 0;
  if (doubles)
    find_path (scenario, first);
  for (int i = 0; i < shared.variant_count; i++)
    {
      (void) call (scenario, i, &run);
      if (shared.skipped != 0
          || (only_variant != NULL
              && strcmp (only_variant, shared.variant_name) != 0))
        continue;
      if (!doubles && (shared.flags & STEP_BLOCKS) != 0)
        try (scenario, i, &sleep_plan);
      inject_all (scenario, i, first);
    }
  printf ("%s: %d instructions, %d signals, %d places missed, %d not right\n",
          shared.scenario_name, path_length, injections, missed,
          failures - before);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  const char *only = NULL, *only_variant = NULL;
  int option;
  while ((option = getopt (argc, argv, "+l2e:s:v:p:")) >= 0)
    if (option == 'l')
      is_long = true;
    else if (option == '2')
      doubles = true;
    else if (option == 'e')
      every = atoi (optarg);
    else if (option == 's')
      only = optarg;
    else if (option == 'v')
      only_variant = optarg;
    else if (option == 'p')
      only_address = strtoul (optarg, NULL, 16);
    else
      return 99;
  if (optind == argc || every < 1)
    return 99;
  command = argv + optind;
  const struct sigaction action = { .sa_handler = on_alarm };
  sigaction (SIGALRM, &action, NULL);
  begin_program ();
  read_shared ();
  for (int i = 0; i < shared.scenario_count; i++)
    {
      static const struct plan run = { .way = RUN };
      (void) call (i, 0, &run);
      if (memory < 0)
        begin_program ();
      if (only == NULL || strcmp (only, shared.scenario_name) == 0)
        do_scenario (i, only_variant);
    }
  stop ();
  return failures > 0;
}
