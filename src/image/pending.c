/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Images on their way into the store.

   An image is made in 'repos/NAME/.TAG.RANDOM.part', from the beginning with
   a link to each blob that it will need: these links are what keeps a removal
   of another image from taking blobs that this one found present.  One rename
   makes it visible.  When the process is killed the directory stays for a
   while: it keeps the blobs that were fetched, until the image is pulled
   again or a week has passed.  */

#include <config.h>

#include "src/image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/image/store-private.h"
#include "src/image/tree.h"
#include "xalloc.h"
#include "xvasprintf.h"

#ifndef RENAME_EXCHANGE
#  define RENAME_EXCHANGE (1 << 1)
#endif

struct store_pending
{
  struct store *store;
  char *name;
  char *tag;
  char *part; /* the directory, below PARENT */
  int parent; /* repos/NAME */
  int fd;     /* the directory */
  int lock;
  struct store_names blobs;
  struct store_names links; /* in FD, to the blobs */
};

static void
pending_free (struct store_pending *pending)
{
  cleanup_close (&pending->parent);
  cleanup_close (&pending->fd);
  cleanup_close (&pending->lock);
  free (pending->name);
  free (pending->tag);
  free (pending->part);
  store_names_release (&pending->blobs);
  store_names_release (&pending->links);
  free (pending);
}

/* Make and open the directory of PENDING's name, and in it its own.  */
static int
make_directory (struct store_pending *pending, struct error *err)
{
  int repos = pending->store->repos_fd;

  int status = file_make_directories (repos, pending->name, 0777, err);
  if (status < 0)
    return error_prefix (err, "%s", pending->store->repos);
  AUTO_CLOSE int parent =
      openat (repos, pending->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0)
    return error_set (err, errno, _ ("cannot open directory '%s/%s': %s"),
                      pending->store->repos, pending->name, strerror (errno));
  int lock = store_part_make (parent, pending->part, &pending->fd, err);
  if (lock < 0)
    return lock;
  pending->lock = lock;
  pending->parent = TAKE_FD (parent);
  return 0;
}

int
store_pending_begin (struct store *store, const char *name, const char *tag,
                     struct store_pending **pending, struct error *err)
{
  uint64_t random = 0;

  if (!store_path_is_safe (name) || !store_path_is_safe (tag)
      || strchr (tag, '/') != NULL)
    return error_set (err, EINVAL, _ ("'%s:%s' cannot be the name of an image"),
                      name, tag);
  if (getrandom (&random, sizeof random, GRND_NONBLOCK) < 0)
    random = (uint64_t) getpid ();

  struct store_pending *new = xzalloc (sizeof *new);
  new->store = store;
  new->name = xstrdup (name);
  new->tag = xstrdup (tag);
  new->part = xasprintf (".%s.%016" PRIx64 ".part", tag, random);
  new->parent = new->fd = new->lock = -1;

  /* A removal that finds the directory of our name empty takes it away
     between our steps; then we make it again.  */
  int status = 0;
  for (int attempt = 0; attempt < 10; attempt++)
    {
      status = make_directory (new, err);
      if (status != -ENOENT)
        break;
    }
  if (status < 0)
    {
      store_remove_empty (store, new->name);
      pending_free (new);
      return status;
    }
  error_release (err);
  *pending = new;
  return 0;
}

int
store_pending_link (struct store_pending *pending, const char *name,
                    const char *blob, struct error *err)
{
  struct store *store = pending->store;

  if (!store_path_is_safe (blob) || strchr (blob, '/') != NULL
      || !store_path_is_safe (name) || strchr (name, '/') != NULL)
    return error_set (err, EINVAL, _ ("'%s' is not the name of a blob"), blob);

  AUTO_FREE char *from =
      xasprintf ("%s/%s/%s", store->repos, pending->name, pending->tag);
  AUTO_FREE char *to = xasprintf ("%s/%s", store->layers, blob);
  AUTO_FREE char *target = store_relative_path (to, from);

  AUTO_CLOSE int lock = store_lock_layers (store, false, err);
  if (lock < 0)
    return lock;
  if (symlinkat (target, pending->fd, name) < 0 && errno != EEXIST)
    return error_set (err, errno, _ ("cannot create link '%s': %s"), name,
                      strerror (errno));
  store_names_add (&pending->blobs, blob);
  store_names_add (&pending->links, name);
  return 0;
}

int
store_pending_need (struct store_pending *pending, const char *blob,
                    struct error *err)
{
  return store_pending_link (pending, blob, blob, err);
}

int
store_pending_write (struct store_pending *pending, const char *file,
                     const void *text, size_t size, struct error *err)
{
  return file_replace (pending->fd, file, text, size, 0644, err);
}

/* Move the files of PENDING one by one to TARGET, the directory of its tag,
   in which other images lie; the file that makes it an image comes last.  */
static int
move_files (struct store_pending *pending, int target)
{
  static const char *const files[] = {
    "manifest", "index", "index.1", "index.2", "index.3",
    "ancestry", "v1",    "v2",      "PROTECT",
  };

  for (size_t i = 0; i < pending->links.count; i++)
    if (renameat (pending->fd, pending->links.list[i], target,
                  pending->links.list[i])
        < 0)
      return -errno;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    if (renameat (pending->fd, files[i], target, files[i]) < 0
        && errno != ENOENT)
      return -errno;
  return renameat (pending->fd, "TAG", target, "TAG") < 0 ? -errno : 0;
}

/* Put PENDING's directory in the place of its tag and add to OLD_BLOBS what
   the image had that was there.  Return 0 or a negative errno.  */
static int
replace_tag (struct store_pending *pending, struct store_names *old_blobs)
{
  int parent = pending->parent;

  if (renameat (parent, pending->part, parent, pending->tag) == 0)
    return 0;
  if (errno != ENOTEMPTY && errno != EEXIST)
    return -errno;

  AUTO_ERROR struct error ignored = { 0 };
  AUTO_CLOSE int target = openat (
      parent, pending->tag, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0)
    return -errno;
  store_names_add_links (old_blobs, target);
  if (store_has_directories (target))
    {
      int status = move_files (pending, target);
      if (status == 0)
        store_part_remove (parent, pending->part);
      return status;
    }

#ifdef SYS_renameat2
  if (syscall (SYS_renameat2, parent, pending->part, parent, pending->tag,
               RENAME_EXCHANGE)
      == 0)
    {
      store_part_remove (parent, pending->part);
      return 0;
    }
#endif
  AUTO_FREE char *old =
      xasprintf ("%.*s" STORE_GONE_SUFFIX, (int) strlen (pending->part) - 5,
                 pending->part);
  if (renameat (parent, pending->tag, parent, old) < 0
      || renameat (parent, pending->part, parent, pending->tag) < 0)
    return -errno;
  (void) tree_remove (parent, old, true, &ignored);
  return 0;
}

/* Write what makes the directory of PENDING an image of FLAVOUR.  */
static int
write_marks (struct store_pending *pending, const char *flavour,
             struct error *err)
{
  const struct store *store = pending->store;
  AUTO_FREE char *text =
      xasprintf ("%s/%s:%s", store->repos, pending->name, pending->tag);
  AUTO_FREE char *protect = xasprintf ("%s/PROTECT", pending->tag);

  int status = file_replace (pending->fd, flavour, "", 0, 0644, err);
  if (status == 0 && file_exists (pending->parent, protect))
    status = file_replace (pending->fd, "PROTECT", "", 0, 0644, err);
  if (status == 0)
    status = file_replace (pending->fd, "TAG", text, strlen (text), 0644, err);
  return status;
}

/* See that all is there which PENDING needs, and that it is on disk.  */
static int
complete (struct store_pending *pending, const char *flavour, struct error *err)
{
  for (size_t i = 0; i < pending->links.count; i++)
    if (!file_exists (pending->fd, pending->links.list[i]))
      return error_set (err, ENOENT,
                        _ ("blob '%s' of image '%s:%s' is missing"),
                        pending->links.list[i], pending->name, pending->tag);
  int status = write_marks (pending, flavour, err);
  if (status < 0)
    return status;
  (void) file_sync_directory (pending->store->layers_fd);
  return 0;
}

/* Make PENDING, which is complete, visible, and remove what is not needed any
   more; unless REPLACE only where there is no image of its name.  */
static int
appear (struct store_pending *pending, bool replace, struct error *err)
{
  AUTO_ERROR struct error ignored = { 0 };
  __attribute__ ((
      cleanup (store_names_release))) struct store_names old_blobs = { 0 };
  AUTO_FREE char *mark = xasprintf ("%s/TAG", pending->tag);

  AUTO_CLOSE int lock = store_lock_layers (pending->store, true, err);
  if (lock < 0)
    return lock;
  bool is_free = replace || !file_exists (pending->parent, mark);
  if (is_free)
    {
      /* Not before this lock is had, for which it may wait for long: without
         its own one it looks dead.  */
      (void) unlinkat (pending->fd, STORE_PART_LOCK, 0);
      (void) file_sync_directory (pending->fd);
    }
  int status = is_free ? replace_tag (pending, &old_blobs) : -EEXIST;
  if (status < 0)
    return error_set (err, -status, _ ("cannot store image '%s:%s': %s"),
                      pending->name, pending->tag, strerror (-status));
  (void) file_sync_directory (pending->parent);
  store_remove_dead (pending->parent, pending->tag, &old_blobs);
  (void) store_remove_unneeded (pending->store, &old_blobs, true, &ignored);
  return 0;
}

/* The two ways to commit.  */
static int
commit (struct store_pending *pending, const char *flavour, bool replace,
        struct error *err)
{
  int status = complete (pending, flavour, err);

  if (status == 0)
    status = appear (pending, replace, err);
  if (status < 0)
    store_pending_abort (pending, status != -EEXIST);
  else
    pending_free (pending);
  return status;
}

int
store_pending_commit (struct store_pending *pending, const char *flavour,
                      struct error *err)
{
  return commit (pending, flavour, true, err);
}

int
store_pending_commit_new (struct store_pending *pending, const char *flavour,
                          struct error *err)
{
  return commit (pending, flavour, false, err);
}

void
store_pending_abort (struct store_pending *pending, bool keep_blobs)
{
  AUTO_ERROR struct error ignored = { 0 };
  bool has_blobs = false;

  if (pending == NULL)
    return;
  for (size_t i = 0; i < pending->links.count && !has_blobs; i++)
    has_blobs = file_exists (pending->fd, pending->links.list[i]);
  if (!has_blobs || !keep_blobs)
    {
      AUTO_CLOSE int lock = store_lock_layers (pending->store, true, &ignored);
      store_part_remove (pending->parent, pending->part);
      if (lock >= 0)
        (void) store_remove_unneeded (pending->store, &pending->blobs, true,
                                      &ignored);
      store_remove_empty (pending->store, pending->name);
    }
  pending_free (pending);
}
