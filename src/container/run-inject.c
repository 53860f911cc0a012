/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Devices that take more than a path: what the host has for them, libraries
   above all, is shown in the container for this run.  Nothing is copied.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/plan/plan.h"
#include "src/config/config.h"
#include "src/platform/cdi.h"
#include "src/platform/device-name.h"
#include "src/platform/edits.h"
#include "src/platform/nvidia.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* Which graphics processors --gpus asks for.  */
struct gpus
{
  bool all;
  size_t count; /* the first so many, if not all and not by name */
  char **names; /* ended by NULL; or NULL */
  size_t name_count;
  char *capabilities; /* with commas between, or NULL */
};

static void
gpus_release (struct gpus *gpus)
{
  run_list_free (gpus->names);
  free (gpus->capabilities);
}

/* Where specifications of devices are, the more important last.  */
static const char *const cdi_directories[] = { "/etc/cdi", "/var/run/cdi" };

/* --- --gpus --------------------------------------------------------------- */

static int
bad_gpus (const char *text, struct error *err)
{
  return error_set (err, EINVAL,
                    _ ("invalid --gpus '%s': write it as all, as a number, or "
                       "as device=NAME[,NAME]..."),
                    text);
}

/* Set what VALUE, a number or "all", says how many.  Return whether it is
   one.  */
static bool
read_count (struct gpus *gpus, const char *value)
{
  char *end = NULL;
  if (strcmp (value, "all") == 0 || strcmp (value, "-1") == 0)
    {
      gpus->all = true;
      return true;
    }
  errno = 0;
  unsigned long count = strtoul (value, &end, 10);
  gpus->count = count;
  return value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0
         && count > 0 && count <= 1024;
}

/* Take VALUE, which belongs to the key of LENGTH bytes at KEY.  Return whether
   there is such a key, and VALUE is good.  */
static bool
take_value (struct gpus *gpus, const char *key, size_t length,
            const char *value)
{
  if (length == 0 || (length == 5 && strncmp (key, "count", 5) == 0))
    return read_count (gpus, value);
  if (length == 6 && strncmp (key, "device", 6) == 0)
    {
      run_list_add (&gpus->names, &gpus->name_count, xstrdup (value));
      return value[0] != '\0';
    }
  if (length == 12 && strncmp (key, "capabilities", 12) == 0)
    {
      char *longer = gpus->capabilities == NULL
                         ? xstrdup (value)
                         : xasprintf ("%s,%s", gpus->capabilities, value);
      free (gpus->capabilities);
      gpus->capabilities = longer;
      return true;
    }
  return length == 6 && strncmp (key, "driver", 6) == 0;
}

/* Read TEXT, in Docker's form, into GPUS: words with commas between, some of
   them KEY=VALUE; a word without "=" is one more value of the last key.  Quotes
   only keep together what is together anyhow.  */
static int
read_gpus (const char *text, struct gpus *gpus, struct error *err)
{
  const char *key = "";
  size_t key_length = 0;

  for (const char *word = text; *word != '\0';)
    {
      word += strspn (word, "\"'");
      size_t length = strcspn (word, ",\"'");
      const char *equals = memchr (word, '=', length);
      const char *value = word;
      if (equals != NULL)
        {
          key = word;
          key_length = (size_t) (equals - word);
          value = equals + 1;
        }
      AUTO_FREE char *copy = xstrndup (value, (size_t) (word + length - value));
      if (!take_value (gpus, key, key_length, copy))
        return bad_gpus (text, err);
      word += length;
      word += strspn (word, ",\"'");
    }
  gpus->all = gpus->all || (gpus->count == 0 && gpus->name_count == 0);
  return text[0] == '\0' ? bad_gpus (text, err) : 0;
}

/* Add to EDITS the devices of GPUS, which CDI describes: NAMES are theirs.  */
static int
add_described (const struct cdi *cdi, const char **names,
               const struct gpus *gpus, struct device_edits *edits,
               struct error *err)
{
  int status = 0;
  size_t added = 0;
  bool has_all = false;

  for (size_t i = 0; names[i] != NULL; i++)
    has_all = has_all || strcmp (names[i], "all") == 0;
  if (gpus->all && has_all)
    return cdi_add (cdi, CDI_NVIDIA_GPU "=all", edits, err);
  for (size_t i = 0; i < gpus->name_count && status == 0; i++)
    {
      AUTO_FREE char *name = xasprintf (CDI_NVIDIA_GPU "=%s", gpus->names[i]);
      status = cdi_add (cdi, name, edits, err);
    }
  if (gpus->name_count > 0)
    return status;
  for (size_t i = 0; names[i] != NULL && status == 0; i++)
    if (strcmp (names[i], "all") != 0 && (gpus->all || added < gpus->count))
      {
        AUTO_FREE char *name = xasprintf (CDI_NVIDIA_GPU "=%s", names[i]);
        status = cdi_add (cdi, name, edits, err);
        added++;
      }
  if (status == 0 && !gpus->all && added < gpus->count)
    return error_set (err, ENODEV,
                      _ ("--gpus %zu: this host has only %zu of them"),
                      gpus->count, added);
  return status;
}

/* Add the variables that tell programs which of the processors GPUS are
   theirs.  */
static void
add_choice (const struct gpus *gpus, struct device_edits *edits)
{
  AUTO_BUFFER (list);
  for (size_t i = 0; i < gpus->name_count; i++)
    buffer_add_format (&list, "%s%s", i > 0 ? "," : "", gpus->names[i]);
  for (size_t i = 0; gpus->name_count == 0 && i < gpus->count; i++)
    buffer_add_format (&list, "%s%zu", i > 0 ? "," : "", i);
  AUTO_FREE char *words = buffer_take (&list);
  AUTO_FREE char *visible =
      xasprintf ("NVIDIA_VISIBLE_DEVICES=%s", gpus->all ? "all" : words);
  AUTO_FREE char *chosen = xasprintf ("CUDA_VISIBLE_DEVICES=%s", words);
  edits_add_variable (edits, visible);
  if (!gpus->all)
    edits_add_variable (edits, chosen);
}

/* Add the device nodes of other makers, whose libraries are in the image.
   Return whether there are any.  */
static bool
add_nodes (struct device_edits *edits)
{
  static const char *const patterns[] = { "/dev/kfd", "/dev/dri/*",
                                          "/dev/accel/*" };
  size_t before = edits->mount_count;
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
    {
      glob_t found = { 0 };
      if (glob (patterns[i], 0, NULL, &found) == 0)
        for (size_t j = 0; j < found.gl_pathc; j++)
          edits_add_mount (edits, found.gl_pathv[j], found.gl_pathv[j], false);
      globfree (&found);
    }
  return edits->mount_count > before;
}

/* Return the value of variable NAME that the image of METADATA sets, or
   NULL.  */
static const char *
image_variable (const struct run_metadata *metadata, const char *name)
{
  size_t length = strlen (name);
  for (size_t i = 0; i < metadata->environment_count; i++)
    if (strncmp (metadata->environment[i], name, length) == 0
        && metadata->environment[i][length] == '=')
      return metadata->environment[i] + length + 1;
  return NULL;
}

static struct nvidia_words
words_of (const struct config_list *list)
{
  return (struct nvidia_words){ .items = list->items, .count = list->count };
}

/* Add the graphics processors that TEXT asks for.  */
static int
add_gpus (const char *text, const struct cdi *cdi,
          const struct run_metadata *metadata, const struct config *config,
          const char *folder, struct device_edits *edits, struct error *err)
{
  __attribute__ ((cleanup (gpus_release))) struct gpus gpus = { 0 };
  AUTO_FREE const char **names = cdi_devices (cdi, CDI_NVIDIA_GPU);

  int status = read_gpus (text, &gpus, err);
  if (status < 0)
    return status;
  if (names[0] != NULL)
    return add_described (cdi, names, &gpus, edits, err);
  const char *asked =
      gpus.capabilities != NULL && strcmp (gpus.capabilities, "gpu") != 0
          ? gpus.capabilities
          : image_variable (metadata, "NVIDIA_DRIVER_CAPABILITIES");
  AUTO_ERROR struct error missing = { 0 };
  if (folder == NULL)
    status = error_set (&missing, ENOEXEC,
                        _ ("the container has no glibc, which the libraries of "
                           "the NVIDIA driver need"));
  else
    {
      const struct nvidia_request request = {
        .capabilities = nvidia_read_capabilities (asked),
        .folder = folder,
        .directories = words_of (&config->lib_dirs_list_nvidia),
        .libraries = words_of (&config->nvi_lib_list),
        .programs = words_of (&config->nvi_bin_list),
        .files = words_of (&config->nvi_etc_list),
      };
      status = nvidia_add (&request, edits, &missing);
    }
  if (status == 0)
    add_choice (&gpus, edits);
  else if (add_nodes (edits))
    status = 0;
  return status < 0 ? error_move (err, &missing) : 0;
}

/* --- the whole ------------------------------------------------------------ */

/* Show in PLAN what EDITS have.  */
static int
apply (struct run_plan *plan, const struct device_edits *edits,
       struct error *err)
{
  int status = 0;
  for (size_t i = 0; i < edits->mount_count && status == 0; i++)
    status = run_plan_bind_device (
        plan, edits->mounts[i].host, edits->mounts[i].guest,
        edits->mounts[i].read_only ? PLAN_BINDING_READ_ONLY : 0, err);
  for (size_t i = 0; i < edits->variable_count; i++)
    run_list_add (&plan->device_variables, &plan->device_variable_count,
                  xstrdup (edits->variables[i]));
  for (size_t i = 0; i < edits->folder_count; i++)
    if (!run_library_folder_is_searched (plan, edits->folders[i]))
      run_list_add (&plan->device_folders, &plan->device_folder_count,
                    xstrdup (edits->folders[i]));
  if (edits->group_count > 0)
    plan->user.groups = xreallocarray (
        plan->user.groups, plan->user.group_count + edits->group_count,
        sizeof *plan->user.groups);
  for (size_t i = 0; i < edits->group_count; i++)
    plan->user.groups[plan->user.group_count++] = edits->groups[i];
  return status;
}

int
run_plan_inject (struct run_plan *plan, const struct run_request *request,
                 const struct run_metadata *metadata,
                 const struct config *config, struct error *err)
{
  __attribute__ ((cleanup (edits_release))) struct device_edits edits = { 0 };
  struct cdi *cdi =
      request->cdi_directories.count > 0
          ? cdi_open (request->cdi_directories.items,
                      request->cdi_directories.count)
          : cdi_open (cdi_directories,
                      sizeof cdi_directories / sizeof *cdi_directories);
  AUTO_FREE char *folder = run_library_folder (plan);
  int status = 0;

  for (size_t i = 0; i < request->devices.count && status == 0; i++)
    if (device_name_is_qualified (request->devices.items[i]))
      status = cdi_add (cdi, request->devices.items[i], &edits, err);
  if (status == 0 && (request->gpus != NULL || request->nvidia))
    status = add_gpus (request->gpus != NULL ? request->gpus : "all", cdi,
                       metadata, config, folder, &edits, err);
  if (status < 0 && request->gpus == NULL && request->nvidia)
    {
      /* It may run elsewhere, too.  */
      log_warning (_ ("the container goes without the driver: %s"), err->text);
      error_release (err);
      status = 0;
    }
  cdi_close (cdi);
  if (status == 0)
    {
      run_libraries_check (plan, image_variable (metadata, "LD_LIBRARY_PATH"),
                           &edits);
      status = apply (plan, &edits, err);
    }
  return status;
}
