/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Drivers of graphics processors on the host, where no specification of the
   Container Device Interface says what belongs to them.  */

#ifndef UDOCKER_PLATFORM_DRIVER_H
#define UDOCKER_PLATFORM_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "src/platform/driver-table.h"

struct device_edits;
struct error;

/* Return the maker called NAME, or the one whose processors specifications call
   KIND; NULL when there is none.  */
const struct driver_vendor *driver_find (const char *name);
const struct driver_vendor *driver_of_kind (const char *kind);

/* Return the capabilities that TEXT, with commas between them, has; 0 when it
   is NULL, empty, or asks for nothing in particular.  Unless UNKNOWN is NULL it
   becomes the first word that is none, which the caller frees, or NULL.  */
unsigned driver_read_capabilities (const char *text, char **unknown);

/* Tell whether this host has devices of VENDOR.  */
bool driver_is_there (const struct driver_vendor *vendor);

/* Return how many processors of VENDOR this host has, 0 when that cannot be
   told.  */
size_t driver_count (const struct driver_vendor *vendor);

/* Return a device that programs for VENDOR's processors must use and whoever
   runs this may not, which the caller frees, or NULL.  */
char *driver_forbidden (const struct driver_vendor *vendor);

/* Texts that somebody else owns.  */
struct driver_words
{
  char *const *items;
  size_t count;
};

/* What a container is to be given.  */
struct driver_request
{
  const struct driver_vendor *vendor;
  unsigned capabilities;
  const char *folder; /* directory of the container where libraries are to be */

  /* What the user knows better: directories with libraries, which come first;
     how names of more libraries begin; more programs; more files of /etc; how
     names of more devices begin.  */
  struct driver_words directories, libraries, programs, files, devices;
};

/* Add to EDITS the devices of REQUEST's maker: all of them, since programs
   count what they see.  */
void driver_add_devices (const struct driver_request *request,
                         struct device_edits *edits);

/* Add to EDITS of the driver's libraries, programs and other files those that
   REQUEST is for.  Libraries are looked for in the linker's cache and in the
   usual places; nothing is started.  Return 0, or -ENOENT with ERR set when
   there is no library.  */
int driver_add_files (const struct driver_request *request,
                      struct device_edits *edits, struct error *err);

/* Return the file of the host that is the library NAME, which the caller frees,
   where those of REQUEST are looked for; or NULL.  */
char *driver_find_library (const struct driver_request *request,
                           const char *name);

/* Add to EDITS the nodes for rendering and the like of all makers.  Return
   whether there are any.  */
bool driver_add_nodes (struct device_edits *edits);

#endif
