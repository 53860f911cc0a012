/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker showconf: all settings and their values.  */

#include <config.h>

#include <stdio.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/config/config.h"

extern const struct command command_showconf;

static int
run_showconf (struct invocation *invocation, struct error *err)
{
  AUTO_BUFFER (values);
  AUTO_BUFFER (line);

  (void) err;
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
          "written as they are printed here."),
  .needs = NEEDS_CONFIG,
  .run = run_showconf,
};
