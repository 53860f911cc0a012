/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Which host files and directories a container sees, and where.  */

#include <config.h>

#include "src/container/run-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/plan/plan.h"
#include "src/config/config.h"
#include "src/container/container.h"
#include "src/image/store.h"
#include "src/platform/host.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* What a binding is for.  */
enum purpose
{
  PURPOSE_USER,  /* asked for by name: must exist */
  PURPOSE_SYSTEM /* left out when the host does not have it */
};

/* Return PATH, which is absolute, with single slashes, without "." and without
   a slash at the end, "/" staying; the caller frees it.  NULL when it is not
   absolute or has ".." in it and not PARENTS.  */
static char *
normal_path (const char *path, bool parents)
{
  if (path[0] != '/')
    return NULL;
  AUTO_BUFFER (normal);
  while (true)
    {
      path += strspn (path, "/");
      size_t length = strcspn (path, "/");
      if (length == 0)
        break;
      if (length == 2 && strncmp (path, "..", 2) == 0 && !parents)
        return NULL;
      if (!(length == 1 && path[0] == '.'))
        {
          buffer_add_char (&normal, '/');
          buffer_add (&normal, path, length);
        }
      path += length;
    }
  if (normal.length == 0)
    buffer_add_char (&normal, '/');
  return buffer_take (&normal);
}

/* Return whether one of the words of NO_VOLUMES leaves out a binding of HOST
   to GUEST, as they were typed; note in USED which.  */
static bool
is_left_out (const struct run_list *no_volumes, bool *used, const char *host,
             const char *guest)
{
  bool left_out = false;
  for (size_t i = 0; i < no_volumes->count; i++)
    {
      const char *word = no_volumes->items[i];
      AUTO_FREE char *pair = xasprintf ("%s:%s", host, guest);
      if (strcmp (word, host) == 0 || strcmp (word, pair) == 0)
        {
          used[i] = true;
          left_out = true;
        }
    }
  return left_out;
}

bool
run_plan_binds (const struct run_plan *plan, const char *path)
{
  for (size_t i = 0; i < plan->binding_count; i++)
    if (strcmp (plan->bindings[i].guest, path) == 0)
      return true;
  return false;
}

bool
run_plan_has_volume (const struct run_plan *plan, const char *path)
{
  for (size_t i = 0; i < plan->volume_count; i++)
    if (strcmp (plan->bindings[i].guest, path) == 0)
      return true;
  return false;
}

/* Set *GUEST, which the caller frees, to the path without links that TYPED
   names in PLAN.  A link to nowhere is covered itself, and so is any link
   when not FOLLOW.  */
static int
find_mount_point (const struct run_plan *plan, const char *typed, bool follow,
                  char **guest, bool *missing)
{
  struct run_place place = { .fd = -1 };
  int status =
      run_look (plan, typed,
                RUN_LOOK_MISSING | (follow ? 0 : RUN_LOOK_NO_FOLLOW), &place);
  if (status < 0)
    return status;
  if (follow && place.fd < 0 && !place.virtual_directory
      && strcmp (place.guest, typed) != 0)
    {
      run_place_release (&place);
      status =
          run_look (plan, typed, RUN_LOOK_MISSING | RUN_LOOK_NO_FOLLOW, &place);
      if (status < 0)
        return status;
    }
  *guest = TAKE (place.guest);
  *missing = place.fd < 0;
  run_place_release (&place);
  return 0;
}

/* Append to PLAN the binding of HOST at GUEST; both are copied.  */
static void
append_binding (struct run_plan *plan, const char *host, const char *guest,
                uint32_t flags)
{
  plan->bindings = xreallocarray (plan->bindings, plan->binding_count + 1,
                                  sizeof *plan->bindings);
  plan->bindings[plan->binding_count++] = (struct run_binding){
    .host = xstrdup (host),
    .guest = xstrdup (guest),
    .flags = flags,
  };
}

/* Return a directory of ours where directories that stand for missing ones can
   be made, which the caller frees, or NULL: in the repository, else where this
   user's things of this session are.  */
static char *
places_directory (const struct run_plan *plan)
{
  AUTO_ERROR struct error ignored = { 0 };
  if (plan->container != NULL)
    {
      AUTO_FREE char *own =
          xasprintf ("%s/run/.places", store_top_path (plan->container->store));
      if (file_make_directories (AT_FDCWD, own, 0700, &ignored) == 0)
        return TAKE (own);
    }
  const char *runtime = getenv ("XDG_RUNTIME_DIR");
  if (runtime == NULL || runtime[0] != '/')
    return NULL;
  AUTO_FREE char *other = xasprintf ("%s/udocker/.places", runtime);
  if (file_make_directories (AT_FDCWD, other, 0700, &ignored) < 0)
    return NULL;
  return TAKE (other);
}

/* Make the directory that stands for one that is missing in the container.
   Below it is PATH ("/mine", "/x/y/mine"), whose last part is a directory or,
   if not DIRECTORY, a file, for a volume to lie on.  Return its path, which
   the caller frees, or NULL.  All runs share it, and none changes it.  */
static char *
make_place (const struct run_plan *plan, const char *path, bool directory)
{
  AUTO_ERROR struct error ignored = { 0 };
  AUTO_FREE char *places = places_directory (plan);
  if (places == NULL)
    return NULL;

  AUTO_FREE char *name = xstrdup (path);
  for (char *c = name; *c != '\0'; c++)
    if (*c == '/')
      *c = '#';
  AUTO_FREE char *host =
      xasprintf ("%s/%s%s", places, directory ? "d" : "f", name);
  AUTO_FREE char *tree = xasprintf ("%s%s", host, path);
  if (access (tree, F_OK) == 0)
    return TAKE (host);

  if (directory)
    return file_make_directories (AT_FDCWD, tree, 0755, &ignored) < 0
               ? NULL
               : TAKE (host);
  AUTO_FREE char *above =
      xstrndup (tree, (size_t) (strrchr (tree, '/') - tree));
  if (file_make_directories (AT_FDCWD, above, 0755, &ignored) < 0)
    return NULL;
  AUTO_CLOSE int fd = open (tree, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
  return fd < 0 ? NULL : TAKE (host);
}

/* The directories above the mount point GUEST, for a directory or, if not
   DIRECTORY, a file, may be missing in the container, where a run makes none.
   Bind one of the host, read-only, where the first is missing, with the others
   in it: they can be entered and listed then.  Where that fails they cannot,
   and all else works.  */
static void
add_parents (struct run_plan *plan, const char *guest, bool directory)
{
  for (const char *slash = strchr (guest + 1, '/'); slash != NULL;
       slash = strchr (slash + 1, '/'))
    {
      AUTO_FREE char *top = xstrndup (guest, (size_t) (slash - guest));
      struct run_place place = { .fd = -1 };
      bool exists = run_look (plan, top, 0, &place) == 0 && place.fd >= 0;
      run_place_release (&place);
      if (exists)
        continue;
      AUTO_FREE char *host = make_place (plan, slash, directory);
      if (host != NULL)
        append_binding (plan, host, top, PLAN_BINDING_READ_ONLY);
      return;
    }
}

/* Add to PLAN the binding of HOST, a normal path, at GUEST, as typed.  */
static int
add_binding (struct run_plan *plan, const char *host, const char *guest,
             uint32_t flags, enum purpose purpose, struct error *err)
{
  struct stat st;
  if (stat (host, &st) < 0)
    {
      if (purpose == PURPOSE_SYSTEM)
        return 0;
      return error_set (err, errno, _ ("invalid host volume path: %s: %s"),
                        host, strerror (errno));
    }

  AUTO_FREE char *place = NULL;
  bool follow = (flags & PLAN_BINDING_NO_FOLLOW) == 0;
  bool missing = false;
  int status = find_mount_point (plan, guest, follow, &place, &missing);
  if (status < 0 && purpose == PURPOSE_SYSTEM)
    {
      log_warning (_ ("'%s' is not shown in the container: %s"), host,
                   strerror (-status));
      return 0;
    }
  if (status < 0)
    return error_set (err, -status, _ ("invalid container volume path: %s: %s"),
                      guest, strerror (-status));
  if (strcmp (place, "/") == 0)
    return error_set (err, EINVAL,
                      _ ("invalid container volume path: %s: it is the"
                         " container's root directory"),
                      guest);
  if (purpose == PURPOSE_SYSTEM && run_plan_binds (plan, place))
    return 0; /* the user said otherwise */

  if (missing && purpose == PURPOSE_USER)
    add_parents (plan, place, S_ISDIR (st.st_mode));
  append_binding (plan, host, place, flags);
  return 0;
}

/* Read the OPTIONS of the volume VOLUME into FLAGS.  */
static int
read_volume_options (const char *options, const char *volume, uint32_t *flags,
                     struct error *err)
{
  static const struct
  {
    const char *name;
    uint32_t flag;
  } known[] = {
    { "ro", PLAN_BINDING_READ_ONLY },
    { "rw", 0 },
    { "nofollow", PLAN_BINDING_NO_FOLLOW },
    /* What Docker's users write and what changes nothing here.  */
    { "z", 0 },
    { "Z", 0 },
    { "rprivate", 0 },
    { "private", 0 },
    { "rslave", 0 },
    { "rshared", 0 },
    { "cached", 0 },
    { "delegated", 0 },
    { "consistent", 0 },
  };
  const size_t count = sizeof known / sizeof known[0];

  while (true)
    {
      size_t length = strcspn (options, ",");
      size_t i = 0;
      while (i < count
             && (strlen (known[i].name) != length
                 || strncmp (known[i].name, options, length) != 0))
        i++;
      if (i == count)
        return error_set (err, EINVAL,
                          _ ("invalid volume '%s': option '%.*s' is not one"
                             " of ro, rw and nofollow"),
                          volume, (int) length, options);
      *flags |= known[i].flag;
      if (options[length] == '\0')
        return 0;
      options += length + 1;
    }
}

/* Take the word VOLUME apart into HOST, GUEST (both freed by the caller and
   set even on some failures) and FLAGS.  */
static int
read_volume (const char *volume, char **host, char **guest, uint32_t *flags,
             struct error *err)
{
  size_t host_length = strcspn (volume, ":");
  const char *rest = volume + host_length;
  rest += *rest == ':';
  size_t guest_length = strcspn (rest, ":");
  const char *options = rest + guest_length;
  options += *options == ':';

  AUTO_FREE char *typed_host = xstrndup (volume, host_length);
  AUTO_FREE char *typed_guest = guest_length > 0
                                    ? xstrndup (rest, guest_length)
                                    : xstrndup (volume, host_length);
  *host = normal_path (typed_host, true);
  if (*host == NULL)
    return error_set (err, EINVAL,
                      _ ("invalid host volume path: %s: it does not begin"
                         " with '/'"),
                      typed_host);
  *guest = normal_path (typed_guest, false);
  if (*guest == NULL || strcmp (*guest, "/") == 0)
    return error_set (err, EINVAL,
                      _ ("invalid container volume path: %s: it must be"
                         " absolute, without '..', and not '/'"),
                      typed_guest);
  if (*options == '\0')
    return 0;
  return read_volume_options (options, volume, flags, err);
}

/* Add the binding that the word VOLUME means, unless NO_VOLUMES has it.  */
static int
add_volume (struct run_plan *plan, const char *volume,
            const struct run_list *no_volumes, bool *used, enum purpose purpose,
            struct error *err)
{
  AUTO_FREE char *host = NULL;
  AUTO_FREE char *guest = NULL;
  uint32_t flags = 0;
  int status = read_volume (volume, &host, &guest, &flags, err);
  if (status < 0)
    return status;
  if (is_left_out (no_volumes, used, host, guest))
    return 0;
  return add_binding (plan, host, guest, flags, purpose, err);
}

/* Add all volumes of LIST.  */
static int
add_list (struct run_plan *plan, const char *const *items, size_t count,
          const struct run_list *no_volumes, bool *used, enum purpose purpose,
          struct error *err)
{
  int status = 0;
  for (size_t i = 0; i < count && status == 0; i++)
    status = add_volume (plan, items[i], no_volumes, used, purpose, err);
  return status;
}

/* Add the devices that were asked for: they are in /dev already, but for
   runs without it.  A suffix as Docker's (":rwm") is dropped.  */
static int
add_devices (struct run_plan *plan, const struct run_request *request,
             struct error *err)
{
  for (size_t i = 0; i < request->devices.count; i++)
    {
      const char *device = request->devices.items[i];
      AUTO_FREE char *path = xstrndup (device, strcspn (device, ":"));
      struct stat st;
      if (path[0] != '/' || stat (path, &st) < 0)
        return error_set (err, ENODEV, _ ("device not found: %s"), path);
      if (!S_ISCHR (st.st_mode) && !S_ISBLK (st.st_mode))
        return error_set (err, ENOTBLK, _ ("not a device: %s"), path);
      if (run_plan_binds (plan, "/dev") && strncmp (path, "/dev/", 5) == 0)
        continue;
      int status = add_binding (plan, path, path, 0, PURPOSE_SYSTEM, err);
      if (status < 0)
        return status;
    }
  return 0;
}

/* Add the home directory of who runs this.  */
static int
add_home (struct run_plan *plan, const struct run_list *no_volumes, bool *used,
          struct error *err)
{
  const char *home = platform_home ();
  if (home == NULL || strcmp (home, "/") == 0)
    return error_set (err, ENOENT,
                      _ ("cannot tell your home directory for --bindhome"));
  return add_volume (plan, home, no_volumes, used, PURPOSE_USER, err);
}

int
run_plan_add_volumes (struct run_plan *plan, const struct run_request *request,
                      const struct config *config, struct error *err)
{
  const struct run_list *out = &request->no_volumes;
  AUTO_FREE bool *used = xcalloc (out->count + 1, sizeof *used);

  int status = add_list (plan, request->volumes.items, request->volumes.count,
                         out, used, PURPOSE_USER, err);
  plan->volume_count = plan->binding_count;
  if (status == 0 && !request->no_system_volumes)
    status =
        add_list (plan, (const char *const *) config->sysdirs_list.items,
                  config->sysdirs_list.count, out, used, PURPOSE_SYSTEM, err);
  if (status == 0 && request->bind_dri)
    status = add_list (plan, (const char *const *) config->dri_list.items,
                       config->dri_list.count, out, used, PURPOSE_SYSTEM, err);
  if (status == 0 && request->bind_home)
    status = add_home (plan, out, used, err);
  if (status == 0)
    status = add_devices (plan, request, err);
  if (status < 0)
    return status;

  for (size_t i = 0; i < out->count; i++)
    if (!used[i])
      log_warning (_ ("--novol %s not in volumes list"), out->items[i]);
  return 0;
}
