/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What is said of a command that there is not.  */

#ifndef UDOCKER_CMD_UNKNOWN_COMMAND_H
#define UDOCKER_CMD_UNKNOWN_COMMAND_H

struct error;

/* Set ERR to say that there is no command NAME, and what to use instead: the
   command that was probably meant, or what does here what Docker's command of
   that name does.  Return -EINVAL.  */
int unknown_command (const char *name, struct error *err);

#endif
