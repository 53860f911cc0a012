/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Whether somebody traces this thread, as /proc tells it.  */

#include "trap-engine/traced.h"

#include <linux/fcntl.h>

#include "lib/load/machine.h"

bool
trap_is_traced (void)
{
  static const char word[] = "TracerPid:\t";
  char text[512];
  long fd = call6 (__NR_openat, (uint64_t) AT_FDCWD,
                   (uintptr_t) "/proc/thread-self/status", O_RDONLY | O_CLOEXEC,
                   0, 0, 0);
  long at = 0, matched = 0;

  if (is_error (fd))
    return false;
  long size =
      call6 (__NR_read, (uint64_t) fd, (uintptr_t) text, sizeof text, 0, 0, 0);
  (void) call6 (__NR_close, (uint64_t) fd, 0, 0, 0, 0, 0);
  for (; at < size && word[matched] != '\0'; at++)
    matched = text[at] == word[matched] ? matched + 1 : 0;
  return at < size && text[at] != '0';
}
