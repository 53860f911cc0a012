/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Containers in a container: what an engine asks of the one around it.  */

#include "lib/start/enter.h"

#include <sys/prctl.h>

int
enter_ask (void)
{
  return prctl (ENTER_CALL, ENTER_ASK, 0, 0, 0);
}
