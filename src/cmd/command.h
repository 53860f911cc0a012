/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A command of udocker: the constant that describes it, and what it is given
   when it runs.  Parsing, --help, the manual page and shell completion all
   come from the constant.  */

#ifndef UDOCKER_CMD_COMMAND_H
#define UDOCKER_CMD_COMMAND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "src/cmd/options.h"

struct config;
struct error;
struct invocation;
struct store;

/* What must be there before a command runs; each includes the one before.
   Commands that need anything refuse to run as root without --allow-root.  */
enum command_needs
{
  NEEDS_NOTHING,    /* runs anywhere: no file is read */
  NEEDS_CONFIG,     /* settings are read (invocation.config) */
  NEEDS_REPOSITORY, /* and the repository is open, made when missing
                       (invocation.store) */
};

/* max_operands of a command that takes any number.  */
#define OPERANDS_ANY INT_MAX

/* A command.  One constant a file in src/cmd/, named command_NAME, and one
   line in commands.c.  */
struct command
{
  const char *name;

  /* What follows the options, N_ ("OLD_NAME NEW_NAME"); optional operands in
     brackets, repeated ones with dots: N_ ("CONTAINER [COMMAND [ARG...]]").
     The words CONTAINER, IMAGE, FILE and DIR decide what the shell
     completes.  NULL when there are none.  */
  const char *operands;

  /* One line, lower case, no full stop: N_ ("give a container a name").  */
  const char *summary;

  /* What the manual says besides: paragraphs separated by an empty line,
     each one line of text without breaks (they are filled when printed); a
     paragraph that starts with a blank is an example and printed as it is.
     NULL for none.  */
  const char *description;

  const struct option_row *options; /* ended by an empty row; NULL for none */
  size_t options_size;              /* sizeof (struct NAME_options) */

  int min_operands;
  int max_operands;

  /* The error when operands are missing, where users know another text than
     the general one: N_ ("must specify image:tag or ..."); NULL for that.  */
  const char *missing;

  enum command_needs needs;

  /* Everything behind the first operand belongs to somebody else (run).  */
  bool options_end_at_operand;

  /* Exit status when run returns an error; 0 means 1.  */
  int failure_status;

  /* Do it.  Return the exit status, 0 or more, or a negative errno with ERR
     set: main prints "Error: TEXT" and exits with failure_status.  Results go
     to stdout (stdio); main flushes it and reports a failed write.  */
  int (*run) (struct invocation *invocation, struct error *err);
};

/* One run of a command.  All of it belongs to main and outlives the run.  */
struct invocation
{
  const struct command *command;

  /* The command's structure of options, filled; for struct pull_options:
     const struct pull_options *options = invocation->options;  */
  void *options;

  char **operands; /* OPERAND_COUNT words, then NULL; borrowed from argv */
  int operand_count;

  const struct config *config; /* NULL with NEEDS_NOTHING */
  struct store *store;         /* NULL without NEEDS_REPOSITORY */

  /* The words of the whole command line as the process got them, untouched:
     what a program that takes over is started with.  */
  char **argv;

  /* Exit status when run returns an error: preset from the command, to be
     changed before returning where one error needs another (126, 127).  */
  int failure_status;

  /* Print the error in ERR at once, forget it, and make the exit status 1 if
     the command returns 0: for commands that go on with their next operand.
     The pointer is never NULL.  */
  void (*report) (struct invocation *invocation, struct error *err);
  bool reported;
};

/* A row of the table of all commands.  */
struct command_entry
{
  const char *name;
  const struct command *command; /* NULL when only udocker-full has it */
};

/* All commands in the order of the help; ended by a row without name.  */
extern const struct command_entry commands[];

/* Return the row of the command NAME, or NULL.  */
const struct command_entry *command_find (const char *name);

/* Return whether this is the full program.  */
bool command_is_full (void);

#endif
