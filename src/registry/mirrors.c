/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Ask mirrors before a registry.  */

#include <config.h>

#include "src/registry/registry.h"

#include <errno.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/registry/registry-private.h"

/* Return whether an error of NUMBER may be the fault of a mirror, and not of
   this machine or of what was asked.  */
static bool
may_be_elsewhere (int number)
{
  switch (number)
    {
    case EIO:
    case EACCES:
    case EBADMSG:
    case EBUSY:
    case ENOENT:
    case ETIMEDOUT:
    case ECONNREFUSED:
    case EHOSTUNREACH:
      return true;
    default:
      return false;
    }
}

int
registry_ask_around (const struct reference *ref,
                     const struct registry_options *options,
                     registry_question *question, void *data, struct error *err)
{
  struct registry_options next = *options;

  for (;; next.skipped_mirrors++)
    {
      AUTO_ERROR struct error problem = { 0 };
      struct registry *registry = NULL;
      int status = registry_open (&registry, ref, &next, &problem);
      bool is_mirror = status == 0 && registry_is_mirror (registry);
      if (status == 0)
        status = question (registry, data, &problem);
      registry_close (registry);
      if (status >= 0)
        return status;
      if (!is_mirror || !may_be_elsewhere (-status))
        return error_move (err, &problem);
      log_info (_ ("mirror passed over: %s"), problem.text);
    }
}
