/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the files of the Container Device Interface share.  */

#ifndef UDOCKER_PLATFORM_CDI_PRIVATE_H
#define UDOCKER_PLATFORM_CDI_PRIVATE_H

#include <stddef.h>

struct device_edits;
struct error;
struct json_object;

/* Return the list KEY of OBJECT, which may be NULL, and in *COUNT how long it
   is, as far as it is heeded.  */
struct json_object *cdi_list_of (struct json_object *object, const char *key,
                                 size_t *count);

/* Add to EDITS all that FROM, a member containerEdits or NULL, says, but for
   hooks.  Return 0 or a negative errno with ERR set.  */
int cdi_add_edits (struct json_object *from, struct device_edits *edits,
                   struct error *err);

/* Add to EDITS the folders that hooks of FROM tell the linker of, and the names
   that the libraries in them get thereby.  */
void cdi_add_folders (struct json_object *from, struct device_edits *edits);

/* Do by EDITS what the other hooks of FROM would do in the container's files;
   tell which are not run.  */
void cdi_add_hooks (struct json_object *from, struct device_edits *edits);

#endif
