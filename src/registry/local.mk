# src/registry: the network.
noinst_LIBRARIES += src/registry/libregistry.a
src_registry_libregistry_a_SOURCES = \
  src/registry/authenticate.c \
  src/registry/blob.c \
  src/registry/challenge.c src/registry/challenge.h \
  src/registry/check-login.c \
  src/registry/credentials.c src/registry/credentials.h \
  src/registry/exchange.c \
  src/registry/fetch-manifest.c \
  src/registry/from-config.c \
  src/registry/keystore.c src/registry/keystore.h \
  src/registry/list.c src/registry/list.h \
  src/registry/mirrors.c \
  src/registry/names.c src/registry/names.h \
  src/registry/place.c \
  src/registry/reach.c \
  src/registry/reference.c src/registry/reference.h \
  src/registry/registry.c src/registry/registry.h \
  src/registry/registry-private.h \
  src/registry/search.c src/registry/search.h \
  src/registry/search-page.c src/registry/search-page.h

check_PROGRAMS += tests/unit/test-challenge tests/unit/test-names \
  tests/unit/test-reference
tests_unit_test_names_SOURCES = tests/unit/test-names.c
tests_unit_test_names_LDADD = src/registry/libregistry.a \
  lib/base/libbase.a $(JSON_C_LIBS) $(LIBGNU)
tests_unit_test_challenge_SOURCES = tests/unit/test-challenge.c
tests_unit_test_challenge_LDADD = src/registry/libregistry.a \
  lib/base/libbase.a $(JSON_C_LIBS) $(LIBGNU)
tests_unit_test_reference_SOURCES = tests/unit/test-reference.c
tests_unit_test_reference_LDADD = src/registry/libregistry.a \
  lib/base/libbase.a $(JSON_C_LIBS) $(LIBGNU)

EXTRA_DIST += tests/layouts.sh tests/bench/pull.sh
EXTRA_DIST += tests/bad-network.py tests/bad-network.sh tests/screen.py \
  tests/search-service.py tests/search-service.sh tests/stand_in.py \
  tests/socks4a.py tests/token-service.py tests/token-service.sh

shell_tests += tests/shell/pull-many.sh tests/shell/pull-plain.sh \
  tests/shell/pull-platform.sh tests/shell/pull-resume.sh \
  tests/shell/pull-trouble.sh
shell_tests += tests/shell/login-registry.sh tests/shell/manifest-inspect.sh \
  tests/shell/pull-crash.sh \
  tests/shell/pull-proxies.sh \
  tests/shell/pull-warm.sh \
  tests/shell/search.sh
shell_tests += tests/shell/pull-auth.sh tests/shell/pull-schema1.sh \
  tests/shell/pull-proxy.sh tests/shell/pull-terminal.sh \
  tests/shell/pull-token.sh
fuzz_targets += tests/fuzz/fuzz-manifest.c tests/fuzz/fuzz-reference.c \
  tests/fuzz/fuzz-search.c
