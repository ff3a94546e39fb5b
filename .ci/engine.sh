#!/usr/bin/env bash
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
# Source this: a private Docker engine from Debian's docker.io that changes nothing outside its own folder.
# engine_packages PACKAGE…, engine_up, engine_down, base_image TAR. Needs root.

# Installs what is missing of the packages named.
engine_packages() {
  local package missing=() log
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  log=$(mktemp)
  if ! { timeout -k 5 120 apt-get update &&
    DEBIAN_FRONTEND=noninteractive timeout -k 5 240 apt-get install -y --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "engine: can't install ${missing[*]}; run by hand: apt-get update && apt-get install ${missing[*]}" >&2
    return 1
  fi
  rm -f "$log"
}

engine_up() {
  # Debian's client must come before any other in PATH: with BuildKit it needs no buildx plug-in.
  PATH="$(dirname "$(dpkg -L docker.io | grep 'bin/docker$')"):$PATH"
  export PATH
  ENGINE=$(mktemp -d)
  # An engine of this machine that the environment names is none of ours.
  unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH
  export DOCKER_HOST="unix://$ENGINE/sock" DOCKER_CONFIG="$ENGINE/config" DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1
  setsid dockerd --data-root "$ENGINE/root" --exec-root "$ENGINE/exec" --pidfile "$ENGINE/pid" -H "$DOCKER_HOST" \
    --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --bridge=none >"$ENGINE/log" 2>&1 </dev/null &
  for _ in $(seq 120); do
    timeout 5 docker info >/dev/null 2>&1 && return 0
    sleep 0.25
  done
  echo "engine: dockerd did not come up; the end of its log:" >&2
  tail -n 5 "$ENGINE/log" >&2
  return 1
}

# Stops the engine and removes all it made; 1 and a message where something stayed.
engine_down() {
  local pid mounts
  [ -n "${ENGINE:-}" ] || return 0
  if pid=$(cat "$ENGINE/pid" 2>/dev/null); then
    timeout 60 docker ps -aq | timeout 60 xargs -r docker rm -f >/dev/null || true
    timeout 30 docker network prune -f >/dev/null || true
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 80); do
      [ -d "/proc/$pid" ] || break
      sleep 0.25
    done
    [ ! -d "/proc/$pid" ] || kill -9 "$pid" 2>/dev/null || true
  fi
  umount "$ENGINE"/exec/netns/* 2>/dev/null || true
  mounts=$(awk -v engine="$ENGINE/" 'index($2, engine) == 1 {print $2}' /proc/self/mounts)
  if [ -n "$mounts" ]; then
    # Removing below a mount would remove what is mounted.
    printf 'engine: still mounted, left in place:\n%s\n' "$mounts" >&2
    return 1
  fi
  rm -rf "$ENGINE"
  ENGINE=
}

# A Debian 12 made from its packages, under the name of the public image, kept in the file given.
base_image() {
  local log
  if [ ! -s "$1" ]; then
    log=$(mktemp)
    if ! timeout -k 5 240 mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$1" \
      >"$log" 2>&1 </dev/null; then
      tail -n 10 "$log" >&2
      rm -f "$log" "$1"
      echo "engine: can't make a Debian base image" >&2
      return 1
    fi
    rm -f "$log"
  fi
  timeout 60 docker import --change 'CMD ["bash"]' "$1" debian:bookworm-slim >/dev/null
}
