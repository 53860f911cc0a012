/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker import: make an image or a container of a tar archive.  */

#include <config.h>

#include <errno.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "src/cmd/command.h"
#include "src/cmd/new-container.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/image/import.h"
#include "src/image/store.h"
#include "src/registry/reference.h"
#include "xvasprintf.h"

extern const struct command command_import;

struct import_command_options
{
  bool to_container;
  bool clone;
  bool move;
  const char *name;
  const char *platform;
};

static const struct option_row import_rows[] = {
  {
      .name = "tocontainer",
      .kind = OPTION_FLAG,
      .help = N_ ("make a container, no image"),
      .target = OPTION_TARGET (struct import_command_options, to_container),
  },
  {
      .name = "clone",
      .kind = OPTION_FLAG,
      .help = N_ ("make a container of what export --clone wrote"),
      .target = OPTION_TARGET (struct import_command_options, clone),
  },
  {
      .name = "name",
      .kind = OPTION_VALUE,
      .argument = N_ ("NAME"),
      .help = N_ ("give the container this name"),
      .target = OPTION_TARGET (struct import_command_options, name),
  },
  {
      .name = "platform",
      .kind = OPTION_VALUE,
      .argument = N_ ("OS/ARCH[/VARIANT]"),
      .help = N_ ("what the programs in it are for, if not this machine"),
      .target = OPTION_TARGET (struct import_command_options, platform),
  },
  {
      .name = "mv",
      .kind = OPTION_FLAG,
      .help = N_ ("move FILE into the repository instead of copying it"),
      .target = OPTION_TARGET (struct import_command_options, move),
  },
  { .name = NULL },
};

/* Make a container of INPUT, which shows IMAGE.  */
static int
import_container (struct invocation *invocation, const char *input,
                  const char *image, struct error *err)
{
  const struct import_command_options *options = invocation->options;
  AUTO_FREE char *id = NULL;
  AUTO_FREE char *unused = NULL;

  int status = import_configuration (options->platform, NULL, 0, &unused, err);
  if (status < 0)
    return status;
  if (options->move)
    log_warning (_ ("'%s' stays where it is: --mv is for images"), input);
  AUTO_CLOSE int fd = import_open (input, err);
  if (fd < 0)
    return fd;
  const struct container_source source = {
    .input = input,
    .fd = fd,
    .image = image,
    .platform = options->platform,
    .whole = options->clone,
    .keep_owners = invocation->config->proot_fakeowner,
  };
  status =
      container_import (invocation->store, &source, options->name, &id, err);
  return status < 0 ? status : new_container_print (invocation->store, id, err);
}

/* Read TYPED, the name of a new image.  */
static int
parse_image (const char *typed, struct reference *reference, struct error *err)
{
  int status = reference_parse (reference, typed, err);

  if (status == 0
      && (reference->digest != NULL || digest_is_valid (reference->tag)))
    status = error_set (err, EINVAL,
                        _ ("a digest is no name that can be given: %s"), typed);
  return status;
}

/* Make an image, or with --tocontainer a container, of INPUT that is called
   TYPED.  */
static int
import_as (struct invocation *invocation, const char *input, const char *typed,
           struct error *err)
{
  const struct import_command_options *options = invocation->options;
  struct reference reference = { 0 };

  int status = parse_image (typed, &reference, err);
  if (status == 0 && options->to_container)
    {
      AUTO_FREE char *image =
          xasprintf ("%s:%s", reference.name, reference.tag);
      status = import_container (invocation, input, image, err);
    }
  else if (status == 0)
    {
      const struct import_options import = {
        .input = input,
        .name = reference.name,
        .tag = reference.tag,
        .platform = options->platform,
        .move = options->move,
      };
      status = image_import (invocation->store, &import, err);
    }
  reference_release (&reference);
  return status;
}

static int
run_import (struct invocation *invocation, struct error *err)
{
  const struct import_command_options *options = invocation->options;
  const char *input = invocation->operands[0];
  const char *image = invocation->operands[1];
  int status = 0;

  store_sweep (invocation->store);
  if (options->clone && (options->to_container || image != NULL))
    status = error_set (err, EINVAL,
                        _ ("--clone makes a container that has its image name "
                           "from the archive"));
  else if (options->name != NULL && !options->clone && !options->to_container)
    status = error_set (err, EINVAL,
                        _ ("--name is for containers: it needs --tocontainer "
                           "or --clone"));
  else if (image != NULL)
    status = import_as (invocation, input, image, err);
  else if (options->clone || options->to_container)
    status = import_container (invocation, input, "IMPORTED:unknown", err);
  else
    return error_set (err, EINVAL,
                      _ ("must specify image:tag or repository/image:tag"));
  return status < 0 ? error_prefix (err, _ ("importing")) : 0;
}

const struct command command_import = {
  .name = "import",
  .operands = N_ ("FILE [IMAGE]"),
  .summary = N_ ("make an image or a container of a tar archive"),
  .description = N_ (
      "FILE, - for the standard input, is the archive of a file system, as"
      " 'udocker export', 'docker export' and tar write it, compressed or not."
      " It is read to its end before the image appears. An image that exists is"
      " not replaced.\n\n"
      "With --tocontainer a container is made instead, and its id printed. It"
      " shows IMAGE, or IMPORTED:unknown, as the name of its image. With"
      " --clone the archive is that of a whole container; that of a file system"
      " alone is taken, too.\n\n"
      "Files belong to the user, whatever the archive says; devices are left"
      " out; nothing is ever written outside of the new container. With --mv"
      " FILE is removed when the image is there; it is not copied where it lies"
      " on the file system of the repository.\n\n"
      " docker export mine | udocker import - mine:latest\n"
      " udocker import --tocontainer --name=mine rootfs.tar.xz\n"
      " udocker export --clone mine | ssh host udocker import --clone -"),
  .options = import_rows,
  .options_size = sizeof (struct import_command_options),
  .min_operands = 1,
  .max_operands = 2,
  .missing = N_ ("must specify tar filename"),
  .needs = NEEDS_REPOSITORY,
  .run = run_import,
};
