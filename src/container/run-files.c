/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Files of the run plan that are made in memory.  */

#include <config.h>

#include <fcntl.h>
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

char *
run_plan_read (const struct run_plan *plan, const char *path)
{
  AUTO_ERROR struct error ignored = { 0 };
  char *text = NULL;
  struct run_place place = { .fd = -1 };
  if (run_look (plan, path, 0, &place) == 0)
    {
      AUTO_CLOSE int fd =
          S_ISREG (place.status.st_mode) ? run_place_open (&place) : -1;
      if (fd >= 0)
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
  int status = run_look (plan, path, 0, &place);
  if (status == -ENOENT)
    status =
        run_look (plan, path, RUN_LOOK_NO_FOLLOW | RUN_LOOK_MISSING, &place);
  if (status < 0)
    return error_set (err, -status,
                      _ ("cannot place '%s' in the container: %s"), path,
                      strerror (-status));

  size_t size = strlen (owned);
  plan->files =
      xreallocarray (plan->files, plan->file_count + 1, sizeof *plan->files);
  plan->files[plan->file_count++] = (struct run_file){
    .guest = TAKE (place.guest),
    .size = size,
    .content = TAKE (owned),
    .mode = 0644,
  };
  run_place_release (&place);
  return 0;
}
