# The command lines that workflow systems write.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"

need docker-registry skopeo umoci busybox

registry_start
registry_push_busybox test/busybox:1
image=$registry/test/busybox:1
udocker -q mkrepo "$UDOCKER_DIR" || bail "no repository"
mkdir data
echo 'some text' > data/file

# Nextflow calls udocker.py, which is installed as a link.
mkdir links
ln -s "$udocker" links/udocker.py
PATH=$work/links:$PATH
cat > nextflow.sh <<END
((udocker.py images | grep -E -o "^$image\\s") || udocker.py pull "$image")>/dev/null
[ \$? != 0 ] && echo "Udocker failed while pulling container" >&2 && exit 1
udocker.py run --rm -e "FOO=bar" -v $work/data:$work/data -w "$work/data" \
  --bindhome \$(udocker.py create "$image") \
  /bin/sh -c 'eval "export PATH=\$PATH"; cat file; echo \$FOO; exit 3'
END
for time in first second; do
  run sh nextflow.sh
  is "Nextflow, the $time time" "$status$stdout" "3some text
bar"
done
is "leaves no container" "$(udocker ps | wc -l)" 1
run sh -c "udocker.py images | grep -E -o '^$image\\s'"
is "the image is found by its name and a blank" "$status" 0

# cwltool and Toil.
run udocker --quiet run --volume="$work/data:/in:ro" \
  --volume="$work:/out" --workdir=/out --rm --env=TMPDIR=/tmp \
  --env=HOME=/out "$image" /bin/sh -c 'cat /in/file > copy; echo $HOME'
is "cwltool" "$status$stdout" 0/out
is "leaves its output" "$(cat copy)" 'some text'

# Galaxy and others pull quietly and count on the status.
run udocker -q pull "$image"
is "a quiet pull" "$status$stdout$stderr" 0
run udocker -q pull "$registry/test/nothing:1"
is "a quiet pull of what is not there" "$status$stdout" 1
like "says one sentence" "$stderr" '^Error: '

# Parsl, HTCondor: a container made beforehand, used by name, many at once.
id=$(udocker create --name=tool "$image")
like "create prints an id alone" "$id" '^[0-9a-f-]{36}$'
pids=
for i in 1 2 3 4; do
  udocker run --nobanner tool /bin/sh -c "echo $i" > "out.$i" 2> "err.$i" &
  pids="$pids $!"
done
# shellcheck disable=SC2086 # several numbers
wait $pids
is "many at once" "$(cat out.1 out.2 out.3 out.4; cat err.?)" "1
2
3
4"

done_testing
