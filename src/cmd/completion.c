/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The completion script for bash, made from the table of commands.  */

#include <config.h>

#include <string.h>

#include "lib/base/buffer.h"
#include "src/cmd/command.h"
#include "src/cmd/general.h"
#include "src/cmd/usage.h"

/* Append the words that complete the options of ROWS.  */
static void
append_options (struct buffer *out, const struct option_row *rows)
{
  for (; rows != NULL && (rows->name != NULL || rows->letter != 0); rows++)
    {
      if (rows->hidden || rows->ignored || rows->refusal != NULL)
        continue;
      bool valued = rows->kind == OPTION_VALUE || rows->kind == OPTION_LIST;
      if (rows->name != NULL)
        buffer_add_format (out, "--%s%s ", rows->name, valued ? "=" : "");
      else
        buffer_add_format (out, "-%c ", rows->letter);
      for (size_t i = 0; rows->choices != NULL && rows->choices[i] != NULL; i++)
        buffer_add_format (out, "--%s=%s ", rows->name, rows->choices[i]);
    }
  buffer_add_string (out, "--help");
}

/* Append the kinds of things that the operands of COMMAND are, as words of
   the script.  */
static void
append_kinds (struct buffer *out, const struct command *command)
{
  static const struct
  {
    const char *word;
    const char *kind;
  } kinds[] = {
    { "CONTAINER", "containers" }, { "IMAGE", "images" },
    { "FILE", "files" },           { "DIR", "directories" },
    { "COMMAND", "commands" },
  };

  if (command->operands == NULL)
    return;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (strstr (command->operands, kinds[i].word) != NULL
        /* What run starts is nothing that we know.  */
        && !(command->options_end_at_operand
             && strcmp (kinds[i].word, "COMMAND") == 0))
      buffer_add_format (out, " %s", kinds[i].kind);
}

void
usage_completion (struct buffer *out)
{
  buffer_add_string (out, "# bash completion for udocker(1), made by "
                          "'udocker help --format=bash'.\n"
                          "\n"
                          "_udocker ()\n"
                          "{\n"
                          "  local commands='");
  for (const struct command_entry *entry = commands; entry->name != NULL;
       entry++)
    buffer_add_format (out, "%s%s", entry == commands ? "" : " ", entry->name);
  buffer_add_string (
      out,
      "'\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} name= options= kinds= i\n"
      "  # A \"=\" is a word of its own to readline.\n"
      "  if [[ $cur == '=' ]]; then cur=; kinds=files; fi\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      --repo|--config)\n"
      "        if [[ ${COMP_WORDS[i + 1]-} != '=' ]]; then ((i++)); fi ;;\n"
      "      -*|=) ;;\n"
      "      *)\n"
      "        if [[ ${COMP_WORDS[i - 1]} != '=' ]]; then\n"
      "          name=${COMP_WORDS[i]}; break\n"
      "        fi ;;\n"
      "    esac\n"
      "  done\n"
      "  case $name in\n"
      "    '') kinds=${kinds:-commands} options='");
  append_options (out, general_rows);
  buffer_add_string (out, "' ;;\n");
  for (const struct command_entry *entry = commands; entry->name != NULL;
       entry++)
    if (entry->command != NULL)
      {
        buffer_add_format (out, "    %s) options='", entry->name);
        append_options (out, entry->command->options);
        buffer_add_string (out, "' kinds=\"${kinds:-");
        append_kinds (out, entry->command);
        buffer_add_string (out, "}\" ;;\n");
      }
  buffer_add_string (
      out,
      "  esac\n"
      "  local IFS=$' \\t\\n' kind\n"
      "  COMPREPLY=()\n"
      "  if [[ $cur == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
      "    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then\n"
      "      compopt -o nospace\n"
      "    fi\n"
      "    return\n"
      "  fi\n"
      "  for kind in $kinds; do\n"
      "    case $kind in\n"
      "      commands) COMPREPLY+=($(compgen -W \"$commands\" -- \"$cur\")) "
      ";;\n"
      "      files) COMPREPLY+=($(compgen -f -- \"$cur\")) ;;\n"
      "      directories) COMPREPLY+=($(compgen -d -- \"$cur\")) ;;\n"
      "      containers)\n"
      "        COMPREPLY+=($(compgen -W \"$(udocker -q ps 2> /dev/null \\\n"
      "          | sed '/^CONTAINER ID/d; s/^.\\{41\\}//; s/ .*//; s/,/ /g')\" "
      "-- "
      "\"$cur\")) ;;\n"
      "      images)\n"
      "        COMPREPLY+=($(compgen -W \"$(udocker -q images 2> /dev/null \\\n"
      "          | sed 's/ .*//')\" -- \"$cur\")) ;;\n"
      "    esac\n"
      "  done\n"
      "  if declare -F __ltrim_colon_completions > /dev/null; then\n"
      "    __ltrim_colon_completions \"$cur\"\n"
      "  fi\n"
      "}\n"
      "complete -o bashdefault -F _udocker udocker\n");
}
