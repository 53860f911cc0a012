/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker showconf: all settings and their values.  */

#include <config.h>

#include <stdio.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "src/cmd/command.h"
#include "src/cmd/format.h"
#include "src/config/config.h"

extern const struct command command_showconf;

struct showconf_options
{
  const char *format;
};

static const struct option_row showconf_rows[] = {
  FORMAT_TEXT_ROW (struct showconf_options, format),
  { 0 },
};

static int
run_showconf (struct invocation *invocation, struct error *err)
{
  const struct showconf_options *options = invocation->options;
  AUTO_BUFFER (values);
  AUTO_BUFFER (line);

  (void) err;
  if (format_is_json (options->format))
    {
      AUTO_JSON struct json_object *object =
          config_to_json (invocation->config);
      format_print (object);
      return 0;
    }
  for (int i = 0; i < 80; i++)
    buffer_add_char (&line, '-');
  config_print (invocation->config, &values);
  printf ("\t\t%s\n%s\n%s%s\n", _ ("Configuration options"), line.data,
          values.data, line.data);
  return 0;
}

const struct command command_showconf = {
  .name = "showconf",
  .summary = N_ ("print the settings"),
  .description =
      N_ ("Settings come from these, the later wins: built-in defaults, "
          "/etc/udocker.conf (unless UDOCKER_NOSYSCONF is set), "
          "~/.udocker/udocker.conf, udocker.conf in the repository, the file "
          "given with --config, environment variables, the command line.\n\n"
          "A file has lines 'key = value' in a section [DEFAULT]; values are "
          "written as they are printed here.\n\n"
          "With --format=json an object is printed that has a member for each "
          "setting: a text, a number, true or false, a list of texts, or null "
          "where it is left to udocker."),
  .options = showconf_rows,
  .options_size = sizeof (struct showconf_options),
  .needs = NEEDS_CONFIG,
  .run = run_showconf,
};
