/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What an image says about how it is run.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "src/container/container.h"
#include "xalloc.h"
#include "xstrndup.h"

/* Return whether VALUE says nothing.  */
static bool
is_empty (struct json_object *value)
{
  switch (json_object_get_type (value))
    {
    case json_type_null:
      return true;
    case json_type_string:
      return json_object_get_string_len (value) == 0;
    case json_type_array:
      return json_object_array_length (value) == 0;
    case json_type_object:
      return json_object_object_length (value) == 0;
    default:
      return false;
    }
}

/* Return member KEY of OBJECT or, where that says nothing, the one whose name
   is KEY in lower case; NULL for none.  Some tools write those.  */
static struct json_object *
find_member (struct json_object *object, const char *key)
{
  struct json_object *value = NULL;
  if (!json_object_is_type (object, json_type_object))
    return NULL;
  if (json_object_object_get_ex (object, key, &value) && !is_empty (value))
    return value;

  AUTO_FREE char *lower = xstrdup (key);
  for (char *c = lower; *c != '\0'; c++)
    if (*c >= 'A' && *c <= 'Z')
      *c = (char) (*c + ('a' - 'A'));
  if (json_object_object_get_ex (object, lower, &value) && !is_empty (value))
    return value;
  return NULL;
}

/* Return the text in VALUE, or NULL when it is none that can be used.  */
static const char *
text_of (struct json_object *value)
{
  if (!json_object_is_type (value, json_type_string))
    return NULL;
  const char *text = json_object_get_string (value);
  size_t length = (size_t) json_object_get_string_len (value);
  return strlen (text) == length ? text : NULL;
}

/* Refuse what KEY says.  Leaving it out instead would run another program, or
   the program as another user.  */
static int
refuse (const char *key, struct error *err)
{
  return error_set (err, EBADMSG,
                    _ ("invalid container json metadata: its %s is no text; "
                       "--nometa runs the container without what it says"),
                    key);
}

/* Refuse all of it.  */
static int
refuse_all (struct error *err)
{
  return error_set (err, EBADMSG,
                    _ ("invalid container json metadata: it, or its config, is "
                       "no object; --nometa runs the container without what it "
                       "says"));
}

/* Put member KEY of OBJECT, as a text that the caller frees, into TEXT, NULL
   for none; a list is joined by blanks.  */
static int
read_text (struct json_object *object, const char *key, char **text,
           struct error *err)
{
  struct json_object *value = find_member (object, key);
  if (value == NULL)
    return 0;
  if (!json_object_is_type (value, json_type_array))
    {
      const char *found = text_of (value);
      if (found == NULL)
        return refuse (key, err);
      *text = xstrdup (found);
      return 0;
    }

  AUTO_BUFFER (joined);
  for (size_t i = 0; i < json_object_array_length (value); i++)
    {
      const char *found = text_of (json_object_array_get_idx (value, i));
      if (found == NULL)
        return refuse (key, err);
      buffer_add_format (&joined, "%s%s", joined.length > 0 ? " " : "", found);
    }
  if (joined.length > 0)
    *text = buffer_take (&joined);
  return 0;
}

/* Put member KEY of OBJECT into the *COUNT texts at *LIST; a text is split at
   white space.  */
static int
read_list (struct json_object *object, const char *key, char ***list,
           size_t *count, struct error *err)
{
  struct json_object *value = find_member (object, key);
  if (value == NULL)
    return 0;
  if (json_object_is_type (value, json_type_array))
    {
      for (size_t i = 0; i < json_object_array_length (value); i++)
        {
          const char *text = text_of (json_object_array_get_idx (value, i));
          if (text == NULL)
            return refuse (key, err);
          run_list_add (list, count, xstrdup (text));
        }
      return 0;
    }
  const char *text = text_of (value);
  if (text == NULL)
    return refuse (key, err);
  while (*text != '\0')
    {
      text += strspn (text, " \t\r\n");
      size_t length = strcspn (text, " \t\r\n");
      if (length > 0)
        run_list_add (list, count, xstrndup (text, length));
      text += length;
    }
  return 0;
}

/* Note which ports OBJECT says that the program listens on: keys like
   "80/tcp".  */
static void
read_ports (struct json_object *object, struct run_metadata *metadata)
{
  struct json_object *ports = find_member (object, "ExposedPorts");
  if (!json_object_is_type (ports, json_type_object))
    return;
  json_object_object_foreach (ports, port, details)
  {
    (void) details; /* always empty */
    long number = strtol (port, NULL, 10);
    metadata->exposes_ports = true;
    if (number > 0 && number < 1024)
      metadata->exposes_privileged_ports = true;
  }
}

/* Note which volumes OBJECT says that the container has: they are keys.  */
static void
read_volumes (struct json_object *object, struct run_metadata *metadata)
{
  struct json_object *volumes = find_member (object, "Volumes");
  if (!json_object_is_type (volumes, json_type_object))
    return;
  json_object_object_foreach (volumes, path, details)
  {
    (void) details; /* always empty */
    run_list_add (&metadata->volumes, &metadata->volume_count, xstrdup (path));
  }
}

/* Return what OBJECT says is the signal that asks the program to end, as it
   was written, which the caller frees, or NULL.  */
static char *
read_stop_signal (struct json_object *object)
{
  struct json_object *value = find_member (object, "StopSignal");
  return value == NULL ? NULL : xstrdup (json_object_get_string (value));
}

/* Find in TOP what is said about running: *CONFIG, NULL when there is nothing.
   Return 0, or -EBADMSG with ERR set when that cannot be.  */
static int
find_config (struct json_object *top, struct json_object **config,
             struct error *err)
{
  if (!is_empty (top) && !json_object_is_type (top, json_type_object))
    return refuse_all (err);
  *config = find_member (top, "config");
  if (*config == NULL)
    *config = find_member (top, "container_config");
  if (*config != NULL && !json_object_is_type (*config, json_type_object))
    return refuse_all (err);
  return 0;
}

int
run_metadata_read (const struct container *container,
                   struct run_metadata *metadata, struct error *err)
{
  AUTO_FREE char *text = NULL;
  size_t size = 0;
  int status = container_read_metadata (container, &text, &size, err);
  if (status < 0)
    return status;
  AUTO_JSON struct json_object *top = NULL;
  status = json_parse (text, size, "container.json", &top, err);
  if (status < 0)
    return error_prefix (err, _ ("invalid container json metadata"));

  struct json_object *config = NULL;
  status = find_config (top, &config, err);
  if (status < 0)
    return status;
  *metadata = (struct run_metadata){ 0 };
  const char *architecture = text_of (find_member (top, "architecture"));
  if (architecture != NULL)
    metadata->architecture = xstrdup (architecture);
  status = read_text (config, "User", &metadata->user, err);
  if (status == 0)
    status = read_text (config, "WorkingDir", &metadata->directory, err);
  if (status == 0)
    status = read_list (config, "Entrypoint", &metadata->entry_point,
                        &metadata->entry_point_count, err);
  if (status == 0)
    status = read_list (config, "Cmd", &metadata->command,
                        &metadata->command_count, err);
  if (status == 0)
    status = read_list (config, "Env", &metadata->environment,
                        &metadata->environment_count, err);
  metadata->stop_signal = read_stop_signal (config);
  if (status < 0)
    {
      run_metadata_release (metadata);
      return status;
    }
  read_ports (config, metadata);
  read_volumes (config, metadata);
  return 0;
}

void
run_metadata_release (struct run_metadata *metadata)
{
  free (metadata->user);
  free (metadata->directory);
  free (metadata->architecture);
  free (metadata->stop_signal);
  run_list_free (metadata->entry_point);
  run_list_free (metadata->command);
  run_list_free (metadata->environment);
  run_list_free (metadata->volumes);
  *metadata = (struct run_metadata){ 0 };
}
