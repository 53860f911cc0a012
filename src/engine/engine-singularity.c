/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Mode S1: Apptainer, or Singularity, of the host runs the container's tree.
   Which options it has its own help says: it has gained some over the years,
   and not all of those in use have them.

   It is only asked for the container.  A program that it started itself would
   get an environment that went through a shell, which some values break and
   others change, more variables than were asked for, and the status 255 for
   several things.  So it starts udocker-init, as runtimes do (lib/start/
   channel.h); all descriptors stay open on the way, so that one of them names
   that program and the container needs no place for it.  */

#include <config.h>

#include "src/engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/elf/find.h"
#include "lib/plan/plan-write.h"
#include "lib/start/channel.h"
#include "src/config/config.h"
#include "src/container/run-mounts.h"
#include "src/container/run-plan.h"
#include "src/engine/oci-attend.h"
#include "src/engine/program.h"
#include "src/engine/trial.h"
#include "src/platform/host.h"
#include "src/platform/namespace.h"
#include "src/platform/probe.h"
#include "xalloc.h"
#include "xvasprintf.h"

extern char **environ;

/* What it mounts by itself.  */
static const char *const own_mounts[] = { "/dev", "/proc", "/sys", NULL };

/* The part that it starts.  */
#define PROGRAM "udocker-init"

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

/* Return whether root of PLAN is to be root of ids that SINGULARITY gives it.
   Without any udocker-init makes it root of its own id, as it makes others:
   what the option does then needs the host's program fakeroot to suit the
   container.  */
static bool
has_root_of_ranges (const struct singularity *singularity,
                    const struct run_plan *plan)
{
  struct subids subids;
  AUTO_FREE char *reason = NULL;
  AUTO_FREE char *remedy = NULL;
  return plan->user.uid == 0 && plan->user.gid == 0 && geteuid () != 0
         && has_option (singularity, "--fakeroot")
         && subids_find (&subids, &reason, &remedy) == 0;
}

/* Fill WORDS with the command that has SINGULARITY start our part in the
   container of PLAN with MOUNTS.  */
static int
make_command (struct words *words, const struct singularity *singularity,
              const struct run_plan *plan, const struct run_mounts *mounts,
              struct error *err)
{
  add (words, xstrdup (singularity->path));
  add (words, xstrdup (log_says (LOG_DEBUG) ? "--debug" : "--quiet"));
  add (words, xstrdup ("exec"));
  add (words, xstrdup ("--cleanenv"));
  add_settings (words, plan);
  if (has_root_of_ranges (singularity, plan))
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
  add (words, xstrdup ("/"));
  for (size_t i = 0; i < mounts->count; i++)
    {
      const struct run_mount *mount = &mounts->list[i];
      int status =
          mount->host == NULL ? 0 : add_mount (words, singularity, mount, err);
      if (status < 0)
        return status;
    }
  add (words, xstrdup (mounts->root));
  add (words, xasprintf ("/proc/self/fd/%d", CHANNEL_PROGRAM_FD));
  return 0;
}

/* --- running -------------------------------------------------------------- */

/* Return, as the caller frees it, what is to be told of TEXT, which the program
   has said: the line with why it gave up, else the last one.  TEXT is taken
   apart.  */
static char *
take_complaint (char *text)
{
  static const char *const kinds[] = { "FATAL:", "ERROR:", "Error", "" };
  const char *found = NULL;
  size_t best = sizeof kinds / sizeof *kinds;
  char *rest = NULL;
  for (char *line = strtok_r (text, "\n", &rest); line != NULL;
       line = strtok_r (NULL, "\n", &rest))
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && i <= best; i++)
      if (strncmp (line, kinds[i], strlen (kinds[i])) == 0
          && line[strspn (line, " \t\r")] != '\0')
        {
          bool is_tag = strchr (kinds[i], ':') != NULL;
          found = line + (is_tag ? strlen (kinds[i]) : 0);
          best = i;
          break;
        }
  return xstrdup (found == NULL ? _ ("it says nothing")
                                : found + strspn (found, " \t"));
}

/* Say in ERR that SINGULARITY has not started a container, going by what it has
   said to FD.  */
static int
explain (const struct singularity *singularity, int fd, struct error *err)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *text = NULL;
  if (lseek (fd, 0, SEEK_SET) < 0
      || file_read_fd (fd, "", &text, NULL, &ignored) < 0)
    text = xstrdup ("");
  log_debug ("%s: %s", singularity->path, text);
  AUTO_FREE char *complaint = take_complaint (text);
  int status = probe_need (PROBE_MOUNT_NAMESPACE, err);
  if (status < 0)
    return error_prefix (err, _ ("'%s' starts no container here: %s"),
                         singularity->path, complaint);
  return error_set (err, ENOSYS,
                    _ ("'%s' starts no container here: %s; modes P1 and T1 "
                       "need no such program"),
                    singularity->path, complaint);
}

/* Have SINGULARITY run PLAN, by COMMAND; SILENT only tries.  */
static int
run_command (const struct singularity *singularity, const struct run_plan *plan,
             char *const *command, bool silent, struct error *err)
{
  struct channel_begin begin = { 0 };
  bool sealable, started = false;
  int own_fd = -1; /* stays open as long as this process is there */
  AUTO_FREE char *part = platform_find_part (PROGRAM, err);
  if (part == NULL)
    return -err->number;
  AUTO_CLOSE int program = open (part, O_RDONLY | O_CLOEXEC);
  AUTO_CLOSE int plan_fd = engine_send_plan (plan, NULL, true, &own_fd, err);
  if (plan_fd < 0)
    return plan_fd;
  AUTO_CLOSE int errors = plan_open_nameless ("udocker-runtime", &sealable);
  if (program < 0 || errors < 0)
    return error_set (err, program < 0 ? errno : -errors,
                      _ ("cannot open '%s': %s"), part,
                      strerror (program < 0 ? errno : -errors));
  if (!silent)
    oci_begin (&begin);
  const struct oci_start start = {
    .arguments = command,
    .program_fd = program,
    .plan_fd = plan_fd,
    .errors_fd = errors,
    .started_fd = plan->started_fd,
    .silent = silent,
    .begin = &begin,
  };
  int status = oci_attend (&start, &started, err);
  if (status >= 0 && !started)
    status = explain (singularity, errors, err);
  if (silent && own_fd >= 0)
    (void) close (own_fd); /* nobody looks for it */
  return status;
}

/* Run PLAN by SINGULARITY; SILENT only tries.  */
static int
run_with (const struct singularity *singularity, const struct run_plan *plan,
          bool silent, struct error *err)
{
  struct run_temporary temporary = RUN_TEMPORARY_NONE;
  struct run_mounts mounts = { .root_fd = -1, .lock = -1 };
  struct words command = { 0 };

  int status = run_mounts_make (&mounts, plan, own_mounts, &temporary, err);
  if (status == 0)
    status = make_command (&command, singularity, plan, &mounts, err);
  if (status == 0)
    status = run_command (singularity, plan, command.list, silent, err);
  words_release (&command);
  run_mounts_release (&mounts);
  run_temporary_remove (&temporary);
  return status;
}

/* Try PLAN, a container without anything in it, by DATA, a struct
   singularity.  */
static int
try_plan (const struct run_plan *plan, void *data, struct error *err)
{
  const struct singularity *singularity = data;
  return run_with (singularity, plan, true, err);
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

/* Find out whether it starts containers, as CONFIG has it.  */
static int
try_once (const struct config *config, struct error *err)
{
  struct singularity singularity;
  int status = open_program (config, &singularity, err);
  if (status < 0)
    return status;
  status = engine_try_nothing (config, "S1", try_plan, &singularity, err);
  singularity_release (&singularity);
  return status;
}

static int
singularity_try (const struct config *config, const char *mode,
                 struct error *err)
{
  static bool known;
  static struct error why; /* stays */
  (void) mode;
  if (!known)
    (void) try_once (config, &why);
  known = true;
  return why.number == 0 ? 0 : error_set (err, why.number, "%s", why.text);
}

static void
singularity_tell_programs (const struct config *config,
                           engine_program_function *function, void *data)
{
  AUTO_ERROR struct error why = { 0 };
  AUTO_FREE char *path = find_program (config, &why);
  if (path == NULL)
    return;
  int status = singularity_try (config, "S1", &why);
  function (data, path, status == 0, why.text);
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

static int
singularity_run (const struct run_plan *plan, struct error *err)
{
  struct singularity singularity;

  int status = open_program (plan->config, &singularity, err);
  if (status < 0)
    return status;
  status = check_plan (plan, &singularity, err);
  if (status == 0)
    status = run_with (&singularity, plan, false, err);
  singularity_release (&singularity);
  return status;
}

static const char *const modes[] = { "S1", NULL };

const struct engine engine_singularity = {
  .name = "singularity",
  .modes = modes,
  .usable = singularity_usable,
  .try = singularity_try,
  .tell_programs = singularity_tell_programs,
  .prepare = singularity_prepare,
  .check = engine_check_program,
  .run = singularity_run,
};
