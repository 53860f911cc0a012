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
#  include <stdlib.h>
#  include <string.h>
#  include <yaml.h>

/* Aliases may make a small text a huge object: more than this is no file for
   people.  */
#  define NODES_MAX 100000
#  define DEPTH_MAX 100

/* A conversion under way.  */
struct conversion
{
  yaml_document_t *document;
  int nodes, depth;
};

/* Return what the plain scalar TEXT is, JSON's null included.  */
static struct json_object *
convert_plain (const char *text)
{
  char *end = NULL;
  if (strcmp (text, "true") == 0 || strcmp (text, "false") == 0)
    return json_object_new_boolean (text[0] == 't');
  if (text[0] == '\0' || strcmp (text, "null") == 0 || strcmp (text, "~") == 0)
    return NULL;
  errno = 0;
  long long number = strtoll (text, &end, 10);
  if (errno == 0 && *end == '\0')
    return json_object_new_int64 (number);
  return json_object_new_string (text);
}

/* Set *OBJECT to what node INDEX is.  Return whether all of it could be
   converted.  */
/* It calls itself as deep as the document goes, within DEPTH_MAX.  */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool
convert (struct conversion *conversion, int index, struct json_object **object)
{
  yaml_node_t *node = yaml_document_get_node (conversion->document, index);
  bool good = node != NULL && ++conversion->nodes <= NODES_MAX
              && ++conversion->depth <= DEPTH_MAX;

  *object = NULL;
  if (!good)
    return false;
  if (node->type == YAML_SCALAR_NODE)
    {
      const char *text = (const char *) node->data.scalar.value;
      *object = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
                    ? convert_plain (text)
                    : json_object_new_string (text);
    }
  else if (node->type == YAML_SEQUENCE_NODE)
    {
      *object = json_object_new_array ();
      for (yaml_node_item_t *item = node->data.sequence.items.start;
           good && item < node->data.sequence.items.top; item++)
        {
          struct json_object *member = NULL;
          good = convert (conversion, *item, &member);
          json_object_array_add (*object, member);
        }
    }
  else if (node->type == YAML_MAPPING_NODE)
    {
      *object = json_object_new_object ();
      for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
           good && pair < node->data.mapping.pairs.top; pair++)
        {
          yaml_node_t *key =
              yaml_document_get_node (conversion->document, pair->key);
          struct json_object *member = NULL;
          good = key != NULL && key->type == YAML_SCALAR_NODE
                 && convert (conversion, pair->value, &member);
          if (good)
            json_object_object_add (
                *object, (const char *) key->data.scalar.value, member);
          else
            json_object_put (member);
        }
    }
  conversion->depth--;
  return good;
}

int
yaml_parse (const char *text, size_t size, const char *name,
            struct json_object **object, struct error *err)
{
  yaml_parser_t parser;
  yaml_document_t document;

  *object = NULL;
  if (!yaml_parser_initialize (&parser))
    return error_set (err, ENOMEM, _ ("cannot read '%s': %s"), name,
                      strerror (ENOMEM));
  yaml_parser_set_input_string (&parser, (const unsigned char *) text, size);
  int status = 0;
  if (!yaml_parser_load (&parser, &document))
    status = error_set (err, EBADMSG, _ ("'%s' is not YAML: line %zu: %s"),
                        name, parser.problem_mark.line + 1,
                        parser.problem != NULL ? parser.problem : "?");
  else
    {
      struct conversion conversion = { .document = &document };
      yaml_node_t *root = yaml_document_get_root_node (&document);
      if (root == NULL || !convert (&conversion, 1, object))
        {
          json_object_put (*object);
          *object = NULL;
          status = error_set (err, EBADMSG,
                              _ ("'%s' is empty, or YAML of a kind that is not"
                                 " understood"),
                              name);
        }
      yaml_document_delete (&document);
    }
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
