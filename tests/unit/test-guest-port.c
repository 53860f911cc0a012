/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Tests of lib/guest/port.h.  */

#include "lib/guest/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/unit/tap.h"

static const struct guest_port list[] = {
  { .guest = 80, .host = 8080 },
  { .guest = 80, .host = 9000 }, /* too late */
  { .guest = 9000, .host = 22 },
};

static const struct
{
  const char *what;
  const char *address; /* with a colon: IPv6 */
  uint16_t port, result;
  bool moves_privileged, to_host, only_local;
} cases[] = {
  { "a listed port", "10.1.2.3", 80, 8080, false, true, false },
  { "another", "10.1.2.3", 81, 81, false, true, false },
  { "a listed one of another machine", "10.1.2.3", 80, 80, false, true, true },
  { "the loopback's", "127.9.9.9", 80, 8080, false, true, true },
  { "any address", "0.0.0.0", 80, 8080, false, true, true },
  { "back", "127.0.0.1", 8080, 80, false, false, false },
  { "back from a privileged one", "127.0.0.1", 22, 9000, false, false, false },
  { "not twice", "127.0.0.1", 9000, 80, false, false, false },
  { "a privileged one", "127.0.0.1", 25, 10025, true, true, false },
  { "a privileged one that is listed", "127.0.0.1", 80, 8080, true, true,
    false },
  { "the last privileged one", "127.0.0.1", 1023, 11023, true, true, false },
  { "the first other one", "127.0.0.1", 1024, 1024, true, true, false },
  { "none", "127.0.0.1", 0, 0, true, true, false },
  { "back from above", "127.0.0.1", 10025, 25, true, false, false },
  { "back from right above", "127.0.0.1", 11024, 11024, true, false, false },
  { "IPv6", "2001:db8::1", 80, 8080, false, true, false },
  { "IPv6 of another machine", "2001:db8::1", 80, 80, false, true, true },
  { "IPv6 loopback", "::1", 80, 8080, false, true, true },
  { "any IPv6 address", "::", 80, 8080, false, true, true },
  { "nearly the IPv6 loopback", "::2", 80, 80, false, true, true },
  { "IPv4 in IPv6", "::ffff:127.0.0.1", 80, 8080, false, true, true },
  { "IPv4 in IPv6, elsewhere", "::ffff:10.0.0.1", 80, 80, false, true, true },
};

static void
try_case (size_t i)
{
  const struct guest_ports ports = {
    .list = list,
    .count = sizeof list / sizeof *list,
    .moves_privileged = cases[i].moves_privileged,
  };
  bool is_6 = strchr (cases[i].address, ':') != NULL;
  union
  {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
  } address = { .in6.sin6_family = is_6 ? AF_INET6 : AF_INET };

  address.in.sin_port = htons (cases[i].port);
  inet_pton (is_6 ? AF_INET6 : AF_INET, cases[i].address,
             is_6 ? (void *) &address.in6.sin6_addr
                  : (void *) &address.in.sin_addr);
  bool changed = guest_port_translate (
      &ports, &address, is_6 ? sizeof address.in6 : sizeof address.in,
      cases[i].to_host, cases[i].only_local);
  uint16_t port = ntohs (address.in.sin_port);
  tap_ok (port == cases[i].result && changed == (port != cases[i].port),
          "%s: %s port %u", cases[i].what, cases[i].address, cases[i].port);
}

/* What is too short, or no address of the internet, is not touched.  */
static void
try_others (void)
{
  const struct guest_ports ports = { .list = list, .count = 1 };
  struct sockaddr_in6 address = { .sin6_family = AF_INET6,
                                  .sin6_port = htons (80) };

  tap_ok (!guest_port_translate (&ports, &address, 8, true, false),
          "half an IPv6 address");
  tap_ok (!guest_port_translate (&ports, &address, 3, true, false),
          "no address");
  address.sin6_family = AF_UNIX;
  tap_ok (!guest_port_translate (&ports, &address, sizeof address, true, false),
          "an address of another family");
}

int
main (void)
{
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    try_case (i);
  try_others ();
  return tap_done ();
}
