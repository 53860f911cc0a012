/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Fuzz what a registry answers to searches and to questions for lists: names
   that come out are harmless on a terminal, and counts make sense.
   Built with: src/registry/names.c src/registry/search-page.c lib/base/json.c
   Built with: lib/base/libbase.a lib/gnulib/libgnu.a -ljson-c
 */

#include <config.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/error.h"
#include "src/registry/names.h"
#include "src/registry/search-page.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_names (const char *text, size_t size)
{
  struct names names = { 0 };
  struct error err = { 0 };

  if (names_parse (text, size, "tags", &names, &err) < 0)
    assert (err.text != NULL);
  for (size_t i = 0; i < names.count; i++)
    {
      assert (*names.list[i] != '\0');
      for (const char *p = names.list[i]; *p != '\0'; p++)
        assert (*p > ' ' && *p <= '~');
    }
  names_release (&names);
  error_release (&err);
}

static void
check_page (const char *text, size_t size)
{
  struct search_page page = { 0 };
  struct error err = { 0 };

  if (search_page_parse (text, size, &page, &err) < 0)
    assert (err.text != NULL && page.count == 0);
  assert (page.count <= page.received);
  for (size_t i = 0; i < page.count; i++)
    assert (*page.results[i].name != '\0' && page.results[i].stars >= 0
            && page.results[i].description != NULL);
  search_page_release (&page);
  error_release (&err);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  char *text = malloc (size + 1);

  if (text == NULL)
    return 0;
  memcpy (text, data, size);
  text[size] = '\0';
  check_names (text, size);
  check_page (text, size);
  char *target = link_next (text);
  assert (target == NULL || strstr (text, target) != NULL);
  free (target);
  free (text);
  return 0;
}
