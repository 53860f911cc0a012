/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Image references: what a user types to name an image.  */

#ifndef UDOCKER_REGISTRY_REFERENCE_H
#define UDOCKER_REGISTRY_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* The name of an image, taken apart.  All strings are heap-allocated and
   owned by the structure; start it as { 0 }.  */
struct reference
{
  char *typed;      /* the whole text, as it was typed */
  char *scheme;     /* "http" or "https" where it was spelt, else NULL */
  char *host;       /* host, with ":port" where there is one, or NULL when the
                       name has none */
  char *name;       /* the local name: the directory below repos/.  As typed,
                       host included, without scheme, tag and digest.  Safe
                       to append to a directory: relative, no component is
                       empty or begins with a dot */
  char *repository; /* what follows the host: the name at the registry, as
                       typed; see reference_remote_name */
  char *tag;        /* never NULL; "latest" when nothing was typed */
  bool is_tag_typed;
  char *digest; /* "sha256:HEX" or "sha512:HEX" in lower case, or NULL */
};

/* Take TEXT apart into REF, which the caller releases with
   reference_release.  Understands
   [http[s]://][HOST[:PORT]/]PATH[:TAG][@DIGEST]. The first component is a host
   when it has a dot or a colon, is "localhost" or follows a scheme, and another
   component follows.  Upper case is accepted (names of local images may have
   it).  Return 0, or -EINVAL with ERR set when TEXT cannot name an image ("..",
   empty or hidden components, absolute paths, strange characters, malformed
   digests, over-long parts).  */
int reference_parse (struct reference *ref, const char *text,
                     struct error *err);

/* Free what REF holds and make it { 0 }.  Accepts a { 0 } reference.  */
void reference_release (struct reference *ref);

/* Return the name of the directory below repos/NAME/ that belongs to REF: the
   digest where one was typed, else the tag.  Borrowed from REF.  */
const char *reference_local_tag (const struct reference *ref);

/* Return what REF is asked for by at a registry: the digest where one was
   typed, else the tag.  Borrowed from REF.  */
const char *reference_remote_tag (const struct reference *ref);

/* Return the size of the host, with its port, that stands in front of TEXT
   and is followed by a slash; 0 when there is none.  */
size_t reference_host_size (const char *text);

/* Return whether HOST (may have a port; may be NULL) means Docker Hub.
   NULL does.  */
bool reference_host_is_docker_hub (const char *host);

/* Check that REF can be asked for at a registry: repository in lower case and
   formed as the distribution specification says.  Return 0, or -EINVAL with
   ERR naming the offending part.  */
int reference_check_remote (const struct reference *ref, struct error *err);

/* Return the name of REF's repository at a registry, in memory that the
   caller frees: "library/" goes in front of a one-component name when HUB.  */
char *reference_remote_name (const struct reference *ref, bool hub);

/* Return whether TEXT is a digest that can be verified here: "sha256:" and 64
   or "sha512:" and 128 lower-case hexadecimal digits.  Such a text is also a
   safe file name.  */
bool digest_is_valid (const char *text);

#endif
