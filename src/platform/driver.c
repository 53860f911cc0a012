/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Drivers of graphics processors on the host.  */

#include <config.h>

#include "src/platform/driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/elf/find.h"
#include "lib/elf/machine.h"
#include "src/platform/edits.h"
#include "src/platform/host.h"
#include "src/platform/linker-cache.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* The linker's cache of the host.  */
#define LINKER_CACHE "/etc/ld.so.cache"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

const struct driver_vendor *
driver_find (const char *name)
{
  for (const struct driver_vendor *vendor = driver_vendors;
       vendor->name != NULL; vendor++)
    if (strcmp (vendor->name, name) == 0)
      return vendor;
  return NULL;
}

const struct driver_vendor *
driver_of_kind (const char *kind)
{
  for (const struct driver_vendor *vendor = driver_vendors;
       vendor->name != NULL; vendor++)
    if (strcmp (vendor->kind, kind) == 0)
      return vendor;
  return NULL;
}

unsigned
driver_read_capabilities (const char *text, char **unknown)
{
  static const struct driver_item names[] = {
    { "compute", DRIVER_COMPUTE },
    { "utility", DRIVER_UTILITY },
    { "graphics", DRIVER_GRAPHICS },
    { "display", DRIVER_GRAPHICS },
    { "video", DRIVER_VIDEO },
    { "ngx", DRIVER_NGX },
    { "all", DRIVER_ALL },
    /* Docker's word for any, and libraries of 32 bits, which are left out.  */
    { "gpu", 0 },
    { "compat32", 0 },
  };
  unsigned capabilities = 0;

  if (unknown != NULL)
    *unknown = NULL;
  while (text != NULL && *text != '\0')
    {
      size_t length = strcspn (text, ",");
      bool known = length == 0;
      for (size_t i = 0; i < COUNT (names); i++)
        if (strlen (names[i].name) == length
            && strncmp (names[i].name, text, length) == 0)
          {
            capabilities |= names[i].capabilities;
            known = true;
          }
      if (!known && unknown != NULL && *unknown == NULL)
        *unknown = xstrndup (text, length);
      text += length + (text[length] == ',');
    }
  return capabilities;
}

/* --- devices -------------------------------------------------------------- */

/* Where there are nodes of processors of all makers, one name each, and where
   the kernel tells of them.  */
static const struct
{
  const char *pattern;
  const char *class;
  bool counts; /* as a processor */
} shared_nodes[] = {
  { "/dev/dri/render*", "/sys/class/drm", true },
  { "/dev/dri/card*", "/sys/class/drm", false },
  { "/dev/accel/accel*", "/sys/class/accel", false },
};

/* Return the number of the maker of the device NAME, of which CLASS tells; 0
   when that cannot be told.  */
static unsigned
maker_of (const char *class, const char *name)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *path = xasprintf ("%s/%s/device/vendor", class, name);
  AUTO_FREE char *text = NULL;
  if (file_read (AT_FDCWD, path, &text, NULL, &ignored) < 0)
    return 0;
  return (unsigned) strtoul (text, NULL, 16);
}

/* Add to EDITS, unless it is NULL, the nodes that VENDOR shares with others.
   Return how many there are, *PROCESSORS of them processors.  */
static size_t
visit_shared (const struct driver_vendor *vendor, struct device_edits *edits,
              size_t *processors)
{
  size_t count = 0;
  *processors = 0;
  for (size_t i = 0; i < COUNT (shared_nodes); i++)
    {
      glob_t found = { 0 };
      if (glob (shared_nodes[i].pattern, 0, NULL, &found) == 0)
        for (size_t j = 0; j < found.gl_pathc; j++)
          {
            const char *path = found.gl_pathv[j];
            if (maker_of (shared_nodes[i].class, strrchr (path, '/') + 1)
                != vendor->pci_vendor)
              continue;
            count++;
            *processors += shared_nodes[i].counts;
            if (edits != NULL)
              edits_add_mount (edits, path, path, false);
          }
      globfree (&found);
    }
  return count;
}

/* Return how many files fit PATTERN.  */
static size_t
count_files (const char *pattern)
{
  glob_t found = { 0 };
  size_t count =
      glob (pattern, 0, NULL, &found) == 0 ? (size_t) found.gl_pathc : 0;
  globfree (&found);
  return count;
}

bool
driver_is_there (const struct driver_vendor *vendor)
{
  size_t processors = 0;
  for (size_t i = 0; vendor->nodes != NULL && vendor->nodes[i] != NULL; i++)
    if (count_files (vendor->nodes[i]) > 0)
      return true;
  return vendor->processors == NULL
         && visit_shared (vendor, NULL, &processors) > 0;
}

size_t
driver_count (const struct driver_vendor *vendor)
{
  size_t count = 0;
  if (vendor->processors != NULL)
    return count_files (vendor->processors);
  (void) visit_shared (vendor, NULL, &count);
  return count;
}

/* Add to EDITS the files that fit PATTERN, where they are.  */
static void
add_pattern (struct device_edits *edits, const char *pattern)
{
  glob_t found = { 0 };
  if (glob (pattern, 0, NULL, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; i++)
      edits_add_mount (edits, found.gl_pathv[i], found.gl_pathv[i],
                       strncmp (found.gl_pathv[i], "/dev/", 5) != 0);
  globfree (&found);
}

char *
driver_forbidden (const struct driver_vendor *vendor)
{
  __attribute__ ((cleanup (edits_release))) struct device_edits nodes = { 0 };
  size_t processors = 0;

  for (size_t i = 0; vendor->used != NULL && vendor->used[i] != NULL; i++)
    add_pattern (&nodes, vendor->used[i]);
  if (vendor->processors == NULL)
    (void) visit_shared (vendor, &nodes, &processors);
  for (size_t i = 0; i < nodes.mount_count; i++)
    {
      const char *path = nodes.mounts[i].host;
      /* A screen is for whoever sits before it.  */
      if (strncmp (path, "/dev/dri/card", 13) != 0
          && access (path, R_OK | W_OK) < 0 && errno == EACCES)
        return xstrdup (path);
    }
  return NULL;
}

void
driver_add_devices (const struct driver_request *request,
                    struct device_edits *edits)
{
  const struct driver_vendor *vendor = request->vendor;
  size_t processors = 0;

  for (size_t i = 0; vendor->nodes != NULL && vendor->nodes[i] != NULL; i++)
    add_pattern (edits, vendor->nodes[i]);
  for (size_t i = 0; i < request->devices.count; i++)
    {
      AUTO_FREE char *pattern = xasprintf ("%s*", request->devices.items[i]);
      if (strncmp (pattern, "/dev/", 5) == 0)
        add_pattern (edits, pattern);
    }
  if (vendor->processors == NULL
      || (request->capabilities & (DRIVER_GRAPHICS | DRIVER_VIDEO)) != 0)
    (void) visit_shared (vendor, edits, &processors);
}

bool
driver_add_nodes (struct device_edits *edits)
{
  size_t before = edits->mount_count;
  for (size_t i = 0; i < COUNT (shared_nodes); i++)
    add_pattern (edits, shared_nodes[i].pattern);
  return edits->mount_count > before;
}

/* --- libraries ------------------------------------------------------------ */

/* What is looked for, and where it goes.  */
struct search
{
  const struct driver_request *request;
  const struct driver_item *items;
  const char *folder;
  struct device_edits *edits;
  const char *name; /* one library, in place of ITEMS */
  char *path;       /* where that is, once it is found */
};

/* Return whether the library NAME is among ITEMS, and for one of
   CAPABILITIES.  */
static bool
is_among (const struct driver_item *items, const char *name,
          unsigned capabilities)
{
  char stem[256];
  const char *end = strstr (name, ".so");
  while (end != NULL && end[3] != '\0' && end[3] != '.')
    end = strstr (end + 1, ".so");
  if (end == NULL || (size_t) (end - name) >= sizeof stem)
    return false;
  memcpy (stem, name, (size_t) (end - name));
  stem[end - name] = '\0';
  for (; items->name != NULL; items++)
    if ((items->capabilities & capabilities) != 0
        && fnmatch (items->name, stem, 0) == 0)
      return true;
  return false;
}

/* Return whether NAME is that of a library that SEARCH is for.  */
static bool
is_wanted (const struct search *search, const char *name)
{
  if (search->name != NULL)
    return search->path == NULL && strcmp (name, search->name) == 0;
  if (is_among (search->items, name, search->request->capabilities))
    return true;
  for (size_t i = 0; i < search->request->libraries.count; i++)
    {
      const char *beginning = search->request->libraries.items[i];
      if (strncmp (name, beginning, strlen (beginning)) == 0)
        return true;
    }
  return false;
}

/* Return whether the file PATH is for this machine.  */
static bool
is_ours (const char *path)
{
  unsigned char head[64];
  AUTO_CLOSE int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t got = fd < 0 ? -1 : read (fd, head, sizeof head);
  const struct elf_machine *machine =
      got < 0 ? NULL : elf_machine_of (head, (size_t) got);
  return machine != NULL
         && strcmp (machine->architecture, platform_host ()->architecture) == 0;
}

/* Take the library PATH as NAME, and as the file that it is a link to.  */
static void
take_library (const char *name, const char *path, void *data)
{
  struct search *search = data;
  if (!is_wanted (search, name) || !is_ours (path))
    return;
  AUTO_FREE char *real = realpath (path, NULL);
  if (real == NULL)
    return;
  if (search->name != NULL)
    {
      search->path = TAKE (real);
      return;
    }
  AUTO_FREE char *guest = xasprintf ("%s/%s", search->folder, name);
  AUTO_FREE char *other =
      xasprintf ("%s/%s", search->folder, strrchr (real, '/') + 1);
  edits_add_mount (search->edits, real, guest, true);
  edits_add_mount (search->edits, real, other, true);
}

/* Look at the libraries of the directory PATH, or of BELOW in it.  */
static void
search_directory (struct search *search, const char *path, const char *below)
{
  AUTO_FREE char *whole = xasprintf ("%s%s", path, below);
  AUTO_CLOSEDIR DIR *directory = opendir (whole);
  for (struct dirent *entry = directory == NULL ? NULL : readdir (directory);
       entry != NULL; entry = readdir (directory))
    if (is_wanted (search, entry->d_name))
      {
        AUTO_FREE char *file = xasprintf ("%s/%s", whole, entry->d_name);
        take_library (entry->d_name, file, search);
      }
}

/* Look at those that the linker's cache, the file PATH, names.  */
static void
search_cache (struct search *search, const char *path)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *cache = NULL;
  size_t size = 0;
  if (file_read (AT_FDCWD, path, &cache, &size, &ignored) == 0)
    linker_cache_each (cache, size, take_library, search);
}

/* Look at the directories that fit PATTERN, of several releases the newest, or
   at BELOW in it.  */
static void
search_pattern (struct search *search, const char *pattern, const char *below)
{
  glob_t found = { 0 };
  const char *newest = NULL;
  if (glob (pattern, 0, NULL, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; i++)
      if (newest == NULL || strverscmp (found.gl_pathv[i], newest) > 0)
        newest = found.gl_pathv[i];
  if (newest != NULL)
    search_directory (search, newest, below);
  globfree (&found);
}

/* Look everywhere; in directories at BELOW, "" for themselves.  The first that
   has a library counts.  */
static void
search_all (struct search *search, const char *below)
{
  const struct driver_request *request = search->request;
  const struct driver_vendor *vendor = request->vendor;
  const char *home =
      vendor->variable != NULL ? getenv (vendor->variable) : NULL;

  for (size_t i = 0; i < request->directories.count; i++)
    search_directory (search, request->directories.items[i], below);
  if (home != NULL && home[0] == '/')
    {
      AUTO_FREE char *path = xasprintf ("%s/lib", home);
      search_directory (search, path, below);
    }
  if (below[0] == '\0')
    search_cache (search, LINKER_CACHE);
  for (size_t i = 0; vendor->places[i] != NULL; i++)
    search_pattern (search, vendor->places[i], below);
}

char *
driver_find_library (const struct driver_request *request, const char *name)
{
  struct search search = { .request = request, .name = name };
  search_all (&search, "");
  return search.path;
}

/* Add the modules of REQUEST, for the libraries in the container that load
   them: these look below /usr, wherever the C library is.  */
static void
add_modules (const struct driver_request *request, struct device_edits *edits)
{
  AUTO_FREE char *folder = xasprintf (
      "%s%s/dri", strncmp (request->folder, "/lib", 4) == 0 ? "/usr" : "",
      request->folder);
  struct driver_request only = *request;
  only.libraries.count = 0;
  struct search search = {
    .request = &only,
    .items = request->vendor->modules,
    .folder = folder,
    .edits = edits,
  };
  search_all (&search, "/dri");
}

/* --- other files ---------------------------------------------------------- */

/* Return the library that the file PATH registers as a driver, for OpenCL or
   Vulkan, which the caller frees; NULL when it is something else.  */
static char *
registered_library (const char *path)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  AUTO_JSON struct json_object *object = NULL;
  size_t size = 0;
  const char *suffix = strrchr (path, '.');

  if (suffix == NULL || file_read (AT_FDCWD, path, &text, &size, &ignored) < 0)
    return NULL;
  if (strcmp (suffix, ".icd") == 0)
    return xstrndup (text, strcspn (text, " \t\r\n"));
  if (strcmp (suffix, ".json") != 0 || strstr (path, "/icd.d/") == NULL
      || json_parse (text, size, path, &object, &ignored) < 0)
    return NULL;
  const char *library = json_string (
      json_member (object, "ICD", json_type_object), "library_path");
  return library == NULL ? NULL : xstrdup (library);
}

/* Add the files that fit PATTERN, and what they register by a path.  */
static void
add_files (struct device_edits *edits, const char *pattern)
{
  size_t before = edits->mount_count;
  add_pattern (edits, pattern);
  for (size_t i = before, after = edits->mount_count; i < after; i++)
    {
      AUTO_FREE char *library = registered_library (edits->mounts[i].host);
      AUTO_FREE char *real =
          library != NULL && library[0] == '/' && is_ours (library)
              ? realpath (library, NULL)
              : NULL;
      if (real != NULL)
        edits_add_mount (edits, real, library, true);
    }
}

/* Add the program NAME of the host, if there is one.  */
static void
add_program (struct device_edits *edits, const char *name)
{
  AUTO_FREE char *path = elf_find_program (name);
  if (path == NULL)
    return;
  const char *slash = strrchr (name, '/');
  AUTO_FREE char *guest =
      xasprintf ("/usr/bin/%s", slash != NULL ? slash + 1 : name);
  edits_add_mount (edits, path, guest, true);
}

/* Add the other files of REQUEST.  */
static void
add_others (const struct driver_request *request, struct device_edits *edits)
{
  const struct driver_vendor *vendor = request->vendor;
  const unsigned capabilities = request->capabilities;

  for (const struct driver_item *item = vendor->programs;
       item != NULL && item->name != NULL; item++)
    if ((item->capabilities & capabilities) != 0)
      add_program (edits, item->name);
  for (size_t i = 0; i < request->programs.count; i++)
    add_program (edits, request->programs.items[i]);
  for (const struct driver_item *item = vendor->files;
       item != NULL && item->name != NULL; item++)
    if ((item->capabilities & capabilities) != 0)
      add_files (edits, item->name);
  for (size_t i = 0; i < request->files.count; i++)
    {
      AUTO_FREE char *path = xasprintf ("/etc/%s", request->files.items[i]);
      add_pattern (edits, path);
    }
}

int
driver_add_files (const struct driver_request *request,
                  struct device_edits *edits, struct error *err)
{
  const struct driver_vendor *vendor = request->vendor;
  struct search search = {
    .request = request,
    .items = vendor->libraries,
    .folder = request->folder,
    .edits = edits,
  };
  size_t before = edits->mount_count;

  search_all (&search, "");
  if (vendor->modules != NULL)
    add_modules (request, edits);
  if (edits->mount_count == before)
    return error_set (err, ENOENT,
                      _ ("no %s driver was found: neither in '%s' nor in "
                         "the usual places is a library %s.so; say where "
                         "it is with lib_dirs_list_%s in udocker.conf"),
                      vendor->title, LINKER_CACHE, vendor->libraries[0].name,
                      vendor->name);
  add_others (request, edits);
  edits_add_folder (edits, request->folder);
  return 0;
}
