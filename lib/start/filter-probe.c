/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Whether filters of system calls are possible: in a file of its own for those
   who make none.  */

#include "lib/start/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool
filter_is_possible (void)
{
  /* Where filters exist the missing program is the first thing noticed.  */
  if (prctl (PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0)
    return false; /* and without privileges that comes first */
  return (syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) != 0
          && errno == EFAULT)
         || (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) != 0
             && errno == EFAULT);
}
