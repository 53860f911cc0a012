/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker mkrepo: make an empty repository.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/config/config.h"
#include "src/image/store.h"

extern const struct command command_mkrepo;

static int
run_mkrepo (struct invocation *invocation, struct error *err)
{
  const char *directory = invocation->operands[0];
  const struct store_paths paths = { .top = directory };
  struct store *store = NULL;
  struct stat status;

  if (fstatat (AT_FDCWD, directory, &status, AT_SYMLINK_NOFOLLOW) == 0)
    return error_set (err, EEXIST,
                      _ ("localrepo directory already exists:  %s"), directory);
  if (errno != ENOENT)
    return error_set (err, errno, _ ("localrepo creation failure:  %s: %s"),
                      directory, strerror (errno));
  int result = store_open (&paths, true, NULL, &store, err);
  if (result < 0)
    return error_prefix (err, _ ("localrepo creation failure:  %s"), directory);
  store_close (store);
  return 0;
}

const struct command command_mkrepo = {
  .name = "mkrepo",
  .operands = N_ ("DIR"),
  .summary = N_ ("make an empty repository"),
  .description = N_ ("DIR must not exist.  Use it with --repo=DIR or "
                     "UDOCKER_DIR=DIR."),
  .min_operands = 1,
  .max_operands = 1,
  .needs = NEEDS_CONFIG,
  .run = run_mkrepo,
};
