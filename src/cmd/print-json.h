/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   JSON from elsewhere as a command's result.  */

#ifndef UDOCKER_CMD_PRINT_JSON_H
#define UDOCKER_CMD_PRINT_JSON_H

#include <stddef.h>

struct error;

/* Print the SIZE bytes of JSON at TEXT, which NAME stands for in messages, as
   everybody can read them.  Return 0, or -EBADMSG with ERR set.  */
int print_json (const char *text, size_t size, const char *name,
                struct error *err);

#endif
