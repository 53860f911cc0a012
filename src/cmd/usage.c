/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The help texts, made from the table of commands.  */

#include <config.h>

#include "src/cmd/usage.h"

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/i18n.h"
#include "mbswidth.h"
#include "src/cmd/command.h"
#include "src/cmd/general.h"

enum
{
  LINE_WIDTH = 79,
  HELP_COLUMN = 28
};

/* Append TEXT to OUT, filled: lines of LINE_WIDTH columns, those behind the
   first indented by INDENT; the first begins at COLUMN.  No newline follows
   the last.  */
static void
fill (struct buffer *out, const char *text, int column, int indent)
{
  bool first = true;

  while (*text != '\0')
    {
      size_t length = strcspn (text, " \n");
      int width = mbsnwidth (text, length, 0);
      if (!first && column + 1 + width > LINE_WIDTH)
        {
          buffer_add_format (out, "\n%*s", indent, "");
          column = indent;
        }
      else if (!first)
        {
          buffer_add_char (out, ' ');
          column++;
        }
      buffer_add (out, text, length);
      column += width;
      first = false;
      text += length;
      text += strspn (text, " \n");
    }
}

static bool
is_listed (const struct option_row *row)
{
  return !row->hidden && !row->ignored && row->refusal == NULL;
}

/* Append the spellings of ROW to OUT: "-v, --volume=ARGUMENT".  */
static void
append_spellings (const struct option_row *row, struct buffer *out)
{
  if (row->letter != 0)
    buffer_add_format (out, "-%c", row->letter);
  if (row->letter != 0 && row->name != NULL)
    buffer_add_string (out, ", ");
  if (row->name != NULL)
    {
      if (row->letter == 0)
        buffer_add_string (out, "    ");
      buffer_add_format (out, "--%s", row->name);
    }
  if (row->kind == OPTION_FLAG)
    return;

  const char *argument =
      row->argument == NULL ? _ ("VALUE") : _ (row->argument);
  const char *sign = row->name != NULL ? "=" : " ";
  if (row->kind == OPTION_OPTIONAL)
    buffer_add_format (out, "[%s%s]", sign, argument);
  else
    buffer_add_format (out, "%s%s", sign, argument);
}

/* Append one line of a list, NAME and its TEXT, to OUT.  */
static void
append_item (struct buffer *out, const char *name, const char *text)
{
  int width = 2 + mbswidth (name, 0);

  buffer_add_format (out, "  %s", name);
  if (width + 2 > HELP_COLUMN)
    {
      buffer_add_char (out, '\n');
      width = 0;
    }
  buffer_add_format (out, "%*s", HELP_COLUMN - width, "");
  fill (out, text, HELP_COLUMN, HELP_COLUMN);
  buffer_add_char (out, '\n');
}

static void
append_options (struct buffer *out, const struct option_row *rows)
{
  bool has_h = false;

  for (; rows != NULL && (rows->name != NULL || rows->letter != 0); rows++)
    {
      has_h |= rows->letter == 'h';
      if (!is_listed (rows))
        continue;
      AUTO_BUFFER (name);
      AUTO_BUFFER (text);
      append_spellings (rows, &name);
      if (rows->help != NULL)
        buffer_add_string (&text, _ (rows->help));
      if (rows->choices != NULL)
        {
          buffer_add_string (&text, ": ");
          for (size_t i = 0; rows->choices[i] != NULL; i++)
            buffer_add_format (&text, "%s%s", i == 0 ? "" : ", ",
                               rows->choices[i]);
        }
      if (rows->kind == OPTION_LIST)
        buffer_add_string (&text, _ (" (may be repeated)"));
      append_item (out, name.data, text.data == NULL ? "" : text.data);
    }
  append_item (out, has_h ? "    --help" : "-h, --help",
               _ ("print this help and exit"));
}

/* Append the paragraphs of TEXT to OUT, filled; those that begin with a blank
   as they are.  */
static void
append_paragraphs (struct buffer *out, const char *text)
{
  while (*text != '\0')
    {
      const char *end = strstr (text, "\n\n");
      size_t length = end == NULL ? strlen (text) : (size_t) (end - text);
      AUTO_BUFFER (paragraph);

      buffer_add_char (out, '\n');
      buffer_add (&paragraph, text, length);
      if (*text == ' ')
        buffer_add_string (out, paragraph.data);
      else
        fill (out, paragraph.data, 0, 0);
      buffer_add_char (out, '\n');
      text += length;
      text += strspn (text, "\n");
    }
}

/* Append TEXT with a capital first letter, where that is a plain one.  */
static void
append_sentence (struct buffer *out, const char *text)
{
  AUTO_BUFFER (sentence);

  buffer_add_string (&sentence, text);
  if (sentence.length > 0 && sentence.data[0] >= 'a' && sentence.data[0] <= 'z')
    sentence.data[0] = (char) (sentence.data[0] - 'a' + 'A');
  buffer_add_char (&sentence, '.');
  fill (out, sentence.data, 0, 0);
  buffer_add_char (out, '\n');
}

void
usage_of_command (const struct command *command, struct buffer *out)
{
  buffer_add_format (out, _ ("Usage: udocker [GENERAL OPTION]... %s"),
                     command->name);
  buffer_add_format (out, " %s", _ ("[OPTION]..."));
  if (command->operands != NULL)
    buffer_add_format (out, " %s", _ (command->operands));
  buffer_add_char (out, '\n');
  append_sentence (out, _ (command->summary));
  if (command->description != NULL)
    append_paragraphs (out, _ (command->description));
  buffer_add_format (out, "\n%s\n", _ ("Options:"));
  append_options (out, command->options);
}

void
usage_general (struct buffer *out)
{
  buffer_add_string (
      out, _ ("Usage: udocker [GENERAL OPTION]... COMMAND [OPTION]... "
              "[OPERAND]...\n"
              "Pull container images and run programs in them, without "
              "privileges.\n"));
  buffer_add_format (out, "\n%s\n", _ ("Commands:"));
  for (const struct command_entry *entry = commands; entry->name != NULL;
       entry++)
    if (entry->command != NULL)
      {
        AUTO_BUFFER (name);
        buffer_add_string (&name, entry->name);
        append_item (out, name.data, _ (entry->command->summary));
      }
  buffer_add_format (out, "\n%s\n", _ ("General options, before the command:"));
  append_options (out, general_rows);
  buffer_add_format (out, "\n%s\n",
                     _ ("'udocker COMMAND --help' tells about one command."));
  append_paragraphs (
      out, _ (" udocker pull busybox             fetch an image\n"
              " udocker create --name=bb busybox make a container of it\n"
              " udocker run bb ls /              run a program in it"));
}
