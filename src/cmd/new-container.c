/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How commands end that made a container.  */

#include <config.h>

#include "src/cmd/new-container.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/container/container.h"

int
new_container_print (struct store *store, const char *id, struct error *err)
{
  if (!log_says (LOG_RESULT))
    return 0;
  if (puts (id) >= 0 && fflush (stdout) == 0)
    return 0;

  int number = errno;
  AUTO_ERROR struct error ignored = { 0 };
  struct container *container = NULL;
  /* What is already there to be written would only be an error once more.  */
  clearerr (stdout);
  if (container_open (store, id, CONTAINER_BY_NAME, &container, &ignored) == 0)
    (void) container_remove (container, true, &ignored);
  container_close (container);
  return error_set (err, number,
                    _ ("cannot write the id of the new container, which is "
                       "removed again: %s"),
                    strerror (number));
}
