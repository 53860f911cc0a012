/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker manifest: look at what a registry has under a name.  */

#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/print-json.h"
#include "src/cmd/registry-options.h"
#include "src/image/platform-choice.h"
#include "src/image/remote-manifest.h"
#include "src/registry/reference.h"
#include "src/registry/registry.h"

extern const struct command command_manifest;

struct manifest_options
{
  struct typed_registry registry;
  const char *platform;
  bool raw;
};

static const struct option_row manifest_rows[] = {
  {
      .name = "platform",
      .kind = OPTION_VALUE,
      .argument = N_ ("OS/ARCH[/VARIANT]"),
      .help = N_ ("print the manifest of the image for this platform"),
      .target = OPTION_TARGET (struct manifest_options, platform),
  },
  {
      .name = "raw",
      .kind = OPTION_FLAG,
      .help = N_ ("print it as the registry sent it, byte by byte"),
      .target = OPTION_TARGET (struct manifest_options, raw),
  },
  REGISTRY_OPTION_ROWS (struct manifest_options, registry),
  UNUSED_INDEX_ROW (struct manifest_options, registry),
  { .name = NULL },
};

/* What is wanted of a registry, and what it answered.  */
struct inquiry
{
  const struct reference *ref;
  const char *platform; /* NULL: what there is under the name */
  struct remote_manifest found;
};

/* Fetch for the inquiry DATA from REGISTRY.  */
static int
fetch (struct registry *registry, void *data, struct error *err)
{
  struct inquiry *inquiry = data;
  struct platform wanted = { 0 };

  remote_manifest_release (&inquiry->found);
  if (inquiry->platform == NULL || *inquiry->platform == '\0')
    return registry_fetch_manifest (registry,
                                    reference_remote_tag (inquiry->ref),
                                    &inquiry->found.document, err);
  int status = platform_parse (&wanted, inquiry->platform, err);
  if (status == 0)
    status = remote_manifest_fetch (registry, inquiry->ref, &wanted, NULL,
                                    &inquiry->found, err);
  platform_release (&wanted);
  return status;
}

static int
run_manifest (struct invocation *invocation, struct error *err)
{
  const struct manifest_options *typed = invocation->options;
  struct registry_options options;
  struct reference ref = { 0 };
  struct inquiry inquiry = { .ref = &ref, .platform = typed->platform };
  const struct registry_document *document = &inquiry.found.document;

  if (strcmp (invocation->operands[0], "inspect") != 0)
    return error_set (err, EINVAL,
                      _ ("'%s' is nothing that manifest does; say 'manifest"
                         " inspect IMAGE'"),
                      invocation->operands[0]);
  int status = reference_parse (&ref, invocation->operands[1], err);
  if (status < 0)
    return status;
  typed_registry_apply (&typed->registry, invocation->config, &options);
  status = registry_ask_around (&ref, &options, fetch, &inquiry, err);
  if (status == 0 && !typed->raw)
    status = print_json (document->bytes, document->size, ref.typed, err);
  else if (status == 0 && log_says (LOG_RESULT))
    fwrite (document->bytes, 1, document->size, stdout);
  remote_manifest_release (&inquiry.found);
  reference_release (&ref);
  return status;
}

const struct command command_manifest = {
  .name = "manifest",
  .operands = N_ ("inspect IMAGE"),
  .summary = N_ ("print the manifest that a registry has for an image"),
  .description =
      N_ ("What the registry answers is printed as JSON with sorted keys: the"
          " manifest, or the index where there is an image for each of several"
          " platforms. Nothing is stored.\n\n"
          " udocker manifest inspect debian:12\n\n"
          " udocker manifest inspect --platform=linux/arm64 debian:12"),
  .options = manifest_rows,
  .options_size = sizeof (struct manifest_options),
  .min_operands = 2,
  .max_operands = 2,
  .needs = NEEDS_CONFIG,
  .run = run_manifest,
};
