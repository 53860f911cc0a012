/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The ports of the run plan: which port of the host a port of the container
   is.  */

#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/plan/plan.h"
#include "src/container/run-private.h"
#include "xalloc.h"
#include "xstrndup.h"

enum
{
  PORT_MAX = 65535,
  PORTS_MAX = 4096 /* of a plan: each is looked at in every call */
};

/* Ports from FIRST to LAST.  */
struct range
{
  uint32_t first, last;
};

/* Read "N" or "N-M" of SIZE bytes at TEXT into RANGE.  Return whether that is
   what stands there.  */
static bool
read_range (const char *text, size_t size, struct range *range)
{
  uint32_t *value = &range->first;
  bool has_digit = false;

  range->first = range->last = 0;
  for (size_t i = 0; i < size; i++)
    if (text[i] >= '0' && text[i] <= '9')
      {
        *value = *value * 10 + (uint32_t) (text[i] - '0');
        if (*value > PORT_MAX)
          return false;
        has_digit = true;
      }
    else if (text[i] == '-' && has_digit && value == &range->first)
      {
        value = &range->last;
        has_digit = false;
      }
    else
      return false;
  if (value == &range->first)
    range->last = range->first;
  return has_digit && range->first > 0 && range->first <= range->last;
}

/* Return the length of what stands in TEXT before "/tcp" or "/udp": a port is
   mapped for both.  */
static size_t
without_protocol (const char *text)
{
  size_t size = strlen (text);
  static const char *const protocols[] = { "/tcp", "/udp" };

  for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
    if (size > 4 && strcmp (text + size - 4, protocols[i]) == 0)
      return size - 4;
  return size;
}

/* Return whether the SIZE bytes at TEXT are an address of the host, one of
   version 6 in brackets or not.  */
static bool
is_address (const char *text, size_t size)
{
  struct in6_addr ignored;
  bool has_brackets = size > 2 && text[0] == '[' && text[size - 1] == ']';
  AUTO_FREE char *address =
      has_brackets ? xstrndup (text + 1, size - 2) : xstrndup (text, size);

  return inet_pton (AF_INET6, address, &ignored) == 1
         || (!has_brackets && inet_pton (AF_INET, address, &ignored) == 1);
}

/* Return whether the SIZE bytes at TEXT say that all addresses of the host are
   meant.  */
static bool
is_any_address (const char *text, size_t size)
{
  static const char *const all[] = { "0.0.0.0", "[::]", "::", "*" };

  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strlen (all[i]) == size && strncmp (text, all[i], size) == 0)
      return true;
  return size == 0;
}

static void
add_port (struct run_plan *plan, uint32_t host, uint32_t guest)
{
  plan->ports =
      xnrealloc (plan->ports, plan->port_count + 1, sizeof *plan->ports);
  plan->ports[plan->port_count++] =
      (struct plan_port){ .host = host, .guest = guest };
}

/* Add TEXT, [ADDRESS:]HOSTPORT[-LAST]:PORT[-LAST][/PROTOCOL], to PLAN.  */
static int
add_ports (struct run_plan *plan, const char *text, struct error *err)
{
  struct range host, guest;
  size_t size = without_protocol (text);
  const char *last = memrchr (text, ':', size);
  const char *middle =
      last == NULL ? NULL : memrchr (text, ':', (size_t) (last - text));
  const char *start = middle == NULL ? text : middle + 1;

  if (last == NULL || !read_range (start, (size_t) (last - start), &host)
      || !read_range (last + 1, size - (size_t) (last + 1 - text), &guest))
    return error_set (err, EINVAL,
                      _ ("--publish=%s: say HOSTPORT:PORT, two numbers from 1"
                         " to 65535 or two ranges of them"),
                      text);
  if (host.last - host.first != guest.last - guest.first)
    return error_set (err, EINVAL,
                      _ ("--publish=%s: the ranges are not of the same length"),
                      text);
  if (plan->port_count + (host.last - host.first) >= PORTS_MAX)
    return error_set (err, E2BIG, _ ("--publish=%s: more than %d ports"), text,
                      PORTS_MAX);
  bool is_any =
      middle == NULL || is_any_address (text, (size_t) (middle - text));
  if (!is_any && !is_address (text, (size_t) (middle - text)))
    return error_set (err, EINVAL,
                      _ ("--publish=%s: '%.*s' is no address of the host"),
                      text, (int) (middle - text), text);
  if (!is_any)
    log_warning (_ ("--publish=%s: the program in the container decides at"
                    " which addresses it listens; only ports are changed"),
                 text);
  for (uint32_t i = 0; i <= host.last - host.first; i++)
    add_port (plan, host.first + i, guest.first + i);
  return 0;
}

int
run_plan_add_ports (struct run_plan *plan, const struct run_request *request,
                    struct error *err)
{
  plan->move_ports = request->move_ports;
  for (size_t i = 0; i < request->ports.count; i++)
    {
      int status = add_ports (plan, request->ports.items[i], err);
      if (status < 0)
        return status;
    }
  return 0;
}
