/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   The log by which owners outlive a run, entry by entry.  */

#include "lib/guest/owner-log.h"

#include <stdbool.h>

/* FNV-1a: shows what is incomplete, not what is forged.  */
static uint32_t
sum_of (const unsigned char *bytes, size_t size)
{
  uint32_t sum = 2166136261u;
  for (size_t i = sizeof (uint32_t); i < size; i++)
    sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

static size_t
size_of (const struct owner_log_record *record)
{
  size_t more = (size_t) record->name_length + record->value_size;
  return sizeof *record
         + (more + sizeof *record - 1) / sizeof *record * sizeof *record;
}

static void
copy (unsigned char *to, const void *from, size_t size)
{
  for (size_t i = 0; i < size; i++)
    to[i] = ((const unsigned char *) from)[i];
}

/* Complete ENTRY, whose record is for the file KEY: put NAME and the SIZE bytes
   of VALUE behind that, where there are any.  Return its size.  */
static size_t
complete (union owner_log_entry *entry, const struct guest_file_key *key,
          const char *name, const void *value, size_t size)
{
  struct owner_log_record *record = &entry->record;
  size_t length = 0;
  while (name != NULL && name[length] != '\0')
    length++;
  record->name_length = (uint16_t) length;
  record->value_size = (uint32_t) size;
  record->inode = key->inode;
  record->birth = key->birth;
  size_t whole = size_of (record);
  unsigned char *to = entry->bytes + sizeof *record;
  copy (to, name, length);
  copy (to + length, value, size);
  for (size_t i = sizeof *record + length + size; i < whole; i++)
    entry->bytes[i] = 0;
  record->sum = sum_of (entry->bytes, whole);
  return whole;
}

size_t
owner_log_fill_change (union owner_log_entry *entry,
                       const struct guest_owner_record *record,
                       const char *name, const void *value, size_t size)
{
  const struct guest_owner *owner = &record->owner;
  if (name != NULL)
    entry->record = (struct owner_log_record){
      .kind = value != NULL ? OWNER_LOG_ATTRIBUTE : OWNER_LOG_NO_ATTRIBUTE
    };
  else
    entry->record = (struct owner_log_record){
      .kind = OWNER_LOG_OWNER,
      .known = owner->known,
      .uid = owner->uid,
      .gid = owner->gid,
      .mode = owner->mode,
      .rdev = owner->rdev,
    };
  return complete (entry, &record->key, name, value, size);
}

size_t
owner_log_fill_nothing (union owner_log_entry *entry,
                        const struct guest_file_key *key)
{
  entry->record = (struct owner_log_record){ .kind = OWNER_LOG_NOTHING };
  return complete (entry, key, NULL, NULL, 0);
}

/* Take RECORD, whose name and value follow, into TABLE.  */
static void
take (struct guest_owners *table, uint64_t device,
      const struct owner_log_record *record)
{
  unsigned char name[GUEST_ATTRIBUTE_NAME_MAX + 1];
  const char *text = (const char *) (record + 1);
  struct guest_file_key key = { device, record->inode, record->birth };
  struct guest_owner owner = { 0 };
  struct guest_owner_record known;
  bool same = guest_owners_find (table, key.device, key.inode, &known)
              && known.key.birth == key.birth;

  if (record->name_length > GUEST_ATTRIBUTE_NAME_MAX)
    return;
  copy (name, text, record->name_length);
  name[record->name_length] = '\0';
  switch (record->kind)
    {
    case OWNER_LOG_OWNER:
      owner.known = record->known;
      owner.uid = record->uid;
      owner.gid = record->gid;
      owner.mode = record->mode;
      owner.rdev = record->rdev;
      /* A full table is no reason not to run.  */
      (void) guest_owners_put (table, &key, &owner);
      table->inherits =
          table->inherits || (record->known & GUEST_OWNER_GID) != 0;
      break;
    case OWNER_LOG_ATTRIBUTE:
      (void) guest_attribute_set (table, &key, (const char *) name,
                                  text + record->name_length,
                                  record->value_size);
      break;
    case OWNER_LOG_NO_ATTRIBUTE:
      if (same)
        (void) guest_attribute_remove (table, &key, (const char *) name);
      break;
    case OWNER_LOG_NOTHING:
      if (same)
        guest_owners_drop (table, key.device, key.inode);
      break;
    }
}

size_t
owner_log_take (struct guest_owners *table, uint64_t device,
                const unsigned char *bytes, size_t size)
{
  union owner_log_entry entry;
  size_t at = 0;
  while (size - at >= sizeof entry.record)
    {
      copy (entry.bytes, bytes + at, sizeof entry.record);
      size_t length = size_of (&entry.record);
      if (length > sizeof entry || entry.record.kind == 0)
        at += sizeof entry.record;
      else if (length > size - at)
        break;
      else
        {
          copy (entry.bytes, bytes + at, length);
          bool whole = entry.record.sum == sum_of (entry.bytes, length);
          if (whole)
            take (table, device, &entry.record);
          at += whole ? length : sizeof entry.record;
        }
    }
  return at;
}
