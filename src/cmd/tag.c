/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker tag: give an image a further name.  */

#include <config.h>

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/image/store.h"
#include "src/registry/reference.h"
#include "xvasprintf.h"

extern const struct command command_tag;

/* Check that TARGET can be the name of a new image of STORE.  */
static int
check_target (struct store *store, const struct reference *target,
              struct error *err)
{
  if (target->digest != NULL || digest_is_valid (target->tag))
    return error_set (err, EINVAL,
                      _ ("target name is invalid: %s: a digest is no name "
                         "that can be given"),
                      target->typed);
  AUTO_FREE char *mark = xasprintf ("%s/%s/TAG", target->name, target->tag);
  if (file_exists (store_repos_fd (store), mark))
    return error_set (err, EEXIST, _ ("target already exists: %s:%s"),
                      target->name, target->tag);
  return 0;
}

/* Find the image TYPED of STORE, which is to have another name.  */
static int
find_source (struct store *store, const char *typed, struct store_tag *found,
             struct error *err)
{
  AUTO_FREE char *name = NULL;
  AUTO_FREE char *tag = NULL;

  int status = store_split_name (typed, &name, &tag, err);
  if (status == 0)
    status = store_tag_find (store, name, tag, found, err);
  if (status < 0)
    return error_prefix (err, _ ("source does not exist"));
  if (found->is_protected)
    return error_set (err, EPERM, _ ("source repository is protected: %s:%s"),
                      found->name, found->tag);
  return 0;
}

/* Give the image TYPED of STORE the name TARGET.  */
static int
tag_image (struct store *store, const char *typed,
           const struct reference *target, struct error *err)
{
  struct store_tag source = { 0 };

  int status = check_target (store, target, err);
  if (status == 0)
    status = find_source (store, typed, &source, err);
  if (status == 0)
    {
      status = store_tag_copy (store, &source, target->name,
                               reference_local_tag (target), err);
      if (status == -EEXIST)
        status = error_set (err, EEXIST, _ ("target already exists: %s:%s"),
                            target->name, target->tag);
      else if (status < 0)
        status = error_prefix (err, _ ("creation of new image tag failed"));
    }
  store_tag_release (&source);
  return status;
}

static int
run_tag (struct invocation *invocation, struct error *err)
{
  struct reference target = { 0 };

  int status = reference_parse (&target, invocation->operands[1], err);
  if (status < 0)
    return error_prefix (err, _ ("target name is invalid"));
  status = tag_image (invocation->store, invocation->operands[0], &target, err);
  reference_release (&target);
  return status;
}

const struct command command_tag = {
  .name = "tag",
  .operands = N_ ("IMAGE NEW_IMAGE"),
  .summary = N_ ("give an image a further name"),
  .description = N_ (
      "Both names stand for the same layers, which take no more room; each is"
      " removed on its own. Nothing is ever replaced: a name that is taken is"
      " refused, and so is an image that is protected.\n\n"
      " udocker tag debian:12 mine/base:today"),
  .min_operands = 2,
  .max_operands = 2,
  .needs = NEEDS_REPOSITORY,
  .run = run_tag,
};
