/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Print JSON sorted and indented.  */

#include <config.h>

#include "src/cmd/print-json.h"

#include <stdio.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/base/log.h"

int
print_json (const char *text, size_t size, const char *name, struct error *err)
{
  AUTO_JSON struct json_object *object = NULL;

  int status = json_parse (text, size, name, &object, err);
  if (status < 0)
    return status;
  AUTO_FREE char *pretty = json_pretty (object);
  if (log_says (LOG_RESULT))
    fputs (pretty, stdout);
  return 0;
}
