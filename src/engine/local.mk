# src/engine: the ways to run a container.
noinst_LIBRARIES += src/engine/libengine.a
src_engine_libengine_a_SOURCES = \
  src/engine/engine-proot.c src/engine/engine.h \
  src/engine/engines.c

EXTRA_DIST += tests/bench/start.sh
