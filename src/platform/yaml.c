/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   YAML as JSON, with libyaml.  */

#include <config.h>

#include "src/platform/yaml.h"

#include <errno.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"

#if HAVE_LIBYAML
#  include <json-c/json.h>
#  include <limits.h>
#  include <stdbool.h>
#  include <stdio.h>
#  include <stdlib.h>
#  include <string.h>
#  include <yaml.h>

#  include "xalloc.h"

/* More than this is no file for people.  Aliases, which may make a small text a
   huge object, count as what they stand for.  */
#  define NODES_MAX 100000
#  define ANCHORS_MAX 1000
#  define DIRECTIVES_MAX 100
/* As deep as JSON may be (lib/base/json.h).  */
#  define DEPTH_MAX 32

/* What an alias may stand for.  */
struct anchor
{
  char *name;
  struct json_object *object;
  int nodes;
};

/* A sequence or mapping that has begun.  */
struct level
{
  struct json_object *object;
  char *key;    /* of the member that comes next; NULL: a key comes */
  char *anchor; /* or NULL */
  int before;   /* nodes when it began */
};

/* A document under way.  What the parser tells is taken one event at a time:
   libyaml's own documents have no limits, and it takes hours to make one that
   is very deep.  */
struct reading
{
  struct level levels[DEPTH_MAX];
  size_t depth;
  struct anchor anchors[ANCHORS_MAX];
  size_t anchor_count;
  int nodes;
  struct json_object *root;
  bool done; /* there is a root, which may be JSON's null */
};

/* What becomes of an event.  */
enum outcome
{
  OUTCOME_GOOD,
  OUTCOME_END, /* of the document */
  OUTCOME_DEEP,
  OUTCOME_ODD
};

static void
reading_release (struct reading *reading)
{
  while (reading->depth > 0)
    {
      struct level *level = &reading->levels[--reading->depth];
      json_object_put (level->object);
      free (level->key);
      free (level->anchor);
    }
  for (size_t i = 0; i < reading->anchor_count; i++)
    {
      free (reading->anchors[i].name);
      json_object_put (reading->anchors[i].object);
    }
  json_object_put (reading->root);
}

/* Return what the plain scalar TEXT is, JSON's null included.  A number that
   would be written otherwise is a text, as 007.  */
static struct json_object *
convert_plain (const char *text)
{
  char *end = NULL;
  char again[32];
  if (strcmp (text, "true") == 0 || strcmp (text, "false") == 0)
    return json_object_new_boolean (text[0] == 't');
  if (text[0] == '\0' || strcmp (text, "null") == 0 || strcmp (text, "~") == 0)
    return NULL;
  errno = 0;
  long long number = strtoll (text, &end, 10);
  (void) snprintf (again, sizeof again, "%lld", number);
  if (errno == 0 && *end == '\0' && strcmp (again, text) == 0)
    return json_object_new_int64 (number);
  return json_object_new_string (text);
}

/* Put OBJECT, which is taken over, where the next node of READING belongs.  */
static enum outcome
put (struct reading *reading, struct json_object *object)
{
  if (reading->depth == 0)
    {
      reading->root = object;
      reading->done = true;
      return OUTCOME_GOOD;
    }
  struct level *level = &reading->levels[reading->depth - 1];
  if (json_object_is_type (level->object, json_type_array))
    json_object_array_add (level->object, object);
  else if (level->key != NULL)
    {
      json_object_object_add (level->object, level->key, object);
      free (level->key);
      level->key = NULL;
    }
  else
    {
      /* A key that is no text.  */
      json_object_put (object);
      return OUTCOME_ODD;
    }
  return OUTCOME_GOOD;
}

/* Remember that NAME, if it is not NULL, stands for OBJECT, of NODES.  */
static enum outcome
name_anchor (struct reading *reading, const char *name,
             struct json_object *object, int nodes)
{
  if (name == NULL)
    return OUTCOME_GOOD;
  if (reading->anchor_count == ANCHORS_MAX)
    return OUTCOME_ODD;
  reading->anchors[reading->anchor_count++] = (struct anchor){
    .name = xstrdup (name),
    .object = json_object_get (object),
    .nodes = nodes,
  };
  return OUTCOME_GOOD;
}

static enum outcome
take_scalar (struct reading *reading, const yaml_event_t *event)
{
  const char *text = (const char *) event->data.scalar.value;
  size_t length = event->data.scalar.length;
  struct level *level =
      reading->depth > 0 ? &reading->levels[reading->depth - 1] : NULL;

  if (level != NULL && level->key == NULL
      && json_object_is_type (level->object, json_type_object))
    {
      if (strlen (text) != length)
        return OUTCOME_ODD;
      level->key = xstrdup (text);
      return OUTCOME_GOOD;
    }
  if (length > INT_MAX)
    return OUTCOME_ODD;
  bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
               && event->data.scalar.plain_implicit;
  struct json_object *object =
      plain ? convert_plain (text)
            : json_object_new_string_len (text, (int) length);
  enum outcome outcome = name_anchor (
      reading, (const char *) event->data.scalar.anchor, object, 1);
  enum outcome other = put (reading, object);
  return outcome == OUTCOME_GOOD ? other : outcome;
}

static enum outcome
take_alias (struct reading *reading, const char *name)
{
  size_t i = reading->anchor_count;
  while (i > 0 && strcmp (reading->anchors[i - 1].name, name) != 0)
    i--;
  if (i == 0)
    return OUTCOME_ODD;
  reading->nodes += reading->anchors[i - 1].nodes;
  if (reading->nodes > NODES_MAX)
    return OUTCOME_ODD;
  return put (reading, json_object_get (reading->anchors[i - 1].object));
}

/* A sequence or mapping, which will be OBJECT, begins.  */
static enum outcome
take_start (struct reading *reading, struct json_object *object,
            const unsigned char *anchor)
{
  if (reading->depth == DEPTH_MAX)
    {
      json_object_put (object);
      return OUTCOME_DEEP;
    }
  reading->levels[reading->depth++] = (struct level){
    .object = object,
    .anchor = anchor == NULL ? NULL : xstrdup ((const char *) anchor),
    .before = reading->nodes - 1,
  };
  return OUTCOME_GOOD;
}

/* The one that began last ends.  */
static enum outcome
take_end (struct reading *reading)
{
  struct level level = reading->levels[--reading->depth];
  enum outcome outcome = name_anchor (reading, level.anchor, level.object,
                                      reading->nodes - level.before);
  enum outcome other = put (reading, level.object);
  free (level.anchor);
  free (level.key);
  return outcome == OUTCOME_GOOD ? other : outcome;
}

static enum outcome
take_event (struct reading *reading, const yaml_event_t *event)
{
  switch (event->type)
    {
    case YAML_DOCUMENT_END_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_NO_EVENT:
      return reading->done ? OUTCOME_END : OUTCOME_ODD;
    case YAML_SCALAR_EVENT:
      return ++reading->nodes > NODES_MAX ? OUTCOME_ODD
                                          : take_scalar (reading, event);
    case YAML_ALIAS_EVENT:
      return take_alias (reading, (const char *) event->data.alias.anchor);
    case YAML_SEQUENCE_START_EVENT:
      return ++reading->nodes > NODES_MAX
                 ? OUTCOME_ODD
                 : take_start (reading, json_object_new_array (),
                               event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
      return ++reading->nodes > NODES_MAX
                 ? OUTCOME_ODD
                 : take_start (reading, json_object_new_object (),
                               event->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return take_end (reading);
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_START_EVENT:
      break;
    }
  return OUTCOME_GOOD;
}

/* Return whether more of the SIZE bytes at TEXT look like directives than
   anybody writes: libyaml compares each with all that were before.  */
static bool
has_many_directives (const char *text, size_t size)
{
  size_t count = 0;
  for (const char *at = text; at != NULL && at < text + size;)
    {
      count += *at == '%';
      at = memchr (at, '\n', (size_t) (text + size - at));
      at = at == NULL ? NULL : at + 1;
    }
  return count > DIRECTIVES_MAX;
}

/* Take all of the document that PARSER reads, called NAME.  */
static int
read_document (struct reading *reading, yaml_parser_t *parser, const char *name,
               struct error *err)
{
  enum outcome outcome = OUTCOME_GOOD;

  while (outcome == OUTCOME_GOOD)
    {
      yaml_event_t event;
      if (!yaml_parser_parse (parser, &event))
        return error_set (err, EBADMSG, _ ("'%s' is not YAML: line %zu: %s"),
                          name, parser->problem_mark.line + 1,
                          parser->problem != NULL ? parser->problem : "?");
      outcome = take_event (reading, &event);
      yaml_event_delete (&event);
    }
  if (outcome == OUTCOME_DEEP)
    return error_set (err, EBADMSG,
                      _ ("'%s', line %zu: YAML that is deeper than %d levels"),
                      name, parser->mark.line + 1, DEPTH_MAX);
  if (outcome == OUTCOME_ODD)
    return error_set (
        err, EBADMSG,
        _ ("'%s' is empty, or YAML of a kind that is not understood"), name);
  return 0;
}

int
yaml_parse (const char *text, size_t size, const char *name,
            struct json_object **object, struct error *err)
{
  yaml_parser_t parser;

  *object = NULL;
  if (has_many_directives (text, size))
    return error_set (err, EBADMSG, _ ("'%s' has too many directives of YAML"),
                      name);
  if (!yaml_parser_initialize (&parser))
    return error_set (err, ENOMEM, _ ("cannot read '%s': %s"), name,
                      strerror (ENOMEM));
  yaml_parser_set_input_string (&parser, (const unsigned char *) text, size);
  struct reading *reading = xzalloc (sizeof *reading);
  int status = read_document (reading, &parser, name, err);
  if (status == 0)
    {
      *object = reading->root;
      reading->root = NULL;
    }
  reading_release (reading);
  free (reading);
  yaml_parser_delete (&parser);
  return status;
}

#else

int
yaml_parse (const char *text, size_t size, const char *name,
            struct json_object **object, struct error *err)
{
  (void) text;
  (void) size;
  *object = NULL;
  return error_set (err, ENOSYS,
                    _ ("cannot read '%s': this udocker was built without"
                       " libyaml; use JSON"),
                    name);
}
#endif
