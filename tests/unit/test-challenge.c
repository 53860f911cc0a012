/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Test the parsing of WWW-Authenticate.  */

#include <config.h>

#include "src/registry/challenge.h"

#include <errno.h>

#include "tests/unit/tap.h"

enum
{
  CHALLENGES_MAX = 3
};

/* Header values and the challenges in them; STATUS is what comes after the
   last.  */
static const struct
{
  const char *text;
  struct
  {
    const char *scheme, *realm, *service, *scope, *error;
  } challenges[CHALLENGES_MAX];
  int status;
} cases[] = {
  { "", { { NULL } }, 0 },
  { "  , ,", { { NULL } }, 0 },
  { "Basic realm=\"x\"", { { "basic", "x", NULL, NULL, NULL } }, 0 },
  { "Basic", { { "basic", NULL, NULL, NULL, NULL } }, 0 },
  { "Bearer realm=\"https://auth.docker.io/token\",service=\"registry."
    "docker.io\",scope=\"repository:library/x:pull\"",
    { { "bearer", "https://auth.docker.io/token", "registry.docker.io",
        "repository:library/x:pull", NULL } },
    0 },
  { "Bearer realm=\"https://a/t\", service=\"s\", "
    "scope=\"repository:x:pull,push\"",
    { { "bearer", "https://a/t", "s", "repository:x:pull,push", NULL } },
    0 },
  { "bEaReR realm = \"r\" , error=\"invalid_token\"",
    { { "bearer", "r", NULL, NULL, "invalid_token" } },
    0 },
  { "Bearer realm=\"a\\\"b\\\\c, d=e\",scope=s",
    { { "bearer", "a\"b\\c, d=e", NULL, "s", NULL } },
    0 },
  { "Bearer realm=https://a/t?x=y,service=s",
    { { "bearer", "https://a/t?x=y", "s", NULL, NULL } },
    0 },
  { "Basic realm=\"x\", Bearer realm=\"y\",service=\"s\"",
    { { "basic", "x", NULL, NULL, NULL }, { "bearer", "y", "s", NULL, NULL } },
    0 },
  { "Negotiate, Basic realm=\"x\"",
    { { "negotiate", NULL, NULL, NULL, NULL },
      { "basic", "x", NULL, NULL, NULL } },
    0 },
  { "Negotiate YWJjZA==, Newauth realm=\"apps\", type=1, title=\"Login to "
    "\\\"apps\\\"\", Basic realm=\"simple\"",
    { { "negotiate", NULL, NULL, NULL, NULL },
      { "newauth", "apps", NULL, NULL, NULL },
      { "basic", "simple", NULL, NULL, NULL } },
    0 },
  { "Bearer realm=\"first\",realm=\"second\"",
    { { "bearer", "first", NULL, NULL, NULL } },
    0 },
  { "Bearer realm=\"open", { { NULL } }, -EBADMSG },
  { "Bearer realm=", { { NULL } }, 1 },
  { "=", { { NULL } }, -EBADMSG },
  { "Bearer realm=\"x\" service=\"y\"", { { NULL } }, -EBADMSG },
  { "\"x\"", { { NULL } }, -EBADMSG },
};

int
main (void)
{
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      struct challenge challenge = { 0 };
      const char *text = cases[i].text;

      tap_note ("%s", text);
      for (size_t j = 0;
           j < CHALLENGES_MAX && cases[i].challenges[j].scheme != NULL; j++)
        {
          tap_is_number (challenge_next (&text, &challenge), 1, "a challenge");
          tap_is_string (challenge.scheme, cases[i].challenges[j].scheme,
                         "  scheme");
          tap_is_string (challenge.realm, cases[i].challenges[j].realm,
                         "  realm");
          tap_is_string (challenge.service, cases[i].challenges[j].service,
                         "  service");
          tap_is_string (challenge.scope, cases[i].challenges[j].scope,
                         "  scope");
          tap_is_string (challenge.error, cases[i].challenges[j].error,
                         "  error");
        }
      /* "x=" may be a parameter without value as well as data.  */
      int status = challenge_next (&text, &challenge);
      if (cases[i].status <= 0)
        tap_is_number (status, cases[i].status, "then the end or an error");
      else
        tap_ok (status == 1 && challenge.realm == NULL,
                "no value, no parameter");
      challenge_release (&challenge);
    }
  return tap_done ();
}
