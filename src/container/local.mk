# src/container: containers on disk, and the run plan.

# The run plan.  obtain-light.c and obtain-create.c stand for each other in the
# two programs, see src/local.mk.
noinst_LIBRARIES += src/container/librun.a
src_container_librun_a_SOURCES = \
  src/container/obtain.c src/container/obtain.h \
  src/container/output.c src/container/output.h \
  src/container/run-devices.c \
  src/container/run-environment.c \
  src/container/run-machine.c \
  src/container/run-metadata.c \
  src/container/run-mount-points.c src/container/run-mount-points.h \
  src/container/run-mounts.c src/container/run-mounts.h \
  src/container/run-path.c \
  src/container/run-plan.c src/container/run-plan.h \
  src/container/run-files.c \
  src/container/run-join.c \
  src/container/run-limits.c \
  src/container/run-names.c \
  src/container/run-ports.c \
  src/container/run-private.h \
  src/container/run-processors.c \
  src/container/run-program.c \
  src/container/run-temporary.c src/container/run-temporary.h \
  src/container/run-user.c \
  src/container/run-volume-words.c \
  src/container/run-volumes.c \
  src/container/running.c src/container/running.h \
  src/container/runs.c src/container/runs.h

# Containers on disk; create.c, export.c and import.c need what
# the light program does not have.
noinst_LIBRARIES += src/container/libcontainer.a
src_container_libcontainer_a_SOURCES = \
  src/container/clone.c \
  src/container/container.c src/container/container.h \
  src/container/create.c \
  src/container/export.c \
  src/container/import.c \
  src/container/make.c src/container/make.h \
  src/container/owners.c src/container/owners.h \
  src/container/permissions.c src/container/permissions.h \
  src/container/unpack.c src/container/unpack.h

check_PROGRAMS += tests/unit/test-run-plan
tests_unit_test_run_plan_SOURCES = tests/unit/test-run-plan.c \
  src/container/run-inject-light.c
tests_unit_test_run_plan_LDADD = \
  src/container/librun.a src/container/libcontainer.a \
  src/image/libimage.a src/config/libconfig.a src/platform/libplatform.a \
  lib/plan/libplan.a lib/elf/libelfread.a lib/base/libbase.a $(LIBGNU) \
  $(JSON_C_LIBS)

shell_tests += \
  tests/shell/run-owners.sh tests/shell/run-owners-inside.sh \
  tests/shell/clone-tree.sh \
  tests/shell/clone-crash.sh \
  tests/shell/create-crash.sh \
  tests/shell/create-hostile.sh \
  tests/shell/create-layers.sh \
  tests/shell/export-archive.sh \
  tests/shell/import-container.sh \
  tests/shell/import-crash.sh \
  tests/shell/import-image.sh \
  tests/shell/store-commands.sh \
  tests/shell/store-contention.sh \
  tests/shell/store-moved.sh
EXTRA_DIST += tests/images.py tests/trees.py tests/trees.sh tests/kills.sh \
  tests/python-rules.py tests/python-rules.sh \
  tests/fixtures-python.sh \
  tests/bench/create.sh tests/bench/trees.sh

# The store by itself.
EXTRA_DIST += tests/small-disk.sh
shell_tests += tests/shell/full-disk.sh tests/shell/store-btrfs.sh
shell_tests += tests/shell/store-install.sh
shell_tests += tests/shell/store-kills.sh
shell_tests += tests/shell/store-prune.sh
shell_tests += tests/shell/store-python.sh
shell_tests += tests/shell/store-tag.sh
shell_tests += tests/shell/store-verify.sh

shell_tests += tests/shell/run-gpus.sh tests/shell/run-gpu-makers.sh \
  tests/shell/run-drivers.sh
shell_tests += tests/shell/setup-modes.sh tests/shell/setup-python.sh
shell_tests += tests/shell/batch-concurrent.sh tests/shell/batch-mpi.sh \
  tests/shell/batch-obtain.sh tests/shell/batch-slurm.sh
shell_tests += tests/shell/run-environment.sh tests/shell/run-foreign.sh \
  tests/shell/run-exec.sh tests/shell/run-image.sh tests/shell/run-metadata.sh \
  tests/shell/run-volumes.sh tests/shell/run-volume-table.sh \
  tests/shell/run-old-kernel.sh tests/shell/run-option-modes.sh \
  tests/shell/run-options.sh \
  tests/shell/run-ports.sh \
  tests/shell/run-refusals.sh tests/shell/run-rm.sh tests/shell/run-signals.sh \
  tests/shell/run-status.sh tests/shell/run-status-table.sh \
  tests/shell/run-sockets.sh tests/shell/run-squashed.sh \
  tests/shell/run-streams.sh \
  tests/shell/run-terminal.sh tests/shell/run-users.sh
EXTRA_DIST += tests/bench/concurrent.sh \
  tests/agree.py tests/container.sh tests/slurm.sh tests/debian-container.sh

shell_tests += tests/shell/mode-r1.sh tests/shell/mode-r1-ranges.sh \
  tests/shell/mode-r1-runsc.sh tests/shell/mode-r2.sh
EXTRA_DIST += tests/modes.sh tests/runtime.sh
