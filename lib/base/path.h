/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Paths as texts; nothing is looked up.  */

#ifndef UDOCKER_LIB_BASE_PATH_H
#define UDOCKER_LIB_BASE_PATH_H

/* What becomes of "..".  */
enum path_parents
{
  PATH_PARENTS_KEPT,    /* it stays: the directory before may be a link */
  PATH_PARENTS_REFUSED, /* there may be none */
  PATH_PARENTS_TAKEN    /* it takes the part before away; "/.." is "/" */
};

/* Return the absolute PATH with single slashes, without "." and without a slash
   at the end, "/" staying, and with PARENTS done to "..".  The caller frees it.
   NULL when it is not absolute, or has a ".." that is refused.  */
char *path_normalize (const char *path, enum path_parents parents);

#endif
