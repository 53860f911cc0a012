/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker help: help, in several forms.  */

#include <config.h>

#include <stdio.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/cmd/unknown-command.h"
#include "src/cmd/usage.h"

extern const struct command command_help;

struct help_options
{
  const char *format;
};

static const char *const formats[] = { "text", "man", "texinfo", "bash", NULL };

static const struct option_row rows[] = {
  { .name = "format",
    .kind = OPTION_VALUE,
    .argument = N_ ("FORMAT"),
    .help = N_ ("print the manual page, chapters of the manual, or the "
                "completion script for bash"),
    .choices = formats,
    .target = OPTION_TARGET (struct help_options, format) },
  { 0 },
};

static int
run_help (struct invocation *invocation, struct error *err)
{
  const struct help_options *options = invocation->options;
  AUTO_BUFFER (out);

  if (options->format != NULL && strcmp (options->format, "man") == 0)
    usage_manual (&out);
  else if (options->format != NULL && strcmp (options->format, "texinfo") == 0)
    usage_texinfo (&out);
  else if (options->format != NULL && strcmp (options->format, "bash") == 0)
    usage_completion (&out);
  else if (invocation->operand_count == 0)
    usage_general (&out);
  else
    {
      const struct command_entry *entry =
          command_find (invocation->operands[0]);
      if (entry == NULL || entry->command == NULL)
        return unknown_command (invocation->operands[0], err);
      usage_of_command (entry->command, &out);
    }
  fwrite (out.data, 1, out.length, stdout);
  return 0;
}

const struct command command_help = {
  .name = "help",
  .operands = N_ ("[COMMAND]"),
  .summary = N_ ("print help, or the help of one command"),
  .options = rows,
  .options_size = sizeof (struct help_options),
  .max_operands = 1,
  .needs = NEEDS_NOTHING,
  .run = run_help,
};
