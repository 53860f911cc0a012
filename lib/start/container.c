/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A container as a plan describes it.  */

#include "lib/start/container.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/plan/plan.h"
#include "lib/start/message.h"
#include "lib/start/self.h"
#include "lib/start/view.h"

/* Copy TEXT, cut, to the 65 bytes at NAME.  */
static void
set_name (char name[65], const char *text)
{
  size_t length = strlen (text);
  if (length > 64)
    length = 64;
  memcpy (name, text, length);
  name[length] = '\0';
}

/* Set the names that GUEST shows from PLAN; what that does not give is as
   OUTER, if not NULL, sees it.  */
static void
set_names (struct guest *guest, const struct guest_task *outer,
           const struct plan *plan)
{
  struct guest_names *names = guest->names;
  if (outer != NULL)
    {
      *names = *outer->guest->names;
      /* What was set since then is what this one begins with.  */
      guest_names_node (outer->guest->names, names->node);
      guest_names_domain (outer->guest->names, names->domain);
      names->new_node.current = names->new_domain.current = 0;
    }
  set_name (names->system, plan_text (plan, PLAN_SYSTEM, names->system));
  set_name (names->node, plan_text (plan, PLAN_HOST_NAME, names->node));
  set_name (names->release, plan_text (plan, PLAN_KERNEL, names->release));
  set_name (names->version,
            plan_text (plan, PLAN_KERNEL_VERSION, names->version));
  set_name (names->machine, plan_text (plan, PLAN_MACHINE, names->machine));
  set_name (names->domain, plan_text (plan, PLAN_DOMAIN, names->domain));
}

/* Likewise what CONTAINER tells of the processor.  */
static void
set_features (struct start_container *container, const struct guest_task *outer,
              const struct plan *plan)
{
  if (outer != NULL)
    {
      const struct start_container *made = (void *) outer->guest;
      container->shows_features = made->shows_features;
      container->features = made->features;
    }
  if (plan_count (plan, PLAN_FEATURES) > 0)
    {
      container->shows_features = true;
      container->features = plan_number (plan, PLAN_FEATURES, 0);
    }
}

/* Set identity of GUEST, and IDS of its first task, from PLAN; where that gives
   none both are those of OUTER, if not NULL.  */
static void
set_identity (struct guest *guest, struct guest_ids *ids,
              const struct guest_task *outer, const struct plan *plan)
{
  struct guest_identity *identity = &guest->identity;
  uint32_t groups[GUEST_GROUPS_MAX];
  uint32_t count = 0;
  struct plan_record record;
  if (outer != NULL && plan_count (plan, PLAN_UID) == 0)
    {
      *identity = outer->guest->identity;
      *ids = outer->ids;
      return;
    }
  identity->host_uid = getuid ();
  identity->host_gid = getgid ();
  identity->uid = (uint32_t) plan_number (plan, PLAN_UID, getuid ());
  identity->gid = (uint32_t) plan_number (plan, PLAN_GID, getgid ());
  for (size_t at = 0; plan_next_tag (plan, PLAN_GROUP, &at, &record);)
    if (count < GUEST_GROUPS_MAX)
      groups[count++] = (uint32_t) plan_record_number (&record);
  identity->root = identity->uid == 0 && getuid () != 0;
  identity->emulated = identity->root || identity->uid != getuid ()
                       || identity->gid != getgid () || count > 0;
  if (plan_number (plan, PLAN_UID, 1) == 0)
    identity->root = identity->emulated = true;
  guest_ids_init (ids, identity->uid, identity->gid, groups, count);
  if (plan_text (plan, PLAN_OWNERS, NULL) != NULL)
    {
      /* Who made a file is on record; all others are root's.  */
      identity->root = identity->emulated = true;
      identity->uid = identity->gid = 0;
    }
  identity->unlocks =
      identity->root && plan_number (plan, PLAN_UNLOCKED, 0) != 0;
}

/* Set CONTAINER's ports from PLAN.  Return 0 or -ENOMEM.  */
static int
set_ports (struct start_container *container, const struct plan *plan)
{
  struct guest_ports *ports = &container->ports;
  struct plan_record record;
  size_t count = plan_count (plan, PLAN_PORT);

  uint64_t any = plan_number (plan, PLAN_PORT_ANY, 0);
  ports->moves_privileged = any != 0;
  ports->shares = any > 1;
  if (count == 0 && !ports->moves_privileged)
    return 0;
  struct guest_port *list = calloc (count + START_PORTS_ROOM, sizeof *list);
  if (list == NULL)
    return -ENOMEM;
  ports->list = container->port_list = list;
  container->explicit_ports = count;
  for (size_t at = 0; plan_next_tag (plan, PLAN_PORT, &at, &record);)
    {
      struct plan_port port = plan_record_port (&record);
      list[ports->count++] =
          (struct guest_port){ (uint16_t) port.guest, (uint16_t) port.host };
    }
  container->guest.ports = ports;
  return 0;
}

/* Let CONTAINER's owners be what NAME in DIR keeps for files on DEVICE.  Where
   nothing can be written what was kept is still seen.  */
static int
open_owners (struct start_container *container, int dir, const char *name,
             dev_t device)
{
  struct owner_file *owners = &container->owners;
  int error = owner_file_open (owners, dir, name, device, OWNER_FILE_WRITE);
  if (error != -EROFS && error != -EACCES)
    return error;
  error = owner_file_open (owners, dir, name, device, OWNER_FILE_READ);
  return error == -ENOENT ? 0 : error;
}

/* Start CONTAINER's records of owners, which PLAN may want kept in a file that
   OUTER sees.  Return 0, or a negative errno after a message.  */
static int
set_owners (struct start_container *container, struct guest_task *outer,
            const struct plan *plan)
{
  const char *kept = plan_text (plan, PLAN_OWNERS, NULL);
  char directory[PATH_MAX], host[PATH_MAX];
  struct stat root;
  uint32_t flags;
  int error = owner_file_init (&container->owners);
  if (error == 0)
    container->guest.owners = &container->owners.table;
  if (kept == NULL)
    return 0;
  const char *name = strrchr (kept, '/') + 1;
  (void) snprintf (directory, sizeof directory, "%.*s", (int) (name - kept),
                   kept);
  int dir = error < 0 ? error : view_open_host (outer, directory, host, &flags);
  int fd =
      view_open_host (outer, plan_text (plan, PLAN_ROOT, "/"), host, &flags);
  if (fd < 0 || syscall (SYS_fstat, fd, &root) != 0)
    error = fd < 0 ? fd : -errno;
  else
    error = dir < 0 ? dir : open_owners (container, dir, name, root.st_dev);
  if (fd >= 0)
    (void) close (fd);
  if (dir >= 0)
    (void) close (dir);
  if (error < 0)
    start_complain ("cannot keep owners in '%s': %s", kept,
                    error == -EINVAL ? "it is no record of owners"
                                     : strerror (-error));
  return error;
}

/* Make CONTAINER's view from PLAN.  While that is done this process is the task
   that resolves.  */
static int
set_view (struct start_container *container, struct guest_task *outer,
          const struct guest_ids *ids, const struct plan *plan)
{
  struct guest *guest = &container->guest;
  const struct guest_ops *ops = guest->ops;
  struct guest_task self = { 0 };
  struct guest_fs fs;
  guest->ops = &self_ops;
  guest_fs_init (&fs);
  guest_task_init (&self, guest, &fs, ids);
  self.tid = self.pid = getpid ();
  int error = view_make (guest, &self, outer, plan, container->lowest_fd);
  (void) guest_fs_release (guest, &fs);
  guest->ops = ops;
  return error;
}

/* Set how many descriptors GUEST may keep open between calls: half of those
   that there may be.  */
static void
set_descriptors (struct guest *guest)
{
  struct rlimit files;
  if (getrlimit (RLIMIT_NOFILE, &files) == 0)
    guest->keep_below =
        files.rlim_max < 65536 ? (int) files.rlim_max / 2 : 32768;
}

int
start_container_make (struct start_container *container,
                      const struct plan *plan, struct guest_task *outer,
                      struct guest_ids *ids)
{
  struct guest *guest = &container->guest;
  guest->names = &container->names;
  guest->copies_links = plan_number (plan, PLAN_LINKS_REPLACED, 0) != 0;
  set_descriptors (guest);
  set_identity (guest, ids, outer, plan);
  set_names (guest, outer, plan);
  set_features (container, outer, plan);
  int error = set_owners (container, outer, plan);
  if (error == 0)
    error = emulator_prepare (&container->emulator, plan, outer);
  if (error > 0)
    guest->emulator = &container->emulator.guest;
  if (error >= 0)
    {
      error = set_ports (container, plan);
      if (error < 0)
        start_complain ("cannot keep the list of ports: %s", strerror (-error));
    }
  return error < 0 ? error : set_view (container, outer, ids, plan);
}

void
start_container_release (struct start_container *container)
{
  struct guest *guest = &container->guest;
  size_t count =
      sizeof guest->kept_directories / sizeof *guest->kept_directories;
  /* What guest_start was not reached for is no descriptor.  */
  for (size_t i = 0; guest->view != NULL && i < count; i++)
    if (guest->kept_directories[i] > STDERR_FILENO)
      (void) close (guest->kept_directories[i]);
  view_release (guest);
  free (container->port_list);
  if (guest->owners != NULL)
    owner_file_release (&container->owners);
}
