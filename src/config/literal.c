/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Values of settings as people write them, Python literals among them.  */

#include <config.h>

#include "src/config/literal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "src/config/config.h"
#include "xalloc.h"
#include "xstrndup.h"

static const char blanks[] = " \t\r\n";

/* Read the quoted string at CURSOR (which is at the quote) into OUT.  Return
   what follows it, or NULL when it does not end.  */
static const char *
read_quoted (const char *cursor, struct buffer *out)
{
  char quote = *cursor++;

  for (; *cursor != quote; cursor++)
    {
      char character = *cursor;
      if (character == '\0')
        return NULL;
      if (character == '\\' && cursor[1] != '\0')
        {
          character = *++cursor;
          if (character == 'n')
            character = '\n';
          else if (character == 't')
            character = '\t';
        }
      buffer_add_char (out, character);
    }
  return cursor + 1;
}

char *
literal_read_text (const char *text)
{
  AUTO_BUFFER (out);

  if (strcmp (text, "None") == 0)
    return xstrdup ("");
  if (*text == '\'' || *text == '"')
    {
      const char *rest = read_quoted (text, &out);
      if (rest != NULL && rest[strspn (rest, blanks)] == '\0')
        return buffer_take (&out);
    }
  return xstrdup (text);
}

/* Read the word at CURSOR, in quotes or not, into OUT.  Return what follows it,
   or NULL when there is none.  */
static const char *
read_word (const char *cursor, struct buffer *out)
{
  if (*cursor == '\'' || *cursor == '"')
    return read_quoted (cursor, out);
  size_t length = strcspn (cursor, " \t\r\n,:={}");
  buffer_add (out, cursor, length);
  return length > 0 ? cursor + length : NULL;
}

char *
literal_find (const char *text, const char *key)
{
  for (;;)
    {
      AUTO_BUFFER (name);
      AUTO_BUFFER (value);
      text += strspn (text, " \t\r\n,{}");
      text = read_word (text, &name);
      if (text == NULL)
        return NULL;
      text += strspn (text, blanks);
      if (*text != ':' && *text != '=')
        return NULL;
      text++;
      text += strspn (text, blanks);
      text = read_word (text, &value);
      if (text == NULL)
        return NULL;
      if (name.length == strlen (key)
          && memcmp (name.data, key, name.length) == 0)
        return buffer_take (&value);
    }
}

static void
list_add (struct config_list *list, char *item)
{
  list->items =
      xreallocarray (list->items, list->count + 2, sizeof *list->items);
  list->items[list->count++] = item;
  list->items[list->count] = NULL;
}

void
literal_release_list (struct config_list *list)
{
  for (size_t i = 0; i < list->count; i++)
    free (list->items[i]);
  free (list->items);
  *list = (struct config_list){ 0 };
}

/* Read the Python list or tuple at CURSOR into LIST; INNER is one inside
   another.  Return what follows it, or NULL when it is none.  */
static const char *
read_python_list (const char *cursor, struct config_list *list, bool inner)
{
  char end = *cursor == '[' ? ']' : ')';

  cursor++;
  for (;;)
    {
      cursor += strspn (cursor, blanks);
      if (*cursor == end)
        return cursor + 1;

      AUTO_BUFFER (item);
      if (*cursor == '\'' || *cursor == '"')
        /* Strings without a comma between them are one string.  */
        while (cursor != NULL && (*cursor == '\'' || *cursor == '"'))
          {
            cursor = read_quoted (cursor, &item);
            if (cursor != NULL)
              cursor += strspn (cursor, blanks);
          }
      else if (!inner && (*cursor == '[' || *cursor == '('))
        {
          struct config_list words = { 0 };
          cursor = read_python_list (cursor, &words, true);
          for (size_t i = 0; i < words.count; i++)
            buffer_add_format (&item, "%s%s", i == 0 ? "" : " ",
                               words.items[i]);
          literal_release_list (&words);
        }
      else
        {
          size_t length = strcspn (cursor, ",[]()'\" \t\r\n");
          if (length == 0)
            return NULL;
          buffer_add (&item, cursor, length);
          cursor += length;
        }
      if (cursor == NULL)
        return NULL;
      list_add (list, buffer_take (&item));

      cursor += strspn (cursor, blanks);
      if (*cursor == ',')
        cursor++;
      else if (*cursor != end)
        return NULL;
    }
}

/* Read words separated by one of SEPARATORS into LIST.  */
static void
read_words (const char *text, const char *separators, struct config_list *list)
{
  for (const char *cursor = text; *cursor != '\0';)
    {
      size_t length = strcspn (cursor, separators);
      const char *word = cursor + strspn (cursor, blanks);
      const char *end = cursor + length;
      cursor = end + (*end != '\0');
      while (end > word && strchr (blanks, end[-1]) != NULL)
        end--;
      if (end > word)
        {
          AUTO_FREE char *item = xstrndup (word, (size_t) (end - word));
          list_add (list, literal_read_text (item));
        }
    }
}

bool
literal_read_list (const char *text, struct config_list *list)
{
  struct config_list found = { 0 };

  text += strspn (text, blanks);
  if (*text == '[' || *text == '(')
    {
      const char *rest = read_python_list (text, &found, false);
      if (rest == NULL || rest[strspn (rest, blanks)] != '\0')
        {
          literal_release_list (&found);
          return false;
        }
    }
  else if (strcmp (text, "None") != 0)
    read_words (text, strchr (text, ',') != NULL ? "," : blanks, &found);

  literal_release_list (list);
  *list = found;
  if (list->items == NULL)
    list->items = xcalloc (1, sizeof *list->items);
  return true;
}

bool
literal_read_integer (const char *text, int *number)
{
  AUTO_FREE char *plain = literal_read_text (text);
  char *end = NULL;

  errno = 0;
  long value = strtol (plain, &end, 10);
  if (end == plain || end[strspn (end, blanks)] != '\0' || errno != 0
      || value < INT_MIN || value > INT_MAX)
    return false;
  *number = (int) value;
  return true;
}

void
literal_print_text (struct buffer *out, const char *text)
{
  char quote =
      strchr (text, '\'') != NULL && strchr (text, '"') == NULL ? '"' : '\'';

  buffer_add_char (out, quote);
  for (const char *c = text; *c != '\0'; c++)
    {
      if (*c == quote || *c == '\\')
        buffer_add_char (out, '\\');
      if (*c == '\n')
        buffer_add_string (out, "\\n");
      else
        buffer_add_char (out, *c);
    }
  buffer_add_char (out, quote);
}

void
literal_print_list (struct buffer *out, const struct config_list *list)
{
  buffer_add_char (out, '[');
  for (size_t i = 0; i < list->count; i++)
    {
      if (i > 0)
        buffer_add_string (out, ", ");
      literal_print_text (out, list->items[i]);
    }
  buffer_add_char (out, ']');
}
