# Killed at every step: create, rm, rmi, tag, prune; and two that want opposite
# things at once.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
. "$top_srcdir/tests/registry.sh"
. "$top_srcdir/tests/layouts.sh"
. "$top_srcdir/tests/python-rules.sh"
need docker-registry skopeo openssl strace
strace -o /dev/null true 2> /dev/null || skip_all "strace cannot trace here"

depth=2
rounds=3
test "${TEST_LONG-}" != yes || { depth=12; rounds=40; }
repos=$UDOCKER_DIR/repos
layers=$UDOCKER_DIR/layers
containers=$UDOCKER_DIR/containers

layout_begin "$work/layout"
layout_layer 30000 shared
layout_layer 20000 own
layout_image one
layout_layer 30000 shared
layout_layer 10000 other
layout_image two
registry_start
registry_push "oci:$work/layout:one" a/one:x
registry_push "oci:$work/layout:two" a/two:x
one=$registry/a/one:x
two=$registry/a/two:x
udocker -q pull "$one"
udocker -q pull "$two"
cp -a "$UDOCKER_DIR" "$work/pulled"

# restore: make the repository what it was after the pulls.
restore ()
{
  rm -rf "$UDOCKER_DIR"
  cp -a "$work/pulled" "$UDOCKER_DIR"
}

# settle: let time pass, then prune.
settle ()
{
  find "$layers" "$repos" "$containers" -exec touch -hd '1 hour ago' {} +
  udocker -q prune > /dev/null
}

# sound: the repository opens, and every image that it lists is whole; then
# that the second one is there.
sound ()
{
  sound_images=$(udocker -q images | sed 's/ .*//') && udocker ps > /dev/null \
    && udocker -q verify $sound_images \
    && echo "$sound_images" | grep -q "^$two\$"
}

# killed PREPARE AGAIN COMMAND...: kill COMMAND when it is about to make the
# first, second, ... call of each kind that changes something; the repository
# is sound each time, and AGAIN succeeds.  PREPARE comes before.
killed ()
{
  killed_prepare=$1
  killed_again=$2
  shift 2
  killed_count=0
  killed_bad=
  for killed_call in mkdirat symlinkat renameat unlinkat fsync; do
    killed_when=0
    while test $killed_when -lt $depth; do
      killed_when=$((killed_when + 1))
      restore
      $killed_prepare > prepared 2>&1
      status=0
      strace -qq -f -o /dev/null -e "trace=$killed_call" \
        -e "inject=$killed_call:signal=KILL:when=$killed_when" "$@" \
        > killed.out 2> killed.err || status=$?
      test $status != 0 || break
      killed_count=$((killed_count + 1))
      { sound && $killed_again && sound; } > again 2>&1 \
        || killed_bad="$killed_bad $killed_call $killed_when: $(cat again)"
      settle
      killed_rules=$(python3 "$top_srcdir/tests/python-rules.py" --settled \
        "$UDOCKER_DIR" 2>&1) || killed_bad="$killed_bad $killed_rules"
    done
  done
  is "'$(printf '%s ' "$@" | sed 's|[^ ]*/||g; s| $||')' killed at any step" \
    "$killed_bad" ''
  ok "  ($killed_count of them)" test $killed_count -ge 2
}

rmi_again ()
{
  ! udocker -q images | grep -q "^$one " || udocker -q rmi "$one"
}
killed : rmi_again "$udocker" -q rmi "$one"

tag_again ()
{
  ! udocker -q images | grep -q '^new:name ' || udocker -q rmi new:name
  udocker -q tag "$one" new:name
}
killed : tag_again "$udocker" -q tag "$one" new:name

make_box ()
{
  udocker create --name=box "$one"
  mkdir "$containers/box/ROOT/d"
  touch "$containers/box/ROOT/d/f"
}
rm_again ()
{
  # It is gone, or whole, or has lost its name.
  for again_id in $(udocker -q ps | sed 1d | cut -d ' ' -f 1); do
    test -f "$containers/$again_id/container.json" \
      && test -f "$containers/$again_id/ROOT/d/f" \
      && udocker -q rm "$again_id" || return 1
  done
  udocker -q create --name=box "$one" && udocker -q rm box
}
killed make_box rm_again "$udocker" -q rm box
create_again ()
{
  ! test -e "$containers/box" || udocker -q rm box
  udocker -q create --name=box "$one"
}
killed : create_again "$libexec/udocker-full" -q create --name=box "$one"

make_garbage ()
{
  for garbage_digit in 1 2 3; do
    echo x > "$layers/sha256:$(printf '%064d' $garbage_digit)"
    mkdir -p "$repos/dead/.x.000000000000000$garbage_digit.gone.part" \
      "$containers/.box$garbage_digit.gone.part/ROOT" "$repos/empty/$garbage_digit"
  done
  find "$layers" -exec touch -d '1 hour ago' {} +
}
prune_again ()
{
  udocker -q prune
}
killed make_garbage prune_again "$udocker" -q prune

# Two at once: they end as if one had come after the other.
# both COMMAND -- COMMAND: run them at once; $first and $second are how they
# ended.
both ()
{
  both_command=
  for both_word in "$@"; do
    shift
    test "$both_word" != -- || break
    both_command="$both_command '$both_word'"
  done
  { eval "$both_command" > out.1 2> err.1; echo $? > first; } &
  { "$@" > out.2 2> err.2; echo $? > second; }
  wait $!
  first=$(cat first)
  second=$(cat second)
}

# has IMAGE: whether it is listed; then it must be whole.
has ()
{
  udocker -q images | grep -q "^$1 " || return 1
  udocker -q verify "$1" || conflicts="$conflicts $1 is not whole"
}

# note_bad WHAT: note that something should not be.
note_bad ()
{
  conflicts="$conflicts; $1: $first $second $(grep -hv ^Info err.1 err.2)"
}

conflicts=
round=0
while test $round -lt $rounds; do
  round=$((round + 1))
  restore
  both udocker -q rmi "$one" -- udocker -q pull "$one"
  test "$first$second" = 00 || note_bad 'rmi and pull'
  has "$one"
  settle

  restore
  both udocker -q tag "$one" new:name -- udocker -q rmi "$one"
  test "$second" = 0 || note_bad 'tag and rmi'
  ! has "$one" || note_bad 'rmi removed nothing'
  if has new:name; then
    test "$first" = 0 || note_bad 'tag failed but did'
    udocker -q rmi new:name
  else
    test "$first" = 1 || note_bad 'tag did nothing'
  fi
  has "$two" || note_bad 'the other image'

  restore
  id=$(udocker create --name=box "$one")
  id2=$(udocker create --name=box2 "$one")
  both udocker name box same -- udocker name box2 same
  test $((first + second)) = 1 || note_bad 'name and name'
  test "$(readlink "$containers/same")" = "$(test "$first" = 0 && echo "$id" \
    || echo "$id2")" || note_bad 'the other has the name'
  both udocker rename box moved -- udocker rmname box
  case $first$second in
    01 | 10 | 00) ;;
    *) note_bad 'rename and rmname' ;;
  esac
  test "$(udocker ps | sed 1d | wc -l)" = 2 || note_bad 'ps'
  both udocker -q rm box2 -- udocker -q rm "$id2"
  test "$first$second" != 11 || note_bad 'rm and rm'
  test ! -e "$containers/$id2" || note_bad 'rm left it'

  restore
  make_container "$id" box '{"config": {}}'
  both udocker run --nobanner box /bin/true -- udocker -q rm box
  case $first$second in
    00) ;;
    01) udocker -q rm box || note_bad 'rm later' ;;
    1250 | 1270 | 1260) ;;
    *) note_bad 'run and rm' ;;
  esac
  test ! -e "$containers/$id" || note_bad 'rm did nothing'
done
is "of two that want opposite things one comes after the other" "$conflicts" ''
settle
python_rules "  and nothing is left" --settled

done_testing
