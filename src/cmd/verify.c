/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker verify: find out whether images are whole.  */

#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "src/cmd/command.h"
#include "src/cmd/format.h"
#include "src/image/store.h"
#include "src/image/verify.h"
#include "xvasprintf.h"

extern const struct command command_verify;

struct verify_options
{
  const char *format;
};

static const struct option_row verify_rows[] = {
  FORMAT_TEXT_ROW (struct verify_options, format),
  { .name = NULL },
};

/* One image at work.  */
struct verify_work
{
  struct invocation *invocation;
  struct json_object *layers; /* good ones; NULL without JSON */
  struct json_object *problems;
  bool is_drawn;
};

static void
note_good (void *data, const char *blob)
{
  const struct verify_work *work = data;

  if (work->layers != NULL)
    json_object_array_add (work->layers, json_object_new_string (blob));
  else if (!work->is_drawn)
    log_info (_ ("layer ok: %s"), blob);
}

static void
note_bad (void *data, const char *blob, struct error *err)
{
  const struct verify_work *work = data;

  if (work->problems != NULL)
    {
      struct json_object *item = json_object_new_object ();
      format_add_text (item, "blob", blob);
      format_add_text (item, "problem", err->text);
      json_object_array_add (work->problems, item);
    }
  work->invocation->report (work->invocation, err);
}

/* Verify the image TAG.  Return as image_verify.  */
static int
verify_tag (struct verify_work *work, const struct store_tag *tag,
            struct error *err)
{
  struct verify_watch watch = {
    .good = note_good,
    .bad = note_bad,
    .data = work,
    .progress = progress_open (),
  };

  work->is_drawn = progress_is_drawn (watch.progress);
  if (work->problems == NULL)
    log_info (_ ("verifying: %s:%s"), tag->name, tag->tag);
  int status = image_verify (work->invocation->store, tag, &watch, err);
  progress_close (watch.progress);
  return status;
}

/* Verify the image TYPED.  Return 0, or a negative errno with ERR set.  */
static int
verify_one (struct verify_work *work, const char *typed, struct error *err)
{
  AUTO_FREE char *name = NULL;
  AUTO_FREE char *tag = NULL;
  struct store_tag found = { 0 };

  int status = store_split_name (typed, &name, &tag, err);
  if (status == 0)
    status = store_tag_find (work->invocation->store, name, tag, &found, err);
  if (status < 0)
    return error_prefix (err, _ ("selecting image and tag"));
  status = verify_tag (work, &found, err);
  if (status < 0)
    (void) error_prefix (err, _ ("image verification failure"));
  else if (status > 0)
    status = error_set (err, EBADMSG, _ ("image verification failure: %s:%s"),
                        found.name, found.tag);
  else if (work->problems == NULL)
    log_info (_ ("image Ok"));
  store_tag_release (&found);
  return status;
}

/* Verify the image TYPED and append what was found to LIST.  */
static void
verify_into (struct invocation *invocation, const char *typed,
             struct json_object *list)
{
  AUTO_ERROR struct error problem = { 0 };
  struct verify_work work = { .invocation = invocation };

  if (list != NULL)
    {
      work.layers = json_object_new_array ();
      work.problems = json_object_new_array ();
    }
  int status = verify_one (&work, typed, &problem);
  if (list != NULL)
    {
      struct json_object *item = json_object_new_object ();
      format_add_text (item, "image", typed);
      format_add_truth (item, "ok", status == 0);
      json_object_object_add (item, "layers", work.layers);
      json_object_object_add (item, "problems", work.problems);
      json_object_array_add (list, item);
      if (status < 0 && json_object_array_length (work.problems) == 0)
        {
          note_bad (&work, "", &problem);
          return;
        }
    }
  if (status < 0)
    invocation->report (invocation, &problem);
}

static int
run_verify (struct invocation *invocation, struct error *err)
{
  const struct verify_options *options = invocation->options;
  bool is_json = format_is_json (options->format);
  AUTO_JSON struct json_object *list =
      is_json ? json_object_new_array () : NULL;

  (void) err;
  for (int i = 0; i < invocation->operand_count; i++)
    verify_into (invocation, invocation->operands[i], list);
  if (is_json)
    format_print (list);
  return 0;
}

const struct command command_verify = {
  .name = "verify",
  .operands = N_ ("IMAGE..."),
  .summary = N_ ("find out whether images are whole"),
  .description = N_ (
      "Every layer must be there, be what its digest says, be an archive that "
      "can be read to its end, and have the content that the configuration "
      "says. The configuration must be what its digest says, and so must the "
      "manifest of an image that is named by digest. All that is wrong is "
      "said, and the exit status is 1.\n\n"
      "With --format=json a list is printed with an object for each image: "
      "image (the name as typed), ok (true or false), layers (the names of "
      "those that are good) and problems (a list of objects: blob, problem)."),
  .options = verify_rows,
  .options_size = sizeof (struct verify_options),
  .min_operands = 1,
  .max_operands = OPERANDS_ANY,
  .missing = N_ ("must specify image:tag or repository/image:tag"),
  .needs = NEEDS_REPOSITORY,
  .run = run_verify,
};
