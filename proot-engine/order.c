/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The order of stops, by experiment: a child makes a call that a filter has
   stop, and then ends.  The second stop behind the filter's belongs to that
   call in the old order, and to the end in the new one.  */

#include "proot-engine/order.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proot-engine/arch/arch.h"
#include "proot-engine/seccomp.h"

_Noreturn static void
be_watched (void)
{
  struct sock_filter program[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_TRACE),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };

  if (ptrace (PTRACE_TRACEME, 0, 0, 0) != 0
      || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || raise (SIGSTOP) != 0
      || seccomp_install (program, sizeof program / sizeof *program) < 0)
    _exit (1);
  (void) syscall (SYS_getppid);
  for (;;)
    (void) syscall (SYS_exit_group, 0);
}

/* Have CHILD go on, to its next system call where CALLS.  Return whether it
   stops again, because of what WANTED says: signal and event as in a wait
   status.  */
static bool
goes_to (pid_t child, bool calls, int wanted)
{
  int status;
  return ptrace (calls ? PTRACE_SYSCALL : PTRACE_CONT, child, 0, 0) == 0
         && waitpid (child, &status, __WALL) == child && WIFSTOPPED (status)
         && status >> 8 == wanted;
}

bool
order_is_new (void)
{
  struct utsname names;
  struct registers registers;
  int major = 0, minor = 0, status;

  if (uname (&names) != 0
      || sscanf (names.release, "%d.%d", &major, &minor) != 2 || major > 4
      || (major == 4 && minor >= 8))
    return true;

  pid_t child = fork ();
  if (child == 0)
    be_watched ();
  bool is_new = child > 0 && waitpid (child, &status, __WALL) == child
                && WIFSTOPPED (status)
                && ptrace (PTRACE_SETOPTIONS, child, 0,
                           PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD
                               | PTRACE_O_TRACESECCOMP)
                       == 0
                && goes_to (child, false, SIGTRAP | PTRACE_EVENT_SECCOMP << 8)
                && goes_to (child, true, SIGTRAP | 0x80)
                && goes_to (child, true, SIGTRAP | 0x80)
                && registers_read (child, &registers) == 0
                && registers_number (&registers) == SYS_exit_group;
  if (child > 0)
    {
      (void) kill (child, SIGKILL);
      while (waitpid (child, &status, __WALL) == child && WIFSTOPPED (status))
        continue;
    }
  return is_new;
}
