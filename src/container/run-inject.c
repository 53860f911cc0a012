/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Devices that take more than a path: what the host has for them, libraries
   above all, is shown in the container for this run.  Nothing is copied.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/plan/plan.h"
#include "src/config/config.h"
#include "src/platform/cdi.h"
#include "src/platform/device-name.h"
#include "src/platform/driver.h"
#include "src/platform/edits.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* Where specifications of devices are, the more important last.  */
static const char *const cdi_directories[] = { "/etc/cdi", "/var/run/cdi" };

/* What is brought in where.  */
struct injection
{
  const struct run_plan *plan;
  const struct run_metadata *metadata;
  const struct config *config;
  struct cdi *cdi;
  const char *folder;      /* of the container's C library, NULL: no glibc */
  const char *search_path; /* LD_LIBRARY_PATH of the image, or NULL */
  struct device_edits *edits;
};

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

static int
too_few (const struct run_gpus *gpus, size_t there, struct error *err)
{
  return error_set (err, ENODEV,
                    _ ("--gpus %zu: this host has only %zu of them"),
                    gpus->count, there);
}

/* --- by specifications ---------------------------------------------------- */

/* Add the device NAME of KIND.  */
static int
add_one (const struct injection *injection, const char *kind, const char *name,
         struct error *err)
{
  AUTO_FREE char *whole = device_name_is_qualified (name)
                              ? xstrdup (name)
                              : xasprintf ("%s=%s", kind, name);
  return cdi_add (injection->cdi, whole, injection->edits, err);
}

/* Add the devices of KIND that GPUS asks for.  */
static int
add_described (const struct injection *injection, const char *kind,
               const struct run_gpus *gpus, struct error *err)
{
  /* A processor goes by several names.  */
  AUTO_FREE const char **names = cdi_devices (injection->cdi, kind, !gpus->all);
  int status = 0;
  size_t added = 0;
  bool has_all = false;

  for (size_t i = 0; names[i] != NULL; i++)
    has_all = has_all || strcmp (names[i], "all") == 0;
  if (gpus->all && has_all)
    return add_one (injection, kind, "all", err);
  for (size_t i = 0; i < gpus->name_count && status == 0; i++)
    status = add_one (injection, kind, gpus->names[i], err);
  if (gpus->name_count > 0)
    return status;
  for (size_t i = 0; names[i] != NULL && status == 0; i++)
    if (strcmp (names[i], "all") != 0 && (gpus->all || added < gpus->count))
      {
        status = add_one (injection, kind, names[i], err);
        added++;
      }
  if (status == 0 && !gpus->all && added < gpus->count)
    return too_few (gpus, added, err);
  return status;
}

/* --- by what is found of drivers ------------------------------------------ */

static struct driver_words
words_of (const struct config_list *list)
{
  return (struct driver_words){ .items = list->items, .count = list->count };
}

/* Return what INJECTION's container is to be given of VENDOR's driver, all that
   could be.  */
static struct driver_request
request_of (const struct injection *injection,
            const struct driver_vendor *vendor)
{
  const struct config *config = injection->config;
  struct driver_request request = { .vendor = vendor,
                                    .capabilities = vendor->usual,
                                    .folder = injection->folder };
  if (strcmp (vendor->name, "nvidia") == 0)
    {
      request.directories = words_of (&config->lib_dirs_list_nvidia);
      request.libraries = words_of (&config->nvi_lib_list);
      request.programs = words_of (&config->nvi_bin_list);
      request.files = words_of (&config->nvi_etc_list);
      request.devices = words_of (&config->nvi_dev_list);
    }
  else if (strcmp (vendor->name, "amd") == 0)
    request.directories = words_of (&config->lib_dirs_list_amd);
  else
    request.directories = words_of (&config->lib_dirs_list_intel);
  return request;
}

/* Return whether VENDOR has what GPUS asks for, as far as can be told.  */
static int
check_choice (const struct driver_vendor *vendor, const struct run_gpus *gpus,
              struct error *err)
{
  size_t there = driver_count (vendor);
  if (gpus->all)
    return 0;
  if (there > 0 && gpus->count > there)
    return too_few (gpus, there, err);
  for (size_t i = 0; i < gpus->name_count; i++)
    {
      const char *name = gpus->names[i];
      bool number = name[strspn (name, "0123456789")] == '\0';
      if (!number && vendor->only_numbers)
        return error_set (err, EINVAL,
                          _ ("--gpus=device=%s: processors of %s have numbers"
                             " only, from 0 on"),
                          name, vendor->title);
      if (number && there > 0 && strtoul (name, NULL, 10) >= there)
        return error_set (
            err, ENODEV,
            _ ("--gpus=device=%s: this host has %zu of %s, counted"
               " from 0"),
            name, there, vendor->title);
    }
  return 0;
}

/* Put into LIST the names of the first COUNT processors of VENDOR: where a
   batch system has chosen some, of these.  */
static int
name_first (const struct driver_vendor *vendor, size_t count,
            struct buffer *list, struct error *err)
{
  const char *chosen = getenv (vendor->some_variable);
  bool some = chosen != NULL && chosen[0] != '\0';

  for (size_t i = 0; i < count; i++)
    {
      size_t length = some ? strcspn (chosen, ",") : 0;
      if (some && length == 0)
        return error_set (err, ENODEV,
                          _ ("--gpus %zu: the variable %s has only %zu of"
                             " them"),
                          count, vendor->some_variable, i);
      if (i > 0)
        buffer_add_char (list, ',');
      if (some)
        buffer_add (list, chosen, length);
      else
        buffer_add_format (list, "%zu", i);
      if (some)
        chosen += length + (chosen[length] == ',');
    }
  return 0;
}

/* Add to EDITS the variable NAME, if it is not NULL, with VALUE.  */
static void
add_variable (struct device_edits *edits, const char *name, const char *value)
{
  if (name == NULL)
    return;
  AUTO_FREE char *text = xasprintf ("%s=%s", name, value);
  edits_add_variable (edits, text);
}

/* Add the variables that tell programs which of VENDOR's processors are
   theirs.  */
static int
add_choice (const struct driver_vendor *vendor, const struct run_gpus *gpus,
            struct device_edits *edits, struct error *err)
{
  AUTO_BUFFER (list);
  int status = 0;
  if (gpus->all)
    {
      add_variable (edits, vendor->all_variable, "all");
      return 0;
    }
  for (size_t i = 0; i < gpus->name_count; i++)
    buffer_add_format (&list, "%s%s", i > 0 ? "," : "", gpus->names[i]);
  if (gpus->name_count == 0)
    status = name_first (vendor, gpus->count, &list, err);
  if (status < 0)
    return status;
  AUTO_FREE char *words = buffer_take (&list);
  add_variable (edits, vendor->all_variable, words);
  add_variable (edits, vendor->some_variable, words);
  add_variable (edits, vendor->order_variable, "1");
  return 0;
}

/* Return for which capabilities the container has a driver of VENDOR of its
   own.  */
static unsigned
own_capabilities (const struct injection *injection,
                  const struct driver_vendor *vendor)
{
  unsigned own = 0;
  for (const struct driver_item *item = vendor->own;
       item != NULL && item->name != NULL; item++)
    if (run_library_is_inside (injection->plan, injection->search_path,
                               item->name))
      own |= item->capabilities;
  return own;
}

/* Set what REQUEST is for, after what GPUS and the image ask for, and what the
   image has.  */
static void
set_capabilities (const struct injection *injection,
                  const struct run_gpus *gpus, struct driver_request *request)
{
  const struct driver_vendor *vendor = request->vendor;
  unsigned asked = driver_read_capabilities (gpus->capabilities, NULL);
  if (asked == 0 && vendor->must_have)
    asked = driver_read_capabilities (
        image_variable (injection->metadata, "NVIDIA_DRIVER_CAPABILITIES"),
        NULL);
  request->capabilities = asked != 0 ? asked : vendor->usual;

  unsigned own = own_capabilities (injection, vendor);
  if (own != 0)
    log_debug ("the container has parts of the %s driver itself",
               vendor->title);
  /* One that was made for these processors lacks nothing.  */
  if (asked == 0 && (own & DRIVER_COMPUTE) != 0)
    own = DRIVER_ALL;
  request->capabilities &= ~own;
}

/* Add the files of the driver that REQUEST is for.  */
static int
add_driver_files (const struct injection *injection,
                  const struct driver_request *request, struct error *err)
{
  size_t before = injection->edits->mount_count;
  if (injection->folder == NULL)
    return error_set (err, ENOEXEC,
                      _ ("the container has no glibc, which the libraries of "
                         "the %s driver need"),
                      request->vendor->title);
  int status = driver_add_files (request, injection->edits, err);
  if (status == 0)
    run_libraries_complete (injection->plan, injection->search_path, request,
                            before, injection->edits);
  return status;
}

/* Add the processors of VENDOR that GPUS asks for, with the driver.  */
static int
add_driver (const struct injection *injection,
            const struct driver_vendor *vendor, const struct run_gpus *gpus,
            struct error *err)
{
  struct driver_request request = request_of (injection, vendor);
  int status = check_choice (vendor, gpus, err);
  if (status < 0)
    return status;

  set_capabilities (injection, gpus, &request);
  if (request.capabilities != 0)
    {
      AUTO_ERROR struct error missing = { 0 };
      status = add_driver_files (injection, &request, &missing);
      if (status < 0 && vendor->must_have)
        return error_move (err, &missing);
      if (status < 0)
        log_warning (_ ("of %s only devices are shown: %s"), vendor->title,
                     missing.text);
    }
  driver_add_devices (&request, injection->edits);
  AUTO_FREE char *forbidden = driver_forbidden (vendor);
  if (forbidden != NULL)
    log_warning (_ ("you may not use '%s' of %s, nor may programs in the"
                    " container: ask to become a member of its group"),
                 forbidden, vendor->title);
  return add_choice (vendor, gpus, injection->edits, err);
}

/* --- --gpus --------------------------------------------------------------- */

/* Add what GPUS asks for of VENDOR, if this host has its processors: FOUND says
   so.  */
static int
add_vendor (const struct injection *injection,
            const struct driver_vendor *vendor, const struct run_gpus *gpus,
            bool *found, struct error *err)
{
  AUTO_FREE const char **names =
      cdi_devices (injection->cdi, vendor->kind, false);
  *found = names[0] != NULL || driver_is_there (vendor);
  if (names[0] != NULL)
    return add_described (injection, vendor->kind, gpus, err);
  return *found ? add_driver (injection, vendor, gpus, err) : 0;
}

/* There is nothing of any maker that GPUS means: an NVIDIA driver may be there
   without nodes that we know, and nodes of other makers.  */
static int
add_others (const struct injection *injection, const struct run_gpus *gpus,
            struct error *err)
{
  AUTO_ERROR struct error missing = { 0 };
  const struct driver_vendor *vendor =
      gpus->vendor != NULL ? gpus->vendor : &driver_vendors[0];
  int status;

  /* A container for which no library is would take none either.  */
  if (vendor->must_have && injection->folder != NULL)
    status = add_driver (injection, vendor, gpus, &missing);
  else if (gpus->vendor != NULL)
    status = error_set (&missing, ENODEV, _ ("this host has no devices of %s"),
                        vendor->title);
  else
    status = error_set (&missing, ENODEV,
                        _ ("this host has no graphics processors"));
  if (status < 0 && gpus->vendor == NULL && driver_add_nodes (injection->edits))
    status = 0;
  return status < 0 ? error_move (err, &missing) : 0;
}

/* Return whether GPUS names devices in full, each with its kind.  */
static bool
are_qualified (const struct run_gpus *gpus)
{
  for (size_t i = 0; i < gpus->name_count; i++)
    if (!device_name_is_qualified (gpus->names[i]))
      return false;
  return gpus->name_count > 0;
}

/* Add the graphics processors that TEXT asks for: all of all makers, or some of
   the first maker that is there.  */
static int
add_gpus (const struct injection *injection, const char *text,
          struct error *err)
{
  __attribute__ ((cleanup (run_gpus_release))) struct run_gpus gpus = { 0 };
  AUTO_ERROR struct error first = { 0 };
  bool any = false;

  int status = run_gpus_read (text, &gpus, err);
  if (status < 0)
    return status;
  if (are_qualified (&gpus))
    return add_described (injection, "", &gpus, err);
  for (const struct driver_vendor *vendor = driver_vendors;
       vendor->name != NULL && (gpus.all || !any); vendor++)
    {
      AUTO_ERROR struct error why = { 0 };
      bool found = false;
      if (gpus.vendor != NULL && vendor != gpus.vendor)
        continue;
      status = add_vendor (injection, vendor, &gpus, &found, &why);
      if (status < 0 && !gpus.all)
        return error_move (err, &why);
      if (status < 0 && first.number == 0)
        (void) error_move (&first, &why);
      any = any || (found && status == 0);
    }
  if (any && first.number != 0)
    log_warning ("%s", first.text);
  if (any)
    return 0;
  return first.number != 0 ? error_move (err, &first)
                           : add_others (injection, &gpus, err);
}

/* --- --device ------------------------------------------------------------- */

/* Return the maker whose processor the qualified NAME means where there is no
   specification of such, but the devices are; else NULL.  */
static const struct driver_vendor *
vendor_of (const struct injection *injection, const char *name)
{
  AUTO_FREE char *kind = xstrndup (name, strcspn (name, "="));
  const struct driver_vendor *vendor = driver_of_kind (kind);
  if (vendor == NULL)
    return NULL;
  AUTO_FREE const char **names = cdi_devices (injection->cdi, kind, false);
  return names[0] == NULL && driver_is_there (vendor) ? vendor : NULL;
}

/* Add those of VENDOR that DEVICES name.  */
static int
add_named (const struct injection *injection,
           const struct driver_vendor *vendor, const struct run_list *devices,
           struct error *err)
{
  __attribute__ ((cleanup (run_gpus_release))) struct run_gpus gpus = { 0 };
  for (size_t i = 0; i < devices->count; i++)
    {
      const char *text = devices->items[i];
      if (!device_name_is_qualified (text)
          || vendor_of (injection, text) != vendor)
        continue;
      const char *name = strchr (text, '=') + 1;
      if (strcmp (name, "all") == 0)
        gpus.all = true;
      else
        run_list_add (&gpus.names, &gpus.name_count, xstrdup (name));
    }
  return gpus.all || gpus.name_count > 0
             ? add_driver (injection, vendor, &gpus, err)
             : 0;
}

/* Add the devices of the list that have qualified names.  */
static int
add_devices (const struct injection *injection, const struct run_list *devices,
             struct error *err)
{
  int status = 0;
  for (size_t i = 0; i < devices->count && status == 0; i++)
    if (device_name_is_qualified (devices->items[i])
        && vendor_of (injection, devices->items[i]) == NULL)
      status =
          cdi_add (injection->cdi, devices->items[i], injection->edits, err);
  for (const struct driver_vendor *vendor = driver_vendors;
       vendor->name != NULL && status == 0; vendor++)
    status = add_named (injection, vendor, devices, err);
  return status;
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
  const struct injection injection = {
    .plan = plan,
    .metadata = metadata,
    .config = config,
    .cdi = cdi,
    .folder = folder,
    .search_path = image_variable (metadata, "LD_LIBRARY_PATH"),
    .edits = &edits,
  };

  int status = add_devices (&injection, &request->devices, err);
  bool named = status == 0;
  if (status == 0 && (request->gpus != NULL || request->nvidia))
    status =
        add_gpus (&injection,
                  request->gpus != NULL ? request->gpus : "driver=nvidia", err);
  if (status < 0 && named && request->gpus == NULL)
    {
      /* It may run elsewhere, too.  */
      log_warning (_ ("the container goes without the driver: %s"), err->text);
      error_release (err);
      status = 0;
    }
  if (status == 0)
    status = cdi_finish (cdi, &edits, err);
  cdi_close (cdi);
  if (status == 0)
    {
      run_libraries_check (plan, injection.search_path, &edits);
      status = apply (plan, &edits, err);
    }
  return status;
}
