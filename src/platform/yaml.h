/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   YAML as JSON.  */

#ifndef UDOCKER_PLATFORM_YAML_H
#define UDOCKER_PLATFORM_YAML_H

#include <stddef.h>

struct error;
struct json_object;

/* Read the first document of the SIZE bytes of YAML at TEXT, which NAME stands
   for in messages.  Keys become texts, plain scalars numbers and truth values
   where they look like these; what an alias stands for is shared.  What is
   deeper than 32 levels, or has more than 100000 nodes, is refused at once.
   Return 0 with *OBJECT set (json_object_put), or -EBADMSG with ERR set, or
   -ENOSYS when this program was built without libyaml.  */
int yaml_parse (const char *text, size_t size, const char *name,
                struct json_object **object, struct error *err);

#endif
