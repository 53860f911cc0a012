/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   User namespaces with a range of ids.  */

#include <config.h>

#include "src/platform/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

/* What maps users, and groups: set-user-id programs of the package shadow,
   since the kernel lets nobody else do that.  */
static const struct
{
  const char *helper;
  const char *file;
} maps[2] = { { "newuidmap", "/etc/subuid" }, { "newgidmap", "/etc/subgid" } };

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

int
subids_find (struct subids *subids, char **reason, char **remedy)
{
  for (int i = 0; i < 2; i++)
    {
      AUTO_FREE char *path = elf_find_program (maps[i].helper);
      if (path == NULL)
        {
          *reason = xasprintf (_ ("there is no program '%s'"), maps[i].helper);
          *remedy =
              xstrdup (_ ("have the administrator install it (the package "
                          "uidmap, or shadow-utils)"));
          return -ENOENT;
        }
      subids->count[i] = find_range (maps[i].file, platform_user_name (),
                                     geteuid (), &subids->first[i]);
      if (subids->count[i] == 0)
        {
          *reason = xasprintf (_ ("'%s' gives you no ids"), maps[i].file);
          *remedy = xstrdup (_ ("have the administrator give you some (usermod "
                                "--add-subuids --add-subgids)"));
          return -ENOENT;
        }
    }
  return 0;
}

/* Have the helper number I map SUBIDS, and OWN as 0, for process PID.  Return 0
   or a negative errno.  */
static int
map_ids (int i, const struct subids *subids, unsigned int own, pid_t pid)
{
  char words[4][24];
  char *arguments[] = { (char *) maps[i].helper,
                        words[0],
                        (char *) "0",
                        words[1],
                        (char *) "1",
                        (char *) "1",
                        words[2],
                        words[3],
                        NULL };
  snprintf (words[0], sizeof words[0], "%d", (int) pid);
  snprintf (words[1], sizeof words[1], "%u", own);
  snprintf (words[2], sizeof words[2], "%lu", subids->first[i]);
  snprintf (words[3], sizeof words[3], "%lu", subids->count[i]);

  pid_t child = fork ();
  if (child == 0)
    {
      int null = open ("/dev/null", O_RDWR | O_CLOEXEC);
      if (null >= 0)
        (void) dup2 (null, STDERR_FILENO);
      execvp (maps[i].helper, arguments);
      _exit (127);
    }
  int status = 0;
  if (child < 0 || waitpid (child, &status, 0) < 0)
    return -errno;
  return WIFEXITED (status) && WEXITSTATUS (status) == 0 ? 0 : -EPERM;
}

/* The child's side: enter a namespace, tell UP what came of it, wait for a byte
   from DOWN, and go on.  */
_Noreturn static void
be_child (int (*function) (void *data), void *data, const int up[2],
          const int down[2])
{
  const int to = up[1];
  const int from = down[0];
  char go = 0;
  (void) close (up[0]); /* pipes; or it would wait for itself */
  (void) close (down[1]);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  int number = unshare (CLONE_NEWUSER) < 0 ? errno : 0;
  if (write (to, &number, sizeof number) != (ssize_t) sizeof number
      || number != 0 || read (from, &go, 1) != 1 || setgid (0) < 0
      || setuid (0) < 0)
    _exit (126);
  _exit (function (data));
}

int
namespace_run (const struct subids *subids, int (*function) (void *data),
               void *data)
{
  int up[2];
  int down[2];
  if (pipe2 (up, O_CLOEXEC) < 0)
    return -errno;
  if (pipe2 (down, O_CLOEXEC) < 0)
    {
      int number = errno;
      (void) close (up[0]); /* pipes */
      (void) close (up[1]);
      return -number;
    }
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0)
    be_child (function, data, up, down);
  int status = child < 0 ? -errno : 0;
  (void) close (up[1]); /* pipes */
  (void) close (down[0]);
  int number = ENOSYS;
  if (status == 0
      && (read (up[0], &number, sizeof number) != (ssize_t) sizeof number
          || number != 0))
    status = -number;
  for (int i = 0; i < 2 && status == 0; i++)
    status = map_ids (i, subids, i == 0 ? geteuid () : getegid (), child);
  if (status == 0 && write (down[1], "", 1) != 1)
    status = -EPIPE;
  (void) close (up[0]); /* pipes; a child that is not to go on ends */
  (void) close (down[1]);
  int result = 0;
  while (child > 0 && waitpid (child, &result, 0) < 0 && errno == EINTR)
    continue;
  if (status < 0)
    return status;
  return WIFEXITED (result) && WEXITSTATUS (result) < 126 ? WEXITSTATUS (result)
                                                          : -EPERM;
}
