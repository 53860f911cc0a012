/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Parse WWW-Authenticate.  */

#include <config.h>

#include "src/registry/challenge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buffer.h"

/* challenge = scheme [ 1*SP ( token68 / #auth-param ) ], and a list of
   challenges is separated by commas, as are the parameters of one.  So a
   token after a comma is a parameter when "=" follows it, else the scheme of
   the next challenge.  */

static bool
is_token_char (char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z')
         || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static const char *
skip_blanks (const char *p)
{
  return p + strspn (p, " \t");
}

static const char *
skip_token (const char *p)
{
  while (is_token_char (*p))
    p++;
  return p;
}

/* Read a token or a quoted string at P into VALUE.  Return what follows, or
   NULL when there is neither.  */
static const char *
read_value (const char *p, struct buffer *value)
{
  if (*p != '"')
    {
      /* Some servers leave URLs without quotes; take all up to a comma.  */
      const char *end = p + strcspn (p, ", \t\"");
      if (end == p)
        return NULL;
      buffer_add (value, p, (size_t) (end - p));
      return end;
    }
  for (p++; *p != '"'; p++)
    {
      if (*p == '\\' && p[1] != '\0')
        p++;
      if (*p == '\0')
        return NULL;
      buffer_add_char (value, *p);
    }
  return p + 1;
}

/* Put VALUE where CHALLENGE keeps the parameter of which the NAME_SIZE bytes
   at NAME are the name; the first of a name wins.  */
static void
keep_parameter (struct challenge *challenge, const char *name, size_t name_size,
                struct buffer *value)
{
  const struct
  {
    const char *name;
    char **place;
  } known[] = {
    { "realm", &challenge->realm },
    { "service", &challenge->service },
    { "scope", &challenge->scope },
    { "error", &challenge->error },
  };

  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strlen (known[i].name) == name_size
        && strncasecmp (known[i].name, name, name_size) == 0
        && *known[i].place == NULL)
      *known[i].place = buffer_take (value);
}

/* Read the parameters at P into CHALLENGE.  Return what follows them, the
   next challenge or the end, or NULL.  */
static const char *
read_parameters (const char *p, struct challenge *challenge)
{
  for (;;)
    {
      p += strspn (p, ", \t");
      const char *name = p;
      p = skip_token (p);
      if (p == name)
        return *p == '\0' ? p : NULL;
      size_t name_size = (size_t) (p - name);
      const char *equals = skip_blanks (p);
      if (*equals != '=')
        return name;

      AUTO_BUFFER (value);
      p = read_value (skip_blanks (equals + 1), &value);
      if (p == NULL)
        return NULL;
      keep_parameter (challenge, name, name_size, &value);
      p = skip_blanks (p);
      if (*p != ',' && *p != '\0')
        return NULL;
    }
}

/* Return the end of the token68 at P, or NULL when there is none: such data
   stands alone, up to a comma or the end.  */
static const char *
skip_token68 (const char *p)
{
  const char *end = p;
  while (is_token_char (*end) || *end == '/')
    end++;
  if (end == p)
    return NULL;
  while (*end == '=')
    end++;
  end = skip_blanks (end);
  return *end == ',' || *end == '\0' ? end : NULL;
}

int
challenge_next (const char **text, struct challenge *challenge)
{
  challenge_release (challenge);
  const char *p = *text + strspn (*text, ", \t");
  if (*p == '\0')
    return 0;

  const char *scheme = p;
  p = skip_token (p);
  if (p == scheme || (*p != '\0' && strchr (" \t,", *p) == NULL))
    return -EBADMSG;
  struct buffer name = { 0 };
  for (; scheme < p; scheme++)
    buffer_add_char (&name, *scheme >= 'A' && *scheme <= 'Z'
                                ? (char) (*scheme - 'A' + 'a')
                                : *scheme);
  challenge->scheme = buffer_take (&name);

  p = skip_blanks (p);
  const char *behind = skip_token68 (p);
  if (behind == NULL)
    behind = read_parameters (p, challenge);
  if (behind == NULL)
    {
      challenge_release (challenge);
      return -EBADMSG;
    }
  *text = behind;
  return 1;
}

void
challenge_release (struct challenge *challenge)
{
  free (challenge->scheme);
  free (challenge->realm);
  free (challenge->service);
  free (challenge->scope);
  free (challenge->error);
  *challenge = (struct challenge){ 0 };
}
