/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker version: which one this is.  */

#include <config.h>

#include <stdio.h>

#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "src/cmd/command.h"
#include "src/cmd/format.h"

extern const struct command command_version;

struct version_options
{
  const char *format;
};

static const struct option_row version_rows[] = {
  FORMAT_TEXT_ROW (struct version_options, format),
  { 0 },
};

/* The lines of the Python tool, "key: value": scripts look for them.  Nothing
   is ever downloaded, hence no tarball.  */
static int
run_version (struct invocation *invocation, struct error *err)
{
  const struct version_options *options = invocation->options;

  (void) err;
  if (format_is_json (options->format))
    {
      AUTO_JSON struct json_object *object = json_object_new_object ();
      format_add_text (object, "version", PACKAGE_VERSION);
      format_print (object);
      return 0;
    }
  puts ("version: " PACKAGE_VERSION);
  puts ("tarball: none");
  puts ("tarball_release: none");
  return 0;
}

const struct command command_version = {
  .name = "version",
  .summary = N_ ("print the version"),
  .description = N_ (
      "Nothing is ever downloaded, hence there are no tarballs to be named.\n\n"
      "With --format=json an object with the member version is printed."),
  .options = version_rows,
  .options_size = sizeof (struct version_options),
  .needs = NEEDS_NOTHING,
  .run = run_version,
};
