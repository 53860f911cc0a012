/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the Python tool has changed in a container for its modes F and R, put
   right.

   In modes R it moves files of /etc to .bind_orig_files beside the tree, and
   leaves links to /.bind_host_files.  In modes F it puts the host path of the
   tree in front of absolute links; from F2 on it writes over the dynamic linker
   and keeps a copy, ld.so.orig; in F3 and F4 it puts that path into programs
   and libraries, too.  */

#include <config.h>

#include "src/container/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/container/container.h"
#include "src/container/restore-program.h"
#include "src/container/run-private.h"
#include "src/image/tree.h"
#include "src/image/tree-walk.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* So many failures are told of one by one.  */
#define WARNINGS_MAX 10

/* An undoing under way.  */
struct undoing
{
  struct container *container;
  int root; /* descriptor of the tree */
  struct restored *restored;
  char *prefixes[3]; /* host paths that may stand in front of others */
  size_t prefix_count;
  bool programs; /* these have been changed, too */
};

/* Say that PATH could not be put right because of NUMBER, a positive errno.  */
static void
fail (struct undoing *undoing, const char *path, int number)
{
  if (undoing->restored->failures++ < WARNINGS_MAX)
    log_warning (_ ("cannot put '%s' right: %s"), path,
                 number == ENOSYS ? _ ("this udocker was built without libelf")
                                  : strerror (number));
}

/* --- modes R -------------------------------------------------------------- */

/* Find what the absolute PATH names in the tree or, if not FOLLOW, what a link
   at its end is.  Return a descriptor of the directory that it is in, or a
   negative errno; *NAME gets what it is called there, which the caller frees.
 */
static int
find_place (const struct undoing *undoing, const char *path, bool follow,
            char **name)
{
  const struct run_plan plan = {
    .root = undoing->container->root,
    .root_fd = undoing->root,
    .temporary = RUN_TEMPORARY_NONE,
  };
  struct run_place place = { .fd = -1 };
  struct run_place parent = { .fd = -1 };
  *name = NULL;
  int status =
      run_look (&plan, path,
                RUN_LOOK_MISSING | (follow ? 0 : RUN_LOOK_NO_FOLLOW), &place);
  if (status < 0)
    return status;
  char *slash = strrchr (place.guest, '/');
  *name = xstrdup (slash + 1);
  slash[slash == place.guest] = '\0';
  status = run_look (&plan, place.guest, 0, &parent);
  run_place_release (&place);
  if (status == 0 && parent.fd < 0)
    status = -ENOENT;
  int fd = status < 0 ? status : fcntl (parent.fd, F_DUPFD_CLOEXEC, 3);
  run_place_release (&parent);
  return fd;
}

/* Put back the file that ORIGINAL, "#etc#passwd", was taken from.  */
static void
put_back (struct undoing *undoing, int originals, const char *original)
{
  AUTO_FREE char *path = xstrdup (original);
  AUTO_FREE char *link = xasprintf ("/%s/%s", CONTAINER_HOST_FILES, original);
  AUTO_FREE char *name = NULL;

  for (char *c = path; *c != '\0'; c++)
    if (*c == '#')
      *c = '/';
  AUTO_CLOSE int parent = find_place (undoing, path, false, &name);
  if (parent < 0)
    {
      fail (undoing, path, -parent);
      return;
    }
  /* What is there now may be what somebody has put there since.  */
  AUTO_FREE char *target = file_read_link (parent, name);
  struct stat st;
  if (target != NULL ? strcmp (target, link) != 0
                     : fstatat (parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    fail (undoing, path, EEXIST);
  else if (renameat (originals, original, parent, name) < 0)
    fail (undoing, path, errno);
  else
    undoing->restored->binds++;
}

/* Undo what modes R leave.  */
static void
undo_binds (struct undoing *undoing)
{
  AUTO_ERROR struct error why = { 0 };
  size_t before = undoing->restored->failures;
  int fd = openat (undoing->container->fd, CONTAINER_ORIGINALS,
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  AUTO_CLOSEDIR DIR *directory = fd < 0 ? NULL : fdopendir (fd);
  for (struct dirent *entry = directory == NULL ? NULL : readdir (directory);
       entry != NULL; entry = readdir (directory))
    if (entry->d_name[0] == '#' && entry->d_name[1] != '\0')
      put_back (undoing, fd, entry->d_name);
  if (undoing->restored->failures > before)
    return;
  (void) unlinkat (undoing->container->fd, CONTAINER_ORIGINALS, AT_REMOVEDIR);
  (void) tree_remove (undoing->root, CONTAINER_HOST_FILES, false, &why);
}

/* --- modes F -------------------------------------------------------------- */

/* Return what TARGET is without the host path in front, or NULL if it has none.
   Borrowed.  */
static const char *
without_prefix (const struct undoing *undoing, const char *target)
{
  for (size_t i = 0; i < undoing->prefix_count; i++)
    {
      size_t length = strlen (undoing->prefixes[i]);
      if (strncmp (target, undoing->prefixes[i], length) != 0)
        continue;
      if (target[length] == '\0')
        return "/";
      if (target[length] == '/')
        return target + length;
    }
  return NULL;
}

/* Put the link NAME of DIRECTORY, called PATH, right.  */
static void
restore_link (struct undoing *undoing, int directory, const char *name,
              const char *path)
{
  AUTO_FREE char *target = file_read_link (directory, name);
  const char *right = target == NULL ? NULL : without_prefix (undoing, target);
  if (right == NULL)
    return;
  AUTO_FREE char *other = xasprintf (".udocker-%d-%s", (int) getpid (), "link");
  (void) unlinkat (directory, other, 0);
  if (symlinkat (right, directory, other) < 0
      || renameat (directory, other, directory, name) < 0)
    {
      fail (undoing, path, errno);
      (void) unlinkat (directory, other, 0);
      return;
    }
  undoing->restored->links++;
}

/* Put the program or library ENTRY right.  */
static void
restore_program (struct undoing *undoing, const struct tree_entry *entry)
{
  const mode_t mode = entry->info->st_mode & 07777;
  if ((mode & 0111) == 0
      && (strncmp (entry->name, "lib", 3) != 0
          || strstr (entry->name, ".so") == NULL))
    return;
  AUTO_FREE char *own = xasprintf ("/proc/self/fd/%d", entry->fd);
  bool opened =
      (mode & S_IWUSR) == 0 && fchmod (entry->fd, mode | S_IWUSR) == 0;
  AUTO_CLOSE int fd = open (own, O_RDWR | O_CLOEXEC);
  int number = errno;
  if (opened)
    (void) fchmod (entry->fd, mode);
  if (fd < 0)
    {
      fail (undoing, entry->path, number);
      return;
    }
  int changed = 0;
  for (size_t i = 0; i < undoing->prefix_count && changed == 0; i++)
    changed = program_take_prefix (fd, undoing->prefixes[i]);
  if (changed < 0)
    fail (undoing, entry->path, -changed);
  else if (changed > 0)
    undoing->restored->programs++;
}

/* Put right what ENTRY, no directory, is.  For tree_walk.  */
static int
undo_entry (void *data, const struct tree_entry *entry, struct error *err)
{
  struct undoing *undoing = data;
  (void) err; /* one that fails does not keep others from it */
  if (entry->info->st_uid != geteuid ())
    return 0;
  if (S_ISLNK (entry->info->st_mode))
    restore_link (undoing, entry->dir, entry->name, entry->path);
  else if (S_ISREG (entry->info->st_mode) && undoing->programs)
    restore_program (undoing, entry);
  return 0;
}

static int
go_in (void *data, const struct tree_entry *entry, struct error *err)
{
  (void) data;
  (void) entry;
  (void) err;
  return 0;
}

/* Put right what is in the tree.  */
static void
undo_tree (struct undoing *undoing)
{
  static const struct tree_visitor visitor = { .enter = go_in,
                                               .visit = undo_entry };
  AUTO_ERROR struct error why = { 0 };
  if (tree_walk (undoing->root, &visitor, undoing, NULL, &why) == 0)
    return;
  undoing->restored->failures++;
  log_warning (_ ("not all of the container was put right: %s"), why.text);
}

/* Put the dynamic linker back from the copy that was kept.  */
static void
undo_loader (struct undoing *undoing)
{
  AUTO_ERROR struct error why = { 0 };
  AUTO_FREE char *path = NULL;
  AUTO_FREE char *content = NULL;
  size_t size = 0;

  if (!file_exists (undoing->container->fd, "ld.so.orig"))
    return;
  int status =
      container_read_file (undoing->container, "ld.so.path", &path, &why);
  if (status == 0)
    status = file_read_own (undoing->container->fd, "ld.so.orig", &content,
                            &size, &why);
  if (status < 0 || size == 0)
    {
      fail (undoing, "ld.so.orig", status < 0 ? why.number : ENODATA);
      return;
    }
  AUTO_FREE char *name = NULL;
  AUTO_CLOSE int parent = find_place (undoing, path, true, &name);
  struct stat st;
  if (parent < 0 || fstatat (parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    {
      fail (undoing, path, parent < 0 ? -parent : errno);
      return;
    }
  status = S_ISREG (st.st_mode) ? file_replace (parent, name, content, size,
                                                st.st_mode & 07777, &why)
                                : error_set (&why, EINVAL, "%s", path);
  if (status < 0)
    fail (undoing, path, why.number);
  else
    undoing->restored->loader = true;
}

/* Add PATH, with END behind it, to the host paths that may stand in front.  */
static void
add_prefix (struct undoing *undoing, const char *path, const char *end)
{
  size_t length = strlen (path);
  while (length > 0 && path[length - 1] == '/')
    length--;
  if (length > 0 && path[0] == '/')
    undoing->prefixes[undoing->prefix_count++] =
        xasprintf ("%.*s%s", (int) length, path, end);
}

/* Find out which host paths may stand in front of others.  */
static void
find_prefixes (struct undoing *undoing)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *then = NULL;
  AUTO_FREE char *patched = NULL;
  add_prefix (undoing, undoing->container->root, "");
  if (container_read_file (undoing->container, "root.path", &then, &ignored)
      == 0)
    add_prefix (undoing, then, "");
  if (container_read_file (undoing->container, "patch.path", &patched, &ignored)
      == 0)
    {
      undoing->programs = true;
      add_prefix (undoing, patched, "/ROOT");
    }
}

int
container_restore (struct container *container, struct restored *restored,
                   struct error *err)
{
  struct undoing undoing = { .container = container, .restored = restored };
  *restored = (struct restored){ 0 };
  AUTO_CLOSE int root = openat (
      container->fd, "ROOT", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (root < 0)
    return error_set (err, errno, _ ("cannot open '%s': %s"), container->root,
                      strerror (errno));
  undoing.root = root;
  undo_binds (&undoing);
  find_prefixes (&undoing);
  undo_tree (&undoing);
  undo_loader (&undoing); /* whose path may have led over a link */
  for (size_t i = 0; i < undoing.prefix_count; i++)
    free (undoing.prefixes[i]);
  if (restored->failures == 0)
    container_forget_alterations (container);
  (void) unlinkat (root, ".udocker/bin", AT_REMOVEDIR);
  (void) unlinkat (root, ".udocker", AT_REMOVEDIR);
  return 0;
}
