/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Programs of other machines: a program of the host in front of them.  */

#include "lib/guest/exec.h"

#include <asm/errno.h>

#include "lib/guest/handlers.h"

/* Append TEXT with its NUL to the leading arguments that OUT collects.  */
static void
append (struct guest_exec *exec, struct guest_text *out, const char *text)
{
  guest_text_add (out, text);
  guest_text_add_char (out, '\0');
  exec->leading_count++;
}

int
guest_exec_emulate (struct guest_exec *exec,
                    const struct guest_emulator *emulator)
{
  /* Arguments of a script's interpreter, the first of which is its name.  */
  const char *script = exec->leading;
  uint32_t count = exec->leading_count;
  struct guest_text out;
  char bytes[GUEST_EXEC_LEADING_SIZE];

  exec->leading_count = 0;
  guest_text_init (&out, bytes, sizeof bytes);
  const char *word = emulator->words;
  for (uint32_t i = 0; i < emulator->count; i++)
    {
      append (exec, &out, word);
      word += guest_text_length (word, GUEST_EMULATOR_SIZE) + 1;
    }
  exec->emulated = true;
  exec->variables_at = exec->leading_count;

  /* The emulated program's name for itself is not the file's: that of a script
     is known, the other one is the first argument of execve.  */
  append (exec, &out, "-0");
  exec->first_at = count == 0 ? exec->leading_count : 0;
  append (exec, &out, count == 0 ? "" : script);
  append (exec, &out, exec->path);
  for (uint32_t i = 1; i < count; i++)
    {
      script += guest_text_length (script, sizeof exec->leading) + 1;
      append (exec, &out, script);
    }
  if (out.overflows)
    return -E2BIG;
  exec->leading_length = (uint32_t) out.length;
  for (size_t i = 0; i < out.length; i++)
    exec->leading[i] = bytes[i];

  struct guest_text text;
  guest_text_init (&text, exec->program, sizeof exec->program);
  guest_text_add (&text, emulator->program);
  exec->path[0] = '\0';
  return text.overflows ? -ENAMETOOLONG : 0;
}
