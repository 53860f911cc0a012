/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The repository itself: opening, making, walking, sweeping.  */

#include <config.h>

#include "src/image/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/lock.h"
#include "lib/base/log.h"
#include "src/config/config.h"
#include "src/image/store-private.h"
#include "src/image/tree.h"
#include "xalloc.h"
#include "xvasprintf.h"

enum
{
  /* Seconds after which half a blob is not worth keeping.  */
  PART_AGE_MAXIMUM = 7 * 24 * 3600,
  /* Seconds in which a process that made a directory has locked it.  */
  PART_AGE_MINIMUM = 600
};

/* Return PATH, or NAME below TOP, as an absolute path without needless
   slashes, which the caller frees.  */
static char *
absolute_path (const char *top, const char *path, const char *name)
{
  AUTO_FREE char *given = path != NULL && *path != '\0'
                              ? xstrdup (path)
                              : xasprintf ("%s/%s", top, name);
  AUTO_FREE char *directory = *given == '/' ? NULL : getcwd (NULL, 0);
  AUTO_BUFFER (result);

  if (directory != NULL && strcmp (directory, "/") != 0)
    buffer_add_string (&result, directory);
  for (const char *part = given; *part != '\0';)
    {
      size_t length = strcspn (part, "/");
      if (length > 0 && !(length == 1 && *part == '.'))
        {
          buffer_add_char (&result, '/');
          buffer_add (&result, part, length);
        }
      part += length;
      part += strspn (part, "/");
    }
  if (result.length == 0)
    buffer_add_char (&result, '/');
  return buffer_take (&result);
}

/* Open the part PATH of the repository TOP; when CREATE make it and tell MADE
   what it belongs to: TOP, or nothing but itself.  */
static int
open_part (const char *top, const char *path, bool create, const char **made,
           struct error *err)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0 && errno == ENOENT && create)
    {
      int status = file_make_directories (AT_FDCWD, path, 0777, err);
      if (status < 0)
        return status;
      size_t length = strcmp (top, "/") == 0 ? 0 : strlen (top);
      if (strncmp (path, top, length) == 0 && path[length] == '/')
        *made = top;
      else if (*made == NULL)
        *made = path;
      fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
  if (fd < 0)
    return error_set (err, errno, _ ("cannot open directory '%s': %s"), path,
                      strerror (errno));
  return fd;
}

struct store_paths
store_paths_of (const struct config *config)
{
  return (struct store_paths){
    .top = config->topdir,
    .repos = config->reposdir,
    .layers = config->layersdir,
    .containers = config->containersdir,
    .bin = config->bindir,
    .lib = config->libdir,
    .doc = config->docdir,
  };
}

int
store_open (const struct store_paths *paths, bool create, const char **created,
            struct store **store, struct error *err)
{
  const char *made = NULL;
  struct store *new = xzalloc (sizeof *new);

  new->top = absolute_path ("", paths->top, "");
  new->repos = absolute_path (new->top, paths->repos, "repos");
  new->layers = absolute_path (new->top, paths->layers, "layers");
  new->containers = absolute_path (new->top, paths->containers, "containers");
  new->repos_fd = new->layers_fd = new->containers_fd = -1;

  int status = new->repos_fd =
      open_part (new->top, new->repos, create, &made, err);
  if (status >= 0)
    status = new->layers_fd =
        open_part (new->top, new->layers, create, &made, err);
  if (status >= 0)
    status = new->containers_fd =
        open_part (new->top, new->containers, create, &made, err);
  if (status < 0)
    {
      store_close (new);
      return status;
    }

  if (made != NULL)
    {
      /* Other versions of the tool take a directory for a repository only
         when these exist too; nothing of ours depends on them.  */
      const struct
      {
        const char *path, *name;
      } others[] = { { paths->bin, "bin" },
                     { paths->lib, "lib" },
                     { paths->doc, "doc" } };
      for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        {
          AUTO_ERROR struct error ignored = { 0 };
          AUTO_FREE char *path =
              absolute_path (new->top, others[i].path, others[i].name);
          (void) file_make_directories (AT_FDCWD, path, 0777, &ignored);
        }
    }
  if (created != NULL)
    *created = made;
  *store = new;
  return 0;
}

void
store_close (struct store *store)
{
  if (store == NULL)
    return;
  cleanup_close (&store->repos_fd);
  cleanup_close (&store->layers_fd);
  cleanup_close (&store->containers_fd);
  free (store->top);
  free (store->repos);
  free (store->layers);
  free (store->containers);
  free (store);
}

const char *
store_top_path (const struct store *store)
{
  return store->top;
}

const char *
store_repos_path (const struct store *store)
{
  return store->repos;
}

const char *
store_layers_path (const struct store *store)
{
  return store->layers;
}

const char *
store_containers_path (const struct store *store)
{
  return store->containers;
}

int
store_repos_fd (const struct store *store)
{
  return store->repos_fd;
}

int
store_layers_fd (const struct store *store)
{
  return store->layers_fd;
}

int
store_containers_fd (const struct store *store)
{
  return store->containers_fd;
}

bool
store_name_ends_in (const char *name, const char *suffix)
{
  size_t length = strlen (name);
  size_t suffix_length = strlen (suffix);

  return name[0] == '.' && length > suffix_length + 1
         && strcmp (name + length - suffix_length, suffix) == 0;
}

bool
store_name_is_part (const char *name)
{
  return store_name_ends_in (name, ".part");
}

bool
store_name_is_gone (const char *name)
{
  return store_name_ends_in (name, STORE_GONE_SUFFIX);
}

bool
store_path_is_safe (const char *path)
{
  do
    {
      size_t length = strcspn (path, "/");
      if (length == 0 || path[0] == '.' || length > 255)
        return false;
      path += length;
    }
  while (*path++ == '/');
  return true;
}

char *
store_relative_path (const char *path, const char *from)
{
  AUTO_BUFFER (result);
  size_t common = 0;
  size_t i = 0;

  /* COMMON: length of what both begin with, up to a slash or an end.  */
  for (;; i++)
    {
      bool path_ends = path[i] == '/' || path[i] == '\0';
      bool from_ends = from[i] == '/' || from[i] == '\0';
      if (path_ends && from_ends)
        common = i;
      if (path[i] != from[i] || path[i] == '\0')
        break;
    }
  for (const char *rest = from + common; *rest != '\0'; rest++)
    if (*rest == '/' && rest[1] != '\0')
      buffer_add_string (&result, "../");
  path += common;
  buffer_add_string (&result, path + strspn (path, "/"));
  return buffer_take (&result);
}

/* Walking.  */

void
store_entries_release (struct store_entries *entries)
{
  for (size_t i = 0; i < entries->count; i++)
    free (entries->list[i].name);
  free (entries->list);
}

int
store_entries_read (int dir, const char *path, struct store_entries *entries,
                    struct error *err)
{
  int copy = fcntl (dir, F_DUPFD_CLOEXEC, 3);
  AUTO_CLOSEDIR DIR *stream = copy < 0 ? NULL : fdopendir (copy);

  if (stream == NULL)
    {
      int number = errno;
      if (copy >= 0)
        close (copy);
      return error_set (err, number, _ ("cannot read directory '%s': %s"), path,
                        strerror (number));
    }
  rewinddir (stream);
  for (;;)
    {
      errno = 0;
      const struct dirent *entry = readdir (stream);
      if (entry == NULL)
        break;
      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      unsigned char type = entry->d_type;
      struct stat info;
      if (type == DT_UNKNOWN)
        {
          if (fstatat (dir, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
          type = (unsigned char) IFTODT (info.st_mode);
        }
      if (entries->count == entries->space)
        entries->list =
            x2nrealloc (entries->list, &entries->space, sizeof *entries->list);
      entries->list[entries->count++] = (struct store_walk_entry){
        .name = xstrdup (entry->d_name),
        .type = type,
      };
    }
  if (errno != 0)
    return error_set (err, errno, _ ("cannot read directory '%s': %s"), path,
                      strerror (errno));
  return 0;
}

static int
walk (int dir, const char *path, int depth, store_walk_function *function,
      void *data, struct error *err)
{
  AUTO_STORE_ENTRIES struct store_entries entries = { 0 };

  int status = store_entries_read (dir, path, &entries, err);
  if (status == 0)
    status = function (dir, path, entries.list, entries.count, data, err);
  if (status != 0)
    return status;

  for (size_t i = 0; i < entries.count; i++)
    {
      if (entries.list[i].type != DT_DIR)
        continue;
      /* Deeper than any image name: not ours, and it must end.  */
      if (depth > 64)
        break;
      AUTO_CLOSE int child =
          openat (dir, entries.list[i].name,
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      /* Removed meanwhile, or closed to us: not an image that we could
         use.  */
      if (child < 0)
        continue;
      AUTO_FREE char *child_path = xasprintf (
          "%s%s%s", path, *path == '\0' ? "" : "/", entries.list[i].name);
      status = walk (child, child_path, depth + 1, function, data, err);
      if (status != 0)
        return status;
    }
  return 0;
}

int
store_walk (struct store *store, store_walk_function *function, void *data,
            struct error *err)
{
  return walk (store->repos_fd, "", 0, function, data, err);
}

/* Directories on their way.  */

/* Make the directory NAME below DIR with a lock that is taken.  */
static int
make_locked (int dir, const char *name, int *directory, struct error *err)
{
  if (mkdirat (dir, name, 0777) < 0)
    return error_set (err, errno, _ ("cannot create directory '%s': %s"), name,
                      strerror (errno));
  AUTO_CLOSE int fd =
      openat (dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return error_set (err, errno, _ ("cannot open directory '%s': %s"), name,
                      strerror (errno));
  int lock = lock_take (fd, STORE_PART_LOCK, name, false, err);
  if (lock >= 0)
    *directory = TAKE_FD (fd);
  return lock;
}

int
store_part_make (int dir, const char *name, int *directory, struct error *err)
{
  /* Sweepers take a directory without a locked lock for dead: it gets the name
     that they look for once it has one.  */
  AUTO_FREE char *new_name = xasprintf ("%s" STORE_NEW_SUFFIX, name);
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_CLOSE int fd = -1;
  AUTO_CLOSE int lock = make_locked (dir, new_name, &fd, err);
  int status = lock;

  if (lock >= 0 && renameat (dir, new_name, dir, name) < 0)
    status = error_set (err, errno, _ ("cannot create directory '%s': %s"),
                        name, strerror (errno));
  if (status < 0)
    {
      (void) tree_remove (dir, new_name, true, &ignored);
      return status;
    }
  *directory = TAKE_FD (fd);
  return TAKE_FD (lock);
}

void
store_part_remove (int dir, const char *name)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *gone =
      store_name_is_gone (name) || !store_name_is_part (name)
          ? xstrdup (name)
          : xasprintf ("%.*s" STORE_GONE_SUFFIX,
                       (int) (strlen (name) - strlen (".part")), name);

  /* Its lock goes with its other files: from now on its name must do.  */
  if (strcmp (gone, name) != 0 && renameat (dir, name, dir, gone) < 0)
    (void) tree_remove (dir, name, true, &ignored);
  (void) tree_remove (dir, gone, true, &ignored);
}

/* Tell whether NAME below DIR was not touched for SECONDS.  */
static bool
is_older_than (int dir, const char *name, time_t seconds)
{
  struct stat info;

  return fstatat (dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0
         && info.st_mtime + seconds < time (NULL);
}

bool
store_part_is_stillborn (int dir, const char *name)
{
  return store_name_ends_in (name, STORE_NEW_SUFFIX)
         && is_older_than (dir, name, PART_AGE_MINIMUM);
}

bool
store_is_settled (int dir, const char *name)
{
  return is_older_than (dir, name, PART_AGE_MINIMUM);
}

int
store_part_seize (int dir, const char *name)
{
  struct stat info;
  AUTO_CLOSE int fd =
      openat (dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &info) < 0)
    return -1;

  AUTO_CLOSE int lock =
      openat (fd, STORE_PART_LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (lock < 0 && errno == ENOENT
      && info.st_mtime + PART_AGE_MINIMUM < time (NULL))
    return TAKE_FD (fd); /* killed before it had a lock */
  if (lock < 0 || flock (lock, LOCK_EX | LOCK_NB) < 0)
    return -1;
  return TAKE_FD (lock);
}

bool
store_part_is_dead (int dir, const char *name)
{
  const char *slash = strrchr (name, '/');
  const char *base = slash == NULL ? name : slash + 1;

  if (store_name_is_gone (base))
    return true;
  if (store_name_ends_in (base, STORE_NEW_SUFFIX))
    return is_older_than (dir, name, PART_AGE_MINIMUM);
  AUTO_CLOSE int lock =
      store_name_is_part (base) ? store_part_seize (dir, name) : -1;
  return lock >= 0;
}

/* Tell whether DIR can be written.  */
static bool
is_writable (int dir)
{
  return faccessat (dir, ".", W_OK, AT_EACCESS) == 0;
}

bool
store_is_writable (const struct store *store)
{
  return is_writable (store->repos_fd) && is_writable (store->layers_fd)
         && is_writable (store->containers_fd);
}

int
store_file_seize (int dir, const char *name)
{
  AUTO_CLOSE int fd = openat (dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

  /* Only its holder may remove it, so it is still NAME when it goes.  Whoever
     waits for it finds that it has no name and begins again.  */
  return fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0
                 && store_is_same_file (fd, dir, name)
             ? TAKE_FD (fd)
             : -1;
}

/* Remove the file NAME below DIR, which its holder would have removed, if
   nobody holds it.  */
static void
sweep_unheld (int dir, const char *name)
{
  AUTO_CLOSE int fd = store_file_seize (dir, name);

  if (fd >= 0)
    (void) unlinkat (dir, name, 0);
}

void
store_sweep_parts (int dir, const char *path)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_STORE_ENTRIES struct store_entries entries = { 0 };

  if (!is_writable (dir)
      || store_entries_read (dir, path, &entries, &ignored) < 0)
    return;
  for (size_t i = 0; i < entries.count; i++)
    {
      const char *name = entries.list[i].name;
      if (entries.list[i].type == DT_REG && store_name_ends_in (name, ".lock"))
        sweep_unheld (dir, name);
      bool is_gone =
          store_name_is_gone (name) || store_part_is_stillborn (dir, name);
      if (entries.list[i].type != DT_DIR
          || (!is_gone && !store_name_is_part (name)))
        continue;
      AUTO_CLOSE int lock = is_gone ? -1 : store_part_seize (dir, name);
      if (lock < 0 && !is_gone)
        continue;
      log_debug ("removing '%s', which an interrupted process left", name);
      store_part_remove (dir, name);
    }
}

/* Remove what is dead and old below DIR, a directory below repos/.  */
static int
sweep_images (int dir, const char *path, const struct store_walk_entry *entries,
              size_t count, void *data, struct error *err)
{
  (void) path;
  (void) err;
  for (size_t i = 0; i < count; i++)
    if (entries[i].type == DT_DIR
        && (store_name_is_part (entries[i].name)
            || store_name_ends_in (entries[i].name, STORE_NEW_SUFFIX)))
      {
        store_remove_dead (dir, NULL, data);
        break;
      }
  return 0;
}

/* Remove the half blob NAME if it is old and nobody writes it.  */
static void
sweep_blob (struct store *store, const char *name)
{
  AUTO_CLOSE int fd = store_file_seize (store->layers_fd, name);

  if (fd >= 0 && is_older_than (store->layers_fd, name, PART_AGE_MAXIMUM))
    (void) unlinkat (store->layers_fd, name, 0);
}

/* Remove the half blobs that are old, and staged content of the dead.  */
static void
sweep_blobs (struct store *store)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_STORE_ENTRIES struct store_entries blobs = { 0 };

  if (store_entries_read (store->layers_fd, store->layers, &blobs, &ignored)
      < 0)
    return;
  for (size_t i = 0; i < blobs.count; i++)
    if (blobs.list[i].type != DT_REG)
      continue;
    else if (store_name_is_part (blobs.list[i].name))
      sweep_blob (store, blobs.list[i].name);
    else if (store_name_ends_in (blobs.list[i].name, STORE_STAGE_SUFFIX))
      sweep_unheld (store->layers_fd, blobs.list[i].name);
}

void
store_sweep (struct store *store)
{
  AUTO_ERROR struct error ignored = { 0 };
  __attribute__ ((
      cleanup (store_names_release))) struct store_names blobs = { 0 };

  store_sweep_parts (store->containers_fd, store->containers);
  if (!is_writable (store->layers_fd))
    return;
  sweep_blobs (store);
  if (!is_writable (store->repos_fd))
    return;
  /* Whoever holds the lock may be sweeping too.  */
  AUTO_CLOSE int lock =
      lock_take (store->layers_fd, STORE_LOCK_NAME, "", false, &ignored);
  if (lock < 0)
    return;
  (void) store_walk (store, sweep_images, &blobs, &ignored);
  (void) store_remove_unneeded (store, &blobs, true, &ignored);
}
