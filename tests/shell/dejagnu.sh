# The suites of DejaGnu, as one test.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Their results become results here, so that nothing is green because runtest
# is missing or broken.

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/bad-network.sh"
. "$top_srcdir/tests/search-service.sh"

need runtest expect

UDOCKER=$udocker
UDOCKER_NOSYSCONF=1
export UDOCKER UDOCKER_NOSYSCONF

# Nothing outside is to be reached, not even where there is a network.
https_proxy=http://127.0.0.1:1
export https_proxy

# The container that the suites of run use; they say so where it is missing.
missing=
for program in docker-registry skopeo umoci busybox; do
  command -v "$program" > /dev/null || missing="$missing $program"
done
if test -z "$missing"; then
  registry_start
  registry_push_busybox test/busybox:1
  udocker -q pull "$registry/test/busybox:1"
  udocker create --name=demo "$registry/test/busybox:1" > /dev/null
fi

# The search service that the suites of search use.
if command -v python3 > /dev/null; then
  search_start v2 50
  UDOCKER_TEST_INDEX=$index
  export UDOCKER_TEST_INDEX
fi

status=0
runtest --tool udocker --srcdir "$top_srcdir/tests" --objdir "$work" \
  --outdir "$work" --status > runtest.out 2>&1 || status=$?
test -s udocker.sum || { note "$(cat runtest.out)"; bail "no udocker.sum"; }

while IFS= read -r line; do
  case $line in
    'PASS: '*) ok "${line#*: }" true ;;
    'FAIL: '* | 'ERROR: '* | 'UNRESOLVED: '*) ok "${line#*: }" false ;;
    'UNSUPPORTED: '* | 'UNTESTED: '*) skip "${line#*: }" "not here" ;;
  esac
done < udocker.sum
ok "some suite has run" test "$tap_count" -gt 10
ok "runtest is content" test "$status" = 0 || {
  note "$(cat udocker.log)"
}

done_testing
