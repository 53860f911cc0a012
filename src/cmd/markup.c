/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the manual page and the manual say alike, each in its own markup.  */

#include <config.h>

#include "src/cmd/markup.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/i18n.h"
#include "src/cmd/options.h"

void
markup_string (const struct markup *markup, struct buffer *out,
               const char *text)
{
  markup->escape (out, text, strlen (text));
}

void
markup_paragraphs (const struct markup *markup, struct buffer *out,
                   const char *text)
{
  while (*text != '\0')
    {
      const char *end = strstr (text, "\n\n");
      size_t length = end == NULL ? strlen (text) : (size_t) (end - text);
      bool is_example = *text == ' ';
      const char *const *around =
          is_example ? markup->example : markup->paragraph;

      buffer_add_string (out, around[0]);
      markup->escape (out, text + is_example, length - is_example);
      buffer_add_string (out, around[1]);
      text += length;
      text += strspn (text, "\n");
    }
}

void
markup_value (const struct markup *markup, struct buffer *out,
              const struct option_row *row)
{
  bool is_optional = row->kind == OPTION_OPTIONAL;

  if (row->kind == OPTION_FLAG)
    return;
  buffer_add_string (out, is_optional ? "[" : "");
  buffer_add_string (out, row->name != NULL ? "=" : " ");
  buffer_add_string (out, markup->value[0]);
  markup_string (markup, out,
                 row->argument == NULL ? _ ("VALUE") : _ (row->argument));
  buffer_add_string (out, markup->value[1]);
  buffer_add_string (out, is_optional ? "]" : "");
}

void
markup_help (const struct markup *markup, struct buffer *out,
             const struct option_row *row)
{
  if (row->help != NULL)
    markup_string (markup, out, _ (row->help));
  for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
    buffer_add_format (out, "%s%s", i == 0 ? ": " : ", ", row->choices[i]);
  if (row->kind == OPTION_LIST)
    buffer_add_string (out, _ (" (may be repeated)"));
  buffer_add_char (out, '\n');
}
