# The two programs, from the same src/main.c: bin/udocker is light, and
# udocker-full can do everything.  Their places in the build tree are those of
# the installed tree, so that they find each other in the same way.

bin_PROGRAMS += bin/udocker
pkglibexec_PROGRAMS += libexec/udocker/udocker-full

# All commands; each program takes those that its table names.
noinst_LIBRARIES += src/cmd/libcmd.a
src_cmd_libcmd_a_SOURCES = \
  src/cmd/clone.c \
  src/cmd/completion.c \
  src/cmd/create.c \
  src/cmd/exec.c \
  src/cmd/export.c \
  src/cmd/df.c \
  src/cmd/doctor.c \
  src/cmd/format.c src/cmd/format.h \
  src/cmd/general.c src/cmd/general.h \
  src/cmd/help.c \
  src/cmd/images.c \
  src/cmd/import.c \
  src/cmd/inspect.c \
  src/cmd/install.c \
  src/cmd/kill.c \
  src/cmd/load.c \
  src/cmd/login.c \
  src/cmd/logs.c \
  src/cmd/manifest.c \
  src/cmd/manual.c \
  src/cmd/markup.c src/cmd/markup.h \
  src/cmd/mkrepo.c \
  src/cmd/name.c \
  src/cmd/new-container.c src/cmd/new-container.h \
  src/cmd/options.c src/cmd/options.h \
  src/cmd/pager.c src/cmd/pager.h \
  src/cmd/print-json.c src/cmd/print-json.h \
  src/cmd/protect.c \
  src/cmd/prune.c \
  src/cmd/ps.c \
  src/cmd/ps-running.c src/cmd/ps-running.h \
  src/cmd/pull.c \
  src/cmd/registry-options.c src/cmd/registry-options.h \
  src/cmd/rm.c \
  src/cmd/rmi.c \
  src/cmd/run.c src/cmd/run-list.h \
  src/cmd/save.c \
  src/cmd/search.c \
  src/cmd/setup.c \
  src/cmd/showconf.c \
  src/cmd/tag.c \
  src/cmd/texinfo.c \
  src/cmd/usage.c src/cmd/usage.h \
  src/cmd/verify.c \
  src/cmd/version.c

# What both contain, each compiled for it: the table of commands differs.
program_sources = \
  src/main.c \
  src/cmd/command.h src/cmd/commands.c \
  src/cmd/unknown-command.c src/cmd/unknown-command.h

bin_udocker_SOURCES = $(program_sources) src/container/obtain-light.c \
  src/container/run-inject-light.c src/container/restore-light.c \
  src/cmd/doctor-network.h src/cmd/doctor-network-light.c
bin_udocker_LDADD = \
  src/cmd/libcmd.a \
  src/engine/libengine.a \
  src/container/librun.a \
  src/container/libcontainer.a \
  src/image/libimage.a \
  src/registry/libregistry.a \
  src/config/libconfig.a \
  src/platform/libplatform.a \
  lib/owners/libowners.a lib/guest/libguest.a \
  lib/start/libstart.a lib/plan/libplan.a lib/elf/libelfread.a \
  lib/base/libbase.a \
  $(LIBGNU) $(JSON_C_LIBS)

libexec_udocker_udocker_full_SOURCES = $(program_sources) \
  src/container/obtain-create.c \
  src/cmd/doctor-network.c \
  src/container/run-gpus.c src/container/run-inject.c \
  src/container/run-libraries.c \
  src/container/restore.c src/container/restore.h \
  src/container/restore-program.c src/container/restore-program.h
libexec_udocker_udocker_full_CPPFLAGS = $(AM_CPPFLAGS) -DUDOCKER_FULL
libexec_udocker_udocker_full_LDADD = \
  src/cmd/libcmd.a \
  src/engine/libengine.a \
  src/container/librun.a \
  src/container/libcontainer.a \
  src/image/libimage.a \
  src/registry/libregistry.a \
  src/config/libconfig.a \
  src/platform/libplatform.a \
  lib/owners/libowners.a lib/guest/libguest.a \
  lib/start/libstart.a lib/plan/libplan.a lib/elf/libelfread.a \
  lib/base/libbase.a \
  $(LIBGNU) $(LIBCURL_LIBS) $(LIBARCHIVE_LIBS) $(JSON_C_LIBS) \
  $(LIBCRYPTO_LIBS) $(LIBISAL_LIBS) $(LIBELF_LIBS) $(LIBYAML_LIBS) -lpthread

check_PROGRAMS += tests/unit/test-options
tests_unit_test_options_SOURCES = tests/unit/test-options.c
tests_unit_test_options_LDADD = src/cmd/libcmd.a src/config/libconfig.a \
  src/platform/libplatform.a lib/base/libbase.a $(JSON_C_LIBS) $(LIBGNU)

shell_tests += tests/shell/cli-options.sh
shell_tests += tests/shell/cli-general.sh tests/shell/cli-settings.sh \
  tests/shell/cli-two-programs.sh tests/shell/cli-login.sh \
  tests/shell/cli-protect.sh tests/shell/dejagnu.sh \
  tests/shell/drop-in.sh tests/shell/workflow-systems.sh

# The suites that tests/shell/dejagnu.sh runs.
EXTRA_DIST += tests/config/default.exp tests/lib/udocker.exp \
  tests/udocker.cli/general.exp tests/udocker.login/login.exp \
  tests/udocker.rm/all.exp tests/udocker.run/terminal.exp \
  tests/udocker.search/paging.exp
