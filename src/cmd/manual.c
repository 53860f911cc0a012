/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The manual page, made from the tables of commands and settings.  */

#include <config.h>

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/cmd/general.h"
#include "src/cmd/markup.h"
#include "src/cmd/usage.h"
#include "src/config/setting.h"
#include "xalloc.h"

/* Append SIZE bytes of TEXT to OUT so that roff prints them as they are.  */
static void
escape (struct buffer *out, const char *text, size_t size)
{
  for (size_t i = 0; i < size; i++)
    switch (text[i])
      {
      case '\\':
        buffer_add_string (out, "\\e");
        break;
      case '-':
        buffer_add_string (out, "\\-");
        break;
      case '\'':
        buffer_add_string (out, "\\(aq");
        break;
      case '~':
        buffer_add_string (out, "\\(ti");
        break;
      case '^':
        buffer_add_string (out, "\\(ha");
        break;
      case '`':
        buffer_add_string (out, "\\(ga");
        break;
      case '.':
        /* At the beginning of a line it would be a request.  */
        buffer_add_string (out, i == 0 || text[i - 1] == '\n' ? "\\&." : ".");
        break;
      default:
        buffer_add_char (out, text[i]);
      }
}

static const struct markup markup = {
  .escape = escape,
  .paragraph = { ".PP\n", "\n" },
  .example = { ".PP\n.EX\n", "\n.EE\n" },
  .value = { "\\fI", "\\fR" },
};

static void
escape_string (struct buffer *out, const char *text)
{
  markup_string (&markup, out, text);
}

static void
append_option (struct buffer *out, const struct option_row *row)
{
  buffer_add_string (out, ".TP\n");
  if (row->letter != 0)
    buffer_add_format (out, "\\fB\\-%c\\fR", row->letter);
  if (row->letter != 0 && row->name != NULL)
    buffer_add_string (out, ", ");
  if (row->name != NULL)
    {
      buffer_add_string (out, "\\fB\\-\\-");
      escape_string (out, row->name);
      buffer_add_string (out, "\\fR");
    }
  markup_value (&markup, out, row);
  buffer_add_char (out, '\n');
  markup_help (&markup, out, row);
}

static void
append_options (struct buffer *out, const struct option_row *rows)
{
  for (; rows != NULL && (rows->name != NULL || rows->letter != 0); rows++)
    if (!rows->hidden && !rows->ignored && rows->refusal == NULL)
      append_option (out, rows);
}

static void
append_command (struct buffer *out, const struct command *command)
{
  buffer_add_format (out, ".SS \"%s", command->name);
  if (command->options != NULL)
    buffer_add_string (out, " [OPTION]...");
  if (command->operands != NULL)
    {
      buffer_add_char (out, ' ');
      escape_string (out, _ (command->operands));
    }
  buffer_add_string (out, "\"\n");

  AUTO_FREE char *summary = xstrdup (_ (command->summary));
  if (*summary >= 'a' && *summary <= 'z')
    *summary = (char) (*summary - 'a' + 'A');
  escape_string (out, summary);
  buffer_add_string (out, ".\n");
  if (command->description != NULL)
    markup_paragraphs (&markup, out, _ (command->description));
  append_options (out, command->options);
}

/* Settings in files, with the variables that set them too.  */
static void
append_settings (struct buffer *out)
{
  for (const struct setting *setting = settings; setting->name != NULL;
       setting++)
    {
      if (setting->help == NULL)
        continue;
      buffer_add_string (out, ".TP\n\\fB");
      escape_string (out, setting->name);
      buffer_add_string (out, "\\fR");
      if (setting->variable != NULL)
        buffer_add_format (out, " (\\fB%s\\fR)", setting->variable);
      buffer_add_char (out, '\n');
      escape_string (out, _ (setting->help));
      if (*setting->default_text != '\0')
        {
          buffer_add_string (out, _ ("; default: "));
          escape_string (out, setting->default_text);
        }
      buffer_add_string (out, "\n");
    }
}

void
usage_manual (struct buffer *out)
{
  buffer_add_format (out,
                     ".\\\" Made by 'udocker help --format=man'.\n"
                     ".TH UDOCKER 1 \"\" \"udocker %s\" \"User Commands\"\n",
                     PACKAGE_VERSION);
  buffer_add_string (
      out,
      ".SH NAME\n"
      "udocker \\- run programs in container images without privileges\n"
      ".SH SYNOPSIS\n"
      ".B udocker\n"
      "[\\fIGENERAL OPTION\\fR]... \\fICOMMAND\\fR [\\fIOPTION\\fR]... "
      "[\\fIOPERAND\\fR]...\n"
      ".SH DESCRIPTION\n"
      "udocker pulls Docker and OCI images from registries, unpacks them "
      "into plain directories, and runs programs in them.  It needs no "
      "privileges, no daemon and no administrator.\n"
      ".PP\n"
      "Options may stand before, between and behind operands, but for\n"
      ".BR run ,\n"
      "where everything behind the container belongs to the program that is "
      "started.  Values are written \\fB\\-\\-name=VALUE\\fR or "
      "\\fB\\-\\-name VALUE\\fR, \\fB\\-vVALUE\\fR, \\fB\\-v VALUE\\fR or "
      "\\fB\\-v=VALUE\\fR; flags may be given a value, \\fBtrue\\fR or "
      "\\fBfalse\\fR; \\fB\\-\\-\\fR ends the options.  Names of options are "
      "never abbreviated.\n"
      ".PP\n"
      "Results are written to standard output, everything else to standard "
      "error.\n"
      ".SH GENERAL OPTIONS\n"
      "They stand before the command.\n");
  append_options (out, general_rows);
  buffer_add_string (out, ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\n"
                          "print help and exit; every command has it too\n"
                          ".SH COMMANDS\n");
  for (const struct command_entry *entry = commands; entry->name != NULL;
       entry++)
    if (entry->command != NULL)
      append_command (out, entry->command);
  buffer_add_string (
      out,
      ".SH EXIT STATUS\n"
      "Of\n.BR run :\n"
      "that of the program; 128 and the number of the signal that ended it; "
      "125 when udocker failed; 126 when the program was found but could not "
      "be executed; 127 when it was not found.\n"
      "Of exec likewise; of every other command: 0, or 1 when something failed.\n"
      ".SH SETTINGS\n"
      "Settings come from these, the later wins: built\\-in defaults, "
      "\\fI/etc/udocker.conf\\fR, \\fI\\(ti/.udocker/udocker.conf\\fR, "
      "\\fIudocker.conf\\fR in the repository, the file of "
      "\\fB\\-\\-config\\fR, environment variables, the command line.  "
      "A file has lines \\fIkey\\fR = \\fIvalue\\fR in the section "
      "\\fB[DEFAULT]\\fR.  The variable that sets the same is written in "
      "parentheses.\n");
  append_settings (out);
  buffer_add_string (
      out,
      ".SH ENVIRONMENT\n"
      "The variables named with the settings, and these.\n"
      ".TP\n.B UDOCKER_NOSYSCONF\n"
      "when set, \\fI/etc/udocker.conf\\fR is not read\n"
      ".TP\n.B UDOCKER_LIBEXECDIR\n"
      "where the programs that udocker consists of are, when not below its "
      "prefix\n"
      ".TP\n.B TMPDIR\n"
      "directory for temporary files, unless a setting says another\n"
      ".SH FILES\n"
      ".TP\n.I \\(ti/.udocker\n"
      "the repository: images in \\fIrepos\\fR and \\fIlayers\\fR, containers "
      "in \\fIcontainers\\fR\n"
      ".TP\n.IR /etc/udocker.conf \", \" \\(ti/.udocker/udocker.conf\n"
      "settings\n"
      ".SH EXAMPLES\n"
      ".EX\n"
      "udocker pull busybox\n"
      "udocker create \\-\\-name=bb busybox\n"
      "udocker run bb ls /\n"
      "udocker run \\-\\-rm \\-v \\(ti/data:/data debian:12 wc /data/file\n"
      ".EE\n");
}
