/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Paths as texts.  */

#include <config.h>

#include "lib/base/path.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/buffer.h"

/* Take the last part of NORMAL away, if there is one.  */
static void
drop_last (struct buffer *normal)
{
  while (normal->length > 0 && normal->data[--normal->length] != '/')
    continue;
  if (normal->data != NULL)
    normal->data[normal->length] = '\0';
}

char *
path_normalize (const char *path, enum path_parents parents)
{
  AUTO_BUFFER (normal);
  if (path[0] != '/')
    return NULL;
  while (true)
    {
      path += strspn (path, "/");
      size_t length = strcspn (path, "/");
      if (length == 0)
        break;
      bool is_parent = length == 2 && strncmp (path, "..", 2) == 0;
      if (is_parent && parents == PATH_PARENTS_REFUSED)
        return NULL;
      if (is_parent && parents == PATH_PARENTS_TAKEN)
        drop_last (&normal);
      else if (!(length == 1 && path[0] == '.'))
        {
          buffer_add_char (&normal, '/');
          buffer_add (&normal, path, length);
        }
      path += length;
    }
  if (normal.length == 0)
    buffer_add_char (&normal, '/');
  return buffer_take (&normal);
}
