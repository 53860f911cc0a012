/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The option --format of commands that print what programs read, too.  */

#ifndef UDOCKER_CMD_FORMAT_H
#define UDOCKER_CMD_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/i18n.h"
#include "src/cmd/options.h"

struct json_object;

/* What the option takes: table or json, text or json.  */
extern const char *const format_tables[];
extern const char *const format_texts[];

/* The row of the option for a command with a table; its value goes to MEMBER,
   a const char *, of STRUCTURE.  */
#define FORMAT_TABLE_ROW(structure, member)                                    \
  {                                                                            \
    .name = "format", .kind = OPTION_VALUE, .argument = N_ ("FORMAT"),         \
    .help = N_ ("print a table (the default) or json"),                        \
    .choices = format_tables, .target = OPTION_TARGET (structure, member),     \
  }

/* The same for a command without.  */
#define FORMAT_TEXT_ROW(structure, member)                                     \
  {                                                                            \
    .name = "format", .kind = OPTION_VALUE, .argument = N_ ("FORMAT"),         \
    .help = N_ ("print text (the default) or json"), .choices = format_texts,  \
    .target = OPTION_TARGET (structure, member),                               \
  }

/* Tell whether FORMAT, the value of the option, asks for JSON.  */
bool format_is_json (const char *format);

/* Print OBJECT as JSON, unless nothing is to be printed.  */
void format_print (struct json_object *object);

/* Add to OBJECT the member KEY with a text, a number, a truth value.  */
void format_add_text (struct json_object *object, const char *key,
                      const char *text);
void format_add_number (struct json_object *object, const char *key,
                        intmax_t number);
void format_add_truth (struct json_object *object, const char *key, bool truth);

#endif
