# prune and df: what nobody needs, and how much room there is to win.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/bad-network.sh"
. "$top_srcdir/tests/fixtures-python.sh"
. "$top_srcdir/tests/python-rules.sh"
need docker-registry skopeo openssl flock

repos=$UDOCKER_DIR/repos
layers=$UDOCKER_DIR/layers
containers=$UDOCKER_DIR/containers

run udocker prune
is "an empty repository" "$status$stdout" '0Gave back 0 B'

python_images
python_containers
rm "$containers/dangling" "$repos/py/pulled/v1/sha256:$(printf '%064d' 0)"
udocker -q tag py/pulled:v1 other:name
python_rules "what is there is in order"
tree ()
{
  (cd "$UDOCKER_DIR" && find . ! -name .lock | sort)
}
tree > before

# json NAME...: the members of the object on standard output.
json ()
{
  printf '%s\n' "$stdout" | python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name) if name.isdigit() else name]
print(value)' "$@"
}

# A repository without garbage.
run udocker prune
is "nothing to remove" "$status$stdout" '0Gave back 0 B'
tree > after
ok "  and nothing is removed" cmp before after
run udocker df --format=json
is "df counts images" "$(json images count)" 7
is "  containers" "$(json containers count)" 2
is "  and layers" "$(json layers count)" "$(ls "$layers" | wc -l)"
is "  nothing can be won" \
  "$(json layers reclaimable) $(json leftovers count)" '0 0'
is "  what is shared is counted once" "$(json images size)" \
  "$(find "$layers" -type f -printf '%b\n' | awk '{ n += $1 * 512 } END { print n }')"
run udocker df -v --format=json
is "df -v lists images" "$(json image_list 0 image)" other:name
is "  all of what has two names is shared" \
  "$(json image_list 0 shared)" "$(json image_list 0 size)"
is "  containers" "$(json container_list 0 id)" "$python_id"
is "  and layers" "$(json layer_list | grep -c "'images': 0")" 0
run udocker df
is "df as a table" "$(printf '%s\n' "$stdout" | awk '{ print $1, $2 }')" \
  "TYPE COUNT
Images 7
Containers 2
Layers $(ls "$layers" | wc -l)
Leftovers 0"
run udocker df -v
like "df -v as a table" "$stdout" "  other:name\$"

# Everything that can be left.
orphan=sha256:$(printf '%064d' 7)
young=sha256:$(printf '%064d' 8)
head -c 100000 /dev/urandom > "$layers/$orphan"
echo {} > "$layers/$(printf '%064d' 9).json"
echo part > "$layers/.$orphan.part"
echo stage > "$layers/.0123456789abcdef.stage"
mkdir -p "$repos/py/empty/of/names" "$repos/py/half/v1" \
  "$repos/dead/.x.0123456789abcdef.part" \
  "$repos/dead/.x.0123456789abcde0.gone.part"
: > "$repos/dead/.x.0123456789abcdef.part/lock"
held=sha256:$(printf '%064d' 5)
echo held > "$layers/$held"
ln -s "../../../layers/$held" "$repos/dead/.x.0123456789abcdef.part/$held"
half=sha256:$(printf '%064d' 6)
echo half > "$layers/$half"
ln -s "../../../../layers/$half" "$repos/py/half/v1/$half"
mkdir -p "$containers/.$python_id.part/ROOT" "$containers/.$python_id.gone.part/x"
: > "$containers/.$python_id.part/lock"
: > "$containers/.name.lock"
find "$layers" "$repos" "$containers" -newer before -exec touch -hd '1 hour ago' {} +
echo young > "$layers/$young"
echo mine > "$layers/README"
touch -d '1 hour ago' "$layers/README"

run udocker df --format=json
is "df knows what prune would find" \
  "$(json layers reclaimable) $(json leftovers count)" \
  "$(cd "$layers" && stat -c %b "$orphan" "$held" "$half" ./*9.json | awk '{ n += $1 * 512 } END { print n }') 9"
tree > before-prune
run udocker prune --dry-run
is "prune --dry-run" "$status" 0
is "  lists all of it" \
  "$(printf '%s\n' "$stdout" | awk 'NF == 4 && NR > 1 { print $1, $4 }' | LC_ALL=C sort)" \
  "$(LC_ALL=C sort << END
container .$python_id.gone.part
container .$python_id.part
container .name.lock
directory py/empty/of/names
image dead/.x.0123456789abcde0.gone.part
image dead/.x.0123456789abcdef.part
image py/half/v1
layer $(printf '%064d' 9).json
layer $half
layer $held
layer $orphan
partial .$orphan.part
partial .0123456789abcdef.stage
END
)"
like "  and says how much it would be" "$stdout" '^Would give back [0-9.]+ kB$'
tree > after
ok "  but removes nothing" cmp before-prune after
chmod -R a-w "$UDOCKER_DIR"
run udocker prune
like "a repository that cannot be written" "$status$stderr" \
  '^1Error: .*Permission denied; the repository .* is read-only$'
chmod -R u+w "$UDOCKER_DIR"
# What the change of modes cannot have told.
tree > after
ok "  stays as it is" cmp before-prune after || diff before-prune after

run udocker prune --format=json
is "prune --format=json" "$status$stderr" 0
is "  all is given back" "$(json freed)" "$(json size)"
is "  and told" "$(json items | tr '{' '\n' | grep -c kind)" 13
tree > after
printf '%s\n' "./layers/$young" ./layers/README | sort - before > expected
ok "  it is gone, what is young or not ours stays" cmp expected after
touch -d '1 hour ago' "$layers/$young"
run udocker prune
is "what was young is old later" "$(test -e "$layers/$young"; echo $?)" 1
rm "$layers/README"
python_rules "the repository is in order"

# What says that containers are in use outlives them sometimes.
mkdir -p "$UDOCKER_DIR/run/here" "$UDOCKER_DIR/run/there"
gone=00000000-0000-4000-8000-000000000000
touch "$UDOCKER_DIR/run/here/$gone" "$UDOCKER_DIR/run/there/$gone" \
  "$UDOCKER_DIR/run/there/$python_id"
run udocker prune
is "records of containers that are gone go" \
  "$status$(cd "$UDOCKER_DIR/run" && find . -type f)" "0./there/$python_id"
rm -r "$UDOCKER_DIR/run"

# What processes that live work at.
: > "$layers/.$orphan.part"
mkdir -p "$repos/alive/.x.0123456789abcdef.part" "$containers/.$python_id.part"
held=sha256:$(printf '%064d' 5)
echo held > "$layers/$held"
touch -d '1 hour ago' "$layers/$held"
ln -s "../../../layers/$held" "$repos/alive/.x.0123456789abcdef.part/$held"
tree > before
for file in "$layers/.$orphan.part" "$containers/.$python_id.part/lock" \
            "$repos/alive/.x.0123456789abcdef.part/lock"; do
  flock -F "$file" sleep 60 > sleeps 2>&1 &
  at_end "kill $! 2> /dev/null"
done
until test "$(find "$UDOCKER_DIR" -name lock | wc -l)" = 2; do sleep 0.05; done
sleep 0.1
run udocker prune
is "what others work at stays" "$status$stdout" '0Gave back 0 B'
is "  all of it" "$(tree | grep -v '/lock$')" "$(cat before)"

# A real pull, stopped in the middle.
layout_begin "$work/layout"
layout_layer 3000000 first
layout_layer 3000000 second
layout_image one
registry_start
registry_push "oci:$work/layout:one" a/b:one
network_start 'slow - blobs/ 1500000'
udocker -q pull "$network/a/b:one" 2> pull.err &
puller=$!
until find "$layers" -name '.sha256*.part' -size +100k | grep -q .; do
  kill -0 "$puller" || bail "the pull ended: $(cat pull.err)"
  sleep 0.05
done
kill -STOP "$puller"
find "$layers" "$repos" -exec touch -hd '1 hour ago' {} +
run udocker prune
is "prune beside a pull" "$status$stdout" '0Gave back 0 B'
kill -CONT "$puller"
status=0
wait "$puller" || status=$?
is "  the pull does not mind" "$status$(cat pull.err)" 0
run udocker -q verify "$network/a/b:one"
is "  and is whole" "$status$stderr" 0

# Pulls, removals and prunes at once.
network_start 'slow - none 1'
for i in 1 2 3 4 5 6 7 8; do
  udocker -q pull "$registry/a/b:one" && udocker -q verify "$registry/a/b:one" \
    && udocker -q rmi "$registry/a/b:one" || echo "round $i"
done > puller 2>&1 &
puller=$!
while kill -0 "$puller" 2> /dev/null; do
  find "$layers" -name 'sha256*' -exec touch -d '1 hour ago' {} + 2> /dev/null
  udocker -q prune > /dev/null 2>> pruner
done
wait "$puller"
is "prunes do not disturb pulls and removals" "$(cat puller pruner)" ''

done_testing
