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
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/elf/find.h"
#include "src/platform/namespace.h"
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
  if (probe_blames_others (result, done))
    return;
  if (closing != NULL)
    probe_fails (
        result,
        xasprintf (_ ("a setting of this machine forbids it (%s is %ld)"),
                   closing->name, closing->value),
        xasprintf (_ ("have the administrator set %s to %ld"), closing->name,
                   closing->open));
  else if (done.number == ENOSPC || done.number == EUSERS)
    {
      /* Of this name space or one around it.  */
      const char *setting = done.step == STEP_MOUNTS
                                ? "user.max_mnt_namespaces"
                                : "user.max_user_namespaces";
      probe_fails (
          result, xasprintf (_ ("there may be no more of them (%s)"), setting),
          xasprintf (_ ("have the administrator set %s to 15000"), setting));
    }
  else if (probe_is_filtered ())
    probe_fails_in_sandbox (result, done.number,
                            _ ("have the sandbox allow unshare, clone and "
                               "mount (for Docker around: "
                               "--security-opt seccomp=unconfined)"));
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

static int
do_nothing (void *data)
{
  (void) data;
  return 0;
}

void
probe_subids (struct probe_result *result)
{
  struct subids subids;
  char *reason = NULL;
  char *remedy = NULL;
  if (subids_find (&subids, &reason, &remedy) < 0)
    {
      probe_fails (result, reason, remedy);
      return;
    }
  int status = namespace_run (&subids, do_nothing, NULL);
  if (status == -EPERM)
    probe_fails (result, xstrdup (_ ("newuidmap refuses to map them")),
                 xstrdup (_ ("have the administrator see that newuidmap and "
                             "newgidmap are set-user-id root, on a file system "
                             "that allows it")));
  else if (status < 0)
    blame (result, (struct attempt){ .step = STEP_UNSHARE, .number = -status });
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
