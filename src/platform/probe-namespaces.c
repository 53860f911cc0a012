/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What runtimes for containers stand on: user namespaces, and mounting in
   them; FUSE.  */

#include <config.h>

#include "src/platform/probe-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/elf/find.h"
#include "src/platform/host.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* The steps of enter_namespace and what follows it.  */
enum
{
  STEP_UNSHARE,
  STEP_MAP,
  STEP_MOUNTS,
  STEP_PRIVATE,
  STEP_TMPFS,
  STEP_OVERLAY
};

/* Write TEXT to FILE of this process in /proc.  Return 0 or an errno.  */
static int
write_own (const char *file, const char *text)
{
  char path[64];
  snprintf (path, sizeof path, "/proc/self/%s", file);
  AUTO_CLOSE int fd = open (path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  return -file_write_all (fd, text, strlen (text));
}

/* Enter a user namespace where this user is root.  */
static int
enter_namespace (int *step, void *data)
{
  (void) data;
  char map[64];
  unsigned int uid = geteuid ();
  unsigned int gid = getegid ();

  *step = STEP_UNSHARE;
  if (unshare (CLONE_NEWUSER) < 0)
    return errno;
  *step = STEP_MAP;
  int number = write_own ("setgroups", "deny");
  snprintf (map, sizeof map, "0 %u 1\n", uid);
  if (number == 0 || number == ENOENT)
    number = write_own ("uid_map", map);
  snprintf (map, sizeof map, "0 %u 1\n", gid);
  return number != 0 ? number : write_own ("gid_map", map);
}

/* Mount something there.  */
static int
mount_there (int *step, void *data)
{
  int number = enter_namespace (step, data);
  if (number != 0)
    return number;
  *step = STEP_MOUNTS;
  if (unshare (CLONE_NEWNS) < 0)
    return errno;
  *step = STEP_PRIVATE;
  if (mount (NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
    return errno;
  *step = STEP_TMPFS;
  return mount ("udocker", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0
             ? errno
             : 0;
}

/* Mount an overlay there.  */
static int
overlay_there (int *step, void *data)
{
  int number = mount_there (step, data);
  if (number != 0)
    return number;
  *step = STEP_OVERLAY;
  if (mkdir ("/tmp/lower", 0700) < 0 || mkdir ("/tmp/upper", 0700) < 0
      || mkdir ("/tmp/work", 0700) < 0 || mkdir ("/tmp/merged", 0700) < 0)
    return errno;
  return mount ("udocker", "/tmp/merged", "overlay", 0,
                "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work")
                 < 0
             ? errno
             : 0;
}

/* A setting of the kernel, or of a distribution's, that closes user
   namespaces when it has VALUE.  */
struct closing
{
  const char *file;
  long value;
  const char *name;
  long open; /* what the administrator would set */
};

static const struct closing closings[] = {
  { "kernel/unprivileged_userns_clone", 0, "kernel.unprivileged_userns_clone",
    1 },
  { "kernel/apparmor_restrict_unprivileged_userns", 1,
    "kernel.apparmor_restrict_unprivileged_userns", 0 },
};

/* Return the setting that closes user namespaces, or NULL.  */
static const struct closing *
find_closing (void)
{
  for (size_t i = 0; i < sizeof closings / sizeof *closings; i++)
    if (probe_setting (closings[i].file) == closings[i].value)
      return &closings[i];
  return NULL;
}

/* Say in RESULT why DONE did not get far enough.  */
static void
blame (struct probe_result *result, struct attempt done)
{
  const struct closing *closing = find_closing ();
  if (closing != NULL)
    probe_fails (
        result,
        xasprintf (_ ("a setting of this machine forbids it (%s is %ld)"),
                   closing->name, closing->value),
        xasprintf (_ ("have the administrator set %s to %ld"), closing->name,
                   closing->open));
  else if (done.number == ENOSPC || done.number == EUSERS)
    /* Of this name space or one around it.  */
    probe_fails (
        result,
        xstrdup (_ ("there may be no more of them "
                    "(user.max_user_namespaces)")),
        xstrdup (_ ("have the administrator set user.max_user_namespaces to "
                    "15000")));
  else if (probe_is_filtered ())
    probe_fails (
        result,
        xasprintf (_ ("the sandbox that udocker runs in forbids it (%s)"),
                   strerror (done.number)),
        xstrdup (_ ("have the sandbox allow unshare, clone and mount (for "
                    "Docker around: --security-opt seccomp=unconfined)")));
  else if (done.number == EINVAL || done.number == ENOSYS)
    probe_fails (result, xstrdup (_ ("this kernel has none")),
                 xstrdup (_ ("use a kernel, 3.8 or newer, that was built with "
                             "CONFIG_USER_NS")));
  else if (done.step == STEP_UNSHARE && done.number == EPERM)
    probe_fails (
        result,
        xstrdup (_ ("the kernel does not permit it, as for processes in a "
                    "chroot")),
        NULL);
  else
    probe_fails (result, xstrdup (strerror (done.number)), NULL);
}

void
probe_user_namespace (struct probe_result *result)
{
  struct attempt done = attempt (enter_namespace, NULL);
  if (done.number != 0)
    blame (result, done);
}

void
probe_mount_namespace (struct probe_result *result)
{
  struct attempt done = attempt (mount_there, NULL);
  if (done.number != 0)
    blame (result, done);
}

void
probe_overlay (struct probe_result *result)
{
  struct attempt done = attempt (overlay_there, NULL);
  if (done.number == 0)
    return;
  if (done.step < STEP_OVERLAY)
    blame (result, done);
  else if (done.number == ENODEV)
    probe_fails (result, xstrdup (_ ("this kernel has none")), NULL);
  else
    probe_fails (result,
                 xasprintf (_ ("the kernel does not permit them in user "
                               "namespaces (%s)"),
                            strerror (done.number)),
                 xstrdup (_ ("use a kernel, 5.11 or newer")));
}

/* --- ranges of ids -------------------------------------------------------- */

/* Find in FILE, /etc/subuid or /etc/subgid, the range of the user NAME or UID.
   Return its length, with *FIRST set, or 0.  */
static unsigned long
find_range (const char *file, const char *name, unsigned int uid,
            unsigned long *first)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  AUTO_FREE char *number = xasprintf ("%u", uid);
  size_t size = 0;
  char *rest = NULL;

  if (file_read (AT_FDCWD, file, &text, &size, &ignored) < 0)
    return 0;
  for (char *line = strtok_r (text, "\n", &rest); line != NULL;
       line = strtok_r (NULL, "\n", &rest))
    {
      char *colon = strchr (line, ':');
      if (colon == NULL)
        continue;
      *colon = '\0';
      if ((name == NULL || strcmp (line, name) != 0)
          && strcmp (line, number) != 0)
        continue;
      char *end = NULL;
      *first = strtoul (colon + 1, &end, 10);
      unsigned long count = *end == ':' ? strtoul (end + 1, NULL, 10) : 0;
      if (count > 0)
        return count;
    }
  return 0;
}

/* How a range of ids is mapped.  */
struct mapping
{
  const char *helper; /* newuidmap or newgidmap */
  const char *file;
  unsigned int own;
  unsigned long first, count;
};

/* Have MAPPING's helper map its ids for process PID.  Return 0 or an errno.  */
static int
map_range (const struct mapping *mapping, pid_t pid)
{
  char words[5][24];
  char *arguments[] = { (char *) mapping->helper,
                        words[0],
                        (char *) "0",
                        words[1],
                        (char *) "1",
                        (char *) "1",
                        words[2],
                        words[3],
                        NULL };
  snprintf (words[0], sizeof words[0], "%d", (int) pid);
  snprintf (words[1], sizeof words[1], "%u", mapping->own);
  snprintf (words[2], sizeof words[2], "%lu", mapping->first);
  snprintf (words[3], sizeof words[3], "%lu", mapping->count);

  pid_t child = fork ();
  if (child == 0)
    {
      int null = open ("/dev/null", O_RDWR | O_CLOEXEC);
      if (null >= 0)
        (void) dup2 (null, STDERR_FILENO);
      execvp (mapping->helper, arguments);
      _exit (errno == ENOENT ? 127 : 126);
    }
  int status = 0;
  if (child < 0 || waitpid (child, &status, 0) < 0)
    return errno;
  return WIFEXITED (status) && WEXITSTATUS (status) == 0 ? 0 : EPERM;
}

/* Map the two ranges of DATA for a child in a user namespace of its own.  */
static int
map_there (int *step, void *data)
{
  const struct mapping *mappings = data;
  int ready[2];

  *step = STEP_UNSHARE;
  if (pipe2 (ready, O_CLOEXEC) < 0)
    return errno;
  pid_t child = fork ();
  if (child == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      int number = unshare (CLONE_NEWUSER) < 0 ? errno : 0;
      if (write (ready[1], &number, sizeof number) < 0)
        _exit (1);
      for (;;)
        pause ();
    }
  if (child < 0)
    return errno;
  int number = ENOSYS;
  if (read (ready[0], &number, sizeof number) == (ssize_t) sizeof number
      && number == 0)
    for (int i = 0; i < 2 && number == 0; i++)
      {
        *step = STEP_MAP;
        number = map_range (&mappings[i], child);
      }
  kill (child, SIGKILL);
  (void) waitpid (child, NULL, 0);
  return number;
}

void
probe_subids (struct probe_result *result)
{
  struct mapping mappings[2] = {
    { .helper = "newuidmap", .file = "/etc/subuid", .own = geteuid () },
    { .helper = "newgidmap", .file = "/etc/subgid", .own = getegid () },
  };
  for (int i = 0; i < 2; i++)
    {
      struct mapping *mapping = &mappings[i];
      AUTO_FREE char *path = elf_find_program (mapping->helper);
      bool missing = path == NULL;
      mapping->count = find_range (mapping->file, platform_user_name (),
                                   geteuid (), &mapping->first);
      if (missing || mapping->count == 0)
        {
          probe_fails (
              result,
              missing
                  ? xasprintf (_ ("there is no program '%s'"), mapping->helper)
                  : xasprintf (_ ("'%s' gives you no ids"), mapping->file),
              missing ? xstrdup (_ ("have the administrator install it (the "
                                    "package uidmap, or shadow-utils)"))
                      : xstrdup (_ ("have the administrator give you some "
                                    "(usermod --add-subuids --add-subgids)")));
          return;
        }
    }
  struct attempt done = attempt (map_there, mappings);
  if (done.number != 0 && done.step == STEP_UNSHARE)
    blame (result, done);
  else if (done.number != 0)
    probe_fails (result, xstrdup (_ ("newuidmap refuses to map them")),
                 xstrdup (_ ("have the administrator see that newuidmap and "
                             "newgidmap are set-user-id root, on a file system "
                             "that allows it")));
}

/* --- FUSE ----------------------------------------------------------------- */

void
probe_fuse (struct probe_result *result)
{
  AUTO_CLOSE int fd = open ("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fd < 0)
    {
      probe_fails (result,
                   xasprintf (_ ("'%s' cannot be opened (%s)"), "/dev/fuse",
                              strerror (errno)),
                   xstrdup (_ ("have the administrator load the module fuse "
                               "and open the device to all")));
      return;
    }
  AUTO_FREE char *helper = elf_find_program ("fusermount3");
  if (helper == NULL)
    helper = elf_find_program ("fusermount");
  if (helper == NULL && !probe (PROBE_MOUNT_NAMESPACE)->works)
    probe_fails (result,
                 xstrdup (_ ("there is no fusermount3, and mounting without is "
                             "not permitted")),
                 xstrdup (_ ("have the administrator install the package "
                             "fuse3")));
}
