/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   udocker ps --running.  */

#ifndef UDOCKER_CMD_PS_RUNNING_H
#define UDOCKER_CMD_PS_RUNNING_H

#include <stdbool.h>

struct error;
struct store;

/* Print what runs of the containers of STORE, as a table or as JSON.  Return 0
   or a negative errno with ERR set.  */
int ps_running (struct store *store, bool is_json, struct error *err);

#endif
