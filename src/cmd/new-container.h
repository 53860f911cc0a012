/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   How commands end that made a container.  */

#ifndef UDOCKER_CMD_NEW_CONTAINER_H
#define UDOCKER_CMD_NEW_CONTAINER_H

struct error;
struct store;

/* Print ID, of the container of STORE that was just made, on stdout, unless
   results are not wanted.  When it cannot be written, on a full disk or a
   closed stdout, the container is removed again: nobody would know of it.
   Return 0, or a negative errno with ERR set.  */
int new_container_print (struct store *store, const char *id,
                         struct error *err);

#endif
