# src/config: settings as one table.
noinst_LIBRARIES += src/config/libconfig.a
src_config_libconfig_a_SOURCES = \
  src/config/config.c src/config/config.h \
  src/config/literal.c src/config/literal.h \
  src/config/setting.c src/config/setting.h

check_PROGRAMS += tests/unit/test-config
tests_unit_test_config_SOURCES = tests/unit/test-config.c
tests_unit_test_config_LDADD = src/config/libconfig.a \
  src/platform/libplatform.a lib/base/libbase.a $(JSON_C_LIBS) $(LIBGNU)
