# lib/plan: the run plan as bytes.  No config.h and no gnulib, since engines
# of every libc use it; plan.c alone is what needs no libc at all.
noinst_LIBRARIES += lib/plan/libplan.a
lib_plan_libplan_a_SOURCES = \
  lib/plan/plan.c lib/plan/plan.h \
  lib/plan/plan-print.c \
  lib/plan/plan-write.c lib/plan/plan-write.h
lib_plan_libplan_a_CPPFLAGS = $(PLAIN_CPPFLAGS)
lib_plan_libplan_a_CFLAGS = $(PLAIN_CFLAGS)

check_PROGRAMS += tests/unit/test-plan
tests_unit_test_plan_SOURCES = tests/unit/test-plan.c
tests_unit_test_plan_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_plan_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_plan_LDADD = lib/plan/libplan.a

fuzz_targets += tests/fuzz/fuzz-plan.c
