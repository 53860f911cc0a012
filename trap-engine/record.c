/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Records as strings of the environment.  A byte 0 is written as 1 1, a byte 1
   as 1 2; all others are themselves.  */

#include "trap-engine/record.h"

enum
{
  ESCAPE = 1,
  ESCAPED_NUL = 1,
  ESCAPED_ESCAPE = 2
};

void
trap_record_set_strings (struct trap_record *record, const char *const *strings)
{
  char *to = record->strings;
  for (size_t i = 0; i < TRAP_STRING_COUNT; i++)
    {
      size_t length = guest_text_length (strings[i], GUEST_PATH_SIZE - 1);
      for (size_t j = 0; j < length; j++)
        *to++ = strings[i][j];
      *to++ = '\0';
    }
  record->size = (uint32_t) (to - (char *) record);
}

void
trap_record_fill (struct trap_record *record, const struct guest_task *task,
                  const struct guest_exec *exec, int state_fd, bool traced)
{
  const struct guest_fs *fs = task->fs;
  /* Not the room for strings, whose pages are mostly never used.  */
  volatile char *bytes = (volatile char *) record;
  for (size_t i = 0; i < offsetof (struct trap_record, strings); i++)
    bytes[i] = 0;
  record->magic = TRAP_RECORD_MAGIC;
  record->state_fd = state_fd;
  record->held[0] = exec->held[0];
  record->held[1] = exec->held[1];
  record->filters_fd = -1;
  record->traced = traced;
  record->abi = exec->abi;
  record->mode = exec->mode;
  record->uid = exec->uid;
  record->gid = exec->gid;
  record->cwd_binding = fs->cwd_binding;
  record->linux32 = task->linux32;
  record->own_mounts = fs->own_mounts;
  record->masks_owner = fs->masks_owner;
  record->ids = task->ids;
  if (!traced)
    record->secure =
        guest_ids_exec (&record->ids, exec->mode, exec->uid, exec->gid);
  const char *const strings[TRAP_STRING_COUNT] = {
    [TRAP_STRING_PROGRAM] = exec->program,
    [TRAP_STRING_INTERPRETER] = exec->interpreter,
    [TRAP_STRING_NAME] = exec->name,
    [TRAP_STRING_COMMAND] = exec->command,
    [TRAP_STRING_EXECUTABLE] = exec->executable,
    [TRAP_STRING_ROOT] = fs->root,
  };
  trap_record_set_strings (record, strings);
}

bool
trap_record_strings (const struct trap_record *record, const char **strings)
{
  const char *at = record->strings;
  const char *end = (const char *) record + record->size;
  if (record->magic != TRAP_RECORD_MAGIC || record->size > sizeof *record
      || record->size < offsetof (struct trap_record, strings))
    return false;
  for (size_t i = 0; i < TRAP_STRING_COUNT; i++)
    {
      strings[i] = at;
      while (at < end && *at != '\0')
        at++;
      if (at++ >= end)
        return false;
    }
  return true;
}

void
trap_record_encode (const struct trap_record *record, char *text)
{
  const char *bytes = (const char *) record;
  for (const char *name = TRAP_RECORD_NAME; *name != '\0'; name++)
    *text++ = *name;
  for (size_t i = 0; i < record->size; i++)
    if ((unsigned char) bytes[i] <= ESCAPE)
      {
        *text++ = ESCAPE;
        *text++ = bytes[i] == 0 ? ESCAPED_NUL : ESCAPED_ESCAPE;
      }
    else
      *text++ = bytes[i];
  *text = '\0';
}

bool
trap_record_decode (struct trap_record *record, const char *text)
{
  char *to = (char *) record;
  size_t size = 0;
  const char *strings[TRAP_STRING_COUNT];
  for (const char *name = TRAP_RECORD_NAME; *name != '\0'; name++)
    if (*text++ != *name)
      return false;
  for (; *text != '\0'; text++)
    {
      char byte = *text;
      if (byte == ESCAPE)
        byte = *++text == ESCAPED_NUL ? 0 : ESCAPE;
      if (size == sizeof *record || *text == '\0')
        return false;
      to[size++] = byte;
    }
  return size >= offsetof (struct trap_record, strings) && size == record->size
         && trap_record_strings (record, strings);
}

bool
trap_record_take (char **environment, struct trap_record *record,
                  const char **strings)
{
  char **end = environment;
  while (*end != NULL)
    end++;
  if (end == environment || !trap_record_decode (record, end[-1]))
    return false;
  end[-1] = NULL;
  return trap_record_strings (record, strings);
}
