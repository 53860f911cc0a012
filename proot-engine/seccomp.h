/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The filter that makes only interesting system calls stop.  */

#ifndef UDOCKER_PROOT_ENGINE_SECCOMP_H
#define UDOCKER_PROOT_ENGINE_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest;
struct sock_filter;

enum
{
  SECCOMP_INSTRUCTIONS_MAX = 4096,
  SECCOMP_LISTS_MAX = 32
};

/* Write the filter for the calls of GUEST, derived from the table of
   lib/guest, into PROGRAM, which has room for SECCOMP_INSTRUCTIONS_MAX
   instructions.  EXTRA, a list of native numbers ended by -1, names calls that
   stop whatever the table says, through whatever ABI.  Return how many
   instructions there are, or -E2BIG.  */
int seccomp_build (const struct guest *guest, const int *extra,
                   struct sock_filter *program);

/* Write a filter into PROGRAM, with room for SECCOMP_LISTS_MAX instructions,
   by which calls stop that list directories, for tasks whose own lets them
   pass.  Return how many instructions there are.  */
int seccomp_build_lists (struct sock_filter *program);

/* Return the flags that seccomp(2) should install filters with here.  */
unsigned int seccomp_flags (void);

/* Return whether ARGUMENTS, of a seccomp(2) call, are those that
   seccomp_install makes one with.  */
bool seccomp_is_ours (const uint64_t *arguments);

/* Install PROGRAM of COUNT instructions in this thread, which must have set
   no_new_privs.  Return 0 or a negative errno.  */
int seccomp_install (struct sock_filter *program, size_t count);

#endif
