/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The options in front of the command.  */

#ifndef UDOCKER_CMD_GENERAL_H
#define UDOCKER_CMD_GENERAL_H

#include <stdbool.h>

#include "src/cmd/options.h"

/* What the general options say.  */
struct general_options
{
  bool quiet;
  bool debug;
  bool insecure;
  bool allow_root;
  bool version;
  const char *repository;
  const char *config;
};

/* The table that fills it.  */
extern const struct option_row general_rows[];

#endif
