/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker version: which one this is.  */

#include <config.h>

#include <stdio.h>

#include "lib/base/i18n.h"
#include "src/cmd/command.h"

extern const struct command command_version;

/* The lines of the Python tool, "key: value": scripts look for them.  Nothing
   is ever downloaded, hence no tarball.  */
static int
run_version (struct invocation *invocation, struct error *err)
{
  (void) invocation;
  (void) err;
  puts ("version: " PACKAGE_VERSION);
  puts ("tarball: none");
  puts ("tarball_release: none");
  return 0;
}

const struct command command_version = {
  .name = "version",
  .summary = N_ ("print the version"),
  .needs = NEEDS_NOTHING,
  .run = run_version,
};
