/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Stops of traced threads: which are shown, and what happens at the others.  */

#include "trap-engine/runtime/watch.h"

#include <linux/audit.h>
#include <linux/ptrace.h>

#include "lib/guest/kernel.h"
#include "trap-engine/runtime/actions.h"
#include "trap-engine/runtime/runtime.h"

#ifndef PTRACE_GETSIGMASK
#  define PTRACE_PEEKSIGINFO 0x4209
#endif

#define STOPPED 0x7f
#define SYSCALL_GOOD 0x80
#define FLAGS_OF_A_BEGINNING 0x202u
#define TRAP_TRACE 2

/* The code of the kernel's that says that a call is made again in any case.  */
#define RESTARTS_ALWAYS (-513)

/* How the kernel has last told of the end of a system call, or 0: it depends on
   an option of the tracer's, which is the same for all threads in practice.  */
static int32_t told_signal;

static int32_t
syscall_signal (void)
{
  return told_signal != 0 ? told_signal : K_SIGTRAP | SYSCALL_GOOD;
}

/* What PTRACE_SETOPTIONS was last told, likewise.  */
static uint64_t tracing_options;

void
watch_note_options (uint64_t options)
{
  tracing_options = options;
}

static int32_t
status_of (int32_t signal)
{
  return signal << 8 | STOPPED;
}

/* Have WATCHED's stop be one for signal NUMBER with CODE.  */
static void
set_info (const struct watched *watched, int number, int code)
{
  struct k_siginfo info = { .number = number, .code = code };
  (void) watch_request (PTRACE_SETSIGINFO, watched->tid, 0,
                        trap_pointer (&info));
}

/* Let WATCHED go on by REQUEST with SIGNAL: its stop is not shown.  */
static bool
hide (const struct watched *watched, long request, int signal)
{
  (void) watch_request (request, watched->tid, 0, (uint64_t) signal);
  return false;
}

/* Show WATCHED's stop as SHOWN, with signal NUMBER and CODE, in *STATUS.  */
static bool
show (struct watched *watched, enum watch_shown shown, int number, int code,
      int *status)
{
  set_info (watched, K_SIGTRAP, code);
  watched->notes.shown = (int32_t) shown;
  watch_keep (watched);
  *status = status_of (number);
  return true;
}

/* Show the end of the call, or the step, of WATCHED.  */
static bool
show_end (struct watched *watched, int *status)
{
  watched->notes.called = watched->notes.sent = false;
  if (watched->notes.request == PTRACE_SINGLESTEP)
    return show (watched, WATCH_AS_IT_IS, K_SIGTRAP, TRAP_TRACE, status);
  return show (watched, WATCH_RETURNED, syscall_signal (),
               K_SIGTRAP | SYSCALL_GOOD, status);
}

/* The runtime of a new program has been executed by TID, which stopped with
   STATUS: the stop is shown when the program is there.  Return whether it is
   shown now.  */
static bool
begin (int tid, int status)
{
  struct trap_watch watch = { .status = status, .traced = true };
  (void) watch_request (PTRACE_GETEVENTMSG, tid, 0,
                        trap_pointer (&watch.message));
  if (!watch_write (tid, &trap_process.watch, &watch, sizeof watch))
    return true;
  (void) watch_request (PTRACE_CONT, tid, 0, 0);
  return false;
}

/* WATCHED's program is there.  */
static bool
show_program (struct watched *watched, int *status)
{
  const struct watch_registers old = watched->registers;
  struct trap_watch watch;
  if (!watch_read (watched->tid, &trap_process.watch, &watch, sizeof watch))
    return true;
  watched->registers = (struct watch_registers){
    .orig_rax = __NR_execve,
    .rip = old.rdi,
    .rsp = old.rsi,
    .eflags = FLAGS_OF_A_BEGINNING,
    .cs = old.cs,
    .ss = old.ss,
    .fs_base = old.fs_base,
    .gs_base = old.gs_base,
  };
  watch_set (watched);
  watched->notes.message = watch.message;
  int event = watch.status >> 16;
  /* Without that option the call has come to its end already.  */
  (void) show (watched, event != 0 ? WATCH_EXECUTED : WATCH_AS_IT_IS, K_SIGTRAP,
               event != 0 ? event << 8 | K_SIGTRAP : K_SI_USER, status);
  *status = watch.status;
  return true;
}

/* WATCHED's program has made a call that traps, of which INFO tells.  */
static bool
redirect (struct watched *watched, const struct k_siginfo *info)
{
  struct watch_registers *registers = &watched->registers;
  struct trap_notes *notes = &watched->notes;
  bool ends = notes->request != PTRACE_CONT;
  if (info->arch != AUDIT_ARCH_X86_64)
    return hide (watched, PTRACE_CONT, K_SIGSYS);
  /* Only in a handler of the runtime's can it go back.  */
  if (info->syscall == __NR_rt_sigreturn)
    {
      notes->returns = ends;
      watch_keep (watched);
      return hide (watched, ends ? PTRACE_SYSCALL : PTRACE_CONT, K_SIGSYS);
    }
  registers->rcx = registers->rip;
  registers->r11 = registers->rip - 2;
  registers->rip = trap_pointer (trap_entry);
  registers->orig_rax = ~0ul;
  watch_set (watched);
  /* Who came when the call was trapped already has not seen it begin.  */
  if (notes->request == PTRACE_SYSCALL && !notes->called)
    return hide (watched, PTRACE_SYSCALL, 0);
  watch_await (watched, ends ? WAITS_TRACER : 0);
  return hide (watched, PTRACE_CONT, 0);
}

/* WATCHED is on the way out, where something waits.  */
static bool
leave (struct watched *watched, int *status)
{
  uint32_t pending = (uint32_t) watched->word[BLOCK_PENDING / 8];
  bool restarts = (watched->word[BLOCK_PENDING / 8] >> 32 & 0xff) != 0;
  watch_await (watched, 0);
  if ((pending & WAITS_TRACER) == 0)
    return hide (watched,
                 watched->notes.request == PTRACE_SYSCALL ? PTRACE_SYSCALL
                                                          : PTRACE_CONT,
                 K_SIGILL);
  /* The signal is delivered from here, when the end of the call has been
     shown.  */
  if ((pending & WAITS_SIGNAL) == 0)
    {
      struct watch_registers registers;
      watch_view (watched, &registers);
      watched->registers = registers;
      watched->registers.rip = watched->word[BLOCK_RETURN / 8];
      if (restarts)
        {
          watched->registers.rip = watched->word[BLOCK_SITE / 8] + 2;
          watched->registers.rax =
              (uint64_t) (watched->notes.restarts != 0 ? watched->notes.restarts
                                                       : RESTARTS_ALWAYS);
        }
      watch_set (watched);
    }
  watched->notes.restarts = 0;
  return show_end (watched, status);
}

/* The stop that WATCHED was sent to trap_again for.  */
static bool
show_again (struct watched *watched, int *status)
{
  watched->registers = watched->notes.registers;
  watch_set (watched);
  bool ends = watched->notes.status == status_of (syscall_signal ());
  *status = watched->notes.status;
  watched->notes.status = 0;
  watched->notes.shown = ends ? WATCH_RETURNED : WATCH_AS_IT_IS;
  watch_keep (watched);
  (void) watch_request (PTRACE_SETSIGINFO, watched->tid, 0,
                        trap_pointer (&watched->notes.info));
  return true;
}

/* Have WATCHED, which is to go on, stop again at once, to show what its notes
   say.  */
static int64_t
stop_again (struct watched *watched)
{
  watched->notes.registers = watched->registers;
  watch_keep (watched);
  watched->registers.rip = trap_pointer (trap_again);
  watched->registers.orig_rax = ~0ul;
  watch_set (watched);
  return watch_request (PTRACE_CONT, watched->tid, 0, 0);
}

/* Return whether a call of WATCHED's has been trapped just now.  */
static bool
is_trapped (const struct watched *watched)
{
  struct
  {
    uint64_t offset;
    uint32_t flags;
    int32_t count;
  } request = { .count = 4 };
  struct k_siginfo info[4];
  int64_t count = watch_request (PTRACE_PEEKSIGINFO, watched->tid,
                                 trap_pointer (&request), trap_pointer (info));
  for (int64_t i = 0; i < count; i++)
    if (info[i].number == K_SIGSYS && info[i].code == K_SYS_SECCOMP)
      return true;
  return false;
}

/* Return whether the end of WATCHED's call, whose beginning has been shown, is
   to be shown before a signal that came meanwhile.  Not where the call has a
   mask of its own, with which the signal is to be delivered, or does not come
   back.  */
static bool
may_postpone (const struct watched *watched)
{
  const uint64_t number = watched->word[BLOCK_NUMBER / 8];
  bool masks = true;
  (void) watch_read (watched->tid, &watched->block->masks, &masks,
                     sizeof masks);
  return watched->notes.request == PTRACE_SYSCALL && watched->notes.called
         && watched->calls && watched->notes.status == 0 && !masks
         && number != __NR_execve && number != __NR_execveat;
}

/* The kernel has seen WATCHED's signal in its call, which is given up if that
   waited.  */
static bool
give_up (struct watched *watched)
{
  if (watch_is_interrupted (watched))
    {
      watched->notes.restarts = (int64_t) watched->registers.rax;
      watched->registers.rip = trap_pointer (trap_blocking_abort);
      watched->registers.orig_rax = ~0ul;
      watch_set (watched);
    }
  watched->notes.sent = false;
  watch_keep (watched);
  watch_await (watched, WAITS_TRACER);
  return hide (watched, PTRACE_CONT, 0);
}

/* WATCHED was stopped by signal INFO in a call whose beginning has been shown:
   its end is shown first, and then the signal.  Where the kernel has not been
   asked yet it is to find a signal when it is: then it is sent again.  */
static bool
postpone (struct watched *watched, const struct k_siginfo *info)
{
  struct trap_notes *notes = &watched->notes;
  notes->status = status_of (info->number);
  notes->info = *info;
  if (watched->registers.rip == trap_pointer (trap_blocking_done))
    return give_up (watched);
  watch_keep (watched);
  watch_await (watched, WAITS_TRACER);
  return hide (watched, PTRACE_SYSCALL, 0);
}

/* WATCHED, which has a signal postponed, begins a call of the runtime's, or
   comes back from one if ENDS.  */
static bool
meet_postponed (struct watched *watched, bool ends)
{
  const int number = watched->notes.info.number;
  if (ends || watched->registers.rip != trap_pointer (trap_blocking_done))
    return hide (watched, PTRACE_SYSCALL, 0);
  watched->notes.sent =
      trap_call (__NR_tkill, (uint64_t) watched->tid, (uint64_t) number, 0, 0)
      == 0;
  watch_keep (watched);
  return hide (watched, PTRACE_CONT, 0);
}

/* Return whether INFO is the signal that was sent to WATCHED again.  */
static bool
is_sent (const struct watched *watched, const struct k_siginfo *info)
{
  return watched->notes.sent && info->number == watched->notes.info.number
         && info->code == K_SI_TKILL
         && (int) info->address == trap_process.guest.pid;
}

/* WATCHED begins a system call, or comes back from one if ENDS, in the runtime.
   A call of the program's that did not come here by a trap begins with the
   first that the runtime makes for it.  */
static bool
meet_call_inside (struct watched *watched, bool ends)
{
  struct trap_notes *notes = &watched->notes;
  if (notes->status != 0 && notes->called && watched->calls)
    return meet_postponed (watched, ends);
  bool shows = !ends && watched->calls && !notes->called;
  notes->quiet = !ends && !shows;
  notes->called = notes->called || shows;
  notes->shown = shows ? WATCH_CALLED : WATCH_AS_IT_IS;
  watch_keep (watched);
  return shows || hide (watched, PTRACE_SYSCALL, 0);
}

/* WATCHED begins a system call, or comes back from one, as SIGNAL tells.  */
static bool
meet_call (struct watched *watched, int signal, int *status)
{
  struct trap_notes *notes = &watched->notes;
  struct watch_call info = { 0 };
  told_signal = signal;
  if (watch_request (WATCH_GET_CALL, watched->tid, sizeof info,
                     trap_pointer (&info))
      <= 0)
    return true;
  bool ends = info.what != WATCH_CALL_BEGINS;
  if (watched->inside)
    return meet_call_inside (watched, ends);
  bool quiet = notes->quiet, returns = notes->returns;
  bool trapped = ends && !quiet && is_trapped (watched);
  notes->quiet = notes->returns = false;
  notes->called = !ends || trapped;
  watch_keep (watched);
  if (!ends || !quiet)
    return !trapped || hide (watched, PTRACE_CONT, 0);
  /* The runtime has returned to the program from a handler of its own.  */
  if (notes->status != 0)
    {
      (void) stop_again (watched);
      return false;
    }
  if (notes->request == PTRACE_SINGLESTEP)
    return show_end (watched, status);
  return returns ? true : hide (watched, PTRACE_SYSCALL, 0);
}

/* A filter wants WATCHED's tracer asked about its call.  */
static bool
show_question (struct watched *watched, int *status)
{
  struct trap_notes *notes = &watched->notes;
  bool wanted = (tracing_options & PTRACE_O_TRACESECCOMP) != 0;
  notes->message = (uint32_t) watched->registers.rdi;
  notes->called = notes->called || wanted;
  watched->registers.rip = trap_pointer (trap_asked);
  watched->registers.rax = !wanted;
  watch_set (watched);
  if (!wanted)
    return hide (watched,
                 notes->request == PTRACE_SYSCALL && !notes->called
                     ? PTRACE_SYSCALL
                     : PTRACE_CONT,
                 0);
  (void) show (watched, WATCH_ASKED, K_SIGTRAP,
               PTRACE_EVENT_SECCOMP << 8 | K_SIGTRAP, status);
  *status |= PTRACE_EVENT_SECCOMP << 16;
  return true;
}

/* WATCHED was stopped by a signal, INFO, in the runtime.  */
static bool
meet_inside (struct watched *watched, const struct k_siginfo *info, int *status)
{
  const uint64_t rip = watched->registers.rip;
  if (info->number == K_SIGILL && rip == trap_pointer (trap_deliver))
    return leave (watched, status);
  if (info->number == K_SIGILL
      && rip == trap_pointer ((const void *) trap_ready))
    return show_program (watched, status);
  if (info->number == K_SIGILL && rip == trap_pointer (trap_again))
    return show_again (watched, status);
  if (info->number == K_SIGILL && rip == trap_pointer (trap_ask_stop))
    return show_question (watched, status);
  /* A step has led into a handler of the runtime's, or to its entry.  */
  if (info->number == K_SIGTRAP && info->code != K_SI_USER)
    return hide (watched,
                 rip == trap_pointer ((const void *) trap_signal)
                     ? PTRACE_SYSCALL
                     : PTRACE_CONT,
                 0);
  bool fault = actions_is_ours (info->number) && info->code > K_SI_USER;
  if (fault)
    return hide (watched, PTRACE_CONT, info->number);
  return !may_postpone (watched) || postpone (watched, info);
}

/* WATCHED was stopped by SIGNAL.  */
static bool
meet_signal (struct watched *watched, int signal, int *status)
{
  struct k_siginfo info;
  if (watch_request (PTRACE_GETSIGINFO, watched->tid, 0, trap_pointer (&info))
      < 0)
    return true; /* a group's stop */
  if ((info.code & ~SYSCALL_GOOD) == K_SIGTRAP && info.number == K_SIGTRAP)
    return meet_call (watched, signal, status);
  if (is_sent (watched, &info))
    return give_up (watched);
  if (watched->inside)
    return meet_inside (watched, &info, status);
  if (info.number == K_SIGSYS && info.code == K_SYS_SECCOMP)
    return redirect (watched, &info);
  if (watched->notes.gives_up == info.number)
    return hide (watched, PTRACE_CONT, signal);
  return true;
}

bool
watch_stop (int tid, int *status)
{
  struct watched watched;
  struct watch_registers registers;
  int signal = *status >> 8 & 0xff, event = *status >> 16;
  if ((*status & 0xff) != STOPPED
      || watch_request (12 /* GETREGS */, tid, 0, trap_pointer (&registers))
             < 0)
    return true;
  if (registers.rip == trap_pointer (trap_start)
      && (event == PTRACE_EVENT_EXEC || (event == 0 && signal == K_SIGTRAP)))
    return begin (tid, *status);
  if (!watch_look (tid, &watched))
    return true;
  if (watched.notes.new && !watched.inside)
    {
      watched.notes.new = false;
      watch_keep (&watched);
    }
  return event != 0 || meet_signal (&watched, signal, status);
}

int64_t
watch_resume (struct watched *watched, long request, uint64_t signal)
{
  struct trap_notes *notes = &watched->notes;
  bool executed = notes->shown == WATCH_EXECUTED;
  notes->request = (int32_t) request;
  notes->shown = WATCH_AS_IT_IS;
  notes->called = notes->called && request != PTRACE_CONT;
  watch_keep (watched);
  if (executed && request == PTRACE_SYSCALL)
    {
      notes->status = status_of (syscall_signal ());
      notes->info = (struct k_siginfo){ .number = K_SIGTRAP,
                                        .code = K_SIGTRAP | SYSCALL_GOOD };
    }
  if (notes->status != 0 && !watched->inside)
    return stop_again (watched);
  if (!watched->inside)
    return watch_request (request, watched->tid, 0, signal);
  /* It goes on with its call, or with the signal behind that.  */
  if (watched->registers.rip == trap_pointer (trap_deliver))
    {
      set_info (watched, K_SIGILL, K_SI_KERNEL);
      return watch_request (request == PTRACE_CONT && notes->status == 0
                                ? PTRACE_CONT
                                : PTRACE_SYSCALL,
                            watched->tid, 0, K_SIGILL);
    }
  if (request == PTRACE_SYSCALL && !notes->called)
    return watch_request (request, watched->tid, 0, signal);
  watch_await (watched, request != PTRACE_CONT ? WAITS_TRACER : 0);
  return watch_request (PTRACE_CONT, watched->tid, 0, signal);
}
