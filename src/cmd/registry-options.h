/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Options of the commands that ask a registry.  */

#ifndef UDOCKER_CMD_REGISTRY_OPTIONS_H
#define UDOCKER_CMD_REGISTRY_OPTIONS_H

#include "src/cmd/options.h"

struct config;
struct registry_options;

/* What was typed; a part of a command's own structure of options.  */
struct typed_registry
{
  const char *index;
  const char *registry;
  const char *proxy;
};

/* The rows for these, where the command's structure of options is STRUCTURE
   and its member of this type MEMBER.  */
#define REGISTRY_OPTION_ROWS(structure, member)                                \
  {                                                                            \
    .name = "registry",                                                        \
    .kind = OPTION_VALUE,                                                      \
    .argument = N_ ("URL"),                                                    \
    .help = N_ ("ask this registry for names without a host"),                 \
    .target = OPTION_TARGET (structure, member.registry),                      \
  },                                                                           \
  {                                                                            \
    .name = "httpproxy", .kind = OPTION_VALUE, .argument = N_ ("PROXY"),       \
    .help = N_ ("go through this proxy, as in"                                 \
                " socks5h://user:password@host:port"),                         \
    .target = OPTION_TARGET (structure, member.proxy),                         \
  }

/* The row for an index that nothing is asked of.  */
#define UNUSED_INDEX_ROW(structure, member)                                    \
  {                                                                            \
    .name = "index", .kind = OPTION_VALUE, .argument = N_ ("URL"),             \
    .help = N_ ("accepted for compatibility; no index is needed"),             \
    .target = OPTION_TARGET (structure, member.index),                         \
  }

/* Fill OPTIONS with what CONFIG says and then what was TYPED, from which it
   borrows.  */
void typed_registry_apply (const struct typed_registry *typed,
                           const struct config *config,
                           struct registry_options *options);

#endif
