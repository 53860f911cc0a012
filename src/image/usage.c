/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which blobs of the store are needed.

   A blob is needed by each directory below repos/ that links to it, whether or
   not it is an image: nothing else is ever taken for a reason to keep a blob,
   or to remove one.  */

#include <config.h>

#include "src/image/usage.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/image/store-private.h"
#include "src/image/store.h"
#include "src/image/tree.h"
#include "xalloc.h"

void
store_uses_release (struct store_uses *uses)
{
  for (size_t i = 0; i < uses->count; i++)
    free (uses->list[i].name);
  free (uses->list);
  *uses = (struct store_uses){ 0 };
}

static int
compare_uses (const void *a, const void *b)
{
  return strcmp (((const struct store_use *) a)->name,
                 ((const struct store_use *) b)->name);
}

/* Append the blob NAME to USES.  */
static void
add_use (struct store_uses *uses, const char *name)
{
  if (uses->count == uses->space)
    uses->list = x2nrealloc (uses->list, &uses->space, sizeof *uses->list);
  uses->list[uses->count++] = (struct store_use){ .name = xstrdup (name) };
}

static void
sort_uses (struct store_uses *uses)
{
  if (uses->count > 0)
    qsort (uses->list, uses->count, sizeof *uses->list, compare_uses);
}

struct store_use *
store_uses_find (const struct store_uses *uses, const char *name)
{
  union
  {
    const char *constant;
    char *changeable; /* only read */
  } cast = { .constant = name };
  const struct store_use key = { .name = cast.changeable };

  return uses->count == 0 ? NULL
                          : bsearch (&key, uses->list, uses->count,
                                     sizeof *uses->list, compare_uses);
}

char *
store_link_blob (int dir, const char *name)
{
  AUTO_FREE char *target = file_read_link (dir, name);
  const char *slash = target == NULL ? NULL : strrchr (target, '/');

  return slash == NULL ? TAKE (target) : xstrdup (slash + 1);
}

bool
store_image_is_dead (struct store *store, const char *path,
                     const struct store_walk_entry *entries, size_t count)
{
  const char *slash = strrchr (path, '/');
  const char *base = slash == NULL ? path : slash + 1;
  bool has_links = false;

  if (base[0] == '.')
    return store_part_is_dead (store->repos_fd, path);
  for (size_t i = 0; i < count; i++)
    {
      if (entries[i].type != DT_DIR && strcmp (entries[i].name, "TAG") == 0)
        return false;
      has_links |= entries[i].type == DT_LNK;
    }
  return has_links && store_is_settled (store->repos_fd, path);
}

/* What counting needs.  */
struct counting
{
  struct store *store;
  struct store_uses *uses;
  bool living;   /* what killed processes left needs nothing */
  size_t serial; /* of the directory */
};

/* Count in DATA what the directory DIR links to.  */
static int
count_links (int dir, const char *path, const struct store_walk_entry *entries,
             size_t count, void *data, struct error *err)
{
  struct counting *counting = data;
  const char *slash = strrchr (path, '/');
  const char *base = slash == NULL ? path : slash + 1;

  (void) err;
  counting->serial++;
  if (counting->living
      && store_image_is_dead (counting->store, path, entries, count))
    return 0;
  for (size_t i = 0; i < count; i++)
    {
      if (entries[i].type != DT_LNK)
        continue;
      AUTO_FREE char *blob = store_link_blob (dir, entries[i].name);
      struct store_use *use = store_uses_find (
          counting->uses, blob == NULL ? entries[i].name : blob);
      /* Two links in one directory are one use.  */
      if (use == NULL || use->last == counting->serial)
        continue;
      use->last = counting->serial;
      if (base[0] == '.')
        use->pending++;
      else
        use->images++;
    }
  return 0;
}

/* Count in USES, which is sorted, how often each of its blobs is needed in
   STORE.  */
static int
count_uses (struct store *store, struct store_uses *uses, bool living,
            struct error *err)
{
  struct counting counting = { store, uses, living, 0 };

  return store_walk (store, count_links, &counting, err);
}

int
store_uses_read (struct store *store, struct store_uses *uses,
                 struct error *err)
{
  AUTO_STORE_ENTRIES struct store_entries entries = { 0 };

  int status =
      store_entries_read (store->layers_fd, store->layers, &entries, err);
  for (size_t i = 0; i < entries.count && status == 0; i++)
    if (entries.list[i].name[0] != '.' && entries.list[i].type != DT_DIR)
      add_use (uses, entries.list[i].name);
  sort_uses (uses);
  for (size_t i = 0; i < uses->count; i++)
    uses->list[i].size = tree_size (store->layers_fd, uses->list[i].name);
  return status < 0 ? status : count_uses (store, uses, true, err);
}

int
store_remove_unneeded (struct store *store, const struct store_names *blobs,
                       bool force, struct error *err)
{
  __attribute__ ((cleanup (store_uses_release))) struct store_uses uses = { 0 };

  if (blobs->count == 0)
    return 0;
  for (size_t i = 0; i < blobs->count; i++)
    add_use (&uses, blobs->list[i]);
  sort_uses (&uses);
  /* When the needs of one image cannot be read nothing is removed.  */
  int status = count_uses (store, &uses, false, err);
  for (size_t i = 0; i < uses.count && status == 0; i++)
    {
      const struct store_use *use = &uses.list[i];
      if (use->images > 0 || use->pending > 0 || use->name[0] == '.')
        continue;
      if (unlinkat (store->layers_fd, use->name, 0) < 0 && errno != ENOENT
          && !force)
        status = error_set (err, errno, _ ("cannot remove '%s/%s': %s"),
                            store->layers, use->name, strerror (errno));
    }
  return status;
}

int
store_tag_usage (struct store *store, const struct store_tag *tag,
                 const struct store_uses *uses, intmax_t *size,
                 intmax_t *shared, struct error *err)
{
  __attribute__ ((
      cleanup (store_names_release))) struct store_names names = { 0 };

  AUTO_CLOSE int directory = store_tag_open (store, tag, err);
  if (directory < 0)
    return directory;
  *size = *shared = 0;
  store_names_add_links (&names, directory);
  for (size_t i = 0; i < names.count; i++)
    {
      const struct store_use *use = store_uses_find (uses, names.list[i]);
      if (use == NULL)
        continue;
      *size += use->size;
      if (use->images > 1)
        *shared += use->size;
    }
  return 0;
}
