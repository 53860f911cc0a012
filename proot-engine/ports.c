/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Ports that others have already.

   Whether one is free is tried with a socket of our own, and which other one
   is, the kernel says.  Both may have changed when the program binds its
   socket, which then fails as it would have.  */

#include "proot-engine/ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/guest/port.h"
#include "lib/start/container.h"
#include "lib/start/message.h"

union address
{
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_in6 in6; /* its port lies at the same place */
};

/* Bind a socket of TYPE at ADDRESS, of SIZE bytes, with PORT instead of its
   own.  What may share a port does.  Return the port that it got, or a negative
   errno.  */
static int
try_port (int type, union address address, socklen_t size, uint16_t port)
{
  int one = 1;
  int fd = socket (address.any.sa_family, type | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  (void) setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  (void) setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  address.in.sin_port = htons (port);
  int result = bind (fd, &address.any, size) == 0
                       && (type != SOCK_STREAM || listen (fd, 1) == 0)
                       && getsockname (fd, &address.any, &size) == 0
                   ? ntohs (address.in.sin_port)
                   : -errno;
  (void) close (fd);
  return result;
}

/* Make PORT of the container OTHER of the host.  Return whether there was
   room.  */
static bool
put (struct guest_ports *ports, struct guest_port *list, size_t explicit,
     uint16_t port, uint16_t other)
{
  size_t at = explicit;
  while (at < ports->count && list[at].guest != port)
    at++;
  if (at == explicit + START_PORTS_ROOM)
    return false;
  list[at] = (struct guest_port){ port, other };
  if (at == ports->count)
    ports->count++;
  return true;
}

void
ports_share (struct guest_ports *ports, struct guest_port *list,
             size_t explicit, int type, const void *address, size_t size)
{
  union address wanted = { .any.sa_family = AF_UNSPEC };
  if (size > sizeof wanted)
    size = sizeof wanted;
  memcpy (&wanted, address, size);
  if (!(wanted.any.sa_family == AF_INET && size >= sizeof wanted.in)
      && !(wanted.any.sa_family == AF_INET6 && size >= sizeof wanted.in6))
    return;
  uint16_t port = ntohs (wanted.in.sin_port);
  for (size_t i = 0; i < explicit; i++)
    if (list[i].guest == port)
      return;
  if (port == 0
      || try_port (type, wanted, (socklen_t) size,
                   guest_port_to_host (ports, port))
             != -EADDRINUSE)
    return;
  int other = try_port (type, wanted, (socklen_t) size, 0);
  if (other > 0 && put (ports, list, explicit, port, (uint16_t) other))
    start_warn ("port %d of the host is taken; that of the container is %d of "
                "the host",
                port, other);
}
