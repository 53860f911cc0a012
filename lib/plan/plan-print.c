/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Print a run plan for people.  */

#include "lib/plan/plan-write.h"

#include <inttypes.h>
#include <string.h>

/* Write the SIZE bytes at TEXT in single quotes, with what could move a
   terminal's cursor, quotes and backslashes escaped.  */
static void
print_quoted (const char *text, size_t size, FILE *stream)
{
  fputc ('\'', stream);
  for (size_t i = 0; i < size; i++)
    {
      unsigned char c = (unsigned char) text[i];
      if (c == '\n')
        fputs ("\\n", stream);
      else if (c == '\'' || c == '\\')
        fprintf (stream, "\\%c", c);
      else if (c < 0x20 || c == 0x7f)
        fprintf (stream, "\\%03o", c);
      else
        fputc (c, stream);
    }
  fputc ('\'', stream);
}

static void
print_binding (const struct plan_record *record, FILE *stream)
{
  struct plan_binding binding = plan_record_binding (record);
  print_quoted (binding.host, strlen (binding.host), stream);
  fputs (" at ", stream);
  print_quoted (binding.guest, strlen (binding.guest), stream);
  if ((binding.flags & PLAN_BINDING_READ_ONLY) != 0)
    fputs (" read-only", stream);
  if ((binding.flags & PLAN_BINDING_NO_FOLLOW) != 0)
    fputs (" no-follow", stream);
  if ((binding.flags & PLAN_BINDING_OPTIONAL) != 0)
    fputs (" optional", stream);
  if ((binding.flags & PLAN_BINDING_TRUE) != 0)
    fputs (" true", stream);
}

static void
print_file (const struct plan_record *record, FILE *stream)
{
  struct plan_file file = plan_record_file (record);
  print_quoted (file.guest, strlen (file.guest), stream);
  fprintf (stream, " mode %04" PRIo32 ", %zu bytes ", file.mode, file.size);
  print_quoted (file.content, file.size, stream);
}

static void
print_value (const struct plan_record *record, enum plan_shape shape,
             FILE *stream)
{
  switch (shape)
    {
    case PLAN_SHAPE_TEXT:
    case PLAN_SHAPE_PATH:
      print_quoted (record->text, record->length, stream);
      break;
    case PLAN_SHAPE_NUMBER:
      fprintf (stream, "%" PRIu64, plan_record_number (record));
      break;
    case PLAN_SHAPE_BINDING:
      print_binding (record, stream);
      break;
    case PLAN_SHAPE_FILE:
      print_file (record, stream);
      break;
    case PLAN_SHAPE_LIMIT:
      {
        struct plan_limit limit = plan_record_limit (record);
        fprintf (stream, "%" PRIu32 " soft %" PRIu64 " hard %" PRIu64,
                 limit.resource, limit.soft, limit.hard);
        break;
      }
    case PLAN_SHAPE_PORT:
      {
        struct plan_port port = plan_record_port (record);
        fprintf (stream, "%" PRIu32 " to %" PRIu32, port.host, port.guest);
        break;
      }
    }
}

void
plan_print (const struct plan *plan, FILE *stream)
{
  struct plan_record record;
  size_t position = 0;
  while (plan_next (plan, &position, &record))
    {
      const struct plan_tag_fact *fact = plan_tag_fact (record.tag);
      if (fact == NULL)
        continue; /* plan_open lets none through */
      fprintf (stream, "%s: ", fact->name);
      print_value (&record, fact->shape, stream);
      fputc ('\n', stream);
    }
}
