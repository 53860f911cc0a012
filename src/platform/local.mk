# src/platform: facts about the host.
noinst_LIBRARIES += src/platform/libplatform.a
src_platform_libplatform_a_SOURCES = \
  src/platform/cdi.c src/platform/cdi.h src/platform/cdi-private.h \
  src/platform/cdi-edits.c \
  src/platform/device-name.c src/platform/device-name.h \
  src/platform/driver.c src/platform/driver.h \
  src/platform/driver-table.c src/platform/driver-table.h \
  src/platform/edits.c src/platform/edits.h \
  src/platform/emulator.c src/platform/emulator.h \
  src/platform/host.c src/platform/host.h \
  src/platform/library.c src/platform/library.h \
  src/platform/linker-cache.c src/platform/linker-cache.h \
  src/platform/namespace.c src/platform/namespace.h \
  src/platform/place.c src/platform/place.h \
  src/platform/probe.c src/platform/probe.h src/platform/probe-private.h \
  src/platform/probe-calls.c src/platform/probe-namespaces.c \
  src/platform/yaml.c src/platform/yaml.h
fuzz_targets += tests/fuzz/fuzz-devices.c
