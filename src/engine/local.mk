# src/engine: the ways to run a container.
noinst_LIBRARIES += src/engine/libengine.a
src_engine_libengine_a_SOURCES = \
  src/engine/engine-proot.c src/engine/engine.h \
  src/engine/engine-runtime.c \
  src/engine/engine-singularity.c \
  src/engine/engine-trap.c \
  src/engine/engines.c \
  src/engine/oci-attend.c src/engine/oci-attend.h \
  src/engine/oci-bundle.c src/engine/oci-bundle.h \
  src/engine/oci-runtimes.c src/engine/oci-runtimes.h \
  src/engine/program.c src/engine/program.h \
  src/engine/trial.c src/engine/trial.h

EXTRA_DIST += tests/bench/runtime.sh tests/bench/start.sh

shell_tests += tests/shell/doctor-network.sh tests/shell/doctor-quota.sh tests/shell/doctor.sh tests/shell/mode-s1-real.sh tests/shell/mode-s1.sh
