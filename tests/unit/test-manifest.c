/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Test manifests and the choice of a platform.  */

#include <config.h>

#include "src/image/manifest.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"
#include "tests/unit/tap.h"

#define D1                                                                     \
  "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2                                                                     \
  "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define D3                                                                     \
  "sha256:3333333333333333333333333333333333333333333333333333333333333333"

static const char docker_image[] =
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker."
    "distribution.manifest.v2+json\",\"config\":{\"mediaType\":"
    "\"application/vnd.docker.container.image.v1+json\",\"size\":7023,"
    "\"digest\":\"" D1 "\"},\"layers\":[{\"mediaType\":\"application/vnd."
    "docker.image.rootfs.diff.tar.gzip\",\"size\":32654,\"digest\":\"" D2
    "\"},{\"size\":16724,\"digest\":\"" D3 "\"},{\"size\":16724,"
    "\"digest\":\"" D3 "\"}]}";

static const char schema1[] =
    "{\"schemaVersion\":1,\"name\":\"x\",\"tag\":\"latest\","
    "\"architecture\":\"amd64\",\"fsLayers\":[{\"blobSum\":\"" D2
    "\"},{\"blobSum\":\"" D1 "\"}],\"history\":[{\"v1Compatibility\":"
    "\"{\\\"architecture\\\":\\\"amd64\\\"}\"},{\"v1Compatibility\":"
    "\"{}\"}],\"signatures\":[]}";

#define ENTRY(digest, platform)                                                \
  "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"size\":1,"  \
  "\"digest\":\"" digest "\"" platform "}"
#define PLATFORM(os, architecture, rest)                                       \
  ",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" architecture          \
  "\"" rest "}"
#define VARIANT(variant) ",\"variant\":\"" variant "\""
#define INDEX(entries) "{\"schemaVersion\":2,\"manifests\":[" entries "]}"

/* Texts that are no manifests, and the number and a part of the sentence.  */
static const struct
{
  const char *text;
  int number;
  const char *part;
} bad[] = {
  { "", EBADMSG, "not JSON" },
  { "<html>", EBADMSG, "not JSON" },
  { "[]", EBADMSG, "no JSON object" },
  { "{}", EBADMSG, "layers section missing" },
  { "{\"layers\":[],\"manifests\":[]}", EBADMSG, "at once" },
  { "{\"layers\":[]}", EBADMSG, "no configuration" },
  { "{\"layers\":[],\"config\":{}}", EBADMSG, "no digest" },
  { "{\"layers\":[],\"config\":{\"digest\":\"../x\",\"size\":1}}", EBADMSG,
    "neither sha256 nor sha512" },
  { "{\"layers\":[],\"config\":{\"digest\":\"" D1 "\"}}", EBADMSG, "no size" },
  { "{\"layers\":[],\"config\":{\"digest\":\"" D1 "\",\"size\":-1}}", EBADMSG,
    "no size" },
  { "{\"layers\":[],\"config\":{\"digest\":\"" D1 "\",\"size\":99999999}}",
    EBADMSG, "too big" },
  { "{\"layers\":[{}],\"config\":{\"digest\":\"" D1 "\",\"size\":1}}", EBADMSG,
    "a layer has no digest" },
  { "{\"layers\":[7],\"config\":{\"digest\":\"" D1 "\",\"size\":1}}", EBADMSG,
    "a layer has no digest" },
  { "{\"layers\":[{\"digest\":\"" D1 "\",\"size\":1e300}],\"config\":"
    "{\"digest\":\"" D1 "\",\"size\":1}}",
    EBADMSG, "a layer has no size" },
  { "{\"layers\":[],\"config\":{\"mediaType\":\"application/vnd.cncf.helm."
    "config.v1+json\",\"digest\":\"" D1 "\",\"size\":1}}",
    ENOTSUP, "no container image" },
  { "{\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip"
    "+encrypted\",\"digest\":\"" D1 "\",\"size\":1}],\"config\":{\"digest\":"
    "\"" D1 "\",\"size\":1}}",
    ENOTSUP, "encrypted" },
  { "{\"manifests\":[{}]}", EBADMSG, "an entry has no digest" },
  { "{\"schemaVersion\":1}", EBADMSG, "layers section missing" },
  { "{\"schemaVersion\":1,\"fsLayers\":[],\"history\":[]}", EBADMSG,
    "layers section missing" },
  { "{\"schemaVersion\":1,\"fsLayers\":[{\"blobSum\":\"x\"}],\"history\":"
    "[{\"v1Compatibility\":\"{}\"}]}",
    EBADMSG, "a layer has no digest" },
  { "{\"schemaVersion\":1,\"fsLayers\":[{\"blobSum\":\"" D1
    "\"}],\"history\":[{}]}",
    EBADMSG, "no configuration" },
};

/* Which entry of an index is chosen: 1 to 3, 0 for none.  */
static const struct
{
  const char *wanted, *index;
  int chosen;
} choices[] = {
  { "linux/amd64",
    INDEX (ENTRY (D1, PLATFORM ("linux", "arm64", "")) "," ENTRY (
        D2, PLATFORM ("linux", "amd64", ""))),
    2 },
  { "Linux/AMD64", INDEX (ENTRY (D1, PLATFORM ("linux", "amd64", ""))), 1 },
  { "amd64", INDEX (ENTRY (D1, PLATFORM ("Linux", "AMD64", ""))), 1 },
  { "x86_64", INDEX (ENTRY (D1, PLATFORM ("linux", "amd64", ""))), 1 },
  { "linux/amd64", INDEX (ENTRY (D1, PLATFORM ("windows", "amd64", ""))), 0 },
  { "windows/amd64", INDEX (ENTRY (D1, PLATFORM ("windows", "amd64", ""))), 1 },
  { "linux/arm64",
    INDEX (ENTRY (D1, PLATFORM ("linux", "arm64", VARIANT ("v8")))), 1 },
  { "linux/arm64/v8", INDEX (ENTRY (D1, PLATFORM ("linux", "arm64", ""))), 1 },
  { "arm64/v8", INDEX (ENTRY (D1, PLATFORM ("linux", "arm64", ""))), 1 },
  { "linux/arm64",
    INDEX (ENTRY (D1, PLATFORM ("linux", "arm64", VARIANT ("v9")))), 0 },
  { "linux/arm",
    INDEX (ENTRY (D1, PLATFORM ("linux", "arm", VARIANT ("v5"))) "," ENTRY (
        D2, PLATFORM ("linux", "arm", VARIANT ("v7")))),
    2 },
  { "linux/arm/v7",
    INDEX (ENTRY (D1, PLATFORM ("linux", "arm", VARIANT ("v5"))) "," ENTRY (
        D2, PLATFORM ("linux", "arm", VARIANT ("v6")))),
    2 },
  { "linux/arm/v6",
    INDEX (ENTRY (D1, PLATFORM ("linux", "arm", VARIANT ("v7"))) "," ENTRY (
        D2, PLATFORM ("linux", "arm", VARIANT ("v5")))),
    2 },
  { "linux/arm/v5",
    INDEX (ENTRY (D1, PLATFORM ("linux", "arm", VARIANT ("v6")))), 0 },
  { "linux/arm/v6", INDEX (ENTRY (D1, PLATFORM ("linux", "arm", ""))), 0 },
  { "linux/arm/v7", INDEX (ENTRY (D1, PLATFORM ("linux", "arm", ""))), 1 },
  { "armv7l", INDEX (ENTRY (D1, PLATFORM ("linux", "arm", VARIANT ("v7")))),
    1 },
  { "linux/amd64",
    INDEX (ENTRY (D1, PLATFORM ("linux", "amd64", VARIANT ("v3"))) "," ENTRY (
        D2, PLATFORM ("linux", "amd64", ""))),
    2 },
  { "linux/amd64/v3",
    INDEX (ENTRY (D1, PLATFORM ("linux", "amd64", "")) "," ENTRY (
        D2, PLATFORM ("linux", "amd64",
                      VARIANT ("v2"))) "," ENTRY (D3,
                                                  PLATFORM ("linux", "amd64",
                                                            VARIANT ("v4")))),
    2 },
  { "linux/amd64",
    INDEX (ENTRY (D1, PLATFORM ("linux", "amd64", "")) "," ENTRY (
        D2, PLATFORM ("linux", "amd64", ""))),
    1 },
  { "linux/amd64", INDEX (ENTRY (D1, PLATFORM ("unknown", "unknown", ""))), 0 },
  { "linux/amd64",
    INDEX (ENTRY (
        D1, PLATFORM ("linux", "amd64",
                      "") ",\"annotations\":{\"vnd.docker.reference.type\":"
                          "\"attestation-manifest\"}")),
    0 },
  { "linux/amd64", INDEX (ENTRY (D1, "")), 1 },
  { "linux/amd64", INDEX (ENTRY (D1, "") "," ENTRY (D2, "")), 0 },
  { "linux/amd64",
    INDEX (ENTRY (D1, "") "," ENTRY (D2, PLATFORM ("linux", "amd64", ""))), 2 },
  { "linux/s390x", INDEX (""), 0 },
};

static const char *const bad_platforms[] = {
  "",        "/",       "linux",        "linux/",
  "/amd64",  "a/b/c/d", "linux/amd 64", "linux/../x",
  "nonsense"
};

static void
test_images (void)
{
  struct manifest manifest = { 0 };
  struct error err = { 0 };

  tap_is_number (manifest_parse (&manifest, docker_image,
                                 sizeof docker_image - 1, NULL, &err),
                 0, "docker's schema 2");
  tap_is_number (manifest.kind, MANIFEST_IMAGE, "is an image");
  tap_is_string (manifest.config.digest, D1, "its configuration");
  tap_is_number (manifest.config.size, 7023, "and the size of it");
  tap_is_number ((long long) manifest.layer_count, 3, "its layers");
  tap_is_string (manifest.layers[0].digest, D2, "the lowest first");
  tap_is_number (manifest.layers[2].size, 16724, "with sizes");
  manifest_release (&manifest);

  tap_is_number (
      manifest_parse (&manifest, schema1, sizeof schema1 - 1, NULL, &err), 0,
      "docker's schema 1");
  tap_is_number (manifest.kind, MANIFEST_SCHEMA1, "is known as such");
  tap_is_number ((long long) manifest.layer_count, 2, "its layers");
  tap_is_string (manifest.layers[0].digest, D1, "the lowest first");
  tap_is_number (manifest.layers[0].size, -1, "without sizes");
  tap_is_string (manifest.v1_config, "{\"architecture\":\"amd64\"}",
                 "its configuration");
  tap_ok (manifest.config.digest == NULL, "which is no blob");
  manifest_release (&manifest);
  error_release (&err);
}

static void
test_bad (void)
{
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    {
      struct manifest manifest = { 0 };
      struct error err = { 0 };
      int status = manifest_parse (&manifest, bad[i].text, strlen (bad[i].text),
                                   NULL, &err);

      if (!tap_ok (status == -bad[i].number && manifest.kind == MANIFEST_NONE
                       && strstr (err.text, bad[i].part) != NULL,
                   "'%.60s' is no manifest", bad[i].text))
        tap_note ("%d %s", status, err.text == NULL ? "" : err.text);
      manifest_release (&manifest);
      error_release (&err);
    }

  struct manifest manifest = { 0 };
  struct error err = { 0 };
  struct buffer deep = { 0 };
  for (int i = 0; i < 100000; i++)
    buffer_add_string (&deep, "{\"layers\":[");
  tap_ok (manifest_parse (&manifest, deep.data, deep.length, NULL, &err) < 0,
          "neither is one of endless depth");
  buffer_release (&deep);
  error_release (&err);
}

static void
test_choices (void)
{
  static const char *const digests[] = { NULL, D1, D2, D3 };

  for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
    {
      struct manifest manifest = { 0 };
      struct platform wanted = { 0 };
      struct error err = { 0 };

      if (platform_parse (&wanted, choices[i].wanted, &err) < 0
          || manifest_parse (&manifest, choices[i].index,
                             strlen (choices[i].index), NULL, &err)
                 < 0)
        tap_bail (err.text);
      const struct manifest_descriptor *chosen =
          manifest_choose (&manifest, &wanted, &err);
      tap_note ("%s of %.200s", choices[i].wanted, choices[i].index);
      tap_is_string (chosen == NULL ? NULL : chosen->digest,
                     digests[choices[i].chosen], choices[i].wanted);
      if (choices[i].chosen == 0)
        tap_ok (err.number == ENOENT
                    && strstr (err.text, "no image found in manifest") != NULL,
                "  and says so");
      manifest_release (&manifest);
      platform_release (&wanted);
      error_release (&err);
    }
}

static void
test_platforms (void)
{
  struct platform platform = { 0 };
  struct error err = { 0 };

  for (size_t i = 0; i < sizeof bad_platforms / sizeof *bad_platforms; i++)
    {
      tap_is_number (platform_parse (&platform, bad_platforms[i], &err),
                     -EINVAL, bad_platforms[i]);
      error_release (&err);
    }
  platform_of_host (&platform);
  tap_is_string (platform.os, "linux", "the host is linux");
  tap_ok (platform.architecture != NULL, "and has an architecture");
  platform_release (&platform);
}

int
main (void)
{
  test_images ();
  test_bad ();
  test_choices ();
  test_platforms ();
  return tap_done ();
}
