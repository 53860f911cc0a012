# ud-handover.m4: whether the tracer can be where the in-process engine needs it.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

# UD_HANDOVER
# -----------
# On x86_64 find out whether $CC makes static programs that may lie anywhere, of
# what it compiles without being told so: the tracer of programs that the
# in-process engine cannot run is one.  Define the conditional HANDOVER.
AC_DEFUN([UD_HANDOVER], [
  ud_handover=no
  AS_IF([test "$ud_arch" = x86_64], [
    AC_MSG_CHECKING([whether $CC makes static position-independent programs])
    ud_save_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -static-pie"
    AC_LINK_IFELSE([AC_LANG_SOURCE([[
        #include <dirent.h>
        #include <stdio.h>
        static int word[2];
        int *pointer = word;
        int main (void)
        {
          DIR *list = opendir ("/");
          return list == NULL || printf ("%d", *pointer) < 0;
        }]])],
      [ud_handover=yes])
    LDFLAGS=$ud_save_LDFLAGS
    AC_MSG_RESULT([$ud_handover])])
  AM_CONDITIONAL([HANDOVER], [test "$ud_handover" = yes])
])
