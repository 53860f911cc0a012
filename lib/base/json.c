/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   JSON from others, read with limits, and ours, written.  */

#include <config.h>

#include "lib/base/json.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "xalloc.h"

enum
{
  JSON_DEPTH_MAXIMUM = 32
};

void
json_release (struct json_object **object)
{
  json_object_put (*object);
}

/* Return whether only white space stands in the SIZE bytes at TEXT.  */
static bool
is_blank (const char *text, size_t size)
{
  for (size_t i = 0; i < size; i++)
    if (!strchr (" \t\r\n", text[i]) || text[i] == '\0')
      return false;
  return true;
}

int
json_parse (const char *text, size_t size, const char *name,
            struct json_object **object, struct error *err)
{
  if (size > INT_MAX)
    return error_set (err, EBADMSG, _ ("%s: too large to be JSON"), name);

  struct json_tokener *tokener = json_tokener_new_ex (JSON_DEPTH_MAXIMUM);
  if (tokener == NULL)
    xalloc_die ();

  AUTO_JSON struct json_object *value =
      json_tokener_parse_ex (tokener, text, (int) size);
  enum json_tokener_error result = json_tokener_get_error (tokener);
  size_t end = json_tokener_get_parse_end (tokener);
  /* A number at the very end is complete only once something follows.  */
  if (result == json_tokener_continue && size > 0)
    {
      value = json_tokener_parse_ex (tokener, "", 1);
      result = json_tokener_get_error (tokener);
      end = size;
    }
  json_tokener_free (tokener);

  if (result != json_tokener_success)
    return error_set (err, EBADMSG, _ ("%s is not valid JSON: %s"), name,
                      result == json_tokener_continue
                          ? _ ("it ends too early")
                          : json_tokener_error_desc (result));
  if (end < size && !is_blank (text + end, size - end))
    return error_set (err, EBADMSG,
                      _ ("%s is not valid JSON: something follows it"), name);
  *object = TAKE (value);
  return 0;
}

int
json_read_file (int dir, const char *path, struct json_object **object,
                struct error *err)
{
  AUTO_FREE char *text = NULL;
  size_t size = 0;

  int status = file_read (dir, path, &text, &size, err);
  if (status < 0)
    return status;
  return json_parse (text, size, path, object, err);
}

struct json_object *
json_member (struct json_object *object, const char *key, enum json_type type)
{
  struct json_object *value = NULL;

  if (object == NULL || !json_object_is_type (object, json_type_object)
      || !json_object_object_get_ex (object, key, &value)
      || !json_object_is_type (value, type))
    return NULL;
  return value;
}

const char *
json_string (struct json_object *object, const char *key)
{
  struct json_object *value = json_member (object, key, json_type_string);

  if (value == NULL)
    return NULL;

  const char *text = json_object_get_string (value);
  return strlen (text) == (size_t) json_object_get_string_len (value) ? text
                                                                      : NULL;
}

int64_t
json_integer (struct json_object *object, const char *key,
              int64_t value_if_none)
{
  struct json_object *value = json_member (object, key, json_type_int);

  return value == NULL ? value_if_none : json_object_get_int64 (value);
}

/* Decode one UTF-8 character from TEXT (SIZE bytes, at least one) into
   CHARACTER and return its length; a byte that is not UTF-8 stands for
   itself.  */
static size_t
decode_utf8 (const unsigned char *text, size_t size, uint32_t *character)
{
  size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;

  *character = text[0];
  if (text[0] < 0xc2 || text[0] > 0xf4 || length > size)
    return 1;

  uint32_t value = text[0] & (0x7fu >> length);
  for (size_t i = 1; i < length; i++)
    {
      if ((text[i] & 0xc0) != 0x80)
        return 1;
      value = value << 6 | (text[i] & 0x3f);
    }
  *character = value;
  return length;
}

static void
print_string (struct buffer *out, const char *text, size_t size)
{
  static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";

  buffer_add_char (out, '"');
  for (size_t i = 0; i < size;)
    {
      const char *escape = escapes;
      while (*escape != '\0' && *escape != text[i])
        escape += 2;

      uint32_t character = 0;
      size_t length = 1;
      if (text[i] != '\0' && *escape != '\0')
        {
          buffer_add_char (out, '\\');
          buffer_add_char (out, escape[1]);
        }
      else if ((length = decode_utf8 ((const unsigned char *) text + i,
                                      size - i, &character)),
               character >= 0x10000)
        buffer_add_format (out, "\\u%04" PRIx32 "\\u%04" PRIx32,
                           0xd800 + ((character - 0x10000) >> 10),
                           0xdc00 + ((character - 0x10000) & 0x3ff));
      else if (character < 0x20 || character >= 0x7f)
        buffer_add_format (out, "\\u%04" PRIx32, character);
      else
        buffer_add_char (out, text[i]);
      i += length;
    }
  buffer_add_char (out, '"');
}

static int
compare_keys (const void *a, const void *b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
indent (struct buffer *out, int depth)
{
  buffer_add_char (out, '\n');
  for (int i = 0; i < depth * 4; i++)
    buffer_add_char (out, ' ');
}

static void print_value (struct buffer *out, struct json_object *value,
                         int depth);

static void
print_object (struct buffer *out, struct json_object *object, int depth)
{
  size_t count = (size_t) json_object_object_length (object);
  AUTO_FREE const char **keys = xcalloc (count + 1, sizeof *keys);
  size_t filled = 0;

  json_object_object_foreach (object, key, unused)
  {
    (void) unused;
    keys[filled++] = key;
  }
  qsort (keys, filled, sizeof *keys, compare_keys);

  buffer_add_char (out, '{');
  for (size_t i = 0; i < filled; i++)
    {
      if (i > 0)
        buffer_add_char (out, ',');
      indent (out, depth + 1);
      print_string (out, keys[i], strlen (keys[i]));
      buffer_add_string (out, ": ");
      print_value (out, json_object_object_get (object, keys[i]), depth + 1);
    }
  if (filled > 0)
    indent (out, depth);
  buffer_add_char (out, '}');
}

static void
print_array (struct buffer *out, struct json_object *array, int depth)
{
  size_t count = json_object_array_length (array);

  buffer_add_char (out, '[');
  for (size_t i = 0; i < count; i++)
    {
      if (i > 0)
        buffer_add_char (out, ',');
      indent (out, depth + 1);
      print_value (out, json_object_array_get_idx (array, i), depth + 1);
    }
  if (count > 0)
    indent (out, depth);
  buffer_add_char (out, ']');
}

static void
print_value (struct buffer *out, struct json_object *value, int depth)
{
  switch (json_object_get_type (value))
    {
    case json_type_object:
      print_object (out, value, depth);
      break;
    case json_type_array:
      print_array (out, value, depth);
      break;
    case json_type_string:
      print_string (out, json_object_get_string (value),
                    (size_t) json_object_get_string_len (value));
      break;
    default:
      buffer_add_string (
          out, json_object_to_json_string_ext (value, JSON_C_TO_STRING_PLAIN));
      break;
    }
}

char *
json_pretty (struct json_object *object)
{
  AUTO_BUFFER (out);

  print_value (&out, object, 0);
  buffer_add_char (&out, '\n');
  return buffer_take (&out);
}
