/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Take image references apart.  */

#include <config.h>

#include "src/registry/reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"

/* A name becomes a path below repos/ and part of a URL.  What a registry
   takes is at most 255 bytes; local names may be longer, but each component
   has to be a file name.  */
enum
{
  NAME_LIMIT = 1024,
  COMPONENT_LIMIT = 250,
  TAG_LIMIT = 128,
  REMOTE_LIMIT = 255,
};

static bool
is_lower (char c)
{
  return c >= 'a' && c <= 'z';
}

static bool
is_upper (char c)
{
  return c >= 'A' && c <= 'Z';
}

static bool
is_digit (char c)
{
  return c >= '0' && c <= '9';
}

static bool
is_word (char c)
{
  return is_lower (c) || is_upper (c) || is_digit (c);
}

/* Return whether TEXT is COUNT lower-case hexadecimal digits and no more.  */
static bool
is_hex (const char *text, size_t count)
{
  size_t i = strspn (text, "0123456789abcdef");
  return i == count && text[i] == '\0';
}

bool
digest_is_valid (const char *text)
{
  if (strncmp (text, "sha256:", 7) == 0)
    return is_hex (text + 7, 64);
  if (strncmp (text, "sha512:", 7) == 0)
    return is_hex (text + 7, 128);
  return false;
}

/* Fail for TEXT, which names no image, because of WHY.  */
static int
refuse (struct error *err, const char *text, const char *why)
{
  if (*text == '\0')
    return error_set (err, EINVAL, "%s",
                      _ ("must specify image:tag or repository/image:tag"));
  return error_set (err, EINVAL,
                    _ ("must specify image:tag or repository/image:tag:"
                       " '%s': %s"),
                    text, why);
}

/* Return NULL when the COUNT bytes at TEXT are a component of a name, else
   what is wrong with them.  */
static const char *
component_fault (const char *text, size_t count)
{
  if (count == 0)
    return _ ("a part of the name is empty");
  if (count > COMPONENT_LIMIT)
    return _ ("a part of the name is too long");
  if (text[0] == '.')
    return _ ("a part of the name begins with a dot");
  if (text[0] == '-')
    return _ ("a part of the name begins with a dash");
  for (size_t i = 0; i < count; i++)
    if (!is_word (text[i]) && strchr ("._-", text[i]) == NULL)
      return _ ("a name has only letters, digits, '.', '_' and '-'");
  return NULL;
}

/* The same for a host, optionally with a port; "[v6 address]:port" too.  */
static const char *
host_fault (const char *text, size_t count)
{
  const char *end = text + count;
  const char *p = text;

  if (count == 0)
    return _ ("the host is empty");
  if (count > COMPONENT_LIMIT)
    return _ ("the host is too long");
  if (*p == '[')
    {
      p++;
      while (p < end && (is_word (*p) || *p == ':' || *p == '.'))
        p++;
      if (p == end || *p != ']')
        return _ ("the host is malformed");
      p++;
    }
  else
    {
      if (!is_word (*p))
        return _ ("the host is malformed");
      while (p < end && (is_word (*p) || *p == '.' || *p == '-' || *p == '_'))
        p++;
    }
  if (p == end)
    return NULL;
  if (*p++ != ':' || p == end || end - p > 5)
    return _ ("the host is malformed");
  unsigned int port = 0;
  for (; p < end; p++)
    {
      if (!is_digit (*p))
        return _ ("the port is not a number");
      port = port * 10 + (unsigned int) (*p - '0');
    }
  if (port == 0 || port > 65535)
    return _ ("the port is out of range");
  return NULL;
}

/* The same for a tag.  */
static const char *
tag_fault (const char *text)
{
  size_t count = strlen (text);

  if (count == 0)
    return _ ("the tag is empty");
  if (count > TAG_LIMIT)
    return _ ("the tag is longer than 128 characters");
  if (!is_word (text[0]) && text[0] != '_')
    return _ ("a tag begins with a letter, a digit or '_'");
  for (size_t i = 0; i < count; i++)
    if (!is_word (text[i]) && strchr ("._-", text[i]) == NULL)
      return _ ("a tag has only letters, digits, '.', '_' and '-'");
  return NULL;
}

/* Return whether the COUNT bytes at TEXT, the first of several components,
   are a host.  */
static bool
looks_like_host (const char *text, size_t count)
{
  if (memchr (text, '.', count) != NULL || memchr (text, ':', count) != NULL)
    return true;
  return count == strlen ("localhost")
         && strncmp (text, "localhost", count) == 0;
}

/* Put the digest that TEXT is, in lower case, into DIGEST.  */
static bool
take_digest (char **digest, const char *text)
{
  AUTO_FREE char *lower = xstrdup (text);
  for (char *p = lower; *p != '\0'; p++)
    if (is_upper (*p))
      *p = (char) (*p - 'A' + 'a');
  if (!digest_is_valid (lower))
    return false;
  *digest = TAKE (lower);
  return true;
}

/* Cut tag and digest off the end of NAME and put them into REF.  Return NULL,
   or what is wrong with them.  */
static const char *
split_tail (struct reference *ref, char *name)
{
  char *at = strchr (name, '@');
  if (at != NULL)
    {
      *at = '\0';
      if (!take_digest (&ref->digest, at + 1))
        return _ ("the digest is not sha256: and 64 or sha512: and 128"
                  " hexadecimal digits");
    }

  char *slash = strrchr (name, '/');
  char *colon = strchr (slash == NULL ? name : slash, ':');
  /* A first component in brackets is a host, and has no tag.  */
  if (colon != NULL && slash == NULL && name[0] == '[')
    return _ ("the name of the image is missing");
  if (colon == NULL)
    {
      ref->tag = xstrdup ("latest");
      return NULL;
    }
  *colon = '\0';
  /* `images' shows what was pulled by digest as NAME:sha256:HEX.  */
  if (at == NULL && take_digest (&ref->digest, colon + 1))
    {
      ref->tag = xstrdup ("latest");
      return NULL;
    }
  ref->tag = xstrdup (colon + 1);
  ref->is_tag_typed = true;
  return tag_fault (ref->tag);
}

/* Split NAME, which has neither scheme nor tag nor digest, into REF.  */
static const char *
split_name (struct reference *ref, const char *name)
{
  const char *path = name;
  const char *slash = strchr (name, '/');

  if (ref->scheme != NULL && slash == NULL)
    return _ ("the name of the image is missing");
  if (slash != NULL && slash != name
      && (ref->scheme != NULL
          || looks_like_host (name, (size_t) (slash - name))))
    {
      size_t count = (size_t) (slash - name);
      const char *fault = host_fault (name, count);
      if (fault != NULL)
        return fault;
      ref->host = xasprintf ("%.*s", (int) count, name);
      path = slash + 1;
    }
  if (strlen (name) > NAME_LIMIT)
    return _ ("the name is too long");
  if (*path == '/')
    return path == name ? _ ("a name is not an absolute path")
                        : _ ("a part of the name is empty");
  if (path == name && *name == '_')
    return _ ("a name begins with a letter or a digit");

  for (const char *p = path;;)
    {
      size_t count = strcspn (p, "/");
      const char *fault = component_fault (p, count);
      if (fault != NULL)
        return fault;
      if (p[count] == '\0')
        break;
      p += count + 1;
    }
  ref->repository = xstrdup (path);
  ref->name = xstrdup (name);
  return NULL;
}

int
reference_parse (struct reference *ref, const char *text, struct error *err)
{
  struct reference made = { 0 };
  const char *rest = text;

  if (strncasecmp (text, "http://", 7) == 0)
    {
      made.scheme = xstrdup ("http");
      rest = text + 7;
    }
  else if (strncasecmp (text, "https://", 8) == 0)
    {
      made.scheme = xstrdup ("https");
      rest = text + 8;
    }

  AUTO_FREE char *name = xstrdup (rest);
  const char *fault = split_tail (&made, name);
  if (fault == NULL)
    fault = split_name (&made, name);
  if (fault != NULL)
    {
      reference_release (&made);
      return refuse (err, text, fault);
    }
  made.typed = xstrdup (text);
  *ref = made;
  return 0;
}

void
reference_release (struct reference *ref)
{
  free (ref->typed);
  free (ref->scheme);
  free (ref->host);
  free (ref->name);
  free (ref->repository);
  free (ref->tag);
  free (ref->digest);
  *ref = (struct reference){ 0 };
}

const char *
reference_local_tag (const struct reference *ref)
{
  return ref->digest != NULL ? ref->digest : ref->tag;
}

const char *
reference_remote_tag (const struct reference *ref)
{
  return ref->digest != NULL ? ref->digest : ref->tag;
}

size_t
reference_host_size (const char *text)
{
  size_t size = strcspn (text, "/");

  return text[size] == '/' && looks_like_host (text, size) ? size : 0;
}

bool
reference_host_is_docker_hub (const char *host)
{
  static const char *const names[] = {
    "docker.io",
    "index.docker.io",
    "registry.hub.docker.com",
    "registry-1.docker.io",
    "hub.docker.com",
  };

  if (host == NULL)
    return true;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcasecmp (host, names[i]) == 0)
      return true;
  return false;
}

/* Return whether the COUNT bytes at TEXT are a component that registries
   take: words of small letters and digits, joined by one '.', one or two '_'
   or any number of '-'.  */
static bool
is_remote_component (const char *text, size_t count)
{
  size_t i = 0;

  for (;;)
    {
      size_t start = i;
      while (i < count && (is_lower (text[i]) || is_digit (text[i])))
        i++;
      if (i == start)
        return false;
      if (i == count)
        return true;
      if (text[i] == '.')
        i++;
      else if (text[i] == '_')
        i += i + 1 < count && text[i + 1] == '_' ? 2 : 1;
      else
        while (i < count && text[i] == '-')
          i++;
      if (i == count)
        return false;
    }
}

int
reference_check_remote (const struct reference *ref, struct error *err)
{
  for (const char *p = ref->repository; *p != '\0'; p++)
    if (is_upper (*p))
      return error_set (err, EINVAL,
                        _ ("'%s': names of images in a registry have no"
                           " upper-case letters"),
                        ref->typed);
  for (const char *p = ref->repository;;)
    {
      size_t count = strcspn (p, "/");
      if (!is_remote_component (p, count))
        return error_set (err, EINVAL,
                          _ ("'%s': no registry has names like '%.*s'"),
                          ref->typed, (int) count, p);
      if (p[count] == '\0')
        break;
      p += count + 1;
    }
  if (strlen (ref->repository) > REMOTE_LIMIT)
    return error_set (err, EINVAL,
                      _ ("'%s': the name is longer than a registry takes"),
                      ref->typed);
  return 0;
}

char *
reference_remote_name (const struct reference *ref, bool hub)
{
  if (hub && strchr (ref->repository, '/') == NULL)
    return xasprintf ("library/%s", ref->repository);
  return xstrdup (ref->repository);
}
