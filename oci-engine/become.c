/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the first process turns into: the user, and the program or the tracer
   that runs it.

   Of a container that has one id only that id is root's, since runtimes want
   it so.  Another user is root of the container with another number, in a
   user namespace of its own: all that the kernel says of ids is right then, and
   the privileges of root are gone when the program is executed.  */

#include "oci-engine/become.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/plan/plan-write.h"
#include "lib/start/message.h"
#include "lib/start/program.h"

extern char **environ;

/* Write TEXT to the file PATH.  Return 0 or a negative errno.  */
static int
write_text (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  ssize_t size = write (fd, text, strlen (text));
  int error = size < 0 ? -errno : 0;
  (void) close (fd); /* written at once or not at all */
  return error;
}

/* Show the id THERE as HERE in the map PATH.  Return 0 or a negative errno.  */
static int
write_map (const char *path, unsigned here, unsigned there)
{
  char text[64];
  (void) snprintf (text, sizeof text, "%u %u 1", here, there);
  return write_text (path, text);
}

/* Have the kernel call this process's user UID and its group GID.  Return 0, or
   a negative errno after a message.  */
static int
become_user (uid_t uid, gid_t gid)
{
  uid_t own_uid = geteuid ();
  gid_t own_gid = getegid ();
  if (uid == own_uid && gid == own_gid)
    return 0;
  int error = unshare (CLONE_NEWUSER) < 0 ? -errno : 0;
  if (error == 0)
    error = write_text ("/proc/self/setgroups", "deny");
  if (error == -ENOENT)
    error = 0; /* there is nothing to deny */
  if (error == 0)
    error = write_map ("/proc/self/uid_map", uid, own_uid);
  if (error == 0)
    error = write_map ("/proc/self/gid_map", gid, own_gid);
  if (error < 0)
    start_complain ("cannot run as user %u and group %u: the kernel makes no "
                    "user namespace in the container: %s; modes P1 and R2 can",
                    (unsigned) uid, (unsigned) gid, strerror (-error));
  return error;
}

/* Have the kernel kill this process when PARENT dies, which is its parent; it
   forgets that when ids or privileges change.  Of the first process of all
   nobody outlives the end.  */
static void
die_with (pid_t parent)
{
  if (parent == 1)
    return;
  (void) prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (128 + SIGKILL);
}

/* Become the program of PLAN.  Return the exit status of the failure.  */
static int
execute (const struct plan *plan, pid_t parent)
{
  struct start_program program;
  if (become_user ((uid_t) plan_number (plan, PLAN_UID, 0),
                   (gid_t) plan_number (plan, PLAN_GID, 0))
          < 0
      || start_set_limits (plan) < 0 || start_program_init (&program, plan) < 0
      || start_enter_directory (&program) < 0)
    return START_FAILURE;
  die_with (parent);
  program.i386 = true;
  return start_execute (&program);
}

/* Return whether records with TAG tell of what the runtime has done, or of what
   is outside.  */
static bool
is_done (enum plan_tag tag)
{
  switch (tag)
    {
    case PLAN_ROOT:
    case PLAN_ROOT_READ_ONLY:
    case PLAN_BINDING:
    case PLAN_FILE:
    case PLAN_MODE:
    case PLAN_HOST_UID:
    case PLAN_HOST_GID:
    case PLAN_HELD_FD:
    case PLAN_OWN_FD:
    case PLAN_RUNNER:
    case PLAN_RUNNER_STAYS:
    case PLAN_REMOVES:
    case PLAN_PROCESSORS:
    case PLAN_LIBEXEC:
    case PLAN_OWNERS:
    case PLAN_BUNDLE:
      return true;
    default:
      return false;
    }
}

/* Copy RECORD to WRITER.  */
static void
copy_record (struct plan_writer *writer, const struct plan_record *record)
{
  switch (plan_tag_fact (record->tag)->shape)
    {
    case PLAN_SHAPE_NUMBER:
      plan_write_number (writer, record->tag, plan_record_number (record));
      break;
    case PLAN_SHAPE_LIMIT:
      {
        struct plan_limit limit = plan_record_limit (record);
        plan_write_limit (writer, &limit);
        break;
      }
    case PLAN_SHAPE_PORT:
      {
        struct plan_port port = plan_record_port (record);
        plan_write_port (writer, &port);
        break;
      }
    case PLAN_SHAPE_TEXT:
    case PLAN_SHAPE_PATH:
      plan_write_text (writer, record->tag, record->text);
      break;
    case PLAN_SHAPE_BINDING:
    case PLAN_SHAPE_FILE:
      break; /* all of these are done */
    }
}

/* Write what is left of PLAN, which is in the file PLAN_FD, for a tracer in the
   container to another one.  Return a descriptor or a negative errno.  */
static int
send_rest (const struct plan *plan, int plan_fd)
{
  struct plan_writer writer;
  struct plan_record record;
  struct plan rest;
  const char *mode = plan_text (plan, PLAN_MODE, "");
  plan_writer_init (&writer);
  plan_write_text (&writer, PLAN_ROOT, "/");
  plan_write_text (&writer, PLAN_MODE, strcmp (mode, "R3") == 0 ? "P2" : "P1");
  plan_write_number (&writer, PLAN_HOST_UID, geteuid ());
  plan_write_number (&writer, PLAN_HOST_GID, getegid ());
  /* So that it is found by who looks for runs.  */
  plan_write_number (&writer, PLAN_OWN_FD, (uint64_t) plan_fd);
  for (size_t at = 0; plan_next (plan, &at, &record);)
    if (!is_done (record.tag))
      copy_record (&writer, &record);
  int fd = plan_writer_finish (&writer, &rest);
  if (fd == 0)
    fd = plan_send (&rest);
  plan_writer_release (&writer);
  return fd;
}

/* Become the tracer that lies beside this program and runs PLAN, of the file
   PLAN_FD.  What it traces dies with it.  Return the exit status of the
   failure.  */
static int
trace (const struct plan *plan, int plan_fd, pid_t parent)
{
  char path[PATH_MAX];
  char option[32];
  char name[] = "udocker-proot";
  char *const arguments[] = { name, option, NULL };
  int fd = send_rest (plan, plan_fd);
  int error = fd < 0 ? fd : 0;
  if (fd >= 0
      && (fcntl (fd, F_SETFD, 0) < 0 || fcntl (plan_fd, F_SETFD, 0) < 0))
    error = -errno;
  (void) snprintf (option, sizeof option, "--plan-fd=%d", fd);
  die_with (parent);
  ssize_t length = readlink ("/proc/self/exe", path, sizeof path - 1);
  if (error == 0 && length > 0)
    {
      path[length] = '\0';
      char *slash = strrchr (path, '/');
      size_t room = sizeof path - (size_t) (slash + 1 - path);
      (void) snprintf (slash + 1, room, "%s", name);
      (void) execve (path, arguments, environ);
    }
  if (error == 0)
    error = -errno;
  start_complain ("cannot start the tracer in the container: %s",
                  strerror (-error));
  return START_FAILURE;
}

int
become_program (const struct plan *plan, int plan_fd, pid_t parent)
{
  const char *mode = plan_text (plan, PLAN_MODE, "");
  bool traced = strcmp (mode, "R2") == 0 || strcmp (mode, "R3") == 0;
  return traced ? trace (plan, plan_fd, parent) : execute (plan, parent);
}
