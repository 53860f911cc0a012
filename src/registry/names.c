/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Take pages of names apart, and say where the next one is.  */

#include <config.h>

#include "src/registry/names.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"

enum
{
  NAME_BYTES_MAX = 1024,
};

/* Return whether TEXT, which is to be printed a line, has nothing but what
   names of repositories and tags are made of.  */
static bool
is_name (const char *text)
{
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._-/+:";
  size_t size = strlen (text);

  return size > 0 && size <= NAME_BYTES_MAX && strspn (text, allowed) == size;
}

/* Put NAME, which is taken, behind those in NAMES.  */
static void
add_name (struct names *names, char *name)
{
  if (names->count == names->space)
    names->list = x2nrealloc (names->list, &names->space, sizeof *names->list);
  names->list[names->count++] = name;
}

int
names_parse (const char *text, size_t size, const char *member,
             struct names *names, struct error *err)
{
  AUTO_JSON struct json_object *object = NULL;
  struct json_object *array = NULL;
  int strange = 0;

  int status = json_parse (text, size, member, &object, err);
  if (status < 0)
    return status;
  if (!json_object_is_type (object, json_type_object)
      || !json_object_object_get_ex (object, member, &array)
      || !(array == NULL || json_object_is_type (array, json_type_array)))
    return error_set (err, EBADMSG, _ ("there is no list of %s in it"), member);
  size_t count = array == NULL ? 0 : json_object_array_length (array);
  for (size_t i = 0; i < count; i++)
    {
      struct json_object *item = json_object_array_get_idx (array, i);
      const char *name = json_object_is_type (item, json_type_string)
                             ? json_object_get_string (item)
                             : "";
      if (is_name (name)
          && strlen (name) == (size_t) json_object_get_string_len (item))
        add_name (names, xstrdup (name));
      else
        strange++;
    }
  return strange;
}

void
names_move (struct names *to, struct names *from)
{
  for (size_t i = 0; i < from->count; i++)
    add_name (to, from->list[i]);
  from->count = 0;
  names_release (from);
}

void
names_release (struct names *names)
{
  for (size_t i = 0; i < names->count; i++)
    free (names->list[i]);
  free (names->list);
  *names = (struct names){ 0 };
}

/* Return whether one of the words of the SIZE bytes at VALUE, which may be
   quoted, is "next".  */
static bool
says_next (const char *value, size_t size)
{
  const char *end = value + size;

  while (value < end)
    {
      size_t length = strcspn (value, "\" \t,;");
      if (length > (size_t) (end - value))
        length = (size_t) (end - value);
      if (length == 4 && strncasecmp (value, "next", 4) == 0)
        return true;
      value += length + 1;
    }
  return false;
}

/* Return the end of the parameter at P: the next semicolon or comma outside
   of quotes.  */
static const char *
parameter_end (const char *p)
{
  bool is_quoted = false;

  for (; *p != '\0'; p++)
    if (*p == '"')
      is_quoted = !is_quoted;
    else if (is_quoted && *p == '\\' && p[1] != '\0')
      p++;
    else if (!is_quoted && (*p == ';' || *p == ','))
      break;
  return p;
}

char *
link_next (const char *header)
{
  const char *p = header == NULL ? "" : header;

  /* Links are <TARGET>; NAME=VALUE; ..., with commas between.  */
  for (;;)
    {
      p += strspn (p, " \t,");
      const char *end = strchr (p, '>');
      if (*p != '<' || end == NULL)
        return NULL;
      const char *target = p + 1;
      size_t size = (size_t) (end - target);
      bool is_next = false;
      p = end + 1;
      p += strspn (p, " \t");
      while (*p == ';')
        {
          p += 1 + strspn (p + 1, " \t");
          const char *stop = parameter_end (p);
          if (strncasecmp (p, "rel=", 4) == 0)
            is_next |= says_next (p + 4, (size_t) (stop - p) - 4);
          p = stop;
        }
      if (is_next)
        return xasprintf ("%.*s", (int) size, target);
      if (*p != ',')
        return NULL;
    }
}
