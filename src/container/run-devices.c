/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Devices of the host that a container is to see by their paths.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/plan/plan.h"
#include "src/platform/device-name.h"
#include "xstrndup.h"

/* A device as it was written: HOST[:GUEST][:PERMISSIONS], where the last are
   some of "rwm".  */
struct device_words
{
  char *host, *guest;
  bool read_only;
};

static void
device_words_release (struct device_words *words)
{
  free (words->host);
  free (words->guest);
}

/* Take TEXT apart.  */
static int
read_device (const char *text, struct device_words *words, struct error *err)
{
  size_t length = strcspn (text, ":");
  const char *rest = text + length + (text[length] == ':');
  words->host = xstrndup (text, length);
  words->guest = xstrndup (text, length);
  if (rest[0] == '/')
    {
      length = strcspn (rest, ":");
      free (words->guest);
      words->guest = xstrndup (rest, length);
      rest += length + (rest[length] == ':');
    }
  words->read_only = rest[0] != '\0' && strchr (rest, 'w') == NULL;
  if (rest[strspn (rest, "rwm")] != '\0')
    return error_set (err, EINVAL,
                      _ ("invalid --device '%s': write it as "
                         "/dev/NAME[:/dev/OTHER][:rwm], or as "
                         "VENDOR/CLASS=NAME"),
                      text);
  return 0;
}

/* Return whether PATH is a directory of devices, as /dev/dri: all in it are
   meant, also those that come later.  */
static bool
is_directory_of_devices (const char *path)
{
  struct stat st;
  AUTO_FREE char *real = realpath (path, NULL);
  return real != NULL && strncmp (real, "/dev/", 5) == 0
         && stat (real, &st) == 0 && S_ISDIR (st.st_mode);
}

/* Add the device TEXT to PLAN.  */
static int
add_device (struct run_plan *plan, const char *text, struct error *err)
{
  __attribute__ ((
      cleanup (device_words_release))) struct device_words words = { 0 };
  struct stat st;
  int status = read_device (text, &words, err);
  if (status < 0)
    return status;
  if (words.host[0] != '/' || stat (words.host, &st) < 0)
    return error_set (err, ENODEV, _ ("device not found: %s"), words.host);
  if (!S_ISCHR (st.st_mode) && !S_ISBLK (st.st_mode)
      && !is_directory_of_devices (words.host))
    return error_set (err, ENOTBLK, _ ("not a device: %s"), words.host);
  return run_plan_bind_device (plan, words.host, words.guest,
                               words.read_only ? PLAN_BINDING_READ_ONLY : 0,
                               err);
}

int
run_plan_add_devices (struct run_plan *plan, const struct run_request *request,
                      const struct run_metadata *metadata,
                      const struct config *config, struct error *err)
{
  int status = 0;
  for (size_t i = 0; i < request->devices.count && status == 0; i++)
    if (!device_name_is_qualified (request->devices.items[i]))
      status = add_device (plan, request->devices.items[i], err);
  if (status == 0 && run_request_injects (request))
    status = run_plan_inject (plan, request, metadata, config, err);
  return status;
}

bool
run_request_injects (const struct run_request *request)
{
  bool injects = request->gpus != NULL || request->nvidia;
  for (size_t i = 0; i < request->devices.count; i++)
    injects = injects || device_name_is_qualified (request->devices.items[i]);
  return injects;
}
