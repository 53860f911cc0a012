/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Whether libraries of the host will load in a container: what they need of
   others, versions of symbols above all, is compared with what the container
   has, as its dynamic linker will do.  */

#include <config.h>

#include "src/container/run-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/file.h"
#include "lib/base/error.h"
#include "src/platform/driver.h"
#include "src/platform/edits.h"
#include "src/platform/library.h"
#include "src/platform/linker-cache.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* Where dynamic linkers look that are not told otherwise: Debian's have one or
   the other, those of others the last.  */
static const char *const folders[] = {
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
};

/* A library of the container that was looked for before.  */
struct known
{
  char *name;
  bool found;
  struct library library;
};

/* A library of the host that is to be shown.  */
struct shown
{
  const char *name; /* how it is called in the container */
  struct library library;
  bool readable; /* it is a library */
  char *fault;   /* why it will not load, or NULL */
};

/* All that is compared.  */
struct comparison
{
  const struct run_plan *plan;
  const char *search_path; /* LD_LIBRARY_PATH of the image, or NULL */
  char *cache;             /* the linker's of the container, or NULL */
  size_t cache_size;
  struct known *known;
  size_t known_count;
  struct shown *shown;
  size_t shown_count;
};

/* Return whether PLAN's container has a file PATH.  */
static bool
has_file (const struct run_plan *plan, const char *path)
{
  struct run_place place = { .fd = -1 };
  bool there = run_look (plan, path, 0, &place) == 0 && place.fd >= 0;
  run_place_release (&place);
  return there;
}

char *
run_library_folder (const struct run_plan *plan)
{
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
    {
      AUTO_FREE char *path = xasprintf ("%s/libc.so.6", folders[i]);
      if (has_file (plan, path))
        return xstrdup (folders[i]);
    }
  return NULL;
}

bool
run_library_folder_is_searched (const struct run_plan *plan, const char *folder)
{
  AUTO_FREE char *path = xasprintf ("%s/libc.so.6", folder);
  return has_file (plan, path);
}

/* Read the library PATH of the container.  Return whether it is one.  */
static bool
read_inside (const struct run_plan *plan, const char *path,
             struct library *library)
{
  struct run_place place = { .fd = -1 };
  bool good = false;
  if (run_look (plan, path, 0, &place) == 0 && place.fd >= 0
      && S_ISREG (place.status.st_mode))
    {
      char name[32];
      snprintf (name, sizeof name, "/proc/self/fd/%d", place.fd);
      good = library_read (name, library);
    }
  run_place_release (&place);
  return good;
}

/* Looks for one name in the linker's cache.  */
struct cached
{
  const struct run_plan *plan;
  const char *name;
  struct library *library;
  bool found;
};

static void
look_at_cached (const char *name, const char *path, void *data)
{
  struct cached *cached = data;
  if (!cached->found && strcmp (name, cached->name) == 0)
    cached->found = read_inside (cached->plan, path, cached->library);
}

/* Find the library NAME where the container's linker would.  */
static bool
find_inside (const struct comparison *comparison, const char *name,
             struct library *library)
{
  const char *path = comparison->search_path;
  while (path != NULL && *path != '\0')
    {
      size_t length = strcspn (path, ":");
      AUTO_FREE char *file = xasprintf ("%.*s/%s", (int) length, path, name);
      if (file[0] == '/' && read_inside (comparison->plan, file, library))
        return true;
      path += length + (path[length] == ':');
    }
  struct cached cached = { .plan = comparison->plan,
                           .name = name,
                           .library = library };
  if (comparison->cache != NULL)
    linker_cache_each (comparison->cache, comparison->cache_size,
                       look_at_cached, &cached);
  for (size_t i = 0; !cached.found && i < sizeof folders / sizeof *folders; i++)
    {
      AUTO_FREE char *file = xasprintf ("%s/%s", folders[i], name);
      cached.found = read_inside (comparison->plan, file, library);
    }
  return cached.found;
}

/* Read the container's cache of the linker.  */
static void
read_cache (struct comparison *comparison)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct run_place place = { .fd = -1 };
  if (run_look (comparison->plan, "/etc/ld.so.cache", 0, &place) == 0
      && place.fd >= 0)
    {
      AUTO_CLOSE int fd = run_place_open (&place);
      if (fd >= 0)
        (void) file_read_fd (fd, "ld.so.cache", &comparison->cache,
                             &comparison->cache_size, &ignored);
    }
  run_place_release (&place);
}

/* Return what is known of the library NAME of the container.  */
static const struct known *
know (struct comparison *comparison, const char *name)
{
  for (size_t i = 0; i < comparison->known_count; i++)
    if (strcmp (comparison->known[i].name, name) == 0)
      return &comparison->known[i];
  comparison->known =
      xreallocarray (comparison->known, comparison->known_count + 1,
                     sizeof *comparison->known);
  struct known *known = &comparison->known[comparison->known_count++];
  *known = (struct known){ .name = xstrdup (name) };
  known->found = find_inside (comparison, name, &known->library);
  return known;
}

/* Return the library that is shown as NAME, or NULL.  */
static const struct shown *
find_shown (const struct comparison *comparison, const char *name)
{
  for (size_t i = 0; i < comparison->shown_count; i++)
    if (comparison->shown[i].readable
        && (strcmp (comparison->shown[i].name, name) == 0
            || (comparison->shown[i].library.name != NULL
                && strcmp (comparison->shown[i].library.name, name) == 0)))
      return &comparison->shown[i];
  return NULL;
}

/* Return in words why NEED cannot be had, which the caller frees, or NULL.  */
static char *
fault_of (struct comparison *comparison, const struct library_need *need)
{
  const struct shown *other = find_shown (comparison, need->file);
  const struct library *library;

  if (other != NULL)
    {
      if (other->fault != NULL)
        return xasprintf (_ ("needs %s, which will not load"), need->file);
      library = &other->library;
    }
  else
    {
      const struct known *known = know (comparison, need->file);
      if (!known->found)
        return xasprintf (_ ("needs %s, which the container lacks"),
                          need->file);
      library = &known->library;
    }
  if (need->version == NULL || library_has (library, need->version))
    return NULL;
  return xasprintf (_ ("needs %s of %s, and the container's is older"),
                    need->version, need->file);
}

/* Return whether the container's C library gives no library an executable stack
   that a program loads while it runs: since 2.41, where it also got other
   functions.  */
static bool
keeps_stacks (struct comparison *comparison)
{
  const struct known *known = know (comparison, "libc.so.6");
  return known->found && known->library.version_count > 0
         && library_has (&known->library, "GLIBC_2.41");
}

/* Find out which of the libraries that are shown will not load: also those that
   need such ones.  */
static void
find_faults (struct comparison *comparison)
{
  for (size_t i = 0; i < comparison->shown_count; i++)
    if (comparison->shown[i].library.executable_stack
        && keeps_stacks (comparison))
      comparison->shown[i].fault =
          xstrdup (_ ("wants an executable stack, and the container's C library"
                      " gives none"));
  for (bool more = true; more;)
    {
      more = false;
      for (size_t i = 0; i < comparison->shown_count; i++)
        {
          struct shown *shown = &comparison->shown[i];
          for (size_t j = 0;
               shown->fault == NULL && j < shown->library.need_count; j++)
            {
              shown->fault = fault_of (comparison, &shown->library.needs[j]);
              more = more || shown->fault != NULL;
            }
        }
    }
}

/* Say what was found.  */
static void
tell (const struct comparison *comparison)
{
  AUTO_BUFFER (list);
  size_t faults = 0;
  bool helped = false; /* by a newer release */

  for (size_t i = 0; i < comparison->shown_count; i++)
    {
      const struct shown *shown = &comparison->shown[i];
      /* One file goes by several names.  */
      if (shown->fault == NULL
          || (shown->library.name != NULL
              && strcmp (shown->library.name, shown->name) != 0))
        continue;
      if (faults < 3)
        buffer_add_format (&list, "%s%s %s", faults > 0 ? "; " : "",
                           shown->name, shown->fault);
      log_debug ("%s %s", shown->name, shown->fault);
      helped = helped || !shown->library.executable_stack;
      faults++;
    }
  if (faults == 0)
    return;
  AUTO_FREE char *words = buffer_take (&list);
  log_warning (_ ("%zu libraries of the host will not load in this container:"
                  " %s%s%s"),
               faults, words, faults > 3 ? _ ("; and others") : "",
               helped ? _ ("; use an image of a newer release") : "");
}

static void
release (struct comparison *comparison)
{
  for (size_t i = 0; i < comparison->known_count; i++)
    {
      free (comparison->known[i].name);
      library_release (&comparison->known[i].library);
    }
  free (comparison->known);
  for (size_t i = 0; i < comparison->shown_count; i++)
    {
      library_release (&comparison->shown[i].library);
      free (comparison->shown[i].fault);
    }
  free (comparison->shown);
  free (comparison->cache);
}

bool
run_library_is_inside (const struct run_plan *plan, const char *search_path,
                       const char *name)
{
  struct comparison comparison = { .plan = plan, .search_path = search_path };
  struct library library = { 0 };

  if (name[0] == '/')
    return has_file (plan, name);
  read_cache (&comparison);
  bool inside = find_inside (&comparison, name, &library);
  for (size_t i = 0; !inside && i < sizeof folders / sizeof *folders; i++)
    {
      /* Without libelf no file is known to be a library.  */
      AUTO_FREE char *path = xasprintf ("%s/%s", folders[i], name);
      inside = has_file (plan, path);
    }
  library_release (&library);
  release (&comparison);
  return inside;
}

/* Return whether NAME is a part of the C library, or the linker.  */
static bool
is_basic (const char *name)
{
  static const char *const parts[] = {
    "libc.so.", "libm.so.", "libdl.so.",  "librt.so.",   "libpthread.",
    "ld-linux", "libmvec.", "libresolv.", "libutil.so.", "ld64.so."
  };
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strncmp (name, parts[i], strlen (parts[i])) == 0)
      return true;
  return false;
}

/* Add to EDITS the library NAME, if it is neither among them nor in the
   container of COMPARISON, and the host has it.  */
static void
add_missing (struct comparison *comparison,
             const struct driver_request *request, const char *name,
             struct device_edits *edits)
{
  AUTO_FREE char *guest = xasprintf ("%s/%s", request->folder, name);
  if (strchr (name, '/') != NULL || is_basic (name)
      || edits_find (edits, guest) != NULL || know (comparison, name)->found)
    return;
  AUTO_FREE char *path = driver_find_library (request, name);
  if (path == NULL)
    return;
  log_debug ("the host's %s is needed by the driver", name);
  edits_add_mount (edits, path, guest, true);
}

void
run_libraries_complete (const struct run_plan *plan, const char *search_path,
                        const struct driver_request *request, size_t first,
                        struct device_edits *edits)
{
  struct comparison comparison = { .plan = plan, .search_path = search_path };

  read_cache (&comparison);
  /* What is added may need more.  */
  for (size_t i = first; i < edits->mount_count; i++)
    {
      struct library library;
      bool is_library = strstr (edits->mounts[i].guest, ".so") != NULL
                        && library_read (edits->mounts[i].host, &library);
      if (!is_library)
        continue;
      for (size_t j = 0; j < library.need_count; j++)
        add_missing (&comparison, request, library.needs[j].file, edits);
      library_release (&library);
    }
  release (&comparison);
}

void
run_libraries_check (const struct run_plan *plan, const char *search_path,
                     const struct device_edits *edits)
{
  struct comparison comparison = {
    .plan = plan,
    .search_path = search_path,
    .shown = xcalloc (edits->mount_count + 1, sizeof (struct shown)),
  };

  for (size_t i = 0; i < edits->mount_count; i++)
    {
      const struct edit_mount *mount = &edits->mounts[i];
      if (strstr (mount->guest, ".so") == NULL)
        continue;
      struct shown *shown = &comparison.shown[comparison.shown_count++];
      shown->name = strrchr (mount->guest, '/') + 1;
      shown->readable = library_read (mount->host, &shown->library);
    }
  if (comparison.shown_count > 0)
    {
      read_cache (&comparison);
      find_faults (&comparison);
      tell (&comparison);
    }
  release (&comparison);
}
