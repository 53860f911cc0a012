/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   udocker pull: get an image from a registry.  */

#include <config.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/cmd/command.h"
#include "src/image/pull.h"
#include "src/registry/reference.h"

struct pull_command_options
{
  const char *index;
  const char *registry;
  const char *proxy;
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
  {
      .name = "registry",
      .kind = OPTION_VALUE,
      .argument = N_ ("URL"),
      .help = N_ ("ask this registry for names without a host"),
      .target = OPTION_TARGET (struct pull_command_options, registry),
  },
  {
      .name = "index",
      .kind = OPTION_VALUE,
      .argument = N_ ("URL"),
      .help = N_ ("accepted for compatibility; a pull needs no index"),
      .target = OPTION_TARGET (struct pull_command_options, index),
  },
  {
      .name = "httpproxy",
      .kind = OPTION_VALUE,
      .argument = N_ ("PROXY"),
      .help = N_ ("go through this proxy, as in"
                  " socks5h://user:password@host:port"),
      .target = OPTION_TARGET (struct pull_command_options, proxy),
  },
  { .name = NULL },
};

static int
run_pull (struct invocation *invocation, struct error *err)
{
  const struct pull_command_options *typed = invocation->options;
  struct reference ref = { 0 };
  struct pull_options options;

  int status = reference_parse (&ref, invocation->operands[0], err);
  if (status < 0)
    return status;
  pull_options_from_config (&options, invocation->config);
  options.platform = typed->platform;
  if (typed->registry != NULL)
    options.registry.registry = typed->registry;
  if (typed->proxy != NULL)
    options.registry.proxy = typed->proxy;
  status = image_pull (invocation->store, &ref, &options, err);
  reference_release (&ref);
  return status;
}

const struct command command_pull = {
  .name = "pull",
  .operands = N_ ("IMAGE"),
  .summary = N_ ("get an image from a registry"),
  .description = N_ (
      "IMAGE is [HOST[:PORT]/]NAME[:TAG] or [HOST[:PORT]/]NAME@DIGEST; without"
      " a host it comes from Docker Hub. http:// in front asks a registry"
      " without TLS; one on this machine is asked both ways.\n\n"
      "What is here already is not fetched again. A pull that was interrupted"
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
  .max_operands = 1,
  .missing = N_ ("must specify image:tag or repository/image:tag"),
  .needs = NEEDS_REPOSITORY,
  .run = run_pull,
};
