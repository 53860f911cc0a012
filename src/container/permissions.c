/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Owners and modes in a container's tree that keep its user out.  */

#include <config.h>

#include "src/container/permissions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/container/container.h"
#include "src/platform/namespace.h"
#include "xvasprintf.h"

/* Trees are no deeper; who makes a deeper one wants to keep us busy.  */
#define DEPTH_MAX 200

/* So many failures are told of one by one.  */
#define WARNINGS_MAX 10

/* A walk over the tree.  */
struct fixing
{
  int root;
  bool
      takes; /* owners are changed, as root of a namespace; else only counted */
  size_t foreign;
  struct permissions_fixed *fixed; /* shared with a child process */
};

static void
fail (struct fixing *fixing, const char *path, int number)
{
  if (fixing->fixed->failures++ < WARNINGS_MAX)
    log_warning (_ ("'%s' stays as it is: %s"), path, strerror (number));
}

/* Make NAME of DIRECTORY, called PATH, with STATUS, this user's own.  */
static void
fix_one (struct fixing *fixing, int directory, const char *name,
         const struct stat *status, const char *path)
{
  if (status->st_uid != geteuid ())
    {
      fixing->foreign++;
      if (!fixing->takes)
        return;
      if (fchownat (directory, name, geteuid (), getegid (),
                    AT_SYMLINK_NOFOLLOW)
          < 0)
        {
          fail (fixing, path, errno);
          return;
        }
      fixing->fixed->owners++;
    }
  const mode_t wanted = S_ISDIR (status->st_mode) ? S_IRWXU : S_IRUSR | S_IWUSR;
  if (S_ISLNK (status->st_mode) || (status->st_mode & wanted) == wanted)
    return;
  if (fchmodat (directory, name, (status->st_mode & 07777) | wanted,
                AT_SYMLINK_NOFOLLOW)
      < 0)
    fail (fixing, path, errno);
  else
    fixing->fixed->modes++;
}

/* Fix what is in the directory FD, which is closed, called PATH.  tree_walk
   does not do: it ends at what denies itself, and gives directories their modes
   back.  */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void
fix_below (struct fixing *fixing, int fd, const char *path, int depth)
{
  AUTO_CLOSEDIR DIR *directory = fd < 0 ? NULL : fdopendir (fd);
  if (directory == NULL || depth > DEPTH_MAX)
    {
      fail (fixing, path, directory == NULL ? errno : ELOOP);
      return;
    }
  for (struct dirent *entry = readdir (directory); entry != NULL;
       entry = readdir (directory))
    {
      const char *name = entry->d_name;
      struct stat status;
      if (strcmp (name, ".") == 0 || strcmp (name, "..") == 0
          || fstatat (fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        continue;
      AUTO_FREE char *whole = xasprintf ("%s/%s", path, name);
      fix_one (fixing, fd, name, &status, whole);
      /* That of others can only be entered as their root.  */
      if (S_ISDIR (status.st_mode)
          && (status.st_uid == geteuid () || fixing->takes))
        fix_below (
            fixing,
            openat (fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
            whole, depth + 1);
    }
}

/* Fix the whole tree.  For namespace_run.  */
static int
fix_tree (void *data)
{
  struct fixing *fixing = data;
  /* Not a copy of the descriptor: that would be where the last walk ended.  */
  fix_below (fixing,
             openat (fixing->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "",
             0);
  return 0;
}

int
container_fix_permissions (struct container *container,
                           struct permissions_fixed *fixed, struct error *err)
{
  *fixed = (struct permissions_fixed){ 0 };
  AUTO_CLOSE int root = openat (
      container->fd, "ROOT", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (root < 0 && errno == EACCES
      && fchmodat (container->fd, "ROOT", 0755, 0) == 0)
    root = openat (container->fd, "ROOT",
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (root < 0)
    return error_set (err, errno, _ ("cannot open '%s': %s"), container->root,
                      strerror (errno));
  struct fixing fixing = { .root = root, .fixed = fixed };
  fix_tree (&fixing);
  if (fixing.foreign == 0)
    return 0;

  struct subids subids;
  AUTO_FREE char *reason = NULL;
  AUTO_FREE char *remedy = NULL;
  if (subids_find (&subids, &reason, &remedy) < 0)
    {
      error_set (err, EPERM,
                 _ ("%zu files in the container belong to other ids, and stay "
                    "theirs: %s"),
                 fixing.foreign, reason);
      return error_hint (err, "%s", remedy);
    }
  fixing.fixed = mmap (NULL, sizeof *fixed, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (fixing.fixed == MAP_FAILED)
    return error_set (err, errno, "%s", strerror (errno));
  *fixing.fixed = *fixed;
  fixing.takes = true;
  int status = namespace_run (&subids, fix_tree, &fixing);
  *fixed = *fixing.fixed;
  (void) munmap (fixing.fixed, sizeof *fixed);
  if (status < 0)
    return error_set (err, -status,
                      _ ("%zu files in the container belong to other ids, and "
                         "stay theirs: there can be no user namespace with "
                         "these ids: %s"),
                      fixing.foreign, strerror (-status));
  return 0;
}
