# A registry of one's own for shell tests: Debian's docker-registry on a free
# port of the loopback interface, and images to put into it.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# Source it behind tests/tap.sh.
#
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # shared with tap.sh and the tests

registry_count=0

# registry_start [tls] [auth=USER:PASSWORD] [readonly] [data=DIRECTORY]: start a
# registry and wait until it listens.  Sets $registry (HOST:PORT),
# $registry_pid, $registry_log, $registry_data (its directory) and, with tls,
# $registry_ca (the certificate to trust; the host is "localhost").  It is
# stopped when the test ends.
registry_start ()
{
  registry_tls=
  registry_auth=
  registry_readonly=false
  registry_count=$((registry_count + 1))
  registry_home=$work/registry-$registry_count
  registry_data=$registry_home/data
  registry_log=$registry_home/log
  mkdir -p "$registry_home" || exit 99
  for registry_option in "$@"; do
    case $registry_option in
      tls) registry_tls=yes ;;
      auth=*) registry_auth=${registry_option#auth=} ;;
      readonly) registry_readonly=true ;;
      data=*) registry_data=${registry_option#data=} ;;
      *) bail "registry_start: $registry_option?" ;;
    esac
  done

  {
    cat << END
version: 0.1
log: { level: info }
storage:
  filesystem: { rootdirectory: "$registry_data" }
  delete: { enabled: true }
  maintenance: { readonly: { enabled: $registry_readonly } }
http:
  addr: 127.0.0.1:0
  secret: for-tests-only
END
    registry_name=127.0.0.1
    if test -n "$registry_tls"; then
      registry_name=localhost
      registry_ca=$registry_home/ca.pem
      openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
        -keyout "$registry_home/key.pem" -out "$registry_ca" 2> /dev/null \
        || bail 'openssl cannot make a certificate'
      echo "  tls: { certificate: $registry_ca, key: $registry_home/key.pem }"
    fi
    if test -n "$registry_auth"; then
      htpasswd -Bbc "$registry_home/htpasswd" "${registry_auth%%:*}" \
        "${registry_auth#*:}" 2> /dev/null || bail 'htpasswd does not work'
      echo "auth: { htpasswd: { realm: tests, path: $registry_home/htpasswd } }"
    fi
  } > "$registry_home/config.yml"

  : > "$registry_log"
  docker-registry serve "$registry_home/config.yml" > "$registry_log" 2>&1 \
    < /dev/null &
  registry_pid=$!
  at_end "registry_stop $registry_pid"
  registry_wait=0
  until registry_port_found=$(sed -n \
      's/.*listening on [^"]*:\([0-9][0-9]*\).*/\1/p' "$registry_log" \
      | sed 1q) && test -n "$registry_port_found"; do
    registry_wait=$((registry_wait + 1))
    if test $registry_wait -gt 200 || ! kill -0 $registry_pid 2> /dev/null
    then
      sed 's/^/# /' "$registry_log"
      bail 'docker-registry does not start'
    fi
    sleep 0.1
  done
  registry=$registry_name:$registry_port_found
  # For registry_restart.
  sed -i "s/^  addr: .*/  addr: 127.0.0.1:$registry_port_found/" \
    "$registry_home/config.yml"
}

# registry_stop [PID]: stop the registry started last, or that one.
registry_stop ()
{
  kill "${1:-$registry_pid}" 2> /dev/null && wait "${1:-$registry_pid}" 2> \
    /dev/null
  return 0
}

# registry_restart: start the registry started last again, on the same port
# and with the same data.
registry_restart ()
{
  registry_stop
  docker-registry serve "$registry_home/config.yml" >> "$registry_log" 2>&1 \
    < /dev/null &
  registry_pid=$!
  at_end "registry_stop $registry_pid"
  registry_wait=0
  until curl -s -o "$registry_home/answer" "http://$registry/"; do
    registry_wait=$((registry_wait + 1))
    test $registry_wait -le 200 || bail 'docker-registry does not start again'
    sleep 0.1
  done
}

# image_layout DIRECTORY TAG: make an OCI layout with one image: Debian's
# static busybox with its applets as links, /etc/passwd, a command, an
# environment.
image_layout ()
{
  image_busybox=$(command -v busybox) || skip_all "'busybox' is not installed"
  image_tree=$work/image-tree
  rm -rf "$image_tree"
  mkdir -p "$image_tree/bin" "$image_tree/etc" "$image_tree/tmp" \
    "$image_tree/root" "$image_tree/home" "$image_tree/proc" \
    "$image_tree/dev" "$image_tree/sys" "$image_tree/usr/bin" \
    "$image_tree/var/tmp"
  chmod 1777 "$image_tree/tmp" "$image_tree/var/tmp"
  cp "$image_busybox" "$image_tree/bin/busybox"
  chmod 755 "$image_tree/bin/busybox"
  for image_applet in $("$image_busybox" --list); do
    test "$image_applet" = busybox \
      || ln -s busybox "$image_tree/bin/$image_applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' > "$image_tree/etc/passwd"
  echo 'root:x:0:' > "$image_tree/etc/group"
  echo 'a busybox of the tests' > "$image_tree/etc/motd"
  image_layout_of "$image_tree" "$1" "$2" --config.cmd /bin/sh \
    --config.env PATH=/bin:/usr/bin
  rm -rf "$image_tree"
}

# image_layout_of TREE DIRECTORY TAG [UMOCI-CONFIG-OPTION]...: make an OCI
# layout whose one layer is the directory TREE.
image_layout_of ()
{
  image_from=$1
  image_to=$2
  image_tag=$3
  shift 3
  {
    test -d "$image_to" || umoci init --layout "$image_to"
    umoci new --image "$image_to:$image_tag" \
      && umoci insert --rootless --image "$image_to:$image_tag" \
        "$image_from" / \
      && umoci config --image "$image_to:$image_tag" \
        --config.workingdir / "$@"
  } > "$work/umoci.log" 2>&1 || {
    sed 's/^/# /' "$work/umoci.log"
    bail 'umoci cannot make an image'
  }
}

# registry_push SOURCE NAME:TAG [SKOPEO-COPY-OPTION]...: copy the image SOURCE,
# as skopeo writes it (oci:DIRECTORY:TAG, dir:, docker-archive:), into the
# registry started last.
registry_push ()
{
  push_from=$1
  push_to=$2
  shift 2
  if test -n "$registry_auth"; then
    set -- --dest-creds "$registry_auth" "$@"
  fi
  skopeo --insecure-policy copy --dest-tls-verify=false "$@" "$push_from" \
    "docker://$registry/$push_to" > "$work/skopeo.log" 2>&1 || {
    sed 's/^/# /' "$work/skopeo.log"
    bail "skopeo cannot push $push_to"
  }
}

# registry_push_busybox NAME:TAG [SKOPEO-COPY-OPTION]...: push the image of
# image_layout.  --format v2s2 makes it Docker's instead of OCI's.
registry_push_busybox ()
{
  test -d "$work/busybox-layout" || image_layout "$work/busybox-layout" latest
  push_name=$1
  shift
  registry_push "oci:$work/busybox-layout:latest" "$push_name" "$@"
}
