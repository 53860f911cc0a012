/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   JSON from others, read with limits, and ours, written.  */

#ifndef UDOCKER_LIB_BASE_JSON_H
#define UDOCKER_LIB_BASE_JSON_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* An owned reference to a JSON value: AUTO_JSON struct json_object *x =
   NULL;  */
#define AUTO_JSON __attribute__ ((cleanup (json_release)))

/* What AUTO_JSON calls.  Not for direct use.  */
void json_release (struct json_object **object);

/* Parse the SIZE bytes at TEXT, all of them, as one JSON value no deeper than
   32.  NAME says in messages where it came from.  On success give OBJECT a
   reference that the caller puts (AUTO_JSON).  Return 0, or -EBADMSG with ERR
   set.  */
int json_parse (const char *text, size_t size, const char *name,
                struct json_object **object, struct error *err);

/* Read the file PATH below the directory DIR and parse it.  Return 0, or a
   negative errno with ERR set: -EBADMSG when it is not JSON.  */
int json_read_file (int dir, const char *path, struct json_object **object,
                    struct error *err);

/* Return member KEY of OBJECT if OBJECT is an object and the member has TYPE,
   else NULL.  OBJECT may be NULL.  What is returned belongs to OBJECT.  */
struct json_object *json_member (struct json_object *object, const char *key,
                                 enum json_type type);

/* Return the text of the string member KEY of OBJECT, or NULL when there is
   none or it holds a NUL byte.  It belongs to OBJECT.  */
const char *json_string (struct json_object *object, const char *key);

/* Return the integer member KEY of OBJECT, or VALUE_IF_NONE.  */
int64_t json_integer (struct json_object *object, const char *key,
                      int64_t value_if_none);

/* Return OBJECT as text that the caller frees, keys sorted, indented by four
   blanks, without escaped slashes, with characters beyond ASCII written as
   \uXXXX, and a newline at the end: the form that `inspect' prints.  */
char *json_pretty (struct json_object *object);

#endif
