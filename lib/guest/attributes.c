/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Extended attributes that are remembered.

   Those of one file are a list.  What is in it is never changed, since others
   may be reading it; the file's record gets another list.  Room that was used
   is never given back: few files have such attributes, and hardly one changes.
 */

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
                       const struct guest_owner_record *record)
{
  return at (owners, record->attributes);
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
                      const struct guest_owner_record *record, const char *name)
{
  const struct guest_attribute *attribute = at (owners, record->attributes);
  while (attribute != NULL
         && !guest_text_equal (guest_attribute_name (attribute), name))
    attribute = at (owners, attribute->next);
  return attribute;
}

static size_t
text_length (const char *text)
{
  size_t length = 0;
  while (text[length] != '\0')
    length++;
  return length;
}

/* Make an attribute NAME with the SIZE bytes at VALUE, in front of the list at
   NEXT.  Return where it is, or 0 when there is no room.  */
static uint32_t
make_attribute (struct guest_owners *owners, const char *name,
                const void *value, size_t size, uint32_t next)
{
  size_t length = text_length (name);
  uint32_t place = guest_owners_take_room (
      owners, sizeof (struct guest_attribute) + length + 1 + size);
  if (place == 0)
    return 0;

  struct guest_attribute *attribute = at (owners, place);
  char *bytes = (char *) (attribute + 1);
  *attribute = (struct guest_attribute){ .next = next,
                                         .name_length = (uint16_t) length,
                                         .size = (uint16_t) size };
  for (size_t i = 0; i <= length; i++)
    *bytes++ = name[i];
  for (size_t i = 0; i < size; i++)
    *bytes++ = ((const char *) value)[i];
  return place;
}

/* Put where the list FIRST without the attribute NAME, which is in it, begins
   into *WITHOUT.  Others may be reading it, so what stands before NAME is made
   again.  Return 0 or -ENOSPC.  */
static int
leave_out (struct guest_owners *owners, uint32_t first, const char *name,
           uint32_t *without)
{
  const struct guest_attribute *gone = at (owners, first);

  while (!guest_text_equal (guest_attribute_name (gone), name))
    gone = at (owners, gone->next);
  *without = gone->next;
  for (const struct guest_attribute *attribute = at (owners, first);
       attribute != gone; attribute = at (owners, attribute->next))
    {
      *without = make_attribute (owners, guest_attribute_name (attribute),
                                 guest_attribute_value (attribute),
                                 attribute->size, *without);
      if (*without == 0)
        return -K_ENOSPC;
    }
  return 0;
}

/* A change of one attribute.  */
struct change
{
  const char *name;
  uint32_t made; /* the new one, 0: it goes */
};

static int
apply (struct guest_owners *owners, struct guest_owner_record *record,
       void *data)
{
  const struct change *change = data;
  uint32_t rest = record->attributes;

  if (guest_attribute_find (owners, record, change->name) != NULL)
    {
      int status = leave_out (owners, rest, change->name, &rest);
      if (status < 0)
        return status;
    }
  else if (change->made == 0)
    return -K_ENODATA;
  if (change->made != 0)
    {
      /* Nobody else knows it yet.  */
      at (owners, change->made)->next = rest;
      rest = change->made;
    }
  record->attributes = rest;
  return 0;
}

/* Have the keeper, if there is one, keep NAME of the file KEY with the SIZE
   bytes at VALUE, or without one.  */
static int
keep (struct guest_owners *owners, const struct guest_file_key *key,
      const char *name, const void *value, size_t size)
{
  struct guest_owner_record record = { .key = *key };

  return owners->keeper != NULL
             ? owners->keeper->keep (owners->keeper, &record, name, value, size)
             : 0;
}

int
guest_attribute_set (struct guest_owners *owners,
                     const struct guest_file_key *key, const char *name,
                     const void *value, size_t size)
{
  if (text_length (name) > GUEST_ATTRIBUTE_NAME_MAX
      || size > GUEST_ATTRIBUTE_VALUE_MAX)
    return -K_ENOSPC;

  struct change change = { .name = name,
                           .made =
                               make_attribute (owners, name, value, size, 0) };
  if (change.made == 0)
    return -K_ENOSPC;
  int status = guest_owners_change (owners, key, apply, &change);
  return status < 0 ? status : keep (owners, key, name, value, size);
}

bool
guest_attribute_remove (struct guest_owners *owners,
                        const struct guest_file_key *key, const char *name)
{
  struct change change = { .name = name };

  if (guest_owners_change (owners, key, apply, &change) < 0)
    return false;
  /* It is gone whatever becomes of that.  */
  (void) keep (owners, key, name, NULL, 0);
  return true;
}
