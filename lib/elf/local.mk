# lib/elf: what a program needs.  No config.h and no gnulib, since the engines
# use it.
noinst_LIBRARIES += lib/elf/libelfread.a
lib_elf_libelfread_a_SOURCES = \
  lib/elf/find.c lib/elf/find.h \
  lib/elf/machine.c lib/elf/machine.h
lib_elf_libelfread_a_CPPFLAGS = $(PLAIN_CPPFLAGS)
lib_elf_libelfread_a_CFLAGS = $(PLAIN_CFLAGS)

check_PROGRAMS += tests/unit/test-elf
tests_unit_test_elf_SOURCES = tests/unit/test-elf.c
tests_unit_test_elf_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_elf_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_elf_LDADD = lib/elf/libelfread.a
