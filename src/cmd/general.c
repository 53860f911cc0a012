/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The options in front of the command.  */

#include <config.h>

#include "src/cmd/general.h"

#include "lib/base/i18n.h"

#define TARGET(member) OPTION_TARGET (struct general_options, member)

const struct option_row general_rows[] = {
  { .name = "quiet",
    .letter = 'q',
    .kind = OPTION_FLAG,
    .help = N_ ("print results and errors only"),
    .target = TARGET (quiet) },
  { .name = "debug",
    .letter = 'D',
    .kind = OPTION_FLAG,
    .help = N_ ("print what is done"),
    .target = TARGET (debug) },
  { .name = "repo",
    .kind = OPTION_VALUE,
    .argument = N_ ("DIR"),
    .help = N_ ("use the repository DIR, which must exist"),
    .target = TARGET (repository) },
  { .name = "config",
    .kind = OPTION_VALUE,
    .argument = N_ ("FILE"),
    .help = N_ ("read settings from FILE too"),
    .target = TARGET (config) },
  { .name = "insecure",
    .kind = OPTION_FLAG,
    .help = N_ ("do not verify the certificates of TLS servers"),
    .target = TARGET (insecure) },
  { .name = "allow-root",
    .kind = OPTION_FLAG,
    .help = N_ ("run even as root, which is not recommended"),
    .target = TARGET (allow_root) },
  { .name = "version",
    .letter = 'V',
    .kind = OPTION_FLAG,
    .help = N_ ("print the version and exit"),
    .target = TARGET (version) },
  { 0 },
};
