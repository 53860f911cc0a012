/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The option --format.  */

#include <config.h>

#include "src/cmd/format.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/log.h"

const char *const format_tables[] = { "table", "json", NULL };
const char *const format_texts[] = { "text", "json", NULL };

bool
format_is_json (const char *format)
{
  return format != NULL && strcmp (format, "json") == 0;
}

void
format_print (struct json_object *object)
{
  if (!log_says (LOG_RESULT))
    return;
  AUTO_FREE char *text = json_pretty (object);
  fputs (text, stdout);
}

void
format_add_text (struct json_object *object, const char *key, const char *text)
{
  json_object_object_add (object, key, json_object_new_string (text));
}

void
format_add_number (struct json_object *object, const char *key, intmax_t number)
{
  json_object_object_add (object, key, json_object_new_int64 (number));
}

void
format_add_truth (struct json_object *object, const char *key, bool truth)
{
  json_object_object_add (object, key, json_object_new_boolean (truth));
}
