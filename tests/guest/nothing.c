/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copyright (C) 2026 the udocker authors */
/* Do nothing: shows whether a root can run what is linked here.  */

int
main (void)
{
  return 0;
}
