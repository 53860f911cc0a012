/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What a container runs: where it starts, the words, the file.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/config/config.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* Set PLAN's directory to what PATH names.  Return 0 or a negative errno.  */
static int
use_directory (struct run_plan *plan, const char *path)
{
  struct run_place place = { .fd = -1 };
  int status = run_look (plan, path, 0, &place);
  if (status < 0)
    return status;
  if (!place.virtual_directory && !S_ISDIR (place.status.st_mode))
    status = -ENOTDIR;
  else if (place.fd >= 0)
    {
      /* What cannot be entered is found out now, while it can be said.  */
      AUTO_FREE char *self = xasprintf ("/proc/self/fd/%d", place.fd);
      if (access (self, X_OK) != 0 && errno == EACCES)
        status = -EACCES;
    }
  if (status == 0)
    {
      free (plan->directory);
      plan->directory = TAKE (place.guest);
    }
  run_place_release (&place);
  return status;
}

int
run_plan_add_directory (struct run_plan *plan,
                        const struct run_request *request,
                        const struct run_metadata *metadata, struct error *err)
{
  const char *asked = request->directory;
  if (asked != NULL && asked[0] != '\0')
    {
      int status = asked[0] == '/' ? use_directory (plan, asked) : -EINVAL;
      if (status < 0)
        return error_set (err, -status, _ ("invalid working directory: %s: %s"),
                          asked,
                          asked[0] == '/' ? strerror (-status)
                                          : _ ("it does not begin with '/'"));
      return 0;
    }

  /* What only the image says must not keep its program from running, and a
     run makes no directories in the container.  */
  if (metadata->directory != NULL)
    {
      AUTO_FREE char *path = run_join ("/", metadata->directory);
      int status = use_directory (plan, path);
      if (status == 0)
        return 0;
      log_warning (_ ("the image's working directory '%s' cannot be used, "
                      "starting in '/': %s"),
                   metadata->directory, strerror (-status));
    }
  else if (use_directory (plan, plan->user.home) == 0)
    return 0;
  free (plan->directory);
  plan->directory = xstrdup ("/");
  return 0;
}

/* Add the words of TEXT, split at blanks, to PLAN's arguments.  */
static void
add_words (struct run_plan *plan, const char *text)
{
  while (*text != '\0')
    {
      size_t length = strcspn (text, " \t\n");
      if (length > 0)
        run_list_add (&plan->arguments, &plan->argument_count,
                      xstrndup (text, length));
      text += length;
      text += strspn (text, " \t\n");
    }
}

static void
add_arguments (struct run_plan *plan, const char *const *items, size_t count)
{
  for (size_t i = 0; i < count; i++)
    run_list_add (&plan->arguments, &plan->argument_count, xstrdup (items[i]));
}

/* Put together PLAN's arguments.  */
static void
choose_arguments (struct run_plan *plan, const struct run_request *request,
                  const struct run_metadata *metadata)
{
  if (request->entry_point != NULL)
    add_words (plan, request->entry_point);
  else
    add_arguments (plan, (const char *const *) metadata->entry_point,
                   metadata->entry_point_count);

  if (request->command.count > 0)
    add_arguments (plan, request->command.items, request->command.count);
  else if (request->entry_point == NULL)
    add_arguments (plan, (const char *const *) metadata->command,
                   metadata->command_count);
}

/* Check that PLACE, which is to be called GUEST in messages, is something that
   can be executed here.  Return 0 or a negative errno; -ENOEXEC with ERR
   set for another machine's program.  */
static int
check_program (struct run_plan *plan, const struct run_place *place,
               const char *guest, const struct config *config,
               struct error *err)
{
  if (place->fd < 0 || S_ISDIR (place->status.st_mode))
    return -EISDIR;
  if (!S_ISREG (place->status.st_mode))
    return -EACCES;
  AUTO_FREE char *self = xasprintf ("/proc/self/fd/%d", place->fd);
  if (access (self, X_OK) != 0)
    return -EACCES;
  return run_plan_suit_program (plan, place, guest, config, err);
}

/* Try the file GUEST as PLAN's program.  */
static int
try_program (struct run_plan *plan, const char *guest,
             const struct config *config, struct error *err)
{
  struct run_place place = { .fd = -1 };
  int status = run_look (plan, guest, 0, &place);
  if (status < 0)
    return status;
  status = check_program (plan, &place, guest, config, err);
  run_place_release (&place);
  if (status == 0)
    plan->program = xstrdup (guest);
  return status;
}

/* Find NAME, which has no slash, in the PATH that PLAN's environment has, as
   execvp would: what may not be executed is passed over.  */
static int
search_program (struct run_plan *plan, const char *name,
                const struct config *config, struct error *err)
{
  const char *path = run_plan_environment (plan, "PATH");
  int found = -ENOENT;
  if (path == NULL || name[0] == '\0')
    return -ENOENT;
  while (true)
    {
      size_t length = strcspn (path, ":");
      AUTO_FREE char *entry =
          length > 0 ? xstrndup (path, length) : xstrdup (".");
      AUTO_FREE char *directory = run_join (plan->directory, entry);
      AUTO_FREE char *guest = run_join (directory, name);
      int status = try_program (plan, guest, config, err);
      if (status == 0 || err->number != 0)
        return status;
      if (status == -EACCES)
        found = -EACCES;
      if (path[length] == '\0')
        return found;
      path += length + 1;
    }
}

/* Say in ERR that NAME cannot be run because of NUMBER, and in *STATUS.  */
static int
report_program (const char *name, int number, int *status, struct error *err)
{
  bool missing = number == ENOENT || number == ENOTDIR;
  *status = missing ? RUN_STATUS_NOT_FOUND : RUN_STATUS_NOT_RUNNABLE;
  if (err->number != 0)
    return -number;
  if (missing && strchr (name, '/') == NULL)
    return error_set (err, number,
                      _ ("command not found or has no execute bit set: '%s':"
                         " there is no such program in the container's PATH"),
                      name);
  return error_set (err, number,
                    _ ("command not found or has no execute bit set: '%s':"
                       " %s"),
                    name, strerror (number));
}

/* Find PLAN's program by its first argument.  */
static int
find_program (struct run_plan *plan, const struct config *config, int *status,
              struct error *err)
{
  const char *name = plan->arguments[0];
  int failure = 0;
  if (strchr (name, '/') == NULL)
    failure = search_program (plan, name, config, err);
  else
    {
      AUTO_FREE char *guest = run_join (plan->directory, name);
      failure = try_program (plan, guest, config, err);
    }
  if (failure < 0)
    return report_program (name, -failure, status, err);
  return 0;
}

/* Make PLAN start an interactive shell, since nobody says what to run: the one
   of CONFIG, or in its absence sh.  */
static int
use_shell (struct run_plan *plan, const struct config *config, int *status,
           struct error *err)
{
  add_arguments (plan, (const char *const *) config->cmd.items,
                 config->cmd.count);
  if (plan->argument_count == 0)
    add_words (plan, "bash -i");

  AUTO_ERROR struct error first = { 0 };
  if (find_program (plan, config, status, &first) < 0)
    {
      run_list_free (plan->arguments);
      plan->arguments = NULL;
      plan->argument_count = 0;
      add_words (plan, "sh -i");
      AUTO_ERROR struct error second = { 0 };
      if (find_program (plan, config, status, &second) < 0)
        {
          (void) error_move (err, &first);
          return error_prefix (err, _ ("the image does not say what to run,"
                                       " and there is no shell in it"));
        }
    }

  AUTO_BUFFER (words);
  for (size_t i = 0; i < plan->argument_count; i++)
    buffer_add_format (&words, "%s'%s'", i > 0 ? ", " : "", plan->arguments[i]);
  log_warning (_ ("no command assuming: [%s]"), words.data);
  return 0;
}

int
run_plan_add_program (struct run_plan *plan, const struct run_request *request,
                      const struct run_metadata *metadata,
                      const struct config *config, int *status,
                      struct error *err)
{
  int failure = 0;
  choose_arguments (plan, request, metadata);
  if (plan->argument_count == 0)
    failure = use_shell (plan, config, status, err);
  else
    failure = find_program (plan, config, status, err);
  if (failure == 0)
    run_plan_suit_image (plan, metadata->architecture, config);
  return failure;
}
