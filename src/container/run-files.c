/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Files of the run plan that are made in memory.  */

#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/container/run-private.h"
#include "xalloc.h"
#include "xstrndup.h"

/* Find in PLAN where a file at PATH is, or would be: behind a link, or in the
   place of one that leads nowhere.  Return 0 with PLACE filled, or a negative
   errno.  */
static int
find_place (const struct run_plan *plan, const char *path,
            struct run_place *place)
{
  int status = run_look (plan, path, 0, place);
  if (status == -ENOENT)
    status =
        run_look (plan, path, RUN_LOOK_NO_FOLLOW | RUN_LOOK_MISSING, place);
  return status;
}

/* Return the file of PLAN that lies at GUEST, or NULL.  */
static struct run_file *
find_file (const struct run_plan *plan, const char *guest)
{
  for (size_t i = 0; i < plan->file_count; i++)
    if (strcmp (plan->files[i].guest, guest) == 0)
      return &plan->files[i];
  return NULL;
}

char *
run_plan_read (const struct run_plan *plan, const char *path)
{
  AUTO_ERROR struct error ignored = { 0 };
  char *text = NULL;
  struct run_place place = { .fd = -1 };
  if (find_place (plan, path, &place) == 0)
    {
      const struct run_file *file = find_file (plan, place.guest);
      AUTO_CLOSE int fd = file == NULL && S_ISREG (place.status.st_mode)
                              ? run_place_open (&place)
                              : -1;
      if (file != NULL)
        text = xstrndup (file->content, file->size);
      else if (fd >= 0)
        (void) file_read_fd (fd, path, &text, NULL, &ignored); /* or "" */
      run_place_release (&place);
    }
  return text != NULL ? text : xstrdup ("");
}

int
run_plan_add_file (struct run_plan *plan, const char *path, char *content,
                   struct error *err)
{
  AUTO_FREE char *owned = content;
  struct run_place place = { .fd = -1 };
  int status = find_place (plan, path, &place);
  if (status < 0)
    return error_set (err, -status,
                      _ ("cannot place '%s' in the container: %s"), path,
                      strerror (-status));

  struct run_file *file = find_file (plan, place.guest);
  if (file == NULL)
    {
      plan->files = xreallocarray (plan->files, plan->file_count + 1,
                                   sizeof *plan->files);
      file = &plan->files[plan->file_count++];
      *file = (struct run_file){ .guest = TAKE (place.guest), .mode = 0644 };
    }
  free (file->content);
  file->size = strlen (owned);
  file->content = TAKE (owned);
  run_place_release (&place);
  return 0;
}
