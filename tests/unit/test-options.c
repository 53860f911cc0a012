/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Tests of the command line parser.  */

#include <config.h>

#include "src/cmd/options.h"

#include <errno.h>

#include "lib/base/buffer.h"
#include "lib/base/cleanup.h"
#include "lib/base/error.h"
#include "src/config/setting.h"
#include "tests/unit/tap.h"
#include "xalloc.h"

struct sample_options
{
  bool rm;
  bool interactive;
  bool tty;
  const char *name;
  const char *pull;
  struct option_list volumes;
  struct option_list env;
};

#define TARGET(member) OPTION_TARGET (struct sample_options, member)

static const char *const pull_choices[] = { "missing", "never", "always",
                                            "reuse", NULL };

static const struct option_row rows[] = {
  { .name = "rm", .kind = OPTION_FLAG, .target = TARGET (rm) },
  { .name = "interactive",
    .letter = 'i',
    .kind = OPTION_FLAG,
    .target = TARGET (interactive) },
  { .name = "tty", .letter = 't', .kind = OPTION_FLAG, .target = TARGET (tty) },
  { .name = "name", .kind = OPTION_VALUE, .target = TARGET (name) },
  { .name = "pull",
    .kind = OPTION_OPTIONAL,
    .choices = pull_choices,
    .target = TARGET (pull) },
  { .name = "volume",
    .letter = 'v',
    .kind = OPTION_LIST,
    .target = TARGET (volumes) },
  { .name = "env", .letter = 'e', .kind = OPTION_LIST, .target = TARGET (env) },
  { .name = "network", .kind = OPTION_VALUE, .ignored = true },
  { .name = "init", .kind = OPTION_FLAG, .ignored = true },
  { .name = "privileged",
    .kind = OPTION_FLAG,
    .refusal = "there are no privileges to give" },
  { 0 },
};

/* Append what OPTIONS holds to OUT in a form that is easy to compare.  */
static void
describe (const struct sample_options *options, struct buffer *out)
{
  if (options->rm)
    buffer_add_string (out, "rm ");
  if (options->interactive)
    buffer_add_string (out, "i ");
  if (options->tty)
    buffer_add_string (out, "t ");
  if (options->name != NULL)
    buffer_add_format (out, "name=%s ", options->name);
  if (options->pull != NULL)
    buffer_add_format (out, "pull=%s ", options->pull);
  for (size_t i = 0; i < options->volumes.count; i++)
    buffer_add_format (out, "v=%s ", options->volumes.items[i]);
  for (size_t i = 0; i < options->env.count; i++)
    buffer_add_format (out, "e=%s ", options->env.items[i]);
}

/* Parse LINE, words separated by one blank ("_" is the empty word), and
   return what came of it: the options, a bar and the operands, or the error.
   The caller frees it.  */
static char *
parse (const char *line, enum option_order order)
{
  struct sample_options options = { 0 };
  AUTO_ERROR struct error err = { 0 };
  AUTO_BUFFER (out);
  AUTO_FREE char *copy = xstrdup (line);
  char *argv[32] = { NULL };
  int argc = 0;
  int first = 0;
  char empty[] = "";
  char program[] = "sample";

  argv[argc++] = program;
  for (char *word = copy; word != NULL && *word != '\0';)
    {
      char *end = strchr (word, ' ');
      if (end != NULL)
        *end++ = '\0';
      argv[argc++] = strcmp (word, "_") == 0 ? empty : word;
      word = end;
    }

  int status = options_parse (rows, order, argc, argv, &options, &first, &err);
  if (status == 1)
    buffer_add_string (&out, "HELP");
  else if (status < 0)
    buffer_add_string (&out, status == -EINVAL ? err.text : "other status");
  else
    {
      describe (&options, &out);
      buffer_add_char (&out, '|');
      for (int i = first; i < argc; i++)
        buffer_add_format (&out, " %s", argv[i]);
    }
  options_release (rows, &options);
  return buffer_take (&out);
}

static const struct
{
  enum option_order order;
  const char *line;
  const char *expected;
} cases[] = {
  { OPTIONS_ANYWHERE, "", "|" },
  { OPTIONS_ANYWHERE, "a b", "| a b" },
  { OPTIONS_ANYWHERE, "--name=x a", "name=x | a" },
  { OPTIONS_ANYWHERE, "--name x a", "name=x | a" },
  { OPTIONS_ANYWHERE, "a --name x b --rm", "rm name=x | a b" },
  { OPTIONS_ANYWHERE, "--name= a", "name= | a" },
  { OPTIONS_ANYWHERE, "--name _ a", "name= | a" },
  { OPTIONS_ANYWHERE, "--name --rm a", "name=--rm | a" },
  { OPTIONS_ANYWHERE, "--name=a --name=b", "name=b |" },
  { OPTIONS_ANYWHERE, "-v a:b", "v=a:b |" },
  { OPTIONS_ANYWHERE, "-v=a:b", "v=a:b |" },
  { OPTIONS_ANYWHERE, "-va:b", "v=a:b |" },
  { OPTIONS_ANYWHERE, "-v =a", "v==a |" },
  { OPTIONS_ANYWHERE, "-v= x", "v= | x" },
  { OPTIONS_ANYWHERE, "-e A=B=C -e=A=B", "e=A=B=C e=A=B |" },
  { OPTIONS_ANYWHERE, "-v a --volume=b --volume c -vd", "v=a v=b v=c v=d |" },
  { OPTIONS_ANYWHERE, "--volume X:Y --name=n -e A=1", "name=n v=X:Y e=A=1 |" },
  { OPTIONS_ANYWHERE, "-it", "i t |" },
  { OPTIONS_ANYWHERE, "-ti x", "i t | x" },
  { OPTIONS_ANYWHERE, "-itv a:b x", "i t v=a:b | x" },
  { OPTIONS_ANYWHERE, "-itv=a:b x", "i t v=a:b | x" },
  { OPTIONS_ANYWHERE, "-t=true", "t |" },
  { OPTIONS_ANYWHERE, "-it=false", "i |" },
  { OPTIONS_ANYWHERE, "--rm=true", "rm |" },
  { OPTIONS_ANYWHERE, "--rm=TRUE --tty=1", "rm t |" },
  { OPTIONS_ANYWHERE, "--rm --rm=false", "|" },
  { OPTIONS_ANYWHERE, "--rm true", "rm | true" },
  { OPTIONS_ANYWHERE, "--pull a", "pull= | a" },
  { OPTIONS_ANYWHERE, "--pull=never a", "pull=never | a" },
  { OPTIONS_ANYWHERE, "--pull always a", "pull=always | a" },
  { OPTIONS_ANYWHERE, "a --pull always", "pull=always | a" },
  { OPTIONS_ANYWHERE, "a --pull", "pull= | a" },
  { OPTIONS_ANYWHERE, "-- --rm", "| --rm" },
  { OPTIONS_ANYWHERE, "--rm -- -v x", "rm | -v x" },
  { OPTIONS_ANYWHERE, "a -- --rm", "| a --rm" },
  { OPTIONS_ANYWHERE, "a -", "| a -" },
  { OPTIONS_ANYWHERE, "--network=host --init a", "| a" },
  { OPTIONS_ANYWHERE, "--init=false --network host a", "| a" },
  { OPTIONS_ANYWHERE, "--help", "HELP" },
  { OPTIONS_ANYWHERE, "-h", "HELP" },
  { OPTIONS_ANYWHERE, "-ith", "HELP" },
  { OPTIONS_ANYWHERE, "a b --help", "HELP" },

  { OPTIONS_BEFORE_OPERANDS, "--rm c ls --rm", "rm | c ls --rm" },
  { OPTIONS_BEFORE_OPERANDS, "-it c -- --help", "i t | c -- --help" },
  { OPTIONS_BEFORE_OPERANDS, "--rm -- c -v x", "rm | c -v x" },
  { OPTIONS_BEFORE_OPERANDS, "--pull always --rm c", "rm pull=always | c" },
  { OPTIONS_BEFORE_OPERANDS, "_ --rm", "|  --rm" },

  { OPTIONS_ANYWHERE, "--volme=x",
    "syntax error at: --volme=x: unknown option, did you mean '--volume'?" },
  { OPTIONS_ANYWHERE, "--vol x",
    "syntax error at: --vol: unknown option, did you mean '--volume'?" },
  { OPTIONS_ANYWHERE, "--vol=x",
    "syntax error at: --vol=x: unknown option, did you mean '--volume'?" },
  { OPTIONS_ANYWHERE, "a --vol",
    "syntax error at: --vol: unknown option, did you mean '--volume'?" },
  { OPTIONS_ANYWHERE, "--hel",
    "syntax error at: --hel: unknown option, did you mean '--help'?" },
  { OPTIONS_ANYWHERE, "--n", "syntax error at: --n: unknown option" },
  { OPTIONS_ANYWHERE, "--bogus", "syntax error at: --bogus: unknown option" },
  { OPTIONS_ANYWHERE, "--in", "syntax error at: --in: unknown option" },
  { OPTIONS_ANYWHERE, "-x", "syntax error at: -x: unknown option" },
  { OPTIONS_ANYWHERE, "-itx", "syntax error at: -x: unknown option" },
  { OPTIONS_ANYWHERE, "-name=x",
    "syntax error at: -name=x: unknown option, did you mean '--name'?" },
  { OPTIONS_ANYWHERE, "-=", "syntax error at: -=: unknown option" },
  { OPTIONS_ANYWHERE, "a --name",
    "syntax error at: --name: the option needs a value" },
  { OPTIONS_ANYWHERE, "a -v",
    "syntax error at: --volume: the option needs a value" },
  { OPTIONS_ANYWHERE, "--rm=maybe",
    "syntax error at: --rm=maybe: the value must be true or false" },
  { OPTIONS_ANYWHERE, "-t= x",
    "syntax error at: --tty=: the value must be true or false" },
  { OPTIONS_ANYWHERE, "--pull=sometimes",
    "syntax error at: --pull=sometimes: the value must be one of missing, "
    "never, always, reuse" },
  { OPTIONS_ANYWHERE, "--help=x",
    "syntax error at: --help=x: the option takes no value" },
  { OPTIONS_ANYWHERE, "--privileged a",
    "--privileged: there are no privileges to give" },
};

int
main (void)
{
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
      AUTO_FREE char *actual = parse (cases[i].line, cases[i].order);
      AUTO_BUFFER (what);
      buffer_add_format (&what, "'%s'%s", cases[i].line,
                         cases[i].order == OPTIONS_ANYWHERE ? "" : " (run)");
      tap_is_string (actual, cases[i].expected, what.data);
    }

  bool value = false;
  tap_ok (setting_read_truth ("On", &value) && value, "'On' is true");
  tap_ok (!setting_read_truth ("", &value), "'' is no truth value");

  static const char *const names[] = { "pull", "push", NULL, "images", "ps" };
  tap_is_string (options_nearest ("pul", names, 5), "pull", "'pul' is 'pull'");
  tap_is_string (options_nearest ("iamges", names, 5), "images",
                 "exchanged letters");
  tap_is_string (options_nearest ("xyz", names, 5), NULL, "'xyz' is nothing");
  tap_is_string (options_nearest ("", names, 5), NULL, "'' is nothing");
  return tap_done ();
}
