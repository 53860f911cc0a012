/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Copy what one descriptor reads to another.  */

#include "lib/start/relay.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

void
relay_init (struct relay *relay, int from, int to)
{
  relay->from = from;
  relay->to = to;
  relay->ended = false;
  relay->look = NULL;
  relay->start = relay->end = 0;
}

bool
relay_take_line (struct relay *relay, char end_of_input)
{
  /* One byte is left for the end of input.  */
  if (relay->end + 1 >= sizeof relay->bytes)
    return false;
  ssize_t size = read (relay->from, relay->bytes + relay->end,
                       sizeof relay->bytes - relay->end - 1);
  if (size < 0)
    return false;
  relay->end += (size_t) size;
  if (size > 0 && relay->bytes[relay->end - 1] == '\n')
    relay->bytes[relay->end - 1] = '\r'; /* the key */
  else
    relay->bytes[relay->end++] = end_of_input;
  return true;
}

void
relay_poll (const struct relay *relay, struct pollfd news[2])
{
  bool full = relay->end > relay->start;
  news[0] = (struct pollfd){ .fd = relay->ended || full ? -1 : relay->from,
                             .events = POLLIN };
  news[1] = (struct pollfd){ .fd = full ? relay->to : -1, .events = POLLOUT };
}

/* Read once.  Return whether there was anything.  */
static bool
fill (struct relay *relay)
{
  ssize_t size = read (relay->from, relay->bytes, sizeof relay->bytes);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
    relay->ended = true; /* of a terminal that nobody has open EIO says so */
  relay->start = 0;
  relay->end = size > 0 ? (size_t) size : 0;
  if (size > 0 && relay->look != NULL)
    relay->look (relay);
  return size > 0;
}

void
relay_go_on (struct relay *relay, const struct pollfd news[2])
{
  if (news[0].fd >= 0 && news[0].revents != 0 && !fill (relay))
    return;
  if (relay->end == relay->start || (news[1].fd >= 0 && news[1].revents == 0))
    return;
  ssize_t size =
      write (relay->to, relay->bytes + relay->start, relay->end - relay->start);
  if (size > 0)
    relay->start += (size_t) size;
  else if (size < 0 && errno != EAGAIN && errno != EINTR)
    relay->start = relay->end; /* nobody reads it */
}

void
relay_flush (struct relay *relay)
{
  while (relay->start < relay->end)
    {
      ssize_t size = write (relay->to, relay->bytes + relay->start,
                            relay->end - relay->start);
      if (size > 0)
        relay->start += (size_t) size;
      else if (size == 0 || errno != EINTR)
        break; /* who does not read it has no use for it */
    }
  relay->start = relay->end = 0;
}

void
relay_drain (struct relay *relay)
{
  do
    relay_flush (relay);
  while (!relay->ended && fill (relay));
}
