/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The state that all processes of a container share.

   Everything that struct guest points to is copied behind it into one file,
   which lies at the same address in all processes.  The file is sparse: room
   for many owners costs nothing until they are there.  */

#include "trap-engine/launcher/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/guest/exec.h"
#include "lib/guest/owner-log.h"
#include "lib/plan/plan-write.h"
#include "lib/start/container.h"
#include "lib/start/message.h"
#include "trap-engine/state.h"

#ifndef MAP_FIXED_NOREPLACE
#  define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Where the parts begin, from the state on.  */
struct layout
{
  size_t view, anchors, ports, ports_list, emulator, program, words;
  size_t owners, slots, room;
  size_t size;
};

/* Take SIZE bytes at the end of LAYOUT.  Return where.  */
static size_t
take (struct layout *layout, size_t size)
{
  size_t start = (layout->size + 63) & ~(size_t) 63;
  layout->size = start + size;
  return start;
}

static struct layout
lay_out (const struct start_container *container)
{
  const struct guest *guest = &container->guest;
  struct layout layout = { .size = sizeof (struct trap_state) };
  layout.view = take (&layout, guest->view->size);
  layout.anchors =
      take (&layout, guest->view->binding_count * sizeof *guest->anchors);
  layout.ports = take (&layout, sizeof container->ports);
  layout.ports_list = take (&layout, (container->ports.count + START_PORTS_ROOM)
                                         * sizeof (struct guest_port));
  layout.emulator = take (&layout, sizeof container->emulator.guest);
  layout.program = take (&layout, sizeof container->emulator.program);
  layout.words = take (&layout, sizeof container->emulator.words);
  if (!guest->identity.emulated)
    return layout;
  layout.owners = take (&layout, sizeof (struct guest_owners));
  layout.slots = take (&layout, OWNER_FILE_SLOTS * sizeof (uint64_t));
  layout.room = take (&layout, OWNER_FILE_ROOM);
  return layout;
}

/* Give FD SIZE bytes.  What lies in memory counts as a file.  Return 0 or a
   negative errno.  */
static int
set_size (int fd, size_t size)
{
  struct rlimit limit;
  bool raised = getrlimit (RLIMIT_FSIZE, &limit) == 0
                && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < size;
  if (raised && limit.rlim_max < size)
    return -EFBIG; /* and no signal */
  const struct rlimit more = { limit.rlim_max, limit.rlim_max };
  if (raised)
    (void) setrlimit (RLIMIT_FSIZE, &more);
  int error = ftruncate (fd, (off_t) size) == 0 ? 0 : -errno;
  if (raised)
    (void) setrlimit (RLIMIT_FSIZE, &limit);
  return error;
}

/* Say why the state could not be made, which gave ERROR.  */
static void
complain (int error, size_t size)
{
  if (error == -EFBIG)
    start_complain ("cannot run with a limit of less than %zu KiB on the size "
                    "of files; raise it (ulimit -f)",
                    size / 1024);
  else if (error == -ENOMEM)
    start_complain ("cannot get %zu KiB of address space for what the "
                    "container's processes share; is there a limit (ulimit "
                    "-v)?",
                    size / 1024);
  else
    start_complain ("cannot make what the container's processes share: %s",
                    strerror (-error));
}

/* Map SIZE bytes of FD at the state's place.  Return 0 or a negative errno.  */
static int
map (int fd, size_t size)
{
  void *place = (void *) TRAP_STATE;
  void *mapped = mmap (place, size, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
  if (mapped == place)
    return 0;
  if (mapped == MAP_FAILED)
    return -errno;
  (void) munmap (mapped, size); /* an old kernel takes it for a wish */
  return -EEXIST;
}

/* Return a descriptor numbered NUMBER or the next free one of a new file with
   SIZE bytes that is mapped at the state's place, or a negative errno.  */
static int
make_file (int number, size_t size)
{
  bool sealable;
  int fd = plan_open_nameless ("udocker", &sealable);
  if (fd < 0)
    return fd;
  int moved = fcntl (fd, F_DUPFD_CLOEXEC, number);
  int error = moved < 0 ? -errno : set_size (moved, size);
  (void) close (fd);
  if (error == 0)
    error = map (moved, size);
  if (moved >= 0 && error < 0)
    (void) close (moved);
  return error < 0 ? error : moved;
}

/* Copy what CONTAINER's guest points to into STATE.  */
static void
copy_parts (struct trap_state *state, const struct layout *layout,
            const struct start_container *container)
{
  unsigned char *base = (unsigned char *) state;
  const struct guest *from = &container->guest;
  struct guest *guest = &state->guest;

  memcpy (base + layout->view, from->view, from->view->size);
  guest->view = (struct guest_view *) (void *) (base + layout->view);
  memcpy (base + layout->anchors, from->anchors,
          from->view->binding_count * sizeof *from->anchors);
  guest->anchors = (int *) (void *) (base + layout->anchors);

  state->names = *from->names;
  guest->names = &state->names;
  guest->turns = &state->turns;
  guest->directories = &state->directories;
  if (from->ports != NULL)
    {
      struct guest_ports *ports = (void *) (base + layout->ports);
      *ports = *from->ports;
      ports->shares = false; /* nobody is there to find others */
      memcpy (base + layout->ports_list, ports->list,
              ports->count * sizeof *ports->list);
      ports->list = (struct guest_port *) (void *) (base + layout->ports_list);
      guest->ports = ports;
    }
  if (from->emulator != NULL)
    {
      struct guest_emulator *emulator = (void *) (base + layout->emulator);
      *emulator = *from->emulator;
      memcpy (base + layout->program, container->emulator.program,
              sizeof container->emulator.program);
      memcpy (base + layout->words, container->emulator.words,
              sizeof container->emulator.words);
      emulator->program = (char *) base + layout->program;
      emulator->words = (char *) base + layout->words;
      guest->emulator = emulator;
    }
  guest->owners = NULL;
  if (layout->owners != 0)
    {
      guest->owners = (struct guest_owners *) (void *) (base + layout->owners);
      guest_owners_init (
          guest->owners, (uint64_t *) (void *) (base + layout->slots),
          OWNER_FILE_SLOTS, base + layout->room, OWNER_FILE_ROOM);
    }
}

/* Have STATE's owners be what the log of CONTAINER's says, if there is one.  */
static void
load_owners (struct trap_state *state, const struct start_container *container)
{
  static unsigned char bytes[65536];
  const struct owner_file *owners = &container->owners;
  state->keeper.fd = -1;
  state->keeper.taken = OWNER_LOG_HEAD;
  while (state->guest.owners != NULL && owners->fd >= 0)
    {
      ssize_t got = pread (owners->fd, bytes, sizeof bytes,
                           (off_t) state->keeper.taken);
      size_t done = got <= 0
                        ? 0
                        : owner_log_take (state->guest.owners, owners->device,
                                          bytes, (size_t) got);
      if (done == 0)
        return;
      state->keeper.taken += done;
    }
}

void
shared_keep (struct trap_state *state, int fd, uint64_t device)
{
  state->keeper.fd = fd;
  state->keeper.device = device;
}

int
shared_make (const struct start_container *container,
             const struct guest_ids *ids, int fd, struct trap_state **made)
{
  struct layout layout = lay_out (container);
  struct trap_state *state = (struct trap_state *) TRAP_STATE;
  struct stat status;
  int file =
      layout.size > TRAP_STATE_LIMIT ? -E2BIG : make_file (fd, layout.size);
  if (file >= 0 && fstat (file, &status) != 0)
    file = -errno;
  if (file < 0)
    {
      complain (file, layout.size);
      return file;
    }
  state->magic = TRAP_STATE_MAGIC;
  state->size = (uint32_t) layout.size;
  state->container = state->family = status.st_ino;
  state->guest = container->guest;
  state->guest.ops = NULL;
  state->guest.engine = NULL;
  state->guest.interpreters = NULL;
  state->guest.own.start = TRAP_WINDOW;
  state->guest.own.end = TRAP_BLOCKS_END;
  copy_parts (state, &layout, container);
  load_owners (state, container);
  state->ids = *ids;
  state->first_fd = file;
  state->shows_features = container->shows_features;
  state->features = container->features;
  *made = state;
  return 0;
}
