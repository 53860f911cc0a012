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
   cannot be understood is left out with a warning.  The caller gives what is
   returned to cdi_close.  */
struct cdi *cdi_open (const char *const *directories, size_t count);
void cdi_close (struct cdi *cdi);

/* Return the names of all devices of KIND ("vendor.com/class"), an array ended
   by NULL, in the order of the specification; if DISTINCT only the first name
   of those that are the same device by several.  The caller frees the array;
   the names are CDI's.  */
const char **cdi_devices (const struct cdi *cdi, const char *kind,
                          bool distinct);

/* Add to EDITS what the device NAME, a qualified one (device-name.h), needs. Of
   hooks only what they would do in a container's files is done, by EDITS: links
   and folders of libraries.  Return 0, -ENODEV when there is no such device, or
   -ENOENT when the host lacks a file that it needs; ERR is set on failure.  */
int cdi_add (const struct cdi *cdi, const char *name,
             struct device_edits *edits, struct error *err);

#endif
