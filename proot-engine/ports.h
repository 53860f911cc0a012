/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Ports that others have already.  */

#ifndef UDOCKER_PROOT_ENGINE_PORTS_H
#define UDOCKER_PROOT_ENGINE_PORTS_H

#include <stddef.h>

struct guest_port;
struct guest_ports;

/* A socket of the type TYPE is about to get the address of SIZE bytes at
   ADDRESS, as its container with PORTS writes it.  Where the port is taken on
   the host put another one into LIST, which is that of PORTS and has room, and
   tell the user.  The EXPLICIT first ones of LIST stay as they are.  */
void ports_share (struct guest_ports *ports, struct guest_port *list,
                  size_t explicit, int type, const void *address, size_t size);

#endif
