/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Mode S1: Apptainer, or Singularity, of the host runs the container's tree.
   Which options it has its own help says: it has gained some over the years,
   and not all of those in use have them.  */

#include <config.h>

#include "src/engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/elf/find.h"
#include "lib/plan/plan.h"
#include "src/config/config.h"
#include "src/container/output.h"
#include "src/container/run-mounts.h"
#include "src/container/run-plan.h"
#include "src/engine/program.h"
#include "xalloc.h"
#include "xvasprintf.h"

extern char **environ;

/* What it mounts by itself.  */
static const char *const own_mounts[] = { "/dev", "/proc", "/sys", NULL };

/* How variables are called that the program is to get.  */
static const char *const prefixes[] = { "APPTAINERENV_", "SINGULARITYENV_" };

/* The program that runs containers.  */
struct singularity
{
  char *path;
  char *help; /* of its command exec */
};

static void
singularity_release (struct singularity *singularity)
{
  free (singularity->path);
  free (singularity->help);
}

/* Words of a command, ended by NULL.  */
struct words
{
  char **list;
  size_t count;
};

/* Add TEXT, which is taken, to WORDS.  */
static void
add (struct words *words, char *text)
{
  words->list =
      xreallocarray (words->list, words->count + 2, sizeof *words->list);
  words->list[words->count++] = text;
  words->list[words->count] = NULL;
}

static void
words_release (struct words *words)
{
  for (size_t i = 0; i < words->count; i++)
    free (words->list[i]);
  free (words->list);
}

/* --- the program ---------------------------------------------------------- */

/* Return the path of the program, which the caller frees, or NULL with ERR
   set.  */
static char *
find_program (const struct config *config, struct error *err)
{
  static const char *const names[] = { "apptainer", "singularity" };
  const char *named = config == NULL ? "" : config->use_singularity_executable;
  if (named[0] != '\0')
    {
      char *path = elf_find_program (named);
      if (path == NULL)
        error_set (err, ENOENT,
                   _ ("there is no program '%s', which the settings name for "
                      "mode S1; mode P1 needs none"),
                   named);
      return path;
    }
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    {
      char *path = elf_find_program (names[i]);
      if (path == NULL && config != NULL)
        {
          AUTO_FREE char *own = xasprintf ("%s/%s", config->bindir, names[i]);
          path = elf_find_program (own);
        }
      if (path != NULL)
        return path;
    }
  error_set (err, ENOENT,
             _ ("apptainer or singularity executable not found; install one, "
                "name it with UDOCKER_USE_SINGULARITY_EXECUTABLE, or use mode "
                "P1"));
  return NULL;
}

/* Return what the program PATH says of its command exec, which the caller
   frees, or NULL with ERR set.  */
static char *
ask_help (const char *path, struct error *err)
{
  int ends[2];
  if (pipe2 (ends, O_CLOEXEC) < 0)
    {
      error_set (err, errno, _ ("cannot make a pipe: %s"), strerror (errno));
      return NULL;
    }
  pid_t child = fork ();
  if (child == 0)
    {
      char *const arguments[] = { (char *) path, (char *) "exec",
                                  (char *) "--help", NULL };
      (void) dup2 (ends[1], STDOUT_FILENO);
      (void) dup2 (ends[1], STDERR_FILENO);
      execve (path, arguments, environ);
      _exit (127);
    }
  int number = errno;
  char *text = NULL;
  (void) close (ends[1]); /* a pipe */
  if (child >= 0)
    (void) file_read_fd (ends[0], path, &text, NULL, err);
  (void) close (ends[0]); /* a pipe */
  int status = 0;
  while (child >= 0 && waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
  if (child >= 0 && text != NULL && status == 0)
    return text;
  error_set (err, child < 0 ? number : ENOEXEC,
             _ ("'%s exec --help' fails: %s; mode P1 needs no such program"),
             path,
             child < 0      ? strerror (number)
             : text != NULL ? text
                            : "");
  free (text);
  return NULL;
}

/* Find the program and what it can do.  */
static int
open_program (const struct config *config, struct singularity *singularity,
              struct error *err)
{
  *singularity = (struct singularity){ .path = find_program (config, err) };
  if (singularity->path != NULL)
    singularity->help = ask_help (singularity->path, err);
  if (singularity->help != NULL)
    return 0;
  singularity_release (singularity);
  return -err->number;
}

/* Return whether SINGULARITY has the option NAME, as "--pwd".  */
static bool
has_option (const struct singularity *singularity, const char *name)
{
  size_t length = strlen (name);
  for (const char *at = strstr (singularity->help, name); at != NULL;
       at = strstr (at + 1, name))
    if (strchr (" \t\n=,[", at[length]) != NULL)
      return true;
  return false;
}

/* --- the command ---------------------------------------------------------- */

/* Refuse what PLAN asks for and this mode does not have.  */
static int
check_plan (const struct run_plan *plan, const struct singularity *singularity,
            struct error *err)
{
  const char *what = NULL;
  if (plan->owners != NULL)
    what = _ ("keeps no owners (--fakeowner)");
  else if (plan->emulator != NULL)
    what = _ ("runs no programs of another machine");
  else if (plan->kernel != NULL)
    what = _ ("shows no other kernel release (--kernel)");
  else if (plan->port_count > 0 || plan->move_ports)
    what = _ ("moves no ports: the container has the host's network");
  else if (plan->host_name != NULL && !has_option (singularity, "--hostname"))
    what = _ ("shows no other host name: this program has no such option");
  else if (plan->user.uid == 0 && geteuid () != 0
           && !has_option (singularity, "--fakeroot"))
    what = _ ("cannot show you as root: this program has no such option");
  else if (plan->user.uid != 0 && plan->user.uid != geteuid ())
    what = _ ("runs programs as root or as yourself, and as nobody else");
  if (what == NULL)
    return 0;
  return error_set (err, EINVAL, _ ("mode S1 %s; modes P1 and T1 do that"),
                    what);
}

/* Add the mount of HOST at GUEST to WORDS.  Colons and commas divide words of
   --bind; --mount takes them in quotes.  */
static int
add_mount (struct words *words, const struct singularity *singularity,
           const struct run_mount *mount, struct error *err)
{
  bool read_only = (mount->flags & PLAN_BINDING_READ_ONLY) != 0;
  if (strpbrk (mount->host, ":,\"\\") == NULL
      && strpbrk (mount->guest, ":,\"\\") == NULL)
    {
      add (words, xstrdup ("--bind"));
      add (words, xasprintf ("%s:%s%s", mount->host, mount->guest,
                             read_only ? ":ro" : ""));
      return 0;
    }
  if (!has_option (singularity, "--mount")
      || strpbrk (mount->host, "\"\n") != NULL
      || strpbrk (mount->guest, "\"\n") != NULL)
    return error_set (err, EINVAL,
                      _ ("mode S1 cannot show '%s' at '%s': the program takes "
                         "no such names; modes P1 and T1 do"),
                      mount->host, mount->guest);
  add (words, xstrdup ("--mount"));
  add (words, xasprintf ("type=bind,\"source=%s\",\"destination=%s\"%s",
                         mount->host, mount->guest, read_only ? ",ro" : ""));
  return 0;
}

/* Add the options that settings have, but not the one that lets the container
   be written to where it must not.  */
static void
add_settings (struct words *words, const struct run_plan *plan)
{
  const struct config_list *list = &plan->config->singularity_options;
  for (size_t i = 0; i < list->count; i++)
    if (!plan->read_only
        || (strcmp (list->items[i], "-w") != 0
            && strcmp (list->items[i], "--writable") != 0))
      add (words, xstrdup (list->items[i]));
}

/* Fill WORDS with the command that has SINGULARITY run PLAN with MOUNTS.  */
static int
make_command (struct words *words, const struct singularity *singularity,
              const struct run_plan *plan, const struct run_mounts *mounts,
              struct error *err)
{
  add (words, xstrdup (singularity->path));
  add (words, xstrdup (log_says (LOG_DEBUG) ? "--debug" : "--silent"));
  add (words, xstrdup ("exec"));
  add (words, xstrdup ("--cleanenv"));
  add_settings (words, plan);
  if (plan->user.uid == 0 && geteuid () != 0)
    add (words, xstrdup ("--fakeroot"));
  /* What is to be seen of the host is said below.  */
  if (has_option (singularity, "--no-mount"))
    {
      add (words, xstrdup ("--no-mount"));
      add (words, xstrdup ("home,cwd,tmp,hostfs,bind-paths"));
    }
  else if (has_option (singularity, "--no-home"))
    add (words, xstrdup ("--no-home"));
  if (plan->host_name != NULL)
    {
      add (words, xstrdup ("--hostname"));
      add (words, xstrdup (plan->host_name));
    }
  add (words, xstrdup (has_option (singularity, "--cwd") ? "--cwd" : "--pwd"));
  add (words, xstrdup (plan->directory));
  for (size_t i = 0; i < mounts->count; i++)
    {
      const struct run_mount *mount = &mounts->list[i];
      int status =
          mount->host == NULL ? 0 : add_mount (words, singularity, mount, err);
      if (status < 0)
        return status;
    }
  add (words, xstrdup (mounts->root));
  add (words, xstrdup (plan->program));
  for (size_t i = 1; i < plan->argument_count; i++)
    add (words, xstrdup (plan->arguments[i]));
  return 0;
}

/* Return whether VARIABLE, NAME=VALUE, would reach the program.  */
static bool
reaches_program (const char *variable)
{
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (strncmp (variable, prefixes[i], strlen (prefixes[i])) == 0)
      return true;
  return false;
}

/* Fill WORDS with the environment that gives the program PLAN's, whatever the
   program that runs containers is called.  */
static void
make_environment (struct words *words, const struct run_plan *plan)
{
  for (char **variable = environ; *variable != NULL; variable++)
    if (!reaches_program (*variable))
      add (words, xstrdup (*variable));
  for (size_t i = 0; i < plan->environment_count; i++)
    for (size_t j = 0; j < sizeof prefixes / sizeof *prefixes; j++)
      add (words, xasprintf ("%s%s", prefixes[j], plan->environment[i]));
}

/* --- running -------------------------------------------------------------- */

/* What is started.  */
struct launch
{
  const struct run_plan *plan;
  struct words command, environment;
};

/* Become what ARGUMENT, a struct launch, says.  */
static int
become (void *argument)
{
  const struct launch *launch = argument;
  for (size_t i = 0; i < launch->plan->limit_count; i++)
    {
      const struct plan_limit *limit = &launch->plan->limits[i];
      const struct rlimit both = { .rlim_cur = limit->soft,
                                   .rlim_max = limit->hard };
      if (setrlimit (limit->resource, &both) < 0)
        return -errno;
    }
  execve (launch->command.list[0], launch->command.list,
          launch->environment.list);
  return -errno;
}

static int
singularity_usable (const struct host *host, const struct config *config,
                    const char *mode, struct error *err)
{
  (void) host;
  (void) mode;
  AUTO_FREE char *path = find_program (config, err);
  return path == NULL ? -err->number : 0;
}

static int
singularity_try (const struct config *config, const char *mode,
                 struct error *err)
{
  struct singularity singularity;
  (void) mode;
  int status = open_program (config, &singularity, err);
  if (status == 0)
    singularity_release (&singularity);
  return status;
}

static int
singularity_prepare (struct container *container, const char *mode,
                     struct error *err)
{
  (void) container; /* runs as it lies on disk */
  (void) mode;
  (void) err;
  return 0;
}

/* Run PLAN by SINGULARITY with MOUNTS.  */
static int
run_with (const struct singularity *singularity, const struct run_plan *plan,
          const struct run_mounts *mounts, struct error *err)
{
  struct launch launch = { .plan = plan };
  int own_fd = -1; /* stays open as long as this process is there */
  AUTO_CLOSE int plan_fd = engine_send_plan (plan, NULL, true, &own_fd, err);
  int status = plan_fd < 0 ? plan_fd : 0;
  if (status == 0)
    status = make_command (&launch.command, singularity, plan, mounts, err);
  if (status == 0)
    {
      make_environment (&launch.environment, plan);
      container_tell_start (plan->started_fd);
      status = supervise (become, &launch, SUPERVISE_LEAVE);
      if (status < 0)
        error_set (err, -status, _ ("cannot start '%s': %s"), singularity->path,
                   strerror (-status));
    }
  words_release (&launch.command);
  words_release (&launch.environment);
  return status;
}

static int
singularity_run (const struct run_plan *plan, struct error *err)
{
  struct singularity singularity;
  struct run_temporary temporary = RUN_TEMPORARY_NONE;
  struct run_mounts mounts = { .root_fd = -1, .lock = -1 };

  int status = open_program (plan->config, &singularity, err);
  if (status < 0)
    return status;
  status = check_plan (plan, &singularity, err);
  if (status == 0)
    status = run_mounts_make (&mounts, plan, own_mounts, &temporary, err);
  if (status == 0)
    status = run_with (&singularity, plan, &mounts, err);
  run_mounts_release (&mounts);
  run_temporary_remove (&temporary);
  singularity_release (&singularity);
  return status;
}

static const char *const modes[] = { "S1", NULL };

const struct engine engine_singularity = {
  .name = "singularity",
  .modes = modes,
  .usable = singularity_usable,
  .try = singularity_try,
  .prepare = singularity_prepare,
  .check = engine_check_program,
  .run = singularity_run,
};
