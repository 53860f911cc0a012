/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What nobody needs in the store, found and removed.

   It is looked for without any lock, so that it can be shown in peace, and in
   a repository that cannot be written, too.  When it is removed everything is
   looked at once more, under the lock of layers/: who pulls has said by then
   what it needs.  */

#include <config.h>

#include "src/image/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/image/store-private.h"
#include "src/image/store.h"
#include "src/image/tree.h"
#include "xalloc.h"
#include "xstrndup.h"

void
store_garbage_release (struct store_garbage_list *garbage)
{
  for (size_t i = 0; i < garbage->count; i++)
    free (garbage->list[i].name);
  free (garbage->list);
  *garbage = (struct store_garbage_list){ 0 };
}

/* Return the last part of PATH.  */
static const char *
base_name (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash == NULL ? path : slash + 1;
}

/* Add NAME, whose removal gives back SIZE bytes, to GARBAGE.  */
static void
add (struct store_garbage_list *garbage, enum garbage_kind kind,
     const char *name, intmax_t size)
{
  if (garbage->count == garbage->space)
    garbage->list =
        x2nrealloc (garbage->list, &garbage->space, sizeof *garbage->list);
  garbage->list[garbage->count++] = (struct store_garbage){
    .kind = kind,
    .name = xstrdup (name),
    .size = size,
  };
}

/* Add NAME below DIR to GARBAGE.  */
static void
add_whole (struct store_garbage_list *garbage, enum garbage_kind kind, int dir,
           const char *name)
{
  add (garbage, kind, name, tree_size (dir, name));
}

/* Finding.  */

/* Tell whether NAME is what a blob is called; whatever else lies in layers/ is
   not ours.  */
static bool
is_blob_name (const char *name)
{
  static const struct
  {
    const char *prefix;
    size_t digits;
    const char *suffix;
  } forms[] = { { "sha256:", 64, "" },
                { "sha512:", 128, "" },
                { "", 64, ".layer" },
                { "", 64, ".json" } };

  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    {
      size_t length = strlen (forms[i].prefix);
      if (strncmp (name, forms[i].prefix, length) == 0
          && strspn (name + length, "0123456789abcdef") == forms[i].digits
          && strcmp (name + length + forms[i].digits, forms[i].suffix) == 0)
        return true;
    }
  return false;
}

/* Find the blobs of STORE that no image has.  */
static int
find_layers (struct store *store, struct store_garbage_list *garbage,
             struct error *err)
{
  __attribute__ ((cleanup (store_uses_release))) struct store_uses uses = { 0 };

  int status = store_uses_read (store, &uses, err);
  for (size_t i = 0; i < uses.count && status == 0; i++)
    if (uses.list[i].images == 0 && uses.list[i].pending == 0
        && is_blob_name (uses.list[i].name)
        && store_is_settled (store->layers_fd, uses.list[i].name))
      add_whole (garbage, GARBAGE_LAYER, store->layers_fd, uses.list[i].name);
  return status;
}

/* Tell whether ENTRY below DIR is a file that a process left which is dead, and
   whose lock it is.  */
static bool
is_dead_file (int dir, const struct store_walk_entry *entry)
{
  const char *name = entry->name;

  if (entry->type != DT_REG || strcmp (name, STORE_LOCK_NAME) == 0
      || (!store_name_is_part (name)
          && !store_name_ends_in (name, STORE_STAGE_SUFFIX)
          && !store_name_ends_in (name, ".lock")))
    return false;
  AUTO_CLOSE int fd = store_file_seize (dir, name);
  return fd >= 0;
}

/* Find what processes that are dead left of files and directories in DIR,
   called PATH in messages, and call it KIND.  */
static int
find_dead (int dir, const char *path, enum garbage_kind kind,
           struct store_garbage_list *garbage, struct error *err)
{
  AUTO_STORE_ENTRIES struct store_entries entries = { 0 };

  int status = store_entries_read (dir, path, &entries, err);
  for (size_t i = 0; i < entries.count && status == 0; i++)
    if (is_dead_file (dir, &entries.list[i])
        || (entries.list[i].type == DT_DIR
            && store_part_is_dead (dir, entries.list[i].name)))
      add_whole (garbage, kind, dir, entries.list[i].name);
  return status;
}

/* What finding in repos/ needs.  */
struct finding
{
  struct store *store;
  struct store_garbage_list *garbage;
  char *whole; /* the last directory found that goes with all that is in it */
};

/* Return the bytes of those of the COUNT ENTRIES of DIR that are no
   directories.  */
static intmax_t
files_size (int dir, const struct store_walk_entry *entries, size_t count)
{
  intmax_t size = 0;

  for (size_t i = 0; i < count; i++)
    if (entries[i].type != DT_DIR)
      size += tree_size (dir, entries[i].name);
  return size;
}

/* Tell whether PATH lies in the directory WHOLE, which may be NULL.  */
static bool
is_inside (const char *path, const char *whole)
{
  size_t length = whole == NULL ? 0 : strlen (whole);

  return whole != NULL && strncmp (path, whole, length) == 0
         && path[length] == '/';
}

/* Add the directory PATH to what DATA says if nobody needs it.  */
static int
find_in_directory (int dir, const char *path,
                   const struct store_walk_entry *entries, size_t count,
                   void *data, struct error *err)
{
  struct finding *finding = data;
  int repos = finding->store->repos_fd;
  bool is_hidden = *base_name (path) == '.';

  (void) err;
  if (*path == '\0' || is_inside (path, finding->whole))
    return 0;
  bool is_dead = store_image_is_dead (finding->store, path, entries, count);
  if (is_dead && is_hidden)
    {
      add_whole (finding->garbage, GARBAGE_IMAGE, repos, path);
      free (finding->whole);
      finding->whole = xstrdup (path);
    }
  else if (is_dead)
    add (finding->garbage, GARBAGE_IMAGE, path,
         files_size (dir, entries, count));
  else if (count == 0 && !is_hidden)
    add_whole (finding->garbage, GARBAGE_DIRECTORY, repos, path);
  return 0;
}

int
store_garbage_find (struct store *store, struct store_garbage_list *garbage,
                    struct error *err)
{
  struct finding finding = { store, garbage, NULL };

  int status = find_layers (store, garbage, err);
  if (status == 0)
    status = find_dead (store->layers_fd, store->layers, GARBAGE_PARTIAL,
                        garbage, err);
  if (status == 0)
    status = store_walk (store, find_in_directory, &finding, err);
  free (finding.whole);
  if (status == 0)
    status = find_dead (store->containers_fd, store->containers,
                        GARBAGE_CONTAINER, garbage, err);
  return status;
}

/* Removing.  */

/* Remove NAME below DIR, a file or directory that a process left, unless that
   lives after all.  */
static void
remove_dead (int dir, const char *name)
{
  AUTO_CLOSE int fd =
      openat (dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0)
    {
      AUTO_CLOSE int lock = store_file_seize (dir, name);
      if (lock >= 0)
        (void) unlinkat (dir, name, 0);
    }
  else if (store_part_is_dead (dir, name))
    store_part_remove (dir, name);
}

/* Remove the directory PATH below repos/ of STORE, and its parents, as long as
   they are empty; it may be gone already.  */
static void
remove_upwards (struct store *store, const char *path)
{
  AUTO_FREE char *parent = xstrndup (path, (size_t) (base_name (path) - path));

  store_remove_empty (store, path);
  if (*parent != '\0')
    {
      parent[strlen (parent) - 1] = '\0';
      store_remove_empty (store, parent);
    }
}

/* Remove the directory PATH below repos/ of STORE, which is what is left of an
   image, and add to BLOBS what it links to.  */
static void
remove_image (struct store *store, const char *path, struct store_names *blobs)
{
  AUTO_STORE_ENTRIES struct store_entries entries = { 0 };
  AUTO_ERROR struct error ignored = { 0 };

  AUTO_CLOSE int dir = openat (store->repos_fd, path,
                               O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (dir < 0 || store_entries_read (dir, path, &entries, &ignored) < 0
      || !store_image_is_dead (store, path, entries.list, entries.count))
    return;
  store_names_add_links (blobs, dir);
  if (*base_name (path) == '.')
    (void) tree_remove (store->repos_fd, path, true, &ignored);
  else
    for (size_t i = 0; i < entries.count; i++)
      if (entries.list[i].type != DT_DIR)
        (void) unlinkat (dir, entries.list[i].name, 0); /* or it stays */
  remove_upwards (store, path);
}

/* Remove ITEM from STORE, but for blobs, which are added to BLOBS: they can go
   once the images are gone that nobody needs.  */
static void
remove_item (struct store *store, const struct store_garbage *item,
             struct store_names *blobs)
{
  switch (item->kind)
    {
    case GARBAGE_LAYER:
      if (store_is_settled (store->layers_fd, item->name))
        store_names_add (blobs, item->name);
      break;
    case GARBAGE_PARTIAL:
      remove_dead (store->layers_fd, item->name);
      break;
    case GARBAGE_CONTAINER:
      break; /* comes later */
    case GARBAGE_IMAGE:
      remove_image (store, item->name, blobs);
      break;
    case GARBAGE_DIRECTORY:
      store_remove_empty (store, item->name);
      break;
    }
}

/* Tell whether ITEM is still in STORE.  */
static bool
is_there (const struct store *store, const struct store_garbage *item)
{
  int dir = item->kind == GARBAGE_LAYER || item->kind == GARBAGE_PARTIAL
                ? store->layers_fd
            : item->kind == GARBAGE_CONTAINER ? store->containers_fd
                                              : store->repos_fd;

  struct stat info;

  return fstatat (dir, item->name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Remove what is in GARBAGE but for containers, while nobody may begin to need
   any of it.  */
static int
remove_locked (struct store *store, const struct store_garbage_list *garbage,
               bool force, struct error *err)
{
  __attribute__ ((
      cleanup (store_names_release))) struct store_names blobs = { 0 };

  AUTO_CLOSE int lock = store_lock_layers (store, true, err);
  if (lock < 0)
    return lock;
  for (size_t i = 0; i < garbage->count; i++)
    remove_item (store, &garbage->list[i], &blobs);
  return store_remove_unneeded (store, &blobs, force, err);
}

int
store_garbage_remove (struct store *store,
                      const struct store_garbage_list *garbage, bool force,
                      intmax_t *freed, struct error *err)
{
  int status = remove_locked (store, garbage, force, err);

  *freed = 0;
  /* These may be large, and have nothing to do with the lock.  */
  for (size_t i = 0; i < garbage->count && status == 0; i++)
    if (garbage->list[i].kind == GARBAGE_CONTAINER)
      remove_dead (store->containers_fd, garbage->list[i].name);
  for (size_t i = 0; i < garbage->count; i++)
    if (!is_there (store, &garbage->list[i]))
      *freed += garbage->list[i].size;
  return status;
}
