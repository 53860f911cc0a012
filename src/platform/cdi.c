/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The Container Device Interface.  */

#include <config.h>

#include "src/platform/cdi.h"

#include <dirent.h>
#include <errno.h>
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
#include "src/platform/cdi-private.h"
#include "src/platform/device-name.h"
#include "src/platform/yaml.h"
#include "c-ctype.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* More than a specification of all devices of a host has: what is larger was
   not made for this, or to keep us busy.  */
enum
{
  SPECIFICATION_MAXIMUM = 1024 * 1024
};

/* The version of CDI's specification that this follows.  */
enum
{
  VERSION_MAJOR = 1,
  VERSION_MINOR = 1
};

/* A file.  */
struct specification
{
  struct json_object *object;
  char *path;
  size_t importance; /* of its directory; more is better */
  bool used;
};

struct cdi
{
  struct specification *specifications; /* the least important first */
  size_t count;
  struct json_object **used; /* members containerEdits of devices; borrowed */
  size_t used_count;
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

/* Return the text of member KEY of OBJECT, a number as text as well: the names
   of devices often are.  NULL when there is none.  */
static const char *
text_of (struct json_object *object, const char *key)
{
  struct json_object *number = json_member (object, key, json_type_int);
  return number != NULL ? json_object_get_string (number)
                        : json_string (object, key);
}

/* Set NUMBERS to the three numbers of the version TEXT, which may begin with a
   "v".  Return whether it is one.  */
static bool
read_version (const char *text, unsigned long numbers[3])
{
  text += text[0] == 'v';
  for (size_t i = 0; i < 3; i++)
    {
      char *end = NULL;
      if (!c_isdigit (text[0]) || strspn (text, "0123456789") > 4)
        return false;
      numbers[i] = strtoul (text, &end, 10);
      if (*end != (i < 2 ? '.' : '\0'))
        return false;
      text = end + 1;
    }
  return true;
}

/* Return whether the specification OBJECT, the file PATH, is of a version that
   can be understood.  */
static int
check_version (struct json_object *object, const char *path, struct error *err)
{
  const char *text = json_string (object, "cdiVersion");
  unsigned long numbers[3] = { 0 };

  if (text == NULL)
    return error_set (err, EBADMSG,
                      _ ("'%s' is no specification of devices: it has no"
                         " cdiVersion"),
                      path);
  if (!read_version (text, numbers))
    return error_set (err, EBADMSG,
                      _ ("'%s' has a cdiVersion that is none: '%s'"), path,
                      text);
  if (numbers[0] > VERSION_MAJOR)
    return error_set (err, EBADMSG,
                      _ ("'%s' follows version %s of CDI, which is newer than"
                         " this udocker"),
                      path, text);
  if (numbers[0] == VERSION_MAJOR && numbers[1] > VERSION_MINOR)
    log_debug (
        "'%s' follows version %s of CDI; what is new there is not heeded", path,
        text);
  return 0;
}

/* Return whether the devices of OBJECT, the file PATH, have names, each one of
   its own.  */
static int
check_devices (struct json_object *object, const char *path, struct error *err)
{
  size_t count = 0;
  struct json_object *list = cdi_list_of (object, "devices", &count);
  AUTO_FREE const char **names = xcalloc (count + 1, sizeof *names);

  if (count == 0)
    return error_set (err, EBADMSG,
                      _ ("'%s' is no specification of devices: it has none"),
                      path);
  for (size_t i = 0; i < count; i++)
    {
      const char *name = text_of (json_object_array_get_idx (list, i), "name");
      if (name == NULL)
        return error_set (err, EBADMSG, _ ("'%s' has a device without a name"),
                          path);
      if (!device_name_is_valid (name))
        return error_set (err, EBADMSG,
                          _ ("'%s' has a device with an invalid name: '%s'"),
                          path, name);
      for (size_t j = 0; j < i; j++)
        if (strcmp (names[j], name) == 0)
          return error_set (err, EBADMSG, _ ("'%s' has two devices '%s'"), path,
                            name);
      names[i] = name;
    }
  return 0;
}

/* Return whether OBJECT, the file PATH, is a specification.  */
static int
check_specification (struct json_object *object, const char *path,
                     struct error *err)
{
  const char *kind = json_string (object, "kind");
  if (kind == NULL)
    return error_set (err, EBADMSG,
                      _ ("'%s' is no specification of devices: it has no kind"),
                      path);
  if (!device_kind_is_valid (kind))
    return error_set (err, EBADMSG,
                      _ ("'%s' has devices of an invalid kind: '%s'"), path,
                      kind);
  int status = check_version (object, path, err);
  return status < 0 ? status : check_devices (object, path, err);
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
  if (status == 0)
    status = check_specification (object, path, &why);
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

/* Read what is in the directory PATH, of IMPORTANCE.  */
static void
read_directory (struct cdi *cdi, const char *path, size_t importance)
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
          cdi->specifications = xreallocarray (
              cdi->specifications, cdi->count + 1, sizeof *cdi->specifications);
          cdi->specifications[cdi->count++] = (struct specification){
            .object = object,
            .path = TAKE (whole),
            .importance = importance,
          };
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
    read_directory (cdi, directories[i], i);
  return cdi;
}

void
cdi_close (struct cdi *cdi)
{
  if (cdi == NULL)
    return;
  for (size_t i = 0; i < cdi->count; i++)
    {
      json_object_put (cdi->specifications[i].object);
      free (cdi->specifications[i].path);
    }
  free (cdi->specifications);
  free (cdi->used);
  free (cdi);
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
      struct json_object *specification = cdi->specifications[i].object;
      size_t count = 0;
      struct json_object *list = cdi_list_of (specification, "devices", &count);
      if (strcmp (json_string (specification, "kind"), kind) != 0)
        continue;
      for (size_t j = 0; j < count; j++)
        list_device (&listing, json_object_array_get_idx (list, j), distinct);
    }
  free (listing.devices);
  return listing.names;
}

/* --- devices -------------------------------------------------------------- */

/* Return the device NAME of SPECIFICATION, or NULL.  */
static struct json_object *
find_device (struct json_object *specification, const char *name)
{
  size_t count = 0;
  struct json_object *list = cdi_list_of (specification, "devices", &count);
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

/* Set *FOUND to the specification that has the device NAME of KIND, or to NULL.
   Of several the one in the most important directory has it, if it is one.  */
static int
find_specification (const struct cdi *cdi, const char *kind, const char *name,
                    struct specification **found, struct error *err)
{
  *found = NULL;
  for (size_t i = cdi->count; i-- > 0;)
    {
      struct specification *specification = &cdi->specifications[i];
      if (*found != NULL && specification->importance < (*found)->importance)
        break;
      if (strcmp (json_string (specification->object, "kind"), kind) != 0
          || find_device (specification->object, name) == NULL)
        continue;
      if (*found != NULL)
        return error_set (err, EEXIST,
                          _ ("the device '%s=%s' is in '%s' and in '%s'"), kind,
                          name, specification->path, (*found)->path);
      *found = specification;
    }
  return 0;
}

int
cdi_add (struct cdi *cdi, const char *name, struct device_edits *edits,
         struct error *err)
{
  const char *equals = strchr (name, '=');
  AUTO_FREE char *kind = xstrndup (name, (size_t) (equals - name));
  struct specification *specification = NULL;

  int status = find_specification (cdi, kind, equals + 1, &specification, err);
  if (status < 0)
    return status;
  if (specification == NULL)
    return no_device (cdi, name, kind, err);
  struct json_object *from =
      json_member (find_device (specification->object, equals + 1),
                   "containerEdits", json_type_object);
  status = cdi_add_edits (from, edits, err);
  if (status < 0)
    return error_prefix (err, _ ("device '%s'"), name);
  specification->used = true;
  cdi->used = xreallocarray (cdi->used, cdi->used_count + 1,
                             sizeof (struct json_object *));
  cdi->used[cdi->used_count++] = from;
  return 0;
}

int
cdi_finish (struct cdi *cdi, struct device_edits *edits, struct error *err)
{
  for (size_t i = 0; i < cdi->count; i++)
    {
      struct specification *specification = &cdi->specifications[i];
      if (!specification->used)
        continue;
      struct json_object *from = json_member (
          specification->object, "containerEdits", json_type_object);
      if (cdi_add_edits (from, edits, err) < 0)
        return error_prefix (err, "'%s'", specification->path);
      cdi->used = xreallocarray (cdi->used, cdi->used_count + 1,
                                 sizeof (struct json_object *));
      cdi->used[cdi->used_count++] = from;
    }
  /* Links may lead to names of libraries.  */
  for (size_t i = 0; i < cdi->used_count; i++)
    cdi_add_folders (cdi->used[i], edits);
  for (size_t i = 0; i < cdi->used_count; i++)
    cdi_add_hooks (cdi->used[i], edits);
  return 0;
}
