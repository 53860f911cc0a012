/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the metadata in an archive of images say; pure functions.  */

#include <config.h>

#include "src/image/archive-list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "src/image/manifest.h"
#include "src/registry/reference.h"
#include "xalloc.h"
#include "xvasprintf.h"

static void
strings_free (char **list, size_t count)
{
  for (size_t i = 0; i < count; i++)
    free (list[i]);
  free (list);
}

void
archive_list_release (struct archive_list *list)
{
  for (size_t i = 0; i < list->count; i++)
    {
      strings_free (list->images[i].names, list->images[i].name_count);
      strings_free (list->images[i].layers, list->images[i].layer_count);
      free (list->images[i].config);
    }
  free (list->images);
  *list = (struct archive_list){ 0 };
}

static int
refuse (struct error *err, const char *file, const char *why)
{
  return error_set (err, EBADMSG, _ ("'%s' in the archive is not valid: %s"),
                    file, why);
}

/* Copy the strings of ARRAY, which may be NULL, at most MAXIMUM, into *LIST and
 *COUNT.  Tell whether they are strings, and not too many.  */
static bool
copy_strings (struct json_object *array, size_t maximum, char ***list,
              size_t *count)
{
  size_t length = array == NULL ? 0 : json_object_array_length (array);
  if (length > maximum)
    return false;
  *list = XCALLOC (length + 1, char *);
  for (size_t i = 0; i < length; i++)
    {
      struct json_object *item = json_object_array_get_idx (array, i);
      const char *text = json_object_get_string (item);
      if (!json_object_is_type (item, json_type_string)
          || strlen (text) != (size_t) json_object_get_string_len (item)
          || strlen (text) > ARCHIVE_MAX_MEMBER_NAME)
        return false;
      (*list)[(*count)++] = xstrdup (text);
    }
  return true;
}

/* Parse TEXT, the content of FILE, into ROOT.  */
static int
parse (const char *text, size_t size, const char *file,
       struct json_object **root, struct error *err)
{
  if (size > ARCHIVE_MAX_LIST_BYTES)
    return refuse (err, file, _ ("it is too big"));
  return json_parse (text, size, file, root, err);
}

/* Read the entry OBJECT of 'manifest.json' into IMAGE.  */
static int
read_image (struct json_object *object, struct archive_image *image,
            struct error *err)
{
  const char *config = json_string (object, "Config");

  if (config == NULL || strlen (config) > ARCHIVE_MAX_MEMBER_NAME)
    return refuse (err, "manifest.json", _ ("an image has no 'Config'"));
  image->config = xstrdup (config);
  if (!copy_strings (json_member (object, "RepoTags", json_type_array),
                     ARCHIVE_MAX_NAMES, &image->names, &image->name_count))
    return refuse (err, "manifest.json", _ ("'RepoTags' is no list of names"));
  if (!copy_strings (json_member (object, "Layers", json_type_array),
                     MANIFEST_MAX_LAYERS, &image->layers, &image->layer_count))
    return refuse (err, "manifest.json", _ ("'Layers' is no list of members"));
  return 0;
}

int
archive_list_parse (struct archive_list *list, const char *text, size_t size,
                    struct error *err)
{
  AUTO_JSON struct json_object *root = NULL;
  struct archive_list made = { 0 };

  int status = parse (text, size, "manifest.json", &root, err);
  if (status < 0)
    return status;
  if (!json_object_is_type (root, json_type_array)
      || json_object_array_length (root) > ARCHIVE_MAX_IMAGES)
    return refuse (err, "manifest.json", _ ("it is no list of images"));

  size_t count = json_object_array_length (root);
  made.images = XCALLOC (count + 1, struct archive_image);
  for (size_t i = 0; i < count && status == 0; i++)
    status = read_image (json_object_array_get_idx (root, i),
                         &made.images[made.count++], err);
  if (status < 0)
    archive_list_release (&made);
  else
    *list = made;
  return status;
}

int
archive_list_parse_repositories (struct archive_list *list, const char *text,
                                 size_t size, struct error *err)
{
  AUTO_JSON struct json_object *root = NULL;
  struct archive_list made = { 0 };

  int status = parse (text, size, "repositories", &root, err);
  if (status < 0)
    return status;
  if (!json_object_is_type (root, json_type_object))
    return refuse (err, "repositories", _ ("it is no JSON object"));

  made.images = XCALLOC (ARCHIVE_MAX_IMAGES, struct archive_image);
  json_object_object_foreach (root, name, tags)
  {
    if (!json_object_is_type (tags, json_type_object))
      continue;
    json_object_object_foreach (tags, tag, id)
    {
      if (made.count == ARCHIVE_MAX_IMAGES
          || !json_object_is_type (id, json_type_string))
        {
          archive_list_release (&made);
          return refuse (err, "repositories", _ ("it is no list of images"));
        }
      struct archive_image *image = &made.images[made.count++];
      image->names = XCALLOC (1, char *);
      image->names[image->name_count++] = xasprintf ("%s:%s", name, tag);
      image->layers = XCALLOC (1, char *);
      image->layers[image->layer_count++] =
          xstrdup (json_object_get_string (id));
    }
  }
  *list = made;
  return 0;
}

char *
archive_member_name (const char *path, const char *link)
{
  AUTO_BUFFER (name);
  const char *slash = link == NULL || *path == '/' ? NULL : strrchr (link, '/');

  if (strlen (path) > ARCHIVE_MAX_MEMBER_NAME)
    return NULL;
  if (slash != NULL)
    buffer_add (&name, link, (size_t) (slash - link));
  while (*path != '\0')
    {
      size_t length = strcspn (path, "/");
      if (length == 2 && strncmp (path, "..", 2) == 0)
        {
          if (name.length == 0)
            return NULL;
          while (name.length > 0 && name.data[--name.length] != '/')
            ;
        }
      else if (length > 0 && !(length == 1 && *path == '.'))
        {
          if (name.length > 0)
            buffer_add_char (&name, '/');
          buffer_add (&name, path, length);
        }
      path += length;
      path += strspn (path, "/");
    }
  if (name.length == 0)
    return NULL;
  name.data[name.length] = '\0';
  return buffer_take (&name);
}

bool
archive_image_name (const char *given, bool may_be_tag, const char *repository,
                    const char *digest, char **name, char **tag)
{
  AUTO_ERROR struct error ignored = { 0 };
  struct reference ref = { 0 };
  bool is_tag = given != NULL && may_be_tag && strpbrk (given, "/:@") == NULL;
  const char *colon = strchr (digest, ':');
  AUTO_FREE char *made =
      xasprintf ("localhost/%.12s", colon == NULL ? digest : colon + 1);
  AUTO_FREE char *whole = given == NULL ? NULL
                          : is_tag      ? xasprintf ("%s:%s", made, given)
                                        : xstrdup (given);

  bool is_good = whole == NULL || reference_parse (&ref, whole, &ignored) == 0;
  bool is_named = whole != NULL && is_good;
  *name = xstrdup (repository != NULL ? repository
                   : is_named         ? ref.name
                                      : made);
  *tag = xstrdup (is_named ? reference_local_tag (&ref) : "latest");
  reference_release (&ref);
  return is_good;
}

struct json_object *
archive_diff_ids (struct json_object *config)
{
  return json_member (json_member (config, "rootfs", json_type_object),
                      "diff_ids", json_type_array);
}
