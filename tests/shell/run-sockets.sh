# Services of the user's session, reached from a container by their sockets: an X
# server, ssh-agent, D-Bus.  The command lines are those of the manual.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

. "${top_srcdir:=.}/tests/tap.sh"
. "$top_srcdir/tests/container.sh"

make_container "$id" box '{"config":{"Env":["PATH=/bin"]}}' \
  || bail "no container"
modes="P1 P2 T1"
test -x "$libexec/udocker-trap" || modes="P1 P2"
self=$(id -un)

# take PROGRAM: put the host's PROGRAM into the container, with what it needs.
take ()
{
  take_from=$(command -v "$1") || return
  cp "$take_from" "$root/bin" || return
  ldd "$take_from" | sed -n 's/.*[[:blank:]]\(\/[^ ]*\) (0x.*/\1/p' \
    | while read -r take_file; do
      mkdir -p "$root/$(dirname "$take_file")"
      test -e "$root/$take_file" || cp -L "$take_file" "$root/$take_file"
    done
}

# An X server with a cookie.
x_server ()
{
  mkdir -p "$root/home/$self"
  XAUTHORITY=$work/cookies
  export XAUTHORITY
  : > "$XAUTHORITY"
  cookie=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  # The server looks for a display that is free, and says which.
  mkfifo display
  xauth -q -f server-cookies add :0 . "$cookie" 2> /dev/null
  Xvfb -displayfd 3 -screen 0 640x480x24 -auth "$work/server-cookies" \
    -nolisten tcp > x.log 2>&1 3> display &
  x_pid=$!
  at_end "kill $x_pid"
  read -r number < display || return
  DISPLAY=:$number
  export DISPLAY
  xauth -q add "$DISPLAY" . "$cookie"
  until_true xdpyinfo
}

if command -v Xvfb > /dev/null && command -v xauth > /dev/null \
  && take xdpyinfo; then
  if x_server; then
    test -S "/tmp/.X11-unix/X$number" && sockets=/tmp/.X11-unix
    for mode in $modes; do
      for user in root "$self" alice; do
        run ud --execmode="$mode" --user="$user" ${sockets:+-v $sockets} \
          -v "$XAUTHORITY:/tmp/cookies:ro" -e XAUTHORITY=/tmp/cookies \
          -e DISPLAY box xdpyinfo
        is "X11 in $mode as $user" \
          "$status:$(echo "$stdout" | sed -n 's/^ *dimensions: *\([0-9x]*\) .*/\1/p')" \
          0:640x480 || note "$stderr"
      done
      run ud --execmode="$mode" ${sockets:+-v $sockets} -e XAUTHORITY=/none \
        -e DISPLAY box xdpyinfo
      is "  not without the cookie" $status 1
    done
  else
    skip "X11" "no X server starts here: $(tail -n 1 x.log)"
  fi
else
  skip "X11" "there is no Xvfb, xauth or xdpyinfo"
fi

if command -v ssh-agent > /dev/null && take ssh-add; then
  eval "$(ssh-agent -a "$work/agent")" > /dev/null
  at_end "kill $SSH_AGENT_PID"
  ssh-keygen -q -t ed25519 -N '' -C 'a key' -f key
  ssh-add -q key
  for mode in $modes; do
    for user in root "$self" alice; do
      run ud --execmode="$mode" --user="$user" -v "$SSH_AUTH_SOCK" \
        -e SSH_AUTH_SOCK box ssh-add -l
      is "ssh-agent in $mode as $user" "$status:$stdout" "0:$(ssh-add -l)"
    done
    run ud --execmode="$mode" -v "$SSH_AUTH_SOCK:/run/agent" \
      -e SSH_AUTH_SOCK=/run/agent box ssh-add -l
    is "  at another place" "$status:$stdout" "0:$(ssh-add -l)"
    run ud --execmode="$mode" -e SSH_AUTH_SOCK box ssh-add -l
    is "  not without the volume" $status 2
  done
else
  skip "ssh-agent" "there is no ssh-agent or ssh-add"
fi

if command -v dbus-daemon > /dev/null && take dbus-send; then
  dbus-daemon --session --nofork --nopidfile --address="unix:path=$work/bus" \
    > bus.log 2>&1 &
  bus_pid=$!
  at_end "kill $bus_pid"
  if until_true test -S bus; then
    DBUS_SESSION_BUS_ADDRESS=unix:path=$work/bus
    export DBUS_SESSION_BUS_ADDRESS
    for mode in $modes; do
      for user in "$self" alice; do
        run ud --execmode="$mode" --user="$user" -v "$work/bus" \
          -e DBUS_SESSION_BUS_ADDRESS box dbus-send --session --print-reply \
          --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId
        like "D-Bus in $mode as $user" "$status $stdout" '^ *string "[0-9a-f]{32}"' \
          || note "$stderr"
      done
      # It compares who one says to be with whom the kernel knows.
      run ud --execmode="$mode" -v "$work/bus" -e DBUS_SESSION_BUS_ADDRESS box \
        dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
        org.freedesktop.DBus.GetId
      is "  not as root, who one is not" $status 1
    done
  else
    skip "D-Bus" "no bus starts here: $(tail -n 1 bus.log)"
  fi
else
  skip "D-Bus" "there is no dbus-daemon or dbus-send"
fi

done_testing
