/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Test the parsing of image references.  */

#include <config.h>

#include "src/registry/reference.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/error.h"
#include "tests/unit/tap.h"

#define SHA256                                                                 \
  "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What good references come to; REMOTE is NULL when no registry takes it.  */
static const struct
{
  const char *text, *scheme, *host, *name, *tag, *digest, *remote;
} good[] = {
  { "busybox", NULL, NULL, "busybox", "latest", NULL, "library/busybox" },
  { "a", NULL, NULL, "a", "latest", NULL, "library/a" },
  { "busybox:1.36", NULL, NULL, "busybox", "1.36", NULL, "library/busybox" },
  { "me/tool:v1", NULL, NULL, "me/tool", "v1", NULL, "me/tool" },
  { "docker.io/busybox", NULL, "docker.io", "docker.io/busybox", "latest", NULL,
    "library/busybox" },
  { "docker.io/library/busybox", NULL, "docker.io", "docker.io/library/busybox",
    "latest", NULL, "library/busybox" },
  { "quay.io/x", NULL, "quay.io", "quay.io/x", "latest", NULL, "x" },
  { "localhost/x", NULL, "localhost", "localhost/x", "latest", NULL, "x" },
  { "localhost:5000/a/b:tag", NULL, "localhost:5000", "localhost:5000/a/b",
    "tag", NULL, "a/b" },
  { "[::1]:5000/x", NULL, "[::1]:5000", "[::1]:5000/x", "latest", NULL, "x" },
  { "host:5000", NULL, NULL, "host", "5000", NULL, "library/host" },
  { "http://host/x:1", "http", "host", "host/x", "1", NULL, "x" },
  { "HTTPS://host:444/x", "https", "host:444", "host:444/x", "latest", NULL,
    "x" },
  { "x@" SHA256, NULL, NULL, "x", "latest", SHA256, "library/x" },
  { "x:1@" SHA256, NULL, NULL, "x", "1", SHA256, "library/x" },
  { "quay.io/x/y@" SHA256, NULL, "quay.io", "quay.io/x/y", "latest", SHA256,
    "x/y" },
  { "x:" SHA256, NULL, NULL, "x", "latest", SHA256, "library/x" },
  { "MyImage:Tag", NULL, NULL, "MyImage", "Tag", NULL, NULL },
  { "a/b__c/d-e.f", NULL, NULL, "a/b__c/d-e.f", "latest", NULL,
    "a/b__c/d-e.f" },
  { "a/b___c", NULL, NULL, "a/b___c", "latest", NULL, NULL },
  { "a/b-", NULL, NULL, "a/b-", "latest", NULL, NULL },
  { "x:_1", NULL, NULL, "x", "_1", NULL, "library/x" },
};

static const char *const bad[] = {
  "",
  "/",
  "/etc/passwd",
  "//x",
  "..",
  ".",
  "../x",
  "a/..",
  "a/../b",
  "a/./b",
  "a/.hidden",
  ".hidden/a",
  "a//b",
  "a/",
  "a/b/",
  "-x",
  "a/-x",
  "_x",
  "a b",
  "a\nb",
  "a\\b",
  "a/b%2e",
  "x:",
  "x:a:b",
  "x:a/b:c:d",
  "x:.",
  "x:..",
  "x:-1",
  "x:a b",
  "x@",
  "x@sha256:",
  "x@sha256:0123",
  "x@md5:d41d8cd98f00b204e9800998ecf8427e",
  "x@" SHA256 "0",
  "x@" SHA256 "@" SHA256,
  "@" SHA256,
  ":tag",
  "http://",
  "http://host",
  "http:///x",
  "http://host/",
  "http://user@host/x",
  "host:port/x",
  "host:0/x",
  "host:65536/x",
  "host:123456/x",
  "host:/x",
  "[::1/x",
  "[::1]",
  "ho st.com/x",
  "ftp://host/x",
  "x/\303\251",
};

static void
test_good (void)
{
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    {
      struct reference ref = { 0 };
      struct error err = { 0 };

      if (!tap_ok (reference_parse (&ref, good[i].text, &err) == 0,
                   "'%s' is a reference", good[i].text))
        {
          tap_note ("%s", err.text);
          error_release (&err);
          continue;
        }
      tap_is_string (ref.typed, good[i].text, "  its text is kept");
      tap_is_string (ref.scheme, good[i].scheme, "  scheme");
      tap_is_string (ref.host, good[i].host, "  host");
      tap_is_string (ref.name, good[i].name, "  local name");
      tap_is_string (ref.tag, good[i].tag, "  tag");
      tap_is_string (ref.digest, good[i].digest, "  digest");
      tap_is_string (reference_local_tag (&ref),
                     good[i].digest ? good[i].digest : good[i].tag,
                     "  local tag");
      int status = reference_check_remote (&ref, &err);
      tap_ok ((status == 0) == (good[i].remote != NULL), "  a registry %s it",
              good[i].remote ? "takes" : "refuses");
      if (good[i].remote != NULL)
        {
          char *remote = reference_remote_name (
              &ref, reference_host_is_docker_hub (ref.host));
          tap_is_string (remote, good[i].remote, "  remote name");
          free (remote);
        }
      error_release (&err);
      reference_release (&ref);
    }
}

static void
test_bad (void)
{
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    {
      struct reference ref = { 0 };
      struct error err = { 0 };

      tap_ok (reference_parse (&ref, bad[i], &err) == -EINVAL
                  && ref.typed == NULL
                  && strncmp (err.text, "must specify image:tag", 22) == 0,
              "'%s' is no reference", bad[i]);
      error_release (&err);
    }
}

static void
test_lengths (void)
{
  struct reference ref = { 0 };
  struct error err = { 0 };
  char text[4096];

  memset (text, 'a', sizeof text);
  text[sizeof text - 1] = '\0';
  tap_ok (reference_parse (&ref, text, &err) == -EINVAL,
          "an endless name is no reference");
  text[0] = 'x';
  text[1] = ':';
  text[2 + 128] = '\0';
  tap_ok (reference_parse (&ref, text, &err) == 0, "a tag has 128 characters");
  reference_release (&ref);
  text[2 + 128] = 'a';
  text[2 + 129] = '\0';
  tap_ok (reference_parse (&ref, text, &err) == -EINVAL, "and not 129");
  error_release (&err);
}

static void
test_digests (void)
{
  tap_ok (digest_is_valid (SHA256), "a sha256 digest is valid");
  tap_ok (!digest_is_valid (SHA256 "0"), "a longer one is not");
  tap_ok (!digest_is_valid ("sha256:0123"), "a shorter one is not");
  tap_ok (!digest_is_valid ("sha256:../../../../../../../../../../../../../"
                            "../../../../../../../../xx"),
          "a path is not");
  tap_ok (!digest_is_valid (
              "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef"
              "0123456789abcdef"),
          "one in upper case is not");
}

int
main (void)
{
  test_good ();
  test_bad ();
  test_lengths ();
  test_digests ();
  return tap_done ();
}
