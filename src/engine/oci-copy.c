/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Copy what one descriptor reads to another.  */

#include <config.h>

#include "src/engine/oci-copy.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "lib/base/file.h"

void
oci_copy_init (struct oci_copy *copy, int from, int to)
{
  copy->from = from;
  copy->to = to;
  copy->ended = false;
  copy->start = copy->end = 0;
}

bool
oci_copy_take_line (struct oci_copy *copy, char end_of_input)
{
  /* One byte is left for the end of input.  */
  if (copy->end + 1 >= sizeof copy->bytes)
    return false;
  ssize_t size = read (copy->from, copy->bytes + copy->end,
                       sizeof copy->bytes - copy->end - 1);
  if (size < 0)
    return false;
  copy->end += (size_t) size;
  if (size > 0 && copy->bytes[copy->end - 1] == '\n')
    copy->bytes[copy->end - 1] = '\r'; /* the key */
  else
    copy->bytes[copy->end++] = end_of_input;
  return true;
}

void
oci_copy_poll (const struct oci_copy *copy, struct pollfd news[2])
{
  bool full = copy->end > copy->start;
  news[0] = (struct pollfd){ .fd = copy->ended || full ? -1 : copy->from,
                             .events = POLLIN };
  news[1] = (struct pollfd){ .fd = full ? copy->to : -1, .events = POLLOUT };
}

/* Read once.  Return whether there was anything.  */
static bool
fill (struct oci_copy *copy)
{
  ssize_t size = read (copy->from, copy->bytes, sizeof copy->bytes);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
    copy->ended = true; /* of a terminal that nobody has open EIO says so */
  copy->start = 0;
  copy->end = size > 0 ? (size_t) size : 0;
  return size > 0;
}

void
oci_copy_go_on (struct oci_copy *copy, const struct pollfd news[2])
{
  if (news[0].fd >= 0 && news[0].revents != 0 && !fill (copy))
    return;
  if (copy->end == copy->start || (news[1].fd >= 0 && news[1].revents == 0))
    return;
  ssize_t size =
      write (copy->to, copy->bytes + copy->start, copy->end - copy->start);
  if (size > 0)
    copy->start += (size_t) size;
  else if (size < 0 && errno != EAGAIN && errno != EINTR)
    copy->start = copy->end; /* nobody reads it */
}

void
oci_copy_flush (struct oci_copy *copy)
{
  /* Who does not read it has no use for it.  */
  (void) file_write_all (copy->to, copy->bytes + copy->start,
                         copy->end - copy->start);
  copy->start = copy->end = 0;
}

void
oci_copy_drain (struct oci_copy *copy)
{
  do
    oci_copy_flush (copy);
  while (!copy->ended && fill (copy));
}
