/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How lib/guest reaches the tasks and the host.  */

#include "proot-engine/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proot-engine/memory.h"
#include "lib/start/modes.h"
#include "proot-engine/ports.h"

#ifndef SYS_pidfd_open
#  define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#  define SYS_pidfd_getfd 438
#endif

static int
read_memory (struct guest_task *task, uint64_t address, void *buffer,
             size_t size)
{
  return memory_read (task->tid, address, buffer, size);
}

static int
read_string (struct guest_task *task, uint64_t address, char *buffer,
             size_t size)
{
  return memory_read_string (task->tid, address, buffer, size);
}

static int
write_memory (struct guest_task *task, uint64_t address, const void *buffer,
              size_t size)
{
  return memory_write (task->tid, address, buffer, size);
}

static int
put_scratch (struct guest_task *task, const void *buffer, size_t size,
             uint64_t *address)
{
  struct tracer *tracer = task->guest->engine;
  struct tracee *tracee = tracee_of (task);
  size_t start = LOADER_SLOT_SAVED + ((tracer->scratch_used + 7) & ~(size_t) 7);

  if (start + size > sizeof tracer->scratch
      || tracee_take_slot (&tracer->tracees, tracee) < 0)
    return -ENOMEM;
  memcpy (tracer->scratch.bytes + start, buffer, size);
  tracer->scratch_used = start - LOADER_SLOT_SAVED + size;
  *address = tracee_slot_address (tracee) + start;
  return 0;
}

int
tracer_flush_scratch (struct tracer *tracer, struct tracee *tracee, bool saved)
{
  size_t start = saved ? 0 : LOADER_SLOT_SAVED;
  size_t end = LOADER_SLOT_SAVED + tracer->scratch_used;
  if (start == end)
    return 0;
  return memory_write (tracee->tid, tracee_slot_address (tracee) + start,
                       tracer->scratch.bytes + start, end - start);
}

static int64_t
make_system_call (struct guest *guest, long number, uint64_t a, uint64_t b,
                  uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
  (void) guest;
  long result = syscall (number, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

/* Return a copy of descriptor FD of TRACEE's process, or a negative errno.  */
static int
copy_descriptor (struct tracee *tracee, int fd)
{
  static bool missing;
  if (missing)
    return -ENOSYS;
  if (tracee->pidfd < 0)
    tracee->pidfd = (int) syscall (SYS_pidfd_open, tracee->task.pid, 0);
  if (tracee->pidfd < 0)
    return -errno;
  int copy = (int) syscall (SYS_pidfd_getfd, tracee->pidfd, fd, 0);
  int error = copy < 0 ? errno : 0;
  if (tracee->pidfd >= tracee->task.guest->keep_below)
    {
      (void) close (tracee->pidfd);
      tracee->pidfd = -1;
    }
  if (copy >= 0)
    return copy;
  if (error == ENOSYS)
    missing = true;
  return -error;
}

static int
get_descriptor (struct guest_task *task, int fd, bool *owned)
{
  char path[48];
  *owned = true;
  if (fd == GUEST_AT_CWD)
    (void) snprintf (path, sizeof path, "/proc/%d/cwd", task->tid);
  else if (fd < 0)
    return -EBADF;
  else
    {
      int copy = copy_descriptor (tracee_of (task), fd);
      if (copy >= 0 || copy == -EBADF)
        return copy;
      (void) snprintf (path, sizeof path, "/proc/%d/fd/%d", task->tid, fd);
    }
  int result = open (path, O_PATH | O_CLOEXEC);
  if (result >= 0)
    return result;
  return errno == ENOENT && fd != GUEST_AT_CWD ? -EBADF : -errno;
}

static struct guest_task *
find_task (struct guest *guest, int tid)
{
  struct tracer *tracer = guest->engine;
  struct tracee *tracee = tracees_find (&tracer->tracees, tid);
  return tracee != NULL && tracee->state != TRACEE_NEW ? &tracee->task : NULL;
}

static int
get_executable (struct guest_task *task, char *buffer, size_t size)
{
  const char *path = tracee_of (task)->space->executable;
  size_t length = strlen (path);
  if (length == 0 || length >= size)
    return -ENOENT;
  memcpy (buffer, path, length + 1);
  return (int) length;
}

/* On the tracer's own stderr, where udocker's messages go.  */
static void
remark (struct guest_task *task, enum guest_remark remark)
{
  static const char *const text[] = {
    [GUEST_REMARK_PTRACE] =
        "a program of the container wants to trace another, as gdb and strace "
        "do, which the modes P1 and P2 cannot offer since they do it "
        "themselves; T1 and T2 can (run --execmode=T2), for 64-bit programs of "
        "x86_64",
  };
  static bool told[sizeof text / sizeof *text];
  (void) task;
  if (!told[remark])
    (void) fprintf (stderr, "Warning: %s\n", text[remark]);
  told[remark] = true;
}

static void
restore_mode (struct guest *guest, int fd, uint32_t mode)
{
  (void) guest;
  modes_restore (fd, mode);
}

static void
share_port (struct guest_task *task, int fd, const void *address, size_t size)
{
  struct start_container *made = &container_of (task)->made;
  int type = SOCK_STREAM;
  socklen_t length = sizeof type;
  bool owned;
  int copy = get_descriptor (task, fd, &owned);
  if (copy < 0)
    return;
  (void) getsockopt (copy, SOL_SOCKET, SO_TYPE, &type, &length);
  (void) close (copy);
  ports_share (&made->ports, made->port_list, made->explicit_ports, type,
               address, size);
}

const struct guest_ops tracer_ops = {
  .read = read_memory,
  .read_string = read_string,
  .write = write_memory,
  .scratch = put_scratch,
  .system_call = make_system_call,
  .descriptor = get_descriptor,
  .find_task = find_task,
  .executable = get_executable,
  .remark = remark,
  .restore_mode = restore_mode,
  .share_port = share_port,
};
