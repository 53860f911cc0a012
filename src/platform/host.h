/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Facts about the machine and the user, each found out once.  */

#ifndef UDOCKER_PLATFORM_HOST_H
#define UDOCKER_PLATFORM_HOST_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

/* The kernel and the machine.  */
struct host
{
  const char *release;      /* uname -r */
  const char *machine;      /* uname -m, of the kernel: "x86_64" */
  const char *architecture; /* as Docker calls it: "amd64" */
  const char *variant;      /* "v7" and the like, or NULL */
  unsigned kernel[3];       /* 6.1.0 as numbers */
};

/* Return what this program runs on.  Never fails, never NULL; later calls
   cost nothing.  */
const struct host *platform_host (void);

/* Return whether the kernel is MAJOR.MINOR or newer.  */
bool platform_kernel_at_least (unsigned major, unsigned minor);

/* Translate MACHINE, as uname -m says it, to Docker's name for the
   architecture; VARIANT (may be NULL) becomes "v7" or the like, or NULL.
   A machine that is not known is returned as it is.  */
const char *platform_docker_architecture (const char *machine,
                                          const char **variant);

/* Return the home directory of the user: $HOME when it is an absolute path,
   otherwise what the password data base says, otherwise NULL.  Borrowed.  */
const char *platform_home (void);

/* Return the name of the user with the real user id, or NULL when there is
   none.  Asks the password data base, which is dear.  Borrowed.  */
const char *platform_user_name (void);

/* Return the absolute path of the running program, or NULL when the kernel
   does not tell.  Borrowed.  */
const char *platform_program_path (void);

/* Return the prefix that this package lies in, wherever it was moved or copied
   to: what is above bin or libexec/udocker of the running program.  The caller
   frees it.  NULL when it cannot be told.  */
char *platform_prefix (void);

/* Return the path of our own part NAME ("udocker-proot"), which the caller
   frees: below $UDOCKER_LIBEXECDIR when that is set (the build tree), else
   beside the running program when that is itself such a part, else in
   libexec/udocker of the prefix that the running program was found in, so
   that a copied prefix works, else where configure was told.  Return NULL
   with ERR set when no such file exists.  */
char *platform_find_part (const char *name, struct error *err);

/* Replace this process by our own part NAME with the words ARGV: how the
   light program hands a command line to "udocker-full".  Standard output is
   flushed first.  Return only on failure: a negative errno with ERR set.  */
int platform_exec_part (const char *name, char *const *argv, struct error *err);

#endif
