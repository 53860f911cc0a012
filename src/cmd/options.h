/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Command line options as data, and the one parser that reads them.  */

#ifndef UDOCKER_CMD_OPTIONS_H
#define UDOCKER_CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* What the values of a list option were, in the order of the command line.
   The texts borrow from argv.  */
struct option_list
{
  const char **items; /* COUNT texts, then NULL; NULL when COUNT is 0 */
  size_t count;
};

/* What an option takes, and the type of the member it is stored in.  */
enum option_kind
{
  OPTION_FLAG,     /* --x, --x=true, --x=false     bool */
  OPTION_VALUE,    /* --x=V, --x V; the last wins  const char * */
  OPTION_LIST,     /* --x=V, --x V; adds one       struct option_list */
  OPTION_OPTIONAL, /* --x, --x=V; "" for a bare --x  const char * */
};

/* OPTION_OPTIONAL takes the word behind it, as in "--x V", only when that word
   is one of its choices.  */

/* One option of a command.  A table ends with a row that has neither name
   nor letter.  The members that are zero mean "none".

   TARGET is where the value goes in the command's own structure of options:
   say OPTION_TARGET (struct pull_options, platform).  That structure is all
   zero before parsing: false, NULL, empty list.

   Two rows may share a TARGET (another spelling).  A row with IGNORED takes
   its value, stores nothing, and leaves one debug line that says the option
   has no effect here.  A row with REFUSAL ends the command with that sentence
   (N_ ("..."), no full stop) behind the option's name.  HIDDEN rows work but
   are not in the help.  Rows with IGNORED or REFUSAL need no HELP and are not
   listed.  */
struct option_row
{
  const char *name; /* without dashes; NULL when there is only a letter */
  char letter;      /* 0 when there is only a name */
  enum option_kind kind;
  const char *argument;       /* N_ ("DIR"), for the help and for completion */
  const char *help;           /* N_ ("lower case, no full stop") */
  const char *const *choices; /* the only values there are, then NULL */
  size_t target;
  bool ignored;
  bool hidden;
  const char *refusal;
};

#define OPTION_TARGET(structure, member) offsetof (structure, member)

/* Where parsing stops looking for options.  "--" ends them in any case.  */
enum option_order
{
  OPTIONS_ANYWHERE,       /* before, between and behind operands */
  OPTIONS_BEFORE_OPERANDS /* the first operand ends them */
};

/* Read the options of ARGV (ARGC words, the first is not looked at) by the
   table ROWS into TARGET, the command's zeroed structure of options.  ARGV is
   permuted so that what is no option comes last; FIRST becomes the index of
   the first of these.  ROWS may be NULL, for a command without options.
   Spellings: --name=V, --name V, -xV, -x V, -x=V, flags in clusters (-it),
   --flag=true, --flag=false, --.  Names are never abbreviated, so that a new
   option cannot break an old script.

   Return 0, or 1 as soon as --help is met (or -h, where no row has that
   letter), or -EINVAL with ERR set to a sentence that names the word and,
   where one is close, the option that was perhaps meant.  Lists stored in
   TARGET are the caller's: options_release.  */
int options_parse (const struct option_row *rows, enum option_order order,
                   int argc, char **argv, void *target, int *first,
                   struct error *err);

/* Free the lists that options_parse stored in TARGET.  */
void options_release (const struct option_row *rows, void *target);

/* Return which of the COUNT texts in NAMES (NULL entries are skipped) is so
   close to TYPED that it was probably meant, or NULL.  */
const char *options_nearest (const char *typed, const char *const *names,
                             size_t count);

#endif
