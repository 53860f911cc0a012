/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The chapters of the manual that describe commands and settings, made from
   the tables.  */

#include <config.h>

#include "src/cmd/usage.h"

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/cmd/general.h"
#include "src/cmd/markup.h"
#include "src/config/setting.h"

/* Append SIZE bytes of TEXT to OUT so that Texinfo prints them as they are. */
static void
escape (struct buffer *out, const char *text, size_t size)
{
  for (size_t i = 0; i < size; i++)
    {
      if (strchr ("@{}", text[i]) != NULL)
        buffer_add_char (out, '@');
      buffer_add_char (out, text[i]);
    }
}

static const struct markup markup = {
  .escape = escape,
  .paragraph = { "\n", "\n" },
  .example = { "\n@example\n", "\n@end example\n" },
  .value = { "@var{", "}" },
};

static void
escape_string (struct buffer *out, const char *text)
{
  markup_string (&markup, out, text);
}

static void
append_option (struct buffer *out, const struct option_row *row)
{
  buffer_add_string (out, "@item ");
  if (row->letter != 0)
    buffer_add_format (out, "-%c", row->letter);
  if (row->letter != 0 && row->name != NULL)
    buffer_add_string (out, ", ");
  if (row->name != NULL)
    buffer_add_format (out, "--%s", row->name);
  markup_value (&markup, out, row);
  buffer_add_char (out, '\n');
  markup_help (&markup, out, row);
}

static void
append_options (struct buffer *out, const struct option_row *rows)
{
  bool open = false;

  for (; rows != NULL && (rows->name != NULL || rows->letter != 0); rows++)
    if (!rows->hidden && !rows->ignored && rows->refusal == NULL)
      {
        if (!open)
          buffer_add_string (out, "\n@table @code\n");
        open = true;
        append_option (out, rows);
      }
  if (open)
    buffer_add_string (out, "@end table\n");
}

static void
append_command (struct buffer *out, const struct command *command)
{
  buffer_add_format (out, "\n@node %s\n@section @command{%s}: ", command->name,
                     command->name);
  escape_string (out, _ (command->summary));
  buffer_add_format (out,
                     "\n@cindex command @command{%s}\n\n@example\nudocker %s",
                     command->name, command->name);
  if (command->options != NULL)
    buffer_add_format (out, " [OPTION]...");
  if (command->operands != NULL)
    {
      buffer_add_char (out, ' ');
      escape_string (out, _ (command->operands));
    }
  buffer_add_string (out, "\n@end example\n");
  if (command->description != NULL)
    markup_paragraphs (&markup, out, _ (command->description));
  append_options (out, command->options);
}

static void
append_settings (struct buffer *out)
{
  buffer_add_string (out, "@table @code\n");
  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    {
      if (setting->help == NULL)
        continue;
      buffer_add_format (out, "@item %s\n", setting->name);
      if (setting->variable != NULL)
        buffer_add_format (out, "@itemx %s @r{(variable)}\n",
                           setting->variable);
      escape_string (out, _ (setting->help));
      if (*setting->default_text != '\0')
        {
          buffer_add_string (out, "; the default is @code{");
          escape_string (out, setting->default_text);
          buffer_add_char (out, '}');
        }
      buffer_add_string (out, "\n");
    }
  buffer_add_string (out, "@end table\n");
}

void
usage_texinfo (struct buffer *out)
{
  buffer_add_string (out, "@c Made by 'udocker help --format=texinfo'.\n"
                          "@node Commands\n"
                          "@chapter Commands\n"
                          "\n"
                          "These options stand before the command.\n");
  append_options (out, general_rows);
  buffer_add_string (out, "\n@menu\n");
  for (const struct command_entry *entry = commands; entry->name != NULL;
       entry++)
    if (entry->command != NULL)
      {
        buffer_add_format (out, "* %s:: ", entry->name);
        escape_string (out, _ (entry->command->summary));
        buffer_add_string (out, "\n");
      }
  buffer_add_string (out, "@end menu\n");
  for (const struct command_entry *entry = commands; entry->name != NULL;
       entry++)
    if (entry->command != NULL)
      append_command (out, entry->command);

  buffer_add_string (
      out, "\n@node Settings\n"
           "@chapter Settings\n"
           "\n"
           "Settings come from these places, the later wins: built-in "
           "defaults, @file{/etc/udocker.conf} (unless the variable "
           "@env{UDOCKER_NOSYSCONF} is set), "
           "@file{~/.udocker/udocker.conf}, @file{udocker.conf} in the "
           "repository, the file given with @option{--config}, environment "
           "variables, the command line.  Nothing is read from the current "
           "directory.\n"
           "\n"
           "A file has lines @samp{@var{key} = @var{value}}, behind a line "
           "@samp{[DEFAULT]} or without one; a line that begins with a blank "
           "goes on with the value before it; comments begin with @samp{#} "
           "or @samp{;}.  Values may be written as Python would: "
           "@samp{True}, @samp{None}, @samp{['a', 'b']}.  @samp{%(@var{key})s} "
           "stands for the value of another key, @samp{%%} for a percent "
           "sign.  @command{udocker showconf} prints what came of it.\n"
           "\n");
  append_settings (out);
}
