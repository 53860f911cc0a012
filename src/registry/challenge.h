/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   WWW-Authenticate: how a server wants to be convinced (RFC 7235).  */

#ifndef UDOCKER_REGISTRY_CHALLENGE_H
#define UDOCKER_REGISTRY_CHALLENGE_H

/* One challenge.  Strings are owned by the structure; start it as { 0 }.  */
struct challenge
{
  char *scheme; /* lower case: "basic", "bearer", ... */
  char *realm;  /* these are NULL when the server does not say */
  char *service;
  char *scope;
  char *error;
};

/* Read the next challenge of the header value *TEXT, of which there may be
   several, into CHALLENGE (released first), and move *TEXT behind it.
   Parameters may be quoted, with commas and backslashes inside; unknown ones
   and token68 data are skipped.  Return 1, 0 when there is no more, or
   -EBADMSG when *TEXT is malformed.  */
int challenge_next (const char **text, struct challenge *challenge);

/* Free what CHALLENGE holds and make it { 0 }.  */
void challenge_release (struct challenge *challenge);

#endif
