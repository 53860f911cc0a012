/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* A server and its client, whose ports other programs see elsewhere.

   usage: ports PORT

   Binds PORT of both families, for TCP and UDP, talks to itself, and prints
   which ports it sees.  Then it waits for somebody from outside to connect to
   the IPv4 one and prints what came.  */

#define _GNU_SOURCE 1

#include "report.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

union address
{
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
};

static socklen_t
fill (union address *address, int family, int port)
{
  memset (address, 0, sizeof *address);
  address->any.sa_family = (sa_family_t) family;
  address->in.sin_port = htons ((uint16_t) port);
  if (family == AF_INET)
    {
      address->in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
      return sizeof address->in;
    }
  address->in6.sin6_addr = in6addr_loopback;
  return sizeof address->in6;
}

static int
port_of (const union address *address)
{
  return ntohs (address->in.sin_port);
}

static void
say_names (const char *what, int fd, int peer)
{
  union address address;
  socklen_t size = sizeof address;
  int status = peer ? getpeername (fd, &address.any, &size)
                    : getsockname (fd, &address.any, &size);
  printf ("%s: %d size %u port %d\n", what, status, (unsigned) size,
          port_of (&address));
}

/* Bind a socket of TYPE and FAMILY at PORT.  */
static int
serve (int family, int type, int port)
{
  union address address;
  int fd = socket (family, type, 0);
  int one = 1;
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  socklen_t size = fill (&address, family, port);
  SAY ("bind", bind (fd, &address.any, size));
  say_names ("own name", fd, 0);
  return fd;
}

static int
stream (int family, int port)
{
  union address address;
  union address other;
  int server = serve (family, SOCK_STREAM, port);
  SAY ("listen", listen (server, 4));
  int client = socket (family, SOCK_STREAM, 0);
  socklen_t size = fill (&address, family, port);
  SAY ("connect", connect (client, &address.any, size));
  say_names ("peer", client, 1);
  size = sizeof other;
  int accepted = accept (server, &other.any, &size);
  say_names ("accepted", accepted, 0);
  printf ("it is the client: %d\n", accepted >= 0 && port_of (&other) > 0);
  close (accepted);
  close (client);
  return server;
}

static void
datagram (int family, int port)
{
  union address address;
  char text[8];
  int server = serve (family, SOCK_DGRAM, port);
  int other = serve (family, SOCK_DGRAM, port + 1);
  socklen_t size = fill (&address, family, port);
  SAY ("sendto", sendto (other, "one", 3, 0, &address.any, size));
  SAY ("recvfrom",
       recvfrom (server, text, sizeof text, 0, &address.any, &size));
  printf ("from port %d\n", port_of (&address));

  size = fill (&address, family, port + 1);
  struct iovec part = { text, 3 };
  struct msghdr message = {
    .msg_name = &address, .msg_namelen = size, .msg_iov = &part, .msg_iovlen = 1
  };
  SAY ("sendmsg", sendmsg (server, &message, 0));
  SAY ("recvmsg", recvmsg (other, &message, 0));
  printf ("from port %d\n", port_of (&address));
  close (server);
  close (other);
}

int
main (int argc, char **argv)
{
  int port = argc > 1 ? atoi (argv[1]) : 80;
  char text[64];
  int server = stream (AF_INET, port);
  int server6 = stream (AF_INET6, port);
  datagram (AF_INET, port);
  datagram (AF_INET6, port);
  close (server6);

  /* What nobody listens at, here or there.  */
  union address address;
  int client = socket (AF_INET, SOCK_STREAM, 0);
  socklen_t size = fill (&address, AF_INET, port + 2);
  SAY ("connect to nobody", connect (client, &address.any, size));
  printf ("ready\n");
  fflush (stdout);
  int outside = accept (server, NULL, NULL);
  ssize_t length = read (outside, text, sizeof text);
  printf ("from outside: %.*s\n", length > 0 ? (int) length : 0, text);
  return 0;
}
