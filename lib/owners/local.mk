# lib/owners: owners that outlive a run.  No config.h and no gnulib, as in
# lib/plan.
noinst_LIBRARIES += lib/owners/libowners.a
lib_owners_libowners_a_SOURCES = \
  lib/owners/owner-file.c lib/owners/owner-file.h
lib_owners_libowners_a_CPPFLAGS = $(PLAIN_CPPFLAGS)
lib_owners_libowners_a_CFLAGS = $(PLAIN_CFLAGS)

check_PROGRAMS += tests/unit/test-owner-file
tests_unit_test_owner_file_SOURCES = tests/unit/test-owner-file.c
tests_unit_test_owner_file_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_owner_file_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_owner_file_LDADD = lib/owners/libowners.a \
  lib/guest/libguest.a
