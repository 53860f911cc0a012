/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What --gpus says.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "src/platform/device-name.h"
#include "src/platform/driver.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* More than any host has.  */
#define COUNT_MAX 1024

/* The text under way.  */
struct reader
{
  const char *text;
  struct run_gpus *gpus;
  char key[16]; /* that the word belongs to: "" before there is one */
  bool counted; /* there was a number, or "all" */
};

void
run_gpus_release (struct run_gpus *gpus)
{
  run_list_free (gpus->names);
  free (gpus->capabilities);
  *gpus = (struct run_gpus){ 0 };
}

static int
bad_gpus (const struct reader *reader, struct error *err)
{
  return error_set (err, EINVAL,
                    _ ("invalid --gpus '%s': write it as all, as a number, or "
                       "as device=NAME[,NAME]..."),
                    reader->text);
}

/* VALUE is a number, or "all".  */
static int
take_count (struct reader *reader, const char *value, struct error *err)
{
  struct run_gpus *gpus = reader->gpus;
  char *end = NULL;

  if (reader->counted
      && strspn (reader->text, "0123456789,") == strlen (reader->text))
    return error_set (err, EINVAL,
                      _ ("invalid --gpus '%s': a number says how many there are"
                         " to be; for those of these numbers write"
                         " --gpus=device=%s"),
                      reader->text, reader->text);
  if (reader->counted)
    return bad_gpus (reader, err);
  reader->counted = true;
  if (strcmp (value, "all") == 0 || strcmp (value, "-1") == 0)
    {
      gpus->all = true;
      return 0;
    }
  errno = 0;
  unsigned long count = strtoul (value, &end, 10);
  if (value[0] < '0' || value[0] > '9' || *end != '\0')
    return bad_gpus (reader, err);
  if (errno != 0 || count == 0 || count > COUNT_MAX)
    return error_set (err, EINVAL,
                      _ ("invalid --gpus '%s': there can be 1 to %d of them"),
                      reader->text, COUNT_MAX);
  gpus->count = count;
  return 0;
}

/* VALUE is the name of a processor.  */
static int
take_name (struct reader *reader, const char *value, struct error *err)
{
  struct run_gpus *gpus = reader->gpus;
  if (value[0] == '\0')
    return error_set (err, EINVAL,
                      _ ("invalid --gpus '%s': device= has no name; write it as"
                         " device=NAME[,NAME]..."),
                      reader->text);
  if (strcmp (value, "all") == 0)
    gpus->all = true;
  else
    run_list_add (&gpus->names, &gpus->name_count, xstrdup (value));
  return 0;
}

/* VALUE is what they are for.  */
static int
take_capability (struct reader *reader, const char *value, struct error *err)
{
  struct run_gpus *gpus = reader->gpus;
  AUTO_FREE char *unknown = NULL;
  (void) driver_read_capabilities (value, &unknown);
  if (unknown != NULL)
    return error_set (
        err, EINVAL,
        _ ("invalid --gpus '%s': there is no capability '%s', only"
           " compute, utility, graphics, display, video, ngx and"
           " all"),
        reader->text, unknown);
  char *longer = gpus->capabilities == NULL
                     ? xstrdup (value)
                     : xasprintf ("%s,%s", gpus->capabilities, value);
  free (gpus->capabilities);
  gpus->capabilities = longer;
  return 0;
}

/* VALUE is whose they are; Docker's "cdi" says no more than that there is a
   specification.  */
static int
take_driver (struct reader *reader, const char *value, struct error *err)
{
  struct run_gpus *gpus = reader->gpus;
  gpus->vendor = driver_find (value);
  if (gpus->vendor == NULL && strcmp (value, "cdi") != 0)
    return error_set (err, EINVAL,
                      _ ("invalid --gpus '%s': there is no driver '%s', only "
                         "nvidia, amd and intel"),
                      reader->text, value);
  return 0;
}

/* Take VALUE, which belongs to the key of READER.  */
static int
take_value (struct reader *reader, const char *value, struct error *err)
{
  static const struct
  {
    const char *key;
    int (*take) (struct reader *reader, const char *value, struct error *err);
  } keys[] = {
    { "", take_count },        { "count", take_count },
    { "device", take_name },   { "capabilities", take_capability },
    { "driver", take_driver },
  };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (strcmp (keys[i].key, reader->key) == 0)
      return keys[i].take (reader, value, err);
  return bad_gpus (reader, err);
}

/* Take WORD: KEY=VALUE, or one more value of the last key.  The name of a
   device may have a "=" in it.  */
static int
take_word (struct reader *reader, const char *word, struct error *err)
{
  const char *equals = strchr (word, '=');
  if (equals == NULL
      || (strcmp (reader->key, "device") == 0
          && device_name_is_qualified (word)))
    return take_value (reader, word, err);
  size_t length = (size_t) (equals - word);
  if (length == 0 || length >= sizeof reader->key)
    return bad_gpus (reader, err);
  memcpy (reader->key, word, length);
  reader->key[length] = '\0';
  return take_value (reader, equals + 1, err);
}

int
run_gpus_read (const char *text, struct run_gpus *gpus, struct error *err)
{
  struct reader reader = { .text = text, .gpus = gpus };
  int status = 0;

  if (text[strspn (text, " \"',")] == '\0')
    return error_set (err, EINVAL,
                      _ ("--gpus is empty: write it as all, as a number, or as "
                         "device=NAME[,NAME]..."));
  /* Quotes only keep together what is together anyhow.  */
  for (const char *word = text; *word != '\0' && status == 0;)
    {
      word += strspn (word, "\"'");
      size_t length = strcspn (word, ",\"'");
      AUTO_FREE char *copy = xstrndup (word, length);
      status = take_word (&reader, copy, err);
      word += length;
      word += strspn (word, ",\"'");
    }
  if (status == 0 && reader.counted && gpus->name_count > 0)
    return error_set (err, EINVAL,
                      _ ("invalid --gpus '%s': it says both how many there are"
                         " to be and which"),
                      text);
  if (gpus->name_count == 0 && gpus->count == 0)
    gpus->all = true;
  return status;
}
