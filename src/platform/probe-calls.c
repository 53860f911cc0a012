/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What our own engines stand on: tracing, and filters of system calls.  */

#include <config.h>

#include "src/platform/probe-private.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/i18n.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* kernel.yama.ptrace_scope: nobody may trace anybody.  */
#define SCOPE_NONE 3

/* Trace a child of this child, as far as its first stop and its end.  */
static int
trace_child (int *step, void *data)
{
  (void) data;
  *step = 0;
  pid_t child = fork ();
  if (child < 0)
    return errno;
  if (child == 0)
    {
      if (ptrace (PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit (errno);
      raise (SIGSTOP);
      _exit (0);
    }
  int status = 0;
  *step = 1;
  if (waitpid (child, &status, 0) < 0)
    return errno;
  if (WIFEXITED (status) || WIFSIGNALED (status))
    return WIFEXITED (status) && WEXITSTATUS (status) != 0
               ? WEXITSTATUS (status)
               : ENOSYS;
  *step = 2;
  if (ptrace (PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD) < 0
      || ptrace (PTRACE_SYSCALL, child, NULL, NULL) < 0)
    {
      int number = errno;
      kill (child, SIGKILL);
      (void) waitpid (child, &status, 0);
      return number;
    }
  *step = 3;
  bool stopped = waitpid (child, &status, 0) == child && WIFSTOPPED (status);
  kill (child, SIGKILL);
  (void) waitpid (child, &status, 0);
  return stopped ? 0 : ENOSYS;
}

void
probe_ptrace (struct probe_result *result)
{
  struct attempt done = attempt (trace_child, NULL);
  if (done.number == 0 || probe_blames_others (result, done))
    return;
  long scope = probe_setting ("kernel/yama/ptrace_scope");
  if (scope >= SCOPE_NONE)
    probe_fails (
        result,
        xasprintf (_ ("the administrator has forbidden it for all processes "
                      "(kernel.yama.ptrace_scope is %ld)"),
                   scope),
        xstrdup (_ ("have the administrator set kernel.yama.ptrace_scope to 1 "
                    "and start the machine again")));
  else if (probe_is_filtered ())
    probe_fails_in_sandbox (
        result, done.number,
        _ ("have the sandbox allow ptrace (for Docker around: "
           "--cap-add=SYS_PTRACE)"));
  else
    probe_fails (result, xstrdup (strerror (done.number)), NULL);
}

/* Install a filter that does WHAT with getppid and allows all else.  */
static int
install_filter (unsigned int what)
{
  struct sock_filter list[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, what),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = { .len = sizeof list / sizeof *list,
                                      .filter = list };
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
      || prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
    return errno;
  return 0;
}

/* See that a filter answers a call.  */
static int
filter_calls (int *step, void *data)
{
  (void) data;
  *step = 0;
  int number = install_filter (SECCOMP_RET_ERRNO | EDOM);
  *step = 1;
  if (number == 0 && (syscall (SYS_getppid) != -1 || errno != EDOM))
    number = ENOSYS;
  return number;
}

static volatile sig_atomic_t trapped;

static void
note_trap (int signal)
{
  (void) signal;
  trapped = 1;
}

/* See that a filter's SIGSYS is delivered.  */
static int
trap_calls (int *step, void *data)
{
  (void) data;
  *step = 0;
  struct sigaction action = { .sa_handler = note_trap };
  sigset_t set;
  sigemptyset (&action.sa_mask);
  sigemptyset (&set);
  sigaddset (&set, SIGSYS);
  if (sigaction (SIGSYS, &action, NULL) < 0
      || sigprocmask (SIG_UNBLOCK, &set, NULL) < 0)
    return errno;
  int number = install_filter (SECCOMP_RET_TRAP);
  *step = 1;
  if (number == 0)
    (void) syscall (SYS_getppid);
  return number != 0 ? number : trapped ? 0 : ENOSYS;
}

/* Say in RESULT why filters do not work, going by DONE.  */
static void
blame (struct probe_result *result, struct attempt done)
{
  if (probe_blames_others (result, done))
    return;
  if (probe_is_filtered ())
    probe_fails_in_sandbox (
        result, done.number,
        _ ("have the sandbox allow prctl and seccomp (for Docker around: "
           "--security-opt seccomp=unconfined)"));
  else
    probe_fails (
        result,
        xasprintf (_ ("this kernel has none (%s)"), strerror (done.number)),
        xstrdup (_ ("use a kernel, 3.5 or newer, that was built with "
                    "CONFIG_SECCOMP_FILTER")));
}

void
probe_filter (struct probe_result *result)
{
  struct attempt done = attempt (filter_calls, NULL);
  if (done.number != 0)
    blame (result, done);
}

void
probe_trap (struct probe_result *result)
{
  struct attempt done = attempt (trap_calls, NULL);
  if (done.number != 0)
    blame (result, done);
}
