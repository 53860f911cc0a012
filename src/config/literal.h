/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Values of settings as people write them, Python literals among them.  */

#ifndef UDOCKER_CONFIG_LITERAL_H
#define UDOCKER_CONFIG_LITERAL_H

#include <stdbool.h>

struct buffer;
struct config_list;

/* Return the text that TEXT stands for, which the caller frees: TEXT itself,
   or what is between the quotes when it is a quoted Python string, or "" when
   it is None.  */
char *literal_read_text (const char *text);

/* Return the value of KEY in TEXT, a Python dictionary of strings, or words
   KEY=VALUE with blanks or commas between, which the caller frees; NULL when it
   has none.  */
char *literal_find (const char *text, const char *key);

/* Read TEXT as a list into LIST, whose former items are freed: a Python list
   or tuple of strings (a list inside becomes one item, its words separated by
   blanks), or words separated by commas where there is one and by white space
   where there is none.  Return whether TEXT is one; LIST is unchanged when it
   is not.  */
bool literal_read_list (const char *text, struct config_list *list);

/* Read TEXT as a whole number into NUMBER.  Return whether it is one.  */
bool literal_read_integer (const char *text, int *number);

/* Append TEXT to OUT as a Python string in quotes.  */
void literal_print_text (struct buffer *out, const char *text);

/* Append LIST to OUT as a Python list of strings.  */
void literal_print_list (struct buffer *out, const struct config_list *list);

/* Free the items of LIST, which is empty afterwards.  */
void literal_release_list (struct config_list *list);

#endif
