/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The table of engines, and how a mode finds its engine.  */

#include <config.h>

#include "src/engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/config/config.h"
#include "src/config/literal.h"
#include "src/container/container.h"
#include "src/platform/host.h"
#include "xalloc.h"

/* To add an engine: its file, and a line here.  */
const struct engine *const engines[] = {
  &engine_proot, &engine_trap, &engine_runtime, &engine_singularity, NULL,
};

/* Modes by how fast they are and how much they can do, the best first.  */
static const char *const preferred[] = { "T1", "P1", "T2", "P2", "R1" };

/* Modes that containers of other releases may be in.  */
static const char *const foreign_modes[] = { "F1", "F2", "F3", "F4" };

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* Return what "auto" stands for here, or NULL with ERR set.  */
static const char *
choose_mode (struct error *err)
{
  const char *best = engine_best_mode ();
  if (best == NULL)
    error_set (err, ENOSYS,
               _ ("no execution mode works on this host; 'udocker doctor' says"
                  " why and what would change that"));
  return best;
}

/* Return all modes that there are, which the caller frees.  */
static char *
list_modes (void)
{
  AUTO_BUFFER (list);
  for (size_t i = 0; engines[i] != NULL; i++)
    for (const char *const *name = engines[i]->modes; *name != NULL; name++)
      buffer_add_format (&list, "%s%s", list.length > 0 ? ", " : "", *name);
  return buffer_take (&list);
}

int
engine_find (const char *mode, const struct engine **engine,
             const char **canonical, struct error *err)
{
  if (strcasecmp (mode, "auto") == 0)
    mode = choose_mode (err);
  if (mode == NULL)
    return -err->number;
  for (size_t i = 0; engines[i] != NULL; i++)
    for (const char *const *name = engines[i]->modes; *name != NULL; name++)
      if (strcasecmp (*name, mode) == 0)
        {
          *engine = engines[i];
          if (canonical != NULL)
            *canonical = *name;
          return 0;
        }
  AUTO_FREE char *modes = list_modes ();
  for (size_t i = 0; i < COUNT (foreign_modes); i++)
    if (strcasecmp (foreign_modes[i], mode) == 0)
      return error_set (err, ENOSYS,
                        _ ("no execution engine for this execmode: %s; this"
                           " release has %s; set one with 'udocker setup"
                           " --execmode=P1 CONTAINER'"),
                        foreign_modes[i], modes);
  return error_set (err, EINVAL,
                    _ ("invalid execmode: %s; this release has %s"), mode,
                    modes);
}

int
engine_try (const struct engine *engine, const struct config *config,
            const char *mode, struct error *err)
{
  int status = engine->usable (platform_host (), config, mode, err);
  return status < 0 ? status : engine->try (config, mode, err);
}

const char *
engine_best_mode (void)
{
  for (size_t i = 0; i < COUNT (preferred); i++)
    {
      AUTO_ERROR struct error ignored = { 0 };
      const struct engine *engine = NULL;
      if (engine_find (preferred[i], &engine, NULL, &ignored) == 0
          && engine_try (engine, NULL, preferred[i], &ignored) == 0)
        return preferred[i];
    }
  return NULL;
}

/* Return the mode of containers that have none, which the caller frees.  */
static char *
default_mode (const struct config *config)
{
  /* The Python tool's names of machines that have others as well.  */
  static const char *const names[][2] = {
    { "i686", "x86" },
    { "i386", "x86" },
    { "aarch64", "arm64" },
    { "armv7l", "arm" },
  };
  const struct host *host = platform_host ();
  const char *modes = config->default_execution_modes;

  if (config->override_default_execution_mode[0] != '\0')
    return xstrdup (config->override_default_execution_mode);
  if (config->default_execution_mode[0] != '\0')
    return xstrdup (config->default_execution_mode);
  char *mode = literal_find (modes, host->machine);
  for (size_t i = 0; mode == NULL && i < COUNT (names); i++)
    if (strcmp (names[i][0], host->machine) == 0)
      mode = literal_find (modes, names[i][1]);
  if (mode == NULL)
    mode = literal_find (modes, host->architecture);
  if (mode == NULL)
    mode = literal_find (modes, "DEFAULT");
  return mode != NULL && mode[0] != '\0' ? mode : xstrdup ("P1");
}

int
engine_mode_of (const struct container *container, const struct config *config,
                char **mode, struct error *err)
{
  if (container != NULL)
    {
      AUTO_ERROR struct error missing = { 0 };
      AUTO_FREE char *text = NULL;
      int status = container_read_file (container, "execmode", &text, &missing);
      if (status < 0 && status != -ENOENT)
        return error_move (err, &missing);
      if (status == 0 && text[0] != '\0')
        {
          *mode = TAKE (text);
          return 0;
        }
    }
  *mode = default_mode (config);
  return 0;
}
