# run --fakeowner: what root of the container sets outlives the run.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck disable=SC2154

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
make_container "$id" box '{}' || bail 'cannot make a container'
kept=$UDOCKER_DIR/containers/$id/owners
need python3

owners ()
{
  ud --user=root "$@"
}

# What an ordinary run leaves.
owners box sh -c 'echo x > /plain; chown 33:44 /plain'
is "without the option owners end with the run" \
  "$(owners box stat -c '%u:%g' /plain)" 0:0
ok "  and there is no record" test ! -e "$kept"

script='set -e
  echo x > /f; chown 33:44 /f; chmod 4711 /f
  mkdir /d; chmod 2770 /d; chgrp 55 /d; touch /d/inherits
  ln -s f /l; chown -h 7:8 /l
  mknod /null c 1 3; chmod 666 /null
  touch /shut; chmod 0 /shut
  ln /f /hard
  touch /reused; chown 99:99 /reused; rm /reused; touch /reused'
run owners --fakeowner box sh -c "$script"
is "a run with it" "$status$stderr" 0
see='stat -c "%n %u:%g %a %F" /f /hard /d /d/inherits /l /shut /reused
  stat -c "%n %t,%T %F" /null'
expected='/f 33:44 4711 regular file
/hard 33:44 4711 regular file
/d 0:55 2770 directory
/d/inherits 0:55 644 regular empty file
/l 7:8 777 symbolic link
/shut 0:0 0 regular empty file
/reused 0:0 644 regular empty file
/null 1,3 character special file'
modes='P1 P2'
test ! -x "$libexec/udocker-trap" || modes="$modes T1 T2"
for mode in $modes; do
  is "the next one sees it in $mode" "$(
    UDOCKER_DEFAULT_EXECUTION_MODE=$mode
    export UDOCKER_DEFAULT_EXECUTION_MODE
    owners --fakeowner box sh -c "$see")" "$expected"
done
is "one without it does not" "$(owners box stat -c '%u:%g' /f)" 0:0
is "nor the host" "$(stat -c %u:%g "$root/f")" "$(id -u):$(id -g)"
is "the record is the user's alone" "$(stat -c %a "$kept")" 600

# The setting.
mkdir -p "$HOME/.udocker"
echo 'proot_fakeowner = yes' > "$HOME/.udocker/udocker.conf"
is "the setting does the same" "$(owners box stat -c '%u:%g' /f)" 33:44
rm "$HOME/.udocker/udocker.conf"

# Another user: what has no record is root's.
is "another user sees root's files as root's" "$(
  ud --fakeowner --user=4321:4321 box stat -c '%u %a %n' /f /bin/busybox /d/inherits)" \
  "33 4711 /f
0 755 /bin/busybox
0 644 /d/inherits"
ud --fakeowner --user=4321:4321 box sh -c \
  'touch /home/alice/mine; id -u; stat -c %U /home/alice/mine' > "$work/id"
is "  and has its own" "$(tr '\n' ' ' < "$work/id")$(owners --fakeowner box \
  stat -c %u:%g /home/alice/mine)" '4321 user4321 4321:4321'
run ud --fakeowner --user=4321:4321 box chown 0 /f
like "  and may not change others'" "$status$stderr" '^1chown: .*not permitted'

# Files are told apart.
rm "$root/f"
touch "$root/f"
is "a new file does not inherit, nor another name lose" \
  "$(owners --fakeowner box stat -c '%n %u' /f /hard)" "/f 0
/hard 33"
owners --fakeowner box sh -c 'mv /hard /moved; chown 3 /moved'
is "an owner goes along with a file" \
  "$(owners --fakeowner box stat -c %u /moved)" 3

# Runs at once: each sees what the other does.
mkfifo "$work/go" "$work/done"
owners --fakeowner -v "$work:/w" box sh -c '
  touch /first; chown 11 /first; echo > /w/go; read x < /w/done
  stat -c %u /second' > "$work/first" &
first=$!
owners --fakeowner -v "$work:/w" box sh -c '
  read x < /w/go; stat -c %u /first; touch /second; chown 12 /second
  echo > /w/done' > "$work/second"
wait "$first"
is "runs at once see each other's" "$(cat "$work/first" "$work/second")" "12
11"

# Many processes of several runs, in several modes.
many='mkdir /many; for i in 1 2 3 4 5 6; do
    for j in 1 2 3 4 5 6 7 8 9 10; do
      touch /many/$0-$i-$j; chown $i$j:$j /many/$0-$i-$j
      chmod 4755 /many/$0-$i-$j; done &
  done; wait'
waits=
for mode in $modes; do
  owners --fakeowner --execmode=$mode box sh -c "$many" $mode \
    > "$work/log" 2>&1 &
  waits="$waits $!"
done
# shellcheck disable=SC2086 # several
wait $waits
is "many processes of several runs" "$(owners --fakeowner box sh -c '
  for f in /many/*; do stat -c "%n %u:%g %a" $f; done' \
  | sed 's/.*-\(.*\)-\(.*\) \1\2:\2 4755$/good/' | sort | uniq -c | tr -s ' ')" \
  " $(echo "$modes" | wc -w | awk '{ print 60 * $1 }') good"
owners --fakeowner box rm -r /many

# Killed: all that was done before stays.
# shellcheck disable=SC2016 # the container's PPID
owners --fakeowner box sh -c 'touch /k1 /k2; chown 21 /k1; chown 22 /k2
  kill -9 $PPID; sleep 100' > /dev/null 2>&1
owners --fakeowner box sh -c 'touch /k3; chown 23 /k3'
is "a run that was killed leaves what it did" \
  "$(owners --fakeowner box stat -c %u /k1 /k2 /k3)" "21
22
23"

# Copies.
owners --fakeowner box sh -c "rm -rf /f /d /l /null /shut /reused /hard
  $script"
run udocker clone --name=copy box
is "clone" "$status$(printf %s "$stderr" | grep -v '^Info')" 0
is "  has the same owners" "$(owners --fakeowner copy sh -c "$see")" "$expected"
owners --fakeowner copy chown 1 /f
is "  of its own" "$(owners --fakeowner box stat -c %u /f)" 33
run udocker export -o "$work/out.tar" box
is "export" "$status" 0
is "  writes those owners" "$(tar --numeric-owner -tvf "$work/out.tar" \
  ./f ./d ./l ./null ./shut ./bin/busybox \
  | awk '{ print $1, $2, $NF }' | LC_ALL=C sort -k3)" \
  "-rwxr-xr-x 0/0 ./bin/busybox
drwxrws--- 0/55 ./d/
-rw-r--r-- 0/55 ./d/inherits
-rws--x--x 33/44 ./f
crw-rw-rw- 0/0 ./null
---------- 0/0 ./shut
lrwxrwxrwx 7/8 f"
run udocker import --tocontainer --name=back "$work/out.tar"
is "import of that archive to a container" "$status" 0
is "  which can be used" "$(owners back cat /f)" x
is "  and keeps none" "$(owners --fakeowner back stat -c %u /f)" 0
udocker rm back > "$work/log" 2>&1
echo 'proot_fakeowner = yes' > "$HOME/.udocker/udocker.conf"
run udocker import --tocontainer --name=back "$work/out.tar"
is "with the setting" "$status" 0
is "  it keeps those of the archive" "$(owners back sh -c "$see")" "$expected"
run udocker export --clone -o "$work/whole.tar" back
run udocker import --clone --name=whole "$work/whole.tar"
is "  so does a whole container" "$(owners whole sh -c "$see")" "$expected"
udocker import "$work/out.tar" test:1 > "$work/log" 2>&1 || bail 'no image'
run udocker create --name=made test:1
is "create with the setting" "$status" 0
is "  keeps those of the image" "$(owners made sh -c "$see")" "$expected"
is "  what is root's has no record" "$(owners made stat -c %u:%g /bin/busybox) $(
  test "$(stat -c %s "$UDOCKER_DIR/containers/made/owners")" -lt 8192 && echo short)" \
  '0:0 short'
rm "$HOME/.udocker/udocker.conf"
run ud --fakeowner --user=root --name=run test:1 sh -c "$see"
is "run --fakeowner of an image, too" "$status$stdout" "0$expected"
run udocker create --name=without test:1
is "without it an image's are lost" \
  "$(owners --fakeowner without stat -c %u:%g /f)" 0:0

# Attributes.
cat > "$work/attributes.py" << 'END'
import sys, tarfile
member = tarfile.open(sys.argv[1]).getmember("./tagged")
print(sorted((name, value) for name, value in member.pax_headers.items()
             if name.startswith("SCHILY")))
END
if cc -static -o "$root/setfattr" -x c - 2> "$work/log" << 'END'
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
int
main (int argc, char **argv)
{
  char value[64];
  if (argc > 3)
    return setxattr (argv[1], argv[2], argv[3], strlen (argv[3]), 0) != 0;
  long size = getxattr (argv[1], argv[2], value, sizeof value);
  return printf ("%.*s\n", (int) size, value) < 1;
}
END
then
  owners --fakeowner box sh -c 'touch /tagged
    /setfattr /tagged trusted.who me; /setfattr /tagged security.x y'
  is "attributes of root outlive the run" \
    "$(owners --fakeowner box /setfattr /tagged trusted.who)" me
  udocker rm copy > "$work/log" 2>&1
  udocker clone --name=copy box > "$work/log" 2>&1
  is "  are in a clone" \
    "$(owners --fakeowner copy /setfattr /tagged security.x)" y
  udocker export -o "$work/out.tar" box 2> "$work/log"
  is "  and in an archive" \
    "$(python3 "$work/attributes.py" "$work/out.tar")" \
    "[('SCHILY.xattr.security.x', 'y'), ('SCHILY.xattr.trusted.who', 'me')]"
else
  skip "attributes of root outlive the run" "cannot link static programs"
fi

# A 32-bit program, which has a tracer of its own in some modes.
if echo '#include <unistd.h>
int main (void) { return chown ("/by32", 32, 23); }' \
  | cc -m32 -static -o "$root/chown32" -x c - 2> "$work/log"; then
  run owners --fakeowner box sh -c \
    'touch /by32; /chown32; stat -c %u:%g /by32; chown 64 /by32'
  is "what a 32-bit program sets is kept" "$status$stdout $(
    owners --fakeowner box stat -c %u:%g /by32)" '032:23 64:23'
else
  skip "what a 32-bit program sets is kept" "cannot compile one"
fi

# What cannot be kept is said.
make_tree "$work/tree"
run ud --fakeowner --user=root --location="$work/tree" none true
is_error "a directory keeps none" 125 '--fakeowner: only a container'
cp "$kept" "$work/owners"
echo 'something else, and long enough to be more than a page' > "$kept"
dd if=/dev/zero bs=8192 count=1 >> "$kept" 2> "$work/log"
run owners --fakeowner box true
is_error "a file that is no record" 125 \
  "cannot keep owners in '$kept': it is no record of owners"
run udocker clone box
is_error "  is not copied" 1 "'owners' is no record of owners"
run udocker -q export -o "$work/out2.tar" box
is_error "  nor used" 1 "'owners' is no record of owners"
cp "$work/owners" "$kept"
is "a good one serves again" "$(owners --fakeowner box stat -c %u /f)" 33

container=$UDOCKER_DIR/containers/$id
chmod a-w "$container" "$kept"
run owners --fakeowner box sh -c 'stat -c %u /f; chown 77 /f; stat -c %u /f'
is "where nothing can be written what was kept is seen" "$status$stdout" "033
77"
is "  and nothing is kept" "$(owners --fakeowner box stat -c %u /f)" 33
chmod u+w "$container" "$kept"
run udocker rm -f box
is "rm removes all" "$status$(ls -d "$container" 2> /dev/null)" 0
done_testing
