#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
# What a container's program may not do in the modes P: it gets the error that
# the kernel has for it, and the user is told where he would wonder.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

need cc
make_container "$id" c1 '{}' || bail "no container"
cat > refused.c << 'EOD'
#define _GNU_SOURCE 1
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

static void
say (const char *what, long result)
{
  printf ("%s %s\n", what, result < 0 ? strerrorname_np (errno) : "done");
}

int
main (int argc, char **argv)
{
  (void) argc;
  pid_t child = fork ();
  if (child == 0)
    {
      say ("traceme", ptrace (PTRACE_TRACEME, 0, 0, 0));
      exit (0);
    }
  waitpid (child, NULL, 0);
  child = fork ();
  if (child == 0)
    for (;;)
      pause ();
  say ("attach", ptrace (PTRACE_ATTACH, child, 0, 0));
  say ("seize", ptrace (PTRACE_SEIZE, child, 0, 0));
  say ("peek", ptrace (PTRACE_PEEKDATA, child, &child, 0));
  kill (child, 9);
  say ("namespace", unshare (CLONE_NEWUSER));
  say ("mount", syscall (SYS_mount, "none", "/tmp", "tmpfs", 0, 0));
  say ("ring", syscall (425, 1, 0));
  struct sock_filter all = BPF_STMT (BPF_RET, SECCOMP_RET_ALLOW);
  struct sock_fprog whole = { 1, &all };
  say ("listener", syscall (SYS_seccomp, 1, 8, &whole));
  return argv == NULL;
}
EOD
cc -static -D_GNU_SOURCE -include signal.h -o "$root/bin/refused" refused.c \
  2> compiler.log || skip_all "cannot compile: $(sed 1q compiler.log)"

for mode in P1 P2; do
  UDOCKER_DEFAULT_EXECUTION_MODE=$mode
  export UDOCKER_DEFAULT_EXECUTION_MODE
  run ud c1 refused
  is "what is refused in $mode" "$status $stdout" "0 traceme EPERM
attach EPERM
seize EPERM
peek ESRCH
namespace EPERM
mount EPERM
ring ENOSYS
listener EINVAL"
  is "the user is told of tracing once" \
    "$(printf '%s\n' "$stderr" | grep -c 'wants to trace another')" 1
  like "and which modes can" "$stderr" '^Warning: .*P1 and P2.*T1 and T2 can'
done
done_testing
