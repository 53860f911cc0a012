/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker protect, unprotect: guard containers and images from removal.

   The mark is an empty file PROTECT in the directory of the container or the
   image, as the Python tool has it.  */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/container/container.h"
#include "src/image/store.h"

extern const struct command command_protect;
extern const struct command command_unprotect;

#define MARK "PROTECT"

/* Open the directory of the image NAME in STORE.  Return the descriptor, or a
   negative errno with ERR set.  */
static int
open_image (struct store *store, const char *name, struct error *err)
{
  AUTO_FREE char *repository = NULL;
  AUTO_FREE char *tag = NULL;
  struct store_tag found = { 0 };

  int status = store_split_name (name, &repository, &tag, err);
  if (status == 0)
    status = store_tag_find (store, repository, tag, &found, err);
  if (status == 0)
    status = store_tag_open (store, &found, err);
  store_tag_release (&found);
  return status;
}

/* Open the directory of what the operand of INVOCATION names, a container or
   else an image; IS_IMAGE tells which.  Return the descriptor, or a negative
   errno with ERR set.  */
static int
open_operand (struct invocation *invocation, bool *is_image, struct error *err)
{
  const char *name = invocation->operands[0];
  struct container *container = NULL;
  AUTO_ERROR struct error failure = { 0 };

  int status = container_open (invocation->store, name, CONTAINER_BY_PREFIX,
                               &container, &failure);
  *is_image = status == -ENOENT;
  if (status == -ENOENT)
    return open_image (invocation->store, name, err);
  if (status < 0)
    return error_move (err, &failure);

  int fd = fcntl (container->fd, F_DUPFD_CLOEXEC, 0);
  int number = errno;
  container_close (container);
  return fd >= 0 ? fd : error_set (err, number, "%s", strerror (number));
}

static int
run_protect (struct invocation *invocation, struct error *err)
{
  bool is_image = false;

  AUTO_CLOSE int directory = open_operand (invocation, &is_image, err);
  if (directory >= 0)
    {
      AUTO_CLOSE int mark = openat (
          directory, MARK, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
      if (mark >= 0)
        return 0;
      error_set (err, errno, "%s", strerror (errno));
    }
  return error_prefix (err,
                       is_image ? _ ("protect image failed: %s")
                                : _ ("protect container failed: %s"),
                       invocation->operands[0]);
}

static int
run_unprotect (struct invocation *invocation, struct error *err)
{
  bool is_image = false;

  AUTO_CLOSE int directory = open_operand (invocation, &is_image, err);
  if (directory >= 0)
    {
      if (unlinkat (directory, MARK, 0) == 0 || errno == ENOENT)
        return 0;
      error_set (err, errno, "%s", strerror (errno));
    }
  return error_prefix (err,
                       is_image ? _ ("unprotect image failed: %s")
                                : _ ("unprotect container failed: %s"),
                       invocation->operands[0]);
}

const struct command command_protect = {
  .name = "protect",
  .operands = N_ ("CONTAINER|IMAGE"),
  .summary = N_ ("protect a container or an image from being removed"),
  .min_operands = 1,
  .max_operands = 1,
  .needs = NEEDS_REPOSITORY,
  .run = run_protect,
};

const struct command command_unprotect = {
  .name = "unprotect",
  .operands = N_ ("CONTAINER|IMAGE"),
  .summary = N_ ("take the protection from a container or an image"),
  .min_operands = 1,
  .max_operands = 1,
  .needs = NEEDS_REPOSITORY,
  .run = run_unprotect,
};
