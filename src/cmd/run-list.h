/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the command line says as a run is asked for it.  */

#ifndef UDOCKER_CMD_RUN_LIST_H
#define UDOCKER_CMD_RUN_LIST_H

#include "src/cmd/options.h"
#include "src/container/run-plan.h"

/* Return the words of LIST, which are still those of the command line.  */
static inline struct run_list
run_list_of (const struct option_list *list)
{
  return (struct run_list){ .items = list->items, .count = list->count };
}

#endif
