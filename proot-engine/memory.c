/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A tracee's memory: process_vm_readv, and /proc/PID/mem where that is
   missing or refused.  */

#include "proot-engine/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum
{
  FIRST_BYTES = 512, /* most paths are shorter */
  PAGE = 4096
};

/* Copy through /proc/TID/mem.  Return the number of bytes or a negative
   errno.  */
static ssize_t
copy_by_file (pid_t tid, uint64_t address, void *buffer, size_t size,
              bool writing)
{
  char path[40];
  (void) snprintf (path, sizeof path, "/proc/%d/mem", (int) tid);
  int fd = open (path, (writing ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  ssize_t done = writing ? pwrite (fd, buffer, size, (off_t) address)
                         : pread (fd, buffer, size, (off_t) address);
  if (done < 0)
    done = -EFAULT;
  (void) close (fd);
  return done;
}

/* Have the kernel make the page of ADDRESS when it lies where TID's stack would
   grow to, which process_vm_readv(2) and process_vm_writev(2) do not do since
   Linux 6.5, other than the task's own accesses and /proc/PID/mem.  Return
   whether there is memory now.  */
static bool
grow_stack (pid_t tid, uint64_t address)
{
  char byte;
  return copy_by_file (tid, address, &byte, 1, false) == 1;
}

static ssize_t
read_some (pid_t tid, uint64_t address, void *buffer, size_t size)
{
  struct iovec local = { buffer, size };
  struct iovec remote = { (void *) (uintptr_t) address, size };
  ssize_t done = process_vm_readv (tid, &local, 1, &remote, 1, 0);
  if (done < 0 && errno == EFAULT && grow_stack (tid, address))
    done = process_vm_readv (tid, &local, 1, &remote, 1, 0);
  if (done >= 0)
    return done;
  if (errno == EFAULT)
    return -EFAULT;
  return copy_by_file (tid, address, buffer, size, false);
}

int
memory_read (pid_t tid, uint64_t address, void *buffer, size_t size)
{
  return read_some (tid, address, buffer, size) == (ssize_t) size ? 0 : -EFAULT;
}

int
memory_write (pid_t tid, uint64_t address, const void *buffer, size_t size)
{
  struct iovec local = { (void *) (uintptr_t) buffer, size };
  struct iovec remote = { (void *) (uintptr_t) address, size };
  ssize_t done = process_vm_writev (tid, &local, 1, &remote, 1, 0);
  if (done < 0 && errno == EFAULT && grow_stack (tid, address))
    done = process_vm_writev (tid, &local, 1, &remote, 1, 0);
  if (done < 0 && errno != EFAULT)
    done = copy_by_file (tid, address, (void *) (uintptr_t) buffer, size, true);
  return done == (ssize_t) size ? 0 : -EFAULT;
}

int
memory_read_string (pid_t tid, uint64_t address, char *buffer, size_t size)
{
  size_t got = 0;
  while (got < size)
    {
      /* Never ask for more than the page at hand surely has.  */
      size_t want = PAGE - (address + got) % PAGE;
      if (got == 0 && want > FIRST_BYTES)
        want = FIRST_BYTES;
      if (want > size - got)
        want = size - got;
      ssize_t done = read_some (tid, address + got, buffer + got, want);
      if (done <= 0)
        return -EFAULT;
      const char *end = memchr (buffer + got, '\0', (size_t) done);
      if (end != NULL)
        return (int) (end - buffer);
      got += (size_t) done;
    }
  return -ENAMETOOLONG;
}
