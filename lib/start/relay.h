/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Copy what one descriptor reads to another, as one of several things that are
   waited for.  */

#ifndef UDOCKER_LIB_START_RELAY_H
#define UDOCKER_LIB_START_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/* From where to where, and what is on its way.  */
struct relay
{
  int from, to;
  bool ended; /* FROM has */
  size_t start, end;

  /* Called when something was read, which it may change; or NULL.  */
  void (*look) (struct relay *relay);
  char bytes[16384];
};

/* Make RELAY one from descriptor FROM to descriptor TO.  */
void relay_init (struct relay *relay, int from, int to);

/* Read a line for RELAY, which is there, from a terminal that makes lines; its
   end of input is END_OF_INPUT, which a line without an end has behind it.
   Return false when there is no room.  */
bool relay_take_line (struct relay *relay, char end_of_input);

/* Fill two members of what poll waits for with what RELAY does.  */
void relay_poll (const struct relay *relay, struct pollfd news[2]);

/* Do what is possible by NEWS, the same two after poll.  */
void relay_go_on (struct relay *relay, const struct pollfd news[2]);

/* Write what is on its way.  */
void relay_flush (struct relay *relay);

/* Copy what is there, up to the end or until there is nothing.  */
void relay_drain (struct relay *relay);

#endif
