/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Fuzz the parsing of image references and of WWW-Authenticate: what comes
   out is safe to use as a path and as a part of a URL.
   Built with: src/registry/reference.c src/registry/challenge.c
   Built with: src/registry/libregistry.a lib/base/libbase.a
   Built with: lib/gnulib/libgnu.a -lcrypto -lcurl -ljson-c
 */

#include <config.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/error.h"
#include "src/registry/challenge.h"
#include "src/registry/reference.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Check that NAME stays below the directory it is appended to.  */
static void
check_path (const char *name)
{
  assert (*name != '\0' && *name != '/');
  for (const char *p = name;; p++)
    {
      size_t count = strcspn (p, "/");
      assert (count > 0 && *p != '.' && count < 256);
      p += count;
      if (*p == '\0')
        break;
    }
}

static void
check_reference (const char *text)
{
  struct reference ref = { 0 };
  struct error err = { 0 };

  if (reference_parse (&ref, text, &err) < 0)
    {
      assert (err.text != NULL && ref.typed == NULL);
      error_release (&err);
      return;
    }
  check_path (ref.name);
  check_path (reference_local_tag (&ref));
  assert (strchr (reference_local_tag (&ref), '/') == NULL);
  assert (ref.digest == NULL || digest_is_valid (ref.digest));
  assert (strpbrk (ref.repository, "?#%@:\\ \t\r\n") == NULL);
  assert (strpbrk (ref.tag, "/?#%@:\\ \t\r\n") == NULL);
  assert (ref.host == NULL || strpbrk (ref.host, "/?#%@\\ \t\r\n") == NULL);
  if (reference_check_remote (&ref, &err) == 0)
    free (
        reference_remote_name (&ref, reference_host_is_docker_hub (ref.host)));
  error_release (&err);
  reference_release (&ref);
}

static void
check_challenges (const char *text)
{
  struct challenge challenge = { 0 };
  const char *rest = text;

  while (challenge_next (&rest, &challenge) > 0)
    assert (challenge.scheme != NULL && rest > text
            && rest <= text + strlen (text));
  challenge_release (&challenge);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  char *text = malloc (size + 1);

  if (text == NULL)
    return 0;
  memcpy (text, data, size);
  text[size] = '\0';
  check_reference (text);
  check_challenges (text);
  free (text);
  return 0;
}
