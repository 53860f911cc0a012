/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Run a program in another root the way an engine should make it look: the
   truth that engines are compared with.

   usage: enter-root [-r] [-b HOST:GUEST[:ro]]... ROOT DIRECTORY PROGRAM
                     [ARGUMENT]...

   Makes a mount namespace of its own in which ROOT is /, with the machine's
   /proc, /sys and /dev in it where it has directories for them, goes to
   DIRECTORY and runs PROGRAM there with the ids of the caller.  -b binds what
   else is asked for, which is how a binding of an engine should behave.

   Started by root it needs nothing else, and takes the ids from $TRUTH_UID and
   $TRUTH_GID, unless -r asks to stay root.  Started by anybody else it needs
   user namespaces: one to mount in, and inside it another in which the caller
   is himself again, without privileges.  (An id that is root in a user
   namespace would override permissions, and so would not be the truth.)

   The exit status is the program's, or 125 when the set-up did not work.  */

#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
die (const char *what, const char *which)
{
  fprintf (stderr, "enter-root: %s '%s': %s\n", what, which, strerror (errno));
  exit (125);
}

static void
write_file (const char *name, const char *text)
{
  int fd = open (name, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write (fd, text, strlen (text)) < 0)
    die ("cannot write", name);
  close (fd);
}

static void
write_map (const char *name, unsigned inside, unsigned outside)
{
  char text[64];
  snprintf (text, sizeof text, "%u %u 1", inside, outside);
  write_file (name, text);
}

/* Enter a new user namespace in which the ids INSIDE are OUTSIDE's.  */
static void
enter_user_namespace (uid_t uid_inside, gid_t gid_inside, uid_t uid_outside,
                      gid_t gid_outside, int more)
{
  if (unshare (CLONE_NEWUSER | more) < 0)
    die ("cannot make", "user namespace");
  write_file ("/proc/self/setgroups", "deny");
  write_map ("/proc/self/uid_map", uid_inside, uid_outside);
  write_map ("/proc/self/gid_map", gid_inside, gid_outside);
}

static void
bind (const char *root, const char *host, const char *guest)
{
  char target[4096];
  snprintf (target, sizeof target, "%s%s", root, guest);
  if (mount (host, target, NULL, MS_BIND | MS_REC, NULL) < 0)
    die ("cannot bind", target);
}

/* Make what is bound at GUEST below ROOT read-only.  */
static void
make_read_only (const char *root, const char *guest)
{
  char target[4096];
  struct statvfs system;
  snprintf (target, sizeof target, "%s%s", root, guest);
  /* A user namespace must not lift what else is forbidden there.  */
  if (statvfs (target, &system) < 0
      || mount (NULL, target, NULL,
                MS_BIND | MS_REMOUNT | MS_RDONLY
                    | (system.f_flag
                       & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME
                          | MS_NODIRATIME))
                    | (system.f_flag & 4096 ? MS_RELATIME : 0),
                NULL)
             < 0)
    die ("cannot make read-only", target);
}

int
main (int argc, char **argv)
{
  bool stay_root = false;
  char *bindings[32];
  int binding_count = 0;
  int option;
  while ((option = getopt (argc, argv, "+rb:")) != -1)
    if (option == 'r')
      stay_root = true;
    else if (option == 'b' && binding_count < 32)
      bindings[binding_count++] = optarg;
    else
      return 125;
  if (argc - optind < 3)
    return 125;
  const char *root = argv[optind];
  const char *directory = argv[optind + 1];
  uid_t uid = getuid ();
  gid_t gid = getgid ();

  if (uid == 0)
    {
      if (unshare (CLONE_NEWNS) < 0)
        die ("cannot make", "mount namespace");
    }
  else
    enter_user_namespace (0, 0, uid, gid, CLONE_NEWNS);
  if (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    die ("cannot make private", "/");
  if (mount (root, root, NULL, MS_BIND | MS_REC, NULL) < 0)
    die ("cannot bind", root);
  static const char *const system_directories[] = { "/proc", "/sys", "/dev" };
  for (int i = 0; i < 3; i++)
    {
      char target[4096];
      struct stat st;
      snprintf (target, sizeof target, "%s%s", root, system_directories[i]);
      if (stat (target, &st) == 0)
        bind (root, system_directories[i], system_directories[i]);
    }
  for (int i = 0; i < binding_count; i++)
    {
      char *colon = strchr (bindings[i], ':');
      if (colon == NULL)
        return 125;
      *colon = '\0';
      char *more = strchr (colon + 1, ':');
      if (more != NULL)
        *more = '\0';
      bind (root, bindings[i], colon + 1);
      if (more != NULL)
        make_read_only (root, colon + 1);
    }

  /* A changed root would forbid the second user namespace, so turn the whole
     namespace to the new root instead.  */
  if (chdir (root) < 0 || syscall (SYS_pivot_root, ".", ".") < 0
      || umount2 (".", MNT_DETACH) < 0 || chdir ("/") < 0)
    die ("cannot turn to", root);
  if (uid == 0)
    {
      const char *text = getenv ("TRUTH_UID");
      uid = text == NULL ? 65534 : (uid_t) atoi (text);
      text = getenv ("TRUTH_GID");
      gid = text == NULL ? uid : (gid_t) atoi (text);
      if (!stay_root
          && (setgroups (0, NULL) < 0 || setresgid (gid, gid, gid) < 0
              || setresuid (uid, uid, uid) < 0))
        die ("cannot become", text);
    }
  else if (!stay_root)
    {
      if (access ("/proc/self/setgroups", F_OK) < 0)
        die ("needs", "/proc");
      enter_user_namespace (uid, gid, 0, 0, 0);
    }
  if (chdir (directory) < 0)
    die ("cannot go to", directory);
  execvp (argv[optind + 2], argv + optind + 2);
  int status = errno == ENOENT ? 127 : 126;
  perror (argv[optind + 2]);
  return status;
}
