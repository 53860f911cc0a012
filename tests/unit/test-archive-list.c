/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   What the metadata in archives of images mean.  */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "src/image/archive-list.h"
#include "src/image/filters.h"
#include "tests/unit/tap.h"

#define DIGEST                                                                 \
  "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MADE "localhost/0123456789ab"

static void
test_member_names (void)
{
  static const struct
  {
    const char *path, *link, *name;
  } cases[] = {
    { "a", NULL, "a" },
    { "./a", NULL, "a" },
    { "/a//b/./c/", NULL, "a/b/c" },
    { "a/../b", NULL, "b" },
    { "a/b/../../c", NULL, "c" },
    { "../a", NULL, NULL },
    { "a/../../b", NULL, NULL },
    { "", NULL, NULL },
    { "/", NULL, NULL },
    { ".", NULL, NULL },
    { "..", NULL, NULL },
    { "...", NULL, "..." },
    { "..a/b", NULL, "..a/b" },
    { "../b/layer.tar", "a/layer.tar", "b/layer.tar" },
    { "b", "a/layer.tar", "a/b" },
    { "b", "layer.tar", "b" },
    { "/b", "a/layer.tar", "b" },
    { "../../b", "a/layer.tar", NULL },
    { "../../b", "a/c/layer.tar", "b" },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      AUTO_FREE char *name = archive_member_name (cases[i].path, cases[i].link);
      tap_is_string (name, cases[i].name, cases[i].path);
    }
}

static void
test_image_names (void)
{
  static const struct
  {
    const char *given;
    bool may_be_tag;
    const char *repository, *name, *tag;
    bool is_good;
  } cases[] = {
    { "a/b:c", false, NULL, "a/b", "c", true },
    { "a/b:c", true, NULL, "a/b", "c", true },
    { "a:5000/b", true, NULL, "a:5000/b", "latest", true },
    { "a", false, NULL, "a", "latest", true },
    { "a", true, NULL, MADE, "a", true },
    { "3.18", true, "x/y", "x/y", "3.18", true },
    { "a/b:c", false, "x/y", "x/y", "c", true },
    { "a@" DIGEST, true, NULL, "a", DIGEST, true },
    { NULL, false, NULL, MADE, "latest", true },
    { NULL, true, "x/y", "x/y", "latest", true },
    { "../x:1", false, NULL, MADE, "latest", false },
    { "<none>:<none>", false, NULL, MADE, "latest", false },
    { "a b", true, "x", "x", "latest", false },
    { "", true, NULL, MADE, "latest", false },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      AUTO_FREE char *name = NULL;
      AUTO_FREE char *tag = NULL;
      bool is_good =
          archive_image_name (cases[i].given, cases[i].may_be_tag,
                              cases[i].repository, DIGEST, &name, &tag);
      const char *given = cases[i].given == NULL ? "no name" : cases[i].given;
      tap_is_string (name, cases[i].name, given);
      tap_is_string (tag, cases[i].tag, "  its tag");
      tap_ok (is_good == cases[i].is_good, "  is it a name");
    }
}

static void
test_lists (void)
{
  static const char list[] =
      "[{\"Config\":\"c\",\"RepoTags\":[\"a:1\",\"b:2\"],"
      "\"Layers\":[\"x\",\"y\",\"x\"]},"
      "{\"Config\":\"d\",\"RepoTags\":null}]";
  static const char repositories[] =
      "{\"a/b\":{\"1\":\"x\",\"2\":\"y\"},\"odd\":1}";
  struct archive_list parsed = { 0 };
  AUTO_ERROR struct error err = { 0 };

  tap_is_number (archive_list_parse (&parsed, list, strlen (list), &err), 0,
                 "manifest.json");
  tap_is_number ((long long) parsed.count, 2, "  two images");
  tap_is_string (parsed.images[0].names[1], "b:2", "  a name");
  tap_is_number ((long long) parsed.images[0].layer_count, 3, "  layers");
  tap_is_number ((long long) parsed.images[1].name_count, 0, "  no names");
  archive_list_release (&parsed);
  tap_is_number (archive_list_parse_repositories (&parsed, repositories,
                                                  strlen (repositories), &err),
                 0, "repositories");
  tap_is_number ((long long) parsed.count, 2, "  two images");
  tap_is_string (parsed.images[1].names[0], "a/b:2", "  a name");
  tap_is_string (parsed.images[1].layers[0], "y", "  a layer");
  tap_ok (parsed.images[1].config == NULL, "  no configuration");
  archive_list_release (&parsed);
}

static void
test_compressions (void)
{
  static const struct
  {
    const char *start, *name;
  } cases[] = {
    { "\x1f\x8b\x08", "gzip" },
    { "\x28\xb5\x2f\xfd", "zstd" },
    { "\xfd"
      "7zXZ\0",
      "xz" },
    { "BZh91AY", "bzip2" },
    { "etc/passwd", NULL },
    { "", NULL },
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    {
      char start[8] = { 0 };
      memcpy (start, cases[i].start, strnlen (cases[i].start, sizeof start));
      tap_is_string (filters_name (start, sizeof start), cases[i].name,
                     "a compression");
    }
  tap_is_string (filters_name ("\x1f", 1), NULL, "too short");
}

int
main (void)
{
  test_member_names ();
  test_image_names ();
  test_lists ();
  test_compressions ();
  return tap_done ();
}
