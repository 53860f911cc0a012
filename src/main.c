/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   From the command line to an exit status.

   There are two programs with this file.  The light one is what users start:
   it knows the names of all commands and contains those that are started
   often.  For the others it executes the full one with the same words.

   Start-up is kept cheap, because batch jobs start thousands at once: what a
   command does not need (settings, repository, locale) is not touched.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "close-stream.h"
#include "exitfail.h"
#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/general.h"
#include "src/cmd/options.h"
#include "src/cmd/unknown-command.h"
#include "src/cmd/usage.h"
#include "src/config/config.h"
#include "src/image/store.h"
#include "src/platform/host.h"
#include "xalloc.h"
#include "xvasprintf.h"

/* Exit statuses of our own.  A command may return others: run returns that of
   the program, or 125, 126 and 127 as Docker does.  */
enum
{
  STATUS_OK = 0,
  STATUS_FAILED = 1
};

/* What is left of a command line while it is worked on.  */
struct program
{
  char **argv; /* the words as they came, never permuted */
  struct general_options general;
  struct config config;
  struct invocation invocation;
};

/* Take the standard descriptors that are closed, so that no file of ours ends
   up there and is written over.  They fail as closed ones do (O_PATH), and are
   closed again when a program is executed, so that the container finds what
   our caller gave.  */
static void
guard_descriptors (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && errno == EBADF)
      /* It takes the lowest number, which is FD.  */
      (void) open ("/dev/null", O_PATH | O_CLOEXEC);
}

/* Return which locale the user wants for CATEGORY, a variable's name, or NULL
   when that is the one that a program starts in.  */
static const char *
locale_wish (const char *category)
{
  const char *const variables[] = { "LC_ALL", category, "LANG" };

  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
    {
      const char *value = getenv (variables[i]);
      if (value == NULL || *value == '\0')
        continue;
      bool plain = strcmp (value, "C") == 0 || strcmp (value, "POSIX") == 0;
      return plain ? NULL : value;
    }
  return NULL;
}

/* Speak the language of the user.  Only the categories that we use are set:
   each one costs system calls, and numbers must be printed the same
   everywhere.  */
static void
start_locale (void)
{
  const char *messages = locale_wish ("LC_MESSAGES");
  if (locale_wish ("LC_CTYPE") != NULL)
    setlocale (LC_CTYPE, "");
  /* C.UTF-8 has characters but no language.  */
  if (messages == NULL || strncmp (messages, "C.", 2) == 0
      || setlocale (LC_MESSAGES, "") == NULL)
    return;

  /* In a copied tree the translations are not where configure said.  */
  AUTO_FREE char *prefix = platform_prefix ();
  AUTO_FREE char *directory =
      prefix == NULL ? NULL : xasprintf ("%s/share/locale", prefix);
  bindtextdomain (PACKAGE, directory != NULL && access (directory, F_OK) == 0
                               ? directory
                               : LOCALEDIR);
  textdomain (PACKAGE);
}

/* Print the error in ERR.  */
static void
print_error (const struct error *err)
{
  log_error ("%s", err->text == NULL ? strerror (EIO) : err->text);
}

/* Where ERR may come from a repository, STORE, that must not be written, say
   that.  */
static void
hint_at_permissions (const struct store *store, struct error *err)
{
  if (store != NULL
      && (err->number == EACCES || err->number == EROFS || err->number == EPERM)
      && !store_is_writable (store))
    (void) error_hint (err, _ ("the repository '%s' is read-only"),
                       store_top_path (store));
}

/* The report of an invocation.  */
static void
report (struct invocation *invocation, struct error *err)
{
  hint_at_permissions (invocation->store, err);
  print_error (err);
  error_release (err);
  invocation->reported = true;
}

/* Write out what is left for standard output and close it.  Return STATUS, or
   STATUS_FAILED, after saying why, when STATUS is good and something was
   lost.  */
static int
finish_output (int status)
{
  int cause = 0;

  /* The stream only remembers that it failed.  Why, another write tells; the
     output is spoilt anyway.  */
  if (ferror (stdout) != 0 && write (STDOUT_FILENO, "\n", 1) < 0)
    cause = errno;
  if (close_stream (stdout) == 0)
    return status;
  if (cause == 0)
    cause = errno != 0 ? errno : EIO;
  log_error (_ ("cannot write to standard output: %s"), strerror (cause));
  return status == STATUS_OK ? STATUS_FAILED : status;
}

/* Print TEXT to standard output.  */
static int
print (const struct buffer *text)
{
  fwrite (text->data, 1, text->length, stdout);
  return STATUS_OK;
}

/* Refuse the wrong number of operands.  */
static int
check_operands (const struct invocation *invocation, struct error *err)
{
  const struct command *command = invocation->command;

  if (invocation->operand_count < command->min_operands)
    {
      if (command->missing != NULL)
        return error_set (err, EINVAL, "%s", _ (command->missing));
      return error_set (err, EINVAL,
                        _ ("missing operand: the command is 'udocker %s %s'"),
                        command->name,
                        command->operands == NULL ? "" : _ (command->operands));
    }
  if (invocation->operand_count > command->max_operands)
    {
      AUTO_BUFFER (words);
      for (int i = command->max_operands; i < invocation->operand_count; i++)
        buffer_add_format (&words, " %s", invocation->operands[i]);
      return error_set (
          err, EINVAL, _ ("syntax error at:%s: too many operands"), words.data);
    }
  return 0;
}

/* Open the repository, or make it where that is not forbidden.  */
static int
open_repository (struct program *program, struct error *err)
{
  const struct config *config = &program->config;
  const struct store_paths paths = store_paths_of (config);
  const char *created = NULL;

  int status = store_open (&paths, !config->repository_given, &created,
                           &program->invocation.store, err);
  if (status == -ENOENT && config->repository_given)
    return error_set (err, ENOENT, _ ("invalid udocker repository: %s"),
                      config->topdir);
  if (created != NULL)
    log_info (strcmp (created, store_top_path (program->invocation.store)) == 0
                  ? _ ("creating repo: %s")
                  : _ ("creating directory: %s"),
              created);
  return status;
}

/* Get what the command needs.  */
static int
meet_needs (struct program *program, struct error *err)
{
  const struct general_options *general = &program->general;
  const struct config_command_line command_line = {
    .repository = general->repository,
    .file = general->config,
    .quiet = general->quiet,
    .debug = general->debug,
    .insecure = general->insecure,
    .allow_root = general->allow_root,
  };
  enum command_needs needs = program->invocation.command->needs;

  if (needs == NEEDS_NOTHING)
    return 0;
  if (geteuid () == 0 && !general->allow_root)
    return error_set (err, EPERM,
                      _ ("do not run as root !  Use an ordinary account, or "
                         "the option --allow-root where there is none"));

  int status = config_load (&program->config, &command_line, err);
  if (status < 0)
    return status;
  log_set_level (program->config.verbose_level);
  program->invocation.config = &program->config;
  return needs == NEEDS_REPOSITORY ? open_repository (program, err) : 0;
}

/* Parse the words of COMMAND (ARGC, ARGV, the first is its name) and run it.
   Return the exit status, or a negative errno with ERR set.  */
static int
run_command (struct program *program, const struct command *command, int argc,
             char **argv, struct error *err)
{
  struct invocation *invocation = &program->invocation;
  AUTO_FREE void *options = xzalloc (command->options_size + 1);
  int first = 0;

  *invocation = (struct invocation){
    .command = command,
    .options = options,
    .argv = program->argv,
    .failure_status =
        command->failure_status != 0 ? command->failure_status : STATUS_FAILED,
    .report = report,
  };
  exit_failure = invocation->failure_status; /* when memory is exhausted */

  int status =
      options_parse (command->options,
                     command->options_end_at_operand ? OPTIONS_BEFORE_OPERANDS
                                                     : OPTIONS_ANYWHERE,
                     argc, argv, options, &first, err);
  if (status == 1)
    {
      AUTO_BUFFER (text);
      usage_of_command (command, &text);
      status = print (&text);
    }
  else if (status == 0)
    {
      invocation->operands = argv + first;
      invocation->operand_count = argc - first;
      status = check_operands (invocation, err);
      if (status == 0)
        status = meet_needs (program, err);
      if (status == 0)
        status = command->run (invocation, err);
      if (status < 0)
        hint_at_permissions (invocation->store, err);
    }

  options_release (command->options, options);
  store_close (invocation->store);
  config_release (&program->config);
  return status;
}

/* Print the general help, which only the full program has.  */
static int
general_help (const struct program *program, struct error *err)
{
  AUTO_BUFFER (text);

  if (!command_is_full ())
    return platform_exec_part ("udocker-full", program->argv, err);
  usage_general (&text);
  return print (&text);
}

/* Find out which command is wanted and run it.  Return the exit status, or a
   negative errno with ERR set.  */
static int
run_program (struct program *program, int argc, char **argv, struct error *err)
{
  struct general_options *general = &program->general;
  char version[] = "version";
  char help[] = "--help";
  char *substitute[] = { NULL, NULL, NULL };
  int first = 0;

  int status = options_parse (general_rows, OPTIONS_BEFORE_OPERANDS, argc, argv,
                              general, &first, err);
  if (status < 0)
    return status;
  if (general->quiet)
    log_set_level (LOG_RESULT);
  if (general->debug)
    log_set_level (LOG_DEBUG);

  argc -= first;
  argv += first;
  if (status == 1 && argc > 0)
    {
      /* "udocker --help COMMAND" is "udocker COMMAND --help".  */
      substitute[0] = argv[0];
      substitute[1] = help;
      argc = 2;
      argv = substitute;
    }
  else if (general->version)
    {
      substitute[0] = version;
      argc = 1;
      argv = substitute;
    }
  else if (argc <= 0)
    {
      if (status == 1 || first == 1)
        return general_help (program, err);
      return error_set (err, EINVAL,
                        _ ("invalid command: none given; 'udocker help' lists "
                           "the commands"));
    }

  const struct command_entry *entry = command_find (argv[0]);
  if (entry == NULL)
    return unknown_command (argv[0], err);
  if (entry->command == NULL)
    return platform_exec_part ("udocker-full", program->argv, err);
  return run_command (program, entry->command, argc, argv, err);
}

int
main (int argc, char **argv)
{
  struct program program = { .invocation.failure_status = STATUS_FAILED };
  AUTO_ERROR struct error err = { 0 };

  guard_descriptors ();
  start_locale ();

  /* Parsing moves the words about.  */
  AUTO_FREE char **words = xcalloc ((size_t) argc + 1, sizeof *words);
  memcpy (words, argv, (size_t) argc * sizeof *words);
  program.argv = words;

  int status = run_program (&program, argc, argv, &err);
  if (status < 0)
    {
      print_error (&err);
      status = program.invocation.failure_status;
    }
  else if (status == STATUS_OK && program.invocation.reported)
    status = STATUS_FAILED;
  return finish_output (status);
}
