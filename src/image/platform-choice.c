/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors
   Platforms, and which of several suits.  */

#include <config.h>

#include "src/image/platform-choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "xalloc.h"
#include "xvasprintf.h"

#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "lib/base/i18n.h"

/* What else architectures are called, by uname -m first of all.  */
static const struct
{
  const char *name, *architecture, *variant;
} aliases[] = {
  { "x86_64", "amd64", NULL },
  { "x86-64", "amd64", NULL },
  { "aarch64", "arm64", NULL },
  { "armv8l", "arm", "v7" },
  { "armhf", "arm", "v7" },
  { "armv7l", "arm", "v7" },
  { "armv7", "arm", "v7" },
  { "armv6l", "arm", "v6" },
  { "armv6", "arm", "v6" },
  { "armel", "arm", "v6" },
  { "armv5tel", "arm", "v5" },
  { "armv5tejl", "arm", "v5" },
  { "i386", "386", NULL },
  { "i486", "386", NULL },
  { "i586", "386", NULL },
  { "i686", "386", NULL },
  { "x86", "386", NULL },
  { "ppc64el", "ppc64le", NULL },
  { "powerpc64le", "ppc64le", NULL },
  { "mips64el", "mips64le", NULL },
  { "mipsel", "mipsle", NULL },
};

/* Architectures that are known by the name the specification gives them; a
   single word that is none of them, nor an alias, is not taken for one.  */
static const char *const architectures[] = {
  "386",      "amd64",  "arm",   "arm64",   "loong64", "mips",  "mips64",
  "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64", "s390x", "wasm",
};

static char *
lower (const char *text, size_t size)
{
  char *copy = xasprintf ("%.*s", (int) size, text);
  for (char *p = copy; *p != '\0'; p++)
    if (*p >= 'A' && *p <= 'Z')
      *p = (char) (*p - 'A' + 'a');
  return copy;
}

/* Give PLATFORM the architecture ARCHITECTURE by its proper name, and the
   variant that this implies unless there is one.  */
static void
set_architecture (struct platform *platform, const char *architecture)
{
  free (TAKE (platform->architecture));
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
    if (strcmp (architecture, aliases[i].name) == 0)
      {
        platform->architecture = xstrdup (aliases[i].architecture);
        if (platform->variant == NULL && aliases[i].variant != NULL)
          platform->variant = xstrdup (aliases[i].variant);
        return;
      }
  platform->architecture = xstrdup (architecture);
}

static bool
is_architecture (const char *word)
{
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
    if (strcmp (word, aliases[i].name) == 0)
      return true;
  for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++)
    if (strcmp (word, architectures[i]) == 0)
      return true;
  return false;
}

static int
refuse (const char *text, struct error *err)
{
  return error_set (err, EINVAL,
                    _ ("'%s' is no platform: write OS/ARCHITECTURE or"
                       " OS/ARCHITECTURE/VARIANT, as in linux/arm64"),
                    text);
}

int
platform_parse (struct platform *platform, const char *text, struct error *err)
{
  enum
  {
    PARTS_MAX = 3
  };
  char *parts[PARTS_MAX] = { NULL };
  size_t count = 0;
  int status = 0;

  for (const char *p = text; status == 0; count++)
    {
      size_t size = strcspn (p, "/");
      if (size == 0 || size > 64 || count == PARTS_MAX || *p == '.'
          || strspn (p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_.-")
                 < size)
        {
          status = refuse (text, err);
          break;
        }
      parts[count] = lower (p, size);
      if (p[size] == '\0')
        {
          count++;
          break;
        }
      p += size + 1;
    }

  struct platform made = { 0 };
  if (status == 0 && count < 3 && is_architecture (parts[0]))
    {
      /* ARCHITECTURE[/VARIANT] */
      made.os = xstrdup ("linux");
      if (count == 2)
        made.variant = xstrdup (parts[1]);
      set_architecture (&made, parts[0]);
    }
  else if (status == 0 && count == 1)
    status = refuse (text, err);
  else if (status == 0)
    {
      made.os = xstrdup (parts[0]);
      if (count == 3)
        made.variant = xstrdup (parts[2]);
      set_architecture (&made, parts[1]);
    }
  for (size_t i = 0; i < PARTS_MAX; i++)
    free (parts[i]);
  if (status == 0)
    *platform = made;
  return status;
}

void
platform_of_host (struct platform *platform)
{
  struct utsname names;
  AUTO_FREE char *machine = NULL;

  *platform = (struct platform){ 0 };
  platform->os = xstrdup ("linux");
  if (uname (&names) < 0)
    {
      platform->architecture = xstrdup ("amd64");
      return;
    }
  machine = lower (names.machine, strlen (names.machine));
  set_architecture (platform, machine);
}

void
platform_release (struct platform *platform)
{
  free (platform->os);
  free (platform->architecture);
  free (platform->variant);
  *platform = (struct platform){ 0 };
}

char *
platform_text (const struct platform *platform)
{
  const char *os = platform->os == NULL ? "unknown" : platform->os;
  const char *architecture =
      platform->architecture == NULL ? "unknown" : platform->architecture;

  if (platform->variant == NULL || *platform->variant == '\0')
    return xasprintf ("%s/%s", os, architecture);
  return xasprintf ("%s/%s/%s", os, architecture, platform->variant);
}

/* Return the number in the variant TEXT, "vN" (what follows N is ignored), or
   -1.  NULL and "" count as WITHOUT.  */
static int
variant_number (const char *text, int without)
{
  if (text == NULL || *text == '\0')
    return without;
  if (text[0] != 'v' || text[1] < '0' || text[1] > '9')
    return -1;
  int number = text[1] - '0';
  if (text[2] >= '0' && text[2] <= '9')
    number = number * 10 + (text[2] - '0');
  return number;
}

static bool
same_text (const char *a, const char *b)
{
  return strcmp (a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

unsigned int
platform_suits (const struct platform *wanted, const struct platform *offered)
{
  enum
  {
    EXACT = 1000
  };

  if (offered->os == NULL || offered->architecture == NULL
      || strcmp (wanted->os, offered->os) != 0
      || strcmp (wanted->architecture, offered->architecture) != 0)
    return 0;
  if (same_text (wanted->variant, offered->variant))
    return EXACT;

  /* What is taken for granted where no variant is given.  */
  bool is_arm = strcmp (wanted->architecture, "arm") == 0;
  bool is_arm64 = strcmp (wanted->architecture, "arm64") == 0;
  bool is_amd64 = strcmp (wanted->architecture, "amd64") == 0;
  if (!is_arm && !is_arm64 && !is_amd64)
    return wanted->variant == NULL ? 1 : 0;
  int usual = is_arm ? 7 : is_arm64 ? 8 : 1;
  int want = variant_number (wanted->variant, usual);
  int offer = variant_number (offered->variant, usual);
  if (want < 0 || offer < 0 || offer > want)
    return 0;
  return (unsigned int) (EXACT - 1 - (want - offer) * 10);
}
