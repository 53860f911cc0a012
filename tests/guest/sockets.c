/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Sockets with names in the file system: who can reach whom, and what the
   kernel says the names are.  */

#define _GNU_SOURCE 1
#include "report.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static socklen_t
name_of (struct sockaddr_un *address, const char *path)
{
  memset (address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  size_t length = strlen (path);
  if (length > sizeof address->sun_path)
    length = sizeof address->sun_path;
  memcpy (address->sun_path, path, length);
  size_t with_end = length < sizeof address->sun_path ? length + 1 : length;
  return (socklen_t) (offsetof (struct sockaddr_un, sun_path) + with_end);
}

static void
say_address (const char *what, const struct sockaddr_un *address,
             socklen_t length)
{
  size_t start = offsetof (struct sockaddr_un, sun_path);
  if (length <= start)
    printf ("%s: no name, length %u\n", what, (unsigned) length);
  else
    {
      printf ("%s: length %u family %d '", what, (unsigned) length,
              address->sun_family);
      for (size_t i = 0; i < length - start && i < sizeof address->sun_path;
           i++)
        {
          char c = address->sun_path[i];
          putchar (c == '\0' ? '@' : c);
        }
      puts ("'");
    }
}

static int
bind_to (int type, const char *path)
{
  int fd = socket (AF_UNIX, type, 0);
  struct sockaddr_un address;
  socklen_t length = name_of (&address, path);
  char what[128];
  snprintf (what, sizeof what, "bind '%.60s'", path);
  SAY (what, bind (fd, (struct sockaddr *) &address, length));
  return fd;
}

static void
connect_to (int fd, const char *path)
{
  struct sockaddr_un address;
  socklen_t length = name_of (&address, path);
  char what[128];
  snprintf (what, sizeof what, "connect '%.60s'", path);
  SAY (what, connect (fd, (struct sockaddr *) &address, length));
}

static void
say_own (const char *what, int fd, socklen_t room)
{
  struct sockaddr_un address;
  memset (&address, '#', sizeof address);
  socklen_t length = room;
  SAY (what, getsockname (fd, (struct sockaddr *) &address, &length));
  say_address (what, &address, length);
  if (room < sizeof address)
    printf ("untouched beyond: %c\n", ((char *) &address)[room]);
}

static void
say_peer (const char *what, int fd)
{
  struct sockaddr_un address;
  socklen_t length = sizeof address;
  memset (&address, '#', sizeof address);
  SAY (what, getpeername (fd, (struct sockaddr *) &address, &length));
  say_address (what, &address, length);
}

static void
streams (const char *here)
{
  char absolute[PATH_MAX + 16];
  struct sockaddr_un address;
  int server = bind_to (SOCK_STREAM, "server");
  say_own ("name", server, sizeof address);
  say_own ("short name", server, 6);
  say_own ("cut name", server, 4);
  say_own ("only family", server, 2);
  SAY ("listen", listen (server, 5));
  say_path ("server");
  int again = bind_to (SOCK_STREAM, "server");
  close (again);
  if (symlink ("server", "link") < 0 || symlink ("nowhere", "dangling") < 0)
    return;
  close (bind_to (SOCK_STREAM, "link"));
  close (bind_to (SOCK_STREAM, "dangling"));
  close (bind_to (SOCK_STREAM, "none/x"));
  close (bind_to (SOCK_STREAM, "slash/"));

  snprintf (absolute, sizeof absolute, "%s/server", here);
  const char *const names[] = { "server",   "link",          absolute,
                                "dangling", "none",          "plain",
                                "./server", "dir/../server", "server/" };
  mkdir ("dir", 0755);
  make_file ("plain", "", 0644);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    {
      int fd = socket (AF_UNIX, SOCK_STREAM, 0);
      connect_to (fd, names[i]);
      say_peer ("peer", fd);
      if (i < 3 || i == 6 || i == 7)
        {
          socklen_t length = sizeof address;
          memset (&address, '#', sizeof address);
          int accepted = i == 1 ? accept (server, NULL, NULL)
                                : accept4 (server, (struct sockaddr *) &address,
                                           &length, SOCK_CLOEXEC);
          SAY ("accept", accepted < 0 ? -1 : 0);
          if (i != 1)
            say_address ("accepted from", &address, length);
          say_own ("accepted", accepted, sizeof address);
          say_peer ("peer of accepted", accepted);
          SAY ("write", write (fd, "hello", 5));
          char text[8];
          SAY ("read", read (accepted, text, sizeof text));
          close (accepted);
        }
      close (fd);
    }

  /* A client with a name of its own.  */
  int client = bind_to (SOCK_STREAM, "client");
  connect_to (client, absolute);
  socklen_t length = sizeof address;
  int accepted = accept (server, (struct sockaddr *) &address, &length);
  say_address ("accepted from a named client", &address, length);
  say_peer ("peer with a name", accepted);
  close (accepted);
  close (client);

  int by_absolute = socket (AF_UNIX, SOCK_STREAM, 0);
  snprintf (absolute, sizeof absolute, "%s/dir/absolute", here);
  close (by_absolute);
  by_absolute = bind_to (SOCK_STREAM, absolute);
  say_own ("absolute name", by_absolute, sizeof address);
  SAY ("listen", listen (by_absolute, 1));
  SAY ("rename a socket", rename ("dir/absolute", "dir/renamed"));
  client = socket (AF_UNIX, SOCK_STREAM, 0);
  connect_to (client, "dir/renamed");
  say_peer ("peer keeps its name", client);
  close (client);
  close (by_absolute);
  client = socket (AF_UNIX, SOCK_STREAM, 0);
  connect_to (client, "dir/renamed");
  close (client);
  SAY ("chmod of a socket", chmod ("server", 0));
  client = socket (AF_UNIX, SOCK_STREAM, 0);
  connect_to (client, "server");
  close (client);
  SAY_OPEN ("open of a socket", open ("server", O_RDWR));
  SAY ("unlink", unlink ("server"));
  close (server);
}

static void
datagrams (const char *here)
{
  char absolute[PATH_MAX + 16], text[64];
  struct sockaddr_un address;
  snprintf (absolute, sizeof absolute, "%s/receiver", here);
  int receiver = bind_to (SOCK_DGRAM, absolute);
  int sender = bind_to (SOCK_DGRAM, "sender");
  int nameless = socket (AF_UNIX, SOCK_DGRAM, 0);
  socklen_t length = name_of (&address, absolute);
  SAY ("sendto",
       sendto (sender, "one", 3, 0, (struct sockaddr *) &address, length));
  SAY ("sendto from nameless",
       sendto (nameless, "two", 3, 0, (struct sockaddr *) &address, length));
  length = name_of (&address, "receiver");
  struct iovec iov = { (void *) "three", 5 };
  struct msghdr message = { .msg_name = &address,
                            .msg_namelen = length,
                            .msg_iov = &iov,
                            .msg_iovlen = 1 };
  SAY ("sendmsg", sendmsg (sender, &message, 0));
  printf ("address untouched: '%s' %u\n", address.sun_path,
          (unsigned) message.msg_namelen);
  struct mmsghdr many[2] = { { message, 0 }, { message, 0 } };
  SAY ("sendmmsg", sendmmsg (sender, many, 2, 0));
  length = name_of (&address, "none");
  SAY ("sendto none",
       sendto (sender, "x", 1, 0, (struct sockaddr *) &address, length));

  length = sizeof address;
  memset (&address, '#', sizeof address);
  SAY ("recvfrom", recvfrom (receiver, text, sizeof text, 0,
                             (struct sockaddr *) &address, &length));
  say_address ("from", &address, length);
  length = sizeof address;
  SAY ("recvfrom", recvfrom (receiver, text, sizeof text, 0,
                             (struct sockaddr *) &address, &length));
  say_address ("from nameless", &address, length);
  iov = (struct iovec){ text, sizeof text };
  memset (&address, '#', sizeof address);
  message = (struct msghdr){ .msg_name = &address,
                             .msg_namelen = sizeof address,
                             .msg_iov = &iov,
                             .msg_iovlen = 1 };
  SAY ("recvmsg", recvmsg (receiver, &message, 0));
  say_address ("from", &address, message.msg_namelen);
  struct sockaddr_un addresses[2];
  char texts[2][16];
  struct iovec iovs[2] = { { texts[0], 16 }, { texts[1], 16 } };
  memset (many, 0, sizeof many);
  for (int i = 0; i < 2; i++)
    {
      many[i].msg_hdr.msg_name = &addresses[i];
      many[i].msg_hdr.msg_namelen = sizeof addresses[i];
      many[i].msg_hdr.msg_iov = &iovs[i];
      many[i].msg_hdr.msg_iovlen = 1;
    }
  SAY ("recvmmsg", recvmmsg (receiver, many, 2, MSG_DONTWAIT, NULL));
  for (int i = 0; i < 2; i++)
    say_address ("from", &addresses[i], many[i].msg_hdr.msg_namelen);
  SAY ("recv of nothing", recv (receiver, text, sizeof text, MSG_DONTWAIT));

  connect_to (sender, "receiver");
  SAY ("send", send (sender, "four", 4, 0));
  say_peer ("peer of a datagram socket", sender);
  SAY ("recvfrom without an address",
       recvfrom (receiver, text, sizeof text, 0, NULL, NULL));
  SAY ("disconnect",
       connect (sender, &(struct sockaddr){ .sa_family = AF_UNSPEC },
                sizeof (sa_family_t)));
  close (receiver);
  close (sender);
  close (nameless);
}

static void
odd_names (void)
{
  struct sockaddr_un address;
  char longest[200];
  /* 108 bytes without an end is a name of 108 bytes.  */
  memset (longest, 'l', sizeof longest);
  longest[108] = '\0';
  int fd = bind_to (SOCK_STREAM, longest);
  say_own ("108 bytes", fd, sizeof address + 1);
  SAY ("listen", listen (fd, 1));
  say_path (longest);
  int client = socket (AF_UNIX, SOCK_STREAM, 0);
  connect_to (client, longest);
  close (client);
  close (fd);
  longest[107] = '\0';
  fd = bind_to (SOCK_STREAM, longest);
  say_own ("107 bytes", fd, sizeof address);
  close (fd);

  memset (&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  snprintf (address.sun_path + 1, 64, "udocker-test-%d", (int) getpid ());
  fd = socket (AF_UNIX, SOCK_STREAM, 0);
  SAY ("bind abstract", bind (fd, (struct sockaddr *) &address, 40));
  socklen_t length = sizeof address;
  getsockname (fd, (struct sockaddr *) &address, &length);
  printf ("abstract length %u first %d\n", (unsigned) length,
          address.sun_path[0]);
  SAY ("listen", listen (fd, 1));
  client = socket (AF_UNIX, SOCK_STREAM, 0);
  SAY ("connect abstract", connect (client, (struct sockaddr *) &address, 40));
  close (client);
  close (fd);

  fd = socket (AF_UNIX, SOCK_STREAM, 0);
  SAY ("autobind", bind (fd, (struct sockaddr *) &address, 2));
  length = sizeof address;
  getsockname (fd, (struct sockaddr *) &address, &length);
  printf ("autobind length %u\n", (unsigned) length);
  SAY ("bind length 0", bind (fd, (struct sockaddr *) &address, 0));
  SAY ("bind length 1", bind (fd, (struct sockaddr *) &address, 1));
  SAY ("bind length 200", bind (fd, (struct sockaddr *) &address, 200));
  SAY ("bind NULL", bind (fd, NULL, 20));
  SAY ("bind of no socket", bind (0, (struct sockaddr *) &address, 2));
  SAY ("connect of a bad descriptor",
       connect (888, (struct sockaddr *) &address, 2));
  close (fd);

  int pair[2];
  SAY ("socketpair", socketpair (AF_UNIX, SOCK_DGRAM, 0, pair));
  say_own ("pair", pair[0], sizeof address);
  say_peer ("pair", pair[1]);
  close (pair[0]);
  close (pair[1]);

  /* A name that is not ended by a byte of its own: the length says it.  */
  memset (&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  memcpy (address.sun_path, "cut-short", 9);
  fd = socket (AF_UNIX, SOCK_STREAM, 0);
  SAY ("bind of a part",
       bind (fd, (struct sockaddr *) &address,
             (socklen_t) offsetof (struct sockaddr_un, sun_path) + 3));
  say_own ("part", fd, sizeof address);
  say_path ("cut");
  close (fd);
}

/* Absolute names that fill the address: on the host they are longer.  */
static void
long_names (const char *here)
{
  char path[300], text[16];
  struct sockaddr_un address;
  for (int length = 106; length <= 108; length++)
    {
      int start = snprintf (path, sizeof path, "%s/", here);
      if (start >= 100)
        return;
      memset (path + start, 'k', sizeof path - (size_t) start);
      path[length] = '\0';
      int server = bind_to (SOCK_STREAM, path);
      say_own ("its name", server, sizeof address + 1);
      SAY ("listen", listen (server, 1));
      int client = socket (AF_UNIX, SOCK_STREAM, 0);
      connect_to (client, path);
      say_peer ("its peer", client);
      close (client);
      close (server);
      SAY ("unlink", unlink (path));
      int receiver = bind_to (SOCK_DGRAM, path);
      path[start] = 's';
      int sender = bind_to (SOCK_DGRAM, path);
      path[start] = 'k';
      socklen_t size = name_of (&address, path);
      SAY ("sendto",
           sendto (sender, "x", 1, 0, (struct sockaddr *) &address, size));
      size = sizeof address;
      memset (&address, '#', sizeof address);
      SAY ("recvfrom", recvfrom (receiver, text, sizeof text, 0,
                                 (struct sockaddr *) &address, &size));
      say_address ("from", &address, size);
      close (receiver);
      close (sender);
      unlink (path);
    }
}

int
main (void)
{
  char here[PATH_MAX];
  umask (022);
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (getcwd (here, sizeof here) == NULL)
    return 99;
  streams (here);
  datagrams (here);
  odd_names ();
  long_names (here);
  return 0;
}
