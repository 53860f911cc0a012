# src/image: the store, images in it, unpacking of layers.
#
# One archive serves both programs: only what a program calls is linked, and
# nothing that the light one calls needs libarchive or libcurl.
noinst_LIBRARIES += src/image/libimage.a
src_image_libimage_a_SOURCES = \
  src/image/archive-list.c src/image/archive-list.h \
  src/image/archive-members.c src/image/archive-members.h \
  src/image/archive-locale.c src/image/archive-locale.h \
  src/image/archive-writer.c src/image/archive-writer.h \
  src/image/blob.c \
  src/image/file-hash.c src/image/file-hash.h \
  src/image/filters.c src/image/filters.h \
  src/image/image.c src/image/image.h \
  src/image/import.c src/image/import.h \
  src/image/ladder.c src/image/ladder.h \
  src/image/layer-stream.c src/image/layer-stream.h \
  src/image/load.c src/image/load.h src/image/load-private.h \
  src/image/load-docker.c src/image/load-oci.c \
  src/image/manifest-write.c src/image/manifest-write.h \
  src/image/manifest.c src/image/manifest.h \
  src/image/pending.c \
  src/image/platform-choice.c src/image/platform-choice.h \
  src/image/present.c src/image/present.h \
  src/image/prune.c \
  src/image/pull.c src/image/pull.h src/image/pull-once.c \
  src/image/remote-manifest.c src/image/remote-manifest.h \
  src/image/save.c src/image/save.h src/image/save-private.h \
  src/image/save-docker.c src/image/save-oci.c \
  src/image/stage.c \
  src/image/store.c src/image/store.h src/image/store-private.h \
  src/image/tag.c \
  src/image/tag-copy.c \
  src/image/tree.c src/image/tree.h \
  src/image/tree-archive.c src/image/tree-archive.h \
  src/image/tree-copy.c src/image/tree-copy.h \
  src/image/tree-walk.c src/image/tree-walk.h \
  src/image/tree-writer.c src/image/tree-writer.h \
  src/image/unpack.c src/image/unpack.h \
  src/image/usage.c src/image/usage.h \
  src/image/verify.c src/image/verify.h

check_PROGRAMS += tests/unit/test-archive-list
tests_unit_test_archive_list_SOURCES = tests/unit/test-archive-list.c
tests_unit_test_archive_list_LDADD = src/image/libimage.a \
  src/registry/libregistry.a lib/base/libbase.a $(LIBARCHIVE_LIBS) \
  $(JSON_C_LIBS) $(LIBGNU)

check_PROGRAMS += tests/unit/test-manifest
tests_unit_test_manifest_SOURCES = tests/unit/test-manifest.c
tests_unit_test_manifest_LDADD = src/image/libimage.a \
  src/registry/libregistry.a lib/base/libbase.a $(JSON_C_LIBS) $(LIBGNU)

check_PROGRAMS += tests/unit/test-store
tests_unit_test_store_SOURCES = tests/unit/test-store.c \
  tests/unit/store-images.h
tests_unit_test_store_LDADD = src/image/libimage.a \
  src/registry/libregistry.a lib/base/libbase.a $(JSON_C_LIBS) \
  $(LIBCRYPTO_LIBS) -lpthread $(LIBGNU)

check_PROGRAMS += tests/unit/test-usage
tests_unit_test_usage_SOURCES = tests/unit/test-usage.c \
  tests/unit/store-images.h
tests_unit_test_usage_LDADD = $(tests_unit_test_store_LDADD)

fuzz_targets += tests/fuzz/fuzz-archive.c tests/fuzz/fuzz-layers.c

shell_tests += tests/shell/load-formats.sh tests/shell/load-trouble.sh \
  tests/shell/save-archive.sh tests/shell/store-odd.sh
EXTRA_DIST += tests/archives.py tests/bench/archives.sh tests/bench/measure.sh
