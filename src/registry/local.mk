# src/registry: the network.
noinst_LIBRARIES += src/registry/libregistry.a
src_registry_libregistry_a_SOURCES = \
  src/registry/blob.c \
  src/registry/challenge.c src/registry/challenge.h \
  src/registry/credentials.c src/registry/credentials.h \
  src/registry/exchange.c \
  src/registry/keystore.c src/registry/keystore.h \
  src/registry/reference.c src/registry/reference.h \
  src/registry/registry.c src/registry/registry.h \
  src/registry/registry-private.h
