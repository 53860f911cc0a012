/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Devices by name, after the specification of the Container Device Interface
   (github.com/cncf-tags/container-device-interface, SPEC.md, version 1).  */

#ifndef UDOCKER_PLATFORM_CDI_H
#define UDOCKER_PLATFORM_CDI_H

#include <stdbool.h>
#include <stddef.h>

struct device_edits;
struct error;

/* All specifications that are there.  */
struct cdi;

/* Read the specifications, *.json, *.yaml and *.yml, in the COUNT DIRECTORIES,
   of which later ones win; those that are missing have none.  A file that
   cannot be understood, or breaks a rule that would make names ambiguous, is
   left out with a warning.  The caller gives what is returned to cdi_close.  */
struct cdi *cdi_open (const char *const *directories, size_t count);
void cdi_close (struct cdi *cdi);

/* Return the names of all devices of KIND ("vendor.com/class"), an array ended
   by NULL, in the order of the specification; if DISTINCT only the first name
   of those that are the same device by several.  The caller frees the array;
   the names are CDI's.  */
const char **cdi_devices (const struct cdi *cdi, const char *kind,
                          bool distinct);

/* Add to EDITS what the device NAME, a qualified one (device-name.h), alone
   needs.  Return 0, -ENODEV when there is no such device, -EEXIST when there
   are several and none of them wins, -ENOENT when the host lacks a file that it
   needs, or -EBADMSG; ERR is set on failure.  */
int cdi_add (struct cdi *cdi, const char *name, struct device_edits *edits,
             struct error *err);

/* Add to EDITS, after all devices, what those of one specification share, and
   what hooks would do in a container's files: links, and folders of libraries
   with the names by which these are needed.  Other hooks are told of, at the
   level of debugging when nothing is lost without them.  Return 0 or a negative
   errno with ERR set.  */
int cdi_finish (struct cdi *cdi, struct device_edits *edits, struct error *err);

#endif
