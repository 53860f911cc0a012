/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   The OCI runtimes of the host, and what is known of each.  */

#ifndef UDOCKER_ENGINE_OCI_RUNTIMES_H
#define UDOCKER_ENGINE_OCI_RUNTIMES_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct error;

/* What there is.  */
struct oci_kind
{
  const char *name;
  const char *const *options; /* before the command, ended by NULL */
  bool needs_plain_cgroups;   /* refuses a tree of versions 1 and 2 */
  bool own_kernel; /* runs programs below one: it passes no descriptors, has a
                      /dev, /proc and /sys of its own, and knows nothing of the
                      host's processes, memory and devices */
};

/* One that was found.  */
struct oci_runtime
{
  const struct oci_kind *kind;
  char *path;
};

struct oci_runtimes
{
  struct oci_runtime *list;
  size_t count;
};

/* Find the runtimes that may be tried, in this order: those that CONFIG
   (NULL: none) names, or all that are installed.  Return 0 with RUNTIMES
   filled, to be released, or -ENOENT with ERR set when there is none.  */
int oci_runtimes_find (const struct config *config,
                       struct oci_runtimes *runtimes, struct error *err);
void oci_runtimes_release (struct oci_runtimes *runtimes);

/* Return what is known of the runtime PATH, by its name.  */
const struct oci_kind *oci_kind_of (const char *path);

/* Return whether the host's control groups are of both versions, mixed.  */
bool oci_cgroups_are_mixed (void);

/* Return, in words for the user that the caller frees, why the runtime that has
   said TEXT could not start a container.  */
char *oci_explain (const struct oci_runtime *runtime, const char *text);

#endif
