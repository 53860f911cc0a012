# src/platform: facts about the host.
noinst_LIBRARIES += src/platform/libplatform.a
src_platform_libplatform_a_SOURCES = \
  src/platform/emulator.c src/platform/emulator.h \
  src/platform/host.c src/platform/host.h \
  src/platform/place.c src/platform/place.h \
  src/platform/probe.c src/platform/probe.h src/platform/probe-private.h \
  src/platform/probe-calls.c src/platform/probe-namespaces.c
