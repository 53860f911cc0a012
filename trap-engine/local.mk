# trap-engine: the in-process engine.  The runtime is a bare program that every
# program of a container is started as, linked at a fixed address.
if ARCH_X86_64
noinst_LIBRARIES += trap-engine/libtrap.a
trap_engine_libtrap_a_SOURCES = \
  trap-engine/adopt.h \
  trap-engine/execute.c trap-engine/execute.h \
  trap-engine/judge.c trap-engine/judge.h \
  trap-engine/patch.c trap-engine/patch.h \
  trap-engine/record.c trap-engine/record.h \
  trap-engine/site.c trap-engine/site.h \
  trap-engine/state.h \
  trap-engine/traced.c trap-engine/traced.h
trap_engine_libtrap_a_CPPFLAGS = $(BARE_CPPFLAGS)
trap_engine_libtrap_a_CFLAGS = $(BARE_CFLAGS)

pkglibexec_PROGRAMS += libexec/udocker/runtime-x86_64
libexec_udocker_runtime_x86_64_SOURCES = \
  trap-engine/runtime/adopt.c \
  trap-engine/runtime/actions.c trap-engine/runtime/actions.h \
  trap-engine/runtime/block.h \
  trap-engine/runtime/deliver.c trap-engine/runtime/deliver.h \
  trap-engine/runtime/descriptor.c \
  trap-engine/runtime/dispatch.c \
  trap-engine/runtime/entry-x86_64.S \
  trap-engine/runtime/filter.c \
  trap-engine/runtime/held.c trap-engine/runtime/held.h \
  trap-engine/runtime/keep.c \
  trap-engine/runtime/memory.c \
  trap-engine/runtime/ops.c \
  trap-engine/runtime/runtime.h \
  trap-engine/runtime/signal.c trap-engine/runtime/signal.h \
  trap-engine/runtime/signal-abi.h \
  trap-engine/runtime/signal-calls.c \
  trap-engine/runtime/start.c \
  trap-engine/runtime/thread.c \
  trap-engine/runtime/watch.c trap-engine/runtime/watch.h \
  trap-engine/runtime/watch-stop.c \
  trap-engine/runtime/watch-thread.c \
  lib/load/load.c lib/load/load.h lib/load/machine.h
libexec_udocker_runtime_x86_64_CPPFLAGS = $(BARE_CPPFLAGS)
libexec_udocker_runtime_x86_64_CCASFLAGS = -I$(top_srcdir)
libexec_udocker_runtime_x86_64_CFLAGS = $(BARE_CFLAGS) -fPIE \
  -U_FORTIFY_SOURCE
libexec_udocker_runtime_x86_64_LDFLAGS = -all-static -nostdlib \
  -Wl,--build-id=none -Wl,-z,noexecstack \
  -Wl,-T,$(top_srcdir)/trap-engine/runtime/runtime.ld \
  -Wl,--defsym=WINDOW=0x567020000000
libexec_udocker_runtime_x86_64_LDADD = trap-engine/libtrap.a \
  lib/guest/libguest.a
libexec_udocker_runtime_x86_64_DEPENDENCIES = \
  $(libexec_udocker_runtime_x86_64_LDADD) trap-engine/runtime/runtime.ld
EXTRA_DIST += trap-engine/runtime/runtime.ld

# What filters of programs say, as the kernel says it.
check_PROGRAMS += tests/unit/test-trap-judge
tests_unit_test_trap_judge_SOURCES = tests/unit/test-trap-judge.c
tests_unit_test_trap_judge_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_trap_judge_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_trap_judge_LDADD = trap-engine/libtrap.a

# Call sites: as bytes, and executed.
check_PROGRAMS += tests/unit/test-trap-site tests/unit/test-trap-patch
tests_unit_test_trap_site_SOURCES = tests/unit/test-trap-site.c
tests_unit_test_trap_site_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_trap_site_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_trap_site_LDADD = trap-engine/libtrap.a

tests_unit_test_trap_patch_SOURCES = tests/unit/test-trap-patch.c
tests_unit_test_trap_patch_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_trap_patch_CFLAGS = $(PLAIN_CFLAGS) -pthread
tests_unit_test_trap_patch_LDADD = trap-engine/libtrap.a

# The launcher: an ordinary program, static as the tracer is.  Where it may lie
# anywhere it serves containers in a container, too.
pkglibexec_PROGRAMS += libexec/udocker/udocker-trap
libexec_udocker_udocker_trap_SOURCES = \
  trap-engine/launcher/filter.c trap-engine/launcher/filter.h \
  trap-engine/launcher/first.c trap-engine/launcher/first.h \
  trap-engine/launcher/launch.c trap-engine/launcher/launch.h \
  trap-engine/launcher/main.c \
  trap-engine/launcher/numbers.c trap-engine/launcher/numbers.h \
  trap-engine/launcher/outer.c trap-engine/launcher/outer.h \
  trap-engine/launcher/shared.c trap-engine/launcher/shared.h
libexec_udocker_udocker_trap_CPPFLAGS = $(PLAIN_CPPFLAGS)
libexec_udocker_udocker_trap_CFLAGS = $(PLAIN_CFLAGS)
if HANDOVER
libexec_udocker_udocker_trap_LDFLAGS = -XCClinker -static-pie
libexec_udocker_udocker_trap_CPPFLAGS += -DTRAP_NESTS
else
libexec_udocker_udocker_trap_LDFLAGS = $(LDFLAGS_STATIC)
endif
libexec_udocker_udocker_trap_LDADD = \
  lib/start/libstart.a trap-engine/libtrap.a lib/owners/libowners.a \
  lib/guest/libguest.a lib/plan/libplan.a lib/elf/libelfread.a

# The filter, run by an interpreter; and where descriptors lie.
check_PROGRAMS += tests/unit/test-trap-filter tests/unit/test-trap-numbers
tests_unit_test_trap_filter_SOURCES = tests/unit/test-trap-filter.c \
  tests/unit/run-filter.h trap-engine/launcher/filter.c
tests_unit_test_trap_filter_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_trap_filter_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_trap_filter_LDADD = lib/start/libstart.a lib/guest/libguest.a

tests_unit_test_trap_numbers_SOURCES = tests/unit/test-trap-numbers.c \
  trap-engine/launcher/numbers.c
tests_unit_test_trap_numbers_CPPFLAGS = $(PLAIN_CPPFLAGS)
tests_unit_test_trap_numbers_CFLAGS = $(PLAIN_CFLAGS)
tests_unit_test_trap_numbers_LDADD = lib/start/libstart.a lib/plan/libplan.a
endif

if HOSTED
shell_tests += tests/shell/in-oci-runtime.sh tests/shell/run-trap.sh tests/shell/trap-sandboxed.sh
endif
