/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Platforms (os/architecture/variant) and which of several suits.  */

#ifndef UDOCKER_IMAGE_PLATFORM_CHOICE_H
#define UDOCKER_IMAGE_PLATFORM_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* A platform in the words of the OCI image specification, lower case.  The
   strings are owned by the structure; start it as { 0 }.  */
struct platform
{
  char *os;           /* "linux" */
  char *architecture; /* "amd64", "arm64", "arm", ... */
  char *variant;      /* "v7", or NULL when none was given */
};

/* Read TEXT, OS/ARCHITECTURE[/VARIANT] or ARCHITECTURE[/VARIANT] alone, in
   any case, names of uname -m (x86_64, aarch64, armv7l) included, into
   PLATFORM, which the caller releases.  Return 0, or -EINVAL with ERR set.  */
int platform_parse (struct platform *platform, const char *text,
                    struct error *err);

/* Fill PLATFORM, which the caller releases, with what this machine runs.  */
void platform_of_host (struct platform *platform);

/* Free what PLATFORM holds and make it { 0 }.  */
void platform_release (struct platform *platform);

/* Return PLATFORM as "os/architecture[/variant]"; the caller frees it.  */
char *platform_text (const struct platform *platform);

/* Return how well OFFERED suits somebody who WANTED a platform: 0 not at all,
   more is better, an exact match best.  A wanted arm variant is also served
   by lower ones (v7 takes v6 and v5), a wanted platform without variant by
   any variant the specification takes for granted (arm64 is v8; arm without
   variant takes the highest offered up to v7), amd64 by v1.  */
unsigned int platform_suits (const struct platform *wanted,
                             const struct platform *offered);

#endif
