/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   PRoot's options, as one table: read from it, help printed from it.  */

#ifndef UDOCKER_PROOT_ENGINE_OPTIONS_H
#define UDOCKER_PROOT_ENGINE_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/plan/plan.h"

/* What a command line asks for.  Texts are borrowed from it, but for those of
   bindings.  */
struct options
{
  const char *root;      /* NULL: that of the host */
  const char *directory; /* NULL: the one this was started in */
  const char *ids;       /* UID[:GID], or NULL */
  const char *names;     /* what uname shows, or NULL */
  const char *emulator;  /* words of the command, or NULL */
  struct plan_binding *bindings;
  size_t binding_count;
  struct plan_port *ports;
  size_t port_count;
  long verbose; /* below 0: only what is fatal; above: more */
  bool kill_on_exit;
  bool any_port;
  bool replaces_links; /* make copies where hard links fail */
  int first;           /* number of the first argument that is no option */

  /* The directory this was started in, or "" when it has no name.  */
  char here[PATH_MAX];
};

/* Read the ARGC arguments at ARGV into OPTIONS, up to the first that is no
   option, or "--".  Return -1 to go on, or what to exit with: 0 after help or
   the version were printed, START_FAILURE after a message.  */
int options_read (struct options *options, int argc, char **argv);

#endif
