/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Ports that the container has under other numbers than the host.  */

#include "lib/guest/port.h"

#include "lib/guest/kernel.h"

uint16_t
guest_port_to_host (const struct guest_ports *ports, uint16_t port)
{
  for (size_t i = 0; i < ports->count; i++)
    if (ports->list[i].guest == port)
      return ports->list[i].host;
  if (ports->moves_privileged && port > 0 && port < GUEST_PORT_PRIVILEGED)
    return (uint16_t) (port + GUEST_PORT_SHIFT);
  return port;
}

uint16_t
guest_port_to_guest (const struct guest_ports *ports, uint16_t port)
{
  for (size_t i = 0; i < ports->count; i++)
    if (ports->list[i].host == port)
      return ports->list[i].guest;
  if (ports->moves_privileged && port > GUEST_PORT_SHIFT
      && port < GUEST_PORT_SHIFT + GUEST_PORT_PRIVILEGED)
    return (uint16_t) (port - GUEST_PORT_SHIFT);
  return port;
}

/* Return whether the IPv4 address at BYTES is of this machine's loopback
   interface, or any.  */
static bool
is_local_4 (const unsigned char *bytes)
{
  return bytes[0] == 127
         || (bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0);
}

/* The same for IPv6: ::, ::1, and IPv4 addresses in ::ffff:0:0/96.  */
static bool
is_local_6 (const unsigned char *bytes)
{
  for (int i = 0; i < 10; i++)
    if (bytes[i] != 0)
      return false;
  if (bytes[10] == 0xff && bytes[11] == 0xff)
    return is_local_4 (bytes + 12);
  for (int i = 10; i < 15; i++)
    if (bytes[i] != 0)
      return false;
  return bytes[15] <= 1;
}

bool
guest_port_translate (const struct guest_ports *ports, void *address,
                      size_t size, bool to_host, bool only_local)
{
  /* Both begin alike: the family, the port in the network's order.  */
  unsigned char *bytes = address;
  struct k_sockaddr_in *in = address;

  if (size < sizeof *in)
    return false;
  if (in->sin_family == K_AF_INET)
    {
      if (only_local && !is_local_4 (in->sin_addr))
        return false;
    }
  else if (in->sin_family != K_AF_INET6 || size < K_SOCKADDR_IN6_SIZE
           || (only_local && !is_local_6 (bytes + K_SOCKADDR_IN6_ADDRESS)))
    return false;

  uint16_t port = (uint16_t) (in->sin_port[0] << 8 | in->sin_port[1]);
  uint16_t other = to_host ? guest_port_to_host (ports, port)
                           : guest_port_to_guest (ports, port);
  in->sin_port[0] = (unsigned char) (other >> 8);
  in->sin_port[1] = (unsigned char) (other & 0xff);
  return other != port;
}
