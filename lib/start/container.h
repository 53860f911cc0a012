/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   A container as a plan describes it.  */

#ifndef UDOCKER_LIB_START_CONTAINER_H
#define UDOCKER_LIB_START_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/call.h"
#include "lib/guest/port.h"
#include "lib/owners/owner-file.h"
#include "lib/start/emulator.h"

struct plan;

/* Lists of ports may grow in place up to this many more than were asked
   for.  */
#define START_PORTS_ROOM ((size_t) 256)

/* What lib/guest is told of a container, and where that lies.  It is not moved
   while it is in use.  */
struct start_container
{
  /* First, so that a task leads here by its guest.  */
  struct guest guest;

  /* Descriptors that the guest's anchors are get numbers from this on.  */
  int lowest_fd;

  struct guest_names names;
  struct owner_file owners;
  struct guest_ports ports;
  struct guest_port *port_list; /* that of PORTS, with room */
  size_t explicit_ports;        /* its first ones, which the plan wants */
  struct emulator emulator;

  /* What AT_HWCAP tells of the processor, if not the kernel's.  */
  bool shows_features;
  uint64_t features;
};

/* Make CONTAINER what PLAN describes.  Its guest is zero but for what the
   engine knows: OPS, ENGINE, PID, LOADER, FILTERED, STARTS, INSIDE and
   INTERPRETERS.  (OPS serve the engine; nothing here calls them.)  LOWEST_FD is
   set, all else zero.  All that the guest points to lives as long as CONTAINER,
   but for what the engine gave it.

   Host paths of PLAN are those that OUTER, a task of another struct
   start_container's guest, sees, or with NULL this process's own; what PLAN
   does not say is as in OUTER's.  IDS gets the ids of the first task.  Return
   0, or a negative errno after a message; CONTAINER is to be released in any
   case.  */
int start_container_make (struct start_container *container,
                          const struct plan *plan, struct guest_task *outer,
                          struct guest_ids *ids);

/* Free what CONTAINER holds, and close its descriptors.  */
void start_container_release (struct start_container *container);

#endif
