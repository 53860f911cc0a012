/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The loop: one thread that waits for stops and answers them.

   Tasks are seized, never "traced by me", so that group stops are told apart
   from signals, and die with the tracer (PTRACE_O_EXITKILL).  In mode P1 only
   calls that the filter picks stop, once, at their entry; what lib/guest
   answers is skipped there, what it changes either runs in a trampoline that
   puts the registers back, or is stopped once more at its exit.  In mode P2
   every call stops twice.

   A task that the kernel has killed in the meantime gives ESRCH anywhere; its
   end is reported by wait soon after, so such errors are passed over.

   Orders that the kernel does not promise and that are seen: a child's first
   stop may come before its parent's event; a thread that calls execve takes
   over the number of its leader, whose end is never reported.  */

#include "proot-engine/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/guest/calls.h"
#include "proot-engine/enter.h"
#include "proot-engine/attach.h"
#include "proot-engine/handover.h"
#include "proot-engine/memory.h"
#include "proot-engine/seccomp.h"

#ifndef PTRACE_EVENT_STOP
#  define PTRACE_EVENT_STOP 128
#endif
#ifndef SYS_clone3
#  define SYS_clone3 435
#endif

#define OPTIONS                                                                \
  (PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK                \
   | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD          \
   | PTRACE_O_TRACESECCOMP)

enum
{
  SUSPEND_WAITS = 50 /* milliseconds for others to stop, too */
};

/* For the handler of forwarded signals.  */
static volatile pid_t first_pid;

static const int forwarded[] = { SIGTERM, SIGHUP,    SIGINT,   SIGQUIT, SIGUSR1,
                                 SIGUSR2, SIGTSTP,   SIGWINCH, SIGPWR,  SIGIO,
                                 SIGURG,  SIGVTALRM, SIGPROF,  SIGXCPU };

/* What the terminal sends reaches the whole process group by itself; only
   what somebody sent to the tracer alone is passed on.  That the terminal was
   hung up the kernel tells the leader of the session alone.  */
static void
forward_signal (int number, siginfo_t *info, void *context)
{
  (void) context;
  int saved = errno;
  if (number == SIGALRM && info->si_code > 0)
    placement_alarm (); /* from the timer */
  else if (first_pid > 0
           && (info->si_code <= 0
               || (number == SIGHUP && getsid (0) == getpid ())))
    (void) kill (first_pid, number);
  errno = saved;
}

void
tracer_catch_signals (void)
{
  struct sigaction action = { .sa_sigaction = forward_signal };
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  (void) sigfillset (&action.sa_mask);
  for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
    (void) sigaction (forwarded[i], &action, NULL);
  for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
    (void) sigaction (number, &action, NULL);
  /* It has to end a wait.  */
  action.sa_flags = SA_SIGINFO;
  (void) sigaction (SIGALRM, &action, NULL);
  /* Stops are waited for; a signal for each would only cost time.  */
  struct sigaction quiet = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP };
  (void) sigaction (SIGCHLD, &quiet, NULL);
  (void) signal (SIGPIPE, SIG_IGN);
  (void) signal (SIGXFSZ, SIG_IGN); /* files of /proc are written anew */
  (void) signal (SIGTTIN, SIG_IGN);
  (void) signal (SIGTTOU, SIG_IGN);
}

/* Let TRACEE go on, with SIGNAL delivered when it is not 0.  */
static void
resume (const struct tracer *tracer, const struct tracee *tracee, int number)
{
  bool stops = tracee->state == TRACEE_IN_CALL
               || (tracer->every_call && tracee->state == TRACEE_RUNNING);
  (void) ptrace (stops ? PTRACE_SYSCALL : PTRACE_CONT, tracee->tid, 0,
                 (long) number);
}

void
tracer_resume (struct tracer *tracer, const struct tracee *tracee)
{
  resume (tracer, tracee, 0);
}

/* Answer TRACEE's call at its entry stop with RESULT.  Without a filter of
   ours the program's own judge the call after this stop: then it is made with
   arguments that let no call do anything.  */
static void
answer (struct tracee *tracee, struct registers *registers, int64_t result)
{
  if (tracee->state == TRACEE_IN_CALL && tracee->task.ids.filters > 0)
    {
      for (int i = 0; i < 6; i++)
        registers_set_argument (registers, i, UINT64_MAX);
      (void) registers_write (tracee->tid, registers);
      tracee->call.result = result;
      tracee->answered = tracee->restores = true;
      return;
    }
  registers_skip (registers, result);
  (void) registers_write (tracee->tid, registers);
}

static uint64_t
trampoline_address (const struct tracee *tracee)
{
  return loader_window (tracee->space->abi)
         + (uint64_t) tracee->slot * LOADER_TRAMPOLINE_SIZE;
}

/* Return the native number of what CALL of TRACEE does, -1 when there is
   none.  */
static int
native_number (const struct tracee *tracee, const struct guest_call *call)
{
  return guest_rule_number (
      guest_rule_of (tracee->task.guest, call->abi, call->number),
      GUEST_ABI_NATIVE);
}

/* Have TRACEE run its call as it is now; where possible without another
   stop.  */
static void
run_changed (struct tracer *tracer, struct tracee *tracee,
             struct registers *registers, bool leaves)
{
  const struct guest_call *call = &tracee->call;
  /* A child that shares the memory must not start in a slot.  */
  if (!leaves && !tracer->every_call && tracee->space->trampolines
      && tracee->space->abi == call->abi
      && native_number (tracee, call) != SYS_clone
      && tracee_take_slot (&tracer->tracees, tracee) == 0
      && registers_divert (registers, trampoline_address (tracee), call->number,
                           call->arg, tracer->scratch.saved)
      && tracer_flush_scratch (tracer, tracee, true) == 0)
    {
      tracee->diverted = true;
      (void) registers_write (tracee->tid, registers);
      return;
    }

  *registers = tracee->entry;
  if (tracer_flush_scratch (tracer, tracee, false) < 0)
    {
      answer (tracee, registers, -ENOMEM);
      return;
    }
  for (int i = 0; i < 6; i++)
    registers_set_argument (registers, i, call->arg[i]);
  registers_set_number (registers, call->number);
  (void) registers_write (tracee->tid, registers);
  tracee->restores = true;
  tracee->leaves = leaves;
  tracee->state = TRACEE_IN_CALL;
}

/* Have TRACEE, at the entry stop of a 32-bit call, map slots where 32 bits can
   name them, and then make its call again: a 64-bit program may make such
   calls, but its loader's window is out of their reach.  Likewise at one of a
   program that has no such window.  */
static void
map_slots (struct tracee *tracee)
{
  enum
  {
    MMAP2 = 192 /* of i386: the last argument counts pages */
  };
  const uint64_t arguments[6] = {
    0,
    (uint64_t) LOADER_SLOTS * LOADER_SLOT_SIZE,
    PROT_READ | PROT_WRITE,
    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
    UINT32_MAX,
    0,
  };
  struct registers registers = tracee->entry;

  for (int i = 0; i < 6; i++)
    registers_set_argument (&registers, i, arguments[i]);
  registers_set_number (&registers, tracee->call.abi == GUEST_ABI_NATIVE
                                        ? (long) SYS_mmap
                                        : (long) MMAP2);
  (void) registers_write (tracee->tid, &registers);
  tracee->maps = true;
  tracee->state = TRACEE_IN_CALL;
}

/* TRACEE has mapped slots, or not: its own call comes now.  */
static void
note_slots (struct tracee *tracee)
{
  struct registers registers;
  tracee->maps = false;
  if (registers_read (tracee->tid, &registers) < 0)
    return;
  int64_t result = registers_result (&registers);
  if (result > 0
      && (tracee->call.abi == GUEST_ABI_NATIVE || result <= UINT32_MAX))
    {
      tracee->space->slots[tracee->call.abi] = (uint64_t) result;
      registers_repeat (&registers, &tracee->entry);
    }
  else
    {
      registers_restore (&registers, &tracee->entry);
      registers_set_result (&registers, -ENOMEM);
    }
  (void) registers_write (tracee->tid, &registers);
}

/* Let lib/guest say what TRACEE's call means, and do that.  */
static void
handle_call (struct tracer *tracer, struct tracee *tracee)
{
  struct registers registers = tracee->entry;
  struct guest_call *call = &tracee->call;
  const struct guest_rule *rule =
      guest_rule_of (tracee->task.guest, call->abi, call->number);

  if (tracer->placement.enabled
      && placement_answer (&tracer->placement, &tracer->tracees, tracee,
                           guest_rule_number (rule, GUEST_ABI_NATIVE), call))
    {
      answer (tracee, &registers, call->result);
      return;
    }
  if (attach_answer (tracer, tracee, call))
    {
      answer (tracee, &registers, call->result);
      return;
    }
  if (call->abi == GUEST_ABI_NATIVE && call->number == SYS_prctl
      && call->arg[0] == ENTER_CALL)
    {
      answer (tracee, &registers, enter_handle (tracer, tracee));
      return;
    }
  if (tracee->filters && call->abi == GUEST_ABI_NATIVE
      && call->number == SYS_seccomp && seccomp_is_ours (call->arg))
    {
      tracee->filters = false; /* and not the program's */
      return;
    }
  if (tracee->space->slots[call->abi] == 0)
    {
      map_slots (tracee);
      return;
    }
  if (lists_install (tracer, tracee))
    return;
  tracer->scratch_used = 0;
  if (rule != NULL && rule->turns_names)
    tracee->task.guest->interpreters->generation++;
  enum guest_verdict verdict = guest_enter (&tracee->task, call);
  switch (verdict)
    {
    case GUEST_PASS:
      break;
    case GUEST_ANSWER:
      answer (tracee, &registers, call->result);
      break;
    case GUEST_RUN:
    case GUEST_RUN_EXIT:
      run_changed (tracer, tracee, &registers, verdict == GUEST_RUN_EXIT);
      break;
    case GUEST_EXEC:
      {
        int status = execute_begin (tracer, tracee);
        if (status < 0)
          answer (tracee, &registers, status);
        else
          run_changed (tracer, tracee, &registers, true);
        tracee->leaves = false;
        break;
      }
    }
}

/* Have TRACEE, in mode P2, make its call from where the other engine's filter
   lets it be.  32-bit programs have no address there, and their calls do not
   need it.  */
static void
shelter (const struct tracer *tracer, struct tracee *tracee)
{
  struct registers registers;
  if (tracer->handover == NULL || !tracer->every_call
      || tracee->space->abi != GUEST_ABI_NATIVE
      || tracee->state != TRACEE_IN_CALL
      || registers_read (tracee->tid, &registers) < 0
      || registers_number (&registers) < 0)
    return;
  registers_set_instruction (&registers, tracer->handover->shelter);
  /* What sigreturn returns to is in memory.  */
  if (registers_write (tracee->tid, &registers) == 0)
    tracee->sheltered = tracee->call.abi != GUEST_ABI_NATIVE
                        || tracee->call.number != SYS_rt_sigreturn;
}

/* TRACEE's call has returned to where it was made from: put it back.  */
static void
leave_shelter (struct tracee *tracee)
{
  struct registers registers;
  tracee->sheltered = false;
  if (registers_read (tracee->tid, &registers) < 0)
    return;
  registers_set_instruction (&registers, tracee->place);
  (void) registers_write (tracee->tid, &registers);
}

/* TRACEE is about to make a system call.  */
static void
enter_call (struct tracer *tracer, struct tracee *tracee)
{
  struct guest_call *call = &tracee->call;
  if (registers_read (tracee->tid, &tracee->entry) < 0)
    return;
  const struct registers *entry = &tracee->entry;
  tracee->leaves = tracee->restores = tracee->answered = false;
  if (tracer->every_call)
    {
      /* The exit stop comes in any case.  */
      tracee->state = TRACEE_IN_CALL;
    }
  if ((tracer->handover != NULL
       || (tracer->every_call && tracee->space->trampolines))
      && space_has_in_window (tracee->space, registers_instruction (entry)))
    {
      if (tracee->adopted && tracer->handover->take_over (tracee))
        (void) registers_write (tracee->tid, entry);
      return;
    }
  tracee->diverted = false;
  tracee_release_held (tracee);
  bool known = registers_find_abi (tracee->tid, &tracee->entry);
  call->abi = entry->abi;
  call->number = known ? (int) registers_number (entry) : -1;
  for (int i = 0; i < 6; i++)
    call->arg[i] = registers_argument (entry, i);
  /* A filter that others have made may stop more than ours.  */
  if (tracer->every_call || tracer->handover != NULL)
    {
      int error = ENOSYS;
      const struct guest *guest = tracee->task.guest;
      const struct guest_rule *rule =
          guest_rule_of (guest, call->abi, call->number);
      enum guest_action action = guest_rule_action (guest, rule, &error);
      int native = guest_rule_number (rule, GUEST_ABI_NATIVE);
      if (action == GUEST_ACTION_ERROR)
        {
          struct registers registers = *entry;
          answer (tracee, &registers, -error);
        }
      if (action != GUEST_ACTION_STOP && native != SYS_sched_getaffinity
          && native != SYS_sched_setaffinity)
        return;
    }
  handle_call (tracer, tracee);
}

static void
on_entry (struct tracer *tracer, struct tracee *tracee)
{
  enter_call (tracer, tracee);
  const struct registers *entry = &tracee->entry;
  if (space_has_in_window (tracee->space, registers_instruction (entry)))
    return;
  tracee->place = registers_instruction (entry);
  shelter (tracer, tracee);
}

/* TRACEE's system call has returned.  */
static void
on_exit_of_call (struct tracee *tracee)
{
  struct registers registers;
  tracee->state = TRACEE_RUNNING;
  if (tracee->sheltered)
    leave_shelter (tracee);
  if (tracee->maps)
    {
      note_slots (tracee);
      return;
    }
  if (tracee->installs)
    {
      lists_note (tracee);
      return;
    }
  execute_cancel (tracee);
  if (!tracee->restores && !tracee->leaves)
    return;
  if (registers_read (tracee->tid, &registers) < 0)
    return;
  int64_t result = registers_result (&registers);
  registers_restore (&registers, &tracee->entry);
  /* Another error than of such arguments is the verdict of a filter.  */
  if (tracee->answered
      && (result >= 0 || result == -EFAULT || result == -EBADF
          || result == -EINVAL || result == -ESRCH || result == -ERANGE
          || result == -E2BIG))
    registers_set_result (&registers, tracee->call.result);
  /* A call that the kernel will restart comes again from the start.  */
  if (tracee->leaves && (result > -512 || result < -516))
    {
      tracee->call.result = result;
      guest_leave (&tracee->task, &tracee->call);
      registers_set_result (&registers, tracee->call.result);
    }
  (void) registers_write (tracee->tid, &registers);
}

/* Make CHILD, cloned with FLAGS, what PARENT's clone made it.  Return 0 or a
   negative errno.  */
static int
inherit (struct tracer *tracer, struct tracee *child,
         const struct tracee *parent, uint64_t flags)
{
  struct guest_fs *fs = NULL;
  if ((flags & CLONE_FS) == 0)
    {
      fs = malloc (sizeof *fs);
      if (fs == NULL)
        return -ENOMEM;
    }
  container_hold (container_of (&parent->task));
  child->task.guest = parent->task.guest;
  guest_task_clone (&child->task, &parent->task, fs);
  child->task.tid = child->tid;
  child->task.pid = (flags & CLONE_THREAD) != 0 ? parent->task.pid : child->tid;
  child->task.engine = child;
  child->lists = parent->lists;
  child->sheltered = parent->sheltered;
  child->place = parent->place;
  if ((flags & CLONE_VM) != 0)
    tracee_share_space (child, parent->space);
  else if (tracee_new_space (child, parent->space) < 0)
    return -ENOMEM;
  placement_clone (&tracer->placement, child, parent);
  return 0;
}

static void go_to_group_stop (struct tracer *tracer, struct tracee *tracee,
                              int number);

/* CHILD was both announced and seen: let it run.  */
static void
release_child (struct tracer *tracer, struct tracee *child)
{
  child->state = TRACEE_RUNNING;
  if (child->sheltered)
    leave_shelter (child);
  if (child->first_signal != SIGTRAP)
    go_to_group_stop (tracer, child, child->first_signal);
  else
    resume (tracer, child, 0);
}

/* PARENT has made a child.  */
static void
on_clone (struct tracer *tracer, struct tracee *parent)
{
  unsigned long number = 0;
  struct registers registers;
  uint64_t flags;
  if (ptrace (PTRACE_GETEVENTMSG, parent->tid, 0, &number) != 0
      || registers_read (parent->tid, &registers) < 0)
    return;
  (void) registers_find_abi (parent->tid, &registers);
  const struct guest_call made = { .abi = registers.abi,
                                   .number =
                                       (int) registers_number (&registers) };
  int call = native_number (parent, &made);
  flags = registers_argument (&registers, 0);
  if (call == SYS_clone3)
    {
      if (memory_read (parent->tid, flags, &flags, sizeof flags) < 0)
        flags = 0;
    }
#ifdef SYS_fork
  else if (call == SYS_fork)
    flags = 0;
  else if (call == SYS_vfork)
    flags = CLONE_VM | CLONE_VFORK;
#endif

  pid_t tid = (pid_t) number;
  struct tracee *child = tracees_find (&tracer->tracees, tid);
  if (child == NULL)
    child = tracees_add (&tracer->tracees, tid);
  if (child == NULL || inherit (tracer, child, parent, flags) < 0
      || tracer_is_doomed (tracer, child))
    {
      (void) kill (tid, SIGKILL);
      return;
    }
  child->announced = true;
  if (child->stopped_first)
    release_child (tracer, child);
}

/* TRACEE, or a thread that has taken over its number, has executed the
   loader stub, or what has it leave the tracer.  Return the tracee that lives
   on.  */
static struct tracee *
on_exec (struct tracer *tracer, struct tracee *tracee)
{
  unsigned long number = 0;
  if (ptrace (PTRACE_GETEVENTMSG, tracee->tid, 0, &number) == 0
      && (pid_t) number != tracee->tid)
    {
      struct tracee *thread = tracees_find (&tracer->tracees, (pid_t) number);
      if (thread != NULL)
        {
          pid_t tid = tracee->tid;
          placement_forget (&tracer->placement, tracee);
          tracees_remove (&tracer->tracees, tracee);
          tracees_renumber (&tracer->tracees, thread, tid);
          tracee = thread;
        }
    }
  tracee->restores = tracee->leaves = tracee->sheltered = false;
  if (tracee->exec != NULL && handover_leaves (tracer, tracee->exec))
    {
      handover_let_go (tracee);
      return tracee;
    }
  execute_commit (tracer, tracee);
  tracee->state = tracer->every_call ? TRACEE_LOADING : TRACEE_RUNNING;
  return tracee;
}

static bool
is_stop_signal (int number)
{
  return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN
         || number == SIGTTOU;
}

/* TRACEE has stopped with its group because of signal NUMBER.  */
static void
go_to_group_stop (struct tracer *tracer, struct tracee *tracee, int number)
{
  (void) number;
  (void) ptrace (PTRACE_LISTEN, tracee->tid, 0, 0);
  tracee->group_stopped = true;
  if (tracee->tid == tracer->first)
    tracer->suspending = SUSPEND_WAITS;
}

/* A PTRACE_EVENT_STOP of TRACEE: its first stop, a group stop, or the end of
   one.  */
static void
on_stop_event (struct tracer *tracer, struct tracee *tracee, int number)
{
  if (!tracee->stopped_first)
    {
      tracee->stopped_first = true;
      tracee->first_signal = number;
      if (tracee->announced)
        release_child (tracer, tracee);
    }
  else if (is_stop_signal (number))
    go_to_group_stop (tracer, tracee, number);
  else
    {
      tracee->group_stopped = false;
      resume (tracer, tracee, 0);
    }
}

/* TRACEE is about to receive signal NUMBER.  */
static void
on_signal (struct tracer *tracer, struct tracee *tracee, int number)
{
  struct registers registers;
  bool loading = tracee->state == TRACEE_LOADING && number == SIGTRAP;
  if ((tracee->diverted || loading)
      && registers_read (tracee->tid, &registers) == 0)
    {
      if (loading
          && space_has_in_window (tracee->space,
                                  registers_instruction (&registers)))
        {
          if (handover_loaded (tracer, tracee))
            return;
          tracee->state = TRACEE_RUNNING;
          tracee_release_held (tracee);
          number = 0;
        }
      else if (tracee->diverted
               && registers_bring_back (&registers, &tracee->entry,
                                        trampoline_address (tracee)))
        (void) registers_write (tracee->tid, &registers);
      tracee->diverted = false;
    }
  resume (tracer, tracee, number);
}

void
tracer_see (struct tracer *tracer, pid_t tid, int status)
{
  if (!WIFSTOPPED (status))
    {
      attach_release (tracer, tid);
      tracer_end_task (tracer, tid, status);
      if (tracer->ended)
        first_pid = 0;
      return;
    }
  int event = status >> 16;
  int number = WSTOPSIG (status);
  struct tracee *tracee = tracees_find (&tracer->tracees, tid);
  if (tracee == NULL)
    tracee = tracees_add (&tracer->tracees, tid);
  if (tracee == NULL || (event != 0 && tracer_is_doomed (tracer, tracee)))
    {
      (void) kill (tid, SIGKILL);
      return;
    }

  placement_note (&tracer->placement, tracee);
  switch (event)
    {
    case PTRACE_EVENT_STOP:
      on_stop_event (tracer, tracee, number);
      break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      on_clone (tracer, tracee);
      resume (tracer, tracee, 0);
      break;
    case PTRACE_EVENT_EXEC:
      tracee = on_exec (tracer, tracee);
      resume (tracer, tracee, 0);
      break;
    case PTRACE_EVENT_SECCOMP:
      if (!tracer->every_call) /* or this was seen before */
        on_entry (tracer, tracee);
      resume (tracer, tracee, 0);
      break;
    case 0:
      if (number != (SIGTRAP | 0x80))
        on_signal (tracer, tracee, number);
      else
        {
          if (tracee->state == TRACEE_IN_CALL)
            on_exit_of_call (tracee);
          else
            on_entry (tracer, tracee);
          resume (tracer, tracee, 0);
        }
      break;
    default:
      resume (tracer, tracee, 0);
      break;
    }
}

/* The first program has been stopped from the terminal.  When everything
   that will stop has stopped, stop as well, so that the shell that waits for
   this process notices; go on when it is continued.  */
static void
suspend (struct tracer *tracer)
{
  struct tracee *first = tracees_find (&tracer->tracees, tracer->first);
  const struct timespec pause = { 0, 1000000 };
  if (first == NULL || !first->group_stopped)
    {
      tracer->suspending = 0;
      return;
    }
  if (--tracer->suspending > 0)
    {
      (void) nanosleep (&pause, NULL);
      return;
    }
  int terminal = open ("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0)
    return;
  (void) close (terminal);
  (void) raise (SIGSTOP);
  if (first->group_stopped)
    (void) kill (tracer->first, SIGCONT);
}

int
tracer_seize (struct tracer *tracer, struct tracee *first, int go)
{
  int status;
  if (ptrace (PTRACE_SEIZE, first->tid, 0, OPTIONS) != 0)
    return -errno;
  if (ptrace (PTRACE_INTERRUPT, first->tid, 0, 0) != 0
      || waitpid (first->tid, &status, __WALL) < 0)
    return -errno;
  if (!WIFSTOPPED (status))
    return -ESRCH;
  first->announced = first->stopped_first = true;
  first->state = TRACEE_RUNNING;
  if (write (go, "", 1) != 1)
    return -errno;
  resume (tracer, first, 0);
  return 0;
}

void
tracer_loop (struct tracer *tracer)
{
  for (;;)
    {
      int status;
      pid_t tid =
          waitpid (-1, &status, __WALL | (tracer->suspending ? WNOHANG : 0));
      if (tid > 0)
        tracer_see (tracer, tid, status);
      else if (tid < 0 && errno == ECHILD)
        return;
      else if (tid == 0)
        suspend (tracer);
      if (placement_is_due ())
        placement_tick (&tracer->placement, &tracer->tracees);
    }
}

int
tracer_run (struct tracer *tracer, struct tracee *first, int go)
{
  tracer->first = first->tid;
  first_pid = first->tid;
  (void) prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  tracer_catch_signals ();
  int error = tracer_seize (tracer, first, go);
  if (error == 0)
    tracer_loop (tracer);
  return error;
}
