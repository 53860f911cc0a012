/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   An engine for tests of lib/guest: the contained program is the test
   itself, its memory our own, and no call is intercepted.  It says of itself
   that it is inside the program, as it is, or that it is not; tests run both
   ways.  Header only.  */

#ifndef UDOCKER_TESTS_UNIT_GUEST_ENGINE_H
#define UDOCKER_TESTS_UNIT_GUEST_ENGINE_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/guest/call.h"
#include "lib/guest/calls.h"
#include "lib/guest/path.h"
#include "lib/guest/prefix.h"

#define ENGINE_BINDINGS 16
#define ENGINE_OWNERS 1024

/* Where descriptors are out of the way.  */
#define ENGINE_FDS 200
#define ENGINE_SPARE (ENGINE_FDS + ENGINE_BINDINGS)

static struct guest engine_guest;
static struct guest_task engine_task;
static struct guest_fs engine_fs;
static uint64_t engine_view[4096];
static int engine_anchors[ENGINE_BINDINGS];
static uint64_t engine_slots[ENGINE_OWNERS];
static struct guest_owners engine_owners;
static uint64_t engine_room[32768];
static struct guest_names engine_names;
static bool engine_inside = true;
static struct guest_turns engine_turns;
static struct guest_directories engine_directories;
static struct guest_prefixes engine_prefixes;
#define ENGINE_SCRATCH 65536
static char engine_scratch_room[ENGINE_SCRATCH];
static char *engine_scratch = engine_scratch_room;
static size_t engine_scratch_used;
static const char *engine_executable = "/bin/program";

/* How often a call left other descriptors than the kernel would.  */
static unsigned long engine_strays;

/* A call with this number fails with ENOSYS: an old kernel.  */
static long engine_without[3] = { -1, -1, -1 };
static unsigned long engine_calls;

static int
engine_read (struct guest_task *task, uint64_t address, void *buffer,
             size_t size)
{
  (void) task;
  if (address < 4096)
    return -EFAULT;
  memcpy (buffer, (const void *) (uintptr_t) address, size);
  return 0;
}

static int
engine_read_string (struct guest_task *task, uint64_t address, char *buffer,
                    size_t size)
{
  (void) task;
  if (address < 4096)
    return -EFAULT;
  const char *string = (const char *) (uintptr_t) address;
  size_t length = strnlen (string, size);
  if (length == size)
    return -ENAMETOOLONG;
  memcpy (buffer, string, length + 1);
  return (int) length;
}

static int
engine_write (struct guest_task *task, uint64_t address, const void *buffer,
              size_t size)
{
  (void) task;
  if (address < 4096)
    return -EFAULT;
  memcpy ((void *) (uintptr_t) address, buffer, size);
  return 0;
}

static int
engine_put_scratch (struct guest_task *task, const void *buffer, size_t size,
                    uint64_t *address)
{
  (void) task;
  if (size > ENGINE_SCRATCH - engine_scratch_used - 8)
    return -ENOMEM;
  char *place = engine_scratch + engine_scratch_used;
  memcpy (place, buffer, size);
  engine_scratch_used += (size + 7) & ~(size_t) 7;
  *address = (uint64_t) (uintptr_t) place;
  return 0;
}

static int64_t
engine_system_call (struct guest *guest, long number, uint64_t a, uint64_t b,
                    uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
  (void) guest;
  engine_calls++;
  for (int i = 0; i < 3; i++)
    if (number == engine_without[i])
      return -ENOSYS;
  long result = syscall (number, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

static int
engine_descriptor (struct guest_task *task, int fd, bool *owned)
{
  (void) task;
  *owned = false;
  if (fd == GUEST_AT_CWD)
    return fd;
  return fcntl (fd, F_GETFD) < 0 ? -EBADF : fd;
}

static struct guest_task *
engine_find_task (struct guest *guest, int tid)
{
  (void) guest;
  return tid == engine_task.pid || tid == engine_task.tid ? &engine_task : NULL;
}

static int
engine_get_executable (struct guest_task *task, char *buffer, size_t size)
{
  (void) task;
  size_t length = strlen (engine_executable);
  if (length >= size)
    return -ENOENT;
  memcpy (buffer, engine_executable, length + 1);
  return (int) length;
}

static const struct guest_ops engine_ops = {
  .read = engine_read,
  .read_string = engine_read_string,
  .write = engine_write,
  .scratch = engine_put_scratch,
  .system_call = engine_system_call,
  .descriptor = engine_descriptor,
  .find_task = engine_find_task,
  .executable = engine_get_executable,
};

/* Start the engine with the COUNT MOUNTS; ids are the host's own.  Return
   what guest_start does.  */
__attribute__ ((unused)) static int
engine_start (const struct guest_mount *mounts, size_t count)
{
  struct guest_ids ids;
  int status =
      guest_view_build (engine_view, sizeof engine_view, mounts, count);
  if (status < 0)
    return status;

  const struct guest_view *view = (const struct guest_view *) engine_view;
  for (uint32_t i = 0; i < view->binding_count; i++)
    {
      if (engine_anchors[i] > 0)
        close (engine_anchors[i]);
      int fd = open (guest_view_host (view, i), O_PATH | O_CLOEXEC);
      if (fd < 0)
        return -errno;
      engine_anchors[i] = fcntl (fd, F_DUPFD_CLOEXEC, ENGINE_FDS + (int) i);
      close (fd);
      if (engine_anchors[i] < 0)
        return -errno;
    }
  memset (engine_slots, 0, sizeof engine_slots);
  guest_owners_init (&engine_owners, engine_slots, ENGINE_OWNERS, engine_room,
                     sizeof engine_room);
  engine_names = (struct guest_names){ .node = "" };
  engine_guest = (struct guest){
    .view = view,
    .anchors = engine_anchors,
    .ops = &engine_ops,
    .owners = &engine_owners,
    .names = &engine_names,
    .pid = engine_inside ? 0 : (int) getpid (),
    .inside = engine_inside,
    .turns = engine_inside ? &engine_turns : NULL,
    .directories = engine_inside ? &engine_directories : NULL,
    .spare = ENGINE_SPARE,
  };
  guest_fs_init (&engine_fs);
  guest_ids_init (&ids, getuid (), getgid (), NULL, 0);
  guest_task_init (&engine_task, &engine_guest, &engine_fs, &ids);
  engine_task.tid = engine_task.pid = (int) getpid ();
  memset (&engine_prefixes, 0, sizeof engine_prefixes);
  engine_task.prefixes = engine_inside ? &engine_prefixes : NULL;
  return guest_start (&engine_guest);
}

/* Do what the VERDICT on CALL says.  Return its result.  */
static int64_t
engine_run (struct guest_call *call, enum guest_verdict verdict)
{
  bool again = false;

  if (verdict == GUEST_ANSWER)
    return call->result;
  if (verdict == GUEST_EXEC)
    return -ENOTSUP;
  do
    {
      const uint64_t *arg = call->arg;
      long result = -1;
      errno = ENOSYS;
      if (call->number != engine_without[0] && call->number != engine_without[1]
          && call->number != engine_without[2])
        result = syscall (call->number, arg[0], arg[1], arg[2], arg[3], arg[4],
                          arg[5]);
      call->result = result == -1 ? -errno : result;
      again = verdict == GUEST_RUN_EXIT && guest_leave (&engine_task, call);
    }
  while (again);
  if (engine_inside)
    guest_task_release (&engine_task);
  return call->result;
}

/* Return the lowest number that a descriptor would get.  */
static int
engine_lowest (void)
{
  int fd = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  close (fd);
  return fd;
}

/* Return whether the call NUMBER makes a descriptor, which is its result.  */
static bool
engine_opens (int number)
{
#ifdef SYS_open
  if (number == SYS_open || number == SYS_creat)
    return true;
#endif
  return number == SYS_openat || number == 437 || number == SYS_socket
         || number == SYS_accept || number == SYS_accept4;
}

/* Make the system call NUMBER as the contained program would: enter it, run
   it if the verdict says so, leave it.  Return its result.  */
__attribute__ ((unused)) static int64_t
engine_call (int number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
             uint64_t e, uint64_t f)
{
  struct guest_call call = { .number = number, .arg = { a, b, c, d, e, f } };
  int lowest = engine_inside ? engine_lowest () : -1;

  engine_scratch_used = 0;
  int64_t result = engine_run (&call, guest_enter (&engine_task, &call));
  if (engine_inside && number != SYS_close)
    {
      bool opened = engine_opens (number) && result >= 0;
      if (opened ? result != lowest : engine_lowest () != lowest)
        {
          printf ("# call %d left descriptor %d, not %d\n", number,
                  opened ? (int) result : engine_lowest (), lowest);
          engine_strays++;
        }
    }
  return result;
}

/* Shorter forms of arguments.  */
#define P(pointer) ((uint64_t) (uintptr_t) (pointer))
#define FD(fd) ((uint64_t) (int64_t) (fd))

/* Run shell COMMAND, made from FORMAT; end the test when it fails.  */
__attribute__ ((format (printf, 1, 2), unused)) static void
engine_shell (const char *format, ...)
{
  char command[4096];
  va_list list;

  va_start (list, format);
  vsnprintf (command, sizeof command, format, list);
  va_end (list);
  /* Set-up only: what it runs is written here.  */
  pid_t child = fork ();
  int status = -1;
  if (child == 0)
    {
      execl ("/bin/sh", "sh", "-ec", command, (char *) NULL);
      _exit (127);
    }
  if (child < 0 || waitpid (child, &status, 0) < 0 || status != 0)
    {
      printf ("Bail out! cannot set up: %s\n", command);
      exit (99);
    }
}

/* Make an empty directory for this test and put its canonical path into
   DIRECTORY.  */
__attribute__ ((unused)) static void
engine_make_directory (char directory[PATH_MAX])
{
  char name[] = "/tmp/test-guest-XXXXXX";

  if (mkdtemp (name) == NULL || realpath (name, directory) == NULL)
    {
      printf ("Bail out! cannot make a directory\n");
      exit (99);
    }
}

#endif
