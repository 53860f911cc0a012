/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   udocker pull: get images from a registry.  */

#include <config.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/cmd/registry-options.h"
#include "src/image/pull.h"
#include "src/registry/reference.h"

extern const struct command command_pull;

struct pull_command_options
{
  struct typed_registry registry;
  const char *platform;
};

static const struct option_row pull_rows[] = {
  {
      .name = "platform",
      .kind = OPTION_VALUE,
      .argument = N_ ("OS/ARCH[/VARIANT]"),
      .help = N_ ("pull the image for another platform than this machine"),
      .target = OPTION_TARGET (struct pull_command_options, platform),
  },
  REGISTRY_OPTION_ROWS (struct pull_command_options, registry),
  UNUSED_INDEX_ROW (struct pull_command_options, registry),
  { .name = NULL },
};

/* Pull the image that NAME means.  */
static int
pull (struct invocation *invocation, const char *name, struct error *err)
{
  const struct pull_command_options *typed = invocation->options;
  struct reference ref = { 0 };
  struct pull_options options = { .platform = typed->platform };

  int status = reference_parse (&ref, name, err);
  if (status < 0)
    return status;
  typed_registry_apply (&typed->registry, invocation->config,
                        &options.registry);
  status = image_pull (invocation->store, &ref, &options, err);
  reference_release (&ref);
  return status;
}

static int
run_pull (struct invocation *invocation, struct error *err)
{
  (void) err;
  for (int i = 0; i < invocation->operand_count; i++)
    {
      AUTO_ERROR struct error problem = { 0 };
      if (pull (invocation, invocation->operands[i], &problem) < 0)
        invocation->report (invocation, &problem);
    }
  return 0;
}

const struct command command_pull = {
  .name = "pull",
  .operands = N_ ("IMAGE..."),
  .summary = N_ ("get images from a registry"),
  .description = N_ (
      "IMAGE is [HOST[:PORT]/]NAME[:TAG] or [HOST[:PORT]/]NAME@DIGEST; without"
      " a host it comes from Docker Hub. http:// in front asks a registry"
      " without TLS; one on this machine is asked both ways.\n\n"
      "What is here already is not fetched again, and what is here by its"
      " digest not even asked for. NAME:TAG@DIGEST gets the image of the digest"
      " and gives it the tag too. A pull that was interrupted"
      " goes on where it stopped. Credentials are taken from udocker's"
      " keystore, from Docker's config.json with its credential helpers, and"
      " from netrc; proxies and certificates from the environment variables of"
      " curl.\n\n"
      " udocker pull debian:12\n\n"
      " udocker pull --platform=linux/arm64 quay.io/centos/centos:stream9\n\n"
      " udocker pull localhost:5000/mine@sha256:0123..."),
  .options = pull_rows,
  .options_size = sizeof (struct pull_command_options),
  .min_operands = 1,
  .max_operands = OPERANDS_ANY,
  .missing = N_ ("must specify image:tag or repository/image:tag"),
  .needs = NEEDS_REPOSITORY,
  .run = run_pull,
};
