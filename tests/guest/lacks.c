/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Run a program as on a kernel that lacks something: what is missing fails as
   it does there, for the program and for all that it starts.

   usage: lacks NAME,... PROGRAM [ARGUMENT]...

   A filter of system calls stands in for the older kernel, so that whoever
   finds out what there is finds out for real.  The names are below.  */

#define _GNU_SOURCE 1

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANY (-1)

static const struct
{
  const char *name;
  int number;
  long first; /* argument, or ANY */
  int error;
} features[] = {
  { "seccomp", SYS_seccomp, ANY, ENOSYS },
  { "seccomp", SYS_prctl, PR_SET_SECCOMP, EINVAL },
  { "seccomp", SYS_prctl, PR_GET_SECCOMP, EINVAL },
  { "syscall-info", SYS_ptrace, 0x420e, EIO },
  { "process-vm", SYS_process_vm_readv, ANY, ENOSYS },
  { "process-vm", SYS_process_vm_writev, ANY, ENOSYS },
  { "openat2", 437, ANY, ENOSYS },
  { "statx", SYS_statx, ANY, ENOSYS },
  { "faccessat2", 439, ANY, ENOSYS },
  { "getxattrat", 464, ANY, ENOSYS },
  { "fchmodat2", 452, ANY, ENOSYS },
  { "pidfd", 424, ANY, ENOSYS },
  { "pidfd", 434, ANY, ENOSYS },
  { "pidfd", 438, ANY, ENOSYS },
  { "close-range", 436, ANY, ENOSYS },
  { "memfd", SYS_memfd_create, ANY, ENOSYS },
  { "clone3", 435, ANY, ENOSYS },
  { "execveat", SYS_execveat, ANY, ENOSYS },
  { "renameat2", SYS_renameat2, ANY, ENOSYS },
  { "getrandom", SYS_getrandom, ANY, ENOSYS },
  { "set-mm", SYS_prctl, PR_SET_MM, EINVAL },
  { "rseq", 334, ANY, ENOSYS },
  { "membarrier", 324, ANY, ENOSYS },
};
#define FEATURE_COUNT (sizeof features / sizeof *features)

static struct sock_filter program[8 * FEATURE_COUNT + 8];
static unsigned short length;

static void
add (unsigned short code, unsigned value, unsigned char yes, unsigned char no)
{
  program[length++] = (struct sock_filter){ code, yes, no, value };
}

static void
load (size_t offset)
{
  add (BPF_LD | BPF_W | BPF_ABS, (unsigned) offset, 0, 0);
}

/* Have calls of feature INDEX fail.  */
static void
forbid (size_t index)
{
  load (offsetof (struct seccomp_data, nr));
  if (features[index].first == ANY)
    add (BPF_JMP | BPF_JEQ | BPF_K, (unsigned) features[index].number, 0, 1);
  else
    {
      add (BPF_JMP | BPF_JEQ | BPF_K, (unsigned) features[index].number, 0, 3);
      load (offsetof (struct seccomp_data, args[0]));
      add (BPF_JMP | BPF_JEQ | BPF_K, (unsigned) features[index].first, 0, 1);
    }
  add (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned) features[index].error, 0,
       0);
}

static int
is_listed (const char *name, const char *list)
{
  size_t size = strlen (name);
  for (const char *at = list; (at = strstr (at, name)) != NULL; at += size)
    if ((at == list || at[-1] == ',') && (at[size] == '\0' || at[size] == ','))
      return 1;
  return 0;
}

int
main (int argc, char **argv)
{
  if (argc < 3)
    return 125;
  int known = 0;
  for (size_t i = 0; i < FEATURE_COUNT; i++)
    if (is_listed (features[i].name, argv[1]))
      {
        forbid (i);
        known = 1;
      }
  add (BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  struct sock_fprog whole = { length, program };
  if (!known || prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
      || prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) != 0)
    {
      fprintf (stderr, "lacks: cannot take '%s' away\n", argv[1]);
      return 125;
    }
  execvp (argv[2], argv + 2);
  perror (argv[2]);
  return 127;
}
