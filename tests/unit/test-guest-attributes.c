/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Attributes of files that are remembered.  */

#include <string.h>

#include "lib/guest/attributes.h"
#include "lib/guest/kernel.h"
#include "tests/unit/tap.h"

static struct guest_owner_slot slots[64];
static uint64_t room[256];
static struct guest_owners owners;

/* Return the slot of a new record for inode INODE.  */
static struct guest_owner_slot *
make_record (uint64_t inode)
{
  struct guest_file_key key = { 1, inode, 1 };
  struct guest_owner owner = { 0 };
  if (guest_owners_put (&owners, &key, &owner) < 0)
    return NULL;
  return guest_owners_find (&owners, 1, inode);
}

/* Return whether SLOT has NAME with VALUE.  */
static bool
has (const struct guest_owner_slot *slot, const char *name, const char *value)
{
  const struct guest_attribute *attribute =
      guest_attribute_find (&owners, slot, name);
  return attribute != NULL && attribute->size == strlen (value)
         && memcmp (guest_attribute_value (attribute), value, attribute->size)
                == 0;
}

static int
count (const struct guest_owner_slot *slot)
{
  int found = 0;
  for (const struct guest_attribute *attribute =
           guest_attribute_first (&owners, slot);
       attribute != NULL; attribute = guest_attribute_next (&owners, attribute))
    found++;
  return found;
}

int
main (void)
{
  char big[GUEST_ATTRIBUTE_VALUE_MAX + 1] = "";
  guest_owners_init (&owners, slots, 64, room, sizeof room);
  struct guest_owner_slot *one = make_record (5);
  struct guest_owner_slot *other = make_record (6);

  tap_ok (guest_attribute_first (&owners, one) == NULL, "a file has none");
  tap_is_number (guest_attribute_set (&owners, one, "trusted.a", "x", 1), 0,
                 "set");
  guest_attribute_set (&owners, one, "trusted.b", "yy", 2);
  guest_attribute_set (&owners, other, "trusted.a", "other", 5);
  tap_ok (has (one, "trusted.a", "x") && has (one, "trusted.b", "yy")
              && has (other, "trusted.a", "other"),
          "each file has its own");
  guest_attribute_set (&owners, one, "trusted.a", "longer", 6);
  tap_ok (has (one, "trusted.a", "longer") && count (one) == 2, "replaced");
  guest_attribute_set (&owners, one, "trusted.e", "", 0);
  tap_ok (has (one, "trusted.e", "") && count (one) == 3, "an empty value");
  tap_ok (guest_attribute_remove (&owners, one, "trusted.b")
              && !guest_attribute_remove (&owners, one, "trusted.b")
              && count (one) == 2 && has (one, "trusted.a", "longer"),
          "removed once");

  tap_is_number (
      guest_attribute_set (&owners, one, "trusted.a", big, sizeof big),
      -K_ENOSPC, "a value that is too long");
  tap_ok (has (one, "trusted.a", "longer"), "leaves the old one");
  int status = 0;
  int sets = 0;
  for (; status == 0 && sets < 100; sets++)
    status = guest_attribute_set (&owners, other, "trusted.many", big, 100);
  tap_ok (status == -K_ENOSPC && sets > 5, "the room has an end");
  tap_ok (has (one, "trusted.a", "longer") && count (other) == 2,
          "at which nothing is lost");

  /* Another file of the same number.  */
  struct guest_file_key key = { 1, 5, 2 };
  struct guest_owner owner = { .known = GUEST_OWNER_UID, .uid = 3 };
  guest_owners_put (&owners, &key, &owner);
  tap_is_number (count (one), 0, "a file that is born later inherits none");

  guest_owners_init (&owners, slots, 64, NULL, 0);
  memset (slots, 0, sizeof slots);
  one = make_record (7);
  tap_is_number (guest_attribute_set (&owners, one, "trusted.a", "x", 1),
                 -K_ENOSPC, "no room at all");
  return tap_done ();
}
