/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   Calls that take no descriptor in the form of those that do.

   Inside a task's process a path is best given to the kernel as a descriptor
   and what lies below it.  So calls from before these forms are turned into the
   newer ones at once: handlers then meet no others.  */

#include "lib/guest/handlers.h"

#if defined __x86_64__
/* Where an argument of the new form comes from.  */
enum source
{
  NONE, /* 0 */
  A0,   /* an argument of the old one */
  A1,
  A2,
  CWD, /* the current directory */
  NOFOLLOW,
  REMOVEDIR,
  CREAT /* what creat does */
};

/* By the number of the old form; a new one of 0: there is none.  */
static const struct
{
  uint16_t number;
  uint8_t source[5];
} forms[] = {
  [2] = { 257, { CWD, A0, A1, A2 } },            /* open */
  [4] = { 262, { CWD, A0, A1 } },                /* stat */
  [6] = { 262, { CWD, A0, A1, NOFOLLOW } },      /* lstat */
  [21] = { 269, { CWD, A0, A1 } },               /* access */
  [82] = { 264, { CWD, A0, CWD, A1 } },          /* rename */
  [83] = { 258, { CWD, A0, A1 } },               /* mkdir */
  [84] = { 263, { CWD, A0, REMOVEDIR } },        /* rmdir */
  [85] = { 257, { CWD, A0, CREAT, A1 } },        /* creat */
  [86] = { 265, { CWD, A0, CWD, A1 } },          /* link */
  [87] = { 263, { CWD, A0 } },                   /* unlink */
  [88] = { 266, { A0, CWD, A1 } },               /* symlink */
  [89] = { 267, { CWD, A0, A1, A2 } },           /* readlink */
  [90] = { 268, { CWD, A0, A1 } },               /* chmod */
  [92] = { 260, { CWD, A0, A1, A2 } },           /* chown */
  [94] = { 260, { CWD, A0, A1, A2, NOFOLLOW } }, /* lchown */
  [133] = { 259, { CWD, A0, A1, A2 } },          /* mknod */
  [235] = { 261, { CWD, A0, A1 } },              /* utimes */
};

static uint64_t
take_from (const uint64_t arg[6], enum source source)
{
  switch (source)
    {
    case NONE:
      break;
    case A0:
    case A1:
    case A2:
      return arg[source - A0];
    case CWD:
      return (uint64_t) (int64_t) K_AT_FDCWD;
    case NOFOLLOW:
      return K_AT_SYMLINK_NOFOLLOW;
    case REMOVEDIR:
      return K_AT_REMOVEDIR;
    case CREAT:
      return K_O_CREAT | K_O_WRONLY | K_O_TRUNC;
    }
  return 0;
}

bool
guest_form_at (struct guest_call *call)
{
  uint64_t arg[6];
  size_t number = (size_t) (unsigned int) call->number;

  if (call->abi != GUEST_ABI_NATIVE || number >= sizeof forms / sizeof forms[0]
      || forms[number].number == 0)
    return false;
  for (int i = 0; i < 6; i++)
    arg[i] = call->arg[i];
  for (int i = 0; i < 5; i++)
    call->arg[i] = take_from (arg, forms[number].source[i]);
  call->number = forms[number].number;
  return true;
}
#else
bool
guest_form_at (struct guest_call *call)
{
  (void) call;
  return false;
}
#endif
