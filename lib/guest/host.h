/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The host's system calls that handlers make, through the engine.  Private
   to this room.  All return what the kernel does: a negative errno on
   failure.  */

#ifndef UDOCKER_LIB_GUEST_HOST_H
#define UDOCKER_LIB_GUEST_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/guest/kernel.h"

/* Bits of struct guest's member missing.  */
enum
{
  GUEST_LACKS_OPENAT2 = 1,
  GUEST_LACKS_STATX = 2,
  GUEST_LACKS_FACCESSAT2 = 4,
  GUEST_LACKS_GETXATTRAT = 8 /* and its relatives */
};

static inline uint64_t
host_pointer (const void *pointer)
{
  return (uint64_t) (uintptr_t) pointer;
}

static inline uint64_t
host_fd (int fd)
{
  return (uint64_t) (int64_t) fd;
}

/* Return whether STATUS says that no descriptor can be opened.  Where they are
   the program's, its calls must work without.  */
static inline bool
host_lacks_numbers (int status)
{
  return status == -K_EMFILE || status == -K_ENFILE;
}

static inline int64_t
host_call (struct guest *guest, long number, uint64_t a, uint64_t b, uint64_t c,
           uint64_t d)
{
  return guest->ops->system_call (guest, number, a, b, c, d, 0, 0);
}

static inline void
host_close (struct guest *guest, int fd)
{
  if (fd >= 0)
    (void) host_call (guest, K_NR_close, host_fd (fd), 0, 0, 0);
}

static inline int
host_openat (struct guest *guest, int dir, const char *path, int flags)
{
  return (int) host_call (guest, K_NR_openat, host_fd (dir),
                          host_pointer (path), (uint64_t) (flags | K_O_CLOEXEC),
                          0);
}

/* Like openat, with RESOLVE; tries again when a rename interferes.  */
static inline int
host_openat2 (struct guest *guest, int dir, const char *path, int flags,
              uint64_t resolve)
{
  struct k_open_how how = { .flags = (uint64_t) (flags | K_O_CLOEXEC),
                            .resolve = resolve };
  int fd = -K_EAGAIN;
  for (int i = 0; i < 4 && fd == -K_EAGAIN; i++)
    fd = (int) host_call (guest, K_NR_openat2, host_fd (dir),
                          host_pointer (path), host_pointer (&how), sizeof how);
  return fd;
}

/* Like readlinkat; BUFFER gets a NUL.  -ENAMETOOLONG when it does not fit. */
static inline int
host_readlinkat (struct guest *guest, int dir, const char *path, char *buffer,
                 size_t size)
{
  int64_t length = host_call (guest, K_NR_readlinkat, host_fd (dir),
                              host_pointer (path), host_pointer (buffer), size);
  if (length < 0)
    return (int) length;
  if ((size_t) length >= size)
    return -K_ENAMETOOLONG;
  buffer[length] = '\0';
  return (int) length;
}

static inline int
host_fstatat (struct guest *guest, int dir, const char *path,
              struct k_stat *status, int flags)
{
  return (int) host_call (guest, K_NR_newfstatat, host_fd (dir),
                          host_pointer (path), host_pointer (status),
                          (uint64_t) flags);
}

#endif
