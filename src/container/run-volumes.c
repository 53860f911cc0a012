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
#include "src/container/running.h"
#include "src/image/store.h"
#include "src/platform/host.h"
#include "xalloc.h"
#include "xstrndup.h"
#include "xvasprintf.h"

/* What a binding is for.  */
enum purpose
{
  PURPOSE_USER,   /* asked for by name: must exist */
  PURPOSE_DEVICE, /* likewise, unless something else is there */
  PURPOSE_SYSTEM  /* left out when the host does not have it */
};

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
        {
          append_binding (plan, host, top, PLAN_BINDING_READ_ONLY);
          plan->bindings[plan->binding_count - 1].stands_in = true;
        }
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
  if (purpose != PURPOSE_USER && run_plan_binds (plan, place))
    return 0; /* the user said otherwise */

  /* Programs give devices and the like owners and modes, and may believe that
     it helps; of what belongs to people they must know.  */
  if (purpose != PURPOSE_SYSTEM)
    flags |= PLAN_BINDING_TRUE;
  if (missing && purpose != PURPOSE_SYSTEM)
    add_parents (plan, place, S_ISDIR (st.st_mode));
  append_binding (plan, host, place, flags);
  plan->bindings[plan->binding_count - 1].optional = purpose == PURPOSE_SYSTEM;
  return 0;
}

/* Add the binding that VOLUME, which is released, means, unless NO_VOLUMES has
   it.  */
static int
add_volume (struct run_plan *plan, struct run_volume *volume,
            const struct run_list *no_volumes, bool *used, enum purpose purpose,
            struct error *err)
{
  int status = 0;
  if (!is_left_out (no_volumes, used, volume->host, volume->guest))
    status = add_binding (plan, volume->host, volume->guest, volume->flags,
                          purpose, err);
  run_volume_release (volume);
  return status;
}

/* Reads a word of the command line or of a setting into a volume.  */
typedef int read_function (const char *word, struct run_volume *volume,
                           struct error *err);

/* Add all volumes of the COUNT ITEMS, which READ reads.  */
static int
add_list (struct run_plan *plan, read_function *read, const char *const *items,
          size_t count, const struct run_list *no_volumes, bool *used,
          enum purpose purpose, struct error *err)
{
  int status = 0;
  for (size_t i = 0; i < count && status == 0; i++)
    {
      struct run_volume volume;
      status = read (items[i], &volume, err);
      if (status == 0 && volume.temporary)
        {
          volume.host = run_temporary_add (&plan->temporary, volume.mode, err);
          if (volume.host == NULL)
            {
              run_volume_release (&volume);
              return -err->number;
            }
        }
      if (status == 0)
        status = add_volume (plan, &volume, no_volumes, used, purpose, err);
    }
  return status;
}

/* Add the volume PATH of the container whose tree ORIGIN is, with FLAGS.  */
static int
add_volume_of (struct run_plan *plan, const struct run_plan *origin,
               const char *path, uint32_t flags,
               const struct run_list *no_volumes, bool *used, struct error *err)
{
  struct run_place place = { .fd = -1 };
  if (path[0] != '/' || run_look (origin, path, 0, &place) < 0
      || strcmp (place.guest, "/") == 0)
    {
      log_warning (_ ("--volumes-from: the container has no '%s'"), path);
      run_place_release (&place);
      return 0;
    }
  struct run_volume volume = {
    .host = xasprintf ("%s%s", origin->root, place.guest),
    .guest = xstrdup (path),
    .flags = flags,
  };
  run_place_release (&place);
  return add_volume (plan, &volume, no_volumes, used, PURPOSE_USER, err);
}

/* Add what the image of CONTAINER says are its volumes, with FLAGS.  */
static int
add_volumes_of (struct run_plan *plan, struct container *container,
                uint32_t flags, const struct run_list *no_volumes, bool *used,
                struct error *err)
{
  struct run_metadata metadata = { 0 };
  struct run_plan origin = {
    .root = container->root,
    .temporary = RUN_TEMPORARY_NONE,
    .root_fd = open (container->root, O_PATH | O_DIRECTORY | O_CLOEXEC),
  };
  int status = origin.root_fd < 0
                   ? error_set (err, errno, _ ("cannot open '%s': %s"),
                                container->root, strerror (errno))
                   : run_metadata_read (container, &metadata, err);
  for (size_t i = 0; status == 0 && i < metadata.volume_count; i++)
    status = add_volume_of (plan, &origin, metadata.volumes[i], flags,
                            no_volumes, used, err);
  run_metadata_release (&metadata);
  if (origin.root_fd >= 0)
    (void) close (origin.root_fd); /* O_PATH */
  return status;
}

/* Keep CONTAINER, whose files PLAN shows, from being removed meanwhile.  */
static int
hold_other (struct run_plan *plan, const struct container *container,
            struct error *err)
{
  int fd = container_hold (container, false, err);
  if (fd < 0)
    return fd == -1 ? 0 : fd; /* no locks here */
  plan->held_fds =
      xnrealloc (plan->held_fds, plan->held_count + 1, sizeof *plan->held_fds);
  plan->held_fds[plan->held_count++] = fd;
  return 0;
}

/* Add the volumes of the containers of LIST, "CONTAINER[:ro|:rw]".  */
static int
add_volumes_from (struct run_plan *plan, const struct run_list *list,
                  const struct run_list *no_volumes, bool *used,
                  struct error *err)
{
  int status = 0;
  for (size_t i = 0; i < list->count && status == 0; i++)
    {
      size_t length = strcspn (list->items[i], ":");
      const char *option = list->items[i] + length;
      AUTO_FREE char *name = xstrndup (list->items[i], length);
      bool read_only = strcmp (option, ":ro") == 0;
      struct container *container = NULL;
      if (plan->container == NULL || name[0] == '\0'
          || !(read_only || option[0] == '\0' || strcmp (option, ":rw") == 0))
        return error_set (err, EINVAL,
                          _ ("invalid --volumes-from '%s': write it as "
                             "CONTAINER or CONTAINER:ro"),
                          list->items[i]);
      status = container_open (plan->container->store, name,
                               CONTAINER_BY_PREFIX, &container, err);
      if (status == 0)
        status = hold_other (plan, container, err);
      if (status == 0)
        status = add_volumes_of (plan, container,
                                 read_only ? PLAN_BINDING_READ_ONLY : 0,
                                 no_volumes, used, err);
      container_close (container);
    }
  return status;
}

/* Add all that was asked for by name.  */
static int
add_asked (struct run_plan *plan, const struct run_request *request, bool *used,
           struct error *err)
{
  const struct
  {
    read_function *read;
    const struct run_list *list;
  } kinds[] = {
    { run_volume_read, &request->volumes },
    { run_mount_read, &request->mounts },
    { run_tmpfs_read, &request->temporary_volumes },
  };
  int status = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && status == 0; i++)
    status = add_list (plan, kinds[i].read, kinds[i].list->items,
                       kinds[i].list->count, &request->no_volumes, used,
                       PURPOSE_USER, err);
  if (status == 0)
    status = add_volumes_from (plan, &request->volumes_from,
                               &request->no_volumes, used, err);
  plan->volume_count = plan->binding_count;
  return status;
}

/* Add what the setting LIST says, of which the host has some.  */
static int
add_setting (struct run_plan *plan, const struct config_list *list,
             const struct run_list *no_volumes, bool *used, struct error *err)
{
  return add_list (plan, run_volume_read, (const char *const *) list->items,
                   list->count, no_volumes, used, PURPOSE_SYSTEM, err);
}

/* Add the directories of batch systems and MPI launchers that the variables of
   the setting LIST name, each under its own name: processes of a job find each
   other there.  */
static int
add_launcher_directories (struct run_plan *plan, const struct config_list *list,
                          const struct run_list *no_volumes, bool *used,
                          struct error *err)
{
  int status = 0;
  for (size_t i = 0; i < list->count && status == 0; i++)
    {
      const char *path = getenv (list->items[i]);
      if (path != NULL && path[0] == '/' && path[1] != '\0'
          && !is_left_out (no_volumes, used, path, path))
        status = add_binding (plan, path, path, 0, PURPOSE_SYSTEM, err);
    }
  return status;
}

int
run_plan_bind_device (struct run_plan *plan, const char *host,
                      const char *guest, uint32_t flags, struct error *err)
{
  if (run_plan_binds (plan, guest))
    return 0;
  return add_binding (plan, host, guest, flags, PURPOSE_DEVICE, err);
}

/* Add the home directory of who runs this.  */
static int
add_home (struct run_plan *plan, const struct run_list *no_volumes, bool *used,
          struct error *err)
{
  const char *home = platform_home ();
  if (home == NULL || strcmp (home, "/") == 0)
    return error_set (err, ENOENT,
                      _ ("cannot tell your home directory for --bindhome; "
                         "set HOME"));
  return add_list (plan, run_volume_read, &home, 1, no_volumes, used,
                   PURPOSE_USER, err);
}

int
run_plan_add_volumes (struct run_plan *plan, const struct run_request *request,
                      const struct config *config, struct error *err)
{
  static const char rendering[] = "/dev/dri";
  const struct run_list *out = &request->no_volumes;
  AUTO_FREE bool *used = xcalloc (out->count + 1, sizeof *used);

  int status = add_asked (plan, request, used, err);
  if (status == 0 && !request->no_system_volumes)
    status = add_setting (plan, &config->sysdirs_list, out, used, err);
  if (status == 0 && !request->no_system_volumes)
    status = add_launcher_directories (plan, &config->launcher_host_dirs, out,
                                       used, err);
  if (status == 0 && request->bind_dri)
    status = add_setting (plan, &config->dri_list, out, used, err);
  if (status == 0 && request->bind_dri && access (rendering, F_OK) == 0)
    status = run_plan_bind_device (plan, rendering, rendering, 0, err);
  if (status == 0 && request->bind_home)
    status = add_home (plan, out, used, err);
  if (status < 0)
    return status;

  for (size_t i = 0; i < out->count; i++)
    if (!used[i])
      log_warning (_ ("--novol %s not in volumes list"), out->items[i]);
  return 0;
}
