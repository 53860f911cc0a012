/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Programs of the host by their names.  */

#include "lib/elf/find.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *
elf_find_program (const char *name)
{
  const char *path = getenv ("PATH");
  char candidate[PATH_MAX];

  if (strchr (name, '/') != NULL)
    return access (name, X_OK) == 0 ? realpath (name, NULL) : NULL;
  while (path != NULL && name[0] != '\0')
    {
      size_t length = strcspn (path, ":");
      int written = snprintf (candidate, sizeof candidate, "%.*s/%s",
                              length > 0 ? (int) length : 1,
                              length > 0 ? path : ".", name);
      if (written > 0 && (size_t) written < sizeof candidate
          && access (candidate, X_OK) == 0)
        return realpath (candidate, NULL);
      path = path[length] == ':' ? path + length + 1 : NULL;
    }
  return NULL;
}
