/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Attributes of files that are remembered.  */

#include <string.h>

#include "lib/guest/attributes.h"
#include "lib/guest/kernel.h"
#include "tests/unit/tap.h"

static uint64_t slots[64];
static uint64_t room[256];
static struct guest_owners owners;

static const struct guest_file_key one = { 1, 5, 1 };
static const struct guest_file_key other = { 1, 6, 1 };

/* Return whether the file KEY has NAME with VALUE.  */
static bool
has (struct guest_file_key key, const char *name, const char *value)
{
  struct guest_owner_record record;
  const struct guest_attribute *attribute =
      guest_owners_find (&owners, key.device, key.inode, &record)
          ? guest_attribute_find (&owners, &record, name)
          : NULL;
  return attribute != NULL && attribute->size == strlen (value)
         && memcmp (guest_attribute_value (attribute), value, attribute->size)
                == 0;
}

static int
count (struct guest_file_key key)
{
  struct guest_owner_record record;
  int found = 0;
  if (!guest_owners_find (&owners, key.device, key.inode, &record))
    return 0;
  for (const struct guest_attribute *attribute =
           guest_attribute_first (&owners, &record);
       attribute != NULL; attribute = guest_attribute_next (&owners, attribute))
    found++;
  return found;
}

int
main (void)
{
  char big[GUEST_ATTRIBUTE_VALUE_MAX + 1] = "";
  guest_owners_init (&owners, slots, 64, room, sizeof room);
  const struct guest_owner nothing = { 0 };
  guest_owners_put (&owners, &one, &nothing);
  tap_ok (count (one) == 0, "a file has none");
  tap_is_number (guest_attribute_set (&owners, &one, "trusted.a", "x", 1), 0,
                 "set");
  guest_attribute_set (&owners, &one, "trusted.b", "yy", 2);
  guest_attribute_set (&owners, &other, "trusted.a", "other", 5);
  tap_ok (has (one, "trusted.a", "x") && has (one, "trusted.b", "yy")
              && has (other, "trusted.a", "other"),
          "each file has its own");
  guest_attribute_set (&owners, &one, "trusted.a", "longer", 6);
  tap_ok (has (one, "trusted.a", "longer") && count (one) == 2, "replaced");
  guest_attribute_set (&owners, &one, "trusted.e", "", 0);
  tap_ok (has (one, "trusted.e", "") && count (one) == 3, "an empty value");
  tap_ok (guest_attribute_remove (&owners, &one, "trusted.b")
              && !guest_attribute_remove (&owners, &one, "trusted.b")
              && count (one) == 2 && has (one, "trusted.a", "longer"),
          "removed once");

  tap_is_number (
      guest_attribute_set (&owners, &one, "trusted.a", big, sizeof big),
      -K_ENOSPC, "a value that is too long");
  tap_ok (has (one, "trusted.a", "longer"), "leaves the old one");
  int status = 0;
  int sets = 0;
  for (; status == 0 && sets < 100; sets++)
    status = guest_attribute_set (&owners, &other, "trusted.many", big, 100);
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
  tap_is_number (guest_attribute_set (&owners, &one, "trusted.a", "x", 1),
                 -K_ENOSPC, "no room at all");
  return tap_done ();
}
