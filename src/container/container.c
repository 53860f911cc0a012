/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers as they lie on disk: find, list, name, remove.  */

#include <config.h>

#include "src/container/container.h"

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
#include "src/image/store.h"
#include "src/image/tree.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

enum
{
  NAME_MAXIMUM = 2048, /* bytes in an alias */
  PREFIX_MINIMUM = 4   /* characters of an id that may stand for it */
};

/* Tell whether NAME can be a directory below containers/.  */
static bool
id_is_safe (const char *name)
{
  return *name != '\0' && *name != '.' && strchr (name, '/') == NULL;
}

/* Tell whether NAME is a directory below containers/, not a link to one.  */
static bool
is_container (struct store *store, const char *name)
{
  struct stat info;

  return id_is_safe (name)
         && fstatat (store_containers_fd (store), name, &info,
                     AT_SYMLINK_NOFOLLOW)
                == 0
         && S_ISDIR (info.st_mode);
}

/* Return the id that the alias NAME stands for, which the caller frees, or
   NULL when it is no alias.  */
static char *
read_alias (struct store *store, const char *name)
{
  if (!id_is_safe (name))
    return NULL;

  AUTO_FREE char *target = file_read_link (store_containers_fd (store), name);
  return target != NULL && id_is_safe (target) ? TAKE (target) : NULL;
}

/* Open the directory containers/ of STORE for readdir.  */
static int
open_containers (struct store *store, DIR **stream, struct error *err)
{
  int fd = openat (store_containers_fd (store), ".",
                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  *stream = fd < 0 ? NULL : fdopendir (fd);
  if (*stream == NULL)
    {
      int number = errno;
      if (fd >= 0)
        close (fd);
      return error_set (err, number, _ ("cannot read directory '%s': %s"),
                        store_containers_path (store), strerror (number));
    }
  return 0;
}

/* Return the type of ENTRY of the directory of STORE's containers.  */
static unsigned char
entry_type (struct store *store, const struct dirent *entry)
{
  struct stat info;

  if (entry->d_type != DT_UNKNOWN)
    return entry->d_type;
  return fstatat (store_containers_fd (store), entry->d_name, &info,
                  AT_SYMLINK_NOFOLLOW)
                 < 0
             ? DT_UNKNOWN
             : (unsigned char) IFTODT (info.st_mode);
}

static int
set_not_found (const char *name, struct error *err)
{
  return error_set (err, ENOENT, _ ("container id or name not found: %s"),
                    name);
}

/* Find the one container whose id begins with PREFIX.  */
static int
find_prefix (struct store *store, const char *prefix, char **id,
             struct error *err)
{
  AUTO_CLOSEDIR DIR *stream = NULL;
  AUTO_FREE char *found = NULL;
  const struct dirent *entry;

  int status = open_containers (store, &stream, err);
  if (status < 0)
    return status;
  while ((entry = readdir (stream)) != NULL)
    {
      if (strncmp (entry->d_name, prefix, strlen (prefix)) != 0
          || entry_type (store, entry) != DT_DIR)
        continue;
      if (found != NULL)
        return error_set (err, EEXIST,
                          _ ("'%s' is the beginning of several container ids"),
                          prefix);
      found = xstrdup (entry->d_name);
    }
  if (found == NULL)
    return set_not_found (prefix, err);
  *id = TAKE (found);
  return 0;
}

int
container_open (struct store *store, const char *name, enum container_by by,
                struct container **container, struct error *err)
{
  AUTO_FREE char *id = read_alias (store, name);

  if (id == NULL && is_container (store, name))
    id = xstrdup (name);
  if (id == NULL && by == CONTAINER_BY_PREFIX && id_is_safe (name)
      && strlen (name) >= PREFIX_MINIMUM)
    {
      int status = find_prefix (store, name, &id, err);
      if (status < 0)
        return status;
    }
  if (id == NULL || !is_container (store, id))
    return set_not_found (name, err);

  AUTO_CLOSE int fd = openat (store_containers_fd (store), id,
                              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return error_set (err, errno, _ ("cannot open container '%s': %s"), id,
                      strerror (errno));

  struct container *new = xzalloc (sizeof *new);
  new->store = store;
  new->path = xasprintf ("%s/%s", store_containers_path (store), id);
  new->root = xasprintf ("%s/ROOT", new->path);
  new->id = TAKE (id);
  new->fd = TAKE_FD (fd);
  *container = new;
  return 0;
}

void
container_close (struct container *container)
{
  if (container == NULL)
    return;
  cleanup_close (&container->fd);
  free (container->id);
  free (container->path);
  free (container->root);
  free (container);
}

int
container_read_metadata (const struct container *container, char **text,
                         size_t *size, struct error *err)
{
  int status = file_read (container->fd, "container.json", text, size, err);

  return status < 0 ? error_prefix (err, _ ("invalid container json metadata"))
                    : 0;
}

int
container_read_file (const struct container *container, const char *file,
                     char **text, struct error *err)
{
  static const char white_space[] = " \t\r\n";
  AUTO_FREE char *content = NULL;

  int status = file_read (container->fd, file, &content, NULL, err);
  if (status < 0)
    return error_prefix (err, _ ("container '%s'"), container->id);

  const char *start = content + strspn (content, white_space);
  size_t length = strlen (start);
  while (length > 0 && strchr (white_space, start[length - 1]) != NULL)
    length--;
  *text = xstrndup (start, length);
  return 0;
}

int
container_write_file (const struct container *container, const char *file,
                      const void *text, size_t size, struct error *err)
{
  int status = file_replace (container->fd, file, text, size, 0644, err);

  return status < 0 ? error_prefix (err, _ ("container '%s'"), container->id)
                    : 0;
}

/* Files beside the tree that mean something in modes F alone.  */
static const char *const alterations[] = { "ld.so.orig", "ld.so.path",
                                           "ld.lib.dirs", "patch.path",
                                           "patch.time" };

bool
container_is_altered (const struct container *container)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *mode = NULL;

  for (size_t i = 0; i < sizeof alterations / sizeof *alterations; i++)
    if (file_exists (container->fd, alterations[i]))
      return true;
  if (file_exists (container->fd, CONTAINER_ORIGINALS)
      || file_exists (container->fd, "ROOT/" CONTAINER_HOST_FILES))
    return true;
  return container_read_file (container, "execmode", &mode, &ignored) == 0
         && (mode[0] == 'F' || mode[0] == 'f');
}

void
container_forget_alterations (const struct container *container)
{
  for (size_t i = 0; i < sizeof alterations / sizeof *alterations; i++)
    (void) unlinkat (container->fd, alterations[i], 0);
}

/* The mark that a container wants the NVIDIA driver.  */
#define NVIDIA_MARK "nvidia"

bool
container_wants_nvidia (const struct container *container)
{
  return file_exists (container->fd, NVIDIA_MARK);
}

int
container_want_nvidia (const struct container *container, bool wanted,
                       struct error *err)
{
  if (wanted)
    return container_write_file (container, NVIDIA_MARK, "", 0, err);
  if (unlinkat (container->fd, NVIDIA_MARK, 0) < 0 && errno != ENOENT)
    return error_set (err, errno, _ ("cannot remove '%s/%s': %s"),
                      container->path, NVIDIA_MARK, strerror (errno));
  return 0;
}

bool
container_is_protected (const struct container *container)
{
  return file_exists (container->fd, "PROTECT");
}

bool
container_is_in_place (const struct container *container)
{
  struct stat here;
  struct stat there;

  return fstat (container->fd, &here) == 0
         && fstatat (store_containers_fd (container->store), container->id,
                     &there, AT_SYMLINK_NOFOLLOW)
                == 0
         && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* Names.  */

int
container_check_name (const char *name, struct error *err)
{
  size_t length = strlen (name);
  bool valid = length > 0 && length <= NAME_MAXIMUM && name[0] != '-'
               && strcspn (name, "/. []\177") == length;

  for (const char *c = name; valid && *c != '\0'; c++)
    valid = (unsigned char) *c > ' ';
  if (valid)
    return 0;
  return error_set (err, EINVAL,
                    _ ("invalid container name or wrong format: '%s': a name "
                       "has no slash, dot, blank, bracket or control "
                       "character in it, does not begin with '-', and is not "
                       "empty"),
                    name);
}

bool
container_name_leads_nowhere (struct store *store, const char *name)
{
  AUTO_FREE char *id = read_alias (store, name);

  return id != NULL && !is_container (store, id);
}

int
container_add_name (const struct container *container, const char *name,
                    struct error *err)
{
  int status = container_check_name (name, err);
  if (status < 0)
    return status;
  if (symlinkat (container->id, store_containers_fd (container->store), name)
      == 0)
    return 0;
  if (errno == EEXIST)
    return error_set (err, EEXIST, _ ("container name already exists: %s"),
                      name);
  return error_set (err, errno, _ ("cannot name a container '%s': %s"), name,
                    strerror (errno));
}

int
container_remove_name (struct store *store, const char *name, struct error *err)
{
  AUTO_FREE char *id = read_alias (store, name);

  if (id == NULL && is_container (store, name))
    return error_set (err, EINVAL,
                      _ ("'%s' is the id of a container, not a name"), name);
  if (id == NULL)
    return error_set (err, ENOENT, _ ("invalid container id or name: %s"),
                      name);
  if (unlinkat (store_containers_fd (store), name, 0) < 0)
    return error_set (err, errno, _ ("cannot remove container name '%s': %s"),
                      name, strerror (errno));
  return 0;
}

int
container_rename (struct store *store, const char *old_name,
                  const char *new_name, struct error *err)
{
  int dir = store_containers_fd (store);
  AUTO_FREE char *id = read_alias (store, old_name);

  if (id == NULL && is_container (store, old_name))
    return error_set (err, EINVAL,
                      _ ("name does not exist: '%s' is the id of a container"),
                      old_name);
  if (id == NULL || !is_container (store, id))
    return error_set (err, ENOENT, _ ("container does not exist: %s"),
                      old_name);
  int status = container_check_name (new_name, err);
  if (status < 0)
    return status;
  /* A new link, not a rename, so that a taken name is never replaced.  */
  if (symlinkat (id, dir, new_name) < 0)
    return errno == EEXIST
               ? error_set (err, EEXIST, _ ("new name already exists: %s"),
                            new_name)
               : error_set (err, errno, _ ("setting new name '%s': %s"),
                            new_name, strerror (errno));
  if (unlinkat (dir, old_name, 0) < 0)
    {
      int number = errno;
      (void) unlinkat (dir, new_name, 0); /* the first failure is told */
      return error_set (err, number,
                        _ ("cannot remove container name '%s': %s"), old_name,
                        strerror (number));
    }
  return 0;
}

/* Removing.  */

/* Remove the aliases of the container ID.  */
static int
remove_names (struct store *store, const char *id, struct error *err)
{
  AUTO_CLOSEDIR DIR *stream = NULL;
  const struct dirent *entry;

  int status = open_containers (store, &stream, err);
  if (status < 0)
    return status;
  while ((entry = readdir (stream)) != NULL)
    {
      if (entry_type (store, entry) != DT_LNK)
        continue;
      AUTO_FREE char *target = read_alias (store, entry->d_name);
      if (target != NULL && strcmp (target, id) == 0
          && unlinkat (store_containers_fd (store), entry->d_name, 0) < 0
          && errno != ENOENT)
        return error_set (err, errno,
                          _ ("cannot remove container name '%s': %s"),
                          entry->d_name, strerror (errno));
    }
  return 0;
}

int
container_remove (struct container *container, bool force, struct error *err)
{
  struct store *store = container->store;
  int dir = store_containers_fd (store);
  AUTO_FREE char *gone = xasprintf (".%s" STORE_GONE_SUFFIX, container->id);

  if (container_is_protected (container))
    return error_set (err, EPERM, _ ("container is protected: %s"),
                      container->id);
  int status = remove_names (store, container->id, err);
  if (status < 0)
    return status;
  bool is_renamed = renameat (dir, container->id, dir, gone) == 0;
  /* A name takes room, where there may be none.  */
  if (!is_renamed && errno != ENOENT && !file_is_no_room (errno))
    return error_set (err, errno, _ ("deleting container '%s': %s"),
                      container->id, strerror (errno));
  status = tree_remove (dir, is_renamed ? gone : container->id, force, err);
  return status < 0
             ? error_prefix (err, _ ("deleting container '%s'"), container->id)
             : 0;
}

/* Listing.  */

static int
compare_entries (const void *a, const void *b)
{
  return strcmp (((const struct container_entry *) a)->id,
                 ((const struct container_entry *) b)->id);
}

static int
compare_strings (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* An alias while it is not yet known whose.  */
struct alias
{
  char *name;
  char *id;
};

/* What a listing has found so far.  */
struct listing
{
  struct container_entry *entries;
  size_t count;
  size_t space;
  struct alias *aliases;
  size_t alias_count;
  size_t alias_space;
};

static void
listing_release (struct listing *listing)
{
  container_entries_free (listing->entries, listing->count);
  for (size_t i = 0; i < listing->alias_count; i++)
    {
      free (listing->aliases[i].name);
      free (listing->aliases[i].id);
    }
  free (listing->aliases);
}

/* Add ENTRY to LISTING if it is a container or an alias.  */
static void
add_entry (struct listing *listing, struct store *store,
           const struct dirent *entry)
{
  unsigned char type =
      entry->d_name[0] == '.' ? DT_UNKNOWN : entry_type (store, entry);

  if (type == DT_DIR)
    {
      if (listing->count == listing->space)
        listing->entries = x2nrealloc (listing->entries, &listing->space,
                                       sizeof *listing->entries);
      listing->entries[listing->count++] =
          (struct container_entry){ .id = xstrdup (entry->d_name) };
    }
  else if (type == DT_LNK)
    {
      char *id = read_alias (store, entry->d_name);
      if (id == NULL)
        return;
      if (listing->alias_count == listing->alias_space)
        listing->aliases = x2nrealloc (listing->aliases, &listing->alias_space,
                                       sizeof *listing->aliases);
      listing->aliases[listing->alias_count++] =
          (struct alias){ .name = xstrdup (entry->d_name), .id = id };
    }
}

/* Give the names in LISTING, whose entries are sorted, to their containers.  */
static void
assign_names (struct listing *listing)
{
  for (size_t i = 0; i < listing->alias_count; i++)
    {
      struct container_entry key = { .id = listing->aliases[i].id };
      struct container_entry *entry =
          listing->count == 0 ? NULL
                              : bsearch (&key, listing->entries, listing->count,
                                         sizeof key, compare_entries);
      if (entry == NULL)
        continue;
      entry->names = xreallocarray (entry->names, entry->name_count + 1,
                                    sizeof *entry->names);
      entry->names[entry->name_count++] = TAKE (listing->aliases[i].name);
    }
  for (size_t i = 0; i < listing->count; i++)
    if (listing->entries[i].name_count > 1)
      qsort (listing->entries[i].names, listing->entries[i].name_count,
             sizeof (char *), compare_strings);
}

int
container_list (struct store *store, struct container_entry **entries,
                size_t *count, struct error *err)
{
  __attribute__ ((cleanup (listing_release))) struct listing listing = { 0 };
  AUTO_CLOSEDIR DIR *stream = NULL;
  const struct dirent *entry;

  int status = open_containers (store, &stream, err);
  if (status < 0)
    return status;
  errno = 0;
  while ((entry = readdir (stream)) != NULL)
    {
      add_entry (&listing, store, entry);
      errno = 0;
    }
  if (errno != 0)
    return error_set (err, errno, _ ("cannot read directory '%s': %s"),
                      store_containers_path (store), strerror (errno));
  if (listing.count > 0)
    qsort (listing.entries, listing.count, sizeof *listing.entries,
           compare_entries);
  assign_names (&listing);
  *count = listing.count;
  *entries = TAKE (listing.entries);
  listing.count = 0;
  return 0;
}

void
container_entries_free (struct container_entry *entries, size_t count)
{
  for (size_t i = 0; i < count && entries != NULL; i++)
    {
      for (size_t j = 0; j < entries[i].name_count; j++)
        free (entries[i].names[j]);
      free (entries[i].names);
      free (entries[i].id);
    }
  free (entries);
}
