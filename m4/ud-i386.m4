# ud-i386.m4: whether 32-bit programs can be run.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

# UD_I386_LOADER
# --------------
# On x86_64 give configure --enable-i386=yes|no|check: make the loader stub for
# 32-bit programs.  That takes a compiler which makes 32-bit objects, but no
# 32-bit library.  Substitute I386_CFLAGS, define the conditional LOADER_I386
# and, for the compiler, HAVE_LOADER_I386.
AC_DEFUN([UD_I386_LOADER], [
  AC_ARG_ENABLE([i386],
    [AS_HELP_STRING([--enable-i386=yes|no|check],
      [let containers run 32-bit x86 programs (check: when the compiler can
       make the loader for them)])],
    [], [enable_i386=check])
  AS_IF([test "$ud_arch" != x86_64 && test "$enable_i386" = check],
    [enable_i386=no])
  I386_CFLAGS=
  AS_IF([test "$enable_i386" != no], [
    # The kernel's headers may lie where only 64-bit compilations look.
    ud_multiarch=`$CC -print-multiarch 2>/dev/null`
    ud_i386=no
    for ud_flags in "-m32" \
                    "-m32 -idirafter /usr/include/${ud_multiarch:-none}"; do
      AC_MSG_CHECKING([whether $CC $ud_flags makes programs without libc])
      ud_save_CFLAGS=$CFLAGS
      ud_save_LIBS=$LIBS
      CFLAGS="$ud_flags -ffreestanding -fno-pie -fno-stack-protector"
      CFLAGS="$CFLAGS -nostdlib -static -Wl,-e,ud_start"
      LIBS=
      AC_LINK_IFELSE([AC_LANG_SOURCE([[
          #include <stdint.h>
          #include <asm/unistd.h>
          #include <linux/elf.h>
          #include <linux/mman.h>
          #include <linux/prctl.h>
          void ud_start (void);
          void ud_start (void)
          {
            char word[sizeof (uintptr_t) == 4 ? 1 : -1];
            (void) word;
          }]])],
        [ud_i386=yes], [ud_i386=no])
      CFLAGS=$ud_save_CFLAGS
      LIBS=$ud_save_LIBS
      AC_MSG_RESULT([$ud_i386])
      AS_IF([test "$ud_i386" = yes], [I386_CFLAGS=$ud_flags; break])
    done
    AS_IF([test "$enable_i386" = yes && test "$ud_i386" = no],
      [AC_MSG_ERROR([--enable-i386 was given, but $CC makes no 32-bit programs])])
    enable_i386=$ud_i386])
  AC_SUBST([I386_CFLAGS])
  AS_IF([test "$enable_i386" = yes],
    [AC_DEFINE([HAVE_LOADER_I386], [1],
      [Define to 1 when there is a loader for 32-bit x86 programs.])])
  AM_CONDITIONAL([LOADER_I386], [test "$enable_i386" = yes])
])
