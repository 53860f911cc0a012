# run --publish: ports of the container under other numbers of the host.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"
need cc python3

make_container "$id" c1 '{"config":{}}' || bail "no container"
cc -std=gnu11 -O1 -w -static -o "$root/bin/ports" "$top_srcdir/tests/guest/ports.c" \
  || bail 'cannot compile the program'

# free_ports: print a number where six ports in a row are free, for TCP and
# UDP.
free_ports ()
{
  python3 - << 'END'
import random, socket
while True:
    first = random.randrange(20000, 60000)
    held = []
    try:
        for port in range(first, first + 6):
            for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
                s = socket.socket(socket.AF_INET, kind)
                held.append(s)
                s.bind(("127.0.0.1", port))
        print(first)
        break
    except OSError:
        pass
    finally:
        for s in held:
            s.close()
END
}

# greet PORT FILE: once FILE says "ready", say hello at PORT.  Print whether it
# could be reached.
greet ()
{
  python3 - "$@" << 'END'
import socket, sys, time
end = time.time() + 60
while "ready" not in open(sys.argv[2]).read() and time.time() < end:
    time.sleep(0.02)
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
        s.sendall(b"hello")
    print("reached")
except OSError:
    print("refused")
END
}

# see FILE PORT COMMAND...: run the program, greet it, keep what it says.
see ()
{
  file=$1
  port=$2
  shift 2
  : > "$file"
  "$@" > "$file" 2> "$file.err" < /dev/null &
  program=$!
  greeted=$(greet "$port" "$file")
  test "$greeted" = reached || kill "$program"
  wait "$program"
}

if ! python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' \
  2> /dev/null; then
  skip_all "no IPv6 on the loopback interface"
fi

inside=$(free_ports)
see truth "$inside" "$root/bin/ports" "$inside"
is "the program itself" "$greeted" reached
for mode in P1 P2; do
  UDOCKER_DEFAULT_EXECUTION_MODE=$mode
  export UDOCKER_DEFAULT_EXECUTION_MODE
  outside=$(free_ports)
  see "$mode" "$outside" udocker run --nobanner \
    --publish="$outside-$((outside + 2)):$inside-$((inside + 2))/tcp" c1 \
    /bin/ports "$inside"
  is "from outside it is at another port in $mode" "$greeted" reached
  ok "  and sees its own numbers" cmp truth "$mode" \
    || diff truth "$mode" | sed 's/^/# /'
  is "  without a word" "$(cat "$mode.err")" ""
done
unset UDOCKER_DEFAULT_EXECUTION_MODE

see other "$outside" udocker run --nobanner -p "$outside:$inside" \
  -p "$((outside + 1)):$((inside + 1))" c1 /bin/ports "$inside"
is "-p twice" "$greeted" reached
for mode in P1 P2; do
  test $mode = P1 || export PROOT_NO_SECCOMP=1
  outside=$(free_ports)
  see engine "$outside" "$libexec/udocker-proot" -b /proc -r "$root" \
    -p "$inside:$outside" --port="$((inside + 1)):$((outside + 1))" \
    /bin/ports "$inside"
  is "-p of the engine in $mode" "$greeted" reached
  ok "  and the program sees its own numbers" cmp truth engine \
    || diff truth engine | sed 's/^/# /'
done
unset PROOT_NO_SECCOMP
# What another machine or the host has keeps its number.
see other "$inside" udocker run --nobanner -p "$outside:$((inside + 5))" c1 \
  /bin/ports "$inside"
is "other ports stay as they are" "$greeted" reached

# Two programs of ports below 1024, without privileges.
if test "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 700; then
  sed "s/$inside/700/; s/$((inside + 1))/701/" truth > expected
  see privileged 10700 udocker run --nobanner -P c1 /bin/ports 700
  is "-P: privileged ports are 10000 higher" "$greeted" reached
  ok "  and the program does not see that" cmp expected privileged \
    || diff expected privileged | sed 's/^/# /'
  for option in -n --netcoop; do
    see privileged 10700 "$libexec/udocker-proot" -b /proc -r "$root" $option \
      /bin/ports 700
    is "$option of the engine" "$greeted" reached
  done
else
  skip "-P" "anybody may have any port here"
fi

# Two programs of the same ports at once.
engine=$libexec/udocker-proot
: > first
"$engine" -b /proc -r "$root" -n /bin/ports "$inside" > first 2>&1 &
first=$!
until grep -q ready first || ! kill -0 "$first" 2> /dev/null; do
  sleep 0.05
done
for mode in P1 P2; do
  test $mode = P1 || export PROOT_NO_SECCOMP=1
  : > second
  "$engine" -b /proc -r "$root" -n /bin/ports "$inside" > second 2> told &
  second=$!
  until grep -q ready second || ! kill -0 "$second" 2> /dev/null; do
    sleep 0.05
  done
  taken=$(sed -n "s/^Warning: port $inside of the host is taken; .* is \([0-9]*\) of the host\$/\1/p" told)
  is "-n moves a port that is taken in $mode" "$(greet "${taken:-1}" second)" \
    reached
  test -n "$taken" || kill "$second"
  wait "$second"
  ok '  which the program does not see' cmp truth second \
    || diff truth second | sed 's/^/# /'
done
unset PROOT_NO_SECCOMP
is '  nor one that was there first' "$(greet "$inside" first)" reached
wait "$first"
ok '    whose port it is' cmp truth first || diff truth first | sed 's/^/# /'
"$engine" -b /proc -r "$root" -n /bin/ports "$inside" > first 2>&1 &
first=$!
until grep -q ready first || ! kill -0 "$first" 2> /dev/null; do
  sleep 0.05
done
run "$engine" -r / -n -p "$inside:$inside" python3 -c "import socket
socket.socket().bind(('127.0.0.1', $inside))"
like '  but not one that -p names' "$stderr" 'Address already in use$'
kill "$first"
wait "$first"

for wrong in x 80 80: :80 0:80 80:0 65536:80 80:65536 80-81:80 81-80:80-81 \
             80:80/sctp 1-5000:1-5000 1:2:3:4x 1:2:3:4 \
             localhost:80:80 127.0.0.300:80:80 '[127.0.0.1]:80:80' \
             '[::1:80:80'; do
  run udocker run -p "$wrong" c1 true
  like "-p $wrong is refused" "$status$stderr" \
    "^125Error: --publish=.*: "
done
run udocker run --nobanner -p 127.0.0.1:8080:80 c1 true
like "an address is said not to count" "$status$stderr" \
  '0Warning: --publish=127.0.0.1:8080:80: *'
run udocker run --nobanner -p '[::1]:8080:80' c1 true
like "  one of version 6 as well" "$status$stderr" \
  '0Warning: --publish=.*::1.*:8080:80: '
run udocker run --nobanner -p '[::]:8080:80' -p 0.0.0.0:8081:81 c1 true
is "  unless it means all" "$status$stderr" 0
done_testing
