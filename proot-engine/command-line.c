/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The tracer by hand: PRoot's command line, turned into a run plan.  */

#include "proot-engine/command-line.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/elf/find.h"
#include "lib/plan/plan-write.h"
#include "proot-engine/options.h"
#include "lib/start/message.h"
#include "proot-engine/start.h"

extern char **environ;

/* Return whether PATH of the host means something else for each process:
   /proc/self, or a link to it.  This process must not follow it, and need not
   bind it: where /proc is shown the container has the same by itself.  */
static bool
is_of_process (const char *path)
{
  static const char *const starts[] = { "/proc/self", "/proc/thread-self",
                                        "/dev/fd", "../proc/self" };
  char target[PATH_MAX];
  ssize_t length = readlink (path, target, sizeof target - 1);
  target[length > 0 ? length : 0] = '\0';
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (strncmp (path, starts[i], strlen (starts[i])) == 0
        || strncmp (target, starts[i], strlen (starts[i])) == 0)
      return true;
  return false;
}

/* Write the bindings of OPTIONS.  What is not there is left out.  */
static void
write_bindings (struct plan_writer *writer, const struct options *options)
{
  bool quiet = getenv ("PROOT_IGNORE_MISSING_BINDINGS") != NULL;
  for (size_t i = 0; i < options->binding_count; i++)
    {
      const struct plan_binding *binding = &options->bindings[i];
      if (is_of_process (binding->host))
        continue;
      if ((binding->flags & PLAN_BINDING_OPTIONAL) == 0
          && access (binding->host, F_OK) != 0)
        {
          if (!quiet && options->verbose >= 0)
            start_warn ("cannot bind '%s', going on without: %s", binding->host,
                        strerror (errno));
          continue;
        }
      plan_write_binding (writer, binding);
    }
}

/* Write what uname is to show: a release, or fields between backslashes, of
   which the last says what the processor can do; -1 leaves that to the
   kernel.  */
static void
write_names (struct plan_writer *writer, const char *names)
{
  static const enum plan_tag tags[] = { PLAN_SYSTEM,  PLAN_HOST_NAME,
                                        PLAN_KERNEL,  PLAN_KERNEL_VERSION,
                                        PLAN_MACHINE, PLAN_DOMAIN };
  if (names[0] != '\\')
    {
      plan_write_text (writer, PLAN_KERNEL, names);
      return;
    }
  char *fields = strdup (names + 1);
  char *rest = fields;
  for (size_t i = 0; rest != NULL && i < sizeof tags / sizeof *tags; i++)
    {
      const char *field = strsep (&rest, "\\");
      if (field[0] != '\0')
        plan_write_text (writer, tags[i], field);
    }
  if (rest != NULL && rest[0] >= '0' && rest[0] <= '9')
    plan_write_number (writer, PLAN_FEATURES, strtoull (rest, NULL, 10));
  free (fields);
}

/* Write where the program starts.  The directory this was started in need not
   be there in the container.  */
static void
write_directory (struct plan_writer *writer, const struct options *options)
{
  const char *asked = options->directory;
  char path[2 * PATH_MAX] = "/";
  if (asked == NULL && options->here[0] != '\0')
    (void) snprintf (path, sizeof path, "%s", options->here);
  else if (asked != NULL)
    (void) snprintf (path, sizeof path, "%s%s%s",
                     asked[0] == '/' ? "" : options->here,
                     asked[0] == '/' ? "" : "/", asked);
  plan_write_text (writer, PLAN_DIRECTORY, path);
  plan_write_number (writer, PLAN_DIRECTORY_TRIED,
                     asked != NULL && options->verbose >= 0 ? 2 : 1);
}

/* Write the ids that OPTIONS asks for; their form was checked.  */
static void
write_ids (struct plan_writer *writer, const struct options *options)
{
  char *end;
  if (options->ids == NULL)
    return;
  unsigned long uid = strtoul (options->ids, &end, 10);
  plan_write_number (writer, PLAN_UID, uid);
  plan_write_number (writer, PLAN_GID,
                     *end == ':' ? strtoul (end + 1, NULL, 10) : uid);
}

/* Write the command of OPTIONS, one of ARGC arguments at ARGV, and its
   environment.  */
static void
write_program (struct plan_writer *writer, const struct options *options,
               int argc, char **argv)
{
  if (options->first >= argc)
    {
      plan_write_text (writer, PLAN_PROGRAM, "/bin/sh");
      plan_write_text (writer, PLAN_ARGUMENT, "-sh");
    }
  for (int i = options->first; i < argc; i++)
    plan_write_text (writer, PLAN_ARGUMENT, argv[i]);
  for (char **entry = environ; *entry != NULL; entry++)
    plan_write_text (writer, PLAN_ENVIRONMENT, *entry);
}

/* Write the emulator that the words of COMMAND call.  Return whether there is
   such a program; if not, there was a message.  */
static bool
write_emulator (struct plan_writer *writer, const char *command)
{
  char *words = strdup (command);
  char *rest = words;
  char *path = NULL;
  while (rest != NULL)
    {
      const char *word = strsep (&rest, " \t");
      if (word[0] == '\0')
        continue;
      if (path != NULL)
        {
          plan_write_text (writer, PLAN_EMULATOR, word);
          continue;
        }
      path = elf_find_program (word);
      if (path == NULL)
        {
          start_complain ("there is no program '%s' to run programs of another "
                          "machine; Debian's package qemu-user-static has such",
                          word);
          break;
        }
      plan_write_text (writer, PLAN_EMULATOR, path);
    }
  plan_write_number (writer, PLAN_EMULATOR_FORCED,
                     getenv ("PROOT_FORCE_FOREIGN_BINARY") != NULL);
  bool found = path != NULL;
  free (path);
  free (words);
  return found;
}

/* Return the level of messages of a plan for VERBOSE as PRoot has it.  */
static uint64_t
level_of (long verbose)
{
  return verbose < 0 ? 0 : verbose == 0 ? 3 : verbose == 1 ? 4 : 5;
}

/* Write all that OPTIONS asks for.  ROOT is the real path of the root.  */
static void
write_plan (struct plan_writer *writer, const struct options *options,
            const char *root, int argc, char **argv)
{
  plan_write_text (writer, PLAN_ROOT, root);
  plan_write_text (writer, PLAN_MODE,
                   getenv ("PROOT_NO_SECCOMP") != NULL ? "P2" : "P1");
  plan_write_number (writer, PLAN_UNLOCKED, 1);
  plan_write_number (writer, PLAN_KILL_ON_EXIT, options->kill_on_exit);
  plan_write_number (writer, PLAN_VERBOSE, level_of (options->verbose));
  write_directory (writer, options);
  write_ids (writer, options);
  write_bindings (writer, options);
  for (size_t i = 0; i < options->port_count; i++)
    plan_write_port (writer, &options->ports[i]);
  if (options->any_port)
    plan_write_number (writer, PLAN_PORT_ANY, 2);
  if (options->names != NULL)
    write_names (writer, options->names);
  if (options->replaces_links)
    plan_write_number (writer, PLAN_LINKS_REPLACED, 1);
  write_program (writer, options, argc, argv);
}

int
command_line_run (int argc, char **argv)
{
  struct options options = { 0 };
  struct plan_writer writer;
  struct plan plan;
  const char *level = getenv ("PROOT_VERBOSE");
  if (level != NULL)
    options.verbose = strtol (level, NULL, 10);

  int status = options_read (&options, argc, argv);
  if (status >= 0)
    return status;
  const char *asked = options.root != NULL ? options.root : "/";
  char *root = realpath (asked, NULL);
  if (root == NULL)
    {
      start_complain ("cannot use '%s' as the root: %s", asked,
                      strerror (errno));
      return START_FAILURE;
    }
  plan_writer_init (&writer);
  if (options.emulator != NULL && !write_emulator (&writer, options.emulator))
    return START_FAILURE;
  write_plan (&writer, &options, root, argc, argv);
  int error = plan_writer_finish (&writer, &plan);
  if (error < 0)
    {
      start_complain ("cannot make a run plan: %s", strerror (-error));
      return START_FAILURE;
    }
  if (options.verbose > 0)
    plan_print (&plan, stderr);
  return tracer_start (&plan);
}
