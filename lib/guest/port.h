/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Ports that the container has under other numbers than the host.  */

#ifndef UDOCKER_LIB_GUEST_PORT_H
#define UDOCKER_LIB_GUEST_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A port of the container, and the port of the host that it is.  */
struct guest_port
{
  uint16_t guest;
  uint16_t host;
};

/* How far privileged ports are moved up where that was asked for: 80 of the
   container is 10080 of the host.  */
enum
{
  GUEST_PORT_PRIVILEGED = 1024,
  GUEST_PORT_SHIFT = 10000
};

/* All ports that differ.  Both lists may be empty.  */
struct guest_ports
{
  const struct guest_port *list; /* the first that fits counts */
  size_t count;
  bool moves_privileged; /* move what is not listed and privileged */
  bool shares;           /* the engine lists more when they are taken */
};

/* Return the port of the host that PORT of the container is.  */
uint16_t guest_port_to_host (const struct guest_ports *ports, uint16_t port);

/* Return the port of the container that PORT of the host is.  */
uint16_t guest_port_to_guest (const struct guest_ports *ports, uint16_t port);

/* Turn the port in the SIZE bytes of a socket address at ADDRESS (struct
   sockaddr_in or sockaddr_in6, ip(7), ipv6(7)) into the host's with TO_HOST,
   otherwise into the container's.  With ONLY_LOCAL leave it alone unless the
   address is one of the loopback interface or none at all: what lies on other
   machines has its own ports.  Return whether it changed.  */
bool guest_port_translate (const struct guest_ports *ports, void *address,
                           size_t size, bool to_host, bool only_local);

#endif
