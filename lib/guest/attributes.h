/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Extended attributes of files that only root could really set: what a
   container's root set is remembered in the record of the file.  */

#ifndef UDOCKER_LIB_GUEST_ATTRIBUTES_H
#define UDOCKER_LIB_GUEST_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/guest/owners.h"

/* Longest name and value; ext4 with its usual blocks takes no longer values
   either.  */
#define GUEST_ATTRIBUTE_NAME_MAX 255
#define GUEST_ATTRIBUTE_VALUE_MAX 4000

/* One attribute as it lies in the room of the owners.  The name, a NUL and the
   value follow.  */
struct guest_attribute
{
  uint32_t next; /* where the next one of the file is, 0: none */
  uint16_t name_length;
  uint16_t size; /* of the value */
};

/* Return whether the attribute NAME is one that only root can set, by its
   prefix "security." or "trusted.".  */
bool guest_attribute_is_privileged (const char *name);

/* Return the first attribute of the file that RECORD of OWNERS is about, or the
   one behind ATTRIBUTE, or NULL.  They stay as they are.  */
const struct guest_attribute *
guest_attribute_first (const struct guest_owners *owners,
                       const struct guest_owner_record *record);
const struct guest_attribute *
guest_attribute_next (const struct guest_owners *owners,
                      const struct guest_attribute *attribute);

/* Return the name of ATTRIBUTE, with a NUL, or its value.  */
const char *guest_attribute_name (const struct guest_attribute *attribute);
const void *guest_attribute_value (const struct guest_attribute *attribute);

/* Return the attribute NAME in RECORD of OWNERS, or NULL.  */
const struct guest_attribute *
guest_attribute_find (const struct guest_owners *owners,
                      const struct guest_owner_record *record,
                      const char *name);

/* Set the attribute NAME (at most GUEST_ATTRIBUTE_NAME_MAX bytes) of the file
   KEY, which gets a record if it has none, to the SIZE bytes at VALUE.  Return
   0, or -ENOSPC when the value is too long or there is no room left, or what
   the keeper says.  VALUE is not NULL even when SIZE is 0.  */
int guest_attribute_set (struct guest_owners *owners,
                         const struct guest_file_key *key, const char *name,
                         const void *value, size_t size);

/* Remove the attribute NAME of the file KEY.  Return whether it was there.  */
bool guest_attribute_remove (struct guest_owners *owners,
                             const struct guest_file_key *key,
                             const char *name);

#endif
