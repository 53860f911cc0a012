/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The other end of a terminal of the container, where that cannot be passed to
   udocker: what is read and written goes over a socket.

   The kernel of such a container does not make signals of keys, nor of a new
   size, so that this does.  */

#ifndef UDOCKER_OCI_ENGINE_LINE_H
#define UDOCKER_OCI_ENGINE_LINE_H

#include <poll.h>

/* How many members of what poll waits for a line has.  */
#define LINE_POLLS 4

/* Lead what comes from the socket OUTSIDE to the terminal whose other end is
   MASTER, and back.  It is standard input of this process and its session.  */
void line_init (int master, int outside);

/* Fill NEWS with what is waited for; after poll do what is possible.  */
void line_poll (struct pollfd news[LINE_POLLS]);
void line_go_on (const struct pollfd news[LINE_POLLS]);

/* The terminal has LINES and COLUMNS now.  */
void line_set_size (int lines, int columns);

/* Write what the terminal has been told to show.  */
void line_finish (void);

#endif
