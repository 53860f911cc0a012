/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The Container Device Interface.  */

#include <config.h>

#include "src/platform/cdi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "src/platform/edits.h"
#include "src/platform/yaml.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* More than a specification of all devices of a host has: what is larger was
   not made for this, or to keep us busy.  */
enum
{
  SPECIFICATION_MAXIMUM = 4 * 1024 * 1024
};

struct cdi
{
  struct json_object **specifications; /* in the order of importance, the least
                                          important first */
  size_t count;
};

/* --- reading -------------------------------------------------------------- */

static bool
ends_with (const char *text, const char *end)
{
  size_t length = strlen (text);
  size_t rest = strlen (end);
  return length > rest && strcmp (text + length - rest, end) == 0;
}

/* Read the file NAME of DIRECTORY, called PATH, into TEXT and SIZE.  */
static int
read_text (int directory, const char *name, const char *path, char **text,
           size_t *size, struct error *err)
{
  struct stat st;
  AUTO_CLOSE int fd = file_open_regular (directory, name, 0, err);
  if (fd < 0)
    return fd;
  if (fstat (fd, &st) == 0 && st.st_size > SPECIFICATION_MAXIMUM)
    return error_set (err, EFBIG,
                      _ ("'%s' is larger than %d MiB, which no specification of"
                         " devices is"),
                      path, SPECIFICATION_MAXIMUM / (1024 * 1024));
  return file_read_fd (fd, path, text, size, err);
}

/* Read the file NAME of DIRECTORY, called PATH, if it is a specification.
   Return it or NULL.  */
static struct json_object *
read_specification (int directory, const char *name, const char *path)
{
  AUTO_ERROR struct error why = { 0 };
  AUTO_FREE char *text = NULL;
  AUTO_JSON struct json_object *object = NULL;
  size_t size = 0;
  bool is_json = ends_with (name, ".json");

  if (!is_json && !ends_with (name, ".yaml") && !ends_with (name, ".yml"))
    return NULL;
  int status = read_text (directory, name, path, &text, &size, &why);
  if (status == 0)
    status = is_json ? json_parse (text, size, path, &object, &why)
                     : yaml_parse (text, size, path, &object, &why);
  if (status == 0
      && (json_string (object, "kind") == NULL
          || json_member (object, "devices", json_type_array) == NULL))
    status = error_set (&why, EBADMSG,
                        _ ("'%s' is no specification of devices"), path);
  if (status < 0)
    {
      log_warning (_ ("devices are left out: %s"), why.text);
      return NULL;
    }
  return TAKE (object);
}

/* Files by their names, so that the order does not depend on the disk.  */
static int
by_name (const void *one, const void *other)
{
  return strcmp (*(char *const *) one, *(char *const *) other);
}

static void
read_directory (struct cdi *cdi, const char *path)
{
  AUTO_CLOSEDIR DIR *directory = opendir (path);
  char **names = NULL;
  size_t count = 0;

  if (directory == NULL)
    {
      if (errno != ENOENT)
        log_warning (_ ("cannot read '%s': %s"), path, strerror (errno));
      return;
    }
  for (struct dirent *entry = readdir (directory); entry != NULL;
       entry = readdir (directory))
    if (entry->d_name[0] != '.')
      {
        names = xreallocarray (names, count + 1, sizeof *names);
        names[count++] = xstrdup (entry->d_name);
      }
  if (count > 0)
    qsort (names, count, sizeof *names, by_name);
  for (size_t i = 0; i < count; i++)
    {
      AUTO_FREE char *whole = xasprintf ("%s/%s", path, names[i]);
      struct json_object *object =
          read_specification (dirfd (directory), names[i], whole);
      if (object != NULL)
        {
          cdi->specifications =
              xreallocarray (cdi->specifications, cdi->count + 1,
                             sizeof (struct json_object *));
          cdi->specifications[cdi->count++] = object;
        }
      free (names[i]);
    }
  free (names);
}

struct cdi *
cdi_open (const char *const *directories, size_t count)
{
  struct cdi *cdi = xzalloc (sizeof *cdi);
  for (size_t i = 0; i < count; i++)
    read_directory (cdi, directories[i]);
  return cdi;
}

void
cdi_close (struct cdi *cdi)
{
  if (cdi == NULL)
    return;
  for (size_t i = 0; i < cdi->count; i++)
    json_object_put (cdi->specifications[i]);
  free (cdi->specifications);
  free (cdi);
}

/* Return the list KEY of OBJECT, which may be NULL, and its length in
 *COUNT.  */
static struct json_object *
list_of (struct json_object *object, const char *key, size_t *count)
{
  struct json_object *list = json_member (object, key, json_type_array);
  *count = list == NULL ? 0 : json_object_array_length (list);
  return list;
}

/* Return the text of member KEY of OBJECT, a number as text as well: the names
   of devices often are.  NULL when there is none.  */
static const char *
text_of (struct json_object *object, const char *key)
{
  struct json_object *number = json_member (object, key, json_type_int);
  return number != NULL ? json_object_get_string (number)
                        : json_string (object, key);
}

/* Devices of a kind, in the order of their specifications.  */
struct listing
{
  const char **names; /* ended by NULL */
  struct json_object **devices;
  size_t count;
};

/* Add DEVICE to LISTING, unless one of its name, or if DISTINCT one that is the
   same but for the name, is there.  */
static void
list_device (struct listing *listing, struct json_object *device, bool distinct)
{
  const char *name = text_of (device, "name");
  struct json_object *edits =
      json_member (device, "containerEdits", json_type_object);

  if (name == NULL)
    return;
  for (size_t i = 0; i < listing->count; i++)
    if (strcmp (listing->names[i], name) == 0
        || (distinct && edits != NULL && strcmp (listing->names[i], "all") != 0
            && json_object_equal (json_member (listing->devices[i],
                                               "containerEdits",
                                               json_type_object),
                                  edits)))
      return;
  listing->names = xreallocarray (listing->names, listing->count + 2,
                                  sizeof *listing->names);
  listing->devices = xreallocarray (listing->devices, listing->count + 1,
                                    sizeof (struct json_object *));
  listing->devices[listing->count] = device;
  listing->names[listing->count++] = name;
  listing->names[listing->count] = NULL;
}

const char **
cdi_devices (const struct cdi *cdi, const char *kind, bool distinct)
{
  struct listing listing = { .names = xcalloc (1, sizeof *listing.names) };

  for (size_t i = 0; i < cdi->count; i++)
    {
      struct json_object *specification = cdi->specifications[i];
      size_t count = 0;
      struct json_object *list = list_of (specification, "devices", &count);
      if (strcmp (json_string (specification, "kind"), kind) != 0)
        continue;
      for (size_t j = 0; j < count; j++)
        list_device (&listing, json_object_array_get_idx (list, j), distinct);
    }
  free (listing.devices);
  return listing.names;
}

/* --- edits ---------------------------------------------------------------- */

/* Add the file or device HOST, which must be there, at GUEST.  */
static int
add_mount (struct device_edits *edits, const char *host, const char *guest,
           bool read_only, struct error *err)
{
  if (host == NULL || guest == NULL || host[0] != '/' || guest[0] != '/')
    return error_set (err, EBADMSG,
                      _ ("a specification of devices has a mount without "
                         "absolute paths"));
  if (access (host, F_OK) < 0)
    return error_set (err, ENOENT, _ ("the host has no '%s': %s"), host,
                      strerror (errno));
  edits_add_mount (edits, host, guest, read_only);
  return 0;
}

static int
add_mounts (struct json_object *from, struct device_edits *edits,
            struct error *err)
{
  size_t count = 0;
  struct json_object *list = list_of (from, "mounts", &count);
  int status = 0;

  for (size_t i = 0; i < count && status == 0; i++)
    {
      struct json_object *item = json_object_array_get_idx (list, i);
      size_t option_count = 0;
      struct json_object *options = list_of (item, "options", &option_count);
      bool read_only = false;
      for (size_t j = 0; j < option_count; j++)
        {
          const char *option =
              json_object_get_string (json_object_array_get_idx (options, j));
          read_only =
              read_only || (option != NULL && strcmp (option, "ro") == 0);
        }
      status = add_mount (edits, json_string (item, "hostPath"),
                          json_string (item, "containerPath"), read_only, err);
    }
  return status;
}

static int
add_nodes (struct json_object *from, struct device_edits *edits,
           struct error *err)
{
  size_t count = 0;
  struct json_object *list = list_of (from, "deviceNodes", &count);
  int status = 0;

  for (size_t i = 0; i < count && status == 0; i++)
    {
      struct json_object *item = json_object_array_get_idx (list, i);
      const char *guest = json_string (item, "path");
      const char *host = json_string (item, "hostPath");
      status =
          add_mount (edits, host != NULL ? host : guest, guest, false, err);
    }
  return status;
}

/* Add a link at LINK to TARGET, which leads somewhere among the mounts of
   EDITS, by mounting what that shows.  Return whether it does.  */
static bool
add_link (struct device_edits *edits, const char *target, const char *link)
{
  AUTO_FREE char *whole =
      target[0] == '/'
          ? xstrdup (target)
          : xasprintf ("%.*s/%s", (int) (strrchr (link, '/') - link), link,
                       target);
  const struct edit_mount *mount = edits_find (edits, whole);
  if (mount == NULL)
    return false;
  AUTO_FREE char *host = xstrdup (mount->host);
  edits_add_mount (edits, host, link, mount->read_only);
  return true;
}

/* Add the links, each "TARGET::LINK", of which the COUNT texts at LINKS are
   some: one may lead to another that comes later.  */
static void
add_links (struct device_edits *edits, const char **links, size_t count)
{
  for (bool more = true; more;)
    {
      more = false;
      for (size_t i = 0; i < count; i++)
        {
          const char *colons =
              links[i] == NULL ? NULL : strstr (links[i], "::");
          if (colons == NULL || colons[2] != '/')
            continue;
          AUTO_FREE char *target =
              xstrndup (links[i], (size_t) (colons - links[i]));
          if (add_link (edits, target, colons + 2))
            {
              links[i] = NULL;
              more = true;
            }
        }
    }
  for (size_t i = 0; i < count; i++)
    if (links[i] != NULL)
      log_debug ("no target for the link %s of a device", links[i]);
}

/* Return the value of option NAME where word I of LIST is it, as "--NAME=VALUE"
   or "--NAME" "VALUE"; else NULL.  */
static const char *
option_value (struct json_object *list, size_t i, const char *name)
{
  const char *word =
      json_object_get_string (json_object_array_get_idx (list, i));
  size_t length = strlen (name);

  if (word == NULL || strncmp (word, name, length) != 0)
    return NULL;
  if (word[length] == '=')
    return word + length + 1;
  return word[length] == '\0'
             ? json_object_get_string (json_object_array_get_idx (list, i + 1))
             : NULL;
}

/* Do by EDITS what the hooks would do in the container's files.  */
static void
add_hooks (struct json_object *from, struct device_edits *edits)
{
  size_t count = 0;
  struct json_object *list = list_of (from, "hooks", &count);

  for (size_t i = 0; i < count; i++)
    {
      size_t words = 0;
      struct json_object *arguments =
          list_of (json_object_array_get_idx (list, i), "args", &words);
      AUTO_FREE const char **links = xcalloc (words + 1, sizeof *links);
      size_t link_count = 0;
      for (size_t j = 0; j < words; j++)
        {
          const char *folder = option_value (arguments, j, "--folder");
          const char *link = option_value (arguments, j, "--link");
          if (folder != NULL && folder[0] == '/')
            edits_add_folder (edits, folder);
          if (link != NULL)
            links[link_count++] = link;
        }
      add_links (edits, links, link_count);
    }
}

/* Add all that FROM, a member containerEdits or NULL, says.  */
static int
add_edits (struct json_object *from, struct device_edits *edits,
           struct error *err)
{
  size_t count = 0;
  struct json_object *list = list_of (from, "env", &count);
  for (size_t i = 0; i < count; i++)
    {
      const char *text =
          json_object_get_string (json_object_array_get_idx (list, i));
      if (text != NULL && strchr (text, '=') != NULL && text[0] != '=')
        edits_add_variable (edits, text);
    }
  list = list_of (from, "additionalGids", &count);
  for (size_t i = 0; i < count; i++)
    {
      int64_t group =
          json_object_get_int64 (json_object_array_get_idx (list, i));
      if (group > 0 && group < UINT32_MAX)
        edits_add_group (edits, (gid_t) group);
    }
  int status = add_nodes (from, edits, err);
  if (status == 0)
    status = add_mounts (from, edits, err);
  if (status == 0)
    add_hooks (from, edits);
  return status;
}

/* Return the device NAME of SPECIFICATION, or NULL.  */
static struct json_object *
find_device (struct json_object *specification, const char *name)
{
  size_t count = 0;
  struct json_object *list = list_of (specification, "devices", &count);
  for (size_t i = 0; i < count; i++)
    {
      struct json_object *device = json_object_array_get_idx (list, i);
      const char *its = text_of (device, "name");
      if (its != NULL && strcmp (its, name) == 0)
        return device;
    }
  return NULL;
}

/* Say that there is no device NAME, and which there are.  */
static int
no_device (const struct cdi *cdi, const char *name, const char *kind,
           struct error *err)
{
  AUTO_FREE const char **names = cdi_devices (cdi, kind, false);
  AUTO_BUFFER (list);
  for (size_t i = 0; names[i] != NULL; i++)
    buffer_add_format (&list, "%s%s", i > 0 ? ", " : "", names[i]);
  int status = error_set (err, ENODEV, _ ("there is no device '%s'"), name);
  if (names[0] != NULL)
    {
      AUTO_FREE char *all = buffer_take (&list);
      error_hint (err, _ ("those of %s are %s"), kind, all);
    }
  else
    error_hint (err,
                _ ("no specification in the directories of --cdi-dir has "
                   "devices of %s"),
                kind);
  return status;
}

int
cdi_add (const struct cdi *cdi, const char *name, struct device_edits *edits,
         struct error *err)
{
  const char *equals = strchr (name, '=');
  AUTO_FREE char *kind = xstrndup (name, (size_t) (equals - name));

  for (size_t i = cdi->count; i-- > 0;)
    {
      struct json_object *specification = cdi->specifications[i];
      struct json_object *device =
          strcmp (json_string (specification, "kind"), kind) == 0
              ? find_device (specification, equals + 1)
              : NULL;
      if (device == NULL)
        continue;
      int status = add_edits (
          json_member (device, "containerEdits", json_type_object), edits, err);
      if (status == 0)
        status = add_edits (
            json_member (specification, "containerEdits", json_type_object),
            edits, err);
      return status < 0 ? error_prefix (err, _ ("device '%s'"), name) : 0;
    }
  return no_device (cdi, name, kind, err);
}
