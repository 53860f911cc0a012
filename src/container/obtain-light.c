/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The light program makes no containers: udocker-full does.  */

#include <config.h>

#include "src/container/obtain.h"

int
obtain_create (struct store *store, const struct config *config,
               const struct obtain_request *request, char **id,
               struct error *err)
{
  (void) store;
  (void) config;
  (void) request;
  (void) id;
  (void) err;
  return OBTAIN_NEEDS_FULL;
}
