#!/usr/bin/env bash
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
# Source this: a private Docker engine from Debian's docker.io that changes nothing outside its own folder.
# engine_up, engine_down, base_image TAR. Needs root.

# Debian's client must come before any other in PATH: with BuildKit it needs no buildx plug-in.
PATH="$(dirname "$(dpkg -L docker.io | grep 'bin/docker$')"):$PATH"
export PATH

engine_up() {
  ENGINE=$(mktemp -d)
  export DOCKER_HOST="unix://$ENGINE/sock" DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1
  setsid dockerd --data-root "$ENGINE/root" --exec-root "$ENGINE/exec" --pidfile "$ENGINE/pid" -H "$DOCKER_HOST" \
    --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --bridge=none >"$ENGINE/log" 2>&1 &
  for _ in $(seq 120); do
    docker info >/dev/null 2>&1 && return 0
    sleep 0.25
  done
  tail -n 5 "$ENGINE/log" >&2
  return 1
}

engine_down() {
  local pid
  pid=$(cat "$ENGINE/pid" 2>/dev/null) || { rm -rf "$ENGINE"; return 0; }
  docker ps -aq | xargs -r docker rm -f >/dev/null
  kill "$pid"
  for _ in $(seq 80); do
    [ -e "$ENGINE/pid" ] || break
    sleep 0.25
  done
  umount "$ENGINE"/exec/netns/* 2>/dev/null || true
  rm -rf "$ENGINE"
}

# A Debian 12 made from its packages, under the name of the public image, kept in the file given.
base_image() {
  [ -s "$1" ] || mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$1"
  docker import --change 'CMD ["bash"]' "$1" debian:bookworm-slim >/dev/null
}
