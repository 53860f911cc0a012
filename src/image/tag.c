/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Images by name: list, find, remove.  */

#include <config.h>

#include "src/image/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/lock.h"
#include "lib/base/log.h"
#include "src/image/store-private.h"
#include "src/image/tree.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

enum
{
  /* Seconds that what a killed or cut pull left is kept.  */
  DEAD_AGE_MAXIMUM = 7 * 24 * 3600
};

/* Names of blobs.  */

void
store_names_add (struct store_names *names, const char *name)
{
  for (size_t i = 0; i < names->count; i++)
    if (strcmp (names->list[i], name) == 0)
      return;
  if (names->count == names->space)
    names->list = x2nrealloc (names->list, &names->space, sizeof *names->list);
  names->list[names->count++] = xstrdup (name);
}

void
store_names_release (struct store_names *names)
{
  for (size_t i = 0; i < names->count; i++)
    free (names->list[i]);
  free (names->list);
  *names = (struct store_names){ 0 };
}

/* Open the directory DIR once more, for readdir.  */
static DIR *
open_stream (int dir)
{
  int fd = openat (dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = fd < 0 ? NULL : fdopendir (fd);

  if (stream == NULL && fd >= 0)
    close (fd);
  return stream;
}

void
store_names_add_links (struct store_names *names, int dir)
{
  AUTO_CLOSEDIR DIR *stream = open_stream (dir);
  const struct dirent *entry;

  while (stream != NULL && (entry = readdir (stream)) != NULL)
    {
      /* The name of the link is that of the blob, but for 'container.json';
         the target always ends in it.  */
      AUTO_FREE char *blob = store_link_blob (dir, entry->d_name);
      if (blob != NULL)
        store_names_add (names, blob);
    }
}

bool
store_has_directories (int dir)
{
  AUTO_CLOSEDIR DIR *stream = open_stream (dir);
  const struct dirent *entry;
  struct stat info;

  while (stream != NULL && (entry = readdir (stream)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0
        && fstatat (dir, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0
        && S_ISDIR (info.st_mode))
      return true;
  return false;
}

int
store_lock_layers (struct store *store, bool exclusive, struct error *err)
{
  const char *what = _ ("another process that removes or stores an image");
  int fd =
      exclusive
          ? lock_take (store->layers_fd, STORE_LOCK_NAME, what, true, err)
          : lock_share (store->layers_fd, STORE_LOCK_NAME, what, true, err);

  return fd < 0 ? error_prefix (err, "%s", store->layers) : fd;
}

/* Listing.  */

void
store_tag_release (struct store_tag *tag)
{
  free (tag->name);
  free (tag->tag);
  *tag = (struct store_tag){ 0 };
}

void
store_tags_free (struct store_tag *tags, size_t count)
{
  for (size_t i = 0; i < count; i++)
    store_tag_release (&tags[i]);
  free (tags);
}

struct tag_list
{
  struct store_tag *list;
  size_t count;
  size_t space;
};

/* Add the directory PATH to the list DATA if it is an image.  */
static int
collect_tag (int dir, const char *path, const struct store_walk_entry *entries,
             size_t count, void *data, struct error *err)
{
  struct tag_list *tags = data;
  const char *slash = strrchr (path, '/');
  bool is_image = false;
  bool is_protected = false;

  (void) dir;
  (void) err;
  for (size_t i = 0; i < count; i++)
    if (entries[i].type != DT_DIR)
      {
        is_image |= strcmp (entries[i].name, "TAG") == 0;
        is_protected |= strcmp (entries[i].name, "PROTECT") == 0;
      }
  if (!is_image || slash == NULL || slash[1] == '.')
    return 0;
  if (tags->count == tags->space)
    tags->list = x2nrealloc (tags->list, &tags->space, sizeof *tags->list);
  tags->list[tags->count++] = (struct store_tag){
    .name = xstrndup (path, (size_t) (slash - path)),
    .tag = xstrdup (slash + 1),
    .is_protected = is_protected,
  };
  return 0;
}

static int
compare_tags (const void *a, const void *b)
{
  const struct store_tag *left = a;
  const struct store_tag *right = b;
  int order = strcmp (left->name, right->name);

  return order != 0 ? order : strcmp (left->tag, right->tag);
}

int
store_tag_list (struct store *store, struct store_tag **tags, size_t *count,
                struct error *err)
{
  struct tag_list list = { 0 };

  int status = store_walk (store, collect_tag, &list, err);
  if (status < 0)
    {
      store_tags_free (list.list, list.count);
      return status;
    }
  if (list.count > 0)
    qsort (list.list, list.count, sizeof *list.list, compare_tags);
  *tags = list.list;
  *count = list.count;
  return 0;
}

/* Finding.  */

/* If NAME:TAG is an image fill FOUND and return true.  */
static bool
find_exactly (struct store *store, const char *name, const char *tag,
              struct store_tag *found)
{
  AUTO_FREE char *mark = xasprintf ("%s/%s/TAG", name, tag);
  AUTO_FREE char *protect = xasprintf ("%s/%s/PROTECT", name, tag);

  if (!file_exists (store->repos_fd, mark))
    return false;
  found->name = xstrdup (name);
  found->tag = xstrdup (tag);
  found->is_protected = file_exists (store->repos_fd, protect);
  return true;
}

/* Return what follows PREFIX in NAME, or NULL when it does not begin so.  */
static const char *
skip_prefix (const char *name, const char *prefix)
{
  size_t length = strlen (prefix);

  return strncmp (name, prefix, length) == 0 ? name + length : NULL;
}

int
store_tag_find (struct store *store, const char *name, const char *tag,
                struct store_tag *found, struct error *err)
{
  /* The ways to spell the same image of Docker Hub.  */
  static const char *const prefixes[] = {
    "",
    "docker.io/",
    "index.docker.io/",
    "registry-1.docker.io/",
    "registry.hub.docker.com/",
  };
  enum
  {
    PREFIX_COUNT = sizeof prefixes / sizeof *prefixes
  };

  if (!store_path_is_safe (name) || !store_path_is_safe (tag)
      || strchr (tag, '/') != NULL)
    return error_set (err, ENOENT, _ ("image not found: %s:%s"), name, tag);
  if (find_exactly (store, name, tag, found))
    return 0;

  const char *rest = name;
  for (size_t i = 1; i < PREFIX_COUNT && rest == name; i++)
    if (skip_prefix (name, prefixes[i]) != NULL)
      rest = skip_prefix (name, prefixes[i]);
  if (skip_prefix (rest, "library/") != NULL)
    rest = skip_prefix (rest, "library/");

  const char *slash = strchr (rest, '/');
  bool is_hub = rest != name || slash == NULL
                || strcspn (rest, ".:") > (size_t) (slash - rest);
  if (slash != NULL && skip_prefix (rest, "localhost/") != NULL)
    is_hub = false;
  for (size_t i = 0; i < PREFIX_COUNT && is_hub && *rest != '\0'; i++)
    {
      AUTO_FREE char *plain = xasprintf ("%s%s", prefixes[i], rest);
      AUTO_FREE char *library = xasprintf ("%slibrary/%s", prefixes[i], rest);
      if (find_exactly (store, plain, tag, found)
          || (slash == NULL && find_exactly (store, library, tag, found)))
        return 0;
    }
  return error_set (err, ENOENT, _ ("image not found: %s:%s"), name, tag);
}

int
store_split_name (const char *image, char **name, char **tag, struct error *err)
{
  const char *spec = image;
  if (skip_prefix (spec, "https://") != NULL)
    spec = skip_prefix (spec, "https://");
  else if (skip_prefix (spec, "http://") != NULL)
    spec = skip_prefix (spec, "http://");

  const char *at = strchr (spec, '@');
  const char *slash = strrchr (spec, '/');
  const char *colon = strchr (slash == NULL ? spec : slash, ':');
  size_t length = strlen (spec);
  const char *reference = "latest";

  if (at != NULL)
    {
      /* "a:tag@digest" is the image of that digest.  */
      length = (size_t) (at - spec);
      reference = at + 1;
      const char *last = memrchr (spec, '/', length);
      colon = memchr (last == NULL ? spec : last, ':',
                      length - (size_t) ((last == NULL ? spec : last) - spec));
      if (colon != NULL)
        length = (size_t) (colon - spec);
    }
  else if (colon != NULL)
    {
      length = (size_t) (colon - spec);
      reference = colon + 1;
    }

  AUTO_FREE char *repository = xstrndup (spec, length);
  if (!store_path_is_safe (repository) || !store_path_is_safe (reference)
      || strchr (reference, '/') != NULL)
    return error_set (
        err, EINVAL,
        _ ("must specify image:tag or repository/image:tag, not '%s'"), image);
  *name = TAKE (repository);
  *tag = xstrdup (reference);
  return 0;
}

int
store_tag_open (struct store *store, const struct store_tag *tag,
                struct error *err)
{
  AUTO_FREE char *path = xasprintf ("%s/%s", tag->name, tag->tag);

  int fd = openat (store->repos_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return error_set (err, errno, _ ("cannot open directory '%s/%s': %s"),
                      store->repos, path, strerror (errno));
  return fd;
}

/* Removing.  */

void
store_remove_empty (struct store *store, const char *path)
{
  AUTO_FREE char *rest = xstrdup (path);

  while (unlinkat (store->repos_fd, rest, AT_REMOVEDIR) == 0)
    {
      char *slash = strrchr (rest, '/');
      if (slash == NULL)
        break;
      *slash = '\0';
    }
}

/* Tell whether the directory NAME below DIR was not touched for long.  */
static bool
is_old (int dir, const char *name)
{
  struct stat info;

  return fstatat (dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0
         && info.st_mtime + DEAD_AGE_MAXIMUM < time (NULL);
}

void
store_remove_dead (int dir, const char *tag, struct store_names *blobs)
{
  AUTO_CLOSEDIR DIR *stream = open_stream (dir);
  const struct dirent *entry;

  while (stream != NULL && (entry = readdir (stream)) != NULL)
    {
      const char *name = entry->d_name;
      size_t length = strlen (name);
      bool is_gone =
          store_name_is_gone (name) || store_part_is_stillborn (dir, name);
      if (!is_gone && !store_name_is_part (name))
        continue;

      size_t tag_length = tag == NULL ? 0 : strlen (tag);
      /* ".TAG." and sixteen digits.  */
      bool is_of_tag =
          tag != NULL && strncmp (name + 1, tag, tag_length) == 0
          && name[1 + tag_length] == '.' && length >= tag_length + 23
          && length - tag_length <= 18 + sizeof STORE_GONE_SUFFIX - 1;
      if (!is_gone && !is_of_tag && !(tag == NULL && is_old (dir, name)))
        continue;

      AUTO_CLOSE int lock = is_gone ? -1 : store_part_seize (dir, name);
      if (lock < 0 && !is_gone)
        continue;
      log_debug ("removing '%s', which an interrupted process left", name);
      AUTO_CLOSE int part =
          openat (dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (part >= 0)
        store_names_add_links (blobs, part);
      store_part_remove (dir, name);
    }
}

/* Remove the files in DIR, the directory of an image with other images below
   it, first of all the one that makes it an image.  */
static int
remove_files (int dir, bool force)
{
  AUTO_CLOSEDIR DIR *stream = open_stream (dir);
  const struct dirent *entry;

  if (unlinkat (dir, "TAG", 0) < 0 && errno != ENOENT)
    return -errno;
  while (stream != NULL && (entry = readdir (stream)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0
        && unlinkat (dir, entry->d_name, 0) < 0 && errno != ENOENT
        && errno != EISDIR && errno != EPERM && !force)
      return -errno;
  return stream == NULL ? -EIO : 0;
}

/* Make the directory DIR, TAG below PARENT, disappear.  */
static int
remove_directory (int parent, int dir, const char *tag, bool force,
                  struct error *err)
{
  uint64_t random = 0;

  if (store_has_directories (dir))
    {
      int status = remove_files (dir, force);
      return status < 0
                 ? error_set (err, -status, _ ("cannot remove image '%s': %s"),
                              tag, strerror (-status))
                 : 0;
    }
  if (getrandom (&random, sizeof random, GRND_NONBLOCK) < 0)
    random = (uint64_t) getpid ();
  AUTO_FREE char *gone =
      xasprintf (".%s.%016" PRIx64 STORE_GONE_SUFFIX, tag, random);
  if (renameat (parent, tag, parent, gone) == 0)
    return tree_remove (parent, gone, force, err);
  /* A name takes room, where there may be none.  */
  int status = file_is_no_room (errno) ? remove_files (dir, force) : -errno;
  if (status == 0 && unlinkat (parent, tag, AT_REMOVEDIR) < 0)
    status = -errno;
  return status < 0
             ? error_set (err, -status, _ ("cannot remove image '%s': %s"), tag,
                          strerror (-status))
             : 0;
}

int
store_tag_remove (struct store *store, const struct store_tag *tag, bool force,
                  struct error *err)
{
  __attribute__ ((
      cleanup (store_names_release))) struct store_names blobs = { 0 };

  AUTO_CLOSE int dir = store_tag_open (store, tag, err);
  if (dir < 0)
    return dir;
  if (file_exists (dir, "PROTECT"))
    return error_set (err, EPERM, _ ("image repository is protected: %s:%s"),
                      tag->name, tag->tag);
  AUTO_CLOSE int lock = store_lock_layers (store, true, err);
  if (lock < 0)
    return lock;
  AUTO_CLOSE int parent =
      openat (store->repos_fd, tag->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0)
    return error_set (err, errno, _ ("cannot open directory '%s/%s': %s"),
                      store->repos, tag->name, strerror (errno));

  store_names_add_links (&blobs, dir);
  int status = remove_directory (parent, dir, tag->tag, force, err);
  if (status < 0)
    return status;
  store_remove_dead (parent, tag->tag, &blobs);
  status = store_remove_unneeded (store, &blobs, force, err);

  AUTO_FREE char *path = xasprintf ("%s/%s", tag->name, tag->tag);
  store_remove_empty (store, path);
  store_remove_empty (store, tag->name);
  return force ? 0 : status;
}
