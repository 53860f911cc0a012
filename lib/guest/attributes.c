/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Extended attributes that are remembered.

   Those of one file are a list.  Room that was used is never given back: few
   files have such attributes, and hardly one changes.  */

#include "lib/guest/attributes.h"

#include "lib/guest/kernel.h"
#include "lib/guest/text.h"

static struct guest_attribute *
at (const struct guest_owners *owners, uint32_t place)
{
  return place == 0 ? NULL : (struct guest_attribute *) (owners->room + place);
}

bool
guest_attribute_is_privileged (const char *name)
{
  return (guest_text_length (name, 9) == 9
          && guest_text_is (name, 9, "security."))
         || (guest_text_length (name, 8) == 8
             && guest_text_is (name, 8, "trusted."));
}

const struct guest_attribute *
guest_attribute_first (const struct guest_owners *owners,
                       const struct guest_owner_slot *slot)
{
  return at (owners, slot->attributes);
}

const struct guest_attribute *
guest_attribute_next (const struct guest_owners *owners,
                      const struct guest_attribute *attribute)
{
  return at (owners, attribute->next);
}

const char *
guest_attribute_name (const struct guest_attribute *attribute)
{
  return (const char *) (attribute + 1);
}

const void *
guest_attribute_value (const struct guest_attribute *attribute)
{
  return guest_attribute_name (attribute) + attribute->name_length + 1;
}

const struct guest_attribute *
guest_attribute_find (const struct guest_owners *owners,
                      const struct guest_owner_slot *slot, const char *name)
{
  const struct guest_attribute *attribute = at (owners, slot->attributes);
  while (attribute != NULL
         && !guest_text_equal (guest_attribute_name (attribute), name))
    attribute = at (owners, attribute->next);
  return attribute;
}

/* Take the attribute NAME off SLOT's list.  Return whether it was there.  */
static bool
unlink_attribute (struct guest_owners *owners, struct guest_owner_slot *slot,
                  const char *name)
{
  uint32_t *link = &slot->attributes;
  for (struct guest_attribute *attribute = at (owners, *link);
       attribute != NULL; attribute = at (owners, *link))
    {
      if (guest_text_equal (guest_attribute_name (attribute), name))
        {
          *link = attribute->next;
          return true;
        }
      link = &attribute->next;
    }
  return false;
}

int
guest_attribute_set (struct guest_owners *owners, struct guest_owner_slot *slot,
                     const char *name, const void *value, size_t size)
{
  size_t length = 0;
  while (name[length] != '\0')
    length++;
  size_t needed =
      (sizeof (struct guest_attribute) + length + 1 + size + 7) & ~(size_t) 7;
  if (length > GUEST_ATTRIBUTE_NAME_MAX || size > GUEST_ATTRIBUTE_VALUE_MAX
      || owners->room_size < owners->room_used
      || needed > owners->room_size - owners->room_used)
    return -K_ENOSPC;

  (void) unlink_attribute (owners, slot, name);
  struct guest_attribute *attribute = at (owners, owners->room_used);
  char *bytes = (char *) (attribute + 1);
  *attribute = (struct guest_attribute){ .next = slot->attributes,
                                         .name_length = (uint16_t) length,
                                         .size = (uint16_t) size };
  for (size_t i = 0; i <= length; i++)
    *bytes++ = name[i];
  for (size_t i = 0; i < size; i++)
    *bytes++ = ((const char *) value)[i];
  slot->attributes = owners->room_used;
  owners->room_used += (uint32_t) needed;
  return owners->keeper != NULL
             ? owners->keeper->keep (owners->keeper, slot, name, value, size)
             : 0;
}

bool
guest_attribute_remove (struct guest_owners *owners,
                        struct guest_owner_slot *slot, const char *name)
{
  if (!unlink_attribute (owners, slot, name))
    return false;
  if (owners->keeper != NULL) /* it is gone whatever becomes of that */
    (void) owners->keeper->keep (owners->keeper, slot, name, NULL, 0);
  return true;
}
